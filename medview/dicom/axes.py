"""In what frames at one position may differ: the attributes that tell them apart, with names, units and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from medview.dicom import tags

if TYPE_CHECKING:
    from medview.dicom.time_axes import PlacedFrame

Read = Callable[["PlacedFrame"], Any]

COMPONENTS = {"M": "magnitude", "P": "phase", "R": "real", "I": "imaginary", "": "not said"}
_COMPONENT_WORDS = frozenset(
    {"M", "P", "R", "I", "MAGNITUDE", "PHASE", "REAL", "IMAGINARY", "PHASE MAP", "VELOCITY MAP"}
)
_PHILIPS_COMPONENT = re.compile(r"[MPRI]_[A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Axis:
    """An attribute that may differ between frames of one position.

    ``value`` makes what a reader is told (a number in ``unit``, a word, None) of what ``read`` finds, ``label`` its
    words where value and unit are not enough.
    """

    name: str
    unit: str
    read: Read
    value: Callable[[Any], float | str | None] = lambda found: found
    label: Callable[[Any], str] | None = None
    by_value: bool = True
    """Sort by what is found; otherwise in the order in which the frames were taken."""
    is_count: bool = False
    """Whether it only counts; then acquisition times, where they grow along it, say more."""
    any_number: bool = False
    """Whether it may have more values than there are frames at any position."""
    never_mixed: bool = False
    """Whether frames that differ in it are no volume, even where they have no position in common."""

    def words(self, found: Any) -> str:
        """What a reader is told of a value."""
        if self.label is not None:
            return self.label(found)
        return value_words(self.value(found), self.unit)


def value_words(value: float | str | None, unit: str) -> str:
    """A value with its unit, empty where nothing is known."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else f"{value:.6g}"
    return f"{text}{'' if unit in {'', '°'} else ' '}{unit}"


def image_kind(frame: PlacedFrame) -> tuple[str, ...]:
    """The image type without the words that say magnitude, phase, real or imaginary where the component is known."""
    common = frame.frame.common
    if not common.component:
        return common.image_type
    return tuple(
        word for word in common.image_type if word not in _COMPONENT_WORDS and not _PHILIPS_COMPONENT.fullmatch(word)
    )


def _diffusion_of(frame: PlacedFrame) -> tuple[Any, ...]:
    common = frame.frame.common
    return (common.b_value, common.directionality, common.diffusion_direction)


def _diffusion_label(found: tuple[Any, ...]) -> str:
    b, kind, direction = found
    words = [value_words(b, B_UNIT), kind.lower() if direction is None else ""]
    if direction is not None:
        words.append(f"({direction[0]:.2f}, {direction[1]:.2f}, {direction[2]:.2f})")
    return " ".join(word for word in words if word)


def _milliseconds_as_seconds(found: float | None) -> float | None:
    return None if found is None else found / 1000


def time_of_day(text: str) -> str:
    """``HH:MM:SS`` with its decimals of a DICOM time, or of date and time in one text; other text as it is."""
    match = re.fullmatch(r"(?:\d{8})?(\d\d)(\d\d)(\d\d(?:\.\d+)?)(?:[+-]\d{4})?", text)
    return f"{match[1]}:{match[2]}:{match[3]}" if match else text


@lru_cache(maxsize=4096)
def seconds_of(text: str) -> float | None:
    """Seconds of a DICOM time, or of date and time in one text; None for anything else."""
    match = re.fullmatch(r"(\d{8})?(\d\d)(\d\d)(\d\d(?:\.\d+)?)(?:[+-]\d{4})?", text)
    if match is None:
        return None
    try:
        day = datetime.strptime(match[1], "%Y%m%d").toordinal() if match[1] else 0  # noqa: DTZ007 - a day, no moment
    except ValueError:
        return None
    return day * 86400.0 + int(match[2]) * 3600.0 + int(match[3]) * 60.0 + float(match[4])


B_UNIT = "s/mm²"

SPLITTERS: tuple[tuple[str, Read], ...] = (
    ("offset", lambda f: f.offset),
    ("class", lambda f: f.header.series.sop_class),
    ("number", lambda f: f.header.series.series_number),
    ("type", image_kind),
    ("kernel", lambda f: f.frame.common.kernel),
    ("kvp", lambda f: f.frame.common.kvp),
)
"""What makes frames at one position parts of different stacks."""

UNLIKE: tuple[tuple[str, Read, bool], ...] = (
    ("component", lambda f: f.frame.common.component, True),
    ("segment", lambda f: f.frame.segment, True),
    ("kernel", lambda f: f.frame.common.kernel, False),
)
"""What two stacks may differ in that have no position in common, so that they look like one volume, and whether they
always are two: a kernel may change along a volume, and makes two only where slices take turns.
"""

