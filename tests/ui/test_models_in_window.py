"""Models from the window: which fit, running, findings, overlays, hiding, keeping, saving, installing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from medview.core.finding import InferenceResult
from medview.inference.library import install
from medview.ui.ai_panel import AiPanel
from medview.ui.application import Desk
from medview.ui.findings_panel import FindingsPanel, ResultCard
from medview.ui.right_panel import AI, FINDINGS
from tests.ui.small_study import BALL, active, close_desk, open_desk, open_study
from tests.ui.test_window import drop
from tests.ui.tiny_packages import detection_package, segmentation_package

MAGENTA = QColor(255, 0, 255)


@pytest.fixture
def tiny_models(tmp_path: Path) -> None:
    """Three small packages, one of them for another modality."""
    install(segmentation_package(tmp_path / "bright"))
    install(detection_package(tmp_path / "balls"))
    install(segmentation_package(tmp_path / "mr", "MR", "bright-mr"))


def ai_panel(qtbot: QtBot, desk: Desk) -> AiPanel:
    """The AI tab with its packages listed."""
    desk.window.show_tab(AI)
    panel = desk.window.right_panel.page(AI)
    assert isinstance(panel, AiPanel)
    qtbot.waitUntil(lambda: len(panel.rows) >= 3, timeout=10_000)
    return panel


def run(qtbot: QtBot, desk: Desk, name: str) -> InferenceResult:
    """Choose a package with the mouse, run it, and wait for its result."""
    panel = ai_panel(qtbot, desk)
    row = next(row for row in panel.rows if row.choice.package.manifest.id == name)
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    stack = desk.workspace.active_viewport.stack
    assert stack is not None

    def results() -> list[InferenceResult]:
        return [one for one in desk.workspace.results.of(stack.id) if one.provenance.package_id == name]

    qtbot.waitUntil(lambda: bool(results()), timeout=30_000)
    return results()[0]


def findings_panel(qtbot: QtBot, desk: Desk, cards: int) -> FindingsPanel:
    """The Findings tab with as many results as wanted."""
    desk.window.show_tab(FINDINGS)
    panel = desk.window.right_panel.page(FINDINGS)
    assert isinstance(panel, FindingsPanel)
    qtbot.waitUntil(lambda: len(panel.cards) == cards, timeout=5000)
    return panel


def magenta_pixels(desk: Desk) -> int:
    """Pixels of the active viewport that the overlay has tinted."""
    image = active(desk).grab().toImage().convertToFormat(image_format())
    width, height = image.width(), image.height()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())[:, : 3 * width]
    red, green, blue = (pixels.reshape(height, width, 3)[..., n].astype(int) for n in range(3))
    return int(((red > green + 40) & (blue > green + 40)).sum())


def image_format() -> object:
    from PySide6.QtGui import QImage

    return QImage.Format.Format_RGB888


def items(card: ResultCard) -> list[QTreeWidgetItem]:
    """Rows of a card's findings."""
    assert card.tree is not None
    found = [card.tree.topLevelItem(at) for at in range(card.tree.topLevelItemCount())]
    return [item for item in found if item is not None]


@pytest.mark.usefixtures("tiny_models")
def test_packages_that_fit_are_listed_and_the_others_say_why_not(qtbot: QtBot, reading_desk: Desk) -> None:
    panel = ai_panel(qtbot, reading_desk)
    fits = {row.choice.package.manifest.id: row.choice.match.fits for row in panel.rows}
    assert fits["bright"]
    assert fits["balls"]
    assert not fits["bright-mr"]
    row = next(row for row in panel.rows if row.choice.package.manifest.id == "bright-mr")
    words = " ".join(label.text() for label in row.findChildren(QLabel))
    assert "The series is CT; the model is for MR." in words
    chosen = panel.chosen()
    assert chosen is not None
    assert chosen.choice.match.fits
    assert panel.run_button.text() == "Run"
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert panel.run_button.text() == "Run anyway"
    assert panel.anyway_note.isVisible()


