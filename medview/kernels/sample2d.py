"""A picture sampled at the resolution of the screen: averaged when it gets smaller, interpolated when larger.

Screen pixels (x, y) and picture pixels (i, j) have integer centres. ``screen_to_pixel`` (2, 3) gives
``i = m[0] · (x, y, 1)`` and ``j = m[1] · (x, y, 1)``; any rotation, flip, scale and shear is allowed.
"""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.kernels.scale2d import scale_linear
from medview.kernels.windowing import kind_of

AnyArray = NDArray[Any]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_MARGIN = 3
"""Picture pixels kept around the visible region, so that neighbours are there for interpolation."""

_SPARSE = 1.08
"""Picture pixels between two samples from which on one could be lost between them: up to here each has at least 0.46 of its
weight in one sample, where it has 0.5 at one pixel a sample. So 512² in half of a usual window is not blurred for nothing."""

_EPS = 1e-9
"""Rounding that may not decide whether a screen pixel lies on the picture."""

_KEPT_TYPES = ("uint8", "uint16", "int16", "float32")

_whole: dict[int, tuple[weakref.ref[BoolArray], bool]] = {}
"""Of masks that nobody writes to, by their address: whether they are True everywhere."""


def sample_region(
    values: AnyArray,
    screen_to_pixel: ArrayLike,
    size: tuple[int, int],
    smooth: bool = True,
    nearest: bool = False,
) -> tuple[AnyArray, BoolArray]:
    """Sample ``values`` (j, i) or (j, i, 3) at every pixel of a screen of ``size`` (h, w).

    Made smaller, each screen pixel is the mean of the area that it covers, so that a single bright pixel never
    vanishes; made larger, bilinear, or the pixels themselves where ``smooth`` is False. ``nearest`` never mixes values
    (label maps). uint8, uint16, int16 and float32 keep their type, other types become float32 (labels keep theirs).

    Returns the samples and a read-only mask (h, w) of the screen pixels that lie inside the picture; samples outside
    it mean nothing.
    """
    height, width = size
    matrix = np.asarray(screen_to_pixel, dtype=np.float64).reshape(2, 3)
    numbers, shape = _numbers(matrix), (values.shape[0], values.shape[1])
    inside = _coverage(numbers, shape, size)
    kept = nearest or kind_of(values.dtype) in _KEPT_TYPES
    region = _visible_region(numbers, shape, size)
    if region is None:
        return np.zeros((height, width, *values.shape[2:]), values.dtype if kept else np.float32), inside
    j0, j1, i0, i1 = region
    if nearest:
        return _nearest(values[j0:j1, i0:i1], _shifted(matrix, i0, j0), size), inside
    way = _way_of(numbers, i0, j0)
    crop = np.ascontiguousarray(values[way.j0 : j1, way.i0 : i1])
    if not kept:
        crop = crop.astype(np.float32)
    if way.factor_i > 1 or way.factor_j > 1:
        crop = _block_mean(crop, way.factor_j, way.factor_i)
    if way.rest_i > _SPARSE or way.rest_j > _SPARSE:
        crop = cv2.sepFilter2D(crop, -1, _box(way.rest_i), _box(way.rest_j), borderType=cv2.BORDER_REPLICATE)
    if not smooth and way.enlarges:
        return _nearest(crop, way.matrix, size), inside
    return _bilinear(crop, way.matrix, size), inside


@dataclass(frozen=True, eq=False, slots=True)
class _Way:
    """How a picture is sampled from (``j0``, ``i0``) on: first the mean of blocks of factors, then with ``matrix``.

    ``rest_i`` and ``rest_j``: how many blocks there are between two samples.
    """

    i0: int
    j0: int
    factor_i: int
    factor_j: int
    rest_i: float
    rest_j: float
    matrix: FloatArray
    enlarges: bool


