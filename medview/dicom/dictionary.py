"""The names of data elements: the standard's dictionary and those of private creators."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Entry:
    """What a dictionary says of an element; empty where it is not in it."""

    name: str = ""
    keyword: str = ""
    vr: str = ""
    retired: bool = False


_NOTHING = Entry()


@lru_cache(maxsize=8192)
def standard_entry(tag: int) -> Entry:
    """The entry of PS3.6 for a tag (group << 16 | element), repeating groups included."""
    group, number = tag >> 16, tag & 0xFFFF
    if number == 0:
        return Entry("Group Length", "", "UL", retired=group not in {0x0000, 0x0002})
    if group & 1:
        if 0x10 <= number <= 0xFF:
            return Entry("Private Creator", "", "LO")
        return _NOTHING
    from pydicom.datadict import get_entry

    try:
        vr, _multiplicity, name, retired, keyword = get_entry(tag)
    except KeyError:
        return _NOTHING
    return Entry(name, keyword, "" if vr == "NONE" else vr, bool(retired))


def standard_vr(tag: int) -> str:
    """The VR of an element, the first of several; "" where it is not known."""
    return standard_entry(tag).vr.split(" or ")[0]


@lru_cache(maxsize=8192)
def private_entry(tag: int, creator: str) -> Entry:
    """What is known of a private element of this creator."""
    from pydicom.datadict import get_private_entry

    try:
        vr, _multiplicity, name, _retired = get_private_entry(tag, creator)
    except KeyError:
        return _NOTHING
    return Entry(name, "", vr.split(" or ")[0])


def tag_of_keyword(keyword: str) -> int | None:
    """The tag of an attribute by its keyword."""
    from pydicom.datadict import tag_for_keyword

    return tag_for_keyword(keyword)


def tag_text(tag: int) -> str:
    """``(0010,0020)``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
