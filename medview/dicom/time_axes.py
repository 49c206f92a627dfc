"""Several frames at one position: which of them belong together, and along which dimensions they lie."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from medview.core.study import Dimension
from medview.dicom.axes import (
    RANKS,
    REPEAT,
    SPLITTERS,
    UNLIKE,
    Axis,
    Read,
    axes_of,
    seconds_of,
    value_words,
    vector_words,
)
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
        part = self.header.concatenation
        if part is not None:
            start = part.frame_offset if part.frame_offset is not None else part.number << 24
            return (0, start + self.index, part.uid)
        number = self.header.instance_number
        return (number if number is not None else 1 << 40, self.index, self.header.sop_uid)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Frames of one stack: ``volumes`` are time points, each a list of frames by growing depth."""

    volumes: tuple[tuple[PlacedFrame, ...], ...]
    dimensions: tuple[Dimension, ...] = ()
    split_by: tuple[str, ...] = ()
    """What tells this stack from others of its group; goes into its id."""
    duplicates: tuple[str, ...] = ()
    """File names of two images of which nothing says which one belongs into the volume."""
    unnamed: bool = False

    @property
    def axis(self) -> str:
        """The names of the dimensions."""
        return " × ".join(dimension.name for dimension in self.dimensions)

    @property
    def labels(self) -> tuple[str, ...]:
        """What a reader is told of each time point; no two are the same."""
        labels = [""]
        for dimension in self.dimensions:
            several = len(self.dimensions) > 1
            own = [f"{dimension.name} {label}" if several else label for label in dimension.labels]
            labels = [", ".join(part for part in (one, other) if part) for one in labels for other in own]
        return tuple(labels)


def arrange(frames: Sequence[PlacedFrame], split_by: tuple[str, ...] = ()) -> list[Arrangement]:
    """Stacks of frames that agree in everything but position and time; every frame is in exactly one of them."""
    before = _collisions(frames, ())
    readers = [(*each, False) for each in SPLITTERS] if before else UNLIKE
    for name, read, always in readers:
        parts = defaultdict(list)
        for frame in frames:
            parts[read(frame)].append(frame)
        if len(parts) < 2:
            continue
        after = sum(_collisions(part, ()) for part in parts.values())
        unlike = not before and (always or _lie_between_one_another(list(parts.values())))
        if after < before or unlike:
            return [
                arrangement
                for value, part in sorted(parts.items(), key=lambda item: str(item[0]))
                for arrangement in arrange(part, (*split_by, f"{name}={value}"))
            ]
    if not before:
        return [Arrangement((_by_depth(frames),), split_by=split_by)]
    return _along_axes(frames, split_by)


def _lie_between_one_another(parts: Sequence[Sequence[PlacedFrame]]) -> bool:
    """Whether parts without a common position take turns along the normal instead of lying one after the other."""
    ranges = sorted((min(f.depth for f in part), max(f.depth for f in part)) for part in parts)
    return any(one[1] > other[0] for one, other in pairwise(ranges))


def _by_depth(frames: Sequence[PlacedFrame]) -> tuple[PlacedFrame, ...]:
    return tuple(sorted(frames, key=lambda frame: (frame.depth, frame.order)))


def _collisions(frames: Sequence[PlacedFrame], axes: Sequence[Axis]) -> int:
    """How many frames share position and axis values with an earlier one."""
    return len(frames) - len({(frame.depth, *(axis.read(frame) for axis in axes)) for frame in frames})


