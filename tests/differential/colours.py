"""Random colour pictures: every interpretation and planar configuration, native and in the lossless codecs, with their true RGB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import SecondaryCaptureImageStorage

from tests.differential.noise import noise_of
from tests.differential.truth import TrueFrame, TrueSeries
from tests.differential.writing import BIG, DEFLATED, EXPLICIT, IMPLICIT, JPEG_2000, JPEG_LS, RLE, run_lengths, save
from tests.phantoms.dicom_series import uid

_NATIVE = (IMPLICIT, EXPLICIT, BIG, DEFLATED)


def colours(seed: int, folder: Path) -> TrueSeries:
    """One file with one or several frames, RGB, YBR or by a palette."""
    rng = np.random.default_rng([seed, 2])
    kind = str(rng.choice(["RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR"]))
    syntax = str(rng.choice([*_NATIVE, RLE, JPEG_LS, JPEG_2000]))
    if kind == "YBR_FULL_422" and syntax not in _NATIVE[:2]:
        syntax = EXPLICIT
    frames = int(rng.choice([1, 1, 2, 5]))
    size = (int(rng.integers(3, 9)), int(rng.integers(3, 9)))
    if kind == "YBR_FULL_422":
        size = (size[0], 2 * size[1])
    truth = TrueSeries(f"colours-{seed}", stacks=1, tolerance=0 if kind in {"RGB", "PALETTE COLOR"} else 1)
    data = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = SecondaryCaptureImageStorage, uid("colour", seed)
    data.StudyInstanceUID, data.SeriesInstanceUID = uid("study c", seed), uid("series c", seed)
    data.PatientID, data.Modality = "C", str(rng.choice(["US", "OT", "ES", "XC", "NM"]))
    data.Rows, data.Columns = size
    data.PhotometricInterpretation = kind
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    if frames > 1:
        data.NumberOfFrames = frames
    if kind == "PALETTE COLOR":
        planes, rgb = _by_palette(rng, data, (frames, *size), syntax == BIG)
    else:
        data.SamplesPerPixel = 3
        planes = rng.integers(0, 256, (frames, *size, 3)).astype(np.uint8)
        if kind == "YBR_FULL_422":
            planes[:, :, 1::2, 1:] = planes[:, :, ::2, 1:]
        rgb = planes if kind == "RGB" else _rgb_of(planes)
        data.PlanarConfiguration = int(rng.random() < 0.5) if kind != "YBR_FULL_422" else 0
    _put(data, planes, kind, syntax, rng)
    noise = tuple(each for each in noise_of(rng) if each[0] != "icon" or kind != "PALETTE COLOR")
    truth.words = [
        kind,
        syntax,
        f"{frames} frames",
        f"planar {data.get('PlanarConfiguration')}",
        f"{data.BitsAllocated} bits",
    ]
    truth.words.extend(name for name, _ in noise)
    save(data, folder / "colour", syntax, rng, noise)
    zero, one = np.zeros(3), np.ones(3)
    for number in range(frames):
        truth.frames["colour", number] = TrueFrame(zero, one, one, (1, 1), rgb[number], rgb[number].astype(float))
    return truth


def _rgb_of(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """PS3.3 C.7.6.3.1.2 turned round."""
    y, b, r = (ybr[..., at].astype(np.float64) - (0, 128, 128)[at] for at in range(3))
    rgb = np.stack([y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b], axis=-1)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def _by_palette(
    rng: Generator, data: FileDataset, shape: tuple[int, ...], big: bool
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Indices and their colours (PS3.3 C.7.6.3.1.5): entries of 8 or 16 bits from any first value on."""
    data.SamplesPerPixel = 1
    allocated = int(rng.choice([8, 8, 16]))
    data.BitsAllocated = data.BitsStored = allocated
    data.HighBit = allocated - 1
    signed = bool(allocated == 16 and rng.random() < 0.3)
    data.PixelRepresentation = int(signed)
    entries = int(rng.choice([256, 256, 100, 17])) if allocated == 8 else int(rng.choice([256, 4096, 65536]))
    first = (
        0 if entries in {256, 65536} and not signed else int(rng.choice([0, 5, 100] if not signed else [-2000, 0, 30]))
    )
    bits = int(rng.choice([8, 16]))
    tables = rng.integers(0, 1 << bits, (3, entries))
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        descriptor = [entries & 0xFFFF, first & 0xFFFF, bits]
        data.add_new(f"{name}PaletteColorLookupTableDescriptor", "US", descriptor) if first >= 0 else data.add_new(
            f"{name}PaletteColorLookupTableDescriptor", "SS", [entries if entries < 32768 else 0, first, bits]
        )
        raw = table.astype("<u2" if bits == 16 else "u1").tobytes()
        words = np.frombuffer(raw + b"\0" * (len(raw) % 2), "<u2")  # of a big endian file each is turned round
        data.add_new(f"{name}PaletteColorLookupTableData", "OW", words.astype(">u2" if big else "<u2").tobytes())
    low, high = (-(1 << 15), 1 << 15) if signed else (0, 1 << allocated)
    stored = np.clip(rng.integers(low, high, shape), first - 20 if signed else 0, min(first + entries + 20, high - 1))
    at = np.clip(stored - first, 0, entries - 1)
    rgb = np.stack([table[at] >> (bits - 8) for table in tables], axis=-1).astype(np.uint8)
    return stored.astype(f"{'i' if signed else 'u'}{allocated // 8}"), rgb


def _put(data: FileDataset, planes: NDArray[Any], kind: str, syntax: str, rng: Generator) -> None:
    width = planes.dtype.itemsize
    if syntax in _NATIVE:
        raw = planes
        if kind == "YBR_FULL_422":
            first, second = planes[:, :, ::2], planes[:, :, 1::2]
            raw = np.stack([first[..., 0], second[..., 0], first[..., 1], first[..., 2]], axis=-1)
        elif planes.ndim == 4 and data.PlanarConfiguration:
            raw = np.moveaxis(planes, -1, 1)
        order = ">" if syntax == BIG else "<"
        content = np.ascontiguousarray(raw.astype(raw.dtype.newbyteorder(order))).tobytes()
        data.PixelData = content + b"\0" * (len(content) % 2)
        data["PixelData"].VR = "OW" if width == 2 or syntax == IMPLICIT else "OB"
        return
    items = []
    for plane in planes:
        if syntax == RLE:
            items.append(run_lengths(plane if plane.ndim == 2 else np.ascontiguousarray(plane)))
        elif syntax == JPEG_LS:
            items.append(bytes(imagecodecs.jpegls_encode(plane.view(f"u{width}"), level=0)))
        else:
            items.append(bytes(imagecodecs.jpeg2k_encode(plane, level=0, codecformat="j2k", mct=False)))
    data.PixelData = encapsulate(items, has_bot=bool(rng.random() < 0.5))
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
