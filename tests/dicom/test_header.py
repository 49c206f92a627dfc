"""The parser: it must say what pydicom says of every real file, and stay on its feet where files are broken."""

from __future__ import annotations

import logging
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from medview.core.problem import MedviewError
from medview.dicom import file_start
from medview.dicom.elements import Layouts, read_elements
from medview.dicom.file_start import BrokenElements, NotDicom
from medview.dicom.header import InstanceHeader, as_integer, as_numbers
from medview.dicom.header_reader import HeaderReader
from tests.dicom.reading import catalog_of, codes, marker_centroid, modality_values, only_stack
from tests.phantoms.dicom_series import make_series, marker_values, positions_along, save_series, true_centroid
from tests.phantoms.raw_dicom import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    SEQUENCE_END,
    element,
    implicit,
    item,
    part10,
    small_image,
)
from tests.shared import shared_path

pytestmark = pytest.mark.beside


def read(path: Path) -> InstanceHeader:
    return HeaderReader().read(str(path))


def written(folder: Path, content: bytes, name: str = "x.dcm") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def shared_files() -> list[Path]:
    return sorted(path for path in shared_path("data").rglob("*") if path.is_file())


@pytest.mark.filterwarnings("ignore")
def test_the_parser_says_what_pydicom_says_of_every_shared_file(caplog: pytest.LogCaptureFixture) -> None:
    logging.disable(logging.CRITICAL)
    compared = 0
    reader = HeaderReader()  # one for all files: what it remembers of one must never leak into the next
    try:
        for path in shared_files():
            try:
                data = pydicom.dcmread(path, stop_before_pixels=True)
                _ = data.get("PatientName"), data.get("SeriesDescription"), data.get("NumberOfFrames")
            except Exception:  # noqa: BLE001 - what pydicom cannot read is no oracle
                continue
            if "DirectoryRecordSequence" in data:
                continue
            compare(reader.read(str(path)), data, path)
            compared += 1
    finally:
        logging.disable(logging.NOTSET)
    assert compared > 880


def compare(header: InstanceHeader, data: pydicom.Dataset, path: Path) -> None:
    series = header.series
    text = {
        "SOPInstanceUID": header.sop_uid,
        "SeriesInstanceUID": series.series_uid,
        "StudyInstanceUID": series.study_uid,
        "Modality": series.modality,
        "StudyDate": series.study_date,
        "PatientID": series.patient.patient_id,
        "Manufacturer": series.manufacturer,
        "FrameOfReferenceUID": header.frame_of_reference,
        "AccessionNumber": series.accession,
        "PatientName": series.patient.name,
        "SeriesDescription": series.series_description,
    }
    for name, ours in text.items():
        theirs = data.get(name)
        theirs = "" if theirs is None else str(theirs).strip(" \0")
        if "�" not in theirs and theirs.isascii():
            assert ours == theirs, (path, name)
    if header.pixels is not None and "Rows" in data and header.pixels.rows:
        pixels = header.pixels
        assert (pixels.rows, pixels.columns) == (data.Rows, data.Columns), path
        assert pixels.bits_stored == data.get("BitsStored", pixels.bits_stored), path
        assert pixels.photometric == data.get("PhotometricInterpretation", pixels.photometric), path
        said = str(data.get("NumberOfFrames") or 1)
        assert not said.isdigit() or pixels.frames == int(said), path
    if header.frames and not data.get("SharedFunctionalGroupsSequence") and len(header.frames) == 1:
        frame = header.frames[0]
        for name, ours in (
            ("ImagePositionPatient", frame.position),
            ("ImageOrientationPatient", frame.common.orientation),
            ("PixelSpacing", frame.common.spacing),
        ):
            theirs = data.get(name)
            if theirs and ours is not None:
                assert [float(value) for value in theirs] == list(ours), (path, name)
        if data.get("RescaleSlope") is not None:
            assert frame.common.slope == float(data.RescaleSlope), path


