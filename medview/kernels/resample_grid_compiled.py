"""The compiled half of :mod:`medview.kernels.resample_grid`; imported late, because numba alone takes 0.3 s to import.

One thread each: numba's portable threading layer aborts the process when two threads enter it at once.
"""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False, check-untyped-defs=False

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from medview.kernels.compiled import compile_kept

_EDGE = 1e-4
"""Rounding of coordinates is forgiven up to this part of a voxel at the outer border."""


_REGIONS = -2
"""As ``nothing``: the last channel above the threshold wins, not the largest."""
_TOGETHER = -3
"""As ``nothing``: the values of all channels above the threshold are bits of the label."""


def _corner(x, size):
    """Lower neighbour and weight of the upper one, the border repeated."""
    x = min(max(x, 0.0), size - 1.0)
    low = int(x)
    if low > size - 2:
        low = max(0, size - 2)
    return low, x - low


def _sample(values, matrix, offset, out, first, nearest, outside):
    nz, ny, nx = values.shape
    for a in range(out.shape[0]):
        for b in range(out.shape[1]):
            for c in range(out.shape[2]):
                z = matrix[0, 0] * (a + first) + matrix[0, 1] * b + matrix[0, 2] * c + offset[0]
                y = matrix[1, 0] * (a + first) + matrix[1, 1] * b + matrix[1, 2] * c + offset[1]
                x = matrix[2, 0] * (a + first) + matrix[2, 1] * b + matrix[2, 2] * c + offset[2]
                if (
                    z < -0.5 - _EDGE
                    or y < -0.5 - _EDGE
                    or x < -0.5 - _EDGE
                    or z > nz - 0.5 + _EDGE
                    or y > ny - 0.5 + _EDGE
                    or x > nx - 0.5 + _EDGE
                ):
                    out[a, b, c] = outside
                    continue
                z0, wz = corner(z, nz)
                y0, wy = corner(y, ny)
                x0, wx = corner(x, nx)
                z1, y1, x1 = min(z0 + 1, nz - 1), min(y0 + 1, ny - 1), min(x0 + 1, nx - 1)
                if nearest:
                    zz = z1 if wz >= 0.5 else z0
                    yy = y1 if wy >= 0.5 else y0
                    xx = x1 if wx >= 0.5 else x0
                    out[a, b, c] = values[zz, yy, xx]
                    continue
                near = (values[z0, y0, x0] * (1 - wx) + values[z0, y0, x1] * wx) * (1 - wy) + (
                    values[z0, y1, x0] * (1 - wx) + values[z0, y1, x1] * wx
                ) * wy
                far = (values[z1, y0, x0] * (1 - wx) + values[z1, y0, x1] * wx) * (1 - wy) + (
                    values[z1, y1, x0] * (1 - wx) + values[z1, y1, x1] * wx
                ) * wy
                out[a, b, c] = near * (1 - wz) + far * wz


def _decide(channels, threshold, nothing, values, tops, out):
    """``tops`` has room for a row: channel by channel along it the machine compares many voxels at once."""
    count = channels.shape[0]
    has_threshold = not np.isnan(threshold)
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            row = out[z, y]
            for x in range(row.shape[0]):
                tops[x] = -np.inf
                row[x] = 0
            for c in range(count):
                given = channels[c, z, y]
                label = values[c]
                if not has_threshold:
                    if c == nothing:
                        label = np.uint16(0)
                    if c == 0:
                        for x in range(row.shape[0]):
                            tops[x] = given[x]
                            row[x] = label
                        continue
                    for x in range(row.shape[0]):
                        above = given[x] > tops[x]
                        tops[x] = given[x] if above else tops[x]
                        row[x] = label if above else row[x]
                elif c == nothing:
                    continue
                elif nothing == _TOGETHER:
                    for x in range(row.shape[0]):
                        row[x] |= label if given[x] > threshold else np.uint16(0)
                elif nothing == _REGIONS:
                    for x in range(row.shape[0]):
                        row[x] = label if given[x] > threshold else row[x]
                else:
                    for x in range(row.shape[0]):
                        above = (given[x] > threshold) & (given[x] > tops[x])
                        tops[x] = given[x] if above else tops[x]
                        row[x] = label if above else row[x]


