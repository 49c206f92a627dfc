"""Modality values to display values 0–255 by the VOI functions of PS3.3 C.11.2.1."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

_cv: Any = cv2  # its stubs know no element types

AnyArray = NDArray[Any]
ByteArray = NDArray[np.uint8]

_EXACT_IN_FLOAT32 = 2**24

_BOUNDS = {"uint8": (0, 255), "uint16": (0, 65535), "int16": (-32768, 32767)}

_TOO_SMALL = 64
"""OpenCV takes an array of up to four numbers beside a scalar for the scalar; such small ones are done in NumPy."""


@cache
def kind_of(dtype: np.dtype[Any]) -> str:
    """``dtype.name``, which NumPy puts together anew each time."""
    return dtype.name


def grey_from_values(
    values: AnyArray,
    lower: float,
    upper: float,
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] = "LINEAR",
    invert: bool = False,
) -> ByteArray:
    """Window ``values`` (any shape up to (h, w, 3)): ``lower`` is drawn 0 and ``upper`` 255, or the reverse.

    ``lower`` and ``upper`` are the ends of the ramp (:attr:`medview.core.window.Window.ramp`). LINEAR and LINEAR_EXACT
    differ in how center and width give those ends (PS3.3 C.11.2.1.2.1 and C.11.2.1.3.2), SIGMOID is
    255 / (1 + exp(-4 (x - c) / w)) with c the middle and w the distance (C.11.2.1.3.1). Where both ends are equal,
    what is above is 255 and the rest 0. NaN is drawn as ``lower``.
    """
    if values.ndim == 3:
        # OpenCV would apply a scalar to the first channel only.
        flat = grey_from_values(np.ascontiguousarray(values).reshape(len(values), -1), lower, upper, function, invert)
        return flat.reshape(values.shape)
    if function == "SIGMOID":
        grey = _sigmoid(values, lower, upper)
    elif not upper > lower:
        grey = np.where(values > lower, np.uint8(255), np.uint8(0)).astype(np.uint8)
    else:
        grey = _ramp(values, lower, upper)
    return np.asarray(_cv.bitwise_not(grey) if invert else grey)


def grey_from_lut(values: AnyArray, first: int, entries: AnyArray, bits: int, invert: bool = False) -> ByteArray:
    """Apply a VOI LUT (PS3.3 C.11.2.1.1): ``entries`` (n,) start at value ``first``; beyond the ends, the end entries.

    ``bits`` says the output range 0 to 2^bits - 1; entries above it (a wrong third descriptor value) widen it.
    """
    table = np.asarray(entries, dtype=np.float64)
    top = max(2.0**bits - 1, float(table.max(initial=1)))
    grey_table = np.floor(np.clip(table / top, 0, 1) * 255 + 0.5).astype(np.uint8)
    if values.dtype.kind == "f":
        finite = np.nan_to_num(values, nan=first, posinf=2.0**31, neginf=-(2.0**31))
        index = np.floor(finite.astype(np.float64) + 0.5).astype(np.int64) - first
    else:
        index = values.astype(np.int64) - first
    grey = grey_table[np.clip(index, 0, len(grey_table) - 1)]
    return np.asarray(_cv.bitwise_not(grey) if invert else grey)


def _ramp(values: AnyArray, lower: float, upper: float) -> ByteArray:
    """round((x - lower) / (upper - lower) · 255), clipped."""
    alpha = 255.0 / (upper - lower)
    kind = kind_of(values.dtype)
    if values.size <= _TOO_SMALL:
        kind = ""
    if kind in {"uint8", "uint16", "int16"}:
        least, most = _BOUNDS[kind]
        if lower <= least and alpha * max(abs(lower), 65536.0) < _EXACT_IN_FLOAT32:
            return np.asarray(_cv.convertScaleAbs(values, None, alpha, -alpha * lower))
        floor = most if lower >= most else least if lower <= least else math.floor(lower)
        # The maximum keeps x - lower from going negative, because the scaling below takes the absolute value. What
        # it leaves, a fraction of one integer step, must still round to 0.
        if alpha * abs(floor - lower) < 0.5 and alpha * max(abs(lower), abs(upper)) < _EXACT_IN_FLOAT32:
            raised = _cv.max(values, floor)
            return np.asarray(_cv.convertScaleAbs(raised, None, alpha, -alpha * lower))
    # Both ends are cut before scaling: OpenCV rounds through int32, where a large value would wrap round to black.
    if kind in {"int32", "float32"} and alpha * max(abs(lower), abs(upper), 1.0) < _EXACT_IN_FLOAT32 / 16:
        low, high = (lower, upper) if kind == "float32" else (float(np.floor(lower)), float(np.ceil(upper)))
        if alpha * (lower - low) < 0.5:
            cut = _cv.max(values, low)
            _cv.min(cut, high, dst=cut)
            return np.asarray(_cv.convertScaleAbs(cut, None, alpha, -alpha * lower))
    # Rare: other types, a very narrow window, or numbers that single precision cannot tell apart.
    distance = np.clip(values.astype(np.float64) - lower, 0.0, upper - lower)
    return np.asarray(_cv.convertScaleAbs(np.nan_to_num(distance), None, alpha, 0.0))


def _sigmoid(values: AnyArray, lower: float, upper: float) -> ByteArray:
    center, width = (lower + upper) / 2, max(upper - lower, 1e-12)
    if values.dtype.name in {"uint16", "int16"}:
        table = _sigmoid_table(values.dtype.name, center, width)
        return np.take(table, values.view(np.uint16), mode="wrap")
    return _sigmoid_of(values.astype(np.float64), center, width)


def _sigmoid_of(values: NDArray[np.float64], center: float, width: float) -> ByteArray:
    exponent = np.clip(-4 * (values - center) / width, -700, 700)
    return np.floor(255 / (1 + np.exp(np.nan_to_num(exponent, nan=700.0))) + 0.5).astype(np.uint8)


@lru_cache(maxsize=4)
def _sigmoid_table(kind: str, center: float, width: float) -> ByteArray:
    """65536 display values in the order of the unsigned reading of the 16 bits."""
    domain = np.arange(65536, dtype=np.uint16).view(kind).astype(np.float64)
    return _sigmoid_of(domain, center, width)
