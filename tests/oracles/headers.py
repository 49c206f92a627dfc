"""Files whose pixels are good and whose header is not: attributes missing, empty, doubled or of another VR."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset

KEYWORDS = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "WindowCenter",
    "WindowWidth",
    "RescaleIntercept",
    "RescaleSlope",
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "PatientID",
    "RedPaletteColorLookupTableDescriptor",
)


def _saved(data: Dataset, path: Path) -> Path | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data.save_as(path, enforce_file_format=False)
    except Exception:  # noqa: BLE001 - pydicom does not write everything that can be asked of it
        return None
    return path


def header_files(source: Path, folder: Path) -> Iterator[Path]:
    """Variants of one file; the pixel bytes stay as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original = pydicom.dcmread(source)
        changes: list[tuple[str, Callable[[FileDataset], None]]] = []
        for keyword in KEYWORDS:
            if keyword not in original:
                continue
            changes.append((f"no-{keyword}", lambda data, keyword=keyword: data.__delattr__(keyword)))
            changes.append((f"empty-{keyword}", lambda data, keyword=keyword: _set(data, keyword, None)))
        changes += [
            ("frames-1", lambda data: _set(data, "NumberOfFrames", 1)),
            ("frames-0", lambda data: _set(data, "NumberOfFrames", 0)),
            ("one-frame-more", lambda data: _set(data, "NumberOfFrames", int(data.get("NumberOfFrames", 1) or 1) + 1)),
            (
                "lower-case-photometric",
                lambda data: _set(data, "PhotometricInterpretation", data.PhotometricInterpretation.lower()),
            ),
            (
                "padded-photometric",
                lambda data: _set(data, "PhotometricInterpretation", f" {data.PhotometricInterpretation} "),
            ),
            ("no-meta", _without_meta),
            ("private-first", lambda data: data.add(DataElement(0x00090010, "LO", "MEDVIEW"))),
            ("trailing-padding", lambda data: data.add(DataElement(0xFFFCFFFC, "OB", b"\0" * 64))),
            ("signature", lambda data: data.add(DataElement(0xFFFAFFFA, "SQ", []))),
            ("icon", _with_icon),
            ("deep-sequence", _deep),
        ]
        for name, change in changes:
            data = copy.deepcopy(original)
            try:
                change(data)
            except (AttributeError, KeyError, TypeError, ValueError):
                continue
            path = _saved(data, folder / f"{source.stem}-{name}.dcm")
            if path is not None:
                yield path
    raw = source.read_bytes()
    for name, content in _bytes_of(raw):
        path = folder / f"{source.stem}-{name}.dcm"
        path.write_bytes(content)
        yield path


def _set(data: Dataset, keyword: str, value: object) -> None:
    setattr(data, keyword, value)


def _without_meta(data: FileDataset) -> None:
    data.file_meta = type(data.file_meta)()
    data.preamble = None


def _with_icon(data: FileDataset) -> None:
    """An icon with pixels of its own, before those of the image."""
    icon = Dataset()
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, "MONOCHROME2"
    icon.Rows = icon.Columns = 4
    icon.BitsAllocated = icon.BitsStored = 8
    icon.HighBit, icon.PixelRepresentation = 7, 0
    icon.add(DataElement(0x7FE00010, "OB", bytes(range(16))))
    data.IconImageSequence = [icon]


def _deep(data: FileDataset) -> None:
    """Sequences of undefined length, nested, with names of image attributes inside."""
    inner = Dataset()
    inner.Rows = inner.Columns = 7
    for _ in range(5):
        outer = Dataset()
        outer.add(DataElement(0x00081140, "SQ", [inner]))
        outer["ReferencedImageSequence"].is_undefined_length = True
        inner = outer
    data.add(DataElement(0x00081140, "SQ", [inner]))


def _bytes_of(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Changes of the file's bytes around the data set."""
    yield "junk-after", raw + b"\x00\x01garbage behind the last element"
    yield "zeros-after", raw + b"\0" * 512
    yield "preamble-tiff", b"II*\0" + raw[4:]
    yield "one-byte-less", raw[:-1]
    length = int.from_bytes(raw[140:144], "little")
    yield "bare", raw[144 + length :]
    yield "wrong-meta-length", raw[:140] + (length + 20).to_bytes(4, "little") + raw[144:]
    yield "no-preamble", raw[128:]


def all_headers(sources: Sequence[Path], folder: Path) -> Iterator[Path]:
    """Variants of several files."""
    for source in sources:
        yield from header_files(source, folder)
