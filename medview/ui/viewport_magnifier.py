"""The magnifier: a round glass under the pointer that shows the picture larger, from the slice's own values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from medview.ui.viewport_style import ACCENT

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportView
    from medview.ui.viewport import ViewportWidget

FACTOR = 3.0
RADIUS = 110.0
"""Px, or a third of a small viewport."""


class MagnifierDrag:
    """The glass is there while the button is held and follows the pointer."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        from medview.ui.still_viewport import StillViewport

        self._widget = widget
        self.radius = min(RADIUS, widget.width() / 3, widget.height() / 3)
        side = round(2 * self.radius)
        self.glass = StillViewport(widget.workspace, widget.state.view, (side, side), "off", widget)
        self.move(at)
        widget.magnifier = self

    def move(self, at: QPointF) -> None:
        """Hold it here."""
        self.at = QPointF(at)
        view = self._magnified(at)
        if view is not None:
            self.glass.state.restore(view)
        self._widget.update()

    def _magnified(self, at: QPointF) -> ViewportView | None:
        """The view of the glass: the image point under the pointer in its middle, `FACTOR` times larger."""
        widget, shown = self._widget, self._widget.shown
        if shown is None:
            return None
        x, y = widget.transform.screen_to_image(at.x(), at.y())
        pan = ((x - (shown.shape[1] - 1) / 2) * shown.pixel_mm[1], (y - (shown.shape[0] - 1) / 2) * shown.pixel_mm[0])
        self.glass.state.restore(replace(widget.state.view, zoom=1.0, pixel_scale=None, align="", text_mode="off"))
        zoom = FACTOR * widget.transform.scale / self.glass.transform.fit
        return replace(
            widget.state.view, zoom=zoom, pixel_scale=None, pan=pan, align="", text_mode="off", show_bar=False
        )

    def end(self, at: QPointF) -> None:  # noqa: ARG002 - every drag is told where it ends
        """Put it away."""
        self.cancel()
        self._widget.touch()

    def cancel(self) -> None:
        """Put it away."""
        self._widget.magnifier = None
        self.glass.deleteLater()
        self._widget.update()

    def draw(self, painter: QPainter) -> None:
        """Draw the glass around the pointer."""
        image = self.glass.picture_alone()
        if image is None:
            return
        place = QRectF(0, 0, 2 * self.radius, 2 * self.radius)
        place.moveCenter(self.at)
        circle = QPainterPath()
        circle.addEllipse(place)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(circle)
        painter.drawImage(place.topLeft(), image)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((QColor(0, 0, 0, 160), 4.0), (ACCENT, 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(place)
        painter.restore()
