"""What the tests of the window share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from medview.ui.application import Desk
from medview.ui.theme import DARK, current_theme
from medview.ui.translations import speak
from tests.ui.small_study import close_desk, open_desk, open_study, write_study

PATIENCE_MS = 60_000 if not os.environ.get("MEDVIEW_MUTATED") else 20_000
"""What never comes fails; what comes late on a busy machine does not."""


def activate_again(qtbot: QtBot, widget: QWidget) -> None:
    """Where no window is active any more, make this one it, as a window manager does.

    Under a bare X server the end of an earlier test's window can take the focus from the one that is there now, at any moment.
    """
    window = widget.window()
    if QApplication.activeWindow() is None and window.isVisible() and QApplication.activePopupWidget() is None:
        window.activateWindow()
        with suppress(TimeoutError):
            QtBot.waitUntil(qtbot, window.isActiveWindow, timeout=5000)


class PatientBot(QtBot):
    """Waits longer than a test asks for where nothing has come yet; what comes in time costs nothing."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = 0) -> None:
        super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))

    def waitExposed(self, widget: QWidget, *, timeout: int = 0) -> Any:
        return super().waitExposed(widget, timeout=max(timeout, PATIENCE_MS))

    def waitActive(self, widget: QWidget, *, timeout: int = 0) -> Any:
        return super().waitActive(widget, timeout=max(timeout, PATIENCE_MS))

    def keyClick(self, widget: QWidget, *all_: Any, **more: Any) -> None:
        activate_again(self, widget)
        super().keyClick(widget, *all_, **more)

    def waitSignal(self, signal: Any, *, timeout: int = 0, **more: Any) -> Any:
        return super().waitSignal(signal, timeout=max(timeout, PATIENCE_MS), **more)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> PatientBot:
    """pytest-qt's, with patience."""
    del qapp
    return PatientBot(request)


@pytest.fixture(autouse=True)
def _same_look_for_the_next_test(qapp: QApplication) -> Iterator[None]:
    """Take back what a desk does to the whole application: font, colours, style sheet, language."""
    font, palette, sheet, locale = qapp.font(), qapp.palette(), qapp.styleSheet(), QLocale()
    yield
    speak(qapp, "en")
    QLocale.setDefault(locale)
    if current_theme() is not DARK or qapp.styleSheet() != sheet:
        from medview.ui.theme import wear

        wear(qapp, DARK)
        qapp.setStyleSheet(sheet)
        qapp.setPalette(palette)
        qapp.setFont(font)


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CT study on disk."""
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    """A desk with nothing open."""
    made = open_desk(qtbot)
    yield made
    close_desk(qtbot, made)


@pytest.fixture
def reading_desk(qtbot: QtBot, desk: Desk, study_folder: Path) -> Desk:
    """A desk with the small study open."""
    open_study(qtbot, desk, study_folder)
    return desk
