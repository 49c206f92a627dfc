"""From a network's channels to labels on exactly the grid of the source series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import LABEL_COLOURS, Code, Label
from medview.core.problem import ExitCode, MedviewError, Note
from medview.inference.manifest import SegmentationOutput
from medview.inference.manifest_labels import CodedConcept, LabelEntry
from medview.inference.placement import SNAP, Placement, snapped
from medview.kernels.resample_grid import (
    Taps,
    apply_taps,
    labels_of_channels,
    positions_edges,
    sample_labels,
    taps_at,
)

Labels = NDArray[np.uint16]
AnyLabels = NDArray[np.unsignedinteger[Any]]
Channels = NDArray[np.float32]
Checkpoint = Callable[[int, int], None]

PROBABILITY_SLACK = 1e-3
"""How far rounding may take a probability out of 0 … 1."""


def label_value(entry: LabelEntry) -> int:
    """What the label map holds for a class."""
    return entry.index if entry.value is None else entry.value


def label_meanings(entries: tuple[LabelEntry, ...]) -> tuple[Label, ...]:
    """The labels as medview knows them, with colours for those that have none."""
    return tuple(
        Label(
            label_value(entry),
            entry.name,
            entry.colour or LABEL_COLOURS[number % len(LABEL_COLOURS)],
            _code(entry.category),
            _code(entry.type),
        )
        for number, entry in enumerate(entries)
    )


JOINT = " + "
"""Between the names of labels that hold in the same place."""


def parts_of(name: str) -> set[str]:
    """The labels that a label's name joins, and the name itself."""
    return {name, *name.split(JOINT)}


def overlap_told(labels: AnyLabels, meanings: tuple[Label, ...]) -> list[Note]:
    """A note of how many voxels lie in several labels."""
    joint = [one for one in meanings if JOINT in one.name and one.value.bit_count() > 1]
    if not joint:
        return []
    counts = np.bincount(labels.ravel(), minlength=256)
    share = 100 * sum(int(counts[one.value]) for one in joint) / max(1, int(counts[1:].sum()))
    said = ", ".join(f"{one.name} ({int(counts[one.value])})" for one in joint[:6])
    text = (
        f"{share:.3g} % of what was found lies in several labels at once, which have rows of their own: {said} voxels."
    )
    return [Note("labels_overlap", text, (f"{share:.3g}", said))]


def meanings_of(output: SegmentationOutput) -> tuple[Label, ...]:
    """What the values of the label map mean; where labels overlap also what lies in several of them."""
    if output.rule != "together":
        return label_meanings(output.labels)
    single = label_meanings(output.labels)
    found = []
    for value in range(1, 1 << len(single)):
        parts = [label for n, label in enumerate(single) if value >> n & 1]
        mixed = [sum(label.colour[part] for label in parts) // len(parts) for part in range(3)]
        one = parts[0]
        name, colour = JOINT.join(label.name for label in parts), (mixed[0], mixed[1], mixed[2])
        alone = len(parts) == 1
        found.append(Label(value, name, colour, one.category if alone else None, one.type if alone else None))
    return tuple(found)


def _code(concept: CodedConcept | None) -> Code | None:
    return None if concept is None else Code(concept.value, concept.scheme, concept.meaning)


def softmax(values: Channels, axis: int) -> Channels:
    """Softmax along ``axis``; large values do not overflow."""
    shifted: Channels = np.asarray(values - values.max(axis=axis, keepdims=True), dtype=np.float32)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=axis, keepdims=True)
    return shifted


def sigmoid(values: Channels) -> Channels:
    """Logistic function; large values do not overflow."""
    out = np.clip(values, -80, 80)
    np.negative(out, out=out)
    np.exp(out, out=out)
    out += 1
    return np.asarray(np.reciprocal(out, out=out), dtype=np.float32)


FEW = 32
"""Numbers below which one cannot tell logits from probabilities, or one number from a constant."""


