"""Voxels of several values, headers without a patient space, and offsets that lead nowhere."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from medview.core.volume import ModalityTransform
from medview.formats.volume_file import read_volume_stack

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("name", ["field.nrrd", "field.mha"])
def test_the_parts_of_a_vector_are_a_dimension(tmp_path: Path, name: str) -> None:
    values = RNG.normal(size=(3, 4, 5, 2)).astype(np.float32)
    sitk.WriteImage(sitk.GetImageFromArray(values, isVector=True), str(tmp_path / name))
    stack = read_volume_stack(tmp_path / name)
    assert (stack.shape, stack.timepoints, stack.components, stack.time_axis) == ((3, 4, 5), 2, 1, "component")
    assert stack.whole is not None
    assert np.array_equal(stack.whole.read(), np.moveaxis(values, -1, 0).reshape(6, 4, 5))


def test_a_fifth_dimension_of_nifti_counts_on(tmp_path: Path) -> None:
    values = RNG.normal(size=(5, 4, 3, 1, 3)).astype(np.float32)
    nib.save(nib.Nifti1Image(values, np.diag([-1.0, -1, 2, 1])), tmp_path / "field.nii")
    stack = read_volume_stack(tmp_path / "field.nii")
    assert (stack.shape, stack.timepoints, stack.time_axis) == ((3, 4, 5), 3, "component")
    assert stack.whole is not None
    assert np.array_equal(stack.whole.read()[4], values[:, :, 1, 0, 1].T)


def nrrd(path: Path, fields: str, values: np.ndarray) -> Path:
    text = f"NRRD0004\ntype: uint8\ndimension: {values.ndim}\nencoding: raw\n{fields}\n\n"
    path.write_bytes(text.encode() + values.tobytes())
    return path


@pytest.mark.parametrize(("kinds", "colour"), [("RGB-color", True), ("list", False), ("vector", True)])
def test_three_bytes_are_a_colour_only_where_the_header_says_so(tmp_path: Path, kinds: str, colour: bool) -> None:
    values = RNG.integers(0, 256, (2, 3, 4, 3)).astype(np.uint8)
    fields = f"kinds: {kinds} domain domain domain\nsizes: 3 4 3 2\nspace: LPS\n"
    fields += "space directions: none (1,0,0) (0,1,0) (0,0,2)\nspace origin: (1,2,3)"
    stack = read_volume_stack(nrrd(tmp_path / "x.nrrd", fields, values))
    assert (stack.components, stack.timepoints) == ((3, 1) if colour else (1, 3))
    assert stack.notes == ()
    assert stack.whole is not None
    assert np.array_equal(stack.whole.read(), values if colour else np.moveaxis(values, -1, 0).reshape(6, 3, 4))


@pytest.mark.parametrize("fields", ["spacings: 1 1 2", "space: scanner-xyz\nspace directions: (1,0,0) (0,1,0) (0,0,2)"])
def test_sides_are_assumed_where_the_space_is_not_the_patients(tmp_path: Path, fields: str) -> None:
    values = RNG.integers(0, 256, (2, 3, 4)).astype(np.uint8)
    stack = read_volume_stack(nrrd(tmp_path / "x.nrrd", f"sizes: 4 3 2\n{fields}", values))
    assert [note.code for note in stack.notes] == ["orientation_unknown"]


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_analyze_pair_is_read_without_sides(tmp_path: Path, order: str) -> None:
    values = RNG.integers(-999, 999, (3, 4, 5)).astype(np.int16)
    image = nib.AnalyzeImage(values.T, np.diag([-0.5, 0.75, 2, 1]), nib.AnalyzeHeader(endianness=order))
    image.header.set_data_dtype(np.int16)
    nib.save(image, tmp_path / "old.hdr")
    assert (tmp_path / "old.hdr").read_bytes()[344:348] == bytes(4)
    stack = read_volume_stack(tmp_path / "old.hdr")
    assert [note.code for note in stack.notes] == ["orientation_unknown"]
    assert stack.geometry is not None
    assert stack.geometry.spacing == pytest.approx((2, 0.75, 0.5))
    assert stack.whole is not None
    whole = stack.whole.read()
    assert np.array_equal(whole[::-1] if stack.stored_reversed else whole, values)


@pytest.mark.parametrize("gap", [0, 4])
def test_an_offset_inside_the_header_is_not_believed(tmp_path: Path, gap: int) -> None:
    values = RNG.integers(0, 999, (3, 4, 5)).astype(np.int16)
    nib.save(nib.Nifti1Image(values.T, np.eye(4)), tmp_path / "x.nii")
    raw = bytearray((tmp_path / "x.nii").read_bytes())
    raw[108:112] = bytes(4)
    (tmp_path / "x.nii").write_bytes(raw[:348] + bytes(gap) + raw[352:])
    stack = read_volume_stack(tmp_path / "x.nii")
    assert stack.whole is not None
    whole = stack.whole.read()
    assert np.array_equal(whole[::-1] if stack.stored_reversed else whole, values)


def test_whole_numbers_never_run_over() -> None:
    """63 bits hold no larger ones: a float64 is a rounded number, an overflow another sign."""
    stored = np.array([0, 1, 2**64 - 1], dtype=np.uint64)
    values = ModalityTransform().apply(stored, 0)
    assert values.tolist() == [0.0, 1.0, float(2**64)]
    scaled = ModalityTransform(np.array([1e12]), np.array([0.0])).apply(np.array([2**31 - 1], dtype=np.int32), 0)
    assert scaled[0] == pytest.approx((2**31 - 1) * 1e12)
