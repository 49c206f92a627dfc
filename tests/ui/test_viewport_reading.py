"""What mouse and keys do to a viewport, with real events."""

from __future__ import annotations

import warnings

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from medview.app.settings import Settings
from medview.app.tools import Tool
from medview.core.window import Window
from medview.ui.series_panel import STACK_MIME
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, numbered_volume, open_viewport

SHAPE = (40, 12, 10)
LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton


def opened(qtbot, settings=None, shape=SHAPE):
    workspace = make_workspace(settings)
    workspace.viewports[0].show(*make_study(workspace, numbered_volume(shape), axial_geometry(shape)))
    return open_viewport(qtbot, workspace)


def drag(widget, button, start, end, steps=4) -> None:
    QTest.mousePress(widget, button, Qt.KeyboardModifier.NoModifier, QPoint(*start))
    for step in range(1, steps + 1):
        x = start[0] + (end[0] - start[0]) * step / steps
        y = start[1] + (end[1] - start[1]) * step / steps
        move(widget, (x, y), button)
    QTest.mouseRelease(widget, button, Qt.KeyboardModifier.NoModifier, QPoint(*end))


def move(widget, at, button=Qt.MouseButton.NoButton) -> None:
    point = QPointF(*at)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        point,
        widget.mapToGlobal(point),
        Qt.MouseButton.NoButton,
        button,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)


def wheel(widget, delta, modifiers=Qt.KeyboardModifier.NoModifier, at=(200, 150), sideways=False) -> None:
    angle = QPoint(delta, 0) if sideways else QPoint(0, delta)
    event = QWheelEvent(
        QPointF(*at),
        widget.mapToGlobal(QPointF(*at)),
        QPoint(),
        angle,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_left_drag_to_the_right_widens_and_up_brightens(qtbot) -> None:
    widget = opened(qtbot)
    before = widget.grab().toImage().pixelColor(200, 150).lightness()
    drag(widget, LEFT, (200, 150), (260, 150))
    voi = widget.state.view.voi
    assert isinstance(voi, Window)
    assert voi.width > 400
    assert voi.center == 40
    widget.state.update(voi=None)
    drag(widget, LEFT, (200, 150), (200, 90))
    assert widget.state.view.voi.center < 40
    assert widget.grab().toImage().pixelColor(200, 150).lightness() >= before


def test_up_is_brighter_in_an_inverted_picture_too(qtbot) -> None:
    widget = opened(qtbot)
    widget.state.update(voi=Window(20000, 40000), invert=True)
    before = widget.grab().toImage().pixelColor(200, 150).lightness()
    drag(widget, LEFT, (200, 150), (200, 90))
    assert widget.grab().toImage().pixelColor(200, 150).lightness() > before


def test_a_drag_ends_where_it_ends_however_many_steps_it_had(qtbot) -> None:
    widget = opened(qtbot)
    drag(widget, LEFT, (200, 150), (257, 121), steps=1)
    coarse = widget.state.view.voi
    widget.state.update(voi=None)
    drag(widget, LEFT, (200, 150), (257, 121), steps=23)
    assert widget.state.view.voi == coarse


def test_a_click_alone_changes_nothing(qtbot) -> None:
    widget = opened(qtbot)
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 150))
    assert widget.state.view.voi is None


def test_every_wheel_notch_is_one_slice_down_is_on(qtbot) -> None:
    widget = opened(qtbot)
    start = widget.state.slice_index
    for _ in range(7):
        wheel(widget, -120)
    assert widget.state.slice_index == start + 7
    wheel(widget, 240)
    assert widget.state.slice_index == start + 5


def test_wheel_steps_of_one_turn_of_the_event_loop_cost_one_picture(qtbot) -> None:
    widget = opened(qtbot)
    painted = []
    widget.painted.connect(lambda *_about: painted.append(widget.state.slice_index))
    for _ in range(5):
        wheel(widget, -120)
    assert painted == []
    qtbot.waitUntil(lambda: bool(painted))
    qtbot.wait(20)
    assert painted == [widget.state.slice_index]


def test_parts_of_notches_add_up(qtbot) -> None:
    widget = opened(qtbot)
    start = widget.state.slice_index
    for _ in range(3):
        wheel(widget, -40)
    assert widget.state.slice_index == start + 1


def test_shift_wheel_goes_ten_slices_also_where_it_arrives_sideways(qtbot) -> None:
    widget = opened(qtbot)
    start = widget.state.slice_index
    wheel(widget, -120, Qt.KeyboardModifier.ShiftModifier)
    assert widget.state.slice_index == start + 10
    wheel(widget, 120, Qt.KeyboardModifier.ShiftModifier, sideways=True)
    assert widget.state.slice_index == start


