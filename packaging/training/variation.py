"""What real chests have and the phantoms have too seldom: another size, a turn, a field of view that cuts the lungs, bright blood.

The second part of the lungs' training sees phantoms through this. A field of view that ends inside a lung is the main
point: what lies behind it is filled with air, which a network takes for the outside of the body if nobody shows it.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import torch
from grids import HU_LOW

Rng = np.random.Generator


def placed(rng: Rng, hu: Any, label: Any, size: tuple[int, int, int]) -> tuple[Any, Any]:
    """A patch of a volume, turned, stretched and mirrored at random: HU float32 and labels uint8, both (S, P, L).

    A mirrored patch has its sides exchanged: right is where the patient's right is, wherever the heart lies.
    """
    turn = [math.radians(float(rng.normal(0, s))) for s in (8.0, 5.0, 5.0)]
    scale = math.exp(rng.uniform(-0.22, 0.18)) * np.exp(rng.normal(0, 0.06, 3))
    matrix = _rotation(*turn) * scale  # patch voxels → volume voxels
    mirrored = rng.random() < 0.35
    if mirrored:
        matrix[:, 2] *= -1
    middle = [
        float(rng.uniform(min(p / 2 - 8, n / 2), max(n - p / 2 + 8, n / 2)))
        for p, n in zip(size, hu.shape, strict=True)
    ]
    theta = np.zeros((3, 4), np.float32)
    # affine_grid counts axes backwards, from -1 to 1 between the outer borders of the voxels.
    for a in range(3):
        for b in range(3):
            theta[2 - a, 2 - b] = matrix[a, b] * size[b] / hu.shape[a]
        theta[2 - a, 3] = 2 * middle[a] / hu.shape[a] - 1
    where = torch.nn.functional.affine_grid(torch.from_numpy(theta)[None], [1, 1, *size], align_corners=False)
    values = torch.from_numpy(np.maximum(hu, HU_LOW).astype(np.float32) - np.float32(HU_LOW))[None, None]
    image = torch.nn.functional.grid_sample(values, where, mode="bilinear", align_corners=False)[0, 0].numpy()
    names = torch.from_numpy(label.astype(np.float32))[None, None]
    labels = torch.nn.functional.grid_sample(names, where, mode="nearest", align_corners=False)[0, 0].numpy()
    labels = labels.astype(np.uint8)
    if mirrored:
        labels = np.array([0, 2, 1], np.uint8)[labels]
    return image + np.float32(HU_LOW), labels


def seen(rng: Rng, hu: Any, labels: Any) -> tuple[Any, Any]:
    """Other blood, air and sharpness, streaks, and a field of view that cuts what it likes; air is behind it."""
    out = hu
    if rng.random() < 0.35:  # contrast medium: vessels and heart up to the end of the scale
        out = np.where(
            out > 20,
            out * np.float32(1 + rng.uniform(0, 3) * (rng.random() < 0.7)) + np.float32(rng.uniform(0, 60)),
            out,
        )
    if rng.random() < 0.3:  # breathed out, or with emphysema
        depth = np.clip((-400 - out) / 300, 0, 1)
        out = out + np.where(labels > 0, depth, 0).astype(np.float32) * np.float32(rng.normal(0, 50))
    if rng.random() < 0.25:
        sigma = float(rng.uniform(0.4, 1.0))
        out = np.stack([cv2.GaussianBlur(plane, (0, 0), sigma) for plane in out])
    if rng.random() < 0.3:
        out = out + _streaks(rng, out.shape)
    out = np.maximum(out, np.float32(HU_LOW))
    if rng.random() < 0.5:
        outside = np.ones(out.shape, bool)
        box = []
        for n in out.shape:
            low, high = (int(n * rng.uniform(0, 0.35)) if rng.random() < 0.4 else 0 for _ in range(2))
            box.append(slice(low, n - high))
        outside[tuple(box)] = False
        out = np.where(outside, np.float32(HU_LOW), out)
        labels = np.where(outside, 0, labels)
    return out.astype(np.float32), labels.astype(np.uint8)


def _streaks(rng: Rng, shape: tuple[int, ...]) -> Any:
    """Bands across some of the slices, as shoulders, arms and electrodes make them; HU float32."""
    slices, rows, columns = shape
    out = np.zeros(shape, np.float32)
    first = int(rng.integers(slices))
    last = min(slices, first + int(rng.integers(4, 24)))
    angle = float(rng.normal(0, 0.35))
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    across = y * math.cos(angle) + x * math.sin(angle)
    strength = float(np.exp(rng.uniform(2.5, 4.8)))
    for k in range(first, last):
        waves = sum(
            float(rng.normal()) * np.cos(across * np.float32(rng.uniform(0.3, 2.2)) + np.float32(rng.uniform(0, 6.3)))
            for _ in range(4)
        )
        out[k] = np.float32(strength / 2) * waves
    return out


def _rotation(about_s: float, about_p: float, about_l: float) -> Any:
    """Rotation matrix on (S, P, L)."""
    c, s = math.cos(about_s), math.sin(about_s)
    turn_s = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    c, s = math.cos(about_p), math.sin(about_p)
    turn_p = np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
    c, s = math.cos(about_l), math.sin(about_l)
    turn_l = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return turn_s @ turn_p @ turn_l
