"""Pixels of a stack with what is needed to read them truly: stored integers, modality transform, geometry."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry

AnyArray = NDArray[Any]


@dataclass(frozen=True, eq=False)
class ModalityTransform:
    """Stored value → modality value, one slope and intercept per frame (PS3.3 C.11.1), or one LUT for all.

    ``slopes`` and ``intercepts``: (n,) with one entry per frame of the stack, or (1,) for all frames. ``lut`` starts
    at stored value ``lut_first``; values beyond its ends take the end entries. Where there is a LUT, slope and
    intercept are not used.
    """

    slopes: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    intercepts: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    lut: NDArray[np.float64] | None = None
    lut_first: int = 0

    def slope_intercept(self, frame: int) -> tuple[float, float]:
        """Slope and intercept of one frame."""
        at = frame if len(self.slopes) > 1 else 0
        return float(self.slopes[at]), float(self.intercepts[at])

    @property
    def is_uniform(self) -> bool:
        """Whether every frame has the same transform."""
        return bool(np.all(self.slopes == self.slopes[0]) and np.all(self.intercepts == self.intercepts[0]))

    @property
    def is_integer(self) -> bool:
        """Whether modality values are whole numbers, so that integers hold them without loss."""
        if self.lut is not None:
            return bool(np.all(self.lut == np.round(self.lut)))
        return bool(
            np.all(self.slopes == np.round(self.slopes)) and np.all(self.intercepts == np.round(self.intercepts))
        )

    def part(self, start: int, stop: int) -> ModalityTransform:
        """The transform of frames ``start`` to ``stop`` (exclusive)."""
        if len(self.slopes) == 1:
            return self
        return ModalityTransform(self.slopes[start:stop], self.intercepts[start:stop], self.lut, self.lut_first)

    def apply(self, stored: AnyArray, frame: int) -> AnyArray:
        """Modality values of one frame's stored values (any shape): int32 or int64 where lossless, else float32.

        Whole numbers beyond 63 bits become float64. Floating point input stays floating point (float64 stays float64).
        """
        if self.lut is not None:
            index = np.clip(stored.astype(np.int64) - self.lut_first, 0, len(self.lut) - 1)
            table = self.lut.astype(np.int32 if self.is_integer else np.float32)
            return np.asarray(table[index])
        slope, intercept = self.slope_intercept(frame)
        if stored.dtype.kind == "f":
            return np.asarray(stored * stored.dtype.type(slope) + stored.dtype.type(intercept))
        if slope == round(slope) and intercept == round(intercept):
            largest = 2.0 ** (8 * stored.dtype.itemsize)
            if stored.dtype.itemsize == 8 and stored.size:  # labels are often kept so: none of them is that large
                largest = max(-float(stored.min()), float(stored.max())) + 1.0
            bound = largest * abs(slope) + abs(intercept)
            if bound < 2**31:
                return np.asarray(stored.astype(np.int32) * np.int32(slope) + np.int32(intercept))
            if bound < 2**63:
                return np.asarray(stored.astype(np.int64) * np.int64(slope) + np.int64(intercept))
            # Rounding to 53 bits may show; a sum that runs over would change its sign.
            return np.asarray(stored.astype(np.float64) * slope + intercept)
        return np.asarray((stored.astype(np.float64) * slope + intercept).astype(np.float32))


class SliceState(IntEnum):
    """Whether a slice's pixels can be believed: nothing is drawn as if it were image unless LOADED."""

    WAITING = 0
    LOADED = 1
    FAILED = 2


_LOADED = int(SliceState.LOADED)
"""Asked for many times in each picture: a plain number is compared in a tenth of the time."""


@dataclass(frozen=True, eq=False)
class Volume:
    """One time point of a stack.

    ``stored``: (k, j, i) in the file's own integer (or float) type, or (k, j, i, 3) uint8 RGB. While a study loads the
    array fills up in place; ``states`` (k,) uint8 says by :class:`SliceState` which slices are there.
    ``padding``: inclusive range of stored values that mean "no pixel" (PS3.3 C.7.5.1.1.2).
    ``geometry`` is None for frames without common geometry and for pictures.
    ``pixel_spacing`` (dj, di) with its ``spacing_kind`` is for measuring inside one frame; None means px only.
    """

    stored: AnyArray
    transform: ModalityTransform
    geometry: Geometry | None = None
    unit: str | None = None
    padding: tuple[int, int] | None = None
    inverted: bool = False
    states: NDArray[np.uint8] | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(k, j, i)."""
        k, j, i = self.stored.shape[:3]
        return (k, j, i)

    @property
    def is_colour(self) -> bool:
        """Whether ``stored`` holds RGB."""
        return self.stored.ndim == 4

    def is_loaded(self, k: int) -> bool:
        """Whether slice ``k`` can be shown."""
        return self.states is None or int(self.states[k]) == _LOADED

    @property
    def is_complete(self) -> bool:
        """Whether every slice is there."""
        return self.states is None or bool(np.all(self.states == SliceState.LOADED))

    def modality_slice(self, k: int) -> AnyArray:
        """(j, i) modality values of slice ``k`` (int32 or float32), or (j, i, 3) uint8 for colour."""
        return self.stored[k] if self.is_colour else self.transform.apply(self.stored[k], k)

    def modality_values(self, dtype: type[np.generic] | None = None) -> AnyArray:
        """(k, j, i) modality values of the whole volume, as ``dtype`` or int32/float32."""
        first = self.modality_slice(0)
        kind = np.result_type(*(self.modality_slice(k)[:1, :1] for k in range(self.shape[0])))
        out = np.empty((self.shape[0], *first.shape), dtype=dtype or kind)
        for k in range(self.shape[0]):
            out[k] = self.modality_slice(k)
        return out

    def padding_slice(self, k: int) -> NDArray[np.bool_] | None:
        """(j, i) True where slice ``k`` holds padding; None where the stack declares none."""
        if self.padding is None:
            return None
        low, high = self.padding
        return np.asarray((self.stored[k] >= low) & (self.stored[k] <= high))