@lru_cache(maxsize=64)
def _way_of(numbers: tuple[float, ...], i0: int, j0: int) -> _Way:
    """Known while one scrolls."""
    matrix = np.array(numbers).reshape(2, 3)
    scale_i, scale_j = pixels_per_screen_pixel(matrix)
    factor_i, factor_j = max(1, math.floor(scale_i + 1e-9)), max(1, math.floor(scale_j + 1e-9))
    # Blocks are counted from the picture's corner, not the region's: panning must not make the average flicker.
    i0, j0 = i0 // factor_i * factor_i, j0 // factor_j * factor_j
    matrix = _shifted(matrix, i0, j0)
    if factor_i > 1 or factor_j > 1:
        matrix[0] = matrix[0] / factor_i
        matrix[1] = matrix[1] / factor_j
        matrix[0, 2] += 0.5 / factor_i - 0.5
        matrix[1, 2] += 0.5 / factor_j - 0.5
    matrix.setflags(write=False)
    rest_i, rest_j = scale_i / factor_i, scale_j / factor_j
    return _Way(i0, j0, factor_i, factor_j, rest_i, rest_j, matrix, scale_i <= 1 and scale_j <= 1)


def resized_values(values: AnyArray, there: BoolArray, size: tuple[int, int]) -> AnyArray:
    """``values`` (h, w) float32 as ``size`` (h, w): made smaller the mean of what is ``there``, made larger interpolated."""
    shape = (size[1], size[0])
    if values.shape[0] < size[0] or values.shape[1] < size[1]:
        return np.asarray(cv2.resize(values, shape, interpolation=cv2.INTER_LINEAR))
    if there.all():
        return np.asarray(cv2.resize(values, shape, interpolation=cv2.INTER_AREA))
    weight = cv2.resize(there.astype(np.float32), shape, interpolation=cv2.INTER_AREA)
    total = cv2.resize(np.where(there, values, np.float32(0)), shape, interpolation=cv2.INTER_AREA)
    return np.asarray(total / np.maximum(weight, 1e-9), dtype=np.float32)


def resized_mask(mask: BoolArray, size: tuple[int, int]) -> BoolArray:
    """``mask`` (h, w) as ``size`` (h, w), where the middle of a pixel lies."""
    return cv2.resize(mask.view(np.uint8), (size[1], size[0]), interpolation=cv2.INTER_NEAREST).view(np.bool_)


def box_of(labels: AnyArray) -> tuple[int, int, int, int]:
    """(i, j, width, height) of the rectangle around everything of 8-bit ``labels`` (j, i) that is not 0; all 0 for nothing."""
    i, j, width, height = cv2.boundingRect(np.ascontiguousarray(labels))
    return (i, j, width, height)


def sample_around(
    labels: AnyArray, screen_to_pixel: ArrayLike, size: tuple[int, int], box: tuple[int, int, int, int], margin: int
) -> tuple[AnyArray, int, int]:
    """What :func:`sample_region` says nearest to the middles of a part of the screen, 0 outside; and the part's (top, left).

    The part is the one that shows ``box`` (i, j, width, height) of ``labels`` (j, i), and ``margin`` px around it; all of the
    screen where the transform is not along the axes, and nothing of it where it does not show the box.
    """
    matrix = np.asarray(screen_to_pixel, dtype=np.float64).reshape(2, 3)
    numbers = _numbers(matrix)
    found = _along_axes(numbers, labels.shape[:2], size)
    if found is None:
        sampled, inside = sample_region(labels, matrix, size, nearest=True)
        return only_inside(sampled, inside), 0, 0
    i, j, wide, high = box
    top, bottom = found.rows.reached((i, i + wide) if found.turned else (j, j + high), margin)
    left, right = found.columns.reached((j, j + high) if found.turned else (i, i + wide), margin)
    if top >= bottom or left >= right:
        return np.zeros((0, 0), labels.dtype), 0, 0
    source = np.swapaxes(labels, 0, 1) if found.turned else labels
    rows, columns = found.rows, found.columns
    sampled = _picked(
        source[rows.first : rows.end, columns.first : columns.end], rows.index[top:bottom], columns.index[left:right]
    )
    inside = _coverage(numbers, labels.shape[:2], size)
    if not is_whole(inside):
        seen = inside[top:bottom, left:right]
        sampled = sampled if seen.all() else only_inside(sampled, np.ascontiguousarray(seen))
    return sampled, top, left


