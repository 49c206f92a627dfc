"""The course of opacity over the values of a volume, above their histogram: its points are pulled, set and taken away by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from medview.core.scene import Look, TransferPoint
from medview.ui.text import shown_number, translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.solid_grid import SolidValues

HEIGHT = 132
FOOT = 18
MARGIN = 8.0
REACH = 9.0
RADIUS = 4.5


class CourseEditor(QWidget):
    """Draws a look over a histogram. ``changed`` carries the look after each change by hand."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(translate("Solid", "Opacity of the values"))
        self.setToolTip(
            translate("Solid", "Pull a point; double-click for a new one; Delete or a right click takes one away")
        )
        self._look: Look | None = None
        self._values: SolidValues | None = None
        self._held: int | None = None
        self.chosen = -1

    def show_look(self, look: Look | None, values: SolidValues | None) -> None:
        """Draw another look."""
        self._look, self._values = look, values
        self.setEnabled(look is not None)
        if look is None or self.chosen >= len(look.points):
            self.chosen = -1
        self.update()

    # ------------------------------------------------------------------ places

    @property
    def _span(self) -> tuple[float, float]:
        assert self._look is not None
        low, high = self._look.ends
        if self._values is not None:
            low, high = min(low, self._values.value_range[0]), max(high, self._values.value_range[1])
        return low, high if high > low else low + 1.0

    def place_of(self, point: TransferPoint) -> QPointF:
        """Where a point is drawn; the height is the root of the opacity, so that thin veils can be told apart."""
        low, high = self._span
        x = MARGIN + (point.value - low) / (high - low) * (self.width() - 2 * MARGIN)
        return QPointF(x, MARGIN + (1 - float(np.sqrt(point.opacity))) * (self.height() - FOOT - MARGIN))

    def _meant(self, at: QPointF) -> tuple[float, float]:
        """Value and opacity under a place."""
        low, high = self._span
        share = (at.x() - MARGIN) / max(self.width() - 2 * MARGIN, 1)
        up = 1 - (at.y() - MARGIN) / (self.height() - FOOT - MARGIN)
        return low + share * (high - low), float(np.clip(up, 0, 1)) ** 2

    def _under(self, at: QPointF) -> int:
        if self._look is None:
            return -1
        far = [(self.place_of(point) - at).manhattanLength() for point in self._look.points]
        nearest = int(np.argmin(far))
        return nearest if far[nearest] <= REACH * 1.5 else -1

    # ------------------------------------------------------------------ by hand

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._under(event.position())
        self.chosen = at
        if event.button() is Qt.MouseButton.RightButton:
            self.remove(at)
        elif event.button() is Qt.MouseButton.LeftButton and at >= 0:
            self._held = at
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        look = self._look
        if self._held is None or look is None:
            over = self._under(event.position()) >= 0
            self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
            return
        value, opacity = self._meant(event.position())
        self._put(self._held, value, opacity)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        look = self._look
        if look is None or self._under(event.position()) >= 0:
            return
        value, opacity = self._meant(event.position())
        values = [point.value for point in look.points]
        if value in values:
            return
        red, green, blue = (
            round(float(np.interp(value, values, [point.colour[part] for point in look.points]))) for part in range(3)
        )
        points = sorted((*look.points, TransferPoint(value, opacity, (red, green, blue))), key=lambda one: one.value)
        self.chosen = [point.value for point in points].index(value)
        self._give(replace(look, points=tuple(points)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, look = event.key(), self._look
        if look is None:
            return
        low, high = self._span
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        if key in {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}:
            self.chosen = (self.chosen + (1 if key == Qt.Key.Key_PageUp else -1)) % len(look.points)
            self.update()
        elif key == Qt.Key.Key_Delete:
            self.remove(self.chosen)
        elif key in steps and self.chosen >= 0:
            across, up = steps[Qt.Key(key)]
            point = look.points[self.chosen]
            root = float(np.clip(np.sqrt(point.opacity) + up * 0.02, 0, 1))
            self._put(self.chosen, point.value + across * (high - low) / 200, root**2)
        else:
            super().keyPressEvent(event)

    def remove(self, at: int) -> None:
        """Take a point away; two always stay."""
        if self._look is not None and 0 <= at < len(self._look.points) and len(self._look.points) > 2:
            self.chosen = -1
            self._give(replace(self._look, points=tuple(point for n, point in enumerate(self._look.points) if n != at)))

    def _put(self, at: int, value: float, opacity: float) -> None:
        look = self._look
        assert look is not None
        low, high = self._span
        gap = (high - low) / 1000
        if at > 0:
            value = max(value, look.points[at - 1].value + gap)
        if at < len(look.points) - 1:
            value = min(value, look.points[at + 1].value - gap)
        moved = replace(look.points[at], value=value, opacity=opacity)
        try:
            self._give(replace(look, points=tuple(moved if n == at else point for n, point in enumerate(look.points))))
        except ValueError:
            return  # neighbours that lie closer than a gap

    def _give(self, look: Look) -> None:
        self._look = look
        self.update()
        self.changed.emit(look)

    # ------------------------------------------------------------------ drawing

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(0, 0, self.width(), self.height())
        painter.fillRect(ground, QColor(theme.panel))
        look = self._look
        if look is None:
            painter.end()
            return
        foot = self.height() - FOOT
        self._draw_counts(painter, foot)
        places = [self.place_of(point) for point in look.points]
        line = [QPointF(MARGIN, places[0].y()), *places, QPointF(self.width() - MARGIN, places[-1].y())]
        fill = QLinearGradient(places[0], QPointF(places[-1].x(), places[0].y()))
        span = max(places[-1].x() - places[0].x(), 1.0)
        for place, point in zip(places, look.points, strict=True):
            fill.setColorAt(min(1.0, max(0.0, (place.x() - places[0].x()) / span)), QColor(*point.colour, 130))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF([QPointF(line[0].x(), foot), *line, QPointF(line[-1].x(), foot)]))
        painter.setPen(QPen(QColor(theme.text), 1.4))
        painter.drawPolyline(QPolygonF(line))
        for at, (place, point) in enumerate(zip(places, look.points, strict=True)):
            painter.setPen(
                QPen(QColor(theme.accent if at == self.chosen else theme.text), 2 if at == self.chosen else 1)
            )
            painter.setBrush(QColor(*point.colour))
            painter.drawEllipse(place, RADIUS, RADIUS)
        painter.setPen(QColor(theme.secondary))
        low, high = self._span
        words = QRectF(MARGIN, foot + 2, self.width() - 2 * MARGIN, FOOT - 2)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft, shown_number(low, ".4g"))
        painter.drawText(words, Qt.AlignmentFlag.AlignRight, shown_number(high, ".4g"))
        if self.chosen >= 0:
            chosen = look.points[self.chosen]
            painter.setPen(QColor(theme.text))
            painter.drawText(
                words,
                Qt.AlignmentFlag.AlignHCenter,
                f"{shown_number(chosen.value, '.4g')}   {shown_number(chosen.opacity, '.3g')}",
            )
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(ground.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _draw_counts(self, painter: QPainter, foot: int) -> None:
        if self._values is None:
            return
        low, high = self._span
        counts = np.sqrt(np.sqrt(self._values.counts.astype(np.float64)))
        first, last = self._values.ends
        edges = np.linspace(first, max(last, first + 1e-6), len(counts) + 1)
        x = MARGIN + (edges - low) / (high - low) * (self.width() - 2 * MARGIN)
        colour = QColor(current_theme().secondary)
        colour.setAlpha(70)
        top = float(counts.max()) or 1.0
        for a, b, count in zip(x[:-1], x[1:], counts, strict=True):
            left, right = max(float(a), MARGIN), min(float(b), self.width() - MARGIN)
            if right > left and count:
                height = float(count) / top * (foot - MARGIN) * 0.9
                painter.fillRect(QRectF(left, foot - height, right - left + 0.5, height), colour)
