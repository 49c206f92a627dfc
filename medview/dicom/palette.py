"""Palette colour lookup tables of an instance, plain or segmented (PS3.3 C.7.6.3.1.5, C.7.9.2)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.dicom import tags
from medview.dicom.element_kinds import SHORTS, STOP, TEXT
from medview.dicom.elements import read_elements
from medview.dicom.header import as_shorts
from medview.files.byte_source import stamp_of

if TYPE_CHECKING:
    from pydicom import Dataset

Order = Literal["<", ">"]

_MAX_ENTRIES = 1 << 16


@dataclass(frozen=True, eq=False, slots=True)
class Palette:
    """Three tables of 8 bit, red, green, blue, and the stored value that each begins with."""

    tables: tuple[NDArray[np.uint8], ...]
    firsts: tuple[int, ...]


def palette_of_path(path: str, signed: bool) -> Palette:
    """The palette of a file, kept while the file stays as it is; raises ValueError, and OSError."""
    return _palette_of_file(path, stamp_of(path), signed)


@lru_cache(maxsize=4)
def _palette_of_file(path: str, key: tuple[int, int], signed: bool) -> Palette:  # noqa: ARG001 - the key is the file's state
    from pydicom import Dataset

    # Read as the header was read: what is not quite DICOM must not lose its palette on the way.
    wanted = {tags.tag(0x0028, base + n): SHORTS for base in (0x1100, 0x1200, 0x1220) for n in (1, 2, 3)}
    values = read_elements(path, wanted={**wanted, tags.TRANSFER_SYNTAX: TEXT, tags.PIXELS: STOP}).values
    dataset = Dataset()
    for n in (1, 2, 3):
        descriptor = values.get(tags.tag(0x0028, 0x1100 + n))
        if descriptor:
            dataset.add_new((0x0028, 0x1100 + n), "US", list(as_shorts(descriptor)))
        for base in (0x1200, 0x1220):
            entries = values.get(tags.tag(0x0028, base + n))
            if entries:
                dataset.add_new((0x0028, base + n), "OW", bytes(entries))
    return palette_of(dataset, signed)


def palette_of(dataset: Dataset, signed: bool) -> Palette:
    """The palette of a data set; raises ValueError where it is missing or does not hold together."""
    tables: list[NDArray[np.uint16]] = []
    firsts: list[int] = []
    for n in (1, 2, 3):
        descriptor = _value(dataset, 0x1100 + n)
        if descriptor is None or len(descriptor) != 3:
            raise ValueError("the palette's descriptor is missing")
        entries, first, bits = (int(value) for value in descriptor)
        entries = entries % _MAX_ENTRIES or _MAX_ENTRIES  # 0 means 65536; some files write it signed
        first &= 0xFFFF
        if signed and first >= 1 << 15:
            first -= 1 << 16
        plain, segmented = _value(dataset, 0x1200 + n), _value(dataset, 0x1220 + n)
        if plain:
            words = _words(*_raw(dataset, plain), entries, bits)
        elif segmented:
            words = _expand_segments(*_raw(dataset, segmented), entries, bits)
        else:
            raise ValueError("the palette's data are missing")
        if not len(words):
            raise ValueError("the palette is empty")
        tables.append(words[:entries])
        firsts.append(first)
    # 16 bit announced but 8 bit written is common; then nothing exceeds 255 in any table.
    if max(int(table.max()) for table in tables) > 255:
        tables = [(table >> 8).astype(np.uint16) for table in tables]
    return Palette(tuple(table.astype(np.uint8) for table in tables), tuple(firsts))


def _value(dataset: Dataset, element: int) -> Any:
    found: Any = dataset.get((0x0028, element))
    return None if found is None else found.value


def _raw(dataset: Dataset, value: bytes | Sequence[int] | int) -> tuple[bytes, Order]:
    """The table's bytes and their order; tables with the VR US were read as numbers already."""
    if isinstance(value, bytes):
        little: Any = dataset.original_encoding[1]
        return value, ">" if little is False else "<"
    numbers = [value] if isinstance(value, int) else list(value)
    return struct.pack(f"<{len(numbers)}H", *(number & 0xFFFF for number in numbers)), "<"


def _words(raw: bytes, order: Order, entries: int, bits: int) -> NDArray[np.uint16]:
    """Entries as 16 bit numbers; 8 bit entries may be packed two to a word or have a word each.

    Where 16 bits are announced and there are as many bytes as entries, they have 8.
    """
    if (bits <= 8 and len(raw) < 2 * entries) or len(raw) == entries + entries % 2:
        return np.frombuffer(raw, dtype=np.uint8).astype(np.uint16)
    return np.frombuffer(raw[: len(raw) // 2 * 2], dtype=f"{order}u2").astype(np.uint16)


def _expand_segments(raw: bytes, order: Order, entries: int, bits: int) -> NDArray[np.uint16]:
    """Discrete, linear and indirect segments (PS3.3 C.7.9.2); raises ValueError for what is none of them."""
    size = 1 if bits <= 8 else 2
    items = np.frombuffer(raw[: len(raw) // size * size], dtype=np.uint8 if size == 1 else f"{order}u2").astype(
        np.int64
    )
    out: list[NDArray[np.int64]] = []
    filled = 0
    last = 0

    def run(at: int, depth: int, limit: int | None) -> int:
        nonlocal filled, last
        segments = 0
        while at + 1 < len(items) and filled < entries and (limit is None or segments < limit):
            opcode, length = int(items[at]), int(items[at + 1])
            if opcode == 0:
                part = items[at + 2 : at + 2 + length]
                at += 2 + length
            elif opcode == 1 and at + 2 < len(items):
                end = int(items[at + 2])
                steps = np.arange(1, length + 1, dtype=np.float64)
                part = np.rint(last + (end - last) * steps / max(length, 1)).astype(np.int64)
                at += 3
            elif opcode == 2 and depth == 0:
                words = items[at + 2 : at + (6 if size == 1 else 4)]
                start = sum(int(word) << (8 * size * n) for n, word in enumerate(words)) // size
                run(start, depth + 1, length)
                at += 2 + len(words)
                segments += 1
                continue
            else:
                raise ValueError(f"the segmented palette has an unknown segment type {opcode}")
            if len(part):
                out.append(part)
                filled += len(part)
                last = int(part[-1])
            segments += 1
        return at

    run(0, 0, None)
    return np.concatenate(out).astype(np.uint16) if out else np.zeros(0, np.uint16)
