"""What stands on the screen: the composed picture itself, what is missing said in its place, marks that stay."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage

from medview.app import reading
from medview.app.viewport_state import FilteredVolume
from medview.core.display import compose_picture, sample_slice
from medview.core.measurement import Measurement, ellipse_statistics
from medview.core.problem import MedviewError, Note
from medview.core.slab import Slab
from medview.core.study import SeriesContext
from medview.core.volume import ModalityTransform, Volume
from medview.core.window import Window
from medview.processing.chain import FilterStep
from medview.ui.corner_text import corner_lines, date_text, mark_text, person_name
from medview.ui.measurement_items import measured_lines
from medview.ui.viewport_edges import letters_of
from tests.ui.test_viewport_reading import move
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, open_viewport, whole_picture

SHAPE = (20, 60, 64)


def textured(shape=SHAPE) -> np.ndarray:
    rng = np.random.default_rng(7)
    return rng.integers(600, 1500, shape).astype(np.int16)


def opened(qtbot, stored=None, size=(400, 300), geometry=True, **values):
    workspace = make_workspace()
    stored = textured() if stored is None else stored
    place = axial_geometry(stored.shape[:3], (2.0, 1.0, 1.0)) if geometry else None
    workspace.viewports[0].show(*make_study(workspace, stored, place, **values))
    return open_viewport(qtbot, workspace, size)


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGBX8888)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4).copy()


def mark_codes(widget) -> list[str]:
    widget.repaint()
    return [mark.code for mark in widget._painting.marks(widget.volume)]


def words_in_corners(widget) -> list[str]:
    corners = corner_lines(widget.state.view, widget.shown, widget.transform, widget.voi, index=0, count=20)
    lines = (*corners.top_left, *corners.top_right, *corners.bottom_left, *corners.bottom_right)
    return ["".join(segment.text for segment in line) for line in lines]


# ---------------------------------------------------------------------- the picture


@pytest.mark.parametrize("kind", ["acquired", "coronal"])
def test_the_screen_shows_what_compose_picture_gives(qtbot, kind) -> None:
    widget = opened(qtbot)
    state = widget.state
    state.set_plane(kind)
    state.update(zoom=1.7, pan=(3.0, -2.0), rotation=1, flip=True, voi=Window(60, 500))
    screen = pixels(widget.grab().toImage())
    sampled = sample_slice(widget.cut().original, widget.transform.device_to_image, (300, 400))
    expected = compose_picture(sampled.values, sampled.coverage, Window(60, 500), False)
    # Away from letters, scales and text there is nothing else.
    inner = (slice(80, 220), slice(60, 330))
    assert np.array_equal(screen[inner][..., :3], expected[inner][..., :3])
    assert expected[inner][..., 0].std() > 10


def test_one_to_one_shows_every_pixel_as_it_is(qtbot) -> None:
    widget = opened(qtbot)
    reading.one_to_one(widget.state)
    widget.state.update(voi=Window(127.5, 256), k=4)
    stored = textured()[4].astype(int) - 1024
    screen = pixels(widget.grab().toImage())[..., 0].astype(int)
    left, top, _right, _bottom = (round(v) for v in widget.transform.image_rect_on_screen())
    shown = screen[top + 10 : top + 50, left + 10 : left + 50]
    assert np.abs(shown - np.clip(stored[10:50, 10:50], 0, 255)).max() <= 1


def test_ground_is_black_outside_of_the_slice_also_when_inverted(qtbot) -> None:
    widget = opened(qtbot)
    widget.state.update(invert=True)
    image = widget.grab().toImage()
    assert widget.transform.image_rect_on_screen()[0] > 35
    assert image.pixelColor(30, 220).lightness() == 0


def test_monochrome1_is_drawn_inverted_once(qtbot) -> None:
    stored = np.full(SHAPE, 1024 + 200, dtype=np.int16)
    bright = opened(qtbot, stored).grab().toImage().pixelColor(200, 150).lightness()
    widget = opened(qtbot, stored, inverted=True)
    dark = widget.grab().toImage().pixelColor(200, 150).lightness()
    assert (bright, dark) == (255, 0) or abs(bright + dark - 255) <= 1
    assert widget.inverted
    reading.invert(widget.state)
    assert widget.grab().toImage().pixelColor(200, 150).lightness() == bright


def test_a_small_bright_spot_survives_when_the_picture_gets_smaller(qtbot) -> None:
    stored = np.full((1, 2000, 2000), 1024, dtype=np.int16)
    stored[0, 701, 1003] = 1024 + 4000
    widget = opened(qtbot, stored, size=(300, 300), vois=((Window(50, 100),),))
    at = [int(v) for v in widget.transform.image_to_screen(1003, 701)]
    patch = pixels(widget.grab().toImage())[at[1] - 2 : at[1] + 3, at[0] - 2 : at[0] + 3, 0]
    assert patch.max() > 100


def test_windowing_samples_nothing_anew_and_panning_cuts_nothing_anew(qtbot, monkeypatch) -> None:
    from medview.app import picture

    calls = {"cut": 0, "sample": 0}

    def counted(name, function):
        def call(*args, **kwargs):
            calls[name] += 1
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(picture, "acquired_slice", counted("cut", picture.acquired_slice))
    monkeypatch.setattr(picture, "sample_slice", counted("sample", picture.sample_slice))
    widget = opened(qtbot)
    widget.repaint()
    widget.repaint()
    assert calls == {"cut": 1, "sample": 1}
    for width in range(100, 110):
        widget.state.update(voi=Window(0, width))
        widget.repaint()
    assert calls == {"cut": 1, "sample": 1}
    widget.state.update(pan=(1, 1))
    widget.repaint()
    assert calls == {"cut": 1, "sample": 2}
    reading.scroll(widget.state, 1)
    widget.repaint()
    assert calls == {"cut": 2, "sample": 3}


def test_moving_the_pointer_paints_no_new_picture(qtbot) -> None:
    widget = opened(qtbot)
    widget.repaint()
    before = widget._painting._part
    move(widget, (200, 150))
    widget.repaint()
    assert widget._painting._part is before


# ---------------------------------------------------------------------- what is not there


def test_a_slice_that_is_not_there_says_so_and_appears_when_it_arrives(qtbot) -> None:
    stored = np.full(SHAPE, 1024 + 200, dtype=np.int16)
    widget = opened(qtbot, stored, loaded=False)
    state = widget.state
    painted = []
    widget.painted.connect(lambda *about: painted.append(about))
    image = widget.grab().toImage()
    assert painted == []
    assert image.pixelColor(100, 100).lightness() == 0  # nothing that could be taken for image
    move(widget, (200, 150))
    assert widget.readout.state == "not_loaded"
    assert "not loaded" in widget.told.words
    widget.workspace.loader.load(state.stack, 3)
    qtbot.wait(10)
    assert painted == []
    widget.workspace.loader.load(state.stack, state.view.k)
    qtbot.waitUntil(lambda: painted == [("stack-1", state.view.k)])
    assert widget.grab().toImage().pixelColor(150, 100).lightness() == 230
    assert widget.readout.value == 200


def test_a_slice_that_cannot_be_read_says_why(qtbot) -> None:
    widget = opened(qtbot, loaded=False)
    state = widget.state
    error = MedviewError("truncated_pixels", "scan/IM7 ends after 100 of 7680 bytes.", "scan/IM7")
    widget.workspace.loader.fail(state.stack, state.view.k, error)
    assert widget.failure(state.view.k) is error
    assert mark_codes(widget) == ["failed_slices"]
    before = pixels(widget.grab().toImage()).copy()
    error.text = ""
    after = pixels(widget.grab().toImage())
    assert not np.array_equal(before, after)  # the reason was written
    move(widget, (200, 150))
    assert widget.readout.state == "failed"


def test_where_a_picture_is_missing_its_place_is_hatched(qtbot) -> None:
    """Black would look like an image of nothing; every part of the picture's place shows that it is none."""
    widget = opened(qtbot, loaded=False)
    state = widget.state
    widget.workspace.loader.fail(state.stack, state.view.k, MedviewError("truncated_pixels", "", "scan/IM7"))
    seen = pixels(widget.grab().toImage()).astype(int)
    left, top, right, bottom = (round(edge) for edge in widget.transform.image_rect_on_screen())
    for y in range(max(0, top), min(300, bottom) - 16, 16):
        for x in range(max(0, left), min(400, right) - 16, 16):
            part = seen[y : y + 16, x : x + 16].reshape(-1, seen.shape[-1])
            assert np.ptp(part, axis=0).max() > 40, (x, y)


