"""The reader's marks on the picture: solid warm yellow, with grips, and words that keep clear of what they measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from medview.app.measurements import Measured, grips
from medview.app.view_transform import Point, ViewTransform
from medview.core.measurement import Measurement, Quantity
from medview.core.study import SpacingKind
from medview.ui.canvas import Canvas
from medview.ui.viewport_style import GROUND, READER, SECONDARY, TEXT

translate = QCoreApplication.translate

GRIP_REACH = 8.0
"""Px around a grip that take it."""
LINE_REACH = 6.0
"""Px around a line that take the mark."""
_HALO = QColor(0, 0, 0, 160)


def spacing_text(kind: SpacingKind) -> str:
    """What a mm is where it is not a mm in the patient, else ""."""
    return {
        "detector": translate("Viewport", "at detector"),
        "calibrated": translate("Viewport", "calibrated"),
        "estimated": translate("Viewport", "estimated magnification"),
        "region": translate("Viewport", "ultrasound region"),
    }.get(kind, "")


def quantity_text(quantity: Quantity) -> str:
    """A number with its unit, and with what a mm is where it is not a mm in the patient."""
    text = f"{quantity.value:.1f} {quantity.unit}"
    return f"{text} {spacing_text(quantity.spacing)}".strip().replace("-", "\u2212")


def value_text(value: float, unit: str | None = None) -> str:
    """A grey value: whole numbers as such, HU with one decimal, others with four figures; a real minus sign."""
    if value == round(value) and abs(value) < 1e9:
        text = f"{value:.0f}"
    elif unit == "HU" or abs(value) >= 1000:
        text = f"{value:.1f}"
    else:
        text = f"{value:.4g}"
    return text.replace("-", "\u2212")


def unit_text(unit: str) -> str:
    """A unit as it is written by hand; codes of UCUM (um2/s, 10*-6.mm2/s) become that."""
    text = unit.replace("10*-", "10^-").replace("um", "µm") if unit.isascii() else unit
    return text.replace("mm2", "mm²").replace("µm2", "µm²").replace("[hnsf'U]", "HU")


def measured_lines(measured: Measured, picture_is_filtered: bool) -> list[str]:
    """The words beside a mark, a line each; said which values were used where the picture is filtered."""
    if measured.kind == "ruler" and measured.length is not None:
        return [quantity_text(measured.length)]
    lines = []
    statistics = measured.statistics
    if statistics is not None:
        unit = "" if measured.unit in {None, "stored", "RGB"} else f" {unit_text(measured.unit or '')}"
        lines.append(
            translate("Viewport", "Mean {mean}{unit}   SD {sd}").format(
                mean=value_text(statistics.mean, measured.unit), unit=unit, sd=value_text(statistics.sd, measured.unit)
            )
        )
        lines.append(
            translate("Viewport", "Min {min}   Max {max}").format(
                min=value_text(statistics.minimum, measured.unit), max=value_text(statistics.maximum, measured.unit)
            )
        )
    if measured.scaled is not None:
        told = measured.scaled
        lines.append(
            translate("Viewport", "{label} mean {mean}   max {max}{unit}").format(
                label=measured.scale_label,
                mean=value_text(told.mean),
                max=value_text(told.maximum),
                unit=f" {unit_text(measured.scale_unit)}" if measured.scale_unit else "",
            )
        )
    if measured.area is not None:
        area = translate("Viewport", "Area {area}").format(area=quantity_text(measured.area))
        if statistics is not None:
            area += "   " + translate("Viewport", "{n} pixels").format(n=statistics.count)
        lines.append(area)
    if picture_is_filtered and statistics is not None:
        lines.append(
            translate("Viewport", "values after the filters")
            if measured.filtered
            else translate("Viewport", "values before the filters")
        )
    return lines


@dataclass(frozen=True, slots=True)
class Hit:
    """What of a mark is under the pointer: a grip by its index, or the whole mark (None)."""

    mark_id: str
    grip: int | None


def hit_mark(marks: Sequence[Measurement], transform: ViewTransform, at: Point) -> Hit | None:
    """The grip or line nearest to a screen point, the newest mark first; None where there is none in reach."""
    for mark in reversed(marks):
        for index, (x, y) in enumerate(grips(mark)):
            if math.dist(transform.image_to_screen(x, y), at) <= GRIP_REACH:
                return Hit(mark.id, index)
    for mark in reversed(marks):
        if _distance(mark, transform, at) <= LINE_REACH:
            return Hit(mark.id, None)
    return None


def _distance(mark: Measurement, transform: ViewTransform, at: Point) -> float:
    (x0, y0), (x1, y1) = (transform.image_to_screen(x, y) for x, y in mark.points)
    if mark.kind == "ruler":
        length = math.hypot(x1 - x0, y1 - y0)
        if length == 0:
            return math.dist((x0, y0), at)
        share = max(0.0, min(1.0, ((at[0] - x0) * (x1 - x0) + (at[1] - y0) * (y1 - y0)) / length**2))
        return math.dist((x0 + share * (x1 - x0), y0 + share * (y1 - y0)), at)
    a, b = max(abs(x1 - x0) / 2, 1e-6), max(abs(y1 - y0) / 2, 1e-6)
    dx, dy = at[0] - (x0 + x1) / 2, at[1] - (y0 + y1) / 2
    radius = math.hypot(dx / a, dy / b)
    # Exact on the axes and near enough between them for a reach of some px.
    return abs(radius - 1) * min(a, b) if radius < 1 else abs(1 - 1 / radius) * math.hypot(dx, dy)


def draw_mark(
    canvas: Canvas,
    mark: Measurement,
    lines: Sequence[str],
    transform: ViewTransform,
    taken: list[QRectF],
    *,
    selected: bool = False,
    hovered: bool = False,
) -> None:
    """Draw one mark and its words; the words' rectangle is added to ``taken``."""
    painter = canvas.painter
    ends = [QPointF(*transform.image_to_screen(x, y)) for x, y in mark.points]
    around = QRectF(ends[0], ends[1]).normalized().adjusted(-1, -1, 1, 1)
    if not around.intersects(QRectF(0, 0, canvas.width, canvas.height)):
        return  # zoomed or panned out of sight, its words with it
    width = 2.0 if selected or hovered else 1.5
    for pen in (QPen(_HALO, width + 2), QPen(READER, width)):
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if mark.kind == "ruler":
            painter.drawLine(ends[0], ends[1])
            painter.drawLines(_end_strokes(ends[0], ends[1]))
        else:
            painter.drawEllipse(QRectF(ends[0], ends[1]).normalized())
    if selected or hovered:
        _draw_grips(painter, mark, transform, selected)
    shape = QRectF(ends[0], ends[1]).normalized()
    box = _place_words(canvas, lines, mark, ends, taken)
    taken.append(box)
    _draw_leader(painter, shape, box, mark, ends)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 120))
    painter.drawRoundedRect(box, 3, 3)
    step = canvas.fonts.text.height
    for row, line in enumerate(lines):
        colour = READER if row == 0 else TEXT if row < 3 else SECONDARY
        canvas.words(box.left() + 4, box.top() + 1 + row * step, line, colour)


