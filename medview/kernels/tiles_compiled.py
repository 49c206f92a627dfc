"""The compiled half of :mod:`medview.kernels.tiles`; imported late, because numba alone takes 0.3 s to import."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False, check-untyped-defs=False

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from medview.kernels.compiled import compile_kept


def _weigh(total, answer, weights, z, y, x, known_z, known_y, known_x):
    """Row by row: what is read for the product is added, or put down, while it is at hand."""
    count, depth, height, width = answer.shape
    for c in range(count):
        for k in range(depth):
            for j in range(height):
                row = total[c, z + k, y + j, x : x + width]
                given = answer[c, k, j]
                weight = weights[k, j]
                added = known_x if k >= known_z and j >= known_y else width
                for i in range(added):
                    row[i] += given[i] * weight[i]
                row, given, weight = row[added:], given[added:], weight[added:]
                for i in range(len(row)):
                    row[i] = given[i] * weight[i]


_f4 = numba.float32
_int = numba.int64
_SIGNATURES: dict[str, Any] = {
    "weigh": numba.void(
        _f4[:, :, :, ::1],
        numba.types.Array(_f4, 4, "C", readonly=True),
        numba.types.Array(_f4, 3, "C", readonly=True),
        *[_int] * 6,
    ),
}
_BODIES: dict[str, Any] = {"weigh": _weigh}


def compile_one(name: str) -> Callable[..., Any]:
    """Compile one of the functions that :mod:`medview.kernels.tiles` needs."""
    return compile_kept(_BODIES[name], [_SIGNATURES[name]])
