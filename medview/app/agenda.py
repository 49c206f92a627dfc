"""Which slice of a volume is decoded next: always the nearest to where the reader is."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


class Agenda:
    """The slices of one volume that nobody has begun to read; the main thread moves the focus, threads take.

    ``window``: most slices that may be in memory at once; only so many around the focus are given out.
    """

    def __init__(self, count: int, focus: int, window: int | None = None) -> None:
        self._lock = threading.Lock()
        self._open: NDArray[np.bool_] = np.ones(count, dtype=bool)
        self._left = count
        self.window = count if window is None else max(1, min(window, count))
        self._focus = 0
        self._below = self._above = 0
        self.move(focus)

    def move(self, focus: int) -> None:
        """Look from slice ``focus`` on."""
        with self._lock:
            self._focus = int(np.clip(focus, 0, max(0, len(self._open) - 1)))
            self._above, self._below = self._focus, self._focus - 1

    @property
    def bounds(self) -> tuple[int, int]:
        """First slice and the one after the last that may be in memory now."""
        first = min(max(0, self._focus - self.window // 2), len(self._open) - self.window)
        return first, first + self.window

    def take(self, count: int) -> list[int]:
        """At most ``count`` slices, nearest to the focus first; empty when all within bounds are begun."""
        taken: list[int] = []
        with self._lock:
            first, stop = self.bounds
            while len(taken) < count and self._left:
                up, down = self._above < stop, self._below >= first
                if not up and not down:
                    break
                if up and (not down or self._above - self._focus <= self._focus - self._below):
                    k, self._above = self._above, self._above + 1
                else:
                    k, self._below = self._below, self._below - 1
                if self._open[k]:
                    self._open[k] = False
                    self._left -= 1
                    taken.append(k)
        return taken

    def claim(self, k: int) -> bool:
        """Take exactly slice ``k``; False where somebody has."""
        with self._lock:
            if not self._open[k]:
                return False
            self._open[k] = False
            self._left -= 1
            return True

    def give_back(self, slices: Iterable[int]) -> None:
        """These have to be read (again)."""
        with self._lock:
            for k in slices:
                if not self._open[k]:
                    self._open[k] = True
                    self._left += 1
            self._above, self._below = self._focus, self._focus - 1

    @property
    def has_work(self) -> bool:
        """Whether any slice within bounds is still to be begun."""
        with self._lock:
            first, stop = self.bounds
            return bool(self._left and self._open[first:stop].any())
