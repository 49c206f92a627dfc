"""Whether a package is meant for a series, and if not, why: reasons for the reader, and a score to choose by."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.study import Series, Stack
from medview.inference.cascade import earlier_package
from medview.inference.channel_choice import suits
from medview.inference.manifest import CLIP_AXES, Manifest
from medview.inference.package import ModelPackage
from medview.inference.placement import obliquity_deg, orient
from medview.inference.units import factor_to, unit_of_first

ASSUMPTIONS = ("modality", "unit", "body_part", "contrast", "view")
"""What a reader may say of a series where its files say nothing; ``contrast`` is ``with`` or ``without``."""

UNITS = ("HU", "SUV", "stored")
FIRST_CHANNEL = "first_channel_wrong"
"""What is said of a series that the rules of the first source do not describe."""

_SAME_PART = (
    frozenset({"CHEST", "THORAX", "LUNG", "LUNGS"}),
    frozenset({"HEAD", "BRAIN", "SKULL"}),
    frozenset({"ABDOMEN", "LIVER"}),
    frozenset({"CSPINE", "CERVICAL"}),
    frozenset({"HEART", "CARDIAC"}),
)
_WHOLE_BODY = frozenset({"WHOLEBODY", "WHOLE BODY", "TRUNK", "TORSO", "BODY"})
_SCREEN_WORDS = frozenset({"SCREEN SAVE", "SCREENSAVE", "CAPTURE", "SECONDARY CAPTURE", "PASTED"})
_PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True, slots=True)
class Match:
    """``fits``; ``reasons`` why not (or, where it fits, what is worth knowing); ``score`` compares series for a package."""

    fits: bool
    reasons: tuple[Note, ...]
    score: float


def parse_assumptions(given: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """``key=value`` texts as pairs. Raises MedviewError (exit code 2) for unknown keys and units."""
    pairs = []
    for text in given:
        key, separator, value = text.partition("=")
        key, value = key.strip().lower().replace("-", "_"), value.strip()
        if not separator or not value or key not in ASSUMPTIONS:
            said = f"--assume {text}: give key=value with one of the keys {', '.join(ASSUMPTIONS)}."
            raise MedviewError("bad_assumption", said, None, ExitCode.BAD_USE)
        if key == "modality":
            value = value.upper()
        if key == "unit":
            value = {unit.lower(): unit for unit in UNITS}.get(value.lower(), "")
        if (key == "unit" and not value) or (key == "contrast" and value not in {"with", "without"}):
            said = f"--assume {text}: that value is not known."
            raise MedviewError("bad_assumption", said, None, ExitCode.BAD_USE)
        pairs.append((key, value))
    return tuple(pairs)


def assume(stack: Stack, assumptions: Sequence[tuple[str, str]]) -> Stack:
    """``stack`` with what the reader says of it; what the files say themselves is never overruled.

    A CT without unit is taken to be in HU, as NIfTI files of CT are; :func:`match` points it out.
    Raises MedviewError (exit code 2) where an assumption contradicts the file.
    """
    context, unit = stack.context, stack.unit
    for key, value in assumptions:
        field = {"contrast": "contrast_agent", "view": "view_position"}.get(key, key)
        said = unit if key == "unit" else getattr(context, field)
        if said and not (key == "unit" and said == "stored") and said.upper() != value.upper():
            text = f"The file says {key} {said}; --assume {key}={value} would contradict it."
            raise MedviewError("assumption_contradicts", text, None, ExitCode.BAD_USE, (key, str(said), value))
        if key == "unit":
            unit = value
        elif key == "modality":
            context = replace(context, modality=value)
        elif key == "body_part":
            context = replace(context, body_part=value)
        elif key == "view":
            context = replace(context, view_position=value)
        else:
            context = replace(context, contrast_agent="assumed" if value == "with" else "NONE")
    if ("modality", "CT") in assumptions and unit == "stored" and stack.context.modality == "":
        unit = "HU"
    return replace(stack, context=context, unit=unit)


def match(
    package: ModelPackage,
    series: Series,
    stack: Stack,
    assumptions: Sequence[tuple[str, str]] = (),
    first_named: bool = False,
) -> Match:
    """Compare a package's manifest with a stack; reads no pixels. ``first_named``: the reader said that the series is the
    first of those that the network sees at once.
    """
    seen = assume(stack, assumptions)
    manifest = package.manifest
    reasons = [
        *_about_kind(manifest, series, seen),
        *_about_context(manifest, seen),
        *(() if first_named else _about_first_source(manifest, seen)),
        *_about_values(manifest, seen),
        *_about_geometry(manifest, seen),
        *_about_earlier(package, series, stack, assumptions),
    ]
    if reasons:
        return Match(False, tuple(reasons), 0.0)
    notes = [*_worth_knowing(manifest, seen, stack)]
    return Match(True, tuple(notes), _score(manifest, seen, notes))


def best_stack(
    package: ModelPackage, series: Sequence[Series], assumptions: Sequence[tuple[str, str]] = ()
) -> tuple[Series, Stack, Match] | None:
    """The stack that fits best; of those that do not, the one with the fewest reasons against it; None without any.

    Assumptions that contradict a stack's own files make it no candidate.
    """
    candidates = []
    for one in series:
        for stack in one.stacks:
            try:
                found = match(package, one, stack, assumptions)
            except MedviewError:
                continue
            candidates.append((found.fits, found.score, -len(found.reasons), one, stack, found))
    if not candidates:
        return None
    best = max(candidates, key=lambda c: c[:3])
    return best[3], best[4], best[5]


def _about_earlier(
    package: ModelPackage, series: Series, stack: Stack, assumptions: Sequence[tuple[str, str]]
) -> Iterator[Note]:
    """What speaks against the package that a cascade runs before this one."""
    if package.manifest.input.within is None:
        return
    try:
        earlier = earlier_package(package)
    except MedviewError as error:
        yield Note(error.code, error.text, error.values)
        return
    assert earlier is not None, "within names one"
    found = match(earlier, series, stack, assumptions)
    for note in found.reasons if not found.fits else ():
        yield Note(note.code, f"{earlier.manifest.name}: {note.text}", note.values)


# Reasons against -----------------------------------------------------------------------------------------------------


def _about_kind(manifest: Manifest, series: Series, stack: Stack) -> Iterator[Note]:
    if series.is_localizer or "LOCALIZER" in stack.context.image_type:
        yield Note("localizer", "This is a localiser, not a diagnostic series.")
    if not manifest.fits.secondary_captures and _is_capture(stack):
        yield Note("secondary_capture", "This is a screen shot or another secondary capture.")
    if stack.components > 1 and manifest.input.unit != "display":
        text = f"The series is in colour; the model wants {manifest.input.unit} values."
        yield Note("colour", text, (manifest.input.unit,))


def _is_capture(stack: Stack) -> bool:
    kinds = {part.strip().upper() for part in stack.context.image_type}
    if stack.context.modality.upper() == "SC" or kinds & _SCREEN_WORDS:
        return True
    # Reformatted volumes are DERIVED\SECONDARY too; what has no place in the patient as well is a picture of something.
    sop_class = dict(stack.context.extra).get("sop_class", "")
    return sop_class.startswith("1.2.840.10008.5.1.4.1.1.7")


def _about_context(manifest: Manifest, stack: Stack) -> Iterator[Note]:
    fits, context = manifest.fits, stack.context
    wanted = ", ".join(fits.modalities)
    if fits.modalities and not context.modality:
        yield Note("modality_unknown", f"The file does not say its modality; the model is for {wanted}.", (wanted,))
    elif fits.modalities and context.modality.upper() not in {modality.upper() for modality in fits.modalities}:
        text = f"The series is {context.modality}; the model is for {wanted}."
        yield Note("modality_wrong", text, (context.modality, wanted))
    if fits.body_parts and _body_part(manifest, stack) is False:
        parts = ", ".join(fits.body_parts)
        text = f"The series shows {context.body_part}; the model is for {parts}."
        yield Note("body_part_wrong", text, (context.body_part, parts))
    if fits.views and context.view_position and context.view_position.upper() not in {v.upper() for v in fits.views}:
        views = ", ".join(fits.views)
        yield Note("view_wrong", f"The view is {context.view_position}; the model is for {views}.")
    if fits.manufacturers and _made_by(manifest, stack) is False:
        makers = ", ".join(fits.manufacturers)
        made = " ".join(part for part in (context.manufacturer.strip(), context.model_name.strip()) if part)
        yield Note("manufacturer_wrong", f"The series was made by {made}; the model is for {makers}.", (made, makers))
    if _is_written_on(stack) and not _takes_text(manifest):
        yield Note("burned_in", "Text is burned into the pixels, as the file says; the model is not made for that.")
    has_contrast = _contrast(stack)
    if fits.contrast == "with" and has_contrast is False:
        yield Note("contrast_wrong", "The series has no contrast agent; the model needs one.")
    if fits.contrast == "without" and has_contrast:
        yield Note("contrast_wrong", "The series has a contrast agent; the model is for series without.")


def _made_by(manifest: Manifest, stack: Stack) -> bool | None:
    """Whether one of the manifest's manufacturers made it; None where the file does not say who."""
    said = f"{stack.context.manufacturer} {stack.context.model_name}".upper()
    if not said.strip():
        return None
    return any(word.upper() in said for word in manifest.fits.manufacturers)


