"""Which labels of segmentations are surfaces in three dimensions: those that the reader sees in the slices, by place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medview.app.over_images import labels_over, painted_over
from medview.app.overlay_layers import StructureLayer
from medview.app.picture import serial
from medview.core.display import OverlayStyle
from medview.core.finding import Colour, Label, Segmentation
from medview.core.geometry import Geometry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from medview.app.viewport_state import ViewportView
    from medview.app.workspace import Workspace

MOST_VOXELS = 24 << 20
"""Of the box around a label; what is larger is made of every second, third … voxel while it is looked at."""


@dataclass(frozen=True, eq=False)
class SolidLabel:
    """One label to be seen as a surface. ``key`` differs where its voxels differ."""

    key: str
    segmentation: Segmentation
    value: int
    name: str
    colour: Colour
    of_model: bool = False


def solid_labels(workspace: Workspace, view: ViewportView) -> tuple[SolidLabel, ...]:
    """Every label with a place in the patient that is visible in a viewport's slices."""
    found: list[SolidLabel] = []
    for layer in labels_over(workspace, view):
        if layer.style.visible:
            found += labels_of(layer.key, layer.segmentation, layer.segmentation.meanings, layer.style)
    for painted in painted_over(workspace, view):
        if isinstance(painted, StructureLayer) and painted.style.visible:
            meanings = tuple(part.label for part in painted.overlay.parts)
            for number, one in enumerate(painted.overlay.segmentations):
                found += labels_of(f"{painted.key}#{number}", one, meanings, painted.style)
    return tuple(found)


def labels_of(
    key: str, segmentation: Segmentation, meanings: Iterable[Label], style: OverlayStyle
) -> tuple[SolidLabel, ...]:
    """The labels of one segmentation that its style shows."""
    if segmentation.geometry is None:
        return ()
    chosen = dict(style.colours)
    return tuple(
        SolidLabel(
            f"{key}:{serial(segmentation)}:{label.value}",
            segmentation,
            label.value,
            label.name,
            chosen.get(label.value, label.colour),
        )
        for label in meanings
        if label.value and label.value not in style.hidden_labels
    )


@dataclass(frozen=True, eq=False)
class SolidPart:
    """What of a label map a surface is made of: ``inside`` (k, j, i) 0 or 1, its ``first`` voxel and ``step`` on ``geometry``."""

    inside: NDArray[np.uint8]
    first: tuple[int, int, int]
    geometry: Geometry
    step: int


def part_of(label: SolidLabel, most: int = MOST_VOXELS) -> SolidPart | None:
    """The box around a label; None where there is nothing of it."""
    assert label.segmentation.geometry is not None, "chosen for having one"
    box = _box_around(label.segmentation.labels, label.value)
    if box is None:
        return None
    inside = (label.segmentation.labels[box] == label.value).astype(np.uint8)
    step = 1
    while inside.size // step**3 > most:
        step += 1
    if step > 1:
        inside = _by_majority(inside, step)
    first = (int(box[0].start), int(box[1].start), int(box[2].start))
    return SolidPart(np.ascontiguousarray(inside), first, label.segmentation.geometry, step)


def _box_around(labels: NDArray[Any], value: int) -> tuple[slice, slice, slice] | None:
    """Slice by slice, so that no second volume is made."""
    slices = [k for k in range(labels.shape[0]) if bool((labels[k] == value).any())]
    if not slices:
        return None
    rows, columns = np.zeros(labels.shape[1], np.bool_), np.zeros(labels.shape[2], np.bool_)
    for k in slices:
        here = labels[k] == value
        rows |= here.any(axis=1)
        columns |= here.any(axis=0)
    j, i = np.flatnonzero(rows), np.flatnonzero(columns)
    return slice(slices[0], slices[-1] + 1), slice(int(j[0]), int(j[-1]) + 1), slice(int(i[0]), int(i[-1]) + 1)


def _by_majority(inside: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """1 where at least half of a block is inside."""
    padded = np.pad(inside, [(0, -count % step) for count in inside.shape])
    k, j, i = (count // step for count in padded.shape)
    blocks = padded.reshape(k, step, j, step, i, step).sum(axis=(1, 3, 5), dtype=np.uint32)
    return np.asarray(2 * blocks >= step**3, dtype=np.uint8)
