"""Reading a DICOM file up to its pixels: few small reads, only the attributes asked for, no dictionary.

Values come out in one form whatever the file's syntax: text as stripped-of-nothing bytes, binary numbers as little
endian bytes, sequences as lists of such mappings. PS3.5 section 7, PS3.10 section 7.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from medview.dicom import tags
from medview.dicom.inflate import inflate_capped
from medview.dicom.layout import Layout, plain_run
from medview.files.byte_source import NOT_THERE, OPEN_FLAGS, ByteSource, FileBytes, HeldBytes, NotRegularError, Stamp, opened

Wanted = Mapping[int, frozenset[int]]
Layouts = dict[tuple[bool, int], Layout]
"""What is remembered of other files: (explicit VR, number of the run of plain elements) → its layout."""
Values = dict[int, Any]
"""Packed tag → bytes, or a list of Values for a sequence."""

UNDEFINED = 0xFFFFFFFF
FIRST_READ = 16 * 1024
CHUNK = 64 * 1024
MAX_SEQUENCE = 512 << 20
MAX_DEPTH = 64
MAX_LAYOUTS = 16
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
GE_IMPLICIT = "1.2.840.113619.5.2"

_ITEM = tags.tag(0xFFFE, 0xE000)
_ITEM_END = tags.tag(0xFFFE, 0xE00D)
_SEQUENCE_END = tags.tag(0xFFFE, 0xE0DD)


def _vrs(names: str) -> frozenset[int]:
    return frozenset(int.from_bytes(name.encode(), "little") for name in names.split())


def _kind(names: str) -> frozenset[int]:
    return _vrs(names) | {0}  # 0 stands for implicit VR


_SHORT_VRS = _vrs("AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US")
_LONG_VRS = _vrs("OB OD OF OL OV OW SQ SV UC UN UR UT UV")
_ALL_VRS = _SHORT_VRS | _LONG_VRS
_SQ = int.from_bytes(b"SQ", "little")
_UN = int.from_bytes(b"UN", "little")

# What a value looks like when the file's VR is one of these; otherwise it is brought into that form.
TEXT = _kind("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT UN")
SHORTS = _kind("US SS OW OB AT UN")
LONGS = _kind("UL SL UN OL")
DOUBLES = _kind("FD UN OD")
FLOATS = _kind("FL UN OF")
BYTES = _ALL_VRS | {0}
SEQUENCE: frozenset[int] = frozenset({-1})
STOP: frozenset[int] = frozenset({-2})

_FORMATS = {
    int.from_bytes(vr, "little"): code
    for vr, code in ((b"US", "H"), (b"SS", "h"), (b"UL", "I"), (b"SL", "i"), (b"FL", "f"), (b"FD", "d"), (b"AT", "H"))
}

_SEQUENCES = (
    tags.DIRECTORY_RECORDS, tags.ULTRASOUND_REGIONS, tags.DIFFUSION_SEQUENCE, tags.DIFFUSION_DIRECTION_SEQUENCE,
    tags.DIMENSION_SEQUENCE, tags.MODALITY_LUTS, tags.VOI_LUTS, tags.RADIOPHARMACEUTICALS, tags.DETECTORS, tags.SHARED_GROUPS,
    tags.FRAME_GROUPS, tags.PLANE_POSITION, tags.PLANE_ORIENTATION, tags.PIXEL_MEASURES, tags.FRAME_CONTENT, tags.FRAME_VOI,
    tags.PIXEL_VALUE_TRANSFORMATION, tags.FRAME_PIXEL_PROPERTIES, tags.FRAME_ANATOMY, tags.TEMPORAL_GROUP, tags.CARDIAC_GROUP,
    tags.MR_ECHO, tags.MR_TIMING, tags.MR_MODIFIER, tags.MR_ASL, tags.MR_FRAME_TYPE, tags.CT_FRAME_TYPE, tags.PET_FRAME_TYPE,
    tags.XA_FRAME_TYPE, tags.CT_RECONSTRUCTION, tags.XRAY_RECONSTRUCTION, tags.SEGMENT_GROUP, tags.UNASSIGNED_SHARED,
    tags.UNASSIGNED_FRAME, tags.VOLUME_POSITION_GROUP, tags.VOLUME_ORIENTATION_GROUP,
)  # fmt: skip
_SHORTS = (
    tags.SAMPLES, tags.PLANAR, tags.ROWS, tags.COLUMNS, tags.BITS_ALLOCATED, tags.BITS_STORED, tags.HIGH_BIT, tags.PIXEL_REPRESENTATION,
    tags.PADDING, tags.PADDING_LIMIT, tags.LUT_DESCRIPTOR, tags.LUT_ENTRIES, tags.FRAME_INCREMENT, tags.REGION_SPATIAL_FORMAT,
    tags.REGION_DATA_TYPE, tags.REGION_UNITS_X, tags.REGION_UNITS_Y, tags.IN_CONCATENATION_NUMBER, tags.FRAME_ACQUISITION_NUMBER,
    tags.ENERGY_VECTOR, tags.DETECTOR_VECTOR, tags.PHASE_VECTOR, tags.ROTATION_VECTOR, tags.RR_VECTOR, tags.TIME_SLOT_VECTOR,
    tags.SLICE_VECTOR, tags.ANGULAR_VECTOR, tags.TIME_SLICE_VECTOR, tags.SEGMENT_NUMBER, tags.DIMENSION_POINTER,
    tags.ACQUISITION_MATRIX, tags.CONCATENATION_TOTAL,
)  # fmt: skip
_LONGS = (
    tags.REGION_FLAGS, tags.REGION_X0, tags.REGION_Y0, tags.REGION_X1, tags.REGION_Y1, tags.IN_STACK_POSITION, tags.TEMPORAL_INDEX,
    tags.DIMENSION_VALUES, tags.CONCATENATION_FRAME_OFFSET,
)  # fmt: skip
_DOUBLES = (
    tags.REGION_DELTA_X, tags.REGION_DELTA_Y, tags.B_VALUE, tags.DIFFUSION_DIRECTION, tags.EFFECTIVE_ECHO_TIME, tags.CARDIAC_TRIGGER_DELAY,
    tags.NOMINAL_CARDIAC_PHASE, tags.TEMPORAL_OFFSET, tags.INVERSION_TIMES, tags.VOLUME_POSITION,
    tags.VOLUME_ORIENTATION,
)  # fmt: skip
_PRIVATE_FORMS = {
    "siemens_direction": DOUBLES, "siemens_tiles": SHORTS, "siemens_csa": BYTES, "ge_component": SHORTS,
    "philips_b": FLOATS, "philips_scale_slope": FLOATS, "philips_scale_intercept": FLOATS,
    "philips_direction_x": FLOATS, "philips_direction_y": FLOATS, "philips_direction_z": FLOATS,
    "uih_b": DOUBLES, "uih_direction": DOUBLES, "uih_frames": SEQUENCE,
}  # fmt: skip


def _wanted() -> dict[int, frozenset[int]]:
    table = {
        value: TEXT for name, value in vars(tags).items() if name.isupper() and isinstance(value, int) and value >= 0
    }
    table |= dict.fromkeys(_SEQUENCES, SEQUENCE) | dict.fromkeys(_SHORTS, SHORTS)
    table |= dict.fromkeys(_LONGS, LONGS) | dict.fromkeys(_DOUBLES, DOUBLES)
    table |= dict.fromkeys((tags.PIXELS, tags.FLOAT_PIXELS, tags.DOUBLE_PIXELS), STOP)
    table |= dict.fromkeys(tags.OVERLAY_ROWS, SHORTS)
    # No VR suits, so the fast way stops there: their place is wanted, not their value.
    table |= dict.fromkeys((tags.EXTENDED_OFFSETS, tags.EXTENDED_LENGTHS), frozenset[int]())
    for group in {group for _, group, _ in tags.PRIVATE.values()}:
        table |= dict.fromkeys((group | block << 16 for block in tags.PRIVATE_BLOCKS), TEXT)
    for name, (_, group, low) in tags.PRIVATE.items():
        kind = _PRIVATE_FORMS.get(name, TEXT)
        table |= dict.fromkeys((group | (block << 8 | low) << 16 for block in tags.PRIVATE_BLOCKS), kind)
    return table


WANTED = _wanted()
_TABLES = frozenset({tags.EXTENDED_OFFSETS, tags.EXTENDED_LENGTHS})
_NOTHING: dict[int, frozenset[int]] = {}


class NotDicom(Exception):  # noqa: N818 - a finding about the file, caught by the scan
    """The file does not look like DICOM at all."""


class BrokenElements(Exception):  # noqa: N818 - a finding about the file, caught by the scan
    """The file begins as DICOM, but its structure cannot be followed."""


class _Short(Exception):  # noqa: N818
    """The buffer ends inside an element; read more and come back."""


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
    data_size: int = 0
    """Size of the file, or what is known of the inflated data set."""
    extended: dict[int, tuple[int, int]] = field(default_factory=dict)
    truncated: bool = False
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Syntax:
    explicit: bool
    big: bool = False


_EXPLICIT = _Syntax(True)
_IMPLICIT = _Syntax(False)
_BIG = _Syntax(True, True)

_head_explicit = struct.Struct("<IHH").unpack_from
_head_implicit = struct.Struct("<II").unpack_from
_u32 = struct.Struct("<I").unpack_from
_u32_big = struct.Struct(">I").unpack_from
_head_big = struct.Struct(">HH2sH").unpack_from
_item_big = struct.Struct(">HHI").unpack_from


def _head(buf: bytes, pos: int, syntax: _Syntax) -> tuple[int, int, int, int]:
    """(packed tag, VR or 0, start of the value, length) of the element at ``pos``; raises _Short."""
    try:
        if syntax.big:
            group, element, name, length = _head_big(buf, pos)
            tag = group | element << 16
            vr = int.from_bytes(name, "little")
            if group == 0xFFFE:
                return tag, 0, pos + 8, _u32_big(buf, pos + 4)[0]
            if vr in _LONG_VRS:
                return tag, vr, pos + 12, _u32_big(buf, pos + 8)[0]
            if vr in _SHORT_VRS:
                return tag, vr, pos + 8, length
            return tag, 0, pos + 8, _u32_big(buf, pos + 4)[0]
        if syntax.explicit:
            tag, vr, length = _head_explicit(buf, pos)
            if vr in _SHORT_VRS:
                return tag, vr, pos + 8, length
            if vr in _LONG_VRS:
                return tag, vr, pos + 12, _u32(buf, pos + 8)[0]
            return tag, 0, pos + 8, _u32(buf, pos + 4)[0]  # a delimiter, or an element without VR as some writers make
        tag, length = _head_implicit(buf, pos)
    except struct.error:
        raise _Short from None
    return tag, 0, pos + 8, length


def _read_items(
    buf: bytes, pos: int, end: int | None, syntax: _Syntax, wanted: Wanted, depth: int
) -> tuple[list[Values], int]:
    """Items from ``pos`` to ``end`` (None: to the sequence delimiter), and the position after them."""
    if depth > MAX_DEPTH:
        raise BrokenElements("sequences are nested too deeply")
    items: list[Values] = []
    while end is None or pos < end:
        try:
            if syntax.big:
                group, element, length = _item_big(buf, pos)
                tag = group | element << 16
            else:
                tag, length = _head_implicit(buf, pos)
        except struct.error:
            raise _Short from None
        pos += 8
        if tag == _ITEM:
            if length == UNDEFINED:
                values, pos = _read_dataset(buf, pos, None, syntax, wanted, depth + 1)
            else:
                if pos + length > len(buf):
                    raise _Short
                if wanted:
                    values, _ = _read_dataset(buf, pos, pos + length, syntax, wanted, depth + 1)
                else:
                    values = {}
                pos += length
            if wanted:
                items.append(values)
        elif tag == _SEQUENCE_END:
            break
        elif tag != _ITEM_END:
            raise BrokenElements(f"{tags.tag_name(tag)} where an item should begin")
    return items, pos


def _read_dataset(
    buf: bytes, pos: int, end: int | None, syntax: _Syntax, wanted: Wanted, depth: int
) -> tuple[Values, int]:
    """The wanted elements of an item from ``pos`` to ``end`` (None: to the item delimiter)."""
    values: Values = {}
    while end is None or pos < end:
        tag, vr, start, length = _head(buf, pos, syntax)
        if tag == _ITEM_END:
            return values, start
        kind = wanted.get(tag)
        if length == UNDEFINED or (kind is SEQUENCE and (vr in {0, _SQ, _UN})):
            inner = _IMPLICIT if vr == _UN else syntax
            stop = None if length == UNDEFINED else start + length
            if stop is not None and stop > len(buf):
                raise _Short
            items, pos = _read_items(buf, start, stop, inner, wanted if kind is SEQUENCE else _NOTHING, depth)
            if kind is SEQUENCE:
                values[tag] = items
            continue
        pos = start + length
        if pos > len(buf):
            raise _Short
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


class _Source:
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
        self.buf = self.bytes.read(offset, max(length, CHUNK))
        self.base = offset


def _walk(
    source: _Source,
    offset: int,
    syntax: _Syntax,
    raw: RawInstance,
    wanted: Wanted,
    layouts: Layouts | None = None,
) -> None:
    """Read the data set that begins at ``offset`` up to its pixels into ``raw``."""
    vrs = (_SHORT_VRS, _LONG_VRS) if syntax.explicit else None
    position: int | None = offset
    number = 0
    while position is not None:
        begin = position - source.base
        if not syntax.big and 0 <= begin <= len(source.buf):
            if layouts is None or number >= MAX_LAYOUTS:
                position = plain_run(source.buf, begin, raw.values, wanted, vrs) + source.base
            else:
                layout = layouts.setdefault((syntax.explicit, number), Layout())
                position = layout.run(source.buf, begin, raw.values, wanted, vrs) + source.base
                number += 1
        position = _one_element(source, position, syntax, raw, wanted)


def _one_element(source: _Source, offset: int, syntax: _Syntax, raw: RawInstance, wanted: Wanted) -> int | None:
    """Take the element at ``offset`` with all care; the offset of the next one, None at the pixels or the end."""
    head = _head_at(source, offset, syntax)
    if head is None:
        raw.truncated |= offset != source.size
        return None
    tag, vr, start, length = head
    kind = wanted.get(tag)
    if kind is STOP:
        raw.pixel_tag = tag
        raw.pixel_vr = vr.to_bytes(2, "little").decode("ascii") if vr else "OW"
        raw.pixel_offset = start
        raw.pixel_length = None if length == UNDEFINED else length
        return None
    if tag in {0, _ITEM, _ITEM_END, _SEQUENCE_END}:
        raw.oddities += ("stray_element",)
        return None if tag == 0 else start
    if length == UNDEFINED or (kind is SEQUENCE and vr in {0, _SQ, _UN}):
        after = _take_sequence(source, offset, head, syntax, raw, wanted)
        if after is None:
            raw.truncated = True
        return after
    if tag in _TABLES:
        raw.extended[tag] = (start, length)
    elif kind is not None and kind is not SEQUENCE and length <= MAX_SEQUENCE:
        if start + length > source.base + len(source.buf) and source.has_more(offset):
            source.fill(offset, start - offset + length)
        begin = start - source.base
        value = source.buf[begin : begin + length]
        if len(value) < length:
            raw.truncated = True
            return None
        raw.values[tag] = _normal(value, vr, kind, syntax.big)
    return start + length


def _head_at(source: _Source, offset: int, syntax: _Syntax) -> tuple[int, int, int, int] | None:
    """(packed tag, VR, offset of the value, length) of the element at ``offset``; None where the data end."""
    while True:
        if 0 <= offset - source.base <= len(source.buf):
            try:
                tag, vr, start, length = _head(source.buf, offset - source.base, syntax)
            except _Short:
                pass
            else:
                return tag, vr, start + source.base, length
        if not source.has_more(offset):
            return None
        source.fill(offset, CHUNK)


def _take_sequence(
    source: _Source, offset: int, head: tuple[int, int, int, int], syntax: _Syntax, raw: RawInstance, wanted: Wanted
) -> int | None:
    """Read (or only pass) the sequence whose head is at ``offset``; the offset after it, None where the data end."""
    tag, vr, start, length = head
    is_wanted = wanted.get(tag) is SEQUENCE
    inner = _IMPLICIT if vr == _UN else syntax
    need = CHUNK if length == UNDEFINED else max(CHUNK, start - offset + length)
    while True:
        begin = start - source.base
        end = None if length == UNDEFINED else begin + length
        try:
            if begin < 0 or (end is not None and end > len(source.buf)):
                raise _Short
            items, after = _read_items(source.buf, begin, end, inner, wanted if is_wanted else _NOTHING, 0)
        except _Short:
            if not source.has_more(offset) or need > MAX_SEQUENCE:
                return None
            source.fill(offset, need)
            need *= 2
            continue
        if is_wanted:
            raw.values[tag] = items
        return after + source.base


_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_elements(
    path: str, first_read: int = FIRST_READ, wanted: Wanted = WANTED, layouts: Layouts | None = None
) -> RawInstance:
    """Read one file up to its pixels. ``layouts`` remembers the files before (start with an empty dict).

    Raises OSError, NotDicom, BrokenElements, and MedviewError ``deflate_bomb`` or ``codec_failed`` for a deflated data
    set. What is not a regular file is never read.
    """
    fd = os.open(path, _OPEN_FLAGS)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise NotDicom("not a regular file")
        return _read(fd, path, status.st_size, first_read, wanted, layouts)
    finally:
        os.close(fd)


def _read(fd: int, path: str, size: int, first_read: int, wanted: Wanted, layouts: Layouts | None) -> RawInstance:
    buf = os.read(fd, first_read)
    raw = RawInstance({}, file_size=size, data_size=size)
    start = _start_of_elements(buf, size, raw)
    start = _read_meta(buf, start, raw.values)
    declared = raw.values.get(tags.TRANSFER_SYNTAX, b"").strip(b" \0").decode("latin-1")
    raw.transfer_syntax = declared
    if declared == DEFLATED and _sniffed(buf, start) is None:
        _read_deflated(fd, path, start, raw, wanted)
        return raw
    syntax = _syntax_of(buf, start, declared, raw)
    source = _Source(fd, buf, 0, size)
    _walk(source, start, syntax, raw, wanted, layouts)
    return raw


def _start_of_elements(buf: bytes, size: int, raw: RawInstance) -> int:
    """Offset of the first element; raises NotDicom."""
    if buf[128:132] == b"DICM":
        return 132
    if buf[:4] == b"DICM":
        raw.oddities += ("no_preamble",)
        return 4
    if len(buf) < 8:
        raise NotDicom("too short")
    group, element, length = struct.unpack_from("<HHI", buf)
    vr = length & 0xFFFF
    if (group in {0x0002, 0x0008, 0x0004} and element <= 0x1000 and (vr in _ALL_VRS or (length <= min(size, 256)))) or (
        buf[:2] in {b"\0\x08", b"\0\x02"} and int.from_bytes(buf[4:6], "little") in _ALL_VRS
    ):
        raw.oddities += ("no_preamble",)
        return 0
    raise NotDicom("no DICM mark, and it does not begin with a data element")


def _read_meta(buf: bytes, pos: int, values: Values) -> int:
    """Take the file meta elements (always explicit little endian, though not every writer knows); where they end."""
    while buf[pos : pos + 2] == b"\x02\0" and len(buf) - pos >= 8:
        try:
            tag, _, start, length = _head(buf, pos, _EXPLICIT)
        except _Short:
            break
        pos = start + length
        if pos > len(buf):
            break
        values[tag] = buf[start:pos]
    return pos


def _sniffed(buf: bytes, pos: int) -> _Syntax | None:
    """What the first element of the data set looks like, None where it looks like none."""
    if len(buf) - pos < 8:
        return None
    group, element, length = struct.unpack_from("<HHI", buf, pos)
    vr = length & 0xFFFF
    if buf[pos] == 0 and 0 < buf[pos + 1] <= 0x20 and vr in _ALL_VRS:
        return _BIG
    if vr in _ALL_VRS and group <= 0x7FE0:
        return _EXPLICIT
    if group <= 0x0020 and element <= 0x4000 and (length <= 0x10000 or length == UNDEFINED):
        return _IMPLICIT
    return None


def _syntax_of(buf: bytes, start: int, declared: str, raw: RawInstance) -> _Syntax:
    """How the data set is really written; the file's own word counts only where the bytes agree."""
    if declared == EXPLICIT_BIG:
        said = _BIG
    elif declared in {IMPLICIT_LITTLE, GE_IMPLICIT}:
        said = _IMPLICIT
    else:
        said = _EXPLICIT
    seen = _sniffed(buf, start) or said
    if not declared:
        if "no_preamble" not in raw.oddities:
            raw.oddities += ("no_transfer_syntax",)
        raw.transfer_syntax = EXPLICIT_BIG if seen.big else EXPLICIT_LITTLE if seen.explicit else IMPLICIT_LITTLE
    elif seen != said:
        raw.oddities += ("wrong_transfer_syntax",)
        if declared in {EXPLICIT_BIG, IMPLICIT_LITTLE, EXPLICIT_LITTLE}:
            raw.transfer_syntax = EXPLICIT_BIG if seen.big else EXPLICIT_LITTLE if seen.explicit else IMPLICIT_LITTLE
    raw.big_endian = seen.big or raw.transfer_syntax == GE_IMPLICIT
    return seen


def _read_deflated(fd: int, path: str, start: int, raw: RawInstance, wanted: Wanted) -> None:
    """Inflate no more than the header needs (and never beyond the cap) and read it."""
    os.lseek(fd, start, os.SEEK_SET)
    compressed = _read_fully(fd, raw.file_size - start)
    raw.deflated_at = start
    meta = dict(raw.values)
    want = 1 << 20
    while True:
        data = inflate_capped(compressed, path, want)
        raw.values = dict(meta)
        raw.truncated = False
        _walk(_Source(-1, data, 0, len(data)), 0, _EXPLICIT, raw, wanted)
        if raw.pixel_tag or len(data) < want:
            break
        want *= 8
    raw.data_size = 0
