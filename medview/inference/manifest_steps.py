"""The steps of a manifest that turn a series into what a network was trained on, run in the order they are written.

Spatial values are given per tensor axis, in the order of ``input.axes``; a slice-by-slice network has two axes. Steps
that move or resize are undone, last first, when the answer goes back onto the series (:mod:`medview.inference.restore`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from medview.kernels.resample_grid import Kind

Interpolation = Literal["linear", "nearest", "cubic", "spline", "area", "adaptive", "pillow-bilinear", "pillow-bicubic"]
"""How values are resized. ``linear``, ``cubic`` (Catmull-Rom) and ``spline`` (interpolating cubic B-spline, the order 3 of
SciPy, scikit-image and nnU-Net) take no account of shrinking; ``area`` averages where it
shrinks and is linear where it enlarges; ``adaptive`` is the mean of the whole voxels that are touched (PyTorch's adaptive
average pooling, which PyTorch and MONAI call area); the Pillow kinds widen the kernel when they shrink and round as Pillow does (8 bit
for the unit ``display``)."""

Resizing = Kind
"""Also OpenCV's own resizing of slices, with its rounding of 8 bit, and PyTorch's ``nearest`` (``lower``: the lower voxel) and
``bicubic`` (``torch-cubic``)."""

Scope = Literal["volume", "slice"]
"""Over what a statistic is taken. ``volume`` is the whole series, also for a slice-by-slice network; ``slice`` is each
slice of such a network, otherwise each index of the tensor's first axis."""


