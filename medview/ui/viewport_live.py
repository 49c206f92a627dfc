"""What a picture shows of runs that go on: where they have not looked yet, as a hatched edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QPainterPath, QPen, QPolygonF

from medview.app.live_results import not_yet
from medview.ui.canvas import Canvas
from medview.ui.viewport_style import WARNING

if TYPE_CHECKING:
    from medview.app.shown_slice import ShownSlice
    from medview.ui.viewport import ViewportWidget

BAND_PX = 9.0


def draw_not_yet(canvas: Canvas, widget: ViewportWidget, shown: ShownSlice) -> None:
    """Hatch the inner edge of what a run has not looked at: the picture inside stays as it is for the reader."""
    view = widget.state.view
    if view.stack is None or not widget.workspace.ai_visible:
        return
    for live in widget.workspace.live.of(view.stack.id, view.time):
        colour = QColor(WARNING)
        colour.setAlpha(170)
        for corners in not_yet(live, shown, view.stack.geometry):
            polygon = QPolygonF([QPointF(*widget.transform.image_to_screen(x, y)) for x, y in corners])
            path = QPainterPath()
            path.addPolygon(polygon)
            path.closeSubpath()
            canvas.painter.save()
            canvas.painter.setClipPath(path)
            canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
            pen = QPen(QBrush(colour, Qt.BrushStyle.BDiagPattern), 2 * BAND_PX)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            canvas.painter.strokePath(path, pen)
            canvas.painter.restore()
