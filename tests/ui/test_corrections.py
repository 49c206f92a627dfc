"""Segmentations drawn and corrected with the mouse: in every plane, taken back, kept stroke by stroke, saved."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from medview.app.correction import Correction
from medview.app.made_elsewhere import is_line_stale, stale_notes
from medview.app.open_paths import open_all
from medview.app.statement_files import statement_csv
from medview.app.stating import statement_maker
from medview.app.tools import Tool
from medview.app.visual_report import report_html
from medview.core.finding import InferenceResult, Label, Provenance, Segmentation
from medview.core.volume_digest import volume_sha256
from medview.dicom.seg_write import write_segmentation_object
from medview.kernels.connected import connected_parts
from medview.store.results import keep_result
from medview.ui.application import Desk
from medview.ui.findings_panel import FindingsPanel
from medview.ui.right_panel import FINDINGS, LEAST_WIDTH
from medview.ui.theme import DARK, LIGHT
from medview.ui.viewport import ViewportWidget
from tests.ui.small_study import BALL, active, close_desk
from tests.ui.test_decisions import press, result_on
from tests.ui.test_kept_marks import kept, opened

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


def at(viewport: ViewportWidget, x: float, y: float) -> QPoint:
    """Where image (x, y) is on the screen."""
    return QPointF(*viewport.transform.image_to_screen(x, y)).toPoint()


def stroke(
    qtbot: QtBot, viewport: ViewportWidget, *points: tuple[float, float], keys: Qt.KeyboardModifier = NONE
) -> None:
    """Press at the first image point, lead the brush along the others, release."""
    places = [at(viewport, *point) for point in points]
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, keys, places[0])
    for place in places[1:]:
        qtbot.mouseMove(viewport, place)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, keys, places[-1])


def ready(qtbot: QtBot, folder: Path) -> Desk:
    """A desk with the study whole, its panels built and the keys in the images: nothing moves under the hand any more."""
    desk = opened(qtbot, folder)
    desk.window.build_panels()
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: desk.workspace.loader.volume(stack).is_complete, timeout=20_000)
    for _ in range(3):
        QApplication.processEvents()

    def in_front() -> bool:
        desk.window.activateWindow()  # keys reach the window in front alone
        active(desk).setFocus()
        return QApplication.focusWidget() is active(desk)

    qtbot.waitUntil(in_front, timeout=20_000)
    return desk


def take(qtbot: QtBot, desk: Desk, key: Qt.Key, tool: Tool) -> None:
    press(qtbot, active(desk), key)
    assert desk.workspace.tools.tool is tool


def target(desk: Desk) -> Correction:
    found = desk.workspace.corrections.target
    assert found is not None
    return found


def slice_to(desk: Desk, k: int) -> None:
    desk.workspace.active_viewport.update(k=k)


def lungs_on(desk: Desk) -> InferenceResult:
    """A model's segmentation of two labels on the shown stack."""
    state = desk.workspace.active_viewport
    assert state.stack is not None
    assert state.series is not None
    made = Provenance(
        "lungs", "Lungs on CT", "1.0", "cd" * 32, "auto", "cpu", state.series.series_uid, state.stack.id,
        "2026-11-21T10:00:00+00:00", 1.5,
    )  # fmt: skip
    labels = np.zeros(state.stack.shape, np.uint8)
    labels[3:9, 20:44, 12:28] = 1
    labels[3:9, 20:44, 36:52] = 2
    meanings = (Label(1, "Right lung", (90, 160, 250)), Label(2, "Left lung", (250, 170, 80)))
    result = InferenceResult(made, "segmentation", Segmentation(labels, state.stack.geometry, meanings))
    keep_result(result)
    return result


def panel_of(desk: Desk) -> FindingsPanel:
    desk.window.show_tab(FINDINGS)
    panel = desk.window.right_panel.page(FINDINGS)
    assert isinstance(panel, FindingsPanel)
    return panel


