"""The paper that waveforms are drawn on: calibrated grid, traces, the value under the pointer, a caliper."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from medview.core.waveform import WaveformGroup
from medview.ui.text import shown_number
from medview.ui.theme import current_theme

TWELVE_LEADS = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
RHYTHM_LEAD = "II"
MARGIN_MM = 6.0
PULSE_MM = 9.0
"""Room at the left for the calibration pulse."""
TO_MILLIVOLT = {"uV": 1e-3, "mV": 1.0, "V": 1e3, "nV": 1e-6}
LARGEST, SMALLEST = 24.0, 0.05
STEP = 1.25


@dataclass(frozen=True, slots=True)
class Trace:
    """A piece of a channel on the paper: where it begins (mm), its base line, and which seconds it shows."""

    channel: int
    label: str
    x_mm: float
    base_mm: float
    top_mm: float
    bottom_mm: float
    begin_s: float
    end_s: float
    unit: str
    mm_per_unit: float
    """Of ``unit``."""
    factor: float
    """From the channel's own unit to ``unit``."""


def lead_name(label: str) -> str:
    """``Lead AVR`` as ``aVR``; other labels as they are."""
    word = label.partition("(")[0].replace("Lead", "").strip()
    known = {lead.lower(): lead for row in TWELVE_LEADS for lead in row}
    return known.get(word.lower(), word or label)


def has_twelve_leads(group: WaveformGroup) -> bool:
    """Whether a group can be drawn as three rows of four leads."""
    names = {lead_name(channel.label) for channel in group.channels}
    return group.duration_s >= 4 and all(lead in names for row in TWELVE_LEADS for lead in row)


def lay_out(group: WaveformGroup, speed: float, gain: float, in_columns: bool) -> tuple[list[Trace], float, float]:
    """(traces, width, height in mm) of a group at ``speed`` mm/s and ``gain`` mm/mV; other units fill 20 mm."""
    names = [lead_name(channel.label) for channel in group.channels]
    if in_columns and has_twelve_leads(group):
        part = group.duration_s / 4
        rows = [
            [(names.index(lead), at * part, (at + 1) * part) for at, lead in enumerate(row)] for row in TWELVE_LEADS
        ]
        rows.append([(names.index(RHYTHM_LEAD), 0.0, group.duration_s)])
    else:
        rows = [[(at, 0.0, group.duration_s)] for at in range(len(group.channels))]
    traces: list[Trace] = []
    top = MARGIN_MM
    for row in rows:
        measured = [_extent(group, channel, gain) for channel, _, _ in row]
        above = max(high for high, _, _, _, _ in measured)
        below = max(low for _, low, _, _, _ in measured)
        base = top + max(7.0, above) + 2
        bottom = base + max(5.0, below) + 2
        for (channel, begin, end), (_, _, unit, scale, factor) in zip(row, measured, strict=True):
            x = MARGIN_MM + PULSE_MM + begin * speed
            traces.append(Trace(channel, names[channel], x, base, top, bottom, begin, end, unit, scale, factor))
        top = bottom
    return traces, MARGIN_MM * 2 + PULSE_MM + group.duration_s * speed, top + MARGIN_MM


def _extent(group: WaveformGroup, channel: int, gain: float) -> tuple[float, float, str, float, float]:
    """(mm above the base line, mm below, unit, mm per unit, factor to the unit)."""
    values = group.values[channel]
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    code = group.channels[channel].unit
    unit = code.value if code is not None else ""
    if unit in TO_MILLIVOLT:
        factor = TO_MILLIVOLT[unit]
        return max(0.0, high * factor * gain), max(0.0, -low * factor * gain), "mV", gain, factor
    span = max(high, 0.0) - min(low, 0.0) or 1.0
    nice = 10 ** math.floor(math.log10(span / 2))
    step = next(nice * times for times in (1, 2, 5, 10) if span / (nice * times) <= 4)
    scale = 5.0 / step
    shown = {"mm[Hg]": "mmHg"}.get(unit, unit)
    return max(0.0, high * scale), max(0.0, -low * scale), shown, scale, 1.0


