"""From the rows of a volume's answer to labels on the source grid as they come, in memory of a few rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.inference.placement import Placement
from medview.inference.seams import Seams
from medview.inference.segmentation import AnyLabels, Channels, SegmentationRule
from medview.kernels.resample_grid import labels_of_channels, sample_labels

ROWS_AT_ONCE = 16
INSIDE = 1e-6
"""How far before the last row that is there a place must lie: its neighbours on both sides are there then."""


class VolumeLabels:
    """Decides rows of the oriented grid as soon as all rows of the tensor are there that they depend on.

    The same numbers as :class:`medview.inference.segmentation.LabelCollector`, where a row of the one grid is a row of the other.
    """

    def __init__(
        self, rule: SegmentationRule, placement: Placement, labels: AnyLabels, decided: Callable[[int, int], None]
    ) -> None:
        """``labels`` (k, j, i), all 0, are filled; ``decided(start, stop)`` is told of rows of the oriented grid."""
        self._rule, self._placement, self._decided = rule, placement, decided
        orientation = placement.orientation
        self._out = orientation.view(labels)
        self._unflipped = labels.transpose(orientation.order)
        output = rule.output
        self._keeps_channels = output.encoding == "channels" and output.restore != "labels"
        # By the same arithmetic as for the whole: places halfway between two rows must fall to the same side.
        matrix, self._offset = placement.source_to_tensor()
        self._matrix = np.ascontiguousarray(matrix[:, list(orientation.order)])
        rows = np.arange(len(self._out), dtype=np.float64)
        self._rows = rows[::-1].copy() if orientation.flips[0] else rows
        """Where the rows of the oriented grid lie along the source's axis."""
        self._places = self._rows * self._matrix[0, 0] + self._offset[0]
        """And along the tensor's, growing."""
        self._labels: NDArray[np.uint16] | None = None
        self._channels: Channels | None = None
        self._seams: Seams | None = None
        self._start = 0
        """The tensor's row that the kept channels begin with."""
        self._next = 0
        """The first row of the oriented grid that is not decided."""

    @staticmethod
    def can(placement: Placement) -> bool:
        """Whether rows depend on rows alone."""
        others = placement.matrix.copy()
        others[0, 0] = 1.0
        turned = not (np.array_equal(others[0], (1, 0, 0)) and np.array_equal(others[:, 0], (1, 0, 0)))
        return not turned and placement.matrix[0, 0] > 0 and placement.depths is None and placement.separate is None

    def take(self, first: int, rows: Channels) -> None:
        """Rows (c, n, b, c) from tensor row ``first``, in their order; the array may be used again by its owner."""
        for start in range(0, rows.shape[1], ROWS_AT_ONCE):
            part = rows[:, start : start + ROWS_AT_ONCE]
            if self._placement.is_whole:
                self._lay((first + start, 0, 0), self._rule.labels(part))
                self.rows_until(first + start + part.shape[1])
            else:
                self._resample(first + start, part)

    @property
    def takes_blocks(self) -> bool:
        """Whether :meth:`block` and :meth:`rows_until` may be called instead of :meth:`take`."""
        straight = not np.any(self._matrix - np.diag(np.diag(self._matrix)))
        return self._placement.is_whole or (straight and self._keeps_channels)

    def block(self, first: tuple[int, ...], values: Channels) -> None:
        """A box (c, …) of the answer from voxel ``first`` of the tensor on; its owner uses the array again."""
        if not self._placement.is_whole:
            self._sample_box(first, values)
            return
        for start in range(0, values.shape[1], ROWS_AT_ONCE):
            self._lay((first[0] + start, *first[1:]), self._rule.labels(values[:, start : start + ROWS_AT_ONCE]))

    def rows_until(self, row: int) -> None:
        """All boxes of the tensor's rows before ``row`` were given."""
        if not self._placement.is_whole:
            at_end = row >= self._placement.shape[0]
            self._tell(len(self._out) if at_end else self._between(0, -np.inf, row - 1).stop)
            return
        self._tell(min(len(self._out), max(0, int(np.round(self._placement.offset[0])) + row)))

    def end(self) -> None:
        """No row comes any more: what is left lies beyond the tensor, or at its border."""
        count = len(self._out)
        if not self._placement.is_whole and self._next < count:
            self._sample(count)
        if self._next < count:
            self._decided(self._next, count)
            self._next = count

    def _lay(self, first: tuple[int, ...], labels: NDArray[np.uint16]) -> None:
        """Nothing was resampled: labels are copied to where they came from, what was filled is cut off."""
        offset = np.round(self._placement.offset).astype(int) + np.asarray(first)
        target: list[slice[Any, Any, Any]] = []
        source: list[slice[Any, Any, Any]] = []
        for start, size, room in zip(offset.tolist(), labels.shape, self._out.shape, strict=True):
            low, high = max(0, start), min(room, start + size)
            target.append(slice(low, max(low, high)))
            source.append(slice(low - start, max(low, high) - start))
        self._out[tuple(target)] = labels[tuple(source)]

    def _sample_box(self, first: tuple[int, ...], values: Channels) -> None:
        """Decide what lies between the voxels of a box and those of the boxes before it."""
        self._seams = self._seams or Seams(self._placement.shape)
        ends = [at + size for at, size in zip(first, values.shape[1:], strict=True)]
        start, wide = self._seams.widened(first, values)
        rows, across, columns = (
            self._between(
                axis, -np.inf if not at else at - 1, np.inf if end == self._placement.shape[axis] else end - 1
            )
            for axis, (at, end) in enumerate(zip(first, ends, strict=True))
        )
        rule, first_row = self._rule, start[0]
        for n in range(rows.start, rows.stop, ROWS_AT_ONCE):
            stop = min(rows.stop, n + ROWS_AT_ONCE)
            at, places = self._rows[n:stop], self._places[n:stop] - first_row
            # Only the rows around them, and one more on each side for what lies a hair's breadth beyond.
            low = min(max(0, int(np.floor(places[0])) - 1), wide.shape[0] - 1)
            high = max(low + 1, min(wide.shape[0], int(np.floor(places[-1])) + 3))
            part = rule.activated(wide.cut(slice(low, high), slice(0, wide.shape[1])))
            decided = np.asarray(labels_of_channels(part, rule.threshold, rule.nothing, rule.values))
            begin = np.asarray((first_row + low, *start[1:]))
            offset = self._offset + np.diag(self._matrix) * (0, across.start, columns.start) - begin
            made = np.empty((len(at), across.stop - across.start, columns.stop - columns.start), dtype=np.uint16)
            sample_labels(part, decided, self._matrix, offset, at, made, rule.threshold, rule.nothing, rule.values)
            self._unflipped[at.astype(np.intp), across, columns] = made

    def _between(self, axis: int, low: float, high: float) -> slice:
        """Which of the voxels to be decided lie from ``low`` to before ``high`` along an axis of the tensor."""
        if axis == 0:
            places = self._places
        else:
            places = np.arange(self._unflipped.shape[axis]) * self._matrix[axis, axis] + self._offset[axis]
        if len(places) > 1 and places[-1] < places[0]:
            count = len(places)
            backwards = places[::-1]
            return slice(count - int(np.searchsorted(backwards, high)), count - int(np.searchsorted(backwards, low)))
        return slice(int(np.searchsorted(places, low)), int(np.searchsorted(places, high)))

    def _resample(self, first: int, rows: Channels) -> None:
        rule, size = self._rule, rows.shape[1]
        if self._keeps_channels:
            rows = rule.activated(rows)
            decided = np.asarray(labels_of_channels(rows, rule.threshold, rule.nothing, rule.values))
            known, kept = self._labels, self._channels
            self._labels = decided if known is None else np.concatenate([known, decided])
            self._channels = rows.copy() if kept is None else np.concatenate([kept, rows], axis=1)
        else:
            if self._labels is None:
                self._labels = np.zeros(self._placement.shape, dtype=np.uint16)
            self._labels[first : first + size] = rule.labels(rows)
        last = first + size - 1
        if last + 1 < self._placement.shape[0]:
            self._sample(int(np.searchsorted(self._places, last - INSIDE)))
        else:
            self._sample(len(self._out))
        self._drop(last)

    def _drop(self, last: int) -> None:
        """Let go of channels that no row needs any more. Labels alone are small, and their places count from the first row."""
        if self._channels is None or self._labels is None or self._next == len(self._out):
            return
        # One row more than the next ones begin with: they may lie a hair's breadth before it.
        start = min(max(self._start, int(np.floor(self._places[self._next])) - 1), last)
        if start > self._start:
            self._labels = self._labels[start - self._start :].copy()
            self._channels = self._channels[:, start - self._start :].copy()
            self._start = start

    def _sample(self, until: int) -> None:
        """Decide the rows before ``until``."""
        assert self._labels is not None, "rows have come"
        rule = self._rule
        offset = self._offset - np.array([self._start, 0, 0])
        for start in range(self._next, until, 8):
            rows = self._rows[start : min(until, start + 8)]
            made = np.empty((len(rows), *self._out.shape[1:]), dtype=np.uint16)
            channels, nothing, values = self._channels, rule.nothing, rule.values
            sample_labels(channels, self._labels, self._matrix, offset, rows, made, rule.threshold, nothing, values)
            self._unflipped[rows.astype(np.intp)] = made
        self._tell(until)

    def _tell(self, until: int) -> None:
        if until > self._next:
            self._decided(self._next, until)
            self._next = until
