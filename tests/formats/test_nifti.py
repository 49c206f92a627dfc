"""NIfTI read and written against nibabel."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError
from medview.core.study import Stack
from medview.formats.volume_file import read_volume_stack
from medview.formats.writing import smallest_integers, write_volume
from tests.shared import shared_path

RNG = np.random.default_rng(5)


def rotation(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def affine(flips: tuple[int, int, int] = (1, 1, 1), angle: float = 0.3) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(angle) * (np.array([0.7, 0.9, 2.5]) * flips)
    matrix[:3, 3] = (-120.5, 33.25, 700.125)
    return matrix


def assert_every_voxel_lies_where_nibabel_says(stack: Stack, path: Path, data: np.ndarray) -> None:
    """Value and place of every voxel, whatever the order in which the slices are kept."""
    assert stack.geometry is not None
    assert stack.whole is not None
    values = stack.whole.read()
    assert np.linalg.det(stack.geometry.affine[:3, :3]) > 0
    ours = stack.geometry.voxel_to_patient(np.moveaxis(np.indices(stack.shape), 0, -1))
    theirs = nib.load(path)
    ijk = np.moveaxis(np.indices(data.shape), 0, -1)
    ras = nib.affines.apply_affine(theirs.affine, ijk)
    lps = (ras * [-1, -1, 1]).transpose(2, 1, 0, 3)
    by_k = data.transpose(2, 1, 0)
    if stack.stored_reversed:
        lps, by_k = lps[::-1], by_k[::-1]
    assert np.allclose(ours, lps, atol=1e-3)
    assert np.array_equal(values, by_k)


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1), (-1, -1, 1), (-1, -1, -1)])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_every_handedness_is_read_where_it_lies(tmp_path: Path, flips: tuple[int, int, int], ending: str) -> None:
    data = RNG.integers(-1000, 1000, (7, 6, 5)).astype(np.int16)
    path = tmp_path / f"volume{ending}"
    nib.save(nib.Nifti1Image(data, affine(flips)), path)
    assert_every_voxel_lies_where_nibabel_says(read_volume_stack(path), path, data)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.float32, np.float64, np.uint16, np.int8, np.int64])
@pytest.mark.parametrize("image_class", [nib.Nifti1Image, nib.Nifti2Image])
def test_every_type_and_both_versions(tmp_path: Path, kind: type, image_class: type) -> None:
    data = RNG.integers(0, 100, (4, 5, 6)).astype(kind)
    path = tmp_path / "volume.nii.gz"
    nib.save(image_class(data, affine(), dtype=kind), path)
    stack = read_volume_stack(path)
    assert stack.dtype == np.dtype(kind).name
    assert_every_voxel_lies_where_nibabel_says(stack, path, data)


def test_big_endian(tmp_path: Path) -> None:
    data = RNG.integers(-9, 9, (4, 5, 6)).astype(">i2")
    path = tmp_path / "volume.nii"
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    nib.save(nib.Nifti1Image(data, affine(), header), path)
    assert_every_voxel_lies_where_nibabel_says(read_volume_stack(path), path, data)


def test_qform_alone_is_used_and_a_180_degree_turn_survives(tmp_path: Path) -> None:
    for angle in (0.0, 0.4, np.pi):
        matrix = np.diag([1.0, 1.0, 1.0, 1.0])
        c, s = np.cos(angle), np.sin(angle)
        matrix[:3, :3] = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) * [1.5, 2, 3]
        image = nib.Nifti1Image(np.zeros((3, 4, 5), np.int16), None)
        image.set_qform(matrix, 1)
        image.set_sform(None, 0)
        path = tmp_path / "q.nii"
        nib.save(image, path)
        stack = read_volume_stack(path)
        assert_every_voxel_lies_where_nibabel_says(stack, path, np.zeros((3, 4, 5), np.int16))
        assert not stack.notes


def test_missing_and_contradicting_orientations_are_said(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((3, 4, 5), np.int16), None)
    image.header.set_qform(None, 0)
    image.header.set_sform(None, 0)
    nib.save(image, tmp_path / "none.nii")
    assert [note.code for note in read_volume_stack(tmp_path / "none.nii").notes] == ["orientation_unknown"]
    both = nib.Nifti1Image(np.zeros((3, 4, 5), np.int16), affine())
    both.set_qform(affine((1, 1, 1), 0.8), 1)
    both.set_sform(affine(), 2)
    nib.save(both, tmp_path / "both.nii")
    stack = read_volume_stack(tmp_path / "both.nii")
    assert [note.code for note in stack.notes] == ["sform_qform_differ"]
    assert_every_voxel_lies_where_nibabel_says(stack, tmp_path / "both.nii", np.zeros((3, 4, 5), np.int16))


def test_scaling_is_a_modality_transform_not_a_change_of_what_is_stored(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), affine())
    image.header.set_slope_inter(0.5, -10)
    path = tmp_path / "scaled.nii.gz"
    nib.save(image, path)
    stack = read_volume_stack(path)
    assert stack.whole is not None
    stored = stack.whole.read()
    got = stack.transform.apply(stored[0], 0)
    want = np.asarray(nib.load(path).dataobj).transpose(2, 1, 0)[0]
    assert stored.dtype == np.int16
    assert np.allclose(got, want)


def test_time_points_and_their_labels(tmp_path: Path) -> None:
    data = RNG.integers(0, 9, (4, 5, 3, 2)).astype(np.int16)
    image = nib.Nifti1Image(data, affine((1, 1, -1)))
    image.header["pixdim"][4] = 2.5
    image.header.set_xyzt_units("mm", "sec")
    path = tmp_path / "timed.nii.gz"
    nib.save(image, path)
    stack = read_volume_stack(path)
    assert (stack.shape, stack.timepoints, stack.time_labels) == ((3, 5, 4), 2, ("0 s", "2.5 s"))
    assert stack.whole is not None
    got = stack.whole.read().reshape(2, 3, 5, 4)
    want = data.transpose(3, 2, 1, 0)
    assert np.array_equal(got, want[:, ::-1] if stack.stored_reversed else want)


def test_written_files_are_read_by_nibabel_with_shear_and_integers(tmp_path: Path) -> None:
    matrix = Geometry.from_directions((4, 5, 6), (3, -7, 11), (1, 0, 0), (0, 1, 0), (2.5, 1.5, 0.75)).affine.copy()
    matrix[:3, 2] += (0, 0.6, 0)
    for sheared in (False, True):
        lps = (
            matrix
            if sheared
            else Geometry.from_directions(
                (4, 5, 6), (3, -7, 11), (0.6, 0.8, 0), (-0.8, 0.6, 0), (2.5, 1.5, 0.75)
            ).affine
        )
        geometry = Geometry((4, 5, 6), lps)
        assert geometry.is_sheared is sheared
        values = RNG.integers(-1000, 3000, geometry.shape).astype(np.int32)
        for reverse in (False, True):
            path = tmp_path / "out.nii.gz"
            write_volume(path, smallest_integers(values), geometry, reverse_k=reverse)
            image = nib.load(path)
            data = np.asarray(image.dataobj)
            assert data.dtype == np.int16
            order = data.transpose(2, 1, 0)
            assert np.array_equal(order[::-1] if reverse else order, values)
            k = 0 if not reverse else 3
            ras = nib.affines.apply_affine(image.affine, [2, 1, k])
            assert np.allclose(ras * [-1, -1, 1], geometry.voxel_to_patient([0, 1, 2]), atol=1e-4)
            assert bool(image.header["qform_code"] == 0) is sheared
            if not sheared:
                assert np.allclose(image.get_qform(), image.get_sform(), atol=1e-4)
            back = read_volume_stack(path)
            assert back.geometry is not None
            assert back.geometry.same_grid(geometry)
            assert back.stored_reversed is reverse


def test_written_colour_comes_back(tmp_path: Path) -> None:
    geometry = Geometry.from_directions((3, 4, 5), (0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 1))
    values = RNG.integers(0, 255, (3, 4, 5, 3)).astype(np.uint8)
    for name in ("c.nii.gz", "c.nrrd", "c.mha"):
        write_volume(tmp_path / name, values, geometry)
        stack = read_volume_stack(tmp_path / name)
        assert stack.components == 3
        assert stack.whole is not None
        assert np.array_equal(stack.whole.read(), values), name


def test_truncated_voxels_are_an_error_never_zeros(tmp_path: Path) -> None:
    data = RNG.integers(1, 100, (8, 8, 8)).astype(np.int16)
    whole = tmp_path / "whole.nii"
    nib.save(nib.Nifti1Image(data, affine()), whole)
    raw = whole.read_bytes()
    cut = tmp_path / "cut.nii"
    cut.write_bytes(raw[:-100])
    packed = tmp_path / "cut.nii.gz"
    packed.write_bytes(gzip.compress(raw)[:-300])
    with pytest.raises(MedviewError) as caught:
        read_volume_stack(cut)  # seen by its size alone, so that nothing is listed that cannot be shown
    assert (caught.value.path, caught.value.code) == (str(cut), "truncated_pixels")
    source = read_volume_stack(packed).whole
    assert source is not None
    with pytest.raises(MedviewError) as caught:
        source.read()
    assert (caught.value.path, caught.value.code) == (str(packed), "bad_nifti")
    cut.rename(tmp_path / "late.nii")
    cut.write_bytes(raw)
    source = read_volume_stack(cut).whole
    assert source is not None
    (tmp_path / "late.nii").replace(cut)
    with pytest.raises(MedviewError, match="ends early"):
        source.read()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.nii", b"not a volume"),
        ("zeros.nii", bytes(400)),
        ("text.nii.gz", b"\x1f\x8bxx"),
        ("x.nrrd", b"NRRD0004\n"),
        ("x.mha", b"ObjectType = Image\n"),
    ],
)
def test_rubbish_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MedviewError) as caught:
        read_volume_stack(path)
    assert str(path) in caught.value.text


def test_lying_sizes_are_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    path = tmp_path / "huge.nii"
    nib.save(nib.Nifti1Image(np.zeros((2, 2, 2), np.int16), affine()), path)
    raw = bytearray(path.read_bytes())
    raw[42:48] = np.array([32767, 32767, 32767], "<i2").tobytes()
    path.write_bytes(raw)
    with pytest.raises(MedviewError, match="terabyte"):
        read_volume_stack(path)


def test_irregular_spacing_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    regular = Geometry.from_directions((3, 4, 5), (0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 1))
    geometry = Geometry((3, 4, 5), regular.affine, "", np.array([[0, 0, 0], [0, 0, 1], [0, 0, 5.0]]))
    with pytest.raises(MedviewError) as caught:
        write_volume(tmp_path / "x.nii.gz", np.zeros((3, 4, 5), np.int16), geometry)
    assert caught.value.exit_code == ExitCode.INPUT_UNUSABLE
    assert not list(tmp_path.iterdir())


def test_a_target_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    geometry = Geometry.from_directions((3, 4, 5), (0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 1))
    (tmp_path / "taken.nrrd").mkdir()
    for target in (tmp_path / "missing" / "x.nii.gz", tmp_path / "taken.nrrd"):
        with pytest.raises(MedviewError) as caught:
            write_volume(target, np.zeros((3, 4, 5), np.int16), geometry)
        assert caught.value.exit_code == ExitCode.CANNOT_WRITE
        assert caught.value.path == str(target)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.nrrd"]


def test_the_real_brain_lies_where_nibabel_says() -> None:
    path = shared_path("models/brain_mr_gwm_meshnet/sample_t1_crop.nii.gz")
    data = np.asarray(nib.load(path).dataobj)
    stack = read_volume_stack(path)
    assert stack.whole is not None
    assert stack.geometry is not None
    values = stack.whole.read()
    peak = np.unravel_index(np.argmax(data), data.shape)
    ras = nib.affines.apply_affine(nib.load(path).affine, peak)
    k, j, i = np.round(stack.geometry.patient_to_voxel(ras * [-1, -1, 1])).astype(int)
    assert values[k, j, i] == data[peak]
    assert values.sum(dtype=np.int64) == data.sum(dtype=np.int64)
