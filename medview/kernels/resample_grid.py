"""Whole arrays from one grid onto another: separable resizing, sampling along any affine, and labels from channels.

Positions are voxel coordinates of the source (centres are integers, borders at -0.5). "Matrix and offset" take the
(a, b, c) index of a target voxel to source coordinates.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.kernels.ahead import ahead_kernel

AnyArray = NDArray[Any]
FloatVolume = NDArray[np.float32]

Kind = Literal[
    "linear",
    "nearest",
    "cubic",
    "spline",
    "area",
    "adaptive",
    "lower",
    "torch-cubic",
    "pillow-bilinear",
    "pillow-bicubic",
    "pillow-lanczos",
    "opencv-linear",
    "opencv-cubic",
    "opencv-area",
    "skimage",
]

_PILLOW_BITS = 22
"""Fixed-point bits of Pillow's resize of 8-bit images (32 - 8 - 2)."""


class Taps:
    """For each of n target positions along one axis: source ``index`` (n, t) and ``weight`` (n, t) float64."""

    def __init__(self, index: NDArray[np.intp], weight: NDArray[np.float64]) -> None:
        self.index = index
        self.weight = weight


def taps_at(positions: ArrayLike, size: int, kind: Kind, scale: float = 1.0) -> Taps:
    """Which of ``size`` source voxels make the values at ``positions``; borders are repeated.

    ``scale`` is the distance of target voxels in source voxels, for the kinds that average when they shrink.
    """
    x = np.asarray(positions, dtype=np.float64)
    if kind == "nearest":
        index = np.floor(x + 0.5).astype(np.intp)[:, None]
        return Taps(np.clip(index, 0, size - 1), np.ones((len(x), 1)))
    if kind == "linear":
        low = np.floor(x).astype(np.intp)
        w = x - low
        return _clipped(np.stack([low, low + 1], axis=1), np.stack([1 - w, w], axis=1), size)
    if kind in {"cubic", "torch-cubic"}:
        low = np.floor(x).astype(np.intp)
        index = low[:, None] + np.arange(-1, 3)
        return _clipped(index, _cubic(x[:, None] - index, -0.5 if kind == "cubic" else -0.75), size)
    if kind == "skimage":
        return _skimage_taps(x, size, scale)
    if kind == "area":
        half = max(scale, 1.0) / 2  # enlarging, a window of one voxel is linear interpolation
        first = np.floor(x - half + 0.5).astype(np.intp)
        index = first[:, None] + np.arange(math.ceil(2 * half) + 1)
        weight = np.minimum(x[:, None] + half, index + 0.5) - np.maximum(x[:, None] - half, index - 0.5)
        weight = np.maximum(weight, 0) * ((index >= 0) & (index < size))
        return _clipped(index, weight / weight.sum(axis=1, keepdims=True), size)
    if kind == "lower":
        # By PyTorch's own arithmetic, in single precision: what falls on a whole number counts.
        index = np.floor(np.arange(len(x), dtype=np.float32) * np.float32(size / len(x))).astype(np.intp)
        return Taps(np.minimum(index, size - 1)[:, None], np.ones((len(x), 1)))
    if kind == "adaptive":
        # Whole voxels between floor(n·s) and ceil((n + 1)·s), all of the same weight: PyTorch's adaptive average pooling.
        count = len(x)
        first = np.arange(count) * size // count
        last = -(-(np.arange(1, count + 1) * size) // count)
        index = first[:, None] + np.arange(int((last - first).max()))
        weight = (index < last[:, None]).astype(np.float64)
        return _clipped(index, weight / weight.sum(axis=1, keepdims=True), size)
    return _pillow_taps(x, size, kind, scale)


def _skimage_taps(x: NDArray[np.float64], size: int, scale: float) -> Taps:
    """scikit-image's ``resize`` with mode ``constant``: a Gaussian of (scale - 1) / 2, then linear; beyond the border is 0.

    The Gaussian ends after four standard deviations, as SciPy's.
    """
    sigma = max(0.0, (scale - 1) / 2)
    radius = int(4 * sigma + 0.5)
    reach = np.arange(-radius, radius + 1)
    gauss = np.exp(-0.5 * (reach / sigma) ** 2) if radius else np.ones(1)
    gauss /= gauss.sum()
    low = np.floor(x).astype(np.intp)
    upper = (x - low)[:, None]
    # A place between two smoothed voxels sees the window of both; smoothed voxels beyond the border do not exist.
    wide = np.zeros((len(x), len(reach) + 1))
    wide[:, :-1] += np.where(low >= 0, 1.0, 0.0)[:, None] * (1 - upper) * gauss
    wide[:, 1:] += np.where(low + 1 < size, 1.0, 0.0)[:, None] * upper * gauss
    index = low[:, None] + np.arange(-radius, radius + 2)
    return _clipped(index, np.where((index >= 0) & (index < size), wide, 0.0), size)


def _clipped(index: NDArray[np.intp], weight: NDArray[np.float64], size: int) -> Taps:
    return Taps(np.clip(index, 0, size - 1), weight)


def _cubic(distance: NDArray[np.float64], a: float = -0.5) -> NDArray[np.float64]:
    """Keys' cubic convolution; a = -0.5 is Catmull-Rom (Keys 1981)."""
    d = np.abs(distance)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = (((d - 5) * d + 8) * d - 4) * a
    return np.where(d < 1, near, np.where(d < 2, far, 0.0))


def _pillow_taps(x: NDArray[np.float64], size: int, kind: Kind, scale: float) -> Taps:
    """Pillow widens the kernel by the shrinking factor, cuts it at the borders and norms what is left."""
    wide = max(scale, 1.0)
    support = {"pillow-bilinear": 1.0, "pillow-bicubic": 2.0}.get(kind, 3.0) * wide
    centre = x + 0.5
    first = np.maximum((centre - support + 0.5).astype(np.intp), 0)
    last = np.minimum((centre + support + 0.5).astype(np.intp), size)
    index = first[:, None] + np.arange(int((last - first).max()))
    distance = (index - centre[:, None] + 0.5) / wide
    if kind == "pillow-lanczos":
        weight = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0.0)
    else:
        weight = np.maximum(1 - np.abs(distance), 0) if kind == "pillow-bilinear" else _cubic(distance)
    weight = weight * (index < last[:, None])
    return _clipped(index, weight / weight.sum(axis=1, keepdims=True), size)


