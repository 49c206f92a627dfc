"""Uptake in regions: the hottest voxel, the peak of a small sphere, and the volume within an isocontour."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Voxel = tuple[int, int, int]

PEAK_ML = 1.0
"""Volume of the sphere of SUV peak (Wahl et al., PERCIST 1.0, J Nucl Med 2009; 50 Suppl 1: 122S: 1 cm³, 1.2 cm across)."""
PEAK_RADIUS_MM = (3 * PEAK_ML * 1000 / (4 * math.pi)) ** (1 / 3)
_PARTS = (24, 10)
"""A voxel on the sphere's border counts by its share inside, found with so many points along each side: large, small voxels."""
_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest mean of a sphere of :data:`PEAK_ML` whose centre is a voxel of the region, and that voxel (k, j, i)."""

    value: float
    voxel: Voxel


@dataclass(frozen=True, slots=True)
class Uptake:
    """Of the voxels of a region, in the unit of the scale they are told in. ``peak`` is None where no sphere fits."""

    count: int
    maximum: float
    mean: float
    minimum: float
    sd: float
    hottest: Voxel
    peak: Peak | None


def moved(uptake: Uptake | None, slices: int) -> Uptake | None:
    """The same, its voxels told ``slices`` further along k: it was found in a part of the volume."""
    if uptake is None or not slices:
        return uptake
    k, j, i = uptake.hottest
    peak = uptake.peak
    if peak is not None:
        a, b, c = peak.voxel
        peak = replace(peak, voxel=(a + slices, b, c))
    return replace(uptake, hottest=(k + slices, j, i), peak=peak)


@lru_cache(maxsize=8)
def sphere_shares(spacing: tuple[float, float, float], millilitres: float = PEAK_ML) -> FloatArray:
    """(k, j, i), all odd: the share of each voxel's volume inside a sphere centred on the middle one."""
    radius = (3 * millilitres * 1000 / (4 * math.pi)) ** (1 / 3)
    reach = [math.floor(radius / step + 0.5) for step in spacing]
    inside = np.zeros([2 * n + 1 for n in reach])
    fine = _PARTS[0 if max(spacing) > 2 else 1]
    parts = (np.arange(fine) + 0.5) / fine - 0.5
    axes = [(np.arange(-n, n + 1)[:, None] + parts[None, :]) * step for n, step in zip(reach, spacing, strict=True)]
    squares = [axis**2 for axis in axes]
    for k in range(inside.shape[0]):
        for j in range(inside.shape[1]):
            plane = squares[0][k][:, None, None, None] + squares[1][j][None, :, None, None]
            inside[k, j] = (plane + squares[2][None, None] <= radius**2).mean(axis=(0, 1, 3))
    inside.setflags(write=False)
    return inside


def peak_of(
    values: NDArray[Any], centres: NDArray[np.integer[Any]], spacing: tuple[float, float, float]
) -> Peak | None:
    """The peak of ``values`` (k, j, i), NaN where there is no value, over spheres at ``centres`` (n, 3), voxels (k, j, i).

    Each sphere's mean weighs voxels by their share inside. Spheres that reach outside of the volume, or over voxels without a
    value, are not taken: nothing is invented beyond an edge. None where that leaves none.
    """
    shares = sphere_shares(spacing)
    offsets = np.argwhere(shares > 0)
    weights = shares[tuple(offsets.T)]
    weights = weights / weights.sum()
    offsets = offsets - np.array(shares.shape) // 2
    low, high = offsets.min(axis=0), offsets.max(axis=0)
    fits = np.all((centres + low >= 0) & (centres + high < values.shape), axis=1)
    centres = np.asarray(centres[fits])
    best: Peak | None = None
    step = max(1, _AT_ONCE // len(offsets))
    for start in range(0, len(centres), step):
        some = centres[start : start + step]
        at = some[:, None, :] + offsets[None, :, :]
        means = values[at[..., 0], at[..., 1], at[..., 2]].astype(np.float64) @ weights
        if not np.isfinite(means).any():
            continue
        hottest = int(np.nanargmax(means))
        if best is None or means[hottest] > best.value:
            k, j, i = (int(one) for one in some[hottest])
            best = Peak(float(means[hottest]), (k, j, i))
    return best


def uptake_of(values: NDArray[Any], voxels: NDArray[np.integer[Any]], geometry: Geometry | None) -> Uptake | None:
    """Uptake of ``values`` (k, j, i) in the ``voxels`` (n, 3) of a region; None where none of them has a value.

    The peak needs an even grid at right angles; elsewhere it is None.
    """
    chosen = values[voxels[:, 0], voxels[:, 1], voxels[:, 2]].astype(np.float64) if len(voxels) else np.zeros(0)
    known = np.isfinite(chosen)
    if not known.any():
        return None
    k, j, i = (int(one) for one in voxels[int(np.nanargmax(chosen))])
    peak = None
    if geometry is not None and geometry.kind == "volume":
        peak = peak_of(values, voxels[known], geometry.spacing)
    kept = chosen[known]
    return Uptake(
        int(known.sum()), float(kept.max()), float(kept.mean()), float(kept.min()), float(kept.std()), (k, j, i), peak
    )


def climb(values: NDArray[Any], start: Voxel) -> Voxel:
    """The voxel that is reached from ``start`` by going to the highest neighbour (of 26) as long as there is a higher one.

    A region lies on one slice, the lesion's hottest voxel perhaps on the next; over a valley to another organ it does not go.
    """
    at = start
    while True:
        low = [max(0, one - 1) for one in at]
        high = [min(size, one + 2) for one, size in zip(at, values.shape, strict=True)]
        part = values[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
        if not np.isfinite(part).any():
            return at
        top = np.unravel_index(int(np.nanargmax(part)), part.shape)
        k, j, i = (int(a + b) for a, b in zip(low, top, strict=True))
        if not values[k, j, i] > values[at]:
            return at
        at = (k, j, i)


def isocontour(values: NDArray[Any], seed: Voxel, threshold: float) -> BoolArray:
    """(k, j, i) True on the voxels at or above ``threshold`` that hang together with ``seed`` (faces, edges, corners).

    All False where the seed itself is below it.
    """
    from medview.kernels.connected import connected_parts

    where = np.asarray(values >= threshold)  # NaN is not
    if not where[seed]:
        return np.zeros(values.shape, np.bool_)
    parts, _counts = connected_parts(where)
    return np.asarray(parts == parts[seed])


def voxel_ml(geometry: Geometry | None) -> float | None:
    """Millilitres of a voxel; None where slices have no even distance."""
    if geometry is None or geometry.slice_origins is not None:
        return None
    return abs(float(np.linalg.det(geometry.affine[:3, :3]))) / 1000
