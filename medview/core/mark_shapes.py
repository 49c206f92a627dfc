"""Lengths, angles, areas and pixels of the shapes that a reader draws, in image coordinates and true spacing.

Points are (x, y) of a slice as in :mod:`medview.core.measurement`; spacing is (mm per row, mm per column), None for px.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.measurement import ImagePoint, MeasurementKind, Quantity, ellipse_pixels
from medview.core.study import SpacingKind

Spacing = tuple[float, float] | None
Pixels = tuple[slice, slice, NDArray[np.bool_]]
"""(rows, columns, inside): a part of a slice, and which of its pixels are meant."""

_ON_LINE = 1e-9


def _scaled(points: Sequence[ImagePoint], spacing: Spacing) -> NDArray[np.float64]:
    """(n, 2) points in mm, or px where there is no spacing."""
    down, across = spacing or (1.0, 1.0)
    return np.asarray(points, dtype=np.float64).reshape(-1, 2) * (across, down)


def _quantity(value: float, spacing: Spacing, kind: SpacingKind, power: Literal[1, 2] = 1) -> Quantity:
    if spacing is None or kind == "none":
        return Quantity(value, "px" if power == 1 else "px²", "none")
    return Quantity(value, "mm" if power == 1 else "mm²", kind)


def path_length(
    points: Sequence[ImagePoint], spacing: Spacing, kind: SpacingKind = "patient", closed: bool = False
) -> Quantity:
    """Length along a path, with ``closed`` also from its last point to its first."""
    if kind == "none":
        spacing = None
    at = _scaled(points, spacing)
    if closed:
        at = np.concatenate([at, at[:1]])
    return _quantity(float(np.hypot(*np.diff(at, axis=0).T).sum()), spacing, kind)


def outline_area(points: Sequence[ImagePoint], spacing: Spacing, kind: SpacingKind = "patient") -> Quantity | None:
    """Area in a closed outline (shoelace formula); None for one that crosses itself: what it encloses is not known."""
    if kind == "none":
        spacing = None
    if crosses_itself(points):
        return None
    at = _scaled(points, spacing)
    at = at - at.mean(axis=0)
    following = np.roll(at, -1, axis=0)
    doubled = float((at[:, 0] * following[:, 1] - following[:, 0] * at[:, 1]).sum())
    return _quantity(abs(doubled) / 2, spacing, kind, 2)


def crosses_itself(points: Sequence[ImagePoint]) -> bool:
    """Whether two sides of a closed outline cross; sides that only touch do not."""
    a = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    count = len(a)
    if count < 4:
        return False
    b = np.roll(a, -1, axis=0)

    def side(p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(
            (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])
        )

    for first in range(0, count, 256):  # in parts: the whole table of a long outline would be large
        p, q = a[first : first + 256, None], b[first : first + 256, None]
        apart = side(p, q, a[None]) * side(p, q, b[None]) < 0
        if bool((apart & (side(a[None], b[None], p) * side(a[None], b[None], q) < 0)).any()):
            return True
    return False


def rectangle_area(points: Sequence[ImagePoint], spacing: Spacing, kind: SpacingKind = "patient") -> Quantity:
    """Area of the rectangle between two image points."""
    if kind == "none":
        spacing = None
    (width, height) = np.abs(np.diff(_scaled(points, spacing), axis=0))[0]
    return _quantity(float(width * height), spacing, kind, 2)


def rectangle_perimeter(points: Sequence[ImagePoint], spacing: Spacing, kind: SpacingKind = "patient") -> Quantity:
    """Length around the rectangle between two image points."""
    if kind == "none":
        spacing = None
    return _quantity(2 * float(np.abs(np.diff(_scaled(points, spacing), axis=0)).sum()), spacing, kind)


def ellipse_perimeter(points: Sequence[ImagePoint], spacing: Spacing, kind: SpacingKind = "patient") -> Quantity:
    """Length around the ellipse in the rectangle between two image points, by the arithmetic-geometric mean (Gauss)."""
    if kind == "none":
        spacing = None
    (x0, y0), (x1, y1) = points
    down, along = spacing or (1.0, 1.0)
    b, a = sorted((abs(x1 - x0) * along / 2, abs(y1 - y0) * down / 2))
    if b <= 1e-12 * max(a, 1e-300):
        return _quantity(4 * a, spacing, kind)
    total, power, mean, root = a * a - (a * a - b * b) / 2, 1.0, a, b
    while abs(mean - root) > 1e-15 * mean:
        difference = (mean - root) / 2
        mean, root = (mean + root) / 2, math.sqrt(mean * root)
        total -= power * difference * difference
        power *= 2
    return _quantity(2 * math.pi * total / mean, spacing, kind)


def angle_at(points: Sequence[ImagePoint], pixel: tuple[float, float]) -> float:
    """Degrees, 0 to 180, between the arms from the middle one of three points; ``pixel``: (height, width) of a pixel."""
    arm, vertex, other = _scaled(points, pixel)
    return _angle(arm - vertex, other - vertex)


def angle_between(points: Sequence[ImagePoint], pixel: tuple[float, float]) -> float:
    """Degrees, 0 to 90, between two lines of two points each, whatever the direction in which they were drawn."""
    a, b, c, d = _scaled(points, pixel)
    angle = _angle(b - a, d - c)
    return min(angle, 180 - angle)


def _angle(u: NDArray[np.float64], v: NDArray[np.float64]) -> float:
    # By the tangent: the cosine has no precision near 0 and 180 degrees.
    return math.degrees(math.atan2(abs(float(u[0] * v[1] - u[1] * v[0])), float(u @ v)))


def second_axis(
    first: Sequence[ImagePoint], pixel: tuple[float, float], share: float = 0.5
) -> tuple[ImagePoint, ImagePoint]:
    """Ends of an axis at right angles (in mm) through the middle of the ``first``, ``share`` times as long."""
    a, b = _scaled(first, pixel)
    half = np.array([-(b - a)[1], (b - a)[0]]) * share / 2
    ends = ((a + b) / 2 + half, (a + b) / 2 - half)
    one, two = ((float(end[0] / pixel[1]), float(end[1] / pixel[0])) for end in ends)
    return one, two


def region_pixels(kind: MeasurementKind, points: Sequence[ImagePoint], shape: tuple[int, int]) -> Pixels:
    """The pixels of a slice of ``shape`` whose centres lie in a region or on its edge."""
    if kind == "ellipse":
        return ellipse_pixels((points[0], points[1]), shape)
    at = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    (left, top), (right, bottom) = at.min(axis=0), at.max(axis=0)
    rows = slice(max(0, math.ceil(top - _ON_LINE)), max(0, min(shape[0], math.floor(bottom + _ON_LINE) + 1)))
    columns = slice(max(0, math.ceil(left - _ON_LINE)), max(0, min(shape[1], math.floor(right + _ON_LINE) + 1)))
    size = (max(0, rows.stop - rows.start), max(0, columns.stop - columns.start))
    if kind == "rectangle" or 0 in size:
        return rows, columns, np.ones(size, dtype=np.bool_)
    from medview.core.contours import even_odd_mask

    moved = at - (columns.start, rows.start)
    inside = even_odd_mask([moved], size)
    for (x0, y0), (x1, y1) in zip(moved, np.roll(moved, -1, axis=0), strict=True):
        _add_edge(inside, (float(x0), float(y0)), (float(x1), float(y1)))
    return rows, columns, inside


def _add_edge(inside: NDArray[np.bool_], a: ImagePoint, b: ImagePoint) -> None:
    """Count the pixel centres that lie on a side as inside, as they do for rectangles."""
    (x0, y0), (x1, y1) = a, b
    height, width = inside.shape
    first, last = math.ceil(min(y0, y1) - _ON_LINE), math.floor(max(y0, y1) + _ON_LINE)
    rows = np.arange(max(first, 0), min(last, height - 1) + 1)
    if abs(y1 - y0) <= _ON_LINE:
        begin, end = sorted((x0, x1))
        inside[rows, max(0, math.ceil(begin - _ON_LINE)) : max(0, math.floor(end + _ON_LINE) + 1)] = True
        return
    x = x0 + (rows - y0) / (y1 - y0) * (x1 - x0)
    near = np.rint(x)
    hit = (np.abs(x - near) <= 1e-7) & (near >= 0) & (near < width)
    inside[rows[hit], near[hit].astype(np.int64)] = True


def thinned(
    points: Sequence[ImagePoint], tolerance: float, pixel: tuple[float, float] = (1.0, 1.0)
) -> tuple[ImagePoint, ...]:
    """A closed path with fewer points, nowhere more than ``tolerance`` off (Douglas and Peucker 1973).

    ``tolerance`` is in the unit in which ``pixel`` tells what a row and a column are.
    """
    given = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    at = given * (pixel[1], pixel[0])
    if len(at) < 4:
        return tuple((float(x), float(y)) for x, y in given)
    far = int(np.argmax(((at - at[0]) ** 2).sum(axis=1)))
    keep = np.zeros(len(at), dtype=np.bool_)
    keep[[0, far, len(at) - 1]] = True
    spans = [(0, far), (far, len(at) - 1)]
    while spans:
        begin, end = spans.pop()
        if end - begin < 2:
            continue
        a, along = at[begin], at[end] - at[begin]
        length = max(float(along @ along), 1e-300)
        rest = at[begin + 1 : end] - a
        share = np.clip(rest @ along / length, 0, 1)
        distance = ((rest - share[:, None] * along) ** 2).sum(axis=1)
        worst = int(np.argmax(distance))
        if distance[worst] > tolerance**2:
            middle = begin + 1 + worst
            keep[middle] = True
            spans += [(begin, middle), (middle, end)]
    return tuple((float(x), float(y)) for x, y in given[keep])


DRAWN_PIXELS, DRAWN_SCREEN = 0.05, 0.05
"""How far thinning may move an outline that was drawn: of the smaller side of a pixel, and of a pixel of the screen.

