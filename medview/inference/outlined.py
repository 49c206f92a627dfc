"""What some detectors give with their finished boxes: a mask of the whole picture for each, or points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from medview.inference.candidates import AnyArray, BoxMask, Candidates, FloatArray
from medview.inference.manifest_detectors import BoxesOutput
from medview.inference.network import Network


def boxed_points(
    output: BoxesOutput, raw: AnyArray, count: tuple[int, ...], shape: tuple[int, ...], network: Network
) -> FloatArray:
    """(batch, m, points·3) x, y in voxels (centres at whole numbers) and how visible. Raises MedviewError."""
    assert output.keypoints is not None, "the caller looked"
    points = len(output.keypoints.names)
    numbers = 2 + output.keypoints.visibility
    given = raw if raw.ndim == 4 else raw[None]
    if given.shape != (*count, points, numbers):
        due = f"{points} points of {numbers} numbers for each of {count[1]} boxes were due"
        raise network.wrong_shape(output.keypoints_output, raw.shape, due)
    place = given[..., :2].astype(np.float64)
    if output.coordinates == "normalised":
        place = place * np.asarray(shape[::-1], dtype=np.float64)
    if output.origin == "border":
        place = place - 0.5
    seen = given[..., 2:].astype(np.float64) if output.keypoints.visibility else np.ones((*count, points, 1))
    return np.concatenate([place, seen], axis=3).reshape(*count, 3 * points)


def with_masks(
    output: BoxesOutput, found: Candidates, raw: AnyArray, item: int, shape: tuple[int, ...], network: Network
) -> Candidates:
    """``found``, whose extras are numbers of boxes, with what belongs to each; ``item`` of the batch. Raises MedviewError."""
    assert found.extras is not None, "the numbers of the boxes"
    masks = raw[:, 0] if raw.ndim == 4 and raw.shape[1] == 1 else raw
    masks = masks[item] if masks.ndim == 4 else masks
    numbers = found.extras[:, 0].astype(int)
    if masks.ndim != 3 or masks.shape[1:] != tuple(shape) or (len(numbers) and numbers.max() >= len(masks)):
        due = f"a map of {shape[0]} × {shape[1]} for each box was due"
        raise network.wrong_shape(output.masks_output, raw.shape, due)
    made = []
    for number in numbers:
        inside = masks[number] > output.mask_threshold
        rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
        if len(rows) == 0:
            made.append(BoxMask(0, 0, np.zeros((0, 0), dtype=bool)))
            continue
        top, left = int(rows[0]), int(columns[0])
        made.append(BoxMask(top, left, inside[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1].copy()))
    return replace(found, extras=None, masks=tuple(made))
