"""Reading a DICOM file up to its pixels: few small reads, only the attributes asked for, no dictionary.

Values come out in one form whatever the file's syntax: text as stripped-of-nothing bytes, binary numbers as little
endian bytes, sequences as lists of such mappings. PS3.5 section 7, PS3.10 section 7.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from medview.dicom import tags
from medview.dicom.element_head import (
    ALL_VRS,
    BIG,
    DELIMITERS,
    EXPLICIT,
    IMPLICIT,
    ITEM,
    ITEM_END,
    LONG_VRS,
    SEQUENCE_END,
    SHORT_VRS,
    SQ,
    UN,
    UNDEFINED,
    Head,
    ShortBuffer,
    Syntax,
    head_implicit,
    head_of,
    item_big,
    likely_head_in,
)
from medview.dicom.element_kinds import (
    BYTES,
    DOUBLES,
    LONGS,
    NEEDED,
    NOTHING,
    SEQUENCE,
    SHORTS,
    STOP,
    TABLES,
    TEXT,
    VITAL,
    WANTED,
    Wanted,
)
from medview.dicom.file_start import (
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    GE_IMPLICIT,
    IMPLICIT_LITTLE,
    PAPYRUS_IMPLICIT,
    BrokenElements,
    MetaLayout,
    NotDicom,
    data_set_begins,
    sniffed,
    start_of_elements,
)
from medview.dicom.inflate import DEFLATED_LOOK, begins_deflated, inflate_capped
from medview.dicom.layout import Layout, Pattern, plain_run
from medview.files.byte_source import (
    NOT_THERE,
    OPEN_FLAGS,
    ByteSource,
    FileBytes,
    HeldBytes,
    NotRegularError,
    Stamp,
    opened,
)


@dataclass(slots=True)
class Layouts:
    """What is remembered of the files before, of which the next one is probably like."""

    runs: dict[tuple[bool, int], Layout] = field(default_factory=dict)
    """(explicit VR, number of the run of plain elements) → its layout."""
    meta: MetaLayout = field(default_factory=MetaLayout)
    syntaxes: dict[tuple[bytes, str], tuple[Syntax, str, bool]] = field(default_factory=dict)
    """(first bytes of the data set, declared transfer syntax) → how it is written; only where both agree."""

    def begun(self, explicit: bool, number: int) -> Layout:
        """A layout that is to learn this run."""
        layout = self.runs[explicit, number] = Layout()
        return layout


T_Known = TypeVar("T_Known")

Values = dict[int, Any]
"""Packed tag → bytes, or a list of Values for a sequence."""

FIRST_READ = 16 * 1024
CHUNK = 64 * 1024
MAX_SEQUENCE = 512 << 20
MAX_DAMAGED = 128 << 20
_UID_LETTERS = "0123456789."
_FIRST_GROUPS = (b"\x08\0", b"\0\x08", b"\x04\0")
MAX_DEPTH = 64
MAX_LAYOUTS = 16
MAX_PADDING = 1 << 20
"""How much behind the last element is looked at: nothing but zeros is padding, anything else was not reached."""


_FORMATS = {
    int.from_bytes(vr, "little"): code
    for vr, code in ((b"US", "H"), (b"SS", "h"), (b"UL", "I"), (b"SL", "i"), (b"FL", "f"), (b"FD", "d"), (b"AT", "H"))
}


@dataclass(slots=True)
class RawInstance:
    """What was read: ``values`` by packed tag, and where the pixel element's value lies."""

    values: Values
    transfer_syntax: str = ""
    file_size: int = 0
    big_endian: bool = False
    deflated_at: int | None = None
    pixel_tag: int = 0
    """0 where the data set has no pixel element."""
    pixel_vr: str = "OW"
    pixel_offset: int = 0
    pixel_length: int | None = None
    cut_off: bool = False
    """Whether fragments were seen to go on beyond the end of the file."""
    data_size: int = 0
    """Size of the file, or what is known of the inflated data set."""
    extended: dict[int, tuple[int, int]] = field(default_factory=dict)
    truncated: bool = False
    oddities: tuple[str, ...] = ()
    stamp: Stamp = (0, 0)
    """Of the file on disk when it was read."""
    packed: bool = False
    """Whether it lies compressed in an archive."""
    likeness: tuple[Pattern, ...] | None = None
    """All of it but what an unwanted element holds, where it is like files before: patterns in their order."""

    def notice(self, code: str) -> None:
        """Note what is not as the standard wants it, once."""
        if code not in self.oddities:
            self.oddities += (code,)


