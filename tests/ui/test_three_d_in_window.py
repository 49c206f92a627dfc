"""A volume in three dimensions in the window: turned, windowed, clipped, clicked into, with labels as surfaces, by real events."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("vtkmodules", reason="the extra three-d is not installed")

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from medview.app import solid_process
from medview.app.solid_view import STANDARD_VIEWS, preset_of
from medview.core.finding import InferenceResult, Label, Provenance, Segmentation
from medview.core.scene import ClipBox
from medview.ui.canvas import Canvas
from medview.ui.right_panel import IMAGE
from medview.ui.still_viewport import StillViewport
from medview.ui.viewport_edges import letters_of
from tests.ui.small_study import BALL, ROWS, SLICES, active
from tests.ui.test_viewport_reading import move, wheel

pytestmark = pytest.mark.timeout(300)

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def widget(qtbot, reading_desk, monkeypatch):
    """The viewport of a small CT, in three dimensions, exactly drawn."""
    reading_desk.window.resize(1000, 660)
    viewport = active(reading_desk)
    reading_desk.window.build_panels()
    reading_desk.window.show_tab(IMAGE)
    qtbot.waitUntil(lambda: viewport.volume is not None and viewport.volume.is_complete)
    QTest.keyClick(viewport, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert viewport.state.view.plane_kind == "solid"
    assert preset_of(viewport.state.view.solid, viewport.state.stack).id == "ct-bone"
    # The phantom has no bones, which is said; its skin is looked at.
    qtbot.waitUntil(lambda: viewport.solid.is_ready)
    words = []
    monkeypatch.setattr(Canvas, "centred", lambda _canvas, _at, said, *_how: words.append(said))
    viewport.grab()
    assert words[:1] == ["Nothing is seen in this look: the values go from −1000 to 100 HU, it shows 120 to 3000 HU."]
    monkeypatch.undo()
    QTest.keyClick(viewport, Qt.Key.Key_N, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    assert viewport.state.view.solid.preset == "ct-skin"
    drawn(qtbot, viewport)
    course = reading_desk.window.right_panel.page(IMAGE).solid.course
    qtbot.waitUntil(lambda: course._values is not None)  # without anybody touching anything
    viewport.desk = reading_desk
    return viewport


def drawn(qtbot, viewport) -> None:
    """Wait until what is on the screen is exact."""
    qtbot.waitUntil(lambda: viewport.solid.is_ready)
    model = viewport.solid.model
    assert model.error is None, model.error


def pixels(viewport):
    given = viewport.solid.model.given(viewport.solid)
    assert given is not None
    return given.pixels


def drag(viewport, start, end, modifiers=NONE) -> None:
    QTest.mousePress(viewport, LEFT, modifiers, start.toPoint())
    for part in (0.5, 1.0):
        move(viewport, (start + (end - start) * part).toTuple(), LEFT)
    QTest.mouseRelease(viewport, LEFT, modifiers, end.toPoint())


def middle(viewport) -> QPointF:
    return QPointF(viewport.width() / 2, viewport.height() / 2)


def test_a_key_shows_it_and_a_drag_turns_it_with_its_letters(qtbot, widget) -> None:
    state = widget.state
    assert letters_of(widget.shown, widget.transform, state.stack).right == "L"
    before = pixels(widget).copy()
    assert before[..., :3].max() > 60, "something is seen"
    drag(widget, middle(widget), middle(widget) + QPointF(-200, 0))
    # The front was pulled to the left by a quarter turn: now the patient's left side is seen.
    assert np.allclose(state.view.axes, STANDARD_VIEWS["left"], atol=0.02)
    assert letters_of(widget.shown, widget.transform, state.stack).left == "A"
    drawn(qtbot, widget)
    assert np.abs(pixels(widget).astype(int) - before).max() > 40
    for key, side, right in ((Qt.Key.Key_H, "head", "R"), (Qt.Key.Key_T, "feet", "L"), (Qt.Key.Key_D, "back", "R")):
        QTest.keyClick(widget, key, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
        assert np.allclose(state.view.axes, STANDARD_VIEWS[side]), side
        assert letters_of(widget.shown, widget.transform, state.stack).right == right
    zoom = widget.transform.scale
    wheel(widget, 1)
    assert widget.transform.scale > zoom, "the wheel zooms: there are no slices"
    assert widget.readout is None or widget.readout.state == "outside"
    codes = {mark.code for mark in widget._painting.marks(widget.volume)}
    assert "resampled" in codes
    words = [part.text for line in widget._painting._corners(widget.volume, widget.shown).bottom_left for part in line]
    assert "CT skin and soft tissue" in words, "the look, not a window that changes nothing"
    QTest.keyClick(widget, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert state.view.plane_kind == "acquired", "the same key leads back"


def test_a_click_brings_the_slices_there_copies_are_exact_and_the_process_ends_with_the_window(qtbot, widget) -> None:
    workspace = widget.workspace
    workspace.set_layout(1, 2)
    other = workspace.viewports[1]
    other.show(widget.state.study, widget.state.series, widget.state.stack, 0)
    workspace.set_active(0)
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.ShiftModifier, middle(widget).toPoint())
    qtbot.waitUntil(lambda: workspace.links.crosshair is not None)
    point, _ = workspace.links.crosshair
    geometry = widget.state.stack.geometry
    x, y = widget.transform.screen_to_image(middle(widget).x(), middle(widget).y())
    assert point @ np.array(widget.state.view.axes[0]) == pytest.approx(
        widget.shown.plane.plane_to_patient((x, y)) @ np.array(widget.state.view.axes[0]), abs=0.6
    )
    k, j, i = geometry.patient_to_voxel(point)
    # The body is an ellipse with half axes of 30 and 22 voxels about (32, 32), dark inside the lungs.
    assert j == pytest.approx(32 - 22 * np.sqrt(max(0.0, 1 - ((i - 32) / 30) ** 2)), abs=1.5)
    assert other.view.k == round(float(k))
    still = StillViewport(widget.workspace, widget.state.view, (240, 200), "full", widget.desk.window)
    qtbot.waitUntil(lambda: still.is_ready)
    assert still.image().pixelColor(120, 100).lightness() > 20
    still.close()
    # A process that dies takes nothing with it: the next picture comes from another one.
    process = widget.solid.model._process
    process._service._process.kill()
    process._service._process.wait()
    wheel(widget, 1)
    drawn(qtbot, widget)
    process = widget.solid.model._process
    assert process.is_alive
    widget.workspace.solids.close()
    assert not process.is_alive


def test_the_box_is_pulled_by_handles_and_sliders_and_looks_by_their_points(qtbot, widget) -> None:
    state = widget.state
    QTest.keyClick(widget, Qt.Key.Key_B, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier)
    whole = state.view.solid.box
    assert isinstance(whole, ClipBox)
    camera = widget.solid.camera()
    at = widget.solid._on_screen(camera, (np.array(whole.low) + whole.high) / 2 * [0, 1, 1] + [whole.high[0], 0, 0])
    assert widget.solid.handle_at(at) == (0, True)
    scale = widget.width() / camera.size[1] / camera.pixel_mm
    drag(widget, at, at - QPointF(30 * scale, 0))
    assert state.view.solid.box.high[0] == pytest.approx(whole.high[0] - 30, abs=1.0)
    assert state.view.solid.box.low == whole.low
    drawn(qtbot, widget)
    x, _, _ = camera.pixel_of((whole.high[0] - 30, 0, 0))
    assert pixels(widget)[:, int(x) + 3 :, :3].max() < 8, "what is outside is gone"
    assert "solid_box" in {mark.code for mark in widget._painting.marks(widget.volume)}
    desk = widget.desk
    panel = desk.window.right_panel.page(IMAGE).solid
    qtbot.waitUntil(lambda: panel.isVisible() and panel.clip.isChecked())
    panel.faces[5].setValue(500)
    assert state.view.solid.box.high[2] == pytest.approx((whole.low[2] + whole.high[2]) / 2, abs=0.1)
    panel.clip.setChecked(False)
    assert state.view.solid.box is None

    # Looks: chosen, windowed on the picture, pulled in the panel.
    qtbot.waitUntil(panel.course.isEnabled)
    assert panel.presets.count() == 5
    assert panel.presets.currentData() == "ct-skin"
    before = widget.solid.look()
    drag(widget, middle(widget), middle(widget) + QPointF(0, -60), Qt.KeyboardModifier.ControlModifier)
    lower = state.view.solid.look
    assert lower.ends[0] < before.ends[0], "up shows lower values too"
    qtbot.waitUntil(lambda: panel.course._look == lower)
    course = panel.course
    start = course.place_of(lower.points[1])
    QTest.mousePress(course, LEFT, NONE, start.toPoint())
    move(course, (start + QPointF(0, -40)).toTuple(), LEFT)
    QTest.mouseRelease(course, LEFT, NONE, (start + QPointF(0, -40)).toPoint())
    assert state.view.solid.look.points[1].opacity > lower.points[1].opacity
    QTest.keyClick(course, Qt.Key.Key_Delete)
    assert len(state.view.solid.look.points) == len(lower.points) - 1
    panel.presets.setCurrentIndex(3)
    panel.presets.activated.emit(3)
    assert (state.view.solid.preset, state.view.solid.look) == ("ct-vessels", None)
    panel.shaded.setChecked(False)
    assert state.view.solid.look.shaded is False

    # All of it is taken back step by step, a drag as one, and done again.
    final = state.view.solid
    history = desk.workspace.history
    assert history.undo_title == "Look in three dimensions"
    QTest.keyClick(widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (state.view.solid.preset, state.view.solid.look) == ("ct-vessels", None)
    for expected in (len(lower.points) - 1, len(lower.points)):
        QTest.keyClick(widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert len(state.view.solid.look.points) == expected
    while history.undo_title in {"Look in three dimensions", "Clipping box"}:
        QTest.keyClick(widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state.view.solid.preset in {"", "ct-bone"}, "the skin was chosen by a key too"
    assert state.view.solid.box is None
    while history.redo_title:
        QTest.keyClick(widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert state.view.solid == final


def test_labels_are_surfaces_where_their_voxels_are_and_follow_the_list(qtbot, widget) -> None:
    workspace, state = widget.workspace, widget.state
    stack = state.stack
    labels = np.zeros((SLICES, ROWS, ROWS), np.uint8)
    k, j, i = np.mgrid[:SLICES, :ROWS, :ROWS]
    labels[(k - BALL[0]) ** 2 + (j - BALL[1]) ** 2 + (i - BALL[2]) ** 2 <= 16] = 1
    segmentation = Segmentation(labels, stack.geometry, (Label(1, "ball", (40, 255, 40)),))
    made = Provenance("p", "Package", "1.0", "0" * 64, "cpu", "cpu", "", stack.id, "2026-01-01T00:00:00+00:00", 1.0)
    result = InferenceResult(made, "segmentation", segmentation)
    assert workspace.results.add(result)
    workspace.results_changed.emit(stack.id)
    model = widget.solid.model
    qtbot.waitUntil(lambda: len(model.surfaces) == 1 and not model.missing)
    state.update(solid=type(state.view.solid)(volume=False))
    drawn(qtbot, widget)
    picture = pixels(widget).astype(float)
    green = (picture[..., 1] > 60) & (picture[..., 0] < 60)
    y, x = (float(one.mean()) for one in np.nonzero(green))
    wanted = widget.solid.camera().pixel_of(stack.geometry.voxel_to_patient(BALL))
    assert (x, y) == pytest.approx(wanted[:2], abs=4)
    assert wanted[0] < widget.solid.camera().size[1] / 2, "the patient's right is at the left"
    codes = {mark.code for mark in widget._painting.marks(widget.volume)}
    assert "ai_research" in codes or "ai" in codes
    workspace.toggle_ai()
    drawn(qtbot, widget)
    picture = pixels(widget)
    assert not ((picture[..., 1] > 60) & (picture[..., 0] < 60)).any(), "hidden AI is no surface either"
    assert "ai_hidden" in {mark.code for mark in widget._painting.marks(widget.volume)}


def test_the_surfaces_shown_are_written_with_their_names_into_a_folder(qtbot, widget, tmp_path, monkeypatch) -> None:
    workspace, stack = widget.workspace, widget.state.stack
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_all: str(tmp_path))
    widget.desk.window.actions_["save.surfaces"].trigger()
    assert workspace.notices[-1].code == "no_surface"
    labels = np.zeros((SLICES, ROWS, ROWS), np.uint8)
    labels[3:9, 20:40, 10:30] = 1
    labels[3:9, 20:40, 40:50] = 2
    meanings = (Label(1, "左肺 / left", (40, 255, 40)), Label(2, "Hidden", (1, 2, 3)), Label(3, "Empty", (1, 2, 3)))
    made = Provenance("p", "Package", "1.0", "0" * 64, "cpu", "cpu", "", stack.id, "2026-01-01T00:00:00+00:00", 1.0)
    segmentation = Segmentation(labels, stack.geometry, meanings)
    assert workspace.results.add(InferenceResult(made, "segmentation", segmentation))
    workspace.results_changed.emit(stack.id)
    widget.desk.window.actions_["save.surfaces"].trigger()
    qtbot.waitUntil(lambda: any(one.code == "surfaces_saved" for one in workspace.notices))
    files = sorted(tmp_path.rglob("*.stl"))
    assert [file.name for file in files] == ["01-左肺-left.stl", "02-Hidden.stl"]
    assert files[0].parent.name == "CT_1_surfaces"
    # An independent reader finds the box where its voxels are, and its volume; it is no part of the add-on that is packed.
    pytest.importorskip("vtkmodules.vtkIOGeometry", exc_type=ImportError)
    from vtkmodules.vtkFiltersCore import vtkMassProperties
    from vtkmodules.vtkIOGeometry import vtkSTLReader

    reader = vtkSTLReader()
    reader.SetFileName(str(files[0]))
    reader.Update()
    mass = vtkMassProperties()
    mass.SetInputConnection(reader.GetOutputPort())
    assert mass.GetVolume() == pytest.approx(6 * 20 * 20 * 2.0 * 1.5 * 1.5, rel=0.06)
    low, high = np.array(reader.GetOutput().GetBounds()).reshape(3, 2).T
    corners = stack.geometry.voxel_to_patient([(2.5, 19.5, 9.5), (8.5, 39.5, 29.5)])
    assert low == pytest.approx(corners.min(axis=0), abs=1.0)
    assert high == pytest.approx(corners.max(axis=0), abs=1.0)
    assert files[0].read_bytes()[:33] == b"medview SPACE=LPS UNIT=mm ?? / le"


def test_a_film_goes_once_around_what_is_upright(qtbot, widget, tmp_path, monkeypatch) -> None:
    import cv2

    from medview.ui import export_dialog
    from medview.ui.export_dialog import ExportDialog

    monkeypatch.setattr(export_dialog, "TURN_IMAGES", 4)
    workspace, state = widget.workspace, widget.state
    axes = state.view.axes
    widget.desk.window.export_series()
    qtbot.waitUntil(lambda: bool(widget.desk.window.findChildren(ExportDialog)))
    dialog = widget.desk.window.findChildren(ExportDialog)[-1]
    dialog.extent.setCurrentIndex(dialog.extent.findData("turn"))
    assert dialog.content.findData("values") < 0, "light has no values"
    dialog.side.setCurrentIndex(dialog.side.findData(512))
    path = str(tmp_path / "turn.avi")
    dialog.path.setText(path)
    QTest.mouseClick(dialog.save, LEFT)
    qtbot.waitUntil(lambda: any(one.values == (path,) for one in workspace.notices))
    assert state.view.axes == axes, "what is on the screen stays"
    film = cv2.VideoCapture(path)
    pictures = []
    while (found := film.read())[0]:
        pictures.append(found[1].astype(float).mean(axis=2))
    film.release()
    assert len(pictures) == 4
    # The body is wider than it is deep: its silhouette is narrower after a quarter turn, and again after three.
    h, w = pictures[0].shape
    rows = slice(round(0.45 * h), round(0.55 * h))
    widths = [float((one[rows, w // 8 : -w // 8] > 30).any(axis=0).sum()) for one in pictures]
    assert widths[1] == pytest.approx(widths[0] * 22 / 30, rel=0.08)
    assert widths[2] == pytest.approx(widths[0], rel=0.05)
    assert widths[3] == pytest.approx(widths[1], rel=0.05)


def test_without_vtk_one_sentence_says_what_is_missing(qtbot, reading_desk, monkeypatch) -> None:
    viewport = active(reading_desk)
    monkeypatch.setattr(solid_process.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(
        solid_process.sys, "frozen", False, raising=False
    )  # also where the packaged program runs the tests
    QTest.keyClick(viewport, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert viewport.state.view.plane_kind == "acquired"
    assert [notice.code for notice in reading_desk.workspace.notices] == ["solid_no_vtk"]