@dataclass(frozen=True, eq=False, slots=True)
class _Nearest:
    """Which pixels ``first`` to ``end`` of an axis the outputs along it take: ``index`` (n,), counted from ``first``."""

    first: int
    end: int
    index: NDArray[np.intp]
    falls: bool
    before: list[int]
    """(end - first + 1,) how many outputs take from before each pixel; of a falling index from the far end on."""

    @staticmethod
    def of(step: float, offset: float, first: int, end: int, outputs: int) -> _Nearest:
        index = _nearest_index(step, offset - first, outputs, end - first)
        falls = len(index) > 1 and bool(index[0] > index[-1])
        before = np.searchsorted(index[::-1] if falls else index, np.arange(end - first + 1)).tolist()
        return _Nearest(first, end, index, falls, before)

    def reached(self, span: tuple[int, int], margin: int) -> tuple[int, int]:
        """(first, end) of the outputs that take from the pixels of ``span`` and ``margin`` more at both ends; (0, 0) for none."""
        length, count = self.end - self.first, len(self.index)
        first, end = (self.before[min(max(at - self.first, 0), length)] for at in span)
        if self.falls:
            first, end = count - end, count - first
        return (max(0, first - margin), min(count, end + margin)) if first < end else (0, 0)


@dataclass(frozen=True, eq=False, slots=True)
class _Axes:
    """The outputs of a screen along the axes; ``turned``: rows run along i."""

    rows: _Nearest
    columns: _Nearest
    turned: bool


_NONE = _Nearest(0, 0, np.zeros(0, np.intp), False, [0])
_NOTHING = _Axes(_NONE, _NONE, turned=False)


@lru_cache(maxsize=64)
def _along_axes(numbers: tuple[float, ...], shape: tuple[int, ...], size: tuple[int, int]) -> _Axes | None:
    """Known while one scrolls; None for a transform that is not along the axes."""
    a, b, c, d, e, f = numbers
    region = _visible_region(numbers, (shape[0], shape[1]), size)
    if region is None:
        return _NOTHING
    j0, j1, i0, i1 = region
    if b == 0 and d == 0:
        return _Axes(_Nearest.of(e, f, j0, j1, size[0]), _Nearest.of(a, c, i0, i1, size[1]), turned=False)
    if a == 0 and e == 0:
        return _Axes(_Nearest.of(b, c, i0, i1, size[0]), _Nearest.of(d, f, j0, j1, size[1]), turned=True)
    return None


def only_inside(values: AnyArray, mask: BoolArray) -> AnyArray:
    """``values`` (h, w) where ``mask`` is True, 0 elsewhere."""
    if kind_of(values.dtype) in _KEPT_TYPES:
        return np.asarray(cv2.copyTo(values, mask.view(np.uint8)))
    return np.where(mask, values, np.zeros((), values.dtype))


def is_whole(mask: BoolArray) -> bool:
    """Whether ``mask`` is True everywhere; of one that nobody can change, as :func:`coverage_mask` makes it, looked up once."""
    if mask.flags.writeable or mask.base is not None:
        return bool(mask.all())
    known = _whole.get(id(mask))
    if known is None or known[0]() is not mask:
        if len(_whole) > 256:
            _whole.clear()
        known = _whole[id(mask)] = (weakref.ref(mask), bool(mask.all()))
    return known[1]


def pixels_per_screen_pixel(screen_to_pixel: ArrayLike) -> tuple[float, float]:
    """How many picture pixels a step of one screen pixel spans along i and along j."""
    matrix = np.asarray(screen_to_pixel, dtype=np.float64)
    return float(np.hypot(matrix[0, 0], matrix[0, 1])), float(np.hypot(matrix[1, 0], matrix[1, 1]))


def coverage_mask(screen_to_pixel: ArrayLike, shape: tuple[int, int], size: tuple[int, int]) -> BoolArray:
    """(h, w) read-only mask of screen pixels whose centre lies on the picture of ``shape`` (j, i), borders at -0.5."""
    matrix = np.asarray(screen_to_pixel, dtype=np.float64).reshape(2, 3)
    return _coverage(_numbers(matrix), shape, size)


