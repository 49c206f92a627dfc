"""Two segmentations of one stack held side by side as they are now: of a model, of the reader, or of a model that a reader corrected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from medview.app import opening
from medview.app.notices import AI
from medview.app.results import result_key
from medview.core.explanation import Explanation

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult
    from medview.jobs.queue import Job

SMALLEST_ML = 0.01
"""Differences below that are not listed; they count in Dice all the same."""


def comparable(workspace: Workspace, result: InferenceResult) -> tuple[InferenceResult, ...]:
    """Other segmentations on the same voxels at the same time point."""
    mine = result.segmentation
    if mine is None:
        return ()
    key = result_key(result)
    return tuple(
        one
        for one in workspace.results.of(result.provenance.stack_id)
        if one.segmentation is not None
        and result_key(one) != key
        and one.segmentation.labels.shape == mine.labels.shape
        and one.segmentation.time == mine.time
    )


def compare(
    workspace: Workspace, first: InferenceResult, second: InferenceResult, then: Callable[[], None]
) -> Job[Any] | None:
    """Compare in the background, then call ``then``; Dice, volumes and differences are an answer like those of models."""
    found = opening.find_stack(workspace.studies, first.provenance.stack_id)
    if found is None:
        return None
    both = [_as_now(workspace, one) for one in (first, second)]
    names = _names(both)

    def work(_progress: object) -> Explanation:
        from medview.inference.explaining.comparison import compare_results

        made = compare_results(both[0], both[1], names, None, SMALLEST_ML)
        segmentation = both[0].segmentation
        assert segmentation is not None, "only segmentations are offered"
        return Explanation(
            "compare",
            (both[0].provenance, both[1].provenance),
            (("first", names[0], ""), ("second", names[1], ""), ("smallest_ml", SMALLEST_ML, "ml")),
            segmentation.geometry,
            segmentation.time,
            baseline=made.agreement,
            segmentation=made.overlay,
            columns=made.columns,
            table=made.table,
            places=made.places,
            notes=made.notes,
        )

    from medview.jobs.queue import Lane

    def failed(error: BaseException) -> None:
        workspace.tell_error(error, AI)

    def done(made: Explanation) -> None:
        workspace.explanations.add(made)
        then()

    job: Job[Any] = workspace.jobs.submit(" / ".join(names), work, Lane.ANALYSIS, on_done=done, on_failed=failed)
    workspace.background.remember(job)
    return job


def _as_now(workspace: Workspace, result: InferenceResult) -> InferenceResult:
    """What is painted on goes on changing: a copy of it as it is."""
    edited = workspace.corrections.of_result(result)
    return result if edited is None else edited.frozen()


def _names(results: list[InferenceResult]) -> tuple[str, str]:
    """What the two are called in the table, told apart."""
    names = []
    for one in results:
        made = one.provenance
        name = made.package_name or made.package_id
        names.append(f"{name} ({made.reader})" if made.how != "automatic" and made.reader else name)
    if names[0] == names[1]:
        names = [f"{name} {one.provenance.package_version}" for name, one in zip(names, results, strict=True)]
    if names[0] == names[1]:
        names = [f"{name} ({letter})" for name, letter in zip(names, "AB", strict=True)]
    return names[0], names[1]
