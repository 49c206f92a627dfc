"""A volume as it is drawn in three dimensions: modality values as whole numbers on a regular grid at right angles, in pieces.

Sheared and uneven stacks are resampled onto such a grid, never drawn as if they were regular. Padding and what is not there
become code 0, which is never seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medview.core.cut import narrow_modality_slice
from medview.core.geometry import FloatArray, Geometry
from medview.core.plane import Plane, as_vector
from medview.core.problem import MedviewError
from medview.core.scene import MOST_CODE, Grid
from medview.core.slab import sample_plane
from medview.core.study import Stack
from medview.core.volume import Volume

WHY_NOT_SOLID = {
    "solid_no_geometry": "These images have no common place in the patient: they cannot be drawn in three dimensions.",
    "solid_single_slice": "This is a single slice: it cannot be drawn in three dimensions.",
    "solid_colour": "Colour images have no values that could be drawn in three dimensions.",
}
LARGEST_BYTES = 1 << 30
"""Of the codes; larger volumes are reduced."""
BYTES_PER_VOXEL = 7
"""Codes, and what VTK keeps beside them for shading and for leaping over what is empty."""
BESIDE = 700 << 20
"""Bytes of the process without a volume: libraries, drivers, pictures."""
PIECE = 32 << 20
"""Bytes of codes that are sent at a time."""
LOW_SHARE, HIGH_SHARE = 0.5, 99.8
"""Percentiles between which looks that are relative lie."""


@dataclass(frozen=True, eq=False)
class SolidValues:
    """What values a volume has: ``value_range`` for looks that are relative, ``counts`` of values between ``ends`` for a histogram."""

    value_range: tuple[float, float]
    ends: tuple[float, float]
    counts: NDArray[np.int64]


def why_not_solid(stack: Stack) -> str:
    """The code of why a stack cannot be drawn in three dimensions, "" where it can."""
    if stack.geometry is None:
        return "solid_no_geometry"
    if stack.shape[0] < 2:
        return "solid_single_slice"
    return "solid_colour" if stack.components > 1 else ""


def check_solid(stack: Stack) -> None:
    """Raises MedviewError where a stack cannot be drawn in three dimensions."""
    why = why_not_solid(stack)
    if why:
        raise MedviewError(why, WHY_NOT_SOLID[why])


def memory_for(grid: Grid) -> int:
    """Bytes that the drawing process needs."""
    return BESIDE + math.prod(grid.shape) * BYTES_PER_VOXEL


def values_of(volume: Volume) -> SolidValues:
    """Looked up in at most some hundred thousand voxels, padding and missing slices left out. MedviewError without any value."""
    slices = np.unique(np.linspace(0, volume.shape[0] - 1, 48).round().astype(int))
    step = max(1, int(math.sqrt(volume.shape[1] * volume.shape[2] / 16000)))
    found = []
    for k in slices:
        if not volume.is_loaded(int(k)):
            continue
        values = volume.modality_slice(int(k))[::step, ::step].astype(np.float64)
        there = np.isfinite(values)
        padding = volume.padding_slice(int(k))
        if padding is not None:
            there &= ~padding[::step, ::step]
        found.append(values[there])
    all_values = np.concatenate(found) if found else np.empty(0)
    if not all_values.size:
        raise MedviewError("solid_no_values", "There are no values that could be drawn in three dimensions.")
    low, high = (float(one) for one in np.percentile(all_values, (LOW_SHARE, HIGH_SHARE)))
    ends = (float(all_values.min()), float(all_values.max()))
    if not high > low:
        low, high = ends
    if not high > low:
        high = low + 1.0
    counts, _ = np.histogram(all_values, 128, (ends[0], max(ends[1], ends[0] + 1e-6)))
    return SolidValues((low, high), ends, counts)


def grid_of(volume: Volume, ends: tuple[float, float], largest: int = LARGEST_BYTES) -> Grid:
    """The grid that a volume is drawn on, reduced to at most ``largest`` bytes of codes. ``ends``: its smallest and largest value."""
    geometry = volume.geometry
    assert geometry is not None, "asked before"
    shape, affine = _upright(geometry)
    step = 1
    while 2 * math.prod(-(-count // step) for count in shape) > largest:
        step += 1
    reduced = affine.copy()
    reduced[:3, :3] *= step
    # A voxel that stands for several lies in the middle of them.
    reduced[:3, 3] += affine[:3, :3] @ np.full(3, (step - 1) / 2)
    small = (-(-shape[0] // step), -(-shape[1] // step), -(-shape[2] // step))
    width = ends[1] - ends[0]
    whole = volume.transform.is_integer and volume.stored.dtype.kind in "iu"
    scale = 1.0 if whole and width <= MOST_CODE - 2 else max(width, 1e-12) / (MOST_CODE - 2)
    return Grid(small, reduced, scale, ends[0] - scale, step)


def true_ends(volume: Volume) -> tuple[float, float]:
    """The smallest and the largest value that is no padding; whole slices are looked through, which takes a moment."""
    low, high = math.inf, -math.inf
    for k in range(volume.shape[0]):
        if not volume.is_loaded(k):
            continue
        values = narrow_modality_slice(volume, k)
        padding = volume.padding_slice(k)
        kept = values if padding is None or not padding.any() else values[~padding]
        if kept.size and kept.dtype.kind == "f":
            kept = kept[np.isfinite(kept)]
        if kept.size:
            low, high = min(low, float(kept.min())), max(high, float(kept.max()))
    if low > high:
        raise MedviewError("solid_no_values", "There are no values that could be drawn in three dimensions.")
    return low, high


def _upright(geometry: Geometry) -> tuple[tuple[int, int, int], FloatArray]:
    """Shape (k, j, i) and affine of a grid at right angles, not mirrored, that holds the whole stack."""
    if geometry.kind == "volume" and not _mirrored(geometry):
        return geometry.shape, np.array(geometry.affine)
    right, down = np.array(geometry.row_direction), np.array(geometry.column_direction)
    down = down - (down @ right) * right
    down /= np.linalg.norm(down)
    normal = np.cross(right, down)
    gaps = np.diff(np.sort(geometry.origins @ normal))
    _, dj, di = geometry.spacing
    # The slices that lie closest say how fine it is; not ten times as many planes as there are slices, though.
    span = float(gaps.sum())
    dk = max(float(gaps.min()), span / (3 * len(gaps)))
    slices, rows, columns = geometry.shape
    borders = np.array([[j, i] for j in (0, rows - 1) for i in (0, columns - 1)], dtype=np.float64)
    corners = np.vstack([geometry.voxel_to_patient(np.insert(borders, 0, k, axis=1)) for k in range(slices)])
    basis = np.stack([right, down, normal])
    placed = corners @ basis.T
    low, high = placed.min(axis=0), placed.max(axis=0)
    counts = [max(1, round(float(reach / step)) + 1) for reach, step in zip(high - low, (di, dj, dk), strict=True)]
    affine = np.eye(4)
    affine[:3, :3] = basis.T * (di, dj, dk)
    affine[:3, 3] = basis.T @ low
    return (counts[2], counts[1], counts[0]), affine


def _mirrored(geometry: Geometry) -> bool:
    columns = geometry.affine[:3, :3] / np.linalg.norm(geometry.affine[:3, :3], axis=0)
    return bool(np.linalg.det(columns) < 0 or np.abs(columns.T @ columns - np.eye(3)).max() > 1e-3)


def pieces_of(volume: Volume, grid: Grid) -> Iterator[tuple[int, NDArray[np.uint16]]]:
    """(first plane, codes (n, j, i)) of the grid, one piece after the other."""
    _, rows, columns = grid.shape
    at_once = max(1, PIECE // (2 * rows * columns))
    for start in range(0, grid.shape[0], at_once):
        stop = min(start + at_once, grid.shape[0])
        piece = np.zeros((stop - start, rows, columns), np.uint16)
        for k in range(start, stop):
            _fill(piece[k - start], volume, grid, k)
        yield start, piece


def _fill(codes: NDArray[np.uint16], volume: Volume, grid: Grid, k: int) -> None:
    geometry = volume.geometry
    assert geometry is not None
    plain = geometry.kind == "volume" and not _mirrored(geometry)
    if plain and grid.step == 1:
        if volume.is_loaded(k):
            codes[...] = _encoded(narrow_modality_slice(volume, k), volume.padding_slice(k), grid)
        return
    if plain:
        codes[...] = _averaged(volume, grid, k)
        return
    affine = np.asarray(grid.affine)
    across, down = affine[:3, 0], affine[:3, 1]
    lengths = (float(np.linalg.norm(across)), float(np.linalg.norm(down)))
    plane = Plane(
        as_vector(affine[:3, 3] + k * affine[:3, 2]),
        as_vector(across / lengths[0]),
        as_vector(down / lengths[1]),
        lengths,
        (grid.shape[1], grid.shape[2]),
    )
    cut = sample_plane(volume, plane)
    codes[...] = _encoded(cut.values, ~cut.coverage, grid)


def _encoded(values: NDArray[np.generic], absent: NDArray[np.bool_] | None, grid: Grid) -> NDArray[np.uint16]:
    """Codes of modality values; 0 where there is none."""
    if grid.scale == 1.0 and values.dtype.kind in "iu":
        codes = np.clip(values.astype(np.int32) - int(grid.offset), 1, MOST_CODE).astype(np.uint16)
    else:
        found = (values.astype(np.float64) - grid.offset) / grid.scale
        there = np.isfinite(found)
        codes = np.clip(np.where(there, found, 0.0) + 0.5, 1, MOST_CODE).astype(np.uint16)
        codes[~there] = 0
    if absent is not None:
        codes[absent] = 0
    return codes


def _averaged(volume: Volume, grid: Grid, k: int) -> NDArray[np.uint16]:
    """The mean of the blocks of voxels that one plane of a reduced grid stands for; 0 where none of a block is there."""
    step = grid.step
    _, rows, columns = grid.shape
    total = np.zeros((rows, columns))
    count = np.zeros((rows, columns))
    for source in range(k * step, min((k + 1) * step, volume.shape[0])):
        if not volume.is_loaded(source):
            continue
        values = narrow_modality_slice(volume, source).astype(np.float64)
        there = np.isfinite(values)
        padding = volume.padding_slice(source)
        if padding is not None:
            there &= ~padding
        for j in range(step):
            for i in range(step):
                part, kept = np.where(there, values, 0.0)[j::step, i::step], there[j::step, i::step]
                total[: part.shape[0], : part.shape[1]] += part
                count[: part.shape[0], : part.shape[1]] += kept
    with np.errstate(invalid="ignore"):
        return _encoded(total / np.where(count > 0, count, np.nan), None, grid)