@pytest.mark.timeout(120)
def test_brush_and_eraser_in_every_plane_taken_back_and_there_again(qtbot: QtBot, study_folder: Path) -> None:
    desk = ready(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    slice_to(desk, 5)
    take(qtbot, desk, Qt.Key.Key_F3, Tool.BRUSH)  # nothing is there yet: a new segmentation is begun
    drawn = target(desk)
    workspace.corrections.set_brush(size_mm=9.24)
    stroke(qtbot, viewport, (20, 30), (24, 30), (24, 34))
    one = drawn.labels.copy()
    assert np.flatnonzero(one.any(axis=(1, 2))).tolist() == [5]
    # Every voxel whose middle is at most 3.08 px (4.62 mm) from the line that was led, and no other.
    j, i = np.mgrid[:64, :64]
    first = np.hypot(np.clip(i, 20, 24) - i, 30 - j) <= 3.08
    second = np.hypot(24 - i, np.clip(j, 30, 34) - j) <= 3.08
    assert np.array_equal(one[5].astype(bool), first | second)
    numbers = workspace.corrections.numbers(drawn, 1)
    assert numbers is not None
    assert numbers.voxels == int(one.sum())
    assert numbers.volume_ml == pytest.approx(int(one.sum()) * 2.0 * 1.5 * 1.5 / 1000)
    assert numbers.long_mm == pytest.approx(np.hypot(4, 4) * 1.5 + 9.24, abs=2.5)

    # The wheel with Shift changes the size, not the slice; Ctrl erases.
    place = QPointF(at(viewport, 20, 30))
    wheel = QWheelEvent(
        place, viewport.mapToGlobal(place), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, SHIFT,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, wheel)
    assert workspace.corrections.brush.size_mm == pytest.approx(11.09)
    assert workspace.active_viewport.slice_index == 5
    stroke(qtbot, viewport, (20, 30), keys=CTRL)
    two = drawn.labels.copy()
    assert two.sum() < one.sum()
    assert two[5, 30, 20] == 0
    assert two[5, 34, 24] == 1

    # On a coronal cut the brush touches one row of many slices.
    press(qtbot, viewport, Qt.Key.Key_C, SHIFT)
    stroke(qtbot, viewport, (40, 12))
    three = drawn.labels.copy()
    new = (three != two).nonzero()
    assert len(set(new[0].tolist())) >= 4
    assert len(set(new[1].tolist())) == 1
    assert set(new[1].tolist()) != {0}
    press(qtbot, viewport, Qt.Key.Key_S, SHIFT)
    stroke(qtbot, viewport, (50, 12))
    four = drawn.labels.copy()
    assert len(set((four != three).nonzero()[2].tolist())) == 1
    press(qtbot, viewport, Qt.Key.Key_Q, SHIFT)

    for wanted in (three, two, one):
        press(qtbot, viewport, Qt.Key.Key_Z, CTRL)
        assert np.array_equal(drawn.labels, wanted)
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL | SHIFT)
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL | SHIFT)
    assert np.array_equal(drawn.labels, three)
    numbers = workspace.corrections.numbers(drawn, 1)
    assert numbers is not None
    assert numbers.voxels == int(three.sum())
    kept(qtbot, desk)
    close_desk(qtbot, desk)

    again = ready(qtbot, study_folder)
    stack = again.workspace.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: len(again.workspace.results.of(stack.id)) == 1, timeout=20_000)
    (back,) = again.workspace.results.of(stack.id)
    assert back.segmentation is not None
    assert np.array_equal(back.segmentation.labels, three)
    assert back.provenance.how == "manual"
    assert back.provenance.reader == again.workspace.decisions.reader
    assert not target_of(again, back).stale
    # And the brush goes on where it was.
    press(qtbot, active(again), Qt.Key.Key_F3)
    assert len(again.workspace.results.of(stack.id)) == 1
    slice_to(again, 2)
    stroke(qtbot, active(again), (32, 32))
    assert target(again).labels[2, 32, 32] == 1
    assert target(again).strokes == 4
    close_desk(qtbot, again)


def target_of(desk: Desk, result: InferenceResult) -> Correction:
    found = desk.workspace.corrections.of_result(result)
    assert found is not None
    return found


