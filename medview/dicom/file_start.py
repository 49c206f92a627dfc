"""Where the data set of a DICOM file begins and how it is written, also where the file does not say so (PS3.10 7.1)."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any

from medview.dicom.element_head import (
    ALL_VRS,
    BIG,
    EXPLICIT,
    IMPLICIT,
    UNDEFINED,
    ShortBuffer,
    Syntax,
    head_of,
)
from medview.files.byte_source import ByteSource

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
GE_IMPLICIT = "1.2.840.113619.5.2"
PAPYRUS_IMPLICIT = "1.2.840.10008.1.20"

_FIRST_GROUPS = frozenset({0x0002, 0x0004, 0x0008, 0x0010, 0x0018, 0x0020, 0x0028})
_SEARCHED = 4096
_MARK = re.compile(rb"DICM\x02\x00[\x00\x01\x02\x10\x12]\x00")
_FIRST_ELEMENT = re.compile(
    rb"\x08\x00(?:\x00\x00UL\x04\x00|\x00\x00\x04\x00\x00\x00|\x01\x00UL\x04\x00|\x05\x00CS.\x00|\x08\x00CS.\x00"
    rb"|[\x14\x16\x18]\x00UI.\x00|\x05\x00.\x00\x00\x00ISO|[\x14\x16\x18]\x00.\x00\x00\x001\.)",
    re.DOTALL,
)


class NotDicom(Exception):  # noqa: N818 - a finding about the file, caught by the scan
    """The file does not look like DICOM at all."""


class BrokenElements(Exception):  # noqa: N818 - a finding about the file, caught by the scan
    """The file begins as DICOM, but its structure cannot be followed."""


def start_of_elements(buf: bytes, size: int, notice: Callable[[str], None]) -> int:
    """Offset of the first element, ``notice`` told what is missing before it; raises NotDicom."""
    if buf[128:132] == b"DICM":
        return 132
    if buf[:4] == b"DICM":
        notice("no_preamble")
        return 4
    if len(buf) < 8:
        raise NotDicom("too short")
    group, element, length = struct.unpack_from("<HHI", buf)
    vr = length & 0xFFFF
    plain = element <= 0x1000 and (group in {0x0002, 0x0008, 0x0004} or (group in _FIRST_GROUPS and vr in ALL_VRS))
    command = (group, element, length) == (0, 0, 4) or (group == 0 and element == 0 and buf[4:8] == b"UL\x04\0")
    big = (buf[0] == 0 and buf[1] in {0x02, 0x08} and int.from_bytes(buf[4:6], "little") in ALL_VRS) or (
        buf[:8] == b"\0\x08\0\0\0\0\0\x04"
    )
    if (plain and (vr in ALL_VRS or length <= min(size, 256))) or command or big:
        notice("no_preamble")
        return 0
    if buf[:2] == b"PK" or buf[:2] == b"\x1f\x8b" or buf[257:262] == b"ustar":
        raise NotDicom("it is an archive")
    # A preamble of another length, or bytes that something has put before the file (a MacBinary header, a stray byte).
    found = _MARK.search(buf, 0, _SEARCHED)
    if found:
        notice("odd_preamble")
        return found.start() + 4
    found = _FIRST_ELEMENT.search(buf, 0, 256)
    if found:
        notice("no_preamble")
        return found.start()
    raise NotDicom("no DICM mark, and it does not begin with a data element")


def read_meta(file: ByteSource, buf: bytes, pos: int, values: dict[int, Any]) -> int:
    """Take the file meta elements (explicit little endian, though not every writer knows); where they end.

    A group of commands that was stored with the data set (group 0000, implicit little endian) is passed over.
    """
    base = 0
    while True:
        group = buf[pos - base : pos - base + 2]
        if group == b"\x02\0":
            syntax = EXPLICIT
        elif group == b"\0\x02" and int.from_bytes(buf[pos - base + 4 : pos - base + 6], "little") in ALL_VRS:
            syntax = BIG
        elif group == b"\0\0" and any(buf[pos - base : pos - base + 8]):
            explicit = int.from_bytes(buf[pos - base + 4 : pos - base + 6], "little") in ALL_VRS
            syntax = EXPLICIT if explicit else IMPLICIT
        else:
            return pos
        try:
            tag, _, start, length = head_of(buf, pos - base, syntax)
            if start + length > len(buf):
                raise ShortBuffer
        except ShortBuffer:
            longer = file.read(pos, 1 << 20)
            if base == pos or len(longer) < 8:
                return pos
            buf, base = longer, pos
            continue
        if tag & 0xFFFF == 2:
            values[tag] = buf[start : start + length]
        pos = base + start + length


def sniffed(begin: bytes) -> Syntax | None:
    """What the first element of a data set looks like, None where it looks like none."""
    if len(begin) < 8:
        return None
    group, element, length = struct.unpack_from("<HHI", begin)
    vr = length & 0xFFFF
    if begin[0] == 0 and 0 < begin[1] <= 0x20 and (vr in ALL_VRS or begin[4:7] == b"\0\0\0"):
        return BIG
    if vr in ALL_VRS and group <= 0x7FE0:
        return EXPLICIT
    if group <= 0x0020 and element <= 0x4000 and (length <= 0x10000 or length == UNDEFINED):
        return IMPLICIT
    return None
