"""From a series to the tensor: the manifest's steps in their order, each voxel's place kept (:mod:`.placement`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError
from medview.inference.manifest import Input
from medview.inference.manifest_steps import (
    Clip,
    Conform,
    CropAbove,
    CropNonzero,
    CropOrPad,
    Interpolation,
    MinMax,
    Normalise,
    Offset,
    Pad,
    Percentile,
    Range,
    Resample,
    Resize,
    Round,
    Scale,
    Step,
    ZScore,
)
from medview.inference.placement import _DIRECTIONS, Placement, keeps_corner, snapped
from medview.inference.resizing import shorter_side, sizes_covering, sizes_kept
from medview.inference.settled import Piece, Settled, kept, moments, settled
from medview.kernels.resample_grid import apply_spline, apply_taps, resize_axes, sample_affine, taps_at

AnyArray = NDArray[Any]
Mask = NDArray[np.bool_] | None
Checkpoint = Callable[[int, int], None]

LARGEST_TENSOR = 1024**3
"""Voxels above which a manifest's sizes are taken for a mistake."""


def needs_whole_series(given: Input) -> bool:
    """Whether a step looks at all slices at once, so that a slice-by-slice network cannot be fed a few at a time."""
    return any(
        isinstance(step, CropAbove | CropNonzero)
        or (isinstance(step, MinMax | Percentile | ZScore) and step.scope == "volume")
        for step in given.steps
    )


class Prepared:
    """Values (a, b, c[, 3]) and where they lie; ``real`` marks what is not padding of the file (None: all)."""

    def __init__(self, values: AnyArray, real: Mask, placement: Placement) -> None:
        self.values = values
        self.real = real
        self.placement = placement

    def rows(self, start: int, stop: int) -> Prepared:
        """Some slices of a slice-by-slice network's input, placed from their own first one."""
        placement = self.placement.of_rows(stop - start)
        return Prepared(self.values[start:stop], None if self.real is None else self.real[start:stop], placement)


def run_steps(
    given: Input, values: AnyArray, real: Mask, placement: Placement, geometry: Geometry | None, checkpoint: Checkpoint
) -> Prepared:
    """Apply ``given.steps`` to ``values`` (a, b, c[, 3]); a slice-by-slice network's axis a is never moved.

    Raises MedviewError where a step cannot be done with this series.
    """
    state = Prepared(values, real, placement)
    first = 1 if given.is_slicewise else 0
    state = _even_depths(given, state, geometry)
    for number, step in enumerate(given.steps):
        checkpoint(number, len(given.steps))
        if isinstance(step, Conform):
            state = _conform(step, state, geometry, checkpoint)
        elif isinstance(step, Resample):
            state = _resample(step, state, first)
        elif isinstance(step, Resize):
            state = _resize(step, state, first)
        elif isinstance(step, CropAbove):
            state = _crop_above(step, state, first)
        elif isinstance(step, CropNonzero):
            state = _cropped(state, first, _any_channel(state.values != 0), step.margin, _what_is_missing(step))
        elif isinstance(step, CropOrPad):
            state = _crop_or_pad(step, state, first)
        elif isinstance(step, Pad):
            state = _pad(step, state, first)
        else:
            state.values = _intensity(step, state, bool(given.sources))
    return state


def with_neighbours(given: Input, state: Prepared, first: int, count: int) -> Prepared:
    """2.5-D: rows ``first`` … ``first + count`` with the slices around each as channels (count, b, c, channels)."""
    reach = given.neighbours
    steps = range(-reach, reach + 1) if given.neighbours_from == "low" else range(reach, -reach - 1, -1)
    rows = np.arange(first, first + count)[:, None] + np.asarray(steps)
    inside = np.clip(rows, 0, len(state.values) - 1)
    values = np.moveaxis(state.values[inside], 1, 3)
    if given.neighbours_beyond == "zero":
        values = values * (rows == inside)[:, None, None, :].astype(values.dtype)
    real = None if state.real is None else state.real[first : first + count]
    return Prepared(values, real, state.placement.of_rows(count))


# Where voxels lie ----------------------------------------------------------------------------------------------------


