"""The piece of a series on which a network is questioned: one slice, one tile, or the whole tensor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Provenance
from medview.core.problem import ExitCode, MedviewError
from medview.inference.course import STEP_NETWORK
from medview.inference.derived import ValueCollector
from medview.inference.feed import Feed
from medview.inference.manifest_steps import Tiling
from medview.inference.placement import Placement
from medview.inference.preprocess import Prepared
from medview.inference.run import provenance_of
from medview.inference.tiling import filled, tile_starts

AnyArray = NDArray[Any]
FloatMap = NDArray[np.float32]
Triple = tuple[float, float, float]

STEP_ASK = "explain"
"""Name of the step that progress speaks of while a network is asked again and again."""


@dataclass(frozen=True, eq=False)
class Field:
    """``prepared`` holds one row (1, b, c[, channels]) of a slice-by-slice network, else (a, b, c[, channels]).

    ``row``: which slice of the oriented grid that is. ``tiled``: it is one tile of many, and answers are its own alone.
    """

    prepared: Prepared
    row: int
    slicewise: bool
    tiled: bool = False

    @property
    def item(self) -> AnyArray:
        """What the network is given: (b, c[, channels]) or (a, b, c[, channels])."""
        return self.prepared.values[0] if self.slicewise else self.prepared.values

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial size of the item."""
        return self.prepared.placement.shape[1:] if self.slicewise else self.prepared.placement.shape

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """Voxel sizes in mm along each axis of the item; None for pictures."""
        mm = self.prepared.placement.spacing
        return None if mm is None else mm[1:] if self.slicewise else mm

    def onto_source(self, values: FloatMap, feed: Feed) -> FloatMap:
        """``values`` on the item's grid (its spatial shape) brought onto the series' (k, j, i); NaN beyond the field."""
        out = np.full(feed.volume.shape, np.nan, dtype=np.float32)
        self.add_to(out, values, self.prepared.placement, feed)
        return out

    def add_to(self, out: FloatMap, values: FloatMap, placement: Placement, feed: Feed) -> None:
        """Write ``values`` that lie as ``placement`` says into ``out``."""
        collector = ValueCollector(placement)
        collector.put(0, np.ascontiguousarray(values.reshape(placement.shape), dtype=np.float32))
        if self.slicewise:
            collector.onto_slices(feed.orientation.view(out)[self.row : self.row + 1])
        else:
            collector.onto_source(out, feed.course.silent)


def middle_of(shape: tuple[int, int, int]) -> Triple:
    """The voxel (k, j, i) in the middle."""
    k, j, i = ((size - 1) // 2 for size in shape)
    return (float(k), float(j), float(i))


def field_at(feed: Feed, voxel: Triple, tile: bool = True) -> Field:
    """What the network sees of the place ``voxel`` (k, j, i): its slice, with ``tile`` the tile around it, or everything.

    Raises MedviewError ``place_outside`` for a place beyond the series.
    """
    shape = np.asarray(feed.volume.shape)
    if np.any(np.asarray(voxel) < -0.5) or np.any(np.asarray(voxel) > shape - 0.5):
        said = ", ".join(f"{at:g}" for at in voxel)
        text = f"The place ({said}) lies outside of the series."
        raise MedviewError("place_outside", text, None, ExitCode.BAD_USE, (said,))
    matrix, offset = feed.orientation.oriented_to_source()
    oriented = np.linalg.inv(matrix) @ (np.asarray(voxel, dtype=np.float64) - offset)
    given = feed.manifest.input
    if not given.is_slicewise:
        _, prepared = next(iter(feed.pieces()))
        field = Field(prepared, 0, slicewise=False)
    else:
        row = int(np.clip(np.floor(oriented[0] + 0.5), 0, feed.source.rows - 1))
        if given.states:
            _see_until(feed, row)
        field = Field(_row(feed, row), row, slicewise=True)
    if given.tiling is None or not tile:
        return field
    inverse = np.linalg.inv(field.prepared.placement.matrix)
    start_row = oriented - np.array([field.row, 0, 0]) if field.slicewise else oriented
    if field.prepared.placement.depths is not None:
        start_row = oriented  # the even grid is a hair's breadth from it: the tile is only chosen by that
    centre = inverse @ (start_row - field.prepared.placement.offset)
    stride = getattr(feed.manifest.output, "stride", None) or (1,) * len(given.tiling.size)
    return _tile(field, centre[-len(given.tiling.size) :], given.tiling, stride)


def _see_until(feed: Feed, row: int) -> None:
    """Show a network that remembers all that comes before ``row``, as a run does; from then on its memory is held."""
    network, count = feed.network, 0
    if network.is_held:
        return
    for start, prepared in feed.pieces():
        for at, batch in feed.batches(prepared):
            if start + at >= row:
                network.is_held = True
                return
            feed.course.report(STEP_NETWORK, count, row)
            network.answers(batch, [None], feed.course.again)
            count += 1


def _row(feed: Feed, row: int) -> Prepared:
    """One slice prepared as a run prepares it."""
    if not feed.is_by_rows:
        for start, prepared in feed.pieces():
            if start <= row < start + len(prepared.values):
                at = row - start
                return prepared.rows(at, at + 1)
    return feed.prepared_rows(row, row + 1, feed.course.silent)


def _tile(field: Field, centre: AnyArray, tiling: Tiling, stride: Sequence[int]) -> Field:
    """Of the tiles that a run lays the one that has most to say at ``centre`` (tensor indices): its middle is nearest.

    A network's answer can differ from tile to tile, so no other tile would do.
    """
    first = 3 - len(tiling.size)
    whole = field.item
    padded, before = filled(whole, tiling, stride)
    start = []
    for axis, (tile, step) in enumerate(zip(tiling.size, stride, strict=True)):
        starts = tile_starts(padded.shape[axis], tile, tiling.overlap, tiling.placement, step)
        middle = float(centre[axis]) + before[axis]
        start.append(min(starts, key=lambda at, tile=tile, middle=middle: abs(at + (tile - 1) / 2 - middle)))  # type: ignore[misc]
    cut = padded[tuple(slice(at, at + tile) for at, tile in zip(start, tiling.size, strict=True))]
    offset = (*(0,) * first, *(at - low for at, low in zip(start, before, strict=True)))
    placement = field.prepared.placement.boxed(offset, (*(1,) * first, *tiling.size))
    values = cut[None] if field.slicewise else cut
    return replace(field, prepared=Prepared(np.ascontiguousarray(values), None, placement), tiled=True)


@dataclass(eq=False)
class ScopedFeed(Feed):
    """A feed of one field alone."""

    field: Field | None = None

    def pieces(self, looked_at: bool = False, in_parts: bool = False) -> Iterator[tuple[int, Prepared]]:  # noqa: ARG002 - there is one
        """The field, as the only piece."""
        assert self.field is not None, "made with one"
        yield self.field.row, self.field.prepared


def scoped(feed: Feed, field: Field) -> ScopedFeed:
    """``feed`` that gives ``field`` and nothing else."""
    return ScopedFeed(
        feed.request,
        feed.volume,
        feed.stack,
        feed.course,
        feed.network,
        feed.source,
        feed.orientation,
        feed.geometry,
        feed.device,
        feed.warnings,
        field=field,
    )


def provenance(feed: Feed) -> Provenance:
    """Which package was asked."""
    return provenance_of(feed.request, feed.volume, feed.stack, feed.device, feed.course.seconds)
