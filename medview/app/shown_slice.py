"""Which slice a viewport shows and where its pixels lie in the patient: one value for acquired frames and cuts alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.study import SpacingKind, Stack

if TYPE_CHECKING:
    from medview.core.plane import Plane

FloatArray = NDArray[np.float64]
PlaneKind = Literal["acquired", "axial", "sagittal", "coronal"]
PLANE_KINDS: tuple[PlaneKind, ...] = ("acquired", "axial", "sagittal", "coronal")
_PLANE_AXIS = {"sagittal": 0, "coronal": 1, "axial": 2}

ALIGNED = 0.9999
"""Cosine above which a voxel axis counts as an axis of the patient: 0.8 degrees."""


@dataclass(frozen=True, eq=False)
class ShownSlice:
    """The grid of what is shown: ``shape`` (rows, columns), ``pixel_mm`` (per row, per column) for drawing.

    ``origin``, ``across`` and ``down`` place pixel (x, y) at ``origin + x·across + y·down`` in LPS mm; None where
    nothing is known. ``measure_mm`` (per row, per column) is for lengths, None where only px may be said. ``k`` and
    ``frame`` (index into the stack's frames) belong to acquired slices, ``plane`` to cuts.
    """

    shape: tuple[int, int]
    pixel_mm: tuple[float, float]
    origin: FloatArray | None
    across: FloatArray | None
    down: FloatArray | None
    measure_mm: tuple[float, float] | None
    measure_kind: SpacingKind
    plane_kind: PlaneKind
    k: int | None = None
    frame: int | None = None
    sop_uid: str = ""
    frame_in_file: int = 0
    plane: Plane | None = None
    position_mm: float | None = None

    @property
    def is_placed(self) -> bool:
        """Whether the slice has a place in the patient."""
        return self.origin is not None

    def image_to_patient(self, x: float, y: float) -> FloatArray | None:
        """LPS mm of image (x, y); None without a place."""
        if self.origin is None or self.across is None or self.down is None:
            return None
        return np.asarray(self.origin + x * self.across + y * self.down)

    def patient_to_image(self, point: FloatArray) -> tuple[float, float, float] | None:
        """Image (x, y) of the point's foot on this slice and its distance in mm along across × down."""
        if self.origin is None or self.across is None or self.down is None:
            return None
        normal = np.cross(self.across, self.down)
        normal = normal / np.linalg.norm(normal)
        rest = np.asarray(point, dtype=np.float64) - self.origin
        basis = np.stack([self.across, self.down], axis=1)
        x, y = np.linalg.lstsq(basis, rest, rcond=None)[0]
        return (float(x), float(y), float(rest @ normal))

    @property
    def normal(self) -> FloatArray | None:
        """Unit LPS vector across × down."""
        if self.across is None or self.down is None:
            return None
        vector = np.cross(self.across, self.down)
        return np.asarray(vector / np.linalg.norm(vector))


def can_be_cut(stack: Stack) -> bool:
    """Whether axial, sagittal and coronal cuts can be made: one geometry and more than one slice."""
    return stack.geometry is not None and stack.shape[0] > 1


def plane_positions(geometry: Geometry, kind: PlaneKind) -> FloatArray:
    """(n,) LPS mm along the plane's normal at which cuts are shown one after the other, growing.

    Where a voxel axis runs along the normal these are the voxel centres, so that nothing is interpolated along it;
    otherwise steps of the size of the voxel that lies closest to the normal, through the whole volume.
    """
    return _plane_positions(geometry, kind)


@lru_cache(maxsize=64)  # a geometry is its own key: it compares by identity
def _plane_positions(geometry: Geometry, kind: PlaneKind) -> FloatArray:
    axis = _PLANE_AXIS[kind]
    steps = geometry.affine[:3, :3]
    lengths = np.linalg.norm(steps, axis=0)
    directions = steps / lengths
    directions[:, 2] = geometry.normal
    nearest = int(np.argmax(np.abs(directions[axis])))
    if abs(directions[axis, nearest]) >= ALIGNED:
        if nearest == 2:
            positions = geometry.origins[:, axis].copy()
        else:
            count = geometry.shape[2 - nearest]
            positions = geometry.affine[axis, 3] + np.arange(count) * steps[axis, nearest]
        positions = np.sort(positions)
    else:
        low, high = geometry.bounds[0][axis], geometry.bounds[1][axis]
        size = geometry.spacing[0] if nearest == 2 else float(lengths[nearest])
        count = max(1, int(np.floor((high - low) / size)))
        positions = (low + high) / 2 + (np.arange(count) - (count - 1) / 2) * size
    positions.setflags(write=False)
    return np.asarray(positions)


def plane_axis(kind: PlaneKind) -> int:
    """Index of the LPS axis that an anatomical plane's position is counted along."""
    return _PLANE_AXIS[kind]


def acquired_shown(stack: Stack, k: int, time: int = 0) -> ShownSlice:
    """The slice ``k`` of a stack as it was acquired."""
    slices, rows, columns = stack.shape
    frame = time * slices + k
    source = stack.frames[frame] if frame < len(stack.frames) else None
    origin, across, down = _placement(stack, k, frame)
    drawn = _drawn_pixel(stack)
    measure, kind = stack.pixel_spacing, stack.spacing_kind
    if measure is None and stack.geometry is not None:
        measure, kind = (stack.geometry.spacing[1], stack.geometry.spacing[2]), "patient"
    if kind == "none":
        measure = None
    return ShownSlice(
        shape=(rows, columns),
        pixel_mm=drawn,
        origin=origin,
        across=across,
        down=down,
        measure_mm=measure,
        measure_kind=kind if measure is not None else "none",
        plane_kind="acquired",
        k=k,
        frame=frame,
        sop_uid=source.sop_uid if source is not None else "",
        frame_in_file=source.frame if source is not None else frame,
    )


def cut_shown(stack: Stack, kind: PlaneKind, position_mm: float) -> ShownSlice:
    """The axial, sagittal or coronal cut of a stack's volume at an LPS position; ValueError without a geometry."""
    from medview.core.plane import anatomical_plane

    if stack.geometry is None or kind == "acquired":
        raise ValueError("a cut needs a volume with a geometry")
    plane = anatomical_plane(stack.geometry, kind, position_mm)
    across_mm, down_mm = plane.spacing
    return ShownSlice(
        shape=plane.size,
        pixel_mm=(down_mm, across_mm),
        origin=np.asarray(plane.origin),
        across=np.asarray(plane.u) * across_mm,
        down=np.asarray(plane.v) * down_mm,
        measure_mm=(down_mm, across_mm),
        measure_kind="patient",
        plane_kind=kind,
        plane=plane,
        position_mm=position_mm,
    )


def _drawn_pixel(stack: Stack) -> tuple[float, float]:
    if stack.geometry is not None:
        return (stack.geometry.spacing[1], stack.geometry.spacing[2])
    if stack.pixel_spacing is not None:
        return stack.pixel_spacing
    return (stack.pixel_aspect, 1.0)


def _placement(stack: Stack, k: int, frame: int) -> tuple[FloatArray | None, FloatArray | None, FloatArray | None]:
    if stack.geometry is not None:
        geometry = stack.geometry
        return geometry.origins[k], geometry.affine[:3, 0], geometry.affine[:3, 1]
    if stack.planes is not None and frame < len(stack.planes) and np.all(np.isfinite(stack.planes[frame])):
        origin, across, down = stack.planes[frame]
        return origin, across, down
    return None, None, None
