"""The picture of a viewport, kept in stages so that a change costs only what it touches.

volume → cut (slice, plane) → filtered → sampled at screen resolution (zoom, pan, turn) → windowed and composed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from medview.app.direct_cut import DirectSampling, LazySlices, grid_values, is_direct, turned_labels, turned_window
from medview.app.live_filter import LiveFilter
from medview.app.shown_slice import ShownSlice
from medview.app.view_transform import ViewTransform
from medview.app.viewport_state import ViewportState
from medview.core.aligned_slab import labels_in_slab
from medview.core.cut import Slice, acquired_slice, cut_labels, cut_slice
from medview.core.display import (
    IDENTITY_WINDOW,
    LabelLayer,
    SampledSlice,
    compose_screen,
    label_codes,
    layer_of_codes,
    resolve_window,
    sample_slice,
)
from medview.core.slab import project_labels
from medview.core.volume import Volume
from medview.core.window import Voi, Window
from medview.kernels.sample2d import box_of, sample_around
from medview.kernels.threads import take_one_thread

if TYPE_CHECKING:
    from medview.core.display import FusedSample, OverlayStyle
    from medview.core.finding import Segmentation
    from medview.core.graphics import FrameGraphics
    from medview.formats.colour_profile import ColourProfile
    from medview.jobs.queue import JobQueue
    from medview.processing.chain import FilterChain

ByteArray = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class SegmentationLayer:
    """A segmentation and how it is drawn; ``key`` tells it from others."""

    key: str
    segmentation: Segmentation
    style: OverlayStyle

    def labels_on(self, shown: ShownSlice) -> NDArray[Any] | None:
        """(h, w) labels on the shown slice; None where the segmentation does not reach it."""
        return _labels_on(self.segmentation, shown)


class PaintedLayer(Protocol):
    """Anything else that lies over a picture; what it draws depends on ``token``, the slice and the transform alone."""

    @property
    def token(self) -> Hashable:
        """Differs where what is drawn differs."""

    def draw(self, bgra: ByteArray, shown: ShownSlice, screen_to_image: NDArray[np.float64]) -> None:
        """Draw over ``bgra`` (h, w, 4) in place; ``screen_to_image`` (2, 3) takes its pixels (x, y) to the slice's."""


@dataclass(frozen=True, eq=False)
class CutSlice:
    """A cut before and after the filters.

    ``pending``: the filters are still at work, ``error``: they failed; ``shown`` is unfiltered then.
    """

    original: Slice
    shown: Slice
    filtered: bool
    pending: bool
    error: BaseException | None = None


class DirectCut(CutSlice):
    """A cut without filters that is sampled for the screen; its values on its own grid are made when they are asked for."""

    def __init__(self, volume: Volume, place: ShownSlice, key: Hashable) -> None:
        for name, value in (("filtered", False), ("pending", False), ("error", None)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "volume", volume)
        object.__setattr__(self, "place", place)
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "_slices", LazySlices(lambda: grid_values(volume, place)))

    volume: Volume
    place: ShownSlice
    key: Hashable
    _slices: LazySlices

    @property
    def original(self) -> Slice:
        """The values on the cut's own grid."""
        return self._slices.slice

    @property
    def shown(self) -> Slice:
        """The same: there are no filters."""
        return self._slices.slice


@dataclass(frozen=True, eq=False)
class ScreenPart:
    """The opaque BGRA ``pixels`` (h, w, 4) of the screen's part that the slice covers, in device px; the rest is black."""

    pixels: ByteArray
    top: int
    left: int


_serials: WeakKeyDictionary[object, int] = WeakKeyDictionary()
_numbers = itertools.count(1)


def serial(thing: object) -> int:
    """A number for an object, never given again: the address of a volume that is gone may be another's next."""
    known = _serials.get(thing)
    if known is None:
        known = _serials[thing] = next(_numbers)
    return known