def _read_items(
    buf: bytes,
    pos: int,
    end: int | None,
    syntax: Syntax,
    wanted: Wanted,
    depth: int,
    faults: list[str] | None = None,
) -> tuple[list[Values], int]:
    """Items from ``pos`` to ``end`` (None: to the sequence delimiter), and the position after them.

    With ``faults`` a missing delimiter is noted there: what is no item ends the sequence.
    """
    if depth > MAX_DEPTH:
        raise BrokenElements("sequences are nested too deeply")
    items: list[Values] = []
    while end is None or pos < end:
        try:
            if syntax.big:
                group, element, length = item_big(buf, pos)
                tag = group | element << 16
            else:
                tag, length = head_implicit(buf, pos)
        except struct.error:
            raise ShortBuffer from None
        pos += 8
        if tag == ITEM:
            if length == UNDEFINED:
                values, pos = _read_dataset(buf, pos, None, syntax, wanted, depth + 1, faults)
            else:
                if faults is not None and end is not None and pos + length > end:
                    faults.append("missing_delimiter")
                    length = end - pos
                if pos + length > len(buf):
                    raise ShortBuffer
                if wanted:
                    values, _ = _read_dataset(buf, pos, pos + length, syntax, wanted, depth + 1, faults)
                else:
                    values = {}
                pos += length
            if wanted:
                items.append(values)
        elif tag == SEQUENCE_END:
            break
        elif tag != ITEM_END:
            if faults is not None and end is None:
                faults.append("missing_delimiter")
                return items, pos - 8
            raise BrokenElements(f"{tags.tag_name(tag)} where an item should begin")
    return items, pos


def _read_dataset(
    buf: bytes,
    pos: int,
    end: int | None,
    syntax: Syntax,
    wanted: Wanted,
    depth: int,
    faults: list[str] | None = None,
) -> tuple[Values, int]:
    """The wanted elements of an item from ``pos`` to ``end`` (None: to the item delimiter)."""
    values: Values = {}
    while end is None or pos < end:
        tag, vr, start, length = head_of(buf, pos, syntax) if faults is None else likely_head_in(buf, pos, end, syntax)
        if tag == ITEM_END:
            return values, start
        if tag == 0 and length == 0:  # padding; megabytes of it would be read eight bytes at a time
            if end is None:
                raise BrokenElements("zeros where an element should begin")
            return values, end
        if faults is not None and tag in DELIMITERS:
            faults.append("missing_delimiter")
            return values, pos
        kind = wanted.get(tag)
        if length == UNDEFINED or (kind is SEQUENCE and (vr in {0, SQ, UN})):
            inner = IMPLICIT if vr == UN else syntax
            stop = None if length == UNDEFINED else start + length
            if stop is not None and stop > len(buf):
                raise ShortBuffer
            items, pos = _read_items(buf, start, stop, inner, wanted if kind is SEQUENCE else NOTHING, depth, faults)
            if kind is SEQUENCE:
                values[tag] = items
            continue
        pos = start + length
        if pos > len(buf):
            raise ShortBuffer
        if kind is not None and kind is not STOP and kind is not SEQUENCE:
            values[tag] = _normal(buf[start:pos], vr, kind, syntax.big)
    return values, pos


def _normal(value: bytes, vr: int, kind: frozenset[int], big: bool) -> bytes:
    """``value`` in the form that ``kind`` promises, whatever VR the file gives it."""
    if vr and vr not in kind:
        return _converted(value, vr, kind, big)
    if not big or kind is TEXT or kind is BYTES:
        return value
    size = 2 if kind is SHORTS else 8 if kind is DOUBLES else 4
    usable = len(value) // size * size
    return b"".join(value[at : at + size][::-1] for at in range(0, usable, size))


