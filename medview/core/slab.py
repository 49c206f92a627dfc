"""Slabs and cuts sampled at any pixels: what lies on a plane, or within a thickness of it, on every kind of stack.

A slab's samples lie on lines along the plane's normal, in mm in the patient, never along the order of the slices: on a tilted
stack these are not the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.core.cut import Slice, slice_holes
from medview.core.geometry import FloatArray, Geometry
from medview.core.plane import Plane, as_vector
from medview.core.volume import AnyArray, SliceState, Volume
from medview.kernels import rays as kernel
from medview.kernels.rays import Projection, Rays, Voxels
from medview.kernels.sample2d import coverage_mask, resized_mask, resized_values
from medview.kernels.volume_sampling import STORED_TYPES

__all__ = [
    "Projection",
    "Slab",
    "can_be_projected",
    "layers_of",
    "plane_on_screen",
    "project_labels",
    "sample_plane",
    "sample_screen",
]

MOST_MM = 1000.0
LEAST_MM = 0.1
_THICK = 200
"""Voxels that a slab crosses, from which on it is sampled once for each."""
_ALIGNED = 1e-6
"""Voxels per mm below this across an axis are rounding."""


@dataclass(frozen=True, slots=True)
class Slab:
    """What a picture is a projection of: all within ``thickness_mm`` around its plane, and which value of it.

    ``mean`` is the integral over the thickness, ``max`` and ``min`` are those of the interpolated values. Raises ValueError
    for a thickness that is none.
    """

    thickness_mm: float
    projection: Projection = "max"

    def __post_init__(self) -> None:
        if not 0 < self.thickness_mm <= 2 * MOST_MM:
            raise ValueError(f"a slab of {self.thickness_mm:g} mm")
        if self.projection not in kernel.MODES:
            raise ValueError(f"no projection {self.projection}")


def can_be_projected(volume: Volume) -> bool:
    """Whether there are single values in space that a slab can be made of."""
    return volume.geometry is not None and not volume.is_colour


def sample_plane(volume: Volume, plane: Plane, slab: Slab | None = None, coarse: bool = False) -> Slice:
    """The values at the pixels of ``plane``, trilinear, or of the ``slab`` around it; float32.

    ``coarse``: a preview with fewer samples, of the nearest voxels. ValueError for colour and without geometry.
    """
    geometry = volume.geometry
    if geometry is None or volume.is_colour:
        raise ValueError("only single values in space can be projected")
    offsets, weights = slab_offsets(geometry, plane, slab, coarse)
    mode: Projection = slab.projection if slab is not None else "mean"
    found, there, missing = kernel.project(
        _voxels(volume, geometry), _rays(geometry, plane, offsets, weights), plane.size, mode, nearest=coarse
    )
    there &= ~missing
    return Slice(found, there, plane, missing if missing.any() else None)


def layers_of(volume: Volume, plane: Plane, slab: Slab | None, coarse: bool = False) -> int:
    """How many samples a pixel of :func:`sample_plane` takes."""
    assert volume.geometry is not None
    return len(slab_offsets(volume.geometry, plane, slab, coarse)[0])


def plane_on_screen(plane: Plane, screen_to_plane: ArrayLike, size: tuple[int, int]) -> Plane:
    """The plane of a screen's pixels: ``screen_to_plane`` (2, 3) takes its (x, y) to pixels of ``plane``."""
    matrix = np.asarray(screen_to_plane, dtype=np.float64).reshape(2, 3)
    across, down = matrix[:, 0] @ plane.steps, matrix[:, 1] @ plane.steps
    origin = plane.plane_to_patient(matrix[:, 2])
    lengths = (float(np.linalg.norm(across)), float(np.linalg.norm(down)))
    return Plane(as_vector(origin), as_vector(across / lengths[0]), as_vector(down / lengths[1]), lengths, size)


_MOST_APART = 2.0
"""Voxels between samples from which on a bright one could be missed: an interpolated value reaches over two."""


