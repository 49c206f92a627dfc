"""What the open report marks on images: its SCOORD and SCOORD3D items with the words that belong to them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medview.core.plain_text import visible_text

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


@dataclass(frozen=True, slots=True)
class ReportMark:
    """A line through ``points`` (x, y of the slice, integers are pixel centres), or single points."""

    points: tuple[ImagePoint, ...]
    is_line: bool
    label: str


@dataclass(frozen=True, slots=True)
class _Marked:
    graphic: ReportGraphic
    label: str
    images: tuple[tuple[str, tuple[int, ...]], ...]
    """(SOP Instance UID, 0-based frames or none for all)."""


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
                points: FloatArray | None = _in_slice(one.graphic, shown, frame_of_reference, half_step_mm)
            elif shown.sop_uid and any(
                uid == shown.sop_uid and (not frames or shown.frame_in_file in frames) for uid, frames in one.images
            ):
                # PS3.3 C.18.6.1.2: 0.0 is the corner of the first pixel, 0.5 its centre.
                points = np.array(one.graphic.points, np.float64) - 0.5
            else:
                continue
            if points is not None:
                found.append(_drawn(one, points))
        return tuple(found)


def _marked(items: tuple[ReportItem, ...]) -> list[_Marked]:
    found: list[_Marked] = []
    # The next one last: reports have ten thousands of items.
    pending: list[tuple[ReportItem, ReportItem | None]] = [(item, None) for item in reversed(items)]
    while pending and len(found) < MOST_MARKS:
        item, parent = pending.pop()
        if item.graphic is not None:
            images = tuple((one.sop_uid, tuple(frame - 1 for frame in one.frames)) for one in item.images)
            found.append(_Marked(item.graphic, _label(item, parent), images))
        if item.items:
            pending += [(one, item) for one in reversed(item.items)]
    return found


def _label(item: ReportItem, parent: ReportItem | None) -> str:
    """The measured value that a graphic shows, else what the graphic is called."""
    from medview.app.report_page import unit_text

    if parent is not None and parent.value_type == "NUM" and parent.text:
        name = "" if parent.name is None else parent.name.meaning
        words = f"{name} {parent.text} {unit_text(parent.unit)}"
    else:
        words = "" if item.name is None else item.name.meaning
    return visible_text(" ".join(words.split()), LONGEST_LABEL, lines=False)


def _in_slice(
    graphic: ReportGraphic, shown: ShownSlice, frame_of_reference: str, half_step_mm: float
) -> FloatArray | None:
    """(n, 2) image points of a graphic in the patient whose points all lie in the slice."""
    if shown.plane is None or graphic.frame_of_reference != frame_of_reference:
        return None
    points = shown.plane.patient_to_plane(np.array(graphic.points, np.float64))
    if np.abs(points[:, 2]).max() > max(NEAR_MM, half_step_mm):
        return None
    return points[:, :2]


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
    return ReportMark(tuple((float(x), float(y)) for x, y in points), is_line, one.label)
