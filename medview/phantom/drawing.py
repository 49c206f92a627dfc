"""Drawing of fields and tubes: distances in mm on a grid, painted with soft edges.

A field holds, per voxel, the distance in mm to a surface (positive inside). Fields are smooth, so
they are computed on a coarse grid and enlarged slice by slice when the image is composed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
FAR = -60.0  # mm: "nowhere near", the value outside the box in which a field was computed


@dataclass(frozen=True)
class Grid:
    """A regular grid in the scanner's frame: `origin` (z, y, x) mm of voxel (0, 0, 0)."""

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]

    def axis(self, axis: int) -> Array:
        """Positions in mm of the voxel centres along one axis."""
        steps = np.arange(self.shape[axis], dtype=np.float32)
        return np.asarray(np.float32(self.origin[axis]) + np.float32(self.spacing[axis]) * steps)

    def coarser(self, factors: tuple[int, int, int]) -> Grid:
        """The grid of blocks of `factors` voxels (the last block may stick out)."""
        shape = tuple(-(-n // f) for n, f in zip(self.shape, factors, strict=True))
        spacing = tuple(s * f for s, f in zip(self.spacing, factors, strict=True))
        origin = tuple(o + s * (f - 1) / 2 for o, s, f in zip(self.origin, self.spacing, factors, strict=True))
        return Grid(shape, spacing, origin)  # type: ignore[arg-type]


def curve(at: Array, knots: npt.ArrayLike, heights: npt.ArrayLike) -> Array:
    """Piecewise linear function through (knots, heights), float32."""
    return np.asarray(np.interp(at, np.asarray(knots), np.asarray(heights)), np.float32)


def slab(field: Array, position: float) -> Array:
    """Slice of a field at a continuous index along axis 0 (linear, clamped)."""
    top = field.shape[0] - 1
    p = min(max(position, 0.0), float(top))
    low = min(int(p), max(top - 1, 0))
    weight = np.float32(p - low)
    if weight == 0.0 or top == 0:
        return np.asarray(field[low], np.float32)
    return np.asarray(field[low] * (1 - weight) + field[low + 1] * weight, np.float32)


def smooth_noise(rng: np.random.Generator, grid: Grid, wavelength: float, wavelength_z: float | None = None) -> Array:
    """Noise of about unit variance with the given wavelength in mm, on a grid (k, j, i)."""
    lengths = (wavelength_z or wavelength, wavelength, wavelength)
    cells = [max(3, int(n * s / w) + 3) for n, s, w in zip(grid.shape, grid.spacing, lengths, strict=True)]
    coarse = rng.standard_normal(cells).astype(np.float32)
    planes = np.stack([cv2.resize(p, (grid.shape[2], grid.shape[1]), interpolation=cv2.INTER_CUBIC) for p in coarse])
    position = np.linspace(0.5, cells[0] - 1.5, grid.shape[0])
    low = np.floor(position).astype(int)
    weight = (position - low).astype(np.float32)
    weight = weight * weight * (3 - 2 * weight)
    mixed = (
        planes[low] * (1 - weight)[:, None, None] + planes[np.minimum(low + 1, cells[0] - 1)] * weight[:, None, None]
    )
    return np.asarray(mixed * np.float32(1.4), np.float32)


def ellipse_field(x: Array, y: Array, a: Array | float, b: Array | float, power: float = 2.0) -> Array:
    """Distance along the ray from the centre to a superellipse with half axes a, b (mm)."""
    if power == 2.0:
        rho = np.sqrt((x / a) ** 2 + (y / b) ** 2)
    else:
        rho = (np.abs(x / a) ** power + np.abs(y / b) ** power) ** np.float32(1 / power)
    reach = np.hypot(x, y)
    rho = np.maximum(rho, 1e-3)
    return np.asarray(np.where(reach < 1e-3, np.minimum(a, b), reach * (1 / rho - 1)), np.float32)


def ellipsoid_field(
    x: Array, y: Array, z: Array, center: tuple[float, float, float], half: tuple[float, float, float]
) -> Array:
    """Distance to an ellipsoid, first order (implicit function over the length of its gradient)."""
    u, v, w = ((c - o) / h for c, o, h in zip((x, y, z), center, half, strict=True))
    rho = np.sqrt(u * u + v * v + w * w) + np.float32(1e-4)
    slope = np.sqrt((u / half[0]) ** 2 + (v / half[1]) ** 2 + (w / half[2]) ** 2) / rho
    return np.asarray((1 - rho) / np.maximum(slope, 1 / (3 * max(half))), np.float32)


def smooth_min(a: Array, b: Array, rounding: float) -> Array:
    """Minimum of two fields with the edge rounded over `rounding` mm."""
    h = np.clip(0.5 + 0.5 * (b - a) / rounding, 0, 1)
    return np.asarray(b + (a - b) * h - rounding * h * (1 - h), np.float32)


def smooth_max(a: Array, b: Array, rounding: float) -> Array:
    """Maximum of two fields with the edge rounded over `rounding` mm."""
    return -smooth_min(-a, -b, rounding)


def true_distance(field: Array, spacing: tuple[float, float, float]) -> Array:
    """Field divided by the length of its gradient: near the surface, distance in mm."""
    parts = np.gradient(field, *spacing)
    slope = np.sqrt(parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2)
    return np.asarray(field / np.maximum(slope, 0.25), np.float32)


def tube_field(x: Array, y: Array, z: Array, points: npt.ArrayLike, radii: npt.ArrayLike) -> Array:
    """Distance to a chain of tapering tubes through `points` (n, 3: x, y, z) with `radii` (n), mm."""
    chain = np.asarray(points, np.float32)
    widths = np.asarray(radii, np.float32)
    out = np.full(x.shape, FAR, np.float32)
    for (p, q), (r, s) in zip(pairwise(chain), pairwise(widths), strict=True):
        reach = max(float(r), float(s)) + 14
        near = _box_of(x, y, z, np.minimum(p, q) - reach, np.maximum(p, q) + reach)
        if near is None:
            continue
        dx, dy, dz = x[near] - p[0], y[near] - p[1], z[near] - p[2]
        d = q - p
        t = np.clip((dx * d[0] + dy * d[1] + dz * d[2]) / max(float(d @ d), 1e-6), 0, 1)
        distance = np.sqrt((dx - t * d[0]) ** 2 + (dy - t * d[1]) ** 2 + (dz - t * d[2]) ** 2)
        out[near] = np.maximum(out[near], r + (s - r) * t - distance)
    return out


def _box_of(
    x: Array, y: Array, z: Array, low: npt.NDArray[np.float32], high: npt.NDArray[np.float32]
) -> tuple[slice, slice, slice] | None:
    """Index box that holds all voxels whose (bent) coordinates lie within the given corners."""
    # Coordinates are sampled sparsely; the margin of tube_field covers what the sampling leaves out.
    step = 3
    inside = np.ones(x[::step, ::step, ::step].shape, bool)
    for c, a, b in zip((x, y, z), low, high, strict=True):
        sparse = c[::step, ::step, ::step]
        inside &= (sparse >= a) & (sparse <= b)
    if not inside.any():
        return None
    box = []
    for axis in range(3):
        hit = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
        box.append(slice(max(0, (hit[0] - 1) * step), (hit[-1] + 1) * step + 1))
    return (box[0], box[1], box[2])


def paint_tubes(
    image: Array, grid: Grid, segments: npt.NDArray[np.float32], hu: npt.NDArray[np.float32], soft: float
) -> None:
    """Paint tubes in place. `segments` (n, 8): start z, y, x, end z, y, x, both radii (mm).

    Tubes thinner than a voxel get the fraction of the voxel that they fill, so they fade instead of
    vanishing; `soft` is the width of the edge in mm.
    """
    spacing = np.asarray(grid.spacing, np.float32)
    origin = np.asarray(grid.origin, np.float32)
    axes = [grid.axis(a) for a in range(3)]
    pixel = float(np.sqrt(spacing[1] * spacing[2]))
    for row, value in zip(segments, hu, strict=True):
        p, q, r, s = row[:3], row[3:6], float(row[6]), float(row[7])
        wide = max(r, s)
        edge = max(soft, 0.7 * pixel)
        reach = wide + edge
        low = np.floor((np.minimum(p, q) - reach - origin) / spacing).astype(int)
        high = np.ceil((np.maximum(p, q) + reach - origin) / spacing).astype(int) + 1
        low = np.maximum(low, 0)
        high = np.minimum(high, grid.shape)
        if (low >= high).any():
            continue
        dz = (axes[0][low[0] : high[0]] - p[0])[:, None, None]
        dy = (axes[1][low[1] : high[1]] - p[1])[None, :, None]
        dx = (axes[2][low[2] : high[2]] - p[2])[None, None, :]
        d = q - p
        t = np.clip((dz * d[0] + dy * d[1] + dx * d[2]) / max(float(d @ d), 1e-6), 0, 1)
        distance = np.sqrt((dz - t * d[0]) ** 2 + (dy - t * d[1]) ** 2 + (dx - t * d[2]) ** 2)
        radius = r + (s - r) * t
        # A tube with radius below half the edge cannot fill a voxel: its peak falls with its area.
        alpha = np.clip((radius - distance) / edge + 0.5, 0, 1) * np.clip(2 * radius / edge, 0, 1)
        view = image[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
        view += alpha * np.maximum(value - view, 0) if value > -500 else alpha * (value - view)
