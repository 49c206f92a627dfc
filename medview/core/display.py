"""The one composition of a viewport's picture: window, padding, labels and boxes, and the window's default.

The window on the screen and ``medview render`` both draw with this, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.core.cut import AcquiredSlice, Slice, moved
from medview.core.finding import LABEL_COLOURS, Colour, Label
from medview.core.graphics import draw_graphics
from medview.core.study import Stack
from medview.core.volume import AnyArray, Volume
from medview.core.window import Voi, VoiLut, Window
from medview.kernels.compose import (
    bgra_from_colour_map,
    bgra_from_grey,
    bgra_from_rgb,
    blackened,
    blend_colours,
    blend_labels,
    draw_box,
    draw_hatch,
    edged_codes,
    look_up,
    map_labels,
    paired,
    rgba_from_bgra,
    tone_grey,
)
from medview.kernels.sample2d import is_whole, only_inside, sample_region
from medview.kernels.windowing import grey_from_lut, grey_from_values

BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]

IDENTITY_WINDOW = Window(128.0, 256.0, "LINEAR", "")
"""Draws 0 to 255 as they are."""

_MODALITY_WINDOWS: dict[tuple[str, str | None], Window] = {
    ("CT", "HU"): Window(40.0, 400.0, "LINEAR", "Soft tissue"),
    ("PT", "SUV"): Window(3.5, 7.0, "LINEAR_EXACT", "SUV 0-7"),
}


@dataclass(frozen=True, slots=True)
class OverlayStyle:
    """How a segmentation looks in one viewport; the result itself does not know."""

    opacity: float = 0.35
    outline: bool = True
    visible: bool = True
    hidden_labels: frozenset[int] = frozenset()
    colours: tuple[tuple[int, Colour], ...] = ()
    """Colours that the reader chose, by label value; otherwise the label's own."""
    outline_width: int = 1
    outline_opacity: float = 0.9


@dataclass(frozen=True, slots=True)
class PictureBox:
    """A rectangle (x0, y0, x1, y1) in picture px to draw over everything; dashed because a model said it."""

    box: tuple[float, float, float, float]
    colour: Colour = LABEL_COLOURS[0]
    dashed: bool = True
    width: int = 1


@dataclass(frozen=True, eq=False)
class SampledSlice:
    """A slice at the resolution of the screen, everything (h, w): kept while only window and overlays change."""

    values: AnyArray
    coverage: BoolArray
    missing: BoolArray | None = None
    padding: BoolArray | None = None
    graphics: ByteArray | None = None
    """(h, w, 4) RGBA that the file itself draws over the frame."""

    @cached_property
    def kept(self) -> BoolArray | None:
        """Where there is image; None where it is everywhere."""
        return _kept(self.coverage, self.padding)


@dataclass(frozen=True, eq=False)
class FusedSample:
    """A second series at the resolution of the screen: windowed by ``voi``, coloured by ``table`` (256, 3) RGB.

    ``shares`` (256,) 0 to 1 says how much of it is seen at each display value; ``region`` (h, w) where it is drawn at all
    (a swipe, a checkerboard), None for everywhere.
    """

    sample: SampledSlice
    voi: Voi
    table: ByteArray
    shares: NDArray[np.float64]
    region: BoolArray | None = None

    @property
    def everywhere(self) -> bool:
        """Whether there is something of it at every pixel."""
        return self.region is None and self.sample.kept is None


_LARGE = 4
"""A part of the screen of more than one in so many is drawn with all of it: parts cost more for each pixel."""
_EDGE = 128
"""Added to the code of a label on its outline."""

Overlay = tuple[AnyArray, Sequence[Label], OverlayStyle]


# The window ----------------------------------------------------------------------------------------------------------


def declared_window(stack: Stack, frame: int, preset: Voi | None = None) -> Voi | None:
    """The window that is known without the pixels of ``frame`` (index into ``stack.frames``); None where there is none.

    The file's first for this frame, else ``preset`` of the modality (without one the built-in for CT in HU and PET in
    SUV); the grey of 8 bits or fewer without a transform is drawn from black to white as those bits say. What is drawn so
    was made to be looked at: labels, and volume files, which say nothing of a look, are not (0 and 1 would both be black).
    """
    if stack.components > 1:
        return IDENTITY_WINDOW
    of_file = stack.voi_of(frame)
    if of_file:
        return of_file[0]
    chosen = preset or _MODALITY_WINDOWS.get((stack.context.modality, stack.unit)) or _suv_window(stack)
    if chosen is not None:
        return chosen
    plain = stack.transform.lut is None and stack.transform.slope_intercept(frame) == (1.0, 0.0)
    if stack.dtype != "uint8" or not plain or stack.whole is not None or stack.context.modality == "SEG":
        return None
    if stack.bits_stored is not None and stack.bits_stored < 8:
        top = (1 << stack.bits_stored) - 1
        return Window(top / 2, float(top), "LINEAR_EXACT", "")
    return IDENTITY_WINDOW