def _converted(value: bytes, vr: int, kind: frozenset[int], big: bool) -> bytes:
    code = _FORMATS.get(vr)
    numbers: list[float]
    if code is not None:
        count = len(value) // struct.calcsize(code)
        numbers = list(struct.unpack_from(f"{'>' if big else '<'}{count}{code}", value))
    elif vr in TEXT:
        numbers = []
        for part in value.replace(b"\0", b" ").split(b"\\"):
            try:
                numbers.append(float(part))
            except ValueError:
                return b""
    else:
        return b""
    if kind is TEXT:
        return b"\\".join(repr(number).encode() for number in numbers)
    target = "H" if kind is SHORTS else "I" if kind is LONGS else "d" if kind is DOUBLES else "f"
    try:
        if target in "HI":
            limit = 0xFFFF if target == "H" else UNDEFINED
            return struct.pack(f"<{len(numbers)}{target}", *(int(number) & limit for number in numbers))
        return struct.pack(f"<{len(numbers)}{target}", *numbers)
    except (struct.error, OverflowError, ValueError):
        return b""


class ElementSource:
    """A window onto the bytes of a data set, refilled from the file where needed."""

    __slots__ = ("base", "buf", "bytes", "size")

    def __init__(self, source: ByteSource, buf: bytes = b"") -> None:
        self.bytes = source
        self.buf = buf
        self.base = 0
        self.size = source.size

    def has_more(self, offset: int) -> bool:
        """Whether a window that begins at ``offset`` could hold more than this one."""
        return offset < self.size and (self.base != offset or self.base + len(self.buf) < self.size)

    def fill(self, offset: int, length: int) -> None:
        """Make the window begin at ``offset`` and hold ``length`` bytes as far as the data go."""
        wanted = max(length, CHUNK)
        self.buf = self.bytes.read(offset, wanted)
        self.base = offset
        if not self.buf:  # cut since, or a gzip file that has lost its end: what was to come is missing
            self.size = min(self.size, offset - 1)
        elif len(self.buf) < wanted:
            self.size = min(self.size, offset + len(self.buf))


def _walk(
    source: ElementSource,
    offset: int,
    syntax: Syntax,
    raw: RawInstance,
    wanted: Wanted,
    layouts: Layouts | None = None,
) -> None:
    """Read the data set that begins at ``offset`` up to its pixels into ``raw``."""
    kinds = (SHORT_VRS, LONG_VRS) if syntax.explicit else None
    position: int | None = offset
    number = 0
    likeness: tuple[Pattern, ...] | None = ()
    while position is not None:
        begin = position - source.base
        if not syntax.big and 0 <= begin <= len(source.buf):
            if layouts is None or number >= MAX_LAYOUTS:
                position = plain_run(source.buf, begin, raw.values, wanted, kinds) + source.base
                likeness = None
            else:
                layout = layouts.runs.get((syntax.explicit, number)) or layouts.begun(syntax.explicit, number)
                position = layout.run(source.buf, begin, raw.values, wanted, kinds) + source.base
                likeness = None if likeness is None or layout.matched is None else (*likeness, layout.matched)
                number += 1
        else:
            likeness = None
        head = _head_at(source, position, syntax)
        if head is None:
            raw.truncated |= position != source.size
            break
        if wanted.get(head[0], STOP) is not STOP:
            likeness = None  # its value is no part of a pattern
        position = one_element(source, position, head, syntax, raw, wanted)
    raw.likeness = likeness


def only_zeros(source: ElementSource, offset: int) -> bool:
    """Whether nothing but padding follows."""
    return not source.bytes.read(offset, MAX_PADDING).strip(b"\0")


