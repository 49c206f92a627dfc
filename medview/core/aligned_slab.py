"""Slabs whose pixels are voxels: layer upon layer in one pass, in a tenth of the time that sampling takes, with the same values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medview.core.cut import Slice, slice_holes
from medview.core.geometry import FloatArray, Geometry
from medview.core.plane import Plane
from medview.core.slab import Slab, project_labels, slab_offsets
from medview.core.volume import AnyArray, Volume

_WHOLE = 1e-4
"""Voxels beside a voxel's centre that still are it."""


def aligned_slab(volume: Volume, plane: Plane, slab: Slab) -> Slice | None:
    """:func:`medview.core.slab.sample_plane` of a slab where every pixel is the centre of a voxel; None where it is not so.

    And None where slices have transforms of their own or are not there: then it takes asking each sample.
    """
    geometry, transform = volume.geometry, volume.transform
    if geometry is None or volume.is_colour or transform.lut is not None or not transform.is_uniform:
        return None
    if not volume.is_complete or slice_holes(geometry) is not None or transform.slopes[0] <= 0:
        return None
    if volume.stored.dtype.kind not in "iu":
        return None
    h, w = plane.size
    corners = geometry.patient_to_voxel(plane.plane_to_patient([(0, 0), (w - 1, 0), (0, h - 1), (w - 1, h - 1)]))
    through = _through(corners)
    if through is None or not _is_grid(corners, geometry.shape, through, (h, w)):
        return None
    offsets, weights = slab_offsets(geometry, plane, slab)
    points = np.asarray(plane.origin) + np.outer(offsets, plane.normal)
    places = geometry.patient_to_voxel(points)
    moved = np.delete(np.ptp(places, axis=0), through)
    if moved.max(initial=0.0) > _WHOLE:
        return None  # a tilted stack: the line along the normal leaves the column of voxels
    return _projected(volume, plane, slab, corners, through, places[:, through], weights)


def _through(corners: FloatArray) -> int | None:
    """The axis of the voxels that the plane lies across."""
    still = np.flatnonzero(np.ptp(corners, axis=0) <= _WHOLE)
    return int(still[0]) if len(still) == 1 else None


def _is_grid(corners: FloatArray, shape: tuple[int, int, int], through: int, size: tuple[int, int]) -> bool:
    """Whether the plane's pixels are all voxels of a layer, one each, in any order of rows and columns."""
    rest = [axis for axis in range(3) if axis != through]
    flat = corners[:, rest]
    whole = np.abs(flat - np.round(flat)).max() <= _WHOLE
    # Along x one of both axes moves by all its voxels, along y the other.
    along_x, along_y = np.abs(flat[1] - flat[0]), np.abs(flat[2] - flat[0])
    counts = np.array([shape[axis] - 1 for axis in rest], dtype=np.float64)
    straight = np.allclose(along_x, (0, counts[1]), atol=_WHOLE) and np.allclose(along_y, (counts[0], 0), atol=_WHOLE)
    crossed = np.allclose(along_x, (counts[0], 0), atol=_WHOLE) and np.allclose(along_y, (0, counts[1]), atol=_WHOLE)
    fits = {size, size[::-1]} >= {(shape[rest[0]], shape[rest[1]])}
    return bool(whole and fits and (straight or crossed))


def _projected(
    volume: Volume,
    plane: Plane,
    slab: Slab,
    corners: FloatArray,
    through: int,
    places: FloatArray,
    weights: FloatArray,
) -> Slice | None:
    last = volume.shape[through] - 1
    inside = (places >= -0.5 - 1e-6) & (places <= last + 0.5 + 1e-6)
    places, weights = np.clip(places[inside], 0, last), weights[inside]
    if not len(places):
        return None
    low, high = int(np.floor(places.min())), int(np.ceil(places.max()))
    block = np.moveaxis(volume.stored, through, 0)[low : high + 1]
    if through == 2:
        block = np.ascontiguousarray(block)  # read once along its rows, not once for each layer
    padded = _padded(block, volume.padding)
    best, there = _reduced(block, padded, places - low, weights, slab)
    slope, intercept = volume.transform.slope_intercept(0)
    values = best * np.float32(slope) + np.float32(intercept) if (slope, intercept) != (1, 0) else best
    values, there = _turned(values, corners, through), _turned(there, corners, through)
    return Slice(np.ascontiguousarray(values, dtype=np.float32), np.ascontiguousarray(there), plane)


