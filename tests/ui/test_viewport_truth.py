"""Sides, values, lengths and overlays of a viewport against geometry worked out without it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from medview.app import reading
from medview.app.finding_outline import finding_outline
from medview.app.tools import Tool
from medview.core.finding import Finding, InferenceResult, Label, Provenance, Segmentation
from medview.core.geometry import Geometry
from medview.core.measurement import Measurement
from medview.core.window import Window
from medview.ui.viewport_edges import letters_of
from tests.ui.test_viewport_reading import drag, move
from tests.ui.viewport_doubles import (
    axial_geometry,
    make_study,
    make_workspace,
    numbered_volume,
    open_viewport,
    whole_picture,
)

SHAPE = (20, 12, 10)
LEFT = Qt.MouseButton.LeftButton


def opened(qtbot, stored=None, geometry=None, size=(400, 300), **values):
    workspace = make_workspace()
    stored = numbered_volume(SHAPE) if stored is None else stored
    geometry = axial_geometry(stored.shape[:3]) if geometry is None else geometry
    workspace.viewports[0].show(*make_study(workspace, stored, geometry, **values))
    return open_viewport(qtbot, workspace, size)


def edge_words(widget) -> str:
    """Left, right, top, bottom."""
    letters = letters_of(widget.shown, widget.transform, widget.state.stack)
    return f"{letters.left} {letters.right} {letters.top} {letters.bottom}"


def major_letter(vector) -> str:
    axis = int(np.argmax(np.abs(vector)))
    return ("LR", "PA", "HF")[axis][0 if vector[axis] > 0 else 1]


# ---------------------------------------------------------------------- sides


def test_a_supine_axial_slice_has_the_patients_right_at_the_left(qtbot) -> None:
    widget = opened(qtbot)
    assert edge_words(widget) == "R L A P"


def test_letters_follow_turns_and_mirroring(qtbot) -> None:
    widget = opened(qtbot)
    reading.flip_horizontally(widget.state)
    assert edge_words(widget) == "L R A P"
    reading.flip_vertically(widget.state)
    assert edge_words(widget) == "L R P A"
    reading.rotate(widget.state, 1)
    assert edge_words(widget) == "A P L R"


def test_letters_of_cuts(qtbot) -> None:
    widget = opened(qtbot)
    expected = {"axial": "R L A P", "coronal": "R L H F", "sagittal": "A P H F"}
    for kind, words in expected.items():
        widget.state.set_plane(kind)
        assert edge_words(widget) == words


SIGNED_AXES = [
    (row, column)
    for row, column in itertools.product([(s * np.eye(3)[a]) for a in range(3) for s in (1, -1)], repeat=2)
    if abs(row @ column) < 0.5
]


@pytest.mark.parametrize(("row", "column"), SIGNED_AXES)
def test_letters_of_every_orientation_come_from_where_the_voxels_lie(qtbot, row, column) -> None:
    geometry = Geometry.from_directions(SHAPE, (0, 0, 0), row, column, (2.5, 1.5, 0.75))
    widget = opened(qtbot, geometry=geometry)
    for turns, flip in itertools.product(range(4), (False, True)):
        widget.state.update(rotation=turns, flip=flip)
        middle = np.array(widget.transform.screen_to_image(200, 150))
        for edge, (x, y) in {"left": (100, 150), "right": (300, 150), "top": (200, 50), "bottom": (200, 250)}.items():
            at = np.array(widget.transform.screen_to_image(x, y))
            towards = geometry.voxel_to_patient((0, at[1], at[0])) - geometry.voxel_to_patient(
                (0, middle[1], middle[0])
            )
            letters = letters_of(widget.shown, widget.transform, widget.state.stack)
            assert getattr(letters, edge) == major_letter(towards)


def test_oblique_letters_carry_the_minor_axis(qtbot) -> None:
    angle = np.radians(25)
    geometry = Geometry.from_directions(
        SHAPE, (0, 0, 0), (1, 0, 0), (0, np.cos(angle), -np.sin(angle)), (2.5, 1.5, 0.75)
    )
    widget = opened(qtbot, geometry=geometry)
    assert edge_words(widget) == "R L AH PF"


def test_without_a_place_in_space_the_files_own_words_are_turned(qtbot) -> None:
    workspace = make_workspace()
    study, series, stack = make_study(workspace, numbered_volume((1, 12, 10)))
    stack = replace(stack, context=replace(stack.context, patient_orientation=("A", "F")))
    workspace.viewports[0].show(study, series, stack)
    widget = open_viewport(qtbot, workspace)
    assert edge_words(widget) == "P A H F"
    reading.flip_horizontally(widget.state)
    assert edge_words(widget) == "A P H F"
    reading.rotate(widget.state, 1)
    assert edge_words(widget) == "F H A P"


def test_the_picture_itself_is_mirrored_with_its_letters(qtbot) -> None:
    """A bright block on the patient's left must lie on the side where the letter L is."""
    stored = np.full(SHAPE, 1024, dtype=np.int16)
    stored[:, 4:8, 7:10] = 2024
    widget = opened(qtbot, stored)
    for turns, flip in itertools.product(range(4), (False, True)):
        widget.state.update(rotation=turns, flip=flip)
        image = widget.grab().toImage()
        letters = letters_of(widget.shown, widget.transform, widget.state.stack)
        side = next(name for name in ("left", "right", "top", "bottom") if getattr(letters, name) == "L")
        left, top, right, bottom = widget.transform.image_rect_on_screen()
        probe = {
            "left": (left + (right - left) * 0.1, (top + bottom) / 2),
            "right": (right - (right - left) * 0.1, (top + bottom) / 2),
            "top": ((left + right) / 2, top + (bottom - top) * 0.1),
            "bottom": ((left + right) / 2, bottom - (bottom - top) * 0.1),
        }[side]
        opposite = (left + right - probe[0], top + bottom - probe[1])
        assert image.pixelColor(int(probe[0]), int(probe[1])).lightness() > 200
        assert image.pixelColor(int(opposite[0]), int(opposite[1])).lightness() < 150