def one_element(
    source: ElementSource,
    offset: int,
    head: Head,
    syntax: Syntax,
    raw: RawInstance,
    wanted: Wanted,
    faults: list[str] | None = None,
) -> int | None:
    """Take the element at ``offset`` with all care; the offset of the next one, None at the pixels or the end."""
    tag, vr, start, length = head
    kind = wanted.get(tag)
    if kind is STOP:
        raw.pixel_tag = tag
        raw.pixel_vr = vr.to_bytes(2, "little").decode("ascii") if vr else "OW"
        raw.pixel_offset = start
        raw.pixel_length = None if length == UNDEFINED else length
        if length == UNDEFINED:
            _look_at_fragments(source, start, raw)
        return _after_pixels(source, raw, wanted)
    if tag == 0 and length == 0:  # padding, or the middle of something that a wrong length has led into
        raw.truncated |= not only_zeros(source, offset)
        return None
    if tag in DELIMITERS:
        raw.oddities += ("stray_element",)
        return start
    if length == UNDEFINED or (kind is SEQUENCE and vr in {0, SQ, UN}):
        after = _take_sequence(source, offset, head, syntax, raw, wanted, faults)
        if after is None:
            if faults is not None and length != UNDEFINED and start + length <= source.size and tag not in VITAL:
                faults.append("bad_sequence")
                return start + length
            raw.truncated = True
        return after
    if tag in TABLES:
        raw.extended[tag] = (start, length)
    elif kind is not None and kind is not SEQUENCE and length <= MAX_SEQUENCE:
        if not source.base <= start <= source.base + len(source.buf) - length and source.has_more(offset):
            source.fill(offset, start - offset + length)
        begin = start - source.base
        value = source.buf[begin : begin + length]
        if begin < 0 or len(value) < length:
            raw.truncated = True
            return None
        raw.values[tag] = _normal(value, vr, kind, syntax.big)
    return start + length


def _look_at_fragments(source: ElementSource, start: int, raw: RawInstance) -> None:
    """Find out whether the file ends inside its fragments, where that costs next to nothing.

    For one frame what was read already tells. Of several the end of a whole file tells, and only others are gone through.
    """
    from medview.dicom.fragments import frames_are_cut_off, last_fragment_is_cut_off, more_frames_follow

    begin = source.buf[start - source.base :] if start >= source.base else b""
    said = raw.values.get(tags.NUMBER_OF_FRAMES, b"").strip(b" \0")
    if said in _ONE and not raw.packed and more_frames_follow(begin, start, source.bytes.read, source.size):
        raw.notice("more_pixels")
    if tags.NUMBER_OF_FRAMES not in raw.values:
        raw.cut_off = frames_are_cut_off(begin, start, source.size)
    elif not raw.packed and _SEQUENCE_END_BYTES not in source.bytes.read(max(start, source.size - 512), 512):
        raw.cut_off = last_fragment_is_cut_off(start, source.bytes.read, source.size)


_ONE = frozenset({b"", b"0", b"1"})
_SEQUENCE_END_BYTES = b"\xfe\xff\xdd\xe0"


def _after_pixels(source: ElementSource, raw: RawInstance, wanted: Wanted) -> int | None:
    """Where to go on behind the pixels: only where what describes them has not come yet, in files without order."""
    if raw.pixel_length is None or wanted is not WANTED or not NEEDED.isdisjoint(raw.values):
        return None
    end = raw.pixel_offset + raw.pixel_length
    if end >= source.size:
        return None
    raw.oddities += ("elements_out_of_order",)
    return end


def _head_at(source: ElementSource, offset: int, syntax: Syntax) -> Head | None:
    """The head of the element at ``offset``; None where the data end."""
    while True:
        if 0 <= offset - source.base <= len(source.buf):
            try:
                tag, vr, start, length = head_of(source.buf, offset - source.base, syntax)
            except ShortBuffer:
                pass
            else:
                return tag, vr, start + source.base, length
        if not source.has_more(offset):
            return None
        source.fill(offset, CHUNK)


