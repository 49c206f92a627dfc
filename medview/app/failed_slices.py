"""Images that could not be read after they had been listed: a damaged frame, a file that vanished, a network that went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medview.app import listing_again, opening
from medview.app.notices import READ_AGAIN, SHOW_LIST, stack_place
from medview.core.problem import MedviewError, Problem
from medview.core.study import Series, Stack

if TYPE_CHECKING:
    from medview.app.listing_again import Relisted
    from medview.app.workspace import Workspace


class FailedSlices:
    """Puts each into the workspace's list of problems and says it once for each stack."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._failed: dict[str, set[tuple[int, int]]] = {}
        self._missing: dict[str, frozenset[str]] = {}
        """By series: files that were away when it was listed anew."""
        workspace.loader.failed.connect(self._note)

    def _note(self, stack_id: str, time: int, k: int, error: MedviewError) -> None:
        workspace = self._workspace
        failed = self._failed.setdefault(stack_id, set())
        failed.add((time, k))
        problem = Problem(error.path or "", error.code, error.text, 1, error.values)
        if (problem.path, problem.code) not in {(one.path, one.code) for one in workspace.problems}:
            workspace.problems = (*workspace.problems, problem)
            workspace.notices_changed.emit()
        if len(failed) == 1:
            self._tell(stack_id)

    def _tell(self, stack_id: str) -> None:
        text = "Some images of this series cannot be read; they are left out and listed."
        self._workspace.tell("slices_failed", text, (), "danger", stack_place(stack_id), remedy=READ_AGAIN)

    def any_of(self, stack: Stack) -> bool:
        """Whether images of a stack could not be read, or were away when its series was listed anew."""
        if self._failed.get(stack.id):
            return True
        found = opening.find_stack(self._workspace.studies, stack.id) if self._missing else None
        return found is not None and bool(self._missing.get(found[1].series_uid))

    def read_again(self, stack: Stack) -> None:
        """Try once more, e.g. when a network is back; a series with files that are others now is listed anew."""
        from medview.jobs.queue import Lane

        workspace = self._workspace
        found = opening.find_stack(workspace.studies, stack.id)
        if found is None or workspace.is_scanning:  # a scan would put its own list in the place of a newer one
            self._retry(stack)
            return
        studies, series = workspace.studies, found[1]
        failed = self._failed.get(stack.id, set())
        suspects = [stack.frames[time * stack.shape[0] + k] for time, k in sorted(failed)]
        missing = tuple(self._missing.get(series.series_uid, ()))

        def work(progress: Any) -> Relisted:
            return listing_again.relist(studies, series, suspects, missing, progress)

        def done(now: Relisted) -> None:
            if now.changed and not workspace.is_scanning:
                self._take(series, now)
            else:
                self._retry(stack)

        job = workspace.jobs.submit(
            "scan",
            work,
            Lane.INTERACTION,
            on_done=done,
            on_failed=workspace.tell_error,
            supersedes=f"relist:{series.series_uid}",
        )
        workspace.background.remember(job)

    def _retry(self, stack: Stack) -> None:
        workspace = self._workspace
        self._failed.pop(stack.id, None)
        paths = {frame.path for frame in stack.frames}
        workspace.problems = tuple(problem for problem in workspace.problems if problem.path not in paths)
        workspace.notices_changed.emit()
        for time in range(stack.timepoints):
            workspace.loader.retry(stack, time)

    def _take(self, series: Series, now: Relisted) -> None:
        """Show the series as it is now, and say so where that is something else."""
        workspace = self._workspace
        listed = {stack.id: stack for stack in series.stacks}
        workspace.studies = listing_again.with_relisted(workspace.studies, series, now)
        current = {
            stack.id: stack
            for study in workspace.studies
            for one in study.series
            if one.series_uid == series.series_uid
            for stack in one.stacks
        }
        there = {path for study in now.studies for one in study.series for path in listing_again.paths_of(one)}
        self._missing[series.series_uid] = frozenset(now.paths - there)
        kept = (problem for problem in workspace.problems if problem.path not in now.paths)
        workspace.problems = (*kept, *now.problems)
        for stack_id, old in listed.items():
            self._failed.pop(stack_id, None)
            newer = current.get(stack_id)
            if newer is not None and newer.frames == old.frames:
                for time in range(newer.timepoints):
                    workspace.loader.retry(newer, time)
                continue
            workspace.loader.release(stack_id)
            workspace.background.forget_stack(stack_id)
        workspace.openings.go_on_with_newest()
        if self._missing[series.series_uid]:
            for state in workspace.all_viewports:
                if state.stack is not None and state.stack.id in current:
                    self._tell(state.stack.id)
        if listed.keys() != current.keys() or not all(
            listing_again.is_arranged_alike(old, current[stack_id]) for stack_id, old in listed.items()
        ):
            text = "Files of this series have changed since they were listed; it was put together anew and is shown as it is now."
            workspace.tell("series_relisted", text, (), "warning", remedy=SHOW_LIST if now.problems else None)
        workspace.studies_changed.emit()
        workspace.notices_changed.emit()
