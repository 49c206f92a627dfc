"""A run of a model asked for from the window: queued, or the question that comes before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medview.app.channel_question import UNDECIDED, channel_question
from medview.app.notices import AI
from medview.app.opening import find_stack
from medview.core.problem import MedviewError
from medview.core.study import Stack

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.inference.package import ModelPackage
    from medview.jobs.queue import Job


def run_model(
    workspace: Workspace,
    stack: Stack,
    package: ModelPackage,
    device: str | None,
    overrides: tuple[str, ...],
    channels: Sequence[str],
    *,
    asks: bool,
    every_time: bool = False,
) -> Job[Any] | None:
    """Queue a run (:meth:`medview.app.workspace.Workspace.run_model`) on the time point that is looked at, else the first.

    ``every_time``: a run for each time point, in their order; what a recurrent network remembers goes from one to the next.
    The job is the first one's.
    """
    from medview.app.infer_times import TimesTogether

    found = find_stack(workspace.studies, stack.id)
    if found is None:
        return None
    study, series, stack = found
    wanted = device or workspace.settings.device
    seen = workspace.active_viewport
    time = seen.view.time if seen.stack is not None and seen.stack.id == stack.id else 0
    together = TimesTogether() if every_time else None
    jobs: list[Job[Any]] = []
    try:
        for each in range(stack.timepoints) if every_time else (time,):
            job = workspace.inference.request(
                series,
                stack,
                package,
                wanted,
                overrides,
                time=each,
                siblings=study.series,
                channels=channels,
                together=together,
            )
            workspace.background.remember(job)
            jobs.append(job)
    except MedviewError as error:
        question = None
        if asks and error.code in UNDECIDED:
            question = channel_question(study, series, stack, package, device, overrides)
        if question is None:
            workspace.tell_error(error, AI)
        else:
            workspace.channels_asked.emit(question)
        return None
    return jobs[0]
