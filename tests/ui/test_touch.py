"""Fingers and pens: real touch events scroll, zoom, pan, window, tap and press long; the pen's eraser deletes a mark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.app.tools import Tool
from medview.ui import viewport_touch
from tests.ui.small_study import active, close_desk
from tests.ui.test_corrections import at, ready, stroke, take, target
from tests.ui.test_viewport_reading import opened

WAIT = 20_000


@pytest.fixture(scope="module")
def screen() -> Any:
    return QTest.createTouchDevice()


@pytest.fixture(autouse=True)
def _however_slow_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No finger of a test stays by chance, and two taps are two taps."""
    monkeypatch.setattr(viewport_touch, "LONG_PRESS_MS", 600_000)
    monkeypatch.setattr(viewport_touch, "DOUBLE_TAP_S", 600.0)


def touch(widget: Any, screen: Any, *paths: list[tuple[int, int]]) -> None:
    """Fingers go along their paths together and are lifted."""
    for step in range(len(paths[0])):
        sequence = QTest.touchEvent(widget, screen)
        for finger, path in enumerate(paths):
            at = QPoint(*path[step])
            if step == 0:
                sequence.press(finger, at, widget)
            else:
                sequence.move(finger, at, widget)
        sequence.commit()
    sequence = QTest.touchEvent(widget, screen)
    for finger, path in enumerate(paths):
        sequence.release(finger, QPoint(*path[-1]), widget)
    sequence.commit()


def pen(widget: Any, kind: QPointingDevice.PointerType, what: QEvent.Type, where: QPoint) -> None:
    """An event of a pen, or of its other end."""
    position = QInputDevice.Capability.Position
    device = QPointingDevice("pen", 1, QInputDevice.DeviceType.Stylus, kind, position, 1, 1)
    at, left = QPointF(where), Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    event = QTabletEvent(what, device, at, widget.mapToGlobal(at), 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, none, left, left)
    QApplication.sendEvent(widget, event)


def test_one_finger_scrolls_in_the_direction_of_the_wheel(qtbot: QtBot, screen: Any) -> None:
    widget = opened(qtbot)
    start = widget.state.slice_index
    touch(widget, screen, [(150, 100), (150, 130), (150, 160), (150, 190)])
    assert widget.state.slice_index > start
    assert widget.state.view.voi is None
    assert widget.state.view.pan == (0.0, 0.0)


def test_two_fingers_zoom_and_pan_and_what_was_under_them_stays(qtbot: QtBot, screen: Any) -> None:
    widget = opened(qtbot)
    start = widget.state.slice_index
    scale = widget.transform.scale
    under = widget.transform.screen_to_image(200, 150)
    touch(widget, screen, [(180, 150), (170, 150), (140, 170)], [(220, 150), (230, 150), (220, 170)])
    assert widget.transform.scale == pytest.approx(2 * scale, rel=0.02)
    np.testing.assert_allclose(widget.transform.screen_to_image(180, 170), under, atol=0.5)
    assert widget.state.slice_index == start, "lifting the hand scrolled"


def test_three_fingers_window(qtbot: QtBot, screen: Any) -> None:
    widget = opened(qtbot)
    width = widget.voi.width
    touch(widget, screen, *([(x, 150), (x + 20, 150), (x + 60, 150)] for x in (100, 130, 160)))
    assert widget.state.view.voi.width > width
    assert widget.state.view.zoom == 1.0


def test_a_finger_draws_with_the_tool_in_hand_and_a_second_one_takes_it_back(qtbot: QtBot, screen: Any) -> None:
    widget = opened(qtbot)
    widget.workspace.tools.choose(Tool.RULER)
    touch(widget, screen, [(150, 100), (180, 110), (210, 120)])
    marks = widget.marks_here()
    assert [mark.kind for mark in marks] == ["ruler"]
    sequence = QTest.touchEvent(widget, screen)
    sequence.press(0, QPoint(100, 200), widget)
    sequence.commit()
    QTest.touchEvent(widget, screen).move(0, QPoint(130, 200), widget).commit()
    both = QTest.touchEvent(widget, screen)
    both.stationary(0).press(1, QPoint(200, 200), widget)
    both.commit()
    ended = QTest.touchEvent(widget, screen)
    ended.release(0, QPoint(130, 200), widget).release(1, QPoint(200, 200), widget)
    ended.commit()
    assert len(widget.marks_here()) == 1, "half a mark stayed"


