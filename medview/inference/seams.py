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

    def widened(self, first: tuple[int, ...], values: FloatMap) -> tuple[tuple[int, int, int], FloatMap]:
        """A block from voxel ``first`` on and what lies one voxel before it, where anything does; with its new first voxel."""
        z, y, x = first
        more = [int(at > 0) for at in first]
        channels, *size = values.shape
        wide = np.empty((channels, *(n + one for n, one in zip(size, more, strict=True))), dtype=np.float32)
        wide[:, more[0] :, more[1] :, more[2] :] = values
        if not self._row:
            self._row = [np.empty((channels, *self._shape[1:]), np.float32) for _ in range(2)]
        if z and not y and not x:
            self._row.reverse()
        if not x:
            self._line = [self._line[1] if y else np.empty(0, np.float32), self._empty_line(wide)]
        if z:
            wide[:, 0] = self._row[0][:, y - more[1] : y + size[1], x - more[2] : x + size[2]]
        if y:
            wide[:, :, 0] = self._line[0][:, :, x - more[2] : x + size[2]]
        if x:
            assert self._plane is not None, "the block before has been given"
            wide[:, :, :, 0] = self._plane
        self._row[1][:, y : y + size[1], x : x + size[2]] = values[:, -1]
        self._line[1][:, :, x : x + size[2]] = wide[:, :, -1, more[2] :]
        self._plane = wide[:, :, :, -1].copy()
        return (z - more[0], y - more[1], x - more[2]), wide

    def _empty_line(self, wide: FloatMap) -> FloatMap:
        return np.empty((*wide.shape[:2], self._shape[2]), dtype=np.float32)
