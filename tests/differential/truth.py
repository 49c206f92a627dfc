"""What is known of every frame of a made series: its place, its values, and in what it differs from its neighbours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(eq=False)
class TrueFrame:
    """One frame as it was meant: ``position`` LPS mm of the first voxel, ``values`` (j, i) modality values.

    ``steps`` names everything that tells it from other frames at its position, with its value.
    """

    position: NDArray[np.float64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    spacing: tuple[float, float]
    stored: NDArray[Any]
    values: NDArray[np.float64]
    steps: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class TrueSeries:
    """What a folder holds, and what must come of it.

    ``frames``: (file name, frame number) → the frame. ``kind`` is the one that a stack must have, "" where several are
    right. ``stacks`` is their number, 0 where several are right. ``timepoints`` likewise. ``place_mm``: how far a slice
    may lie from its true place, which is not more than what the written decimals say.
    """

    name: str
    frames: dict[tuple[str, int], TrueFrame] = field(default_factory=dict)
    kind: str = ""
    stacks: int = 0
    timepoints: int = 0
    place_mm: float = 1e-3
    inverted: bool = False
    tolerance: int = 0
    """How far colours may differ that were computed."""
    words: list[str] = field(default_factory=list)
    """How it was made, for whoever looks into a disagreement."""
