"""A report in the study taken over with its button: marks to be changed, findings to be decided, taken back as one step, kept."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medview.app.measurements import place_of
from medview.app.open_paths import open_all
from medview.app.shown_slice import acquired_shown
from medview.app.statements import state_study
from medview.core.finding import InferenceResult, Provenance
from medview.core.measurement import Measurement
from medview.core.statement import tracking_uid_of
from medview.dicom.report_write import write_report_object
from medview.ui.document_pane import DocumentPane
from tests.ui.small_study import active, close_desk
from tests.ui.test_corrections import CTRL, SHIFT, ready
from tests.ui.test_decisions import found, press
from tests.ui.test_kept_marks import kept


def with_report(study_folder: Path, folder: Path) -> Path:
    """The small study with a report on it: a ruler of a reader, a nodule of a model."""
    shutil.copytree(study_folder, folder)
    study = open_all([str(folder)]).studies[0]
    series = study.series[0]
    stack = series.stacks[0]
    ruler = Measurement(
        tracking_uid_of("r"), "ruler", place_of(stack, acquired_shown(stack, 4), 0), ((10.0, 10.0), (30.0, 10.0)), "old"
    )
    made = Provenance("m", "Finder", "3", "ab" * 32, "", "cpu", series.series_uid, stack.id, "2026-01-01T00:00:00", 1.0)
    nodule = replace(found(1, 7), sop_uid=stack.frames[7].sop_uid)
    result = InferenceResult(made, "detection", findings=(nodule,))
    write_report_object(folder / "report.dcm", state_study(study, [(stack, ruler)], [(stack, result)], reader="Wang"))
    return folder


@pytest.mark.timeout(120)
def test_what_a_report_marks_becomes_the_readers_to_change(qtbot: QtBot, study_folder: Path, tmp_path: Path) -> None:
    folder = with_report(study_folder, tmp_path / "study")
    desk = ready(qtbot, folder)
    workspace, viewport = desk.workspace, active(desk)
    (listed,) = [one for one in workspace.documents.all() if one.kind == "report"]
    workspace.documents.open(listed)
    qtbot.waitUntil(lambda: not workspace.documents.shown.is_loading, timeout=20_000)
    pane = desk.window.images.widget(1)
    assert isinstance(pane, DocumentPane)
    qtbot.waitUntil(pane.take.isVisible, timeout=20_000)
    qtbot.mouseClick(pane.take, Qt.MouseButton.LeftButton)
    stack = workspace.active_viewport.stack
    assert stack is not None
    (mark,) = workspace.measurements.of(stack.id)
    assert (mark.points, mark.place.k, mark.text) == (((10.0, 10.0), (30.0, 10.0)), 4, "old")
    (result,) = workspace.results.of(stack.id)
    assert result.provenance.package_name == "Finder"
    assert [finding.k for finding in result.findings] == [7]
    # A second time nothing is there twice.
    qtbot.mouseClick(pane.take, Qt.MouseButton.LeftButton)
    assert len(workspace.measurements.of(stack.id)) == 1
    assert len(workspace.results.of(stack.id)) == 1

    viewport.setFocus()
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL)
    assert workspace.measurements.of(stack.id) == ()
    assert workspace.results.of(stack.id) == ()
    press(qtbot, viewport, Qt.Key.Key_Z, CTRL | SHIFT)
    assert workspace.measurements.of(stack.id) == (mark,)
    press(qtbot, viewport, Qt.Key.Key_N)
    assert workspace.active_viewport.slice_index == 7
    press(qtbot, viewport, Qt.Key.Key_Return)
    kept(qtbot, desk)
    close_desk(qtbot, desk)

    again = ready(qtbot, folder)
    qtbot.waitUntil(lambda: len(again.workspace.results.of(stack.id)) == 1, timeout=20_000)
    assert [one.points for one in again.workspace.measurements.of(stack.id)] == [mark.points]
    (back,) = again.workspace.results.of(stack.id)
    assert again.workspace.decisions.of(back, back.findings[0]).verdict == "accepted"
    close_desk(qtbot, again)
