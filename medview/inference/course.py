"""What a run tells of itself while it goes on: the step it is at, and the seconds that each step took."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from contextlib import AbstractContextManager

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
        self.spent = 0.0
        """Of all steps that were timed, together."""

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

    def timed(self, step: str) -> AbstractContextManager[None]:
        """Add the time inside to ``step``; a step inside another takes its time away from it."""
        return _Timed(self, step)


class _Timed:
    """Entered several times for each tile of a run: it has to cost next to nothing."""

    __slots__ = ("_before", "_course", "_start", "_step")

    def __init__(self, course: Course, step: str) -> None:
        self._course, self._step = course, step
        self._before = self._start = 0.0

    def __enter__(self) -> None:
        self._before = self._course.spent
        self._start = clock.perf_counter()

    def __exit__(self, *_: object) -> None:
        course = self._course
        spent = clock.perf_counter() - self._start - (course.spent - self._before)
        course.spent += spent
        course.timing[self._step] = course.timing.get(self._step, 0.0) + spent
