"""Several frames at one position: which of them belong together, and what their axis is called."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from medview.dicom.header import FrameHeader, InstanceHeader
from medview.dicom.mosaic import Tile


@dataclass(frozen=True, slots=True)
class PlacedFrame:
    """A frame of a file, and the rank ``depth`` of its position along the normal."""

    header: InstanceHeader
    index: int
    frame: FrameHeader
    depth: int = 0
    offset: Hashable = 0
    """In-plane origin, where that differs between frames of one depth."""
    tile: Tile | None = None
    """The part of the picture, where it is a mosaic."""

    @property
    def order(self) -> tuple[int, int, str]:
        """As the scanner counted: instance number, frame, UID."""
        number = self.header.instance_number
        return (number if number is not None else 1 << 40, self.index, self.header.sop_uid)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Frames of one stack: ``volumes`` are time points, each a list of frames by growing depth."""

    volumes: tuple[tuple[PlacedFrame, ...], ...]
    axis: str = ""
    labels: tuple[str, ...] = ("",)
    split_by: tuple[str, ...] = ()
    """What tells this stack from others of its group; goes into its id."""
    duplicates: bool = False
    unnamed: bool = False


Read = Callable[[PlacedFrame], Any]


@dataclass(frozen=True, slots=True)
class _Axis:
    name: str
    read: Read
    label: Callable[[Any], str]
    by_value: bool = True
    """Sort time points by the value; otherwise in the order in which they were taken."""


def _diffusion_of(frame: FrameHeader) -> tuple[Any, ...]:
    return (frame.common.b_value, frame.common.directionality, frame.common.diffusion_direction)


def _diffusion_label(value: tuple[Any, ...]) -> str:
    b, kind, direction = value
    words = ["" if b is None else f"b {b:g}", kind.lower() if direction is None else ""]
    if direction is not None:
        words.append(f"({direction[0]:.2f}, {direction[1]:.2f}, {direction[2]:.2f})")
    return " ".join(word for word in words if word)


def _no_label(_value: Any) -> str:
    return ""


def _number(value: Any) -> str:
    return "" if value is None else f"{value:g}"


_SPLITTERS: tuple[tuple[str, Read], ...] = (
    ("offset", lambda f: f.offset),
    ("class", lambda f: f.header.series.sop_class),
    ("type", lambda f: f.frame.common.image_type),
    ("stack", lambda f: f.frame.stack_id),
    ("kernel", lambda f: f.frame.common.kernel),
    ("kvp", lambda f: f.frame.common.kvp),
    ("asl", lambda f: f.frame.common.asl),
)
_AXES: tuple[_Axis, ...] = (
    _Axis("segment", lambda f: f.frame.segment, lambda v: f"segment {_number(v)}"),
    _Axis("echo", lambda f: f.frame.common.echo_time, lambda v: f"TE {_number(v)} ms"),
    _Axis("echo", lambda f: f.frame.common.echo_number, lambda v: f"echo {_number(v)}"),
    _Axis("inversion time", lambda f: f.frame.common.inversion_time, lambda v: f"TI {_number(v)} ms"),
    _Axis("flip angle", lambda f: f.frame.common.flip_angle, lambda v: f"flip angle {_number(v)}°"),
    _Axis("time", lambda f: f.frame.temporal_index, lambda v: f"time {_number(v)}"),
    _Axis("phase", lambda f: f.frame.cardiac_phase, lambda v: f"phase {_number(v)}"),
    _Axis("phase", lambda f: f.frame.trigger_time, lambda v: f"trigger {_number(v)} ms"),
    _Axis("time", lambda f: f.frame.reference_time, lambda v: f"{_number(v)} ms"),
    _Axis("b-value", lambda f: f.frame.common.b_value, lambda v: f"b {_number(v)}", by_value=False),
    _Axis("b-value", lambda f: _diffusion_of(f.frame), _diffusion_label, by_value=False),
    _Axis("", lambda f: f.frame.extra_axes, lambda v: ", ".join(f"{n} {x}" for n, x in v)),
    _Axis("acquisition", lambda f: f.frame.acquisition_number, lambda v: f"acquisition {_number(v)}"),
    _Axis("instance", lambda f: f.header.sop_uid if f.header.frame_count > 1 else "", _no_label, by_value=False),
    _Axis("time", lambda f: f.frame.acquisition_time, str),
    _Axis("time", lambda f: f.frame.content_time, str),
)
_RANKS: tuple[tuple[str, Read], ...] = (
    ("phase", lambda f: f.frame.trigger_time),
    ("time", lambda f: f.frame.reference_time),
    ("b-value", lambda f: f.frame.common.diffusion_direction),
    ("time", lambda f: f.frame.acquisition_time or None),
    ("time", lambda f: f.frame.content_time or None),
    ("acquisition", lambda f: f.frame.acquisition_number),
    ("index", lambda f: f.frame.dimension_values or None),
)


def arrange(frames: Sequence[PlacedFrame], split_by: tuple[str, ...] = ()) -> list[Arrangement]:
    """Stacks of frames that agree in everything but position and time; every frame is in exactly one of them."""
    if _collisions(frames, ()) == 0:
        return [Arrangement((_by_depth(frames),), split_by=split_by)]
    for name, read in _SPLITTERS:
        parts = defaultdict(list)
        for frame in frames:
            parts[read(frame)].append(frame)
        if len(parts) > 1 and sum(_collisions(part, ()) for part in parts.values()) < _collisions(frames, ()):
            return [
                arrangement
                for value, part in sorted(parts.items(), key=lambda item: str(item[0]))
                for arrangement in arrange(part, (*split_by, f"{name}={value}"))
            ]
    return _along_axes(frames, split_by)