def test_scroll_direction_can_be_turned_round(qtbot) -> None:
    widget = opened(qtbot, Settings(scroll_reversed=True))
    start = widget.state.slice_index
    wheel(widget, -120)
    assert widget.state.slice_index == start - 1


def test_ctrl_wheel_zooms_about_the_pointer(qtbot) -> None:
    widget = opened(qtbot)
    before = widget.transform.screen_to_image(170, 110)
    wheel(widget, 120, Qt.KeyboardModifier.ControlModifier, at=(170, 110))
    assert widget.transform.zoom == pytest.approx(1.2)
    # A fitted picture lies on whole pixels; leaving that moves it by half of one at most.
    assert widget.transform.image_to_screen(*before) == pytest.approx((170, 110), abs=0.5)


def test_right_drag_zooms_and_a_right_click_asks_for_the_menu(qtbot) -> None:
    widget = opened(qtbot)
    asked = []
    widget.context_requested.connect(asked.append)
    drag(widget, RIGHT, (200, 150), (200, 90))
    assert widget.transform.zoom > 1
    assert asked == []
    zoom = widget.transform.zoom
    QTest.mouseClick(widget, RIGHT, Qt.KeyboardModifier.NoModifier, QPoint(120, 80))
    assert len(asked) == 1
    assert widget.transform.zoom == zoom


def test_middle_drag_moves_the_picture_with_the_hand(qtbot) -> None:
    widget = opened(qtbot)
    widget.state.update(zoom=1.5)
    before = widget.transform.screen_to_image(200, 150)
    drag(widget, MIDDLE, (200, 150), (231, 112))
    assert widget.transform.screen_to_image(231, 112) == pytest.approx(before)


@pytest.mark.parametrize("tool", [Tool.PAN, Tool.ZOOM, Tool.SCROLL, Tool.ROTATE])
def test_the_left_button_does_what_the_tool_says(qtbot, tool) -> None:
    widget = opened(qtbot)
    view = widget.state.view
    widget.workspace.tools.choose(tool)
    drag(widget, LEFT, (150, 150), (220, 100))
    after = widget.state.view
    changed = {
        Tool.PAN: after.pan != view.pan and after.zoom == view.zoom,
        Tool.ZOOM: after.zoom > view.zoom,
        Tool.SCROLL: after.k < view.k,
        Tool.ROTATE: after.rotation == 1,
    }
    assert changed[tool]
    assert after.voi is None


def test_wheel_and_drag_scroll_agree_in_direction(qtbot) -> None:
    widget = opened(qtbot)
    start = widget.state.slice_index
    widget.workspace.tools.choose(Tool.SCROLL)
    drag(widget, LEFT, (150, 100), (150, 160))
    assert widget.state.slice_index > start


def test_scroll_first_profile(qtbot) -> None:
    widget = opened(qtbot, Settings(mouse_profile="scroll-first"))
    start = widget.state.slice_index
    drag(widget, LEFT, (150, 100), (150, 160))
    assert widget.state.slice_index > start
    drag(widget, RIGHT, (150, 100), (190, 100))
    assert widget.state.view.voi.width > 400


def test_escape_takes_a_drag_back(qtbot) -> None:
    widget = opened(qtbot)
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 150))
    move(widget, (260, 190), LEFT)
    assert widget.state.view.voi is not None
    QTest.keyClick(widget, Qt.Key.Key_Escape)
    assert widget.state.view.voi is None
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(260, 190))
    assert widget.state.view.voi is None


def test_a_drag_whose_release_was_lost_does_not_stick(qtbot) -> None:
    widget = opened(qtbot)
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 150))
    move(widget, (260, 150), LEFT)
    lost = QMouseEvent(
        QEvent.Type.MouseButtonPress,
        QPointF(100, 100),
        widget.mapToGlobal(QPointF(100, 100)),
        MIDDLE,
        MIDDLE,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, lost)
    move(widget, (140, 130), MIDDLE)
    assert widget.state.view.pan != (0, 0)
    assert widget.state.view.voi is None


def test_a_second_button_during_a_drag_changes_nothing(qtbot) -> None:
    widget = opened(qtbot)
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 150))
    slip = QMouseEvent(
        QEvent.Type.MouseButtonPress,
        QPointF(200, 150),
        widget.mapToGlobal(QPointF(200, 150)),
        MIDDLE,
        LEFT | MIDDLE,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, slip)
    move(widget, (260, 150), LEFT | MIDDLE)
    assert widget.state.view.voi.width > 400
    assert widget.state.view.pan == (0, 0)


