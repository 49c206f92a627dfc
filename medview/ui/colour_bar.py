"""The bar beside a picture that says which colour stands for which value."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from medview.app.value_bar import Bar
from medview.ui.canvas import Canvas
from medview.ui.text import shown_number
from medview.ui.viewport_style import SCALE, SECONDARY, TEXT

WIDTH = 10.0
RIGHT = 46.0
"""Px from the viewport's right edge: the slider and the orientation letter lie there."""
LEAST_HEIGHT = 200.0
LEAST_WIDTH = 260.0
"""A smaller viewport has no room for a bar."""
_COLUMNS = 4


def bar_rects(canvas_size: tuple[float, float], count: int) -> list[QRectF]:
    """Where bars lie, the first at the right; none where there is no room."""
    width, height = canvas_size
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return []
    length = min(max(height * 0.4, 120.0), 320.0)
    top = (height - length) / 2
    return [QRectF(width - RIGHT - WIDTH - at * 62.0, top, WIDTH, length) for at in range(count)]


def places_of_bars(canvas_size: tuple[float, float], count: int) -> list[QRectF]:
    """Where bars with their numbers and titles lie, so that words of marks keep clear of them."""
    return [rect.adjusted(-36, -32, 4, 4) for rect in bar_rects(canvas_size, count)]


def draw_bars(canvas: Canvas, bars: tuple[Bar, ...]) -> None:
    """Draw each bar with its ticks, its unit above and its title."""
    for bar, rect in zip(bars, bar_rects((canvas.width, canvas.height), len(bars)), strict=False):
        _draw_bar(canvas, bar, rect)


@lru_cache(maxsize=8)
def _strip(colours: bytes) -> QImage:
    rows = np.frombuffer(colours, np.uint8).reshape(-1, 1, 3)[::-1]
    packed = np.full((len(rows), _COLUMNS, 4), 255, np.uint8)
    packed[..., :3] = rows[..., ::-1]
    return QImage(packed.data, _COLUMNS, len(rows), 4 * _COLUMNS, QImage.Format.Format_RGB32).copy()


def _draw_bar(canvas: Canvas, bar: Bar, rect: QRectF) -> None:
    small = canvas.fonts.small
    strip = _strip(bar.colours().tobytes())
    ticks = bar.ticks(said=shown_number)

    def draw(painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.fillRect(rect.adjusted(-2, -2, 2, 2), QColor(0, 0, 0, 190))
        painter.drawImage(rect, strip)
        painter.setPen(QPen(SCALE, 1.0))
        painter.drawRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5))
        for share, _text in ticks:
            y = rect.bottom() - share * rect.height()
            painter.drawLine(QPointF(rect.left() - 4, y), QPointF(rect.left(), y))

    place = rect.adjusted(-6, -4, 4, 4)
    canvas.kept(("bar", strip.cacheKey(), tuple(ticks), rect.getRect()), place, draw)
    for share, text in ticks:
        y = rect.bottom() - share * rect.height() - small.height / 2
        canvas.words(rect.left() - 7 - small.width(text), y, text, TEXT, small)
    over = rect.top() - small.height - 4
    if bar.unit:
        canvas.words(rect.right() - small.width(bar.unit), over, bar.unit, SECONDARY, small)
        over -= small.height
    if bar.title:
        canvas.words(rect.right() - small.width(bar.title), over, bar.title, TEXT, small)
