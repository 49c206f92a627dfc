"""Display values, label maps and marks brought together into one picture of four channels.

Pictures are BGRA, the order of bytes in which screens take them; a colour given to a function here has the picture's order.
"""

from __future__ import annotations

import sys
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_cv: Any = cv2  # its stubs know no element types

AnyArray = NDArray[Any]
ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]

_WIDE_TABLES = int(cv2.__version__.split(".", maxsplit=1)[0]) >= 5
"""OpenCV looks up 16-bit values from its version 5 on, in a third of NumPy's time."""

_HATCH_DARK, _HATCH_LIGHT, _HATCH_PERIOD = 26, 44, 16
"""Grey of the stripes that say "no pixels here", and their distance in px: no image looks like that."""


def blackened(grey: ByteArray, kept: BoolArray) -> ByteArray:
    """(h, w) grey, black where ``kept`` (h, w) is False; the same array, overwritten."""
    np.multiply(grey, kept.view(np.uint8), out=grey)
    return grey


def look_up(values: AnyArray, table: ByteArray) -> ByteArray:
    """(h, w, 4): for each of ``values`` (h, w) its row in ``table`` (256 or 65536, 4).

    int16 is taken for the unsigned number of the same bits.
    """
    wide = values.dtype.itemsize == 2
    index = values.view(np.uint16) if wide else values
    entries = table.view(np.int32)[:, 0]
    found = _cv.LUT(index, entries) if _WIDE_TABLES or not wide else np.take(entries, index)
    return np.asarray(found.view(np.uint8).reshape(*values.shape, 4))


def paired(low: ByteArray, high: ByteArray) -> NDArray[np.uint16]:
    """(h, w) 256 · ``high`` + ``low``."""
    both = _cv.merge([low, high] if sys.byteorder == "little" else [high, low])
    return np.asarray(both.view(np.uint16)[..., 0])


def bgra_from_grey(grey: ByteArray, kept: BoolArray | None = None) -> ByteArray:
    """(h, w) grey to (h, w, 4) opaque, black where ``kept`` (h, w) is False. ``grey`` may be overwritten."""
    return np.asarray(_cv.cvtColor(grey if kept is None else blackened(grey, kept), cv2.COLOR_GRAY2BGRA))


def bgra_from_rgb(rgb: ByteArray, kept: BoolArray | None = None) -> ByteArray:
    """(h, w, 3) RGB to (h, w, 4) opaque, black where ``kept`` (h, w) is False."""
    if kept is not None:
        rgb = rgb * kept.view(np.uint8)[..., None]
    return np.asarray(_cv.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGRA))


def bgra_from_colour_map(grey: ByteArray, table: ByteArray, kept: BoolArray | None = None) -> ByteArray:
    """(h, w) grey through ``table`` (256, 3) RGB to (h, w, 4) opaque, black where ``kept`` is False."""
    picture = look_up(grey, bgra_from_rgb(np.asarray(table, dtype=np.uint8)[None])[0])
    if kept is not None:
        np.multiply(picture[..., :3], kept.view(np.uint8)[..., None], out=picture[..., :3])
    return picture


def tone_grey(grey: ByteArray, tone: ByteArray) -> ByteArray:
    """``tone`` (256,) at each of ``grey`` (h, w)."""
    return np.asarray(_cv.LUT(grey, tone))


def blend_colours(
    picture: ByteArray,
    grey: ByteArray,
    table: ByteArray,
    shares: NDArray[np.float64],
    where: BoolArray | None = None,
) -> None:
    """Lay ``grey`` (h, w) through ``table`` (256, 3) RGB over ``picture`` (h, w, 4) BGRA in place.

    ``shares`` (256,) 0 to 1: how much of the new colour is seen at each grey; ``where`` (h, w): only there.
    """
    mask = None if where is None else where.view(np.uint8)
    share = float(shares[0])
    if np.all(shares == share):
        colours = look_up(grey, bgra_from_rgb(np.asarray(table, dtype=np.uint8)[None])[0])
        mixed = _cv.addWeighted(picture, 1 - share, colours, share, 0)
    else:
        # The colours come multiplied by their share already, so that one product and one sum are left.
        left = np.floor((1 - shares) * 255 + 0.5).astype(np.uint8)
        own = np.floor(table * (255 - left.astype(np.float64))[:, None] / 255 + 0.5).astype(np.uint8)
        kept = _cv.multiply(picture, look_up(grey, np.repeat(left[:, None], 4, axis=1)), scale=1 / 255)
        colours = look_up(grey, bgra_from_rgb(own[None])[0])
        mixed = _cv.add(kept, colours)
    if mask is None:
        picture[...] = mixed
    else:
        _cv.copyTo(mixed, mask, picture)


def rgba_from_bgra(picture: ByteArray) -> ByteArray:
    """The same picture with red first, as files want it."""
    return np.asarray(_cv.cvtColor(picture, cv2.COLOR_BGRA2RGBA))


def map_labels(labels: AnyArray, table: ByteArray) -> ByteArray:
    """``table[labels]`` for non-negative integers; values beyond the table take its last entry."""
    if labels.dtype == np.uint8:
        whole = np.full(256, table[-1], np.uint8)
        whole[: min(256, len(table))] = table[:256]
        return np.asarray(_cv.LUT(labels, whole))
    return np.take(table, labels, mode="clip")


