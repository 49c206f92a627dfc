"""Reports back in: what medview wrote comes back as it was; foreign reports become marks and findings; nothing is dropped silently."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app.image_references import ImageIndex
from medview.app.measurements import place_of
from medview.app.report_taking import same_mark, take_report, without_known
from medview.app.shown_slice import acquired_shown, cut_shown, plane_positions
from medview.app.statements import state_study
from medview.core.measurement import Measurement, MeasurementKind
from medview.core.statement import tracking_uid_of
from medview.dicom.report_write import write_report_object
from medview.dicom.structured_report import read_report
from medview.dicom.written_object import source_header
from tests.app.statements_made import MARK_UID, opened, whole_statement


class Opened:
    """What an index of images asks of a workspace."""

    def __init__(self, *studies: Any) -> None:
        self.studies = studies


def index_of(*studies: Any) -> ImageIndex:
    return ImageIndex(Opened(*studies))  # type: ignore[arg-type]


SHAPES: dict[MeasurementKind, tuple[tuple[float, float], ...]] = {
    "ruler": ((2.0, 3.0), (10.0, 9.0)),
    "polyline": ((1.0, 1.0), (4.0, 2.0), (5.5, 8.0)),
    "angle": ((1.0, 1.0), (4.0, 2.0), (5.5, 8.0)),
    "cobb": ((1.0, 1.0), (9.0, 2.0), (2.0, 8.0), (9.0, 6.0)),
    "bidirectional": ((1.0, 1.0), (12.0, 3.0), (6.0, 1.0), (6.5, 4.0)),
    "ellipse": ((3.0, 9.0), (11.0, 4.0)),
    "rectangle": ((11.0, 4.0), (3.0, 9.5)),
    "polygon": ((1.0, 1.0), (9.0, 2.0), (5.0, 8.25)),
    "freehand": ((1.0, 1.0), (9.0, 2.0), (5.0, 8.25), (2.0, 7.0)),
    "point": ((4.0, 5.0),),
    "arrow": ((4.0, 5.0), (9.0, 9.0)),
    "text": ((4.0, 5.0),),
}


def test_every_mark_comes_back_as_it_was_written(tmp_path: Path) -> None:
    study, stack = opened(tmp_path / "in")
    place = place_of(stack, acquired_shown(stack, 3), 0)
    marks = [
        Measurement(tracking_uid_of(kind), kind, place, points, "seen before" if kind in {"text", "ruler"} else "")
        for kind, points in SHAPES.items()
    ]
    assert stack.geometry is not None
    coronal = cut_shown(stack, "coronal", float(plane_positions(stack.geometry, "coronal")[7]))
    marks.append(Measurement(tracking_uid_of("cut"), "ruler", place_of(stack, coronal, 0), ((1.0, 2.0), (9.0, 4.0))))
    path = tmp_path / "report.dcm"
    write_report_object(path, state_study(study, [(stack, mark) for mark in marks], reader="Dr. Wang"))
    taken = take_report(read_report(str(path)), index_of(study), (study,))
    assert taken.left == ()
    back = {mark.id: mark for mark in taken.marks}
    assert set(back) == {mark.id for mark in marks}
    for mark in marks:
        read = back[mark.id]
        if mark.place.plane == "acquired":
            assert same_mark(mark, read), (mark, read)
            assert read.text == mark.text
            assert read.place == mark.place
        else:
            assert read.place.plane == "coronal"
            assert np.allclose(np.array(read.points), np.array(mark.points), atol=1e-3)
    assert without_known(taken, marks).marks == ()
    # Read again it writes the same.
    again = tmp_path / "again.dcm"
    write_report_object(again, state_study(study, [(stack, back[mark.id]) for mark in marks], reader="Dr. Wang"))
    once_more = take_report(read_report(str(again)), index_of(study), (study,))
    assert {mark.id: mark for mark in once_more.marks} == back


def test_findings_come_back_with_their_model_and_the_readers_decisions(tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in", reader="Dr. Wang")
    path = tmp_path / "report.dcm"
    write_report_object(path, statement)
    taken = take_report(read_report(str(path)), index_of(statement.study), (statement.study,))
    assert {mark.id for mark in taken.marks} == {mark.tracking_uid for mark in statement.marks} >= {MARK_UID}
    (result,) = taken.results
    first = statement.findings[0]
    assert result.provenance.package_version == first.provenance.package_version
    assert "Nodules" in result.provenance.package_name
    by_id = {finding.id: finding for finding in result.findings}
    for stated in statement.findings:
        read = by_id[stated.tracking_uid]
        assert read.label == stated.finding.label
        assert read.score == pytest.approx(stated.finding.score)
        assert read.size_mm == stated.finding.size_mm
        assert np.allclose(read.box_voxel[0][1:], stated.finding.box_voxel[0][1:], atol=1e-3)
        assert np.allclose(read.box_voxel[1][1:], stated.finding.box_voxel[1][1:], atol=1e-3)
        assert read.k == pytest.approx(stated.finding.k, abs=1)
    decided = {finding.id: decision for _result, finding, decision in taken.decisions}
    for stated in statement.findings:
        if stated.verdict or stated.label or stated.note:
            decision = decided[stated.tracking_uid]
            assert (decision.verdict, decision.label, decision.note) == (stated.verdict, stated.label, stated.note)


def foreign_report(study: Any, folder: Path, **changes: Any) -> Path:
    """A TID 1500 as another program writes it: its own identifiers, an ellipse that is turned, an algorithm's region in the patient."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    stack = study.series[0].stacks[0]
    source = source_header(stack.frames[3].path)
    uid = changes.get("image", str(source.SOPInstanceUID))
    image = hd.sr.SourceImageForRegion(str(source.SOPClassUID), uid)

    def group(graphic: str, points: Any, **more: Any) -> Any:
        region = hd.sr.ImageRegion(hd.sr.GraphicTypeValues(graphic), np.array(points, float), image)
        return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=hd.sr.TrackingIdentifier(uid=hd.UID(), identifier=more.pop("name", "x")),
            finding_type=codes.SCT.Nodule,
            referenced_region=region,
            **more,
        )

    ai = hd.sr.AlgorithmIdentification(name="LesionFinder", version="2.1", family=codes.cid7162.ArtificialIntelligence)
    chance = hd.sr.Measurement(name=hd.sr.CodedConcept("111047", "DCM", "Probability of cancer"), value=87.0,
                               unit=hd.sr.CodedConcept("%", "UCUM", "Percent"))  # fmt: skip
    turned = [[4, 4], [10, 10], [6, 8], [8, 6]]
    groups = [
        group("CIRCLE", [[8, 7], [8, 10]], name="circle"),
        group("ELLIPSE", turned, name="turned"),
        group("POLYLINE", [[2, 2], [9, 2], [9, 9], [2, 9], [2, 2]], name="ai", algorithm_id=ai, measurements=[chance]),
    ]
    words = hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=hd.UID(), identifier="words"),
        finding_type=codes.SCT.Mass,
        qualitative_evaluations=[hd.sr.QualitativeEvaluation(codes.DCM.Finding, codes.SCT.Neoplasm)],
    )
    nearby = hd.sr.ImageRegion3D(
        hd.sr.GraphicTypeValues3D("POLYLINE"),
        stack.geometry.voxel_to_patient([[3.4, 2, 2], [3.4, 8, 9]]),
        frame_of_reference_uid=stack.geometry.frame_of_reference,
    )
    between = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid=hd.UID(), identifier="between"),
        referenced_region=nearby,
    )
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(
            observer_person_context=hd.sr.ObserverContext(
                codes.DCM.Person, hd.sr.PersonObserverIdentifyingAttributes("Doe^John")
            )
        ),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[*groups, words, between],
    )
    made = hd.sr.Comprehensive3DSR(
        evidence=[source], content=content, series_instance_uid=hd.UID(), series_number=1, sop_instance_uid=hd.UID(),
        instance_number=1, manufacturer="other", is_complete=True, is_final=True, is_verified=False,
    )  # fmt: skip
    path = folder / "foreign.dcm"
    made.save_as(path)
    return path