# ---------------------------------------------------------------------- values


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("zoom", [1.0, 3.7])
def test_the_value_under_the_pointer_is_that_of_the_pixel_under_it(qtbot, turns, flip, zoom) -> None:
    widget = opened(qtbot)
    widget.state.update(rotation=turns, flip=flip, zoom=zoom, pan=(0.4, -0.9), k=7, voi=Window(3, 9))
    geometry = widget.state.stack.geometry
    for i, j in ((5, 6), (4, 5), (6, 7)):
        for inside in ((0.0, 0.0), (0.45, -0.45), (-0.45, 0.45)):
            at = widget.transform.image_to_screen(i + inside[0], j + inside[1])
            move(widget, at)
            assert widget.readout.value == 7 * 1000 + j * 20 + i
            assert widget.readout.unit == "HU"
            assert widget.readout.voxel == (7, j, i)
            expected = geometry.voxel_to_patient((7, j + inside[1], i + inside[0]))
            assert widget.readout.patient == pytest.approx(tuple(expected), abs=1e-6)


def test_the_value_on_cuts_is_that_of_the_nearest_voxel(qtbot) -> None:
    widget = opened(qtbot)
    geometry = widget.state.stack.geometry
    for kind in ("axial", "coronal", "sagittal"):
        widget.state.set_plane(kind)
        for screen in ((200, 150), (180, 130), (215, 171)):
            move(widget, screen)
            point = widget.shown.image_to_patient(*widget.transform.screen_to_image(*screen))
            k, j, i = np.floor(geometry.patient_to_voxel(point) + 0.5).astype(int)
            assert widget.readout.voxel == (k, j, i)
            assert widget.readout.value == k * 1000 + j * 20 + i


def test_readout_in_words_and_its_end(qtbot) -> None:
    widget = opened(qtbot)
    said = []
    widget.readout_changed.connect(said.append)
    widget.state.update(k=0)
    move(widget, widget.transform.image_to_screen(3, 2))
    assert said[-1] == "43 HU    R 37.8  A 57.0  F 100.0 mm"
    move(widget, (2, 2))
    assert said[-1] == ""


def test_padding_has_no_value(qtbot) -> None:
    stored = numbered_volume(SHAPE)
    stored[10, 3, 3] = -2000
    widget = opened(qtbot, stored, padding=(-2000, -2000))
    widget.state.update(k=10)
    move(widget, widget.transform.image_to_screen(3, 3))
    assert widget.readout.state == "padding"
    assert widget.readout.value is None


def test_colour_says_its_three_values(qtbot) -> None:
    stored = np.zeros((2, 12, 10, 3), dtype=np.uint8)
    stored[1, 4, 5] = (10, 200, 30)
    workspace = make_workspace()
    workspace.viewports[0].show(*make_study(workspace, stored, unit="RGB", vois=((),)))
    widget = open_viewport(qtbot, workspace)
    widget.state.update(k=1)
    move(widget, widget.transform.image_to_screen(5, 4))
    assert widget.readout.value == (10, 200, 30)
    assert widget.told.words == "RGB 10 200 30    column 6, row 5"