class Strict(BaseModel):
    """Frozen, no unknown fields, no silent conversion, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Conform(Strict):
    """Sample onto a fixed grid whose axes are exactly the patient's: ``shape`` voxels of ``spacing_mm``.

    The middle of the series lies in the middle of the grid. Outside is the lowest value.
    """

    step: Literal["conform"]
    shape: tuple[PositiveInt, ...]
    spacing_mm: tuple[PositiveFloat, ...]
    kind: Literal["linear", "nearest"] = "linear"


class Resample(Strict):
    """Bring the spacing to ``spacing_mm`` along the series' own axes; null leaves an axis as it is.

    ``align`` ``edges`` keeps the field of view (size = round(n·s/s'), as nnU-Net), ``centres`` keeps the first voxel's
    centre (size = round((n-1)·s/s' + 1)). ``monai`` is what MONAI's Spacing does: as ``centres``, but where the series lies
    askew to the patient so that no corner of the new grid is exactly the lowest, the middles of both grids fall together.
    ``kind`` is one for all channels, or one for each.

    ``separate_above``: where the largest spacing of the series (or else of the target) is more than that many times
    the smallest, and it is one axis alone, this axis takes the nearest neighbour and the two others ``kind``, also on
    the way back (nnU-Net: 3).
    """

    step: Literal["resample"]
    spacing_mm: tuple[PositiveFloat | None, ...]
    kind: Interpolation | tuple[Interpolation, ...] = "linear"
    separate_above: PositiveFloat | None = None
    align: Literal["edges", "centres", "monai"] = "edges"


class Resize(Strict):
    """Bring the size to ``size`` voxels (null leaves an axis as it is), the field of view kept.

    ``aspect`` ``stretch`` resizes each axis by itself; ``keep`` resizes all by the smaller factor and fills the rest
    with ``fill``, the image in the middle or at the start, or (``place`` ``none``) leaves it unfilled for a later ``pad``. ``cover`` resizes all by the larger factor and cuts the middle
    out (torchvision's Resize of the shorter side, then CenterCrop): the shorter side is brought to ``shorter`` where that is
    given, else so that ``size`` is covered. ``square`` cuts the middle out first and then resizes it (torchxrayvision).
    ``shorter`` brings the shorter side of a slice to ``shorter`` and cuts nothing, but no side beyond ``longest`` (DETR); its
    ``size`` is null.
    """

    step: Literal["resize"]
    size: tuple[PositiveInt | None, ...]
    kind: Resizing = "linear"
    aspect: Literal["stretch", "keep", "cover", "square", "shorter"] = "stretch"
    shorter: PositiveInt | None = None
    longest: PositiveInt | None = None
    fill: float = 0.0
    place: Literal["centre", "start", "none"] = "centre"
    rounding: Literal["nearest", "down"] = "nearest"
    """How ``keep`` makes whole numbers of sides (YOLOX cuts the fraction off), and where what ``cover`` cuts out begins where
    the rest is odd (transformers: before the middle)."""
    divisible: PositiveInt | None = None
    """``shorter``: both sides are cut down to multiples of that (YOLOS)."""

    @model_validator(mode="after")
    def _shorter_side(self) -> Resize:
        wants = self.aspect == "shorter"
        if wants and (self.shorter is None or any(size is not None for size in self.size)):
            raise ValueError("aspect: shorter needs the field shorter, and null for each size")
        if (self.shorter is not None and not wants and self.aspect != "cover") or (
            self.longest is not None and not wants
        ):
            raise ValueError("shorter: goes with the aspects cover and shorter, longest with shorter")
        if (
            self.aspect == "cover"
            and self.shorter is not None
            and any(one is None or one > self.shorter for one in self.size)
        ):
            raise ValueError("size: what is cut out is not larger than the shorter side")
        return self


class CropAbove(Strict):
    """Keep the box around all values above ``threshold`` and ``margin`` voxels more; the rest comes back as nothing.

    The threshold is compared with the values as they are at this step. Slice by slice the box is the whole series'.
    """

    step: Literal["crop_above"]
    threshold: float
    margin: int = Field(default=0, ge=0)
    beyond: Literal["cut", "fill"] = "cut"
    """Where the margin reaches beyond the image: it ends there, or zeros are added (MONAI)."""


class CropNonzero(Strict):
    """Keep the box around all values that are not 0 in any channel and ``margin`` voxels more (nnU-Net's first step).

    The rest comes back as nothing. Slice by slice the box is the whole series'.
    """

    step: Literal["crop_nonzero"]
    margin: int = Field(default=0, ge=0)


class CropOrPad(Strict):
    """Cut or fill each axis to ``size`` around the centre (null leaves an axis as it is).

    ``pad`` false cuts only: a shorter axis stays as it is. Where the centre lies between two voxels the cut begins at the
    lower one, with ``middle`` ``monai`` at n // 2 - size // 2 (MONAI's CenterSpatialCrop).
    """

    step: Literal["crop_or_pad"]
    size: tuple[PositiveInt | None, ...]
    fill: float | Literal["minimum", "edge"] = 0.0
    pad: bool = True
    middle: Literal["low", "monai"] = "low"


class Pad(Strict):
    """Fill up: to at least ``size``, or to the next multiple of ``multiple``; one of the two."""

    step: Literal["pad"]
    size: tuple[PositiveInt | None, ...] | None = None
    multiple: tuple[PositiveInt, ...] | None = None
    fill: float | Literal["minimum", "edge"] = 0.0
    place: Literal["centre", "end", "start"] = "end"

    @model_validator(mode="after")
    def _one_rule(self) -> Pad:
        if (self.size is None) == (self.multiple is None):
            raise ValueError("give either size or multiple")
        return self


class _OfChannels(Strict):
    channels: tuple[NonNegativeInt, ...] | None = None
    """The tensor's channels that it is done to, from 0; null: all."""


class Offset(_OfChannels):
    """Add ``value``: HU + 1024 is an offset of 1024."""

    step: Literal["offset"]
    value: float


class Scale(_OfChannels):
    """Multiply by ``factor``: 1/255 is 0.00392156862745098."""

    step: Literal["scale"]
    factor: float


class Clip(_OfChannels):
    """Keep values inside ``low`` … ``high``; null leaves an end open."""

    step: Literal["clip"]
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Clip:
        if self.low is None and self.high is None:
            raise ValueError("give low, high or both")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low must be smaller than high")
        return self


class Range(_OfChannels):
    """Take ``source`` linearly to ``to``; ``clip`` keeps the result inside.

    A window of centre c and width w is ``source`` [c - w/2, c + w/2].
    """

    step: Literal["range"]
    source: tuple[float, float]
    to: tuple[float, float] = (0.0, 1.0)
    clip: bool = True

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.source[0] >= self.source[1] or self.to[0] >= self.to[1]:
            raise ValueError("the first number must be smaller than the second")
        return self


class MinMax(_OfChannels):
    """Take the smallest and the largest value of the scope linearly to ``to``; ``from_zero``: 0 and the largest."""

    step: Literal["min_max"]
    scope: Scope = "volume"
    from_zero: bool = False
    to: tuple[float, float] = (0.0, 1.0)
    channel_wise: bool | None = None
    """Each channel by its own statistics; null: where the channels are different series."""


class Percentile(_OfChannels):
    """Take the percentiles ``low`` and ``high`` (0–100) of the scope linearly to ``to``; ``clip`` keeps the rest inside."""

    step: Literal["percentile"]
    low: float = Field(ge=0, le=100)
    high: float = Field(ge=0, le=100)
    scope: Scope = "volume"
    only_nonzero: bool = False
    to: tuple[float, float] = (0.0, 1.0)
    clip: bool = True
    channel_wise: bool | None = None
    """As in ``min_max``."""

    @model_validator(mode="after")
    def _ordered(self) -> Percentile:
        if self.low >= self.high:
            raise ValueError("low must be smaller than high")
        return self


class ZScore(_OfChannels):
    """Subtract the mean and divide by the standard deviation of the scope.

    ``only_nonzero`` takes both over values that are not 0 and leaves zeros at 0 (MONAI's ``nonzero``).
    ``only_foreground`` takes both over the voxels that are not 0 in any channel, and the holes between them, and
    leaves the others as they are (nnU-Net's ``use_mask_for_norm``). The statistics of a data set are ``normalise``.
    """

    step: Literal["z_score"]
    scope: Scope = "volume"
    only_nonzero: bool = False
    only_foreground: bool = False
    channel_wise: bool | None = None
    """As in ``min_max``."""

    @model_validator(mode="after")
    def _one_region(self) -> ZScore:
        if self.only_nonzero and self.only_foreground:
            raise ValueError("give only_nonzero or only_foreground, not both")
        return self


class Normalise(_OfChannels):
    """Subtract ``mean`` and divide by ``std``: one number for all of ``channels``, or one for each (ImageNet's three)."""

    step: Literal["normalise"]
    mean: tuple[float, ...] = Field(min_length=1)
    std: tuple[PositiveFloat, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _paired(self) -> Normalise:
        if len(self.mean) != len(self.std):
            raise ValueError("mean and std need the same count of numbers")
        return self


class Round(_OfChannels):
    """Round to whole numbers, as networks expect that were trained on integer images."""

    step: Literal["round"]


Step = Annotated[
    Conform
    | Resample
    | Resize
    | CropAbove
    | CropNonzero
    | CropOrPad
    | Pad
    | Offset
    | Scale
    | Clip
    | Range
    | MinMax
    | Percentile
    | ZScore
    | Normalise
    | Round,
    Field(discriminator="step"),
]

SPATIAL_STEPS = (Conform, Resample, Resize, CropAbove, CropNonzero, CropOrPad, Pad)
"""Steps that change where a voxel lies, and are undone on the way back."""


class Tiling(Strict):
    """A sliding window, for what is larger than the network takes at once.

    ``size`` per tensor axis; ``overlap`` is the share of a tile that its neighbour repeats. ``placement`` ``monai``
    steps by int(size·(1-overlap)) and moves the last tile back to the border, ``nnunet`` spreads the tiles evenly.
    ``weights`` ``gaussian`` blends with a standard deviation of ``sigma``·size and a floor (MONAI's: 0.001; nnU-Net's:
    the smallest weight that is not zero). Where the image is smaller than a tile it is filled with ``fill`` on both
    sides, or (``edge``) with the border's values (MONAI's padding_mode replicate). ``batch`` tiles are given at once.
    """

    size: tuple[PositiveInt, ...]
    overlap: float = Field(default=0.25, ge=0.0, lt=1.0)
    placement: Literal["monai", "nnunet"] = "monai"
    weights: Literal["gaussian", "constant"] = "gaussian"
    sigma: PositiveFloat = 0.125
    batch: PositiveInt = 1
    fill: float | Literal["minimum", "edge"] = 0.0