@pytest.mark.timeout(120)
def test_what_a_model_segmented_is_corrected_beside_it(qtbot: QtBot, study_folder: Path) -> None:
    desk = ready(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    model = lungs_on(desk)
    workspace.add_result(model)
    panel = panel_of(desk)
    qtbot.waitUntil(lambda: len(panel.cards) == 1, timeout=20_000)
    qtbot.mouseClick(panel.cards[0].correct_button, Qt.MouseButton.LeftButton)
    edited = target(desk)
    assert edited.result.provenance.origin == "".join(workspace.results.of(edited.stack_id)[0].provenance.stack_id) + (
        f"/{model.provenance.package_sha256[:16]}/{model.provenance.finished_at}"
    )
    assert edited.result.provenance.how == "semiautomatic"
    assert not workspace.overlay_style(model).visible
    assert workspace.overlay_style(edited.result).visible
    assert model.segmentation is not None
    before = model.segmentation.labels.copy()
    qtbot.waitUntil(lambda: workspace.corrections.numbers(edited, 1) is not None, timeout=20_000)
    tree = panel.correction.tree
    qtbot.waitUntil(lambda: tree.topLevelItemCount() == 2 and tree.topLevelItem(0).text(1) == "10.4 ml", timeout=20_000)

    # Other labels are left alone where that is wanted; the model's own result stays as it was.
    viewport.setFocus()
    slice_to(desk, 4)
    qtbot.mouseClick(panel.correction.over, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert workspace.corrections.brush.over == "empty"
    workspace.corrections.set_brush(size_mm=12.0)
    stroke(qtbot, viewport, (20, 32), (44, 32))
    assert edited.labels[4, 32, 32] == 1
    assert (edited.labels[4, 20:44, 36:52] == 2).all()
    assert np.array_equal(model.segmentation.labels, before)
    assert "edited by" in panel.correction.title.text()
    volume = tree.topLevelItem(0).text(1)
    qtbot.waitUntil(lambda: tree.topLevelItem(0).text(1) != "10.4 ml", timeout=20_000)
    assert volume == "10.4 ml" or volume.endswith("ml")

    # Undo to before the correction: it is gone and the model's is seen again; redo brings both back.
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL)
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL)
    assert len(workspace.results.of(model.provenance.stack_id)) == 1
    assert workspace.overlay_style(model).visible
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL | SHIFT)
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL | SHIFT)
    assert edited.labels[4, 32, 32] == 1
    kept(qtbot, desk)
    close_desk(qtbot, desk)

    again = ready(qtbot, study_folder)
    stack = again.workspace.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: len(again.workspace.results.of(stack.id)) == 2, timeout=20_000)
    back = next(one for one in again.workspace.results.of(stack.id) if one.provenance.how == "semiautomatic")
    assert back.segmentation is not None
    assert np.array_equal(back.segmentation.labels, edited.labels)
    press(qtbot, active(again), Qt.Key.Key_B, CTRL)
    target_of(again, back)
    again.workspace.discard_result(back)
    assert len(again.workspace.results.of(stack.id)) == 1
    kept(qtbot, again)
    close_desk(qtbot, again)
    third = ready(qtbot, study_folder)
    qtbot.waitUntil(lambda: len(third.workspace.results.of(stack.id)) == 1, timeout=20_000)
    assert third.workspace.results.of(stack.id)[0].provenance.how == "automatic"
    close_desk(qtbot, third)


