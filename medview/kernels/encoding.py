"""Arrays as the bytes of picture files, by OpenCV's own encoders: JPEG for video, PNG and TIFF for values of up to 32 bits."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def jpeg_bytes(bgr: NDArray[np.uint8], quality: int) -> bytes:
    """A picture (h, w, 3) as JPEG; ``quality`` 1 to 100. Raises ValueError where it cannot be encoded."""
    return _encoded(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])


def picture_bytes(ending: str, values: NDArray[Any]) -> bytes:
    """Values (h, w) or BGR (h, w, 3) as ``.png`` (uint8, uint16) or ``.tiff`` (those, int16, float32), without loss.

    Raises ValueError where the format does not hold the type.
    """
    if ending == ".png" and values.dtype not in {np.dtype(np.uint8), np.dtype(np.uint16)}:
        raise ValueError(f"PNG holds no {values.dtype} values")
    return _encoded(ending, values, [])


def _encoded(ending: str, values: NDArray[Any], options: list[int]) -> bytes:
    try:
        done, out = cv2.imencode(ending, np.ascontiguousarray(values), options)
    except cv2.error as error:
        raise ValueError(str(error)) from error
    if not done:
        raise ValueError(f"{values.dtype} {values.shape} cannot be encoded as {ending}")
    return out.tobytes()
