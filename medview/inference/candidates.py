"""Boxes that a detector proposes, before they are findings: arrays in tensor coordinates, voxel centres at whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
AnyArray = NDArray[Any]


@dataclass(frozen=True, eq=False)
class BoxMask:
    """Which voxels of a slice belong to one finding: ``inside`` (h, w), its first voxel at (``top``, ``left``)."""

    top: int
    left: int
    inside: NDArray[np.bool_]


@dataclass
class Candidates:
    """Boxes (m, 2, 3) in tensor coordinates (a, b, c), scores (m,), positions in ``output.labels`` (m,), diameters in
    mm (m,) or NaN where the box says it.
    """

    boxes: FloatArray
    scores: FloatArray
    classes: NDArray[np.intp]
    diameters: FloatArray
    extras: FloatArray | None = None
    """(m, e) what else a place says: coefficients of its mask, or x, y, visibility of its keypoints in voxels."""
    masks: tuple[BoxMask, ...] = ()
    inside_out: int = 0
    """How many more there were above the threshold whose first corner lies behind the second."""
    strangers: tuple[int, ...] = ()
    """Class numbers above the threshold that the manifest does not name."""

    @staticmethod
    def none() -> Candidates:
        """No candidate."""
        return Candidates(np.zeros((0, 2, 3)), np.zeros(0), np.zeros(0, dtype=np.intp), np.zeros(0))

    def part(self, keep: AnyArray) -> Candidates:
        """Those at ``keep``."""
        return Candidates(
            self.boxes[keep],
            self.scores[keep],
            self.classes[keep],
            self.diameters[keep],
            None if self.extras is None else self.extras[keep],
            tuple(self.masks[n] for n in np.arange(len(self.scores))[keep]) if self.masks else (),
            self.inside_out,
            self.strangers,
        )

    @staticmethod
    def join(parts: list[Candidates]) -> Candidates:
        """All of several."""
        if not parts:
            return Candidates.none()
        return Candidates(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.classes for part in parts]),
            np.concatenate([part.diameters for part in parts]),
            None if any(part.extras is None for part in parts) else np.concatenate([part.extras for part in parts]),
            tuple(mask for part in parts for mask in part.masks),
        )

    def moved(self, corner: tuple[int, ...]) -> Candidates:
        """Of a tile whose first voxel lies at ``corner`` (of the last axes), where they lie in the whole."""
        shift = np.zeros(3)
        shift[3 - len(corner) :] = corner
        return replace(self, boxes=self.boxes + shift)

    def mirrored(self, axes: tuple[int, ...], shape: tuple[int, ...]) -> Candidates:
        """Turned back from a tensor of spatial ``shape`` that was mirrored along ``axes`` of it."""
        boxes = self.boxes.copy()
        for axis in axes:
            at = 3 - len(shape) + axis
            boxes[:, :, at] = shape[axis] - 1 - boxes[:, ::-1, at]
        return replace(self, boxes=boxes)
