"""Angles, areas, perimeters and pixels of drawn shapes against closed formulas, within the bars of correctness 1d."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medview.core.mark_shapes import (
    angle_at,
    angle_between,
    crosses_itself,
    drawn_outline,
    ellipse_perimeter,
    outline_area,
    path_length,
    rectangle_area,
    rectangle_perimeter,
    region_pixels,
    second_axis,
    thinned,
)
from medview.core.measurement import statistics_of

ANISOTROPIC = (1.5, 0.75)


def circle(count: int, radius_mm: float, spacing=ANISOTROPIC) -> list[tuple[float, float]]:
    turns = (math.tau * n / count for n in range(count))
    return [(50 + radius_mm * math.cos(t) / spacing[1], 50 + radius_mm * math.sin(t) / spacing[0]) for t in turns]


def test_lengths_and_areas_are_those_of_millimetres() -> None:
    assert path_length(((0, 0), (4, 0), (4, 2)), ANISOTROPIC).value == 6.0
    assert path_length(((0, 0), (4, 0), (4, 2)), ANISOTROPIC, closed=True).value == pytest.approx(6 + math.hypot(3, 3))
    assert rectangle_area(((1, 1), (5, 3)), ANISOTROPIC).value == 9.0
    assert rectangle_perimeter(((1, 1), (5, 3)), ANISOTROPIC).value == 12.0
    area = outline_area(((0, 0), (4, 0), (4, 2)), ANISOTROPIC)
    assert area is not None
    assert (area.value, area.unit) == (pytest.approx(4.5), "mm²")
    assert path_length(((0, 0), (3, 4)), None).unit == "px"
    assert path_length(((0, 0), (3, 4)), (0.1, 0.1), "none").value == 5


def test_a_drawn_circle_is_within_half_a_percent() -> None:
    points = circle(90, 20.0)
    area = outline_area(points, ANISOTROPIC)
    assert area is not None
    assert area.value == pytest.approx(math.pi * 400, rel=0.005)
    assert path_length(points, ANISOTROPIC, closed=True).value == pytest.approx(math.tau * 20, rel=0.001)


@pytest.mark.parametrize(("a", "b"), [(10, 10), (10, 5), (10, 1), (100, 0.5)])
def test_the_perimeter_of_an_ellipse_is_the_integral_along_it(a, b) -> None:
    turns = np.linspace(0, math.tau, 400001)
    expected = np.hypot(np.diff(a * np.cos(turns)), np.diff(b * np.sin(turns))).sum()
    assert ellipse_perimeter(((0, 0), (2 * a, 2 * b)), None).value == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("degrees", [0, 0.05, 30, 45, 89.95, 90, 120, 179.95, 180])
@pytest.mark.parametrize("turned", [0, 33, 180])
def test_angles_are_those_of_millimetres(degrees, turned) -> None:
    def arm(turn: float) -> tuple[float, float]:
        t = math.radians(turn)
        return (7 + 40 * math.cos(t) / 0.75, 9 + 40 * math.sin(t) / 1.5)

    points = (arm(turned), (7.0, 9.0), arm(turned + degrees))
    assert angle_at(points, ANISOTROPIC) == pytest.approx(degrees, abs=1e-6)
    lines = ((7.0, 9.0), arm(turned), (7.0, 9.0), arm(turned + degrees))
    assert angle_between(lines, ANISOTROPIC) == pytest.approx(min(degrees, 180 - degrees), abs=1e-6)


def test_the_second_axis_is_at_right_angles_through_the_middle() -> None:
    first = ((10.0, 10.0), (30.0, 18.0))
    c, d = (np.array(end) * (0.75, 1.5) for end in second_axis(first, ANISOTROPIC))
    a, b = (np.array(end) * (0.75, 1.5) for end in first)
    assert (b - a) @ (d - c) == pytest.approx(0, abs=1e-9)
    assert np.linalg.norm(d - c) == pytest.approx(np.linalg.norm(b - a) / 2)
    assert (c + d) / 2 == pytest.approx((a + b) / 2)


def test_a_figure_of_eight_crosses_itself_and_has_no_area() -> None:
    eight = ((0, 0), (10, 10), (10, 0), (0, 10))
    assert crosses_itself(eight)
    assert outline_area(eight, ANISOTROPIC) is None
    assert not crosses_itself(circle(300, 20))
    many = circle(600, 20)
    many[400], many[410] = many[410], many[400]
    assert crosses_itself(many)


@pytest.mark.parametrize("kind", ["rectangle", "polygon", "freehand"])
def test_statistics_on_whole_pixels_are_exact(kind) -> None:
    values = np.random.default_rng(3).integers(-1000, 2000, (30, 40))
    points = ((5, 7), (25, 19)) if kind == "rectangle" else ((5, 7), (25, 7), (25, 19), (5, 19))
    found = statistics_of(*region_pixels(kind, points, values.shape), values)
    chosen = values[7:20, 5:26].astype(np.float64)
    assert found is not None
    assert (found.count, found.mean, found.sd, found.median) == (
        chosen.size,
        chosen.mean(),
        chosen.std(),
        np.median(chosen),
    )
    assert (found.minimum, found.maximum) == (chosen.min(), chosen.max())


corner = st.floats(-5, 25, allow_nan=False)


@given(st.lists(st.tuples(corner, corner), min_size=3, max_size=7))
def test_the_pixels_of_a_polygon_do_not_depend_on_where_it_begins(points) -> None:
    def whole(corners) -> np.ndarray:
        mask = np.zeros((20, 20), dtype=bool)
        rows, columns, inside = region_pixels("polygon", corners, mask.shape)
        mask[rows, columns] = inside
        return mask

    assert np.array_equal(whole(points), whole(points[1:] + points[:1]))
    assert np.array_equal(whole(points), whole(points[::-1]))


def test_a_region_outside_of_the_slice_has_no_pixels() -> None:
    rows, columns, inside = region_pixels("polygon", ((-9, -9), (-2, -9), (-2, -3)), (20, 20))
    assert not inside.any()
    assert np.zeros((20, 20))[rows, columns].shape == inside.shape


@pytest.mark.parametrize("step", [1.0, 2.2, 6.0])
def test_a_circle_by_a_hand_on_whole_pixels_of_the_screen_is_no_stair(step) -> None:
    radius = 60.0  # px of the screen, 4 of them a mm
    turns = np.linspace(0, 2 * math.pi, round(2 * math.pi * radius / step), endpoint=False)
    path = [(round(200 + radius * math.cos(t)) / 4 / 2.0, round(150 + radius * math.sin(t)) / 4 / 0.5) for t in turns]
    kept = drawn_outline(path, (0.5, 2.0), 4.0)
    area = outline_area(kept, (0.5, 2.0))
    assert area is not None
    assert area.value == pytest.approx(math.pi * 15**2, rel=0.005)
    assert path_length(kept, (0.5, 2.0), closed=True).value == pytest.approx(2 * math.pi * 15, rel=0.01)


def test_thinning_keeps_a_path_where_it_is() -> None:
    points = circle(400, 20.0)
    fewer = thinned(points, 0.25)
    assert 8 < len(fewer) < 100
    area, whole = outline_area(fewer, ANISOTROPIC), outline_area(points, ANISOTROPIC)
    assert area is not None
    assert whole is not None
    assert area.value == pytest.approx(whole.value, rel=0.015)
