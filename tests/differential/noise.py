"""What changes how a data set is written, and nothing of what it says: lengths, nesting, private parts, VRs, padding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from tests.differential.writing import BIG, DEFLATED, IMPLICIT
from tests.phantoms.dicom_series import uid

Change = Callable[[FileDataset, Generator, str], None]
"""Data set, random numbers, transfer syntax."""


def _stranger() -> Dataset:
    """An item that says of something else whatever an image says of itself."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", uid("elsewhere")
    item.ImagePositionPatient, item.ImageOrientationPatient = ["9", "9", "9"], ["0", "1", "0", "0", "0", "1"]
    item.PixelSpacing, item.RescaleSlope, item.RescaleIntercept = ["7", "8"], "11", "13"
    item.Rows, item.Columns, item.NumberOfFrames, item.BitsAllocated, item.BitsStored = 2, 2, 3, 8, 8
    item.HighBit, item.PixelRepresentation, item.SamplesPerPixel, item.PhotometricInterpretation = (
        7,
        1,
        1,
        "MONOCHROME1",
    )
    item.SOPInstanceUID, item.SeriesInstanceUID, item.PatientID = uid("elsewhere"), uid("elsewhere too"), "SOMEONE ELSE"
    item.EchoTime, item.TriggerTime, item.AcquisitionNumber, item.InstanceNumber = "77", "77", "77", "77"
    return item


def _references(data: FileDataset, rng: Generator, syntax: str) -> None:
    data.ReferencedImageSequence = Sequence([_stranger() for _ in range(int(rng.integers(1, 4)))])


def _icon(data: FileDataset, rng: Generator, syntax: str) -> None:
    icon = _stranger()
    icon.add(DataElement(0x7FE00010, "OB" if syntax != BIG else "OW", b"\1\2\3\4"))
    data.IconImageSequence = Sequence([icon])


def _attributes_of_old(data: FileDataset, rng: Generator, syntax: str) -> None:
    old = Dataset()
    old.ModifiedAttributesSequence = Sequence([_stranger()])
    data.OriginalAttributesSequence = Sequence([old])


def _private(data: FileDataset, rng: Generator, syntax: str) -> None:
    """Blocks of several creators in groups that makers use, values of their own under numbers that others use too."""
    for group, creator in (
        (0x0019, "SOMEBODY 1.0"),
        (0x0029, "SOMEBODY ELSE"),
        (0x2001, "Nobody"),
        (0x0043, "OTHER PARM"),
    ):
        taken = [at for at in range(0x10, 0x20) if (group << 16 | at) in data]
        at = next(block for block in range(0x10, 0x30) if block not in taken)
        data.add_new(group << 16 | at, "LO", creator)
        data.add_new(group << 16 | at << 8 | 0x0C, "IS", "4711")
        data.add_new(group << 16 | at << 8 | 0x39, "IS", "4711")
        data.add_new(group << 16 | at << 8 | 0x03, "FL", 4711.0)
        inner = _stranger()
        inner.add_new(group << 16 | 0x10, "LO", creator)
        data.add_new(group << 16 | at << 8 | 0x77, "SQ", Sequence([inner]))
        data.add_new(group << 16 | at << 8 | 0x78, "OB", rng.integers(0, 256, 64, dtype=np.uint8).tobytes())


def _undefined_lengths(data: FileDataset, rng: Generator, syntax: str) -> None:
    def go(level: Dataset) -> None:
        for element in level:
            if element.VR == "SQ":
                element.is_undefined_length = bool(rng.random() < 0.6)
                for item in element.value:
                    item.is_undefined_length_sequence_item = bool(rng.random() < 0.6)
                    go(item)

    go(data)


def _spaces(data: FileDataset, rng: Generator, syntax: str) -> None:
    for tag in (0x00200032, 0x00280030, 0x00281052, 0x00281053):
        if tag in data:
            value = data[tag].value
            values = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
            texts = [str(getattr(each, "original_string", each)) for each in values]
            padded = "\\".join(
                rng.choice(["", " "]) + ("+" if text[0] not in "+-" and rng.random() < 0.3 else "") + text
                for text in texts
            )
            data[tag] = (
                DataElement(tag, "UN", (padded + " " * (len(padded) % 2)).encode())
                if rng.random() < 0.3 and syntax != IMPLICIT
                else DataElement(tag, "LO", padded)
            )


def _group_lengths(data: FileDataset, rng: Generator, syntax: str) -> None:
    for group in {element.tag.group for element in data if not element.tag.is_private}:
        data.add_new(group << 16, "UL", int(rng.integers(0, 5000)))  # retired, and wrong as often as right


def _padding(data: FileDataset, rng: Generator, syntax: str) -> None:
    data.add_new(0xFFFCFFFC, "OB", b"\0" * 2 * int(rng.integers(1, 900)))


def _long_text(data: FileDataset, rng: Generator, syntax: str) -> None:
    data.add_new(0x00204000, "LT", "x" * int(rng.integers(1, 10000)))
    data.add_new(0x00084000, "LT", "\\".join(["ImagePositionPatient"] * 5))


def _curves(data: FileDataset, rng: Generator, syntax: str) -> None:
    data.add_new(0x50000005, "US", 2)
    data.add_new(0x50003000, "OW", b"\0\1" * 40)


NOISES: tuple[tuple[str, Change], ...] = (
    ("references", _references),
    ("icon", _icon),
    ("old attributes", _attributes_of_old),
    ("private blocks", _private),
    ("spaces in numbers", _spaces),
    ("long text", _long_text),
    ("curves", _curves),
    ("trailing padding", _padding),
    ("group lengths", _group_lengths),
    ("undefined lengths", _undefined_lengths),
)


def noise_of(rng: Generator) -> tuple[tuple[str, Change], ...]:
    """Which of them a series has; mostly none or a few."""
    if rng.random() < 0.4:
        return ()
    share = float(rng.choice([0.15, 0.4]))
    return tuple(each for each in NOISES if rng.random() < share)


def without_meta(raw: bytes, rng: Generator, syntax: str) -> bytes:
    """A file as others leave it: without preamble, or without meta elements too."""
    if syntax == DEFLATED:
        return raw
    way = rng.random()
    if way < 0.5:
        return raw[132:]
    length = int.from_bytes(raw[140:144], "little")
    return raw[144 + length :]
