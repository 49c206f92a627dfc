"""What a network's outputs mean, as a manifest states it: classes, label maps, boxes and heat maps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from medview.inference.manifest_steps import Strict

Activation = Literal["none", "softmax", "sigmoid"]
"""What medview applies to the raw output. ``none``: the graph has done it already, or argmax needs nothing."""

Byte = Annotated[int, Field(ge=0, le=255)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class CodedConcept(Strict):
    """A code for export (PS3.3 8.8); SNOMED CT unless ``scheme`` says otherwise."""

    value: str = Field(min_length=1)
    meaning: str = Field(min_length=1, max_length=64)
    scheme: str = "SCT"


class LabelEntry(Strict):
    """One class: ``index`` is the network's channel or number, ``value`` what the label map will hold (default: index).

    ``category`` and ``type`` are the codes of a DICOM segment (anatomical structure / lung).
    """

    index: NonNegativeInt
    name: str = Field(min_length=1)
    value: PositiveInt | None = None
    colour: tuple[Byte, Byte, Byte] | None = None
    category: CodedConcept | None = None
    type: CodedConcept | None = None


def _distinct(labels: tuple[LabelEntry, ...]) -> None:
    for what, numbers in (
        ("index", [label.index for label in labels]),
        ("value", [label.value for label in labels if label.value is not None]),
    ):
        if len(set(numbers)) != len(numbers):
            raise ValueError(f"labels: the same {what} twice")


class SegmentationOutput(Strict):
    """A label for each voxel.

    ``encoding`` ``channels``: one channel a class, at the size of the input; ``labels``: the graph gives class numbers.
    ``rule`` ``argmax`` takes the largest channel, ``threshold`` the largest of those above ``threshold`` (or nothing),
    ``regions`` writes the labels one over the other in the order in which they are listed, each where its channel is
    above ``threshold``: regions that contain one another, as of nnU-Net and BraTS.
    ``background`` is the channel (or number) that means nothing; null for a network that has none.
    ``restore`` says what goes back onto the series' grid where it was resampled: ``probabilities`` linearly and then
    the rule, ``logits`` linearly before the activation (nnU-Net), or ``labels`` by nearest neighbour.
    """

    kind: Literal["segmentation"]
    name: str | None = None
    """Name of the graph's output; null takes the first."""
    layout: str | None = Field(default=None, pattern=r"^N?C?D?H?W$|^N?D?HWC?$")
    """The output's axes; null: as the input's, without C where the output has one axis less."""
    encoding: Literal["channels", "labels"] = "channels"
    activation: Activation = "none"
    rule: Literal["argmax", "threshold", "regions"] = "argmax"
    threshold: float = 0.5
    background: NonNegativeInt | None = 0
    labels: tuple[LabelEntry, ...] = Field(min_length=1)
    restore: Literal["probabilities", "logits", "labels"] = "probabilities"
    keep_largest: PositiveInt | None = None
    """Keep only that many largest connected parts of each label (26 neighbours)."""
    smallest_part_ml: PositiveFloat | None = None
    """Drop connected parts smaller than that."""

    @model_validator(mode="after")
    def _consistent(self) -> SegmentationOutput:
        _distinct(self.labels)
        if any(label.index == self.background for label in self.labels):
            raise ValueError("labels: the background is listed as a label; set background to null or leave it out")
        values = [label.index if label.value is None else label.value for label in self.labels]
        if 0 in values:
            raise ValueError("labels: index 0 needs a value above 0, because 0 means nothing in a label map")
        if len(set(values)) != len(values):
            raise ValueError("labels: the same value twice")
        if max(values) > 65535:
            raise ValueError("labels: a value above 65535")
        if self.encoding == "labels" and self.activation != "none":
            raise ValueError("activation: class numbers need none")
        if self.rule == "threshold" and self.activation == "softmax" and self.background is None:
            raise ValueError("rule: softmax without background always finds something; use argmax")
        if self.rule == "regions" and (self.activation == "softmax" or self.encoding == "labels"):
            raise ValueError("rule: regions need channels that do not exclude one another, so sigmoid or none")
        if self.rule == "regions" and self.background is not None:
            raise ValueError("rule: regions have no background channel; set background to null")
        if self.restore == "logits" and self.rule != "argmax" and self.activation == "softmax":
            raise ValueError("restore: logits of softmax go with argmax only")
        return self


