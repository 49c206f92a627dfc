"""Where a picture lies in the patient: the plane of a cut or of an acquired frame, and its orientation letters.

*plane* coordinates are pixels (x, y): x along ``u``, y along ``v``, integers are pixel centres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from medview.core.geometry import FloatArray, Geometry, direction_letters
from medview.core.kept import kept_with_first
from medview.core.side_words import opposite_side

Vector = tuple[float, float, float]
PlaneKind = Literal["axial", "sagittal", "coronal"]

AXIS_OF_PLANE: dict[str, int] = {"sagittal": 0, "coronal": 1, "axial": 2}
"""The LPS axis perpendicular to each plane."""

MOST_PIXELS = 2**26
"""Of a cut: two slices a micrometre apart must not ask for a picture of terabytes."""

ANATOMICAL_AXES: dict[str, tuple[Vector, Vector]] = {
    # Seen from the feet, from the front and from the left: the patient's left at the picture's right, head up,
    # anterior at the left of a sagittal cut.
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}


@dataclass(frozen=True, slots=True)
class Plane:
    """A grid of ``size`` (h, w) pixels in the patient.

    ``origin`` is the LPS mm of pixel (0, 0); ``u`` and ``v`` are the unit LPS vectors of growing x and y, and
    ``spacing`` (du, dv) the mm of a pixel along them.
    """

    origin: Vector
    u: Vector
    v: Vector
    spacing: tuple[float, float]
    size: tuple[int, int]

    @property
    def normal(self) -> FloatArray:
        """Unit LPS vector u × v (u and v need not be at right angles); read-only."""
        return normal_of(self.u, self.v)

    @property
    def steps(self) -> FloatArray:
        """(2, 3) LPS mm of one pixel along x and along y; read-only."""
        return _steps(self.u, self.v, self.spacing)

    def plane_to_patient(self, points: ArrayLike) -> FloatArray:
        """(…, 2) pixels (x, y) to LPS mm (…, 3)."""
        xy = np.asarray(points, dtype=np.float64)
        return np.asarray(np.asarray(self.origin) + xy @ self.steps)

    def point_at(self, x: float, y: float) -> Vector:
        """LPS mm of one pixel, as plain numbers."""
        across, down = x * self.spacing[0], y * self.spacing[1]
        a, b, c = (o + u * across + v * down for o, u, v in zip(self.origin, self.u, self.v, strict=True))
        return (a, b, c)

    def patient_to_plane(self, points: ArrayLike) -> FloatArray:
        """(…, 3) LPS mm to (x, y, distance): pixels, and mm along ``normal`` (0 on the plane)."""
        inverse = _inverse(self.u, self.v, self.spacing)
        return np.asarray((np.asarray(points, dtype=np.float64) - self.origin) @ inverse)

    @property
    def depth(self) -> float:
        """Position of the plane along its normal in mm."""
        return float(np.dot(self.origin, self.normal))


# All slices of a stack have the same directions, and each picture asks for them many times.


@lru_cache(maxsize=256)
def normal_of(u: Vector, v: Vector) -> FloatArray:
    """Unit LPS vector u × v; read-only."""
    (a, b, c), (d, e, f) = u, v
    x, y, z = b * f - c * e, c * d - a * f, a * e - b * d
    return _read_only(np.array([x, y, z]) / math.sqrt(x * x + y * y + z * z))


@lru_cache(maxsize=256)
def _steps(u: Vector, v: Vector, spacing: tuple[float, float]) -> FloatArray:
    return _read_only(np.array([np.multiply(u, spacing[0]), np.multiply(v, spacing[1])]))


@lru_cache(maxsize=256)
def _inverse(u: Vector, v: Vector, spacing: tuple[float, float]) -> FloatArray:
    return _read_only(np.linalg.inv(np.vstack([_steps(u, v, spacing), normal_of(u, v)])))


def _read_only(values: FloatArray) -> FloatArray:
    values.setflags(write=False)
    return values


def as_vector(values: ArrayLike) -> Vector:
    """Three numbers as a plane holds them."""
    x, y, z = np.asarray(values, dtype=np.float64)
    return (float(x), float(y), float(z))


@kept_with_first
def plane_of_slice(geometry: Geometry, k: int) -> Plane:
    """The plane of acquired slice ``k``: pixel (x, y) is voxel (k, j=y, i=x)."""
    _, dj, di = geometry.spacing
    return Plane(
        as_vector(geometry.origins[k]),
        as_vector(geometry.row_direction),
        as_vector(geometry.column_direction),
        (di, dj),
        (geometry.shape[1], geometry.shape[2]),
    )


def plane_of_frame(position: ArrayLike, size: tuple[int, int]) -> Plane | None:
    """The plane of one frame of a stack without common geometry; ``position`` (3, 3) as in ``Stack.planes``.

    None where the file does not say it.
    """
    rows = np.asarray(position, dtype=np.float64)
    lengths = np.linalg.norm(rows[1:], axis=1)
    if not np.all(np.isfinite(rows)) or np.any(lengths == 0):
        return None
    return Plane(
        as_vector(rows[0]),
        as_vector(rows[1] / lengths[0]),
        as_vector(rows[2] / lengths[1]),
        (float(lengths[0]), float(lengths[1])),
        size,
    )


def anatomical_plane(geometry: Geometry, kind: PlaneKind, position_mm: float, spacing: float | None = None) -> Plane:
    """The axial, sagittal or coronal plane at LPS coordinate ``position_mm``, as large as the volume.

    Head up, the patient's left at the picture's right, anterior at the left of a sagittal cut. Pixels are square,
    ``spacing`` mm or the volume's smallest; the first pixel's border lies on the volume's, so that the pixels of an
    aligned volume are its voxels.
    """
    step = float(spacing) if spacing is not None else _square_step(geometry, kind)
    u, v = (np.array(axis) for axis in ANATOMICAL_AXES[kind])
    low, high = geometry.bounds
    origin = np.zeros(3)
    size: list[int] = []
    for axis in (v, u):
        at = int(np.argmax(np.abs(axis)))
        extent = float(high[at] - low[at])
        start, sign = (low[at], 1.0) if axis[at] > 0 else (high[at], -1.0)
        origin[at] = start + sign * step / 2
        size.append(max(1, math.floor(extent / step + 0.5 + 1e-6)))
    origin[AXIS_OF_PLANE[kind]] = position_mm
    return Plane(as_vector(origin), as_vector(u), as_vector(v), (step, step), (size[0], size[1]))


def _square_step(geometry: Geometry, kind: PlaneKind) -> float:
    """The smallest spacing; larger only where that would make a picture of more than ``MOST_PIXELS``."""
    smallest = min(geometry.spacing)
    extents = np.delete(geometry.bounds[1] - geometry.bounds[0], AXIS_OF_PLANE[kind])
    return max(smallest, float(np.sqrt(np.prod(extents) / MOST_PIXELS)))


def plane_range(geometry: Geometry, kind: PlaneKind) -> tuple[float, float]:
    """(smallest, largest) LPS coordinate along the plane's axis that lies inside the volume, voxel borders included."""
    low, high = geometry.bounds
    axis = AXIS_OF_PLANE[kind]
    return float(low[axis]), float(high[axis])


