"""Measuring with real mouse and key events: every kind, every plane, grips, nudging, copies, words, calibration."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from medview.app import reading
from medview.app.stating import statement_maker
from medview.app.tools import Tool
from medview.ui.measurement_items import mark_lines
from tests.ui.test_viewport_reading import drag, move
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, open_viewport

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
SPACING = (2.0, 1.5, 0.75)


def opened(qtbot, *, shape=(5, 40, 60), geometry=True, size=(700, 640), stored=None, **values):
    workspace = make_workspace()
    stored = np.full(shape, 1024, dtype=np.int16) if stored is None else stored
    placed = axial_geometry(stored.shape[:3], SPACING) if geometry else None
    workspace.viewports[0].show(*make_study(workspace, stored, placed, **values))
    return open_viewport(qtbot, workspace, size)


def at(widget, point):
    return QPoint(*(round(value) for value in widget.transform.image_to_screen(*point)))


def click(widget, point, button=LEFT):
    QTest.mouseMove(widget, at(widget, point))
    QTest.mouseClick(widget, button, NONE, at(widget, point))


def pull(widget, start, end):
    drag(widget, LEFT, at(widget, start).toTuple(), at(widget, end).toTuple())


def choose(widget, tool):
    widget.workspace.tools.choose(tool)


def marks(widget):
    return widget.workspace.measurements.of(widget.state.stack.id)


def said(widget, mark=None):
    return widget.measured(mark or marks(widget)[-1])


def hand(widget):
    """What a hand on whole screen px may be off, mm."""
    return 1.5 / widget.transform.scale


DRAGS = {
    Tool.RULER: ("length", math.hypot(20 * 0.75, 10 * 1.5)),
    Tool.ELLIPSE: ("perimeter", math.pi * 15.0),  # 20 columns and 10 rows are a circle in mm
    Tool.RECTANGLE: ("perimeter", 60.0),
    Tool.BIDIRECTIONAL: ("length", math.hypot(15, 15)),
}


@pytest.mark.parametrize("tool", DRAGS)
@pytest.mark.parametrize("view", [{}, {"rotation": 1, "flip": True}, {"zoom": 2.0, "rotation": 3}])
def test_a_drag_measures_the_same_however_the_picture_lies(qtbot, tool, view) -> None:
    widget = opened(qtbot)
    widget.state.update(**view)
    choose(widget, tool)
    pull(widget, (20, 15), (40, 25))
    name, expected = DRAGS[tool]
    found = getattr(said(widget), name)
    assert found.unit == "mm"
    assert found.value == pytest.approx(expected, abs=4 * hand(widget))
    before = said(widget)
    widget.state.update(zoom=3.3, rotation=2, flip=False, pan=(3, 1))
    assert getattr(said(widget), name) == getattr(before, name)


def test_an_angle_is_set_by_three_clicks_in_millimetres(qtbot) -> None:
    widget = opened(qtbot)
    choose(widget, Tool.ANGLE)
    for point in ((40, 10), (20, 10), (40, 20)):  # 15 mm along, 15 mm down: 45 degrees, not those of the pixels
        click(widget, point)
    assert said(widget).angle.value == pytest.approx(45, abs=0.6)
    assert said(widget).angle.unit == "°"
    assert not widget.mouse.sketching


def test_cobb_by_two_drags_says_the_angle_between_the_lines(qtbot) -> None:
    widget = opened(qtbot)
    choose(widget, Tool.COBB)
    pull(widget, (10, 8), (50, 8))
    assert marks(widget) == ()
    pull(widget, (50, 30), (10, 20))  # 30 mm across, 15 mm up, drawn the other way round
    angle = said(widget).angle.value
    assert angle == pytest.approx(math.degrees(math.atan2(15, 30)), abs=0.6)
    lines = mark_lines(marks(widget)[0], said(widget), False)
    assert lines[1] == f"supplement {180 - angle:.1f}°"


@pytest.mark.parametrize("ending", ["double", "enter", "right", "first point"])
def test_a_polygon_ends_as_the_hand_likes_it(qtbot, ending) -> None:
    stored = np.full((5, 40, 60), 1024 - 50, dtype=np.int16)
    stored[:, 10:21, 10:31] = 1024 + 100
    widget = opened(qtbot, stored=stored)
    menus = []
    widget.context_requested.connect(menus.append)
    choose(widget, Tool.POLYGON)
    corners = ((10, 10), (30, 10), (30, 20), (10, 20))
    for corner in corners:
        click(widget, corner)
    if ending == "double":
        QTest.mouseDClick(widget, LEFT, NONE, at(widget, corners[-1]))
    elif ending == "enter":
        QTest.keyClick(widget, Qt.Key.Key_Return)
    elif ending == "right":
        QTest.mouseClick(widget, RIGHT, NONE, at(widget, (40, 30)))
    else:
        click(widget, corners[0])
    (mark,) = marks(widget)
    assert len(mark.points) == 4
    assert menus == []
    measured = said(widget)
    assert measured.area.value == pytest.approx(15 * 15, rel=0.03)
    assert measured.statistics.median == 100


def test_a_path_takes_points_back_and_can_be_dropped(qtbot) -> None:
    widget = opened(qtbot)
    choose(widget, Tool.POLYLINE)
    for point in ((10, 10), (30, 10), (30, 30)):
        click(widget, point)
    QTest.keyClick(widget, Qt.Key.Key_Backspace)
    QTest.keyClick(widget, Qt.Key.Key_Return)
    assert said(widget).length.value == pytest.approx(15, abs=hand(widget) * 2)
    click(widget, (10, 20))
    QTest.keyClick(widget, Qt.Key.Key_Escape)
    assert widget.draft is None
    assert len(marks(widget)) == 1


def test_a_freehand_circle_has_its_area_within_the_bar(qtbot) -> None:
    widget = opened(qtbot)
    choose(widget, Tool.FREEHAND)
    turns = np.linspace(0, 2 * np.pi, 120)
    points = [at(widget, (30 + 20 * math.cos(t), 20 + 10 * math.sin(t))) for t in turns]
    QTest.mousePress(widget, LEFT, NONE, points[0])
    for point in points[1:]:
        QTest.mouseMove(widget, point)
    QTest.mouseRelease(widget, LEFT, NONE, points[-1])
    assert said(widget).area.value == pytest.approx(math.pi * 15 * 15, rel=0.01)


def test_an_outline_that_crosses_itself_has_no_area(qtbot) -> None:
    widget = opened(qtbot)
    choose(widget, Tool.POLYGON)
    for corner in ((10, 10), (30, 30), (30, 10), (10, 30)):
        click(widget, corner)
    QTest.keyClick(widget, Qt.Key.Key_Return)
    assert said(widget).area is None
    assert "No area: the outline crosses itself" in mark_lines(marks(widget)[0], said(widget), False)


@pytest.mark.parametrize("plane", ["acquired", "axial", "coronal", "sagittal"])
def test_a_point_says_value_and_place_in_every_plane(qtbot, plane) -> None:
    widget = opened(qtbot, shape=(20, 40, 60))
    widget.state.set_plane(plane)
    choose(widget, Tool.POINT)
    middle = (widget.shown.shape[1] // 2, widget.shown.shape[0] // 2)
    click(widget, middle)
    measured = said(widget)
    assert measured.value == 0
    expected = widget.shown.image_to_patient(*marks(widget)[0].points[0])
    assert measured.patient == pytest.approx(tuple(expected))
    choose(widget, Tool.RULER)
    pull(widget, (middle[0] - 4, middle[1]), (middle[0] + 4, middle[1]))
    assert said(widget).length.value == pytest.approx(8 * widget.shown.measure_mm[1], abs=2 * hand(widget))


def test_words_are_written_at_the_picture(qtbot) -> None:
    widget = opened(qtbot)
    choose(widget, Tool.TEXT)
    click(widget, (20, 20))
    QTest.keyClicks(widget.marking.entry.line, "old fracture")
    QTest.keyClick(widget.marking.entry.line, Qt.Key.Key_Return)
    (mark,) = marks(widget)
    assert mark.text == "old fracture"
    assert widget.marking.entry is None
    choose(widget, Tool.ARROW)
    pull(widget, (30, 20), (45, 28))
    QTest.keyClicks(widget.marking.entry.line, "here")
    QTest.keyClick(widget.marking.entry.line, Qt.Key.Key_Escape)
    assert len(marks(widget)) == 1  # Esc leaves nothing
    pull(widget, (30, 20), (45, 28))
    QTest.keyClick(widget.marking.entry.line, Qt.Key.Key_Return)
    assert marks(widget)[-1].kind == "arrow"
    widget.repaint()
    choose(widget, Tool.WINDOW)
    box = widget.marking.boxes[mark.id].center().toPoint()
    QTest.mouseClick(widget, LEFT, NONE, box)
    assert widget.selected_mark == mark.id
    widget.marking.edit_text()
    QTest.keyClicks(widget.marking.entry.line, "healed")
    QTest.keyClick(widget.marking.entry.line, Qt.Key.Key_Return)
    assert marks(widget)[0].text == "healed"


def test_a_known_line_calibrates_the_picture_and_only_it(qtbot) -> None:
    widget = opened(qtbot, geometry=False)
    choose(widget, Tool.RULER)
    pull(widget, (10, 10), (30, 10))
    assert said(widget).length.unit == "px"
    choose(widget, Tool.CALIBRATION)
    pull(widget, (10, 30), (50, 30))
    QTest.keyClicks(widget.marking.entry.line, "0")
    QTest.keyClick(widget.marking.entry.line, Qt.Key.Key_Return)
    assert widget.marking.entry is not None  # no length: it stays open
    widget.marking.entry.line.selectAll()
    QTest.keyClicks(widget.marking.entry.line, "100")
    QTest.keyClick(widget.marking.entry.line, Qt.Key.Key_Return)
    length = said(widget, marks(widget)[0]).length
    assert (length.unit, length.spacing) == ("mm", "by_reader")
    assert length.value == pytest.approx(50, rel=0.02)
    assert mark_lines(marks(widget)[0], said(widget, marks(widget)[0]), False)[0].endswith("calibrated by hand")
    # What is listed and written says the same as the picture.
    stated = statement_maker(widget.workspace)().marks[0]
    assert [(one.value, one.unit.value) for one in stated.amounts] == [(pytest.approx(length.value), "mm")]
    assert "mm: by_reader" in stated.words
    listed = [item.amount for item in widget.workspace.worklist.items() if item.mark == marks(widget)[0]]
    assert listed == [f"{length.value:.1f} mm"]
    reading.scroll(widget.state, 1)
    choose(widget, Tool.RULER)
    pull(widget, (10, 10), (30, 10))
    assert said(widget).length.unit == "px"
    widget.workspace.history.undo()
    widget.workspace.history.undo()
    reading.scroll(widget.state, -1)
    assert said(widget, marks(widget)[0]).length.unit == "px"


def test_a_picture_in_patient_mm_is_not_calibrated(qtbot) -> None:
    widget = opened(qtbot)
    choose(widget, Tool.CALIBRATION)
    pull(widget, (10, 30), (50, 30))
    assert widget.marking.entry is None
    assert marks(widget) == ()
    assert widget.workspace.notices[-1].code == "cannot_calibrate"


@pytest.mark.parametrize("view", [{}, {"rotation": 1}, {"flip": True}, {"rotation": 3, "flip": True}])
def test_nudging_goes_where_the_arrow_points(qtbot, view) -> None:
    widget = opened(qtbot)
    widget.state.update(**view)
    choose(widget, Tool.RULER)
    pull(widget, (20, 15), (40, 25))
    before = at(widget, marks(widget)[0].points[0])
    widget.marking.grip = None
    widget.marking.nudge(1, 0)
    after = at(widget, marks(widget)[0].points[0])
    assert after.x() > before.x()
    assert after.y() == before.y()
    moved = np.subtract(marks(widget)[0].points[0], (20, 15))
    assert math.hypot(*moved) == pytest.approx(1, abs=0.2)
    widget.marking.grip = 1
    fixed = marks(widget)[0].points[0]
    widget.marking.nudge(0, 1)
    assert marks(widget)[0].points[0] == fixed


def test_copies_go_to_the_next_slice_and_to_the_same_place_of_another_plane(qtbot) -> None:
    widget = opened(qtbot, shape=(20, 40, 60))
    choose(widget, Tool.RULER)
    pull(widget, (20, 15), (40, 25))
    first = marks(widget)[0]
    k = widget.state.view.k
    widget.marking.copy_to_slice(1)
    second = marks(widget)[1]
    assert widget.state.view.k == k + 1
    assert (second.points, second.place.k) == (first.points, k + 1)
    assert second.id != first.id
    widget.marking.copy()
    widget.state.set_plane("axial")
    widget.marking.paste()
    third = marks(widget)[2]
    here = widget.shown.image_to_patient(*third.points[0])
    there = widget.state.stack.geometry.voxel_to_patient((k + 1, second.points[0][1], second.points[0][0]))
    assert here[:2] == pytest.approx(there[:2], abs=1e-6)


def test_recist_axes_stay_at_right_angles_when_a_grip_is_pulled(qtbot) -> None:
    widget = opened(qtbot)
    choose(widget, Tool.BIDIRECTIONAL)
    pull(widget, (15, 15), (45, 15))
    choose(widget, Tool.WINDOW)
    for grip, to in ((1, (45, 28)), (2, (30, 30))):
        pull(widget, marks(widget)[0].points[grip], to)
        a, b, c, d = (np.array(point) * (0.75, 1.5) for point in marks(widget)[0].points)
        assert abs((b - a) @ (d - c)) < 1e-6 * np.linalg.norm(b - a) * np.linalg.norm(d - c)
    measured = said(widget)
    assert measured.length.value >= measured.second.value


def test_a_mark_half_drawn_stays_on_its_slice(qtbot) -> None:
    widget = opened(qtbot)
    choose(widget, Tool.ANGLE)
    click(widget, (10, 10))
    click(widget, (30, 10))
    reading.scroll(widget.state, 1)
    move(widget, at(widget, (5, 5)).toTuple())
    assert widget.marks_here() == ()
    reading.scroll(widget.state, -1)
    assert len(widget.marks_here()) == 1
    click(widget, (30, 30))
    assert len(marks(widget)) == 1
