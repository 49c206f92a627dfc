"""Names, labels and notes that would act where they are shown: markup, escapes, formulas, other lines, other names."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pydicom

from medview.app.decisions import Decision
from medview.app.open_paths import open_all
from medview.app.statement_files import write_statement
from medview.app.statements import state_study
from medview.cli.answer import harmless
from medview.core.statement import StatedKey
from medview.dicom.structured_report import read_report
from tests.app.statements_made import result_on, ruler
from tests.app.test_written_reports import errors
from tests.phantoms import dicom_series

HOSTILE = "=A\x1b[31m\x07\u202e<script>x</script>{{reader}}../../etc\\C:\nNote: forged'; DROP TABLE m;--" + "Q" * 3000


def test_whatever_it_is_called_it_is_written_validly_and_does_nothing(tmp_path: Path) -> None:
    sources = dicom_series.make_series()
    for data in sources:
        data.SpecificCharacterSet = "ISO_IR 192"
        data.PatientName = "Doe\\Jane"  # a backslash makes two values of one name
    dicom_series.save_series(sources, tmp_path / "in")
    study = open_all([str(tmp_path / "in")]).studies[0]
    stack = study.series[0].stacks[0]
    made = result_on(study, stack)
    assert made.segmentation is not None
    result = replace(
        made,
        findings=tuple(replace(one, label=HOSTILE) for one in made.findings),
        segmentation=replace(
            made.segmentation, meanings=tuple(replace(one, name=HOSTILE) for one in made.segmentation.meanings)
        ),
        provenance=replace(made.provenance, package_name=HOSTILE, package_id=HOSTILE[:64]),
    )
    decided = Decision("accepted", HOSTILE, HOSTILE, HOSTILE, "2026-11-21T10:05:00+00:00")
    statement = state_study(
        study,
        [(stack, replace(ruler(stack), text=HOSTILE))],
        [(stack, result)],
        decision_on=lambda _result, _finding: decided,
        reader=HOSTILE,
        verified=True,
        keys=[StatedKey(stack, 0, 2, HOSTILE)],
    )
    out = tmp_path / "out"
    written = write_statement(statement, ["sr", "gsps", "kos", "html", "csv", "json"], out)
    assert written.notes == ()
    assert {path.parent for path in tmp_path.rglob("*.*")} >= {out}
    for path in out.glob("*.dcm"):
        found = [line for line in errors(path) if "PatientName" not in line]
        assert found == [], path.name
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    table = (out / "findings.csv").read_text(encoding="utf-8-sig")
    for text in (page, table):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
    cells = [cell for row in csv.reader(io.StringIO(table)) for cell in row]
    assert any(cell.startswith("'=A") for cell in cells)
    assert not any(cell.startswith("=") for cell in cells)
    assert json.loads((out / "findings.json").read_text(encoding="utf-8"))["reader"] == HOSTILE
    # A label with a line of its own is not taken for the reader's note.
    lines = [line for item in _all(read_report(str(out / "report-sr.dcm")).items) for line in item.text.splitlines()]
    assert not [
        line for line in lines if line.startswith("Note: forged") and "\u240a" not in line and line == "Note: forged"
    ]
    assert [line for line in lines if line.startswith("Label: =A")]
    assert pydicom.dcmread(out / "report-sr.dcm").PatientName == "Doe Jane"


def _all(items):  # type: ignore[no-untyped-def]
    for item in items:
        yield item
        yield from _all(item.items)


def test_nothing_printed_moves_the_cursor_or_turns_the_line() -> None:
    assert harmless("a\x1b[2J\u202eb\x00\n\tc") == "a\u241b[2J\u27e8U+202E\u27e9b\u2400\n\tc"
    assert harmless("name-\udcff.dcm") == "name-\udcff.dcm", "bytes of a file name stay what they are"