class ViewportPicture:
    """Stages of one viewport's picture. ``live_filter.ready`` says that it should be composed again."""

    def __init__(self, jobs: JobQueue | None = None) -> None:
        take_one_thread()
        self.live_filter = LiveFilter(jobs)
        self.direct = DirectSampling(jobs)
        self._cut_key: Hashable = None
        self._cut: CutSlice | None = None
        self._original_key: Hashable = None
        self._original: Slice | None = None
        self._sample_key: Hashable = None
        self._sample: SampledSlice | None = None
        self._layers: dict[str, tuple[Hashable, LabelLayer | None]] = {}
        self._codes: dict[str, tuple[Hashable, ByteArray, int, int]] = {}
        self._label_cuts: dict[str, tuple[Hashable, ByteArray, tuple[int, int, int, int]]] = {}
        self._composed_key: Hashable = None
        self._composed: ScreenPart | None = None
        self._window: tuple[Hashable, Voi] | None = None

    # ------------------------------------------------------------------ stages

    def cut(self, state: ViewportState, volume: Volume, shown: ShownSlice) -> CutSlice:
        """The shown slice of a volume, cut and filtered as the state says."""
        view = state.view
        chain = state.filters_applied
        whole = view.filtered
        if (
            whole is not None
            and chain
            and (whole.chain, whole.time) == (chain, view.time)
            and view.stack is not None
            and whole.stack_id == view.stack.id
        ):
            whole_key = (_slice_key(volume, shown), serial(whole))
            if whole_key != self._cut_key or self._cut is None:
                cut = _cut_volume(whole.volume, shown)
                self._keep_cut(whole_key, CutSlice(self._original_cut(volume, shown), cut, True, False))
            assert self._cut is not None
            return self._cut
        slice_key = _slice_key(volume, shown)
        key: Hashable = (slice_key, chain)
        if key == self._cut_key and self._cut is not None:
            return self._cut
        if not chain and is_direct(volume, shown):
            self._keep_cut(key, DirectCut(volume, shown, slice_key))
            assert self._cut is not None
            return self._cut
        original = self._original_cut(volume, shown)
        if not chain:
            self._keep_cut(key, CutSlice(original, original, False, False))
        else:
            values = self.live_filter.filtered(slice_key, chain, original.values, shown.pixel_mm)
            if values is None:
                # Not kept: the next picture asks again.
                error = self.live_filter.error(slice_key, chain)
                return CutSlice(original, original, False, error is None, error)
            self._keep_cut(key, CutSlice(original, replace(original, values=values), True, False))
        assert self._cut is not None
        return self._cut

    def _original_cut(self, volume: Volume, shown: ShownSlice) -> Slice:
        key = _slice_key(volume, shown)
        if key != self._original_key or self._original is None:
            self._original, self._original_key = _cut_volume(volume, shown), key
        return self._original

    def _keep_cut(self, key: Hashable, cut: CutSlice) -> None:
        self._cut_key, self._cut = key, cut

    def sampled(self, cut: CutSlice, transform: ViewTransform) -> SampledSlice:
        """The part of the screen that the slice covers, at device resolution."""
        key: Hashable
        if isinstance(cut, DirectCut):
            key = (cut.key, transform.key)
            self._sample_key, self._sample = self.direct.sampled(key, cut.volume, cut.place, *transform.covered_part)
            return self._sample
        key = (serial(cut.shown), transform.key)
        if key != self._sample_key or self._sample is None:
            self._sample = sample_slice(cut.shown, *transform.covered_part)
            self._sample_key = key
        return self._sample

    def is_made(self, cut: CutSlice, transform: ViewTransform) -> bool:
        """Whether :meth:`sampled` takes no time; what does is begun in the background, for who asks again."""
        if not isinstance(cut, DirectCut):
            return True
        return self.direct.is_made((cut.key, transform.key), cut.volume, cut.place, *transform.covered_part)

    def seen(self, cut: CutSlice) -> Slice | SampledSlice | None:
        """Values to count for a histogram: the cut's own, or of a cut that is sampled for the screen what is on it."""
        return self._sample if isinstance(cut, DirectCut) else cut.shown

    def layer(self, layer: SegmentationLayer, shown: ShownSlice, transform: ViewTransform) -> LabelLayer | None:
        """A segmentation ready to be drawn over :meth:`sampled`; None where nothing of it is on the shown slice."""
        segmentation = layer.segmentation
        cut_key = (serial(segmentation), place_key(shown))
        cut = self._label_cuts.get(layer.key)
        if shown.plane_kind == "turning" and self.direct.is_rough and (cut is None or cut[0] != cut_key):
            return None  # labels follow when the hand rests
        if cut is None or cut[0] != cut_key:
            labels = layer.labels_on(shown)
            if labels is None:
                return None
            # Looked up before they are sampled: there are fewer of them here.
            found = label_codes(labels, segmentation.meanings)
            cut = (cut_key, found, box_of(found))
            self._label_cuts[layer.key] = cut
        margin = layer.style.outline_width + 1
        key = (cut_key, transform.key, margin)
        codes = self._codes.get(layer.key)
        if codes is None or codes[0] != key:
            codes = (key, *sample_around(cut[1], *transform.covered_part, cut[2], margin))
            self._codes[layer.key] = codes
        drawn_key = (key, layer.style)
        drawn = self._layers.get(layer.key)
        if drawn is None or drawn[0] != drawn_key:
            _, sampled, top, left = codes
            tight = sampled.shape != transform.covered_part[1]
            drawn = (drawn_key, layer_of_codes(sampled, segmentation.meanings, layer.style, top, left, tight))
            self._layers[layer.key] = drawn
        return drawn[1]

    def window(self, state: ViewportState, volume: Volume, shown: ShownSlice) -> Voi | None:
        """The window that the picture is drawn with; None for colour that the reader has not windowed.

        Where a filter gives values of another kind (edges), and the reader has chosen nothing, between percentiles.
        """
        view, stack = state.view, state.stack
        if stack is None or view.voi is not None or volume.is_colour:
            return view.voi
        k = nearest_k(volume, shown)
        chain = state.filters_applied
        if chain:
            cut = self.cut(state, volume, shown)
            if cut.filtered and not _keeps_unit(chain):
                return self._kept_window((serial(cut.shown), "filtered"), lambda: values_window(cut.shown))
        if shown.plane_kind != "turning" and stack.voi_of(view.time * volume.shape[0] + k):
            return resolve_window(stack, volume, k, None, time=view.time)
        if shown.plane_kind == "turning":
            return self._kept_window((serial(volume), volume.is_complete, shown.slab), lambda: turned_window(volume))
        reference = volume.shape[0] // 2
        at = reference if stack.geometry is not None and volume.is_loaded(reference) else k
        key = (serial(volume), at, volume.is_loaded(at))
        return self._kept_window(key, lambda: resolve_window(stack, volume, k, None, time=view.time))

    def _kept_window(self, key: Hashable, make: Callable[[], Voi]) -> Voi:
        if self._window is None or self._window[0] != key:
            self._window = (key, make())
        return self._window[1]

    def compose(
        self,
        cut: CutSlice,
        shown: ShownSlice,
        transform: ViewTransform,
        voi: Voi | None,
        inverted: bool,
        layers: Sequence[SegmentationLayer] = (),
        graphics: FrameGraphics | None = None,
        painted: Sequence[PaintedLayer] = (),
        colour_map: ByteArray | None = None,
        profile: ColourProfile | None = None,
        fused: FusedSample | None = None,
        tone: ByteArray | None = None,
    ) -> ScreenPart:
        """What is to be drawn; read-only, the same object while nothing changes. ``graphics`` are the file's own.

        ``painted`` lie over the labels, in order; ``colour_map`` (256, 3) colours grey values, ``profile`` is that of RGB ones.
        ``fused`` is a second series under the labels, ``tone`` (256,) what the monitor is told for each grey.
        """
        sample = self.sampled(cut, transform)
        key = (
            self._sample_key,
            voi,
            inverted,
            tuple((layer.key, serial(layer.segmentation), layer.style) for layer in layers),
            None if graphics is None else serial(graphics),
            (tuple(one.token for one in painted), place_key(shown)) if painted else (),
            None if colour_map is None else colour_map.tobytes(),
            None if profile is None else serial(profile),
            None if fused is None else serial(fused),
            None if tone is None else tone.tobytes(),
        )
        if key == self._composed_key and self._composed is not None:
            return self._composed
        top, left, height, width = transform.covered
        if height and width:
            if profile is not None and sample.values.ndim == 3:
                sample = replace(sample, values=profile.to_srgb(sample.values))
            if graphics is not None:
                sample = replace(sample, graphics=graphics.sampled(*transform.covered_part))
            drawn = [self.layer(layer, shown, transform) for layer in layers if layer.style.visible]
            labels = [layer for layer in drawn if layer is not None]
            pixels = compose_screen(sample, voi, inverted, labels, colour_map, fused, tone)
            for one in painted:
                one.draw(pixels, shown, transform.covered_part[0])
        else:
            pixels = np.zeros((0, 0, 4), dtype=np.uint8)
        self._composed, self._composed_key = ScreenPart(pixels, top, left), key
        wanted = {layer.key for layer in layers}
        for kept in (self._layers, self._codes, self._label_cuts):
            for name in kept.keys() - wanted:
                kept.pop(name, None)
        return self._composed

    def forget(self) -> None:
        """Drop everything that is kept (another stack is shown)."""
        self._cut = self._original = self._sample = self._composed = self._window = None
        self._cut_key = self._original_key = self._sample_key = self._composed_key = None
        self._layers.clear()
        self._codes.clear()
        self._label_cuts.clear()
        self.live_filter.forget()
        self.direct.forget()


