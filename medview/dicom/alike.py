"""Reading files that differ from files before in nothing but what is their own: number, place, times.

Most files of a folder are such. They are compared with what repeats and not taken apart; whatever is not exactly so is left
to `medview.dicom.elements`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from medview.dicom import tags
from medview.dicom.element_head import LONG_VRS, SHORT_VRS
from medview.dicom.elements import Layouts, RawInstance, Values
from medview.dicom.layout import Layout, Pattern, Vrs
from medview.files.byte_source import FileBytes, Stamp

T_Parts = TypeVar("T_Parts")

_MARK_AT, _META_AT = 128, 132
_SNIFFED = 16
"""So many bytes of a data set tell how it is written; they have to be among those that repeat."""
_PATIENCE = 8
"""So many files in a row that are not alike, and it is not tried again before two are."""


@dataclass(frozen=True, slots=True)
class AlikeFile(Generic[T_Parts]):
    """What was read of a file: its own values, those that repeat among them, and what was made of all others."""

    own: Values
    parts: T_Parts
    size: int
    stamp: Stamp


class AlikeFiles(Generic[T_Parts]):
    """Remembers one kind of file, and what was made of it; not for several threads at once."""

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts
        self._layout: Layout | None = None
        self._pattern = Pattern()
        self._vrs: Vrs | None = None
        self._meta: tuple[Any, Any] = (None, None)
        self._pixel_head = b""
        self._repeated: Values = {}
        self._parts: dict[tuple[int, int], T_Parts] = {}
        """(size of the file, offset of the pixels) → what was made of such a file."""
        self._misses = 0

    def learn(self, raw: RawInstance, own_tags: frozenset[int], parts: T_Parts) -> None:
        """Take a file for an example, of whose elements all but those of ``own_tags`` make up ``parts``."""
        if raw.likeness is None or len(raw.likeness) != 1 or not _is_simple(raw):
            return
        (pattern,) = raw.likeness
        explicit = next((key[0] for key, each in self._layouts.runs.items() if each.matched is pattern), None)
        head = None if explicit is None else _pixel_head(raw, explicit)
        if explicit is None or head is None:
            return
        layout = self._layouts.runs[explicit, 0]
        if layout.first_block < _SNIFFED:
            return
        meta = _meta_of(raw.values)
        if pattern is not self._pattern or head != self._pixel_head or meta != self._meta:
            self._parts = {}
        self._layout, self._pattern, self._pixel_head, self._meta = layout, pattern, head, meta
        self._vrs = (SHORT_VRS, LONG_VRS) if explicit else None
        self._repeated = {tag: raw.values[tag] for tag in own_tags - pattern.varying if tag in raw.values}
        self._parts[raw.file_size, raw.pixel_offset] = parts
        self._misses = 0

    def known(self, file: FileBytes, buf: bytes) -> AlikeFile[T_Parts] | None:
        """A file that is alike, by its first bytes; None for every other one."""
        layout = self._layout
        if layout is None or layout.pattern is not self._pattern or self._misses >= _PATIENCE:
            return None
        self._misses += 1
        if buf[_MARK_AT:_META_AT] != b"DICM":
            return None
        meta: Values = {}
        start = self._layouts.meta.repeated(buf, _META_AT, meta)
        if start < 0 or _meta_of(meta) != self._meta:
            return None
        own = self._repeated.copy()
        position = layout.follow(buf, start, own, self._vrs)
        head = self._pixel_head
        if position < 0 or not buf.startswith(head, position):
            return None
        parts = self._parts.get((file.size, position + len(head)))
        if parts is None:
            return None
        self._misses = 0
        return AlikeFile(own, parts, file.size, file.stamp)


def _is_simple(raw: RawInstance) -> bool:
    """Whether a file is as the standard wants it, with native pixels, and lies on a disk."""
    return not (
        raw.oddities or raw.extended or raw.packed or raw.truncated or raw.cut_off or raw.big_endian
    ) and (raw.deflated_at is None and raw.pixel_length is not None and raw.data_size == raw.file_size)  # fmt: skip


def _meta_of(values: Values) -> tuple[Any, Any]:
    return values.get(tags.TRANSFER_SYNTAX), values.get(tags.MEDIA_CLASS_UID)


def _pixel_head(raw: RawInstance, explicit: bool) -> bytes | None:
    """The bytes before the pixels, None where they are of a rare form."""
    assert raw.pixel_length is not None
    if not explicit:
        return struct.pack("<II", raw.pixel_tag, raw.pixel_length)
    if raw.pixel_vr not in {"OW", "OB"}:
        return None
    return struct.pack("<I2sHI", raw.pixel_tag, raw.pixel_vr.encode("ascii"), 0, raw.pixel_length)
