"""Cuts through a volume: acquired slices, and planes at any place and angle, with what is known of every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Segmentation
from medview.core.geometry import FloatArray, Geometry
from medview.core.plane import Plane, plane_of_slice
from medview.core.volume import AnyArray, ModalityTransform, SliceState, Volume
from medview.kernels import volume_sampling

BoolArray = NDArray[np.bool_]

_SNAP = 1e-5
"""Voxel fractions below this are rounding, not interpolation."""

_GAP_FACTOR = 1.5
"""A gap between slices this much larger than both its neighbours is a hole, not a wide spacing."""


@dataclass(frozen=True, eq=False)
class Slice:
    """A cut. ``values`` (h, w) modality values, integers where nothing had to be interpolated, or RGB (h, w, 3).

    ``coverage`` (h, w): there is a loaded pixel; everything else must not be drawn as image. ``missing`` (h, w): inside the
    volume, but the pixels are not there (not loaded yet, failed, a hole between slices); None where nothing is.
    ``padding`` (h, w): the file says "no pixel" (PS3.3 C.7.5.1.1.2); None where it declares none.
    ``plane`` is None for frames without position, ``k`` the acquired slice that it is, if it is one.
    """

    values: AnyArray
    coverage: BoolArray
    plane: Plane | None = None
    missing: BoolArray | None = None
    padding: BoolArray | None = None
    k: int | None = None


class AcquiredSlice(Slice):
    """A slice as acquired whose values are the 16 bits that are ``stored`` and a whole ``offset``, added when somebody asks.

    The picture of a viewport never does. Made by :func:`acquired_slice`; a changed copy has values alone, and ``offset`` 0.
    """

    stored: AnyArray
    offset: int = 0
    _transform: ModalityTransform

    @staticmethod
    def of(volume: Volume, k: int, offset: int, coverage: BoolArray, plane: Plane | None) -> AcquiredSlice:
        """Slice ``k``, which is loaded."""
        made = object.__new__(AcquiredSlice)
        made.__dict__.update(
            coverage=coverage,
            plane=plane,
            missing=None,
            padding=volume.padding_slice(k),
            k=k,
            stored=volume.stored[k],
            offset=offset,
            _transform=volume.transform,
        )
        return made

    @cached_property
    def values(self) -> AnyArray:
        """(h, w) modality values."""
        return _narrow(self.stored, self._transform, self.k or 0)


def narrow_modality_slice(volume: Volume, k: int) -> AnyArray:
    """Modality values of slice ``k`` like :meth:`Volume.modality_slice`, in 16 bits where they fit.

    16 bits are drawn in half the time; stored values that need no transform are not even copied.
    """
    stored = volume.stored[k]
    if (
        volume.is_colour
        or volume.transform.lut is not None
        or stored.dtype.kind not in "iu"
        or stored.dtype.itemsize > 2
    ):
        return volume.modality_slice(k)
    return _narrow(stored, volume.transform, k)


def _narrow(stored: AnyArray, transform: ModalityTransform, k: int) -> AnyArray:
    """Values of 8 or 16 bits through a slope and an intercept, in 16 bits where they fit."""
    slope, intercept = transform.slope_intercept(k)
    if slope == 1 and intercept == 0:
        return np.asarray(stored)
    if slope != round(slope) or intercept != round(intercept) or abs(slope) >= 2**15:
        return transform.apply(stored, k)
    if slope == 1 and stored.dtype.itemsize == 2:
        values = moved(stored, int(intercept))
        if values is not None:
            return values
    ends = (int(stored.min()) * slope + intercept, int(stored.max()) * slope + intercept)
    for kind in (np.int16, np.uint16):
        bounds = np.iinfo(kind)
        if min(ends) >= bounds.min and max(ends) <= bounds.max:
            # Arithmetic modulo 2^16 is exact where the result fits.
            factor, offset = (np.array([int(value)], dtype=np.int64).astype(kind) for value in (slope, intercept))
            scaled = stored.astype(kind)
            if slope != 1:
                scaled *= factor
            scaled += offset
            return np.asarray(scaled)
    return transform.apply(stored, k)


def _whole_offset(volume: Volume, k: int) -> int:
    """What makes modality values of the stored ones of slice ``k`` where that is a whole number alone, and 16 bits are stored.

    Else 0, as where nothing is to be done.
    """
    if volume.is_colour or volume.transform.lut is not None or volume.stored.dtype.name not in {"int16", "uint16"}:
        return 0
    slope, intercept = volume.transform.slope_intercept(k)
    return int(intercept) if slope == 1 and intercept == round(intercept) else 0


def moved(stored: AnyArray, offset: int) -> NDArray[np.int16] | None:
    """``stored`` of 16 bits + ``offset`` as int16; None where a value does not fit. Adds first: it reads what is stored once.

    Arithmetic modulo 2^16 is exact where the result fits, and what does not fit comes out where nothing else can.
    """
    least, most = ((0, 2**16 - 1) if stored.dtype.kind == "u" else (-(2**15), 2**15 - 1)) if stored.size else (0, 0)
    low, high = least + offset, most + offset
    if not -(2**15) <= offset < 2**15:
        return None
    values = np.asarray(stored.view(np.int16) + np.int16(offset))
    if high >= 2**15:
        return values if low <= int(values.min()) else None
    return values if low >= -(2**15) or int(values.max()) <= high else None


def acquired_slice(volume: Volume, k: int) -> Slice:
    """Slice ``k`` as acquired, one pixel per voxel. Raises IndexError where there is no such slice."""
    if not 0 <= k < volume.shape[0]:
        raise IndexError(f"slice {k} of {volume.shape[0]}")
    size = volume.shape[1:]
    plane = plane_of_slice(volume.geometry, k) if volume.geometry is not None else None
    if not volume.is_loaded(k):
        empty = np.zeros((*size, 3) if volume.is_colour else size, volume.stored.dtype)
        return Slice(empty, np.zeros(size, np.bool_), plane, np.ones(size, np.bool_), None, k)
    offset = _whole_offset(volume, k)
    if offset:
        return AcquiredSlice.of(volume, k, offset, _everywhere(size), plane)
    padding = None if volume.is_colour else volume.padding_slice(k)
    return Slice(narrow_modality_slice(volume, k), _everywhere(size), plane, None, padding, k)


@lru_cache(maxsize=8)
def _everywhere(size: tuple[int, ...]) -> BoolArray:
    """(h, w) True, read-only."""
    mask = np.ones(size, np.bool_)
    mask.setflags(write=False)
    return mask


def cut_slice(volume: Volume, plane: Plane) -> Slice:
    """Cut ``volume`` at ``plane``, trilinear, each slice's own modality transform applied before anything is mixed.

    Planes along the volume's axes take a fast path with the same result. Raises ValueError for a volume without
    geometry.
    """
    geometry = volume.geometry
    if geometry is None:
        raise ValueError("frames without common geometry cannot be cut")
    axes = _axis_positions(geometry, plane)
    if axes is not None:
        return _cut_along_axes(volume, geometry, plane, axes)
    voxels = _plane_voxels(geometry, plane)
    inside = volume_sampling.inside_grid(voxels, geometry.shape)
    transform = volume.transform
    if volume.is_colour:
        mixed = volume_sampling.mix_corners(volume.stored, voxels, lambda corner, _k: corner)
        values: AnyArray = np.floor(mixed + 0.5).astype(np.uint8)
    elif transform.lut is not None:
        lut, first = transform.lut, transform.lut_first
        values = volume_sampling.mix_corners(
            volume.stored,
            voxels,
            lambda corner, _k: lut[np.clip(corner.astype(np.int64) - first, 0, len(lut) - 1)],
        ).astype(np.float32)
    else:
        values = volume_sampling.sample_trilinear(volume.stored, voxels, transform.slopes, transform.intercepts)
    missing = inside & _missing_at(volume, geometry, voxels[..., 0])
    padding = None
    if volume.padding is not None and not volume.is_colour:
        nearest = volume_sampling.sample_nearest(volume.stored, voxels)
        padding = np.asarray((nearest >= volume.padding[0]) & (nearest <= volume.padding[1]))
    return Slice(values, inside & ~missing, plane, missing if missing.any() else None, padding)


def cut_labels(segmentation: Segmentation, plane: Plane) -> NDArray[np.unsignedinteger]:
    """(h, w) label values of the voxels nearest to ``plane``'s pixels, 0 outside. Raises ValueError without geometry."""
    geometry = segmentation.geometry
    if geometry is None:
        raise ValueError("a segmentation without geometry cannot be cut")
    axes = _axis_positions(geometry, plane)
    if axes is not None:
        inside = _inside(axes, geometry.shape, plane.size)
        labels = _nearest_along_axes(segmentation.labels, axes)
    else:
        voxels = _plane_voxels(geometry, plane)
        inside = volume_sampling.inside_grid(voxels, geometry.shape)
        labels = volume_sampling.sample_nearest(segmentation.labels, voxels)
    return np.where(inside, labels, np.zeros((), labels.dtype))