def _even_depths(given: Input, state: Prepared, geometry: Geometry | None) -> Prepared:
    """Bring unevenly spaced slices onto an even grid, where a step counts in mm along them."""
    if geometry is None or geometry.slice_origins is None or geometry.shape[0] < 2:
        return state
    orientation = state.placement.orientation
    axis = orientation.order.index(0)
    if given.is_slicewise and axis == 0:
        return state
    named = [step.spacing_mm[axis - int(given.is_slicewise)] for step in given.steps if isinstance(step, Resample)]
    if not any(isinstance(step, Conform) for step in given.steps) and all(mm is None for mm in named):
        return state
    if given.is_slicewise:
        text = "The slices are not evenly spaced, and the model cuts across them."
        raise MedviewError("irregular_spacing", text, None, ExitCode.MODEL_DOES_NOT_FIT)
    count = geometry.shape[0]
    depths = (geometry.depths - geometry.depths[0]) / (geometry.depths[-1] - geometry.depths[0]) * (count - 1)
    positions = np.interp(np.arange(count), depths, np.arange(count))
    if orientation.flips[axis]:
        positions = (count - 1 - positions)[::-1]
    state.values = apply_taps(state.values, axis, taps_at(positions, count, "linear"))
    if state.real is not None:
        state.real = np.take(state.real, np.round(positions).astype(np.intp), axis=axis)
    state.placement = replace(state.placement, depths=depths)
    return state


def _conform(step: Conform, state: Prepared, geometry: Geometry | None, checkpoint: Checkpoint) -> Prepared:
    orientation = state.placement.orientation
    assert geometry is not None, "letters need geometry, and conform needs letters"
    shape = _checked_shape(step.shape)
    directions = np.zeros((3, 3))
    for axis, letter in enumerate(orientation.letters):
        row, sign = _DIRECTIONS[letter]
        directions[row, axis] = sign * step.spacing_mm[axis]
    to_source, offset = orientation.oriented_to_source()
    linear = geometry.affine[:3, [2, 1, 0]] @ to_source
    origin = geometry.affine[:3, [2, 1, 0]] @ offset + geometry.affine[:3, 3]
    middle = linear @ ((np.asarray(orientation.shape) - 1) / 2) + origin
    corner = middle - directions @ ((np.asarray(shape) - 1) / 2)
    matrix = snapped(np.linalg.inv(linear) @ directions)
    shift = snapped(np.linalg.inv(linear) @ (corner - origin))
    sampled = []
    for channel in _channels_of(state.values):
        values = np.ascontiguousarray(channel, dtype=np.float32)
        lowest = float(values.min())
        out = np.empty(shape, dtype=np.float32)
        for start in range(0, shape[0], 16):
            checkpoint(start, shape[0])
            sample_affine(values, matrix, shift, out[start : start + 16], start, step.kind == "nearest", lowest)
        sampled.append(out)
    out = sampled[0] if state.values.ndim == 3 else np.stack(sampled, axis=3)
    real = None
    if state.real is not None:
        mask = np.empty(shape, dtype=np.float32)
        sample_affine(np.ascontiguousarray(state.real, dtype=np.float32), matrix, shift, mask, 0, True, 1.0)
        real = mask > 0.5
    spacing = (step.spacing_mm[0], step.spacing_mm[1], step.spacing_mm[2])
    placement = replace(state.placement, shape=shape, matrix=matrix, offset=shift, spacing=spacing)
    return Prepared(out, real, placement)


@dataclass(frozen=True, slots=True)
class Resampling:
    """What a step of resampling does: ``positions`` along each axis that changes, ``separate`` by nearest neighbour."""

    positions: dict[int, AnyArray]
    scale: list[float]
    separate: int | None
    placement: Placement
    """Afterwards."""


