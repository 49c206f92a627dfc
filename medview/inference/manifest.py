"""`manifest.json` of a model package: everything a network never says itself, checked when it is read.

Axes are named by the letter that they grow toward: L/R, P/A, S/I of the patient (``["A", "I", "L"]`` is the (k, j, i)
order of a volume stored as LIA; ``["P", "L"]`` an axial slice as displayed, run slice by slice along the axis that is
left over) or ``["down", "right"]`` for pictures as displayed, ``["time", "down", "right"]`` for the frames of a sequence at once.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    field_validator,
    model_validator,
)

from medview.core.problem import ExitCode, MedviewError
from medview.inference.manifest_detectors import (
    AnchorsOutput,
    BoxesOutput,
    CenterHeatmapOutput,
    DetectionOutput,
    MergeSlices,
    YoloOutput,
)
from medview.inference.manifest_outputs import (
    ClassificationOutput,
    ImageOutput,
    Output,
    PromptedOutput,
    RegressionOutput,
    SegmentationOutput,
)
from medview.inference.manifest_steps import (
    Conform,
    CropAbove,
    CropNonzero,
    CropOrPad,
    Normalise,
    Pad,
    Resample,
    Resize,
    Step,
    Strict,
    Tiling,
)

MANIFEST_NAME = "manifest.json"
LARGEST_MANIFEST = 4 * 1024 * 1024

Task = Literal["segmentation", "detection", "classification", "regression", "image", "prompted"]
PlaneName = Literal["axial", "sagittal", "coronal"]
Unit = Literal["HU", "SUV", "stored", "modality", "display"]
"""What the first step is given. ``stored``: the file's integers; ``modality``: after slope and intercept, whatever
its unit; ``HU``, ``SUV``: modality values that the series declares to be that; ``display``: 0…255 as shown with the
file's own window, low is black (pictures: their grey or colour)."""

AXIS_PAIRS = ({"L", "R"}, {"P", "A"}, {"S", "I"})
PICTURE_AXES = ("down", "right")
TURNED_AXES = ("right", "down")
"""Pictures with columns first, as MONAI's reader gives them."""
CLIP_AXES = ("time", "down", "right")
"""A network that sees the frames of a sequence as the first spatial axis of its tensor."""


