"""What is tried when a graphics card runs out of memory: one tile at a time, smaller tiles, then the processor; each announced."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from medview.core.finding import InferenceResult
from medview.core.problem import MedviewError, Note
from medview.core.progress import Progress
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.devices import CPU
from medview.inference.manifest import Manifest
from medview.inference.onlooker import Onlooker
from medview.inference.request import InferenceRequest
from medview.inference.run import run_inference
from medview.inference.session import OpenSession

OUT_OF_DEVICE_MEMORY = "device_out_of_memory"
SMALLEST_TILE = 48
"""Smaller tiles show a network too little of what is around; the processor gives better numbers."""
GRAIN = 16
"""Networks that halve their input four times want tiles of whole multiples."""
KEPT_S = 600.0
"""Somebody else may have had the card's memory: after so long all is tried again."""

_did: dict[tuple[str, str, tuple[int, ...]], tuple[int, str, float]] = {}
"""By package, device and size of the series: which retreat did it, what had too little memory, and until when that is believed."""


def run_or_retreat(
    request: InferenceRequest,
    volume: Volume,
    stack: Stack,
    progress: Progress,
    open_session: OpenSession,
    onlooker: Onlooker | None = None,
) -> InferenceResult:
    """As :func:`medview.inference.run.run_inference`; where the device's memory does not do, with less, and a warning.

    A run that is tried again starts from its beginning: no result is made half by one way and half by another. What did it is
    where the next run of the package on the device begins, for :data:`KEPT_S`: each failure costs a call and opening the network anew.
    """
    key = (request.package.sha256, request.device, volume.shape)
    number, device, until = _did.get(key, (0, "", 0.0))
    if time.monotonic() >= until:
        number = 0
    if number == 0:
        try:
            return run_inference(request, volume, stack, progress, open_session=open_session, onlooker=onlooker)
        except MedviewError as error:
            if error.code != OUT_OF_DEVICE_MEMORY:
                raise
            device = error.values[0] if error.values else request.device
    for n, (smaller, note) in enumerate(_retreats(request, device), start=1):
        if n < number:
            continue
        try:
            result = run_inference(smaller, volume, stack, progress, open_session=open_session, onlooker=onlooker)
        except MedviewError as error:
            # A graph with fixed sizes takes no smaller tiles: manifest and network do not fit any more.
            if smaller.device == CPU or error.code not in {OUT_OF_DEVICE_MEMORY, "manifest_unfit"}:
                raise
            continue
        if n != number:
            _did[key] = (n, device, time.monotonic() + KEPT_S)
        provenance = replace(result.provenance, device_requested=request.device)
        return replace(result, provenance=provenance, warnings=(note, *result.warnings))
    raise AssertionError("the processor is the last retreat")


def _retreats(request: InferenceRequest, device: str) -> Iterator[tuple[InferenceRequest, Note]]:
    manifest = request.package.manifest
    single = with_tiles(manifest, None)
    if single is not None:
        text = f"{device} ran out of memory; the model was run on one tile at a time."
        yield _with(request, single), Note("device_memory_single", text, (device,))
    size = manifest.input.tiling.size if manifest.input.tiling is not None else ()
    while (half := halved(size)) is not None:
        size = half
        smaller = with_tiles(manifest, size)
        assert smaller is not None, "the sizes differ"
        told = " x ".join(str(length) for length in size)
        text = f"{device} ran out of memory; the model was run on smaller tiles ({told}), which can change its numbers a little."
        yield _with(request, smaller), Note("device_memory_tiles", text, (device, told))
    text = f"{device} ran out of memory; the model was run on the processor, which takes longer."
    yield replace(request, device=CPU), Note("device_memory_processor", text, (device,))


def _with(request: InferenceRequest, manifest: Manifest) -> InferenceRequest:
    return replace(request, package=replace(request.package, manifest=manifest))


def halved(size: tuple[int, ...]) -> tuple[int, ...] | None:
    """Half the tile where that is still large enough and a multiple of :data:`GRAIN`; None where no axis can be halved."""
    halves = tuple(
        length // 2 if length // 2 >= SMALLEST_TILE and length // 2 % GRAIN == 0 else length for length in size
    )
    return halves if halves != size else None


def with_tiles(manifest: Manifest, size: tuple[int, ...] | None) -> Manifest | None:
    """The manifest with a batch of one, and tiles of ``size`` where it is given; None where that changes nothing."""
    given = manifest.input
    if given.tiling is None:
        changed = given.model_copy(update={"batch": 1})
    else:
        tiling = given.tiling.model_copy(update={"batch": 1, **({} if size is None else {"size": size})})
        changed = given.model_copy(update={"batch": 1, "tiling": tiling})
    if changed == given:
        return None
    return manifest.model_copy(update={"input": changed})
