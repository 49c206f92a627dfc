"""The way of most JPEG 2000 frames: reversible, whole, one tile. What differs in anything is left to OpenJPEG."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.kernels.jpeg2000 import ReversibleTile, decode_reversible

_START = b"\xff\x4f\xff\x51"
_SIZE, _CODING, _QUANTISATION, _TILE, _DATA = 0xFF51, 0xFF52, 0xFF5C, 0xFF90, 0xFF93
_PASSED_OVER = frozenset({0xFF64, 0xFF55, 0xFF57, 0xFF58, 0xFF63})
"""Comments, lengths of tile-parts and packets, registration of components (A.7, A.9): they change no sample."""
_REVERSIBLE, _MOST_BITS, _MOST_LEVELS = 1, 16, 32


class _OtherWayError(Exception):
    """The stream is none of those that are decoded here."""


@dataclass(frozen=True, slots=True)
class _Frame:
    rows: int
    columns: int
    components: int
    precision: int
    signed: bool


def decode_reversible_frame(data: bytes) -> NDArray[Any] | None:
    """Samples (rows, columns) or (rows, columns, components) of a reversible codestream, bare or in a JP2 file.

    None for every stream that is cut off or not of the plain kind: OpenJPEG knows them all, and says what is wrong.
    """
    start = data.find(_START, 0, 1 << 16)
    if start < 0:
        return None
    try:
        frame, tile, packets = _read(data, start)
    except (_OtherWayError, struct.error, IndexError):
        return None
    decoded = decode_reversible(packets, tile)
    if decoded is None:
        return None
    kind = ("u1", "u2") if not frame.signed else ("i1", "i2")
    shift = 0 if frame.signed else 1 << (frame.precision - 1)
    low, high = (-(1 << (frame.precision - 1)) + shift, (1 << (frame.precision - 1)) - 1 + shift)
    if shift:
        decoded += shift
    samples = np.clip(decoded, low, high, out=decoded).astype(kind[frame.precision > 8])
    return samples[0] if frame.components == 1 else np.ascontiguousarray(samples.transpose(1, 2, 0))


def _read(data: bytes, at: int) -> tuple[_Frame, ReversibleTile, NDArray[np.uint8]]:
    """What the main header (A.2) says, and the bytes of all packets; raises _OtherWayError, struct.error, IndexError."""
    frame: _Frame | None = None
    coding: bytes | None = None
    exponents: tuple[int, ...] = ()
    guard = 0
    at += 2
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        body = data[at + 4 : at + 2 + length]
        if marker == _TILE:
            break
        if marker == _SIZE:
            frame = _frame(body)
        elif marker == _CODING:
            coding = body
        elif marker == _QUANTISATION:
            if body[0] & 31:
                raise _OtherWayError
            guard, exponents = body[0] >> 5, tuple(byte >> 3 for byte in body[1:])
        elif marker not in _PASSED_OVER:  # other components, regions, precincts elsewhere, block styles of HTJ2K …
            raise _OtherWayError
        at += 2 + length
    if frame is None or coding is None or len(coding) < 10:
        raise _OtherWayError
    style, order, layers, turned, levels, wide, tall, block_style, wavelet = struct.unpack_from(">BBHBBBBBB", coding)
    if style & 1 and any(byte != 0xFF for byte in coding[10 : 11 + levels]):
        raise _OtherWayError  # precincts smaller than any picture
    if style & ~7 or block_style or wavelet != _REVERSIBLE or order > 4 or levels > _MOST_LEVELS or not layers:
        raise _OtherWayError
    if wide > 8 or tall > 8 or wide + tall > 8 or len(exponents) != 1 + 3 * levels:
        raise _OtherWayError
    if turned and frame.components != 3:
        raise _OtherWayError
    tile = ReversibleTile(
        (frame.components, frame.rows, frame.columns),
        levels,
        layers,
        order,
        (4 << tall, 4 << wide),
        bool(style & 4),
        bool(turned),
        tuple(guard + exponent - 1 for exponent in exponents),
    )
    return frame, tile, _packets(data, at)


def _frame(body: bytes) -> _Frame:
    """SIZ (A.5.1), where the picture is one tile that begins at the origin and no component is subsampled."""
    columns, rows, i, j, tile_columns, tile_rows, tile_i, tile_j, components = struct.unpack_from(">8IH", body, 2)
    depths = [body[36 + 3 * n : 39 + 3 * n] for n in range(components)]
    if i or j or tile_i or tile_j or tile_columns < columns or tile_rows < rows or components not in {1, 3}:
        raise _OtherWayError
    if any(len(depth) < 3 or depth[1:] != b"\1\1" or depth != depths[0] for depth in depths):
        raise _OtherWayError
    precision = (depths[0][0] & 0x7F) + 1
    if precision > _MOST_BITS:
        raise _OtherWayError
    return _Frame(rows, columns, components, precision, bool(depths[0][0] & 0x80))


def _packets(data: bytes, at: int) -> NDArray[np.uint8]:
    """The bytes of all tile-parts (A.4.2) of the one tile, in their order."""
    parts: list[memoryview] = []
    view = memoryview(data)
    while at + 12 <= len(data):
        marker, length, tile, size, part, _parts = struct.unpack_from(">HHHIBB", data, at)
        if marker != _TILE:
            break
        if length != 10 or tile or part != len(parts):
            raise _OtherWayError
        stop = at + size if size else data.rfind(b"\xff\xd9")
        if stop > len(data) or stop < at:
            raise _OtherWayError
        begin = at + 12
        while (head := struct.unpack_from(">H", data, begin)[0]) != _DATA:
            if head not in _PASSED_OVER:
                raise _OtherWayError
            begin += 2 + struct.unpack_from(">H", data, begin + 2)[0]
        parts.append(view[begin + 2 : stop])
        at = stop
    if not parts or data[at : at + 2] != b"\xff\xd9":
        raise _OtherWayError
    return np.frombuffer(parts[0] if len(parts) == 1 else b"".join(parts), np.uint8)