class OutputWatch:
    """What a network's raw output was like over the whole run: constant or out of range is a failure, not a result."""

    def __init__(self, name: str, path: str, activation: str, wants_probability: bool) -> None:
        self._name, self._path = name, path
        self._activation = activation
        self._wants_probability = wants_probability
        self._low, self._high = np.inf, -np.inf
        self._sums_to_one = True
        self._constant: list[float] | None = None
        self._varies = False
        self._count = 0

    def see(self, raw: NDArray[Any], channel_axis: int) -> None:
        """Note a piece of raw output."""
        if raw.size == 0:
            return
        self._count += raw.size
        self._low, self._high = min(self._low, float(raw.min())), max(self._high, float(raw.max()))
        if self._activation == "softmax" and self._sums_to_one:
            total = raw.sum(axis=channel_axis)
            self._sums_to_one = bool(np.all(np.abs(total - 1) < PROBABILITY_SLACK))
        if not self._varies:
            others = tuple(axis for axis in range(raw.ndim) if axis != channel_axis)
            low, high = raw.min(axis=others), raw.max(axis=others)
            now = [float(value) for value in low]
            self._varies = bool(np.any(low != high)) or (self._constant is not None and now != self._constant)
            self._constant = now

    def check(self, spatial: bool) -> None:
        """Raise MedviewError for output that cannot be an answer; ``spatial`` output must not be the same everywhere."""
        fault = self.fault(spatial)
        if fault is not None:
            raise fault

    def fault(self, spatial: bool) -> MedviewError | None:
        """Why what was seen so far cannot be an answer, if it were all; None where it can."""
        inside = self._low >= -PROBABILITY_SLACK and self._high <= 1 + PROBABILITY_SLACK
        if spatial and not self._varies and self._constant is not None:
            return self._failed("output_constant", "gave the same values everywhere")
        numbers = 0 if self._constant is None else len(self._constant)
        if not spatial and numbers and self._low == self._high and (numbers > 1 or self._count >= FEW):
            return self._failed("output_constant", "gave the same value for every class")
        if self._activation == "none" and self._wants_probability and not inside:
            what = f"gave values from {self._low:.4g} to {self._high:.4g} where the manifest promises probabilities"
            return self._failed("output_out_of_range", what)
        if self._activation == "softmax" and inside and self._sums_to_one:
            return self._failed("activation_twice", "gave probabilities, and the manifest asks for softmax once more")
        # A few logits may well all lie between 0 and 1.
        if self._activation == "sigmoid" and inside and self._wants_probability and (spatial or self._count >= FEW):
            return self._failed(
                "activation_twice", "gave values from 0 to 1, and the manifest asks for sigmoid once more"
            )
        return None

    def check_scores(self, dense: bool) -> None:
        """The same for detections, where having found nothing is an answer."""
        fault = self.fault_of_scores(dense)
        if fault is not None:
            raise fault

    def fault_of_scores(self, dense: bool) -> MedviewError | None:
        """As :meth:`fault` for detections."""
        if self._constant is None:
            return None
        if dense:
            return self.fault(spatial=True)
        if self._activation == "none" and (self._low < -PROBABILITY_SLACK or self._high > 1 + PROBABILITY_SLACK):
            what = f"gave scores from {self._low:.4g} to {self._high:.4g}, not between 0 and 1"
            return self._failed("output_out_of_range", what)
        return None

    def _failed(self, code: str, what: str) -> MedviewError:
        return MedviewError(code, f"{self._name} {what}.", self._path, ExitCode.RUN_FAILED)


ROWS_BACK = 8
"""Rows that are brought back through a resizing at once."""

REGIONS = -2
"""What the kernels take for ``nothing`` where later regions lie over earlier ones."""
TOGETHER = -3
"""The same where all labels that hold in a place are kept, each as a bit."""


def _logit(probability: float) -> float:
    """Where the sigmoid reaches ``probability``."""
    if probability in {0.0, 1.0}:
        return -np.inf if probability == 0 else np.inf
    return float(np.log(probability / (1 - probability)))


