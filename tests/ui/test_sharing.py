"""A study shared without identity from the window: by its form, with pictures that have to be looked at first."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from medview.ui.share_dialog import ShareDialog
from tests.ui.small_study import open_study, write_study


@pytest.mark.timeout(120)
def test_a_study_is_written_without_identity_once_its_pictures_were_looked_at(qtbot, desk, tmp_path: Path) -> None:
    folder = write_study(tmp_path / "in")
    for path in (folder / "series2").iterdir():
        data = pydicom.dcmread(path)
        data.BurnedInAnnotation = "YES"
        data.save_as(path, enforce_file_format=True)
    open_study(qtbot, desk, folder)
    desk.window.run_command("save.shared")
    dialog = desk.window.findChild(ShareDialog)
    assert dialog.isVisible()
    (box,) = dialog.looked.values()
    assert "Soft tissue" in box.text()
    dialog.prefix.setText("Jane Doe")
    assert not dialog.write.isEnabled()
    dialog.prefix.setText("STUDY-7")
    dialog.folder.setText(str(tmp_path / "first"))
    QTest.mouseClick(dialog.write, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.write.isEnabled, timeout=60_000)
    names = {str(pydicom.dcmread(path).SeriesNumber) for path in (tmp_path / "first").rglob("*.dcm")}
    assert names == {"1", "3"}
    assert any(notice.code == "shared" for notice in desk.workspace.notices)
    box.setChecked(True)
    dialog.folder.setText(str(tmp_path / "second"))
    QTest.mouseClick(dialog.write, Qt.MouseButton.LeftButton)
    qtbot.waitUntil((tmp_path / "second" / "report.json").exists, timeout=60_000)
    made = [pydicom.dcmread(path) for path in (tmp_path / "second").rglob("*.dcm")]
    assert {str(data.SeriesNumber) for data in made} == {"1", "2", "3"}
    assert all(str(data.PatientName).startswith("STUDY-7-") for data in made)
    assert not any("Doe" in str(data) for data in made)
    dialog.close()