class Fits(Strict):
    """Which series the network is meant for. An empty list means any."""

    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    """DICOM's terms (CHEST, LUNG, HEAD, BRAIN …) and words of descriptions, compared without case."""
    planes: tuple[PlaneName, ...] = ()
    views: tuple[str, ...] = ()
    """View positions of projection images (PA, AP, LL …)."""
    contrast: Literal["any", "with", "without"] = "any"
    minimum_slices: PositiveInt = 1
    maximum_slices: PositiveInt | None = None
    slice_spacing_mm: tuple[NonNegativeFloat, PositiveFloat] | None = None
    pixel_spacing_mm: tuple[NonNegativeFloat, PositiveFloat] | None = None
    field_of_view_mm: tuple[NonNegativeFloat, PositiveFloat] | None = None
    """Extent along the slices' normal."""
    needs_geometry: bool | None = None
    """Whether the frames need a place in the patient; null: where ``input.axes`` are letters, not for pictures as displayed."""
    tilt: Literal["refuse", "accept"] = "refuse"
    """A gantry tilt (sheared stack); accepted ones carry a warning."""
    missing_slices: Literal["refuse", "accept"] = "refuse"
    """Irregular slice distances; accepted ones carry a warning."""
    largest_obliquity_deg: float = Field(default=35.0, ge=0.0, le=55.0)
    """How far the slices may be turned away from the patient's planes."""
    secondary_captures: bool = False
    """Whether screen shots and derived secondary images may be used."""
    burned_in: Literal["refuse", "accept"] | None = None
    """Pixels that hold text, as the file says (Burned In Annotation YES); accepted ones carry a warning. Null: accepted where
    ``input.axes`` are pictures as displayed, which often do."""
    manufacturers: tuple[str, ...] = ()
    """Words of the manufacturer or of the device's name, compared without case: what the network was made for."""

    @field_validator("slice_spacing_mm", "pixel_spacing_mm", "field_of_view_mm")
    @classmethod
    def _ordered(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[0] > value[1]:
            raise ValueError("the first number must not be larger than the second")
        return value


class ExpectedValues(Strict):
    """Statistics of inputs like those it was made for, in ``input.unit`` before any step and without padding.

    A series outside is run, with a warning.
    """

    minimum: tuple[float, float] | None = None
    maximum: tuple[float, float] | None = None
    mean: tuple[float, float] | None = None
    deviation: tuple[float, float] | None = None


class Source(Strict):
    """One series of several that a network sees at once, as one channel of its tensor.

    A series fits where its modality is one of ``modalities`` and all words of one of ``descriptions`` stand in its
    series description or protocol (without case); the reader may name another.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,30}$")
    modalities: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Words that must not stand there ("T1" without "contrast")."""
    contrast: Literal["any", "with", "without"] = "any"
    unit: Unit | None = None
    """Null: ``input.unit``."""
    kind: Literal["linear", "nearest"] = "linear"
    """How it is brought onto the first one's grid."""


class Within(Strict):
    """The input is cropped to what another package found: one that is installed (``package``: id or id@version), or one
    packed inside this package (``folder``, with a manifest of its own).

    All that it found of ``labels`` (none: of any) lies in the crop, and ``margin_mm`` more on each side; findings count
    from ``score`` on (null: from where they are shown). Steps and statistics see the crop alone, slices outside of it
    are not looked at, and the answer comes back onto the whole series.
    """

    package: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9._-]{0,63}(@[0-9A-Za-z.+_-]{1,31})?$")
    folder: str | None = None
    labels: tuple[str, ...] = ()
    margin_mm: NonNegativeFloat = 10.0
    score: float | None = Field(default=None, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _one_way(self) -> Within:
        if (self.package is None) == (self.folder is None):
            raise ValueError("give either package or folder")
        if self.folder is not None and not is_plain_path(self.folder):
            raise ValueError("folder: must be a path inside the package")
        return self


ConstantValue = Literal["ones", "zeros", "height_width", "width_height", "height_width_one"]


class State(Strict):
    """What a recurrent network remembers from frame to frame (or slice to slice, in their order): ``output`` is fed as
    ``input`` of the next call; the first is given ``start`` everywhere.

    ``shape`` where the graph does not fix it; an axis of the tensor's own size is written as its letter ("H").
    """

    input: str = Field(min_length=1)
    output: str = Field(min_length=1)
    start: float = 0.0
    shape: tuple[PositiveInt | Literal["D", "H", "W"], ...] | None = None


class Constant(Strict):
    """An input beside the image that is the same for every image: ``ones`` or ``zeros`` everywhere (the mask of real pixels
    that DETR's exports want, PaddleDetection's ``scale_factor``, a flag), or the tensor's own size in pixels
    (``im_shape``, ``orig_target_sizes``), so that boxes come out in the tensor's pixels, as ``output`` says them.
    """

    input: str = Field(min_length=1)
    value: ConstantValue


class Input(Strict):
    """The tensor: unit, axes, steps, tiling."""

    name: str | None = None
    """Name of the graph's input; null takes the only one."""
    unit: Unit
    axes: tuple[str, ...]
    layout: str
    """The tensor's axes: N batch, C channel, D H W spatial in the order of ``axes`` (NCHW, NHWC, NCDHW, CHW, HW …)."""
    channels: Literal["grey", "rgb", "bgr"] = "grey"
    """Grey series are repeated into three channels; colour becomes grey by 0.299 R + 0.587 G + 0.114 B."""
    sources: tuple[Source, ...] = ()
    """Several series as channels, in the tensor's order; the first one's grid is that of the result."""
    neighbours: int = Field(default=0, ge=0, le=64)
    """2.5-D: so many slices on each side of a slice are channels beside it (2·neighbours + 1 in all)."""
    neighbours_from: Literal["low", "high"] = "low"
    """Which is the first channel: ``low`` the one farthest toward R, A or I, ``high`` toward L, P or S."""
    neighbours_beyond: Literal["edge", "zero"] = "edge"
    """What lies beyond the first and last slice: they again, or zeros (after the steps)."""
    mirror: tuple[NonNegativeInt, ...] = ()
    """Test-time mirroring: the raw answer is the mean over all mirrorings of these spatial axes (from 0; nnU-Net)."""
    states: tuple[State, ...] = ()
    """Recurrent networks: tensors that are carried from one call to the next."""
    constants: tuple[Constant, ...] = ()
    """Inputs beside the image that do not depend on it."""
    within: Within | None = None
    """A cascade: what another package found crops the series first."""
    inverted: Literal["refuse", "as_is", "mirror"] = "refuse"
    """What to do with a MONOCHROME1 series where the unit is ``stored`` or ``modality``: ``mirror`` takes v to
    smallest + largest - v. HU and SUV mean the same in both; ``display`` is as seen."""
    padding: float | Literal["minimum"] = "minimum"
    """What pixels that the file declares as padding become, in ``unit``; HU takes -1024 for ``minimum``."""
    steps: tuple[Step, ...] = ()
    tiling: Tiling | None = None
    batch: PositiveInt = 1
    """Slices given to a slice-by-slice network at once."""
    expected: ExpectedValues | None = None

    @property
    def is_picture(self) -> bool:
        """Whether the network sees pixels as displayed, without a patient's directions."""
        return self.axes in {PICTURE_AXES, TURNED_AXES, CLIP_AXES}

    @property
    def is_slicewise(self) -> bool:
        """Whether the network sees one slice at a time."""
        return len(self.axes) == 2

    @field_validator("axes")
    @classmethod
    def _axes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value in {PICTURE_AXES, TURNED_AXES, CLIP_AXES}:
            return value
        if len(value) not in {2, 3}:
            raise ValueError('two or three letters, ["down", "right"] or ["time", "down", "right"]')
        pairs = [next((n for n, pair in enumerate(AXIS_PAIRS) if letter in pair), None) for letter in value]
        if None in pairs:
            raise ValueError("only the letters L R P A S I")
        if len(set(pairs)) != len(pairs):
            raise ValueError("two letters of the same axis")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Input:
        spatial = "HW" if len(self.axes) == 2 else "DHW"
        rest = self.layout.replace("N", "", 1).replace("C", "", 1)
        if rest != spatial:
            raise ValueError(f"layout: {self.layout} does not hold {spatial} in that order (and N, C once)")
        if self.channel_count > 1 and "C" not in self.layout:
            raise ValueError("layout: several channels need a C")
        self._check_channels()
        dimensions = len(self.axes)
        for number, step in enumerate(self.steps):
            for field in ("shape", "spacing_mm", "size", "multiple"):
                given = getattr(step, field, None)
                if given is not None and len(given) != dimensions:
                    raise ValueError(f"steps[{number}].{field}: {len(given)} numbers for {dimensions} axes")
            if isinstance(step, Normalise):
                touched = self.step_channels if step.channels is None else len(step.channels)
                if len(step.mean) not in {1, touched}:
                    raise ValueError(f"steps[{number}].mean: {len(step.mean)} numbers for {touched} channels")
            if any(channel >= self.step_channels for channel in getattr(step, "channels", None) or ()):
                raise ValueError(f"steps[{number}].channels: there are {self.step_channels}, counted from 0")
            kinds = getattr(step, "kind", "")
            if isinstance(kinds, tuple) and len(kinds) != self.step_channels:
                raise ValueError(f"steps[{number}].kind: {len(kinds)} kinds for {self.step_channels} channels")
            if isinstance(step, Conform) and (number or self.is_slicewise):
                raise ValueError(f"steps[{number}]: conform must be the first step of a network with three axes")
            if isinstance(step, Resample | Conform) and self.is_picture:
                raise ValueError(f"steps[{number}]: pictures have no spacing")
        if self.states and (self.batch > 1 or self.tiling is not None or self.mirror):
            raise ValueError("states: go with one frame at a time, without tiling and mirror")
        names = [name for state in self.states for name in (state.input, state.output)]
        if len(set(names)) != len(names):
            raise ValueError("states: the same tensor twice")
        names += [constant.input for constant in self.constants]
        if len(set(names)) != len(names):
            raise ValueError("constants: the same tensor twice")
        if dimensions != 2 and any(constant.value not in {"ones", "zeros"} for constant in self.constants):
            raise ValueError("constants: height and width are of slices")
        if self.tiling is not None and len(self.tiling.size) != dimensions:
            raise ValueError(f"tiling.size: {len(self.tiling.size)} numbers for {dimensions} axes")
        if "N" not in self.layout and (self.batch > 1 or (self.tiling is not None and self.tiling.batch > 1)):
            raise ValueError("layout: without N the batch must be 1")
        return self

    def _check_channels(self) -> None:
        if self.sources:
            if len(self.sources) < 2:
                raise ValueError("sources: several series are two or more")
            if len({source.name for source in self.sources}) != len(self.sources):
                raise ValueError("sources: the same name twice")
            if self.channels != "grey" or self.neighbours or self.is_picture:
                raise ValueError("sources: go with letters as axes, grey channels and no neighbours")
            if any(source.unit == "display" for source in self.sources):
                raise ValueError("sources: the unit display is for one series alone")
        if self.neighbours and (not self.is_slicewise or self.is_picture or self.channels != "grey"):
            raise ValueError("neighbours: for grey slice-by-slice networks with letters as axes")
        if len(set(self.mirror)) != len(self.mirror) or any(axis >= len(self.axes) for axis in self.mirror):
            raise ValueError(f"mirror: each of the {len(self.axes)} axes once, counted from 0")

    @property
    def channel_count(self) -> int:
        """Channels of the tensor."""
        return self.step_channels * (2 * self.neighbours + 1)

    @property
    def step_channels(self) -> int:
        """Channels that the steps see: neighbouring slices become channels after them."""
        if self.sources:
            return len(self.sources)
        return 1 if self.channels == "grey" else 3


class Manifest(Strict):
    """The whole manifest."""

    format: Literal[1]
    id: str = Field(pattern=r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$")
    name: str = Field(min_length=1, max_length=120)
    version: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+_-]{0,30}$")
    licence: str = Field(min_length=1)
    authors: tuple[str, ...] = Field(min_length=1)
    description: str = Field(min_length=1)
    intended_use: str = Field(min_length=1)
    research_only: bool = True
    references: tuple[str, ...] = ()
    card: str | None = None
    """A text file of the package that says on what it was trained, how good it is and where it fails."""
    model: str = "model.onnx"
    variants: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,15}$")], str] = Field(default_factory=dict)
    """The same network in other numbers ({"fp16": "model_fp16.onnx"}), chosen for a run; ``models bench`` compares them."""
    task: Task
    fits: Fits = Fits()
    input: Input
    output: Output

    @field_validator("variants")
    @classmethod
    def _variants_inside(cls, value: dict[str, str]) -> dict[str, str]:
        if any(not is_plain_path(path) for path in value.values()):
            raise ValueError("must be paths inside the package")
        return value

    @field_validator("model", "card")
    @classmethod
    def _inside(cls, value: str | None) -> str | None:
        if value is not None and not is_plain_path(value):
            raise ValueError("must be a path inside the package")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Manifest:
        is_detection = isinstance(self.output, DetectionOutput)
        kind = "detection" if is_detection else self.output.kind
        if kind != self.task:
            raise ValueError(f"output.kind: {self.output.kind} does not answer the task {self.task}")
        output = self.output
        dimensions = len(self.input.axes)
        if isinstance(output, BoxesOutput):
            given = 2 if output.layout in {"xyxy", "yxyx", "xywh", "cxcywh"} else 3
            if given != dimensions:
                raise ValueError(f"output.layout: {output.layout} has {given} dimensions, input.axes {dimensions}")
        if isinstance(output, YoloOutput) and dimensions != 2:
            raise ValueError("output.kind: yolo needs two input.axes")
        stride = getattr(output, "stride", None)
        if stride is not None and len(stride) != dimensions:
            raise ValueError(f"output.stride: {len(stride)} numbers for {dimensions} axes")
        if isinstance(output, PromptedOutput):
            fed = self.input
            if not fed.is_slicewise or fed.tiling or fed.states or fed.sources or fed.within or fed.mirror:
                raise ValueError("output.kind: prompted is for single slices of one series, seen as a whole")
            if not is_plain_path(output.decoder) or output.decoder == self.model:
                raise ValueError("output.decoder: must be another network inside the package")
        if isinstance(output, ImageOutput) and output.factor is not None and len(output.factor) != dimensions:
            raise ValueError(f"output.factor: {len(output.factor)} numbers for {dimensions} axes")
        if isinstance(output, AnchorsOutput):
            output.refuse_unlike(dimensions)
        if isinstance(output, DetectionOutput):
            if output.merge is not None and dimensions != 2:
                raise ValueError("output.merge: only for slice-by-slice networks")
            if not isinstance(output, CenterHeatmapOutput):
                _refuse_boxes_twice(self.input, output)
        if isinstance(output, ClassificationOutput | RegressionOutput) and self.input.tiling is not None:
            raise ValueError(f"input.tiling: a {output.kind} looks at the whole")
        if self.input.mirror and isinstance(output, SegmentationOutput) and output.encoding == "labels":
            raise ValueError("input.mirror: class numbers cannot be averaged")
        return self