class SegmentationRule:
    """The manifest's rule as the kernels want it."""

    def __init__(self, output: SegmentationOutput) -> None:
        self.output = output
        self.threshold = None if output.rule == "argmax" else output.threshold
        self.nothing = -1 if output.background is None else output.background
        self._order: list[int] | None = None
        if output.rule == "regions":
            self.nothing = REGIONS
            self._order = [label.index for label in output.labels]
            self.values = np.array([label_value(label) for label in output.labels], dtype=np.uint16)
            if output.restore == "logits" and output.activation == "sigmoid":
                self.threshold = _logit(output.threshold)
            return
        if output.restore == "logits" and output.activation == "sigmoid" and self.threshold is not None:
            self.threshold = _logit(output.threshold)
        if output.rule == "together":
            self.nothing = TOGETHER
            self._order = [label.index for label in output.labels]
            self.values = np.array([1 << n for n in range(len(output.labels))], dtype=np.uint16)
            return
        count = 1 + max([label.index for label in output.labels] + [output.background or 0])
        self.values = np.zeros(count, dtype=np.uint16)
        for label in output.labels:
            self.values[label.index] = label_value(label)

    def activated(self, channels: Channels) -> Channels:
        """Channels (c, …) as the rule compares them: probabilities, or raw where logits are restored; in its order."""
        if self._order is not None:
            channels = channels[self._order]
        if self.output.restore == "logits":
            return channels
        if self.output.activation == "softmax":
            return softmax(channels, 0)
        return sigmoid(channels) if self.output.activation == "sigmoid" else channels

    def labels(self, channels: Channels) -> Labels:
        """(a, b, c) labels of (c, a, b, c) raw channels, or of class numbers."""
        if self.output.encoding == "labels":
            return self._numbers(channels[0])
        if self.threshold is not None:
            channels = self.activated(channels)
        return np.asarray(labels_of_channels(channels, self.threshold, self.nothing, self.values))

    def holds(self, labels: AnyLabels, at: int) -> NDArray[np.bool_]:
        """Where the label at place ``at`` of the manifest's list holds."""
        if self.output.rule == "together":
            return np.asarray(labels & (1 << at) != 0)
        return np.asarray(labels == label_value(self.output.labels[at]))

    def _numbers(self, numbers: Channels) -> Labels:
        known = {label.index for label in self.output.labels} | {self.nothing}
        found = np.unique(numbers)
        strange = [value for value in found.tolist() if value not in known]
        if strange:
            text = f"The network gave the class {strange[0]:g}, which the manifest does not name."
            raise MedviewError("output_out_of_range", text, None, ExitCode.RUN_FAILED)
        return np.asarray(
            self.values[np.maximum(numbers, 0).astype(np.intp)] * (numbers != self.nothing), dtype=np.uint16
        )


class LabelCollector:
    """Takes rows of raw channels of one tensor as they come, and gives labels on the oriented or the source grid."""

    def __init__(self, rule: SegmentationRule, placement: Placement) -> None:
        self._rule = rule
        self._placement = placement
        self.labels = np.zeros(placement.shape, dtype=np.uint16)
        """On the tensor's grid."""
        output = rule.output
        self._keeps_channels = output.encoding == "channels" and output.restore != "labels" and not placement.is_whole
        self._channels: Channels | None = None

    def take(self, first: int, rows: Channels) -> None:
        """Rows (c, n, b, c) from tensor row ``first``; the array may be used again by its owner."""
        if self._keeps_channels:
            rows = self._rule.activated(rows)
            if self._channels is None:
                self._channels = np.empty((rows.shape[0], *self._placement.shape), dtype=np.float32)
            self._channels[:, first : first + rows.shape[1]] = rows
            rule = self._rule
            decided = np.asarray(labels_of_channels(rows, rule.threshold, rule.nothing, rule.values))
        else:
            decided = self._rule.labels(rows)
        self.labels[first : first + rows.shape[1]] = decided

    def onto_source(self, out: AnyLabels, checkpoint: Checkpoint) -> None:
        """Write labels onto the whole source grid ``out`` (k, j, i)."""
        placement = self._resized_back()
        if placement.is_whole:
            paste_labels(self.labels, placement, placement.orientation.view(out))
            return
        placement = self._along_nearest(placement, placement.orientation.shape)
        matrix, offset = placement.source_to_tensor()
        even = np.arange(out.shape[0], dtype=np.float64) if placement.depths is None else placement.depths
        for start in range(0, len(out), 8):
            checkpoint(start, len(out))
            part = slice(start, start + 8)
            made = np.empty(out[part].shape, dtype=np.uint16)
            self._sample(matrix, offset, np.ascontiguousarray(even[part]), made)
            out[part] = made

    def onto_slices(self, oriented: AnyLabels) -> None:
        """Write labels onto ``oriented`` (n, b, c), the slices of the oriented grid that the tensor is made of."""
        placement = self._resized_back()
        if placement.is_whole:
            paste_labels(self.labels, placement, oriented)
            return
        placement = self._along_nearest(placement, oriented.shape)
        inverse = np.linalg.inv(placement.matrix)
        out = np.empty(oriented.shape, dtype=np.uint16)
        rows = np.arange(len(oriented), dtype=np.float64)
        self._sample(snapped(inverse), snapped(-inverse @ placement.offset), rows, out)
        oriented[...] = out

    def _resized_back(self) -> Placement:
        """Undo a resizing that came last as the manifest says; where the labels lie now."""
        rule, placement = self._rule, self._placement
        before, kind = placement.before, rule.output.back
        if kind == "linear" or before is None or not before.is_whole:
            return placement
        sizes = zip(placement.shape, before.shape, strict=True)
        taps = [taps_at(positions_edges(have, want), have, kind, have / want) for have, want in sizes]
        labels = np.empty(before.shape, dtype=np.uint16)
        for start in range(0, before.shape[0], ROWS_BACK):
            part = slice(start, start + ROWS_BACK)
            along = [Taps(taps[0].index[part], taps[0].weight[part]), *taps[1:]]
            if self._channels is None:
                labels[part] = self.labels[np.ix_(*(one.index[:, 0] for one in along))]
                continue
            rows: Channels = self._channels
            for axis, one in enumerate(along):
                rows = apply_taps(rows, axis + 1, one)
            labels[part] = labels_of_channels(rows, rule.threshold, rule.nothing, rule.values)
        self.labels, self._channels = labels, None
        return before

    def _along_nearest(self, placement: Placement, shape: tuple[int, ...]) -> Placement:
        """Undo the axis that was resampled apart, by nearest neighbour: afterwards its voxels are the series' own."""
        axis = placement.separate
        if axis is None or placement.depths is not None:
            return placement
        step, start = placement.matrix[axis, axis], placement.offset[axis]
        wanted = np.arange(shape[axis])
        positions = _halfway_as_nnunet(wanted, start, step, self.labels.shape[axis])
        inside = np.flatnonzero((positions >= -0.5 - 1e-6) & (positions <= self.labels.shape[axis] - 0.5 + 1e-6))
        if len(inside) == 0 or step == 1:
            return placement
        index = np.clip(np.floor(positions[inside] + 0.5).astype(np.intp), 0, self.labels.shape[axis] - 1)
        self.labels = np.ascontiguousarray(np.take(self.labels, index, axis=axis))
        if self._channels is not None:
            self._channels = np.take(self._channels, index, axis=axis + 1)
        matrix, offset = placement.matrix.copy(), placement.offset.copy()
        matrix[axis, axis], offset[axis] = 1.0, float(inside[0])
        made = self.labels.shape
        return replace(placement, shape=(made[0], made[1], made[2]), matrix=matrix, offset=offset)

    def _sample(self, matrix: NDArray[np.float64], offset: NDArray[np.float64], rows: Any, out: Labels) -> None:
        rule = self._rule
        sample_labels(self._channels, self.labels, matrix, offset, rows, out, rule.threshold, rule.nothing, rule.values)


