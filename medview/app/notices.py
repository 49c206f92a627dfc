"""What the reader is told: notices in the place that they concern, kept in a list until they are dismissed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from medview.app.marked_text import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from medview.core.study import Stack

Severity = Literal["hint", "done", "warning", "danger"]


WINDOW = "window"
AI = "ai"


def stack_place(stack_id: str) -> str:
    """The place of a notice about one stack."""
    return f"stack:{stack_id}"


def images_place(stack: Stack | None) -> str:
    """The place of a notice about the images of a viewport: it goes when they go."""
    return WINDOW if stack is None else stack_place(stack.id)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What the reader can do about a notice: an English title (translated by the window) and a command's id."""

    title: str
    command: str


SHOW_LIST = Remedy(QT_TRANSLATE_NOOP("Notice", "Show the list"), "window.notices")
READ_AGAIN = Remedy(QT_TRANSLATE_NOOP("Notice", "Read again"), "stack.read_again")
KEEP_AGAIN = Remedy(QT_TRANSLATE_NOOP("Notice", "Try again"), "marks.keep")
OPEN_OTHER = Remedy(QT_TRANSLATE_NOOP("Notice", "Open another folder"), "study.open")


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
    stays: bool = False
    """Whether its strip cannot be closed while it is true."""
