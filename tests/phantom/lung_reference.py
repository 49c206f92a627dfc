"""A lung segmentation by thresholding and region growing, against which ct-lungs is measured.

Classical steps only (Hu, Hoffman, Reinhardt, IEEE TMI 20 (2001) 490): air inside the body, airways
grown from the windpipe until they leak and taken out, two lungs kept apart, vessels closed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

AIR_HU = -400


def lungs_by_threshold(hu: npt.NDArray[np.int16], spacing: tuple[float, float, float]) -> npt.NDArray[np.uint8]:
    """Labels 1 (right) and 2 (left) of an axial volume (k to the head, j to the back, i to the left)."""
    air = hu < AIR_HU
    inside = _inside_body(air)
    lungs_and_airways = _largest(inside, 2)
    airway = _airway(hu, lungs_and_airways, spacing)
    lungs = lungs_and_airways & ~airway
    right, left = _two_lungs(lungs)
    out = np.zeros(hu.shape, np.uint8)
    for number, lung in ((1, right), (2, left)):
        closed = _closed(lung, spacing, 6.0) & ~airway
        out[closed & (out == 0)] = number
    return out


def _inside_body(air: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Air that does not reach the sides of the volume."""
    out = np.zeros_like(air)
    for k, plane in enumerate(air):
        labels, _ = ndimage.label(plane)
        rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
        outside = np.unique(rim[rim > 0])
        out[k] = plane & ~np.isin(labels, outside)
    return out


def _largest(mask: npt.NDArray[np.bool_], count: int) -> npt.NDArray[np.bool_]:
    """The largest components, as far as they are not dwarfed by the first."""
    labels, number = ndimage.label(mask)
    if number == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    order = np.argsort(sizes)[::-1][:count]
    kept = [n for n in order if sizes[n] > 0.15 * sizes[order[0]]]
    return np.asarray(np.isin(labels, kept))


def _airway(hu: Any, air: npt.NDArray[np.bool_], spacing: tuple[float, float, float]) -> npt.NDArray[np.bool_]:
    """Windpipe and main bronchi: grown from the top with a rising threshold until the lungs flood in."""
    voxel = float(np.prod(spacing)) / 1000  # ml
    smooth = ndimage.gaussian_filter(hu.astype(np.float32), [0.5, 0.8, 0.8])
    seed = None
    middle = hu.shape[2] / 2
    for k in range(hu.shape[0] - 1, hu.shape[0] // 2, -1):
        labels, number = ndimage.label((hu[k] < -700) & _filled_body(hu[k]))
        for n in range(1, number + 1):
            area = float((labels == n).sum()) * spacing[1] * spacing[2]
            at = ndimage.center_of_mass(labels == n)
            if 80 < area < 700 and abs(at[1] - middle) * spacing[2] < 45:
                seed = (k, round(at[0]), round(at[1])) if smooth[k, round(at[0]), round(at[1])] < -850 else seed
        if seed is not None:
            break
    if seed is None:
        return np.zeros(hu.shape, bool)
    grown = np.zeros(hu.shape, bool)
    for threshold in range(-980, -860, 10):
        labels, _ = ndimage.label(smooth < threshold)
        here = labels[seed]
        if here == 0:
            continue
        region = labels == here
        if region.sum() * voxel > 90 or (grown.any() and region.sum() > 1.9 * grown.sum()):
            break
        grown = region
    steps = [max(1, round(2.0 / s)) for s in spacing]
    ball = np.ones([2 * s + 1 for s in steps], bool)
    return np.asarray(ndimage.binary_dilation(grown, ball))


def _filled_body(plane: Any) -> npt.NDArray[np.bool_]:
    labels, _ = ndimage.label(plane < AIR_HU)
    rim = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return np.asarray(~np.isin(labels, rim[rim > 0]))


def _two_lungs(lungs: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The lungs by side; where they touch they are eroded until they part, then grown back."""
    core = lungs
    for _ in range(6):
        labels, number = ndimage.label(core)
        if number:
            sizes = np.bincount(labels.ravel())
            sizes[0] = 0
            order = np.argsort(sizes)[::-1]
            if number > 1 and sizes[order[1]] > 0.25 * sizes[order[0]]:
                break
        core = ndimage.binary_erosion(core, np.ones((1, 3, 3), bool))
    first, second = labels == order[0], labels == order[1]
    if ndimage.center_of_mass(first)[2] > ndimage.center_of_mass(second)[2]:
        first, second = second, first
    # Every voxel of the lungs goes to the nearer core.
    _, nearest = ndimage.distance_transform_edt(~(first | second), return_indices=True)
    side = second[tuple(nearest)]
    return lungs & ~side, lungs & side


def _closed(lung: npt.NDArray[np.bool_], spacing: tuple[float, float, float], mm: float) -> npt.NDArray[np.bool_]:
    """Closed slice by slice with a disc, holes filled."""
    radius = mm / spacing[1]
    n = int(radius)
    y, x = np.ogrid[-n : n + 1, -n : n + 1]
    disc = x * x + y * y <= radius * radius
    out = np.zeros_like(lung)
    for k, plane in enumerate(lung):
        if plane.any():
            padded = np.pad(plane, n + 1)
            closed = ndimage.binary_closing(padded, disc)[n + 1 : -n - 1, n + 1 : -n - 1]
            out[k] = ndimage.binary_fill_holes(closed)
    return out