def test_cuts_say_that_slices_are_missing_and_draw_no_image_there(qtbot) -> None:
    stored = np.full(SHAPE, 1024 + 200, dtype=np.int16)
    widget = opened(qtbot, stored, loaded=False, vois=((Window(100, 50),),))
    loader, stack = widget.workspace.loader, widget.state.stack
    for k in range(10):
        loader.load(stack, k)
    widget.state.set_plane("coronal")
    assert "still_loading" in mark_codes(widget)
    picture = whole_picture(widget)[..., 0]
    assert picture[200, 200] == 255  # feet below
    assert picture[100, 200] < 60  # hatched, not white, not black air
    for k in range(10, SHAPE[0]):
        loader.load(stack, k)
    assert "still_loading" not in mark_codes(widget)
    assert whole_picture(widget)[100, 200, 0] == 255


def test_a_volume_that_memory_has_no_room_for_says_so(qtbot) -> None:
    widget = opened(qtbot)
    study, series, stack = make_study(widget.workspace, textured(), stack_id="stack-2")
    del widget.workspace.loader.volumes["stack-2", 0]
    widget.state.show(study, series, stack)
    said = pixels(widget.grab().toImage())
    assert widget.volume_error.code == "out_of_memory"
    assert said[..., 0].max() > 100
    move(widget, (200, 150))
    widget.preset(3)
    widget.state.clear()
    assert widget.volume_error is None


