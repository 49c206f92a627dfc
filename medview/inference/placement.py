"""Where the voxels of a tensor lie in the source series: orientation and everything that moved or resized since.

Three grids: *source* (k, j, i) as in the Volume; *oriented* (a, b, c), the same voxels with axes exchanged and flipped
to the letters of the manifest (slice by slice: a runs over the slices); *tensor*, what the network sees. Integers are
voxel centres in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.core.geometry import FloatArray, Geometry
from medview.core.problem import ExitCode, MedviewError
from medview.inference.manifest import CLIP_AXES, PICTURE_AXES, TURNED_AXES

_DIRECTIONS = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
"""Letter → LPS axis and sign."""

SNAP = 1e-4
"""Coordinates this close to whole voxels are whole: NIfTI and DICOM write positions with five or six digits."""

_STRAIGHT = np.eye(3)
_CLOSE_TO_STRAIGHT = 1e-9 + 1e-5 * _STRAIGHT


@dataclass(frozen=True)
class Orientation:
    """``order``: which source axis (0 k, 1 j, 2 i) each oriented axis is; ``flips``: whether it runs backwards.

    ``letters`` names the directions of the oriented axes; empty for pictures.
    """

    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    letters: tuple[str, ...]
    source_shape: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(a, b, c)."""
        k, j, i = (self.source_shape[axis] for axis in self.order)
        return (k, j, i)

    def view(self, source: NDArray[Any]) -> NDArray[Any]:
        """A view (no copy) of a source array (k, j, i[, channel]) as (a, b, c[, channel]); writing writes the source."""
        turned = source.transpose(*self.order, *range(3, source.ndim))
        return turned[tuple(slice(None, None, -1) if flip else slice(None) for flip in self.flips)]

    def oriented_to_source(self) -> tuple[FloatArray, FloatArray]:
        """Matrix and offset from (a, b, c) to (k, j, i)."""
        matrix, offset = np.zeros((3, 3)), np.zeros(3)
        for oriented, (source, flip) in enumerate(zip(self.order, self.flips, strict=True)):
            matrix[source, oriented] = -1 if flip else 1
            offset[source] = self.source_shape[source] - 1 if flip else 0
        return matrix, offset


def orient(shape: tuple[int, int, int], geometry: Geometry | None, axes: tuple[str, ...]) -> Orientation:
    """How to see a series of ``shape`` (k, j, i) along the manifest's ``axes``.

    Each letter takes the source axis that is closest to it. Slice by slice the axis that is left over comes first,
    growing toward L, P or S. Raises MedviewError ``no_geometry`` for letters without geometry.
    """
    if axes == TURNED_AXES:
        return Orientation((0, 2, 1), (False, False, False), (), shape)
    if axes in {PICTURE_AXES, CLIP_AXES}:
        return Orientation((0, 1, 2), (False, False, False), (), shape)
    if geometry is None:
        text = "The series has no position in the patient, and the model needs directions."
        raise MedviewError("no_geometry", text, None, ExitCode.MODEL_DOES_NOT_FIT)
    if len(axes) == 2:
        given = {_DIRECTIONS[letter][0] for letter in axes}
        axes = (next(letter for letter in "LPS" if _DIRECTIONS[letter][0] not in given), *axes)
    columns = geometry.affine[:3, [2, 1, 0]]
    columns = columns / np.linalg.norm(columns, axis=0)
    wanted = [_DIRECTIONS[letter] for letter in axes]
    best = max(
        permutations(range(3)), key=lambda p: sum(abs(columns[a, s]) for s, (a, _) in zip(p, wanted, strict=True))
    )
    flips = [bool(columns[axis, source] * sign < 0) for source, (axis, sign) in zip(best, wanted, strict=True)]
    return Orientation((best[0], best[1], best[2]), (flips[0], flips[1], flips[2]), axes, shape)


def obliquity_deg(geometry: Geometry) -> float:
    """The largest angle between an axis of the grid and the patient's axis closest to it; shear counts too."""
    columns = geometry.affine[:3, :3]
    columns = np.abs(columns / np.linalg.norm(columns, axis=0))
    best = max(permutations(range(3)), key=lambda p: sum(columns[a, s] for s, a in enumerate(p)))
    cosine = min(columns[a, s] for s, a in enumerate(best))
    return float(np.degrees(np.arccos(min(1.0, cosine))))