def covered_rect(
    screen_to_pixel: ArrayLike, shape: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """(top, left, height, width) of the screen's part outside of which :func:`coverage_mask` is False.

    Along the axes it is all True inside. (0, 0, 0, 0) where the screen shows nothing of the picture.
    """
    matrix = np.asarray(screen_to_pixel, dtype=np.float64).reshape(2, 3)
    height, width = size
    if height < 1 or width < 1 or min(shape) < 1:
        return (0, 0, 0, 0)
    low, high = np.full(2, -0.5 - _EPS), np.array([shape[1], shape[0]]) - 0.5 + _EPS
    inverse = np.linalg.inv(matrix[:, :2])
    corners = np.array([[i, j] for i in (low[0], high[0]) for j in (low[1], high[1])])
    places = (corners - matrix[:, 2]) @ inverse.T
    # A screen pixel more on each side, because the mask's own rounding decides; then what is False is cut off.
    first = np.clip(np.floor(places.min(axis=0)) - 1, 0, (width, height)).astype(int)
    last = np.clip(np.ceil(places.max(axis=0)) + 2, 0, (width, height)).astype(int)
    left, top, right, bottom = int(first[0]), int(first[1]), int(last[0]), int(last[1])
    if left >= right or top >= bottom:
        return (0, 0, 0, 0)
    mask = coverage_mask(part_of_screen(matrix, top, left), shape, (bottom - top, right - left))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return (0, 0, 0, 0)
    bottom, right = top + int(rows[-1]) + 1, left + int(columns[-1]) + 1
    top, left = top + int(rows[0]), left + int(columns[0])
    return (top, left, bottom - top, right - left)


def part_of_screen(screen_to_pixel: ArrayLike, top: int, left: int) -> FloatArray:
    """The transform (2, 3) of a part of the screen whose first pixel is (``left``, ``top``)."""
    matrix = np.array(screen_to_pixel, dtype=np.float64).reshape(2, 3)
    matrix[:, 2] += matrix[:, 0] * left + matrix[:, 1] * top
    return matrix


@lru_cache(maxsize=16)
def _coverage(matrix: tuple[float, ...], shape: tuple[int, int], size: tuple[int, int]) -> BoolArray:
    a, b, c, d, e, f = matrix
    x = np.arange(size[1], dtype=np.float64)
    y = np.arange(size[0], dtype=np.float64)
    low, high_i, high_j = -0.5 - _EPS, shape[1] - 0.5 + _EPS, shape[0] - 0.5 + _EPS
    if b == 0 and d == 0:
        i, j = a * x + c, e * y + f
        mask = np.logical_and.outer((j >= low) & (j <= high_j), (i >= low) & (i <= high_i))
    elif a == 0 and e == 0:
        i, j = b * y + c, d * x + f
        mask = np.logical_and.outer((i >= low) & (i <= high_i), (j >= low) & (j <= high_j))
    else:
        i2 = (a * x + c)[None, :] + (b * y)[:, None]
        j2 = (d * x + f)[None, :] + (e * y)[:, None]
        mask = (i2 >= low) & (i2 <= high_i) & (j2 >= low) & (j2 <= high_j)
    mask.setflags(write=False)
    return mask


def _numbers(matrix: FloatArray) -> tuple[float, ...]:
    """A transform as what is worked out for it is found by: while one scrolls it stays the same."""
    return tuple(matrix.ravel().tolist())


@lru_cache(maxsize=64)
def _visible_region(
    numbers: tuple[float, ...], shape: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """(j0, j1, i0, i1) of the part of the picture that the screen shows, with a margin; None where it shows none."""
    height, width = size
    matrix = np.array(numbers).reshape(2, 3)
    if height < 1 or width < 1 or shape[0] < 1 or shape[1] < 1:
        return None
    corners = np.array([[x, y, 1.0] for x in (-0.5, width - 0.5) for y in (-0.5, height - 0.5)])
    points = corners @ matrix.T
    scale_i, scale_j = pixels_per_screen_pixel(matrix)
    margin = np.array([scale_i + _MARGIN, scale_j + _MARGIN])
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    i0, j0 = max(0, math.floor(low[0])), max(0, math.floor(low[1]))
    i1, j1 = min(shape[1], math.ceil(high[0]) + 1), min(shape[0], math.ceil(high[1]) + 1)
    return (j0, j1, i0, i1) if i0 < i1 and j0 < j1 else None


def _shifted(matrix: FloatArray, i0: int, j0: int) -> FloatArray:
    shifted = matrix.copy()
    shifted[:, 2] -= (i0, j0)
    return shifted


def _block_mean(crop: AnyArray, factor_j: int, factor_i: int) -> AnyArray:
    rest_j, rest_i = -crop.shape[0] % factor_j, -crop.shape[1] % factor_i
    if rest_j or rest_i:
        crop = cv2.copyMakeBorder(crop, 0, rest_j, 0, rest_i, cv2.BORDER_REPLICATE)
    return cv2.resize(crop, (crop.shape[1] // factor_i, crop.shape[0] // factor_j), interpolation=cv2.INTER_AREA)


def _box(width: float) -> NDArray[np.float32]:
    """Weights of a box of ``width`` (1 to 3) pixels: without it a bright pixel could fall between two samples."""
    side = max(0.0, (width - 1) / 2)
    return np.array([side, 1.0, side], dtype=np.float32) / np.float32(1 + 2 * side)


def _bilinear(crop: AnyArray, matrix: FloatArray, size: tuple[int, int]) -> AnyArray:
    scaled = scale_linear(crop, matrix, size)
    if scaled is not None:
        return scaled
    if crop.dtype == np.int16:
        # OpenCV's signed path takes 2.4 times as long as its unsigned one (512² to 1000²: 4.8 and 2.0 ms).
        biased = np.bitwise_xor(crop.view(np.uint16), np.uint16(0x8000))
        sampled = _warp(biased, matrix, size, cv2.INTER_LINEAR)
        np.bitwise_xor(sampled, np.uint16(0x8000), out=sampled)
        return sampled.view(np.int16)
    return _warp(crop, matrix, size, cv2.INTER_LINEAR)


def _nearest(crop: AnyArray, matrix: FloatArray, size: tuple[int, int]) -> AnyArray:
    (a, b, c), (d, e, f) = matrix.tolist()
    if b == 0 and d == 0:
        return _picked(crop, _nearest_index(e, f, size[0], crop.shape[0]), _nearest_index(a, c, size[1], crop.shape[1]))
    if a == 0 and e == 0:
        turned = np.swapaxes(crop, 0, 1)
        return _picked(
            turned, _nearest_index(b, c, size[0], crop.shape[1]), _nearest_index(d, f, size[1], crop.shape[0])
        )
    if kind_of(crop.dtype) in _KEPT_TYPES:
        return _warp(np.ascontiguousarray(crop), matrix, size, cv2.INTER_NEAREST)
    if crop.dtype == np.bool_:
        return _warp(crop.astype(np.uint8), matrix, size, cv2.INTER_NEAREST).astype(np.bool_)
    y, x = np.arange(size[0])[:, None], np.arange(size[1])[None, :]
    i = np.floor(matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] + 0.5).astype(np.intp)
    j = np.floor(matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] + 0.5).astype(np.intp)
    return np.asarray(crop[np.clip(j, 0, crop.shape[0] - 1), np.clip(i, 0, crop.shape[1] - 1)])


@lru_cache(maxsize=64)
def _nearest_index(step: float, offset: float, outputs: int, length: int) -> NDArray[np.intp]:
    index = np.floor(step * np.arange(outputs) + (offset + 0.5)).astype(np.intp)
    index = np.asarray(np.clip(index, 0, length - 1), dtype=np.intp)
    index.setflags(write=False)
    return index


def _picked(values: AnyArray, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> AnyArray:
    """``values[rows][:, columns]``: picking whole rows costs little, picking in each row much.

    So columns are picked as the rows of the transposed, which takes a third of the time; or in as few rows as there are.
    """
    if values.ndim == 2 and values.dtype.itemsize in {1, 2, 4} and values.size and len(rows) and len(columns):
        bits = values.view(f"u{values.dtype.itemsize}")
        if len(rows) < values.shape[0]:
            picked = cv2.transpose(cv2.transpose(bits.take(rows, axis=0)).take(columns, axis=0))
        else:
            picked = cv2.transpose(np.ascontiguousarray(bits)).take(columns, axis=0)
            picked = cv2.transpose(picked).take(rows, axis=0)
        return np.asarray(picked.view(values.dtype))
    if len(rows) < values.shape[0]:
        return values.take(rows, axis=0).take(columns, axis=1)
    return values.take(columns, axis=1).take(rows, axis=0)


def _warp(crop: AnyArray, matrix: FloatArray, size: tuple[int, int], interpolation: int) -> AnyArray:
    return cv2.warpAffine(
        crop,
        matrix,
        (size[1], size[0]),
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