# Planes along the volume's axes ------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _AxisPosition:
    """Where the pixels lie along one voxel axis: ``at`` is "x", "y" or "" (the same for all), with n, or 1, positions."""

    at: str
    positions: FloatArray


_Axes = tuple[_AxisPosition, _AxisPosition, _AxisPosition]


def _axis_positions(geometry: Geometry, plane: Plane) -> _Axes | None:
    """k, j and i as functions of x alone, y alone or neither; None where the plane is not along the axes."""
    h, w = plane.size
    x, y = np.arange(w, dtype=np.float64), np.arange(h, dtype=np.float64)

    def voxels(px: FloatArray, py: FloatArray) -> FloatArray:
        return geometry.patient_to_voxel(plane.plane_to_patient(np.stack(np.broadcast_arrays(px, py), axis=-1)))

    top, left = voxels(x, np.zeros(1)), voxels(np.zeros(1), y)
    far_row, far_column = voxels(x, y[-1:]), voxels(x[-1:], y)
    axes: list[_AxisPosition] = []
    for axis in range(3):
        along_x = np.ptp(top[:, axis]) > _SNAP or np.ptp(far_row[:, axis]) > _SNAP
        along_y = np.ptp(left[:, axis]) > _SNAP or np.ptp(far_column[:, axis]) > _SNAP
        if along_x and along_y:
            return None
        if along_x:
            axes.append(_AxisPosition("x", _snapped(top[:, axis])))
        elif along_y:
            axes.append(_AxisPosition("y", _snapped(left[:, axis])))
        else:
            axes.append(_AxisPosition("", _snapped(top[:1, axis])))
    if sum(axis.at == "x" for axis in axes) > 1 or sum(axis.at == "y" for axis in axes) > 1:
        return None
    return (axes[0], axes[1], axes[2])


