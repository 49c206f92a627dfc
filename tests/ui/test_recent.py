"""Studies that were opened before: listed with a picture, found by words, opened again by key."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medview.ui.application import Desk
from medview.ui.recent_dialog import RecentDialog
from tests.ui.small_study import close_desk, open_desk, open_study, texts_of, write_study


def listed(dialog: RecentDialog) -> list[str]:
    return [dialog.list.item(at).text() for at in range(dialog.list.count())]


def shown(qtbot: QtBot, desk: Desk) -> RecentDialog:
    qtbot.waitUntil(desk.window.isActiveWindow, timeout=5000)
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(desk.window, Qt.Key.Key_H, control | shift)
    dialog = desk.window._dialogs["recent"]
    assert isinstance(dialog, RecentDialog)
    qtbot.waitExposed(dialog)
    return dialog


def test_a_study_is_found_by_words_and_opened_again(qtbot: QtBot, study_folder: Path, tmp_path: Path) -> None:
    other = write_study(tmp_path / "other", "Roe^Richard", "P-2")
    desk = open_desk(qtbot)
    open_study(qtbot, desk, study_folder)
    open_study(qtbot, desk, other)
    store = desk.workspace.keeping.store
    qtbot.waitUntil(lambda: len([one for one in store.recent() if one.thumbnail]) == 2, timeout=10_000)
    close_desk(qtbot, desk)

    again = open_desk(qtbot)
    dialog = shown(qtbot, again)
    qtbot.waitUntil(lambda: dialog.list.count() == 2, timeout=5000)
    assert listed(dialog)[0].startswith("Roe, Richard  ·  P-2")
    assert "CT  ·  1 Jan 2026  ·  Chest" in listed(dialog)[0]
    assert "18 images" in listed(dialog)[0]
    assert not dialog.list.item(0).icon().isNull()
    qtbot.keyClicks(dialog.words, "doe chest")
    qtbot.waitUntil(lambda: dialog.list.count() == 1, timeout=5000)
    qtbot.keyClick(dialog.words, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: again.workspace.active_viewport.study is not None, timeout=10_000)
    study = again.workspace.active_viewport.study
    assert study is not None
    assert study.patient.patient_id == "P-1"
    qtbot.waitUntil(lambda: not again.workspace.is_scanning, timeout=10_000)
    close_desk(qtbot, again)


def test_a_study_that_was_moved_away_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study")
    desk = open_desk(qtbot)
    open_study(qtbot, desk, folder)
    folder.rename(tmp_path / "moved")
    dialog = shown(qtbot, desk)
    qtbot.waitUntil(lambda: dialog.list.count() == 1, timeout=5000)
    qtbot.keyClick(dialog.words, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: any("is not where it was" in text for text in texts_of(desk.window)), timeout=5000)
    close_desk(qtbot, desk)
