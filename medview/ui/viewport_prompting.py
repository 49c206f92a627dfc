"""Pointing at things in a viewport: clicks and boxes for a model, and how they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from medview.app.notices import images_place
from medview.ui.listen import listen
from medview.ui.text import translate
from medview.ui.viewport_style import AI_CYAN, AI_VIOLET, DANGER, MARGIN

if TYPE_CHECKING:
    from medview.ui.canvas import Canvas
    from medview.ui.viewport import ViewportWidget

_HALO = QColor(0, 0, 0, 190)
CLICK_PX = 5.0
RADIUS = 5.0
ACQUIRED_ONLY = "Things are pointed at on slices as they were acquired, not on cuts."


class PromptDrag:
    """A click is a point inside, with Ctrl one outside; a drag is a box."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget, self._start = widget, at
        widget.prompting.box = None

    def move(self, at: QPointF) -> None:
        far = (at - self._start).manhattanLength() > CLICK_PX
        self._widget.prompting.box = QRectF(self._start, at).normalized() if far else None
        self._widget.update()

    def end(self, at: QPointF) -> None:
        self.move(at)
        widget = self._widget
        box, widget.prompting.box = widget.prompting.box, None
        shown, stack = widget.shown, widget.state.stack
        if shown is None or stack is None:
            return
        if shown.k is None or shown.plane_kind != "acquired":
            widget.workspace.tell(
                "prompt_acquired", ACQUIRED_ONLY, severity="hint", place=images_place(widget.state.stack)
            )
            return
        from medview.inference.prompting import Prompt, PromptKind

        rows, columns = shown.shape
        ends = [self._start] if box is None else [box.topLeft(), box.bottomRight()]
        points = [widget.transform.screen_to_image(end.x(), end.y()) for end in ends]
        if box is None and not (0 <= points[0][0] <= columns - 1 and 0 <= points[0][1] <= rows - 1):
            return
        inside = tuple((min(max(x, 0.0), columns - 1.0), min(max(y, 0.0), rows - 1.0)) for x, y in points)
        outside = bool(widget.mouse.modifiers & Qt.KeyboardModifier.ControlModifier)
        kind: PromptKind = "box" if box is not None else "outside" if outside else "inside"
        widget.workspace.prompts.give(stack, widget.state.view.time, shown.k, Prompt(kind, inside))
        widget.touch()

    def cancel(self) -> None:
        self._widget.prompting.box = None
        self._widget.update()


class ViewportPrompting:
    """Asked by a viewport while it paints."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self.box: QRectF | None = None
        """On the screen, while it is drawn."""
        listen(widget, widget.workspace.prompts.changed, self._on_changed)

    def _on_changed(self, stack_id: str) -> None:
        stack = self._widget.state.stack
        if stack is not None and stack.id == stack_id:
            self._widget.update()

    def draw(self, canvas: Canvas) -> None:
        """The prompts of the slice: a plus inside, a minus outside, boxes."""
        widget = self._widget
        shown, stack = widget.shown, widget.state.stack
        if self.box is not None:
            self._rectangle(canvas, self.box)
        if shown is None or shown.k is None or stack is None or not widget.workspace.ai_visible:
            return
        prompts, time = widget.workspace.prompts, widget.state.view.time
        for prompt in prompts.on(stack.id, time, shown.k):
            places = [QPointF(*widget.transform.image_to_screen(x, y)) for x, y in prompt.points]
            if prompt.kind == "box":
                self._rectangle(canvas, QRectF(places[0], places[1]).normalized())
            for place in places if prompt.kind != "box" else ():
                self._sign(canvas, place, prompt.kind == "inside")
        if prompts.is_waiting(stack.id, time, shown.k):
            words = translate("Viewport", "The model looks at this slice…")
            face = canvas.fonts.text
            canvas.words(
                (canvas.width - face.width(words)) / 2, canvas.height - 2 * MARGIN - face.height, words, AI_VIOLET, face
            )

    def _rectangle(self, canvas: Canvas, box: QRectF) -> None:
        canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((_HALO, 3.2), (AI_CYAN, 1.5)):
            canvas.painter.setPen(QPen(colour, width))
            canvas.painter.drawRect(box)

    def _sign(self, canvas: Canvas, at: QPointF, inside: bool) -> None:
        painter = canvas.painter
        painter.setPen(QPen(_HALO, 1.0))
        painter.setBrush(AI_CYAN if inside else DANGER)
        painter.drawEllipse(at, RADIUS, RADIUS)
        painter.setPen(QPen(QColor(0, 0, 0), 1.6))
        painter.drawLine(at - QPointF(2.6, 0), at + QPointF(2.6, 0))
        if inside:
            painter.drawLine(at - QPointF(0, 2.6), at + QPointF(0, 2.6))
