"""What lies along a viewport's edges: orientation letters, centimetre scales and the slider of slices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from medview.app.shown_slice import ShownSlice, sides_are_known
from medview.app.view_transform import ViewTransform
from medview.core.plane import EdgeLetters, edge_letters, edge_letters_of_orientation
from medview.core.study import SpacingKind, Stack
from medview.core.volume import SliceState
from medview.ui.canvas import Canvas
from medview.ui.measurement_items import spacing_text
from medview.ui.text import shown_number
from medview.ui.viewport_style import (
    FAILED,
    HANDLE,
    LETTER,
    SCALE,
    SLIDER_WIDTH,
    TRACK,
    TRACK_LOADED,
)

translate = QCoreApplication.translate


def letters_of(shown: ShownSlice, transform: ViewTransform, stack: Stack) -> EdgeLetters:
    """The letters from the transform that is on the screen now: turns, mirroring and planes are in it.

    Where a slice has no place in space the file's Patient Orientation (PS3.3 C.7.6.1.1.1) is turned along.
    """
    if not sides_are_known(stack) or shown.surface is not None:
        return EdgeLetters()  # along a path every side changes on the way
    if shown.plane is not None:
        return edge_letters(shown.plane, transform.inverse)
    if stack.context.patient_orientation is not None:
        return edge_letters_of_orientation(stack.context.patient_orientation, transform.inverse)
    return EdgeLetters()


NO_SCALE = 240.0
"""Px of width below which two corners leave no room for a scale between them."""


def draw_letters(canvas: Canvas, letters: EdgeLetters, taken: Sequence[QRectF] = ()) -> None:
    """Letters in the middle of each edge; minor axes as a small suffix. The left one keeps above what is ``taken``."""
    width, height = canvas.width, canvas.height
    large, small = canvas.fonts.large, canvas.fonts.small
    line = large.height
    reach = max(large.width(one) for one in ("L", "R", "A", "P", "H", "F"))

    def draw(letters_at: str, x: float, y: float, align: float) -> None:
        if not letters_at:
            return
        total = large.width(letters_at[0]) + small.width(letters_at[1:])
        start = x - align * total
        start += canvas.words(start, y, letters_at[0], LETTER, large)
        drop = large.ascent - small.ascent
        canvas.words(start, y + drop + 1, letters_at[1:], LETTER, small)

    left_y = height / 2 - line / 2
    place = QRectF(20, left_y, 24, line)
    above = [one.top() for one in taken if one.intersects(place)]
    draw(letters.left, 20, min([left_y, *(top - line - 2 for top in above)]), 0.0)
    draw(letters.right, width - 18, height / 2 - line / 2, 1.0)
    draw(letters.top, width / 2 - reach / 2, 6, 0.0)
    # In a tile that has no room for a scale the letter stands between the corners' lowest words, clear of the marks above.
    draw(letters.bottom, width / 2 - reach / 2, height - (6 if width < NO_SCALE else 20) - line, 0.0)


NICE_MM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)


def scale_length_mm(available_px: float, px_per_mm: float) -> float | None:
    """The longest round length that fits; None where even the shortest does not."""
    fitting = [length for length in NICE_MM if length * px_per_mm <= available_px]
    return fitting[-1] if fitting else None


def scale_px_per_mm(shown: ShownSlice, transform: ViewTransform) -> float | None:
    """Screen px for one measured mm; None where the spacing is unknown or differs from what is drawn."""
    if shown.measure_mm is None:
        return None
    ratio = shown.pixel_mm[1] / shown.measure_mm[1]
    if not math.isclose(shown.pixel_mm[0] / shown.measure_mm[0], ratio, rel_tol=1e-3):
        return None
    return transform.scale * ratio


def draw_scales(
    canvas: Canvas,
    px_per_mm: float,
    kind: SpacingKind = "patient",
    across: tuple[float, float] | None = None,
    upright: tuple[float, float] | None = None,
    *,
    on_right: bool = False,
) -> None:
    """A scale along the bottom and one at the left, or with ``on_right`` at the right, in the middle of its edge, with ten ticks.

    The one at the bottom says what its mm are, where they are not mm in the patient; where there is no room for it the
    upright one does. ``across`` and ``upright``: (from, to) px that words leave free, None for the whole edge.
    """
    small = canvas.fonts.small
    width, height = canvas.width, canvas.height
    across, upright = across or (0.0, width), upright or (0.0, height)
    room = min(width * 0.34, across[1] - across[0])
    length_mm = scale_length_mm(room, px_per_mm)
    label = "" if length_mm is None else scale_label(length_mm, kind)
    is_told = length_mm is not None and small.width(label) <= across[1] - across[0]
    if length_mm is not None and is_told:
        length = length_mm * px_per_mm
        x0 = min(max(width / 2 - length / 2, across[0]), across[1] - length)
        x = min(max(x0 + length - small.width(label), across[0]), across[1] - small.width(label))
        y = height - 15 - small.height
        if x < width / 2 + 10 and x + small.width(label) > width / 2 - 10:
            # Under the letter in the middle a short scale has its label beside it, or it has none.
            x, y = x0 + length + 5, height - 5 - small.height
        if x + small.width(label) <= across[1]:
            canvas.words(x, y, label, SCALE, small)
        else:
            is_told = False
        if is_told:
            _draw_scale(canvas, x0, height - 7, length, upright=False)
    high_mm = scale_length_mm(min(height * 0.34, upright[1] - upright[0]), px_per_mm)
    if high_mm is None:
        return
    length = high_mm * px_per_mm
    y0 = min(max(height / 2 - length / 2, upright[0]), upright[1] - length)
    label = scale_label(high_mm, kind)
    if not is_told:
        if y0 - small.height - 2 < upright[0]:
            return  # a scale that says nothing is none
        canvas.words(width - 14 - small.width(label) if on_right else 7.0, y0 - small.height - 2, label, SCALE, small)
    _draw_scale(canvas, width - 14.0 if on_right else 7.0, y0, length, upright=True)


def scale_label(length_mm: float, kind: SpacingKind) -> str:
    """How long a scale is, and what its mm are where they are not those of the patient."""
    label = (
        translate("Viewport", "{n} cm").format(n=shown_number(length_mm / 10, "g"))
        if length_mm >= 10
        else f"{shown_number(length_mm, 'g')} mm"
    )
    return f"{label} {spacing_text(kind)}".strip()


def _draw_scale(canvas: Canvas, x: float, y: float, length: float, upright: bool) -> None:
    """A scale's line and its ticks, with a dark halo."""
    left, top = math.floor(x) - 3, math.floor(y) - (3 if upright else 10)
    place = QRectF(left, top, 14, length + 8) if upright else QRectF(left, top, length + 8, 14)

    def draw(painter: QPainter) -> None:
        end = QPointF(x, y + length) if upright else QPointF(x + length, y)
        lines = [QLineF(QPointF(x, y), end), *_ticks(x, y, length, upright)]
        halo = QPen(QColor(0, 0, 0, 170), 3.0)
        halo.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(halo)
        painter.drawLines(lines)
        painter.setPen(QPen(SCALE, 1.0))
        painter.drawLines(lines)

    canvas.kept(("scale", x - left, y - top, length, upright), place, draw)


