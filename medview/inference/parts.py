"""Connected parts of labels: keep the largest few, drop the smallest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.kernels.runs import LABEL_TYPES, erase_parts, parts_of_label


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
    is_plain = labels.flags.c_contiguous and labels.dtype.name in LABEL_TYPES
    given = labels if is_plain else np.ascontiguousarray(labels, dtype=np.uint16)
    for n, value in enumerate(values):
        checkpoint(n, len(values))
        parts = parts_of_label(given, value)
        order = np.argsort(-parts.sizes[1:], kind="stable") + 1
        stays = np.zeros(len(parts.sizes), dtype=bool)
        kept = order[:largest]
        stays[kept[parts.sizes[kept] >= smallest]] = True
        if not stays[1:].all():
            erase_parts(given, parts, stays)
    if given is not labels:
        labels[...] = given
