"""The command palette: letters of either language or of syllables find a command, Enter runs it, what cannot be run is not run."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.app.command_search import Found, pinyin_initials, ranked, score
from medview.app.command_table import COMMANDS
from medview.ui.application import Desk
from medview.ui.palette import COMMAND_ROLE, MENU_ROLE, Palette, titles_in_other_languages
from medview.ui.translations import speak

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
WAIT = 20_000


def opened(qtbot: QtBot, desk: Desk) -> Palette:
    qtbot.keyClick(desk.window, Qt.Key.Key_P, CTRL | SHIFT)
    qtbot.waitUntil(lambda: any(one.isVisible() for one in desk.window.findChildren(Palette)), timeout=WAIT)
    return desk.window.findChildren(Palette)[0]


def first(palette: Palette) -> str:
    item = palette.list.currentItem()
    return "" if item is None else str(item.data(COMMAND_ROLE))


def test_a_few_letters_find_a_command_and_enter_runs_it(qtbot: QtBot, reading_desk: Desk) -> None:
    palette = opened(qtbot, reading_desk)
    assert palette.list.count() == len(COMMANDS)
    qtbot.keyClicks(palette.line, "inve")
    assert first(palette) == "image.invert"
    assert palette.list.currentItem().data(Qt.ItemDataRole.UserRole + 1) == "V", "its key is not shown"
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert reading_desk.workspace.active_viewport.view.invert
    palette = opened(qtbot, reading_desk)
    assert palette.line.text() == ""
    assert first(palette) == "image.invert", "what was used last is not first"


@pytest.mark.parametrize("typed", ["四视口", "四视", "ssk"])
def test_chinese_and_its_syllables_find_in_an_english_window(qtbot: QtBot, reading_desk: Desk, typed: str) -> None:
    palette = opened(qtbot, reading_desk)
    palette.line.setText(typed)
    assert first(palette) == "layout.2x2"


def test_arrows_skip_what_is_not_possible_and_escape_closes(qtbot: QtBot, desk: Desk) -> None:
    palette = opened(qtbot, desk)
    qtbot.keyClicks(palette.line, "print")
    ids = [palette.list.item(n).data(COMMAND_ROLE) for n in range(palette.list.count())]
    assert "file.print" in ids
    assert first(palette) != "file.print", "nothing is open that could be printed"
    item = palette.list.item(ids.index("file.print"))
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=palette.list.visualItemRect(item).center())
    assert palette.isVisible()
    qtbot.keyClick(palette.line, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_every_command_has_its_english_title_in_a_chinese_window_and_the_other_way_round(qtbot: QtBot) -> None:
    invert = next(one for one in COMMANDS if one.id == "image.invert")
    assert any(not title.isascii() for title in titles_in_other_languages(invert))
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    speak(app, "zh_CN")
    assert titles_in_other_languages(invert) == ("Invert",)


@pytest.mark.parametrize(
    ("text", "initials"), [("窗宽窗位", "ckcw"), ("挂片协议", "gpxy"), ("CT 上一幅", "ct syf"), ("—", "")]
)
def test_the_beginnings_of_syllables(text: str, initials: str) -> None:
    assert pinyin_initials(text) == initials


def test_whole_words_go_before_scattered_letters_and_nonsense_finds_nothing() -> None:
    entries = [Found("a", "Show original graphics area"), Found("b", "Angle"), Found("c", "Cobb angle")]
    assert [one.id for one in ranked("angle", entries)][:2] == ["b", "c"]
    assert ranked("zzqx", entries) == []
    assert score("x", "angle") is None
    assert [one.id for one in ranked("", entries, ("c",))] == ["c", "a", "b"]


def test_what_cannot_be_run_says_why_and_enter_runs_no_other(qtbot: QtBot, reading_desk: Desk) -> None:
    palette = opened(qtbot, reading_desk)
    qtbot.keyClicks(palette.line, "fill holes")
    item = palette.list.item(0)
    assert item.data(COMMAND_ROLE) == "label.holes"
    assert not item.flags() & Qt.ItemFlag.ItemIsEnabled
    assert item.data(MENU_ROLE).startswith("Not now: ")
    assert palette.list.currentItem() is None
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.line.setText("zzzz")
    assert palette.list.count() == 1
    assert "No command" in palette.list.item(0).text()
    qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.hide()
