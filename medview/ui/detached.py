"""A viewport of the grid in a window of its own, for a second screen; closing it brings the viewport back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from medview.ui.text import translate
from medview.ui.viewport_grid import ViewportGrid

LEAST_SEEN = 120
"""Px of a window that must be on some screen, or it cannot be taken hold of."""


class DetachedWindow(QWidget):
    """Holds one viewport with its frame; all keys of the main window count in it."""

    def __init__(self, parent: QWidget, grid: ViewportGrid, index: int, actions: Sequence[QAction]) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Detached", "Viewport {n}").format(n=index + 1))
        self._grid, self._index = grid, index
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        frame = grid.detach(index, self)
        column.addWidget(frame)
        self.addActions(list(actions))
        self._place(parent)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenRemoved.connect(self._stay_in_sight)
        frame.show()
        frame.viewport.setFocus()

    def _place(self, main: QWidget) -> None:
        """On another screen where there is one."""
        others = [screen for screen in QGuiApplication.screens() if screen is not main.screen()]
        if others:
            self.setGeometry(others[0].availableGeometry().adjusted(40, 40, -40, -40))
        else:
            self.resize(900, 800)

    def _stay_in_sight(self, *_screen: object) -> None:
        # Qt has moved the window or is about to: look when it is done.
        QTimer.singleShot(0, self, self._come_back)

    def _come_back(self) -> None:
        bring_into_sight(self)
        self.raise_()  # on the one screen that is left the main window would hide it

    def closeEvent(self, event: QCloseEvent) -> None:
        self._grid.bring_back(self._index)
        super().closeEvent(event)


def bring_into_sight(window: QWidget) -> None:
    """Move a window onto a screen that is there, where its own was unplugged or has become smaller."""
    frame = window.frameGeometry()
    seen = [screen.availableGeometry().intersected(frame) for screen in QGuiApplication.screens()]
    if any(part.width() >= LEAST_SEEN and part.height() >= LEAST_SEEN for part in seen):
        return
    room = QGuiApplication.primaryScreen().availableGeometry()
    window.resize(min(window.width(), room.width() - 80), min(window.height(), room.height() - 80))
    window.move(room.left() + 40, room.top() + 40)


def toggle_detached(main: QWidget, grid: ViewportGrid, actions: Sequence[QAction]) -> None:
    """Move the active viewport into a window of its own, or back."""
    frame = grid.active_frame()
    if frame is None:
        return
    if frame.index in grid.detached:
        grid.detached[frame.index].close()
    else:
        DetachedWindow(main, grid, frame.index, actions).show()
