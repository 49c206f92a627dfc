"""What regions say of uptake: SUV (or the scale told) of the series they lie on, and of one that lies on top of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medview.app.picture import serial
from medview.core import mark_shapes
from medview.core.measurement import REGION_KINDS
from medview.core.registration import IDENTITY, Placement, placed
from medview.core.uptake import PEAK_RADIUS_MM, Uptake, climb, isocontour, moved, uptake_of, voxel_ml

if TYPE_CHECKING:
    from medview.app.shown_slice import ShownSlice
    from medview.core.geometry import Geometry
    from medview.core.measurement import Measurement
    from medview.core.value_scale import ValueScale
    from medview.core.volume import Volume


@dataclass(frozen=True, slots=True)
class ToldUptake:
    """Uptake of a region: of which modality, in which scale (SUVbw …) and unit."""

    modality: str
    label: str
    unit: str
    uptake: Uptake
    on_top: bool
    """Whether it is of the series on top, not of the one that the region was drawn on."""


@dataclass(frozen=True, slots=True)
class UptakeVolume:
    """What an isocontour encloses; ``threshold`` in the scale's unit, ``total`` is mean · volume (TLG, in g for SUV in g/ml)."""

    threshold: float
    uptake: Uptake
    millilitres: float | None
    mask: NDArray[np.bool_]

    @property
    def total(self) -> float | None:
        """Total lesion glycolysis: mean times volume."""
        return None if self.millilitres is None else self.uptake.mean * self.millilitres


def region_voxels(
    mark: Measurement, shown: ShownSlice, geometry: Geometry | None, shape: tuple[int, int, int]
) -> NDArray[np.intp]:
    """(n, 3) the different voxels (k, j, i) of a volume in which the centres of a region's pixels lie."""
    if mark.kind not in REGION_KINDS:
        return np.zeros((0, 3), np.intp)
    rows, columns, inside = mark_shapes.region_pixels(mark.kind, mark.points, shown.shape)
    y, x = np.nonzero(inside)
    y, x = y + rows.start, x + columns.start
    if geometry is None:
        voxels = np.stack([np.full(len(x), shown.k or 0), y, x], axis=1)
    elif shown.plane is None:
        return np.zeros((0, 3), np.intp)
    else:
        points = shown.plane.plane_to_patient(np.stack([x, y], axis=1).astype(np.float64))
        voxels = np.floor(geometry.patient_to_voxel(points) + 0.5)
    voxels = np.unique(voxels.astype(np.intp), axis=0)
    return np.asarray(voxels[np.all((voxels >= 0) & (voxels < shape), axis=1)])


def scaled_values(
    volume: Volume, scale: ValueScale | None, first_frame: int, slices: tuple[int, int] | None = None
) -> NDArray[np.float32]:
    """(k, j, i) values in a scale, NaN where there is none: padding, slices that are not there, outside of its range.

    ``slices``: only those from the first to before the second.
    """
    start, stop = slices or (0, volume.shape[0])
    out = np.empty((stop - start, *volume.shape[1:]), dtype=np.float32)
    for k in range(start, stop):
        if not volume.is_loaded(k):
            out[k - start] = np.nan
            continue
        values = volume.modality_slice(k).astype(np.float32)
        padding = volume.padding_slice(k)
        if scale is not None:
            slope, intercept = scale.line(first_frame + k)
            outside = (values < scale.low) | (values > scale.high)
            values = values * np.float32(slope) + np.float32(intercept)
            values[outside] = np.nan
        if padding is not None:
            values[padding] = np.nan
        out[k - start] = values
    return out


class UptakeReader:
    """Keeps the values around the region that was asked about last, so that it can be dragged; never a whole volume."""

    def __init__(self) -> None:
        self._kept: tuple[Any, NDArray[np.float32]] | None = None

    def _values(
        self, volume: Volume, scale: ValueScale | None, first_frame: int, slices: tuple[int, int]
    ) -> NDArray[np.float32]:
        loaded = None if volume.states is None else volume.states.tobytes()
        key = (serial(volume), loaded, scale, first_frame, slices)
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, scaled_values(volume, scale, first_frame, slices))
        return self._kept[1]

    def of_region(
        self,
        mark: Measurement,
        shown: ShownSlice,
        volume: Volume,
        scale: ValueScale | None,
        first_frame: int = 0,
        placement: Placement = IDENTITY,
    ) -> Uptake | None:
        """Uptake of the voxels of ``volume``, put where ``placement`` says, in a region on the shown slice."""
        geometry = None if volume.geometry is None else placed(volume.geometry, placement)
        voxels = region_voxels(mark, shown, geometry, volume.shape)
        if not len(voxels):
            return None
        reach = 0 if geometry is None else math.ceil(PEAK_RADIUS_MM / geometry.spacing[0]) + 1
        start = max(0, int(voxels[:, 0].min()) - reach)
        stop = min(volume.shape[0], int(voxels[:, 0].max()) + reach + 1)
        values = self._values(volume, scale, first_frame, (start, stop))
        return moved(uptake_of(values, voxels - np.array([start, 0, 0], dtype=np.intp), geometry), start)

    def summit(
        self, volume: Volume, scale: ValueScale | None, first_frame: int, start: tuple[int, int, int]
    ) -> tuple[tuple[int, int, int], float]:
        """The hottest voxel that is reached by climbing from ``start``, and its value."""
        values = scaled_values(volume, scale, first_frame)
        at = climb(values, start)
        return at, float(values[at])

    def volume_above(
        self,
        volume: Volume,
        scale: ValueScale | None,
        first_frame: int,
        seed: tuple[int, int, int],
        threshold: float,
    ) -> UptakeVolume | None:
        """What hangs together with ``seed`` at or above ``threshold``; None where the seed itself lies below."""
        values = scaled_values(volume, scale, first_frame)
        mask = isocontour(values, seed, threshold)
        uptake = uptake_of(values, np.argwhere(mask), volume.geometry)
        if uptake is None:
            return None
        voxel = voxel_ml(volume.geometry)
        return UptakeVolume(threshold, uptake, None if voxel is None else voxel * uptake.count, mask)

    def forget(self) -> None:
        """Drop the values that are kept."""
        self._kept = None
