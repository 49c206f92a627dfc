"""Studies shared without identity: nothing that says whose they are is left in any byte, everything still belongs together."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from medview.app.deidentification import ShareWish, series_to_share, share_deidentified
from medview.app.open_paths import open_all
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled
from medview.dicom.deidentify import DeidentificationRules, deidentified, profile_table
from tests.app.test_written_reports import errors
from tests.phantoms import dicom_series

pytestmark = pytest.mark.beside

SECRETS = {
    "PatientName": "Zimmermann^Ägidia",
    "PatientID": "MRN-4711-XYZ",
    "PatientBirthDate": "19310827",
    "OtherPatientIDs": "SSN-998877",
    "PatientAddress": "Lindengasse 17",
    "PatientTelephoneNumbers": "+49-30-5551234",
    "InstitutionName": "Sankt Beispiel Klinik",
    "InstitutionAddress": "Hauptplatz 3, Musterort",
    "ReferringPhysicianName": "Quacksalber^Emil",
    "OperatorsName": "Obermeier^Resi",
    "AccessionNumber": "ACC0815-77",
    "StationName": "CTKELLER9",
    "PatientComments": "allergic, daughter called Kunigunde",
}


def identified(folder: Path, name: str = "one", **values: Any) -> list[Path]:
    """A small series with a name at every place that people find for one."""
    made = dicom_series.make_series(name=name)
    for data in made:
        for keyword, value in SECRETS.items():
            setattr(data, keyword, value)
        data.SpecificCharacterSet = "ISO_IR 100"
        data.PatientSex, data.PatientAge, data.PatientWeight = "F", "093Y", 61.5
        data.SeriesDescription, data.ProtocolName = "Thorax Zimmermann", "THX"
        data.ManufacturerModelName = "Scanner of Zimmermann"  # kept by the table, not with a name in it
        data.SeriesDate = data.AcquisitionDate = data.ContentDate = data.StudyDate
        data.SeriesTime = data.AcquisitionTime = "101530"
        item = Dataset()
        item.PatientID, item.InstitutionName, item.StudyInstanceUID = "MRN-4711-XYZ", "Sankt Beispiel Klinik", "1.2.3.4"
        item.RequestedProcedureDescription = "for Zimmermann"
        data.RequestAttributesSequence = [item]
        data.add_new(0x00091010, "LO", "Zimmermann private")
        data.add_new(0x00090010, "LO", "ACME")
        data.add_new(0x60000022, "LO", "Overlay Zimmermann")
        data.add_new(0x00190010, "LO", "SIEMENS MR HEADER")
        data.add_new(0x0019100C, "IS", "800")
        data.add_new(0x00191008, "CS", "IMAGE NUM 4")
        data.preamble = b"MRN-4711-XYZ".ljust(128, b"\0")
        for keyword, value in values.items():
            setattr(data, keyword, value)
    dicom_series.save_series(made, folder)
    return sorted(folder.rglob("*.dcm"))


def shared(folder: Path, output: Path, **wish: Any) -> dict[str, Any]:
    return share_deidentified(open_all([str(folder)]).studies, output, ShareWish(**wish))


def written(output: Path) -> list[pydicom.FileDataset]:
    return [pydicom.dcmread(path) for path in sorted(output.rglob("*.dcm"))]


@pytest.mark.parametrize("dates", ["shift", "remove"])
def test_no_original_name_number_or_uid_is_in_any_byte_that_is_written(tmp_path: Path, dates: str) -> None:
    sources = identified(tmp_path / "Zimmermann")
    before = {path: path.read_bytes() for path in sources}
    uids = {
        str(element.value)
        for path in sources
        for element in pydicom.dcmread(path).iterall()
        if element.VR == "UI" and not str(element.value).startswith("1.2.840.10008.")
    }
    report = shared(tmp_path / "Zimmermann", tmp_path / "out", dates=dates)
    assert report["instances"] == len(sources)
    pieces = {
        piece for value in SECRETS.values() for piece in (value, *value.replace("^", " ").split()) if len(piece) > 3
    }
    assert len(uids) > len(sources)
    for path in sorted((tmp_path / "out").rglob("*")):
        assert not any(piece.casefold() in str(path.relative_to(tmp_path / "out")).casefold() for piece in pieces)
        if not path.is_file():
            continue
        content = path.read_bytes()
        for piece in sorted(pieces | uids):
            for encoding in ("utf-8", "latin-1"):
                assert piece.encode(encoding).lower() not in content.lower(), f"{piece} in {path.name}"
    assert {path: path.read_bytes() for path in sources} == before, "the originals are touched"


def test_what_is_written_says_so_is_valid_and_still_the_same_images(tmp_path: Path) -> None:
    sources = identified(tmp_path / "in")
    valid_before = {error for path in sources[:1] for error in errors(path)}
    shared(tmp_path / "in", tmp_path / "out", characteristics=True)
    made = written(tmp_path / "out")
    first = made[0]
    assert (first.PatientIdentityRemoved, first.LongitudinalTemporalInformationModified) == ("YES", "MODIFIED")
    assert [item.CodeValue for item in first.DeidentificationMethodCodeSequence] == [
        "113100",
        "113107",
        "113108",
        "113111",
    ]
    assert str(first.PatientID).startswith("ANON-")
    assert (first.PatientSex, first.PatientAge, first.PatientWeight) == ("F", "090Y", 61.5)
    assert "PatientComments" not in first
    assert (0x0009, 0x1010) not in first
    assert (0x6000, 0x0022) not in first
    assert first[0x0019, 0x100C].value == 800
    assert (0x0019, 0x1008) not in first
    assert first.ManufacturerModelName == ""
    path = min((tmp_path / "out").rglob("*.dcm"))
    assert set(errors(path)) <= valid_before
    assert path.read_bytes()[:128] == b"\0" * 128
    original = open_all([str(tmp_path / "in")]).studies[0].series[0].stacks[0]
    again = open_all([str(tmp_path / "out")]).studies[0].series[0].stacks[0]
    assert again.shape == original.shape
    assert again.geometry is not None
    assert original.geometry is not None
    assert np.array_equal(again.geometry.affine, original.geometry.affine)
    for a, b in zip(original.frames, again.frames, strict=True):
        assert np.array_equal(a.read(), b.read())


def test_dates_of_a_patient_move_together_and_what_refers_to_one_another_still_does(tmp_path: Path) -> None:
    identified(tmp_path / "in" / "a", "a")
    identified(tmp_path / "in" / "b", "b", StudyDate="20200112", StudyInstanceUID="1.2.3.9")
    reference = pydicom.dcmread(min((tmp_path / "in" / "a").rglob("*.dcm")))
    for path in (tmp_path / "in" / "b").rglob("*.dcm"):
        data = pydicom.dcmread(path)
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = reference.SOPClassUID, reference.SOPInstanceUID
        data.ReferencedImageSequence = [item]
        data.save_as(path)
    shared(tmp_path / "in", tmp_path / "out")
    made = written(tmp_path / "out")
    by_study = {str(data.StudyInstanceUID): data for data in made}
    assert len(by_study) == 2
    dates = sorted(date.fromisoformat(str(data.StudyDate)) for data in by_study.values())
    assert (dates[1] - dates[0]).days == 10
    assert dates[1].year < 2020
    assert len({str(data.PatientID) for data in made}) == 1
    instances = {str(data.SOPInstanceUID) for data in made}
    (target,) = {
        str(data.ReferencedImageSequence[0].ReferencedSOPInstanceUID)
        for data in made
        if "ReferencedImageSequence" in data
    }
    assert target in instances
    # Another job gives other ones: two deliveries cannot be put together.
    shared(tmp_path / "in", tmp_path / "again")
    assert not instances & {str(data.SOPInstanceUID) for data in written(tmp_path / "again")}


def test_the_report_tells_what_was_done_and_no_original_value(tmp_path: Path) -> None:
    identified(tmp_path / "in")
    shared(tmp_path / "in", tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    actions = {(line["tag"], line["action"]) for line in report["attributes"]}
    assert {("00100010", "Z"), ("00080018", "U"), ("00104000", "X"), ("00091010", "private")} <= actions
    assert [line["tag"] for line in report["texts_emptied"]] == ["00081090"]
    assert report["options"][0]["code"] == "113100"


def test_pictures_that_may_hold_names_are_left_out_until_somebody_has_looked(tmp_path: Path) -> None:
    identified(tmp_path / "in" / "ct", "ct")
    identified(tmp_path / "in" / "us", "us", Modality="US", SeriesInstanceUID="1.2.3.5")
    identified(tmp_path / "in" / "yes", "yes", BurnedInAnnotation="YES", SeriesInstanceUID="1.2.3.6")
    studies = open_all([str(tmp_path / "in")]).studies
    risks = {one.series.series_uid: one.risk for one in series_to_share(studies)}
    assert (risks["1.2.3.5"], risks["1.2.3.6"]) == ("likely", "said")
    report = shared(tmp_path / "in", tmp_path / "out")
    assert report["series"] == 1
    assert {"burned_in_likely", "burned_in_said"} <= report["left_out"].keys()
    report = shared(tmp_path / "in", tmp_path / "looked", looked_at=frozenset({"1.2.3.5"}))
    assert report["series"] == 2


def test_reports_and_documents_are_left_out(tmp_path: Path) -> None:
    paths = identified(tmp_path / "in")
    data = pydicom.dcmread(paths[0])
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    data.SOPInstanceUID, data.Modality, data.SeriesInstanceUID = "1.2.3.88", "SR", "1.2.3.89"
    del data.PixelData
    data.save_as(tmp_path / "in" / "sr.dcm")
    report = shared(tmp_path / "in", tmp_path / "out")
    assert report["left_out"] == {"free_text": 1}
    assert {str(one.Modality) for one in written(tmp_path / "out")} == {"CT"}


def test_nothing_lies_beside_the_originals_over_something_else_or_half_done(tmp_path: Path) -> None:
    identified(tmp_path / "in")
    studies = open_all([str(tmp_path / "in")]).studies
    with pytest.raises(MedviewError) as error:
        share_deidentified(studies, tmp_path / "in" / "out", ShareWish())
    assert error.value.code == "output_in_source"
    (tmp_path / "there").mkdir()
    with pytest.raises(MedviewError) as error:
        share_deidentified(studies, tmp_path / "there", ShareWish())
    assert error.value.code == "output_exists"
    with pytest.raises(MedviewError) as error:
        share_deidentified(studies, tmp_path / "out", ShareWish(prefix="Jane Doe"))
    assert error.value.code == "share_wish"

    def stop(_step: str, done: int, _total: int) -> None:
        if done > 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        share_deidentified(studies, tmp_path / "out", ShareWish(), stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "there"]


def test_a_name_that_cannot_be_taken_away_keeps_the_object_back(tmp_path: Path) -> None:
    (path, *_) = identified(tmp_path / "in")
    data = pydicom.dcmread(path)
    data.ImageType = ["ORIGINAL", "PRIMARY", "ZIMMERMANN"]  # a code word that the profile keeps
    data.save_as(path)
    rules = DeidentificationRules(os.urandom(16))
    with pytest.raises(MedviewError) as error:
        deidentified(path.read_bytes(), rules, str(path))
    assert error.value.code == "identity_left"
    assert shared(tmp_path / "in", tmp_path / "out")["left_out"] == {"identity_left": 1}


@pytest.mark.parametrize("hidden", [b"descZIMMERMANNabc", "王小明".encode("gb18030")])
def test_a_name_inside_of_a_word_or_of_another_script_is_found_too(hidden: bytes, tmp_path: Path) -> None:
    """Bytes that nobody cleans, as those of a colour profile."""
    (path, *_) = identified(tmp_path / "in")
    data = pydicom.dcmread(path)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientName = "ZIMMERMANN^Q" if hidden.isascii() else "王小明"
    data.add_new(0x00282000, "OB", hidden + b"\0" * (64 - len(hidden)))
    data.save_as(path)
    with pytest.raises(MedviewError) as error:
        deidentified(path.read_bytes(), DeidentificationRules(os.urandom(16)), str(path))
    assert error.value.code == "identity_left"


def test_every_attribute_of_the_table_loses_its_original_value(tmp_path: Path) -> None:
    """A marker in each attribute of Table E.1-1 that pydicom knows: none is left, whatever its VR."""
    from pydicom.datadict import dictionary_VR, keyword_for_tag

    (path, *_) = identified(tmp_path / "in")
    data = pydicom.dcmread(path)
    marked = 0
    for tag in profile_table():
        if not keyword_for_tag(tag) or tag >> 16 in {0x0000, 0x0002, 0x0004}:
            continue
        vr = dictionary_VR(tag)
        if vr in {"LO", "SH", "LT", "ST", "UT", "UC", "PN"}:
            data.add_new(tag, vr, f"Zz{tag:08X}")
        elif vr == "UI" and tag not in {0x00080018, 0x0020000D, 0x0020000E}:
            data.add_new(tag, vr, f"1.3.99.{tag}")
        else:
            continue
        marked += 1
    assert marked > 300
    path = tmp_path / "marked.dcm"
    data.save_as(path)
    content, _uid, _done = deidentified(path.read_bytes(), DeidentificationRules(os.urandom(16)), "marked.dcm")
    assert not [tag for tag in profile_table() if f"Zz{tag:08X}".encode() in content]
    assert b"1.3.99." not in content


def test_the_command_writes_and_says_what_was_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from medview.cli.commands import run

    identified(tmp_path / "in")
    assert run(["deidentify", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["instances"] == len(list((tmp_path / "out").rglob("*.dcm")))
    assert run(["deidentify", str(tmp_path / "in"), "--output", str(tmp_path / "out")]) == 7
