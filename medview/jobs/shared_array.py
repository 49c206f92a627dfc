"""Arrays that several processes see: anonymous shared memory that the system frees when its last user ends.

Linux: a memfd, reached by other processes through ``/proc``; it needs no room in ``/dev/shm`` and no name can outlive a crash.
Windows: a named mapping of the paging file, gone with its last user. Elsewhere, and where ``/proc`` is closed: a file in a private
temporary folder, removed at exit and, after a crash, by the next start.
"""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import sys
import threading
from functools import cache
from math import prod
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

Kind = Literal["memfd", "tagged", "file"]

_numbers = itertools.count()
_FOLDER_PREFIX = "medview-arrays-"


class SharedHandle(NamedTuple):
    """How another process of the same user finds the array; plain values, to be sent through a pipe."""

    kind: Kind
    name: str
    shape: tuple[int, ...]
    dtype: str
    identity: int = 0
    """The memory file's inode: descriptors, and with them names, are used again."""

    @property
    def nbytes(self) -> int:
        """Size of the array."""
        return prod(self.shape) * np.dtype(self.dtype).itemsize


class SharedArray:
    """``array`` in shared memory. The memory lives as long as any array or process uses it."""

    def __init__(self, memory: mmap.mmap, handle: SharedHandle, descriptor: int | None, file: Path | None) -> None:
        self.handle = handle
        self.array: NDArray[Any] = np.frombuffer(memory, dtype=handle.dtype, count=prod(handle.shape)).reshape(
            handle.shape
        )
        self._memory: mmap.mmap | None = memory
        self._descriptor = descriptor
        self._file = file

    @classmethod
    def create(cls, shape: tuple[int, ...], dtype: DTypeLike, kind: Kind | None = None) -> SharedArray:
        """An array of zeros; raises MemoryError where there is no room."""
        kind = kind or _best_kind()
        number = next(_numbers)
        plain = np.dtype(dtype).str
        size = max(1, prod(shape) * np.dtype(dtype).itemsize)
        descriptor: int | None = None
        identity = 0
        file: Path | None = None
        try:
            if kind == "memfd":
                descriptor = _memory_file(f"medview-{number}")
                os.ftruncate(descriptor, size)
                memory = mmap.mmap(descriptor, size)
                name = f"/proc/{os.getpid()}/fd/{descriptor}"
                identity = os.fstat(descriptor).st_ino
            elif kind == "tagged":
                name = f"medview-{os.getpid()}-{number}"
                memory = _tagged_memory(size, name)
            else:
                file = _private_folder() / f"{number}"
                memory = _file_memory(file, size)
                name = str(file)
        except OSError as error:
            if descriptor is not None:
                os.close(descriptor)
            if file is not None:
                file.unlink(missing_ok=True)
            raise MemoryError(f"no room for {size} shared bytes ({error.strerror or error})") from error
        return cls(memory, SharedHandle(kind, name, tuple(shape), plain, identity), descriptor, file)

    @classmethod
    def attach(cls, handle: SharedHandle) -> SharedArray:
        """The array that another process (or this one) created; raises OSError where it is gone."""
        size = max(1, handle.nbytes)
        if handle.kind == "tagged":
            return cls(_tagged_memory(size, handle.name), handle, None, None)
        descriptor = os.open(handle.name, os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
        try:
            if handle.identity and os.fstat(descriptor).st_ino != handle.identity:
                raise FileNotFoundError(f"the shared array {handle.name} is gone")
            memory = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
        return cls(memory, handle, None, None)

    def seal(self) -> None:
        """Nobody will attach any more: give up the name, so that the memory ends with its last array."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if self._file is not None and os.name != "nt":
            self._file.unlink(missing_ok=True)
            self._file = None

    def discard(self, start: int, stop: int) -> bool:
        """Give the memory of rows ``start`` to ``stop`` of the first axis back; they become zero. False: not possible here."""
        if self._memory is None or sys.platform != "linux":
            return False
        row = self.handle.nbytes // max(1, self.handle.shape[0])
        first = -(-start * row // mmap.PAGESIZE) * mmap.PAGESIZE
        last = stop * row // mmap.PAGESIZE * mmap.PAGESIZE
        if last > first:
            self._memory.madvise(mmap.MADV_REMOVE, first, last - first)
        return True

    def close(self) -> None:
        """Give up this process's part. Arrays that are still held keep their memory until they are gone."""
        self.seal()
        self.array = np.empty(0, self.handle.dtype)
        memory, self._memory = self._memory, None
        if memory is not None:
            with contextlib.suppress(BufferError):  # somebody still looks at it; the last one frees it
                memory.close()
            del memory
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)
            self._file = None

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.close()


@cache
def _best_kind() -> Kind:
    if os.name == "nt":
        return "tagged"
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            descriptor = _memory_file("medview-probe")
            try:
                os.ftruncate(descriptor, 1)
                os.close(os.open(f"/proc/{os.getpid()}/fd/{descriptor}", os.O_RDWR))
                return "memfd"
            finally:
                os.close(descriptor)
    return "file"


def _memory_file(name: str) -> int:
    if sys.platform == "linux":
        return os.memfd_create(name, os.MFD_CLOEXEC)
    raise OSError("no anonymous memory files on this system")


def _tagged_memory(size: int, name: str) -> mmap.mmap:
    if sys.platform == "win32":
        return mmap.mmap(-1, size, tagname=name)
    raise OSError("no named memory on this system")


def _file_memory(file: Path, size: int) -> mmap.mmap:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        # Reserve the blocks now: writing to a mapped file on a full disk ends the process (SIGBUS).
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.ftruncate(descriptor, size)
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


_folder_lock = threading.Lock()
_folder: list[Path] = []


def _private_folder() -> Path:
    """The folder of this process for files, 0700, removed at exit."""
    with _folder_lock:
        if not _folder:
            import atexit
            import shutil
            import tempfile

            sweep_left_overs()
            made = Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-"))
            _folder.append(made)
            atexit.register(shutil.rmtree, made, ignore_errors=True)
        return _folder[0]


def sweep_left_overs() -> int:
    """Remove the folders of processes that crashed; returns how many."""
    import shutil
    import tempfile

    from medview.files.left_overs import is_running

    swept = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        owner = folder.name.removeprefix(_FOLDER_PREFIX).split("-")[0]
        if owner.isdigit() and not is_running(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
    return swept
