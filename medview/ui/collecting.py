"""Python's collector of cycles runs on the main thread alone while there is a window.

Left to itself it runs in whichever thread makes the next object, a worker's too, and destroys there what it finds: widgets, timers,
fonts and pixmaps of a dialog that was closed, which Qt lets nobody touch but its own thread. What then breaks is something else, later.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

LOOK_MS = 250
"""How often it is looked whether there is enough to collect."""


_going_on: list[MainThreadCollection] = []


class MainThreadCollection(QObject):
    """Collects on the thread that made it, from now until `stop`; Python does so again when the last of them was stopped."""

    def __init__(self) -> None:
        super().__init__()
        self._was_on: bool = _going_on[0]._was_on if _going_on else gc.isenabled()
        self._thresholds = gc.get_threshold()
        _going_on.append(self)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation that has grown beyond its threshold; all of it not while something is dragged."""
        counts = gc.get_count()
        full = [at for at in range(3) if 0 < self._thresholds[at] < counts[at]]
        if not full:
            return
        dragging = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        gc.collect(min(full[-1], 1) if dragging else full[-1])

    def stop(self) -> None:
        """Leave collecting to Python again."""
        self._timer.stop()
        _going_on.remove(self)
        if self._was_on and not _going_on:
            gc.enable()
