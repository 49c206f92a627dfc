"""Weighted tiles added up where they overlap; what no later tile touches is given away at once, block by block.

The block of a tile is what lies before the next tile along every axis: when tiles come row by row, the last axis quickest, nobody
adds to it after that tile. What is left is a margin along each axis, so that the memory is that of margins, not of the volume.
Where the last tiles along the first axis overlap by more than half (MONAI moves the last one back) they count as one tall tile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatMap = NDArray[np.float32]

KEPT_TOTALS = 8 << 20
"""Bytes of sums of weights that are kept: most tiles lie to their neighbours as others do."""
AT_ONCE = 1 << 18
"""Values that are weighted at once, so that they are still near when they are added."""


@dataclass(frozen=True, slots=True)
class Part:
    """One tile along an axis, or some that count as one: their first voxels, all that they cover, what lies before the next part."""

    starts: tuple[int, ...]
    span: int
    extent: int

    @property
    def start(self) -> int:
        """The first voxel."""
        return self.starts[0]


def parts_along(starts: Sequence[int], size: int, full: int, joined: bool) -> list[Part]:
    """Tiles of ``size`` as parts of an axis of ``full`` voxels; ``joined``: the last two are one where one covers most of the other."""
    groups: list[tuple[int, ...]] = [(start,) for start in starts]
    if joined and len(starts) > 1 and starts[-1] - starts[-2] < size / 2:
        regular = len(starts) > 2 and starts[1] - starts[0] < size / 2
        if not regular:
            groups[-2:] = [(starts[-2], starts[-1])]
    firsts = [*(group[0] for group in groups), full]
    return [Part(group, group[-1] + size - group[0], firsts[n + 1] - group[0]) for n, group in enumerate(groups)]


def _plan(axis: Sequence[Part], n: int, size: int) -> tuple[int, tuple[tuple[int, ...], ...]]:
    """The extent of a part's block, and how far before it the tiles of ``size`` voxels begin that give to it, part by part."""
    part = axis[n]
    near = [tuple(part.start - first for first in one.starts if first + size > part.start) for one in axis[: n + 1]]
    return part.extent, tuple(offsets for offsets in near if offsets)


