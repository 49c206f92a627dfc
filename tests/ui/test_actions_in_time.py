"""Commands are asked no more often than they are seen, and are right whenever they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from medview.app.command_table import COMMANDS
from medview.core.measurement import Measurement
from medview.ui import actions
from medview.ui.actions import tool_bar_commands
from medview.ui.icons import icon
from medview.ui.theme import DARK, LIGHT, current_theme, wear
from tests.ui.small_study import active, close_desk, open_desk, open_study, write_study


@pytest.fixture(scope="module")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("actions"))


def test_a_step_asks_only_what_is_seen(qtbot: QtBot, study_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk(qtbot)
    open_study(qtbot, desk, study_folder)
    asked: Counter[str] = Counter()
    may_run = actions.may_run

    def count(command, context):
        asked[command.id] += 1
        return may_run(command, context)

    desk.window.actions_.settle()
    monkeypatch.setattr(actions, "may_run", count)
    state = desk.workspace.active_viewport
    for k in range(6):
        state.go_to_index(k)
    desk.window.actions_._refresh_bar()
    assert set(asked) == {one.id for one in tool_bar_commands()}
    assert set(asked.values()) == {1}
    # A menu that is opened, an action that is taken and a hand that rests ask for all.
    state.go_to_index(7)
    desk.window.menus["view"].aboutToShow.emit()
    assert set(asked) == {one.id for one in COMMANDS}
    asked.clear()
    desk.window.actions_["edit.undo"]
    assert not asked, "nothing has changed"
    state.go_to_index(8)
    qtbot.waitUntil(lambda: set(asked) == {one.id for one in COMMANDS}, timeout=20_000)
    close_desk(qtbot, desk)


def test_a_key_right_after_a_change_is_not_lost(qtbot: QtBot, study_folder: Path) -> None:
    desk = open_desk(qtbot)
    open_study(qtbot, desk, study_folder)
    actions_, viewport = desk.window.actions_, active(desk)
    place = viewport.place()
    assert place is not None
    assert not actions_["edit.undo"].isEnabled()
    viewport.setFocus()
    measurements = desk.workspace.measurements
    measurements.add(Measurement(measurements.new_id(), "ruler", place, ((10.0, 10.0), (30.0, 20.0))))
    # No turn of the event loop in between: what was greyed a moment ago takes its key.
    qtbot.keyClick(viewport, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not measurements.on_slice(place)
    close_desk(qtbot, desk)


def test_buttons_of_the_tool_bar_do_not_hang_on_to_their_actions_more_and_more(qtbot: QtBot) -> None:
    desk = open_desk(qtbot)
    actions_ = desk.window.actions_
    action, button = actions_._on_bar[0]
    enabled = action.isEnabled()
    for turn in range(3 * actions.MOST_FOLLOWERS):
        action.setEnabled(turn % 2 == 0)
    action.setEnabled(not enabled)
    actions_.refresh()
    assert action.receivers(actions._CHANGED) <= actions.MOST_FOLLOWERS
    assert (action.isEnabled(), button.isEnabled()) == (enabled, enabled), "it follows all the same"
    action.setIconText("Other words")
    assert isinstance(button, QToolButton)
    assert button.text() == "Other words"
    close_desk(qtbot, desk)


def test_an_icon_is_the_same_picture_each_time(qapp: QApplication) -> None:
    keys = {icon("folder-open").pixmap(20, 20).cacheKey() for _ in range(3)}
    assert len(keys) == 1
    assert icon("folder-open", "accent").pixmap(20, 20).cacheKey() not in keys
    theme = current_theme()
    wear(qapp, LIGHT if theme is DARK else DARK)
    try:
        assert icon("folder-open").pixmap(20, 20).cacheKey() not in keys
    finally:
        wear(qapp, theme)
