"""What the images themselves say at a finding, to be looked at before the model's confidence: size, and the values inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import Finding, InferenceResult
    from medview.core.volume import Volume

MOST_VOXELS = 4_000_000
"""Boxes of more are no lesions; they are not looked through while the reader waits."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """``mean`` and ``sd`` of the ``voxels`` in the ellipsoid that the box holds, in ``unit``; None while not all are loaded."""

    size_mm: float | None
    mean: float | None = None
    sd: float | None = None
    unit: str = ""
    voxels: int = 0


def evidence_at(workspace: Workspace, result: InferenceResult, finding: Finding) -> Evidence:
    """The evidence at a finding, at the place where the reader pulled its box to."""
    from medview.app import opening

    size = finding.size_mm
    box = workspace.decisions.of(result, finding).box or finding.box_voxel
    found = opening.find_stack(workspace.studies, result.provenance.stack_id)
    if found is None:
        return Evidence(size)
    time = result.segmentation.time if result.segmentation is not None else 0
    try:
        volume = workspace.loader.volume(found[2], time)
    except MedviewError:
        return Evidence(size)
    inside = values_in(volume, box)
    if inside is None or not inside.size:
        return Evidence(size)
    return Evidence(size, float(inside.mean()), float(inside.std()), found[2].unit or "", inside.size)


def values_in(
    volume: Volume, box: tuple[tuple[float, float, float], tuple[float, float, float]]
) -> NDArray[np.float64] | None:
    """(n,) modality values of the voxels in the ellipsoid inside of a voxel box (k, j, i); None where some are not loaded."""
    low, high = np.array(box[0], np.float64), np.array(box[1], np.float64)
    if volume.is_colour or not np.isfinite([low, high]).all():
        return None
    shape = volume.shape[:3]
    first = np.clip(np.ceil(low), 0, shape).astype(int)
    stop = np.clip(np.floor(high) + 1, 0, shape).astype(int)
    if (stop <= first).any() or np.prod(stop - first) > MOST_VOXELS:
        return None
    slices = range(int(first[0]), int(stop[0]))
    if not all(volume.is_loaded(k) for k in slices):
        return None
    middle, radius = (low + high) / 2, np.maximum((high - low) / 2, 0.5)
    j, i = np.ogrid[first[1] : stop[1], first[2] : stop[2]]
    flat = ((j - middle[1]) / radius[1]) ** 2 + ((i - middle[2]) / radius[2]) ** 2
    found = []
    for k in slices:
        chosen = flat + ((k - middle[0]) / radius[0]) ** 2 <= 1.0
        padding = volume.padding_slice(k)
        part = (slice(first[1], stop[1]), slice(first[2], stop[2]))
        if padding is not None:
            chosen &= ~padding[part]
        found.append(np.asarray(volume.modality_slice(k)[part], np.float64)[chosen])
    values: NDArray[np.float64] = np.concatenate(found)
    return values[np.isfinite(values)]
