"""Bytes read at positions: of a file, of a part of another source, of something held in memory."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, BinaryIO, Protocol, cast

OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)

NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL})
"""What a path that leads into an archive gives where a file on disk is asked for (the last: Windows and its odd names)."""

_pread: Any = getattr(os, "pread", None)
_preadv: Any = getattr(os, "preadv", None)

Stamp = tuple[int, int]
"""Size and time of change (ns) of a file: the same where nothing was written in between."""


class ByteSource(Protocol):
    """Bytes at positions. ``stamp`` is that of the file on disk which holds them."""

    @property
    def size(self) -> int:
        """Number of bytes."""

    @property
    def stamp(self) -> Stamp:
        """Size and time of change of the file on disk."""

    @property
    def is_packed(self) -> bool:
        """Whether reading means inflating."""

    def read(self, offset: int, length: int) -> bytes:
        """Bytes at ``offset``, fewer than ``length`` at the end."""

    def read_into(self, offset: int, target: memoryview) -> int:
        """Fill ``target``; returns how many bytes were there."""


class NotRegularError(OSError):
    """A pipe, a device, a socket, a folder: never read."""


class FileBytes:
    """A file on disk, without a shared cursor where the system can read at positions."""

    __slots__ = ("_descriptor", "size", "stamp")
    is_packed = False

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularError("it is not a regular file")
        self.size = status.st_size
        self.stamp: Stamp = (status.st_size, status.st_mtime_ns)

    def read_into(self, offset: int, target: memoryview) -> int:
        done = 0
        while done < len(target):
            if _preadv is not None:
                got = _preadv(self._descriptor, [target[done:] if done else target], offset + done)
            else:
                os.lseek(self._descriptor, offset + done, os.SEEK_SET)
                part = os.read(self._descriptor, len(target) - done)
                got = len(part)
                target[done : done + got] = part
            if got == 0:
                break
            done += got
        return done

    def read(self, offset: int, length: int) -> bytes:
        if offset + length > self.size:
            length = max(0, self.size - offset)
        if _pread is not None:
            data: bytes = _pread(self._descriptor, length, offset)
            if len(data) == length or not data:
                return data
        buffer = bytearray(length)
        got = self.read_into(offset, memoryview(buffer))
        return bytes(buffer[:got])


class HeldBytes:
    """Bytes in memory."""

    __slots__ = ("_data", "size", "stamp")
    is_packed = True

    def __init__(self, data: bytes, stamp: Stamp) -> None:
        self._data = data
        self.size = len(data)
        self.stamp = stamp

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]

    def read_into(self, offset: int, target: memoryview) -> int:
        part = self._data[offset : offset + len(target)]
        target[: len(part)] = part
        return len(part)


class PartBytes:
    """``size`` bytes from ``start`` on of another source."""

    __slots__ = ("_source", "_start", "size")

    def __init__(self, source: ByteSource, start: int, size: int) -> None:
        self._source = source
        self._start = start
        self.size = size

    @property
    def stamp(self) -> Stamp:
        return self._source.stamp

    @property
    def is_packed(self) -> bool:
        return self._source.is_packed

    def read(self, offset: int, length: int) -> bytes:
        return self._source.read(self._start + offset, max(0, min(length, self.size - offset)))

    def read_into(self, offset: int, target: memoryview) -> int:
        return self._source.read_into(self._start + offset, target[: max(0, self.size - offset)])


class SourceStream(io.RawIOBase):
    """A source as a seekable binary stream, for libraries that want one."""

    def __init__(self, source: ByteSource, name: str = "") -> None:
        super().__init__()
        self._source = source
        self._at = 0
        self.name = name
        """What pydicom asks of every stream."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        got = self._source.read_into(self._at, view)
        self._at += got
        return got


def stamp_of(path: str) -> Stamp:
    """The stamp of a file, or of the archive that ``path`` leads into; raises OSError."""
    try:
        status = os.stat(path)  # noqa: PTH116 - paths are strings here
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
        from medview.files.archive import split_member

        place = split_member(path)
        if place is None:
            raise
        status = os.stat(place[0])  # noqa: PTH116
    return (status.st_size, status.st_mtime_ns)


class opened:  # noqa: N801 - used as a function
    """The bytes of a file, or of the member of an archive that ``path`` leads into (``…/study.zip/CT/0001``), in a ``with``.

    Raises OSError, and MedviewError for an archive that cannot be read. What is not a regular file is never read.
    A class, since a generator would cost a tenth of the time that a slice takes.
    """

    __slots__ = ("_descriptor", "_member", "_path")

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = -1
        self._member: AbstractContextManager[ByteSource] | None = None

    def __enter__(self) -> ByteSource:
        try:
            self._descriptor = os.open(self._path, OPEN_FLAGS)
        except OSError as error:
            if error.errno not in NOT_THERE:
                raise
            from medview.files.archive import member_bytes, split_member

            place = split_member(self._path)
            if place is None:
                raise
            self._member = member_bytes(*place)
            return self._member.__enter__()
        try:
            return FileBytes(self._descriptor)
        except BaseException:
            os.close(self._descriptor)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._member is not None:
            self._member.__exit__(kind, error, trace)
        else:
            os.close(self._descriptor)


@contextmanager
def opened_stream(path: str) -> Iterator[BinaryIO]:
    """As :func:`opened`, as a buffered binary stream."""
    with opened(path) as source:
        yield cast("BinaryIO", io.BufferedReader(SourceStream(source, path), 1 << 16))
