"""What an object of a study lays over its images: labels, contours, a colour wash, and what each part of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Label, Segmentation
from medview.core.geometry import FloatArray
from medview.core.problem import Note
from medview.core.volume import Volume

ContourKind = Literal["closed", "open", "point"]
Point3 = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class OverlayPart:
    """A segment or a region of interest. ``centre`` is where to look at it: LPS mm, or ``centre_k`` without geometry."""

    label: Label
    volume_ml: float | None = None
    centre: Point3 | None = None
    centre_k: int | None = None
    algorithm: str = ""
    description: str = ""


@dataclass(frozen=True, eq=False)
class Contour:
    """``points`` (n, 3) LPS mm of one outline of the part with label ``value``.

    Closed ones lie in the plane through their points; ``normal`` is its unit vector, None for points and lines.
    """

    points: FloatArray
    kind: ContourKind
    value: int
    normal: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class ColourWash:
    """Values of another grid, drawn in colours from ``lower`` to ``upper``; below ``threshold`` nothing is drawn."""

    volume: Volume
    lower: float
    upper: float
    threshold: float
    unit: str
    quantity: str
    table: NDArray[np.uint8]
    """(256, 3) RGB."""


@dataclass(frozen=True, eq=False)
class StudyOverlay:
    """One object, read for the stack it lies on.

    ``segmentations`` are label maps on grids of their own, more than one where parts overlap; ``frame_labels`` (slice k of
    the stack → (j, i) label maps) stand for them on stacks without geometry.
    """

    path: str
    title: str
    parts: tuple[OverlayPart, ...] = ()
    segmentations: tuple[Segmentation, ...] = ()
    frame_labels: tuple[Mapping[int, NDArray[np.unsignedinteger]], ...] = ()
    contours: tuple[Contour, ...] = ()
    wash: ColourWash | None = None
    maps: tuple[str, ...] = ()
    """Names of the maps that the object holds, where there are several; ``wash`` is that at ``map_at``."""
    map_at: int = 0
    creator: str = ""
    notes: tuple[Note, ...] = ()
    thresholded: bool = field(default=False)
    """Whether its parts were fractions (occupancies, probabilities) and a threshold made them."""
