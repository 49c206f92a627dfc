"""The grid that frames of a segmentation lie on: their own positions, with empty slices where frames were left out."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medview.core.geometry import FloatArray, Geometry
from medview.dicom.header import FrameHeader
from medview.dicom.placement import cluster_depths

SAME_DEPTH_MM = 0.01
SAME_CORNER_MM = 0.01
_PARALLEL = 1e-3
_MOST_SLICES = 20_000


@dataclass(frozen=True, eq=False)
class LabelGrid:
    """A geometry, and the slice k of each frame that it was made for."""

    geometry: Geometry
    slices: tuple[int, ...]


def grid_of_frames(
    frames: Sequence[FrameHeader], size: tuple[int, int], frame_of_reference: str, stack: Geometry | None = None
) -> LabelGrid:
    """Place frames of one orientation and spacing by ImagePositionPatient alone; their order says nothing.

    Slices that were left out because they are empty are slices of the grid: where every frame lies on a slice of
    ``stack``, these are the stack's; else the step is SpacingBetweenSlices, or the smallest distance, but never
    much more than the slice thickness. Raises ValueError where the frames have no direction.
    """
    common = frames[0].common
    assert common.orientation is not None
    assert common.spacing is not None
    row, column = np.array(common.orientation[:3]), np.array(common.orientation[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not all(np.isfinite(length) and length > 0 for length in lengths):
        raise ValueError("its frames have no direction in the patient")
    row, column = row / lengths[0], column / lengths[1]
    normal = np.cross(row, column)
    positions = np.array([frame.position for frame in frames], dtype=np.float64)
    ranks = cluster_depths(positions @ normal, SAME_DEPTH_MM)
    origins = np.array([positions[ranks == rank].mean(axis=0) for rank in range(ranks.max() + 1)])
    found = _slices_of_stack(origins, row, column, stack)
    if found is None:
        step = _step(origins @ normal, common.thickness, common.slice_spacing, stack, normal)
        found = _filled(origins, normal, step)
    else:
        step = float(stack.spacing[0]) if stack is not None else 1.0
    whole, place = found
    geometry = _geometry(
        whole, row, column, normal, (common.spacing[0], common.spacing[1]), size, step, frame_of_reference
    )
    return LabelGrid(geometry, tuple(int(place[rank]) for rank in ranks))


def frames_by_corner(frames: Sequence[FrameHeader], stack: Geometry | None = None) -> list[list[int]]:
    """Indices of frames of one orientation and spacing in groups that one grid can hold.

    Frames of one depth may begin at different corners (tiles of a plane, segments that were each cut to their own box);
    a grid has one corner in each slice.
    """
    common = frames[0].common
    assert common.orientation is not None
    row, column = np.array(common.orientation[:3]), np.array(common.orientation[3:])
    positions = np.array([frame.position for frame in frames], dtype=np.float64)
    ranks = cluster_depths(positions @ np.cross(row, column), SAME_DEPTH_MM)
    corners = np.stack([positions @ row, positions @ column], axis=1)
    first = np.array([int(np.argmax(ranks == rank)) for rank in range(int(ranks.max()) + 1)])
    if np.abs(corners - corners[first][ranks]).max() <= SAME_CORNER_MM:
        return [list(range(len(frames)))]
    if stack is not None:  # where the images themselves wander from slice to slice, so do the frames over them
        nearest = np.abs(stack.depths[None] - (positions @ stack.normal)[:, None]).argmin(axis=1)
        at = stack.origins[nearest]
        corners = corners - np.stack([at @ row, at @ column], axis=1)
    groups: dict[tuple[int, int], list[int]] = {}
    placed = np.round(corners / SAME_CORNER_MM).astype(np.int64)
    for index, (u, v) in enumerate(placed.tolist()):
        key = next(
            (near for du in (0, -1, 1) for dv in (0, -1, 1) if (near := (u + du, v + dv)) in groups),
            (u, v),
        )
        groups.setdefault(key, []).append(index)
    return list(groups.values())


def _slices_of_stack(
    origins: FloatArray, row: FloatArray, column: FloatArray, stack: Geometry | None
) -> tuple[FloatArray, list[int]] | None:
    """The stack's own slices from the first to the last that frames lie on, moved onto the frames' corner."""
    if stack is None:
        return None
    parallel = np.abs(np.abs(np.array([row @ stack.row_direction, column @ stack.column_direction])) - 1).max()
    along = float(np.cross(row, column) @ stack.normal)
    if parallel > _PARALLEL or along < 0 or row @ stack.row_direction < 0:
        return None
    depths = origins @ stack.normal
    nearest = np.array([int(np.argmin(np.abs(stack.depths - depth))) for depth in depths])
    tolerance = max(SAME_DEPTH_MM, 0.02 * stack.spacing[0])
    if np.abs(stack.depths[nearest] - depths).max() > tolerance or len(set(nearest.tolist())) < len(nearest):
        return None
    first, last = int(nearest[0]), int(nearest[-1])
    # What lies between follows the stack, also where that is sheared or uneven.
    kept = {int(k): rank for rank, k in enumerate(nearest)}
    whole = np.empty((last - first + 1, 3))
    offset = np.zeros(3)
    for k in range(first, last + 1):
        if k in kept:
            offset = origins[kept[k]] - stack.origins[k]
        whole[k - first] = stack.origins[k] + offset
    return whole, [int(k) - first for k in nearest]


def _step(
    depths: FloatArray, thickness: float | None, stated: float | None, stack: Geometry | None, normal: FloatArray
) -> float:
    gaps = np.diff(depths)
    if stated and stated > 0 and (not len(gaps) or _divides(gaps, stated)):
        return float(stated)
    if stack is not None and abs(abs(float(stack.normal @ normal)) - 1) < _PARALLEL:
        own = stack.spacing[0]
        if not len(gaps) or _divides(gaps, own):
            return float(own)
    if not len(gaps):
        return float(thickness) if thickness and thickness > 0 else 1.0
    smallest = float(gaps.min())
    if thickness and 0 < thickness < smallest / 1.9:
        return float(thickness)
    return smallest


def _divides(gaps: FloatArray, step: float) -> bool:
    counts = np.round(gaps / step)
    return bool(counts.min() >= 1 and np.abs(gaps - counts * step).max() <= 0.05 * step)


def _filled(origins: FloatArray, normal: FloatArray, step: float) -> tuple[FloatArray, list[int]]:
    """Origins with empty slices between those that are more than a step apart, and the place of each given one."""
    whole: list[FloatArray] = [origins[0]]
    place = [0]
    for before, after in itertools.pairwise(origins):
        count = round(float((after - before) @ normal) / step) - 1
        if count > 0 and len(whole) + count < _MOST_SLICES:
            if _divides(np.array([float((after - before) @ normal)]), step):
                whole += [before + (after - before) * n / (count + 1) for n in range(1, count + 1)]
            else:
                # Frames of different lesions need not share a raster: each keeps its own thickness.
                direction = (after - before) / float((after - before) @ normal)
                whole += [before + direction * step, after - direction * step][: 2 if count > 1 else 1]
        place.append(len(whole))
        whole.append(after)
    return np.array(whole), place


def _geometry(
    origins: FloatArray,
    row: FloatArray,
    column: FloatArray,
    normal: FloatArray,
    spacing: tuple[float, float],
    size: tuple[int, int],
    step: float,
    frame_of_reference: str,
) -> Geometry:
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 3] = row * spacing[1], column * spacing[0], origins[0]
    count = len(origins)
    affine[:3, 2] = (origins[-1] - origins[0]) / (count - 1) if count > 1 else normal * step
    steps = np.arange(count)[:, None] * affine[:3, 2] + origins[0]
    even = float(np.abs(steps - origins).max()) <= SAME_DEPTH_MM
    return Geometry((count, *size), affine, frame_of_reference, None if even else origins)
