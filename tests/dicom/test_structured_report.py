"""Structured reports and key objects: their content as DCMTK reads it, as a safe page, and broken ones with a word."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from medview.app.report_page import Page, image_address, in_english, reference_of, report_blocks, report_text, when_text
from medview.core.finding import Code
from medview.core.problem import MedviewError
from medview.core.report import ObjectReference, Report, ReportItem
from medview.dicom.structured_report import read_report
from tests.phantoms.dicom_series import uid
from tests.phantoms.other_objects import (
    RAW,
    code,
    content,
    image_item,
    make_key_objects,
    make_object,
    make_report,
    save,
)
from tests.shared import shared_path

CT = "1.2.840.10008.5.1.4.1.1.2"
PLAIN = Page(in_english, lambda _reference: None)


def flat(items: tuple[ReportItem, ...]) -> list[ReportItem]:
    found = []
    for item in items:
        found += [item, *flat(item.items)]
    return found


def measured(value: str, unit: str) -> Dataset:
    item = Dataset()
    item.NumericValue = value
    item.MeasurementUnitsCodeSequence = [code(unit, "UCUM", unit)]
    return item


def dumped(path: str) -> str:
    """What DCMTK's dsrdump says."""
    if shutil.which("dsrdump") is None:
        pytest.skip("needs dsrdump of DCMTK")
    command = ["dsrdump", "+U8", "+Pl", "+Pc", "-Er", "-Ec", "-Ee", path]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")


