"""Headers of files that are alike but for their own tags are not parsed again; whatever else differs is seen."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.datadict import dictionary_VR
from pydicom.uid import UID

from medview.dicom import elements, header_reader
from medview.dicom.element_kinds import WANTED
from medview.dicom.file_start import BrokenElements, NotDicom
from medview.dicom.header import InstanceHeader
from medview.dicom.header_reader import HeaderReader

PLAIN: dict[str, Any] = {
    "CS": "OTHER", "DS": "7.5", "IS": "77", "UI": "1.2.77", "LO": "other", "SH": "other", "PN": "Else^Who", "DA": "19990909",
    "TM": "010203", "US": 3, "SS": -3, "AS": "077Y", "LT": "other", "ST": "other", "UL": 5, "FD": 2.5, "FL": 2.5, "AT": 0x00200013,
}  # fmt: skip
OWN = ("SOPInstanceUID", "InstanceNumber", "ImagePositionPatient", "ContentTime", "AcquisitionTime")


def slices(count: int) -> list[pydicom.Dataset]:
    """A CT of ``count`` images that differ in what is their own."""
    one: pydicom.Dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    for element in list(one):
        if element.VR == "SQ" or element.tag.is_private or element.tag.group == 0xFFFC:
            del one[element.tag]
    series: list[pydicom.Dataset] = []
    for number in range(count):
        each = deepcopy(one)
        each.SOPInstanceUID = UID(f"1.2.3.{1000 + number}")
        each.file_meta.MediaStorageSOPInstanceUID = each.SOPInstanceUID
        each.InstanceNumber = number + 10
        each.ImagePositionPatient = [-10, -20, 1.5 * number]
        each.ContentTime = f"1201{number:02}"
        each.AcquisitionTime = f"1101{number:02}"
        series.append(each)
    return series


def saved(folder: Path, datasets: list[pydicom.Dataset]) -> list[str]:
    paths = []
    for number, each in enumerate(datasets):
        path = folder / f"{number:03}.dcm"
        each.save_as(path, enforce_file_format=True)
        paths.append(str(path))
    return paths


def fresh(path: str) -> InstanceHeader:
    return HeaderReader().read(path)


def changed(dataset: pydicom.Dataset, tag: int) -> pydicom.Dataset:
    """The same with another value of an element, of the same length where it is there; it is added where it is not."""
    other = deepcopy(dataset)
    vr = dictionary_VR(tag)
    if tag in other and other[tag].VM == 1 and str(other[tag].value)[-1:].isalnum():
        before = other[tag].value
        text = str(before)
        last = str((int(text[-1]) + 1) % 10) if text[-1].isdigit() else "Z" if text[-1] != "Z" else "Y"
        other[tag].value = "9" + text[1:] if vr == "AS" else type(before)(text[:-1] + last)
    else:
        value = PLAIN["US" if vr == "US or SS" else vr]
        other.add_new(tag, "US" if vr == "US or SS" else vr, value)
    return other


def wanted_tags() -> list[int]:
    found = []
    for packed in WANTED:
        tag = (packed & 0xFFFF) << 16 | packed >> 16
        if tag >> 16 == 2:
            continue
        try:
            vr = dictionary_VR(tag)
        except KeyError:
            continue
        if (vr == "US or SS" or vr in PLAIN) and (tag >> 16) % 2 == 0:
            found.append(tag)
    return found


@pytest.fixture(scope="module")
def series() -> list[pydicom.Dataset]:
    return slices(7)


def test_every_wanted_element_that_differs_is_seen(series: list[pydicom.Dataset], tmp_path: Path) -> None:
    """One element of a file within a series gets another value, or comes to it: read as a fresh reader reads it."""
    tags = wanted_tags()
    assert len(tags) > 120
    paths = saved(tmp_path, series)
    odd = str(tmp_path / "odd.dcm")
    plain = [fresh(path) for path in paths]
    differing = 0
    for tag in tags:
        changed(series[5], tag).save_as(odd, enforce_file_format=True)
        reader = HeaderReader()
        expected = fresh(odd)
        known = [*zip(paths[:5], plain[:5], strict=True), (odd, expected)]
        # Twice more, for a reader that has learnt that this element varies.
        for path, right in (*known, (paths[6], plain[6]), (odd, expected), (paths[4], plain[4]), (odd, expected)):
            assert reader.read(path) == right, f"{tag:08x}"
        differing += expected.series != plain[5].series or expected.frames != plain[5].frames
    assert differing > 40


def test_files_that_are_alike_share_what_was_made_of_the_first(
    series: list[pydicom.Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other test would hold too if nothing were ever remembered."""
    asked: list[int] = []
    shared = HeaderReader._shared

    def counted(reader: HeaderReader, which: int, *rest: Any) -> Any:
        asked.append(which)
        return shared(reader, which, *rest)

    monkeypatch.setattr(HeaderReader, "_shared", counted)
    reader = HeaderReader()
    headers = []
    for path in saved(tmp_path, series):
        before = len(asked)
        headers.append((reader.read(path), len(asked) - before))
    assert [count for _, count in headers][-2:] == [0, 0]
    assert [header.instance_number for header, _ in headers] == list(range(10, 17))
    assert [header.frames[0].position for header, _ in headers] == [(-10.0, -20.0, 1.5 * number) for number in range(7)]
    assert headers[-1][0].frames[0].content_time.endswith("120106")


