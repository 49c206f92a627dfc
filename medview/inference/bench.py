"""How fast a package's network is on each device that is there, and whether the devices agree; why others cannot be used."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import MedviewError
from medview.core.progress import Progress, no_progress
from medview.inference.devices import CPU, Device, available_devices
from medview.inference.manifest import (
    CenterHeatmapOutput,
    ClassificationOutput,
    Manifest,
    SegmentationOutput,
)
from medview.inference.network import check_ports, constant_of, known_size
from medview.inference.package import ModelPackage, variant_of
from medview.inference.session import DTYPES, OpenSession, Port

LEAST_CALLS = 3
MOST_CALLS = 50
LEAST_S = 1.0
"""A device is measured for so long at least, unless it has answered often enough before."""
ENOUGH_S = 10.0
"""After so long one call is enough: a whole head of 256³ voxels takes 20 s a call on two cores."""
FREE_SIZE = {2: 256, 3: 64}
"""Length of an axis that neither graph nor manifest fixes, for networks of slices and of volumes."""


@dataclass(frozen=True, slots=True)
class DeviceSpeed:
    """What one device did. ``reason`` says why it could not be used; ``used`` is read back from ONNX Runtime.

    ``difference``: largest difference of any output from the processor's with the package's own network, as a share of
    that output's largest value.
    """

    device: str
    title: str
    used: str = ""
    reason: str = ""
    open_s: float | None = None
    first_call_s: float | None = None
    call_s: float | None = None
    """Median of the calls after the first."""
    calls: int = 0
    input_shape: tuple[int, ...] = ()
    difference: float | None = None
    variant: str = ""
    """The network in other numbers (fp16, int8 …), "" for the package's own."""
    agreement: float | None = None
    """Share of places where the answer decides as the processor's: the same class, or the same side of a threshold."""

    def described(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"input_shape": list(self.input_shape)}


def bench_package(
    package: ModelPackage,
    open_session: OpenSession,
    wanted: Sequence[str] = (),
    progress: Progress = no_progress,
    devices: Sequence[Device] | None = None,
) -> tuple[DeviceSpeed, ...]:
    """Measure the devices named in ``wanted``, or all; the processor first, since the others are compared with it.

    A device that fails says so in its line. Raises MedviewError (exit code 4 or 6) where the processor itself fails.
    """
    known = available_devices() if devices is None else devices
    known = sorted((one for one in known if not wanted or one.id in {*wanted, CPU}), key=lambda one: one.id != CPU)
    lines: list[DeviceSpeed] = []
    truth: list[NDArray[Any]] | None = None
    for n, device in enumerate(known):
        progress("bench", n, len(known))
        if not device.present:
            lines.append(DeviceSpeed(device.id, device.title, reason=device.reason))
            continue
        again = partial(progress, "bench", n, len(known))
        try:
            line, answers = _measure(package, device, open_session, again, truth)
        except MedviewError as error:
            if device.id == CPU:
                raise
            line, answers = DeviceSpeed(device.id, device.title, reason=error.text), None
        truth = answers if device.id == CPU else truth
        lines.append(line)
        for name in package.variant_facts:
            variant = variant_of(package, name)
            try:
                line, _ = _measure(variant, device, open_session, again, truth)
            except MedviewError as error:
                line = DeviceSpeed(device.id, device.title, reason=error.text)
            lines.append(replace(line, variant=name))
    progress("bench", len(known), len(known))
    return tuple(line for line in lines if not wanted or line.device in wanted)


