"""Sampling at screen resolution: bright dots survive, positions are exact, nothing outside is image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from medview.kernels.sample2d import (
    box_of,
    coverage_mask,
    covered_rect,
    only_inside,
    part_of_screen,
    sample_around,
    sample_region,
)


def turned(angle: float, scale: float, centre: tuple[float, float], size: tuple[int, int]) -> np.ndarray:
    """screen → pixel: ``scale`` pixels per screen px, turned by ``angle``, screen's middle on ``centre`` (i, j)."""
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[c, -s, 0.0], [s, c, 0.0]])
    middle = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2])
    matrix[:, 2] = np.array(centre) - matrix[:, :2] @ middle
    return matrix


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "int32", "float32"])
@pytest.mark.parametrize("angle", [0.0, 0.4, np.pi / 2])
def test_magnified_is_bilinear(kind: str, angle: float) -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(0 if kind.startswith("u") else -100, 250, (30, 40)).astype(kind)
    matrix = turned(angle, 0.21, (17.3, 12.9), (90, 110))
    sampled, inside = sample_region(values, matrix, (90, 110))
    y, x = np.mgrid[0:90, 0:110]
    i = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    j = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    expected = ndimage.map_coordinates(values.astype(np.float64), [j, i], order=1, mode="nearest")
    assert inside.all()
    assert sampled.dtype == (np.float32 if kind == "int32" else kind)
    tolerance = 0.6 if sampled.dtype.kind in "iu" else 0.05
    # Coordinates may be kept in 1/32 px by older OpenCV: then a step of 350 becomes 6.
    assert np.abs(sampled - expected).max() < tolerance + 350 / 64
    assert np.abs(sampled - expected).mean() < tolerance


