"""The grids that MONAI's transforms make; figures recorded from MONAI 1.5.2 on the same volumes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medview.core.geometry import Geometry
from medview.inference.importing.monai_transforms import Preparation, UnknownTransformError
from medview.inference.placement import keeps_corner
from medview.inference.segmentation import _halfway_as_nnunet
from medview.kernels.resample_grid import apply_taps, taps_at
from tests.inference.test_steps import input_of, phantom, prepared
from tests.inference.volumes import axial_geometry, volume_of


def test_one_is_added_before_the_size_is_rounded() -> None:
    """34 slices of 2.5 mm at 5 mm: 16.5 + 1 becomes 18, where 16.5 alone would become 16."""
    volume = volume_of(np.arange(544, dtype=np.int16).reshape(34, 4, 4), axial_geometry((34, 4, 4), (2.5, 1.0, 1.0)))
    step = {"step": "resample", "spacing_mm": [5.0, 1.0, 1.0], "align": "monai"}
    assert prepared(volume, input_of(steps=[step])).placement.shape == (18, 4, 4)


def oblique(turn: float) -> Geometry:
    """(20, 24, 28) voxels of 2.5, 0.8 and 0.8 mm, turned about the patient's x; directions in single precision."""
    c, s = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0.8, 0, 0], [0, 0.8 * c, -2.5 * s], [0, 0.8 * s, 2.5 * c]], np.float32)
    return Geometry((20, 24, 28), affine, "")


def test_a_series_that_lies_askew_keeps_its_middle_and_not_its_corner() -> None:
    step = {"step": "resample", "spacing_mm": [3.0, 2.0, 2.0], "align": "monai"}
    straight = prepared(phantom((20, 24, 28)), input_of(steps=[step])).placement
    assert straight.offset == pytest.approx([0, 0, 0])
    geometry = oblique(0.25)
    volume = volume_of(phantom(geometry.shape).stored, geometry)
    placement = prepared(volume, input_of(steps=[step])).placement
    for axis, (size, mm, wanted) in enumerate(zip((20, 24, 28), (2.5, 0.8, 0.8), (3.0, 2.0, 2.0), strict=True)):
        made = round((size - 1) * mm / wanted + 1)
        assert placement.shape[axis] == made
        assert placement.offset[axis] == pytest.approx((size - made * wanted / mm) / 2, abs=1e-5)


def test_rounding_decides_which_corner_counts() -> None:
    """``compute_shape_offset`` looks for a corner below all others; what is not at right angles by 1e-7 leaves none."""
    shape, spacing = (10, 11, 12), (1.0, 1.0, 1.0)
    assert keeps_corner(np.diag([2.0, -1.0, 1.0]), shape, spacing)
    askew = np.eye(3)
    askew[0, 1] = np.float32(-1e-6)
    assert not keeps_corner(askew, shape, spacing)
    askew[0, 1] = np.float32(1e-6)
    assert keeps_corner(askew, shape, spacing), "the first corner stays the lowest"
    turned = np.array([[math.cos(0.3), -math.sin(0.3), 0], [math.sin(0.3), math.cos(0.3), 0], [0, 0, 1]])
    assert not keeps_corner(turned, shape, spacing), "directions in double precision go through NIfTI first"


def test_area_is_the_mean_of_whole_voxels() -> None:
    """torch.nn.functional.interpolate(mode="area") of 0 1 2 3 4 5 6 to 3 and to 5, and of 0 1 2 to 4."""
    seven = np.arange(7, dtype=np.float32)
    assert apply_taps(seven, 0, taps_at(np.zeros(3), 7, "adaptive")) == pytest.approx([1.0, 3.0, 5.0])
    assert apply_taps(seven, 0, taps_at(np.zeros(5), 7, "adaptive")) == pytest.approx([0.5, 1.5, 3.0, 4.5, 5.5])
    three = np.arange(3, dtype=np.float32)
    assert apply_taps(three, 0, taps_at(np.zeros(4), 3, "adaptive")) == pytest.approx([0, 0.5, 1.5, 2])


def test_a_margin_beyond_the_image_is_filled() -> None:
    stored = np.zeros((6, 8, 8), np.int16)
    stored[0:2, 3:5, 3:5] = 7
    volume = volume_of(stored, axial_geometry(stored.shape))
    step = {"step": "crop_above", "threshold": 0, "margin": 2}
    cut = prepared(volume, input_of(steps=[step]))
    filled = prepared(volume, input_of(steps=[{**step, "beyond": "fill"}]))
    assert cut.placement.shape == (4, 6, 6)
    assert filled.placement.shape == (6, 6, 6)
    assert filled.placement.offset == pytest.approx([-2, 1, 1])
    assert not filled.values[:2].any()
    np.testing.assert_array_equal(filled.values[2:], cut.values)


@pytest.mark.parametrize(("version", "beyond"), [((1, 3), None), ((1, 5), "fill")])
def test_the_version_says_what_a_margin_does(version: tuple[int, int], beyond: str | None) -> None:
    part = Preparation(3, "image", version)
    part.take("CropForegroundd", {"keys": "image", "source_key": "image", "margin": 4})
    assert part.steps[-1].get("beyond") == beyond


def test_what_splines_make_is_not_claimed() -> None:
    with pytest.raises(UnknownTransformError, match="mode=3"):
        Preparation(3, "image").take("Spacingd", {"keys": "image", "pixdim": [1, 1, 1], "mode": 3})


def test_halfway_falls_to_the_side_where_nnunets_arithmetic_takes_it() -> None:
    """Back from 12 thick slices to 34: slice 8 lies halfway between tensor slices 2 and 3, slice 25 between 8 and 9.

    nnU-Net's ``scale * (n + 0.5) - 0.5`` in double precision is what SciPy rounds: both go to the upper slice there.
    """
    step, size = 34 / 12, 12
    made = _halfway_as_nnunet(np.arange(34), 0.5 * step - 0.5, step, size)
    np.testing.assert_array_equal(made, (12 / 34) * (np.arange(34) + 0.5) - 0.5)
    cut = _halfway_as_nnunet(np.arange(40), 3 + 0.5 * step - 0.5, step, size)
    np.testing.assert_array_equal(cut[3:37], made)
