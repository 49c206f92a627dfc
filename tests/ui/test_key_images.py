"""Key images chosen by key: starred, listed, noted, taken back, there again, exported, and read back from what was exported."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.app.fusion import change_fusion, fuse
from medview.app.key_pictures import key_pictures
from medview.app.statement_files import statement_csv, write_statement
from medview.app.stating import statement_maker
from medview.app.visual_report import report_html
from medview.dicom.structured_report import read_report
from medview.ui.application import Desk
from medview.ui.worklist_panel import WorklistPanel
from tests.app.test_fused_reports import HOT, write_both
from tests.app.test_written_reports import errors
from tests.ui.small_study import active, close_desk, texts_of
from tests.ui.test_corrections import CTRL, SHIFT, panel_of, ready, slice_to
from tests.ui.test_decisions import press
from tests.ui.test_kept_marks import kept, opened


def chosen(desk: Desk) -> list[int]:
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    return [place.k for place in desk.workspace.reader_keys.of(stack)]


def labels(panel: WorklistPanel) -> list[str]:
    rows = [panel.tree.topLevelItem(at) for at in range(panel.tree.topLevelItemCount())]
    return [row.text(0) for row in rows if row is not None]


def is_starred(desk: Desk) -> bool:
    viewport = active(desk)
    QApplication.processEvents()
    return any(mark.code == "key_image" for mark in viewport._painting.marks(viewport.volume))


@pytest.mark.timeout(120)
def test_key_images_from_the_key_to_the_file_and_back(qtbot: QtBot, study_folder: Path, tmp_path: Path) -> None:
    desk = ready(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    stack = workspace.active_viewport.stack
    assert stack is not None
    for k in (7, 2):
        slice_to(desk, k)
        press(qtbot, viewport, Qt.Key.Key_K)
    assert chosen(desk) == [2, 7]
    assert workspace.key_images.count_in(stack) == 2, "the strip shows a star"
    assert is_starred(desk)
    slice_to(desk, 3)
    assert not is_starred(desk)
    press(qtbot, viewport, Qt.Key.Key_K, CTRL)
    assert workspace.active_viewport.slice_index == 7

    # In the list, with a note; a click goes there.
    panel = panel_of(desk).worklist
    qtbot.waitUntil(lambda: labels(panel) == ["★ Key image"] * 2, timeout=20_000)
    row = panel.tree.topLevelItem(0)
    assert row is not None
    qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=panel.tree.visualItemRect(row).center())
    assert workspace.active_viewport.slice_index == 2
    panel.note.setFocus()
    qtbot.keyClicks(panel.note, "apex <b>")
    qtbot.keyClick(panel.note, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: labels(panel) == ["★ apex <b>", "★ Key image"], timeout=20_000)

    # Each is a step.
    viewport.setFocus()
    for titles, left in (("Note on a key image", [2, 7]), ("Key image", [7]), ("Key image", [])):
        assert workspace.history.undo_title == titles
        press(qtbot, viewport, Qt.Key.Key_Z, CTRL)
        assert chosen(desk) == left
    for _ in range(3):
        press(qtbot, viewport, Qt.Key.Key_Z, CTRL | SHIFT)
    assert chosen(desk) == [2, 7]
    slice_to(desk, 9)
    press(qtbot, viewport, Qt.Key.Key_K)
    press(qtbot, viewport, Qt.Key.Key_K)
    assert chosen(desk) == [2, 7]

    # A cut that no file holds cannot be one, and that is said.
    workspace.active_viewport.set_plane("coronal")
    press(qtbot, viewport, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: any("as it was acquired" in text for text in texts_of(desk.window)), timeout=20_000)
    workspace.active_viewport.set_plane("acquired")

    # Out: the selection holds these and no others; the report shows them first.
    statement = statement_maker(workspace)()
    write_statement(statement, ["kos"], tmp_path / "out")
    kos = tmp_path / "out" / "key-images.dcm"
    assert errors(kos) == []
    assert [one.sop_uid for one in read_report(str(kos)).references()] == [stack.frames[k].sop_uid for k in (2, 7)]
    pictures = key_pictures(statement)
    assert [(one.k, one.is_key) for one in pictures] == [(2, True), (7, True)]
    page = report_html(statement, "en", pictures=pictures)
    assert "★ key image, image 3 of 12: apex &lt;b&gt;" in page
    table = csv.DictReader(io.StringIO(statement_csv(statement).lstrip("\ufeff")))
    assert [(line["kind"], line["slice"], line["note"]) for line in table] == [
        ("key image", "2", "apex <b>"),
        ("key image", "7", ""),
    ]
    kept(qtbot, desk)
    close_desk(qtbot, desk)

    # There again; and the file that was written marks the same images for somebody who chose none.
    again = opened(qtbot, study_folder)
    assert chosen(again) == [2, 7]
    assert [place.key.note for place in again.workspace.reader_keys.of(stack)] == ["apex <b>", ""]
    assert not again.workspace.history.undo_title
    close_desk(qtbot, again)
    folder = tmp_path / "with-kos"
    shutil.copytree(study_folder / "series1", folder)
    shutil.copy(kos, folder)
    store = again.workspace.keeping.store
    shutil.rmtree(store.folder)
    other = opened(qtbot, folder)
    qtbot.waitUntil(lambda: other.workspace.key_images.count_in(stack) == 2, timeout=20_000)
    assert chosen(other) == []
    assert [k for k in range(12) if other.workspace.key_images.title_of(stack, k) is not None] == [2, 7]
    close_desk(qtbot, other)


@pytest.mark.timeout(120)
def test_a_key_image_whose_pixels_were_changed_says_so(qtbot: QtBot, study_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study_folder / "series1", folder)
    desk = ready(qtbot, folder)
    slice_to(desk, 4)
    press(qtbot, active(desk), Qt.Key.Key_K)
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    kept(qtbot, desk)
    subject = f"{stack.frames[4].sop_uid}/0"
    qtbot.waitUntil(lambda: bool(desk.workspace.keeping.store.history("pixels", subject)), timeout=20_000)
    path = Path(stack.frames[4].path)
    close_desk(qtbot, desk)
    dataset = pydicom.dcmread(path)
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(path, enforce_file_format=True)
    again = ready(qtbot, folder)
    slice_to(again, 4)
    now = again.workspace.active_viewport.stack
    assert now is not None
    qtbot.waitUntil(lambda: [place.stale for place in again.workspace.reader_keys.of(now)] == [True], timeout=20_000)
    close_desk(qtbot, again)


@pytest.mark.timeout(120)
def test_what_lay_over_a_key_image_is_in_its_picture_on_another_day(qtbot: QtBot, tmp_path: Path) -> None:
    folder = write_both(tmp_path / "study")
    desk = ready(qtbot, folder)
    workspace = desk.workspace
    series = {one.context.modality: one for one in workspace.studies[0].series}
    state = workspace.active_viewport
    state.show(workspace.studies[0], series["CT"], series["CT"].stacks[0])
    fuse(state, workspace.studies, series["PT"].stacks[0].id)
    change_fusion(state, opacity=0.7)
    slice_to(desk, HOT[0])
    press(qtbot, active(desk), Qt.Key.Key_K)
    (as_seen,) = key_pictures(statement_maker(workspace)())
    assert as_seen.fused is not None
    kept(qtbot, desk)
    close_desk(qtbot, desk)

    again = ready(qtbot, folder)
    assert again.workspace.active_viewport.view.fusion is None
    qtbot.waitUntil(lambda: len(statement_maker(again.workspace)().keys) == 1, timeout=20_000)
    (picture,) = key_pictures(statement_maker(again.workspace)())
    assert picture.fused is not None
    assert picture.fused.opacity == 0.7
    assert np.array_equal(picture.rgba, as_seen.rgba)
    close_desk(qtbot, again)

    # Without the series on top that is said, and the image is there by itself.
    alone = ready(qtbot, folder / "ct")
    qtbot.waitUntil(lambda: len(statement_maker(alone.workspace)().keys) == 1, timeout=20_000)
    (picture,) = key_pictures(statement_maker(alone.workspace)())
    assert (picture.fused, picture.fused_fault) == (None, "it is not open")
    close_desk(qtbot, alone)
