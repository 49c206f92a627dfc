"""From a detector's outputs to findings of the patient: decoding, and candidates placed in the series.

Boxes here are arrays (m, 2, axes): lowest and highest corner in tensor coordinates, voxel centres at whole numbers.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import LABEL_COLOURS, Finding, Keypoint
from medview.core.geometry import Geometry
from medview.core.study import Stack
from medview.inference.anchors import decode_anchors
from medview.inference.candidates import AnyArray, Candidates, FloatArray
from medview.inference.decoding import activated, corners_of, picked_each
from medview.inference.manifest import Manifest
from medview.inference.manifest_detectors import (
    AnchorsOutput,
    BoxesOutput,
    CenterHeatmapOutput,
    DetectionOutput,
    Keypoints,
    YoloOutput,
)
from medview.inference.network import Network
from medview.inference.outlined import boxed_points, with_masks
from medview.inference.placement import Placement
from medview.inference.segmentation import OutputWatch, sigmoid, softmax
from medview.inference.turned import BONES, CORNERS, corners_of_turned
from medview.inference.yolo import decode_yolo


def output_names(output: DetectionOutput) -> list[str | None]:
    """The graph's outputs that a decoder needs, in its order."""
    if isinstance(output, BoxesOutput):
        if output.columns is not None:
            return [output.boxes_output]
        more = (output.labels_output, output.masks_output, output.keypoints_output)
        return [output.boxes_output, output.scores_output, *(name for name in more if name)]
    if isinstance(output, AnchorsOutput):
        return [*output.scores_outputs, *output.boxes_outputs]
    if isinstance(output, CenterHeatmapOutput):
        return [output.name, *([output.diameter_output] if output.diameter_output else [])]
    return [output.name, *([output.prototypes_output] if output.prototypes_output else [])]


def decode(
    output: DetectionOutput, raw: list[AnyArray], tensor_shape: tuple[int, ...], network: Network, watch: OutputWatch
) -> list[Candidates]:
    """Candidates of each item of the batch, of boxes that the graph has decoded, YOLO's raw places or anchors.

    ``tensor_shape`` is the spatial size. Raises MedviewError for wrong shapes and numbers out of range.
    """
    if isinstance(output, YoloOutput):
        return decode_yolo(output, raw, tensor_shape, network, watch)
    if isinstance(output, AnchorsOutput):
        return decode_anchors(output, raw, tensor_shape, network, watch)
    assert isinstance(output, BoxesOutput), "heat maps are blended first"
    return _decode_boxes(output, raw, tensor_shape, network, watch)


def _decode_boxes(
    output: BoxesOutput, raw: list[AnyArray], shape: tuple[int, ...], network: Network, watch: OutputWatch
) -> list[Candidates]:
    width = 2 * len(shape)
    if output.columns is not None:
        table = raw[0] if raw[0].ndim == 3 else raw[0][None]
        sizes = {"box": width, "score": 1, "label": 1, "batch": 1}
        if table.ndim != 3 or table.shape[2] != sum(sizes[name] for name in output.columns):
            raise network.wrong_shape(
                output.boxes_output, raw[0].shape, f"columns {', '.join(output.columns)} were due"
            )
        at, parts = 0, {}
        for name in output.columns:
            parts[name] = table[:, :, at : at + sizes[name]]
            at += sizes[name]
        boxes, scores = parts["box"], parts["score"][..., 0]
        labels = parts["label"][..., 0] if "label" in parts else None
    else:
        boxes = raw[0] if raw[0].ndim == 3 else raw[0][None]
        if boxes.ndim != 3 or boxes.shape[2] != width:
            raise network.wrong_shape(output.boxes_output, raw[0].shape, f"boxes of {width} numbers were due")
        count = boxes.shape[1]
        scores = _per_box(output.scores_output, raw[1], boxes.shape[0], count, network)
        labels = None
        if output.labels_output is not None:
            labels = _per_box(output.labels_output, raw[2], boxes.shape[0], count, network)
            if labels.ndim != 2:
                raise network.wrong_shape(output.labels_output, raw[2].shape, "one number for each box was due")
    watch.see(scores if scores.ndim == 3 else scores[..., None], 2)
    scores = activated(output.activation, scores.astype(np.float64), 2)
    corners = corners_of(output.layout, boxes.astype(np.float64), len(shape))
    if output.x_axis == "last":
        corners = corners[..., ::-1]
    if output.coordinates == "normalised":
        corners = corners * np.asarray(shape, dtype=np.float64)
    if output.origin == "border":
        corners = corners - 0.5
    more = None
    if output.keypoints is not None:
        more = boxed_points(output, raw[-1], corners.shape[:2], shape, network)
    elif output.masks_output is not None:
        # Which box a mask is of, while the boxes are picked out.
        more = np.broadcast_to(np.arange(corners.shape[1], dtype=np.float64)[:, None], (*corners.shape[:2], 1))
    found = picked_each(output, corners, scores, labels, network, more)
    if output.masks_output is None:
        return found
    return [with_masks(output, one, raw[-1], n, shape, network) for n, one in enumerate(found)]


