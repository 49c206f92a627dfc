"""What the C library keeps of the memory that was freed is given back to the system, where it can be asked to."""

from __future__ import annotations

import sys
import time
from functools import cache
from typing import Any

EVERY_S = 1.0


class Trimming:
    """Gives back what is free, at most once in :data:`EVERY_S`: it looks through the whole heap, which takes milliseconds.

    glibc keeps freed arrays of up to 32 MB for the next one, and what lies between others stays for good: 270 MB after
    the 180 tiles of a volume of 100 million voxels, of which 25 MB were in use.
    """

    def __init__(self) -> None:
        self._last = time.monotonic()

    def trim(self) -> None:
        """Where it is time; nothing on systems other than Linux with glibc."""
        now = time.monotonic()
        if now - self._last >= EVERY_S:
            self._last = now
            give_back_free()


def give_back_free() -> None:
    """At once."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:
    if sys.platform != "linux":
        return None
    import ctypes

    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
