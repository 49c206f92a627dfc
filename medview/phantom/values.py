"""Values of the phantom: what is asked for (anatomy, scan) and what comes back (HU, truth).

Axes of every array are (k, j, i): k grows toward the patient's head (S), j toward the back (P),
i toward the patient's left (L). Positions are LPS millimetres of voxel centres.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

LABEL_RIGHT_LUNG: Final = 1
LABEL_LEFT_LUNG: Final = 2

NoduleKind = Literal["solid", "part-solid", "ground-glass"]
NodulePlace = Literal["free", "pleura", "vessel"]


@dataclass(frozen=True)
class ScanChoice:
    """How the phantom is scanned.

    `spacing` is (dk, dj, di) in mm, `thickness` the slice thickness in mm (boxcar along k), `center`
    the LPS point (body frame: carina at about z = 0) in the middle of the grid. `blur_mm` is the
    in-plane sigma of the reconstruction kernel, `sharpen` its overshoot (0 none … 1.5 very sharp),
    `noise_hu` the standard deviation of the noise in the middle of the body.
    """

    shape: tuple[int, int, int] = (120, 512, 512)
    spacing: tuple[float, float, float] = (2.5, 0.7, 0.7)
    center: tuple[float, float, float] = (0.0, 10.0, -30.0)
    thickness: float = 2.5
    blur_mm: float = 0.55
    sharpen: float = 0.0
    noise_hu: float = 14.0
    noise_grain_mm: float = 0.7
    streaks: float = 0.5
    fov_circle: bool = True
    padding_hu: int = -1024
    hu_offset: float = 0.0


@dataclass(frozen=True)
class AnatomyChoice:
    """What the body is like; each entry left as None is drawn from the seed."""

    size: float | None = None  # 1.0 is an average adult
    fat_mm: float | None = None  # subcutaneous fat, mm
    arms: Literal["up", "down"] | None = None
    contrast: float | None = None  # HU that contrast medium adds to blood
    breasts: bool | None = None
    prone: bool | None = None
    tilt_deg: float | None = None  # largest rotation of the body in the scanner, degrees
    emphysema: float | None = None  # 0 none … 1 severe; likewise the next four
    ground_glass: float | None = None
    consolidation: float | None = None
    effusion: float | None = None
    fibrosis: float | None = None
    warp_mm: float | None = None  # size of the smooth random deformation, mm
    table: bool | None = None
    vessels: float = 1.0  # density of the vessel trees, 0 leaves them out
    nodules: int | None = None
    nodule_mm: tuple[float, float] = (4.0, 30.0)


@dataclass(frozen=True)
class NoduleTruth:
    """A nodule as painted: `center` LPS mm, `diameter` mm of the sphere of equal volume."""

    center: tuple[float, float, float]
    diameter: float
    kind: NoduleKind
    place: NodulePlace
    hu: float


@dataclass(frozen=True)
class ChestPhantom:
    """A scanned phantom.

    `hu` int16 (k, j, i), `origin` LPS mm of voxel (0, 0, 0), `spacing` (dk, dj, di) mm. `lungs` uint8
    (k, j, i): 1 right lung, 2 left lung, 0 elsewhere; lung includes its vessels, small bronchi,
    nodules and consolidation, excludes trachea, main bronchi, hilar trunks and pleural fluid.
    """

    hu: npt.NDArray[np.int16]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    lungs: npt.NDArray[np.uint8]
    nodules: tuple[NoduleTruth, ...] = field(default=())
    seed: int = 0

    def index_of(self, point: tuple[float, float, float]) -> tuple[float, float, float]:
        """Continuous (k, j, i) of an LPS point in mm."""
        x, y, z = (p - o for p, o in zip(point, self.origin, strict=True))
        return (z / self.spacing[0], y / self.spacing[1], x / self.spacing[2])