def test_a_finger_that_stays_asks_for_the_menu_and_two_taps_are_a_double_click(
    qtbot: QtBot, screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewport_touch, "LONG_PRESS_MS", 20)
    widget = opened(qtbot)
    asked: list[QPoint] = []
    widget.context_requested.connect(asked.append)
    sequence = QTest.touchEvent(widget, screen)
    sequence.press(0, QPoint(150, 100), widget)
    sequence.commit()
    qtbot.waitUntil(lambda: bool(asked), timeout=WAIT)
    QTest.touchEvent(widget, screen).release(0, QPoint(150, 100), widget).commit()
    assert asked == [widget.mapToGlobal(QPoint(150, 100))]
    widget.fingers._long.setInterval(600_000)
    widget.workspace.change_settings(mouse={"double": "reset"})
    widget.state.update(zoom=2.0)
    for _ in range(2):
        touch(widget, screen, [(150, 100)])
    assert widget.state.view.zoom == 1.0


def test_the_eraser_of_a_pen_deletes_the_mark_under_it(qtbot: QtBot, screen: Any) -> None:
    widget = opened(qtbot)
    widget.workspace.tools.choose(Tool.RULER)
    touch(widget, screen, [(120, 100), (160, 100), (240, 100)])
    assert len(widget.marks_here()) == 1

    pen(widget, QPointingDevice.PointerType.Pen, QEvent.Type.TabletPress, QPoint(180, 100))
    assert len(widget.marks_here()) == 1
    pen(widget, QPointingDevice.PointerType.Eraser, QEvent.Type.TabletPress, QPoint(180, 100))
    assert widget.marks_here() == ()


def test_a_finger_pulls_what_lies_under_it_instead_of_scrolling(qtbot: QtBot, screen: Any) -> None:
    """With the tool that a finger scrolls with: the slider, the grip of a mark, a projection that is turned."""
    widget = opened(qtbot)
    high = widget.height()
    edge = widget.width() - 3
    touch(widget, screen, [(edge, high // 4), (edge, high // 2), (edge, high - 10)])
    assert widget.state.slice_index == widget.state.slice_count - 1
    widget.workspace.tools.choose(Tool.RULER)
    touch(widget, screen, [(150, 100), (180, 110), (210, 120)])
    widget.workspace.tools.choose(Tool.WINDOW)
    (mark,) = widget.marks_here()
    x, y = (round(one) for one in widget.transform.image_to_screen(*mark.points[1]))
    at = widget.state.slice_index
    touch(widget, screen, [(x, y), (x, y + 20), (x, y + 60)])
    (pulled,) = widget.marks_here()
    assert widget.state.slice_index == at
    assert pulled.points[0] == mark.points[0]
    np.testing.assert_allclose(widget.transform.image_to_screen(*pulled.points[1]), (x, y + 60), atol=1.5)
    widget.state.set_plane("turning")
    before = widget.state.view.axes
    touch(widget, screen, [(150, 100), (180, 100), (230, 100)])
    assert widget.state.view.axes is not None
    assert widget.state.view.axes != before


def test_a_finger_that_stays_on_a_mark_asks_for_its_menu(
    qtbot: QtBot, screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewport_touch, "LONG_PRESS_MS", 20)
    widget = opened(qtbot)
    widget.workspace.tools.choose(Tool.RULER)
    widget.fingers._long.setInterval(600_000)
    touch(widget, screen, [(150, 100), (180, 110), (210, 120)])
    widget.fingers._long.setInterval(20)
    widget.workspace.tools.choose(Tool.WINDOW)
    widget.select_mark(None)
    about: list[bool] = []
    widget.context_requested.connect(lambda _at: about.append(widget.marking.hovered))
    for x, y in ((180, 110), (60, 250)):
        asked = len(about)
        QTest.touchEvent(widget, screen).press(0, QPoint(x, y), widget).commit()
        qtbot.waitUntil(lambda asked=asked: len(about) > asked, timeout=WAIT)
        QTest.touchEvent(widget, screen).release(0, QPoint(x, y), widget).commit()
    assert about == [True, False], "the menu is about what lies under the finger"


def test_the_other_end_of_a_pen_wipes_with_the_brush_in_hand(qtbot: QtBot, study_folder: Path) -> None:
    desk = ready(qtbot, study_folder)
    widget = active(desk)
    take(qtbot, desk, Qt.Key.Key_F3, Tool.BRUSH)
    desk.workspace.corrections.set_brush(size_mm=9.24)
    stroke(qtbot, widget, (20, 30), (40, 30))
    drawn = target(desk).labels.any(axis=0)
    places = [at(widget, x, 30) for x in (28, 32)]
    eraser = QPointingDevice.PointerType.Eraser
    pen(widget, eraser, QEvent.Type.TabletPress, places[0])
    pen(widget, eraser, QEvent.Type.TabletMove, places[1])
    pen(widget, eraser, QEvent.Type.TabletRelease, places[1])
    left = target(desk).labels.any(axis=0)
    assert drawn[30, 18:42].all()
    assert not left[30, 26:34].any()
    assert left[30, [19, 20, 40]].all()
    assert desk.workspace.tools.tool is Tool.BRUSH, "the pen turned round again draws"
    close_desk(qtbot, desk)
