"""Superpixels: an image cut into parts of about one size and one brightness."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SPATIAL_WEIGHT = 10.0
"""How much place counts beside brightness, which is brought to 0 … 100 first (Achanta 2012 uses 10 on CIELAB)."""


def superpixels(values: NDArray[np.float32], spacing: tuple[float, ...], count: int) -> NDArray[np.integer[Any]]:
    """Numbers from 0 of about ``count`` parts of ``values`` (j, i) or (k, j, i), by SLIC (Achanta 2012).

    ``spacing`` is along the axes of ``values``; cells are as long in mm along each axis. The same input gives the same
    parts.
    """
    from medview.processing.itk import itk_image, simple_itk

    sitk = simple_itk()
    low, high = (float(value) for value in np.percentile(values, (1, 99)))
    scaled = np.clip((values - low) / ((high - low) or 1.0), 0, 1) * np.float32(100)
    edge_mm = (float(np.prod(np.asarray(values.shape) * np.asarray(spacing))) / count) ** (1 / values.ndim)
    cells = [int(np.clip(round(edge_mm / mm), 2, max(2, size))) for mm, size in zip(spacing, values.shape, strict=True)]
    # Noise would tear the parts apart.
    smooth = sitk.DiscreteGaussian(itk_image(scaled, (1.0,) * values.ndim), [1.0] * values.ndim)
    slic = sitk.SLICImageFilter()
    slic.SetSuperGridSize(cells[::-1])
    slic.SetSpatialProximityWeight(SPATIAL_WEIGHT)
    slic.SetMaximumNumberOfIterations(10)
    slic.SetEnforceConnectivity(True)
    slic.SetNumberOfThreads(1)
    found = sitk.GetArrayFromImage(slic.Execute(smooth))
    numbers = np.unique(found, return_inverse=True)[1].reshape(values.shape)
    return np.asarray(numbers, dtype=np.int32)