def sample_screen(
    volume: Volume,
    plane: Plane,
    slab: Slab | None,
    screen_to_plane: ArrayLike,
    size: tuple[int, int],
    coarse: int = 1,
) -> Slice:
    """:func:`sample_plane` at the pixels of a screen of ``size`` (h, w) that shows ``plane``; nothing beyond its borders.

    Where a screen pixel spans many voxels it is the mean of several samples. ``coarse`` above 1: a preview with every
    so many pixels in both directions.
    """
    assert volume.geometry is not None
    matrix = np.array(screen_to_plane, dtype=np.float64).reshape(2, 3)
    target = plane_on_screen(plane, matrix, size)
    voxels = [float(np.abs(_voxel_step(volume.geometry, step)).max()) for step in target.steps]
    several = [max(1, int(np.ceil(count / _MOST_APART - 1e-6))) for count in voxels] if coarse == 1 else [1, 1]
    nearest = coarse > 1 and slab is not None  # for a single plane interpolating costs little more
    if coarse == 1 and max(voxels) <= 0.5 and layers_of(volume, plane, slab) > _THICK:
        # A projection of everything has nothing finer than the voxels: rays between them cost much and show nothing.
        coarse = int(1 / max(voxels))
    h, w = -(-size[0] // coarse), -(-size[1] // coarse)
    fine = (h * several[1], w * several[0])
    steps = np.array([coarse / several[0], coarse / several[1]])
    # The first of the samples of a pixel, and of the pixels of a preview, lies beside its centre.
    matrix[:, 2] += matrix[:, :2] @ ((steps - 1) / 2)
    matrix[:, :2] *= steps
    piece = sample_plane(volume, plane_on_screen(plane, matrix, fine), slab, nearest)
    values, coverage, missing = piece.values, piece.coverage, piece.missing
    if fine != size:
        values = resized_values(values, coverage, size)
        coverage = resized_mask(coverage, size)
        missing = None if missing is None else resized_mask(missing, size)
    inside = coverage_mask(np.asarray(screen_to_plane, dtype=np.float64), plane.size, size)
    return Slice(values, coverage & inside, target, None if missing is None else missing & inside)


def project_labels(labels: AnyArray, geometry: Geometry, plane: Plane, slab: Slab | None) -> AnyArray:
    """(h, w) labels at the pixels of ``plane``, of the nearest voxel; under a slab the largest within it, 0 outside."""
    kind = labels.dtype
    stored = labels if kind.name in STORED_TYPES else labels.astype(np.int32)
    offsets, weights = slab_offsets(geometry, plane, slab, coarse=slab is not None)
    voxels = Voxels(stored, np.ones(1), np.zeros(1))
    found, there, _ = kernel.project(voxels, _rays(geometry, plane, offsets, weights), plane.size, "max", nearest=True)
    return np.where(there, found, np.float32(0)).astype(kind)


def slab_offsets(
    geometry: Geometry, plane: Plane, slab: Slab | None, coarse: bool = False
) -> tuple[FloatArray, FloatArray]:
    """(n,) mm along the plane's normal at which a slab is sampled, growing, and their weights in its mean.

    Where the normal runs along one axis of the voxels they are the voxels' centres and the slab's ends, between which the
    interpolated value is linear: the maximum is the true one and the mean the integral. Elsewhere they lie evenly, at most half
    a voxel apart; in a projection of everything, which is far thicker than any slab, one.
    """
    if slab is None:
        return np.zeros(1), np.ones(1)
    half = slab.thickness_mm / 2
    low, high = _reach(geometry, plane, half)
    if coarse:
        step = 1.0 / _voxels_per_mm(geometry, plane)
        count = max(1, round((high - low) / step))
    else:
        knots = _knots(geometry, plane, low, high)
        if knots is not None:
            return knots, _trapezoids(knots)
        crossed = (high - low) * _voxels_per_mm(geometry, plane)
        count = max(1, int(np.ceil(crossed * (2 if crossed <= _THICK else 1) - 1e-6)))
        if slab.projection != "mean":
            return np.linspace(low, high, count + 1), np.ones(count + 1)
    edges = np.linspace(low, high, count + 1)
    return (edges[:-1] + edges[1:]) / 2, np.full(count, 1.0 / count)


def _reach(geometry: Geometry, plane: Plane, half: float) -> tuple[float, float]:
    """The part of a slab that the volume can meet: a slab of a metre through a hand is not sampled for a metre."""
    corners = np.array([[k, j, i] for k in (-0.5, geometry.shape[0] - 0.5) for j in (-0.5, geometry.shape[1] - 0.5) for i in (-0.5, geometry.shape[2] - 0.5)])  # fmt: skip
    depths = geometry.voxel_to_patient(corners) @ plane.normal - plane.depth
    if geometry.slice_origins is not None:
        # Slices may lie beside the line from the first to the last.
        inner = np.stack([np.arange(geometry.shape[0])] * 4, axis=1)[..., None].repeat(3, axis=2).astype(np.float64)
        inner[:, :, 1] = np.array([-0.5, -0.5, geometry.shape[1] - 0.5, geometry.shape[1] - 0.5])
        inner[:, :, 2] = np.array([-0.5, geometry.shape[2] - 0.5, -0.5, geometry.shape[2] - 0.5])
        depths = np.append(depths, geometry.voxel_to_patient(inner).ravel().reshape(-1, 3) @ plane.normal - plane.depth)
    low, high = max(-half, float(depths.min())), min(half, float(depths.max()))
    return (low, high) if low < high else (-half, half)


def _voxels_per_mm(geometry: Geometry, plane: Plane) -> float:
    """How many voxels a mm along the plane's normal crosses at most, along the axis that it crosses fastest."""
    return float(np.abs(_voxel_step(geometry, plane.normal)).max())


def _voxel_step(geometry: Geometry, direction: FloatArray) -> FloatArray:
    """(k, j, i) of a mm along ``direction``; where slices are uneven by their smallest distance."""
    inverse = np.linalg.inv(geometry.affine[:3, :3])
    step = (inverse @ direction)[::-1]
    if geometry.slice_origins is not None and geometry.shape[0] > 1:
        gap = float(np.diff(geometry.depths).min())
        step = step.copy()
        step[0] = float(direction @ geometry.normal) / gap
    return np.asarray(step)


def _knots(geometry: Geometry, plane: Plane, low: float, high: float) -> FloatArray | None:
    """Ends of a slab and the centres of the voxels between; None where its normal does not run along an axis of them."""
    ends = geometry.patient_to_voxel(np.asarray(plane.origin) + np.outer([low, 0.0, high], plane.normal))
    moving = np.ptp(ends, axis=0) > _ALIGNED * (high - low)
    if moving.sum() != 1:
        return None
    axis = int(np.argmax(moving))
    u, v = np.array(plane.u), np.array(plane.v)
    across = _voxel_step(geometry, u)[axis], _voxel_step(geometry, v)[axis]
    if max(abs(across[0]) * plane.spacing[0] * plane.size[1], abs(across[1]) * plane.spacing[1] * plane.size[0]) > 1e-3:
        return None
    if axis == 0 and geometry.slice_origins is not None:
        if np.ptp(geometry.origins - np.outer(geometry.depths, geometry.normal), axis=0).max() > 1e-3:
            return None  # they lie beside one another: a line along the normal is none along the voxels
        sign = 1.0 if float(plane.normal @ geometry.normal) > 0 else -1.0
        start = float(np.asarray(plane.origin) @ geometry.normal)
        centres = np.sort((geometry.depths - start) * sign)
    else:
        per_mm = float((ends[2, axis] - ends[0, axis]) / (high - low))
        first, last = sorted((ends[0, axis], ends[2, axis]))
        whole = np.arange(max(np.ceil(first), 0), min(np.floor(last), geometry.shape[axis] - 1) + 1)
        centres = np.sort((whole - ends[1, axis]) / per_mm)
    margin = 1e-6 * (high - low)
    inner = centres[(centres > low + margin) & (centres < high - margin)]
    return np.asarray(np.concatenate([[low], inner, [high]]))


def _trapezoids(knots: FloatArray) -> FloatArray:
    gaps = np.diff(knots)
    weights = np.zeros(len(knots))
    weights[:-1] += gaps / 2
    weights[1:] += gaps / 2
    return np.asarray(weights / weights.sum())


def _rays(geometry: Geometry, plane: Plane, offsets: FloatArray, weights: FloatArray) -> Rays:
    corners = plane.plane_to_patient(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    points = np.vstack([corners, corners[0] + plane.normal])
    if geometry.slice_origins is None or geometry.shape[0] < 2:
        placed = geometry.patient_to_voxel(points)
        depths = shifts = None
    else:
        basis = np.stack([geometry.affine[:3, 0], geometry.affine[:3, 1]], axis=1)
        to_ij = np.linalg.pinv(basis)
        ij = points @ to_ij.T
        placed = np.column_stack([points @ geometry.normal, ij[:, 1], ij[:, 0]])
        depths, shifts = geometry.depths, (geometry.origins @ to_ij.T)[:, ::-1]
    start = np.column_stack([placed[1] - placed[0], placed[2] - placed[0], placed[0]])
    if depths is None and len(offsets) == 1:
        # A plane on voxel centres lies there exactly: rounding must need no neighbour, which may not be loaded.
        start = np.where(np.abs(start - np.round(start)) <= 1e-9, np.round(start), start)
    return Rays(start, placed[3] - placed[0], offsets, weights, depths, shifts)


def _voxels(volume: Volume, geometry: Geometry) -> Voxels:
    transform = volume.transform
    stored: AnyArray = volume.stored
    slopes, intercepts, padding = transform.slopes, transform.intercepts, volume.padding
    if transform.lut is not None:
        stored, padding = _looked_up(volume)
        slopes, intercepts = np.ones(1), np.zeros(1)
    absent: NDArray[np.uint8] | None = None
    if volume.states is not None and not volume.is_complete:
        absent = (volume.states != SliceState.LOADED).astype(np.uint8)
    return Voxels(stored, slopes, intercepts, padding, absent, slice_holes(geometry))


_tables: WeakKeyDictionary[Volume, AnyArray] = WeakKeyDictionary()


def _looked_up(volume: Volume) -> tuple[AnyArray, None]:
    """Values after the modality LUT, NaN where there is padding; kept for a volume that changes no more."""
    known = _tables.get(volume)
    if known is None:
        known = volume.modality_values(np.float32)
        if volume.padding is not None:
            low, high = volume.padding
            known[(volume.stored >= low) & (volume.stored <= high)] = np.nan
        if volume.is_complete:
            _tables[volume] = known
    return known, None
