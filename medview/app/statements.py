"""What is said about an open study gathered into a `Statement`: the reader's marks, the models' results, the decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.box_correction import corrected
from medview.app.calibration import calibrated
from medview.app.decisions import decision_key
from medview.app.mark_values import shown_of, values_words
from medview.app.measuring import Measured, measure
from medview.app.results import result_key
from medview.app.shown_slice import ShownSlice
from medview.core import statement as said
from medview.core.explanation import Explanation
from medview.core.finding import Code, Finding, InferenceResult, Segmentation
from medview.core.measurement import REGION_KINDS, Measurement, MeasurementPlace, Quantity
from medview.core.statement import (
    Amount,
    MarkGraphic,
    Point2,
    Point3,
    PriorSize,
    StatedFinding,
    StatedKey,
    StatedMap,
    StatedMark,
    StatedResult,
    Statement,
    tracking_uid_of,
)
from medview.core.study import FrameSource, Stack, Study

ValuesOn = Callable[[Stack, ShownSlice, int], tuple[NDArray[Any], NDArray[np.bool_] | None, str | None] | None]
"""(modality values, pixels that hold none, unit) of a slice, cut or slab at a time point; None where they are not at hand."""

DecisionOn = Callable[[InferenceResult, Finding], Any]
"""The reader's decision on a finding: verdict, label, note, reader, at."""

_UNITS = {"mm": said.MM, "mm²": said.MM2, "px": said.PIXELS, "px²": said.PIXELS, "°": said.DEGREES}
_NO_WORDS = {"patient", "none"}
VALUES_OF = "values: "
"""Before what the values of a mark are of, where that is a slab."""


def state_study(
    study: Study,
    marks: Iterable[tuple[Stack, Measurement]] = (),
    results: Iterable[tuple[Stack, InferenceResult]] = (),
    *,
    decision_on: DecisionOn | None = None,
    visible: Callable[[InferenceResult], Sequence[Finding]] | None = None,
    values_on: ValuesOn | None = None,
    reader: str = "",
    verified: bool = False,
    keys: Sequence[StatedKey] = (),
    maps: Sequence[StatedMap] = (),
    lines: Mapping[str, Measurement] | None = None,
    priors: Mapping[str, PriorSize] | None = None,
) -> Statement:
    """The statement on a study. ``visible`` chooses findings (without it those above the package's threshold).

    ``lines``: by the id of a mark the known line that says what a mm is there. ``priors``: by the key of its line in the
    worklist what a thing was on an older study.
    """
    listed, known = tuple(results), priors or {}
    return Statement(
        study,
        tuple(
            replace(state_mark(stack, mark, values_on, (lines or {}).get(mark.id)), prior=known.get(f"mark/{mark.id}"))
            for stack, mark in marks
        ),
        # What the reader accepted first: among hundreds of findings it is what a report is read for.
        tuple(
            sorted(
                (
                    one
                    for stack, result in listed
                    for one in _findings(stack, result, decision_on, visible or _above_threshold, known)
                ),
                key=lambda one: one.verdict != "accepted",
            )
        ),
        tuple(_stated_result(stack, result, known) for stack, result in listed),
        reader,
        verified,
        tuple(keys),
        (*maps, *(one for stack, result in listed if (one := map_of_image(stack, result)) is not None)),
    )


def _stated_result(stack: Stack, result: InferenceResult, priors: Mapping[str, PriorSize]) -> StatedResult:
    volumes, key = volumes_ml(result.segmentation), result_key(result)
    known = ((value, volume, priors.get(f"{key}/segment-{value}")) for value, volume in volumes)
    beside = tuple((value, replace(prior, now=volume)) for value, volume, prior in known if prior is not None)
    return StatedResult(result, stack, volumes, beside)


def maps_of_explanation(stack: Stack, made: Explanation) -> list[StatedMap]:
    """The maps of an answer about a model, as they can be written."""
    about = "; ".join(part for part in (made.method, made.label) if part)
    return [
        StatedMap(
            stack,
            made.time,
            made.geometry,
            one.values,
            one.id,
            one.title,
            one.unit,
            one.lower,
            one.upper,
            made.sources,
            about,
            tuple((name, f"{value} {unit}".strip()) for name, value, unit in made.parameters),
        )
        for one in made.maps
    ]


def map_of_image(stack: Stack, result: InferenceResult) -> StatedMap | None:
    """The image that a model made, as a map of values."""
    image = result.image
    if image is None:
        return None
    finite = image.values[np.isfinite(image.values)]
    lower, upper = (float(one) for one in np.percentile(finite, (1, 99))) if finite.size else (0.0, 1.0)
    name = "image"
    return StatedMap(
        stack, image.time, image.geometry, image.values, name, image.title, image.unit, lower, upper,
        (result.provenance,), image.title,
    )  # fmt: skip