# ---------------------------------------------------------------------- marks


def draw_ruler(widget, start, end):
    widget.workspace.tools.choose(Tool.RULER)
    a = [round(v) for v in widget.transform.image_to_screen(*start)]
    b = [round(v) for v in widget.transform.image_to_screen(*end)]
    drag(widget, LEFT, a, b)
    return widget.workspace.measurements.of(widget.state.stack.id)[-1]


def test_ten_pixels_along_a_row_are_7_5_mm_and_down_a_column_15_mm(qtbot) -> None:
    stored = numbered_volume((3, 20, 20))
    widget = opened(qtbot, stored, size=(600, 600))
    along = widget.measured(draw_ruler(widget, (4, 5), (14, 5))).length
    down = widget.measured(draw_ruler(widget, (9, 7), (9, 17))).length
    # A hand on whole screen px is off by half of one at each end.
    px = 1 / widget.transform.scale
    assert along.value == pytest.approx(7.5, abs=px)
    assert down.value == pytest.approx(15.0, abs=px)
    assert along.unit == "mm"


def test_a_ruler_is_the_same_after_zoom_pan_turn_mirror_and_window(qtbot) -> None:
    widget = opened(qtbot, numbered_volume((3, 20, 20)))
    mark = draw_ruler(widget, (4, 5), (14, 12))
    before = widget.measured(mark).length
    widget.state.update(zoom=4.2, pan=(1, 2), rotation=3, flip=True, voi=Window(1, 2), invert=True)
    widget.repaint()
    assert widget.measured(mark).length == before


def test_ellipse_by_hand_says_mean_and_sd_of_unfiltered_values(qtbot) -> None:
    stored = np.full((3, 40, 40), 1024 + 50, dtype=np.int16)
    stored[1, 10:20, 10:20] += np.arange(10, dtype=np.int16)
    widget = opened(qtbot, stored, size=(600, 600))
    widget.workspace.tools.choose(Tool.ELLIPSE)
    corners = [[round(v) for v in widget.transform.image_to_screen(*at)] for at in ((10.0, 10.0), (19.0, 19.0))]
    drag(widget, LEFT, *corners)
    mark = widget.workspace.measurements.of("stack-1")[0]
    measured = widget.measured(mark)
    (x0, y0), (x1, y1) = mark.points
    y, x = np.mgrid[0:40, 0:40]
    inside = ((x - (x0 + x1) / 2) / ((x1 - x0) / 2)) ** 2 + ((y - (y0 + y1) / 2) / ((y1 - y0) / 2)) ** 2 <= 1
    values = stored[1][inside].astype(np.float64) - 1024
    assert measured.statistics.mean == pytest.approx(values.mean(), abs=1e-12)
    assert measured.statistics.sd == pytest.approx(values.std(), abs=1e-12)
    assert not measured.filtered


def test_a_mark_is_moved_by_its_line_and_its_grips_with_one_undo_each(qtbot) -> None:
    widget = opened(qtbot, numbered_volume((3, 20, 20)), size=(600, 600))
    document = widget.workspace.measurements
    mark = draw_ruler(widget, (4, 5), (14, 5))
    widget.workspace.tools.choose(Tool.WINDOW)
    grip = [round(v) for v in widget.transform.image_to_screen(*mark.points[1])]
    drag(widget, LEFT, grip, (grip[0], grip[1] + 60))
    pulled = document.get(mark.id)
    assert pulled.points[0] == mark.points[0]
    assert pulled.points[1][1] > mark.points[1][1] + 1
    middle = [round(v) for v in widget.transform.image_to_screen(*np.mean(pulled.points, axis=0))]
    drag(widget, LEFT, middle, (middle[0] + 50, middle[1]))
    shifted = document.get(mark.id)
    assert np.allclose(np.diff(shifted.points, axis=0), np.diff(pulled.points, axis=0))
    assert widget.state.view.voi is None  # the tool was not used
    widget.workspace.history.undo()
    assert document.get(mark.id) == pulled
    widget.workspace.history.undo()
    assert document.get(mark.id) == mark


