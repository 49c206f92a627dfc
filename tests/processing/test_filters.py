"""Filters against independent implementations and against what their definitions promise."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage as ndi

from medview.core.problem import MedviewError
from medview.core.progress import Cancelled, no_progress
from medview.processing.chain import FilterStep, apply_chain_slice, apply_chain_volume, is_active, keeps_unit
from medview.processing.filters import OPERATIONS


def noisy(shape: tuple[int, ...] = (48, 56), seed: int = 1) -> np.ndarray:
    values = np.random.default_rng(seed).normal(40, 30, shape).astype(np.float32)
    values[..., shape[-1] // 2 :] += 400
    return values


def test_mean_is_the_box_average() -> None:
    image = noisy()
    got = OPERATIONS["mean"].apply_slice(image, radius=2)
    assert np.allclose(got, ndi.uniform_filter(image, 5, mode="mirror"), atol=1e-2)


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_median_of_every_size(radius: int) -> None:
    image = noisy()
    got = OPERATIONS["median"].apply_slice(image, radius=radius)
    assert np.array_equal(got, ndi.median_filter(image, 2 * radius + 1, mode="nearest"))


def test_gaussian_is_given_in_mm_along_both_axes() -> None:
    image = noisy()
    got = OPERATIONS["gaussian"].apply_slice(image, (2.0, 0.5), sigma=2.0)
    assert np.allclose(got, ndi.gaussian_filter(image, (1.0, 4.0), mode="mirror", truncate=4.0), atol=0.2)


def test_gaussian_of_a_volume_is_three_dimensional() -> None:
    volume = noisy((14, 30, 32))
    got = OPERATIONS["gaussian"].apply_volume(volume, (3.0, 1.0, 1.0), no_progress, sigma=3.0)
    assert np.allclose(got, ndi.gaussian_filter(volume, (1.0, 3.0, 3.0), mode="mirror", truncate=4.0), atol=0.3)


@pytest.mark.parametrize("name", ["mean", "median"])
def test_volume_smoothing_averages_across_slices(name: str) -> None:
    volume = noisy((9, 20, 20))
    got = OPERATIONS[name].apply_volume(volume, (1.0, 1.0, 1.0), no_progress, radius=1)
    reference = {"mean": ndi.uniform_filter, "median": ndi.median_filter}[name](volume, 3, mode="nearest")
    assert np.allclose(got[1:-1, 1:-1, 1:-1], reference[1:-1, 1:-1, 1:-1], atol=1e-2)


@pytest.mark.parametrize("name", ["bilateral", "non_local_means", "curvature_diffusion"])
def test_edge_keeping_smoothers_calm_the_noise_and_keep_the_step(name: str) -> None:
    image = noisy()
    got = OPERATIONS[name].apply_slice(image, (1.0, 1.0))
    left, right = slice(4, 22), slice(34, 52)
    assert got[:, left].std() < 0.8 * image[:, left].std()
    assert got[:, right].mean() - got[:, left].mean() == pytest.approx(400, abs=15)
    assert abs(got[:, 29].mean() - got[:, 26].mean()) > 340


def test_unsharp_raises_the_edge_and_leaves_flat_regions() -> None:
    image = np.zeros((32, 32), dtype=np.float32)
    image[:, 16:] = 100
    got = OPERATIONS["unsharp"].apply_slice(image, (1.0, 1.0), sigma=1.0, amount=1.0)
    assert got[5, 16] > 110
    assert got[5, 15] < -10
    assert got[5, 2] == pytest.approx(0, abs=1e-3)
    quiet = OPERATIONS["unsharp"].apply_slice(image, (1.0, 1.0), sigma=1.0, amount=1.0, threshold=1000.0)
    assert np.array_equal(quiet, image)


def test_clahe_stays_in_the_range_of_the_image_and_spreads_low_contrast() -> None:
    image = np.random.default_rng(2).normal(0, 5, (128, 128)).astype(np.float32)
    image[0, 0], image[-1, -1] = -1000, 1000
    got = OPERATIONS["clahe"].apply_slice(image)
    assert got.min() >= -1000
    assert got.max() <= 1000
    assert got[20:100, 20:100].std() > 2 * image[20:100, 20:100].std()


def test_sobel_is_a_slope_per_mm() -> None:
    ramp = np.tile(np.arange(40, dtype=np.float32) * 3.0, (40, 1))
    got = OPERATIONS["sobel"].apply_slice(ramp, (2.0, 0.5))
    assert np.allclose(got[5:-5, 5:-5], 6.0)


def test_laplacian_of_a_parabola_is_its_second_derivative() -> None:
    j = np.arange(30, dtype=np.float32)[:, None] * 2.0
    got = OPERATIONS["laplacian"].apply_slice(np.tile(j**2, (1, 30)), (2.0, 1.0))
    assert np.allclose(got[5:-5, 5:-5], 2.0, atol=1e-2)


def test_canny_marks_the_border_of_a_square_and_nothing_else() -> None:
    image = np.zeros((64, 64), dtype=np.float32)
    image[20:44, 20:44] = 500
    got = OPERATIONS["canny"].apply_slice(image)
    assert set(np.unique(got)) == {0.0, 1.0}
    rows, columns = np.nonzero(got)
    inside = np.minimum(
        np.minimum(abs(rows - 19.5), abs(rows - 43.5)), np.minimum(abs(columns - 19.5), abs(columns - 43.5))
    )
    assert inside.max() <= 2
    assert not OPERATIONS["canny"].apply_slice(np.full((20, 20), 7.0)).any()


def test_opening_removes_a_bright_dot_and_closing_a_dark_one() -> None:
    image = np.full((21, 21), 50, dtype=np.float32)
    image[10, 10], image[5, 5] = 300, -300
    opened = OPERATIONS["opening"].apply_slice(image)
    closed = OPERATIONS["closing"].apply_slice(image)
    assert opened[10, 10] == 50
    assert closed[5, 5] == 50
    volume = np.full((9, 21, 21), 50, dtype=np.float32)
    volume[4, 10, 10] = 300
    assert OPERATIONS["opening"].apply_volume(volume, (1.0, 1.0, 1.0), no_progress).max() == 50


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_filter_takes_a_flat_image_and_a_thin_volume(name: str) -> None:
    operation = OPERATIONS[name]
    flat = np.full((24, 28), -1000, dtype=np.int16)
    got = operation.apply_slice(flat, (0.7, 0.7))
    assert got.dtype == np.float32
    assert got.shape == flat.shape
    if operation.keeps_unit:
        assert np.allclose(got, -1000, atol=0.1)
    else:
        assert np.allclose(got, 0, atol=1e-3)
    volume = operation.apply_volume(noisy((6, 24, 28)), (2.5, 0.7, 0.7), no_progress)
    assert volume.shape == (6, 24, 28)
    assert np.all(np.isfinite(volume))


def test_the_input_is_never_changed() -> None:
    image = noisy()
    before = image.copy()
    for operation in OPERATIONS.values():
        operation.apply_slice(image, (1.0, 1.0))
        assert np.array_equal(image, before), operation.id


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("median", {"radius": 0}),
        ("median", {"radius": 1.5}),
        ("gaussian", {"sigma": float("nan")}),
        ("gaussian", {"sigma": "wide"}),
        ("clahe", {"size": 3}),
    ],
)
def test_bad_parameters_are_refused_by_name(name: str, values: dict[str, object]) -> None:
    with pytest.raises(MedviewError) as caught:
        OPERATIONS[name].apply_slice(noisy(), (1.0, 1.0), **values)
    assert caught.value.code == "bad_parameter"


def test_a_chain_applies_its_enabled_steps_in_order() -> None:
    image = noisy()
    chain = (FilterStep("median", (("radius", 2),)), FilterStep("mean", enabled=False), FilterStep("unsharp"))
    by_hand = OPERATIONS["unsharp"].apply_slice(OPERATIONS["median"].apply_slice(image, radius=2))
    assert np.array_equal(apply_chain_slice(chain, image), by_hand)
    assert is_active(chain)
    assert not is_active((FilterStep("mean", enabled=False),))
    assert keeps_unit(chain)
    assert not keeps_unit((*chain, FilterStep("sobel")))


def test_a_chain_with_an_unknown_filter_says_so() -> None:
    with pytest.raises(MedviewError, match="sharpest"):
        apply_chain_slice((FilterStep("sharpest"),), noisy())


def test_a_volume_chain_can_be_cancelled_between_slices() -> None:
    calls = []

    def progress(step: str, done: int, total: int) -> None:
        calls.append((step, done, total))
        if len(calls) == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        apply_chain_volume((FilterStep("clahe"),), noisy((12, 16, 16)), (1.0, 1.0, 1.0), progress)
    assert len(calls) == 4
