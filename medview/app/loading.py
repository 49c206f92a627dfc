"""From a stack to its volumes: slices nearest to the reader first, in the background, within a memory budget."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medview.app.agenda import Agenda
from medview.app.residency import Residency, default_budget
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress
from medview.core.study import FrameSource, Stack
from medview.core.volume import SliceState, Volume
from medview.dicom.decode_worker import read_source
from medview.jobs.direct import PATIENCE_S, fresh_array, read_slots, slots_apart
from medview.jobs.queue import THREADS, Job, JobQueue, JobState, Lane

if TYPE_CHECKING:
    from medview.jobs.pool import DecodePool
    from medview.jobs.shared_array import SharedArray

FIRST_SLICE_S = 0.1
"""How long the main thread waits for the first slice, so that the first painting already shows it."""
WHOLE = cast("int", Ellipsis)
"""The slot of a source that fills all slices at once."""
Place = tuple[str, int]
"""Stack id and time point."""
Finished = tuple[int, MedviewError | None]


def _needs_codec(stack: Stack, time: int) -> bool:
    return stack.whole is not None or any(frame.needs_codec for frame in _frames(stack, time))


def _frames(stack: Stack, time: int) -> Sequence[FrameSource]:
    slices = stack.shape[0]
    return stack.frames[time * slices : (time + 1) * slices]


def _shape(stack: Stack) -> tuple[int, ...]:
    return (*stack.shape, 3) if stack.components == 3 else stack.shape


def _volume(stack: Stack, time: int, stored: NDArray[Any], states: NDArray[np.uint8]) -> Volume:
    slices = stack.shape[0]
    transform = stack.transform.part(time * slices, (time + 1) * slices)
    return Volume(stored, transform, stack.geometry, stack.unit, stack.padding, stack.inverted, states)


def _read_directly(source: FrameSource, target: NDArray[Any]) -> MedviewError | None:
    try:
        read_source(source, target)
    except MedviewError as error:
        return error
    return None


def _patience(stack: Stack) -> float:
    """Seconds that a frame may take: what a disk needs to wake up, and its bytes at the pace of a poor network."""
    size = prod(_shape(stack)[1:]) * np.dtype(stack.dtype).itemsize
    return PATIENCE_S + size / 2e6


def _no_answer(source: FrameSource, stack: Stack) -> MedviewError:
    seconds = f"{_patience(stack):.0f}"
    text = f"{source.path} did not answer for {seconds} s (a network or a disk that hangs?)."
    return MedviewError("no_answer", text, source.path, values=(seconds,))


def load_volume(
    stack: Stack,
    time: int = 0,
    progress: Progress = no_progress,
    *,
    allow_missing: bool = False,
    pool: DecodePool | None = None,
) -> Volume:
    """Read one time point whole, blocking, in all processes of ``pool`` (or of one made for it).

    Raises the MedviewError of the first slice that cannot be read; with ``allow_missing`` only where none can, the others are then
    FAILED in ``states``. Raises Cancelled from ``progress`` and IndexError for a time point that does not exist.
    """
    if not 0 <= time < stack.timepoints:
        raise IndexError(f"the stack has {stack.timepoints} time point(s)")
    slices = stack.shape[0]
    states = np.zeros(slices, dtype=np.uint8)
    errors: dict[int, MedviewError] = {}
    done = 0

    def finish(slot: int, error: MedviewError | None) -> None:
        nonlocal done
        which = range(slices) if slot is WHOLE else (slot,)
        for k in which:
            states[k] = SliceState.LOADED if error is None else SliceState.FAILED
            if error is not None:
                errors[k] = error
        done += len(which)
        progress("load", done, slices)

    progress("load", 0, slices)
    if not _needs_codec(stack, time):
        stored = fresh_array(_shape(stack), stack.dtype)
        frames = _frames(stack, time)
        left = iter(slots_apart(slices))
        read_slots(
            lambda: next(left, None),
            lambda k: _read_directly(frames[k], stored[k]),
            finish,
            late=lambda k: _no_answer(frames[k], stack),
            patience_s=_patience(stack),
        )
    else:
        from medview.jobs.pool import decode_pool
        from medview.jobs.shared_array import SharedArray

        times = stack.timepoints if stack.whole is not None else 1
        shared = SharedArray.create((times * slices, *_shape(stack)[1:]), stack.dtype)
        if pool is not None:
            _decode_all(pool, stack, time, shared, finish)
        else:
            with decode_pool() as own:
                _decode_all(own, stack, time, shared, finish)
        shared.seal()
        at = time * slices if stack.whole is not None else 0
        stored = shared.array[at : at + slices]
    if errors and (not allow_missing or len(errors) == slices):
        raise errors[min(errors)]
    return _volume(stack, time, stored, states)


def _decode_all(
    pool: DecodePool, stack: Stack, time: int, shared: SharedArray, finish: Callable[[int, MedviewError | None], None]
) -> None:
    if stack.whole is not None:
        _decode_whole(pool, stack, shared, finish, lambda: False)
        return
    pool.decode_into(_frames(stack, time), shared, range(stack.shape[0]), finish, lambda: False)


def _decode_whole(
    pool: DecodePool,
    stack: Stack,
    shared: SharedArray,
    finish: Callable[[int, MedviewError | None], None],
    cancelled: Callable[[], bool],
) -> None:
    left = [cast("FrameSource", stack.whole)]

    def take(_count: int) -> list[tuple[int, FrameSource]]:
        return [(WHOLE, left.pop())] if left else []

    pool.decode_stream(take, shared, finish, cancelled, unit_bytes=shared.handle.nbytes)


@dataclass(eq=False)
class _Entry:
    """One time point (or a whole file) in memory or on its way there."""

    stack: Stack
    time: int
    volumes: dict[int, Volume]
    states: NDArray[np.uint8]
    stored: NDArray[Any]
    shared: SharedArray | None
    agenda: Agenda
    needs_codec: bool
    errors: dict[int, MedviewError] = field(default_factory=dict)
    finished: deque[Finished] = field(default_factory=deque)
    told: threading.Event = field(default_factory=threading.Event)
    """Whether a message is on its way to the main thread."""
    job: Job[None] | None = None
    paused: bool = False
    dropped: bool = False
    baseline: int = 0
    """References to a volume that the loader itself holds."""

    @property
    def key(self) -> Place:
        return (self.stack.id, self.time)

    @property
    def whole(self) -> bool:
        return self.stack.whole is not None


class StudyLoader:
    """Volumes of the stacks that are looked at. All methods and signals belong to the main thread.

    ``pool_factory`` gives the worker processes when the first compressed stack needs them; ``budget_bytes`` is what all volumes
    together may take (a part of the physical memory where it is not given).
    """

    slice_loaded = Signal(str, int, int)
    """stack id, time, k."""
    volume_complete = Signal(str, int)
    """stack id, time: every slice is there or has failed."""
    progress = Signal(str, int, int)
    """stack id, slices done, slices of the time point."""
    failed = Signal(str, int, int, object)
    """stack id, time, k, MedviewError."""
    rested = Signal(str)
    """stack id: nothing of it is on its way any more, but for slices that the reader goes to."""

    def __init__(self, jobs: JobQueue, pool_factory: Callable[[], DecodePool], budget_bytes: int | None = None) -> None:
        self._jobs = jobs
        self._pool_factory = pool_factory
        self._entries: dict[Place, _Entry] = {}
        self._residency: Residency[Place] = Residency(budget_bytes or default_budget(), self._is_held)

    # ------------------------------------------------------------------ what is wanted

    def volume(self, stack: Stack, time: int = 0, focus: int = 0) -> Volume:
        """The volume of a time point, at once; its array fills up from slice ``focus`` outward (see ``states``).

        Raises MedviewError ``out_of_memory`` where there is no room for it.
        """
        if not 0 <= time < stack.timepoints:
            raise IndexError(f"the stack has {stack.timepoints} time point(s)")
        key = self._key(stack, time)
        entry = self._entries.get(key)
        if entry is not None and entry.stack is not stack and not _same_frames(entry.stack, stack):
            self._drop(entry)  # the scan has found more of it since
            entry = None
        if entry is None:
            entry = self._begin(stack, time, focus)
        else:
            entry.paused = False
            entry.agenda.move(self._slot(entry, time, focus))
            self._residency.touch(key)
        self._schedule()
        return entry.volumes[time]

    def held_volume(self, stack: Stack, time: int) -> Volume | None:
        """The volume of a time point where it is in memory, whole or not; asking brings nothing there and moves nothing forward."""
        entry = self._entries.get(self._key(stack, time))
        if entry is None or not (entry.stack is stack or _same_frames(entry.stack, stack)):
            return None
        return entry.volumes.get(time)

    def loaded_slice(self, stack: Stack, time: int, k: int) -> NDArray[Any] | None:
        """The stored values of slice ``k`` of `held_volume` where they are there."""
        volume = self.held_volume(stack, time)
        if volume is None or not 0 <= k < volume.shape[0] or not volume.is_loaded(k):
            return None
        stored: NDArray[Any] = volume.stored[k]
        return stored

    def is_loading(self, stack_id: str) -> bool:
        """Whether slices of a stack come one after the other; ``rested`` tells when they do not any more."""
        return any(entry.job is not None for entry in self._entries.values() if entry.stack.id == stack_id)

    def set_focus(self, stack: Stack, time: int, k: int) -> None:
        """The reader is at slice ``k`` now: it and its neighbours come next."""
        entry = self._entries.get(self._key(stack, time))
        if entry is None:
            return
        slot = self._slot(entry, time, k)
        entry.agenda.move(slot)
        self._residency.touch(entry.key)
        self._trim(entry)
        if not entry.whole and entry.states[slot] == SliceState.WAITING:
            running = entry.job is not None and entry.job.state is JobState.RUNNING
            if not running and entry.agenda.claim(slot):
                self._read_one(entry, slot)
        self._schedule()

    def cancel(self, stack_id: str) -> None:
        """Stop loading a stack; slices that the reader goes to still come, the rest when it is asked for again."""
        for entry in self._entries.values():
            if entry.stack.id == stack_id and not entry.whole:
                entry.paused = True
                self._stop(entry)

    def release(self, stack_id: str) -> None:
        """Nobody wants this stack any more."""
        for entry in [entry for entry in self._entries.values() if entry.stack.id == stack_id]:
            self._drop(entry)
        self._schedule()

    def pin(self, stack_id: str, on: bool = True) -> None:
        """Keep a stack's volumes in memory (``on``), or let them go again when room is needed."""
        for entry in self._entries.values():
            if entry.stack.id == stack_id:
                self._residency.pin(entry.key, on)

    def error(self, stack: Stack, time: int, k: int) -> MedviewError | None:
        """Why slice ``k`` is FAILED."""
        entry = self._entries.get(self._key(stack, time))
        return None if entry is None else entry.errors.get(self._slot(entry, time, k))

    def retry(self, stack: Stack, time: int = 0) -> None:
        """Read the failed slices again, e.g. when a network folder is back."""
        entry = self._entries.get(self._key(stack, time))
        if entry is None or not entry.errors:
            return
        slots = tuple(entry.errors)
        entry.errors.clear()
        entry.states[list(slots)] = SliceState.WAITING
        entry.agenda.give_back(slots)
        self._schedule()

    @property
    def used_bytes(self) -> int:
        """Bytes of all volumes in memory."""
        return self._residency.used

    # ------------------------------------------------------------------ entries

    @staticmethod
    def _key(stack: Stack, time: int) -> Place:
        return (stack.id, 0 if stack.whole is not None else time)

    @staticmethod
    def _slot(entry: _Entry, time: int, k: int) -> int:
        slices = entry.stack.shape[0]
        k = max(0, min(k, slices - 1))
        return time * slices + k if entry.whole else k

    def _begin(self, stack: Stack, time: int, focus: int) -> _Entry:
        slices = stack.shape[0]
        whole = stack.whole is not None
        count = slices * stack.timepoints if whole else slices
        shape = (count, *_shape(stack)[1:])
        size = prod(shape) * np.dtype(stack.dtype).itemsize
        key = self._key(stack, time)
        granted, gone = self._residency.admit(key, size)
        for old in gone:
            self._drop(self._entries[old])
        partial = granted < size and not whole
        needs_codec = _needs_codec(stack, time)
        shared: SharedArray | None = None
        try:
            if partial or needs_codec:
                from medview.jobs.shared_array import SharedArray

                shared = SharedArray.create(shape, stack.dtype)
                stored = shared.array
            else:
                stored = fresh_array(shape, stack.dtype)
        except (MemoryError, ValueError) as error:
            self._residency.drop(key)
            raise MedviewError("out_of_memory", f"There is no memory for {size >> 20} MB of images.") from error
        window = max(1, count * granted // size) if partial else count
        states = np.zeros(count, dtype=np.uint8)
        times = range(stack.timepoints) if whole else (time,)
        volumes = {
            t: _volume(stack, t, stored[n * slices : (n + 1) * slices], states[n * slices : (n + 1) * slices])
            for n, t in enumerate(times)
        }
        entry = _Entry(stack, key[1], volumes, states, stored, shared, Agenda(count, 0, window), needs_codec)
        entry.baseline = max(sys.getrefcount(volume) for volume in entry.volumes.values())
        slot = self._slot(entry, time, focus)
        entry.agenda.move(slot)
        self._entries[key] = entry
        if not whole and entry.agenda.claim(slot):
            self._read_first(entry, slot)
        return entry

    def _is_held(self, key: Place) -> bool:
        entry = self._entries.get(key)
        if entry is None:
            return False
        return any(sys.getrefcount(volume) > entry.baseline for volume in entry.volumes.values())

    def _drop(self, entry: _Entry) -> None:
        entry.dropped = True
        self._stop(entry)
        self._entries.pop(entry.key, None)
        self._residency.drop(entry.key)

    def _stop(self, entry: _Entry) -> None:
        if entry.job is not None:
            entry.job.cancel()
            entry.job = None
            self.rested.emit(entry.stack.id)

    def _trim(self, entry: _Entry) -> None:
        """Give back slices outside the window of a volume that is too large to be in memory as a whole."""
        first, stop = entry.agenda.bounds
        if stop - first == len(entry.states) or entry.shared is None:
            return
        loaded = np.flatnonzero(entry.states == SliceState.LOADED)
        far = [int(k) for k in loaded if not first <= k < stop]
        for k in far:
            entry.states[k] = SliceState.WAITING
            entry.shared.discard(k, k + 1)
        entry.agenda.give_back(far)

    # ------------------------------------------------------------------ reading

    def _schedule(self) -> None:
        """As many volumes load at a time as there are threads: those that somebody shows first, then the latest."""
        waiting = [entry for entry in self._entries.values() if not entry.paused and entry.agenda.has_work]
        order = {key: n for n, key in enumerate(self._residency.latest_first())}
        waiting.sort(key=lambda entry: (not self._is_held(entry.key), order[entry.key]))
        busy = [entry for entry in self._entries.values() if entry.job is not None and entry.whole]
        chosen = waiting[: max(0, THREADS[Lane.PREFETCH] - len([one for one in busy if one not in waiting]))]
        for entry in waiting:
            if entry not in chosen and not entry.whole:
                self._stop(entry)
        for entry in chosen:
            if entry.job is None:
                self._start(entry)

    def _start(self, entry: _Entry) -> None:
        """Have a job for what is still to be read."""
        pool = self._pool_factory() if entry.needs_codec else None
        tell = self._teller(entry)

        def work(progress: Progress) -> None:
            progress("load", 0, 0)
            if entry.whole:
                assert pool is not None
                assert entry.shared is not None
                while entry.agenda.take(64):
                    pass
                _decode_whole(pool, entry.stack, entry.shared, tell, _asker(progress))
            else:
                _read_agenda(entry, pool, tell, progress)

        def done(_nothing: None) -> None:
            entry.job = None
            self._drain(entry)
            self._schedule()
            self.rested.emit(entry.stack.id)

        def broken(error: BaseException) -> None:
            what = error if isinstance(error, MedviewError) else _unexpected(error)
            waiting = np.flatnonzero(entry.states == SliceState.WAITING)
            entry.finished.extend((int(slot), what) for slot in waiting)
            while entry.agenda.take(64):
                pass
            done(None)

        entry.job = self._jobs.submit("load", work, Lane.PREFETCH, done, broken)

    def _read_first(self, entry: _Entry, slot: int) -> None:
        """Read the slice that is to be painted; wait a moment for it where no codec is involved."""
        arrived = self._read_one(entry, slot)
        if not _frames(entry.stack, entry.time)[slot].needs_codec and arrived.wait(FIRST_SLICE_S):
            self._drain(entry, later=True)

    def _read_one(self, entry: _Entry, slot: int) -> threading.Event:
        source = _frames(entry.stack, entry.time)[slot]
        pool = self._pool_factory() if source.needs_codec else None
        tell = self._teller(entry)
        arrived = threading.Event()
        answered = [False]

        def finish(k: int, error: MedviewError | None) -> None:
            answered[0] = True
            tell(k, error)

        def work(progress: Progress) -> None:
            try:
                if pool is None:
                    left = iter((slot,))
                    read_slots(
                        lambda: next(left, None),
                        lambda _slot: _read_directly(source, entry.stored[slot]),
                        finish,
                        1,
                        lambda _slot: _no_answer(source, entry.stack),
                        _patience(entry.stack),
                    )
                else:
                    assert entry.shared is not None
                    _decode_one(pool, entry.shared, slot, source, finish, _asker(progress))
            finally:
                if not answered[0]:
                    entry.agenda.give_back((slot,))
                arrived.set()

        self._jobs.submit("load", work, Lane.INTERACTION, lambda _nothing: None)
        return arrived

    def _teller(self, entry: _Entry) -> Callable[[int, MedviewError | None], None]:
        """Called in a thread with each finished slice; one message at a time goes to the main thread."""
        post = self._jobs.post

        def tell(slot: int, error: MedviewError | None) -> None:
            entry.finished.append((slot, error))
            if not entry.told.is_set():
                entry.told.set()
                post(lambda: self._drain(entry))

        return tell

    def _drain(self, entry: _Entry, later: bool = False) -> None:
        """Main thread: what has been read becomes true and is told; ``later``: not before the caller has its volume."""
        entry.told.clear()
        if entry.dropped:
            return
        finished: list[Finished] = []
        while entry.finished:
            slot, error = entry.finished.popleft()
            finished.extend((n, error) for n in (range(len(entry.states)) if slot is WHOLE else (slot,)))
        if not finished:
            return
        for slot, error in finished:
            entry.states[slot] = SliceState.LOADED if error is None else SliceState.FAILED
            if error is None:
                entry.errors.pop(slot, None)
            else:
                entry.errors[slot] = error
        self._trim(entry)
        if later:
            self._jobs.post(lambda: self._tell(entry, finished))
        else:
            self._tell(entry, finished)

    def _tell(self, entry: _Entry, finished: Sequence[Finished]) -> None:
        if entry.dropped:
            return
        stack, slices = entry.stack, entry.stack.shape[0]
        for slot, error in finished:
            time, k = divmod(slot, slices) if entry.whole else (entry.time, slot)
            if error is None:
                self.slice_loaded.emit(stack.id, time, k)
            else:
                self.failed.emit(stack.id, time, k, error)
        over = int(np.count_nonzero(entry.states))
        self.progress.emit(stack.id, over, len(entry.states))
        if over == len(entry.states):
            if entry.shared is not None and not entry.errors and not entry.dropped:
                entry.shared.seal()
            for time in entry.volumes:
                self.volume_complete.emit(stack.id, time)


def _unexpected(error: BaseException) -> MedviewError:
    return MedviewError(
        "load_failed", f"Loading stopped unexpectedly ({type(error).__name__}: {error}).", exit_code=ExitCode.INTERNAL
    )


def _asker(progress: Progress) -> Callable[[], bool]:
    """A question for cancellation from a Progress; it raises Cancelled itself."""

    def cancelled() -> bool:
        progress("load", 0, 0)
        return False

    return cancelled


def _read_agenda(
    entry: _Entry, pool: DecodePool | None, tell: Callable[[int, MedviewError | None], None], progress: Progress
) -> None:
    """Read what the agenda gives, until it gives nothing."""
    frames = _frames(entry.stack, entry.time)
    if pool is None:

        def next_slot() -> int | None:
            progress("load", 0, 0)
            taken = entry.agenda.take(1)
            return taken[0] if taken else None

        read_slots(
            next_slot,
            lambda k: _read_directly(frames[k], entry.stored[k]),
            tell,
            late=lambda k: _no_answer(frames[k], entry.stack),
            patience_s=_patience(entry.stack),
        )
        return
    assert entry.shared is not None
    taken_by_pool: set[int] = set()

    def take(count: int) -> list[tuple[int, FrameSource]]:
        slots = entry.agenda.take(count)
        taken_by_pool.update(slots)
        return [(slot, frames[slot]) for slot in slots]

    def finish(slot: int, error: MedviewError | None) -> None:
        taken_by_pool.discard(slot)
        tell(slot, error)

    try:
        pool.decode_stream(take, entry.shared, finish, _asker(progress))
    finally:
        entry.agenda.give_back(taken_by_pool)


def _decode_one(
    pool: DecodePool,
    shared: SharedArray,
    slot: int,
    source: FrameSource,
    finish: Callable[[int, MedviewError | None], None],
    cancelled: Callable[[], bool],
) -> None:
    left = [(slot, source)]

    def take(_count: int) -> list[tuple[int, FrameSource]]:
        return [left.pop()] if left else []

    pool.decode_stream(take, shared, finish, cancelled, urgency=0)


def _same_frames(one: Stack, other: Stack) -> bool:
    """Whether two stacks of one id are read from the same frames."""
    return one.shape == other.shape and one.dtype == other.dtype and one.frames == other.frames
