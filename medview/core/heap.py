"""What the C library keeps of the memory that was freed is given back to the system, where it can be asked to."""

from __future__ import annotations

import contextlib
import sys
import time
from functools import cache
from itertools import pairwise
from typing import Any

EVERY_BYTES = 128 << 20
"""A whole heap is looked through in milliseconds, and what is given back has to be asked for again: a network of 20 ms a call took
1.2 to 2.7 times as long where that was done every second. A large volume leaves some MB for each of its tiles of 14 MB.
"""
LARGE, SELDOM_S = 8 << 20, 0.5
"""Of answers of so many bytes each leaves 20 MB, and a call takes so long that it may be looked through after each, not more often."""
_ARENA_MAX = -8
"""glibc's M_ARENA_MAX."""
_MADV_DONTNEED = 4
"""Linux' own number."""


class Trimming:
    """Gives back what is free whenever :data:`EVERY_BYTES` have passed.

    glibc keeps freed arrays of up to 32 MB for the next one, and what lies between others stays for good: 270 MB after
    the 180 tiles of a volume of 100 million voxels, of which 25 MB were in use.
    """

    def __init__(self) -> None:
        self._passed = 0
        self._last = 0.0

    def passed(self, size: int) -> None:
        """Arrays of ``size`` bytes were made and freed; nothing on systems other than Linux with glibc."""
        self._passed += size
        is_late = size >= LARGE and time.monotonic() - self._last > SELDOM_S
        if self._passed >= EVERY_BYTES or is_late:
            self._passed, self._last = 0, time.monotonic()
            give_back_free()
            let_go_of_compiler()


def keep_one_heap() -> bool:
    """From now on threads that are started allocate from the heap that there is; False where the C library has no such choice.

    glibc gives threads heaps of their own, of which the end is never given back: a day's reading left 12 MB and more in them,
    a little more with each study. What waits for the heap's lock here is nothing beside Python's own.
    """
    library = _glibc()
    return library is not None and bool(library.mallopt(_ARENA_MAX, 1))


def give_back_free() -> bool:
    """At once; False where the C library has no way to be asked. Takes some milliseconds, other threads run meanwhile."""
    library = _glibc()
    if library is None:
        return False
    library.malloc_trim(0)
    return True


def let_go_of_compiler() -> int:
    """Unmap what was mapped of LLVM's code and tables, which no kernel needs once it is compiled; bytes of it, 0 where nothing is mapped.

    Loading a kernel that was kept leaves 68 MB of the library's pages with the process. They are those of the file: read again where
    another kernel is loaded (9 MB, 5 ms). Takes 2 ms.
    """
    library = _glibc()
    if library is None:
        return 0
    with contextlib.suppress(OSError), open("/proc/self/maps", errors="replace") as stream:  # noqa: PTH123
        mapped = [line.split(None, 2)[:2] for line in stream if "libllvmlite" in line]
        passed = 0
        for (place, rights), (_, next_rights) in pairwise(mapped):
            # What may be written, and what was before it was protected (relocated tables, which lie in front of that), stays.
            if "w" not in rights + next_rights:
                first, last = (int(end, 16) for end in place.split("-"))
                if library.madvise(first, last - first, _MADV_DONTNEED) == 0:
                    passed += last - first
        return passed
    return 0


@cache
def _glibc() -> Any:
    """The C library where it is glibc."""
    if sys.platform != "linux":
        return None
    import ctypes

    try:
        library = ctypes.CDLL(None)
        library.malloc_trim.argtypes = (ctypes.c_size_t,)
        library.mallopt.argtypes = (ctypes.c_int, ctypes.c_int)
        library.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    except (OSError, AttributeError):
        return None
    return library
