"""A foreign network in the window: dropped, asked about, tried on the open series, installed, trusted."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from medview.inference.library import installed_folder
from medview.inference.trust import is_trusted
from medview.ui.ai_panel import AiPanel
from medview.ui.application import Desk
from medview.ui.import_dialog import ImportDialog
from medview.ui.right_panel import AI
from tests.inference import networks
from tests.inference.foreign import saved, ultralytics_metadata
from tests.ui.test_window import drop


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """Above 70 HU where values go from -1000 … 1140 HU to 0 … 1."""
    return saved(tmp_path / "bright things.onnx", networks.threshold_network(3, 0.5, 50.0))


def dialog_of(qtbot: QtBot, desk: Desk) -> ImportDialog:
    qtbot.waitUntil(lambda: bool(desk.window.findChildren(ImportDialog)), timeout=5000)
    dialog: ImportDialog = desk.window.findChildren(ImportDialog)[-1]
    qtbot.waitUntil(lambda: dialog.draft is not None and len(dialog.fields) > 3, timeout=60_000)
    return dialog


def say(dialog: ImportDialog, name: str, text: str) -> None:
    field = dialog.fields[name]
    if isinstance(field, QComboBox):
        field.setCurrentText(text)
    else:
        assert isinstance(field, QLineEdit)
        field.setText(text)


def dropped(path: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    return mime


def test_a_dropped_network_is_asked_about_tried_and_installed(qtbot: QtBot, reading_desk: Desk, network: Path) -> None:
    drop(reading_desk.window, dropped(network))
    dialog = dialog_of(qtbot, reading_desk)
    assert {"input.axes", "input.unit", "output.labels", "input.values"} <= set(dialog.fields)
    assert not dialog.install_button.isEnabled()
    say(dialog, "input.unit", "HU")
    say(dialog, "output.labels", "Bright")
    say(dialog, "input.values", "range:-1000/1140")
    say(dialog, "name", "Bright things")
    qtbot.waitUntil(dialog.install_button.isEnabled, timeout=60_000)
    stack = reading_desk.workspace.active_viewport.stack
    assert stack is not None
    qtbot.mouseClick(dialog.try_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(reading_desk.workspace.results.of(stack.id)), timeout=90_000)
    (result,) = reading_desk.workspace.results.of(stack.id)
    assert result.segmentation is not None
    assert result.segmentation.labels.any()
    assert not list(installed_folder().glob("*"))
    qtbot.mouseClick(dialog.install_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(list(installed_folder().glob("*@*"))), timeout=60_000)
    panel = reading_desk.window.right_panel.page(AI)
    assert isinstance(panel, AiPanel)
    qtbot.waitUntil(lambda: any(row.stranger is not None for row in panel.rows), timeout=60_000)
    row = next(row for row in panel.rows if row.stranger is not None)
    assert row.choice.package.manifest.name == "Bright things"
    assert not is_trusted(row.choice.package)
    assert row.stranger is not None
    qtbot.mouseClick(row.stranger, Qt.MouseButton.LeftButton)
    assert is_trusted(row.choice.package)
    qtbot.waitUntil(lambda: bool(panel.rows) and all(row.stranger is None for row in panel.rows), timeout=60_000)


def test_an_answer_that_makes_no_sense_says_so_and_nothing_can_be_installed(
    qtbot: QtBot, reading_desk: Desk, network: Path
) -> None:
    reading_desk.window.install_package(str(network))
    dialog = dialog_of(qtbot, reading_desk)
    say(dialog, "input.values", "whatever")
    qtbot.waitUntil(lambda: "whatever" in dialog.fault.text(), timeout=60_000)
    assert not dialog.install_button.isEnabled()
    say(dialog, "input.values", "none")
    qtbot.waitUntil(lambda: dialog.fault.text() == "", timeout=60_000)


def test_a_network_that_explains_itself_asks_nothing(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    model = networks.mean_classifier([1.0, 0.0], [0.0, 0.25], channels=3, size=(8, 8))
    path = saved(tmp_path / "c.onnx", model, **ultralytics_metadata("classify", {0: "a", 1: "b"}, imgsz="[8, 8]"))
    reading_desk.window.install_package(str(path))
    qtbot.waitUntil(lambda: bool(reading_desk.window.findChildren(ImportDialog)), timeout=5000)
    dialog = reading_desk.window.findChildren(ImportDialog)[-1]
    qtbot.waitUntil(dialog.install_button.isEnabled, timeout=60_000)
    assert set(dialog.fields) == {"name", "licence", "fits.modalities"}
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "Ultralytics" in words
    assert "output.activation" in words


def test_a_refused_network_says_why(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.write_bytes(networks.custom_operator_network())
    reading_desk.window.install_package(str(path))
    qtbot.waitUntil(lambda: bool(reading_desk.window.findChildren(ImportDialog)), timeout=5000)
    dialog = reading_desk.window.findChildren(ImportDialog)[-1]
    qtbot.waitUntil(lambda: "ONNX Runtime" in dialog.fault.text(), timeout=60_000)
    assert not dialog.install_button.isEnabled()
