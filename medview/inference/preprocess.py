"""From a series to the tensor: the manifest's steps in their order, each voxel's place kept (:mod:`.placement`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
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
    CropOrPad,
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
from medview.inference.placement import _DIRECTIONS, Placement, snapped
from medview.kernels.resample_grid import apply_taps, resize_axes, sample_affine, taps_at

AnyArray = NDArray[Any]
Mask = NDArray[np.bool_] | None
Checkpoint = Callable[[int, int], None]

LARGEST_TENSOR = 1024**3
"""Voxels above which a manifest's sizes are taken for a mistake."""


def needs_whole_series(given: Input) -> bool:
    """Whether a step looks at all slices at once, so that a slice-by-slice network cannot be fed a few at a time."""
    return any(
        isinstance(step, CropAbove) or (isinstance(step, MinMax | Percentile | ZScore) and step.scope == "volume")
        for step in given.steps
    )


class Prepared:
    """Values (a, b, c[, 3]) and where they lie; ``real`` marks what is not padding of the file (None: all)."""

    def __init__(self, values: AnyArray, real: Mask, placement: Placement) -> None:
        self.values = values
        self.real = real
        self.placement = placement


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
        elif isinstance(step, CropOrPad):
            state = _crop_or_pad(step, state, first)
        elif isinstance(step, Pad):
            state = _pad(step, state, first)
        else:
            state.values = _intensity(step, state)
    return state


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
    values = np.ascontiguousarray(state.values, dtype=np.float32)
    lowest = float(values.min())
    out = np.empty(shape, dtype=np.float32)
    for start in range(0, shape[0], 16):
        checkpoint(start, shape[0])
        sample_affine(values, matrix, shift, out[start : start + 16], start, step.kind == "nearest", lowest)
    real = None
    if state.real is not None:
        mask = np.empty(shape, dtype=np.float32)
        sample_affine(np.ascontiguousarray(state.real, dtype=np.float32), matrix, shift, mask, 0, True, 1.0)
        real = mask > 0.5
    spacing = (step.spacing_mm[0], step.spacing_mm[1], step.spacing_mm[2])
    placement = replace(state.placement, shape=shape, matrix=matrix, offset=shift, spacing=spacing)
    return Prepared(out, real, placement)


