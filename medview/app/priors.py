"""The same thing on an older study of the patient: which one it is, who says so, and how large it was then.

Said by the reader's hand, by a tracking identifier, by a name that both studies use once, or by place, where the two images
lie in one space or a registration that the reader accepted brings them together. Nothing is guessed from slice numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import numpy as np
from psygnal import Signal

from medview.app import opening
from medview.app.history import Change
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.core.statement import PriorBy, PriorSize

if TYPE_CHECKING:
    from medview.app.measuring import Measured
    from medview.app.worklist import WorkItem
    from medview.app.workspace import Workspace
    from medview.core.study import Stack, Study
    from medview.store.entry import Entry

Sized: TypeAlias = "tuple[WorkItem, tuple[float, str]]"
"""A line of the list, and the number and unit of its size."""
NameOf: TypeAlias = "Callable[[WorkItem], tuple[str, ...] | None]"

KIND = "prior"
NEAR_MM = 10.0
"""How far apart the middles of one thing may lie on two studies, or half its size where that is more."""
MOST_COMPARED = 2000
"""Lines of one study beyond which places are not compared."""


@dataclass(frozen=True, slots=True)
class PriorChange:
    """What the reader said of one thing, as a step; None: nothing was said."""

    key: str
    stack_of: str
    before: PriorSize | None
    after: PriorSize | None

    @property
    def title(self) -> str:
        """What was done."""
        return QT_TRANSLATE_NOOP("Step", "The same finding on the prior")

    @property
    def stack_id(self) -> str:
        """The stack of the newer finding."""
        return self.stack_of

    def reversed(self) -> PriorChange:
        """The change that takes this one back."""
        return replace(self, before=self.after, after=self.before)

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each is a step of its own."""
        return None


