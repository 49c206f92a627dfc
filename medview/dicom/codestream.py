"""What compressed frames say of themselves: size, precision and colour of JPEG, JPEG-LS and JPEG 2000 codestreams."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_J2K_START = b"\xff\x4f\xff\x51"
_JP2_BOX = b"\x00\x00\x00\x0cjP"
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_FRAME = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7})


@dataclass(frozen=True, slots=True)
class Codestream:
    """The header of a codestream. ``transformed``: whether its three components are luma and chroma.

    For JPEG 2000 ``transformed`` says that the decoder itself undoes the transform (COD's MCT); for JPEG None means that
    nothing in the stream tells. ``complete`` is False where the end marker is missing.
    """

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False
    transformed: bool | None = None
    complete: bool = True
    process: int = 0
    """Marker of a JPEG's frame header, which tells its process (ISO 10918-1 table B.1)."""

    @property
    def is_lossless_jpeg(self) -> bool:
        """Whether the process is one of the lossless ones."""
        return self.process in {0xC3, 0xC7, 0xCB, 0xCF}


def starts_frame(fragment: bytes) -> bool:
    """Whether these first bytes begin a JPEG, JPEG-LS, JPEG 2000 or JPEG XL codestream."""
    return (
        fragment[:3] == b"\xff\xd8\xff"
        or fragment[:4] == _J2K_START
        or fragment[:6] == _JP2_BOX
        or fragment[:2] == b"\xff\x0a"
        or fragment[4:8] == b"JXL "
    )


def codec_of(data: bytes) -> str:
    """The codec that a codestream's first bytes name, "" where they name none."""
    if data[:2] == b"\xff\xd8":
        at = 2
        while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
            if data[at + 1] == 0xF7:
                return "jpeg-ls"
            if data[at + 1] in _START_OF_FRAME:
                return "jpeg"
            at += 1 if data[at + 1] == 0xFF else 2 + struct.unpack_from(">H", data, at + 2)[0]
        return "jpeg"
    if data[:4] == _J2K_START or data[4:8] == b"jP  ":
        return "jpeg-2000"
    if data[:2] == b"\xff\x0a" or data[4:8] == b"JXL ":
        return "jpeg-xl"
    return ""


def is_rle_header(data: bytes, segments: int) -> bool:
    """Whether this is the head of an RLE frame of so many segments: the first one begins behind it (PS3.5 G.5)."""
    return len(data) >= 64 and struct.unpack_from("<2I", data) == (segments, 64)


def has_end_marker(data: bytes | memoryview) -> bool:
    """Whether the stream ends with EOI / EOC (FFD9), padding aside."""
    return bytes(data[-64:]).rstrip(b"\x00").rstrip(b"\xff").endswith(b"\xd9") and b"\xff\xd9" in bytes(data[-64:])


def read_jpeg_header(data: bytes) -> Codestream:
    """Header of a JPEG (ISO 10918-1) or JPEG-LS (ISO 14495-1) stream; raises ValueError where there is none."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("no JPEG start marker")
    at = 2
    adobe: int | None = None
    jfif = False
    frame: tuple[int, int, int, int, tuple[tuple[int, int], ...]] | None = None
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("damaged JPEG header")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte, B.1.1.2
            at += 1
            continue
        if marker in _STANDALONE:
            at += 2
            continue
        if marker == 0xDA:
            break
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if marker in _START_OF_FRAME and len(body) >= 6:
            precision, rows, columns, components = struct.unpack_from(">BHHB", body)
            table = tuple((body[6 + 3 * n], body[7 + 3 * n]) for n in range(components) if 7 + 3 * n < len(body))
            frame = (marker, rows, columns, precision, table)
        elif marker == 0xE0 and body[:5] == b"JFIF\0":
            jfif = True
        elif marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
            adobe = body[11]
        at += 2 + length
    if frame is None:
        raise ValueError("no JPEG frame header")
    process, rows, columns, precision, table = frame
    return Codestream(
        rows,
        columns,
        len(table),
        precision,
        False,
        _is_transformed(table, adobe, jfif),
        complete=has_end_marker(data),
        process=process,
    )


def _is_transformed(table: tuple[tuple[int, int], ...], adobe: int | None, jfif: bool) -> bool | None:
    """Whether three JPEG components are YCbCr, by the marks that encoders leave; None where there is none of them."""
    if len(table) != 3:
        return False
    if adobe is not None:
        return adobe != 0
    if [name for name, _ in table] == [0x52, 0x47, 0x42]:  # "R", "G", "B"
        return False
    if jfif or len({sampling for _, sampling in table}) > 1:
        return True
    return None


def read_jpeg2000_header(data: bytes) -> Codestream:
    """SIZ and COD of a JPEG 2000 codestream (ISO 15444-1 A.5), bare or in a JP2 file; raises ValueError."""
    start = data.find(_J2K_START, 0, 1 << 16)
    if start < 0:
        raise ValueError("no JPEG 2000 start marker")
    at = start + 2
    if len(data) < at + 42:
        raise ValueError("damaged JPEG 2000 header")
    x1, y1, x0, y0 = struct.unpack_from(">4I", data, at + 6)
    (components,) = struct.unpack_from(">H", data, at + 38)
    depth = data[at + 40]
    transformed = False
    (length,) = struct.unpack_from(">H", data, at + 2)
    at += 2 + length
    while at + 4 <= len(data):
        marker, length = struct.unpack_from(">HH", data, at)
        if marker == 0xFF52 and at + 9 <= len(data):
            transformed = data[at + 8] == 1
        if marker == 0xFF90:
            break
        at += 2 + length
    return Codestream(
        y1 - y0, x1 - x0, components, (depth & 0x7F) + 1, bool(depth & 0x80), transformed, _tiles_are_whole(data, at)
    )


def _tiles_are_whole(data: bytes, at: int) -> bool:
    """Whether every tile-part (A.4.2) that starts at ``at`` or later lies within the data."""
    seen = False
    while at + 12 <= len(data):
        marker, _, _, size = struct.unpack_from(">HHHI", data, at)
        if marker != 0xFF90:
            break
        if size == 0:  # reaches to the end of the stream
            return has_end_marker(data)
        seen = True
        at += size
    return seen and at <= len(data) and not (at < len(data) and data[at : at + 2] == b"\xff\x90")


def read_jpegxl_size(data: bytes) -> tuple[int, int]:
    """(rows, columns) of a JPEG XL codestream, bare or in its boxes (ISO 18181-1 D.2, 18181-2); raises ValueError."""
    start = 0 if data[:2] == b"\xff\x0a" else _jpegxl_codestream(data)
    if data[start : start + 2] != b"\xff\x0a" or len(data) < start + 12:
        raise ValueError("no JPEG XL start marker")
    bits = int.from_bytes(data[start + 2 : start + 12], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    small = take(1)

    def size() -> int:
        return 8 * (take(5) + 1) if small else 1 + take((9, 13, 18, 30)[take(2)])

    rows = size()
    ratio = take(3)
    if ratio == 0:
        return rows, size()
    above, below = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
    return rows, rows * above // below


def _jpegxl_codestream(data: bytes) -> int:
    """Where the codestream begins among the boxes."""
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        if kind == b"jxlc":
            return at + head
        if kind == b"jxlp":  # a part, behind its number
            return at + head + 4
        if length < head:
            break
        at += length
    raise ValueError("no JPEG XL codestream")