def _suv_window(stack: Stack) -> Window | None:
    """SUV 0 to 7 in the unit of the values, where the file allows SUV."""
    scale = next((each for each in stack.scales if each.id == "suv_bw"), None)
    return scale.window_of(3.5, 7.0, "SUV 0\u20137") if scale is not None else None


def resolve_window(
    stack: Stack,
    volume: Volume,
    k: int,
    reader_choice: Voi | None = None,
    preset: Voi | None = None,
    time: int = 0,
) -> Voi:
    """The window of slice ``k`` of time point ``time``: the reader's, else :func:`declared_window`, else percentiles.

    These are the 1st and 99th of the middle slice, so that scrolling does not change the window (for frames without
    common geometry: of the frame itself).
    """
    known = reader_choice or declared_window(stack, time * stack.shape[0] + k, preset)
    if known is not None:
        return known
    reference = volume.shape[0] // 2 if stack.geometry is not None else k
    return percentile_window(volume, reference if volume.is_loaded(reference) else k)


def percentile_window(volume: Volume, k: int, low: float = 1.0, high: float = 99.0) -> Window:
    """A window between two percentiles of slice ``k``, padding, NaN and infinity left out."""
    if not volume.is_loaded(k):
        return IDENTITY_WINDOW
    values = volume.modality_slice(k)
    kept = np.isfinite(values)
    padding = volume.padding_slice(k)
    if padding is not None:
        kept &= ~padding
    chosen = values[kept]
    if chosen.size == 0:
        return IDENTITY_WINDOW
    lower, upper = (float(value) for value in np.percentile(chosen, (low, high)))
    if not upper > lower:
        lower, upper = float(chosen.min()), float(chosen.max())
    if not upper > lower:
        upper = lower + 1.0
    return Window((lower + upper) / 2, upper - lower, "LINEAR_EXACT", "")


# Sampling --------------------------------------------------------------------------------------------------------------


def sample_slice(piece: Slice, screen_to_slice: ArrayLike, size: tuple[int, int], smooth: bool = True) -> SampledSlice:
    """Sample a cut at screen resolution; ``screen_to_slice`` (2, 3) takes screen (x, y) to slice pixels (x, y)."""
    values, inside = _sampled_values(piece, screen_to_slice, size, smooth)
    if is_whole(piece.coverage):
        coverage: BoolArray = inside
    else:
        coverage = inside & sample_region(piece.coverage, screen_to_slice, size, nearest=True)[0]
    missing = padding = None
    if piece.missing is not None:
        missing = inside & sample_region(piece.missing, screen_to_slice, size, nearest=True)[0]
    if piece.padding is not None and piece.padding.any():
        padding = inside & sample_region(piece.padding, screen_to_slice, size, nearest=True)[0]
    return SampledSlice(values, coverage, missing, padding)


def _sampled_values(
    piece: Slice, screen_to_slice: ArrayLike, size: tuple[int, int], smooth: bool
) -> tuple[AnyArray, BoolArray]:
    if isinstance(piece, AcquiredSlice) and piece.offset:
        # What was sampled is less than the slice, and still at hand.
        values, inside = sample_region(piece.stored, screen_to_slice, size, smooth=smooth)
        made = moved(values, piece.offset)
        if made is not None:
            return made, inside
    return sample_region(piece.values, screen_to_slice, size, smooth=smooth)


def sample_labels(labels: AnyArray, screen_to_slice: ArrayLike, size: tuple[int, int]) -> AnyArray:
    """Label values (h, w) at screen resolution, never mixed, 0 outside; the transform is that of :func:`sample_slice`."""
    sampled, inside = sample_region(labels, screen_to_slice, size, nearest=True)
    return sampled if inside.all() else only_inside(sampled, inside)


# Composition -----------------------------------------------------------------------------------------------------------


