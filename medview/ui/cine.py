"""Cine: plays the slices (or time points) of the active viewport at the file's rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from medview.app import reading

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace

USUAL_FRAME_MS = 66.0
"""Fifteen images a second where the file says nothing."""


class Cine(QObject):
    """Plays one viewport until it is stopped or shows something else."""

    def __init__(self, parent: QObject, workspace: Workspace) -> None:
        super().__init__(parent)
        self.setObjectName("cine")
        self._workspace = workspace
        self._state: ViewportState | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)

    @property
    def is_playing(self) -> bool:
        """Whether images move."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Start in the active viewport, or stop."""
        if self.is_playing:
            self._timer.stop()
            return
        state = self._workspace.active_viewport
        if state.stack is None or max(state.slice_count, state.stack.timepoints) < 2:
            return
        self._state = state
        self._timer.start(max(10, round(state.stack.context.frame_time_ms or USUAL_FRAME_MS)))

    def _step(self) -> None:
        state = self._state
        if state is None or state.stack is None:
            self._timer.stop()
            return
        if state.stack.timepoints > 1:
            reading.step_time(state, 1, round_again=True)
        elif state.slice_index + 1 < state.slice_count:
            reading.scroll(state, 1)
        else:
            reading.first_slice(state)


def toggle_cine(window: QObject, workspace: Workspace) -> None:
    """Start or stop the window's cine."""
    cine = window.findChild(Cine, "cine") or Cine(window, workspace)
    cine.toggle()
