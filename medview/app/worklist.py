"""One list of everything that models and the reader found on a study: sorted, filtered, gone through, decided.

What several models found at one place is one line, which says how many of them found it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import numpy as np
from psygnal import Signal

from medview.app import opening
from medview.app.box_correction import corrected
from medview.app.correction import counted
from medview.app.decisions import UNDECIDED, Decision, Verdict
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.results import result_key
from medview.core.finding import Finding, InferenceResult, Segmentation
from medview.core.segment_numbers import voxel_ml

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medview.app.reader_keys import KeyPlace
    from medview.app.workspace import Workspace
    from medview.core.measurement import Measurement
    from medview.core.statement import PriorSize
    from medview.core.study import Stack, Study

Kind = Literal["finding", "segment", "class", "mark", "key"]
State = Literal["all", "undecided", "accepted", "rejected", "single", "models", "reader"]
"""``single``: what not all models that were asked found; ``models``: what the reader has neither marked nor accepted;
``reader``: what the reader marked and no model found, where one was asked."""
Line = TypeVar("Line", bound="WorkItem")
Group: TypeAlias = list[tuple[InferenceResult, Finding]]
"""Findings of different results that lie at one place, highest score first."""
Sides: TypeAlias = "tuple[list[WorkItem], list[WorkItem]]"
"""Boxes of models and marks of the reader."""
Order = Literal["given", "label", "size", "slice", "score"]

OVERLAP = 0.25
"""Share of two boxes' union from which they are one thing."""
_UNITS = {"deg": "°", "{pixels}": "px", "1": "", "mm2": "mm²", "[hnsf'U]": "HU"}
_KINDS: tuple[Kind, ...] = ("finding", "segment", "class", "mark", "key")


@dataclass(frozen=True, eq=False)
class WorkItem:
    """One line. ``members`` are the findings that it stands for, the one with the highest score first."""

    kind: Kind
    key: str
    stack: Stack
    label: str
    sources: tuple[str, ...]
    """Names of the packages, or of the reader."""
    k: int | None = None
    size_mm: float | None = None
    volume_ml: float | None = None
    amount: str = ""
    """What a mark measures, with its unit."""
    score: float | None = None
    agreement: tuple[int, int] | None = None
    """How many of how many models that look for such things found it."""
    decision: Decision = UNDECIDED
    members: tuple[tuple[InferenceResult, Finding], ...] = ()
    mark: Measurement | None = None
    key_image: KeyPlace | None = None
    by_model: bool = True
    prior: PriorSize | None = None
    by_both: bool | None = None
    """Of a box: whether the reader marked the place too; of a mark: whether a model found it, None where none was asked."""


class MarkLine(WorkItem):
    """A mark's line. It is measured when somebody asks: of hundreds, a list that was just opened shows a few."""

    line: Measurement | None
    """The known line that says what a mm is there."""

    @cached_property
    def _measured(self) -> tuple[float | None, str]:
        from medview.app.statements import amounts_of
        from medview.core.statement import PERIMETER

        assert self.mark is not None
        amounts = amounts_of(self.stack, self.mark, self.line)
        first = amounts[0] if amounts else None
        size = next((one.value for one in amounts if one.unit.value == "mm" and one.name != PERIMETER), None)
        unit = "" if first is None else _UNITS.get(first.unit.value, first.unit.value)
        return size, "" if first is None else f"{first.value:.1f} {unit}".strip()

    @cached_property
    def size_mm(self) -> float | None:
        """The long diameter, where it is known in mm."""
        return self._measured[0]

    @cached_property
    def amount(self) -> str:
        """What it measures, with its unit."""
        return self._measured[1]


def _made(what: type[Line], /, **values: Any) -> Line:
    """A line as its constructor makes it, in a tenth of the time, for hundreds of lines at once."""
    made = object.__new__(what)
    made.__dict__.update(values)
    return made


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """``words`` are parts of the label, of the source or of the note."""

    words: str = ""
    state: State = "all"
    kind: Kind | None = None
    least_score: float = 0.0

    def passes(self, item: WorkItem) -> bool:
        """Whether a line is shown."""
        verdict = item.decision.verdict
        if self.kind is not None and item.kind != self.kind:
            return False
        if item.score is not None and item.score < self.least_score:
            return False
        if self.state == "undecided" and (verdict or item.kind in {"mark", "key"}):
            return False
        if self.state in {"accepted", "rejected"} and verdict != self.state:
            return False
        if self.state == "models" and (item.kind != "finding" or item.by_both or verdict == "accepted"):
            return False
        if self.state == "reader" and item.by_both is not False:
            return False
        if self.state == "reader" and item.kind != "mark":
            return False
        if self.state == "single" and (item.agreement is None or item.agreement[0] == item.agreement[1]):
            return False
        if not self.words:
            return True
        said = " ".join((item.label, item.decision.label, item.decision.note, *item.sources)).casefold()
        return all(word in said for word in self.words.casefold().split())