def _sample_labels(channels, labels, matrix, offset, rows, out, threshold, nothing, values):
    nz, ny, nx = labels.shape
    count = channels.shape[0]
    for a in range(out.shape[0]):
        row = rows[a]
        for b in range(out.shape[1]):
            for c in range(out.shape[2]):
                z = matrix[0, 0] * row + matrix[0, 1] * b + matrix[0, 2] * c + offset[0]
                y = matrix[1, 0] * row + matrix[1, 1] * b + matrix[1, 2] * c + offset[1]
                x = matrix[2, 0] * row + matrix[2, 1] * b + matrix[2, 2] * c + offset[2]
                if (
                    z < -0.5 - _EDGE
                    or y < -0.5 - _EDGE
                    or x < -0.5 - _EDGE
                    or z > nz - 0.5 + _EDGE
                    or y > ny - 0.5 + _EDGE
                    or x > nx - 0.5 + _EDGE
                ):
                    out[a, b, c] = 0
                    continue
                z0, wz = corner(z, nz)
                y0, wy = corner(y, ny)
                x0, wx = corner(x, nx)
                z1, y1, x1 = min(z0 + 1, nz - 1), min(y0 + 1, ny - 1), min(x0 + 1, nx - 1)
                if count == 0:
                    zz = z1 if wz >= 0.5 else z0
                    yy = y1 if wy >= 0.5 else y0
                    xx = x1 if wx >= 0.5 else x0
                    out[a, b, c] = labels[zz, yy, xx]
                    continue
                same = labels[z0, y0, x0]
                if (
                    same == labels[z0, y0, x1]
                    and same == labels[z0, y1, x0]
                    and same == labels[z0, y1, x1]
                    and same == labels[z1, y0, x0]
                    and same == labels[z1, y0, x1]
                    and same == labels[z1, y1, x0]
                    and same == labels[z1, y1, x1]
                ):
                    out[a, b, c] = same
                    continue
                best = -1
                top = np.float64(0)
                bits = 0
                for n in range(count):
                    p = channels[n]
                    near = (p[z0, y0, x0] * (1 - wx) + p[z0, y0, x1] * wx) * (1 - wy) + (
                        p[z0, y1, x0] * (1 - wx) + p[z0, y1, x1] * wx
                    ) * wy
                    far = (p[z1, y0, x0] * (1 - wx) + p[z1, y0, x1] * wx) * (1 - wy) + (
                        p[z1, y1, x0] * (1 - wx) + p[z1, y1, x1] * wx
                    ) * wy
                    value = near * (1 - wz) + far * wz
                    if not np.isnan(threshold) and (n == nothing or not value > threshold):
                        continue
                    if nothing == _TOGETHER:
                        bits |= values[n]
                    elif best < 0 or nothing == _REGIONS or value > top:
                        best = n
                        top = value
                out[a, b, c] = bits if best < 0 or best == nothing else values[best]


corner = numba.njit(_corner, inline="always")

_f4 = numba.float32
_f8 = numba.float64
_u2 = numba.uint16
_SIGNATURES: dict[str, Any] = {
    "sample": numba.void(
        _f4[:, :, ::1], _f8[:, ::1], _f8[::1], _f4[:, :, ::1], numba.int64, numba.boolean, numba.float32
    ),
    "decide": numba.void(_f4[:, :, :, ::1], numba.float64, numba.int64, _u2[::1], _f4[::1], _u2[:, :, ::1]),
    "sample_labels": numba.void(
        _f4[:, :, :, ::1], _u2[:, :, ::1], _f8[:, ::1], _f8[::1], _f8[::1], _u2[:, :, ::1], _f8, numba.int64, _u2[::1]
    ),
}
_BODIES: dict[str, Any] = {"sample": _sample, "decide": _decide, "sample_labels": _sample_labels}


def compile_one(name: str) -> Callable[..., Any]:
    """Compile one of the functions that :mod:`medview.kernels.resample_grid` needs."""
    return compile_kept(_BODIES[name], [_SIGNATURES[name]])
