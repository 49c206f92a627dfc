"""Answers to questions about what a network said: maps of values on the series' grid, figures, places to jump to.

An explanation is no finding: it is shown on request, marked as one, and never kept with what was found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Provenance, Segmentation
from medview.core.geometry import Geometry
from medview.core.problem import Note

FloatMap = NDArray[np.float32]
Triple = tuple[float, float, float]
MapKind = Literal["amount", "difference"]
"""``amount``: from nothing upward; ``difference``: about 0, to both sides."""


@dataclass(frozen=True, eq=False)
class ValueMap:
    """``values`` (k, j, i) float32 on exactly the series' grid, NaN where nothing was asked.

    Drawn in colours from ``lower`` to ``upper``; what is smaller than ``threshold`` (of differences: in size) is not.
    """

    id: str
    title: str
    values: FloatMap
    lower: float
    upper: float
    threshold: float
    unit: str = ""
    kind: MapKind = "amount"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of the figures: what it is about and a number for each column, None where there is none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class NotedPlace:
    """A place worth a look: its middle as voxel (k, j, i) and in LPS mm, its size, and a number that ranks it."""

    name: str
    center_voxel: Triple
    center_lps: Triple | None = None
    volume_ml: float | None = None
    value: float | None = None


@dataclass(frozen=True, eq=False)
class FeatureMosaic:
    """The channels of a tensor side by side: ``picture`` (h, w) uint8, ``columns`` channels in a row, each ``tile`` (h, w).

    ``channels`` holds the channels' numbers in the order of the picture; each channel fills the range from black to white.
    """

    picture: NDArray[np.uint8]
    tensor: str
    columns: int
    tile: tuple[int, int]
    channels: tuple[int, ...]

    def channel_at(self, x: int, y: int) -> int | None:
        """The channel under pixel (x, y); None beside all."""
        row, column = y // (self.tile[0] + 1), x // (self.tile[1] + 1)
        at = row * self.columns + column
        return self.channels[at] if 0 <= column < self.columns and 0 <= at < len(self.channels) else None


@dataclass(frozen=True, eq=False)
class Explanation:
    """What one question gave. ``sources``: the packages that were asked, with hash and device, the first one's stack.

    ``parameters`` are (name, value, unit) of all that the method was given. ``label``: what was asked about,
    ``baseline`` its score before anything was changed. ``runs``: calls of the network.
    """

    method: str
    sources: tuple[Provenance, ...]
    parameters: tuple[tuple[str, float | int | bool | str, str], ...]
    geometry: Geometry | None
    time: int = 0
    label: str = ""
    place: Triple | None = None
    baseline: float | None = None
    maps: tuple[ValueMap, ...] = ()
    segmentation: Segmentation | None = None
    columns: tuple[str, ...] = ()
    table: tuple[TableRow, ...] = ()
    places: tuple[NotedPlace, ...] = ()
    mosaic: FeatureMosaic | None = None
    notes: tuple[Note, ...] = ()
    runs: int = 0
    duration_s: float = 0.0

    @property
    def stack_id(self) -> str:
        """Of the stack that it is about."""
        return self.sources[0].stack_id

    @property
    def key(self) -> str:
        """Tells it from others."""
        made = self.sources[0]
        return f"{made.stack_id}/{self.method}/{made.package_sha256[:16]}/{self.label}/{made.finished_at}"

    def with_notes(self, *notes: Note) -> Explanation:
        """With more that is worth saying."""
        return replace(self, notes=(*self.notes, *notes))