def _above_threshold(result: InferenceResult) -> Sequence[Finding]:
    shown = [finding for finding in result.findings if finding.score >= result.shown_threshold]
    return sorted(shown, key=lambda finding: -finding.score)


def _findings(
    stack: Stack,
    result: InferenceResult,
    decision_on: DecisionOn | None,
    visible: Callable[[InferenceResult], Sequence[Finding]],
    priors: Mapping[str, PriorSize],
) -> Iterable[StatedFinding]:
    made = result.provenance
    time = result.segmentation.time if result.segmentation is not None else 0
    for finding in visible(result):
        uid = tracking_uid_of(f"{made.stack_id}/{made.package_sha256}/{made.input_sha256}/{finding.id}")
        decision = None if decision_on is None else decision_on(result, finding)
        prior = priors.get(decision_key(result, finding))
        if decision is None:
            yield StatedFinding(finding, made, stack, uid, time, prior=prior)
            continue
        yield StatedFinding(
            corrected(finding, decision.box, stack.geometry),
            made,
            stack,
            uid,
            time,
            verdict=decision.verdict,
            label=decision.label,
            note=decision.note,
            reader=decision.reader,
            decided_at=decision.at,
            box_corrected=decision.box is not None,
            prior=prior,
        )


def volumes_ml(segmentation: Segmentation | None) -> tuple[tuple[int, float], ...]:
    """(label value, ml) of every label that has voxels; empty without a geometry."""
    if segmentation is None or segmentation.geometry is None:
        return ()
    counts = np.bincount(segmentation.labels.ravel())
    voxel_ml = abs(float(np.linalg.det(segmentation.geometry.affine[:3, :3]))) / 1000
    return tuple(
        (label.value, int(counts[label.value]) * voxel_ml)
        for label in segmentation.meanings
        if label.value < len(counts) and counts[label.value]
    )


# Marks ---------------------------------------------------------------------------------------------------------------


def state_mark(
    stack: Stack, mark: Measurement, values_on: ValuesOn | None = None, line: Measurement | None = None
) -> StatedMark:
    """A mark with its numbers, measured again on its own slice; ``line``: the known line that says what a mm is there."""
    place = mark.place
    shown = shown_of(stack, place) if place.plane == "acquired" else None
    source = None
    if place.plane == "acquired":
        source = _source_of(stack, place)
    graphic, points = mark_graphic(mark)
    measured = _measured(stack, mark, values_on, line)
    return StatedMark(
        mark=mark,
        stack=stack,
        tracking_uid=tracking_uid_of(mark.id),
        graphic=graphic,
        points=points,
        source=source,
        patient_points=_patient_points(mark, points, shown),
        frame_of_reference=place.frame_of_reference,
        amounts=_amounts(measured),
        k=place.k if place.plane == "acquired" else None,
        words=_words(mark, measured),
        values_of=values_words(place) if measured is not None and measured.has_values else "",
    )


def _source_of(stack: Stack, place: MeasurementPlace) -> FrameSource | None:
    """The frame that a place names; where it names none, the one at its index."""
    at = place.time * stack.shape[0] + place.k
    known = stack.frames[at] if at < len(stack.frames) else None
    wanted = (place.sop_uid, place.frame)
    if not place.sop_uid or (known is not None and (known.sop_uid, known.frame) == wanted):
        return known
    return next((one for one in stack.frames if (one.sop_uid, one.frame) == wanted), known)


def mark_graphic(mark: Measurement) -> tuple[MarkGraphic, tuple[Point2, ...]]:
    """How a mark is written: its graphic and points; an ellipse by the ends of its long, then of its short axis."""
    points = mark.points
    if mark.kind == "ellipse":
        (x0, y0), (x1, y1) = points
        middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
        across: tuple[Point2, Point2] = ((min(x0, x1), middle_y), (max(x0, x1), middle_y))
        down: tuple[Point2, Point2] = ((middle_x, min(y0, y1)), (middle_x, max(y0, y1)))
        return "ELLIPSE", (*across, *down) if abs(x1 - x0) >= abs(y1 - y0) else (*down, *across)
    if mark.kind == "rectangle":
        (x0, y0), (x1, y1) = points
        return "CLOSED", ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    if mark.kind in {"polygon", "freehand"}:
        return "CLOSED", points
    if mark.kind in {"bidirectional", "cobb"}:
        return "TWO_LINES", points
    if len(points) == 1:
        return "POINT", points
    return "POLYLINE", points