def label_outline(labels: AnyArray, width: int = 1) -> BoolArray:
    """(h, w) True on the pixels of a label (not 0) that touch, within ``width`` px, another label or nothing.

    The picture's border is no outline.
    """
    coded = labels.astype(np.uint8) if labels.dtype == np.bool_ else labels
    cross = _cv.getStructuringElement(_cv.MORPH_CROSS, (3, 3))
    high = _cv.dilate(coded, cross, iterations=width)
    low = _cv.erode(coded, cross, iterations=width)
    return np.asarray((coded > 0) & (high != low))


def edged_codes(codes: ByteArray, width: int = 1, tight: bool = False) -> ByteArray:
    """``codes`` (h, w) below 128 with 128 added on :func:`label_outline`, where it runs beside a label also on the 0.

    ``tight``: they are known to be little more than the rectangle around what is not 0, which is then not looked for.
    """
    edged = codes.copy()
    x, y, w, h = (0, 0, *codes.shape[::-1]) if tight else _cv.boundingRect(codes)
    x0, y0 = max(0, x - width), max(0, y - width)
    around = codes[y0 : y + h + width, x0 : x + w + width]
    cross = _cv.getStructuringElement(_cv.MORPH_CROSS, (3, 3))
    change = _cv.morphologyEx(around, _cv.MORPH_GRADIENT, cross, iterations=width)
    _, edge = _cv.threshold(change, 0, 128, _cv.THRESH_BINARY, dst=change)
    part = edged[y0 : y + h + width, x0 : x + w + width]
    part |= edge
    return edged


def blend_labels(
    picture: ByteArray,
    labels: NDArray[np.uint8],
    colours: ByteArray,
    opacities: NDArray[np.float64],
    outlines: NDArray[np.float64],
    *,
    outline_width: int = 1,
) -> None:
    """Draw ``labels`` (h, w) over ``picture`` (h, w, 4) in place.

    ``colours`` (256, 3), ``opacities`` (256,) of the fill and ``outlines`` (256,) of the outline, both 0 to 1, are
    indexed by label. Only the rectangle that holds labels is touched.
    """
    x, y, w, h = _cv.boundingRect(labels)
    if w == 0 or h == 0:
        return
    part = np.ascontiguousarray(labels[y : y + h, x : x + w])
    target = picture[y : y + h, x : x + w]
    layer = look_up(part, bgra_from_rgb(colours[None, :, ::-1].astype(np.uint8))[0])
    fills, edges = (np.asarray(values, dtype=np.float64).copy() for values in (opacities, outlines))
    fills[0] = edges[0] = 0.0
    outline = None
    if edges.any():
        # One pixel of surrounding, so that a label at the rectangle's border sees the nothing beside it.
        x0, y0 = max(0, x - outline_width), max(0, y - outline_width)
        wider = np.ascontiguousarray(labels[y0 : y + h + outline_width, x0 : x + w + outline_width])
        inner = label_outline(wider, outline_width)[y - y0 : y - y0 + h, x - x0 : x - x0 + w]
        row, column = np.divmod(np.flatnonzero(inner), w)
        outline = (row, column, target[row, column, :3].astype(np.float32))
    for opacity in np.unique(fills[1:]):
        if opacity > 0:
            # Labels of one opacity are mixed at once, whole rows at a time, and kept where those labels are.
            chosen = np.where(fills == opacity, np.uint8(255), np.uint8(0))
            where = part if chosen[1:].all() else _cv.LUT(part, chosen)
            _cv.copyTo(_cv.addWeighted(target, 1 - opacity, layer, opacity, 0), where, target)
    if outline is not None:
        row, column, ground = outline
        codes = part[row, column]
        share = np.maximum(fills, edges)[codes].astype(np.float32)[:, None]
        drawn = ground * (1 - share) + colours[codes].astype(np.float32) * share
        target[row, column, :3] = np.floor(drawn + np.float32(0.5)).astype(np.uint8)


def draw_hatch(picture: ByteArray, where: BoolArray) -> None:
    """Fill ``where`` (h, w) of ``picture`` in place with the stripes that stand for pixels that are not there."""
    if not where.any():
        return
    h, w = where.shape
    diagonal = (np.arange(h)[:, None] + np.arange(w)[None, :]) % _HATCH_PERIOD
    grey = np.where(diagonal < _HATCH_PERIOD // 2, np.uint8(_HATCH_DARK), np.uint8(_HATCH_LIGHT))
    for c in range(3):
        picture[..., c][where] = grey[where]


def draw_box(
    picture: ByteArray,
    box: tuple[float, float, float, float],
    colour: tuple[int, int, int],
    width: int = 1,
    dashed: bool = True,
) -> None:
    """Draw the rectangle ``box`` (x0, y0, x1, y1) in px, borders of pixels at ±0.5, over ``picture`` in place."""
    x0, y0, x1, y1 = (round(value) for value in box)
    for distance in range(width):
        _draw_rectangle(picture, (x0 - distance, y0 - distance, x1 + distance, y1 + distance), colour, dashed)


def _draw_rectangle(
    picture: ByteArray, box: tuple[int, int, int, int], colour: tuple[int, int, int], dashed: bool
) -> None:
    x0, y0, x1, y1 = box
    h, w = picture.shape[:2]
    xs, ys = np.arange(max(0, x0), min(w - 1, x1) + 1), np.arange(max(0, y0), min(h - 1, y1) + 1)
    if dashed:
        xs, ys = xs[(xs - x0) % 6 < 4], ys[(ys - y0) % 6 < 4]
    for y in (y0, y1):
        if 0 <= y < h:
            picture[y, xs, :3] = colour
    for x in (x0, x1):
        if 0 <= x < w:
            picture[ys, x, :3] = colour
