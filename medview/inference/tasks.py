"""What each task does with a network's raw answers, to findings, labels, numbers or an image on the source geometry."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import ClassProbability, DerivedImage, Finding, ModelValue, Segmentation
from medview.core.problem import ExitCode, MedviewError, Note
from medview.inference.course import STEP_RESTORE
from medview.inference.derived import ImageCollector, finer, source_factor, tensor_factor, without_gaps
from medview.inference.detecting import detect
from medview.inference.feed import Feed, Receiver
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
    AnyLabels,
    LabelCollector,
    OutputWatch,
    SegmentationRule,
    empty_labels,
    meanings_of,
    narrowed,
    overlap_told,
    sigmoid,
    softmax,
)
from medview.inference.volume_labels import VolumeLabels

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
    findings, outlined = detect(output, feed)
    return Answer(findings=findings, segmentation=outlined)


def _segment(output: SegmentationOutput, feed: Feed) -> Answer:
    rule = SegmentationRule(output)
    watch = feed.watch(output.activation, output.rule != "argmax" and output.encoding == "channels")
    labels = empty_labels(feed.volume.shape, output.labels)
    meanings = meanings_of(output)
    slicewise = feed.manifest.input.is_slicewise
    stride = output.stride or (1,) * len(feed.manifest.input.axes)
    oriented = feed.orientation.view(labels)
    telling = feed.telling(lambda: output.encoding == "labels" or watch.fault(spatial=True) is None)
    telling.begin(np.zeros(labels.shape, labels.dtype), meanings)
    before = (slice(None),) * feed.orientation.order[0]
    on_tensor = output.largest_of == "tensor" and not slicewise
    is_plain = output.back == "linear" and not on_tensor

    def block(_row: int, places: slice) -> tuple[AnyLabels, tuple[Finding, ...]]:
        return labels[(*before, places)].copy(), ()

    def begin(start: int, prepared: Prepared) -> Receiver:
        placement = coarser(prepared.placement, stride)
        as_it_comes = None
        if not slicewise and is_plain and VolumeLabels.can(placement):
            as_it_comes = VolumeLabels(rule, placement, labels, lambda low, high: telling.tell(low, high, block))
        collector = LabelCollector(rule, placement) if as_it_comes is None else None

        def take(first: int, rows: FloatMap) -> None:
            if output.encoding == "channels":
                watch.see(rows, 0)
            (as_it_comes or collector).take(first, rows)  # type: ignore[union-attr]

        def done() -> None:
            if as_it_comes is not None:
                as_it_comes.end()
                return
            assert collector is not None, "one of both was made"
            if on_tensor:
                values = [label.value for label in meanings]
                keep_parts(collector.labels, values, output.keep_largest, 0, feed.course.checkpoint_of(STEP_RESTORE))
            if slicewise:
                stop = start + len(prepared.values)
                collector.onto_slices(oriented[start:stop])
                telling.tell(start, stop, block)
            else:
                collector.onto_source(labels, feed.course.checkpoint_of(STEP_RESTORE))
                telling.tell(0, feed.source.rows, block)

        if as_it_comes is None or not as_it_comes.takes_blocks:
            return Receiver(take, done)
        return Receiver(take, done, _Watched(watch if output.encoding == "channels" else None, as_it_comes))

    feed.dense(output.name, stride, begin)
    watch.check(spatial=True)
    with feed.course.timed(STEP_RESTORE):
        voxel_ml = None
        if feed.volume.geometry is not None:
            voxel_ml = abs(float(np.linalg.det(feed.volume.geometry.affine[:3, :3]))) / 1000
        largest = None if on_tensor else output.keep_largest
        if largest is not None or (output.smallest_part_ml is not None and voxel_ml):
            values = [label.value for label in meanings]
            smallest = int(np.ceil((output.smallest_part_ml or 0) / voxel_ml)) if voxel_ml else 0
            keep_parts(labels, values, largest, smallest, feed.course.checkpoint_of(STEP_RESTORE))
        found = narrowed(labels)
    if output.rule == "together":
        there = set(np.unique(found).tolist())
        # Single labels are told even where nothing was found.
        meanings = tuple(one for one in meanings if one.value in there or one.value.bit_count() == 1)
        feed.warnings += overlap_told(found, meanings)
    return Answer(segmentation=Segmentation(found, feed.volume.geometry, meanings, feed.request.time))


@dataclass(frozen=True, slots=True)
class _Watched:
    """Blocks of an answer on their way to a volume's labels."""

    watch: OutputWatch | None
    labels: VolumeLabels

    def block(self, first: tuple[int, ...], values: FloatMap) -> None:
        if self.watch is not None:
            self.watch.see(values, 0)
        self.labels.block(first, values)

    def rows_until(self, row: int) -> None:
        self.labels.rows_until(row)


def coarser(placement: Placement, stride: tuple[int, ...]) -> Placement:
    """Where the voxels of an output lie that covers the tensor with one for ``stride`` of the tensor's."""
    if all(step == 1 for step in stride):
        return placement
    steps = (*(1,) * (3 - len(stride)), *stride)
    made = [-(-size // step) for size, step in zip(placement.shape, steps, strict=True)]
    factors = np.asarray(placement.shape) / np.asarray(made)
    return placement.scaled(factors, 0.5 * factors - 0.5, tuple(made))


def _classify(output: ClassificationOutput, feed: Feed) -> Answer:
    watch = feed.watch(output.activation, True)
    logits = feed.rows_of_numbers(output.name, output.width)
    if output.encoding == "index":
        unnamed = set(np.rint(logits[:, 0]).astype(int)) - {label.index for label in output.labels}
        if unnamed:
            text = f"The network answered class {min(unnamed)}, which the manifest does not name."
            raise feed.network.failed("output_out_of_range", text)
    else:
        watch.see(logits, 1)
        watch.check(spatial=False)
    probabilities = class_probabilities(output, logits)
    if output.encoding == "cumulative" and rises(sigmoid(logits) if output.activation == "sigmoid" else logits):
        text = "The probabilities to be above a grade rise from grade to grade; the grades are less certain."
        feed.warnings.append(Note("grades_unordered", text))
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
    if output.encoding == "index":
        numbers = np.arange(1 + max(label.index for label in output.labels))
        return np.asarray(np.rint(logits[:, :1]) == numbers, dtype=np.float32)
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


UNORDERED = 0.05
"""By how much a higher grade may be more probable than those below it, before it is said."""


def rises(above: FloatMap) -> bool:
    """Whether (n, grades - 1) probabilities to be above each grade grow on the way up, which no true ones do."""
    return bool(np.any(above - np.minimum.accumulate(above, axis=1) > UNORDERED))


def grades_of(above: FloatMap) -> FloatMap:
    """(n, grades) probabilities of (n, grades - 1) probabilities to be above each grade; never negative.

    A network's cumulative probabilities need not fall from grade to grade: each counts at most as much as those
    before it.
    """
    falling = np.minimum.accumulate(above, axis=1)
    edges = np.pad(falling, [(0, 0), (1, 1)], constant_values=((0, 0), (1, 0)))
    return np.asarray(edges[:, :-1] - edges[:, 1:], dtype=np.float32)
