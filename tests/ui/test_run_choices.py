"""What of a package is run, chosen in the window: its network in other numbers, all time points of a series."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medview.core.finding import InferenceResult
from medview.inference.library import install
from medview.ui.ai_panel import AiPanel
from medview.ui.application import Desk
from medview.ui.right_panel import AI
from tests.ui.small_study import open_study
from tests.ui.tiny_packages import segmentation_package


def panel_with(qtbot: QtBot, desk: Desk, name: str) -> AiPanel:
    """The AI tab with a package chosen."""
    desk.window.show_tab(AI)
    panel = desk.window.right_panel.page(AI)
    assert isinstance(panel, AiPanel)

    def listed() -> bool:
        return any(row.choice.package.manifest.id == name for row in panel.rows)

    qtbot.waitUntil(listed, timeout=30_000)
    row = next(row for row in panel.rows if row.choice.package.manifest.id == name)
    row.button.setChecked(True)
    return panel


def results(desk: Desk, name: str) -> list[InferenceResult]:
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    return [one for one in desk.workspace.results.of(stack.id) if one.provenance.package_id == name]


@pytest.mark.timeout(120)
def test_the_network_in_other_numbers_is_chosen_and_named(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    folder = segmentation_package(tmp_path / "bright")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["variants"] = {"half": "half.onnx"}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "half.onnx").write_bytes((folder / manifest.get("model", "model.onnx")).read_bytes())
    plain = install(folder)
    panel = panel_with(qtbot, reading_desk, "bright")
    assert not panel.variant.isHidden()
    assert panel.every_time.isHidden(), "a series of one time point"
    assert [panel.variant.itemText(n) for n in range(panel.variant.count())] == ["As published", "half"]
    panel.variant.setCurrentIndex(1)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(results(reading_desk, "bright")) == 1, timeout=60_000)
    assert results(reading_desk, "bright")[0].provenance.package_sha256 != plain.sha256
    assert panel.variant.currentData() == "half", "the choice stays"


@pytest.mark.timeout(120)
def test_all_time_points_are_run_and_each_result_stays(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    values = np.zeros((12, 10, 4, 3), np.int16)  # i j k t
    for time in range(3):
        values[2 : 4 + time, 3:6, 1, time] = 200
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.0, 1.0, 2.0, 1.0])), tmp_path / "four.nii.gz")
    package = segmentation_package(tmp_path / "bright")
    manifest = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    manifest["input"]["unit"] = "modality"
    manifest["fits"] = {}
    (package / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    install(package)
    open_study(qtbot, desk, tmp_path / "four.nii.gz")
    panel = panel_with(qtbot, desk, "bright")
    assert not panel.every_time.isHidden()
    assert panel.every_time.text() == "All 3 time points"
    panel.every_time.setChecked(True)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(results(desk, "bright")) == 3, timeout=60_000)
    found = sorted(results(desk, "bright"), key=lambda one: one.provenance.time)
    assert [one.provenance.time for one in found] == [0, 1, 2]
    counts = [int(one.segmentation.labels.sum()) for one in found if one.segmentation is not None]
    assert counts == [6, 9, 12]
