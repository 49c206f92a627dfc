"""What a detector's outputs mean, as a manifest states it: boxes, YOLO's places, anchors, heat maps of centres."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from medview.inference.manifest_labels import Activation, LabelEntry, Share, refuse_repeats
from medview.inference.manifest_steps import Strict


class MergeSlices(Strict):
    """Join boxes of neighbouring slices into one finding where they overlap by ``iou`` or more.

    ``gap`` slices may lie between; a finding on fewer than ``minimum_slices`` is dropped.
    """

    iou: Share = 0.2
    gap: NonNegativeInt = 0
    minimum_slices: PositiveInt = 1


class Detector(Strict):
    """What all detectors say: classes, thresholds, and how boxes that overlap become one.

    ``suppression`` ``nms``: of boxes of one class that overlap by more than ``nms_iou`` the best stays (``nms_iou`` null:
    the graph has done it). ``soft_nms``: none goes, but each is worth less by exp(-iou²/``soft_sigma``) for each better one
    (Bodla 2017). ``weighted``: those that overlap by more than ``nms_iou`` become their mean, weighted by score
    (weighted box fusion; Solovyev 2021); with ``input.mirror`` a box that not all views show loses score.
    """

    labels: tuple[LabelEntry, ...] = Field(min_length=1)
    score_threshold: Share = 0.05
    """Findings below are not kept."""
    shown_threshold: Share = 0.5
    """Where the reader's slider starts."""
    suppression: Literal["nms", "soft_nms", "weighted"] = "nms"
    nms_iou: Share | None = None
    soft_sigma: PositiveFloat = 0.5
    minimum_distance_mm: PositiveFloat | None = None
    """Of findings whose centres are closer, the best stays."""
    at_most: PositiveInt = 200
    merge: MergeSlices | None = None
    """Slice-by-slice networks only."""

    @model_validator(mode="after")
    def _consistent(self) -> Detector:
        refuse_repeats(self.labels)
        if self.shown_threshold < self.score_threshold:
            raise ValueError("shown_threshold must not be below score_threshold")
        if self.suppression == "weighted" and self.nms_iou is None:
            raise ValueError("suppression: weighted needs nms_iou, from which boxes are one")
        if self.suppression == "soft_nms" and self.nms_iou is not None:
            raise ValueError("suppression: soft_nms has soft_sigma instead of nms_iou")
        return self


BoxLayout = Literal["xyxy", "yxyx", "xywh", "cxcywh", "xyzxyz", "zyxzyx", "xyzwhd", "cxcyczwhd"]
"""Corners, corner and size, or centre and size. 2-D layouts have four numbers, 3-D ones six."""


class Keypoints(Strict):
    """Points of each finding, in order; ``visibility``: a third number from 0 to 1 follows x and y.

    ``skeleton``: pairs of names that a line joins.
    """

    names: tuple[str, ...] = Field(min_length=1)
    skeleton: tuple[tuple[str, str], ...] = ()
    visibility: bool = True
    shown_threshold: Share = 0.5
    """Points that are less visible are not drawn."""

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """The skeleton by numbers of points."""
        return tuple((self.names.index(a), self.names.index(b)) for a, b in self.skeleton)

    @model_validator(mode="after")
    def _known(self) -> Keypoints:
        if len(set(self.names)) != len(self.names):
            raise ValueError("names: the same point twice")
        unknown = next((name for pair in self.skeleton for name in pair if name not in self.names), None)
        if unknown is not None:
            raise ValueError(f"skeleton: there is no point {unknown!r}")
        return self


class BoxesOutput(Detector):
    """Boxes that the graph has decoded: boxes [n, 4 or 6], scores [n] or [n, classes], labels [n].

    Or everything in one output (``columns``: ``box``, ``score``, ``label`` in their order along the last axis; ``batch`` is
    the number of the image, which is one).
    ``labels_output`` null: the class is the best of the scores' columns, or there is one class only.
    ``origin`` ``border``: 0 is the outer border of the first voxel (YOLO, torchvision); ``centre``: its centre.
    ``x_axis`` ``last``: x runs along the tensor's last axis; ``first``: along the first spatial one (MONAI).
    ``masks_output``: [n, 1, h, w] or [n, h, w], for each box the probability of every pixel of the tensor that it belongs
    to the finding (torchvision's Mask R-CNN); above ``mask_threshold`` it does. ``keypoints_output``: [n, points, 2 or 3]
    x, y (and how visible) of the ``keypoints``, in the coordinates of the boxes. Both for slices.
    """

    kind: Literal["boxes"]
    boxes_output: str | None = None
    scores_output: str | None = None
    labels_output: str | None = None
    columns: tuple[Literal["box", "score", "label", "batch"], ...] | None = None
    layout: BoxLayout = "xyxy"
    coordinates: Literal["pixels", "normalised"] = "pixels"
    origin: Literal["border", "centre"] = "border"
    x_axis: Literal["last", "first"] = "last"
    activation: Activation = "none"
    each_class: bool = False
    """Every class that a box shows above the threshold is a finding of its own (RT-DETR, Deformable DETR), not the best one
    alone."""
    masks_output: str | None = None
    mask_threshold: Share = 0.5
    keypoints_output: str | None = None
    keypoints: Keypoints | None = None

    @model_validator(mode="after")
    def _more(self) -> BoxesOutput:
        if (self.keypoints is None) != (self.keypoints_output is None):
            raise ValueError("keypoints and keypoints_output go together")
        if self.masks_output is not None and self.keypoints is not None:
            raise ValueError("give masks_output or keypoints, not both")
        if self.masks_output is None and self.keypoints is None:
            return self
        if self.columns is not None or self.layout not in {"xyxy", "yxyx", "xywh", "cxcywh"}:
            raise ValueError("masks_output, keypoints: need boxes of slices in an output of their own")
        if self.suppression == "weighted" or self.merge is not None:
            raise ValueError("masks_output, keypoints: they cannot be made of several, and stay on their slices")
        return self

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


