"""Documents inside DICOM objects: their bytes, the pages of a PDF, the words of a CDA; hostile ones do nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medview.core.other_objects import OPENED_KINDS, reason_not_drawn
from medview.core.problem import MedviewError
from medview.dicom.clinical_document import MAX_DEPTH, read_clinical_document
from medview.dicom.encapsulated_document import document_bytes, read_document
from medview.dicom.pdf_pages import MAX_PIXELS, PdfPage, PdfSizes
from medview.dicom.sop_classes import kind_of_class, sop_class_name
from tests.phantoms.other_objects import CDA, PDF, RAW, STL, make_document, make_object, pdf_bytes, save


def test_a_document_comes_out_as_it_went_in(tmp_path: Path) -> None:
    for at, document in enumerate((pdf_bytes(1), b"%PDF-odd", b"%PDF-even\0", b"x")):
        path = str(save(make_document(PDF, "application/pdf", document, "Letter"), tmp_path / f"{at}.dcm"))
        assert document_bytes(path) == document
        about = read_document(path)
        assert (about.title, about.mime_type, about.length) == ("Letter", "application/pdf", len(document))
        assert not about.is_truncated


def test_padding_is_no_part_of_a_document_without_its_length(tmp_path: Path) -> None:
    data = make_document(STL, "model/stl", b"solid\nendsolid")
    del data.EncapsulatedDocumentLength
    data.EncapsulatedDocument = b"solid\n\0"
    path = str(save(data, tmp_path / "a.dcm"))
    assert document_bytes(path).rstrip(b"\0") == b"solid\n"
    assert read_document(path).suffix == ".stl"


def test_the_ending_of_a_saved_document_is_never_one_that_runs(tmp_path: Path) -> None:
    for mime in ("application/x-msdownload", "text/html", "application/x-sh", "../../evil.exe", ""):
        path = str(save(make_document(STL, mime, b"MZ\x90\0"), tmp_path / "a.dcm"))
        assert read_document(path).suffix == ".bin"


def test_an_object_without_a_document_says_so(tmp_path: Path) -> None:
    with pytest.raises(MedviewError) as refused:
        read_document(str(save(make_object(PDF, "empty", "DOC"), tmp_path / "a.dcm")))
    assert refused.value.code == "no_document"


def test_a_large_document_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = str(save(make_document(PDF, "application/pdf", b"%PDF" + b"0" * 5000), tmp_path / "a.dcm"))
    with pytest.raises(MedviewError) as refused:
        document_bytes(path, 1000)
    assert refused.value.code == "document_too_large"


def test_pages_of_a_pdf_are_drawn(tmp_path: Path) -> None:
    path = str(save(make_document(PDF, "application/pdf", pdf_bytes(3)), tmp_path / "a.dcm"))
    sizes = PdfSizes(path).read()
    assert sizes.tolist() == [[595.0, 842.0]] * 3
    page = PdfPage(path, 1, 2.0).read()
    assert page.shape == (1684, 1190, 3)
    assert page.dtype == np.uint8
    assert page[-100:, :100].max() == 0, "the square lies at the lower left"
    assert page[:200].min() == 255
    assert page[200:320, 300:700].min() < 60, "there is a line of text"
    assert PdfPage(path, 0, 1.0).needs_codec
    assert PdfSizes(path).needs_codec


def test_a_huge_page_is_drawn_smaller(tmp_path: Path) -> None:
    data = pdf_bytes(1).replace(b"[0 0 595 842]", b"[0 0 9999 9999]")
    path = str(save(make_document(PDF, "application/pdf", data), tmp_path / "a.dcm"))
    page = PdfPage(path, 0, 5.0).read()
    assert 0.9 * MAX_PIXELS < page.shape[0] * page.shape[1] < 1.1 * MAX_PIXELS


@pytest.mark.parametrize("damage", [b"", b"%PDF-1.4 rubbish", b"\0" * 300, b"<html>"])
def test_a_broken_pdf_says_so(tmp_path: Path, damage: bytes) -> None:
    path = str(save(make_document(PDF, "application/pdf", damage or b"%"), tmp_path / "a.dcm"))
    with pytest.raises(MedviewError) as refused:
        PdfSizes(path).read()
    assert refused.value.code == "bad_pdf"
    assert path in refused.value.text


NS = 'xmlns="urn:hl7-org:v3"'
BODY = """<component><structuredBody><component><section><title>Findings</title><text>
 <paragraph>Lungs <content styleCode="Bold">clear</content>.</paragraph>
 <list><item>first</item><item>second</item></list>
 <table><thead><tr><th>Test</th><th>Value</th></tr></thead><tbody><tr><td>Na</td><td>140</td></tr></tbody></table>
 after <br/> break</text>
 <component><section><title>Inner</title><text>deep</text></section></component>
