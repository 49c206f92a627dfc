"""What the C library keeps of the memory that was freed is given back to the system, where it can be asked to."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

EVERY_BYTES = 128 << 20
"""A whole heap is looked through in milliseconds, and what is given back has to be asked for again: a network of 20 ms a call took
1.2 to 2.7 times as long where that was done every second. A large volume leaves some MB for each of its tiles of 14 MB.
"""


class Trimming:
    """Gives back what is free whenever :data:`EVERY_BYTES` have passed.

    glibc keeps freed arrays of up to 32 MB for the next one, and what lies between others stays for good: 270 MB after
    the 180 tiles of a volume of 100 million voxels, of which 25 MB were in use.
    """

    def __init__(self) -> None:
        self._passed = 0

    def passed(self, size: int) -> None:
        """Arrays of ``size`` bytes were made and freed; nothing on systems other than Linux with glibc."""
        self._passed += size
        if self._passed >= EVERY_BYTES:
            self._passed = 0
            give_back_free()


def give_back_free() -> bool:
    """At once; False where the C library has no way to be asked. Takes some milliseconds, other threads run meanwhile."""
    trim = _trim()
    if trim is None:
        return False
    trim(0)
    return True


@cache
def _trim() -> Any:
    if sys.platform != "linux":
        return None
    import ctypes

    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    trim.argtypes = (ctypes.c_size_t,)
    return trim
