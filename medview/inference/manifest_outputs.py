"""What a network's outputs mean, as a manifest states it: labels, classes, numbers, images and detections."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from medview.inference.manifest_detectors import AnchorsOutput, BoxesOutput, CenterHeatmapOutput, YoloOutput
from medview.inference.manifest_labels import Activation, LabelEntry, refuse_repeats
from medview.inference.manifest_steps import Strict

MOST_TOGETHER = 8
"""Labels that may overlap freely: each is a bit of a byte."""


class SegmentationOutput(Strict):
    """A label for each voxel.

    ``encoding`` ``channels``: one channel a class, at the size of the input; ``labels``: the graph gives class numbers.
    ``rule`` ``argmax`` takes the largest channel, ``threshold`` the largest of those above ``threshold`` (or nothing),
    ``regions`` writes the labels one over the other in the order in which they are listed, each where its channel is
    above ``threshold``: regions that contain one another, as of nnU-Net and BraTS. ``together`` keeps all that are above
    ``threshold``: where several of the (at most 8) labels hold, the voxel has a label of its own, named ``a + b``.
    ``background`` is the channel (or number) that means nothing; null for a network that has none.
    ``restore`` says what goes back onto the series' grid where it was resampled: ``probabilities`` linearly and then
    the rule, ``logits`` linearly before the activation (nnU-Net), or ``labels`` by nearest neighbour.
    """

    kind: Literal["segmentation"]
    name: str | None = None
    """Name of the graph's output; null takes the first."""
    layout: str | None = Field(default=None, pattern=r"^N?C?D?H?W$|^N?D?HWC?$")
    """The output's axes; null: as the input's, without C where the output has one axis less."""
    stride: tuple[PositiveInt, ...] | None = None
    """Voxels of the tensor for each of the output along each axis, where the output is coarser (SegFormer: 4, 4); it goes
    back onto the series from its own grid. Null: 1."""
    encoding: Literal["channels", "labels"] = "channels"
    activation: Activation = "none"
    rule: Literal["argmax", "threshold", "regions", "together"] = "argmax"
    threshold: float = 0.5
    background: NonNegativeInt | None = 0
    labels: tuple[LabelEntry, ...] = Field(min_length=1)
    restore: Literal["probabilities", "logits", "labels"] = "probabilities"
    back: Literal["linear", "adaptive", "lower"] = "linear"
    """How what ``restore`` says goes back through a resize that is the last step that moves voxels, where nothing before it
    resampled: as these kinds of a resize do (MONAI's inverse of area is area)."""
    keep_largest: PositiveInt | None = None
    """Keep only that many largest connected parts of each label (26 neighbours)."""
    largest_of: Literal["series", "tensor"] = "series"
    """On whose grid parts are connected for ``keep_largest``; ``tensor`` needs ``restore`` labels."""
    smallest_part_ml: PositiveFloat | None = None
    """Drop connected parts smaller than that."""

    @model_validator(mode="after")
    def _consistent(self) -> SegmentationOutput:
        refuse_repeats(self.labels)
        if any(label.index == self.background for label in self.labels):
            raise ValueError("labels: the background is listed as a label; set background to null or leave it out")
        values = [label.index if label.value is None else label.value for label in self.labels]
        if 0 in values and self.rule != "together":
            raise ValueError("labels: index 0 needs a value above 0, because 0 means nothing in a label map")
        if len(set(values)) != len(values):
            raise ValueError("labels: the same value twice")
        if max(values) > 65535:
            raise ValueError("labels: a value above 65535")
        if self.encoding == "labels" and self.activation != "none":
            raise ValueError("activation: class numbers need none")
        if self.rule == "threshold" and self.activation == "softmax" and self.background is None:
            raise ValueError("rule: softmax without background always finds something; use argmax")
        if self.largest_of == "tensor" and (self.restore != "labels" or self.keep_largest is None):
            raise ValueError("largest_of: tensor goes with keep_largest and labels that are brought back")
        if self.rule in {"regions", "together"}:
            self._refuse_exclusive()
        if self.restore == "logits" and self.rule != "argmax" and self.activation == "softmax":
            raise ValueError("restore: logits of softmax go with argmax only")
        return self

    def _refuse_exclusive(self) -> None:
        """Raise ValueError for what makes no sense where several labels may hold in one place."""
        if self.activation == "softmax" or self.encoding == "labels":
            raise ValueError("rule: regions need channels that do not exclude one another, so sigmoid or none")
        if self.background is not None:
            raise ValueError("rule: regions have no background channel; set background to null")
        if self.rule == "regions":
            return
        if len(self.labels) > MOST_TOGETHER:
            raise ValueError(f"rule: together takes at most {MOST_TOGETHER} labels")
        if any(label.value is not None for label in self.labels):
            raise ValueError("labels: with the rule together each label has its own bit; leave value out")
        if self.keep_largest is not None or self.smallest_part_ml is not None:
            raise ValueError(
                "rule: parts cannot be dropped where labels overlap; leave keep_largest, smallest_part_ml out"
            )