def _measure(
    package: ModelPackage, device: Device, open_session: OpenSession, again: Any, truth: list[NDArray[Any]] | None
) -> tuple[DeviceSpeed, list[NDArray[Any]]]:
    begun = time.perf_counter()
    with open_session(package, device.id, None, again) as session:
        open_s = time.perf_counter() - begun
        check_ports(package, session.inputs, session.outputs)
        if session.device != device.id:
            return DeviceSpeed(device.id, device.title, session.device, session.fallback, open_s), []
        feeds = {port.name: example_input(package.manifest, port) for port in session.inputs}
        names = [port.name for port in session.outputs]
        begun = time.perf_counter()
        answers = session.run(feeds, names, again)
        first = time.perf_counter() - begun
        spent: list[float] = []
        while _is_asked_again(len(spent), sum(spent)):
            before = session.seconds_inside
            session.run(feeds, names, again)
            spent.append(session.seconds_inside - before)
        line = DeviceSpeed(
            device.id,
            device.title,
            session.device,
            open_s=open_s,
            first_call_s=first,
            call_s=float(np.median(spent)),
            calls=len(spent),
            input_shape=next(iter(feeds.values())).shape,
            difference=None if truth is None else _difference(truth, answers),
            agreement=None if truth is None else _agreement(package.manifest, truth, answers),
        )
        return line, answers


def _is_asked_again(calls: int, seconds: float) -> bool:
    """Whether so many calls, which took so long together, say too little."""
    if calls < LEAST_CALLS:
        return calls == 0 or seconds < ENOUGH_S
    return seconds < LEAST_S and calls < MOST_CALLS


def example_input(manifest: Manifest, port: Port) -> NDArray[Any]:
    """Noise between 0 and 1, always the same, of the size that the graph or the manifest fixes, else of a usual one."""
    layout = manifest.input.layout
    state = next((one for one in manifest.input.states if one.input == port.name), None)
    if state is not None:
        given = state.shape or tuple(size or 1 for size in port.shape)
        sizes = [size if isinstance(size, int) else FREE_SIZE.get(len(manifest.input.axes), 64) for size in given]
        return np.full(sizes, state.start, dtype=DTYPES[port.type])
    constant = next((one for one in manifest.input.constants if one.input == port.name), None)
    if constant is not None:
        sizes_now = dict(zip("DHW"[-len(manifest.input.axes) :], known_size(manifest), strict=True))
        free_size = FREE_SIZE.get(len(manifest.input.axes), 64)
        return constant_of(constant.value, port, {letter: size or free_size for letter, size in sizes_now.items()})
    made = dict(zip((letter for letter in layout if letter in "DHW"), known_size(manifest), strict=False))
    free = FREE_SIZE.get(len(made), 64)
    batch = manifest.input.tiling.batch if manifest.input.tiling is not None else 1
    usual = {"N": batch, "C": manifest.input.channel_count}
    shape = tuple(
        size or usual.get(letter) or made.get(letter) or free for size, letter in zip(port.shape, layout, strict=False)
    )
    noise = np.random.default_rng(0).random(shape, dtype=np.float32)
    kind = DTYPES[port.type]
    return (noise * 255).astype(kind) if np.dtype(kind).kind in "iu" else noise.astype(kind)


def _agreement(manifest: Manifest, truth: Sequence[NDArray[Any]], answers: Sequence[NDArray[Any]]) -> float | None:
    """Of the first output, where it decides something: channels by the largest, one channel by the manifest's threshold."""
    output = manifest.output
    if not isinstance(output, SegmentationOutput | ClassificationOutput | CenterHeatmapOutput) or not truth:
        return None
    expected, given = truth[0].astype(np.float64), answers[0].astype(np.float64)
    if expected.shape != given.shape or expected.ndim < 2:
        return None
    rule = getattr(output, "rule", "argmax")
    if expected.shape[1] > 1 and rule == "argmax":
        return float(np.mean(expected.argmax(axis=1) == given.argmax(axis=1)))
    level = float(getattr(output, "threshold", 0.5))
    if output.activation == "sigmoid":
        level = float(np.log(level / (1 - level))) if 0 < level < 1 else 0.0
    return float(np.mean((expected > level) == (given > level)))


def _difference(truth: Sequence[NDArray[Any]], answers: Sequence[NDArray[Any]]) -> float | None:
    worst = 0.0
    for expected, given in zip(truth, answers, strict=True):
        if expected.shape != given.shape:
            return None
        if expected.size == 0:
            continue
        a, b = expected.astype(np.float64), given.astype(np.float64)
        worst = max(worst, float(np.abs(a - b).max() / max(float(np.abs(a).max()), 1e-12)))
    return worst
