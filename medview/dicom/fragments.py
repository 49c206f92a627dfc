"""Where the frames of encapsulated pixel data lie: items, basic and extended offset tables (PS3.5 A.4)."""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from medview.dicom.codestream import starts_frame
from medview.dicom.pixel_description import PRIVATE, PixelDescription

Read = Callable[[int, int], bytes]
"""(offset, length) → the bytes that are there, fewer at the end of the file."""

_ITEM = b"\xfe\xff\x00\xe0"
_ITEM_BIG = b"\xff\xfe\xe0\x00"
_AFTER_ITEM = (_ITEM, _ITEM_BIG, b"\xfe\xff\xdd\xe0", b"\xff\xfe\xe0\xdd")
_BORDER = re.compile(rb"\xff\xd9\x00{0,3}(?=\xff\xd8\xff|\xff\x4f\xff\x51)")


@dataclass(frozen=True, slots=True)
class Fragment:
    """One item: offset and length of its value in the file; ``whole`` is False where the file ends inside it.

    ``starts``: whether its first bytes begin a codestream.
    """

    offset: int
    length: int
    whole: bool = True
    starts: bool = False


@dataclass(frozen=True, slots=True)
class FrameMap:
    """The fragments of every frame that can be told apart; frames beyond the end of the tuple are missing."""

    frames: tuple[tuple[Fragment, ...], ...]


