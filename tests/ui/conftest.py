"""What the tests of the window share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.ui.application import Desk
from medview.ui.theme import DARK, current_theme
from medview.ui.translations import speak
from tests.ui.small_study import close_desk, open_desk, open_study, write_study


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