def _is_written_on(stack: Stack) -> bool:
    return stack.context.burned_in.strip().upper() == "YES"


def _takes_text(manifest: Manifest) -> bool:
    rule = manifest.fits.burned_in
    return manifest.input.is_picture if rule is None else rule == "accept"


def _contrast(stack: Stack) -> bool | None:
    said = stack.context.contrast_agent.strip().upper()
    if not said:
        return None
    return said not in {"NONE", "NO", "N", "WITHOUT", "NO CONTRAST"}


def _body_part(manifest: Manifest, stack: Stack) -> bool | None:
    """Whether the series shows what the model is for; None where it does not say."""
    wanted = {part.upper() for part in manifest.fits.body_parts}
    wanted |= {word for group in _SAME_PART if group & wanted for word in group}
    context = stack.context
    said = context.body_part.upper().replace("_", " ").strip()
    words = set(re.split(r"[^A-Z0-9]+", f"{context.description} {context.protocol}".upper()))
    if words & wanted:
        return True
    if not said:
        return None
    return said in _WHOLE_BODY or any(part in said for part in wanted)


def _about_values(manifest: Manifest, stack: Stack) -> Iterator[Note]:
    unit = unit_of_first(manifest.input)
    if stack.components == 1 and factor_to(unit, stack) is None:
        said = "no unit" if stack.unit in {None, "stored"} else str(stack.unit)
        yield Note("unit_missing", f"The model wants {unit}; the series has {said}.", (unit, said))
    if stack.inverted and unit in {"stored", "modality"} and manifest.input.inverted == "refuse":
        yield Note("inverted", "The series stores low values as white (MONOCHROME1); the model does not say what then.")


