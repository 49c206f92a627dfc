"""What is seen first under a pixel: the place in the patient where a ray through the volume has met enough that is opaque."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.scene import ClipBox, Grid, Look, Scene

ENOUGH = 0.4
"""Share of the light that is held back where the eye takes it for a surface."""
STEP = 0.25
"""Voxels between samples."""


def first_seen(scene: Scene, grid: Grid, codes: NDArray[Any], x: float, y: float) -> NDArray[np.float64] | None:
    """LPS mm of the first place along the ray of pixel (x, y) that is seen; None where the ray meets nothing.

    Under a maximum it is the place of the largest value. Surfaces are not asked.
    """
    camera = scene.camera
    start, along = camera.point_at(x, y), camera.away
    inverse = np.linalg.inv(np.asarray(grid.affine, dtype=np.float64))
    from_, per_mm = inverse[:3, :3] @ start + inverse[:3, 3], inverse[:3, :3] @ along
    size = np.array(grid.shape[::-1], dtype=np.float64)
    ends = _within(from_, per_mm, np.zeros(3), size - 1)
    if ends is not None and scene.box is not None:
        ends = _clipped(ends, start, along, scene.box)
    if ends is None:
        return None
    step = STEP / float(np.abs(per_mm).max())
    at = np.arange(ends[0], ends[1], step)
    if not at.size:
        return None
    found = _trilinear(codes, from_ + at[:, None] * per_mm)
    if scene.look.blend == "maximum":
        best = int(np.argmax(found))
        return None if found[best] < 1 else np.asarray(start + along * at[best])
    light = np.cumsum(np.log1p(-np.minimum(_shares(scene.look, grid, found, step), 0.999999)))
    seen = np.flatnonzero(1 - np.exp(light) >= ENOUGH)
    return np.asarray(start + along * at[seen[0]]) if seen.size else None


def _shares(look: Look, grid: Grid, codes: NDArray[np.float64], step_mm: float) -> NDArray[np.float64]:
    """What a step holds back, from what the look says of a mm."""
    shares = np.where(codes >= 1, look.opacity_at(codes * grid.scale + grid.offset), 0.0)
    return np.asarray(1 - (1 - np.minimum(shares, 0.999999)) ** (step_mm / look.unit_mm))


def _within(
    start: NDArray[np.float64], along: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Where a line enters and leaves a box, along itself."""
    near, far = -np.inf, np.inf
    for axis in range(3):
        if abs(along[axis]) < 1e-12:
            if not low[axis] <= start[axis] <= high[axis]:
                return None
            continue
        a, b = (low[axis] - start[axis]) / along[axis], (high[axis] - start[axis]) / along[axis]
        near, far = max(near, min(a, b)), min(far, max(a, b))
    return (float(near), float(far)) if near < far else None


def _clipped(
    ends: tuple[float, float], start: NDArray[np.float64], along: NDArray[np.float64], box: ClipBox
) -> tuple[float, float] | None:
    inside = _within(start, along, np.array(box.low), np.array(box.high))
    if inside is None:
        return None
    near, far = max(ends[0], inside[0]), min(ends[1], inside[1])
    return (near, far) if near < far else None


def _trilinear(codes: NDArray[Any], ijk: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) values at (n, 3) places (i, j, k) inside the grid."""
    last = np.array(codes.shape[::-1]) - 1
    low = np.clip(np.floor(ijk).astype(np.intp), 0, np.maximum(last - 1, 0))
    high = np.minimum(low + 1, last)
    share = np.clip(ijk - low, 0.0, 1.0)
    found = np.zeros(len(ijk))
    for corner in range(8):
        index, weight = [], np.ones(len(ijk))
        for axis in range(3):
            upper = bool(corner >> axis & 1)
            index.append((high if upper else low)[:, axis])
            weight = weight * (share[:, axis] if upper else 1 - share[:, axis])
        found += weight * codes[index[2], index[1], index[0]]
    return found
