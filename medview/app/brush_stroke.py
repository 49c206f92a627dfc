"""A stroke of the brush from press to release: it paints at once, and becomes one step when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.brush import Point, Stamp, ball_stamp, plane_stamp, slice_stamp
from medview.core.label_edit import LabelEdit, edit_of
from medview.core.plane import plane_of_slice

if TYPE_CHECKING:
    from medview.app.correction import Correction
    from medview.app.shown_slice import ShownSlice
    from medview.core.volume import Volume

Over = Literal["all", "empty"]

SMALLEST_MM, LARGEST_MM = 0.5, 200.0


@dataclass(frozen=True, slots=True)
class Brush:
    """``size_mm`` is the diameter (px where images have no mm). ``over``: what may be painted over.

    ``low`` and ``high`` are modality values: with ``limited`` only voxels between them are touched.
    """

    size_mm: float = 10.0
    ball: bool = False
    over: Over = "all"
    limited: bool = False
    low: float = 0.0
    high: float = 0.0
    tolerance: float = 50.0
    """How far values may differ from the one that was clicked for a region to grow over them."""
    reach_mm: float = 60.0
    """How far from the click a region may grow."""

    @property
    def limits(self) -> tuple[float, float]:
        """``low`` and ``high`` in their order, whichever way they were typed."""
        return min(self.low, self.high), max(self.low, self.high)


class Stroke:
    """Positions are image (x, y) of the slice shown at the press."""

    def __init__(
        self, correction: Correction, brush: Brush, value: int, erase: bool, shown: ShownSlice, volume: Volume | None
    ) -> None:
        self.correction, self.brush, self.value, self.erase = correction, brush, value, erase
        self._shown, self._volume = shown, volume
        self._last: Point | None = None
        self._flat: list[NDArray[np.int64]] = []
        self._before: list[NDArray[np.unsignedinteger]] = []
        self.out_of_range = False
        """Whether voxels under the brush were left alone for their values."""

    def lead(self, x: float, y: float) -> bool:
        """Lead the brush to image (x, y); True where that changed any voxel."""
        stamp = self._stamp(self._last or (x, y), (x, y))
        self._last = (x, y)
        return stamp is not None and self._press(stamp)

    def _stamp(self, start: Point, end: Point) -> Stamp | None:
        shown, radius = self._shown, self.brush.size_mm / 2
        geometry = self.correction.segmentation.geometry
        shape = self.correction.labels.shape
        volume_shape = (shape[0], shape[1], shape[2])
        if shown.plane_kind == "acquired":
            k = shown.k or 0
            if self.brush.ball and geometry is not None:
                return ball_stamp(geometry, plane_of_slice(geometry, k), start, end, radius)
            return slice_stamp(volume_shape, k, start, end, radius, self.correction.pixel_mm)
        if geometry is None or shown.plane is None:
            return None
        make = ball_stamp if self.brush.ball else plane_stamp
        return make(geometry, shown.plane, start, end, radius)

    def _press(self, stamp: Stamp) -> bool:
        labels, value = self.correction.labels, self.value
        part = labels[stamp.part]
        new = 0 if self.erase else value
        where = stamp.where & (part != new)
        if self.erase and self.brush.over != "all":
            where &= part == value
        elif not self.erase and self.brush.over == "empty":
            where &= part == 0
        if not where.any():
            return False
        if self.brush.limited:
            asked = int(np.count_nonzero(where))
            where &= self._in_range(stamp)
            self.out_of_range |= int(np.count_nonzero(where)) < asked
        k, j, i = np.nonzero(where)
        if not len(k):
            return False
        at = stamp.corner
        _n, rows, columns = labels.shape
        self._flat.append(((k + at[0]) * rows + (j + at[1])) * columns + (i + at[2]))
        self._before.append(part[where])
        part[where] = new
        return True

    def _in_range(self, stamp: Stamp) -> NDArray[np.bool_]:
        """Where the values of a stamp's box are known and lie between the limits."""
        volume = self._volume
        inside = np.zeros(stamp.where.shape, dtype=np.bool_)
        if volume is None or volume.is_colour:
            return inside
        _k, rows, columns = stamp.part
        for n in range(len(inside)):
            k = stamp.corner[0] + n
            if volume.is_loaded(k):
                inside[n] = values_in_range(volume, k, *self.brush.limits, rows, columns)
        return inside

    def end(self) -> LabelEdit | None:
        """The step that it was; None where it changed nothing."""
        if not self._flat:
            return None
        labels = self.correction.labels
        flat, before = np.concatenate(self._flat), np.concatenate(self._before)
        shape = (labels.shape[0], labels.shape[1], labels.shape[2])
        return edit_of(flat, before, 0 if self.erase else self.value, shape)

    def cancel(self) -> None:
        """Put everything back."""
        flat = self.correction.labels.reshape(-1)
        for where, before in zip(self._flat, self._before, strict=True):
            flat[where] = before
        self._flat, self._before = [], []


ALL = slice(None)


def values_in_range(
    volume: Volume, k: int, low: float, high: float, rows: slice = ALL, columns: slice = ALL
) -> NDArray[np.bool_]:
    """Where the modality values of a part of slice k lie from ``low`` to ``high``; padding is no value."""
    stored = volume.stored[k, rows, columns]
    values = volume.transform.apply(stored, k)
    inside = (values >= low) & (values <= high)
    if volume.padding is not None:
        inside &= (stored < volume.padding[0]) | (stored > volume.padding[1])
    return np.asarray(inside)
