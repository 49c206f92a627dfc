"""Two windows of one reader on one study at the same time: each takes in what the other made, and keeps its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.store.entry import new_entry
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