def _refuse_boxes_twice(given: Input, output: DetectionOutput) -> None:
    """Tiles and mirrored views show the same thing several times: something must make one box of them."""
    for field, used in (("tiling", given.tiling is not None), ("mirror", bool(given.mirror))):
        if not used:
            continue
        if output.nms_iou is None and output.suppression != "soft_nms":
            raise ValueError(f"input.{field}: boxes are found several times and need output.nms_iou")
        more: tuple[object, ...] = ()
        if isinstance(output, YoloOutput):
            more = (output.prototypes_output, output.keypoints, output.rotated)
        elif isinstance(output, BoxesOutput):
            more = (output.masks_output, output.keypoints)
        if any(more):
            raise ValueError(f"input.{field}: masks, keypoints and turned boxes need a network that sees the whole")


def is_plain_path(text: str) -> bool:
    """Whether ``text`` is a relative path with forward slashes that stays where it starts."""
    parts = text.split("/")
    return bool(text) and "\\" not in text and ":" not in text and not any(part in {"", ".", ".."} for part in parts)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the field {key} is given twice")
        found[key] = value
    return found


def _refused(text: str, path: Path | None) -> MedviewError:
    return MedviewError("manifest_invalid", text, str(path) if path else None, ExitCode.MODEL_UNUSABLE)


