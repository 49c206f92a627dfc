"""NRRD and MetaImage read and written against SimpleITK's own idea of where voxels lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from medview.core.geometry import Geometry
from medview.formats.volume_file import read_volume_stack
from medview.formats.writing import write_volume

RNG = np.random.default_rng(6)


@pytest.mark.parametrize("ending", [".nrrd", ".mha", ".nhdr", ".mhd"])
@pytest.mark.parametrize("left_handed", [False, True])
def test_voxels_lie_where_itk_says(tmp_path: Path, ending: str, left_handed: bool) -> None:
    values = RNG.integers(-500, 500, (4, 5, 6)).astype(np.int16)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.7, 0.8, 3.0))
    image.SetOrigin((10, -20, 30))
    direction = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, -1 if left_handed else 1]])
    image.SetDirection(direction.ravel().tolist())
    path = tmp_path / f"v{ending}"
    sitk.WriteImage(image, str(path))
    stack = read_volume_stack(path)
    assert stack.geometry is not None
    assert stack.whole is not None
    got = stack.whole.read()
    for i, j, k in ((0, 0, 0), (5, 4, 3), (2, 1, 3)):
        place = image.TransformIndexToPhysicalPoint((i, j, k))
        at = np.round(stack.geometry.patient_to_voxel(place)).astype(int)
        assert np.allclose(stack.geometry.voxel_to_patient(at), place, atol=1e-6)
        assert got[tuple(at)] == values[k, j, i]
    assert stack.stored_reversed is left_handed


@pytest.mark.parametrize("name", ["v.nrrd", "v.mha"])
def test_shear_survives_writing_and_reading(tmp_path: Path, name: str) -> None:
    affine = Geometry.from_directions((4, 5, 6), (3, -7, 11), (1, 0, 0), (0, 1, 0), (2.5, 1.5, 0.75)).affine.copy()
    affine[:3, 2] += (0, 0.65, 0)
    geometry = Geometry((4, 5, 6), affine)
    values = RNG.normal(size=geometry.shape).astype(np.float32)
    write_volume(tmp_path / name, values, geometry)
    stack = read_volume_stack(tmp_path / name)
    assert stack.kind == "sheared"
    assert stack.geometry is not None
    assert stack.geometry.same_grid(geometry)
    assert stack.whole is not None
    assert np.array_equal(stack.whole.read(), values)
