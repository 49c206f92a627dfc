"""Structured reports and key object selections of every SOP class, read as one kind of document (PS3.3 C.17, C.18).

The tree is read as it stands, whatever template it follows: a viewer that knew only some templates would hide the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from medview.core.finding import Code
from medview.core.problem import MedviewError
from medview.core.report import ObjectReference, Observer, Report, ReportGraphic, ReportItem
from medview.dicom.data_elements import ElementFile
from medview.dicom.fields import Fields

MAX_ITEMS = 50_000
MAX_DEPTH = 48
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"

_CONTENT = 0x0040A730
_VALUE_TYPE = 0x0040A040
_NAME = 0x0040A043
_RELATIONSHIP = 0x0040A010
_REFERENCED_POSITION = 0x0040DB73
_OBSERVED = 0x0040A032
_GRAPHIC_TYPE = 0x00700023
_GRAPHIC_DATA = 0x00700022
_REFERENCED_OBJECTS = 0x00081199
_CONCEPT_CODE = 0x0040A168

_TABLE = 0x0040A801
_ROWS, _COLUMNS, _ROW, _COLUMN = 0x0040A802, 0x0040A803, 0x0040A804, 0x0040A805
_UNITS = 0x004008EA
_SELECTOR_VALUES = range(0x0072005E, 0x00720084)

_TEXT_OF_TYPE = {
    "TEXT": 0x0040A160,
    "DATETIME": 0x0040A120,
    "DATE": 0x0040A121,
    "TIME": 0x0040A122,
    "PNAME": 0x0040A123,
    "UIDREF": 0x0040A124,
}


def read_report(path: str) -> Report:
    """Read a document.

    Raises OSError, and MedviewError: not_dicom, deflate_bomb, codec_failed, ``no_report`` for a file without content. What
    is broken inside is left out and named in ``faults``.
    """
    with ElementFile(path) as file:
        fields = Fields.of(file)
        if _CONTENT not in fields and _NAME not in fields:
            raise MedviewError("no_report", f"{path} holds no structured report.", path)
        reading = _Reading()
        items = _resolved(reading.items(fields, "1", 1), reading.by_position)
        sop_class = fields.text(0x00080016)
        return Report(
            path=path,
            sop_uid=fields.text(0x00080018),
            sop_class=sop_class,
            title=fields.code(_NAME),
            patient_name=fields.text(0x00100010),
            patient_id=fields.text(0x00100020),
            patient_birth_date=fields.text(0x00100030),
            patient_sex=fields.text(0x00100040),
            study_uid=fields.text(0x0020000D),
            study_date=fields.text(0x00080020),
            study_description=fields.text(0x00081030),
            accession=fields.text(0x00080050),
            content_date=fields.text(0x00080023),
            content_time=fields.text(0x00080033),
            institution=fields.text(0x00080080),
            manufacturer=" ".join(part for part in (fields.text(0x00080070), fields.text(0x00081090)) if part),
            completion=fields.text(0x0040A491),
            completion_description=fields.text(0x0040A492),
            verification=fields.text(0x0040A493),
            preliminary=fields.text(0x0040A496),
            verified_by=tuple(_observers(fields)),
            template=_template(fields),
            predecessors=len(fields.items(0x0040A360)),
            is_key_objects=sop_class == KEY_OBJECTS or fields.text(0x00080060) == "KO",
            items=items,
            faults=tuple(dict.fromkeys(reading.faults)),
        )


def _observers(fields: Fields) -> Iterator[Observer]:
    for item in fields.items(0x0040A073):
        yield Observer(item.text(0x0040A075), item.text(0x0040A027), item.text(0x0040A030))


def _template(fields: Fields) -> str:
    used = fields.item(0x0040A504)
    return "" if used is None else " ".join(part for part in (used.text(0x00080105), used.text(0x0040DB00)) if part)


class _Reading:
    """One pass over a document: how many items there were, and what was wrong."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.by_position: dict[str, ReportItem] = {}
        """Items by where they stand."""
        self._count = 0

    def items(self, parent: Fields, position: str, depth: int) -> tuple[ReportItem, ...]:
        """The content items below one."""
        if depth > MAX_DEPTH:
            self.faults.append("too_deep")
            return ()
        found = []
        element = parent.element(_CONTENT)
        if element is not None and element.fault:
            self.faults.append("truncated")
        for number, fields in enumerate(parent.items(_CONTENT), 1):
            self._count += 1
            if self._count > MAX_ITEMS:
                self.faults.append("too_many")
                break
            item = self._item(fields, f"{position}.{number}", depth)
            self.by_position[item.position] = item
            found.append(item)
        return tuple(found)

    def _item(self, fields: Fields, position: str, depth: int) -> ReportItem:
        relationship = fields.text(_RELATIONSHIP)
        refers = fields.numbers(_REFERENCED_POSITION)
        if refers and not fields.text(_VALUE_TYPE):
            where = ".".join(str(int(number)) for number in refers)
            return ReportItem(relationship, "", None, position=position, refers_to=where)
        value_type = fields.text(_VALUE_TYPE).upper()
        text, code, unit, qualifier = self._value(fields, value_type)
        items = self.items(fields, position, depth + 1)
        if value_type == "TABLE":
            items = (*self._rows(fields, position), *items)
        images = _references(fields) if value_type in {"IMAGE", "COMPOSITE", "WAVEFORM"} else ()
        graphic = _graphic(fields) if value_type in {"SCOORD", "SCOORD3D"} else None
        if graphic is not None:
            images = tuple(image for item in items if item.value_type == "IMAGE" for image in item.images)
        return ReportItem(
            relationship,
            value_type,
            fields.code(_NAME),
            text,
            code,
            unit,
            qualifier,
            images,
            graphic,
            fields.text(_OBSERVED),
            position,
            continuous=fields.text(0x0040A050).upper() == "CONTINUOUS",
            items=items,
        )

    def _rows(self, fields: Fields, position: str) -> tuple[ReportItem, ...]:
        """The rows of a table as containers of their cells, each with the name and unit of its column (PS3.3 C.18.10)."""
        table = fields.item(_TABLE)
        if table is None:
            return ()
        defined = {
            number: {item.integer(number): item for item in table.items(sequence)}
            for sequence, number in ((0x0040A806, _ROW), (0x0040A807, _COLUMN))
        }
        rows: dict[int, list[ReportItem]] = {}
        for cell in table.items(0x0040A808):
            self._count += 1
            if self._count > MAX_ITEMS:
                self.faults.append("too_many")
                break
            row, column = cell.integer(_ROW) or 0, cell.integer(_COLUMN) or 0
            about = [item for item in (defined[_COLUMN].get(column), defined[_ROW].get(row)) if item is not None]
            unit = next((code for code in (item.code(_UNITS) for item in about) if code is not None), None)
            name = about[0].code(_NAME) if about and column in defined[_COLUMN] else None
            name = name or Code("", "", str(column))
            kind, text = _cell_value(cell)
            rows.setdefault(row, []).append(ReportItem("CONTAINS", kind, name, text, None, unit, position=position))
        found = []
        for row in sorted(rows):
            named = defined[_ROW].get(row)
            name = (named.code(_NAME) if named is not None else None) or Code("", "", str(row))
            found.append(ReportItem("CONTAINS", "CONTAINER", name, position=position, items=tuple(rows[row])))
        return tuple(found)

    def _value(self, fields: Fields, value_type: str) -> tuple[str, Code | None, Code | None, Code | None]:
        """(words, code, unit, qualifier) of an item."""
        if value_type in _TEXT_OF_TYPE:
            return fields.text(_TEXT_OF_TYPE[value_type]), None, None, None
        if value_type == "CODE":
            code = fields.code(_CONCEPT_CODE)
            return ("" if code is None else code.meaning or code.value), code, None, None
        if value_type == "NUM":
            qualifier = fields.code(0x0040A301)
            measured = fields.item(0x0040A300)
            if measured is None:
                return "", None, None, qualifier
            return measured.text(0x0040A30A), None, measured.code(0x004008EA), qualifier
        if value_type == "TCOORD":
            return _times(fields), None, None, None
        if value_type == "CONTAINER":
            return "", None, None, None
        if value_type == "TABLE":
            table = fields.item(_TABLE)
            rows, columns = (0, 0) if table is None else (table.integer(_ROWS) or 0, table.integer(_COLUMNS) or 0)
            return f"{rows} × {columns}", None, None, None
        return "", None, None, None


