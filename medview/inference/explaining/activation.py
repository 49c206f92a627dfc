"""What goes on inside of a network: its feature maps, and class-activation maps made of them without gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.explanation import FeatureMosaic
from medview.core.parameter import ParameterValue
from medview.core.problem import ExitCode, MedviewError
from medview.inference.explaining.covering import check_map
from medview.inference.explaining.field import STEP_ASK, Field
from medview.inference.explaining.methods import OpenWith
from medview.inference.explaining.scoring import Score
from medview.inference.feed import Feed
from medview.inference.graph_outputs import SIZE_PREFIX, feature_tensors, tail_of_outputs, tail_of_sizes
from medview.inference.network import Network
from medview.kernels.resample_grid import resize_axes

AnyArray = NDArray[Any]
FloatMap = NDArray[np.float32]

FEWEST_CHANNELS = 4
SMALLEST_SIDE = 4
"""Maps with shorter sides say too little of where."""
BETWEEN = 72
"""Grey of the lines between the channels of a mosaic."""
LARGEST_TILE = 96
"""Pixels of the longer side of a channel in a mosaic."""


@dataclass(frozen=True, slots=True)
class FeatureTensor:
    """A tensor with spatial axes: ``shape`` as the graph has it, ``channel_axis`` in it."""

    name: str
    operator: str
    shape: tuple[int, ...]
    channel_axis: int

    @property
    def channels(self) -> int:
        """How many maps it holds."""
        return self.shape[self.channel_axis]

    @property
    def size(self) -> tuple[int, ...]:
        """Of each map."""
        return tuple(size for axis, size in enumerate(self.shape) if axis not in {0, self.channel_axis})


@contextmanager
def _opened(feed: Feed, open_with: OpenWith, tail: bytes) -> Iterator[Feed]:
    """``feed`` before its network once more, with ``tail`` appended to the graph."""
    wanted = feed.request
    session = open_with(tail)(wanted.package, wanted.device, wanted.threads, feed.course.again)
    with session:
        yield replace(feed, network=Network(wanted.package, session).remember_as(feed.network))


def tail_for_listing(path: Path) -> bytes:
    """What a network must be opened with so that :func:`list_features` can ask it."""
    candidates = feature_tensors(path)
    return tail_of_sizes([name for name, _ in candidates]) if candidates else b""


def list_features(feed: Feed, field: Field) -> tuple[FeatureTensor, ...]:
    """All feature maps of the network for this field, in the graph's order: one run says the size of each tensor.

    ``feed`` is before a network that was opened with :func:`tail_for_listing`.
    """
    candidates = feature_tensors(feed.request.package.model_path)
    if not candidates:
        return ()
    names = [f"{SIZE_PREFIX}{n}" for n in range(len(candidates))]
    sizes = feed.network.answers(field.item[None], names, feed.course.again)
    found = []
    for (name, operator), size in zip(candidates, sizes, strict=True):
        shape = tuple(int(length) for length in size)
        if len(shape) != len(field.shape) + 2 or math.prod(shape) == 0:
            continue
        axis = _channel_axis(shape, field.shape)
        tensor = FeatureTensor(name, operator, shape, axis)
        if tensor.channels > 1 and max(tensor.size) > 1:
            found.append(tensor)
    return tuple(found)


def _channel_axis(shape: tuple[int, ...], image: tuple[int, ...]) -> int:
    """1 or the last: where the other axes shrink by about the same factor as the image's."""

    def unevenness(sizes: tuple[int, ...]) -> float:
        factors = [math.log(length / size) for length, size in zip(image, sizes, strict=True)]
        return max(factors) - min(factors)

    return 1 if unevenness(shape[2:]) <= unevenness(shape[1:-1]) + 1e-9 else len(shape) - 1


def choose_tensor(found: tuple[FeatureTensor, ...], wanted: str, path: str) -> FeatureTensor:
    """The tensor called ``wanted``; "" takes the last of the coarsest maps that still say where.

    That is the deepest layer: the last one of a classifier, the bottom of a U-net. Raises MedviewError ``no_features`` or
    ``no_such_tensor``.
    """
    if wanted:
        for tensor in found:
            if tensor.name == wanted:
                return tensor
        known = ", ".join(tensor.name for tensor in found[-12:])
        text = f"The network has no feature maps called {wanted!r}; the last ones are: {known or 'none'}."
        raise MedviewError("no_such_tensor", text, path, ExitCode.BAD_USE, (wanted, known))
    fit = [t for t in found if t.channels >= FEWEST_CHANNELS and max(t.size) >= SMALLEST_SIDE] or list(found)
    if not fit:
        text = "The network has no layer with maps of features."
        raise MedviewError("no_features", text, path, ExitCode.MODEL_DOES_NOT_FIT)
    coarsest = min(math.prod(tensor.size) for tensor in fit)
    return [tensor for tensor in fit if math.prod(tensor.size) == coarsest][-1]


def features_of(feed: Feed, field: Field, tensor: FeatureTensor, open_with: OpenWith) -> FloatMap:
    """(channels, …) the values of ``tensor`` for the field. Raises MedviewError where they are not finite."""
    with _opened(feed, open_with, tail_of_outputs([tensor.name])) as opened:
        raw = opened.network.answers(field.item[None], [tensor.name], feed.course.again)[0]
    return np.ascontiguousarray(np.moveaxis(raw, tensor.channel_axis, 1)[0], dtype=np.float32)


