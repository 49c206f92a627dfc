"""Resizing as Pillow and SciPy do it, sampling along any affine, labels that are never mixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from medview.kernels.connected import connected_parts
from medview.kernels.resample_grid import (
    apply_taps,
    labels_of_channels,
    positions_edges,
    resize_axes,
    sample_affine,
    sample_labels,
    taps_at,
)

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(7)


@pytest.mark.parametrize(
    ("kind", "theirs"),
    [
        ("pillow-bilinear", Image.Resampling.BILINEAR),
        ("pillow-bicubic", Image.Resampling.BICUBIC),
        ("pillow-lanczos", Image.Resampling.LANCZOS),
    ],
)
@pytest.mark.parametrize(
    ("shape", "size"), [((517, 611), (224, 224)), ((50, 60), (224, 123)), ((512, 512), (224, 300)), ((9, 7), (1, 1))]
)
def test_exactly_as_pillow(kind: Any, theirs: Any, shape: tuple[int, int], size: tuple[int, int]) -> None:
    bytes_ = RNG.integers(0, 256, shape, dtype=np.uint8)
    ours = resize_axes(bytes_, {0: size[0], 1: size[1]}, kind)
    np.testing.assert_array_equal(ours, np.asarray(Image.fromarray(bytes_).resize(size[::-1], theirs)))
    floats = (bytes_ * 3.7 - 200).astype(np.float32)
    ours = resize_axes(floats, {0: size[0], 1: size[1]}, kind)
    np.testing.assert_allclose(ours, np.asarray(Image.fromarray(floats).resize(size[::-1], theirs)), atol=1e-3)


def test_colour_is_resized_per_channel() -> None:
    colours = RNG.integers(0, 256, (70, 90, 3), dtype=np.uint8)
    ours = resize_axes(colours, {0: 32, 1: 40}, "pillow-bilinear")
    np.testing.assert_array_equal(
        ours, np.asarray(Image.fromarray(colours).resize((40, 32), Image.Resampling.BILINEAR))
    )


def test_a_straight_line_stays_one() -> None:
    """Half-pixel alignment: a ramp that is resized has the ramp's value at the new centres."""
    line = np.arange(30, dtype=np.float32)
    for kind in ("linear", "cubic", "area"):
        for size in (15, 40, 60):
            ours = resize_axes(line, {0: size}, kind)
            expected = positions_edges(30, size)
            inner = (expected > 2) & (expected < 27)
            np.testing.assert_allclose(ours[inner], expected[inner], atol=1e-4, err_msg=f"{kind} {size}")


def test_area_keeps_the_mean() -> None:
    values = RNG.normal(size=(60, 47)).astype(np.float32)
    ours = resize_axes(values, {0: 20, 1: 47}, "area")
    np.testing.assert_allclose(ours, values.reshape(20, 3, 47).mean(axis=1), atol=1e-5)
    assert resize_axes(values, {0: 7, 1: 11}, "area").mean() == pytest.approx(values.mean(), abs=1e-6)


def test_nearest_takes_voxels_as_they_are() -> None:
    values = RNG.integers(0, 9, (20, 31)).astype(np.uint8)
    ours = resize_axes(values, {0: 40, 1: 62}, "nearest")
    np.testing.assert_array_equal(ours, values.repeat(2, axis=0).repeat(2, axis=1))


def test_linear_along_one_axis_is_scipys() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    values = RNG.normal(size=(12, 5)).astype(np.float32)
    positions = np.array([-0.4, 0.0, 0.3, 5.5, 10.99, 11.4])
    ours = apply_taps(values, 0, taps_at(positions, 12, "linear"))
    for column in range(5):
        expected = ndimage.map_coordinates(values[:, column], [positions], order=1, mode="nearest")
        np.testing.assert_allclose(ours[:, column], expected, atol=1e-5)


def random_affine(scale: float) -> tuple[Array, Array]:
    turn, _ = np.linalg.qr(RNG.normal(size=(3, 3)))
    return np.ascontiguousarray(turn * scale), RNG.uniform(2, 9, 3)


