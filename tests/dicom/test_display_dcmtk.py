"""Phantoms of every way to store and window a pixel, drawn by render and by DCMTK's dcm2pnm: at most 1 of 255 apart."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from medview.app.headless import choose_stack
from medview.app.rendering import RenderWish, render_stack
from tests.dicom.pixel_files import write_pixels

pytestmark = [pytest.mark.beside, pytest.mark.skipif(shutil.which("dcm2pnm") is None, reason="needs DCMTK's dcm2pnm")]

ROWS, COLUMNS = 12, 16
BOTH = ("MONOCHROME1", "MONOCHROME2")
RNG = np.random.default_rng(0)


def difference(path: Path, *options: str) -> int:
    """The largest difference of any pixel between the two pictures of a file."""
    ours, theirs = path.with_suffix(".ours.png"), path.with_suffix(".theirs.png")
    render_stack(choose_stack([str(path)], None), RenderWish(), str(ours))
    subprocess.run(["dcm2pnm", *options, "+on", str(path), str(theirs)], check=True, capture_output=True)
    pictures = [np.asarray(Image.open(each).convert("RGB")).astype(int) for each in (ours, theirs)]
    return int(np.abs(pictures[0] - pictures[1]).max())


def grey(path: Path, values: np.ndarray, **options) -> Path:
    return write_pixels(path, values.tobytes(), rows=ROWS, columns=COLUMNS, **options)


def lut(entries: np.ndarray, first: int, bits: int, signed: bool = False) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "SS" if signed else "US", [len(entries), first, bits])
    item.ModalityLUTType = "US"
    item.add_new(0x00283006, "OW", entries.astype("u1" if bits <= 8 else "<u2").tobytes())
    return item


@pytest.mark.parametrize(("allocated", "stored"), [(8, 1), (8, 5), (8, 8), (16, 9), (16, 12), (16, 16), (32, 24)])
def test_bits_sign_and_polarity(tmp_path: Path, allocated: int, stored: int) -> None:
    for signed, photometric in itertools.product((False, True), BOTH):
        if signed and stored == 1:
            continue
        low, high = (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
        values = np.linspace(low, high, ROWS * COLUMNS).astype(np.int64).reshape(ROWS, COLUMNS)
        for high_bit in {stored - 1, allocated - 1}:
            raw = ((values & ((1 << stored) - 1)) << high_bit + 1 - stored).astype(f"u{allocated // 8}")
            path = grey(
                tmp_path / "a.dcm", raw, allocated=allocated, stored=stored, high=high_bit, signed=signed,
                photometric=photometric, WindowCenter=f"{(low + high) / 2:.6g}",
                WindowWidth=f"{(high - low) * 0.6 + 1.5:.6g}", vr="OB" if allocated == 8 else "OW",
            )  # fmt: skip
            assert difference(path, "+Wi", "1") <= 1, (signed, photometric, high_bit)


@pytest.mark.parametrize("function", ["LINEAR", "SIGMOID"])
def test_rescale_and_window_functions(tmp_path: Path, function: str) -> None:
    """Whole slopes only: DCMTK rounds modality values to whole numbers, and knows no LINEAR_EXACT."""
    values = np.arange(-100, 92, dtype=np.int16).reshape(ROWS, COLUMNS)
    for slope, intercept, photometric in itertools.product((1, 3, -2), (0, -1024), BOTH):
        path = grey(
            tmp_path / "a.dcm", values, signed=True, photometric=photometric, RescaleSlope=str(slope),
            RescaleIntercept=str(intercept), WindowCenter=str(intercept), WindowWidth=str(100 * abs(slope)),
            VOILUTFunction=function,
        )  # fmt: skip
        assert difference(path, "+Wi", "1") <= 1, (slope, intercept, photometric)


@pytest.mark.parametrize("width", ["1", "1.5", "2", "3"])
def test_the_narrowest_windows(tmp_path: Path, width: str) -> None:
    values = np.arange(-100, 92, dtype=np.int16).reshape(ROWS, COLUMNS)
    path = grey(tmp_path / "a.dcm", values, signed=True, WindowCenter="0", WindowWidth=width)
    assert difference(path, "+Wi", "1") <= 1


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_modality_luts(tmp_path: Path, bits: int) -> None:
    entries = (np.sqrt(np.arange(150) / 150) * ((1 << bits) - 1)).astype(int)
    middle = str(1 << bits - 1)
    for first, signed, photometric in itertools.product((0, 20), (False, True), BOTH):
        values = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) - (90 if signed else 0)
        path = grey(
            tmp_path / "a.dcm", values.astype(np.int16), signed=signed, photometric=photometric, WindowCenter=middle,
            WindowWidth=middle, ModalityLUTSequence=[lut(entries, first - (60 if signed else 0), bits, signed)],
        )  # fmt: skip
        assert difference(path, "+Wi", "1") <= 1, (first, signed, photometric)


@pytest.mark.parametrize("kind", ["12.1", "12.2"])
def test_x_ray_projections_are_windowed_as_stored(tmp_path: Path, kind: str) -> None:
    """Their modality transform leads back to intensities and is not for display (PS3.4 N.2.1.2)."""
    values = np.arange(ROWS * COLUMNS, dtype=np.uint16).reshape(ROWS, COLUMNS)
    entries = (65535 * np.exp(-np.arange(ROWS * COLUMNS) / 50)).astype(int)
    for options in (
        {"ModalityLUTSequence": [lut(entries, 0, 16)]},
        {"RescaleSlope": "-2", "RescaleIntercept": "900", "RescaleType": "US"},
    ):
        for relation, photometric in itertools.product(("LIN", "LOG", "DISP"), BOTH):
            path = grey(
                tmp_path / "a.dcm", values, photometric=photometric, WindowCenter="90", WindowWidth="100",
                SOPClassUID=f"1.2.840.10008.5.1.4.1.1.{kind}", Modality="XA" if kind == "12.1" else "RF",
                PixelIntensityRelationship=relation, **options,
            )  # fmt: skip
            assert difference(path, "+Wi", "1") <= 1, (options, relation, photometric)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_voi_luts(tmp_path: Path, bits: int) -> None:
    entries = ((np.arange(150) / 150) ** 2 * ((1 << bits) - 1)).astype(int)
    for first, intercept, signed, photometric in itertools.product((0, -60), (0, -50), (False, True), BOTH):
        if first + intercept < 0 and not signed and not intercept:
            continue
        values = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) - (90 if signed else 0)
        path = grey(
            tmp_path / "a.dcm", values.astype(np.int16), signed=signed, photometric=photometric, RescaleSlope="1",
            RescaleIntercept=str(intercept), VOILUTSequence=[lut(entries, first + intercept, bits, True)],
        )  # fmt: skip
        assert difference(path, "+Wl", "1") <= 1, (first, intercept, signed, photometric)


def test_presentation_lut_shapes(tmp_path: Path) -> None:
    values = np.arange(ROWS * COLUMNS, dtype=np.uint16).reshape(ROWS, COLUMNS)
    for photometric, shape in itertools.product(BOTH, ("IDENTITY", "INVERSE")):
        path = grey(
            tmp_path / "a.dcm", values, photometric=photometric, PresentationLUTShape=shape, WindowCenter="90",
            WindowWidth="100",
        )  # fmt: skip
        assert difference(path, "+Wi", "1") <= 1, (photometric, shape)


def test_the_second_window_of_a_file(tmp_path: Path) -> None:
    values = np.arange(ROWS * COLUMNS, dtype=np.uint16).reshape(ROWS, COLUMNS)
    path = grey(tmp_path / "a.dcm", values, WindowCenter=["30", "100"], WindowWidth=["20", "90"])
    assert difference(path, "+Wi", "1") <= 1
    assert difference(path, "+Wi", "2") > 50


@pytest.mark.parametrize("planar", [0, 1])
def test_colours(tmp_path: Path, planar: int) -> None:
    """YBR within 2: DCMTK cuts each product of the equations (PS3.3 C.7.6.3.1.2) before it adds them."""
    rgb = RNG.integers(0, 256, (ROWS, COLUMNS, 3)).astype(np.uint8)
    for photometric, allocated in itertools.product(("RGB", "YBR_FULL"), (8, 16)):
        wide = rgb.astype(f"u{allocated // 8}") << (allocated - 8)
        stored = np.moveaxis(wide, -1, 0) if planar else wide
        path = write_pixels(
            tmp_path / "a.dcm", np.ascontiguousarray(stored).tobytes(), rows=ROWS, columns=COLUMNS, samples=3,
            allocated=allocated, photometric=photometric, planar=planar, vr="OB" if allocated == 8 else "OW",
        )  # fmt: skip
        assert difference(path) <= (1 if photometric == "RGB" else 2), (photometric, allocated)


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_PARTIAL_422"])
def test_subsampled_colours(tmp_path: Path, photometric: str) -> None:
    pairs = RNG.integers(20, 230, (ROWS, COLUMNS // 2, 4)).astype(np.uint8)
    path = write_pixels(
        tmp_path / "a.dcm", pairs.tobytes(), rows=ROWS, columns=COLUMNS, samples=3, allocated=8,
        photometric=photometric, vr="OB",
    )  # fmt: skip
    assert difference(path) <= 2


@pytest.mark.parametrize("bits", [8, 16])
def test_palettes(tmp_path: Path, bits: int) -> None:
    tables = [RNG.integers(0, 1 << bits, 100) for _ in range(3)]
    for allocated, signed, first in ((8, False, 0), (16, False, 10), (16, True, -20)):
        options = {}
        for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
            options[f"{name}PaletteColorLookupTableDescriptor"] = [100, first, bits]
            options[f"{name}PaletteColorLookupTableData"] = table.astype("<u2" if bits == 16 else "u1").tobytes()
        values = (np.arange(ROWS * COLUMNS) - (60 if signed else 0)).astype(f"u{allocated // 8}")
        path = grey(
            tmp_path / "a.dcm", values.reshape(ROWS, COLUMNS), allocated=allocated, signed=signed,
            photometric="PALETTE COLOR", vr="OB" if allocated == 8 else "OW", **options,
        )  # fmt: skip
        assert difference(path) <= 1, (allocated, signed, first)
