"""A tab of the right panel: it follows the workspace while it is seen, and catches up when it is shown again."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from medview.ui.listen import listen


class FollowingPanel(QWidget):
    """Calls `refresh` once after however many changes one turn of the event loop brings."""

    def __init__(self) -> None:
        super().__init__()
        self._behind = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._catch_up)

    def follow(self, *signals: Any) -> None:
        """Refresh after emissions of psygnal ``signals``."""
        for signal in signals:
            listen(self, signal, self.later)

    def later(self, *_what: object) -> None:
        """Refresh soon, or when the panel is seen again: a drag changes a viewport sixty times a second."""
        self._behind = True
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def later_if_behind(self) -> None:
        """Refresh soon where something was missed while it was not seen; it follows all that it shows by itself."""
        if self._behind:
            self.later()

    def _catch_up(self) -> None:
        if self._behind:
            self._behind = False
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._catch_up()

    def refresh(self) -> None:
        """Show what the workspace holds now."""
        raise NotImplementedError
