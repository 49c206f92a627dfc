"""One small image in all the ways in which real writers and broken transfers break the rules of DICOM.

Each variant is (name, bytes, what is allowed to be said of it). The pixels are those of ``small_image``: 4×6, the numbers 0, 1, 2 …
as bytes.
"""

from __future__ import annotations

import gzip
import struct
import zlib

from tests.phantoms.raw_dicom import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    SEQUENCE_END,
    element,
    implicit,
    item,
    part10,
    small_image,
)

DEFLATED = "1.2.840.10008.1.2.1.99"
PIXELS = bytes(range(48))
_TAGS = (
    (0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2"), (0x00080018, "UI", "1.2.3.4.5"), (0x00080060, "CS", "CT"),
    (0x00100010, "PN", "Test^Raw"), (0x00100020, "LO", "RAW1"), (0x0020000D, "UI", "1.2.3"), (0x0020000E, "UI", "1.2.3.4"),
)  # fmt: skip
_IMAGE = (
    (0x00280002, "US", 1), (0x00280004, "CS", "MONOCHROME2"), (0x00280010, "US", 4), (0x00280011, "US", 6),
    (0x00280100, "US", 16), (0x00280101, "US", 16), (0x00280102, "US", 15), (0x00280103, "US", 1),
)  # fmt: skip


def _value(value: str | int, big: bool = False) -> bytes | str:
    return struct.pack(">H" if big else "<H", value) if isinstance(value, int) else value


def implicit_image(*between: bytes) -> bytes:
    """The data set in implicit VR little endian."""
    parts = [implicit(tag, _value(value)) for tag, _, value in _TAGS]
    parts += between
    parts += [implicit(tag, _value(value)) for tag, _, value in _IMAGE]
    return b"".join([*parts, implicit(0x7FE00010, PIXELS)])


def big_image() -> bytes:
    """The data set in explicit VR big endian."""
    parts = [element(tag, vr, _value(value, True), big=True) for tag, vr, value in (*_TAGS, *_IMAGE)]
    swapped = b"".join(PIXELS[at : at + 2][::-1] for at in range(0, 48, 2))
    return b"".join([*parts, element(0x7FE00010, "OW", swapped, big=True)])


def implicit_big_image() -> bytes:
    """The data set as ACR-NEMA writers of big machines wrote it: implicit VR, big endian."""
    parts = [struct.pack(">HHII", 8, 0, 4, 300)]
    for tag, _, value in (*_TAGS, *_IMAGE):
        content = _value(value, True)
        content = content.encode() if isinstance(content, str) else content
        content += b" " * (len(content) % 2)
        parts.append(struct.pack(">HHI", tag >> 16, tag & 0xFFFF, len(content)) + content)
    swapped = b"".join(PIXELS[at : at + 2][::-1] for at in range(0, 48, 2))
    return b"".join([*parts, struct.pack(">HHI", 0x7FE0, 0x0010, 48) + swapped])


def acr_nema(recognition: str = "ACR-NEMA 2.0", *more: bytes, pixels: bytes = PIXELS) -> bytes:
    """ACR-NEMA 2.0: no preamble, no SOP class, group lengths, a recognition code. ``more``: image attributes."""
    head = implicit(0x00080000, struct.pack("<I", 60)) + implicit(0x00080010, recognition) + implicit(0x00080060, "CT")
    patient = (
        implicit(0x00100000, struct.pack("<I", 28)) + implicit(0x00100010, "TEST RAW") + implicit(0x00100020, "RAW1")
    )
    image = b"".join(implicit(tag, _value(value)) for tag, _, value in _IMAGE if tag != 0x00280004)
    code = implicit(0x00280040, "MONO")
    return (
        head
        + patient
        + implicit(0x00280000, bytes(4))
        + image
        + b"".join(more)
        + code
        + implicit(0x7FE00000, bytes(4))
        + implicit(0x7FE00010, pixels)
    )


def _sequence(tag: int, content: bytes, vr: str = "SQ", undefined: bool = True, end: bytes = SEQUENCE_END) -> bytes:
    return element(tag, vr, content, undefined=undefined) + (end if undefined else b"")


def _short_length(tag: int, vr: str, value: bytes) -> bytes:
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode() + struct.pack("<H", len(value)) + value


def _long_length(tag: int, vr: str, value: bytes) -> bytes:
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode() + struct.pack("<HI", 0, len(value)) + value


def _without_meta_end(syntax: str) -> bytes:
    """Meta information without its group length and with an implicit element."""
    return bytes(128) + b"DICM" + implicit(0x00020010, syntax + "\0") + small_image()


def variants() -> dict[str, bytes]:
    """All of them by name."""
    nested = item(
        element(0x00080100, "SH", "X") + _sequence(0x00081140, item(element(0x00081150, "UI", "1.2"), True)), True
    )
    private = element(0x00090010, "LO", "ACME 1")
    odd = struct.pack("<HH2sH", 0x0008, 0x103E, b"LO", 5) + b"Chest"
    data = small_image()
    command = (
        implicit(0x00000000, struct.pack("<I", 20)) + implicit(0x00000100, b"\x01\0") + implicit(0x00000110, b"\x07\0")
    )
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = packer.compress(data) + packer.flush()
    at = data.index(b"\x28\0\x02\0")
    rows = data[at : data.index(b"\xe0\x7f\x10\0")]
    before, pixels = data[:at], data[data.index(b"\xe0\x7f\x10\0") :]
    long_meta = element(0x00020102, "OB", bytes(40000))
    return {
        "plain": part10(data),
        "no preamble": part10(data)[128:],
        "no meta, explicit": data,
        "no meta, implicit": implicit_image(),
        "no meta, big endian": big_image(),
        "no meta, big endian implicit": implicit_big_image(),
        "ACR-NEMA": acr_nema(),
        "a private group first, implicit": implicit(0x00030010, "MAKER 1.0 ") + implicit(0x00031001, "x ") + implicit_image(),
        "a private group first": element(0x00050010, "LO", "MAKER 1.0 ") + element(0x00051001, "LO", "x ") + data,
        "a stray byte first": b" " + data,
        "a preamble without mark": bytes(128) + data,
        "a MacBinary header first": bytes(128) + part10(data),
        "no transfer syntax": part10(data, None),
        "no transfer syntax, implicit": part10(implicit_image(), None),
        "no transfer syntax, big endian": part10(big_image(), None),
        "says explicit, is implicit": part10(implicit_image(), EXPLICIT),
        "says implicit, is explicit": part10(data, IMPLICIT),
        "says little, is big": part10(big_image(), EXPLICIT),
        "says big, is little": part10(data, BIG_ENDIAN),
        "says deflated, is not": part10(data, DEFLATED),
        "deflated with a zlib header": part10(b"", DEFLATED) + zlib.compress(data),
        "deflated": part10(b"", DEFLATED) + deflated,
        "GE's implicit": part10(implicit_image()[:-48] + b"".join(PIXELS[n : n + 2][::-1] for n in range(0, 48, 2)), "1.2.840.113619.5.2"),
        "Papyrus implicit": part10(implicit_image(), "1.2.840.10008.1.20"),
        "unknown transfer syntax": part10(data, "1.2.3.4.5.6.7.8"),
        "empty transfer syntax": part10(data, ""),
        "meta without group length, implicit": _without_meta_end(EXPLICIT),
        "meta longer than any": bytes(128) + b"DICM" + long_meta + element(0x00020010, "UI", EXPLICIT) + data,
        "commands first": command + data,
        "commands first, implicit": command + implicit_image(),
        "explicit with implicit inside": part10(small_image(implicit(0x0008103E, "Chest "))),
        "implicit with explicit inside": part10(implicit_image(element(0x0008103E, "LO", "Chest ")), IMPLICIT),
        "implicit items in an explicit sequence": part10(small_image(_sequence(0x00081140, item(implicit(0x00081150, "1.2"), True)))),
        "implicit items in UN": part10(small_image(_sequence(0x00091001, item(implicit(0x00081150, "1.2"), True), "UN"))),
        "explicit items in UN": part10(small_image(_sequence(0x00081140, item(element(0x00081150, "UI", "1.2"), True), "UN"))),
        "unknown VR": part10(small_image(_long_length(0x0008103E, "XX", b"Chest "))),
        "unknown VR, short": part10(small_image(_short_length(0x0008103E, "??", b"Chest "))),
        "OB with a short length": part10(small_image(private, _short_length(0x00091010, "OB", b"abcd"))),
        "UN with a short length": part10(small_image(private, _short_length(0x00091010, "UN", b"abcd"))),
        "SQ as SH": part10(small_image(element(0x00081140, "SH", "junk"))),
        "undefined lengths everywhere": part10(small_image(_sequence(0x00081140, nested), _sequence(0x00091001, nested))),
        "nested private sequences": part10(small_image(private, _sequence(0x00091001, nested, undefined=False))),
        "no item delimiter": part10(small_image(element(0x00081140, "SQ", struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + element(0x00081150, "UI", "1.2") + SEQUENCE_END, undefined=True))),
        "no sequence delimiter": part10(small_image(_sequence(0x00081140, item(element(0x00081150, "UI", "1.2")), end=b""))),
        "no delimiter behind two items": part10(small_image(_sequence(0x00081140, item(b"") + item(b""), end=b""))),
        "a delimiter too many": part10(small_image(SEQUENCE_END)),
        "junk in a sequence": part10(small_image(element(0x00081140, "SQ", b"abcdefgh"))),
        "an item longer than its sequence": part10(small_image(element(0x00081140, "SQ", struct.pack("<HHI", 0xFFFE, 0xE000, 4000) + bytes(8)))),
        "odd length": part10(small_image(odd)),
        "odd length, implicit": part10(implicit_image(struct.pack("<HHI", 0x0008, 0x103E, 5) + b"Chest"), IMPLICIT),
        "group lengths": part10(element(0x00080000, "UL", bytes(4)) + small_image(element(0x00280000, "UL", b"\xff\xff\0\0"))),
        "out of order": part10(rows + before + pixels),
        "pixels first": part10(before + pixels + rows),
        "trailing zeros": part10(data) + bytes(1000),
        "trailing junk": part10(data) + b"\xde\xad\xbe\xef" * 33,
        "data set trailing padding": part10(data + element(0xFFFCFFFC, "OB", bytes(64))),
        "pixels longer than the file": part10(data[:-52] + struct.pack("<I", 4000) + PIXELS),
        "pixels as UN": part10(data.replace(b"\xe0\x7f\x10\0OW", b"\xe0\x7f\x10\0UN")),
        "pixels with a short length": part10(before + rows + _short_length(0x7FE00010, "OW", PIXELS)),
        "rows as text": part10(data.replace(element(0x00280010, "US", b"\4\0"), element(0x00280010, "IS", "4"))),
        "rows as UL": part10(data.replace(element(0x00280010, "US", b"\4\0"), element(0x00280010, "UL", b"\4\0\0\0"))),
        "no BitsStored": part10(data.replace(element(0x00280101, "US", b"\x10\0"), b"").replace(element(0x00280102, "US", b"\x0f\0"), b"")),
        "no photometric interpretation": part10(data.replace(element(0x00280004, "CS", "MONOCHROME2"), b"")),
        "no samples per pixel": part10(data.replace(element(0x00280002, "US", b"\1\0"), b"")),
        "HighBit contradicts": part10(data.replace(element(0x00280102, "US", b"\x0f\0"), element(0x00280102, "US", b"\x07\0"))),
        "no SOP class": part10(data[data.index(b"\x08\0\x18\0") :]),
        "unknown SOP class": part10(data.replace(b"5.1.4.1.1.2\0", b"5.1.4.1.9.9\0")),
        "number of frames 0": part10(small_image(frames="0")),
        "number of frames empty": part10(small_image(frames="")),
        "number of frames in words": part10(small_image(frames="one")),
        "gzipped": gzip.compress(part10(data), mtime=0),
    }  # fmt: skip
