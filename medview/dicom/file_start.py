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
    Head,
    ShortBuffer,
    Syntax,
    head_of,
    possible_heads,
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
_META_LENGTH = 0x00000002
_SYNTAX_TAG = 0x00100002
_SYNTAX_ELEMENT = re.compile(rb"\x02\x00\x10\x00UI..(1\.2\.[0-9.]{3,60})", re.DOTALL)
_MARK = re.compile(rb"DICM\x02\x00[\x00\x01\x02\x10\x12]\x00")
_FIRST_ELEMENT = re.compile(
    rb"\x08\x00(?:\x00\x00UL\x04\x00|\x00\x00\x04\x00\x00\x00|\x01\x00UL\x04\x00|\x05\x00CS.\x00|\x08\x00CS.\x00"
    rb"|[\x14\x16\x18]\x00UI.\x00|\x05\x00.\x00\x00\x00ISO|[\x14\x16\x18]\x00.\x00\x00\x001\.)"
    rb"|\x00\x08\x00[\x00\x05\x08\x14\x16\x18](?:UL|CS|UI)\x00.",
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
    if (plain and (vr in ALL_VRS or length <= min(size, 256))) or command or big or _is_private_creator(buf):
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


def _is_private_creator(buf: bytes) -> bool:
    """Whether the data set begins with the creator of a private group before the first one of DICOM (0003, 0005 …)."""
    group, element, length = struct.unpack_from("<HHI", buf)
    if group not in {3, 5, 7} or not 0x10 <= element <= 0xFF:
        return False
    start, length = (8, length >> 16) if buf[4:6] == b"LO" else (8, length)
    name = buf[start : start + length]
    return 0 < length <= 64 and len(name) == length and name.strip(b" \0").isascii() and name[:1].isalnum()


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
            tag, vr, start, length = head_of(buf, pos - base, syntax)
            if (not vr and syntax.explicit) or (tag == _META_LENGTH and length != 4):
                tag, vr, start, length = _damaged_meta(buf, pos - base, syntax)
            if start + length > len(buf):
                raise ShortBuffer
        except ShortBuffer:
            longer = file.read(pos, 1 << 20) if base != pos else b""
            if len(longer) < 8:
                return pos
            buf, base = longer, pos
            continue
        if tag & 0xFFFF == 2:
            values[tag] = buf[start : start + length]
        pos = base + start + length


_GROUP_LENGTH = b"\x02\0\0\0UL\x04\0"
_INSTANCE_UID = b"\x02\0\x03\0UI"
_INSTANCE_TAG = 0x0003_0002


class MetaLayout:
    """The file meta elements of the file before: a series repeats them, but for the UID of the instance."""

    __slots__ = ("_after", "_before", "_known")

    def __init__(self) -> None:
        self._before = self._after = b""
        self._known: dict[int, Any] = {}

    def take(self, file: ByteSource, buf: bytes, pos: int, values: dict[int, Any]) -> int:
        """As :func:`read_meta`."""
        end = self.repeated(buf, pos, values)
        if end >= 0:
            return end
        begin = pos + 12
        end = read_meta(file, buf, pos, values)
        at = buf.find(_INSTANCE_UID, begin, end)
        self._before = b""
        # Two bytes more, which are those of another group: that the elements end there is part of what repeats.
        if at >= 0 and end + 2 <= len(buf) and buf.startswith(_GROUP_LENGTH, pos) and buf[end : end + 2] > b"\x02\0":
            stop = at + 8 + int.from_bytes(buf[at + 6 : at + 8], "little")
            if buf[at + 8 : stop] == values.get(_INSTANCE_TAG) and stop <= end:
                self._before, self._after = buf[begin : at + 6], buf[stop : end + 2]
                self._known = {tag: value for tag, value in values.items() if tag != _INSTANCE_TAG}
        return end

    def repeated(self, buf: bytes, pos: int, values: dict[int, Any]) -> int:
        """Take them where they are those of the file before; where they end, -1 where they are not."""
        begin = pos + 12
        if self._before and buf.startswith(_GROUP_LENGTH, pos) and buf.startswith(self._before, begin):
            at = begin + len(self._before)
            stop = at + 2 + int.from_bytes(buf[at : at + 2], "little")
            if buf.startswith(self._after, stop):
                values.update(self._known)
                values[_INSTANCE_TAG] = buf[at + 2 : stop]
                return stop + len(self._after) - 2
        return -1


def _damaged_meta(buf: bytes, pos: int, syntax: Syntax) -> Head:
    """The head of a meta element whose VR is none: read so that another one, or the data set, begins where it ends."""
    heads = possible_heads(buf.ljust(pos + 12, b"\0"), pos, syntax)
    for head in heads:
        stop = head[2] + head[3]
        after = buf[stop : stop + 8]
        if len(after) == 8 and (after[:2] == b"\2\0" or sniffed(after) is not None):
            return head
    return heads[0]


def data_set_begins(file: ByteSource, start: int, values: dict[int, Any], notice: Callable[[str], None]) -> int:
    """Where the data set begins, where at ``start``, the end of the meta elements, nothing looks like one.

    The group length of the meta elements says it (PS3.10 7.1), or what looks like a first element.
    """
    buf = file.read(0, 1 << 16)
    begin = start_of_elements(buf, file.size, lambda _: None)
    syntax = _SYNTAX_ELEMENT.search(buf, begin, begin + _SEARCHED)
    if syntax:
        values[_SYNTAX_TAG] = syntax[1]
    length = values.get(_META_LENGTH, b"")
    said = begin + 12 + int.from_bytes(length[:4], "little")
    if len(length) >= 4 and said != start and sniffed(buf[said : said + 8]) is not None:
        notice("repaired_header")
        return said
    known = start > begin or int.from_bytes(buf[start : start + 2], "little") in _FIRST_GROUPS
    if known and sniffed(buf[start : start + 8]) is not None:
        return start
    found = _FIRST_ELEMENT.search(buf, begin, begin + _SEARCHED)
    if found and found.start() != start:
        notice("repaired_header")
        return found.start()
    return start


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