def _patient_points(
    mark: Measurement, points: tuple[Point2, ...], shown: ShownSlice | None
) -> tuple[Point3, ...] | None:
    place = mark.place
    found: list[Point3] = []
    for x, y in points:
        if shown is not None:
            at = shown.image_to_patient(x, y)
            if at is None:
                return None
        elif place.origin is None or place.across is None or place.down is None:
            return None
        else:
            at = np.asarray(place.origin) + x * np.asarray(place.across) + y * np.asarray(place.down)
        found.append((float(at[0]), float(at[1]), float(at[2])))
    return tuple(found)


def amounts_of(stack: Stack, mark: Measurement, line: Measurement | None = None) -> tuple[Amount, ...]:
    """The numbers of a mark that need no grey values."""
    return _amounts(_measured(stack, mark, None, line))


def _measured(stack: Stack, mark: Measurement, values_on: ValuesOn | None, line: Measurement | None) -> Measured | None:
    place = mark.place
    shown = shown_of(stack, place)
    if shown is None:
        # On a cut that cannot be made again: its pixels have the steps that the mark's place says.
        if place.across is None or place.down is None:
            return None
        steps = (float(np.linalg.norm(place.down)), float(np.linalg.norm(place.across)))
        flat = ShownSlice((1, 1), steps, None, steps, "patient", place.plane)  # type: ignore[arg-type]
        return measure(mark, flat, None, None, None)
    at_hand = None
    if values_on is not None and (mark.kind in REGION_KINDS or mark.kind == "point"):
        at_hand = values_on(stack, shown, place.time)
    values, skipped, unit = at_hand if at_hand is not None else (None, None, stack.unit)
    return measure(mark, calibrated(shown, line), values, skipped, unit)


def _amounts(measured: Measured | None) -> tuple[Amount, ...]:
    if measured is None:
        return ()
    two = measured.second is not None
    found = [
        _amount(said.MAJOR_AXIS if two else said.LENGTH, None if measured.spans else measured.length),
        _amount(said.MINOR_AXIS, measured.second),
        _amount(said.ANGLE, measured.angle),
        _amount(said.AREA, measured.area),
        _amount(said.PERIMETER, measured.perimeter),
    ]
    if measured.axes is not None and measured.kind == "ellipse":
        long, short = sorted(measured.axes, key=lambda axis: -axis.value)
        found += [_amount(said.MAJOR_AXIS, long), _amount(said.MINOR_AXIS, short)]
    name, code = (said.ATTENUATION, said.HU) if measured.unit == "HU" else (said.STORED_VALUE, said.ONE)
    grey = measured.statistics
    if grey is not None:
        numbers = (
            (grey.mean, said.MEAN),
            (grey.sd, said.DEVIATION),
            (grey.median, said.MEDIAN),
            (grey.minimum, said.MINIMUM),
            (grey.maximum, said.MAXIMUM),
        )
        found += [Amount(name, value, code, derivation) for value, derivation in numbers if np.isfinite(value)]
    if isinstance(measured.value, float):
        found.append(Amount(name, measured.value, code))
    return (*_spans(measured), *(one for one in found if one is not None))


def _spans(measured: Measured) -> Iterable[Amount]:
    """What a distance or a point says along the axes of a spectrum: velocity before time; where there is a zero, both ends."""
    for one in sorted(measured.spans, key=lambda span: span.unit == "s"):
        name, unit = said.AXES[one.unit]
        if measured.kind == "point":
            if one.last is not None:
                yield Amount(name, one.last, unit)
            continue
        yield Amount(name, one.length, unit, said.DIFFERENCE)
        if one.first is not None and one.last is not None:
            yield Amount(name, one.first, unit, said.AT_START)
            yield Amount(name, one.last, unit, said.AT_END)


def _amount(name: Code, quantity: Quantity | None) -> Amount | None:
    return None if quantity is None else Amount(name, quantity.value, _UNITS[quantity.unit])


def _words(mark: Measurement, measured: Measured | None) -> str:
    """What the reader wrote, and what a mm is where it is not one in the patient."""
    quantities = [] if measured is None or measured.spans else [measured.length, measured.area, measured.angle]
    kinds = {one.spacing for one in quantities if one is not None and one.unit != "°"} - _NO_WORDS
    of = values_words(mark.place) if measured is not None and measured.has_values else ""
    said = [f"mm: {kind}" for kind in sorted(kinds)] + ([f"{VALUES_OF}{of}"] if of else [])
    if measured is not None and measured.length is not None:
        said += [f"\u0394 {one.length:.4g} {one.unit}" for one in measured.spans]
    return "\n".join(part for part in (mark.text, *said) if part)
