"""Files that hold the same object: one SOP Instance UID, one description, the same bytes from the pixels on."""

# A folder may hold 100,000 files: paths stay strings.
# ruff: noqa: PTH121
from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

from medview.core.problem import MedviewError
from medview.dicom.header import InstanceHeader
from medview.files.byte_source import opened

CHUNK = 1 << 20


class Copies:
    """The objects that were taken, one for each content. A file is only read again where another one may be its copy."""

    def __init__(self) -> None:
        self._known: dict[str, list[InstanceHeader]] = {}
        self._digests: dict[str, bytes | None] = {}

    def successor(self) -> Copies:
        """The same ones for another thread; what this one still takes changes nothing there."""
        other = Copies()
        other._known = {uid: list(headers) for uid, headers in list(self._known.items())}
        return other

    def take(self, header: InstanceHeader) -> InstanceHeader | None:
        """``header``, with ``copy_of`` where its content was taken before; None where its very file was."""
        if not header.sop_uid:
            return header
        known = self._known.setdefault(header.sop_uid, [])
        for other in known:
            if not _is_alike(other, header):
                continue
            if _is_same_file(other.path, header.path):
                return None
            digest = self._digest(header)
            if digest is not None and digest == self._digest(other):
                return header._replace(copy_of=other.path)
        known.append(header)
        return header

    def _digest(self, header: InstanceHeader) -> bytes | None:
        if header.path not in self._digests:
            self._digests[header.path] = _digest_of(header)
        return self._digests[header.path]


def kept_by_path(headers: Sequence[InstanceHeader]) -> list[InstanceHeader]:
    """Headers in the order of their paths; of those with one content the first is kept, in whatever order they were taken."""
    ordered = sorted(headers, key=lambda each: each.path)
    copies = {header.path: header.copy_of for header in ordered if header.copy_of}
    kept: dict[str, str] = {}
    result = []
    for header in ordered:
        root = header.path
        while root in copies:  # a copy may be told by another copy, of another scan
            root = copies[root]
        first = kept.setdefault(root, header.path)
        copy_of = "" if first == header.path else first
        result.append(header if copy_of == header.copy_of else header._replace(copy_of=copy_of))
    return result


def _is_same_file(one: str, other: str) -> bool:
    """Whether two paths lead to one file."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _is_alike(one: InstanceHeader, other: InstanceHeader) -> bool:
    """Whether the headers of two objects leave it open that they hold the same."""
    if one.series_key != other.series_key or one.frames != other.frames or one.frame_count != other.frame_count:
        return False
    if one.pixels is None or other.pixels is None:
        return one.pixels is other.pixels and one.file_size == other.file_size
    return (one.pixels.rows, one.pixels.columns, one.pixels.transfer_syntax, one.pixels.data_length) == (
        other.pixels.rows,
        other.pixels.columns,
        other.pixels.transfer_syntax,
        other.pixels.data_length,
    )


def _digest_of(header: InstanceHeader) -> bytes | None:
    """Of what a file holds from the pixels on; all of it where there are none (reports …) or where it is deflated."""
    at = 0 if header.pixels is None or header.pixels.deflated_at is not None else header.pixels.data_offset
    digest = hashlib.blake2b(digest_size=20)
    try:
        with opened(header.path) as file:
            while part := file.read(at, CHUNK):
                digest.update(part)
                at += len(part)
    except (OSError, MedviewError):
        return None
    return digest.digest()
