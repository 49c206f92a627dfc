"""Whose values a mark's numbers are: those of the plane, or of the slab, that it was made on, whatever is shown around it later.

So the window, a report and an exported table say the same of one mark, and each says what it is of.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from medview.app.shown_slice import ShownSlice, acquired_shown, can_be_cut, cut_shown, oblique_shown
from medview.core.cut import Slice, acquired_slice, cut_slice
from medview.core.plane import AXIS_OF_PLANE, as_vector

if TYPE_CHECKING:
    from medview.app.shown_slice import PlaneKind
    from medview.core.measurement import Measurement, MeasurementPlace
    from medview.core.slab import Projection, Slab
    from medview.core.study import Stack
    from medview.core.volume import Volume

NAMES = {"max": "MIP", "min": "MinIP", "mean": "mean of"}
"""Of projections, in what is written."""
_KEPT = 4
_SAME_MM = 0.01


def slab_of(place: MeasurementPlace) -> Slab | None:
    """What the values of a mark were a projection of when it was made."""
    if place.slab_mm <= 0 or place.projection not in NAMES:
        return None
    from medview.core.slab import Slab

    return Slab(place.slab_mm, cast("Projection", place.projection))


def placed_on(place: MeasurementPlace, slab: Slab | None) -> MeasurementPlace:
    """The place with the values of ``slab``, or of the plane itself."""
    if slab is None:
        return replace(place, slab_mm=0.0, projection="")
    return replace(place, slab_mm=float(slab.thickness_mm), projection=slab.projection)


def as_made(shown: ShownSlice, mark: Measurement) -> ShownSlice:
    """The slice shown, with the values that a mark was made on."""
    slab = slab_of(mark.place)
    return shown if slab == shown.slab else replace(shown, slab=slab)


def values_words(place: MeasurementPlace) -> str:
    """``MIP 20 mm`` for a mark on a slab, "" for one on a plane."""
    slab = slab_of(place)
    return "" if slab is None else f"{NAMES[slab.projection]} {slab.thickness_mm:.4g} mm"


def slice_values(volume: Volume, shown: ShownSlice) -> Slice:
    """Values at the pixels of a slice, a cut or a slab, as the window has them."""
    from medview.app.direct_cut import grid_values, is_direct

    if shown.surface is not None:
        return shown.surface.sample(volume)
    if (shown.plane_kind == "acquired" and shown.slab is None) or shown.plane is None:
        return acquired_slice(volume, shown.k or 0)
    return grid_values(volume, shown) if is_direct(volume, shown) else cut_slice(volume, shown.plane)


class MadeValues:
    """Values that marks were made on where the window shows others; the last few are kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Slice] = OrderedDict()

    def of(self, volume: Volume, shown: ShownSlice) -> Slice:
        """Values of ``shown``."""
        from medview.app.picture import place_key, serial

        loaded = None if volume.states is None else volume.states.tobytes()
        key = (serial(volume), loaded, place_key(shown))
        if key not in self._kept:
            self._kept[key] = slice_values(volume, shown)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def forget(self) -> None:
        """Another stack is shown."""
        self._kept.clear()


def shown_of(stack: Stack, place: MeasurementPlace) -> ShownSlice | None:
    """The grid that a mark lies on, with its slab; None where it cannot be made again (a path that is not at hand)."""
    slab = slab_of(place)
    if place.plane == "acquired":
        shown = acquired_shown(stack, place.k, place.time)
    elif place.origin is None or place.across is None or place.down is None or not can_be_cut(stack):
        return None
    elif place.plane in AXIS_OF_PLANE:
        shown = cut_shown(stack, cast("PlaneKind", place.plane), place.position_mm)
    elif place.plane in {"oblique", "turning"}:
        axes = [np.array(step) / np.linalg.norm(step) for step in (place.across, place.down)]
        shown = oblique_shown(
            stack, (as_vector(axes[0]), as_vector(axes[1])), place.position_mm, cast("PlaneKind", place.plane)
        )
    else:
        return None
    if place.origin is not None and shown.plane is not None:
        apart = np.linalg.norm(np.array(shown.plane.origin) - place.origin)
        if apart > _SAME_MM:
            return None  # the images are others than those that it was made on
    return shown if slab is None else replace(shown, slab=slab)


class LoadedValues:
    """Values of slices, cuts and slabs read from the files, for the numbers of marks; the last volume is kept."""

    def __init__(self) -> None:
        self._volume: tuple[str, int, Volume] | None = None

    def __call__(
        self, stack: Stack, shown: ShownSlice, time: int
    ) -> tuple[NDArray[Any], NDArray[np.bool_] | None, str | None] | None:
        """(modality values, pixels that hold none, unit); None for colour."""
        from medview.app.headless import load_frames, load_whole

        if stack.components > 1:
            return None
        if shown.frame is not None and shown.slab is None:
            cut = acquired_slice(load_frames(stack, [shown.frame])[0], 0)
        else:
            if self._volume is None or self._volume[:2] != (stack.id, time):
                self._volume = (stack.id, time, load_whole(stack, time))
            cut = slice_values(self._volume[2], shown)
        skipped = ~cut.coverage if cut.padding is None else ~cut.coverage | cut.padding
        return cut.values, skipped, stack.unit
