"""What the mouse does in a viewport: one drag at a time, each knows how to move, end and be taken back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from medview.app import reading
from medview.app.hand_profiles import bound, drag_tool
from medview.app.tools import DRAWING_TOOLS, PAINT_TOOLS, Tool
from medview.core.window import Voi
from medview.ui.dimension_slider import DimensionRow, dimension_rows, row_at
from medview.ui.mark_drags import CLICK_REACH, KIND_OF_TOOL, POINTWISE, MarkDrag, NewMarkDrag, Sketch
from medview.ui.measurement_items import Hit, hit_mark
from medview.ui.tool_cursors import tool_cursor
from medview.ui.viewport_brush import BrushDrag, GrowClick
from medview.ui.viewport_edges import index_at_slider
from medview.ui.viewport_magnifier import MagnifierDrag
from medview.ui.viewport_prompting import PromptDrag
from medview.ui.viewport_style import SLIDER_REACH
from medview.ui.viewport_wheel import ViewportWheel, do_double, gesture_name
from medview.ui.window_box import WindowBoxDrag

if TYPE_CHECKING:
    from medview.ui.viewport import ViewportWidget

SCROLL_PX = 6.0
"""Least px of a drag for one slice; a stack of many slices needs fewer, one of few is not overshot."""
FUSION_WHEEL = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
)
"""What is held with the wheel for the opacity of a series on top; some systems keep one of them for themselves."""
ROTATE_PX = 60.0
"""Px of a drag for a quarter turn."""


class Drag(Protocol):
    """A movement between press and release. Positions are logical px of the viewport."""

    def move(self, at: QPointF) -> None: ...
    def end(self, at: QPointF) -> None: ...
    def cancel(self) -> None: ...


class ViewportMouse:
    """Turns mouse events of one viewport into reading actions."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self._drag: Drag | None = None
        self._button = Qt.MouseButton.NoButton
        self._pressed = QPointF()
        self._slipped = False
        self._wheel = ViewportWheel(widget)
        self.sketch: Sketch | None = None
        """A mark that is being set point by point."""
        self.position: QPointF | None = None
        """Where the pointer is; None outside."""
        self.modifiers = Qt.KeyboardModifier.NoModifier
        """Keys that were held at the press."""
        self.hovered: Hit | None = None
        self.over_slider = False
        self.over_dimension: int | None = None
        """Which dimension's slider is under the pointer."""
        self.over_line = False
        """Whether the line between two fused series is under the pointer."""

    @property
    def is_dragging(self) -> bool:
        """Whether a drag is going on."""
        return self._drag is not None

    # ------------------------------------------------------------------ events

    def press(self, event: QMouseEvent) -> None:
        """Start what the button, and what lies under the pointer, stand for."""
        self._widget.take_focus()
        self._widget.marking.leave_entry()
        if self._drag is not None:
            if event.buttons() != event.button():
                return  # a second button during a drag is a slip
            self.cancel()  # its release went to another window
        self._button, self._pressed, self._slipped = event.button(), event.position(), False
        self.modifiers = event.modifiers()
        self._drag = self._drag_for(event)
        self.update_cursor()

    def _drag_for(self, event: QMouseEvent) -> Drag | None:
        widget = self._widget
        if widget.shown is None:
            return None
        at = event.position()
        if self.sketching and event.button() is not Qt.MouseButton.MiddleButton:
            assert self.sketch is not None
            if event.button() is Qt.MouseButton.RightButton:
                self.sketch.finish()
                self._forget_done()
                self._slipped = True  # its release asks for no menu
                return None
            self.sketch.press(at)
            return self.sketch
        if event.button() is Qt.MouseButton.LeftButton:
            if self._is_over_slider(at):
                drag = SliderDrag(widget)
                drag.move(at)
                return drag
            row = self.dimension_row(at)
            if row is not None:
                along = DimensionDrag(widget, row)
                along.move(at)
                return along
            fused = widget.fusing.drag(at, event.modifiers())
            if fused is not None:
                return fused
            hit = self.hit(at)
            pulled = widget.grips.press(at) if hit is None else None
            if pulled is not None:
                return pulled
            widget.select_mark(hit.mark_id if hit is not None else None)
            widget.marking.grip = hit.grip if hit is not None else None
            if hit is not None:
                return MarkDrag(widget, hit, at)
            crossed = widget.crosshair.press(at, event.modifiers())
            if crossed is not None:
                return crossed
            return self._tool_drag(self._tool_of(event, "left"), at)
        if event.button() is Qt.MouseButton.MiddleButton:
            return self._tool_drag(self._tool_of(event, "middle"), at)
        if event.button() is Qt.MouseButton.RightButton:
            hit = self.hit(at)
            if hit is not None:
                widget.select_mark(hit.mark_id)  # the menu is about it
            return self._tool_drag(self._tool_of(event, "right"), at)
        return None

    def _tool_of(self, event: QMouseEvent, button: str) -> Tool | None:
        workspace = self._widget.workspace
        return drag_tool(workspace.settings, gesture_name(event.modifiers(), button), workspace.tools.tool)

    def _tool_drag(self, tool: Tool | None, at: QPointF) -> Drag | None:
        widget = self._widget
        if tool is None or widget.crosshair.refuses(tool):
            return None
        if tool in DRAWING_TOOLS:
            kind = KIND_OF_TOOL[tool]
            if kind in POINTWISE:
                self.sketch = Sketch(widget, kind, at)
                return self.sketch
            return NewMarkDrag(widget, kind, at)
        return _DRAGS[tool](widget, at)

    def move(self, event: QMouseEvent) -> None:
        """Go on with a drag, or tell what is under the pointer."""
        at = event.position()
        self.position = at
        if self._drag is not None:
            if not self._slipped and (at - self._pressed).manhattanLength() >= CLICK_REACH:
                self._slipped = True
            if self._slipped or self._button is not Qt.MouseButton.RightButton:
                self._drag.move(at)
        elif self.sketching and self.sketch is not None:
            self.sketch.move(at)
        else:
            self._hover(at)
        self._widget.brushing.hover()
        self._widget.tell_readout()

    def release(self, event: QMouseEvent) -> None:
        """End a drag; a right click that did not move asks for the menu."""
        if event.button() is not self._button:
            return
        drag, self._drag, self._button = self._drag, None, Qt.MouseButton.NoButton
        clicked = not self._slipped and (event.position() - self._pressed).manhattanLength() < CLICK_REACH
        if event.button() is Qt.MouseButton.RightButton and clicked:
            if drag is not None:
                drag.cancel()
            self._widget.context_requested.emit(event.globalPosition().toPoint())
        elif drag is not None:
            drag.end(event.position())
        self._forget_done()
        self._hover(event.position())
        self.update_cursor()
        self._widget.update()

    def double_click(self, event: QMouseEvent) -> None:
        """Maximise or restore, but not with a tool that makes marks; ends a mark that is set point by point."""
        if self.sketching and self.sketch is not None:
            self.sketch.finish()
            self._forget_done()
            return
        hit = self.hit(event.position())
        mark = self._widget.workspace.measurements.get(hit.mark_id) if hit is not None else None
        if mark is not None and mark.kind in {"text", "arrow", "calibration"}:
            self.cancel()
            self._widget.select_mark(mark.id)
            self._widget.marking.edit_text()
            return
        self.cancel()
        drawing = self._widget.workspace.tools.tool in DRAWING_TOOLS | PAINT_TOOLS | {Tool.PROMPT}
        at = event.position()
        on_picture = not self._is_over_slider(at) and self.dimension_row(at) is None
        if event.button() is Qt.MouseButton.LeftButton and not drawing and on_picture:
            do_double(self._widget, bound(self._widget.workspace.settings, "double"))

    def wheel(self, event: QWheelEvent) -> None:
        """What the profile binds to the wheel."""
        widget = self._widget
        if widget.shown is None:
            return
        self._wheel.turn(event)
        widget.touch()
        self.position = event.position()
        widget.tell_readout()

    def leave(self) -> None:
        """The pointer left the viewport."""
        if self._drag is None:
            self.position = None
            self.hovered = None
            self.over_slider = False
            self.over_dimension = None
            self._widget.tell_readout()
            self._widget.update()

    def cancel(self) -> bool:
        """Take a running drag back; False where there was none."""
        drag, self._drag, self._button = self._drag, None, Qt.MouseButton.NoButton
        sketch, self.sketch = self.sketch, None
        if drag is None and sketch is None:
            return False
        for one in (drag, sketch):
            if one is not None:
                one.cancel()
        self.update_cursor()
        self._widget.update()
        return True

    # ------------------------------------------------------------------ marks point by point

    @property
    def sketching(self) -> bool:
        """Whether a mark is being set point by point on the slice shown."""
        return self.sketch is not None and self.sketch.is_here

    def _forget_done(self) -> None:
        if self.sketch is not None and self.sketch.done:
            self.sketch = None

    def sketch_key(self, key: int) -> bool:
        """Enter ends a mark that is set point by point, Backspace takes its last point back; False for other keys."""
        if self.sketch is None or not self.sketching:
            return False
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.sketch.finish()
        elif key == Qt.Key.Key_Backspace:
            self.sketch.take_back()
        else:
            return False
        self._forget_done()
        return True

    # ------------------------------------------------------------------ hovering

    def hit(self, at: QPointF) -> Hit | None:
        """The mark under a point."""
        widget = self._widget
        if widget.workspace.tools.tool in PAINT_TOOLS:
            return None  # a brush goes over marks
        return hit_mark(widget.marks_here(), widget.transform, at.toTuple(), widget.marking.boxes)

    def _is_over_slider(self, at: QPointF) -> bool:
        return self._widget.state.slice_count > 1 and at.x() >= self._widget.width() - SLIDER_REACH

    def dimension_row(self, at: QPointF) -> DimensionRow | None:
        """The slider of a dimension under a point."""
        widget = self._widget
        rows = dimension_rows((widget.width(), widget.height()), widget.state.stack)
        return row_at(rows, at.x(), at.y())

    def _hover(self, at: QPointF) -> None:
        widget = self._widget
        if widget.shown is None:
            return
        hit = self.hit(at)
        over_slider = self._is_over_slider(at)
        row = self.dimension_row(at)
        over_dimension = None if row is None else row.index
        over_line = widget.fusing.takes(at)
        held = widget.crosshair.hovers(at)
        now = (hit, over_slider, over_dimension, over_line)
        if held or now != (self.hovered, self.over_slider, self.over_dimension, self.over_line):
            self.hovered, self.over_slider, self.over_dimension, self.over_line = now
            self.update_cursor()
            widget.update()

    def update_cursor(self) -> None:
        """Show the tool that a drag from here would be."""
        widget = self._widget
        if widget.shown is None or self.over_slider or self.over_dimension is not None:
            widget.setCursor(Qt.CursorShape.ArrowCursor)
        elif self.over_line:
            widget.setCursor(Qt.CursorShape.SplitHCursor)
        elif self.hovered is not None and self._drag is None:
            whole = self.hovered.grip is None
            widget.setCursor(Qt.CursorShape.SizeAllCursor if whole else Qt.CursorShape.PointingHandCursor)
        elif widget.crosshair.grip is not None:
            widget.setCursor(widget.crosshair.cursor())
        else:
            button = {Qt.MouseButton.MiddleButton: "middle", Qt.MouseButton.RightButton: "right"}.get(self._button)
            tool = drag_tool(widget.workspace.settings, button or "left", widget.workspace.tools.tool)
            widget.setCursor(tool_cursor(tool or Tool.WINDOW, self._drag is not None))


