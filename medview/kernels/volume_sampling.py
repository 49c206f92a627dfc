"""Volume values at any points: trilinear with each slice's own slope and intercept, or the nearest voxel.

Two implementations of the same maths: NumPy, always there, and one compiled by numba (about five times as fast),
used once :func:`warm_up` has run. Compiling for the first time takes seconds, so a drawing call never starts it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.kernels.ahead import ahead_kernel

AnyArray = NDArray[Any]
FloatArray = NDArray[np.float64]

STORED_TYPES = ("uint8", "int16", "uint16", "int32", "float32")
"""Types of stored voxels that there is a compiled kernel for."""

_log = logging.getLogger(__name__)
_compiled: dict[str, Callable[..., None]] = {}


def warm_up() -> bool:
    """Load (or, the first time on a machine, compile) the fast kernel; call it away from the main thread.

    Returns whether the fast kernel is there; without numba, or where it cannot compile, NumPy goes on doing the work.
    """
    if _compiled:
        return True
    ahead = {name: ahead_kernel(f"trilinear_{name}") for name in STORED_TYPES}
    if all(ahead.values()):
        _compiled.update({name: kernel for name, kernel in ahead.items() if kernel is not None})
        return True
    try:
        from medview.kernels import volume_sampling_compiled

        kernel = volume_sampling_compiled.compile_trilinear()
    except Exception:  # noqa: BLE001 - whatever numba or LLVM lack on this machine, there is another way
        _log.warning("the compiled sampler is not available, using NumPy", exc_info=True)
        return False
    _compiled.update(dict.fromkeys(STORED_TYPES, kernel))
    return True


def sample_trilinear(
    stored: AnyArray, voxels: FloatArray, slopes: FloatArray, intercepts: FloatArray
) -> NDArray[np.float32]:
    """Values at ``voxels`` (…, 3), fractional (k, j, i), of ``stored`` (k, j, i); float32 (…).

    ``slopes`` and ``intercepts`` (k,) or (1,) belong to the slices and are applied before anything is mixed. Points
    beyond the outermost voxel centres take the border's value: where the volume ends is the caller's to say.
    """
    depth = stored.shape[0]
    slope = np.ascontiguousarray(np.broadcast_to(slopes, (depth,)), dtype=np.float64)
    intercept = np.ascontiguousarray(np.broadcast_to(intercepts, (depth,)), dtype=np.float64)
    kernel = _compiled.get(stored.dtype.name)
    if kernel is not None and stored.flags.c_contiguous and stored.ndim == 3:
        points = np.ascontiguousarray(voxels, dtype=np.float64).reshape(-1, 3)
        out = np.empty(len(points), dtype=np.float32)
        kernel(stored, points, slope, intercept, out)
        return out.reshape(voxels.shape[:-1])
    if stored.dtype.kind == "f" or not stored.flags.c_contiguous:
        return mix_corners(stored, voxels, lambda corner, k: corner * slope[k] + intercept[k]).astype(np.float32)
    return _mix_integers(stored, voxels, slope, intercept)


def _mix_integers(
    stored: AnyArray, voxels: FloatArray, slopes: FloatArray, intercepts: FloatArray
) -> NDArray[np.float32]:
    """The mix of :func:`mix_corners` for integers in one block of memory, four times as fast."""
    flat = stored.reshape(-1)
    strides = (stored.shape[1] * stored.shape[2], stored.shape[2], 1)
    base = np.zeros(voxels.shape[:-1], dtype=np.intp)
    starts, weights, steps = [], [], []
    for axis in range(3):
        last = stored.shape[axis] - 1
        position = np.clip(voxels[..., axis], 0, last)
        start = np.minimum(position.astype(np.intp), max(0, last - 1))
        starts.append(start)
        weights.append((position - start).astype(np.float32))
        steps.append(strides[axis] if last else 0)
        base += start * strides[axis]
    planes = []
    for dk in (0, 1):
        rows = []
        for dj in (0, 1):
            at = base + (dk * steps[0] + dj * steps[1])
            first = flat[at].astype(np.float32)
            second = flat[at + steps[2]].astype(np.float32)
            rows.append(first + weights[2] * (second - first))
        mixed = rows[0] + weights[1] * (rows[1] - rows[0])
        k = np.minimum(starts[0] + dk, stored.shape[0] - 1)
        planes.append(mixed * slopes[k].astype(np.float32) + intercepts[k].astype(np.float32))
    return np.asarray(planes[0] + weights[0] * (planes[1] - planes[0]), dtype=np.float32)


def mix_corners(stored: AnyArray, voxels: FloatArray, value_of: Callable[[AnyArray, AnyArray], AnyArray]) -> FloatArray:
    """Trilinear mix of ``value_of(stored corner values, their k)`` at ``voxels`` (…, 3); colour keeps its last axis."""
    low, weight = [], []
    for axis in range(3):
        last = stored.shape[axis] - 1
        position = np.clip(voxels[..., axis], 0, last)
        start = np.minimum(position.astype(np.intp), max(0, last - 1))
        low.append(start)
        weight.append(position - start)
    colour = stored.ndim == 4
    out = np.zeros((*voxels.shape[:-1], *stored.shape[3:]), dtype=np.float64)
    for dk in (0, 1):
        k = np.minimum(low[0] + dk, stored.shape[0] - 1)
        weight_k = weight[0] if dk else 1 - weight[0]
        for dj in (0, 1):
            j = np.minimum(low[1] + dj, stored.shape[1] - 1)
            weight_kj = weight_k * (weight[1] if dj else 1 - weight[1])
            for di in (0, 1):
                i = np.minimum(low[2] + di, stored.shape[2] - 1)
                total = weight_kj * (weight[2] if di else 1 - weight[2])
                value = value_of(stored[k, j, i].astype(np.float64), k)
                # A voxel of no weight must not spoil its neighbours with NaN or infinity.
                share = total[..., None] if colour else total
                out += np.where(share > 0, share * value, 0.0)
    return out


def sample_nearest(stored: AnyArray, voxels: FloatArray) -> AnyArray:
    """Stored values of the voxels nearest to ``voxels`` (…, 3), halves upward; beyond the ends the border's."""
    index = [np.clip(np.floor(voxels[..., axis] + 0.5), 0, stored.shape[axis] - 1).astype(np.intp) for axis in range(3)]
    return np.asarray(stored[index[0], index[1], index[2]])


def inside_grid(voxels: FloatArray, shape: tuple[int, int, int], tolerance: float = 1e-6) -> NDArray[np.bool_]:
    """(…) True where ``voxels`` (…, 3) lie inside the voxels' outer borders, -0.5 to n - 0.5."""
    inside = np.ones(voxels.shape[:-1], dtype=np.bool_)
    for axis in range(3):
        position = voxels[..., axis]
        inside &= (position >= -0.5 - tolerance) & (position <= shape[axis] - 0.5 + tolerance)
    return inside
