"""Superpixels: an image cut into parts of about one size and one brightness."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.progress import no_progress
from medview.kernels import neighbourhood
from medview.processing.smoothing import gaussian_slice, gaussian_volume

SPATIAL_WEIGHT = 10.0
"""How much place counts beside brightness, which is brought to 0 … 100 first (Achanta 2012 uses 10 on CIELAB)."""


def superpixels(values: NDArray[np.float32], spacing: tuple[float, ...], count: int) -> NDArray[np.integer[Any]]:
    """Numbers from 0 of about ``count`` parts of ``values`` (j, i) or (k, j, i), by SLIC (Achanta 2012).

    ``spacing`` is along the axes of ``values``; cells are as long in mm along each axis. The same input gives the same
    parts.
    """
    low, high = (float(value) for value in np.percentile(values, (1, 99)))
    scaled = np.clip((values - low) / ((high - low) or 1.0), 0, 1) * np.float32(100)
    edge_mm = (float(np.prod(np.asarray(values.shape) * np.asarray(spacing))) / count) ** (1 / values.ndim)
    cells = [int(np.clip(round(edge_mm / mm), 2, max(2, size))) for mm, size in zip(spacing, values.shape, strict=True)]
    # Noise would tear the parts apart.
    if values.ndim == 2:
        smooth, cells = gaussian_slice(scaled, (1.0, 1.0), 1.0)[np.newaxis], [1, *cells]
    else:
        smooth = gaussian_volume(scaled, (1.0, 1.0, 1.0), no_progress, 1.0)
    parts = neighbourhood.slic(
        np.ascontiguousarray(smooth, dtype=np.float32), (cells[0], cells[1], cells[2]), SPATIAL_WEIGHT
    )
    return parts.reshape(values.shape)
