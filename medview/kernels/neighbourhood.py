"""What a voxel becomes by its neighbours: medians, curvature diffusion, superpixels. Arrays are float32 (k, j, i)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.kernels.ahead import ahead_kernel

FloatArray = NDArray[np.float32]
MOST_IN_ROWS = 350
"""Up to so many neighbours medians of whole rows are faster than those of one voxel after another."""


@cache
def _compiled(name: str) -> Any:
    ahead = ahead_kernel(name)
    if ahead is not None:
        return ahead
    from medview.kernels import neighbourhood_compiled

    return neighbourhood_compiled.compile_one(name)


def median_slices(values: FloatArray, radius: tuple[int, int, int], first: int, out: FloatArray) -> None:
    """Medians of the (2r + 1) neighbours along each axis into ``out`` (n, j, i), for the n slices from ``first`` on.

    Beyond the border the outermost voxel counts.
    """
    count = int(np.prod(2 * np.asarray(radius) + 1))
    if count == 1:
        out[:] = values[first : first + len(out)]
        return
    name = "median_of_rows" if count <= MOST_IN_ROWS else "median_of_neighbours"
    _compiled(name)(values, np.asarray(radius, np.int64), first, out)


def mean_square_gradient(values: FloatArray, spacing: tuple[float, ...]) -> float:
    """Mean of the squared central difference per unit of ``spacing`` (k, j, i)."""
    return float(_compiled("mean_square_gradient")(values, 1.0 / np.asarray(spacing, np.float64)))


def curvature_slices(
    values: FloatArray, spacing: tuple[float, ...], contrast: float, time_step: float, first: int, out: FloatArray
) -> None:
    """One step of curvature anisotropic diffusion into ``out`` (n, j, i), for the n slices from ``first`` on.

    Whitaker and Xue 2001; ``contrast`` is -2 × conductance² × :func:`mean_square_gradient`.
    """
    scale = 1.0 / np.asarray(spacing, np.float64)
    _compiled("curvature_step")(values, scale, contrast, time_step, first, out)


def slic(values: FloatArray, cells: tuple[int, int, int], weight: float, iterations: int = 10) -> NDArray[np.int32]:
    """Numbers from 0 of connected parts of about ``cells`` (k, j, i) voxels: SLIC (Achanta 2012), always the same.

    ``weight`` is how much the length of a cell counts beside a difference of one in the values.
    """
    size = np.minimum(np.asarray(cells, np.int64), values.shape)
    grids = [
        (np.arange(count) + 0.5) * length / count - 0.5
        for length, count in zip(values.shape, -(-np.asarray(values.shape) // size), strict=True)
    ]
    places = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1).reshape(-1, 3)
    near = np.round(places).astype(np.intp)
    centres = np.ascontiguousarray(np.column_stack([values[tuple(near.T)], places]).astype(np.float64))
    parts = np.zeros(values.shape, np.int32)
    distances = np.empty(values.shape, np.float64)
    scale = np.where(np.asarray(values.shape) > 1, weight / size, 0.0).astype(np.float64)
    indices = np.indices(values.shape, dtype=np.float32).reshape(3, -1)
    for _ in range(iterations):
        _compiled("nearest_centres")(values, scale, size, centres, parts, distances)
        flat = parts.ravel()
        count = np.bincount(flat, minlength=len(centres)).astype(np.float64)
        filled = count > 0
        for column, weights in enumerate((values.ravel(), *indices)):
            total = np.bincount(flat, weights=weights, minlength=len(centres))
            centres[filled, column] = total[filled] / count[filled]
    found = np.empty_like(parts)
    _compiled("whole_parts")(parts, max(1, int(np.prod(size)) // 4), found)
    return found
