"""Pictures of slices for a report: what is marked on them, drawn as the window draws it, without a screen."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.annotated_picture import cropped, draw_letters, draw_outline, draw_scale, draw_tag, enlarged, placed
from medview.app.headless import load_frames
from medview.app.shown_slice import ShownSlice, acquired_shown
from medview.app.stated_fusion import FusedPictures, nearest_frame
from medview.core.cut import acquired_slice, cut_labels
from medview.core.display import OverlayStyle, compose_picture, declared_window, percentile_window
from medview.core.plane import EdgeLetters, plane_of_slice
from medview.core.progress import Progress, no_progress
from medview.core.statement import StatedFinding, StatedFusion, StatedKey, StatedMark, StatedResult, Statement
from medview.core.study import FrameSource, Stack
from medview.core.window import Window
from medview.formats.picture_writing import png_bytes

MOST_PICTURES = 12
MOST_KEYS = 100
READER_COLOUR = (240, 200, 60)
MODEL_COLOUR = (150, 140, 255)
LONG_SIDE = 640
LEAST_DETAIL_PX = 60.0
ROUND_PARTS = 72


@dataclass(frozen=True, eq=False)
class KeyPicture:
    """A picture (h, w, 4) RGBA with square pixels of a slice or a cut, and the numbers of what is on it."""

    stack: Stack
    time: int
    k: int | None
    """None: a cut that no file holds."""
    rgba: NDArray[np.uint8]
    findings: tuple[int, ...]
    marks: tuple[int, ...]
    is_key: bool = False
    """Whether the reader chose the image."""
    note: str = ""
    detail: NDArray[np.uint8] | None = None
    """The part around the only small thing on it, at the size of the whole."""
    cut: str = ""
    """What kind of cut or slab it is."""
    fused: StatedFusion | None = None
    """What lies over it."""
    fused_fault: str = ""
    """Why what lies over it on the screen is not there."""
    fused_frame: FrameSource | None = None
    """The image of the upper series next to it."""


def address_of(rgba: NDArray[np.uint8]) -> str:
    """A picture as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(rgba)).decode()


def key_pictures(statement: Statement, progress: Progress = no_progress) -> tuple[KeyPicture, ...]:
    """The reader's key images, then each slice that something was found or marked on, rejected findings left out, then cuts.

    At most a dozen, but all that the reader chose. Where only label maps are there, the slice with most of them. Raises MedviewError where a frame cannot be read.
    """
    found: list[KeyPicture] = []
    wanted = _slices(statement)
    fused = FusedPictures(statement, progress)
    for number, (stack, time, k) in enumerate(wanted):
        progress("pictures", number, len(wanted))
        found.append(picture_of(statement, stack, time, k, fused, progress))
    for number, mark in enumerate(statement.marks, 1):
        if mark.k is None and len(found) < max(MOST_PICTURES, len(statement.keys)):
            made = picture_of_cut(statement, number, mark, fused)
            if made is not None:
                found.append(made)
    return tuple(found)


def _slices(statement: Statement) -> list[tuple[Stack, int, int]]:
    wanted: dict[tuple[str, int, int], tuple[Stack, int, int]] = {}
    for key in statement.keys:
        wanted.setdefault((key.stack.id, key.time, key.k), (key.stack, key.time, key.k))
    most = max(MOST_PICTURES, min(len(wanted), MOST_KEYS))
    for one in statement.findings:
        if one.verdict != "rejected":
            wanted.setdefault((one.stack.id, one.time, one.finding.k), (one.stack, one.time, one.finding.k))
    for mark in statement.marks:
        if mark.k is not None:
            time = mark.mark.place.time
            wanted.setdefault((mark.stack.id, time, mark.k), (mark.stack, time, mark.k))
    if not wanted:
        for result in statement.results:
            labels = None if result.result.segmentation is None else result.result.segmentation.labels
            if labels is not None and labels.any():
                k = int(np.count_nonzero(labels, axis=(1, 2)).argmax())
                time = result.result.segmentation.time if result.result.segmentation is not None else 0
                wanted.setdefault((result.stack.id, time, k), (result.stack, time, k))
    return list(wanted.values())[:most]


