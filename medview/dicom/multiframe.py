"""The attributes of each frame of a multi-frame object, in the words of the classic single-frame objects.

Functional groups (PS3.3 C.7.6.16), nuclear medicine vectors (C.8.4.8), dose grids (C.8.8.3).
"""

from __future__ import annotations

import math
from typing import Any

from medview.dicom import tags
from medview.dicom.elements import Values
from medview.dicom.header import as_floats, as_number, as_numbers, as_shorts

_GEOMETRY = (tags.POSITION, tags.ORIENTATION, tags.PIXEL_SPACING)
_INHERITED = frozenset(
    {
        tags.CHARSET, tags.IMAGE_TYPE, tags.ACQUISITION_NUMBER, tags.ACQUISITION_TIME, tags.ACQUISITION_DATE, tags.CONTENT_DATE, tags.CONTENT_TIME, tags.PIXEL_REPRESENTATION,
        tags.PHOTOMETRIC, tags.RESCALE_SLOPE, tags.RESCALE_INTERCEPT, tags.RESCALE_TYPE, tags.WINDOW_CENTER, tags.WINDOW_WIDTH,
        tags.WINDOW_EXPLANATION, tags.VOI_FUNCTION, tags.VOI_LUTS, tags.COMPLEX_COMPONENT, tags.SLICE_THICKNESS, tags.SLICE_SPACING,
        tags.PIXEL_SPACING, tags.ORIENTATION, tags.POSITION, tags.IMAGE_LATERALITY, tags.KVP, tags.ECHO_TIME, tags.DOSE_SCALING,
        tags.REAL_WORLD_MAPPINGS,
    }
)  # fmt: skip
_VECTORS = (
    (tags.ENERGY_VECTOR, "energy window"), (tags.DETECTOR_VECTOR, "detector"), (tags.PHASE_VECTOR, "phase"),
    (tags.ROTATION_VECTOR, "rotation"), (tags.RR_VECTOR, "R-R interval"), (tags.TIME_SLOT_VECTOR, "time slot"),
    (tags.ANGULAR_VECTOR, "angular view"), (tags.TIME_SLICE_VECTOR, "time slice"),
)  # fmt: skip


def frame_values(values: Values, frames: int) -> list[Values] | None:
    """Values for each frame, None where the frames have no attributes of their own.

    Where there are fewer functional group items than frames, the rest have only what all share.
    """
    if tags.FRAME_GROUPS in values or tags.SHARED_GROUPS in values:
        return _functional_groups(values, frames)
    if tags.GRID_OFFSETS in values:
        return _dose_grid(values, frames)
    if any(tag in values for tag, _ in _VECTORS) or tags.SLICE_VECTOR in values or tags.DETECTORS in values:
        return _nuclear_medicine(values, frames)
    return None


def _flatten(group: Values, into: Values) -> None:
    """Lift the attributes of the macros in a functional group item to one level."""
    plain: Values = {}
    for tag, value in group.items():
        if isinstance(value, list):
            if tag in {tags.VOI_LUTS, tags.REAL_WORLD_MAPPINGS}:
                plain[tag] = value
            elif value:
                _flatten(value[0], into)
        else:
            plain[tag] = value
    into.update(plain)


def _functional_groups(values: Values, frames: int) -> list[Values]:
    base = {tag: values[tag] for tag in values.keys() & _INHERITED}
    shared: Values = {}
    for item in (values.get(tags.SHARED_GROUPS) or [])[:1]:
        _unassigned_first(item, shared)
    items = values.get(tags.FRAME_GROUPS) or []
    if frames > 1 or items or shared:
        for tag in _GEOMETRY[:2]:  # stale copies from the single-frame original stay out
            if items or frames > 1:
                base.pop(tag, None)
    base.update(shared)
    if frames > 1 and not items:
        base.pop(tags.POSITION, None)
    result = []
    for index in range(frames):
        each = dict(base)
        if index < len(items):
            _unassigned_first(items[index], each)
        elif items:
            for tag in _GEOMETRY[:1]:
                each.pop(tag, None)
        _take_volume_plane(each)
        result.append(each)
    return result


