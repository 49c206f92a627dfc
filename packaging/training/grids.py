"""The grids of the two networks, and the way from a CT onto them.

Tensor axes are (S, P, L): toward the head, the back and the left of the patient. This is what the
manifests state; keep the two in step.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

LUNGS_SPACING = (3.0, 3.0, 3.0)
NODULES_SPACING = (1.5, 1.5, 1.5)
HU_LOW, HU_HIGH = -1024.0, 400.0


def scaled(hu: Any) -> Any:
    """HU → 0…1 as the networks see it, float32."""
    return (np.clip(hu, HU_LOW, HU_HIGH).astype(np.float32) - np.float32(HU_LOW)) / np.float32(HU_HIGH - HU_LOW)


def regrid(volume: Any, spacing: tuple[float, ...], target: tuple[float, ...]) -> Any:
    """Volume (k, j, i) on a grid of another spacing: linear, first and last voxel centres kept.

    Voxel 0 of both grids lies at the same place; the target ends at the last voxel of the source.
    """
    shape = [
        max(1, int(np.floor((n - 1) * s / t + 1e-6)) + 1) for n, s, t in zip(volume.shape, spacing, target, strict=True)
    ]
    where = [
        np.minimum(np.arange(m) * t / s, n - 1).astype(np.float32)
        for m, n, s, t in zip(shape, volume.shape, spacing, target, strict=True)
    ]
    grid_x, grid_y = np.meshgrid(where[2], where[1])
    source = np.asarray(volume, np.float32)
    planes: dict[int, Any] = {}

    def plane(k: int) -> Any:
        if k not in planes:
            planes.pop(k - 2, None)
            planes[k] = cv2.remap(source[k], grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return planes[k]

    out = np.empty(shape, np.float32)
    for k, position in enumerate(where[0]):
        low = min(int(position), volume.shape[0] - 1)
        weight = float(position - low)
        out[k] = plane(low) if weight < 1e-6 else plane(low) * (1 - weight) + plane(low + 1) * weight
    return out


def softened(volume: Any, spacing: tuple[float, ...], target: tuple[float, ...]) -> Any:
    """In-plane area average of a volume that is finer than the target, against aliasing."""
    factor = min(target[1] / spacing[1], target[2] / spacing[2])
    if factor <= 1.2:
        return volume
    sigma = 0.35 * factor
    return np.stack([cv2.GaussianBlur(np.asarray(p, np.float32), (0, 0), sigma) for p in volume])