def _end_strokes(a: QPointF, b: QPointF) -> list[QLineF]:
    length = math.hypot(b.x() - a.x(), b.y() - a.y())
    if length < 1:
        return []
    nx, ny = -(b.y() - a.y()) / length * 5, (b.x() - a.x()) / length * 5
    return [QLineF(end.x() - nx, end.y() - ny, end.x() + nx, end.y() + ny) for end in (a, b)]


def _draw_grips(painter: QPainter, mark: Measurement, transform: ViewTransform, selected: bool) -> None:
    painter.setPen(QPen(READER, 1.4))
    painter.setBrush(READER if selected else GROUND)
    for x, y in grips(mark):
        painter.drawEllipse(QPointF(*transform.image_to_screen(x, y)), 3.6, 3.6)


def _place_words(
    canvas: Canvas, lines: Sequence[str], mark: Measurement, ends: Sequence[QPointF], taken: Sequence[QRectF]
) -> QRectF:
    """Beside the mark, inside the viewport, over no other words: the first free one of eight places."""
    shape = QRectF(ends[0], ends[1]).normalized()
    width = max((canvas.fonts.text.width(line) for line in lines), default=0.0) + 8
    height = canvas.fonts.text.height * len(lines) + 2
    if mark.kind == "ruler":
        right_end = max(ends, key=lambda end: end.x())
        anchors = [
            QPointF(right_end.x() + 10, right_end.y() - height / 2),
            QPointF(shape.center().x() - width / 2, shape.bottom() + 12),
            QPointF(shape.left() - width - 10, min(ends, key=lambda end: end.x()).y() - height / 2),
            QPointF(shape.center().x() - width / 2, shape.top() - height - 12),
        ]
    else:
        anchors = [
            QPointF(shape.right() + 10, shape.center().y() - height / 2),
            QPointF(shape.left() - width - 10, shape.center().y() - height / 2),
            QPointF(shape.center().x() - width / 2, shape.bottom() + 10),
            QPointF(shape.center().x() - width / 2, shape.top() - height - 10),
        ]
    bounds = QRectF(4, 4, canvas.width - 20, canvas.height - 8)
    places = [QRectF(anchor.x(), anchor.y(), width, height) for anchor in anchors]
    for place in places:
        if bounds.contains(place) and not any(place.intersects(other) for other in taken):
            return place
    place = places[0]
    place.moveLeft(max(bounds.left(), min(place.left(), bounds.right() - width)))
    place.moveTop(max(bounds.top(), min(place.top(), bounds.bottom() - height)))
    return place


def _draw_leader(painter: QPainter, shape: QRectF, box: QRectF, mark: Measurement, ends: Sequence[QPointF]) -> None:
    """A dotted line from the words to the mark where they lie apart."""
    near = min(ends, key=lambda end: math.dist(end.toTuple(), box.center().toTuple()))
    start = near if mark.kind == "ruler" else shape.center()
    target = QPointF(max(box.left(), min(start.x(), box.right())), max(box.top(), min(start.y(), box.bottom())))
    if math.dist(start.toTuple(), target.toTuple()) < 30 or mark.kind == "ellipse":
        return
    painter.setPen(QPen(READER, 1, Qt.PenStyle.DotLine))
    painter.drawLine(start, target)
