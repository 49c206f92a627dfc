"""The reader's marks of all open stacks: added, changed and removed one by one, each change a step of the history."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medview.app.history import Change, History
from medview.app.scales import scaled_statistics
from medview.app.shown_slice import ShownSlice
from medview.core.measurement import (
    ImagePoint,
    Measurement,
    MeasurementKind,
    MeasurementPlace,
    Quantity,
    RegionStatistics,
    ellipse_area,
    ellipse_axes,
    ellipse_statistics,
    ruler_length,
    spacing_at,
)
from medview.core.study import Stack
from medview.core.value_scale import ValueScale


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:
    """Mark a text for the translators; the window translates it when it shows it."""
    return text


_ADDED = {
    "ruler": QT_TRANSLATE_NOOP("Step", "Distance"),
    "ellipse": QT_TRANSLATE_NOOP("Step", "Ellipse"),
}


@dataclass(frozen=True, slots=True)
class MeasurementChange:
    """A step on a mark; None stands for a mark that was not there yet or is there no more."""

    before: Measurement | None
    after: Measurement | None

    @property
    def title(self) -> str:
        """What was done."""
        if self.before is None and self.after is not None:
            return _ADDED.get(self.after.kind, QT_TRANSLATE_NOOP("Step", "New mark"))
        if self.after is None:
            return QT_TRANSLATE_NOOP("Step", "Delete a mark")
        return QT_TRANSLATE_NOOP("Step", "Move a mark")

    @property
    def stack_id(self) -> str:
        """The stack that the mark is on."""
        mark = self.after or self.before
        assert mark is not None
        return mark.place.stack_id

    def reversed(self) -> MeasurementChange:
        """The change that takes this one back."""
        return MeasurementChange(self.after, self.before)

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each movement of a mark is a step of its own."""
        return None


class Measurements:
    """The document of marks. ``changed`` carries the stack id; ``recorded`` each change, for the journal."""

    changed = Signal(str)
    recorded = Signal(MeasurementChange)

    def __init__(self, history: History | None = None) -> None:
        self._history = history or History()
        self._history.understand(MeasurementChange, self._apply)
        self._marks: dict[str, Measurement] = {}
        self._by_slice: dict[Hashable, dict[str, Measurement]] = {}
        self._stale: set[str] = set()

    def new_id(self) -> str:
        """An id that no mark ever has had: a UID (PS3.5 B.2), so that it can track the mark in reports."""
        return f"2.25.{uuid.uuid4().int}"

    def get(self, mark_id: str) -> Measurement | None:
        """The mark with that id."""
        return self._marks.get(mark_id)

    def of(self, stack_id: str) -> tuple[Measurement, ...]:
        """All marks of a stack in the order in which they were made."""
        return tuple(mark for mark in self._marks.values() if mark.place.stack_id == stack_id)

    def on_slice(self, place: MeasurementPlace) -> tuple[Measurement, ...]:
        """Marks that lie on the slice at ``place``."""
        return tuple(self._by_slice.get(slice_key(place), {}).values())

    def add(self, mark: Measurement) -> None:
        """Take a new mark in."""
        self._history.do(MeasurementChange(None, mark))

    def replace(self, mark: Measurement) -> None:
        """Take the new points of a mark that is known by its id."""
        known = self._marks[mark.id]
        if known != mark:
            self._history.do(MeasurementChange(known, mark))

    def remove(self, mark_id: str) -> None:
        """Remove a mark; nothing happens where there is none."""
        known = self._marks.get(mark_id)
        if known is not None:
            self._history.do(MeasurementChange(known, None))

    def bring_back(self, marks: Iterable[Measurement], gone: Iterable[str] = ()) -> None:
        """Take in what was kept of an earlier time, and what another window removed; no step, and nothing to record."""
        touched: dict[str, None] = {}
        for mark in marks:
            self._put(self._marks.get(mark.id), mark)
            touched[mark.place.stack_id] = None
        for mark_id in gone:
            known = self._marks.get(mark_id)
            if known is not None:
                self._put(known, None)
                touched[known.place.stack_id] = None
        for stack_id in touched:
            self.changed.emit(stack_id)

    def is_stale(self, mark_id: str) -> bool:
        """Whether the images under a mark are not those that it was made on."""
        return mark_id in self._stale

    def set_stale(self, mark_id: str, stale: bool = True) -> None:
        """Say whether the images under a mark are others than when it was made."""
        mark = self._marks.get(mark_id)
        if mark is not None and stale != (mark_id in self._stale):
            (self._stale.add if stale else self._stale.discard)(mark_id)
            self.changed.emit(mark.place.stack_id)

    def _apply(self, change: MeasurementChange) -> None:
        before, after = change.before, change.after
        mark = after or before
        assert mark is not None
        self._put(before, after)
        self._stale.discard(mark.id)  # the reader has looked at it on these images
        self.recorded.emit(change)
        self.changed.emit(change.stack_id)

    def _put(self, before: Measurement | None, after: Measurement | None) -> None:
        if before is not None and (after is None or slice_key(before.place) != slice_key(after.place)):
            self._by_slice.get(slice_key(before.place), {}).pop(before.id, None)
        if after is not None:
            self._marks[after.id] = after
            self._by_slice.setdefault(slice_key(after.place), {})[after.id] = after
        elif before is not None:
            self._marks.pop(before.id, None)


