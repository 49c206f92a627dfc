"""Lines, outlines, fills and colour ramps on a picture, and outlines of regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

_cv: Any = cv2  # its stubs know no element types

ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Paint = tuple[int, int, int]
"""A colour in the picture's own order of channels."""

_FRACTION = 4
"""Bits of a pixel that lines are placed by."""

_FAR = 20000.0
"""OpenCV places with 16 bits before the point; what is farther out is on no screen."""

_TRACE = 3
"""Regions are traced on pixels this many times smaller, so that their outline runs along the borders of pixels."""


def draw_polyline(picture: ByteArray, points: FloatArray, closed: bool, colour: Paint, width: int) -> None:
    """A smooth line through ``points`` (n, 2) pixels (x, y), integers at pixel centres, on (h, w, 4) in place."""
    _cv.polylines(picture, [_fixed(points)], closed, (*colour, 255), width, cv2.LINE_AA, _FRACTION)


def draw_cross(picture: ByteArray, point: FloatArray, colour: Paint, size: int, width: int) -> None:
    """An upright cross about a pixel, ``size`` px across, in place."""
    x, y = (round(float(value)) for value in np.clip(point, -_FAR, _FAR))
    _cv.drawMarker(picture, (x, y), (*colour, 255), cv2.MARKER_CROSS, size, width)


def fill_polygon(picture: ByteArray, points: FloatArray, colour: Paint) -> None:
    """The inside of a closed line, in place."""
    _cv.fillPoly(picture, [_fixed(points)], (*colour, 255), cv2.LINE_AA, _FRACTION)


def blend_fill(picture: ByteArray, rings: Sequence[FloatArray], colour: Paint, opacity: float) -> None:
    """Mix a colour into what lies inside an odd number of closed lines, in place."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    _cv.fillPoly(mask, [_fixed(ring) for ring in rings], 255, cv2.LINE_8, _FRACTION)
    x, y, w, h = _cv.boundingRect(mask)
    if w and h:
        target = picture[y : y + h, x : x + w]
        layer = np.empty_like(target)
        layer[...] = (*colour, 255)
        blend_where(target, layer, mask[y : y + h, x : x + w] > 0, opacity)


def blend_where(picture: ByteArray, layer: ByteArray, where: BoolArray, opacity: float) -> None:
    """Mix ``layer`` (h, w, 4) into ``picture`` in place where ``where`` (h, w) is True."""
    mixed = _cv.addWeighted(picture, 1 - opacity, layer, opacity, 0)
    _cv.copyTo(mixed, np.ascontiguousarray(where).view(np.uint8), picture)


def _fixed(points: FloatArray) -> NDArray[np.int32]:
    return np.round(np.clip(points, -_FAR, _FAR) * (1 << _FRACTION)).astype(np.int32)


def region_outlines(mask: BoolArray) -> list[FloatArray]:
    """Closed outlines (n, 2), pixels (x, y), along the borders of a region's pixels, those of its holes too."""
    padded = np.pad(mask.astype(np.uint8), 1)
    large = np.repeat(np.repeat(padded, _TRACE, axis=0), _TRACE, axis=1)
    outlines, _ = _cv.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return [(np.asarray(one[:, 0], dtype=np.float64) - (_TRACE - 1) / 2) / _TRACE - 1 for one in outlines]


def convex_hull(points: FloatArray) -> FloatArray:
    """Corners (m, 2) of the convex outline around ``points`` (n, 2), in their order."""
    return np.asarray(_cv.convexHull(points.astype(np.float32)).reshape(-1, 2), dtype=np.float64)


def is_inside(points: FloatArray, polygon: FloatArray) -> bool:
    """Whether all of ``points`` (n, 2) lie inside a polygon (m, 2) or on its border."""
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    if np.any(points.min(axis=0) < low) or np.any(points.max(axis=0) > high):
        return False
    shape = polygon.astype(np.float32).reshape(-1, 1, 2)
    return all(_cv.pointPolygonTest(shape, (float(x), float(y)), False) >= 0 for x, y in points)


def colour_ramp(name: Literal["rainbow", "glow"]) -> ByteArray:
    """(256, 3) RGB: blue over green to red, as doses are drawn; or black over violet and orange to yellow."""
    which = cv2.COLORMAP_JET if name == "rainbow" else cv2.COLORMAP_INFERNO
    ramp = _cv.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], which)
    return np.ascontiguousarray(ramp[:, 0, ::-1])
