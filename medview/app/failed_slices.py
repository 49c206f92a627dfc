"""Images that could not be read after they had been listed: a damaged frame, a file that vanished, a network that went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medview.app.notices import READ_AGAIN, stack_place
from medview.core.problem import MedviewError, Problem
from medview.core.study import Stack

if TYPE_CHECKING:
    from medview.app.workspace import Workspace


class FailedSlices:
    """Puts each into the workspace's list of problems and says it once for each stack."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._failed: dict[str, set[tuple[int, int]]] = {}
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
            text = "Some images of this series cannot be read; they are left out and listed."
            workspace.tell("slices_failed", text, (), "danger", stack_place(stack_id), remedy=READ_AGAIN)

    def any_of(self, stack: Stack) -> bool:
        """Whether images of a stack could not be read."""
        return bool(self._failed.get(stack.id))

    def read_again(self, stack: Stack) -> None:
        """Try once more, e.g. when a network is back."""
        workspace = self._workspace
        self._failed.pop(stack.id, None)
        paths = {frame.path for frame in stack.frames}
        workspace.problems = tuple(problem for problem in workspace.problems if problem.path not in paths)
        workspace.notices_changed.emit()
        for time in range(stack.timepoints):
            workspace.loader.retry(stack, time)
