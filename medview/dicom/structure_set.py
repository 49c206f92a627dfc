"""RT structure sets (PS3.3 A.19, C.8.8.5 ff.): contours in the patient with names and colours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from medview.core.contours import contour_normal, fill_contours
from medview.core.finding import LABEL_COLOURS, Colour, Label
from medview.core.geometry import FloatArray
from medview.core.overlay import Contour, ContourKind, OverlayPart, Point3, StudyOverlay
from medview.core.problem import MedviewError, Note
from medview.core.progress import Progress, no_progress
from medview.core.study import Stack
from medview.dicom import object_values as ov
from medview.dicom.elements import Values
from medview.dicom.header import as_integer, as_numbers, as_text
from medview.dicom.tags import tag

_ROIS = tag(0x3006, 0x0020)
_ROI_NUMBER = tag(0x3006, 0x0022)
_ROI_FRAME = tag(0x3006, 0x0024)
_ROI_NAME = tag(0x3006, 0x0026)
_ROI_DESCRIPTION = tag(0x3006, 0x0028)
_ROI_ALGORITHM = tag(0x3006, 0x0036)
_ROI_CONTOURS = tag(0x3006, 0x0039)
_CONTOURS = tag(0x3006, 0x0040)
_TYPE = tag(0x3006, 0x0042)
_POINTS = tag(0x3006, 0x0050)
_COLOUR = tag(0x3006, 0x002A)
_OF_ROI = tag(0x3006, 0x0084)
_OBSERVATIONS = tag(0x3006, 0x0080)
_INTERPRETED = tag(0x3006, 0x00A4)

_WANTED = {
    _ROIS: ov.SEQUENCE, _ROI_NUMBER: ov.TEXT, _ROI_FRAME: ov.TEXT, _ROI_NAME: ov.TEXT, _ROI_DESCRIPTION: ov.TEXT,
    _ROI_ALGORITHM: ov.TEXT, _ROI_CONTOURS: ov.SEQUENCE, _CONTOURS: ov.SEQUENCE, _TYPE: ov.TEXT, _POINTS: ov.TEXT, _COLOUR: ov.TEXT,
    _OF_ROI: ov.TEXT, _OBSERVATIONS: ov.SEQUENCE, _INTERPRETED: ov.TEXT, ov.CHARSET: ov.TEXT, ov.RT_IMAGES: ov.SEQUENCE,
    ov.REFERENCED_UID: ov.TEXT,
}  # fmt: skip

_KINDS: dict[str, ContourKind] = {
    "POINT": "point",
    "OPEN_PLANAR": "open",
    "OPEN_NONPLANAR": "open",
    "CLOSED_PLANAR": "closed",
    "CLOSEDPLANAR_XOR": "closed",
}

FLAT_MM = 1.0
"""Points of a closed planar outline are no farther than this from its plane."""


def read_structure_set(path: str, stack: Stack, progress: Progress = no_progress) -> StudyOverlay:
    """The structures whose frame of reference is the stack's; others are named in a note. Raises MedviewError."""
    assert stack.geometry is not None, "placed on a stack with a geometry only"
    values = ov.read_object(path, _WANTED).values
    references = ov.read_references(path)
    charset = values.get(ov.CHARSET)
    contours_of: dict[int | None, list[Values]] = defaultdict(list)
    for item in values.get(_ROI_CONTOURS) or ():
        contours_of[as_integer(item.get(_OF_ROI))].append(item)
    kinds = {as_integer(item.get(_OF_ROI)): as_text(item.get(_INTERPRETED)) for item in values.get(_OBSERVATIONS) or ()}
    parts: list[OverlayPart] = []
    contours: list[Contour] = []
    filled = []
    elsewhere: list[str] = []
    odd: dict[str, int] = defaultdict(int)
    rois = list(values.get(_ROIS) or ())
    # Outlines of a structure that the set does not describe are outlines all the same.
    described = {as_integer(roi.get(_ROI_NUMBER)) for roi in rois}
    rois += [
        {_ROI_NUMBER: items[0].get(_OF_ROI, b"")} for number, items in contours_of.items() if number not in described
    ]
    for at, roi in enumerate(rois):
        progress("structures", at, len(rois))
        number = as_integer(roi.get(_ROI_NUMBER))
        name = ov.words(roi, _ROI_NAME, charset) or str(number)
        reference = as_text(roi.get(_ROI_FRAME)) or references.frame_of_reference
        if reference and stack.geometry.frame_of_reference not in {"", reference}:
            elsewhere.append(name)
            continue
        items = contours_of.get(number) or [{}]
        label = Label(at + 1, name, _colour(items[0].get(_COLOUR), at))
        own, exclusive = _contours(items, at + 1, odd)
        maps, volume = fill_contours(own, label, stack.geometry, exclusive)
        closed = any(one.kind == "closed" for one in own)
        parts.append(
            OverlayPart(
                label,
                volume if closed else None,
                _centre(own),
                algorithm=as_text(roi.get(_ROI_ALGORITHM)).lower(),
                description=kinds.get(number, "") or ov.words(roi, _ROI_DESCRIPTION, charset),
            )
        )
        contours += own
        filled += maps
    if not rois:
        why = "it holds no structures"
        raise MedviewError("unusable_overlay", f"{path} cannot be laid over images: {why}.", path, values=(why,))
    if not parts and elsewhere:
        raise MedviewError(
            "other_frame_of_reference",
            f"{path} lies in another frame of reference than these images; it is not laid over them.",
            path,
        )
    notes = []
    if elsewhere:
        text = (
            f"{len(elsewhere)} structures lie in another frame of reference and are left out: {', '.join(elsewhere)}."
        )
        notes.append(Note("structures_left_out", text, (str(len(elsewhere)), ", ".join(elsewhere))))
    if odd:
        text = f"{sum(odd.values())} contours cannot be read and are left out ({', '.join(sorted(odd))})."
        notes.append(Note("contours_left_out", text, (str(sum(odd.values())), ", ".join(sorted(odd)))))
    return StudyOverlay(
        path,
        references.title,
        tuple(parts),
        tuple(filled),
        contours=tuple(contours),
        creator=references.creator,
        notes=tuple(notes),
    )