def plane_positions(geometry: Geometry, kind: PlaneKind) -> FloatArray:
    """(n,) growing LPS coordinates to scroll through: voxel centres where the grid is aligned with the patient.

    Otherwise evenly spaced, at the smallest spacing of the volume, from border to border.
    """
    axis = AXIS_OF_PLANE[kind]
    directions = np.array([geometry.normal, geometry.column_direction, geometry.row_direction])
    nearest = int(np.argmax(np.abs(directions[:, axis])))
    aligned = abs(abs(directions[nearest, axis]) - 1) < 1e-6
    if aligned and (nearest == 0 or not geometry.is_sheared):
        voxels = np.zeros((geometry.shape[nearest], 3))
        voxels[:, nearest] = np.arange(geometry.shape[nearest])
        return np.sort(geometry.voxel_to_patient(voxels)[:, axis])
    low, high = plane_range(geometry, kind)
    step = min(geometry.spacing)
    count = max(1, math.floor((high - low) / step + 0.5 + 1e-6))
    return np.asarray(low + step * (np.arange(count) + 0.5))


def oblique_plane(geometry: Geometry, u: Vector, v: Vector, depth_mm: float) -> Plane:
    """The plane with unit LPS directions ``u`` and ``v`` at ``depth_mm`` along u × v, just as large as the volume seen along it.

    Pixels are square, of the volume's smallest spacing; the same directions give the same grid at every depth, so that a
    point on the picture is the same point after scrolling away and back.
    """
    across, down = np.array(u, dtype=np.float64), np.array(v, dtype=np.float64)
    corners = _border_points(geometry)
    low = np.array([(corners @ across).min(), (corners @ down).min()])
    high = np.array([(corners @ across).max(), (corners @ down).max()])
    extents = high - low
    step = max(min(geometry.spacing), float(np.sqrt(np.prod(extents) / MOST_PIXELS)))
    size = np.maximum(1, np.ceil(extents / step - 1e-6)).astype(int)
    first = (low + high) / 2 - (size - 1) / 2 * step
    plane = Plane((0.0, 0.0, 0.0), as_vector(across), as_vector(down), (step, step), (int(size[1]), int(size[0])))
    origin = across * first[0] + down * first[1] + plane.normal * depth_mm
    return Plane(as_vector(origin), plane.u, plane.v, plane.spacing, plane.size)


