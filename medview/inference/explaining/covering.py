"""Maps made by covering parts of an image: patches one after the other (occlusion), or superpixels at random (LIME)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.parameter import ParameterValue
from medview.core.problem import ExitCode, MedviewError
from medview.inference.explaining.field import STEP_ASK, Field
from medview.inference.explaining.methods import Superpixels
from medview.inference.explaining.scoring import Score
from medview.inference.feed import Feed

AnyArray = NDArray[Any]
FloatMap = NDArray[np.float32]
FloatArray = NDArray[np.float64]

FLAT = 1e-9
"""A map whose largest value is smaller says nothing."""


def fill_of(field: Field, parameters: Mapping[str, ParameterValue], width: float) -> AnyArray:
    """What parts are covered with, at the size of the item: the mean of each channel, its minimum, a value, or a blur."""
    item = field.item
    axes = tuple(range(len(field.shape)))
    kind = parameters["fill"]
    if kind == "value":
        return np.full_like(item, parameters["fill_value"])
    if kind == "mean":
        mean = item.mean(axis=axes, keepdims=True, dtype=np.float64).astype(item.dtype)
        return np.broadcast_to(mean, item.shape)
    if kind == "minimum":
        return np.broadcast_to(item.min(axis=axes, keepdims=True), item.shape)
    return _blurred(item, len(field.shape), max(width / 2, 1.0))


def _blurred(item: AnyArray, dimensions: int, sigma: float) -> AnyArray:
    """A Gaussian along every spatial axis; borders are repeated."""
    out = item.astype(np.float32)
    size = 2 * int(np.ceil(3 * sigma)) + 1
    bell = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * sigma**2))
    kernel = (bell / bell.sum()).astype(np.float32)
    for axis in range(dimensions):
        moved = np.moveaxis(out, axis, 0)
        padded = np.pad(moved, [(size // 2, size // 2)] + [(0, 0)] * (moved.ndim - 1), mode="edge")
        total = np.zeros_like(moved)
        for n, weight in enumerate(kernel):
            total += weight * padded[n : n + len(moved)]
        out = np.moveaxis(total, 0, axis)
    return out.astype(item.dtype)


def patch_steps(field: Field, parameters: Mapping[str, ParameterValue]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Size and step of the patch in voxels of the item along each axis; mm are pixels where the image has no spacing.

    Left to us, an eighth of each side of an image with half a patch as step (225 calls), and a quarter of each side of a
    volume without overlap (64 calls, each of them long).
    """
    spacing = field.spacing or (1.0,) * len(field.shape)
    wished, step = float(parameters["patch_mm"]), float(parameters["stride_mm"])
    share, part = (8, 2) if len(field.shape) == 2 else (4, 1)
    size = tuple(
        int(np.clip(round(wished / mm) if wished else -(-length // share), 1, length))
        for mm, length in zip(spacing, field.shape, strict=True)
    )
    stride = tuple(
        int(np.clip(round(step / mm) if step else -(-edge // part), 1, edge))
        for mm, edge in zip(spacing, size, strict=True)
    )
    return size, stride


def occlusion(feed: Feed, field: Field, score: Score, parameters: Mapping[str, ParameterValue]) -> FloatMap:
    """The fall of the score by covering, on the item's grid: the mean over all patches that reach each voxel.

    The step is never larger than the patch, so that no voxel is left out.
    """
    size, stride = patch_steps(field, parameters)
    fill = fill_of(field, parameters, float(np.mean(size)))
    starts = [
        sorted({*range(0, length - edge + 1, step), length - edge})
        for length, edge, step in zip(field.shape, size, stride, strict=True)
    ]
    corners = list(product(*starts))
    total = np.zeros(field.shape)
    count = np.zeros(field.shape)
    for at in range(0, len(corners), score.at_once):
        feed.course.report(STEP_ASK, at, len(corners))
        part = corners[at : at + score.at_once]
        places = [tuple(slice(a, a + edge) for a, edge in zip(corner, size, strict=True)) for corner in part]
        items = np.repeat(field.item[None], len(part), axis=0)
        for item, place in zip(items, places, strict=True):
            item[place] = fill[place]
        for place, left in zip(places, score.of(items), strict=True):
            total[place] += score.baseline - left
            count[place] += 1
    feed.course.report(STEP_ASK, len(corners), len(corners))
    found: FloatMap = np.asarray(total / count, dtype=np.float32)
    check_map(found)
    return found


@dataclass(frozen=True, eq=False)
class Parts:
    """Superpixels and what each adds to the score. ``fit``: the share of the scores' spread that the line explains."""

    numbers: NDArray[np.integer[Any]]
    weights: FloatArray
    fit: float

    @property
    def map(self) -> FloatMap:
        """Each part's weight on the item's grid."""
        return np.asarray(self.weights[self.numbers], dtype=np.float32)


def superpixel_weights(
    feed: Feed, field: Field, score: Score, parameters: Mapping[str, ParameterValue], segment: Superpixels
) -> Parts:
    """Local linear model of the score over parts that are shown or covered (Ribeiro, Singh, Guestrin 2016).

    Tries are weighted by ``exp(-d²/width²)`` with the cosine distance d of their pattern from the whole image; the
    coefficients are those of a weighted ridge regression with a free intercept.
    """
    item = field.item
    grey = item.mean(axis=-1) if item.ndim > len(field.shape) else item
    spacing = field.spacing or (1.0,) * len(field.shape)
    numbers = segment(np.ascontiguousarray(grey, dtype=np.float32), spacing, int(parameters["segments"]))
    count = int(numbers.max()) + 1
    fill = fill_of(field, parameters, float(np.prod(field.shape) / count) ** (1 / len(field.shape)))
    samples = int(parameters["samples"])
    shown = np.random.default_rng(int(parameters["seed"])).integers(0, 2, (samples, count)).astype(np.bool_)
    shown[0] = True
    scores = np.empty(samples)
    expand = (slice(None),) * len(field.shape) + ((None,) if item.ndim > len(field.shape) else ())
    for at in range(0, samples, score.at_once):
        feed.course.report(STEP_ASK, at, samples)
        part = shown[at : at + score.at_once]
        items = np.stack([np.where(row[numbers][expand], item, fill) for row in part])
        scores[at : at + len(part)] = score.of(items)
    feed.course.report(STEP_ASK, samples, samples)
    distance = 1 - np.sqrt(shown.mean(axis=1))
    kernel = np.exp(-((distance / float(parameters["kernel_width"])) ** 2))
    weights, fit = weighted_ridge(shown.astype(np.float64), scores, kernel, float(parameters["ridge"]))
    check_map(weights)
    return Parts(numbers, weights, fit)


def weighted_ridge(
    patterns: FloatArray, scores: FloatArray, kernel: FloatArray, ridge: float
) -> tuple[FloatArray, float]:
    """Coefficients (features,) of scores (n,) over patterns (n, features), and the weighted R² of the fit."""
    share = kernel / kernel.sum()
    middle, mean = share @ patterns, float(share @ scores)
    x, y = patterns - middle, scores - mean
    gram = x.T @ (kernel[:, None] * x) + ridge * np.eye(x.shape[1])
    found = np.linalg.lstsq(gram, x.T @ (kernel * y), rcond=None)[0]
    spread = float(share @ y**2)
    left = float(share @ (y - x @ found) ** 2)
    return found, 1 - left / spread if spread > 0 else 0.0


def check_map(values: NDArray[Any]) -> None:
    """Raise MedviewError for what is not finite (``map_not_finite``) or nothing at all (``map_empty``)."""
    if not np.all(np.isfinite(values)):
        text = "The map holds values that are not numbers."
        raise MedviewError("map_not_finite", text, None, ExitCode.RUN_FAILED)
    if not np.any(np.abs(values) > FLAT):
        text = "Nothing that was changed made any difference to the score; the map would be empty."
        raise MedviewError("map_empty", text, None, ExitCode.RUN_FAILED)
