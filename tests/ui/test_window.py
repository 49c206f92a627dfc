"""The window around the viewports: strip, drag and drop, layouts, keys, panels, notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from medview.app.settings import Settings
from medview.app.tools import Tool
from medview.core.progress import Progress
from medview.core.volume import SliceState
from medview.ui.application import Desk
from medview.ui.series_panel import STACK_MIME, StackRow, StudyRow
from tests.ui.small_study import SLICES, active, close_desk, open_desk, open_study, write_study


def drop(widget: QWidget, mime: QMimeData) -> QDropEvent:
    """What Qt sends when something is let go over the middle of a widget."""
    middle = QPointF(widget.rect().center())
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(middle.toPoint(), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(widget, enter)
    event = QDropEvent(middle, Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(widget, event)
    return event


def test_an_empty_window_says_what_to_do(desk: Desk) -> None:
    assert desk.window.grid.empty.isVisible()
    assert "Ctrl+O" in desk.window.grid.empty.heading.text()


def test_the_strip_fills_with_series_and_thumbnails(qtbot: QtBot, reading_desk: Desk) -> None:
    model = reading_desk.window.series_panel.model
    kinds = [type(row) for row in model.rows]
    assert kinds == [StudyRow, StackRow, StackRow, StackRow]
    stacks = [row.stack for row in model.rows if isinstance(row, StackRow)]
    qtbot.waitUntil(lambda: all(model.thumbnail(stack) is not None for stack in stacks), timeout=10_000)
    image = model.thumbnail(stacks[0]).toImage()  # type: ignore[union-attr]
    middle = image.pixelColor(image.width() // 2, image.height() // 2)
    corner = image.pixelColor(2, 2)
    assert middle.red() > 100 > corner.red()


def test_the_largest_series_that_is_no_localiser_is_shown_first(reading_desk: Desk) -> None:
    series = reading_desk.workspace.active_viewport.series
    assert series is not None
    assert series.context.description == "Lung 2 mm"
    assert reading_desk.workspace.active_viewport.slice_index == SLICES // 2


def test_a_click_on_a_thumbnail_shows_the_series(qtbot: QtBot, reading_desk: Desk) -> None:
    strip = reading_desk.window.series_panel.list
    index = reading_desk.window.series_panel.model.index(2)
    where = strip.visualRect(index).center()
    qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=where)
    series = reading_desk.workspace.active_viewport.series
    assert series is not None
    assert series.context.description == "Soft tissue"
    # Whoever clicked a series goes on with its images.
    focus = QApplication.focusWidget()
    assert focus is active(reading_desk)
    qtbot.keyClick(focus, Qt.Key.Key_V)
    assert reading_desk.workspace.active_viewport.view.invert


def test_a_series_dropped_on_a_viewport_is_shown_there(reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    workspace.set_layout(1, 2)
    model = reading_desk.window.series_panel.model
    scout = next(row for row in model.rows if isinstance(row, StackRow) and row.series.context.description == "Scout")
    mime = model.mimeData([model.index(model.rows.index(scout))])
    assert mime.hasFormat(STACK_MIME)
    drop(reading_desk.window.grid.frames[1].viewport, mime)
    assert workspace.viewports[1].stack is scout.stack
    assert workspace.active == 1
    assert workspace.viewports[0].stack is not scout.stack


def test_layout_keys_and_the_filling_of_empty_viewports(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert workspace.layout == (2, 2)
    shown = [state.series.context.description for state in workspace.viewports if state.series is not None]
    assert shown[:2] == ["Lung 2 mm", "Soft tissue"]
    assert [state.plane_kind for state in workspace.viewports[2:]] == ["coronal", "sagittal"]
    assert all(frame.isVisible() for frame in reading_desk.window.grid.frames)
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert workspace.layout == (1, 1)
    assert [frame.isVisible() for frame in reading_desk.window.grid.frames] == [True, False, False, False]


def test_a_smaller_layout_keeps_what_was_looked_at(reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    workspace.set_layout(2, 2)
    workspace.set_active(3)
    looked_at = workspace.active_viewport.view
    workspace.set_layout(1, 1)
    assert workspace.active == 0
    assert workspace.active_viewport.plane_kind == looked_at.plane_kind
    assert workspace.active_viewport.stack is looked_at.stack


def test_double_click_maximises_and_restores(qtbot: QtBot, reading_desk: Desk) -> None:
    reading_desk.workspace.set_layout(2, 2)
    second = reading_desk.window.grid.frames[1]
    before = second.width()
    qtbot.mouseDClick(second.viewport, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    qtbot.waitUntil(lambda: second.width() > 1.5 * before, timeout=2000)
    assert [frame.isVisible() for frame in reading_desk.window.grid.frames] == [False, True, False, False]
    qtbot.mouseDClick(second.viewport, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert all(frame.isVisible() for frame in reading_desk.window.grid.frames)


def test_tab_goes_through_the_viewports_and_f6_to_the_panels(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    workspace.set_layout(1, 2)
    active(reading_desk).setFocus()
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_Tab)
    assert workspace.active == 1
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_Tab)
    assert workspace.active == 0
    reading_desk.window.build_panels()
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_F6)
    focus = reading_desk.window.focusWidget()
    assert focus is reading_desk.window.right_panel.tabs


@pytest.mark.parametrize(("key", "name"), [(Qt.Key.Key_F8, "left_panel"), (Qt.Key.Key_F9, "right_panel")])
def test_panels_collapse_by_key_and_remember(qtbot: QtBot, reading_desk: Desk, key: Qt.Key, name: str) -> None:
    panel = reading_desk.window.series_panel if name == "left_panel" else reading_desk.window.right_panel
    assert panel.isVisible()
    qtbot.keyClick(reading_desk.window, key)
    assert not panel.isVisible()
    assert getattr(reading_desk.workspace.settings, name) is False
    qtbot.keyClick(reading_desk.window, key)
    assert panel.isVisible()


def test_every_tab_is_built_and_shows_the_stack(qtbot: QtBot, reading_desk: Desk) -> None:
    for at in range(4):
        reading_desk.window.show_tab(at)
        page = reading_desk.window.right_panel.page(at)
        qtbot.waitUntil(page.isVisible, timeout=5000)
    from PySide6.QtWidgets import QLabel

    words = [label.text() for label in page.findChildren(QLabel)]
    assert "64 × 64 × 12" in words
    assert "1.5 × 1.5 × 2 mm" in words


def test_digits_choose_windows_and_the_image_tab_follows(qtbot: QtBot, reading_desk: Desk) -> None:
    reading_desk.window.show_tab(2)
    panel = reading_desk.window.right_panel.page(2)
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_6)
    qtbot.waitUntil(lambda: panel.width_field.value() == 2000, timeout=2000)  # type: ignore[attr-defined]
    assert panel.center.value() == 400  # type: ignore[attr-defined]
    assert "Bone" in panel.presets.currentText()  # type: ignore[attr-defined]


def test_filters_are_composed_in_the_panel_and_seen_on_the_picture(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    reading_desk.window.show_tab(2)
    filters = reading_desk.window.right_panel.page(2).filters  # type: ignore[attr-defined]
    before = active(reading_desk).grab().toImage()
    filters.add("gaussian")
    qtbot.waitUntil(lambda: len(filters.cards) == 1, timeout=2000)
    filters.cards[0].fields["sigma"].field.setValue(4.0)
    assert dict(workspace.active_viewport.view.filters[0].values) == {"sigma": 4.0}
    qtbot.waitUntil(lambda: active(reading_desk).grab().toImage() != before, timeout=5000)
    qtbot.mouseClick(filters.volume_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.active_viewport.view.filtered is not None, timeout=10_000)
    qtbot.waitUntil(filters.volume_note.isVisible, timeout=2000)
    qtbot.mouseClick(filters.reset_button, Qt.MouseButton.LeftButton)
    assert workspace.active_viewport.view.filters == ()
    qtbot.waitUntil(lambda: not filters.cards, timeout=2000)


def test_a_folder_without_images_gives_one_notice(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing to see")
    open_study(qtbot, desk, tmp_path)
    assert [notice.code for notice in desk.workspace.notices] == ["nothing_found"]
    strip = desk.window.notices
    assert strip.isVisible()
    assert str(tmp_path) in strip.notice.text  # type: ignore[union-attr]
    desk.workspace.dismiss(strip.notice)  # type: ignore[arg-type]
    assert not strip.isVisible()
    assert len(desk.workspace.notices) == 1, "it stays in the list"


def test_a_bad_file_among_good_ones_is_listed_with_its_reason(
    qtbot: QtBot, desk: Desk, study_folder: Path, tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "study"
    shutil.copytree(study_folder / "series1", folder)
    victim = sorted(folder.iterdir())[3]
    victim.write_bytes(victim.read_bytes()[:300])
    open_study(qtbot, desk, folder)
    assert [problem.path for problem in desk.workspace.problems] == [str(victim)]
    assert desk.workspace.active_viewport.stack is not None
    qtbot.waitUntil(desk.window.status.notices_button.isVisible, timeout=2000)
    strip = desk.window.notices
    assert strip.isVisible()
    assert strip.notice is not None
    assert strip.notice.code == "files_unreadable"
    button = strip.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not strip.isVisible()
    tree = desk.window._dialogs["notices"].list.tree  # type: ignore[attr-defined]
    rows = [tree.topLevelItem(at) for at in range(tree.topLevelItemCount())]
    assert [row.text(1) for row in rows if row.text(1)] == [str(victim)]


def test_a_folder_dropped_on_the_window_is_opened(qtbot: QtBot, desk: Desk, study_folder: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(study_folder))])
    drop(desk.window, mime)
    qtbot.waitUntil(lambda: bool(desk.workspace.studies) and not desk.workspace.is_scanning, timeout=20_000)
    assert len(desk.workspace.studies) == 1


def test_a_study_opened_twice_is_there_once_and_closing_empties_the_window(
    qtbot: QtBot, reading_desk: Desk, study_folder: Path
) -> None:
    open_study(qtbot, reading_desk, study_folder)
    workspace = reading_desk.workspace
    assert len(workspace.studies) == 1
    assert len(workspace.studies[0].series) == 3
    qtbot.keyClick(reading_desk.window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert workspace.studies == ()
    assert reading_desk.window.grid.empty.isVisible()


def test_no_key_means_two_things_and_every_key_is_shown(desk: Desk) -> None:
    from medview.app.command_table import COMMANDS
    from medview.app.commands import key_conflicts

    assert key_conflicts(COMMANDS, {}) == {}
    for command in COMMANDS:
        action = desk.window.actions_[command.id]
        assert [key.toString() for key in action.shortcuts()] == list(command.keys)
        if command.keys:
            assert action.shortcut().toString() in action.toolTip()
    menus = {action for menu in desk.window.menus.values() for action in menu.actions()}
    menus |= {inner for action in menus if action.menu() is not None for inner in action.menu().actions()}
    assert all(desk.window.actions_[command.id] in menus for command in COMMANDS)


def test_a_key_can_be_given_to_another_command(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    workspace.change_settings(keys={"image.invert": ("Y",)})
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_V)
    assert not workspace.active_viewport.view.invert
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_Y)
    assert workspace.active_viewport.view.invert
    assert "Y" in reading_desk.window.actions_["image.invert"].toolTip()


def test_the_images_have_seven_tenths_of_a_large_screen(reading_desk: Desk) -> None:
    reading_desk.window.resize(1920, 1080)
    QApplication.processEvents()
    grid = reading_desk.window.grid
    assert grid.width() * grid.height() >= 0.7 * 1920 * 1080


def test_hints_are_shown_once_and_dismissed_for_ever(qtbot: QtBot, study_folder: Path) -> None:
    from medview.app.settings import Settings, load_settings
    from tests.ui.small_study import close_desk, open_desk

    desk = open_desk(qtbot, Settings(language="en"))
    hints = desk.window.hints
    assert not hints.isVisible(), "an empty window has hints of its own"
    open_study(qtbot, desk, study_folder)
    assert hints.isVisible()
    first = hints.text.text()
    qtbot.mouseClick(hints.next_button, Qt.MouseButton.LeftButton)
    assert hints.text.text() != first
    qtbot.mouseClick(hints.never_button, Qt.MouseButton.LeftButton)
    assert not hints.isVisible()
    close_desk(qtbot, desk)
    assert load_settings()[0].hints_dismissed


def test_a_hint_in_a_narrow_window_is_no_column_of_words(qtbot: QtBot, study_folder: Path) -> None:
    from medview.app.settings import Settings
    from tests.ui.small_study import close_desk, open_desk

    desk = open_desk(qtbot, Settings(language="en"), size=(640, 640))
    open_study(qtbot, desk, study_folder)
    hints = desk.window.hints
    qtbot.waitUntil(lambda: hints.isVisible() and hints.height() < 100, timeout=20_000)
    assert hints.text.width() > hints.width() / 2
    assert hints.text.height() >= hints.text.heightForWidth(hints.text.width())
    assert hints.never_button.geometry().right() <= hints.width()
    close_desk(qtbot, desk)


def test_files_that_vanish_are_told_listed_and_read_again(
    qtbot: QtBot, desk: Desk, study_folder: Path, tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "study"
    shutil.copytree(study_folder / "series1", folder)
    victim = min(folder.iterdir())
    kept = victim.read_bytes()
    loader = desk.workspace.loader
    load = loader.volume
    loader.volume = lambda stack, time=0, focus=0: (victim.unlink(missing_ok=True), load(stack, time, focus))[1]  # type: ignore[method-assign]
    open_study(qtbot, desk, folder)
    loader.volume = load  # type: ignore[method-assign]
    workspace = desk.workspace
    qtbot.waitUntil(lambda: [problem.path for problem in workspace.problems] == [str(victim)], timeout=10_000)
    frame = desk.window.grid.active_frame()
    assert frame is not None
    assert frame.notices.isVisible()
    stack = workspace.active_viewport.stack
    assert stack is not None
    assert workspace.failed_slices.any_of(stack)
    victim.write_bytes(kept)
    button = frame.notices.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.active_viewport.stack is not stack, timeout=10_000)
    again = workspace.active_viewport.stack
    assert again is not None
    assert again.id == stack.id
    qtbot.waitUntil(lambda: loader.volume(again).is_complete, timeout=10_000)
    assert (loader.volume(again).states == SliceState.LOADED).all()
    assert workspace.problems == ()
    assert not frame.notices.isVisible()
    assert not workspace.failed_slices.any_of(again)
    assert "series_relisted" not in {one.code for one in workspace.notices}, "the file is as it was"


def test_a_file_that_became_another_patients_leaves_the_series_and_is_said(
    qtbot: QtBot, desk: Desk, study_folder: Path, tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "study"
    shutil.copytree(study_folder / "series1", folder)
    victim = max(folder.iterdir())
    write_study(tmp_path / "other", "Roe^Richard", "P-2")
    loader = desk.workspace.loader
    load = loader.volume
    loader.volume = lambda stack, time=0, focus=0: (victim.unlink(missing_ok=True), load(stack, time, focus))[1]  # type: ignore[method-assign]
    open_study(qtbot, desk, folder)
    loader.volume = load  # type: ignore[method-assign]
    workspace = desk.workspace
    qtbot.waitUntil(lambda: bool(workspace.problems), timeout=10_000)
    stack = workspace.active_viewport.stack
    assert stack is not None
    shutil.copy(min((tmp_path / "other" / "series3").iterdir()), victim)
    workspace.failed_slices.read_again(stack)
    qtbot.waitUntil(lambda: len(workspace.studies) == 2, timeout=10_000)
    shown = workspace.active_viewport
    assert shown.study.patient.name == "Doe^Jane"
    assert shown.stack.frame_count == SLICES - 1
    assert str(victim) not in {frame.path for frame in shown.stack.frames}
    assert [one.code for one in workspace.notices if one.code == "series_relisted"]
    qtbot.waitUntil(lambda: set(loader.volume(shown.stack).states) == {SliceState.LOADED}, timeout=10_000)


def test_files_that_are_no_images_are_listed_folded(
    qtbot: QtBot, desk: Desk, study_folder: Path, tmp_path: Path
) -> None:
    import shutil

    from medview.ui.notice_strip import NoticeList

    folder = tmp_path / "disc"
    shutil.copytree(study_folder / "series1", folder)
    (folder / "autorun.inf").write_text("[autorun]")
    open_study(qtbot, desk, folder)
    assert desk.workspace.problems == ()
    assert not desk.window.status.notices_button.isVisible(), "nothing is wrong, and nobody is called"
    desk.window.show_notices()
    tree = desk.window._dialogs["notices"].findChild(NoticeList).tree
    group = tree.topLevelItem(tree.topLevelItemCount() - 1)
    assert not group.isExpanded()
    assert [group.child(at).text(0) for at in range(group.childCount())] == ["autorun.inf"]
    assert "(1)" in group.text(0)


def test_a_path_that_does_not_answer_holds_no_window(
    qtbot: QtBot, desk: Desk, study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dropped path on a network that is gone: what it is, is never asked on the main thread."""
    import threading

    from medview.ui import installing

    threads: list[threading.Thread] = []
    gone = threading.Event()

    def hangs(_path: str) -> str:
        threads.append(threading.current_thread())
        gone.wait(20)
        return "package"

    monkeypatch.setattr(installing, "_kind_of", hangs)
    monkeypatch.setattr(installing, "PATIENCE_S", 0.3)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(study_folder / "series2"))])
    drop(desk.window, mime)
    qtbot.waitUntil(lambda: len(desk.workspace.studies) == 1, timeout=10_000)
    qtbot.waitUntil(lambda: desk.workspace.settings.last_folder == str(study_folder / "series2"), timeout=10_000)
    gone.set()
    assert threads
    assert threading.main_thread() not in threads


