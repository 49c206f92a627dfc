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


class Pattern:
    """A run as it was learnt: files that match it differ in the values of ``varying`` alone (wanted tags)."""

    __slots__ = ("varying",)

    def __init__(self, varying: frozenset[int] = frozenset()) -> None:
        self.varying = varying


_NOTHING = Pattern()
"""Of a run without elements, between two that need care."""


class Layout:
    """The elements of one run, between two elements that need special care."""

    __slots__ = ("_balance", "_data", "_elements", "_resting", "_steps", "_varying", "matched", "pattern")

    def __init__(self) -> None:
        self.matched: Pattern | None = None
        """What the last run was from end to end, None where it had something else too."""
        self.pattern = Pattern()
        """What it has learnt last."""
        self._steps: list[tuple[bytes, int, dict[int, Any], _Slots]] = []
        self._elements: list[tuple[int, int, int]] = []
        self._data = b""
        self._varying: set[int] = set()
        self._balance = 0
        self._resting = 0

    @property
    def first_block(self) -> int:
        """So many bytes at its beginning repeat."""
        return self._steps[0][1] if self._steps else 0

    def follow(self, buf: bytes, pos: int, values: dict[int, Any], vrs: Vrs | None) -> int:
        """As `run`, for bytes that match from end to end and for those values alone that vary; -1 where they do not."""
        for block, size, _, varying in self._steps:
            stop = pos + size
            if block != buf[pos:stop]:
                return -1
            pos = _known_run(buf, stop, values, varying, vrs) if varying else stop
            if pos < 0:
                return -1
        return pos

    def run(
        self, buf: bytes, pos: int, values: dict[int, Any], wanted: Mapping[int, frozenset[int]], vrs: Vrs | None
    ) -> int:
        """Take little endian elements from ``pos`` until one needs care; its position. ``vrs`` None: implicit VR."""
        self.matched = None
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
                after = _known_run(buf, pos, values, varying, vrs)
                if after < 0:
                    pos = ~after
                    break
                pos = after
        else:
            if self._steps:
                self._balance = min(self._balance + 1, _PATIENCE)
                stop = plain_run(buf, pos, values, wanted, vrs)
                self.matched = self.pattern if stop == pos else None
                return stop
        pos = plain_run(buf, pos, values, wanted, vrs)
        if pos == start:
            self.matched = _NOTHING
            return pos
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
        self.pattern = Pattern(frozenset(elements[number][0] for number in self._varying) & wanted.keys())
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
            slots = tuple((each[0], wanted.get(each[0])) for each in elements[last:number])
            self._steps.append((data[begin:end], end - begin, known, slots))


Vrs = tuple[frozenset[int], frozenset[int]]
"""(VRs with a 16-bit length, VRs with a 32-bit length) as little endian integers."""


_Slots = tuple[tuple[int, frozenset[int] | None], ...]
"""(tag, the kind that is wanted of it) of elements whose values vary."""


def plain_run(
    buf: bytes, pos: int, values: dict[int, Any], wanted: Mapping[int, frozenset[int]], vrs: Vrs | None
) -> int:
    """Take elements until one needs care or the buffer ends; its position."""
    head, length32, get, end = _head_explicit, _u32, wanted.get, len(buf)
    try:
        if vrs is not None:
            short, long = vrs
            while True:
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
        else:
            head2 = _head_implicit
            while True:
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
    except struct.error:
        pass
    return pos


def _known_run(buf: bytes, pos: int, values: dict[int, Any], slots: _Slots, vrs: Vrs | None) -> int:
    """Take just these elements, one after the other; the position after them.

    Where another one comes, or one needs care: the bitwise complement of its position.
    """
    end = len(buf)
    try:
        for slot, kind in slots:
            if vrs is not None:
                tag, vr, length = _head_explicit(buf, pos)
                start = pos + 8
                if vr not in vrs[0]:
                    if vr not in vrs[1]:
                        return ~pos
                    length = _u32(buf, start)[0]
                    start += 4
            else:
                tag, length = _head_implicit(buf, pos)
                vr, start = _PLAIN, pos + 8
            stop = start + length
            if tag != slot or length == _UNDEFINED:
                return ~pos
            if kind is not None:
                if vr not in kind or stop > end:
                    return ~pos
                values[tag] = buf[start:stop]
            pos = stop
    except struct.error:
        return ~pos
    return pos


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
