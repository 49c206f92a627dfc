"""Worker processes that read frames: started when needed, kept, watched, replaced when they die.

Compressed pixels are decoded there and only there: codecs end their process on some damaged files.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, cast

from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Cancelled
from medview.core.study import FrameSource, WholeSource
from medview.jobs.shared_array import SharedArray, SharedHandle
from medview.jobs.worker_loop import error_of, read_message, write_message
from medview.jobs.worker_start import GIVES_WAY, end_worker, worker_for

Take = Callable[[int], Sequence[tuple[int, FrameSource]]]
"""Gives at most so many (slot, source) to decode next; none means that there are no more."""
OnFrame = Callable[[int, MedviewError | None], None]

BATCH_S = 0.005
"""Of the work that is sent at a time; a worker has two such parts at most, so that what is urgent need not wait long."""
MAX_BATCH = 16
START_S = 60.0
FRAME_S = 60.0
"""Longest time for a frame of up to ten million bytes; larger ones get more in proportion."""
WATCH_S = 0.25
PATIENCE_S = 0.25
"""How long work that is cancelled may still take before its worker is killed."""
FRAME_MEMORY = 768 << 20
"""Address space for decoding a frame, besides 24 times the frame."""
_TRIES = 3


def default_workers() -> int:
    """One worker per core that this process may use, at most eight."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, 8))


def physical_memory() -> int:
    """Bytes of memory of this machine (or of its container); 8 GiB where the system does not say."""
    sizes = [8 << 30]
    with contextlib.suppress(AttributeError, ValueError, OSError):
        sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError), open(name, encoding="ascii") as stream:  # noqa: PTH123
            sizes.append(int(stream.read()))
    return min(sizes)


class _Stream:
    """The frames of one call to :meth:`DecodePool.decode_stream`."""

    def __init__(self, take: Take, target: SharedArray, urgency: int, unit_bytes: int | None) -> None:
        self.handle = target.handle
        self.urgency = urgency
        self.finished: deque[tuple[int, MedviewError | None]] = deque()
        self.in_flight = 0
        self.exhausted = False
        self.frame_s = 0.0  # not known yet: the first batch is one frame
        row = unit_bytes or target.handle.nbytes // max(1, target.handle.shape[0])
        most = physical_memory() * 6 // 10
        self.allowance = max(FRAME_MEMORY, min(FRAME_MEMORY + 24 * row, most))
        self.limit_s = FRAME_S * max(1.0, row / 10e6)
        self._take = take
        self._returned: list[tuple[int, FrameSource]] = []

    def next_batch(self) -> list[tuple[int, FrameSource]]:
        """Under the pool's lock."""
        count = 1 if self.frame_s == 0 else int(min(MAX_BATCH, max(1, BATCH_S / max(self.frame_s, 1e-4))))
        batch = self._returned[:count]
        del self._returned[:count]
        if not batch and not self.exhausted:
            batch = list(self._take(count))
            self.exhausted = not batch
        self.in_flight += len(batch)
        return batch

    def give_back(self, frames: Sequence[tuple[int, FrameSource]]) -> None:
        self._returned.extend(frames)
        self.in_flight -= len(frames)

    def stop(self) -> None:
        self.exhausted = True
        self._returned.clear()

    @property
    def may_have_work(self) -> bool:
        return bool(self._returned) or not self.exhausted

    @property
    def is_over(self) -> bool:
        return self.in_flight == 0 and not self.may_have_work


class _Single:
    """One source of any size, read as a whole."""

    def __init__(self, source: FrameSource | WholeSource, urgency: int, limit_s: float | None, allowance: int) -> None:
        self.source = source
        self.urgency = urgency
        self.limit_s = limit_s
        self.allowance = allowance
        self.taken = False
        self.answer: NDArray[Any] | MedviewError | None = None

    @property
    def may_have_work(self) -> bool:
        return not self.taken


