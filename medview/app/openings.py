"""Openings of folders and files while they go on: what was found comes into the workspace, the first image at once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medview.app import hanging, opening
from medview.app.notices import OPEN_OTHER, SHOW_LIST
from medview.core.progress import Cancelled, ProgressStep
from medview.core.study import Study

if TYPE_CHECKING:
    from medview.app.open_paths import Found
    from medview.app.workspace import Workspace
    from medview.jobs.queue import Job

HARMLESS = frozenset({"duplicate_instance"})
"""Problems that hide nothing from the reader: they are listed, but no notice is made of them."""

SHORT_SCAN_S = 3.0
"""A scan that took less is over before anybody has looked at the image that was shown meanwhile."""


@dataclass(eq=False)
class _Opening:
    """One opening: what it was asked for, what was open before, what it has found so far."""

    paths: tuple[str, ...]
    before: tuple[Study, ...]
    started: float = field(default_factory=time.monotonic)
    job: Job[Any] | None = None
    found: tuple[Study, ...] = ()
    shown: bool = False


class Openings:
    """The scans that run for a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._numbers = itertools.count(1)
        self._running: dict[int, _Opening] = {}
        self._preparing: Job[Any] | None = None
        self._shown_frames: dict[int, int] = {}
        self.step: ProgressStep | None = None
        """How far the newest is; None while none runs."""

    @property
    def is_running(self) -> bool:
        """Whether any goes on."""
        return bool(self._running)

    def open(self, paths: Sequence[str]) -> None:
        """Scan paths in the background."""
        from medview.jobs.queue import Lane

        workspace, number = self._workspace, next(self._numbers)
        this = _Opening(tuple(paths), workspace.studies)

        def work(progress: Any) -> None:
            from medview.app.open_paths import open_paths

            for found in open_paths(paths, progress):
                workspace.post(lambda found=found: self._take(number, found))  # type: ignore[misc]
            # The main thread asks for what was kept of all this next: importing that would keep the window waiting.
            import medview.store.study_store  # noqa: F401

        def progressed(step: ProgressStep) -> None:
            self.step = step
            workspace.scan_changed.emit()

        self._running[number] = this
        self.step = ProgressStep("scan", 0, 0)
        this.job = workspace.jobs.submit(
            "scan",
            work,
            Lane.INTERACTION,
            on_done=lambda _none: self._end(number, None),
            on_failed=lambda error: self._end(number, error),
            on_progress=progressed,
        )
        workspace.background.remember(this.job, self.cancel)
        workspace.scan_changed.emit()

    def prepare(self, step: ProgressStep | None, job: Job[Any] | None = None) -> None:
        """Say how far the making of something to open is (the demo study); None when it is there."""
        self.step, self._preparing = step, job
        self._workspace.scan_changed.emit()

    def cancel(self) -> None:
        """Stop looking for files; what was found stays."""
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None
        found = [series for this in self._running.values() for study in this.found for series in study.series]
        self.close()
        self.step = None
        self._swap_shown(final=True)
        self._workspace.scan_changed.emit()
        self._workspace.studies_changed.emit()
        if found:
            self._workspace.fetch_kept_results(found)

    def close(self) -> None:
        """End all scans without another word."""
        for this in self._running.values():
            if this.job is not None:
                this.job.cancel()
        self._running.clear()

    def note_shown(self, index: int, frames: int) -> None:
        """A stack of so many frames was put into a viewport."""
        self._shown_frames[index] = frames

    def _take(self, number: int, found: Found) -> None:
        workspace, this = self._workspace, self._running.get(number)
        if this is None:
            return
        this.found = found.studies
        # Alone, a snapshot replaces the one before it; beside another opening it can only be added.
        base = this.before if len(self._running) == 1 else workspace.studies
        workspace.studies = opening.merge_studies(base, found.studies)
        known = {(problem.path, problem.code) for problem in found.problems}
        kept = (problem for problem in workspace.problems if (problem.path, problem.code) not in known)
        workspace.problems = (*kept, *found.problems)
        workspace.not_shown = tuple(dict.fromkeys((*workspace.not_shown, *found.not_shown)))
        workspace.census = found.census
        self._swap_shown(final=False)
        if not this.shown and not workspace.touched:
            choice = hanging.first_choice(found.studies)
            if choice is not None:
                this.shown = True
                workspace.show_stack(choice[2], by_reader=False)
        workspace.studies_changed.emit()

    def go_on_with_newest(self) -> None:
        """Let viewports show their stacks as they were listed last; one whose stack is no more becomes empty."""
        self._swap_shown(final=True)
        workspace = self._workspace
        for state in workspace.all_viewports:
            if state.stack is not None and opening.find_stack(workspace.studies, state.stack.id) is None:
                state.clear()

    def _swap_shown(self, final: bool) -> None:
        """Let viewports go on with stacks that have grown; during a scan only where they have doubled.

        A stack that grows file by file would otherwise be loaded from its start again and again.
        """
        workspace = self._workspace
        for index, state in enumerate(workspace.all_viewports):
            if state.series is None or state.stack is None:
                continue
            found = opening.find_series(workspace.studies, state.series.series_uid)
            if found is None:
                continue
            study, series = found
            stack = opening.successor(series, state.stack)
            if stack is None or stack is state.stack:
                continue
            if not final and stack.frame_count < 2 * self._shown_frames.get(index, 0):
                continue
            self._shown_frames[index] = stack.frame_count
            state.replace_stack(study, series, stack)

    def _end(self, number: int, error: BaseException | None) -> None:
        workspace, this = self._workspace, self._running.pop(number, None)
        if this is None:
            return
        self.step = None
        self._swap_shown(final=True)
        choice = None if workspace.touched else hanging.first_choice(this.found)
        shown = workspace.active_viewport.series
        short = time.monotonic() - this.started < SHORT_SCAN_S
        if choice is not None and workspace.hangings.hang_opened(this.found):
            pass
        elif choice is not None and (short or shown is None or shown.series_uid != choice[1].series_uid):
            # Nothing was touched while the scan ran: what the rule prefers among all series is put first, from its
            # middle. After a long scan the same series stays as it is, because it was being looked at.
            workspace.show_stack(choice[2], by_reader=False)
        self._tell(this, error)
        workspace.scan_changed.emit()
        workspace.studies_changed.emit()
        workspace.fetch_kept_results([series for study in this.found for series in study.series])
        workspace.recent.remember(this.found, this.paths)

    def _tell(self, this: _Opening, error: BaseException | None) -> None:
        workspace = self._workspace
        if error is not None:
            if not isinstance(error, Cancelled):
                workspace.tell_error(error)
            return
        if not this.found:
            names = ", ".join(this.paths)
            remedy = SHOW_LIST if workspace.problems else OPEN_OTHER
            path = this.paths[0] if this.paths else ""
            workspace.tell("nothing_found", f"No images were found in {names}.", (names,), path=path, remedy=remedy)
            return
        count = sum(problem.code not in HARMLESS for problem in workspace.problems)
        if count:
            text = f"{count} {'files' if count > 1 else 'file'} could not be read; all others are shown."
            workspace.tell("files_unreadable", text, (str(count),), remedy=SHOW_LIST)
