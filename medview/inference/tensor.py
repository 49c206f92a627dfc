"""The tensor that a network is fed, of values that the steps have made."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.inference.manifest import Input

AnyArray = NDArray[Any]

PLAIN_LAYOUT = {2: "NCHW", 3: "NCDHW"}


def to_tensor(values: AnyArray, given: Input, dtype: type[np.generic]) -> AnyArray:
    """The tensor of ``values`` (n, [a,] b, c[, 3]), laid out as ``given.layout``: a view of them where that does.

    Whole-number types are rounded and kept in range.
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
