"""The clock of the cine: Qt's timer wakes it, the time that has really gone by says how many images are due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

from medview.app.cine import toggle_all
from medview.ui.listen import listen

if TYPE_CHECKING:
    from medview.app.workspace import Workspace


class CineClock(QObject):
    """Runs while the workspace's cine plays."""

    def __init__(self, parent: QObject, workspace: Workspace) -> None:
        super().__init__(parent)
        self.setObjectName("cine")
        self._cine = workspace.cine
        self._since = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        listen(self, workspace.cine.changed, self._follow)
        self._follow()

    def _follow(self) -> None:
        if self._cine.is_playing:
            self._timer.setInterval(max(5, round(self._cine.interval_ms)))
            if not self._timer.isActive():
                self._since.start()
                self._timer.start()
        else:
            self._timer.stop()

    def _tick(self) -> None:
        self._cine.elapsed(self._since.restart())


def toggle_cine(window: QObject, workspace: Workspace, everywhere: bool = False) -> None:
    """Start or stop the window's cine, in the active viewport or in all of them."""
    if window.findChild(CineClock, "cine") is None:
        CineClock(window, workspace)
    if everywhere:
        toggle_all(workspace)
    else:
        workspace.cine.toggle(workspace.active_viewport)
