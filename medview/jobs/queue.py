"""Background work: jobs in lanes by urgency, their life cycle as a table, and the one way back to the main thread.

Everything of a :class:`Job` is touched on the main thread only. A thread runs the work with what it was given and says what
happened through ``post``; the answer of a job that is not wanted any more is dropped there.
"""

from __future__ import annotations

import heapq
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from medview.core.progress import Cancelled, Progress, ProgressStep
from medview.jobs.switching import hand_over_soon

T = TypeVar("T")
Post = Callable[[Callable[[], None]], None]


class Lane(IntEnum):
    """How urgent work is. Each lane has threads of its own, so nothing ever waits for a less urgent lane."""

    INTERACTION = 0
    PREFETCH = 1
    ANALYSIS = 2
    INFERENCE = 3
    KEEPING = 4
    """What the reader made is written: one after the other, and finished also when everything else is cancelled."""
    NETWORK = 5
    """Another computer is asked: nothing waits for it, nor does the end of the program, for a name that nobody knows can take long."""


THREADS = MappingProxyType(
    {Lane.INTERACTION: 2, Lane.PREFETCH: 2, Lane.ANALYSIS: 1, Lane.INFERENCE: 1, Lane.KEEPING: 1, Lane.NETWORK: 1}
)
"""Most threads of a lane; they start when work comes."""

_NICENESS = MappingProxyType(
    {Lane.INTERACTION: 0, Lane.PREFETCH: 0, Lane.ANALYSIS: 5, Lane.INFERENCE: 5, Lane.KEEPING: 0, Lane.NETWORK: 5}
)
"""What a lane's threads, and the threads that libraries start from them, give way to others by (Linux only)."""


class JobState(Enum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: MappingProxyType[JobState, frozenset[JobState]] = MappingProxyType(
    {
        JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
        JobState.RUNNING: frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED}),
        JobState.DONE: frozenset(),
        JobState.FAILED: frozenset(),
        JobState.CANCELLED: frozenset(),
    }
)
"""The only changes of state that exist."""


