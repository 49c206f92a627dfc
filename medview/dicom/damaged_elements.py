"""Reading data sets that break the rules: the second try, for files that cannot be walked through at speed.

Each head is read in the way that leads on to another one; where none does, the walk goes on at the next place from which
the rest of the data set can be read. What lies between is never guessed: a value is taken where its bytes are plain,
else it is left out and said, or the file refused where a picture without it would be wrong (PS3.5 7.1, 7.5).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from medview.dicom.dictionary import standard_vr
from medview.dicom.element_head import (
    ALL_VRS,
    DELIMITERS,
    UN,
    UNDEFINED,
    Head,
    ShortBuffer,
    Syntax,
    head_of,
    in_order,
    may_be_undefined,
    may_follow,
    possible_heads,
)
from medview.dicom.element_kinds import PIXEL_TAGS, SEQUENCE, STOP, TEXT, VITAL, WANTED, Wanted
from medview.dicom.elements import ElementSource, RawInstance, one_element, only_zeros
from medview.dicom.file_start import BrokenElements
from medview.dicom.tags import tag_name
from medview.files.byte_source import ByteSource

_STOPS: dict[int, frozenset[int]] = dict.fromkeys(PIXEL_TAGS, STOP)
_SEQUENCE_ENDS = (b"\xfe\xff\xdd\xe0\0\0\0\0", b"\xff\xfe\xe0\xdd\0\0\0\0")
_TEXT_VRS = TEXT - {0, UN}
_LAST_GROUP = 0x7FE0
_NO_VR = ord("?")
_DELIMITER_GROUPS = (b"\xfe\xff", b"\xff\xfe")
_CLEAR = 64
"""So many elements in their order, and a place is a foothold without following it to the pixels."""
_ENOUGH = 12
"""So many before the next damage."""
_SEARCHED = 1 << 20
_MOST_FOOTHOLDS = 8
_MOST_WORK = 1 << 20
"""Bytes that are gone through in search of footholds, a head counted as 64: half a second's work."""
_MOST_ELEMENTS = 20_000
"""More than any object has; a damaged file with more of them is not worth the time."""
_MOST_BETWEEN = 1 << 16
_NAMES = b"|".join(sorted(vr.to_bytes(2, "little") for vr in ALL_VRS))
_EXPLICIT_HEAD = re.compile(rb"(?=(....(?:" + _NAMES + rb")))", re.DOTALL)
_PLAIN_TEXT = re.compile(rb"[\x09\x0a\x0c\x0d\x1b\x20-\xff]*\0*", re.DOTALL)


class _Source(ElementSource):
    """The data set, and how much may still be searched of it."""

    __slots__ = ("left",)

    def __init__(self, source: ByteSource) -> None:
        super().__init__(source)
        self.left = _MOST_WORK


def walk_carefully(whole: ByteSource, offset: int, syntax: Syntax, raw: RawInstance, wanted: Wanted) -> None:
    """Read the data set that begins at ``offset`` up to its pixels into ``raw``, and note what was wrong with it."""
    source = _Source(whole)
    position: int | None = offset
    faults: list[str] = []
    footholds = last = elements = 0
    while position is not None and position < source.size:
        elements += 1
        if elements > _MOST_ELEMENTS:
            raise BrokenElements("it has more elements than can be repaired")
        head, is_sure = _likely_head(source, position, last, syntax)
        lost = head is None
        after: int | None = None
        if head is not None:
            tag, length, truncated, known = head[0], head[3], raw.truncated, len(faults)
            after = one_element(source, position, head, syntax, raw, wanted, faults)
            lost = after is None and not raw.pixel_tag and raw.truncated and not truncated
            doubted = tag in VITAL and after is not None
            if doubted and ("missing_delimiter" in faults[known:] or not _ends_in_order(source, after, tag, syntax)):
                raise BrokenElements(f"{tag_name(tag)} does not end where it should")
            if lost and (length != UNDEFINED or tag in VITAL):
                break
            if is_sure and in_order(last, tag):
                last = tag
        if lost:
            footholds += 1
            if footholds <= _MOST_FOOTHOLDS:
                after = _go_on(source, position, last, syntax, raw, wanted, faults)
            if after is None:
                raw.truncated = raw.truncated or any(source.bytes.read(position, 8))
                break
            raw.truncated = False
        position = after
    raw.oddities += tuple(dict.fromkeys(("repaired_header", *faults)))


