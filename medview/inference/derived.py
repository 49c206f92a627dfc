"""From an image-to-image network's answer to values on exactly the grid of the source series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.inference.manifest import ImageOutput
from medview.inference.placement import Placement, snapped
from medview.kernels.resample_grid import sample_affine

FloatMap = NDArray[np.float32]


class ValueCollector:
    """Takes values of one tensor as they come, and gives them on the oriented or the source grid.

    What the tensor does not reach is NaN.
    """

    def __init__(self, placement: Placement) -> None:
        self._placement = placement
        self._values: FloatMap = np.empty(placement.shape, dtype=np.float32)

    def put(self, first: int, part: FloatMap) -> None:
        """Values (n, b, c) from tensor row ``first``."""
        self._values[first : first + len(part)] = part

    def onto_source(self, out: FloatMap, checkpoint: Callable[[int, int], None]) -> None:
        """Write values onto the whole source grid ``out`` (k, j, i)."""
        placement = self._placement
        matrix, offset = placement.source_to_tensor()
        even = np.arange(out.shape[0], dtype=np.float64) if placement.depths is None else placement.depths
        for k in range(len(out)):
            checkpoint(k, len(out))
            self._sample(matrix, offset, float(even[k]), out[k : k + 1])

    def onto_slices(self, oriented: NDArray[Any]) -> None:
        """Write values onto ``oriented`` (n, b, c), the slices of the oriented grid that the tensor is made of."""
        inverse = np.linalg.inv(self._placement.matrix)
        matrix, offset = snapped(inverse), snapped(-inverse @ self._placement.offset)
        for row in range(len(oriented)):
            out = np.empty((1, *oriented.shape[1:]), dtype=np.float32)
            self._sample(matrix, offset, float(row), out)
            oriented[row] = out[0]

    def _sample(self, matrix: NDArray[np.float64], offset: NDArray[np.float64], row: float, out: FloatMap) -> None:
        moved = np.ascontiguousarray(offset + matrix[:, 0] * row)
        sample_affine(self._values, np.ascontiguousarray(matrix), moved, out, 0, False, np.nan)


class ImageCollector(ValueCollector):
    """The values of an image-to-image network, from rows of its raw answer."""

    def __init__(self, output: ImageOutput, placement: Placement) -> None:
        super().__init__(placement)
        self._output = output

    def take(self, first: int, rows: FloatMap) -> None:
        """Rows (channels, n, b, c) from tensor row ``first``."""
        scale, offset = np.float32(self._output.scale), np.float32(self._output.offset)
        self.put(first, rows[self._output.channel] * scale + offset)


def without_gaps(values: FloatMap, outside: float | str) -> FloatMap:
    """``values`` with NaN replaced by ``outside``, or by the smallest value there is."""
    gaps = np.isnan(values)
    if gaps.any():
        fill = float(np.nanmin(values)) if outside == "minimum" else float(outside)
        values[gaps] = fill
    return values
