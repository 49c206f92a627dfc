"""What runs inside a service process: one thread listens, one watches memory and idleness, the main thread does what is asked.

Requests are pickled values of the parent. Answers are JSON, and arrays go into shared memory that the parent made: nothing that a
network does in here can make the parent run or open anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.jobs.shared_array import SharedArray, SharedHandle
from medview.jobs.worker_loop import MemoryCap, described_error, read_message, write_message

Arrays = Mapping[str, NDArray[Any]]

EXIT_MEMORY = 77
"""Exit status of a service that has taken more memory than it may."""
ALIGNMENT = 64
WATCH_S = 0.05
LOW_MEMORY_SHARE = 0.06
"""An idle service goes when so little of the machine's memory is left."""


class ServedModule(Protocol):
    """What the entry module of a service offers."""

    def make_service(self, host: Host) -> Service:
        """The service of this process."""
        ...


class Service(Protocol):
    """What a service process does for its parent."""

    def serve(self, kind: str, values: Mapping[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """The answer to a request: plain values for JSON, and arrays by name."""
        ...

    def stop(self) -> None:
        """End what is going on soon; called from another thread."""
        ...


class Host:
    """What the process allows itself: memory, and how long it stays when nobody asks for anything."""

    def __init__(self) -> None:
        self.most_resident: int | None = None
        self.idle_s: float | None = None
        self.busy = True
        self.last_used = time.monotonic()
        self._cap: MemoryCap | None = None

    def limit_memory(self, extra: int, address_space: bool) -> None:
        """Let the process take ``extra`` bytes more than it has now.

        ``address_space``: the system refuses what is beyond it; not possible for drivers of graphics cards, which reserve
        far more than they use. Resident memory is watched in any case, where the system tells it.
        """
        self.most_resident = resident_bytes() + extra
        if address_space:
            self._cap = self._cap or MemoryCap()
            self._cap.apply(extra)

    def watch(self) -> None:
        """Runs in a thread: ends the process that takes too much, and the one that nobody uses any more."""
        while True:
            time.sleep(WATCH_S if self.busy else 1.0)
            if self.busy:
                if self.most_resident is not None and resident_bytes() > self.most_resident:
                    os._exit(EXIT_MEMORY)
            elif self.idle_s is not None and (
                time.monotonic() - self.last_used > self.idle_s or free_share() < LOW_MEMORY_SHARE
            ):
                os._exit(0)


def run_service(module: Any, requests: BinaryIO, answers: BinaryIO) -> None:
    """Serve until the parent closes the pipe or dies."""
    _fall_silently()
    host = Host()
    _ServiceLoop(module.make_service(host), host, requests, answers).run()


class _ServiceLoop:
    """One request after the other; ``stop`` is heard at once."""

    def __init__(self, service: Service, host: Host, requests: BinaryIO, answers: BinaryIO) -> None:
        self._service = service
        self._host = host
        self._requests = requests
        self._answers = answers
        self._inbox: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._attached: dict[str, SharedArray] = {}
        self._waiting: dict[int, list[tuple[int, Arrays]]] = {}
        """Answers that nobody has made room for yet and their places, by their question."""
        self._heard = 0
        self._dropped = 0

    def run(self) -> None:
        threading.Thread(target=self._listen, name="medview-service-ear", daemon=True).start()
        threading.Thread(target=self._host.watch, name="medview-service-watch", daemon=True).start()
        while True:
            self._host.last_used = time.monotonic()
            self._host.busy = False
            kind, number, slot, *rest = self._inbox.get()
            self._host.busy = True
            try:
                answer = self._fetch(number, slot, *rest) if kind == "fetch" else self._serve(kind, number, slot, *rest)
            except BaseException as failure:  # noqa: BLE001 - the parent must learn of whatever it is
                code = "out_of_memory" if isinstance(failure, MemoryError) else "run_failed"
                described = {"exit_code": int(ExitCode.RUN_FAILED), **described_error(failure, code)}
                answer = {"error": described}
            write_message(self._answers, json.dumps({**answer, "number": number}).encode())

    def _listen(self) -> None:
        """An orphan must not go on: the end of the pipe is the end of the process, whatever the main thread does."""
        while True:
            message = read_message(self._requests)
            if message is None:
                os._exit(0)
            request = pickle.loads(message)  # noqa: S301 - the parent's own values
            if request[0] == "stop":
                # What was asked before and has not begun, is not begun any more.
                self._dropped = self._heard
                with contextlib.suppress(Exception):
                    self._service.stop()
            else:
                self._heard = max(self._heard, request[1])
                self._inbox.put(request)

    def _serve(
        self,
        kind: str,
        number: int,
        slot: int,
        values: dict[str, Any],
        arena: SharedHandle | None,
        parts: list[dict[str, Any]],
        into: SharedHandle | None,
    ) -> dict[str, Any]:
        """The answers to all parts of a question, one after the other, each written as soon as it is there."""
        memory = self._memory(f"in {slot}", arena)
        target = self._memory(f"out {slot}", into)
        answers: list[dict[str, Any]] = []
        waiting: list[tuple[int, Arrays]] = []
        at = 0
        for asked in parts:
            if number <= self._dropped:
                raise MedviewError("run_failed", "stopped", None, ExitCode.RUN_FAILED)
            arrays = {} if memory is None else {name: view_of(memory, *place) for name, place in asked.items()}
            told, made = self._service.serve(kind, values, arrays)
            given = {name: np.ascontiguousarray(array) for name, array in made.items()}
            places = describe_arrays(given, at)
            answers.append({"values": told, "arrays": places})
            size = arena_size(given)
            if target is not None and not waiting and at + size <= target.nbytes:
                write_arrays(given, target, places)
            elif given:
                waiting.append((at, given))
            at += size
        if waiting:
            self._waiting[number] = waiting
        return {"answers": answers, "written": not waiting}

    def _fetch(self, number: int, slot: int, into: SharedHandle) -> dict[str, Any]:
        """Write what waits, and before it what was written already where there was too little room."""
        role = f"out {slot}"
        before = self._attached[role].array if role in self._attached else None
        target = self._memory(role, into)
        assert target is not None, "a fetch names its memory"
        waiting = self._waiting.pop(number)
        first = waiting[0][0]
        if before is not None and first:
            target[:first] = before[:first]
        for at, arrays in waiting:
            write_arrays(arrays, target, describe_arrays(arrays, at))
        return {"answers": [], "written": True}

    def _memory(self, role: str, handle: SharedHandle | None) -> NDArray[np.uint8] | None:
        if handle is None:
            return None
        known = self._attached.get(role)
        if known is None or known.handle != handle:
            if known is not None:
                known.close()
            known = self._attached[role] = SharedArray.attach(handle)
        return known.array


# Arrays in one piece of memory ---------------------------------------------------------------------------------------


def arena_size(arrays: Arrays) -> int:
    """Bytes for all arrays, each at an aligned place."""
    return sum(-(-array.nbytes // ALIGNMENT) * ALIGNMENT for array in arrays.values())


def describe_arrays(arrays: Arrays, at: int = 0) -> dict[str, list[Any]]:
    """Place, type and shape of each array, one after the other from place ``at`` on."""
    described: dict[str, list[Any]] = {}
    for name, array in arrays.items():
        described[name] = [at, array.dtype.str, list(array.shape)]
        at += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    return described


def write_arrays(arrays: Arrays, memory: NDArray[np.uint8], places: Mapping[str, Sequence[Any]]) -> None:
    """Copy the arrays into ``memory``, each to the place that :func:`describe_arrays` gave it."""
    for name, array in arrays.items():
        view_of(memory, *places[name])[...] = array


def view_of(memory: NDArray[np.uint8], at: int, kind: str, shape: Any) -> NDArray[Any]:
    """The array at a place of ``memory``. Raises ValueError where it does not lie inside or is of objects."""
    dtype = np.dtype(kind)
    size = dtype.itemsize
    for length in shape:
        if not isinstance(length, int) or length < 0:
            raise ValueError(f"a shape {shape}")
        size *= length
    if dtype.hasobject or not 0 <= at <= at + size <= memory.nbytes:
        raise ValueError(f"an array of {size} bytes at {at} of {memory.nbytes}")
    return memory[at : at + size].view(dtype).reshape(shape)


# What the system says ------------------------------------------------------------------------------------------------


def resident_bytes() -> int:
    """Memory of this process that is really used; the highest so far on macOS, 0 where the system does not say."""
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123
        fields = stream.read().split()
        return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0


def free_share() -> float:
    """Share of the machine's memory that programs can still have; 1 where the system does not say."""
    with contextlib.suppress(OSError, ValueError, KeyError), open("/proc/meminfo", encoding="ascii") as stream:  # noqa: PTH123
        lines = dict(line.split(":", 1) for line in stream)
        return int(lines["MemAvailable"].split()[0]) / int(lines["MemTotal"].split()[0])
    return 1.0


def _fall_silently() -> None:
    """A crash is told by the parent: no core file in the folder of the study, no message box."""
    if os.name == "nt":
        with contextlib.suppress(Exception):
            import ctypes

            # SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX
            ctypes.windll.kernel32.SetErrorMode(0x8003)  # type: ignore[attr-defined,unused-ignore]
        return
    with contextlib.suppress(Exception):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
