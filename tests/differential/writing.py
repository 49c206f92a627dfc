"""Numbers, pixels and files as they are written: decimals of any form, cells of any layout, the lossless syntaxes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from tests.differential.cases import Pixels

Noise = tuple[tuple[str, Any], ...]
IMPLICIT, EXPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
)
JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"
RLE = "1.2.840.10008.1.2.5"
SYNTAXES = (IMPLICIT, EXPLICIT, BIG, DEFLATED, RLE, JPEG_LS, JPEG_2000)


def decimal(value: float, decimals: int) -> str:
    """A DS of at most 16 characters; whole numbers mostly without a point."""
    text = f"{value:.{decimals}f}"
    if "." in text and decimals > 3:
        text = text.rstrip("0").rstrip(".")
    if text in {"-0", ""}:
        text = "0"
    if len(text) > 16:
        text = f"{value:.10g}"
    if len(text) > 16:
        text = f"{value:.8e}"
    return text


def put_pixels(data: Dataset, stored: NDArray[Any], layout: Pixels, rng: Generator) -> None:
    """The Image Pixel Module; ``stored`` is (j, i) or (n, j, i)."""
    data.SamplesPerPixel = 1
    data.Rows, data.Columns = stored.shape[-2:]
    if stored.ndim == 3:
        data.NumberOfFrames = len(stored)
    data.BitsAllocated, data.BitsStored, data.HighBit = layout.allocated, layout.stored, layout.high
    data.PixelRepresentation = int(layout.signed)
    planes = stored[None] if stored.ndim == 2 else stored
    mask = (1 << layout.stored) - 1
    width = layout.allocated // 8
    cells = (planes.astype(np.int64) & mask) << (layout.high + 1 - layout.stored)
    if layout.dirty:  # overlays of old, or rubbish, outside the stored bits
        rubbish = rng.integers(0, 1 << (layout.allocated - layout.stored), planes.shape) << layout.stored
        cells |= rubbish
    elif layout.signed and layout.high == layout.stored - 1 and layout.stored < layout.allocated and rng.random() < 0.7:
        cells = planes.astype(np.int64)  # the sign runs on through the cell, as most write it
    cells = (cells & ((1 << layout.allocated) - 1)).astype(f"<u{width}")
    if layout.syntax in SYNTAXES[:4]:
        order = ">" if layout.syntax == BIG else "<"
        raw = cells.astype(f"{order}u{width}").tobytes()
        data.PixelData = raw + b"\0" * (len(raw) % 2)
        data["PixelData"].VR = "OB" if width == 1 and layout.syntax != IMPLICIT else "OW"
        if width == 1 and layout.syntax == BIG:
            data["PixelData"].VR = "OB"
        return
    signed = layout.signed and layout.syntax != JPEG_LS
    samples = planes.astype(f"{'i' if signed else 'u'}{width}") if signed else (planes & mask).astype(f"u{width}")
    data.PixelData = encapsulate([_encoded(each, layout) for each in samples], has_bot=bool(rng.random() < 0.5))
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True


def _encoded(plane: NDArray[Any], layout: Pixels) -> bytes:
    if layout.syntax == RLE:
        return run_lengths(plane)
    if layout.syntax == JPEG_LS:
        return bytes(imagecodecs.jpegls_encode(plane, level=0))
    return bytes(imagecodecs.jpeg2k_encode(plane, level=0, codecformat="j2k"))


def run_lengths(plane: NDArray[Any]) -> bytes:
    """PS3.5 annex G: a segment for each byte of a cell, the highest first, row after row."""
    by_byte = plane.astype(plane.dtype.newbyteorder(">")).reshape(*plane.shape, 1).view(np.uint8)
    by_byte = by_byte.reshape(*plane.shape[:2], -1)  # the bytes of one sample, then those of the next
    width = by_byte.shape[-1]
    segments = []
    for at in range(width):
        segment = b"".join(_packed(row.tobytes()) for row in by_byte[..., at])
        segments.append(segment + b"\0" * (len(segment) % 2))
    offsets = np.zeros(16, "<u4")
    offsets[0] = width
    offsets[1 : width + 1] = 64 + np.cumsum([0, *(len(each) for each in segments[:-1])])
    return bytes(offsets.tobytes()) + b"".join(segments)


def _packed(row: bytes) -> bytes:
    """PackBits: runs of two and more as a run, the rest as it is."""
    out = bytearray()
    at = 0
    while at < len(row):
        run = 1
        while at + run < len(row) and run < 128 and row[at + run] == row[at]:
            run += 1
        if run > 1:
            out += bytes([257 - run, row[at]])
            at += run
            continue
        stop = at + 1
        while stop < len(row) and stop - at < 128 and not (stop + 1 < len(row) and row[stop] == row[stop + 1]):
            stop += 1
        out += bytes([stop - at - 1]) + row[at:stop]
        at = stop
    return bytes(out)


def save(
    data: FileDataset, path: Path, syntax: str, rng: Generator | None = None, noise: Noise = (), bare: bool = False
) -> None:
    """Write a file of PS3.10, or one without a beginning (``bare``); ``noise`` changes how it is written."""
    for _, change in noise:
        change(data, rng, syntax)
    path.parent.mkdir(parents=True, exist_ok=True)
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = UID(syntax)
    dcmwrite(path, data, enforce_file_format=True)
    if bare:
        from tests.differential.noise import without_meta

        path.write_bytes(without_meta(path.read_bytes(), rng, syntax))
