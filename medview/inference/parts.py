"""Connected parts of labels: keep the largest few, drop the smallest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.kernels.connected import connected_parts


def keep_parts(
    labels: NDArray[np.unsignedinteger[Any]],
    values: Sequence[int],
    largest: int | None,
    smallest: int,
    checkpoint: Callable[[int, int], None],
) -> None:
    """In place, for each of ``values``: keep the ``largest`` parts (None: all) of at least ``smallest`` voxels.

    Voxels that touch at a face, edge or corner belong together.
    """
    for n, value in enumerate(values):
        checkpoint(n, len(values))
        where = labels == value
        if not where.any():
            continue
        box = tuple(
            slice(int(found[0]), int(found[-1]) + 1)
            for axis in range(3)
            for found in [np.flatnonzero(where.any(axis=tuple(other for other in range(3) if other != axis)))]
        )
        parts, sizes = connected_parts(where[box])
        del where
        order = np.argsort(-sizes[1:], kind="stable") + 1
        kept = [int(part) for part in order[:largest] if sizes[part] >= smallest]
        stays = np.zeros(len(sizes), dtype=bool)
        stays[kept] = True
        stays[0] = True
        if stays.all():
            continue
        for piece, here in zip(labels[box], parts, strict=True):
            piece[~stays[here]] = 0
