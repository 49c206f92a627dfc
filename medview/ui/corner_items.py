"""The lines of each item of the corners' text, for what a viewport shows now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from medview.app.scales import suv_scale
from medview.app.shown_slice import ShownSlice, sides_are_known
from medview.app.view_transform import ViewTransform
from medview.app.viewport_state import ViewportView
from medview.core.plane import Plane, as_vector
from medview.core.study import Stack
from medview.core.value_scale import ValueScale
from medview.core.window import Voi, VoiLut
from medview.ui.canvas import Line, Segment
from medview.ui.corner_text import age_text, date_text, number_text, person_name, plane_name, time_text
from medview.ui.dimension_slider import dimension_name, step_label
from medview.ui.measurement_items import place_text
from medview.ui.text import shown_number
from medview.ui.viewport_style import SECONDARY, TEXT, padded

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that the items tell of."""

    view: ViewportView
    shown: ShownSlice
    transform: ViewTransform
    voi: Voi | None
    index: int
    count: int
    inverted: bool

    @property
    def stack(self) -> Stack:
        """The stack; items are asked for where there is one only."""
        assert self.view.stack is not None
        return self.view.stack


def line_of(*parts: tuple[str, bool]) -> Line:
    """A line of (text, whether it is what matters)."""
    return tuple([Segment(text, TEXT if main else SECONDARY) for text, main in parts if text])


def _label(text: str) -> str:
    """A word before a value, parted from it in every language."""
    return text.rstrip() + " "


def _bold(text: str) -> Line:
    return (Segment(text, TEXT, bold=True),) if text else ()


def _labelled(label: str, value: str, unit: str = "") -> Line:
    return line_of((_label(label), False), (value, True), (unit, False)) if value else ()


# Patient and study ---------------------------------------------------------------------------------------------------


def _patient_name(it: Shown) -> Line:
    study = it.view.study
    return _bold(person_name(study.patient.told_name)) if study is not None and study.patient.name else ()


def _patient_id(it: Shown) -> Line:
    return line_of((it.view.study.patient.patient_id, True)) if it.view.study is not None else ()


def _birth_date(it: Shown) -> Line:
    birth = date_text(it.view.study.patient.birth_date) if it.view.study is not None else ""
    return line_of((translate("Viewport", "born {date}").format(date=birth), False)) if birth else ()


def _sex_age(it: Shown) -> Line:
    if it.view.study is None:
        return ()
    patient = it.view.study.patient
    sex = {
        "M": translate("Viewport", "male"),
        "F": translate("Viewport", "female"),
        "O": translate("Viewport", "other sex"),
    }.get(patient.sex.strip().upper(), patient.sex)
    return line_of((" · ".join(text for text in (sex, age_text(patient.age)) if text), False))


def _institution(it: Shown) -> Line:
    return line_of((it.stack.context.institution, False))


def _study_description(it: Shown) -> Line:
    return line_of((it.view.study.description, True)) if it.view.study is not None else ()


def _accession(it: Shown) -> Line:
    return _labelled(translate("Viewport", "Acc. "), it.view.study.accession) if it.view.study is not None else ()


def _study_date(it: Shown) -> Line:
    study = it.view.study
    if study is None:
        return ()
    date, time = date_text(study.date), time_text(study.time)
    return line_of((date, True), (" " if date and time else "", False), (time, True))


def _series_date(it: Shown) -> Line:
    context = it.stack.context
    when = " ".join(text for text in (date_text(context.series_date), time_text(context.series_time)) if text)
    return _labelled(translate("Viewport", "Series "), when)


# Display -------------------------------------------------------------------------------------------------------------


def _window(it: Shown) -> Line:
    if it.shown.plane_kind == "solid":
        return _look(it)
    if it.stack.components != 1 or it.voi is None:
        return ()
    return window_line(it.voi, it.inverted, suv_scale(it.view))


def _look(it: Shown) -> Line:
    """What values look like in three dimensions."""
    from medview.app.solid_view import preset_of
    from medview.ui.solid_text import preset_title

    title = preset_title(preset_of(it.view.solid, it.stack))
    changed = "  " + translate("Viewport", "changed by hand") if it.view.solid.look is not None else ""
    return line_of((title, True), (changed, False))


def window_line(voi: Voi, inverted: bool, suv: ValueScale | None = None) -> Line:
    """A window in words."""
    end = [("  " + translate("Viewport", "inverted"), False)] if inverted else []
    if isinstance(voi, VoiLut):
        return line_of(
            (_label(translate("Viewport", "LUT ")), False),
            (voi.name or translate("Viewport", "of the file"), True),
            *end,
        )
    name = translate("Preset", voi.name) if voi.name else ""
    factor = suv.line()[0] if suv is not None else 1.0
    return line_of(
        (_label(translate("Viewport", "W ")), False),
        (number_text(voi.width * factor), True),
        ("  " + _label(translate("Viewport", "C ")), False),
        (number_text(voi.center * factor), True),
        (f" {suv.unit} {suv.label}" if suv is not None else "", False),
        (f"  {name}" if name else "", False),
        *end,
    )