class Totals:
    """The sum of the weights on each block, the same for every answer that is tiled alike."""

    def __init__(self, weights: FloatMap, starts: Sequence[Sequence[int]], full: Sequence[int]) -> None:
        """``starts``: of the tiles along each axis; ``full``: the size of all; both in voxels of the answer."""
        self.weights = weights
        self.full = tuple(full)
        self.parts = [
            parts_along(axis, size, whole, joined=not n)
            for n, (axis, size, whole) in enumerate(zip(starts, weights.shape, full, strict=True))
        ]
        self.known = [
            [max(0, axis[n - 1].start + axis[n - 1].span - part.start) if n else 0 for n, part in enumerate(axis)]
            for axis in self.parts
        ]
        """For each part along each axis: how many of its first voxels the part before it has given to."""
        self._plans = [
            [_plan(axis, n, size) for n in range(len(axis))]
            for axis, size in zip(self.parts, weights.shape, strict=True)
        ]
        self._known: dict[Any, FloatMap] = {}
        self._bytes = 0

    def of(self, at: Sequence[int]) -> FloatMap:
        """For the block of the parts with these numbers, summed in the order in which answers are: what is the same in all tiles stays
        exactly what it is.
        """
        key = plans = tuple(axis[n] for axis, n in zip(self._plans, at, strict=True))
        known = self._known.get(key)
        if known is not None:
            return known
        total = np.zeros(tuple(extent for extent, _ in plans), dtype=np.float32)
        members = (offsets for parts in product(*[over for _, over in plans]) for offsets in product(*parts))
        for offsets in members:
            given, place = [], []
            for offset, size, extent in zip(offsets, self.weights.shape, total.shape, strict=True):
                low, high = max(0, -offset), min(extent, size - offset)
                place.append(slice(low, high))
                given.append(slice(low + offset, high + offset))
            total[tuple(place)] += self.weights[tuple(given)]
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
        """Of the present parts: what the margins hold of it, and its own."""
        self._margins: list[FloatMap] = []
        """For each axis but the last: what lies beyond the next part's first voxel along it, up to the end of the axes after it."""
        self._product: FloatMap | None = None

    def add(self, at: tuple[int, ...], member: int, answer: FloatMap) -> tuple[tuple[int, ...], FloatMap] | None:
        """Add a tile: number ``member`` of the parts with the numbers ``at``, which come row by row, the last axis quickest.

        Once all members are there, gives the first voxel of their block and the blended answer (channels, …) there, which is good
        until the next is added.
        """
        if self._sum is None:
            self._begin(len(answer))
        assert self._sum is not None, "just begun"
        parts = [axis[n] for axis, n in zip(self._totals.parts, at, strict=True)]
        known = [axis[n] for axis, n in zip(self._totals.known, at, strict=True)]
        spans = tuple(part.span for part in parts)
        here = self._sum[:, : spans[0]]
        if not member:
            self._recall(here, parts, known)
        if len(parts[0].starts) > 1:
            if not member:
                here[(slice(None), *(slice(n, None) for n in known))] = 0
            offset = parts[0].starts[member] - parts[0].start
            self._weigh(here[:, offset : offset + self._tile[0]], answer, None)
            if member + 1 < len(parts[0].starts):
                return None
        else:
            self._weigh(here, answer, known)
        self._keep(here, parts)
        block = here[(slice(None), *(slice(0, part.extent) for part in parts))]
        block /= self._totals.of(at)
        return tuple(part.start for part in parts), block

    def _begin(self, channels: int) -> None:
        totals, tile = self._totals, self._tile
        most = [max(part.span for part in axis) for axis in totals.parts]
        self._sum = np.zeros((channels, *most), dtype=np.float32)
        for axis in range(len(tile) - 1):
            left = max(part.span - part.extent for part in totals.parts[axis])
            self._margins.append(np.zeros((channels, *most[:axis], max(0, left), *totals.full[axis + 1 :]), np.float32))
        row = max(1, int(np.prod(tile[1:])))
        self._product = np.empty((max(1, min(tile[0], AT_ONCE // row)), *tile[1:]), dtype=np.float32)

    def _recall(self, here: FloatMap, parts: Sequence[Part], known: list[int]) -> None:
        """What earlier tiles gave to this one: of the one before along the last axis, else of the row before, and so on."""
        last = len(known) - 1
        size = self._tile[last]
        if known[last]:
            here[..., : known[last]] = here[..., size - known[last] :]
        fresh: list[slice] = [slice(known[last], size)]
        """Along the axes after ``axis``: what nobody has given anything to yet."""
        for axis in range(last - 1, -1, -1):
            if known[axis]:
                before = (slice(None), *(slice(0, part.span) for part in parts[:axis]))
                after = [
                    slice(some.start + part.start, some.stop + part.start)
                    for some, part in zip(fresh, parts[axis + 1 :], strict=True)
                ]
                given = self._margins[axis][(*before, slice(0, known[axis]), *after)]
                here[(*before, slice(0, known[axis]), *fresh)] = given
            fresh.insert(0, slice(known[axis], parts[axis].span))

    def _weigh(self, total: FloatMap, answer: FloatMap, known: list[int] | None) -> None:
        """Add the weighted answer, or put it where nothing is ``known`` yet."""
        weights, product = self._totals.weights, self._product
        assert product is not None, "begun"
        if known is not None and not any(known):
            np.multiply(answer, weights, out=total)
            return
        if known is not None:
            total[(slice(None), *(slice(n, None) for n in known))] = 0
        for to, given in zip(total, answer, strict=True):
            for low in range(0, len(given), len(product)):
                some = slice(low, low + len(product))
                weighed = np.multiply(given[some], weights[some], out=product[: len(given[some])])
                to[some] += weighed

    def _keep(self, here: FloatMap, parts: Sequence[Part]) -> None:
        """Put aside what later rows of tiles add to; what the next tile adds to stays where it is."""
        for axis, margin in enumerate(self._margins):
            part = parts[axis]
            if part.span > part.extent:
                before = (slice(None), *(slice(0, one.span) for one in parts[:axis]))
                inside = [slice(0, one.extent) for one in parts[axis + 1 :]]
                after = [slice(one.start, one.start + one.extent) for one in parts[axis + 1 :]]
                margin[(*before, slice(0, part.span - part.extent), *after)] = here[
                    (*before, slice(part.extent, part.span), *inside)
                ]
