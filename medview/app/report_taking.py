"""Reports back in: what a measurement report (TID 1500) marks becomes marks that can be changed and findings that can be decided.

Own and foreign reports are read the same way; own ones also say which tool made a mark. What has no place on the open images
is never dropped: it is listed with the reason, and stands in the report as it is.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from medview.app.decisions import Decision
from medview.app.measurements import place_of
from medview.app.shown_slice import ShownSlice, acquired_shown, can_be_cut, cut_shown, plane_positions
from medview.app.statements import VALUES_OF
from medview.core import statement as said
from medview.core.finding import Finding, InferenceResult, Provenance
from medview.core.measurement import MOST_POINTS, POINTS_OF_KIND, Measurement, MeasurementKind
from medview.core.plane import PlaneKind
from medview.core.report import is_not_presented
from medview.core.slab import Projection, Slab
from medview.core.statement import tracking_uid_of

if TYPE_CHECKING:
    from medview.app.image_references import ImageIndex, ImagePlace
    from medview.core.report import Report, ReportGraphic, ReportItem
    from medview.core.study import Stack, Study

FloatArray = NDArray[np.float64]
Reason = Literal[
    "no_image", "other_patient", "no_place", "segment", "no_coordinates", "unknown_graphic", "not_presented"
]
"""The image is not open; another patient; not on one slice of what is open; of a segmentation; words and numbers alone; a graphic
that no mark can be; the algorithm itself says that it shall not be shown."""

GROUP, TRACKING_ID, TRACKING_UID = "125007", "112039", "112040"
FINDING, SITE, COMMENT = "121071", "363698007", "121106"
ALGORITHM, VERSION = "111001", "111003"
OBSERVER_TYPE, DEVICE, DEVICE_NAME, PERSON_NAME = "121005", "121007", "121013", "121008"
CAD_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.88.{number}" for number in (50, 65, 69))
"""Mammography, chest and colon CAD: nothing in them was drawn by a person."""
OWN = "medview:"
ROUND_PARTS = 72
ON_SLICE_MM = 0.05
PROBABILITIES = frozenset({"111047", "111012", "score"})
"""Concepts that say how sure an algorithm is: probability of cancer, certainty of the finding, our own score."""


@dataclass(frozen=True, slots=True)
class Left:
    """A group that could not become a mark or a finding, and why."""

    title: str
    reason: Reason


@dataclass(frozen=True, eq=False)
class Taken:
    """What a report gives on the open images."""

    marks: tuple[Measurement, ...] = ()
    results: tuple[InferenceResult, ...] = ()
    decisions: tuple[tuple[InferenceResult, Finding, Decision], ...] = ()
    left: tuple[Left, ...] = ()


@dataclass
class _Group:
    """One measurement group of the report, laid flat."""

    identifier: str = ""
    uid: str = ""
    label: str = ""
    words: list[str] = field(default_factory=list)
    algorithm: str = ""
    version: str = ""
    numbers: list[tuple[str, float, str]] = field(default_factory=list)
    """(code, value, unit)."""
    graphics: list[ReportItem] = field(default_factory=list)
    verdict: Literal["", "accepted", "rejected"] = ""
    segment: bool = False
    hidden: bool = False

    @property
    def title(self) -> str:
        return self.label or self.identifier or self.uid or "?"


def take_report(report: Report, images: ImageIndex, studies: Sequence[Study]) -> Taken:
    """Everything of a report that can be a mark or a finding on the open images."""
    marks: list[Measurement] = []
    left: list[Left] = []
    findings: dict[tuple[str, str, str], list[tuple[Finding, _Group]]] = {}
    device = _device(report)
    for number, group in enumerate(_groups(report.items)):
        group.uid = group.uid or f"{report.sop_uid}.{number}"
        if not group.identifier.startswith(OWN):  # medview's own marks are a reader's, named or not
            group.algorithm = group.algorithm or device
        if group.hidden:
            left.append(Left(group.title, "not_presented"))
            continue
        if not group.graphics:
            left.append(Left(group.title, "segment" if group.segment else "no_coordinates"))
            continue
        placed = _placed(group, report, images, studies)
        if not isinstance(placed, list):
            left.append(Left(group.title, placed))
        elif group.algorithm:
            for at, stack_id in enumerate(dict.fromkeys(one.stack.id for one in placed)):
                finding = _finding(group, [one for one in placed if one.stack.id == stack_id])
                if at:  # the same thing seen on other images
                    finding = replace(finding, id=tracking_uid_of(f"{group.uid}/{at}"))
                findings.setdefault((stack_id, group.algorithm, group.version), []).append((finding, group))
        else:
            made = _marks(group, placed)
            marks += made
            if not made:
                left.append(Left(group.title, "unknown_graphic"))
    results, decisions = [], []
    for (stack_id, name, version), found in findings.items():
        result = _result(report, stack_id, name, version, [finding for finding, _group in found], studies)
        results.append(result)
        decisions += [
            (result, finding, decision) for finding, group in found if (decision := _decision(group)).says_anything
        ]
    return Taken(tuple(marks), tuple(results), tuple(decisions), tuple(left))


# The groups ----------------------------------------------------------------------------------------------------------


def _device(report: Report) -> str:
    """The name of the device that alone observed what a report says; "" where a person did, or nobody is named."""
    about = [item for item in report.items if item.relationship == "HAS OBS CONTEXT"]
    kinds = {item.code.value for item in about if _code(item) == OBSERVER_TYPE and item.code is not None}
    persons = any(_code(item) == PERSON_NAME for item in about) or kinds - {DEVICE}
    if report.sop_class not in CAD_CLASSES and (persons or not kinds):
        return ""
    named = next((item.text for item in about if _code(item) == DEVICE_NAME and item.text), "")
    return named or report.manufacturer or "CAD"


def _groups(items: Sequence[ReportItem]) -> Iterator[_Group]:
    """Measurement groups, wherever they stand; coordinates outside of all groups are a group of their own.

    So are those below one coded finding: its centre and its outline are one thing (CAD reports, PS3.16 TID 4006, 4104).
    """
    for item in items:
        if _code(item) == GROUP:
            yield _group(item)
        elif _is_coded_finding(item):
            apart = tuple(one for one in item.items if _is_coded_finding(one))
            group = _group(replace(item, items=tuple(one for one in item.items if one not in apart)), alone=True)
            assert item.code is not None
            group.label = group.label or item.code.meaning or item.code.value
            yield group
            yield from _groups(apart)
        elif item.graphic is not None or (
            item.value_type == "NUM" and any(one.graphic is not None for one in item.items)
        ):
            yield _group(item, alone=True)
        else:
            yield from _groups(item.items)


def _is_coded_finding(item: ReportItem) -> bool:
    return item.value_type == "CODE" and item.code is not None and any(one.graphic is not None for one in item.items)


def _group(item: ReportItem, alone: bool = False) -> _Group:
    group = _Group()
    pending = [item] if alone else list(item.items)
    while pending:
        one = pending.pop(0)
        code = _code(one)
        if code == TRACKING_ID:
            group.identifier = one.text
        elif code == TRACKING_UID:
            group.uid = one.text
        elif code in {FINDING, SITE} and one.code is not None and not (code == SITE and group.label):
            group.label = group.label or one.code.meaning or one.code.value
        elif code == COMMENT:
            group.words += one.text.splitlines()
        elif code == ALGORITHM:
            group.algorithm = one.text
        elif code == VERSION:
            group.version = one.text
        elif one.value_type == "NUM":
            _take_number(group, code, one)
        elif code == said.DECISION.value and one.code is not None:
            group.verdict = cast(
                "Literal['', 'accepted', 'rejected']",
                one.code.value if one.code.value in {"accepted", "rejected"} else "",
            )
        elif is_not_presented(one):
            group.hidden = True
        if one.graphic is not None:
            group.graphics.append(one)
        if one.value_type == "IMAGE" and any(image.segments for image in one.images):
            group.segment = True
        pending[:0] = one.items
    return group


def _take_number(group: _Group, code: str, item: ReportItem) -> None:
    try:
        value = float(item.text.split("\\")[0])
    except ValueError:
        return
    if math.isfinite(value):
        group.numbers.append((code, value, item.unit.value if item.unit is not None else ""))


def _code(item: ReportItem) -> str:
    return "" if item.name is None else item.name.value


# Where a graphic lies ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Placed:
    """Points (n, 2) of a graphic on a slice, integers are pixel centres."""

    kind: str
    points: FloatArray
    stack: Stack
    shown: ShownSlice
    time: int


def _placed(group: _Group, report: Report, images: ImageIndex, studies: Sequence[Study]) -> list[_Placed] | Reason:
    found: list[_Placed] = []
    for item in group.graphics:
        assert item.graphic is not None
        if len(item.graphic.points[0]) == 3:
            graphics = [item.graphic]
            if item.graphic.kind == "MULTIPOINT":  # each point is a mark of its own, on a slice of its own
                graphics = [replace(item.graphic, points=(point,)) for point in item.graphic.points]
            *rest, placed = (_in_patient(graphic, report, studies) for graphic in graphics)
            for one in rest:
                if isinstance(one, str):
                    return cast("Reason", one)
                found.append(one)
        else:
            places = [place for one in item.images if (place := images.find(one)) is not None]
            placed = _on_image(item.graphic, places[0], report) if places else "no_image"
        if isinstance(placed, str):
            return cast("Reason", placed)
        found.append(placed)
    return found


def _on_image(graphic: ReportGraphic, place: ImagePlace, report: Report) -> _Placed | str:
    if report.patient_id != place.study.patient.patient_id:
        return "other_patient"
    shown = acquired_shown(place.stack, place.k, place.time)
    # PS3.3 C.18.6.1.2: 0.5 is the centre of the first pixel.
    points = np.array(graphic.points, np.float64) - 0.5
    return _Placed(graphic.kind, points, place.stack, shown, place.time)


def _in_patient(graphic: ReportGraphic, report: Report, studies: Sequence[Study]) -> _Placed | str:
    """A graphic in the patient on a slice, or a cut, that holds all its points."""
    points = np.array(graphic.points, np.float64)
    reason = "no_image"
    for study, stack in _stacks_in(graphic.frame_of_reference, report, studies):
        geometry = stack.geometry
        assert geometry is not None
        if study.patient.patient_id != report.patient_id:
            reason = "other_patient"
            continue
        reason = "no_place"
        k = round(float(np.clip(geometry.patient_to_voxel(points)[:, 0].mean(), 0, geometry.shape[0] - 1)))
        tried = [acquired_shown(stack, k)]
        if can_be_cut(stack):
            axes: tuple[tuple[PlaneKind, int], ...] = (("axial", 2), ("coronal", 1), ("sagittal", 0))
            tried += [_cut_near(stack, kind, float(points[:, axis].mean())) for kind, axis in axes]
        for shown in tried:
            assert shown.plane is not None
            found = shown.plane.patient_to_plane(points)
            if np.abs(found[:, 2]).max() <= ON_SLICE_MM:
                return _Placed(graphic.kind, found[:, :2], stack, shown, 0)
    return reason


def _stacks_in(frame_of_reference: str, report: Report, studies: Sequence[Study]) -> list[tuple[Study, Stack]]:
    """The stacks of a frame of reference: first those whose images the report names, maps and segmentations last."""
    named = {reference.sop_uid for reference in report.references()}
    found: list[tuple[tuple[bool, bool], Study, Stack]] = []
    for study in studies:
        for series in study.series:
            derived = {one.path for one in series.objects}
            for stack in series.stacks:
                if stack.geometry is not None and stack.geometry.frame_of_reference == frame_of_reference:
                    is_named = any(frame.sop_uid in named for frame in stack.frames)
                    found.append(((not is_named, stack.frames[0].path in derived), study, stack))
    return [(study, stack) for _rank, study, stack in sorted(found, key=lambda one: one[0])]


def _cut_near(stack: Stack, kind: PlaneKind, position_mm: float) -> ShownSlice:
    """The cut nearest to a position of those that are scrolled through: a mark on another one would never be seen."""
    assert stack.geometry is not None
    positions = plane_positions(stack.geometry, kind)
    return cut_shown(stack, kind, float(positions[int(np.abs(positions - position_mm).argmin())]))


# Marks ---------------------------------------------------------------------------------------------------------------


def _marks(group: _Group, placed: list[_Placed]) -> list[Measurement]:
    """The marks of a group: two lines of one measurement are one mark, everything else is one for each graphic."""
    own, slab = _own_words(group.identifier)
    text = "\n".join(line for line in group.words if not line.startswith(("mm: ", VALUES_OF)))
    if slab is not None:
        placed = [replace(one, shown=replace(one.shown, slab=slab)) for one in placed]
    codes = {code for code, _value, _unit in group.numbers}
    distinct = _distinct(placed)
    if len(distinct) == 2 and all(len(one.points) == 2 for one in distinct) and _same_slice(*distinct):
        axes = {said.MAJOR_AXIS.value, said.MINOR_AXIS.value}
        kind: MeasurementKind | None = None
        if own == "bidirectional" or axes <= codes:
            kind = "bidirectional"
        elif own == "cobb" or said.ANGLE.value in codes:
            kind = "cobb"
        if kind is not None:
            points = np.vstack([distinct[0].points, distinct[1].points])
            return [_mark(kind, distinct[0], points, tracking_uid_of(group.uid), text)]
    found: list[Measurement] = []
    for at, one in enumerate(distinct):
        shaped = _shape(one, own if own in get_args(MeasurementKind) else "")
        for number, (kind, points) in enumerate(shaped):
            first = at == 0 and number == 0
            uid = tracking_uid_of(group.uid if first else f"{group.uid}/{at}/{number}")
            label = text or ("" if own else group.label if group.label != "Finding" else "")
            found.append(_mark(kind, one, points, uid, label))
    return found


def _own_words(identifier: str) -> tuple[str, Slab | None]:
    """The tool that made a mark, and the slab that its values are of, from the identifier that medview writes."""
    if not identifier.startswith(OWN):
        return "", None
    kind, *rest = identifier.removeprefix(OWN).split(":")
    try:
        return kind, Slab(float(rest[1]), cast("Projection", rest[0])) if len(rest) == 2 else None
    except ValueError:
        return kind, None


def _distinct(placed: list[_Placed]) -> list[_Placed]:
    """Numbers of one mark repeat its graphic."""
    found: dict[tuple[object, ...], _Placed] = {}
    for one in placed:
        found.setdefault((one.kind, one.stack.id, one.shown.k, np.round(one.points, 4).tobytes()), one)
    return list(found.values())


def _same_slice(a: _Placed, b: _Placed) -> bool:
    return (a.stack.id, a.shown.k, a.shown.position_mm, a.time) == (b.stack.id, b.shown.k, b.shown.position_mm, b.time)


def _mark(kind: MeasurementKind, placed: _Placed, points: FloatArray, uid: str, text: str) -> Measurement:
    place = place_of(placed.stack, placed.shown, placed.time)
    return Measurement(uid, kind, place, tuple((float(x), float(y)) for x, y in points), text)


def _shape(placed: _Placed, own: str) -> list[tuple[MeasurementKind, FloatArray]]:
    """The marks that draw a graphic; own ones as the tool that made them."""
    kind, points = placed.kind, placed.points
    closed = len(points) > 3 and np.allclose(points[0], points[-1], atol=1e-6)
    corners = points[:-1] if closed else points
    if kind in {"POINT", "MULTIPOINT"}:
        single: MeasurementKind = "text" if own == "text" else "point"
        return [(single, point[None]) for point in points]
    if kind == "CIRCLE" and len(points) == 2:
        radius = math.dist(points[0], points[1])
        return [("ellipse", np.array([points[0] - radius, points[0] + radius]))]
    if kind == "ELLIPSE" and len(points) == 4:
        return [_ellipse(points)]
    if kind == "POLYGON":
        closed = True
        corners = points[:-1] if len(points) > 3 and np.allclose(points[0], points[-1], atol=1e-6) else points
    if kind not in {"POLYLINE", "POLYGON"}:
        return []
    if own == "rectangle" and closed and len(corners) == 4:
        return [("rectangle", corners[[0, 2]])]
    if own and POINTS_OF_KIND[cast("MeasurementKind", own)][0] <= len(corners) <= MOST_POINTS:
        least, most = POINTS_OF_KIND[cast("MeasurementKind", own)]
        if least <= len(corners) <= most:
            return [(cast("MeasurementKind", own), corners)]
    if closed and len(corners) >= 3:
        return [("polygon", _thinned(corners))]
    if len(points) == 2:
        return [("ruler", points)]
    return [("polyline", _thinned(points))] if len(points) > 2 else []


def _ellipse(points: FloatArray) -> tuple[MeasurementKind, FloatArray]:
    """The ends of two axes as the box around them; a turned ellipse as its outline, which no box can hold."""
    long, short = points[1] - points[0], points[3] - points[2]
    middle = (points[0] + points[1]) / 2
    upright = min(abs(long[0]), abs(long[1])) < 1e-3 and min(abs(short[0]), abs(short[1])) < 1e-3
    if upright:
        return "ellipse", np.array([points.min(axis=0), points.max(axis=0)])
    turns = np.linspace(0, 2 * math.pi, ROUND_PARTS, endpoint=False)[:, None]
    return "polygon", middle + np.cos(turns) * long / 2 + np.sin(turns) * short / 2


def _thinned(points: FloatArray) -> FloatArray:
    step = math.ceil(len(points) / MOST_POINTS)
    return points[::step]


# Findings ------------------------------------------------------------------------------------------------------------


def _finding(group: _Group, placed: list[_Placed]) -> Finding:
    """The box around the regions of a group, which lie on one stack."""
    stack = placed[0].stack
    ks = [one.shown.k if one.shown.k is not None else 0 for one in placed]
    points = np.concatenate([_extremes(one) for one in placed])
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    if x0 == x1 and y0 == y1:  # a lone point is the pixel that it lies in
        x0, y0, x1, y1 = x0 - 0.5, y0 - 0.5, x1 + 0.5, y1 + 0.5
    low, high = (min(ks) - 0.5, float(y0), float(x0)), (max(ks) + 0.5, float(y1), float(x1))
    middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2)
    k = ks[len(ks) // 2]
    size = next((value for code, value, unit in group.numbers if code == said.DIAMETER.value and unit == "mm"), None)
    label = next((line.removeprefix("Label of the model: ") for line in group.words if line.startswith("Label of")), "")
    label = label or next((line.removeprefix("Label: ") for line in group.words if line.startswith("Label: ")), "")
    geometry = stack.geometry
    centre = None if geometry is None else geometry.voxel_to_patient(middle)
    frame = placed[0].time * stack.shape[0] + k
    source = stack.frames[frame] if frame < len(stack.frames) else None
    return Finding(
        id=tracking_uid_of(group.uid),
        label=label or group.label or "Finding",
        score=_score(group),
        center_voxel=middle,
        box_voxel=(low, high),
        center_lps=None if centre is None else (float(centre[0]), float(centre[1]), float(centre[2])),
        size_mm=size,
        k=k,
        sop_uid=source.sop_uid if source is not None else "",
        frame=source.frame if source is not None else 0,
    )


def _extremes(placed: _Placed) -> FloatArray:
    """Points (n, 2) as far out as a graphic reaches: circles and ellipses are given by others (PS3.3 C.18.6.1.2)."""
    points = placed.points
    if placed.kind == "CIRCLE" and len(points) == 2:
        reach = np.full(2, math.dist(points[0], points[1]))
        return np.array([points[0] - reach, points[0] + reach])
    if placed.kind == "ELLIPSE" and len(points) == 4:
        middle = (points[0] + points[1]) / 2
        reach = np.hypot(points[1] - points[0], points[3] - points[2]) / 2
        return np.array([middle - reach, middle + reach])
    return points


def _score(group: _Group) -> float:
    """How sure the algorithm was, 1 where it does not say."""
    for code, value, unit in group.numbers:
        if code in PROBABILITIES:
            share = value / 100 if unit == "%" or value > 1 else value
            return min(max(share, 0.0), 1.0)
    return 1.0


def _result(
    report: Report, stack_id: str, name: str, version: str, findings: list[Finding], studies: Sequence[Study]
) -> InferenceResult:
    series = next(
        one.series_uid for study in studies for one in study.series if any(s.id == stack_id for s in one.stacks)
    )
    key = hashlib.sha256(f"{report.sop_uid}\0{stack_id}\0{name}\0{version}".encode()).hexdigest()
    made = Provenance(
        package_id=f"report-{key[:16]}",
        package_name=name,
        package_version=version,
        package_sha256=key,
        device_requested="",
        device_used="",
        series_uid=series,
        stack_id=stack_id,
        finished_at=_when(report),
        duration_s=0.0,
        research_only=False,
    )
    return InferenceResult(made, "detection", findings=tuple(findings))


def _when(report: Report) -> str:
    date, time = report.content_date, report.content_time
    if not re.fullmatch(r"\d{8}", date):
        return ""
    clock = time[:6] if re.fullmatch(r"\d{6}.*", time) else "000000"
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}"


def _decision(group: _Group) -> Decision:
    """What the reader of the report decided on a finding."""
    told = next((line.removeprefix("Label: ") for line in group.words if line.startswith("Label: ")), "")
    renamed = any(line.startswith("Label of the model: ") for line in group.words)
    note = next((line.removeprefix("Note: ") for line in group.words if line.startswith("Note: ")), "")
    by = next(
        (re.fullmatch(r"(?:accepted|rejected) by (.*) at (.*)", line) for line in group.words if " by " in line), None
    )
    reader, at = (by.group(1), by.group(2)) if by is not None else ("", "")
    return Decision(group.verdict, told if renamed else "", note, reader, at)


def same_mark(a: Measurement, b: Measurement) -> bool:
    """Whether two marks are one, written and read again: the same points as far as a file holds them."""
    if (a.id, a.kind, a.place.stack_id, a.place.k, a.place.time) != (
        b.id, b.kind, b.place.stack_id, b.place.k, b.place.time
    ):  # fmt: skip
        return False
    first, second = np.array(a.points), np.array(b.points)
    if a.kind in {"ellipse", "rectangle"}:
        first, second = np.sort(first, axis=0), np.sort(second, axis=0)
    return first.shape == second.shape and bool(np.allclose(first, second, atol=1e-3))


def without_known(taken: Taken, known: Sequence[Measurement]) -> Taken:
    """What is new of a report: marks that are there already, under their tracking UIDs, stay as they are."""
    there = {mark.id for mark in known}
    return replace(taken, marks=tuple(mark for mark in taken.marks if mark.id not in there))
