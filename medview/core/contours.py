"""Outlines in the patient: filled where they lie, seen on a plane, measured (PS3.3 C.8.8.6)."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.core.cut import cut_labels
from medview.core.finding import Label, Segmentation
from medview.core.geometry import FloatArray, Geometry
from medview.core.overlay import Contour
from medview.core.plane import Plane
from medview.kernels.lines import is_inside, region_outlines

BoolArray = NDArray[np.bool_]
Line = tuple[FloatArray, bool]
"""(n, 2) pixels (x, y) of a plane, and whether the line is closed."""

SAME_PLANE = 0.999
"""Cosine of the largest angle (2.6 degrees) between planes that count as parallel."""

MOST_CELLS = 1 << 28
MOST_SAMPLES = 2048


def contour_normal(points: FloatArray) -> FloatArray | None:
    """Unit normal of the plane through a closed outline (Newell), None where it encloses nothing."""
    following = np.roll(points, -1, axis=0)
    normal = np.cross(points - points[0], following - points[0]).sum(axis=0)
    length = float(np.linalg.norm(normal))
    return None if length < 1e-9 else np.asarray(normal / length)


def even_odd_mask(polygons: Sequence[FloatArray], shape: tuple[int, int]) -> BoolArray:
    """(h, w) True where a pixel's centre lies inside an odd number of ``polygons``, each (n, 2) pixels (x, y)."""
    h, w = shape
    flips = np.zeros((h, w + 1), dtype=np.uint8)
    for polygon in polygons:
        x0, y0 = polygon[:, 0], polygon[:, 1]
        x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
        # Each row is crossed by the edges that begin on or above it and end below it.
        first = np.ceil(np.minimum(y0, y1)).astype(np.int64)
        last = np.ceil(np.maximum(y0, y1)).astype(np.int64)
        first, last = np.clip(first, 0, h), np.clip(last, 0, h)
        counts = np.maximum(last - first, 0)
        edges = np.repeat(np.arange(len(counts)), counts)
        if not len(edges):
            continue
        rows = np.arange(len(edges)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edges]
        share = (rows - y0[edges]) / (y1[edges] - y0[edges])
        columns = np.clip(np.ceil(x0[edges] + share * (x1[edges] - x0[edges])), 0, w).astype(np.int64)
        np.add.at(flips, (rows, columns), 1)
    return np.asarray(np.cumsum(flips[:, :w], axis=1, dtype=np.uint8) & 1, dtype=np.bool_)


def area_mm2(points: FloatArray) -> float:
    """Area that a closed outline encloses; what a keyhole leads around is not part of it."""
    following = np.roll(points, -1, axis=0)
    return float(np.linalg.norm(np.cross(points - points[0], following - points[0]).sum(axis=0)) / 2)


def signed_parts(polygons: Sequence[FloatArray], exclusive: bool) -> list[list[FloatArray]]:
    """The polygons of one plane in groups: inside a group holes are cut out (even-odd), the groups are united.

    ``exclusive`` (CLOSEDPLANAR_XOR): one group. Otherwise an outline that lies wholly inside another one is its hole, as
    planning systems write them, and outlines that merely overlap are united.
    """
    if exclusive or len(polygons) < 2:
        return [list(polygons)]
    order = sorted(range(len(polygons)), key=lambda at: -_box_area(polygons[at]))
    groups: list[list[FloatArray]] = []
    for at in order:
        for group in groups:
            if is_inside(polygons[at], group[0]):
                group.append(polygons[at])
                break
        else:
            groups.append([polygons[at]])
    return groups


def _box_area(polygon: FloatArray) -> float:
    return float(np.prod(np.ptp(polygon, axis=0)))


def fill_contours(
    contours: Sequence[Contour], label: Label, reference: Geometry, exclusive: bool
) -> tuple[list[Segmentation], float]:
    """Closed contours of one structure as filled label maps, one for each orientation, and their volume in ml.

    The grid follows the contours: slices where they lie, as thick as they are apart, pixels as small as ``reference``'s.
    """
    groups: list[tuple[FloatArray, list[Contour]]] = []
    for contour in contours:
        if contour.kind != "closed" or contour.normal is None:
            continue
        for normal, members in groups:
            if abs(float(normal @ contour.normal)) > SAME_PLANE:
                members.append(contour)
                break
        else:
            along = contour.normal if contour.normal @ reference.normal >= 0 else -contour.normal
            parallel = float(along @ reference.normal) > SAME_PLANE
            groups.append((reference.normal if parallel else along, [contour]))
    found = []
    volume = 0.0
    for normal, members in groups:
        filled, part = _fill_group(normal, members, label, reference, exclusive)
        volume += part
        if filled is not None:
            found.append(filled)
    return found, volume


