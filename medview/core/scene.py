"""What a picture in three dimensions is made of: where it is seen from, how values look, what is cut away, which surfaces are in it.

All of it is plain: sent to the process that draws, compared, kept with a viewport. Places are LPS mm.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from medview.core.finding import Colour
from medview.core.geometry import FloatArray
from medview.core.plane import Vector, as_vector

Blend = Literal["composite", "maximum"]
"""Light through what is more or less opaque; or the brightest value along each ray."""
MOST_CODE = 32767
"""Of the whole numbers that a volume is sent as; 0 means that there is no value."""


@dataclass(frozen=True, slots=True)
class TransferPoint:
    """At ``value`` a mm is so opaque (0 to 1) and has this colour; between points both change evenly."""

    value: float
    opacity: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Look:
    """How values are seen: ``points`` of growing value. ``unit_mm``: the thickness that opacities are meant for.

    Raises ValueError for fewer than two points and for points that do not grow.
    """

    points: tuple[TransferPoint, ...]
    shaded: bool = True
    blend: Blend = "composite"
    unit_mm: float = 1.0

    def __post_init__(self) -> None:
        values = [point.value for point in self.points]
        if len(values) < 2 or any(b <= a for a, b in itertools.pairwise(values)):
            raise ValueError("a look needs at least two points, and each has a larger value than the one before")

    @property
    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value that it speaks of."""
        return self.points[0].value, self.points[-1].value

    def shows(self, low: float, high: float) -> bool:
        """Whether anything of values between ``low`` and ``high`` is to be seen; beyond its ends a look goes on as at them."""
        inside = [point.opacity for point in self.points if low <= point.value <= high]
        places = [point.value for point in self.points]
        courses = np.interp([low, high], places, [point.opacity for point in self.points])
        return bool(max([*inside, *courses]) > 0.0)

    def windowed(self, shift: float, stretch: float) -> Look:
        """The same course moved by ``shift``, and ``stretch`` times as wide about its middle."""
        low, high = self.ends
        middle = (low + high) / 2
        points = tuple(replace(point, value=middle + (point.value - middle) * stretch + shift) for point in self.points)
        return replace(self, points=points)

    def denser(self, factor: float) -> Look:
        """All opacities so many times as large, at most 1."""
        points = tuple(replace(point, opacity=min(1.0, point.opacity * factor)) for point in self.points)
        return replace(self, points=points)

    def opacity_at(self, values: ArrayLike) -> FloatArray:
        """Opacity for ``unit_mm`` of values; beyond the ends that of the ends."""
        return np.asarray(
            np.interp(
                np.asarray(values, dtype=np.float64),
                [point.value for point in self.points],
                [point.opacity for point in self.points],
            )
        )


@dataclass(frozen=True, slots=True)
class ClipBox:
    """What is kept: between ``low`` and ``high``, along the patient's axes. Raises ValueError for a box that holds nothing."""

    low: Vector
    high: Vector

    def __post_init__(self) -> None:
        if not all(b > a for a, b in zip(self.low, self.high, strict=True)):
            raise ValueError("a box that is larger than nothing")

    def moved(self, axis: int, upper: bool, to: float, within: ClipBox, least: float = 1.0) -> ClipBox:
        """One of its faces at LPS ``to``, inside ``within`` and at least ``least`` mm from the face across."""
        low, high = list(self.low), list(self.high)
        if upper:
            high[axis] = min(max(to, low[axis] + least), max(within.high[axis], low[axis] + least))
        else:
            low[axis] = max(min(to, high[axis] - least), min(within.low[axis], high[axis] - least))
        return ClipBox(as_vector(low), as_vector(high))

    @property
    def corners(self) -> FloatArray:
        """(8, 3) LPS mm; the bits of the index say which axis is at its high end (1 x, 2 y, 4 z)."""
        ends = (self.low, self.high)
        return np.array([[ends[at >> axis & 1][axis] for axis in range(3)] for at in range(8)])