class YoloOutput(Detector):
    """Raw YOLO predictions: cx, cy, w, h and class scores for each of n places, in pixels of the tensor.

    ``arrangement`` ``attributes_first`` is [b, 4 + classes, n] (Ultralytics), ``places_first`` [b, n, …] (YOLOv5),
    ``finished`` [b, n, x1, y1, x2, y2, score, class, …]: the graph holds the suppression or needs none.
    ``objectness``: a fifth number comes before the classes and multiplies their scores.
    ``coordinates`` ``grid``: centres are counted in places of each level from the place itself, sizes are logarithms
    of places (YOLOX as it is exported); the levels have the ``strides``, and follow one another.
    ``prototypes_output``: the graph's [b, p, h, w] prototypes of masks; the last p numbers of a place are then the
    coefficients (instance segmentation; Bolya 2019), and a pixel of the box belongs to the finding where their sum,
    enlarged linearly to the tensor, is above 0. ``keypoints``: the last numbers of a place are x, y (and how visible)
    of each point (pose). ``rotated``: the last number is the angle by which the box is turned, in radians from x to y;
    it is always cx, cy, w, h, and of boxes that overlap as ``nms_iou`` says for the Gaussians of their areas (ProbIoU;
    Murrugarra-Llerena 2021) the best stays.
    """

    kind: Literal["yolo"]
    name: str | None = None
    arrangement: Literal["attributes_first", "places_first", "finished"] = "attributes_first"
    objectness: bool = False
    coordinates: Literal["pixels", "normalised", "grid"] = "pixels"
    strides: tuple[PositiveInt, ...] = (8, 16, 32)
    rotated: bool = False
    activation: Activation = "none"
    prototypes_output: str | None = None
    keypoints: Keypoints | None = None

    @model_validator(mode="after")
    def _one_extra(self) -> YoloOutput:
        more = (self.prototypes_output is not None, self.keypoints is not None, self.rotated)
        if sum(more) > 1:
            raise ValueError("give one of prototypes_output, keypoints and rotated")
        if (self.suppression != "nms" and self.rotated) or (self.suppression == "weighted" and any(more)):
            raise ValueError("suppression: masks, keypoints and turned boxes cannot be made of several; use nms")
        if self.merge is not None and any(more):
            raise ValueError("merge: masks, keypoints and turned boxes stay on their slices")
        if self.arrangement == "finished" and (self.objectness or self.coordinates == "grid"):
            raise ValueError("arrangement: finished boxes are in pixels or normalised, without objectness")
        return self


class AnchorLevel(Strict):
    """The anchors of one level of the pyramid, the same at each of its places.

    Either ``sizes`` and ``ratios``: a box for each ratio (slowest) and size, its area (volume) that of a square (cube) of
    that side. In 2-D a ratio is height over width; in 3-D it is the pair of second over first and third over first
    side. Or ``shapes``: the sides of each box (w, h[, d]). All in voxels of the tensor, x first.
    ``stride``: voxels between two places along each axis of the tensor; null: the tensor's size over the map's, as
    torchvision and MONAI do it, which needs maps.
    """

    sizes: tuple[PositiveFloat, ...] | None = None
    ratios: tuple[PositiveFloat | tuple[PositiveFloat, PositiveFloat], ...] | None = None
    shapes: tuple[tuple[PositiveFloat, ...], ...] | None = None
    stride: tuple[PositiveFloat, ...] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> AnchorLevel:
        if (self.shapes is None) == (self.sizes is None) or (self.sizes is None) != (self.ratios is None):
            raise ValueError("give either sizes and ratios, or shapes")
        if not (self.shapes or self.sizes) or self.ratios == ():
            raise ValueError("at least one anchor was due")
        return self

    @property
    def count(self) -> int:
        """Anchors at each place."""
        if self.shapes is not None:
            return len(self.shapes)
        return len(self.sizes or ()) * len(self.ratios or ())


