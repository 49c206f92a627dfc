"""Fingers and pens in a viewport: one scrolls, holds the tool in hand, or pulls what lies under it; two zoom and pan, three window.

The pen's other end deletes a mark, and wipes away with the brush in hand.

What a finger starts is decided by how many there are; when another one comes or goes the hand begins anew from there, and
after several fingers the last one left does nothing, so that lifting a hand never scrolls.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QEventPoint, QMouseEvent, QNativeGestureEvent, QPointingDevice, QTabletEvent, QTouchEvent

from medview.app import reading
from medview.app.hand_profiles import bound
from medview.app.tools import PAINT_TOOLS, Tool
from medview.core.window import Voi
from medview.ui.viewport_wheel import do_double

if TYPE_CHECKING:
    from medview.ui.viewport import ViewportWidget

TAP_PX = 10.0
"""A finger that moved less has tapped."""
DOUBLE_TAP_S = 0.4
LONG_PRESS_MS = 600
SCROLL_PX = 14.0
"""Px of one finger for one slice: a finger is coarser than a mouse."""

_EVENTS = frozenset({QEvent.Type.TouchBegin, QEvent.Type.TouchUpdate, QEvent.Type.TouchEnd, QEvent.Type.TouchCancel})


class ViewportTouch:
    """Turns touches, touchpad gestures and pens into reading actions."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self._count = 0
        self._most = 0
        self._start = QPointF()
        self._last: tuple[QPointF, ...] = ()
        self._moved = False
        self._rest = 0.0
        self._voi: Voi | None = None
        self._tapped = (0.0, QPointF())
        self._draws = False
        self._wipes: Tool | None = None
        """The tool that was in hand before the pen's other end came down; None where it does not wipe."""
        self._long = QTimer(widget)
        self._long.setSingleShot(True)
        self._long.setInterval(LONG_PRESS_MS)
        self._long.timeout.connect(self._press_long)

    def takes(self, event: QEvent) -> bool:
        """Do what an event stands for; False where it is none of fingers, pens and touchpads."""
        if event.type() in _EVENTS and isinstance(event, QTouchEvent):
            self._touch(event)
        elif event.type() is QEvent.Type.NativeGesture and isinstance(event, QNativeGestureEvent):
            return self._gesture(event)
        elif isinstance(event, QTabletEvent):
            return self._erase(event)
        else:
            return False
        event.accept()
        return True

    # ------------------------------------------------------------------ fingers

    def _touch(self, event: QTouchEvent) -> None:
        if event.type() is QEvent.Type.TouchCancel:
            self._end(cancelled=True)
            return
        down = [point for point in event.points() if point.state() is not QEventPoint.State.Released]
        places = tuple(point.position() for point in down)
        if event.type() is QEvent.Type.TouchBegin and places:
            self._begin(places[0])
        if len(places) != self._count:
            self._change(places)
        if not places:
            ended = event.points()[0].position() if event.points() else self._start
            self._end(at=ended)
            return
        self._move(places)

    def _begin(self, at: QPointF) -> None:
        self._widget.take_focus()
        self._widget.marking.leave_entry()
        self._start, self._most, self._count, self._moved, self._rest = QPointF(at), 0, 0, False, 0.0
        self._long.start()

    def _change(self, places: tuple[QPointF, ...]) -> None:
        """Another finger came or one went: from here on it is another gesture."""
        if self._draws and len(places) > 1:
            self._widget.mouse.cancel()
            self._draws = False
        if len(places) == 1 and self._most == 0:
            self._draws = self._widget.workspace.tools.tool is not Tool.WINDOW or self._pulls(places[0])
            if self._draws:
                self._as_mouse(QEvent.Type.MouseButtonPress, places[0])
        self._count = len(places)
        self._most = max(self._most, self._count)
        self._last, self._rest = places, 0.0
        self._voi = self._widget.voi
        if self._count > 1:
            self._long.stop()
            self._start = _middle(places)

    def _pulls(self, at: QPointF) -> bool:
        """Whether something lies there that is pulled, or the whole picture is: a slider, a grip, a handle, what is turned."""
        widget, mouse = self._widget, self._widget.mouse
        self._as_mouse(QEvent.Type.MouseMove, at)
        if widget.state.view.plane_kind in {"turning", "solid"}:
            return True
        hit = mouse.hovered
        on_mark = hit is not None and (hit.grip is not None or hit.mark_id == widget.selected_mark)
        on_edge = mouse.over_slider or mouse.over_dimension is not None or mouse.over_line
        return on_mark or on_edge or widget.crosshair.grip is not None or widget.grips.at(at) is not None

    def _move(self, places: tuple[QPointF, ...]) -> None:
        middle = _middle(places)
        if (middle - self._start).manhattanLength() > TAP_PX:
            self._moved = True
            self._long.stop()
        if self._draws:
            self._as_mouse(QEvent.Type.MouseMove, places[0])
        elif self._count == 1 and self._most == 1 and self._moved:
            self._scroll(places[0])
        elif self._count == 2:
            self._zoom_and_pan(places)
        elif self._count >= 3 and self._voi is not None:
            across = middle - self._start
            sensitivity = self._widget.workspace.settings.window_sensitivity
            window = reading.window_by_drag(self._voi, across.x(), -across.y(), self._widget.inverted, sensitivity)
            reading.set_window(self._widget.state, window)
        self._last = places

    def _scroll(self, at: QPointF) -> None:
        settings = self._widget.workspace.settings
        self._rest += (at.y() - self._last[0].y()) * settings.scroll_sensitivity
        steps = int(self._rest / SCROLL_PX)
        self._rest -= steps * SCROLL_PX
        if steps:
            reading.scroll(self._widget.state, -steps if settings.scroll_reversed else steps)

    def _zoom_and_pan(self, places: tuple[QPointF, ...]) -> None:
        """What lay under the two fingers stays under them."""
        if len(self._last) != 2:
            return
        widget = self._widget
        before, now = _middle(self._last), _middle(places)
        apart, far = _distance(self._last), _distance(places)
        if apart > 1.0 and far > 1.0:
            reading.zoom_about(widget.state, widget.transform, far / apart, before.toTuple())
        across = now - before
        reading.pan_by(widget.state, widget.transform, across.x(), across.y())

    def _end(self, at: QPointF | None = None, cancelled: bool = False) -> None:
        self._long.stop()
        widget, drew = self._widget, self._draws
        self._draws, self._count = False, 0
        if drew and cancelled:
            widget.mouse.cancel()
        elif drew:
            self._as_mouse(QEvent.Type.MouseButtonRelease, at or self._start)
            if not self._moved and widget.workspace.tools.tool is Tool.WINDOW:
                self._is_second(at or self._start)
        elif not cancelled and self._most == 1 and not self._moved:
            self._tap(at or self._start)
        widget.touch()

    def _tap(self, at: QPointF) -> None:
        """A tap selects what lies there; two are a double click."""
        if not self._is_second(at):
            self._as_mouse(QEvent.Type.MouseButtonPress, at)
            self._as_mouse(QEvent.Type.MouseButtonRelease, at)

    def _is_second(self, at: QPointF) -> bool:
        """Whether a tap is the second of two, which is done then."""
        when, where = self._tapped
        now = time.monotonic()
        if now - when < DOUBLE_TAP_S and (at - where).manhattanLength() < 3 * TAP_PX:
            self._tapped = (0.0, QPointF())
            do_double(self._widget, bound(self._widget.workspace.settings, "double"))
            return True
        self._tapped = (now, QPointF(at))
        return False

    def _press_long(self) -> None:
        """A finger that stays asks for the menu of what lies under it."""
        if self._count == 1 and not self._moved:
            self._moved = True  # its end is no tap
            if self._draws:
                self._widget.mouse.cancel()
                self._draws = False
            self._as_mouse(QEvent.Type.MouseMove, self._start)
            hit = self._widget.mouse.hovered
            if hit is not None:
                self._widget.select_mark(hit.mark_id)
            self._widget.context_requested.emit(self._widget.mapToGlobal(self._start).toPoint())

    def _as_mouse(self, kind: QEvent.Type, at: QPointF) -> None:
        """What the left button of a mouse would be there."""
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button = none if kind is QEvent.Type.MouseMove else left
        held = none if kind is QEvent.Type.MouseButtonRelease else left
        event = QMouseEvent(kind, at, self._widget.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
        handle = {
            QEvent.Type.MouseButtonPress: self._widget.mouse.press,
            QEvent.Type.MouseMove: self._widget.mouse.move,
            QEvent.Type.MouseButtonRelease: self._widget.mouse.release,
        }[kind]
        handle(event)

    # ------------------------------------------------------------------ touchpads and pens

    def _gesture(self, event: QNativeGestureEvent) -> bool:
        """Two fingers on a touchpad zoom about the pointer."""
        widget = self._widget
        if widget.shown is None or event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
            return False
        factor = max(0.2, 1.0 + event.value())
        reading.zoom_about(widget.state, widget.transform, factor, event.position().toTuple())
        widget.touch()
        event.accept()
        return True

    def _erase(self, event: QTabletEvent) -> bool:
        """What a pen's other end does; everything else that a pen does Qt tells as a mouse."""
        if event.pointerType() is not QPointingDevice.PointerType.Eraser:
            return False
        tools, at = self._widget.workspace.tools, event.position()
        if event.type() is QEvent.Type.TabletPress and tools.tool in PAINT_TOOLS:
            self._wipes = tools.tool
            tools.choose(Tool.ERASER)
            self._as_mouse(QEvent.Type.MouseButtonPress, at)
        elif event.type() is QEvent.Type.TabletPress:
            hit = self._widget.mouse.hit(at)
            if hit is not None:
                self._widget.select_mark(hit.mark_id)
                self._widget.delete_selected()
        elif self._wipes is not None and event.type() is QEvent.Type.TabletMove:
            self._as_mouse(QEvent.Type.MouseMove, at)
        elif self._wipes is not None and event.type() is QEvent.Type.TabletRelease:
            self._as_mouse(QEvent.Type.MouseButtonRelease, at)
            before, self._wipes = self._wipes, None
            tools.choose(before)
        event.accept()
        return True


def _middle(places: tuple[QPointF, ...]) -> QPointF:
    return QPointF(sum(one.x() for one in places) / len(places), sum(one.y() for one in places) / len(places))


def _distance(places: tuple[QPointF, ...]) -> float:
    return math.hypot(places[0].x() - places[1].x(), places[0].y() - places[1].y())
