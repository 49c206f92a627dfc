"""What was made on other images than those that are open: said wherever it is listed, drawn or written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medview.core.problem import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from medview.app.worklist import WorkItem
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult, Provenance
    from medview.core.measurement import Measurement
    from medview.core.statement import Statement


def is_result_stale(workspace: Workspace, result: InferenceResult) -> bool:
    """Whether a model's result was computed from, or a reader's segmentation drawn on, other images."""
    correction = workspace.corrections.of_result(result)
    return correction.stale if correction is not None else workspace.keeping.volumes.is_stale(result)


def is_line_stale(workspace: Workspace, item: WorkItem) -> bool:
    """Whether what a line of the worklist tells of was made on other images."""
    if item.mark is not None:
        return workspace.measurements.is_stale(item.mark.id)
    if item.key_image is not None:
        return item.key_image.stale
    return any(is_result_stale(workspace, result) for result, _finding in item.members)


def stale_teller(
    workspace: Workspace, marks: Iterable[Measurement], results: Iterable[InferenceResult]
) -> Callable[[Statement], Statement]:
    """Takes down on the main thread what is stale; what it returns says so in a statement, anywhere."""
    old_marks = frozenset(mark.id for mark in marks if workspace.measurements.is_stale(mark.id))
    old: frozenset[Provenance] = frozenset(one.provenance for one in results if is_result_stale(workspace, one))

    def tell(stated: Statement) -> Statement:
        if not old_marks and not old:
            return stated
        return replace(
            stated,
            marks=tuple(replace(one, stale=one.mark.id in old_marks) for one in stated.marks),
            findings=tuple(replace(one, stale=one.provenance in old) for one in stated.findings),
            results=tuple(replace(one, stale=one.result.provenance in old) for one in stated.results),
        )

    return tell


def stale_notes(statement: Statement) -> tuple[Note, ...]:
    """One note on how much of a statement was made on other images; none where nothing was."""
    count = sum(one.stale for one in statement.marks) + sum(one.stale for one in statement.findings)
    count += sum(one.stale for one in statement.results if one.result.segmentation is not None)
    if not count:
        return ()
    text = f"{count} of what was written was made on other images than those that are open; look at it again."
    return (Note("stated_stale", text, (str(count),)),)
