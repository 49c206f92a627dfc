"""Edges: Sobel's gradient, the Laplacian and Canny's lines. Results are slopes per mm, not image values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medview.core.progress import Progress
from medview.kernels import filter2d

FloatArray = NDArray[np.float32]
Spacing2 = tuple[float, float]
Spacing3 = tuple[float, float, float]


def sobel_slice(values: FloatArray, spacing: Spacing2) -> FloatArray:
    """Length of the gradient within the slice, image unit per mm."""
    along_j, along_i = filter2d.sobel(values, spacing)
    return np.asarray(np.hypot(along_j, along_i))


def sobel_volume(values: FloatArray, spacing: Spacing3, progress: Progress) -> FloatArray:
    """Length of the gradient: each derivative smoothed by 1-2-1 along the two other axes."""
    depth = values.shape[0]
    out = np.empty(values.shape, np.float32)
    weights = (0.25, 0.5, 0.25)
    for k in range(depth):
        progress("Sobel", k, depth)
        below, at, above = (values[min(max(k + step, 0), depth - 1)] for step in (-1, 0, 1))
        smooth = np.asarray(weights[0] * below + weights[1] * at + weights[2] * above, dtype=np.float32)
        along_j, along_i = filter2d.sobel(smooth, spacing[1:])
        along_k = _smooth_121(np.asarray(above - below, dtype=np.float32)) / np.float32(2 * spacing[0])
        out[k] = np.sqrt(along_j**2 + along_i**2 + along_k**2)
    progress("Sobel", depth, depth)
    return out


def _smooth_121(picture: FloatArray) -> FloatArray:
    wide = np.pad(picture, 1, mode="edge")
    rows = wide[:-2] + 2 * wide[1:-1] + wide[2:]
    return np.asarray((rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(16))


def laplacian_slice(values: FloatArray, spacing: Spacing2, sigma: float) -> FloatArray:
    """Second derivative after a Gaussian of ``sigma`` mm (0: none), image unit per mm²."""
    smooth = filter2d.gaussian(values, (sigma / spacing[0], sigma / spacing[1])) if sigma > 0 else values
    return filter2d.laplacian(smooth, spacing)


def laplacian_volume(values: FloatArray, spacing: Spacing3, progress: Progress, sigma: float) -> FloatArray:
    """Second derivative along all three axes after a Gaussian of ``sigma`` mm (0: none)."""
    from medview.processing.smoothing import gaussian_volume

    smooth = gaussian_volume(values, spacing, progress, sigma) if sigma > 0 else values
    depth = smooth.shape[0]
    out = np.empty(smooth.shape, np.float32)
    for k in range(depth):
        progress("Laplacian", k, depth)
        below, above = smooth[max(k - 1, 0)], smooth[min(k + 1, depth - 1)]
        along_k = (below + above - 2 * smooth[k]) / np.float32(spacing[0] ** 2)
        out[k] = filter2d.laplacian(np.ascontiguousarray(smooth[k]), spacing[1:]) + along_k
    progress("Laplacian", depth, depth)
    return out


def canny_slice(values: FloatArray, spacing: Spacing2, sigma: float, lower: float, upper: float) -> FloatArray:
    """1 on edges, 0 elsewhere; ``lower`` and ``upper`` are slopes in the image's unit per mm."""
    smooth = filter2d.gaussian(values, (sigma / spacing[0], sigma / spacing[1])) if sigma > 0 else values
    along_j, along_i = filter2d.sobel(smooth, spacing)
    return filter2d.canny(along_j, along_i, min(lower, upper), max(lower, upper)).astype(np.float32)
