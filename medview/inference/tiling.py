"""Sliding windows: where tiles lie and how they are weighted; what is cut, and who gets what is blended (:mod:`.blending`).

Placement and weights follow MONAI (``dense_patch_slices``, ``compute_importance_map``) and nnU-Net v2
(``compute_steps_for_sliding_window``, ``compute_gaussian``), so that a network answers here as it does there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.inference.blending import Blend, Totals, Whole
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


class Cut(Protocol):
    """What tiles are cut from: an array, or something that makes the values of a box when it is asked."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(spatial…[, 3])."""
        ...

    def __getitem__(self, box: Any, /) -> AnyArray: ...


@dataclass(frozen=True, slots=True)
class Tiles:
    """Some tiles that are asked about at once: their numbers along each axis and which member of a tall tile each is, how many
    were cut by then, the rows that nothing is added to afterwards (None: more of the same rows follow), and ``unneeded``: the first
    row that they or later ones cover, the first that later rows of tiles do, and the first line of what comes before that one.
    """

    at: tuple[tuple[tuple[int, ...], int], ...]
    done: int
    finished: int | None
    unneeded: tuple[int, int, int] = (0, 0, 0)


Step = tuple[Tiles, list[tuple[slice, ...]]]
"""Some tiles, and the voxels that each of them covers."""


class Receives(Protocol):
    """Who gets what is blended."""

    def block(self, first: tuple[int, ...], values: FloatMap) -> None:
        """A box (channels, …) of the answer from voxel ``first`` on; the array is used again after."""
        ...

    def rows_until(self, row: int) -> None:
        """All blocks of the rows before ``row`` were given."""
        ...


