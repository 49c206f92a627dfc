"""Medians, and superpixels, beside SciPy's own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from medview.kernels import neighbourhood

pytestmark = pytest.mark.beside


@pytest.mark.parametrize("radius", [(0, 0, 0), (1, 1, 1), (0, 2, 1), (2, 1, 0), (1, 8, 8)])
def test_medians_are_scipys(radius: tuple[int, int, int]) -> None:
    values = np.random.default_rng(4).normal(size=(5, 9, 7)).astype(np.float32)
    size = tuple(2 * r + 1 for r in radius)
    assert bool(np.prod(size) > neighbourhood.MOST_IN_ROWS) is (radius == (1, 8, 8))  # both ways are tried
    expected = ndimage.median_filter(values, size=size, mode="nearest")
    out = np.empty_like(values)
    for k in range(len(values)):
        neighbourhood.median_slices(values, radius, k, out[k : k + 1])
    assert np.array_equal(out, expected)


def test_superpixels_are_connected_of_about_one_size_and_keep_to_edges() -> None:
    values = np.zeros((6, 40, 48), np.float32)
    values[:, 11:29, 13:31] = 60.0
    parts = neighbourhood.slic(values, (3, 8, 8), 10.0)
    numbers, counts = np.unique(parts, return_counts=True)
    assert np.array_equal(numbers, np.arange(len(numbers)))
    assert counts.min() >= 3 * 8 * 8 // 4
    assert 0.5 * values.size / (3 * 8 * 8) < len(numbers) < 2 * values.size / (3 * 8 * 8)
    for number in numbers:
        assert ndimage.label(parts == number)[1] == 1
        assert np.ptp(values[parts == number]) == 0  # no part lies on both sides of an edge
    assert np.array_equal(parts, neighbourhood.slic(values, (3, 8, 8), 10.0))


def test_a_part_that_is_too_small_joins_its_neighbour() -> None:
    values = np.zeros((1, 24, 24), np.float32)
    values[0, 10, 10] = 1000.0
    parts = neighbourhood.slic(values, (1, 8, 8), 10.0)
    assert np.bincount(parts.ravel()).min() >= 16
