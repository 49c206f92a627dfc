"""The heads of data elements: tag, VR, length, in every encoding that is met, and the VRs' names as numbers (PS3.5 7.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from medview.dicom import tags

UNDEFINED = 0xFFFFFFFF

ITEM = tags.tag(0xFFFE, 0xE000)
ITEM_END = tags.tag(0xFFFE, 0xE00D)
SEQUENCE_END = tags.tag(0xFFFE, 0xE0DD)
DELIMITERS = frozenset({ITEM, ITEM_END, SEQUENCE_END})


def vrs(names: str) -> frozenset[int]:
    """VRs as little endian integers."""
    return frozenset(int.from_bytes(name.encode(), "little") for name in names.split())


SHORT_VRS = vrs("AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US")
LONG_VRS = vrs("OB OD OF OL OV OW SQ SV UC UN UR UT UV")
ALL_VRS = SHORT_VRS | LONG_VRS
SQ = int.from_bytes(b"SQ", "little")
UN = int.from_bytes(b"UN", "little")
_MAY_BE_UNDEFINED = vrs("SQ UN OB OW OD OF OL OV") | {0}

Head = tuple[int, int, int, int]
"""(packed tag, VR or 0, start of the value, length)."""

head_explicit = struct.Struct("<IHH").unpack_from
head_implicit = struct.Struct("<II").unpack_from
_u16 = struct.Struct("<H").unpack_from
_u32 = struct.Struct("<I").unpack_from
_u16_big = struct.Struct(">H").unpack_from
_u32_big = struct.Struct(">I").unpack_from
_head_big = struct.Struct(">HH2sH").unpack_from
item_big = struct.Struct(">HHI").unpack_from


@dataclass(frozen=True, slots=True)
class Syntax:
    """How elements are written."""

    explicit: bool
    big: bool = False


EXPLICIT = Syntax(True)
IMPLICIT = Syntax(False)
BIG = Syntax(True, True)


class ShortBuffer(Exception):  # noqa: N818
    """The buffer ends inside an element; read more and come back."""


def head_of(buf: bytes, pos: int, syntax: Syntax) -> Head:
    """The head of the element at ``pos``; raises ShortBuffer.

    An element whose VR is none is taken for one without VR, as some writers mix them in.
    """
    try:
        if syntax.big:
            group, element, name, length = _head_big(buf, pos)
            tag = group | element << 16
            vr = int.from_bytes(name, "little")
            if group == 0xFFFE:
                return tag, 0, pos + 8, _u32_big(buf, pos + 4)[0]
            if vr in LONG_VRS:
                return tag, vr, pos + 12, _u32_big(buf, pos + 8)[0]
            if vr in SHORT_VRS:
                return tag, vr, pos + 8, length
            return tag, 0, pos + 8, _u32_big(buf, pos + 4)[0]
        if syntax.explicit:
            tag, vr, length = head_explicit(buf, pos)
            if vr in SHORT_VRS:
                return tag, vr, pos + 8, length
            if vr in LONG_VRS:
                return tag, vr, pos + 12, _u32(buf, pos + 8)[0]
            return tag, 0, pos + 8, _u32(buf, pos + 4)[0]
        tag, length = head_implicit(buf, pos)
    except struct.error:
        raise ShortBuffer from None
    return tag, 0, pos + 8, length


def in_order(tag: int, following: int) -> bool:
    """Whether an element may stand behind another one (PS3.5 7.1: increasing tags)."""
    return (following & 0xFFFF, following >> 16) > (tag & 0xFFFF, tag >> 16)


def possible_heads(buf: bytes, pos: int, syntax: Syntax) -> list[Head]:
    """All that the bytes at ``pos`` may mean in a damaged data set, the standard's own reading first."""
    heads = [head_of(buf, pos, syntax)]
    tag = heads[0][0]
    if tag >> 16 == 0 and tag & 0xFFFF:  # the length of a group must not be taken for that of an element
        return [(tag, heads[0][1], pos + 8, 4)]
    short_at, long_at = (_u16_big, _u32_big) if syntax.big else (_u16, _u32)
    vr, short = int.from_bytes(buf[pos + 4 : pos + 6], "little"), short_at(buf, pos + 6)[0]
    letters = all(0x41 <= byte <= 0x5A for byte in buf[pos + 4 : pos + 6])
    if tag not in DELIMITERS and len(buf) >= pos + 12:
        if vr in LONG_VRS and short:  # a 16-bit length where the standard has 32 bits
            heads.append((tag, vr, pos + 8, short))
        if vr in ALL_VRS and not syntax.explicit:  # VRs in a data set without
            long = vr in LONG_VRS
            heads.append((tag, vr, pos + 12 if long else pos + 8, _u32(buf, pos + 8)[0] if long else short))
        if letters and vr not in ALL_VRS:  # a VR of tomorrow (PS3.5 7.1.2), or one that never was
            heads.append((tag, UN, pos + 12, long_at(buf, pos + 8)[0]))
        if vr not in ALL_VRS and syntax.explicit:
            if not short and not letters:
                heads.append((tag, 0, pos + 12, long_at(buf, pos + 8)[0]))
            heads.append((tag, 0, pos + 8, short))
        if vr in SHORT_VRS:
            heads.append((tag, vr, pos + 12, long_at(buf, pos + 8)[0]))
    heads.append((tag, 0, pos + 8, long_at(buf, pos + 4)[0]))
    return heads


def may_follow(after: bytes, tag: int, syntax: Syntax, room: int) -> bool:
    """Whether eight bytes may be the head of an element behind the one of ``tag``, with ``room`` to the end of the data."""
    if syntax.big:
        after = struct.pack("<HH", *struct.unpack_from(">HH", after)) + after[4:]
    following, name, _ = head_explicit(after, 0)
    if following in DELIMITERS:
        return True
    if not in_order(tag, following):
        return False
    (length,) = struct.unpack_from(">I" if syntax.big else "<I", after, 4)
    return name in ALL_VRS or length == UNDEFINED or 8 + length <= room


def likely_head_in(buf: bytes, pos: int, end: int | None, syntax: Syntax) -> Head:
    """The head of an element of a damaged item that ends at ``end`` (None: with a delimiter); raises ShortBuffer."""
    first = head_of(buf, pos, syntax)
    if first[0] in DELIMITERS or (first[0] == 0 and first[3] == 0):
        return first
    limit = len(buf) if end is None else end
    for head in possible_heads(buf, pos, syntax):
        tag, _, start, length = head
        if may_be_undefined(head):
            return head
        stop = start + length
        if length == UNDEFINED or stop > limit:
            continue
        if stop == end or (stop + 8 <= limit and may_follow(buf[stop : stop + 8], tag, syntax, limit - stop)):
            return head
    return first


def may_be_undefined(head: Head) -> bool:
    """Whether an element has an undefined length and may have one."""
    return head[3] == UNDEFINED and head[1] in _MAY_BE_UNDEFINED
