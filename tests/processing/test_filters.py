"""Each filter against an independent implementation or its definition, on slices and volumes, in the image's own scale."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from medview.core.geometry import Geometry
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled, no_progress
from medview.core.volume import ModalityTransform, Volume
from medview.processing.chain import (
    FilterStep,
    apply_chain_slice,
    apply_chain_volume,
    filter_volume,
    is_active,
    keeps_unit,
)
from medview.processing.filters import OPERATIONS

SPACING = (2.5, 0.8, 0.5)


@pytest.fixture(scope="module")
def volume() -> np.ndarray:
    rng = np.random.default_rng(7)
    values = rng.normal(0, 60, (9, 40, 48)).astype(np.float32) - 500
    values[2:7, 10:30, 12:36] += 900
    values[4, 20, 20] = 3000
    return values


def run_slice(operation: str, picture: np.ndarray, **parameters: object) -> np.ndarray:
    return apply_chain_slice((FilterStep(operation, tuple(parameters.items())),), picture, SPACING[1:])  # type: ignore[arg-type]


def run_volume(operation: str, values: np.ndarray, **parameters: object) -> np.ndarray:
    return apply_chain_volume((FilterStep(operation, tuple(parameters.items())),), values, SPACING)  # type: ignore[arg-type]


def test_every_wanted_filter_is_there() -> None:
    assert list(OPERATIONS) == [
        "mean",
        "median",
        "gaussian",
        "bilateral",
        "non_local_means",
        "unsharp",
        "clahe",
        "curvature_diffusion",
        "sobel",
        "laplacian",
        "canny",
        "opening",
        "closing",
    ]
    for operation in OPERATIONS.values():
        for parameter in operation.parameters:
            assert parameter.unit in {"mm", "px", "value", "value/mm", ""}
            assert parameter.minimum <= float(parameter.default) <= parameter.maximum


@pytest.mark.parametrize("radius", [1, 4])
def test_mean(volume: np.ndarray, radius: int) -> None:
    size = 2 * radius + 1
    expected = ndimage.uniform_filter(volume[4].astype(np.float64), size, mode="nearest")
    np.testing.assert_allclose(run_slice("mean", volume[4], radius=radius), expected, atol=0.01)
    expected = ndimage.uniform_filter(volume.astype(np.float64), size, mode="nearest")
    np.testing.assert_allclose(run_volume("mean", volume, radius=radius), expected, atol=0.01)


@pytest.mark.parametrize("radius", [1, 2, 3])
def test_median(volume: np.ndarray, radius: int) -> None:
    size = 2 * radius + 1
    np.testing.assert_array_equal(
        run_slice("median", volume[4], radius=radius), ndimage.median_filter(volume[4], size, mode="nearest")
    )
    if radius == 1:
        np.testing.assert_array_equal(
            run_volume("median", volume, radius=radius), ndimage.median_filter(volume, size, mode="nearest")
        )


@pytest.mark.parametrize("sigma", [0.3, 1.0, 3.0])
def test_gaussian_takes_mm(volume: np.ndarray, sigma: float) -> None:
    in_px = [sigma / value for value in SPACING]
    expected = ndimage.gaussian_filter(volume[4].astype(np.float64), in_px[1:], mode="nearest", truncate=4)
    np.testing.assert_allclose(run_slice("gaussian", volume[4], sigma=sigma), expected, atol=0.5)
    expected = ndimage.gaussian_filter(volume.astype(np.float64), in_px, mode="nearest", truncate=4)
    np.testing.assert_allclose(run_volume("gaussian", volume, sigma=sigma), expected, atol=0.5)


def test_bilateral_follows_its_definition(volume: np.ndarray) -> None:
    picture, sigma, value_sigma = volume[4], 1.0, 80.0
    result = run_slice("bilateral", picture, sigma=sigma, value_sigma=value_sigma)
    space = sigma / np.sqrt(SPACING[1] * SPACING[2])
    radius = round(2 * space)
    wide = np.pad(picture.astype(np.float64), radius, mode="edge")
    for j, i in ((5, 5), (20, 20), (10, 12), (0, 0), (25, 35)):
        patch = wide[j : j + 2 * radius + 1, i : i + 2 * radius + 1]
        dj, di = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        weight = np.exp(-(dj**2 + di**2) / (2 * space**2) - (patch - picture[j, i]) ** 2 / (2 * value_sigma**2))
        weight[dj**2 + di**2 > radius**2] = 0
        assert result[j, i] == pytest.approx((weight * patch).sum() / weight.sum(), abs=0.5)


def test_non_local_means_follows_its_definition() -> None:
    rng = np.random.default_rng(1)
    picture = rng.normal(100, 20, (14, 15)).astype(np.float32)
    picture[:, 8:] += 200
    strength, patch, search = 25.0, 1, 3
    result = run_slice("non_local_means", picture, strength=strength, patch_radius=patch, search_radius=search)
    for j, i in ((6, 6), (7, 9), (5, 10)):
        total = weights = 0.0
        for dj in range(-search, search + 1):
            for di in range(-search, search + 1):
                here = picture[j - patch : j + patch + 1, i - patch : i + patch + 1].astype(np.float64)
                y, x = j + dj, i + di
                there = picture[y - patch : y + patch + 1, x - patch : x + patch + 1]
                weight = np.exp(-np.mean((here - there) ** 2) / strength**2)
                weights += weight
                total += weight * picture[y, x]
        assert result[j, i] == pytest.approx(total / weights, rel=1e-4)


def test_unsharp(volume: np.ndarray) -> None:
    in_px = [1.2 / value for value in SPACING]
    blurred = ndimage.gaussian_filter(volume.astype(np.float64), in_px, mode="nearest", truncate=4)
    detail = volume - blurred
    detail[np.abs(detail) < 30] = 0
    result = run_volume("unsharp", volume, sigma=1.2, amount=1.5, threshold=30.0)
    close = np.abs(result - (volume + 1.5 * detail)) < 2
    assert close.mean() > 0.995  # a detail at the very threshold may fall either way
    blurred = ndimage.gaussian_filter(volume[4].astype(np.float64), in_px[1:], mode="nearest", truncate=4)
    np.testing.assert_allclose(
        run_slice("unsharp", volume[4], sigma=1.2, amount=2.0), volume[4] + 2 * (volume[4] - blurred), atol=2
    )


def test_curvature_diffusion_is_itks(volume: np.ndarray) -> None:
    def oracle(values: np.ndarray, spacing: tuple[float, ...], step: float) -> np.ndarray:
        image = sitk.GetImageFromArray(values)
        image.SetSpacing(spacing[::-1])
        done = sitk.CurvatureAnisotropicDiffusion(image, timeStep=step, conductanceParameter=2.0, numberOfIterations=4)
        return sitk.GetArrayFromImage(done)

    expected = oracle(volume[4], SPACING[1:], 0.95 * 0.5 / 8)
    np.testing.assert_allclose(
        run_slice("curvature_diffusion", volume[4], iterations=4, conductance=2.0), expected, atol=1e-3
    )
    expected = oracle(volume, SPACING, 0.95 * 0.5 / 16)
    result = run_volume("curvature_diffusion", volume, iterations=4, conductance=2.0)
    np.testing.assert_allclose(result, expected, atol=1e-3)
    assert result[0].std() < volume[0].std()


def test_sobel_is_the_slope_per_mm() -> None:
    k, j, i = np.mgrid[0:7, 0:20, 0:22].astype(np.float32)
    ramp = 3 * k * SPACING[0] + 4 * j * SPACING[1] + 12 * i * SPACING[2]
    assert run_volume("sobel", ramp)[1:-1, 1:-1, 1:-1] == pytest.approx(13.0, abs=1e-2)
    assert run_slice("sobel", np.ascontiguousarray(ramp[3]))[1:-1, 1:-1] == pytest.approx(np.hypot(4, 12), abs=1e-2)


def test_sobel_matches_scipy(volume: np.ndarray) -> None:
    parts = [ndimage.sobel(volume.astype(np.float64), axis, mode="nearest") / (32 * SPACING[axis]) for axis in range(3)]
    expected = np.sqrt(sum(part**2 for part in parts))
    np.testing.assert_allclose(run_volume("sobel", volume), expected, rtol=1e-3, atol=0.05)


def test_laplacian(volume: np.ndarray) -> None:
    def second(values: np.ndarray, axis: int) -> np.ndarray:
        return ndimage.correlate1d(values, [1, -2, 1], axis=axis, mode="nearest") / SPACING[axis] ** 2

    exact = volume.astype(np.float64)
    expected = second(exact, 0) + second(exact, 1) + second(exact, 2)
    np.testing.assert_allclose(run_volume("laplacian", volume, sigma=0.0), expected, rtol=1e-3, atol=0.1)
    flat = second(exact, 1)[4] + second(exact, 2)[4]
    np.testing.assert_allclose(run_slice("laplacian", volume[4], sigma=0.0), flat, rtol=1e-3, atol=0.1)


def test_canny_finds_the_border_and_nothing_else() -> None:
    picture = np.zeros((60, 60), np.float32)
    picture[20:40, 15:45] = 1000
    edges = run_slice("canny", picture, sigma=0.5, lower=50.0, upper=200.0)
    assert set(np.unique(edges)) == {0.0, 1.0}
    j, i = np.nonzero(edges)
    on_border = (np.abs(j - 19.5) < 2) | (np.abs(j - 39.5) < 2) | (np.abs(i - 14.5) < 2) | (np.abs(i - 44.5) < 2)
    assert on_border.all()
    assert edges[25:35].sum(axis=1) == pytest.approx(2)  # one thin line at each side
    assert run_slice("canny", picture, sigma=0.5, lower=4000.0, upper=5000.0).sum() == 0


@pytest.mark.parametrize(
    ("name", "expected_of"), [("opening", ndimage.grey_opening), ("closing", ndimage.grey_closing)]
)
def test_opening_and_closing(volume: np.ndarray, name: str, expected_of) -> None:  # type: ignore[no-untyped-def]
    radius = 2.6
    reach = [int(radius / value) for value in SPACING]
    axes = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1, -reach[2] : reach[2] + 1]
    ball = sum((axis * step) ** 2 for axis, step in zip(axes, SPACING, strict=True)) <= radius**2 + 1e-9
    inner = tuple(slice(2 * value, -2 * value) for value in reach)  # scipy lets the outside count
    expected = expected_of(volume, footprint=ball, mode="nearest")
    result = run_volume(name, volume, radius=radius)
    np.testing.assert_array_equal(result[inner], expected[inner])
    flat = expected_of(volume[4], footprint=ball[reach[0]], mode="nearest")
    np.testing.assert_array_equal(run_slice(name, volume[4], radius=radius)[inner[1:]], flat[inner[1:]])


def test_opening_removes_the_bright_dot_and_closing_the_dark_one(volume: np.ndarray) -> None:
    assert run_volume("opening", volume, radius=1.0)[4, 20, 20] < 1000
    inverse = -volume
    assert run_volume("closing", inverse, radius=1.0)[4, 20, 20] > -1000


def test_clahe_stays_in_range_and_equalises() -> None:
    rng = np.random.default_rng(3)
    picture = rng.normal(40, 10, (128, 128)).astype(np.float32)
    picture[:8, :8] = -1000
    picture[-8:, -8:] = 3000
    result = run_slice("clahe", picture, clip_limit=20.0, tiles=4)
    assert result.min() >= -1000.01
    assert result.max() <= 3000.01
    assert result[40:90, 40:90].std() > 5 * picture[40:90, 40:90].std()
    gentle = run_slice("clahe", picture, clip_limit=1.0, tiles=4)
    assert gentle[40:90, 40:90].std() < 0.5 * result[40:90, 40:90].std()


def test_clahe_with_one_tile_is_clipped_histogram_equalisation() -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 1024, (96, 96)).astype(np.float32) ** 1.5
    result = run_slice("clahe", picture, clip_limit=40.0, tiles=1)
    low, high = float(picture.min()), float(picture.max())
    histogram, edges = np.histogram(picture, bins=1024, range=(low, high))
    limit = 40.0 * picture.size / 1024
    clipped = np.minimum(histogram, limit) + np.maximum(histogram - limit, 0).sum() / 1024
    cumulative = np.concatenate([[0], np.cumsum(clipped)]) / picture.size
    expected = low + np.interp(picture, edges, cumulative) * (high - low)
    np.testing.assert_allclose(result, expected, atol=(high - low) / 1024 * 1.1)


def test_clahe_of_a_volume_uses_one_range(volume: np.ndarray) -> None:
    dim = volume.copy()
    dim[0] = -500
    assert run_volume("clahe", dim)[0] == pytest.approx(-500, abs=4000)
    flat = np.full((3, 20, 20), 7.0, np.float32)
    np.testing.assert_array_equal(run_volume("clahe", flat), flat)


def test_filters_keep_the_mean_in_hounsfield_units(volume: np.ndarray) -> None:
    for name in ("mean", "gaussian", "bilateral", "non_local_means", "curvature_diffusion", "unsharp", "median"):
        assert run_slice(name, volume[4]).mean() == pytest.approx(volume[4].mean(), abs=15), name
        assert run_slice(name, volume[4]).dtype == np.float32


# Chains ----------------------------------------------------------------------------------------------------------


def test_a_chain_is_its_steps_in_order(volume: np.ndarray) -> None:
    chain = (
        FilterStep("median", (("radius", 1),)),
        FilterStep("gaussian", (("sigma", 5.0),), enabled=False),
        FilterStep("unsharp", (("amount", 2.0),)),
    )
    expected = run_slice("unsharp", run_slice("median", volume[4], radius=1), amount=2.0)
    np.testing.assert_array_equal(apply_chain_slice(chain, volume[4], SPACING[1:]), expected)
    assert is_active(chain)
    assert not is_active(chain[1:2])
    picture = volume[4]
    assert apply_chain_slice(chain[1:2], picture, SPACING[1:]) is picture
    assert keeps_unit(chain)
    assert not keeps_unit((*chain, FilterStep("sobel")))


def test_colour_is_filtered_by_channel() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 20, 3)).astype(np.uint8)
    result = apply_chain_slice((FilterStep("mean", (("radius", 1),)),), picture, (1.0, 1.0))
    assert result.dtype == np.uint8
    expected = ndimage.uniform_filter(picture[..., 2].astype(np.float64), 3, mode="nearest")
    np.testing.assert_allclose(result[..., 2], expected, atol=0.51)


@pytest.mark.parametrize(
    "step",
    [
        FilterStep("gaussian", (("sigma", 1e6),)),
        FilterStep("gaussian", (("sigma", "wide"),)),
        FilterStep("gaussian", (("radius", 1),)),
        FilterStep("no_such_filter"),
    ],
)
def test_bad_steps_are_told(step: FilterStep) -> None:
    with pytest.raises(MedviewError) as caught:
        apply_chain_slice((step,), np.zeros((4, 4), np.float32), (1.0, 1.0))
    assert caught.value.code in {"filter_parameter", "unknown_filter"}


@pytest.mark.parametrize("name", ["median", "gaussian", "bilateral", "curvature_diffusion", "opening"])
def test_cancelling_ends_a_volume_filter(volume: np.ndarray, name: str) -> None:
    calls = 0

    def progress(step: str, done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls >= 3:
            raise Cancelled

    larger = np.repeat(np.repeat(volume, 4, axis=1), 4, axis=2)
    with pytest.raises(Cancelled):
        apply_chain_volume((FilterStep(name),), larger, SPACING, progress)


def test_progress_reaches_its_end(volume: np.ndarray) -> None:
    for name, operation in OPERATIONS.items():
        seen: list[tuple[int, int]] = []
        apply_chain_volume(
            (FilterStep(name),), volume, SPACING, lambda step, done, total, s=seen: s.append((done, total))
        )
        assert seen, name
        assert seen[-1][0] == seen[-1][1] > 0, operation.title


def test_a_filtered_volume_keeps_geometry_and_ignores_padding() -> None:
    stored = np.full((4, 16, 16), 1024, np.int16)
    stored[:, :, :4] = -2000
    geometry = Geometry.from_directions((4, 16, 16), (0, 0, 0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 1.0))
    volume = Volume(stored, ModalityTransform(intercepts=np.array([-1024.0])), geometry, "HU", (-2000, -2000))
    result = filter_volume((FilterStep("gaussian", (("sigma", 2.0),)),), volume, None, no_progress)
    assert result.geometry is geometry
    assert result.unit == "HU"
    np.testing.assert_allclose(result.stored, 0, atol=1e-3)
    assert filter_volume((), volume) is volume
    assert filter_volume((FilterStep("sobel"),), volume).unit is None


def test_opencv_takes_one_thread_for_pictures_and_all_within_filters() -> None:
    import threading

    import cv2

    from medview.kernels import threads

    threads.take_one_thread()
    assert cv2.getNumThreads() == 1
    inside, go = threading.Event(), threading.Event()

    def filter_slowly() -> None:
        with threads.all_threads():
            inside.set()
            go.wait(20)

    other = threading.Thread(target=filter_slowly)
    with threads.all_threads():
        other.start()
        assert inside.wait(20)
        assert cv2.getNumThreads() == threads._ALL
    assert cv2.getNumThreads() == threads._ALL, "another one filters still"
    go.set()
    other.join()
    assert cv2.getNumThreads() == 1