class ClassificationOutput(Strict):
    """A probability for each class. Slices of a series are joined by ``over_slices``.

    ``encoding`` ``cumulative``: grades in order; the network gives one number fewer than there are labels, the n-th
    (after ``activation``) the probability of a grade above the n-th (CORAL, CORN after its product; Cao 2020).
    """

    kind: Literal["classification"]
    name: str | None = None
    encoding: Literal["classes", "cumulative"] = "classes"
    activation: Activation = "softmax"
    labels: tuple[LabelEntry, ...] = Field(min_length=1)
    over_slices: Literal["mean", "maximum", "middle"] = "mean"

    @property
    def width(self) -> int:
        """How many numbers the network gives."""
        return len(self.labels) - (self.encoding == "cumulative")

    @model_validator(mode="after")
    def _consistent(self) -> ClassificationOutput:
        _distinct(self.labels)
        if self.encoding == "cumulative":
            if len(self.labels) < 2 or [label.index for label in self.labels] != list(range(len(self.labels))):
                raise ValueError("labels: grades are two or more, with the indices 0, 1, 2 … in order")
            if self.activation == "softmax":
                raise ValueError("activation: cumulative probabilities are sigmoid or none")
        return self


class ValueEntry(Strict):
    """One number of a regression: ``value = raw·scale + offset`` in ``unit``.

    Outside of ``low`` … ``high`` the run has failed.
    """

    index: NonNegativeInt
    name: str = Field(min_length=1)
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> ValueEntry:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low must be smaller than high")
        return self


class RegressionOutput(Strict):
    """Numbers with units (age, ejection fraction, density). Slices of a series are joined by ``over_slices``."""

    kind: Literal["regression"]
    name: str | None = None
    activation: Literal["none", "sigmoid"] = "none"
    values: tuple[ValueEntry, ...] = Field(min_length=1)
    over_slices: Literal["mean", "median", "maximum", "middle"] = "mean"

    @model_validator(mode="after")
    def _consistent(self) -> RegressionOutput:
        if len({entry.index for entry in self.values}) != len(self.values):
            raise ValueError("values: the same index twice")
        return self


class ImageOutput(Strict):
    """An image of the same place: denoised, sharpened or synthesised values, ``value = raw·scale + offset``.

    It comes back onto the series' grid linearly and is shown as a series of its own, marked as made by a model. What
    the steps cut off is ``outside``.
    """

    kind: Literal["image"]
    name: str | None = None
    layout: str | None = Field(default=None, pattern=r"^N?C?D?H?W$|^N?D?HWC?$")
    channel: NonNegativeInt = 0
    title: str = Field(min_length=1, max_length=64)
    """What the series is called ("denoised")."""
    unit: str = ""
    """Of the values: HU, SUV … or nothing."""
    scale: float = 1.0
    offset: float = 0.0
    outside: float | Literal["minimum"] = "minimum"


class MergeSlices(Strict):
    """Join boxes of neighbouring slices into one finding where they overlap by ``iou`` or more.

    ``gap`` slices may lie between; a finding on fewer than ``minimum_slices`` is dropped.
    """

    iou: Share = 0.2
    gap: NonNegativeInt = 0
    minimum_slices: PositiveInt = 1


class _Detection(Strict):
    labels: tuple[LabelEntry, ...] = Field(min_length=1)
    score_threshold: Share = 0.05
    """Findings below are not kept."""
    shown_threshold: Share = 0.5
    """Where the reader's slider starts."""
    nms_iou: Share | None = None
    """Of boxes that overlap more, the best stays; null where the graph has done it."""
    minimum_distance_mm: PositiveFloat | None = None
    """Of findings whose centres are closer, the best stays."""
    at_most: PositiveInt = 200
    merge: MergeSlices | None = None
    """Slice-by-slice networks only."""

    @model_validator(mode="after")
    def _consistent(self) -> _Detection:
        _distinct(self.labels)
        if self.shown_threshold < self.score_threshold:
            raise ValueError("shown_threshold must not be below score_threshold")
        return self


BoxLayout = Literal["xyxy", "yxyx", "xywh", "cxcywh", "xyzxyz", "zyxzyx", "xyzwhd", "cxcyczwhd"]
"""Corners, corner and size, or centre and size. 2-D layouts have four numbers, 3-D ones six."""


