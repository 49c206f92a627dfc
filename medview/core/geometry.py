"""Where voxels lie in the patient.

Coordinate systems, named once:

* *voxel*: (k, j, i) – slice, row, column; integer values are voxel centres.
* *patient*: (x, y, z) in mm, LPS: x grows to the patient's left, y to posterior, z to the head (PS3.3 C.7.6.2.1.1).
* ``affine``: 4×4, takes the column vector (i, j, k, 1) of a voxel centre to LPS mm.

k always grows along row direction × column direction, so a stack has exactly one order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

SHEAR_TOLERANCE = 1e-3
"""Lateral drift per mm of slice step above which a stack is sheared (0.06 degrees)."""


def _frozen(array: ArrayLike) -> FloatArray:
    copy = np.array(array, dtype=np.float64)
    copy.setflags(write=False)
    return copy


@dataclass(frozen=True, eq=False)
class Geometry:
    """The grid of a stack: ``shape`` (k, j, i), ``affine`` voxel → LPS mm.

    ``slice_origins`` (k, 3) holds the LPS position of voxel (k, 0, 0) of every slice where the distances are not
    uniform; the affine's third column is then the mean step and must not be used for positions: use the methods.
    Raises ValueError for a singular or non-finite affine.
    """

    shape: tuple[int, int, int]
    affine: FloatArray
    frame_of_reference: str = ""
    slice_origins: FloatArray | None = field(default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "affine", _frozen(self.affine))
        if self.slice_origins is not None:
            object.__setattr__(self, "slice_origins", _frozen(self.slice_origins))
            if self.slice_origins.shape != (self.shape[0], 3):
                raise ValueError("slice_origins must be (k, 3)")
        if self.affine.shape != (4, 4) or not np.all(np.isfinite(self.affine)):
            raise ValueError("affine must be a finite 4x4 matrix")
        if abs(np.linalg.det(self.affine[:3, :3])) < 1e-12:
            raise ValueError("affine is singular")

    @staticmethod
    def from_directions(
        shape: tuple[int, int, int],
        origin: ArrayLike,
        row_direction: ArrayLike,
        column_direction: ArrayLike,
        spacing: tuple[float, float, float],
        frame_of_reference: str = "",
    ) -> Geometry:
        """A regular grid from DICOM's words: ``spacing`` (dk, dj, di) mm, directions of growing i and growing j."""
        row = np.asarray(row_direction, dtype=np.float64)
        column = np.asarray(column_direction, dtype=np.float64)
        affine = np.eye(4)
        affine[:3, 0] = row * spacing[2]
        affine[:3, 1] = column * spacing[1]
        affine[:3, 2] = np.cross(row, column) * spacing[0]
        affine[:3, 3] = origin
        return Geometry(shape, affine, frame_of_reference)

    @cached_property
    def row_direction(self) -> FloatArray:
        """Unit LPS vector of growing i."""
        vector = self.affine[:3, 0]
        return _frozen(vector / np.linalg.norm(vector))

    @cached_property
    def column_direction(self) -> FloatArray:
        """Unit LPS vector of growing j."""
        vector = self.affine[:3, 1]
        return _frozen(vector / np.linalg.norm(vector))

    @cached_property
    def normal(self) -> FloatArray:
        """Unit LPS vector perpendicular to the slices, row × column."""
        vector = np.cross(self.row_direction, self.column_direction)
        return _frozen(vector / np.linalg.norm(vector))

    @cached_property
    def spacing(self) -> tuple[float, float, float]:
        """(dk, dj, di) in mm; dk is the perpendicular distance of neighbouring slices (the mean, if irregular)."""
        return (
            float(abs(self.affine[:3, 2] @ self.normal)),
            float(np.linalg.norm(self.affine[:3, 1])),
            float(np.linalg.norm(self.affine[:3, 0])),
        )

    @cached_property
    def is_sheared(self) -> bool:
        """Whether the slice step is not perpendicular to the slices (gantry tilt)."""
        step = self.affine[:3, 2]
        along = step @ self.normal
        lateral = step - along * self.normal
        return bool(np.linalg.norm(lateral) > SHEAR_TOLERANCE * abs(along))

    @property
    def kind(self) -> str:
        """``volume``, ``sheared`` or ``irregular``."""
        if self.slice_origins is not None:
            return "irregular"
        return "sheared" if self.is_sheared else "volume"

    @cached_property
    def origins(self) -> FloatArray:
        """(k, 3) LPS position of voxel (k, 0, 0) of every slice."""
        if self.slice_origins is not None:
            return self.slice_origins
        steps = np.arange(self.shape[0], dtype=np.float64)[:, None]
        return _frozen(self.affine[:3, 3] + steps * self.affine[:3, 2])

    @cached_property
    def depths(self) -> FloatArray:
        """(k,) position of every slice along ``normal`` in mm, strictly growing."""
        return _frozen(self.origins @ self.normal)

    def voxel_to_patient(self, voxels: ArrayLike) -> FloatArray:
        """(…, 3) voxel coordinates (k, j, i), fractions allowed, to LPS mm (…, 3); beyond the ends linearly."""
        kji = np.asarray(voxels, dtype=np.float64)
        in_plane = kji[..., 2:3] * self.affine[:3, 0] + kji[..., 1:2] * self.affine[:3, 1]
        if self.slice_origins is None:
            return np.asarray(self.affine[:3, 3] + kji[..., 0:1] * self.affine[:3, 2] + in_plane)
        return np.asarray(self._origin_at(kji[..., 0]) + in_plane)

    def patient_to_voxel(self, points: ArrayLike) -> FloatArray:
        """(…, 3) LPS mm to voxel coordinates (k, j, i) (…, 3), fractions included; beyond the ends linearly."""
        xyz = np.asarray(points, dtype=np.float64)
        if self.slice_origins is None:
            inverse = np.linalg.inv(self.affine)
            ijk = xyz @ inverse[:3, :3].T + inverse[:3, 3]
            return np.asarray(ijk[..., ::-1])
        k = self._slice_at(xyz @ self.normal)
        rest = xyz - self._origin_at(k)
        basis = np.stack([self.affine[:3, 0], self.affine[:3, 1]], axis=1)
        ij = rest @ np.linalg.pinv(basis).T
        return np.stack([k, ij[..., 1], ij[..., 0]], axis=-1)

    def _origin_at(self, k: FloatArray) -> FloatArray:
        origins = self.origins
        if len(origins) == 1:
            return np.asarray(origins[0] + np.asarray(k)[..., None] * self.affine[:3, 2])
        low = np.clip(np.floor(k).astype(int), 0, len(origins) - 2)
        fraction = (np.asarray(k) - low)[..., None]
        return np.asarray(origins[low] + fraction * (origins[low + 1] - origins[low]))

    def _slice_at(self, depth: FloatArray) -> FloatArray:
        depths = self.depths
        if len(depths) == 1:
            return np.asarray((depth - depths[0]) / self.spacing[0])
        low = np.clip(np.searchsorted(depths, depth, side="right") - 1, 0, len(depths) - 2)
        return np.asarray(low + (depth - depths[low]) / (depths[low + 1] - depths[low]))

    @cached_property
    def bounds(self) -> FloatArray:
        """(2, 3) smallest and largest LPS mm of the voxels' outer borders."""
        k, j, i = self.shape
        corners = np.array(
            [[a, b, c] for a in (-0.5, k - 0.5) for b in (-0.5, j - 0.5) for c in (-0.5, i - 0.5)], dtype=np.float64
        )
        points = self.voxel_to_patient(corners)
        return _frozen(np.stack([points.min(axis=0), points.max(axis=0)]))

    def same_grid(self, other: Geometry, tolerance_mm: float = 1e-3) -> bool:
        """Whether both grids have equal shape and every corner voxel agrees within ``tolerance_mm``."""
        if self.shape != other.shape:
            return False
        k, j, i = self.shape
        corners = np.array([[a, b, c] for a in (0, k - 1) for b in (0, j - 1) for c in (0, i - 1)], dtype=np.float64)
        distance = np.abs(self.voxel_to_patient(corners) - other.voxel_to_patient(corners))
        origins = np.abs(self.origins - other.origins)
        return bool(distance.max() <= tolerance_mm and origins.max() <= tolerance_mm)


DIRECTION_LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
"""Letters of the positive and negative direction of LPS x, y, z. Screens write H/F for S/I where asked."""


def direction_letters(vector: ArrayLike, feet_head: bool = False, minor: float = 0.2) -> str:
    """Letters of a patient direction, major axis first, e.g. ``L``, ``AH``; components below ``minor`` are left out.

    PS3.3 C.7.6.1.1.1 (Patient Orientation). ``feet_head`` writes H and F instead of S and I.
    """
    direction = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(direction))
    if length == 0:
        return ""
    direction = direction / length
    text = ""
    for axis in np.argsort(-np.abs(direction), kind="stable"):
        value = direction[axis]
        if abs(value) < minor and text:
            break
        text += DIRECTION_LETTERS[axis][0 if value > 0 else 1]
    if feet_head:
        text = text.replace("S", "H").replace("I", "F")
    return text