def _chosen_axes(frames: Sequence[PlacedFrame]) -> list[Axis]:
    """The fewest attributes, those first that say most, that tell the frames of a position apart."""
    most = max(Counter(frame.depth for frame in frames).values())
    chosen: list[Axis] = []
    left = _collisions(frames, ())
    for axis in axes_of(frames):
        if left == 0:
            break
        values = {axis.read(frame) for frame in frames}
        if axis.never_mixed and len(values) > 1:
            chosen.append(axis)
            left = _collisions(frames, chosen)
            continue
        # A value that changes from slice to slice is no axis.
        if len(values) < 2 or (len(values) > most + max(1, most // 4) and not axis.any_number):
            continue
        fewer = _collisions(frames, [*chosen, axis])
        if fewer < left:
            chosen.append(axis)
            left = fewer
    for axis in [axis for axis in chosen if not axis.never_mixed]:
        rest = [other for other in chosen if other is not axis]
        if _collisions(frames, rest) == left:
            chosen = rest
    return chosen


@dataclass(frozen=True, slots=True, eq=False)
class _Volume:
    """Frames of one time point: what each axis says of them, and their rank where the axes do not tell them apart."""

    values: tuple[Any, ...]
    number: int
    frames: tuple[PlacedFrame, ...]

    @property
    def order(self) -> tuple[int, int, str]:
        return min(frame.order for frame in self.frames)

    @property
    def seconds(self) -> float | None:
        """When its first frame was taken."""
        headers = [frame.frame for frame in self.frames]
        for texts in ([each.acquisition_time for each in headers], [each.content_time for each in headers]):
            times = [seconds_of(text) for text in texts]
            known = [time for time in times if time is not None]
            if len(known) == len(times):
                return min(known)
        return None


def _along_axes(frames: Sequence[PlacedFrame], split_by: tuple[str, ...]) -> list[Arrangement]:
    axes = _chosen_axes(frames)
    classes: dict[tuple[Any, ...], list[PlacedFrame]] = defaultdict(list)
    for frame in frames:
        classes[tuple(axis.read(frame) for axis in axes)].append(frame)
    volumes: list[_Volume] = []
    rank = REPEAT
    duplicates: tuple[str, ...] = ()
    for values, members in classes.items():
        if _collisions(members, ()) == 0:
            volumes.append(_Volume(values, 0, _by_depth(members)))
            continue
        rank, complete, parts = _ranked(members)
        if not complete:
            duplicates = duplicates or _first_two(parts)
        volumes.extend(_Volume(values, number, _by_depth(part)) for number, part in enumerate(parts))
    by_positions: dict[tuple[Any, ...], list[_Volume]] = defaultdict(list)
    for volume in volumes:
        by_positions[tuple(sorted((frame.depth, frame.offset) for frame in volume.frames))].append(volume)
    ordered = sorted(by_positions.values(), key=lambda group: (-len(group[0].frames), min(v.order for v in group)))
    result = []
    for number, group in enumerate(ordered):
        part = () if len(ordered) == 1 else (_part_name(group, axes, number),)
        dimensions, group = _dimensions(group, axes, rank)
        result.append(
            Arrangement(
                tuple(volume.frames for volume in group),
                dimensions,
                (*split_by, *part),
                duplicates,
                len(group) > 1 and not axes and rank is REPEAT,
            )
        )
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """One axis along which the volumes of a group differ; ``steps`` are what it says, in order."""

    axis: Axis
    read: Callable[[_Volume], Any]
    steps: tuple[Any, ...]

    def value(self, volume: _Volume) -> float | str | None:
        if self.axis in RANKS:
            return _mean_value(self.axis, volume)
        return self.axis.value(self.read(volume))

    def label(self, volume: _Volume) -> str:
        if self.axis is REPEAT or self.axis in RANKS:
            mean = _mean_value(self.axis, volume)
            return str(volume.number + 1) if mean is None else f"~{value_words(mean, self.axis.unit)}"
        return self.axis.words(self.read(volume))


def _mean_value(axis: Axis, volume: _Volume) -> float | None:
    """The mean of an attribute that every slice has a value of its own of."""
    values = [axis.value(axis.read(frame)) for frame in volume.frames]
    numbers = [value for value in values if isinstance(value, (int, float))]
    return sum(numbers) / len(numbers) if numbers and len(numbers) == len(values) else None


def _dimensions(group: list[_Volume], axes: list[Axis], rank: Axis) -> tuple[tuple[Dimension, ...], list[_Volume]]:
    """The dimensions of volumes at the same positions, and the volumes with the last dimension running fastest.

    An axis is a dimension of its own where every one of its values occurs with every value of the others; the rest
    (directions without b-value 0, times of one echo only) is one dimension together.
    """
    if len(group) < 2:
        return (), group
    columns = [_column(group, axis, _value_read(at)) for at, axis in enumerate(axes)]
    columns.append(_column(group, rank, lambda volume: volume.number))
    columns = [column for column in columns if len(column.steps) > 1]
    rest = list(columns)
    own: list[_Column] = []
    for column in columns:
        others = [other for other in rest if other is not column]
        combinations = {tuple(other.read(volume) for other in rest) for volume in group}
        without = {tuple(other.read(volume) for other in others) for volume in group}
        if others and len(combinations) == len(column.steps) * len(without):
            own.append(column)
            rest = others
    parts: list[tuple[_Column, ...]] = [(column,) for column in own]
    parts.append(tuple(rest))
    parts.sort(key=lambda part: columns.index(part[0]))
    steps = [_steps(part, group) for part in parts]
    places = [{key: at for at, key in enumerate(known)} for known in steps]

    def place(volume: _Volume) -> tuple[int, ...]:
        keys = (tuple(column.read(volume) for column in part) for part in parts)
        return tuple(known[key] for known, key in zip(places, keys, strict=True))

    ordered = sorted(((place(volume), volume) for volume in group), key=lambda pair: pair[0])
    dimensions = []
    for at, part in enumerate(parts):
        members: list[list[_Volume]] = [[] for _ in steps[at]]
        for where, volume in ordered:
            members[where[at]].append(volume)
        dimensions.append(_dimension(part, members))
    return tuple(dimensions), [volume for _, volume in ordered]


def _value_read(at: int) -> Callable[[_Volume], Any]:
    return lambda volume: volume.values[at]


def _column(group: Sequence[_Volume], axis: Axis, read: Callable[[_Volume], Any]) -> _Column:
    first: dict[Any, tuple[int, int, str]] = {}
    for volume in group:
        found = read(volume)
        first[found] = min(first.get(found, volume.order), volume.order)
    if axis.by_value:
        return _Column(axis, read, tuple(sorted(first, key=_sortable)))
    return _Column(axis, read, tuple(sorted(first, key=lambda found: first[found])))


def _steps(part: tuple[_Column, ...], group: Sequence[_Volume]) -> list[tuple[Any, ...]]:
    """What the columns of a dimension say together, in the order of its steps."""
    first: dict[tuple[Any, ...], tuple[int, int, str]] = {}
    for volume in group:
        key = tuple(column.read(volume) for column in part)
        first[key] = min(first.get(key, volume.order), volume.order)
    if len(part) > 1 and not all(column.axis.by_value for column in part):
        return sorted(first, key=lambda key: first[key])
    places = [{found: at for at, found in enumerate(column.steps)} for column in part]
    return sorted(first, key=lambda key: [known[found] for known, found in zip(places, key, strict=True)])


def _dimension(part: tuple[_Column, ...], steps: Sequence[Sequence[_Volume]]) -> Dimension:
    """The dimension of some columns; ``steps`` are the volumes at each of its steps."""
    named = [column for column in part if column.axis is not REPEAT] or list(part)
    leading = list(dict.fromkeys(column.axis.name for column in named))
    if len(part) == 1 and part[0].axis.is_count:
        seconds = [[volume.seconds for volume in volumes] for volumes in steps]
        starts = [min(known) for times in seconds if len(known := [t for t in times if t is not None]) == len(times)]
        if len(starts) == len(steps) and all(a < b for a, b in pairwise(starts)):
            values = tuple(round(start - starts[0], 3) for start in starts)
            return Dimension("time", "s", values, _told_apart([value_words(value, "s") for value in values]))
    labels = []
    for volumes in steps:
        words = [column.label(volumes[0]) for column in part]
        labels.append(", ".join(word for word in words if word))
    if len(named) == 1:
        axis = named[0].axis
        return Dimension(axis.name, axis.unit, tuple(named[0].value(v[0]) for v in steps), _told_apart(labels))
    return Dimension(" × ".join(leading), "", tuple(labels), _told_apart(labels))


def _told_apart(labels: list[str]) -> tuple[str, ...]:
    """Labels that all differ and say something."""
    if len(set(labels)) == len(labels) and all(labels):
        return tuple(labels)
    if not any(labels):
        return tuple(str(number) for number in range(1, len(labels) + 1))
    counts = Counter(labels)
    return tuple(
        label if label and counts[label] == 1 else f"{label} [{number}]".strip()
        for number, label in enumerate(labels, 1)
    )


def _part_name(group: Sequence[_Volume], axes: Sequence[Axis], number: int) -> str:
    if len(group) == 1 and axes and not group[0].number:
        return "/".join(f"{axis.name}={value}" for axis, value in zip(axes, group[0].values, strict=True))
    return f"part={number}"


def _ranked(members: list[PlacedFrame]) -> tuple[Axis, bool, list[list[PlacedFrame]]]:
    """(axis, whether every position has equally many, frames by their rank within their position)."""
    at: dict[int, list[PlacedFrame]] = defaultdict(list)
    for frame in members:
        at[frame.depth].append(frame)
    rank, read = REPEAT, None
    for candidate in RANKS:
        if all(
            len({candidate.read(frame) for frame in here}) == len(here)
            and all(candidate.read(frame) is not None for frame in here)
            for here in at.values()
        ):
            rank, read = candidate, candidate.read
            break
    parts: dict[int, list[PlacedFrame]] = defaultdict(list)
    for here in at.values():
        here.sort(key=_rank_key(read if rank.by_value else None))
        for number, frame in enumerate(here):
            parts[number].append(frame)
    complete = len({len(here) for here in at.values()}) == 1
    return rank, complete, [parts[number] for number in sorted(parts)]


def _first_two(parts: Sequence[Sequence[PlacedFrame]]) -> tuple[str, ...]:
    """File names of the first images in two parts that lie at one position."""
    second = parts[1][0]
    first = next(frame for frame in parts[0] if frame.depth == second.depth)
    return (Path(first.header.path).name, Path(second.header.path).name)


def _rank_key(read: Read | None) -> Callable[[PlacedFrame], Any]:
    if read is None:
        return lambda frame: frame.order
    return lambda frame: (read(frame), frame.order)


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def frames_in_steps(frames: Sequence[PlacedFrame]) -> tuple[tuple[Dimension, ...], list[PlacedFrame]]:
    """Dimensions of frames without a place, by the vectors of nuclear medicine, and the frames in their order.

    The last vector that changes counts the frames to scroll through; the others are dimensions where each of their
    combinations has equally many frames (PS3.3 C.8.4.8).
    """
    names = [name for name, _ in frames[0].frame.extra_axes]
    same = all([name for name, _ in frame.frame.extra_axes] == names for frame in frames)
    if len(names) < 2 or not same or len({frame.header.sop_uid for frame in frames}) > 1:
        return (), list(frames)
    keys = [tuple(value for _, value in frame.frame.extra_axes) for frame in frames]
    steps = [sorted({key[at] for key in keys}) for at in range(len(names))]
    expected = 1
    for values in steps:
        expected *= len(values)
    if expected != len(frames) or len(set(keys)) != len(frames):
        return (), list(frames)
    dimensions = tuple(
        Dimension(name, "", tuple(values), _told_apart([vector_words(frames[0], name)(value) for value in values]))
        for name, values in zip(names[:-1], steps[:-1], strict=True)
    )
    return dimensions, [frame for _, frame in sorted(zip(keys, frames, strict=True), key=lambda pair: pair[0])]
