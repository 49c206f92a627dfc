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
    names: tuple[str, ...] = ()
    """What the object calls its quantities or meanings, each once, where it has several."""


def read_dose_mapping(path: str) -> ValueMapping:
    """Dose = stored value × DoseGridScaling; in Gy or relative."""
    values = ov.read_object(path, _WANTED).values
    scaling = as_number(values.get(_DOSE_SCALING))
    unit = "Gy" if as_text(values.get(_DOSE_UNITS)).upper() == "GY" else "relative"
    said = " ".join(as_text(values.get(key)).lower() for key in (_DOSE_TYPE, _DOSE_SUMMATION))
    return ValueMapping(ModalityTransform(np.array([scaling or 1.0])), unit, "dose", said.strip())


def read_map_mapping(path: str, frames: int) -> ValueMapping | None:
    """The first Real World Value Mapping of each frame; None where the object has none, so that its values mean nothing."""
    values = ov.read_object(path, _WANTED).values
    charset = values.get(ov.CHARSET)
    shared = _item((values.get(ov.SHARED_GROUPS) or [{}])[0])
    groups = values.get(ov.FRAME_GROUPS) or []
    items = [_item(groups[at]) if at < len(groups) else None for at in range(frames)]
    every = [
        one for group in (*(values.get(ov.SHARED_GROUPS) or ()), *groups, values) for one in group.get(_MAPPING) or ()
    ]
    named = tuple(dict.fromkeys(_name_of(one, charset) for one in every))
    found = [one or shared or _item(values) for one in items]
    first = next((one for one in found if one is not None), None)
    if first is None:
        return None
    unit = ov.coded(first.get(_UNITS), charset)
    quantity = _name_of(first, charset)
    lut = as_floats(first.get(_LUT))
    if lut:
        begin = (np.frombuffer(first.get(_FIRST) or b"\0\0", "<u2", 1))[0]
        transform = ModalityTransform(lut=np.array(lut), lut_first=int(begin))
    else:
        transform = ModalityTransform(
            np.array([_number(one, _SLOPE, 1.0) for one in found]),
            np.array([_number(one, _INTERCEPT, 0.0) for one in found]),
        )
    said = _unit_text(unit.value, unit.meaning) if unit is not None else ""
    return ValueMapping(transform, said, quantity, "", named)


def _name_of(mapping: dict[int, Any], charset: bytes | None) -> str:
    quantity = ""
    for one in mapping.get(_QUANTITY) or ():
        name = ov.coded(one.get(_CONCEPT_NAME), charset)
        concept = ov.coded(one.get(_CONCEPT), charset)
        if concept is not None and (name is None or name.value in _QUANTITY_CODES or not quantity):
            quantity = concept.meaning
    return quantity or ov.words(mapping, _EXPLANATION, charset) or ov.words(mapping, _LABEL, charset)


def _item(group: dict[int, Any]) -> dict[int, Any] | None:
    items = group.get(_MAPPING)
    return items[0] if items else None


def _number(item: dict[int, Any] | None, key: int, otherwise: float) -> float:
    numbers = as_floats(item.get(key)) if item is not None else ()
    return numbers[0] if numbers else otherwise


def _unit_text(value: str, meaning: str) -> str:
    """A UCUM code as a reader writes it: "1" and "{…}" are no units to print, unless nothing else is said."""
    if value in {"1", ""} or value.startswith("{"):
        value = "" if meaning.lower() in {"no units", "unity", ""} else meaning
    return value.replace("um2/s", "µm²/s").replace("mm2/s", "mm²/s")