class Worklist:
    """The lines of the study that is looked at. ``changed`` when the filter, the order or the chosen line changed."""

    changed = Signal()
    counted = Signal()
    """Volumes of a segmentation are known that were not."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.filter = WorkFilter()
        self.order: Order = "given"
        self.backwards = False
        self.selected = ""
        """Key of the line that the reader went to last."""
        self._shown: WorkItem | None = None
        self._groups: dict[str, tuple[object, list[Group]]] = {}
        self._boxes: dict[str, tuple[Group, Decision, int, WorkItem]] = {}
        self._marks: dict[str, tuple[object, WorkItem]] = {}
        self._compared: dict[str, tuple[list[WorkItem], list[WorkItem], Sides]] = {}
        self._counts: dict[str, NDArray[np.int64] | None] = {}
        workspace.studies_changed.connect(self._forget_closed)

    def _forget_closed(self) -> None:
        """Hold nothing of studies that were closed: results are large."""
        is_open = {stack.id for study in self._workspace.studies for series in study.series for stack in series.stacks}
        for by_stack in (self._groups, self._compared):
            for gone in by_stack.keys() - is_open:
                del by_stack[gone]
        self._boxes = {key: known for key, known in self._boxes.items() if known[3].stack.id in is_open}
        self._marks = {key: known for key, known in self._marks.items() if known[1].stack.id in is_open}
        if self._shown is not None and self._shown.stack.id not in is_open:
            self._shown = None

    def set_filter(self, **values: Any) -> None:
        """Show other lines."""
        self.filter = replace(self.filter, **values)
        self.changed.emit()

    def sort(self, order: Order) -> None:
        """Sort by a column; a second time the other way round."""
        self.backwards = not self.backwards if order == self.order else False
        self.order = order
        self.changed.emit()

    # ------------------------------------------------------------------ the lines

    def items(self) -> tuple[WorkItem, ...]:
        """All lines of the study of the active viewport; what models say is missing while it is hidden."""
        study = self._workspace.active_viewport.study
        if study is None:
            return ()
        items = self.of_study(study)
        return tuple(map(self._beside_prior, items) if self._workspace.priors.any_known else items)

    def _beside_prior(self, item: WorkItem) -> WorkItem:
        """The line with what an older study says of the same thing."""
        from medview.app.priors import size_of

        size = size_of(item)
        prior = None if size is None else self._workspace.priors.of(item.key, size[0])
        return item if prior is None else replace(item, prior=prior)

    def shown(self, among: Sequence[WorkItem] | None = None) -> tuple[WorkItem, ...]:
        """The lines that pass the filter, in the order that was chosen; ``among`` those that are given."""
        items = [item for item in (self.items() if among is None else among) if self.filter.passes(item)]
        if self.order != "given":
            items.sort(key=self._sort_key, reverse=self.backwards)
        return tuple(items)

    def _sort_key(self, item: WorkItem) -> tuple[bool, Any]:
        value: Any = {
            "label": (item.decision.label or item.label).casefold(),
            "size": item.size_mm if item.size_mm is not None else item.volume_ml,
            "slice": item.k,
            "score": item.score,
            "given": 0,
        }[self.order]
        return (value is None) != self.backwards, value if value is not None else 0

    def of_study(self, study: Study) -> list[WorkItem]:
        """The lines of a study by themselves, without what older studies say of them."""
        workspace = self._workspace
        active = workspace.active_viewport.stack
        stacks = [stack for series in study.series for stack in series.stacks]
        stacks.sort(key=lambda stack: active is None or stack.id != active.id)  # what is looked at comes first
        found: dict[Kind, list[WorkItem]] = {kind: [] for kind in _KINDS}
        hidden = workspace.read_first.hides
        for stack in stacks:
            results = [one for one in workspace.results.of(stack.id) if not hidden or one.provenance.how == "manual"]
            boxes = self._findings(stack, results)
            marks = [self._mark(stack, mark) for mark in workspace.measurements.of(stack.id)]
            asked = any(one.task == "detection" or one.findings for one in results)
            boxes, marks = self._held_beside(stack, boxes, marks) if asked else (boxes, marks)
            found["finding"] += boxes
            for result in results:
                found["segment"] += self._segments(stack, result)
                found["class"] += self._classes(stack, result)
            found["mark"] += marks
            found["key"] += [self._key(stack, place) for place in workspace.reader_keys.of(stack)]
        return [item for kind in _KINDS for item in found[kind]]

    def _findings(self, stack: Stack, results: Sequence[InferenceResult]) -> list[WorkItem]:
        workspace = self._workspace
        asked = [one for one in results if one.task == "detection" or one.findings]
        key = tuple((one, workspace.results.threshold(one)) for one in asked)
        known = self._groups.get(stack.id)
        if known is None or known[0] != key:
            listed = [(one, finding) for one in asked for finding in workspace.results.visible_findings(one)]
            known = self._groups[stack.id] = (key, merged(listed))
        items = []
        for group in known[1]:
            decision = next(
                (known for known in (workspace.decisions.of(*pair) for pair in group) if known.says_anything),
                UNDECIDED,
            )
            items.append(self._box(stack, group, decision, len(asked)))
        return items

    def _box(self, stack: Stack, group: Group, decision: Decision, asked: int) -> WorkItem:
        result, finding = group[0]
        key = f"{result_key(result)}/{finding.id}"
        known = self._boxes.get(key)
        if known is not None and known[0] is group and known[1:3] == (decision, asked) and known[3].stack is stack:
            return known[3]
        item = _made(
            WorkItem,
            kind="finding",
            key=key,
            stack=stack,
            label=finding.label,
            sources=tuple(_name(one) for one, _finding in group),
            k=finding.k,
            size_mm=corrected(finding, decision.box, stack.geometry).size_mm,
            score=finding.score,
            agreement=(len(group), asked) if asked > 1 else None,
            decision=decision,
            members=tuple(group),
        )
        self._boxes[key] = (group, decision, asked, item)
        return item

    def _held_beside(self, stack: Stack, boxes: list[WorkItem], marks: list[WorkItem]) -> Sides:
        """Boxes and marks, each with whether the other side has something there; the same ones again where nothing changed."""
        known = self._compared.get(stack.id)
        if known is None or known[0] != boxes or known[1] != marks:
            known = self._compared[stack.id] = (boxes, marks, compared(boxes, marks))
        return known[2]

    def _segments(self, stack: Stack, result: InferenceResult) -> list[WorkItem]:
        segmentation = result.segmentation
        if segmentation is None:
            return []
        correction = self._workspace.corrections.of_result(result)
        counts = None if correction is not None else self._counted(result, segmentation)
        ml = voxel_ml(segmentation.geometry)
        items = []
        for label in segmentation.meanings:
            size, volume, k = None, None, None
            if correction is not None:
                numbers = correction.numbers(label.value)
                if numbers is not None:
                    size, volume, k = numbers.long_mm, numbers.volume_ml, numbers.k
            elif counts is not None and ml is not None:
                volume = float(counts[label.value]) * ml if label.value < len(counts) else 0.0
            finding = _stand_in(f"segment-{label.value}", label.name, k or 0)
            items.append(
                WorkItem(
                    "segment",
                    f"{result_key(result)}/{finding.id}",
                    stack,
                    label.name,
                    (_name(result),),
                    k,
                    size,
                    volume,
                    decision=self._workspace.decisions.of(result, finding),
                    members=((result, finding),),
                    by_model=result.provenance.how != "manual",
                )
            )
        return items

    def _classes(self, stack: Stack, result: InferenceResult) -> list[WorkItem]:
        items = []
        for line in sorted(result.classification, key=lambda one: -one.probability):
            finding = _stand_in(f"class-{line.label}", line.label, 0, line.probability)
            items.append(
                WorkItem(
                    "class",
                    f"{result_key(result)}/{finding.id}",
                    stack,
                    line.label,
                    (_name(result),),
                    score=line.probability,
                    decision=self._workspace.decisions.of(result, finding),
                    members=((result, finding),),
                )
            )
        return items

    def _mark(self, stack: Stack, mark: Measurement) -> WorkItem:
        line = self._workspace.calibrations.line(mark.place)
        made_of = (mark, line, stack.id, stack.shape, self._workspace.decisions.reader)
        known = self._marks.get(mark.id)
        if known is None or known[0] != made_of or known[1].stack is not stack:
            known = self._marks[mark.id] = (made_of, self._mark_line(stack, mark, line))
        return known[1]

    def _mark_line(self, stack: Stack, mark: Measurement, line: Measurement | None) -> WorkItem:
        reader = self._workspace.decisions.reader
        return _made(
            MarkLine,
            kind="mark",
            key=f"mark/{mark.id}",
            stack=stack,
            label=mark.text or mark.kind,
            sources=(reader,),
            k=mark.place.k if mark.place.plane == "acquired" else None,
            decision=Decision(note=mark.text) if mark.text else UNDECIDED,
            mark=mark,
            by_model=False,
            line=line,
        )

    def _key(self, stack: Stack, place: KeyPlace) -> WorkItem:
        return WorkItem(
            "key",
            f"key/{stack.id}/{place.key.subject}",
            stack,
            "",
            (self._workspace.decisions.reader,),
            place.k,
            decision=Decision(note=place.key.note),
            key_image=place,
            by_model=False,
        )

    def _counted(self, result: InferenceResult, segmentation: Segmentation) -> NDArray[np.int64] | None:
        """Voxels of each value, counted once in the background; None until then."""
        from medview.jobs.queue import Lane

        key = result_key(result)
        if key not in self._counts:
            self._counts[key] = None
            labels = segmentation.labels

            def done(counts: NDArray[np.int64]) -> None:
                self._counts[key] = counts
                self.counted.emit()
                self.changed.emit()

            self._workspace.jobs.submit(
                "numbers", lambda _progress: counted(labels), Lane.ANALYSIS, done, self._workspace.tell_error
            )
        return self._counts[key]

    # ------------------------------------------------------------------ going through

    def show(self, item: WorkItem) -> None:
        """Go to a line's place in every viewport that shows its images, or others of the same frame of reference."""
        workspace = self._workspace
        self.selected, self._shown = item.key, item
        if item.kind == "finding":
            workspace.show_finding(*item.members[0])
            self._others_to(item.stack, item.members[0][1].center_lps)
        elif item.kind == "mark" and item.mark is not None:
            self._show_mark(item.stack, item.mark)
        elif item.key_image is not None:
            self._show_key(item.stack, item.key_image)
        else:
            self._bring_up(item.stack)
            result, finding = item.members[0]
            workspace.selected_finding = (result_key(result), finding.id)
            if item.kind == "segment":
                self._show_segment(item.stack, result, int(finding.id.removeprefix("segment-")), item.k)
            workspace.finding_selected.emit(*workspace.selected_finding)
        self.changed.emit()

    def show_next(self, step: int) -> bool:
        """Go to the next line that has a place, around at the ends; False where there is none."""
        items = [item for item in self.shown() if item.kind != "class"]
        if not items:
            return False
        keys = [item.key for item in items]
        at = keys.index(self.selected) + step if self.selected in keys else (0 if step > 0 else -1)
        self.show(items[at % len(items)])
        return True

    def _bring_up(self, stack: Stack) -> None:
        workspace = self._workspace
        if not any(state.stack is not None and state.stack.id == stack.id for state in workspace.viewports):
            workspace.show_stack(stack)
        workspace.touched = True

    def _show_mark(self, stack: Stack, mark: Measurement) -> None:
        from medview.app.keeping import patient_points

        workspace = self._workspace
        self._bring_up(stack)
        place = mark.place
        points = patient_points(stack, mark)
        if place.plane == "oblique":
            workspace.planes.show_place(place)
        for state in workspace.all_viewports:
            if state.stack is None or state.stack.id != stack.id:
                continue
            if place.time != state.view.time:
                state.update(time=place.time)
            if points is not None and state.view.plane_kind == "oblique" and place.plane == "oblique":
                continue
            if points is not None and state.view.plane_kind != "acquired":
                state.go_to_point(points[0])
            elif place.plane == "acquired":
                state.update(k=place.k)
            elif points is not None:
                state.go_to_point(points[0])
        workspace.selected_finding = ("", "")
        workspace.finding_selected.emit("", "")
        self._others_to(stack, points[0] if points is not None else None)

    def _show_key(self, stack: Stack, place: KeyPlace) -> None:
        workspace = self._workspace
        self._bring_up(stack)
        middle = None
        if stack.geometry is not None:
            _slices, rows, columns = stack.shape
            x, y, z = stack.geometry.voxel_to_patient((place.k, (rows - 1) / 2, (columns - 1) / 2))
            middle = (float(x), float(y), float(z))
        own = [state for state in workspace.viewports if state.stack is not None and state.stack.id == stack.id]
        for state in own:
            if state.view.plane_kind == "acquired":
                state.update(time=place.time, k=place.k)
            elif middle is not None and len(own) > 1:
                state.go_to_point(middle)
        if not any(state.view.plane_kind == "acquired" for state in own):
            own[0].set_plane("acquired")  # it is an image as it was acquired
            own[0].update(time=place.time, k=place.k)
        workspace.selected_finding = ("", "")
        workspace.finding_selected.emit("", "")
        self._others_to(stack, middle)

    def _show_segment(self, stack: Stack, result: InferenceResult, value: int, k: int | None) -> None:
        segmentation = result.segmentation
        assert segmentation is not None
        if k is None:
            areas = np.array([int(np.count_nonzero(piece == value)) for piece in segmentation.labels])
            if not areas.any():
                return
            k = int(np.argmax(areas))
        rows, columns = np.nonzero(segmentation.labels[k] == value)
        if not len(rows):
            return
        geometry = segmentation.geometry
        point = None
        if geometry is not None:
            x, y, z = geometry.voxel_to_patient((k, float(rows.mean()), float(columns.mean())))
            point = (float(x), float(y), float(z))
        for state in self._workspace.all_viewports:
            if state.stack is not None and state.stack.id == stack.id:
                if point is not None:
                    state.go_to_point(point)
                if state.view.plane_kind == "acquired":
                    state.update(k=k)
        self._others_to(stack, point)

    def _others_to(self, stack: Stack, point: tuple[float, float, float] | None) -> None:
        """Viewports of other stacks in the same frame of reference go to the place too."""
        reference = stack.geometry.frame_of_reference if stack.geometry is not None else ""
        if point is None or not reference:
            return
        for state in self._workspace.viewports:
            other = state.stack
            if other is None or other.id == stack.id or other.geometry is None:
                continue
            if other.geometry.frame_of_reference == reference:
                state.go_to_point(point)

    # ------------------------------------------------------------------ deciding

    def chosen(self) -> tuple[tuple[InferenceResult, Finding], ...]:
        """What decisions go to: all that the line stands for that the reader went to last, or the finding gone to otherwise."""
        workspace = self._workspace
        known = self._shown
        if known is not None and workspace.selected_finding in [
            (result_key(result), finding.id) for result, finding in known.members
        ]:
            return known.members
        pair = workspace.selected_pair()
        return () if pair is None else (pair,)

    def chosen_key(self) -> WorkItem | None:
        """The key image that the reader went to last, as it is now; None where it was something else."""
        known = self._shown
        if known is None or known.key_image is None or self.selected != known.key:
            return None
        places = self._workspace.reader_keys.of(known.stack)
        place = next((one for one in places if one.key.subject == known.key_image.key.subject), None)
        return None if place is None else self._key(known.stack, place)

    def verdict(self) -> Verdict:
        """What holds for the chosen line."""
        chosen = self.chosen()
        return self._workspace.decisions.of(*chosen[0]).verdict if chosen else ""

    def toggle(self, verdict: Verdict) -> None:
        """Accept or reject the chosen line, for all models that found it; a second time it is open again."""
        wanted: Verdict = "" if self.verdict() == verdict else verdict
        title = {
            "accepted": QT_TRANSLATE_NOOP("Step", "Accept a finding"),
            "rejected": QT_TRANSLATE_NOOP("Step", "Reject a finding"),
            "": QT_TRANSLATE_NOOP("Step", "Open a finding again"),
        }[wanted]
        self.decide(self.chosen(), title, verdict=wanted)

    def annotate(self, members: Sequence[tuple[InferenceResult, Finding]], note: str) -> None:
        """Write a note on everything that a line stands for."""
        self.decide(members, QT_TRANSLATE_NOOP("Step", "Note on a finding"), note=note)

    def decide(self, members: Sequence[tuple[InferenceResult, Finding]], title: str, **values: Any) -> None:
        """Decide on everything that a line stands for, as one step."""
        with self._workspace.history.as_one(title):
            for result, finding in members:
                self._workspace.decisions.decide(result, finding, **values)


