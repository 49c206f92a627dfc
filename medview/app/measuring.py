"""What a reader's mark says: its lengths, angles, areas and values on the slice that it lies on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medview.app.scales import scaled_statistics
from medview.app.shown_slice import ShownSlice
from medview.core import mark_shapes
from medview.core.measurement import (
    POINTS_OF_KIND,
    REGION_KINDS,
    AxisSpan,
    ImagePoint,
    Measurement,
    MeasurementKind,
    PxReason,
    Quantity,
    RegionStatistics,
    axis_spans,
    chosen_values,
    ellipse_area,
    ellipse_axes,
    px_reason,
    ruler_length,
    spacing_at,
    statistics_of,
)
from medview.core.study import SpacingKind
from medview.core.value_scale import ValueScale

if TYPE_CHECKING:
    from medview.app.uptakes import ToldUptake
    from medview.core.slab import Slab


@dataclass(frozen=True, slots=True)
class Measured:
    """What a mark says. ``filtered`` is True where its values come from the filtered picture."""

    kind: MeasurementKind
    length: Quantity | None = None
    """Of a ruler, a path, the longer axis of a bidirectional measurement."""
    second: Quantity | None = None
    """The shorter axis of a bidirectional measurement."""
    angle: Quantity | None = None
    area: Quantity | None = None
    perimeter: Quantity | None = None
    axes: tuple[Quantity, Quantity] | None = None
    statistics: RegionStatistics | None = None
    value: float | tuple[float, ...] | None = None
    """Under a point; None where there is none."""
    patient: tuple[float, float, float] | None = None
    """LPS mm of a point."""
    crossed: bool = False
    """The outline crosses itself, so that it has no area."""
    unit: str | None = None
    filtered: bool = False
    scaled: RegionStatistics | None = None
    """The statistics in the scale that the viewport tells (SUV …), called ``scale_label`` in ``scale_unit``."""
    uptakes: tuple[ToldUptake, ...] = ()
    """Max, mean and peak where there is SUV, of the series itself and of one on top of it."""
    scale_label: str = ""
    scale_unit: str = ""
    slab: Slab | None = None
    """What the values are a projection of."""
    spans: tuple[AxisSpan, ...] = ()
    """What it says along the axes of a spectrum or a trace (ultrasound): there are no lengths then."""
    why_px: PxReason = ""
    """Why there are no mm in a picture with scales."""
    elsewhere: bool = False
    """Whether the picture shows other values than those that the numbers are of: another slab, or none."""

    @property
    def has_values(self) -> bool:
        """Whether it says anything of grey values."""
        return self.statistics is not None or self.value is not None


def measure(
    mark: Measurement,
    shown: ShownSlice,
    values: NDArray[Any] | None,
    skipped: NDArray[np.bool_] | None,
    unit: str | None,
    *,
    filtered: bool = False,
    scale: ValueScale | None = None,
) -> Measured:
    """What a mark says on the modality ``values`` of its slice, region statistics also in ``scale``.

    Colour ``values`` (rows, columns, 3) and None give no statistics.
    """
    if len(mark.points) < POINTS_OF_KIND[mark.kind][0]:
        return Measured(mark.kind)  # still being drawn
    found = _measured(mark, shown, values, skipped, unit, filtered, scale)
    if not shown.regions:
        return found
    spans = axis_spans(mark.points, shown.regions) if mark.kind in _SPANNED else ()
    if found.length is not None or found.perimeter is not None:
        return replace(found, why_px=px_reason(_reach(mark), shown.regions), spans=spans)
    return replace(found, spans=spans) if spans else found


_SPANNED = frozenset({"ruler", "point"})
"""Marks whose ends can be read along the axes of a spectrum."""


def _measured(
    mark: Measurement,
    shown: ShownSlice,
    values: NDArray[Any] | None,
    skipped: NDArray[np.bool_] | None,
    unit: str | None,
    filtered: bool,
    scale: ValueScale | None,
) -> Measured:
    spacing, kind = spacing_at(_reach(mark), shown.measure_mm, shown.measure_kind, shown.regions)
    points = mark.points
    if mark.kind in {"ruler", "calibration"}:
        return Measured(mark.kind, length=ruler_length((points[0], points[1]), spacing, kind))
    if mark.kind == "polyline":
        return Measured(mark.kind, length=mark_shapes.path_length(points, spacing, kind))
    if mark.kind == "angle":
        return Measured(mark.kind, angle=_degrees(mark_shapes.angle_at(points, spacing or shown.pixel_mm), kind))
    if mark.kind == "cobb":
        return Measured(mark.kind, angle=_degrees(mark_shapes.angle_between(points, spacing or shown.pixel_mm), kind))
    if mark.kind == "bidirectional":
        axes = [ruler_length((points[n], points[n + 1]), spacing, kind) for n in (0, 2)]
        short, long = sorted(axes, key=lambda axis: axis.value)
        return Measured(mark.kind, length=long, second=short)
    own = scale.unit if scale is not None and scale.id == "own" else unit
    if mark.kind == "point":
        return _measure_point(mark, shown, values, skipped, own, filtered)
    if mark.kind not in REGION_KINDS:
        return Measured(mark.kind)
    statistics = None
    if values is not None and values.ndim == 2:
        pixels = mark_shapes.region_pixels(mark.kind, points, (values.shape[0], values.shape[1]))
        statistics = statistics_of(*pixels, values, skipped)
    area, perimeter, axes_of = _extent(mark, spacing, kind)
    return Measured(
        mark.kind,
        area=area,
        perimeter=perimeter,
        axes=axes_of,
        statistics=statistics,
        crossed=area is None,
        unit=own,
        filtered=filtered,
        scaled=scaled_statistics(scale, statistics, shown.frame),
        scale_label=scale.label if scale is not None else "",
        scale_unit=scale.unit if scale is not None else "",
        slab=shown.slab,
    )


def region_values(
    mark: Measurement, values: NDArray[Any] | None, skipped: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """(n,) the values in a region, for its histogram; none of a colour picture and of marks that enclose nothing."""
    if values is None or values.ndim != 2 or mark.kind not in REGION_KINDS:
        return np.zeros(0)
    pixels = mark_shapes.region_pixels(mark.kind, mark.points, (values.shape[0], values.shape[1]))
    return chosen_values(*pixels, values, skipped)


def _reach(mark: Measurement) -> tuple[ImagePoint, ...]:
    """The points that have to lie in one region."""
    if mark.kind in {"ellipse", "rectangle"}:
        (x0, y0), (x1, y1) = mark.points
        return ((x0, y0), (x0, y1), (x1, y1), (x1, y0))
    return mark.points


def _degrees(value: float, kind: SpacingKind) -> Quantity:
    return Quantity(value, "°", kind)


def _extent(
    mark: Measurement, spacing: tuple[float, float] | None, kind: SpacingKind
) -> tuple[Quantity | None, Quantity, tuple[Quantity, Quantity] | None]:
    points = mark.points
    if mark.kind == "ellipse":
        corners = (points[0], points[1])
        perimeter = mark_shapes.ellipse_perimeter(points, spacing, kind)
        return ellipse_area(corners, spacing, kind), perimeter, ellipse_axes(corners, spacing, kind)
    if mark.kind == "rectangle":
        perimeter = mark_shapes.rectangle_perimeter(points, spacing, kind)
        axes = ellipse_axes((points[0], points[1]), spacing, kind)
        return mark_shapes.rectangle_area(points, spacing, kind), perimeter, axes
    perimeter = mark_shapes.path_length(points, spacing, kind, closed=True)
    return mark_shapes.outline_area(points, spacing, kind), perimeter, None


def _measure_point(
    mark: Measurement,
    shown: ShownSlice,
    values: NDArray[Any] | None,
    skipped: NDArray[np.bool_] | None,
    unit: str | None,
    filtered: bool,
) -> Measured:
    x, y = mark.points[0]
    row, column = int(np.floor(y + 0.5)), int(np.floor(x + 0.5))
    value: float | tuple[float, ...] | None = None
    if values is not None and 0 <= row < values.shape[0] and 0 <= column < values.shape[1]:
        found = values[row, column]
        if values.ndim == 3:
            value = tuple(float(one) for one in found)
        elif np.isfinite(found) and not (skipped is not None and skipped[row, column]):
            value = float(found)
    place = shown.image_to_patient(x, y)
    patient = None if place is None else (float(place[0]), float(place[1]), float(place[2]))
    if shown.slab is not None:
        patient = None  # it is of no single place
    return Measured(mark.kind, value=value, patient=patient, unit=unit, filtered=filtered, slab=shown.slab)
