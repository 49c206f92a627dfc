"""Voxels lie where the standard's equation puts them, computed here again from its own words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medview.core.geometry import Geometry, direction_letters


def place_by_the_standard(
    position: np.ndarray, row: np.ndarray, column: np.ndarray, spacing: tuple[float, float], i: float, j: float
) -> np.ndarray:
    """PS3.3 C.7.6.2.1-1: P = S + X·Δi·i + Y·Δj·j; Δi is the distance of columns, Δj of rows."""
    return position + row * spacing[1] * i + column * spacing[0] * j


ROW = np.array([0.8, 0.6, 0.0])
COLUMN = np.array([0.0, 0.0, -1.0])
ORIGIN = np.array([-11.0, 7.0, 33.0])


def oblique() -> Geometry:
    return Geometry.from_directions((5, 6, 7), ORIGIN, ROW, COLUMN, (2.5, 0.7, 0.4))


def test_pixels_of_a_slice_lie_where_the_standard_says() -> None:
    geometry = oblique()
    for j, i in ((0, 0), (0, 6), (5, 0), (5, 6), (2.25, 3.5)):
        expected = place_by_the_standard(ORIGIN, ROW, COLUMN, (0.7, 0.4), i, j)
        np.testing.assert_allclose(geometry.voxel_to_patient((0, j, i)), expected, atol=1e-12)


def test_slices_grow_along_row_cross_column() -> None:
    # Rows to (0.8, 0.6, 0), columns to the feet: by the right hand the slices grow to (-0.6, 0.8, 0).
    geometry = oblique()
    np.testing.assert_allclose(geometry.normal, (-0.6, 0.8, 0.0), atol=1e-12)
    step = geometry.voxel_to_patient((1, 0, 0)) - geometry.voxel_to_patient((0, 0, 0))
    np.testing.assert_allclose(step, (-1.5, 2.0, 0.0), atol=1e-12)
    assert geometry.spacing == pytest.approx((2.5, 0.7, 0.4))
    assert np.all(np.diff(geometry.depths) > 0)


def test_an_axial_stack_grows_to_the_head() -> None:
    geometry = Geometry.from_directions((3, 4, 4), (0, 0, 10), (1, 0, 0), (0, 1, 0), (5, 1, 1))
    assert geometry.voxel_to_patient((2, 0, 0))[2] == 20


@given(
    st.lists(st.floats(-50, 50), min_size=3, max_size=3),
    st.lists(st.floats(-3, 9), min_size=3, max_size=3),
    st.floats(-0.5, 0.5),
)
def test_back_and_forth_is_the_same_place(origin: list[float], voxel: list[float], tilt: float) -> None:
    affine = np.eye(4)
    affine[:3, 0] = ROW * 0.4
    affine[:3, 1] = COLUMN * 0.7
    affine[:3, 2] = np.cross(ROW, COLUMN) * 2.5 + COLUMN * tilt
    affine[:3, 3] = origin
    geometry = Geometry((5, 6, 7), affine)
    there = geometry.voxel_to_patient(voxel)
    np.testing.assert_allclose(geometry.patient_to_voxel(there), voxel, atol=1e-8)


def uneven(drift: float = 0.0) -> Geometry:
    depths = np.array([0.0, 2.0, 4.5, 5.5, 11.0])
    origins = np.stack([np.full(5, -3.0), drift * depths, 10 + depths], axis=-1)
    affine = np.eye(4)
    affine[:3, 2] = (0, drift * 11 / 4, 11 / 4)
    affine[:3, 3] = origins[0]
    return Geometry((5, 4, 4), affine, "", origins)


@pytest.mark.parametrize("drift", [0.0, 0.25])
def test_uneven_slices_lie_at_their_own_positions(drift: float) -> None:
    geometry = uneven(drift)
    assert geometry.kind == "irregular"
    for k, depth in (
        (0, 0.0),
        (1, 2.0),
        (2, 4.5),
        (3, 5.5),
        (4, 11.0),
        (1.5, 3.25),
        (3.5, 8.25),
        (-1, -2.0),
        (5, 16.5),
    ):
        expected = (-3.0 + 2, drift * depth + 1, 10 + depth)
        np.testing.assert_allclose(geometry.voxel_to_patient((k, 1, 2)), expected, atol=1e-12)
        np.testing.assert_allclose(geometry.patient_to_voxel(expected), (k, 1, 2), atol=1e-9)
    np.testing.assert_allclose(geometry.depths, (10, 12, 14.5, 15.5, 21))


def test_a_tilted_gantry_is_called_sheared_and_its_distance_is_perpendicular() -> None:
    tilt = np.deg2rad(15)
    affine = np.diag([0.5, 0.5, 3.0, 1.0])
    affine[1, 2] = 3.0 * np.tan(tilt)
    geometry = Geometry((9, 4, 4), affine)
    assert geometry.kind == "sheared"
    assert geometry.spacing[0] == pytest.approx(3.0)
    assert Geometry((9, 4, 4), np.diag([0.5, 0.5, 3.0, 1.0])).kind == "volume"


def test_the_border_is_half_a_voxel_outside_of_the_centres() -> None:
    geometry = Geometry.from_directions((3, 4, 5), (10, 20, 30), (1, 0, 0), (0, 1, 0), (4, 2, 1))
    np.testing.assert_allclose(geometry.bounds, [[9.5, 19, 28], [14.5, 27, 40]])


@pytest.mark.parametrize(
    ("vector", "letters"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "S"),
        ((0, 0, -1), "I"),
        ((0.1, -0.9, 0.4), "AS"),
        ((0.5, 0.6, -0.4), "PLI"),
        ((0, 0, 0), ""),
    ],
)
def test_letters_name_where_a_direction_goes(vector: tuple[float, ...], letters: str) -> None:
    assert direction_letters(vector) == letters
    assert direction_letters(vector, feet_head=True) == letters.replace("S", "H").replace("I", "F")


def test_grids_are_the_same_only_where_every_slice_is() -> None:
    geometry = uneven()
    assert geometry.slice_origins is not None
    assert geometry.same_grid(uneven())
    moved = geometry.slice_origins.copy()
    moved[2, 2] += 0.01
    assert not geometry.same_grid(Geometry(geometry.shape, geometry.affine, "", moved))
    assert not geometry.same_grid(Geometry(geometry.shape, geometry.affine))
    assert not oblique().same_grid(Geometry((5, 6, 8), oblique().affine))


@pytest.mark.parametrize(
    "affine", [np.zeros((4, 4)), np.full((4, 4), np.nan), np.eye(3), np.diag([1.0, 0.0, 1.0, 1.0])]
)
def test_what_is_no_grid_is_refused(affine: np.ndarray) -> None:
    with pytest.raises(ValueError, match="affine"):
        Geometry((2, 2, 2), affine)


def test_nobody_changes_a_geometry() -> None:
    geometry = oblique()
    for array in (geometry.affine, geometry.origins, geometry.depths, geometry.normal):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
