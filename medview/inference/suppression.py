"""Which of many overlapping boxes stay: the best of each group, or one made of all of them; boxes of slices joined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from medview.inference.candidates import Candidates, FloatArray
from medview.inference.manifest_detectors import DetectionOutput, YoloOutput
from medview.inference.turned import best_of_turned


def overlaps(box: FloatArray, boxes: FloatArray) -> FloatArray:
    """Intersection over union of one box (2, axes) with many (m, 2, axes)."""
    low = np.maximum(box[0], boxes[:, 0])
    high = np.minimum(box[1], boxes[:, 1])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    union = np.prod(box[1] - box[0]) + np.prod(boxes[:, 1] - boxes[:, 0], axis=1) - common
    return np.asarray(common / np.maximum(union, 1e-12))


def suppress(
    found: Candidates, output: DetectionOutput, spacing: tuple[float, float, float] | None, views: int = 1
) -> Candidates:
    """One box of each group that overlaps, as ``output.suppression`` says; then those not too close to a better one.

    ``views``: how many mirrored views of the same tensor ``found`` is of.
    """
    if isinstance(output, YoloOutput) and output.rotated:
        if output.nms_iou is not None:
            found = best_of_turned(found, output.nms_iou)
        return found.part(np.argsort(-found.scores, kind="stable")[: output.at_most])
    if output.suppression == "weighted":
        found = weighted_boxes(found, output.nms_iou or 0.0, views)
        found = found.part(found.scores >= output.score_threshold)
    elif output.suppression == "soft_nms":
        found = soft_suppressed(found, output.soft_sigma, output.score_threshold)
    return _best_apart(found, output, spacing)


def _best_apart(found: Candidates, output: DetectionOutput, spacing: tuple[float, float, float] | None) -> Candidates:
    """The best of each group that overlaps by more than ``nms_iou`` (of one class) or is closer than allowed (of any)."""
    order = np.argsort(-found.scores, kind="stable")
    threshold = output.nms_iou if output.suppression == "nms" else None
    if threshold is None and output.minimum_distance_mm is None:
        return found.part(order[: output.at_most])
    left = order
    kept: list[int] = []
    centres = found.boxes.mean(axis=1) * np.asarray(spacing if spacing is not None else (1.0, 1.0, 1.0))
    while len(left) and len(kept) < output.at_most:
        best, rest = int(left[0]), left[1:]
        kept.append(best)
        stays = np.ones(len(rest), dtype=bool)
        if threshold is not None:
            same = found.classes[rest] == found.classes[best]
            stays &= ~(same & (overlaps(found.boxes[best], found.boxes[rest]) > threshold))
        if output.minimum_distance_mm is not None:
            away = np.linalg.norm(centres[rest] - centres[best], axis=1)
            stays &= away >= output.minimum_distance_mm
        left = rest[stays]
    return found.part(np.asarray(kept, dtype=np.intp))


def soft_suppressed(found: Candidates, sigma: float, threshold: float) -> Candidates:
    """Each box worth less for each better one of its class that it overlaps; those below ``threshold`` go."""
    scores = found.scores.copy()
    left = np.arange(len(scores))
    kept: list[int] = []
    while len(left):
        best = int(left[np.argmax(scores[left])])
        if scores[best] < threshold:
            break
        kept.append(best)
        left = left[left != best]
        same = left[found.classes[left] == found.classes[best]]
        scores[same] *= np.exp(-(overlaps(found.boxes[best], found.boxes[same]) ** 2) / sigma)
    return replace(found, scores=scores).part(np.asarray(kept, dtype=np.intp))


def weighted_boxes(found: Candidates, threshold: float, views: int) -> Candidates:
    """Boxes that overlap by more than ``threshold`` become one: corners the mean weighted by score, score the mean.

    Taken in the order of their scores, each joins the fused box of its class that it overlaps most. A box that fewer than
    ``views`` of the views show is worth less in proportion. Diameters are joined as corners are.
    """
    groups: list[list[int]] = []
    fused = np.zeros((0, 2, 3))
    kinds = np.zeros(0, dtype=np.intp)
    for n in np.argsort(-found.scores, kind="stable").tolist():
        same = np.flatnonzero(kinds == found.classes[n])
        shared = overlaps(found.boxes[n], fused[same]) if len(same) else np.zeros(0)
        if len(shared) and shared.max() > threshold:
            at = int(same[np.argmax(shared)])
            groups[at].append(n)
            fused[at] = np.average(found.boxes[groups[at]], axis=0, weights=found.scores[groups[at]])
        else:
            groups.append([n])
            fused = np.concatenate([fused, found.boxes[n : n + 1]])
            kinds = np.append(kinds, found.classes[n])
    scores = [found.scores[group].mean() * min(len(group), views) / views for group in groups]
    diameters = [np.average(found.diameters[group], weights=found.scores[group]) for group in groups]
    return Candidates(fused, np.asarray(scores, dtype=np.float64), kinds, np.asarray(diameters, dtype=np.float64))


def merge_slices(slices: list[Candidates], output: DetectionOutput) -> Candidates:
    """One candidate list of all slices, each box with its slice; boxes of neighbours joined where the manifest says so.

    A joined finding spans its slices, its in-plane box is the hull, its score the best.
    """
    placed = []
    for row, found in enumerate(slices):
        boxes = found.boxes.copy()
        boxes[:, :, 0] += row
        placed.append(replace(found, boxes=boxes))
    if output.merge is None:
        return Candidates.join(placed)
    open_groups: list[list[tuple[int, int]]] = []
    done: list[list[tuple[int, int]]] = []
    for row, found in enumerate(placed):
        free = set(range(len(found.scores)))
        for group in open_groups:
            last_row, last = group[-1]
            before = placed[last_row]
            same = [n for n in free if found.classes[n] == before.classes[last]]
            if not same:
                continue
            shared = overlaps(before.boxes[last][:, 1:], found.boxes[same][:, :, 1:])
            best = int(np.argmax(shared))
            if shared[best] >= output.merge.iou:
                group.append((row, same[best]))
                free.discard(same[best])
        open_groups += [[(row, n)] for n in sorted(free)]
        done += [group for group in open_groups if row - group[-1][0] > output.merge.gap]
        open_groups = [group for group in open_groups if row - group[-1][0] <= output.merge.gap]
    merged = []
    for group in done + open_groups:
        if len(group) < output.merge.minimum_slices:
            continue
        boxes = np.stack([placed[row].boxes[n] for row, n in group])
        best_row, best_n = max(group, key=lambda place: placed[place[0]].scores[place[1]])
        hull = np.stack([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])
        best_of = placed[best_row]
        merged.append(
            Candidates(
                hull[None],
                best_of.scores[best_n : best_n + 1],
                best_of.classes[best_n : best_n + 1],
                best_of.diameters[best_n : best_n + 1],
            )
        )
    return Candidates.join(merged)
