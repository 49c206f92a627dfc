"""Marks and decisions with mouse and keys: there again after the end and after a kill, taken back and done again."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from medview.core.measurement import Measurement
from medview.store.study_store import StudyStore, store_folder
from medview.ui.application import Desk
from medview.ui.viewport import ViewportWidget
from tests.ui.small_study import active, close_desk, open_desk, open_study, texts_of

ROOT = Path(__file__).resolve().parents[2]


def draw(qtbot: QtBot, viewport: ViewportWidget, key: Qt.Key, off: QPoint | None = None) -> None:
    """Choose a drawing tool by its key and drag from the middle, or ``off`` it; the tool is put away again."""
    qtbot.keyClick(viewport, key)
    start, by = viewport.rect().center() + (off or QPoint()), QPoint(80, 30)
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(viewport, start + by * 0.5)
    qtbot.mouseMove(viewport, start + by)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start + by)
    qtbot.keyClick(viewport, Qt.Key.Key_W)


def marks(desk: Desk) -> tuple[Measurement, ...]:
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    return desk.workspace.measurements.of(stack.id)


def kept(qtbot: QtBot, desk: Desk) -> None:
    """Wait until everything is on the disk."""
    qtbot.waitUntil(lambda: desk.workspace.keeping.waiting == 0, timeout=10_000)


def opened(qtbot: QtBot, folder: Path) -> Desk:
    """A desk with the study open and what was kept of it there."""
    desk = open_desk(qtbot)
    back: list[bool] = []

    def note() -> None:
        back.append(True)

    desk.workspace.keeping.restored.connect(note)
    open_study(qtbot, desk, folder)
    qtbot.waitUntil(lambda: bool(back), timeout=20_000)
    return desk


def test_a_ruler_is_there_again_after_the_window_was_closed(qtbot: QtBot, study_folder: Path) -> None:
    desk = opened(qtbot, study_folder)
    draw(qtbot, active(desk), Qt.Key.Key_D)
    draw(qtbot, active(desk), Qt.Key.Key_E, QPoint(-70, -90))
    made = marks(desk)
    assert [mark.kind for mark in made] == ["ruler", "ellipse"]
    close_desk(qtbot, desk)

    again = opened(qtbot, study_folder)
    assert marks(again) == made
    assert not again.workspace.history.undo_title
    assert not any(again.workspace.measurements.is_stale(mark.id) for mark in made)
    shown = active(again)
    again.workspace.active_viewport.go_to_index(made[0].place.k)
    assert shown.marks_here() == made
    entries = again.workspace.keeping.store.history("mark", made[0].id)
    assert entries[0].content is not None
    assert entries[0].content["place"]["sop_uid"]
    assert len(entries[0].content["patient_points"]) == 2
    close_desk(qtbot, again)


def test_undo_and_redo_by_keys_name_their_step_and_are_kept(qtbot: QtBot, study_folder: Path) -> None:
    desk = opened(qtbot, study_folder)
    viewport = active(desk)
    draw(qtbot, viewport, Qt.Key.Key_D)
    draw(qtbot, viewport, Qt.Key.Key_E, QPoint(-70, -90))
    made = marks(desk)
    actions = desk.window.actions_
    actions.refresh()
    assert actions["edit.undo"].text() == "Undo: Ellipse"
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(viewport, Qt.Key.Key_Z, control)
    qtbot.keyClick(viewport, Qt.Key.Key_Z, control)
    assert marks(desk) == ()
    actions.refresh()
    assert not actions["edit.undo"].isEnabled()
    assert actions["edit.redo"].text() == "Redo: Distance"
    qtbot.keyClick(viewport, Qt.Key.Key_Z, control | shift)
    qtbot.keyClick(viewport, Qt.Key.Key_Y, control)
    assert marks(desk) == made
    viewport.select_mark(made[0].id)
    qtbot.keyClick(viewport, Qt.Key.Key_Delete)
    assert marks(desk) == made[1:]
    qtbot.keyClick(viewport, Qt.Key.Key_Z, control)
    assert set(marks(desk)) == set(made)
    qtbot.keyClick(viewport, Qt.Key.Key_Z, control | shift)
    close_desk(qtbot, desk)

    again = opened(qtbot, study_folder)
    assert marks(again) == made[1:]
    store = again.workspace.keeping.store
    steps = [entry.content["how"] for entry in store.all_entries() if entry.kind == "step" and entry.content]
    assert steps == ["done", "done", "undone", "undone", "redone", "redone", "done", "undone", "redone"]
    close_desk(qtbot, again)


def test_a_step_on_a_mark_that_is_not_seen_is_told_and_can_be_done_again_with_a_button(
    qtbot: QtBot, reading_desk: Desk
) -> None:
    workspace, viewport = reading_desk.workspace, active(reading_desk)
    control = Qt.KeyboardModifier.ControlModifier
    draw(qtbot, viewport, Qt.Key.Key_D)
    qtbot.keyClick(viewport, Qt.Key.Key_Z, control)
    qtbot.keyClick(viewport, Qt.Key.Key_Y, control)
    assert not workspace.notices, "what is seen needs no words"
    made = marks(reading_desk)
    qtbot.keyClick(viewport, Qt.Key.Key_9, control)
    assert workspace.active_viewport.view.plane_kind == "turning"
    qtbot.keyClick(viewport, Qt.Key.Key_Z, control)
    assert marks(reading_desk) == ()
    notice = workspace.notices[-1]
    assert (notice.code, notice.values) == ("step_unseen", (str(made[0].place.k + 1), "Lung 2 mm"))
    strip = reading_desk.window.grid.frames[0].notices
    qtbot.waitUntil(strip.isVisible, timeout=20_000)
    again = next(one for one in strip.findChildren(QPushButton) if one.text() == "Do it again")
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    assert marks(reading_desk) == made
    # Nobody is told twice: what was said is gone with the next step, also where that is seen.
    qtbot.keyClick(viewport, Qt.Key.Key_9, control)
    qtbot.keyClick(viewport, Qt.Key.Key_Z, control)
    assert not any(one.shown for one in workspace.notices)


def test_layout_is_taken_back_and_done_again(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    viewport = active(reading_desk)
    stack = workspace.active_viewport.stack
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(viewport, Qt.Key.Key_5, control)
    assert [state.plane_kind for state in workspace.viewports] == ["acquired", "axial", "coronal", "sagittal"]
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_Z, control)
    assert workspace.layout == (1, 1)
    assert workspace.active_viewport.stack is stack
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_Z, control | shift)
    assert workspace.layout == (2, 2)
    assert [state.plane_kind for state in workspace.viewports] == ["acquired", "axial", "coronal", "sagittal"]


def test_a_mark_on_a_cut_comes_back_on_the_cut(qtbot: QtBot, study_folder: Path) -> None:
    desk = opened(qtbot, study_folder)
    desk.workspace.active_viewport.set_plane("coronal")
    viewport = active(desk)
    qtbot.waitUntil(lambda: viewport.place() is not None and viewport.volume.is_complete, timeout=10_000)
    draw(qtbot, viewport, Qt.Key.Key_D)
    (made,) = marks(desk)
    assert made.place.plane == "coronal"
    close_desk(qtbot, desk)
    again = opened(qtbot, study_folder)
    assert marks(again) == (made,)
    assert not again.workspace.measurements.is_stale(made.id)
    again.workspace.active_viewport.set_plane("coronal")
    assert active(again).marks_here() == (made,)
    close_desk(qtbot, again)


def test_images_that_were_changed_make_the_mark_stale_and_keep_it(
    qtbot: QtBot, study_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study_folder / "series1", folder)
    desk = opened(qtbot, folder)
    draw(qtbot, active(desk), Qt.Key.Key_D)
    (made,) = marks(desk)
    kept(qtbot, desk)
    qtbot.waitUntil(lambda: bool(desk.workspace.keeping.store.history("pixels", made.id)), timeout=10_000)
    close_desk(qtbot, desk)
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        if dataset.SOPInstanceUID == made.place.sop_uid:
            dataset.PixelData = bytes(len(dataset.PixelData))
            dataset.save_as(path, enforce_file_format=True)
    again = opened(qtbot, folder)
    qtbot.waitUntil(lambda: again.workspace.measurements.is_stale(made.id), timeout=10_000)
    assert marks(again) == (made,)
    # The reader puts it right on the new images: it is theirs now.
    measurements = again.workspace.measurements
    measurements.replace(replace(made, points=tuple((x + 1, y + 1) for x, y in made.points)))
    assert not measurements.is_stale(made.id)
    close_desk(qtbot, again)


def test_images_that_are_not_there_are_said_and_their_marks_stay(
    qtbot: QtBot, study_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study_folder / "series1", folder)
    desk = opened(qtbot, folder)
    draw(qtbot, active(desk), Qt.Key.Key_D)
    (made,) = marks(desk)
    close_desk(qtbot, desk)
    for path in list(folder.iterdir()):
        if pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID == made.place.sop_uid:
            path.rename(tmp_path / "away.dcm")
    again = opened(qtbot, folder)
    assert marks(again) == ()
    assert "Kept marks on images of these series that are not open: 1. They stay kept." in texts_of(again.window)
    close_desk(qtbot, again)
    shutil.move(tmp_path / "away.dcm", folder / "back.dcm")
    third = opened(qtbot, folder)
    assert marks(third) == (made,)
    close_desk(qtbot, third)


def test_where_nothing_can_be_kept_a_notice_stays(
    qtbot: QtBot, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.write_text("no folder")
    monkeypatch.setenv("MEDVIEW_HOME", str(home))
    desk = opened(qtbot, study_folder)
    draw(qtbot, active(desk), Qt.Key.Key_D)
    kept(qtbot, desk)
    said = [notice for notice in desk.workspace.notices if notice.code == "marks_in_memory"]
    assert len(said) == 1
    desk.workspace.clear_notices()
    assert said[0] in desk.workspace.notices
    lost = "marks are lost when medview is closed"
    qtbot.waitUntil(lambda: any(lost in text for text in texts_of(desk.window)), timeout=5000)
    # Closed and opened again in the same window it is still there.
    study = desk.workspace.studies[0]
    made = marks(desk)
    desk.workspace.close_study(study)
    open_study(qtbot, desk, study_folder)
    assert marks(desk) == made
    close_desk(qtbot, desk)


def test_what_the_disk_refuses_is_said_and_kept_with_the_next_try(
    qtbot: QtBot, study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opened(qtbot, study_folder)
    kept(qtbot, desk)

    write = os.write

    def refuse(descriptor: int, data: bytes) -> int:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):  # pipes wake other threads up
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    with monkeypatch.context() as full:
        full.setattr(os, "write", refuse)
        draw(qtbot, active(desk), Qt.Key.Key_D)
        qtbot.waitUntil(lambda: desk.workspace.keeping.failed, timeout=10_000)
    assert any("No space left on device" in text for text in texts_of(desk.window))
    desk.window.run_command("marks.keep")
    kept(qtbot, desk)
    assert not desk.workspace.keeping.failed
    assert not any(notice.code == "marks_not_kept" for notice in desk.workspace.notices)
    made = marks(desk)
    close_desk(qtbot, desk)
    again = opened(qtbot, study_folder)
    assert marks(again) == made
    close_desk(qtbot, again)


def test_a_try_asked_for_while_another_is_under_way_is_made(
    qtbot: QtBot, study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opened(qtbot, study_folder)
    kept(qtbot, desk)
    keeping, write = desk.workspace.keeping, os.write
    tries: list[int] = []
    asked = threading.Event()

    def refuse_twice(descriptor: int, data: bytes) -> int:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and len(tries) < 2:
            tries.append(descriptor)
            if len(tries) == 2:
                asked.wait(20)
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    def record() -> None:
        keeping.record("step", "", {"how": "done", "title": "", "stack_id": ""})

    with monkeypatch.context() as full:
        full.setattr(os, "write", refuse_twice)
        record()
        qtbot.waitUntil(lambda: keeping.failed, timeout=10_000)
        record()
        qtbot.waitUntil(lambda: len(tries) == 2, timeout=10_000)
        desk.window.run_command("marks.keep")
        asked.set()
        kept(qtbot, desk)
    assert not desk.workspace.keeping.failed
    close_desk(qtbot, desk)


KILLED = """
import sys, time
from pathlib import Path
from PySide6.QtCore import Qt, QPoint
from PySide6.QtTest import QTest
from medview.app.settings import Settings
from medview.ui.application import Desk, make_application
app = make_application()
desk = Desk(app, Settings(language="en", hints_dismissed=True))
desk.window.resize(1200, 800)
desk.window.show()
restored = []
def note(): restored.append(1)
desk.workspace.keeping.restored.connect(note)
desk.workspace.open_paths([sys.argv[1]])
def until(test):
    end = time.monotonic() + 60
    while not test():
        assert time.monotonic() < end
        app.processEvents()
        time.sleep(0.005)
