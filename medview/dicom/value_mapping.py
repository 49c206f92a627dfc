"""What the values of a dose grid or parametric map mean (PS3.3 C.8.8.3, C.7.6.16.2.11): unit, quantity, scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medview.core.volume import ModalityTransform
from medview.dicom import object_values as ov
from medview.dicom.header import as_floats, as_number, as_text
from medview.dicom.tags import tag

_MAPPING = tag(0x0040, 0x9096)
_SLOPE = tag(0x0040, 0x9225)
_INTERCEPT = tag(0x0040, 0x9224)
_LUT = tag(0x0040, 0x9212)
_FIRST = tag(0x0040, 0x9216)
_LABEL = tag(0x0040, 0x9210)
_EXPLANATION = tag(0x0028, 0x3003)
_UNITS = tag(0x0040, 0x08EA)
_QUANTITY = tag(0x0040, 0x9220)
_CONCEPT_NAME = tag(0x0040, 0xA043)
_CONCEPT = tag(0x0040, 0xA168)
_DOSE_UNITS = tag(0x3004, 0x0002)
_DOSE_TYPE = tag(0x3004, 0x0004)
_DOSE_SUMMATION = tag(0x3004, 0x000A)
_DOSE_SCALING = tag(0x3004, 0x000E)

_WANTED = {
    _MAPPING: ov.SEQUENCE, _SLOPE: ov.DOUBLES, _INTERCEPT: ov.DOUBLES, _LUT: ov.DOUBLES, _FIRST: ov.SHORTS, _LABEL: ov.TEXT,
    _EXPLANATION: ov.TEXT, _UNITS: ov.SEQUENCE, _QUANTITY: ov.SEQUENCE, _CONCEPT_NAME: ov.SEQUENCE, _CONCEPT: ov.SEQUENCE,
    ov.SHARED_GROUPS: ov.SEQUENCE, ov.FRAME_GROUPS: ov.SEQUENCE, _DOSE_UNITS: ov.TEXT, _DOSE_TYPE: ov.TEXT, _DOSE_SUMMATION: ov.TEXT,
    _DOSE_SCALING: ov.TEXT, **ov.CODES,
}  # fmt: skip

_QUANTITY_CODES = frozenset({"246205007", "G-C1C6"})
"""SNOMED CT / SRT: Quantity."""


@dataclass(frozen=True, eq=False)
class ValueMapping:
    """Stored → real world values of an object's frames, as its file says."""

    transform: ModalityTransform
    unit: str
    quantity: str
    kind: str
    frames: tuple[int, ...] = ()
    """Numbers of the frames that it belongs to, in the order of the slopes of ``transform``."""


def read_dose_mapping(path: str) -> ValueMapping:
    """Dose = stored value × DoseGridScaling; in Gy or relative."""
    values = ov.read_object(path, _WANTED).values
    scaling = as_number(values.get(_DOSE_SCALING))
    unit = "Gy" if as_text(values.get(_DOSE_UNITS)).upper() == "GY" else "relative"
    said = " ".join(as_text(values.get(key)).lower() for key in (_DOSE_TYPE, _DOSE_SUMMATION))
    return ValueMapping(ModalityTransform(np.array([scaling or 1.0])), unit, "dose", said.strip())


def read_map_mappings(path: str, frames: int) -> tuple[ValueMapping, ...]:
    """What the values of an object's ``frames`` mean; none where it has no Real World Value Mapping, so that they mean nothing.

    Frames of other quantities are maps of their own, and so is each further meaning of the same stored values.
    """
    values = ov.read_object(path, _WANTED).values
    charset = values.get(ov.CHARSET)
    shared = _items((values.get(ov.SHARED_GROUPS) or [{}])[0]) or _items(values)
    groups = values.get(ov.FRAME_GROUPS) or []
    found: dict[tuple[Any, ...], list[tuple[int, dict[int, Any]]]] = {}
    for number in range(frames):
        own = _items(groups[number]) if number < len(groups) else []
        for at, item in enumerate(own or shared):
            unit = ov.coded(item.get(_UNITS), charset)
            said = _unit_text(unit.value, unit.meaning) if unit is not None else ""
            key = (at, _name_of(item, charset), said, as_floats(item.get(_LUT)))
            found.setdefault(key, []).append((number, item))
    return tuple(_mapping(name, unit, lut, items) for (_at, name, unit, lut), items in found.items())


def _mapping(name: str, unit: str, lut: tuple[float, ...], items: list[tuple[int, dict[int, Any]]]) -> ValueMapping:
    """One map's values, frame by frame."""
    numbers = tuple(number for number, _item in items)
    if lut:
        begin = np.frombuffer(items[0][1].get(_FIRST) or b"\0\0", "<u2", 1)[0]
        return ValueMapping(ModalityTransform(lut=np.array(lut), lut_first=int(begin)), unit, name, "", numbers)
    slopes = np.array([_number(item, _SLOPE, 1.0) for _at, item in items])
    intercepts = np.array([_number(item, _INTERCEPT, 0.0) for _at, item in items])
    return ValueMapping(ModalityTransform(slopes, intercepts), unit, name, "", numbers)


def _name_of(mapping: dict[int, Any], charset: bytes | None) -> str:
    quantity = ""
    for one in mapping.get(_QUANTITY) or ():
        name = ov.coded(one.get(_CONCEPT_NAME), charset)
        concept = ov.coded(one.get(_CONCEPT), charset)
        if concept is not None and (name is None or name.value in _QUANTITY_CODES or not quantity):
            quantity = concept.meaning
    return quantity or ov.words(mapping, _EXPLANATION, charset) or ov.words(mapping, _LABEL, charset)


def _items(group: dict[int, Any]) -> list[dict[int, Any]]:
    return list(group.get(_MAPPING) or ())


def _number(item: dict[int, Any], key: int, otherwise: float) -> float:
    numbers = as_floats(item.get(key))
    return numbers[0] if numbers else otherwise


def _unit_text(value: str, meaning: str) -> str:
    """A UCUM code as a reader writes it: "1" and "{…}" are no units to print, unless nothing else is said."""
    if value in {"1", ""} or value.startswith("{"):
        value = "" if meaning.lower() in {"no units", "unity", ""} else meaning
    return value.replace("um2/s", "µm²/s").replace("mm2/s", "mm²/s")