def resampling(step: Resample, placement: Placement, first: int) -> Resampling:
    """Of values at ``placement``, whose axes before ``first`` are never moved."""
    spacing = placement.spacing
    assert spacing is not None, "resample needs letters, and letters give spacing"
    before = placement.shape
    shape = list(before)
    scale, shift = [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
    wanted: list[float | None] = [*[None] * first, *step.spacing_mm]
    middles = False
    if step.align == "monai" and placement.columns is not None:
        target_mm = tuple(have if mm is None else mm for have, mm in zip(spacing, wanted, strict=True))
        middles = not keeps_corner(placement.columns, before, target_mm)
    for axis in range(3):
        mm = wanted[axis]
        if mm is None:
            continue
        size = shape[axis]
        if step.align == "edges":
            target = max(1, round(size * spacing[axis] / mm))
            factor, start = size / target, 0.5 * size / target - 0.5
        else:
            # One is added before it is rounded: 17.5 becomes 18, 16.5 would become 16.
            target = max(1, round((size - 1) * spacing[axis] / mm + 1))
            factor = mm / spacing[axis]
            start = (size - target * factor) / 2 if middles else 0.0
        if target != size or abs(factor - 1) >= 1e-4:
            shape[axis], scale[axis], shift[axis] = target, factor, start
    _checked_shape(tuple(shape))
    separate = _separate_axis(step, spacing, wanted)
    positions = {
        # From edge to edge by nnU-Net's own arithmetic: it decides where a nearest neighbour is exactly halfway.
        axis: scale[axis] * (np.arange(shape[axis]) + 0.5) - 0.5
        if step.align == "edges"
        else np.arange(shape[axis]) * scale[axis] + shift[axis]
        for axis in range(3)
        if (shape[axis], scale[axis]) != (before[axis], 1.0)
    }
    made = placement.scaled(scale, shift, (shape[0], shape[1], shape[2]))
    return Resampling(positions, scale, separate, replace(made, separate=separate))


def _resample(step: Resample, state: Prepared, first: int) -> Prepared:
    plan = resampling(step, state.placement, first)
    positions, scale, separate = plan.positions, plan.scale, plan.separate
    if isinstance(step.kind, str):
        values = _resampled(state.values, step.kind, positions, scale, separate)
    else:
        channels = zip(_channels_of(state.values), step.kind, strict=True)
        parts = [_resampled(channel, kind, positions, scale, separate) for channel, kind in channels]
        values = parts[0] if state.values.ndim == 3 else np.stack(parts, axis=3)
    real = state.real
    if real is not None:
        for axis, at in positions.items():
            real = np.take(real, np.clip(np.round(at).astype(np.intp), 0, real.shape[axis] - 1), axis=axis)
    return Prepared(values, real, plan.placement)


def _resampled(
    values: AnyArray, kind: Interpolation, positions: dict[int, AnyArray], scale: list[float], separate: int | None
) -> AnyArray:
    """``values`` at ``positions`` along each axis named there, ``separate`` last and by nearest neighbour.

    A spline is kept inside the values that it is made from, of each slice where slices stay apart, as scikit-image
    does.
    """
    source = values
    for axis in sorted(positions, key=lambda axis: (axis == separate, -axis)):
        size = values.shape[axis]
        if axis == separate:
            continue
        if kind == "spline":
            values = apply_spline(values, axis, positions[axis])
        else:
            values = apply_taps(values, axis, taps_at(positions[axis], size, kind, scale[axis]))
    if kind == "spline" and values is not source:
        apart = () if separate is None else (separate,)
        within = tuple(axis for axis in range(3) if axis not in apart)
        low, high = source.min(axis=within, keepdims=True), source.max(axis=within, keepdims=True)
        values = np.clip(values, low, high)
    if separate is not None and separate in positions:
        taps = taps_at(positions[separate], values.shape[separate], "nearest")
        values = np.take(values, taps.index[:, 0], axis=separate)
    return values


def _separate_axis(step: Resample, spacing: tuple[float, float, float], wanted: list[float | None]) -> int | None:
    """The one axis that is much coarser than the others, in the series or else in the target (nnU-Net's rule)."""
    if step.separate_above is None:
        return None
    target = [spacing[axis] if mm is None else mm for axis, mm in enumerate(wanted)]
    slices = [axis for axis in range(3) if len(step.spacing_mm) == 3 or axis > 0]
    for mm in ([spacing[axis] for axis in slices], [target[axis] for axis in slices]):
        if max(mm) / min(mm) > step.separate_above:
            coarsest = [axis for axis, value in zip(slices, mm, strict=True) if value >= max(mm) * (1 - 1e-6)]
            return coarsest[0] if len(coarsest) == 1 else None
    return None


def _channels_of(values: AnyArray) -> list[AnyArray]:
    """Each channel (a, b, c)."""
    return [values] if values.ndim == 3 else [values[..., n] for n in range(values.shape[3])]


def _any_channel(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(where.any(axis=3)) if where.ndim == 4 else where


def _resize(step: Resize, state: Prepared, first: int) -> Prepared:
    return resized(step, state, first, lambda values, sizes: resize_axes(values, sizes, step.kind))


def resized(
    step: Resize, state: Prepared, first: int, resize: Callable[[AnyArray, dict[int, int]], AnyArray]
) -> Prepared:
    """After a step of resizing; ``resize`` brings values to some sizes."""
    shape = state.placement.shape
    wanted: list[int | None] = [*[None] * first, *step.size]
    full = [size if size is not None else shape[axis] for axis, size in enumerate(wanted)]
    inner = list(full)
    named = [axis for axis, size in enumerate(wanted) if size is not None]
    if step.aspect == "keep":
        inner = sizes_kept(step, shape, full, named)
    elif step.aspect == "cover":
        inner = sizes_covering(step, shape, full, named)
    elif step.aspect == "shorter":
        inner[1:] = full[1:] = shorter_side(shape[1:], step.shorter or 1, step.longest, step.divisible or 1)
    elif step.aspect == "square":
        state = _middle_square(state)
        shape = state.placement.shape
    if step.aspect == "keep" and step.place == "none":
        full = list(inner)
    _checked_shape(tuple(np.maximum(full, inner)))
    changed = {axis: inner[axis] for axis in range(3) if inner[axis] != shape[axis]}
    values = resize(state.values, changed)
    real = state.real if state.real is None else resize_axes(state.real, changed, "nearest")
    factors = np.asarray(shape) / np.asarray(inner)
    placement = state.placement.scaled(factors, 0.5 * factors - 0.5, tuple(inner))
    placement = replace(placement, before=state.placement)
    before = [(f - i) // 2 if step.place == "centre" else 0 for f, i in zip(full, inner, strict=True)]
    if step.aspect == "cover":
        down = step.rounding == "down"
        before = [-((i - f) // 2 if down else round((i - f) / 2)) for f, i in zip(full, inner, strict=True)]
    return _boxed(Prepared(values, real, placement), [-b for b in before], full, step.fill)


def _middle_square(state: Prepared) -> Prepared:
    """The middle of each slice, as wide as the shorter side; the odd voxel falls off at the end (XRayCenterCrop)."""
    rows, columns = state.placement.shape[1:]
    side = min(rows, columns)
    start = [0, rows // 2 - side // 2, columns // 2 - side // 2]
    return _boxed(state, start, [state.placement.shape[0], side, side], 0.0)


def _crop_above(step: CropAbove, state: Prepared, first: int) -> Prepared:
    above = _any_channel(np.asarray(state.values > step.threshold))
    return _cropped(state, first, above, step.margin, _what_is_missing(step), step.beyond == "fill")


def _cropped(
    state: Prepared, first: int, above: NDArray[np.bool_], margin: int, what: str, beyond: bool = False
) -> Prepared:
    """The box around ``above`` (a, b, c), ``margin`` voxels wider, with zeros ``beyond`` the image or not."""
    along = [np.asarray(above.any(axis=tuple(other for other in range(3) if other != axis))) for axis in range(3)]
    start, size = _box_around(along, first, margin, what, beyond)
    return _boxed(state, start, size, 0.0)


def found_box(step: CropAbove | CropNonzero, along: list[NDArray[np.bool_]]) -> tuple[list[int], list[int]]:
    """First voxel and size of what a crop leaves of a volume, from where along each axis anything stays."""
    return _box_around(along, 0, step.margin, _what_is_missing(step), False)


def _what_is_missing(step: CropAbove | CropNonzero) -> str:
    if isinstance(step, CropNonzero):
        return "The series is 0 everywhere"
    return f"No value of the series is above {step.threshold:g}"


def _box_around(
    along: list[NDArray[np.bool_]], first: int, margin: int, what: str, beyond: bool
) -> tuple[list[int], list[int]]:
    shape = [len(axis) for axis in along]
    start, stop = [0, 0, 0], list(shape)
    for axis in range(first, 3):
        found = np.flatnonzero(along[axis])
        if len(found) == 0:
            text = f"{what}, where the model's input would be cut out."
            raise MedviewError("nothing_to_crop", text, None, ExitCode.INPUT_UNUSABLE)
        start[axis] = int(found[0]) - margin
        stop[axis] = int(found[-1]) + 1 + margin
        if not beyond:
            start[axis], stop[axis] = max(0, start[axis]), min(shape[axis], stop[axis])
    return start, [b - a for a, b in zip(start, stop, strict=True)]


def _crop_or_pad(step: CropOrPad, state: Prepared, first: int) -> Prepared:
    shape = state.placement.shape
    wanted: list[int | None] = [*[None] * first, *step.size]
    full = [size if size is not None else shape[axis] for axis, size in enumerate(wanted)]
    if not step.pad:
        full = [min(have, want) for have, want in zip(shape, full, strict=True)]
    monai = step.middle == "monai"
    start = [
        (have // 2 - want // 2 if monai else (have - want) // 2) if have >= want else -((want - have) // 2)
        for have, want in zip(shape, full, strict=True)
    ]
    return _boxed(state, start, full, step.fill)


def _pad(step: Pad, state: Prepared, first: int) -> Prepared:
    shape = state.placement.shape
    full = list(shape)
    for axis in range(first, 3):
        if step.size is not None:
            size = step.size[axis - first]
            full[axis] = max(shape[axis], size) if size is not None else shape[axis]
        elif step.multiple is not None:
            multiple = step.multiple[axis - first]
            full[axis] = -(-shape[axis] // multiple) * multiple
    missing = [f - s for f, s in zip(full, shape, strict=True)]
    before = {"centre": [m // 2 for m in missing], "start": missing, "end": [0, 0, 0]}[step.place]
    return _boxed(state, [-b for b in before], full, step.fill)


def _boxed(state: Prepared, start: list[int], size: list[int], fill: float | str) -> Prepared:
    """Voxels ``start`` … ``start + size`` of the present grid, filled where they lie outside."""
    shape = state.placement.shape
    if start == [0, 0, 0] and tuple(size) == shape:
        return state
    placement = state.placement.boxed(tuple(start), _checked_shape(tuple(size)))
    inside = tuple(slice(max(0, s), min(n, s + m)) for s, m, n in zip(start, size, shape, strict=True))
    values = state.values[inside]
    real = state.real if state.real is None else state.real[inside]
    before = [max(0, -s) for s in start]
    after = [m - b - (i.stop - i.start) for m, b, i in zip(size, before, inside, strict=True)]
    if any(before) or any(after):
        width = [(b, a) for b, a in zip(before, after, strict=True)] + [(0, 0)] * (values.ndim - 3)
        if fill == "edge":
            values = np.pad(values, width, mode="edge")
        else:
            number = float(values.min()) if fill == "minimum" else float(fill)
            values = np.pad(values, width, constant_values=values.dtype.type(number))
        if real is not None:
            real = np.pad(real, width[:3], constant_values=True)
    return Prepared(values, real, placement)


def _checked_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    if np.prod(np.asarray(shape, dtype=np.float64)) > LARGEST_TENSOR:
        text = f"The manifest's steps would make a tensor of {'×'.join(map(str, shape))} voxels."
        raise MedviewError("tensor_too_large", text, None, ExitCode.MODEL_DOES_NOT_FIT)
    return (shape[0], shape[1], shape[2])


# What voxels hold ----------------------------------------------------------------------------------------------------


def _intensity(step: Step, state: Prepared, different_series: bool) -> AnyArray:
    """The values after a step, which may name some of the channels only; floating ones are changed in place."""
    values = state.values.astype(np.float32, copy=False)
    if step.step == "z_score" and step.only_foreground:
        foreground = _any_channel(values != 0)
        if step.scope == "volume":
            filled_holes(foreground)
    else:
        foreground = None
    chosen = getattr(step, "channels", None)
    if values.ndim == 4 and chosen is not None:
        values[..., list(chosen)] = _stepped(step, values[..., list(chosen)], state.real, foreground, different_series)
        return values
    return _stepped(step, values, state.real, foreground, different_series)


def filled_holes(where: NDArray[np.bool_]) -> None:
    """Fill in place what no path through faces leads out of, as scipy.ndimage.binary_fill_holes."""
    empty = ~where
    outside = np.zeros_like(where)
    for axis in range(where.ndim):
        edge = np.moveaxis(outside, axis, 0)
        edge[[0, -1]] |= np.moveaxis(empty, axis, 0)[[0, -1]]
    reached = -1
    while (now := int(np.count_nonzero(outside))) != reached:
        reached = now
        for axis in range(where.ndim):
            spread, free = np.moveaxis(outside, axis, 0), np.moveaxis(empty, axis, 0)
            for n in range(1, len(spread)):
                spread[n] |= spread[n - 1] & free[n]
            for n in range(len(spread) - 2, -1, -1):
                spread[n] |= spread[n + 1] & free[n]
    np.logical_not(outside, out=where)


def _stepped(step: Step | Settled, values: AnyArray, real: Mask, foreground: Mask, different_series: bool) -> AnyArray:
    if isinstance(step, Settled):
        return _known(step, values)
    if isinstance(step, Offset):
        return np.add(values, np.float32(step.value), out=values)
    if isinstance(step, Scale):
        return np.multiply(values, np.float32(step.factor), out=values)
    if isinstance(step, Clip):
        return np.clip(values, step.low, step.high, out=values)
    if isinstance(step, Round):
        return np.rint(values, out=values)
    if isinstance(step, Range):
        return _ranged(values, step.source[0], step.source[1], step.to, step.clip)
    if isinstance(step, Normalise):
        if len(step.mean) == 3 and values.ndim == 3:
            values = np.repeat(values[..., None], 3, axis=3)
        mean = np.asarray(step.mean, dtype=np.float32)
        return (values - mean) / np.asarray(step.std, dtype=np.float32)
    assert isinstance(step, MinMax | Percentile | ZScore), "all other steps are spatial"
    apart = different_series if step.channel_wise is None else step.channel_wise
    if values.ndim == 4 and apart:
        for n in range(values.shape[3]):
            values[..., n] = _over_scope(step, values[..., n], real, foreground)
        return values
    return _over_scope(step, values, real, foreground)


def _known(step: Settled, values: AnyArray) -> AnyArray:
    """In place, as :func:`_by_statistics`."""
    if step.kind == "score":
        for row in values:
            scored = (row - np.float32(step.first)) / np.float32(step.second)
            row[...] = np.where(row == 0, np.float32(0), scored) if step.only_nonzero else scored
        return values
    if not step.second > step.first:
        values[...] = step.to[0]
        return values
    return _ranged(values, step.first, step.second, step.to, False)


def stepped(step: Step | Settled, values: AnyArray, real: Mask) -> AnyArray:
    """After a step that looks at single values of one series; floating ones are changed in place."""
    return _stepped(step, values, real, None, False)


def by_rows(given: Input, pieces: Callable[[], Iterator[Piece]]) -> Input:
    """``given`` with the statistics of the series known, where that lets its slices be prepared one at a time."""

    def apply(step: Step | Settled, values: AnyArray, real: Mask) -> AnyArray:
        return stepped(step, values.astype(np.float32, copy=False), real)

    return settled(given, pieces, apply)


def _over_scope(step: MinMax | Percentile | ZScore, values: AnyArray, real: Mask, foreground: Mask) -> AnyArray:
    if step.scope == "volume":
        return _by_statistics(step, values, real, foreground)
    for row in range(len(values)):
        here = None
        if foreground is not None:
            here = foreground[row].copy()
            filled_holes(here)
        values[row] = _by_statistics(step, values[row], None if real is None else real[row], here)
    return values


def _ranged(values: AnyArray, low: float, high: float, to: tuple[float, float], clip: bool) -> AnyArray:
    """In place."""
    values -= np.float32(low)
    values /= np.float32(high - low)
    if to != (0.0, 1.0):
        values *= np.float32(to[1] - to[0])
        values += np.float32(to[0])
    return np.clip(values, to[0], to[1], out=values) if clip else values


def _by_statistics(step: MinMax | Percentile | ZScore, values: AnyArray, real: Mask, foreground: Mask) -> AnyArray:
    """In place: a whole series is not held twice."""
    if foreground is not None:
        if not foreground.any():
            return values
        mean, deviation = moments([values[foreground]])
        for row, inside in zip(values, foreground, strict=True):
            row[inside] = (row[inside] - np.float32(mean)) / np.float32(deviation)
        return values
    masked = real is not None and not real.all() and bool(real.any())
    nonzero = not isinstance(step, MinMax) and step.only_nonzero
    pieces = [kept(row, real[n] if masked and real is not None else None, nonzero) for n, row in enumerate(values)]
    if not any(piece.size for piece in pieces):
        return values
    if isinstance(step, ZScore):
        mean, deviation = moments(pieces)
        for row in values:
            scored = (row - np.float32(mean)) / np.float32(deviation)
            row[...] = np.where(row == 0, np.float32(0), scored) if nonzero else scored
        return values
    if isinstance(step, MinMax):
        low = 0.0 if step.from_zero else float(min(piece.min() for piece in pieces if piece.size))
        high = float(max(piece.max() for piece in pieces if piece.size))
        clip = False
    else:
        counted = np.concatenate([piece.ravel() for piece in pieces])
        low, high = (float(value) for value in np.percentile(counted, (step.low, step.high), overwrite_input=True))
        clip = step.clip
    if not high > low:
        values[...] = step.to[0]
        return values
    return _ranged(values, low, high, step.to, clip)
