"""YOLO's places: boxes with class scores, and the masks, points or angle that some networks give with each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medview.inference.candidates import AnyArray, BoxMask, Candidates, FloatArray
from medview.inference.decoding import activated, corners_of, picked_each
from medview.inference.manifest_detectors import YoloOutput
from medview.inference.network import Network
from medview.inference.segmentation import OutputWatch
from medview.inference.suppression import suppress
from medview.inference.turned import corners_of_turned
from medview.kernels.resample_grid import apply_taps, positions_edges, taps_at


def decode_yolo(
    output: YoloOutput, answers: list[AnyArray], shape: tuple[int, ...], network: Network, watch: OutputWatch
) -> list[Candidates]:
    """Candidates of each item of the batch. Raises MedviewError for an answer of another shape."""
    raw = answers[0]
    table = raw.transpose(0, 2, 1) if output.arrangement == "attributes_first" else raw
    prototypes = _prototypes(output, answers, table, network)
    more = 0
    if prototypes is not None:
        more = prototypes.shape[1]
    elif output.keypoints is not None:
        more = len(output.keypoints.names) * (2 + output.keypoints.visibility)
    elif output.rotated:
        more = 1
    if output.arrangement == "finished":
        if table.shape[2] != 6 + more:
            raise network.wrong_shape(output.name, raw.shape, f"{6 + more} numbers a box were due")
        last, labels, layout = 6, table[..., 5], "xyxy"
        watch.see(table[..., 4:5], 2)
        scores = activated(output.activation, table[..., 4].astype(np.float64), 2)
    else:
        first = 5 if output.objectness else 4
        last, labels, layout = table.shape[2] - more, None, "cxcywh"
        if last - first <= max(label.index for label in output.labels):
            raise network.wrong_shape(output.name, raw.shape, f"{first + more} numbers and one for each class were due")
        watch.see(table[..., first:last], 2)
        scores = activated(output.activation, table[..., first:last].astype(np.float64), 2)
        if output.objectness:
            scores = scores * activated(output.activation, table[..., 4:5].astype(np.float64), 2)
    boxes = table[..., :4].astype(np.float64)
    if output.coordinates == "normalised":
        boxes = boxes * np.tile(np.asarray(shape[::-1], dtype=np.float64), 2)
    elif output.coordinates == "grid":
        boxes = _of_grid(boxes, output, shape, network)
    extras = table[..., last:].astype(np.float64) if more else None
    if output.rotated and extras is not None:
        extras = np.concatenate([boxes[..., :2] - 0.5, boxes[..., 2:], extras], axis=2)
        turned = corners_of_turned(extras)[..., ::-1]
        corners = np.stack([turned.min(axis=2), turned.max(axis=2)], axis=2)
    else:
        corners = corners_of(layout, boxes, 2)[..., ::-1] - 0.5
    if output.keypoints is not None and extras is not None:
        extras = _keypoints(output, extras, shape)
    found = picked_each(output, corners, scores, labels, network, extras)
    if prototypes is None:
        return found
    # Masks are made of what stays, while the slice's prototypes are at hand.
    kept = [suppress(one, output, None) for one in found]
    masked = [replace(one, masks=_masks(one, prototypes[n], shape)) for n, one in enumerate(kept)]
    # A box in which nothing belongs to it is no finding, as Ultralytics has it.
    return [one.part(np.flatnonzero([mask.inside.any() for mask in one.masks])) for one in masked]


def _prototypes(output: YoloOutput, answers: list[AnyArray], table: AnyArray, network: Network) -> AnyArray | None:
    """(batch, p, h, w) of the graph, whose exports by way of TensorFlow give (batch, h, w, p)."""
    if output.prototypes_output is None:
        return None
    made = answers[1]
    if made.ndim != 4 or len(made) != len(table):
        raise network.wrong_shape(output.prototypes_output, made.shape, "(batch, p, h, w) was due")
    if output.arrangement == "finished":
        coefficients = table.shape[2] - 6
    else:
        coefficients = table.shape[2] - (5 if output.objectness else 4) - 1 - max(one.index for one in output.labels)
    return made.transpose(0, 3, 1, 2) if made.shape[1] != coefficients == made.shape[3] else made


def _of_grid(boxes: FloatArray, output: YoloOutput, shape: tuple[int, ...], network: Network) -> FloatArray:
    """cx, cy, w, h in pixels of places that count from themselves (YOLOX)."""
    parts = []
    for stride in output.strides:
        rows, columns = (size // stride for size in shape)
        y, x = np.divmod(np.arange(rows * columns), columns)
        parts.append(np.stack([x, y, np.full_like(x, stride)], axis=1))
    grid = np.concatenate(parts).astype(np.float64)
    if len(grid) != boxes.shape[1]:
        text = f"{len(grid)} places were due for the strides {', '.join(map(str, output.strides))}"
        raise network.wrong_shape(output.name, boxes.shape, text)
    centres = (boxes[..., :2] + grid[:, :2]) * grid[:, 2:]
    return np.concatenate([centres, np.exp(np.minimum(boxes[..., 2:], 20.0)) * grid[:, 2:]], axis=2)


def _keypoints(output: YoloOutput, extras: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """(n, m, points·3) x, y in voxels (centres at whole numbers) and visibility."""
    assert output.keypoints is not None, "the caller looked"
    count = len(output.keypoints.names)
    points = extras.reshape(*extras.shape[:2], count, -1)
    place = points[..., :2]
    if output.coordinates == "normalised":
        place = place * np.asarray(shape[::-1], dtype=np.float64)
    seen = points[..., 2:3] if output.keypoints.visibility else np.ones((*points.shape[:3], 1))
    return np.concatenate([place - 0.5, seen], axis=3).reshape(*extras.shape[:2], count * 3)


def _masks(found: Candidates, prototypes: AnyArray, shape: tuple[int, ...]) -> tuple[BoxMask, ...]:
    """The mask of each candidate, inside its box: coefficients times prototypes, enlarged linearly, above 0.

    A pixel is inside where its first border is, as Ultralytics cuts it.
    """
    assert found.extras is not None, "the caller looked"
    rows, columns = (positions_edges(have, want) for have, want in zip(prototypes.shape[1:], shape, strict=True))
    made = []
    for box, coefficients in zip(found.boxes, found.extras, strict=True):
        top, left = (max(0, int(np.ceil(box[0, axis] + 0.5))) for axis in (1, 2))
        bottom, right = (min(shape[axis - 1], int(np.ceil(box[1, axis] + 0.5))) for axis in (1, 2))
        if bottom <= top or right <= left:
            made.append(BoxMask(0, 0, np.zeros((0, 0), dtype=bool)))
            continue
        coarse = np.tensordot(coefficients.astype(np.float32), prototypes.astype(np.float32, copy=False), axes=1)
        fine = apply_taps(coarse, 0, taps_at(rows[top : max(top, bottom)], coarse.shape[0], "linear"))
        fine = apply_taps(fine, 1, taps_at(columns[left : max(left, right)], coarse.shape[1], "linear"))
        made.append(BoxMask(top, left, fine > 0))
    return tuple(made)


def painted(found: Candidates, shape: tuple[int, int, int]) -> NDArray[np.uint16]:
    """(a, b, c) the place in ``found`` from 1 where a mask is, of overlapping ones that with the higher score."""
    out = np.zeros(shape, dtype=np.uint16)
    for n in np.argsort(found.scores, kind="stable"):
        mask = found.masks[n]
        row = int(np.rint(found.boxes[n, :, 0].mean()))
        height, width = mask.inside.shape
        out[row, mask.top : mask.top + height, mask.left : mask.left + width][mask.inside] = n + 1
    return out