def _snapped(positions: FloatArray) -> FloatArray:
    whole = np.round(positions)
    return np.where(np.abs(positions - whole) <= _SNAP, whole, positions)


def _cut_along_axes(volume: Volume, geometry: Geometry, plane: Plane, axes: _Axes) -> Slice:
    k_axis, j_axis, i_axis = axes
    inside = _inside(axes, geometry.shape, plane.size)
    if k_axis.at == "":
        values = _mix_two(*_neighbours(k_axis.positions, volume.shape[0]), lambda k: narrow_modality_slice(volume, k))
        rest = (j_axis, i_axis)
    elif j_axis.at == "":
        values = _mix_two(
            *_neighbours(j_axis.positions, volume.shape[1]), lambda j: _modality_rows(volume, volume.stored[:, j])
        )
        rest = (k_axis, i_axis)
    else:
        values = _mix_two(
            *_neighbours(i_axis.positions, volume.shape[2]), lambda i: _modality_rows(volume, volume.stored[:, :, i])
        )
        rest = (k_axis, j_axis)
    values = _resampled(values, rest[0].positions, 0)
    values = _resampled(values, rest[1].positions, 1)
    if rest[0].at == "x" or rest[1].at == "y":
        values = np.swapaxes(values, 0, 1)
    if volume.is_colour and values.dtype != np.uint8:
        values = np.floor(values + 0.5).astype(np.uint8)
    values = np.ascontiguousarray(np.broadcast_to(values, (*plane.size, *values.shape[2:])))

    missing_k = _missing_at(volume, geometry, k_axis.positions)
    missing = inside & (missing_k[:, None] if k_axis.at == "y" else missing_k[None, :])
    padding = None
    if volume.padding is not None and not volume.is_colour:
        nearest = _nearest_along_axes(volume.stored, axes)
        padding = np.asarray((nearest >= volume.padding[0]) & (nearest <= volume.padding[1]))
    return Slice(values, inside & ~missing, plane, missing if missing.any() else None, padding)


def _inside(axes: _Axes, shape: tuple[int, int, int], size: tuple[int, int]) -> BoolArray:
    inside = np.ones(size, dtype=np.bool_)
    for axis, length in zip(axes, shape, strict=True):
        within = (axis.positions >= -0.5 - _SNAP) & (axis.positions <= length - 0.5 + _SNAP)
        inside &= within[:, None] if axis.at == "y" else within[None, :]
    return inside


def _neighbours(positions: FloatArray, length: int) -> tuple[int, int, float]:
    position = float(np.clip(positions[0], 0, length - 1))
    low = min(int(position), max(0, length - 2))
    return low, min(low + 1, length - 1), position - low


def _mix_two(low: int, high: int, weight: float, plane_at) -> AnyArray:  # type: ignore[no-untyped-def]
    if weight == 0:
        return np.asarray(plane_at(low))
    if weight == 1:
        return np.asarray(plane_at(high))
    return np.asarray(
        plane_at(low).astype(np.float32) * np.float32(1 - weight)
        + plane_at(high).astype(np.float32) * np.float32(weight)
    )