@pytest.mark.parametrize(
    ("matrix", "expected_of"),
    [
        ([[1, 0, 0], [0, 1, 0]], lambda a: a),
        ([[-1, 0, 6], [0, 1, 0]], lambda a: a[:, ::-1]),
        ([[1, 0, 0], [0, -1, 4]], lambda a: a[::-1]),
        ([[-1, 0, 6], [0, -1, 4]], lambda a: a[::-1, ::-1]),
        ([[0, 1, 0], [1, 0, 0]], lambda a: a.T),
        ([[0, 1, 0], [-1, 0, 4]], lambda a: np.rot90(a, -1)),
        ([[0, -1, 6], [1, 0, 0]], np.rot90),
        ([[0, -1, 6], [-1, 0, 4]], lambda a: np.rot90(a, 2).T),
    ],
)
@pytest.mark.parametrize("nearest", [False, True])
def test_quarter_turns_and_flips_move_pixels_only(matrix: list, expected_of, nearest: bool) -> None:  # type: ignore[no-untyped-def,type-arg]
    values = np.arange(35, dtype=np.int16).reshape(5, 7) - 9
    expected = expected_of(values)
    sampled, inside = sample_region(values, matrix, expected.shape, nearest=nearest)
    np.testing.assert_array_equal(sampled, expected)
    assert inside.all()


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_made_smaller_is_the_mean_of_the_area(factor: int) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0, 100, (60, 90)).astype(np.float32)
    matrix = [[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2]]
    sampled, _ = sample_region(values, matrix, (60 // factor, 90 // factor))
    expected = values.reshape(60 // factor, factor, 90 // factor, factor).mean(axis=(1, 3))
    np.testing.assert_allclose(sampled, expected, atol=1e-3)


@pytest.mark.parametrize("kind", ["uint16", "int16", "float32"])
def test_a_single_bright_pixel_never_vanishes(kind: str) -> None:
    """A calcification of one pixel keeps at least a fifth of its share of the screen pixel, at every zoom and angle."""
    rng = np.random.default_rng(4)
    weakest = np.inf
    for _ in range(150):
        values = np.zeros((90, 80), kind)
        j, i = rng.integers(20, 60, 2)
        values[j, i] = 30000
        scale, angle = rng.uniform(1.0, 7.9), rng.choice([0.0, np.pi / 2, rng.uniform(0, 6)])
        matrix = turned(angle, scale, tuple(rng.uniform(35, 45, 2)), (70, 70))
        sampled, _ = sample_region(values, matrix, (70, 70))
        weakest = min(weakest, float(sampled.max()) * scale**2 / 30000)
        # And it stays where it was.
        y, x = np.unravel_index(int(np.argmax(sampled)), sampled.shape)
        at = matrix @ (x, y, 1)
        assert np.hypot(at[0] - i, at[1] - j) < 1.2 * scale + 0.01
    assert weakest > 0.2


def test_brightness_is_kept_when_smaller() -> None:
    rng = np.random.default_rng(5)
    values = ndimage.gaussian_filter(rng.normal(0, 1, (200, 200)), 6).astype(np.float32) * 1000 + 500
    for scale in (1.3, 1.99, 2.5, 3.7):
        matrix = turned(0.3, scale, (100, 100), (40, 40))
        sampled, inside = sample_region(values, matrix, (40, 40))
        y, x = np.mgrid[0:40, 0:40]
        expected = ndimage.map_coordinates(
            values,
            [matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2], matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]],
            order=1,
        )
        assert inside.all()
        np.testing.assert_allclose(sampled, expected, atol=12)


def test_panning_does_not_make_the_mean_flicker() -> None:
    values = np.random.default_rng(6).normal(0, 100, (120, 120)).astype(np.float32)
    whole, _ = sample_region(values, [[3, 0, 1], [0, 3, 1]], (40, 40))
    for shift in range(1, 30):
        part, _ = sample_region(values, [[3, 0, 1 + 3 * shift], [0, 3, 1 + 3 * shift]], (10, 10))
        np.testing.assert_allclose(part, whole[shift : shift + 10, shift : shift + 10], atol=1e-3)


@pytest.mark.parametrize("angle", [0.0, np.pi / 2, 0.7])
def test_coverage_is_the_picture_and_nothing_else(angle: float) -> None:
    matrix = turned(angle, 0.5, (3, 2), (60, 70))
    inside = coverage_mask(matrix, (8, 10), (60, 70))
    y, x = np.mgrid[0:60, 0:70]
    i = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    j = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    clear = (np.abs(i + 0.5) > 1e-6) & (np.abs(i - 9.5) > 1e-6) & (np.abs(j + 0.5) > 1e-6) & (np.abs(j - 7.5) > 1e-6)
    expected = (i > -0.5) & (i < 9.5) & (j > -0.5) & (j < 7.5)
    np.testing.assert_array_equal(inside[clear], expected[clear])
    assert inside.any()
    assert not inside.all()
    with pytest.raises(ValueError, match="read-only"):
        inside[0, 0] = True


def test_labels_are_never_mixed() -> None:
    rng = np.random.default_rng(7)
    for kind in (np.uint8, np.uint16, np.uint32, np.bool_):
        labels = (rng.integers(0, 2, (50, 50)) * 200).astype(kind)
        for scale in (0.3, 2.7):
            sampled, _ = sample_region(labels, turned(0.3, scale, (25, 25), (40, 40)), (40, 40), nearest=True)
            assert sampled.dtype == kind
            assert set(np.unique(sampled)) <= set(np.unique(labels))


def test_pixels_are_shown_as_they_are_without_smoothing() -> None:
    values = np.array([[0, 1000], [500, 200]], np.int16)
    sampled, _ = sample_region(values, [[0.1, 0, -0.45], [0, 0.1, -0.45]], (20, 20), smooth=False)
    np.testing.assert_array_equal(sampled, np.kron(values, np.ones((10, 10), np.int16)))


def test_colour_and_odd_shapes() -> None:
    colour = np.random.default_rng(8).integers(0, 256, (9, 11, 3)).astype(np.uint8)
    sampled, inside = sample_region(colour, [[1, 0, 0], [0, 1, 0]], (9, 11))
    np.testing.assert_array_equal(sampled, colour)
    assert inside.shape == (9, 11)
    one, inside = sample_region(np.array([[7]], np.int16), [[0.1, 0, -0.45], [0, 0.1, -0.45]], (10, 10))
    assert (one == 7).all()
    assert inside.all()
    gone, inside = sample_region(colour, [[1, 0, 500], [0, 1, 0]], (4, 5))
    assert gone.shape == (4, 5, 3)
    assert not inside.any()
    tiny, inside = sample_region(np.ones((3, 4000), np.float32), [[400.0, 0, 200], [0, 400.0, 0]], (3, 10))
    assert inside[0].all()
    assert tiny[0] == pytest.approx(1.0)


def test_pictures_wider_than_opencv_can_warp() -> None:
    values = np.zeros((4, 70000), np.uint16)
    values[:, 65000] = 60000
    sampled, _ = sample_region(values, [[0.5, 0, 64990], [0, 0.5, 0]], (4, 60))
    assert np.argmax(sampled[0]) == 20
    small, _ = sample_region(values, [[70.0, 0, 34.5], [0, 1, 0]], (4, 1000))
    assert np.argmax(small[0]) == 65000 // 70


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "float32", "uint32"])
def test_nothing_is_left_outside_of_a_mask(kind) -> None:
    values = np.full((40, 50), 7, dtype=kind)
    mask = np.random.default_rng(3).random((40, 50)) > 0.5
    for _ in range(5):  # memory that was used before must not shine through
        kept = only_inside(values, mask)
        assert kept.dtype == values.dtype
        assert np.array_equal(kept, np.where(mask, values, 0))
        kept[:] = 99


