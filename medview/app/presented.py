"""Images as a presentation state says: values, window and orientation, what is shown of them and what is drawn over them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.picture import CutSlice, serial
from medview.app.shown_slice import ShownSlice
from medview.app.view_transform import fit_scale, orientation_matrix
from medview.app.viewport_state import ViewportView
from medview.core.cut import Slice
from medview.core.presentation_state import (
    Annotation,
    GraphicMark,
    PresentationState,
    TextMark,
    Units,
    full_range,
    placed_bits,
    shutter_mask,
    with_presentation_lut,
)
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.core.window import Voi
from medview.kernels.lines import draw_cross, draw_polyline, fill_polygon
from medview.kernels.sample2d import sample_region

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

_CROSS_PX = 6


def presented_slice(state: PresentationState, volume: Volume, k: int, piece: Slice) -> Slice:
    """A slice with modality values as the state makes them of the stored values (PS3.3 C.11.1)."""
    if state.modality is None or volume.is_colour or not volume.is_loaded(k):
        return piece
    return replace(piece, values=state.modality.apply(volume.stored[k], 0))


def presented_voi(
    state: PresentationState, sop_uid: str, frame: int, bits: int, signed: bool, is_colour: bool
) -> Voi | None:
    """The window, VOI LUT and Presentation LUT of a state as one; None for colour."""
    if is_colour or state.modality is None:
        return None
    voi = state.voi_of(sop_uid, frame) or full_range(state.modality, bits, signed)
    return voi if state.lut is None else _folded(voi, state.lut.tobytes())


@lru_cache(maxsize=8)
def _folded(voi: Voi, lut: bytes) -> Voi:
    try:
        return with_presentation_lut(voi, np.frombuffer(lut, np.float64))
    except ValueError:
        return voi


@dataclass(frozen=True, eq=False)
class PresentationLayer:
    """The state's shutter, overlay planes and annotations over an image that it refers to."""

    state: PresentationState
    sop_uid: str
    frame: int

    @property
    def token(self) -> Hashable:
        """Differs where what is drawn differs."""
        return ("presentation", serial(self.state), self.sop_uid, self.frame)

    def draw(self, bgra: ByteArray, shown: ShownSlice, screen_to_image: FloatArray) -> None:
        """Shutter first, then planes, then lines and words in the order of their layers."""
        state = self.state
        size = (bgra.shape[0], bgra.shape[1])
        if state.shutter is not None:
            hidden, inside = sample_region(
                shutter_mask(state.shutter, shown.shape).view(np.uint8), screen_to_image, size, nearest=True
            )
            bgra[(hidden > 0) & inside, :3] = state.shutter.grey
        for plane in state.planes:
            bits, inside = sample_region(
                placed_bits(plane, shown.shape).view(np.uint8), screen_to_image, size, nearest=True
            )
            bgra[(bits > 0) & inside, :3] = plane.colour[::-1]
        frame = _Frame(state, self.sop_uid, self.frame, shown.shape, screen_to_image)
        words: list[tuple[float, float, str, tuple[int, int, int]]] = []
        for annotation in state.annotations_of(self.sop_uid, self.frame):
            words += _draw_annotation(bgra, annotation, frame)
        if words:
            _write_words(bgra, words)


class _Frame:
    """Takes what a state writes in to the picture's pixels."""

    def __init__(
        self, state: PresentationState, sop_uid: str, frame: int, shape: tuple[int, int], screen_to_image: FloatArray
    ) -> None:
        area = state.area_of(sop_uid, frame)
        rows, columns = shape
        first, last = (area.first, area.last) if area is not None else ((1, 1), (columns, rows))
        self._corner = np.array([first[0] - 1.5, first[1] - 1.5])
        self._extent = np.array([last[0] - first[0] + 1.0, last[1] - first[1] + 1.0])
        self._turn = np.linalg.inv(orientation_matrix(state.view_rotation, state.flip))
        linear = np.linalg.inv(screen_to_image[:, :2])
        self._linear, self._shift = linear, -(linear @ screen_to_image[:, 2])

    def to_screen(self, points: FloatArray, units: Units) -> FloatArray:
        """(n, 2) points in PIXEL or DISPLAY units as pixels of the picture."""
        if units == "DISPLAY":
            # The displayed area is what is seen after turning and mirroring.
            centred = (points - 0.5) @ self._turn.T + 0.5
            image = self._corner + centred * self._extent
        else:
            image = points - 0.5
        return np.asarray(image @ self._linear.T + self._shift)


def _draw_annotation(
    bgra: ByteArray, annotation: Annotation, frame: _Frame
) -> list[tuple[float, float, str, tuple[int, int, int]]]:
    red, green, blue = annotation.colour
    colour = (blue, green, red)
    for mark in annotation.marks:
        _draw_mark(bgra, mark, frame, colour)
    words = []
    for text in annotation.texts:
        at = _draw_text_frame(bgra, text, frame, colour)
        words.append((*at, text.text, (blue, green, red)))
    return words


def _draw_mark(bgra: ByteArray, mark: GraphicMark, frame: _Frame, colour: tuple[int, int, int]) -> None:
    points = _outline(mark)
    on_screen = frame.to_screen(points, mark.units)
    if mark.kind == "point":
        draw_cross(bgra, on_screen[0], colour, 2 * _CROSS_PX, 2)
        return
    closed = mark.kind in {"circle", "ellipse"} or bool(np.allclose(points[0], points[-1]))
    if mark.filled and closed:
        fill_polygon(bgra, on_screen, colour)
    draw_polyline(bgra, on_screen, closed, (0, 0, 0), 4)
    draw_polyline(bgra, on_screen, closed, colour, 2)