def apply_taps(values: AnyArray, axis: int, taps: Taps) -> FloatVolume:
    """``values`` resampled along ``axis``; float32."""
    shape = [1] * values.ndim
    shape[axis] = len(taps.index)
    out: FloatVolume | None = None
    for t in range(taps.index.shape[1]):
        weight = taps.weight[:, t].astype(np.float32)
        if not weight.any():
            continue
        part = np.take(values, taps.index[:, t], axis=axis).astype(np.float32, copy=False)
        if not np.all(weight == 1):
            part = part * weight.reshape(shape)
        if out is None:
            out = part
        else:
            out += part
    assert out is not None, "taps always have weight"
    return out


_SPLINE_REACH = 12
"""Voxels beyond a border after which a border value makes no difference to a spline (0.268 to the power of 12)."""


def apply_spline(values: AnyArray, axis: int, positions: ArrayLike) -> FloatVolume:
    """``values`` at ``positions`` along ``axis`` by interpolating cubic B-splines, borders repeated; float32.

    The order 3 with mode ``nearest`` of scipy.ndimage, which scikit-image and nnU-Net use (Unser 1993). The prefilter
    and the interpolation are one matrix.
    """
    size = values.shape[axis]
    wide = size + 2 * _SPLINE_REACH
    basis = np.diag(np.full(wide, 4 / 6)) + np.diag(np.full(wide - 1, 1 / 6), 1) + np.diag(np.full(wide - 1, 1 / 6), -1)
    basis[0, 0] = basis[-1, -1] = 5 / 6
    x = np.clip(np.asarray(positions, dtype=np.float64), -1.0, size) + _SPLINE_REACH
    index = np.floor(x).astype(np.intp)[:, None] + np.arange(-1, 3)
    d = np.abs(x[:, None] - index)
    weight = np.where(d < 1, 2 / 3 - d * d * (1 - d / 2), np.maximum(2 - d, 0) ** 3 / 6)
    taps = np.zeros((len(x), wide))
    np.put_along_axis(taps, index, weight, axis=1)
    padded = np.linalg.solve(basis.T, taps.T).T
    matrix = padded[:, _SPLINE_REACH : _SPLINE_REACH + size].copy()
    matrix[:, 0] += padded[:, :_SPLINE_REACH].sum(axis=1)
    matrix[:, -1] += padded[:, _SPLINE_REACH + size :].sum(axis=1)
    moved = np.moveaxis(values, axis, 0).astype(np.float32, copy=False)
    out = matrix.astype(np.float32) @ moved.reshape(size, -1)
    return np.ascontiguousarray(np.moveaxis(out.reshape(len(x), *moved.shape[1:]), 0, axis))


def positions_edges(source: int, target: int) -> NDArray[np.float64]:
    """Source coordinates of ``target`` voxels that cover the same field as ``source`` voxels."""
    return np.asarray((np.arange(target) + 0.5) * (source / target) - 0.5, dtype=np.float64)


def resize_axes(values: AnyArray, sizes: dict[int, int], kind: Kind) -> AnyArray:
    """``values`` with each axis of ``sizes`` brought to its size, the field kept. Last axes first, as Pillow does.

    uint8 stays uint8 with the Pillow and OpenCV kinds (their own fixed-point rounding, exactly) and with ``nearest``;
    otherwise float32. OpenCV's kinds are for rows and columns of slices; along axis 0 they are linear.
    """
    if kind.startswith("opencv"):
        values = _resize_slices(values, sizes.get(1), sizes.get(2), kind)
        sizes = {axis: size for axis, size in sizes.items() if axis == 0}
        kind = "linear"
    for axis in sorted(sizes, reverse=True):
        source, target = values.shape[axis], sizes[axis]
        if source == target:
            continue
        if kind == "spline":
            values = apply_spline(values, axis, positions_edges(source, target))
            continue
        taps = taps_at(positions_edges(source, target), source, kind, source / target)
        if kind in {"nearest", "lower"}:
            values = np.take(values, taps.index[:, 0], axis=axis)
        elif values.dtype == np.uint8 and kind.startswith("pillow"):
            values = _apply_fixed_point(values, axis, taps)
        else:
            values = apply_taps(values, axis, taps)
    return values


