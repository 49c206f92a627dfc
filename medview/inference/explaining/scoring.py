"""The score of one label: what is asked of a network again and again while its input is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.inference.detection import decode, output_names
from medview.inference.explaining.field import Field
from medview.inference.feed import Feed
from medview.inference.manifest import (
    CenterHeatmapOutput,
    ClassificationOutput,
    ImageOutput,
    RegressionOutput,
    SegmentationOutput,
)
from medview.inference.segmentation import OutputWatch, SegmentationRule, sigmoid, softmax
from medview.inference.tasks import class_probabilities

AnyArray = NDArray[Any]
FloatMap = NDArray[np.float32]
FloatArray = NDArray[np.float64]
Box = tuple[tuple[float, float, float], tuple[float, float, float]]

REACH = 2
"""A finding still counts when it moves by so many voxels."""


def label_names(output: Any) -> tuple[str, ...]:
    """Names of what a network can be asked about."""
    if isinstance(output, RegressionOutput):
        return tuple(entry.name for entry in output.values)
    if isinstance(output, ImageOutput):
        return ()
    return tuple(label.name for label in output.labels)


def place_of_label(output: Any, label: str) -> int:
    """Which of :func:`label_names` it is. Raises MedviewError ``no_such_label`` that lists them."""
    names = label_names(output)
    for at, name in enumerate(names):
        if name.casefold() == label.casefold():
            return at
    known = ", ".join(names) or "none"
    text = f"The model has no label {label!r}: {known}."
    raise MedviewError("no_such_label", text, None, ExitCode.BAD_USE, (label, known))


def watch_of(feed: Feed) -> OutputWatch:
    """What an answer to the unchanged image must not be: constant, out of range."""
    output = feed.manifest.output
    activation = getattr(output, "activation", "none")
    plain = isinstance(output, RegressionOutput | ImageOutput)
    raw = isinstance(output, SegmentationOutput) and output.rule == "argmax"
    return feed.watch(activation, not plain and not raw)


def probabilities(output: SegmentationOutput | CenterHeatmapOutput, raw: FloatMap) -> FloatMap:
    """(labels, …) probabilities of raw (channels, …), in the order of the manifest's labels.

    Where the graph leaves raw numbers to argmax, they are taken for logits of a softmax. Class numbers are 0 or 1.
    """
    if isinstance(output, SegmentationOutput) and output.encoding == "labels":
        return np.stack([(raw[0] == label.index).astype(np.float32) for label in output.labels])
    if output.activation == "sigmoid":
        made = sigmoid(raw)
    elif output.activation == "softmax" or (_takes_largest(output) and not _are_probabilities(raw)):
        made = softmax(raw, 0)
    else:
        made = raw
    return made[[label.index for label in output.labels]]


def _takes_largest(output: SegmentationOutput | CenterHeatmapOutput) -> bool:
    return isinstance(output, SegmentationOutput) and output.rule == "argmax"


def _are_probabilities(raw: FloatMap) -> bool:
    return bool(raw.min() >= -1e-3 and raw.max() <= 1 + 1e-3)


class Score:
    """How strongly a network says ``label`` of a field; ``of(items)`` gives it for changed items.

    Classification: the probability. Regression: the value. Segmentation: the mean probability where the label was
    found. Detection: the best score of a finding of the label, near ``box`` where that is given. ``baseline`` is the
    score of the unchanged item. Raises MedviewError where the network does not say the label at all.
    """

    def __init__(self, feed: Feed, field: Field, label: str | None, box: Box | None = None) -> None:
        self._feed = feed
        self._field = field
        self._output: Any = feed.manifest.output
        self.calls = 0
        if isinstance(self._output, ImageOutput):
            text = f"{feed.manifest.name} makes an image: there is no score to ask for."
            raise MedviewError("no_score", text, None, ExitCode.MODEL_DOES_NOT_FIT, (feed.manifest.name,))
        self._box = None if box is None else _box_on_item(box, feed, field)
        self._region: NDArray[np.bool_] | None = None
        first = field.item[None]
        if isinstance(self._output, SegmentationOutput):
            self._at = self._choose_region(label, first)
            self._ask: Callable[[AnyArray], FloatArray] = self._segmented
        elif isinstance(self._output, ClassificationOutput):
            self._at, self._ask = self._choose_class(label, first), self._classified
        elif isinstance(self._output, RegressionOutput):
            self._at = 0 if label is None else place_of_label(self._output, label)
            self._ask = self._regressed
        else:
            self._at, self._ask = self._choose_finding(label, first), self._detected
        self.label = label_names(self._output)[self._at]
        self.baseline = float(self.of(first)[0])
        if not isinstance(self._output, RegressionOutput) and self.baseline <= 0:
            raise self._absent()

    @property
    def at_once(self) -> int:
        """How many items go into one call."""
        return max(1, self._feed.network.batch)

    def of(self, items: AnyArray) -> FloatArray:
        """(n,) scores of ``items`` (n, …), each like the field's own item."""
        parts = []
        for start in range(0, len(items), self.at_once):
            self.calls += 1
            parts.append(self._ask(items[start : start + self.at_once]))
        return np.concatenate(parts)

    def _absent(self) -> MedviewError:
        what = label_names(self._output)[self._at] if hasattr(self, "_at") else "anything"
        text = f"{self._feed.manifest.name} says nothing of {what} here; choose another place or label."
        return MedviewError("label_absent", text, None, ExitCode.RUN_FAILED, (self._feed.manifest.name, what))

    # The tasks -------------------------------------------------------------------------------------------------------

    def _numbers(self, items: AnyArray, width: int | None) -> FloatMap:
        name = self._output.name
        raw = self._feed.network.answers(items, [name], self._feed.course.again)[0]
        return self._feed.numbers(name, width, raw, len(items))

    def _classified(self, items: AnyArray) -> FloatArray:
        output = self._output
        assert isinstance(output, ClassificationOutput), "chosen by kind"
        found = class_probabilities(output, self._numbers(items, output.width))
        return found[:, output.labels[self._at].index].astype(np.float64)

    def _choose_class(self, label: str | None, first: AnyArray) -> int:
        output = self._output
        assert isinstance(output, ClassificationOutput), "chosen by kind"
        raw = self._numbers(first, output.width)
        watch = watch_of(self._feed)
        watch.see(raw, 1)
        watch.check(spatial=False)
        if label is not None:
            return place_of_label(output, label)
        found = class_probabilities(output, raw)[0]
        return int(np.argmax([found[entry.index] for entry in output.labels]))

    def _regressed(self, items: AnyArray) -> FloatArray:
        output = self._output
        assert isinstance(output, RegressionOutput), "chosen by kind"
        raw = self._numbers(items, None)
        entry = output.values[self._at]
        if entry.index >= raw.shape[1]:
            raise self._feed.network.wrong_shape(output.name, raw.shape, f"{len(output.values)} values were due")
        numbers = sigmoid(raw) if output.activation == "sigmoid" else raw
        return numbers[:, entry.index].astype(np.float64) * entry.scale + entry.offset

    def _dense(self, items: AnyArray) -> FloatMap:
        """(n, channels, …) raw."""
        output = self._output
        assert isinstance(output, SegmentationOutput | CenterHeatmapOutput), "chosen by kind"
        count = len(self._field.shape)
        stride = output.stride or (1,) * count
        raw = np.asarray(self._feed.network.dense(items, output.name, stride, self._feed.course.again))
        if isinstance(output, SegmentationOutput):
            # A region is one of the tensor's voxels.
            for axis, (step, size) in enumerate(zip(stride, self._field.shape, strict=True), 2):
                raw = raw if step == 1 else np.repeat(raw, step, axis=axis).take(np.arange(size), axis=axis)
        return raw

    def _segmented(self, items: AnyArray) -> FloatArray:
        output, region = self._output, self._region
        assert isinstance(output, SegmentationOutput), "chosen by kind"
        assert region is not None, "chosen before"
        raw = self._dense(items)
        return np.array([float(probabilities(output, one)[self._at][region].mean()) for one in raw])

    def _choose_region(self, label: str | None, first: AnyArray) -> int:
        """The label, and where the network found it in the unchanged item (inside the box, where one is given)."""
        output = self._output
        assert isinstance(output, SegmentationOutput), "chosen by kind"
        raw = self._dense(first)[0]
        if output.encoding == "channels":
            watch = watch_of(self._feed)
            watch.see(raw, 0)
            watch.check(spatial=True)
        shape = (1, *self._field.shape) if self._field.slicewise else self._field.shape
        rule = SegmentationRule(output)
        decided = rule.labels(raw.reshape(len(raw), *shape)).reshape(self._field.shape)
        inside = np.ones(self._field.shape, dtype=np.bool_)
        if self._box is not None:
            inside[...] = False
            inside[tuple(slice(max(0, int(np.ceil(a))), int(np.floor(b)) + 1) for a, b in self._box.T)] = True
        held = [rule.holds(decided, n) & inside for n in range(len(output.labels))]
        counts = [int(np.count_nonzero(one)) for one in held]
        at = int(np.argmax(counts)) if label is None else place_of_label(output, label)
        if counts[at] == 0:
            self._at = at
            raise self._absent()
        self._region = held[at]
        return at

    def _detected(self, items: AnyArray) -> FloatArray:
        output = self._output
        if isinstance(output, CenterHeatmapOutput):
            maps = self._dense(items)
            place = self._near(output.stride)
            return np.array([float(probabilities(output, one)[self._at][place].max()) for one in maps])
        found = self._candidates(items)
        best = []
        for one in found:
            keep = one.classes == self._at
            if self._box is not None:
                low, high = self._box[0] - REACH, self._box[1] + REACH
                boxes = one.boxes[:, :, -len(low) :]
                keep = keep & np.all((boxes[:, 1] >= low) & (boxes[:, 0] <= high), axis=1)
            best.append(float(one.scores[keep].max(initial=0.0)))
        return np.array(best)

    def _candidates(self, items: AnyArray) -> list[Any]:
        output = self._output
        # Below the manifest's threshold too: a score that falls is the answer that is looked for.
        every = output.model_copy(update={"score_threshold": 0.0})
        raw = self._feed.network.answers(items, output_names(output), self._feed.course.again)
        watch = self._feed.watch(output.activation, True)
        shape = items.shape[1 : 1 + len(self._field.shape)]
        found = decode(every, raw, shape, self._feed.network, watch)[: len(items)]
        return [replace(one, masks=()) for one in found]

    def _choose_finding(self, label: str | None, first: AnyArray) -> int:
        output = self._output
        if isinstance(output, CenterHeatmapOutput):
            watch = watch_of(self._feed)
            watch.see(self._dense(first)[0][[entry.index for entry in output.labels]], 0)
            watch.check(spatial=True)
        if label is not None:
            return place_of_label(output, label)
        best = []
        for at in range(len(output.labels)):
            self._at = at
            best.append(float(self._detected(first)[0]))
        return int(np.argmax(best))

    def _near(self, stride: tuple[int, ...] | None) -> tuple[slice, ...]:
        """The part of a heat map that the box reaches, everything without one."""
        if self._box is None:
            return tuple(slice(None) for _ in self._field.shape)
        steps = np.asarray(stride or (1,) * len(self._field.shape), dtype=np.float64)
        low = np.floor((self._box[0] - REACH) / steps).astype(int)
        high = np.ceil((self._box[1] + REACH) / steps).astype(int)
        return tuple(slice(max(0, a), max(1, b + 1)) for a, b in zip(low, high, strict=True))


def _box_on_item(box: Box, feed: Feed, field: Field) -> FloatArray:
    """A box of series voxels (k, j, i) as lowest and highest corner on the item's grid."""
    corners = np.array([[box[n >> 2 & 1][0], box[n >> 1 & 1][1], box[n & 1][2]] for n in range(8)], dtype=np.float64)
    matrix, offset = feed.orientation.oriented_to_source()
    oriented = (corners - offset) @ np.linalg.inv(matrix).T
    if field.slicewise:
        oriented[:, 0] = 0
    placement = field.prepared.placement
    tensor = (oriented - placement.offset) @ np.linalg.inv(placement.matrix).T
    tensor = tensor[:, -len(field.shape) :]
    return np.stack([tensor.min(axis=0), tensor.max(axis=0)])
