"""``medview tags`` and ``medview report``, and the objects that ``inspect`` names."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import Medview, medview
from tests.phantoms.dicom_series import make_series, save_series
from tests.phantoms.other_objects import (
    PDF,
    RAW,
    code,
    content,
    make_document,
    make_key_objects,
    make_object,
    make_report,
    pdf_bytes,
    save,
)

__all__ = ["medview"]

CT = "1.2.840.10008.5.1.4.1.1.2"


def test_all_elements_of_a_file(medview: Medview, tmp_path: Path) -> None:
    path = save(make_report("Thorax", []), tmp_path / "report.dcm")
    answer = medview("tags", path, "--json")
    assert answer.code == 0
    rows = {row["place"]: row for row in answer.json["elements"]}
    assert rows["(0010,0010)"]["value"] == "PHANTOM^Marker"
    assert rows["(0040,A043)"]["items"] == 1
    assert rows["(0040,A043)[1].(0008,0104)"]["value"] == "Thorax"
    assert rows["(0040,A043)[1].(0008,0104)"]["keyword"] == "CodeMeaning"
    text = medview("tags", path).out
    assert "(0010,0010) PN PatientName: PHANTOM^Marker" in text
    found = medview("tags", path, "--search", "thorax", "--json").json["elements"]
    assert [row["place"] for row in found] == ["(0040,A043)[1].(0008,0104)"]


def test_two_files_are_compared(medview: Medview, tmp_path: Path) -> None:
    first, second = make_object(RAW, "one", "MR"), make_object(RAW, "one", "MR")
    second.PatientName = "OTHER^Name"
    a, b = save(first, tmp_path / "a.dcm"), save(second, tmp_path / "b.dcm")
    answer = medview("tags", a, "--compare", b, "--json")
    assert answer.json["differences"] == [
        {"place": "(0010,0010)", "name": "Patient's Name", "first": "PHANTOM^Marker", "second": "OTHER^Name"}
    ]


def test_what_is_no_dicom_is_refused(medview: Medview, tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("no DICOM at all, only words")
    for command in ("tags", "report"):
        answer = medview(command, tmp_path / "text.dcm", "--json")
        assert answer.code == 3
        assert answer.error["code"] == "not_dicom"
        answer = medview(command, tmp_path / "nothing.dcm", "--json")
        assert answer.code == 3
        assert answer.error["code"] == "unreadable_file"
    answer = medview("report", save(make_object(RAW, "raw", "MR"), tmp_path / "raw.dcm"), "--json")
    assert (answer.code, answer.error["code"]) == (3, "no_report")


def test_a_report_as_text_and_as_json(medview: Medview, tmp_path: Path) -> None:
    item = content("TEXT", "CONTAINS", code("121071", "DCM", "Finding"), TextValue="A nodule\x1b[31m of 8 mm")
    path = save(make_report("Thorax", [item]), tmp_path / "report.dcm")
    text = medview("report", path).out
    assert "Finding: A nodule" in text
    assert "\x1b" not in text
    assert "not verified" in text
    assert "Finding [121071 DCM]" in medview("report", path, "--codes").out
    told = medview("report", path, "--json").json
    assert told["title"] == {"value": "18748-4", "scheme": "LN", "meaning": "Thorax"}
    assert told["verification"] == "UNVERIFIED"
    assert told["items"][0]["name"]["value"] == "121071"
    key = save(make_key_objects([(CT, "1.2.3")]), tmp_path / "key.dcm")
    assert medview("report", key, "--json").json["references"] == [{"sop_class": CT, "sop_uid": "1.2.3", "frames": []}]


def test_inspect_names_every_object_and_why_it_is_not_drawn(medview: Medview, tmp_path: Path) -> None:
    save_series(make_series(), tmp_path / "ct")
    save(make_report("Thorax", []), tmp_path / "report.dcm")
    save(make_document(PDF, "application/pdf", pdf_bytes(1), "Letter"), tmp_path / "letter.dcm")
    save(make_object(RAW, "raw", "MR"), tmp_path / "raw.dcm")
    save(make_object("1.2.3.4", "unknown", "OT"), tmp_path / "unknown.dcm")
    answer = medview("inspect", tmp_path, "--json").json
    objects = [one for study in answer["studies"] for series in study["series"] for one in series["objects"]]
    assert answer["objects_without_pixels"] == len(objects) == 4
    found = {one["kind"]: one for one in objects}
    assert (found["report"]["title"], found["report"]["name"], found["report"]["reason"]) == (
        "Thorax",
        "Basic Text SR",
        None,
    )
    assert (found["pdf"]["title"], found["pdf"]["reason"]) == ("Letter", None)
    assert found["raw"]["reason"]["code"] == "object_raw"
    assert found["unknown"]["reason"]["code"] == "object_unknown"
    assert found["unknown"]["name"] == "1.2.3.4"
    told = medview("inspect", tmp_path).out
    assert "Encapsulated PDF  Letter" in told
    assert "Raw Data  (Data before reconstruction" in told


def test_copies_of_objects_are_told_and_different_ones_under_one_uid_are_both_listed(
    medview: Medview, tmp_path: Path
) -> None:
    report = save(make_report("First", []), tmp_path / "a.dcm")
    (tmp_path / "copy.dcm").write_bytes(report.read_bytes())
    save(make_report("Other", []), tmp_path / "b.dcm")
    answer = medview("inspect", tmp_path, "--json").json
    objects = [one for study in answer["studies"] for series in study["series"] for one in series["objects"]]
    assert sorted(one["title"] for one in objects) == ["First", "Other"]
    assert [(problem["code"], Path(problem["path"]).name) for problem in answer["problems"]] == [
        ("duplicate_instance", "copy.dcm")
    ]
    assert answer["objects_without_pixels"] == 3