until(lambda: restored and desk.workspace.active_viewport.stack is not None)
viewport = desk.window.grid.active_frame().viewport
until(lambda: viewport.volume is not None and viewport.volume.is_complete)
QTest.keyClick(viewport, Qt.Key.Key_D)
start = viewport.rect().center()
QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
QTest.mouseMove(viewport, start + QPoint(40, 10))
QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start + QPoint(90, 20))
assert desk.workspace.measurements.of(desk.workspace.active_viewport.stack.id)
QTest.keyClick(viewport, Qt.Key.Key_F3)
until(lambda: desk.workspace.corrections.target is not None)
QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
QTest.mouseMove(viewport, start + QPoint(40, 10))
QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start + QPoint(90, 20))
drawn = desk.workspace.corrections.target.labels
assert drawn.any()
until(lambda: desk.workspace.keeping.waiting == 0)
import hashlib
print("kept", hashlib.sha256(drawn.tobytes()).hexdigest(), flush=True)
while True:
    app.processEvents()
    time.sleep(0.005)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX")
def test_a_ruler_is_there_again_after_a_kill(qtbot: QtBot, study_folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-P", "-c", KILLED, str(study_folder)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
    ) as process:
        assert process.stdout is not None
        said, drawn = process.stdout.readline().decode().split()
        assert said == "kept"
        process.send_signal(signal.SIGKILL)
    store = StudyStore(store_folder())
    (entry,) = [one for one in store.all_entries() if one.kind == "mark"]
    store.close()
    desk = opened(qtbot, study_folder)
    assert [mark.id for mark in marks(desk)] == [entry.subject]
    # And the stroke of the brush, voxel by voxel.
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    (result,) = desk.workspace.results.of(stack.id)
    assert result.segmentation is not None
    assert hashlib.sha256(result.segmentation.labels.tobytes()).hexdigest() == drawn
    close_desk(qtbot, desk)


