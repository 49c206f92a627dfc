"""What is measured: shapes whose lengths, angles and areas follow from how they are made, in mm of a plane."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import ellipe

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Shape:
    """``points`` in mm about the plane's middle, ``told`` takes the number from what is measured, ``bar`` is that of clinical
    correctness 1d: mm or degrees, or a share of the true number where it is ``relative``."""

    tool: str
    number: str
    kind: Any
    points: Points
    truth: float
    told: Callable[[Any], float]
    bar: float
    relative: bool = False

    def error(self, found: float) -> float:
        """How far off a number is, in the unit of the bar."""
        return abs(found - self.truth) / (self.truth if self.relative else 1.0)


def _ring(count: int, radius: float, start: float = 0.3) -> Points:
    turns = [start + 2 * math.pi * at / count for at in range(count)]
    return [(radius * math.cos(turn), radius * math.sin(turn)) for turn in turns]


def _arm(length: float, degrees: float) -> tuple[float, float]:
    return (length * math.cos(math.radians(degrees)), length * math.sin(math.radians(degrees)))


def shapes() -> list[Shape]:
    """One of each kind of mark, each number that it tells."""
    a, b = 17.3, 9.1
    ellipse: Points = [(-a, -b), (a, b)]
    box: Points = [(-16.5, -10.4), (16.5, 10.4)]
    seven = _ring(7, 14.0)
    path = [(-20.0, -4.0), (-5.0, 8.0), (6.0, -9.0), (19.0, 3.0)]
    short = _arm(9.1, 33.0 + 90.0)
    long = _arm(15.7, 33.0)
    vertex = (-8.0, 2.0)
    arms = [_arm(20.0, 12.0), _arm(16.0, 12.0 + 41.7)]
    cobb = [(-18.0, -7.0), (18.0, -7.0), (-15.0, 5.0), (-15.0 + _arm(30.0, 23.4)[0], 5.0 + _arm(30.0, 23.4)[1])]
    legs = sum(math.dist(p, q) for p, q in pairwise(path))
    circle = _ring(720, 13.0)

    def mm(name: str) -> Callable[[Any], float]:
        def told(measured: Any) -> float:
            found = getattr(measured, name)
            assert found.unit in {"mm", "mm²", "°"}, found
            return float(found.value)

        return told

    length = 0.05
    return [
        Shape("distance", "length", "ruler", [_arm(-18.6, 33.0), _arm(18.6, 33.0)], 37.2, mm("length"), length),
        Shape("path", "length", "polyline", path, legs, mm("length"), length),
        Shape(
            "angle", "angle", "angle", [_plus(vertex, arms[0]), vertex, _plus(vertex, arms[1])], 41.7, mm("angle"), 0.1
        ),
        Shape("Cobb", "angle", "cobb", cobb, 23.4, mm("angle"), 0.1),
        Shape("two diameters", "long", "bidirectional", _cross(long, short), 31.4, mm("length"), length),
        Shape("two diameters", "short", "bidirectional", _cross(long, short), 18.2, mm("second"), length),
        Shape("ellipse", "area", "ellipse", ellipse, math.pi * a * b, mm("area"), 0.005, relative=True),
        Shape(
            "ellipse",
            "perimeter",
            "ellipse",
            ellipse,
            4 * a * float(ellipe(1 - (b / a) ** 2)),
            mm("perimeter"),
            0.001,
            True,
        ),
        Shape("rectangle", "area", "rectangle", box, 33.0 * 20.8, mm("area"), 0.005, relative=True),
        Shape("rectangle", "perimeter", "rectangle", box, 2 * (33.0 + 20.8), mm("perimeter"), length),
        Shape(
            "polygon",
            "area",
            "polygon",
            seven,
            3.5 * 14.0**2 * math.sin(2 * math.pi / 7),
            mm("area"),
            0.005,
            relative=True,
        ),
        Shape("polygon", "perimeter", "polygon", seven, 14 * 14.0 * math.sin(math.pi / 7), mm("perimeter"), length),
        Shape("freehand", "area", "freehand", circle, math.pi * 13.0**2, mm("area"), 0.005, relative=True),
        Shape("freehand", "perimeter", "freehand", circle, 2 * math.pi * 13.0, mm("perimeter"), 0.005, relative=True),
    ]


def _plus(p: tuple[float, float], q: tuple[float, float]) -> tuple[float, float]:
    return (p[0] + q[0], p[1] + q[1])


def _cross(long: tuple[float, float], short: tuple[float, float]) -> Points:
    return [(-long[0], -long[1]), long, (-short[0], -short[1]), short]


def as_array(points: Points) -> np.ndarray:
    """(n, 2)."""
    return np.asarray(points, dtype=np.float64)
