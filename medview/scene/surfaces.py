"""The border of a label as triangles in the patient: a smoothed surface that stays within half a voxel of the voxels' faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkSurfaceNets3D

from medview.core.geometry import Geometry

REACH = 0.5
"""Voxels that smoothing may move a point of the surface by, along each axis."""
ROUNDS = 8


@dataclass(frozen=True, eq=False)
class Surface:
    """``points`` (n, 3) LPS mm, ``triangles`` (m, 3) with the outside where they turn counter-clockwise."""

    points: NDArray[np.float32]
    triangles: NDArray[np.int32]

    @property
    def volume_mm3(self) -> float:
        """What it encloses (divergence theorem)."""
        if not len(self.triangles):
            return 0.0
        a, b, c = (self.points[self.triangles[:, at]].astype(np.float64) for at in range(3))
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def surface_of(inside: NDArray[Any], first: tuple[int, int, int], geometry: Geometry, step: int = 1) -> Surface:
    """The border of what is not 0 in ``inside`` (k, j, i), whose first voxel is ``first`` of the grid ``geometry``.

    It is found and smoothed on the voxels' own grid (Frisken, "SurfaceNets for Multi-Label Segmentations", 2022) and then
    placed, so that it is right on sheared and uneven stacks too. ``step``: each voxel of ``inside`` stands for so many.
    """
    padded = np.pad(np.asarray(inside != 0, dtype=np.uint8), 1)
    depth, rows, columns = padded.shape
    image = vtkImageData()
    image.SetDimensions(columns, rows, depth)
    image.GetPointData().SetScalars(numpy_to_vtk(padded.reshape(-1), deep=False))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    nets.SetValue(0, 1)
    nets.SetBackgroundLabel(0)
    nets.SetOutputMeshTypeToTriangles()
    nets.SmoothingOn()
    nets.AutomaticSmoothingConstraintsOff()
    nets.SetConstraintStrategyToConstraintBox()
    nets.SetConstraintBox(2 * REACH, 2 * REACH, 2 * REACH)
    nets.SetNumberOfIterations(ROUNDS)
    nets.SetRelaxationFactor(0.5)
    nets.Update()
    found = nets.GetOutput()
    if not found.GetNumberOfCells():
        return Surface(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    ijk = vtk_to_numpy(found.GetPoints().GetData()).astype(np.float64) - 1.0
    ijk = _as_large_as(int(padded.sum()), ijk, vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3))
    triangles = vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32)
    kji = ijk[:, ::-1] * step + (step - 1) / 2 + np.array(first, dtype=np.float64)
    surface = Surface(geometry.voxel_to_patient(kji).astype(np.float32), triangles)
    # About the middle, where less is lost by rounding.
    about = Surface(surface.points - surface.points.mean(axis=0), triangles)
    return surface if about.volume_mm3 >= 0 else Surface(surface.points, np.ascontiguousarray(triangles[:, ::-1]))


def _as_large_as(count: int, points: NDArray[np.float64], triangles: NDArray[Any]) -> NDArray[np.float64]:
    """Points moved along their normals so that the surface encloses ``count`` voxels again: smoothing shrinks what is round."""
    for _ in range(2):
        a, b, c = (points[triangles[:, at]] for at in range(3))
        faces = np.cross(b - a, c - a) / 2
        volume = float(np.einsum("ij,ij->i", a - points.mean(axis=0), faces).sum() / 3)
        area = float(np.linalg.norm(faces, axis=1).sum())
        if area <= 0:
            break
        normals = np.stack(
            [sum(np.bincount(triangles[:, at], faces[:, axis], len(points)) for at in range(3)) for axis in range(3)],
            axis=1,
        )
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        # The net may turn either way: a volume below zero means that the normals look inside.
        step = (count - abs(volume)) / area * (1.0 if volume >= 0 else -1.0)
        points = points + normals * float(np.clip(step, -REACH, REACH))
    return points


def mesh_of(surface: Surface) -> vtkPolyData:
    """The surface as VTK draws it, with normals that make it look smooth."""
    mesh = vtkPolyData()
    points = vtkPoints()
    points.SetData(numpy_to_vtk(surface.points, deep=True))
    mesh.SetPoints(points)
    count = len(surface.triangles)
    cells = vtkCellArray()
    cells.SetData(3, numpy_to_vtkIdTypeArray(surface.triangles.astype(np.int64).reshape(-1), deep=True))
    mesh.SetPolys(cells)
    assert mesh.GetNumberOfCells() == count, "every triangle is there"
    normals = vtkPolyDataNormals()
    normals.SetInputData(mesh)
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.AutoOrientNormalsOff()
    normals.Update()
    made: vtkPolyData = normals.GetOutput()
    return made
