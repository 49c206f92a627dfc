"""MONAI's transforms as steps of a manifest: a whitelist; what is not on it is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from medview.inference.importing.monai_config import ExpressionError

Arguments = dict[str, Any]
Steps = list[dict[str, Any]]


class UnknownTransformError(Exception):
    """A transform, or an argument of one, that medview does not do as MONAI does; ``text`` says which."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


PLAIN = frozenset(
    {
        "LoadImage",
        "EnsureChannelFirst",
        "AsChannelFirst",
        "AddChannel",
        "EnsureType",
        "ToTensor",
        "ToDevice",
        "ToNumpy",
        "CastToType",
        "Identity",
        "SelectItems",
        "DeleteItems",
        "FromMetaTensor",
        "ToMetaTensor",
        "SqueezeDim",
        "SimulateDelay",
        "DataStats",
        "RemoveRepeatedChannel",
        "SignalFillEmpty",
        "ConcatItems",
    }
)
"""Transforms that only bring an image into a tensor, which medview does by itself."""


class Preparation:
    """What a list of transforms amounts to: ``axes`` where one orients, ``steps``, and whether grey is repeated."""

    def __init__(self, dimensions: int, wanted_key: str | None = None, version: tuple[int, int] = (1, 5)) -> None:
        """``version``: of MONAI, where what an argument is when nobody says it has changed."""
        self.dimensions = dimensions
        self.wanted_key = wanted_key
        self.version = version
        self.axes: list[str] | None = None
        self.steps: Steps = []
        self.repeats = 1
        self.ways_back: set[str] = set()
        """How Invertd would bring an answer back through what was resampled."""
        self.resized_by: str | None = None
        self.joined: list[str] = []
        """Items that ConcatItemsd makes the channels of the image of."""
        self.turns: list[tuple[int, ...]] = []
        """Flips (one axis) and transpositions (all axes) since the last orientation, of spatial axes."""
        self.rows_first = False
        """Whether the reader was told to leave pictures as they are, rows before columns."""

    def look_ahead(self, transforms: list[Arguments]) -> None:
        """Which items become the image: known before the first transform is taken."""
        for one in transforms:
            listed = one.get("keys")
            if _plain(str(one.get("_target_"))) == "ConcatItems" and isinstance(listed, list):
                name = one.get("name")
                if name == self.wanted_key or self.wanted_key not in listed:
                    self.joined = [str(key) for key in listed]
                    self.wanted_key = str(name)

    def take(self, name: str, given: Arguments) -> None:
        """Add one transform. Raises UnknownTransformError or ExpressionError."""
        keys = given.get("keys")
        listed = [keys] if isinstance(keys, str) else keys
        plain = _plain(name)
        about: list[str] = []
        if isinstance(listed, list) and self.wanted_key is not None:
            about = [key for key in listed if key == self.wanted_key or key in self.joined]
            if not about:
                return  # about a label, which there is none of
            given = _of_key(given, listed.index(about[0]), len(listed))
        if plain == "LoadImage":
            self._loaded(given)
        if plain in PLAIN or plain == "Compose":
            return
        reader = _READERS.get(plain)
        if reader is None:
            raise UnknownTransformError(f"the transform {name} is not among those that medview does as MONAI does")
        before = len(self.steps)
        reader(self, given)
        if self.joined and self.wanted_key not in about:
            self._of_some(name, about, self.steps[before:])

    def _loaded(self, given: Arguments) -> None:
        """ITK's reader and Pillow's give x first unless they are told otherwise, each by its own default."""
        reversing = given.get("reverse_indexing")
        if isinstance(reversing, bool):
            self.rows_first = reversing if "itk" in str(given.get("reader") or "").lower() else not reversing

    def _of_some(self, name: str, about: list[str], steps: Steps) -> None:
        """Steps that were asked for of single items before they became channels."""
        if all(key in about for key in self.joined):
            for step in steps:
                if "channel_wise" in step:
                    step["channel_wise"] = True
            return
        if any(step["step"] in _SPATIAL for step in steps) or not steps:
            text = f"the transform {name} of {', '.join(about)} alone, not of {', '.join(self.joined)}"
            raise UnknownTransformError(f"{text}, is not among what medview does as MONAI does")
        for step in steps:
            step["channels"] = [self.joined.index(key) for key in about]
            if "channel_wise" in step:
                step["channel_wise"] = True

    def turned(self, axes: list[str]) -> list[str]:
        """``axes`` of the images as they are read or oriented, after flips and transpositions. Raises UnknownTransformError."""
        for turn in self.turns:
            if len(turn) == 1:
                if axes[turn[0]] not in _OPPOSITE:
                    raise UnknownTransformError("a flip of pictures is not among what medview does as MONAI does")
                axes = [_OPPOSITE[letter] if n == turn[0] else letter for n, letter in enumerate(axes)]
            else:
                axes = [axes[n] for n in turn]
        return axes


_OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "S": "I", "I": "S"}


def _plain(name: str) -> str:
    """A transform's name without its module and without what says that it is of a dictionary."""
    plain = name.rsplit(".", 1)[-1]
    plain = plain[:-1] if plain.endswith("d") and plain[:-1] in PLAIN | set(_READERS) else plain
    return plain.removesuffix("Dict")


_PER_KEY = ("mode", "padding_mode", "align_corners", "scale_extent", "dtype", "anti_aliasing")
"""Arguments that may be lists with an entry for each key."""


def _of_key(given: Arguments, place: int, count: int) -> Arguments:
    """``given`` with what is said for each key said for one."""
    if count < 2:
        return given
    each = {name: given[name] for name in _PER_KEY if isinstance(given.get(name), list) and len(given[name]) == count}
    return {**given, **{name: listed[place] for name, listed in each.items()}}


def _need(given: Arguments, name: str, otherwise: Any = None) -> Any:
    """An argument; an expression where a value is needed is a fault."""
    value = given.get(name, otherwise)
    if isinstance(value, ExpressionError):
        raise value
    if isinstance(value, list):
        for one in value:
            if isinstance(one, ExpressionError):
                raise one
    return value


def _only(given: Arguments, what: str, **allowed: tuple[Any, ...]) -> None:
    """Refuse arguments that change what is done in a way that no step has."""
    for name, values in allowed.items():
        if name in given:
            value = _need(given, name)
            if value not in values:
                raise UnknownTransformError(
                    f"{what} with {name}={value!r} is not among what medview does as MONAI does"
                )


def _number(given: Arguments, name: str, otherwise: float | None, what: str) -> float | None:
    value = _need(given, name, otherwise)
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnknownTransformError(f"{what}: {name}={value!r} is not a number")
    return float(value)


def _sizes(part: Preparation, given: Arguments, name: str, what: str) -> list[int | None]:
    value = _need(given, name)
    listed = value if isinstance(value, list | tuple) else [value] * part.dimensions
    if len(listed) != part.dimensions or not all(isinstance(one, int | float) for one in listed):
        raise UnknownTransformError(f"{what}: {name}={value!r} is not {part.dimensions} sizes")
    return [int(one) if one > 0 else None for one in listed]


def _single(value: Any, what: str, name: str) -> Any:
    """The one value for the image where values are given for each key."""
    if isinstance(value, list | tuple):
        if not value:
            raise UnknownTransformError(f"{what}: {name} is empty")
        return value[0]
    return value


def _orientation(part: Preparation, given: Arguments) -> None:
    default = (["L", "R"], ["P", "A"], ["I", "S"])
    labels = _need(given, "labels")
    if labels is not None and [list(pair) for pair in labels] != [list(pair) for pair in default]:
        raise UnknownTransformError("Orientationd with labels of its own is not among what medview does as MONAI does")
    codes = _need(given, "axcodes")
    if codes is None and _need(given, "as_closest_canonical"):
        codes = "RAS"
    letters = [str(letter).upper() for letter in codes or ""]
    if len(letters) != 3 or any(letter not in "LRPASI" for letter in letters):
        raise UnknownTransformError(f"Orientationd: axcodes={codes!r} are not three letters")
    # A spacing before it is along the file's own x, y, z, which differ from the oriented ones in direction alone.
    if any(step["step"] in _SPATIAL - {"resample"} for step in part.steps):
        raise UnknownTransformError("Orientationd after a transform that resizes")
    part.axes = letters
    part.turns = []


_SPATIAL = frozenset({"resample", "resize", "crop_or_pad", "pad", "crop_above"})
_MODES = {"bilinear": "linear", "linear": "linear", "nearest": "nearest", "bicubic": "cubic", "trilinear": "linear"}
_ORDERS = {0: "nearest", 1: "linear"}
"""MONAI's splines of higher order go beyond the values that they are made from, which no step does."""


