"""Taking over what the open report says: its marks and findings become the reader's to change and decide, as one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medview.app.decisions import UNDECIDED, Decision, DecisionChange
from medview.app.history import Change
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.measurements import MeasurementChange
from medview.app.report_taking import Reason, Taken, take_report, without_known

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import Finding, InferenceResult
    from medview.core.report import Report

LEFT: dict[Reason, str] = {
    "no_image": "the images are not open",
    "other_patient": "the images are of another patient",
    "no_place": "they lie on no slice of the open images",
    "segment": "they are of a segmentation, which is laid over the images",
    "no_coordinates": "they have no place in an image",
    "unknown_graphic": "no mark has their form",
    "not_presented": "the algorithm says that they shall not be shown",
}
"""Why something of a report is not taken over."""


@dataclass(frozen=True, eq=False)
class TakenChange:
    """What was taken over of a report, or given back (``there`` False)."""

    taken: Taken
    stack: str
    there: bool = True

    @property
    def title(self) -> str:
        """What was done."""
        return QT_TRANSLATE_NOOP("Step", "Take over a report")

    @property
    def stack_id(self) -> str:
        """The stack that the first mark is on."""
        return self.stack

    def reversed(self) -> TakenChange:
        """The change that takes this one back."""
        return replace(self, there=not self.there)

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each is a step of its own."""
        return None


def open_report(workspace: Workspace) -> Report | None:
    """The report that is open beside the images."""
    from medview.core.report import Report

    shown = workspace.documents.shown
    content = None if shown is None else shown.content
    return content if isinstance(content, Report) and not content.is_key_objects else None


def take_over(workspace: Workspace) -> Taken | None:
    """Take over what the open report marks on open images; None where none is open. What has no place is told."""
    report = open_report(workspace)
    if report is None:
        return None
    found = take_report(report, workspace.images, workspace.studies)
    stacks = [stack for study in workspace.studies for series in study.series for stack in series.stacks]
    known = [mark for stack in stacks for mark in workspace.measurements.of(stack.id)]
    there = [one for stack in stacks for one in workspace.results.of(stack.id)]
    taken = without_known(found, known)
    taken = replace(
        taken,
        results=tuple(one for one in found.results if all(one.provenance != two.provenance for two in there)),
    )
    new = {id(one) for one in taken.results}
    taken = replace(taken, decisions=tuple(one for one in found.decisions if id(one[0]) in new))
    workspace.history.understand(TakenChange, lambda change: _apply(workspace, change))
    if taken.marks or taken.results:
        first = taken.marks[0].place.stack_id if taken.marks else taken.results[0].provenance.stack_id
        workspace.history.do(TakenChange(taken, first))
    findings = sum(len(one.findings) for one in taken.results)
    same = len(found.marks) - len(taken.marks) + sum(len(one.findings) for one in found.results) - findings
    text = f"Taken over: marks {len(taken.marks)}, findings {findings}; there already: {same}; not taken over: {len(found.left)}."
    values = (str(len(taken.marks)), str(findings), str(same), str(len(found.left)))
    workspace.tell("report_taken", text, values, severity="done" if taken.marks or taken.results else "warning")
    for reason, count in Counter(one.reason for one in found.left).items():
        titles = ", ".join(list(dict.fromkeys(one.title for one in found.left if one.reason == reason))[:5])
        stays = "" if reason == "segment" else " They stand in the report."
        what = f"Not taken over, because {LEFT[reason]}: {count} ({titles}).{stays}"
        workspace.tell(f"report_left_{reason}", what, (str(count), titles))
    return taken


def _apply(workspace: Workspace, change: TakenChange) -> None:
    taken, keeping = change.taken, workspace.keeping
    for mark in taken.marks:
        step = MeasurementChange(None, mark)
        workspace.measurements.apply(step if change.there else step.reversed())
    for result in taken.results:
        if change.there:
            workspace.results.put(result)
            keeping.keep_base(result)
        else:
            workspace.results.remove(result)
            keeping.forget_base(result)
    for decided in _decisions(taken.decisions, change.there):
        workspace.decisions.apply(decided)
    keeping.keep_again()
    for stack_id in {result.provenance.stack_id for result in taken.results}:
        workspace.results_changed.emit(stack_id)


def _decisions(found: Iterable[tuple[InferenceResult, Finding, Decision]], there: bool) -> Iterable[DecisionChange]:
    for result, finding, decision in found:
        change = DecisionChange(result, finding, UNDECIDED, decision)
        yield change if there else change.reversed()