def _per_box(name: str | None, values: AnyArray, batch: int, count: int, network: Network) -> AnyArray:
    """(batch, count[, classes]) of scores or labels with or without a batch axis."""
    without_batch = values.ndim == 1 or (
        values.ndim == 2 and values.shape[0] == count and values.shape != (batch, count)
    )
    if batch == 1 and without_batch:
        values = values[None]
    if values.ndim not in {2, 3} or values.shape[:2] != (batch, count):
        raise network.wrong_shape(name, values.shape, f"one entry for each of {count} boxes was due")
    return values


# Heat maps -----------------------------------------------------------------------------------------------------------


def decode_heatmap(
    output: CenterHeatmapOutput, maps: NDArray[np.float32], diameters: NDArray[np.float32] | None, placement: Placement
) -> Candidates:
    """Local maxima of blended raw ``maps`` (channels, a, b, c); ``diameters`` (channels, …) where they are apart.

    A slice-by-slice network's maps have a = 1. Spacing must be known for boxes in voxels.
    """
    stride = np.asarray(output.stride or (1,) * 3, dtype=np.float64)
    stride = np.concatenate([np.ones(3 - len(stride)), stride])
    spacing = np.asarray(placement.spacing if placement.spacing is not None else (1.0, 1.0, 1.0))
    parts = []
    for place, label in enumerate(output.labels):
        probability = maps[label.index]
        if output.activation == "sigmoid":
            probability = sigmoid(probability)
        elif output.activation == "softmax":
            probability = softmax(maps, 0)[label.index]
        peaks = _local_maxima(probability, output.score_threshold)
        if len(peaks) == 0:
            continue
        scores = probability[tuple(peaks.T)].astype(np.float64)
        if output.best_of_each_label:
            best = int(np.argmax(scores))
            peaks, scores = peaks[best : best + 1], scores[best : best + 1]
        mm = _diameters(output, maps if diameters is None else diameters, peaks, spacing)
        centres = _refined(probability, peaks) if output.refine else peaks.astype(np.float64)
        centres = centres * stride + (stride - 1) / 2
        half = mm[:, None] / 2 / spacing
        if maps.shape[1] == 1:
            half[:, 0] = 0.5
        boxes = np.stack([centres - half, centres + half], axis=1)
        parts.append(Candidates(boxes, scores, np.full(len(peaks), place, dtype=np.intp), mm))
    return Candidates.join(parts)


