"""Surfaces as STL, the binary form that slicers of 3-D printers and every program of surfaces read."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from medview.files.replaced_file import replaced_file

HEADER = 80
_FACE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def write_stl(
    path: str | os.PathLike[str], points: npt.NDArray[np.float32], triangles: npt.NDArray[np.int32], name: str
) -> None:
    """Write points (n, 3), LPS mm, and triangles (m, 3), counter-clockwise seen from outside; raises MedviewError (cannot_write).

    The format has no place for units, axes or names: the 80 bytes before the surface say ``SPACE=LPS``, as 3D Slicer writes and
    reads it, ``UNIT=mm`` and the name, in ASCII as far as it is. They never begin with "solid", which would mean text.
    """
    corners = np.asarray(points, dtype=np.float32)[np.asarray(triangles, dtype=np.int64)]
    faces = np.zeros(len(corners), _FACE)
    faces["corners"] = corners
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).astype(np.float64)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    faces["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    said = f"medview SPACE=LPS UNIT=mm {name}".encode("ascii", "replace")[:HEADER]
    with replaced_file(path) as temporary, temporary.open("wb") as file:
        file.write(said.ljust(HEADER, b" "))
        file.write(np.uint32(len(faces)).astype("<u4").tobytes())
        file.write(faces.tobytes())