def nearest_k(volume: Volume, shown: ShownSlice) -> int:
    """The slice that is shown, or that the middle of a cut lies on or next to."""
    if shown.k is not None:
        return shown.k
    if shown.plane is None or volume.geometry is None:
        return volume.shape[0] // 2
    h, w = shown.shape
    middle = volume.geometry.patient_to_voxel(shown.plane.plane_to_patient(((w - 1) / 2, (h - 1) / 2)))
    return int(np.clip(round(float(middle[0])), 0, volume.shape[0] - 1))


def values_window(cut: Slice | SampledSlice) -> Window:
    """A window between the 1st and 99th percentile of what a cut shows, padding and missing pixels left out."""
    kept = cut.coverage & np.isfinite(cut.values)
    if cut.padding is not None:
        kept = kept & ~cut.padding
    chosen = cut.values[kept]
    if not chosen.size:
        return IDENTITY_WINDOW
    low, high = (float(value) for value in np.percentile(chosen, (1.0, 99.0)))
    if not high > low:
        low, high = float(chosen.min()), float(chosen.max())
    width = high - low if high > low else 1.0
    return Window(low + width / 2, width, "LINEAR_EXACT")


def _keeps_unit(chain: FilterChain) -> bool:
    from medview.processing.chain import keeps_unit

    return keeps_unit(chain)


