"""Where a finding's box meets the slice that is shown: on its own slices and in every cut through it."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from medview.app.shown_slice import ShownSlice
from medview.core.finding import Finding
from medview.core.geometry import Geometry

ImagePoint = tuple[float, float]


def finding_outline(finding: Finding, shown: ShownSlice, geometry: Geometry | None) -> tuple[ImagePoint, ...]:
    """Corners (x, y) of the part of the slice that lies in the finding's box; empty where the box is not met.

    An acquired slice belongs to a box when its centre lies between the box's borders; a cut meets the box in a
    polygon, which is a rectangle where the voxel axes run along the patient's.
    """
    low, high = (np.array(corner, dtype=np.float64) for corner in finding.box_voxel)
    if shown.plane_kind == "acquired":
        k = shown.k or 0
        if not low[0] <= k <= high[0] and k != finding.k:
            return ()
        return ((low[2], low[1]), (high[2], low[1]), (high[2], high[1]), (low[2], high[1]))
    if geometry is None:
        return ()
    return _cut_box(geometry.voxel_to_patient(_corners(low, high)), shown)


def _corners(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(list(itertools.product(*zip(low, high, strict=True))))


def _cut_box(corners: NDArray[np.float64], shown: ShownSlice) -> tuple[ImagePoint, ...]:
    """The polygon in which a plane meets the box with these (8, 3) LPS corners."""
    placed = [shown.patient_to_image(corner) for corner in corners]
    points = [point for point in placed if point is not None]
    if len(points) != 8:
        return ()
    crossings: list[ImagePoint] = []
    for a, b in itertools.combinations(range(8), 2):
        if (a ^ b).bit_count() != 1:
            continue  # not an edge of the box
        (xa, ya, da), (xb, yb, db) = points[a], points[b]
        if da == db:
            if da == 0:
                crossings += [(xa, ya), (xb, yb)]
            continue
        share = da / (da - db)
        if 0 <= share <= 1:
            crossings.append((xa + share * (xb - xa), ya + share * (yb - ya)))
    if len(crossings) < 3:
        return ()
    middle_x = sum(x for x, _ in crossings) / len(crossings)
    middle_y = sum(y for _, y in crossings) / len(crossings)
    ordered = sorted(crossings, key=lambda point: math.atan2(point[1] - middle_y, point[0] - middle_x))
    kept: list[ImagePoint] = []
    for point in ordered:
        if not kept or math.dist(point, kept[-1]) > 1e-6:
            kept.append(point)
    if len(kept) > 1 and math.dist(kept[0], kept[-1]) <= 1e-6:
        kept.pop()
    return tuple(kept) if len(kept) >= 3 else ()


def is_central_slice(finding: Finding, shown: ShownSlice, geometry: Geometry | None) -> bool:
    """Whether the slice goes through the finding's middle, within half a slice."""
    if shown.plane_kind == "acquired":
        return (shown.k or 0) == finding.k
    if geometry is None:
        return False
    place = shown.patient_to_image(geometry.voxel_to_patient(np.array(finding.center_voxel)))
    return place is not None and abs(place[2]) <= min(shown.pixel_mm)