@pytest.mark.timeout(120)
def test_growing_thresholds_and_whole_labels(qtbot: QtBot, study_folder: Path) -> None:
    connected_parts(np.ones((2, 2, 2), bool))  # compiled before anything waits for it
    desk = ready(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    stack = workspace.active_viewport.stack
    assert stack is not None
    slice_to(desk, BALL[0])
    press(qtbot, viewport, Qt.Key.Key_N, CTRL)
    drawn = target(desk)
    take(qtbot, desk, Qt.Key.Key_F5, Tool.GROW)
    stroke(qtbot, viewport, (BALL[2], BALL[1]))
    qtbot.waitUntil(lambda: bool(drawn.labels.any()), timeout=20_000)
    volume = workspace.loader.volume(stack)
    ball = np.stack([volume.modality_slice(k) for k in range(12)]) == 100
    assert np.array_equal(drawn.labels == 1, ball)

    # With Ctrl over the slice that is seen alone, here a sagittal one.
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL)
    assert not drawn.labels.any()
    press(qtbot, viewport, Qt.Key.Key_S, SHIFT)
    assert stack.geometry is not None
    workspace.active_viewport.go_to_point(stack.geometry.voxel_to_patient(np.array(BALL, float)))
    shown = viewport.shown
    assert shown is not None
    there = shown.patient_to_image(stack.geometry.voxel_to_patient(np.array(BALL, float)))
    assert there is not None
    stroke(qtbot, viewport, there[:2], keys=CTRL)
    qtbot.waitUntil(lambda: bool(drawn.labels.any()), timeout=20_000)
    slice_of = np.zeros_like(ball)
    slice_of[:, :, BALL[2]] = True
    assert np.array_equal(drawn.labels == 1, ball & slice_of)
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL)
    workspace.active_viewport.update(plane_kind="acquired", k=BALL[0])
    stroke(qtbot, viewport, (BALL[2], BALL[1]))
    qtbot.waitUntil(lambda: bool(drawn.labels.any()), timeout=20_000)
    assert np.array_equal(drawn.labels == 1, ball)

    # A hole and an island, then the operations by their keys.
    take(qtbot, desk, Qt.Key.Key_F3, Tool.BRUSH)
    drawn_before = drawn.labels.copy()
    workspace.corrections.set_brush(size_mm=1.0)
    stroke(qtbot, viewport, (BALL[2], BALL[1]), keys=CTRL)
    assert drawn.labels[BALL] == 0
    stroke(qtbot, viewport, (50, 50))
    alt = Qt.KeyboardModifier.AltModifier
    press(qtbot, viewport, Qt.Key.Key_H, CTRL | alt)
    qtbot.waitUntil(lambda: drawn.labels[BALL] == 1, timeout=20_000)
    press(qtbot, viewport, Qt.Key.Key_K, CTRL | alt)
    qtbot.waitUntil(lambda: drawn.labels[BALL[0], 50, 50] == 0, timeout=20_000)
    assert np.array_equal(drawn.labels, drawn_before)
    assert workspace.history.undo_title == "Keep the largest part"

    # Only values in the range are painted, from the window's at first; where there are none, that is said.
    press(qtbot, viewport, Qt.Key.Key_T, CTRL | alt)
    brush = workspace.corrections.brush
    assert brush.limited
    assert brush.low < brush.high
    workspace.corrections.set_brush(low=3000.0, high=3100.0)
    stroke(qtbot, viewport, (44, 32))
    assert [one.code for one in workspace.notices][-1] == "nothing_in_range"
    workspace.corrections.set_brush(low=-800.0, high=-900.0, size_mm=30.0)  # either way around
    stroke(qtbot, viewport, (20, 32))
    lung = volume.modality_slice(BALL[0]) == -850
    added = (drawn.labels[BALL[0]] == 1) & ~ball[BALL[0]]
    assert added.any()
    assert (lung | ~added).all()

    # Each label's diameters follow, not only those of the one that is worked on.
    value = workspace.corrections.add_label(drawn, "Other")
    assert value == 2
    volume_of_first = drawn.numbers(1)
    workspace.corrections.choose(drawn, 1)
    press(qtbot, viewport, Qt.Key.Key_Delete, CTRL | alt)
    qtbot.waitUntil(lambda: not (drawn.labels == 1).any(), timeout=20_000)
    workspace.corrections.choose(drawn, 2)
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: drawn.numbers(1) == volume_of_first, timeout=20_000)
    close_desk(qtbot, desk)


@pytest.mark.timeout(120)
def test_no_panel_needs_more_room_than_the_narrowest_has(qtbot: QtBot, study_folder: Path) -> None:
    """What is wider than its place is cut at the right, and there is no bar to bring it into sight."""
    desk = ready(qtbot, study_folder)
    desk.workspace.add_result(lungs_on(desk))
    desk.window.run_command("segment.correct")
    assert target(desk).meanings
    for at in range(4):
        desk.window.show_tab(at)
        page = desk.window.right_panel.page(at)
        bar = page.style().pixelMetric(page.style().PixelMetric.PM_ScrollBarExtent)
        assert page.minimumSizeHint().width() <= LEAST_WIDTH - 1 - bar, type(page).__name__
    close_desk(qtbot, desk)