def test_what_is_a_file_s_own_is_no_part_of_what_is_shared() -> None:
    shared = {
        *header_reader._SERIES_TAGS, *header_reader._IMAGE_TAGS, *header_reader._FRAME_TAGS, *header_reader._PIXEL_TAGS,
    }  # fmt: skip
    assert not shared & header_reader._OWN_TAGS
    assert not header_reader._OWN_TAGS & (header_reader._ENHANCED_TAGS | header_reader._RARE)


def test_a_sequence_that_differs_is_seen(series: list[pydicom.Dataset], tmp_path: Path) -> None:
    """The table of a Modality LUT is no plain element; it comes and changes between files that are alike."""
    datasets = deepcopy(series)
    for number, each in enumerate(datasets):
        lut = pydicom.Dataset()
        lut.LUTDescriptor = [2, 0, 16]
        lut.ModalityLUTType = "HU"
        lut.add_new(0x00283006, "US", [1, 2 if number < 5 else 3])
        each.ModalityLUTSequence = [lut]
        del each.RescaleSlope, each.RescaleIntercept
    paths = saved(tmp_path, datasets)
    reader = HeaderReader()
    found = [reader.read(path) for path in paths]
    assert found == [fresh(path) for path in paths]
    assert found[4].image.modality_lut != found[5].image.modality_lut


def implicit(content: bytes) -> bytes:
    """The transfer syntax element says implicit VR, which is a lie."""
    return content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0", 1)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut in its pixels": lambda content: content[:-1000],
    "cut in its header": lambda content: content[:900],
    "longer": lambda content: content + b"\0" * 6,
    "without a preamble": lambda content: content[132:],
    "no DICOM": lambda content: b"x" * 128 + b"DICX" + content[132:],
    "of another syntax": implicit,
    "pixels of another VR": lambda content: content.replace(b"\xe0\x7f\x10\0OW", b"\xe0\x7f\x10\0OB"),
    "pixels said shorter": lambda content: content.replace(
        b"\xe0\x7f\x10\0OW\0\0\0\x80\0\0", b"\xe0\x7f\x10\0OW\0\0\0\x40\0\0"
    ),
    "of another class": lambda content: content.replace(
        b"1.2.840.10008.5.1.4.1.1.2\0", b"1.2.840.10008.5.1.4.1.1.4\0", 1
    ),
    "empty": lambda _content: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_nearly_alike_is_read_for_itself(
    damage: str, series: list[pydicom.Dataset], tmp_path: Path
) -> None:
    paths = saved(tmp_path, series)
    whole = Path(paths[5]).read_bytes()
    other = DAMAGES[damage](whole)
    assert other != whole
    Path(paths[5]).write_bytes(other)

    def read(reader: HeaderReader, path: str) -> object:
        try:
            return reader.read(path)
        except (NotDicom, BrokenElements) as error:
            return repr(error)

    reader = HeaderReader()
    assert [read(reader, path) for path in paths] == [read(HeaderReader(), path) for path in paths]
    assert read(reader, paths[4]) == fresh(paths[4])


def test_files_that_are_alike_are_not_taken_apart(
    series: list[pydicom.Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tests would hold too if nothing were ever remembered; a folder, a lost file and a pipe are left to others."""
    parsed: list[str] = []
    read = elements._read

    def counted(file: Any, path: str, *rest: Any) -> Any:
        parsed.append(path)
        return read(file, path, *rest)

    monkeypatch.setattr(elements, "_read", counted)
    paths = saved(tmp_path, series)
    reader = HeaderReader()
    headers = [reader.read(path) for path in paths]
    assert paths[-1] not in parsed
    assert 1 < len(parsed) < 6
    taken_apart = list(parsed)
    assert headers == [fresh(path) for path in paths]
    parsed[:] = taken_apart
    for lost in (str(tmp_path / "lost.dcm"), str(tmp_path)):
        with pytest.raises((OSError, NotDicom)):
            reader.read(lost)
    assert reader.read(paths[-1]) == headers[-1]
    assert parsed == taken_apart
