"""What the recorded results of MONAI and nnU-Net were made from; the same numbers on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

MONAI_PLANS: dict[str, dict[str, Any]] = {
    "gaussian": {"shape": (21, 30, 27), "size": (12, 16, 10), "overlap": 0.5, "weights": "gaussian"},
    "constant": {"shape": (20, 17, 33), "size": (8, 8, 16), "overlap": 0.25, "weights": "constant"},
    "smaller_than_a_tile": {"shape": (7, 30, 11), "size": (12, 16, 14), "overlap": 0.25, "weights": "gaussian"},
}
NNUNET_PLANS: dict[str, dict[str, Any]] = {
    "gaussian": {"shape": (21, 30, 27), "size": (12, 16, 10), "overlap": 0.5, "mirror": ()},
    "mirrored": {"shape": (17, 20, 18), "size": (12, 16, 10), "overlap": 0.5, "mirror": (0, 1, 2)},
    "mirrored_in_plane": {"shape": (9, 20, 18), "size": (12, 16, 10), "overlap": 0.5, "mirror": (1, 2)},
}
WEIGHTS_SIZE = (12, 16, 10)

RESAMPLINGS: dict[str, dict[str, Any]] = {
    "isotropic": {"shape": (16, 20, 24), "spacing": (1.5, 1.0, 1.0), "target": (1.0, 1.2, 0.8)},
    "thick": {"shape": (8, 20, 24), "spacing": (5.0, 1.0, 1.0), "target": (2.0, 1.2, 0.8)},
    "thick_only_target": {"shape": (16, 20, 24), "spacing": (1.5, 1.0, 1.0), "target": (4.0, 1.0, 1.0)},
}

CT_PROPERTIES = {"mean": 99.5, "std": 37.1, "percentile_00_5": 20.0, "percentile_99_5": 170.0}


def values(shape: tuple[int, ...]) -> Array:
    """Waves of several lengths and a few sharp edges, float32."""
    k, j, i = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in shape), indexing="ij")
    smooth = np.sin(0.7 * k + 0.3 * j) + np.cos(0.5 * i - 0.2 * k) + 0.1 * np.sin(2.1 * j + 1.7 * i)
    return (smooth + ((k + 2 * j + 3 * i) % 11 == 0)).astype(np.float32)


def network() -> tuple[Array, Array]:
    """Weights (3, 1, 5, 5, 5) and offsets (3,) of one convolution without any symmetry."""
    n = np.arange(3 * 125, dtype=np.float64)
    weight = (np.sin(1.3 * n) + 0.2 * np.cos(0.1 * n * n % 7)) / 20
    return weight.reshape(3, 1, 5, 5, 5).astype(np.float32), np.array([0.1, -0.2, 0.05], dtype=np.float32)


def brain() -> Array:
    """A bright ball with a hollow of zeros inside, zeros around it."""
    k, j, i = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in (14, 18, 16)), indexing="ij")
    away = np.sqrt((k - 6) ** 2 + (j - 9) ** 2 + (i - 8) ** 2)
    inside = (away < 6) & (away > 2)
    return np.where(inside, 100 + 40 * np.sin(k + j * i / 3), 0).astype(np.float32)
