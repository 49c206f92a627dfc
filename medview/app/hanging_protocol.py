"""A hanging protocol: which series goes where, how it is shown there, and in which steps a study is read; as values and as JSON.

The file is one JSON object; `read_protocol` names the field of whatever is wrong in it. Nothing in it is a pattern of a
language: words are looked for as words, so that no file can make medview think for long.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from medview.core.problem import ExitCode, MedviewError

FORMAT = 1
MOST_BYTES = 1_000_000
MOST_STAGES = 32
MOST_ROWS = 5

ShownPlane = Literal["acquired", "axial", "sagittal", "coronal"]
Orientation = Literal["", "axial", "sagittal", "coronal"]
Place = Literal["first", "middle", "last"]
Align = Literal["", "chest_wall"]
Frames = Literal["", "one", "several"]
ScrollLink = Literal["", "off", "position", "offset"]


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """What a series must be like. Everything that is given must hold; of several words one is enough."""

    modalities: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """In the description or the name of the acquisition protocol."""
    without: tuple[str, ...] = ()
    """None of these words there."""
    laterality: str = ""
    """L, R or B."""
    views: tuple[str, ...] = ()
    """View positions: CC, MLO, PA, LL …"""
    orientation: Orientation = ""
    """How the slices were acquired."""
    contrast: bool | None = None
    """Whether a contrast agent was given, as the header or the description says."""
    frames: Frames = ""
    """``one`` image (a mammogram), or ``several`` (tomosynthesis)."""
    prior: int = 0
    """0: the study that is read; 1: the newest older one with such a series, 2: the one before …"""


@dataclass(frozen=True, slots=True)
class ViewportRule:
    """What one viewport shows and how."""

    series: SeriesRule = SeriesRule()
    like: int | None = None
    """The same series as an earlier viewport (0-based) of the step, instead of ``series``."""
    over: int | None = None
    """The series of this earlier viewport (0-based) is laid over the one shown here, by place in the patient."""
    name: str = ""
    optional: bool = False
    """The step hangs also where no series fits here; the viewport stays empty."""
    plane: ShownPlane = "acquired"
    preset: str = ""
    """Name of a window preset of the modality (English)."""
    window: tuple[float, float] | None = None
    """(center, width) in the unit of the values; goes before ``preset``."""
    at: Place = "middle"
    align: Align = ""
    """``chest_wall``: turned and laid against the inner edge as mammograms are hung, by how the file says that it lies, and
    as many px for a mm as in the other such viewports."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of reading: a grid and its viewports, row by row."""

    viewports: tuple[ViewportRule, ...]
    layout: tuple[int, int] = (1, 1)
    name: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    scroll: ScrollLink = ""
    link_view: bool = False
    link_window: bool = False


@dataclass(frozen=True, slots=True)
class StudyRule:
    """Which studies a protocol is for: all of ``modalities`` must be there, one of each of the others."""

    modalities: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    """At least one of these modalities."""
    body_parts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HangingProtocol:
    """A protocol with its steps. ``path`` is its file, "" while it has none; ``is_builtin`` where it came with medview."""

    id: str
    name: str
    stages: tuple[Stage, ...]
    study: StudyRule = StudyRule()
    automatic: bool = False
    """Hung by itself when a study that it fits is opened."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Its name in other languages, by code."""
    path: str = ""
    is_builtin: bool = False


# ---------------------------------------------------------------------- JSON


def protocol_error(path: str, where: str, why: str) -> MedviewError:
    """The error about one field of a protocol's file."""
    place = where or "the file"
    return MedviewError(
        "bad_protocol", f"{path}: {place}: {why}.", path, ExitCode.INPUT_UNUSABLE, (Path(path).name, place, why)
    )


def read_protocol(path: str | os.PathLike[str]) -> HangingProtocol:
    """Read a protocol; raises MedviewError (bad_protocol) that names the field."""
    name = os.fspath(path)
    try:
        if Path(path).stat().st_size > MOST_BYTES:
            raise protocol_error(name, "", "it is larger than 1 MB")
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise protocol_error(name, "", str(getattr(error, "strerror", None) or error)) from error
    return protocol_of(content, name)


