"""What a run tells of itself while it goes on: the step it is at, and the seconds that each step took."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from medview.core.progress import Progress

STEP_OPEN, STEP_PREPARE, STEP_NETWORK, STEP_RESTORE = "open", "prepare", "network", "restore"
STEP_LOCATE = "locate"
"""Names of the steps that progress and ``timing_s`` speak of."""


class Course:
    """The way of one run; ``progress`` ends it by raising Cancelled."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._step = (STEP_OPEN, 0, 0)
        self._started = clock.perf_counter()
        self.timing: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """Since it began."""
        return clock.perf_counter() - self._started

    def report(self, step: str, done: int, total: int) -> None:
        """Say how far a step is."""
        self._step = (step, done, total)
        self._progress(step, done, total)

    def again(self) -> None:
        """Say the same once more, so that the wish to end is heard."""
        self._progress(*self._step)

    def silent(self, _done: int, _total: int) -> None:
        """A checkpoint of work too small to be told of."""
        self.again()

    def checkpoint_of(self, step: str) -> Callable[[int, int], None]:
        """A checkpoint that reports ``step``."""
        return lambda done, total: self.report(step, done, total)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time inside to ``step``; a step inside another takes its time away from it."""
        start = clock.perf_counter()
        before = sum(self.timing.values())
        try:
            yield
        finally:
            spent = clock.perf_counter() - start - (sum(self.timing.values()) - before)
            self.timing[step] = self.timing.get(step, 0.0) + spent
