"""Values of a series in the unit that a network wants, seen along its axes, without what the file calls padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.display import apply_voi, resolve_window
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.manifest import ExpectedValues, Input
from medview.inference.placement import Orientation
from medview.inference.units import factor_to

AnyArray = NDArray[Any]

AIR_HU = -1024.0
LOWEST_WITHOUT_AIR = -200.0
ROWS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of all values without padding."""

    minimum: float
    maximum: float
    mean: float
    deviation: float
    count: int


class SourceValues:
    """One time point of a series as a network's unit; ``fetch`` gives slices of the oriented grid (a, b, c)."""

    def __init__(self, volume: Volume, stack: Stack, time: int, given: Input, orientation: Orientation) -> None:
        self._volume = volume
        self._given = given
        self._orientation = orientation
        self._display: AnyArray | None = None
        self._factor = np.float32(factor_to(given.unit, stack) or 1.0)
        if given.unit == "display":
            self._display = _display_values(volume, stack, time)
        elif volume.is_colour:
            text = f"The series is in colour, and the model wants {given.unit} values."
            raise MedviewError("unit_missing", text, None, ExitCode.MODEL_DOES_NOT_FIT)
        self._stored = orientation.view(self._display if self._display is not None else volume.stored)
        self.statistics = self._take_statistics()
        self._padding_value = self._choose_padding()

    @property
    def rows(self) -> int:
        """Length of the oriented grid's first axis."""
        return self._orientation.shape[0]

    @property
    def has_padding(self) -> bool:
        """Whether some values may not be real."""
        return self._volume.padding is not None and not self._volume.is_colour

    def fetch(
        self, start: int, stop: int, across: tuple[slice, slice] = (slice(None), slice(None))
    ) -> tuple[AnyArray, NDArray[np.bool_] | None]:
        """Values (a, b, c[, 3]) of rows ``start`` … ``stop``, and where they are real (None: everywhere).

        ``across``: which part of the other two axes. float32, or uint8 for the unit display.
        """
        values, real = self._raw(start, stop, across)
        if real is not None and not real.all():
            if self._display is not None:
                values = values.copy()  # may be the pixels of the window
            np.copyto(values, values.dtype.type(self._padding_value), where=~real)
        if self._given.inverted == "mirror" and self._volume.inverted and self._given.unit in {"stored", "modality"}:
            values = np.float32(self.statistics.minimum + self.statistics.maximum) - values
        return values, real

    def _raw(
        self, start: int, stop: int, across: tuple[slice, slice] = (slice(None), slice(None))
    ) -> tuple[AnyArray, NDArray[np.bool_] | None]:
        box = (slice(start, stop), *across)
        stored = self._stored[box]
        real = None
        if self._volume.padding is not None and not self._volume.is_colour:
            low, high = self._volume.padding
            files = self._orientation.view(self._volume.stored)[box]
            real = ~((files >= low) & (files <= high))
        if self._display is not None:
            return _colours(stored, self._given), real
        if self._given.unit == "stored":
            return stored.astype(np.float32), real
        values = self._modality(stored, box)
        if self._factor != 1:
            values *= self._factor
        return values, real

    def _modality(self, stored: AnyArray, box: tuple[slice, slice, slice]) -> NDArray[np.float32]:
        transform = self._volume.transform
        if transform.lut is not None:
            index = np.clip(stored.astype(np.int64) - transform.lut_first, 0, len(transform.lut) - 1)
            return transform.lut[index].astype(np.float32)
        values = stored.astype(np.float32)
        if len(transform.slopes) == 1:
            slope, intercept = transform.slope_intercept(0)
            if (slope, intercept) != (1.0, 0.0):
                values *= np.float32(slope)
                values += np.float32(intercept)
            return values
        axis = self._orientation.order.index(0)
        step = -1 if self._orientation.flips[axis] else 1
        shape = [1, 1, 1]
        shape[axis] = -1
        slopes = transform.slopes[::step][box[axis]].astype(np.float32).reshape(shape)
        intercepts = transform.intercepts[::step][box[axis]].astype(np.float32).reshape(shape)
        values *= slopes
        values += intercepts
        return values

    def _take_statistics(self) -> Statistics:
        count, total, squares = 0, 0.0, 0.0
        low, high = np.inf, -np.inf
        for start in range(0, self.rows, ROWS_AT_ONCE):
            values, real = self._raw(start, min(start + ROWS_AT_ONCE, self.rows))
            kept = values if real is None or real.all() else values[real]
            if kept.size == 0:
                continue
            low, high = min(low, float(kept.min())), max(high, float(kept.max()))
            count += kept.size
            total += float(kept.sum(dtype=np.float64))
            squares += float(np.square(kept, dtype=np.float64).sum())
        if count == 0:
            text = "The series holds nothing but padding."
            raise MedviewError("input_empty", text, None, ExitCode.INPUT_UNUSABLE)
        if not (np.isfinite(low) and np.isfinite(high) and np.isfinite(total)):
            text = "The series holds values that are not numbers (NaN or infinity)."
            raise MedviewError("input_not_finite", text, None, ExitCode.INPUT_UNUSABLE)
        if low == high:
            text = f"The series has the same value ({low:g}) everywhere; there is nothing for a model to look at."
            raise MedviewError("input_constant", text, None, ExitCode.INPUT_UNUSABLE)
        mean = total / count
        return Statistics(low, high, mean, float(np.sqrt(max(0.0, squares / count - mean * mean))), count)

    def _choose_padding(self) -> float:
        if self._given.padding != "minimum":
            return float(self._given.padding)
        return AIR_HU if self._given.unit == "HU" else self.statistics.minimum