def protocol_of(content: Any, path: str) -> HangingProtocol:
    """A protocol from what JSON says; raises MedviewError (bad_protocol) that names the field."""
    entry = _Object(content, "", path)
    if entry.get("format", _number, None) != FORMAT:
        raise entry.wrong("format", f"must be {FORMAT}")
    made = HangingProtocol(
        id=entry.get("id", _identifier, None),
        name=entry.get("name", _text, None),
        stages=entry.many("stages", _stage, MOST_STAGES),
        study=entry.one("study", _study_rule, StudyRule()),
        automatic=entry.get("automatic", _truth, default=False),
        names=entry.get("names", _texts_by_code, {}),
        path=path,
    )
    entry.finish()
    return made


class _Object:
    """One JSON object, field by field; what was not asked for is a mistake of whoever wrote it."""

    def __init__(self, content: Any, where: str, path: str) -> None:
        self.where, self.path = where, path
        if not isinstance(content, dict):
            raise protocol_error(path, where, "must be an object {…}")
        self._left = dict(content)

    def _place(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def wrong(self, name: str, why: str) -> MedviewError:
        return protocol_error(self.path, self._place(name), why)

    def get(self, name: str, read: Callable[[Any], Any], default: Any) -> Any:
        """A plain field; without a ``default`` (None) it must be there."""
        if name not in self._left:
            if default is None:
                raise self.wrong(name, "is missing")
            return default
        try:
            return read(self._left.pop(name))
        except ValueError as error:
            raise self.wrong(name, str(error)) from error

    def maybe(self, name: str, read: Callable[[Any], Any]) -> Any:
        """A plain field that may be missing or null."""
        if self._left.get(name) is None:
            self._left.pop(name, None)
            return None
        return self.get(name, read, None)

    def one(self, name: str, read: Callable[[_Object], Any], default: Any) -> Any:
        """An object."""
        if name not in self._left:
            return default
        inner = _Object(self._left.pop(name), self._place(name), self.path)
        made = read(inner)
        inner.finish()
        return made

    def many(self, name: str, read: Callable[[_Object], Any], most: int) -> tuple[Any, ...]:
        """A list of objects, one at least."""
        entries = self._left.pop(name, None)
        if not isinstance(entries, list) or not 1 <= len(entries) <= most:
            raise self.wrong(name, f"must be a list of 1 to {most} objects")
        made = []
        for at, entry in enumerate(entries):
            inner = _Object(entry, f"{self._place(name)}[{at}]", self.path)
            made.append(read(inner))
            inner.finish()
        return tuple(made)

    def finish(self) -> None:
        """Raise for a field that does not exist."""
        for name in self._left:
            raise self.wrong(name, "is no field that a protocol has")


def _study_rule(entry: _Object) -> StudyRule:
    return StudyRule(*(entry.get(one.name, _words, ()) for one in fields(StudyRule)))


def _series_rule(entry: _Object) -> SeriesRule:
    return SeriesRule(
        modalities=entry.get("modalities", _words, ()),
        body_parts=entry.get("body_parts", _words, ()),
        words=entry.get("words", _words, ()),
        without=entry.get("without", _words, ()),
        laterality=entry.get("laterality", _one_of(("", "L", "R", "B")), ""),
        views=entry.get("views", _words, ()),
        orientation=entry.get("orientation", _one_of(get_args(Orientation)), ""),
        contrast=entry.maybe("contrast", _truth),
        frames=entry.get("frames", _one_of(get_args(Frames)), ""),
        prior=entry.get("prior", _whole(0, 20), 0),
    )


def _viewport(entry: _Object) -> ViewportRule:
    return ViewportRule(
        series=entry.one("series", _series_rule, SeriesRule()),
        like=entry.maybe("like", _whole(0, MOST_ROWS**2)),
        over=entry.maybe("over", _whole(0, MOST_ROWS**2)),
        name=entry.get("name", _any_text, ""),
        optional=entry.get("optional", _truth, default=False),
        plane=entry.get("plane", _one_of(get_args(ShownPlane)), "acquired"),
        preset=entry.get("preset", _any_text, ""),
        window=entry.maybe("window", _window),
        at=entry.get("at", _one_of(get_args(Place)), "middle"),
        align=entry.get("align", _one_of(get_args(Align)), ""),
    )


def _stage(entry: _Object) -> Stage:
    layout = entry.get("layout", _layout, (1, 1))
    viewports = entry.many("viewports", _viewport, layout[0] * layout[1])
    for at, one in enumerate(viewports):
        if one.like is not None and not (0 <= one.like < at and viewports[one.like].like is None):
            raise entry.wrong(f"viewports[{at}].like", "must name an earlier viewport that has a rule of its own")
        if one.over is not None and not 0 <= one.over < at:
            raise entry.wrong(f"viewports[{at}].over", "must name an earlier viewport")
    return Stage(
        viewports,
        layout,
        entry.get("name", _any_text, ""),
        entry.get("names", _texts_by_code, {}),
        entry.get("scroll", _one_of(get_args(ScrollLink)), ""),
        entry.get("link_view", _truth, default=False),
        entry.get("link_window", _truth, default=False),
    )


def _any_text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError("must be a text of at most 200 characters")
    return value


def _text(value: Any) -> str:
    if not _any_text(value).strip():
        raise ValueError("must not be empty")
    return str(value)


def _identifier(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[\w.-]{1,80}", value):
        raise ValueError("must be letters, figures, dots and hyphens")
    return value


def _texts_by_code(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError('must be an object such as {"zh_CN": "…"}')  # noqa: TRY004 - one kind of error for all fields
    return {str(code): _text(text) for code, text in value.items()}


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 100:
        raise ValueError('must be a list of words, such as ["CT"]')
    return tuple(_text(one).strip() for one in value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("must be a number")
    return float(value)


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def _one_of(values: Sequence[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in values:
            raise ValueError("must be one of " + ", ".join(one or '""' for one in values))
        return str(value)

    return read


def _window(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("must be [center, width]")
    center, width = _number(value[0]), _number(value[1])
    if width <= 0:
        raise ValueError("must have a width above 0")
    return (center, width)


def _layout(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("must be [rows, columns]")
    size = _whole(1, MOST_ROWS)
    return (size(value[0]), size(value[1]))


def protocol_json(protocol: HangingProtocol) -> str:
    """The protocol as JSON; what is as by default is left out."""
    content: dict[str, Any] = {"format": FORMAT, "id": protocol.id, "name": protocol.name}
    if protocol.names:
        content["names"] = dict(protocol.names)
    content["automatic"] = protocol.automatic
    content["study"] = _without_defaults(protocol.study)
    content["stages"] = [
        {
            **_without_defaults(stage, skip=("viewports",)),
            "layout": list(stage.layout),
            "viewports": [
                {**_without_defaults(one, skip=("series",)), "series": _without_defaults(one.series)}
                if one.like is None
                else _without_defaults(one, skip=("series",))
                for one in stage.viewports
            ],
        }
        for stage in protocol.stages
    ]
    return json.dumps(content, ensure_ascii=False, indent=1)


def _without_defaults(value: Any, skip: Sequence[str] = ()) -> dict[str, Any]:
    fresh = {one.name: one.default for one in fields(value)}
    told = {name: entry for name, entry in asdict(value).items() if name not in skip}
    return {name: entry for name, entry in told.items() if entry != fresh.get(name) and entry not in ({}, ())}


def write_protocol(protocol: HangingProtocol, path: str | os.PathLike[str]) -> None:
    """Write a protocol whole or not at all; raises MedviewError (cannot_write)."""
    from medview.files.replaced_file import cannot_write, replaced_file

    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(target, error) from error
    with replaced_file(target) as temporary:
        temporary.write_text(protocol_json(protocol), encoding="utf-8")
