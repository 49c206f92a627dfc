"""The source images of an object on their grid, as highdicom wants them: headers, order of the slices, planes and spacing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.study import FrameSource
from medview.dicom.written_object import source_header


@dataclass(frozen=True, eq=False)
class SourceGrid:
    """``headers`` of the files without pixels, and for each frame that is written the slice k that it is of."""

    headers: list[Any]
    slices: list[int]
    geometry: Geometry

    def planes(self, hd: Any) -> dict[str, Any]:
        """The arguments that say where the frames lie."""
        geometry = self.geometry
        return {
            "plane_positions": [
                hd.PlanePositionSequence(
                    coordinate_system="PATIENT", image_position=decimal_numbers(geometry.origins[k])
                )
                for k in self.slices
            ],
            "plane_orientation": hd.PlaneOrientationSequence(
                coordinate_system="PATIENT",
                image_orientation=[
                    *decimal_numbers(geometry.row_direction),
                    *decimal_numbers(geometry.column_direction),
                ],
            ),
            "pixel_measures": hd.PixelMeasuresSequence(
                pixel_spacing=[float(geometry.spacing[1]), float(geometry.spacing[2])],
                slice_thickness=_thickness(self.headers[0], geometry.spacing[0]),
                spacing_between_slices=float(geometry.spacing[0]) if geometry.kind == "volume" else None,
            ),
        }


def source_grid(frames: Sequence[FrameSource], geometry: Geometry) -> SourceGrid:
    """The grid that ``frames``, one for each slice, lie on. Raises ValueError where no object can refer to them."""
    spacing = geometry.spacing[0]
    paths = list(dict.fromkeys(frame.path for frame in frames))
    if len(paths) == len(frames):
        headers = [source_header(path) for path in paths]
        if any("SharedFunctionalGroupsSequence" in header for header in headers):
            raise ValueError("several enhanced images")
        _complete(headers, spacing)
        shared = headers[0].get("FrameOfReferenceUID")
        for header in headers:
            if shared is not None and header.get("FrameOfReferenceUID") != shared:
                header.FrameOfReferenceUID = shared  # the stack took them as one, and says so in a note
        return SourceGrid(headers, list(range(len(frames))), geometry)
    if len(paths) > 1:
        raise ValueError("frames of several enhanced images")
    header = source_header(paths[0])
    _complete([header], spacing)
    # Frames of an enhanced image go in the file's order.
    return SourceGrid([header], sorted(range(len(frames)), key=lambda k: frames[k].frame), geometry)


def _complete(headers: list[Any], spacing: float) -> None:
    """Give the copies in memory what highdicom asks every source for, although the standard lets it be elsewhere."""
    for header in headers:
        if "SharedFunctionalGroupsSequence" not in header:
            if not header.get("SliceThickness"):
                header.SliceThickness = spacing
            continue
        shared = header.SharedFunctionalGroupsSequence[0]
        first = header.PerFrameFunctionalGroupsSequence[0]
        for keyword in ("PixelMeasuresSequence", "PlaneOrientationSequence"):
            if keyword not in shared and keyword in first:
                setattr(shared, keyword, first[keyword].value)


def decimal_numbers(values: NDArray[np.float64]) -> list[float]:
    """As a decimal string holds them (16 characters)."""
    return [float(f"{value:.9g}") for value in values]


def _thickness(header: Any, spacing: float) -> float:
    stated = header.get("SliceThickness")
    try:
        return float(stated) if stated not in {None, ""} and float(stated) > 0 else float(spacing)
    except (TypeError, ValueError):
        return float(spacing)
