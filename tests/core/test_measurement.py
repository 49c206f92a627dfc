"""Lengths, areas and statistics against numbers worked out by hand, within the bars of clinical correctness 1d."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medview.core.measurement import (
    AxisSpan,
    axis_spans,
    ellipse_area,
    ellipse_axes,
    ellipse_pixels,
    ellipse_statistics,
    px_reason,
    ruler_length,
    spacing_at,
)
from medview.core.study import PixelRegion, RegionAxis

ANISOTROPIC = (1.5, 0.75)  # mm per row, mm per column


def test_ten_pixels_along_a_row_and_down_a_column() -> None:
    along = ruler_length(((3, 4), (13, 4)), ANISOTROPIC)
    down = ruler_length(((3, 4), (3, 14)), ANISOTROPIC)
    assert (along.value, along.unit) == (7.5, "mm")
    assert (down.value, down.unit) == (15.0, "mm")


def test_slanted_ruler_weighs_rows_and_columns_by_their_own_spacing() -> None:
    assert ruler_length(((0, 0), (4, 3)), ANISOTROPIC).value == pytest.approx(math.hypot(3.0, 4.5))


def test_without_spacing_only_pixels_are_said() -> None:
    length = ruler_length(((0, 0), (3, 4)), None)
    area = ellipse_area(((0, 0), (10, 4)), None)
    assert (length.value, length.unit, length.spacing) == (5.0, "px", "none")
    assert area.unit == "px²"
    assert area.value == pytest.approx(math.pi * 5 * 2)


def test_spacing_that_means_nothing_is_not_called_mm() -> None:
    assert ruler_length(((0, 0), (3, 4)), (1.0, 1.0), "none").unit == "px"


@pytest.mark.parametrize("kind", ["patient", "detector", "calibrated", "estimated", "region"])
def test_what_a_mm_is_stays_with_the_number(kind) -> None:
    assert ruler_length(((0, 0), (3, 4)), (0.1, 0.1), kind).spacing == kind
    assert ellipse_area(((0, 0), (3, 4)), (0.1, 0.1), kind).spacing == kind


LEFT = PixelRegion(0, 0, 99, 79, (0.1, 0.1))
RIGHT = PixelRegion(120, 0, 199, 79, (0.2, 0.2))
SPECTRUM = PixelRegion(0, 100, 199, 180, None)


@pytest.mark.parametrize(
    ("points", "millimetres"),
    [
        (((10, 10), (60, 10)), 5.0),
        (((130, 10), (180, 10)), 10.0),
        (((0, 0), (99.5, 0)), 9.95),
        (((60, 10), (150, 10)), None),  # from one region into another
        (((60, 10), (110, 10)), None),  # out of a region
        (((105, 20), (110, 30)), None),  # outside of all
        (((10, 120), (60, 150)), None),  # time and velocity are no lengths
        (((10, 60), (10, 120)), None),
    ],
)
def test_a_length_in_ultrasound_is_that_of_its_region(points, millimetres) -> None:
    spacing, kind = spacing_at(points, (0.1, 0.1), "region", (LEFT, RIGHT, SPECTRUM))
    length = ruler_length(points, spacing, kind)
    if millimetres is None:
        assert length.unit == "px"
    else:
        assert (length.value, length.unit, length.spacing) == (pytest.approx(millimetres), "mm", "region")


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (((10, 10), (60, 10)), ""),
        (((60, 10), (150, 10)), "across"),
        (((60, 10), (110, 10)), "across"),
        (((105, 20), (110, 30)), "outside"),
        (((10, 120), (60, 150)), "no_length"),
        (((10, 60), (10, 120)), "across"),
    ],
)
def test_why_a_length_in_ultrasound_is_in_pixels(points, reason) -> None:
    assert px_reason(points, (LEFT, RIGHT, SPECTRUM)) == reason
    assert px_reason(points, ()) == ""


def test_what_the_axes_of_a_spectrum_say() -> None:
    time, speed = RegionAxis("s", 0.005), RegionAxis("cm/s", -0.5, 140.0)
    doppler = replace(SPECTRUM, axes=(time, speed))
    found = axis_spans(((10, 120), (90, 160)), (LEFT, RIGHT, doppler))
    assert found == (AxisSpan("s", pytest.approx(0.4), None, None), AxisSpan("cm/s", 20.0, 10.0, -10.0))
    assert axis_spans(((10, 100.0),), (doppler,))[1].last == 20.0
    # Nothing is told of what lies in two parts, outside of all, or where lengths hold.
    assert axis_spans(((10, 60), (10, 120)), (LEFT, doppler)) == ()
    assert axis_spans(((10, 90), (10, 120)), (LEFT, doppler)) == ()
    assert axis_spans(((10, 10), (60, 10)), (LEFT, doppler)) == ()
    over = PixelRegion(0, 110, 50, 130, None, (RegionAxis("s", 0.005), RegionAxis("dB", 1.0)))
    assert axis_spans(((10, 120), (20, 125)), (doppler, over)) == ()
    assert len(axis_spans(((60, 120), (70, 125)), (doppler, over))) == 2


def test_regions_over_one_another_count_where_they_agree() -> None:
    inner_same = PixelRegion(20, 20, 60, 60, (0.1, 0.1))
    inner_other = PixelRegion(20, 20, 60, 60, (0.3, 0.3))
    assert spacing_at(((30, 30), (40, 40)), None, "none", (LEFT, inner_same)) == ((0.1, 0.1), "region")
    assert spacing_at(((30, 30), (40, 40)), None, "none", (LEFT, inner_other)) == (None, "none")
    assert spacing_at(((30, 30), (80, 40)), None, "none", (LEFT, inner_same)) == ((0.1, 0.1), "region")
    assert spacing_at(((30, 30), (80, 40)), None, "none", (LEFT, inner_other)) == (None, "none")


def test_without_regions_the_frames_spacing_holds() -> None:
    assert spacing_at(((0, 0), (5, 5)), (0.4, 0.5), "detector") == ((0.4, 0.5), "detector")


def test_ellipse_area_is_that_of_the_curve() -> None:
    area = ellipse_area(((10, 20), (30, 28)), ANISOTROPIC)
    assert area.value == pytest.approx(math.pi * (10 * 0.75) * (4 * 1.5), rel=1e-12)
    width, height = ellipse_axes(((10, 20), (30, 28)), ANISOTROPIC)
    assert (width.value, height.value) == (15.0, 12.0)


def test_statistics_on_whole_pixels_are_exact() -> None:
    values = np.arange(100, dtype=np.int32).reshape(10, 10) * 7 - 300
    found = ellipse_statistics(((2, 3), (6, 7)), values)
    # Semi-axes of 2 around (4, 5): centres within a circle of radius 2.
    chosen = [values[5 + dy, 4 + dx] for dy in range(-2, 3) for dx in range(-2, 3) if dx * dx + dy * dy <= 4]
    assert found is not None
    assert found.count == len(chosen) == 13
    assert found.mean == float(np.mean(chosen, dtype=np.float64))
    assert found.sd == float(np.std(np.array(chosen, dtype=np.float64)))
    assert (found.minimum, found.maximum) == (min(chosen), max(chosen))


def test_padding_and_nan_are_left_out() -> None:
    values = np.full((8, 8), 10.0, dtype=np.float32)
    values[4, 4] = np.nan
    values[3, 4] = 5000
    padding = values == 5000
    found = ellipse_statistics(((2, 2), (6, 6)), values, padding)
    assert found is not None
    assert (found.mean, found.maximum, found.count) == (10.0, 10.0, 13 - 2)


def test_ellipse_outside_of_the_slice_says_nothing() -> None:
    assert ellipse_statistics(((20, 20), (30, 30)), np.zeros((8, 8))) is None
    assert ellipse_statistics(((-9, -9), (-3, -2)), np.zeros((8, 8))) is None


coordinate = st.floats(-5, 25, allow_nan=False)


@given(coordinate, coordinate, coordinate, coordinate)
def test_pixels_of_an_ellipse_do_not_depend_on_the_corner_it_was_drawn_from(x0, y0, x1, y1) -> None:
    def count(a, b):
        rows, columns, inside = ellipse_pixels((a, b), (20, 20))
        full = np.zeros((20, 20), dtype=bool)
        full[rows, columns] = inside
        return full

    assert np.array_equal(count((x0, y0), (x1, y1)), count((x1, y1), (x0, y0)))
    assert np.array_equal(count((x0, y0), (x1, y1)), count((x0, y1), (x1, y0)))


def test_the_median_is_told() -> None:
    found = ellipse_statistics(((0, 0), (2, 2)), np.array([[90, 1, 90], [2, 7, 11], [90, 3, 90]]))
    assert found is not None
    assert found.median == 3.0