def test_a_volume_that_is_shown_no_more_is_held_no_more(qtbot) -> None:
    widget = opened(qtbot)
    loader = widget.workspace.loader
    volume = loader.volumes["stack-1", 0]
    widget.state.update(filters=(FilterStep("mean"),), voi=None)
    widget.repaint()
    widget.workspace.jobs.run_all()
    widget.state.update(filters=())
    widget.repaint()
    widget.state.clear()
    widget.repaint()
    assert sys.getrefcount(volume) == 3  # the loader's, this test's and the call's own


# ---------------------------------------------------------------------- marks


def test_two_patients_on_the_screen_are_said_in_red_whatever_the_text_mode(qtbot) -> None:
    workspace = make_workspace()
    first = make_study(workspace, textured())
    second = make_study(workspace, textured(), name="ROE^RICHARD", patient_id="P-99", stack_id="stack-2")
    same = make_study(workspace, textured(), stack_id="stack-3")
    workspace.set_layout(1, 2)
    workspace.viewports[0].show(*first)
    workspace.viewports[1].show(*same)
    widget = open_viewport(qtbot, workspace)
    widget.state.update(text_mode="off")
    assert "other_patient" not in mark_codes(widget)
    workspace.viewports[1].show(*second)
    qtbot.waitUntil(lambda: widget._painting.several_patients_drawn)
    assert mark_codes(widget)[0] == "other_patient"
    red = [
        c for c in (widget.grab().toImage().pixelColor(200, y) for y in range(20, 60)) if c.red() > 120 > c.green() + 40
    ]
    assert red
    # Long words in a corner never lie on it.
    long = replace(first[0], description="CT of the chest, without and with contrast " * 3)
    workspace.viewports[0].show(long, *first[1:])
    widget.state.update(text_mode="full")
    shown = pixels(widget.grab().toImage()).astype(int)
    rows, columns = np.nonzero((shown[..., 0] > 120) & (shown[..., 1] < 60) & (shown[..., 2] < 60))
    words = widget._painting._fitted[3]
    assert any(rect.left() < columns.max() and rect.right() > columns.min() for rect in words)
    plate = QRectF(columns.min(), rows.min(), np.ptp(columns), np.ptp(rows))
    assert plate.height() > 15
    assert not any(plate.intersects(rect) for rect in words)
    workspace.maximised = True  # only one of them is on the screen now
    workspace.layout_changed.emit()
    assert "other_patient" not in mark_codes(widget)


def test_lossy_resampled_filtered_and_gaps_are_marked_in_every_text_mode(qtbot) -> None:
    note = Note("missing_slices", "2 slices are missing between slices 7 and 8.", ("2",))
    context = SeriesContext(modality="CT", lossy="JPEG 12:1")
    widget = opened(qtbot, context=context, notes=(note,))
    for mode in ("full", "anonymous", "off"):
        widget.state.update(text_mode=mode)
        assert mark_codes(widget) == ["note", "lossy"]
    widget.state.set_plane("coronal")
    widget.state.update(filters=(FilterStep("median"),))
    assert mark_codes(widget) == ["note", "lossy", "filter_pending", "resampled"]
    widget.workspace.jobs.run_all()
    assert mark_codes(widget) == ["note", "lossy", "filtered", "resampled"]
    reading.toggle_original(widget.state)
    assert mark_codes(widget) == ["note", "lossy", "filters_off", "resampled"]
    texts = [mark_text(mark) for mark in widget._painting.marks(widget.volume)]
    assert texts[0] == "Incomplete: 2 slices missing"
    assert texts[1] == "Lossy JPEG 12:1"
    one = widget._painting.marks(widget.volume)[0]
    assert mark_text(replace(one, note=replace(one.note, values=("1",)))) == "Incomplete: 1 slice missing"