# ---------------------------------------------------------------------- drags


class WindowDrag:
    """Right is wider, up is brighter, from the window at the press."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget, self._start = widget, at
        self._before: Voi | None = widget.state.view.voi
        self._voi = widget.voi

    def move(self, at: QPointF) -> None:
        if self._voi is None:
            return
        distance = at - self._start
        window = reading.window_by_drag(
            self._voi,
            distance.x(),
            -distance.y(),
            self._widget.inverted,
            self._widget.workspace.settings.window_sensitivity,
        )
        if distance.manhattanLength() > 0:
            reading.set_window(self._widget.state, window)

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        reading.set_window(self._widget.state, self._before)


class PanDrag:
    """The picture follows the pointer."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget, self._last, self._before = widget, at, widget.state.view.pan

    def move(self, at: QPointF) -> None:
        step = at - self._last
        self._last = at
        reading.pan_by(self._widget.state, self._widget.transform, step.x(), step.y())

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        self._widget.state.update(pan=self._before)


class ZoomDrag:
    """Up is larger; what lay under the pointer at the press stays there."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget, self._start, self._last_y = widget, at, at.y()
        view = widget.state.view
        self._before = {"zoom": view.zoom, "pan": view.pan, "pixel_scale": view.pixel_scale}

    def move(self, at: QPointF) -> None:
        factor = math.exp((self._last_y - at.y()) * reading.ZOOM_DRAG)
        self._last_y = at.y()
        if factor != 1.0:
            reading.zoom_about(self._widget.state, self._widget.transform, factor, self._start.toTuple())

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        self._widget.state.update(**self._before)


class ScrollDrag:
    """Down is on, in the direction of the wheel; the whole stack fits into the viewport's height."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget, self._start, self._index = widget, at, widget.state.slice_index
        count = max(widget.state.slice_count, 1)
        self._px = max(1.0, min(SCROLL_PX, 0.8 * widget.height() / count))
        self._px /= widget.workspace.settings.scroll_sensitivity

    def move(self, at: QPointF) -> None:
        steps = int((at.y() - self._start.y()) / self._px)
        if self._widget.workspace.settings.scroll_reversed:
            steps = -steps
        reading.scroll_to(self._widget.state, self._index + steps)

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        reading.scroll_to(self._widget.state, self._index)


