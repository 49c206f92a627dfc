"""Values along a line on a slice."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
_STEP = 0.5
"""Px between samples: no pixel that the line crosses is passed over."""
_MOST = 20_000


def line_profile(
    values: NDArray[Any],
    points: Sequence[tuple[float, float]],
    spacing: tuple[float, float] | None,
    skipped: NDArray[np.bool_] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """(distance, value) (n,) along a path through image ``points`` (x, y): bilinear, every half px at the most.

    ``values`` (rows, columns); ``spacing`` (mm per row, mm per column) makes the distance mm, None px. NaN outside of the slice
    and where a pixel that would be mixed is ``skipped``.
    """
    step_y, step_x = spacing if spacing is not None else (1.0, 1.0)
    xs: list[FloatArray] = []
    ys: list[FloatArray] = []
    lengths: list[FloatArray] = []
    gone = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        count = min(_MOST, max(2, math.ceil(math.hypot(x1 - x0, y1 - y0) / _STEP) + 1))
        share = np.linspace(0, 1, count)
        length = math.hypot((x1 - x0) * step_x, (y1 - y0) * step_y)
        xs.append(x0 + share * (x1 - x0))
        ys.append(y0 + share * (y1 - y0))
        lengths.append(gone + share * length)
        gone += length
    if not xs:
        return np.zeros(0), np.zeros(0)
    x, y, distance = (np.concatenate(parts) for parts in (xs, ys, lengths))
    return distance, _bilinear(np.asarray(values, dtype=np.float64), x, y, skipped)


def _bilinear(values: FloatArray, x: FloatArray, y: FloatArray, skipped: NDArray[np.bool_] | None) -> FloatArray:
    rows, columns = values.shape
    known = values if skipped is None else np.where(skipped, np.nan, values)
    inside = (x >= -0.5) & (x <= columns - 0.5) & (y >= -0.5) & (y <= rows - 0.5)
    x, y = np.clip(x, 0, columns - 1), np.clip(y, 0, rows - 1)
    x0, y0 = np.minimum(x.astype(int), max(0, columns - 2)), np.minimum(y.astype(int), max(0, rows - 2))
    x1, y1 = np.minimum(x0 + 1, columns - 1), np.minimum(y0 + 1, rows - 1)
    wx, wy = x - x0, y - y0
    total = np.zeros(x.shape)
    for at_y, at_x, weight in (
        (y0, x0, (1 - wy) * (1 - wx)),
        (y0, x1, (1 - wy) * wx),
        (y1, x0, wy * (1 - wx)),
        (y1, x1, wy * wx),
    ):
        # A pixel of no weight must not spoil the others with NaN.
        total += np.where(weight > 0, known[at_y, at_x] * weight, 0.0)
    return np.where(inside, total, np.nan)
