"""The series on top, cut and sampled for the screen, kept in stages so that a change costs only what it touches."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

from medview.app.fusion import CHECKER_PX, shares, suv_window
from medview.app.picture import place_key, serial
from medview.app.scales import default_scale
from medview.core.display import FusedSample, SampledSlice, resolve_window, sample_slice
from medview.core.fusion import checker_region, cut_over, lies_along, swipe_region
from medview.core.registration import IDENTITY, Placement, placed
from medview.core.slab import can_be_projected, sample_screen
from medview.kernels.sample2d import part_of_screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medview.app.fusion import Fusion
    from medview.app.shown_slice import ShownSlice
    from medview.app.view_transform import ViewTransform
    from medview.core.geometry import FloatArray
    from medview.core.volume import Volume
    from medview.core.window import Voi


class FusionPicture:
    """Stages of what lies over one viewport's picture."""

    def __init__(self) -> None:
        self._sample: tuple[Hashable, SampledSlice | None] | None = None
        self._drawn: tuple[Hashable, FusedSample | None] | None = None
        self._window: tuple[Hashable, Voi] | None = None

    def drawn(
        self,
        fusion: Fusion,
        volume: Volume,
        shown: ShownSlice,
        transform: ViewTransform,
        table: NDArray[np.uint8],
    ) -> FusedSample | None:
        """The series on the shown slice at the resolution of the screen; None where nothing of it is there."""
        sample = self._sampled(fusion, volume, shown, transform)
        if sample is None or not fusion.visible:
            return None
        voi = self.window(fusion, volume)
        look = (fusion.opacity, fusion.fade, fusion.mode, fusion.swipe)
        assert self._sample is not None
        key = (self._sample[0], voi, look, table.tobytes())
        if self._drawn is None or self._drawn[0] != key:
            top, left, height, width = transform.covered
            region = None
            if fusion.mode == "swipe":
                region = swipe_region((height, width), left, transform.device_size[1], fusion.swipe)
            elif fusion.mode == "checkerboard":
                region = checker_region((height, width), top, left, round(CHECKER_PX * transform.device_ratio))
            made = FusedSample(sample, voi, table, shares(fusion), region)
            self._drawn = (key, made)
        return self._drawn[1]

    def _sampled(
        self, fusion: Fusion, volume: Volume, shown: ShownSlice, transform: ViewTransform
    ) -> SampledSlice | None:
        loaded = None if volume.states is None else volume.states.tobytes()
        matrix = transform.matrix.tobytes()
        screen = (matrix, transform.viewport, transform.device_ratio)
        key = (serial(volume), loaded, place_key(shown), screen, fusion.placement)
        if self._sample is None or self._sample[0] != key:
            self._sample = (key, sampled_over(volume, shown, transform, fusion.placement))
            self._drawn = None
        return self._sample[1]

    def window(self, fusion: Fusion, volume: Volume) -> Voi:
        """The window of the series on top: the reader's, else SUV 0 to 7, else as a viewport of its own has it."""
        known = fusion.voi or suv_window(default_scale(fusion.stack))
        if known is not None:
            return known
        middle = volume.shape[0] // 2
        key = (serial(volume), volume.is_loaded(middle))
        if self._window is None or self._window[0] != key:
            made = resolve_window(fusion.stack, volume, middle, time=fusion.time)
            self._window = (key, made)
        return self._window[1]

    def forget(self) -> None:
        """Drop everything that is kept."""
        self._sample = self._drawn = self._window = None


def sampled_over(
    volume: Volume, shown: ShownSlice, transform: ViewTransform, placement: Placement = IDENTITY
) -> SampledSlice | None:
    """``volume`` on the shown slice at the device's pixels of the part that the slice covers; None where it is not there."""
    top, left, height, width = transform.covered
    if shown.plane is None or not height or not width:
        return None
    return sampled_on(volume, shown, part_of_screen(transform.device_to_image, top, left), (height, width), placement)


def sampled_on(
    volume: Volume,
    shown: ShownSlice,
    screen_to_image: FloatArray,
    size: tuple[int, int],
    placement: Placement = IDENTITY,
) -> SampledSlice | None:
    """As `sampled_over`, for any picture of ``size`` (h, w) px."""
    assert shown.plane is not None
    if volume.geometry is not None and can_be_projected(volume):
        geometry = placed(volume.geometry, placement)
        if shown.slab is not None or not lies_along(geometry, shown.plane):
            # What lies on a projection is one too: through the same thickness, the same kind. What lies across the grid is sampled
            # at the screen's pixels as the picture below it is: in a third of the time of a cut in fine steps, and exactly.
            seen = sample_screen(replace(volume, geometry=geometry), shown.plane, shown.slab, screen_to_image, size)
            return SampledSlice(seen.values, seen.coverage, seen.missing) if seen.coverage.any() else None
    found = cut_over(volume, shown.plane, screen_to_image, size, placement)
    return None if found is None else sample_slice(found[0], found[1], size)