def _turned(layer: AnyArray, corners: FloatArray, through: int) -> AnyArray:
    """A layer of voxels with the rows and columns of the plane."""
    flat = corners[:, [axis for axis in range(3) if axis != through]]
    crossed = abs(flat[1, 0] - flat[0, 0]) > 0.5  # x runs along the first of both
    for axis in (0, 1):
        end = 1 if (axis == 0) == crossed else 2
        if flat[end, axis] < flat[0, axis] - 0.5:
            layer = np.flip(layer, axis)
    return layer.T if crossed else layer


def labels_in_slab(labels: AnyArray, geometry: Geometry, plane: Plane, slab: Slab) -> AnyArray:
    """(h, w) the largest label within a slab, of the nearest voxels, 0 outside; layer upon layer where that can be."""
    h, w = plane.size
    corners = geometry.patient_to_voxel(plane.plane_to_patient([(0, 0), (w - 1, 0), (0, h - 1), (w - 1, h - 1)]))
    through = _through(corners)
    ends = np.asarray(plane.origin) + np.outer([-slab.thickness_mm / 2, slab.thickness_mm / 2], plane.normal)
    places = geometry.patient_to_voxel(ends)
    straight = through is not None and np.delete(np.ptp(places, axis=0), through).max() <= _WHOLE
    shape = (labels.shape[0], labels.shape[1], labels.shape[2])
    if through is None or not straight or not _is_grid(corners, shape, through, (h, w)):
        return project_labels(labels, geometry, plane, slab)
    low, high = sorted(np.floor(places[:, through] + 0.5).astype(int).tolist())
    low, high = max(low, 0), min(high, shape[through] - 1)
    if high < low:
        return np.zeros((h, w), labels.dtype)
    return np.ascontiguousarray(_turned(np.moveaxis(labels, through, 0)[low : high + 1].max(axis=0), corners, through))


def _padded(block: AnyArray, padding: tuple[int, int] | None) -> NDArray[np.bool_] | None:
    if padding is None:
        return None
    found = (block >= padding[0]) & (block <= padding[1])
    return found if found.any() else None


def _reduced(
    block: AnyArray, padded: NDArray[np.bool_] | None, places: FloatArray, weights: FloatArray, slab: Slab
) -> tuple[AnyArray, NDArray[np.bool_]]:
    """(h, w) maximum, minimum or mean of ``block`` (n, h, w) at fractional ``places`` in it, and where there is any."""
    shape = block.shape[1:]
    count = np.zeros(shape, dtype=np.float32)
    total = np.zeros(shape, dtype=np.float32)
    pick = np.minimum if slab.projection == "min" else np.maximum
    worst = np.float32(np.inf if slab.projection == "min" else -np.inf)
    best: AnyArray | None = None
    if padded is None and slab.projection != "mean":
        # All whole layers at once, as integers.
        layers = np.unique(np.round(places[np.abs(places - np.round(places)) <= _WHOLE]).astype(int))
        if len(layers):
            best = pick.reduce(block[layers[0] : layers[-1] + 1], axis=0).astype(np.float32)
        places = places[np.abs(places - np.round(places)) > _WHOLE]
    there = np.full(shape, best is not None)
    for place, weight in zip(places, weights, strict=False):
        low = min(int(place), max(len(block) - 2, 0))
        share = np.float32(place - low)
        near = low if share < 0.5 else min(low + 1, len(block) - 1)
        layer = block[low].astype(np.float32)
        if share > 0:
            layer += share * (block[min(low + 1, len(block) - 1)].astype(np.float32) - layer)
        kept = None if padded is None else ~padded[near]
        if slab.projection == "mean":
            part = np.float32(weight) * layer
            total += part if kept is None else np.where(kept, part, np.float32(0))
            count += np.float32(weight) if kept is None else np.float32(weight) * kept
        else:
            if kept is not None:
                layer = np.where(kept, layer, worst)
            best = layer if best is None else pick(best, layer)
        there |= True if kept is None else kept
    if slab.projection == "mean":
        best = total / np.where(count > 0, count, np.float32(1))
    assert best is not None
    return np.where(there, best, np.float32(0)), there
