"""What must be said on the picture and cannot be hidden: lossy, filtered, resampled, AI, other patient, incomplete …"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from medview.app.slabs import effective_slab
from medview.app.viewport_state import ViewportView
from medview.core.finding import InferenceResult
from medview.core.problem import Note
from medview.core.study import Stack
from medview.core.volume import Volume

Severity = Literal["info", "warning", "danger", "ai", "key"]

MARKED_NOTES: dict[str, Severity] = {
    "missing_slices": "danger",
    "images_lost": "danger",
    "orientation_unknown": "danger",
    "uneven_spacing": "warning",
    "shifted_slices": "warning",
    "gantry_tilt": "warning",
    "duplicate_positions": "warning",
    "duplicate_uid": "warning",
    "assumed_thickness": "warning",
    "nominal_scanned_spacing": "warning",
    "bad_modality_lut": "danger",
    "no_suv": "info",
    "sform_qform_differ": "warning",
    "no_geometry": "info",
    "mixed_orientations": "info",
}
"""Notes of a stack that are repeated on each of its pictures; others are in the details panel."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: a ``code`` that the window puts into words, the figures in it, how serious it is."""

    code: str
    severity: Severity
    values: tuple[str, ...] = ()
    note: Note | None = None


def marks_of(
    view: ViewportView,
    volume: Volume | None,
    results: Sequence[InferenceResult],
    *,
    ai_visible: bool,
    several_patients: bool,
    failed_slices: int = 0,
    ai_partly_hidden: bool = False,
    filter_pending: bool = False,
    filter_error: str = "",
    key_image: str | None = None,
    profile_fault: str = "",
    presented: bool = False,
    overlays: Sequence[str] = (),
    linked: bool = False,
    registered: str = "",
    fused: Sequence[Mark] = (),
    explained: Sequence[Mark] = (),
) -> tuple[Mark, ...]:
    """All marks of a viewport, the gravest first.

    ``presented``: the slice shown is drawn by the chosen presentation state. ``overlays`` are the titles of what objects of
    the study lay over it, ``fused`` what is to be said of a second series on top, ``explained`` of an explanation.
    """
    if view.stack is None:
        return ()
    found = [*fused, *explained, *_object_marks(view, presented, overlays, ai_visible)]
    if several_patients:
        found.append(Mark("other_patient", "danger"))
    stack = view.stack
    found += [
        Mark("note", MARKED_NOTES[note.code], (note.code, *note.values), note)
        for note in stack.notes
        if note.code in MARKED_NOTES
    ]
    if failed_slices:
        found.append(Mark("failed_slices", "danger", (str(failed_slices),)))
    if (
        (view.plane_kind != "acquired" or view.slab is not None)
        and volume is not None
        and not volume.is_complete
        and not failed_slices
    ):
        found.append(Mark("still_loading", "warning"))
    if stack.kind == "irregular" and not any(note.code == "uneven_spacing" for note in stack.notes):
        found.append(Mark("irregular", "warning"))
    lossy = stack.context.lossy or (view.series.context.lossy if view.series is not None else "")
    if lossy:
        found.append(Mark("lossy", "warning", (lossy,)))
    if view.filters:
        names = tuple(step.operation_id for step in view.filters if step.enabled)
        if names and view.show_original:
            found.append(Mark("filters_off", "info"))
        elif names and filter_error:
            found.append(Mark("filter_failed", "danger", (filter_error,)))
        elif names:
            found.append(Mark("filter_pending" if filter_pending else "filtered", "warning", names))
    found += _place_marks(linked, key_image, registered)
    found += _cut_marks(view, stack)
    if view.plane_kind == "acquired" and stack.graphics and not view.show_graphics:
        found.append(Mark("graphics_hidden", "info"))
    if stack.profile_path:
        code = "profile_used" if view.use_profile else "profile_off"
        found.append(Mark("profile_broken", "warning", (profile_fault,)) if profile_fault else Mark(code, "info"))
    if results and not ai_visible:
        found.append(Mark("ai_hidden", "ai", (str(len(results)),)))
    elif results and ai_partly_hidden:
        found.append(Mark("ai_partly_hidden", "ai"))
    if ai_visible:
        found += _ai_marks(results)
    order = {"danger": 0, "warning": 1, "key": 2, "info": 3, "ai": 4}
    return tuple(sorted(found, key=lambda mark: order[mark.severity]))


def _cut_marks(view: ViewportView, stack: Stack) -> list[Mark]:
    """What a picture that is no acquired slice is."""
    found = []
    slab = effective_slab(stack, view.slab, view.plane_kind)
    if slab is not None:
        thickness = "" if view.plane_kind == "turning" else f"{slab.thickness_mm:.4g}"
        found.append(Mark("slab", "info", (slab.projection, thickness)))
    if view.plane_kind == "curved":
        found.append(Mark("curved", "warning"))
    if view.plane_kind != "acquired":
        found.append(Mark("resampled", "info"))
    return found


def _place_marks(linked: bool, key_image: str | None, registered: str) -> list[Mark]:
    """Whether the viewport moves with others (and who says how they lie), and whether its image was marked as a key image."""
    found = [Mark("linked", "info")] if linked and not registered else []
    if linked and registered:
        found.append(Mark("linked_registered", "warning", (registered,)))
    if key_image is not None:
        found.append(Mark("key_image", "key", (key_image,)))
    return found


def _object_marks(view: ViewportView, presented: bool, overlays: Sequence[str], visible: bool) -> list[Mark]:
    """What other objects of the study have to do with the picture."""
    found: list[Mark] = []
    if view.presentation is not None:
        found.append(Mark("presented" if presented else "presented_others", "info", (view.presentation.title,)))
    if overlays:
        found.append(Mark("overlays" if visible else "overlays_hidden", "info", tuple(overlays)))
    return found


def _ai_marks(results: Sequence[InferenceResult]) -> list[Mark]:
    """One mark for all results that are for research only, one for the others, one for each that was forced."""
    names: dict[str, list[str]] = {"ai_research": [], "ai": []}
    for result in results:
        made = result.provenance
        if made.how == "manual":
            continue  # no model has said anything
        code = "ai_research" if made.research_only else "ai"
        names[code].append(f"{made.package_name or made.package_id} {made.package_version}".strip())
    found = [Mark(code, "ai", tuple(said)) for code, said in names.items() if said]
    forced = [result.provenance.overrides for result in results if result.provenance.overrides]
    return found + [Mark("ai_overridden", "warning", overrides) for overrides in forced]
