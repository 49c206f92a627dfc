"""Connected parts of one label of a map, by its runs along the last axis: memory for the runs, not for the voxels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.kernels.ahead import ahead_kernel

LABEL_TYPES = ("uint8", "uint16")
"""Types of label maps that there are kernels for."""
AnyLabels = NDArray[np.unsignedinteger[Any]]


@cache
def _compiled(name: str, stored: str = "") -> Any:
    ahead = ahead_kernel(name + (f"_{stored}" if stored else ""))
    if ahead is not None:
        return ahead
    from medview.kernels import runs_compiled

    return runs_compiled.compile_one(name)


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of one label; runs are numbered as they lie, row after row."""

    first: NDArray[np.int64]
    """(k · j + 1,) the first run of each row."""
    starts: NDArray[np.int32]
    stops: NDArray[np.int32]
    """Columns of each run."""
    part: NDArray[np.int32]
    """Of each run, from 1 on."""
    sizes: NDArray[np.int64]
    """Voxels of each part; index 0 is nothing."""


def parts_of_label(labels: AnyLabels, value: int) -> Parts:
    """Parts of the voxels of ``labels`` (k, j, i), C-contiguous uint8 or uint16, that hold ``value``.

    Voxels that touch at a face, edge or corner are connected. Parts are numbered in the order of their first voxel.
    """
    stored = labels.dtype.name
    first = np.zeros(labels.shape[0] * labels.shape[1] + 1, dtype=np.int64)
    _compiled("count_runs", stored)(labels, value, first)
    starts, stops, part = (np.empty(first[-1], dtype=np.int32) for _ in range(3))
    _compiled("find_runs", stored)(labels, value, first, starts, stops)
    count = int(_compiled("join_runs")(first, labels.shape[1], starts, stops, part))
    sizes = np.zeros(count + 1, dtype=np.int64)
    _compiled("measure_runs")(starts, stops, part, sizes)
    return Parts(first, starts, stops, part, sizes)


def erase_parts(labels: AnyLabels, parts: Parts, stays: NDArray[np.bool_]) -> None:
    """Write 0 over all parts of ``labels``, the map that they are of, but those that stay."""
    kept = np.ascontiguousarray(stays, dtype=np.uint8)
    _compiled("erase_runs", labels.dtype.name)(labels, parts.first, parts.starts, parts.stops, parts.part, kept)
