"""The compiled half of :mod:`medview.kernels.rays`; imported late, because numba alone takes 0.3 s to import."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False, check-untyped-defs=False

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np

from medview.kernels.compiled import compile_kept

_EDGE = 1e-6
_SNAP = 1e-5
_TILE = 64
"""Pixels on each side of what is done at a time."""


def _project(  # noqa: C901 - one loop, compiled
    stored,
    start,
    along,
    offsets,
    weights,
    depths,
    shifts,
    slopes,
    intercepts,
    low_padding,
    high_padding,
    absent,
    reach,
    mode,
    nearest,
    careful,
    values,
    there,
    missing,
):
    """See ``rays.project``. Empty ``depths``, ``absent``, ``reach`` and an empty range of padding: there is no such thing."""
    nk, nj, ni = stored.shape
    last_k, last_j, last_i = nk - 1, nj - 1, ni - 1
    flat = stored.reshape(-1)
    # The indices never are negative: unsigned ones spare the question whether they are.
    to_k = np.uint64(nj * ni if nk > 1 else 0)
    to_j = np.uint64(ni if nj > 1 else 0)
    to_i = np.uint64(1 if ni > 1 else 0)
    slice_size, row_size = np.uint64(nj * ni), np.uint64(ni)
    uneven = depths.shape[0] > 1
    padded = low_padding <= high_padding
    incomplete = absent.shape[0] > 0
    holes = reach.shape[0] > 0
    same_line = True
    for n in range(1, nk):
        if slopes[n] != slopes[0] or intercepts[n] != intercepts[0]:
            same_line = False
    slope, intercept = slopes[0], intercepts[0]
    plain = not (uneven or incomplete or holes or careful) and same_line and min(nk, nj, ni) > 1
    ak, aj, ai = along[0], along[1], along[2]
    per_k = 1.0 / ak if abs(ak) > 1e-12 else 0.0
    per_j = 1.0 / aj if abs(aj) > 1e-12 else 0.0
    per_i = 1.0 / ai if abs(ai) > 1e-12 else 0.0
    count = offsets.shape[0]
    at_k = 0
    near_k, near_j, near_i = last_k - 1e-6, last_j - 1e-6, last_i - 1e-6
    # A cut through whole volumes is one sample a pixel, nearly all of them between eight voxels.
    single = plain and count == 1 and not padded and not nearest
    shift = offsets[0] if count > 0 else 0.0
    height, width = values.shape
    across = (width + _TILE - 1) // _TILE
    for tile in range(across * ((height + _TILE - 1) // _TILE)):
        # Neighbours in both directions share cache lines and pages of memory.
        top, left = tile // across * _TILE, tile % across * _TILE
        for y in range(top, min(top + _TILE, height)):
            for x in range(left, min(left + _TILE, width)):
                first_k = start[0, 0] * x + start[0, 1] * y + start[0, 2]
                first_j = start[1, 0] * x + start[1, 1] * y + start[1, 2]
                first_i = start[2, 0] * x + start[2, 1] * y + start[2, 2]
                if single:
                    k, j, i = first_k + ak * shift, first_j + aj * shift, first_i + ai * shift
                    if 0.0 <= k <= near_k and 0.0 <= j <= near_j and 0.0 <= i <= near_i:
                        # Names of their own: compiled ahead, a name has one type in the whole function.
                        near_slice, near_row, near_column = np.uint64(k), np.uint64(j), np.uint64(i)
                        wk, wj, wi = k - float(near_slice), j - float(near_row), i - float(near_column)
                        base = near_slice * slice_size + near_row * row_size + near_column
                        other = base + to_k
                        a, b = float(flat[base]), float(flat[base + to_j])
                        c, d = float(flat[other]), float(flat[other + to_j])
                        a += wi * (float(flat[base + to_i]) - a)
                        b += wi * (float(flat[base + to_j + to_i]) - b)
                        c += wi * (float(flat[other + to_i]) - c)
                        d += wi * (float(flat[other + to_j + to_i]) - d)
                        a += wj * (b - a)
                        c += wj * (d - c)
                        values[y, x] = (a + wk * (c - a)) * slope + intercept
                        there[y, x] = 1
                        continue
                found = False
                lost = False
                best = 0.0
                weight = 0.0
                begin, end = 1.0, 0.0
                if plain:
                    begin, end = between(first_k, per_k, near_k, -1e300, 1e300)
                    begin, end = between(first_j, per_j, near_j, begin, end)
                    begin, end = between(first_i, per_i, near_i, begin, end)
                for n in range(count):
                    offset = offsets[n]
                    if begin <= offset <= end:
                        # Inside of the outermost centres: no border, nothing to ask.
                        k = first_k + ak * offset
                        j = first_j + aj * offset
                        i = first_i + ai * offset
                        if padded or nearest:
                            near = np.uint64(k + 0.5) * slice_size + np.uint64(j + 0.5) * row_size + np.uint64(i + 0.5)
                            raw = flat[near]
                            if padded and low_padding <= raw and raw <= high_padding:
                                continue
                            value = float(raw)
                        else:
                            value = 0.0
                        if not nearest:
                            k0, j0, i0 = int(k), int(j), int(i)
                            wk, wj, wi = k - k0, j - j0, i - i0
                            base = np.uint64(k0) * slice_size + np.uint64(j0) * row_size + np.uint64(i0)
                            other = base + to_k
                            # As floats before they are subtracted: unsigned ones would wrap.
                            a, b = float(flat[base]), float(flat[base + to_j])
                            c, d = float(flat[other]), float(flat[other + to_j])
                            a += wi * (float(flat[base + to_i]) - a)
                            b += wi * (float(flat[base + to_j + to_i]) - b)
                            c += wi * (float(flat[other + to_i]) - c)
                            d += wi * (float(flat[other + to_j + to_i]) - d)
                            a += wj * (b - a)
                            c += wj * (d - c)
                            value = a + wk * (c - a)
                        value = value * slope + intercept
                        if mode == 2:
                            best += value * weights[n]
                            weight += weights[n]
                        elif not found or (mode == 0 and value > best) or (mode == 1 and value < best):
                            best = value
                        found = True
                        continue
                    k = first_k + ak * offset
                    j = first_j + aj * offset
                    i = first_i + ai * offset
                    if uneven:
                        while at_k < last_k - 1 and k >= depths[at_k + 1]:
                            at_k += 1
                        while at_k > 0 and k < depths[at_k]:
                            at_k -= 1
                        part = (k - depths[at_k]) / (depths[at_k + 1] - depths[at_k])
                        k = at_k + part
                        j -= shifts[at_k, 0] * (1.0 - part) + shifts[at_k + 1, 0] * part
                        i -= shifts[at_k, 1] * (1.0 - part) + shifts[at_k + 1, 1] * part
                    if (
                        k < -0.5 - _EDGE
                        or j < -0.5 - _EDGE
                        or i < -0.5 - _EDGE
                        or k > nk - 0.5 + _EDGE
                        or j > nj - 0.5 + _EDGE
                        or i > ni - 0.5 + _EDGE
                    ):
                        continue
                    k = min(max(k, 0.0), float(last_k))
                    j = min(max(j, 0.0), float(last_j))
                    i = min(max(i, 0.0), float(last_i))
                    k0 = min(int(k), max(last_k - 1, 0))
                    j0 = min(int(j), max(last_j - 1, 0))
                    i0 = min(int(i), max(last_i - 1, 0))
                    wk, wj, wi = k - k0, j - j0, i - i0
                    if incomplete and (
                        (absent[k0] and wk < 1.0 - _SNAP) or (absent[min(k0 + 1, last_k)] and wk > _SNAP)
                    ):
                        lost = True
                        continue
                    if holes and min(wk, 1.0 - wk) > reach[k0]:
                        lost = True
                        continue
                    base = np.uint64(k0) * slice_size + np.uint64(j0) * row_size + np.uint64(i0)
                    if padded or nearest:
                        near = base
                        kk = k0
                        if wk >= 0.5:
                            near += to_k
                            kk = min(k0 + 1, last_k)
                        if wj >= 0.5:
                            near += to_j
                        if wi >= 0.5:
                            near += to_i
                        raw = flat[near]
                        if padded and low_padding <= raw and raw <= high_padding:
                            continue
                        value = raw * slopes[kk] + intercepts[kk]
                    else:
                        value = 0.0
                    if not nearest:
                        value = mixed(flat, base, to_j, to_i, wj, wi)
                        if same_line:
                            if wk > 0.0:
                                value = blend(value, mixed(flat, base + to_k, to_j, to_i, wj, wi), wk)
                            value = value * slope + intercept
                        else:
                            value = value * slopes[k0] + intercepts[k0]
                            if wk > 0.0:
                                upper = min(k0 + 1, last_k)
                                above = mixed(flat, base + to_k, to_j, to_i, wj, wi) * slopes[upper] + intercepts[upper]
                                value = blend(value, above, wk)
                    if np.isnan(value):
                        continue
                    if mode == 2:
                        best += value * weights[n]
                        weight += weights[n]
                    elif not found or (mode == 0 and value > best) or (mode == 1 and value < best):
                        best = value
                    found = True
                if found:
                    there[y, x] = 1
                    values[y, x] = best / weight if mode == 2 and weight > 0.0 else best
                if lost:
                    missing[y, x] = 1


def _between(first, per, last, begin, end):
    """The part of ``begin`` to ``end`` in which first + offset / per lies between 0 and ``last``; ``per`` 0: it never changes."""
    if per > 0.0:
        return max(begin, -first * per), min(end, (last - first) * per)
    if per < 0.0:
        return max(begin, (last - first) * per), min(end, -first * per)
    if first >= 0.0 and first <= last:
        return begin, end
    return 1.0, 0.0


def _blend(low, high, weight):
    """``low`` to ``high``; one of no weight must not spoil the other with NaN or infinity."""
    if weight <= 0.0:
        return low
    if weight >= 1.0:
        return high
    return low + weight * (high - low)


def _mixed(flat, base, to_j, to_i, wj, wi):
    """The value between four neighbours in a slice."""
    near = blend(float(flat[base]), float(flat[base + to_i]), wi)
    if wj <= 0.0:
        return near
    far = blend(float(flat[base + to_j]), float(flat[base + to_j + to_i]), wi)
    return blend(near, far, wj)


between = numba.njit(_between, inline="always")
blend = numba.njit(_blend, inline="always")
mixed = numba.njit(_mixed, inline="always")

_f8, _u1 = numba.float64, numba.uint8


def _read_only(kind: Any, dimensions: int) -> Any:
    # Inputs are declared read-only, which takes both kinds: stored voxels may be mapped from a file.
    return numba.types.Array(kind, dimensions, "C", readonly=True)


def signatures(kinds: Sequence[str]) -> list[Any]:
    """The declared types of :func:`_project`, one for each type of stored voxels."""
    return [
        numba.void(
            _read_only(numba.from_dtype(np.dtype(kind)), 3),
            _read_only(_f8, 2),
            _read_only(_f8, 1),
            _read_only(_f8, 1),
            _read_only(_f8, 1),
            _read_only(_f8, 1),
            _read_only(_f8, 2),
            _read_only(_f8, 1),
            _read_only(_f8, 1),
            _f8,
            _f8,
            _read_only(_u1, 1),
            _read_only(_f8, 1),
            numba.int64,
            numba.boolean,
            numba.boolean,
            numba.float32[:, ::1],
            _u1[:, ::1],
            _u1[:, ::1],
        )
        for kind in kinds
    ]


def compile_project(kind: str) -> Callable[..., None]:
    """Compile for one type of stored voxels."""
    return compile_kept(_project, signatures([kind]))


def compile_all(kinds: Sequence[str]) -> Callable[..., None]:
    """Compile for several types at once, as the packaged program's module is made."""
    return compile_kept(_project, signatures(kinds))