def _colour(value: bytes | None, at: int) -> Colour:
    numbers = as_numbers(value)
    if len(numbers) == 3 and all(0 <= number <= 255 for number in numbers):
        return (int(numbers[0]), int(numbers[1]), int(numbers[2]))
    return LABEL_COLOURS[at % len(LABEL_COLOURS)]


def _contours(items: Sequence[Values], value: int, odd: dict[str, int]) -> tuple[list[Contour], bool]:
    """The outlines of one structure, and whether they exclude one another."""
    found: list[Contour] = []
    exclusive = False
    listed = [one for item in items for one in item.get(_CONTOURS) or ()]
    for one in listed:
        name = as_text(one.get(_TYPE)).upper()
        kind = _KINDS.get(name)
        numbers = ov.numbers_of(one.get(_POINTS))
        if kind is None or len(numbers) < 3 or len(numbers) % 3 or not np.all(np.isfinite(numbers)):
            odd[name or "?"] += 1
            continue
        points: FloatArray = numbers.reshape(-1, 3)
        normal = None
        if kind == "closed":
            normal = contour_normal(points) if len(points) > 2 else None
            if normal is None:
                kind = "point" if len(points) == 1 else "open"
            elif np.abs((points - points.mean(axis=0)) @ normal).max() > FLAT_MM:
                kind, normal = "open", None  # an outline that does not lie in a plane encloses no area
            else:
                exclusive |= name == "CLOSEDPLANAR_XOR"
        found.append(Contour(points, kind, value, normal))
    return found, exclusive


def _centre(contours: list[Contour]) -> Point3 | None:
    if not contours:
        return None
    points = np.concatenate([one.points for one in contours])
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    # On an outline's own plane there is always something to see.
    nearest = min(contours, key=lambda one: float(np.linalg.norm(one.points.mean(axis=0) - middle)))
    x, y, z = nearest.points.mean(axis=0)
    return (float(x), float(y), float(z))