def _ticks(x: float, y: float, length: float, upright: bool) -> list[QLineF]:
    ticks = []
    for step in range(11):
        at = length * step / 10
        reach = 6.0 if step in {0, 5, 10} else 3.5
        if upright:
            ticks.append(QLineF(x, y + at, x + reach, y + at))
        else:
            ticks.append(QLineF(x + at, y, x + at, y - reach))
    return ticks


# ---------------------------------------------------------------------- slider


def slider_rect(size: tuple[float, float]) -> QRectF:
    """Where the slider's track lies."""
    return QRectF(size[0] - SLIDER_WIDTH - 3, 6, SLIDER_WIDTH, size[1] - 12)


def index_at_slider(size: tuple[float, float], y: float, count: int) -> int:
    """The 0-based slice at height ``y`` of the track."""
    track = slider_rect(size)
    share = (y - track.top()) / max(track.height(), 1)
    return max(0, min(count - 1, math.floor(share * count)))


def draw_slider(
    canvas: Canvas,
    index: int,
    count: int,
    states: NDArray[np.uint8] | None,
    hovered: bool,
) -> None:
    """The track with what is loaded (brighter) and what failed (red), and the handle at the shown slice.

    ``states`` (count,) by `SliceState`; None: everything is loaded.
    """
    if count < 2:
        return
    track = slider_rect((canvas.width, canvas.height))
    if hovered:
        track.adjust(-2, 0, 0, 0)

    def draw_track(painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(TRACK)
        painter.drawRoundedRect(track, 2, 2)
        for start, stop, state in _runs(states, count):
            if state == SliceState.WAITING:
                continue
            painter.setBrush(FAILED if state == SliceState.FAILED else TRACK_LOADED)
            top = track.top() + track.height() * start / count
            bottom = track.top() + track.height() * stop / count
            painter.drawRect(QRectF(track.left(), top, track.width(), max(bottom - top, 1.0)))

    canvas.kept(("track", None if states is None else states.tobytes(), count), track, draw_track)
    middle = track.top() + track.height() * (index + 0.5) / count
    tall = max(track.height() / count, 10.0)
    handle = QRectF(track.left() - 1.5, 0, track.width() + 3, tall)
    handle.moveCenter(QPointF(track.center().x(), middle))
    handle.moveTop(max(track.top(), min(handle.top(), track.bottom() - tall)))

    def draw_handle(painter: QPainter) -> None:
        painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
        painter.setBrush(HANDLE)
        painter.drawRoundedRect(handle, 2.5, 2.5)

    canvas.kept(("handle", tall), handle.adjusted(-0.5, -0.5, 0.5, 0.5), draw_handle)


def _runs(states: NDArray[np.uint8] | None, count: int) -> list[tuple[int, int, int]]:
    """(start, stop, state) of equal neighbours."""
    if states is None:
        return [(0, count, int(SliceState.LOADED))]
    borders = [0, *(np.flatnonzero(np.diff(states)) + 1).tolist(), len(states)]
    return [(a, b, int(states[a])) for a, b in itertools.pairwise(borders) if b > a]
