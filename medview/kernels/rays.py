"""Values along parallel rays through a volume: one sample is a cut at any angle, many are a slab's maximum, minimum or mean.

Two implementations of the same maths, as in :mod:`medview.kernels.volume_sampling`: NumPy, always there, and one compiled
by numba for each type of stored voxels, used once :func:`warm_up` has run for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.kernels.ahead import ahead_kernel
from medview.kernels.volume_sampling import STORED_TYPES, sample_nearest, sample_trilinear

AnyArray = NDArray[Any]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Projection = Literal["max", "min", "mean"]

USUAL_TYPES = ("int16", "uint16")
"""Types of stored voxels that are made ready before they are needed; others when they are."""
MODES: tuple[Projection, ...] = ("max", "min", "mean")
EDGE = 1e-6
"""Rounding that is forgiven at the volume's outer border."""

_compiled: dict[str, Callable[..., None]] = {}
_failed: set[str] = set()


@dataclass(frozen=True, eq=False)
class Rays:
    """Where samples lie: ``start`` (3, 3) @ (x, y, 1) + ``along`` (3,) · offset are (k, j, i) of picture pixel (x, y).

    ``offsets`` (n,) with their ``weights`` (n,) in a mean. Slices that are not evenly spaced: ``depths`` (k,) of the slices,
    growing, and ``shifts`` (k, 2), the (j, i) of their first voxels; then the first coordinate is the depth, and j and i are
    those from the origin of the space, from which the shift is still to be taken.
    """

    start: FloatArray
    along: FloatArray
    offsets: FloatArray
    weights: FloatArray
    depths: FloatArray | None = None
    shifts: FloatArray | None = None


@dataclass(frozen=True, eq=False)
class Voxels:
    """What is known of the voxels: ``slopes`` and ``intercepts`` (k,), the range of stored values that mean "no pixel".

    ``absent`` (k,): slices that are not there. ``reach`` (k,): beyond which distance (share of the way) from the nearer
    of slices k and k + 1 there is nothing known; 1 where they are neighbours. A sample that needs what is not there makes
    its pixel missing.
    """

    stored: AnyArray
    slopes: FloatArray
    intercepts: FloatArray
    padding: tuple[float, float] | None = None
    absent: NDArray[np.uint8] | None = None
    reach: FloatArray | None = None


def warm_up(kinds: tuple[str, ...] = STORED_TYPES) -> bool:
    """Load (or, the first time on a machine, compile) the fast kernel for some types; call it away from the main thread.

    Returns whether all of them are there; without numba NumPy goes on doing the work.
    """
    for kind in kinds:
        if kind in _compiled or kind in _failed:
            continue
        kernel = ahead_kernel(f"project_{kind}")
        if kernel is None:
            try:
                from medview.kernels import rays_compiled

                kernel = rays_compiled.compile_project(kind)
            except Exception:  # noqa: BLE001 - whatever numba or LLVM lack here (volume_sampling has logged it), NumPy does it
                _failed.add(kind)
                continue
        _compiled[kind] = kernel
    return all(kind in _compiled for kind in kinds)


def wants_warming(kind: str) -> bool:
    """Whether there could be a fast kernel for a type that nobody makes ready in advance."""
    return kind in STORED_TYPES and kind not in USUAL_TYPES and kind not in _compiled and kind not in _failed


def project(
    voxels: Voxels, rays: Rays, size: tuple[int, int], mode: Projection = "max", nearest: bool = False
) -> tuple[NDArray[np.float32], BoolArray, BoolArray]:
    """(values, there, missing), each (h, w), of the samples along the ray of each pixel, trilinear or of the nearest voxel.

    Samples outside of the volume, those whose nearest voxel is padding, and NaN take no part; where none is left there
    is nothing. Up to half a voxel beyond the outermost centres the border's value counts. A slice's slope and intercept
    are applied before anything is mixed.
    """
    values = np.zeros(size, dtype=np.float32)
    there = np.zeros(size, dtype=np.uint8)
    missing = np.zeros(size, dtype=np.uint8)
    kernel = _compiled.get(voxels.stored.dtype.name)
    if kernel is None or not voxels.stored.flags.c_contiguous:
        _project_slowly(voxels, rays, mode, nearest, values, there, missing)
    elif values.size:
        depth = voxels.stored.shape[0]
        nothing, no_bytes = np.zeros(0), np.zeros(0, dtype=np.uint8)
        low, high = voxels.padding if voxels.padding is not None else (1.0, 0.0)
        kernel(
            voxels.stored,
            np.ascontiguousarray(rays.start),
            np.ascontiguousarray(rays.along),
            np.ascontiguousarray(rays.offsets),
            np.ascontiguousarray(rays.weights),
            nothing if rays.depths is None else np.ascontiguousarray(rays.depths),
            np.zeros((0, 2)) if rays.shifts is None else np.ascontiguousarray(rays.shifts),
            np.ascontiguousarray(np.broadcast_to(voxels.slopes, (depth,))),
            np.ascontiguousarray(np.broadcast_to(voxels.intercepts, (depth,))),
            float(low),
            float(high),
            no_bytes if voxels.absent is None else voxels.absent,
            nothing if voxels.reach is None else voxels.reach,
            MODES.index(mode),
            nearest,
            voxels.stored.dtype.kind == "f",  # NaN and infinity want care
            values,
            there,
            missing,
        )
    return values, there.view(np.bool_), missing.view(np.bool_)


