"""The one composition of a viewport's picture: window, padding, labels and boxes to RGBA, and the window's default.

The window on the screen and ``medview render`` both draw with this, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.core.cut import Slice
from medview.core.finding import LABEL_COLOURS, Colour, Label
from medview.core.study import Stack
from medview.core.volume import AnyArray, Volume
from medview.core.window import Voi, VoiLut, Window
from medview.kernels.compose import (
    blackened,
    blend_labels,
    draw_box,
    draw_hatch,
    map_labels,
    rgba_from_colour_map,
    rgba_from_grey,
    rgba_from_rgb,
)
from medview.kernels.sample2d import only_inside, sample_region
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


Overlay = tuple[AnyArray, Sequence[Label], OverlayStyle]


# The window ----------------------------------------------------------------------------------------------------------


def declared_window(stack: Stack, frame: int, preset: Voi | None = None) -> Voi | None:
    """The window that is known without the pixels of ``frame`` (index into ``stack.frames``); None where there is none.

    The file's first for this frame, else ``preset`` of the modality (without one the built-in for CT in HU and PET in
    SUV); 8-bit values without a transform are drawn as they are.
    """
    if stack.components > 1:
        return IDENTITY_WINDOW
    of_file = stack.voi_of(frame)
    if of_file:
        return of_file[0]
    chosen = preset or _MODALITY_WINDOWS.get((stack.context.modality, stack.unit))
    if chosen is not None:
        return chosen
    plain = stack.transform.lut is None and stack.transform.slope_intercept(frame) == (1.0, 0.0)
    return IDENTITY_WINDOW if stack.dtype == "uint8" and plain else None


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
    values, inside = sample_region(piece.values, screen_to_slice, size, smooth=smooth)
    if piece.coverage.all():
        coverage: BoolArray = inside
    else:
        coverage = inside & sample_region(piece.coverage, screen_to_slice, size, nearest=True)[0]
    missing = padding = None
    if piece.missing is not None:
        missing = inside & sample_region(piece.missing, screen_to_slice, size, nearest=True)[0]
    if piece.padding is not None and piece.padding.any():
        padding = inside & sample_region(piece.padding, screen_to_slice, size, nearest=True)[0]
    return SampledSlice(values, coverage, missing, padding)


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
) -> ByteArray:
    """Compose an opaque RGBA picture (h, w, 4).

    ``values`` (h, w) are windowed by ``voi`` and drawn grey, or through ``colour_map`` (256, 3); RGB (h, w, 3) uint8 is
    windowed only where ``voi`` is given. Outside ``coverage`` and on ``padding`` the ground is black whatever the
    window, on ``missing`` it is hatched. Then ``overlays``, each (labels (h, w), meanings, style), and ``boxes``.
    """
    if values.ndim == 3:
        windowed = voi is not None and voi != IDENTITY_WINDOW
        rgb = apply_voi(values, voi) if windowed and voi is not None else np.asarray(values, dtype=np.uint8)
        rgba = rgba_from_rgb(255 - rgb if inverted else rgb, _kept(coverage, padding))
    elif colour_map is None:
        rgba = rgba_from_grey(compose_grey(values, coverage, voi, inverted, padding))
    else:
        grey = apply_voi(values, voi if voi is not None else IDENTITY_WINDOW, inverted)
        rgba = rgba_from_colour_map(grey, colour_map, _kept(coverage, padding))
    if missing is not None:
        draw_hatch(rgba, missing)
    for labels, meanings, style in overlays:
        draw_overlay(rgba, labels, meanings, style)
    for box in boxes:
        draw_box(rgba, box.box, box.colour, box.width, box.dashed)
    return rgba


def compose_grey(
    values: AnyArray,
    coverage: BoolArray,
    voi: Voi | None,
    inverted: bool = False,
    padding: BoolArray | None = None,
) -> ByteArray:
    """(h, w) grey: what :func:`compose_picture` gives in each channel where nothing lies over the image.

    A quarter of the bytes, for a screen that takes grey.
    """
    grey = apply_voi(values, voi if voi is not None else IDENTITY_WINDOW, inverted)
    kept = _kept(coverage, padding)
    return grey if kept is None else blackened(grey, kept)


def _kept(coverage: BoolArray, padding: BoolArray | None) -> BoolArray | None:
    """(h, w) where there is image; None where it is everywhere."""
    if padding is not None:
        return coverage & ~padding
    return None if coverage.all() else coverage


def draw_overlay(rgba: ByteArray, labels: AnyArray, meanings: Sequence[Label], style: OverlayStyle) -> None:
    """Draw ``labels`` (h, w) over ``rgba`` (h, w, 4) in place as ``style`` says."""
    if not style.visible or labels.size == 0:
        return
    look = _look_table(tuple(meanings), style)
    codes = look.codes_of(labels)
    blend_labels(rgba, codes, look.colours, look.fills, look.outlines, outline_width=style.outline_width)


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

    def codes_of(self, labels: AnyArray) -> ByteArray:
        """Labels without a meaning are drawn too (a segmentation must not hide), after those that have one."""
        top = int(labels.max())
        if top == 0:
            return np.zeros(labels.shape, np.uint8)
        table = np.zeros(max(top, self.values[-1] if self.values else 0) + 1, np.uint8)
        spare = len(self.values)
        table[1:] = (spare + np.arange(len(table) - 1)) % 255 + 1 if spare < 255 else 255
        for at, value in enumerate(self.values):
            table[value] = at % 255 + 1
        return map_labels(labels, table)
