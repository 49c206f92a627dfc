"""Decisions on findings with keys and mouse: accepted, rejected, named, annotated, taken back, and there again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from medview.app.decisions import Decision
from medview.core.finding import Finding, InferenceResult, Provenance
from medview.store.results import keep_result, kept_results
from medview.ui.application import Desk
from medview.ui.findings_panel import FindingsPanel
from medview.ui.right_panel import FINDINGS
from tests.ui.small_study import active, close_desk
from tests.ui.test_kept_marks import kept, opened


def press(
    qtbot: QtBot, widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """A key, when what was done before has reached the menus."""
    QApplication.processEvents()
    qtbot.keyClick(widget, key, modifier)


def found(number: int, k: int) -> Finding:
    low, high = (k - 1.5, 10.0 * number, 10.0), (k + 1.5, 10.0 * number + 8, 18.0)
    return Finding(
        f"f{number}", "nodule", 0.9 - number / 10, (k, 10.0 * number + 4, 14.0), (low, high), k=k, size_mm=6.5
    )


def result_on(desk: Desk) -> InferenceResult:
    """A kept result of three findings on the shown stack."""
    state = desk.workspace.active_viewport
    assert state.stack is not None
    assert state.series is not None
    made = Provenance(
        "balls", "Balls", "1.2", "ab" * 32, "auto", "cpu", state.series.series_uid, state.stack.id,
        "2026-11-21T10:00:00+00:00", 1.5,
    )  # fmt: skip
    result = InferenceResult(made, "detection", findings=tuple(found(n, 3 * n) for n in (1, 2, 3)))
    keep_result(result)
    return result


def panel_of(qtbot: QtBot, desk: Desk) -> FindingsPanel:
    desk.window.show_tab(FINDINGS)
    panel = desk.window.right_panel.page(FINDINGS)
    assert isinstance(panel, FindingsPanel)
    qtbot.waitUntil(lambda: len(panel.cards) == 1, timeout=5000)
    qtbot.mouseClick(panel.cards[0].disclosure, Qt.MouseButton.LeftButton)
    return panel


def rows(panel: FindingsPanel) -> list[str]:
    tree = panel.cards[0].tree
    assert tree is not None
    return [tree.topLevelItem(at).text(0) for at in range(tree.topLevelItemCount())]


def test_decisions_by_keys_are_drawn_listed_taken_back_and_kept(qtbot: QtBot, study_folder: Path) -> None:
    desk = opened(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    result = result_on(desk)
    workspace.add_result(result)
    panel = panel_of(qtbot, desk)
    viewport.setFocus()

    def findings() -> list[str]:
        return [finding.id for _, listed in viewport.findings() for finding in listed]

    def until(told: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(told()), timeout=20_000)

    def verdicts() -> list[str]:
        return [workspace.decisions.of(result, finding).verdict for finding in result.findings]

    press(qtbot, viewport, Qt.Key.Key_X)  # nothing is selected: nothing is rejected
    assert verdicts() == ["", "", ""]
    press(qtbot, viewport, Qt.Key.Key_N)
    assert workspace.selected_finding[1] == "f1"
    until(lambda: workspace.active_viewport.slice_index == 3)
    press(qtbot, viewport, Qt.Key.Key_Return)
    press(qtbot, viewport, Qt.Key.Key_N)
    until(lambda: workspace.active_viewport.slice_index == 6)
    press(qtbot, viewport, Qt.Key.Key_X)
    until(lambda: verdicts() == ["accepted", "rejected", ""])
    until(lambda: findings() == ["f1", "f3"])  # rejected ones disappear into the list
    until(lambda: rows(panel) == ["✓ nodule", "✗ nodule", "nodule"])
    press(qtbot, viewport, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    until(lambda: verdicts() == ["accepted", "", ""])
    press(qtbot, viewport, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    until(lambda: verdicts() == ["accepted", "rejected", ""])

    # A label and a reason, typed into the panel.
    form = panel.cards[0].decision
    assert form is not None
    until(form.reject.isChecked)
    qtbot.mouseClick(form.note, Qt.MouseButton.LeftButton)
    until(form.note.hasFocus)
    qtbot.keyClicks(form.note, "vessel")
    qtbot.keyClick(form.note, Qt.Key.Key_Return)
    viewport.setFocus()
    press(qtbot, viewport, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    until(form.accept.isChecked)
    qtbot.mouseClick(form.label, Qt.MouseButton.LeftButton)
    until(form.label.hasFocus)
    qtbot.keyClicks(form.label, "granuloma")
    qtbot.keyClick(form.label, Qt.Key.Key_Return)
    until(lambda: rows(panel) == ["✓ granuloma", "✗ ✎ nodule", "nodule"])
    viewport.setFocus()
    press(qtbot, viewport, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    qtbot.mouseClick(form.accept, Qt.MouseButton.LeftButton)
    until(lambda: verdicts() == ["accepted", "rejected", "accepted"])
    qtbot.mouseClick(form.accept, Qt.MouseButton.LeftButton)
    until(lambda: verdicts() == ["accepted", "rejected", ""])
    kept(qtbot, desk)
    close_desk(qtbot, desk)

    again = opened(qtbot, study_folder)
    stack = again.workspace.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: len(again.workspace.results.of(stack.id)) == 1, timeout=10_000)
    (back,) = again.workspace.results.of(stack.id)
    known: list[Decision] = [again.workspace.decisions.of(back, finding) for finding in back.findings]
    assert [(one.verdict, one.label, one.note) for one in known] == [
        ("accepted", "granuloma", ""),
        ("rejected", "", "vessel"),
        ("", "", ""),
    ]
    assert known[0].reader == again.workspace.decisions.reader != ""
    assert known[0].at.startswith("20")
    listed = panel_of(qtbot, again)
    until(lambda: rows(listed) == ["✓ granuloma", "✗ ✎ nodule", "nodule"])
    # The line that Accept would accept is marked, also where one came to it by the picture.
    again.workspace.show_finding(back, back.findings[2])
    until(lambda: listed.worklist.tree.currentItem() is listed.worklist.tree.topLevelItem(2))
    entries = [one for one in again.workspace.keeping.store.all_entries() if one.kind == "decision"]
    assert entries[0].content is not None
    assert entries[0].content["provenance"]["package_sha256"] == "ab" * 32
    assert entries[0].content["finding"]["score"] == 0.8
    close_desk(qtbot, again)


def test_a_discarded_result_comes_back_with_undo(qtbot: QtBot, study_folder: Path) -> None:
    desk = opened(qtbot, study_folder)
    workspace, viewport = desk.workspace, active(desk)
    result = result_on(desk)
    workspace.add_result(result)
    workspace.set_threshold(result, 0.65)
    workspace.set_threshold(result, 0.75)  # the same drag: one step
    workspace.discard_result(result)
    series = result.provenance.series_uid
    assert kept_results(series) == ()
    control = Qt.KeyboardModifier.ControlModifier
    press(qtbot, viewport, Qt.Key.Key_Z, control)
    assert workspace.results.of(result.provenance.stack_id) == (result,)
    assert len(kept_results(series)) == 1
    press(qtbot, viewport, Qt.Key.Key_Z, control)
    assert workspace.results.threshold(result) == 0.0
    assert workspace.history.undo_title == ""
    close_desk(qtbot, desk)