@pytest.mark.timeout(120)
def test_a_box_is_pulled_right_by_its_grips(qtbot: QtBot, study_folder: Path) -> None:
    desk = ready(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    result = result_on(desk)
    workspace.add_result(result)
    press(qtbot, viewport, Qt.Key.Key_N)
    first = result.findings[0]
    assert workspace.selected_finding[1] == first.id
    (k0, y0, x0), (k1, y1, x1) = first.box_voxel

    def drawn() -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        return next(one.box_voxel for _result, found in viewport.findings() for one in found if one.id == first.id)

    # The lower right corner; then the left border, which moves along x alone.
    stroke(qtbot, viewport, (x1, y1), (x1 + 3, y1 + 5), (x1 + 6, y1 + 4))
    assert drawn() == ((k0, y0, x0), (k1, pytest.approx(y1 + 4, abs=0.1), pytest.approx(x1 + 6, abs=0.1)))
    stroke(qtbot, viewport, (x0, (y0 + y1 + 4) / 2), (x0 - 4, y0 - 3))
    assert drawn()[0] == (k0, y0, pytest.approx(x0 - 4, abs=0.1))
    decision = workspace.decisions.of(result, first)
    assert decision.box == drawn()
    assert decision.reader == workspace.decisions.reader
    size = next(one.size_mm for _result, found in viewport.findings() for one in found if one.id == first.id)
    assert size == pytest.approx((x1 - x0 + 10) * 1.5, abs=0.3), "the longer side, in mm"
    assert result.findings[0] is first, "what the model said stays"
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL)
    assert drawn()[0] == (k0, y0, x0)
    assert workspace.history.undo_title == "Correct a box"
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL | SHIFT)
    kept_box = drawn()
    kept(qtbot, desk)
    close_desk(qtbot, desk)

    again = ready(qtbot, study_folder)
    stack = again.workspace.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: len(again.workspace.results.of(stack.id)) == 1, timeout=20_000)
    (back,) = again.workspace.results.of(stack.id)
    assert again.workspace.decisions.of(back, back.findings[0]).box == kept_box
    from medview.app.stating import statement_maker

    stated = next(one for one in statement_maker(again.workspace)().findings if one.finding.id == first.id)
    assert stated.finding.box_voxel == kept_box
    assert stated.box_corrected
    close_desk(qtbot, again)


@pytest.mark.timeout(120)
def test_a_segmentation_of_the_studys_files_is_corrected_as_a_copy(
    qtbot: QtBot, study_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study_folder, folder)
    stack = open_all([str(folder)]).studies[0].series[0].stacks[0]
    labels = np.zeros(stack.shape, np.uint8)
    labels[3:7, 20:40, 12:28] = 1
    labels[5, 10:14, 30:50] = 2
    meanings = (Label(1, "Tumour", (200, 30, 30)), Label(2, "Vessel", (30, 30, 200)))
    made = Provenance("x", "Foreign", "7", "ab" * 32, "", "", "", stack.id, "2026-01-01T00:00:00", 1.0)
    write_segmentation_object(folder / "seg.dcm", Segmentation(labels, stack.geometry, meanings), stack.frames, made)
    desk = ready(qtbot, folder)
    workspace, panel = desk.workspace, panel_of(desk)
    here = workspace.active_viewport.stack
    assert here is not None
    (listed,) = workspace.overlays.of_stack(here.id)
    workspace.overlays.show(listed, here)
    qtbot.waitUntil(
        lambda: len(panel.overlay_cards) == 1 and panel.overlay_cards[0].correct_button.isVisible(), timeout=20_000
    )
    qtbot.mouseClick(panel.overlay_cards[0].correct_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.corrections.target is not None, timeout=20_000)
    copy = target(desk)
    assert np.array_equal(copy.labels, labels)
    assert [one.name for one in copy.meanings] == ["Tumour", "Vessel"]
    assert copy.result.provenance.how == "semiautomatic"
    assert copy.result.provenance.origin == listed.key
    assert not workspace.overlays.is_shown(listed, here.id)
    slice_to(desk, 5)
    stroke(qtbot, active(desk), (55, 50))
    assert copy.labels[5, 50, 55] == 1
    edited = copy.labels.copy()
    kept(qtbot, desk)
    close_desk(qtbot, desk)

    again = ready(qtbot, folder)
    qtbot.waitUntil(lambda: len(again.workspace.results.of(here.id)) == 1, timeout=20_000)
    (back,) = again.workspace.results.of(here.id)
    assert back.segmentation is not None
    assert np.array_equal(back.segmentation.labels, edited)
    close_desk(qtbot, again)


