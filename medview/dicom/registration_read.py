"""Spatial Registration objects (PS3.3 A.39.1, C.20.2): which images lie where in the object's frame of reference."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from medview.core.problem import MedviewError, Note
from medview.core.registration import IDENTITY, Placement, RegisteredImages, RegistrationObject
from medview.dicom.data_elements import ElementFile
from medview.dicom.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator

RIGID_CLASS = "1.2.840.10008.5.1.4.1.1.66.1"
DEFORMABLE_CLASS = "1.2.840.10008.5.1.4.1.1.66.3"
REGISTRATION_CLASSES = frozenset({RIGID_CLASS, DEFORMABLE_CLASS})

_REGISTRATIONS, _MATRICES, _STEPS = 0x00700308, 0x00700309, 0x0070030A
_TYPE = 0x0070030D
_KIND, _MATRIX = 0x0070030C, 0x300600C6
_IMAGES, _FRAME_OF_REFERENCE, _INSTANCE = 0x00081140, 0x00200052, 0x00081155
_DEFORMABLE, _GRID, _VECTORS = 0x00640002, 0x00640005, 0x00640009
MOST_VECTORS = 48 << 20
"""Bytes of a grid that are looked through."""
FURTHEST_MM = 1000.0
"""What claims to move anything further was misread, or is no deformation of a patient."""
_KINDS = frozenset({"RIGID", "RIGID_SCALE", "AFFINE"})


def read_registration(path: str) -> RegistrationObject:
    """The object in a file; what cannot be applied is ``refused`` with the reason. Raises MedviewError ``cannot_read``."""
    try:
        with ElementFile(path) as file:
            return _read(path, Fields.of(file))
    except OSError as error:
        raise MedviewError("cannot_read", f"{path} cannot be read ({error.strerror or error}).", path) from error


def _read(path: str, fields: Fields) -> RegistrationObject:
    own = fields.text(_FRAME_OF_REFERENCE)
    title = next((text for text in (fields.text(0x00700080), fields.text(0x0008103E)) if text.strip()), "")
    images: tuple[RegisteredImages, ...] = ()
    why: Note | None = None
    name = os.path.basename(path)  # noqa: PTH119 - a path inside an archive is none of pathlib's
    if fields.text(0x00080016) == DEFORMABLE_CLASS:
        why = _why_deformable(name, fields)
    elif not own:
        text = f"{name} does not say into which frame of reference it registers; it is not applied."
        why = Note("registration_no_space", text, (name,))
    else:
        try:
            images = tuple(_images(fields))
            if not images:
                raise ValueError("it names no images")
        except ValueError as error:
            text = f"{name} is not applied: {error}."
            why = Note("registration_broken", text, (name, str(error)))
    return RegistrationObject(
        path,
        fields.text(0x00080018),
        fields.text(0x00080016),
        (fields.text(0x00100020), fields.text(0x00100010)),
        own,
        title.strip() or name,
        (fields.text(0x00080023) or fields.text(0x00080021)) + (fields.text(0x00080033) or fields.text(0x00080031)),
        images,
        why,
        fields.text(0x00700084).replace("^", " ").strip(),
        _is_automatic(fields),
    )


def _why_deformable(name: str, fields: Fields) -> Note:
    """Bent series are not shown; how far the object bends says what is missed (PS3.3 C.20.3)."""
    furthest, points = 0.0, 0
    for item in fields.items(_DEFORMABLE):
        for grid in item.items(_GRID):
            raw = grid.raw(_VECTORS, MOST_VECTORS)
            vectors = np.frombuffer(raw[: len(raw) // 12 * 12], dtype="<f4").reshape(-1, 3).astype(np.float64)
            lengths = np.linalg.norm(vectors[np.isfinite(vectors).all(axis=1)], axis=1)
            points += len(lengths)
            furthest = max(furthest, float(lengths.max(initial=0.0)))
    if not points or furthest > FURTHEST_MM:
        text = f"{name} bends one series onto another. medview moves series as a whole only, so it is not applied."
        return Note("registration_deformable", text, (name,))
    far = f"{furthest:.1f}"
    text = (
        f"{name} bends one series onto another, by up to {far} mm at the {points} points of its grid. medview moves "
        "series as a whole only, so it is not applied."
    )
    return Note("registration_deformable_by", text, (name, far, str(points)))


def _is_automatic(fields: Fields) -> bool:
    groups = [group for item in fields.items(_REGISTRATIONS) for group in item.items(_MATRICES)]
    return any(code.value == "125024" for group in groups for code in group.codes(_TYPE))


def _images(fields: Fields) -> Iterator[RegisteredImages]:
    for item in fields.items(_REGISTRATIONS):
        instances = frozenset(uid for one in item.items(_IMAGES) if (uid := one.text(_INSTANCE)))
        space = item.text(_FRAME_OF_REFERENCE)
        if not instances and not space:
            continue
        yield RegisteredImages(space, instances, _placement(item))


def _placement(item: Fields) -> Placement:
    """The product of an item's matrices, the first applied first (C.20.2.1.1)."""
    whole = IDENTITY
    steps = [step for group in item.items(_MATRICES) for step in group.items(_STEPS)]
    if not steps:
        raise ValueError("a series has no matrix")
    for step in steps:
        numbers = step.numbers(_MATRIX)
        if len(numbers) != 16:
            raise ValueError("a matrix has not 16 numbers")
        try:
            placement = Placement.of(np.array(numbers))
        except ValueError as error:
            raise ValueError(f"of a matrix of it, {error}") from None
        kind = step.text(_KIND).strip()
        if kind == "RIGID" and not placement.is_rigid:
            raise ValueError("a matrix that is called rigid changes lengths")
        whole = whole.then(placement)
    return whole
