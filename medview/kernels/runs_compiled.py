"""The compiled half of :mod:`medview.kernels.runs`; imported late, because numba alone takes 0.3 s to import."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False, check-untyped-defs=False

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from medview.kernels.compiled import compile_kept
from medview.kernels.connected_compiled import root
from medview.kernels.runs import LABEL_TYPES


def _count_runs(labels, value, first):
    """``first`` of each row: how many runs there are before it."""
    count = 0
    for k in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            row = labels[k, j]
            first[k * labels.shape[1] + j] = count
            before = False
            for i in range(row.shape[0]):
                here = row[i] == value
                count += here and not before
                before = here
    first[-1] = count


def _find_runs(labels, value, first, starts, stops):
    for k in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            row = labels[k, j]
            at = first[k * labels.shape[1] + j]
            end = first[k * labels.shape[1] + j + 1]
            i = 0
            while at < end:
                while row[i] != value:
                    i += 1
                starts[at] = i
                while i < row.shape[0] and row[i] == value:
                    i += 1
                stops[at] = i
                at += 1


def _join_runs(first, width, starts, stops, part):
    """Union and find over the four rows beside a row that come before it; the first run of a part is its root."""
    rows = len(first) - 1
    for row in range(rows):
        for n in range(first[row], first[row + 1]):
            part[n] = n
        j = row % width
        for beside in range(4):
            if beside == 0:
                other = row - 1
                inside = j > 0
            else:
                other = row - width + beside - 2
                inside = row >= width and 0 <= j + beside - 2 < width
            if not inside:
                continue
            low, end = first[other], first[other + 1]
            for n in range(first[row], first[row + 1]):
                # Columns that touch at a corner are one apart.
                while low < end and stops[low] < starts[n]:
                    low += 1
                m = low
                while m < end and starts[m] <= stops[n]:
                    one = root(part, m)
                    mine = root(part, n)
                    if one < mine:
                        part[mine] = one
                    elif mine < one:
                        part[one] = mine
                    m += 1
    count = 0
    for n in range(len(part)):
        # A root lies before all that lead to it, and has its number by then: below 0, so that it is no place of a run.
        top = part[n]
        if top == n:
            count += 1
            part[n] = -count
        else:
            part[n] = part[top]
    for n in range(len(part)):
        part[n] = -part[n]
    return count


def _measure_runs(starts, stops, part, sizes):
    for n in range(len(part)):
        sizes[part[n]] += stops[n] - starts[n]


def _erase_runs(labels, first, starts, stops, part, stays):
    for k in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            row = k * labels.shape[1] + j
            for n in range(first[row], first[row + 1]):
                if stays[part[n]] == 0:
                    labels[k, j, starts[n] : stops[n]] = 0


_maps = [numba.from_dtype(np.dtype(name))[:, :, ::1] for name in LABEL_TYPES]
_i4, _i8 = numba.int32, numba.int64
_runs = (_i8[::1], _i4[::1], _i4[::1])
_SIGNATURES: dict[str, list[Any]] = {
    "count_runs": [numba.void(kind, _i8, _i8[::1]) for kind in _maps],
    "find_runs": [numba.void(kind, _i8, *_runs) for kind in _maps],
    "join_runs": [_i8(_i8[::1], _i8, _i4[::1], _i4[::1], _i4[::1])],
    "measure_runs": [numba.void(_i4[::1], _i4[::1], _i4[::1], _i8[::1])],
    "erase_runs": [numba.void(kind, *_runs, _i4[::1], numba.uint8[::1]) for kind in _maps],
}
_BODIES: dict[str, Any] = {
    "count_runs": _count_runs,
    "find_runs": _find_runs,
    "join_runs": _join_runs,
    "measure_runs": _measure_runs,
    "erase_runs": _erase_runs,
}


def compile_one(name: str) -> Callable[..., Any]:
    """Compile one of the functions that :mod:`medview.kernels.runs` needs."""
    return compile_kept(_BODIES[name], _SIGNATURES[name])
