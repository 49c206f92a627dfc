"""The data elements of a file as rows that can be shown: names, values made safe, nested sequences on demand."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from medview.core.plain_text import visible_text
from medview.core.problem import MedviewError
from medview.dicom.charset import codecs_of, decode_text
from medview.dicom.data_elements import CHARACTER_SET, ITEM, MAX_DEPTH, PIXEL_DATA, UNDEFINED, Element, ElementFile
from medview.dicom.dictionary import Entry, private_entry, standard_entry, tag_text

PREVIEW_BYTES = 512
PREVIEW_LETTERS = 200
WHOLE_BYTES = 1 << 20
"""Most bytes of a value that are shown in full; binary ones as far as `WHOLE_HEX`."""
WHOLE_HEX = 4096
MAX_ROWS = 400_000

_TEXTS = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())  # noqa: SIM905 - read as a list of VRs
_ENCODED = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
_BULK = {"OW": "H", "OF": "f", "OD": "d", "OL": "I", "OV": "Q"}


@dataclass(frozen=True, slots=True)
class TagRow:
    """One element or item.

    ``path`` names it inside the file: a tag, then an item number from 1 and a tag for each level. ``value`` is a safe
    preview; ``is_cut`` says that there is more. ``count`` is the number of items of a sequence.
    """

    path: tuple[int, ...]
    element: Element
    vr: str
    name: str
    keyword: str
    value: str
    length: int
    is_cut: bool = False
    count: int = 0
    creator: str = ""
    is_binary: bool = False

    @property
    def is_item(self) -> bool:
        """Whether it is an item of a sequence."""
        return self.element.tag == ITEM

    @property
    def has_children(self) -> bool:
        """Whether there is a level below."""
        return self.element.end > self.element.start if self.is_item else self.count > 0

    @property
    def tag(self) -> str:
        """``(0008,0060)``, or the number of an item."""
        if self.is_item:
            return f"#{self.path[-1]}"
        return tag_text(self.element.tag) if self.element.tag else ""

    @property
    def place(self) -> str:
        """The path as words: ``(0040,A730)[2].(0040,A043)``."""
        parts = []
        for at, number in enumerate(self.path):
            parts.append(f"[{number}]" if at % 2 else ("." if at else "") + tag_text(number))
        return "".join(parts)


def read_level(path: str, parent: TagRow | None = None, codecs: tuple[str, ...] | None = None) -> list[TagRow]:
    """The rows below ``parent``, or the first level with the file meta elements before it.

    ``codecs`` is the character set around the parent. Raises OSError and MedviewError of `ElementFile`.
    """
    with ElementFile(path) as file:
        return list(_rows(file, parent, codecs or level_codecs(file)))


def level_codecs(file: ElementFile) -> tuple[str, ...]:
    """The character set of the data set."""
    for element in file.elements():
        if element.tag == CHARACTER_SET:
            return codecs_of(file.value(element, 1024).strip(b" \0"))
        if element.tag > CHARACTER_SET:
            break
    return codecs_of(None)


def walk_tags(path: str, checkpoint: Callable[[int], None] = lambda _done: None) -> Iterator[TagRow]:
    """All rows of a file in their order, sequences opened, at most `MAX_ROWS`; ``checkpoint`` may raise to stop it."""
    with ElementFile(path) as file:
        stack: list[Iterator[TagRow]] = [_rows(file, None, level_codecs(file))]
        inner = [level_codecs(file)]
        done = 0
        while stack:
            row = next(stack[-1], None)
            if row is None:
                stack.pop()
                inner.pop()
                continue
            yield row
            done += 1
            if done % 500 == 0:
                checkpoint(done)
            if done >= MAX_ROWS:
                return
            if row.has_children and len(stack) < 2 * MAX_DEPTH:
                stack.append(_rows(file, row, inner[-1]))
                inner.append(inner[-1])


def _rows(file: ElementFile, parent: TagRow | None, codecs: tuple[str, ...]) -> Iterator[TagRow]:
    elements = [*file.meta(), *file.elements()] if parent is None else file.children(parent.element)
    path = () if parent is None else parent.path
    if parent is not None and not parent.is_item:
        for number, element in enumerate(elements, 1):
            yield _item_row(file, (*path, number), element)
        return
    creators: dict[tuple[int, int], str] = {}
    for element in elements:
        if element.tag == CHARACTER_SET:
            codecs = codecs_of(file.value(element, 1024).strip(b" \0"))
        group, number = element.tag >> 16, element.tag & 0xFFFF
        creator = ""
        if group & 1:
            if 0x10 <= number <= 0xFF:
                creators[group, number] = decode_text(file.value(element, 64), codecs)
            creator = creators.get((group, number >> 8), "")
        yield _element_row(file, (*path, element.tag), element, codecs, creator)


def _item_row(file: ElementFile, path: tuple[int, ...], element: Element) -> TagRow:
    if not element.tag:
        return _fault_row(path, element)
    return TagRow(path, element, "", "", "", _summary(file, element), element.end - element.start)


def _summary(file: ElementFile, item: Element) -> str:
    """What an item is about, from a code or a label in its first elements."""
    codecs = codecs_of(None)
    told = ""
    for child in file.children(item)[:12]:
        if child.tag == 0x00080104:
            return _preview(decode_text(file.value(child, 128), codecs))
        if child.tag in {0x00081155, 0x00080100, 0x300A00C2, 0x30060026, 0x00620005, 0x003A0203, 0x0040A040}:
            told = told or _preview(decode_text(file.value(child, 128), codecs))
    return told


def _preview(text: str) -> str:
    return visible_text(text, PREVIEW_LETTERS, lines=False)


def _fault_row(path: tuple[int, ...], element: Element) -> TagRow:
    return TagRow(path, element, "", "", "", "", element.end - element.start)


def _element_row(
    file: ElementFile, path: tuple[int, ...], element: Element, codecs: tuple[str, ...], creator: str
) -> TagRow:
    if not element.tag:
        return _fault_row(path, element)
    entry = _entry(element, creator)
    vr = element.vr
    if vr == "UN" and entry.vr:
        vr = entry.vr.split(" or ")[0]
    length = element.end - element.start
    if element.is_sequence:
        count = sum(1 for item in file.children(element) if item.tag)
        return TagRow(path, element, "SQ", entry.name, entry.keyword, "", length, count=count, creator=creator)
    value, is_cut, is_binary = _value(file, element, vr, codecs, PREVIEW_BYTES)
    if len(value) > PREVIEW_LETTERS:
        value, is_cut = value[:PREVIEW_LETTERS] + "…", True
    return TagRow(
        path, element, element.vr, entry.name, entry.keyword, value, length, is_cut, 0, creator, is_binary
    )  # fmt: skip


def _entry(element: Element, creator: str) -> Entry:
    if (element.tag >> 16) & 1 and (element.tag & 0xFFFF) > 0xFF:
        return private_entry(element.tag, creator) if creator else Entry()
    return standard_entry(element.tag)


def whole_value(path: str, row: TagRow, codecs: tuple[str, ...] | None = None) -> str:
    """The value of a row as far as it is ever shown; a text keeps its lines. Raises as `read_level`."""
    with ElementFile(path) as file:
        vr = row.vr
        if vr == "UN":
            vr = _entry(row.element, row.creator).vr.split(" or ")[0] or "UN"
        limit = WHOLE_HEX if row.is_binary else WHOLE_BYTES
        value, is_cut, _binary = _value(file, row.element, vr, codecs or level_codecs(file), limit, lines=True)
        return value + ("…" if is_cut and not value.endswith("…") else "")


def _value(
    file: ElementFile, element: Element, vr: str, codecs: tuple[str, ...], limit: int, lines: bool = False
) -> tuple[str, bool, bool]:
    """(safe words, whether there is more, whether it is shown as bytes)."""
    length = element.end - element.start
    data = file.value(element, limit)
    is_cut = length > len(data)
    if vr in _TEXTS:
        text = decode_text(data, codecs if vr in _ENCODED else ("latin-1",), vr == "PN")
        if is_cut:
            text = text.rstrip("\ufffd")
        return visible_text(text, lines=lines), is_cut, False
    order = ">" if element.writing.big else "<"
    if vr in _NUMBERS:
        return _numbers(data, order + _NUMBERS[vr], is_cut)
    if vr == "AT":
        pairs = struct.unpack(f"{order}{len(data) // 4 * 2}H", data[: len(data) // 4 * 4])
        told = " \\ ".join(f"({a:04X},{b:04X})" for a, b in zip(pairs[::2], pairs[1::2], strict=True))
        return told, is_cut, False
    if vr in _BULK and element.tag != PIXEL_DATA and element.length != UNDEFINED and length <= 64 * 8:
        words, cut, _ = _numbers(data, order + _BULK[vr], is_cut)
        return words, cut, False
    if vr == "UN" and data and _is_readable(data):
        return visible_text(decode_text(data, codecs), lines=lines), is_cut, False
    return _hex(data, limit), is_cut, True


def _numbers(data: bytes, code: str, is_cut: bool) -> tuple[str, bool, bool]:
    size = struct.calcsize(code)
    found = struct.unpack(f"{code[0]}{len(data) // size}{code[1]}", data[: len(data) // size * size])
    told = " \\ ".join(
        repr(number) if code[1] == "d" else f"{number:.9g}" if code[1] == "f" else str(number) for number in found
    )
    rest = data[len(found) * size :]
    if rest and not is_cut:
        told = f"{told} + {_hex(rest, 16)}".strip(" +")
    return told, is_cut, False


def _is_readable(data: bytes) -> bool:
    """Whether bytes of an unknown VR look like text."""
    sample = data[:PREVIEW_BYTES].rstrip(b" \0")
    return bool(sample) and all(32 <= byte < 127 or byte in b"\r\n\t" for byte in sample)


def _hex(data: bytes, limit: int) -> str:
    shown = data if limit >= WHOLE_HEX else data[:24]
    return shown.hex(" ").upper() + ("…" if len(shown) < len(data) else "")


# -------------------------------------------------------------------------------------------- looking for, comparing


def matches(row: TagRow, wanted: str) -> bool:
    """Whether a row has ``wanted`` (in lower case) in its tag, VR, name, keyword, creator or value."""
    compact = wanted.replace(" ", "")
    tag = row.tag.lower()
    if compact in tag or compact in tag.strip("()").replace(",", ""):
        return True
    if len(wanted) == 2 and wanted == row.vr.lower():
        return True
    return (
        wanted in row.name.lower()
        or wanted in row.keyword.lower()
        or wanted in row.value.lower()
        or wanted in row.creator.lower()
    )


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """The same place in two files; None where one has nothing there."""

    first: TagRow | None
    second: TagRow | None
    differs: bool

    @property
    def row(self) -> TagRow:
        """Whichever there is."""
        row = self.first or self.second
        assert row is not None
        return row


def compare_tags(
    first_path: str, second_path: str, checkpoint: Callable[[int], None] = lambda _done: None
) -> list[ComparedRow]:
    """Both files row by row in the order of the tags; values are compared to their last byte. Raises as `read_level`."""
    first = {row.path: row for row in walk_tags(first_path, checkpoint)}
    second = {row.path: row for row in walk_tags(second_path, checkpoint)}
    compared = []
    with ElementFile(first_path) as one, ElementFile(second_path) as other:
        for done, path in enumerate(_united(tuple(first), tuple(second))):
            if done % 500 == 0:
                checkpoint(done)
            a, b = first.get(path), second.get(path)
            compared.append(ComparedRow(a, b, _differ(one, other, a, b)))
    return compared


def _united(first: Sequence[tuple[int, ...]], second: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The paths of both in the order of a data set."""
    return sorted({*first, *second})


