"""Weighted tiles added up where they overlap; what no later tile touches is given away at once, block by block.

The block of a tile is what lies before the next tile along every axis: when tiles come row by row, the last axis quickest, nobody
adds to it after that tile. What is left is a margin along each axis, so that the memory is that of margins, not of the volume.
Where the last tiles along the first axis overlap by more than half (MONAI moves the last one back) they count as one tall tile.
Of one slice all is summed and given away at once (:class:`Whole`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.kernels.tiles import weigh

FloatMap = NDArray[np.float32]

KEPT_TOTALS = 8 << 20
"""Bytes of sums of weights that are kept: most tiles lie to their neighbours as others do."""


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

    @cached_property
    def whole(self) -> FloatMap:
        """Of all blocks together."""
        total = np.empty(self.full, dtype=np.float32)
        for at in product(*(range(len(axis)) for axis in self.parts)):
            parts = [axis[n] for axis, n in zip(self.parts, at, strict=True)]
            total[tuple(slice(part.start, part.start + part.extent) for part in parts)] = self.of(at)
        return total


class Blend:
    """The sums of one answer (channels, a, b, c) that later tiles may still add to."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._tile = totals.weights.shape
        self._sum: FloatMap | None = None
        """Of the present parts: what the margins hold of it, and its own."""
        self._margins: list[FloatMap] = []
        """For each axis but the last: what lies beyond the next part's first voxel along it, up to the end of the axes after it."""

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
            weigh(self._sum, answer, self._totals.weights, (offset, 0, 0), self._tile)
            if member + 1 < len(parts[0].starts):
                return None
        else:
            weigh(self._sum, answer, self._totals.weights, (0, 0, 0), known)
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


class Whole:
    """The sums of the answer (channels, b, c) to one slice, which is given away when all its tiles are there."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._weights = totals.weights[None]
        self._sum: FloatMap | None = None
        self._is_tall = any(len(part.starts) > 1 for part in totals.parts[0])
        self._last = (tuple(len(axis) - 1 for axis in totals.parts), len(totals.parts[0][-1].starts) - 1)
        self._places: dict[Any, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        """Of each tile: where it begins, and from where on nothing is known before it."""

    def add(self, at: tuple[int, ...], member: int, answer: FloatMap) -> tuple[tuple[int, ...], FloatMap] | None:
        """As :meth:`Blend.add`; the block is the whole answer, with its last tile."""
        if self._sum is None:
            self._sum = np.empty((len(answer), 1, *self._totals.full), dtype=np.float32)
        place = self._places.get((at, member))
        if place is None:
            place = self._places[at, member] = self._place(at, member)
        if self._is_tall and not member and not any(at):
            self._sum[...] = 0
        weigh(self._sum, answer[:, None], self._weights, *place)
        if (at, member) != self._last:
            return None
        block = self._sum[:, 0]
        block /= self._totals.whole
        return (0,) * len(at), block

    def _place(self, at: tuple[int, ...], member: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        totals = self._totals
        first = [axis[n].start for axis, n in zip(totals.parts, at, strict=True)]
        if self._is_tall:
            # What is known of a tall part is not what is known of each of its tiles: all of them add to zeros.
            first[0] = totals.parts[0][at[0]].starts[member]
            return (0, *first), self._weights.shape
        return (0, *first), (0, *(axis[n] for axis, n in zip(totals.known, at, strict=True)))