class BoxesOutput(_Detection):
    """Boxes that the graph has decoded: boxes [n, 4 or 6], scores [n] or [n, classes], labels [n].

    Or everything in one output (``columns``: ``box``, ``score``, ``label`` in their order along the last axis).
    ``labels_output`` null: the class is the best of the scores' columns, or there is one class only.
    ``origin`` ``border``: 0 is the outer border of the first voxel (YOLO, torchvision); ``centre``: its centre.
    ``x_axis`` ``last``: x runs along the tensor's last axis; ``first``: along the first spatial one (MONAI).
    """

    kind: Literal["boxes"]
    boxes_output: str | None = None
    scores_output: str | None = None
    labels_output: str | None = None
    columns: tuple[Literal["box", "score", "label"], ...] | None = None
    layout: BoxLayout = "xyxy"
    coordinates: Literal["pixels", "normalised"] = "pixels"
    origin: Literal["border", "centre"] = "border"
    x_axis: Literal["last", "first"] = "last"
    activation: Activation = "none"

    @model_validator(mode="after")
    def _named(self) -> BoxesOutput:
        if self.columns is None and (self.boxes_output is None or self.scores_output is None):
            raise ValueError("boxes_output and scores_output must be named, or columns given")
        if self.columns is not None:
            if self.scores_output is not None or self.labels_output is not None:
                raise ValueError("columns: scores_output and labels_output make no sense beside it")
            if not {"box", "score"} <= set(self.columns) or len(set(self.columns)) != len(self.columns):
                raise ValueError("columns: needs box and score, each once")
        return self


class Keypoints(Strict):
    """Points of each finding, in order; ``visibility``: a third number from 0 to 1 follows x and y."""

    names: tuple[str, ...] = Field(min_length=1)
    visibility: bool = True
    shown_threshold: Share = 0.5
    """Points that are less visible are not drawn."""


class YoloOutput(_Detection):
    """Raw YOLO predictions: cx, cy, w, h and class scores for each of n places, in pixels of the tensor.

    ``arrangement`` ``attributes_first`` is [b, 4 + classes, n] (Ultralytics), ``places_first`` [b, n, …] (YOLOv5).
    ``objectness``: a fifth number comes before the classes and multiplies their scores.
    ``prototypes_output``: the graph's [b, p, h, w] prototypes of masks; the last p numbers of a place are then the
    coefficients (instance segmentation; Bolya 2019), and a pixel of the box belongs to the finding where their sum,
    enlarged linearly to the tensor, is above 0. ``keypoints``: the last numbers of a place are x, y (and how visible)
    of each point (pose).
    """

    kind: Literal["yolo"]
    name: str | None = None
    arrangement: Literal["attributes_first", "places_first"] = "attributes_first"
    objectness: bool = False
    coordinates: Literal["pixels", "normalised"] = "pixels"
    activation: Activation = "none"
    prototypes_output: str | None = None
    keypoints: Keypoints | None = None

    @model_validator(mode="after")
    def _one_extra(self) -> YoloOutput:
        if self.prototypes_output is not None and self.keypoints is not None:
            raise ValueError("give prototypes_output or keypoints, not both")
        if self.merge is not None and (self.prototypes_output is not None or self.keypoints is not None):
            raise ValueError("merge: masks and keypoints stay on their slices")
        return self


class CenterHeatmapOutput(_Detection):
    """A dense map of centres: each local maximum above the threshold is a finding.

    ``name`` holds one probability channel for each label (its ``index``); ``activation`` is applied to these. The
    diameter stands in ``diameter_channel`` of the same output, or of ``diameter_output``; ``diameter_unit`` says what
    it is (``log_mm``: natural logarithm of mm; ``voxels``: of the tensor, along its last axis). Without a channel
    every finding is ``diameter_mm`` wide.
    Maps are coarser than the tensor by ``stride`` along each axis; element n covers voxels n·stride … n·stride+stride-1
    and its centre is theirs. ``refine`` takes the centre of mass of the 3×3(×3) neighbourhood instead.
    """

    kind: Literal["center_heatmap"]
    name: str | None = None
    layout: str | None = Field(default=None, pattern=r"^N?C?D?H?W$|^N?D?HWC?$")
    activation: Activation = "none"
    diameter_output: str | None = None
    diameter_channel: NonNegativeInt | None = None
    diameter_unit: Literal["mm", "log_mm", "voxels"] = "mm"
    diameter_mm: PositiveFloat | None = None
    smallest_mm: PositiveFloat = 1.0
    largest_mm: PositiveFloat = 200.0
    """Diameters are kept inside these."""
    stride: tuple[PositiveInt, ...] | None = None
    """Null: 1 along each axis."""
    refine: bool = False

    @model_validator(mode="after")
    def _has_size(self) -> CenterHeatmapOutput:
        if (self.diameter_channel is None) == (self.diameter_mm is None):
            raise ValueError("give either diameter_channel or diameter_mm")
        if self.diameter_output is None and any(label.index == self.diameter_channel for label in self.labels):
            raise ValueError("diameter_channel: the same channel as a label's probability")
        return self


DetectionOutput = BoxesOutput | YoloOutput | CenterHeatmapOutput
Output = Annotated[
    SegmentationOutput
    | ClassificationOutput
    | RegressionOutput
    | ImageOutput
    | BoxesOutput
    | YoloOutput
    | CenterHeatmapOutput,
    Field(discriminator="kind"),
]