def picture_of(
    statement: Statement, stack: Stack, time: int, k: int, fused: FusedPictures, progress: Progress = no_progress
) -> KeyPicture:
    """The slice with its labels, boxes and marks and their numbers; beside it the part where the only small thing is."""
    depth = stack.shape[0]
    volume = load_frames(stack, [time * depth + k], progress)[0]
    shown = acquired_slice(volume, 0)
    voi = dict(statement.windows).get(stack.id) or declared_window(stack, time * depth + k)
    overlays = [
        (labels, one.result.segmentation.meanings, OverlayStyle())
        for one in statement.results
        if (labels := _labels(one, stack, time, k)) is not None and one.result.segmentation is not None
    ]
    findings = [
        (number, one)
        for number, one in enumerate(statement.findings, 1)
        if one.stack.id == stack.id and one.time == time and one.verdict != "rejected" and _reaches(one, k)
    ]
    marks = [
        (number, one)
        for number, one in enumerate(statement.marks, 1)
        if one.stack.id == stack.id and one.k == k and one.mark.place.time == time
    ]
    keys = [one for one in statement.keys if (one.stack.id, one.time, one.k) == (stack.id, time, k)]
    over = _Over(fused, stack, acquired_shown(stack, k, time), keys)
    plain = compose_picture(
        shown.values,
        shown.coverage,
        voi or percentile_window(volume, 0),
        statement.look_at(stack, stack.frames[time * depth + k]).inverse,
        shown.padding,
        overlays,
        missing=shown.missing,
        fused=over.sample,
    )
    things = [_thing_of_finding(number, one) for number, one in findings]
    things += [_thing_of_mark(number, one) for number, one in marks]
    letters = None if stack.planes is None and stack.geometry is None else _letters(stack, time * depth + k, k)
    picture, detail = drawn(plain, things, stack.pixel_aspect, letters, _mm_across(stack), over)
    return KeyPicture(
        stack,
        time,
        k,
        picture,
        tuple(number for number, _one in findings),
        tuple(number for number, _one in marks),
        bool(keys),
        "; ".join(key.note for key in keys if key.note),
        detail=detail,
        **over.said(),
    )


def picture_of_cut(statement: Statement, number: int, one: StatedMark, fused: FusedPictures) -> KeyPicture | None:
    """The cut or slab that a mark lies on, with the mark; None where it cannot be made again. Reads the whole volume."""
    from medview.app.headless import load_whole
    from medview.app.mark_values import shown_of, slice_values
    from medview.core.plane import edge_letters

    place, stack = one.mark.place, one.stack
    shown = shown_of(stack, place)
    if shown is None or shown.plane is None or stack.components > 1:
        return None
    cut = slice_values(load_whole(stack, place.time), shown)
    voi = dict(statement.windows).get(stack.id) or declared_window(stack, place.time * stack.shape[0])
    if voi is None:
        inside = cut.values[cut.coverage & np.isfinite(cut.values)]
        low, high = (float(value) for value in np.percentile(inside, (1, 99))) if inside.size else (0.0, 1.0)
        voi = Window((low + high) / 2, max(high - low, 1e-6))
    over = _Over(fused, stack, shown if shown.slab is None else None)  # what lies over a slab is a slab of its own
    inverse = statement.look_at(stack, stack.frames[0]).inverse
    plain = compose_picture(cut.values, cut.coverage, voi, inverse, cut.padding, missing=cut.missing, fused=over.sample)
    letters = edge_letters(shown.plane, np.eye(2))
    aspect = shown.pixel_mm[0] / shown.pixel_mm[1]
    picture, detail = drawn(plain, [_thing_of_mark(number, one)], aspect, letters, shown.pixel_mm[1], over)
    kind = one.values_of or place.plane
    return KeyPicture(stack, place.time, None, picture, (), (number,), detail=detail, cut=kind, **over.said())


class _Over:
    """What lies over one picture."""

    def __init__(
        self, fused: FusedPictures, stack: Stack, shown: ShownSlice | None, keys: Sequence[StatedKey] = ()
    ) -> None:
        self._pictures, self._shown = fused, shown
        self._fault = next((one.fusion_fault for one in keys if one.fusion_fault), "")
        chosen = next((one.fusion for one in keys if one.fusion is not None), None)
        self.fusion = None if shown is None else chosen or fused.over(stack)
        self.sample = None if self.fusion is None or shown is None else fused.sample(self.fusion, shown)

    def annotate(self, picture: NDArray[np.uint8]) -> None:
        """Say on the picture what lies there."""
        if self.fusion is not None and self.sample is not None:
            self._pictures.annotate(picture, self.fusion)

    def said(self) -> dict[str, Any]:
        """What a `KeyPicture` tells of it."""
        if self.fusion is None or self._shown is None:
            return {"fused_fault": self._fault} if self._fault else {}
        fault = self._pictures.failure(self.fusion)
        if fault is not None:
            return {"fused_fault": fault.text}
        if self.sample is None:
            return {}
        return {"fused": self.fusion, "fused_frame": nearest_frame(self.fusion, self._shown)}


