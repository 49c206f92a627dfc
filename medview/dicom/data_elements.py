"""All data elements of a file, level by level: for reports, documents, waveforms and the tag browser.

Unlike the header reader it knows every element and hurries for none. Nothing of a sequence is read before it is asked
for, no recursion follows the file, and a fault ends a level with a word about it instead of an exception. PS3.5 section 7.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from medview.core.problem import MedviewError
from medview.files.byte_source import opened

if TYPE_CHECKING:
    from medview.files.byte_source import ByteSource

UNDEFINED = 0xFFFFFFFF
MAX_DEPTH = 64
WINDOW = 64 * 1024
MAX_ELEMENTS = 100_000
"""More elements than any object holds on one level; beyond it a file is hostile."""
MAX_ITEMS = 100_000
MAX_STEPS = 1_500_000
"""Heads that are passed while looking for the end of one sequence."""

ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_ITEM_BYTES = b"\xfe\xff\x00\xe0"
DEFLATED = "1.2.840.10008.1.2.1.99"
PIXEL_DATA = 0x7FE00010
CHARACTER_SET = 0x00080005

SHORT_VRS = frozenset(
    [
        "AE",
        "AS",
        "AT",
        "CS",
        "DA",
        "DS",
        "DT",
        "FL",
        "FD",
        "IS",
        "LO",
        "LT",
        "PN",
        "SH",
        "SL",
        "SS",
        "ST",
        "TM",
        "UI",
        "UL",
        "US",
    ]
)
LONG_VRS = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])


@dataclass(frozen=True, slots=True)
class Writing:
    """How elements are written: VRs named or not, byte order."""

    explicit: bool = True
    big: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """One element (or, with the tag ``ITEM``, one item of a sequence) and where its value lies.

    ``tag`` is group << 16 | element. ``length`` is as stored, ``end - start`` what there is. ``fault`` says what is
    wrong with it, as a code.
    """

    tag: int
    vr: str
    start: int
    end: int
    length: int
    writing: Writing
    depth: int = 0
    fault: str = ""

    @property
    def is_sequence(self) -> bool:
        """Whether it holds items."""
        return self.vr == "SQ"

    @property
    def is_truncated(self) -> bool:
        """Whether the file ends before its value does."""
        return self.fault == "truncated"


class _Faulty(Exception):  # noqa: N818 - what a level ends with, caught where the level is read
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ElementFile:
    """One DICOM file, open for reading its elements; use it in a ``with``.

    ``path`` may lead into an archive. Raises OSError, and MedviewError ``not_dicom``, ``deflate_bomb`` or ``codec_failed``, when it is opened.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._held = ExitStack()
        self._buffer, self._base = b"", 0
        self._meta: list[Element] = []
        self._bytes: ByteSource | None = self._held.enter_context(opened(path))
        try:
            self.size = self._bytes.size
            self._begin = self._find_begin()
            position = self._read_meta(self._begin)
            self.transfer_syntax = self._meta_text(0x00020010)
            self._data_end = self.size
            if self.transfer_syntax == DEFLATED and self._is_deflated(position):
                self._data_end = self._inflate(position)
                position = 0
            self._data_begin = position
            self.writing = self._guess(position) or Writing(
                self.transfer_syntax not in {"1.2.840.10008.1.2", "1.2.840.113619.5.2"},
                self.transfer_syntax == "1.2.840.10008.1.2.2",
            )
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_what: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._bytes = None
        self._held.close()

    # ------------------------------------------------------------------ bytes

    def read(self, start: int, end: int) -> bytes:
        """Bytes of the data set (of the inflated one where it is deflated); fewer where the file ends."""
        end = min(end, self.size)
        if start >= end:
            return b""
        if self._base <= start and end <= self._base + len(self._buffer):
            return self._buffer[start - self._base : end - self._base]
        if self._bytes is None:
            return self._buffer[start:end]
        if end - start >= WINDOW:
            return self._bytes.read(start, end - start)
        self._buffer, self._base = self._bytes.read(start, min(WINDOW, self.size - start)), start
        return self._buffer[: end - start]

    def value(self, element: Element, limit: int | None = None) -> bytes:
        """The bytes of a value, at most ``limit``."""
        end = element.end if limit is None else min(element.end, element.start + limit)
        return self.read(element.start, end)

    # ------------------------------------------------------------------ levels

    def meta(self) -> list[Element]:
        """The file meta elements (PS3.10 7.1)."""
        return self._meta

    def elements(self) -> list[Element]:
        """The elements of the data set itself."""
        return list(self._level(self._data_begin, self._data_end, self.writing, 0, in_item=False))

    def children(self, parent: Element) -> list[Element]:
        """The items of a sequence, or the elements of an item."""
        if parent.tag == ITEM:
            return list(self._level(parent.start, parent.end, parent.writing, parent.depth, in_item=True))
        if not parent.is_sequence:
            return []
        return list(self._items(parent.start, parent.end, parent.writing, parent.depth + 1))

    def _level(self, position: int, end: int, writing: Writing, depth: int, in_item: bool) -> Iterator[Element]:
        count = 0
        while position + 8 <= end:
            try:
                element = self._element(position, end, writing, depth)
            except _Faulty as fault:
                yield Element(0, "", position, end, end - position, writing, depth, fault.code)
                return
            if element.tag == ITEM_END and in_item:
                return
            if not element.tag:  # zeros behind the data set
                yield Element(0, "", position, end, end - position, writing, depth, "junk_at_end")
                return
            if element.tag in {ITEM, ITEM_END, SEQUENCE_END}:  # delimiters where none belong
                if element.tag == ITEM or element.length:
                    yield Element(0, "", position, end, end - position, writing, depth, "stray_delimiter")
                    return
                position = element.start
                continue
            yield element
            if element.fault:
                return
            after = self._after(element)
            count += 1
            if after <= position or count > MAX_ELEMENTS:
                yield Element(0, "", after, end, max(0, end - after), writing, depth, "too_many")
                return
            position = after
        if 0 < end - position < 8 and any(self.read(position, end)):
            yield Element(0, "", position, end, end - position, writing, depth, "junk_at_end")

    def _after(self, element: Element) -> int:
        """Where the next element begins."""
        if element.length == UNDEFINED:
            return element.end + 8  # the delimiter
        return element.end

    def _element(self, position: int, end: int, writing: Writing, depth: int) -> Element:
        """The element whose head is at ``position``."""
        tag, vr, start, length = self._head(position, writing)
        if tag in {ITEM, ITEM_END, SEQUENCE_END}:
            return Element(tag, "", start, start, length, writing, depth)
        if not vr:
            vr = self._implied_vr(tag, start, length, writing)
        elif vr == "UN" and (length == UNDEFINED or (length >= 8 and self.read(start, start + 4) == _ITEM_BYTES)):
            vr, writing = "SQ", self._writing_inside(start)
        if length == UNDEFINED:
            inner = vr == "SQ"
            found = self._end_of_items(start, end, writing, depth) if inner else self._end_of_fragments(start, end)
            return Element(
                tag, vr, start, found if found is not None else end, length, writing, depth,
                "" if found is not None else "truncated",
            )  # fmt: skip
        if start + length > end:
            return Element(tag, vr, start, end, length, writing, depth, "truncated")
        return Element(tag, vr, start, start + length, length, writing, depth)

    def _writing_inside(self, start: int) -> Writing:
        """How a sequence under the VR UN is written: implicit (PS3.5 6.2.2), though some writers keep their VRs."""
        vr = self.read(start + 12, start + 14).decode("latin-1")
        return Writing(explicit=vr in SHORT_VRS or vr in LONG_VRS)

    def _items(self, position: int, end: int, writing: Writing, depth: int) -> Iterator[Element]:
        if depth > MAX_DEPTH:
            yield Element(0, "", position, end, end - position, writing, depth, "too_deep")
            return
        count = 0
        while position + 8 <= end:
            tag, _vr, start, length = self._head(position, writing)
            if tag == SEQUENCE_END:
                return
            count += 1
            if count > MAX_ITEMS:
                yield Element(0, "", position, end, end - position, writing, depth, "too_many")
                return
            if tag != ITEM:
                yield Element(0, "", position, end, end - position, writing, depth, "no_item")
                return
            if length == UNDEFINED:
                found = self._end_of_level(start, end, writing, depth)
                if found is None:
                    yield Element(ITEM, "", start, end, length, writing, depth, "truncated")
                    return
                yield Element(ITEM, "", start, found, length, writing, depth)
                position = found + 8
            elif start + length > end:
                yield Element(ITEM, "", start, end, length, writing, depth, "truncated")
                return
            else:
                yield Element(ITEM, "", start, start + length, length, writing, depth)
                position = start + length

    # ------------------------------------------------------------------ heads

    def _head(self, position: int, writing: Writing) -> tuple[int, str, int, int]:
        """(tag, VR or "", start of the value, length)."""
        head = self.read(position, position + 12)
        if len(head) < 8:
            raise _Faulty("truncated")
        order = ">" if writing.big else "<"
        group, number = struct.unpack_from(order + "HH", head)
        tag = group << 16 | number
        if writing.explicit and group != 0xFFFE:
            vr = head[4:6].decode("latin-1")
            if vr in SHORT_VRS:
                return tag, vr, position + 8, struct.unpack_from(order + "H", head, 6)[0]
            if vr in LONG_VRS:
                if len(head) < 12:
                    raise _Faulty("truncated")
                return tag, vr, position + 12, struct.unpack_from(order + "I", head, 8)[0]
        return tag, "", position + 8, struct.unpack_from(order + "I", head, 4)[0]

    def _implied_vr(self, tag: int, start: int, length: int, writing: Writing) -> str:
        from medview.dicom.dictionary import standard_vr

        vr = standard_vr(tag)
        if not vr:
            item = b"\xff\xfe\xe0\x00" if writing.big else _ITEM_BYTES
            holds_items = length == UNDEFINED or (length >= 8 and self.read(start, start + 4) == item)
            vr = "SQ" if holds_items else "UN"
        elif vr != "SQ" and length == UNDEFINED and tag != PIXEL_DATA:
            vr = "SQ"
        return vr

    # ------------------------------------------------------------------ ends that the file does not give

    def _end_of_items(self, position: int, end: int, writing: Writing, depth: int) -> int | None:
        """Offset of the delimiter that ends a sequence of undefined length; None where there is none."""
        return self._find_end(position, end, [(SEQUENCE_END, writing)], depth)

    def _end_of_level(self, position: int, end: int, writing: Writing, depth: int) -> int | None:
        return self._find_end(position, end, [(ITEM_END, writing)], depth)

    def _find_end(self, position: int, end: int, open_: list[tuple[int, Writing]], depth: int) -> int | None:
        """Follow nested sequences and items of undefined length with a stack instead of recursion."""
        for _ in range(MAX_STEPS):
            if position + 8 > end:
                return None
            closing, writing = open_[-1]
            try:
                tag, vr, start, length = self._head(position, writing)
            except _Faulty:
                return None
            if tag == closing:
                open_.pop()
                if not open_:
                    return position
                position = start
            elif closing == SEQUENCE_END:
                if tag != ITEM:
                    return None
                if length == UNDEFINED:
                    open_.append((ITEM_END, writing))
                    position = start
                else:
                    position = start + length
            elif length == UNDEFINED:
                if not vr:
                    vr = self._implied_vr(tag, start, length, writing)
                if vr == "UN":
                    open_.append((SEQUENCE_END, self._writing_inside(start)))
                    position = start
                elif vr == "SQ":
                    open_.append((SEQUENCE_END, writing))
                    position = start
                else:
                    fragments = self._end_of_fragments(start, end)
                    if fragments is None:
                        return None
                    position = fragments + 8
            else:
                position = start + length
            if len(open_) + depth > 2 * MAX_DEPTH + 2:
                return None
        return None

    def _end_of_fragments(self, position: int, end: int) -> int | None:
        """Offset of the delimiter after the fragments of encapsulated pixels (PS3.5 A.4)."""
        while position + 8 <= end:
            group, number, length = struct.unpack("<HHI", self.read(position, position + 8))
            tag = group << 16 | number
            if tag == SEQUENCE_END:
                return position
            if tag != ITEM or length == UNDEFINED:
                return None
            position += 8 + length
        return None

    # ------------------------------------------------------------------ the beginning of the file

    def _find_begin(self) -> int:
        begin = self.read(0, 140)
        if begin[128:132] == b"DICM":
            return 132
        if begin[:4] == b"DICM":
            return 4
        if self._guess(0) is None:
            raise MedviewError(
                "not_dicom", f"{self.path} is no DICOM file.", self.path, values=("no DICM mark, no data element",)
            )
        return 0

    def _read_meta(self, position: int) -> int:
        """Take the elements of group 2, always explicit little endian; where they end."""
        while self.read(position, position + 2) == b"\x02\x00":
            try:
                element = self._element(position, self.size, Writing(), 0)
            except _Faulty:
                break
            self._meta.append(element)
            position = self._after(element)
            if element.fault:
                break
        return position

    def _meta_text(self, tag: int) -> str:
        for element in self._meta:
            if element.tag == tag:
                return self.value(element, 256).strip(b" \0").decode("latin-1")
        return ""

    def _guess(self, position: int) -> Writing | None:
        """What the first element of the data set looks like."""
        head = self.read(position, position + 8)
        if len(head) < 8:
            return None
        vr = head[4:6].decode("latin-1")
        known = vr in SHORT_VRS or vr in LONG_VRS
        if head[0] == 0 and 0 < head[1] <= 0x20 and known:
            return Writing(explicit=True, big=True)
        group, number, length = struct.unpack("<HHI", head)
        if known and group <= 0x7FE0:
            return Writing()
        if group <= 0x0020 and number <= 0x4000 and (length <= 0x10000 or length == UNDEFINED):
            return Writing(explicit=False)
        return None

    def _is_deflated(self, position: int) -> bool:
        from medview.dicom.inflate import DEFLATED_LOOK, begins_deflated

        return self._guess(position) is None or begins_deflated(self.read(position, position + DEFLATED_LOOK))

    def _inflate(self, position: int) -> int:
        """Hold the inflated data set from now on; returns its size."""
        from medview.dicom.inflate import inflate_capped

        # The meta elements keep their offsets in the file; their values are read now, while there is a file.
        head = self.read(0, position)
        data = inflate_capped(self.read(position, self.size), self.path)
        self.close()
        # Meta values are put behind the data set, so that one numbering reaches both.
        moved = [
            Element(e.tag, e.vr, e.start + len(data), e.end + len(data), e.length, e.writing, 0, e.fault)
            for e in self._meta
        ]
        self._meta = moved
        self._buffer, self._base, self.size = data + head, 0, len(data) + len(head)
        return len(data)
