"""Cursors that tell the tool, drawn once."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen, QPixmap

from medview.app.tools import DRAWING_TOOLS, Tool

_SIZE = 28
_LIGHT, _DARK = QColor(240, 242, 245), QColor(0, 0, 0, 200)


def tool_cursor(tool: Tool, dragging: bool = False) -> QCursor:
    """The cursor of a tool."""
    if tool is Tool.PAN:
        return QCursor(Qt.CursorShape.ClosedHandCursor if dragging else Qt.CursorShape.OpenHandCursor)
    if tool is Tool.SCROLL:
        return QCursor(Qt.CursorShape.SizeVerCursor)
    if tool in DRAWING_TOOLS | {Tool.CROSSHAIR, Tool.PROMPT, Tool.WINDOW_BOX}:
        return QCursor(Qt.CursorShape.CrossCursor)
    return _drawn(tool)


@cache
def _drawn(tool: Tool) -> QCursor:
    picture = QPixmap(_SIZE, _SIZE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((_DARK, 4.0), (_LIGHT, 1.7)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if tool in {Tool.ZOOM, Tool.MAGNIFIER}:
            painter.drawEllipse(QPointF(11, 11), 7, 7)
            painter.drawLine(QPointF(16.5, 16.5), QPointF(23, 23))
            painter.drawLine(QPointF(8, 11), QPointF(14, 11))
            painter.drawLine(QPointF(11, 8), QPointF(11, 14))
        elif tool is Tool.ROTATE:
            painter.drawArc(QRectF(5, 5, 18, 18), 40 * 16, 280 * 16)
            painter.drawLine(QPointF(21, 4), QPointF(21, 9.5))
            painter.drawLine(QPointF(15.5, 9.5), QPointF(21, 9.5))
        else:
            painter.drawEllipse(QPointF(14, 14), 8, 8)
    if tool is Tool.WINDOW:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_LIGHT)
        painter.drawPie(QRectF(6, 6, 16, 16), 90 * 16, 180 * 16)
    painter.end()
    middle = 11 if tool in {Tool.ZOOM, Tool.MAGNIFIER} else 14
    return QCursor(picture, middle, middle)