class Window:
    """How tiles lie on values of one shape, and how their answers are blended; slices of one shape share it."""

    def __init__(self, shape: Sequence[int], tiling: Tiling, stride: Sequence[Stride]) -> None:
        """``stride``: voxels of the values for one of the answer, along each axis."""
        if any(tile % s for tile, s in zip(tiling.size, stride, strict=True)):
            text = "input.tiling.size must be a multiple of output.stride."
            raise MedviewError("manifest_invalid", text, None, ExitCode.MODEL_UNUSABLE)
        self.tiling = tiling
        self.shape = tuple(shape)
        self._stride = tuple(stride)
        self.grain = [max(1, int(s)) for s in stride]
        self.filling = filling(self.shape, tiling, self.grain)
        full = [size + low + high for size, (low, high) in zip(self.shape, self.filling, strict=True)]
        self.starts = [
            tile_starts(size, tile, tiling.overlap, tiling.placement, s)
            for size, tile, s in zip(full, tiling.size, self.grain, strict=True)
        ]
        self.total = math.prod(len(axis) for axis in self.starts)
        before = [low for low, _ in self.filling]
        self.kept = [slice(b // s, b // s + -(-n // s)) for n, b, s in zip(self.shape, before, stride, strict=True)]
        """The part of the answer's grid that belongs to the values."""
        weights = tile_weights([tile // s for tile, s in zip(tiling.size, stride, strict=True)], tiling)
        starts = [[first // s for first in axis] for axis, s in zip(self.starts, stride, strict=True)]
        self.totals = Totals(weights, starts, [size // s for size, s in zip(full, stride, strict=True)])
        self.is_slice = len(self.shape) < 3
        """Its answer is given away when it is whole: a slice is small."""
        self.blend: Blend | Whole = Whole(self.totals) if self.is_slice else Blend(self.totals)
        self._known: list[Step] = []

    def fits(self, shape: Sequence[int], stride: Sequence[Stride]) -> bool:
        """Whether values of a shape are seen through it."""
        return self.shape == tuple(shape) and self._stride == tuple(stride)

    def steps(self) -> Iterator[Step]:
        """All tiles, as many at once as the manifest says, row of tiles by row, and what each covers."""
        if not self.is_slice:
            return self._steps()
        # What is found for one slice holds for all.
        self._known = self._known or list(self._steps())
        return iter(self._known)

    def _steps(self) -> Iterator[Step]:
        size, batch, done = self.tiling.size, self.tiling.batch, 0
        parts = self.totals.parts[0]
        first_tile = 0
        for n, tall in enumerate(parts):
            members = self.starts[0][first_tile : first_tile + len(tall.starts)]
            first_tile += len(members)
            row = [
                ((n, *rest), member)
                for rest in product(*(range(len(axis)) for axis in self.starts[1:]))
                for member in range(len(members))
            ]
            end = self.answer_shape[0]
            if n + 1 < len(parts):
                end = min(end, parts[n + 1].start - self.kept[0].start)
            for start in range(0, len(row), batch):
                part = row[start : start + batch]
                corners = [
                    (members[member], *(axis[one] for axis, one in zip(self.starts[1:], at[1:], strict=True)))
                    for at, member in part
                ]
                boxes = [
                    tuple(slice(low, low + tile) for low, tile in zip(corner, size, strict=True)) for corner in corners
                ]
                done += len(part)
                is_over = done == self.total if self.is_slice else start + len(part) == len(row)
                finished = end if is_over else None
                later = self.starts[0][first_tile] if n + 1 < len(parts) else self.shape[0] + self.filling[0][0]
                yield Tiles(tuple(part), done, finished, (members[0], later, corners[0][1])), boxes

    @property
    def answer_shape(self) -> tuple[int, ...]:
        """Of the blended answer, without its channels."""
        return tuple(part.stop - part.start for part in self.kept)


class Sliding:
    """A window that slides over ``values`` (spatial…[, 3]): :meth:`tiles` cuts, :meth:`add` blends, in the same order.

    Tiles may be cut ahead of what was added.
    """

    def __init__(
        self, values: Cut, window: Window, receives: Receives, forget: Callable[[int, int, int], None] | None = None
    ) -> None:
        """``forget`` is told what of the values will not be cut any more: ``unneeded`` of :class:`Tiles`."""
        self.window = window
        self._forget = forget
        self._values = values
        self._receives = receives
        self._filled = _Filled(values, window) if any(low or high for low, high in window.filling) else None

    def tiles(self) -> Iterator[tuple[Tiles, AnyArray]]:
        """All tiles, as many at once as the manifest says, row of tiles by row."""
        values: Cut = self._values if self._filled is None else self._filled
        for tiles, boxes in self.window.steps():
            if self._forget is not None:
                (before, _), (left, _), *_ = self.window.filling
                row, later, line = tiles.unneeded
                self._forget(row - before, later - before, line - left)
            cut = [values[box] for box in boxes]
            yield tiles, np.stack(cut) if len(cut) > 1 else cut[0][None]

    def add(self, tiles: Tiles, answers: FloatMap) -> None:
        """The answers (n, channels, spatial…) to ``tiles``."""
        for (at, member), answer in zip(tiles.at, answers, strict=True):
            made = self.window.blend.add(at, member, answer)
            if made is None:
                continue
            first, block = made
            lows, inside = [], []
            for start, size, kept in zip(first, block.shape[1:], self.window.kept, strict=True):
                low, high = max(start, kept.start), min(start + size, kept.stop)
                lows.append(low - kept.start)
                inside.append(slice(low - start, max(low, high) - start))
            if all(part.stop > part.start for part in inside):
                self._receives.block(tuple(lows), block[(slice(None), *inside)])
        if tiles.finished is not None and tiles.finished > 0:
            self._receives.rows_until(tiles.finished)


class Rows:
    """Blocks put together to the rows (channels, n, …) of an answer: ``on_rows(first, rows)``, whose array is used again after."""

    def __init__(self, shape: Sequence[int], on_rows: Callable[[int, FloatMap], None], at_once: int) -> None:
        """``shape`` of the answer without its channels; at most ``at_once`` rows are finished together."""
        self._shape = (min(at_once, shape[0]), *shape[1:])
        self._on_rows = on_rows
        self._rows: FloatMap | None = None
        self._first = 0

    def block(self, first: tuple[int, ...], values: FloatMap) -> None:
        if self._rows is None:
            self._rows = np.empty((len(values), *self._shape), dtype=np.float32)
        place = (first[0] - self._first, *first[1:])
        box = tuple(slice(low, low + size) for low, size in zip(place, values.shape[1:], strict=True))
        self._rows[(slice(None), *box)] = values

    def rows_until(self, row: int) -> None:
        if row > self._first:
            assert self._rows is not None, "a block has been given"
            self._on_rows(self._first, self._rows[:, : row - self._first])
            self._first = row


class OneSlice:
    """The answer to a slice, which comes in one block: ``on_slice(values)`` (channels, …), whose array is used again after."""

    def __init__(self, on_slice: Callable[[FloatMap], None]) -> None:
        self._on_slice = on_slice
        self._values: FloatMap | None = None

    def block(self, _first: tuple[int, ...], values: FloatMap) -> None:
        self._values = values

    def rows_until(self, _row: int) -> None:
        assert self._values is not None, "the block has been given"
        self._on_slice(self._values)


def most_rows(window: Window) -> int:
    """How many rows of an answer are finished together, at most."""
    if window.is_slice:
        return window.answer_shape[0]
    return max(part.extent for part in window.totals.parts[0])


def slide(
    values: AnyArray,
    tiling: Tiling,
    stride: Sequence[Stride],
    run: RunTiles,
    on_rows: Callable[[int, FloatMap], None],
    progress: Callable[[int, int], None],
) -> None:
    """Run tiles over ``values`` one after the other and blend (:class:`Sliding`)."""
    window = Window(values.shape[: len(tiling.size)], tiling, stride)
    sliding = Sliding(values, window, Rows(window.answer_shape, on_rows, most_rows(window)))
    progress(0, window.total)
    for tiles, cut in sliding.tiles():
        sliding.add(tiles, run(cut))
        progress(tiles.done, window.total)


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


def filling(shape: Sequence[int], tiling: Tiling, stride: Sequence[int]) -> list[tuple[int, int]]:
    """How many voxels are filled before and after along each axis: to at least a tile, and at the end to a multiple of the stride."""
    width = []
    for size, tile, s in zip(shape, tiling.size, stride, strict=False):
        missing = max(0, tile - size)
        low = missing // 2 // s * s
        width.append((low, missing - low + -(size + missing) % s))
    return width


def filled(values: AnyArray, tiling: Tiling, stride: Sequence[int]) -> tuple[AnyArray, list[int]]:
    """``values`` filled as :func:`filling` says, and how many voxels before along each axis."""
    width = filling(values.shape, tiling, stride)
    before = [low for low, _ in width]
    if not any(low or high for low, high in width):
        return values, before
    width += [(0, 0)] * (values.ndim - len(width))
    if tiling.fill == "edge":
        return np.pad(values, width, mode="edge"), before
    fill = float(values.min()) if tiling.fill == "minimum" else tiling.fill
    return np.pad(values, width, constant_values=values.dtype.type(fill)), before


class _Filled:
    """Values with what is filled around them, which is never laid out as a whole."""

    def __init__(self, values: Cut, window: Window) -> None:
        self._values, self._filling = values, window.filling
        rest = values.shape[len(window.shape) :]
        full = [size + low + high for size, (low, high) in zip(window.shape, window.filling, strict=True)]
        self.shape = (*full, *rest)
        self._fill = window.tiling.fill
        if self._fill == "minimum":
            self._fill = float(values[...].min())

    def __getitem__(self, box: tuple[slice, ...]) -> AnyArray:
        inside, width = [], []
        for part, (low, _), size in zip(box, self._filling, self._values.shape, strict=False):
            start, stop = max(0, part.start - low), min(size, part.stop - low)
            inside.append(slice(start, stop))
            width.append((start - (part.start - low), part.stop - low - stop))
        cut = self._values[tuple(inside)]
        width += [(0, 0)] * (cut.ndim - len(width))
        if self._fill == "edge":
            return np.pad(cut, width, mode="edge")
        return np.pad(cut, width, constant_values=cut.dtype.type(self._fill))
