"""Help made from the commands, the first tour, menus of a right click, and a name for everything that can have the focus."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QAccessible, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QMenu, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from medview.app.command_table import COMMANDS
from medview.app.help_texts import ABOUT
from medview.app.settings import Settings, load_settings
from medview.ui.application import Desk
from medview.ui.context_menus import IMAGE_MENU
from medview.ui.help_dialog import PLACE_ROLE, HelpDialog
from medview.ui.tour import Tour
from tests.ui.small_study import active, close_desk, open_desk, open_study

SHIFT = Qt.KeyboardModifier.ShiftModifier
WAIT = 20_000


def helped(qtbot: QtBot, desk: Desk) -> HelpDialog:
    qtbot.keyClick(desk.window, Qt.Key.Key_F1, SHIFT)
    return desk.window.findChildren(HelpDialog)[0]


def test_every_command_is_on_a_page_with_its_key(qtbot: QtBot, reading_desk: Desk) -> None:
    dialog = helped(qtbot, reading_desk)
    topics = {row.data(0, PLACE_ROLE): row for row in dialog.found.rows()}
    assert {command.id for command in COMMANDS} <= set(topics)
    assert set(ABOUT) <= {command.id for command in COMMANDS}
    dialog.tree.setCurrentItem(topics["image.invert"])
    words = dialog.page.toPlainText()
    assert "Invert" in words
    assert "\nV\n" in words + "\n"
    reading_desk.workspace.change_settings(keys={"image.invert": ("Ctrl+Alt+Y",)})
    assert "Ctrl+Alt+Y" in dialog.page.toPlainText(), "the page tells keys that do not hold"


def test_help_is_searched_by_its_words_and_runs_what_it_tells_of(qtbot: QtBot, reading_desk: Desk) -> None:
    dialog = helped(qtbot, reading_desk)
    qtbot.keyClicks(dialog.found.search, "RECIST")
    seen = [row.data(0, PLACE_ROLE) for row in dialog.found.rows() if not row.isHidden()]
    assert seen == ["tool.bidirectional"], "found by words that stand on the page alone"
    dialog.page.anchorClicked.emit(QUrl("run:image.invert"))
    assert reading_desk.workspace.active_viewport.view.invert
    dialog.page.anchorClicked.emit(QUrl("run:nothing"))


def test_the_tour_goes_through_the_window_and_is_never_seen_again(qtbot: QtBot, study_folder: Path) -> None:
    desk = open_desk(qtbot, Settings(language="en"))
    open_study(qtbot, desk, study_folder)
    assert desk.window.hints.isVisible()
    qtbot.mouseClick(desk.window.hints.tour_button, Qt.MouseButton.LeftButton)
    tour = desk.window.findChildren(Tour)[0]
    seen = []
    for _ in range(5):
        part = tour.part()
        assert not part.isEmpty()
        assert tour.rect().contains(tour.bubble.geometry()), "the words are cut off"
        seen.append(tour.text.text())
        qtbot.mouseClick(tour.next_button, Qt.MouseButton.LeftButton)
    assert len(set(seen)) == 5
    assert not tour.isVisible()
    assert not desk.window.hints.isVisible()
    close_desk(qtbot, desk)
    assert load_settings()[0].hints_dismissed


def test_escape_ends_the_tour(qtbot: QtBot, reading_desk: Desk) -> None:
    reading_desk.window.show_tour()
    tour = reading_desk.window.findChildren(Tour)[0]
    qtbot.keyClick(tour, Qt.Key.Key_Escape)
    assert not tour.isVisible()


def test_the_menu_of_the_image_leaves_nothing_out(reading_desk: Desk) -> None:
    reading_desk.window.actions_.refresh()  # as before it is shown
    menu = reading_desk.window.image_menu
    reached: set[str] = set()

    def walk(one: QMenu) -> None:
        for action in one.actions():
            inner = action.menu()
            if isinstance(inner, QMenu):
                walk(inner)
            else:
                reached.add(action.text())

    walk(menu)
    actions = reading_desk.window.actions_
    for command in COMMANDS:
        if command.menu in {"image", "measure", "view", "ai"}:
            assert actions[command.id].text() in reached, command.id
    assert all(actions[entry] for entry in IMAGE_MENU if entry and not entry.startswith("@"))


def test_a_right_click_on_a_series_says_where_to_show_it(reading_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # A screen that is none cannot grab the mouse for a menu.
    monkeypatch.setattr(QMenu, "popup", lambda *_place: None)
    workspace = reading_desk.workspace
    workspace.set_layout(1, 2)
    strip = reading_desk.window.series_panel.list
    where = strip.visualRect(strip.model().index(2, 0)).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, strip.viewport().mapToGlobal(where))
    QApplication.sendEvent(strip.viewport(), event)
    menu = reading_desk.window.findChild(QMenu, "seriesMenu")
    assert menu is not None
    into = next(action.menu() for action in menu.actions() if isinstance(action.menu(), QMenu))
    assert isinstance(into, QMenu)
    into.actions()[1].trigger()
    series = workspace.viewports[1].series
    assert series is not None
    assert series.context.description == "Soft tissue"
    menu.close()


def nameless(root: QWidget) -> list[str]:
    """Widgets that can have the focus, are seen, and tell a screen reader nothing."""
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or widget.focusPolicy() == Qt.FocusPolicy.NoFocus or isinstance(widget, QScrollBar):
            continue
        owner = widget.parentWidget()
        if widget.objectName().startswith("qt_") and owner is not None:
            continue  # a line inside of a field that has the name
        if isinstance(widget, QAbstractItemView) and isinstance(owner.parentWidget() if owner else None, QComboBox):
            continue
        told = QAccessible.queryAccessibleInterface(widget)
        if told is not None and not told.text(QAccessible.Text.Name).strip():
            above = [type(one).__name__ for one in (widget, owner, owner.parentWidget() if owner else None)]
            found.append(" in ".join(above))
    return found


DIALOGS = (
    "show_settings", "show_shortcuts", "show_about", "show_notices", "show_tags", "show_jobs", "show_recent",
    "show_hangings", "show_corners", "show_palette", "show_help", "save_picture", "save_findings", "keep_layout", "show_updates",
)  # fmt: skip


@pytest.mark.timeout(120)
def test_everything_that_can_have_the_focus_has_a_name(qtbot: QtBot, reading_desk: Desk) -> None:
    window = reading_desk.window
    for name in DIALOGS:
        getattr(window, name)()
        QTest.qWait(1)
    for tab in range(4):
        window.show_tab(tab)
        QApplication.processEvents()
        assert nameless(window) == [], f"tab {tab}"
    left = {name for widget in QApplication.topLevelWidgets() if widget.isVisible() for name in nameless(widget)}
    assert {name for name in left if "QGraphicsView" not in name and "QWidget in Histogram" not in name} == set()


def test_tab_goes_through_a_dialog_and_comes_back(qtbot: QtBot, reading_desk: Desk) -> None:
    reading_desk.window.save_picture()
    from medview.ui.export_dialog import ExportDialog

    dialog = reading_desk.window.findChildren(ExportDialog)[0]
    dialog.activateWindow()
    dialog.extent.setFocus()
    order = []
    for _ in range(30):
        focus = dialog.focusWidget()
        assert focus is not None
        order.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        if dialog.focusWidget() is order[0]:
            break
    wanted = [dialog.extent, dialog.content, dialog.format, dialog.side, dialog.named, dialog.path, dialog.choose]
    assert [one for one in order if one in wanted] == wanted, "the focus jumps"
    assert dialog.save in order
    assert active(reading_desk).accessibleName()