@dataclass(eq=False)
class Job(Generic[T]):
    """One piece of work as the main thread sees it."""

    id: int
    title: str
    lane: Lane
    on_done: Callable[[T], None]
    on_failed: Callable[[BaseException], None] | None = None
    on_progress: Callable[[ProgressStep], None] | None = None
    supersedes: str | None = None
    on_over: Callable[[], None] | None = None
    """Called when it is over in whatever way, before all others."""
    state: JobState = JobState.QUEUED
    step: ProgressStep | None = None
    _unwanted: threading.Event = field(default_factory=threading.Event)
    _changed: Callable[[Job[Any]], None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it any more."""
        return not TRANSITIONS[self.state]

    def cancel(self) -> None:
        """Not wanted any more: its callbacks are never called again; the work ends at its next checkpoint."""
        self._unwanted.set()
        if not self.is_over:
            self._enter(JobState.CANCELLED)

    def _enter(self, state: JobState) -> None:
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"a job cannot go from {self.state.value} to {state.value}")
        self.state = state
        if self._changed is not None:
            self._changed(self)


class _Steps:
    """The Progress of one running job: keeps the newest step and posts at most one message at a time."""

    def __init__(self, job: Job[Any], post: Post) -> None:
        self._job = job
        self._post = post
        self._lock = threading.Lock()
        self._newest: ProgressStep | None = None

    def __call__(self, step: str, done: int, total: int) -> None:
        if self._job._unwanted.is_set():
            raise Cancelled
        with self._lock:
            idle = self._newest is None
            self._newest = ProgressStep(step, done, total)
        if idle:
            self._post(self._tell)

    def _tell(self) -> None:
        with self._lock:
            step, self._newest = self._newest, None
        job = self._job
        if step is None or job.state is not JobState.RUNNING:
            return
        job.step = step
        if job.on_progress is not None:
            job.on_progress(step)


@dataclass(frozen=True, eq=False)
class _Task:
    job: Job[Any]
    work: Callable[[Progress], Any]


class _LaneThreads:
    """The waiting tasks and the threads of one lane."""

    def __init__(self, lane: Lane, post: Post) -> None:
        self._lane = lane
        self._post = post
        self._wake = threading.Condition()
        self._waiting: list[tuple[int, _Task]] = []
        self._idle = 0
        self._closed = False
        self.threads: list[threading.Thread] = []

    def add(self, order: int, task: _Task) -> None:
        with self._wake:
            if self._closed:
                raise RuntimeError("the job queue is closed")
            heapq.heappush(self._waiting, (order, task))
            if self._idle >= len(self._waiting):
                self._wake.notify()
            elif len(self.threads) < THREADS[self._lane]:
                # A daemon: work that hangs on a dead network folder must not keep the program from ending.
                name = f"medview-{self._lane.name.lower()}-{len(self.threads)}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                self.threads.append(thread)
                thread.start()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            if self._lane is not Lane.KEEPING:
                self._waiting.clear()
            self._wake.notify_all()

    def _run(self) -> None:
        _give_way(_NICENESS[self._lane])
        while True:
            with self._wake:
                self._idle += 1
                while not self._waiting and not self._closed:
                    self._wake.wait()
                self._idle -= 1
                if not self._waiting:
                    return
                _, task = heapq.heappop(self._waiting)
            self._do(task)
            del task  # while it waits, a thread holds nothing of the last job

    def _do(self, task: _Task) -> None:
        job = task.job
        if job._unwanted.is_set():
            return
        self._post(lambda: _started(job))
        try:
            answer = task.work(_Steps(job, self._post))
        except Cancelled:
            self._post(job.cancel)
        except BaseException as error:  # noqa: BLE001 - a reader's pixels may raise what is no Exception
            failure = error
            self._post(lambda: _failed(job, failure))
        else:
            self._post(lambda: _done(job, answer))


def _started(job: Job[Any]) -> None:
    if job.state is JobState.QUEUED:
        job._enter(JobState.RUNNING)


def _done(job: Job[Any], answer: Any) -> None:
    if job.state is JobState.RUNNING:
        job._enter(JobState.DONE)
        job.on_done(answer)


def _failed(job: Job[Any], error: BaseException) -> None:
    if job.state is not JobState.RUNNING:
        return
    job._enter(JobState.FAILED)
    if job.on_failed is None:
        raise error
    job.on_failed(error)


def _give_way(niceness: int) -> None:
    if niceness and sys.platform == "linux":
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        except OSError:
            return


class JobQueue:
    """All background threads of a program. ``post`` runs a function on the main thread later.

    ``on_change`` is told, on the main thread, of each job that enters a state. An error without ``on_failed`` is raised on the
    main thread.
    """

    def __init__(self, post: Post, on_change: Callable[[Job[Any]], None] | None = None) -> None:
        hand_over_soon()
        self._post = post
        self._on_change = on_change
        self._order = itertools.count(1)
        self._lanes = {lane: _LaneThreads(lane, self.post) for lane in Lane}
        self._superseding: dict[str, Job[Any]] = {}
        self._open: dict[int, Job[Any]] = {}
        self._closed = False

    def submit(
        self,
        title: str,
        work: Callable[[Progress], T],
        lane: Lane,
        on_done: Callable[[T], None],
        on_failed: Callable[[BaseException], None] | None = None,
        on_progress: Callable[[ProgressStep], None] | None = None,
        supersedes: str | None = None,
        on_over: Callable[[], None] | None = None,
    ) -> Job[T]:
        """Run ``work`` in a thread of ``lane``; all callbacks come on the main thread, once it is cancelled but ``on_over``.

        ``supersedes``: a key; an earlier job of that key that is not over is cancelled.
        Raises RuntimeError after :meth:`close`.
        """
        if self._closed:
            raise RuntimeError("the job queue is closed")
        number = next(self._order)
        job: Job[T] = Job(
            number, title, lane, on_done, on_failed, on_progress, supersedes, on_over, _changed=self._job_changed
        )
        self._open[number] = job
        if supersedes is not None:
            earlier = self._superseding.get(supersedes)
            self._superseding[supersedes] = job
            if earlier is not None:
                earlier.cancel()
        if self._on_change is not None:
            self._on_change(job)
        self._lanes[lane].add(number, _Task(job, work))
        return job

    @property
    def jobs(self) -> tuple[Job[Any], ...]:
        """Every job that is not over, oldest first."""
        return tuple(self._open.values())

    def close(self, patience_s: float = 5.0) -> tuple[str, ...]:
        """Cancel everything but keeping, and wait for the threads; returns the names of those that hang and are left to die."""
        if self._closed:
            return ()
        self._closed = True
        for job in self.jobs:
            if job.lane is not Lane.KEEPING:
                job.cancel()
        for lane in self._lanes.values():
            lane.close()
        deadline = time.monotonic() + patience_s
        threads = [thread for lane in Lane if lane is not Lane.NETWORK for thread in self._lanes[lane].threads]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return tuple(thread.name for thread in threads if thread.is_alive())

    def post(self, call: Callable[[], None]) -> None:
        """Run ``call`` on the main thread later; from any thread. After closing nobody listens any more."""
        if not self._closed:
            self._post(call)

    def _job_changed(self, job: Job[Any]) -> None:
        if job.is_over:
            self._open.pop(job.id, None)
            if job.supersedes is not None and self._superseding.get(job.supersedes) is job:
                del self._superseding[job.supersedes]
            if job.on_over is not None:
                job.on_over()
        if self._on_change is not None:
            self._on_change(job)


class MainThreadPump:
    """A main thread without Qt: collects what jobs post and runs it where it is told to (commands, tests)."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def post(self, call: Callable[[], None]) -> None:
        """Give a call from any thread."""
        self._calls.put(call)

    def run_waiting(self) -> int:
        """Run what has been posted so far; returns how many calls."""
        count = 0
        while True:
            try:
                call = self._calls.get_nowait()
            except Empty:
                return count
            call()
            count += 1

    def run_until(self, finished: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Run calls as they come until ``finished()``; returns False where that takes longer than ``timeout_s``."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not finished():
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return False
            try:
                call = self._calls.get(timeout=min(left, 0.2) if left is not None else 0.2)
            except Empty:
                continue
            call()
        return True
