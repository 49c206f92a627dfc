"""Pictures straightened along a path through a volume: a smooth curve through points, and what lies across it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.core.cut import Slice, slice_holes
from medview.core.finding import Segmentation
from medview.core.geometry import FloatArray, Geometry
from medview.core.volume import AnyArray, SliceState, Volume
from medview.kernels import volume_sampling

MOST_COLUMNS = 8192
_FINE = 64
"""Pieces that each part of the curve is measured in: its length is true to a ten-thousandth."""


@dataclass(frozen=True, eq=False)
class CurvedSurface:
    """A surface that follows a path: column x lies at ``points[x]``, row y so many steps of ``across[x]`` from it.

    ``points`` (w, 3) LPS mm, ``step_mm`` apart along the path; ``untwisted`` (w, 3) unit vectors perpendicular to it, which
    ``turned_deg`` turns about it; the path runs through the picture's middle row. ``length_mm`` is the whole path's,
    ``source`` names the mark that it was drawn as.
    """

    points: FloatArray
    untwisted: FloatArray
    tangents: FloatArray
    width_mm: float
    step_mm: float
    length_mm: float
    turned_deg: float = 0.0
    source: str = ""

    @cached_property
    def across(self) -> FloatArray:
        """(w, 3) unit vectors of growing y."""
        angle = np.deg2rad(self.turned_deg)
        return np.asarray(self.untwisted * np.cos(angle) + np.cross(self.tangents, self.untwisted) * np.sin(angle))

    @property
    def rows(self) -> int:
        """Pixels across."""
        return max(1, int(np.floor(self.width_mm / self.step_mm + 0.5)))

    @cached_property
    def digest(self) -> str:
        """Names this very surface: marks on another one are not on this."""
        told = np.concatenate([self.points.ravel(), self.across.ravel(), [self.width_mm, self.step_mm]])
        return hashlib.sha256(np.round(told, 4).tobytes()).hexdigest()[:16]

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return (self.rows, len(self.points))

    def grid(self) -> FloatArray:
        """(h, w, 3) LPS mm of every pixel."""
        offsets = (np.arange(self.rows) - (self.rows - 1) / 2) * self.step_mm
        return np.asarray(self.points[None] + offsets[:, None, None] * self.across[None])

    def point_at(self, x: float, y: float) -> FloatArray | None:
        """LPS mm of image (x, y); None beyond the ends of the path."""
        last = len(self.points) - 1
        if not -0.5 <= x <= last + 0.5:
            return None
        low = min(max(int(np.floor(x)), 0), max(last - 1, 0))
        high, share = min(low + 1, last), x - low
        offset = (y - (self.rows - 1) / 2) * self.step_mm
        base = self.points[low] * (1 - share) + self.points[high] * share
        across = self.across[low] * (1 - share) + self.across[high] * share
        return np.asarray(base + offset * across)

    def sample(self, volume: Volume) -> Slice:
        """The values on it, trilinear. Raises ValueError without a geometry and for colour."""
        geometry = volume.geometry
        if geometry is None or volume.is_colour:
            raise ValueError("only single values in space can be straightened")
        voxels = geometry.patient_to_voxel(self.grid())
        inside = volume_sampling.inside_grid(voxels, geometry.shape)
        transform = volume.transform
        if transform.lut is not None:
            stored: AnyArray = volume.modality_values(np.float32)
            values: AnyArray = volume_sampling.sample_trilinear(stored, voxels, np.ones(1), np.zeros(1))
        else:
            values = volume_sampling.sample_trilinear(volume.stored, voxels, transform.slopes, transform.intercepts)
        missing = inside & _missing(volume, geometry, voxels[..., 0])
        padding = None
        if volume.padding is not None:
            nearest = volume_sampling.sample_nearest(volume.stored, voxels)
            padding = np.asarray((nearest >= volume.padding[0]) & (nearest <= volume.padding[1]))
        return Slice(values, inside & ~missing, None, missing if missing.any() else None, padding)

    def sample_labels(self, segmentation: Segmentation) -> NDArray[np.unsignedinteger] | None:
        """(h, w) labels of the nearest voxels, 0 outside; None where they have no place."""
        geometry = segmentation.geometry
        if geometry is None:
            return None
        voxels = geometry.patient_to_voxel(self.grid())
        inside = volume_sampling.inside_grid(voxels, geometry.shape)
        labels = volume_sampling.sample_nearest(segmentation.labels, voxels)
        return np.where(inside, labels, np.zeros((), labels.dtype))


def _missing(volume: Volume, geometry: Geometry, k: FloatArray) -> NDArray[np.bool_]:
    depth = geometry.shape[0]
    position = np.clip(k, 0, depth - 1)
    low = np.minimum(position.astype(np.intp), max(0, depth - 2))
    share = position - low
    missing = np.zeros(k.shape, dtype=np.bool_)
    if not volume.is_complete and volume.states is not None:
        absent = volume.states != SliceState.LOADED
        missing |= (absent[low] & (share < 1)) | (absent[np.minimum(low + 1, depth - 1)] & (share > 0))
    reach = slice_holes(geometry)
    if reach is not None:
        missing |= np.minimum(share, 1 - share) > reach[low]
    return missing


def smooth_path(points: ArrayLike, step_mm: float) -> tuple[FloatArray, float]:
    """(n, 3) points ``step_mm`` apart by length along a smooth curve through ``points`` (m, 3) mm, and its whole length.

    A centripetal Catmull–Rom curve, which goes through every point and makes no loops. Raises ValueError for fewer than two
    different points and for paths that are too long.
    """
    given = np.asarray(points, dtype=np.float64)
    kept = [given[0]] if len(given) else []
    for point in given[1:]:
        if np.linalg.norm(point - kept[-1]) > 1e-6:
            kept.append(point)
    if len(kept) < 2:
        raise ValueError("a path has two different points")
    fine = _catmull_rom(np.array(kept))
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    total = float(lengths[-1])
    count = int(np.floor(total / step_mm + 1e-9)) + 1
    if count > MOST_COLUMNS:
        raise ValueError("the path is too long")
    at = np.arange(max(count, 2)) * step_mm
    return np.stack([np.interp(at, lengths, fine[:, axis]) for axis in range(3)], axis=1), total


def _catmull_rom(points: FloatArray) -> FloatArray:
    if len(points) == 2:
        return np.linspace(points[0], points[1], _FINE + 1)
    ends = (2 * points[0] - points[1], 2 * points[-1] - points[-2])
    p = np.vstack([ends[0], points, ends[1]])
    parts = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        t0 = 0.0
        t1 = t0 + float(np.linalg.norm(b - a)) ** 0.5
        t2 = t1 + float(np.linalg.norm(c - b)) ** 0.5
        t3 = t2 + float(np.linalg.norm(d - c)) ** 0.5
        t = np.linspace(t1, t2, _FINE, endpoint=False)[:, None]
        a1 = (t1 - t) / (t1 - t0) * a + (t - t0) / (t1 - t0) * b
        a2 = (t2 - t) / (t2 - t1) * b + (t - t1) / (t2 - t1) * c
        a3 = (t3 - t) / (t3 - t2) * c + (t - t2) / (t3 - t2) * d
        b1 = (t2 - t) / (t2 - t0) * a1 + (t - t0) / (t2 - t0) * a2
        b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
        parts.append((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)
    return np.vstack([*parts, points[-1:]])


def straightened(
    points: ArrayLike, upright: ArrayLike, width_mm: float, step_mm: float, turned_deg: float = 0.0, source: str = ""
) -> CurvedSurface:
    """The surface along the curve through ``points`` (m, 3) LPS mm, ``width_mm`` across.

    Across it begins along ``upright`` (the normal of the plane that the path was drawn in, so that it stays there), and is
    carried along without twisting; ``turned_deg`` turns it about the path.
    """
    path, total = smooth_path(points, step_mm)
    tangents = np.gradient(path, axis=0)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=1, keepdims=True), 1e-12)
    across = np.empty_like(path)
    last = np.asarray(upright, dtype=np.float64)
    last = last - (last @ tangents[0]) * tangents[0]
    if np.linalg.norm(last) < 1e-3:  # the path begins along what is upright
        last = np.eye(3)[int(np.argmin(np.abs(tangents[0])))]
    for at, tangent in enumerate(tangents):
        # Carried along: in a plane it stays upright, elsewhere it twists as little as can be.
        last = last - (last @ tangent) * tangent
        last = last / np.linalg.norm(last)
        across[at] = last
    return CurvedSurface(path, across, tangents, width_mm, step_mm, total, turned_deg, source)