@dataclass(frozen=True)
class Placement:
    """``matrix`` and ``offset`` take a tensor index to an oriented one; ``shape`` is the tensor's (a, b, c).

    ``spacing`` in mm along the tensor's axes, None for pictures. ``depths`` (k,): where slices are not evenly spaced
    and were brought onto an even grid, the even index of each source slice. ``separate``: the tensor axis that was
    resampled by nearest neighbour, and goes back so.
    """

    orientation: Orientation
    shape: tuple[int, int, int]
    matrix: FloatArray
    offset: FloatArray
    spacing: tuple[float, float, float] | None
    depths: FloatArray | None = None
    separate: int | None = None
    columns: FloatArray | None = None
    """The patient's direction and mm of each oriented axis, as the columns of a matrix."""
    before: Placement | None = None
    """Where a resizing alone came last: the placement before it."""

    @staticmethod
    def start(orientation: Orientation, geometry: Geometry | None) -> Placement:
        """The oriented grid itself."""
        spacing = columns = None
        if geometry is not None and orientation.letters:
            mm = [float(np.linalg.norm(geometry.affine[:3, 2 - axis])) for axis in orientation.order]
            spacing = (mm[0], mm[1], mm[2])
            signs = np.where(orientation.flips, -1.0, 1.0)
            columns = geometry.affine[:3, [2 - axis for axis in orientation.order]] * signs
        return Placement(orientation, orientation.shape, np.eye(3), np.zeros(3), spacing, columns=columns)

    def boxed(self, offset: tuple[int, ...], shape: tuple[int, ...]) -> Placement:
        """After cutting (or, with negative offsets, filling): new index n is old index n + offset."""
        return replace(
            self,
            shape=(shape[0], shape[1], shape[2]),
            offset=self.offset + self.matrix @ np.asarray(offset, dtype=np.float64),
            before=None,
        )

    def scaled(self, scale: ArrayLike, shift: ArrayLike, shape: tuple[int, ...]) -> Placement:
        """After resizing: new index n is old index n·scale + shift."""
        factor = np.asarray(scale, dtype=np.float64)
        spacing = None
        if self.spacing is not None:
            mm = np.asarray(self.spacing) * factor
            spacing = (float(mm[0]), float(mm[1]), float(mm[2]))
        return replace(
            self,
            shape=(shape[0], shape[1], shape[2]),
            matrix=self.matrix @ np.diag(factor),
            offset=self.offset + self.matrix @ np.asarray(shift, dtype=np.float64),
            spacing=spacing,
            columns=None if self.columns is None else self.columns * factor,
            before=None,
        )

    def of_rows(self, count: int) -> Placement:
        """Of ``count`` slices of a slice-by-slice network's input."""
        before = None if self.before is None else self.before.of_rows(count)
        return replace(self, shape=(count, *self.shape[1:]), before=before)

    @cached_property
    def is_whole(self) -> bool:
        """Whether every tensor voxel is exactly one oriented voxel (or lies outside): nothing was resampled."""
        whole = np.round(self.offset)
        # As numpy.allclose, which takes ten times as long; a run asks it of every slice.
        aligned = (np.abs(self.matrix - _STRAIGHT) <= _CLOSE_TO_STRAIGHT).all()
        return bool(
            aligned and (np.abs(self.offset - whole) <= 1e-9 + 1e-5 * np.abs(whole)).all() and self.depths is None
        )

    def tensor_to_source(self, points: ArrayLike) -> FloatArray:
        """(…, 3) tensor coordinates to source voxel coordinates (k, j, i), fractions included."""
        oriented = np.asarray(points, dtype=np.float64) @ self.matrix.T + self.offset
        matrix, offset = self.orientation.oriented_to_source()
        source = oriented @ matrix.T + offset
        if self.depths is not None and len(self.depths) > 1:
            source[..., 0] = _extended(source[..., 0], self.depths)
        return np.asarray(source)

    def source_to_tensor(self) -> tuple[FloatArray, FloatArray]:
        """Matrix and offset from (even k, j, i) to tensor coordinates."""
        matrix, offset = self.orientation.oriented_to_source()
        whole = matrix @ self.matrix
        inverse = np.linalg.inv(whole)
        return snapped(inverse), snapped(-inverse @ (matrix @ self.offset + offset))


def snapped(values: NDArray[np.floating[Any]]) -> FloatArray:
    """Values close to whole numbers made whole, so that grids that agree need no interpolation."""
    whole = np.round(values)
    return np.asarray(np.where(np.abs(values - whole) < SNAP, whole, values))


def _extended(even: FloatArray, depths: FloatArray) -> FloatArray:
    """Slice index of an even index, beyond both ends linearly."""
    low = np.clip(np.searchsorted(depths, even, side="right") - 1, 0, len(depths) - 2)
    return np.asarray(low + (even - depths[low]) / (depths[low + 1] - depths[low]))


CORNER_SLACK = 1e-8
"""How far beyond the lowest corner of a new grid MONAI lets another one be, in voxels (``numpy.allclose``)."""


def keeps_corner(columns: FloatArray, shape: tuple[int, ...], spacing_mm: tuple[float, ...]) -> bool:
    """Whether MONAI's Spacing begins its grid at the first voxel (``compute_shape_offset`` of MONAI 1.5), or lays middles together.

    ``columns`` as of :class:`Placement`. It asks whether one corner of the old grid is the lowest along each axis of the new
    one, which the rounding of the files' directions decides for a series that lies askew. Directions of DICOM come into
    MONAI through NIfTI, in single precision, where that is all but never so.
    """
    unit = columns / np.linalg.norm(columns, axis=0)
    if np.all(np.isin(np.abs(unit), (0.0, 1.0))):
        return True
    if not np.array_equal(columns, columns.astype(np.float32).astype(np.float64)):
        return False
    # Upper triangular; what is not on the diagonal is how far the axes are from right angles.
    triangular = np.linalg.cholesky(columns.T @ columns).T / np.asarray(spacing_mm)[:, None]
    corners = np.stack(np.meshgrid(*[(0.0, size - 1.0) for size in shape], indexing="ij")).reshape(len(shape), -1)
    places = triangular @ corners
    return any(
        np.all(np.abs((places - places[:, n : n + 1]).min(axis=1)) <= CORNER_SLACK) for n in range(places.shape[1])
    )