def place_of(stack: Stack, shown: ShownSlice, time: int) -> MeasurementPlace:
    """Where a mark made on the shown slice lies."""
    frame_of_reference = stack.geometry.frame_of_reference if stack.geometry is not None else ""
    if shown.plane_kind == "acquired":
        return MeasurementPlace(
            stack_id=stack.id,
            sop_uid=shown.sop_uid,
            frame=shown.frame_in_file,
            k=shown.k or 0,
            time=time,
            frame_of_reference=frame_of_reference,
        )
    return MeasurementPlace(
        stack_id=stack.id,
        plane=shown.plane_kind,
        time=time,
        position_mm=shown.position_mm or 0.0,
        frame_of_reference=frame_of_reference,
        origin=shown.plane.origin if shown.plane is not None else None,
        across=_step(shown, 0),
        down=_step(shown, 1),
    )


def _step(shown: ShownSlice, axis: int) -> tuple[float, float, float] | None:
    if shown.plane is None:
        return None
    x, y, z = shown.plane.steps[axis]
    return (float(x), float(y), float(z))


def slice_key(place: MeasurementPlace) -> Hashable:
    """Equal for places on one slice: by SOP instance and frame where the files say, else by index or position."""
    if place.plane != "acquired":
        return (place.stack_id, place.plane, place.time, round(place.position_mm, 3))
    if place.sop_uid:
        return (place.stack_id, place.sop_uid, place.frame)
    return (place.stack_id, place.k, place.time)


def same_slice(a: MeasurementPlace, b: MeasurementPlace) -> bool:
    """Whether two places are one slice."""
    return slice_key(a) == slice_key(b)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a mark says. ``filtered`` is True where its values come from the filtered picture."""

    kind: MeasurementKind
    length: Quantity | None = None
    area: Quantity | None = None
    axes: tuple[Quantity, Quantity] | None = None
    statistics: RegionStatistics | None = None
    unit: str | None = None
    filtered: bool = False
    scaled: RegionStatistics | None = None
    """The statistics in the scale that the viewport tells (SUV …), called ``scale_label`` in ``scale_unit``."""
    scale_label: str = ""
    scale_unit: str = ""


def measure(
    mark: Measurement,
    shown: ShownSlice,
    values: NDArray[Any] | None,
    skipped: NDArray[np.bool_] | None,
    unit: str | None,
    *,
    filtered: bool = False,
    scale: ValueScale | None = None,
) -> Measured:
    """Length of a ruler, or area and statistics of an ellipse on the modality ``values`` of its slice, also in ``scale``.

    Colour ``values`` (rows, columns, 3) and None give no statistics.
    """
    spacing, kind = spacing_at(grips(mark), shown.measure_mm, shown.measure_kind, shown.regions)
    if mark.kind == "ruler":
        return Measured("ruler", length=ruler_length(mark.points, spacing, kind))
    statistics = None
    if values is not None and values.ndim == 2:
        statistics = ellipse_statistics(mark.points, values, skipped)
    return Measured(
        "ellipse",
        area=ellipse_area(mark.points, spacing, kind),
        axes=ellipse_axes(mark.points, spacing, kind),
        statistics=statistics,
        unit=scale.unit if scale is not None and scale.id == "own" else unit,
        filtered=filtered,
        scaled=scaled_statistics(scale, statistics, shown.frame),
        scale_label=scale.label if scale is not None else "",
        scale_unit=scale.unit if scale is not None else "",
    )


def moved(mark: Measurement, dx: float, dy: float) -> Measurement:
    """The mark moved by image px."""
    return replace(mark, points=tuple((x + dx, y + dy) for x, y in mark.points))


def with_point(mark: Measurement, index: int, point: ImagePoint) -> Measurement:
    """The mark with one of its grips moved: a ruler's end, or a corner of the rectangle around an ellipse.

    The corners of an ellipse are counted 0: first point, 1: its column and the other's row, 2: second point, 3: the
    rest, so that the corner that is opposite to the one moved stays where it is.
    """
    if mark.kind == "ruler" or index in {0, 2}:
        at = index if mark.kind == "ruler" else index // 2
        points = tuple(point if n == at else old for n, old in enumerate(mark.points))
        return replace(mark, points=points)
    (x0, y0), (x1, y1) = mark.points
    corners = ((point[0], y0), (x1, point[1])) if index == 1 else ((x0, point[1]), (point[0], y1))
    return replace(mark, points=corners)


def grips(mark: Measurement) -> tuple[ImagePoint, ...]:
    """Image points by which a mark can be taken, in the order that `with_point` counts."""
    if mark.kind == "ruler":
        return mark.points
    (x0, y0), (x1, y1) = mark.points
    return ((x0, y0), (x0, y1), (x1, y1), (x1, y0))