def _take_volume_plane(values: Values) -> None:
    """Planes in the frame of reference of an ultrasound volume (PS3.3 C.8.24.3) in the words of those in the patient."""
    for tag, source, count in (
        (tags.POSITION, tags.VOLUME_POSITION, 3),
        (tags.ORIENTATION, tags.VOLUME_ORIENTATION, 6),
    ):
        numbers = as_floats(values.get(source))
        if tag not in values and len(numbers) == count:
            values[tag] = b"\\".join(repr(number).encode() for number in numbers)


def _unassigned_first(item: Values, into: Values) -> None:
    """Attributes of legacy converted objects come below those of the real macros."""
    for tag in (tags.UNASSIGNED_SHARED, tags.UNASSIGNED_FRAME):
        for group in item.get(tag) or ():
            _flatten(group, into)
    _flatten({t: v for t, v in item.items() if t not in {tags.UNASSIGNED_SHARED, tags.UNASSIGNED_FRAME}}, into)


def _moved(values: Values, distance: float) -> bytes | None:
    """ImagePositionPatient moved along row × column, as DS bytes."""
    position, normal = as_numbers(values.get(tags.POSITION)), _normal(values)
    if len(position) != 3 or normal is None:
        return None
    moved = (at + distance * part for at, part in zip(position, normal, strict=True))
    return b"\\".join(repr(part).encode() for part in moved)


def _normal(values: Values) -> tuple[float, float, float] | None:
    """Unit vector row × column."""
    orientation = as_numbers(values.get(tags.ORIENTATION))
    if len(orientation) != 6:
        return None
    rx, ry, rz, cx, cy, cz = orientation
    x, y, z = ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length) if length else None


def _dose_grid(values: Values, frames: int) -> list[Values] | None:
    """Planes of a dose grid (PS3.3 C.8.8.3.2): distances from the first along the normal, or z in the patient.

    They are z where the first of them is not 0 but the z of the first plane. Anything else is taken as distances from
    the first of them.
    """
    offsets = as_numbers(values.get(tags.GRID_OFFSETS))
    if len(offsets) != frames:
        return None
    origin = as_numbers(values.get(tags.POSITION))
    absolute = offsets[0] != 0 and len(origin) == 3 and abs(offsets[0] - origin[2]) <= 0.01
    normal = _normal(values)
    sign = -1.0 if absolute and normal is not None and normal[2] < 0 else 1.0
    result = []
    for offset in offsets:
        each = dict(values)
        position = _moved(values, sign * (offset - offsets[0]))
        if position is None:
            return None
        each[tags.POSITION] = position
        result.append(each)
    return result


def _nuclear_medicine(values: Values, frames: int) -> list[Values] | None:
    vectors = {name: vector for tag, name in _VECTORS if len(vector := as_shorts(values.get(tag))) == frames}
    slices = as_shorts(values.get(tags.SLICE_VECTOR))
    detectors = values.get(tags.DETECTORS) or [{}]
    spacing = as_number(values.get(tags.SLICE_SPACING))
    base: dict[int, Any] = {tag: values[tag] for tag in values if tag not in {tags.POSITION, tags.ORIENTATION}}
    placed = len(slices) == frames and b"TOMO" in values.get(tags.IMAGE_TYPE, b"")
    for tag in (tags.POSITION, tags.ORIENTATION):
        if placed and (value := detectors[0].get(tag) or values.get(tag)):
            base[tag] = value
    distance = spacing if spacing is not None else as_number(values.get(tags.SLICE_THICKNESS))
    origin = {tag: base[tag] for tag in (tags.POSITION, tags.ORIENTATION) if tag in base}
    has_place = placed and distance is not None and _moved(origin, 0.0) is not None
    if not has_place and len(slices) == frames:
        vectors["slice"] = slices
    result = []
    for index in range(frames):
        each = dict(base)
        if has_place and distance is not None:
            each[tags.POSITION] = _moved(origin, (slices[index] - 1) * distance) or b""
        else:
            each.pop(tags.POSITION, None)
        axes = tuple((name, vector[index]) for name, vector in vectors.items() if len(set(vector)) > 1)
        each[tags.EXTRA_AXES] = axes
        result.append(each)
    return result