</section></component></structuredBody></component>"""
WHOLE = f"""<?xml version="1.0" encoding="UTF-8"?><ClinicalDocument {NS}><title>Discharge</title>
<effectiveTime value="20200103"/><recordTarget><patientRole><patient><name><given>Ann</given><family>Lee</family></name>
</patient></patientRole></recordTarget><author><assignedAuthor><assignedPerson><name>Dr. Who</name></assignedPerson>
</assignedAuthor></author>{BODY}</ClinicalDocument>"""


def test_the_narrative_of_a_cda_is_read() -> None:
    document = read_clinical_document(WHOLE.encode())
    assert (document.title, document.patient, document.author) == ("Discharge", "Ann Lee", "Dr. Who")
    assert document.when == "20200103"
    assert not document.notes
    assert [(one.kind, one.text or one.cells, one.level) for one in document.blocks] == [
        ("heading", "Findings", 1),
        ("text", "Lungs clear.", 1),
        ("item", "first", 1),
        ("item", "second", 1),
        ("head_row", ("Test", "Value"), 1),
        ("row", ("Na", "140"), 1),
        ("text", "after", 1),
        ("text", "break", 1),
        ("heading", "Inner", 2),
        ("text", "deep", 2),
    ]


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a SYSTEM "http://example.invalid/x.dtd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;">]>',
    ],
)
def test_entities_and_document_types_are_refused(head: str) -> None:
    hostile = WHOLE.replace("?>", f"?>{head}", 1).replace("clear", "&x;")
    document = read_clinical_document(hostile.encode())
    assert [note.code for note in document.notes] == ["cda_refused"]
    assert "root" not in repr(document)
    assert not document.blocks


def test_broken_and_endless_xml_keeps_what_was_read() -> None:
    at = WHOLE.index("</table>")
    document = read_clinical_document(WHOLE[:at].encode())
    assert [note.code for note in document.notes] == ["cda_broken"]
    assert document.blocks[1].text == "Lungs clear."
    deep = "<a>" * (MAX_DEPTH + 5)
    assert [note.code for note in read_clinical_document(deep.encode()).notes] == ["cda_refused"]
    assert read_clinical_document(b"").notes
    assert read_clinical_document(b"\xff\xfe\x00garbage").notes
    assert read_clinical_document(b'<?xml version="1.0" encoding="x-none"?><a/>').notes


def test_a_body_that_is_no_xml_is_attached_not_opened() -> None:
    text = f'<ClinicalDocument {NS}><component><nonXMLBody><text mediaType="application/pdf" representation="B64">JVBERg==</text></nonXMLBody></component></ClinicalDocument>'
    assert read_clinical_document(text.encode()).attached == ("application/pdf", b"%PDF")


@pytest.mark.parametrize(
    ("sop_class", "modality", "kind"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.11", "SR", "report"),
        ("1.2.840.10008.5.1.4.1.1.88.67", "SR", "report"),
        ("1.2.840.10008.5.1.4.1.1.88.76", "SR", "report"),
        ("1.2.840.10008.5.1.4.1.1.88.59", "KO", "key_objects"),
        (PDF, "DOC", "pdf"),
        (CDA, "DOC", "cda"),
        (STL, "M3D", "model"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "ECG", "waveform"),
        ("1.2.840.10008.5.1.4.1.1.9.2.1", "HD", "waveform"),
        ("1.2.840.10008.5.1.4.1.1.9.4.1", "AU", "audio"),
        (RAW, "MR", "raw"),
        ("1.2.840.10008.5.1.4.1.1.66.5", "SEG", "surfaces"),
        ("1.2.840.10008.5.1.4.1.1.66.6", "MR", "tracts"),
        ("1.2.840.10008.5.1.4.1.1.66.1", "REG", "registration"),
        ("1.2.840.10008.5.1.4.1.1.66.2", "FID", "fiducials"),
        ("1.2.840.10008.5.1.4.1.1.481.5", "RTPLAN", "plan"),
        ("1.2.840.10008.5.1.4.1.1.200.2", "CT", "protocol"),
        ("1.2.840.10008.5.1.4.1.1.2", "CT", "image"),
        ("1.2.840.10008.5.1.4.1.1.66.55", "", "raw"),
        ("1.3.12.2.1107.5.9.1", "MR", "raw"),
        ("1.2.3.4.5", "OT", "unknown"),
        ("", "SR", "report"),
        ("", "", "unknown"),
    ],
)
def test_kinds_by_class(sop_class: str, modality: str, kind: str) -> None:
    assert kind_of_class(sop_class, modality) == kind
    assert (reason_not_drawn(kind) is None) == (kind in OPENED_KINDS)


def test_every_class_without_an_image_has_a_kind_and_a_name() -> None:
    from pydicom.uid import UID_dictionary

    for uid, (name, what, _about, _retired, _keyword) in UID_dictionary.items():
        if what == "SOP Class" and name.endswith("Storage") and ".501." not in uid and "Image" not in name:
            kind = kind_of_class(uid)
            assert kind != "unknown", name
            assert sop_class_name(uid) == name.removesuffix(" Storage")
    assert sop_class_name("1.2.3.4.5") == "1.2.3.4.5"
