"""The numbers of one label: volume, and its longest diameter on a slice with the longest one across it (RECIST 1.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.kernels.lines import convex_hull


@dataclass(frozen=True, slots=True)
class SegmentNumbers:
    """``volume_ml`` None without geometry; diameters in mm (px where nothing says what a pixel is), None of nothing."""

    voxels: int
    volume_ml: float | None = None
    long_mm: float | None = None
    short_mm: float | None = None
    k: int | None = None
    """The slice of the longest diameter."""


def voxel_ml(geometry: Geometry | None) -> float | None:
    """Size of a voxel in ml; None without geometry."""
    return None if geometry is None else abs(float(np.linalg.det(geometry.affine[:3, :3]))) / 1000


def slice_diameters(mask: NDArray[np.bool_], pixel_mm: tuple[float, float]) -> tuple[float, float] | None:
    """(longest diameter, the longest across it) of what a slice (j, i) holds, from edge to edge; None of nothing.

    ``pixel_mm`` is (down, across).
    """
    if not mask.any():
        return None
    points = _corners(mask) * (pixel_mm[1], pixel_mm[0])
    offsets = points[:, None] - points[None, :]
    lengths = np.hypot(offsets[..., 0], offsets[..., 1])
    at = int(np.argmax(lengths))
    long = float(lengths.flat[at])
    a, b = divmod(at, len(points))
    direction = (points[b] - points[a]) / long
    sideways = points @ np.array([-direction[1], direction[0]])
    return long, float(np.ptp(sideways))


def diameters_by_slice(
    labels: NDArray[np.unsignedinteger], value: int, pixel_mm: tuple[float, float], first: int = 0
) -> dict[int, tuple[float, float]]:
    """Diameters of a label on each slice of ``labels`` (k, j, i) that holds it, by k counted from ``first``."""
    found = ((first + k, slice_diameters(labels[k] == value, pixel_mm)) for k in range(len(labels)))
    return {k: pair for k, pair in found if pair is not None}


def _corners(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n, 2) corners (x, y) of the convex hull around a slice's pixels, edges included."""
    rows = np.flatnonzero(mask.any(axis=1))
    part = mask[rows[0] : rows[-1] + 1]
    first = part.argmax(axis=1)
    last = part.shape[1] - 1 - part[:, ::-1].argmax(axis=1)
    held = part.any(axis=1)
    y, first, last = rows[0] + np.flatnonzero(held), first[held], last[held]
    ends = np.concatenate(
        [np.stack([x + dx, y + dy], axis=1) for x, dx in ((first, -0.5), (last, 0.5)) for dy in (-0.5, 0.5)]
    )
    return convex_hull(ends)
