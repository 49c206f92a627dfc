"""A smaller volume that keeps what is bright: what a projection of everything is turned with while the hand moves."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from medview.core.finding import Segmentation
from medview.core.geometry import Geometry
from medview.core.volume import AnyArray, Volume

WANTED_VOXELS = 128
"""Along each axis, about."""

_kept: WeakKeyDictionary[object, Volume] = WeakKeyDictionary()


def pooled_volume(volume: Volume) -> Volume | None:
    """The largest value of each block of voxels; None for volumes that still change and those it would be wrong for.

    Values are compared as stored, so a negative slope, slopes of their own for each slice, and LUTs are refused. Made once;
    a second for a large volume, so ask away from the main thread.
    """
    known = _kept.get(volume)
    if known is not None:
        return known
    geometry, transform = volume.geometry, volume.transform
    if geometry is None or volume.is_colour or not volume.is_complete or transform.lut is not None:
        return None
    if geometry.slice_origins is not None or not transform.is_uniform or transform.slopes[0] <= 0:
        return None
    steps = _steps(volume.shape)
    stored = volume.stored
    if volume.padding is not None:
        low, high = volume.padding
        smallest = np.iinfo(stored.dtype).min if stored.dtype.kind in "iu" else -np.inf
        if low > smallest:
            stored = np.where((stored >= low) & (stored <= high), stored.dtype.type(smallest), stored)
    elif stored.dtype.kind == "f":
        stored = np.nan_to_num(stored, nan=-np.inf)
    made = Volume(_pooled(stored, steps), transform, _coarser(geometry, steps), volume.unit)
    _kept[volume] = made
    return made


def is_pooled(volume: Volume) -> bool:
    """Whether the smaller volume is there."""
    return volume in _kept


def pooled_labels(segmentation: Segmentation) -> tuple[AnyArray, Geometry] | None:
    """The largest label of each block with its geometry; None without one, or where slices are uneven."""
    geometry = segmentation.geometry
    if geometry is None or geometry.slice_origins is not None:
        return None
    known = _labels.get(segmentation)
    if known is None:
        k, j, i = segmentation.labels.shape[:3]
        steps = _steps((k, j, i))
        known = _labels[segmentation] = (_pooled(segmentation.labels, steps), _coarser(geometry, steps))
    return known


_labels: WeakKeyDictionary[Segmentation, tuple[AnyArray, Geometry]] = WeakKeyDictionary()


def _steps(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    k, j, i = (max(1, round(count / WANTED_VOXELS)) for count in shape)
    return (k, j, i)


def _pooled(stored: AnyArray, steps: tuple[int, int, int]) -> AnyArray:
    for axis, step in enumerate(steps):
        if step > 1:
            stored = np.maximum.reduceat(stored, np.arange(0, stored.shape[axis], step), axis=axis)
    return np.ascontiguousarray(stored)


def _coarser(geometry: Geometry, steps: tuple[int, int, int]) -> Geometry:
    affine = np.array(geometry.affine)
    shape = []
    for axis, step in enumerate(steps):
        column = affine[:3, 2 - axis].copy()
        affine[:3, 3] += column * (step - 1) / 2
        affine[:3, 2 - axis] = column * step
        shape.append(-(-geometry.shape[axis] // step))
    return Geometry((shape[0], shape[1], shape[2]), affine, geometry.frame_of_reference)
