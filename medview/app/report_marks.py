"""What the open report marks on images: its SCOORD and SCOORD3D items with the words that belong to them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medview.core.plain_text import visible_text
from medview.core.report import is_not_presented

if TYPE_CHECKING:
    from medview.app.shown_slice import ShownSlice
    from medview.app.workspace import Workspace
    from medview.core.report import Report, ReportGraphic, ReportItem

FloatArray = NDArray[np.float64]
ImagePoint = tuple[float, float]
MOST_MARKS = 2000
LONGEST_LABEL = 60
ROUND_PARTS = 72
NEAR_MM = 0.75
"""A point in the patient nearer than this to a slice, or than half its distance to the next, is drawn on it."""


Symbol = Literal["cross", "asterisk", "triangle", "diamond", "circle"]
SYMBOLS: dict[Symbol, frozenset[str]] = {
    "triangle": frozenset({"129769006", "129770007", "F-01775", "F-01776", "112063"}),
    "asterisk": frozenset({"129793001", "129788004", "4147007", "M-03000", "F-01796", "111459", "111112", "111113"}),
    "diamond": frozenset({"129792006", "129790003", "129789007"}),
    "circle": frozenset({"27925004", "M-03010", "112122", "308689002"}),
}
"""How the place of a CAD's finding is drawn, by its code (PS3.16 CID 6014, 6101 to 6104): calcifications a triangle, masses and
densities an asterisk, distortions and asymmetries a diamond, nodules of the lung a circle; all else a cross."""


@dataclass(frozen=True, slots=True)
class ReportMark:
    """A line through ``points`` (x, y of the slice, integers are pixel centres), or single points, each drawn as ``symbol``."""

    points: tuple[ImagePoint, ...]
    is_line: bool
    label: str
    symbol: Symbol = "cross"


@dataclass(frozen=True, slots=True)
class _Marked:
    graphic: ReportGraphic
    label: str
    images: tuple[tuple[str, tuple[int, ...]], ...]
    """(SOP Instance UID, 0-based frames or none for all)."""
    symbol: Symbol = "cross"


class ReportMarks:
    """Marks of the report that is open; none while none is."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._report: Report | None = None
        self._marked: tuple[_Marked, ...] = ()
        workspace.documents.changed.connect(self._follow)

    def _follow(self) -> None:
        shown = self._workspace.documents.shown
        report = None
        if shown is not None:
            from medview.core.report import Report

            report = shown.content if isinstance(shown.content, Report) else None
        if report is not self._report:
            self._report = report
            before, self._marked = self._marked, () if report is None else tuple(_marked(report.items))
            if before or self._marked:
                self.changed.emit()

    def of(self, shown: ShownSlice, frame_of_reference: str, half_step_mm: float = 0.0) -> tuple[ReportMark, ...]:
        """The marks on a slice; those in the patient only where the frame of reference is the slice's own."""
        found = []
        for one in self._marked:
            if one.graphic.frame_of_reference and len(one.graphic.points[0]) == 3:
                found += _in_slice(one, shown, frame_of_reference, half_step_mm)
                continue
            if shown.sop_uid and any(
                uid == shown.sop_uid and (not frames or shown.frame_in_file in frames) for uid, frames in one.images
            ):
                # PS3.3 C.18.6.1.2: 0.0 is the corner of the first pixel, 0.5 its centre.
                found.append(_drawn(one, np.array(one.graphic.points, np.float64) - 0.5))
        return tuple(found)


def _marked(items: tuple[ReportItem, ...]) -> list[_Marked]:
    found: list[_Marked] = []
    # The next one last: reports have ten thousands of items.
    pending: list[tuple[ReportItem, ReportItem | None]] = [(item, None) for item in reversed(items)]
    # Most items are lines of text alone, and the window waits.
    while pending and len(found) < MOST_MARKS:
        item, parent = pending.pop()
        if any(one.code is not None and is_not_presented(one) for one in item.items):
            continue  # it stands in the report's page
        if item.graphic is not None:
            images = tuple((one.sop_uid, tuple(frame - 1 for frame in one.frames)) for one in item.images)
            found.append(_Marked(item.graphic, _label(item, parent), images, _symbol(parent)))
        if item.items:
            pending += [(one, item) for one in reversed(item.items) if one.items or one.graphic is not None]
    return found


def _symbol(parent: ReportItem | None) -> Symbol:
    """The sign for the place of a coded finding."""
    code = None if parent is None or parent.value_type != "CODE" else parent.code
    return next((name for name, values in SYMBOLS.items() if code is not None and code.value in values), "cross")


def _label(item: ReportItem, parent: ReportItem | None) -> str:
    """The measured value that a graphic shows, else what the graphic is called."""
    from medview.app.report_page import unit_text

    if parent is not None and parent.value_type == "NUM" and parent.text:
        name = "" if parent.name is None else parent.name.meaning
        words = f"{name} {parent.text} {unit_text(parent.unit)}"
    else:
        words = "" if item.name is None else item.name.meaning
        if parent is not None and parent.value_type == "CODE" and parent.text:
            words = f"{parent.text}: {words}" if words else parent.text
    return visible_text(" ".join(words.split()), LONGEST_LABEL, lines=False)