def _zoom(it: Shown) -> Line:
    percent = f"{it.transform.device_px_per_pixel * 100:.0f}"
    return line_of((_label(translate("Viewport", "Zoom ")), False), (percent, True), (" %", False))


def _image(it: Shown) -> Line:
    return line_of(
        (_label(translate("Viewport", "Image ")), False),
        (padded(it.index + 1, it.count), True),
        (f" / {it.count}", False),
    )


def _dimensions(it: Shown) -> tuple[Line, ...]:
    stack, lines = it.stack, []
    if stack.timepoints < 2:
        return ()
    for dimension, step in zip(stack.named_dimensions, stack.steps_of_time(it.view.time), strict=True):
        steps = len(dimension.labels)
        label = step_label(dimension, step)
        lines.append(
            line_of(
                (dimension_name(dimension.name) + " ", False),
                (padded(step + 1, steps), True),
                (f" / {steps}", False),
                (f"  {label}" if label else "", False),
            )
        )
    return tuple(lines)


# Series --------------------------------------------------------------------------------------------------------------


def _side_view(it: Shown) -> Line:
    context = it.stack.context
    sides = {
        "L": translate("Viewport", "left"),
        "R": translate("Viewport", "right"),
        "B": translate("Viewport", "both"),
        "U": "",  # a part of the body that there is once
    }
    side = sides.get(context.laterality.strip().upper(), context.laterality)
    return _bold(" ".join(text for text in (side, context.view_position, *context.view_modifiers) if text))


def _contrast(it: Shown) -> Line:
    return _labelled(translate("Viewport", "Contrast "), it.stack.context.contrast_agent)


def _series(it: Shown) -> Line:
    context, series = it.stack.context, it.view.series
    description = context.description or (series.context.description if series is not None else "")
    number = f"{series.number}" if series is not None and series.number is not None else ""
    head = " ".join(text for text in (context.modality, number) if text)
    return line_of((head + ("  " if head and description else ""), False), (description, True))


def series_without_words(it: Shown) -> Line:
    """The series without what somebody typed: modality and number."""
    series = it.view.series
    number = f"{series.number}" if series is not None and series.number is not None else ""
    return line_of((" ".join(text for text in (it.stack.context.modality, number) if text), False))


ALONG_AXIS = 1 - 1e-6
"""Cosine of the angle, 0.08°, within which a plane that can be turned lies along the patient's axes still."""


def shown_plane_kind(shown: ShownSlice) -> str:
    """What a plane is: one that can be turned, and was not yet, is what lies along the patient's axes there."""
    normal = shown.normal
    if shown.plane_kind != "oblique" or normal is None:
        return shown.plane_kind
    parts = [abs(float(part)) for part in normal]
    return ("sagittal", "coronal", "axial")[parts.index(max(parts))] if max(parts) > ALONG_AXIS else "oblique"


def _location(it: Shown) -> Line:
    stack, shown = it.stack, it.shown
    kind = shown_plane_kind(shown)
    parts: list[tuple[str, bool]] = []
    if kind == "acquired":
        if stack.context.slice_thickness:
            parts += [
                (_label(translate("Viewport", "Thickness ")), False),
                (number_text(stack.context.slice_thickness), True),
                (" mm", False),
            ]
    else:
        parts.append((plane_name(kind), True))
    if shown.surface is not None:
        about = translate("Viewport", "{length} mm long, {width} mm wide, {angle}°")
        surface = shown.surface
        told = about.format(
            length=shown_number(surface.length_mm, ".1f"),
            width=shown_number(surface.width_mm, ".4g"),
            angle=shown_number(surface.turned_deg, "g"),
        )
        parts.append((f"   {told}", True))
    normal = shown.normal
    if kind == "oblique" and shown.plane is not None and sides_are_known(stack):
        # No one coordinate tells where it is: the point of the plane nearest to the volume's middle does.
        parts.append(("   ", False))
        parts.append((place_text(_foot(stack, shown.plane)), True))
    elif normal is not None and sides_are_known(stack) and kind not in {"turning", "solid"}:
        directions = [abs(part) for part in normal.tolist()]
        axis = directions.index(max(directions))
        assert shown.plane is not None
        middle = shown.plane.point_at((shown.shape[1] - 1) / 2, (shown.shape[0] - 1) / 2)
        letters = (("L", "R"), ("P", "A"), ("H", "F"))[axis]
        value = middle[axis]
        # DICOM's own way of telling a place: the letter of the side, then the distance from the origin.
        # The figures are a part of their own, because others stand there on every slice.
        side = letters[0 if value >= 0 else 1]
        parts += [
            ("   " if parts else "", False),
            (f"{side} ", True),
            (shown_number(abs(value), ".1f"), True),
            (" mm", False),
        ]
    return line_of(*parts)


