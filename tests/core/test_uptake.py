"""SUV max, mean and peak, and volumes within isocontours, against analytic spheres and a computation of its own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medview.app.shown_slice import acquired_shown
from medview.app.uptakes import UptakeReader, region_voxels
from medview.core.geometry import Geometry
from medview.core.measurement import Measurement, MeasurementPlace
from medview.core.study import Stack
from medview.core.uptake import climb, isocontour, peak_of, sphere_shares, uptake_of, voxel_ml
from medview.core.value_scale import ValueScale
from medview.core.volume import ModalityTransform, Volume

RADIUS = (3000 / (4 * math.pi)) ** (1 / 3)


@pytest.mark.parametrize("spacing", [(4.0, 4.0, 4.0), (3.27, 2.73, 2.73), (2.0, 1.0, 1.0), (5.0, 5.47, 5.47)])
def test_the_sphere_holds_one_millilitre(spacing) -> None:
    shares = sphere_shares(spacing)
    assert shares.sum() * math.prod(spacing) == pytest.approx(1000, rel=0.003)
    assert np.array_equal(shares, shares[::-1, ::-1, ::-1])
    assert shares.max() == 1.0
    assert pytest.approx(12.4, abs=0.01) == 2 * RADIUS


@pytest.mark.parametrize(
    ("spacing", "tolerance"), [((1.0, 1.0, 1.0), 0.005), ((2.0, 2.0, 2.0), 0.02), ((4.0, 4.0, 4.0), 0.05)]
)
def test_the_peak_of_a_bowl_is_that_of_the_integral(spacing, tolerance) -> None:
    """Over a sphere of radius r the mean of ax² + by² + cz² is (a + b + c) r²/5; voxels tell it the better the finer."""
    shape = (15, 21, 23)
    middle = np.array([7, 10, 12])
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    curves = (0.02, 0.013, 0.011)
    squares = [((axis - at) * step) ** 2 for axis, at, step in zip((k, j, i), middle, spacing, strict=True)]
    values = 10 - sum(c * square for c, square in zip(curves, squares, strict=True))
    peak = peak_of(values, np.argwhere(values > 6), spacing)
    expected = 10 - sum(curves) * RADIUS**2 / 5
    assert peak.voxel == tuple(middle)
    assert peak.value == pytest.approx(expected, abs=tolerance)


def test_max_mean_and_peak_are_those_of_a_plain_loop() -> None:
    spacing = (3.0, 2.5, 2.0)
    geometry = Geometry.from_directions((12, 14, 16), (0, 0, 0), (1, 0, 0), (0, 1, 0), spacing)
    rng = np.random.default_rng(11)
    values = rng.gamma(2.0, 1.5, geometry.shape).astype(np.float32)
    region = np.argwhere(rng.random(geometry.shape) < 0.2)
    found = uptake_of(values, region, geometry)
    chosen = [float(values[tuple(at)]) for at in region]
    assert found.maximum == max(chosen)
    assert found.mean == pytest.approx(sum(chosen) / len(chosen), rel=1e-12)
    assert values[found.hottest] == found.maximum
    best = -1.0
    steps = (np.arange(20) + 0.5) / 20 - 0.5
    fine = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    reach = [math.floor(RADIUS / step + 0.5) for step in spacing]
    offsets = [
        (a, b, c)
        for a in range(-reach[0], reach[0] + 1)
        for b in range(-reach[1], reach[1] + 1)
        for c in range(-reach[2], reach[2] + 1)
    ]
    shares = {at: float(((((fine + at) * spacing) ** 2).sum(axis=1) <= RADIUS**2).mean()) for at in offsets}
    shares = {at: share for at, share in shares.items() if share > 0}
    total = sum(shares.values())
    for k, j, i in region:
        if all(0 <= k + a < 12 and 0 <= j + b < 14 and 0 <= i + c < 16 for a, b, c in shares):
            best = max(
                best, sum(share * float(values[k + a, j + b, i + c]) for (a, b, c), share in shares.items()) / total
            )
    assert found.peak.value == pytest.approx(best, rel=0.002)


def test_a_sphere_that_does_not_fit_gives_no_peak() -> None:
    geometry = Geometry.from_directions((3, 30, 30), (0, 0, 0), (1, 0, 0), (0, 1, 0), (4.0, 4.0, 4.0))
    values = np.ones(geometry.shape, np.float32)
    found = uptake_of(values, np.array([[1, 15, 15]]), geometry)
    assert found.peak is None
    assert found.maximum == 1.0
    holed = np.ones((9, 9, 9), np.float32)
    holed[4, 4, 5] = np.nan
    assert peak_of(holed, np.array([[4, 4, 4]]), (4.0, 4.0, 4.0)) is None
    uneven = Geometry(
        (9, 9, 9), np.diag([4.0, 4.0, 4.0, 1.0]), "", np.array([(0.0, 0.0, 4.0 * k + (k % 2)) for k in range(9)])
    )
    assert uptake_of(np.ones((9, 9, 9), np.float32), np.array([[4, 4, 4]]), uneven).peak is None
    assert voxel_ml(uneven) is None
    assert uptake_of(np.full((9, 9, 9), np.nan, np.float32), np.array([[4, 4, 4]]), uneven) is None


def test_climbing_goes_to_the_top_of_this_hill_only() -> None:
    k, j, i = np.meshgrid(np.arange(20), np.arange(20), np.arange(40), indexing="ij")
    hills = [6 * np.exp(-((k - 8) ** 2 + (j - 9) ** 2 + (i - 10) ** 2) / 18)]
    hills.append(30 * np.exp(-((k - 12) ** 2 + (j - 9) ** 2 + (i - 33) ** 2) / 18))
    values = sum(hills)
    assert climb(values, (5, 9, 12)) == (8, 9, 10)
    values[8, 9, 10] = np.nan
    assert climb(values, (5, 9, 12)) != (12, 9, 33)
    assert climb(np.full((3, 3, 3), np.nan), (1, 1, 1)) == (1, 1, 1)


def test_an_isocontour_keeps_to_what_hangs_together() -> None:
    """A Gaussian blob of 41 % of its top reaches out to s·√(2 ln(1/0.41)): its volume is known."""
    spacing, sigma = 1.0, 7.0
    shape = (40, 60, 50)
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    distance = ((k - 20) ** 2 + (j - 22) ** 2 + (i - 24) ** 2) * spacing**2
    values = 8 * np.exp(-distance / (2 * sigma**2))
    values[3:6, 50:55, 40:45] = 9.0  # another, hotter one beside it
    mask = isocontour(values, (20, 22, 24), 0.41 * 8)
    radius = sigma * math.sqrt(2 * math.log(1 / 0.41))
    assert mask.sum() == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.01)
    assert not mask[4, 52, 42]
    assert not isocontour(values, (0, 0, 0), 1.0).any()


def test_a_region_is_measured_in_the_slices_around_it_as_in_the_whole_volume() -> None:
    """Also at the volume's ends, where spheres do not fit."""
    geometry = Geometry.from_directions((30, 12, 12), (0, 0, 0), (1, 0, 0), (0, 1, 0), (2.5, 3.0, 3.0))
    stored = np.random.default_rng(2).integers(0, 5000, geometry.shape).astype(np.uint16)
    volume = Volume(stored, ModalityTransform(), geometry)
    scale = ValueScale("suv_bw", "SUVbw", "g/ml", (0.001,))
    stack = Stack("s", "volume", geometry.shape, 1, 1, "uint16", (), ModalityTransform(), geometry)
    for k in (0, 1, 2, 14, 27, 29):
        mark = Measurement("m", "rectangle", MeasurementPlace("s"), ((2.0, 2.0), (9.0, 9.0)))
        shown = acquired_shown(stack, k)
        found = UptakeReader().of_region(mark, shown, volume, scale)
        voxels = region_voxels(mark, shown, geometry, geometry.shape)
        expected = uptake_of((stored * np.float32(0.001)).astype(np.float32), voxels, geometry)
        assert found.hottest == expected.hottest
        assert found.mean == pytest.approx(expected.mean, rel=1e-6)
        assert (found.peak is None) == (expected.peak is None) == (k in {0, 1, 29})
        if found.peak is not None:
            assert found.peak.voxel == expected.peak.voxel
            assert found.peak.value == pytest.approx(expected.peak.value, rel=1e-6)
