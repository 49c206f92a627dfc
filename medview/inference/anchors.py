"""Anchors of SSD and RetinaNet: where they lie, and the boxes that a network's raw heads make of them.

As torchvision's ``AnchorGenerator`` and ``BoxCoder`` and MONAI's of the same names compute them; everything is kept in the
order of the tensor's axes. Only the anchors that score are made: a CT of 512² slices has millions.
"""

from __future__ import annotations

import math

import numpy as np

from medview.inference.candidates import AnyArray, Candidates, FloatArray
from medview.inference.manifest_detectors import AnchorLevel, AnchorsOutput
from medview.inference.network import Network
from medview.inference.segmentation import OutputWatch, sigmoid, softmax


def anchor_sides(level: AnchorLevel, dimensions: int, rounded: bool, x_last: bool) -> FloatArray:
    """(anchors, axes) sides of the boxes at one place, along the tensor's axes."""
    if level.shapes is not None:
        sides = np.asarray(level.shapes, dtype=np.float64)
    else:
        sizes = np.asarray(level.sizes, dtype=np.float64)
        ratios = np.asarray(level.ratios, dtype=np.float64).reshape(-1, dimensions - 1)
        first = np.prod(ratios, axis=1) ** (-1.0 / dimensions)
        shape = np.concatenate([first[:, None], ratios * first[:, None]], axis=1)
        sides = (shape[:, None, :] * sizes[None, :, None]).reshape(-1, dimensions)
    if rounded:
        sides = 2 * np.round(sides / 2)
    return sides[:, ::-1] if x_last else sides