def merged(found: Sequence[tuple[InferenceResult, Finding]]) -> list[Group]:
    """Findings of different results that lie at one place as one group, highest score first."""
    listed = sorted(found, key=lambda one: -one[1].score)
    if len({id(result) for result, _finding in listed}) < 2:
        return [[pair] for pair in listed]
    boxes = np.array([finding.box_voxel for _result, finding in listed], dtype=np.float64)
    volumes = np.prod(boxes[:, 1] - boxes[:, 0], axis=1)
    groups: list[list[int]] = []
    headed: dict[int, int] = {}
    for at, (result, _finding) in enumerate(listed):
        shared = np.prod(
            np.clip(np.minimum(boxes[:at, 1], boxes[at, 1]) - np.maximum(boxes[:at, 0], boxes[at, 0]), 0, None), axis=1
        )
        union = volumes[:at] + volumes[at] - shared
        for other in np.flatnonzero((union > 0) & (shared >= OVERLAP * union)).tolist():
            number = headed.get(other)
            if number is not None and all(listed[one][0] is not result for one in groups[number]):
                groups[number].append(at)
                break
        else:
            headed[at] = len(groups)
            groups.append([at])
    return [[listed[at] for at in group] for group in groups]


def compared(boxes: Sequence[WorkItem], marks: Sequence[WorkItem]) -> Sides:
    """Boxes and marks of one stack, each with whether the other side has something there: a mark whose middle is in a box."""
    if not boxes or not marks:
        return (
            [_with_both(item, False) for item in boxes],
            [_with_both(item, False) if _has_place(item) else item for item in marks],
        )
    corners = np.array([item.members[0][1].box_voxel for item in boxes], dtype=np.float64)
    corners[:, 0] -= ROOM
    corners[:, 1] += ROOM
    placed = [at for at, item in enumerate(marks) if _has_place(item)]
    middles = np.array([_middle(marks[at]) for at in placed], dtype=np.float64).reshape(-1, 3)
    inside: NDArray[np.bool_] = np.ones((len(middles), len(boxes)), dtype=bool)
    for middle, low, high in zip(middles.T[:, :, None], corners[:, 0].T, corners[:, 1].T, strict=True):
        inside &= (middle >= low) & (middle <= high)
    by_mark: dict[int, bool] = {at: bool(row.any()) for at, row in zip(placed, inside, strict=True)}
    by_box: list[bool] = [bool(column.any()) for column in inside.T]
    return (
        [_with_both(item, both) for item, both in zip(boxes, by_box, strict=True)],
        [_with_both(item, by_mark[at]) if at in by_mark else item for at, item in enumerate(marks)],
    )


