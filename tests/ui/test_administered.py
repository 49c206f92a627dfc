"""The window on a computer with a policy, in safe mode, and after the settings were set aside."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from medview.app.settings import Settings, load_settings, save_settings, settings_path
from medview.cli.commands import run
from medview.core import policy as rules
from medview.core.policy import policy
from medview.ui import application
from tests.ui.small_study import close_desk, open_desk, open_study, texts_of


@pytest.fixture
def administered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"forbid": ["export", "models"], "settings": {"theme": "light"}}))
    monkeypatch.setattr(rules, "policy_path", lambda: path)
    policy.cache_clear()
    yield
    monkeypatch.undo()
    policy.cache_clear()


@pytest.mark.usefixtures("administered")
def test_what_the_policy_forbids_cannot_be_chosen_and_what_it_fixes_cannot_be_changed(
    qtbot: QtBot, study_folder: Path, tmp_path: Path
) -> None:
    desk = open_desk(qtbot)
    open_study(qtbot, desk, study_folder)
    actions = desk.window.actions_
    actions.refresh()
    for name in ("save.picture", "save.findings", "edit.copy", "file.print", "ai.install"):
        assert not actions[name].isEnabled(), name
    assert actions["study.open"].isEnabled()
    desk.window.run_command("save.picture")
    assert not [one for one in desk.window.findChildren(QWidget) if type(one).__name__ == "ExportDialog"]
    assert desk.workspace.settings.theme == "light"
    desk.workspace.change_settings(theme="dark", overlay_outline=False)
    assert desk.workspace.settings.theme == "light"
    assert not desk.workspace.settings.overlay_outline
    desk.window.show_settings()
    dialog = desk.window._dialogs["settings"]
    assert not dialog.choices["theme"].isEnabled()
    assert "administrator" in dialog.choices["theme"].toolTip()
    assert dialog.choices["language"].isEnabled()
    close_desk(qtbot, desk)


def started(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> tuple[Settings, list[str]]:
    """The settings in the window that a command line opens, and the texts on it; it is closed again."""
    seen: list[tuple[Settings, list[str]]] = []
    make = application.Desk

    class Watched(make):  # type: ignore[misc, valid-type]
        def __init__(self, *all_: object, **more: object) -> None:
            super().__init__(*all_, **more)
            QTimer.singleShot(300, self.window, self.look)

        def look(self) -> None:
            seen.append((self.workspace.settings, texts_of(self.window)))
            self.window.close()

    monkeypatch.setattr(application, "Desk", Watched)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    assert run(words) == 0
    return seen[0]


@pytest.mark.usefixtures("qtbot")
def test_safe_mode_neither_reads_nor_changes_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    save_settings(Settings(theme="light", device="cuda", keys={"image.invert": ("Y",)}))
    before = settings_path().read_bytes()
    settings, texts = started(monkeypatch, ["--safe-mode", "--new-window"])
    assert settings.theme == "dark"
    assert settings.device == "cpu"
    assert any("Safe mode" in text for text in texts)
    assert settings_path().read_bytes() == before


@pytest.mark.usefixtures("qtbot")
def test_reset_sets_the_settings_aside_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    save_settings(Settings(theme="light"))
    settings, texts = started(monkeypatch, ["--reset", "--new-window"])
    assert settings.theme == "dark"
    (aside,) = settings_path().parent.glob("settings-aside-*.json")
    assert load_settings(aside)[0].theme == "light"
    assert any(aside.name in text for text in texts)
