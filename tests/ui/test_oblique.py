"""Planes at any angle in the window: the layout, the crosshair's handles, letters, marks, undo, with real mouse events."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from medview.app.linking import reference_line
from medview.app.tools import Tool
from medview.core.geometry import Geometry
from medview.core.measurement import Measurement
from medview.core.problem import MedviewError
from medview.core.slab import Slab
from medview.kernels import rays
from medview.ui.corner_text import corner_lines
from medview.ui.viewport_edges import letters_of
from medview.ui.viewport_grid import ViewportGrid
from tests.ui.test_viewport_reading import move, wheel
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, numbered_volume

SHAPE = (24, 30, 28)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module", autouse=True)
def _fast() -> None:
    rays.warm_up(("int16",))


def make_grid(qtbot, stored=None, geometry=None):
    workspace = make_workspace()
    stored = numbered_volume(SHAPE) if stored is None else stored
    if geometry is None:
        geometry = Geometry.from_directions(
            stored.shape[:3], (-14.0, -15.0, -24.0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 1.0), "1"
        )
    workspace.viewports[0].show(*make_study(workspace, stored, geometry))
    workspace.planes.start()
    grid = ViewportGrid(workspace)
    qtbot.addWidget(grid)
    grid.resize(640, 640)
    with qtbot.waitExposed(grid):
        grid.show()
    grid.workspace = workspace
    return grid


@pytest.fixture
def grid(qtbot):
    return make_grid(qtbot)


def normals(grid):
    return [np.cross(*state.view.axes) for state in grid.workspace.viewports[:3]]


def drag(widget, start, end):
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, start.toPoint())
    move(widget, ((start + end) / 2).toTuple(), LEFT)
    move(widget, end.toTuple(), LEFT)
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, end.toPoint())


def line_of(widget, other):
    return next(line for line in widget.crosshair.lines() if line.of == other)


def test_the_layout_has_three_planes_at_right_angles_and_the_slices_and_undo_takes_it_back(grid) -> None:
    workspace = grid.workspace
    assert workspace.layout == (2, 2)
    assert [state.view.plane_kind for state in workspace.viewports] == ["oblique"] * 3 + ["acquired"]
    a, b, c = normals(grid)
    assert abs(a @ b) + abs(b @ c) + abs(a @ c) < 1e-12
    assert workspace.history.undo_title == "Layout"
    workspace.history.undo()
    assert workspace.layout == (1, 1)
    workspace.history.redo()
    assert [state.view.plane_kind for state in workspace.viewports[:3]] == ["oblique"] * 3


def test_a_handle_turns_the_other_planes_by_the_angle_of_the_hand(grid) -> None:
    widget = grid.frames[0].viewport
    before = normals(grid)
    line = line_of(widget, 1)
    handle, crossing = widget.crosshair.handles(line)[0], widget.crosshair._crossing(line)
    arm = handle - crossing
    turn = math.radians(30)
    cos, sin = math.cos(turn), math.sin(turn)
    target = crossing + type(arm)(arm.x() * cos - arm.y() * sin, arm.x() * sin + arm.y() * cos)
    drag(widget, handle, target)
    a, b, c = normals(grid)
    np.testing.assert_allclose(a, before[0], atol=1e-12)
    assert math.degrees(math.acos(b @ before[1])) == pytest.approx(30, abs=0.6)  # whole px of a hand
    assert abs(a @ b) + abs(b @ c) + abs(a @ c) < 1e-9
    # And the line lies under the hand.
    along = widget.crosshair._direction(line_of(widget, 1))
    to_hand = (target - crossing) / math.hypot(arm.x(), arm.y())
    assert abs(along.x() * to_hand.y() - along.y() * to_hand.x()) < 0.02
    assert grid.workspace.history.undo_title == "Turn planes"
    grid.workspace.history.undo()
    np.testing.assert_allclose(normals(grid), before, atol=1e-12)


def test_planes_can_be_turned_one_by_one(grid) -> None:
    grid.workspace.planes.set_orthogonal(False)
    widget, before = grid.frames[0].viewport, normals(grid)
    line = line_of(widget, 2)
    handle = widget.crosshair.handles(line)[0]
    drag(widget, handle, handle + type(handle)(60, 60))
    after = normals(grid)
    assert abs(after[2] @ before[2]) < 0.99
    np.testing.assert_allclose(after[1], before[1], atol=1e-12)


def test_the_crossing_is_moved_and_all_planes_go_there(grid) -> None:
    widget = grid.frames[0].viewport
    workspace = grid.workspace
    start = widget.crosshair._crossing(line_of(widget, 1))
    end = start + type(start)(50, -40)
    wanted = widget.shown.plane.plane_to_patient(widget.transform.screen_to_image(*end.toPoint().toTuple()))
    drag(widget, start, end)
    for state in workspace.viewports[:3]:
        np.testing.assert_allclose(state.view.point, wanted, atol=0.5)
        assert abs(state.shown().plane.patient_to_plane(np.array(state.view.point))[2]) < 1e-9
    assert widget.shown.plane.depth == pytest.approx(0.0, abs=2.0)


def test_a_line_is_moved_sideways_only(grid) -> None:
    widget = grid.frames[0].viewport
    line = line_of(widget, 1)
    crossing, along = widget.crosshair._crossing(line), widget.crosshair._direction(line)
    start = crossing + along * 60
    before = np.array(grid.workspace.viewports[0].view.point)
    drag(widget, start, start + type(start)(-along.y(), along.x()) * 40 + along * 30)
    moved = np.array(grid.workspace.viewports[0].view.point) - before
    assert abs(float(moved @ normals(grid)[1])) == pytest.approx(40 / widget.transform.scale, abs=0.5)
    assert abs(float(moved @ normals(grid)[2])) < 1e-6


def test_escape_takes_a_turn_back(grid) -> None:
    widget, before = grid.frames[0].viewport, normals(grid)
    handle = widget.crosshair.handles(line_of(widget, 1))[0]
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, handle.toPoint())
    move(widget, (handle + type(handle)(50, 40)).toTuple(), LEFT)
    assert abs(normals(grid)[1] @ before[1]) < 0.999
    widget.escape()
    np.testing.assert_allclose(normals(grid), before, atol=1e-12)
    assert grid.workspace.history.undo_title == "Layout"


def test_a_plane_is_called_oblique_once_it_is_turned(grid) -> None:
    def told() -> list[str]:
        widgets = [frame.viewport for frame in grid.frames[:3]]
        made = [corner_lines(w.state.view, w.shown, w.transform, w.voi, index=0, count=9) for w in widgets]
        return ["".join(part.text for part in one.bottom_right[-1]) for one in made]

    assert [line.split()[0] for line in told()] == ["axial", "coronal", "sagittal"]
    assert all(len(line.split()) == 4 for line in told())  # one coordinate, as of any slice of that kind
    grid.workspace.planes.turn(0, 1, 0.01)
    assert [line.split()[0] for line in told()] == ["axial", "oblique", "oblique"]


def test_scrolling_one_plane_moves_the_lines_in_the_others_and_nothing_else(grid) -> None:
    workspace = grid.workspace
    states = workspace.viewports
    workspace.planes.turn(0, 1, 0.4)
    depths = [state.shown().plane.depth for state in states[:3]]
    wheel(grid.frames[1].viewport, -120)
    after = [state.shown().plane.depth for state in states[:3]]
    assert after[1] - depths[1] == pytest.approx(1.0, abs=0.51)  # onto the positions that are scrolled through
    assert after[0] == pytest.approx(depths[0])
    assert after[2] == pytest.approx(depths[2])
    assert states[0].view.point == states[1].view.point == states[2].view.point
    first = after[1]
    wheel(grid.frames[1].viewport, -120)
    assert states[1].shown().plane.depth - first == pytest.approx(1.0)


def test_the_place_under_the_crossing_stays_on_the_screen_while_planes_turn(grid) -> None:
    workspace = grid.workspace
    widget = grid.frames[1].viewport
    workspace.planes.move_to(0, np.array([4.0, -3.0, 6.0]))
    centre = workspace.planes.centre(1)

    def on_screen():
        return widget.transform.image_to_screen(*widget.shown.plane.patient_to_plane(centre)[:2])

    before, scale = on_screen(), widget.transform.scale
    workspace.planes.turn(0, 1, 0.5)
    assert on_screen() == pytest.approx(before, abs=1.0)
    assert widget.transform.scale == pytest.approx(scale, rel=1e-3)


def test_letters_and_values_come_from_the_plane_that_is_drawn(grid) -> None:
    workspace = grid.workspace
    workspace.planes.turn(0, 1, math.radians(35))
    widget = grid.frames[1].viewport
    letters = letters_of(widget.shown, widget.transform, widget.state.stack)
    assert set(letters.right) in ({"L", "P"}, {"L", "A"})
    assert len(letters.right) == 2
    assert (letters.top, letters.bottom) == ("H", "F")
    # The place under the pointer is the voxel's that is told.
    at = (widget.width() * 0.55, widget.height() * 0.45)
    move(widget, at)
    told = widget.readout
    point = widget.shown.plane.plane_to_patient(widget.transform.screen_to_image(*at))
    k, j, i = np.floor(widget.volume.geometry.patient_to_voxel(point) + 0.5).astype(int)
    assert told.value == k * 1000 + j * 20 + i
    # And the drawn pixel holds what lies between its neighbours there.
    widget.picture.direct.at_once = True
    sample = widget.picture.sampled(widget.cut(), widget.transform)
    top, left, _, _ = widget.transform.covered
    row, column = round(at[1] - 0.5) - top, round(at[0] - 0.5) - left
    there = widget.volume.geometry.patient_to_voxel(
        widget.shown.plane.plane_to_patient(widget.transform.screen_to_image(left + column + 0.5, top + row + 0.5))
    )
    assert sample.values[row, column] == pytest.approx(there @ [1000, 20, 1], abs=1.0)


def test_marks_stay_with_their_plane(grid) -> None:
    workspace = grid.workspace
    widget = grid.frames[1].viewport
    workspace.planes.turn(0, 1, 0.3)
    index = widget.state.slice_index
    widget.state.go_to_index(index)
    workspace.tools.choose(Tool.RULER)
    assert widget.crosshair.hit(widget.crosshair._crossing(line_of(widget, 0))) is None  # the tool draws across
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(120, 150))
    move(widget, (220, 200), LEFT)
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(220, 200))
    workspace.tools.choose(Tool.WINDOW)
    (mark,) = widget.marks_here()
    length = widget.measured(mark).length
    assert length.unit == "mm"
    assert length.value == pytest.approx(math.hypot(100, 50) / widget.transform.scale, rel=0.02)
    widget.state.go_to_index(index + 2)
    assert widget.marks_here() == ()
    widget.state.go_to_index(index)
    assert widget.marks_here() == (mark,)
    axes = widget.state.view.axes
    workspace.planes.turn(0, 1, 0.2)
    assert widget.marks_here() == ()
    workspace.planes.turn(0, 1, -0.2)
    np.testing.assert_allclose(widget.state.view.axes, axes, atol=1e-9)
    assert widget.marks_here() == (mark,)
    # It says where it lies, so that it is found in the patient.
    assert np.cross(mark.place.across, mark.place.down) @ normals(grid)[1] > 0.5


def test_reset_makes_axial_coronal_and_sagittal_again(grid) -> None:
    planes = grid.workspace.planes
    planes.turn(0, 1, 0.7)
    planes.turn(1, 2, 0.4)
    planes.reset(2)
    np.testing.assert_allclose(np.abs(normals(grid)), [[0, 0, 1], [0, 1, 0], [1, 0, 0]], atol=1e-12)
    assert grid.workspace.history.undo_title == "Turn planes"
    grid.workspace.history.undo()
    assert abs(normals(grid)[1][0]) > 0.3


def test_the_reference_line_of_an_oblique_plane_lies_where_both_meet(grid) -> None:
    workspace = grid.workspace
    workspace.planes.turn(0, 1, 0.6)
    acquired, oblique = workspace.viewports[3].shown(), workspace.viewports[1].shown()
    a, b = reference_line(acquired, oblique)
    for end in (a, b):
        assert abs(oblique.plane.patient_to_plane(acquired.plane.plane_to_patient(end))[2]) < 1e-9


def test_a_sheared_stack_is_turned_too(qtbot) -> None:
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[:3, 3], affine[1, 2] = (-14, -15, -24), 0.6
    grid = make_grid(qtbot, geometry=Geometry(SHAPE, affine, "1"))
    grid.workspace.planes.turn(0, 1, 0.4)
    widget = grid.frames[1].viewport
    widget.picture.direct.at_once = True
    sample = widget.picture.sampled(widget.cut(), widget.transform)
    top, left, height, width = widget.transform.covered
    row, column = height // 2, width // 2
    point = widget.shown.plane.plane_to_patient(widget.transform.screen_to_image(left + column + 0.5, top + row + 0.5))
    assert sample.values[row, column] == pytest.approx(
        widget.volume.geometry.patient_to_voxel(point) @ [1000, 20, 1], abs=1.0
    )


def test_a_picture_that_takes_long_is_made_beside_the_window_and_is_the_same(reading_desk, qtbot, monkeypatch) -> None:
    from medview.app import direct_cut
    from medview.ui.still_viewport import StillViewport, pixels_of
    from tests.ui.small_study import active

    widget = active(reading_desk)
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    assert widget.state.view.plane_kind == "turning"
    stills = [StillViewport(reading_desk.workspace, widget.state.view, (200, 160), "full", widget) for _ in range(2)]
    qtbot.waitUntil(lambda: stills[0].is_ready, timeout=20_000)
    quick = pixels_of(stills[0].image())
    main, where = threading.current_thread(), []
    sampled = direct_cut.sample_screen
    monkeypatch.setattr(direct_cut, "LONGEST_S", 0.0)

    def watched(volume, plane, slab, matrix, size, coarse):
        if coarse == 1:  # the window's own viewport shows a preview meanwhile
            where.append(threading.current_thread())
        return sampled(volume, plane, slab, matrix, size, coarse)

    monkeypatch.setattr(direct_cut, "sample_screen", watched)
    assert not stills[1].is_ready
    qtbot.waitUntil(lambda: stills[1].is_ready, timeout=20_000)
    slow = pixels_of(stills[1].image())
    np.testing.assert_array_equal(slow, quick)
    assert where
    assert main not in where, "nobody waits for it"
    for still in stills:
        still.deleteLater()


def test_what_cannot_be_cut_is_refused_with_a_reason(qtbot) -> None:
    for stored, geometry, code in (
        (numbered_volume((1, 16, 14)), axial_geometry((1, 16, 14)), "cut_single_slice"),
        (numbered_volume((5, 16, 14)), None, "cut_no_geometry"),
    ):
        workspace = make_workspace()
        workspace.viewports[0].show(*make_study(workspace, stored, geometry))
        with pytest.raises(MedviewError) as error:
            workspace.planes.start()
        assert error.value.code == code
        assert workspace.layout == (1, 1)


def test_keys_menu_and_lines_that_can_be_hidden(reading_desk) -> None:
    from tests.ui.small_study import active

    workspace, window = reading_desk.workspace, reading_desk.window
    active(reading_desk).setFocus()
    QTest.keyClick(active(reading_desk), Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
    assert [state.view.plane_kind for state in workspace.viewports] == ["oblique"] * 3 + ["acquired"]
    widget = window.grid.frames[0].viewport
    assert len(widget.crosshair.lines()) == 2
    window.actions_["planes.lines"].trigger()
    assert widget.crosshair.lines() == []
    window.actions_["planes.lines"].trigger()
    window.actions_["planes.orthogonal"].trigger()
    assert not workspace.planes.orthogonal
    workspace.planes.turn(0, 1, 0.3)
    window.actions_["planes.reset"].trigger()
    assert abs(normals(window.grid if hasattr(window.grid, "workspace") else _with(window, workspace))[1][1]) == 1
    assert window.actions_["layout.oblique"] in window.menus["view"].actions()
    # The same button leads back to the images as they were acquired, of which one can be a key image.
    window.actions_["layout.oblique"].trigger()
    assert workspace.layout == (1, 1)
    assert workspace.active_viewport.view.plane_kind == "acquired"
    for kind in ("turning", "acquired"):
        window.actions_["plane.turning"].trigger()
        assert workspace.active_viewport.view.plane_kind == kind


def _with(window, workspace):
    window.grid.workspace = workspace
    return window.grid


def test_a_projection_is_turned_by_dragging_and_says_where_it_is_seen_from(qtbot) -> None:
    stored = np.zeros(SHAPE, dtype=np.int16)
    stored[12, 3, 14] = 4000  # in front, in the middle
    grid = make_grid(qtbot, stored)
    workspace = grid.workspace
    state, widget = workspace.viewports[3], grid.frames[3].viewport
    state.set_plane("turning")
    assert state.slice_count == 1
    letters = letters_of(widget.shown, widget.transform, state.stack)
    assert (letters.left, letters.right, letters.top, letters.bottom) == ("R", "L", "H", "F")

    def bright():
        widget.picture.direct.at_once = True
        sample = widget.picture.sampled(widget.cut(), widget.transform)
        row, column = np.unravel_index(int(sample.values.argmax()), sample.values.shape)
        return column + widget.transform.covered[1], row + widget.transform.covered[0]

    x, _ = bright()
    start = QPoint(120, 120)
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, start)
    move(widget, (180, 120), LEFT)
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(180, 120))
    turned_x, _ = bright()
    assert turned_x > x + 10  # the front follows the hand
    letters = letters_of(widget.shown, widget.transform, state.stack)
    assert letters.right == "LA"
    assert workspace.viewports[0].view.point == workspace.viewports[1].view.point
    marks = {mark.code: mark.values for mark in widget._painting.marks(widget.volume)}
    assert marks["slab"] == ("max", "")
    # There is no depth to measure in, and that is said.
    workspace.tools.choose(Tool.RULER)
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, start)
    move(widget, (160, 140), LEFT)
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(160, 140))
    workspace.tools.choose(Tool.WINDOW)
    assert workspace.measurements.of(state.stack.id) == ()
    assert workspace.notices[-1].code == "projection_no_place"
    # Ctrl windows, as the tool does elsewhere.
    before = state.view.axes
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.ControlModifier, start)
    move(widget, (160, 140), LEFT)
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.ControlModifier, QPoint(160, 140))
    assert state.view.axes == before
    assert state.view.voi is not None


def test_slabs_of_the_other_planes_are_seen_beside_their_lines(grid) -> None:
    grid.workspace.viewports[1].update(slab=Slab(12.0))
    assert line_of(grid.frames[0].viewport, 1).thickness_mm == 12.0
    assert line_of(grid.frames[0].viewport, 2).thickness_mm == 0.0


def test_a_mark_made_before_keeps_its_words_after_the_window_was_closed(grid) -> None:
    place = grid.frames[1].viewport.place()
    assert place.plane == "oblique"
    assert place.origin is not None
    mark = Measurement("7", "ruler", place, ((1, 1), (5, 5)))
    grid.workspace.measurements.add(mark)
    from medview.app.keeping import patient_points

    found = patient_points(grid.frames[1].viewport.state.stack, mark)
    wanted = [grid.frames[1].viewport.shown.plane.plane_to_patient(point) for point in mark.points]
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_the_worklist_brings_a_mark_back_with_its_plane(grid) -> None:
    workspace = grid.workspace
    workspace.planes.turn(0, 1, 0.5)
    widget = grid.frames[1].viewport
    mark = Measurement("2.25.8", "ruler", widget.place(), ((4, 4), (12, 9)))
    workspace.measurements.add(mark)
    workspace.planes.reset(0)
    workspace.set_active(2)
    assert not any(frame.viewport.marks_here() for frame in grid.frames[:3])
    workspace.worklist._show_mark(widget.state.stack, mark)
    assert any(mark in frame.viewport.marks_here() for frame in grid.frames[:3])


def test_a_line_that_is_moved_leaves_the_third_plane_where_it_is_at_any_angle(grid) -> None:
    workspace = grid.workspace
    workspace.planes.set_orthogonal(False)
    workspace.planes.turn(0, 2, 0.5)
    widget = grid.frames[0].viewport
    depths = [state.shown().plane.depth for state in workspace.viewports[:3]]
    line = line_of(widget, 1)
    crossing, along = widget.crosshair._crossing(line), widget.crosshair._direction(line)
    start = crossing + along * 70
    drag(widget, start, start + type(start)(-along.y(), along.x()) * 30)
    after = [state.shown().plane.depth for state in workspace.viewports[:3]]
    assert abs(after[1] - depths[1]) == pytest.approx(30 / widget.transform.scale, abs=0.5)
    assert after[0] == pytest.approx(depths[0], abs=1e-6)
    assert after[2] == pytest.approx(depths[2], abs=1e-6)


def test_a_projection_of_everything_has_no_reference_lines(grid, monkeypatch) -> None:
    from medview.ui import viewport_links

    drawn = []
    monkeypatch.setattr(viewport_links, "_lines", lambda _canvas, lines, _colour: drawn.append(lines))
    workspace, widget = grid.workspace, grid.frames[3].viewport
    workspace.planes.turn(0, 1, 0.4)
    workspace.set_active(1)
    widget.repaint()
    assert drawn  # of the oblique plane, on the acquired slice
    workspace.viewports[3].set_plane("turning")
    drawn.clear()
    widget.repaint()
    assert drawn == []
