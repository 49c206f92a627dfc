"""What a reader does to a whole label at once: fill, smooth, drop islands, fill between slices, grow from a click.

All take and give masks (k, j, i), true where the label is; ``spacing`` (dk, dj, di) mm. They know no label map and no file.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from medview.core.progress import Progress, no_progress
from medview.kernels.connected import connected_parts

BoolArray = NDArray[np.bool_]
Spacing = tuple[float, float, float]


def holes_filled(mask: BoolArray, axis: int | None = None) -> BoolArray:
    """Everything that the label encloses becomes part of it: in space, or slice by slice along ``axis``."""
    if axis is not None:
        turned = np.moveaxis(mask, axis, 0)
        filled = np.stack([_filled_slice(piece) for piece in turned]) if len(turned) else turned.copy()
        return np.ascontiguousarray(np.moveaxis(filled, 0, axis))
    outside = np.pad(~mask, 1, constant_values=True)
    # A hole that is open at an edge only is closed: what is outside is connected by faces.
    return np.asarray(~_reached(outside, (0, 0, 0))[1:-1, 1:-1, 1:-1])


def _filled_slice(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    ground = np.ascontiguousarray(np.pad(~mask, 1, constant_values=True), dtype=np.uint8)
    _count, parts = cv2.connectedComponents(ground, connectivity=4, ltype=cv2.CV_32S)
    return np.asarray(parts[1:-1, 1:-1] != parts[0, 0])


def largest_part(mask: BoolArray) -> BoolArray:
    """The largest connected part (voxels that touch are connected); the first of equals."""
    parts, sizes = connected_parts(mask)
    if len(sizes) < 2:
        return mask.copy()
    return np.asarray(parts == 1 + int(np.argmax(sizes[1:])))


def without_islands(mask: BoolArray, least_voxels: int) -> BoolArray:
    """Only the connected parts of at least so many voxels."""
    parts, sizes = connected_parts(mask)
    kept = sizes >= least_voxels
    kept[0] = False
    return np.asarray(kept[parts])


def smoothed(mask: BoolArray, spacing: Spacing, radius_mm: float) -> BoolArray:
    """The label with corners finer than about ``radius_mm`` taken off: a Gaussian of that sigma, cut at one half.

    Along slices that lie farther apart than that nothing is mixed. The mask needs a border of three times the radius.
    """
    soft = mask.astype(np.float32)
    sigma_y, sigma_x = radius_mm / spacing[1], radius_mm / spacing[2]
    for piece in soft:
        cv2.GaussianBlur(piece, (0, 0), sigma_x, dst=piece, sigmaY=sigma_y, borderType=cv2.BORDER_REPLICATE)
    sigma = radius_mm / spacing[0]
    if sigma >= 0.5 and len(soft) > 1:
        flat = soft.reshape(len(soft), -1)
        cv2.GaussianBlur(flat, (1, _odd(sigma)), 0, dst=flat, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft >= 0.5)


def _odd(sigma: float) -> int:
    return 2 * max(1, round(3 * sigma)) + 1


def between_slices(mask: BoolArray, axis: int, spacing: Spacing, progress: Progress = no_progress) -> BoolArray:
    """Empty slices between two that hold the label, filled with shapes between theirs.

    The signed distances to the two outlines are mixed by how far each is (Raya and Udupa 1990).
    """
    turned = np.moveaxis(mask, axis, 0)
    rest = [spacing[other] for other in range(3) if other != axis]
    held = [int(at) for at in np.flatnonzero(turned.any(axis=(1, 2)))]
    result = turned.copy()
    for number, (first, last) in enumerate(itertools.pairwise(held)):
        progress("between_slices", number, len(held) - 1)
        if last - first < 2:
            continue
        near, far = _signed_distance(turned[first], rest), _signed_distance(turned[last], rest)
        for at in range(first + 1, last):
            share = (at - first) / (last - first)
            result[at] = (1 - share) * near + share * far >= 0
    return np.ascontiguousarray(np.moveaxis(result, 0, axis))


def _signed_distance(mask: NDArray[np.bool_], spacing: list[float]) -> NDArray[np.float32]:
    """Distance to the outline, positive inside. Oblong pixels are made square before, by stretching the longer side."""
    step = min(spacing)
    size = (max(1, round(mask.shape[1] * spacing[1] / step)), max(1, round(mask.shape[0] * spacing[0] / step)))
    square = mask.astype(np.uint8)
    if size != (mask.shape[1], mask.shape[0]):
        square = np.asarray(cv2.resize(square, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    inside = cv2.distanceTransform(square, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - square, cv2.DIST_L2, 5)
    signed = np.asarray(inside - outside, dtype=np.float32)
    if signed.shape != mask.shape:
        signed = np.asarray(
            cv2.resize(signed, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR), dtype=np.float32
        )
    return signed


def grown(
    in_range: Callable[[int], NDArray[np.bool_]],
    shape: tuple[int, int, int],
    seed: tuple[int, int, int],
    progress: Progress = no_progress,
) -> tuple[tuple[int, int, int], BoolArray]:
    """All voxels connected by faces with ``seed`` (k, j, i) for which ``in_range(k)`` (j, i) is true.

    Returned as the part of the volume that holds them: its first voxel and its mask. Slices are asked for one by one, as the
    region reaches them, so that growing costs what it reaches.
    """
    parts: dict[int, NDArray[np.int32]] = {}
    taken: dict[int, NDArray[np.bool_]] = {}

    def parts_of(k: int) -> NDArray[np.int32]:
        if k not in parts:
            where = np.ascontiguousarray(in_range(k), dtype=np.uint8)
            _count, found = cv2.connectedComponents(where, connectivity=4, ltype=cv2.CV_32S)
            parts[k] = np.asarray(found, dtype=np.int32)
        return parts[k]

    def take(k: int, numbers: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Add parts of slice k; what is new of them."""
        found = parts_of(k)
        chosen = np.zeros(int(found.max(initial=0)) + 1, dtype=np.bool_)
        chosen[numbers] = True
        chosen[0] = False
        new = chosen[found]
        if k in taken:
            new &= ~taken[k]
            taken[k] |= new
        elif new.any():
            taken[k] = new.copy()
        return new if new.any() else None

    k, j, i = seed
    first = take(k, np.array([parts_of(k)[j, i]]))
    front = {k: first} if first is not None else {}
    while front:
        progress("growing", len(taken), shape[0])
        following: dict[int, NDArray[np.bool_]] = {}
        for at, new in front.items():
            for other in (at - 1, at + 1):
                if 0 <= other < shape[0]:
                    more = take(other, np.unique(parts_of(other)[new]))
                    if more is not None:
                        following[other] = following[other] | more if other in following else more
        front = following
    if not taken:
        return (k, j, i), np.zeros((0, 0, 0), dtype=np.bool_)
    low, high = min(taken), max(taken)
    held = [taken[at] for at in sorted(taken)]
    rows = np.flatnonzero(np.any([one.any(axis=1) for one in held], axis=0))
    columns = np.flatnonzero(np.any([one.any(axis=0) for one in held], axis=0))
    j0, j1, i0, i1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    mask = np.zeros((high + 1 - low, j1 - j0, i1 - i0), dtype=np.bool_)
    for at, one in taken.items():
        mask[at - low] = one[j0:j1, i0:i1]
    return (low, j0, i0), mask


def _reached(where: BoolArray, seed: tuple[int, int, int]) -> BoolArray:
    corner, mask = grown(lambda k: where[k], (where.shape[0], where.shape[1], where.shape[2]), seed)
    reached = np.zeros(where.shape, dtype=np.bool_)
    part = tuple(slice(start, start + size) for start, size in zip(corner, mask.shape, strict=True))
    reached[part] = mask
    return reached