def apply_voi(values: AnyArray, voi: Voi, inverted: bool = False) -> ByteArray:
    """Modality values to display values 0–255 (PS3.3 C.11.2.1); ``inverted`` draws low values white."""
    if isinstance(voi, VoiLut):
        return grey_from_lut(values, voi.first, np.asarray(voi.entries), voi.bits, inverted)
    lower, upper = voi.ramp
    return grey_from_values(values, lower, upper, voi.function, inverted)


def compose_picture(
    values: AnyArray,
    coverage: BoolArray,
    voi: Voi | None,
    inverted: bool = False,
    padding: BoolArray | None = None,
    overlays: Sequence[Overlay] = (),
    colour_map: ByteArray | None = None,
    boxes: Sequence[PictureBox] = (),
    missing: BoolArray | None = None,
    graphics: ByteArray | None = None,
    fused: FusedSample | None = None,
) -> ByteArray:
    """Compose an opaque RGBA picture (h, w, 4).

    ``values`` (h, w) are windowed by ``voi`` and drawn grey, or through ``colour_map`` (256, 3); RGB (h, w, 3) uint8 is
    windowed only where ``voi`` is given. Outside ``coverage`` and on ``padding`` the ground is black whatever the
    window, on ``missing`` it is hatched. Then what the file itself draws, ``graphics`` (h, w, 4) RGBA, then a second
    series, ``fused``, then ``overlays``, each (labels (h, w), meanings, style), and ``boxes``.
    """
    layers = [layer for layer in (label_layer(*overlay) for overlay in overlays) if layer is not None]
    sample = SampledSlice(values, coverage, missing, padding, graphics)
    picture = compose_screen(sample, voi, inverted, layers, colour_map, fused)
    for box in boxes:
        draw_box(picture, box.box, box.colour[::-1], box.width, box.dashed)
    return rgba_from_bgra(picture)


def compose_screen(
    sample: SampledSlice,
    voi: Voi | None,
    inverted: bool = False,
    layers: Sequence[LabelLayer] = (),
    colour_map: ByteArray | None = None,
    fused: FusedSample | None = None,
    tone: ByteArray | None = None,
) -> ByteArray:
    """The opaque BGRA picture (h, w, 4) of :func:`compose_picture`, from labels that were made ready once.

    ``tone`` (256,): what a monitor is told for each grey (GSDF, PS3.14); colours are left as they are.
    """
    values, missing = sample.values, sample.missing
    kept = sample.kept
    if values.ndim == 3:
        windowed = voi is not None and voi != IDENTITY_WINDOW
        rgb = apply_voi(values, voi) if windowed and voi is not None else np.asarray(values, dtype=np.uint8)
        picture = bgra_from_rgb(255 - rgb if inverted else rgb, kept)
    else:
        voi = IDENTITY_WINDOW if voi is None else voi
        if fused is not None and fused.everywhere and missing is None and sample.graphics is None:
            grey = apply_voi(values, voi, inverted)
            if kept is not None:
                grey = blackened(grey, kept)
            above = apply_voi(fused.sample.values, fused.voi)
            looks = (_bytes(colour_map), _bytes(tone), fused.table.tobytes(), fused.shares.tobytes())
            picture = look_up(paired(grey, above), _pair_table(*looks))
            return _with_labels(picture, layers)
        first = layers[0] if layers and fused is None and colour_map is None else None
        if first is not None and first.edged is not None and missing is None and sample.graphics is None:
            grey = _toned(apply_voi(values, voi, inverted), tone)
            if first.edged.size * _LARGE >= grey.size:
                grey = grey if kept is None else blackened(grey, kept)
                picture = look_up(paired(grey, first.spread(grey.shape)), first.look.table)
            else:
                picture = bgra_from_grey(grey, kept)
                picture[first.place] = look_up(paired(grey[first.place], first.edged), first.look.table)
            layers = layers[1:]
        elif first is None and kept is None and values.dtype.name in {"uint16", "int16"} and values.size > 2**16:
            # One step for all: as fast as windowing alone, and for a sigmoid or a LUT as fast as for a line.
            picture = look_up(values, _voi_table(values.dtype.name, voi, inverted, _bytes(colour_map), _bytes(tone)))
        elif colour_map is not None:
            picture = bgra_from_colour_map(apply_voi(values, voi, inverted), colour_map, kept)
        else:
            picture = bgra_from_grey(_toned(apply_voi(values, voi, inverted), tone), kept)
    if missing is not None:
        draw_hatch(picture, missing)
    if sample.graphics is not None:
        draw_graphics(picture, sample.graphics[..., [2, 1, 0, 3]])
    if fused is not None:
        _lay_over(picture, fused)
    return _with_labels(picture, layers)


