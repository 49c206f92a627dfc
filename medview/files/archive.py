"""ZIP, TAR, TAR.GZ archives and gzipped single files: what they hold, and the bytes of a member without unpacking.

A member is named by a path that goes on behind the archive's own: ``/data/study.zip/CT/0001.dcm``. Such a path can be given to
any process, which finds the member again by itself. Names are never used to write anything.
"""

# Paths stay strings, as everywhere where there may be 100,000 of them.
# ruff: noqa: PTH119, PTH120
from __future__ import annotations

import os
import stat
import struct
import tarfile
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, cast

from medview.core.problem import MedviewError, Problem
from medview.files.byte_source import (
    NOT_THERE,
    OPEN_FLAGS,
    ByteSource,
    FileBytes,
    HeldBytes,
    PartBytes,
    SourceStream,
    Stamp,
)
from medview.files.inflating import GZIP, MOST_RATIO, RAW, UNSUSPICIOUS, InflatedBytes, bomb

Kind = Literal["zip", "tar", "tar.gz", "gz"]

ENDINGS = (".zip", ".tar", ".tgz", ".gz", ".cbz")
"""Names under which archives are looked for among the files of a folder; a file that was named itself may be called anything."""

_INFLATING = 4
_OPEN_ARCHIVES = 3
_PACKING = {1: "shrink", 6: "implode", 9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd"}


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its ``path`` (the archive's, then its name) and inflated ``size`` (-1 where unknown)."""

    path: str
    size: int


def archive_kind(path: str) -> Kind | None:
    """What sort of archive a regular file is, by its first bytes; None for anything else. Raises OSError."""
    descriptor = os.open(path, OPEN_FLAGS)
    try:
        return _kind(FileBytes(descriptor), path)
    finally:
        os.close(descriptor)


def _kind(source: FileBytes, path: str) -> Kind | None:
    begin = source.read(0, 512)
    if begin[:4] in {b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"}:
        return "zip"
    if begin[257:262] == b"ustar":
        return "tar"
    if begin[:3] == b"\x1f\x8b\x08":
        try:
            inner = InflatedBytes(source, GZIP, path).read(0, 512)
        except MedviewError:
            return "gz"
        return "tar.gz" if inner[257:262] == b"ustar" else "gz"
    return None


def split_member(path: str) -> tuple[str, str] | None:
    """(archive, name) where ``path`` leads into a regular file that is an archive, else None."""
    head, name = os.path.split(path)
    parts = [name]
    while head and head != os.path.dirname(head):
        try:
            status = os.stat(head)  # noqa: PTH116
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno not in NOT_THERE:
                return None
            head, name = os.path.split(head)
            parts.append(name)
            continue
        return (head, "/".join(reversed(parts))) if stat.S_ISREG(status.st_mode) else None
    return None


def is_member(path: str) -> bool:
    """Whether ``path`` names a member of an archive rather than a file on disk."""
    return not os.path.lexists(path) and split_member(path) is not None


def members(path: str) -> Iterator[Member | Problem]:
    """The files of an archive in their order, and a Problem for what in it cannot be read, while it is being read.

    Never raises for what is in the archive; OSError where the archive itself cannot be opened.
    """
    with _archive(path) as archive:
        yield from archive.listed()


@contextmanager
def member_bytes(path: str, name: str) -> Iterator[ByteSource]:
    """The bytes of the member ``name`` of the archive ``path``; raises OSError, MedviewError."""
    with _archive(path) as archive:
        with archive.lock:
            source = archive.source(name)
        if isinstance(source, HeldBytes) or not source.is_packed:
            yield source
            return
        with archive.lock:  # a decompressor is at one place at a time
            yield source


def shown_name(name: str) -> str:
    """A member's name as a plain relative path: no drive, no root, no way up."""
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in {"", ".", ".."} and not part.endswith(":"))


@dataclass(eq=False)
class _Archive:
    """An archive that is open, with what is known of its members by their shown names."""

    path: str
    descriptor: int
    disk: FileBytes
    places: dict[str, Any] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    users: int = 0
    _inflating: OrderedDict[str, InflatedBytes] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        """Read the list of members, as far as there is one."""

    def listed(self) -> Iterator[Member | Problem]:
        """Members and what cannot be read."""
        raise NotImplementedError

    def source(self, name: str) -> ByteSource:
        """The bytes of a member; raises FileNotFoundError, MedviewError."""
        raise NotImplementedError

    def close(self) -> None:
        os.close(self.descriptor)

    def remember(self, name: str, what: Any) -> str:
        """Enter a member under its shown name; a name that comes again gets a number."""
        plain = shown_name(name) or "unnamed"
        unique, number = plain, 1
        while unique in self.places:
            number += 1
            unique = f"{plain}~{number}"
        self.places[unique] = what
        return unique

    def path_of(self, name: str) -> str:
        return f"{self.path}/{name}"

    def inflated(self, name: str, packed: ByteSource, wbits: int, size: int) -> ByteSource:
        """A deflated member, inflated as far as it is read; the last few are kept where they are."""
        known = self._inflating.get(name)
        if known is None:
            known = self._inflating[name] = InflatedBytes(packed, wbits, self.path_of(name), size)
            if len(self._inflating) > _INFLATING:
                self._inflating.popitem(last=False)
        self._inflating.move_to_end(name)
        return known


class _Zip(_Archive):
    """PKWARE's APPNOTE 6.3, with the 64-bit extensions."""

    def __post_init__(self) -> None:
        stream = cast("BinaryIO", SourceStream(self.disk))
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, ValueError, OverflowError, struct.error, NotImplementedError) as error:
            raise _damaged(self.path, error) from error
        self._refused: dict[str, list[str]] = {}
        for entry in self._zip.infolist():
            named = entry.filename if entry.flag_bits & 0x800 else _readable(entry.filename)
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if entry.is_dir() or kind not in {0, stat.S_IFREG}:
                continue
            if entry.flag_bits & 0x2041:  # encrypted, strongly, or its names too
                self._refused.setdefault("encrypted", []).append(named)
            elif entry.compress_type not in {
                zipfile.ZIP_STORED,
                zipfile.ZIP_DEFLATED,
                zipfile.ZIP_BZIP2,
                zipfile.ZIP_LZMA,
            }:
                packing = _PACKING.get(entry.compress_type, str(entry.compress_type))
                self._refused.setdefault(packing, []).append(named)
            else:
                self.remember(named, entry)

    def listed(self) -> Iterator[Member | Problem]:
        for packing, names in self._refused.items():
            yield _refusal(self.path, packing, names)
        for name, entry in self.places.items():
            if entry.file_size > UNSUSPICIOUS and entry.file_size > MOST_RATIO * max(1, entry.compress_size):
                yield _as_problem(bomb(self.path_of(name), entry.compress_size))
            else:
                yield Member(self.path_of(name), entry.file_size)

    def source(self, name: str) -> ByteSource:
        entry: zipfile.ZipInfo | None = self.places.get(name)
        if entry is None:
            raise FileNotFoundError(2, "no such file in the archive", self.path_of(name))
        if entry.compress_type in {zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}:
            return HeldBytes(self._unpacked(name, entry), self.disk.stamp)
        # The local header repeats the name, and has extra fields of its own length (APPNOTE 4.3.7).
        head = self.disk.read(entry.header_offset, 30)
        if len(head) < 30 or head[:4] != b"PK\x03\x04":
            raise _damaged(self.path_of(name), "its local header is missing")
        start = entry.header_offset + 30 + sum(struct.unpack_from("<HH", head, 26))
        packed = PartBytes(self.disk, start, entry.compress_size)
        if entry.compress_type == zipfile.ZIP_STORED:
            return packed
        return self.inflated(name, packed, RAW, entry.file_size)

    def _unpacked(self, name: str, entry: zipfile.ZipInfo) -> bytes:
        if entry.file_size > UNSUSPICIOUS:
            raise bomb(self.path_of(name), entry.compress_size)
        try:
            with self._zip.open(entry) as stream:
                return stream.read(entry.file_size)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise _damaged(self.path_of(name), error) from error


class _Tar(_Archive):
    """POSIX ustar and pax, and GNU's extensions; plain or gzipped. Members become known one after the other."""

    def __post_init__(self) -> None:
        packed = self.disk.read(0, 2) == b"\x1f\x8b"
        self._source: ByteSource = InflatedBytes(self.disk, GZIP, self.path) if packed else self.disk
        try:
            # The stream's end is not known before it was reached, so reading stays relative to the start.
            self._tar = tarfile.open(fileobj=cast("Any", SourceStream(self._source)), mode="r:")  # noqa: SIM115
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise _damaged(self.path, error) from error
        self._next = 0
        self._found: list[str | Problem] = []
        self._ended = False

    def listed(self) -> Iterator[Member | Problem]:
        number = 0
        while True:
            with self.lock:
                while number >= len(self._found) and self._advance():
                    pass
                found = self._found[number] if number < len(self._found) else None
            if found is None:
                return
            number += 1
            yield found if isinstance(found, Problem) else Member(self.path_of(found), self.places[found][1])

    def _advance(self) -> bool:
        """Look at one more entry; whether there was one."""
        if self._ended:
            return False
        try:
            entry = self._tar.next()
        except MedviewError as error:
            self._ended = True
            self._found.append(_as_problem(error))
            return True
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            self._ended = True
            self._found.append(_as_problem(_damaged(self.path, error)))
            return True
        if entry is None:
            self._ended = True
            return False
        cast("Any", self._tar).members.clear()  # tarfile keeps all it has seen
        if entry.issparse():
            self._found.append(_refusal(self.path, "sparse", [entry.name]))
        elif entry.isreg():
            self._found.append(self.remember(entry.name, (entry.offset_data, entry.size)))
        return True

    def source(self, name: str) -> ByteSource:
        while name not in self.places and self._advance():
            pass
        place = self.places.get(name)
        if place is None:
            raise FileNotFoundError(2, "no such file in the archive", self.path_of(name))
        return PartBytes(self._source, *place)


class _Gzip(_Archive):
    """One gzipped file; its member has the archive's name without the ending."""

    def __post_init__(self) -> None:
        name = os.path.basename(self.path)
        self.remember(name[:-3] if name.lower().endswith(".gz") else f"{name}.content", None)
        self._whole = InflatedBytes(self.disk, GZIP, self.path)
        self._is_measured = False

    def listed(self) -> Iterator[Member | Problem]:
        yield from (Member(self.path_of(name), -1) for name in self.places)

    def source(self, name: str) -> ByteSource:
        if name not in self.places:
            raise FileNotFoundError(2, "no such file in the archive", self.path_of(name))
        if not self._is_measured:
            # A data set's end must be known to tell what is missing from it. The trailer says it (RFC 1952 2.3.1), but
            # for files over 4 GiB and for several streams in one file, where it is too small to be believed.
            (end,) = struct.unpack("<I", self.disk.read(self.disk.size - 4, 4).ljust(4, b"\0"))
            if end < self.disk.size:
                end = 0
                while part := len(self._whole.read(end, 1 << 20)):
                    end += part
            self._whole.size = end
            self._is_measured = True
        return self._whole


def _readable(name: str) -> str:
    """A name that is not marked as UTF-8: Python takes it for IBM 437, Chinese and modern writers mean something else."""
    if name.isascii():
        return name
    for codec in ("utf-8", "gb18030"):
        try:
            return name.encode("cp437").decode(codec)
        except UnicodeError:
            continue
    return name


def _damaged(path: str, error: object) -> MedviewError:
    what = str(error) or type(error).__name__
    return MedviewError(
        "archive_damaged", f"{path} cannot be read as an archive: {what.rstrip('.')}.", path, values=(what,)
    )


def _as_problem(error: MedviewError) -> Problem:
    return Problem(error.path or "", error.code, error.text, values=error.values)


def _refusal(path: str, why: str, names: list[str]) -> Problem:
    few = ", ".join(shown_name(name) for name in names[:3]) + (" …" if len(names) > 3 else "")
    if why == "encrypted":
        code, text = "archive_encrypted", "encrypted; unpack the archive with its password and open the folder"
    else:
        code, text = "archive_packing", f"packed in a way that is not read here ({why}); unpack the archive"
    count = f"{len(names)} files are" if len(names) > 1 else "a file is"
    return Problem(path, code, f"{path}: {count} {text} ({few}).", values=(str(len(names)), few, why))


_open: OrderedDict[tuple[str, Stamp], _Archive] = OrderedDict()
_lock = threading.Lock()


@contextmanager
def _archive(path: str) -> Iterator[_Archive]:
    """The archive at ``path``, kept open for the next look at it; one thread at a time."""
    status = os.stat(path)  # noqa: PTH116
    key = (path, (status.st_size, status.st_mtime_ns))
    with _lock:
        archive = _open.get(key)
        if archive is not None:
            _open.move_to_end(key)
            archive.users += 1
    if archive is None:
        fresh = _opened_archive(path)
        with _lock:
            archive = _open.setdefault(key, fresh)
            archive.users += 1
            if archive is not fresh:
                fresh.close()
    try:
        yield archive
    finally:
        with _lock:
            archive.users -= 1
            idle = [each for each, one in _open.items() if not one.users]
            for each in idle[: max(0, len(_open) - _OPEN_ARCHIVES)]:
                _open.pop(each).close()


def _opened_archive(path: str) -> _Archive:
    descriptor = os.open(path, OPEN_FLAGS)
    try:
        source = FileBytes(descriptor)
        kind = _kind(source, path)
        if kind is None:
            raise NotADirectoryError(20, "not an archive", path)
        return {"zip": _Zip, "tar": _Tar, "tar.gz": _Tar, "gz": _Gzip}[kind](path, descriptor, source)
    except BaseException:
        os.close(descriptor)
        raise
