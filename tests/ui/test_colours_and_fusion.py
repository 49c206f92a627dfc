"""Colour maps and a second series on top, as a reader uses them: keys, menu, wheel, drags, drops, the panel."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox

from medview.app.colour_maps import choose_map, map_id_of
from medview.app.fusion import change_fusion, exchange, fuse, keep_up, step_opacity
from medview.app.tools import Tool
from medview.app.value_bar import Bar
from medview.core.colour_map import built_in_map
from medview.core.geometry import Geometry
from medview.core.measurement import Measurement
from medview.core.problem import MedviewError
from medview.core.study import SeriesContext
from medview.core.uptake import sphere_shares
from medview.core.value_scale import ValueScale
from medview.core.volume import ModalityTransform
from medview.core.window import Window
from medview.ui.colour_bar import bar_rects
from medview.ui.colour_choice import take_colour_map
from medview.ui.corner_text import mark_text
from medview.ui.fusion_menu import candidates, fill_fusion_menu, show_fusion_menu
from medview.ui.measurement_items import measured_lines
from medview.ui.series_panel import STACK_MIME
from tests.ui.small_study import open_desk
from tests.ui.test_viewport_picture import mark_codes, pixels
from tests.ui.test_viewport_reading import move
from tests.ui.viewport_doubles import OneFrame, make_study, make_workspace, open_viewport, whole_picture

NONE, CTRL, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
SUV = (ValueScale("suv_bw", "SUVbw", "g/ml", (0.001,), by_default=True),)
SHAPE = (10, 40, 40)
PET_SHAPE = (12, 16, 16)
HOT = (5, 8, 6)
"""(k, j, i) of the one voxel with uptake."""


def ct_and_pet(reference="1.5", patient_id="P-17", origin=(-32.0, -32.0, -20.0)):
    """A CT of 1.5 mm in the middle of a PET of 4 mm with one hot voxel of SUV 6."""
    workspace = make_workspace()
    below = Geometry.from_directions(SHAPE, (-30, -30, -10), (1, 0, 0), (0, 1, 0), (2.0, 1.5, 1.5), "1.5")
    above = Geometry.from_directions(PET_SHAPE, origin, (1, 0, 0), (0, 1, 0), (4.0, 4.0, 4.0), reference)
    ct = make_study(workspace, np.full(SHAPE, 1064, np.int16), below, stack_id="ct")
    uptake = np.full(PET_SHAPE, 1000, np.int16)
    uptake[HOT] = 6000
    make_study(
        workspace,
        uptake,
        above,
        stack_id="pet",
        patient_id=patient_id,
        transform=ModalityTransform(),
        unit="Bq/ml",
        scales=SUV,
        vois=((),),
        context=SeriesContext(modality="PT", description="WB AC"),
    )
    workspace.viewports[0].show(*ct)
    return workspace


@pytest.fixture
def widget(qtbot):
    """The CT in a viewport, with the PET beside it."""
    workspace = ct_and_pet()
    found = open_viewport(qtbot, workspace, (480, 400))
    found.state.update(k=5)
    return found


def drop(widget, stack_id: str, modifiers) -> None:
    mime = QMimeData()
    mime.setData(STACK_MIME, stack_id.encode())
    # Qt sends a drop only after an enter, and only its own drag loop can: the widget's own answer to it is asked for.
    widget.dropEvent(
        QDropEvent(QPointF(100, 100), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, modifiers)
    )


def turn_wheel(widget, delta: int, modifiers) -> None:
    at = QPointF(widget.width() / 2, widget.height() / 2)
    # Alt turns the wheel sideways on some systems.
    angle = QPoint(delta, 0) if modifiers == ALT else QPoint(0, delta)
    phase = Qt.ScrollPhase.NoScrollPhase
    QApplication.sendEvent(
        widget,
        QWheelEvent(
            at,
            widget.mapToGlobal(at),
            QPoint(),
            angle,
            Qt.MouseButton.NoButton,
            modifiers,
            phase,
            False,
        ),
    )


def place_of_hot(widget) -> QPoint:
    point = Geometry.from_directions(PET_SHAPE, (-32, -32, -20), (1, 0, 0), (0, 1, 0), (4.0, 4.0, 4.0))
    x, y, _distance = widget.shown.patient_to_image(point.voxel_to_patient(HOT))
    return QPoint(*(round(at) for at in widget.transform.image_to_screen(x, y)))


# ---------------------------------------------------------------------- colour maps


def test_a_map_colours_the_picture_and_its_bar_tells_the_values(widget) -> None:
    table = built_in_map("hot-iron").table
    assert not widget.colours.bars()
    choose_map(widget.state, "hot-iron")
    screen = pixels(widget.grab().toImage())
    voi = widget.voi
    grey = round((40 - voi.ramp[0]) / (voi.ramp[1] - voi.ramp[0]) * 255)
    assert screen[150, 150, :3].tolist() == table[grey].tolist()
    (bar,) = widget.colours.bars()
    assert bar.unit == "HU"
    ticks = bar.ticks()
    assert [text for _, text in ticks] == ["\u2212100", "0", "100", "200"]
    share = {text: at for at, text in ticks}["100"]
    assert share == pytest.approx((100 - voi.ramp[0]) / (voi.ramp[1] - voi.ramp[0]))
    (rect,) = bar_rects((480, 400), 1)
    y = round(rect.bottom() - 0.6 * rect.height())
    assert np.abs(screen[y, round(rect.center().x()), :3].astype(int) - table[round(0.6 * 255)]).max() < 12
    widget.state.update(show_bar=False)
    assert not widget.colours.bars()
    choose_map(widget.state, "grey")
    widget.state.update(show_bar=True)
    assert np.array_equal(widget.colours.bars()[0].table, built_in_map("grey").table)


def test_a_bar_follows_inversion_and_tells_suv() -> None:
    table = built_in_map("pet").table
    bar = Bar(table, Window(3500, 7000, "LINEAR_EXACT"), True, "g/ml", 0.001)
    assert np.array_equal(bar.colours()[[0, -1]], table[[255, 0]])
    assert [text for _, text in bar.ticks()] == ["0", "2", "4", "6"]


def test_pet_is_dark_on_white_until_the_reader_says_otherwise(qtbot) -> None:
    workspace = ct_and_pet()
    state = workspace.viewports[0]
    study = workspace.studies[1]
    state.show(study, study.series[0], study.series[0].stacks[0])
    widget = open_viewport(qtbot, workspace)
    assert map_id_of(state.view) == "inverted-grey"
    assert widget.inverted
    state.update(invert=True)
    assert not widget.inverted
    choose_map(state, "pet")
    assert not widget.inverted
    assert np.array_equal(widget.colours.table, built_in_map("pet").table)
    widget.preset(3)  # a preset changes the window, the reader's colours stay
    assert map_id_of(state.view) == "pet"


def test_maps_by_key_by_the_panel_and_from_a_file(qtbot, reading_desk, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path / "home"))
    window, workspace = reading_desk.window, reading_desk.workspace
    viewport = window.grid.active_frame().viewport
    viewport.setFocus()
    state = workspace.active_viewport
    QTest.keyClick(viewport, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    assert map_id_of(state.view) == "inverted-grey"
    QTest.keyClick(viewport, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    assert map_id_of(state.view) == "hot-iron"
    assert viewport.colours.shows_bar
    window.actions_["colour_map.rainbow"].trigger()
    assert window.actions_["colour_map.rainbow"].isChecked()
    path = tmp_path / "violet.csv"
    path.write_text("0,0,0\n200,0,255\n")
    assert take_colour_map(workspace, str(path))
    assert map_id_of(state.view) == "file:violet"
    path.write_text("0,0,0\n200,0\n")
    assert not take_colour_map(workspace, str(path))
    assert workspace.notices[-1].code == "bad_colour_map"
    assert "line 2" in workspace.notices[-1].text
    window.show_tab(2)
    panel = window.right_panel.page(2)
    qtbot.waitUntil(lambda: panel.colours.currentData() == "file:violet", timeout=20_000)
    panel.colours.setCurrentIndex(panel.colours.findData("viridis"))
    panel.colours.activated.emit(panel.colours.currentIndex())
    assert map_id_of(state.view) == "viridis"
    QTest.keyClick(viewport, Qt.Key.Key_Backspace)
    assert map_id_of(state.view) == "grey"


# ---------------------------------------------------------------------- fusion


@pytest.mark.parametrize("modifiers", [CTRL, ALT, Qt.KeyboardModifier.ShiftModifier])
def test_a_thumbnail_dropped_with_a_key_held_lies_on_top(widget, modifiers) -> None:
    drop(widget, "pet", modifiers)
    assert widget.state.stack.id == "ct"
    assert widget.state.view.fusion.stack.id == "pet"
    assert "fused" in mark_codes(widget)


def test_without_a_key_it_takes_the_place(widget) -> None:
    drop(widget, "pet", NONE)
    assert widget.state.stack.id == "pet"
    assert widget.state.view.fusion is None


@pytest.mark.parametrize("kind", ["acquired", "coronal", "sagittal"])
def test_the_hot_voxel_lies_at_its_place_in_every_cut(widget, kind) -> None:
    fuse(widget.state, widget.workspace.studies, "pet")
    change_fusion(widget.state, fade=False, opacity=1.0)
    widget.state.set_plane(kind)
    hot = widget.fusing.volume.geometry.voxel_to_patient(HOT)
    widget.state.go_to_point(tuple(float(at) for at in hot))
    at = place_of_hot(widget)
    screen = pixels(widget.grab().toImage())
    table = built_in_map("hot-iron").table
    brightness = screen[..., :3].astype(int).sum(axis=2)
    here = brightness[at.y() - 2 : at.y() + 3, at.x() - 2 : at.x() + 3]
    assert here.min() > 1.5 * int(table[round(255 / 7)].astype(int).sum())
    far = screen[at.y() + 60, at.x() + 60, :3]
    assert np.abs(far.astype(int) - table[round(1 / 7 * 255)]).max() <= 2  # SUV 1 of a window of 0 to 7


def test_the_readout_tells_both_values_with_their_units(widget) -> None:
    fuse(widget.state, widget.workspace.studies, "pet")
    move(widget, place_of_hot(widget).toTuple())
    words = widget.told.words
    assert words.startswith("40 HU    PT SUVbw 6 g/ml   6000 Bq/ml")
    assert words.endswith("mm")
    change_fusion(widget.state, shift_mm=(4.0, 0.0, 0.0))
    widget.tell_readout()
    assert "SUVbw 1 g/ml" in widget.told.words
    assert "fused_shifted" in mark_codes(widget)


def test_wheel_and_drags_change_opacity_window_and_line(widget) -> None:
    fuse(widget.state, widget.workspace.studies, "pet")
    k = widget.state.view.k
    turn_wheel(widget, 120, ALT)
    assert widget.state.view.fusion.opacity == 0.6
    turn_wheel(widget, -120, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert widget.state.view.fusion.opacity == 0.5
    assert widget.state.view.k == k
    assert widget.state.view.zoom == 1.0
    below = widget.voi
    before = widget.fusing.window
    assert before.ramp[1] == pytest.approx(7000)
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, CTRL, QPoint(200, 200))
    QTest.mouseMove(widget, QPoint(260, 200))
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, CTRL, QPoint(260, 200))
    assert widget.fusing.window.width > 1.3 * before.width
    assert widget.voi == below
    change_fusion(widget.state, mode="swipe")
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, NONE, QPoint(241, 100))
    QTest.mouseMove(widget, QPoint(120, 100))
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, NONE, QPoint(120, 100))
    assert widget.state.view.fusion.swipe == pytest.approx(0.25)
    assert widget.voi == below
    picture = pixels(widget.grab().toImage())
    assert np.ptp(picture[150, 100, :3]) == 0  # left of the line the CT alone
    assert np.ptp(picture[150, 300, :3].astype(int)) > 20


def test_another_frame_of_reference_is_refused_and_only_overridden_knowingly(qtbot) -> None:
    workspace = ct_and_pet(reference="1.9")
    widget = open_viewport(qtbot, workspace, (480, 400))
    drop(widget, "pet", CTRL)
    assert widget.state.view.fusion is None
    assert workspace.notices[-1].code == "fusion_other_space"
    menu = QMenu(widget)
    fill_fusion_menu(menu, workspace, widget.state, widget)
    (action,) = [one for one in menu.actions() if one.data() == "pet"]
    assert "other frame of reference" in action.text()
    action.trigger()
    box = widget.window().findChild(QMessageBox, "fusionSpace")
    QTest.mouseClick(box.button(QMessageBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    assert widget.state.view.fusion is None
    action.trigger()
    box = next(one for one in widget.window().findChildren(QMessageBox, "fusionSpace") if one.isVisible())
    (over,) = [one for one in box.buttons() if box.buttonRole(one) == QMessageBox.ButtonRole.AcceptRole]
    QTest.mouseClick(over, Qt.MouseButton.LeftButton)
    assert widget.state.view.fusion.unverified
    (mark,) = [one for one in widget._painting.marks(widget.volume) if one.code == "fused_unverified"]
    assert mark.severity == "danger"
    assert "not verified" in mark_text(mark)


def test_two_patients_and_no_place_are_never_laid_over_each_other() -> None:
    workspace = ct_and_pet(patient_id="P-18")
    with pytest.raises(MedviewError) as caught:
        fuse(workspace.viewports[0], workspace.studies, "pet", knowingly=True)
    assert caught.value.code == "fusion_other_patient"
    assert candidates(workspace, workspace.viewports[0]) == []
    workspace = ct_and_pet()
    make_study(workspace, np.zeros((3, 8, 8), np.int16), None, stack_id="flat")
    with pytest.raises(MedviewError) as caught:
        fuse(workspace.viewports[0], workspace.studies, "flat", knowingly=True)
    assert caught.value.code == "fusion_no_place"
    with pytest.raises(MedviewError) as caught:
        fuse(workspace.viewports[0], workspace.studies, "ct")
    assert caught.value.code == "fusion_same"


def test_what_is_closed_is_not_on_top_any_more_and_exchanging_keeps_the_place(widget) -> None:
    workspace, state = widget.workspace, widget.state
    fuse(state, workspace.studies, "pet")
    middle = state.shown().image_to_patient(20, 20)
    exchange(state)
    assert (state.stack.id, state.view.fusion.stack.id) == ("pet", "ct")
    assert abs(float(state.shown().image_to_patient(0, 0)[2]) - float(middle[2])) <= 2.0
    widget.grab()
    assert "fused" in mark_codes(widget)
    exchange(state)
    step_opacity(state, 100)
    assert state.view.fusion.opacity == 1.0
    keep_up(workspace.viewports, workspace.studies[:1])
    assert state.view.fusion is None
    assert widget.fusing.volume is None


def test_time_goes_on_in_both_series(qtbot) -> None:
    workspace = make_workspace()
    geometry = Geometry.from_directions(SHAPE, (-30, -30, -10), (1, 0, 0), (0, 1, 0), (2.0, 1.5, 1.5), "1.5")
    for name in ("ct", "pet", "still"):
        count = 1 if name == "still" else 3
        values = {"timepoints": count, "frames": tuple(OneFrame(f"1.{n}") for n in range(count * SHAPE[0]))}
        make_study(workspace, np.full(SHAPE, 1064, np.int16), geometry, stack_id=name, **values)
    study = workspace.studies[0]
    workspace.viewports[0].show(study, study.series[0], study.series[0].stacks[0])
    widget = open_viewport(qtbot, workspace)
    fuse(widget.state, workspace.studies, "pet")
    widget.state.update(time=2)
    assert widget.state.view.fusion.time == 2
    fuse(widget.state, workspace.studies, "still")
    widget.state.update(time=1)
    assert widget.state.view.fusion.time == 0


def test_slices_that_are_not_there_yet_are_said_and_appear(widget) -> None:
    workspace = widget.workspace
    volume = workspace.loader.volumes["pet", 0]
    volume.states[:] = 0
    fuse(widget.state, workspace.studies, "pet")
    plain = whole_picture(widget)
    assert "fused_incomplete" in mark_codes(widget)
    assert widget.fusing.drawn() is None or not widget.fusing.drawn().sample.coverage.any()
    for k in range(PET_SHAPE[0]):
        workspace.loader.load(workspace.studies[1].series[0].stacks[0], k)
    assert "fused_incomplete" not in mark_codes(widget)
    assert widget.fusing.drawn().sample.coverage.all()
    assert plain.shape == whole_picture(widget).shape


def test_the_panel_sets_what_lies_on_top(qtbot) -> None:
    desk = open_desk(qtbot)
    try:
        from medview.ui.fusion_panel import FusionPanel

        workspace = ct_and_pet()
        widget = open_viewport(qtbot, workspace, (480, 400))

        class ShellDouble:
            def viewport(self):
                return widget

        panel = FusionPanel(workspace, ShellDouble())
        qtbot.addWidget(panel)
        panel.refresh()
        assert not panel.body.isVisibleTo(panel)
        fuse(widget.state, workspace.studies, "pet")
        panel.refresh()
        assert panel.body.isVisibleTo(panel)
        assert (panel.low.value(), panel.high.value()) == pytest.approx((0, 7))
        assert panel.high.suffix() == " g/ml"
        panel.high.setValue(5)
        assert widget.fusing.window.ramp == pytest.approx((0, 5000))
        panel.opacity.setValue(80)
        assert widget.state.view.fusion.opacity == 0.8
        panel.place.shift[2].setValue(-3.5)
        assert widget.state.view.fusion.shift_mm == (0.0, 0.0, -3.5)
        panel.mode.setCurrentIndex(2)
        panel.mode.activated.emit(2)
        assert widget.state.view.fusion.mode == "checkerboard"
        panel.refresh()
        assert not panel.opacity.isEnabled()
        panel.shown.setChecked(False)
        assert not widget.state.view.fusion.visible
        assert "fused_hidden" in mark_codes(widget)
    finally:
        from tests.ui.small_study import close_desk

        close_desk(qtbot, desk)


def test_the_menu_lists_what_can_be_laid_over(qtbot, reading_desk) -> None:
    window, workspace = reading_desk.window, reading_desk.workspace
    fusion = window.menus["image"].findChild(QMenu, "fusion")
    listed = fusion.actions()[0].menu()
    listed.aboutToShow.emit()
    shown = workspace.active_viewport.stack
    (other,) = [one for one in listed.actions() if one.data() is not None and one.data() != shown.id]
    wanted = other.data()
    other.trigger()  # of another frame of reference: asked about first
    box = window.findChild(QMessageBox, "fusionSpace")
    (over,) = [one for one in box.buttons() if box.buttonRole(one) == QMessageBox.ButtonRole.AcceptRole]
    QTest.mouseClick(over, Qt.MouseButton.LeftButton)
    assert workspace.active_viewport.view.fusion.stack.id == wanted
    listed.aboutToShow.emit()
    (chosen,) = [one for one in listed.actions() if one.isChecked()]
    assert chosen.data() == wanted
    viewport = window.grid.active_frame().viewport
    window.activateWindow()
    qtbot.waitUntil(lambda: window.isActiveWindow() and window.actions_["fusion.mode"].isEnabled(), timeout=20_000)
    viewport.setFocus()
    for mode in ("swipe", "checkerboard", "blend"):
        QTest.keyClick(viewport, Qt.Key.Key_G, ALT)
        assert workspace.active_viewport.view.fusion.mode == mode
    QTest.keyClick(viewport, Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
    assert not workspace.active_viewport.view.fusion.visible
    QTest.keyClick(viewport, Qt.Key.Key_Up, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert workspace.active_viewport.view.fusion.opacity == 0.6
    window.actions_["fusion.remove"].trigger()
    assert workspace.active_viewport.view.fusion is None


# ---------------------------------------------------------------------- windows, lines, time


def graded(qtbot):
    """CT whose HU grow to the right, 10 a column, with padding in one corner."""
    workspace = make_workspace()
    geometry = Geometry.from_directions((3, 40, 40), (0, 0, 0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 1.0), "1.5")
    stored = np.broadcast_to(1024 + 10 * np.arange(40), (3, 40, 40)).astype(np.int16).copy()
    stored[:, :20, :10] = -2000
    workspace.viewports[0].show(*make_study(workspace, stored, geometry, padding=(-2000, -2000)))
    return open_viewport(qtbot, workspace, (400, 400))


def drag(widget, start, end, modifiers=NONE) -> None:
    a, b = (QPoint(*(round(at) for at in widget.transform.image_to_screen(*point))) for point in (start, end))
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, modifiers, a)
    QTest.mouseMove(widget, QPoint((a.x() + b.x()) // 2, (a.y() + b.y()) // 2))
    QTest.mouseMove(widget, b)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, modifiers, b)


@pytest.mark.parametrize("how", ["shift", "tool"])
def test_a_box_windows_to_its_own_values(qtbot, how) -> None:
    widget = graded(qtbot)
    if how == "tool":
        widget.workspace.tools.choose(Tool.WINDOW_BOX)
    drag(widget, (4.6, 4.6), (30.4, 30.4), NONE if how == "tool" else Qt.KeyboardModifier.ShiftModifier)
    columns = np.repeat(np.arange(5, 31)[None], 26, axis=0)
    rows = np.repeat(np.arange(5, 31)[:, None], 26, axis=1)
    values = (columns * 10)[~((rows < 20) & (columns < 10))]
    low, high = np.percentile(values, (1, 99))
    assert widget.voi.ramp == pytest.approx((low, high))
    assert widget.colours.box is None
    before = widget.voi
    drag(widget, (10.0, 10.0), (10.1, 10.1), NONE if how == "tool" else Qt.KeyboardModifier.ShiftModifier)
    assert widget.voi == before  # a slip changes nothing


def test_a_sigmoid_keeps_centre_and_width(qtbot) -> None:
    widget = graded(qtbot)
    window = widget.voi
    widget.colours.toggle_sigmoid()
    assert (widget.voi.center, widget.voi.width, widget.voi.function) == (window.center, window.width, "SIGMOID")
    x, y = widget.transform.image_to_screen(30, 30)
    grey = pixels(widget.grab().toImage())[round(y), round(x), 0]
    expected = 255 / (1 + np.exp(-4 * (300 - window.center) / window.width))
    assert abs(int(grey) - expected) <= 2
    widget.colours.toggle_sigmoid()
    assert widget.voi.function == "LINEAR"


def test_values_along_a_ruler_follow_it(qtbot) -> None:
    from medview.ui.plot_dialog import ProfileDialog

    widget = graded(qtbot)
    widget.workspace.tools.choose(Tool.RULER)
    drag(widget, (12.0, 30.0), (32.0, 30.0))
    dialog = ProfileDialog(widget.workspace, widget)
    dialog.show()
    dialog.show_line(widget)
    ((name, unit, distance, values),) = dialog.curves
    assert (name, unit, dialog.unit) == ("CT", "HU", "mm")
    assert distance[-1] == pytest.approx(20, abs=0.2)
    assert np.diff(values) / np.diff(distance) == pytest.approx(10)
    lines = dialog.table().splitlines()
    assert lines[0] == "distance [mm],CT [HU]"
    assert len(lines) == len(values) + 1
    dialog.copy_table()
    assert QApplication.clipboard().text() == dialog.table()
    drag(widget, (32.0, 30.0), (22.0, 30.0))
    assert dialog.curves[0][2][-1] == pytest.approx(10, abs=0.3)
    dialog.close()


@pytest.mark.parametrize("kind", ["profile", "region", "curve", "uptake"])
def test_numbers_of_images_say_whose_they_are_and_go_with_them(qtbot, kind) -> None:
    from medview.ui.plot_dialog import CurveDialog, ProfileDialog
    from medview.ui.region_dialog import RegionDialog
    from medview.ui.uptake_dialog import UptakeDialog

    workspace = ct_and_pet() if kind == "uptake" else make_workspace()
    if kind != "uptake":
        shape = (3, 40, 40)
        geometry = Geometry.from_directions(shape, (0, 0, 0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 1.0), "1.5")
        more = {"timepoints": 2, "frames": tuple(OneFrame(f"1.2.{n}") for n in range(6))} if kind == "curve" else {}
        workspace.read_frame = lambda source: np.full((40, 40), 1024, np.int16)
        workspace.viewports[0].show(*make_study(workspace, np.full(shape, 1024, np.int16), geometry, **more))
    widget = open_viewport(qtbot, workspace, (400, 400))
    if kind == "uptake":
        fuse(widget.state, workspace.studies, "pet")
    make = {"profile": ProfileDialog, "region": RegionDialog, "curve": CurveDialog, "uptake": UptakeDialog}[kind]
    points = ((10.0, 10.0), (20.0, 20.0))
    mark = Measurement("m1", "ruler" if kind == "profile" else "ellipse", widget.place(), points)
    workspace.measurements.add(mark)
    widget.select_mark("m1")
    dialog = make(workspace, widget)
    plain = dialog.windowTitle()
    dialog.show()
    getattr(dialog, {"profile": "show_line", "curve": "show_regions"}.get(kind, "show_region"))(widget)
    assert "Doe" in dialog.windowTitle() or "DOE" in dialog.windowTitle()
    assert "Thorax" in dialog.windowTitle()
    for study in workspace.studies:
        workspace.close_study(study)
    workspace.jobs.run_all()  # curves that were being read come too late
    assert not dialog.isVisible()
    assert dialog.windowTitle() == plain
    assert not dialog.words.text()
    assert getattr(dialog, "_source", None) is None, "it would hold the volume"
    dialog.close()


def test_regions_over_time_are_read_in_the_background(qtbot) -> None:
    from medview.app.time_curve import can_be_followed
    from medview.ui.plot_dialog import CurveDialog

    workspace = make_workspace()
    geometry = Geometry.from_directions((3, 40, 40), (0, 0, 0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 1.0), "1.5")
    frames = tuple(OneFrame(f"1.2.{n}") for n in range(12))
    study = make_study(workspace, np.full((3, 40, 40), 1024, np.int16), geometry, timepoints=4, frames=frames)
    workspace.read_frame = lambda source: np.full((40, 40), 1024 + 7 * int(source.sop_uid[4:]), np.int16)
    workspace.viewports[0].show(*study)
    widget = open_viewport(qtbot, workspace, (400, 400))
    assert can_be_followed(widget.state)
    dialog = CurveDialog(workspace, widget)
    dialog.show()
    dialog.show_regions(widget)
    assert dialog.table() == ""
    workspace.tools.choose(Tool.ELLIPSE)
    drag(widget, (10.0, 10.0), (20.0, 20.0))
    workspace.jobs.run_all()
    k = widget.state.view.k
    assert [row[0].mean for row in dialog.curves.rows] == [7 * (3 * t + k) for t in range(4)]
    assert dialog.curves.unit == "HU"
    assert len(dialog.table().splitlines()) == 5
    dialog.close()


def test_uptake_of_a_region_stands_beside_it(widget) -> None:
    fuse(widget.state, widget.workspace.studies, "pet")
    hot = widget.fusing.volume.geometry.voxel_to_patient(HOT)
    widget.state.go_to_point(tuple(float(at) for at in hot))
    x, y, _distance = widget.shown.patient_to_image(hot)
    mark = Measurement("m1", "ellipse", widget.place(), ((x - 6, y - 6), (x + 6, y + 6)))
    widget.workspace.measurements.add(mark)
    (told,) = widget.measured(widget.marks_here()[0]).uptakes
    assert (told.modality, told.label, told.unit, told.on_top) == ("PT", "SUVbw", "g/ml", True)
    assert told.uptake.maximum == pytest.approx(6.0)
    assert told.uptake.hottest == HOT
    volume = np.full(PET_SHAPE, 1.0)
    volume[HOT] = 6.0
    shares = sphere_shares((4.0, 4.0, 4.0))
    k, j, i = HOT
    around = volume[k - 2 : k + 3, j - 2 : j + 3, i - 2 : i + 3]
    assert told.uptake.peak.value == pytest.approx((around * shares).sum() / shares.sum())
    lines = measured_lines(widget.measured(widget.marks_here()[0]), picture_is_filtered=False)
    assert any(line.startswith("PT SUVbw mean") and "max 6" in line and "peak" in line for line in lines)


def test_a_ct_on_top_has_no_peak(qtbot) -> None:
    workspace = ct_and_pet()
    found = open_viewport(qtbot, workspace, (480, 400))
    pet, ct = workspace.studies[1], workspace.studies[0]
    found.state.show(pet, pet.series[0], pet.series[0].stacks[0])
    fuse(found.state, workspace.studies, ct.series[0].stacks[0].id)
    place = found.place()
    workspace.measurements.add(Measurement("m1", "ellipse", place, ((5.0, 5.0), (10.0, 10.0))))
    of_top = [told for told in found.measured(found.marks_here()[0]).uptakes if told.on_top]
    assert [(told.modality, told.uptake.peak) for told in of_top] == [("CT", None)]
    assert not any(
        "peak" in line and "CT" in line for line in measured_lines(found.measured(found.marks_here()[0]), False)
    )


def test_ctrl_f_lays_the_only_series_over_at_once_and_lists_several(widget, monkeypatch) -> None:
    monkeypatch.setattr(QMenu, "popup", lambda *_: None)  # without a screen it cannot take the keys
    workspace = widget.workspace
    assert show_fusion_menu(workspace, widget) is None
    assert widget.state.view.fusion.stack.id == "pet"
    menu = show_fusion_menu(workspace, widget)
    assert menu is not None
    assert menu.activeAction().data() == "pet", "Enter takes the first one"
    menu.close()


def test_the_volume_around_a_region_is_measured_and_drawn(widget) -> None:
    from medview.ui.uptake_dialog import UptakeDialog

    workspace = widget.workspace
    pet = workspace.loader.volumes["pet", 0]
    k, j, i = HOT
    pet.stored[k - 1 : k + 2, j : j + 2, i : i + 2] = 5000
    pet.stored[HOT] = 6000
    fuse(widget.state, workspace.studies, "pet")
    hot = pet.geometry.voxel_to_patient(HOT)
    widget.state.go_to_point(tuple(float(at) for at in hot))
    x, y, _distance = widget.shown.patient_to_image(hot)
    mark = Measurement("m1", "ellipse", widget.place(), ((x - 6, y - 6), (x + 6, y + 6)))
    workspace.measurements.add(mark)
    widget.select_mark("m1")
    dialog = UptakeDialog(workspace, widget)
    dialog.show_region(widget)
    assert dialog.found.threshold == pytest.approx(0.41 * 6)
    assert (dialog.found.uptake.count, dialog.found.millilitres) == (12, pytest.approx(12 * 0.064))
    assert dialog.found.uptake.mean == pytest.approx((11 * 5 + 6) / 12)
    assert dialog.found.total == pytest.approx(0.064 * 61)
    assert "Volume 0.768 ml" in dialog.words.text()
    dialog.rule.setCurrentIndex(4)
    dialog.measure()
    assert dialog.found.threshold == 4.0
    dialog.own.setValue(5.5)
    assert dialog.found.uptake.count == 1
    dialog.own.setValue(4.5)
    dialog.draw_it()
    (result,) = workspace.results.of("pet")
    assert int(np.count_nonzero(result.segmentation.labels)) == 12
    (layer,) = [one for one in widget.layers() if one.segmentation is result.segmentation]
    labels = layer.labels_on(widget.shown)
    assert labels[round(y), round(x)] == 1  # it lies on the CT at its place
    assert labels[round(y) - 8, round(x)] == 0


def test_cine_by_key_says_its_rate_on_the_picture(qtbot, reading_desk) -> None:
    window, workspace = reading_desk.window, reading_desk.workspace
    viewport = window.grid.active_frame().viewport
    viewport.setFocus()
    first = workspace.active_viewport.view.k
    QTest.keyClick(viewport, Qt.Key.Key_C)
    assert workspace.cine.is_playing
    assert "cine" in mark_codes(viewport)
    qtbot.waitUntil(lambda: workspace.active_viewport.view.k != first, timeout=20_000)
    rate = workspace.cine.rate
    QTest.keyClick(viewport, Qt.Key.Key_Period, ALT)
    assert workspace.cine.rate > rate
    QTest.keyClick(viewport, Qt.Key.Key_C)
    assert not workspace.cine.is_playing
    assert "cine" not in mark_codes(viewport)


def test_presets_and_monitors_are_edited_in_the_settings(qtbot) -> None:
    from medview.ui.monitor_page import MonitorPage
    from medview.ui.pattern_window import PatternWindow, screen_name
    from medview.ui.preset_page import PresetPage

    widget = graded(qtbot)
    workspace = widget.workspace
    page = PresetPage(workspace)
    qtbot.addWidget(page)
    assert page.modality.currentData() == "CT"
    assert page.table.item(0, 1).text() == "Brain"
    page.table.item(0, 3).setText("90")
    assert workspace.settings.presets["CT"][0] == ("Brain", 40.0, 90.0)
    page.table.item(0, 3).setText("wide")
    assert page.table.item(0, 3).text() == "90"
    widget.preset(3)
    assert (widget.voi.center, widget.voi.width) == (40, 90)
    page.take.click()
    assert workspace.settings.presets["CT"][-1][1:] == (40.0, 90.0)
    page.usual.click()
    assert "CT" not in workspace.settings.presets
    monitors = MonitorPage(workspace)
    qtbot.addWidget(monitors)
    assert widget.colours.tone is None
    plain = pixels(widget.grab().toImage())
    monitors.on.setChecked(True)
    name = screen_name(widget.screen())
    assert workspace.settings.displays[name] == (0.3, 250.0, 0.2, 2.2)
    tone = widget.colours.tone
    toned = pixels(widget.grab().toImage())
    x, y = (round(at) for at in widget.transform.image_to_screen(5, 30))
    assert toned[y, x, 0] == tone[plain[y, x, 0]]
    assert toned[y, x, 0] != plain[y, x, 0]
    assert "%" in monitors.verdict.text()
    pattern = PatternWindow(workspace, widget.screen(), widget)
    pattern.resize(800, 600)
    shown = pixels(pattern.image())
    left, top, width, height = pattern.pattern.patches[9]
    assert shown[top + height // 2, left + width // 2, 0] == tone[135]
    QTest.keyClick(pattern, Qt.Key.Key_C)
    assert pixels(pattern.image())[top + height // 2, left + width // 2, 0] == 135
    assert "calibration off" in pattern.words()[0]
    pattern.close()
    monitors.on.setChecked(False)
    assert workspace.settings.displays == {}