class AnchorsOutput(Detector):
    """Raw heads of SSD and RetinaNet: for each anchor scores of the classes, and how its box is moved and resized.

    ``scores_output`` and ``boxes_output`` are one table each, [b, anchors, classes] and [b, anchors, 2·axes], all levels
    after one another; or a map of each level, [b, anchors·classes, D, H, W] and [b, anchors·2·axes, …], where channel
    a·classes + c is class c of anchor a. A table runs over the places, last axis fastest, then the anchors of a place.

    The centre of the anchors of place n lies at (n + ``offset``)·stride: 0 in torchvision's RetinaNet and MONAI, 0.5 in
    SSD. ``rounded``: half sides are whole numbers, as in torchvision's AnchorGenerator and MONAI. A box is
    centre + d/w·side, side·exp(d/w) with ``weights`` w for x, y[, z] and then the sides (SSD's variances 0.1 and 0.2 are
    weights 10 and 5), growing at most ``largest_growth`` times; it is cut at the tensor's borders.
    Each class that an anchor shows above ``score_threshold`` is a box of its own; of a level the best
    ``candidates_per_level`` are taken. A background class is not listed in ``labels``.
    """

    kind: Literal["anchors"]
    scores_output: str | tuple[str, ...]
    boxes_output: str | tuple[str, ...]
    levels: tuple[AnchorLevel, ...] = Field(min_length=1)
    offset: float = Field(default=0.0, ge=0.0, le=1.0)
    rounded: bool = True
    weights: tuple[PositiveFloat, ...] | None = None
    """Null: 1 for all."""
    order: Literal["xy", "yx"] = "xy"
    """``yx``: regressions name y before x and the height before the width (EfficientDet, TensorFlow)."""
    largest_growth: PositiveFloat = 62.5
    candidates_per_level: PositiveInt = 1000
    smallest_side: float = Field(default=0.0, ge=0.0)
    """Boxes with a side below so many voxels of the tensor are left out before others are compared with them (MONAI: 1)."""
    activation: Activation = "sigmoid"
    origin: Literal["border", "centre"] = "border"
    """MONAI's boxes count from the centre of the first voxel."""
    x_axis: Literal["last", "first"] = "last"

    @property
    def scores_outputs(self) -> tuple[str, ...]:
        """Names of the graph's outputs: one table, or one of each level."""
        return (self.scores_output,) if isinstance(self.scores_output, str) else self.scores_output

    @property
    def boxes_outputs(self) -> tuple[str, ...]:
        """As ``scores_outputs``."""
        return (self.boxes_output,) if isinstance(self.boxes_output, str) else self.boxes_output

    @property
    def is_table(self) -> bool:
        """Whether all levels stand in one output."""
        return isinstance(self.scores_output, str)

    @model_validator(mode="after")
    def _paired(self) -> AnchorsOutput:
        if isinstance(self.scores_output, str) != isinstance(self.boxes_output, str):
            raise ValueError("boxes_output: one table or a map of each level, as scores_output")
        for field, names in (("scores_output", self.scores_outputs), ("boxes_output", self.boxes_outputs)):
            if not self.is_table and len(names) != len(self.levels):
                raise ValueError(f"{field}: {len(names)} maps for {len(self.levels)} levels")
        for number, level in enumerate(self.levels):
            if self.is_table and level.stride is None:
                raise ValueError(f"levels[{number}].stride: a table needs it, because it has no size to tell it by")
        return self

    def refuse_unlike(self, dimensions: int) -> None:
        """Raise ValueError where the numbers are not for so many axes."""
        for number, level in enumerate(self.levels):
            if level.stride is not None and len(level.stride) != dimensions:
                raise ValueError(f"output.levels[{number}].stride: {len(level.stride)} numbers for {dimensions} axes")
            if any(len(shape) != dimensions for shape in level.shapes or ()):
                raise ValueError(f"output.levels[{number}].shapes: each has {dimensions} sides")
            if any(isinstance(ratio, tuple) != (dimensions == 3) for ratio in level.ratios or ()):
                what = "pairs of numbers" if dimensions == 3 else "single numbers"
                raise ValueError(f"output.levels[{number}].ratios: {what} for {dimensions} axes")
        if self.weights is not None and len(self.weights) != 2 * dimensions:
            raise ValueError(f"output.weights: {2 * dimensions} numbers for {dimensions} axes")


class CenterHeatmapOutput(Detector):
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
    best_of_each_label: bool = False
    """Landmarks: each label is one place, its highest maximum (of each slice, for slice-by-slice networks)."""

    @model_validator(mode="after")
    def _has_size(self) -> CenterHeatmapOutput:
        if (self.diameter_channel is None) == (self.diameter_mm is None):
            raise ValueError("give either diameter_channel or diameter_mm")
        if self.diameter_output is None and any(label.index == self.diameter_channel for label in self.labels):
            raise ValueError("diameter_channel: the same channel as a label's probability")
        return self


DetectionOutput = BoxesOutput | YoloOutput | AnchorsOutput | CenterHeatmapOutput