_FIRST_AXES: tuple[Axis, ...] = (
    Axis(
        "component",
        "",
        lambda f: "MPRI".find(f.frame.common.component or "?"),
        lambda v: COMPONENTS["MPRI"[v] if v >= 0 else ""],
        never_mixed=True,
    ),
    Axis("segment", "", lambda f: f.frame.segment, any_number=True, never_mixed=True),
    Axis("ASL", "", lambda f: f.frame.common.asl, lambda v: v.lower() or None),
    Axis("echo", "ms", lambda f: f.frame.common.echo_time),
    Axis("echo", "", lambda f: f.frame.common.echo_number),
    Axis("inversion time", "ms", lambda f: f.frame.common.inversion_time),
    Axis("flip angle", "°", lambda f: f.frame.common.flip_angle),
    Axis("time", "", lambda f: f.frame.temporal_index, is_count=True),
    Axis("phase", "%", lambda f: f.frame.cardiac_phase),
    Axis("trigger time", "ms", lambda f: f.frame.trigger_time),
    Axis("time", "s", lambda f: f.frame.reference_time, _milliseconds_as_seconds),
    Axis("b-value", B_UNIT, lambda f: f.frame.common.b_value, by_value=False),
    Axis("b-value", B_UNIT, _diffusion_of, lambda v: v[0], _diffusion_label, by_value=False),
    Axis("sequence", "", lambda f: f.frame.common.sequence_name, lambda v: v or None, by_value=False),
)
_LAST_AXES: tuple[Axis, ...] = (
    Axis("stack", "", lambda f: f.frame.stack_id, is_count=True),
    Axis("acquisition", "", lambda f: f.frame.acquisition_number, is_count=True),
    Axis(
        "instance",
        "",
        lambda f: f.header.sop_uid if f.header.frame_count > 1 else "",
        lambda _: None,
        by_value=False,
        is_count=True,
    ),
    Axis("time", "", lambda f: f.frame.acquisition_time, time_of_day, is_count=True),
    Axis("time", "", lambda f: f.frame.content_time, time_of_day, is_count=True),
)
_POINTED = {
    tags.TEMPORAL_INDEX: "time",
    tags.TEMPORAL_OFFSET: "time",
    tags.FRAME_REFERENCE_DATETIME: "time",
    tags.FRAME_ACQUISITION_DATETIME: "time",
    tags.EFFECTIVE_ECHO_TIME: "echo",
    tags.B_VALUE: "b-value",
    tags.DIFFUSION_DIRECTION: "diffusion direction",
    tags.DIFFUSION_DIRECTIONALITY: "diffusion direction",
    tags.NOMINAL_CARDIAC_PHASE: "phase",
    tags.CARDIAC_TRIGGER_DELAY: "trigger time",
    tags.INVERSION_TIMES: "inversion time",
    tags.SEGMENT_NUMBER: "segment",
    tags.COMPLEX_COMPONENT: "component",
    tags.FRAME_ACQUISITION_NUMBER: "acquisition",
    tags.tag(0x0018, 0x9808): "data type",  # of ultrasound volumes (PS3.3 C.8.24.5.1)
    tags.tag(0x2001, 0x1008): "phase",  # Philips: Phase Number
    tags.tag(0x2005, 0x1429): "ASL",  # Philips: label type
}
"""What the indices of the dimensions of a multi-frame image count, by the attribute that they point to."""


def _vector_read(name: str) -> Read:
    return lambda f: dict(f.frame.extra_axes).get(name)


def vector_words(frame: PlacedFrame, name: str) -> Callable[[Any], str]:
    """What a value of a vector of nuclear medicine is called in the file of a frame, else its number."""
    words = dict(frame.header.image.vector_names).get(name, ())

    def label(found: Any) -> str:
        if found is None:
            return ""
        return words[found - 1] if 0 < found <= len(words) else str(found)

    return label


def _index_read(at: int) -> Read:
    return lambda f: f.frame.dimension_values[at] if at < len(f.frame.dimension_values) else None


def axes_of(frames: Sequence[PlacedFrame]) -> Iterable[Axis]:
    """All attributes in which frames may differ, those first that say most.

    The vectors of nuclear medicine (PS3.3 C.8.4.8) and the dimensions of enhanced objects (C.7.6.17) come with the
    names that the frames' own headers give them; dimensions in space are none.
    """
    yield from _FIRST_AXES
    for name in dict.fromkeys(name for frame in frames for name, _ in frame.frame.extra_axes):
        yield Axis(name, "", _vector_read(name), label=vector_words(frames[0], name))
    pointers = frames[0].header.image.dimensions
    if all(frame.header.image.dimensions == pointers for frame in frames):
        for at, pointer in enumerate(pointers):
            if pointer not in tags.SPATIAL_DIMENSIONS:
                yield Axis(_POINTED.get(pointer, "index"), "", _index_read(at))
    yield from _LAST_AXES


RANKS: tuple[Axis, ...] = (
    Axis("trigger time", "ms", lambda f: f.frame.trigger_time),
    Axis("time", "s", lambda f: f.frame.reference_time, _milliseconds_as_seconds),
    Axis("b-value", "", lambda f: f.frame.common.diffusion_direction, lambda _: None, by_value=False),
    Axis("time", "", lambda f: f.frame.acquisition_time or None, lambda _: None, is_count=True),
    Axis("time", "", lambda f: f.frame.content_time or None, lambda _: None, is_count=True),
    Axis("acquisition", "", lambda f: f.frame.acquisition_number, lambda _: None, is_count=True),
    Axis("index", "", lambda f: f.frame.dimension_values or None, lambda _: None),
)
"""Attributes that order the frames of each position although every slice has values of its own."""
REPEAT = Axis("repeat", "", lambda _: None, lambda _: None, is_count=True)
