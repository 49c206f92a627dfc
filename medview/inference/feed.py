"""A series on its way into a network: prepared in pieces, given in batches or tiles, the raw answers handed on in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.heap import Trimming, give_back_free, let_go_of_compiler
from medview.core.problem import Note
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.channels import SeriesTogether
from medview.inference.course import STEP_NETWORK, STEP_PREPARE, STEP_RESTORE, Course
from medview.inference.manifest import Input, Manifest
from medview.inference.network import Network
from medview.inference.on_demand import OnDemand, prepared_on_demand
from medview.inference.onlooker import Onlooker, Telling, looked_at_first
from medview.inference.placement import Orientation, Placement
from medview.inference.preprocess import Prepared, by_rows, needs_whole_series, run_steps, with_neighbours
from medview.inference.request import InferenceRequest
from medview.inference.segmentation import OutputWatch
from medview.inference.settled import Piece
from medview.inference.source_values import ROWS_AT_ONCE, SourceValues
from medview.inference.tiling import OneSlice, Receives, Rows, Sliding, Stride, Tiles, Window, most_rows

FloatMap = NDArray[np.float32]
Values = SourceValues | SeriesTogether


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets the answers to a piece of the series: ``take(first, rows)`` raw (channels, n, b, c), then ``done``."""

    take: Callable[[int, FloatMap], None]
    done: Callable[[], None]
    blocks: Receives | None = None
    """Of a volume in tiles: who gets the blocks of the answer as they are, instead of ``take``."""

    @classmethod
    def nobody(cls) -> Receiver:
        """Before the first piece."""
        return cls(lambda _first, _rows: None, lambda: None)


class _Answer:
    """What is blended of a volume, or of one slice, on its way to who gets it: blocks as they come, or rows, or the slice when it is whole."""

    def __init__(self, window: Window, row: int | None) -> None:
        self._window = window
        self._row = row
        self._takes: Receives | None = None
        self._receiver = Receiver.nobody()
        self._course: Course | None = None

    def begin(self, receiver: Receiver, course: Course) -> None:
        """Before each answer: who gets it."""
        if self._takes is not None:
            return
        self._receiver, self._course = receiver, course
        shape, row = self._window.answer_shape, self._row
        if row is not None:
            # Nothing that holds itself: memory would be given back when the collector of cycles comes by.
            self._takes = OneSlice(lambda values: receiver.take(row, values[:, None]))
        elif receiver.blocks is not None:
            self._takes = receiver.blocks
        else:
            self._takes = Rows(shape, receiver.take, most_rows(self._window))

    def block(self, first: tuple[int, ...], values: FloatMap) -> None:
        assert self._takes is not None, "begun before the first answer"
        assert self._course is not None, "begun before the first answer"
        if self._receiver.blocks is not None and self._row is None:
            with self._course.timed(STEP_RESTORE):
                self._takes.block(first, values)
        else:
            self._takes.block(first, values)

    def rows_until(self, row: int) -> None:
        assert self._takes is not None, "begun before the first answer"
        assert self._course is not None, "begun before the first answer"
        with self._course.timed(STEP_RESTORE):
            self._takes.rows_until(row)


NO_TILES = Tiles((), 0, None)


@dataclass(frozen=True, slots=True)
class _Item:
    """What is asked at once, and where it belongs: the piece, the first of ``rows`` slices in it, tiles of them."""

    start: int
    prepared: Prepared
    at: int
    rows: int
    is_last: bool
    sliding: Sliding | None = None
    tiles: Tiles = NO_TILES
    goes_to: _Answer | None = None


