"""The value under the pointer: true modality value, its unit and its place, unfiltered unless asked otherwise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medview.app.scales import Scaled, scaled
from medview.app.shown_slice import ShownSlice
from medview.core.value_scale import ValueScale
from medview.core.volume import Volume

ReadoutState = Literal["value", "outside", "padding", "not_loaded", "failed"]


@dataclass(frozen=True, slots=True)
class Readout:
    """What is under the pointer. ``value`` is one number or (red, green, blue), None unless ``state`` is "value"."""

    state: ReadoutState
    image: tuple[float, float]
    """(x, y) on the shown slice."""
    voxel: tuple[int, int, int] | None = None
    """(k, j, i) that the value is from."""
    patient: tuple[float, float, float] | None = None
    """LPS mm under the pointer."""
    value: float | tuple[int, int, int] | None = None
    unit: str | None = None
    filtered: bool = False
    scaled: Scaled | None = None
    """The value in the scale that the viewport tells (SUV …)."""


def read_pixel(
    volume: Volume,
    shown: ShownSlice,
    x: float,
    y: float,
    failed: frozenset[int] = frozenset(),
    scale: ValueScale | None = None,
    first_frame: int = 0,
) -> Readout:
    """The readout at image (x, y): of the voxel that the point lies in, also on cuts, where nothing is interpolated.

    ``scale``: also tell the value in it; ``first_frame`` is the volume's first frame in its stack.
    """
    point = shown.image_to_patient(x, y)
    patient = None if point is None else (float(point[0]), float(point[1]), float(point[2]))
    voxel = _voxel_at(volume, shown, x, y)
    if voxel is None:
        return Readout("outside", (x, y), None, patient)
    k, j, i = voxel
    if not volume.is_loaded(k):
        return Readout("failed" if k in failed else "not_loaded", (x, y), voxel, patient)
    stored = volume.stored[k, j, i]
    if volume.is_colour:
        return Readout("value", (x, y), voxel, patient, (int(stored[0]), int(stored[1]), int(stored[2])), volume.unit)
    if volume.padding is not None and volume.padding[0] <= stored <= volume.padding[1]:
        return Readout("padding", (x, y), voxel, patient)
    value = float(volume.transform.apply(np.asarray(stored)[None], k)[0])
    if not math.isfinite(value):
        return Readout("padding", (x, y), voxel, patient)
    return Readout("value", (x, y), voxel, patient, value, volume.unit, scaled=scaled(scale, value, first_frame + k))


def _voxel_at(volume: Volume, shown: ShownSlice, x: float, y: float) -> tuple[int, int, int] | None:
    if shown.plane_kind == "acquired":
        voxel = (shown.k or 0, _nearest(y), _nearest(x))
    else:
        point = shown.image_to_patient(x, y)
        if point is None or volume.geometry is None:
            return None
        k, j, i = volume.geometry.patient_to_voxel(point)
        voxel = (_nearest(float(k)), _nearest(float(j)), _nearest(float(i)))
    inside = all(0 <= at < size for at, size in zip(voxel, volume.shape, strict=True))
    return voxel if inside else None


def _nearest(coordinate: float) -> int:
    """The voxel whose borders, at ±0.5, hold the coordinate."""
    return math.floor(coordinate + 0.5)