_OPENCV = {"opencv-linear": cv2.INTER_LINEAR, "opencv-cubic": cv2.INTER_CUBIC, "opencv-area": cv2.INTER_AREA}


def _resize_slices(values: AnyArray, rows: int | None, columns: int | None, kind: Kind) -> AnyArray:
    """Each slice of (a, b, c[, 3]) resized by OpenCV, both axes at once, because it rounds once."""
    height, width = rows or values.shape[1], columns or values.shape[2]
    if (height, width) == values.shape[1:3]:
        return values
    given = values if values.dtype == np.uint8 else values.astype(np.float32, copy=False)
    out = np.empty((len(given), height, width, *given.shape[3:]), dtype=given.dtype)
    for n, one in enumerate(given):
        made = cv2.resize(np.ascontiguousarray(one), (width, height), interpolation=_OPENCV[kind])
        out[n] = made.reshape(out.shape[1:])
    return out


def _apply_fixed_point(values: NDArray[np.uint8], axis: int, taps: Taps) -> NDArray[np.uint8]:
    scaled = taps.weight * (1 << _PILLOW_BITS)
    weight = np.trunc(np.where(scaled < 0, scaled - 0.5, scaled + 0.5)).astype(np.int32)
    shape = [1] * values.ndim
    shape[axis] = len(taps.index)
    out: NDArray[np.int32] | None = None
    for t in range(taps.index.shape[1]):
        part = np.take(values, taps.index[:, t], axis=axis) * weight[:, t].reshape(shape)
        out = part + (1 << (_PILLOW_BITS - 1)) if out is None else out + part
    assert out is not None, "taps always have weight"
    return np.asarray(np.clip(out >> _PILLOW_BITS, 0, 255), dtype=np.uint8)


@cache
def _compiled(name: str) -> Any:
    ahead = ahead_kernel(name)
    if ahead is not None:
        return ahead
    from medview.kernels import resample_grid_compiled

    return resample_grid_compiled.compile_one(name)


def get_ready_to_decide() -> None:
    """Have what decides labels compiled, or loaded, before the first answer comes."""
    _compiled("decide")


def sample_affine(
    values: FloatVolume,
    matrix: NDArray[np.float64],
    offset: NDArray[np.float64],
    out: FloatVolume,
    first: int,
    nearest: bool,
    outside: float,
) -> None:
    """Fill ``out`` (n, b, c), rows ``first`` … of the target, from ``values`` (z, y, x) along matrix and offset.

    Trilinear or nearest; up to half a voxel beyond the outermost centres the border value counts, then ``outside``.
    """
    _compiled("sample")(
        np.ascontiguousarray(values, dtype=np.float32), matrix, offset, out, first, nearest, np.float32(outside)
    )


def labels_of_channels(channels: FloatVolume, threshold: float | None, nothing: int, values: NDArray[np.uint16]) -> Any:
    """(z, y, x) uint16 labels of ``channels`` (c, z, y, x).

    Without ``threshold`` the largest channel wins (the first of equals), with it the largest of those above, or
    nothing. ``values`` (c,) is the label of each channel. ``nothing`` is the channel that means nothing, or -1; with
    a threshold it takes no part. -2 are regions: of the channels above the threshold the last one wins.
    -3: ``values`` of all channels above the threshold are joined as bits.
    """
    out = np.empty(channels.shape[1:], dtype=np.uint16)
    limit = np.nan if threshold is None else threshold
    tops = np.empty(channels.shape[-1], dtype=np.float32)
    _compiled("decide")(np.ascontiguousarray(channels, dtype=np.float32), limit, nothing, values, tops, out)
    return out


def sample_labels(
    channels: FloatVolume | None,
    labels: NDArray[np.uint16],
    matrix: NDArray[np.float64],
    offset: NDArray[np.float64],
    rows: NDArray[np.float64],
    out: NDArray[np.uint16],
    threshold: float | None,
    nothing: int,
    values: NDArray[np.uint16],
) -> None:
    """Fill ``out`` (n, b, c) with labels on another grid; beyond the borders 0.

    ``rows`` (n,) is the first index of each of the target's slices (fractions for slices that are not evenly spaced).
    With ``channels`` (c, z, y, x) these are interpolated linearly and the rule of :func:`labels_of_channels` decides;
    ``labels`` (z, y, x) holds what they decide at voxel centres (where all corners agree no interpolation can change
    it). Without, the nearest label counts.
    """
    given = channels if channels is not None else np.zeros((0, 1, 1, 1), dtype=np.float32)
    limit = np.nan if threshold is None else threshold
    _compiled("sample_labels")(
        np.ascontiguousarray(given, dtype=np.float32), labels, matrix, offset, rows, out, limit, nothing, values
    )
