"""The compiled half of :mod:`medview.kernels.connected`; imported late, because numba alone takes 0.3 s to import."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False, check-untyped-defs=False

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from medview.kernels.compiled import compile_kept


def _root(parent, n):
    while parent[n] != n:
        parent[n] = parent[parent[n]]
        n = parent[n]
    return n


root = numba.njit(_root, inline="always")


def _label(where, parts):  # noqa: C901 - one compiled loop
    """Two passes with union and find (Rosenfeld and Pfaltz 1966) over the 13 neighbours that come first."""
    nk, nj, ni = where.shape
    parent = np.zeros(1024, dtype=np.int32)
    used = 1
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                if where[k, j, i] == 0:
                    continue
                mine = 0
                for dk in range(-1, 1):
                    for dj in range(-1, 2):
                        for di in range(-1, 2):
                            if dk == 0 and (dj > 0 or (dj == 0 and di >= 0)):
                                continue
                            a, b, c = k + dk, j + dj, i + di
                            if a < 0 or b < 0 or c < 0 or b >= nj or c >= ni or parts[a, b, c] == 0:
                                continue
                            other = root(parent, parts[a, b, c])
                            if mine == 0:
                                mine = other
                            elif other < mine:
                                parent[mine] = other
                                mine = other
                            elif other > mine:
                                parent[other] = mine
                if mine == 0:
                    if used == len(parent):
                        longer = np.zeros(2 * used, dtype=np.int32)
                        longer[:used] = parent
                        parent = longer
                    parent[used] = used
                    mine = used
                    used += 1
                parts[k, j, i] = mine
    number = np.zeros(used, dtype=np.int32)
    count = 0
    for n in range(1, used):
        top = root(parent, n)
        if number[top] == 0:
            count += 1
            number[top] = count
        number[n] = number[top]
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                parts[k, j, i] = number[parts[k, j, i]]
    return count


def compile_label() -> Callable[..., Any]:
    """Compile, kept on disk where that is possible."""
    return compile_kept(_label, [numba.int64(numba.uint8[:, :, ::1], numba.int32[:, :, ::1])])
