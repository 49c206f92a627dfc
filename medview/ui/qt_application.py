"""The one QApplication of the process, which also takes what a Mac asks a running program to open."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QUrl
from PySide6.QtGui import QFileOpenEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from medview import __version__
from medview.core.folders import private_folder, user_folder


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


def _keep_what_qt_keeps_private() -> None:
    """Qt's file dialog writes the folders that were visited into a file that everybody can read; folders are named after patients.

    Where the place can be chosen (not on Windows and macOS, which have dialogs of their own) it is the user's private one.
    """
    if sys.platform in {"win32", "darwin"}:
        return
    with contextlib.suppress(OSError):
        kept = private_folder(user_folder() / "qt")
        QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(kept))


def make_application() -> QApplication:
    """The one QApplication of the process."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QCoreApplication.setApplicationName("medview")
    QCoreApplication.setApplicationVersion(__version__)
    QGuiApplication.setDesktopFileName("org.medview.medview")  # by which a desktop finds the window's icon
    _keep_what_qt_keeps_private()
    app = Application()
    app.setStyle("Fusion")
    app.setApplicationDisplayName("medview")
    return app
