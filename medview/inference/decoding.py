"""What all decoders of boxes need: corners of every layout, scores as probabilities, those that count picked out.

Boxes are arrays (m, 2, axes): lowest and highest corner in tensor coordinates, voxel centres at whole numbers.
"""

from __future__ import annotations

import numpy as np

from medview.inference.candidates import AnyArray, Candidates, FloatArray
from medview.inference.manifest_detectors import DetectionOutput
from medview.inference.network import Network
from medview.inference.segmentation import sigmoid, softmax

LARGEST_TABLE = 20_000
"""Candidates above the threshold that are still compared with one another."""


def class_of(output: DetectionOutput) -> dict[int, int]:
    """Which of ``output.labels`` a class number of the graph is."""
    return {label.index: place for place, label in enumerate(output.labels)}


def corners_of(layout: str, boxes: FloatArray, dimensions: int) -> FloatArray:
    """(n, m, 2, axes) corners with axes x, y[, z]."""
    first, second = boxes[..., :dimensions], boxes[..., dimensions:]
    if layout in {"yxyx", "zyxzyx"}:
        first, second = first[..., ::-1], second[..., ::-1]
    elif layout in {"xywh", "xyzwhd"}:
        second = first + second
    elif layout in {"cxcywh", "cxcyczwhd"}:
        first, second = first - second / 2, first + second / 2
    return np.stack([first, second], axis=-2)


def activated(activation: str, scores: FloatArray, class_axis: int) -> FloatArray:
    """Scores as probabilities."""
    if activation == "softmax" and scores.ndim > class_axis:
        return softmax(scores.astype(np.float32), class_axis).astype(np.float64)
    return sigmoid(scores.astype(np.float32)).astype(np.float64) if activation == "sigmoid" else scores


def picked_each(
    output: DetectionOutput,
    corners: FloatArray,
    scores: FloatArray,
    labels: AnyArray | None,
    network: Network,
    extras: FloatArray | None = None,
) -> list[Candidates]:
    """As :func:`picked`, of each item of a batch."""
    return [
        picked(
            output,
            corners[n],
            scores[n],
            None if labels is None else labels[n],
            network,
            None if extras is None else extras[n],
        )
        for n in range(len(corners))
    ]


def picked(
    output: DetectionOutput,
    corners: FloatArray,
    scores: FloatArray,
    labels: AnyArray | None,
    network: Network,
    extras: FloatArray | None = None,
) -> Candidates:
    """Above the threshold, of classes that the manifest names, with the class that scores best."""
    places = class_of(output)
    if labels is not None:
        numbers = np.rint(labels).astype(np.intp)
    elif scores.ndim == 2 and scores.shape[1] > 1:
        named = np.array(sorted(places), dtype=np.intp)
        if named[-1] >= scores.shape[1]:
            text = f"the manifest names class {named[-1]}"
            raise network.wrong_shape(None, scores.shape, text)
        if getattr(output, "each_class", False):
            corners = np.repeat(corners, len(named), axis=0)
            extras = None if extras is None else np.repeat(extras, len(named), axis=0)
            numbers = np.tile(named, len(scores))
            return picked(output, corners, scores[:, named].reshape(-1), numbers, network, extras)
        numbers = named[np.argmax(scores[:, named], axis=1)]
        scores = scores[np.arange(len(scores)), numbers]
    else:
        numbers = np.full(len(scores), output.labels[0].index, dtype=np.intp)
    scores = scores.reshape(len(corners))
    confident, known = scores >= output.score_threshold, np.isin(numbers, list(places))
    strangers = tuple(int(number) for number in np.unique(numbers[confident & ~known]))
    keep = np.flatnonzero(confident & known)
    if len(keep) > LARGEST_TABLE:
        keep = keep[np.argsort(-scores[keep], kind="stable")[:LARGEST_TABLE]]
    boxes = corners[keep]
    behind = np.any(boxes[:, 0] > boxes[:, 1], axis=1)
    if behind.any():
        # A head without bounds turns a box inside out now and then; where many are, the stated layout is another one.
        if output.kind != "yolo" and 2 * np.count_nonzero(behind) > len(boxes):
            text = (
                "The network gave boxes whose first corner lies behind the second; the manifest's layout does not fit."
            )
            raise network.failed("output_out_of_range", text)
        keep, boxes = keep[~behind], boxes[~behind]
    if boxes.shape[2] == 2:
        flat = np.zeros((len(boxes), 2, 1))
        flat[:, 0], flat[:, 1] = -0.5, 0.5
        boxes = np.concatenate([flat, boxes], axis=2)
    classes = np.array([places[int(number)] for number in numbers[keep]], dtype=np.intp)
    more = None if extras is None else extras[keep]
    diameters = np.full(len(keep), np.nan)
    return Candidates(boxes, scores[keep], classes, diameters, more, inside_out=int(behind.sum()), strangers=strangers)
