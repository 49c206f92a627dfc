"""Probabilities on the series' grid, of one run or of many, and how far many of them lie apart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.inference.derived import ImageCollector, ValueCollector
from medview.inference.explaining.scoring import place_of_label, probabilities, watch_of
from medview.inference.feed import Feed, Receiver
from medview.inference.manifest import CenterHeatmapOutput, ImageOutput, SegmentationOutput
from medview.inference.preprocess import Prepared

FloatMap = NDArray[np.float32]

HIGHEST = ""
"""Stands for the most probable label at each place."""


def is_dense(output: object) -> bool:
    """Whether a network answers for each place of the image."""
    return isinstance(output, SegmentationOutput | CenterHeatmapOutput | ImageOutput)


def dense_map(feed: Feed, label: str) -> FloatMap:
    """(k, j, i) the probability of ``label`` (HIGHEST: of whichever is the most probable), NaN where nothing was asked.

    Of image-to-image networks the values. Raises MedviewError for an answer that cannot be one, as a run does.
    """
    output = feed.manifest.output
    other_grid = isinstance(output, ImageOutput) and output.factor is not None
    if other_grid or not isinstance(output, SegmentationOutput | CenterHeatmapOutput | ImageOutput):
        text = f"{feed.manifest.name} gives no value for each voxel of the series."
        raise MedviewError("not_dense", text, None, ExitCode.MODEL_DOES_NOT_FIT, (feed.manifest.name,))
    chosen = None if label == HIGHEST or isinstance(output, ImageOutput) else place_of_label(output, label)
    count = len(feed.manifest.input.axes)
    stride = getattr(output, "stride", None) or (1,) * count
    watch = watch_of(feed)
    out = np.full(feed.volume.shape, np.nan, dtype=np.float32)
    oriented = feed.orientation.view(out)

    def begin(start: int, prepared: Prepared) -> Receiver:
        placement = prepared.placement
        steps = np.asarray((*(1,) * (3 - count), *stride), dtype=np.float64)
        if np.any(steps > 1):
            shape = [-(-size // int(step)) for size, step in zip(placement.shape, steps, strict=True)]
            placement = placement.scaled(steps, (steps - 1) / 2, (shape[0], shape[1], shape[2]))
        collector = ImageCollector(output, placement) if isinstance(output, ImageOutput) else ValueCollector(placement)

        def take(first: int, rows: FloatMap) -> None:
            if isinstance(output, ImageOutput):
                assert isinstance(collector, ImageCollector), "made for it"
                collector.take(first, rows)
                watch.see(rows, 0)
                return
            if isinstance(output, CenterHeatmapOutput):
                watch.see(rows[[entry.index for entry in output.labels]], 0)
            elif output.encoding == "channels":
                watch.see(rows, 0)
            found = probabilities(output, rows)
            collector.put(first, found.max(axis=0) if chosen is None else found[chosen])

        def done() -> None:
            if feed.manifest.input.is_slicewise:
                collector.onto_slices(oriented[start : start + len(prepared.values)])
            else:
                collector.onto_source(out, feed.course.silent)

        return Receiver(take, done)

    feed.dense(output.name, stride, begin)
    if not (isinstance(output, SegmentationOutput) and output.encoding == "labels"):
        watch.check(spatial=True)
    if np.isnan(out).all():
        raise MedviewError("map_empty", "The map would be empty.", None, ExitCode.RUN_FAILED)
    return out


@dataclass(eq=False)
class Spread:
    """Mean and sum of squares of maps or numbers that come one after the other (Welford 1962)."""

    mean: NDArray[np.floating] | None = None
    squares: NDArray[np.floating] | None = None
    count: int = 0

    def add(self, values: NDArray[np.floating]) -> None:
        """One more."""
        self.count += 1
        if self.mean is None or self.squares is None:
            self.mean, self.squares = values.copy(), np.zeros_like(values)
            return
        step = values - self.mean
        self.mean += step / self.count
        self.squares += step * (values - self.mean)

    @property
    def deviation(self) -> NDArray[np.floating]:
        """Standard deviation of what came (of the runs themselves, not of a population)."""
        assert self.squares is not None, "something came"
        return np.asarray(np.sqrt(np.maximum(self.squares / self.count, 0)))


def entropy_bits(probability: NDArray[np.floating]) -> NDArray[np.floating]:
    """Of the answer yes or no with that probability: 0 where it is sure, 1 at 0.5; NaN stays."""
    p = np.clip(probability, 1e-7, 1 - 1e-7)
    return np.asarray(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)))


def unmirrored(feed: Feed) -> Feed:
    """``feed`` without test-time mirroring, whose averaging would hide what mirroring changes."""
    manifest = feed.manifest
    if not manifest.input.mirror:
        return feed
    plain = manifest.model_copy(update={"input": manifest.input.model_copy(update={"mirror": ()})})
    package = replace(feed.request.package, manifest=plain)
    return replace(feed, request=replace(feed.request, package=package))
