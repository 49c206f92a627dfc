"""Fingers and pens: real touch events scroll, zoom, pan, window, tap and press long; the pen's eraser deletes a mark."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.app.tools import Tool
from medview.ui import viewport_touch
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

    def press(kind: QPointingDevice.PointerType) -> None:
        pen = QPointingDevice(
            "pen",
            1,
            QInputDevice.DeviceType.Stylus,
            kind,
            QInputDevice.Capability.Position,
            1,
            1,
        )
        at = QPointF(180, 100)
        event = QTabletEvent(
            QTabletEvent.Type.TabletPress,
            pen,
            at,
            widget.mapToGlobal(at),
            1.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            Qt.KeyboardModifier.NoModifier,
            Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton,
        )
        QApplication.sendEvent(widget, event)

    press(QPointingDevice.PointerType.Pen)
    assert len(widget.marks_here()) == 1
    press(QPointingDevice.PointerType.Eraser)
    assert widget.marks_here() == ()