def test_a_second_escape_resets_the_picture(qtbot) -> None:
    widget = opened(qtbot)
    widget.state.update(zoom=3.0)
    widget.workspace.tools.choose(Tool.RULER)
    QTest.keyClick(widget, Qt.Key.Key_Escape)
    assert widget.workspace.tools.tool is Tool.WINDOW
    QTest.keyClick(widget, Qt.Key.Key_Escape)
    assert widget.state.view.zoom == 3.0
    QTest.keyClick(widget, Qt.Key.Key_Escape)
    assert widget.state.view.zoom == 1.0


def test_keys_scroll(qtbot) -> None:
    widget = opened(qtbot)
    start = widget.state.slice_index
    for key, expected in (
        (Qt.Key.Key_Down, start + 1),
        (Qt.Key.Key_Up, start),
        (Qt.Key.Key_PageDown, start + 10),
        (Qt.Key.Key_PageUp, start),
        (Qt.Key.Key_End, SHAPE[0] - 1),
        (Qt.Key.Key_Home, 0),
    ):
        QTest.keyClick(widget, key)
        assert widget.state.slice_index == expected
    QTest.keyClick(widget, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert widget.state.slice_index == 10


def test_digits_take_presets_and_the_file_windows(qtbot) -> None:
    widget = opened(qtbot)
    widget.preset(7)
    assert (widget.voi.width, widget.voi.center) == (1500, -600)
    widget.preset(2)
    assert widget.voi.name == "Lung"
    widget.preset(1)
    assert (widget.voi.width, widget.voi.center) == (400, 40)
    widget.preset(0)
    assert widget.voi.width < 20000
    assert widget.voi.center == pytest.approx(20 * 1000 + 5.5 * 20 + 4.5, abs=3)


def test_the_slider_goes_to_the_slice_under_the_pointer(qtbot) -> None:
    widget = opened(qtbot)
    x = widget.width() - 5
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(x, 8))
    assert widget.state.slice_index == 0
    move(widget, (x - 60, widget.height() - 8), LEFT)
    assert widget.state.slice_index == SHAPE[0] - 1
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(x, widget.height() - 8))


def test_double_click_maximises_and_restores(qtbot) -> None:
    widget = opened(qtbot)
    workspace = widget.workspace
    workspace.set_layout(1, 2)
    QTest.mouseDClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 150))
    assert workspace.maximised
    QTest.mouseDClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 150))
    assert not workspace.maximised


def test_a_press_makes_the_viewport_active(qtbot) -> None:
    widget = opened(qtbot)
    widget.workspace.set_layout(1, 2)
    widget.workspace.set_active(1)
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, 150))
    assert widget.workspace.active == 0
    assert widget.is_active


def entering(mime) -> QDragEnterEvent:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PySide6's versions differ in which form is the old one
        return QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier)


def test_a_series_dropped_on_the_viewport_is_shown(qtbot) -> None:
    widget = opened(qtbot)
    other = make_study(widget.workspace, numbered_volume((3, 8, 8)), stack_id="stack-2")
    mime = QMimeData()
    mime.setData(STACK_MIME, b"stack-2")
    enter = entering(mime)
    widget.dragEnterEvent(enter)
    assert enter.isAccepted()
    assert widget.drop_hovers
    drop = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    widget.dropEvent(drop)
    assert widget.state.stack is other[2]
    assert not widget.drop_hovers


def test_files_dropped_are_left_to_the_window(qtbot) -> None:
    widget = opened(qtbot)
    mime = QMimeData()
    mime.setUrls(["file:///nowhere"])
    enter = entering(mime)
    widget.dragEnterEvent(enter)
    assert not enter.isAccepted()


def test_cursors_tell_the_tool(qtbot) -> None:
    widget = opened(qtbot)
    seen = set()
    for tool in Tool:
        widget.workspace.tools.choose(tool)
        cursor = widget.cursor()
        image = cursor.pixmap().toImage()
        seen.add((cursor.shape(), b"" if image.isNull() else bytes(image.constBits())))
    assert len(seen) >= 6  # both tools that make marks have the cross


def test_the_loader_is_told_where_the_reader_looks(qtbot) -> None:
    widget = opened(qtbot)
    widget.repaint()
    wheel(widget, -120)
    assert widget.workspace.loader.focus[-1] == ("stack-1", 0, widget.state.view.k)
