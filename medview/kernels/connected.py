"""Connected parts of a volume."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.kernels.ahead import ahead_kernel


@cache
def _compiled() -> Any:
    ahead = ahead_kernel("label")
    if ahead is not None:
        return ahead
    from medview.kernels import connected_compiled

    return connected_compiled.compile_label()


def connected_parts(where: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Number of the part of each voxel (k, j, i), 0 outside, and the voxels of each part (index 0: outside).

    Voxels that touch at a face, edge or corner are connected. Parts are numbered in the order of their first voxel.
    """
    given = np.ascontiguousarray(where, dtype=np.uint8)
    parts = np.zeros(given.shape, dtype=np.int32)
    count = int(_compiled()(given, parts))
    sizes = np.zeros(count + 1, dtype=np.int64)
    for piece in parts:  # of the whole it would make numbers of 64 bits first
        sizes += np.bincount(piece.ravel(), minlength=count + 1)
    return parts, sizes
