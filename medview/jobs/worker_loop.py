"""What runs inside a worker process: takes requests from its parent, reads frames into shared memory, answers.

Requests are pickled values of the parent. Answers are JSON, never pickles: a decoder that a hostile file has taken over must
not be able to run anything in the process that owns the window.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pickle
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO

from medview.core.problem import ExitCode, MedviewError
from medview.jobs.shared_array import SharedArray, SharedHandle

_LENGTH = struct.Struct("<I")
_KEPT_TARGETS = 2

ReadSource = Callable[[Any, Any], Any]


def write_message(stream: BinaryIO, message: bytes) -> None:
    """Write one message with its length; raises OSError where nobody listens any more."""
    left = memoryview(_LENGTH.pack(len(message)) + message)
    while left:
        left = left[stream.write(left) :]


def read_message(stream: BinaryIO, longest: int | None = None) -> bytes | None:
    """The next message, None at the end of the stream, also where it ends inside a message or is above ``longest``."""
    head = _read_exactly(stream, _LENGTH.size)
    if head is None:
        return None
    length = _LENGTH.unpack(head)[0]
    return None if longest is not None and length > longest else _read_exactly(stream, length)


def _read_exactly(stream: BinaryIO, length: int) -> bytes | None:
    parts: list[bytes] = []
    while length:
        part = stream.read(length)
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def run_worker(entry: str, niceness: int = 0) -> None:
    """Serve until the parent closes the pipe.

    ``entry`` names a module with ``prepare()`` and ``read_source(source, target)``, or one with ``make_service(host)``
    (:mod:`medview.jobs.service_loop`).
    """
    requests, answers = _own_streams()
    if niceness and hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(niceness)
    try:
        module = importlib.import_module(entry)
        is_service = hasattr(module, "make_service")
        if not is_service:
            module.prepare()
        _answer(answers, {"ready": os.getpid()})
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must learn it
        _answer(answers, {"broken": f"{type(error).__name__}: {error}"})
        return
    with contextlib.suppress(BrokenPipeError, OSError, KeyboardInterrupt):
        if is_service:
            from medview.jobs.service_loop import run_service

            run_service(module, requests, answers)
            return
        _Loop(module.read_source, requests, answers).run()


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes under private descriptors: a codec that prints must not write into the answers."""
    requests, answers = os.dup(0), os.dup(1)
    if os.name == "nt":
        import msvcrt

        for descriptor in (requests, answers):
            msvcrt.setmode(descriptor, os.O_BINARY)  # type: ignore[attr-defined,unused-ignore]
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    return open(requests, "rb", buffering=0), open(answers, "wb", buffering=0)  # noqa: PTH123


def _answer(stream: BinaryIO, answer: dict[str, Any]) -> None:
    write_message(stream, json.dumps(answer).encode())


class _Loop:
    """One request after the other."""

    def __init__(self, read_source: ReadSource, requests: BinaryIO, answers: BinaryIO) -> None:
        self._read_source = read_source
        self._requests = requests
        self._answers = answers
        self._targets: OrderedDict[SharedHandle, SharedArray] = OrderedDict()
        self._given: dict[str, SharedArray] = {}
        self._cap = MemoryCap()

    def run(self) -> None:
        while (message := read_message(self._requests)) is not None:
            kind, *rest = pickle.loads(message)  # noqa: S301 - the parent's own values
            getattr(self, f"_on_{kind}")(*rest)

    def _on_frames(self, handle: SharedHandle, frames: list[tuple[int, bytes]], allowance: int) -> None:
        for number, (slot, source) in enumerate(frames):
            error = None
            try:
                target = self._target(handle)
                self._cap.apply(allowance + sum(known.nbytes for known in self._targets))
                self._read_source(pickle.loads(source), target.array[slot])  # noqa: S301
            except BaseException as failure:  # noqa: BLE001 - codecs raise what is no Exception
                error = described_error(failure)
            _answer(self._answers, {"frame": number, "error": error})

    def _on_read(self, source: bytes, allowance: int) -> None:
        try:
            self._cap.apply(allowance + sum(known.nbytes for known in self._targets))
            values = self._read_source(pickle.loads(source), None)  # noqa: S301
            shared = SharedArray.create(values.shape, values.dtype)
            shared.array[...] = values
        except BaseException as failure:  # noqa: BLE001
            _answer(self._answers, {"error": described_error(failure)})
            return
        handle = shared.handle
        self._given[handle.name] = shared
        _answer(self._answers, {"array": [handle.kind, handle.name, list(handle.shape), handle.dtype, handle.identity]})

    def _on_taken(self, name: str) -> None:
        """The parent holds an array that was given: let go of it."""
        given = self._given.pop(name, None)
        if given is not None:
            given.close()

    def _on_forget(self, handle: SharedHandle) -> None:
        target = self._targets.pop(handle, None)
        if target is not None:
            target.close()

    def _target(self, handle: SharedHandle) -> SharedArray:
        target = self._targets.get(handle)
        if target is None:
            target = self._targets[handle] = SharedArray.attach(handle)
            while len(self._targets) > _KEPT_TARGETS:
                self._targets.popitem(last=False)[1].close()
        self._targets.move_to_end(handle)
        return target


