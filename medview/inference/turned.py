"""Boxes that are turned in their slice: their corners, how far two of them are the same, which of many stay."""

from __future__ import annotations

import numpy as np

from medview.inference.candidates import Candidates, FloatArray

CORNERS = ("corner 1", "corner 2", "corner 3", "corner 4")
BONES = ((0, 1), (1, 2), (2, 3), (3, 0))
ROWS_AT_ONCE = 256


def corners_of_turned(boxes: FloatArray) -> FloatArray:
    """(…, 4, 2) corners (x, y), going round, of boxes (…, 5): cx, cy, w, h and the angle from x to y."""
    centre = boxes[..., None, :2]
    cosine, sine = np.cos(boxes[..., 4:5]), np.sin(boxes[..., 4:5])
    along = np.concatenate([cosine, sine], axis=-1) * boxes[..., 2:3] / 2
    across = np.concatenate([-sine, cosine], axis=-1) * boxes[..., 3:4] / 2
    turns = [along + across, along - across, -along - across, across - along]
    return np.asarray(centre + np.stack(turns, axis=-2))


def alike(one: FloatArray, others: FloatArray) -> FloatArray:
    """(m, n) how far boxes (m, 5) and (n, 5) are the same: one less the Hellinger distance of their Gaussians (ProbIoU)."""
    a1, b1, c1 = (part[:, None] for part in _covariance(one))
    a2, b2, c2 = _covariance(others)
    dx, dy = one[:, None, 0] - others[:, 0], one[:, None, 1] - others[:, 1]
    eps = 1e-7
    a, b, c = a1 + a2, b1 + b2, c1 + c2
    area = a * b - c * c
    distance = 0.25 * (a * dy * dy + b * dx * dx) / (area + eps) - 0.5 * c * dx * dy / (area + eps)
    own = np.sqrt(np.maximum(a1 * b1 - c1 * c1, 0) * np.maximum(a2 * b2 - c2 * c2, 0))
    distance = distance + 0.5 * np.log(area / (4 * own + eps) + eps)
    return np.asarray(1 - np.sqrt(1 - np.exp(-np.clip(distance, eps, 100)) + eps))


def _covariance(boxes: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of a Gaussian with the spread of the box's area: along x, along y, mixed."""
    along, across = boxes[:, 2] ** 2 / 12, boxes[:, 3] ** 2 / 12
    cosine, sine = np.cos(boxes[:, 4]), np.sin(boxes[:, 4])
    return (
        along * cosine**2 + across * sine**2,
        along * sine**2 + across * cosine**2,
        (along - across) * cosine * sine,
    )


def best_of_turned(found: Candidates, threshold: float) -> Candidates:
    """Those that no better one of their class is like by ``threshold`` or more, best first; ``extras`` are the boxes.

    As Ultralytics does it: also one that does not stay itself keeps others from staying.
    """
    assert found.extras is not None, "turned boxes come with their angle"
    found = found.part(np.argsort(-found.scores, kind="stable"))
    assert found.extras is not None, "the same"
    stays = np.ones(len(found.scores), dtype=bool)
    for number in np.unique(found.classes):
        members = np.flatnonzero(found.classes == number)
        boxes = found.extras[members]
        for start in range(0, len(members), ROWS_AT_ONCE):
            block = alike(boxes[start : start + ROWS_AT_ONCE], boxes)
            worse = np.arange(len(members))[None] > np.arange(start, start + len(block))[:, None]
            stays[members] &= ~np.any((block >= threshold) & worse, axis=0)
    return found.part(np.flatnonzero(stays))
