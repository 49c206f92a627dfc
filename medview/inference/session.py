"""A network in ONNX Runtime: opened on a device, run so that it can be stopped inside one long call, released after.

:class:`Session` is what a run needs of it; :class:`NetworkSession` holds it in this process,
:class:`medview.app.contained.ContainedSession` in another that may break.

A call runs beside its caller, who waits in short steps, so that the caller's checkpoint is heard during a call that lasts
minutes. Cancelled raises the run's terminate flag; where a single operator does not look at it in time the call is left
to end by itself, and everything that it uses is kept alive until then.

ONNX Runtime's own ``run_async`` is not used: its pool would need one thread more than cores, since the caller's counts but
only waits, and ONNX Runtime then cuts each operator into that many parts (96³ tiles on two cores: 1.18 s against 0.71 s).
"""

from __future__ import annotations

import os
import queue
import re
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError, Note
from medview.inference.devices import AUTO, CPU, available_devices, device_of_provider, providers_for
from medview.inference.package import ModelPackage

Array = NDArray[Any]
Checkpoint = Callable[[], None]
"""Raises :class:`medview.core.progress.Cancelled` when the run shall end."""
Beside = Callable[[Callable[[], None]], None]
"""Runs a call in another thread and returns at once (:func:`medview.jobs.beside.call_beside`)."""

CHECK_EVERY_S = 0.05
SHARING = {"session.intra_op.spin_duration_us": "200"}
"""How the network's threads share the cores with what draws and prepares. Idle threads must not burn them: they wait awake for the
next operator, or the next call of several that were asked together, for a fifth of a millisecond. Threads that sleep at once make a
call of 12 ms take 1.2 times as long beside 8 % of other work on two cores, and such as only sleep at the end of each call
(``session.force_spinning_stop``) 1.15 times beside much of it, at more processor time. ``session.dynamic_block_base`` is left alone:
parts of another size are rounded differently, and answers would not be the same twice.
"""
STOP_WITHIN_S = 1.0
"""How long a terminated run is waited for before it is left alone."""

DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(uint16)": np.uint16,
    "tensor(int16)": np.int16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of the graph; None in ``shape`` is any size."""

    name: str
    shape: tuple[int | None, ...]
    type: str


class HasNetwork(Protocol):
    """A package, or all that is needed of one to open its network."""

    @property
    def model_path(self) -> Path:
        """The ONNX file."""
        ...


class Session(Protocol):
    """An open network, wherever it is; use as a context."""

    device: str
    """What really runs it."""
    fallback: str
    """Why that is another than was asked for, "" where it is not."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    name: str
    path: str
    seconds_inside: float
    notes: tuple[Note, ...]
    """What else is worth saying of it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...

    def run(self, feeds: Mapping[str, Array], names: Sequence[str], checkpoint: Checkpoint) -> list[Array]:
        """Outputs ``names`` for ``feeds``. Raises Cancelled (from ``checkpoint``) or MedviewError (exit code 6)."""
        ...

    def run_each(
        self, feeds: Iterable[Mapping[str, Array]], names: Sequence[str], checkpoint: Checkpoint
    ) -> Generator[list[Array], None, None]:
        """As :meth:`run` for each of ``feeds``, in their order; some may be taken before the first is answered.

        Close the iterator where it is not used up. Answers are good until the next is asked for.
        """
        ...


OpenSession = Callable[[ModelPackage, str, int | None, Checkpoint], Session]
"""Opens a package's network on a device with so many threads; the checkpoint is heard while it opens, where that is possible."""


def one_after_another(
    session: Session, feeds: Iterable[Mapping[str, Array]], names: Sequence[str], checkpoint: Checkpoint
) -> Generator[list[Array], None, None]:
    """:meth:`Session.run_each` where nothing is won by taking them ahead."""
    for feed in feeds:
        yield session.run(feed, names, checkpoint)


class _Call:
    """One call with everything that must live as long as it does."""

    def __init__(self, session: Any, options: Any, names: list[str], feeds: dict[str, Array]) -> None:
        self.session = session
        self.options = options
        self.names = names
        self.feeds = feeds
        self.answer: queue.SimpleQueue[Sequence[Any] | BaseException] = queue.SimpleQueue()

    def __call__(self) -> None:
        try:
            self.answer.put(self.session.run(self.names, self.feeds, self.options))
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            self.answer.put(error)

    def wait(self, seconds: float) -> Sequence[Any] | BaseException | None:
        try:
            return self.answer.get(timeout=seconds)
        except queue.Empty:
            return None


