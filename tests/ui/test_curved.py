"""A picture along a path, from drawing the path to measuring along it, with real mouse and key events."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest

from medview.app.tools import Tool
from medview.core.measurement import Measurement
from medview.core.problem import MedviewError
from medview.ui.canvas import Canvas
from medview.ui.path_scale import draw_path_scale
from medview.ui.viewport_edges import letters_of
from medview.ui.viewport_grid import ViewportGrid
from tests.ui.test_viewport_reading import move, wheel
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, numbered_volume

SHAPE = (24, 30, 28)
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ALT_SHIFT = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def grid(qtbot):
    workspace = make_workspace()
    workspace.viewports[0].show(*make_study(workspace, numbered_volume(SHAPE), axial_geometry(SHAPE, (2.0, 1.0, 1.0))))
    found = ViewportGrid(workspace)
    qtbot.addWidget(found)
    found.resize(800, 420)
    with qtbot.waitExposed(found):
        found.show()
    found.workspace = workspace
    return found


def drawn_path(grid, points=((60, 100), (200, 150), (330, 100))):
    widget = grid.frames[0].viewport
    grid.workspace.tools.choose(Tool.POLYLINE)
    for x, y in points:
        QTest.mouseClick(widget, LEFT, NONE, QPoint(x, y))
    QTest.mouseDClick(widget, LEFT, NONE, QPoint(*points[-1]))
    grid.workspace.tools.choose(Tool.WINDOW)
    (mark,) = widget.marks_here()
    return mark


def test_a_path_that_was_drawn_is_straightened_and_undone_like_another_layout(grid) -> None:
    workspace = grid.workspace
    mark = drawn_path(grid)
    workspace.curves.show(mark)
    assert workspace.layout == (1, 2)
    state, widget = workspace.viewports[1], grid.frames[1].viewport
    surface = state.view.surface
    straight = grid.frames[0].viewport.measured(mark).length.value
    assert straight <= surface.length_mm <= 1.15 * straight  # a smooth curve through the same points
    assert widget.shown.shape == surface.shape
    assert widget.cut().shown.coverage.any()
    assert letters_of(widget.shown, widget.transform, state.stack).left == ""
    marks = {mark.code for mark in widget._painting.marks(widget.volume)}
    assert {"curved", "resampled"} <= marks
    widget.repaint()
    workspace.history.undo()
    assert workspace.layout == (1, 1)


def test_lengths_along_it_are_those_along_the_path_and_stay_with_it(grid) -> None:
    workspace = grid.workspace
    mark = drawn_path(grid)
    workspace.curves.show(mark)
    widget, state = grid.frames[1].viewport, workspace.viewports[1]
    surface = state.view.surface
    middle = (surface.rows - 1) / 2
    ruler = Measurement("2.25.9", "ruler", widget.place(), ((0.0, middle), (len(surface.points) - 1.0, middle)))
    workspace.measurements.add(ruler)
    told = widget.measured(ruler).length
    assert told.unit == "mm"
    assert told.value == pytest.approx(surface.length_mm, abs=surface.step_mm)
    assert widget.marks_here() == (ruler,)
    wheel(widget, -120)
    assert state.view.surface.turned_deg == 5.0
    assert widget.marks_here() == ()
    wheel(widget, 120)
    assert widget.marks_here() == (ruler,)
    # The path is pulled: another surface, on which the ruler never lay.
    from dataclasses import replace

    workspace.measurements.replace(replace(mark, points=(*mark.points[:-1], (20.0, 25.0))))
    assert state.view.surface.digest != surface.digest
    assert widget.marks_here() == ()


def test_the_pointer_tells_the_voxel_that_lies_there(grid) -> None:
    workspace = grid.workspace
    workspace.curves.show(drawn_path(grid))
    widget = grid.frames[1].viewport
    at = widget.transform.image_to_screen(10, widget.shown.shape[0] / 2 - 0.5)
    move(widget, at)
    told = widget.readout
    point = widget.shown.surface.point_at(*widget.transform.screen_to_image(*at))
    k, j, i = np.floor(widget.volume.geometry.patient_to_voxel(point) + 0.5).astype(int)
    assert told.value == k * 1000 + j * 20 + i
    np.testing.assert_allclose(told.patient, point, atol=1e-6)


def test_the_wheel_with_alt_and_shift_makes_it_wider(grid) -> None:
    workspace = grid.workspace
    workspace.curves.show(drawn_path(grid))
    state = workspace.viewports[1]
    wheel(grid.frames[1].viewport, 120, ALT_SHIFT)
    assert state.view.surface.width_mm == 60
    assert state.view.slab is None


def test_without_a_path_it_says_what_to_do(grid) -> None:
    workspace = grid.workspace
    with pytest.raises(MedviewError) as error:
        workspace.curves.show(None)
    assert error.value.code == "path_needed"
    place = grid.frames[0].viewport.place()
    pulled = Measurement("2.25.5", "polyline", place, ((3.0, 3.0), (3.0, 3.0)))
    with pytest.raises(MedviewError) as error:
        workspace.curves.show(pulled)
    assert error.value.code == "path_impossible"
    assert workspace.layout == (1, 1)


def test_no_number_of_its_scale_is_cut_and_what_was_missing_is_not_asked_for_any_more(grid, monkeypatch) -> None:
    workspace = grid.workspace
    try:
        workspace.curves.show(None)
    except MedviewError as error:
        workspace.tell_error(error)
    workspace.curves.show(drawn_path(grid))
    assert "path_needed" not in [notice.code for notice in workspace.notices]
    widget = grid.frames[1].viewport
    placed = []
    painter_of = Canvas.words

    def words(self, x, y, text, colour, face=None):
        placed.append((x, x + (face or self.fonts.text).width(text), self.width, text))
        return painter_of(self, x, y, text, colour, face)

    monkeypatch.setattr("medview.ui.path_scale.Canvas.words", words)
    for zoom in (1.0, 4.0):
        widget.state.update(zoom=zoom)
        placed.clear()
        picture = QImage(widget.size(), QImage.Format.Format_RGB32)
        painter = QPainter(picture)
        canvas = widget._painting.canvas(painter)
        draw_path_scale(canvas, widget.shown, widget.transform)
        painter.end()
        assert len(placed) >= 2
        assert all(left >= 0 and right <= width + 0.5 for left, right, width, _ in placed), placed
    assert placed[-1][3].endswith(" mm") or zoom > 1


def test_the_key_and_the_menu_of_the_mark(reading_desk) -> None:
    from tests.ui.small_study import active

    workspace, window = reading_desk.workspace, reading_desk.window
    widget = active(reading_desk)
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    assert workspace.notices[-1].code == "path_needed"
    place = widget.place()
    mark = Measurement("2.25.6", "polyline", place, ((10.0, 20.0), (30.0, 25.0), (50.0, 20.0)))
    workspace.measurements.add(mark)
    widget.select_mark(mark.id)
    QTest.keyClick(widget, Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    assert workspace.viewports[1].view.plane_kind == "curved"
    assert window.actions_["plane.curved"] in window.mark_menu.actions()
