"""A series on its way into a network: prepared in pieces, given in batches or tiles, the raw answers handed on in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.problem import Note
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.channels import SeriesTogether
from medview.inference.course import STEP_NETWORK, STEP_PREPARE, STEP_RESTORE, Course
from medview.inference.manifest import Manifest
from medview.inference.network import Network
from medview.inference.placement import Orientation, Placement
from medview.inference.preprocess import Prepared, needs_whole_series, run_steps, with_neighbours
from medview.inference.request import InferenceRequest
from medview.inference.segmentation import OutputWatch
from medview.inference.source_values import SourceValues
from medview.inference.tiling import Stride, slide

FloatMap = NDArray[np.float32]
Values = SourceValues | SeriesTogether


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

    @property
    def manifest(self) -> Manifest:
        """The package's."""
        return self.request.package.manifest

    def watch(self, activation: str, wants_probability: bool) -> OutputWatch:
        """Looks at the raw answers of this run."""
        path = self.request.package.model_path
        return OutputWatch(path.name, str(path), activation, wants_probability)

    def pieces(self) -> Iterator[tuple[int, Prepared]]:
        """The series in pieces that the steps allow: a few slices, or everything; with the first row of each."""
        given = self.manifest.input
        rows = self.source.rows
        at_once = rows
        if given.is_slicewise and not needs_whole_series(given):
            at_once = max(self.network.batch, 1)
        reach = given.neighbours
        for start in range(0, rows, at_once):
            with self.course.timed(STEP_PREPARE):
                stop = min(start + at_once, rows)
                low, high = max(0, start - reach), min(rows, stop + reach)
                values, real = self.source.fetch(low, high)
                placement = Placement.start(self.orientation, self.geometry)
                placement = replace(placement, shape=(len(values), *placement.shape[1:]))
                checkpoint = self.course.checkpoint_of(STEP_PREPARE) if at_once == rows else self.course.silent
                prepared = run_steps(given, values, real, placement, self.geometry, checkpoint)
                if reach:
                    prepared = with_neighbours(given, prepared, start - low, stop - start)
                del values
            yield start, prepared

    def batches(self, prepared: Prepared) -> Iterator[tuple[int, FloatMap]]:
        """Items (n, spatial…[, 3]) for the network: some slices, or the one volume."""
        if not self.manifest.input.is_slicewise:
            yield 0, prepared.values[None]
            return
        for start in range(0, len(prepared.values), self.network.batch):
            yield start, prepared.values[start : start + self.network.batch]

    def dense(
        self,
        prepared: Prepared,
        name: str | None,
        stride: tuple[Stride, ...],
        take: Callable[[int, FloatMap], None],
        start: int,
    ) -> None:
        """Feed ``prepared`` whole or in tiles; ``take(first, rows)`` gets raw (channels, n, b, c) in order."""
        given = self.manifest.input
        total = self.volume.shape[prepared.placement.orientation.order[0]] if given.is_slicewise else 1
        if given.tiling is None:
            for at, batch in self.batches(prepared):
                with self.course.timed(STEP_NETWORK):
                    self.course.report(STEP_NETWORK, start + at, total)
                    self.network.look_at(start + at)
                    answer = self.network.dense(batch, name, stride, self.course.again)
                with self.course.timed(STEP_RESTORE):
                    # (slices, channels, b, c) or (1, channels, a, b, c) to (channels, rows, b, c).
                    take(at, answer.swapaxes(0, 1) if given.is_slicewise else answer[0])
                self.course.report(STEP_NETWORK, start + at + len(batch), total)
            return

        def run(tiles: FloatMap) -> FloatMap:
            return self.network.dense(tiles, name, stride, self.course.again)

        def rows_done(first: int, rows: FloatMap) -> None:
            with self.course.timed(STEP_RESTORE):
                take(first, rows)

        with self.course.timed(STEP_NETWORK):
            if not given.is_slicewise:
                slide(prepared.values, given.tiling, stride, run, rows_done, self.course.checkpoint_of(STEP_NETWORK))
                return
            collected: list[FloatMap] = []
            for n, values in enumerate(prepared.values):
                collected.clear()
                slide(
                    values, given.tiling, stride, run, lambda _, rows: collected.append(rows.copy()), self.course.silent
                )
                take(n, np.concatenate(collected, axis=1)[:, None])
                self.course.report(STEP_NETWORK, start + n + 1, total)

    def rows_of_numbers(self, name: str | None, width: int | None) -> FloatMap:
        """(n, numbers) raw of all slices, or of the volume as one."""
        rows: list[FloatMap] = []
        for start, prepared in self.pieces():
            total = self.source.rows if self.manifest.input.is_slicewise else 1
            for at, batch in self.batches(prepared):
                with self.course.timed(STEP_NETWORK):
                    self.course.report(STEP_NETWORK, start + at, total)
                    self.network.look_at(start + at)
                    raw = self.network.answers(batch, [name], self.course.again)[0]
                rows.append(self.numbers(name, width, raw, len(batch)))
            self.course.report(STEP_NETWORK, min(total, start + len(prepared.values)), total)
        return np.concatenate(rows)

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