def _project_slowly(
    voxels: Voxels,
    rays: Rays,
    mode: Projection,
    nearest: bool,
    values: NDArray[np.float32],
    there: NDArray[np.uint8],
    missing: NDArray[np.uint8],
) -> None:
    """The same in NumPy, layer by layer."""
    stored = voxels.stored
    h, w = values.shape
    grid = np.stack(np.broadcast_arrays(np.arange(w)[None, :], np.arange(h)[:, None], np.ones(1)), axis=-1)
    first = grid @ rays.start.T
    total, weight = np.zeros((h, w)), np.zeros((h, w))
    best = np.full((h, w), np.inf if mode == "min" else -np.inf)
    slopes = np.broadcast_to(voxels.slopes, stored.shape[:1])
    intercepts = np.broadcast_to(voxels.intercepts, stored.shape[:1])
    for offset, share in zip(rays.offsets, rays.weights, strict=True):
        at = first + rays.along * offset
        if rays.depths is not None and rays.shifts is not None:
            at = _on_slices(at, rays.depths, rays.shifts)
        inside = np.ones((h, w), dtype=np.bool_)
        for axis in range(3):
            inside &= (at[..., axis] >= -0.5 - EDGE) & (at[..., axis] <= stored.shape[axis] - 0.5 + EDGE)
        lost = inside & _missing_at(voxels, at[..., 0])
        missing |= lost
        inside &= ~lost
        near = sample_nearest(stored, at)
        if voxels.padding is not None:
            inside &= ~((near >= voxels.padding[0]) & (near <= voxels.padding[1]))
        if nearest:
            k = np.clip(np.floor(at[..., 0] + 0.5), 0, stored.shape[0] - 1).astype(np.intp)
            found = near * slopes[k] + intercepts[k]
        else:
            found = sample_trilinear(stored, at, slopes, intercepts).astype(np.float64)
        inside &= ~np.isnan(found)
        there |= inside
        if mode == "mean":
            total += np.where(inside, found * share, 0.0)
            weight += np.where(inside, share, 0.0)
        else:
            pick = np.minimum if mode == "min" else np.maximum
            best = np.where(inside, pick(best, found), best)
    if mode == "mean":
        best = total / np.where(weight > 0, weight, 1.0)
    values[:] = np.where(there > 0, best, 0.0)


def _on_slices(at: FloatArray, depths: FloatArray, shifts: FloatArray) -> FloatArray:
    """(…, 3) of depth and absolute j, i as voxel coordinates."""
    low = np.clip(np.searchsorted(depths, at[..., 0], side="right") - 1, 0, len(depths) - 2)
    share = (at[..., 0] - depths[low]) / (depths[low + 1] - depths[low])
    shift = shifts[low] * (1 - share)[..., None] + shifts[low + 1] * share[..., None]
    return np.concatenate([(low + share)[..., None], at[..., 1:] - shift], axis=-1)


SNAP = 1e-5
"""Shares of a slice below this are rounding: they need no neighbour."""


def _missing_at(voxels: Voxels, k: FloatArray) -> BoolArray:
    depth = voxels.stored.shape[0]
    position = np.clip(k, 0, depth - 1)
    low = np.minimum(position.astype(np.intp), max(0, depth - 2))
    share = position - low
    missing = np.zeros(k.shape, dtype=np.bool_)
    if voxels.absent is not None:
        absent = voxels.absent.astype(np.bool_)
        missing |= (absent[low] & (share < 1 - SNAP)) | (absent[np.minimum(low + 1, depth - 1)] & (share > SNAP))
    if voxels.reach is not None:
        missing |= np.minimum(share, 1 - share) > voxels.reach[low]
    return missing
