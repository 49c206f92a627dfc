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
_HAIR = 1e-9


def finding_outline(finding: Finding, shown: ShownSlice, geometry: Geometry | None) -> tuple[ImagePoint, ...]:
    """Corners (x, y) of the part of the slice that lies in the finding's box; empty where the box is not met.

    An acquired slice belongs to a box when its centre lies between the box's borders; a cut meets the box in a
    polygon, which is a rectangle where the voxel axes run along the patient's. Of a slab it is what the part of the box
    that lies within the slab covers.
    """
    if shown.plane_kind == "acquired" and shown.slab is None:
        return _on_slice(finding, shown.k or 0)  # asked of every box with every slice: no matter of arrays
    low, high = (np.array(corner, dtype=np.float64) for corner in finding.box_voxel)
    if shown.slab is not None and geometry is not None and shown.plane is not None:
        corners = geometry.voxel_to_patient(_corners(low, high))
        return _within_slab(corners, shown, shown.slab.thickness_mm / 2)
    if shown.plane_kind == "acquired":
        return _on_slice(finding, shown.k or 0)
    if geometry is None:
        return ()
    return _cut_box(geometry.voxel_to_patient(_corners(low, high)), shown)


def _on_slice(finding: Finding, k: int) -> tuple[ImagePoint, ...]:
    (k0, j0, i0), (k1, j1, i1) = finding.box_voxel
    return ((i0, j0), (i1, j0), (i1, j1), (i0, j1)) if k0 <= k <= k1 or k == finding.k else ()


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


def _within_slab(corners: NDArray[np.float64], shown: ShownSlice, reach: float) -> tuple[ImagePoint, ...]:
    """The outline on the picture of what of a box lies at most ``reach`` mm from its plane."""
    assert shown.plane is not None
    points = shown.plane.patient_to_plane(corners)
    inside = [(float(x), float(y)) for x, y, d in points if abs(d) <= reach + _HAIR]
    for a, b in itertools.combinations(range(8), 2):
        if (a ^ b).bit_count() != 1:
            continue
        for border in (-reach, reach):
            da, db = points[a][2] - border, points[b][2] - border
            if (da < 0) != (db < 0):
                at = points[a] + (points[b] - points[a]) * (da / (da - db))
                inside.append((float(at[0]), float(at[1])))
    return _hull(inside)


def _hull(points: list[ImagePoint]) -> tuple[ImagePoint, ...]:
    """The convex outline of points; nothing for less than a triangle."""
    ordered = sorted({(round(x, 6), round(y, 6)) for x, y in points})
    chains: list[list[ImagePoint]] = []
    for sequence in (ordered, ordered[::-1]):
        chain: list[ImagePoint] = []
        for x, y in sequence:
            while len(chain) > 1:
                (x0, y0), (x1, y1) = chain[-2:]
                if (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > _HAIR:
                    break
                chain.pop()
            chain.append((x, y))
        chains.append(chain[:-1])
    outline = (*chains[0], *chains[1])
    return outline if len(outline) >= 3 else ()


def is_central_slice(finding: Finding, shown: ShownSlice, geometry: Geometry | None) -> bool:
    """Whether the slice goes through the finding's middle, within half a slice; a slab, whether it holds it."""
    if shown.slab is not None and geometry is not None:
        found = shown.patient_to_image(geometry.voxel_to_patient(np.array(finding.center_voxel)))
        return found is not None and abs(found[2]) <= shown.slab.thickness_mm / 2
    if shown.plane_kind == "acquired":
        return (shown.k or 0) == finding.k
    if geometry is None:
        return False
    place = shown.patient_to_image(geometry.voxel_to_patient(np.array(finding.center_voxel)))
    return place is not None and abs(place[2]) <= min(shown.pixel_mm)