def _ends_in_order(source: _Source, end: int | None, tag: int, syntax: Syntax) -> bool:
    """Whether what follows a sequence may stand there: it is none of its own elements."""
    if end is None:
        return False
    after = source.bytes.read(end, 8)
    if len(after) < 8 or not any(after):
        return True
    return after[:2] not in _DELIMITER_GROUPS and may_follow(after, tag, syntax, source.size - end)


def _likely_head(source: _Source, offset: int, last: int, syntax: Syntax) -> tuple[Head | None, bool]:
    """The head at ``offset`` and whether its tag fits too: a damaged tag stands before one that is lower."""
    buf = source.bytes.read(offset, 12)
    if len(buf) < 8:
        return None, False
    heads = [
        (tag, vr, offset + start, length) for tag, vr, start, length in possible_heads(buf.ljust(12, b"\0"), 0, syntax)
    ]
    first = heads[0]
    if first[2] > source.size:
        return None, False
    if first[0] in DELIMITERS:
        return first, False
    for head in heads:
        if may_be_undefined(head) or _leads_on(source, head, head[0], syntax):
            return head, True
    for head in heads:
        if _leads_on(source, head, last, syntax):
            return head, False
    # Nothing leads on: pixels whose length is wrong, or an element that ends where only junk follows.
    if first[0] in PIXEL_TAGS:
        return first, True
    end = first[2] + first[3]
    if end > source.size:
        return None, False
    # What follows may be damaged and not this one.
    place = _first_foothold(source, offset, first[0], last, syntax)
    keeps = place is None or place == end or (place > end and _may_be_damaged_head(source, end, last, syntax))
    return (first if keeps and _is_plain(source, first, syntax) else None), False


def _may_be_damaged_head(source: _Source, offset: int, last: int, syntax: Syntax) -> bool:
    """Whether there is something of a head: at an even place, with a tag that may stand there and of letters for a VR."""
    head = source.bytes.read(offset, 8)
    if offset % 2 or len(head) < 8:
        return False
    group, element = struct.unpack_from(">HH" if syntax.big else "<HH", head)
    ordered = in_order(last, group | element << 16) and group <= _LAST_GROUP
    letters = sum(0x41 <= byte <= 0x5A or byte == _NO_VR for byte in head[4:6])
    return letters == 2 or (ordered and (letters > 0 or not syntax.explicit))


def _is_plain(source: _Source, head: Head, syntax: Syntax) -> bool:
    """Whether a text is one: where another element seems to lie in it, its length has led there."""
    tag, vr, start, length = head
    if not vr:
        vr = int.from_bytes(standard_vr((tag & 0xFFFF) << 16 | tag >> 16).encode(), "little")
    if vr not in _TEXT_VRS or length > _SEARCHED:
        return True
    value = source.bytes.read(start, length)
    return bool(_PLAIN_TEXT.fullmatch(value)) or not _holds_element(value, tag, syntax)


def _leads_on(source: _Source, head: Head, tag: int, syntax: Syntax) -> bool:
    """Whether an element ends at the end of the file or where another one of a higher tag than ``tag`` begins."""
    end = head[2] + head[3]
    if head[3] == UNDEFINED or end > source.size:
        return False
    after = source.bytes.read(end, 8)
    if len(after) < 8:
        return True
    if not any(after):
        return only_zeros(source, end)
    return may_follow(after, tag, syntax, source.size - end) and _is_plain(source, head, syntax)


# Going on behind what cannot be read ---------------------------------------------------------------------------------