def test_a_foreign_report_gives_marks_and_findings_and_lists_the_rest(tmp_path: Path) -> None:
    study, stack = opened(tmp_path / "in")
    report = read_report(str(foreign_report(study, tmp_path)))
    taken = take_report(report, index_of(study), (study,))
    kinds = {mark.kind: mark for mark in taken.marks}
    assert set(kinds) == {"ellipse", "polygon"}
    circle = kinds["ellipse"]
    assert circle.points == ((4.5, 3.5), (10.5, 9.5)), "0.5 is the centre of the first pixel"
    assert circle.place == place_of(stack, acquired_shown(stack, 3), 0)
    assert circle.text == "Nodule"
    outline = np.array(kinds["polygon"].points)
    assert np.allclose(outline.mean(axis=0), (6.5, 6.5), atol=1e-6)
    assert np.linalg.norm(outline - (6.5, 6.5), axis=1).max() == pytest.approx(np.hypot(3, 3))
    (result,) = taken.results
    assert (result.provenance.package_name, result.provenance.package_version) == ("LesionFinder", "2.1")
    (finding,) = result.findings
    assert (finding.label, finding.score, finding.k) == ("Nodule", pytest.approx(0.87), 3)
    assert finding.box_voxel == ((2.5, 1.5, 1.5), (3.5, 8.5, 8.5))
    assert {(one.title, one.reason) for one in taken.left} == {("Mass", "no_coordinates"), ("between", "no_place")}


