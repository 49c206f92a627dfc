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

IMPLICIT, EXPLICIT, BIG, DEFLATED = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
)
JPEG_LS, JPEG_2000, LOSSLESS = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.70"
SYNTAXES = (IMPLICIT, EXPLICIT, BIG, DEFLATED, JPEG_LS, JPEG_2000)


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
    if layout.syntax == JPEG_LS:
        return bytes(imagecodecs.jpegls_encode(plane, level=0))
    return bytes(imagecodecs.jpeg2k_encode(plane, level=0, codecformat="j2k"))


def save(data: FileDataset, path: Path, syntax: str) -> None:
    """Write a file of PS3.10."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.TransferSyntaxUID = UID(syntax)
    dcmwrite(path, data, enforce_file_format=True)
