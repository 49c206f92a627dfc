"""Sliders of a stack's dimensions (echo, b-value, phase …) at the foot of a viewport: where they lie and how they look."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from medview.core.study import Dimension, Stack
from medview.ui.canvas import Canvas
from medview.ui.viewport_style import HANDLE, SECONDARY, TEXT, TRACK, TRACK_LOADED

translate = QCoreApplication.translate

ROW = 16.0
"""Height in px that takes the pointer for one slider."""
FOOT = 46.0
"""Px left free below for the orientation letter and the scale."""
TRACK_HEIGHT = 4.0
GAP = 8.0
MOST_TICKS = 32
LEAST_WIDTH = 60.0
WIDTH_FOR_WORDS = 560.0
"""In a narrower viewport the words stand in its corner only."""


@dataclass(frozen=True, slots=True)
class DimensionRow:
    """The slider of one dimension: ``index`` among the stack's, its track, and the area that takes the pointer."""

    index: int
    track: QRectF
    area: QRectF

    def step_at(self, x: float, count: int) -> int:
        """The 0-based step at ``x`` of the track."""
        share = (x - self.track.left()) / max(self.track.width(), 1.0)
        return max(0, min(count - 1, int(share * count)))


def dimension_rows(size: tuple[float, float], stack: Stack | None) -> tuple[DimensionRow, ...]:
    """One row for each dimension, the slowest on top, in the middle of the foot of a viewport of ``size`` px."""
    if stack is None or stack.timepoints < 2:
        return ()
    width, height = size
    count = len(stack.named_dimensions)
    length = max(LEAST_WIDTH, 0.3 * width)
    rows = []
    for index in range(count):
        top = height - FOOT - (count - index) * ROW
        area = QRectF((width - length) / 2, top, length, ROW)
        track = QRectF(area.left(), area.center().y() - TRACK_HEIGHT / 2, length, TRACK_HEIGHT)
        rows.append(DimensionRow(index, track, area.adjusted(-4, 0, 4, 0)))
    return tuple(rows)


def row_at(rows: tuple[DimensionRow, ...], x: float, y: float) -> DimensionRow | None:
    """The slider under a point."""
    return next((row for row in rows if row.area.contains(QPointF(x, y))), None)


def dimension_name(name: str) -> str:
    """What a dimension is called; the parts of one that is made of several are joined."""
    if " × " in name:
        return " × ".join(dimension_name(part) for part in name.split(" × "))
    return {
        "time": translate("Viewport", "Time"),
        "echo": translate("Viewport", "Echo"),
        "b-value": translate("Viewport", "b-value"),
        "phase": translate("Viewport", "Phase"),
        "component": translate("Viewport", "Component"),
        "segment": translate("Viewport", "Segment"),
        "ASL": "ASL",
        "inversion time": translate("Viewport", "Inversion time"),
        "flip angle": translate("Viewport", "Flip angle"),
        "trigger time": translate("Viewport", "Trigger time"),
        "diffusion direction": translate("Viewport", "Diffusion direction"),
        "acquisition": translate("Viewport", "Acquisition"),
        "instance": translate("Viewport", "Object"),
        "sequence": translate("Viewport", "Sequence"),
        "stack": translate("Viewport", "Stack"),
        "index": translate("Viewport", "Index"),
        "data type": translate("Viewport", "Data type"),
        "repeat": translate("Viewport", "Repetition"),
        "energy window": translate("Viewport", "Energy window"),
        "detector": translate("Viewport", "Detector"),
        "rotation": translate("Viewport", "Rotation"),
        "R-R interval": translate("Viewport", "R-R interval"),
        "time slot": translate("Viewport", "Time slot"),
        "angular view": translate("Viewport", "Angular view"),
        "time slice": translate("Viewport", "Time slice"),
        "slice": translate("Viewport", "Slice"),
    }.get(name, name)


def step_label(dimension: Dimension, step: int) -> str:
    """What a step of a dimension is, empty where it would only repeat its number."""
    label = dimension.labels[step]
    if dimension.name == "component":
        label = {
            "magnitude": translate("Viewport", "magnitude"),
            "phase": translate("Viewport", "phase"),
            "real": translate("Viewport", "real"),
            "imaginary": translate("Viewport", "imaginary"),
        }.get(label, label)
    if dimension.name == "ASL":
        label = {"label": translate("Viewport", "label"), "control": translate("Viewport", "control")}.get(label, label)
    return "" if label == str(step + 1) else label


def draw_dimensions(
    canvas: Canvas,
    rows: tuple[DimensionRow, ...],
    stack: Stack,
    time: int,
    *,
    hovered: int | None,
    active: int | None,
) -> None:
    """Each dimension's name, track and value; ``active`` is the one that keys move, where there are several."""
    dimensions = stack.named_dimensions
    small = canvas.fonts.small
    for row, step in zip(rows, stack.steps_of_time(time), strict=True):
        dimension = dimensions[row.index]
        count = len(dimension.labels)
        bright = row.index in {hovered, active}
        _draw_track(canvas, row, step, count, bright)
        if canvas.width < WIDTH_FOR_WORDS:
            continue
        name = dimension_name(dimension.name)
        y = row.area.center().y() - small.height / 2
        canvas.words(row.track.left() - GAP - small.width(name), y, name, TEXT if bright else SECONDARY, small)
        words = step_label(dimension, step) or f"{step + 1} / {count}"
        canvas.words(row.track.right() + GAP, y, words, TEXT, small)


def _draw_track(canvas: Canvas, row: DimensionRow, step: int, count: int, bright: bool) -> None:
    track = row.track

    def draw(painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 130))  # seen on a bright picture too
        painter.drawRoundedRect(track.adjusted(-1, -1, 1, 1), 3, 3)
        painter.setBrush(TRACK_LOADED if bright else TRACK)
        painter.drawRoundedRect(track, 2, 2)
        if count <= MOST_TICKS:
            painter.setPen(QPen(QColor(255, 255, 255, 90), 1))
            for number in range(1, count):
                x = track.left() + track.width() * number / count
                painter.drawLine(QPointF(x, track.top()), QPointF(x, track.bottom()))

    canvas.kept(("dimension", count, bright), track.adjusted(-1, -1, 1, 1), draw)
    wide = max(track.width() / count, 10.0)
    handle = QRectF(0, track.top() - 2, wide, track.height() + 4)
    handle.moveCenter(QPointF(track.left() + track.width() * (step + 0.5) / count, track.center().y()))
    handle.moveLeft(max(track.left(), min(handle.left(), track.right() - wide)))
    canvas.painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
    canvas.painter.setBrush(HANDLE)
    canvas.painter.drawRoundedRect(handle, 2.5, 2.5)
