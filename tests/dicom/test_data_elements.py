"""Every element of a file: the same tags, VRs and items as pydicom finds, and no exception for what is broken."""

from __future__ import annotations

import os
import random
import struct
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from medview.core.plain_text import visible_text
from medview.core.problem import MedviewError
from medview.dicom.data_elements import Element, ElementFile
from medview.dicom.tag_tree import compare_tags, matches, read_level, rows_text, walk_tags, whole_value
from tests.phantoms.other_objects import RAW, code, make_object, make_report, save
from tests.shared import shared_path

pytestmark = pytest.mark.beside

Tree = list[tuple[int, Any]]


def our_tree(file: ElementFile, elements: list[Element]) -> Tree:
    """(tag, items or VR) of a level; a fault is a tag of 0."""
    tree: Tree = []
    for element in elements:
        if element.is_sequence:
            items = [our_tree(file, file.children(item)) for item in file.children(element)]
            tree.append((element.tag, items))
        else:
            tree.append((element.tag, element.vr))
    return tree


def pydicom_tree(data: Dataset) -> Tree:
    return [(int(one.tag), [pydicom_tree(item) for item in one.value] if one.VR == "SQ" else one.VR) for one in data]


def same(ours: Tree, theirs: Tree) -> bool:
    """Whether two levels have the same tags, and the same items where both see a sequence."""
    if [tag for tag, _ in ours] != [tag for tag, _ in theirs]:
        return False
    for (_, one), (_, other) in zip(ours, theirs, strict=True):
        if isinstance(other, list):
            if not isinstance(one, list) or len(one) != len(other):
                return False
            if not all(same(a, b) for a, b in zip(one, other, strict=True)):
                return False
    return True


KNOWN = {"emri_small_jpeg_2k_lossless_too_short.dcm"}
"""pydicom finds nothing at all in it."""


def readable(paths: list[str]) -> Iterator[tuple[str, Dataset]]:
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                data = pydicom.dcmread(path)
                len(list(data.iterall()))
            except Exception:  # noqa: BLE001 - whatever pydicom does not read is not compared
                continue
            if Path(path).name not in KNOWN:
                yield path, data


