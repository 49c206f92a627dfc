"""What a report marks lies on the right image at the right place, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from psygnal import Signal

from medview.app.image_references import ImageIndex, KeyImages
from medview.app.report_marks import ReportMarks
from medview.app.shown_slice import ShownSlice
from medview.core.finding import Code
from medview.core.plane import Plane
from medview.core.report import ObjectReference, Report, ReportGraphic, ReportItem

PLANE = Plane((10.0, 20.0, 30.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 2.0), (40, 40))
SHOWN = ShownSlice((40, 40), (2.0, 0.5), PLANE, (2.0, 0.5), "patient", "acquired", 3, 3, "1.2.3", 4)


class _Documents:
    changed = Signal()
    shown: Any = None


def marks_of(*items: ReportItem) -> ReportMarks:
    documents = _Documents()
    marks = ReportMarks(SimpleNamespace(documents=documents))  # type: ignore[arg-type]
    documents.shown = SimpleNamespace(content=Report("r.dcm", "", "", None, items=items))
    documents.changed.emit()
    return marks


def graphic(
    kind: str, *points: tuple[float, ...], frame: str = "", image: str = "1.2.3", frames: tuple[int, ...] = ()
) -> ReportItem:
    images = () if frame else (ObjectReference("", image, frames),)
    return ReportItem(
        "CONTAINS", "SCOORD", Code("1", "99", "Outline"), graphic=ReportGraphic(kind, points, frame), images=images
    )


def test_half_a_pixel_is_the_centre_of_the_first() -> None:
    (mark,) = marks_of(graphic("POLYLINE", (0.5, 0.5), (10.5, 20.5))).of(SHOWN, "")
    assert mark.points == ((0.0, 0.0), (10.0, 20.0))
    assert mark.is_line
    assert mark.label == "Outline"


def test_marks_lie_on_their_image_and_frame_only() -> None:
    assert not marks_of(graphic("POINT", (1, 1), image="1.2.4")).of(SHOWN, "")
    assert marks_of(graphic("POINT", (1, 1), frames=(5,))).of(SHOWN, "")
    assert not marks_of(graphic("POINT", (1, 1), frames=(4,))).of(SHOWN, "")
    assert not marks_of(graphic("POINT", (1, 1))).of(SHOWN, "")[0].is_line


def test_a_circle_and_an_ellipse_go_through_their_points() -> None:
    (circle,) = marks_of(graphic("CIRCLE", (10.5, 10.5), (13.5, 14.5))).of(SHOWN, "")
    assert np.hypot(*(np.array(circle.points) - 10.0).T) == pytest.approx(5.0)
    (ellipse,) = marks_of(graphic("ELLIPSE", (0.5, 10.5), (20.5, 10.5), (10.5, 6.5), (10.5, 14.5))).of(SHOWN, "")
    points = np.array(ellipse.points)
    assert ((points[:, 0] - 10) / 10) ** 2 + ((points[:, 1] - 10) / 4) ** 2 == pytest.approx(1.0)
    (closed,) = marks_of(graphic("POLYGON", (0, 0), (5, 0), (5, 5))).of(SHOWN, "")
    assert closed.points[0] == closed.points[-1]


def test_points_in_the_patient_are_drawn_on_their_slice_in_their_frame_of_reference() -> None:
    marks = marks_of(graphic("POLYLINE", (11.0, 24.0, 30.2), (12.0, 26.0, 29.9), frame="1.9"))
    (mark,) = marks.of(SHOWN, "1.9")
    assert mark.points == ((2.0, 2.0), (4.0, 3.0))
    assert not marks.of(SHOWN, "1.8")
    far = marks_of(graphic("POINT", (11.0, 24.0, 32.0), frame="1.9"))
    assert not far.of(SHOWN, "1.9")
    assert far.of(SHOWN, "1.9", half_step_mm=2.5)


def test_a_line_through_slices_is_seen_where_it_meets_each() -> None:
    """Of a path in the patient a slice shows the stretch near it, of several points those near it."""
    path = graphic("POLYLINE", (11.0, 24.0, 20.0), (11.0, 24.0, 40.0), (15.0, 24.0, 40.0), frame="1.9")
    (mark,) = marks_of(path).of(SHOWN, "1.9", half_step_mm=2.0)
    assert np.allclose(mark.points, 2.0)
    points = graphic("MULTIPOINT", (11.0, 24.0, 30.0), (12.0, 26.0, 60.0), frame="1.9")
    (mark,) = marks_of(points).of(SHOWN, "1.9")
    assert mark.points == ((2.0, 2.0),)
    assert not mark.is_line


def test_a_slice_cuts_an_ellipsoid_in_an_ellipse() -> None:
    """Half axes of 8, 6 and 10 mm; 6 mm above its middle it is four fifths as wide."""
    ends = [(4.0, 24.0, 24.0), (20.0, 24.0, 24.0), (12.0, 18.0, 24.0), (12.0, 30.0, 24.0), (12.0, 24.0, 14.0),
            (12.0, 24.0, 34.0)]  # fmt: skip
    (mark,) = marks_of(graphic("ELLIPSOID", *ends, frame="1.9")).of(SHOWN, "1.9")
    assert SHOWN.plane is not None
    found = np.asarray(SHOWN.plane.plane_to_patient(np.array(mark.points)))[:, :2] - (12.0, 24.0)
    assert ((found / (8 * 0.8, 6 * 0.8)) ** 2).sum(axis=1) == pytest.approx(1.0)
    assert not marks_of(graphic("ELLIPSOID", *[(x, y, z - 20) for x, y, z in ends], frame="1.9")).of(SHOWN, "1.9")


def test_a_measurement_is_named_beside_its_line() -> None:
    line = graphic("POLYLINE", (0, 0), (5, 5))
    number = ReportItem(
        "CONTAINS", "NUM", Code("1", "99", "Length"), "12.5", unit=Code("mm", "UCUM", "mm"), items=(line,)
    )
    (mark,) = marks_of(number).of(SHOWN, "")
    assert mark.label == "Length 12.5 mm"


def test_marks_go_with_the_report() -> None:
    marks = marks_of(graphic("POINT", (1, 1)))
    documents = _Documents()
    told: list[int] = []
    marks.changed.connect(lambda: told.append(1))
    marks._workspace = SimpleNamespace(documents=documents)  # type: ignore[assignment]
    marks._follow()
    assert not marks.of(SHOWN, "")
    assert told == [1]


def stack_of(uids: list[str], slices: int, stack_id: str = "s") -> Any:
    frames = tuple(SimpleNamespace(sop_uid=uid, frame=0, path=uid) for uid in uids)
    return SimpleNamespace(id=stack_id, frames=frames, shape=(slices, 4, 4), frame_count=len(frames))


def test_references_find_time_and_slice() -> None:
    stack = stack_of(["1", "2", "3", "4"], 2)
    series = SimpleNamespace(stacks=(stack,))
    study = SimpleNamespace(series=(series,))
    workspace: Any = SimpleNamespace(studies=(study,))
    index = ImageIndex(workspace)
    place = index.find(ObjectReference("", "4"))
    assert place is not None
    assert (place.time, place.k) == (1, 1)
    assert index.find(ObjectReference("", "5")) is None
    assert index.find(ObjectReference("", "4", (2,))) is None, "such a frame there is not"
    workspace.studies = ()
    assert index.find(ObjectReference("", "4")) is None


def test_key_images_are_walked_through_in_both_directions() -> None:
    stack = stack_of([str(at) for at in range(10)], 10)
    nothing_chosen = SimpleNamespace(
        changed=SimpleNamespace(connect=lambda _slot: None), on=lambda *_place: None, of=lambda _stack: ()
    )
    key = KeyImages(SimpleNamespace(reader_keys=nothing_chosen))  # type: ignore[arg-type]
    items = tuple(ReportItem("CONTAINS", "IMAGE", None, images=(ObjectReference("", uid),)) for uid in ("2", "7", "99"))
    key._documents = {"k.dcm": Report("k.dcm", "", "", Code("113000", "DCM", "Of Interest"), items=items)}
    key._collect()
    assert key.count_in(stack) == 2
    assert key.title_of(stack, 7) == "Of Interest"
    assert key.title_of(stack, 3) is None
    assert [key.neighbour(stack, 0, k, 1) for k in (0, 2, 7)] == [(0, 2), (0, 7), (0, 2)]
    assert [key.neighbour(stack, 0, k, -1) for k in (9, 7, 2)] == [(0, 7), (0, 2), (0, 7)]
