"""The one QApplication of the process, which also takes what a Mac asks a running program to open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QUrl
from PySide6.QtGui import QFileOpenEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from medview import __version__


class Application(QApplication):
    """Collects files and links that the system sends; a Mac names them by events, never on the command line."""

    def __init__(self) -> None:
        super().__init__(["medview"])
        self._take: Callable[[list[str]], None] | None = None
        self._waiting: list[str] = []

    def take_openings(self, take: Callable[[list[str]], None]) -> None:
        """Give ``take`` every path, address or link that was and will be asked for."""
        self._take = take
        waiting, self._waiting = self._waiting, []
        if waiting:
            take(waiting)

    def event(self, event: QEvent) -> bool:
        """Qt's own, called for events of the application itself, which are few."""
        if not isinstance(event, QFileOpenEvent):
            return super().event(event)
        word = event.file() or event.url().toString(QUrl.ComponentFormattingOption.FullyEncoded)
        if word and self._take is not None:
            self._take([word])
        elif word:
            self._waiting.append(word)
        return True


def make_application() -> QApplication:
    """The one QApplication of the process."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QCoreApplication.setApplicationName("medview")
    QCoreApplication.setApplicationVersion(__version__)
    QGuiApplication.setDesktopFileName("org.medview.medview")  # by which a desktop finds the window's icon
    app = Application()
    app.setStyle("Fusion")
    app.setApplicationDisplayName("medview")
    return app