def parse_manifest(text: str, path: Path | None = None) -> Manifest:
    """Read a manifest's JSON. Raises MedviewError ``manifest_invalid`` that names each wrong field in plain words."""
    name = path.name if path else MANIFEST_NAME
    try:
        json.loads(text, object_pairs_hook=_without_repeats)
    except RecursionError as error:
        raise _refused(f"{name} is nested too deeply.", path) from error
    except ValueError as error:
        raise _refused(f"{name} is not valid JSON: {error}.", path) from error
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        faults = [f"{_field_name(fault['loc'])}: {_plain(fault)}" for fault in error.errors(include_url=False)]
        more = f" (and {len(faults) - 8} more)" if len(faults) > 8 else ""
        raise _refused(f"{name}: " + "; ".join(faults[:8]) + more + ".", path) from error


def read_manifest(path: Path) -> Manifest:
    """Read ``manifest.json``. Raises MedviewError ``manifest_missing`` or ``manifest_invalid``."""
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise _refused(f"{path.name} is larger than {LARGEST_MANIFEST // 2**20} MB.", path)
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        text = f"The package {path.parent.name} has no {path.name}."
        raise MedviewError("manifest_missing", text, str(path), ExitCode.MODEL_UNUSABLE) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(f"{path.name} cannot be read: {error}.", path) from error
    return parse_manifest(text, path)


