"""Reports of algorithms that name their images by position, as mammography and chest CAD do (PS3.16 TID 4000, 4100)."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from medview.app.report_marks import ReportMarks
from medview.app.report_taking import take_report
from medview.app.shown_slice import acquired_shown
from medview.core.report import Report, ReportGraphic, ReportItem
from medview.dicom.structured_report import read_report
from medview.dicom.written_object import source_header
from tests.app.statements_made import opened
from tests.app.test_report_marks import marks_of
from tests.app.test_reports_taken import index_of
from tests.phantoms.other_objects import code, content, image_item, make_report, save

MAMMOGRAPHY_CAD = "1.2.840.10008.5.1.4.1.1.88.50"


def selected_from(*position: int) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ReferencedContentItemIdentifier = "SELECTED FROM", list(position)
    return item


def graphic(kind: str, name: str, points: list[float], image: int) -> Dataset:
    item = content("SCOORD", "HAS PROPERTIES", code("1", "DCM", name), GraphicType=kind, GraphicData=points)
    item.ContentSequence = Items([selected_from(1, 1, image)])
    return item


FINDINGS = {"Mass": "4147007", "Calcification": "129770007", "Nodule": "27925004", "Distortion": "129792006"}


def single_finding(meaning: str, items: list[Dataset], intent: str = "111150") -> Dataset:
    found = content(
        "CODE", "INFERRED FROM", code("111059", "DCM", "Single Image Finding"),
        ConceptCodeSequence=[code(FINDINGS.get(meaning, "111102"), "SCT", meaning)],
    )  # fmt: skip
    shown = content(
        "CODE", "HAS CONCEPT MOD", code("111056", "DCM", "Rendering Intent"),
        ConceptCodeSequence=[code(intent, "DCM", "As said")],
    )  # fmt: skip
    name = content("TEXT", "HAS PROPERTIES", code("111001", "DCM", "Algorithm Name"), TextValue="DensityFinder")
    version = content("TEXT", "HAS PROPERTIES", code("111003", "DCM", "Algorithm Version"), TextValue="5.1")
    found.ContentSequence = Items([shown, name, version, *items])
    return found


def certainty(percent: str) -> Dataset:
    measured = Dataset()
    measured.NumericValue = percent
    measured.MeasurementUnitsCodeSequence = Items([code("%", "UCUM", "percent")])
    name = code("111012", "DCM", "Certainty of Finding")
    return content("NUM", "HAS PROPERTIES", name, MeasuredValueSequence=[measured])


def cad_report(tmp_path: Path) -> tuple[Any, Any, Report]:
    """A mass (centre and outline) on slice 3, a calcification on slice 5, and one that shall not be shown."""
    study, stack = opened(tmp_path / "in")
    sources = [source_header(stack.frames[k].path) for k in (3, 5)]
    library = content("CONTAINER", name=code("111028", "DCM", "Image Library"), ContinuityOfContent="SEPARATE")
    library.ContentSequence = Items([image_item(str(one.SOPClassUID), str(one.SOPInstanceUID)) for one in sources])
    outline = [10.0, 6.0, 15.0, 6.0, 15.0, 11.0, 10.0, 11.0, 10.0, 6.0]
    mass = single_finding(
        "Mass",
        [certainty("83"), graphic("POINT", "Center", [12.5, 8.5], 1), graphic("POLYLINE", "Outline", outline, 1)],
    )
    dot = single_finding("Calcification", [graphic("POINT", "Center", [20.5, 10.5], 2)])
    quiet = single_finding("Artifact", [graphic("POINT", "Center", [4.5, 4.5], 2)], intent="111152")
    whole = content(
        "CODE", "CONTAINS", code("111015", "DCM", "Composite Feature"),
        ConceptCodeSequence=[code("129769006", "SCT", "Mass")],
    )  # fmt: skip
    whole.ContentSequence = Items([mass, dot, quiet])
    made = make_report("CAD", [library, whole], name="cad")
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = MAMMOGRAPHY_CAD
    made.PatientID = sources[0].PatientID
    return study, stack, read_report(str(save(made, tmp_path / "cad.dcm")))


def test_findings_of_a_cad_lie_on_the_images_that_are_named_by_their_position(tmp_path: Path) -> None:
    study, _stack, report = cad_report(tmp_path)
    taken = take_report(report, index_of(study), (study,))
    assert taken.marks == (), "nobody drew them"
    (result,) = taken.results
    assert (result.provenance.package_name, result.provenance.package_version) == ("DensityFinder", "5.1")
    assert [(one.label, one.score, one.k, one.box_voxel) for one in result.findings] == [
        ("Mass", pytest.approx(0.83), 3, ((2.5, 5.5, 9.5), (3.5, 10.5, 14.5))),
        ("Calcification", 1.0, 5, ((4.5, 9.5, 19.5), (5.5, 10.5, 20.5))),
    ]
    assert [(one.title, one.reason) for one in taken.left] == [("Artifact", "not_presented")]


def test_marks_of_a_cad_are_drawn_on_their_images_and_named_after_the_finding(tmp_path: Path) -> None:
    _study, stack, report = cad_report(tmp_path)
    marks: ReportMarks = marks_of(*report.items)
    third = marks.of(acquired_shown(stack, 3), "")
    assert [one.label for one in third] == ["Mass: Center", "Mass: Outline"]
    assert third[0].points == ((12.0, 8.0),)
    assert (third[0].symbol, marks.of(acquired_shown(stack, 5), "")[0].symbol) == ("asterisk", "triangle")
    assert [one.label for one in marks.of(acquired_shown(stack, 5), "")] == ["Calcification: Center"]
    assert not marks.of(acquired_shown(stack, 4), "")


def test_what_a_device_alone_observed_is_no_mark_of_a_reader(tmp_path: Path) -> None:
    """Its report names no algorithm in its groups, only the device that made it."""
    study, stack = opened(tmp_path / "in")
    source = source_header(stack.frames[3].path)
    circle = content(
        "SCOORD", "CONTAINS", code("111030", "DCM", "Image Region"),
        GraphicType="CIRCLE", GraphicData=[8.0, 7.0, 8.0, 10.0],
    )  # fmt: skip
    circle.ContentSequence = Items(
        [image_item(str(source.SOPClassUID), str(source.SOPInstanceUID), relationship="SELECTED FROM")]
    )
    group = content("CONTAINER", name=code("125007", "DCM", "Measurement Group"), ContinuityOfContent="SEPARATE")
    group.ContentSequence = Items([circle])
    kind = content(
        "CODE", "HAS OBS CONTEXT", code("121005", "DCM", "Observer Type"),
        ConceptCodeSequence=[code("121007", "DCM", "Device")],
    )  # fmt: skip
    name = content("TEXT", "HAS OBS CONTEXT", code("121013", "DCM", "Device Observer Name"), TextValue="Lung box")
    made = make_report("AI", [kind, name, group], name="device")
    made.PatientID = source.PatientID
    report = read_report(str(save(made, tmp_path / "device.dcm")))
    taken = take_report(report, index_of(study), (study,))
    assert not taken.marks
    assert [one.provenance.package_name for one in taken.results] == ["Lung box"]
    (finding,) = taken.results[0].findings
    assert finding.box_voxel == ((2.5, 3.5, 4.5), (3.5, 9.5, 10.5)), "a circle is given by its centre and one point"
    person = copy.deepcopy(kind)
    person.ConceptCodeSequence = Items([code("121006", "DCM", "Person")])
    made.ContentSequence = Items([person, group])
    again = take_report(read_report(str(save(made, tmp_path / "person.dcm"))), index_of(study), (study,))
    assert [one.kind for one in again.marks] == ["ellipse"]
    assert not again.results


def test_every_reason_is_told_in_the_words_of_the_table() -> None:
    """English is told as it stands in the code: it is the same as what is translated."""
    from typing import get_args

    from medview.app.report_taking import Reason
    from medview.app.taking_over import LEFT
    from medview.ui.message_table import TEMPLATES

    assert set(LEFT) == set(get_args(Reason))
    for reason, why in LEFT.items():
        assert TEMPLATES[f"report_left_{reason}"].startswith(f"Not taken over, because {why}: {{0}} ({{1}}).")


def test_a_region_in_the_patient_lies_on_images_before_it_lies_on_maps_of_them(tmp_path: Path) -> None:
    study, stack = opened(tmp_path / "in")
    (series,) = study.series
    map_of_them = replace(
        series, objects=(SimpleNamespace(path=stack.frames[0].path),), stacks=(replace(stack, id="map"),)
    )
    both = replace(study, series=(map_of_them, series))
    assert stack.geometry is not None
    name = stack.geometry.frame_of_reference
    corners = stack.geometry.voxel_to_patient([[3.0, 2, 2], [3.0, 8, 2], [3.0, 8, 9]])
    region = ReportItem(
        "CONTAINS", "SCOORD3D", None, graphic=ReportGraphic("POLYGON", tuple(map(tuple, corners.tolist())), name)
    )
    report = Report("r.dcm", "1.2", "", None, patient_id=study.patient.patient_id, items=(region,))
    (mark,) = take_report(report, index_of(both), (both,)).marks
    assert mark.place.stack_id == stack.id
