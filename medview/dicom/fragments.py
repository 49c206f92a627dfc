"""Where the frames of encapsulated pixel data lie: items, basic and extended offset tables (PS3.5 A.4)."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from medview.dicom.codestream import starts_frame
from medview.dicom.pixel_description import PixelDescription

Read = Callable[[int, int], bytes]
"""(offset, length) → the bytes that are there, fewer at the end of the file."""

_ITEM = b"\xfe\xff\x00\xe0"
_ITEM_BIG = b"\xff\xfe\xe0\x00"
_END = (b"\xfe\xff\xdd\xe0", b"\xff\xfe\xe0\xdd")


@dataclass(frozen=True, slots=True)
class Fragment:
    """One item: offset and length of its value in the file; ``whole`` is False where the file ends inside it."""

    offset: int
    length: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class FrameMap:
    """The fragments of every frame that can be told apart; frames beyond the end of the tuple are missing."""

    frames: tuple[tuple[Fragment, ...], ...]


def map_frames(pixels: PixelDescription, read: Read, size: int) -> FrameMap:
    """Assign fragments to frames: by the offset tables where they fit, else by start markers, else one each."""
    table, fragments = _items(pixels.data_offset, read, size)
    if pixels.syntax.codec == "rle" or len(fragments) == pixels.frames:
        by_table = None  # one fragment per frame (PS3.5 A.4.2), whatever a table says
    else:
        by_table = _by_offsets(_extended_offsets(pixels, read) or table, fragments, pixels.frames)
    return FrameMap(by_table or _without_table(pixels, read, fragments))


def _items(offset: int, read: Read, size: int) -> tuple[tuple[int, ...], list[Fragment]]:
    """The basic offset table (empty where there is none) and all fragments."""
    fragments: list[Fragment] = []
    table: tuple[int, ...] = ()
    first = True
    while offset + 8 <= size:
        head = read(offset, 8)
        tag, (length,) = head[:4], struct.unpack("<I", head[4:])
        if tag == _ITEM_BIG:
            (length,) = struct.unpack(">I", head[4:])
        elif tag != _ITEM:
            break
        value = offset + 8
        whole = value + length <= size
        if first:
            first = False
            raw = read(value, min(length, size - value))
            table = struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
        else:
            fragments.append(Fragment(value, min(length, size - value), whole))
        if not whole:
            break
        offset = value + length
    return table, fragments


def _extended_offsets(pixels: PixelDescription, read: Read) -> tuple[int, ...]:
    """Extended Offset Table (7FE0,0001), 64 bit, PS3.3 C.7.6.3.1.8."""
    if pixels.extended_offsets is None:
        return ()
    raw = read(*pixels.extended_offsets)
    return struct.unpack(f"<{len(raw) // 8}Q", raw[: len(raw) // 8 * 8])


def _by_offsets(
    offsets: Sequence[int], fragments: Sequence[Fragment], frames: int
) -> tuple[tuple[Fragment, ...], ...] | None:
    """Split at the offsets; None where the table does not fit the fragments (real tables are often wrong)."""
    if len(offsets) != frames or not fragments:
        return None
    base = fragments[0].offset - 8
    starts = {fragment.offset - 8 - base: index for index, fragment in enumerate(fragments)}
    if offsets[0] != 0 or any(a >= b for a, b in itertools.pairwise(offsets)):
        return None
    # Entries beyond the last fragment belong to frames that a truncated file has lost.
    reach = max(starts)
    known = [offset for offset in offsets if offset <= reach]
    if any(offset not in starts for offset in known):
        return None
    bounds = [*(starts[offset] for offset in known), len(fragments)]
    groups = [tuple(fragments[a:b]) for a, b in itertools.pairwise(bounds)]
    return tuple(groups)


def _without_table(
    pixels: PixelDescription, read: Read, fragments: Sequence[Fragment]
) -> tuple[tuple[Fragment, ...], ...]:
    if pixels.frames == 1:
        if pixels.syntax.codec == "rle" and len(fragments) > 1:
            return (tuple(fragments[:1]),)
        return (tuple(fragments),) if fragments else ()
    if len(fragments) == pixels.frames or pixels.syntax.codec == "rle":
        return tuple((fragment,) for fragment in fragments)
    filled = [fragment for fragment in fragments if fragment.length]
    if len(filled) > pixels.frames:
        groups: list[list[Fragment]] = []
        for fragment in filled:
            if starts_frame(read(fragment.offset, min(12, fragment.length))) or not groups:
                groups.append([])
            groups[-1].append(fragment)
        return tuple(tuple(group) for group in groups)
    return tuple((fragment,) for fragment in filled)
