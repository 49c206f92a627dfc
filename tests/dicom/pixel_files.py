"""DICOM files whose pixels are known, in any transfer syntax, and the frames that medview sees in them."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from medview.dicom.frame_source import DicomFrame, frames_of_instance
from medview.dicom.header_reader import HeaderReader
from medview.dicom.transfer_syntax import transfer_syntax

JPEG = "1.2.840.10008.1.2.4."
EXPLICIT = "1.2.840.10008.1.2.1"


def item(data: bytes) -> bytes:
    """One item of encapsulated pixel data, padded to even length."""
    data += b"\0" * (len(data) % 2)
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(data)) + data


def encapsulated(fragments: list[bytes], table: bytes = b"") -> bytes:
    """Items after an offset table; pydicom writes the delimiter."""
    return item(table) + b"".join(map(item, fragments))


def write_pixels(
    path: Path,
    pixel_data: bytes,
    syntax: str = EXPLICIT,
    *,
    rows: int,
    columns: int,
    samples: int = 1,
    allocated: int = 16,
    stored: int | None = None,
    high: int | None = None,
    signed: bool = False,
    photometric: str = "MONOCHROME2",
    frames: int = 1,
    element: str = "PixelData",
    vr: str = "OW",
    deflate: bool = False,
    **attributes: Any,
) -> Path:
    """A secondary capture with exactly these pixel bytes (encapsulated for compressed syntaxes)."""
    row = transfer_syntax(syntax)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    meta.TransferSyntaxUID = UID(syntax)
    data = Dataset()
    data.file_meta, data.preamble = meta, b"\0" * 128
    data.SOPClassUID = meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.PatientID, data.Modality = "pixels", "OT"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    data.Rows, data.Columns, data.SamplesPerPixel = rows, columns, samples
    data.PhotometricInterpretation = photometric
    data.BitsAllocated = allocated
    data.BitsStored = allocated if stored is None else stored
    data.HighBit = data.BitsStored - 1 if high is None else high
    data.PixelRepresentation = int(signed)
    if samples > 1:
        data.PlanarConfiguration = attributes.pop("planar", 0)
    if frames > 1:
        data.NumberOfFrames = frames
    for name, value in attributes.items():
        setattr(data, name, value)
    setattr(data, element, pixel_data)
    if element == "PixelData":
        data["PixelData"].VR = vr
        data["PixelData"].is_undefined_length = row.encapsulated
    if row.encapsulated:  # pydicom does not know all of them, their headers are all explicit little endian
        save_with_any_syntax(data, path)
    else:
        data.save_as(path, enforce_file_format=True)
    return path


def frames_of(path: Path) -> tuple[DicomFrame, ...]:
    """The frames of a file, which the test may damage afterwards: they do not ask whether it has changed."""
    return tuple(replace(frame, stamp=None) for frame in frames_of_instance(HeaderReader().read(str(path))))


def phantom(rows: int = 48, columns: int = 40, low: int = -1024, high: int = 3071, seed: int = 0) -> np.ndarray:
    """Smooth values with noise and both extremes, asymmetric, int32."""
    j, i = np.mgrid[0:rows, 0:columns]
    values = (low + (high - low) * (j + 2 * i) / (rows + 2 * columns)).astype(np.int32)
    values += np.random.default_rng(seed).integers(-20, 21, values.shape, dtype=np.int32)
    values[3, 5], values[7, 2] = low, high
    return np.clip(values, low, high)


def encode(codec: str, values: np.ndarray, **options: Any) -> bytes:
    """Encode one frame losslessly unless the options say otherwise."""
    if codec == "jpeg":
        return bytes(imagecodecs.jpeg8_encode(values, level=options.pop("level", 95), **options))
    if codec == "jpeg-lossless":
        bits = 8 * values.dtype.itemsize  # its own default is 12 for everything above 8
        return bytes(imagecodecs.jpeg8_encode(values, lossless=True, bitspersample=bits, **options))
    if codec == "jpeg-ls":
        return bytes(imagecodecs.jpegls_encode(values, level=0))
    if codec == "jpeg-2000":
        return bytes(imagecodecs.jpeg2k_encode(values, level=0, codecformat="j2k", **options))
    if codec == "htj2k":
        return bytes(imagecodecs.htj2k_encode(values, **options))
    if codec == "jpeg-xl":
        return bytes(imagecodecs.jpegxl_encode(values, lossless=True, **options))
    raise ValueError(codec)


def rle_frame(values: np.ndarray, pack: Callable[[bytes], bytes] | None = None) -> bytes:
    """RLE (PS3.5 annex G): one segment per sample and byte, most significant byte first, each of even length."""
    samples = values[..., None] if values.ndim == 2 else values
    width = values.dtype.itemsize
    raw = np.ascontiguousarray(samples.astype(samples.dtype.newbyteorder("<"))).view(np.uint8)
    raw = raw.reshape(*samples.shape, width)
    planes = [raw[:, :, s, b].tobytes() for s in range(samples.shape[2]) for b in reversed(range(width))]
    packed = [(pack or _packed)(plane) for plane in planes]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in packed]
    offsets = np.cumsum([64, *(len(segment) for segment in segments)])[:-1].tolist()
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(offsets))) + b"".join(segments)


def _packed(plain: bytes) -> bytes:
    """PackBits: runs of equal bytes as runs, single ones as literals of one."""
    out = bytearray()
    for value, group in itertools.groupby(plain):
        left = len(list(group))
        while left:
            run = min(left, 128)
            out += bytes([257 - run, value]) if run > 1 else bytes([0, value])
            left -= run
    return bytes(out)


def deflated(path: Path) -> Path:
    """The same file as deflated explicit little endian."""
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1.99")
    dataset.save_as(path, enforce_file_format=True)
    return path


def save_with_any_syntax(dataset: Dataset, path: Path) -> None:
    """Write as explicit little endian under a transfer syntax that pydicom may not know."""
    syntax = dataset.file_meta.TransferSyntaxUID
    dataset.file_meta.TransferSyntaxUID = UID(JPEG + "90")
    dataset.save_as(path, enforce_file_format=True)
    old, new = (
        struct.pack("<H", len(uid) + len(uid) % 2) + uid.encode() + b"\0" * (len(uid) % 2)
        for uid in (JPEG + "90", syntax)
    )
    data = path.read_bytes()
    (group,) = struct.unpack_from("<I", data, 140)
    head = data[:140] + struct.pack("<I", group + len(new) - len(old)) + data[144 : 144 + group].replace(old, new)
    path.write_bytes(head + data[144 + group :])
