"""Which voxels a brush touches: on an acquired slice, on any plane through a volume, or as a ball in space.

A voxel is touched where its middle lies in the brush, or where the line that the brush was led along goes through it; on a
plane only voxels that a cut along that plane shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import FloatArray, Geometry
from medview.core.plane import Plane

Point = tuple[float, float]
BoolArray = NDArray[np.bool_]

NEAR = 1e-6


@dataclass(frozen=True, eq=False)
class Stamp:
    """Voxels of the box that begins at ``corner`` (k, j, i): those where ``where`` (n, m, l) is true."""

    corner: tuple[int, int, int]
    where: BoolArray

    @property
    def part(self) -> tuple[slice, slice, slice]:
        """The box as an index."""
        k, j, i = (slice(start, start + size) for start, size in zip(self.corner, self.where.shape, strict=True))
        return (k, j, i)


def slice_stamp(
    shape: tuple[int, int, int], k: int, start: Point, end: Point, radius_mm: float, pixel_mm: tuple[float, float]
) -> Stamp | None:
    """A round brush led from image (x, y) ``start`` to ``end`` on the acquired slice ``k``; None where it touches nothing.

    ``pixel_mm`` (down, across) is the size of a pixel; ``shape`` (k, j, i) of the volume.
    """
    down, across = pixel_mm
    reach_y, reach_x = radius_mm / down + 1, radius_mm / across + 1
    j0, j1 = _span(start[1], end[1], reach_y, shape[1])
    i0, i1 = _span(start[0], end[0], reach_x, shape[2])
    if j0 >= j1 or i0 >= i1 or not 0 <= k < shape[0]:
        return None
    y = (np.arange(j0, j1, dtype=np.float32)[:, None]) * np.float32(down)
    x = (np.arange(i0, i1, dtype=np.float32)[None, :]) * np.float32(across)
    ends = ((start[0] * across, start[1] * down), (end[0] * across, end[1] * down))
    where = _in_capsule(x, y, *ends, radius_mm)
    for px, py in _along(start, end):
        row, column = math.floor(py + 0.5), math.floor(px + 0.5)
        if j0 <= row < j1 and i0 <= column < i1:
            where[row - j0, column - i0] = True
    return Stamp((k, j0, i0), where[None]) if where.any() else None


def plane_stamp(geometry: Geometry, plane: Plane, start: Point, end: Point, radius_mm: float) -> Stamp | None:
    """A round brush led from pixel (x, y) ``start`` to ``end`` of a ``plane``; None where it touches nothing."""
    du, dv = plane.spacing
    # Never coarser than half a voxel, so that none that the plane shows is passed over.
    fine_x = max(1, math.ceil(2 * du / min(geometry.spacing) - NEAR)) if du > min(geometry.spacing) * 1.001 else 1
    fine_y = max(1, math.ceil(2 * dv / min(geometry.spacing) - NEAR)) if dv > min(geometry.spacing) * 1.001 else 1
    margin = max(geometry.spacing)
    x0, x1 = _wide(start[0], end[0], (radius_mm + margin) / du)
    y0, y1 = _wide(start[1], end[1], (radius_mm + margin) / dv)
    x = np.arange(x0, x1 + 1 / fine_x, 1 / fine_x)
    y = np.arange(y0, y1 + 1 / fine_y, 1 / fine_y)
    grid = np.stack(np.broadcast_arrays(x[None, :], y[:, None]), axis=-1).reshape(-1, 2)
    line = np.array(_along(start, end), dtype=np.float64)
    cells, shown = _cells(geometry, plane, np.concatenate([grid, line]))
    if not len(cells):
        return None
    low, high = cells.min(axis=0), cells.max(axis=0) + 1
    where = np.zeros(tuple(high - low), dtype=np.bool_)
    where[tuple((cells - low).T)] = True
    at = np.argwhere(where)
    middles = plane.patient_to_plane(geometry.voxel_to_patient(at + low))
    inside = _in_capsule(
        middles[:, 0] * du, middles[:, 1] * dv, (start[0] * du, start[1] * dv), (end[0] * du, end[1] * dv), radius_mm
    )
    where[tuple(at[~inside].T)] = False
    on_line = shown[len(grid) :] - low
    on_line = on_line[(shown[len(grid) :] >= 0).all(axis=1)]
    where[tuple(on_line.T)] = True
    return _trimmed(where, low)


def ball_stamp(geometry: Geometry, plane: Plane, start: Point, end: Point, radius_mm: float) -> Stamp | None:
    """A ball led from pixel (x, y) ``start`` to ``end`` of a ``plane``; None where it touches nothing."""
    a, b = plane.plane_to_patient(np.array(start)), plane.plane_to_patient(np.array(end))
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64) * radius_mm
    around = geometry.patient_to_voxel(np.concatenate([a + corners, b + corners]))
    shape = np.array(geometry.shape)
    low = np.clip(np.floor(around.min(axis=0)).astype(int), 0, shape)
    high = np.clip(np.ceil(around.max(axis=0)).astype(int) + 1, 0, shape)
    if (high <= low).any():
        return None
    where = _in_ball(geometry, low, high, a, b, radius_mm)
    line, _shown = _cells(geometry, plane, np.array(_along(start, end), dtype=np.float64))
    inside = ((line >= low) & (line < high)).all(axis=1)
    where[tuple((line[inside] - low).T)] = True
    return _trimmed(where, low)


def layer_of(
    geometry: Geometry, normal: FloatArray, seed: tuple[int, int, int], point: FloatArray | None = None
) -> Callable[[int], BoolArray]:
    """Which voxels (j, i) of slice k a plane with ``normal`` goes through: that through ``point`` (LPS mm), or ``seed``'s middle.

    Between two layers of voxels it goes through the one that holds ``seed``, which always belongs to it.
    """
    half = float(np.abs(normal @ geometry.affine[:3, :3]).sum()) / 2
    middle = geometry.voxel_to_patient(np.array(seed, dtype=np.float64))
    from_plane = 0.0 if point is None else float((middle - point) @ normal)
    side = 1.0 if from_plane > 0 else -1.0
    down = np.arange(geometry.shape[1])[:, None] * float(geometry.affine[:3, 1] @ normal)
    across = np.arange(geometry.shape[2])[None, :] * float(geometry.affine[:3, 0] @ normal)

    def on_slice(k: int) -> BoolArray:
        away = (float((geometry.origins[k] - middle) @ normal) + from_plane + down + across) * side
        return np.asarray((away <= half + NEAR) & (away > -half + NEAR))

    return on_slice


def _in_ball(
    geometry: Geometry, low: NDArray[np.intp], high: NDArray[np.intp], a: FloatArray, b: FloatArray, radius: float
) -> BoolArray:
    """Voxels from ``low`` to ``high`` whose middles are at most ``radius`` mm away from the line between ``a`` and ``b``."""
    across, down = geometry.affine[:3, 0], geometry.affine[:3, 1]
    # With i the only axis that is not multiplied out before, each voxel costs a few operations.
    starts = (geometry.origins[low[0] : high[0]] - a + low[2] * across)[:, None] + (
        np.arange(low[1], high[1])[:, None] * down
    )
    i = np.arange(high[2] - low[2], dtype=np.float32)
    way = b - a
    length = float(way @ way)
    squares = np.einsum("kjc,kjc->kj", starts, starts).astype(np.float32)[..., None]
    squares = squares + i * (2 * (starts @ across).astype(np.float32))[..., None]
    squares += i * i * np.float32(across @ across)
    if length > 0:
        along = (starts @ way).astype(np.float32)[..., None] + i * np.float32(across @ way)
        share = np.clip(along / np.float32(length), 0, 1)
        squares += share * (share * np.float32(length) - 2 * along)
    return np.asarray(squares <= np.float32(radius * radius))


def _trimmed(where: BoolArray, low: NDArray[np.intp]) -> Stamp | None:
    if not where.any():
        return None
    return Stamp((int(low[0]), int(low[1]), int(low[2])), where)


def _cells(geometry: Geometry, plane: Plane, points: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(n, 3) voxels that hold pixels ``points`` (m, 2) of a plane, and (m, 3) the voxel of each, -1 outside."""
    voxels = geometry.patient_to_voxel(plane.plane_to_patient(points))
    whole = np.round(voxels)
    voxels = np.where(np.abs(voxels - whole) <= 1e-5, whole, voxels)  # the rule of a cut (`medview.core.cut`)
    cells = np.floor(voxels + 0.5).astype(np.intp)
    shape = np.array(geometry.shape)
    # The border of the last voxel belongs to it, as in a cut.
    cells = np.where((cells == shape) & (voxels <= shape - 0.5 + 1e-5), shape - 1, cells)
    outside = ((cells < 0) | (cells >= shape)).any(axis=1)
    cells[outside] = -1
    return cells[~outside], cells


