"""Windowing by a box: drag one over what matters, and its values fill the greys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from medview.app import reading
from medview.core.window import VoiFunction, Window
from medview.ui.viewport_style import ACCENT

if TYPE_CHECKING:
    from medview.core.cut import Slice
    from medview.ui.canvas import Canvas
    from medview.ui.viewport import ViewportWidget

LEAST_PX = 4.0
LEAST_VALUES = 4


def window_of_box(piece: Slice, box: tuple[float, float, float, float], now: Window) -> Window | None:
    """A window from the 1st to the 99th percentile of the pixels whose centres lie in ``box`` (x0, y0, x1, y1), image px.

    Padding, missing pixels and NaN are left out; the function of the window ``now`` is kept. None where too few are left.
    """
    rows, columns = piece.values.shape[:2]
    x0, y0, x1, y1 = box
    top, bottom = max(0, int(np.ceil(min(y0, y1)))), min(rows, int(np.floor(max(y0, y1))) + 1)
    left, right = max(0, int(np.ceil(min(x0, x1)))), min(columns, int(np.floor(max(x0, x1))) + 1)
    if top >= bottom or left >= right or piece.values.ndim != 2:
        return None
    part = (slice(top, bottom), slice(left, right))
    values = piece.values[part]
    kept = piece.coverage[part] & np.isfinite(values)
    if piece.padding is not None:
        kept = kept & ~piece.padding[part]
    chosen = values[kept].astype(np.float64)
    if chosen.size < LEAST_VALUES:
        return None
    low, high = (float(value) for value in np.percentile(chosen, (1, 99)))
    if not high > low:
        low, high = float(chosen.min()), float(chosen.max())
    function: VoiFunction = "SIGMOID" if now.function == "SIGMOID" else "LINEAR_EXACT"
    return Window((low + high) / 2, max(high - low, 1e-6 if values.dtype.kind == "f" else 1.0), function)


class WindowBoxDrag:
    """A box from the press to the pointer; the window changes when it is let go."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget, self._start = widget, at

    def move(self, at: QPointF) -> None:
        self._widget.colours.box = QRectF(self._start, at).normalized()
        self._widget.update()

    def end(self, at: QPointF) -> None:
        widget = self._widget
        widget.colours.box = None
        widget.touch()
        cut, voi = widget.cut(), widget.voi
        distance = at - self._start
        if cut is None or voi is None or min(abs(distance.x()), abs(distance.y())) < LEAST_PX:
            return
        a = widget.transform.screen_to_image(self._start.x(), self._start.y())
        b = widget.transform.screen_to_image(at.x(), at.y())
        window = window_of_box(cut.shown, (*a, *b), reading.window_of(voi))
        if window is not None:
            reading.set_window(widget.state, window)

    def cancel(self) -> None:
        self._widget.colours.box = None
        self._widget.update()


def draw_box_of_window(canvas: Canvas, box: QRectF) -> None:
    """The box while it is dragged."""
    canvas.painter.setBrush(QColor(ACCENT.red(), ACCENT.green(), ACCENT.blue(), 30))
    for pen in (QPen(QColor(0, 0, 0, 160), 3), QPen(ACCENT, 1.2, Qt.PenStyle.DashLine)):
        canvas.painter.setPen(pen)
        canvas.painter.drawRect(box)
        canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
