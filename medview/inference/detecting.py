"""Detectors over a whole series: what each slice, tile or volume is answered, as findings in the patient."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import LABEL_COLOURS, Finding, Label, Segmentation
from medview.inference.box_watch import BoxWatch
from medview.inference.candidates import Candidates
from medview.inference.course import STEP_NETWORK, STEP_RESTORE
from medview.inference.detection import decode, decode_heatmap, findings_of, output_names
from medview.inference.feed import Feed, Receiver
from medview.inference.manifest_detectors import (
    AnchorsOutput,
    BoxesOutput,
    CenterHeatmapOutput,
    DetectionOutput,
    YoloOutput,
)
from medview.inference.onlooker import Telling
from medview.inference.placement import Placement
from medview.inference.preprocess import Prepared
from medview.inference.segmentation import OutputWatch, narrowed, restore_labels
from medview.inference.suppression import merge_slices, suppress
from medview.inference.tiling import cut_tiles
from medview.inference.yolo import painted

FloatMap = NDArray[np.float32]


def detect(output: DetectionOutput, feed: Feed) -> tuple[tuple[Finding, ...], Segmentation | None]:
    """All findings, and a label for each where the network outlines them. Raises MedviewError for answers that are none."""
    watch = feed.watch(output.activation, True)
    dense = isinstance(output, CenterHeatmapOutput)
    boxes = BoxWatch(output, feed.network)
    slices = _Slices(output, feed, feed.telling(lambda: (watch.fault_of_scores(dense) or boxes.fault()) is None))
    if isinstance(output, CenterHeatmapOutput):
        _heatmaps(output, feed, watch, slices)
    else:
        _boxes(output, feed, watch, boxes, slices)
    watch.check_scores(dense)
    boxes.check()
    feed.warnings += boxes.notes()
    with feed.course.timed(STEP_RESTORE):
        found = slices.joined()
        findings = slices.findings(found)
        outlined = _outlined(found, findings, slices.placement, feed) if found.masks else None
    return findings, outlined


class _Slices:
    """Candidates of each slice as it is decided, in whatever order; of a volume those of the one item."""

    def __init__(self, output: DetectionOutput, feed: Feed, telling: Telling) -> None:
        self._output, self._feed, self._telling = output, feed, telling
        self._by_row: dict[int, Candidates] = {}
        self._slicewise = feed.manifest.input.is_slicewise
        self._views = 1 if isinstance(output, CenterHeatmapOutput) else 1 << len(feed.manifest.input.mirror)
        self.placement = Placement.start(feed.orientation, feed.geometry)
        if self._slicewise:
            telling.begin()

    def take(self, row: int, found: Candidates, placement: Placement) -> None:
        """All candidates of a slice, one box of each group of which stays."""
        if self._slicewise:
            placement = replace(placement, shape=(self._feed.source.rows, *placement.shape[1:]))
        self.placement = placement
        self._by_row[row] = suppress(found, self._output, placement.spacing, self._views)
        if self._slicewise:
            self._telling.tell(row, row + 1, lambda at, _places: (None, self._of_row(at)))

    def _of_row(self, row: int) -> tuple[Finding, ...]:
        """What is seen of one slice while the others are not there yet."""
        found = self._by_row[row].moved((row, 0, 0))
        return tuple(replace(one, id=f"{one.id}-{row}") for one in self.findings(found))

    def joined(self) -> Candidates:
        """Those of all slices, boxes of neighbours joined where the manifest says so."""
        if not self._slicewise:
            return self._by_row[0]
        found = merge_slices([self._by_row[row] for row in range(self._feed.source.rows)], self._output)
        order = np.argsort(-found.scores, kind="stable")[: self._output.at_most]
        return found.part(order)

    def findings(self, found: Candidates) -> tuple[Finding, ...]:
        """Candidates in the patient."""
        feed = self._feed
        geometry = feed.volume.geometry
        return findings_of(found, feed.manifest, self.placement, geometry, feed.stack, feed.request.time)


# Boxes ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _View:
    """What is asked at once: ``count`` slices from ``row`` on, or a tile of one; mirrored along ``axes``."""

    row: int
    count: int
    corner: tuple[int, ...] | None
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    placement: Placement
    ends: int
    """How many slices have no further view after this one."""
    tile: tuple[int, int]
    """How many tiles there are by then, and of how many."""


def _boxes(
    output: BoxesOutput | YoloOutput | AnchorsOutput, feed: Feed, watch: OutputWatch, boxes: BoxWatch, slices: _Slices
) -> None:
    """Ask about each slice, or about the volume as one. The next views are taken while the network is busy with one."""
    given = feed.manifest.input
    total = feed.source.rows if given.is_slicewise else 1
    asked: deque[_View] = deque()

    def tensors() -> Iterator[FloatMap]:
        for view, values in _views(feed):
            asked.append(view)
            yield values

    parts: dict[int, list[Candidates]] = {}
    done = 0
    feed.course.report(STEP_NETWORK, 0, total)
    with closing(feed.network.answers_each(tensors(), output_names(output), feed.course.again)) as answers:
        while True:
            with feed.course.timed(STEP_NETWORK):
                raw = next(answers, None)
            if raw is None:
                return
            view = asked.popleft()
            with feed.course.timed(STEP_RESTORE):
                # Copied: candidates are kept, the answer is good until the next is asked for.
                decoded = decode(output, [one.copy() for one in raw], view.shape, feed.network, watch)
                for row, one in zip(range(view.row, view.row + view.count), decoded, strict=False):
                    boxes.see(one, view.shape)
                    turned = one.mirrored(view.axes, view.shape) if view.axes else one
                    parts.setdefault(row, []).append(turned if view.corner is None else turned.moved(view.corner))
                for row in range(view.row, view.row + view.ends):
                    slices.take(row, _joined(parts.pop(row)), view.placement)
            done += view.ends
            at = (done, total) if given.is_slicewise or view.corner is None else view.tile
            feed.course.report(STEP_NETWORK, *at)


def _joined(parts: list[Candidates]) -> Candidates:
    return parts[0] if len(parts) == 1 else Candidates.join(parts)


def _views(feed: Feed) -> Iterator[tuple[_View, FloatMap]]:
    """Batches of slices or tiles, each once for every way of mirroring it; the slice that is looked at first."""
    given = feed.manifest.input
    ways = feed.network.ways_to_mirror()
    for start, prepared in feed.pieces(looked_at=True):
        for row, count, values, corner, tile in _items(feed, start, prepared):
            for n, axes in enumerate(ways):
                turned = np.flip(values, tuple(axis + 1 for axis in axes)) if axes else values
                ends = count if n + 1 == len(ways) and tile[0] == tile[1] else 0
                shape = values.shape[1 : 1 + len(given.axes)]
                yield _View(row, count, corner, axes, shape, prepared.placement, ends, tile), turned


_Item = tuple[int, int, FloatMap, tuple[int, ...] | None, tuple[int, int]]


def _items(feed: Feed, start: int, prepared: Prepared) -> Iterator[_Item]:
    """First row, how many rows, values, the tile's corner, which of how many tiles."""
    given = feed.manifest.input
    if given.tiling is None:
        for at, batch in feed.batches(prepared):
            feed.network.look_at(start + at)
            yield start + at, len(batch), batch, None, (1, 1)
        return
    for n, values in enumerate(prepared.values if given.is_slicewise else prepared.values[None]):
        tiles = cut_tiles(values, given.tiling)
        for at, (corner, tile) in enumerate(tiles):
            yield start + n, 1, tile[None], corner, (at + 1, len(tiles))


