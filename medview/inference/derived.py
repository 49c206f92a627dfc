"""From an image-to-image network's answer to values on exactly the grid of the source series, or one finer by a factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError
from medview.inference.manifest import ImageOutput
from medview.inference.placement import Orientation, Placement, snapped
from medview.kernels.resample_grid import sample_affine

FloatMap = NDArray[np.float32]


class ValueCollector:
    """Takes values of one tensor as they come, and gives them on the oriented or the source grid.

    What the tensor does not reach is NaN. ``factor`` (a, b, c): the answer is so many times finer than the tensor, and so
    is the grid that it is given on.
    """

    def __init__(self, placement: Placement, factor: tuple[int, int, int] = (1, 1, 1)) -> None:
        self._placement = placement
        self._factor = factor
        a, b, c = (size * times for size, times in zip(placement.shape, factor, strict=True))
        self._values: FloatMap = np.empty((a, b, c), dtype=np.float32)

    def put(self, first: int, part: FloatMap) -> None:
        """Values (n, b, c) from tensor row ``first``."""
        self._values[first : first + len(part)] = part

    def onto_source(self, out: FloatMap, checkpoint: Callable[[int, int], None]) -> None:
        """Write values onto the whole source grid ``out`` (k, j, i)."""
        placement = self._placement
        matrix, offset = placement.source_to_tensor()
        even = np.arange(out.shape[0], dtype=np.float64) if placement.depths is None else placement.depths
        matrix, offset = self._finer(matrix, offset, source_factor(self._factor, placement.orientation))
        for k in range(len(out)):
            checkpoint(k, len(out))
            self._sample(matrix, offset, float(even[k]), out[k : k + 1])

    def onto_slices(self, oriented: NDArray[Any]) -> None:
        """Write values onto ``oriented`` (n, b, c), the slices of the oriented grid that the tensor is made of."""
        inverse = np.asarray(np.linalg.inv(self._placement.matrix), dtype=np.float64)
        matrix, offset = self._finer(inverse, -inverse @ self._placement.offset, self._factor)
        for row in range(len(oriented)):
            out = np.empty((1, *oriented.shape[1:]), dtype=np.float32)
            self._sample(matrix, offset, float(row), out)
            oriented[row] = out[0]

    def _finer(
        self, matrix: NDArray[np.float64], offset: NDArray[np.float64], factor: tuple[int, int, int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """From the grid of the result, finer by ``factor`` than the one that ``matrix`` comes from, to the answer's grid."""
        fine, made = np.asarray(factor, dtype=np.float64), np.asarray(self._factor, dtype=np.float64)
        turned = made[:, None] * matrix / fine
        moved = made * (matrix @ (0.5 / fine - 0.5) + offset + 0.5) - 0.5
        return snapped(turned), snapped(moved)

    def _sample(self, matrix: NDArray[np.float64], offset: NDArray[np.float64], row: float, out: FloatMap) -> None:
        moved = np.ascontiguousarray(offset + matrix[:, 0] * row)
        sample_affine(self._values, np.ascontiguousarray(matrix), moved, out, 0, False, np.nan)


class ImageCollector(ValueCollector):
    """The values of an image-to-image network, from rows of its raw answer."""

    def __init__(self, output: ImageOutput, placement: Placement) -> None:
        super().__init__(placement, tensor_factor(output))
        self._output = output

    def take(self, first: int, rows: FloatMap) -> None:
        """Rows (channels, n, b, c) from tensor row ``first``."""
        scale, offset = np.float32(self._output.scale), np.float32(self._output.offset)
        self.put(first, rows[self._output.channel] * scale + offset)


def tensor_factor(output: ImageOutput) -> tuple[int, int, int]:
    """How much finer the answer is than the tensor along (a, b, c)."""
    given = output.factor or (1,)
    a, b, c = (*[1] * (3 - len(given)), *given) if output.factor is not None else (1, 1, 1)
    return (a, b, c)


def source_factor(factor: tuple[int, int, int], orientation: Orientation) -> tuple[int, int, int]:
    """The same along (k, j, i)."""
    along = dict(zip(orientation.order, factor, strict=True))
    return (along[0], along[1], along[2])


def finer(geometry: Geometry, factor: tuple[int, int, int]) -> Geometry:
    """The grid with each voxel cut into ``factor`` (k, j, i) equal parts.

    Raises MedviewError where slices that are not evenly spaced would have to be cut.
    """
    if factor == (1, 1, 1):
        return geometry
    parts = np.asarray(factor, dtype=np.float64)
    if geometry.slice_origins is not None and factor[0] > 1:
        text = "The slices are not evenly spaced, and the model cuts them into thinner ones."
        raise MedviewError("irregular_spacing", text, None, ExitCode.MODEL_DOES_NOT_FIT)
    first = 0.5 / parts - 0.5
    affine = geometry.affine.copy()
    affine[:3, :3] = geometry.affine[:3, :3] / parts[::-1]
    affine[:3, 3] = geometry.affine[:3, 3] + geometry.affine[:3, [2, 1, 0]] @ first
    origins = geometry.slice_origins
    if origins is not None:
        origins = origins + geometry.affine[:3, [1, 0]] @ first[1:]
    k, j, i = (size * times for size, times in zip(geometry.shape, factor, strict=True))
    return Geometry((k, j, i), affine, geometry.frame_of_reference, origins)


def without_gaps(values: FloatMap, outside: float | str) -> FloatMap:
    """``values`` with NaN replaced by ``outside``, or by the smallest value there is."""
    gaps = np.isnan(values)
    if gaps.any():
        fill = float(np.nanmin(values)) if outside == "minimum" else float(outside)
        values[gaps] = fill
    return values