def _resolved(items: tuple[ReportItem, ...], by_position: dict[str, ReportItem]) -> tuple[ReportItem, ...]:
    """The items again, each reference by position with what it points at, as CAD reports name their images (PS3.3 C.17.3.2.4).

    Only the name, the images and the coordinates of what is pointed at: its tree stands where it stands.
    """
    found = []
    for item in items:
        if item.refers_to:
            target = by_position.get(item.refers_to)
            if target is not None and not target.refers_to:
                item = replace(item, name=target.name, text=target.text, images=target.images)
        elif item.items:
            below = _resolved(item.items, by_position)
            images = item.images
            if item.graphic is not None and not images:
                images = tuple(
                    image
                    for one in below
                    if one.relationship == "SELECTED FROM" or one.refers_to
                    for image in one.images
                )
            item = replace(item, items=below, images=images)
        found.append(item)
    return tuple(found)


def _cell_value(cell: Fields) -> tuple[str, str]:
    """(value type, words) of a cell, whichever of the selector values of every VR it has (PS3.3 table 10-20)."""
    for tag in _SELECTOR_VALUES:
        element = cell.element(tag)
        if element is None:
            continue
        if element.is_sequence:
            return "CODE", ", ".join(code.meaning or code.value for code in cell.codes(tag))
        if element.vr in {"US", "SS", "UL", "SL", "FL", "FD", "UV", "SV"}:
            return "NUM", ", ".join(f"{number:.10g}" for number in cell.numbers(tag))
        return ("NUM" if element.vr in {"DS", "IS"} else "TEXT"), ", ".join(cell.texts(tag))
    return "TEXT", ""


