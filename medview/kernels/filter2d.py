"""Filters of one float32 picture (j, i): mean, median, Gaussian, bilateral, non-local means, edges, morphology, CLAHE.

Beyond the border the outermost pixel counts (replicated), if nothing else is said. Sizes are in pixels here.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatPicture = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

_cv: Any = cv2  # its stubs know no element types
_REPLICATE = cv2.BORDER_REPLICATE


def mean(values: FloatPicture, radius: tuple[int, int]) -> FloatPicture:
    """Mean of the (2r + 1) neighbours; ``radius`` (j, i)."""
    return np.asarray(_cv.blur(values, (2 * radius[1] + 1, 2 * radius[0] + 1), borderType=_REPLICATE))


def median_supported(radius: int) -> bool:
    """Whether :func:`median` can do this radius on float32 (OpenCV: 1 and 2)."""
    return radius in {1, 2}


def median(values: FloatPicture, radius: int) -> FloatPicture:
    """Median of the (2r + 1)² neighbours, radius 1 or 2."""
    return np.asarray(_cv.medianBlur(np.ascontiguousarray(values), 2 * radius + 1))


def gaussian(values: FloatPicture, sigma: tuple[float, float]) -> FloatPicture:
    """Gaussian of ``sigma`` (j, i) px, cut off at four sigma; sigma 0 leaves that axis alone."""
    size = tuple(2 * int(4 * value + 0.5) + 1 for value in sigma)
    kernel_j = _cv.getGaussianKernel(size[0], max(sigma[0], 1e-6), cv2.CV_32F)
    kernel_i = _cv.getGaussianKernel(size[1], max(sigma[1], 1e-6), cv2.CV_32F)
    return np.asarray(_cv.sepFilter2D(values, cv2.CV_32F, kernel_i, kernel_j, borderType=_REPLICATE))


def bilateral(values: FloatPicture, sigma_space: float, sigma_value: float) -> FloatPicture:
    """Bilateral filter (Tomasi and Manduchi 1998), window radius two sigma (1 to 15 px)."""
    diameter = 2 * int(np.clip(round(2 * sigma_space), 1, 15)) + 1
    return np.asarray(_cv.bilateralFilter(values, diameter, sigma_value, sigma_space, borderType=_REPLICATE))


def non_local_means(
    values: FloatPicture, strength: float, patch_radius: int = 1, search_radius: int = 5
) -> FloatPicture:
    """Non-local means (Buades, Coll and Morel 2005).

    Each pixel becomes the mean of the pixels within ``search_radius`` weighted by exp(-d² / strength²), d² the mean
    square difference of the patches around them, ``strength`` in the picture's units. OpenCV's own works on 8 bits.
    """
    h, w = values.shape
    r = search_radius
    wide = _cv.copyMakeBorder(values, r, r, r, r, _REPLICATE)
    total = values.astype(np.float32, copy=True)
    weights = np.ones_like(total)
    size = (2 * patch_radius + 1, 2 * patch_radius + 1)
    factor = np.float32(-1.0 / max(strength, 1e-12) ** 2)
    for dj in range(-r, r + 1):
        for di in range(-r, r + 1):
            if dj == 0 and di == 0:
                continue
            other = wide[r + dj : r + dj + h, r + di : r + di + w]
            difference = _cv.subtract(values, other)
            distance = _cv.blur(_cv.multiply(difference, difference), size, borderType=_REPLICATE)
            weight = _cv.exp(distance * factor)
            weights += weight
            total += weight * other
    return np.asarray(total / weights)


def sobel(values: FloatPicture, spacing: tuple[float, float]) -> tuple[FloatPicture, FloatPicture]:
    """Derivatives along j and along i per unit of ``spacing`` (dj, di): Sobel's kernels, scaled to be true slopes."""
    along_j = _cv.Sobel(values, cv2.CV_32F, 0, 1, ksize=3, scale=1 / (8 * spacing[0]), borderType=_REPLICATE)
    along_i = _cv.Sobel(values, cv2.CV_32F, 1, 0, ksize=3, scale=1 / (8 * spacing[1]), borderType=_REPLICATE)
    return np.asarray(along_j), np.asarray(along_i)


def laplacian(values: FloatPicture, spacing: tuple[float, float]) -> FloatPicture:
    """Sum of second differences along j and i per square unit of ``spacing`` (dj, di)."""
    wide = _cv.copyMakeBorder(values, 1, 1, 1, 1, _REPLICATE)
    twice = 2 * values
    along_j = (wide[:-2, 1:-1] + wide[2:, 1:-1] - twice) / np.float32(spacing[0] ** 2)
    along_i = (wide[1:-1, :-2] + wide[1:-1, 2:] - twice) / np.float32(spacing[1] ** 2)
    return np.asarray(along_j + along_i)