@dataclass(eq=False)
class Feed:
    """One series, seen as a package wants it, before its open network."""

    request: InferenceRequest
    volume: Volume
    stack: Stack
    course: Course
    network: Network
    source: Values
    orientation: Orientation
    geometry: Geometry | None
    device: str = ""
    """What really runs the network."""
    warnings: list[Note] = field(default_factory=list)
    """What is worth saying of series, device and network."""
    onlooker: Onlooker | None = None

    @property
    def manifest(self) -> Manifest:
        """The package's."""
        return self.request.package.manifest

    def watch(self, activation: str, wants_probability: bool) -> OutputWatch:
        """Looks at the raw answers of this run."""
        path = self.request.package.model_path
        return OutputWatch(path.name, str(path), activation, wants_probability)

    def telling(self, is_sound: Callable[[], bool]) -> Telling:
        """Tells who looks on of the rows of the oriented grid that are decided."""
        return Telling(self.onlooker, self.orientation, is_sound)

    def pieces(self, looked_at: bool = False, in_parts: bool = False) -> Iterator[tuple[int, Prepared]]:
        """The series in pieces: a few slices, or everything; with the first row of each.

        ``looked_at``: slices that somebody looks at come before the others, where that changes nothing. ``in_parts``: the values of
        a volume may be made only where they are asked for.
        """
        given = self._input
        rows = self.source.rows
        if not given.is_slicewise:
            yield 0, self._prepared_volume(in_parts)
            return
        whole = None
        if needs_whole_series(given):
            whole = self.prepared_rows(0, rows, self.course.checkpoint_of(STEP_PREPARE))
        onlooker = self.onlooker if looked_at and not given.states else None
        for start, stop in looked_at_first(rows, max(self.network.batch, 1), self.orientation, onlooker):
            yield (
                start,
                self.prepared_rows(start, stop, self.course.silent) if whole is None else whole.rows(start, stop),
            )

    @cached_property
    def _input(self) -> Input:
        """The manifest's; of a slice-by-slice network with the statistics of the series known, where they can be."""
        given = self.manifest.input
        if not given.is_slicewise or not needs_whole_series(given) or self.volume.is_colour:
            return given
        with self.course.timed(STEP_PREPARE):
            return by_rows(given, self._some_rows)

    def _some_rows(self) -> Iterator[Piece]:
        for start in range(0, self.source.rows, ROWS_AT_ONCE):
            self.course.again()
            yield self.source.fetch(start, min(start + ROWS_AT_ONCE, self.source.rows))

    def _prepared_volume(self, in_parts: bool) -> Prepared:
        given, source = self._input, self.source
        told = self.course.checkpoint_of(STEP_PREPARE)
        is_even = self.geometry is None or self.geometry.slice_origins is None
        if self.volume.is_colour or not is_even or not isinstance(source, SourceValues):
            return self.prepared_rows(0, source.rows, told)
        with self.course.timed(STEP_PREPARE):
            made = prepared_on_demand(given, source, self._whole, self.geometry, told, in_parts)
            give_back_free()
            return made

    @property
    def is_by_rows(self) -> bool:
        """Whether a slice can be prepared without the others."""
        return self._input.is_slicewise and not needs_whole_series(self._input)

    @cached_property
    def _whole(self) -> Placement:
        """All of the oriented grid."""
        return Placement.start(self.orientation, self.geometry)

    def prepared_rows(self, start: int, stop: int, checkpoint: Callable[[int, int], None]) -> Prepared:
        """Some rows of the oriented grid, as the steps make them."""
        given = self._input
        reach = given.neighbours
        with self.course.timed(STEP_PREPARE):
            low, high = max(0, start - reach), min(self.source.rows, stop + reach)
            values, real = self.source.fetch(low, high)
            placement = replace(self._whole, shape=(len(values), *self._whole.shape[1:]))
            prepared = run_steps(given, values, real, placement, self.geometry, checkpoint)
            return with_neighbours(given, prepared, start - low, stop - start) if reach else prepared

    def batches(self, prepared: Prepared) -> Iterator[tuple[int, FloatMap]]:
        """Items (n, spatial…[, 3]) for the network: some slices, or the one volume."""
        if not self.manifest.input.is_slicewise:
            yield 0, prepared.values[None]
            return
        for start in range(0, len(prepared.values), self.network.batch):
            yield start, prepared.values[start : start + self.network.batch]

    def dense(
        self,
        name: str | None,
        stride: tuple[Stride, ...],
        begin: Callable[[int, Prepared], Receiver],
    ) -> None:
        """Feed the series whole, slice by slice or in tiles. ``begin(start, prepared)`` is asked for each piece who takes its
        raw answers; slices that are looked at come first. The next pieces are prepared while the network is busy with one.
        """
        given = self.manifest.input
        total = self.source.rows if given.is_slicewise else 1
        ahead = self._pieces_and_tiles(stride) if given.tiling is not None else self._pieces_in_batches(looked_at=True)
        receiver, current, done, trimming = Receiver.nobody(), None, 0, Trimming()
        give_back_free()
        let_go_of_compiler()
        if given.is_slicewise or given.tiling is None:
            self.course.report(STEP_NETWORK, 0, total)
        with closing(self.network.dense_each(ahead, name, stride, self.course.again)) as answers:
            while True:
                with self.course.timed(STEP_NETWORK):
                    item, answer = next(answers, (None, None))
                    if item is None or answer is None:
                        return
                    if item.prepared is not current:
                        receiver, current = begin(item.start, item.prepared), item.prepared
                    if item.sliding is not None and item.goes_to is not None:
                        item.goes_to.begin(receiver, self.course)
                        item.sliding.add(item.tiles, answer)
                if item.sliding is None or item.is_last:
                    with self.course.timed(STEP_RESTORE):
                        if item.sliding is None:
                            # (slices, channels, b, c) or (1, channels, a, b, c) to (channels, rows, b, c).
                            receiver.take(item.at, answer.swapaxes(0, 1) if given.is_slicewise else answer[0])
                        if item.is_last:
                            receiver.done()
                trimming.passed(answer.nbytes)
                done += item.rows
                if given.is_slicewise or item.sliding is None:
                    self.course.report(STEP_NETWORK, done, total)
                else:
                    self.course.report(STEP_NETWORK, item.tiles.done, item.sliding.window.total)

    def _pieces_in_batches(self, looked_at: bool = False) -> Iterator[tuple[_Item, FloatMap]]:
        for start, prepared in self.pieces(looked_at):
            count = len(prepared.values) if self.manifest.input.is_slicewise else 1
            for at, batch in self.batches(prepared):
                self.network.look_at(start + at)
                yield _Item(start, prepared, at, len(batch), at + len(batch) >= count), batch

    def _pieces_and_tiles(self, stride: tuple[Stride, ...]) -> Iterator[tuple[_Item, FloatMap]]:
        given = self.manifest.input
        assert given.tiling is not None, "the caller looked"
        window: Window | None = None
        for start, prepared in self.pieces(looked_at=True, in_parts=True):
            items = prepared.values if given.is_slicewise else [prepared.values]
            for n, values in enumerate(items):
                shape = values.shape[: len(given.axes)]
                if window is None or not window.fits(shape, stride):
                    window = Window(shape, given.tiling, stride)
                goes_to = _Answer(window, n if given.is_slicewise else None)
                forget = values.forget if isinstance(values, OnDemand) else None
                sliding = Sliding(values, window, goes_to, forget)
                if not given.is_slicewise:
                    self.course.report(STEP_NETWORK, 0, window.total)
                for tiles, cut in sliding.tiles():
                    is_end = tiles.done == window.total
                    rows = 1 if is_end and given.is_slicewise else 0
                    is_last = is_end and n + 1 == len(items)
                    yield _Item(start, prepared, n, rows, is_last, sliding, tiles, goes_to), cut

    def rows_of_numbers(self, name: str | None, width: int | None) -> FloatMap:
        """(n, numbers) raw of all slices, or of the volume as one."""
        rows: list[FloatMap] = []
        counts: deque[int] = deque()
        total = self.source.rows if self.manifest.input.is_slicewise else 1

        def batches() -> Iterator[FloatMap]:
            for item, batch in self._pieces_in_batches():
                counts.append(item.rows)
                yield batch

        done = 0
        self.course.report(STEP_NETWORK, 0, total)
        with closing(self.network.answers_each(batches(), [name], self.course.again)) as answers:
            while True:
                with self.course.timed(STEP_NETWORK):
                    raw = next(answers, None)
                if raw is None:
                    return np.concatenate(rows)
                count = counts.popleft()
                rows.append(self.numbers(name, width, raw[0], count))
                done += count
                self.course.report(STEP_NETWORK, done, total)

    def numbers(self, name: str | None, width: int | None, raw: FloatMap, count: int) -> FloatMap:
        """(n, numbers) of a raw answer with or without a batch axis and with trailing axes of one."""
        shape = [size for n, size in enumerate(raw.shape) if size != 1 or n < 2]
        flat = raw.reshape(shape) if len(shape) == 2 else raw
        if flat.ndim == 1:
            flat = flat[None] if count == 1 else flat[:, None]
        if flat.ndim != 2 or len(flat) < count or flat.shape[1] != (width or flat.shape[1]):
            due = "a row of numbers was due" if width is None else f"{width} classes were due"
            raise self.network.wrong_shape(name, raw.shape, due)
        return flat[:count].astype(np.float32)