def decode_anchors(
    output: AnchorsOutput, raw: list[AnyArray], shape: tuple[int, ...], network: Network, watch: OutputWatch
) -> list[Candidates]:
    """Candidates of each item of the batch; ``raw`` are the scores' outputs, then the boxes'.

    Raises MedviewError for outputs that are not of these anchors.
    """
    count = len(output.scores_outputs)
    scores, moves = raw[:count], raw[count:]
    if output.is_table:
        levels = _from_table(output, scores[0], moves[0], shape, network)
    else:
        levels = [_from_maps(output, n, scores[n], moves[n], shape, network) for n in range(len(output.levels))]
    found: list[list[Candidates]] = [[] for _ in range(levels[0][0].shape[0])]
    for level, (numbers, boxes, grid) in zip(output.levels, levels, strict=True):
        watch.see(numbers, 2)
        stride = level.stride or tuple(float(size // places) for size, places in zip(shape, grid, strict=True))
        for item, (score, move) in enumerate(zip(numbers, boxes, strict=True)):
            found[item].append(_level(output, level, score, move, grid, stride, shape))
    return [Candidates.join(parts) for parts in found]


Level = tuple[AnyArray, AnyArray, tuple[int, ...]]
"""Scores (b, n, classes) and moves (b, n, 2·axes) of a level, and its places along each axis."""


def _from_table(
    output: AnchorsOutput, scores: AnyArray, moves: AnyArray, shape: tuple[int, ...], network: Network
) -> list[Level]:
    scores = scores[None] if scores.ndim == 2 else scores
    moves = moves[None] if moves.ndim == 2 else moves
    grids = []
    for level in output.levels:
        assert level.stride is not None, "the manifest was checked"
        grids.append(tuple(math.ceil(size / step - 1e-6) for size, step in zip(shape, level.stride, strict=True)))
    counts = [math.prod(grid) * level.count for grid, level in zip(grids, output.levels, strict=True)]
    due = f"{sum(counts)} anchors of {len(counts)} levels were due"
    for name, table, width in (
        (output.scores_outputs[0], scores, None),
        (output.boxes_outputs[0], moves, 2 * len(shape)),
    ):
        if table.ndim != 3 or table.shape[1] != sum(counts) or table.shape[2] != (width or table.shape[2]):
            raise network.wrong_shape(name, table.shape, due)
    _refuse_few_classes(output, scores.shape[2], scores, network)
    ends = np.cumsum(counts)
    return [
        (scores[:, end - count : end], moves[:, end - count : end], grid)
        for end, count, grid in zip(ends, counts, grids, strict=True)
    ]


def _from_maps(
    output: AnchorsOutput, n: int, scores: AnyArray, moves: AnyArray, shape: tuple[int, ...], network: Network
) -> Level:
    anchors, axes = output.levels[n].count, len(shape)
    grid = scores.shape[2:]
    for name, part, width in (
        (output.scores_outputs[n], scores, None),
        (output.boxes_outputs[n], moves, anchors * 2 * axes),
    ):
        if part.ndim != 2 + axes or part.shape[1] % anchors or part.shape[1] != (width or part.shape[1]):
            due = f"{width or f'a multiple of {anchors}'} channels on {axes} axes were due"
            raise network.wrong_shape(name, part.shape, due)
        if part.shape[2:] != grid or any(places > size for places, size in zip(grid, shape, strict=True)):
            raise network.wrong_shape(name, part.shape, "scores and boxes of a level were due on one grid")
    _refuse_few_classes(output, scores.shape[1] // anchors, scores, network)

    def rows(part: AnyArray) -> AnyArray:
        """(b, anchors·width, places…) to (b, places·anchors, width)."""
        apart = part.reshape(len(part), anchors, -1, *grid)
        return np.moveaxis(apart, (1, 2), (-2, -1)).reshape(len(part), math.prod(grid) * anchors, -1)

    return rows(scores), rows(moves), tuple(grid)


def _refuse_few_classes(output: AnchorsOutput, classes: int, scores: AnyArray, network: Network) -> None:
    highest = max(label.index for label in output.labels)
    if highest >= classes:
        raise network.wrong_shape(output.scores_outputs[0], scores.shape, f"the manifest names class {highest}")


def _level(
    output: AnchorsOutput,
    level: AnchorLevel,
    raw: AnyArray,
    moves: AnyArray,
    grid: tuple[int, ...],
    stride: tuple[float, ...],
    shape: tuple[int, ...],
) -> Candidates:
    """The boxes of one level and item: ``raw`` (n, classes), ``moves`` (n, 2·axes)."""
    axes = len(shape)
    scores = raw.astype(np.float32)
    if output.activation == "softmax":
        scores = softmax(scores, 1)
    elif output.activation == "sigmoid":
        scores = sigmoid(scores)
    scores = scores[:, [label.index for label in output.labels]]
    rows, classes = np.nonzero(scores >= output.score_threshold)
    values = scores[rows, classes]
    if len(rows) > output.candidates_per_level:
        best = np.argsort(-values, kind="stable")[: output.candidates_per_level]
        rows, classes, values = rows[best], classes[best], values[best]
    x_last = output.x_axis == "last"
    sides = anchor_sides(level, axes, output.rounded, x_last)
    place, which = np.divmod(rows, len(sides))
    centres = (np.stack(np.unravel_index(place, grid), axis=1) + output.offset) * np.asarray(stride)
    side = sides[which]
    move = moves[rows].astype(np.float64) / np.asarray(output.weights or (1.0,) * (2 * axes))
    shift, growth = move[:, :axes], move[:, axes:]
    if x_last == (output.order == "xy"):
        shift, growth = shift[:, ::-1], growth[:, ::-1]
    centres = centres + shift * side
    half = side * np.exp(np.minimum(growth, math.log(output.largest_growth))) / 2
    border = 0.5 if output.origin == "border" else 0.0
    boxes = np.stack([centres - half, centres + half], axis=1) - border
    limits = np.asarray(shape, dtype=np.float64)
    boxes = np.clip(boxes, -border, limits - border)
    sides = boxes[:, 1] - boxes[:, 0]
    kept = np.all((sides > 0) & (sides >= output.smallest_side), axis=1)
    boxes, values, classes = boxes[kept], values[kept], classes[kept]
    if axes == 2:
        flat = np.zeros((len(boxes), 2, 1))
        flat[:, 0], flat[:, 1] = -0.5, 0.5
        boxes = np.concatenate([flat, boxes], axis=2)
    return Candidates(boxes, values.astype(np.float64), classes.astype(np.intp), np.full(len(values), np.nan))
