"""Where the slices of a stack lie: from ImagePositionPatient and ImageOrientationPatient to a Geometry (PS3.3 C.7.6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import SHEAR_TOLERANCE, FloatArray, Geometry
from medview.core.problem import Note
from medview.dicom.header import FrameHeader

ORIENTATION_TOLERANCE = 1e-3
"""Largest difference of direction cosines within a stack."""
SPACING_TOLERANCE_MM = 0.01
SPACING_TOLERANCE = 0.01
"""Slice distances may differ from their mean by 0.01 mm or 1 %, whichever is more."""

Directions = tuple[FloatArray, FloatArray, FloatArray]
"""Unit vectors: growing i, growing j, row × column."""


def directions_of(orientation: Sequence[float] | FloatArray) -> Directions | None:
    """Orthonormal row, column and normal of six direction cosines; None where they describe no plane."""
    cosines = np.asarray(orientation, dtype=np.float64)
    row, column = cosines[:3], cosines[3:]
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not all(0.9 < length < 1.1 for length in lengths):
        return None
    row = row / lengths[0]
    column = column / lengths[1]
    slant = float(row @ column)
    if abs(slant) > 0.01:
        return None
    column = column - slant * row
    column = column / np.linalg.norm(column)
    return row, column, np.cross(row, column)


@lru_cache(maxsize=1024)
def makes_plane(orientation: tuple[float, ...]) -> bool:
    """Whether six direction cosines describe a plane; those of a series are mostly the same."""
    return directions_of(orientation) is not None


def mean_directions(frames: Sequence[FrameHeader]) -> Directions:
    """Directions of frames whose cosines agree within the tolerance and each describe a plane."""
    orientations = np.array([frame.common.orientation for frame in frames], dtype=np.float64)
    directions = directions_of(orientations.mean(axis=0)) or directions_of(orientations[0])
    assert directions is not None
    return directions


def cluster_orientations(orientations: FloatArray) -> NDArray[np.intp]:
    """(n,) number of the cluster of each of (n, 6) direction cosines, in the order of their first appearance."""
    labels = np.full(len(orientations), -1, dtype=np.intp)
    number = 0
    while (rest := np.flatnonzero(labels < 0)).size:
        near = np.abs(orientations[rest] - orientations[rest[0]]).max(axis=1) <= ORIENTATION_TOLERANCE
        labels[rest[near]] = number
        number += 1
    return labels


def position_tolerance(spacing: tuple[float, float]) -> float:
    """Distance in mm below which two positions are the same: 0.01, less for microscopic pixels."""
    return min(SPACING_TOLERANCE_MM, 0.2 * min(spacing))


def cluster_depths(depths: FloatArray, tolerance: float) -> NDArray[np.intp]:
    """(n,) rank of the position along the normal, equal within ``tolerance``."""
    order = np.argsort(depths, kind="stable")
    ordered = depths[order]
    labels = np.empty(len(depths), dtype=np.intp)
    number, start = 0, ordered[0]
    if np.all(np.diff(ordered) > tolerance):
        labels[order] = np.arange(len(depths))
        return labels
    for at, depth in zip(order, ordered, strict=True):
        if depth - start > tolerance:
            number += 1
            start = depth
        labels[at] = number
    return labels


def place_slices(
    frames: Sequence[FrameHeader],
    shape: tuple[int, int],
    frame_of_reference: str,
) -> tuple[Geometry, tuple[Note, ...]]:
    """The grid of frames that are in the order of growing k, at distinct depths, with one orientation and spacing.

    ``shape`` (rows, columns). The notes say what is unusual: ``gantry_tilt``, ``missing_slices``, ``uneven_spacing``,
    ``shifted_slices``, ``assumed_thickness``.
    """
    row, column, normal = mean_directions(frames)
    spacing = frames[0].common.spacing
    assert spacing is not None
    positions = np.array([frame.position for frame in frames], dtype=np.float64)
    count = len(frames)
    affine = np.eye(4)
    affine[:3, 0] = row * spacing[1]
    affine[:3, 1] = column * spacing[0]
    affine[:3, 3] = positions[0]
    full = (count, *shape)
    if count == 1:
        thickness, notes = _thickness(frames[0])
        affine[:3, 2] = normal * thickness
        return Geometry(full, affine, frame_of_reference), notes
    steps = np.diff(positions, axis=0)
    along = steps @ normal
    mean = (positions[-1] - positions[0]) / (count - 1)
    depth_step = float(mean @ normal)
    allowed = max(SPACING_TOLERANCE_MM, SPACING_TOLERANCE * depth_step)
    even = float(np.abs(along - depth_step).max()) <= allowed
    notes = ()
    quantum = _written_quantum(positions, depth_step)
    depths = positions @ normal
    if not even and np.abs(depths - depths[0] - np.arange(count) * depth_step).max() <= 1.01 * quantum:
        even = True
        notes = (
            Note(
                "rounded_positions",
                f"Slice positions are written with few decimals; they fit an even spacing of {depth_step:.4g} mm.",
                (f"{depth_step:.4g}",),
            ),
        )
    lateral = positions - np.outer(positions @ normal, normal)
    drift = lateral[-1] - lateral[0]
    expected = lateral[0] + np.outer(np.arange(count) / (count - 1), drift)
    if even:
        straight = float(np.abs(lateral - expected).max()) <= max(allowed, 0.02, quantum)
    else:
        fractions = (positions @ normal - positions[0] @ normal) / float((positions[-1] - positions[0]) @ normal)
        straight = float(np.abs(lateral - (lateral[0] + np.outer(fractions, drift))).max()) <= max(
            allowed, 0.02, quantum
        )
    total = float(np.linalg.norm(drift))
    if total <= max(2 * position_tolerance(spacing), quantum):
        mean = normal * depth_step
    tilt = float(np.linalg.norm(mean - (mean @ normal) * normal)) / depth_step
    if tilt > SHEAR_TOLERANCE:
        notes = (*notes, _tilt_note(mean, column, depth_step))
    affine[:3, 2] = mean
    if even and straight:
        return Geometry(full, affine, frame_of_reference), notes
    notes = (*notes, *_gap_notes(along, depths, even, straight, _same_thickness(frames)))
    return Geometry(full, affine, frame_of_reference, positions), notes


def _thickness(frame: FrameHeader) -> tuple[float, tuple[Note, ...]]:
    """The extent of a single slice along its normal."""
    for value in (frame.common.slice_spacing, frame.common.thickness):
        if value is not None and abs(value) > 0:
            return abs(value), ()
    return 1.0, (Note("assumed_thickness", "The slice has no thickness in the file; 1 mm is assumed.", ("1",)),)


def _written_quantum(positions: FloatArray, step: float) -> float:
    """The step of the last decimal, where positions are written with one or two of them, else 0."""
    for quantum in (0.1, 0.01):
        if quantum <= 0.2 * step and np.abs(positions / quantum - np.round(positions / quantum)).max() < 1e-6:
            return quantum
    return 0.0


def _tilt_note(step: FloatArray, column: FloatArray, depth: float) -> Note:
    angle = float(np.degrees(np.arctan2(step @ column, depth)))
    other = step - (step @ column) * column
    sideways = float(np.sqrt(max(0.0, float(other @ other) - depth * depth)))
    if sideways > abs(float(step @ column)):
        angle = float(np.degrees(np.arctan2(sideways, depth)))
    return Note(
        "gantry_tilt",
        f"The slices are sheared by {angle:.1f} degrees (gantry tilt); positions are true.",
        (f"{angle:.1f}",),
    )


def _same_thickness(frames: Sequence[FrameHeader]) -> bool:
    return len({frame.common.thickness for frame in frames}) == 1


def median(values: FloatArray) -> float:
    """As ``np.median``, which would import numpy's masked arrays on the way to the first image."""
    ordered = np.sort(values)
    return float((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2)


def _gap_notes(
    along: FloatArray, depths: FloatArray, even: bool, straight: bool, same_thickness: bool
) -> tuple[Note, ...]:
    notes = []
    if not even:
        base = median(along)
        allowed = max(SPACING_TOLERANCE_MM, SPACING_TOLERANCE * base)
        ratio = along / base
        whole = np.round(ratio)
        odd = np.abs(along - base) > allowed
        fits = np.abs(along - whole * base) <= np.maximum(allowed, SPACING_TOLERANCE * along)
        # Wider gaps between thicker slices, or at every other place, were planned; a few among equals are losses.
        if same_thickness and np.all(fits) and np.all(whole >= 1) and np.mean(whole > 1) <= 0.5:
            at = np.flatnonzero(whole > 1)
            missing = int(np.sum(whole[at] - 1))
            k = int(at[0])
            notes.append(
                Note(
                    "missing_slices",
                    f"{missing} slice{'s are' if missing > 1 else ' is'} missing: between slice {k + 1} "
                    f"({depths[k]:.2f} mm) and slice {k + 2} ({depths[k + 1]:.2f} mm) the distance is {along[k]:.4g} mm "
                    f"instead of {base:.4g} mm" + (f", and at {len(at) - 1} more places." if len(at) > 1 else "."),
                    (str(missing), str(k + 1), str(k + 2), f"{along[k]:.4g}", f"{base:.4g}", str(len(at))),
                )
            )
        else:
            k = int(np.argmax(np.abs(along - base)))
            notes.append(
                Note(
                    "uneven_spacing",
                    f"Slice distances run from {along.min():.4g} to {along.max():.4g} mm ({int(odd.sum())} differ from "
                    f"{base:.4g} mm, most between slices {k + 1} and {k + 2}); true positions are used.",
                    (
                        f"{along.min():.4g}",
                        f"{along.max():.4g}",
                        str(int(odd.sum())),
                        f"{base:.4g}",
                        str(k + 1),
                        str(k + 2),
                    ),
                )
            )
    if not straight:
        notes.append(
            Note(
                "shifted_slices", "Slices are shifted against one another within their planes; true positions are used."
            )
        )
    return tuple(notes)