def _by_depth(frames: Sequence[PlacedFrame]) -> tuple[PlacedFrame, ...]:
    return tuple(sorted(frames, key=lambda frame: (frame.depth, frame.order)))


def _collisions(frames: Sequence[PlacedFrame], axes: Sequence[_Axis]) -> int:
    """How many frames share position and axis values with an earlier one."""
    return len(frames) - len({(frame.depth, *(axis.read(frame) for axis in axes)) for frame in frames})


def _chosen_axes(frames: Sequence[PlacedFrame]) -> list[_Axis]:
    """The fewest attributes, in the order of the table, that tell the frames of a position apart."""
    most = max(Counter(frame.depth for frame in frames).values())
    chosen: list[_Axis] = []
    left = _collisions(frames, ())
    for axis in _AXES:
        if left == 0:
            break
        values = {axis.read(frame) for frame in frames}
        if not 1 < len(values) <= most + max(1, most // 4):  # a value that changes from slice to slice is no axis
            continue
        fewer = _collisions(frames, [*chosen, axis])
        if fewer < left:
            chosen.append(axis)
            left = fewer
    for axis in list(chosen):
        rest = [other for other in chosen if other is not axis]
        if _collisions(frames, rest) == left:
            chosen = rest
    return chosen


def _along_axes(frames: Sequence[PlacedFrame], split_by: tuple[str, ...]) -> list[Arrangement]:
    axes = _chosen_axes(frames)
    classes: dict[tuple[Any, ...], list[PlacedFrame]] = defaultdict(list)
    for frame in frames:
        classes[tuple(axis.read(frame) for axis in axes)].append(frame)
    volumes: list[tuple[tuple[Any, ...], int, list[PlacedFrame]]] = []  # values, repetition, frames
    rank_axis, leftovers = "", False
    for values, members in classes.items():
        if _collisions(members, ()) == 0:
            volumes.append((values, 0, members))
            continue
        rank_axis, complete, parts = _ranked(members)
        leftovers |= not complete
        volumes.extend((values, number, part) for number, part in enumerate(parts))
    by_positions: dict[tuple[Any, ...], list[tuple[tuple[Any, ...], int, list[PlacedFrame]]]] = defaultdict(list)
    for volume in volumes:
        by_positions[tuple(sorted((frame.depth, frame.offset) for frame in volume[2]))].append(volume)
    ordered = sorted(by_positions.values(), key=lambda group: (-len(group[0][2]), min(f.order for f in group[0][2])))
    result = []
    for number, group in enumerate(ordered):
        group.sort(key=lambda volume: _volume_order(volume, axes))
        part = () if len(ordered) == 1 else (_part_name(group, axes, number),)
        names = list(dict.fromkeys(axis.name for axis in axes if axis.name))
        if any(volume[1] for volume in group) and rank_axis not in names:
            names.append(rank_axis or "repeat")
        varying = len(group) > 1
        result.append(
            Arrangement(
                tuple(_by_depth(volume[2]) for volume in group),
                " × ".join(names) if varying else "",
                _told_apart(tuple(_label(volume, axes, group) for volume in group)),
                (*split_by, *part),
                leftovers,
                varying and not axes and not rank_axis,
            )
        )
    return result


def _told_apart(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels that all differ."""
    if len(set(labels)) == len(labels):
        return labels
    return tuple(f"{label} [{number}]".strip() for number, label in enumerate(labels, 1))


def _part_name(group: list[tuple[tuple[Any, ...], int, list[PlacedFrame]]], axes: list[_Axis], number: int) -> str:
    if len(group) == 1 and axes and not group[0][1]:
        return "/".join(f"{axis.name}={value}" for axis, value in zip(axes, group[0][0], strict=True))
    return f"part={number}"


def _ranked(members: list[PlacedFrame]) -> tuple[str, bool, list[list[PlacedFrame]]]:
    """(axis name, whether every position has equally many, frames by their rank within their position)."""
    at: dict[int, list[PlacedFrame]] = defaultdict(list)
    for frame in members:
        at[frame.depth].append(frame)
    name, read = "", None
    for candidate, reader in _RANKS:
        if all(
            len({reader(frame) for frame in here}) == len(here) and all(reader(frame) is not None for frame in here)
            for here in at.values()
        ):
            name, read = candidate, reader
            break
    parts: dict[int, list[PlacedFrame]] = defaultdict(list)
    for here in at.values():
        if read is not None and name != "b-value":
            here.sort(key=lambda frame: (read(frame), frame.order))
        else:
            here.sort(key=lambda frame: frame.order)
        for rank, frame in enumerate(here):
            parts[rank].append(frame)
    complete = len({len(here) for here in at.values()}) == 1
    return name, complete, [parts[rank] for rank in sorted(parts)]


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def _volume_order(volume: tuple[tuple[Any, ...], int, list[PlacedFrame]], axes: list[_Axis]) -> tuple[Any, ...]:
    values, number, members = volume
    if all(axis.by_value for axis in axes):
        return (*(_sortable(value) for value in values), number)
    return (min(frame.order for frame in members), number)


def _label(
    volume: tuple[tuple[Any, ...], int, list[PlacedFrame]],
    axes: list[_Axis],
    group: list[tuple[tuple[Any, ...], int, list[PlacedFrame]]],
) -> str:
    words = [axis.label(value) for axis, value in zip(axes, volume[0], strict=True)]
    if any(other[1] for other in group):
        words.append(str(volume[1] + 1))
    return ", ".join(word for word in words if word)
