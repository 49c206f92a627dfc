"""The compiled half of :mod:`medview.kernels.neighbourhood`; imported late, because numba alone takes 0.3 s to import."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False, check-untyped-defs=False

from __future__ import annotations

from collections.abc import Callable
from math import exp, sqrt
from typing import Any

import numba
import numpy as np

from medview.kernels.compiled import compile_kept


def _median_of_neighbours(values, radius, first, out):
    """``out`` (n, j, i): medians of ``values`` (k, j, i) on the slices from ``first`` on, the outermost voxel counting beyond it."""
    nk, nj, ni = values.shape
    rk, rj, ri = radius[0], radius[1], radius[2]
    count = (2 * rk + 1) * (2 * rj + 1) * (2 * ri + 1)
    near = np.empty(count, np.float32)
    middle = count // 2
    for n in range(out.shape[0]):
        for j in range(nj):
            for i in range(ni):
                at = 0
                for dk in range(-rk, rk + 1):
                    k = min(max(first + n + dk, 0), nk - 1)
                    for dj in range(-rj, rj + 1):
                        row = min(max(j + dj, 0), nj - 1)
                        for di in range(-ri, ri + 1):
                            near[at] = values[k, row, min(max(i + di, 0), ni - 1)]
                            at += 1
                # Hoare's selection (1961): only the half that holds the middle is sorted on.
                low, high = 0, count - 1
                while low < high:
                    pivot = near[middle]
                    a, b = low, high
                    while a <= b:
                        while near[a] < pivot:
                            a += 1
                        while pivot < near[b]:
                            b -= 1
                        if a <= b:
                            near[a], near[b] = near[b], near[a]
                            a += 1
                            b -= 1
                    if b < middle:
                        low = a
                    if middle < a:
                        high = b
                out[n, j, i] = near[middle]


def _put_in_order(near, lower, upper):
    # In one loop of minima and maxima, which the compiler turns into instructions for several voxels at once.
    for i in range(near.shape[1]):
        a, b = near[lower, i], near[upper, i]
        near[lower, i] = a if a < b else b  # noqa: FURB136 - numba's min and max look for NaN first
        near[upper, i] = b if a < b else a  # noqa: FURB136


put_in_order = numba.njit(_put_in_order)


def _median_of_rows(values, radius, first, out):
    """As :func:`_median_of_neighbours`, for a whole row at once: fast while the neighbours are few.

    Of half the neighbours and two more neither the smallest nor the largest can be the median: both are forgotten, and
    another neighbour is taken in, until three are left.
    """
    nk, nj, ni = values.shape
    rk, rj, ri = radius[0], radius[1], radius[2]
    count = (2 * rk + 1) * (2 * rj + 1) * (2 * ri + 1)
    near = np.empty((count, ni), np.float32)
    for n in range(out.shape[0]):
        for j in range(nj):
            at = 0
            for dk in range(-rk, rk + 1):
                k = min(max(first + n + dk, 0), nk - 1)
                for dj in range(-rj, rj + 1):
                    row = min(max(j + dj, 0), nj - 1)
                    for di in range(-ri, ri + 1):
                        begin, end = min(max(-di, 0), ni), max(min(ni - di, ni), 0)
                        for i in range(begin, end):
                            near[at, i] = values[k, row, i + di]
                        for i in range(begin):
                            near[at, i] = values[k, row, 0]
                        for i in range(end, ni):
                            near[at, i] = values[k, row, ni - 1]
                        at += 1
            held = count // 2 + 2
            taken = held
            while True:
                for a in range(held // 2):
                    put_in_order(near, a, held - 1 - a)
                for a in range(1, (held + 1) // 2):
                    put_in_order(near, 0, a)
                for a in range(held // 2, held - 1):
                    put_in_order(near, a, held - 1)
                if held == 3:
                    break
                held -= 1
                for i in range(ni):
                    near[0, i] = near[taken, i]
                taken += 1
            for i in range(ni):
                out[n, j, i] = near[1, i]


def _mean_square_gradient(values, scale):
    """Mean over the voxels of ``values`` (k, j, i) of the square of the central difference; ``scale`` is 1 / spacing."""
    nk, nj, ni = values.shape
    total = 0.0
    for k in range(nk):
        below, above = max(k - 1, 0), min(k + 1, nk - 1)
        for j in range(nj):
            front, behind = max(j - 1, 0), min(j + 1, nj - 1)
            for i in range(ni):
                dk = 0.5 * (values[above, j, i] - values[below, j, i]) * scale[0]
                dj = 0.5 * (values[k, behind, i] - values[k, front, i]) * scale[1]
                di = 0.5 * (values[k, j, min(i + 1, ni - 1)] - values[k, j, max(i - 1, 0)]) * scale[2]
                total += dk * dk + dj * dj + di * di
    return total / (nk * nj * ni)


def _curvature_step(values, scale, contrast, time_step, first, out):
    """``out`` (n, j, i): ``values`` (k, j, i) after one step of curvature diffusion, on the slices from ``first`` on.

    The modified curvature diffusion equation of Whitaker and Xue (2001), with upwind differences where the image moves;
    ``contrast`` is -2 × conductance² × the mean square gradient. Beyond the border the outermost voxel counts.
    """
    shape = values.shape
    at = np.zeros(3, np.int64)
    forward, backward, central = np.zeros(3), np.zeros(3), np.zeros(3)
    # Central differences at the neighbour ahead and behind along each axis: [along, of].
    ahead, behind = np.zeros((3, 3)), np.zeros((3, 3))
    for n in range(out.shape[0]):
        at[0] = first + n
        for j in range(shape[1]):
            at[1] = j
            for i in range(shape[2]):
                at[2] = i
                here = float(values[at[0], j, i])
                for a in range(3):
                    kept = at[a]
                    up, down = min(kept + 1, shape[a] - 1), max(kept - 1, 0)
                    at[a] = up
                    value_up = float(values[at[0], at[1], at[2]])
                    for b in range(3):
                        if b != a:
                            other = at[b]
                            at[b] = min(other + 1, shape[b] - 1)
                            high = float(values[at[0], at[1], at[2]])
                            at[b] = max(other - 1, 0)
                            ahead[a, b] = 0.5 * (high - float(values[at[0], at[1], at[2]])) * scale[b]
                            at[b] = other
                    at[a] = down
                    value_down = float(values[at[0], at[1], at[2]])
                    for b in range(3):
                        if b != a:
                            other = at[b]
                            at[b] = min(other + 1, shape[b] - 1)
                            high = float(values[at[0], at[1], at[2]])
                            at[b] = max(other - 1, 0)
                            behind[a, b] = 0.5 * (high - float(values[at[0], at[1], at[2]])) * scale[b]
                            at[b] = other
                    at[a] = kept
                    forward[a] = (value_up - here) * scale[a]
                    backward[a] = (here - value_down) * scale[a]
                    central[a] = 0.5 * (value_up - value_down) * scale[a]
                speed = 0.0
                for a in range(3):
                    square_ahead, square_behind = forward[a] * forward[a], backward[a] * backward[a]
                    for b in range(3):
                        if b != a:
                            square_ahead += 0.25 * (central[b] + ahead[a, b]) * (central[b] + ahead[a, b])
                            square_behind += 0.25 * (central[b] + behind[a, b]) * (central[b] + behind[a, b])
                    if contrast == 0.0:
                        through_ahead, through_behind = 0.0, 0.0
                    else:
                        through_ahead, through_behind = exp(square_ahead / contrast), exp(square_behind / contrast)
                    speed += forward[a] / sqrt(1e-10 + square_ahead) * through_ahead
                    speed -= backward[a] / sqrt(1e-10 + square_behind) * through_behind
                slope = 0.0
                for a in range(3):
                    if speed > 0.0:
                        slope += min(backward[a], 0.0) ** 2 + max(forward[a], 0.0) ** 2
                    else:
                        slope += max(backward[a], 0.0) ** 2 + min(forward[a], 0.0) ** 2
                out[n, j, i] = here + time_step * sqrt(slope) * speed


def _nearest_centres(values, weight, cells, centres, parts, distances):
    """Give each voxel of ``values`` (k, j, i) the nearest of ``centres`` (n, [value, k, j, i]) within two ``cells``."""
    nk, nj, ni = values.shape
    distances[:] = np.inf
    for n in range(centres.shape[0]):
        k0, k1 = max(int(centres[n, 1]) - cells[0], 0), min(int(centres[n, 1]) + cells[0] + 1, nk)
        j0, j1 = max(int(centres[n, 2]) - cells[1], 0), min(int(centres[n, 2]) + cells[1] + 1, nj)
        i0, i1 = max(int(centres[n, 3]) - cells[2], 0), min(int(centres[n, 3]) + cells[2] + 1, ni)
        for k in range(k0, k1):
            dk = (k - centres[n, 1]) * weight[0]
            for j in range(j0, j1):
                dj = (j - centres[n, 2]) * weight[1]
                for i in range(i0, i1):
                    di = (i - centres[n, 3]) * weight[2]
                    dv = values[k, j, i] - centres[n, 0]
                    distance = dv * dv + dk * dk + dj * dj + di * di
                    if distance < distances[k, j, i]:
                        distances[k, j, i] = distance
                        parts[k, j, i] = n


def _whole_parts(parts, smallest, out):
    """Number connected pieces of ``parts`` anew from 0 into ``out``; a piece under ``smallest`` voxels joins a neighbour.

    Neighbours share a face. Returns how many there are.
    """
    nk, nj, ni = parts.shape
    out[:] = -1
    queue = np.empty(nk * nj * ni, np.int64)
    count = 0
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                if out[k, j, i] >= 0:
                    continue
                joined = -1
                queue[0] = (k * nj + j) * ni + i
                out[k, j, i] = count
                begin, end = 0, 1
                while begin < end:
                    here = queue[begin]
                    begin += 1
                    a, b, c = here // (nj * ni), here // ni % nj, here % ni
                    for side in range(6):
                        step = 1 if side % 2 else -1
                        x = a + (step if side < 2 else 0)
                        y = b + (step if 2 <= side < 4 else 0)
                        z = c + (step if side >= 4 else 0)
                        if x < 0 or y < 0 or z < 0 or x >= nk or y >= nj or z >= ni:
                            continue
                        if out[x, y, z] < 0:
                            if parts[x, y, z] == parts[k, j, i]:
                                out[x, y, z] = count
                                queue[end] = (x * nj + y) * ni + z
                                end += 1
                        elif out[x, y, z] != count:
                            joined = out[x, y, z]
                if end < smallest and joined >= 0:
                    for n in range(end):
                        here = queue[n]
                        out[here // (nj * ni), here // ni % nj, here % ni] = joined
                else:
                    count += 1
    return count


def _types() -> tuple[Any, Any, Any, Any]:
    read_only = numba.types.Array(numba.float32, 3, "C", readonly=True)
    return read_only, numba.float32[:, :, ::1], numba.float64[::1], numba.int64[::1]


_BODIES: dict[str, Callable[..., Any]] = {
    "median_of_neighbours": _median_of_neighbours,
    "median_of_rows": _median_of_rows,
    "mean_square_gradient": _mean_square_gradient,
    "curvature_step": _curvature_step,
    "nearest_centres": _nearest_centres,
    "whole_parts": _whole_parts,
}


def compile_one(name: str) -> Callable[..., Any]:
    """Compile the kernel of this name, kept on disk where that is possible."""
    values, out, reals, whole = _types()
    parts, number = numba.int32[:, :, ::1], numba.int64
    signatures = {
        "median_of_neighbours": numba.void(values, whole, number, out),
        "median_of_rows": numba.void(values, whole, number, out),
        "mean_square_gradient": numba.float64(values, reals),
        "curvature_step": numba.void(values, reals, numba.float64, numba.float64, number, out),
        "nearest_centres": numba.void(values, reals, whole, numba.float64[:, ::1], parts, numba.float64[:, :, ::1]),
        "whole_parts": number(parts, number, parts),
    }
    return compile_kept(_BODIES[name], [signatures[name]])
