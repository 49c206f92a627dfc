"""Lines and outlines lie where they are said to, to a fraction of a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from medview.kernels.lines import (
    blend_fill,
    blend_where,
    colour_ramp,
    draw_cross,
    draw_polyline,
    fill_polygon,
    is_inside,
    region_outlines,
)

SQUARE = np.array([[3.0, 2.0], [9.0, 2.0], [9.0, 6.0], [3.0, 6.0]])


def ground() -> np.ndarray:
    return np.full((12, 16, 4), 100, np.uint8)


def test_integers_are_pixel_centres() -> None:
    picture = ground()
    draw_polyline(picture, SQUARE[:2], False, (10, 20, 30), 1)
    rows, columns = np.nonzero(np.any(picture[..., :3] != 100, axis=-1))
    assert rows.mean() == pytest.approx(2.0)
    assert columns.mean() == pytest.approx(6.0)
    np.testing.assert_allclose(picture[2, 6, :3], (10, 20, 30), atol=12)  # smoothed


def test_half_a_pixel_is_half_a_pixel() -> None:
    picture = np.zeros((12, 16, 4), np.uint8)
    draw_polyline(picture, SQUARE[:2] + np.array([0.0, 0.5]), False, (200, 200, 200), 1)
    weight = picture[:, 6, 0].astype(float)
    assert (weight * np.arange(12)).sum() / weight.sum() == pytest.approx(2.5, abs=0.1)


def test_what_lies_far_beside_the_picture_does_no_harm() -> None:
    picture = ground()
    draw_polyline(picture, SQUARE * 1e7, True, (1, 2, 3), 2)
    draw_cross(picture, np.array([-1e9, 1e9]), (1, 2, 3), 8, 2)
    assert np.all(picture == 100)


def test_fills_and_their_holes() -> None:
    picture = ground()
    fill_polygon(picture, SQUARE, (0, 0, 255))
    assert tuple(picture[4, 6]) == (0, 0, 255, 255)
    picture = ground()
    blend_fill(picture, [SQUARE, SQUARE * 0.5 + np.array([3.0, 2.0])], (200, 0, 0), 0.5)
    assert tuple(picture[5, 8]) == (150, 50, 50, 178)
    assert tuple(picture[4, 6]) == (100, 100, 100, 100)
    assert tuple(picture[9, 12]) == (100, 100, 100, 100)


def test_only_where_it_is_said() -> None:
    picture, layer = ground(), np.full((12, 16, 4), 200, np.uint8)
    where = np.zeros((12, 16), bool)
    where[3, 4] = True
    blend_where(picture, layer, where, 0.25)
    assert picture[3, 4, 0] == 125
    assert np.all(np.delete(picture.reshape(-1, 4), 3 * 16 + 4, axis=0) == 100)


def test_outlines_run_along_the_borders_of_pixels() -> None:
    mask = np.zeros((10, 12), bool)
    mask[2:6, 3:9] = True
    mask[3:5, 5:7] = False
    outer, hole = sorted(region_outlines(mask), key=lambda line: -np.ptp(line[:, 0]))
    assert (outer[:, 0].min(), outer[:, 0].max()) == pytest.approx((2.5, 8.5), abs=0.34)
    assert (outer[:, 1].min(), outer[:, 1].max()) == pytest.approx((1.5, 5.5), abs=0.34)
    assert (hole[:, 0].min(), hole[:, 0].max()) == pytest.approx((4.5, 6.5), abs=0.34)


def test_inside_means_all_of_it() -> None:
    assert is_inside(SQUARE * 0.5 + np.array([3.0, 2.0]), SQUARE)
    assert not is_inside(SQUARE + np.array([1.0, 0.0]), SQUARE)


def test_ramps_have_two_ends() -> None:
    for name in ("rainbow", "glow"):
        ramp = colour_ramp(name)  # type: ignore[arg-type]
        assert ramp.shape == (256, 3)
        assert np.abs(ramp[0].astype(int) - ramp[255]).sum() > 100
    assert colour_ramp("rainbow")[255, 0] > colour_ramp("rainbow")[255, 2]  # red is much