def test_work_in_the_background_is_listed_with_cancel(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    stack = workspace.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: not workspace.background.work(), timeout=10_000)
    workspace.loader.progress.emit(stack.id, 3, 12)
    reading_desk.window.show_jobs()
    dialog = reading_desk.window._dialogs["jobs"]
    assert [one.title for one in workspace.background.work()] == ["load"]
    words = [label.text() for label in dialog.findChildren(QLabel)]
    assert "loading images  3 / 12" in words
    assert reading_desk.window.status.jobs_button.text() == "Loading images"
    cancel = dialog.findChild(QToolButton)
    assert isinstance(cancel, QToolButton)
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert workspace.background.work() == ()
    assert reading_desk.window.status.jobs_button.text() == "Ready"


def test_an_opening_can_be_cancelled_from_the_list_of_jobs(
    qtbot: QtBot, desk: Desk, study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from medview.app import open_paths as module

    scan = module.open_paths

    def slow(paths: list[str], progress: Progress) -> Iterator[module.Found]:
        yield from scan(paths, progress)
        while True:
            progress("scan", 18, 0)
            time.sleep(0.005)

    monkeypatch.setattr(module, "open_paths", slow)
    workspace = desk.workspace
    workspace.open_paths([str(study_folder)])
    qtbot.waitUntil(lambda: workspace.active_viewport.stack is not None, timeout=20_000)
    assert workspace.is_scanning, "the first image is there before the scan has ended"
    scanning = next(one for one in workspace.background.work() if one.title == "scan")
    scanning.cancel()
    assert not workspace.is_scanning
    assert workspace.scan_step is None
    assert len(workspace.studies) == 1, "what was found stays"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_key_that_a_command_has_is_no_letter_of_a_menu(qtbot: QtBot, study_folder: Path, language: str) -> None:
    """Qt gives an ambiguous key to neither: Alt+F flipped nothing while it was the letter of the first menu."""
    desk = open_desk(qtbot, Settings(language=language, hints_dismissed=True))
    open_study(qtbot, desk, study_folder)
    viewport, state = active(desk), desk.workspace.active_viewport
    viewport.setFocus()
    qtbot.keyClick(viewport, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: state.view.flip, timeout=5000)
    titles = [action.text() for action in desk.window.menuBar().actions()]
    assert not any("&F" in title for title in titles)
    assert titles[0] == ("File" if language == "en" else "文件")
    # With another key for the command the menu has its letter again.
    desk.workspace.change_settings(keys={"image.flip": ("Ctrl+Alt+Y",)})
    assert "&F" in desk.window.menuBar().actions()[0].text()
    close_desk(qtbot, desk)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("width", [1280, 1440, 1600, 1800, 1920])
def test_no_button_of_the_tool_bar_is_hidden(qtbot: QtBot, language: str, width: int) -> None:
    """Words leave before a button does: at 1600 px Run was gone behind the bar's end."""
    desk = open_desk(qtbot, Settings(language=language, hints_dismissed=True), (width, 900))
    bar = desk.window.tool_bar
    qtbot.waitUntil(lambda: bar.width() == desk.window.width())
    buttons = [bar.widgetForAction(action) for action in bar.actions()]
    assert [button for button in buttons if button is not None and not button.isVisible()] == []
    assert any(isinstance(button, QToolButton) for button in buttons)
    close_desk(qtbot, desk)


def test_escape_leads_back_from_where_one_may_be_lost(qtbot: QtBot, reading_desk: Desk) -> None:
    window, state = reading_desk.window, reading_desk.workspace.active_viewport
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    assert state.view.plane_kind == "turning"
    reading_desk.workspace.tools.choose(Tool.RULER)
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_Escape)
    assert state.view.plane_kind == "turning"  # one thing after the other: the tool first
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_Escape)
    assert state.view.plane_kind == "acquired"
    window.toggle_full_screen()
    qtbot.waitUntil(window.isFullScreen, timeout=5000)
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.isFullScreen(), timeout=5000)
    assert not window.leave_full_screen()


def test_keys_are_those_of_the_images_when_the_next_study_is_opened(
    qtbot: QtBot, reading_desk: Desk, tmp_path: Path
) -> None:
    window, workspace = reading_desk.window, reading_desk.workspace
    window.build_panels()
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not workspace.studies)
    open_study(qtbot, reading_desk, write_study(tmp_path, "Roe^John", "P-2"))
    assert window.focusWidget() is active(reading_desk)
    qtbot.keyClick(window.focusWidget(), Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    assert workspace.active_viewport.view.plane_kind == "coronal"