def _in_capsule(x: NDArray[np.floating], y: NDArray[np.floating], a: Point, b: Point, radius: float) -> BoolArray:
    """Where points (x, y) are at most ``radius`` away from the line between ``a`` and ``b``, all in mm."""
    ax, ay = a
    dx, dy = b[0] - ax, b[1] - ay
    length = dx * dx + dy * dy
    px, py = x - x.dtype.type(ax), y - y.dtype.type(ay)
    if length > 0:
        share = np.clip((px * dx + py * dy) / length, 0, 1)
        px, py = px - share * dx, py - share * dy
    return np.asarray(px * px + py * py <= radius * radius + NEAR)


def _along(start: Point, end: Point) -> list[Point]:
    """Points of the line, at most half a pixel apart."""
    count = max(1, math.ceil(2 * max(abs(end[0] - start[0]), abs(end[1] - start[1]))))
    return [
        (start[0] + (end[0] - start[0]) * n / count, start[1] + (end[1] - start[1]) * n / count)
        for n in range(count + 1)
    ]


def _span(a: float, b: float, reach: float, size: int) -> tuple[int, int]:
    return max(0, math.floor(min(a, b) - reach)), min(size, math.ceil(max(a, b) + reach) + 1)


def _wide(a: float, b: float, reach: float) -> tuple[int, int]:
    return math.floor(min(a, b) - reach), math.ceil(max(a, b) + reach)
