"""Sliders of dimensions: what mouse, wheel and keys do to them, and what the viewport says of them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from medview.app import reading
from medview.app.command_rules import has_dimensions
from medview.app.tools import Tool
from medview.core.study import Dimension
from medview.core.window import Window
from medview.ui.corner_text import corner_lines
from medview.ui.dimension_slider import dimension_rows
from tests.ui.test_viewport_reading import LEFT, drag, move, wheel
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, numbered_volume, open_viewport

SHAPE = (6, 12, 10)
ECHOES = Dimension("echo", "ms", (4.9, 9.8), ("4.9 ms", "9.8 ms"))
TIMES = Dimension("time", "s", (0.0, 2.5, 5.0), ("0 s", "2.5 s", "5 s"))


def opened(qtbot, dimensions=(ECHOES, TIMES), **values):
    workspace = make_workspace()
    timepoints = 1
    for dimension in dimensions:
        timepoints *= len(dimension.labels)
    study = make_study(
        workspace,
        numbered_volume(SHAPE),
        axial_geometry(SHAPE),
        timepoints=timepoints,
        dimensions=dimensions,
        **values,
    )
    workspace.viewports[0].show(*study)
    return open_viewport(qtbot, workspace, (600, 400))


def rows_of(widget):
    return dimension_rows((widget.width(), widget.height()), widget.state.stack)


def at_step(row, step: int, count: int) -> tuple[int, int]:
    return (round(row.track.left() + row.track.width() * (step + 0.5) / count), round(row.area.center().y()))


def corner_words(widget) -> str:
    state = widget.state
    corners = corner_lines(
        state.view, widget.shown, widget.transform, widget.voi, index=state.slice_index, count=state.slice_count
    )
    return "\n".join("".join(segment.text for segment in line) for line in corners.bottom_left)


def test_dragging_along_a_track_moves_one_dimension_and_nothing_else(qtbot) -> None:
    widget = opened(qtbot)
    echo, time = rows_of(widget)
    before = (widget.state.view.k, widget.state.view.voi)
    drag(widget, LEFT, at_step(time, 0, 3), at_step(time, 2, 3))
    assert widget.state.view.time == 2
    drag(widget, LEFT, at_step(echo, 0, 2), at_step(echo, 1, 2))
    assert widget.state.view.time == 5
    drag(widget, LEFT, at_step(time, 2, 3), at_step(time, 1, 3))
    assert widget.state.view.time == 4
    assert (widget.state.view.k, widget.state.view.voi) == before


def test_every_time_point_can_be_reached_with_the_mouse(qtbot) -> None:
    widget = opened(qtbot)
    echo, time = rows_of(widget)
    reached = set()
    for a in range(2):
        for b in range(3):
            for row, step, count in ((echo, a, 2), (time, b, 3)):
                x, y = at_step(row, step, count)
                drag(widget, LEFT, (x, y), (x, y), steps=1)
            reached.add(widget.state.view.time)
    assert reached == set(range(6))


def test_escape_takes_a_drag_back(qtbot) -> None:
    widget = opened(qtbot)
    _, time = rows_of(widget)
    start = at_step(time, 2, 3)
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(*start))
    assert widget.state.view.time == 2
    QTest.keyClick(widget, Qt.Key.Key_Escape)
    assert (widget.state.view.time, widget.state.view.dimension) == (0, None)


def test_the_wheel_over_a_slider_moves_its_dimension_elsewhere_the_slices(qtbot) -> None:
    widget = opened(qtbot)
    echo, _ = rows_of(widget)
    k = widget.state.view.k
    wheel(widget, -120, at=at_step(echo, 0, 2))
    assert (widget.state.view.time, widget.state.view.k) == (3, k)
    wheel(widget, -120, at=(200, 100))
    assert (widget.state.view.time, widget.state.view.k) == (3, k + 1)


def test_keys_move_the_dimension_that_was_chosen(qtbot) -> None:
    state = opened(qtbot).state
    reading.step_time(state, 1)
    assert state.view.time == 1
    reading.next_dimension(state)
    reading.step_time(state, 1)
    assert state.view.time == 4
    reading.step_time(state, 1)
    assert state.view.time == 4  # the last echo
    reading.next_dimension(state)
    reading.step_time(state, -5)
    assert state.view.time == 3
    reading.step_time(state, -1, round_again=True)
    assert state.view.time == 5


def test_one_dimension_needs_no_choosing(qtbot) -> None:
    widget = opened(qtbot, (TIMES,))
    context = type("Context", (), {"workspace": widget.workspace})()
    assert not has_dimensions(context)
    assert len(rows_of(widget)) == 1
    reading.next_dimension(widget.state)
    reading.step_time(widget.state, 1)
    assert widget.state.view.time == 1


def test_a_plain_stack_has_no_slider(qtbot) -> None:
    widget = opened(qtbot, ())
    assert rows_of(widget) == ()
    reading.step_time(widget.state, 1)
    assert widget.state.view.time == 0


def test_time_points_that_nobody_named_have_a_slider_too(qtbot) -> None:
    workspace = make_workspace()
    study = make_study(workspace, numbered_volume(SHAPE), axial_geometry(SHAPE), timepoints=3, time_labels=("", "", ""))
    workspace.viewports[0].show(*study)
    widget = open_viewport(qtbot, workspace)
    (row,) = rows_of(widget)
    x, y = at_step(row, 1, 3)
    drag(widget, LEFT, (x, y), (x, y), steps=1)
    assert widget.state.view.time == 1
    assert "Time 2 / 3" in corner_words(widget)


def test_the_corner_names_each_dimension_with_its_value(qtbot) -> None:
    widget = opened(qtbot)
    widget.state.update(time=5)
    words = corner_words(widget)
    assert "Echo 2 / 2  9.8 ms" in words
    assert "Time 3 / 3  5 s" in words


@pytest.mark.parametrize("dimensions", [(TIMES,), (ECHOES, TIMES)])
def test_the_handle_follows_the_step(qtbot, dimensions) -> None:
    widget = opened(qtbot, dimensions)
    widget.state.update(voi=Window(50000, 10, "LINEAR"))  # a black picture
    row = rows_of(widget)[-1]

    def brightest() -> int:
        image = widget.grab().toImage()
        y = round(row.area.center().y())
        xs = range(round(row.track.left()), round(row.track.right()))
        values = [image.pixelColor(x, y).lightness() for x in xs]
        bright = [x for x, value in zip(xs, values, strict=True) if value > 215]
        return sum(bright) // len(bright)

    places = []
    for time in range(3):
        widget.state.update(time=time)
        places.append(brightest())
    expected = [at_step(row, step, 3)[0] for step in range(3)]
    assert places == pytest.approx(expected, abs=4)


def test_the_slider_under_the_pointer_is_told(qtbot) -> None:
    widget = opened(qtbot)
    echo, _ = rows_of(widget)
    move(widget, at_step(echo, 0, 2))
    assert widget.mouse.over_dimension == 0
    move(widget, (10, 10))
    assert widget.mouse.over_dimension is None


def test_brush_and_growing_touch_no_segmentation_of_another_time_point_and_say_so(qtbot) -> None:
    """A region grown over the values of one time point would lie, unseen, in the segmentation of another."""
    widget = opened(qtbot, (TIMES,))
    workspace, state = widget.workspace, widget.state
    drawn = workspace.corrections.begin_new(state.stack, state.series, 0)
    x, y = widget.transform.image_to_screen(5, 6)
    for tool in (Tool.BRUSH, Tool.GROW):
        workspace.tools.choose(tool)
        for one in tuple(workspace.notices):
            workspace.withdraw(one.code)
        state.update(time=1)
        drag(widget, LEFT, (round(x), round(y)), (round(x), round(y)), steps=1)
        assert [(one.code, one.values) for one in workspace.notices] == [("label_other_time", ("1",))]
    assert drawn.strokes == 0
    state.update(time=0)
    workspace.tools.choose(Tool.BRUSH)
    drag(widget, LEFT, (round(x), round(y)), (round(x), round(y)), steps=1)
    assert drawn.strokes == 1