def _take_sequence(
    source: ElementSource,
    offset: int,
    head: Head,
    syntax: Syntax,
    raw: RawInstance,
    wanted: Wanted,
    faults: list[str] | None,
) -> int | None:
    """Read (or only pass) the sequence whose head is at ``offset``; the offset after it, None where the data end."""
    tag, vr, start, length = head
    is_wanted = wanted.get(tag) is SEQUENCE
    need = CHUNK if length == UNDEFINED else max(CHUNK, start - offset + length)
    while True:
        begin = start - source.base
        end = None if length == UNDEFINED else begin + length
        try:
            if begin < 0 or (end is not None and end > len(source.buf)):
                raise ShortBuffer
            inner = syntax
            if vr == UN:  # implicit little endian (PS3.5 6.2.2), which not every writer has read
                first = source.buf[begin + 12 : begin + 14]
                inner = EXPLICIT if int.from_bytes(first, "little") in ALL_VRS else IMPLICIT
            items, after = _read_items(source.buf, begin, end, inner, wanted if is_wanted else NOTHING, 0, faults)
        except ShortBuffer:
            if not source.has_more(offset) or need > (MAX_SEQUENCE if faults is None else MAX_DAMAGED):
                return None
            source.fill(offset, need)
            need *= 2
            continue
        except BrokenElements:
            if faults is None:
                raise
            return None
        if is_wanted:
            raw.values[tag] = items
        return after + source.base


def read_elements(
    path: str, first_read: int = FIRST_READ, wanted: Wanted = WANTED, layouts: Layouts | None = None
) -> RawInstance:
    """Read one file up to its pixels. ``layouts`` remembers the files before.

    ``path`` may lead into an archive. Raises OSError, NotDicom, BrokenElements, and MedviewError ``deflate_bomb`` or
    ``codec_failed`` for a deflated data set and what an archive has. What is not a regular file is never read.
    """
    found: RawInstance = read_unless_known(path, first_read, wanted, layouts, lambda _file, _begin: None)
    return found


def read_unless_known(
    path: str,
    first_read: int,
    wanted: Wanted,
    layouts: Layouts | None,
    known: Callable[[FileBytes, bytes], T_Known | None],
) -> T_Known | RawInstance:
    """As :func:`read_elements`, but what ``known`` makes of a file on disk and of its first bytes, unless that is None."""
    try:
        fd = os.open(path, OPEN_FLAGS)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        with opened(path) as source:
            return _read(source, path, source.read(0, first_read), wanted, layouts)
    try:
        file = FileBytes(fd)
        begin = file.read(0, first_read)
        found = known(file, begin)
        return _read(file, path, begin, wanted, layouts) if found is None else found
    except NotRegularError as error:
        raise NotDicom("not a regular file") from error
    finally:
        os.close(fd)


def _read(file: ByteSource, path: str, begin: bytes, wanted: Wanted, layouts: Layouts | None) -> RawInstance:
    source = ElementSource(file, begin)
    raw = RawInstance({}, file_size=file.size, data_size=file.size, stamp=file.stamp, packed=file.is_packed)
    start = start_of_elements(source.buf, file.size, raw.notice)
    layouts = layouts or Layouts()
    start = layouts.meta.take(file, source.buf, start, raw.values)
    if start > len(source.buf):
        source.fill(start, CHUNK)
    declared = raw.values.get(tags.TRANSFER_SYNTAX, b"").strip(b" \0").decode("latin-1")
    raw.transfer_syntax = declared
    begin = source.buf[start - source.base : start - source.base + 16]
    if begin[:2] not in _FIRST_GROUPS and start and declared != DEFLATED:
        start = data_set_begins(file, start, raw.values, raw.notice)
        source.fill(start, CHUNK)
        begin = source.buf[:16]
        declared = raw.transfer_syntax = raw.values.get(tags.TRANSFER_SYNTAX, b"").strip(b" \0").decode("latin-1")
    if declared == DEFLATED and (sniffed(begin) is None or begins_deflated(file.read(start, DEFLATED_LOOK))):
        _read_deflated(file, path, start, raw, wanted)
        return raw
    syntax = _remembered_syntax(begin, declared, raw, layouts)
    _walk_well(source, start, syntax, raw, wanted, layouts)
    return raw


