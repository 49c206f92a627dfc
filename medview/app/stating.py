"""What an open workspace says about the study of its active viewport, taken as values so that a job can write it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from medview.app.key_fusions import remembered_fusion
from medview.app.made_elsewhere import stale_teller
from medview.app.stated_fusion import fusions_of
from medview.app.stated_looks import looks_of
from medview.core.problem import ExitCode, MedviewError

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import Finding, InferenceResult
    from medview.core.statement import PriorSize, Statement
    from medview.core.window import Voi


def statement_maker(
    workspace: Workspace, reader: str = "", verified: bool = False, device_ratio: float = 1.0
) -> Callable[[], Statement]:
    """Gathers on the main thread; what it returns measures and states in a job. Raises MedviewError ``no_study``.

    ``device_ratio``: pixels of the screen for one of the window's.
    """
    study = workspace.active_viewport.study
    if study is None:
        raise MedviewError("no_study", "No study is shown.", exit_code=ExitCode.BAD_USE)
    stacks = [stack for series in study.series for stack in series.stacks]
    marks = tuple((stack, mark) for stack in stacks for mark in workspace.measurements.of(stack.id))
    lines = {mark.id: line for _stack, mark in marks if (line := workspace.calibrations.line(mark.place)) is not None}
    keys = tuple((stack, place) for stack in stacks for place in workspace.reader_keys.of(stack))
    hidden = workspace.read_first.hides  # a reading that was made without them does not speak of them
    results = tuple(
        (stack, result)
        for stack in stacks
        for result in workspace.results.of(stack.id)
        if not hidden or result.provenance.how == "manual"
    )
    maps = tuple((stack, made) for stack in stacks if not hidden for made in workspace.explanations.of(stack.id))
    visible = {id(result): workspace.results.visible_findings(result) for _stack, result in results}
    decided: dict[tuple[int, str], Any] = {
        (id(result), finding.id): workspace.decisions.of(result, finding)
        for _stack, result in results
        for finding in result.findings
    }
    priors = _priors(workspace)
    lay_over = [remembered_fusion(workspace, study, stack, place.key.fusion) for stack, place in keys]
    tell_stale = stale_teller(workspace, (mark for _stack, mark in marks), (result for _stack, result in results))
    windows = _windows(workspace, {stack.id for stack in stacks})
    looks, fusions = looks_of(workspace, study, device_ratio), fusions_of(workspace, study)

    def make() -> Statement:
        from medview.app.mark_values import LoadedValues
        from medview.app.statements import maps_of_explanation, state_study
        from medview.core.statement import StatedKey

        def decision_on(result: InferenceResult, finding: Finding) -> Any:
            return decided.get((id(result), finding.id))

        stated = state_study(
            study,
            marks,
            results,
            decision_on=decision_on,
            visible=lambda result: visible[id(result)],
            values_on=LoadedValues(),
            reader=reader,
            verified=verified,
            lines=lines,
            priors=priors,
            maps=[one for stack, made in maps for one in maps_of_explanation(stack, made)],
            keys=[
                StatedKey(stack, place.time, place.k, place.key.note, *over)
                for (stack, place), over in zip(keys, lay_over, strict=True)
            ],
        )
        return tell_stale(replace(stated, windows=windows, looks=looks, fusions=fusions))

    return make


def _windows(workspace: Workspace, stacks: Collection[str]) -> tuple[tuple[str, Voi], ...]:
    """The windows that the reader chose, by stack; those of the active viewport where two show one stack."""
    shown = [*workspace.viewports, workspace.active_viewport]
    known = {one.stack.id: one.view.voi for one in shown if one.stack is not None and one.view.voi is not None}
    return tuple((stack, voi) for stack, voi in known.items() if stack in stacks)


def _priors(workspace: Workspace) -> dict[str, PriorSize]:
    """What an older study says of the lines of the worklist, for each model that found the thing."""
    from medview.app.decisions import decision_key

    found: dict[str, PriorSize] = {}
    for item in workspace.worklist.items():
        if item.prior is None:
            continue
        found[item.key] = item.prior
        if item.kind == "finding":
            for result, finding in item.members[1:]:
                now = finding.size_mm
                found[decision_key(result, finding)] = item.prior if now is None else replace(item.prior, now=now)
    return found