def canny(along_j: FloatPicture, along_i: FloatPicture, lower: float, upper: float) -> BoolArray:
    """Canny's edges (1986) of a picture whose derivatives are given: thin lines above ``upper``, followed down to ``lower``."""
    top = float(max(np.abs(along_j).max(initial=0), np.abs(along_i).max(initial=0), upper, 1e-12))
    scale = 30000.0 / top  # OpenCV takes 16-bit derivatives
    dx, dy = (np.round(part * scale).astype(np.int16) for part in (along_i, along_j))
    return np.asarray(_cv.Canny(dx, dy, lower * scale, upper * scale, L2gradient=True)) > 0


def ellipse(radius: tuple[float, float]) -> NDArray[np.uint8]:
    """A filled ellipse of ``radius`` (j, i) px around one centre pixel."""
    rj, ri = (int(np.floor(value + 1e-9)) for value in radius)
    j, i = np.mgrid[-rj : rj + 1, -ri : ri + 1]
    inside = (j / max(radius[0], 1e-9)) ** 2 * (rj > 0) + (i / max(radius[1], 1e-9)) ** 2 * (ri > 0) <= 1 + 1e-9
    return np.asarray(inside, dtype=np.uint8)


def opening(values: FloatPicture, radius: tuple[float, float]) -> FloatPicture:
    """Grey opening (smallest, then largest neighbour) by an ellipse of ``radius`` (j, i) px; outside counts nothing."""
    return np.asarray(_cv.morphologyEx(values, cv2.MORPH_OPEN, ellipse(radius)))


def closing(values: FloatPicture, radius: tuple[float, float]) -> FloatPicture:
    """Grey closing (largest, then smallest neighbour) by an ellipse of ``radius`` (j, i) px; outside counts nothing."""
    return np.asarray(_cv.morphologyEx(values, cv2.MORPH_CLOSE, ellipse(radius)))


def clahe(
    values: FloatPicture,
    value_range: tuple[float, float],
    clip_limit: float,
    tiles: tuple[int, int],
    bins: int = 1024,
) -> FloatPicture:
    """Contrast-limited adaptive histogram equalisation (Zuiderveld 1994) within ``value_range``, mapped back to it.

    Each of ``tiles`` (j, i) gets a histogram clipped at ``clip_limit`` times its mean, the excess spread evenly; a pixel
    goes through the four nearest tiles' cumulative histograms, mixed bilinearly. Values are not quantised.
    """
    low, high = value_range
    if not high > low:
        return values.copy()
    position = np.clip((values - low) / (high - low), 0, 1) * bins
    index = np.minimum(position.astype(np.int32), bins - 1)
    h, w = values.shape
    edges_j, edges_i = np.linspace(0, h, tiles[0] + 1).astype(int), np.linspace(0, w, tiles[1] + 1).astype(int)
    curves = np.empty((tiles[0], tiles[1], bins + 1), np.float32)
    for tj in range(tiles[0]):
        for ti in range(tiles[1]):
            tile = index[edges_j[tj] : edges_j[tj + 1], edges_i[ti] : edges_i[ti + 1]]
            curves[tj, ti] = _clipped_curve(np.bincount(tile.ravel(), minlength=bins), clip_limit)
    fraction = (position - index).astype(np.float32)
    j_low, j_high, j_share = _tile_shares(h, edges_j)
    i_low, i_high, i_share = _tile_shares(w, edges_i)
    out = np.zeros(values.shape, np.float32)
    for at_j, share_j in ((j_low, 1 - j_share), (j_high, j_share)):
        for at_i, share_i in ((i_low, 1 - i_share), (i_high, i_share)):
            rows, columns = at_j[:, None], at_i[None, :]
            start = curves[rows, columns, index]
            mapped = start + fraction * (curves[rows, columns, index + 1] - start)
            out += mapped * (share_j[:, None] * share_i[None, :])
    return np.asarray(low + out * np.float32(high - low))


def _clipped_curve(counts: NDArray[np.intp], clip_limit: float) -> FloatPicture:
    """(bins + 1,) cumulative share, 0 to 1, of a clipped histogram."""
    histogram = counts.astype(np.float64)
    total = histogram.sum()
    if total == 0:
        return np.linspace(0, 1, len(counts) + 1).astype(np.float32)
    limit = max(clip_limit, 1.0) * total / len(counts)
    excess = np.maximum(histogram - limit, 0).sum()
    histogram = np.minimum(histogram, limit) + excess / len(counts)
    return np.concatenate([[0.0], np.cumsum(histogram) / total]).astype(np.float32)


def _tile_shares(length: int, edges: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatPicture]:
    """For every pixel the two tiles whose centres enclose it, and the share of the second."""
    centres = (edges[:-1] + edges[1:] - 1) / 2
    at = np.interp(np.arange(length), centres, np.arange(len(centres)))
    low = np.minimum(at.astype(np.intp), len(centres) - 1)
    high = np.minimum(low + 1, len(centres) - 1)
    return low, high, (at - low).astype(np.float32)


def neighbour_extreme(values: FloatPicture, kernel: NDArray[np.uint8], largest: bool) -> FloatPicture:
    """Largest (or smallest) neighbour under ``kernel``; outside the picture counts nothing."""
    return np.asarray(_cv.dilate(values, kernel) if largest else _cv.erode(values, kernel))
