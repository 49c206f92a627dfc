"""Modules that are needed soon are imported one in a turn of the event loop: all at once they would hold up the first drag."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer


def import_ahead(parent: QObject, modules: Sequence[str], then: Callable[[], None]) -> None:
    """Import ``modules`` in this order, the small ones that others are made of first, and call ``then``."""
    waiting = [name for name in modules if name not in sys.modules]
    if not waiting:
        then()
        return
    importlib.import_module(waiting[0])
    # Not 0 ms: those calls are made one after the other before any other timer has its turn.
    QTimer.singleShot(1, parent, lambda: import_ahead(parent, waiting[1:], then))
