"""What each task does with a network's raw answers, to findings, labels, numbers or an image on the source geometry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import (
    LABEL_COLOURS,
    ClassProbability,
    DerivedImage,
    Finding,
    Label,
    ModelValue,
    Segmentation,
)
from medview.core.problem import ExitCode, MedviewError
from medview.inference.candidates import Candidates
from medview.inference.course import STEP_NETWORK, STEP_RESTORE
from medview.inference.derived import ImageCollector, finer, source_factor, tensor_factor, without_gaps
from medview.inference.detection import (
    decode,
    decode_heatmap,
    findings_of,
    output_names,
    painted,
)
from medview.inference.feed import Feed, Receiver
from medview.inference.manifest_detectors import (
    AnchorsOutput,
    BoxesOutput,
    CenterHeatmapOutput,
    DetectionOutput,
    YoloOutput,
)
from medview.inference.manifest_outputs import (
    ClassificationOutput,
    ImageOutput,
    PromptedOutput,
    RegressionOutput,
    SegmentationOutput,
)
from medview.inference.parts import keep_parts
from medview.inference.placement import Placement
from medview.inference.preprocess import Prepared
from medview.inference.segmentation import (
    LabelCollector,
    OutputWatch,
    SegmentationRule,
    label_meanings,
    narrowed,
    restore_labels,
    sigmoid,
    softmax,
)
from medview.inference.suppression import merge_slices, suppress
from medview.inference.tiling import cut_tiles

FloatMap = NDArray[np.float32]


@dataclass(eq=False)
class Answer:
    """What the task gave."""

    segmentation: Segmentation | None = None
    findings: tuple[Finding, ...] = ()
    classification: tuple[ClassProbability, ...] = ()
    values: tuple[ModelValue, ...] = ()
    image: DerivedImage | None = None
    by_slice: tuple[tuple[float, ...], ...] = ()


def answer(feed: Feed) -> Answer:
    """Run the network over the whole of ``feed``, and what its manifest says of the output."""
    output = feed.manifest.output
    if isinstance(output, SegmentationOutput):
        return _segment(output, feed)
    if isinstance(output, ClassificationOutput):
        return _classify(output, feed)
    if isinstance(output, RegressionOutput):
        return _regress(output, feed)
    if isinstance(output, PromptedOutput):
        name = feed.manifest.name
        text = f"{name} segments what is pointed at: choose its tool and click, or give --point."
        raise MedviewError("nothing_pointed_at", text, None, ExitCode.BAD_USE, (name,))
    if isinstance(output, ImageOutput):
        return _make_image(output, feed)
    return _detect(output, feed)


def _segment(output: SegmentationOutput, feed: Feed) -> Answer:
    rule = SegmentationRule(output)
    watch = feed.watch(output.activation, output.rule != "argmax" and output.encoding == "channels")
    labels = np.zeros(feed.volume.shape, dtype=np.uint16)
    slicewise = feed.manifest.input.is_slicewise
    oriented = feed.orientation.view(labels)

    def begin(start: int, prepared: Prepared) -> Receiver:
        collector = LabelCollector(rule, prepared.placement)

        def take(first: int, rows: FloatMap) -> None:
            if output.encoding == "channels":
                watch.see(rows, 0)
            collector.take(first, rows)

        def done() -> None:
            if slicewise:
                collector.onto_slices(oriented[start : start + len(prepared.values)])
            else:
                collector.onto_source(labels, feed.course.checkpoint_of(STEP_RESTORE))

        return Receiver(take, done)

    feed.dense(output.name, (1,) * len(feed.manifest.input.axes), begin)
    watch.check(spatial=True)
    with feed.course.timed(STEP_RESTORE):
        voxel_ml = None
        if feed.volume.geometry is not None:
            voxel_ml = abs(float(np.linalg.det(feed.volume.geometry.affine[:3, :3]))) / 1000
        if output.keep_largest is not None or (output.smallest_part_ml is not None and voxel_ml):
            values = [label.value for label in label_meanings(output.labels)]
            smallest = int(np.ceil((output.smallest_part_ml or 0) / voxel_ml)) if voxel_ml else 0
            keep_parts(labels, values, output.keep_largest, smallest, feed.course.checkpoint_of(STEP_RESTORE))
        found = narrowed(labels)
    meanings = label_meanings(output.labels)
    return Answer(segmentation=Segmentation(found, feed.volume.geometry, meanings, feed.request.time))


def _classify(output: ClassificationOutput, feed: Feed) -> Answer:
    watch = feed.watch(output.activation, True)
    logits = feed.rows_of_numbers(output.name, output.width)
    watch.see(logits, 1)
    watch.check(spatial=False)
    probabilities = class_probabilities(output, logits)
    joined = _joined(probabilities, output.over_slices)
    classes = tuple(ClassProbability(label.name, float(joined[label.index])) for label in output.labels)
    each = _by_slice(probabilities[:, [label.index for label in output.labels]], feed)
    return Answer(classification=classes, by_slice=each)


def _joined(numbers: FloatMap, way: str) -> FloatMap:
    """(numbers,) of the numbers of each slice."""
    if way in {"middle", "last"}:
        return np.asarray(numbers[len(numbers) // 2 if way == "middle" else -1])
    if way == "median":
        return np.asarray(np.median(numbers, axis=0))
    return np.asarray(numbers.max(axis=0) if way == "maximum" else numbers.mean(axis=0, dtype=np.float64))


def _by_slice(numbers: FloatMap, feed: Feed) -> tuple[tuple[float, ...], ...]:
    """What the network said of each acquired slice or frame, in their order; nothing where it cuts across them."""
    order, flips = feed.orientation.order, feed.orientation.flips
    if not feed.manifest.input.is_slicewise or order[0] != 0 or len(numbers) < 2:
        return ()
    rows = numbers[::-1] if flips[0] else numbers
    return tuple(tuple(float(value) for value in row) for row in rows)


def class_probabilities(output: ClassificationOutput, logits: FloatMap) -> FloatMap:
    """(n, classes) probabilities of raw (n, numbers), as the manifest explains them."""
    if output.activation == "softmax":
        probabilities = softmax(logits, 1)
    else:
        probabilities = sigmoid(logits) if output.activation == "sigmoid" else logits
    return grades_of(probabilities) if output.encoding == "cumulative" else probabilities


def _regress(output: RegressionOutput, feed: Feed) -> Answer:
    raw = feed.rows_of_numbers(output.name, None)
    if raw.shape[1] <= max(entry.index for entry in output.values):
        raise feed.network.wrong_shape(output.name, raw.shape, f"{len(output.values)} values were due")
    numbers = sigmoid(raw) if output.activation == "sigmoid" else raw
    joined = _joined(numbers, output.over_slices)
    values = []
    for entry in output.values:
        value = float(joined[entry.index]) * entry.scale + entry.offset
        if (entry.low is not None and value < entry.low) or (entry.high is not None and value > entry.high):
            text = f"The network gave {entry.name} = {value:.4g} {entry.unit}".rstrip() + ", which cannot be."
            raise feed.network.failed("output_out_of_range", text)
        values.append(ModelValue(entry.name, value, entry.unit))
    index = [entry.index for entry in output.values]
    scale, offset = ([getattr(entry, name) for entry in output.values] for name in ("scale", "offset"))
    each = numbers[:, index] * np.asarray(scale, np.float32) + np.asarray(offset, np.float32)
    return Answer(values=tuple(values), by_slice=_by_slice(each, feed))


def _make_image(output: ImageOutput, feed: Feed) -> Answer:
    watch = feed.watch("none", False)
    factor = tensor_factor(output)
    cut = source_factor(factor, feed.orientation)
    # Before a long run: slices that cannot be cut.
    geometry = None if feed.volume.geometry is None else finer(feed.volume.geometry, cut)
    made = np.empty([size * times for size, times in zip(feed.volume.shape, cut, strict=True)], dtype=np.float32)
    oriented = feed.orientation.view(made)
    stride = tuple(Fraction(1, times) for times in factor[3 - len(feed.manifest.input.axes) :])

    def begin(start: int, prepared: Prepared) -> Receiver:
        collector = ImageCollector(output, prepared.placement)

        def take(first: int, rows: FloatMap) -> None:
            watch.see(rows, 0)
            collector.take(first, rows)

        def done() -> None:
            if feed.manifest.input.is_slicewise:
                collector.onto_slices(oriented[start : start + len(prepared.values)])
            else:
                collector.onto_source(made, feed.course.checkpoint_of(STEP_RESTORE))

        return Receiver(take, done)

    feed.dense(output.name, stride, begin)
    watch.check(spatial=True)
    values = without_gaps(made, output.outside)
    return Answer(image=DerivedImage(values, geometry, output.title, output.unit, feed.request.time))


def _detect(output: DetectionOutput, feed: Feed) -> Answer:
    watch = feed.watch(output.activation, True)
    slices: list[Candidates] = []
    placement = Placement.start(feed.orientation, feed.geometry)
    slicewise = feed.manifest.input.is_slicewise
    if isinstance(output, CenterHeatmapOutput):
        slices, placement = _heatmaps(output, feed, watch)
    else:
        for start, prepared in feed.pieces():
            placement = prepared.placement
            slices += _boxes(output, feed, prepared, watch, start)
    watch.check_scores(isinstance(output, CenterHeatmapOutput))
    views = 1 << len(feed.manifest.input.mirror) if not isinstance(output, CenterHeatmapOutput) else 1
    with feed.course.timed(STEP_RESTORE):
        if slicewise:
            placement = replace(placement, shape=(feed.source.rows, *placement.shape[1:]))
            slices = [suppress(found, output, placement.spacing, views) for found in slices]
            found = merge_slices(slices, output)
            order = np.argsort(-found.scores, kind="stable")[: output.at_most]
            found = found.part(order)
        else:
            found = suppress(Candidates.join(slices), output, placement.spacing, views)
        findings = findings_of(found, feed.manifest, placement, feed.volume.geometry, feed.stack, feed.request.time)
        outlined = _outlined(found, findings, placement, feed) if found.masks else None
    return Answer(findings=findings, segmentation=outlined)


def _boxes(
    output: BoxesOutput | YoloOutput | AnchorsOutput, feed: Feed, prepared: Prepared, watch: OutputWatch, start: int
) -> list[Candidates]:
    """Candidates of each slice, or of the volume as one."""
    given = feed.manifest.input
    total = feed.source.rows if given.is_slicewise else 1
    found: list[Candidates] = []
    if given.tiling is None:
        for at, batch in feed.batches(prepared):
            feed.course.report(STEP_NETWORK, start + at, total)
            feed.network.look_at(start + at)
            found += _boxes_of(output, feed, batch, watch)
    else:
        items = prepared.values if given.is_slicewise else prepared.values[None]
        for n, values in enumerate(items):
            parts = []
            tiles = cut_tiles(values, given.tiling)
            for at, (corner, tile) in enumerate(tiles):
                done = (start + n, total) if given.is_slicewise else (at, len(tiles))
                feed.course.report(STEP_NETWORK, *done)
                parts += [one.moved(corner) for one in _boxes_of(output, feed, tile[None], watch)]
            found.append(Candidates.join(parts))
    feed.course.report(STEP_NETWORK, min(total, start + len(prepared.values)), total)
    return found


def _boxes_of(
    output: BoxesOutput | YoloOutput | AnchorsOutput, feed: Feed, batch: FloatMap, watch: OutputWatch
) -> list[Candidates]:
    """Candidates of each item of a batch; of all its mirrored views where the manifest asks for them."""
    given = feed.manifest.input
    shape = batch.shape[1 : 1 + len(given.axes)]
    found: list[list[Candidates]] = [[] for _ in batch]
    for axes in feed.network.ways_to_mirror():
        turned = np.flip(batch, tuple(axis + 1 for axis in axes)) if axes else batch
        with feed.course.timed(STEP_NETWORK):
            raw = feed.network.answers(turned, output_names(output), feed.course.again)
        with feed.course.timed(STEP_RESTORE):
            decoded = decode(output, raw, shape, feed.network, watch)
            for parts, one in zip(found, decoded, strict=False):
                parts.append(one.mirrored(axes, shape) if axes else one)
    return [parts[0] if len(parts) == 1 else Candidates.join(parts) for parts in found]


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


def _heatmaps(output: CenterHeatmapOutput, feed: Feed, watch: OutputWatch) -> tuple[list[Candidates], Placement]:
    """Candidates of each slice, or of the volume as one, and where the last piece lies."""
    stride = output.stride or (1,) * len(feed.manifest.input.axes)
    found: list[Candidates] = []
    placement = Placement.start(feed.orientation, feed.geometry)
    waiting: list[tuple[FloatMap, Placement]] = []

    def gathered(decided: Callable[[FloatMap, Placement], None]) -> Callable[[int, Prepared], Receiver]:
        def begin(_start: int, prepared: Prepared) -> Receiver:
            rows: list[FloatMap] = []
            return Receiver(
                lambda _first, part: rows.append(part.copy()),
                lambda: decided(np.concatenate(rows, axis=1), prepared.placement),
            )

        return begin

    def decode_all(maps: FloatMap, diameters: FloatMap | None, where: Placement) -> None:
        nonlocal placement
        placement = where
        if not feed.manifest.input.is_slicewise:
            found.append(decode_heatmap(output, maps, diameters, where))
            return
        for n in range(maps.shape[1]):
            wide = None if diameters is None else diameters[:, n : n + 1]
            found.append(decode_heatmap(output, maps[:, n : n + 1], wide, where))

    def take_maps(maps: FloatMap, where: Placement) -> None:
        watch.see(maps[[label.index for label in output.labels]], 0)
        if output.diameter_output is None:
            decode_all(maps, None, where)
        else:
            waiting.append((maps, where))

    feed.dense(output.name, stride, gathered(take_maps))
    if output.diameter_output is not None:
        left = iter(waiting)
        feed.dense(output.diameter_output, stride, gathered(lambda wide, _: decode_all(*_with(next(left), wide))))
    return found, placement


def _with(maps: tuple[FloatMap, Placement], diameters: FloatMap) -> tuple[FloatMap, FloatMap, Placement]:
    return maps[0], diameters, maps[1]


def grades_of(above: FloatMap) -> FloatMap:
    """(n, grades) probabilities of (n, grades - 1) probabilities to be above each grade; never negative.

    A network's cumulative probabilities need not fall from grade to grade: each counts at most as much as those
    before it.
    """
    falling = np.minimum.accumulate(above, axis=1)
    edges = np.pad(falling, [(0, 0), (1, 1)], constant_values=((0, 0), (1, 0)))
    return np.asarray(edges[:, :-1] - edges[:, 1:], dtype=np.float32)