def _kind(value: Any, what: str) -> str:
    mode = _single(value, what, "mode")
    found = _ORDERS.get(mode) if isinstance(mode, int) else _MODES.get(str(mode).rsplit(".", 1)[-1].lower())
    if found is None:
        raise UnknownTransformError(f"{what} with mode={mode!r} is not among what medview does as MONAI does")
    return found


def _spacing(part: Preparation, given: Arguments) -> None:
    what = "Spacingd"
    _only(given, what, diagonal=(False,), min_pixdim=(None,), max_pixdim=(None,), recompute_affine=(False, None))
    pixdim = _need(given, "pixdim")
    listed = list(pixdim) if isinstance(pixdim, list | tuple) else [pixdim] * part.dimensions
    listed = [-1.0 if mm is None else mm for mm in listed]
    if not listed or not all(isinstance(mm, int | float) and not isinstance(mm, bool) for mm in listed):
        raise UnknownTransformError(f"{what}: pixdim={pixdim!r} are not numbers")
    listed = [float(mm) for mm in listed][: part.dimensions]
    listed += [listed[-1] if len(listed) == 1 else -1.0] * (part.dimensions - len(listed))
    kind = _kind(_need(given, "mode", "bilinear"), what)
    part.ways_back.add(kind)
    part.steps.append(
        {
            "step": "resample",
            "spacing_mm": [mm if mm > 0 else None for mm in listed],
            "kind": kind,
            "align": "edges" if _single(_need(given, "scale_extent", False), what, "scale_extent") else "monai",
        }
    )


def _resize(part: Preparation, given: Arguments) -> None:
    what = "Resized"
    _only(given, what, size_mode=("all",), anti_aliasing=(False, [False]))
    if _single(_need(given, "align_corners", None), what, "align_corners"):
        raise UnknownTransformError("Resized with align_corners=True is not among what medview does as MONAI does")
    mode = _single(_need(given, "mode", "area"), what, "mode")
    word = str(mode).rsplit(".", 1)[-1].lower()
    torch = {"area": "adaptive", "nearest": "lower", "nearest-exact": "nearest", "bicubic": "torch-cubic"}
    kind = torch.get(word) or _kind(mode, what)
    part.resized_by = kind
    if kind != "adaptive":
        part.ways_back.add("nearest" if kind == "lower" else kind)
    size = _sizes(part, given, "spatial_size", what)
    part.steps.append({"step": "resize", "size": size, "kind": kind, "aspect": "stretch"})


def _scale_range(part: Preparation, given: Arguments) -> None:
    what = "ScaleIntensityRanged"
    low, high = _number(given, "a_min", None, what), _number(given, "a_max", None, what)
    to_low, to_high = _number(given, "b_min", None, what), _number(given, "b_max", None, what)
    clip = bool(_need(given, "clip", False))
    if low is None or high is None or low >= high:
        raise UnknownTransformError(f"{what}: a_min={low} and a_max={high} are no range")
    if to_low is None or to_high is None:
        to_low, to_high = 0.0, 1.0
    if to_low >= to_high:
        raise UnknownTransformError(f"{what}: b_min={to_low} and b_max={to_high} are no range")
    part.steps.append({"step": "range", "source": [low, high], "to": [to_low, to_high], "clip": clip})


def _scale(part: Preparation, given: Arguments) -> None:
    what = "ScaleIntensityd"
    low, high = _number(given, "minv", 0.0, what), _number(given, "maxv", 1.0, what)
    factor = _number(given, "factor", None, what)
    if low is None or high is None:
        if factor is None:
            raise UnknownTransformError(f"{what} without minv, maxv and factor")
        part.steps.append({"step": "scale", "factor": 1.0 + factor})
        return
    if low >= high:
        raise UnknownTransformError(f"{what}: minv={low} and maxv={high} are no range")
    step: dict[str, Any] = {"step": "min_max", "to": [low, high]}
    step["channel_wise"] = bool(_need(given, "channel_wise", False))
    part.steps.append(step)


