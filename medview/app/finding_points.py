"""Where the named points of a finding lie on the slice that is shown, and the lines between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.shown_slice import ShownSlice
from medview.core.finding import Finding, Keypoint
from medview.core.geometry import Geometry
from medview.kernels.lines import Paint, draw_cross, draw_polyline

ImagePoint = tuple[float, float]
Bone = tuple[int, int]

POINT_PX, LINE_PX = 9, 1


def points_on(
    keypoints: Sequence[Keypoint], shown: ShownSlice, geometry: Geometry | None, reach_mm: float | None = None
) -> dict[int, ImagePoint]:
    """Image (x, y) of each point that is visible enough and lies on the slice, by its number.

    On a cut a point counts that is at most ``reach_mm`` away, by default a pixel; on a slab any that lies in it.
    """
    found: dict[int, ImagePoint] = {}
    for n, point in enumerate(keypoints):
        if not point.shown:
            continue
        if shown.plane_kind == "acquired" and (shown.slab is None or geometry is None):
            if round(point.voxel[0]) == (shown.k or 0):
                found[n] = (point.voxel[2], point.voxel[1])
            continue
        patient = point.lps
        if patient is None and geometry is not None:
            a, b, c = geometry.voxel_to_patient(np.array(point.voxel))
            patient = (float(a), float(b), float(c))
        place = None if patient is None else shown.patient_to_image(np.array(patient))
        near = min(shown.pixel_mm) if reach_mm is None else reach_mm
        if shown.slab is not None:
            near = max(near, shown.slab.thickness_mm / 2)
        if place is not None and abs(place[2]) <= near:
            found[n] = place[:2]
    return found


def bones_between(bones: Sequence[Bone], places: dict[int, ImagePoint]) -> list[tuple[ImagePoint, ImagePoint]]:
    """The lines whose both ends are there."""
    return [(places[a], places[b]) for a, b in bones if a in places and b in places]


def draw_points(
    picture: NDArray[np.uint8],
    bones: Sequence[Bone],
    places: dict[int, ImagePoint],
    colour: Paint,
) -> None:
    """Draw points and the lines between them on (h, w, 4), in its own order of channels, in place."""
    for line in bones_between(bones, places):
        draw_polyline(picture, np.array(line), False, (0, 0, 0), LINE_PX + 2)
        draw_polyline(picture, np.array(line), False, colour, LINE_PX)
    for place in places.values():
        draw_cross(picture, np.array(place), (0, 0, 0), POINT_PX + 2, LINE_PX + 2)
        draw_cross(picture, np.array(place), colour, POINT_PX, LINE_PX)


def described_points(finding: Finding) -> dict[str, Any]:
    """``keypoints`` and ``skeleton`` of a finding for JSON; the skeleton names the two ends of each line."""
    names = [point.name for point in finding.keypoints]
    return {
        "keypoints": [
            {
                "name": point.name,
                "voxel": list(point.voxel),
                "lps": None if point.lps is None else list(point.lps),
                "score": point.score,
                "shown": point.shown,
            }
            for point in finding.keypoints
        ],
        "skeleton": [[names[a], names[b]] for a, b in finding.bones],
    }


def points_described(entry: dict[str, Any]) -> tuple[tuple[Keypoint, ...], tuple[Bone, ...]]:
    """Points and lines of what :func:`described_points` wrote; what is not usable is left out."""
    points: list[Keypoint] = []
    listed = entry.get("keypoints")
    for one in listed if isinstance(listed, list) else []:
        try:
            voxel, lps = _triple(one["voxel"]), None if one.get("lps") is None else _triple(one["lps"])
            shown, score = one.get("shown") is not False, float(one.get("score", 1.0))
            points.append(Keypoint(str(one["name"]), voxel, lps, score, shown))
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    number = {point.name: n for n, point in enumerate(points)}
    pairs = entry.get("skeleton")
    bones = [
        (number[pair[0]], number[pair[1]])
        for pair in (pairs if isinstance(pairs, list) else [])
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) and one in number for one in pair)
    ]
    return tuple(points), tuple(bones)


def _triple(values: Any) -> tuple[float, float, float]:
    a, b, c = (float(value) for value in values)
    if not np.isfinite([a, b, c]).all():
        raise ValueError("no place")
    return (a, b, c)
