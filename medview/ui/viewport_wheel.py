"""What the wheel and a double click do in a viewport: what the reader's profile binds to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QWheelEvent

from medview.app import reading
from medview.app.hand_profiles import bound
from medview.app.notices import images_place
from medview.app.slabs import step_thickness
from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.ui.viewport import ViewportWidget

NOTCH = 120


def gesture_name(modifiers: Qt.KeyboardModifier, name: str) -> str:
    """The name of a gesture with its modifiers, in the order that profiles write them."""
    held = (
        (Qt.KeyboardModifier.ControlModifier, "Ctrl"),
        (Qt.KeyboardModifier.AltModifier, "Alt"),
        (Qt.KeyboardModifier.ShiftModifier, "Shift"),
    )
    # "Ctrl+Shift" is written so, "Alt+Shift" too: Alt between them only where all three are held.
    return "+".join([*(word for modifier, word in held if modifiers & modifier), name])


class ViewportWheel:
    """Turns the wheel of one viewport into reading actions. Parts of notches (touchpads) add up."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self._rest = 0.0
        self._actions: Mapping[str, Callable[[float, QPointF], None]] = {
            "scroll": lambda notches, at: self.scroll(notches, at, 1),
            "scroll_fast": lambda notches, at: self.scroll(notches, at, reading.FAST_SCROLL),
            "zoom": self.zoom,
            "time": self._time,
            "blend": self._blend,
            "slab": self._slab,
        }

    def turn(self, event: QWheelEvent) -> None:
        """Do what this wheel is bound to.

        Some systems turn Shift + wheel into a sideways wheel.
        """
        delta = event.angleDelta().y() or event.angleDelta().x()
        modifiers = event.modifiers()
        if self._widget.brushing.wheel(delta, modifiers):
            return
        action = bound(self._widget.workspace.settings, gesture_name(modifiers, "wheel"))
        if action == "scroll" and self._widget.solid.is_shown:
            action = "zoom"  # there are no slices
        if action in self._actions:
            self._actions[action](delta / NOTCH, event.position())

    def _whole(self, notches: float) -> int:
        self._rest += notches
        whole = int(self._rest + 1e-9 if self._rest > 0 else self._rest - 1e-9)
        self._rest -= whole
        return whole

    def zoom(self, notches: float, at: QPointF) -> None:
        """Zoom about the pointer, also by parts of notches."""
        reading.zoom_about(self._widget.state, self._widget.transform, reading.ZOOM_STEP**notches, at.toTuple())

    def scroll(self, notches: float, at: QPointF, pace: int) -> None:
        """Go through the slices, over the slider of a dimension along that."""
        whole = self._whole(notches)
        if not whole:
            return
        widget = self._widget
        steps = -whole if not widget.workspace.settings.scroll_reversed else whole
        row = widget.mouse.dimension_row(at)
        if row is not None:
            widget.state.update(dimension=row.index)
            reading.step_time(widget.state, steps)
            return
        reading.scroll(widget.state, steps * pace)

    def _time(self, notches: float, _at: QPointF) -> None:
        whole = self._whole(notches)
        if whole:
            reading.step_time(self._widget.state, -whole)

    def _blend(self, notches: float, at: QPointF) -> None:
        """More of the series on top; where there is none, a thicker slab."""
        if not self._widget.fusing.wheel(notches):
            self._slab(notches, at)

    def _slab(self, notches: float, _at: QPointF) -> None:
        whole = self._whole(notches)
        if not whole:
            return
        try:
            step_thickness(self._widget.state, whole)
        except MedviewError as error:
            self._widget.workspace.tell(
                error.code, error.text, error.values, "warning", images_place(self._widget.state.stack)
            )


def do_double(widget: ViewportWidget, action: str) -> None:
    """What the profile binds to a double click."""
    if action == "maximise":
        widget.maximise()
    elif action == "full_screen":
        widget.maximise()
        widget.full_screen_asked.emit()
    elif action == "fit":
        reading.fit(widget.state)
    elif action == "reset":
        reading.reset(widget.state)
