"""Small words on a picture that no window draws."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from medview.kernels.lines import ByteArray, Paint

_cv: Any = cv2  # its stubs know no element types
_FONT = cv2.FONT_HERSHEY_DUPLEX


def text_extent(text: str, scale: float) -> tuple[int, int, int]:
    """(width, height above the line, depth below it) in px of what :func:`write_text` writes."""
    (width, height), base = _cv.getTextSize(text, _FONT, scale, 1)
    return width, height, base


def write_text(picture: ByteArray, text: str, place: tuple[int, int], colour: Paint, seam: Paint, scale: float) -> None:
    """ASCII from ``place`` (x, y of the line's left end) with a seam of another colour on (h, w, 4), in place."""
    thick = max(1, round(scale * 1.4))
    for paint, width in ((seam, thick + 3), (colour, thick)):
        _cv.putText(picture, text, place, _FONT, scale, (*paint, 255), width, cv2.LINE_AA)


def stretched(picture: ByteArray, size: tuple[int, int]) -> ByteArray:
    """(h, w, 4) at ``size`` (width, height): averaged where it gets smaller in any direction, else smooth."""
    rows, columns = picture.shape[:2]
    way = cv2.INTER_AREA if size[0] < columns or size[1] < rows else cv2.INTER_LINEAR
    return np.ascontiguousarray(_cv.resize(picture, size, interpolation=way))
