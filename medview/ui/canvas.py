"""What a viewport is painted on: text legible on white bone and black air, drawn once with a halo and kept."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

HALO = 2.0
"""Px around the letters that the halo needs."""
_HALO_COLOUR = QColor(0, 0, 0, 210)
_KEPT = 600


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a line in one colour; units are secondary, values are not."""

    text: str
    colour: QColor
    bold: bool = False


Line = tuple[Segment, ...]


class HaloedText:
    """Draws text with a halo, from a store of what was drawn before."""

    def __init__(self) -> None:
        self._store: OrderedDict[tuple[str, int, str, float], QPixmap] = OrderedDict()
        self._metrics: dict[str, QFontMetricsF] = {}

    def metrics(self, font: QFont) -> QFontMetricsF:
        """Metrics of a font, made once."""
        key = font.toString()
        if key not in self._metrics:
            self._metrics[key] = QFontMetricsF(font)
        return self._metrics[key]

    def width(self, text: str, font: QFont) -> float:
        """Advance of a text in px."""
        return self.metrics(font).horizontalAdvance(text)

    def draw(self, painter: QPainter, at: QPointF, text: str, font: QFont, colour: QColor) -> float:
        """Draw ``text`` with its top left corner at a point and return its advance."""
        if not text:
            return 0.0
        x, y = at.x(), at.y()
        ratio = painter.device().devicePixelRatio()
        key = (text, colour.rgba(), font.key(), ratio)
        picture = self._store.get(key)
        if picture is None:
            picture = self._make(text, font, colour, ratio)
            self._store[key] = picture
            if len(self._store) > _KEPT:
                self._store.popitem(last=False)
        else:
            self._store.move_to_end(key)
        # On whole device pixels, so that the letters stay as sharp as they were drawn.
        left, top = round((x - HALO) * ratio) / ratio, round((y - HALO) * ratio) / ratio
        painter.drawPixmap(QPointF(left, top), picture)
        return self.width(text, font)

    def _make(self, text: str, font: QFont, colour: QColor, ratio: float) -> QPixmap:
        metrics = self.metrics(font)
        width, height = metrics.horizontalAdvance(text) + 2 * HALO + 2, metrics.height() + 2 * HALO
        picture = QPixmap(math.ceil(width * ratio), math.ceil(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        base = QPointF(HALO, HALO + metrics.ascent())
        outline = QPainterPath()
        outline.addText(base, font, text)
        pen = QPen(_HALO_COLOUR, 2 * HALO - 0.8)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(outline, pen)
        painter.setFont(font)
        painter.setPen(colour)
        painter.drawText(base, text)
        painter.end()
        return picture


@dataclass(frozen=True, slots=True)
class Fonts:
    """The four fonts of the image ground."""

    text: QFont
    bold: QFont
    small: QFont
    large: QFont


@dataclass(frozen=True, slots=True)
class Canvas:
    """A viewport that is being painted: painter, size in logical px, fonts and the store of drawn text."""

    painter: QPainter
    width: float
    height: float
    fonts: Fonts
    store: HaloedText

    def words(self, x: float, y: float, text: str, colour: QColor, font: QFont | None = None) -> float:
        """Draw text with its top left corner at (x, y) and return its advance."""
        return self.store.draw(self.painter, QPointF(x, y), text, font or self.fonts.text, colour)

    def text_width(self, text: str, font: QFont | None = None) -> float:
        """Advance of a text in px."""
        return self.store.width(text, font or self.fonts.text)

    def text_height(self, font: QFont | None = None) -> float:
        """Height of a line of text in px."""
        return self.store.metrics(font or self.fonts.text).height()

    def line(self, x: float, y: float, line: Line, align_right: bool = False) -> None:
        """Draw segments one after the other from ``x``, or ending at ``x``."""
        fonts = [self.fonts.bold if segment.bold else self.fonts.text for segment in line]
        if align_right:
            x -= sum(self.text_width(segment.text, font) for segment, font in zip(line, fonts, strict=True))
        for segment, font in zip(line, fonts, strict=True):
            x += self.words(x, y, segment.text, segment.colour, font)

    def centred(self, middle: QPointF, text: str, colour: QColor, font: QFont | None = None) -> QRectF:
        """Draw text around a point and return the rectangle that it fills."""
        width, height = self.text_width(text, font), self.text_height(font)
        rect = QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height)
        self.words(rect.left(), rect.top(), text, colour, font)
        return rect
