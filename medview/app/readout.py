"""The value under the pointer: true modality value, its unit and its place, unfiltered unless asked otherwise."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from medview.app.scales import Scaled, scaled
from medview.app.shown_slice import ShownSlice
from medview.core.geometry import FloatArray, Geometry
from medview.core.measurement import AxisSpan, axis_spans
from medview.core.plane import Plane, as_vector
from medview.core.value_scale import ValueScale
from medview.core.volume import Volume

if TYPE_CHECKING:
    from medview.core.slab import Slab

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
    slab: Slab | None = None
    """What the value is a projection of; it then is of no single voxel."""
    axes: tuple[AxisSpan, ...] = ()
    """What the axes of a spectrum or a trace say there (ultrasound)."""


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
    if shown.slab is not None and point is not None and shown.plane is not None and not volume.is_colour:
        return _projected(volume, shown.slab, shown.plane, (x, y), scale, first_frame)
    voxel = _voxel_at(volume, shown, x, y)
    if voxel is None:
        return Readout("outside", (x, y), None, patient)
    found = _at_voxel(volume, voxel, (x, y), patient, failed, scale, first_frame)
    axes = axis_spans([(x, y)], shown.regions) if shown.regions else ()
    return replace(found, axes=axes) if axes else found


def read_point(
    volume: Volume,
    geometry: Geometry,
    point: FloatArray,
    image: tuple[float, float],
    scale: ValueScale | None = None,
    first_frame: int = 0,
) -> Readout:
    """The readout of the voxel of ``volume``, placed by ``geometry``, that an LPS point lies in."""
    patient = (float(point[0]), float(point[1]), float(point[2]))
    k, j, i = (_nearest(float(at)) for at in geometry.patient_to_voxel(point))
    if not all(0 <= at < size for at, size in zip((k, j, i), volume.shape, strict=True)):
        return Readout("outside", image, None, patient)
    return _at_voxel(volume, (k, j, i), image, patient, frozenset(), scale, first_frame)


def _at_voxel(
    volume: Volume,
    voxel: tuple[int, int, int],
    image: tuple[float, float],
    patient: tuple[float, float, float] | None,
    failed: frozenset[int],
    scale: ValueScale | None,
    first_frame: int,
) -> Readout:
    k, j, i = voxel
    if not volume.is_loaded(k):
        return Readout("failed" if k in failed else "not_loaded", image, voxel, patient)
    stored = volume.stored[k, j, i]
    if volume.is_colour:
        return Readout("value", image, voxel, patient, (int(stored[0]), int(stored[1]), int(stored[2])), volume.unit)
    if volume.padding is not None and volume.padding[0] <= stored <= volume.padding[1]:
        return Readout("padding", image, voxel, patient)
    value = float(volume.transform.apply(np.asarray(stored)[None], k)[0])
    if not math.isfinite(value):
        return Readout("padding", image, voxel, patient)
    return Readout("value", image, voxel, patient, value, volume.unit, scaled=scaled(scale, value, first_frame + k))


def _projected(
    volume: Volume, slab: Slab, plane: Plane, at: tuple[float, float], scale: ValueScale | None, first_frame: int
) -> Readout:
    """The value of a slab at one place. It has no place in depth, so none is told."""
    from medview.core.slab import sample_plane

    point = plane.plane_to_patient(at)
    inside = -0.5 <= at[0] <= plane.size[1] - 0.5 and -0.5 <= at[1] <= plane.size[0] - 0.5
    piece = sample_plane(volume, replace(plane, origin=as_vector(point), size=(1, 1)), slab)
    if not inside or not piece.coverage[0, 0]:
        waiting = piece.missing is not None and bool(piece.missing[0, 0])
        return Readout("not_loaded" if inside and waiting else "outside", at, slab=slab)
    value = float(piece.values[0, 0])
    told = scaled(scale, value, first_frame) if scale is not None and len(scale.slopes) == 1 else None
    return Readout("value", at, None, None, value, volume.unit, scaled=told, slab=slab)


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
