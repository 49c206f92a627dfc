"""Presentation states, key objects, captures, pages and tables made of a statement: valid, escaped, and of the right patient."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pypdfium2
import pytest

from medview.app.page_template import fill_template, names_in
from medview.app.statement_files import FILE_KINDS, holds_sources, statement_csv, write_statement
from medview.app.visual_report import (
    LANGUAGES,
    MORE_NAMES,
    checked_template,
    read_template,
    report_content,
    report_html,
    template_path,
)
from medview.core.folders import HOME_VARIABLE
from medview.core.presentation_state import DisplayedArea
from medview.core.problem import MedviewError
from medview.core.statement import StatedLook
from medview.core.study import PatientIdentity
from medview.core.window import Window
from medview.dicom.capture_write import write_capture
from tests.app.statements_made import whole_statement
from tests.app.test_written_reports import errors


def test_every_kind_is_written_and_valid(tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in", reader="Dr. Wang")
    look = StatedLook(statement.marks[0].stack, Window(40.0, 400.0), area=DisplayedArea({}, (3, 4), (20, 18)))
    statement = replace(statement, looks=(look,))
    written = write_statement(statement, FILE_KINDS, tmp_path / "out")
    assert written.notes == ()
    captures = [path for path in written.paths if "picture-" in path]
    assert len(captures) == 4, "one for each slice that something is on"
    written_once = len(written.paths) - len(captures) + 1
    assert written_once == len(FILE_KINDS), "the segmentation that the report refers to is written once"
    for path in written.paths:
        if path.endswith(".dcm"):
            assert errors(Path(path)) == [], path
    state = pydicom.dcmread(tmp_path / "out" / "marks-gsps.dcm")
    assert state.SoftcopyVOILUTSequence[0].WindowCenter == 40
    area = state.DisplayedAreaSelectionSequence[0]
    assert list(area.DisplayedAreaTopLeftHandCorner) == [3, 4]
    lines = [graphic.GraphicData for one in state.GraphicAnnotationSequence for graphic in one.GraphicObjectSequence]
    assert [2.5, 3.5, 10.5, 9.5] in [list(line) for line in lines], "0.5 is the centre of a pixel"
    keys = pydicom.dcmread(tmp_path / "out" / "key-images.dcm")
    referenced = [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in keys.ContentSequence[2:]
        if "ReferencedSOPSequence" in item
    ]
    stack = statement.marks[0].stack
    assert {stack.frames[k].sop_uid for k in (3, 4, 5, 6)} == set(referenced)


def test_marks_are_read_back_from_the_presentation_state(tmp_path: Path) -> None:
    from medview.dicom.presentation_state import read_presentation_state

    statement = whole_statement(tmp_path / "in")
    write_statement(statement, ["gsps"], tmp_path / "out")
    state = read_presentation_state(str(tmp_path / "out" / "marks-gsps.dcm"))
    assert state is not None


def test_the_images_overlay_planes_stay_drawn_under_the_state(tmp_path: Path) -> None:
    from medview.dicom.presentation_state import read_presentation_state

    statement = whole_statement(tmp_path / "in")
    for path in (tmp_path / "in").rglob("*.dcm"):
        data = pydicom.dcmread(path)
        for element, vr, value in (
            (0x0010, "US", 1),
            (0x0011, "US", 8),
            (0x0040, "CS", "G"),
            (0x0050, "SS", [1, 1]),
            (0x0100, "US", 1),
            (0x0102, "US", 0),
            (0x3000, "OW", b"\xff\0"),
        ):
            data.add_new((0x6002, element), vr, value)
        data.save_as(path)
    write_statement(statement, ["gsps"], tmp_path / "out")
    assert errors(tmp_path / "out" / "marks-gsps.dcm") == []
    state = read_presentation_state(str(tmp_path / "out" / "marks-gsps.dcm"))
    assert state is not None
    assert state.overlay_groups == {0x6002}


def test_a_capture_is_valid_and_says_what_it_is(tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in")
    source = statement.marks[0].source
    assert source is not None
    picture = np.full((20, 30, 4), 200, np.uint8)
    write_capture(tmp_path / "sc.dcm", picture, source.path, statement.study)
    assert errors(tmp_path / "sc.dcm") == []
    data = pydicom.dcmread(tmp_path / "sc.dcm")
    assert (data.BurnedInAnnotation, data.ImageType[0]) == ("YES", "DERIVED")
    assert data.StudyInstanceUID == statement.study.study_uid
    np.testing.assert_array_equal(data.pixel_array, picture[..., :3])


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_a_file_becomes_markup(language: str, tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in")
    page = report_html(statement, language)  # type: ignore[arg-type]
    assert "<b>on</b>" not in page
    assert "Nodules &lt;b&gt;on&lt;/b&gt; CT &amp; more" in page
    assert "seen &lt;before&gt;" in page
    assert page.count("data:image/png;base64,") == 4, "each slice that something is on, once"


def test_a_template_of_the_hospital_takes_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    assert "home" not in str(template_path("en"))
    own = tmp_path / "home" / "reports" / "report_en.html"
    own.parent.mkdir(parents=True)
    own.write_text("St. Mary: {{patient_name}}{{#findings}}|{{number}} {{label}}{{/findings}}", encoding="utf-8")
    statement = whole_statement(tmp_path / "in")
    assert report_html(statement, "en") == "St. Mary: PHANTOM, Marker|F1 metastasis|F2 nodule"


def test_a_report_writes_the_patient_as_its_readers_do(tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in")
    patient = replace(statement.study.patient, name="Ouyang^Xiaoming=欧阳^晓明=", sex="F")
    statement = replace(statement, study=replace(statement.study, patient=patient))
    english, chinese = (report_content(statement, language, ()) for language in LANGUAGES)
    assert (english["patient_name"], english["patient_sex"]) == ("Ouyang, Xiaoming", "female")
    assert (chinese["patient_name"], chinese["patient_sex"]) == ("欧阳晓明", "女")
    unknown = replace(statement, study=replace(statement.study, patient=replace(patient, sex="")))
    assert report_content(unknown, "en", ())["patient_sex"] == ""
    first = statement.findings[0]
    placed = replace(first, finding=replace(first.finding, center_lps=(-12.0, 3.0, 40.0)))
    there = report_content(replace(statement, findings=(placed,)), "en", ())["findings"][0]["location"]
    assert there == "image 5 of 12; R 12 P 3 H 40 mm"  # the letters of the picture's edges


BROKEN = [
    ("x\n{{#marks}}", "template_unended", "2", "{{#marks}}"),
    ("\n\n{{/marks}}", "template_unbegun", "3", "{{/marks}}"),
    ("{{\nnobody\n}}\n", "template_unknown", "1", "nobody"),
    ("{{#marks}}\n{{/volumes}}", "template_unbegun", "2", "{{/volumes}}"),
    ("{{! a\nnote }}\n{{#has_marks}}\n{{^marks}}{{/marks}}{{sizes}}{{/has_marks}}", "template_unknown", "4", "sizes"),
]


@pytest.mark.parametrize(("template", "code", "line", "what"), BROKEN)
def test_a_broken_template_is_refused_with_its_line_before_anything_is_made(
    template: str, code: str, line: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a name in a part that is empty this time, which the next patient's report would have met."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    own = tmp_path / "home" / "reports" / "report_en.html"
    own.parent.mkdir(parents=True)
    own.write_text(template, encoding="utf-8")
    with pytest.raises(MedviewError) as refused:
        checked_template("en")
    assert (refused.value.code, refused.value.values) == (code, (str(own), line, what))
    assert checked_template("zh_CN")[0]


def test_every_name_that_a_report_has_is_known_to_the_check(tmp_path: Path) -> None:
    content = report_content(whole_statement(tmp_path / "in"), "en", ())
    rows = [row for value in content.values() if isinstance(value, list) for row in value]
    names = set(content).union(*rows)
    own = [read_template(template_path(language)) for language in LANGUAGES]
    assert names <= MORE_NAMES.union(*map(names_in, own))


def test_values_cannot_be_templates_or_markup() -> None:
    assert fill_template("{{a}}", {"a": "{{b}}<i>\"'\x1b"}) == "{{b}}&lt;i&gt;&quot;&#x27;\u241b"
    assert fill_template("{{^a}}none{{/a}}", {"a": []}) == "none"


def test_the_pdf_has_the_patient_on_each_page_and_needs_no_screen(tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in")
    program = (
        "import sys; from pathlib import Path; from tests.app.statements_made import whole_statement;"
        "from medview.app.statement_files import write_statement;"
        f"write_statement(whole_statement(Path({str(tmp_path / 'again')!r})), ['pdf'], {str(tmp_path / 'out')!r}, language='zh_CN');"
        "assert not [name for name in sys.modules if name.startswith('PySide6')]"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert statement.study.patient.patient_id == "PHANTOM"
    document = pypdfium2.PdfDocument(tmp_path / "out" / "report.pdf")
    assert len(document) >= 2
    for page in document:
        assert "PHANTOM, Marker" in page.get_textpage().get_text_bounded()
    first = document[0].get_textpage().get_text_bounded()
    assert "影像报告" in first
    assert "metastasis" in first


def test_nothing_is_written_for_another_patient_or_among_the_sources(tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in")
    other = replace(statement, study=replace(statement.study, patient=PatientIdentity("SOMEBODY", "Else")))
    for kind in FILE_KINDS:
        with pytest.raises(MedviewError) as refused:
            write_statement(other, [kind], tmp_path / "out")
        assert refused.value.code == "other_patient"
    assert not (tmp_path / "out").exists()
    with pytest.raises(MedviewError) as refused:
        write_statement(statement, ["csv"], tmp_path / "in")
    assert refused.value.code == "source_folder"
    assert holds_sources(tmp_path, statement.study)
    assert not holds_sources(tmp_path / "out", statement.study)


def test_tables_hold_the_numbers_and_no_formulas(tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in")
    statement = replace(statement, findings=(replace(statement.findings[0], note="=cmd()"), *statement.findings[1:]))
    rows = list(csv.DictReader(io.StringIO(statement_csv(statement).lstrip("\ufeff"))))
    assert [row["kind"] for row in rows] == ["finding"] * 2 + ["mark"] * 5 + ["volume"]
    assert rows[0]["note"] == "'=cmd()"
    assert float(rows[2]["value"]) == pytest.approx(np.hypot(6.0, 9.0))
    write_statement(statement, ["json"], tmp_path / "out")
    content = json.loads((tmp_path / "out" / "findings.json").read_text(encoding="utf-8"))
    assert content["findings"][0]["decision"] == "accepted"
    assert content["marks"][0]["points"] == [[2.0, 3.0], [10.0, 9.0]]


def test_a_map_is_read_back_value_for_value_by_us_and_by_others(tmp_path: Path) -> None:
    from medview.app.object_inspection import overlay_on

    statement = whole_statement(tmp_path / "in")
    (stated,) = statement.maps
    written = write_statement(statement, ["pm"], tmp_path / "out")
    (path,) = written.paths
    assert errors(Path(path)) == []
    wash = overlay_on(path, stated.stack).wash
    assert wash is not None
    assert wash.volume.geometry is not None
    assert stated.geometry is not None
    # Its slices may be counted from the other end.
    at = np.round(stated.geometry.patient_to_voxel(wash.volume.geometry.origins)).astype(int)[:, 0]
    np.testing.assert_array_equal(wash.volume.modality_values(), stated.values[at])
    assert (wash.unit, wash.quantity) == ("", "Probability of nodule")
    data = pydicom.dcmread(path)
    theirs = np.frombuffer(data.FloatPixelData, "<f4").reshape(stated.values.shape)
    planes = [
        float(group.PlanePositionSequence[0].ImagePositionPatient[2]) for group in data.PerFrameFunctionalGroupsSequence
    ]
    order = [int(np.abs(stated.geometry.origins[:, 2] - z).argmin()) for z in planes]
    np.testing.assert_array_equal(theirs, stated.values[order])
    told = data.ContributingEquipmentSequence[0].ContributionDescription
    assert "ab" * 32 in told
    assert "samples=3" in told
    none = replace(statement, maps=())
    assert [note.code for note in write_statement(none, ["pm"], tmp_path / "none").notes] == ["pm_impossible"]
    other = replace(stated, values=stated.values[:, :4])
    other_grid = write_statement(replace(statement, maps=(other,)), ["pm"], tmp_path / "none")
    assert other_grid.paths == ()
    assert "voxels" in other_grid.notes[0].text


def test_frames_of_angiography_and_ultrasound_are_marked_too(tmp_path: Path) -> None:
    """Multi-frame images without functional groups: the state names the frame, with the file's own window."""
    from medview.app.open_paths import open_all
    from medview.app.statements import state_study
    from tests.app.statements_made import ruler
    from tests.phantoms import dicom_series

    data = dicom_series.make_series()[0]
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID"):
        delattr(data, keyword)
    data.Modality, data.SOPClassUID, data.NumberOfFrames = "XA", "1.2.840.10008.5.1.4.1.1.12.1", 4
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.PixelData = data.PixelData * 4
    dicom_series.save_series([data], tmp_path / "in")
    study = open_all([str(tmp_path / "in")]).studies[0]
    stack = study.series[0].stacks[0]
    mark = ruler(stack, 0)
    mark = replace(mark, place=replace(mark.place, sop_uid=stack.frames[2].sop_uid, frame=2, k=2))
    written = write_statement(state_study(study, [(stack, mark)]), ["gsps", "sr"], tmp_path / "out")
    assert written.notes == ()
    state = pydicom.dcmread(tmp_path / "out" / "marks-gsps.dcm")
    (graphic,) = state.GraphicAnnotationSequence
    assert graphic.ReferencedImageSequence[0].ReferencedFrameNumber == 3
    assert errors(tmp_path / "out" / "marks-gsps.dcm") == []


def test_marks_on_several_series_are_in_a_state_for_each(tmp_path: Path) -> None:
    """As of the four views of a mammogram: one state holds the images of one series and size."""
    from medview.app.open_paths import open_all
    from medview.app.statements import state_study
    from tests.app.statements_made import ruler
    from tests.phantoms import dicom_series

    for name in ("one", "two"):
        dicom_series.save_series(dicom_series.make_series(name=name), tmp_path / name)
    (study,) = open_all([str(tmp_path / "one"), str(tmp_path / "two")]).studies
    stacks = [series.stacks[0] for series in study.series]
    marks = [(stack, ruler(stack, number)) for number, stack in enumerate(stacks)]
    written = write_statement(state_study(study, marks), ["gsps"], tmp_path / "out")
    assert written.notes == ()
    assert [Path(path).name for path in written.paths] == ["marks-gsps.dcm", "marks-gsps-2.dcm"]
    named = [pydicom.dcmread(path).ReferencedSeriesSequence[0].SeriesInstanceUID for path in written.paths]
    assert named == [series.series_uid for series in study.series]
    assert [errors(Path(path)) for path in written.paths] == [[], []]