class DecodePool:
    """``workers`` processes that enter through the module named ``entry`` (see worker_loop). Safe to use from any thread.

    ``give_way``: they yield to a window on a busy machine.
    """

    def __init__(
        self, workers: int | None = None, entry: str = "medview.dicom.decode_worker", give_way: bool = False
    ) -> None:
        self.niceness = GIVES_WAY if give_way else 0
        self._count = workers or default_workers()
        self._entry = entry
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        """Something has happened that a caller waits for."""
        self._offer = threading.Condition(self._lock)
        """There may be work for a worker's thread."""
        self._watched = threading.Event()
        self._work: list[_Stream | _Single] = []
        self._workers: list[_Worker] = []
        self._idle = 0
        self._closed = False
        self._watch: threading.Thread | None = None

    # ------------------------------------------------------------------ callers

    def prestart(self, workers: int | None = None) -> None:
        """Start worker processes now, in the background, so that the first frame does not wait for one."""
        with self._lock:
            self._start_threads(self._count if workers is None else min(workers, self._count))

    def decode_into(
        self,
        frames: Sequence[FrameSource],
        target: SharedArray,
        slots: Sequence[int],
        on_frame: OnFrame,
        cancelled: Callable[[], bool],
    ) -> None:
        """Decode ``frames[n]`` into ``target.array[slots[n]]``, in this order; see :meth:`decode_stream`."""
        waiting = deque(zip(slots, frames, strict=True))

        def take(count: int) -> list[tuple[int, FrameSource]]:
            return [waiting.popleft() for _ in range(min(count, len(waiting)))]

        self.decode_stream(take, target, on_frame, cancelled)

    def decode_stream(
        self,
        take: Take,
        target: SharedArray,
        on_frame: OnFrame,
        cancelled: Callable[[], bool],
        urgency: int = 1,
        unit_bytes: int | None = None,
    ) -> None:
        """Decode what ``take`` gives until it gives nothing, and tell ``on_frame(slot, error or None)`` of each.

        Blocks; ``on_frame`` comes in the calling thread. ``take`` is called from the pool's threads, one at a time. Returns early
        when ``cancelled()``. ``unit_bytes``: size of what one source fills, a row of the target unless said. Where no worker can be
        started every frame has the error ``decoder_unavailable``. Raises Cancelled once the pool is closed.
        """
        stream = _Stream(take, target, urgency, unit_bytes)
        with self._lock:
            self._add(stream)
        try:
            while True:
                with self._lock:
                    if not stream.finished and not stream.is_over:
                        self._news.wait(0.05)
                    finished = list(stream.finished)
                    stream.finished.clear()
                    over = stream.is_over
                    closed = self._closed
                for slot, error in finished:
                    on_frame(slot, error)
                if cancelled() or closed:
                    return
                if over:
                    return
        finally:
            with self._lock:
                stream.stop()
                self._abandon(stream, lambda: stream.in_flight == 0)
                self._work.remove(stream)
                for worker in self._workers:
                    worker.forget(stream.handle)
                self._offer.notify_all()

    def read(
        self,
        source: FrameSource | WholeSource,
        cancelled: Callable[[], bool] = lambda: False,
        urgency: int = 0,
        limit_s: float | None = FRAME_S,
    ) -> NDArray[Any]:
        """Read one source of any size in a worker; ``limit_s`` None for no limit of time.

        Raises the reader's MedviewError; ``decoder_died``, ``decode_timeout``; Cancelled.
        """
        single = _Single(source, urgency, limit_s, max(FRAME_MEMORY, physical_memory() * 6 // 10))
        with self._lock:
            self._add(single)
            try:
                while single.answer is None:
                    self._news.wait(0.05)
                    if cancelled() or self._closed:
                        raise Cancelled
            finally:
                if single.answer is None and single.taken:
                    self._abandon(single, lambda: single.answer is not None)
                self._work.remove(single)
        answer = single.answer
        if isinstance(answer, MedviewError):
            raise answer
        assert answer is not None
        return answer

    def close(self) -> None:
        """End the processes and the threads; calls that wait return or raise Cancelled."""
        with self._lock:
            self._closed = True
            self._news.notify_all()
            self._offer.notify_all()
            self._watched.set()
            workers = list(self._workers)
        for worker in workers:
            worker.end()
        for worker in workers:
            worker.thread.join(5)
        if self._watch is not None:
            self._watch.join(5)

    @property
    def processes(self) -> tuple[int, ...]:
        """Process ids of the workers that run."""
        with self._lock:
            return tuple(w.process.pid for w in self._workers if w.process is not None and w.process.poll() is None)

    # ------------------------------------------------------------------ threads

    def _add(self, work: _Stream | _Single) -> None:
        if self._closed:
            raise Cancelled
        self._work.append(work)
        self._start_threads(self._count)
        self._offer.notify_all()
        self._watched.set()

    def _abandon(self, work: _Stream | _Single, settled: Callable[[], bool]) -> None:
        """Wait until no worker is at ``work`` any more: none may write into memory that is given up. Slow ones are killed."""
        patience = time.monotonic() + PATIENCE_S
        while not settled() and not self._closed:
            self._news.wait(0.05)
            if time.monotonic() > patience:
                for worker in self._workers:
                    if worker.busy_with is work:
                        worker.kill()

    def _start_threads(self, count: int) -> None:
        while len(self._workers) < count:
            worker = _Worker(self, self._entry, len(self._workers))
            self._workers.append(worker)
            worker.thread.start()
        if self._watch is None and self._workers:
            self._watch = threading.Thread(target=self._watch_deadlines, name="medview-decode-watch", daemon=True)
            self._watch.start()

    def next_work(self, forget: deque[SharedHandle]) -> tuple[_Stream | _Single | None, list[tuple[int, FrameSource]]]:
        """For a worker's thread: the most urgent work; None where there is only something to forget."""
        with self._lock:
            while not self._closed:
                for work in sorted(self._work, key=lambda each: each.urgency):
                    if isinstance(work, _Single):
                        if not work.taken:
                            work.taken = True
                            return work, []
                    elif work.may_have_work:
                        batch = work.next_batch()
                        if batch:
                            # Streams of equal urgency take turns.
                            self._work.remove(work)
                            self._work.append(work)
                            return work, batch
                        if work.is_over:
                            self._news.notify_all()
                if forget:
                    return None, []
                self._offer.wait()
            raise _PoolClosed

    def next_of(self, stream: _Stream) -> list[tuple[int, FrameSource]]:
        """More frames of ``stream`` for a worker that is at it, where nothing waits that is as urgent."""
        with self._lock:
            others = (work for work in self._work if work is not stream and work.urgency <= stream.urgency)
            if self._closed or not stream.may_have_work or any(work.may_have_work for work in others):
                return []
            return stream.next_batch()

    def report(self, stream: _Stream, slot: int, error: MedviewError | None, took: float) -> None:
        with self._lock:
            stream.in_flight -= 1
            stream.frame_s = took if stream.frame_s == 0 else 0.7 * stream.frame_s + 0.3 * took
            stream.finished.append((slot, error))
            self._news.notify_all()

    def give_back(self, stream: _Stream, frames: Sequence[tuple[int, FrameSource]]) -> None:
        with self._lock:
            stream.give_back(frames)
            self._offer.notify_all()
            self._news.notify_all()

    def settle(self, single: _Single, answer: NDArray[Any] | MedviewError) -> None:
        with self._lock:
            single.answer = answer
            self._news.notify_all()

    def _watch_deadlines(self) -> None:
        """Kill workers that are overdue; their threads then see the pipe end."""
        while True:
            self._watched.wait()
            time.sleep(WATCH_S)
            with self._lock:
                if self._closed:
                    return
                workers = list(self._workers)
                if not self._work and not any(worker.deadline for worker in workers):
                    self._watched.clear()
            now = time.monotonic()
            for worker in workers:
                if worker.deadline and now > worker.deadline:
                    worker.overdue = True
                    worker.deadline = 0.0
                    worker.kill()


class _PoolClosed(Exception):  # noqa: N818 - the end of a worker's thread
    pass


class _Worker:
    """One worker process and the thread that feeds it."""

    def __init__(self, pool: DecodePool, entry: str, number: int) -> None:
        self._pool = pool
        self._entry = entry
        self._forget: deque[SharedHandle] = deque()
        self._seen: set[SharedHandle] = set()
        self._failed_starts = 0
        self._fault = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.deadline = 0.0
        self.overdue = False
        self.ended = threading.Event()
        self.busy_with: _Stream | _Single | None = None
        self.thread = threading.Thread(target=self._run, name=f"medview-decode-{number}", daemon=True)

    def forget(self, handle: SharedHandle) -> None:
        """Under the pool's lock: let the process give up its part of an array."""
        if handle in self._seen:
            self._seen.discard(handle)
            self._forget.append(handle)

    def end(self) -> None:
        self.ended.set()
        self.kill()

    def kill(self) -> None:
        process = self.process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()

    def _run(self) -> None:
        try:
            while not self.ended.is_set():
                # A dead process is replaced before there is work for it.
                self._ensure_process()
                work, batch = self._pool.next_work(self._forget)
                self.busy_with = work
                self._send_forgotten()
                if isinstance(work, _Stream):
                    self._seen.add(work.handle)
                    self._do_batch(work, batch)
                elif work is not None:
                    self._do_single(work)
                self.busy_with = None
        except _PoolClosed:
            return
        finally:
            self._drop_process()

    # ------------------------------------------------------------------ process

    def _ensure_process(self) -> bool:
        if self.process is not None and self.process.poll() is None:
            return True
        self._drop_process()
        while self._failed_starts < _TRIES and not self.ended.is_set():
            try:
                self.process = worker_for(self._entry, self._pool.niceness)
            except OSError as error:
                self._failed_starts += 1
                self._fault = str(error)
                continue
            if self.ended.is_set():
                return False
            answer = self._receive(START_S)
            if answer is not None and "ready" in answer:
                self._failed_starts = 0
                return True
            self._fault = str((answer or {}).get("broken", "it ended at once"))
            self._failed_starts += 1
            self._drop_process()
        return False

    def _drop_process(self) -> None:
        process, self.process = self.process, None
        self._seen.clear()
        self._forget.clear()
        if process is not None:
            end_worker(process)

    def _send(self, *message: Any) -> bool:
        process = self.process
        if process is None or process.stdin is None:
            return False
        try:
            write_message(cast("BinaryIO", process.stdin), pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
        except OSError:
            return False
        return True

    def _receive(self, limit_s: float | None) -> dict[str, Any] | None:
        """The next answer, None where the process has died (or was killed because it is overdue)."""
        process = self.process
        if process is None or process.stdout is None:
            return None
        self.overdue = False
        self.deadline = 0.0 if limit_s is None else time.monotonic() + limit_s
        try:
            message = read_message(cast("BinaryIO", process.stdout))
            answer = None if message is None else json.loads(message)
        except (OSError, ValueError):
            answer = None
        self.deadline = 0.0
        return answer if isinstance(answer, dict) else None

    def _send_forgotten(self) -> None:
        while self._forget:
            self._send("forget", self._forget.popleft())

    # ------------------------------------------------------------------ work

    def _do_batch(self, stream: _Stream, batch: list[tuple[int, FrameSource]]) -> None:
        if not self._ensure_process():
            for slot, source in batch:
                self._pool.report(stream, slot, self._unavailable(_path_of(source)), 0.0)
            return
        self._send_batch(stream, batch)
        while batch:
            # The next frames are there before these are done: on a busy machine the way to and fro takes milliseconds.
            ahead = self._pool.next_of(stream)
            if ahead:
                self._send_batch(stream, ahead)
            if not self._hear_of(stream, batch):
                self._pool.give_back(stream, ahead)
                self._drop_process()
                return
            batch = ahead

    def _send_batch(self, stream: _Stream, batch: list[tuple[int, FrameSource]]) -> None:
        """Where that fails, the process has died, and no answer comes."""
        sources = [(slot, pickle.dumps(source, pickle.HIGHEST_PROTOCOL)) for slot, source in batch]
        self._send("frames", stream.handle, sources, stream.allowance)

    def _hear_of(self, stream: _Stream, batch: list[tuple[int, FrameSource]]) -> bool:
        """Report each frame of a batch; False where the process died of one, the rest is given back then."""
        for number, (slot, source) in enumerate(batch):
            started = time.monotonic()
            answer = self._receive(stream.limit_s)
            if answer is None or answer.get("frame") != number:
                self._pool.report(stream, slot, self._death(_path_of(source), stream.limit_s), 0.0)
                self._pool.give_back(stream, batch[number + 1 :])
                return False
            described = answer.get("error")
            error = error_of(described) if described else None
            self._pool.report(stream, slot, error, time.monotonic() - started)
        return True

    def _do_single(self, single: _Single) -> None:
        path = _path_of(single.source)
        if not self._ensure_process():
            self._pool.settle(single, self._unavailable(path))
            return
        source = pickle.dumps(single.source, pickle.HIGHEST_PROTOCOL)
        answer = self._receive(single.limit_s) if self._send("read", source, single.allowance) else None
        if answer is None:
            self._pool.settle(single, self._death(path, single.limit_s or 0))
            self._drop_process()
        elif answer.get("error"):
            self._pool.settle(single, error_of(answer["error"]))
        else:
            kind, name, shape, dtype, identity = answer["array"]
            try:
                shared = SharedArray.attach(SharedHandle(kind, name, tuple(shape), dtype, identity))
            except OSError as error:
                self._pool.settle(single, MedviewError("out_of_memory", f"{path}: no memory for it ({error}).", path))
            else:
                self._pool.settle(single, shared.array)
            self._send("taken", name)

    def _death(self, path: str, limit_s: float) -> MedviewError:
        if self.overdue:
            return MedviewError("decode_timeout", f"{path}: decoding took longer than {limit_s:.0f} s.", path)
        return MedviewError("decoder_died", f"{path}: the decoder broke down on this frame; the file is damaged.", path)

    def _unavailable(self, path: str) -> MedviewError:
        return MedviewError(
            "decoder_unavailable",
            f"{path}: compressed images cannot be decoded, the decoding process does not start ({self._fault}).",
            path,
            ExitCode.INTERNAL,
        )


def _path_of(source: FrameSource | WholeSource) -> str:
    return str(getattr(source, "path", ""))


@contextlib.contextmanager
def decode_pool(workers: int | None = None) -> Iterator[DecodePool]:
    """A pool for one command."""
    pool = DecodePool(workers)
    try:
        yield pool
    finally:
        pool.close()
