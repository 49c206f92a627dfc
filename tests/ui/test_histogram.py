"""The histogram of the Image tab: its handles and its region are the window, pulled with the mouse."""

from __future__ import annotations

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.core.window import Window
from medview.ui.application import Desk
from medview.ui.histogram import Histogram
from medview.ui.right_panel import IMAGE

WAIT = 20_000


def pull(histogram: Histogram, from_: float, to: float) -> None:
    """Press at a value, lead the pointer to another one, release."""
    height = histogram.viewport().height() * 0.4
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

    def send(kind: QEvent.Type, value: float, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        scene = histogram.getPlotItem().getViewBox().mapViewToScene(QPointF(value, 0))
        at = QPointF(histogram.mapFromScene(scene).x(), height)
        over = histogram.viewport()
        event = QMouseEvent(kind, at, over.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(over, event)

    send(QEvent.Type.MouseMove, from_, none, none)
    send(QEvent.Type.MouseButtonPress, from_, left, left)
    for step in range(1, 9):
        send(QEvent.Type.MouseMove, from_ + (to - from_) * step / 8, none, left)
    send(QEvent.Type.MouseButtonRelease, to, left, none)


def test_handles_and_region_of_the_histogram_are_the_window(
    qtbot: QtBot, reading_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", -1)  # a hand has its own pace
    window, state = reading_desk.window, reading_desk.workspace.active_viewport
    window.show_tab(IMAGE)
    histogram = window.findChild(Histogram)
    assert histogram is not None
    wide = Window(40.0, 400.0)
    state.update(voi=wide)
    qtbot.waitUntil(lambda: histogram.region.getRegion() == pytest.approx(wide.ramp), timeout=WAIT)

    def bounds() -> tuple[float, float]:
        voi = state.view.voi
        assert isinstance(voi, Window)
        return voi.ramp

    px = 1.5 * histogram.getPlotItem().getViewBox().viewPixelSize()[0]
    pull(histogram, wide.ramp[1], 140.0)
    assert bounds() == pytest.approx((wide.ramp[0], 140.0), abs=px), "the upper handle alone"
    pull(histogram, wide.ramp[0], -260.0)
    assert bounds() == pytest.approx((-260.0, 140.0), abs=2 * px), "the lower handle alone"
    low, high = bounds()
    pull(histogram, -60.0, 20.0)
    assert bounds() == pytest.approx((low + 80.0, high + 80.0), abs=2 * px), "between them both move"