def thread_count() -> int:
    """Threads for the network: all cores on a small machine, and from four on one is left to the eye."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return cores if cores < 4 else cores - 1


class NetworkSession:
    """An open network; use as a context. ``device`` is what really runs it, ``fallback`` says why it is another."""

    def __init__(
        self,
        package: HasNetwork,
        device: str = AUTO,
        threads: int | None = None,
        beside: Beside | None = None,
        optimise: bool = True,
        tail: bytes = b"",
    ) -> None:
        """Without ``beside`` calls run in the caller's thread, and checkpoints are heard only between them.

        ``optimise``: let ONNX Runtime rewrite the graph first, which is faster, and has broken down on some graphs.
        ``tail``: more of the graph (:mod:`medview.inference.graph_outputs`), appended in memory.
        """
        providers = providers_for(device)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or thread_count()
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        if not optimise:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        for key, value in SHARING.items():
            options.add_session_config_entry(key, value)
        if "CUDAExecutionProvider" in providers and hasattr(onnxruntime, "preload_dlls"):
            onnxruntime.preload_dlls()
        path = package.model_path
        self._beside = beside
        self._session, why_not = _open(onnxruntime, package, options, providers, tail)
        self._runtime = onnxruntime
        self.device = device_of_provider(self._session.get_providers()[0])
        self.fallback = _fallback(device, providers[0], self.device, why_not)
        self.inputs = tuple(_port(given) for given in self._session.get_inputs())
        self.outputs = tuple(_port(given) for given in self._session.get_outputs())
        self.name = path.name
        self.path = str(path)
        self.seconds_inside = 0.0
        self.notes: tuple[Note, ...] = ()
        self._options: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the network and its memory."""
        self._session = None

    def run(self, feeds: Mapping[str, Array], names: Sequence[str], checkpoint: Checkpoint) -> list[Array]:
        """Outputs ``names`` for ``feeds``. Raises Cancelled (from ``checkpoint``) or MedviewError ``run_failed``."""
        started = time.perf_counter()
        options = self._runtime.RunOptions()
        options.log_severity_level = 4
        self._options = options
        # What is fed may be a view of something else.
        laid_out = {name: np.asarray(array, order="C") for name, array in feeds.items()}
        call = _Call(self._session, options, list(names), laid_out)
        if self._beside is None:
            call()
        else:
            self._beside(call)
        try:
            while (answer := call.wait(CHECK_EVERY_S)) is None:
                checkpoint()
        except BaseException:  # Cancelled, or Ctrl+C while waiting
            _stop(call, options)
            raise
        self._options = None
        self.seconds_inside += time.perf_counter() - started
        if isinstance(answer, Exception):
            raise self._failed(str(answer)) from answer
        if isinstance(answer, BaseException):
            raise answer
        outputs = answer
        for name, output in zip(names, outputs, strict=True):
            if not isinstance(output, np.ndarray):
                raise self._failed(f"output {name} is not a tensor")
        return list(outputs)

    def run_each(
        self, feeds: Iterable[Mapping[str, Array]], names: Sequence[str], checkpoint: Checkpoint
    ) -> Generator[list[Array], None, None]:
        """As :meth:`run` for each of ``feeds``, one after the other."""
        return one_after_another(self, feeds, names, checkpoint)

    def stop(self) -> None:
        """Ask the call that goes on to end; from another thread."""
        options = self._options
        if options is not None:
            options.terminate = True

    def _failed(self, said: str) -> MedviewError:
        if _speaks_of_memory(said):
            return _out_of_memory(self.name, self.path, self.device)
        return MedviewError("run_failed", f"{self.name} failed: {_first_line(said)}", self.path, ExitCode.RUN_FAILED)


def _stop(call: _Call, options: Any) -> None:
    """Ask a call to end; one that does not look at it soon is left alone, its thread keeps what it uses."""
    options.terminate = True
    call.wait(STOP_WITHIN_S)


def _speaks_of_memory(said: str) -> bool:
    lowered = said.lower()
    return any(word in lowered for word in _MEMORY_WORDS)