def _outline(mark: GraphicMark) -> FloatArray:
    """The points to join: curves as many short lines."""
    points = mark.points
    if mark.kind == "circle":
        radius = float(np.linalg.norm(points[1] - points[0]))
        angle = np.linspace(0, 2 * np.pi, 129)
        return np.asarray(points[0] + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    if mark.kind == "ellipse":
        centre = points[:4].mean(axis=0)
        major, minor = (points[1] - points[0]) / 2, (points[3] - points[2]) / 2
        angle = np.linspace(0, 2 * np.pi, 129)[:, None]
        return np.asarray(centre + np.cos(angle) * major + np.sin(angle) * minor)
    if mark.kind == "interpolated" and len(points) > 2:
        return _smooth(points)
    return points


def _smooth(points: FloatArray) -> FloatArray:
    """A curve through the points (centripetal Catmull–Rom)."""
    closed = bool(np.allclose(points[0], points[-1]))
    ends = (points[-2], points[1]) if closed else (2 * points[0] - points[1], 2 * points[-1] - points[-2])
    p = np.concatenate([[ends[0]], points, [ends[1]]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*parts, points[-1:]])


def _draw_text_frame(
    bgra: ByteArray, text: TextMark, frame: _Frame, colour: tuple[int, int, int]
) -> tuple[float, float]:
    """Draw the line from a visible anchor to the box; returns where the words begin."""
    start = None
    if text.box is not None:
        corners = frame.to_screen(np.array([[text.box[0], text.box[1]], [text.box[2], text.box[3]]]), text.box_units)
        start = corners.min(axis=0)
    if text.anchor is not None:
        anchor = frame.to_screen(np.array([text.anchor]), text.anchor_units)[0]
        if start is None:
            start = anchor + 4
        if text.anchor_visible:
            draw_polyline(bgra, np.array([anchor, start]), False, colour, 1)
            draw_cross(bgra, anchor, colour, 2 * _CROSS_PX, 1)
    place = start if start is not None else np.zeros(2)
    return (float(place[0]), float(place[1]))


def _write_words(bgra: ByteArray, words: list[tuple[float, float, str, tuple[int, int, int]]]) -> None:
    from medview.core.plain_text import visible_text
    from medview.formats.picture_writing import write_lines

    write_lines(bgra, [(x, y, visible_text(text, 500), colour) for x, y, text, colour in words])


def presented_cut(state: PresentationState, volume: Volume, shown: ShownSlice, cut: CutSlice) -> CutSlice:
    """What is drawn of a slice under a state; a slice that filters have changed keeps the filters' values."""
    if cut.filtered or shown.k is None:
        return cut
    return CutSlice(cut.original, presented_slice(state, volume, shown.k, cut.shown), False, cut.pending, cut.error)


def active_state(view: ViewportView, shown: ShownSlice | None) -> PresentationState | None:
    """The reader's presentation state where it says how the shown slice is to be shown: acquired images only."""
    state = view.presentation
    if state is None or shown is None or shown.plane_kind != "acquired" or shown.slab is not None:
        return None
    return state if state.applies_to(shown.sop_uid, shown.frame_in_file) else None


def voi_of_stack(state: PresentationState, stack: Stack, shown: ShownSlice, is_colour: bool) -> Voi | None:
    """The state's window for a slice of a stack."""
    source = stack.frames[shown.frame or 0]
    pixels = getattr(source, "pixels", None)
    bits, signed = (pixels.bits_stored, pixels.signed) if pixels is not None else (16, False)
    return presented_voi(state, shown.sop_uid, shown.frame_in_file, bits, signed, is_colour)


def view_for_state(
    state: PresentationState, shown: ShownSlice, viewport: tuple[float, float], device_px_per_mm: float | None
) -> dict[str, Any]:
    """What a viewport of (width, height) px takes over when a state is chosen: turn, mirror, displayed area."""
    values: dict[str, Any] = {
        "rotation": state.view_rotation, "flip": state.flip, "zoom": 1.0, "pixel_scale": None, "pan": (0.0, 0.0), "voi": None,
        "invert": False, "plane_kind": "acquired",
    }  # fmt: skip
    area = state.area_of(shown.sop_uid, shown.frame_in_file)
    rows, columns = shown.shape
    if area is None or area.last[0] < area.first[0] or area.last[1] < area.first[1]:
        return values
    mm_y, mm_x = shown.pixel_mm
    middle_x, middle_y = (area.first[0] + area.last[0]) / 2 - 1, (area.first[1] + area.last[1]) / 2 - 1
    values["pan"] = ((middle_x - (columns - 1) / 2) * mm_x, (middle_y - (rows - 1) / 2) * mm_y)
    if area.mode == "MAGNIFY":
        values["pixel_scale"] = area.magnification
    elif area.mode == "TRUE SIZE" and area.spacing is not None and device_px_per_mm:
        values["pixel_scale"] = min(area.spacing) * device_px_per_mm
    else:
        extent = (area.last[1] - area.first[1] + 1, area.last[0] - area.first[0] + 1)
        wanted = fit_scale(extent, shown.pixel_mm, viewport, state.view_rotation)
        values["zoom"] = wanted / fit_scale(shown.shape, shown.pixel_mm, viewport, state.view_rotation)
    return values


WITHOUT_STATE: dict[str, Any] = {
    "presentation": None, "rotation": 0, "flip": False, "zoom": 1.0, "pixel_scale": None, "pan": (0.0, 0.0), "voi": None,
    "invert": False,
}  # fmt: skip
"""What a viewport goes back to when no state is wished any more."""