def _modality_rows(volume: Volume, stored: AnyArray) -> AnyArray:
    """Modality values of ``stored`` (k, n): row k takes slice k's transform."""
    transform = volume.transform
    if volume.is_colour:
        return np.ascontiguousarray(stored)
    if transform.lut is not None or transform.is_uniform:
        return transform.apply(np.ascontiguousarray(stored), 0)
    return np.stack([transform.apply(row, k) for k, row in enumerate(stored)]).astype(
        np.int32 if transform.is_integer and stored.dtype.kind in "iu" else np.float32
    )


def _resampled(values: AnyArray, positions: FloatArray, axis: int) -> AnyArray:
    """``values`` at fractional ``positions`` along ``axis``, linear, border values beyond the ends."""
    length = values.shape[axis]
    clipped = np.clip(positions, 0, length - 1)
    low = np.minimum(clipped.astype(np.intp), max(0, length - 2))
    weight = clipped - low
    if np.all((weight == 0) | (weight == 1)):
        index = low + weight.astype(np.intp)
        if len(index) == length and np.array_equal(index, np.arange(length)):
            return values
        return np.take(values, index, axis=axis)
    shape = [1] * values.ndim
    shape[axis] = -1
    share = weight.astype(np.float32).reshape(shape)
    first = np.take(values, low, axis=axis).astype(np.float32)
    second = np.take(values, np.minimum(low + 1, length - 1), axis=axis).astype(np.float32)
    second -= first
    # Where the second one has no weight its NaN or infinity must not matter.
    return first + np.where(share > 0, second * share, np.float32(0))


def _nearest_along_axes(stored: AnyArray, axes: _Axes) -> AnyArray:
    index = [
        np.clip(np.floor(axis.positions + 0.5), 0, length - 1).astype(np.intp)
        for axis, length in zip(axes, stored.shape[:3], strict=True)
    ]
    shaped = [at[:, None] if axis.at == "y" else at[None, :] for at, axis in zip(index, axes, strict=True)]
    return np.asarray(stored[shaped[0], shaped[1], shaped[2]])


# Any plane -----------------------------------------------------------------------------------------------------------


def _plane_voxels(geometry: Geometry, plane: Plane) -> FloatArray:
    """(h, w, 3) voxel coordinates of every pixel."""
    h, w = plane.size
    x, y = np.arange(w, dtype=np.float64), np.arange(h, dtype=np.float64)
    if geometry.slice_origins is None:
        corners = geometry.patient_to_voxel(plane.plane_to_patient(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])))
        step_x, step_y = corners[1] - corners[0], corners[2] - corners[0]
        return np.asarray(corners[0] + x[None, :, None] * step_x + y[:, None, None] * step_y)
    grid = np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1)
    return geometry.patient_to_voxel(plane.plane_to_patient(grid))


def _missing_at(volume: Volume, geometry: Geometry, k: FloatArray) -> BoolArray:
    """Where mixing at slice coordinate ``k`` (any shape) would need a slice that is not there."""
    holes = _holes(geometry)
    if holes is None and volume.is_complete:
        return np.zeros(k.shape, dtype=np.bool_)  # a tenth of what a cut of a second series over the first takes
    depth = geometry.shape[0]
    position = np.clip(k, 0, depth - 1)
    low = np.minimum(position.astype(np.intp), max(0, depth - 2))
    high = np.minimum(low + 1, depth - 1)
    weight = position - low
    missing = np.zeros(k.shape, dtype=np.bool_)
    if not volume.is_complete and volume.states is not None:
        absent = volume.states != SliceState.LOADED
        missing |= (absent[low] & (weight < 1 - _SNAP)) | (absent[high] & (weight > _SNAP))
    if holes is not None:
        gap, reach = holes
        distance = np.minimum(weight, 1 - weight) * gap[low]
        missing |= (gap[low] > reach[low]) & (distance > reach[low] / (2 * _GAP_FACTOR) + 1e-6)
    return missing


def slice_holes(geometry: Geometry) -> FloatArray | None:
    """(k,) share of the way to the next slice, from the nearer of both, beyond which nothing is known; 1: no hole.

    None where there are no holes.
    """
    holes = _holes(geometry)
    if holes is None:
        return None
    gap, reach = holes
    share = np.ones(len(gap))
    hole = gap > reach
    share[hole] = (reach[hole] / (2 * _GAP_FACTOR) + 1e-6) / gap[hole]
    return share if hole.any() else None


def _holes(geometry: Geometry) -> tuple[FloatArray, FloatArray] | None:
    """(k,) distance to the next slice, and the distance above which it is a hole; None where all are even."""
    if geometry.slice_origins is None or geometry.shape[0] < 4:
        return None
    gap = np.diff(geometry.depths)
    padded = np.concatenate([gap[:1], gap, gap[-1:]])
    padded[0], padded[-1] = gap[1], gap[-2]
    reach = _GAP_FACTOR * np.maximum(padded[:-2], padded[2:])
    return np.append(gap, 0.0), np.append(reach, np.inf)
