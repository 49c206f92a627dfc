"""A service whose call may be told, from another thread, that its answer is not waited for any more."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from medview.jobs.service import Checkpoint, Service, ServiceEndedError


class HurriedService(Service):
    """As :class:`Service`; nothing is killed by :meth:`hurry`, the call answers with what it has."""

    def __init__(self, entry: str, niceness: int = 0, checkpoint: Checkpoint = lambda: None) -> None:
        self._pen = threading.Lock()
        super().__init__(entry, niceness, checkpoint)

    def hurry(self) -> None:
        """Tell the call that goes on that it may end early; from any thread."""
        with contextlib.suppress(ServiceEndedError):
            self._send(("stop",))

    def _send(self, message: tuple[Any, ...]) -> None:
        with self._pen:  # a word in between must not land inside a message
            super()._send(message)