def test_delete_removes_the_selected_mark_only(qtbot) -> None:
    widget = opened(qtbot, numbered_volume((3, 20, 20)), size=(600, 600))
    first = draw_ruler(widget, (2, 5), (8, 5))
    second = draw_ruler(widget, (2, 15), (8, 15))
    assert widget.selected_mark == second.id
    QTest.keyClick(widget, Qt.Key.Key_Delete)
    assert widget.workspace.measurements.of("stack-1") == (first,)
    QTest.keyClick(widget, Qt.Key.Key_Delete)
    assert widget.workspace.measurements.of("stack-1") == (first,)


def test_delete_spares_a_mark_that_is_not_seen(qtbot) -> None:
    widget = opened(qtbot, numbered_volume((3, 20, 20)), size=(600, 600))
    mark = draw_ruler(widget, (2, 5), (8, 5))
    reading.scroll(widget.state, 1)
    QTest.keyClick(widget, Qt.Key.Key_Delete)
    assert widget.workspace.measurements.of("stack-1") == (mark,)


def test_a_mark_out_of_sight_takes_its_words_along(qtbot) -> None:
    widget = opened(qtbot, np.full((3, 40, 40), 1024, dtype=np.int16), size=(500, 500))
    widget.state.update(zoom=6.0, pan=(10.0, 15.0))

    def yellow() -> int:
        image = widget.grab().toImage()
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(-1, 4).astype(int)
        return int(((pixels[:, 2] - pixels[:, 0]) > 80).sum())  # BGR in memory

    widget.workspace.measurements.add(Measurement("m1", "ellipse", widget.place(), ((1, 1), (4, 4))))
    assert yellow() == 0
    widget.state.update(pan=(-13.0, -26.0))
    assert yellow() > 100


def test_a_click_with_the_ruler_leaves_nothing(qtbot) -> None:
    widget = opened(qtbot)
    widget.workspace.tools.choose(Tool.RULER)
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 150))
    assert widget.workspace.measurements.of("stack-1") == ()
    assert widget.draft is None


# ---------------------------------------------------------------------- results of models


def provenance(stack_id="stack-1") -> Provenance:
    return Provenance(
        "lungs", "ct-lungs", "1.2.0", "ab" * 32, "auto", "cpu", "1.3", stack_id, "2024-05-01T10:00:00+00:00", 3.0
    )


def composed(widget) -> np.ndarray:
    """The picture under the text."""
    widget.repaint()
    return whole_picture(widget)


@pytest.mark.parametrize("kind", ["acquired", "axial", "coronal", "sagittal"])
@pytest.mark.parametrize(("turns", "flip"), [(0, False), (1, False), (2, True), (3, True)])
def test_an_overlay_lies_on_what_it_is_of_in_every_plane(qtbot, kind, turns, flip) -> None:
    """Where the asymmetric block is bright the label's colour is drawn, and nowhere else."""
    stored = np.full((24, 30, 28), 1024 - 1000, dtype=np.int16)
    labels = np.zeros(stored.shape, dtype=np.uint8)
    block = (slice(10, 20), slice(3, 14), slice(13, 25))
    stored[block] = 1024 + 1000
    labels[block] = 1
    geometry = Geometry.from_directions(stored.shape, (10, -20, 5), (0, 1, 0), (0, 0, -1), (2.0, 1.0, 1.0), "1.5")
    widget = opened(qtbot, stored, geometry, size=(420, 380), vois=((Window(0, 400),),))
    widget.state.update(k=15, point=tuple(geometry.voxel_to_patient((15, 8, 19))))
    widget.state.set_plane(kind)
    widget.state.update(rotation=turns, flip=flip)
    bright = composed(widget)[..., 1] > 127
    result = InferenceResult(
        provenance(), "segmentation", Segmentation(labels, geometry, (Label(1, "lung", (255, 0, 0)),))
    )
    widget.workspace.add_result(result)
    picture = composed(widget).astype(int)
    coloured = picture[..., 0] - picture[..., 1] > 40
    assert bright.sum() > 1000
    assert (bright & coloured).sum() > 0.9 * (bright | coloured).sum()
    # The block lies off the middle on every axis: no other turn or mirroring covers it so well.
    assert (
        np.abs(np.argwhere(bright).mean(axis=0) - np.argwhere(coloured).mean(axis=0)).max()
        < 0.3 * widget.transform.scale
    )
    for other in (bright[::-1], bright[:, ::-1], bright[::-1, ::-1]):
        assert (other & coloured).sum() < 0.7 * (other | coloured).sum()


