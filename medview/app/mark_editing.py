"""How a reader's marks are shaped by hand: their grips, moving one or all of them, and the first shape of a new one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from medview.core.mark_shapes import second_axis
from medview.core.measurement import POINTS_OF_KIND, ImagePoint, Measurement, MeasurementKind

BOXED: frozenset[MeasurementKind] = frozenset({"ellipse", "rectangle"})
"""Kinds given by two corners, taken by all four."""
DRAGGED: frozenset[MeasurementKind] = frozenset(
    {"ruler", "calibration", "arrow", "ellipse", "rectangle", "bidirectional", "freehand"}
)
"""Kinds that one drag draws; the others are set point by point."""

Pixel = tuple[float, float]
"""(height, width) of a pixel, in mm or in any one unit."""


def begun(mark: Measurement, point: ImagePoint) -> Measurement:
    """The mark with its first point."""
    count = {"freehand": 1, "polyline": 2, "polygon": 2, "angle": 2, "cobb": 2}.get(
        mark.kind, POINTS_OF_KIND[mark.kind][0]
    )
    return replace(mark, points=(point,) * count)


def drawn_to(mark: Measurement, point: ImagePoint, pixel: Pixel = (1.0, 1.0)) -> Measurement:
    """The mark while a drag that began at its first point has come to ``point``."""
    if mark.kind == "freehand":
        return replace(mark, points=(*mark.points, point))
    if mark.kind == "bidirectional":
        first = (mark.points[0], point)
        return replace(mark, points=(*first, *second_axis(first, pixel)))
    return replace(mark, points=(*mark.points[:-1], point))


def is_complete(mark: Measurement) -> bool:
    """Whether no more points can be set."""
    return len(mark.points) >= POINTS_OF_KIND[mark.kind][1]


def grips(mark: Measurement) -> tuple[ImagePoint, ...]:
    """Image points by which a mark can be taken, in the order that `with_point` counts; a freehand outline has none."""
    if mark.kind in BOXED and len(mark.points) == 2:
        (x0, y0), (x1, y1) = mark.points
        return ((x0, y0), (x0, y1), (x1, y1), (x1, y0))
    return () if mark.kind == "freehand" else mark.points


def moved(mark: Measurement, dx: float, dy: float) -> Measurement:
    """The mark moved by image px."""
    return replace(mark, points=tuple((x + dx, y + dy) for x, y in mark.points))


def with_point(mark: Measurement, index: int, point: ImagePoint, pixel: Pixel = (1.0, 1.0)) -> Measurement:
    """The mark with one of its grips moved.

    The corners of an ellipse or a rectangle are counted 0: first point, 1: its column and the other's row, 2: second point,
    3: the rest, so that the corner that is opposite to the one moved stays where it is. The second axis of a bidirectional
    measurement stays at right angles to the first: it is turned with it, made longer or shorter, and moved along it.
    """
    if mark.kind in BOXED and index in {1, 3}:
        (x0, y0), (x1, y1) = mark.points
        corners = ((point[0], y0), (x1, point[1])) if index == 1 else ((x0, point[1]), (point[0], y1))
        return replace(mark, points=corners)
    at = index // 2 if mark.kind in BOXED else index
    if mark.kind == "bidirectional":
        return replace(mark, points=_axes_with(mark.points, at, point, pixel))
    return replace(mark, points=tuple(point if n == at else old for n, old in enumerate(mark.points)))


def _axes_with(points: Sequence[ImagePoint], at: int, point: ImagePoint, pixel: Pixel) -> tuple[ImagePoint, ...]:
    down, across = pixel
    a, b, c, d = ((x * across, y * down) for x, y in (point if n == at else old for n, old in enumerate(points)))
    old_a, old_b, old_c, old_d = ((x * across, y * down) for x, y in points)
    length = math.dist(a, b)
    if length < 1e-9:
        return tuple(points)
    along = ((b[0] - a[0]) / length, (b[1] - a[1]) / length)
    normal = (-along[1], along[0])
    if at < 2:  # the second axis keeps its share along the first, and how far it reaches to either side
        old = math.dist(old_a, old_b)
        unit = ((old_b[0] - old_a[0]) / old, (old_b[1] - old_a[1]) / old)
        foot = (_dot(old_c, old_a, unit) + _dot(old_d, old_a, unit)) / 2 / old * length
        sides = [_dot(end, old_a, (-unit[1], unit[0])) for end in (old_c, old_d)]
    else:
        moving = c if at == 2 else d
        foot = max(0.0, min(length, _dot(moving, a, along)))
        sides = [_dot(end, a, normal) for end in (c, d)]
    middle = (a[0] + along[0] * foot, a[1] + along[1] * foot)
    ends = [(middle[0] + normal[0] * side, middle[1] + normal[1] * side) for side in sides]
    return tuple((x / across, y / down) for x, y in (a, b, *ends))


def _dot(point: ImagePoint, origin: ImagePoint, unit: ImagePoint) -> float:
    return (point[0] - origin[0]) * unit[0] + (point[1] - origin[1]) * unit[1]