def test_marks_never_land_on_another_patient_or_on_images_that_are_not_there(tmp_path: Path) -> None:
    study, _stack = opened(tmp_path / "in")
    report = read_report(str(foreign_report(study, tmp_path)))
    other = replace(study, patient=replace(study.patient, patient_id="somebody else"))
    taken = take_report(report, index_of(other), (other,))
    assert (taken.marks, taken.results) == ((), ())
    assert {one.reason for one in taken.left} == {"other_patient", "no_coordinates"}
    away = take_report(report, index_of(), ())
    assert (away.marks, away.results) == ((), ())
    assert {one.reason for one in away.left} == {"no_image", "no_coordinates"}


def test_values_of_a_slab_are_read_from_the_files_written_as_such_and_come_back_with_their_slab(tmp_path: Path) -> None:
    import csv
    import io
    import json

    from medview.app.mark_values import LoadedValues
    from medview.app.statement_files import statement_csv, statement_json
    from medview.core.slab import Slab

    study, stack = opened(tmp_path / "in")
    flat = acquired_shown(stack, 2)
    thick = replace(flat, slab=Slab(7.5, "max"))
    corners = ((3.0, 3.0), (stack.shape[2] - 4.0, stack.shape[1] - 4.0))
    marks = [
        Measurement(tracking_uid_of(name), "rectangle", place_of(stack, shown, 0), corners)
        for name, shown in (("flat", flat), ("thick", thick))
    ]
    statement = state_study(study, [(stack, mark) for mark in marks], values_on=LoadedValues())
    means = [
        next(a.value for a in one.amounts if a.derivation and a.derivation.meaning == "Mean") for one in statement.marks
    ]
    values = np.stack([frame.read() for frame in stack.frames[1:4]]) + stack.transform.slope_intercept(0)[1]
    inside = (slice(3, stack.shape[1] - 3), slice(3, stack.shape[2] - 3))
    assert means[0] == pytest.approx(values[1][inside].mean())
    assert means[1] > means[0]  # the bone of the slice beside it
    assert [one.values_of for one in statement.marks] == ["", "MIP 7.5 mm"]
    table = list(csv.DictReader(io.StringIO(statement_csv(statement).lstrip("\ufeff"))))
    assert {row["values_of"] for row in table} == {"", "MIP 7.5 mm"}
    assert [one["values_of"] for one in json.loads(statement_json(statement))["marks"]] == ["plane", "MIP 7.5 mm"]
    path = tmp_path / "report.dcm"
    write_report_object(path, statement)
    taken = take_report(read_report(str(path)), index_of(study), (study,))
    back = {mark.id: mark for mark in taken.marks}
    assert [back[mark.id] for mark in marks] == marks
