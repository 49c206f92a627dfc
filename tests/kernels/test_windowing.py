"""Windowing against the formulas of PS3.3 C.11.2.1 and against DCMTK's dcm2pnm on real files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.pixels.processing import apply_modality_lut

from medview.core.display import apply_voi
from medview.core.window import VoiLut, Window
from medview.kernels.windowing import grey_from_lut, grey_from_values
from tests.shared import shared_path

KINDS = ("uint8", "uint16", "int16", "int32", "float32", "float64")


def formula(x: np.ndarray, c: float, w: float, function: str) -> np.ndarray:
    """C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2 with ymin 0 and ymax 255, word for word."""
    x = x.astype(np.float64)
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            return 255 / (1 + np.exp(-4 * (x - c) / w))
    if function == "LINEAR":
        low, high = c - 0.5 - (w - 1) / 2, c - 0.5 + (w - 1) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            ramp = ((x - (c - 0.5)) / (w - 1) + 0.5) * 255
    else:
        low, high = c - w / 2, c + w / 2
        ramp = ((x - c) / w + 0.5) * 255
    return np.where(x <= low, 0, np.where(x > high, 255, ramp))


def all_values(kind: str, c: float, w: float) -> np.ndarray:
    if kind in {"uint8", "uint16", "int16"}:
        bounds = np.iinfo(kind)
        return np.arange(bounds.min, bounds.max + 1).astype(kind).reshape(-1, 16)
    rng = np.random.default_rng(0)
    values = rng.uniform(c - 2 * w, c + 2 * w, (500, 16))
    values[0, :4] = (2e9, -2e9, c, c - w / 2)
    return values.astype(kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(
    ("center", "width"),
    [(40, 400), (40.3, 399.7), (0, 1), (0.5, 2), (1, 2), (-600, 1500), (32768, 65536), (2000.25, 3.5), (-70000, 10)],
)
def test_formulas(kind: str, function: str, center: float, width: float) -> None:
    values = all_values(kind, center, width)
    window = Window(center, width, function)  # type: ignore[arg-type]
    grey = apply_voi(values, window)
    assert grey.dtype == np.uint8
    assert np.abs(grey - formula(values, center, width, function)).max() <= 0.51
    np.testing.assert_array_equal(apply_voi(values, window, inverted=True), 255 - grey)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-40000, 70000),
    st.floats(1, 90000),
    st.lists(st.integers(-32768, 32767), min_size=1, max_size=40),
    st.sampled_from(["LINEAR", "LINEAR_EXACT"]),
)
def test_every_type_gives_the_same_grey(center: float, width: float, values: list[int], function: str) -> None:
    window = Window(center, width, function)  # type: ignore[arg-type]
    stored = np.array([values], np.int16)
    expected = formula(stored, center, width, function)
    for kind in ("int16", "int32", "float32", "float64"):
        grey = apply_voi(stored.astype(kind), window).astype(float)
        at_step = np.abs(stored - window.ramp[0]) * 255 / max(window.ramp[1] - window.ramp[0], 1e-9) < 0.01
        assert np.all((np.abs(grey - expected) <= 0.52) | (at_step & (width < 1.01)))


def test_the_linear_function_is_half_a_step_off_as_the_standard_wants() -> None:
    # dcm4che 1578: W 400, C 40 must give 20, 144, 226 and not 23, 162, 255.
    assert apply_voi(np.array([[-129, 65, 194]], np.int16), Window(40, 400)).tolist() == [[20, 144, 226]]


@pytest.mark.parametrize("shape", [(1, 1), (4, 1), (1, 4), (2, 2), (1, 65), (65, 1), (1, 1, 3), (40, 30, 3)])
@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "float32"])
def test_small_pictures_keep_their_shape(shape: tuple[int, ...], kind: str) -> None:
    values = (np.arange(np.prod(shape)) % 250).astype(kind).reshape(shape)
    for center, width in ((100, 200), (50.3, 20.7)):
        grey = apply_voi(values, Window(center, width))
        assert grey.shape == shape
        assert np.abs(grey - formula(values, center, width, "LINEAR")).max() <= 0.51


def test_what_no_window_can_place() -> None:
    for kind in (np.float32, np.float64):
        odd = np.array([[np.nan, np.inf, -np.inf, 3e38]], kind)
        assert grey_from_values(odd, 0, 10).tolist() == [[0, 255, 0, 255]]
        assert grey_from_values(odd, 0, 10, "SIGMOID")[0, 1:].tolist() == [255, 0, 255]
    huge = np.array([[0, 2**31 - 1, -(2**31)]], np.int32)
    assert grey_from_values(huge, -10, 10).tolist() == [[128, 255, 0]]
    assert grey_from_values(np.array([[3, 4]], np.int16), 3, 3).tolist() == [[0, 255]]


def test_voi_lut() -> None:
    # First value mapped is signed; descriptor 0 means 65536 entries (C.11.2.1.1), which a tuple simply has.
    entries = tuple(range(0, 4096, 16))
    values = np.array([[-200, -100, -99, 155, 156, 3000]], np.int16)
    grey = apply_voi(values, VoiLut(-100, entries, 12))
    assert grey.tolist() == [[0, 0, 1, 254, 254, 254]]
    assert apply_voi(values.astype(np.float32), VoiLut(-100, entries, 12)).tolist() == grey.tolist()
    assert apply_voi(values, VoiLut(-100, entries, 12), True).tolist() == (255 - grey).tolist()
    large = np.arange(65536)
    assert grey_from_lut(np.array([[-32768, 0, 32767]]), -32768, large, 16).tolist() == [[0, 128, 255]]
    # A third descriptor value that is too small must not wrap round.
    assert grey_from_lut(np.array([[0, 1]]), 0, np.array([0, 4095]), 8).tolist() == [[0, 255]]
    assert np.isfinite(apply_voi(np.array([[np.nan]], np.float32), VoiLut(0, entries, 12))).all()


# dcm2pnm -----------------------------------------------------------------------------------------------------------

PYDICOM = "data/pydicom+pydicom/src/pydicom/data/test_files"
CASES = [
    (f"{PYDICOM}/CT_small.dcm", ["+Ww", "40", "400"], Window(40, 400)),
    (f"{PYDICOM}/CT_small.dcm", ["+Ww", "-100", "1"], Window(-100, 1)),
    (f"{PYDICOM}/CT_small.dcm", ["+Ww", "40", "400", "+Wfs"], Window(40, 400, "SIGMOID")),
    (f"{PYDICOM}/MR_small.dcm", ["+Ww", "600", "1600"], Window(600, 1600)),
    (f"{PYDICOM}/MR_small.dcm", ["+Ww", "600.5", "33.5"], Window(600.5, 33.5)),
    (f"{PYDICOM}/MR_small.dcm", ["+Wi", "1"], None),
]


def dcm2pnm(path: Path, options: list[str], out: Path) -> np.ndarray:
    if shutil.which("dcm2pnm") is None:
        pytest.skip("needs dcm2pnm of DCMTK")
    subprocess.run(["dcm2pnm", *options, "+on", path, out], check=True, capture_output=True)
    from PIL import Image

    with Image.open(out) as image:
        return np.asarray(image)


@pytest.mark.parametrize(("relative", "options", "window"), CASES)
def test_real_files_look_as_dcmtk_draws_them(
    relative: str, options: list[str], window: Window | None, tmp_path: Path
) -> None:
    path = shared_path(relative)
    expected = dcm2pnm(path, options, tmp_path / "out.png")
    dataset = pydicom.dcmread(path)
    values = apply_modality_lut(dataset.pixel_array, dataset)
    window = window or Window(float(dataset.WindowCenter), float(dataset.WindowWidth))
    for kind in (values.dtype, np.float32):
        grey = apply_voi(values.astype(kind), window, dataset.PhotometricInterpretation == "MONOCHROME1")
        assert np.abs(grey.astype(int) - expected).max() <= 1
    assert expected.std() > 10


def test_a_real_voi_lut_looks_as_dcmtk_draws_it(tmp_path: Path) -> None:
    path = shared_path("data/pydicom+pydicom-data/data_store/data/vlut_04.dcm")
    expected = dcm2pnm(path, ["+Wl", "1"], tmp_path / "out.png")
    dataset = pydicom.dcmread(path)
    item = dataset.VOILUTSequence[0]
    count, first, bits = item.LUTDescriptor
    data = item.LUTData
    entries = tuple(data) if not isinstance(data, bytes) else tuple(np.frombuffer(data, "<u2"))
    assert len(entries) == (count or 65536)
    lut = VoiLut(int(first), tuple(int(entry) for entry in entries), int(bits))
    values = apply_modality_lut(dataset.pixel_array, dataset)
    assert np.abs(apply_voi(values, lut).astype(int) - expected).max() <= 1
