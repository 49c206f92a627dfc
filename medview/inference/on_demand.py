"""A volume through the manifest's steps a part at a time: what only looks at single values is done when a part is asked for.

The same numbers as :func:`medview.inference.preprocess.run_steps` gives of the whole, without a second copy of the series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.heap import give_back_free
from medview.inference.manifest import Input
from medview.inference.manifest_steps import (
    Clip,
    CropAbove,
    CropNonzero,
    Normalise,
    Offset,
    Range,
    Resample,
    Resize,
    Round,
    Scale,
    Step,
)
from medview.inference.placement import Placement
from medview.inference.preprocess import Checkpoint, Prepared, found_box, resampling, resized, run_steps, stepped
from medview.inference.settled import Piece, Settled, is_of_series, kept, measured
from medview.inference.source_values import SourceValues
from medview.kernels.resample_grid import Kind, Taps, apply_spline, apply_taps, resize_axes, taps_at

AnyArray = NDArray[Any]

ROWS_AT_ONCE = 16
COLUMNS_AT_ONCE = 32
LINES_TOGETHER = 64


class Slabs:
    """A volume in pieces of a few rows and lines, so that those that nobody asks for any more can go."""

    has_padding = False

    def __init__(self, slabs: Iterable[AnyArray]) -> None:
        """``slabs``: some rows (n, b, c) after the others."""
        self._pieces: dict[tuple[int, int], AnyArray] = {}
        """By their first row and line."""
        row = 0
        for slab in slabs:
            for line in range(0, slab.shape[1], LINES_TOGETHER):
                part = slab[:, line : line + LINES_TOGETHER]
                self._pieces[row, line] = part if part.shape == slab.shape else part.copy()
            row += len(slab)

    def fetch(self, start: int, stop: int, across: tuple[slice, slice]) -> Piece:
        """A copy of rows ``start`` … ``stop``, and of some lines and columns of them."""
        lines, columns = across
        made: AnyArray | None = None
        for (row, line), piece in self._pieces.items():
            low, high = max(start, row), min(stop, row + len(piece))
            left, right = max(lines.start, line), min(lines.stop, line + piece.shape[1])
            if low < high and left < right:
                if made is None:
                    size = (stop - start, lines.stop - lines.start, columns.stop - columns.start)
                    made = np.empty(size, dtype=piece.dtype)
                part = piece[low - row : high - row, left - line : right - line, columns]
                made[low - start : high - start, left - lines.start : right - lines.start] = part
        assert made is not None, "some of what is asked for is still there"
        return made, None

    def forget(self, row: int, later: int, line: int) -> None:
        """Nobody will ask for rows before ``row``, nor for lines before ``line`` of those before ``later``."""
        gone = [
            (first, left)
            for (first, left), piece in self._pieces.items()
            if first + len(piece) <= row or (first + len(piece) <= later and left + piece.shape[1] <= line)
        ]
        for place in gone:
            del self._pieces[place]
        if gone:
            give_back_free()


class OnDemand:
    """Values (a, b, c) of a series after some steps; ``[box]`` makes those of a box."""

    def __init__(self, source: SourceValues | Slabs, shape: tuple[int, int, int]) -> None:
        self._source = source
        self._start = (0, 0, 0)
        self._steps: tuple[Step | Settled, ...] = ()
        self.shape: tuple[int, ...] = shape
        self.ndim = 3

    @property
    def has_padding(self) -> bool:
        """Whether some values may not be real."""
        return self._source.has_padding

    def _changed(self, **changes: Any) -> OnDemand:
        made = OnDemand.__new__(OnDemand)
        made.__dict__.update(self.__dict__, **changes)
        return made

    def after(self, step: Step | Settled) -> OnDemand:
        """After one more step that looks at single values."""
        return self._changed(_steps=(*self._steps, step))

    def inside(self, start: list[int], size: list[int]) -> OnDemand:
        """A box of it."""
        first = tuple(old + new for old, new in zip(self._start, start, strict=True))
        return self._changed(_start=first, shape=tuple(size))

    def part(self, box: tuple[slice, ...]) -> Piece:
        """Values of a box, and where they are real."""
        at, across, columns = (
            slice(first + part.start, first + part.stop) for first, part in zip(self._start, box, strict=True)
        )
        values, real = self._source.fetch(at.start, at.stop, (across, columns))
        for step in self._steps:
            values = stepped(step, values.astype(np.float32, copy=False), real)
        return values, real

    def __getitem__(self, box: Any) -> AnyArray:
        whole = tuple(slice(0, size) for size in self.shape)
        return self.part(whole if box is Ellipsis else box)[0]

    def forget(self, row: int, later: int, line: int) -> None:
        """As :meth:`Slabs.forget`, where something is kept."""
        if isinstance(self._source, Slabs):
            (first, left, _) = self._start
            self._source.forget(first + row, first + later, left + line)

    def rows(self, checkpoint: Callable[[], None]) -> Iterator[tuple[int, Piece]]:
        """All of it, a few rows at a time, from row … on."""
        for start in range(0, self.shape[0], ROWS_AT_ONCE):
            checkpoint()
            yield start, self._rows(start, min(start + ROWS_AT_ONCE, self.shape[0]))

    def _rows(self, start: int, stop: int) -> Piece:
        return self.part((slice(start, stop), slice(0, self.shape[1]), slice(0, self.shape[2])))

    def laid_out(self, checkpoint: Callable[[], None], with_real: bool) -> tuple[AnyArray, NDArray[np.bool_] | None]:
        """All of it in an array."""
        values: AnyArray | None = None
        real: NDArray[np.bool_] | None = None
        for start, (piece, mask) in self.rows(checkpoint):
            if values is None:
                values = np.empty(self.shape, dtype=piece.dtype)
            values[start : start + len(piece)] = piece
            if mask is not None and with_real:
                real = np.ones(self.shape, dtype=bool) if real is None else real
                real[start : start + len(piece)] = mask
        assert values is not None, "a series has rows"
        return values, real

    def resized(self, sizes: dict[int, int], kind: Kind, checkpoint: Callable[[], None]) -> AnyArray:
        """As :func:`resize_axes`: each row by itself, and then along the rows."""
        across = {axis: size for axis, size in sizes.items() if axis}
        parts = [resize_axes(values, across, kind) for _, (values, _) in self.rows(checkpoint)]
        along: dict[int, int] = {axis: size for axis, size in sizes.items() if not axis}
        return resize_axes(np.concatenate(parts), along, kind)

    def resampled(
        self, kind: Kind, positions: dict[int, AnyArray], scale: list[float], checkpoint: Callable[[], None]
    ) -> Iterator[AnyArray]:
        """At some ``positions`` along the axes named there, the last axis first; a few rows after the other."""
        ends: list[tuple[float, float]] = []

        def across(values: AnyArray) -> AnyArray:
            if kind == "spline":
                ends.append((float(values.min()), float(values.max())))
            for axis in (2, 1):
                if axis in positions and kind == "spline":
                    values = apply_spline(values, axis, positions[axis])
                elif axis in positions:
                    values = apply_taps(values, axis, taps_at(positions[axis], values.shape[axis], kind, scale[axis]))
            return values

        if kind != "spline":
            if 0 in positions:
                yield from self._along_rows(positions[0], kind, scale[0], across, checkpoint)
                return
            for _, (values, _) in self.rows(checkpoint):
                yield across(values)
            return
        made = _laid_out((across(values) for _, (values, _) in self.rows(checkpoint)), self.shape[0])
        if 0 in positions:
            out = np.empty((len(positions[0]), *made.shape[1:]), dtype=np.float32)
            for start in range(0, made.shape[1], COLUMNS_AT_ONCE):
                checkpoint()
                some = slice(start, start + COLUMNS_AT_ONCE)
                out[:, some] = apply_spline(made[:, some], 0, positions[0])
            made = out
        # Inside the values that it is made from, as scikit-image does.
        yield np.clip(made, min(low for low, _ in ends), max(high for _, high in ends), out=made)

    def _along_rows(
        self,
        positions: NDArray[np.float64],
        kind: Kind,
        scale: float,
        across: Callable[[AnyArray], AnyArray],
        checkpoint: Callable[[], None],
    ) -> Iterator[AnyArray]:
        """Of the rows that a few rows of the answer are made from, ``across`` makes the other axes first."""
        taps = taps_at(positions, self.shape[0], kind, scale)
        for start in range(0, len(positions), ROWS_AT_ONCE):
            checkpoint()
            index, weight = taps.index[start : start + ROWS_AT_ONCE], taps.weight[start : start + ROWS_AT_ONCE]
            low, high = int(index.min()), int(index.max()) + 1
            yield apply_taps(across(self._rows(low, high)[0]), 0, Taps(index - low, weight))


def prepared_on_demand(
    given: Input,
    source: SourceValues,
    placement: Placement,
    geometry: Geometry | None,
    checkpoint: Checkpoint,
    in_parts: bool,
) -> Prepared:
    """The volume as :func:`run_steps` makes it; with ``in_parts`` its values may be an :class:`OnDemand`.

    For one grey series with evenly spaced slices. Raises MedviewError where a step cannot be done with it.
    """
    total = len(given.steps)
    values, state = OnDemand(source, placement.shape), placement
    for number, step in enumerate(given.steps):
        checkpoint(number, total)

        def again(number: int = number) -> None:
            checkpoint(number, total)

        if _is_of_single_values(step):
            values = values.after(step)
        elif is_of_series(step):
            pieces = values

            def rows(pieces: OnDemand = pieces, step: Any = step, again: Callable[[], None] = again) -> Iterator[Any]:
                for _, (part, real) in pieces.rows(again):
                    yield from _counted(part, real, getattr(step, "only_nonzero", False))

            found = measured(step, rows)  # type: ignore[arg-type]
            values = values if found is None else values.after(found)
        elif isinstance(step, CropNonzero) or (isinstance(step, CropAbove) and step.beyond != "fill"):
            start, size = _found(step, values, again)
            state = state.boxed((start[0], start[1], start[2]), (size[0], size[1], size[2]))
            values = values.inside(start, size)
        else:
            wants_real = values.has_padding and any(_has_scope(one) for one in given.steps[number:])
            stays = in_parts and all(map(_can_wait, given.steps[number + 1 :]))
            made = None if wants_real else _moved(step, values, state, again, stays)
            later = number + 1 if made is not None else number
            if made is None:
                made = Prepared(*values.laid_out(again, wants_real), state)
            if isinstance(made, Placement):
                state = made
                continue
            if isinstance(made.values, OnDemand):
                values, state = made.values, made.placement
                continue
            rest = given.model_copy(update={"steps": given.steps[later:]})
            return run_steps(rest, made.values, made.real, made.placement, geometry, checkpoint)
    if in_parts:
        return Prepared(values, None, state)  # type: ignore[arg-type]
    return Prepared(*values.laid_out(lambda: checkpoint(total, total), with_real=False), state)


def _is_of_single_values(step: Step) -> bool:
    if isinstance(step, Normalise):
        return len(step.mean) == 1
    return isinstance(step, Offset | Scale | Clip | Round | Range)


def _can_wait(step: Step) -> bool:
    """Whether a step can be done when a part is asked for."""
    return _is_of_single_values(step) or is_of_series(step)


def _laid_out(slabs: Iterator[AnyArray], rows: int) -> AnyArray:
    """All rows in one array."""
    made: AnyArray | None = None
    row = 0
    for slab in slabs:
        if len(slab) == rows:
            return slab
        if made is None:
            made = np.empty((rows, *slab.shape[1:]), dtype=slab.dtype)
        made[row : row + len(slab)] = slab
        row += len(slab)
    assert made is not None, "a series has rows"
    return made


def _counted(values: AnyArray, real: NDArray[np.bool_] | None, nonzero: bool) -> Iterator[AnyArray]:
    for n, row in enumerate(values):
        yield kept(row, None if real is None else real[n], nonzero)


def _found(step: CropNonzero | CropAbove, values: OnDemand, again: Callable[[], None]) -> tuple[list[int], list[int]]:
    """First voxel and size of the box that stays."""
    along = [np.zeros(size, dtype=bool) for size in values.shape]
    for start, (part, _) in values.rows(again):
        above = part != 0 if isinstance(step, CropNonzero) else np.asarray(part > step.threshold)
        along[0][start : start + len(part)] = above.any(axis=(1, 2))
        along[1] |= above.any(axis=(0, 2))
        along[2] |= above.any(axis=(0, 1))
    return found_box(step, along)


def _has_scope(step: Step) -> bool:
    return getattr(step, "scope", None) is not None


def _moved(
    step: Step, values: OnDemand, placement: Placement, again: Callable[[], None], stays: bool
) -> Prepared | Placement | None:
    """After a step that resizes: a placement alone where no voxel moves; None where it wants all of the series at once.

    ``stays``: its values may stay in slabs.
    """
    if isinstance(step, Resample) and isinstance(step.kind, str):
        plan = resampling(step, placement, 0)
        if plan.separate is not None:
            return None
        if not plan.positions:
            return plan.placement
        slabs = values.resampled(step.kind, plan.positions, plan.scale, again)
        shape = plan.placement.shape
        made: Any = OnDemand(Slabs(slabs), shape) if stays else _laid_out(slabs, shape[0])
        return Prepared(made, None, plan.placement)
    if isinstance(step, Resize) and step.aspect in {"stretch", "keep", "cover"}:
        state = Prepared(values, None, placement)  # type: ignore[arg-type]
        return resized(step, state, 0, lambda _, sizes: values.resized(sizes, step.kind, again))
    return None
