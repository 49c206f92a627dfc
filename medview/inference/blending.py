"""Weighted tiles added up where they overlap; what no later tile touches is given away at once, block by block.

The block of a tile is what lies before the next tile along every axis: when tiles come row by row, the last axis quickest, nobody
adds to it after that tile. What is left is a margin along each axis, so that the memory is that of margins, not of the volume.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatMap = NDArray[np.float32]

KEPT_TOTALS = 16 << 20
"""Bytes of sums of weights that are kept: most tiles lie to their neighbours as others do."""
AT_ONCE = 1 << 18
"""Values that are weighted at once, so that they are still near when they are added."""


class Totals:
    """The sum of the weights on the block of each tile, the same for every answer that is tiled alike."""

    def __init__(self, weights: FloatMap, starts: Sequence[Sequence[int]], full: Sequence[int]) -> None:
        """``starts``: of the tiles along each axis; ``full``: the size of all; both in voxels of the answer."""
        self.weights = weights
        self.starts = [tuple(axis) for axis in starts]
        self.full = tuple(full)
        self._known: dict[Any, FloatMap] = {}
        self._bytes = 0

    def extent(self, axis: int, n: int) -> int:
        """Voxels from the first of tile ``n`` to the first of the next, or to the end."""
        starts = self.starts[axis]
        return (starts[n + 1] if n + 1 < len(starts) else self.full[axis]) - starts[n]

    def of(self, at: Sequence[int]) -> FloatMap:
        """For the block of the tile with these numbers; summed in the order in which the tiles come."""
        plans = []
        for axis, n in enumerate(at):
            starts, size = self.starts[axis], self.weights.shape[axis]
            back = tuple(starts[n] - first for first in starts[: n + 1] if first + size > starts[n])
            plans.append((self.extent(axis, n), back))
        key = tuple(plans)
        known = self._known.get(key)
        if known is not None:
            return known
        total = np.zeros(tuple(extent for extent, _ in plans), dtype=np.float32)
        for backs in product(*[back for _, back in plans]):
            parts = [
                slice(back, min(size, back + extent))
                for back, size, extent in zip(backs, self.weights.shape, total.shape, strict=True)
            ]
            total[tuple(slice(0, part.stop - part.start) for part in parts)] += self.weights[tuple(parts)]
        if self._bytes + total.nbytes > KEPT_TOTALS:
            self._known.clear()
            self._bytes = 0
        self._known[key] = total
        self._bytes += total.nbytes
        return total


class Blend:
    """The sums of one answer (channels, …) that later tiles may still add to."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._tile = totals.weights.shape
        self._sum: FloatMap | None = None
        """Of the present tile: what the margins hold of it, and its own."""
        self._margins: list[FloatMap] = []
        """For each axis but the last: what lies beyond the next tile's first voxel along it, up to the end of the axes after it."""
        self._product: FloatMap | None = None

    def add(self, at: tuple[int, ...], answer: FloatMap) -> tuple[tuple[int, ...], FloatMap]:
        """Add the tile with the numbers ``at`` along the axes; tiles come row by row, the last axis quickest.

        Gives the first voxel of its block and the blended answer (channels, …) there, which is good until the next is added.
        """
        if self._sum is None:
            self._begin(len(answer))
        starts = tuple(axis[n] for axis, n in zip(self._totals.starts, at, strict=True))
        extents = tuple(self._totals.extent(axis, n) for axis, n in enumerate(at))
        known = [
            max(0, axis[n - 1] + size - first) if n else 0
            for axis, n, size, first in zip(self._totals.starts, at, self._tile, starts, strict=True)
        ]
        self._recall(starts, known)
        self._weigh(answer, known)
        self._keep(starts, extents)
        assert self._sum is not None, "just begun"
        block = self._sum[(slice(None), *(slice(0, extent) for extent in extents))]
        block /= self._totals.of(at)
        return starts, block

    def _begin(self, channels: int) -> None:
        totals, tile = self._totals, self._tile
        self._sum = np.zeros((channels, *tile), dtype=np.float32)
        for axis, size in enumerate(tile[:-1]):
            most = max(size - totals.extent(axis, n) for n in range(len(totals.starts[axis])))
            self._margins.append(np.zeros((channels, *tile[:axis], max(0, most), *totals.full[axis + 1 :]), np.float32))
        one = max(1, int(np.prod(tile)))
        self._product = np.empty((min(channels, max(1, AT_ONCE // one)), *tile), dtype=np.float32)

    def _recall(self, starts: tuple[int, ...], known: list[int]) -> None:
        """What earlier tiles gave to this one: of the one before along the last axis, else of the row before, and so on."""
        assert self._sum is not None, "begun"
        last = len(known) - 1
        size = self._tile[last]
        if known[last]:
            self._sum[..., : known[last]] = self._sum[..., size - known[last] :]
        fresh: list[slice] = [slice(known[last], size)]
        """Along the axes after ``axis``: what nobody has given anything to yet."""
        for axis in range(last - 1, -1, -1):
            if known[axis]:
                before = (slice(None),) * (axis + 1)
                after = [
                    slice(part.start + first, part.stop + first)
                    for part, first in zip(fresh, starts[axis + 1 :], strict=True)
                ]
                given = self._margins[axis][(*before, slice(0, known[axis]), *after)]
                self._sum[(*before, slice(0, known[axis]), *fresh)] = given
            fresh.insert(0, slice(known[axis], self._tile[axis]))

    def _weigh(self, answer: FloatMap, known: list[int]) -> None:
        """Add the weighted answer where something is known, put it where nothing is."""
        weights, total, product = self._totals.weights, self._sum, self._product
        assert total is not None, "begun"
        assert product is not None, "begun"
        fresh = tuple(slice(n, None) for n in known)
        for c in range(0, len(answer), len(product)):
            part = answer[c : c + len(product)]
            if not any(known):
                np.multiply(part, weights, out=total[c : c + len(part)])
                continue
            weighed = np.multiply(part, weights, out=product[: len(part)])
            total[(slice(c, c + len(part)), *fresh)] = 0
            total[c : c + len(part)] += weighed

    def _keep(self, starts: tuple[int, ...], extents: tuple[int, ...]) -> None:
        """Put aside what later rows of tiles add to; what the next tile adds to stays where it is."""
        assert self._sum is not None, "begun"
        for axis, margin in enumerate(self._margins):
            left = self._tile[axis] - extents[axis]
            if left > 0:
                before = (slice(None),) * (axis + 1)
                inside = [slice(0, extent) for extent in extents[axis + 1 :]]
                after = [
                    slice(first, first + extent)
                    for first, extent in zip(starts[axis + 1 :], extents[axis + 1 :], strict=True)
                ]
                margin[(*before, slice(0, left), *after)] = self._sum[(*before, slice(extents[axis], None), *inside)]
