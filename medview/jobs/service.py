"""A process that serves one caller: asked with values and arrays, waited for with checkpoints, killed when it is overdue.

What it dies of is told as :class:`ServiceEndedError`; the process that owns the window only ever waits and copies.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray

from medview.jobs.service_loop import ALIGNMENT, EXIT_MEMORY, Arrays, arena_size, describe_arrays, view_of, write_arrays
from medview.jobs.shared_array import SharedArray
from medview.jobs.worker_loop import error_of, read_message, write_message
from medview.jobs.worker_start import start_worker

Checkpoint = Callable[[], None]
How = Literal["crashed", "overdue", "memory", "not_started", "nonsense"]

START_S = 60.0
CHECK_EVERY_S = 0.05
STOP_WITHIN_S = 1.0
"""How long a call that was asked to stop is waited for before the process is killed."""
LONGEST_ANSWER = 64 << 20
AHEAD = 3
"""How many questions may be under way: while one is answered the next already lies there, so that the process never waits."""

LARGE_ANSWER = 8 << 20
"""Bytes above which only one question waits behind the one that is answered: each has memory for its answer."""

_SIGNALS = {
    "SIGSEGV": "segmentation fault",
    "SIGABRT": "abort",
    "SIGBUS": "bus error",
    "SIGILL": "illegal instruction",
    "SIGFPE": "arithmetic exception",
    "SIGKILL": "killed by the system, most likely for want of memory",
}
_WINDOWS = {
    0xC0000005: "access violation",
    0xC0000409: "abort",
    0xC00000FD: "stack overflow",
    0xC000001D: "illegal instruction",
    0xC0000017: "no memory",
}


class ServiceEndedError(Exception):
    """The process is gone: ``how``, and ``cause`` in words (``segmentation fault``)."""

    def __init__(self, how: How, cause: str) -> None:
        super().__init__(how, cause)
        self.how = how
        self.cause = cause


class Service:
    """One process that enters through the module named ``entry`` (see service_loop); for one caller at a time."""

    def __init__(self, entry: str, niceness: int = 0, checkpoint: Checkpoint = lambda: None) -> None:
        """Start it; raises ServiceEndedError where it does not come up, and what ``checkpoint`` raises."""
        try:
            self._process: subprocess.Popen[bytes] = start_worker(entry, niceness)
        except OSError as error:
            raise ServiceEndedError("not_started", str(error)) from error
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._feeds: list[SharedArray | None] = [None] * AHEAD
        self._yields: list[SharedArray | None] = [None] * AHEAD
        self._asked: dict[int, tuple[int, int]] = {}
        """Questions under way, in order: the place in shared memory that each has, and how many parts."""
        self._early: dict[int, dict[str, Any]] = {}
        self._answer_size = 0
        """Bytes of the largest answer so far: as much room is made for others before they are asked for."""
        self._count = 0
        self._ear = threading.Thread(target=self._listen, name="medview-service", daemon=True)
        self._ear.start()
        try:
            first = self._answer(START_S, checkpoint)
        except ServiceEndedError as error:
            raise ServiceEndedError("not_started", error.cause) from error
        except BaseException:  # nobody wants it any more while it starts
            self.close()
            raise
        if "ready" not in first:
            self.close()
            raise ServiceEndedError("not_started", str(first.get("broken", "it ended at once")))

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    @property
    def process_id(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def has_room(self) -> bool:
        """Whether one more question may be asked before an answer is taken.

        Until an answer has come nobody knows how large they are: to fetch the first one would wait behind what was asked meanwhile.
        """
        if not self._answer_size:
            return not self._asked
        return len(self._asked) < (AHEAD if self._answer_size < LARGE_ANSWER else 2)

    def call(
        self,
        kind: str,
        values: Mapping[str, Any],
        arrays: Arrays,
        limit_s: float | None,
        checkpoint: Checkpoint,
        largest: int,
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Ask and wait: :meth:`ask` and :meth:`answer`."""
        return self.answer(self.ask(kind, values, arrays), limit_s, checkpoint, largest)

    @property
    def answer_size(self) -> int:
        """Bytes of the largest answer so far, 0 before the first."""
        return self._answer_size

    def ask(self, kind: str, values: Mapping[str, Any], *parts: Arrays) -> int:
        """Ask without waiting, where :attr:`has_room`; the number of the question. Questions are answered in their order.

        Each of ``parts`` is answered by itself, one after the other: of small ones the way to and fro costs more than they do.
        Raises ServiceEndedError.
        """
        taken = {slot for slot, _ in self._asked.values()}
        slot = next(n for n in range(AHEAD) if n not in taken)
        places, at = [], 0
        for arrays in parts:
            places.append(describe_arrays(arrays, at))
            at += arena_size(arrays)
        feed = None
        if any(parts):
            self._feeds[slot] = feed = _large_enough(self._feeds[slot], at)
            for arrays, described in zip(parts, places, strict=True):
                write_arrays(arrays, feed.array, described)
        if self._answer_size:
            self._yields[slot] = _large_enough(self._yields[slot], self._answer_size * len(parts))
        into = self._yields[slot]
        self._count += 1
        shared = (None if feed is None else feed.handle, places, None if into is None else into.handle)
        self._send((kind, self._count, slot, dict(values), *shared))
        self._asked[self._count] = (slot, len(parts))
        return self._count

    def answer(
        self, number: int, limit_s: float | None, checkpoint: Checkpoint, largest: int
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The answer to a question of one part, as :meth:`answers`; its arrays are copies."""
        ((values, arrays),) = self.answers(number, limit_s, checkpoint, largest)
        return values, {name: array.copy() for name, array in arrays.items()}

    def answers(
        self, number: int, limit_s: float | None, checkpoint: Checkpoint, largest: int
    ) -> list[tuple[dict[str, Any], dict[str, NDArray[Any]]]]:
        """Wait for the oldest question's answers, one for each part. ``checkpoint`` ends the wait by raising; ``largest``: most bytes.

        The arrays lie in the memory that is shared, until the next question is asked.
        Raises MedviewError as the service describes it, MemoryError for an answer that is too large, ServiceEndedError.
        """
        answer = self._answer_to(number, limit_s, checkpoint)
        slot, count = self._asked[number]
        try:
            if answer.get("error"):
                raise error_of(answer["error"])
            parts = list(answer["answers"])
            if len(parts) != count:
                raise ValueError(f"{len(parts)} answers to {count} parts")
            if not answer["written"]:
                self._fetch(number, slot, [part["arrays"].values() for part in parts], largest, limit_s, checkpoint)
            into = self._yields[slot]
            memory = into.array if into is not None else np.empty(0, np.uint8)
            return [
                (
                    dict(part["values"]),
                    {
                        str(name): view_of(memory, int(at), str(kind), shape)
                        for name, (at, kind, shape) in part["arrays"].items()
                    },
                )
                for part in parts
            ]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self.close()
            raise ServiceEndedError("nonsense", f"it answered with what is no answer: {error}") from error
        finally:
            self._asked.pop(number, None)

    def drop(self) -> None:
        """Let go of all questions under way; a process that does not end them soon is killed."""
        if self._asked and self.is_alive:
            self._stop()

    def _fetch(
        self,
        number: int,
        slot: int,
        parts: Sequence[Iterable[Any]],
        largest: int,
        limit_s: float | None,
        checkpoint: Checkpoint,
    ) -> None:
        """Make room for answers that are larger than any before, and have them written there."""
        sizes = [sum(_bytes_of(*place) for place in places) for places in parts]
        if sum(sizes) > largest:
            self.close()
            raise MemoryError(f"an answer of {sum(sizes)} bytes")
        self._answer_size = max(self._answer_size, *sizes)
        self._yields[slot] = into = _large_enough(self._yields[slot], sum(sizes))
        self._send(("fetch", number, slot, into.handle))
        answer = self._answer_to(number, limit_s, checkpoint)
        if answer.get("error"):
            raise error_of(answer["error"])

    def close(self) -> None:
        """End the process and give its memory back."""
        with contextlib.suppress(OSError):
            self._process.kill()
        with contextlib.suppress(Exception):
            self._process.wait(5)
        self._ear.join(5)
        for memories in (self._feeds, self._yields):
            for slot, memory in enumerate(memories):
                if memory is not None:
                    memory.close()
                memories[slot] = None
        self._asked.clear()
        self._early.clear()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    # ------------------------------------------------------------------ pipes

    def _listen(self) -> None:
        stream = cast("BinaryIO", self._process.stdout)
        with contextlib.suppress(OSError, ValueError), stream:
            while (message := read_message(stream, LONGEST_ANSWER)) is not None:
                self._answers.put(message)
        self._answers.put(None)

    def _send(self, message: tuple[Any, ...]) -> None:
        try:
            write_message(cast("BinaryIO", self._process.stdin), pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
        except (OSError, ValueError) as error:
            raise self._ended() from error

    def _answer_to(self, number: int, limit_s: float | None, checkpoint: Checkpoint) -> dict[str, Any]:
        """What is fetched comes after the answers to what was asked meanwhile: those are laid aside."""
        while number not in self._early:
            answer = self._answer(limit_s, checkpoint)
            known = answer.get("number")
            if not isinstance(known, int) or known not in self._asked or known in self._early:
                self.close()
                raise ServiceEndedError("nonsense", "it answered what nobody asked")
            self._early[known] = answer
        return self._early.pop(number)

    def _answer(self, limit_s: float | None, checkpoint: Checkpoint) -> dict[str, Any]:
        deadline = None if limit_s is None else time.monotonic() + limit_s
        while True:
            try:
                return self._read(self._answers.get(timeout=CHECK_EVERY_S))
            except queue.Empty:
                pass
            try:
                checkpoint()
            except BaseException:  # Cancelled, or Ctrl+C while waiting
                self._stop()
                raise
            if deadline is not None and time.monotonic() > deadline:
                self.close()
                raise ServiceEndedError("overdue", f"it took longer than {limit_s:.0f} s")

    def _read(self, message: bytes | None) -> dict[str, Any]:
        if message is None:
            raise self._ended()
        try:
            answer = json.loads(message)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            self.close()
            raise ServiceEndedError("nonsense", "it answered with what is no answer")
        return answer

    def _stop(self) -> None:
        """Ask the questions under way to end; what does not, is killed."""
        deadline = time.monotonic() + STOP_WITHIN_S
        try:
            self._send(("stop",))
            for _ in range(len(self._asked) - len(self._early)):
                if self._answers.get(timeout=max(0.0, deadline - time.monotonic())) is None:
                    break
            else:
                self._asked.clear()
                self._early.clear()
                return
        except (queue.Empty, ServiceEndedError):
            pass
        self.close()

    def _ended(self) -> ServiceEndedError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        self.close()
        if code == EXIT_MEMORY:
            return ServiceEndedError("memory", "it took more memory than it may")
        return ServiceEndedError("crashed", cause_of(code))


def cause_of(code: int | None) -> str:
    """What an exit status says in words."""
    if code is None:
        return "it closed its pipe"
    if os.name == "nt":
        return _WINDOWS.get(code & 0xFFFFFFFF, f"exit status {code & 0xFFFFFFFF:#x}")
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
        return _SIGNALS.get(name, name)
    return f"exit status {code}"


def _bytes_of(_at: int, kind: str, shape: Sequence[int]) -> int:
    """Room for an array that was described."""
    length = np.dtype(kind).itemsize
    for count in shape:
        length *= max(0, int(count))
    return length + ALIGNMENT


def _large_enough(memory: SharedArray | None, size: int) -> SharedArray:
    """``memory`` or, where that is too small, a new one."""
    if memory is not None and memory.handle.nbytes >= size:
        return memory
    if memory is not None:
        memory.close()
    return SharedArray.create((max(size, 1 << 16),), np.uint8)


__all__ = ["Service", "ServiceEndedError", "cause_of"]
