"""Reading plain samples straight into memory: two threads, since the system's share of it runs beside Python.

A read that hangs in the system cannot be ended; it is left behind, said, and the others go on.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from medview.jobs.switching import hand_over_soon

THREADS = 2
"""600 slices of 512×512 into fresh memory: 0.38 s with one thread, 0.22 s with two, on two busy cores."""
LARGE = 4 << 20
PATIENCE_S = 10.0
"""How long a read may take before it is left behind; disks that wake up need some seconds."""
WATCH_S = 0.25
TELL_S = 0.005
"""How long the next slots are gathered before they are told; the first is told at once."""
STOP_S = 0.5
"""How long a read may still take when all is to end."""
MOST_HUNG = 16
"""So many reads that hang, and the rest is not tried: the folder is gone."""
_PATIENT = 3

Finished = tuple[int, Any]


def fresh_array(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Zeros of this process alone; large ones in huge pages where there are any, which cost a sixth less to fill.

    Raises MemoryError.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    if sys.platform != "linux" or size < LARGE:
        return np.zeros(shape, dtype)
    try:
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, OverflowError, ValueError) as error:
        raise MemoryError(f"no room for {size} bytes ({error})") from error
    with contextlib.suppress(OSError):  # a kernel without huge pages
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype).reshape(shape)


def slots_apart(count: int, threads: int = THREADS) -> tuple[int, ...]:
    """All slots of 0 … ``count`` - 1, each next one in another part: neighbours that are filled at once share a huge page,
    and the system then clears that page for both (600 slices: a sixth more time).

    No generator: threads that take from one at the same time make it raise.
    """
    part = -(-count // threads)
    return tuple(at + part * each for at in range(part) for each in range(threads) if at + part * each < count)


def read_slots(
    take: Callable[[], int | None],
    read: Callable[[int], Any],
    on_slot: Callable[[int, Any], None],
    threads: int = THREADS,
    late: Callable[[int], Any] | None = None,
    patience_s: float = PATIENCE_S,
) -> None:
    """``read`` every slot that ``take`` gives, until it gives None; ``on_slot(slot, what read returned)`` in the caller's thread.

    ``take`` and ``read`` are called from several threads. What any of them raises, ends all and is raised here. With
    ``late``, a read that does not come back within ``patience_s`` (a network folder that hangs) is left behind and its slot
    told with what ``late`` gives; the others go on.
    """
    hand_over_soon()
    readers = _Readers(take, read, late, patience_s)
    for _ in range(min(threads, os.cpu_count() or 1)):
        readers.start()
    while readers.is_working:
        readers.news.wait(WATCH_S)
        readers.news.clear()
        try:
            readers.tell(on_slot)
        except BaseException as error:  # noqa: BLE001 - raised after the readers have ended
            readers.failures.append(error)
        readers.watch()
        # Not for each one: a third thread that wakes up at every slot takes more time than some of the reads.
        readers.ended.wait(TELL_S)
    readers.join()
    failures = readers.failures
    with contextlib.nullcontext() if not failures else contextlib.suppress(type(failures[0])):
        if not failures:
            readers.give_up()
        readers.tell(on_slot)  # what has been read is told, whatever happened beside it
    if failures:
        raise failures[0]


@dataclass(eq=False)
class _Reader:
    """One reading thread: what it reads and since when, and whether nobody waits for it any more."""

    busy: tuple[int, float] | None = None
    left: bool = False
    over: bool = False
    thread: threading.Thread | None = None


class _Readers:
    """The threads of one call to :func:`read_slots`, watched by its caller."""

    def __init__(
        self,
        take: Callable[[], int | None],
        read: Callable[[int], Any],
        late: Callable[[int], Any] | None,
        patience_s: float,
    ) -> None:
        self._take, self._read, self._late, self._patience_s = take, read, late, patience_s
        self._readers: list[_Reader] = []
        self._lock = threading.Lock()
        self._finished: deque[Finished] = deque()
        self._hung = 0
        self._stopped_at: float | None = None
        self.failures: list[BaseException] = []
        self.news = threading.Event()
        self.ended = threading.Event()
        """A thread has come to its end."""

    @property
    def is_working(self) -> bool:
        """Whether any thread is still waited for."""
        return any(not reader.over and not reader.left for reader in self._readers)

    def start(self) -> None:
        """One more thread."""
        reader = _Reader()
        self._readers.append(reader)
        reader.thread = threading.Thread(target=self._run, args=(reader,), name="medview-read", daemon=True)
        reader.thread.start()

    def join(self) -> None:
        """Wait until the threads that have said that they are over really are."""
        for reader in self._readers:
            if reader.over and reader.thread is not None:
                reader.thread.join()

    def _run(self, me: _Reader) -> None:
        try:
            while not self.failures and not me.left and (slot := self._take()) is not None:
                me.busy = (slot, time.monotonic())
                answer = self._read(slot)
                if not self._keep(me, slot, answer):
                    return
                self.news.set()
        except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
            if not me.left:
                self.failures.append(error)
        finally:
            me.over = True
            self.ended.set()
            self.news.set()

    def _keep(self, me: _Reader, slot: int, answer: Any) -> bool:
        """Whether somebody still waited for the answer."""
        with self._lock:
            me.busy = None
            if not me.left:
                self._finished.append((slot, answer))
            return not me.left

    def tell(self, on_slot: Callable[[int, Any], None]) -> None:
        """Give out what has been read."""
        while self._finished:
            on_slot(*self._finished.popleft())

    def watch(self) -> None:
        """Leave threads behind that hang, and start others in their place."""
        now = time.monotonic()
        if self.failures and self._stopped_at is None:
            self._stopped_at = now
        if self._late is None:
            return
        patience = self._patience_s if self._hung < _PATIENT else self._patience_s / 10
        given_up = self._stopped_at is not None and now - self._stopped_at > STOP_S
        for reader in list(self._readers):
            with self._lock:
                busy = reader.busy
                if busy is None or reader.over or reader.left or not (given_up or now - busy[1] > patience):
                    continue
                reader.left = True
                self._finished.append((busy[0], self._late(busy[0])))
            self._hung += 1
            if self._stopped_at is None and self._hung < MOST_HUNG:
                self.start()

    def give_up(self) -> None:
        """Where too many reads hung: tell of the slots that nobody has tried."""
        if self._hung >= MOST_HUNG and self._late is not None:
            while (slot := self._take()) is not None:
                self._finished.append((slot, self._late(slot)))