def _display_values(volume: Volume, stack: Stack, time: int) -> AnyArray:
    """(k, j, i) or (k, j, i, 3) uint8 as shown with the file's own window, low black."""
    if volume.is_colour:
        return volume.stored
    out = np.empty(volume.shape, dtype=np.uint8)
    for k in range(volume.shape[0]):
        window = resolve_window(stack, volume, k, time=time)
        out[k] = apply_voi(volume.modality_slice(k), window, volume.inverted)
    return out


def _colours(values: AnyArray, given: Input) -> AnyArray:
    """Colour brought to grey where the network wants grey: Pillow's L, (19595 R + 38470 G + 7471 B + 32768) >> 16."""
    if values.ndim == 3 or given.channels != "grey":
        return values
    wide = values.astype(np.uint32)
    grey = (wide[..., 0] * 19595 + wide[..., 1] * 38470 + wide[..., 2] * 7471 + 0x8000) >> 16
    return np.asarray(grey, dtype=np.uint8)


def doubt_hounsfield(found: Statistics, unit: str) -> tuple[Note, ...]:
    """A warning where values that are called HU hold no air: stored values with another offset look like that."""
    if unit != "HU" or found.minimum < LOWEST_WITHOUT_AIR:
        return ()
    text = f"The lowest value is {found.minimum:.0f} HU: no air at all. Are the values really HU?"
    return (Note("no_air", text, (f"{found.minimum:.0f}",)),)


def compare_with_expected(found: Statistics, expected: ExpectedValues | None, unit: str) -> tuple[Note, ...]:
    """Warnings where the values are unlike those that the network was made for."""
    if expected is None:
        return ()
    notes = []
    for name, words in (
        ("minimum", "lowest"),
        ("maximum", "highest"),
        ("mean", "mean"),
        ("deviation", "standard deviation of its"),
    ):
        bounds = getattr(expected, name)
        value = getattr(found, name)
        if bounds is not None and not bounds[0] <= value <= bounds[1]:
            text = f"The {words} value is {value:.4g} {unit}; the model expects {bounds[0]:g} to {bounds[1]:g}."
            notes.append(
                Note("unlike_expected", text, (words, f"{value:.4g}", unit, f"{bounds[0]:g}", f"{bounds[1]:g}"))
            )
    return tuple(notes)