def enlarged(maps: FloatMap, shape: tuple[int, ...]) -> FloatMap:
    """(channels, …) brought to the item's size, linearly; both cover the same part of the image."""
    sizes = {axis + 1: size for axis, size in enumerate(shape)}
    return np.asarray(resize_axes(maps, sizes, "linear"), dtype=np.float32)


def eigen_cam(features: FloatMap) -> FloatMap:
    """The features' projection on their first right singular vector (Muhammad and Yeasin 2020), its negative part 0.

    The sign of a singular vector is free: it is taken so that the projection is mostly positive. From 0 to 1.
    """
    flat = features.reshape(len(features), -1).T.astype(np.float64)
    # The vector of X is that of XᵀX, which is small: channels by channels.
    _, vectors = np.linalg.eigh(flat.T @ flat)
    projected = flat @ vectors[:, -1]
    if projected.sum() < 0:
        projected = -projected
    return _from_nought_to_one(np.maximum(projected, 0).reshape(features.shape[1:]))


def score_cam(feed: Feed, field: Field, score: Score, features: FloatMap, channels: int) -> FloatMap:
    """Score-CAM (Wang 2020): each map, brought to 0 … 1, masks the image; its weight is the softmax of the scores' rise.

    Only the ``channels`` maps that vary most take part. At the item's size, from 0 to 1.
    """
    spread = features.reshape(len(features), -1).std(axis=1)
    chosen = np.argsort(-spread, kind="stable")[: min(channels, int(np.count_nonzero(spread > 0)))]
    if len(chosen) == 0:
        check_map(np.zeros(1))
    item = field.item
    last = (None,) if item.ndim > len(field.shape) else ()
    lowest = item.min(axis=tuple(range(len(field.shape))), keepdims=True)
    ground = float(score.of(np.broadcast_to(lowest, item.shape)[None].astype(item.dtype))[0])
    rises = np.empty(len(chosen))
    for at in range(0, len(chosen), score.at_once):
        feed.course.report(STEP_ASK, at, len(chosen))
        part = chosen[at : at + score.at_once]
        masks = np.stack([_from_nought_to_one(one) for one in enlarged(features[part], field.shape)])
        items = np.stack([lowest + (item - lowest) * mask[(..., *last)] for mask in masks]).astype(item.dtype)
        rises[at : at + len(part)] = score.of(items) - ground
    feed.course.report(STEP_ASK, len(chosen), len(chosen))
    weights = np.exp(rises - rises.max())
    weights /= weights.sum()
    summed = np.tensordot(weights.astype(np.float32), features[chosen], axes=1)
    return _from_nought_to_one(enlarged(np.maximum(summed, 0)[None], field.shape)[0])


def _from_nought_to_one(values: AnyArray) -> FloatMap:
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return np.zeros(values.shape, dtype=np.float32)
    return np.asarray((values - low) / (high - low), dtype=np.float32)


def class_activation(
    feed: Feed,
    field: Field,
    score: Score | None,
    tensor: FeatureTensor,
    open_with: OpenWith,
    parameters: Mapping[str, ParameterValue],
) -> FloatMap:
    """The map of the chosen kind at the item's size; Score-CAM needs ``score``."""
    features = features_of(feed, field, tensor, open_with)
    if parameters["kind"] == "eigen":
        made: FloatMap = np.asarray(enlarged(eigen_cam(features)[None], field.shape)[0])
    else:
        assert score is not None, "asked for with a label"
        made = score_cam(feed, field, score, features, int(parameters["channels"]))
    check_map(made)
    return made


def mosaic_of(features: FloatMap, tensor: FeatureTensor, at_most: int, depth: float = 0.5) -> FeatureMosaic:
    """The channels that vary most, in the order of their numbers; of 3-D maps the slice at ``depth`` (0 to 1)."""
    flat = features
    if features.ndim == 4:
        flat = features[:, int(np.clip(round(depth * (features.shape[1] - 1)), 0, features.shape[1] - 1))]
    spread = flat.reshape(len(flat), -1).std(axis=1)
    chosen = np.sort(np.argsort(-spread, kind="stable")[:at_most])
    height, width = flat.shape[1:]
    factor = max(1, LARGEST_TILE // max(height, width))
    step = max(1, -(-max(height, width) // LARGEST_TILE))
    tiles = []
    for channel in chosen:
        grey = np.floor(_from_nought_to_one(flat[channel]) * 255 + 0.5).astype(np.uint8)[::step, ::step]
        tiles.append(np.repeat(np.repeat(grey, factor, axis=0), factor, axis=1))
    high, wide = tiles[0].shape
    columns = max(1, math.ceil(math.sqrt(len(tiles) * high / wide)))
    rows = -(-len(tiles) // columns)
    picture = np.full((rows * (high + 1) - 1, columns * (wide + 1) - 1), BETWEEN, dtype=np.uint8)
    for n, tile in enumerate(tiles):
        y, x = n // columns * (high + 1), n % columns * (wide + 1)
        picture[y : y + high, x : x + wide] = tile
    return FeatureMosaic(picture, tensor.name, columns, (high, wide), tuple(int(one) for one in chosen))
