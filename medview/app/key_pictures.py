"""Pictures of slices for a report: what is marked on them, drawn as the window draws it, without a screen."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.headless import load_frames
from medview.core.cut import acquired_slice, cut_labels
from medview.core.display import OverlayStyle, PictureBox, compose_picture, declared_window, percentile_window
from medview.core.plane import plane_of_slice
from medview.core.progress import Progress, no_progress
from medview.core.statement import StatedFinding, StatedMark, StatedResult, Statement
from medview.core.study import Stack
from medview.formats.picture_writing import png_bytes
from medview.kernels.lines import draw_polyline

MOST_PICTURES = 12
MOST_KEYS = 100
READER_COLOUR = (240, 200, 60)
MODEL_COLOUR = (150, 140, 255)
REJECTED_COLOUR = (130, 130, 130)
LONG_SIDE = 480
ROUND_PARTS = 72


@dataclass(frozen=True, eq=False)
class KeyPicture:
    """A picture (h, w, 4) RGBA of a slice and the numbers of the findings and marks that are on it."""

    stack: Stack
    time: int
    k: int
    rgba: NDArray[np.uint8]
    findings: tuple[int, ...]
    marks: tuple[int, ...]
    aspect: float
    """Height of a pixel over its width."""
    is_key: bool = False
    """Whether the reader chose the image."""
    note: str = ""

    @property
    def address(self) -> str:
        """The picture as an address that holds it."""
        return "data:image/png;base64," + base64.b64encode(png_bytes(self.rgba)).decode()


def key_pictures(statement: Statement, progress: Progress = no_progress) -> tuple[KeyPicture, ...]:
    """The reader's key images, then each slice that something was found or marked on, rejected findings left out.

    At most a dozen, but all that the reader chose. Where only label maps are there, the slice with most of them. Raises MedviewError where a frame cannot be read.
    """
    found: list[KeyPicture] = []
    wanted = _slices(statement)
    for number, (stack, time, k) in enumerate(wanted):
        progress("pictures", number, len(wanted))
        found.append(picture_of(statement, stack, time, k, progress))
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


def picture_of(statement: Statement, stack: Stack, time: int, k: int, progress: Progress = no_progress) -> KeyPicture:
    """The slice with its labels, boxes and marks, enlarged so that lines stay thin."""
    depth = stack.shape[0]
    volume = load_frames(stack, [time * depth + k], progress)[0]
    shown = acquired_slice(volume, 0)
    voi = declared_window(stack, time * depth + k) or percentile_window(volume, 0)
    overlays = [
        (labels, one.result.segmentation.meanings, OverlayStyle())
        for one in statement.results
        if (labels := _labels(one, stack, time, k)) is not None and one.result.segmentation is not None
    ]
    scale = max(1, LONG_SIDE // max(stack.shape[1:]))

    def large(values: Any) -> Any:
        return None if values is None else np.repeat(np.repeat(values, scale, 0), scale, 1)

    findings = [
        (number, one)
        for number, one in enumerate(statement.findings, 1)
        if one.stack.id == stack.id and one.time == time and one.verdict != "rejected" and _reaches(one, k)
    ]
    picture = compose_picture(
        large(shown.values),
        large(shown.coverage),
        voi,
        stack.inverted,
        large(shown.padding),
        [(large(labels), meanings, style) for labels, meanings, style in overlays],
        boxes=[_box(one, scale) for _number, one in findings],
        missing=large(shown.missing),
    )
    keys = [one for one in statement.keys if (one.stack.id, one.time, one.k) == (stack.id, time, k)]
    marks = [
        (number, one)
        for number, one in enumerate(statement.marks, 1)
        if one.stack.id == stack.id and one.k == k and one.mark.place.time == time
    ]
    for _number, mark in marks:
        for line in outlines(mark):
            points = (line + 0.5) * scale - 0.5
            draw_polyline(picture, points, mark.graphic in {"ELLIPSE", "CLOSED"}, READER_COLOUR, 1)
    return KeyPicture(
        stack,
        time,
        k,
        picture,
        tuple(number for number, _one in findings),
        tuple(number for number, _one in marks),
        stack.pixel_aspect,
        bool(keys),
        "; ".join(key.note for key in keys if key.note),
    )


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


def _box(one: StatedFinding, scale: int) -> PictureBox:
    (_k0, y0, x0), (_k1, y1, x1) = one.finding.box_voxel
    box = tuple((value + 0.5) * scale - 0.5 for value in (x0, y0, x1, y1))
    return PictureBox((box[0], box[1], box[2], box[3]), MODEL_COLOUR, dashed=one.verdict != "accepted")


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