def _differ(one: ElementFile, other: ElementFile, a: TagRow | None, b: TagRow | None) -> bool:
    if a is None or b is None:
        return True
    if a.is_item or b.is_item or a.element.is_sequence or b.element.is_sequence:
        return a.element.is_sequence != b.element.is_sequence or a.count != b.count
    same_writing = a.element.writing.big == b.element.writing.big
    if not same_writing:
        return a.value != b.value
    if not a.is_binary and a.value == b.value and not (a.is_cut or b.is_cut):
        return False
    return _bytes_differ(one, other, a.element, b.element)


def _bytes_differ(one: ElementFile, other: ElementFile, a: Element, b: Element) -> bool:
    if a.end - a.start != b.end - b.start:
        return True
    size = 1 << 20
    for at in range(0, a.end - a.start, size):
        end = min(at + size, a.end - a.start)
        if one.read(a.start + at, a.start + end) != other.read(b.start + at, b.start + end):
            return True
    return False


def rows_text(rows: Sequence[TagRow]) -> str:
    """Rows as plain text, nested ones indented, ready to be pasted."""
    lines = []
    for row in rows:
        pad = "  " * (len(row.path) - 1)
        value = f"{row.count}" if row.vr == "SQ" else row.value
        label = row.keyword or row.name or row.creator
        lines.append(f"{pad}{row.tag} {row.vr} {label}: {value}".rstrip(": ").replace("  :", ":"))
    return "\n".join(lines)


def check_readable(path: str) -> None:
    """Raise the error that reading the elements of a file would end with."""
    with ElementFile(path) as file:
        if not file.meta() and not file.elements():
            raise MedviewError("not_dicom", f"{path} is no DICOM file.", path)