class WaveformPaper(QAbstractScrollArea):
    """Grid and traces of one group; scrolls, zooms, measures."""

    pointed = Signal(str)
    """What is under the pointer or in the caliper, in words; "" for nothing."""
    scale_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        self._group: WaveformGroup | None = None
        self._traces: list[Trace] = []
        self._size_mm = (0.0, 0.0)
        self.speed, self.gain, self.in_columns = 25.0, 10.0, False
        self._px_per_mm: float | None = None
        self._pointer: QPointF | None = None
        self._caliper: tuple[QPointF, QPointF] | None = None
        self._is_dragging = False

    # ------------------------------------------------------------------ what is shown

    def show_group(self, group: WaveformGroup) -> None:
        """Show a group from its beginning."""
        self._group = group
        self._caliper = None
        self._px_per_mm = None
        self.lay_out()
        self.horizontalScrollBar().setValue(0)
        self.verticalScrollBar().setValue(0)

    def set_scale(self, speed: float | None = None, gain: float | None = None, in_columns: bool | None = None) -> None:
        """Change the paper's speed (mm/s), gain (mm/mV) or arrangement."""
        self.speed = self.speed if speed is None else speed
        self.gain = self.gain if gain is None else gain
        self.in_columns = self.in_columns if in_columns is None else in_columns
        self._caliper = None
        self.lay_out()

    @property
    def px_per_mm(self) -> float:
        """Logical px per mm of paper; as wide as the view until the reader zooms, but never too small to read."""
        if self._px_per_mm is not None:
            return self._px_per_mm
        width = self._size_mm[0] or 1.0
        return min(12.0, max(2.5, (self.viewport().width() - 2) / width))

    def zoom_by(self, factor: float, about_x: float | None = None) -> None:
        """Make the paper larger or smaller; what is under ``about_x`` (px of the view) stays there."""
        about = self.viewport().width() / 2 if about_x is None else about_x
        at = (self.horizontalScrollBar().value() + about) / self.px_per_mm
        self._px_per_mm = min(LARGEST, max(SMALLEST, self.px_per_mm * factor))
        self.lay_out()
        self.horizontalScrollBar().setValue(round(at * self.px_per_mm - about))

    def fit_width(self) -> None:
        """Show the whole width of the paper."""
        self._px_per_mm = (self.viewport().width() - 2) / (self._size_mm[0] or 1.0)
        self.lay_out()

    def lay_out(self) -> None:
        """Place the traces anew."""
        if self._group is None:
            return
        self._traces, *size = lay_out(self._group, self.speed, self.gain, self.in_columns)
        self._size_mm = (size[0], size[1])
        view, scale = self.viewport().size(), self.px_per_mm
        for bar, need, room in (
            (self.horizontalScrollBar(), size[0] * scale, view.width()),
            (self.verticalScrollBar(), size[1] * scale, view.height()),
        ):
            bar.setPageStep(room)
            bar.setSingleStep(max(1, round(5 * scale)))
            bar.setRange(0, max(0, math.ceil(need) - room))
        self.viewport().update()
        self.scale_changed.emit()

    @property
    def traces(self) -> list[Trace]:
        """What lies on the paper."""
        return self._traces

    # ------------------------------------------------------------------ places

    def _to_mm(self, at: QPointF) -> tuple[float, float]:
        scale = self.px_per_mm
        return (
            (at.x() + self.horizontalScrollBar().value()) / scale,
            (at.y() + self.verticalScrollBar().value()) / scale,
        )

    def to_px(self, x_mm: float, y_mm: float) -> QPointF:
        """Where a place on the paper is in the view."""
        scale = self.px_per_mm
        return QPointF(
            x_mm * scale - self.horizontalScrollBar().value(), y_mm * scale - self.verticalScrollBar().value()
        )

    def _trace_at(self, at: QPointF) -> Trace | None:
        x, y = self._to_mm(at)
        for trace in self._traces:
            end = trace.x_mm + (trace.end_s - trace.begin_s) * self.speed
            if trace.top_mm <= y < trace.bottom_mm and trace.x_mm <= x < end:
                return trace
        return None

    def _sample_at(self, trace: Trace, x_mm: float) -> tuple[int, float]:
        """(sample, its time in s) nearest to a place along a trace."""
        assert self._group is not None
        seconds = trace.begin_s + (x_mm - trace.x_mm) / self.speed
        sample = min(self._group.values.shape[1] - 1, max(0, round(seconds * self._group.sampling_hz)))
        return sample, sample / self._group.sampling_hz + self._group.offset_s

    # ------------------------------------------------------------------ mouse

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._is_dragging and self._caliper is not None:
            self._caliper = (self._caliper[0], self._pointer)
        self.pointed.emit(self._words())
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_dragging = True
            self._caliper = (event.position(), event.position())
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_dragging = False
            if self._caliper is not None and (self._caliper[0] - self._caliper[1]).manhattanLength() < 4:
                self._caliper = None
            self.pointed.emit(self._words())
            self.viewport().update()

    def leaveEvent(self, event: Any) -> None:
        self._pointer = None
        self.pointed.emit(self._words())
        self.viewport().update()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(STEP if delta > 0 else 1 / STEP, event.position().x())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not self.verticalScrollBar().maximum():
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() - round(delta * 0.5))
        else:
            super().wheelEvent(event)
        event.accept()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self._caliper = None
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay_out()

    def _words(self) -> str:
        """The value under the pointer, or what the caliper measures."""
        if self._group is None:
            return ""
        if self._caliper is not None and (self._caliper[0] - self._caliper[1]).manhattanLength() >= 4:
            (x0, y0), (x1, y1) = self._to_mm(self._caliper[0]), self._to_mm(self._caliper[1])
            seconds = abs(x1 - x0) / self.speed
            words = [f"Δt {seconds * 1000:.0f} ms"]
            if seconds > 0.15:
                words.append(f"{60 / seconds:.0f}/min")
            trace = self._trace_at(self._caliper[0])
            if trace is not None:
                words.append(f"Δ {shown_number(abs(y1 - y0) / trace.mm_per_unit, '.3g')} {trace.unit}".rstrip())
            return "    ".join(words)
        trace = None if self._pointer is None else self._trace_at(self._pointer)
        if trace is None or self._pointer is None:
            return ""
        sample, seconds = self._sample_at(trace, self._to_mm(self._pointer)[0])
        value = float(self._group.values[trace.channel, sample]) * trace.factor
        told = (
            "–"
            if math.isnan(value)
            else shown_number(value, ".3f")
            if trace.unit == "mV"
            else shown_number(value, ".4g")
        )
        return f"{trace.label}    {shown_number(seconds, '.3f')} s    {told} {trace.unit}".rstrip()

    # ------------------------------------------------------------------ painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        is_light = current_theme().name == "light"
        ground, fine, coarse, ink = (
            ("#ffffff", "#f7d9d9", "#eba9a9", "#101010") if is_light else ("#0d0f12", "#241a1c", "#43292d", "#e8eaed")
        )
        painter.fillRect(self.viewport().rect(), QColor(ground))
        if self._group is None:
            painter.end()
            return
        self._paint_grid(painter, fine, coarse)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for trace in self._traces:
            self._paint_trace(painter, trace, QColor(ink))
        self._paint_pointer(painter)
        painter.end()

    def _paint_grid(self, painter: QPainter, fine: str, coarse: str) -> None:
        scale, view = self.px_per_mm, self.viewport().size()
        x0, y0 = self.horizontalScrollBar().value() / scale, self.verticalScrollBar().value() / scale
        for step, colour in ((1, fine), (5, coarse)):
            if step * scale < 3:
                continue
            painter.setPen(QPen(QColor(colour), 0))
            for at in range(math.floor(x0 / step), math.ceil((x0 + view.width() / scale) / step) + 1):
                x = round(at * step * scale - x0 * scale) + 0.5
                painter.drawLine(QPointF(x, 0), QPointF(x, view.height()))
            for at in range(math.floor(y0 / step), math.ceil((y0 + view.height() / scale) / step) + 1):
                y = round(at * step * scale - y0 * scale) + 0.5
                painter.drawLine(QPointF(0, y), QPointF(view.width(), y))

    def _paint_trace(self, painter: QPainter, trace: Trace, ink: QColor) -> None:
        top, bottom = self.to_px(0, trace.top_mm).y(), self.to_px(0, trace.bottom_mm).y()
        if bottom < -20 or top > self.viewport().height() + 20:
            return
        points = self._points(trace)
        if points is not None:
            import pyqtgraph

            painter.setPen(QPen(ink, 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(pyqtgraph.arrayToQPath(points[0], points[1], connect="finite"))
        theme = current_theme()
        place = self.to_px(trace.x_mm + 0.6, trace.top_mm + 0.4)
        label = (
            trace.label
            if trace.unit == "mV"
            else f"{trace.label}  {shown_number(5 / trace.mm_per_unit, 'g')} {trace.unit} / 5 mm"
        )
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(theme.accent))
        painter.drawText(QRectF(place.x(), place.y(), 400, 18), int(Qt.AlignmentFlag.AlignLeft), label)
        font.setBold(False)
        painter.setFont(font)
        if trace.begin_s == 0 and trace.unit == "mV":
            self._paint_pulse(painter, trace, ink)

    def _paint_pulse(self, painter: QPainter, trace: Trace, ink: QColor) -> None:
        """1 mV for 200 ms, as a recorder draws it."""
        painter.setPen(QPen(ink, 1.2))
        left, width, high = MARGIN_MM - 1, 0.2 * self.speed, trace.mm_per_unit
        corners = [(left, 0.0), (left + 1, 0.0), (left + 1, high), (left + 1 + width, high), (left + 1 + width, 0.0),
                   (left + 2 + width, 0.0)]  # fmt: skip
        painter.drawPolyline([self.to_px(x, trace.base_mm - y) for x, y in corners])

    def _points(self, trace: Trace) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Screen coordinates of the visible part of a trace; extremes per px where samples are denser than px."""
        assert self._group is not None
        rate, scale = self._group.sampling_hz, self.px_per_mm
        per_second = self.speed * scale
        shift = trace.x_mm * scale - self.horizontalScrollBar().value()
        first_s = trace.begin_s + max(0.0, -shift / per_second)
        last_s = min(trace.end_s, trace.begin_s + (self.viewport().width() - shift) / per_second)
        begin, end = (
            max(0, math.floor(first_s * rate) - 1),
            min(self._group.values.shape[1], math.ceil(last_s * rate) + 2),
        )
        limit = round(trace.end_s * rate) + 1
        end = min(end, limit)
        if end - begin < 2:
            return None
        values = self._group.values[trace.channel, begin:end].astype(np.float64) * trace.factor
        at = np.arange(begin, end, dtype=np.float64)
        per_px = rate / per_second
        if per_px > 3:
            block = int(per_px)
            whole = len(values) // block * block
            parts = values[:whole].reshape(-1, block)
            both = np.empty((len(parts), 2))
            both[:, 0], both[:, 1] = (
                np.nanmin(np.nan_to_num(parts, nan=np.inf), 1),
                np.nanmax(np.nan_to_num(parts, nan=-np.inf), 1),
            )
            both[~np.isfinite(both)] = np.nan
            values, at = both.ravel(), np.repeat(at[:whole:block] + block / 2, 2)
        x = shift + (at / rate - trace.begin_s) * per_second
        y = (trace.base_mm - values * trace.mm_per_unit) * scale - self.verticalScrollBar().value()
        return x, y

    def _paint_pointer(self, painter: QPainter) -> None:
        theme = current_theme()
        if self._caliper is not None:
            a, b = self._caliper
            painter.setPen(QPen(QColor("#e0a83c"), 1))
            for x in (a.x(), b.x()):
                painter.drawLine(QPointF(x, 0), QPointF(x, self.viewport().height()))
            painter.drawLine(QPointF(a.x(), a.y()), QPointF(b.x(), a.y()))
            painter.drawLine(QPointF(b.x(), a.y()), QPointF(b.x(), b.y()))
            return
        trace = None if self._pointer is None else self._trace_at(self._pointer)
        if trace is None or self._pointer is None or self._group is None:
            return
        sample, _ = self._sample_at(trace, self._to_mm(self._pointer)[0])
        value = float(self._group.values[trace.channel, sample]) * trace.factor
        seconds = sample / self._group.sampling_hz
        painter.setPen(QPen(QColor(theme.secondary), 1, Qt.PenStyle.DotLine))
        x = self.to_px(trace.x_mm + (seconds - trace.begin_s) * self.speed, 0).x()
        painter.drawLine(QPointF(x, 0), QPointF(x, self.viewport().height()))
        if not math.isnan(value):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent))
            painter.drawEllipse(QPointF(x, self.to_px(0, trace.base_mm - value * trace.mm_per_unit).y()), 3.5, 3.5)
