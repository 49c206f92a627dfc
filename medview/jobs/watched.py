"""A long walk over files in a thread of its own, so that a file or folder that hangs can be left behind."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from medview.core.progress import Cancelled, Progress

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

PATIENCE_S = 10.0
"""How long the system may take for one file or folder."""
WATCH_S = 0.25
MOST_HUNG = 32
"""So many that hang, and the walk ends: what it walks over is gone."""
_PATIENT = 3


class Walk(Protocol[R_co]):
    """What can be walked over in parts, and gone on with by another thread behind the place where one hangs."""

    @property
    def waits_for(self) -> tuple[str, float] | None:
        """What the system is being asked for, and since when (monotonic)."""

    def batches(self, progress: Progress) -> Iterator[R_co]:
        """The parts."""

    def successor(self, last: bool = False) -> Walk[R_co]:
        """The rest without what this one waits for; with ``last`` nothing but a word about the end."""


class _Runner(Generic[R]):
    """The thread that walks: one part each time it is asked for one."""

    def __init__(self, walk: Walk[R]) -> None:
        self.walk = walk
        self.answers: queue.SimpleQueue[tuple[str, object]] = queue.SimpleQueue()
        self.left = False
        self._go = threading.Semaphore(0)
        threading.Thread(target=self._run, name="medview-walk", daemon=True).start()

    def ask(self) -> None:
        self._go.release()

    def leave(self) -> None:
        """Nobody listens any more; the thread ends when what it waits for comes back."""
        self.left = True
        self._go.release()

    def _progress(self, step: str, done: int, total: int) -> None:
        if self.left:
            raise Cancelled
        self.answers.put(("step", (step, done, total)))

    def _run(self) -> None:
        try:
            parts = self.walk.batches(self._progress)
            while True:
                self._go.acquire()
                if self.left:
                    return
                part = next(parts, None)
                self.answers.put(("end" if part is None else "part", part))
                if part is None:
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where the parts are taken
            self.answers.put(("error", error))


def watched(walk: Walk[R], progress: Progress, patience_s: float = PATIENCE_S) -> Iterator[R]:
    """The parts of ``walk``; where the system hangs for ``patience_s`` in one file, the rest goes on without it.

    Raises what the walk raises, and Cancelled from ``progress``, which is asked also while the system hangs.
    """
    runner = _Runner(walk)
    hung = 0
    last = ("scan", 0, 0)
    try:
        runner.ask()
        while True:
            try:
                kind, what = runner.answers.get(timeout=WATCH_S)
            except queue.Empty:
                progress(*last)
                waiting = runner.walk.waits_for
                patience = patience_s if hung < _PATIENT else patience_s / 10
                if waiting is not None and time.monotonic() - waiting[1] > patience:
                    hung += 1
                    rest = runner.walk.successor(hung >= MOST_HUNG)
                    runner.leave()
                    runner = _Runner(rest)
                    runner.ask()
                continue
            if kind == "step":
                last = what  # type: ignore[assignment]
                progress(*last)
            elif kind == "part":
                yield what  # type: ignore[misc]
                runner.ask()
            elif kind == "end":
                return
            else:
                raise what  # type: ignore[misc]
    finally:
        runner.leave()