def _in_slice(one: _Marked, shown: ShownSlice, frame_of_reference: str, half_step_mm: float) -> list[ReportMark]:
    """What of a graphic in the patient a slice shows: all of it where it lies in the slice, else the part near it."""
    graphic = one.graphic
    if shown.plane is None or graphic.frame_of_reference != frame_of_reference:
        return []
    reach = max(NEAR_MM, half_step_mm)
    points = shown.plane.patient_to_plane(np.array(graphic.points, np.float64))
    if graphic.kind == "ELLIPSOID" and len(points) == 6:
        across = np.array(graphic.points, np.float64)
        return _ellipsoid_cut(one, across, shown)
    near = np.abs(points[:, 2]) <= reach
    if near.all():
        return [_drawn(one, points[:, :2])]
    if graphic.kind in {"POINT", "MULTIPOINT"}:
        return [_drawn(one, points[near, :2])] if near.any() else []
    if graphic.kind not in {"POLYLINE", "POLYGON"}:
        return []
    if graphic.kind == "POLYGON":
        points = np.vstack([points, points[:1]])
    return [
        ReportMark(tuple((float(x), float(y)) for x, y in part), True, one.label if at == 0 else "")
        for at, part in enumerate(_parts_within(points, reach))
    ]


def _parts_within(points: FloatArray, reach: float) -> list[FloatArray]:
    """The stretches (n, 2) of a line through ``points`` (x, y, distance) that are no farther than ``reach`` from a slice."""
    parts: list[list[FloatArray]] = []
    last = -1.0
    for at in range(len(points) - 1):
        a, b = points[at], points[at + 1]
        slope = b[2] - a[2]
        if slope == 0:
            low, high = (0.0, 1.0) if abs(a[2]) <= reach else (1.0, 0.0)
        else:
            first, second = sorted(((-reach - a[2]) / slope, (reach - a[2]) / slope))
            low, high = max(0.0, first), min(1.0, second)
        if low > high:
            continue
        if last != at + low:
            parts.append([(a + (b - a) * low)[:2]])
        parts[-1].append((a + (b - a) * high)[:2])
        last = at + high
    return [np.array(part) for part in parts]


def _ellipsoid_cut(one: _Marked, ends: FloatArray, shown: ShownSlice) -> list[ReportMark]:
    """Where a slice cuts the ellipsoid whose three axes end at ``ends`` (PS3.3 C.18.9.1.2)."""
    assert shown.plane is not None
    axes = (ends[1::2] - ends[0::2]) / 2
    middle = ends.mean(axis=0)
    normal = np.asarray(shown.plane.normal, np.float64)
    across = axes @ normal  # the slice's plane in the ball: across · q = height
    height = float((np.asarray(shown.plane.plane_to_patient((0.0, 0.0))) - middle) @ normal)
    length = float(np.linalg.norm(across))
    if length == 0 or abs(height) >= length:
        return []
    foot = across * height / length**2
    radius = math.sqrt(1 - (height / length) ** 2)
    first = np.cross(across, np.eye(3)[int(np.argmin(np.abs(across)))])
    first = first / np.linalg.norm(first)
    second = np.cross(across, first) / length
    turns = np.linspace(0, 2 * math.pi, ROUND_PARTS + 1)[:, None]
    ball = foot + radius * (np.cos(turns) * first + np.sin(turns) * second)
    placed = shown.plane.patient_to_plane(middle + ball @ axes)
    return [ReportMark(tuple((float(x), float(y)) for x, y in placed[:, :2]), True, one.label)]


def _drawn(one: _Marked, points: FloatArray) -> ReportMark:
    """A graphic as a line of points, or as points (PS3.3 C.18.6.1.2)."""
    kind = one.graphic.kind
    if kind == "CIRCLE" and len(points) >= 2:
        radius = math.dist(points[0], points[1])
        turns = np.linspace(0, 2 * math.pi, ROUND_PARTS + 1)
        points = points[0] + radius * np.column_stack([np.cos(turns), np.sin(turns)])
    elif kind == "ELLIPSE" and len(points) >= 4:
        middle = (points[0] + points[1]) / 2
        turns = np.linspace(0, 2 * math.pi, ROUND_PARTS + 1)[:, None]
        points = middle + np.cos(turns) * (points[1] - points[0]) / 2 + np.sin(turns) * (points[3] - points[2]) / 2
    elif kind == "POLYGON" and len(points) > 2:
        points = np.vstack([points, points[:1]])
    is_line = kind not in {"POINT", "MULTIPOINT"} and len(points) > 1
    return ReportMark(tuple((float(x), float(y)) for x, y in points), is_line, one.label, one.symbol)