def test_hidden_ai_leaves_a_sign_and_no_colour(qtbot) -> None:
    stored = numbered_volume(SHAPE)
    labels = np.ones(SHAPE, dtype=np.uint8)
    widget = opened(qtbot, stored)
    plain = widget.grab().toImage()
    segmentation = Segmentation(labels, widget.state.stack.geometry, (Label(1, "lung", (255, 0, 0)),))
    widget.workspace.add_result(InferenceResult(provenance(), "segmentation", segmentation))
    assert [mark.code for mark in widget._painting.marks(widget.volume)] == ["ai_research"]
    widget.workspace.toggle_ai()
    hidden = widget.grab().toImage()
    assert [mark.code for mark in widget._painting.marks(widget.volume)] == ["ai_hidden"]
    assert hidden.pixelColor(200, 150) == plain.pixelColor(200, 150)


def test_a_hidden_label_leaves_a_sign(qtbot) -> None:
    widget = opened(qtbot)
    segmentation = Segmentation(
        np.ones(SHAPE, dtype=np.uint8), widget.state.stack.geometry, (Label(1, "lung", (255, 0, 0)),)
    )
    result = InferenceResult(provenance(), "segmentation", segmentation)
    widget.workspace.add_result(result)
    with_label = composed(widget)
    style = replace(widget.workspace.overlay_style(result), hidden_labels=frozenset({1}))
    widget.workspace.set_overlay_style(result, style)
    assert [mark.code for mark in widget._painting.marks(widget.volume)] == ["ai_partly_hidden", "ai_research"]
    assert not np.array_equal(composed(widget), with_label)


def make_finding(low, high, k, score=0.9) -> Finding:
    center = tuple((a + b) / 2 for a, b in zip(low, high, strict=True))
    return Finding("f1", "nodule", score, center, (low, high), size_mm=8.2, k=k)


def test_a_box_is_met_on_its_slices_and_in_cuts_through_it(qtbot) -> None:
    widget = opened(qtbot)
    geometry = widget.state.stack.geometry
    finding = make_finding((4.5, 3.5, 2.5), (8.5, 7.5, 6.5), 6)
    for k, met in ((4, False), (5, True), (8, True), (9, False)):
        widget.state.update(k=k)
        outline = finding_outline(finding, widget.shown, geometry)
        assert bool(outline) is met
    assert finding_outline(finding, widget.state.shown(), geometry) == ()
    widget.state.update(k=6)
    assert set(finding_outline(finding, widget.shown, geometry)) == {(2.5, 3.5), (6.5, 3.5), (6.5, 7.5), (2.5, 7.5)}
    for kind in ("axial", "coronal", "sagittal"):
        widget.state.set_plane(kind)
        widget.state.update(point=tuple(geometry.voxel_to_patient((6, 5, 4))))
        outline = finding_outline(finding, widget.shown, geometry)
        assert len(outline) == 4
        corners = np.array([geometry.patient_to_voxel(widget.shown.image_to_patient(*at)) for at in outline])
        axis = {"axial": 0, "coronal": 1, "sagittal": 2}[kind]
        others = [a for a in range(3) if a != axis]
        expected = {(lo, hi) for lo in (0, 1) for hi in (0, 1)}
        ends = np.array(finding.box_voxel)
        found = {tuple(int(abs(c[a] - ends[1][a]) < 1e-6) for a in others) for c in corners}
        assert found == expected
        assert np.all(
            np.abs(
                corners[:, others]
                - np.where(corners[:, others] > np.mean(ends, axis=0)[others], ends[1][others], ends[0][others])
            )
            < 1e-6
        )
        widget.state.update(point=tuple(geometry.voxel_to_patient((0, 0, 0))))
        assert finding_outline(finding, widget.shown, geometry) == ()


def test_boxes_below_the_threshold_are_not_drawn(qtbot) -> None:
    widget = opened(qtbot)
    finding = make_finding((4.5, 3.5, 2.5), (8.5, 7.5, 6.5), 6, score=0.4)
    result = InferenceResult(provenance(), "detection", findings=(finding,))
    widget.state.update(k=6)
    plain = widget.grab().toImage()
    widget.workspace.add_result(result)
    edge = [round(v) for v in widget.transform.image_to_screen(4.5, 3.5)]
    row = [widget.grab().toImage().pixelColor(x, edge[1]) for x in range(edge[0] - 20, edge[0] + 20)]
    assert any(colour.blue() > colour.red() + 40 for colour in row)
    widget.workspace.set_threshold(result, 0.5)
    assert widget.grab().toImage().pixelColor(*edge) == plain.pixelColor(*edge)