def dumped_items(text: str) -> list[tuple[str, str]]:
    """(value type, relationship) of each item of a dump but its root."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*<(contains|has [a-z ]+?|inferred from|selected from) ([A-Z0-9]+)[:=>]", line)
        if match:
            found.append((match[2], match[1]))
    return found


@pytest.mark.parametrize("name", ["test-SR.dcm", "reportsi.dcm", "reportsi_with_empty_number_tags.dcm"])
def test_the_content_is_what_dcmtk_reads(name: str) -> None:
    path = str(get_testdata_file(name))
    report = read_report(path)
    told = dumped(path)
    items = [item for item in flat(report.items) if item.value_type]
    assert [item.value_type for item in items] == [kind for kind, _ in dumped_items(told)]
    for item in items:
        if item.value_type in {"UIDREF", "CODE", "DATE", "TIME"}:
            assert item.text in told
        if item.value_type == "NUM" and item.unit is not None:
            assert f'"{item.text}" ({item.unit.value},' in told
    assert report.title is not None
    assert report.title.meaning in told
    assert f"Verification Flag   : {report.verification}" in told


def test_a_measurement_report_of_another_writer() -> None:
    path = str(shared_path("data/QIICR+dcmqi/data/sr-example/sr.dcm"))
    report = read_report(path)
    items = [item for item in flat(report.items) if item.value_type]
    assert [item.value_type for item in items] == [kind for kind, _ in dumped_items(dumped(path))]
    assert not report.faults
    told = report_text(report, PLAIN)
    assert "Imaging Measurement Report" in told
    assert len(report.references()) > 100


def test_the_head_names_who_verified_and_when() -> None:
    report = read_report(str(get_testdata_file("test-SR.dcm")))
    told = report_text(report, PLAIN)
    assert "State: complete, verified, This document is completed!" in told
    assert "Verified by: Riesmeier^Jörg  ·  OFFIS e.V.  ·  20010213 18:47:46" in told
    assert [who.organisation for who in report.verified_by] == ["OFFIS e.V.", "Organisation"]


def test_numbers_keep_their_digits_and_units(tmp_path: Path) -> None:
    number = content(
        "NUM",
        "CONTAINS",
        code("G-A22A", "SRT", "Length"),
        MeasuredValueSequence=[measured("12.50", "mm2")],
        ContentSequence=[
            content(
                "CODE",
                "HAS CONCEPT MOD",
                code("G-C171", "SRT", "Laterality"),
                ConceptCodeSequence=[code("G-A100", "SRT", "Right")],
            )
        ],
    )
    missing = content(
        "NUM",
        "CONTAINS",
        code("1", "99", "Volume"),
        NumericValueQualifierCodeSequence=[code("114006", "DCM", "Measurement failure")],
    )
    report = read_report(str(save(make_report(items=[number, missing]), tmp_path / "r.dcm")))
    page = "".join(report_blocks(report, PLAIN))
    assert "<b>12.50</b>" in page
    assert "mm²" in page
    assert "(Laterality: Right)" in page
    assert "Measurement failure" in page
    assert "not verified" in page
    assert "Length: 12.50 mm²" in report_text(report, PLAIN)
    assert "[G-A22A SRT]" in "".join(report_blocks(report, Page(in_english, lambda _r: None, with_codes=True)))


HOSTILE = '<img src="file:///etc/passwd"><script>x()</script><a href="http://evil">click</a>\u202e"&\x1b]0;'


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_a_hostile_report_is_only_letters(tmp_path: Path) -> None:
    name = code("1", "99", HOSTILE)
    items = [
        content("TEXT", "CONTAINS", name, TextValue=HOSTILE),
        content("CODE", "CONTAINS", name, ConceptCodeSequence=[code(HOSTILE[:16], "<b>", HOSTILE)]),
        content("PNAME", "CONTAINS", name, PersonName="<b>^x"),
        content("UIDREF", "CONTAINS", name, UID='1.2">3'),
        image_item(CT, '1.2"><img src=x>'),
    ]
    data = make_report(HOSTILE, items)
    data.PatientName, data.InstitutionName = "<b>Bold^Name", HOSTILE
    data.CompletionFlag = "COMPLETE<i>"
    report = read_report(str(save(data, tmp_path / "hostile.dcm")))
    for with_codes in (False, True):
        for label in (None, HOSTILE):
            page = Page(in_english, lambda _reference, label=label: label, with_codes=with_codes)  # type: ignore[misc]
            html = "".join(report_blocks(report, page))
            tags = set(re.findall(r"<\s*/?\s*([a-zA-Z]+)", html))
            assert tags <= {"p", "table", "tr", "td", "span", "b", "i", "br", "a"}
            assert html.count("<b>") == html.count("</b>") == 0, "no number here, so nothing is bold"
            assert set(re.findall(r'href="([^"]*)"', html)) <= {"image:1.2/0"}
            assert "\x1b" not in html
            assert "\u202e" not in html


def test_only_links_to_images_are_links() -> None:
    assert reference_of(image_address(ObjectReference(CT, "1.2.3", (7,)))) == ObjectReference("", "1.2.3", (7,))
    assert reference_of(image_address(ObjectReference(CT, "1.2.3"))) == ObjectReference("", "1.2.3")
    for address in ("http://1.2.3/0", "file:///etc/passwd", "image:", "image:1.2.3", "image:1.2/x", "javascript:1/1"):
        assert reference_of(address) is None


def test_key_objects_name_their_images(tmp_path: Path) -> None:
    references = [(CT, uid("slice", at)) for at in range(3)]
    report = read_report(str(save(make_key_objects(references), tmp_path / "ko.dcm")))
    assert report.is_key_objects
    assert report.title == Code("113000", "DCM", "Of Interest")
    assert [(one.sop_class, one.sop_uid) for one in report.references()] == references


def test_frames_and_graphics_of_a_reference(tmp_path: Path) -> None:
    image = image_item(CT, "1.2.3", [3, 5], "SELECTED FROM")
    circle = content(
        "SCOORD", "CONTAINS", code("1", "99", "Outline"), GraphicType="CIRCLE", GraphicData=[1.5, 2, 3, 4],
        ContentSequence=[image],
    )  # fmt: skip
    report = read_report(str(save(make_report(items=[circle]), tmp_path / "r.dcm")))
    item = report.items[0]
    assert item.graphic is not None
    assert (item.graphic.kind, item.graphic.points) == ("CIRCLE", ((1.5, 2.0), (3.0, 4.0)))
    assert item.images == (ObjectReference(CT, "1.2.3", (3, 5)),)
    assert "CIRCLE 1.5/2 3/4" in report_text(report, PLAIN)


def test_a_damaged_report_shows_what_is_there_and_says_so(tmp_path: Path) -> None:
    items = [content("TEXT", "CONTAINS", code("1", "99", "Finding"), TextValue=f"text {at}") for at in range(40)]
    data = make_report(items=items)
    data["ContentSequence"].is_undefined_length = True
    whole = save(data, tmp_path / "r.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[: len(whole) * 2 // 3])
    report = read_report(str(tmp_path / "cut.dcm"))
    assert report.faults == ("truncated",)
    assert 5 < len(report.items) < 40
    assert report.items[0].text == "text 0"
    assert "damaged" in report_text(report, PLAIN)


def test_reports_nested_without_end_end(tmp_path: Path) -> None:
    item = content("TEXT", "CONTAINS", code("1", "99", "x"), TextValue="deepest")
    for _ in range(60):
        item = content("CONTAINER", "CONTAINS", ContinuityOfContent="SEPARATE", ContentSequence=[item])
    report = read_report(str(save(make_report(items=[item]), tmp_path / "deep.dcm")))
    assert "too_deep" in report.faults
    assert list(report_blocks(report, PLAIN))


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MedviewError) as refused:
        read_report(str(save(make_object(RAW, "raw", "MR"), tmp_path / "raw.dcm")))
    assert refused.value.code == "no_report"
    assert "raw.dcm" in refused.value.text


def test_every_kind_of_report_highdicom_writes_is_read(tmp_path: Path) -> None:
    hd = pytest.importorskip("highdicom")
    from pydicom.sr.codedict import codes

    from tests.phantoms.dicom_series import make_series

    images = make_series()
    for image in images:
        for keyword in ("AccessionNumber", "StudyID", "PatientBirthDate", "PatientSex"):
            setattr(image, keyword, "")
    observer = hd.sr.ObserverContext(codes.DCM.Person, hd.sr.PersonObserverIdentifyingAttributes(name="Reader^Ann"))
    context = hd.sr.ObservationContext(observer_person_context=observer)
    region = hd.sr.ImageRegion3D(
        hd.sr.GraphicTypeValues3D.POLYGON,
        __import__("numpy").array([[0, 0, 0], [9, 0, 0], [9, 9, 0], [0, 0, 0]], float),
        images[0].FrameOfReferenceUID,
    )
    group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(uid("tracking"), "Lesion 1"),
        referenced_region=region,
        finding_type=codes.SCT.Tumor,
        measurements=[hd.sr.Measurement(codes.SCT.Area, 63.25, codes.UCUM.SquareMillimeter)],
    )
    content_ = hd.sr.MeasurementReport(context, codes.LN.CTUnspecifiedBodyRegion, imaging_measurements=[group])
    made = hd.sr.Comprehensive3DSR(
        images, content_[0], uid("sr series"), 7, uid("sr"), 1, manufacturer="medview", is_complete=True
    )
    made.save_as(tmp_path / "tid1500.dcm")
    report = read_report(str(tmp_path / "tid1500.dcm"))
    told = report_text(report, PLAIN)
    assert "Area: 63.25 mm²" in told
    assert "Reader^Ann" in told
    assert "Lesion 1" in told
    kinds = [item.value_type for item in flat(report.items) if item.value_type]
    assert kinds == [kind for kind, _ in dumped_items(dumped(str(tmp_path / "tid1500.dcm")))]
    graphic = next(item.graphic for item in flat(report.items) if item.graphic is not None)
    assert graphic.points[1] == (9.0, 0.0, 0.0)
    assert graphic.frame_of_reference == images[0].FrameOfReferenceUID


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("20010213184746", "20010213 18:47:46"),
        ("20010213184746.123+0100", "20010213 18:47:46 +0100"),
        ("20010213", "20010213"),
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_dates_and_times(value: str, told: str) -> None:
    assert when_text(value) == told


def test_a_report_without_anything_is_a_page_too() -> None:
    assert list(report_blocks(Report("x", "", "", None), PLAIN))
    assert "no content" in "".join(report_blocks(Report("x", "", "", None), PLAIN))


def table_item(
    rows: int, columns: int, cells: list[Dataset], row_names: list[str], column_names: list[tuple[str, str]]
):
    """A TABLE of (0040,A801) Tabulated Values with named rows, and columns with name and unit."""
    values = Dataset()
    values.NumberOfTableRows, values.NumberOfTableColumns = rows, columns
    definitions = []
    for number, name in enumerate(row_names, 1):
        definitions.append(Dataset())
        definitions[-1].TableRowNumber = number
        definitions[-1].ConceptNameCodeSequence = [code(f"R{number}", "99TEST", name)]
    values.TableRowDefinitionSequence = definitions
    definitions = []
    for number, (name, unit) in enumerate(column_names, 1):
        definitions.append(Dataset())
        definitions[-1].TableColumnNumber = number
        definitions[-1].ConceptNameCodeSequence = [code(f"C{number}", "99TEST", name)]
        if unit:
            definitions[-1].MeasurementUnitsCodeSequence = [code(unit, "UCUM", unit)]
    values.TableColumnDefinitionSequence = definitions
    values.CellValuesSequence = cells
    return content("TABLE", name=code("1", "99TEST", "Uptake"), TabulatedValuesSequence=[values])


def cell(row: int, column: int, **value: object) -> Dataset:
    item = Dataset()
    item.TableRowNumber, item.TableColumnNumber = row, column
    for name, each in value.items():
        setattr(item, name, each)
    return item


def test_a_table_is_read_cell_by_cell(tmp_path: Path) -> None:
    """PS3.3 C.18.10: cells in any order, each with the name and unit of its column, in the row that is named."""
    cells = [
        cell(2, 1, SelectorFDValue=0.5),
        cell(1, 1, SelectorDSValue="2.50"),
        cell(1, 2, SelectorLOValue="left"),
        cell(2, 2, SelectorCodeSequenceValue=[code("24028007", "SCT", "Right")]),
    ]
    table = table_item(2, 2, cells, ["Lesion A", "Lesion B"], [("Volume", "ml"), ("Side", "")])
    path = save(make_report(items=[table]), tmp_path / "report.dcm")
    (item,) = read_report(str(path)).items
    assert (item.value_type, item.text) == ("TABLE", "2 × 2")
    found = [
        (row.name.meaning, [(each.name.meaning, each.text, each.unit and each.unit.value) for each in row.items])
        for row in item.items
        if row.name is not None
    ]
    assert found == [
        ("Lesion A", [("Volume", "2.50", "ml"), ("Side", "left", None)]),
        ("Lesion B", [("Volume", "0.5", "ml"), ("Side", "Right", None)]),
    ]
    words = report_text(read_report(str(path)), PLAIN)
    for expected in ("Uptake", "Lesion A", "2.50 ml", "Right"):
        assert expected in words


def test_a_table_that_defines_nothing_has_numbers_for_names(tmp_path: Path) -> None:
    table = table_item(1, 1, [cell(1, 1, SelectorUSValue=7)], [], [])
    (item,) = read_report(str(save(make_report(items=[table]), tmp_path / "report.dcm"))).items
    (row,) = item.items
    assert [(each.name.meaning, each.text) for each in row.items if each.name is not None] == [("1", "7")]
    bare = content("TABLE", name=code("1", "99TEST", "Uptake"))
    (item,) = read_report(str(save(make_report(items=[bare], name="bare"), tmp_path / "bare.dcm"))).items
    assert (item.text, item.items) == ("0 × 0", ())