class MemoryCap:
    """Most memory of this process, so that a small hostile file cannot take the machine's.

    POSIX systems limit the address space; on Windows a job object limits what the process commits.
    """

    def __init__(self) -> None:
        self._applied = -1
        self._own = _address_space()
        self._job = _WindowsJob() if os.name == "nt" else None

    def apply(self, extra: int) -> None:
        if extra == self._applied:
            return
        self._applied = extra
        if self._job is not None:
            self._job.limit(extra)
            return
        if self._own == 0:
            return
        import resource

        with contextlib.suppress(ValueError, OSError):
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            wanted = self._own + extra
            resource.setrlimit(
                resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
            )


class _WindowsJob:
    """A job object around this process alone: allocations beyond its limit fail instead of filling the page file."""

    LIMITS = struct.Struct("@qqI4xPPI4xPII6QPPPP")
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION: basic limits, counters of transfers, process and job memory, peaks."""
    PROCESS_MEMORY = 0x100
    EXTENDED_LIMITS = 9

    def __init__(self) -> None:
        self._kernel: Any = None
        self._handle = None
        self._base = 0
        with contextlib.suppress(Exception):  # without it decoding goes on, uncapped as on macOS
            import ctypes

            kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined,unused-ignore]
            kernel.CreateJobObjectW.restype = ctypes.c_void_p
            kernel.GetCurrentProcess.restype = ctypes.c_void_p
            kernel.AssignProcessToJobObject.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
            kernel.SetInformationJobObject.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]
            handle = kernel.CreateJobObjectW(None, None)
            if handle and kernel.AssignProcessToJobObject(handle, kernel.GetCurrentProcess()):
                self._kernel, self._handle = kernel, handle

    def limit(self, extra: int) -> None:
        """Let the process commit ``extra`` bytes besides what an idle worker needs."""
        if self._handle is None:
            return
        self._kernel.SetInformationJobObject(
            self._handle, self.EXTENDED_LIMITS, self.packed(extra + IDLE_COMMIT), self.LIMITS.size
        )

    @classmethod
    def packed(cls, most: int) -> bytes:
        """The structure with nothing but a limit of process memory."""
        return cls.LIMITS.pack(0, 0, cls.PROCESS_MEMORY, 0, 0, 0, 0, 0, 0, *[0] * 6, most, 0, 0, 0)


IDLE_COMMIT = 256 << 20
"""What an idle worker has committed on Windows, generously."""


def _address_space() -> int:
    """Bytes of address space in use, 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123
            return int(stream.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def described_error(error: BaseException, code: str = "codec_failed") -> dict[str, Any]:
    """An error in plain values, for :func:`error_of`; ``code`` for one that nobody foresaw."""
    if isinstance(error, MedviewError):
        return {
            "code": error.code,
            "text": error.text,
            "path": error.path,
            "exit_code": int(error.exit_code),
            "values": list(error.values),
        }
    return {"code": code, "text": f"{type(error).__name__}: {error}", "path": None, "values": []}


def error_of(described: dict[str, Any]) -> MedviewError:
    """The error that a worker described."""
    path = described.get("path")
    return MedviewError(
        str(described.get("code", "codec_failed")),
        str(described.get("text", "")),
        None if path is None else str(path),
        ExitCode(int(described.get("exit_code", ExitCode.INPUT_UNUSABLE))),
        tuple(str(value) for value in described.get("values", ())),
    )
