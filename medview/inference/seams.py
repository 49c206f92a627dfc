"""Blocks of an answer with one voxel of those before them, so that what lies between two blocks can be interpolated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatMap = NDArray[np.float32]


class Seams:
    """Keeps the last voxels of blocks (c, a, b, c) that come row by row, the last axis quickest, until their neighbours come."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        """``shape`` of all blocks together."""
        self._shape = shape
        self._row: list[FloatMap] = []
        """The last row before, and of the row that goes on: (c, b, c) of the whole."""
        self._line: list[FloatMap] = []
        """The same of the strip: (c, rows, c)."""
        self._plane: FloatMap | None = None
        """The last voxels of the block before: (c, rows, columns)."""

    def widened(self, first: tuple[int, ...], values: FloatMap) -> tuple[tuple[int, int, int], Widened]:
        """A block from voxel ``first`` on and what lies one voxel before it, where anything does; with its new first voxel."""
        z, y, x = first
        more = (int(z > 0), int(y > 0), int(x > 0))
        channels, *size = values.shape
        lines = slice(y - more[1], y + size[1])
        columns = slice(x - more[2], x + size[2])
        if not self._row:
            self._row = [np.empty((channels, *self._shape[1:]), np.float32) for _ in range(2)]
        if z and not y and not x:
            self._row.reverse()
        if not x:
            empty = np.empty((channels, size[0] + more[0], self._shape[2]), dtype=np.float32)
            self._line = [self._line[1] if y else np.empty(0, np.float32), empty]
        row = self._row[0][:, lines, columns] if z else None
        line = self._line[0][:, :, columns] if y else None
        wide = Widened(values, more, row, line, self._plane if x else None)
        self._row[1][:, y : y + size[1], x : x + size[2]] = values[:, -1]
        count, across, _ = wide.shape
        self._line[1][:, :, x : x + size[2]] = wide.cut(slice(0, count), slice(across - 1, across))[:, :, 0, more[2] :]
        plane = np.empty((channels, count, across), dtype=np.float32)
        for n in range(count):
            plane[:, n] = wide.cut(slice(n, n + 1), slice(0, across))[:, 0, :, -1]
        self._plane = plane
        return (z - more[0], y - more[1], x - more[2]), wide


class Widened:
    """A block (c, a, b, c) and one voxel before it along some axes, put together where it is asked for."""

    def __init__(
        self,
        values: FloatMap,
        more: tuple[int, int, int],
        row: FloatMap | None,
        line: FloatMap | None,
        plane: FloatMap | None,
    ) -> None:
        """``more``: how many voxels along each axis; ``row`` (c, b, c), ``line`` (c, a, c) and ``plane`` (c, a, b) before it, widened."""
        self._values, self._more = values, more
        self._row, self._line, self._plane = row, line, plane
        a, b, c = (size + one for size, one in zip(values.shape[1:], more, strict=True))
        self.shape = (a, b, c)

    def cut(self, rows: slice, lines: slice) -> FloatMap:
        """Some rows and lines of it, a copy."""
        made = np.empty(
            (len(self._values), rows.stop - rows.start, lines.stop - lines.start, self.shape[2]), np.float32
        )
        low, left, before = self._more
        given = self._values[
            :, max(0, rows.start - low) : rows.stop - low, max(0, lines.start - left) : lines.stop - left
        ]
        made[:, max(0, low - rows.start) :, max(0, left - lines.start) :, before:] = given
        if self._row is not None and rows.start == 0:
            made[:, 0] = self._row[:, lines]
        if self._line is not None and lines.start == 0:
            made[:, :, 0] = self._line[:, rows]
        if self._plane is not None:
            made[:, :, :, 0] = self._plane[:, rows, lines]
        return made
