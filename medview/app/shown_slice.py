"""Which slice a viewport shows and where its pixels lie in the patient: one value for acquired frames and cuts alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core import plane as planes
from medview.core.geometry import Geometry
from medview.core.kept import kept_with_first
from medview.core.plane import AXIS_OF_PLANE, Plane, anatomical_plane, plane_of_frame, plane_of_slice
from medview.core.study import PixelRegion, SpacingKind, Stack

if TYPE_CHECKING:
    from medview.core.curve import CurvedSurface
    from medview.core.slab import Slab

FloatArray = NDArray[np.float64]
PlaneKind = Literal["acquired", "axial", "sagittal", "coronal", "oblique", "turning", "solid", "curved"]
"""``turning`` is a projection of the whole volume that is turned by hand, ``solid`` a volume in three dimensions that is turned so
too, ``curved`` is straightened along a path."""
Axes = tuple[planes.Vector, planes.Vector]
"""Unit LPS directions of growing x and y of a picture."""


@dataclass(frozen=True, eq=False)
class ShownSlice:
    """The grid of what is shown: ``shape`` (rows, columns), ``pixel_mm`` (per row, per column) for drawing.

    ``plane`` places it in the patient, None where nothing is known. ``measure_mm`` (per row, per column) is for
    lengths, None where only px may be said. ``k`` and ``frame`` (index into the stack's frames) belong to acquired
    slices, ``position_mm`` (LPS, along the normal) to cuts.
    """

    shape: tuple[int, int]
    pixel_mm: tuple[float, float]
    plane: Plane | None
    measure_mm: tuple[float, float] | None
    measure_kind: SpacingKind
    plane_kind: PlaneKind
    k: int | None = None
    frame: int | None = None
    sop_uid: str = ""
    frame_in_file: int = 0
    position_mm: float | None = None
    regions: tuple[PixelRegion, ...] = ()
    """Where there are any, lengths are in mm only inside one of them."""
    slab: Slab | None = None
    """What the values are a projection of; None where they are those of the plane itself."""
    surface: CurvedSurface | None = None
    """Where a curved picture lies, which has no plane."""

    def image_to_patient(self, x: float, y: float) -> FloatArray | None:
        """LPS mm of image (x, y); None without a place."""
        if self.surface is not None:
            return self.surface.point_at(x, y)
        return None if self.plane is None else self.plane.plane_to_patient((x, y))

    def patient_to_image(self, point: FloatArray) -> tuple[float, float, float] | None:
        """Image (x, y) of the point's foot on this slice and its distance in mm; None without a place."""
        if self.plane is None:
            return None
        x, y, distance = self.plane.patient_to_plane(point)
        return (float(x), float(y), float(distance))

    @property
    def normal(self) -> FloatArray | None:
        """Unit LPS vector perpendicular to the slice."""
        return None if self.plane is None else self.plane.normal


def can_be_cut(stack: Stack) -> bool:
    """Whether axial, sagittal and coronal cuts can be made: one geometry and more than one slice."""
    return stack.geometry is not None and stack.shape[0] > 1


@kept_with_first
def plane_positions(geometry: Geometry, kind: PlaneKind) -> FloatArray:
    """(n,) growing LPS mm along an anatomical plane's normal at which cuts are shown one after the other."""
    if kind not in AXIS_OF_PLANE:
        raise ValueError(f"{kind} slices have no position along an axis of the patient")
    positions = planes.plane_positions(geometry, kind).copy()  # type: ignore[arg-type]
    positions.setflags(write=False)
    return positions


def sides_are_known(stack: Stack) -> bool:
    """Whether the file says how it lies in the patient; otherwise no side may be written on the picture."""
    return not any(note.code == "orientation_unknown" for note in stack.notes)


def plane_axis(kind: PlaneKind) -> int:
    """Index of the LPS axis that an anatomical plane's position is counted along."""
    return AXIS_OF_PLANE[kind]


def acquired_shown(stack: Stack, k: int, time: int = 0) -> ShownSlice:
    """The slice ``k`` of a stack as it was acquired."""
    slices, rows, columns = stack.shape
    frame = time * slices + k
    source = stack.frames[frame] if frame < len(stack.frames) else None
    drawn = _drawn_pixel(stack)
    measure, kind = stack.pixel_spacing, stack.spacing_kind
    if measure is None and stack.geometry is not None:
        measure, kind = (stack.geometry.spacing[1], stack.geometry.spacing[2]), "patient"
    if kind == "none":
        measure = None
    return ShownSlice(
        shape=(rows, columns),
        pixel_mm=drawn,
        plane=_plane(stack, k, frame),
        measure_mm=measure,
        measure_kind=kind if measure is not None else "none",
        plane_kind="acquired",
        k=k,
        frame=frame,
        sop_uid=source.sop_uid if source is not None else "",
        frame_in_file=source.frame if source is not None else frame,
        regions=stack.regions,
    )


def cut_shown(stack: Stack, kind: PlaneKind, position_mm: float) -> ShownSlice:
    """The axial, sagittal or coronal cut of a stack's volume at an LPS position; ValueError without a geometry."""
    if stack.geometry is None or kind not in AXIS_OF_PLANE:
        raise ValueError("a cut needs a volume with a geometry")
    return _of_plane(anatomical_plane(stack.geometry, kind, position_mm), kind, position_mm)  # type: ignore[arg-type]


def oblique_shown(stack: Stack, axes: Axes, depth_mm: float, kind: PlaneKind = "oblique") -> ShownSlice:
    """The cut with the directions ``axes`` at ``depth_mm`` along their normal; ValueError without a geometry."""
    if stack.geometry is None:
        raise ValueError("a cut needs a volume with a geometry")
    return _of_plane(planes.oblique_plane(stack.geometry, *axes, depth_mm), kind, depth_mm)


def curved_shown(surface: CurvedSurface) -> ShownSlice:
    """The picture straightened along a path: columns are mm along it, rows mm across."""
    step = surface.step_mm
    return ShownSlice(surface.shape, (step, step), None, (step, step), "patient", "curved", surface=surface)


def _of_plane(plane: Plane, kind: PlaneKind, position_mm: float) -> ShownSlice:
    across_mm, down_mm = plane.spacing
    return ShownSlice(
        shape=plane.size,
        pixel_mm=(down_mm, across_mm),
        plane=plane,
        measure_mm=(down_mm, across_mm),
        measure_kind="patient",
        plane_kind=kind,
        position_mm=position_mm,
    )


def _drawn_pixel(stack: Stack) -> tuple[float, float]:
    if stack.geometry is not None:
        return (stack.geometry.spacing[1], stack.geometry.spacing[2])
    if stack.pixel_spacing is not None:
        return stack.pixel_spacing
    return (stack.pixel_aspect, 1.0)


def _plane(stack: Stack, k: int, frame: int) -> Plane | None:
    if stack.geometry is not None:
        return plane_of_slice(stack.geometry, k)
    if stack.planes is not None and frame < len(stack.planes):
        return plane_of_frame(stack.planes[frame], (stack.shape[1], stack.shape[2]))
    return None
