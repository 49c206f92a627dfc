"""A second series on the plane that is shown: cut on its own grid where that lies along the plane, so that nothing is
interpolated twice, and then brought to the screen's pixels in one step.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.core.cut import Slice, cut_slice
from medview.core.geometry import FloatArray, Geometry
from medview.core.plane import Plane, Vector
from medview.core.registration import IDENTITY, Placement, placed
from medview.core.volume import Volume

BoolArray = NDArray[np.bool_]

_ON_PLANE_MM = 0.02
"""How far a grid's end may leave the plane and still count as lying in it."""

_FINE = 0.5
"""Step of a cut across the grid, as a part of its smallest voxel side: linear between such steps is near to trilinear."""

_MOST_STEPS = 512
"""Along each side of such a cut: 512² of them cost 5 ms; zoomed in, the steps are finer again."""


def cut_over(
    volume: Volume, plane: Plane, screen_to_slice: ArrayLike, size: tuple[int, int], placement: Placement = IDENTITY
) -> tuple[Slice, FloatArray] | None:
    """``volume`` on ``plane``, and the transform (2, 3) from screen (x, y) to the cut's pixels; None where they do not meet.

    ``screen_to_slice`` (2, 3) takes screen pixels to those of ``plane``, ``size`` (h, w) is the screen's. The volume is put
    where ``placement`` says first. Raises ValueError for a volume without geometry.
    """
    if volume.geometry is None:
        raise ValueError("frames without common geometry cannot be laid over others")
    geometry = placed(volume.geometry, placement)
    matrix = np.asarray(screen_to_slice, dtype=np.float64).reshape(2, 3)
    own = _own_plane(geometry, plane) or _fine_plane(geometry, plane, matrix, size)
    if own is None or not _meets(geometry, own):
        return None
    piece = cut_slice(replace(volume, geometry=geometry), own)
    return piece, _between(matrix, plane, own)


def lies_along(geometry: Geometry, plane: Plane) -> bool:
    """Whether two axes of a grid lie in a plane, so that its own pixels can be shown there."""
    return _own_plane(geometry, plane) is not None


def _own_plane(geometry: Geometry, plane: Plane) -> Plane | None:
    """The grid's own pixels on the plane, where two of its axes lie in it; None where they do not."""
    normal = plane.normal
    steps = geometry.affine[:3, 2::-1].T  # of k, j, i
    flat = [
        abs(float(step @ normal)) * max(count - 1, 1) <= _ON_PLANE_MM
        for step, count in zip(steps, geometry.shape, strict=True)
    ]
    h, w = plane.size
    at = geometry.patient_to_voxel(plane.plane_to_patient(((w - 1) / 2, (h - 1) / 2)))
    if flat[1] and flat[2]:
        across, down = 2, 1
    elif geometry.kind == "volume" and flat[0] and (flat[1] or flat[2]):
        across, down = (2, 0) if flat[2] else (1, 0)
    else:
        return None
    corner = np.zeros(3)
    through = ({0, 1, 2} - {across, down}).pop()
    corner[through] = at[through]
    u, v = steps[across], steps[down]
    lengths = (float(np.linalg.norm(u)), float(np.linalg.norm(v)))
    size = (geometry.shape[down], geometry.shape[across])
    return Plane(
        _vector(geometry.voxel_to_patient(corner)), _vector(u / lengths[0]), _vector(v / lengths[1]), lengths, size
    )


def _fine_plane(geometry: Geometry, plane: Plane, matrix: FloatArray, size: tuple[int, int]) -> Plane | None:
    """The part of the plane that the screen shows and the grid reaches, in steps fine enough for the grid."""
    height, width = size
    corners = np.array([(x, y, 1.0) for x in (-0.5, width - 0.5) for y in (-0.5, height - 0.5)]) @ matrix.T
    k, j, i = geometry.shape
    ends = np.array([(a, b, c) for a in (-0.5, k - 0.5) for b in (-0.5, j - 0.5) for c in (-0.5, i - 0.5)])
    reach = plane.patient_to_plane(geometry.voxel_to_patient(ends))
    if reach[:, 2].min() > 0 or reach[:, 2].max() < 0:
        return None
    spacing = np.array(plane.spacing)
    pixel = np.linalg.norm(matrix[:, :2] * spacing[:, None], axis=0)
    step = max(float(pixel.min()), _FINE * min(geometry.spacing))
    low = np.maximum(corners.min(axis=0), reach[:, :2].min(axis=0)) - 2 * step / spacing
    high = np.minimum(corners.max(axis=0), reach[:, :2].max(axis=0)) + 2 * step / spacing
    extent = (high - low) * spacing
    if extent.min() <= 0:
        return None
    step = max(step, float(extent.max()) / _MOST_STEPS)
    columns, rows = (max(2, math.ceil(length / step) + 1) for length in extent)
    return Plane(_vector(plane.plane_to_patient(low)), plane.u, plane.v, (step, step), (rows, columns))


def _meets(geometry: Geometry, plane: Plane) -> bool:
    h, w = plane.size
    corners = np.array([(x, y) for x in (0.0, w - 1.0) for y in (0.0, h - 1.0)])
    voxels = geometry.patient_to_voxel(plane.plane_to_patient(corners))
    last = np.array(geometry.shape) - 0.5
    return bool(np.all(voxels.max(axis=0) >= -0.5 - 1e-6) and np.all(voxels.min(axis=0) <= last + 1e-6))


def _between(matrix: FloatArray, plane: Plane, own: Plane) -> FloatArray:
    """Screen (x, y) to the pixels of ``own`` (2, 3): three points say all of it."""
    screen = np.array([(0.0, 0.0, 1.0), (1.0, 0.0, 1.0), (0.0, 1.0, 1.0)])
    there = own.patient_to_plane(plane.plane_to_patient(screen @ matrix.T))[:, :2]
    return np.stack([there[1] - there[0], there[2] - there[0], there[0]], axis=1)


def _vector(values: ArrayLike) -> Vector:
    x, y, z = np.asarray(values, dtype=np.float64)
    return (float(x), float(y), float(z))


def swipe_region(size: tuple[int, int], left: int, full_width: int, share: float) -> BoolArray:
    """(h, w) True right of a line at ``share`` of a screen ``full_width`` px wide, of which the part begins at ``left``."""
    columns = np.arange(left, left + size[1]) >= share * full_width
    return np.ascontiguousarray(np.broadcast_to(columns, size))


def checker_region(size: tuple[int, int], top: int, left: int, tile: int) -> BoolArray:
    """(h, w) True on every second square of ``tile`` px, counted from the screen's corner."""
    rows, columns = np.arange(top, top + size[0]) // tile, np.arange(left, left + size[1]) // tile
    return np.asarray((rows[:, None] + columns[None, :]) % 2 == 0)