def _fill_group(
    normal: FloatArray, contours: Sequence[Contour], label: Label, reference: Geometry, exclusive: bool
) -> tuple[Segmentation | None, float]:
    if normal is reference.normal or float(normal @ reference.normal) > SAME_PLANE:
        row, column = reference.row_direction, reference.column_direction
        spacing = (reference.spacing[1], reference.spacing[2])
    else:
        axis = np.eye(3)[int(np.argmin(np.abs(normal)))]
        row = np.cross(axis, normal)
        row = row / np.linalg.norm(row)
        column = np.cross(normal, row)
        spacing = (min(reference.spacing), min(reference.spacing))
    at = np.array([float((one.points @ normal).mean()) for one in contours])
    levels = _levels(at, reference.spacing[0])
    depths = np.array([at[members].mean() for members in levels])
    gaps = np.sort(np.diff(depths))
    thickness = float(gaps[(len(gaps) - 1) // 2]) if len(gaps) else reference.spacing[0]
    points = np.concatenate([one.points for one in contours])
    x, y = points @ row, points @ column
    x0, y0 = float(x.min()), float(y.min())
    shape = (int((float(y.max()) - y0) / spacing[0]) + 3, int((float(x.max()) - x0) / spacing[1]) + 3)
    flat = [
        np.stack([(one.points @ row - x0) / spacing[1], (one.points @ column - y0) / spacing[0]], 1) for one in contours
    ]
    whole, place = _with_empty_slices(depths, thickness)
    volume = 0.0
    labels = np.zeros((len(whole), *shape), np.uint8) if np.prod(shape) * len(whole) <= MOST_CELLS else None
    for number, (members, height) in enumerate(zip(levels, _heights(depths, thickness), strict=True)):
        polygons = [flat[index] for index in members]
        groups = signed_parts(polygons if exclusive else _distinct(polygons), exclusive)
        area = _area_of(groups) * spacing[0] * spacing[1]
        volume += float(area * height) / 1000
        if labels is not None:
            mask = np.zeros(shape, dtype=np.bool_)
            for group in groups:
                mask |= even_odd_mask(group, shape)
            labels[place[number]] = mask
    if labels is None:
        return None, volume
    origin = x0 * row + y0 * column
    origins = np.array([origin + depth * normal for depth in whole])
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 3] = row * spacing[1], column * spacing[0], origins[0]
    affine[:3, 2] = normal * thickness if len(whole) == 1 else (origins[-1] - origins[0]) / (len(whole) - 1)
    geometry = Geometry(labels.shape, affine, reference.frame_of_reference, origins if len(whole) > 1 else None)
    return Segmentation(labels, geometry, (label,)), volume


def _levels(at: FloatArray, step: float) -> list[list[int]]:
    """Indices of outlines by the plane that they lie in, from the lowest to the highest.

    Writers round or move what they drew on one slice; less than a fifth of a slice, and than half a mm, is one plane.
    """
    same = max(0.05, min(0.5, 0.2 * step))
    levels: list[list[int]] = []
    last = -np.inf
    for index in np.argsort(at, kind="stable"):
        if at[index] - last > same:
            levels.append([])
        last = at[index]
        levels[-1].append(int(index))
    return levels


def _heights(depths: FloatArray, thickness: float) -> FloatArray:
    """How much each plane stands for: half way to its neighbours, at most half of ``thickness`` each way."""
    half = np.minimum(np.diff(depths), thickness) / 2
    ends = np.array([thickness / 2])
    return np.asarray(np.concatenate([ends, half]) + np.concatenate([half, ends]))


def _distinct(polygons: Sequence[FloatArray]) -> list[FloatArray]:
    """Without those that are there twice: a second one is no hole in the first."""
    kept: list[FloatArray] = []
    for polygon in polygons:
        if not any(one.shape == polygon.shape and np.abs(one - polygon).max() < 1e-3 for one in kept):
            kept.append(polygon)
    return kept


def _area_of(groups: Sequence[Sequence[FloatArray]]) -> float:
    """Area of all groups together in square pixels: exact where outlines lie inside or beside one another, else sampled."""
    polygons = [polygon for group in groups for polygon in group]
    if not any(_may_cross(a, b) for a, b in itertools.combinations(polygons, 2)):
        return float(sum(_net_area(group) for group in groups))
    low = np.min([polygon.min(axis=0) for polygon in polygons], axis=0)
    extent = float(np.max([polygon.max(axis=0) for polygon in polygons], axis=0).max() - low.min())
    scale = min(16.0, MOST_SAMPLES / max(extent, 1.0))
    shape = (math.ceil(scale * extent) + 3, math.ceil(scale * extent) + 3)
    mask = np.zeros(shape, dtype=np.bool_)
    for group in groups:
        mask |= even_odd_mask([(polygon - low) * scale + 0.5 for polygon in group], shape)
    return float(np.count_nonzero(mask)) / scale**2


def _may_cross(a: FloatArray, b: FloatArray) -> bool:
    """Whether two outlines share room without that one lies inside the other."""
    low = np.maximum(a.min(axis=0), b.min(axis=0))
    high = np.minimum(a.max(axis=0), b.max(axis=0))
    return bool(np.all(high - low > 1e-6)) and not is_inside(a, b) and not is_inside(b, a)


def _net_area(group: Sequence[FloatArray]) -> float:
    """Area of the first polygon less those inside it, in square pixels; exclusive groups count like that too."""
    areas = [abs(float(np.sum(p[:, 0] * np.roll(p[:, 1], -1) - np.roll(p[:, 0], -1) * p[:, 1])) / 2) for p in group]
    total = 0.0
    for at, polygon in enumerate(group):
        depth = sum(1 for other in group[:at] if is_inside(polygon, other))
        total += areas[at] if depth % 2 == 0 else -areas[at]
    return total


def _with_empty_slices(depths: FloatArray, thickness: float) -> tuple[FloatArray, list[int]]:
    """Depths with an empty slice beside each gap that is more than one and a half slices, so that it stays a gap."""
    whole = [float(depths[0])]
    place = [0]
    for before, after in itertools.pairwise(depths):
        if after - before > 1.5 * thickness:
            ends = [float(before) + thickness, float(after) - thickness]
            whole += ends if ends[1] - ends[0] > 1e-3 else [float(before + after) / 2]
        place.append(len(whole))
        whole.append(float(after))
    return np.array(whole), place


def lines_of_contours(contours: Sequence[Contour], plane: Plane, reach_mm: float) -> dict[int, list[Line]]:
    """By label: outlines that lie in ``plane`` to within ``reach_mm``, points and lines near it, in its pixels."""
    found: dict[int, list[Line]] = defaultdict(list)
    normal = plane.normal
    for contour in contours:
        if contour.normal is not None and abs(float(contour.normal @ normal)) <= SAME_PLANE:
            continue
        placed = plane.patient_to_plane(contour.points)
        distance = placed[:, 2]
        if contour.kind == "closed":
            if abs(float(distance.mean())) > reach_mm:
                continue
        elif np.abs(distance).min() > reach_mm:
            continue
        found[contour.value].append((placed[:, :2], contour.kind == "closed"))
    return dict(found)


def lines_of_filled(segmentations: Sequence[Segmentation], plane: Plane) -> dict[int, list[Line]]:
    """By label: outlines of the region where ``plane`` cuts filled structures, in its pixels."""
    found: dict[int, list[Line]] = defaultdict(list)
    for one in segmentations:
        assert one.geometry is not None
        part = _part_of_plane(plane, one.geometry)
        if part is None:
            continue
        small, (x0, y0) = part
        labels = cut_labels(one, small)
        if labels.any():
            value = one.meanings[0].value
            corner = np.array([x0, y0], dtype=np.float64)
            found[value] += [(line + corner, True) for line in region_outlines(labels > 0)]
    return dict(found)


def _part_of_plane(plane: Plane, geometry: Geometry) -> tuple[Plane, tuple[int, int]] | None:
    """The part of a plane that the box around a grid can meet, and its corner pixel; None where there is none."""
    low, high = geometry.bounds
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    placed = plane.patient_to_plane(corners)
    if placed[:, 2].min() > 0 or placed[:, 2].max() < 0:
        return None
    h, w = plane.size
    x0, y0 = (max(0, int(np.floor(value)) - 1) for value in placed[:, :2].min(axis=0))
    x1 = min(w, int(np.ceil(placed[:, 0].max())) + 2)
    y1 = min(h, int(np.ceil(placed[:, 1].max())) + 2)
    if x1 <= x0 or y1 <= y0:
        return None
    origin = plane.plane_to_patient((x0, y0))
    at = (float(origin[0]), float(origin[1]), float(origin[2]))
    return Plane(at, plane.u, plane.v, plane.spacing, (y1 - y0, x1 - x0)), (x0, y0)


def line_to(line: ArrayLike, matrix: ArrayLike) -> FloatArray:
    """A line through an affine (2, 3)."""
    points, affine = np.asarray(line, dtype=np.float64), np.asarray(matrix, dtype=np.float64)
    return np.asarray(points @ affine[:, :2].T + affine[:, 2])
