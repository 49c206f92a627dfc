"""The reader's marks on the picture: solid warm yellow, with grips, and words that keep clear of what they measure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from medview.app.mark_editing import grips
from medview.app.measuring import Measured
from medview.app.view_transform import Point, ViewTransform
from medview.core.measurement import AxisSpan, Measurement, PxReason, Quantity
from medview.core.study import SpacingKind
from medview.ui.canvas import Canvas
from medview.ui.text import shown_number
from medview.ui.viewport_style import GROUND, READER, SECONDARY, TEXT

if TYPE_CHECKING:
    from medview.app.uptakes import ToldUptake

translate = QCoreApplication.translate

GRIP_REACH = 8.0
"""Px around a grip that take it."""
LINE_REACH = 6.0
"""Px around a line that take the mark."""
_HALO = QColor(0, 0, 0)
"""Opaque: to mix it with what lies below takes Qt seven times as long."""
_HALO_PX = 1.4
_PLATE = QColor(0, 0, 0, 190)
"""So dark that words need no halo, also on white: each slice has other figures, and a halo around them would be drawn for it alone."""
_LINES = frozenset({"ruler", "calibration", "bidirectional", "arrow"})
_SINGLE = _LINES | {"cobb"}
"""Marks whose points are the ends of lines, two by two."""
# To look up a name of Qt takes longer than what is done with it.
_NO_BRUSH = Qt.BrushStyle.NoBrush


def spacing_text(kind: SpacingKind) -> str:
    """What a mm is where it is not a mm in the patient, else ""."""
    return {
        "detector": translate("Viewport", "at detector"),
        "calibrated": translate("Viewport", "calibrated"),
        "estimated": translate("Viewport", "estimated magnification"),
        "region": translate("Viewport", "ultrasound region"),
        "by_reader": translate("Viewport", "calibrated by hand"),
    }.get(kind, "")


def quantity_text(quantity: Quantity) -> str:
    """A number with its unit, and with what a mm is where it is not a mm in the patient."""
    text = f"{shown_number(quantity.value, '.1f')}{'' if quantity.unit == '°' else ' '}{quantity.unit}"
    if quantity.unit == "°":
        return text
    return f"{text} {spacing_text(quantity.spacing)}".strip().replace("-", "\u2212")


def value_text(value: float, unit: str | None = None) -> str:
    """A grey value: whole numbers as such, HU with one decimal, others with four figures; a real minus sign."""
    if value == round(value) and abs(value) < 1e9:
        text = f"{value:.0f}"
    elif unit == "HU" or abs(value) >= 1000:
        text = shown_number(value, ".1f")
    else:
        text = shown_number(value, ".4g")
    return text.replace("-", "\u2212")


def unit_text(unit: str) -> str:
    """A unit as it is written by hand; codes of UCUM (um2/s, 10*-6.mm2/s) become that."""
    text = unit.replace("10*-", "10^-").replace("um", "µm") if unit.isascii() else unit
    return text.replace("mm2", "mm²").replace("µm2", "µm²").replace("[hnsf'U]", "HU")


def slab_text(projection: str, thickness: str) -> str:
    """What a picture is a projection of: MIP 20 mm; without a thickness it is one of everything."""
    name = {
        "max": translate("Viewport", "MIP"),
        "min": translate("Viewport", "MinIP"),
        "mean": translate("Viewport", "Mean of slab"),
    }[projection]
    return f"{name} {thickness} mm" if thickness else name


def mark_lines(mark: Measurement, measured: Measured, picture_is_filtered: bool) -> list[str]:
    """The words beside a mark: what the reader wrote on it, and what it says."""
    written = mark.text.splitlines()
    if mark.kind == "calibration" and mark.known_mm is not None:
        written.append(translate("Viewport", "Known: {n} mm").format(n=shown_number(mark.known_mm, "g")))
        return written
    return written + measured_lines(measured, picture_is_filtered)


def _unit(measured: Measured) -> str:
    return "" if measured.unit in {None, "stored", "RGB"} else f" {unit_text(measured.unit or '')}"


def _straight_lines(measured: Measured) -> list[str]:
    """What a mark that encloses nothing says."""
    lines = []
    if measured.second is not None and measured.length is not None:
        lines.append(translate("Viewport", "Long {length}").format(length=quantity_text(measured.length)))
        lines.append(translate("Viewport", "Short {length}").format(length=quantity_text(measured.second)))
    elif measured.spans and measured.length is not None:
        lines += span_lines(measured.spans)
    elif measured.length is not None:
        lines.append(quantity_text(measured.length))
    if measured.angle is not None:
        lines.append(quantity_text(measured.angle))
        if measured.kind == "cobb":
            other = translate("Viewport", "supplement {angle}")
            lines.append(other.format(angle=f"{shown_number(180 - measured.angle.value, '.1f')}°"))
    if measured.kind == "point":
        if isinstance(measured.value, tuple):
            lines.append("RGB " + " ".join(f"{one:.0f}" for one in measured.value))
        elif measured.value is None:
            lines.append(translate("Viewport", "no value here"))
        else:
            lines.append(value_text(measured.value, measured.unit) + _unit(measured))
        if measured.patient is not None:
            lines.append(place_text(measured.patient))
        elif axes_text(measured.spans):
            lines.append(axes_text(measured.spans))
    return lines


def axes_text(spans: Sequence[AxisSpan]) -> str:
    """What the axes of a spectrum or trace say at one place: 0.42 s  −86.2 cm/s; "" where no axis knows its 0."""
    told = [f"{axis_value(one.last, one.unit)} {one.unit}" for one in spans if one.last is not None]
    return "  ".join(told)


def axis_value(value: float, unit: str) -> str:
    """A number along an axis of a spectrum, as many places as are worth telling."""
    places = {"s": 3, "mm": 1, "cm/s": 1}.get(unit)
    text = shown_number(value, ".4g" if places is None else f".{places}f")
    return text.replace("-", "\u2212")


def span_lines(spans: Sequence[AxisSpan]) -> list[str]:
    """How far apart both ends are along each axis, and what stands at them where the axis knows its 0."""
    lines = []
    for one in spans:
        line = f"Δ {axis_value(one.length, one.unit)} {one.unit}"
        # Of a time only the distance says anything: its 0 is where the sweep began.
        if one.first is not None and one.last is not None and one.unit != "s":
            line += f"   ({axis_value(one.first, one.unit)} … {axis_value(one.last, one.unit)})"
        lines.append(line)
    return lines


def why_px_text(reason: PxReason) -> str:
    """Why a mark has no mm in a picture with scales."""
    return {
        "across": translate("Viewport", "px: it does not lie in one scale alone"),
        "outside": translate("Viewport", "px: it lies outside of every scale"),
        "no_length": translate("Viewport", "px: this part shows no lengths (a spectrum or trace)"),
    }.get(reason, "")


def place_text(point: tuple[float, float, float]) -> str:
    """A place in the patient by its letters: L 12.3  P 4.0  H 88.1 mm."""
    letters = ("LR", "PA", "HF")
    parts = [
        f"{pair[0 if value >= 0 else 1]} {shown_number(abs(value), '.1f')}"
        for pair, value in zip(letters, point, strict=True)
    ]
    return "  ".join(parts) + " mm"


def measured_lines(measured: Measured, picture_is_filtered: bool) -> list[str]:
    """What a mark says, a line each; said which values were used where the picture is filtered."""
    lines = _straight_lines(measured)
    statistics = measured.statistics
    if statistics is not None:
        unit = _unit(measured)
        lines.append(
            translate("Viewport", "Mean {mean}{unit}   SD {sd}").format(
                mean=value_text(statistics.mean, measured.unit), unit=unit, sd=value_text(statistics.sd, measured.unit)
            )
        )
        lines.append(
            translate("Viewport", "Min {min}   Max {max}   Median {median}").format(
                min=value_text(statistics.minimum, measured.unit),
                max=value_text(statistics.maximum, measured.unit),
                median=value_text(statistics.median, measured.unit),
            )
        )
    if measured.scaled is not None:
        told = measured.scaled
        if not any(not one.on_top for one in measured.uptakes):
            lines.append(
                translate("Viewport", "{label} mean {mean}   max {max}{unit}").format(
                    label=measured.scale_label,
                    mean=value_text(told.mean),
                    max=value_text(told.maximum),
                    unit=f" {unit_text(measured.scale_unit)}" if measured.scale_unit else "",
                )
            )
    lines += [uptake_text(one) for one in measured.uptakes]
    if measured.area is not None:
        area = translate("Viewport", "Area {area}").format(area=quantity_text(measured.area))
        if statistics is not None:
            area += "   " + translate("Viewport", "{n} pixels").format(n=statistics.count)
        lines.append(area)
    if measured.crossed:
        lines.append(translate("Viewport", "No area: the outline crosses itself"))
    if measured.perimeter is not None:
        lines.append(translate("Viewport", "Perimeter {length}").format(length=quantity_text(measured.perimeter)))
    if measured.why_px and not measured.spans:
        lines.append(why_px_text(measured.why_px))
    if measured.slab is not None and (statistics is not None or measured.kind == "point"):
        lines.append(slab_text(measured.slab.projection, shown_number(measured.slab.thickness_mm, ".4g")))
    elif measured.elsewhere and (statistics is not None or measured.kind == "point"):
        lines.append(translate("Viewport", "values of the slice alone"))
    if picture_is_filtered and (statistics is not None or measured.kind == "point"):
        lines.append(
            translate("Viewport", "values after the filters")
            if measured.filtered
            else translate("Viewport", "values before the filters")
        )
    return lines


def uptake_text(told: ToldUptake) -> str:
    """Mean, max and peak with their unit; of a series on top after its modality."""
    label = f"{told.modality} {told.label}".strip() if told.on_top else told.label
    unit = f" {unit_text(told.unit)}" if told.unit else ""
    figures = {"label": label, "unit": unit}
    figures |= {"mean": value_text(told.uptake.mean), "max": value_text(told.uptake.maximum)}
    if told.uptake.peak is None:
        return translate("Viewport", "{label} mean {mean}   max {max}{unit}").format(**figures).lstrip()
    text = translate("Viewport", "{label} mean {mean}   max {max}   peak {peak}{unit}")
    return text.format(peak=value_text(told.uptake.peak.value), **figures).lstrip()


@dataclass(frozen=True, slots=True)
class Hit:
    """What of a mark is under the pointer: a grip by its index, or the whole mark (None)."""

    mark_id: str
    grip: int | None


def hit_mark(
    marks: Sequence[Measurement],
    transform: ViewTransform,
    at: Point,
    boxes: Mapping[str, QRectF] | None = None,
) -> Hit | None:
    """The grip or line nearest to a screen point, the newest mark first; None where there is none in reach.

    ``boxes`` are where the words of marks stand: a mark that is words only is taken by them.
    """
    for mark in reversed(marks):
        for index, (x, y) in enumerate(grips(mark)):
            if math.dist(transform.image_to_screen(x, y), at) <= GRIP_REACH:
                return Hit(mark.id, index)
    for mark in reversed(marks):
        if mark.kind == "text" and boxes is not None and mark.id in boxes and boxes[mark.id].contains(QPointF(*at)):
            return Hit(mark.id, None)
        if _distance(mark, transform, at) <= LINE_REACH:
            return Hit(mark.id, None)
    return None


def screen_lines(mark: Measurement, transform: ViewTransform) -> list[list[Point]]:
    """The lines of a mark in screen px, each a path; closed ones end where they begin."""
    if mark.kind in {"ellipse", "rectangle"}:
        (x0, y0), (x1, y1) = mark.points[0], mark.points[-1]
        if mark.kind == "rectangle":
            corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
        else:
            turns = (math.tau * n / 72 for n in range(73))
            a, b = (x1 - x0) / 2, (y1 - y0) / 2
            corners = [((x0 + x1) / 2 + a * math.cos(t), (y0 + y1) / 2 + b * math.sin(t)) for t in turns]
        return [[transform.image_to_screen(x, y) for x, y in corners]]
    points = [transform.image_to_screen(x, y) for x, y in mark.points]
    if mark.kind in {"cobb", "bidirectional"}:
        return [points[:2], points[2:]] if len(points) > 2 else [points]
    if mark.kind in {"polygon", "freehand"}:
        return [[*points, points[0]]]
    return [points]


def _distance(mark: Measurement, transform: ViewTransform, at: Point) -> float:
    nearest = math.inf
    for path in screen_lines(mark, transform):
        if len(path) == 1:
            nearest = min(nearest, math.dist(path[0], at))
        for (x0, y0), (x1, y1) in itertools.pairwise(path):
            length = math.hypot(x1 - x0, y1 - y0)
            share = 0.0
            if length > 0:
                share = max(0.0, min(1.0, ((at[0] - x0) * (x1 - x0) + (at[1] - y0) * (y1 - y0)) / length**2))
            nearest = min(nearest, math.dist((x0 + share * (x1 - x0), y0 + share * (y1 - y0)), at))
    return nearest


def draw_straight(canvas: Canvas, marks: Sequence[Measurement], transform: ViewTransform) -> None:
    """Draw what marks of straight lines are without their words, all halos at once and then all lines."""
    strokes: list[QLineF] = []
    for mark in marks:
        ends = [QPointF(*transform.image_to_screen(x, y)) for x, y in mark.points]
        strokes += _straight(mark, ends) + _strokes(mark, ends)
    if strokes:
        for _pen, square in _pens(False):
            canvas.painter.setPen(square)
            canvas.painter.drawLines(strokes)


def is_straight(mark: Measurement) -> bool:
    """Whether :func:`draw_straight` draws a mark."""
    return mark.kind in _SINGLE and len(mark.points) > 1


def _straight(mark: Measurement, ends: Sequence[QPointF]) -> list[QLineF]:
    """The lines of a mark whose points are their ends, two by two; none of another one."""
    return [QLineF(ends[at], ends[at + 1]) for at in range(0, len(ends) - 1, 2)] if mark.kind in _SINGLE else []


def draw_mark(
    canvas: Canvas,
    mark: Measurement,
    lines: Sequence[str],
    transform: ViewTransform,
    taken: list[QRectF],
    *,
    selected: bool = False,
    hovered: bool = False,
    is_drawn: bool = False,
) -> QRectF | None:
    """Draw one mark and its words; the words' rectangle is added to ``taken`` and returned.

    ``is_drawn``: what :func:`draw_straight` draws of it is there.
    """
    painter = canvas.painter
    ends = [QPointF(*transform.image_to_screen(x, y)) for x, y in mark.points]
    oval = _oval(ends) if mark.kind == "ellipse" and _is_upright(transform) else None
    # Lines by themselves, not as paths, are drawn in two thirds of the time.
    strokes = _straight(mark, ends)
    paths = [] if oval is not None or strokes else _paths(mark, transform, ends)
    shape = oval if oval is not None else _around(ends) if strokes else paths[0].boundingRect()
    if shape.right() < -1 or shape.bottom() < -1 or shape.left() > canvas.width + 1 or shape.top() > canvas.height + 1:
        return None  # zoomed or panned out of sight, its words with it
    strokes += _strokes(mark, ends)
    bent = [path for path in paths if path.size() > 1]
    for pen, square in () if is_drawn else _pens(selected or hovered):
        if oval is not None:
            painter.setPen(pen)
            painter.setBrush(_NO_BRUSH)
            painter.drawEllipse(oval)
        for path in bent:
            painter.setPen(pen)
            painter.drawPolyline(path)
        if strokes:
            painter.setPen(square)
            painter.drawLines(strokes)
    if mark.kind == "angle" and len(ends) == 3:
        _draw_arc(painter, ends)
    if mark.kind == "cobb" and len(ends) == 4:
        painter.setPen(QPen(READER, 1, Qt.PenStyle.DotLine))
        painter.drawLine((ends[0] + ends[1]) / 2, (ends[2] + ends[3]) / 2)
    if selected or hovered:
        _draw_grips(painter, mark, transform, selected)
    if not lines:
        return None
    box = _place_words(canvas, lines, mark, shape, ends, taken)
    taken.append(box)
    _draw_leader(painter, box, mark, ends)
    _draw_plate(painter, box)
    first = [READER] if mark.kind != "text" else [READER] * len(lines)
    canvas.plain_lines(box.left() + 4, box.top() + 1, lines, (*first, TEXT, TEXT, SECONDARY))
    return box


def _draw_plate(painter: QPainter, box: QRectF) -> None:
    """The ground of words, its corners taken off by a pixel: a rounded one takes Qt four times as long."""
    left, top = math.floor(box.left()), math.floor(box.top())
    width, height = math.ceil(box.right()) - left, math.ceil(box.bottom()) - top
    painter.fillRect(left + 1, top, width - 2, height, _PLATE)
    painter.fillRect(left, top + 1, 1, height - 2, _PLATE)
    painter.fillRect(left + width - 1, top + 1, 1, height - 2, _PLATE)


def _paths(mark: Measurement, transform: ViewTransform, ends: list[QPointF]) -> list[QPolygonF]:
    """The lines of a mark with these ``ends`` in screen px, each a path."""
    if mark.kind in {"ellipse", "rectangle"}:
        return [QPolygonF([QPointF(*point) for point in path]) for path in screen_lines(mark, transform)]
    return [QPolygonF([*ends, ends[0]] if mark.kind in {"polygon", "freehand"} else ends)]


def _around(ends: Sequence[QPointF]) -> QRectF:
    """The rectangle around some points."""
    if len(ends) == 2:
        return QRectF(ends[0], ends[1]).normalized()
    return QPolygonF(ends).boundingRect()


@lru_cache(maxsize=2)
def _pens(strong: bool) -> tuple[tuple[QPen, QPen], tuple[QPen, QPen]]:
    """What a mark is drawn with, first its halo: pens for paths, and for single lines, which Qt draws faster with square ends."""
    width = 2.0 if strong else 1.5
    made = []
    for colour, wide in ((_HALO, width + _HALO_PX), (READER, width)):
        pen, square = QPen(colour, wide), QPen(colour, wide)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        square.setCapStyle(Qt.PenCapStyle.SquareCap)
        made.append((pen, square))
    return made[0], made[1]


def _is_upright(transform: ViewTransform) -> bool:
    """Whether rows of the image lie along rows or columns of the screen."""
    (x0, y0), (x1, y1) = transform.image_to_screen(0.0, 0.0), transform.image_to_screen(1.0, 0.0)
    return abs(x1 - x0) < 1e-9 or abs(y1 - y0) < 1e-9


def _oval(ends: Sequence[QPointF]) -> QRectF:
    """The rectangle around an ellipse: Qt draws that in half the time that a path of its points takes."""
    return QRectF(ends[0], ends[-1]).normalized()


def _strokes(mark: Measurement, ends: Sequence[QPointF]) -> list[QLineF]:
    """Small lines that tell a mark's kind: the ends of a ruler, the head of an arrow, the cross of a point."""
    if mark.kind in {"ruler", "calibration"}:
        return _end_strokes(ends[0], ends[1])
    if mark.kind == "point":
        at = ends[0]
        return [
            QLineF(at.x() - 7, at.y(), at.x() - 2, at.y()),
            QLineF(at.x() + 2, at.y(), at.x() + 7, at.y()),
            QLineF(at.x(), at.y() - 7, at.x(), at.y() - 2),
            QLineF(at.x(), at.y() + 2, at.x(), at.y() + 7),
        ]
    if mark.kind == "arrow":
        tip, foot = ends
        back = math.atan2(foot.y() - tip.y(), foot.x() - tip.x())
        return [QLineF(tip, tip + QPointF(math.cos(back + turn), math.sin(back + turn)) * 11) for turn in (-0.42, 0.42)]
    return []