def _with_labels(picture: ByteArray, layers: Sequence[LabelLayer]) -> ByteArray:
    for layer in layers:
        _blend(picture, layer)
    return picture


def _blend(picture: ByteArray, layer: LabelLayer) -> None:
    look, part = layer.look, picture[layer.place]
    blend_labels(part, layer.codes, look.colours[:, ::-1], look.fills, look.outlines, outline_width=layer.width)


@lru_cache(maxsize=4)
def _pair_table(colours: bytes, tone: bytes, upper: bytes, shares: bytes) -> ByteArray:
    """(65536, 4) BGRA by 256 · upper + lower display value: what both series make of each other, in one step."""
    below = np.repeat(np.arange(256, dtype=np.uint8)[None], 256, axis=0)
    if colours:
        picture = bgra_from_colour_map(below, np.frombuffer(colours, np.uint8).reshape(256, 3))
    else:
        picture = bgra_from_grey(_toned(below, np.frombuffer(tone, np.uint8) if tone else None))
    share = np.frombuffer(shares, np.float64)[:, None, None]
    over = np.frombuffer(upper, np.uint8).reshape(256, 1, 3)[..., ::-1]
    picture[..., :3] = np.floor(picture[..., :3] * (1 - share) + over * share + 0.5).astype(np.uint8)
    return picture.reshape(-1, 4)


def _toned(grey: ByteArray, tone: ByteArray | None) -> ByteArray:
    return grey if tone is None else tone_grey(grey, tone)


def _bytes(table: ByteArray | None) -> bytes:
    return b"" if table is None else table.tobytes()


@lru_cache(maxsize=8)
def _voi_table(kind: str, voi: Voi, inverted: bool, colours: bytes = b"", tone: bytes = b"") -> ByteArray:
    """(65536, 4) BGRA for each value of 16 bits, in the order of the unsigned reading."""
    domain = np.arange(2**16, dtype=np.uint16).view(kind).reshape(256, 256)
    grey = apply_voi(domain, voi, inverted)
    if colours:
        table = np.frombuffer(colours, np.uint8).reshape(256, 3)
        return bgra_from_colour_map(grey, table).reshape(-1, 4)
    return bgra_from_grey(_toned(grey, np.frombuffer(tone, np.uint8) if tone else None)).reshape(-1, 4)


def _lay_over(picture: ByteArray, fused: FusedSample) -> None:
    """Lay a second series over a BGRA picture in place."""
    sample = fused.sample
    where = sample.kept
    if fused.region is not None:
        where = fused.region if where is None else where & fused.region
    grey = apply_voi(sample.values, fused.voi)
    blend_colours(picture, grey, fused.table, fused.shares, where)


def _kept(coverage: BoolArray, padding: BoolArray | None) -> BoolArray | None:
    """(h, w) where there is image; None where it is everywhere."""
    if padding is not None:
        return coverage & ~padding
    return None if is_whole(coverage) else coverage