def test_pydicom_is_not_imported_on_the_way_to_stacks(tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path)
    code = (
        "import sys\n"
        "from medview.core.progress import no_progress\n"
        "from medview.dicom.scan import scan_paths\n"
        "from medview.dicom.catalog import Catalog\n"
        "catalog = Catalog()\n"
        "for batch in scan_paths([sys.argv[1]], no_progress): catalog.add(batch)\n"
        "assert catalog.census().frames_shown == 12\n"
        "print([name for name in ('pydicom', 'SimpleITK', 'PIL', 'imagecodecs', 'numba') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_headers_travel_between_processes(tmp_path: Path) -> None:
    folder = save_series(make_series()[:1], tmp_path)
    header = read(folder / "slice0000.dcm")
    assert pickle.loads(pickle.dumps(header)) == header


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_other_native_syntaxes_give_the_same(tmp_path: Path, syntax: str) -> None:
    series = make_series()
    for number, data in enumerate(series):
        data.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            data.PixelData = np.frombuffer(data.PixelData, np.int16).astype(">i2").tobytes()
        pydicom.dcmwrite(tmp_path / f"{number}.dcm", data, enforce_file_format=True)
    stack = only_stack(tmp_path)
    assert np.allclose(marker_centroid(stack), true_centroid(marker_values(), positions_along()), atol=0.01)
    assert modality_values(stack).min() == -1000


# Files that no decent library writes (PS3.5 and PS3.10 broken on purpose)


@pytest.mark.parametrize(
    ("content", "odd"),
    [
        (small_image(), "no_preamble"),
        (b"DICM" + element(0x00020010, "UI", EXPLICIT) + small_image(), "no_preamble"),
        (part10(small_image(), None), "no_transfer_syntax"),
        (part10(small_image(), IMPLICIT), "wrong_transfer_syntax"),
        (part10(small_image(), BIG_ENDIAN), "wrong_transfer_syntax"),
        (part10(small_image()), None),
    ],
    ids=["no meta", "no preamble", "no syntax", "says implicit", "says big endian", "good"],
)
def test_files_that_lie_about_their_writing_are_read_with_a_note(
    tmp_path: Path, content: bytes, odd: str | None
) -> None:
    stack = only_stack(written(tmp_path, content))
    assert stack.frames[0].read().tobytes() == bytes(range(48))
    assert codes(stack) & {"no_preamble", "no_transfer_syntax", "wrong_transfer_syntax"} == ({odd} if odd else set())


def test_sequences_of_every_kind_are_passed(tmp_path: Path) -> None:
    inner = element(0x00080018, "UI", "9.9.9")
    end = SEQUENCE_END
    icon = element(0x7FE00010, "OW", b"\1\2\3\4")
    odd = [
        element(0x00081140, "SQ", item(inner)),
        element(0x00081140, "SQ", item(inner, undefined=True) + end, undefined=True),
        element(0x00081140, "SQ", item(inner) + end, undefined=True),
        element(0x00091010, "UN", item(implicit(0x00080018, "9.9.9"), undefined=True) + end, undefined=True),
        element(0x00880200, "SQ", item(icon + element(0x00881010, "SQ", item(inner) + end, undefined=True))),
        element(0x00091011, "OB", bytes(100_000)),  # farther than the first read
        element(0x00081140, "SQ", b""),
    ]
    header = read(written(tmp_path, part10(small_image(*odd))))
    assert (header.sop_uid, header.pixels.rows) == ("1.2.3.4.5", 4)
    assert header.pixels.data_length == 48


def test_a_header_longer_than_every_read_is_followed(tmp_path: Path) -> None:
    """Each element may lie across the end of a read."""
    for size in range(16_000, 16_600, 37):
        filler = element(0x00091010, "OB", bytes(size)) + element(0x00091011, "UT", "x" * 70_001)
        header = read(written(tmp_path, part10(small_image(filler))))
        assert header.pixels.columns == 6


def test_values_in_another_vr_are_understood(tmp_path: Path) -> None:
    odd = [
        element(0x00200013, "US", struct.pack("<H", 7)),
        element(0x00200032, "FD", struct.pack("<3d", 1, 2, 3)),
        element(0x00200037, "FL", struct.pack("<6f", 1, 0, 0, 0, 1, 0)),
        element(0x00280030, "LO", "1.5\\0.75"),
    ]
    header = read(written(tmp_path, part10(small_image(*odd))))
    assert header.instance_number == 7
    assert header.frames[0].position == (1, 2, 3)
    assert header.frames[0].common.orientation == (1, 0, 0, 0, 1, 0)
    assert header.frames[0].common.spacing == (1.5, 0.75)
    image = small_image().replace(element(0x00280010, "US", b"\4\0"), element(0x00280010, "IS", "4"))
    assert read(written(tmp_path, part10(image))).pixels.rows == 4


def test_elements_without_vr_inside_explicit_data_are_understood(tmp_path: Path) -> None:
    header = read(written(tmp_path, part10(small_image(implicit(0x00200013, "31")))))
    assert (header.instance_number, header.pixels.rows) == (31, 4)


@pytest.mark.parametrize(
    "junk", [b"1.5\\", b"1,5\\2,5\\3,5", b"nan\\1\\2", b"inf\\0\\0", b"1\\2", b"a\\b\\c", b"1_0\\2\\3"]
)
def test_junk_positions_give_no_geometry(tmp_path: Path, junk: bytes) -> None:
    extra = [
        element(0x00200032, "DS", junk),
        element(0x00200037, "DS", "1\\0\\0\\0\\1\\0"),
        element(0x00280030, "DS", "1\\1"),
    ]
    stack = only_stack(written(tmp_path, part10(small_image(*extra))))
    assert (stack.kind, stack.geometry) == ("frames", None)


@given(st.binary(max_size=40))
def test_numbers_are_finite_or_missing(value: bytes) -> None:
    assert all(number - number == 0 for number in as_numbers(value))
    assert as_integer(value) is None or isinstance(as_integer(value), int)


@pytest.mark.parametrize("frames", ["0", "-3", "junk", "2000000000", "99999999999999999999"])
def test_impossible_frame_counts(tmp_path: Path, frames: str) -> None:
    path = written(tmp_path, part10(small_image(frames=frames)))
    catalog = catalog_of(path)
    if frames in {"0", "-3", "junk"}:
        assert catalog.census().frames_shown == 1
    else:
        assert catalog.census().frames_shown == 0
        assert [problem.code for problem in catalog.problems()] == ["impossible_frames"]


@pytest.mark.parametrize(("length", "code"), [(46, "truncated_pixels"), (0, "empty_pixel_data")])
def test_too_few_pixels_are_a_problem(tmp_path: Path, length: int, code: str) -> None:
    path = written(tmp_path, part10(small_image(pixels=bytes(length))))
    assert [problem.code for problem in catalog_of(path).problems()] == [code]


def test_a_length_beyond_the_file_is_a_problem(tmp_path: Path) -> None:
    content = part10(small_image())
    content = content[:-52] + struct.pack("<I", 0xFFFFFFF0) + content[-48:]
    assert catalog_of(written(tmp_path, content)).census().frames_shown == 1  # what a frame needs is there
    cut = content[:-10]
    assert [problem.code for problem in catalog_of(written(tmp_path, cut, "y.dcm")).problems()] == ["truncated_pixels"]


def test_deep_nesting_is_refused_not_followed(tmp_path: Path) -> None:
    head = element(0x00081140, "SQ", b"", undefined=True) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    path = written(tmp_path, part10(element(0x00080060, "CS", "CT") + head * 3000))
    assert [problem.code for problem in catalog_of(path).problems()] == ["broken_header"]


def test_private_attributes_are_found_by_their_creator_not_their_block(tmp_path: Path) -> None:
    """Another maker's element in block 0x10, the real one far behind."""
    image = small_image().replace(element(0x00080060, "CS", "CT"), element(0x00080060, "CS", "MR"))
    private = [
        element(0x00190010, "LO", "SOMEBODY ELSE"),
        element(0x001900FE, "LO", "SIEMENS MR HEADER"),
        element(0x0019100C, "IS", "7"),
        element(0x0019FE0C, "IS", "800"),
    ]
    at = image.index(element(0x0020000D, "UI", "1.2.3"))
    header = read(written(tmp_path, part10(image[:at] + b"".join(private) + image[at:])))
    assert header.frames[0].common.b_value == 800


def test_ge_b_values_lose_their_flag(tmp_path: Path) -> None:
    image = small_image(element(0x00430010, "LO", "GEMS_PARM_01"), element(0x00431039, "IS", "1000000700\\8\\0\\0"))
    image = image.replace(element(0x00080060, "CS", "CT"), element(0x00080060, "CS", "MR"))
    assert read(written(tmp_path, part10(image))).frames[0].common.b_value == 700


SEED = part10(
    small_image(
        element(
            0x00081140, "SQ", item(element(0x00080018, "UI", "9.9"), undefined=True) + SEQUENCE_END, undefined=True
        ),
        element(0x00280030, "DS", "1\\1"),
        element(
            0x00283000, "SQ", item(element(0x00283002, "US", b"\4\0\0\0\x10\0") + element(0x00283006, "OW", bytes(8)))
        ),
    )
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(SEED)))
def test_damaged_bytes_raise_only_what_the_scan_expects(tmp_path_factory, changes, length) -> None:
    content = bytearray(SEED)
    for at, byte in changes:
        content[at] = byte
    path = written(tmp_path_factory.getbasetemp(), bytes(content[:length] if length % 3 == 0 else content), "fuzz.dcm")
    try:
        read_elements(str(path))
    except (NotDicom, BrokenElements, MedviewError):
        return
    catalog = catalog_of(path)
    assert catalog.census().frames_shown in {0, *range(1, 30_000)}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_remembered_of_one_file_never_leaks_into_the_next(tmp_path_factory, data) -> None:
    """Files of one reader in any order, with elements that come, go, change and grow, read as by a fresh reader."""
    reader = HeaderReader()
    for number in range(data.draw(st.integers(2, 6))):
        extra = [
            element(0x00200013, "IS", str(data.draw(st.sampled_from([1, 22, 333])))),
            element(0x00280030, "DS", data.draw(st.sampled_from(["1\\1", "1.25\\1", ""]))),
            element(0x00091010, "OB", bytes(data.draw(st.sampled_from([2, 400, 17_000, 70_000])))),
            element(0x00081140, "SQ", item(element(0x00080018, "UI", "9.9"))),
            element(0x00281052, "DS", data.draw(st.sampled_from(["-1024", "0"]))),
        ]
        kept = [each for each in extra if data.draw(st.booleans())]
        content = small_image(*kept)
        if data.draw(st.booleans()):
            content = content.replace(b"Test^Raw", b"Else^Raw")
        meta = {
            "uid": data.draw(st.sampled_from([None, "1.2.3.4.5", "1.2.3.4.6", "1.2.3.4.567"])),
            "syntax": data.draw(st.sampled_from([EXPLICIT, EXPLICIT, IMPLICIT, None])),
            "writer": data.draw(st.sampled_from([None, None, "OTHER 1"])),
        }
        path = written(tmp_path_factory.getbasetemp(), part10(content, **meta), f"leak{number}.dcm")
        assert reader.read(str(path)) == read(path)


def test_what_is_remembered_of_meta_elements_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other test would hold too if nothing were ever remembered."""
    parsed: list[int] = []
    read_meta = file_start.read_meta
    monkeypatch.setattr(file_start, "read_meta", lambda *given: (parsed.append(1), read_meta(*given))[1])
    layouts = Layouts()
    for number in (1, 22, 333):
        path = written(tmp_path, part10(small_image(), uid=f"1.2.{number}", writer="ONE"), f"{number}.dcm")
        raw = read_elements(str(path), layouts=layouts)
        assert raw.values[0x00030002].rstrip(b"\0") == f"1.2.{number}".encode()
        assert raw.transfer_syntax == EXPLICIT
    assert len(parsed) == 1
