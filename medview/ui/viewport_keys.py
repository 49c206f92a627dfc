"""Keys that a viewport answers by itself when no command of the window has taken them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from medview.app import reading

if TYPE_CHECKING:
    from medview.ui.viewport import ViewportWidget


def is_own_key(widget: ViewportWidget, event: QKeyEvent) -> bool:
    """Whether a key that is a command's means something else now: while a mark is set point by point."""
    keys = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace}
    return widget.mouse.sketching and Qt.Key(event.key()) in keys and not event.modifiers()


def press_key(widget: ViewportWidget, event: QKeyEvent) -> bool:
    """Scroll, delete, cancel; False for keys that mean nothing here."""
    key = Qt.Key(event.key())
    if widget.mouse.sketch_key(key):
        return True
    if key == Qt.Key.Key_Delete:
        widget.delete_selected()
        return True
    if key == Qt.Key.Key_Escape:
        widget.escape()
        return True
    if widget.shown is None:
        return False
    fast = reading.FAST_SCROLL if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
    steps = {
        Qt.Key.Key_Down: fast,
        Qt.Key.Key_Up: -fast,
        Qt.Key.Key_PageDown: reading.FAST_SCROLL,
        Qt.Key.Key_PageUp: -reading.FAST_SCROLL,
    }
    if key in steps:
        reading.scroll(widget.state, steps[key])
    elif key == Qt.Key.Key_Home:
        reading.first_slice(widget.state)
    elif key == Qt.Key.Key_End:
        reading.last_slice(widget.state)
    else:
        return False
    widget.touch()
    return True
