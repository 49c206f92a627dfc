"""Widgets that observe the workspace: they stop when Qt deletes them, whatever deletes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject


def listen(widget: QObject, signal: Any, slot: Callable[..., None]) -> None:
    """Call ``slot`` for every emission of a psygnal ``signal`` until ``widget`` is destroyed."""
    signal.connect(slot)
    widget.destroyed.connect(lambda: signal.disconnect(slot, missing_ok=True))