def test_where_the_sides_are_not_known_none_is_written(qtbot) -> None:
    note = Note("orientation_unknown", "The file does not say how it lies in the patient: sides are assumed.")
    widget = opened(qtbot, notes=(note,))
    assert mark_codes(widget) == ["note"]
    letters = letters_of(widget.shown, widget.transform, widget.state.stack)
    assert (letters.left, letters.right, letters.top, letters.bottom) == ("", "", "", "")
    move(widget, (200, 150))
    assert "column" in widget.told.words
    assert "mm" not in widget.told.words


def test_filters_work_in_the_background_and_values_stay_unfiltered(qtbot) -> None:
    widget = opened(qtbot)
    widget.repaint()
    plain = whole_picture(widget)
    widget.state.update(filters=(FilterStep("gaussian"),))
    widget.repaint()
    assert np.array_equal(whole_picture(widget), plain)  # said to be unfiltered by its mark
    widget.workspace.jobs.run_all()
    widget.repaint()
    assert whole_picture(widget).std() < plain.std()
    x, y = widget.transform.image_to_screen(30, 20)
    move(widget, (x, y))
    k = widget.state.view.k
    assert widget.readout.value == int(textured()[k, 20, 30]) - 1024
    reading.toggle_measure_filtered(widget.state)
    assert widget.readout.filtered
    assert widget.readout.value == pytest.approx(float(widget.cut().shown.values[20, 30]))
    assert "after the filters" in widget.told.words


def test_statistics_are_those_of_unfiltered_values_unless_asked_and_it_is_said(qtbot) -> None:
    widget = opened(qtbot)
    k = widget.state.view.k
    mark = Measurement("m1", "ellipse", widget.place(), ((10, 10), (30, 30)))
    widget.workspace.measurements.add(mark)
    expected = ellipse_statistics(mark.points, textured()[k].astype(int) - 1024)
    widget.state.update(filters=(FilterStep("gaussian"),))
    widget.repaint()
    widget.workspace.jobs.run_all()
    assert widget.cut().filtered
    assert widget.measured(mark).statistics == expected
    assert measured_lines(widget.measured(mark), picture_is_filtered=True)[-1] == "values before the filters"
    reading.toggle_measure_filtered(widget.state)
    after = widget.measured(mark)
    assert after.statistics.sd < 0.6 * expected.sd
    assert measured_lines(after, picture_is_filtered=True)[-1] == "values after the filters"


def test_a_quick_filter_follows_the_wheel_at_once(qtbot) -> None:
    widget = opened(qtbot)
    widget.state.update(filters=(FilterStep("mean"),))
    widget.repaint()
    widget.workspace.jobs.run_all()
    widget.repaint()
    reading.scroll(widget.state, 1)
    widget.repaint()
    assert widget.cut().filtered
    assert not widget.workspace.jobs.waiting


def test_a_filter_that_fails_leaves_the_picture_and_its_mark(qtbot) -> None:
    widget = opened(qtbot)
    widget.state.update(filters=(FilterStep("no-such-filter"),))
    widget.repaint()
    widget.workspace.jobs.run_all()
    assert not widget.cut().filtered
    assert mark_codes(widget) == ["filter_failed"]


def test_a_filtered_volume_is_shown_in_every_plane(qtbot) -> None:
    widget = opened(qtbot)
    chain = (FilterStep("mean"),)
    stored = np.full(SHAPE, 77.0, dtype=np.float32)
    volume = Volume(stored, ModalityTransform(), widget.state.stack.geometry, "HU")
    widget.state.update(filters=chain, filtered=FilteredVolume("stack-1", 0, chain, volume))
    for kind in ("acquired", "axial", "sagittal", "coronal"):
        widget.state.set_plane(kind)
        assert widget.cut().filtered
        assert np.all(widget.cut().shown.values == 77)
        assert mark_codes(widget)[0] == "filtered"
    widget.state.update(filters=(FilterStep("median"),))
    assert not widget.cut().filtered  # another chain than the volume's


# ---------------------------------------------------------------------- words


def test_corner_text_by_mode(qtbot) -> None:
    widget = opened(qtbot)
    full = words_in_corners(widget)
    for words in ("DOE, JANE", "P-17", "born 8 Mar 1961", "female · 63 years", "Acc. A-4711", "12 Apr 2024 10:15"):
        assert words in full
    assert "W 400  C 40" in full
    assert "CT 4  Thorax 1.0 B31f" in full
    widget.state.update(text_mode="anonymous")
    anonymous = " ".join(words_in_corners(widget))
    for words in ("DOE", "P-17", "1961", "4711", "2024", "St. Example"):
        assert words not in anonymous
    assert "CT Thorax" in anonymous
    widget.state.update(text_mode="off")
    assert words_in_corners(widget) == []


