"""The bar beside a picture that says which colour stands for which value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from medview.app.reading import window_of
from medview.core.display import apply_voi
from medview.core.window import Voi, VoiLut
from medview.ui.canvas import Canvas
from medview.ui.text import shown_number
from medview.ui.viewport_style import SCALE, SECONDARY, TEXT

WIDTH = 10.0
RIGHT = 46.0
"""Px from the viewport's right edge: the slider and the orientation letter lie there."""
LEAST_HEIGHT = 200.0
LEAST_WIDTH = 260.0
"""A smaller viewport has no room for a bar."""
_STEPS = 256
_COLUMNS = 4


@dataclass(frozen=True, eq=False)
class Bar:
    """Colours and values: ``table`` (256, 3) RGB, the window, and what its values are multiplied by to be in ``unit``."""

    table: NDArray[np.uint8]
    voi: Voi
    inverted: bool
    unit: str
    factor: float = 1.0
    offset: float = 0.0
    title: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """The modality values at the bar's foot and top; a sigmoid's bar shows twice its width, where it bends."""
        window = window_of(self.voi)
        if isinstance(self.voi, VoiLut):
            return (float(self.voi.first), float(self.voi.first + len(self.voi.entries) - 1))
        if self.voi.function == "SIGMOID":
            return (window.center - window.width, window.center + window.width)
        return window.ramp

    def colours(self) -> NDArray[np.uint8]:
        """(256, 3) RGB from the foot to the top."""
        low, high = self.ends
        grey = apply_voi(np.linspace(low, high, _STEPS, dtype=np.float64)[None], self.voi, self.inverted)[0]
        return np.asarray(self.table[grey])

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        """(share of the height from the foot, the number) at round values of the unit."""
        low, high = (end * self.factor + self.offset for end in self.ends)
        if not (math.isfinite(low) and math.isfinite(high)) or high == low:
            return []
        step = nice_step(abs(high - low) / most)
        first, last = math.ceil(min(low, high) / step - 1e-9), math.floor(max(low, high) / step + 1e-9)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        shown = []
        for n in range(first, last + 1):
            text = shown_number(n * step, f".{decimals}f" if abs(n * step) < 1e6 else ".3g")
            shown.append(((n * step - low) / (high - low), text.replace("-", "\u2212")))
        return shown


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))


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
    ticks = bar.ticks()

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
