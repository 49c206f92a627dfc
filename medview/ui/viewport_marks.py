"""The marks on a picture that cannot be hidden, drawn as small plates with a sign and words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from medview.app.marks import Mark
from medview.ui.canvas import Canvas, Face
from medview.ui.corner_text import mark_text, short_mark_text
from medview.ui.icons import draw_glyph
from medview.ui.viewport_style import AI_CYAN, DANGER, DANGER_GROUND, PLATE_GROUND, TEXT, WARNING

_GAP = 4.0
_SIGN = 12.0
HIGHEST = 0.17
"""Share of a viewport's height that marks take at most before they are told in fewer words."""
LINKED = frozenset({"linked", "linked_registered"})

_COLOURS = {
    "danger": DANGER,
    "warning": WARNING,
    "info": QColor(163, 169, 179),
    "ai": AI_CYAN,
    "key": QColor("#f2c744"),
}


@dataclass(frozen=True, slots=True)
class _Plate:
    """A mark as it is drawn: its lines, and how large that makes it. No line: its sign alone."""

    mark: Mark
    lines: tuple[str, ...]
    width: float
    height: float


def draw_marks(
    canvas: Canvas, marks: Sequence[Mark], corner: QPointF, most_width: float, *, on_right: bool = False
) -> float:
    """Stack marks upwards from their lower left ``corner``, the gravest on top; returns the height that they took.

    ``on_right``: from their lower right one. Short ones stand side by side. In a tile that is so small that they would lie on much of its picture they are told in fewer
    words, never left out.
    """
    shown = [one for one in marks if one.code != "other_patient"]
    rows = _rows(canvas, shown, most_width, short=False)
    if _height(rows) > HIGHEST * canvas.height:
        beside = canvas.width - corner.x() if on_right else corner.x()
        rows = _rows(canvas, shown, max(most_width, canvas.width - 2 * beside - 20), short=True)
    y = corner.y()
    for row in reversed(rows):
        x = corner.x() - (sum(plate.width + _GAP for plate in row) - _GAP if on_right else 0.0)
        for plate in row:
            _draw_plate(canvas, QPointF(x, y), plate)
            x += plate.width + _GAP
        y -= max(plate.height for plate in row) + _GAP
    return corner.y() - y


def _height(rows: Sequence[Sequence[_Plate]]) -> float:
    return sum(max(plate.height for plate in row) + _GAP for row in rows)


def _rows(canvas: Canvas, marks: Sequence[Mark], most_width: float, *, short: bool) -> list[list[_Plate]]:
    """Plates in rows that are no wider than ``most_width``, in the order of the marks."""
    rows: list[list[_Plate]] = []
    for mark in marks:
        plate = _plate(canvas, mark, most_width, short=short)
        beside = rows[-1] if rows and len(plate.lines) < 2 and all(len(one.lines) < 2 for one in rows[-1]) else None
        if beside is not None and sum(one.width + _GAP for one in beside) + plate.width <= most_width:
            beside.append(plate)
        else:
            rows.append([plate])
    return rows


def _plate(canvas: Canvas, mark: Mark, most_width: float, *, short: bool) -> _Plate:
    face = canvas.fonts.text
    words = short_mark_text(mark) if short else mark_text(mark)
    if not words:
        return _Plate(mark, (), _SIGN + 10, face.height + 4)
    lines = tuple(_wrapped(face, words, max(most_width - _SIGN - 18, 60.0)))
    return _Plate(mark, lines, max(face.width(line) for line in lines) + _SIGN + 18, face.height * len(lines) + 4)


