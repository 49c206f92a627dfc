"""PMSCT_RLE1: an image in a private element, encoded here by the rules that GDCM's example gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset

from medview.core.problem import MedviewError
from medview.dicom.elscint import SYNTAX
from tests.dicom.reading import catalog_of, only_stack
from tests.phantoms.dicom_series import make_series, positions_along, save_series


def packed(values: np.ndarray) -> bytes:
    """Differences of one byte where they fit, else the value behind 5A; then runs of three and more, and each A5, as A5."""
    steps = bytearray()
    before = 0
    for value in values.ravel().tolist():
        step = value - before
        steps += bytes([step & 255]) if -128 <= step <= 127 and step != 0x5A else bytes([0x5A, value & 255, value >> 8])
        before = value
    out = bytearray()
    at = 0
    while at < len(steps):
        run = 1
        while at + run < len(steps) and run < 256 and steps[at + run] == steps[at]:
            run += 1
        if run > 2 or steps[at] == 0xA5:
            out += bytes([0xA5, run - 1, steps[at]])
        else:
            out += steps[at : at + 1] * run
        at += run
    return bytes(out) + b"\0" * (len(out) % 2)


def series(slices: int = 3) -> tuple[list[FileDataset], np.ndarray]:
    rng = np.random.default_rng(3)
    values = (1000 + np.cumsum(rng.integers(-60, 61, (slices, 20, 24)), axis=2)).astype(np.uint16)
    values[:, 1:3] = rng.integers(0, 4096, (slices, 2, 24))
    values[:, 5:9] = 1000  # runs
    values[:, 10:12] = np.arange(24) + 0x5A
    values[:, 12] = np.cumsum(rng.choice([0x5A, -91, 0x5B, -90], 24)) + 2000  # steps that look like escapes
    made = make_series(positions_along(slices), values=values.astype(np.int32), intercept=0.0)
    for data, plane in zip(made, values, strict=True):
        del data.PixelData
        data.PixelRepresentation = 0
        data.add_new(0x07A10010, "LO", "ELSCINT1")
        data.add_new(0x07A1100A, "OW", packed(plane))
        data.add_new(0x07A11011, "CS", "PMSCT_RLE1")
    return made, values


def test_an_image_in_elscints_private_element_is_read(tmp_path: Path) -> None:
    made, values = series()
    catalog = catalog_of(save_series(made, tmp_path))
    assert not catalog.problems()
    stack = only_stack(tmp_path)
    assert (stack.kind, stack.shape) == ("volume", values.shape)
    assert all(frame.needs_codec for frame in stack.frames)
    np.testing.assert_array_equal([frame.read() for frame in stack.frames], values)


def test_without_the_words_it_stays_an_object_without_pixels(tmp_path: Path) -> None:
    made, _ = series(1)
    made[0][0x07A11011].value = "NONE"
    (problem,) = catalog_of(save_series(made, tmp_path)).problems()
    assert problem.code == "no_pixel_data"


def test_data_that_end_early_are_said_to(tmp_path: Path) -> None:
    made, _ = series(1)
    made[0][0x07A1100A].value = made[0][0x07A1100A].value[:100]
    (frame,) = only_stack(save_series(made, tmp_path)).frames
    with pytest.raises(MedviewError) as caught:
        frame.read()
    assert caught.value.code == "truncated_pixels"


@pytest.mark.skipif(not Path(sys.executable).with_name("dcm2niix").exists(), reason="needs dcm2niix")
def test_dcm2niix_reads_the_same(tmp_path: Path) -> None:
    made, values = series()
    (tmp_path / "out").mkdir()
    program = str(Path(sys.executable).with_name("dcm2niix"))
    save_series(made, tmp_path / "in")
    for path in (tmp_path / "in").iterdir():
        data = pydicom.dcmread(path)
        data.file_meta.TransferSyntaxUID = SYNTAX
        data.save_as(path, implicit_vr=False, little_endian=True)
    np.testing.assert_array_equal([frame.read() for frame in only_stack(tmp_path / "in").frames], values)
    subprocess.run(
        [program, "-b", "n", "-f", "x", "-o", str(tmp_path / "out"), str(tmp_path / "in")],
        check=True,
        capture_output=True,
    )
    theirs = np.asarray(nib.load(tmp_path / "out" / "x.nii").dataobj)
    np.testing.assert_array_equal(theirs[:, ::-1].T, values)
