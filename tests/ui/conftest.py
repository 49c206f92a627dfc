"""What the tests of the window share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medview.ui.application import Desk
from tests.ui.small_study import close_desk, open_desk, open_study, write_study


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