Chords lie inside of what is round: with a quarter of a pixel a circle of 13 mm on pixels of 2 × 0.5 mm lost 2 % of its area.
"""
SLOW_PX = 3.0
"""A hand whose points lie closer than this many px of the screen goes from pixel to pixel, and the stairs around a circle are 21 %
longer than the circle."""
STEADY = np.array([-21, 14, 39, 54, 59, 54, 39, 14, -21]) / 231
"""Weights of the places from 4 px before to 4 px after: the parabola that fits them best (Savitzky and Golay 1964), so that what is
round keeps its area, as it does not under a mean."""


def drawn_outline(
    points: Sequence[ImagePoint], pixel_mm: tuple[float, float], screen_per_mm: float
) -> tuple[ImagePoint, ...]:
    """What is kept of an outline that was drawn freehand at so many px of the screen for a mm."""
    scale = max(screen_per_mm, 1e-6)
    tolerance = min(DRAWN_PIXELS * min(pixel_mm), DRAWN_SCREEN / scale)
    to_screen = np.array([pixel_mm[1], pixel_mm[0]]) * scale
    steady = _steadied(np.asarray(points, dtype=np.float64).reshape(-1, 2) * to_screen) / to_screen
    return thinned([(float(x), float(y)) for x, y in steady], tolerance, pixel_mm)


def _steadied(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """A closed path (n, 2), px of the screen, without the stairs of a slow hand; a quick one as it is."""
    closed = np.concatenate([path, path[:1]])
    steps = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    length = float(steps.sum())
    reach = len(STEADY) // 2
    if len(path) < len(STEADY) or float(np.median(steps)) >= SLOW_PX or length < 3 * len(STEADY):
        return path
    along = np.concatenate([[0.0], np.cumsum(steps)])
    even = np.linspace(0.0, length, int(length), endpoint=False)
    found = []
    for axis in (0, 1):
        values = np.interp(even, along, closed[:, axis])
        around = np.concatenate([values[-reach:], values, values[:reach]])
        found.append(np.convolve(around, STEADY, "valid"))
    return np.stack(found, axis=1)
