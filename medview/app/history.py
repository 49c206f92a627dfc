"""The one stack of undo and redo: changes are frozen values, and each kind has one place that knows how to apply it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from psygnal import Signal

MERGE_S = 1.5
"""Changes of one thing that follow one another faster are one step: a slider that is dragged."""
MOST_STEPS = 1000


class Change(Protocol):
    """What a step does. ``title`` is English, in the translators' context "Step"."""

    @property
    def title(self) -> str:
        """What the reader did, e.g. "Delete a mark"."""

    @property
    def stack_id(self) -> str:
        """The stack that it concerns, "" where it concerns the window."""

    def reversed(self) -> Change:
        """The change that takes this one back."""

    def joined(self, earlier: Change) -> Change | None:
        """Both this and the ``earlier`` change as one; None where they are two steps."""


C = TypeVar("C", bound=Change)


@dataclass(frozen=True, eq=False)
class SeveralChanges:
    """Changes of one or more kinds that the reader made as one; ``title`` says as what."""

    title: str
    changes: tuple[Change, ...]

    @property
    def stack_id(self) -> str:
        """The stack of the first of them."""
        return self.changes[0].stack_id

    def reversed(self) -> SeveralChanges:
        """All taken back, the last one first."""
        return SeveralChanges(self.title, tuple(one.reversed() for one in reversed(self.changes)))

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each is a step of its own."""
        return None


class History:
    """Steps that were done and taken back. ``changed`` after each; ``stepped`` tells a journal "done", "undone", "redone"."""

    changed = Signal()
    stepped = Signal(str, object)

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._done: list[Any] = []
        self._undone: list[Any] = []
        self._appliers: dict[type[Any], Callable[[Any], None]] = {}
        self._last = float("-inf")
        self._together: list[Any] | None = None
        self.understand(SeveralChanges, self._apply_all)

    def understand(self, kind: type[C], apply: Callable[[C], None]) -> None:
        """From now on changes of this kind are applied by ``apply``."""
        self._appliers[kind] = apply

    def do(self, change: Change) -> None:
        """Apply a change; it can be taken back."""
        if self._together is not None:
            self._appliers[type(change)](change)
            self._together.append(change)
            return
        now = self._clock()
        joined = (
            change.joined(self._done[-1]) if self._done and not self._undone and now - self._last < MERGE_S else None
        )
        self._last = now
        if joined is not None:
            self._done[-1] = joined
        else:
            self._done.append(change)
            del self._done[:-MOST_STEPS]
        self._undone.clear()
        self._tell("done", change)

    @contextmanager
    def as_one(self, title: str) -> Iterator[None]:
        """What is done inside is one step with that ``title``; a single change keeps its own."""
        if self._together is not None:
            yield
            return
        self._together = []
        try:
            yield
        finally:
            changes, self._together = self._together, None
            if changes:
                self._last = float("-inf")
                one = changes[0] if len(changes) == 1 else SeveralChanges(title, tuple(changes))
                self._done.append(one)
                del self._done[:-MOST_STEPS]
                self._undone.clear()
                self.stepped.emit("done", one)
                self.changed.emit()

    def _apply_all(self, change: SeveralChanges) -> None:
        for one in change.changes:
            self._appliers[type(one)](one)

    def undo(self) -> str | None:
        """Take the last change back; the stack that it was on, None where there is nothing to take back."""
        if not self._done:
            return None
        change = self._done.pop()
        self._undone.append(change)
        self._tell("undone", change.reversed())
        return str(change.stack_id)

    def redo(self) -> str | None:
        """Do again what was last taken back."""
        if not self._undone:
            return None
        change = self._undone.pop()
        self._done.append(change)
        self._tell("redone", change)
        return str(change.stack_id)

    def _tell(self, how: str, change: Any) -> None:
        if how != "done":
            self._last = float("-inf")  # what comes next is a step of its own
        self._appliers[type(change)](change)
        self.stepped.emit(how, change)
        self.changed.emit()

    @property
    def next_undone(self) -> Any:
        """The change that undo would take back; None where there is none."""
        return self._done[-1] if self._done else None

    @property
    def next_redone(self) -> Any:
        """The change that redo would do again; None where there is none."""
        return self._undone[-1] if self._undone else None

    @property
    def undo_title(self) -> str:
        """What undo would take back, "" where there is nothing."""
        return str(self._done[-1].title) if self._done else ""

    @property
    def redo_title(self) -> str:
        """What redo would do again, "" where there is nothing."""
        return str(self._undone[-1].title) if self._undone else ""

    def forget(self, stacks: Collection[str]) -> None:
        """Drop the steps on stacks that were closed: what is not open is not changed unseen."""
        for steps in (self._done, self._undone):
            steps[:] = [left for one in steps if (left := _left_of(one, stacks)) is not None]
        self.changed.emit()


def _left_of(change: Any, stacks: Collection[str]) -> Any:
    """What of a step is left when these stacks are closed; None where nothing is.

    What concerns the window may hold what it showed: a study that was closed must not stay in memory for it.
    """
    if isinstance(change, SeveralChanges):
        left = tuple(one for part in change.changes if (one := _left_of(part, stacks)) is not None)
        return replace(change, changes=left) if left else None
    if change.stack_id in stacks:
        return None
    return change.without(stacks) if hasattr(change, "without") else change
