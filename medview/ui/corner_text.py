"""The words in the four corners of a viewport and on its marks, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from medview.app.marks import Mark
from medview.app.scales import suv_scale
from medview.app.shown_slice import ShownSlice, sides_are_known
from medview.app.view_transform import ViewTransform
from medview.app.viewport_state import ViewportView
from medview.core.person_name import shown_person_name
from medview.core.plain_text import visible_text
from medview.core.plane import Plane, as_vector
from medview.core.problem import Note
from medview.core.study import Stack
from medview.core.value_scale import ValueScale
from medview.core.window import Voi, VoiLut
from medview.ui.canvas import Line, Segment
from medview.ui.dimension_slider import dimension_name, step_label
from medview.ui.explanation_text import explanation_text
from medview.ui.measurement_items import place_text, slab_text
from medview.ui.messages import note_text
from medview.ui.model_text import model_text
from medview.ui.viewport_style import SECONDARY, TEXT, padded

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Corners:
    """Lines of each corner from top to bottom."""

    top_left: tuple[Line, ...] = ()
    top_right: tuple[Line, ...] = ()
    bottom_left: tuple[Line, ...] = ()
    bottom_right: tuple[Line, ...] = field(default=())


def _line(*parts: tuple[str, bool]) -> Line:
    """A line of (text, whether it is what matters)."""
    return tuple(Segment(text, TEXT if main else SECONDARY) for text, main in parts if text)


def _label(text: str) -> str:
    """A word before a value, parted from it in every language."""
    return text.rstrip() + " "


def _bold(text: str) -> Line:
    return (Segment(text, TEXT, bold=True),)


def corner_lines(
    view: ViewportView,
    shown: ShownSlice,
    transform: ViewTransform,
    voi: Voi | None,
    *,
    index: int,
    count: int,
    inverted: bool = False,
    before: Corners | None = None,
) -> Corners:
    """What stands in the corners, by the viewport's text mode; values that are not known leave no line.

    ``before``: corners of the same study and stack in the same mode, whose upper ones stay as they are.
    """
    if view.stack is None or view.text_mode == "off":
        return Corners()
    named = view.text_mode == "full"
    return Corners(
        top_left=_patient_lines(view, named) if before is None else before.top_left,
        top_right=_study_lines(view, named) if before is None else before.top_right,
        bottom_left=_display_lines(view, transform, voi, index=index, count=count, inverted=inverted),
        bottom_right=_series_lines(view, shown),
    )


def _patient_lines(view: ViewportView, named: bool) -> tuple[Line, ...]:
    if view.study is None:
        return ()
    patient = view.study.patient
    sex = {
        "M": translate("Viewport", "male"),
        "F": translate("Viewport", "female"),
        "O": translate("Viewport", "other sex"),
    }.get(patient.sex.strip().upper(), patient.sex)
    about = " · ".join(text for text in (sex, age_text(patient.age)) if text)
    if not named:
        return (_line((about, False)),) if about else ()
    birth = date_text(patient.birth_date)
    lines = []
    if patient.name:
        lines.append(_bold(person_name(patient.told_name)))
    if patient.patient_id:
        lines.append(_line((patient.patient_id, True)))
    if birth:
        lines.append(_line((translate("Viewport", "born {date}").format(date=birth), False)))
    if about:
        lines.append(_line((about, False)))
    return tuple(lines)


def _study_lines(view: ViewportView, named: bool) -> tuple[Line, ...]:
    study, stack = view.study, view.stack
    if study is None or stack is None:
        return ()
    lines = []
    if named and stack.context.institution:
        lines.append(_line((stack.context.institution, False)))
    if study.description:
        lines.append(_line((study.description, True)))
    if named and study.accession:
        lines.append(_line((_label(translate("Viewport", "Acc. ")), False), (study.accession, True)))
    if named:
        when = " ".join(text for text in (date_text(study.date), time_text(study.time)) if text)
        if when:
            lines.append(_line((when, True)))
    return tuple(lines)


def _display_lines(
    view: ViewportView, transform: ViewTransform, voi: Voi | None, *, index: int, count: int, inverted: bool
) -> tuple[Line, ...]:
    lines = []
    stack = view.stack
    assert stack is not None
    if stack.components == 1 and voi is not None:
        lines.append(_window_line(voi, inverted, suv_scale(view)))
    zoom = transform.device_px_per_pixel
    percent = f"{zoom * 100:.0f}".rjust(4, "\u2007")
    lines.append(_line((_label(translate("Viewport", "Zoom ")), False), (percent.strip(), True), (" %", False)))
    position = [
        (_label(translate("Viewport", "Image ")), False),
        (padded(index + 1, count), True),
        (f" / {count}", False),
    ]
    lines.append(_line(*position))
    if stack.timepoints > 1:
        for dimension, step in zip(stack.named_dimensions, stack.steps_of_time(view.time), strict=True):
            steps = len(dimension.labels)
            label = step_label(dimension, step)
            lines.append(
                _line(
                    (dimension_name(dimension.name) + " ", False),
                    (padded(step + 1, steps), True),
                    (f" / {steps}", False),
                    (f"  {label}" if label else "", False),
                )
            )
    return tuple(lines)


def _window_line(voi: Voi, inverted: bool, suv: ValueScale | None = None) -> Line:
    end = [("  " + translate("Viewport", "inverted"), False)] if inverted else []
    if isinstance(voi, VoiLut):
        return _line(
            (_label(translate("Viewport", "LUT ")), False),
            (voi.name or translate("Viewport", "of the file"), True),
            *end,
        )
    name = translate("Preset", voi.name) if voi.name else ""
    factor = suv.line()[0] if suv is not None else 1.0
    return _line(
        (_label(translate("Viewport", "W ")), False),
        (number_text(voi.width * factor), True),
        ("  " + _label(translate("Viewport", "C ")), False),
        (number_text(voi.center * factor), True),
        (f" {suv.unit} {suv.label}" if suv is not None else "", False),
        (f"  {name}" if name else "", False),
        *end,
    )


def _series_lines(view: ViewportView, shown: ShownSlice) -> tuple[Line, ...]:
    stack, series = view.stack, view.series
    assert stack is not None
    context = stack.context
    lines = []
    sides = {
        "L": translate("Viewport", "left"),
        "R": translate("Viewport", "right"),
        "B": translate("Viewport", "both"),
    }
    side = sides.get(context.laterality.strip().upper(), context.laterality)
    where = " ".join(text for text in (side, context.view_position) if text)
    if where:
        lines.append(_bold(where))
    if context.contrast_agent:
        lines.append(_line((_label(translate("Viewport", "Contrast ")), False), (context.contrast_agent, True)))
    description = context.description or (series.context.description if series is not None else "")
    number = f"{series.number}" if series is not None and series.number is not None else ""
    head = " ".join(text for text in (context.modality, number) if text)
    lines.append(_line((head + ("  " if head and description else ""), False), (description, True)))
    lines.append(_location_line(stack, shown))
    return tuple(line for line in lines if line)


def _location_line(stack: Stack, shown: ShownSlice) -> Line:
    parts: list[tuple[str, bool]] = []
    if shown.plane_kind == "acquired":
        if stack.context.slice_thickness:
            parts += [
                (_label(translate("Viewport", "Thickness ")), False),
                (number_text(stack.context.slice_thickness), True),
                (" mm", False),
            ]
    else:
        parts.append((plane_name(shown.plane_kind), True))
    normal = shown.normal
    if shown.plane_kind == "oblique" and shown.plane is not None and sides_are_known(stack):
        # No one coordinate tells where it is: the point of the plane nearest to the volume's middle does.
        parts.append(("   ", False))
        parts.append((place_text(_foot(stack, shown.plane)), True))
    elif normal is not None and sides_are_known(stack) and shown.plane_kind != "turning":
        axis = max(range(3), key=lambda at: abs(float(normal[at])))
        middle = shown.image_to_patient((shown.shape[1] - 1) / 2, (shown.shape[0] - 1) / 2)
        assert middle is not None
        letters = (("L", "R"), ("P", "A"), ("H", "F"))[axis]
        value = float(middle[axis])
        # DICOM's own way of telling a place: the letter of the side, then the distance from the origin.
        # The figures are a part of their own, because others stand there on every slice.
        side = letters[0 if value >= 0 else 1]
        parts += [("   " if parts else "", False), (f"{side} ", True), (f"{abs(value):.1f}", True), (" mm", False)]
    return _line(*parts)


def _foot(stack: Stack, plane: Plane) -> tuple[float, float, float]:
    assert stack.geometry is not None
    middle = stack.geometry.bounds.mean(axis=0)
    return as_vector(middle + plane.normal * (plane.depth - float(middle @ plane.normal)))


def plane_name(kind: str) -> str:
    """What a plane is called."""
    return {
        "acquired": translate("Viewport", "as acquired"),
        "axial": translate("Viewport", "axial"),
        "sagittal": translate("Viewport", "sagittal"),
        "coronal": translate("Viewport", "coronal"),
        "oblique": translate("Viewport", "oblique"),
        "turning": translate("Viewport", "projection"),
        "curved": translate("Viewport", "along a path"),
    }.get(kind, kind)


def number_text(value: float) -> str:
    """A number as short as it is true enough to read: whole numbers as such, else four figures; a real minus sign."""
    text = f"{value:.0f}" if value == round(value) and abs(value) < 1e9 else f"{value:.4g}"
    return text.replace("-", "\u2212")


def person_name(text: str) -> str:
    """A DICOM person name (PS3.5 6.2.1.1) as people write it: "DOE, John"; 王小东 without a comma.

    Of the name's groups the ideographic one is taken where the window speaks Chinese, else the alphabetic one.
    """
    chinese = QLocale().language() == QLocale.Language.Chinese
    return shown_person_name(text, ideographic_first=chinese) or text


def date_text(text: str) -> str:
    """A DICOM date (YYYYMMDD) in words that nobody can misread: 8 Mar 2024, 2024年3月8日; others as they are."""
    date = QDate.fromString(text.strip()[:8], "yyyyMMdd")
    if not date.isValid():
        return text.strip()
    if QLocale().language() == QLocale.Language.Chinese:
        return f"{date.year()}年{date.month()}月{date.day()}日"
    return QLocale(QLocale.Language.English).toString(date, "d MMM yyyy")


def time_text(text: str) -> str:
    """A DICOM time (HHMMSS.f) as hours and minutes."""
    digits = text.strip().replace(":", "")
    return f"{digits[:2]}:{digits[2:4]}" if len(digits) >= 4 and digits[:4].isdigit() else ""


def age_text(text: str) -> str:
    """A DICOM age (063Y) in words."""
    match = re.fullmatch(r"(\d{3})([YMWD])", text.strip().upper())
    if match is None:
        return text.strip()
    unit = {
        "Y": translate("Viewport", "{n} years"),
        "M": translate("Viewport", "{n} months"),
        "W": translate("Viewport", "{n} weeks"),
        "D": translate("Viewport", "{n} days"),
    }[match[2]]
    return unit.format(n=int(match[1]))


def mark_text(mark: Mark) -> str:
    """A mark in words."""
    values = mark.values
    simple = {
        "other_patient": translate("Viewport", "Two patients on the screen"),
        "still_loading": translate("Viewport", "Incomplete: still loading"),
        "irregular": translate("Viewport", "Uneven slice distances"),
        "filters_off": translate("Viewport", "Before: filters off"),
        "resampled": translate("Viewport", "Resampled"),
        "curved": translate("Viewport", "Straightened: lengths hold along the path"),
        "slab": slab_text(*values) if mark.code == "slab" else "",
        "linked": translate("Viewport", "Linked"),
        "fused_incomplete": translate("Viewport", "Series on top: incomplete"),
        "ai_hidden": translate("Viewport", "AI hidden"),
        "profile_used": translate("Viewport", "Colours through an ICC profile"),
        "profile_off": translate("Viewport", "ICC profile not used"),
        "profile_broken": translate("Viewport", "ICC profile cannot be used"),
        "graphics_hidden": translate("Viewport", "Overlays of the file hidden"),
        "ai_partly_hidden": translate("Viewport", "Some AI labels hidden"),
    }
    if mark.code in simple:
        return simple[mark.code]
    if mark.code == "note" and mark.note is not None:
        return _short_note(mark.note)
    if mark.code == "failed_slices":
        return translate("Viewport", "Incomplete: {n} slices cannot be read").format(n=values[0])
    if mark.code == "key_image":
        text = translate("Viewport", "Key image: {why}").format(why=values[0])
        return text if values[0] else translate("Viewport", "Key image")
    if mark.code.startswith("fused"):
        return _fused_text(mark)
    if mark.code == "lossy":
        return translate("Viewport", "Lossy {method}").format(method=values[0])
    if mark.code == "filtered":
        return translate("Viewport", "Filtered: {names}").format(names=", ".join(operation_names(values)))
    if mark.code == "filter_pending":
        return translate("Viewport", "Not filtered yet: {names}").format(names=", ".join(operation_names(values)))
    if mark.code == "filter_failed":
        return translate("Viewport", "Not filtered: {why}").format(why=values[0])
    if mark.code in AI_MARKS:
        return _ai_text(mark)
    if mark.code == "presented":
        return translate("Viewport", "Presentation state: {name}").format(name=_few(values))
    if mark.code == "presented_others":
        return translate("Viewport", "Not in the presentation state {name}").format(name=_few(values))
    if mark.code == "overlays":
        return translate("Viewport", "Overlay: {names}").format(names=_few(values))
    if mark.code == "overlays_hidden":
        return translate("Viewport", "Overlays hidden: {names}").format(names=_few(values))
    return mark.code


def _fused_text(mark: Mark) -> str:
    """What a mark says of a second series on top."""
    if mark.code == "fused_shifted":
        text = translate("Viewport", "Series on top moved by hand: {0} / {1} / {2} mm (L, P, H)")
        return text.format(*mark.values)
    text = {
        "fused": translate("Viewport", "On top: {0}"),
        "fused_hidden": translate("Viewport", "On top, hidden: {0}"),
        "fused_unverified": translate("Viewport", "{0}: other frame of reference, place not verified"),
        "fused_failed": translate("Viewport", "Series on top cannot be shown: {0}"),
    }[mark.code]
    return text.format(visible_text(mark.values[0], 60, lines=False))


AI_MARKS = frozenset({"ai", "ai_research", "ai_overridden", "explained"})


def _ai_text(mark: Mark) -> str:
    """What models said, or were asked, in words."""
    values = mark.values
    if mark.code == "ai":
        return translate("Viewport", "AI: {names}").format(names=", ".join(values))
    if mark.code == "ai_research":
        text = translate("Viewport", "AI: {names} – research use, not for diagnosis")
        return text.format(names=", ".join(values))
    if mark.code == "explained":
        method, label, *packages = values
        about = " – ".join(part for part in (explanation_text(method), model_text(label) if label else "") if part)
        text = translate("Viewport", "AI explanation, research use: {about} ({names})")
        return text.format(about=about, names=", ".join(packages))
    return translate("Viewport", "AI run against its conditions: {what}").format(what=", ".join(values))


def _few(titles: Sequence[str]) -> str:
    """Titles out of files, fit for one line."""
    shown = [visible_text(title, 32, lines=False) for title in titles[:3]]
    return ", ".join(shown) + (f" +{len(titles) - 3}" if len(titles) > 3 else "")


def _short_note(note: Note) -> str:
    """A stack's note in a few words; the details panel says it at length."""
    short = {
        "missing_slices": translate("Viewport", "Incomplete: {n} slices missing"),
        "orientation_unknown": translate("Viewport", "Left and right are not known"),
        "uneven_spacing": translate("Viewport", "Uneven slice distances"),
        "shifted_slices": translate("Viewport", "Slices shifted against one another"),
        "gantry_tilt": translate("Viewport", "Gantry tilt {n}°"),
        "duplicate_positions": translate("Viewport", "Several images at one position"),
        "duplicate_uid": translate("Viewport", "Same instance twice in the folder"),
        "assumed_thickness": translate("Viewport", "Slice thickness assumed"),
        "nominal_scanned_spacing": translate("Viewport", "Distances are those on the scanned film"),
        "sform_qform_differ": translate("Viewport", "The file holds two orientations"),
        "bad_modality_lut": translate("Viewport", "Values as stored: the Modality LUT is damaged"),
        "no_geometry": translate("Viewport", "Place in the patient unknown"),
        "mixed_orientations": translate("Viewport", "No volume: orientations differ"),
    }.get(note.code)
    if short is None:
        return note_text(note)
    return short.format(n=note.values[0] if note.values else "")


def operation_names(ids: Sequence[str]) -> list[str]:
    """Titles of filter operations."""
    from medview.processing.filters import OPERATIONS

    return [translate("Operation", OPERATIONS[one].title) if one in OPERATIONS else one for one in ids]
