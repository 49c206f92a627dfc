"""Paths and pictures straightened along them, against circles whose lengths are known."""

from __future__ import annotations

import numpy as np
import pytest

from medview.core.curve import smooth_path, straightened
from medview.core.geometry import Geometry
from medview.core.volume import ModalityTransform, SliceState, Volume

RADIUS = 40.0
CENTRE = np.array([5.0, -3.0, 12.0])


def arc(count: int = 13) -> np.ndarray:
    """A half circle in the axial plane."""
    angle = np.linspace(0, np.pi, count)
    return CENTRE + RADIUS * np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1)


def tube() -> Volume:
    """Each voxel holds its angle about the axis in degrees, and 1000 more above the arc's plane."""
    geometry = Geometry.from_directions((30, 110, 110), (-50.0, -58.0, -2.0), (1, 0, 0), (0, 1, 0), (1.0, 1.0, 1.0))
    k, j, i = np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")
    points = geometry.voxel_to_patient(np.stack([k, j, i], axis=-1)) - CENTRE
    values = np.degrees(np.arctan2(points[..., 1], points[..., 0])) + 10 * points[..., 2]
    return Volume(values.astype(np.float32), ModalityTransform(), geometry)


def test_a_path_is_as_long_as_the_circle_that_it_follows() -> None:
    points, length = smooth_path(arc(), 0.5)
    assert length == pytest.approx(np.pi * RADIUS, rel=1e-3)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    np.testing.assert_allclose(steps, 0.5, rtol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(points - CENTRE, axis=1), RADIUS, atol=0.25)
    for given in arc():
        assert np.linalg.norm(points - given, axis=1).min() < 0.3


def test_a_straight_path_is_exact() -> None:
    points, length = smooth_path([(0, 0, 0), (3, 4, 0)], 1.0)
    assert length == pytest.approx(5.0)
    np.testing.assert_allclose(points[-1], (3, 4, 0), atol=1e-9)
    assert len(points) == 6


def test_columns_are_mm_along_the_path_and_rows_mm_across() -> None:
    surface = straightened(arc(), (0, 0, 1), 20.0, 0.5)
    piece = surface.sample(tube())
    assert piece.values.shape == surface.shape == (40, len(surface.points))
    assert piece.coverage.all()
    rows, columns = np.mgrid[0 : surface.shape[0], 0 : surface.shape[1]]
    degrees = columns * 0.5 / RADIUS * 180 / np.pi
    across = (rows - 19.5) * 0.5
    inner = (degrees > 5) & (degrees < 175)
    np.testing.assert_allclose(piece.values[inner], (degrees + 10 * across)[inner], atol=0.6)


def test_turned_by_a_quarter_it_lies_in_the_plane_of_the_path() -> None:
    surface = straightened(arc(), (0, 0, 1), 20.0, 0.5, turned_deg=90.0)
    grid = surface.grid()
    np.testing.assert_allclose(grid[..., 2], CENTRE[2], atol=1e-9)
    radii = np.linalg.norm(grid[:, 20] - CENTRE, axis=1)
    np.testing.assert_allclose(np.abs(np.diff(radii)), 0.5, atol=0.01)
    at = surface.point_at(20.0, 10.0)
    np.testing.assert_allclose(at, grid[10, 20], atol=1e-9)
    assert surface.point_at(-3.0, 0.0) is None


def test_a_path_along_what_is_upright_still_has_an_across() -> None:
    surface = straightened([(0, 0, 0), (0, 0, 20), (10, 0, 40)], (0, 0, 1), 10.0, 1.0)
    lengths = np.linalg.norm(surface.across, axis=1)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-9)
    assert np.abs(np.sum(surface.across * surface.tangents, axis=1)).max() < 1e-6
    assert np.sum(surface.across[1:] * surface.across[:-1], axis=1).min() > 0.8  # no sudden twist


def test_what_is_not_there_is_missing() -> None:
    volume = tube()
    states = np.full(30, SliceState.LOADED, dtype=np.uint8)
    states[20] = SliceState.WAITING
    waiting = Volume(volume.stored, volume.transform, volume.geometry, states=states)
    piece = straightened(arc(), (0, 0, 1), 20.0, 0.5).sample(waiting)
    assert piece.missing is not None
    assert 0 < piece.missing.mean() < 0.5
    assert not (piece.missing & piece.coverage).any()


def test_a_point_and_an_endless_path_are_refused() -> None:
    with pytest.raises(ValueError, match="two different"):
        smooth_path([(1, 1, 1), (1, 1, 1)], 0.5)
    with pytest.raises(ValueError, match="too long"):
        smooth_path([(0, 0, 0), (1e6, 0, 0)], 0.5)
