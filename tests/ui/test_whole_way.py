"""The whole way of a reader with mouse and keys: open, scroll, window, filter, run, look, jump, save, close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from medview.core.window import Window
from medview.inference.library import install
from medview.ui.export_dialog import ExportDialog
from medview.ui.right_panel import AI, FINDINGS, IMAGE
from tests.ui.small_study import BALL, SLICES, active, close_desk, open_desk
from tests.ui.test_window import drop
from tests.ui.tiny_packages import detection_package, segmentation_package


def wheel(widget: QWidget, notches: int) -> None:
    """Turn the wheel over the middle of a widget; negative is towards the reader."""
    middle = QPointF(widget.rect().center())
    for _ in range(abs(notches)):
        step = QPoint(0, 120 if notches > 0 else -120)
        event = QWheelEvent(
            middle,
            widget.mapToGlobal(middle),
            QPoint(),
            step,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)


def drag(qtbot: QtBot, widget: QWidget, by: QPoint) -> None:
    """Drag with the left button from the middle of a widget."""
    start = widget.rect().center()
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for part in (0.25, 0.5, 0.75, 1.0):
        qtbot.mouseMove(widget, start + by * part)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=start + by)


def pixels(widget: QWidget) -> np.ndarray:  # type: ignore[type-arg]
    """What a widget shows, (rows, columns, 3)."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    whole = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return whole[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def test_the_whole_way(qtbot: QtBot, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(segmentation_package(tmp_path / "bright"))
    install(detection_package(tmp_path / "balls"))
    desk = open_desk(qtbot)
    workspace, window = desk.workspace, desk.window

    # Open: the folder is dropped on the empty window.
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(study_folder))])
    drop(window, mime)
    qtbot.waitUntil(lambda: workspace.active_viewport.stack is not None and not workspace.is_scanning, timeout=20_000)
    viewport = active(desk)
    stack = workspace.active_viewport.stack
    assert stack is not None
    assert stack.shape[0] == SLICES
    qtbot.waitUntil(lambda: workspace.loader.volume(stack).is_complete, timeout=20_000)
    qtbot.waitUntil(lambda: len(np.unique(pixels(viewport))) > 20, timeout=5000)

    # Scroll: by wheel and by keys, stopping at the ends.
    first = workspace.active_viewport.slice_index
    wheel(viewport, -2)
    assert abs(workspace.active_viewport.slice_index - first) == 2
    qtbot.keyClick(viewport, Qt.Key.Key_Home)
    assert workspace.active_viewport.slice_index == 0
    qtbot.keyClick(viewport, Qt.Key.Key_PageDown)
    qtbot.keyClick(viewport, Qt.Key.Key_Down)
    qtbot.keyClick(viewport, Qt.Key.Key_Down)
    assert workspace.active_viewport.slice_index == SLICES - 1

    # Window: by drag (right is wider) and by a digit.
    before = viewport.voi
    assert isinstance(before, Window)
    drag(qtbot, viewport, QPoint(80, 0))
    wider = viewport.voi
    assert isinstance(wider, Window)
    assert wider.width > before.width
    qtbot.keyClick(viewport, Qt.Key.Key_7)
    lung = viewport.voi
    assert isinstance(lung, Window)
    assert (lung.width, lung.center) == (1500, -600)
    qtbot.keyClick(viewport, Qt.Key.Key_5)

    # Filter: chosen in the Image tab, seen on the slice, taken back with a key.
    qtbot.keyClick(viewport, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert window.right_panel.tabs.currentIndex() == IMAGE
    filters = window.right_panel.page(IMAGE).filters  # type: ignore[attr-defined]
    unfiltered = pixels(viewport)
    action = next(one for one in filters.add_button.menu().actions() if one.data() == "gaussian")
    action.trigger()
    qtbot.waitUntil(lambda: bool((pixels(viewport) != unfiltered).sum() > 5000), timeout=5000)
    qtbot.waitUntil(window.actions_["filter.original"].isEnabled, timeout=2000)
    qtbot.keyClick(viewport, Qt.Key.Key_B)
    assert workspace.active_viewport.view.show_original
    qtbot.keyClick(viewport, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert workspace.active_viewport.view.filters == ()

    # Run: the Run command takes what fits best; the other one is chosen in the AI tab.
    qtbot.keyClick(viewport, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    panel = window.right_panel.page(AI)
    for name in ("bright", "balls"):
        qtbot.waitUntil(
            lambda name=name: name in [row.choice.package.manifest.id for row in panel.rows],  # type: ignore[attr-defined,misc]
            timeout=20_000,
        )
        row = next(row for row in panel.rows if row.choice.package.manifest.id == name)  # type: ignore[attr-defined]
        qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
        qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: len(workspace.results.of(stack.id)) == 2, timeout=30_000)

    # Look: four viewports, the overlay is drawn; J hides and shows it.
    qtbot.keyClick(viewport, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    assert workspace.layout == (2, 2)
    qtbot.keyClick(viewport, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert window.right_panel.tabs.currentIndex() == FINDINGS
    findings = window.right_panel.page(FINDINGS)
    qtbot.waitUntil(lambda: len(findings.cards) == 2, timeout=5000)  # type: ignore[attr-defined]

    # Jump: a click on the finding brings all four viewports to it.
    card = next(card for card in findings.cards if card.tree is not None)  # type: ignore[attr-defined]
    item = card.tree.topLevelItem(0)
    qtbot.mouseClick(card.disclosure, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(card.tree.viewport(), Qt.MouseButton.LeftButton, pos=card.tree.visualItemRect(item).center())
    assert workspace.viewports[0].k == BALL[0]
    assert stack.geometry is not None
    ball = stack.geometry.voxel_to_patient(BALL)
    for state, axis in zip(workspace.viewports[1:], (2, 1, 0), strict=True):
        assert abs(state.position_mm - ball[axis]) <= 1.5
    shown = pixels(viewport)
    qtbot.keyClick(viewport, Qt.Key.Key_J)
    hidden = pixels(viewport)
    without = (shown != hidden).any(axis=-1).sum()
    assert without > 500
    qtbot.keyClick(viewport, Qt.Key.Key_J)
    assert (pixels(viewport) != shown).any(axis=-1).sum() < without / 5

    # Save: the viewport as a picture, the segmentation as NIfTI.
    picture, volume = tmp_path / "viewport.png", tmp_path / "bright.nii.gz"
    qtbot.keyClick(viewport, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(window.findChildren(ExportDialog)), timeout=20_000)
    (dialog,) = window.findChildren(ExportDialog)
    dialog.path.setText(str(picture))
    qtbot.waitUntil(dialog.save.isEnabled, timeout=20_000)
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any(notice.code == "saved" for notice in workspace.notices), timeout=20_000)
    assert QImage(str(picture)).size() == viewport.size() * viewport.devicePixelRatio()
    known = len(workspace.notices)
    monkeypatch.setattr("medview.ui.saving.QFileDialog.getSaveFileName", lambda *_all: (str(volume), ""))
    window.actions_["save.nifti"].trigger()
    qtbot.waitUntil(lambda: volume.exists() and len(workspace.notices) > known, timeout=20_000)
    qtbot.waitUntil(lambda: not window.status.running(), timeout=10_000)
    assert {notice.severity for notice in workspace.notices} == {"done"}

    # Close: with the key; the window is gone and nothing runs on (the fixtures look for threads).
    qtbot.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    close_desk(qtbot, desk)