def _with_both(item: WorkItem, both: bool) -> WorkItem:
    """The line with ``by_both``, as `replace` makes it, but a mark is not measured for it."""
    return item if item.by_both is both else _made(type(item), **{**item.__dict__, "by_both": both})


ROOM = (1.0, 2.0, 2.0)
"""Voxels (k, j, i) around a box in which a mark is still about the same thing."""


def _has_place(item: WorkItem) -> bool:
    return (
        item.mark is not None and item.mark.place.plane == "acquired" and item.mark.kind not in {"text", "calibration"}
    )


def _middle(item: WorkItem) -> tuple[float, float, float]:
    assert item.mark is not None
    points = item.mark.points[:1] if item.mark.kind == "arrow" else item.mark.points
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return (float(item.mark.place.k), y, x)


def _name(result: InferenceResult) -> str:
    made = result.provenance
    version = made.package_version if made.how == "automatic" else ""
    return f"{made.package_name or made.package_id} {version}".strip()


def _stand_in(name: str, label: str, k: int, score: float = 1.0) -> Finding:
    """What decisions on a label or a class are kept by; it has no place of its own."""
    nowhere = (float(k), 0.0, 0.0)
    return Finding(name, label, score, nowhere, (nowhere, nowhere), k=k)


def study_of(workspace: Workspace, item: WorkItem) -> Study | None:
    """The study that a line belongs to."""
    found = opening.find_stack(workspace.studies, item.stack.id)
    return None if found is None else found[0]
