"""One list of what models and the reader found: merged, filtered, sorted, gone through, decided; and AI after the reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.app.tools import Tool
from medview.core.finding import ClassProbability, InferenceResult
from medview.store.results import keep_result
from medview.ui.application import Desk
from medview.ui.worklist_panel import WorklistPanel
from tests.ui.small_study import active, close_desk
from tests.ui.test_corrections import CTRL, SHIFT, lungs_on, panel_of, ready, stroke, take
from tests.ui.test_decisions import found, press, result_on
from tests.ui.test_kept_marks import kept


def second_model(first: InferenceResult) -> InferenceResult:
    """Another detector: it found the second ball a little beside, calls it otherwise, and one that the first has not."""
    made = replace(first.provenance, package_id="other", package_name="Other", package_sha256="ef" * 32)
    beside = replace(first.findings[1], id="g1", label="mass", score=0.95)
    low, high = beside.box_voxel
    beside = replace(beside, box_voxel=((low[0], low[1] + 1, low[2]), (high[0], high[1] + 1, high[2])))
    alone = replace(found(1, 11), id="g2", score=0.3)
    result = InferenceResult(made, "detection", findings=(beside, alone))
    keep_result(result)
    return result


def lines(panel: WorklistPanel) -> list[tuple[str, str]]:
    rows = [panel.tree.topLevelItem(at) for at in range(panel.tree.topLevelItemCount())]
    return [(row.text(0), row.text(3)) for row in rows if row is not None]


def worklist_of(qtbot: QtBot, desk: Desk, count: int) -> WorklistPanel:
    panel = panel_of(desk).worklist
    qtbot.waitUntil(lambda: panel.tree.topLevelItemCount() == count and panel.isVisible(), timeout=20_000)
    return panel


@pytest.mark.timeout(120)
def test_everything_is_one_list_and_models_that_agree_are_one_line(qtbot: QtBot, study_folder: Path) -> None:
    desk = ready(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    first = result_on(desk)
    second = second_model(first)
    workspace.add_result(first, second)
    take(qtbot, desk, Qt.Key.Key_D, Tool.RULER)
    workspace.active_viewport.update(k=9)
    stroke(qtbot, viewport, (20, 20), (40, 20))
    panel = worklist_of(qtbot, desk, 5)
    assert lines(panel) == [
        ("mass", "2/2  0.95"),
        ("nodule", "1/2  0.80"),
        ("nodule", "1/2  0.60"),
        ("nodule", "1/2  0.30"),
        ("Distance", ""),
    ]
    last = panel.tree.topLevelItem(4)
    assert last is not None
    assert last.text(1) == "30.0 mm"
    assert last.text(2) == "10"

    # N goes through the list as it is shown; what two models found is decided for both.
    viewport.setFocus()
    press(qtbot, viewport, Qt.Key.Key_N)
    assert workspace.active_viewport.slice_index == 6
    press(qtbot, viewport, Qt.Key.Key_X)
    assert workspace.decisions.of(second, second.findings[0]).verdict == "rejected"
    assert workspace.decisions.of(first, first.findings[1]).verdict == "rejected"
    qtbot.waitUntil(lambda: lines(panel)[0][0] == "✗ mass", timeout=20_000)
    press(qtbot, viewport, Qt.Key.Key_N)
    assert workspace.active_viewport.slice_index == 3
    press(qtbot, viewport, Qt.Key.Key_Return)
    press(qtbot, viewport, Qt.Key.Key_N, SHIFT)
    press(qtbot, viewport, Qt.Key.Key_N, SHIFT)
    assert workspace.active_viewport.slice_index == 9, "before the first line comes the last: the reader's own mark"

    # Filters: what is open, what not all agree on, words, score; sorted by its columns.
    def choose(box: object, title: str) -> None:
        at = box.findText(title)  # type: ignore[attr-defined]
        assert at >= 0
        box.setCurrentIndex(at)  # type: ignore[attr-defined]

    qtbot.mouseClick(panel.filter_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.words.isVisible, timeout=20_000)
    choose(panel.state, "Undecided")
    qtbot.waitUntil(lambda: [score for _label, score in lines(panel)] == ["1/2  0.60", "1/2  0.30"], timeout=20_000)
    choose(panel.state, "Not all agree")
    qtbot.waitUntil(lambda: len(lines(panel)) == 3, timeout=20_000)
    choose(panel.state, "All")
    panel.score.setValue(70)
    qtbot.waitUntil(lambda: len(lines(panel)) == 3, timeout=20_000)  # marks have no score
    panel.score.setValue(0)
    qtbot.keyClicks(panel.words, "other")
    qtbot.waitUntil(lambda: [label for label, _score in lines(panel)] == ["✗ mass", "nodule"], timeout=20_000)
    panel.words.clear()
    header = panel.tree.header()
    place = QPoint(header.sectionPosition(2) + 8, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: slices(panel) == ["4", "7", "10", "10", "12"], timeout=20_000)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: slices(panel) == ["12", "10", "10", "7", "4"], timeout=20_000)

    # A note that is typed is kept with the line.
    row = panel.tree.topLevelItem(3)
    assert row is not None
    qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=panel.tree.visualItemRect(row).center())
    assert workspace.active_viewport.slice_index == 6
    panel.note.setFocus()
    qtbot.keyClicks(panel.note, "vessel")
    qtbot.keyClick(panel.note, Qt.Key.Key_Return)
    assert workspace.decisions.of(first, first.findings[1]).note == "vessel"
    kept(qtbot, desk)
    close_desk(qtbot, desk)


def slices(panel: WorklistPanel) -> list[str]:
    rows = [panel.tree.topLevelItem(at) for at in range(panel.tree.topLevelItemCount())]
    return [row.text(2) for row in rows if row is not None]


@pytest.mark.timeout(120)
def test_segmentations_and_classes_are_lines_that_are_decided_too(qtbot: QtBot, study_folder: Path) -> None:
    desk = ready(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    lungs = lungs_on(desk)
    made = replace(lungs.provenance, package_id="kinds", package_name="Kinds", package_sha256="aa" * 32)
    classes = InferenceResult(
        made, "classification", classification=(ClassProbability("normal", 0.1), ClassProbability("effusion", 0.9))
    )
    workspace.add_result(lungs, classes)
    panel = worklist_of(qtbot, desk, 4)
    qtbot.waitUntil(lambda: sizes(panel)[:2] == ["10 ml", "10 ml"], timeout=20_000)
    assert [label for label, _score in lines(panel)] == ["Right lung", "Left lung", "effusion", "normal"]
    viewport.setFocus()
    workspace.active_viewport.update(k=0)
    press(qtbot, viewport, Qt.Key.Key_N)
    assert workspace.active_viewport.slice_index == 3
    press(qtbot, viewport, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: lines(panel)[0][0] == "✓ Right lung", timeout=20_000)
    row = panel.tree.topLevelItem(2)
    assert row is not None
    qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=panel.tree.visualItemRect(row).center())
    qtbot.mouseClick(panel.reject, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: lines(panel)[2][0] == "✗ effusion", timeout=20_000)
    kept(qtbot, desk)
    close_desk(qtbot, desk)


def sizes(panel: WorklistPanel) -> list[str]:
    rows = [panel.tree.topLevelItem(at) for at in range(panel.tree.topLevelItemCount())]
    return [row.text(1) for row in rows if row is not None]


@pytest.mark.timeout(120)
def test_read_first_hides_models_until_the_reader_has_looked_and_keeps_the_order(
    qtbot: QtBot, study_folder: Path
) -> None:
    desk = ready(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    desk.window.run_command("ai.read_first")
    result = result_on(desk)
    lungs = lungs_on(desk)
    workspace.add_result(result, lungs)
    panel = panel_of(desk)
    for _ in range(5):
        QApplication.processEvents()
    assert not workspace.ai_visible
    assert viewport.findings() == []
    assert viewport.layers() == []
    assert panel.cards == []
    assert not panel.worklist.isVisible()
    press(qtbot, viewport, Qt.Key.Key_N)
    assert workspace.selected_finding == ("", "")

    # The reader's own work is seen all the same.
    take(qtbot, desk, Qt.Key.Key_D, Tool.RULER)
    stroke(qtbot, viewport, (20, 20), (40, 20))
    press(qtbot, viewport, Qt.Key.Key_N, CTRL)
    take(qtbot, desk, Qt.Key.Key_F3, Tool.BRUSH)
    stroke(qtbot, viewport, (30, 40), (34, 40))
    assert len(viewport.layers()) == 1
    qtbot.waitUntil(lambda: len(panel.cards) == 1, timeout=20_000)

    press(qtbot, viewport, Qt.Key.Key_Return, CTRL)
    assert workspace.ai_visible
    assert len(viewport.layers()) == 2
    qtbot.waitUntil(lambda: len(panel.cards) == 3, timeout=20_000)
    kept(qtbot, desk)
    order = [
        entry.content["event"] if entry.kind == "reading" else entry.kind
        for entry in workspace.keeping.store.all_entries()
        if entry.content is not None and entry.kind in {"reading", "mark", "stroke"}
    ]
    assert order == ["ai_hidden", "mark", "stroke", "read", "ai_shown"]
    close_desk(qtbot, desk)

    again = ready(qtbot, study_folder)
    again.workspace.change_settings(read_first=True)
    assert again.workspace.ai_visible, "it was read before"
    assert again.workspace.read_first.is_read(again.workspace.studies[0])
    close_desk(qtbot, again)
