"""Slices and cuts of stacks of many kinds, made without files: each with its place in the patient."""

from __future__ import annotations

import numpy as np

from medview.app.shown_slice import ShownSlice, acquired_shown, cut_shown, oblique_shown
from medview.core.geometry import Geometry
from medview.core.plane import as_vector
from medview.core.study import SeriesContext, Stack
from medview.core.volume import ModalityTransform


def stack_of(geometry: Geometry) -> Stack:
    """A stack on a grid; its frames are never asked for."""
    return Stack(
        id="grid",
        kind="volume",
        shape=geometry.shape,
        timepoints=1,
        components=1,
        dtype="int16",
        frames=(),
        transform=ModalityTransform(),
        geometry=geometry,
        context=SeriesContext(modality="CT"),
        pixel_spacing=(geometry.spacing[1], geometry.spacing[2]),
        spacing_kind="patient",
    )


def _turned(axis: tuple[float, float, float], degrees: float) -> np.ndarray:
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross))


def grids() -> dict[str, ShownSlice]:
    """What is measured on, by its name in the table."""
    plain = Geometry.from_directions((90, 160, 160), (-56, -56, -45), (1, 0, 0), (0, 1, 0), (1.0, 0.7, 0.7), "1.1")
    uneven_px = Geometry.from_directions((40, 80, 240), (-60, -80, 0), (1, 0, 0), (0, 1, 0), (3.0, 2.0, 0.5), "1.1")
    turn = _turned((1.0, 2.0, 0.5), 28.6)
    turned = Geometry.from_directions((50, 120, 90), (10, -70, 30), turn[:, 0], turn[:, 1], (3.0, 0.9, 1.4), "1.1")
    tilted_affine = np.array(
        [[0.8, 0, 0, -64], [0, 0.8, 2.5 * np.tan(np.radians(18)), -90], [0, 0, 2.5, -70], [0, 0, 0, 1.0]]
    )
    tilted = Geometry((56, 160, 160), tilted_affine, "1.1")
    depths = np.cumsum([0.0, *(2.0 if at % 7 else 4.5 for at in range(1, 50))])
    origins = np.array([[-60.0, -60.0, -60.0 + one] for one in depths])
    uneven_affine = np.array([[1.0, 0, 0, -60], [0, 1.0, 0, -60], [0, 0, depths[-1] / 49, -60], [0, 0, 0, 1.0]])
    uneven = Geometry((50, 120, 120), uneven_affine, "1.1", origins)
    double = _turned((0.3, -1.0, 0.6), 37.0)
    axes = (as_vector(double[:, 0]), as_vector(double[:, 1]))

    def oblique(geometry: Geometry) -> ShownSlice:
        return oblique_shown(stack_of(geometry), axes, float(np.cross(*axes) @ geometry.bounds.mean(axis=0)))

    def middle(geometry: Geometry, axis: int) -> float:
        return float(geometry.bounds.mean(axis=0)[axis])

    return {
        "slice, 0.7 mm pixels": acquired_shown(stack_of(plain), 45),
        "slice, pixels of 2.0 × 0.5 mm": acquired_shown(stack_of(uneven_px), 20),
        "slice acquired obliquely, 0.9 × 1.4 mm": acquired_shown(stack_of(turned), 25),
        "coronal cut, slices 3 mm apart": cut_shown(stack_of(uneven_px), "coronal", middle(uneven_px, 1)),
        "axial cut of an oblique acquisition": cut_shown(stack_of(turned), "axial", middle(turned, 2)),
        "sagittal cut of a stack tilted by 18°": cut_shown(stack_of(tilted), "sagittal", middle(tilted, 0)),
        "coronal cut of uneven slices": cut_shown(stack_of(uneven), "coronal", middle(uneven, 1)),
        "oblique cut, turned about two axes": oblique(plain),
        "oblique cut of a tilted stack": oblique(tilted),
    }
