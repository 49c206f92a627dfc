"""Data sets of which a byte or more is wrong: what DCMTK and pydicom read is read, and nothing is wrong in silence."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from medview.dicom.file_start import BrokenElements, NotDicom
from medview.dicom.header import InstanceHeader
from medview.dicom.header_reader import HeaderReader
from tests.dicom.reading import catalog_of, codes, only_stack
from tests.phantoms.raw_dicom import BIG_ENDIAN, EXPLICIT, IMPLICIT, SEQUENCE_END, element, implicit, item, part10

PIXELS = np.arange(24, dtype=np.uint16)
_CT = "1.2.840.10008.5.1.4.1.1.2"
_ITEM_END = struct.pack("<HHI", 0xFFFE, 0xE00D, 0)


@dataclass(frozen=True)
class Phantom:
    """The bytes of a file; ``free`` are the offsets whose loss changes neither values nor place of the image."""

    data: bytes
    free: tuple[int, ...]
    heads: tuple[int, ...]
    """VRs and lengths of the elements that matter."""


def phantom(syntax: str) -> Phantom:
    """A 4 × 6 CT slice with nested sequences of undefined length before its image attributes."""
    big = syntax == BIG_ENDIAN

    def one(tag: int, vr: str, value: str | int | bytes) -> bytes:
        content: str | bytes = struct.pack(">H" if big else "<H", value) if isinstance(value, int) else value
        return implicit(tag, content) if syntax == IMPLICIT else element(tag, vr, content, big)

    def swapped(data: bytes) -> bytes:
        return struct.pack(">HHI", *struct.unpack("<HHI", data)) if big else data

    def nested(tag: int, content: bytes) -> bytes:
        start, end = (
            struct.pack("<HHI", 0xFFFE, number, length) for number, length in ((0xE000, 2**32 - 1), (0xE00D, 0))
        )
        head = (
            struct.pack("<HHI", tag >> 16, tag & 0xFFFF, 2**32 - 1)
            if syntax == IMPLICIT
            else element(tag, "SQ", b"", big, undefined=True)
        )
        return head + swapped(start) + content + swapped(end) + swapped(SEQUENCE_END)

    references = nested(
        0x00081115,
        nested(0x00081199, one(0x00081150, "UI", _CT) + one(0x00081155, "UI", "1.9.8"))
        + one(0x0020000D, "UI", "1.9")
        + one(0x0020000E, "UI", "1.9.9"),
    )
    codes_ = nested(0x00082218, one(0x00080100, "SH", "T-D3000") + one(0x00080104, "LO", "Entire chest"))
    slice_ = [
        (one(0x00080016, "UI", _CT), True),
        (one(0x00080018, "UI", "1.2.3.4.5"), True),
        (one(0x00080060, "CS", "CT"), True),
        (one(0x00081030, "LO", "A study"), False),
        (references, False),
        (codes_, False),
        (one(0x00100010, "PN", "Test^Damaged"), True),
        (one(0x00100020, "LO", "D1"), True),
        (one(0x00180050, "DS", "2.5"), True),
        (one(0x0020000D, "UI", "1.2.3"), True),
        (one(0x0020000E, "UI", "1.2.3.4"), True),
        (one(0x00200032, "DS", "-10\\20\\-30.5"), True),
        (one(0x00200037, "DS", "1\\0\\0\\0\\1\\0"), True),
        (one(0x00204000, "LT", "No comment"), False),
        (one(0x00280002, "US", 1), True),
        (one(0x00280004, "CS", "MONOCHROME2"), True),
        (one(0x00280010, "US", 4), True),
        (one(0x00280011, "US", 6), True),
        (one(0x00280030, "DS", "1.5\\0.75"), True),
        (one(0x00280100, "US", 16), True),
        (one(0x00280101, "US", 16), True),
        (one(0x00280102, "US", 15), True),
        (one(0x00280103, "US", 0), True),
        (one(0x00281052, "DS", "-1024"), True),
        (one(0x00281053, "DS", "2"), True),
    ]
    pixels = PIXELS.astype(">u2" if big else "<u2").tobytes()
    data_set, free, heads = b"", [], []
    head = 4
    offset = len(part10(b"", syntax))
    for content, matters in slice_:
        begin = offset + len(data_set)
        if matters:
            heads += range(begin + head, begin + 8)
        else:
            free += range(begin, begin + len(content))
        data_set += content
    data_set += one(0x7FE00010, "OW", pixels)
    return Phantom(part10(data_set, syntax), tuple(free), tuple(heads))


def read(path: Path) -> InstanceHeader | None:
    """The header, None where the file is refused."""
    try:
        header = HeaderReader().read(str(path))
    except (BrokenElements, NotDicom):
        return None
    return None if header.fault is not None or header.pixels is None else header


def is_true(header: InstanceHeader, data: bytes) -> bool:
    frame, pixels = header.frames[0], header.pixels
    assert pixels is not None
    stored = np.frombuffer(data[pixels.data_offset :][:48], ">u2" if pixels.big_endian else "<u2")
    return (
        (pixels.rows, pixels.columns, pixels.bits_stored, pixels.signed) == (4, 6, 16, False)
        and np.array_equal(stored, PIXELS)
        and (frame.common.slope, frame.common.intercept) == (2.0, -1024.0)
        and frame.position == (-10.0, 20.0, -30.5)
        and frame.common.spacing == (1.5, 0.75)
        and header.series.study_uid == "1.2.3"
        and header.series.patient.patient_id == "D1"
    )


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_a_wrong_byte_anywhere_is_read_past_or_refused(tmp_path: Path, syntax: str) -> None:
    """Tags and values of what matters cannot be checked against anything; every other byte may be wrong."""
    made = phantom(syntax)
    path = tmp_path / "image"
    path.write_bytes(made.data)
    whole = read(path)
    assert whole is not None
    assert is_true(whole, made.data)
    assert not whole.oddities
    refused = 0
    tried = [(at, wrong) for at in made.heads for wrong in (made.data[at] ^ 0x55, 1)]
    tried += [(at, 1 if at % 2 else made.data[at] ^ 0x55) for at in made.free]
    for at, wrong in tried:
        data = made.data[:at] + bytes([wrong]) + made.data[at + 1 :]
        path.write_bytes(data)
        header = read(path)
        refused += header is None
        assert header is None or is_true(header, data), (at, wrong)
    assert refused <= 0.01 * len(tried), refused


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_a_wrong_byte_of_the_meta_elements_is_read_past(tmp_path: Path, syntax: str) -> None:
    made = phantom(syntax)
    path = tmp_path / "image"
    begin, end = 132, len(part10(b"", syntax))
    for at in range(begin, end):
        for wrong in (made.data[at] ^ 0x55, 1):
            data = made.data[:at] + bytes([wrong]) + made.data[at + 1 :]
            path.write_bytes(data)
            header = read(path)
            assert header is not None, (at, wrong)
            assert is_true(header, data), (at, wrong)


def test_a_wrong_vr_inside_a_sequence_is_said(tmp_path: Path) -> None:
    """PS3.5 7.5: the sequence ends where its delimiter is, whatever its items hold."""
    made = phantom(EXPLICIT)
    at = made.data.index(b"\x20\0\x0e\0UI") + 5
    path = tmp_path / "image"
    path.write_bytes(made.data[:at] + b"\1" + made.data[at + 1 :])
    assert "repaired_header" in codes(only_stack(path))
    assert not catalog_of(path).problems()


def test_an_item_that_cannot_be_followed_is_left_out_and_said(tmp_path: Path) -> None:
    made = phantom(EXPLICIT)
    at = made.data.index(struct.pack("<HHI", 0xFFFE, 0xE000, 2**32 - 1)) + 4
    path = tmp_path / "image"
    path.write_bytes(made.data[:at] + b"\xff\0\xff\xff" + made.data[at + 4 :])
    assert {"repaired_header", "bad_sequence"} <= codes(only_stack(path))


def test_a_wrong_length_is_ended_where_the_next_element_begins(tmp_path: Path) -> None:
    made = phantom(EXPLICIT)
    at = made.data.index(b"\x28\0\x53\x10DS") + 6
    path = tmp_path / "image"
    path.write_bytes(made.data[:at] + b"\2\x30" + made.data[at + 2 :])
    stack = only_stack(path)
    assert {"repaired_header", "bad_length"} <= codes(stack)
    assert stack.transform.slope_intercept(0) == (2.0, -1024.0)


def test_functional_groups_that_lose_an_item_are_refused(tmp_path: Path) -> None:
    """Without the rest of them frames would lie elsewhere, or have other values, in silence."""
    frames = b"".join(
        item(element(0x00209113, "SQ", item(element(0x00200032, "DS", f"0\\0\\{k}"))), undefined=True) for k in range(3)
    )
    groups = element(0x52009230, "SQ", b"", undefined=True) + frames + SEQUENCE_END
    made = phantom(EXPLICIT).data
    at = made.index(b"\xe0\x7f\x10\0")
    data = made[:at] + element(0x00280008, "IS", "1") + groups + made[at:]
    second = data.index(_ITEM_END, at) + 8
    path = tmp_path / "image"
    path.write_bytes(data[: second + 2] + b"\x5f" + data[second + 3 :])
    assert [problem.code for problem in catalog_of(path).problems()] == ["broken_header"]


def test_more_samples_than_a_pixel_has_are_not_believed(tmp_path: Path) -> None:
    """PS3.3 C.7.6.3.1.1: the photometric interpretation says how many there are."""
    made = phantom(EXPLICIT)
    at = made.data.index(b"\x28\0\x02\0US\2\0") + 8
    path = tmp_path / "image"
    path.write_bytes(made.data[:at] + b"\1\2" + made.data[at + 2 :])
    stack = only_stack(path)
    assert "assumed_pixel_format" in codes(stack)
    assert np.array_equal(stack.frames[0].read().ravel(), PIXELS)


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="needs DCMTK")
@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN])
def test_what_dcmtk_reads_of_them_is_read(tmp_path: Path, syntax: str) -> None:
    made = phantom(syntax)
    places = made.free[:: max(1, len(made.free) // 12)]
    files = []
    for at in places:
        files.append(tmp_path / f"{at}.dcm")
        files[-1].write_bytes(made.data[:at] + b"\1" + made.data[at + 1 :])
    reads = [
        subprocess.run(["dcmdump", "-q", str(each)], capture_output=True, check=False).returncode == 0 for each in files
    ]
    assert any(reads)
    assert all(read(each) is not None for each, by_dcmtk in zip(files, reads, strict=True) if by_dcmtk)
