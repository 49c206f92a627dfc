"""Sliding windows: where tiles lie, how they are weighted, and the blend, in memory of one row of tiles.

Placement and weights follow MONAI (``dense_patch_slices``, ``compute_importance_map``) and nnU-Net v2
(``compute_steps_for_sliding_window``, ``compute_gaussian``), so that a network answers here as it does there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.inference.manifest_steps import Tiling

AnyArray = NDArray[Any]
FloatMap = NDArray[np.float32]

MONAI_FLOOR = 1e-3


def tile_starts(size: int, tile: int, overlap: float, placement: str, stride: int = 1) -> list[int]:
    """First voxel of each tile along an axis of ``size`` >= ``tile`` voxels, on multiples of ``stride``."""
    if placement == "nnunet":
        target = tile * (1 - overlap)
        count = math.ceil((size - tile) / target) + 1 if size > tile else 1
        step = (size - tile) / (count - 1) if count > 1 else 0.0
        starts = [int(np.round(step * n)) for n in range(count)]
    else:
        step_size = tile if tile == size else max(1, int(tile * (1 - overlap)))
        step_size = max(stride, step_size // stride * stride)
        count = next(n for n in range(math.ceil(size / step_size) + 1) if n * step_size + tile >= size) + 1
        starts = [min(n * step_size, size - tile) for n in range(count)]
    return sorted({start // stride * stride for start in starts})


def tile_weights(size: Sequence[int], tiling: Tiling) -> FloatMap:
    """The weight of each voxel of a tile, float32."""
    if tiling.weights == "constant":
        return np.ones(tuple(size), dtype=np.float32)
    weights = np.ones((), dtype=np.float64)
    for length in size:
        # MONAI's bell stands between the voxels of an even size, nnU-Net's on voxel n // 2.
        middle = (length - 1) / 2 if tiling.placement == "monai" else length // 2
        x = np.arange(length, dtype=np.float64) - middle
        weights = np.multiply.outer(weights, np.exp(-(x**2) / (2 * (tiling.sigma * length) ** 2)))
    if tiling.placement == "nnunet":
        weights = weights / weights.max()
    out = weights.astype(np.float32)
    smallest = float(out[out > 0].min())
    floor = max(smallest, MONAI_FLOOR) if tiling.placement == "monai" else smallest
    return np.maximum(out, np.float32(floor))


Stride = int | Fraction
"""Voxels of the tensor for one of the answer along an axis: 2 where the answer is coarser, 1/2 where it is finer."""

RunTiles = Callable[[AnyArray], FloatMap]
"""Tiles (n, spatial…[, 3]) to answers (n, channels, spatial…)."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """Some tiles that are asked about at once: their first voxels, how many were cut by then, the rows that nothing is added
    to afterwards (None: more of the same rows follow).
    """

    corners: tuple[tuple[int, ...], ...]
    done: int
    finished: int | None


class Sliding:
    """A window that slides over ``values`` (spatial…[, 3]): :meth:`tiles` cuts, :meth:`add` blends, in the same order.

    ``on_rows(first, rows)`` gets finished rows in order: (channels, n, …) of the answer's grid, which is coarser (or finer)
    by ``stride``; the array is used again after. Tiles may be cut ahead of what was added.
    """

    def __init__(
        self,
        values: AnyArray,
        tiling: Tiling,
        stride: Sequence[Stride],
        on_rows: Callable[[int, FloatMap], None],
    ) -> None:
        dimensions = len(tiling.size)
        shape = values.shape[:dimensions]
        if any(tile % s for tile, s in zip(tiling.size, stride, strict=True)):
            text = "input.tiling.size must be a multiple of output.stride."
            raise MedviewError("manifest_invalid", text, None, ExitCode.MODEL_UNUSABLE)
        grain = [max(1, int(s)) for s in stride]
        self._tiling, self._stride = tiling, stride
        self._padded, before = filled(values, tiling, grain)
        self._full = self._padded.shape[:dimensions]
        self._starts = [
            tile_starts(size, tile, tiling.overlap, tiling.placement, s)
            for size, tile, s in zip(self._full, tiling.size, grain, strict=True)
        ]
        self.total = math.prod(len(axis) for axis in self._starts)
        kept = _kept(shape, before, stride)
        self.rows = kept[0].stop - kept[0].start
        weights = tile_weights([tile // s for tile, s in zip(tiling.size, stride, strict=True)], tiling)
        self._blend = _Blend(
            weights,
            [size // s for size, s in zip(self._full, stride, strict=True)],
            kept,
            on_rows,
        )

    def tiles(self) -> Iterator[tuple[Tiles, AnyArray]]:
        """All tiles, as many at once as the manifest says, row of tiles by row."""
        done = 0
        for n, first in enumerate(self._starts[0]):
            corners = [(first, *rest) for rest in product(*self._starts[1:])]
            after = self._full[0] if n + 1 == len(self._starts[0]) else self._starts[0][n + 1]
            for at in range(0, len(corners), self._tiling.batch):
                part = corners[at : at + self._tiling.batch]
                cut = [
                    self._padded[tuple(slice(c, c + tile) for c, tile in zip(corner, self._tiling.size, strict=True))]
                    for corner in part
                ]
                done += len(part)
                finished = after // self._stride[0] if at + len(part) == len(corners) else None
                yield Tiles(tuple(part), done, finished), np.stack(cut) if len(cut) > 1 else cut[0][None]

    def add(self, tiles: Tiles, answers: FloatMap) -> None:
        """The answers (n, channels, spatial…) to ``tiles``."""
        for corner, answer in zip(tiles.corners, answers, strict=True):
            self._blend.add([c // s for c, s in zip(corner, self._stride, strict=True)], answer)
        if tiles.finished is not None:
            self._blend.finish(tiles.finished)


def slide(
    values: AnyArray,
    tiling: Tiling,
    stride: Sequence[Stride],
    run: RunTiles,
    on_rows: Callable[[int, FloatMap], None],
    progress: Callable[[int, int], None],
) -> None:
    """Run tiles over ``values`` one after the other and blend (:class:`Sliding`)."""
    sliding = Sliding(values, tiling, stride, on_rows)
    progress(0, sliding.total)
    for tiles, cut in sliding.tiles():
        sliding.add(tiles, run(cut))
        progress(tiles.done, sliding.total)


def cut_tiles(values: AnyArray, tiling: Tiling) -> list[tuple[tuple[int, ...], AnyArray]]:
    """Tiles of ``values`` (spatial…[, 3]) and the voxel that each begins at, for answers that cannot be blended.

    Where the image is smaller than a tile that voxel lies before it.
    """
    padded, before = filled(values, tiling, (1,) * len(tiling.size))
    starts = [
        tile_starts(size, tile, tiling.overlap, tiling.placement)
        for size, tile in zip(padded.shape, tiling.size, strict=False)
    ]
    return [
        (
            tuple(c - b for c, b in zip(corner, before, strict=True)),
            padded[tuple(slice(c, c + tile) for c, tile in zip(corner, tiling.size, strict=True))],
        )
        for corner in product(*starts)
    ]


def filled(values: AnyArray, tiling: Tiling, stride: Sequence[int]) -> tuple[AnyArray, list[int]]:
    """``values`` filled on both sides to at least a tile, and at the end to a multiple of the stride."""
    width, before = [], []
    for size, tile, s in zip(values.shape, tiling.size, stride, strict=False):
        missing = max(0, tile - size)
        low = missing // 2 // s * s
        rest = -(size + missing) % s
        width.append((low, missing - low + rest))
        before.append(low)
    if not any(low or high for low, high in width):
        return values, before
    fill = float(values.min()) if tiling.fill == "minimum" else tiling.fill
    width += [(0, 0)] * (values.ndim - len(width))
    return np.pad(values, width, constant_values=values.dtype.type(fill)), before


def _kept(shape: Sequence[int], before: Sequence[int], stride: Sequence[Stride]) -> list[slice]:
    """The part of the answer's grid that belongs to the image."""
    return [slice(b // s, b // s + -(-n // s)) for n, b, s in zip(shape, before, stride, strict=True)]


class _Blend:
    """The rows that later tiles may still add to."""

    def __init__(
        self, weights: FloatMap, full: Sequence[int], kept: Sequence[slice], on_rows: Callable[[int, FloatMap], None]
    ) -> None:
        self._weights = weights
        self._kept = kept
        self._on_rows = on_rows
        self._rows = weights.shape[0]
        self._rest = tuple(full[1:])
        self._total: FloatMap = np.zeros((self._rows, *self._rest), dtype=np.float32)
        self._sum: FloatMap | None = None
        self._product: FloatMap | None = None
        self._first = 0

    def add(self, corner: Sequence[int], answer: FloatMap) -> None:
        if self._sum is None or self._product is None:
            self._sum = np.zeros((answer.shape[0], self._rows, *self._rest), dtype=np.float32)
            self._product = np.empty(answer.shape, dtype=np.float32)
        place = tuple(slice(c, c + n) for c, n in zip(corner[1:], self._weights.shape[1:], strict=True))
        np.multiply(answer, self._weights, out=self._product)
        self._sum[(slice(None), slice(None), *place)] += self._product
        self._total[(slice(None), *place)] += self._weights

    def finish(self, until: int) -> None:
        """No tile will add to rows before ``until`` any more."""
        count = until - self._first
        assert self._sum is not None, "a tile has been added"
        ready = self._sum[:, :count]
        ready /= self._total[:count]
        low, high = max(self._first, self._kept[0].start), min(until, self._kept[0].stop)
        if high > low:
            rows = ready[(slice(None), slice(low - self._first, high - self._first), *self._kept[1:])]
            self._on_rows(low - self._kept[0].start, rows)
        left = self._rows - count
        for array, axis in ((self._sum, 1), (self._total, 0)):
            moved = np.moveaxis(array, axis, 0)
            moved[:left] = moved[count:].copy()
            moved[left:] = 0
        self._first = until
