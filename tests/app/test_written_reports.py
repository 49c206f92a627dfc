"""Statements written as DICOM: valid, linked to their sources, and read back number by number by other programs."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest

from medview.app.statements import state_mark
from medview.core.measurement import POINTS_OF_KIND
from medview.core.problem import MedviewError
from medview.core.study import PatientIdentity
from medview.dicom.presentation_write import write_presentation
from medview.dicom.report_write import write_report_object
from medview.dicom.seg_write import write_segmentation_object
from tests.app.statements_made import MARK_UID, NAME, whole_statement


def tool(name: str) -> str:
    found = shutil.which(name) or str(Path(sys.executable).parent / name)
    if not Path(found).exists():
        pytest.skip(f"{name} is not installed")
    return found


def errors(path: Path) -> list[str]:
    """Errors of dciodvfy (dicom3tools)."""
    said = subprocess.run([tool("dciodvfy"), "-new", str(path)], capture_output=True, text=True, check=False).stderr
    return [line for line in said.splitlines() if line.startswith("Error")]


def written(tmp_path: Path, **values: Any) -> tuple[Path, Path]:
    """(report, segmentation) of the whole statement."""
    statement = whole_statement(tmp_path / "in", **values)
    stated = statement.results[0]
    assert stated.result.segmentation is not None
    seg, path = tmp_path / "seg.dcm", tmp_path / "report.dcm"
    write_segmentation_object(seg, stated.result.segmentation, stated.stack.frames, stated.result.provenance)
    write_report_object(path, statement, {0: str(seg)})
    return path, seg


def test_the_report_is_valid_and_consistent_with_its_sources(tmp_path: Path) -> None:
    path, seg = written(tmp_path)
    assert errors(path) == []
    files = [str(path), str(seg), *(str(one) for one in sorted((tmp_path / "in").rglob("*")) if one.is_file())]
    said = subprocess.run([tool("dcentvfy"), *files], capture_output=True, text=True, check=False)
    assert [line for line in (said.stdout + said.stderr).splitlines() if "Error" in line] == []
    data = pydicom.dcmread(path)
    assert data.VerificationFlag == "UNVERIFIED"
    assert data.SOPClassUID == "1.2.840.10008.5.1.4.1.1.88.34"
    text = data.to_json()
    assert "ab" * 32 in text
    assert MARK_UID in text


def test_dcmqi_reads_the_numbers_back(tmp_path: Path) -> None:
    path, _seg = written(tmp_path)
    out = tmp_path / "out.json"
    words = [tool("tid1500reader"), "--inputDICOM", str(path), "--outputMetadata", str(out)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    groups = {one["TrackingUniqueIdentifier"]: one for one in json.loads(out.read_text())["Measurements"]}

    def numbers(uid: str) -> dict[str, float]:
        items = groups[uid]["measurementItems"]
        return {item["quantity"]["CodeMeaning"]: float(item["value"]) for item in items}

    assert numbers(MARK_UID) == {"Length": pytest.approx(math.hypot(8 * 0.75, 6 * 1.5), abs=1e-6)}
    volumes = [numbers(uid)["Volume"] for uid in groups if "Volume" in numbers(uid)]
    assert volumes == [pytest.approx(4 * 8 * 15 * 1.5 * 0.75 * 2.5 / 1000, abs=1e-6)]
    scores = [numbers(uid)["Score of the algorithm"] for uid in groups if "Score of the algorithm" in numbers(uid)]
    assert scores == [0.875, 0.5]
    assert NAME[:20] in out.read_text() or NAME[:20] in str(pydicom.dcmread(path))


def test_a_verified_report_has_a_name(tmp_path: Path) -> None:
    path, _seg = written(tmp_path, reader="Wang^Li", verified=True)
    assert errors(path) == []
    data = pydicom.dcmread(path)
    assert data.VerificationFlag == "VERIFIED"
    assert str(data.VerifyingObserverSequence[0].VerifyingObserverName) == "Wang^Li"
    nameless = whole_statement(tmp_path / "again", verified=True)
    with pytest.raises(MedviewError) as refused:
        write_report_object(tmp_path / "no.dcm", nameless)
    assert refused.value.code == "sr_impossible"


def test_nothing_is_written_about_another_patient(tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in")
    other = replace(statement, study=replace(statement.study, patient=PatientIdentity("SOMEBODY ELSE")))
    with pytest.raises(MedviewError) as refused:
        write_report_object(tmp_path / "report.dcm", other)
    assert refused.value.code == "other_patient"
    assert not (tmp_path / "report.dcm").exists()


@pytest.mark.parametrize("kind", sorted(POINTS_OF_KIND))
def test_each_kind_of_mark_is_written_validly(kind: Any, tmp_path: Path) -> None:
    statement = whole_statement(tmp_path / "in")
    mark = statement.marks[0]
    points = ((2.0, 3.0), (10.0, 9.0), (12.0, 4.0), (5.0, 14.0))[: max(3, POINTS_OF_KIND[kind][0])]
    points = points[: POINTS_OF_KIND[kind][1]]
    stated = state_mark(mark.stack, replace(mark.mark, kind=kind, points=points, text="seen", known_mm=None))
    only = replace(statement, marks=(stated,), findings=(), results=())
    for name, write in (("sr", write_report_object), ("gsps", write_presentation)):
        write(tmp_path / f"{name}.dcm", only)  # type: ignore[operator]
        assert errors(tmp_path / f"{name}.dcm") == [], (kind, name)
    assert "seen" in pydicom.dcmread(tmp_path / "sr.dcm").to_json()


def test_velocities_of_a_spectrum_are_written_with_their_codes(tmp_path: Path) -> None:
    """A distance on a Doppler spectrum has no length: the velocity and time that lie between its ends, and those at both."""
    from pydicom.dataset import Dataset

    from medview.app.open_paths import open_all
    from medview.app.statement_files import write_statement
    from medview.app.statements import state_study
    from medview.app.visual_report import report_html
    from tests.app.statements_made import ruler
    from tests.phantoms.dicom_series import make_series, save_series

    (image, *_rest) = make_series()
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "PixelSpacing"):
        delattr(image, keyword)
    image.Modality, image.SOPClassUID = "US", "1.2.840.10008.5.1.4.1.1.6.1"
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 3, 3, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 31, 23
    region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection = 4, 7
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.01, -2.0
    region.ReferencePixelY0, region.ReferencePixelPhysicalValueY = 20, 0.0
    image.SequenceOfUltrasoundRegions = [region]
    study = open_all([str(save_series([image], tmp_path / "in"))]).studies[0]
    stack = study.series[0].stacks[0]
    mark = replace(ruler(stack, 0), points=((2.0, 18.0), (12.0, 3.0)))
    point = replace(mark, id="2.25.4", kind="point", points=((5.0, 10.0),))
    statement = state_study(study, [(stack, mark), (stack, point)])
    written = write_statement(statement, ["sr", "gsps"], tmp_path / "out")
    assert [errors(Path(path)) for path in written.paths] == [[], []]
    out = tmp_path / "out.json"
    words = [tool("tid1500reader"), "--inputDICOM", written.paths[0], "--outputMetadata", str(out)]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    groups = {one["TrackingUniqueIdentifier"]: one for one in json.loads(out.read_text())["Measurements"]}
    told = [
        (item["quantity"]["CodeValue"], item["units"]["CodeValue"], float(item["value"]))
        for item in groups[MARK_UID]["measurementItems"]
    ]
    assert told == [
        ("110828", "cm/s", pytest.approx(30.0)),
        ("110828", "cm/s", pytest.approx(4.0)),
        ("110828", "cm/s", pytest.approx(34.0)),
        ("110858", "s", pytest.approx(0.1)),
    ]
    (only,) = groups["2.25.4"]["measurementItems"]
    assert (only["quantity"]["CodeValue"], float(only["value"])) == ("110828", pytest.approx(20.0))
    assert "Δ velocity 30.0 cm/s, velocity ① 4.0 cm/s, velocity ② 34.0 cm/s, Δ time 0.100 s" in report_html(statement)