def _percentiles(part: Preparation, given: Arguments) -> None:
    what = "ScaleIntensityRangePercentilesd"
    lower, upper = _number(given, "lower", None, what), _number(given, "upper", None, what)
    to_low, to_high = _number(given, "b_min", None, what), _number(given, "b_max", None, what)
    if lower is None or upper is None or to_low is None or to_high is None or to_low >= to_high:
        raise UnknownTransformError(f"{what}: lower, upper, b_min and b_max must be numbers in order")
    if _need(given, "relative", False):
        # The percentiles go to the same shares of the new range.
        to_low, to_high = (to_low + (to_high - to_low) * share / 100 for share in (lower, upper))
    part.steps.append(
        {
            "step": "percentile",
            "low": lower,
            "high": upper,
            "to": [to_low, to_high],
            "clip": bool(_need(given, "clip", False)),
            "channel_wise": bool(_need(given, "channel_wise", False)),
        }
    )


def _normalise(part: Preparation, given: Arguments) -> None:
    what = "NormalizeIntensityd"
    mean, deviation = _need(given, "subtrahend"), _need(given, "divisor")
    nonzero = bool(_need(given, "nonzero", False))
    if mean is None and deviation is None:
        step: dict[str, Any] = {"step": "z_score", "only_nonzero": nonzero}
        step["channel_wise"] = bool(_need(given, "channel_wise", False))
        part.steps.append(step)
        return
    means = mean if isinstance(mean, list | tuple) else [mean]
    deviations = deviation if isinstance(deviation, list | tuple) else [deviation]
    numbers = [*means, *deviations]
    if nonzero or len(means) != len(deviations) or not all(isinstance(one, int | float) for one in numbers):
        raise UnknownTransformError(f"{what} with subtrahend={mean!r}, divisor={deviation!r}, nonzero={nonzero}")
    step = {"step": "normalise", "mean": [float(one) for one in means], "std": [float(one) for one in deviations]}
    part.steps.append(step)


def _threshold(part: Preparation, given: Arguments) -> None:
    what = "ThresholdIntensityd"
    level, other = _number(given, "threshold", None, what), _number(given, "cval", 0.0, what)
    if level is None or level != other:
        raise UnknownTransformError(f"{what}: threshold={level} and cval={other} differ")
    part.steps.append({"step": "clip", "low" if _need(given, "above", True) else "high": level})


def _shift(part: Preparation, given: Arguments) -> None:
    value = _number(given, "offset", None, "ShiftIntensityd")
    if value is None:
        raise UnknownTransformError("ShiftIntensityd without offset")
    part.steps.append({"step": "offset", "value": value})


def _foreground(part: Preparation, given: Arguments) -> None:
    what = "CropForegroundd"
    if "select_fn" in given and given["select_fn"] is not None:
        _need(given, "select_fn")
        raise UnknownTransformError(f"{what} with a select_fn")
    _only(given, what, channel_indices=(None, 0, [0]), allow_smaller=(True, False), mode=("constant", ["constant"]))
    margin = _number(given, "margin", 0.0, what)
    _only(given, what, k_divisible=(1, [1] * part.dimensions))
    step: dict[str, Any] = {"step": "crop_above", "threshold": 0.0, "margin": int(margin or 0)}
    if margin and not _need(given, "allow_smaller", part.version < (1, 5)):
        step["beyond"] = "fill"
    part.steps.append(step)


_PLACES = {"symmetric": "centre", "end": "end"}


def _filled(given: Arguments, what: str) -> tuple[str, Any]:
    mode = str(_single(_need(given, "mode", "constant"), what, "mode")).rsplit(".", 1)[-1].lower()
    place = _PLACES.get(str(_need(given, "method", "symmetric")).rsplit(".", 1)[-1].lower())
    fills = {"constant": _number(given, "value", 0.0, what), "minimum": "minimum", "edge": "edge", "replicate": "edge"}
    if mode not in fills or place is None:
        raise UnknownTransformError(f"{what} with mode={mode!r} and method={given.get('method')!r}")
    return place, fills[mode]


def _pad(part: Preparation, given: Arguments) -> None:
    place, fill = _filled(given, "SpatialPadd")
    size = _sizes(part, given, "spatial_size", "SpatialPadd")
    part.steps.append({"step": "pad", "size": size, "fill": fill, "place": place})


def _divisible(part: Preparation, given: Arguments) -> None:
    place, fill = _filled(given, "DivisiblePadd")
    size = [one or 1 for one in _sizes(part, given, "k", "DivisiblePadd")]
    part.steps.append({"step": "pad", "multiple": size, "fill": fill, "place": place})


