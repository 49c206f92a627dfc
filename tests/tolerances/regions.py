"""Statistics of regions on values that are known, beside sums over pixels that are chosen one by one, in whole numbers."""

from __future__ import annotations

import math
import statistics
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from medview.app.measuring import measure
from medview.core.measurement import Measurement, MeasurementPlace
from tests.tolerances.grids import grids

REGIONS: dict[str, tuple[Any, tuple[tuple[float, float], ...]]] = {
    "rectangle": ("rectangle", ((21.0, 12.0), (47.0, 39.0))),
    "ellipse": ("ellipse", ((20.0, 14.0), (52.0, 38.0))),
    "polygon": ("polygon", ((22.0, 12.0), (50.0, 15.0), (45.0, 40.0), (30.0, 33.0))),
    "freehand": ("freehand", tuple((35.0 + 15 * math.cos(t / 4), 26.0 + 11 * math.sin(t / 4)) for t in range(25))),
}


def inside(kind: str, points: tuple[tuple[float, float], ...], x: int, y: int) -> bool:
    """Whether the centre of a pixel lies in a region or on its edge, in fractions: nothing is rounded."""
    exact = [(Fraction(a), Fraction(b)) for a, b in points]
    if kind in {"rectangle", "ellipse"}:
        (x0, y0), (x1, y1) = exact
        if kind == "rectangle":
            return min(x0, x1) <= x <= max(x0, x1) and min(y0, y1) <= y <= max(y0, y1)
        cx, cy, a, b = (x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0) / 2, abs(y1 - y0) / 2
        return ((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 <= 1
    odd = False
    for (ax, ay), (bx, by) in pairwise([*exact, exact[0]]):
        side = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        if side == 0 and min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by):
            return True
        if (ay > y) != (by > y) and (side > 0) == (by > ay):
            odd = not odd
    return odd


def compared() -> dict[str, tuple[int, int, float]]:
    """For each region: pixels counted by hand, by how many medview differs, and the worst difference of mean, SD, median,
    least and largest of any view (stored values from -1024 to 3071)."""
    shown = grids()["slice, pixels of 2.0 × 0.5 mm"]
    rows, columns = shown.shape
    values = np.random.default_rng(7).integers(-1024, 3072, (rows, columns)).astype(np.int16)
    found = {}
    for name, (kind, points) in REGIONS.items():
        reach_y, reach_x = (
            range(int(min(at)) - 2, int(max(at)) + 3) for at in ([p[1] for p in points], [p[0] for p in points])
        )
        chosen = [int(values[y, x]) for y in reach_y for x in reach_x if inside(kind, points, x, y)]
        told = measure(Measurement("m", kind, MeasurementPlace("grid"), points), shown, values, None, "HU").statistics
        assert told is not None
        mean = Fraction(sum(chosen), len(chosen))
        sd = math.sqrt(sum((value - mean) ** 2 for value in chosen) / len(chosen))
        differences = (
            abs(told.mean - float(mean)),
            abs(told.sd - sd),
            abs(told.median - statistics.median(chosen)),
            abs(told.minimum - min(chosen)),
            abs(told.maximum - max(chosen)),
        )
        found[name] = (len(chosen), abs(told.count - len(chosen)), max(differences))
    return found


def regions() -> list[str]:
    """Markdown."""
    lines = [
        "| region | pixels | counted otherwise | mean, SD, median, least, largest off by |",
        "| --- | --- | --- | --- |",
    ]
    for name, (count, other, off) in compared().items():
        lines.append(f"| {name} | {count} | {other} | {'0' if off < 1e-9 else f'{off:.2g} HU'} |")
    return lines
