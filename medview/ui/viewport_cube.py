"""The little cube that tells from where a turned projection is seen."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPen, QPolygonF, QTransform

from medview.app.shown_slice import Axes
from medview.core.geometry import DIRECTION_LETTERS, FloatArray
from medview.ui.canvas import Canvas
from medview.ui.viewport_style import MARGIN, SLIDER_REACH, TEXT, TEXT_PX, text_font

SIDE = 40.0
_FACE = (54, 60, 69)
_EDGE = QColor(178, 184, 193)


def draw_cube(canvas: Canvas, axes: Axes, turn: FloatArray, bottom: float) -> None:
    """A cube with the patient's letters on its faces, its lowest point at ``bottom`` px above the viewport's foot.

    ``turn`` (2, 2) takes directions of the picture to the screen's: quarter turns and mirroring.
    """
    u, v = np.array(axes[0]), np.array(axes[1])
    away = np.cross(u, v)
    middle = QPointF(canvas.width - SLIDER_REACH - MARGIN - SIDE, canvas.height - bottom - SIDE)
    painter = canvas.painter

    def on_screen(point: FloatArray) -> QPointF:
        x, y = turn @ np.array([point @ u, point @ v])
        return middle + QPointF(float(x), float(y)) * SIDE / 2

    for axis in range(3):
        for sign, letter in ((1.0, DIRECTION_LETTERS[axis][0]), (-1.0, DIRECTION_LETTERS[axis][1])):
            normal = np.zeros(3)
            normal[axis] = sign
            facing = -float(normal @ away)
            if facing <= 0.02:
                continue  # seen from behind
            across, down = np.zeros(3), np.zeros(3)
            across[(axis + 1) % 3], down[(axis + 2) % 3] = 1.0, 1.0
            corners = [on_screen(normal + a * across + b * down) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            shade = 0.55 + 0.45 * facing
            painter.setPen(QPen(_EDGE, 1))
            painter.setBrush(QColor(*(round(one * shade) for one in _FACE)))
            painter.drawPolygon(QPolygonF(corners))
            _draw_letter(canvas, letter.replace("S", "H").replace("I", "F"), on_screen(normal), facing)


def _draw_letter(canvas: Canvas, letter: str, at: QPointF, facing: float) -> None:
    painter = canvas.painter
    size = facing**0.5
    if size < 0.4:
        return
    painter.save()
    painter.setTransform(QTransform.fromTranslate(at.x(), at.y()).scale(size, size), combine=True)
    painter.setFont(text_font(canvas.fonts.text.font, TEXT_PX + 3, bold=True))
    painter.setPen(TEXT)
    painter.drawText(
        QPolygonF([QPointF(-12, -12), QPointF(12, 12)]).boundingRect(), Qt.AlignmentFlag.AlignCenter, letter
    )
    painter.restore()
