"""Grids, tiles, linking, reference lines, the crosshair and a viewport in its own window, with real mouse and key events."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from medview.app.linking import reference_line
from medview.app.notices import stack_place
from medview.app.tools import Tool
from medview.core.geometry import Geometry
from medview.core.window import Window
from medview.ui.detached import toggle_detached
from medview.ui.layout_picker import LayoutPicker
from medview.ui.viewport_grid import AwayPlace, ViewportGrid
from tests.ui.test_viewport_reading import wheel
from tests.ui.viewport_doubles import make_study, make_workspace

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def stack_of(workspace, name, origin, spacing, shape=(20, 24, 24), reference="1.5", row=(1, 0, 0), column=(0, 1, 0)):
    geometry = Geometry.from_directions(shape, origin, row, column, spacing, reference)
    return make_study(workspace, np.full(shape, 1024, dtype=np.int16), geometry, stack_id=name)


@pytest.fixture
def grid(qtbot):
    """Side by side: 2 mm slices from z = -20, and 5 mm slices from z = -40, in one frame of reference."""
    workspace = make_workspace()
    first = stack_of(workspace, "a", (-12.0, -12.0, -20.0), (2.0, 1.0, 1.0))
    second = stack_of(workspace, "b", (-20.0, -20.0, -40.0), (5.0, 2.0, 2.0))
    workspace.layout = (1, 2)
    workspace.grow_viewports(2)
    workspace.viewports[0].show(*first)
    workspace.viewports[1].show(*second)
    found = ViewportGrid(workspace)
    qtbot.addWidget(found)
    found.resize(800, 420)
    with qtbot.waitExposed(found):
        found.show()
    found.workspace = workspace
    return found


def views(grid):
    return grid.workspace.viewports


def z_of(state):
    shown = state.shown()
    return float(shown.image_to_patient(0, 0)[2])


def test_scrolling_one_shows_the_nearest_slice_of_the_other(grid) -> None:
    a, b = views(grid)
    a.go_to_index(0)
    for _ in range(9):
        wheel(grid.frames[0].viewport, -120)
        assert abs(z_of(b) - z_of(a)) <= 2.5
    assert a.view.k == 9
    assert b.view.k == 8  # -2 mm of the one, 0 mm of the other


def test_another_frame_of_reference_is_never_scrolled_along(grid) -> None:
    workspace = grid.workspace
    workspace.viewports[1].show(*stack_of(workspace, "c", (0, 0, -40.0), (5.0, 2.0, 2.0), reference="9.9"))
    before = workspace.viewports[1].view.k
    workspace.viewports[0].go_to_index(1)
    assert workspace.viewports[1].view.k == before
    assert not workspace.links.is_linked(0)


def test_another_grid_moves_nothing_that_is_read_and_repeats_no_plane(grid) -> None:
    workspace = grid.workspace
    a, b = views(grid)
    b.show(a.view.study, a.view.series, a.view.stack)
    b.set_plane("coronal")
    b.go_to_index(3)
    workspace.set_active(0)
    workspace.set_layout(2, 2)
    assert (b.plane_kind, b.slice_index) == ("coronal", 3), "the new viewport took it along"
    kinds = [one.plane_kind for one in workspace.viewports if one.stack is a.stack]
    assert len(set(kinds)) == len(kinds), kinds


def test_a_series_comes_to_where_those_that_it_is_linked_with_are(grid) -> None:
    workspace = grid.workspace
    a, b = views(grid)
    other = b.stack
    a.go_to_index(2)
    b.clear()
    workspace.show_stack(other, 1)
    assert z_of(b) == pytest.approx(z_of(a), abs=2.5), "it opened in its middle"
    workspace.links.link_scroll("off")
    workspace.show_stack(other, 1)
    assert b.slice_index == other.shape[0] // 2


def test_the_hole_of_a_viewport_in_its_own_window_says_so_and_brings_it_back(qtbot, grid) -> None:
    workspace = grid.workspace
    workspace.set_layout(2, 2)
    workspace.set_active(1)
    toggle_detached(grid, grid, [])
    (place,) = grid.findChildren(AwayPlace)
    assert place.isVisible()
    assert "2" in place.findChild(QLabel).text()
    QTest.mouseClick(place.button, LEFT)
    qtbot.waitUntil(lambda: not grid.detached and not any(p.isVisible() for p in grid.findChildren(AwayPlace)))
    assert grid.frames[1].isVisible()
    workspace.set_layout(1, 2)
    workspace.set_active(1)
    toggle_detached(grid, grid, [])
    assert not any(one.isVisible() for one in grid.findChildren(AwayPlace)), "the other one has all the room"
    grid.bring_all_back()


def test_the_offset_between_two_is_kept_in_millimetres_also_across_frames_of_reference(grid) -> None:
    workspace = grid.workspace
    # Feet first: its slices run the other way.
    workspace.viewports[1].show(
        *stack_of(workspace, "c", (0, 0, 50.0), (1.0, 1.0, 1.0), (60, 24, 24), "9.9", (1, 0, 0), (0, -1, 0))
    )
    a, b = views(grid)
    a.go_to_index(5)
    b.go_to_index(30)
    workspace.links.link_scroll("offset")
    offset = z_of(b) - z_of(a)
    a.go_to_index(9)
    assert z_of(b) - z_of(a) == pytest.approx(offset, abs=0.5)
    assert b.view.k != 30
    workspace.links.link_scroll("off")
    now = b.view.k
    a.go_to_index(2)
    assert b.view.k == now


def test_pan_and_zoom_show_the_same_place_at_the_same_scale(grid) -> None:
    workspace = grid.workspace
    workspace.links.link_view(True)
    one, two = (frame.viewport for frame in grid.frames)
    one.state.update(zoom=2.5, pan=(3.0, -2.0))
    assert two.transform.scale == pytest.approx(one.transform.scale, rel=1e-6)
    centre = (one.width() / 2, one.height() / 2)
    here = one.shown.image_to_patient(*one.transform.screen_to_image(*centre))
    there = two.shown.image_to_patient(*two.transform.screen_to_image(two.width() / 2, two.height() / 2))
    assert here[:2] == pytest.approx(there[:2], abs=0.6)  # whole device px


def test_the_window_is_shared_by_images_of_one_kind(grid) -> None:
    grid.workspace.links.link_window(True)
    grid.workspace.viewports[0].update(voi=Window(-600, 1500))
    assert grid.workspace.viewports[1].view.voi == Window(-600, 1500)


def test_another_plane_is_taken_by_those_that_showed_the_same_one(grid) -> None:
    """A prior beside the current study: one key shows both coronal, at the same place."""
    workspace = grid.workspace
    one, two = views(grid)
    one.set_plane("coronal")
    assert two.view.plane_kind == "acquired", "not before it is asked for"
    one.set_plane("acquired")
    workspace.links.link_plane(True)
    workspace.set_active(0)
    one.set_plane("coronal")
    assert two.view.plane_kind == "coronal"
    assert two.position_mm == pytest.approx(one.position_mm, abs=1.0)
    # What stands beside it in another plane stays there, and who is not in the reader's hand leads nobody.
    two.set_plane("sagittal")
    assert one.view.plane_kind == "coronal"
    one.set_plane("axial")
    assert two.view.plane_kind == "sagittal"
    workspace.links.link_plane(False)


def test_a_click_with_the_crosshair_brings_all_planes_there(grid) -> None:
    workspace = grid.workspace
    for state, plane in zip(views(grid), ("acquired", "coronal"), strict=True):
        state.set_plane(plane)
    workspace.viewports[1].show(*[getattr(workspace.viewports[0], name) for name in ("study", "series", "stack")])
    workspace.viewports[1].set_plane("sagittal")
    workspace.tools.choose(Tool.CROSSHAIR)
    widget = grid.frames[0].viewport
    at = QPoint(*(round(v) for v in widget.transform.image_to_screen(6.0, 15.0)))
    QTest.mouseClick(widget, LEFT, NONE, at)
    point, _reference = workspace.links.crosshair
    expected = widget.shown.image_to_patient(*widget.transform.screen_to_image(at.x(), at.y()))
    assert point == pytest.approx(expected)
    assert workspace.viewports[1].position_mm == pytest.approx(point[0], abs=0.6)
    assert orange(grid.frames[0].viewport) > 100
    assert orange(grid.frames[1].viewport) > 100
    workspace.links.hide_crosshair()
    assert orange(grid.frames[1].viewport) == 0


def orange(widget) -> int:
    image = widget.grab().toImage()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(-1, 4).astype(int)
    return int(((pixels[:, 2] - pixels[:, 0]) > 80).sum())


def blue(widget) -> int:
    image = widget.grab().toImage()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(-1, 4).astype(int)
    return int(((pixels[:, 0] - pixels[:, 2]) > 90).sum())


def test_the_active_slice_is_a_line_where_it_cuts_another_plane(grid) -> None:
    workspace = grid.workspace
    a, b = views(grid)
    b.show(a.study, a.series, a.stack)
    b.set_plane("coronal")
    a.go_to_index(4)
    workspace.set_active(0)
    line = reference_line(b.shown(), a.shown())
    for end in line:
        assert b.shown().image_to_patient(*end)[2] == pytest.approx(z_of(a))
    xs = sorted(b.shown().image_to_patient(*end)[0] for end in line)
    assert xs == pytest.approx([-12.5, 11.5])
    assert reference_line(a.shown(), a.shown()) is None
    assert blue(grid.frames[1].viewport) > 50
    workspace.links.show_reference_lines(False)
    assert blue(grid.frames[1].viewport) == 0


def test_cuts_of_one_stack_share_its_space_where_the_files_name_none(grid) -> None:
    workspace = grid.workspace
    workspace.viewports[0].show(*stack_of(workspace, "n", (-12.0, -12.0, -20.0), (2.0, 1.0, 1.0), reference=""))
    a, b = views(grid)
    b.show(a.study, a.series, a.stack)
    b.set_plane("sagittal")
    workspace.set_active(0)
    assert blue(grid.frames[1].viewport) > 50
    workspace.links.point_at(0, 6.0, 15.0)
    assert b.position_mm == pytest.approx(-6.0, abs=0.6)
    b.show(*stack_of(workspace, "m", (-12.0, -12.0, -20.0), (2.0, 1.0, 1.0), reference=""))
    assert not workspace.links.is_linked(0)


def test_tiles_show_consecutive_slices_and_move_together(grid) -> None:
    workspace = grid.workspace
    workspace.set_layout(3, 4)
    workspace.set_active(0)
    workspace.viewports[0].go_to_index(2)
    workspace.links.tile(True)
    assert [state.view.k for state in workspace.viewports] == list(range(2, 14))
    assert {state.stack.id for state in workspace.viewports} == {"a"}
    wheel(grid.frames[5].viewport, -120)
    assert [state.view.k for state in workspace.viewports] == list(range(3, 15))
    workspace.viewports[3].update(voi=Window(10, 20))
    assert all(state.view.voi == Window(10, 20) for state in workspace.viewports)
    workspace.links.tile(False)
    workspace.links.link_scroll("off")
    wheel(grid.frames[5].viewport, -120)
    assert workspace.viewports[0].view.k == 3


def test_tiles_go_on_from_where_they_were_when_there_are_more_of_them(grid) -> None:
    workspace = grid.workspace
    workspace.set_layout(2, 2)
    workspace.set_active(1)
    workspace.viewports[1].go_to_index(5)
    workspace.links.tile(True)
    assert [state.view.k for state in workspace.viewports] == [4, 5, 6, 7]
    workspace.set_layout(3, 3)
    assert [state.view.k for state in workspace.viewports] == list(range(4, 13))
    assert workspace.links.tiled


def test_no_image_stands_in_two_tiles_at_the_end_of_a_series(grid) -> None:
    workspace = grid.workspace
    workspace.set_layout(2, 3)
    workspace.set_active(0)
    count = workspace.viewports[0].slice_count
    workspace.links.tile(True)
    workspace.viewports[0].go_to_index(count - 1)
    assert [state.view.k for state in workspace.viewports] == list(range(count - 6, count))
    workspace.viewports[0].go_to_index(0)
    workspace.set_layout(5, 5)
    assert count < 25
    assert [None if state.stack is None else state.view.k for state in workspace.viewports] == [
        *range(count),
        *[None] * (25 - count),
    ]


def test_the_key_of_tiles_brings_a_grid_where_there_is_none_and_takes_it_along(grid) -> None:
    workspace = grid.workspace
    workspace.set_layout(1, 1)
    workspace.viewports[0].go_to_index(3)
    workspace.links.toggle_tiles()
    assert workspace.layout == (2, 2)
    assert [state.view.k for state in workspace.viewports] == [3, 4, 5, 6]
    workspace.links.toggle_tiles()
    assert workspace.layout == (1, 1)
    assert not workspace.links.tiled
    workspace.links.toggle_tiles()
    workspace.history.undo()
    assert workspace.layout == (1, 1)
    assert not workspace.links.tiled, "a step back takes the tiles along"
    workspace.history.redo()
    assert workspace.links.tiled
    # A grid that the reader chose stays.
    workspace.links.toggle_tiles()
    workspace.set_layout(2, 2)
    workspace.toggle_maximised(1)
    workspace.links.toggle_tiles()
    assert not workspace.maximised
    workspace.links.toggle_tiles()
    assert workspace.layout == (2, 2)


def test_what_concerns_images_is_told_once_however_many_viewports_show_them(grid) -> None:
    workspace = grid.workspace
    workspace.set_layout(2, 2)
    workspace.set_active(1)
    workspace.links.tile(True)
    workspace.tell("x", "Something about the images", place=stack_place("b"))

    def told() -> list[int]:
        return [frame.index for frame in grid.frames if frame.notices.isVisible()]

    assert told() == [1], "at the one that is active"
    workspace.set_active(2)
    assert told() == [2]
    # Tiles too small for words of their own have them above.
    workspace.set_layout(3, 3)
    assert told() == []
    assert grid.notices.isVisible()
    assert grid.notices.width() == grid.width()
    workspace.set_layout(1, 1)
    assert told() == [0]
    assert not grid.notices.isVisible()


def test_the_picker_takes_five_by_five_by_mouse_and_keys(grid, qtbot) -> None:
    workspace = grid.workspace
    picker = LayoutPicker(workspace, grid)
    picker.show_at(QPoint(0, 0))
    centre = picker.cell(4, 4).center()
    QTest.mouseMove(picker, centre)
    QTest.mouseClick(picker, LEFT, NONE, centre)
    assert workspace.layout == (5, 5)
    assert sum(frame.isVisible() for frame in grid.frames) == 25
    picker = LayoutPicker(workspace, grid)
    picker.show_at(QPoint(0, 0))
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Return):
        QTest.keyClick(picker, key)
    assert workspace.layout == (3, 4)
    workspace.history.undo()
    assert workspace.layout == (5, 5)


def test_a_viewport_in_its_own_window_comes_back_when_that_is_closed(grid, qtbot) -> None:
    workspace = grid.workspace
    workspace.set_active(1)
    toggle_detached(grid, grid, [])
    window = grid.detached[1]
    frame = grid.frames[1]
    assert frame.window() is window
    assert window.isVisible()
    before = workspace.viewports[1].view.k
    wheel(frame.viewport, -120)
    assert workspace.viewports[1].view.k == before + 1
    assert workspace.viewports[0].view.k != 0
    toggle_detached(grid, grid, [])
    assert grid.detached == {}
    assert frame.window() is grid.window()
    assert frame.isVisible()
    toggle_detached(grid, grid, [])
    workspace.set_layout(1, 1)
    assert grid.detached == {}
