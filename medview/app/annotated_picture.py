"""What is drawn on a picture of a report: boxes, outlines, their numbers, orientation letters, a scale; without a screen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.plane import EdgeLetters
from medview.kernels.lettering import stretched, text_extent, write_text
from medview.kernels.lines import Paint, draw_polyline

Picture = NDArray[np.uint8]
FloatArray = NDArray[np.float64]
DARK = (0, 0, 0)
LIGHT = (225, 228, 232)
DASH = 9


def enlarged(picture: Picture, aspect: float, long_side: int) -> tuple[Picture, tuple[float, float]]:
    """(the picture (h, w, 4) with square pixels and at least ``long_side`` px, (x, y) px of it for one pixel)."""
    rows, columns = picture.shape[:2]
    tall = rows * max(aspect, 1e-3)
    scale = max(1.0, long_side / max(tall, columns))
    size = (max(1, round(columns * scale)), max(1, round(tall * scale)))
    if size == (columns, rows):
        return picture, (1.0, 1.0)
    return stretched(picture, size), (size[0] / columns, size[1] / rows)


def placed(points: FloatArray, scale: tuple[float, float]) -> FloatArray:
    """Image points (n, 2), integers at pixel centres, on an enlarged picture."""
    found: FloatArray = (points + 0.5) * np.asarray(scale) - 0.5
    return found


def line_width(picture: Picture) -> int:
    """So that a line is seen where the picture is printed three inches wide."""
    return max(1, int(max(picture.shape[:2])) // 300)


def draw_outline(picture: Picture, points: FloatArray, closed: bool, colour: Paint, dashed: bool = False) -> None:
    """A line through points (n, 2) of the picture with a dark seam, in place."""
    width = line_width(picture)
    draw_polyline(picture, points, closed, DARK, width + 2)
    if not dashed:
        draw_polyline(picture, points, closed, colour, width)
        return
    ends = np.vstack([points, points[:1]]) if closed else points
    for start, stop in itertools.pairwise(ends):
        length = float(np.linalg.norm(stop - start))
        steps = max(1, int(length // (DASH * width)))
        for at in range(0, steps, 2):
            part = [start + (stop - start) * share for share in (at / steps, min(1.0, (at + 1) / steps))]
            draw_polyline(picture, np.array(part), False, colour, width)


def draw_tag(picture: Picture, text: str, corner: tuple[float, float], colour: Paint, taken: list[Any]) -> None:
    """A number beside the corner (x, y) of what it is of, inside the picture and over no other one, in place."""
    scale = max(picture.shape[:2]) / 900
    width, height, base = text_extent(text, scale)
    rows, columns = picture.shape[:2]
    x = min(max(round(corner[0]) + 5, 2), columns - width - 4)
    y = min(max(round(corner[1]) - 4, height + 3), rows - base - 2)
    while any(abs(x - a) < width + 4 and abs(y - b) < height + 4 for a, b in taken) and y + height + 6 < rows:
        y += height + 6
    taken.append((x, y))
    _write(picture, text, (x, y), colour, scale)


def draw_letters(picture: Picture, letters: EdgeLetters) -> None:
    """Orientation letters at the middle of the edges, in place."""
    rows, columns = picture.shape[:2]
    scale = max(rows, columns) / 800
    for text, x, y in (
        (letters.left, 0.0, 0.5),
        (letters.right, 1.0, 0.5),
        (letters.top, 0.5, 0.0),
        (letters.bottom, 0.5, 1.0),
    ):
        if text:
            width, height, _base = text_extent(text, scale)
            left = round(6 + x * (columns - width - 12))
            _write(picture, text, (left, round(height + 6 + y * (rows - height - 12))), LIGHT, scale)


def draw_scale(picture: Picture, mm_per_px: float) -> None:
    """A bar of a round number of mm at the lower left, in place; nothing where mm are not known."""
    rows, columns = picture.shape[:2]
    if not (math.isfinite(mm_per_px) and mm_per_px > 0):
        return
    fits = [one for one in (1, 2, 5, 10, 20, 50, 100) if one / mm_per_px <= columns * 0.25]
    if not fits or fits[-1] / mm_per_px < 12:
        return
    y, x = rows - round(rows * 0.03) - 2, round(columns * 0.03) + 4
    bar = np.array([[x, y], [x + fits[-1] / mm_per_px, y]], np.float64)
    draw_outline(picture, bar, False, LIGHT)
    scale = max(rows, columns) / 1100
    _write(picture, f"{fits[-1]} mm", (x, y - round(10 * scale) - 3), LIGHT, scale)


def cropped(picture: Picture, box: Sequence[float], least: float) -> tuple[Picture, tuple[float, float]] | None:
    """(the part around a box (x0, y0, x1, y1) px, of the whole's shape, and its corner); None where it is no smaller."""
    rows, columns = picture.shape[:2]
    share = max((box[2] - box[0]) * 2.2 / columns, (box[3] - box[1]) * 2.2 / rows, least / min(rows, columns))
    if share > 0.45:
        return None
    width, height = math.ceil(share * columns), math.ceil(share * rows)
    x = round(min(max((box[0] + box[2] - width) / 2, 0), columns - width))
    y = round(min(max((box[1] + box[3] - height) / 2, 0), rows - height))
    return np.ascontiguousarray(picture[y : y + height, x : x + width]), (float(x), float(y))


def _write(picture: Picture, text: str, place: tuple[int, int], colour: Paint, scale: float) -> None:
    write_text(picture, text, place, colour, DARK, scale)