def _times(fields: Fields) -> str:
    """A TCOORD: its kind and the samples, offsets in s or instants that it names."""
    kind = fields.text(0x0040A130)
    samples, offsets = fields.numbers(0x0040A132), fields.numbers(0x0040A138)
    if samples:
        told = ", ".join(f"{sample:g}" for sample in samples[:32])
    elif offsets:
        told = ", ".join(f"{offset:g} s" for offset in offsets[:32])
    else:
        told = ", ".join(fields.texts(0x0040A13A)[:32])
    return f"{kind} {told}".strip()


def _references(fields: Fields) -> tuple[ObjectReference, ...]:
    found = []
    for item in fields.items(_REFERENCED_OBJECTS):
        frames = tuple(int(number) for number in item.numbers(0x00081160))
        segments = tuple(int(number) for number in item.numbers(0x0062000B))
        channels = [int(number) for number in item.numbers(0x0040A0B0)]
        pairs = tuple(zip(channels[::2], channels[1::2], strict=False))
        found.append(ObjectReference(item.text(0x00081150), item.text(0x00081155), frames, segments, pairs))
    return tuple(found)


def _graphic(fields: Fields) -> ReportGraphic | None:
    numbers = fields.numbers(_GRAPHIC_DATA)
    frame_of_reference = fields.text(0x30060024)
    size = 3 if fields.text(_VALUE_TYPE).upper() == "SCOORD3D" else 2
    if not numbers or len(numbers) % size:
        return None
    points = tuple(tuple(numbers[at : at + size]) for at in range(0, len(numbers), size))
    return ReportGraphic(fields.text(_GRAPHIC_TYPE).upper(), points, frame_of_reference)
