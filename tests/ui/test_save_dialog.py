"""Saving from the window: what was marked becomes files where the reader says, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QCheckBox
from pytestqt.qtbot import QtBot

from medview.app.measurements import place_of
from medview.app.shown_slice import acquired_shown
from medview.core.folders import user_folder
from medview.core.measurement import Measurement
from medview.ui.application import Desk
from medview.ui.save_dialog import SaveDialog


@pytest.fixture
def dialog(qtbot: QtBot, reading_desk: Desk) -> SaveDialog:
    state = reading_desk.workspace.active_viewport
    assert state.stack is not None
    place = place_of(state.stack, acquired_shown(state.stack, 2), 0)
    marks = reading_desk.workspace.measurements
    marks.add(Measurement(marks.new_id(), "ruler", place, ((2.0, 3.0), (12.0, 3.0))))
    qtbot.keyClick(
        reading_desk.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    qtbot.waitUntil(lambda: bool(reading_desk.window.findChildren(SaveDialog)))
    found: SaveDialog = reading_desk.window.findChildren(SaveDialog)[0]
    return found


def tick(qtbot: QtBot, box: QCheckBox, on: bool = True) -> None:
    if box.isChecked() is not on:
        box.click()
    assert box.isChecked() is on


def test_a_mark_becomes_a_report_with_the_reader_s_name(
    qtbot: QtBot, dialog: SaveDialog, reading_desk: Desk, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    dialog.folder.setText(str(out))
    for kind, box in dialog.kinds.items():
        tick(qtbot, box, kind in {"sr", "csv", "html"})
    dialog.reader.clear()
    assert not dialog.verified.isEnabled(), "nobody verifies without a name"
    dialog.reader.setText("Wang^Li")
    tick(qtbot, dialog.verified)
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (out / "findings.csv").is_file() and dialog.save.isEnabled(), timeout=20_000)
    assert sorted(path.name for path in out.iterdir()) == ["findings.csv", "report-sr.dcm", "report.html"]
    data = pydicom.dcmread(out / "report-sr.dcm")
    assert data.VerificationFlag == "VERIFIED"
    assert any(notice.code == "saved" for notice in reading_desk.workspace.notices)


def test_nothing_goes_among_the_images_without_asking(dialog: SaveDialog, reading_desk: Desk) -> None:
    stack = reading_desk.workspace.active_viewport.stack
    assert stack is not None
    dialog.folder.setText(str(Path(stack.frames[0].path).parent))
    assert dialog.among_sources.isVisibleTo(dialog)
    assert not dialog.save.isEnabled()
    dialog.among_sources.click()
    assert dialog.save.isEnabled()


def test_the_report_is_previewed(qtbot: QtBot, dialog: SaveDialog) -> None:
    dialog.language.setCurrentIndex(1)
    qtbot.mouseClick(dialog.preview, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog._preview is not None, timeout=20_000)
    assert dialog._preview is not None
    assert "影像报告" in dialog._preview.page.toPlainText()


def test_a_broken_template_is_told_when_it_is_chosen_not_when_the_report_is_made(
    qtbot: QtBot, dialog: SaveDialog
) -> None:
    assert not dialog.template_said.isVisible()
    own = user_folder() / "reports" / "report_zh_CN.html"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("<p>{{patient_name}}\n{{#findings}}<p>", encoding="utf-8")
    dialog.language.setCurrentIndex(1)
    assert dialog.template_said.isVisible()
    assert "line 2" in dialog.template_said.text()
    assert "{{#findings}}" in dialog.template_said.text()
    for kind in ("pdf", "html", "pdf-dicom"):
        tick(qtbot, dialog.kinds[kind], kind != "pdf")
    assert dialog.template_said.isVisible()
    for kind in ("html", "pdf-dicom"):
        tick(qtbot, dialog.kinds[kind], on=False)
    assert not dialog.template_said.isVisible(), "no page is asked for"
    tick(qtbot, dialog.kinds["html"])
    own.write_text("<p>{{patient_name}}", encoding="utf-8")
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    QApplication.sendEvent(dialog, QEvent(QEvent.Type.ActivationChange))
    assert not dialog.template_said.isVisible()