def test_a_backup_holds_what_was_made_while_something_else_was_written(
    qtbot: QtBot, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.medview-backup"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_what: (str(file), ""))
    desk = opened(qtbot, study_folder)
    study = desk.workspace.studies[0]
    qtbot.waitUntil(lambda: desk.workspace.keeping.waiting == 0, timeout=20_000)
    for number in range(3):  # the first is on its way to the disk, the others wait for it
        place = (study.study_uid, study.series[0].series_uid)
        desk.workspace.keeping.record("pixels", f"mark-{number}", {"sha256": "0"}, *place)
    desk.window.run_command("help.backup")
    qtbot.waitUntil(lambda: any(one.code == "backed_up" for one in desk.workspace.notices), timeout=20_000)
    with zipfile.ZipFile(file) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist())
    assert [f"mark-{number}".encode() in text for number in range(3)] == [True] * 3
    close_desk(qtbot, desk)


@pytest.mark.timeout(120)
def test_a_backup_is_made_and_restored_in_the_window(
    qtbot: QtBot, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another computer's home, with the study open: what it brings is on the images at once."""
    file = tmp_path / "mine.medview-backup"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_what: (str(file), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_what: (str(file), ""))
    desk = opened(qtbot, study_folder)
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    draw(qtbot, active(desk), Qt.Key.Key_D)
    made = marks(desk)
    assert len(made) == 1
    desk.window.run_command("help.backup")
    qtbot.waitUntil(lambda: any(one.code == "backed_up" for one in desk.workspace.notices), timeout=20_000)
    close_desk(qtbot, desk)

    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path / "another"))
    other = opened(qtbot, study_folder)
    assert other.workspace.measurements.of(stack.id) == ()
    other.window.run_command("help.restore")
    qtbot.waitUntil(lambda: other.workspace.measurements.of(stack.id) == made, timeout=20_000)
    file.write_bytes(file.read_bytes()[:-200])
    other.window.run_command("help.restore")
    qtbot.waitUntil(lambda: any(one.code == "backup_damaged" for one in other.workspace.notices), timeout=20_000)
    assert other.workspace.measurements.of(stack.id) == made
    close_desk(qtbot, other)
