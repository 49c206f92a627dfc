"""What is done to whole labels, held beside SciPy."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from medview.core.segment_numbers import slice_diameters
from medview.processing.label_operations import (
    between_slices,
    grown,
    holes_filled,
    largest_part,
    smoothed,
    without_islands,
)


def noise(seed: int, shape: tuple[int, int, int] = (9, 24, 26), share: float = 0.45) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < share


def test_holes_in_space_and_on_slices_of_each_axis_are_filled_as_scipy_does() -> None:
    for seed in range(4):
        mask = noise(seed, share=0.62)
        assert np.array_equal(holes_filled(mask), ndimage.binary_fill_holes(mask))
        for axis in range(3):
            wanted = np.stack([ndimage.binary_fill_holes(piece) for piece in np.moveaxis(mask, axis, 0)])
            assert np.array_equal(holes_filled(mask, axis), np.moveaxis(wanted, 0, axis))


def test_growing_reaches_what_is_connected_by_faces() -> None:
    for seed in range(6):
        mask = noise(seed, share=0.5)
        parts, _count = ndimage.label(mask)
        at = tuple(int(x) for x in np.argwhere(mask)[seed * 13])
        corner, found = grown(lambda k, mask=mask: mask[k], mask.shape, (at[0], at[1], at[2]))
        reached = np.zeros(mask.shape, bool)
        reached[tuple(slice(a, a + n) for a, n in zip(corner, found.shape, strict=True))] = found
        assert np.array_equal(reached, parts == parts[at])
    outside = tuple(int(x) for x in np.argwhere(~mask)[0])
    assert not grown(lambda k: mask[k], mask.shape, (outside[0], outside[1], outside[2]))[1].size


def test_the_largest_part_and_no_islands() -> None:
    mask = noise(3, share=0.12)
    parts, count = ndimage.label(mask, np.ones((3, 3, 3)))
    sizes = ndimage.sum(mask, parts, range(1, count + 1))
    assert np.array_equal(largest_part(mask), parts == 1 + int(np.argmax(sizes)))
    assert np.array_equal(without_islands(mask, 5), np.isin(parts, 1 + np.flatnonzero(sizes >= 5)))
    empty = np.zeros((2, 3, 4), bool)
    assert not largest_part(empty).any()
    assert not without_islands(empty, 2).any()


def test_between_slices_lie_shapes_between_theirs() -> None:
    mask = np.zeros((11, 60, 60), bool)
    j, i = np.mgrid[:60, :60]
    mask[0] = np.hypot(j - 30, i - 24) <= 8
    mask[10] = np.hypot(j - 30, i - 36) <= 16
    filled = between_slices(mask, 0, (2.0, 1.0, 1.0))
    assert np.array_equal(filled[0], mask[0])
    assert np.array_equal(filled[10], mask[10])
    areas = filled.sum(axis=(1, 2))
    assert (np.diff(areas) > 0).all()
    rows, columns = np.nonzero(filled[5])
    assert abs(columns.mean() - 30) < 1.5
    assert abs(rows.mean() - 30) < 0.5
    assert 10.5 < np.sqrt(areas[5] / np.pi) < 13.5
    # Along another axis, with oblong voxels, the same.
    turned = np.ascontiguousarray(np.moveaxis(mask, 0, 2))
    assert np.array_equal(between_slices(turned, 2, (1.0, 1.0, 2.0)), np.moveaxis(filled, 0, 2))


def test_smoothing_keeps_the_size_of_a_ball_and_takes_off_a_spike() -> None:
    k, j, i = np.mgrid[:30, :60, :60]
    ball = ((k - 15) * 2.0) ** 2 + (j - 30) ** 2 + (i - 30) ** 2 <= 20**2
    spiked = ball.copy()
    spiked[15, 30, 50:58] = True
    round_again = smoothed(spiked, (2.0, 1.0, 1.0), 2.0)
    assert not round_again[15, 30, 53:].any()
    assert (
        abs(int(round_again.sum()) / int(ball.sum()) - 1) < 0.03
    )  # a Gaussian of σ takes about σ²/r off a ball's radius


def test_diameters_reach_from_edge_to_edge() -> None:
    mask = np.zeros((40, 50), bool)
    mask[10:14, 5:25] = True  # 20 × 4 px
    long, short = slice_diameters(mask, (1.0, 1.0)) or (0, 0)
    assert np.isclose(long, np.hypot(20, 4))
    j, i = np.mgrid[:40, :50]
    disc = np.hypot((j - 20) * 2.0, i - 25) <= 15  # round in mm where a row is 2 mm
    long, short = slice_diameters(disc, (2.0, 1.0)) or (0, 0)
    assert 30 <= long <= 33
    assert 29 <= short <= long
    assert slice_diameters(np.zeros((3, 3), bool), (1.0, 1.0)) is None
