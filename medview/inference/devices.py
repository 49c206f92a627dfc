"""What a network can run on here: the execution providers of the installed ONNX Runtime, and why others are not there."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from medview.core.problem import ExitCode, MedviewError, Note
from medview.inference.runtime import onnx_runtime

AUTO = "auto"
CPU = "cpu"


@dataclass(frozen=True, slots=True)
class Device:
    """One way to run. ``why`` it is not there; None where the installed ONNX Runtime offers it."""

    id: str
    title: str
    provider: str
    why: Note | None = None

    @property
    def present(self) -> bool:
        """Whether it can be tried."""
        return self.why is None

    @property
    def reason(self) -> str:
        """Why not, in English."""
        return "" if self.why is None else self.why.text


@dataclass(frozen=True, slots=True)
class _Kind:
    id: str
    title: str
    provider: str
    systems: tuple[str, ...]
    flavour: str
    automatic: bool = True


_ANY = ("linux", "win32", "darwin")
_KINDS = (
    _Kind("cuda", "NVIDIA GPU (CUDA)", "CUDAExecutionProvider", ("linux", "win32"), "cuda"),
    _Kind("directml", "GPU (DirectML)", "DmlExecutionProvider", ("win32",), "directml"),
    _Kind("coreml", "Apple GPU and Neural Engine (Core ML)", "CoreMLExecutionProvider", ("darwin",), "cpu"),
    _Kind("openvino", "Intel (OpenVINO)", "OpenVINOExecutionProvider", ("linux", "win32"), "openvino"),
    _Kind("migraphx", "AMD GPU (MIGraphX)", "MIGraphXExecutionProvider", ("linux",), ""),
    _Kind("webgpu", "GPU (WebGPU)", "WebGpuExecutionProvider", _ANY, ""),
    # TensorRT builds an engine for minutes at the first run: only when asked for.
    _Kind(
        "tensorrt", "NVIDIA GPU (TensorRT)", "TensorrtExecutionProvider", ("linux", "win32"), "cuda", automatic=False
    ),
    _Kind(CPU, "Processor", "CPUExecutionProvider", _ANY, "cpu"),
)
"""In the order in which ``auto`` prefers them."""

SYSTEM_NAMES = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}


def _runtime() -> Any:
    try:
        return onnx_runtime()
    except ImportError as error:
        text = f"ONNX Runtime is not installed or cannot be loaded: {error}."
        raise MedviewError("runtime_missing", text, None, ExitCode.MODEL_UNUSABLE) from error


def _why_missing(kind: _Kind, version: str) -> Note:
    """What would bring a device that this system could have."""
    text = f"the installed ONNX Runtime {version} does not have it"
    if not kind.flavour:
        return Note("device_not_in_runtime", text, (version,))
    if getattr(sys, "frozen", False):
        package = f"medview-{kind.flavour}"
        return Note("device_in_package", f"{text}; the package {package} brings it", (version, package))
    option = f"--flavour {kind.flavour}"
    return Note("device_by_flavour", f"{text}; set medview up with {option}", (version, option))


def available_devices() -> tuple[Device, ...]:
    """All devices medview knows, in the order of preference. Raises MedviewError without ONNX Runtime."""
    runtime = _runtime()
    there = set(runtime.get_available_providers())
    devices = []
    for kind in _KINDS:
        if kind.provider in there:
            devices.append(Device(kind.id, kind.title, kind.provider))
        elif sys.platform not in kind.systems:
            names = ", ".join(SYSTEM_NAMES[system] for system in kind.systems)
            why = Note("device_other_system", f"only on {names}", (names,))
            devices.append(Device(kind.id, kind.title, kind.provider, why))
        else:
            devices.append(Device(kind.id, kind.title, kind.provider, _why_missing(kind, runtime.__version__)))
    return tuple(devices)


def check_device_name(wanted: str) -> None:
    """Raise MedviewError (exit code 2) for a name that is no device."""
    known = [AUTO, *(kind.id for kind in _KINDS)]
    if wanted not in known:
        text = f"{wanted!r} is not a device; there are {', '.join(known)}."
        raise MedviewError("device_unknown", text, None, ExitCode.BAD_USE)


def providers_for(wanted: str) -> list[str]:
    """ONNX Runtime's provider list for a device id or ``auto``: wished ones first, CPU last."""
    check_device_name(wanted)
    present = {device.id: device.provider for device in available_devices() if device.present}
    if wanted == AUTO:
        chosen = [present[kind.id] for kind in _KINDS if kind.automatic and kind.id in present]
    else:
        chosen = [present[wanted]] if wanted in present else []
    if present[CPU] not in chosen:
        chosen.append(present[CPU])
    return chosen


def device_of_provider(provider: str) -> str:
    """The device id of a provider's name."""
    return next((kind.id for kind in _KINDS if kind.provider == provider), provider)
