"""What the reader is told: notices in the place that they concern, kept in a list until they are dismissed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["hint", "done", "warning", "danger"]

WINDOW = "window"
AI = "ai"


def stack_place(stack_id: str) -> str:
    """The place of a notice about one stack."""
    return f"stack:{stack_id}"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What the reader can do about a notice: an English title (translated by the window) and what it does."""

    title: str
    run: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. ``text`` is complete English; ``code`` and ``values`` let the window say it in another language."""

    id: int
    code: str
    text: str
    values: tuple[str, ...] = ()
    severity: Severity = "warning"
    place: str = WINDOW
    path: str = ""
    remedy: Remedy | None = None
    shown: bool = True
    """Whether its strip is still open; a dismissed notice stays in the list."""