class Priors:
    """What older studies that are open say of what was found on newer ones. ``changed`` after the reader said something."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._said: dict[str, PriorSize] = {}
        self._found: dict[str, PriorSize] | None = None
        workspace.history.understand(PriorChange, self._apply)
        for signal in (
            workspace.studies_changed,
            workspace.results_changed,
            workspace.ai_visible_changed,
            workspace.decisions.changed,
            workspace.measurements.changed,
            workspace.corrections.changed,
            workspace.worklist.counted,
            workspace.registrations.changed,
        ):
            signal.connect(self._other)

    def _other(self, *_what: object) -> None:
        self._found = None

    # ------------------------------------------------------------------ what is known

    @property
    def any_known(self) -> bool:
        """Whether anything is known of any line."""
        return bool(self._said or self._matched())

    def of(self, key: str, now: float | None = None) -> PriorSize | None:
        """What the thing with the key of its line was on the prior, beside what it is ``now``; None where that is not known."""
        found = self._said.get(key) or self._matched().get(key)
        if found is None or not found.key:
            return None
        return found if now is None else replace(found, now=now)

    def by_reader(self, key: str) -> PriorSize | None:
        """What the reader said of a line; its ``key`` is "" where he said that nothing on the prior is the same."""
        return self._said.get(key)

    def choices(self, item: WorkItem) -> tuple[PriorSize, ...]:
        """What the reader can say that a line is the same as: what older studies have of its kind of size, newest study first."""
        now = size_of(item)
        found = opening.find_stack(self._workspace.studies, item.stack.id)
        if now is None or found is None:
            return ()
        return tuple(
            _prior(older, other, size, now, found[0], "reader")
            for older in self._older(found[0])
            for other in self._workspace.worklist.of_study(older)
            if (size := size_of(other)) is not None and size[1] == now[1]
        )

    def say(self, item: WorkItem, prior: PriorSize | None) -> None:
        """The reader says which one it is, or with None that it is none of them."""
        nothing = PriorSize("", "", "", 0.0, 0.0, "mm", None, "reader")
        before = self._said.get(item.key)
        after = nothing if prior is None else replace(prior, by="reader")
        if before != after:
            self._workspace.history.do(PriorChange(item.key, item.stack.id, before, after))

    def _older(self, study: Study) -> list[Study]:
        """The patient's studies before this one, the newest first."""
        when = (study.date, study.time)
        older = [
            one
            for one in self._workspace.studies
            if one is not study and one.patient.key == study.patient.key and one.date and (one.date, one.time) < when
        ]
        return sorted(older, key=lambda one: (one.date, one.time), reverse=True) if study.date else []

    # ------------------------------------------------------------------ matching

    def _matched(self) -> dict[str, PriorSize]:
        if self._found is None:
            self._found = {}  # asked for again while it is made: nothing yet
            self._found = self._match_all()
        return self._found

    def _match_all(self) -> dict[str, PriorSize]:
        found: dict[str, PriorSize] = {}
        lines: dict[int, list[Sized]] = {}

        def sized(study: Study) -> list[Sized]:
            if id(study) not in lines:
                items = self._workspace.worklist.of_study(study)
                kept = (item for item in items if item.decision.verdict != "rejected")
                lines[id(study)] = [(item, size) for item in kept if (size := size_of(item)) is not None]
            return lines[id(study)]

        for study in self._workspace.studies:
            for older in self._older(study):
                for mine, other, by in self._pairs(study, sized(study), older, sized(older)):
                    if mine[0].key not in found:
                        found[mine[0].key] = _prior(older, other[0], other[1], mine[1], study, by)
        return found

    def _pairs(
        self,
        study: Study,
        mine: Sequence[Sized],
        older: Study,
        theirs: Sequence[Sized],
    ) -> Iterable[tuple[Sized, Sized, PriorBy]]:
        """Lines of two studies that are one thing, each line once: by identifier, then by name, then by place."""
        taken: set[str] = set()
        ways: tuple[tuple[NameOf, PriorBy], ...] = ((_identity, "tracking"), (_name, "name"))
        for name_of, by in ways:
            known = _once(theirs, name_of)
            for name, line in _once(mine, name_of).items():
                other = known.get(name)
                if other is None or line[1][1] != other[1][1] or taken & {line[0].key, other[0].key}:
                    continue
                taken |= {line[0].key, other[0].key}
                yield line, other, by
        placed = [[one for one in lines if one[0].key not in taken and _can_lie(one[0])] for lines in (mine, theirs)]
        if not all(placed) or max(len(lines) for lines in placed) > MOST_COMPARED:
            return
        near = sorted(self._near(study, placed[0], older, placed[1]))
        used: tuple[set[int], set[int]] = (set(), set())
        for _apart, at, number in near:
            if at not in used[0] and number not in used[1]:
                used[0].add(at)
                used[1].add(number)
                yield placed[0][at], placed[1][number], "place"

    def _near(
        self,
        study: Study,
        mine: Sequence[Sized],
        older: Study,
        theirs: Sequence[Sized],
    ) -> Iterable[tuple[float, int, int]]:
        """(mm apart, index in mine, index in theirs) of lines of one kind of size that lie at one place."""
        for stack, here in _by_stack(mine):
            for other, there in _by_stack(theirs):
                way = self._workspace.registrations.way_between(older, other, study, stack)
                if way is None:
                    continue
                places = way.points([place for _at, place in there])
                apart = np.linalg.norm(np.asarray([place for _at, place in here])[:, None] - places[None], axis=2)
                reach = [[_reach(mine[at], theirs[number]) for number, _there in there] for at, _here in here]
                for one, two in np.argwhere(apart <= np.asarray(reach)).tolist():
                    yield float(apart[one, two]), here[one][0], there[two][0]

    # ------------------------------------------------------------------ kept and brought back

    def _apply(self, change: PriorChange) -> None:
        if change.after is None:
            self._said.pop(change.key, None)
        else:
            self._said[change.key] = change.after
        keeping = self._workspace.keeping
        keeping.touch(change.key)
        found = opening.find_stack(self._workspace.studies, change.stack_of)
        if found is not None and found[1].series_uid:
            content = None if change.after is None else asdict(change.after)
            keeping.record(KIND, change.key, content, found[0].study_uid, found[1].series_uid)
        self.changed.emit()

    def bring_back(self, entries: Iterable[Entry], touched: set[str]) -> int:
        """Take in what was said at an earlier time; how many entries are not known."""
        unknown = came = 0
        for entry in entries:
            if entry.kind != KIND or entry.subject in touched:
                continue
            came += 1
            if entry.content is None:
                self._said.pop(entry.subject, None)
                continue
            try:
                self._said[entry.subject] = prior_of(entry.content)
            except (KeyError, TypeError, ValueError):
                unknown += 1
        if came:
            self.changed.emit()
        return unknown


