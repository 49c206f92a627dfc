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


def possible_heads(buf: bytes, pos: int, syntax: Syntax) -> list[Head]:
    """All that the bytes at ``pos`` may mean in a damaged little endian data set, the standard's own reading first."""
    heads = [head_of(buf, pos, syntax)]
    if syntax.big:
        return heads
    tag, vr, short = head_explicit(buf, pos)
    letters = all(0x41 <= byte <= 0x5A for byte in buf[pos + 4 : pos + 6])
    if tag not in DELIMITERS and len(buf) >= pos + 12:
        if vr in LONG_VRS and short:  # a 16-bit length where the standard has 32 bits
            heads.append((tag, vr, pos + 8, short))
        if vr in ALL_VRS and not syntax.explicit:  # VRs in a data set without
            long = vr in LONG_VRS
            heads.append((tag, vr, pos + 12 if long else pos + 8, _u32(buf, pos + 8)[0] if long else short))
        if letters and vr not in ALL_VRS:  # a VR of tomorrow (PS3.5 7.1.2), or one that never was
            heads.append((tag, UN, pos + 12, _u32(buf, pos + 8)[0]))
        if vr not in ALL_VRS:
            heads.append((tag, 0, pos + 8, _u16(buf, pos + 6)[0]))
        if vr in SHORT_VRS:
            heads.append((tag, vr, pos + 12, _u32(buf, pos + 8)[0]))
    heads.append((tag, 0, pos + 8, _u32(buf, pos + 4)[0]))
    return heads


def may_be_undefined(head: Head) -> bool:
    """Whether an element has an undefined length and may have one."""
    return head[3] == UNDEFINED and head[1] in _MAY_BE_UNDEFINED