@dataclass(frozen=True, eq=False)
class LabelLayer:
    """Labels (h, w) on their way to the screen: all that does not change with the window is done.

    ``codes`` index the look; ``edged`` is the same with 128 added on both sides of the outline, None where there are more
    than 127. They are the screen's part from (``top``, ``left``) on, outside of which there are no labels; where it ends
    inside the screen no outline reaches its border.
    """

    codes: ByteArray
    edged: ByteArray | None
    look: _LookTable
    width: int
    top: int = 0
    left: int = 0

    def spread(self, shape: tuple[int, ...]) -> ByteArray:
        """``edged`` on the whole screen (h, w)."""
        assert self.edged is not None
        if self.edged.shape == shape:
            return self.edged
        whole = np.zeros(shape, np.uint8)
        whole[self.place] = self.edged
        return whole

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns of the screen."""
        height, width = self.codes.shape
        return (slice(self.top, self.top + height), slice(self.left, self.left + width))


def label_codes(labels: AnyArray, meanings: Sequence[Label]) -> ByteArray:
    """``labels`` as the 8-bit codes of their look, 0 for none; with :func:`layer_of_codes` it makes a label layer."""
    return _look_table(tuple(meanings), OverlayStyle()).codes_of(labels)


def layer_of_codes(
    codes: ByteArray,
    meanings: Sequence[Label],
    style: OverlayStyle,
    top: int = 0,
    left: int = 0,
    tight: bool = False,
) -> LabelLayer | None:
    """What ``codes`` (h, w) of :func:`label_codes` look like at the resolution of the screen; None where nothing is to be seen.

    They are the screen's part from (``top``, ``left``) on; ``tight``: little more than the rectangle around what is not 0.
    """
    highest = int(codes.max()) if codes.size and style.visible else 0
    if highest == 0:
        return None
    look = _look_table(tuple(meanings), style)
    edged: ByteArray | None = None
    if highest < _EDGE:
        edged = edged_codes(codes, style.outline_width, tight) if look.outlines.any() else codes
    return LabelLayer(codes, edged, look, style.outline_width, top, left)


def label_layer(labels: AnyArray, meanings: Sequence[Label], style: OverlayStyle) -> LabelLayer | None:
    """``labels`` (h, w) at the resolution of the screen, ready to be drawn as ``style`` says."""
    return layer_of_codes(label_codes(labels, meanings), meanings, style) if style.visible and labels.size else None


def draw_labels(picture: ByteArray, labels: AnyArray, meanings: Sequence[Label], style: OverlayStyle) -> None:
    """Draw ``labels`` (h, w) over a BGRA ``picture`` (h, w, 4) in place as ``style`` says."""
    layer = label_layer(labels, meanings, style)
    if layer is not None:
        _blend(picture, layer)


@lru_cache(maxsize=32)
def _look_table(meanings: tuple[Label, ...], style: OverlayStyle) -> _LookTable:
    return _LookTable.of(meanings, style)


@dataclass(frozen=True, eq=False)
class _LookTable:
    """Colour and opacity by 8-bit code, and the code of each label value (values may need more than 8 bits)."""

    values: tuple[int, ...]
    colours: ByteArray = field(default_factory=lambda: np.zeros((256, 3), np.uint8))
    fills: NDArray[np.float64] = field(default_factory=lambda: np.zeros(256))
    outlines: NDArray[np.float64] = field(default_factory=lambda: np.zeros(256))

    @staticmethod
    def of(meanings: Sequence[Label], style: OverlayStyle) -> _LookTable:
        chosen = dict(style.colours)
        known = {label.value: label.colour for label in meanings if label.value > 0}
        table = _LookTable(tuple(sorted(known)))
        for code in range(1, 256):
            value = table.values[code - 1] if code <= len(table.values) else None
            table.colours[code] = (
                LABEL_COLOURS[code % len(LABEL_COLOURS)] if value is None else chosen.get(value, known[value])
            )
            shown = value is None or value not in style.hidden_labels
            table.fills[code] = style.opacity if shown else 0.0
            table.outlines[code] = style.outline_opacity if shown and style.outline else 0.0
        return table

    @cached_property
    def table(self) -> ByteArray:
        """(65536, 4) BGRA by 256 · code + grey: what a label and its outline make of each grey."""
        codes = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 256, axis=1)
        ramp = np.ascontiguousarray(codes.T)
        picture = bgra_from_grey(ramp)
        colours = self.colours[:, ::-1]
        blend_labels(picture[:_EDGE], codes[:_EDGE], colours, self.fills, np.zeros(256))
        share = np.maximum(self.fills, self.outlines)[:_EDGE, None, None].astype(np.float32)
        share[0] = 0
        drawn = ramp[:_EDGE, :, None] * (1 - share) + colours[:_EDGE, None].astype(np.float32) * share
        picture[_EDGE:, :, :3] = np.floor(drawn + np.float32(0.5)).astype(np.uint8)
        return picture.reshape(-1, 4)

    def codes_of(self, labels: AnyArray) -> ByteArray:
        """Labels without a meaning are drawn too (a segmentation must not hide), after those that have one."""
        top = int(labels.max(initial=0))
        if top == 0:
            return np.zeros(labels.shape, np.uint8)
        if labels.dtype == np.uint8 and self.values[:top] == tuple(range(1, top + 1)):
            return labels
        table = np.zeros(max(top, self.values[-1] if self.values else 0) + 1, np.uint8)
        spare = len(self.values)
        table[1:] = (spare + np.arange(len(table) - 1)) % 255 + 1 if spare < 255 else 255
        for at, value in enumerate(self.values):
            table[value] = at % 255 + 1
        return map_labels(labels, table)