def _about_first_source(manifest: Manifest, stack: Stack) -> Iterator[Note]:
    """Of several series as channels the one that the run is asked for is the first, and its rules hold for it too."""
    if not manifest.input.sources:
        return
    source = manifest.input.sources[0]
    if not suits(source, stack):
        text = f"The series is not what the model's first channel {source.name} is described as."
        yield Note(FIRST_CHANNEL, text, (source.name,))


def _about_geometry(manifest: Manifest, stack: Stack) -> Iterator[Note]:
    fits = manifest.fits
    slices = stack.shape[0]
    if slices < fits.minimum_slices:
        text = f"The series has {slices} slice(s); the model needs at least {fits.minimum_slices}."
        yield Note("too_few_slices", text, (str(slices), str(fits.minimum_slices)))
    if fits.maximum_slices is not None and slices > fits.maximum_slices:
        text = f"The series has {slices} slices; the model takes at most {fits.maximum_slices}."
        yield Note("too_many_slices", text, (str(slices), str(fits.maximum_slices)))
    geometry = stack.geometry
    if manifest.input.axes == CLIP_AXES and geometry is not None and slices > 1:
        yield Note("no_sequence", "The slices lie at different places; the model is for the frames of a sequence.")
    if geometry is None:
        if fits.needs_geometry or not manifest.input.is_picture:
            yield Note("no_geometry", "The series has no common position in the patient, which the model needs.")
        elif stack.pixel_spacing is not None:
            yield from _outside("pixel_spacing_outside", "A pixel measures", stack.pixel_spacing, fits.pixel_spacing_mm)
        return
    if fits.planes and plane_of(geometry) not in fits.planes:
        planes = ", ".join(fits.planes)
        text = f"The slices are {plane_of(geometry)}; the model is for {planes}."
        yield Note("plane_wrong", text, (plane_of(geometry), planes))
    yield from _about_spacing(manifest, geometry)
    if geometry.is_sheared and geometry.slice_origins is None and fits.tilt == "refuse":
        yield Note("tilted", "The slices are tilted (gantry tilt); the model is not made for that.")
    if geometry.slice_origins is not None:
        across = manifest.input.is_slicewise and not manifest.input.is_picture
        if fits.missing_slices == "refuse":
            lost = "".join(f" {note.text}" for note in stack.notes if note.code == "images_lost")
            yield Note("slices_uneven", f"Slices are missing or unevenly spaced; the model is not made for that.{lost}")
        elif across and orient(stack.shape, geometry, manifest.input.axes).order[0] != 0:
            yield Note("slices_uneven", "The slices are unevenly spaced, and the model would cut across them.")
    angle = obliquity_deg(geometry)
    straightened = bool(manifest.input.steps) and manifest.input.steps[0].step == "conform"
    if not manifest.input.is_picture and not straightened and angle > fits.largest_obliquity_deg:
        text = f"The slices are turned by {angle:.0f}° against the patient; the model takes {fits.largest_obliquity_deg:g}°."
        yield Note("oblique", text, (f"{angle:.0f}", f"{fits.largest_obliquity_deg:g}"))


