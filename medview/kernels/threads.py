"""How many threads OpenCV takes: one for pictures, all of them where it filters.

A picture of a viewport is made of some fifteen steps of a tenth of a millisecond; to wake another thread up for each of them
takes longer than it does. Scrolling a 2×2 layout of 512² took 14.4 ms of the processor a frame with two threads and 11.2 with
one, 12.8 and 11.4 by the clock.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import cv2

_cv: Any = cv2  # its stubs know no element types

_ALL: int = _cv.getNumThreads()
_lock = threading.Lock()
_asked = 0
_few = False


def take_one_thread() -> None:
    """From now on OpenCV does what it is asked for in the thread that asks, but within :func:`all_threads`."""
    global _few  # noqa: PLW0603 - OpenCV's number is one for the process, too
    with _lock:
        _few = True
        if not _asked:
            _cv.setNumThreads(1)


@contextlib.contextmanager
def all_threads() -> Iterator[None]:
    """OpenCV takes all its threads in here, for filters of whole slices and volumes; from any thread."""
    global _asked  # noqa: PLW0603
    with _lock:
        _asked += 1
        if _few and _asked == 1:
            _cv.setNumThreads(_ALL)
    try:
        yield
    finally:
        with _lock:
            _asked -= 1
            if _few and not _asked:
                _cv.setNumThreads(1)
