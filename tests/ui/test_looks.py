"""How the window looks: nothing cut at any scale, colours that can be read, commands that say what they do and why they cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QSplitter,
    QToolButton,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

from medview.app.command_reasons import REASONS
from medview.app.command_table import COMMANDS
from medview.app.marks import Mark
from medview.app.settings import Settings, changed
from medview.core.measurement import Measurement
from medview.ui import parts
from medview.ui.application import Desk
from medview.ui.canvas import Canvas, Face, Fonts
from medview.ui.context_menus import IMAGE_MENU
from medview.ui.icons import DRAWN, icon
from medview.ui.theme import DARK, LIGHT, Theme, contrast, dimmed, style_sheet
from medview.ui.viewport_findings import _draw_words
from medview.ui.viewport_marks import _COLOURS, HIGHEST, draw_marks
from medview.ui.viewport_style import AI_CYAN, PLATE_GROUND, READER, SECONDARY, TEXT, TEXT_PX, text_font
from tests.ui.small_study import active, close_desk, open_desk, open_study, write_study
from tests.ui.test_language import clipped_at_rest
from tests.ui.test_viewport_reading import opened

SMALL_SCREEN = (1280, 720)
"""What is left of a screen of 3840 × 2160 at 300 %, and of a small notebook."""
HIGHEST_MENU = 700
WAIT = 20_000


# Colours ------------------------------------------------------------------------------------------------------------

READ = ("text", "secondary", "warning", "danger", "done", "ai")
"""Roles of words."""
GROUNDS = ("window", "panel", "raised", "field")


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda one: one.name)
def test_all_words_can_be_read_on_all_grounds(theme: Theme) -> None:
    """WCAG 2.1 AA: 4.5 : 1 for words, 3 : 1 for what shows where the focus is and what is chosen."""
    poor = [
        (role, ground, round(contrast(getattr(theme, role), getattr(theme, ground)), 2))
        for role in READ
        for ground in GROUNDS
        if contrast(getattr(theme, role), getattr(theme, ground)) < 4.5
    ]
    assert poor == []
    for role in ("text", "ai"):
        assert contrast(getattr(theme, role), theme.selected) >= 4.5, role
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    for ground in GROUNDS:
        assert contrast(theme.accent, getattr(theme, ground)) >= 3.0, ground
        assert contrast(theme.disabled, getattr(theme, ground)) >= 2.0, ground


def test_marks_can_be_read_over_white_bone(qapp: QApplication) -> None:
    """Their plates let some of the picture through: words 4.5 : 1 at its whitest, signs 3 : 1."""
    share = PLATE_GROUND.alphaF()
    parts = (PLATE_GROUND.red(), PLATE_GROUND.green(), PLATE_GROUND.blue())
    ground = QColor(*(round(part * share + 255 * (1 - share)) for part in parts)).name()
    for words in (TEXT, AI_CYAN, READER, SECONDARY):
        assert contrast(words.name(), ground) >= 4.5, words.name()
    for severity, sign in _COLOURS.items():
        assert contrast(sign.name(), ground) >= 3.0, severity


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda one: one.name)
def test_what_an_empty_field_asks_for_can_be_read(qapp: QApplication, theme: Theme) -> None:
    """Qt draws it at half strength unless it is told; a greyed field says there why."""
    for enabled in (True, False):
        field = QLineEdit()
        field.setStyleSheet(style_sheet(theme))
        field.setPlaceholderText("██████████")
        field.setEnabled(enabled)
        field.resize(200, 28)
        words = field.grab().toImage().pixelColor(30, 14).name()
        assert contrast(words, theme.field if enabled else theme.panel) >= 4.5, (enabled, words)


def test_a_dimmed_window_can_still_be_read() -> None:
    theme = dimmed(DARK)
    for ground in GROUNDS:
        for role in READ:
            assert contrast(getattr(theme, role), getattr(theme, ground)) >= 4.4, (role, ground)
    assert contrast(theme.text, "#000000") < contrast(DARK.text, "#000000") / 2


# Commands -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_menu_is_higher_than_a_small_screen(qtbot: QtBot, language: str) -> None:
    desk = open_desk(qtbot, Settings(language=language, hints_dismissed=True))
    menus = [*desk.window.menus.values(), desk.window.image_menu, desk.window.mark_menu]
    menus += [inner for menu in menus for inner in menu.findChildren(QMenu)]
    heights = {menu.title(): menu.sizeHint().height() for menu in menus}
    assert {title: height for title, height in heights.items() if height > HIGHEST_MENU} == {}
    close_desk(qtbot, desk)


def test_every_button_of_the_tool_bar_says_what_it_is(qtbot: QtBot, desk: Desk) -> None:
    bar = desk.window.tool_bar
    groups: dict[int, int] = {}
    for command in COMMANDS:
        if command.icon:
            assert not icon(command.icon).isNull(), command.icon
        if not command.group:
            continue
        groups[command.group] = groups.get(command.group, 0) + 1
        button = bar.widgetForAction(desk.window.actions_[command.id])
        assert isinstance(button, QToolButton), command.id
        assert command.icon or len(command.word) <= 3, f"{command.id}: neither an icon nor a short word"
        title, *key = button.toolTip().split("\n")[0].split("  (")
        assert title, command.id
        assert key or not command.keys, f"{command.id}: the tooltip tells no key"
        assert button.text(), f"{command.id}: nothing for a screen reader"
    assert max(groups.values()) <= 6
    assert set(DRAWN) <= {command.icon for command in COMMANDS}


def test_a_greyed_command_says_why(
    qtbot: QtBot, desk: Desk, study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = desk.window
    assert set(REASONS) <= {command.id for command in COMMANDS}
    button = window.tool_bar.widgetForAction(window.actions_["image.invert"])
    assert isinstance(button, QToolButton)
    assert button.toolTip().endswith("Not now: nothing is open yet")
    open_study(qtbot, desk, study_folder)
    qtbot.waitUntil(lambda: "Not now" not in button.toolTip(), timeout=WAIT)
    alone = window.actions_["layout.maximise"]
    # Its key says so too: a key that does nothing is pressed again and again.
    qtbot.keyClick(active(desk), Qt.Key.Key_F11)
    assert window.status.hint.text() == f"{alone.text().replace('&', '')} – Not now: there is one viewport only"
    qtbot.keyClick(
        window.series_panel, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert "one viewport" in window.status.hint.text(), "another key says nothing of its own"
    # A single X-ray: nothing that needs a volume can be pressed, and each says why.
    stack = next(s for one in desk.workspace.studies[0].series for s in one.stacks if s.shape[0] == 1)
    desk.workspace.show_stack(stack)
    cuts = ("layout.oblique", "plane.turning", "plane.solid", "slab.next")
    qtbot.waitUntil(lambda: all("Not now" in window.actions_[one].toolTip() for one in cuts), timeout=WAIT)
    assert {window.actions_[one].toolTip().split("Not now: ")[1] for one in cuts} == {"there is one image only"}
    assert not any(window.actions_[one].isEnabled() for one in (*cuts, "layout.tiles"))
    # In a menu the pointer that rests on a greyed line is told; on another one nothing repeats the line.
    menu, said = window.menus["image"], []
    monkeypatch.setattr(QToolTip, "showText", lambda _at, text, _widget: said.append(text))
    menu.resize(menu.sizeHint())
    for command_id in ("filter.reset", "image.invert"):
        at = menu.actionGeometry(window.actions_[command_id]).center()
        QApplication.sendEvent(menu, QHelpEvent(QHelpEvent.Type.ToolTip, at, menu.mapToGlobal(at)))
    assert said == ["Not now: no filter is in use"]


def test_windows_are_chosen_behind_the_tool(qtbot: QtBot, reading_desk: Desk) -> None:
    button = reading_desk.window.tool_bar.widgetForAction(reading_desk.window.actions_["tool.window"])
    assert isinstance(button, QToolButton)
    menu = button.menu()
    menu.aboutToShow.emit()
    bone = next(action for action in menu.actions() if action.text().startswith("Bone"))
    assert bone.text().endswith("\t6")
    bone.trigger()
    voi = reading_desk.workspace.active_viewport.view.voi
    assert voi is not None
    assert (voi.width, voi.center) == (2000.0, 400.0)  # type: ignore[union-attr]
    reading_desk.window.actions_.refresh()
    assert "Bone" in reading_desk.window.actions_["preset.6"].text(), "the menu of the image names it too"


# Room ---------------------------------------------------------------------------------------------------------------


def dialogs(desk: Desk) -> Iterator[tuple[str, Callable[[], object]]]:
    window = desk.window
    names = (
        "settings",
        "shortcuts",
        "help",
        "corners",
        "palette",
        "about",
        "notices",
        "jobs",
        "hangings",
        "recent",
        "tags",
    )
    for name in names:
        yield name, getattr(window, f"show_{name}")
    yield "explain", window.ask_why
    yield "picture", window.save_picture
    yield "series", window.export_series
    yield "print", window.print_page
    yield "findings", window.save_findings


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_every_dialog_fits_a_small_screen_and_cuts_nothing(qtbot: QtBot, study_folder: Path, language: str) -> None:
    desk = open_desk(qtbot, changed(Settings(), language=language, hints_dismissed=True), SMALL_SCREEN)
    open_study(qtbot, desk, study_folder)
    assert clipped_at_rest(qtbot, desk.window) == []
    for name, show in dialogs(desk):
        show()
        shown = [one for one in desk.window.findChildren(QDialog) if one.isVisible()]
        assert shown, name
        for dialog in shown:
            least = dialog.minimumSizeHint()
            assert least.height() <= SMALL_SCREEN[1] - 64, f"{name}: at least {least.height()} px high"
            assert least.width() <= SMALL_SCREEN[0] - 16, f"{name}: at least {least.width()} px wide"
            assert clipped_at_rest(qtbot, dialog) == [], name
            dialog.close()
    close_desk(qtbot, desk)


def test_all_fits_a_screen_of_1920_by_1080_at_300_percent(
    qtbot: QtBot, study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = QSize(624, 296)
    monkeypatch.setattr(parts, "room_on_screen", lambda _dialog: room)
    desk = open_desk(qtbot, Settings(language="zh_CN"), (640, 360))
    window = desk.window
    assert window.size() == QSize(640, 360), "nothing asks for more"
    page = window.grid.empty
    shown = [one for one in (page.heading, page.open_button, page.recent_button, page.demo_button) if one.isVisible()]
    places = [QRect(one.mapTo(page, QPoint(0, 0)), one.size()) for one in shown]
    assert len(places) == 4
    assert all(page.rect().contains(one) for one in places)
    assert not any(a.intersects(b) for at, a in enumerate(places) for b in places[at + 1 :])
    open_study(qtbot, desk, study_folder)
    assert window.size() == QSize(640, 360)
    # One panel at a time, by the same keys as ever.
    assert not window.series_panel.isVisible()
    assert window.grid.width() > 300
    qtbot.keyClick(active(desk), Qt.Key.Key_F8)
    assert window.series_panel.isVisible()
    assert not window.right_panel.isVisible()
    qtbot.keyClick(active(desk), Qt.Key.Key_F9)
    assert not window.series_panel.isVisible()
    assert desk.workspace.settings.left_width == Settings().left_width
    # What has no room on the tool bar is behind a button that is seen.
    more = window.tool_bar.findChild(QToolButton, "qt_toolbar_ext_button")
    assert more is not None
    assert more.isVisible()
    picture = more.grab().toImage()
    places_of = [(x, y) for x in range(picture.width()) for y in range(picture.height())]
    assert sum(picture.pixelColor(x, y).lightness() > 80 for x, y in places_of) > 6
    for show in (
        window.show_settings,
        window.show_corners,
        window.keep_layout,
        window.save_findings,
        window.save_picture,
    ):
        show()
        dialog = next(one for one in window.findChildren(QDialog) if one.isVisible())
        assert dialog.size().boundedTo(room) == dialog.size(), type(dialog).__name__
        for button in dialog.findChildren(QPushButton, "primary"):
            area = dialog.findChild(QScrollArea)
            inside = area is not None and area.isAncestorOf(button)
            assert inside or dialog.rect().contains(QRect(button.mapTo(dialog, QPoint(0, 0)), button.size()))
        dialog.close()
    close_desk(qtbot, desk)


def test_panels_keep_the_width_that_they_are_given(qtbot: QtBot, desk: Desk) -> None:
    window = desk.window
    body = window.body
    assert isinstance(body, QSplitter)
    assert window.width() - 128 - 308 - window.grid.width() <= 4
    handle: QWidget = body.handle(2)
    before = window.right_panel.width()
    middle = QPoint(0, handle.height() // 2)
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(handle, middle - QPoint(90, 0))
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=middle - QPoint(90, 0))
    qtbot.waitUntil(lambda: desk.workspace.settings.right_width >= before + 80, timeout=WAIT)
    window.run_command("panel.right")
    window.run_command("panel.right")
    assert abs(window.right_panel.width() - desk.workspace.settings.right_width) <= 2
    assert desk.workspace.settings.left_width == 128


# Pictures and places -------------------------------------------------------------------------------------------------


def height_of_marks(width: int, height: int) -> float:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    base = QApplication.font()
    faces = [Face(text_font(base, TEXT_PX)) for _ in range(4)]
    canvas = Canvas(painter, width, height, Fonts(*faces), 1.0)
    marks = (
        Mark("resampled", "info"),
        Mark("linked", "info"),
        Mark("ai_research", "ai", ("Lung nodules on CT 1.0.0", "Lungs on CT 1.0.0", "Vessels of the lung 2.1")),
    )
    took = draw_marks(canvas, marks, QPointF(8, height - 60), width * 0.6)
    painter.end()
    return took


def test_marks_never_lie_on_much_of_a_small_tile(qapp: QApplication) -> None:
    """In 5 × 5 viewports they lay on a third of each picture."""
    line = Face(text_font(QApplication.font(), TEXT_PX)).height + 8
    for width, height in ((297, 196), (240, 160), (460, 330)):
        took = height_of_marks(width, height)
        assert 0 < took <= max(HIGHEST * height, 2 * line), (width, height, took)
    assert height_of_marks(1200, 900) >= 2 * line, "where there is room the models are named"


def test_the_page_of_the_beginning_goes_on_where_one_was(qtbot: QtBot, tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study", "Roe^Richard", "P-2")
    desk = open_desk(qtbot)
    open_study(qtbot, desk, folder)
    qtbot.waitUntil(lambda: bool(desk.workspace.keeping.store.recent()), timeout=WAIT)
    close_desk(qtbot, desk)

    again = open_desk(qtbot)
    page = again.window.grid.empty
    qtbot.waitUntil(lambda: page.recent is not None and page.recent.list.count() == 1, timeout=WAIT)
    assert page.recent is not None
    row = page.recent.list.item(0)
    assert "Roe, Richard" in row.text()
    place = page.recent.list.visualItemRect(row).center()
    qtbot.mouseClick(page.recent.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: again.workspace.active_viewport.stack is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: not again.workspace.is_scanning, timeout=WAIT)
    assert active(again).isVisible()
    close_desk(qtbot, again)


def test_a_thumbnail_wears_the_window_of_its_own_frame(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    """In MR each slice may have its own: a whole head was white in the strip."""
    import numpy as np
    import pydicom

    from medview.app.thumbnails import make_thumbnail, thumbnail_frame

    folder = write_study(tmp_path / "study")
    open_study(qtbot, desk, folder)
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    middle = stack.frames[thumbnail_frame(stack)].sop_uid
    desk.window.run_command("study.close")
    for path in folder.rglob("*"):
        if path.is_file():
            data = pydicom.dcmread(path)
            data.WindowCenter, data.WindowWidth = (20000, 2) if data.SOPInstanceUID == middle else (-20000, 2)
            data.save_as(path)
    open_study(qtbot, desk, folder)
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    picture = make_thumbnail(stack, desk.workspace.read_frame)
    assert np.mean(picture[..., :3]) == 0, "its own window makes all of it black, the others' white"


def test_the_menu_of_the_image_holds_commands_that_there_are() -> None:
    known = {command.id for command in COMMANDS}
    assert [entry for entry in IMAGE_MENU if entry and not entry.startswith("@") and entry not in known] == []


def test_words_of_a_finding_stay_within_its_viewport(qapp: QApplication) -> None:
    """In 5 × 5 viewports their beginning was cut, beside the edge that had no room."""
    image = QImage(200, 160, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    faces = [Face(text_font(QApplication.font(), TEXT_PX)) for _ in range(4)]
    canvas = Canvas(painter, 200, 160, Fonts(*faces), 1.0)
    lines = [("A long name of a nodule", QColor("white"), faces[0])]
    places = [_draw_words(canvas, QRectF(left, 50, 15, 15), lines, []) for left in (2.0, 60.0, 120.0, 180.0)]
    painter.end()  # before anything can fail: Qt crashes where a picture goes that is painted on
    for place in places:
        assert place.left() >= 4
        assert place.right() <= 200 - 14 or place.left() == 4


def test_a_mark_in_a_small_tile_tells_one_line_until_it_is_chosen(qtbot: QtBot) -> None:
    widget = opened(qtbot)
    line = Face(text_font(QApplication.font(), TEXT_PX)).height
    region = Measurement("m", "ellipse", widget.place(), ((2.0, 2.0), (9.0, 8.0)))
    widget.workspace.measurements.add(region)

    def height(width: int, chosen: str | None) -> float:
        widget.resize(width, 220)
        widget.select_mark(chosen)
        widget.grab()
        return float(widget.marking.boxes["m"].height())

    assert height(220, None) < 2 * line < height(220, "m")
    assert height(500, None) > 3 * line
