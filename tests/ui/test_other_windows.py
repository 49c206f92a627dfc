"""Two windows of one reader on one study take in what the other made; two users of one folder see nothing of each other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.core.finding import Finding, InferenceResult, Provenance
from medview.core.folders import HOME_VARIABLE
from medview.core.study import Stack
from medview.store.entry import new_entry
from medview.store.results import forget_result, keep_result
from medview.store.study_store import StudyStore
from medview.ui.application import Desk
from tests.ui.small_study import active, close_desk
from tests.ui.test_kept_marks import draw, kept, marks, opened


def activate(desk: Desk) -> None:
    """What the system tells a window when the reader turns to it."""
    QApplication.sendEvent(desk.window, QEvent(QEvent.Type.WindowActivate))


@pytest.mark.timeout(120)
def test_a_window_that_is_turned_to_shows_what_another_one_made(qtbot: QtBot, study_folder: Path) -> None:
    desk = opened(qtbot, study_folder)
    desk.window.other_windows._timer.stop()
    draw(qtbot, active(desk), Qt.Key.Key_D)
    kept(qtbot, desk)
    (mine,) = marks(desk)
    stack = desk.workspace.active_viewport.stack
    series = desk.workspace.active_viewport.series
    assert stack is not None
    assert series is not None
    other = StudyStore()
    (entry,) = other.current([series.series_uid], ["mark"])
    assert entry.content is not None
    moved = {**entry.content, "points": [[1.0, 1.0], [9.0, 9.0]]}
    other.write([new_entry("mark", "2.25.77", moved, study=entry.study, series=entry.series)])
    activate(desk)
    qtbot.waitUntil(lambda: {mark.id for mark in marks(desk)} == {mine.id, "2.25.77"}, timeout=20_000)
    codes = [notice.code for notice in desk.workspace.notices]
    assert "marks_from_elsewhere" in codes
    assert next(mark for mark in marks(desk) if mark.id == "2.25.77").points == ((1.0, 1.0), (9.0, 9.0))
    # What is removed there is gone here, and what is made here goes on.
    draw(qtbot, active(desk), Qt.Key.Key_E, QPoint(-70, -90))
    kept(qtbot, desk)
    other.write([new_entry("mark", mine.id, None, study=entry.study, series=entry.series)])
    other.close()
    activate(desk)
    qtbot.waitUntil(lambda: mine.id not in {mark.id for mark in marks(desk)}, timeout=20_000)
    assert len(marks(desk)) == 2
    close_desk(qtbot, desk)


@pytest.mark.timeout(120)
def test_nothing_is_read_where_nobody_wrote_and_nothing_taken_back_that_waits(
    qtbot: QtBot, study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = opened(qtbot, study_folder)
    keeping = desk.workspace.keeping
    draw(qtbot, active(desk), Qt.Key.Key_D)
    kept(qtbot, desk)
    asked: list[object] = []
    real = keeping.store.current

    def current(series: object, kinds: object) -> object:
        asked.append(kinds)
        return real(series, kinds)  # type: ignore[arg-type]

    monkeypatch.setattr(keeping.store, "current", current)
    activate(desk)
    qtbot.waitUntil(lambda: keeping._looking is None, timeout=20_000)
    assert asked == []
    keeping.failed = True  # what waits for the disk is newer than what the journal says
    activate(desk)
    assert keeping._looking is None
    keeping.failed = False
    close_desk(qtbot, desk)


@pytest.mark.timeout(120)
def test_a_result_of_another_window_comes_and_goes_without_opening_the_study_again(
    qtbot: QtBot, study_folder: Path
) -> None:
    desk = opened(qtbot, study_folder)
    desk.window.other_windows._timer.stop()
    workspace = desk.workspace
    stack, series = workspace.active_viewport.stack, workspace.active_viewport.series
    assert stack is not None
    assert series is not None
    result = ball_on(stack, series.series_uid, "first")
    keep_result(result)
    keep_result(ball_on(stack, series.series_uid, "edit-0"))  # what a reader draws stays with the window that draws it
    activate(desk)
    qtbot.waitUntil(lambda: bool(workspace.results.of(stack.id)), timeout=20_000)
    (found,) = workspace.results.of(stack.id)
    assert found.provenance == result.provenance
    assert [one.code for one in workspace.notices].count("results_from_elsewhere") == 1
    assert [item.label for item in workspace.worklist.items()] == ["ball"]
    # A result of its own is not read again, and not told as another's.
    mine = ball_on(stack, series.series_uid, "mine")
    workspace.results.add(mine)
    keep_result(mine)
    workspace.withdraw("results_from_elsewhere")
    looked = desk.window.other_windows._results
    activate(desk)
    qtbot.waitUntil(lambda: not looked._looking and len(looked._seen) == 3, timeout=20_000)
    assert "results_from_elsewhere" not in [one.code for one in workspace.notices]
    assert mine in workspace.results.of(stack.id)
    # What is discarded there is gone here.
    forget_result(result)
    activate(desk)
    qtbot.waitUntil(lambda: workspace.results.of(stack.id) == (mine,), timeout=20_000)
    assert "results_gone_elsewhere" in [one.code for one in workspace.notices]
    close_desk(qtbot, desk)


def ball_on(stack: Stack, series_uid: str, package: str) -> InferenceResult:
    made = Provenance(
        package, package.title(), "1", "ab" * 32, "auto", "cpu", series_uid, stack.id, "2026-11-21T10:00:00+00:00", 1.0
    )
    ball = Finding("f1", "ball", 0.9, (6.0, 30.0, 20.0), ((5.0, 27.0, 17.0), (7.0, 33.0, 23.0)), size_mm=6.0, k=6)
    return InferenceResult(made, "detection", None, (ball,))


@pytest.mark.timeout(180)
def test_two_users_of_one_folder_each_have_their_own(
    qtbot: QtBot, study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the one is read, shown, changed or removed by the other, and nothing is written beside the images."""

    def sources() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(study_folder.rglob("*")) if path.is_file()}

    def sitting(home: str, key: Qt.Key | None, package: str) -> tuple[list[str], list[str], int]:
        """(kinds of marks, packages with results, studies on the list) that a user finds, before anything is made."""
        monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / home))
        desk = opened(qtbot, study_folder)
        workspace = desk.workspace
        stack, series = workspace.active_viewport.stack, workspace.active_viewport.series
        assert stack is not None
        assert series is not None
        qtbot.waitUntil(lambda: not workspace.is_scanning, timeout=20_000)
        found = [mark.kind for mark in marks(desk)]
        packages = [one.provenance.package_id for one in workspace.results.of(stack.id)]
        if key is not None:
            draw(qtbot, active(desk), key)
            result = ball_on(stack, series.series_uid, package)
            workspace.add_result(result)
            keep_result(result)
            workspace.decisions.decide(result, result.findings[0], verdict="accepted")
        kept(qtbot, desk)
        listed = len(StudyStore().recent())
        close_desk(qtbot, desk)
        return found, packages, listed

    before = sources()
    assert sitting("ann", Qt.Key.Key_D, "anns")[:2] == ([], [])
    assert sitting("ben", Qt.Key.Key_E, "bens") == ([], [], 1)
    assert sitting("ann", None, "") == (["ruler"], ["anns"], 1)
    assert sitting("ben", None, "") == (["ellipse"], ["bens"], 1)
    assert sources() == before
    entries = {}
    for home in ("ann", "ben"):
        monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / home))
        store = StudyStore()
        entries[home] = {one.id for one in store.all_entries()}
        assert len([one for one in store.all_entries() if one.kind == "decision"]) == 1
        store.close()
    assert not entries["ann"] & entries["ben"]
    if os.name == "posix":
        for home in ("ann", "ben"):
            assert all(not path.stat().st_mode & 0o077 for path in (tmp_path / home / "studies").rglob("*"))
