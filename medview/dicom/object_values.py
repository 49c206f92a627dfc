"""Attributes of objects that lie over images, read by medview's own parser: texts, codes, colours, references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from medview.core.finding import Code, Colour
from medview.core.problem import MedviewError
from medview.dicom.charset import codecs_of, decode_text
from medview.dicom.element_kinds import DOUBLES, FLOATS, LONGS, SEQUENCE, SHORTS, STOP, TEXT
from medview.dicom.elements import RawInstance, Values, read_elements
from medview.dicom.file_start import BrokenElements, NotDicom
from medview.dicom.header import as_integer, as_shorts, as_text
from medview.dicom.tags import tag

CHARSET = tag(0x0008, 0x0005)
SOP_CLASS = tag(0x0008, 0x0016)
SOP_UID = tag(0x0008, 0x0018)
MODALITY = tag(0x0008, 0x0060)
MANUFACTURER = tag(0x0008, 0x0070)
SERIES_DESCRIPTION = tag(0x0008, 0x103E)
STUDY_UID = tag(0x0020, 0x000D)
SERIES_UID = tag(0x0020, 0x000E)
FRAME_OF_REFERENCE = tag(0x0020, 0x0052)
CODE_VALUE = tag(0x0008, 0x0100)
CODE_SCHEME = tag(0x0008, 0x0102)
CODE_MEANING = tag(0x0008, 0x0104)
CODE_LONG = tag(0x0008, 0x0119)
CODE_URN = tag(0x0008, 0x0120)
REFERENCED_UID = tag(0x0008, 0x1155)
REFERENCED_FRAME = tag(0x0008, 0x1160)
REFERENCED_SERIES = tag(0x0008, 0x1115)
REFERENCED_IMAGES = tag(0x0008, 0x1140)
REFERENCED_INSTANCES = tag(0x0008, 0x114A)
SOURCE_IMAGES = tag(0x0008, 0x2112)
DERIVATION = tag(0x0008, 0x9124)
STUDIES_WITH_OTHER = tag(0x0008, 0x1200)
CONTENT_LABEL = tag(0x0070, 0x0080)
CONTENT_DESCRIPTION = tag(0x0070, 0x0081)
CREATOR = tag(0x0070, 0x0084)
SHARED_GROUPS = tag(0x5200, 0x9229)
FRAME_GROUPS = tag(0x5200, 0x9230)

# Structure sets, doses
STRUCTURE_SET_LABEL = tag(0x3006, 0x0002)
STRUCTURE_SET_NAME = tag(0x3006, 0x0004)
RT_FRAMES = tag(0x3006, 0x0010)
RT_STUDIES = tag(0x3006, 0x0012)
RT_SERIES = tag(0x3006, 0x0014)
RT_IMAGES = tag(0x3006, 0x0016)

_REFERENCES = {
    CHARSET: TEXT, SOP_CLASS: TEXT, SOP_UID: TEXT, MODALITY: TEXT, MANUFACTURER: TEXT, SERIES_DESCRIPTION: TEXT, STUDY_UID: TEXT,
    SERIES_UID: TEXT, FRAME_OF_REFERENCE: TEXT, REFERENCED_UID: TEXT, REFERENCED_FRAME: TEXT, CONTENT_LABEL: TEXT,
    CONTENT_DESCRIPTION: TEXT, CREATOR: TEXT, STRUCTURE_SET_LABEL: TEXT, STRUCTURE_SET_NAME: TEXT, REFERENCED_SERIES: SEQUENCE,
    REFERENCED_IMAGES: SEQUENCE, REFERENCED_INSTANCES: SEQUENCE, SOURCE_IMAGES: SEQUENCE, RT_FRAMES: SEQUENCE,
    RT_STUDIES: SEQUENCE, RT_SERIES: SEQUENCE, RT_IMAGES: SEQUENCE,
}  # fmt: skip
_PIXELS = {tag(0x7FE0, 0x0010): STOP, tag(0x7FE0, 0x0008): STOP, tag(0x7FE0, 0x0009): STOP}
_DERIVATIONS = {DERIVATION: SEQUENCE, SHARED_GROUPS: SEQUENCE, FRAME_GROUPS: SEQUENCE}

CODES = {CODE_VALUE: TEXT, CODE_SCHEME: TEXT, CODE_MEANING: TEXT, CODE_LONG: TEXT, CODE_URN: TEXT, CHARSET: TEXT}

__all__ = ["DOUBLES", "FLOATS", "LONGS", "SEQUENCE", "SHORTS", "TEXT"]


@dataclass(frozen=True, slots=True)
class ObjectReferences:
    """What an object says of itself and of the images that it belongs to."""

    path: str
    sop_class: str
    title: str
    creator: str
    frame_of_reference: str
    series: frozenset[str]
    instances: frozenset[str]


def read_object(path: str, wanted: dict[int, frozenset[int]]) -> RawInstance:
    """The wanted attributes up to the pixels; raises MedviewError ``cannot_read`` or ``broken_header``."""
    try:
        return read_elements(path, 1 << 16, wanted={**wanted, **_PIXELS})
    except OSError as error:
        raise MedviewError("cannot_read", f"{path} cannot be read ({error.strerror or error}).", path) from error
    except (NotDicom, BrokenElements) as error:
        text = f"{path} cannot be read as DICOM: {error}."
        raise MedviewError("broken_header", text, path, values=(str(error),)) from error


def read_references(path: str) -> ObjectReferences:
    """What the object in ``path`` refers to: the series and images named by its sequences, or by its frames."""
    values = read_object(path, _REFERENCES).values
    series, instances = set[str](), set[str]()
    _collect(values, series, instances)
    if not instances:
        values = {**read_object(path, {**_REFERENCES, **_DERIVATIONS}).values}
        _collect(values, series, instances)
    series.discard(as_text(values.get(SERIES_UID)))
    reference = as_text(values.get(FRAME_OF_REFERENCE))
    frames = [as_text(item.get(FRAME_OF_REFERENCE)) for item in values.get(RT_FRAMES) or ()]
    title = first_text(values, STRUCTURE_SET_LABEL, STRUCTURE_SET_NAME)
    if not title and as_text(values.get(MODALITY)) == "PR":
        title = first_text(values, CONTENT_LABEL)
    title = title or first_text(values, SERIES_DESCRIPTION, CONTENT_DESCRIPTION, CONTENT_LABEL)
    return ObjectReferences(
        path,
        as_text(values.get(SOP_CLASS)),
        title,
        first_text(values, CREATOR, MANUFACTURER).replace("^", " ").strip(),
        reference or next((name for name in frames if name), ""),
        frozenset(series - {""}),
        frozenset(instances - {""}),
    )


def _collect(values: Values, series: set[str], instances: set[str]) -> None:
    for key, value in values.items():
        if isinstance(value, list):
            for item in value:
                _collect(item, series, instances)
        elif key == REFERENCED_UID:
            instances.add(as_text(value))
        elif key == SERIES_UID:
            series.add(as_text(value))


def words(values: Values, key: int, charset: bytes | None = None) -> str:
    """A text in its character set (the item's own, or its data set's)."""
    return decode_text(values.get(key), codecs_of(values.get(CHARSET) or charset))


def first_text(values: Values, *keys: int) -> str:
    """The first of several texts that says something."""
    return next((found for key in keys if (found := words(values, key))), "")


def coded(items: list[Values] | None, charset: bytes | None = None) -> Code | None:
    """The first item of a code sequence (PS3.3 8.8)."""
    if not items:
        return None
    item = items[0]
    value = first_text(item, CODE_VALUE, CODE_LONG, CODE_URN)
    meaning = words(item, CODE_MEANING, charset)
    return Code(value, words(item, CODE_SCHEME), meaning) if value or meaning else None


def numbers_of(value: bytes | None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """All numbers of a long DS value; those that are none become NaN."""
    if not value:
        return np.zeros(0)
    text = value.replace(b"\0", b" ").decode("latin-1")
    try:
        return np.array(text.split("\\"), dtype=np.float64)
    except ValueError:
        return np.array([_number(part) for part in text.split("\\")])


_DECIMAL = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$")


def _number(text: str) -> float:
    return float(text) if _DECIMAL.match(text) else float("nan")


def referenced_frames(value: bytes | None) -> tuple[int, ...]:
    """0-based frames of a ReferencedFrameNumber; empty means all."""
    parts = (as_integer(part) for part in (value or b"").split(b"\\") if part.strip(b" \0"))
    return tuple(part - 1 for part in parts if part is not None and part > 0)


def image_references(items: Iterable[Values]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """(SOP Instance UID, 0-based frames or none for all) of the items of an image reference sequence."""
    for item in items:
        name = as_text(item.get(REFERENCED_UID))
        if name:
            yield name, referenced_frames(item.get(REFERENCED_FRAME))


def colour_of_cielab(value: bytes | None) -> Colour | None:
    """A CIELab display colour (PS3.3 C.10.7.1.1, D50 white) as sRGB; None where there is none."""
    stored = as_shorts(value)
    if len(stored) != 3:
        return None
    lightness = stored[0] * 100 / 65535
    a, b = (part * 255 / 65535 - 128 for part in stored[1:])
    y = (lightness + 16) / 116
    relative = np.array([y + a / 500, y, y - b / 200])
    cubes = np.where(relative > 6 / 29, relative**3, 3 * (6 / 29) ** 2 * (relative - 4 / 29))
    xyz = cubes * np.array([0.96422, 1.0, 0.82521])
    # D50 → linear sRGB (Bradford adapted).
    matrix = np.array(
        [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]]
    )
    linear = np.clip(matrix @ xyz, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (round(float(channel) * 255) for channel in encoded)
    return (red, green, blue)