@dataclass(frozen=True, slots=True)
class Camera:
    """Parallel rays: ``centre`` lies in the picture's middle, ``right`` and ``down`` are unit vectors, a pixel is ``pixel_mm``.

    ``size`` (h, w). ``mirrored``: the picture is turned over, left to right, after it was taken.
    """

    centre: Vector
    right: Vector
    down: Vector
    pixel_mm: float
    size: tuple[int, int]
    mirrored: bool = False

    @property
    def away(self) -> FloatArray:
        """Unit vector from the eye into the picture."""
        return np.asarray(np.cross(self.right, self.down))

    def point_at(self, x: float, y: float) -> FloatArray:
        """LPS mm, in the plane of ``centre``, under the centre of pixel (x, y)."""
        h, w = self.size
        across = (x - (w - 1) / 2) * (-1.0 if self.mirrored else 1.0)
        offset = np.array(self.right) * across + np.array(self.down) * (y - (h - 1) / 2)
        return np.asarray(np.array(self.centre) + offset * self.pixel_mm)

    def pixel_of(self, points: ArrayLike) -> FloatArray:
        """(…, 3) LPS mm to (x, y, depth): pixels, and mm behind the plane of ``centre``."""
        h, w = self.size
        moved = np.asarray(points, dtype=np.float64) - self.centre
        x = moved @ np.array(self.right) / self.pixel_mm * (-1.0 if self.mirrored else 1.0)
        y = moved @ np.array(self.down) / self.pixel_mm
        return np.stack([x + (w - 1) / 2, y + (h - 1) / 2, moved @ self.away], axis=-1)


@dataclass(frozen=True, slots=True)
class SurfaceLook:
    """A surface that the drawing process holds under ``key``, and how it is seen."""

    key: str
    colour: Colour
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that one picture shows. ``volume``: whether the values are drawn, or the surfaces alone."""

    camera: Camera
    look: Look
    box: ClipBox | None = None
    surfaces: tuple[SurfaceLook, ...] = ()
    cut_surfaces: bool = False
    """Whether the box cuts surfaces too."""
    volume: bool = True


@dataclass(frozen=True, slots=True)
class SolidStyle:
    """How one viewport shows a volume, but for where it is seen from. ``preset`` "" is the usual one; ``look`` is set where the reader changed it."""

    preset: str = ""
    look: Look | None = None
    box: ClipBox | None = None
    cut_surfaces: bool = False
    surface_opacity: float = 1.0
    volume: bool = True
    """Whether the values are drawn, or surfaces alone."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid at right angles that turns like the patient: ``shape`` (k, j, i), ``affine`` (4, 4) takes (i, j, k, 1) to LPS mm.

    Codes on it are ``(value - offset) / scale``, from 1 to MOST_CODE. ``step`` is how many voxels of the volume one of its voxels
    stands for along each side, 1 where nothing was left out.
    """

    shape: tuple[int, int, int]
    affine: FloatArray
    scale: float
    offset: float
    step: int = 1

    def __post_init__(self) -> None:
        columns = np.asarray(self.affine)[:3, :3]
        lengths = np.linalg.norm(columns, axis=0)
        turned = columns / lengths
        if np.abs(turned.T @ turned - np.eye(3)).max() > 2e-3 or np.linalg.det(turned) < 0:
            raise ValueError("a grid that is drawn stands at right angles and is not mirrored")

    @property
    def spacing(self) -> tuple[float, float, float]:
        """(di, dj, dk) mm."""
        i, j, k = np.linalg.norm(np.asarray(self.affine)[:3, :3], axis=0)
        return (float(i), float(j), float(k))

    def code_of(self, value: float) -> float:
        """The code, fractions included, that stands for a value."""
        return (value - self.offset) / self.scale

    @property
    def bounds(self) -> ClipBox:
        """The box around the outer borders of its voxels."""
        k, j, i = self.shape
        ends = np.array([[a, b, c, 1.0] for a in (-0.5, i - 0.5) for b in (-0.5, j - 0.5) for c in (-0.5, k - 0.5)])
        points = ends @ np.asarray(self.affine).T
        return ClipBox(as_vector(points[:, :3].min(axis=0)), as_vector(points[:, :3].max(axis=0)))
