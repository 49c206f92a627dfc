"""The reader's marks of all open stacks: added, changed and removed one by one, each change a step of the history."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from psygnal import Signal

from medview.app.history import Change, History
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.shown_slice import ShownSlice
from medview.core.measurement import Measurement, MeasurementPlace
from medview.core.study import Stack

ADDED_MARKS = {
    "ruler": QT_TRANSLATE_NOOP("Step", "Distance"),
    "polyline": QT_TRANSLATE_NOOP("Step", "Path"),
    "angle": QT_TRANSLATE_NOOP("Step", "Angle"),
    "cobb": QT_TRANSLATE_NOOP("Step", "Cobb angle"),
    "bidirectional": QT_TRANSLATE_NOOP("Step", "Two diameters"),
    "ellipse": QT_TRANSLATE_NOOP("Step", "Ellipse"),
    "rectangle": QT_TRANSLATE_NOOP("Step", "Rectangle"),
    "polygon": QT_TRANSLATE_NOOP("Step", "Polygon"),
    "freehand": QT_TRANSLATE_NOOP("Step", "Freehand outline"),
    "point": QT_TRANSLATE_NOOP("Step", "Value at a point"),
    "arrow": QT_TRANSLATE_NOOP("Step", "Arrow"),
    "text": QT_TRANSLATE_NOOP("Step", "Text"),
    "calibration": QT_TRANSLATE_NOOP("Step", "Calibration"),
}
"""What a step that adds a mark of a kind is called (context "Step")."""


@dataclass(frozen=True, slots=True)
class MeasurementChange:
    """A step on a mark; None stands for a mark that was not there yet or is there no more."""

    before: Measurement | None
    after: Measurement | None

    @property
    def title(self) -> str:
        """What was done."""
        if self.before is None and self.after is not None:
            return ADDED_MARKS.get(self.after.kind, QT_TRANSLATE_NOOP("Step", "New mark"))
        if self.after is None:
            return QT_TRANSLATE_NOOP("Step", "Delete a mark")
        assert self.before is not None
        if self.before.place != self.after.place and self.before.points == self.after.points:
            return QT_TRANSLATE_NOOP("Step", "Measure on what is shown")
        if self.before.points == self.after.points:
            return QT_TRANSLATE_NOOP("Step", "Write on a mark")
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
        self._history.understand(MeasurementChange, self.apply)
        self._marks: dict[str, Measurement] = {}
        self._by_slice: dict[Hashable, dict[str, Measurement]] = {}
        self._stale: set[str] = set()

    def new_id(self) -> str:
        """An id that no mark ever has had: a UID (PS3.5 B.2), so that it can track the mark in reports."""
        import uuid

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

    def apply(self, change: MeasurementChange) -> None:
        """Apply a step, or a part of one."""
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
    """Where a mark made on the shown slice lies, and of what its values are."""
    place = _plain_place(stack, shown, time)
    if shown.slab is None:
        return place
    return replace(place, slab_mm=float(shown.slab.thickness_mm), projection=shown.slab.projection)


def _plain_place(stack: Stack, shown: ShownSlice, time: int) -> MeasurementPlace:
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
    if shown.surface is not None:
        # Its pixels have a length, but lie in no plane; a path that is changed is another place.
        return MeasurementPlace(
            stack_id=stack.id,
            plane=f"curved {shown.surface.digest}",
            time=time,
            frame_of_reference=frame_of_reference,
            across=(shown.surface.step_mm, 0.0, 0.0),
            down=(0.0, shown.surface.step_mm, 0.0),
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
    if place.plane in {"oblique", "turning"} and place.across is not None and place.down is not None:
        directions = tuple(round(one, 4) for one in (*place.across, *place.down))
        return (place.stack_id, place.plane, place.time, round(place.position_mm, 3), directions)
    if place.plane != "acquired":
        return (place.stack_id, place.plane, place.time, round(place.position_mm, 3))
    if place.sop_uid:
        return (place.stack_id, place.sop_uid, place.frame)
    return (place.stack_id, place.k, place.time)


def same_slice(a: MeasurementPlace, b: MeasurementPlace) -> bool:
    """Whether two places are one slice."""
    return slice_key(a) == slice_key(b)