def _foot(stack: Stack, plane: Plane) -> tuple[float, float, float]:
    assert stack.geometry is not None
    middle = stack.geometry.bounds.mean(axis=0)
    return as_vector(middle + plane.normal * (plane.depth - float(middle @ plane.normal)))


def _body_part(it: Shown) -> Line:
    return line_of((it.stack.context.body_part, True))


def _protocol(it: Shown) -> Line:
    return _labelled(translate("Viewport", "Protocol "), it.stack.context.protocol)


def _kernel(it: Shown) -> Line:
    return _labelled(translate("Viewport", "Kernel "), it.stack.context.kernel)


def _kvp(it: Shown) -> Line:
    return _labelled("", dict(it.stack.context.extra).get("kvp", ""), " kV")


def _pixel_size(it: Shown) -> Line:
    spacing = it.stack.pixel_spacing
    if spacing is None or it.shown.plane_kind != "acquired" or it.stack.spacing_kind == "none":
        return ()
    size = f"{number_text(spacing[0])} × {number_text(spacing[1])}"
    return _labelled(translate("Viewport", "Pixel "), size, " mm")


def _matrix(it: Shown) -> Line:
    rows, columns = it.shown.shape
    return line_of((f"{columns} × {rows}", False))


def _device(it: Shown) -> Line:
    context = it.stack.context
    return line_of((" ".join(text for text in (context.manufacturer, context.model_name) if text), False))


LINES: Mapping[str, Callable[[Shown], Line | tuple[Line, ...]]] = {
    "patient_name": _patient_name,
    "patient_id": _patient_id,
    "birth_date": _birth_date,
    "sex_age": _sex_age,
    "institution": _institution,
    "study_description": _study_description,
    "accession": _accession,
    "study_date": _study_date,
    "series_date": _series_date,
    "window": _window,
    "zoom": _zoom,
    "image": _image,
    "dimensions": _dimensions,
    "side_view": _side_view,
    "contrast": _contrast,
    "series": _series,
    "location": _location,
    "body_part": _body_part,
    "protocol": _protocol,
    "kernel": _kernel,
    "kvp": _kvp,
    "pixel_size": _pixel_size,
    "matrix": _matrix,
    "device": _device,
}

STEADY = frozenset(LINES) - {"window", "zoom", "image", "dimensions", "location", "matrix", "pixel_size"}
"""Items that tell of study, series and stack alone: their lines stay while these do."""
NEEDS: Mapping[str, Callable[[Shown], object]] = {
    **{item: lambda _it: None for item in STEADY},
    "window": lambda it: (it.voi, it.inverted, it.view.scale_id, it.shown.plane_kind, it.view.solid),
    "zoom": lambda it: it.transform.device_px_per_pixel,
    "image": lambda it: (it.index, it.count),
    "dimensions": lambda it: it.view.time,
    "location": lambda it: it.shown,
    "matrix": lambda it: it.shown.shape,
    "pixel_size": lambda it: it.shown.plane_kind,
}
"""What an item tells of besides: while that is the same its lines are."""


def item_title(item: str) -> str:
    """What an item is called where it is chosen."""
    return {
        "patient_name": translate("Corner", "Patient name"),
        "patient_id": translate("Corner", "Patient ID"),
        "birth_date": translate("Corner", "Date of birth"),
        "sex_age": translate("Corner", "Sex and age"),
        "institution": translate("Corner", "Institution"),
        "study_description": translate("Corner", "Study description"),
        "accession": translate("Corner", "Accession number"),
        "study_date": translate("Corner", "Date and time of the study"),
        "series_date": translate("Corner", "Date and time of the series"),
        "window": translate("Corner", "Window"),
        "zoom": translate("Corner", "Zoom"),
        "image": translate("Corner", "Number of the image"),
        "dimensions": translate("Corner", "Time, phase, echo …"),
        "side_view": translate("Corner", "Side and view"),
        "contrast": translate("Corner", "Contrast agent"),
        "series": translate("Corner", "Series"),
        "location": translate("Corner", "Thickness, plane and place"),
        "body_part": translate("Corner", "Body part"),
        "protocol": translate("Corner", "Acquisition protocol"),
        "kernel": translate("Corner", "Kernel"),
        "kvp": translate("Corner", "Tube voltage"),
        "pixel_size": translate("Corner", "Pixel size"),
        "matrix": translate("Corner", "Matrix"),
        "device": translate("Corner", "Machine"),
    }[item]
