"""Icons of one set (Phosphor, from QtAwesome's fonts), drawn in the theme's colour at any size.

Only the one font is loaded: QtAwesome itself loads all of its fonts with the first icon, before the first image.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QIcon,
    QIconEngine,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
)

from medview.ui.theme import current_theme

FONT_FILE = "phosphor-1.3.0.ttf"
CHARACTERS_FILE = "phosphor-charmap-1.3.0.json"


@cache
def _fonts_folder() -> Path:
    found = importlib.util.find_spec("qtawesome")
    if found is None or found.origin is None:
        raise FileNotFoundError("QtAwesome, which brings the icons, is not installed")
    return Path(found.origin).parent / "fonts"


@cache
def _characters() -> dict[str, str]:
    content = json.loads((_fonts_folder() / CHARACTERS_FILE).read_text(encoding="utf-8"))
    return {name: chr(int(code, 16)) for name, code in content.items()}


@cache
def _family() -> str:
    font = QFontDatabase.addApplicationFont(str(_fonts_folder() / FONT_FILE))
    if font < 0:
        raise FileNotFoundError(f"the icon font {FONT_FILE} cannot be used")
    return QFontDatabase.applicationFontFamilies(font)[0]


class _GlyphEngine(QIconEngine):
    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        draw_glyph(painter, QRectF(rect), self._name, QColor(self._colour(mode)))

    def pixmap(self, size: QSize, mode: QIcon.Mode, _state: QIcon.State) -> QPixmap:
        return _glyph_picture(self._name, self._colour(mode), size.width(), size.height())

    def _colour(self, mode: QIcon.Mode) -> str:
        role = "disabled" if mode == QIcon.Mode.Disabled else self._role
        return str(getattr(current_theme(), role))

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._name, self._role)


@lru_cache(maxsize=512)
def _glyph_picture(name: str, colour: str, width: int, height: int) -> QPixmap:
    """The same picture each time: Qt keeps what labels and buttons make of a picture until it has 10 MB of such."""
    pixmap = QPixmap(width, height)
    if pixmap.isNull():
        return pixmap  # nothing can be drawn on it
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_glyph(painter, QRectF(0, 0, width, height), name, QColor(colour))
    painter.end()
    return pixmap


def _angle() -> QPainterPath:
    path = QPainterPath(QPointF(0.80, 0.20))
    path.lineTo(0.14, 0.80)
    path.lineTo(0.88, 0.80)
    path.moveTo(0.60, 0.80)
    path.quadTo(0.59, 0.58, 0.47, 0.50)
    return path


def _ellipse() -> QPainterPath:
    path = QPainterPath()
    path.addEllipse(QRectF(0.10, 0.22, 0.80, 0.56))
    return path


DRAWN: Mapping[str, Callable[[], QPainterPath]] = {"angle": _angle, "ellipse": _ellipse}
"""What the set has no glyph for, as lines in a square of 1 × 1, drawn with the set's own weight."""
STROKE = 16 / 256
"""Phosphor's weight as a share of a glyph's size."""


def draw_glyph(painter: QPainter, rect: QRectF, name: str, colour: QColor) -> None:
    """Draw a glyph as large as ``rect`` allows."""
    if name in DRAWN:
        size = min(rect.width(), rect.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.center().x() - size / 2, rect.center().y() - size / 2)
        painter.scale(size, size)
        cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        painter.setPen(QPen(colour, STROKE, Qt.PenStyle.SolidLine, cap, join))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(DRAWN[name]())
        painter.restore()
        return
    font = QFont(_family())
    font.setPixelSize(max(1, round(min(rect.width(), rect.height()))))
    painter.save()
    painter.setFont(font)
    painter.setPen(colour)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, _characters()[name])
    painter.restore()


@cache
def icon(name: str, role: str = "text") -> QIcon:
    """An icon in the colour of a role of the theme; KeyError for a name that the set does not have."""
    if name not in DRAWN:
        _characters()[name]
    return QIcon(_GlyphEngine(name, role))
