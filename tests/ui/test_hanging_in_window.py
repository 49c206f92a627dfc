"""Hanging protocols with real files, keys and clicks: a mammogram opens hung, steps go on by key, a layout is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.app.hangings import protocol_folder
from medview.ui.application import Desk
from medview.ui.detached import DetachedWindow
from medview.ui.hanging_dialog import HangingDialog, ProtocolForm
from tests.ui.small_study import active, open_study

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
WAIT = 20_000
ORIENTATIONS = {("R", "CC"): ["P", "L"], ("L", "CC"): ["P", "L"], ("R", "MLO"): ["P", "F"], ("L", "MLO"): ["A", "F"]}
"""The left CC is stored the other way round, as some machines do."""


def write_mammograms(folder: Path, date: str = "20260301", seed: str = "mg") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    study = generate_uid(entropy_srcs=[seed, date])
    for at, ((side, view), orientation) in enumerate(ORIENTATIONS.items()):
        uid = generate_uid(entropy_srcs=[seed, date, side, view])
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
        meta.MediaStorageSOPInstanceUID = uid
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, uid
        data.PatientName, data.PatientID, data.PatientSex = "Mammo^Anna", "M-1", "F"
        data.StudyInstanceUID, data.SeriesInstanceUID = study, generate_uid(entropy_srcs=[seed, date, "series"])
        data.StudyDate, data.StudyTime, data.StudyDescription = date, "101500", "Screening"
        data.Modality, data.BodyPartExamined, data.SeriesNumber, data.InstanceNumber = "MG", "BREAST", 1, at + 1
        data.ImageLaterality, data.ViewPosition, data.PatientOrientation = side, view, orientation
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.Rows, data.Columns = 120, 80
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
        data.ImagerPixelSpacing = [0.5, 0.5]
        y, x = np.mgrid[:120, :80]
        chest = 79 if orientation[0] == "P" else 0
        pixels = np.where(((x - chest) / 70) ** 2 + ((y - 60) / 50) ** 2 < 1, 1800, 0).astype(np.uint16)
        data.PixelData = pixels.tobytes()
        data.save_as(folder / f"{date}-{side}{view}.dcm", enforce_file_format=True)
    assert pydicom.dcmread(folder / f"{date}-RCC.dcm").Modality == "MG"
    return folder


@pytest.fixture
def mammography(qtbot: QtBot, desk: Desk, tmp_path: Path) -> Desk:
    open_study(qtbot, desk, write_mammograms(tmp_path / "mg"))
    return desk


def views(desk: Desk) -> list[str]:
    return [
        f"{state.stack.context.laterality} {state.stack.context.view_position}" if state.stack is not None else ""
        for state in desk.workspace.viewports
    ]


def test_a_mammogram_opens_with_four_views_back_to_back(qtbot: QtBot, mammography: Desk) -> None:
    assert mammography.workspace.layout == (2, 2)
    assert views(mammography) == ["R CC", "L CC", "R MLO", "L MLO"]
    frames = mammography.window.grid.frames
    loader = mammography.workspace
    qtbot.waitUntil(
        lambda: all(f.viewport.volume is not None and f.viewport.volume.is_complete for f in frames), timeout=WAIT
    )
    assert loader.hangings.step is not None
    for frame, side in zip(frames, "RLRL", strict=True):
        picture = frame.viewport.grab().toImage()
        row = [picture.pixelColor(x, picture.height() // 2).lightness() for x in range(picture.width())]
        inner = row[-40:-20] if side == "R" else row[20:40]
        outer = row[30:60] if side == "R" else row[-60:-30]
        assert np.mean(inner) > 60 > np.mean(outer), f"{side}: the chest wall is not at the middle"
    from medview.ui.series_panel import series_title

    shown = [state.view for state in mammography.workspace.viewports]
    assert [series_title(one.series, one.stack) for one in shown] == ["R CC", "L CC", "R MLO", "L MLO"]
    assert "1/7" in mammography.window.status.hanging.text()


def test_a_prior_that_was_opened_last_is_no_current_study(qtbot: QtBot, mammography: Desk, tmp_path: Path) -> None:
    workspace = mammography.workspace
    open_study(qtbot, mammography, write_mammograms(tmp_path / "prior", "20240308"))
    assert {state.study.date for state in workspace.viewports if state.study is not None} == {"20240308"}
    new = next(study for study in workspace.studies if study.date == "20260301")
    workspace.show_stack(new.series[0].stacks[0])
    viewport = active(mammography)
    for _ in range(12):
        qtbot.keyClick(viewport, Qt.Key.Key_Period)
        step = workspace.hangings.step
        assert step is not None
        if step.protocol is not None and step.stage == 3:
            break
        viewport = active(mammography)
    dates = [state.study.date for state in workspace.viewports if state.study is not None]
    assert dates == ["20260301"] * 2 + ["20240308"] * 2


def test_a_view_is_named_once_in_the_strip(mammography: Desk) -> None:
    from dataclasses import replace

    from medview.ui.series_panel import series_title

    series = mammography.workspace.studies[0].series[0]
    stack = series.stacks[0]
    view = f"{stack.context.laterality} {stack.context.view_position}"
    told = replace(stack, context=replace(stack.context, description=view.lower()))
    assert series_title(series, told) == view
    told = replace(stack, context=replace(stack.context, description="Screening"))
    assert series_title(series, told) == f"{view}  Screening"


def test_steps_go_on_and_back_by_key(qtbot: QtBot, mammography: Desk) -> None:
    workspace = mammography.workspace
    qtbot.keyClick(active(mammography), Qt.Key.Key_Period)
    assert workspace.layout == (1, 2)
    assert views(mammography) == ["R CC", "L CC"]
    assert "2/7" in mammography.window.status.hanging.text()
    qtbot.keyClick(active(mammography), Qt.Key.Key_Period)
    assert views(mammography) == ["R MLO", "L MLO"]
    qtbot.keyClick(active(mammography), Qt.Key.Key_Comma)
    assert views(mammography) == ["R CC", "L CC"]
    qtbot.keyClick(mammography.window, Qt.Key.Key_Z, CTRL)
    assert views(mammography) == ["R MLO", "L MLO"], "hanging is undone like any layout"


def test_a_layout_is_kept_under_a_name_and_hung_from_the_list(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    workspace.set_layout(1, 2)
    active(reading_desk).setFocus()
    qtbot.keyClick(reading_desk.window, Qt.Key.Key_G, CTRL | SHIFT)
    form = reading_desk.window.findChildren(ProtocolForm)[0]
    assert form.modalities.text() == "CT"
    assert form.table.rowCount() == 2
    form.name.selectAll()
    qtbot.keyClicks(form.name, "Two by two")
    form.table.item(0, 8).setText("a, b")
    qtbot.mouseClick(form.keep_button, Qt.MouseButton.LeftButton)
    assert "row 1, column 1" in form.said.text()
    form.table.item(0, 8).setText("-600, 1500")
    qtbot.mouseClick(form.keep_button, Qt.MouseButton.LeftButton)
    assert (protocol_folder() / "two-by-two.json").is_file()
    workspace.set_layout(1, 1)
    qtbot.keyClick(reading_desk.window, Qt.Key.Key_H, CTRL)
    dialog = reading_desk.window.findChildren(HangingDialog)[0]
    first = dialog.tree.topLevelItem(0)
    assert first is not None
    assert first.text(0) == "Two by two"
    dialog.tree.setCurrentItem(first)
    qtbot.mouseClick(dialog.hang_button, Qt.MouseButton.LeftButton)
    assert workspace.layout == (1, 2)
    assert workspace.viewports[0].view.voi.width == 1500
    qtbot.mouseClick(dialog.remove_button, Qt.MouseButton.LeftButton)
    assert not (protocol_folder() / "two-by-two.json").exists()


def test_a_study_that_nothing_hangs_by_itself_opens_as_ever(reading_desk: Desk) -> None:
    assert reading_desk.workspace.layout == (1, 1)
    assert reading_desk.workspace.hangings.step is None
    assert not reading_desk.window.status.hanging.isVisible()


def test_what_was_hung_goes_with_its_study(qtbot: QtBot, mammography: Desk, study_folder: Path) -> None:
    workspace, status = mammography.workspace, mammography.window.status
    # Another patient's study that nothing hangs: alone on the screen, and no step of a protocol that is not its own.
    open_study(qtbot, mammography, study_folder)
    assert workspace.layout == (1, 1)
    assert workspace.active_viewport.study is not None
    assert workspace.active_viewport.study.patient.patient_id == "P-1"
    assert len(workspace.patients.keys()) == 1
    assert status.hanging.isHidden()
    workspace.set_layout(1, 2)
    assert len(workspace.patients.keys()) == 1

    # The mammogram is hung again and closed by its key: nothing of its four viewports is left.
    mammogram = next(study for study in workspace.studies if study.patient.patient_id == "M-1")
    workspace.close_study(next(study for study in workspace.studies if study is not mammogram))
    workspace.show_stack(mammogram.series[0].stacks[0])
    qtbot.keyClick(active(mammography), Qt.Key.Key_Period)
    assert workspace.layout == (2, 2)
    qtbot.keyClick(mammography.window, Qt.Key.Key_W, CTRL)
    assert workspace.layout == (1, 1)
    assert workspace.hangings.step is None
    assert status.hanging.isHidden()


def test_a_viewport_on_an_unplugged_screen_comes_back_into_sight(
    qtbot: QtBot, reading_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.keyClick(reading_desk.window, Qt.Key.Key_N, CTRL | SHIFT)
    window = reading_desk.window.findChildren(DetachedWindow)[0]
    assert window.windowTitle() == "Viewport 1", "the system adds the name of the program"
    raised: list[bool] = []
    monkeypatch.setattr(window, "raise_", lambda: raised.append(True))
    window.move(50_000, 50_000)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.screenRemoved.emit(app.primaryScreen())
    qtbot.waitUntil(lambda: app.primaryScreen().geometry().intersects(window.frameGeometry()), timeout=WAIT)
    assert raised, "on the one screen that is left it would be under the main window"
    assert reading_desk.workspace.viewports[0].stack is not None
    window.close()


def test_the_words_of_a_mammogram_lie_on_no_tissue_however_it_is_turned(qtbot: QtBot, mammography: Desk) -> None:
    """Corner text, marks and the upright scale stand away from the chest wall, where the tissue is thickest."""
    frames = mammography.window.grid.frames
    qtbot.waitUntil(
        lambda: all(f.viewport.volume is not None and f.viewport.volume.is_complete for f in frames), timeout=WAIT
    )

    def bright(at: int, where: slice) -> int:
        """Pixels of words on the black above the breast."""
        picture = frames[at].viewport.grab().toImage()
        across = range(picture.width())[where]
        return sum(picture.pixelColor(x, y).lightness() > 100 for x in across for y in range(4, 26))

    third = frames[0].viewport.width() // 3
    sides = {"left": slice(0, third), "right": slice(-third, None)}
    for at, (wall, away) in enumerate([("right", "left"), ("left", "right")] * 2):
        assert bright(at, sides[wall]) == 0
        assert bright(at, sides[away]) > 20
        corners, rects = frames[at].viewport._painting._fitted[2:]
        assert getattr(corners, f"top_{wall}") == getattr(corners, f"bottom_{wall}") == ()
        assert len(rects) == 2
    # Mirrored, the wall is on the other side, and so are the words.
    viewport = active(mammography)
    qtbot.keyClick(viewport, Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: bright(0, sides["left"]) == 0 and bright(0, sides["right"]) > 20, timeout=WAIT)
