"""Branching trees (vessels, airways) that grow from a root into a cloud of points.

The cloud is split in two again and again; each branch runs from its parent toward the middle of its
half, and its radius follows Murray's law (the cube of the parent's radius is the sum of the
children's: C. D. Murray, PNAS 12 (1926) 207).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]


def grow_tree(
    rng: np.random.Generator,
    root: npt.ArrayLike,
    cloud: Points,
    leaf_radius: float,
    largest_radius: float,
    reach: float = 0.45,
    exponent: float = 1 / 3,
) -> Points:
    """Segments (n, 8) of a tree: start z, y, x, end z, y, x, start radius, end radius; mm.

    `cloud` (m, 3) holds the ends of the twigs, `reach` how far a branch runs toward the middle of
    what it feeds (0…1). The largest branches are clipped to `largest_radius`.
    """
    segments: list[tuple[float, ...]] = []
    stack: list[tuple[Points, Points, float]] = [(np.asarray(root, np.float32), cloud, largest_radius)]
    while stack:
        start, points, before = stack.pop()
        count = len(points)
        radius = min(leaf_radius * count**exponent, before)
        if count == 1:
            segments.append((*start, *points[0], radius, radius * 0.7))
            continue
        middle = points.mean(axis=0)
        offset = middle - start
        length = float(np.linalg.norm(offset))
        end = start + offset * (reach * rng.uniform(0.75, 1.25))
        end = end + rng.normal(0, 0.05 * length, 3).astype(np.float32)
        # One bend in the middle of each branch, so that vessels are not rulers.
        bend = (start + end) / 2 + rng.normal(0, 0.025 * length, 3).astype(np.float32)
        segments.append((*start, *bend, radius, radius * 0.97))
        segments.append((*bend, *end, radius * 0.97, radius * 0.94))
        spread = points - middle
        _, _, axes = np.linalg.svd(spread[:: max(1, count // 40)], full_matrices=False)
        normal = axes[0] + rng.normal(0, 0.25, 3).astype(np.float32)
        side = spread @ normal
        cut = np.quantile(side, rng.uniform(0.3, 0.7)) if count > 3 else np.median(side)
        left = side <= cut
        if left.all() or not left.any():
            left = np.arange(count) < count // 2
        stack.append((end, points[left], radius))
        stack.append((end, points[~left], radius))
    return np.asarray(segments, np.float32)