@dataclass(frozen=True, eq=False)
class _Thing:
    """What is drawn: lines (each (n, 2) image points), the box around them, and a number."""

    lines: tuple[NDArray[np.float64], ...]
    closed: bool
    tag: str
    colour: tuple[int, int, int]
    dashed: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        points = np.vstack(self.lines)
        (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return x0, y0, x1, y1


def drawn(
    plain: NDArray[np.uint8],
    things: list[_Thing],
    aspect: float,
    letters: EdgeLetters | None,
    mm_across: float | None,
    over: _Over | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """(the picture with everything, the part of it around the only small thing)."""
    large, scale = enlarged(plain, aspect, LONG_SIDE)
    ground = large.copy()
    _annotate(large, things, scale, (0.0, 0.0))
    if letters is not None:
        draw_letters(large, letters)
    if mm_across is not None:
        draw_scale(large, mm_across / scale[0])
    if over is not None:
        over.annotate(large)
    if len(things) != 1:
        return large, None
    corners = placed(np.array(things[0].box).reshape(2, 2), scale).ravel().tolist()
    part = cropped(ground, corners, LEAST_DETAIL_PX)
    if part is None:
        return large, None
    detail, zoom = enlarged(part[0], 1.0, LONG_SIDE)
    _annotate(detail, things, (scale[0] * zoom[0], scale[1] * zoom[1]), (part[1][0] * zoom[0], part[1][1] * zoom[1]))
    if mm_across is not None:
        draw_scale(detail, mm_across / scale[0] / zoom[0])
    return large, detail


def _annotate(
    picture: NDArray[np.uint8], things: list[_Thing], scale: tuple[float, float], corner: tuple[float, float]
) -> None:
    taken: list[tuple[int, int]] = []
    for one in things:
        for line in one.lines:
            draw_outline(picture, placed(line, scale) - np.asarray(corner), one.closed, one.colour, one.dashed)
    for one in things:
        x1, y0 = one.box[2], one.box[1]
        at = placed(np.array([[x1, y0]]), scale)[0] - np.asarray(corner)
        draw_tag(picture, one.tag, (float(at[0]), float(at[1])), one.colour, taken)


def _thing_of_finding(number: int, one: StatedFinding) -> _Thing:
    (_k0, y0, x0), (_k1, y1, x1) = one.finding.box_voxel
    box = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)
    return _Thing((box,), True, f"F{number}", MODEL_COLOUR, one.verdict != "accepted")


def _thing_of_mark(number: int, one: StatedMark) -> _Thing:
    return _Thing(tuple(outlines(one)), one.graphic in {"ELLIPSE", "CLOSED"}, f"M{number}", READER_COLOUR)


def _letters(stack: Stack, frame: int, k: int) -> EdgeLetters | None:
    """Orientation letters of a slice; None where its place is not known."""
    from medview.core.plane import edge_letters

    shown = acquired_shown(stack, k, frame // max(1, stack.shape[0]))
    return None if shown.plane is None else edge_letters(shown.plane, np.eye(2))


def _mm_across(stack: Stack) -> float | None:
    """Mm of a pixel's width; None where they are not known, or not everywhere."""
    known = stack.spacing_kind == "patient" and not stack.regions and stack.pixel_spacing is not None
    return stack.pixel_spacing[1] if known and stack.pixel_spacing is not None else None


def _reaches(one: StatedFinding, k: int) -> bool:
    return one.finding.k == k or one.finding.box_voxel[0][0] <= k <= one.finding.box_voxel[1][0]


def _labels(one: StatedResult, stack: Stack, time: int, k: int) -> NDArray[Any] | None:
    segmentation = one.result.segmentation
    if segmentation is None or segmentation.time != time:
        return None
    if one.stack.id == stack.id:
        return np.asarray(segmentation.labels[k])
    if segmentation.geometry is None or stack.geometry is None:
        return None
    if segmentation.geometry.frame_of_reference != stack.geometry.frame_of_reference:
        return None
    return cut_labels(segmentation, plane_of_slice(stack.geometry, k))


def outlines(mark: StatedMark) -> list[NDArray[np.float64]]:
    """The lines of a mark on its slice, each (n, 2) image points; an ellipse in 72 parts, a point as a stroke."""
    points = np.array(mark.points, np.float64)
    if mark.graphic == "ELLIPSE":
        turns = np.linspace(0, 2 * np.pi, ROUND_PARTS, endpoint=False)[:, None]
        middle = (points[0] + points[1]) / 2
        return [middle + np.cos(turns) * (points[1] - points[0]) / 2 + np.sin(turns) * (points[3] - points[2]) / 2]
    if len(points) == 1:
        return [np.vstack([points - 2, points + 2])]
    return [points[part] for part in mark.parts()]