class RotateDrag:
    """Quarter turns by dragging sideways."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget, self._start, self._before = widget, at, widget.state.view.rotation

    def move(self, at: QPointF) -> None:
        turns = round((at.x() - self._start.x()) / ROTATE_PX)
        self._widget.state.update(rotation=(self._before + turns) % 4)

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        self._widget.state.update(rotation=self._before)


class SliderDrag:
    """The slice under the pointer on the slider's track."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget, self._before = widget, widget.state.slice_index

    def move(self, at: QPointF) -> None:
        widget = self._widget
        index = index_at_slider((widget.width(), widget.height()), at.y(), widget.state.slice_count)
        reading.scroll_to(widget.state, index)

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        reading.scroll_to(self._widget.state, self._before)


class DimensionDrag:
    """The step under the pointer on the track of a dimension (echo, phase …)."""

    def __init__(self, widget: ViewportWidget, row: DimensionRow) -> None:
        self._widget, self._row = widget, row
        self._before = {"time": widget.state.view.time, "dimension": widget.state.view.dimension}

    def move(self, at: QPointF) -> None:
        stack = self._widget.state.stack
        if stack is not None and self._row.index < len(stack.named_dimensions):
            count = len(stack.named_dimensions[self._row.index].labels)
            reading.go_to_step(self._widget.state, self._row.index, self._row.step_at(at.x(), count))

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        self._widget.state.update(**self._before)


class CrosshairDrag:
    """Every viewport goes to the place under the pointer."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget = widget
        self.move(at)

    def move(self, at: QPointF) -> None:
        workspace, state = self._widget.workspace, self._widget.state
        if state in workspace.viewports:
            x, y = self._widget.transform.screen_to_image(at.x(), at.y())
            workspace.links.point_at(workspace.viewports.index(state), x, y)

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        self._widget.workspace.links.hide_crosshair()


_DRAGS: Mapping[Tool, Callable[[ViewportWidget, QPointF], Drag]] = {
    Tool.WINDOW: WindowDrag,
    Tool.PAN: PanDrag,
    Tool.ZOOM: ZoomDrag,
    Tool.SCROLL: ScrollDrag,
    Tool.ROTATE: RotateDrag,
    Tool.CROSSHAIR: CrosshairDrag,
    Tool.MAGNIFIER: MagnifierDrag,
    Tool.WINDOW_BOX: WindowBoxDrag,
    Tool.BRUSH: BrushDrag,
    Tool.ERASER: BrushDrag,
    Tool.GROW: GrowClick,
    Tool.PROMPT: PromptDrag,
}