def _crop_or_pad(part: Preparation, given: Arguments) -> None:
    place, fill = _filled(given, "ResizeWithPadOrCropd")
    if place != "centre":
        raise UnknownTransformError("ResizeWithPadOrCropd with method='end'")
    size = _sizes(part, given, "spatial_size", "ResizeWithPadOrCropd")
    part.steps.append({"step": "crop_or_pad", "size": size, "fill": fill, "middle": "monai"})


def _centre_crop(part: Preparation, given: Arguments) -> None:
    size = _sizes(part, given, "roi_size", "CenterSpatialCropd")
    part.steps.append({"step": "crop_or_pad", "size": size, "pad": False, "middle": "monai"})


def _repeat(part: Preparation, given: Arguments) -> None:
    if _need(given, "repeats") != 3:
        raise UnknownTransformError(f"RepeatChanneld with repeats={given.get('repeats')!r}")
    part.repeats = 3


def _spatial_axes(part: Preparation, given: Arguments, name: str, what: str) -> list[int]:
    value = _need(given, name)
    listed = list(range(part.dimensions)) if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(one, int) and -part.dimensions <= one < part.dimensions for one in listed):
        raise UnknownTransformError(f"{what}: {name}={value!r} are no axes")
    if any(step["step"] in _SPATIAL for step in part.steps):
        raise UnknownTransformError(f"{what} after a transform that moves or resizes")
    return [one % part.dimensions for one in listed]


def _flip(part: Preparation, given: Arguments) -> None:
    part.turns += [(axis,) for axis in _spatial_axes(part, given, "spatial_axis", "Flipd")]


def _transpose(part: Preparation, given: Arguments) -> None:
    order = _need(given, "indices")
    spatial = [one - 1 for one in order[1:]] if isinstance(order, list) and order[:1] == [0] else []
    if sorted(spatial) != list(range(part.dimensions)):
        raise UnknownTransformError(f"Transposed with indices={order!r} is not among what medview does as MONAI does")
    _spatial_axes(part, {}, "indices", "Transposed")
    part.turns.append(tuple(spatial))


def _quarter(part: Preparation, given: Arguments) -> None:
    """numpy.rot90: from the first axis toward the second, a transposition and a flip at a time."""
    axes = _spatial_axes(part, {"spatial_axes": _need(given, "spatial_axes", [0, 1])}, "spatial_axes", "Rotate90d")
    times = _need(given, "k", 1)
    if len(axes) != 2 or axes[0] == axes[1] or not isinstance(times, int):
        raise UnknownTransformError(f"Rotate90d with k={times!r} and spatial_axes={axes!r}")
    order = list(range(part.dimensions))
    order[axes[0]], order[axes[1]] = axes[1], axes[0]
    part.turns += [turn for _ in range(times % 4) for turn in (tuple(order), (axes[0],))]


_READERS: dict[str, Callable[[Preparation, Arguments], None]] = {
    "Orientation": _orientation,
    "Spacing": _spacing,
    "Resize": _resize,
    "ScaleIntensityRange": _scale_range,
    "ScaleIntensity": _scale,
    "ScaleIntensityRangePercentiles": _percentiles,
    "NormalizeIntensity": _normalise,
    "ThresholdIntensity": _threshold,
    "ShiftIntensity": _shift,
    "CropForeground": _foreground,
    "SpatialPad": _pad,
    "DivisiblePad": _divisible,
    "ResizeWithPadOrCrop": _crop_or_pad,
    "CenterSpatialCrop": _centre_crop,
    "RepeatChannel": _repeat,
    "Flip": _flip,
    "Transpose": _transpose,
    "Rotate90": _quarter,
}


def without_axis(steps: Steps, axis: int) -> Steps:
    """``steps`` of a volume for its slices across ``axis``. Raises UnknownTransformError where they change that axis."""
    kept = []
    for step in steps:
        for field in ("spacing_mm", "size", "multiple"):
            if field not in step:
                continue
            listed = list(step[field])
            # What is filled up along the axis is more slices, of which no answer comes back.
            if listed.pop(axis) not in {None, 1} and step["step"] != "pad":
                raise UnknownTransformError(f"{step['step']} along the axis that SliceInferer moves along")
            step = {**step, field: listed}
        empty = step["step"] == "pad" and not any(one not in {None, 1} for one in step.get("size") or step["multiple"])
        kept += [] if empty else [step]
    return kept