def _walk_well(
    source: ElementSource, start: int, syntax: Syntax, raw: RawInstance, wanted: Wanted, layouts: Layouts | None
) -> None:
    """Walk at speed, and once more with care where that does not come to the pixels or the end."""
    meta = dict(raw.values)
    oddities = raw.oddities
    try:
        _walk(source, start, syntax, raw, wanted, layouts)
        broken = None
    except BrokenElements as error:
        broken = error
    if broken is None and not raw.truncated:
        return
    from medview.dicom.damaged_elements import walk_carefully

    again = RawInstance(meta, raw.transfer_syntax, oddities=oddities)
    try:
        walk_carefully(source.bytes, start, syntax, again, wanted)
    except BrokenElements:
        again.truncated = True
    if again.truncated:
        if broken is not None:
            raise broken
        return
    raw.values, raw.extended, raw.truncated, raw.oddities = again.values, again.extended, False, again.oddities
    raw.pixel_tag, raw.pixel_vr = again.pixel_tag, again.pixel_vr
    raw.pixel_offset, raw.pixel_length, raw.cut_off = again.pixel_offset, again.pixel_length, again.cut_off


def _remembered_syntax(begin: bytes, declared: str, raw: RawInstance, layouts: Layouts) -> Syntax:
    key = (begin[:8], declared)
    known = layouts.syntaxes.get(key)
    if known is not None and not raw.oddities:
        syntax, raw.transfer_syntax, raw.big_endian = known
        return syntax
    syntax = _syntax_of(begin, declared, raw)
    if not raw.oddities and len(layouts.syntaxes) < MAX_LAYOUTS:
        layouts.syntaxes[key] = (syntax, raw.transfer_syntax, raw.big_endian)
    return syntax


def _syntax_of(begin: bytes, declared: str, raw: RawInstance) -> Syntax:
    """How the data set is really written; the file's own word counts only where the bytes agree."""
    if declared.strip(_UID_LETTERS):  # damaged: as good as none
        declared = raw.transfer_syntax = ""
    if declared == EXPLICIT_BIG:
        said = BIG
    elif declared in {IMPLICIT_LITTLE, GE_IMPLICIT, PAPYRUS_IMPLICIT}:
        said = IMPLICIT
    else:
        said = EXPLICIT
    seen = sniffed(begin) or said
    found = EXPLICIT_BIG if seen.big else EXPLICIT_LITTLE if seen.explicit else IMPLICIT_LITTLE
    if not declared:
        if "no_preamble" not in raw.oddities:
            raw.notice("no_transfer_syntax")
        raw.transfer_syntax = found
    elif seen != said or declared == DEFLATED:
        raw.notice("wrong_transfer_syntax")
        if declared in {EXPLICIT_BIG, IMPLICIT_LITTLE, EXPLICIT_LITTLE, PAPYRUS_IMPLICIT, DEFLATED}:
            raw.transfer_syntax = found
    elif declared == PAPYRUS_IMPLICIT:
        raw.transfer_syntax = IMPLICIT_LITTLE
    raw.big_endian = seen.big or raw.transfer_syntax == GE_IMPLICIT
    return seen


def _read_deflated(file: ByteSource, path: str, start: int, raw: RawInstance, wanted: Wanted) -> None:
    """Inflate no more than the header needs (and never beyond the cap) and read it."""
    compressed = file.read(start, file.size - start)
    raw.deflated_at = start
    meta, oddities = dict(raw.values), raw.oddities
    want = 1 << 20
    while True:
        data = inflate_capped(compressed, path, want)
        raw.values, raw.oddities = dict(meta), oddities
        raw.truncated = False
        held = HeldBytes(data, file.stamp)
        _walk_well(ElementSource(held, data), 0, EXPLICIT, raw, wanted, None)
        if raw.pixel_tag or len(data) < want:
            break
        want *= 8
    raw.data_size = 0
