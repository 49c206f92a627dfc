"""DICOM bytes written by hand, for files that no decent library would write."""

from __future__ import annotations

import struct

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
_LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UC", "UN", "UR", "UT"}


def element(tag: int, vr: str, value: bytes | str, big: bool = False, undefined: bool = False) -> bytes:
    """One explicit VR element; ``tag`` as 0xggggeeee, text is padded to even length."""
    content = value.encode("latin-1") if isinstance(value, str) else value
    if len(content) % 2:
        content += b"\0" if vr in {"UI", "OB", "UN"} else b" "
    order = ">" if big else "<"
    head = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    length = 0xFFFFFFFF if undefined else len(content)
    if vr in _LONG:
        return head + b"\0\0" + struct.pack(f"{order}I", length) + content
    return head + struct.pack(f"{order}H", length) + content


def implicit(tag: int, value: bytes | str) -> bytes:
    """One implicit VR little endian element."""
    content = value.encode("latin-1") if isinstance(value, str) else value
    if len(content) % 2:
        content += b" "
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(content)) + content


def item(content: bytes, undefined: bool = False) -> bytes:
    """A sequence item."""
    if undefined:
        return struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + content + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


SEQUENCE_END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def part10(
    data_set: bytes,
    syntax: str | None = EXPLICIT,
    sop_class: str = "1.2.840.10008.5.1.4.1.1.2",
    uid: str | None = None,
    writer: str | None = None,
) -> bytes:
    """A file with preamble and meta header around ``data_set``; ``uid`` of the instance and ``writer`` are said where given."""
    meta = element(0x00020002, "UI", sop_class)
    if uid is not None:
        meta += element(0x00020003, "UI", uid)
    if syntax is not None:
        meta += element(0x00020010, "UI", syntax)
    if writer is not None:
        meta += element(0x00020013, "SH", writer)
    return bytes(128) + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(meta))) + meta + data_set


def small_image(*between: bytes, frames: str | None = None, pixels: bytes | None = None) -> bytes:
    """An explicit little endian data set of a 4×6 CT image; ``between`` goes in before the pixel module."""
    parts = [
        element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2"),
        element(0x00080018, "UI", "1.2.3.4.5"),
        element(0x00080060, "CS", "CT"),
        element(0x00100010, "PN", "Test^Raw"),
        element(0x00100020, "LO", "RAW1"),
        element(0x0020000D, "UI", "1.2.3"),
        element(0x0020000E, "UI", "1.2.3.4"),
        *between,
        element(0x00280002, "US", b"\1\0"),
        element(0x00280004, "CS", "MONOCHROME2"),
        *([element(0x00280008, "IS", frames)] if frames is not None else []),
        element(0x00280010, "US", b"\4\0"),
        element(0x00280011, "US", b"\6\0"),
        element(0x00280100, "US", b"\x10\0"),
        element(0x00280101, "US", b"\x10\0"),
        element(0x00280102, "US", b"\x0f\0"),
        element(0x00280103, "US", b"\1\0"),
        element(0x7FE00010, "OW", bytes(range(48)) if pixels is None else pixels),
    ]
    return b"".join(parts)
