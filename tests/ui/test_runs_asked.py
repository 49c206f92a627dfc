"""Runs that ask first (which series is which input of a model), and runs that nobody asks for again (on what is opened)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medview.app import run_on_open
from medview.app.run_on_open import key_of, runs_on_open
from medview.app.settings import load_settings, save_settings
from medview.core.finding import InferenceResult
from medview.inference.library import install
from medview.inference.trust import trust
from medview.ui.ai_panel import AiPanel
from medview.ui.application import Desk
from medview.ui.channel_dialog import ChannelDialog
from medview.ui.library_dialog import LibraryDialog
from medview.ui.right_panel import AI
from tests.inference import networks
from tests.inference.packages import about, write_package
from tests.ui.small_study import close_desk, open_desk, open_study, write_study
from tests.ui.tiny_packages import segmentation_package

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = open_desk(qtbot)
    yield made
    close_desk(qtbot, made)


def registered_study(folder: Path) -> Path:
    """The small study with one frame of reference for its series."""
    import pydicom

    for file in sorted(write_study(folder).rglob("*.dcm")):
        dataset = pydicom.dcmread(file)
        dataset.FrameOfReferenceUID = "1.2.3.4"
        dataset.save_as(file, enforce_file_format=True)
    return folder


def two_series_package(folder: Path, without: str = "nothing") -> Path:
    """Shows where its second series is above 50."""
    kernel = np.zeros((1, 2, 1, 1), dtype=np.float32)
    kernel[0, 1] = 1
    manifest = about(
        "pair",
        name="A pair",
        task="segmentation",
        fits={"modalities": ["CT"]},
        input={
            "unit": "HU", "axes": ["P", "L"], "layout": "NCHW",
            "sources": [{"name": "one"}, {"name": "other", "without": [without]}],
        },
        output={
            "kind": "segmentation", "rule": "threshold", "background": None, "activation": "sigmoid",
            "labels": [{"index": 0, "value": 1, "name": "bright"}],
        },
    )  # fmt: skip
    return write_package(folder, manifest, networks.convolution(kernel * 0.2, np.array([-10.0])))


def results(desk: Desk) -> tuple[InferenceResult, ...]:
    stack = desk.workspace.active_viewport.stack
    return tuple(desk.workspace.results.of(stack.id)) if stack is not None else ()


def test_the_reader_says_which_series_is_which(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    described = two_series_package(tmp_path / "pair", without="soft")
    trust(install(described))
    open_study(qtbot, desk, registered_study(tmp_path / "study"))
    desk.window.show_tab(AI)
    panel = desk.window.right_panel.page(AI)
    assert isinstance(panel, AiPanel)
    qtbot.waitUntil(lambda: any(row.choice.package.manifest.id == "pair" for row in panel.rows), timeout=20_000)
    row = next(row for row in panel.rows if row.choice.package.manifest.id == "pair")
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert panel.series_button.isVisible()
    qtbot.mouseClick(panel.series_button, Qt.MouseButton.LeftButton)
    dialog = desk.window.findChild(ChannelDialog)
    assert isinstance(dialog, ChannelDialog)
    box = dialog.boxes["other"]
    listed = [box.itemText(n) for n in range(box.count())]
    # What the rules suit comes first, and is suggested; what they do not can be chosen all the same.
    assert ["Scout" in listed[1], "Soft tissue" in listed[2]] == [True, True]
    assert "Scout" in box.currentText()
    box.setCurrentIndex(2)
    assert dialog.run_button.isEnabled()
    chosen = dialog.chosen()["other"]
    qtbot.mouseClick(dialog.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(results(desk)), timeout=60_000)
    (result,) = results(desk)
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    assert dict(result.inputs) == {"one": stack.id, "other": chosen}


def test_a_run_whose_series_are_not_decided_asks(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    package = install(two_series_package(tmp_path / "pair"))
    open_study(qtbot, desk, registered_study(tmp_path / "study"))
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    assert desk.workspace.run_model(stack, package) is None  # two others are left by its rules: nobody guesses
    dialog = desk.window.findChild(ChannelDialog)
    assert isinstance(dialog, ChannelDialog)
    dialog.boxes["other"].setCurrentIndex(0)
    assert not dialog.run_button.isEnabled()
    dialog.reject()
    assert not desk.workspace.inference.open_jobs


def test_what_the_reader_chose_runs_when_a_study_is_opened(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    package = install(segmentation_package(tmp_path / "bright"))
    trust(package)
    library = LibraryDialog(desk.workspace, desk.window)
    qtbot.addWidget(library)
    qtbot.waitUntil(lambda: bool(library.entries), timeout=20_000)
    at = next(n for n, entry in enumerate(library.entries) if entry.package.manifest.id == "bright")
    library.tree.setCurrentItem(library.tree.topLevelItem(at))
    assert not library.on_open.isChecked()
    library.on_open.setChecked(True)
    assert runs_on_open(desk.workspace, key_of(package))
    study = write_study(tmp_path / "study")
    open_study(qtbot, desk, study)
    qtbot.waitUntil(lambda: bool(results(desk)), timeout=60_000)
    told = [notice for notice in desk.workspace.notices if notice.code == "runs_on_open"]
    assert [notice.values for notice in told] == [("Bright things",)]
    assert told[0].remedy is not None
    assert told[0].remedy.command == "ai.cancel"
    # Opened again, the kept result is there and nothing runs a second time.
    desk.workspace.close_study(desk.workspace.studies[0])
    open_study(qtbot, desk, study)
    assert len(results(desk)) == 1
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    assert not run_on_open._run(desk.workspace, run_on_open.Due(package, stack))


def test_a_changed_or_untrusted_network_never_runs_unasked(tmp_path: Path) -> None:
    from medview.app.open_paths import open_all
    from medview.app.run_on_open import due_runs

    package = install(segmentation_package(tmp_path / "bright"))
    series = open_all([str(write_study(tmp_path / "study"))]).studies[0].series
    assert due_runs([key_of(package)], [series]) == ()
    trust(package)
    (due,) = due_runs([key_of(package)], [series])
    assert due.stack.shape[0] == 12  # the best of the three
    assert due_runs([key_of(package).replace("#", "#0")], [series]) == ()
    assert due_runs([], [series]) == ()


def test_the_choice_survives_a_restart(tmp_path: Path) -> None:
    settings, _ = load_settings(tmp_path / "none.json")
    save_settings(replace(settings, run_on_open=("a@1#f", "b@2#e")), tmp_path / "settings.json")
    assert load_settings(tmp_path / "settings.json")[0].run_on_open == ("a@1#f", "b@2#e")