def _draw_arc(painter: QPainter, ends: Sequence[QPointF]) -> None:
    arm, vertex, other = ends
    lines = QLineF(vertex, arm), QLineF(vertex, other)
    radius = min(26.0, *(line.length() * 0.6 for line in lines))
    begin = lines[0].angle()
    span = (lines[1].angle() - begin + 180) % 360 - 180
    painter.setPen(QPen(READER, 1.2))
    square = QRectF(vertex.x() - radius, vertex.y() - radius, 2 * radius, 2 * radius)
    painter.drawArc(square, round(begin * 16), round(span * 16))


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
    canvas: Canvas,
    lines: Sequence[str],
    mark: Measurement,
    shape: QRectF,
    ends: Sequence[QPointF],
    taken: Sequence[QRectF],
) -> QRectF:
    """Beside the mark, inside the viewport, over no other words: the first free one of some places."""
    width = max(map(canvas.fonts.text.letters_width, lines), default=0.0) + 8
    height = canvas.fonts.text.height * len(lines) + 2
    if mark.kind == "text":
        anchors: tuple[Point, ...] = ((ends[0].x() + 6, ends[0].y() - height / 2),)
        taken = ()  # words that the reader put there stay there
    elif mark.kind == "arrow":
        tip, foot = ends
        beside = foot.x() - width - 6 if foot.x() < tip.x() else foot.x() + 6
        anchors = ((beside, foot.y() - height / 2),)
    else:
        # As plain numbers: each of Qt's rectangles takes as long as all of this.
        west, north, east, south = shape.left(), shape.top(), shape.right(), shape.bottom()
        x, y, gap = (west + east - width) / 2, (north + south - height) / 2, 10
        right_y = left_y = y
        if mark.kind in _LINES:
            right_y = max(ends, key=QPointF.x).y() - height / 2
            left_y, gap = min(ends, key=QPointF.x).y() - height / 2, 12
        right, left = (east + 10, right_y), (west - width - 10, left_y)
        below, above = (x, south + gap), (x, north - height - gap)
        anchors = (right, below, left, above) if mark.kind in _LINES else (right, left, below, above)
    most_x, most_y = canvas.width - 16 - width, canvas.height - 4 - height
    for x, y in anchors:
        if 4 <= x <= most_x and 4 <= y <= most_y:
            place = QRectF(x, y, width, height)
            if not any(map(place.intersects, taken)):
                return place
    x, y = anchors[0]
    return QRectF(max(4.0, min(x, most_x)), max(4.0, min(y, most_y)), width, height)


def _draw_leader(painter: QPainter, box: QRectF, mark: Measurement, ends: Sequence[QPointF]) -> None:
    """A dotted line from the words to the mark where they lie apart."""
    if mark.kind not in _LINES:
        return
    middle = box.center()
    start = min(ends, key=lambda end: math.hypot(end.x() - middle.x(), end.y() - middle.y()))
    x, y = max(box.left(), min(start.x(), box.right())), max(box.top(), min(start.y(), box.bottom()))
    if math.hypot(start.x() - x, start.y() - y) < 30:
        return
    painter.setPen(QPen(READER, 1, Qt.PenStyle.DotLine))
    painter.drawLine(start, QPointF(x, y))