def _draw_plate(canvas: Canvas, bottom_left: QPointF, drawn: _Plate) -> None:
    """Draw one mark, on as many lines as its words need."""
    face, mark, lines = canvas.fonts.text, drawn.mark, drawn.lines
    colour = _COLOURS[mark.severity]
    plate = QRectF(bottom_left.x(), bottom_left.y() - drawn.height, drawn.width, drawn.height)

    def draw(painter: QPainter) -> None:
        painter.setPen(QPen(QColor(colour.red(), colour.green(), colour.blue(), 90), 1))
        painter.setBrush(PLATE_GROUND)
        painter.drawRoundedRect(plate.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        sign = QRectF(plate.left() + 5, plate.top() + 3, _SIGN, _SIGN)
        if mark.code in LINKED:
            draw_glyph(painter, sign.translated(0, 1), "link-simple", colour)
        else:
            _draw_sign(painter, mark.severity, sign, colour)
        painter.setFont(face.font)
        painter.setPen(TEXT if mark.severity != "ai" else AI_CYAN)
        for row, line in enumerate(lines):
            painter.drawText(
                QPointF(plate.left() + _SIGN + 11, plate.top() + 2 + row * face.height + face.ascent), line
            )

    canvas.kept(("plate", mark.severity, mark.code in LINKED, *lines), plate, draw)


def _wrapped(face: Face, words: str, room: float) -> list[str]:
    """Lines of about one length that fit into ``room`` px; nothing is left out, Chinese breaks anywhere."""
    lines = _broken(face, words, room)
    even = face.width(words) / len(lines)
    for narrower in (even * 1.08, even * 1.2):
        if len(lines) > 1 and narrower < room:
            balanced = _broken(face, words, narrower)
            if len(balanced) == len(lines):
                return balanced
    return lines


def _broken(face: Face, words: str, room: float) -> list[str]:
    lines: list[str] = []
    rest = words
    while face.width(rest) > room and len(rest) > 1:
        fitting = next((n for n in range(len(rest), 1, -1) if face.width(rest[:n]) <= room), 1)
        gap = rest.rfind(" ", 0, fitting + 1)
        at = gap if gap > 0 else fitting
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*lines, rest]


def _draw_sign(painter: QPainter, severity: str, box: QRectF, colour: QColor) -> None:
    """Triangle for warnings, filled for dangers, a ring for remarks, a star for key images, a spark for AI: never colour alone."""
    painter.setPen(QPen(colour, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    c = box.center()
    if severity in {"warning", "danger"}:
        top, left, right = QPointF(c.x(), box.top() + 1), box.bottomLeft(), box.bottomRight()
        if severity == "danger":
            painter.setBrush(colour)
        painter.drawPolygon(QPolygonF([top, right - QPointF(0, 1.5), left - QPointF(0, 1.5)]))
        painter.setPen(QPen(QColor(20, 20, 20) if severity == "danger" else colour, 1.4))
        painter.drawLine(QPointF(c.x(), c.y() - 1.5), QPointF(c.x(), c.y() + 1.5))
        painter.drawPoint(QPointF(c.x(), c.y() + 3.6))
    elif severity == "ai":
        path = QPainterPath(QPointF(c.x(), box.top()))
        for x, y in ((box.right(), c.y()), (c.x(), box.bottom()), (box.left(), c.y()), (c.x(), box.top())):
            path.quadTo(c, QPointF(x, y))
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPath(path)
    elif severity == "key":
        tips = [(at * math.pi / 5 - math.pi / 2, 6.0 if at % 2 == 0 else 2.6) for at in range(10)]
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(QPolygonF([c + QPointF(far * math.cos(turn), far * math.sin(turn)) for turn, far in tips]))
    else:
        painter.drawEllipse(c, 4.5, 4.5)
        painter.drawLine(QPointF(c.x(), c.y() - 0.5), QPointF(c.x(), c.y() + 2))
        painter.drawPoint(QPointF(c.x(), c.y() - 2.4))


def draw_danger_banner(canvas: Canvas, words: str, top: float, taken: Sequence[QRectF] = ()) -> QRectF:
    """A red plate at the top of the picture, below words of the corners that lie there; nothing on the screen is louder."""
    painter, face, width = canvas.painter, canvas.fonts.bold, canvas.width
    words = face.metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(width - 60, 40))
    plate = QRectF(0, top, face.width(words) + 44, 24)
    plate.moveCenter(QPointF(width / 2, plate.center().y()))
    for rect in taken:
        if rect.top() < canvas.height / 2 and plate.intersects(rect.adjusted(-_GAP, 0, _GAP, 0)):
            plate.moveTop(rect.bottom() + _GAP)
    painter.setPen(QPen(DANGER, 1))
    painter.setBrush(DANGER_GROUND)
    painter.drawRoundedRect(plate, 4, 4)
    sign = QRectF(plate.left() + 9, plate.center().y() - 6, 12, 12)
    _draw_sign(painter, "warning", sign, QColor(255, 255, 255))
    painter.setPen(QColor(255, 255, 255))
    painter.setFont(face.font)
    painter.drawText(plate.adjusted(29, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, words)
    return plate
