"""The brush in a viewport: its drags, its size by the wheel, and the circle that shows what it would touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QColor, QPen, QPolygonF

from medview.app.notices import images_place
from medview.app.tools import PAINT_TOOLS, Tool
from medview.ui.listen import listen
from medview.ui.text import shown_number
from medview.ui.viewport_style import MARGIN, READER, TEXT

if TYPE_CHECKING:
    from medview.app.brush_stroke import Stroke
    from medview.core.study import Stack
    from medview.ui.canvas import Canvas
    from medview.ui.viewport import ViewportWidget

translate = QCoreApplication.translate

_HALO = QColor(0, 0, 0, 170)
_CORNERS = 48
NOTCH = 120
NEEDS_LABEL = "Choose a segmentation or begin a new one: the brush has nothing to paint on here."


def _can_paint(widget: ViewportWidget, stack: Stack) -> bool:
    """Whether there is a segmentation of what is shown to paint on; if not, that is said."""
    correction = widget.workspace.corrections.on_stack(stack.id)
    if correction is None:
        widget.workspace.tell("needs_label", NEEDS_LABEL, severity="warning", place=images_place(stack))
        return False
    time = correction.segmentation.time
    if time != widget.state.view.time:
        text = (
            f"The segmentation that is being corrected is of time point {time + 1}: go there, or begin a new one here."
        )
        widget.workspace.tell("label_other_time", text, (str(time + 1),), severity="warning", place=images_place(stack))
        return False
    return True


class BrushDrag:
    """Paints from press to release; with Ctrl the brush erases and the eraser paints."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget = widget
        self._stroke: Stroke | None = None
        corrections, shown, stack = widget.workspace.corrections, widget.shown, widget.state.stack
        if shown is None or stack is None:
            return
        erases = widget.workspace.tools.tool is Tool.ERASER
        if widget.mouse.modifiers & Qt.KeyboardModifier.ControlModifier:
            erases = not erases
        if not _can_paint(widget, stack):
            return
        self._stroke = corrections.start_stroke(shown, widget.volume, stack, widget.state.view.time, erases)
        if self._stroke is not None:
            self.move(at)

    def move(self, at: QPointF) -> None:
        if self._stroke is not None:
            x, y = self._widget.transform.screen_to_image(at.x(), at.y())
            self._widget.workspace.corrections.lead(self._stroke, x, y)
            self._widget.update()

    def end(self, at: QPointF) -> None:
        self.move(at)
        if self._stroke is not None:
            self._widget.workspace.corrections.end_stroke(self._stroke)
        self._widget.touch()

    def cancel(self) -> None:
        if self._stroke is not None:
            self._widget.workspace.corrections.cancel_stroke(self._stroke)


class GrowClick:
    """A region grows from where the button is released; with Ctrl on that slice alone."""

    def __init__(self, widget: ViewportWidget, _at: QPointF) -> None:
        self._widget = widget

    def move(self, at: QPointF) -> None:
        """It does not matter where it was on the way."""

    def end(self, at: QPointF) -> None:
        from medview.app.label_work import grow

        widget = self._widget
        volume, shown, stack = widget.volume, widget.shown, widget.state.stack
        if volume is None or shown is None or stack is None:
            return
        if not _can_paint(widget, stack):
            return
        flat = bool(widget.mouse.modifiers & Qt.KeyboardModifier.ControlModifier)
        grow(widget.workspace, shown, volume, *widget.transform.screen_to_image(at.x(), at.y()), flat)
        widget.touch()

    def cancel(self) -> None:
        """Nothing has happened yet."""


class ViewportBrushing:
    """Asked by a viewport while it paints and while the pointer moves."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self._rest = 0
        corrections = widget.workspace.corrections
        listen(widget, corrections.painted, self._on_painted)
        listen(widget, corrections.changed, self._on_painted)
        listen(widget, corrections.brush_changed, self._on_brush)

    def _on_painted(self, stack_id: str) -> None:
        stack = self._widget.state.stack
        if stack is not None and stack.id == stack_id:
            self._widget.update()

    def _on_brush(self) -> None:
        if self.is_up:
            self._widget.update()

    @property
    def is_up(self) -> bool:
        """Whether a tool that changes voxels is in hand."""
        return self._widget.workspace.tools.tool in PAINT_TOOLS

    def hover(self) -> None:
        """The pointer has moved."""
        if self.is_up:
            self._widget.update()

    def wheel(self, delta: int, modifiers: Qt.KeyboardModifier) -> bool:
        """Shift and the wheel change the brush's size; False where the wheel is for something else."""
        if not self.is_up or modifiers != Qt.KeyboardModifier.ShiftModifier:
            return False
        self._rest += delta
        notches = int(self._rest / NOTCH)
        self._rest -= notches * NOTCH
        if notches:
            self._widget.workspace.corrections.resize(notches)
        return True

    def draw(self, canvas: Canvas) -> None:
        """Draw the brush's edge where the pointer is, and its size beside it."""
        widget = self._widget
        at, shown = widget.mouse.position, widget.shown
        tool = widget.workspace.tools.tool
        if widget.still or at is None or shown is None or tool not in {Tool.BRUSH, Tool.ERASER}:
            return
        stack = widget.state.stack
        corrections = widget.workspace.corrections
        correction = corrections.on_stack(stack.id) if stack is not None else None
        label = correction.label(corrections.value) if correction is not None else None
        colour = QColor(*label.colour) if label is not None and tool is Tool.BRUSH else QColor(TEXT)
        painter, edge = canvas.painter, self._edge(at)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(_HALO, 3.0), QPen(colour, 1.4)):
            if label is None:
                pen.setStyle(Qt.PenStyle.DotLine)
            painter.setPen(pen)
            painter.drawPolygon(edge)
        box = edge.boundingRect()
        unit = "mm" if stack is not None and (stack.geometry is not None or stack.pixel_spacing is not None) else "px"
        words = f"{shown_number(corrections.brush.size_mm, '.1f')} {unit}"
        left = min(box.right() + 6, canvas.width - canvas.fonts.small.width(words) - MARGIN)
        top = max(MARGIN, min(box.top(), canvas.height - canvas.fonts.small.height - MARGIN))
        canvas.words(left, top, words, READER, canvas.fonts.small)

    def _edge(self, at: QPointF) -> QPolygonF:
        """The brush's edge on the screen, a circle in mm of the image."""
        import math

        widget = self._widget
        shown = widget.shown
        assert shown is not None
        radius = widget.workspace.corrections.brush.size_mm / 2
        x, y = widget.transform.screen_to_image(at.x(), at.y())
        down, across = shown.pixel_mm
        turns = (2 * math.pi * n / _CORNERS for n in range(_CORNERS))
        return QPolygonF(
            [
                QPointF(
                    *widget.transform.image_to_screen(
                        x + radius * math.cos(turn) / across, y + radius * math.sin(turn) / down
                    )
                )
                for turn in turns
            ]
        )