def test_words_stay_where_they_were_drawn_first(qtbot) -> None:
    """A line is drawn word by word at first and as one picture later; nobody may see the difference."""
    widget = opened(qtbot, size=(503, 377))
    first = pixels(widget.grab().toImage()).astype(int)
    for _ in range(3):
        assert np.abs(pixels(widget.grab().toImage()) - first).max() <= 2


def test_what_lies_over_the_image_follows_what_it_tells(qtbot) -> None:
    """It is painted from what was painted before: each time another slice, window, turn or mark must still be seen."""
    widget = opened(qtbot, np.zeros((120, 64, 64), dtype=np.int16))
    fresh = opened(qtbot, np.zeros((120, 64, 64), dtype=np.int16))
    changes = [{"k": 3}, {"k": 99}, {"voi": Window(300, 900)}, {"flip": True}, {"rotation": 1}, {"text_mode": "off"}]
    for change in [*changes, {"text_mode": "full", "k": 4}, {"slab": Slab(5.0)}, {"zoom": 2.5}]:
        for _ in range(3):
            widget.grab()
        before = pixels(widget.grab().toImage()).astype(int)
        for one in (widget, fresh):
            one.state.update(**change)
        fresh._painting.forget_text()
        seen = pixels(widget.grab().toImage()).astype(int)
        assert (np.abs(seen - before).max(axis=2) > 8).sum() > 20, change
        assert np.abs(seen - pixels(fresh.grab().toImage())).max() <= 2, change


def test_numbers_keep_their_width(qtbot) -> None:
    widget = opened(qtbot, np.zeros((120, 8, 8), dtype=np.int16))
    lines = set()
    for index in (0, 50, 119):
        corners = corner_lines(widget.state.view, widget.shown, widget.transform, widget.voi, index=index, count=120)
        lines.add(len("".join(segment.text for segment in corners.bottom_left[-1])))
    assert len(lines) == 1


def test_person_names_and_dates() -> None:
    assert person_name("DOE^JOHN^A^Dr.") == "DOE, Dr. JOHN A"
    assert person_name("Yamada^Tarou=山田^太郎=やまだ^たろう") == "Yamada, Tarou"
    assert person_name("=王^小东") == "王小东"
    assert person_name("anonymous") == "anonymous"
    assert date_text("20240229") == "29 Feb 2024"
    assert date_text("20240230") == "20240230"
    assert date_text("") == ""


def test_accessible_name_says_the_series(qtbot) -> None:
    widget = opened(qtbot)
    assert widget.accessibleName() == "Image viewport: CT Thorax 1.0 B31f"


def test_focus_and_mouse_tracking_are_on(qtbot) -> None:
    widget = opened(qtbot)
    assert widget.focusPolicy() == Qt.FocusPolicy.StrongFocus
    assert widget.hasMouseTracking()


def test_an_empty_viewport_paints_and_takes_events(qtbot) -> None:
    widget = open_viewport(qtbot, make_workspace())
    move(widget, (10, 10))
    widget.preset(3)
    widget.zoom_by(2)
    widget.escape()
    widget.delete_selected()
    assert widget.grab().toImage().pixelColor(5, 5).lightness() == 0


def test_a_series_after_another_forgets_the_first(qtbot) -> None:
    widget = opened(qtbot)
    widget.repaint()
    other = make_study(widget.workspace, np.full(SHAPE, 1024 + 250, dtype=np.int16), stack_id="stack-2")
    widget.state.update(zoom=4, invert=True)
    widget.state.show(*other)
    assert widget.state.view.zoom == 1
    assert widget.grab().toImage().pixelColor(200, 150).lightness() == 255


def test_nothing_is_called_after_the_widget_is_gone(qtbot) -> None:
    workspace = make_workspace()
    workspace.viewports[0].show(*make_study(workspace, textured()))
    from medview.ui.viewport import ViewportWidget

    listeners = len(workspace.viewports[0].changed)
    widget = ViewportWidget(workspace, workspace.viewports[0])
    assert len(workspace.viewports[0].changed) > listeners
    widget.deleteLater()
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete)
    assert len(workspace.viewports[0].changed) == listeners
    workspace.viewports[0].update(zoom=2.0)
    assert replace(workspace.viewports[0].view).zoom == 2.0
