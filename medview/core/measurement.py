"""Lengths, areas and grey statistics of a reader's marks, from image coordinates and true spacing, never from the screen.

Image coordinates are (x, y) of a slice: x along columns, y along rows, integers are pixel centres, so that a mark keeps
its value under zoom, pan, rotation, mirroring, windowing and any device pixel ratio.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.study import AxisUnit, PixelRegion, SpacingKind

ImagePoint = tuple[float, float]
MeasurementKind = Literal[
    "ruler",
    "polyline",
    "angle",
    "cobb",
    "bidirectional",
    "ellipse",
    "rectangle",
    "polygon",
    "freehand",
    "point",
    "arrow",
    "text",
    "calibration",
]

MOST_POINTS = 5000
"""Of an outline; a freehand one is thinned out before."""
POINTS_OF_KIND: Mapping[MeasurementKind, tuple[int, int]] = {
    "ruler": (2, 2),
    "polyline": (2, MOST_POINTS),
    "angle": (3, 3),
    "cobb": (4, 4),
    "bidirectional": (4, 4),
    "ellipse": (2, 2),
    "rectangle": (2, 2),
    "polygon": (3, MOST_POINTS),
    "freehand": (3, MOST_POINTS),
    "point": (1, 1),
    "arrow": (2, 2),
    "text": (1, 1),
    "calibration": (2, 2),
}
"""Least and most points of each kind."""
REGION_KINDS: frozenset[MeasurementKind] = frozenset({"ellipse", "rectangle", "polygon", "freehand"})
"""Kinds that enclose pixels."""


@dataclass(frozen=True, slots=True)
class MeasurementPlace:
    """The slice that a mark lies on.

    ``sop_uid`` and ``frame`` (0-based in its file) name an acquired frame; "" where the file is not DICOM: then ``k``
    and ``time`` count. ``plane`` is "acquired" or the anatomical cut's kind; a cut is placed by ``origin``, ``across``
    and ``down`` (LPS mm of pixel (0, 0), per column, per row) in ``frame_of_reference`` and by ``position_mm``.
    ``slab_mm`` and ``projection`` (max, min, mean) say of what slab its values are; 0 and "": of the plane itself.
    """

    stack_id: str
    plane: str = "acquired"
    sop_uid: str = ""
    frame: int = 0
    k: int = 0
    time: int = 0
    position_mm: float = 0.0
    frame_of_reference: str = ""
    origin: tuple[float, float, float] | None = None
    across: tuple[float, float, float] | None = None
    down: tuple[float, float, float] | None = None
    slab_mm: float = 0.0
    projection: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A reader's mark.

    ``points``: the ends of a ruler or a calibration line, the tip and the foot of an arrow, two opposite corners of a
    rectangle or of the one around an ellipse, the corners of an outline in their order, of an angle one arm's end, the
    vertex, the other's, of a Cobb angle both lines, of a bidirectional measurement the ends of the first and of the second
    axis. ``text`` is what the reader wrote on it. ``known_mm`` is what a calibration line is long.
    """

    id: str
    kind: MeasurementKind
    place: MeasurementPlace
    points: tuple[ImagePoint, ...]
    text: str = ""
    known_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that is never without its unit; ``spacing`` says what a mm is here (PS3.3 10.7.1.3)."""

    value: float
    unit: Literal["mm", "mm²", "px", "px²", "°"]
    spacing: SpacingKind


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """Of the pixels whose centres lie in a region, padding left out; ``sd`` divides by the count."""

    count: int
    mean: float
    sd: float
    minimum: float
    maximum: float
    median: float = math.nan


def spacing_at(
    points: Sequence[ImagePoint],
    spacing: tuple[float, float] | None,
    kind: SpacingKind,
    regions: Sequence[PixelRegion] = (),
) -> tuple[tuple[float, float] | None, SpacingKind]:
    """The spacing that holds for a mark with these points: the frame's, or where there are ``regions`` that of theirs.

    None, so px, for points outside of all regions, in two of them, in one whose axes are no lengths, and where regions
    with different scales lie over one another (PS3.3 C.8.5.5).
    """
    if not regions:
        return spacing, kind
    held = [[_holds(region, point) for point in points] for region in regions]
    scales = {region.spacing for region, inside in zip(regions, held, strict=True) if any(inside)}
    if not any(all(inside) for inside in held) or len(scales) != 1 or None in scales:
        return None, "none"
    return scales.pop(), "region"


PxReason = Literal["", "across", "outside", "no_length"]
"""Why a mark has no mm although its picture has regions with scales: it does not lie in one of them alone, in none, or in one
whose axes are no lengths (a spectrum, a trace)."""


def px_reason(points: Sequence[ImagePoint], regions: Sequence[PixelRegion]) -> PxReason:
    """Why `spacing_at` knows no mm for a mark with these points; "" where it does, and where there are no regions."""
    if not regions or spacing_at(points, None, "none", regions)[0] is not None:
        return ""
    held = [[_holds(region, point) for point in points] for region in regions]
    if not any(any(inside) for inside in held):
        return "outside"
    whole = [region for region, inside in zip(regions, held, strict=True) if all(inside)]
    touched = [region for region, inside in zip(regions, held, strict=True) if any(inside)]
    return "no_length" if whole and all(region.spacing is None for region in touched) else "across"


@dataclass(frozen=True, slots=True)
class AxisSpan:
    """What a mark says along one axis of a spectrum or a trace: from ``first`` to ``last`` (None: its 0 is not known), ``length`` apart."""

    unit: AxisUnit
    length: float
    first: float | None
    last: float | None


def axis_spans(points: Sequence[ImagePoint], regions: Sequence[PixelRegion]) -> tuple[AxisSpan, ...]:
    """What the first and the last of these points say along the axes of the one region that all of them lie in.

    None where they lie in several that say different things, and where lengths hold (:func:`spacing_at`).
    """
    touched = [region for region in regions if any(_holds(region, point) for point in points)]
    whole = [region for region in touched if all(_holds(region, point) for point in points)]
    if not whole or len({(region.spacing, region.axes) for region in touched}) != 1 or whole[0].spacing is not None:
        return ()
    spans = []
    for at, axis in enumerate(whole[0].axes):
        if axis is not None:
            first, last = points[0][at], points[-1][at]
            spans.append(AxisSpan(axis.unit, abs((last - first) * axis.step), axis.value(first), axis.value(last)))
    return tuple(spans)


def _holds(region: PixelRegion, point: ImagePoint) -> bool:
    x, y = point
    return region.x0 - 0.5 <= x <= region.x1 + 0.5 and region.y0 - 0.5 <= y <= region.y1 + 0.5


def ruler_length(
    points: tuple[ImagePoint, ...], spacing: tuple[float, float] | None, kind: SpacingKind = "patient"
) -> Quantity:
    """Distance of two image points; ``spacing`` (mm per row, mm per column), None: px only."""
    (x0, y0), (x1, y1) = points
    if spacing is None or kind == "none":
        return Quantity(math.hypot(x1 - x0, y1 - y0), "px", "none")
    return Quantity(math.hypot((x1 - x0) * spacing[1], (y1 - y0) * spacing[0]), "mm", kind)


def ellipse_area(
    points: tuple[ImagePoint, ...], spacing: tuple[float, float] | None, kind: SpacingKind = "patient"
) -> Quantity:
    """Area of the ellipse in the rectangle between two image points: pi·a·b, not a count of pixels."""
    (x0, y0), (x1, y1) = points
    area = math.pi * abs(x1 - x0) * abs(y1 - y0) / 4
    if spacing is None or kind == "none":
        return Quantity(area, "px²", "none")
    return Quantity(area * spacing[0] * spacing[1], "mm²", kind)


def ellipse_axes(
    points: tuple[ImagePoint, ...], spacing: tuple[float, float] | None, kind: SpacingKind = "patient"
) -> tuple[Quantity, Quantity]:
    """Full width along columns and full height along rows."""
    (x0, y0), (x1, y1) = points
    return (ruler_length(((x0, y0), (x1, y0)), spacing, kind), ruler_length(((x0, y0), (x0, y1)), spacing, kind))


def ellipse_pixels(points: tuple[ImagePoint, ...], shape: tuple[int, int]) -> tuple[slice, slice, NDArray[np.bool_]]:
    """(rows, columns, inside): the part of a slice around an ellipse and which of its pixel centres lie inside."""
    (x0, y0), (x1, y1) = points
    left, right = sorted((x0, x1))
    top, bottom = sorted((y0, y1))
    rows = slice(max(0, math.ceil(top)), max(0, min(shape[0], math.floor(bottom) + 1)))
    columns = slice(max(0, math.ceil(left)), max(0, min(shape[1], math.floor(right) + 1)))
    y = np.arange(rows.start, max(rows.start, rows.stop), dtype=np.float64)[:, None]
    x = np.arange(columns.start, max(columns.start, columns.stop), dtype=np.float64)[None, :]
    half_x, half_y = max((right - left) / 2, 1e-9), max((bottom - top) / 2, 1e-9)
    inside = ((x - (left + right) / 2) / half_x) ** 2 + ((y - (top + bottom) / 2) / half_y) ** 2 <= 1.0
    return rows, columns, np.asarray(inside)


def ellipse_statistics(
    points: tuple[ImagePoint, ...], values: NDArray[Any], skipped: NDArray[np.bool_] | None = None
) -> RegionStatistics | None:
    """Statistics of ``values`` (rows, columns) in an ellipse, in float64; None where no pixel centre lies inside.

    ``skipped`` marks pixels that hold no value (padding, outside of the volume); they and NaN are left out.
    """
    return statistics_of(*ellipse_pixels(points, (values.shape[0], values.shape[1])), values, skipped)


def chosen_values(
    rows: slice,
    columns: slice,
    inside: NDArray[np.bool_],
    values: NDArray[Any],
    skipped: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """(n,) the values of a region, those that are ``skipped`` and NaN left out."""
    if skipped is not None:
        inside = inside & ~skipped[rows, columns]
    chosen = values[rows, columns][inside]
    plain = chosen.astype(np.float64)
    return plain if chosen.dtype.kind in "iu" else np.asarray(plain[np.isfinite(plain)])


def _median(values: NDArray[np.float64]) -> float:
    """``np.median`` of numbers without NaN, of which it takes half the time."""
    half = values.size // 2
    if values.size % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((low + high) / 2)


def statistics_of(
    rows: slice,
    columns: slice,
    inside: NDArray[np.bool_],
    values: NDArray[Any],
    skipped: NDArray[np.bool_] | None = None,
) -> RegionStatistics | None:
    """Statistics of ``values`` (rows, columns) in a region, in float64; None where nothing is left of it."""
    chosen = chosen_values(rows, columns, inside, values, skipped)
    if not chosen.size:
        return None
    # As `mean` and `std` do it, without what they ask first: each slice with marks has some regions to be counted.
    mean = float(np.add.reduce(chosen)) / chosen.size
    off = chosen - mean
    return RegionStatistics(
        count=int(chosen.size),
        mean=mean,
        sd=math.sqrt(float(np.add.reduce(off * off)) / chosen.size),
        minimum=float(chosen.min()),
        maximum=float(chosen.max()),
        median=_median(chosen),
    )