_TAGS = {
    "segmentation", "classification", "regression", "image", "prompted", "boxes", "yolo", "anchors", "center_heatmap", "conform", "resample", "resize", "crop_above",
    "crop_nonzero", "crop_or_pad", "pad", "offset", "scale", "clip", "range", "min_max", "percentile", "z_score", "normalise", "round",
}  # fmt: skip
_KINDS = {"float", "int", "str", "none"}


def _field_name(location: tuple[int | str, ...]) -> str:
    """``input.steps[2].high`` of pydantic's location, without the names of the alternatives it tried."""
    text = ""
    previous: int | str = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part in _KINDS or re.search(r"[\[(-]", part):
            pass  # a type's name that pydantic adds where several were possible
        elif part in _TAGS and (isinstance(previous, int) or previous == "output"):
            pass  # the kind of a step or of the output
        else:
            text += f".{part}" if text else part
        previous = part
    return text or "manifest"


def _plain(fault: Any) -> str:
    """A finding of pydantic in the words of somebody who writes a manifest."""
    context = fault.get("ctx", {})
    sentences = {
        "missing": "is missing",
        "extra_forbidden": "is not a field of a manifest",
        "string_type": "must be a text",
        "string_too_short": "must not be empty",
        "string_pattern_mismatch": f"{fault['input']!r} is not allowed (pattern {context.get('pattern', '')})",
        "int_type": "must be a whole number",
        "int_from_float": "must be a whole number",
        "float_type": "must be a number",
        "bool_type": "must be true or false",
        "tuple_type": "must be a list",
        "model_type": "must be an object",
        "model_attributes_type": "must be an object",
        "too_short": "has too few entries",
        "too_long": "has too many entries",
        "finite_number": "must be a finite number",
        "literal_error": f"{fault['input']!r} is not one of {context.get('expected', '')}",
        "union_tag_invalid": f"{context.get('tag', '')!r} is not one of {context.get('expected_tags', '')}",
        "union_tag_not_found": f"lacks {context.get('discriminator', '')}, which says what it is",
        "greater_than": f"must be above {context.get('gt', '')}",
        "greater_than_equal": f"must be at least {context.get('ge', '')}",
        "less_than": f"must be below {context.get('lt', '')}",
        "less_than_equal": f"must be at most {context.get('le', '')}",
    }
    if fault["type"] == "value_error":
        return str(context.get("error", fault["msg"]))
    return sentences.get(fault["type"], str(fault["msg"]).lower())


__all__ = [
    "MANIFEST_NAME",
    "AnchorsOutput",
    "BoxesOutput",
    "CenterHeatmapOutput",
    "ClassificationOutput",
    "Conform",
    "CropAbove",
    "CropNonzero",
    "CropOrPad",
    "Fits",
    "ImageOutput",
    "Input",
    "Manifest",
    "MergeSlices",
    "Pad",
    "PromptedOutput",
    "RegressionOutput",
    "Resample",
    "Resize",
    "SegmentationOutput",
    "Source",
    "State",
    "Within",
    "YoloOutput",
    "parse_manifest",
    "read_manifest",
]