def _diameters(
    output: CenterHeatmapOutput, maps: NDArray[np.float32], peaks: NDArray[np.intp], spacing: FloatArray
) -> FloatArray:
    if output.diameter_channel is None:
        assert output.diameter_mm is not None, "the manifest gives one of the two"
        return np.full(len(peaks), output.diameter_mm)
    size = maps[output.diameter_channel][tuple(peaks.T)].astype(np.float64)
    if output.diameter_unit == "log_mm":
        size = np.exp(np.minimum(size, 20.0))
    elif output.diameter_unit == "voxels":
        size = size * spacing[2]
    return np.asarray(np.clip(size, output.smallest_mm, output.largest_mm))


def _local_maxima(values: NDArray[np.float32], threshold: float) -> NDArray[np.intp]:
    """(m, 3) places not below any of their 26 neighbours; of equal neighbours the first."""
    candidates = np.argwhere(values >= threshold)
    if len(candidates) == 0:
        return candidates
    shape = np.asarray(values.shape)
    here = values[tuple(candidates.T)]
    keep = np.ones(len(candidates), dtype=bool)
    for step in product((-1, 0, 1), repeat=3):
        if step == (0, 0, 0):
            continue
        there = candidates + np.asarray(step)
        inside = np.all((there >= 0) & (there < shape), axis=1)
        other = np.full(len(candidates), -np.inf, dtype=np.float32)
        other[inside] = values[tuple(there[inside].T)]
        # Of two equal neighbours only the one that comes later in memory gives way.
        keep &= (here > other) if step < (0, 0, 0) else (here >= other)
    return candidates[keep]


def _refined(values: NDArray[np.float32], peaks: NDArray[np.intp]) -> FloatArray:
    """Centre of mass of the 3×3×3 neighbourhood of each peak."""
    shape = np.asarray(values.shape)
    total = np.zeros(len(peaks))
    moment = np.zeros((len(peaks), 3))
    for step in product((-1, 0, 1), repeat=3):
        there = peaks + np.asarray(step)
        inside = np.all((there >= 0) & (there < shape), axis=1)
        weight = np.zeros(len(peaks))
        weight[inside] = values[tuple(there[inside].T)]
        total += weight
        moment += weight[:, None] * np.asarray(step)
    return np.asarray(peaks + moment / np.maximum(total, 1e-12)[:, None])


# Onto the patient ----------------------------------------------------------------------------------------------------


def findings_of(
    found: Candidates, manifest: Manifest, placement: Placement, geometry: Geometry | None, stack: Stack, time: int
) -> tuple[Finding, ...]:
    """Findings in source voxels and LPS mm, best first, inside the series; boxes are cut at its borders."""
    output = manifest.output
    assert isinstance(output, DetectionOutput), "only detectors give candidates"
    shape = np.asarray(placement.orientation.source_shape, dtype=np.float64)
    findings: list[Finding] = []
    for n in np.argsort(-found.scores, kind="stable"):
        corners = np.array([[found.boxes[n][pick[a], a] for a in range(3)] for pick in product((0, 1), repeat=3)])
        source = placement.tensor_to_source(corners)
        centre = placement.tensor_to_source(found.boxes[n].mean(axis=0))
        low = np.maximum(source.min(axis=0), -0.5)
        high = np.minimum(source.max(axis=0), shape - 0.5)
        outside = bool(np.any(centre < -0.5) or np.any(centre > shape - 0.5))
        if (outside and isinstance(output, CenterHeatmapOutput)) or np.any(high <= low):
            continue  # in what was filled up around the series
        if outside:
            centre = (low + high) / 2
        label = output.labels[int(found.classes[n])]
        k = int(np.clip(np.rint(centre[0]), 0, shape[0] - 1))
        frame = stack.frames[time * stack.shape[0] + k] if stack.frames else None
        center_lps = box_lps = size = None
        if geometry is not None:
            center_lps = _triple(geometry.voxel_to_patient(centre))
            edges = np.array([[(low, high)[pick[a]][a] for a in range(3)] for pick in product((0, 1), repeat=3)])
            points = geometry.voxel_to_patient(edges)
            box_lps = (_triple(points.min(axis=0)), _triple(points.max(axis=0)))
            size = float(found.diameters[n])
            if _is_turned(output):
                size = _longest_side_mm(_points(found, int(n), output), placement, geometry)
            elif np.isnan(size):
                size = _extent_mm(source, geometry, manifest.input.is_slicewise, placement)
        findings.append(
            Finding(
                id=f"{manifest.id}-{len(findings) + 1}",
                label=label.name,
                score=float(found.scores[n]),
                center_voxel=_triple(centre),
                box_voxel=(_triple(low), _triple(high)),
                center_lps=center_lps,
                box_lps=box_lps,
                size_mm=size,
                k=k,
                sop_uid=frame.sop_uid if frame is not None else "",
                frame=frame.frame if frame is not None else 0,
                keypoints=_placed_points(found, int(n), output, placement, geometry),
                bones=_bones(output),
                mask_value=int(n) + 1 if found.masks else None,
                colour=label.colour or LABEL_COLOURS[int(found.classes[n]) % len(LABEL_COLOURS)],
            )
        )
    return tuple(findings)