def oblique_positions(geometry: Geometry, normal: ArrayLike) -> FloatArray:
    """(n,) growing mm along ``normal`` to scroll through, evenly at the volume's smallest spacing from border to border."""
    depths = _border_points(geometry) @ np.asarray(normal, dtype=np.float64)
    low, high = float(depths.min()), float(depths.max())
    step = min(geometry.spacing)
    count = max(1, math.floor((high - low) / step + 0.5 + 1e-6))
    return np.asarray(low + step * (np.arange(count) + 0.5))


def _border_points(geometry: Geometry) -> FloatArray:
    """(n, 3) LPS mm of the corners of the volume's borders; of every slice where they lie unevenly."""
    k, j, i = geometry.shape
    slices = [-0.5, k - 0.5] if geometry.slice_origins is None else [-0.5, *range(k), k - 0.5]
    return geometry.voxel_to_patient(
        np.array([[a, b, c] for a in slices for b in (-0.5, j - 0.5) for c in (-0.5, i - 0.5)], dtype=np.float64)
    )


def upright_axes(normal: ArrayLike, up: ArrayLike | None = None) -> tuple[Vector, Vector]:
    """(u, v) of a picture seen along ``normal``, with ``up`` (head, or anterior for an axial one) at its top; u × v = normal.

    Raises ValueError for directions of no length and where ``up`` runs along the normal.
    """
    n = np.asarray(normal, dtype=np.float64)
    length = float(np.linalg.norm(n))
    if not np.isfinite(length) or length < 1e-9:
        raise ValueError("a normal has a direction")
    n = n / length
    if up is None:
        up = (0.0, 0.0, 1.0) if abs(n[2]) < 0.9 else (0.0, -1.0, 0.0)
    top = np.asarray(up, dtype=np.float64)
    if not np.all(np.isfinite(top)) or float(np.linalg.norm(top)) < 1e-9:
        raise ValueError("what is up has a direction")
    top = top / np.linalg.norm(top)
    down = -(top - (top @ n) * n)
    if np.linalg.norm(down) < 1e-6:
        raise ValueError("what is up cannot run along the normal")
    down = down / np.linalg.norm(down)
    return as_vector(np.cross(down, n)), as_vector(down)


def nearest_plane_kind(geometry: Geometry) -> PlaneKind:
    """Which anatomical plane the acquired slices are closest to."""
    axis = int(np.argmax(np.abs(geometry.normal)))
    kinds: tuple[PlaneKind, ...] = ("sagittal", "coronal", "axial")
    return kinds[axis]


@dataclass(frozen=True, slots=True)
class EdgeLetters:
    """Orientation letters at the middle of each edge of a picture; empty where nothing is known."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


def edge_letters(plane: Plane, screen_to_plane: ArrayLike, feet_head: bool = True) -> EdgeLetters:
    """Letters at a screen's edges from the transform that really draws it: ``screen_to_plane`` (2, 3) or (2, 2).

    Feet and head are written F and H (PS3.3 C.7.6.1.1.1) unless ``feet_head`` is False.
    """
    matrix = np.asarray(screen_to_plane, dtype=np.float64)[:, :2]
    right = matrix[:, 0] @ plane.steps
    down = matrix[:, 1] @ plane.steps
    return EdgeLetters(
        direction_letters(-right, feet_head),
        direction_letters(right, feet_head),
        direction_letters(-down, feet_head),
        direction_letters(down, feet_head),
    )


def edge_letters_of_orientation(orientation: tuple[str, str], screen_to_pixel: ArrayLike) -> EdgeLetters:
    """Letters from PatientOrientation (0020,0020), for pictures that have no position: rows' and columns' direction.

    Turned by an odd angle the nearest quarter turn counts.
    """
    matrix = np.asarray(screen_to_pixel, dtype=np.float64)[:, :2]

    def letters(direction: FloatArray) -> str:
        axis = int(np.argmax(np.abs(direction)))
        text = orientation[axis]
        return text if direction[axis] > 0 else opposite_side(text)

    right, down = matrix[:, 0], matrix[:, 1]
    return EdgeLetters(letters(-right), letters(right), letters(-down), letters(down))