def _halfway_as_nnunet(wanted: NDArray[np.intp], start: float, step: float, size: int) -> NDArray[np.float64]:
    """Tensor positions of the series' voxels ``wanted`` along an axis, by nnU-Net's own arithmetic where the axis was resized
    from edge to edge: what lies exactly halfway between two slices falls to the side that rounding takes there.
    """
    first = start - 0.5 * step + 0.5
    whole = step * size
    if abs(first - round(first)) > SNAP or abs(whole - round(whole)) > SNAP:
        return np.asarray((wanted - start) / step)
    return np.asarray((size / round(whole)) * (wanted - round(first) + 0.5) - 0.5)


def paste_labels(labels: Labels, placement: Placement, oriented: AnyLabels) -> None:
    """Put a tensor's labels where they came from: what was filled is cut off, what was cut off is nothing."""
    offset = np.round(placement.offset).astype(int)
    target, source = [], []
    for start, size, room in zip(offset, labels.shape, oriented.shape, strict=True):
        low, high = max(0, int(start)), min(room, int(start) + size)
        target.append(slice(low, max(low, high)))
        source.append(slice(low - int(start), max(low, high) - int(start)))
    oriented[...] = 0
    oriented[tuple(target)] = labels[tuple(source)]


def restore_labels(labels: Labels, placement: Placement, oriented: AnyLabels) -> None:
    """Labels (n, b, c) of a slice-by-slice tensor onto ``oriented`` (n, b, c), by nearest neighbour."""
    if placement.is_whole:
        paste_labels(labels, placement, oriented)
        return
    inverse = np.linalg.inv(placement.matrix)
    out = np.empty(oriented.shape, dtype=np.uint16)
    rows = np.arange(len(oriented), dtype=np.float64)
    matrix, offset = snapped(inverse), snapped(-inverse @ placement.offset)
    sample_labels(None, labels, matrix, offset, rows, out, None, -1, np.zeros(1, dtype=np.uint16))
    oriented[...] = out


def empty_labels(shape: tuple[int, ...], entries: tuple[LabelEntry, ...]) -> AnyLabels:
    """Zeros of the smallest type that holds the classes."""
    return np.zeros(shape, np.uint8 if all(label_value(entry) < 256 for entry in entries) else np.uint16)


def narrowed(labels: AnyLabels) -> AnyLabels:
    """uint8 where the values allow."""
    return labels.astype(np.uint8, copy=False) if labels.max(initial=0) < 256 else labels
