"""Mouse and keys as in other viewers, bound anew, shown where they are asked for; conflicts are said. The magnifier."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from medview.app.command_table import COMMANDS
from medview.app.commands import key_conflicts
from medview.app.hand_profiles import GESTURES, PROFILES, actions_of, bound, drag_tool, gestures_of, keys_in_use
from medview.app.settings import Settings, load_settings, save_settings
from medview.app.tools import Tool
from medview.ui.application import Desk
from medview.ui.mouse_text import action_text, gesture_text
from medview.ui.shortcuts_dialog import COMMAND_ROLE, GESTURE_ROLE, ShortcutsDialog
from tests.ui.small_study import active
from tests.ui.test_viewport_reading import drag, move, opened, wheel

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
CTRL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda one: one.id)
def test_no_profile_gives_a_key_to_two_commands_or_names_what_is_not_there(profile: Any) -> None:
    settings = Settings(mouse_profile=profile.id)
    known = {command.id for command in COMMANDS}
    assert set(profile.keys) <= known
    assert key_conflicts(COMMANDS, keys_in_use(settings)) == {}
    assert all(QKeySequence(key).toString() for keys in profile.keys.values() for key in keys)
    for gesture in GESTURES:
        assert bound(settings, gesture) in actions_of(gesture)
        assert gesture_text(gesture)
        assert action_text(gestures_of(settings)[gesture])


@pytest.mark.parametrize(
    ("profile", "gesture", "tool"),
    [
        ("medview", "left", Tool.WINDOW),
        ("medview", "right", Tool.ZOOM),
        ("medview", "middle", Tool.PAN),
        ("medview", "Shift+left", Tool.WINDOW_BOX),
        ("weasis", "right", None),
        ("osirix", "Shift+left", Tool.ZOOM),
        ("osirix", "Ctrl+left", Tool.PAN),
        ("ohif", "right", Tool.ZOOM),
        ("scroll-first", "left", Tool.SCROLL),
        ("scroll-first", "right", Tool.WINDOW),
        ("nonsense", "right", Tool.ZOOM),
    ],
)
def test_what_a_drag_is(profile: Any, gesture: str, tool: Tool | None) -> None:
    settings = Settings(mouse_profile=profile)
    assert drag_tool(settings, gesture, Tool.WINDOW) is tool
    if gesture == "left":
        assert drag_tool(settings, gesture, Tool.RULER) is Tool.RULER, "the left button has the tool in hand"


def test_a_gesture_that_was_bound_anew_does_that(qtbot: QtBot) -> None:
    widget = opened(qtbot, Settings(mouse={"Ctrl+left": "pan", "right": "window", "wheel": "zoom", "double": "reset"}))
    drag(widget, RIGHT, (150, 100), (200, 100))
    assert widget.state.view.voi.width > 400
    QTest.mousePress(widget, LEFT, CTRL, QPoint(150, 100))
    move(widget, (180, 130), LEFT)
    QTest.mouseRelease(widget, LEFT, CTRL, QPoint(180, 130))
    assert widget.state.view.pan != (0.0, 0.0)
    slice_before = widget.state.slice_index
    wheel(widget, 120)
    assert widget.state.view.zoom > 1.0
    assert widget.state.slice_index == slice_before
    QTest.mouseDClick(widget, LEFT, NONE, QPoint(150, 100))
    assert widget.state.view.zoom == 1.0
    assert widget.state.view.voi is None


def test_what_was_bound_survives_a_restart_and_nonsense_does_not(tmp_path: Any) -> None:
    path = tmp_path / "settings.json"
    save_settings(Settings(mouse={"Ctrl+left": "pan"}, mouse_profile="osirix"), path)
    assert load_settings(path)[0].mouse == {"Ctrl+left": "pan"}
    path.write_text('{"mouse": {"left": "fly", "elbow": "pan", "right": "pan"}}', encoding="utf-8")
    assert load_settings(path)[0].mouse == {"right": "pan"}


def test_a_key_of_the_reader_s_is_his_also_where_a_newer_version_gives_it_to_another() -> None:
    settings = Settings(keys={"image.flip": ("V",), "image.fit": ("I",)}, mouse_profile="ohif")
    keys = keys_in_use(settings)
    assert keys["image.flip"] == ("V",)
    assert keys["image.flip_vertical"] == (), "the profile's V"
    assert keys["image.invert"] == (), "the profile's I"
    assert key_conflicts(COMMANDS, keys) == {}


def row(dialog: ShortcutsDialog, role: int, value: str) -> Any:
    return next(one for one in dialog.found.rows() if one.data(0, role) == value)


def shown(qtbot: QtBot, desk: Desk) -> ShortcutsDialog:
    qtbot.keyClick(desk.window, Qt.Key.Key_F1)
    return desk.window.findChildren(ShortcutsDialog)[0]


def test_a_profile_is_chosen_and_its_keys_work_and_are_shown(qtbot: QtBot, reading_desk: Desk) -> None:
    dialog = shown(qtbot, reading_desk)
    dialog.profile.setCurrentIndex(dialog.profile.findData("ohif"))
    dialog.profile.activated.emit(dialog.profile.currentIndex())
    assert reading_desk.workspace.settings.mouse_profile == "ohif"
    assert row(dialog, COMMAND_ROLE, "image.invert").text(1) == "I"
    assert row(dialog, COMMAND_ROLE, "view.text").text(1) == "Alt+I", "one key, one meaning"
    assert "(I" in reading_desk.window.actions_["image.invert"].toolTip()
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_I)
    assert reading_desk.workspace.active_viewport.view.invert


def test_a_key_that_is_taken_is_said_and_can_be_taken_away(qtbot: QtBot, reading_desk: Desk) -> None:
    dialog = shown(qtbot, reading_desk)
    dialog.tree.setCurrentItem(row(dialog, COMMAND_ROLE, "image.flip"))
    dialog.edit.setKeySequence(QKeySequence("V"))
    qtbot.mouseClick(dialog.set_button, LEFT)
    assert "Invert" in dialog.note.text()
    assert reading_desk.workspace.settings.keys == {}
    assert dialog.take_button.isVisible()
    qtbot.mouseClick(dialog.take_button, LEFT)
    actions = reading_desk.window.actions_
    assert [key.toString() for key in actions["image.flip"].shortcuts()] == ["V"]
    assert actions["image.invert"].shortcuts() == []
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_V)
    assert reading_desk.workspace.active_viewport.view.flip
    assert not reading_desk.workspace.active_viewport.view.invert
    qtbot.mouseClick(dialog.back_button, LEFT)
    assert [key.toString() for key in actions["image.invert"].shortcuts()] == ["V"]


def test_a_gesture_is_bound_in_the_dialog_and_shown_in_the_tooltip(qtbot: QtBot, reading_desk: Desk) -> None:
    dialog = shown(qtbot, reading_desk)
    dialog.tree.setCurrentItem(row(dialog, GESTURE_ROLE, "right"))
    dialog.action.setCurrentIndex(dialog.action.findData("crosshair"))
    dialog.action.activated.emit(dialog.action.currentIndex())
    assert "Zoom" not in dialog.note.text(), "the wheel still zooms"
    assert reading_desk.workspace.settings.mouse == {"right": "crosshair"}
    assert "Right drag" in reading_desk.window.actions_["tool.crosshair"].toolTip()
    dialog.tree.setCurrentItem(row(dialog, GESTURE_ROLE, "middle"))
    dialog.action.setCurrentIndex(dialog.action.findData("window"))
    dialog.action.activated.emit(dialog.action.currentIndex())
    assert "Pan" in dialog.note.text(), "that nothing pans any more is not said"


def test_the_magnifier_shows_the_same_place_larger_while_it_is_held(qtbot: QtBot) -> None:
    widget = opened(qtbot, Settings(mouse={"Alt+left": "magnifier"}))
    plain = widget.grab().toImage()
    widget.workspace.tools.choose(Tool.MAGNIFIER)
    at = QPoint(200, 150)
    QTest.mousePress(widget, LEFT, NONE, at)
    assert widget.magnifier is not None
    glass = widget.magnifier.glass
    here = widget.transform.screen_to_image(at.x(), at.y())
    there = glass.transform.screen_to_image(glass.width() / 2, glass.height() / 2)
    np.testing.assert_allclose(here, there, atol=0.2)
    assert glass.transform.scale == pytest.approx(3 * widget.transform.scale)
    held = widget.grab().toImage()
    assert held != plain
    assert held.pixelColor(4, 4) == plain.pixelColor(4, 4)
    move(widget, (230, 160), LEFT)
    assert widget.magnifier.at == QPointF(230, 160)
    QTest.mouseRelease(widget, LEFT, NONE, QPoint(230, 160))
    assert widget.magnifier is None
    assert widget.grab().toImage() == plain, "the picture was changed by looking at it"
