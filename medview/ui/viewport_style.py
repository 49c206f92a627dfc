"""Colours, fonts and distances on the image ground, which is black in every theme."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont

GROUND = QColor(0, 0, 0)
TEXT = QColor(230, 232, 235)
SECONDARY = QColor(178, 184, 193)
LETTER = QColor(150, 172, 190)
"""Orientation letters: a second, muted colour."""
SCALE = QColor(176, 182, 190)
ACCENT = QColor(76, 155, 232)
READER = QColor(255, 208, 64)
"""A reader's marks: solid warm yellow."""
AI_CYAN = QColor(94, 207, 255)
AI_VIOLET = QColor(186, 160, 255)
WARNING = QColor(245, 176, 65)
DANGER = QColor(255, 92, 92)
DANGER_GROUND = QColor(150, 16, 16, 235)
PLATE_GROUND = QColor(16, 18, 22, 200)
TRACK = QColor(255, 255, 255, 28)
TRACK_LOADED = QColor(255, 255, 255, 78)
HANDLE = QColor(230, 232, 235)
FAILED = QColor(255, 92, 92, 200)
HATCH = QColor(255, 92, 92, 70)

MARGIN = 8.0
SLIDER_WIDTH = 4.0
SLIDER_REACH = 12.0
"""How far from the right edge the slider takes the pointer."""
TEXT_PX = 12
LETTER_PX = 14
FIGURE_SPACE = "\u2007"


def text_font(base: QFont, pixel_size: int = TEXT_PX, bold: bool = False) -> QFont:
    """The system's font at a size, with figures of one width so that changing numbers do not jump."""
    font = QFont(base)
    font.setPixelSize(pixel_size)
    font.setBold(bold)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    return font


def padded(number: int, width_of: int) -> str:
    """A number as wide as the largest that can stand there."""
    return str(number).rjust(len(str(width_of)), FIGURE_SPACE)
