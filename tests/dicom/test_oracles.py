"""Geometry against readers that share no code with ours: dcm2niix on real studies and phantoms, highdicom on a series."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from medview.core.study import Stack
from tests.dicom.reading import modality_values, only_stack, stacks_of
from tests.phantoms.dicom_series import (
    AXIAL,
    make_enhanced,
    make_series,
    marker_values,
    positions_along,
    save_series,
)
from tests.shared import shared_path

nibabel = pytest.importorskip("nibabel")


def niftis(folder: Path, target: Path) -> list:
    """What dcm2niix makes of a folder, without its resampled extras."""
    program = Path(sys.executable).with_name("dcm2niix")
    if not program.exists():
        pytest.skip("dcm2niix is not installed beside this Python")
    target.mkdir(parents=True)
    command = [str(program), "-z", "n", "-b", "n", "-m", "n", "-p", "n", "-f", "%s_%j", "-o", str(target), str(folder)]
    subprocess.run(command, capture_output=True, check=False)
    return [nibabel.load(path) for path in sorted(target.glob("*.nii")) if not path.stem.endswith(("_Eq", "_Tilt"))]


def canonical(affine: np.ndarray, shape: tuple[int, ...], values: np.ndarray | None = None):
    """Axes flipped and swapped to lie nearest to right, anterior, superior, so that the order of storing is no matter."""
    image = nibabel.Nifti1Image(np.zeros(shape, np.uint8) if values is None else values, affine)
    return nibabel.as_closest_canonical(image)


def agreeing(stacks: list[Stack], image, tolerance: float = 1e-3) -> list[Stack]:
    """Stacks with the grid of a NIfTI image."""
    theirs = canonical(image.affine, (*image.shape[:3], *(1,) * (3 - len(image.shape[:3]))))
    found = []
    for stack in stacks:
        if stack.geometry is None:
            continue
        ours = canonical(np.diag([-1, -1, 1, 1.0]) @ stack.geometry.affine, stack.shape[::-1])
        if ours.shape == theirs.shape and np.abs(ours.affine - theirs.affine).max() <= tolerance:
            found.append(stack)
    return found


REGULAR = [
    ("profmcdan+dicom-project/data/767", 1),
    ("FNNDSC+SAG-anon", 1),
    ("icometrix+dicom2nifti/tests/data/philips_enhanced", 3),
    ("icometrix+dicom2nifti/tests/data/hyperfine", 1),
    ("QIICR+dcmqi/data/segmentations/ct-3slice", 1),
]


@pytest.mark.parametrize(("folder", "volumes"), REGULAR)
def test_the_affine_is_that_of_dcm2niix(tmp_path: Path, folder: str, volumes: int) -> None:
    path = shared_path(f"data/{folder}")
    images = niftis(path, tmp_path / "nifti")
    stacks = stacks_of(path)
    assert len(images) == volumes
    for image in images:
        (stack,) = agreeing(stacks, image)
        assert stack.timepoints == (image.shape[3] if image.ndim > 3 else 1)


def test_slices_of_a_long_pet_lie_at_both_ends_where_their_files_say(tmp_path: Path) -> None:
    """dcm2niix multiplies the first distance by 298 and is 5 µm off at the end; positions of the files decide."""
    path = shared_path("data/FNNDSC+data/dicom/rsna_2")
    image = next(image for image in niftis(path, tmp_path / "nifti") if image.shape[2] == 299)
    (stack,) = agreeing(stacks_of(path), image, tolerance=0.01)
    assert stack.kind == "volume"


@pytest.mark.parametrize("time", range(4))
def test_values_are_those_of_dcm2niix(tmp_path: Path, time: int) -> None:
    path = shared_path("data/icometrix+dicom2nifti/tests/data/philips_enhanced")
    image = next(image for image in niftis(path, tmp_path / "nifti") if image.shape[:3] == (64, 64, 8))
    (stack,) = agreeing(stacks_of(path), image)
    theirs = canonical(image.affine, image.shape[:3], np.asarray(image.dataobj)[..., time])
    ours = np.diag([-1, -1, 1, 1.0]) @ stack.geometry.affine
    values = modality_values(stack, time).transpose(2, 1, 0).astype(np.float64)
    # dcm2niix gives Philips' quantitative values where it can: the same up to one factor.
    mine, other = canonical(ours, values.shape, values).get_fdata(), theirs.get_fdata()
    slope, offset = np.polyfit(mine.ravel(), other.ravel(), 1)
    assert np.abs(slope * mine + offset - other).max() <= 1e-3 * np.ptp(other)


@pytest.mark.parametrize("kind", ["plain", "mirrored", "oblique", "enhanced", "descending"])
def test_phantoms_agree_with_dcm2niix(tmp_path: Path, kind: str) -> None:
    orientation = {
        "mirrored": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        "oblique": (0.8, 0.6, 0.0, 0.0, 0.0, -1.0),
    }.get(kind, AXIAL)
    positions = positions_along(orientation=orientation, step=-2.5 if kind == "descending" else 2.5)
    if kind == "enhanced":
        save_series([make_enhanced()], tmp_path / "in")  # in order: dcm2niix misplaces shuffled frames
    else:
        save_series(make_series(positions, orientation), tmp_path / "in")
    (image,) = niftis(tmp_path / "in", tmp_path / "out")
    stack = only_stack(tmp_path / "in")
    assert agreeing([stack], image) == [stack]
    affine = np.diag([-1, -1, 1, 1.0]) @ stack.geometry.affine
    ours = canonical(affine, stack.shape[::-1], modality_values(stack).transpose(2, 1, 0).astype(np.int16))
    theirs = canonical(image.affine, image.shape, np.asarray(image.dataobj).astype(np.int16))
    assert np.array_equal(np.asarray(ours.dataobj), np.asarray(theirs.dataobj))


@pytest.mark.filterwarnings("ignore")
def test_highdicom_places_a_series_where_we_do(tmp_path: Path) -> None:
    import highdicom

    orientation = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)
    series = make_series(positions_along(orientation=orientation), orientation)
    stack = only_stack(save_series(series, tmp_path))
    volume = highdicom.get_volume_from_series(series)
    theirs = volume.affine  # (k, j, i) → LPS, k perhaps the other way
    corners = np.array([[k, j, i, 1] for k in (0, 11) for j in (0, 23) for i in (0, 31)], dtype=float)
    points = (corners @ theirs.T)[:, :3]
    back = stack.geometry.patient_to_voxel(points)
    assert np.allclose(np.sort(back, axis=0), np.sort(corners[:, :3], axis=0), atol=1e-6)
    assert np.array_equal(np.sort(modality_values(stack).ravel()), np.sort(marker_values().ravel()))
