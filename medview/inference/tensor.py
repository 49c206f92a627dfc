"""The tensor that a network is fed, of values that the steps have made."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.inference.manifest import Input

AnyArray = NDArray[Any]

PLAIN_LAYOUT = {2: "NCHW", 3: "NCDHW"}


OVERSHOOT = 0.05
"""Share of a type's range by which values may leave it: what interpolation swings beyond is cut off."""


def range_of(values: AnyArray, dtype: type[np.generic]) -> tuple[float, float] | tuple[None, None]:
    """The smallest and the largest of ``values`` where the type of a network's input cannot hold them; else None twice."""
    kind = np.dtype(dtype)
    if kind.itemsize > 2 or values.dtype == kind:
        return None, None
    bounds: Any = np.iinfo(kind) if kind.kind in "iu" else np.finfo(kind)
    least, most = float(bounds.min), float(bounds.max)
    low, high = float(values.min()), float(values.max())
    slack = OVERSHOOT * (most - least) if kind.kind in "iu" and values.dtype.kind == "f" else 0.0
    if low >= least - slack and high <= most + slack:
        return None, None
    return low, high


def to_tensor(values: AnyArray, given: Input, dtype: type[np.generic]) -> AnyArray:
    """The tensor of ``values`` (n, [a,] b, c[, 3]), laid out as ``given.layout``: a view of them where that does.

    Whole-number types are rounded and kept in range (:func:`range_of` says what lies far outside of it).
    """
    spatial = len(given.axes)
    is_plain = given.layout == PLAIN_LAYOUT[spatial] and given.channels == "grey" and values.ndim == spatial + 1
    if is_plain and values.dtype == dtype:
        return values[:, None]
    if values.ndim == spatial + 1:
        values = values[..., None]
    if given.channels != "grey" and values.shape[-1] == 1:
        values = np.repeat(values, 3, axis=-1)
    if given.channels == "bgr":
        values = values[..., ::-1]
    letters = "NHWC" if spatial == 2 else "NDHWC"
    if np.issubdtype(dtype, np.integer) and not np.issubdtype(values.dtype, np.integer):
        bounds = np.iinfo(np.dtype(dtype).name)
        values = np.clip(np.rint(values), bounds.min, bounds.max)
    kept = [letter for letter in letters if letter in given.layout]
    values = values.reshape([size for letter, size in zip(letters, values.shape, strict=True) if letter in kept])
    turned = values.transpose([kept.index(letter) for letter in given.layout])
    return turned.astype(dtype, copy=False)