def check_against_pydicom(paths: list[str]) -> int:
    count = 0
    for path, data in readable(paths):
        with ElementFile(path) as file:
            ours = sorted(our_tree(file, file.elements()), key=lambda one: one[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert same(ours, pydicom_tree(data)), path
        count += 1
    return count


def test_pydicoms_own_files_have_the_same_elements() -> None:
    paths = [path for path in map(Path, get_testdata_files()) if path.is_file() and path.stat().st_size < 2_000_000]
    assert check_against_pydicom(sorted(map(str, paths))) > 60


@pytest.mark.slow
def test_real_files_have_the_same_elements() -> None:
    root = shared_path("data")
    paths = sorted(str(path) for path in root.rglob("*") if path.is_file())
    assert check_against_pydicom(paths[::6]) > 100


def test_values_are_shown_as_pydicom_reads_them(tmp_path: Path) -> None:
    data = make_object(RAW, "values", "MR")
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientName = "山田^太郎"
    data.Rows, data.SliceThickness, data.ReferencePixelPhysicalValueX = 65535, "1.25", -2.5
    data.FrameIncrementPointer = 0x00181063
    path = str(save(data, tmp_path / "values.dcm"))
    values = {row.keyword: row.value for row in walk_tags(path)}
    assert values["PatientName"] == "山田^太郎"
    assert values["Rows"] == "65535"
    assert values["SliceThickness"] == "1.25"
    assert values["ReferencePixelPhysicalValueX"] == "-2.5"
    assert values["FrameIncrementPointer"] == "(0018,1063)"


def test_hostile_values_are_visible_and_short(tmp_path: Path) -> None:
    data = make_object(RAW, "hostile", "MR")
    data.add_new(0x00081030, "LO", "a\x1b]0;b\x07c\u202egpj.exe<b>bold</b>\x00")
    data.add_new(0x00104000, "LT", "x" * 10_000)
    data.add_new(0x00290010, "LO", "MEDVIEW TEST")
    data.add_new(0x00291010, "OB", bytes(range(256)) * 4)
    path = str(save(data, tmp_path / "hostile.dcm"))
    rows = {row.element.tag: row for row in walk_tags(path)}
    told = rows[0x00081030].value
    assert told.endswith("]0;b␇c⟨U+202E⟩gpj.exe<b>bold</b>")
    assert told.isprintable()
    long = rows[0x00104000]
    assert len(long.value) <= 201
    assert long.is_cut
    assert len(whole_value(path, long)) == 10_000
    private = rows[0x00291010]
    assert private.creator == "MEDVIEW TEST"
    assert private.is_binary
    assert private.length == 1024
    assert private.value.startswith("00 01 02")
    assert len(private.value) < 100


def test_a_sequence_of_5000_items_is_read_level_by_level(tmp_path: Path) -> None:
    data = make_object(RAW, "long", "MR")
    items = []
    for number in range(5000):
        item = code(str(number), "99TEST", f"meaning {number}")
        item.is_undefined_length_sequence_item = bool(number % 2)
        items.append(item)
    data.ConceptNameCodeSequence = Items(items)
    data["ConceptNameCodeSequence"].is_undefined_length = True
    path = str(save(data, tmp_path / "long.dcm"))
    top = read_level(path)
    sequence = next(row for row in top if row.vr == "SQ")
    assert sequence.count == 5000
    level = read_level(path, sequence)
    assert [row.tag for row in level[:3]] == ["#1", "#2", "#3"]
    assert level[4321].value == "meaning 4321"
    values = [row.value for row in read_level(path, level[4321])]
    assert values == ["4321", "99TEST", "meaning 4321"]


def nested(depth: int) -> bytes:
    """Sequences of undefined length inside one another, never closed."""
    head = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    return b"\0" * 128 + b"DICM" + head * depth


@pytest.mark.parametrize("depth", [3, 100, 3000])
def test_nesting_without_end_ends(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "deep.dcm"
    path.write_bytes(nested(depth))
    rows = list(walk_tags(str(path)))
    assert rows
    assert any(row.element.fault for row in rows)
    assert len(rows) < 400


def test_a_truncated_file_shows_what_is_there(tmp_path: Path) -> None:
    data = make_report(items=[])
    path = save(data, tmp_path / "whole.dcm")
    whole = path.read_bytes()
    complete = [row.path for row in walk_tags(str(path))]
    cut = tmp_path / "cut.dcm"
    for at in range(140, len(whole), 7):
        cut.write_bytes(whole[:at])
        rows = list(walk_tags(str(cut)))
        sound = [row.path for row in rows if not row.element.fault and row.element.tag]
        assert sound == [place for place in complete if place in set(sound)]


def test_a_deflated_file_is_read_and_a_bomb_refused(tmp_path: Path) -> None:
    import zlib

    rows = {row.keyword: row.value for row in walk_tags(pydicom.data.get_testdata_file("image_dfl.dcm") or "")}
    assert rows["Modality"] == "OT"
    assert rows["TransferSyntaxUID"] == "1.2.840.10008.1.2.1.99"
    whole = save(make_object(RAW, "bomb", "MR"), tmp_path / "bomb.dcm").read_bytes()
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(whole[whole.index(b"\x08\x00\x05\x00CS") :] + b"\0" * 200_000_000) + packer.flush()
    uid = b"1.2.840.10008.1.2.1.99"
    element = struct.pack("<HH2sH", 2, 0x10, b"UI", len(uid)) + uid
    (tmp_path / "bomb.dcm").write_bytes(b"\0" * 128 + b"DICM" + element + packed)
    with pytest.raises(MedviewError) as refused:
        list(walk_tags(str(tmp_path / "bomb.dcm")))
    assert refused.value.code == "deflate_bomb"


@pytest.mark.parametrize("filling", [b"\0" * 8, b"\x09\0\x01\0OB\0\0\0\0\0\0", b"\xfe\xff\0\xe0\0\0\0\0"])
def test_a_file_of_endless_empty_elements_ends(tmp_path: Path, filling: bytes) -> None:
    head = save(make_object(RAW, "endless", "MR"), tmp_path / "endless.dcm").read_bytes()
    sequence = struct.pack("<HH2sHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) if filling[:1] == b"\xfe" else b""
    (tmp_path / "endless.dcm").write_bytes(head + sequence + filling * (8_000_000 // len(filling)))
    rows = read_level(str(tmp_path / "endless.dcm"))
    assert rows[-1].element.fault in {"junk_at_end", "too_many", "truncated"}
    assert len(rows) <= 100_050


def test_what_is_no_file_or_no_dicom_is_refused(tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="regular"):
            list(walk_tags(str(tmp_path / "pipe")))
    (tmp_path / "text.dcm").write_text("This is no DICOM file, whatever it is called.")
    with pytest.raises(MedviewError) as refused:
        list(walk_tags(str(tmp_path / "text.dcm")))
    assert refused.value.code == "not_dicom"
    with pytest.raises(FileNotFoundError):
        list(walk_tags(str(tmp_path / "nothing.dcm")))


def test_random_damage_never_raises_anything_unexpected(tmp_path: Path) -> None:
    path = pydicom.data.get_testdata_file("test-SR.dcm")
    whole = Path(str(path)).read_bytes()
    chance = random.Random(7)
    target = tmp_path / "damaged.dcm"
    for _ in range(120):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 3, 20])):
            data[chance.randrange(132, len(data))] = chance.choice([0, 255, chance.randrange(256)])
        target.write_bytes(data)
        try:
            rows = list(walk_tags(str(target)))
        except MedviewError:
            continue
        text = rows_text(rows).replace("\n", "")
        assert all(letter.isprintable() or unicodedata.category(letter) == "Zs" for letter in text)


def test_search_finds_names_keywords_tags_and_values(tmp_path: Path) -> None:
    path = str(save(make_report("Thorax", []), tmp_path / "report.dcm"))
    rows = list(walk_tags(path))

    def found(wanted: str) -> set[str]:
        return {row.keyword for row in rows if not row.is_item and matches(row, wanted)}

    assert found("patient id") == {"PatientID"}
    assert found("patientid") == {"PatientID"}
    assert "PatientID" in found("0010,0020")
    assert "PatientID" in found("00100020")
    assert "PatientID" in found("phantom")
    assert found("thorax") == {"CodeMeaning"}
    assert "VerificationFlag" in found("cs")
    assert found("nothing of the kind") == set()


def test_comparison_marks_what_differs_and_what_is_missing(tmp_path: Path) -> None:
    first, second = make_object(RAW, "one", "MR"), make_object(RAW, "one", "MR")
    second.PatientName = "OTHER^Name"
    second.add_new(0x00104000, "LT", "only here")
    first.add_new(0x00287FE0, "OB", b"\1" * 3000 + b"\2\2")
    second.add_new(0x00287FE0, "OB", b"\1" * 3000 + b"\3\2")
    a, b = save(first, tmp_path / "a.dcm"), save(second, tmp_path / "b.dcm")
    compared = {one.row.element.tag: one for one in compare_tags(str(a), str(b))}
    different = {tag for tag, one in compared.items() if one.differs}
    assert different == {0x00100010, 0x00104000, 0x00287FE0}
    assert compared[0x00104000].first is None
    assert compared[0x00080060].first is not None
    assert not any(one.differs for one in compare_tags(str(a), str(a)))


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_visible_text_is_always_printable(text: str) -> None:
    assert all(letter.isprintable() or letter == " " or letter.isspace() for letter in visible_text(text, lines=False))
    assert "\n" not in visible_text(text, lines=False)
    assert "\u202e" not in visible_text(text)