class ClassificationOutput(Strict):
    """A probability for each class. Slices of a series are joined by ``over_slices``.

    ``encoding`` ``cumulative``: grades in order; the network gives one number fewer than there are labels, the n-th
    (after ``activation``) the probability of a grade above the n-th (CORAL, CORN after its product; Cao 2020).
    ``index``: the graph gives the number of the class alone, which then has the probability 1.
    """

    kind: Literal["classification"]
    name: str | None = None
    encoding: Literal["classes", "cumulative", "index"] = "classes"
    activation: Activation = "softmax"
    labels: tuple[LabelEntry, ...] = Field(min_length=1)
    over_slices: Literal["mean", "maximum", "middle", "last"] = "mean"
    """``last``: what a recurrent network says after the last frame."""

    @property
    def width(self) -> int:
        """How many numbers the network gives."""
        return 1 if self.encoding == "index" else len(self.labels) - (self.encoding == "cumulative")

    @model_validator(mode="after")
    def _consistent(self) -> ClassificationOutput:
        refuse_repeats(self.labels)
        if self.encoding == "index" and self.activation != "none":
            raise ValueError("activation: class numbers need none")
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
    over_slices: Literal["mean", "median", "maximum", "middle", "last"] = "mean"

    @model_validator(mode="after")
    def _consistent(self) -> RegressionOutput:
        if len({entry.index for entry in self.values}) != len(self.values):
            raise ValueError("values: the same index twice")
        return self


class ImageOutput(Strict):
    """An image of the same place: denoised, sharpened or synthesised values, ``value = raw·scale + offset``.

    It comes back onto the series' grid linearly and is shown as a series of its own, marked as made by a model. What
    the steps cut off is ``outside``.

    ``factor``: super-resolution; how many voxels the network makes of one along each axis of the tensor, so many times
    finer is the grid of the result: the same field of view, each voxel cut into ``factor`` equal parts.
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
    factor: tuple[PositiveInt, ...] | None = None
    """Null: 1 along each axis."""


class PromptedOutput(Strict):
    """Two networks that segment what is pointed at (Segment Anything; Kirillov 2023), slice by slice.

    The package's ``model`` makes embeddings of a slice, once; ``decoder`` makes a mask of them and of points or a box, at
    once. ``embeddings``: inputs of the decoder and the outputs of ``model`` that they are fed with. A point is given as
    (x, y) in ``coordinates`` of the tensor with the label 1 (inside) or 0 (outside), the corners of a box with the labels
    2 and 3, and without a box a point with the label -1 fills up, as in the exports of SAM; ``decoder_input`` names that
    are null are not fed. The mask's logits are compared with ``threshold``. Masks that are coarser than the tensor are
    enlarged linearly.

    ``coordinates`` ``pixels``: the tensor's voxels, centres at whole numbers; ``normalised``: 0 to 1 from border to border;
    ``scaled``: the slice's own (x, y) times the factor of its resizing, as Segment Anything and its kin place them, up to
    half a voxel of the slice beside the true place. ``choice`` ``best``: of several masks that with the best score is
    taken; ``by_points``: of four the first where there are more than two points (corners and fillers count), else the best
    of the others, as Segment Anything chooses itself; ``first``. ``covers``: rows and columns of the tensor, from its first
    voxel, that a mask reaches over, where the network fills up what it is given; null: the tensor's. ``straight``: a coarser
    mask goes onto the slice in one (Segment Anything 2, MedSAM) and not by way of the tensor's grid.
    """

    kind: Literal["prompted"]
    decoder: str
    embeddings: dict[str, str] = Field(min_length=1)
    points_input: str = "point_coords"
    labels_input: str = "point_labels"
    mask_input: str | None = None
    """The mask before: zeros of the graph's shape, or 256 × 256."""
    has_mask_input: str | None = None
    size_input: str | None = None
    """Rows and columns of the tensor, for decoders that enlarge their masks to that."""
    masks_output: str = "masks"
    scores_output: str | None = None
    coordinates: Literal["pixels", "normalised", "scaled"] = "pixels"
    choice: Literal["best", "by_points", "first"] = "best"
    covers: tuple[PositiveInt, PositiveInt] | None = None
    straight: bool = False
    takes_boxes: bool = True
    """Whether the labels 2 and 3 mean something to the network."""
    threshold: float = 0.0
    fills_up: bool = True
    """Whether a point with the label -1 is given where there is no box; wrong where the graph adds one itself."""
    label: LabelEntry = LabelEntry(index=0, value=1, name="object")

    @model_validator(mode="after")
    def _valued(self) -> PromptedOutput:
        if (self.label.value or self.label.index) < 1:
            raise ValueError("label: its value must be above 0")
        if self.straight and self.covers is not None:
            raise ValueError("straight: goes with masks that reach over the tensor; leave covers out")
        return self


Output = Annotated[
    SegmentationOutput
    | ClassificationOutput
    | RegressionOutput
    | ImageOutput
    | PromptedOutput
    | BoxesOutput
    | YoloOutput
    | AnchorsOutput
    | CenterHeatmapOutput,
    Field(discriminator="kind"),
]
