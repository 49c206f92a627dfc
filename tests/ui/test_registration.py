"""Series of two frames of reference brought together, as a reader does it: by an object, by medview, by hand; accepted, undone, saved."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from medview.app.fusion import exchange, fuse
from medview.core.registration import IDENTITY, Registered, RegisteredImages, RegistrationObject, by_hand
from medview.ui.fusion_menu import choose
from medview.ui.fusion_place import FusionPlace
from medview.ui.viewport_grid import ViewportGrid
from tests.ui.test_colours_and_fusion import HOT, ct_and_pet
from tests.ui.test_linked_viewports import stack_of, views, z_of
from tests.ui.test_viewport_picture import mark_codes
from tests.ui.test_viewport_reading import wheel
from tests.ui.viewport_doubles import make_workspace, open_viewport

LEFT = Qt.MouseButton.LeftButton
ALT_SHIFT = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
OFFSET = (12.0, -8.0, 16.0)
"""By how much the PET's own space lies elsewhere than the CT's."""


def registration(way, space="9.9", own="1.5", patient=("P-17", "DOE^JANE"), name="reg.dcm") -> RegistrationObject:
    images = (RegisteredImages(space, frozenset(), way),)
    return RegistrationObject(name, "1.2.9", "", patient, own, name, "20240101", images)


@pytest.fixture
def widget(qtbot):
    """A CT, and a PET that lies beside its true place by `OFFSET` in a space of its own."""
    origin = tuple(at - by for at, by in zip((-32.0, -32.0, -20.0), OFFSET, strict=True))
    workspace = ct_and_pet(reference="9.9", origin=origin)
    found = open_viewport(qtbot, workspace, (480, 400))
    found.state.update(k=5)
    return found


def hot_point(widget):
    """(LPS, in the CT's space) of the voxel with uptake, as it is shown."""
    fusion = widget.state.view.fusion
    return fusion.placement.points(fusion.stack.geometry.voxel_to_patient(HOT))


TRUE = (-32 + 4 * HOT[2], -32 + 4 * HOT[1], -20 + 4 * HOT[0])


def test_an_object_of_the_study_puts_the_series_in_its_place_and_is_named(widget) -> None:
    workspace = widget.workspace
    workspace.registrations.objects = (registration(by_hand(OFFSET)),)
    choose(workspace, widget.state, "pet", widget)
    assert widget.state.view.fusion.registered.name == "reg.dcm"
    assert hot_point(widget) == pytest.approx(TRUE)
    assert "fused_by_file" in mark_codes(widget)
    assert "fused_unverified" not in mark_codes(widget)
    # The very voxel under the pointer.
    widget.state.go_to_point(TRUE)
    x, y, _ = widget.shown.patient_to_image(TRUE)
    assert widget.fusing.readout(x, y).value == 6000
    # And what lies below is found under what lies on top.
    exchange(widget.state)
    assert widget.state.stack.id == "pet"
    back = widget.state.view.fusion.placement.points(TRUE)
    assert back == pytest.approx(np.array(TRUE) - OFFSET)


def test_an_object_of_another_patient_or_none_changes_nothing(widget) -> None:
    workspace = widget.workspace
    workspace.registrations.objects = (registration(by_hand(OFFSET), patient=("P-18", "DOE^JANE")),)
    choose(workspace, widget.state, "pet", widget)
    box = widget.findChild(QMessageBox, "fusionSpace")
    assert widget.state.view.fusion is None
    box.reject()


def test_it_is_moved_by_the_hand_accepted_taken_back_and_done_again(widget) -> None:
    workspace = widget.workspace
    fuse(widget.state, workspace.studies, "pet", knowingly=True)
    assert "fused_unverified" in mark_codes(widget)
    start, end = QPoint(200, 200), QPoint(240, 170)
    scale = widget.transform.scale
    QTest.mousePress(widget, LEFT, ALT_SHIFT, start)
    for at in (QPoint(220, 180), end):
        QTest.mouseMove(widget, at)
    QTest.mouseRelease(widget, LEFT, ALT_SHIFT, end)
    moved = widget.state.view.fusion.shift_mm
    assert moved == pytest.approx((40 / scale, -30 / scale, 0), abs=0.11)
    assert "fused_shifted" in mark_codes(widget)
    registrations = workspace.registrations
    registrations.accept(widget.state)
    fusion = widget.state.view.fusion
    assert (fusion.shift_mm, fusion.registered.by, fusion.unverified) == ((0.0, 0.0, 0.0), "reader", False)
    assert fusion.placement.points((0, 0, 0)) == pytest.approx(moved)
    assert "fused_by_reader" in mark_codes(widget)
    workspace.history.undo()
    assert widget.state.view.fusion.shift_mm == moved
    workspace.history.undo()
    assert widget.state.view.fusion.placement is IDENTITY or widget.state.view.fusion.placement.is_identity
    assert widget.state.view.fusion.unverified
    workspace.history.redo()
    assert widget.state.view.fusion.shift_mm == moved


def test_what_medview_finds_is_marked_until_it_is_accepted_and_not_written_before(widget, tmp_path) -> None:
    workspace = widget.workspace
    fuse(widget.state, workspace.studies, "pet", knowingly=True)
    found = Registered(by_hand(OFFSET), "medview", "medview", sure=False)
    workspace.registrations.put(widget.state, registered=found, unverified=False)
    assert "fused_unsure" in mark_codes(widget)
    workspace.registrations.save(widget.state, str(tmp_path / "reg.dcm"))
    assert workspace.notices[-1].code == "registration_unsure"
    workspace.registrations.reject(widget.state)
    assert "fused_unverified" in mark_codes(widget)
    workspace.history.undo()
    workspace.registrations.accept(widget.state)
    assert "fused_by_medview" in mark_codes(widget)
    assert hot_point(widget) == pytest.approx(TRUE)


def test_every_viewport_that_shows_both_shows_them_in_the_same_place(widget) -> None:
    workspace = widget.workspace
    workspace.grow_viewports(3)
    first, second, other = workspace.all_viewports[:3]
    second.restore(first.view)
    other.restore(first.view)
    for state in (first, second):
        fuse(state, workspace.studies, "pet", knowingly=True)
    second.set_plane("coronal")
    workspace.registrations.put(first, shift_mm=(1.0, 2.0, 3.0))
    assert second.view.fusion.shift_mm == (1.0, 2.0, 3.0)
    assert other.view.fusion is None
    workspace.history.undo()
    assert second.view.fusion.shift_mm == (0.0, 0.0, 0.0)


def test_the_panel_turns_about_the_middle_and_lists_who_says_where_it_lies(qtbot, widget) -> None:
    workspace = widget.workspace
    workspace.registrations.objects = (registration(by_hand(OFFSET)),)
    ran: list[str] = []

    class ShellDouble:
        def run_command(self, command: str) -> None:
            ran.append(command)

    place = FusionPlace(workspace, ShellDouble())
    qtbot.addWidget(place)
    choose(workspace, widget.state, "pet", widget)
    place.refresh()
    assert [place.place.itemText(at) for at in range(place.place.count())] == [
        "Its own files (another space)",
        "reg.dcm",
    ]
    assert place.place.currentIndex() == 1
    assert not place.buttons["fusion.accept"].isEnabled()
    assert place.buttons["fusion.save_place"].isEnabled()
    middle = np.array(widget.state.view.fusion.stack.geometry.bounds.mean(axis=0)) + OFFSET
    place.turn[2].setValue(90)
    fusion = widget.state.view.fusion
    assert fusion.placement.points(middle - OFFSET) == pytest.approx(middle)
    assert fusion.placement.directions((1, 0, 0)) == pytest.approx((0, 1, 0))
    place.refresh()
    assert place.buttons["fusion.accept"].isEnabled()
    place.buttons["fusion.register"].click()
    assert ran == ["fusion.register"]
    place.place.setCurrentIndex(0)
    place.place.activated.emit(0)
    assert widget.state.view.fusion.unverified
    assert widget.state.view.fusion.placement.is_identity


def test_viewports_of_registered_spaces_scroll_together_and_say_by_what(qtbot) -> None:
    workspace = make_workspace()
    first = stack_of(workspace, "a", (-12.0, -12.0, -20.0), (2.0, 1.0, 1.0))
    second = stack_of(workspace, "b", (-12.0, -12.0, 80.0), (5.0, 2.0, 2.0), reference="9.9")
    workspace.layout = (1, 2)
    workspace.grow_viewports(2)
    workspace.viewports[0].show(*first)
    workspace.viewports[1].show(*second)
    grid = ViewportGrid(workspace)
    qtbot.addWidget(grid)
    grid.resize(800, 420)
    with qtbot.waitExposed(grid):
        grid.show()
    grid.workspace = workspace
    a, b = views(grid)
    before = b.view.k
    a.go_to_index(0)
    assert b.view.k == before
    assert not workspace.links.is_linked(0)
    workspace.registrations.objects = (registration(by_hand((0, 0, -100))),)
    workspace.registrations.refresh_found()
    for _ in range(9):
        wheel(grid.frames[0].viewport, -120)
        assert abs(z_of(b) - 100 - z_of(a)) <= 2.5
    assert workspace.links.registered_by(0) == "reg.dcm"
    assert "linked_registered" in mark_codes(grid.frames[0].viewport)
    # What is pointed at in the one is pointed at in the other.
    workspace.links.point_at(0, 5.0, 5.0)
    here = a.shown().image_to_patient(5.0, 5.0)
    assert workspace.links.crosshair_in(b) == pytest.approx(np.add(here, (0, 0, 100)))


@pytest.mark.timeout(180)
def test_what_was_accepted_is_there_again_next_time_and_gone_when_taken_back(qtbot, tmp_path) -> None:
    from medview.app.kept_registrations import folder_of
    from tests.app.test_registrations import two_series
    from tests.ui.small_study import close_desk, open_desk, open_study

    two_series(tmp_path)

    def opened():
        desk = open_desk(qtbot)
        open_study(qtbot, desk, tmp_path)
        stacks = {
            stack.geometry.frame_of_reference: stack
            for study in desk.workspace.studies
            for series in study.series
            for stack in series.stacks
        }
        desk.workspace.show_stack(stacks["1.2.3.0"])
        return desk, stacks["1.2.3.1"]

    folder = folder_of(("PHANTOM", "PHANTOM^Marker"))
    desk, over = opened()
    try:
        workspace, state = desk.workspace, desk.workspace.active_viewport
        fuse(state, workspace.studies, over.id, knowingly=True)
        workspace.registrations.put(state, shift_mm=(4.0, 5.0, 6.0))
        workspace.registrations.accept(state)
        qtbot.waitUntil(lambda: len(list(folder.glob("*.dcm"))) == 1, timeout=60_000)
    finally:
        close_desk(qtbot, desk)
    desk, over = opened()
    try:
        workspace, state = desk.workspace, desk.workspace.active_viewport
        qtbot.waitUntil(lambda: workspace.registrations.best(state, over.id) is not None, timeout=60_000)
        known = workspace.registrations.best(state, over.id)
        assert (known.by, known.sure) == ("reader", True)
        assert known.placement.points((0, 0, 0)) == pytest.approx((4, 5, 6))
        fuse(state, workspace.studies, over.id, registered=known)
        workspace.registrations.put(state, turn_deg=(0.0, 0.0, 2.0))
        workspace.registrations.reject(state)
        assert state.view.fusion.unverified
        qtbot.waitUntil(lambda: not list(folder.glob("*.dcm")), timeout=60_000)
        assert workspace.registrations.best(state, over.id) is None
    finally:
        close_desk(qtbot, desk)
