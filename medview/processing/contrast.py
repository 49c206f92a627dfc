"""Local contrast and shape by value: CLAHE, morphological opening and closing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medview.core.progress import Progress
from medview.kernels import filter2d

FloatArray = NDArray[np.float32]
Spacing2 = tuple[float, float]
Spacing3 = tuple[float, float, float]


def _value_range(values: FloatArray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def clahe_slice(
    values: FloatArray,
    spacing: Spacing2,  # noqa: ARG001 - tiles are shares of the picture
    clip_limit: float,
    tiles: int,
) -> FloatArray:
    """CLAHE within the slice's own range of values, in ``tiles`` × ``tiles`` tiles."""
    return filter2d.clahe(values, _value_range(values), clip_limit, _tiles(values.shape, tiles))


def clahe_volume(
    values: FloatArray,
    spacing: Spacing3,  # noqa: ARG001
    progress: Progress,
    clip_limit: float,
    tiles: int,
) -> FloatArray:
    """Slice by slice within the range of the whole volume, so that neighbouring slices stay comparable."""
    whole = _value_range(values)
    out = np.empty(values.shape, np.float32)
    for k in range(len(values)):
        progress("CLAHE", k, len(values))
        out[k] = filter2d.clahe(
            np.asarray(values[k], dtype=np.float32), whole, clip_limit, _tiles(values.shape[1:], tiles)
        )
    progress("CLAHE", len(values), len(values))
    return out


def _tiles(shape: tuple[int, ...], tiles: int) -> tuple[int, int]:
    """No tile smaller than 2 × 2 pixels."""
    return (max(1, min(tiles, shape[0] // 2)), max(1, min(tiles, shape[1] // 2)))


def opening_slice(values: FloatArray, spacing: Spacing2, radius: float) -> FloatArray:
    """Opening by an ellipse of ``radius`` mm: takes away bright things that are smaller."""
    return filter2d.opening(values, (radius / spacing[0], radius / spacing[1]))


def closing_slice(values: FloatArray, spacing: Spacing2, radius: float) -> FloatArray:
    """Closing by an ellipse of ``radius`` mm: fills dark things that are smaller."""
    return filter2d.closing(values, (radius / spacing[0], radius / spacing[1]))


def opening_volume(values: FloatArray, spacing: Spacing3, progress: Progress, radius: float) -> FloatArray:
    """Opening by an ellipsoid of ``radius`` mm."""
    return _extreme(_extreme(values, spacing, radius, progress, False), spacing, radius, progress, True)


def closing_volume(values: FloatArray, spacing: Spacing3, progress: Progress, radius: float) -> FloatArray:
    """Closing by an ellipsoid of ``radius`` mm."""
    return _extreme(_extreme(values, spacing, radius, progress, True), spacing, radius, progress, False)


def _extreme(values: FloatArray, spacing: Spacing3, radius: float, progress: Progress, largest: bool) -> FloatArray:
    """Largest or smallest neighbour within an ellipsoid of ``radius`` mm, one elliptic slice of it at a time."""
    step = "Dilation" if largest else "Erosion"
    depth = values.shape[0]
    reach = int(np.floor(radius / spacing[0] + 1e-9))
    out = np.empty(values.shape, np.float32)
    kernels = {}
    for offset in range(reach + 1):
        rest = float(np.sqrt(max(0.0, radius**2 - (offset * spacing[0]) ** 2)))
        kernels[offset] = filter2d.ellipse((rest / spacing[1], rest / spacing[2]))
    combine = np.maximum if largest else np.minimum
    out[:] = -np.inf if largest else np.inf
    for k in range(depth):
        progress(step, k, depth)
        picture = np.ascontiguousarray(values[k], dtype=np.float32)
        for offset, kernel in kernels.items():
            spread = filter2d.neighbour_extreme(picture, kernel, largest)
            for target in {k - offset, k + offset}:
                if 0 <= target < depth:
                    combine(out[target], spread, out=out[target])
    progress(step, depth, depth)
    return out