@pytest.mark.usefixtures("tiny_models")
def test_a_segmentation_is_drawn_hidden_by_j_and_its_labels_can_be_switched(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    workspace.active_viewport.go_to_index(BALL[0])
    assert magenta_pixels(reading_desk) == 0
    run(qtbot, reading_desk, "bright")
    qtbot.waitUntil(lambda: magenta_pixels(reading_desk) > 500, timeout=5000)
    active(reading_desk).setFocus()
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_J)
    assert not workspace.ai_visible
    assert magenta_pixels(reading_desk) == 0
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_J)
    assert magenta_pixels(reading_desk) > 500
    card = findings_panel(qtbot, reading_desk, 1).cards[0]
    qtbot.mouseClick(card.label_boxes[1], Qt.MouseButton.LeftButton, pos=card.label_boxes[1].rect().center())
    if card.label_boxes[1].isChecked():  # the click went beside the words
        card.label_boxes[1].click()
    assert magenta_pixels(reading_desk) == 0
    card.label_boxes[1].click()
    card.opacity.setValue(0)
    faint = magenta_pixels(reading_desk)
    card.opacity.setValue(90)
    assert magenta_pixels(reading_desk) > faint


@pytest.mark.usefixtures("tiny_models")
def test_a_click_on_a_finding_jumps_in_all_viewports_of_the_series(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    result = run(qtbot, reading_desk, "balls")
    assert len(result.findings) == 1
    workspace.show_three_planes()
    for state in workspace.viewports:
        state.go_to_index(0)
    card = findings_panel(qtbot, reading_desk, 1).cards[0]
    assert card.tree is not None
    assert not card.tree.isVisible(), "the worklist above holds every finding once"
    qtbot.mouseClick(card.disclosure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(card.tree.isVisible, timeout=5000)
    row = items(card)[0]
    assert row.text(0) == "Ball"
    assert row.text(2) == str(BALL[0] + 1)
    where = card.tree.visualItemRect(row).center()
    qtbot.mouseClick(card.tree.viewport(), Qt.MouseButton.LeftButton, pos=where)
    stack = workspace.active_viewport.stack
    assert stack is not None
    assert stack.geometry is not None
    ball = stack.geometry.voxel_to_patient(BALL)
    assert workspace.viewports[0].k == BALL[0]
    for state, axis in zip(workspace.viewports[1:], (2, 1, 0), strict=True):
        assert abs(state.position_mm - ball[axis]) <= 1.5
    assert workspace.selected_finding[1] == result.findings[0].id


@pytest.mark.usefixtures("tiny_models")
def test_the_threshold_hides_findings_from_list_and_picture(qtbot: QtBot, reading_desk: Desk) -> None:
    result = run(qtbot, reading_desk, "balls")
    card = findings_panel(qtbot, reading_desk, 1).cards[0]
    assert card.threshold is not None
    assert card.threshold.value() == 20, "the manifest's own threshold to begin with"
    assert len(items(card)) == 1
    card.threshold.setValue(100)
    assert items(card) == []
    assert reading_desk.workspace.results.visible_findings(result) == ()
    assert "0 of 1" in card.threshold_figure.text()


@pytest.mark.usefixtures("tiny_models")
def test_a_result_names_its_package_and_says_what_it_is_not_for(qtbot: QtBot, reading_desk: Desk) -> None:
    result = run(qtbot, reading_desk, "bright")
    card = findings_panel(qtbot, reading_desk, 1).cards[0]
    words = "\n".join(label.text() for label in card.findChildren(QLabel))
    made = result.provenance
    for wanted in ("Bright things", "bright 1.0.0", made.package_sha256[:16], "Processor", "not for diagnosis"):
        assert wanted in words, wanted


@pytest.mark.usefixtures("tiny_models")
def test_a_run_that_ended_says_so_and_leads_to_its_findings(qtbot: QtBot, reading_desk: Desk) -> None:
    panel = ai_panel(qtbot, reading_desk)
    assert panel.done_row.isHidden()
    run(qtbot, reading_desk, "balls")
    qtbot.waitUntil(panel.done_row.isVisible, timeout=20_000)
    assert panel.done_row.title.text() == "✓  Balls"
    qtbot.mouseClick(panel.done_row.show_button, Qt.MouseButton.LeftButton)
    assert reading_desk.window.right_panel.tabs.currentIndex() == FINDINGS


@pytest.mark.usefixtures("tiny_models")
def test_a_knowing_override_is_marked(qtbot: QtBot, reading_desk: Desk) -> None:
    result = run(qtbot, reading_desk, "bright-mr")
    assert "modality_wrong" in result.provenance.overrides
    card = findings_panel(qtbot, reading_desk, 1).cards[0]
    words = "\n".join(label.text() for label in card.findChildren(QLabel))
    assert "Run although it does not fit" in words


@pytest.mark.usefixtures("tiny_models")
def test_results_are_kept_for_the_next_start(qtbot: QtBot, study_folder: Path) -> None:
    first = open_desk(qtbot)
    open_study(qtbot, first, study_folder)
    made = run(qtbot, first, "bright")
    close_desk(qtbot, first)
    second = open_desk(qtbot)
    open_study(qtbot, second, study_folder)
    kept = second.workspace.results.of(made.provenance.stack_id)
    assert [one.provenance for one in kept] == [made.provenance]
    assert kept[0].segmentation is not None
    assert made.segmentation is not None
    np.testing.assert_array_equal(kept[0].segmentation.labels, made.segmentation.labels)
    findings_panel(qtbot, second, 1)
    second.workspace.discard_result(kept[0])
    close_desk(qtbot, second)
    third = open_desk(qtbot)
    open_study(qtbot, third, study_folder)
    assert third.workspace.results.of(made.provenance.stack_id) == ()
    close_desk(qtbot, third)


@pytest.mark.usefixtures("tiny_models")
@pytest.mark.parametrize("kind", ["nifti", "seg"])
def test_a_segmentation_is_saved_from_its_menu(
    qtbot: QtBot, reading_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    result = run(qtbot, reading_desk, "bright")
    card = findings_panel(qtbot, reading_desk, 1).cards[0]
    target = tmp_path / ("out.nii.gz" if kind == "nifti" else "out.dcm")
    monkeypatch.setattr("medview.ui.saving.QFileDialog.getSaveFileName", lambda *_all: (str(target), ""))
    menu = card.save_menu()
    menu.actions()[0 if kind == "nifti" else 1].trigger()
    qtbot.waitUntil(lambda: any(one.code == "saved" for one in reading_desk.workspace.notices), timeout=20_000)
    assert result.segmentation is not None
    voxels = int((result.segmentation.labels > 0).sum())
    if kind == "nifti":
        import nibabel

        assert int((np.asanyarray(nibabel.load(target).dataobj) > 0).sum()) == voxels  # type: ignore[attr-defined]
    else:
        import pydicom

        dataset = pydicom.dcmread(target)
        assert dataset.Modality == "SEG"
        assert int(dataset.pixel_array.sum()) == voxels


@pytest.mark.usefixtures("tiny_models")
def test_a_folder_that_takes_nothing_is_told(
    qtbot: QtBot, reading_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(qtbot, reading_desk, "bright")
    card = findings_panel(qtbot, reading_desk, 1).cards[0]
    target = tmp_path / "missing" / "out.nii.gz"
    monkeypatch.setattr("medview.ui.saving.QFileDialog.getSaveFileName", lambda *_all: (str(target), ""))
    card.save_menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: any(one.severity == "danger" for one in reading_desk.workspace.notices), timeout=20_000)
    notice = reading_desk.window.notices.notice
    assert notice is not None
    assert str(target) in notice.text


def test_a_zip_dropped_on_the_ai_tab_is_installed(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    segmentation_package(tmp_path / "bright")
    archive = shutil.make_archive(str(tmp_path / "bright"), "zip", tmp_path / "bright")
    reading_desk.window.show_tab(AI)
    panel = reading_desk.window.right_panel.page(AI)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(archive)])
    drop(panel, mime)
    qtbot.waitUntil(
        lambda: "bright" in [row.choice.package.manifest.id for row in panel.rows],  # type: ignore[attr-defined]
        timeout=10_000,
    )
    assert [one.code for one in reading_desk.workspace.notices] == ["package_installed"]


def test_a_corrupt_package_is_told_and_the_rest_stays_usable(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    folder = segmentation_package(tmp_path / "bright")
    (folder / "model.onnx").write_bytes(b"not a network")
    reading_desk.window.install_package(str(folder))
    qtbot.waitUntil(lambda: bool(reading_desk.workspace.notices), timeout=10_000)
    notice = reading_desk.workspace.notices[0]
    assert notice.severity == "danger"
    assert notice.place == "ai"
    assert "model.onnx" in notice.text
    assert active(reading_desk).isVisible()