def test_the_covered_part_is_all_that_is_covered() -> None:
    rng = np.random.default_rng(11)
    seen = 0
    for case in range(120):
        shape, size = rng.integers(1, 60, 2), rng.integers(1, 80, 2)
        angle = (case % 4) * np.pi / 2 if case % 3 else rng.uniform(0, 6)
        linear = np.round([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], 12) * rng.uniform(0.1, 4)
        if case % 2:
            linear[0] = -linear[0]
        matrix = np.concatenate([linear, rng.uniform(-40, 60, (2, 1))], axis=1)
        mask = coverage_mask(matrix, tuple(shape), tuple(size))
        top, left, height, width = covered_rect(matrix, tuple(shape), tuple(size))
        outside = mask.copy()
        outside[top : top + height, left : left + width] = False
        assert not outside.any()
        part = coverage_mask(part_of_screen(matrix, top, left), tuple(shape), (height, width))
        np.testing.assert_array_equal(part, mask[top : top + height, left : left + width])
        if not mask.any():
            assert (height, width) == (0, 0)
            continue
        seen += 1
        if case % 3:
            assert part.all()
    assert seen > 30


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint32, np.bool_])
def test_labels_along_the_axes_are_those_at_the_nearest_centre(kind: type) -> None:
    labels = np.random.default_rng(5).integers(0, 2 if kind is np.bool_ else 200, (37, 23)).astype(kind)
    for matrix in (
        [[0.31, 0, -3.2], [0, 0.57, 1.4]],
        [[-0.31, 0, 20.2], [0, 2.57, 1.4]],
        [[0, 0.4, 1.3], [-0.9, 0, 30.6]],
        [[0, -3.4, 20.3], [0.9, 0, -3.6]],
    ):
        (a, b, c), (d, e, f) = matrix
        x, y = np.arange(50)[None, :], np.arange(41)[:, None]
        i = np.clip(np.floor(a * x + b * y + c + 0.5).astype(int), 0, 22)
        j = np.clip(np.floor(d * x + e * y + f + 0.5).astype(int), 0, 36)
        sampled, _ = sample_region(labels, matrix, (41, 50), nearest=True)
        inside = coverage_mask(matrix, (37, 23), (41, 50))
        assert inside.any()
        np.testing.assert_array_equal(sampled[inside], labels[j, i][inside])
        assert sampled.dtype == kind


@pytest.mark.parametrize(
    "matrix",
    [
        [[0.31, 0, -3.2], [0, 0.57, 1.4]],
        [[-0.31, 0, 20.2], [0, 2.57, 1.4]],
        [[0, 0.4, 1.3], [-0.9, 0, 30.6]],
        [[0, -3.4, 20.3], [0.9, 0, -3.6]],
        [[0.3, 0.02, 1.0], [-0.02, 0.3, 2.0]],
        [[0.5, 0, 60.0], [0, 0.5, 0.0]],
    ],
)
def test_what_is_sampled_around_a_label_is_all_that_there_is_of_it(matrix: list[list[float]]) -> None:
    rng = np.random.default_rng(6)
    for case in range(12):
        labels = np.zeros((37, 23), np.uint8)
        j, i = rng.integers(0, 37), rng.integers(0, 23)
        labels[j : j + 9, i : i + 6] = rng.integers(0, 3, labels[j : j + 9, i : i + 6].shape)
        sampled, _ = sample_region(labels, matrix, (41, 50), nearest=True)
        whole = np.where(coverage_mask(matrix, (37, 23), (41, 50)), sampled, 0)
        margin = case % 4
        part, top, left = sample_around(labels, matrix, (41, 50), box_of(labels), margin)
        found = np.zeros_like(whole)
        found[top : top + part.shape[0], left : left + part.shape[1]] = part
        np.testing.assert_array_equal(found, whole)
        if whole.any() and part.shape != whole.shape:
            # As much around it as was asked for, or the screen's border.
            rows = np.flatnonzero(whole.any(axis=1))
            assert top <= max(0, rows[0] - margin)
            assert top + part.shape[0] >= min(41, rows[-1] + 1 + margin)