def _about_spacing(manifest: Manifest, geometry: Geometry) -> Iterator[Note]:
    fits = manifest.fits
    dk, dj, di = geometry.spacing
    if geometry.shape[0] > 1:
        yield from _outside("slice_spacing_outside", "The distance of slices is", (dk,), fits.slice_spacing_mm)
    yield from _outside("pixel_spacing_outside", "A pixel measures", (dj, di), fits.pixel_spacing_mm)
    covered = dk * geometry.shape[0]
    yield from _outside("field_of_view_outside", "The slices cover", (covered,), fits.field_of_view_mm)


def _outside(
    code: str, words: str, values: tuple[float, ...], bounds: tuple[float, float] | None, slack: float = 1.001
) -> Iterator[Note]:
    """The first of ``values`` in mm that does not lie in ``bounds``."""
    for value in values if bounds is not None else ():
        assert bounds is not None, "asked above"
        if not bounds[0] / slack <= value <= bounds[1] * slack:
            text = f"{words} {value:.3g} mm; the model is for {bounds[0]:g} to {bounds[1]:g} mm."
            yield Note(code, text, (f"{value:.3g}", f"{bounds[0]:g}", f"{bounds[1]:g}"))
            return


def plane_of(geometry: Geometry) -> str:
    """``axial``, ``sagittal`` or ``coronal``: what the slices are closest to."""
    return _PLANES[int(np.argmax(np.abs(geometry.normal)))]


# What is worth knowing where it fits ---------------------------------------------------------------------------------


def _worth_knowing(manifest: Manifest, seen: Stack, stack: Stack) -> Iterator[Note]:
    fits = manifest.fits
    if seen.unit != stack.unit:
        text = f"The file does not say its unit; its values are taken to be {seen.unit}."
        yield Note("unit_assumed", text, (str(seen.unit),))
    factor = factor_to(unit_of_first(manifest.input), seen)
    if factor is not None and factor != 1:
        text = f"The values are taken as SUV by body weight: those of the files times {factor:.6g}."
        yield Note("suv_calculated", text, (f"{factor:.6g}",))
    if fits.body_parts and _body_part(manifest, seen) is None:
        parts = ", ".join(fits.body_parts)
        yield Note("body_part_unknown", f"The series does not say what it shows; the model is for {parts}.", (parts,))
    if fits.contrast != "any" and _contrast(seen) is None:
        yield Note(
            "contrast_unknown", f"The series does not say whether it has contrast; the model is for {fits.contrast}."
        )
    if fits.views and not seen.context.view_position:
        views = ", ".join(fits.views)
        yield Note("view_unknown", f"The series does not say its view; the model is for {views}.", (views,))
    if fits.manufacturers and _made_by(manifest, seen) is None:
        makers = ", ".join(fits.manufacturers)
        yield Note(
            "manufacturer_unknown", f"The series does not say who made it; the model is for {makers}.", (makers,)
        )
    if _is_written_on(seen):
        yield Note(
            "burned_in_accepted", "Text is burned into the pixels, as the file says; the result is less certain."
        )
    geometry = seen.geometry
    if fits.pixel_spacing_mm is not None and geometry is None and seen.pixel_spacing is None:
        low, high = (f"{value:g}" for value in fits.pixel_spacing_mm)
        text = f"The series does not say how large a pixel is; the model is for {low} to {high} mm."
        yield Note("pixel_spacing_unknown", text, (low, high))
    if geometry is not None and geometry.slice_origins is not None:
        yield Note("slices_uneven_accepted", "Slices are missing or unevenly spaced; the result is less certain there.")
    elif geometry is not None and geometry.is_sheared:
        yield Note("tilt_accepted", "The slices are tilted (gantry tilt); the result is less certain.")


def _score(manifest: Manifest, stack: Stack, notes: Sequence[Note]) -> float:
    """Larger for a series that says it shows the right part, is finer along the slices and holds more of them."""
    score = 10.0 - 2.0 * len(notes)
    if manifest.fits.body_parts and _body_part(manifest, stack):
        score += 2.0
    score += math.log2(1 + stack.shape[0]) / 4
    if stack.geometry is not None:
        score -= math.log2(1 + stack.geometry.spacing[0]) / 2
    if "ORIGINAL" in stack.context.image_type:
        score += 0.5
    return score
