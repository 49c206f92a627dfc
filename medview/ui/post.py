"""Brings functions from worker threads to the main thread: the only seam between them in the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class MainThreadPost(QObject):
    """Runs functions on the thread that made it, in the order in which they were posted."""

    _posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._open = True
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def __call__(self, function: Callable[[], None]) -> None:
        """Run ``function`` on the main thread soon; may be called from any thread, dropped after `close`."""
        if self._open:
            self._posted.emit(function)

    @Slot(object)
    def _run(self, function: Callable[[], None]) -> None:
        if self._open:
            function()

    def close(self) -> None:
        """Drop everything that is still on its way."""
        self._open = False