def _outlined(found: Candidates, findings: tuple[Finding, ...], placement: Placement, feed: Feed) -> Segmentation:
    """A label for each finding that the network outlined."""
    labels = np.zeros(feed.volume.shape, dtype=np.uint16)
    restore_labels(painted(found, placement.shape), placement, feed.orientation.view(labels))
    meanings = tuple(
        Label(finding.mask_value, f"{finding.label} {n}", LABEL_COLOURS[(n - 1) % len(LABEL_COLOURS)])
        for n, finding in enumerate(findings, start=1)
        if finding.mask_value is not None
    )
    return Segmentation(narrowed(labels), feed.volume.geometry, meanings, feed.request.time)


# Heat maps -----------------------------------------------------------------------------------------------------------


def _heatmaps(output: CenterHeatmapOutput, feed: Feed, watch: OutputWatch, slices: _Slices) -> None:
    """Candidates of each slice, or of the volume as one; where diameters are another output, after a second pass."""
    stride = output.stride or (1,) * len(feed.manifest.input.axes)
    waiting: dict[int, FloatMap] = {}

    def gathered(decided: Callable[[int, FloatMap, Placement], None]) -> Callable[[int, Prepared], Receiver]:
        def begin(start: int, prepared: Prepared) -> Receiver:
            rows: list[FloatMap] = []
            return Receiver(
                lambda _first, part: rows.append(part.copy()),
                lambda: decided(start, np.concatenate(rows, axis=1), prepared.placement),
            )

        return begin

    def decode_all(start: int, maps: FloatMap, diameters: FloatMap | None, where: Placement) -> None:
        if not feed.manifest.input.is_slicewise:
            slices.take(0, decode_heatmap(output, maps, diameters, where), where)
            return
        for n in range(maps.shape[1]):
            wide = None if diameters is None else diameters[:, n : n + 1]
            slices.take(start + n, decode_heatmap(output, maps[:, n : n + 1], wide, where), where)

    def take_maps(start: int, maps: FloatMap, where: Placement) -> None:
        watch.see(maps[[label.index for label in output.labels]], 0)
        if output.diameter_output is None:
            decode_all(start, maps, None, where)
        else:
            waiting[start] = maps

    feed.dense(output.name, stride, gathered(take_maps))
    if output.diameter_output is not None:
        also = gathered(lambda start, wide, where: decode_all(start, waiting.pop(start), wide, where))
        feed.dense(output.diameter_output, stride, also)
