"""The library of packages and the page of devices in the window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medview.inference.incidents import remember_incident
from medview.inference.library import install, installed_packages
from medview.inference.trust import is_trusted
from medview.ui.ai_panel import AiPanel
from medview.ui.application import Desk
from medview.ui.library_dialog import AT_ROLE, LibraryDialog
from medview.ui.right_panel import AI
from tests.ui.small_study import close_desk, open_desk
from tests.ui.tiny_packages import segmentation_package


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    """A window without a study."""
    made = open_desk(qtbot)
    yield made
    close_desk(qtbot, made)


@pytest.fixture
def dialog(qtbot: QtBot, desk: Desk, tmp_path: Path) -> LibraryDialog:
    """The library, opened from the AI tab, with a package that broke down before."""
    package = install(segmentation_package(tmp_path / "bright"))
    remember_incident(package, "network_crashed", "segmentation fault", "run")
    desk.window.show_tab(AI)
    panel = desk.window.right_panel.page(AI)
    assert isinstance(panel, AiPanel)
    panel.show_library()
    made = desk.window.findChild(LibraryDialog)
    assert isinstance(made, LibraryDialog)
    qtbot.waitUntil(lambda: bool(made.entries), timeout=10_000)
    choose(made, "bright")
    return made


def choose(dialog: LibraryDialog, identifier: str) -> None:
    at = next(n for n, entry in enumerate(dialog.entries) if entry.package.manifest.id == identifier)
    item = dialog.tree.topLevelItem(at)
    assert item is not None
    dialog.tree.setCurrentItem(item)


def test_what_is_known_of_a_package(dialog: LibraryDialog) -> None:
    package = next(one for one in installed_packages() if one.manifest.id == "bright")
    text = dialog.details.toPlainText()
    for said in (
        package.manifest.licence,
        package.sha256,
        package.model_sha256,
        "segmentation fault",
        "not trusted yet",
    ):
        assert said in text
    assert dialog.remove_button.isEnabled()
    choose(dialog, "ct-lungs")
    assert not dialog.remove_button.isEnabled()
    assert not dialog.trust_button.isEnabled()
    assert "Card" in dialog.details.toPlainText() or "#" in dialog.details.toPlainText()


def test_trust_is_given_and_taken_back(dialog: LibraryDialog, qtbot: QtBot) -> None:
    package = next(one for one in installed_packages() if one.manifest.id == "bright")
    qtbot.mouseClick(dialog.trust_button, Qt.MouseButton.LeftButton)
    assert is_trusted(package)
    qtbot.waitUntil(lambda: any(entry.trusted and entry.package.origin == "installed" for entry in dialog.entries))
    qtbot.waitUntil(lambda: dialog.trust_button.text() == "Do not trust any more")
    qtbot.mouseClick(dialog.trust_button, Qt.MouseButton.LeftButton)
    assert not is_trusted(package)


def test_a_package_is_removed(dialog: LibraryDialog, qtbot: QtBot) -> None:
    dialog.remove()
    assert "bright" not in {one.manifest.id for one in installed_packages()}
    qtbot.waitUntil(lambda: "bright" not in {entry.package.manifest.id for entry in dialog.entries})


def test_each_device_says_how_fast_it_is_or_why_not(dialog: LibraryDialog, qtbot: QtBot) -> None:
    rows = {dialog.devices.item(row, 1).data(AT_ROLE): row for row in range(dialog.devices.rowCount())}  # type: ignore[union-attr]
    qtbot.mouseClick(dialog.bench_button, Qt.MouseButton.LeftButton)
    assert not dialog.bench_button.isEnabled()
    qtbot.waitUntil(lambda: " ms for " in cell(dialog, rows["cpu"], 2), timeout=60_000)
    assert dialog.bench_button.isEnabled()
    assert cell(dialog, rows["cpu"], 1) == "available"
    others = [row for device, row in rows.items() if device != "cpu"]
    assert all(cell(dialog, row, 1) for row in others)


def cell(dialog: LibraryDialog, row: int, column: int) -> str:
    item = dialog.devices.item(row, column)
    assert item is not None
    return item.text()