def _cut_volume(volume: Volume, shown: ShownSlice) -> Slice:
    if shown.surface is not None:
        return shown.surface.sample(volume)
    if (shown.plane_kind == "acquired" and shown.slab is None) or shown.plane is None:
        return acquired_slice(volume, shown.k or 0)
    return grid_values(volume, shown) if is_direct(volume, shown) else cut_slice(volume, shown.plane)


def _labels_on(segmentation: Segmentation, shown: ShownSlice) -> NDArray[Any] | None:
    if shown.plane_kind == "acquired" and (shown.slab is None or shown.plane is None or segmentation.geometry is None):
        k = shown.k or 0
        return np.asarray(segmentation.labels[k]) if k < segmentation.labels.shape[0] else None
    return labels_in_patient(segmentation, shown)


def labels_in_patient(segmentation: Segmentation, shown: ShownSlice) -> NDArray[Any] | None:
    """(h, w) labels by place: of the plane, of all within a slab, along a path; None where there is no place."""
    geometry = segmentation.geometry
    if geometry is None:
        return None
    if shown.surface is not None:
        return shown.surface.sample_labels(segmentation)
    if shown.plane is None:
        return None
    if shown.plane_kind == "turning":
        return turned_labels(segmentation, shown)
    if shown.slab is not None:
        return labels_in_slab(segmentation.labels, geometry, shown.plane, shown.slab)
    if shown.plane_kind == "oblique":
        return project_labels(segmentation.labels, geometry, shown.plane, None)
    return cut_labels(segmentation, shown.plane)


def place_key(shown: ShownSlice) -> Hashable:
    """Names the grid of a shown slice."""
    tilted = shown.plane if shown.plane_kind in {"oblique", "turning", "solid"} else None
    curved = None if shown.surface is None else serial(shown.surface)
    return (shown.plane_kind, shown.k, shown.position_mm, shown.shape, shown.slab, tilted, curved)


def _slice_key(volume: Volume, shown: ShownSlice) -> Hashable:
    """Names a cut's pixels, also while they are being loaded."""
    if shown.plane_kind == "acquired" and shown.slab is None:
        loaded: Hashable = volume.is_loaded(shown.k or 0)
    else:
        loaded = None if volume.states is None else volume.states.tobytes()
    return (serial(volume), loaded, place_key(shown))
