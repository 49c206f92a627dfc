"""Several registered series seen as one: each brought onto the grid of the first, as the channels of one tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.volume import Volume
from medview.inference.manifest import Input, Source
from medview.inference.placement import SNAP, Orientation, orient, snapped
from medview.inference.request import ChannelSeries
from medview.inference.source_values import SourceValues, Statistics
from medview.kernels.resample_grid import sample_affine

AnyArray = NDArray[Any]

COVERED = 0.95
"""Share of the first series from which on another one is said to cover it: borders of slices rarely agree."""
SAMPLES = 48
"""Places along an axis at which is asked what another series covers."""


def unit_of(given: Input, source: Source) -> Input:
    """``given`` with the unit of one of its sources."""
    return given if source.unit is None else given.model_copy(update={"unit": source.unit})


class SeriesTogether:
    """The sources of a network as one: what :class:`SourceValues` gives, with an axis of channels at the end."""

    def __init__(
        self, volume: Volume, first: SourceValues, given: Input, orientation: Orientation, others: list[ChannelSeries]
    ) -> None:
        """``others`` are the series of ``given.sources[1:]``, in their order. Raises MedviewError where one is not fit."""
        self._first = first
        self._others = [
            _OnGrid(source, other, volume, given, orientation)
            for source, other in zip(given.sources[1:], others, strict=True)
        ]

    @property
    def rows(self) -> int:
        """Length of the oriented grid's first axis."""
        return self._first.rows

    @property
    def notes(self) -> list[Note]:
        """What is worth saying of the other series."""
        return [note for other in self._others for note in other.notes]

    @property
    def statistics(self) -> Statistics:
        """Of the first series."""
        return self._first.statistics

    def fetch(self, start: int, stop: int) -> tuple[AnyArray, NDArray[np.bool_] | None]:
        """Values (a, b, c, channel) of rows ``start`` … ``stop``, and where those of the first series are real."""
        values, real = self._first.fetch(start, stop)
        channels = [values.astype(np.float32, copy=False), *(other.fetch(start, stop) for other in self._others)]
        return np.stack(channels, axis=3), real


class _OnGrid:
    """One series on another's oriented grid."""

    def __init__(
        self, source: Source, other: ChannelSeries, volume: Volume, given: Input, orientation: Orientation
    ) -> None:
        if not other.volume.is_complete:
            text = f"Some slices of the series for {source.name} could not be read; a model must not see holes."
            raise MedviewError("slices_missing", text, None, ExitCode.INPUT_UNUSABLE)
        mine, theirs = volume.geometry, other.volume.geometry
        if mine is None or theirs is None:
            text = f"The series for {source.name} has no position in the patient; it cannot be laid over another."
            raise MedviewError("no_geometry", text, None, ExitCode.MODEL_DOES_NOT_FIT, values=(source.name,))
        if (
            mine.frame_of_reference
            and theirs.frame_of_reference
            and mine.frame_of_reference != theirs.frame_of_reference
        ):
            text = f"The series for {source.name} has another frame of reference; it is not registered with the first."
            raise MedviewError("not_registered", text, None, ExitCode.MODEL_DOES_NOT_FIT, values=(source.name,))
        own = orient(other.volume.shape, theirs, given.axes)
        self._values = SourceValues(other.volume, other.stack, other.time, unit_of(given, source), own)
        self._nearest = source.kind == "nearest"
        self._same = own == orientation and theirs.same_grid(mine, SNAP)
        self._shape = orientation.shape
        self._name = source.name
        self._share = 1.0
        if self._same:
            return
        if theirs.slice_origins is not None or mine.slice_origins is not None:
            text = f"The slices of the series for {source.name} are not evenly spaced; it cannot be laid over another."
            raise MedviewError("irregular_spacing", text, None, ExitCode.MODEL_DOES_NOT_FIT)
        to_mine, from_mine = _oriented_affine(mine.affine, orientation)
        to_theirs, from_theirs = _oriented_affine(theirs.affine, own)
        inverse = np.linalg.inv(to_theirs)
        self._matrix = snapped(inverse @ to_mine)
        self._offset = snapped(inverse @ (from_mine - from_theirs))
        self._share = _share_inside(self._matrix, self._offset, orientation.shape, own.shape)
        if self._share == 0:
            text = (
                f"The series for {source.name} shows another part of the patient; none of it lies where the first does."
            )
            raise MedviewError("channel_elsewhere", text, None, ExitCode.MODEL_DOES_NOT_FIT, values=(source.name,))
        self._whole, _real = self._values.fetch(0, self._values.rows)
        self._lowest = self._values.statistics.minimum

    @property
    def notes(self) -> tuple[Note, ...]:
        """That the series shows only a part of what the first one shows."""
        if self._share >= COVERED:
            return ()
        percent = f"{100 * self._share:.0f}"
        text = f"The series for {self._name} covers {percent} % of the first; its lowest value is taken for the rest."
        return (Note("channel_partial", text, (self._name, percent)),)

    def fetch(self, start: int, stop: int) -> AnyArray:
        if self._same:
            return self._values.fetch(start, stop)[0].astype(np.float32, copy=False)
        out = np.empty((stop - start, *self._shape[1:]), dtype=np.float32)
        whole = np.ascontiguousarray(self._whole, dtype=np.float32)
        sample_affine(whole, self._matrix, self._offset, out, start, self._nearest, self._lowest)
        return out


def _share_inside(matrix: AnyArray, offset: AnyArray, shape: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Which share of a grid of ``shape`` lies in that of ``other``, where ``matrix`` and ``offset`` lead; by samples."""
    axes = [np.unique(np.linspace(0, size - 1, min(size, SAMPLES)).round()) for size in shape]
    at = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) @ np.asarray(matrix).T + offset
    return float(np.all((at >= -0.5) & (at <= np.asarray(other) - 0.5), axis=1).mean())


def _oriented_affine(affine: NDArray[np.float64], orientation: Orientation) -> tuple[AnyArray, AnyArray]:
    """Matrix and offset from (a, b, c) to LPS mm."""
    matrix, offset = orientation.oriented_to_source()
    columns = affine[:3, [2, 1, 0]]
    return columns @ matrix, columns @ offset + affine[:3, 3]