def map_frames(pixels: PixelDescription, read: Read, size: int) -> FrameMap:
    """Assign fragments to frames: by the offset tables where they fit, else one each, else by start markers.

    Codestreams can be told from their continuations, so a table that leads into the middle of one is not believed.
    """
    codec = pixels.syntax.codec
    if pixels.vr == PRIVATE:  # its value, without items
        end = _end(pixels, size)
        whole = pixels.data_length is None or end == pixels.data_offset + pixels.data_length
        return FrameMap(((Fragment(pixels.data_offset, end - pixels.data_offset, whole),),))
    table, fragments = _items(pixels.data_offset, read, _end(pixels, size))
    if codec == "native" and pixels.syntax.encapsulated:
        return FrameMap(_sliced(fragments, (pixels.frame_bits + 7) // 8, pixels.frames))
    if codec == "rle" and not any(fragment.starts for fragment in fragments):
        # One fragment per frame (PS3.5 A.4.2), whatever a table says; where there are more, their heads tell.
        filled = [fragment for fragment in fragments if fragment.length or len(fragments) == pixels.frames]
        if len(filled) > pixels.frames:
            return FrameMap(_grouped(filled, lambda fragment: _is_rle_header(read(fragment.offset, 8))))
        return FrameMap(tuple((fragment,) for fragment in filled))
    marked = any(fragment.starts for fragment in fragments)
    groups = _by_offsets(_extended_offsets(pixels, read) or table, fragments, pixels.frames)
    if groups is not None and (not marked or all(group[0].starts for group in groups)):
        return FrameMap(groups)
    if len(fragments) == pixels.frames and (not marked or all(f.starts or not f.length for f in fragments)):
        return FrameMap(tuple((fragment,) for fragment in fragments))
    return FrameMap(_without_table(pixels, read, fragments))


def all_fragments(pixels: PixelDescription, read: Read, size: int) -> tuple[Fragment, ...]:
    """Every fragment in file order: the stream of a video, however it was cut up (PS3.5 8.2.5)."""
    return tuple(_items(pixels.data_offset, read, _end(pixels, size))[1])


def _end(pixels: PixelDescription, size: int) -> int:
    return size if pixels.data_length is None else min(size, pixels.data_offset + pixels.data_length)


def frames_are_cut_off(begin: bytes, offset: int, size: int) -> bool:
    """Whether a data set of ``size`` bytes ends inside its offset table or its first fragment, as far as ``begin`` tells: its
    bytes from the pixel element's value at ``offset`` on.
    """
    if len(begin) < 8 or begin[:4] != _ITEM:
        return False
    (length,) = struct.unpack_from("<I", begin, 4)
    first = 8 + length
    if offset + first + 8 > size:
        return True
    if begin[first : first + 4] == _ITEM and len(begin) >= first + 8:
        (length,) = struct.unpack_from("<I", begin, first + 4)
        return bool(offset + first + 8 + length > size)
    return False


def more_frames_follow(begin: bytes, offset: int, read: Read, size: int) -> bool:
    """Whether a second frame begins behind the first fragment, of pixels whose header announces one; parameters as above.

    Asks for more of the file only where something is left in it behind that fragment.
    """
    if len(begin) < 8 or begin[:4] != _ITEM:
        return False
    (length,) = struct.unpack_from("<I", begin, 4)
    first = 0 if starts_frame(begin[8:20]) or _is_rle_header(begin[8:16]) else 8 + length
    if begin[first : first + 4] != _ITEM or len(begin) < first + 20:
        return False
    is_rle = _is_rle_header(begin[first + 8 : first + 16])
    if not is_rle and not starts_frame(begin[first + 8 : first + 20]):
        return False
    (length,) = struct.unpack_from("<I", begin, first + 4)
    after = offset + first + 8 + length + length % 2
    if after + 8 + _PEEK > size:
        return False
    head = read(after, 8 + _PEEK)
    return head[:4] == _ITEM and (_is_rle_header(head[8:]) if is_rle else starts_frame(head[8:]))


def last_fragment_is_cut_off(offset: int, read: Read, size: int) -> bool:
    """Whether a data set ends inside a fragment; goes through the heads of all of them."""
    fragments = _items(offset, read, size)[1]
    return not fragments or not fragments[-1].whole


_PEEK = 12


def _items(offset: int, read: Read, size: int) -> tuple[tuple[int, ...], list[Fragment]]:
    """The basic offset table (empty where there is none) and all fragments."""
    fragments: list[Fragment] = []
    table: tuple[int, ...] = ()
    first = True
    while offset + 8 <= size:
        head = read(offset, 8 + _PEEK)
        tag, begin = head[:4], head[8:]
        (length,) = struct.unpack("<I", head[4:8])
        if tag == _ITEM_BIG:
            (length,) = struct.unpack(">I", head[4:8])
        elif tag != _ITEM:
            if first and starts_frame(head):
                # A codestream without any item around it: everything to the end of the file is one frame.
                return (), [Fragment(offset, size - offset, True, True)]
            break
        value = offset + 8
        whole = value + length <= size
        starts = starts_frame(begin[:length])
        if first and not starts and not _is_rle_header(begin):
            raw = read(value, min(length, size - value))
            table = struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
        else:  # some writers leave the offset table's item out
            fragments.append(Fragment(value, min(length, size - value), whole, starts))
        first = False
        if not whole:
            break
        offset = value + length
        if length % 2 and read(offset, 4) not in _AFTER_ITEM and read(offset + 1, 4) in _AFTER_ITEM:
            offset += 1  # the value is padded, its length does not count the padding
    return table, fragments


def _is_rle_header(begin: bytes) -> bool:
    """Number of segments and the first one's offset, which is always 64 (PS3.5 G.5); an offset table begins with 0."""
    if len(begin) < 8:
        return False
    count, start = struct.unpack_from("<2I", begin)
    return bool(1 <= count <= 15 and start == 64)


def _sliced(fragments: Sequence[Fragment], length: int, frames: int) -> tuple[tuple[Fragment, ...], ...]:
    """Frames of ``length`` bytes each, one to a fragment as PS3.5 A.4.11 wants it, or one after the other through them."""
    filled = [fragment for fragment in fragments if fragment.length]
    for each in (fragments, filled):
        # The last one may be cut off with the file; others that are too short are parts of frames.
        if len(each) == frames and all(part.length >= length or not part.length for part in each[:-1]):
            return tuple((part,) for part in each)
    result = []
    left = [(fragment.offset, fragment.length, fragment.whole) for fragment in reversed(filled)]
    for _ in range(frames):
        parts: list[Fragment] = []
        missing = length
        while missing and left:
            offset, there, whole = left.pop()
            taken = min(there, missing)
            parts.append(Fragment(offset, taken, whole or taken < there))
            missing -= taken
            if taken < there:
                left.append((offset + taken, there - taken, whole))
        if not parts:
            break
        result.append(tuple(parts))
    return tuple(result)


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
        return (tuple(fragments),) if fragments else ()
    filled = [fragment for fragment in fragments if fragment.length]
    if not any(fragment.starts for fragment in filled):
        return tuple((fragment,) for fragment in filled)
    if len(filled) < pixels.frames:
        filled = [part for fragment in filled for part in _parted(fragment, read)]
    return _grouped(filled, lambda fragment: fragment.starts)


def _grouped(fragments: Sequence[Fragment], starts: Callable[[Fragment], bool]) -> tuple[tuple[Fragment, ...], ...]:
    """Fragments with those that go on behind them."""
    groups: list[list[Fragment]] = []
    for fragment in fragments:
        if not groups or starts(fragment):
            groups.append([])
        groups[-1].append(fragment)
    return tuple(tuple(group) for group in groups)


def _parted(fragment: Fragment, read: Read) -> list[Fragment]:
    """The codestreams in one fragment, where a writer has put several frames into it.

    Neither JPEG nor JPEG 2000 has an end marker inside its data, so end marker, padding, start marker is a border.
    """
    data = read(fragment.offset, fragment.length)
    borders = [0, *(border.end() for border in _BORDER.finditer(data))]
    return [
        Fragment(fragment.offset + a, b - a, fragment.whole or b < len(data), starts_frame(data[a : a + _PEEK]))
        for a, b in itertools.pairwise([*borders, len(data)])
    ]