def _resample(step: Resample, state: Prepared, first: int) -> Prepared:
    spacing = state.placement.spacing
    assert spacing is not None, "resample needs letters, and letters give spacing"
    shape = list(state.placement.shape)
    scale, shift = [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
    wanted: list[float | None] = [*[None] * first, *step.spacing_mm]
    for axis in range(3):
        mm = wanted[axis]
        if mm is None:
            continue
        size = shape[axis]
        if step.align == "edges":
            target = max(1, round(size * spacing[axis] / mm))
            factor, start = size / target, 0.5 * size / target - 0.5
        else:
            target = max(1, round((size - 1) * spacing[axis] / mm) + 1)
            factor, start = mm / spacing[axis], 0.0
        if target != size or abs(factor - 1) >= 1e-4:
            shape[axis], scale[axis], shift[axis] = target, factor, start
    _checked_shape(tuple(shape))
    values, real = state.values, state.real
    for axis in (2, 1, 0):
        size = values.shape[axis]
        if (shape[axis], scale[axis]) == (size, 1.0):
            continue
        positions = np.arange(shape[axis]) * scale[axis] + shift[axis]
        values = apply_taps(values, axis, taps_at(positions, size, step.kind, scale[axis]))
        if real is not None:
            real = np.take(real, np.clip(np.round(positions).astype(np.intp), 0, size - 1), axis=axis)
    return Prepared(values, real, state.placement.scaled(scale, shift, tuple(shape)))


def _resize(step: Resize, state: Prepared, first: int) -> Prepared:
    shape = state.placement.shape
    wanted: list[int | None] = [*[None] * first, *step.size]
    full = [size if size is not None else shape[axis] for axis, size in enumerate(wanted)]
    inner = list(full)
    if step.aspect == "keep":
        named = [axis for axis, size in enumerate(wanted) if size is not None]
        factor = min(full[axis] / shape[axis] for axis in named)
        for axis in named:
            inner[axis] = min(full[axis], max(1, round(shape[axis] * factor)))
    _checked_shape(tuple(full))
    changed = {axis: inner[axis] for axis in range(3) if inner[axis] != shape[axis]}
    values = resize_axes(state.values, changed, step.kind)
    real = state.real if state.real is None else resize_axes(state.real, changed, "nearest")
    factors = np.asarray(shape) / np.asarray(inner)
    placement = state.placement.scaled(factors, 0.5 * factors - 0.5, tuple(inner))
    before = [(f - i) // 2 if step.place == "centre" else 0 for f, i in zip(full, inner, strict=True)]
    return _boxed(Prepared(values, real, placement), [-b for b in before], full, step.fill)


def _crop_above(step: CropAbove, state: Prepared, first: int) -> Prepared:
    above: NDArray[np.bool_] = np.asarray(state.values > step.threshold)
    if above.ndim == 4:
        above = np.asarray(above.any(axis=3))
    shape = state.placement.shape
    start, stop = [0, 0, 0], list(shape)
    for axis in range(first, 3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(above.any(axis=others))
        if len(found) == 0:
            text = f"No value of the series is above {step.threshold:g}, where the model's input would be cut out."
            raise MedviewError("nothing_to_crop", text, None, ExitCode.INPUT_UNUSABLE)
        start[axis] = max(0, int(found[0]) - step.margin)
        stop[axis] = min(shape[axis], int(found[-1]) + 1 + step.margin)
    return _boxed(state, start, [b - a for a, b in zip(start, stop, strict=True)], 0.0)


def _crop_or_pad(step: CropOrPad, state: Prepared, first: int) -> Prepared:
    shape = state.placement.shape
    wanted: list[int | None] = [*[None] * first, *step.size]
    full = [size if size is not None else shape[axis] for axis, size in enumerate(wanted)]
    start = [
        (have - want) // 2 if have >= want else -((want - have) // 2) for have, want in zip(shape, full, strict=True)
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


def _intensity(step: Step, state: Prepared) -> AnyArray:
    values = state.values.astype(np.float32, copy=False)
    if isinstance(step, Offset):
        return values + np.float32(step.value)
    if isinstance(step, Scale):
        return values * np.float32(step.factor)
    if isinstance(step, Clip):
        return np.clip(values, step.low, step.high)
    if isinstance(step, Round):
        return np.rint(values)
    if isinstance(step, Range):
        return _ranged(values, step.source[0], step.source[1], step.to, step.clip)
    if isinstance(step, Normalise):
        if len(step.mean) > 1 and values.ndim == 3:
            values = np.repeat(values[..., None], 3, axis=3)
        mean = np.asarray(step.mean, dtype=np.float32)
        return (values - mean) / np.asarray(step.std, dtype=np.float32)
    assert isinstance(step, MinMax | Percentile | ZScore), "all other steps are spatial"
    if step.scope == "volume":
        return _by_statistics(step, values, state.real)
    out = np.empty_like(values)
    for row in range(len(values)):
        out[row] = _by_statistics(step, values[row], None if state.real is None else state.real[row])
    return out


def _ranged(values: AnyArray, low: float, high: float, to: tuple[float, float], clip: bool) -> AnyArray:
    scaled = (values - np.float32(low)) / np.float32(high - low)
    if to != (0.0, 1.0):
        scaled = scaled * np.float32(to[1] - to[0]) + np.float32(to[0])
    return np.clip(scaled, to[0], to[1]) if clip else scaled


def _by_statistics(step: MinMax | Percentile | ZScore, values: AnyArray, real: Mask) -> AnyArray:
    kept = values if real is None or real.all() or not real.any() else values[real]
    if not isinstance(step, MinMax) and step.only_nonzero:
        kept = kept[kept != 0]
        if kept.size == 0:
            return values
    if isinstance(step, ZScore):
        mean = float(np.mean(kept, dtype=np.float64))
        deviation = float(np.std(kept, dtype=np.float64)) or 1.0
        scored = (values - np.float32(mean)) / np.float32(deviation)
        return np.where(values == 0, np.float32(0), scored) if step.only_nonzero else scored
    if isinstance(step, MinMax):
        low, high = float(kept.min()), float(kept.max())
        clip = False
    else:
        low, high = (float(value) for value in np.percentile(kept, (step.low, step.high)))
        clip = step.clip
    if not high > low:
        return np.full_like(values, step.to[0])
    return _ranged(values, low, high, step.to, clip)


def to_tensor(values: AnyArray, given: Input, dtype: type[np.generic]) -> AnyArray:
    """The tensor of ``values`` (n, [a,] b, c[, 3]), laid out as ``given.layout``.

    Whole-number types are rounded and kept in range.
    """
    spatial = len(given.axes)
    if values.ndim == spatial + 1:
        values = values[..., None]
    if given.channel_count == 3 and values.shape[-1] == 1:
        values = np.repeat(values, 3, axis=-1)
    if given.channels == "bgr":
        values = values[..., ::-1]
    letters = "NHWC" if spatial == 2 else "NDHWC"
    if np.issubdtype(dtype, np.integer) and not np.issubdtype(values.dtype, np.integer):
        bounds = np.iinfo(np.dtype(dtype).name)
        values = np.clip(np.rint(values), bounds.min, bounds.max)
    kept = [letter for letter in letters if letter in given.layout]
    values = values.reshape([size for letter, size in zip(letters, values.shape, strict=True) if letter in kept])
    turned = values.transpose([kept.index(letter) for letter in given.layout])
    return np.ascontiguousarray(turned, dtype=dtype)
