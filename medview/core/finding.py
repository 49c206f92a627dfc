"""What a model or a reader found: codes, labels, segmentations, findings, classifications, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.problem import Note

Colour = tuple[int, int, int]

LABEL_COLOURS: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (148, 103, 189),
)
"""Colours that the colour-blind can tell apart (Okabe and Ito 2008, and one violet)."""


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept (PS3.3 8.8): value, scheme designator, meaning."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Label:
    """What a value of a label map (or a class) means and how it is drawn."""

    value: int
    name: str
    colour: Colour
    category: Code | None = None
    type: Code | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which package made a result from what, on which device, when and for how long; shown with each result."""

    package_id: str
    package_name: str
    package_version: str
    package_sha256: str
    device_requested: str
    device_used: str
    series_uid: str
    stack_id: str
    finished_at: str
    """ISO 8601 with offset."""
    duration_s: float
    research_only: bool = True
    input_sha256: str = ""
    overrides: tuple[str, ...] = ()
    """What the reader knowingly overrode; each picture is marked when there is any."""
    model_sha256: str = ""
    """Of the network's file alone; ``package_sha256`` covers manifest and side files too."""
    how: Literal["automatic", "semiautomatic", "manual"] = "automatic"
    """By a model alone, by a model and then by a reader, or by a reader alone (PS3.3 C.8.20.4, Segment Algorithm Type)."""
    reader: str = ""
    """Who edited or drew it."""
    origin: str = ""
    """Which result was edited: its `result_key`, "" where a reader began with nothing."""
    time: int = 0
    """Which time point of the stack it saw."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """``labels`` (k, j, i) unsigned integers on exactly the grid ``geometry`` of the source stack; 0 is nothing."""

    labels: NDArray[np.unsignedinteger]
    geometry: Geometry | None
    meanings: tuple[Label, ...]
    time: int = 0


@dataclass(frozen=True, slots=True)
class Keypoint:
    """A named point of a finding: voxel coordinates (k, j, i), LPS mm where there is geometry, how visible (0 to 1)."""

    name: str
    voxel: tuple[float, float, float]
    lps: tuple[float, float, float] | None
    score: float = 1.0
    shown: bool = True
    """Whether it is visible enough to be drawn."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A located finding. ``box_lps`` smallest and largest corner in LPS mm, None without geometry.

    ``box_voxel`` is the same box in voxel coordinates of the source stack: ((k, j, i), (k, j, i)), borders at -0.5.
    """

    id: str
    label: str
    score: float
    center_voxel: tuple[float, float, float]
    box_voxel: tuple[tuple[float, float, float], tuple[float, float, float]]
    center_lps: tuple[float, float, float] | None = None
    box_lps: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None
    size_mm: float | None = None
    k: int = 0
    sop_uid: str = ""
    frame: int = 0
    colour: Colour = LABEL_COLOURS[0]
    keypoints: tuple[Keypoint, ...] = ()
    bones: tuple[tuple[int, int], ...] = ()
    """Pairs of ``keypoints``, by their numbers, that a line joins."""
    mask_value: int | None = None
    """What the result's segmentation holds where this finding lies, of networks that outline each finding."""


@dataclass(frozen=True, slots=True)
class ClassProbability:
    """One line of a classification."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class ModelValue:
    """One number that a model gives of the whole series, in ``unit`` ("" where it has none)."""

    name: str
    value: float
    unit: str = ""


@dataclass(frozen=True, eq=False)
class DerivedImage:
    """``values`` (k, j, i) float32 that a model made, on the grid ``geometry``: the source stack's, or one that cuts its voxels
    into equal parts (super-resolution).
    """

    values: NDArray[np.float32]
    geometry: Geometry | None
    title: str
    unit: str = ""
    time: int = 0


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A package that was run before another, and the part of the series that its finding left: (k, j, i) from and to."""

    provenance: Provenance
    box: tuple[tuple[int, int, int], tuple[int, int, int]]


@dataclass(frozen=True, eq=False)
class InferenceResult:
    """Everything one run gave, on the source stack's geometry, with its provenance."""

    provenance: Provenance
    task: str
    segmentation: Segmentation | None = None
    findings: tuple[Finding, ...] = ()
    classification: tuple[ClassProbability, ...] = ()
    warnings: tuple[Note, ...] = ()
    timing_s: tuple[tuple[str, float], ...] = field(default=())
    shown_threshold: float = 0.0
    """Score from which findings are shown at first; the package chose it, the reader may move it."""
    values: tuple[ModelValue, ...] = ()
    image: DerivedImage | None = None
    by_slice: tuple[tuple[float, ...], ...] = ()
    """What slice-by-slice networks said of each acquired slice or frame: the numbers of ``classification`` or ``values``."""
    earlier: tuple[EarlierRun, ...] = ()
    """Packages of a cascade that were run before, in their order."""
    inputs: tuple[tuple[str, str], ...] = ()
    """Name of each channel and id of the stack it was fed with, where the model sees several series."""
