"""Files in which one attribute of grey, colour or layout varies, for comparing with DCMTK picture by picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from tests.dicom.pixel_files import write_pixels
from tests.oracles.variants import colour, grey

BIG = "1.2.840.10008.1.2.2"
IMPLICIT = "1.2.840.10008.1.2"


def written(folder: Path, name: str, cells: NDArray[Any], **more: Any) -> Path:
    """One grey file with exactly these cells."""
    options = {"stored": 8 * cells.itemsize, "signed": cells.dtype.kind == "i", **more}
    frames = options.pop("frames", 1)
    vr = options.pop("vr", "OB" if cells.itemsize == 1 else "OW")
    raw = cells.tobytes()
    if options.get("syntax") == BIG:
        wide = cells.astype(cells.dtype.newbyteorder(">"))
        raw = wide.tobytes() if cells.itemsize != 1 or vr == "OB" else _swapped(cells.tobytes())
    return write_pixels(
        folder / f"{name}.dcm",
        raw + b"\0" * (len(raw) % 2),
        rows=cells.shape[-2],
        columns=cells.shape[-1],
        allocated=8 * cells.itemsize,
        frames=frames,
        vr=vr,
        **options,
    )


def _swapped(raw: bytes) -> bytes:
    return np.frombuffer(raw + b"\0" * (len(raw) % 2), ">u2").astype("<u2").tobytes()


def bit_files(folder: Path) -> Iterator[Path]:
    """BitsStored, HighBit and sign in all cells of 8, 16 and 32 bits, with rubbish in the bits beside."""
    noise = np.random.default_rng(5)
    for width in (8, 16, 32):
        for bits in (1, 2, 7, 8) if width == 8 else (8, 10, 12, 15, 16) if width == 16 else (12, 16, 24, 31, 32):
            for high in sorted({bits - 1, width - 1, (bits - 1 + width - 1) // 2}):
                for signed in (False, True):
                    if signed and bits == 1:
                        continue
                    top = 1 << bits
                    values = grey(-top // 2, top // 2 - 1) if signed else grey(0, top - 1)
                    shift = high + 1 - bits
                    cells = (values & (top - 1)) << shift
                    rubbish = noise.integers(0, 1 << min(width, 31), cells.shape)
                    cells |= rubbish & ~(((1 << bits) - 1) << shift) & ((1 << width) - 1)
                    kind = f"{'i' if signed else 'u'}{width // 8}"
                    name = f"bits-{width}-{bits}-{high}-{'s' if signed else 'u'}"
                    yield written(folder, name, cells.astype(np.uint64).astype(kind), stored=bits, high=high)


def grey_files(folder: Path) -> Iterator[Path]:
    """Windows, functions, polarity and transforms."""
    values = grey(0, 4095).astype("u2")
    signed = grey(-2048, 2047).astype("i2")
    number = 0
    for function in ("", "LINEAR", "SIGMOID"):
        for center, width in (
            ("40", "400"),
            ("2048", "4096"),
            ("300.5", "1"),
            ("300", "2"),
            ("-100", "3"),
            ("1e3", "8.5E2"),
            ("40\\600", "400\\1500"),
            ("5000", "100"),
        ):
            for photometric, shape in (("MONOCHROME2", ""), ("MONOCHROME1", ""), ("MONOCHROME2", "INVERSE")):
                number += 1
                more: dict[str, Any] = {"photometric": photometric, "stored": 12}
                more["WindowCenter"], more["WindowWidth"] = center.split("\\"), width.split("\\")
                if function:
                    more["VOILUTFunction"] = function
                if shape:
                    more["PresentationLUTShape"] = shape
                more["RescaleSlope"], more["RescaleIntercept"] = "1", "-1024"
                yield written(folder, f"window-{number}", values, **more)
    for slope, intercept in (
        ("2", "-7"),
        ("-1", "0"),
        ("-2", "4095"),
        ("0.5", "3.25"),
        ("1", "0"),
        ("1E1", "-1E3"),
        ("0.001", "0"),
    ):
        for cells in (values, signed):
            number += 1
            yield written(folder, f"rescale-{number}", cells, stored=12, RescaleSlope=slope, RescaleIntercept=intercept)
            yield written(
                folder,
                f"rescale-window-{number}",
                cells,
                stored=12,
                RescaleSlope=slope,
                RescaleIntercept=intercept,
                WindowCenter="100",
                WindowWidth="900",
            )


def lut(count: int, first: int, bits: int, entries: NDArray[Any], vr: str = "US", kind: str | None = None) -> Dataset:
    """An item of a Modality or VOI LUT Sequence."""
    item = Dataset()
    signed = vr == "SS"
    item.add_new(0x00283002, vr, [count % 65536 if not signed else count, first, bits])
    if kind is not None:
        item.ModalityLUTType = kind
    item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return item


def lut_files(folder: Path) -> Iterator[Path]:
    """Modality and VOI LUTs of all depths, first values of both signs, tables shorter and longer than the values."""
    ramp = np.arange(4096)
    curve = (4095 * np.sqrt(ramp / 4095)).astype(int)
    for signed in (False, True):
        cells = grey(-2048, 2047).astype("i2") if signed else grey(0, 4095).astype("u2")
        first = -2048 if signed else 0
        for name, count, start, bits, entries in (
            ("whole", 4096, first, 12, curve),
            ("short", 1000, first + 500, 16, curve[500:1500] * 16),
            ("8", 4096, first, 8, curve // 16),
            ("10", 4096, first, 10, curve // 4),
            ("falling", 4096, first, 12, curve[::-1]),
        ):
            item = lut(count, start, bits, entries, "SS" if signed else "US", "US")
            tag = f"{name}-{'s' if signed else 'u'}"
            yield written(folder, f"mlut-{tag}", cells, stored=12, ModalityLUTSequence=Items([item]))
            window = {"WindowCenter": "700", "WindowWidth": "900"}
            yield written(folder, f"mlut-window-{tag}", cells, stored=12, ModalityLUTSequence=Items([item]), **window)
            voi = lut(count, start, bits, entries, "SS" if signed else "US")
            yield written(folder, f"vlut-{tag}", cells, stored=12, VOILUTSequence=Items([voi]))
            mono1 = {"photometric": "MONOCHROME1"}
            yield written(folder, f"vlut-mono1-{tag}", cells, stored=12, VOILUTSequence=Items([voi]), **mono1)
            both = lut(4096, 0, 12, curve, "US", "US")
            after = lut(4096, 0, bits, (curve[::-1] * ((1 << bits) - 1)) // 4095, "US")
            if not signed:
                yield written(
                    folder,
                    f"mlut-vlut-{tag}",
                    cells,
                    stored=12,
                    ModalityLUTSequence=Items([both]),
                    VOILUTSequence=Items([after]),
                )
    wide = grey(0, 65535).astype("u2")
    whole = lut(65536, 0, 16, 65535 - np.arange(65536), "US", "US")
    yield written(folder, "mlut-65536", wide, ModalityLUTSequence=Items([whole]))
    rescaled = lut(2048, -1024, 12, curve[::2], "SS")
    more = {"RescaleSlope": "1", "RescaleIntercept": "-1024", "VOILUTSequence": Items([rescaled])}
    yield written(folder, "vlut-rescaled", grey(0, 4095).astype("u2"), stored=12, **more)


def palette_files(folder: Path) -> Iterator[Path]:
    """Palettes of 8 and 16 bits, first values, short tables, indices of 8 and 16 bits."""
    for width, entries, first, bits in (
        (8, 256, 0, 16),
        (8, 256, 0, 8),
        (8, 200, 20, 16),
        (16, 65536, 0, 16),
        (16, 4096, 100, 16),
        (8, 16, 0, 16),
    ):
        cells = grey(0, min((1 << width) - 1, 255 if width == 8 else 4500)).astype(f"u{width // 8}")
        ramp = np.linspace(0, 1, entries)
        more: dict[str, Any] = {}
        for name, curve in (("Red", ramp), ("Green", ramp[::-1]), ("Blue", ramp**2)):
            top = (1 << bits) - 1
            table = np.round(curve * top)
            more[f"{name}PaletteColorLookupTableDescriptor"] = [entries % 65536, first, bits]
            raw = table.astype("<u2").tobytes() if bits == 16 else table.astype("u1").tobytes()
            more[f"{name}PaletteColorLookupTableData"] = raw + b"\0" * (len(raw) % 2)
        name = f"palette-{width}-{entries}-{first}-{bits}"
        yield written(folder, name, cells, photometric="PALETTE COLOR", **more)
        if bits == 8:
            spaced = {
                key: (np.frombuffer(value, "u1").astype("<u2").tobytes() if key.endswith("Data") else value)
                for key, value in more.items()
            }
            yield written(folder, f"{name}-in-words", cells, photometric="PALETTE COLOR", **spaced)


def colour_files(folder: Path) -> Iterator[Path]:
    """Colour models of PS3.3 C.7.6.3.1.2, the retired ones among them, in both planar configurations and byte orders."""
    rgb = colour(36, 50).astype(np.float64)
    matrix = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    ybr = np.clip(np.round(rgb @ matrix.T + [0, 128, 128]), 0, 255)
    narrow = np.round(ybr * [219 / 255, 224 / 255, 224 / 255] + [16, 16, 16]).clip(0, 255)
    models = {"RGB": rgb, "YBR_FULL": ybr, "HSV": rgb, "CMYK": None, "ARGB": None}
    for name, picture in models.items():
        samples = 4 if picture is None else 3
        if picture is None:
            extra = np.full((*rgb.shape[:2], 1), 30 if name == "CMYK" else 0)
            picture = np.concatenate([rgb, extra] if name == "CMYK" else [extra, rgb], axis=-1)
        cells = picture.astype("u1")
        for planar in (0, 1):
            for syntax in ("1.2.840.10008.1.2.1", BIG):
                raw = cells if planar == 0 else np.moveaxis(cells, -1, 0)
                yield write_pixels(
                    folder / f"colour-{name}-{planar}-{syntax[-1]}.dcm",
                    np.ascontiguousarray(raw).tobytes(),
                    syntax,
                    rows=36,
                    columns=50,
                    samples=samples,
                    allocated=8,
                    photometric=name,
                    planar=planar,
                    vr="OB",
                )
    for name, picture in (("YBR_FULL_422", ybr), ("YBR_PARTIAL_422", narrow)):
        pairs = picture.reshape(36, 25, 2, 3)
        chroma = pairs[..., 1:].mean(axis=2)
        cells = np.concatenate([pairs[..., 0], chroma], axis=-1).round().astype("u1")
        yield write_pixels(
            folder / f"colour-{name}.dcm",
            cells.tobytes(),
            rows=36,
            columns=50,
            samples=3,
            allocated=8,
            photometric=name,
            vr="OB",
        )
    deep = np.round(rgb * 257).astype("<u2")
    for bits in (16, 12, 10):
        yield write_pixels(
            folder / f"colour-deep-{bits}.dcm",
            (deep >> (16 - bits)).astype("<u2").tobytes(),
            rows=36,
            columns=50,
            samples=3,
            allocated=16,
            stored=bits,
            photometric="RGB",
            vr="OW",
        )


def layout_files(folder: Path) -> Iterator[Path]:
    """The same pixels under other VRs, byte orders, lengths and aspect ratios."""
    bytes8, words = grey(0, 255, 37, 51).astype("u1"), grey(0, 4095, 37, 51).astype("u2")
    frames = np.stack([grey(0, 255, 37, 51, seed).astype("u1") for seed in (1, 2, 3)])
    yield written(folder, "layout-ob-words", words, stored=12, vr="OB")
    yield written(folder, "layout-ow-bytes", bytes8, vr="OW")
    yield written(folder, "layout-big-ow-bytes", bytes8, vr="OW", syntax=BIG)
    yield written(folder, "layout-big-ob-bytes", bytes8, vr="OB", syntax=BIG)
    yield written(folder, "layout-big-words", words, stored=12, syntax=BIG)
    yield written(folder, "layout-big-frames-ow", frames, frames=3, vr="OW", syntax=BIG)
    yield written(folder, "layout-frames-odd", frames, frames=3)
    yield written(folder, "layout-implicit", words, stored=12, syntax=IMPLICIT)
    yield written(folder, "layout-aspect", bytes8, PixelAspectRatio=[3, 2])
    yield written(folder, "layout-spacing", bytes8, PixelSpacing=[0.5, 0.25])
    for name, signed in (("u", False), ("s", True)):
        cells = grey(-900, 900).astype("i2") if signed else grey(0, 4095).astype("u2")
        more = {"WindowCenter": "400", "WindowWidth": "1000"}
        path = written(folder, f"layout-padding-{name}", cells, stored=16, **more)
        yield path


KINDS = (bit_files, grey_files, lut_files, palette_files, colour_files, layout_files)


def all_looks(folder: Path, every: int = 1) -> Iterator[Path]:
    """Everything above, or one of ``every``."""
    for make in KINDS:
        for number, path in enumerate(make(folder)):
            if number % every == 0:
                yield path