def _go_on(
    source: _Source, offset: int, last: int, syntax: Syntax, raw: RawInstance, wanted: Wanted, faults: list[str]
) -> int | None:
    """Where the data set goes on behind the element at ``offset`` that cannot be read; None where the file is refused.

    Its own value is what lies between, where it is plain; without a value that matters there is no going on.
    """
    buf = source.bytes.read(offset, 12)
    if len(buf) < 12:
        return None
    heads = possible_heads(buf, 0, syntax)
    tag, vr, start, length = heads[0]
    if tag in DELIMITERS or tag in PIXEL_TAGS:
        return None
    place = _first_foothold(source, offset, tag, last, syntax)
    if place is None:
        return None
    kind = wanted.get(tag)
    between = source.bytes.read(offset + start, place - offset - start)
    ends = place - 8 > offset and source.bytes.read(place - 8, 8) in _SEQUENCE_ENDS
    if not ends and _holds_element(between, tag, syntax, wanted):
        return None
    if kind is None or (kind is SEQUENCE and tag not in VITAL):
        faults.append("bad_sequence" if length == UNDEFINED or kind is SEQUENCE else "bad_length")
        return place
    if kind is SEQUENCE or wanted is not WANTED or (syntax.explicit and not vr):
        return None
    is_text = vr in _TEXT_VRS if vr else kind is TEXT
    if _holds_element(between, tag, syntax) if is_text else len(between) not in {2, 4, 8}:
        return None
    mended = (tag, vr, offset + start, len(between))
    faults.append("bad_length")
    return one_element(source, offset, mended, syntax, raw, wanted, faults)


def _holds_element(between: bytes, tag: int, syntax: Syntax, wanted: Wanted | None = None) -> bool:
    """Whether an element (of those ``wanted``) seems to lie in bytes that belong to the element of ``tag``, or to none."""
    if len(between) > _MOST_BETWEEN:
        return True
    order = ">HH" if syntax.big else "<HH"
    for at in range(len(between) - 7):
        group, element = struct.unpack_from(order, between, at)
        following = group | element << 16
        known = group < 0x0100 if wanted is None else following in wanted and (group < 0x0100 or group >= 0x5200)
        if known and in_order(tag, following):
            name = int.from_bytes(between[at + 4 : at + 6], "little")
            if name in ALL_VRS if syntax.explicit else between[at + 6 : at + 8] == b"\0\0":
                return True
    return False


def _first_foothold(source: _Source, offset: int, tag: int, last: int, syntax: Syntax) -> int | None:
    """The first place behind ``offset`` from which elements of higher tags follow one another to the pixels or the end.

    Higher than ``tag``; where there is none, because it is damaged itself, than the ``last`` one that was not.
    """
    for least in dict.fromkeys((tag, last)):
        for place in _places(source, offset + 8, syntax):
            if source.left <= 0:
                return None
            if _is_foothold(source, place, least, syntax):
                return place
    return None


def _places(source: _Source, begin: int, syntax: Syntax) -> Iterator[int]:
    """Even offsets where a head may be."""
    if not syntax.explicit:
        yield from range(begin + begin % 2, min(begin + (1 << 16), source.size - 8), 2)
        return
    buf = source.bytes.read(begin, _SEARCHED)
    for found in _EXPLICIT_HEAD.finditer(buf):
        if not (begin + found.start()) % 2:
            yield begin + found.start()


def _is_foothold(source: _Source, place: int, tag: int, syntax: Syntax) -> bool:
    scratch = RawInstance({})
    window = ElementSource(source.bytes)
    window.size = min(source.size, place + _SEARCHED)
    position: int | None = place
    for number in range(_CLEAR):
        source.left -= 64
        if position is None or position >= source.size:
            return number > 1 and position == source.size
        buf = source.bytes.read(position, 12)
        try:
            following, vr, start, length = head_of(buf, 0, syntax)
        except ShortBuffer:
            return number >= _ENOUGH
        if number > 1 and not any(buf) and only_zeros(source, position):
            return True
        if following in DELIMITERS:
            return False
        if not in_order(tag, following) or (syntax.explicit and not vr):
            return number >= _ENOUGH
        if length != UNDEFINED and position + start + length > source.size and following not in PIXEL_TAGS:
            return number >= _ENOUGH
        tag = following
        head = (following, vr, position + start, length)
        if not _is_plain(source, head, syntax):
            return number >= _ENOUGH
        before = position
        try:
            position = one_element(window, position, head, syntax, scratch, _STOPS)
        except (BrokenElements, ShortBuffer, struct.error):
            scratch.truncated = True
        if length == UNDEFINED:
            source.left -= (window.size if scratch.truncated or position is None else position) - before
        if scratch.pixel_tag:
            return True
        if scratch.truncated:
            return number >= _ENOUGH
    return True
