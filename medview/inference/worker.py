"""The process that holds a network: opens it under a memory limit and runs it for its parent (medview.jobs.service_loop)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.inference.devices import CPU, device_of_provider, providers_for
from medview.inference.runtime import onnx_runtime
from medview.inference.session import NetworkSession, Port

Arrays = Mapping[str, NDArray[Any]]


class Host(Protocol):
    """What the process is told about itself (:class:`medview.jobs.service_loop.Host`)."""

    idle_s: float | None

    def limit_memory(self, extra: int, address_space: bool) -> None: ...


@dataclass(frozen=True)
class _File:
    model_path: Path


def make_service(host: Host) -> NetworkService:
    """The service of a new process; ONNX Runtime is loaded before the memory is counted."""
    onnx_runtime()
    return NetworkService(host)


class NetworkService:
    """``open`` once, ``run`` as often as wished."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._session: NetworkSession | None = None

    def serve(self, kind: str, values: Mapping[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        """Answer ``open`` or ``run``; raises MedviewError."""
        return self._open(values) if kind == "open" else self._run(values, arrays)

    def stop(self) -> None:
        """End the call that goes on."""
        if self._session is not None:
            self._session.stop()

    def _open(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], Arrays]:
        self._host.idle_s = float(values["idle_s"])
        device, memory = str(values["device"]), int(values["memory"])
        first = device_of_provider(providers_for(device)[0])
        self._host.limit_memory(memory, first == CPU)
        file = _File(Path(values["path"]))
        session = NetworkSession(
            file, device, values["threads"], None, bool(values["optimise"]), values.get("tail", b"")
        )
        if session.device == CPU != first:
            self._host.limit_memory(memory, address_space=True)
        self._session = session
        told = {
            "device": session.device,
            "fallback": session.fallback,
            "inputs": [_told(port) for port in session.inputs],
            "outputs": [_told(port) for port in session.outputs],
        }
        return told, {}

    def _run(self, values: Mapping[str, Any], arrays: Arrays) -> tuple[dict[str, Any], Arrays]:
        session = self._session
        assert session is not None, "the parent opens first"
        before = session.seconds_inside
        names = list(values["names"])
        outputs = dict(zip(names, session.run(arrays, names, _no_checkpoint), strict=True))
        for name, output in outputs.items():
            if output.dtype.hasobject:
                text = f"{session.name} answered {name} with text."
                raise MedviewError("output_wrong_type", text, session.path, ExitCode.RUN_FAILED)
        return {"seconds": session.seconds_inside - before}, {name: np.asarray(a) for name, a in outputs.items()}


def _no_checkpoint() -> None:
    pass


def _told(port: Port) -> list[Any]:
    return [port.name, list(port.shape), port.type]
