"""Sliding windows lie and weigh as MONAI's and nnU-Net's do, and blend to what the whole image gives."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medview.core.problem import MedviewError
from medview.inference.manifest_steps import Tiling
from medview.inference.tiling import OneSlice, Sliding, Window, slide, tile_starts, tile_weights

Array = np.ndarray[Any, Any]


def tiling(**more: Any) -> Tiling:
    return Tiling.model_validate(more, strict=False)


@pytest.mark.parametrize(
    ("placement", "size", "tile", "overlap", "starts"),
    [
        # Measured on MONAI's dense_patch_slices and nnU-Net's compute_steps_for_sliding_window.
        ("monai", 200, 96, 0.5, [0, 48, 96, 104]),
        ("nnunet", 200, 96, 0.5, [0, 35, 69, 104]),
        ("monai", 96, 96, 0.5, [0]),
        ("nnunet", 96, 96, 0.5, [0]),
        ("monai", 97, 96, 0.25, [0, 1]),
        ("monai", 300, 96, 0.25, [0, 72, 144, 204]),
        ("monai", 192, 96, 0.0, [0, 96]),
    ],
)
def test_starts(placement: str, size: int, tile: int, overlap: float, starts: list[int]) -> None:
    assert tile_starts(size, tile, overlap, placement) == starts


@given(
    size=st.integers(1, 400),
    tile=st.integers(1, 128),
    overlap=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9]),
    placement=st.sampled_from(["monai", "nnunet"]),
)
@settings(max_examples=300, deadline=None)
def test_tiles_cover_every_voxel_and_stay_inside(size: int, tile: int, overlap: float, placement: str) -> None:
    size = max(size, tile)
    starts = tile_starts(size, tile, overlap, placement)
    covered = np.zeros(size, dtype=bool)
    for start in starts:
        assert 0 <= start <= size - tile
        covered[start : start + tile] = True
    assert covered.all()


@given(size=st.integers(2, 60), tile=st.integers(1, 12), stride=st.sampled_from([1, 2, 4]))
@settings(max_examples=200, deadline=None)
def test_tiles_lie_on_the_stride(size: int, tile: int, stride: int) -> None:
    tile *= stride
    size = max(size * stride, tile)
    starts = tile_starts(size, tile, 0.3, "monai", stride)
    assert all(start % stride == 0 for start in starts)
    assert starts[-1] + tile == size


def test_gaussian_weights_are_monais() -> None:
    size = (96, 64, 33)
    weights = tile_weights(size, tiling(size=size, weights="gaussian", sigma=0.125))
    expected = np.ones(size)
    for axis, n in enumerate(size):
        x = np.arange(-(n - 1) / 2, (n - 1) / 2 + 1)
        bell = np.exp(x**2 / (-2 * (0.125 * n) ** 2))
        expected = expected * bell.reshape([-1 if a == axis else 1 for a in range(3)])
    expected = np.maximum(expected.astype(np.float32), 1e-3)
    np.testing.assert_allclose(weights, expected, rtol=2e-6)
    assert weights[0, 0, 0] == pytest.approx(1e-3)
    np.testing.assert_array_equal(weights, weights[::-1, ::-1, ::-1])


def test_gaussian_weights_are_nnunets() -> None:
    scipy_ndimage = pytest.importorskip("scipy.ndimage")
    size = (96, 64, 48)
    weights = tile_weights(size, tiling(size=size, placement="nnunet", sigma=0.125))
    point = np.zeros(size)
    point[tuple(n // 2 for n in size)] = 1
    expected = scipy_ndimage.gaussian_filter(point, [n * 0.125 for n in size], 0, mode="constant", cval=0)
    expected = expected / expected.max()
    inside = expected > 1e-9
    np.testing.assert_allclose(weights[inside], expected[inside], rtol=1e-4)
    assert weights.min() > 0
    assert weights[0, 0, 0] < 1e-9, "the corner is not lifted as MONAI does"


def blended(values: Array, plan: Tiling, run: Any, stride: tuple[int, ...] = (1, 1, 1)) -> Array:
    rows: list[Array] = []
    firsts: list[int] = []
    steps: list[tuple[int, int]] = []

    def on_rows(first: int, part: Array) -> None:
        firsts.append(first)
        rows.append(part.copy())

    slide(values, plan, stride, run, on_rows, lambda done, total: steps.append((done, total)))
    assert firsts == list(np.cumsum([0, *(part.shape[1] for part in rows[:-1])])), "rows come once and in order"
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1]
    return np.concatenate(rows, axis=1)


def reference_blend(values: Array, plan: Tiling, run: Any) -> Array:
    """The plain way: two arrays of the whole image, every tile added, divided at the end (float64)."""
    tile = plan.size
    missing = [max(0, t - n) for t, n in zip(tile, values.shape, strict=True)]
    width = [(m // 2, m - m // 2) for m in missing]
    padded = np.pad(values, width, constant_values=plan.fill)
    weights = tile_weights(tile, plan).astype(np.float64)
    total = np.zeros(padded.shape)
    summed: Array | None = None
    starts = [tile_starts(n, t, plan.overlap, plan.placement) for n, t in zip(padded.shape, tile, strict=True)]
    for corner in product(*starts):
        place = tuple(slice(c, c + t) for c, t in zip(corner, tile, strict=True))
        answer = run(padded[place][None])[0].astype(np.float64)
        if summed is None:
            summed = np.zeros((answer.shape[0], *padded.shape))
        summed[(slice(None), *place)] += answer * weights
        total[place] += weights
    assert summed is not None
    inside = tuple(slice(low, low + n) for (low, _), n in zip(width, values.shape, strict=True))
    return (summed / total)[(slice(None), *inside)]


def of_its_place(tiles: Array) -> Array:
    """A network whose answer changes over the tile: only exact weights and places give the same blend."""
    ramp = np.sum(
        np.meshgrid(*(np.arange(n) * (axis + 1.0) for axis, n in enumerate(tiles.shape[1:])), indexing="ij"), axis=0
    )
    return np.stack([tiles * 2 + ramp, np.sin(tiles) - ramp / 7], axis=1).astype(np.float32)


@pytest.mark.parametrize("shape", [(40, 33, 50), (7, 33, 50), (16, 16, 16), (5, 9, 4), (17, 16, 16)])
@pytest.mark.parametrize(
    "more",
    [
        {"overlap": 0.5, "batch": 3},
        {"overlap": 0.25, "weights": "constant"},
        {"overlap": 0.0},
        {"overlap": 0.6, "placement": "nnunet", "fill": -3.0},
    ],
)
def test_the_blend_is_the_plain_one(shape: tuple[int, ...], more: dict[str, Any]) -> None:
    values = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    plan = tiling(size=(16, 16, 16), **more)
    ours, plain = blended(values, plan, of_its_place), reference_blend(values, plan, of_its_place)
    assert ours.shape == plain.shape == (2, *shape)
    np.testing.assert_allclose(ours, plain, atol=2e-5 * np.abs(plain).max())


def test_a_network_that_shows_its_input_gives_the_whole_image_back() -> None:
    values = np.arange(40 * 33 * 50, dtype=np.float32).reshape(40, 33, 50)
    ours = blended(values, tiling(size=(16, 12, 20), overlap=0.3, batch=2), lambda tiles: tiles[:, None])
    np.testing.assert_allclose(ours[0], values, rtol=1e-5)


@pytest.mark.parametrize("shape", [(45, 61), (17, 20), (33, 24), (9, 7), (16, 20)])
@pytest.mark.parametrize(
    "more", [{"overlap": 0.5}, {"overlap": 0.1, "batch": 3}, {"overlap": 0.6, "placement": "nnunet"}]
)
def test_slices_are_tiled_in_two_dimensions(shape: tuple[int, ...], more: dict[str, Any]) -> None:
    """One window serves slice after slice: nothing of one is left in the next."""
    plan = tiling(size=(16, 20), **more)
    window = Window(shape, plan, (1, 1))
    for n in range(3):
        values = np.random.default_rng(n).normal(size=shape).astype(np.float32)
        found: list[Array] = []
        sliding = Sliding(values, window, OneSlice(lambda made, found=found: found.append(made.copy())))  # type: ignore[misc]
        for tiles, cut in sliding.tiles():
            assert not found, "the slice comes when all of it is there"
            sliding.add(tiles, of_its_place(cut))
        plain = reference_blend(values, plan, of_its_place)
        assert found[0].shape == plain.shape
        np.testing.assert_allclose(found[0], plain, atol=2e-5 * np.abs(plain).max())


@pytest.mark.parametrize("shape", [(40, 34, 50), (9, 33, 51), (16, 16, 16)])
def test_coarser_answers_keep_their_places(shape: tuple[int, ...]) -> None:
    """With a stride the answer's element n stands for voxels n·stride and on."""
    values = np.random.default_rng(3).normal(size=shape).astype(np.float32)

    def pooled(tiles: Array) -> Array:
        n, a, b, c = tiles.shape
        return tiles.reshape(n, a // 2, 2, b // 2, 2, c // 2, 2).mean(axis=(2, 4, 6))[:, None]

    ours = blended(values, tiling(size=(16, 16, 16), overlap=0.4), pooled, (2, 2, 2))
    padded = np.pad(values, [(0, n % 2) for n in shape])
    np.testing.assert_allclose(ours, pooled(padded[None])[0], atol=1e-5)


def test_a_tile_that_the_stride_does_not_divide_is_refused() -> None:
    with pytest.raises(MedviewError, match=r"input\.tiling\.size"):
        slide(np.zeros((20, 20, 20), np.float32), tiling(size=(15, 16, 16)), (2, 2, 2), None, None, None)  # type: ignore[arg-type]