def prior_of(content: Any) -> PriorSize:
    """What was kept. Raises KeyError, TypeError or ValueError where it is none that this version knows."""
    days = content["days"]
    if content["by"] not in get_args(PriorBy) or not (days is None or isinstance(days, int)):
        raise ValueError("no prior")
    sizes = [float(content[name]) for name in ("before", "now")]
    if not all(np.isfinite(sizes)):
        raise ValueError("no sizes")
    words = [str(content[name]) for name in ("key", "study_date", "label")]
    return PriorSize(words[0], words[1], words[2], sizes[0], sizes[1], str(content["unit"]), days, content["by"])


def size_of(item: WorkItem) -> tuple[float, str] | None:
    """(amount, unit) by which a line is compared: the volume of a segment, the long diameter of all else."""
    if item.kind == "segment":
        return None if item.volume_ml is None else (item.volume_ml, "ml")
    return (item.size_mm, "mm") if item.kind in {"finding", "mark"} and item.size_mm is not None else None


def long_mm(measured: Measured) -> float | None:
    """The long diameter of a mark as its line in the worklist has it; None where it has none in mm."""
    known = [measured.length] if measured.length is not None else list(measured.axes or ())
    return max((one.value for one in known if one.unit == "mm"), default=None)


def _prior(
    older: Study, other: WorkItem, size: tuple[float, str], now: tuple[float, str], study: Study, by: PriorBy
) -> PriorSize:
    label = other.decision.label or other.label
    days = _days(older.date, study.date)
    return PriorSize(other.key, older.date, label, size[0], now[0], now[1], days, by)


def _days(first: str, second: str) -> int | None:
    try:
        return (_date(second) - _date(first)).days
    except ValueError:
        return None


def _date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def _once(lines: Sequence[Sized], name_of: NameOf) -> dict[tuple[str, ...], Sized]:
    """Lines by a name that only one of them has."""
    found: dict[tuple[str, ...], list[Sized]] = {}
    for line in lines:
        name = name_of(line[0])
        if name is not None:
            found.setdefault(name, []).append(line)
    return {name: same[0] for name, same in found.items() if len(same) == 1}


def _identity(item: WorkItem) -> tuple[str, ...] | None:
    """The tracking identifier of a mark; findings of models get new ones with every run."""
    return None if item.mark is None else (item.mark.id,)


def _name(item: WorkItem) -> tuple[str, ...] | None:
    """A name that a person or a package gives to one thing of a study: a labelled mark, a segment of a package."""
    if item.mark is not None:
        return ("mark", item.mark.kind, item.mark.text.strip().casefold()) if item.mark.text.strip() else None
    if item.kind == "segment":
        return ("segment", _label(item), *(result.provenance.package_id for result, _finding in item.members))
    return None


def _label(item: WorkItem) -> str:
    return (item.decision.label or item.label).strip().casefold()


def _can_lie(item: WorkItem) -> bool:
    return item.kind in {"finding", "mark"}


def _reach(mine: Sized, other: Sized) -> float:
    """How far apart two lines may lie, in mm; below zero where they are no things of one kind."""
    if mine[1][1] != other[1][1]:
        return -1.0
    if mine[0].kind == other[0].kind == "finding" and _label(mine[0]) != _label(other[0]):
        return -1.0
    return max(NEAR_MM, mine[1][0] / 2, other[1][0] / 2)


def _by_stack(
    lines: Sequence[Sized],
) -> list[tuple[Stack, list[tuple[int, tuple[float, float, float]]]]]:
    """(index, place) of lines that have one, by the stack that they are on."""
    found: dict[str, tuple[Stack, list[tuple[int, tuple[float, float, float]]]]] = {}
    for at, (item, _size) in enumerate(lines):
        place = _middle(item)
        if place is not None:
            found.setdefault(item.stack.id, (item.stack, []))[1].append((at, place))
    return list(found.values())


def _middle(item: WorkItem) -> tuple[float, float, float] | None:
    """Where a thing lies in its images' space (LPS mm)."""
    if item.mark is None:
        return item.members[0][1].center_lps if item.members else None
    from medview.app.keeping import patient_points

    points = patient_points(item.stack, item.mark)
    if points is None:
        return None
    x, y, z = (sum(values) / len(points) for values in zip(*points, strict=True))
    return (x, y, z)