@pytest.mark.timeout(120)
def test_strokes_on_images_that_were_changed_since_say_so(
    qtbot: QtBot, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study_folder, folder)
    desk = ready(qtbot, folder)
    keeping, kinds = desk.workspace.keeping, list[str]()
    record = keeping.record

    def noted(kind: str, *what: object) -> None:
        kinds.append(kind)
        record(kind, *what)  # type: ignore[arg-type]

    monkeypatch.setattr(keeping, "record", noted)
    slice_to(desk, 5)
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    press(qtbot, active(desk), Qt.Key.Key_D)
    stroke(qtbot, active(desk), (10, 10), (30, 12))
    take(qtbot, desk, Qt.Key.Key_F3, Tool.BRUSH)
    stroke(qtbot, active(desk), (20, 30), (24, 30))
    press(qtbot, active(desk), Qt.Key.Key_C, SHIFT)
    press(qtbot, active(desk), Qt.Key.Key_D)
    stroke(qtbot, active(desk), (10, 4), (30, 4))
    found = lungs_on(desk)
    digest = volume_sha256(desk.workspace.loader.volume(stack))
    keep_result(replace(found, provenance=replace(found.provenance, input_sha256=digest)))
    path = stack.frames[5].path
    qtbot.waitUntil(lambda: kinds.count("pixels") == 4 and desk.workspace.keeping.waiting == 0, timeout=20_000)
    close_desk(qtbot, desk)

    # On the same images nothing is said.
    same = ready(qtbot, folder)
    qtbot.waitUntil(lambda: len(same.workspace.results.of(stack.id)) == 2, timeout=20_000)
    checks = same.workspace.keeping.volumes
    qtbot.waitUntil(lambda: bool(checks.compared(stack.id)), timeout=20_000)
    assert not any(is_line_stale(same.workspace, item) for item in same.workspace.worklist.items())
    assert "made on other" not in report_html(statement_maker(same.workspace)())
    close_desk(qtbot, same)

    data = pydicom.dcmread(path)
    pixels = data.pixel_array.copy()
    pixels[0, 0] += 1
    data.PixelData = pixels.tobytes()
    data.save_as(path, enforce_file_format=True)

    again = ready(qtbot, folder)
    qtbot.waitUntil(lambda: len(again.workspace.results.of(stack.id)) == 2, timeout=20_000)
    back = next(one for one in again.workspace.results.of(stack.id) if one.provenance.how == "manual")
    correction = target_of(again, back)
    qtbot.waitUntil(lambda: correction.stale, timeout=20_000)
    worklist = again.workspace.worklist
    qtbot.waitUntil(lambda: all(is_line_stale(again.workspace, item) for item in worklist.items()), timeout=20_000)
    assert sorted(item.kind for item in worklist.items()) == ["mark", "mark", "segment", "segment", "segment"]
    tree = panel_of(again).worklist.tree

    def signs() -> list[str]:
        panel_of(again).refresh()
        rows = [tree.topLevelItem(at) for at in range(tree.topLevelItemCount())]
        return [row.text(3)[:1] for row in rows if row is not None]

    qtbot.waitUntil(lambda: signs() == ["⚠"] * 5, timeout=20_000)
    told = [label.text() for card in panel_of(again).cards for label in card.findChildren(QLabel)]
    assert sum("Made on other images" in text for text in told) == 2
    statement = statement_maker(again.workspace)()
    assert report_html(statement).count("made on other images") == 5
    assert [(note.code, note.values) for note in stale_notes(statement)] == [("stated_stale", ("4",))]
    assert statement_csv(statement).count("yes") == 5
    press(qtbot, active(again), Qt.Key.Key_B, CTRL)
    panel = panel_of(again).correction
    qtbot.waitUntil(panel.stale.isVisible, timeout=20_000)
    close_desk(qtbot, again)


@pytest.mark.timeout(120)
def test_the_words_of_the_worklist_wear_the_theme_that_is_chosen_later(qtbot: QtBot, study_folder: Path) -> None:
    desk = ready(qtbot, study_folder)
    desk.workspace.add_result(lungs_on(desk))
    press(qtbot, active(desk), Qt.Key.Key_D)
    stroke(qtbot, active(desk), (10, 10), (30, 12))
    tree = panel_of(desk).worklist.tree

    def colours() -> set[str]:
        rows = [tree.topLevelItem(at) for at in range(tree.topLevelItemCount())]
        return {row.foreground(0).color().name() for row in rows if row is not None}

    for name, theme in (("light", LIGHT), ("dark", DARK)):
        desk.workspace.change_settings(theme=name)
        wanted = {QColor(theme.ai).name(), QColor(theme.text).name()}
        qtbot.waitUntil(lambda wanted=wanted: colours() == wanted, timeout=20_000)
    close_desk(qtbot, desk)
