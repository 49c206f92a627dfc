"""What was found on an older study beside today's: by place, by name, by the reader's hand; at the lesion, in the list, in the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medview.app.measurements import place_of
from medview.app.shown_slice import acquired_shown
from medview.app.statement_files import statement_csv, statement_json
from medview.app.stating import statement_maker
from medview.app.visual_report import report_html
from medview.core.finding import Finding, InferenceResult, Provenance
from medview.core.measurement import Measurement
from medview.core.study import Series, Stack, Study
from medview.ui.application import Desk
from medview.ui.prior_choice import prior_text, short_prior_text
from medview.ui.worklist_panel import WorklistPanel
from tests.ui.small_study import close_desk, open_desk, open_study, write_study
from tests.ui.test_corrections import panel_of
from tests.ui.test_kept_marks import kept


def two_studies(folder: Path, space: str | None = "1.2.3.4") -> Path:
    """The same patient on two days; ``space``: the frame of reference that both name, None leaves each its own."""
    for name, when in (("old", "20250101"), ("new", "20251231")):
        write_study(folder / name)
        for path in (folder / name).rglob("*.dcm"):
            data = pydicom.dcmread(path)
            if name == "old":
                for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"):
                    setattr(data, keyword, f"{data[keyword].value[:50]}.7")
                data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
            data.StudyDate = when
            if space is not None:
                data.FrameOfReferenceUID = space
            data.save_as(path, enforce_file_format=True)
    return folder


def study_of(desk: Desk, date: str) -> tuple[Study, Series, Stack]:
    study = next(one for one in desk.workspace.studies if one.date == date)
    series = next(one for one in study.series if one.stacks[0].shape[0] == 12)
    return study, series, series.stacks[0]


def found_on(
    desk: Desk, date: str, size: float, where: tuple[float, float, float], name: str = "f1"
) -> InferenceResult:
    _study, series, stack = study_of(desk, date)
    assert stack.geometry is not None
    made = Provenance(
        "balls", "Balls", "1.2", "ab" * 32, "auto", "cpu", series.series_uid, stack.id, f"{date}T10:00:00+00:00", 1.5
    )
    k, j, i = where
    x, y, z = (float(one) for one in stack.geometry.voxel_to_patient(where))
    finding = Finding(
        name, "nodule", 0.8, where, ((k - 1, j - 4, i - 4), (k + 1, j + 4, i + 4)), center_lps=(x, y, z), k=round(k),
        size_mm=size,
    )  # fmt: skip
    result = InferenceResult(made, "detection", findings=(finding,))
    desk.workspace.add_result(result)
    return result


def panel(qtbot: QtBot, desk: Desk) -> WorklistPanel:
    shown = panel_of(desk).worklist
    qtbot.waitUntil(lambda: shown.isVisible() and shown.tree.topLevelItemCount() > 0, timeout=20_000)
    return shown


@pytest.mark.timeout(120)
def test_a_finding_of_one_space_is_beside_todays_everywhere(qtbot: QtBot, tmp_path: Path) -> None:
    desk = open_desk(qtbot)
    open_study(qtbot, desk, two_studies(tmp_path))
    workspace = desk.workspace
    workspace.show_stack(study_of(desk, "20251231")[2])
    new = found_on(desk, "20251231", 7.5, (6.0, 30.0, 20.0))
    found_on(desk, "20250101", 5.0, (6.0, 32.0, 20.0))
    item = next(one for one in workspace.worklist.items() if one.kind == "finding")
    assert item.prior is not None
    told = prior_text(item.prior)
    assert (item.prior.before, item.prior.now, item.prior.by, item.prior.days) == (5.0, 7.5, "place", 364)
    assert item.prior.told_change == "▲ +50 %"
    assert short_prior_text(item.prior) == "▲ +50 %  5.0 mm  1 Jan 2025"
    shown = panel(qtbot, desk)
    qtbot.waitUntil(lambda: shown.tree.topLevelItem(0).text(1) == "▲ 7.5 mm", timeout=20_000)
    workspace.worklist.show(item)
    qtbot.waitUntil(lambda: shown.prior.said.text() == told, timeout=20_000)

    # A box that the reader pulls is compared as it is now; a rejected finding of the prior is no lesion.
    finding = new.findings[0]
    workspace.decisions.decide(new, finding, box=((5.0, 26.0, 10.0), (7.0, 34.0, 20.0)))
    assert next(one for one in workspace.worklist.items() if one.kind == "finding").prior.now == 15.0  # type: ignore[union-attr]
    statement = statement_maker(workspace)()
    stated = statement.findings[0]
    assert stated.prior is not None
    assert stated.prior.now == stated.finding.size_mm == 15.0
    page = report_html(statement, "en", pictures=())
    assert "▲ +200 %" in page
    assert "5.0 mm" in page
    assert "2025-01-01" in page
    assert ",5.0,20250101" in statement_csv(statement)
    assert '"before": 5.0' in statement_json(statement)

    # The prior by itself has no prior, and one of another place is another finding.
    workspace.show_stack(study_of(desk, "20250101")[2])
    assert all(one.prior is None for one in workspace.worklist.items())
    close_desk(qtbot, desk)


@pytest.mark.timeout(120)
def test_without_a_common_space_nothing_is_guessed_and_the_reader_says_it_once(qtbot: QtBot, tmp_path: Path) -> None:
    desk = open_desk(qtbot)
    folder = two_studies(tmp_path, None)
    open_study(qtbot, desk, folder)
    workspace = desk.workspace
    workspace.show_stack(study_of(desk, "20251231")[2])
    new = found_on(desk, "20251231", 7.5, (6.0, 30.0, 20.0))
    found_on(desk, "20250101", 5.0, (6.0, 30.0, 20.0))
    item = workspace.worklist.items()[0]
    assert item.prior is None, "two spaces that nothing brings together"
    shown = panel(qtbot, desk)
    workspace.worklist.show(item)
    qtbot.waitUntil(lambda: shown.prior.isVisible() and shown.prior.choice.count() == 2, timeout=20_000)
    shown.prior.choice.setFocus()
    qtbot.keyClick(shown.prior.choice, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: workspace.worklist.items()[0].prior is not None, timeout=20_000)
    assert workspace.worklist.items()[0].prior.by == "reader"  # type: ignore[union-attr]
    workspace.history.undo()
    assert workspace.worklist.items()[0].prior is None
    workspace.history.redo()
    kept(qtbot, desk)
    close_desk(qtbot, desk)

    # Another day, without the prior: what was said is there again.
    again = open_desk(qtbot)
    open_study(qtbot, again, folder / "new")
    again.workspace.add_result(new)
    qtbot.waitUntil(lambda: again.workspace.worklist.items()[0].prior is not None, timeout=20_000)
    prior = again.workspace.worklist.items()[0].prior
    assert prior is not None
    assert (prior.before, prior.now, prior.study_date) == (5.0, 7.5, "20250101")
    close_desk(qtbot, again)


@pytest.mark.timeout(120)
def test_marks_of_one_name_are_one_thing(qtbot: QtBot, tmp_path: Path) -> None:
    desk = open_desk(qtbot)
    open_study(qtbot, desk, two_studies(tmp_path, None))
    workspace = desk.workspace
    for date, end in (("20250101", 22.0), ("20251231", 12.0)):
        _study, _series, stack = study_of(desk, date)
        place = place_of(stack, acquired_shown(stack, 2), 0)
        for text, row in (("T1", 3.0), ("", 9.0)):
            mark = Measurement(workspace.measurements.new_id(), "ruler", place, ((2.0, row), (end, row)))
            workspace.measurements.add(replace(mark, text=text))
    workspace.show_stack(study_of(desk, "20251231")[2])
    told = [(one.label, one.prior) for one in workspace.worklist.items()]
    assert [label for label, prior in told if prior is not None] == ["T1"], "marks without a name are not"
    prior = told[0][1]
    assert prior is not None
    assert (prior.by, prior.told_change) == ("name", "▼ −50 %")
    statement = statement_maker(workspace)()
    assert [one.prior is None for one in statement.marks] == [False, True]
    close_desk(qtbot, desk)
