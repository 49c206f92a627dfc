"""Volumes and stacks for tests, with whatever orientation, and the plain way to run a package on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np

from medview.core.finding import InferenceResult
from medview.core.geometry import Geometry
from medview.core.progress import Progress, no_progress
from medview.core.study import Series, SeriesContext, Stack
from medview.core.volume import ModalityTransform, Volume
from medview.inference.package import ModelPackage, open_package
from medview.inference.request import InferenceRequest
from medview.inference.run import run_inference
from medview.jobs.beside import call_beside
from tests.inference.packages import write_package

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Frame:
    """A frame source that is never read."""

    sop_uid: str
    frame: int = 0
    path: str = "nowhere.dcm"
    needs_codec: bool = False

    def read(self) -> Array:
        raise AssertionError("no test reads this")


def axial_geometry(shape: tuple[int, int, int], spacing: tuple[float, float, float] = (2.5, 0.7, 0.8)) -> Geometry:
    return Geometry.from_directions(shape, (-100.0, -80.0, -300.0), (1, 0, 0), (0, 1, 0), spacing)


def volume_of(stored: Array, geometry: Geometry | None = None, unit: str | None = "HU", **more: Any) -> Volume:
    more.setdefault("transform", ModalityTransform())
    return Volume(stored, geometry=geometry, unit=unit, **more)


def stack_of(volume: Volume, kind: Any = "volume", context: SeriesContext | None = None, **more: Any) -> Stack:
    return Stack(
        id="stack-1",
        kind=kind,
        shape=volume.shape,
        timepoints=1,
        components=3 if volume.is_colour else 1,
        dtype=volume.stored.dtype.name,
        frames=tuple(Frame(f"1.2.{k}") for k in range(volume.shape[0])),
        transform=volume.transform,
        geometry=volume.geometry,
        unit=volume.unit,
        padding=volume.padding,
        inverted=volume.inverted,
        context=context or SeriesContext(modality="CT", body_part="CHEST"),
        **more,
    )


def series_of(stack: Stack) -> Series:
    return Series("1.2.3", 1, stack.context, stack.frame_count, (stack,))


def run(
    package: ModelPackage, volume: Volume, stack: Stack | None = None, progress: Progress = no_progress, **more: Any
) -> InferenceResult:
    return run_inference(
        InferenceRequest(package, "1.2.3", "cpu", **more), volume, stack or stack_of(volume), progress, call_beside
    )


def made_package(folder: Path, manifest: dict[str, Any], model: bytes) -> ModelPackage:
    return open_package(write_package(folder / manifest["id"], manifest, model))


def reorientations(volume: Volume) -> Iterator[tuple[str, Volume]]:
    """The same voxels at the same places in the patient, stored in each of the 48 orders of axes and directions.

    k grows along row × column in all of them, as a Stack promises: where the other 24 would not, the slices are
    turned round.
    """
    assert volume.geometry is not None
    affine = volume.geometry.affine
    for order in permutations(range(3)):
        for flips in product((False, True), repeat=3):
            stored = volume.stored.transpose(order)
            columns = [affine[:3, 2 - axis].copy() for axis in order]  # mm of one step along each new axis
            origin = affine[:3, 3].copy()
            for axis, flip in enumerate(flips):
                if flip:
                    stored = np.flip(stored, axis)
                    origin += columns[axis] * (stored.shape[axis] - 1)
                    columns[axis] = -columns[axis]
            if np.cross(columns[2], columns[1]) @ columns[0] < 0:
                stored = np.flip(stored, 0)
                origin += columns[0] * (stored.shape[0] - 1)
                columns[0] = -columns[0]
            turned = np.eye(4)
            turned[:3, 0], turned[:3, 1], turned[:3, 2], turned[:3, 3] = columns[2], columns[1], columns[0], origin
            geometry = Geometry((stored.shape[0], stored.shape[1], stored.shape[2]), turned)
            yield f"{order}{flips}", volume_of(np.ascontiguousarray(stored), geometry, volume.unit)


def patient_points(mask: Array, geometry: Geometry) -> Array:
    """Sorted LPS mm of all voxels of a mask, rounded so that sets compare."""
    points = np.round(geometry.voxel_to_patient(np.argwhere(mask)), 3) + 0.0
    return points[np.lexsort(points.T)]