_MEMORY_WORDS = (
    "bad_alloc",
    "bad allocation",
    "failed to allocate",
    "out of memory",
    "out_of_memory",
    "outofmemory",
    "alloc_failed",
    "available memory",
    "integer overflow",
)
"""How ONNX Runtime, CUDA, cuDNN, cuBLAS and Direct3D say it; an overflow is a size that no machine has."""


def _out_of_memory(name: str, path: str, device: str) -> MedviewError:
    """On a graphics card it is another fault than on the processor: smaller tiles or the processor may still do it."""
    if device == CPU:
        text = f"{name} asks for more memory than there is."
        return MedviewError("out_of_memory", text, path, ExitCode.RUN_FAILED)
    text = f"{name} asks for more memory than {device} has."
    return MedviewError("device_out_of_memory", text, path, ExitCode.RUN_FAILED, (device,))


def _port(given: Any) -> Port:
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in given.shape)
    return Port(given.name, shape, given.type)


def _open(runtime: Any, package: HasNetwork, options: Any, providers: list[str], tail: bytes = b"") -> tuple[Any, str]:
    """A session on ``providers``, or on the processor and why; ONNX Runtime's own way back would print to the answer."""
    path: str | bytes = str(package.model_path)
    if tail:
        path = package.model_path.read_bytes() + tail
        # Side files are looked for beside the file, which ONNX Runtime does not see then.
        folder = str(package.model_path.parent)
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", folder)
    why_not = ""
    if len(providers) > 1:
        try:
            return runtime.InferenceSession(path, options, providers=providers, enable_fallback=0), ""
        except Exception as error:  # noqa: BLE001 - whatever a driver says, the processor can still do it
            why_not = _first_line(str(error)).rstrip(".")
    try:
        return runtime.InferenceSession(path, options, providers=[providers[-1]], enable_fallback=0), why_not
    except Exception as error:
        raise _open_failed(package, error) from error


def _fallback(wanted: str, first: str, used: str, why_not: str) -> str:
    if wanted == AUTO:
        wanted = device_of_provider(first)
    if used == wanted:
        return ""
    missing = next((device for device in available_devices() if device.id == wanted and not device.present), None)
    reason = why_not or (missing.reason if missing else "its driver or libraries could not be loaded")
    return f"{wanted} cannot be used ({reason}); the network ran on {used}."


def _first_line(text: str) -> str:
    """The sentence of an ONNX Runtime message that says something, without its prefix and source places."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "no reason given")
    for _ in range(3):
        head, separator, rest = line.partition(" : ")
        if separator and (head.startswith("[ONNXRuntimeError]") or head.isdigit() or head.isupper()):
            line = rest
    return line[:400].rstrip(" .") + "."


def _open_failed(package: HasNetwork, error: Exception) -> MedviewError:
    said = str(error)
    name = package.model_path.name
    if _speaks_of_memory(said):
        return _out_of_memory(name, str(package.model_path), CPU)
    if "Unsupported model IR version" in said or ("opset" in said.lower() and "support" in said.lower()):
        code, text = "opset_unsupported", f"{name} is newer than the installed ONNX Runtime: {_opset_line(said)}"
    elif "is not a registered function/op" in said or "No Op registered for" in said or "NOT_IMPLEMENTED" in said:
        code, text = (
            "operator_refused",
            f"{name} needs an operator that ONNX Runtime does not have: {_first_line(said)}",
        )
    elif "INVALID_PROTOBUF" in said or "Protobuf parsing failed" in said:
        code, text = "model_corrupt", f"{name} is not a complete ONNX file."
    else:
        code, text = "model_unusable", f"{name} cannot be opened: {_first_line(said)}"
    return MedviewError(code, text, str(package.model_path), ExitCode.MODEL_UNUSABLE)


def _opset_line(said: str) -> str:
    """Which opset it needs and which is the newest known, without ONNX Runtime's own places in its source."""
    found = re.search(r"Opset (\d+) is under development.*?till opset (\d+)", said, re.DOTALL)
    if found is None:
        return _first_line(said)
    return f"it is made for opset {found[1]}, the newest known one is {found[2]}."


__all__ = ["AUTO", "CPU", "DTYPES", "NetworkSession", "OpenSession", "Port", "Session", "thread_count"]