@pytest.mark.parametrize("nearest", [False, True])
def test_sampling_along_an_affine_is_scipys(nearest: bool) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    values = RNG.normal(size=(13, 17, 19)).astype(np.float32)
    for _ in range(5):
        matrix, offset = random_affine(0.8)
        out = np.empty((11, 12, 13), dtype=np.float32)
        for first in range(0, 11, 4):
            sample_affine(values, matrix, offset, out[first : first + 4], first, nearest, -99.0)
        grid = np.moveaxis(np.indices(out.shape), 0, -1) @ matrix.T + offset
        expected = ndimage.map_coordinates(values, np.moveaxis(grid, -1, 0), order=0 if nearest else 1, mode="nearest")
        inside = np.all((grid >= -0.5) & (grid <= np.array(values.shape) - 0.5), axis=-1)
        np.testing.assert_array_equal(out == -99.0, ~inside)
        np.testing.assert_allclose(out[inside], expected[inside], atol=1e-4)


def decided(channels: Array, threshold: float | None, nothing: int, values: Array) -> Array:
    """The rule in plain NumPy."""
    if threshold is None:
        best = channels.argmax(axis=0)
        return np.where(best == nothing, 0, values[best])
    open_ = np.where(channels > threshold, channels, -np.inf)
    if nothing >= 0:
        open_[nothing] = -np.inf
    best = open_.argmax(axis=0)
    return np.where(np.isneginf(open_.max(axis=0)), 0, values[best])


@pytest.mark.parametrize(("threshold", "nothing"), [(None, 0), (None, -1), (0.5, -1), (0.2, 0)])
def test_the_rule_of_labels(threshold: float | None, nothing: int) -> None:
    channels = RNG.normal(size=(4, 6, 7, 8)).astype(np.float32)
    values = np.array([9, 5, 300, 2], dtype=np.uint16)
    np.testing.assert_array_equal(
        labels_of_channels(channels, threshold, nothing, values), decided(channels, threshold, nothing, values)
    )


@pytest.mark.parametrize(("threshold", "nothing"), [(None, 0), (0.4, -1)])
def test_channels_are_mixed_and_then_decided(threshold: float | None, nothing: int) -> None:
    """Probabilities are interpolated, labels never: the short cut over equal corners changes nothing."""
    ndimage = pytest.importorskip("scipy.ndimage")
    smooth = ndimage.gaussian_filter(RNG.normal(size=(3, 10, 12, 14)), (0, 2, 2, 2)) * 10
    channels = smooth.astype(np.float32)
    values = np.array([0, 1, 2] if nothing == 0 else [3, 1, 2], dtype=np.uint16)
    labels = labels_of_channels(channels, threshold, nothing, values)
    matrix, offset = random_affine(0.4)
    offset = offset / 2 + 1
    out = np.empty((9, 10, 11), dtype=np.uint16)
    rows = np.arange(9) * 1.5
    sample_labels(channels, labels, matrix, offset, rows, out, threshold, nothing, values)
    index = np.moveaxis(np.indices(out.shape), 0, -1).astype(float)
    index[..., 0] = rows[:, None, None]
    grid = index @ matrix.T + offset
    mixed = np.stack([ndimage.map_coordinates(c, np.moveaxis(grid, -1, 0), order=1, mode="nearest") for c in channels])
    expected = decided(mixed, threshold, nothing, values)
    inside = np.all((grid >= -0.5) & (grid <= np.array(channels.shape[1:]) - 0.5), axis=-1)
    expected[~inside] = 0
    top = np.sort(mixed, axis=0)
    sure = top[-1] - top[-2] > 1e-4
    if threshold is not None:
        sure &= np.abs(mixed - threshold).min(axis=0) > 1e-4
    assert inside.mean() > 0.2
    np.testing.assert_array_equal(out[sure], expected[sure])


def test_labels_alone_take_the_nearest() -> None:
    labels = RNG.integers(0, 5, (6, 7, 8)).astype(np.uint16)
    out = np.empty((12, 14, 16), dtype=np.uint16)
    half = np.full(3, -0.25)
    sample_labels(None, labels, np.eye(3) * 0.5, half, np.arange(12.0), out, None, -1, np.zeros(1, np.uint16))
    np.testing.assert_array_equal(out, labels.repeat(2, 0).repeat(2, 1).repeat(2, 2))


@pytest.mark.parametrize("density", [0.02, 0.1, 0.3, 0.6, 1.0])
def test_connected_parts_are_scipys(density: float) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    where = RNG.random((17, 23, 19)) < density
    parts, sizes = connected_parts(where)
    expected, count = ndimage.label(where, structure=np.ones((3, 3, 3)))
    assert len(sizes) == count + 1
    np.testing.assert_array_equal(parts, expected)
    np.testing.assert_array_equal(sizes, np.bincount(expected.ravel(), minlength=count + 1))
