"""What another window of the same reader makes of a study is taken in here: when this window is activated, and now and then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

from medview.app.results_elsewhere import ResultsElsewhere

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

EVERY_MS = 5000
"""Asking whether anybody else has written is one PRAGMA in the keeping lane, and a look at a folder for each series."""


class OtherWindows(QObject):
    """Looks again into the journal, on behalf of ``window``."""

    def __init__(self, window: QWidget, workspace: Workspace) -> None:
        super().__init__(window)
        self._workspace = workspace
        self._results = ResultsElsewhere(workspace)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Before the reader works on here, what was made elsewhere is here."""
        if event.type() == QEvent.Type.WindowActivate:
            self._look()
        return False

    def _look(self) -> None:
        if self._workspace.studies and not self._workspace.is_scanning:
            self._workspace.keeping.look_again()
            self._results.look_again()