def _is_turned(output: DetectionOutput) -> bool:
    return isinstance(output, YoloOutput) and output.rotated


def _keypoints(output: DetectionOutput) -> Keypoints | None:
    return output.keypoints if isinstance(output, YoloOutput | BoxesOutput) else None


def _bones(output: DetectionOutput) -> tuple[tuple[int, int], ...]:
    if _is_turned(output):
        return BONES
    named = _keypoints(output)
    return () if named is None else named.bones


def _points(found: Candidates, n: int, output: DetectionOutput) -> FloatArray:
    """(points, 4) tensor coordinates a, b, c of the points of candidate ``n`` and how visible each is."""
    assert found.extras is not None, "points come with the boxes"
    row = np.full((1, 1), found.boxes[n, :, 0].mean())
    if _is_turned(output):
        xy = corners_of_turned(found.extras[n])
        seen = np.ones((len(xy), 1))
    else:
        given = found.extras[n].reshape(-1, 3)
        xy, seen = given[:, :2], given[:, 2:]
    return np.concatenate([np.repeat(row, len(xy), axis=0), xy[:, ::-1], seen], axis=1)


def _placed_points(
    found: Candidates, n: int, output: DetectionOutput, placement: Placement, geometry: Geometry | None
) -> tuple[Keypoint, ...]:
    """The named points of candidate ``n``, in source voxels and LPS mm."""
    named = _keypoints(output)
    if named is None and not _is_turned(output):
        return ()
    names = CORNERS if named is None else named.names
    least = 0.0 if named is None else named.shown_threshold
    points = []
    for name, (*place, seen) in zip(names, _points(found, n, output), strict=True):
        voxel = placement.tensor_to_source(np.asarray(place))
        lps = None if geometry is None else _triple(geometry.voxel_to_patient(voxel))
        points.append(Keypoint(name, _triple(voxel), lps, float(np.clip(seen, 0, 1)), bool(seen >= least)))
    return tuple(points)


def _longest_side_mm(points: FloatArray, placement: Placement, geometry: Geometry) -> float:
    """Of a turned box with the corners ``points``."""
    lps = geometry.voxel_to_patient(placement.tensor_to_source(points[:, :3]))
    return float(max(np.linalg.norm(lps[a] - lps[b]) for a, b in BONES))


def _extent_mm(corners: FloatArray, geometry: Geometry, slicewise: bool, placement: Placement) -> float:
    """The longest side of the box in mm; of a slice-by-slice network the longest in the slice."""
    sides = corners.max(axis=0) - corners.min(axis=0)
    mm = sides * np.asarray(geometry.spacing)
    if slicewise:
        mm[placement.orientation.order[0]] = 0
    return float(mm.max())


def _triple(values: AnyArray) -> tuple[float, float, float]:
    a, b, c = (float(value) for value in values)
    return (a, b, c)
