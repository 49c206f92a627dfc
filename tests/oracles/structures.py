"""One good image in files whose structure is odd: icons, empty items, wrong delimiters, items of all kinds."""

from __future__ import annotations

import copy
import struct
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset

from tests.dicom.pixel_files import encapsulated, encode, item
from tests.oracles.variants import Base

_UNDEFINED = 0xFFFFFFFF
_SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
_ITEM_END = b"\xfe\xff\x0d\xe0\0\0\0\0"
_OPEN_ITEM = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"


def _long(group: int, element: int, vr: bytes, length: int) -> bytes:
    return struct.pack("<HH2sHI", group, element, vr, 0, length)


def _short(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, element, vr, len(value)) + value


def structure_files(base: Base, folder: Path) -> Iterator[Path]:
    """Every file holds the pixels of ``base``, an explicit little endian file."""
    raw = base.path.read_bytes()
    length = int.from_bytes(raw[140:144], "little")
    head, body = raw[: 144 + length], raw[144 + length :]
    patient = body.find(b"\x10\x00\x20\x00LO")
    rows = body.find(b"\x28\x00\x10\x00US")
    implicit_inside = struct.pack("<HHI", 0x28, 0x10, 2) + b"\7\0"
    referenced = (0x0008, 0x1140, b"SQ")
    inserted = {
        "empty-sequence": _long(*referenced, 0),
        "empty-open-sequence": _long(*referenced, _UNDEFINED) + _SEQUENCE_END,
        "empty-open-item": _long(*referenced, _UNDEFINED) + _OPEN_ITEM + _ITEM_END + _SEQUENCE_END,
        "delimiters-with-lengths": _long(*referenced, _UNDEFINED)
        + _OPEN_ITEM
        + b"\xfe\xff\x0d\xe0\5\0\0\0\xfe\xff\xdd\xe0\7\0\0\0",
        "unknown-implicit-inside": _long(9, 0x1001, b"UN", _UNDEFINED)
        + _OPEN_ITEM
        + implicit_inside
        + _ITEM_END
        + _SEQUENCE_END,
        "unknown-explicit-inside": _long(9, 0x1001, b"UN", _UNDEFINED)
        + _OPEN_ITEM
        + _short(0x28, 0x10, b"US", b"\7\0")
        + _ITEM_END
        + _SEQUENCE_END,
        "odd-length": _short(0x0008, 0x1030, b"LO", b"abc"),
        **{
            f"vr-{vr.hex()}": struct.pack("<HH2sH", 9, 0x1002, vr, 4) + b"abcd" for vr in (b"  ", b"\0\0", b"??", b"XX")
        },
        **{f"long-vr-{vr.hex()}": _long(9, 0x1002, vr, 4) + b"abcd" for vr in (b"XX", b"OX", b"PX")},
    }
    command = _long(0, 0, b"UL", 4)[:6] + struct.pack("<HI", 4, 10) + _short(0, 0x0100, b"US", b"\1\0")
    files = {name: head + body[:patient] + extra + body[patient:] for name, extra in inserted.items()}
    files |= {
        "command-group": head + command + body,
        "bare-command-group": command + body,
        "doubled-rows": head + body[:rows] + body[rows : rows + 10] + body[rows:],
        "wrong-group-length": head + _short(8, 0, b"UL", struct.pack("<I", 9999)) + body,
        "mark-twice": raw[:132] + raw[128:],
        "second-preamble": b"\0" * 128 + raw,
    }
    for name, content in files.items():
        path = folder / f"structure-{name}.dcm"
        path.write_bytes(content)
        yield path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield from _icons(base, folder)
        yield from _fragments(base, folder)


def _icons(base: Base, folder: Path) -> Iterator[Path]:
    icon = Dataset()
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, "MONOCHROME2"
    icon.Rows = icon.Columns = 16
    icon.BitsAllocated = icon.BitsStored = 8
    icon.HighBit, icon.PixelRepresentation = 7, 0
    icon.PixelData = encapsulated([encode("jpeg", np.arange(256, dtype="u1").reshape(16, 16))])
    icon["PixelData"].VR = "OB"
    icon["PixelData"].is_undefined_length = True
    for is_open in (False, True):
        data = pydicom.dcmread(base.path)
        data.IconImageSequence = [copy.deepcopy(icon)]
        data["IconImageSequence"].is_undefined_length = is_open
        path = folder / f"structure-compressed-icon{'-open' if is_open else ''}.dcm"
        data.save_as(path)
        yield path


def _fragments(base: Base, folder: Path) -> Iterator[Path]:
    """Encapsulated pixels whose items or tables are odd; the stream itself is whole."""
    coded = folder / "structure-coded.dcm"
    subprocess.run(["dcmcjpeg", "+e1", str(base.path), str(coded)], check=True, capture_output=True)
    original: FileDataset = pydicom.dcmread(coded)
    stream = bytes(next(pydicom.encaps.generate_frames(original.PixelData, number_of_frames=1)))
    table = item(struct.pack("<I", 0))
    for name, value, is_open in (
        ("no-table", item(stream), True),
        ("empty-items", item(b"") + item(b"") + item(stream) + item(b""), True),
        ("table-beyond", item(struct.pack("<I", 8)) + item(stream), True),
        ("table-too-long", item(struct.pack("<II", 0, len(stream) + 8)) + item(stream), True),
        ("zeros-behind", table + item(stream + b"\0" * 64), True),
        ("defined-length", table + item(stream) + _SEQUENCE_END, False),
    ):
        data = copy.deepcopy(original)
        data["PixelData"].value = value
        data["PixelData"].is_undefined_length = is_open
        path = folder / f"structure-fragments-{name}.dcm"
        data.save_as(path)
        yield path
    path = folder / "structure-fragments-no-end.dcm"
    path.write_bytes(coded.read_bytes()[:-8])
    yield path
