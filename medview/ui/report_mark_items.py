"""What an open report marks on a picture: thin lines in one colour of their own, with the words of the report."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from medview.app.report_marks import ReportMark, Symbol
from medview.app.view_transform import ViewTransform
from medview.ui.canvas import Canvas, Segment

REPORT = QColor(255, 140, 105)
"""Neither the reader's yellow nor the cyan of AI: it comes from a file of the study."""
_HALO = QColor(0, 0, 0, 160)
_ARM = 5.0
_WIDE = 8.0


def draw_report_marks(canvas: Canvas, marks: Sequence[ReportMark], transform: ViewTransform) -> None:
    """Draw marks and, beside the first point of each, what the report calls it."""
    for mark in marks:
        points = [QPointF(*transform.image_to_screen(x, y)) for x, y in mark.points]
        painter = canvas.painter
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((_HALO, 3.0), (REPORT, 1.4)):
            painter.setPen(QPen(colour, width))
            if mark.is_line:
                painter.drawPolyline(QPolygonF(points))
            else:
                for point in points:
                    _draw_symbol(painter, mark.symbol, point)
        painter.restore()
        if mark.label:
            right = max(points, key=lambda point: point.x())
            canvas.line(right.x() + 6, right.y() - canvas.fonts.text.height / 2, (Segment(mark.label, REPORT),))


def _draw_symbol(painter: QPainter, symbol: Symbol, at: QPointF) -> None:
    """A sign of one size on the screen, however large the picture is; its middle is the place."""
    if symbol in {"cross", "asterisk"}:
        for turn in (0.0, 0.5) if symbol == "cross" else (1 / 6, 0.5, 5 / 6):
            arm = QPointF(math.cos(turn * math.pi), math.sin(turn * math.pi)) * (_ARM if symbol == "cross" else _WIDE)
            painter.drawLine(at - arm, at + arm)
        return
    if symbol == "circle":
        painter.drawEllipse(at, _WIDE, _WIDE)
        return
    corners = 3 if symbol == "triangle" else 4
    turns = [2 * math.pi * corner / corners - math.pi / 2 for corner in range(corners)]
    painter.drawPolygon(QPolygonF([at + QPointF(math.cos(turn), math.sin(turn)) * _WIDE for turn in turns]))
