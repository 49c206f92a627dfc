"""Models that the reader wants to run by themselves when a study is opened: each package is chosen once, bound to its hash.

Nothing runs unless the reader asked for that very network; what runs is said, and can be cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.notices import AI, Remedy
from medview.app.opening import find_stack
from medview.core.study import Series, Stack

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.inference.package import ModelPackage

CANCEL = Remedy(QT_TRANSLATE_NOOP("Notice", "Cancel"), "ai.cancel")


def key_of(package: ModelPackage) -> str:
    """How the settings name a package: a changed network is another one."""
    return f"{package.manifest.id}@{package.manifest.version}#{package.sha256}"


def runs_on_open(workspace: Workspace, key: str) -> bool:
    """Whether the reader chose that."""
    return key in workspace.settings.run_on_open


def choose_run_on_open(workspace: Workspace, key: str, on: bool) -> None:
    """Choose a package to run on what is opened from now on, or not any more; other versions of it go."""
    name = key.partition("@")[0]
    others = tuple(one for one in workspace.settings.run_on_open if one.partition("@")[0] != name)
    workspace.change_settings(run_on_open=(*others, key) if on else others)


@dataclass(frozen=True, eq=False)
class Due:
    """A package and the stack of a study that suits it best."""

    package: ModelPackage
    stack: Stack


def due_runs(chosen: Sequence[str], studies: Sequence[Sequence[Series]]) -> tuple[Due, ...]:
    """For each study and chosen package that is trusted: the stack that it is meant for, if any. Reads files; run it in a job."""
    from medview.inference.library import packages
    from medview.inference.match import best_stack
    from medview.inference.trust import is_trusted

    found = []
    wanted = set(chosen)
    for package in packages()[0]:
        if key_of(package) not in wanted or not is_trusted(package):
            continue
        for series in studies:
            best = best_stack(package, series)
            if best is not None and best[2].fits:
                found.append(Due(package, best[1]))
    return tuple(found)


def run_what_is_due(workspace: Workspace, series: Sequence[Series]) -> None:
    """Queue the chosen packages on series that were just opened, but for those whose result is there already."""
    from medview.jobs.queue import Lane

    chosen = workspace.settings.run_on_open
    if not chosen or not series:
        return
    mine = {id(one) for one in series}
    studies = [[one for one in study.series if id(one) in mine and one.stacks] for study in workspace.studies]

    def work(_progress: Any) -> tuple[Due, ...]:
        return due_runs(chosen, [one for one in studies if one])

    def done(due: tuple[Due, ...]) -> None:
        started = [one for one in due if _run(workspace, one)]
        names = ", ".join(dict.fromkeys(one.package.manifest.name for one in started))
        if started:
            text = f"Runs because you chose that for what is opened: {names}."
            workspace.tell("runs_on_open", text, (names,), "hint", AI, remedy=CANCEL)

    workspace.jobs.submit(
        "models", work, Lane.PREFETCH, on_done=done, on_failed=lambda error: workspace.tell_error(error, AI)
    )


def _run(workspace: Workspace, due: Due) -> bool:
    if find_stack(workspace.studies, due.stack.id) is None:
        return False
    known = {result.provenance.package_sha256 for result in workspace.results.of(due.stack.id)}
    return due.package.sha256 not in known and workspace.run_model(due.stack, due.package, asks=False) is not None


def has_runs(workspace: Workspace) -> bool:
    """Whether a run of a model waits or goes on."""
    from medview.jobs.queue import Lane

    return any(job.lane == Lane.INFERENCE for job in workspace.background.jobs)


def cancel_runs(workspace: Workspace) -> None:
    """Cancel every run of a model that waits or goes on."""
    for job in workspace.inference.open_jobs:
        workspace.inference.cancel(job)
