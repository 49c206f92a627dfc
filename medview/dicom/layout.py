"""Reading files that resemble the one before: what is byte for byte the same is recognised and not parsed again.

A series of 600 slices repeats some 90 elements and changes ten. A Layout keeps the elements of the last file in blocks;
a block that the next file holds at the same place in the order gives its values at the cost of one comparison.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

_head_explicit = struct.Struct("<IHH").unpack_from
_head_implicit = struct.Struct("<II").unpack_from
_u32 = struct.Struct("<I").unpack_from

_UNDEFINED = 0xFFFFFFFF
_PATIENCE = 8
"""So many misses more than hits, and the next files are parsed plainly."""
_REST = 200


class Layout:
    """The elements of one run, between two elements that need special care."""

    __slots__ = ("_balance", "_data", "_elements", "_resting", "_steps", "_varying")

    def __init__(self) -> None:
        self._steps: list[tuple[bytes, int, dict[int, Any], int]] = []
        self._elements: list[tuple[int, int, int]] = []
        self._data = b""
        self._varying: set[int] = set()
        self._balance = 0
        self._resting = 0

    def run(
        self, buf: bytes, pos: int, values: dict[int, Any], wanted: Mapping[int, frozenset[int]], vrs: Vrs | None
    ) -> int:
        """Take little endian elements from ``pos`` until one needs care; its position. ``vrs`` None: implicit VR."""
        if self._resting:
            self._resting -= 1
            return plain_run(buf, pos, values, wanted, vrs)
        start = pos
        for block, size, known, varying in self._steps:
            stop = pos + size
            if buf[pos:stop] != block:
                break
            values.update(known)
            pos = stop
            if varying:
                after = plain_run(buf, pos, values, wanted, vrs, varying)
                if after < 0:
                    pos = ~after
                    break
                pos = after
        else:
            if self._steps:
                self._balance = min(self._balance + 1, _PATIENCE)
                return plain_run(buf, pos, values, wanted, vrs)
        pos = plain_run(buf, pos, values, wanted, vrs)
        self._balance -= 1
        if self._balance < -_PATIENCE:
            self._balance, self._resting = 0, _REST
        else:
            self._learn(buf, start, pos, wanted, vrs)
        return pos

    def _learn(self, buf: bytes, start: int, stop: int, wanted: Mapping[int, frozenset[int]], vrs: Vrs | None) -> None:
        """Remember the elements from ``start`` to ``stop``, and which of them differ from those of the last file."""
        elements = _elements(buf, start, stop, vrs)
        data = buf[start:stop]
        if [each[0] for each in elements] == [each[0] for each in self._elements]:
            for number, ((_, a, b), (_, c, d)) in enumerate(zip(elements, self._elements, strict=True)):
                if data[a:b] != self._data[c:d]:
                    self._varying.add(number)
        else:
            self._varying = set()
        self._elements, self._data = elements, data
        self._steps = []
        number = 0
        while number < len(elements):
            first = number
            while number < len(elements) and number not in self._varying:
                number += 1
            last = number
            while number < len(elements) and number in self._varying:
                number += 1
            begin = elements[first][1]
            end = elements[last - 1][2] if last > first else begin
            known: dict[int, Any] = {}
            if end > begin:
                plain_run(data[begin:end], 0, known, wanted, vrs)
            self._steps.append((data[begin:end], end - begin, known, number - last))


Vrs = tuple[frozenset[int], frozenset[int]]
"""(VRs with a 16-bit length, VRs with a 32-bit length) as little endian integers."""


def plain_run(
    buf: bytes,
    pos: int,
    values: dict[int, Any],
    wanted: Mapping[int, frozenset[int]],
    vrs: Vrs | None,
    count: int = -1,
) -> int:
    """Take elements until one needs care or the buffer ends; its position.

    With ``count``: exactly so many, and the bitwise complement of the position where that fails.
    """
    head, length32, get, end = _head_explicit, _u32, wanted.get, len(buf)
    try:
        if vrs is not None:
            short, long = vrs
            while count:
                tag, vr, length = head(buf, pos)
                if vr in short:
                    start = pos + 8
                elif vr in long:
                    length = length32(buf, pos + 8)[0]
                    start = pos + 12
                else:
                    break
                stop = start + length
                kind = get(tag)
                if kind is None:
                    if length == _UNDEFINED:
                        break
                elif vr in kind and length != _UNDEFINED and stop <= end:
                    values[tag] = buf[start:stop]
                else:
                    break
                pos = stop
                count -= 1
        else:
            head2 = _head_implicit
            while count:
                tag, length = head2(buf, pos)
                start = pos + 8
                stop = start + length
                kind = get(tag)
                if kind is None:
                    if length == _UNDEFINED:
                        break
                elif _PLAIN in kind and length != _UNDEFINED and stop <= end:
                    values[tag] = buf[start:stop]
                else:
                    break
                pos = stop
                count -= 1
    except struct.error:
        pass
    return ~pos if count > 0 else pos


_PLAIN = 0
"""Member of every kind that is a plain value, so that implicit elements can be told from sequences and pixels."""


def _elements(buf: bytes, start: int, stop: int, vrs: Vrs | None) -> list[tuple[int, int, int]]:
    """(tag, begin, end) of the elements between ``start`` and ``stop``, counted from ``start``."""
    found = []
    pos = start
    while pos < stop:
        if vrs is None:
            tag, length = _head_implicit(buf, pos)
            after = pos + 8 + length
        else:
            tag, vr, length = _head_explicit(buf, pos)
            after = pos + 8 + length if vr in vrs[0] else pos + 12 + _u32(buf, pos + 8)[0]
        if after > stop:
            break
        found.append((tag, pos - start, after - start))
        pos = after
    return found
