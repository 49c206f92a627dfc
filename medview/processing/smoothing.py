"""Smoothing and sharpening: mean, median, Gaussian, bilateral, non-local means, unsharp mask, curvature diffusion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medview.core.progress import Progress, no_progress
from medview.kernels import filter2d, neighbourhood

FloatArray = NDArray[np.float32]
Spacing2 = tuple[float, float]
Spacing3 = tuple[float, float, float]


def _in_and_across(values: FloatArray, in_plane, across, progress: Progress, step: str) -> FloatArray:  # type: ignore[no-untyped-def]
    """A separable filter: ``in_plane`` on every (j, i), then ``across`` on every (k, i)."""
    total = values.shape[0] + values.shape[1]
    out = np.empty(values.shape, np.float32)
    for k in range(values.shape[0]):
        progress(step, k, total)
        out[k] = in_plane(np.ascontiguousarray(values[k], dtype=np.float32))
    for j in range(values.shape[1]):
        progress(step, values.shape[0] + j, total)
        out[:, j] = across(np.ascontiguousarray(out[:, j]))
    progress(step, total, total)
    return out


def mean_slice(values: FloatArray, spacing: Spacing2, radius: int) -> FloatArray:  # noqa: ARG001 - one shape for all
    """Mean of the neighbours within ``radius`` px."""
    return filter2d.mean(values, (radius, radius))


def mean_volume(values: FloatArray, spacing: Spacing3, progress: Progress, radius: int) -> FloatArray:  # noqa: ARG001
    """Mean of the neighbours within ``radius`` voxels along each axis."""
    return _in_and_across(
        values,
        lambda picture: filter2d.mean(picture, (radius, radius)),
        lambda picture: filter2d.mean(picture, (radius, 0)),
        progress,
        "Mean",
    )


def median_slice(values: FloatArray, spacing: Spacing2, radius: int) -> FloatArray:  # noqa: ARG001
    """Median of the neighbours within ``radius`` px."""
    if filter2d.median_supported(radius):
        return filter2d.median(values, radius)
    return np.asarray(_median(values[np.newaxis], (0, radius, radius), no_progress)[0])


def median_volume(values: FloatArray, spacing: Spacing3, progress: Progress, radius: int) -> FloatArray:  # noqa: ARG001
    """Median of the neighbours within ``radius`` voxels along each axis."""
    return _median(values, (radius, radius, radius), progress)


def _median(values: FloatArray, radius: tuple[int, int, int], progress: Progress) -> FloatArray:
    given = np.ascontiguousarray(values, dtype=np.float32)
    out = np.empty_like(given)
    for k in range(len(out)):
        progress("Median", k, len(out))
        neighbourhood.median_slices(given, radius, k, out[k : k + 1])
    progress("Median", len(out), len(out))
    return out


def gaussian_slice(values: FloatArray, spacing: Spacing2, sigma: float) -> FloatArray:
    """Gaussian of ``sigma`` mm."""
    return filter2d.gaussian(values, (sigma / spacing[0], sigma / spacing[1]))


def gaussian_volume(values: FloatArray, spacing: Spacing3, progress: Progress, sigma: float) -> FloatArray:
    """Gaussian of ``sigma`` mm along all three axes."""
    return _in_and_across(
        values,
        lambda picture: filter2d.gaussian(picture, (sigma / spacing[1], sigma / spacing[2])),
        lambda picture: filter2d.gaussian(picture, (sigma / spacing[0], 0.0)),
        progress,
        "Gaussian",
    )


def bilateral_slice(values: FloatArray, spacing: Spacing2, sigma: float, value_sigma: float) -> FloatArray:
    """Bilateral filter: ``sigma`` mm in the plane, ``value_sigma`` in the image's unit."""
    return filter2d.bilateral(values, sigma / float(np.sqrt(spacing[0] * spacing[1])), value_sigma)


def non_local_means_slice(
    values: FloatArray,
    spacing: Spacing2,  # noqa: ARG001 - patches are compared pixel by pixel
    strength: float,
    patch_radius: int,
    search_radius: int,
) -> FloatArray:
    """Non-local means; ``strength`` in the image's unit, radii in px."""
    return filter2d.non_local_means(values, strength, patch_radius, search_radius)


def _sharpened(values: FloatArray, blurred: FloatArray, amount: float, threshold: float) -> FloatArray:
    detail = values - blurred
    if threshold > 0:
        detail[np.abs(detail) < threshold] = 0
    return np.asarray(values + np.float32(amount) * detail)


def unsharp_slice(values: FloatArray, spacing: Spacing2, sigma: float, amount: float, threshold: float) -> FloatArray:
    """Add ``amount`` times what a Gaussian of ``sigma`` mm takes away; details below ``threshold`` stay as they are."""
    return _sharpened(values, gaussian_slice(values, spacing, sigma), amount, threshold)


def unsharp_volume(
    values: FloatArray, spacing: Spacing3, progress: Progress, sigma: float, amount: float, threshold: float
) -> FloatArray:
    """Unsharp sharpening along all three axes."""
    return _sharpened(values, gaussian_volume(values, spacing, progress, sigma), amount, threshold)


def curvature_diffusion(
    values: FloatArray, spacing: tuple[float, ...], progress: Progress, iterations: int, conductance: float
) -> FloatArray:
    """Curvature anisotropic diffusion (Whitaker and Xue 2001) at the largest stable time step."""
    step = 0.95 * min(spacing) / 2 ** (values.ndim + 1)
    flat = values.ndim == 2
    at_mm = (1.0, *spacing) if flat else spacing
    now = np.ascontiguousarray(values[np.newaxis] if flat else values, dtype=np.float32)
    after = np.empty_like(now)
    total = iterations * len(now)
    for iteration in range(iterations):
        contrast = -2.0 * conductance**2 * neighbourhood.mean_square_gradient(now, at_mm)
        for k in range(len(now)):
            progress("Curvature diffusion", iteration * len(now) + k, total)
            neighbourhood.curvature_slices(now, at_mm, contrast, step, k, after[k : k + 1])
        # What was given is not written to.
        now, after = after, np.empty_like(now) if iteration == 0 else now
    progress("Curvature diffusion", total, total)
    return np.asarray(now[0]) if flat else now


def curvature_diffusion_slice(values: FloatArray, spacing: Spacing2, iterations: int, conductance: float) -> FloatArray:
    """Curvature anisotropic diffusion within the slice."""
    return curvature_diffusion(values, spacing, no_progress, iterations, conductance)
