"""The brush touches what it covers on the plane that is looked at, in any geometry, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from medview.core.brush import ball_stamp, layer_of, plane_stamp, slice_stamp
from medview.core.cut import cut_labels
from medview.core.finding import Label, Segmentation
from medview.core.geometry import Geometry
from medview.core.plane import Plane, PlaneKind, anatomical_plane, plane_of_slice

MEANING = (Label(1, "a", (255, 0, 0)),)


def straight(
    shape: tuple[int, int, int] = (12, 30, 40), spacing: tuple[float, float, float] = (5.0, 1.5, 0.8)
) -> Geometry:
    return Geometry.from_directions(shape, (-20.0, 10.0, 5.0), (1, 0, 0), (0, 1, 0), spacing)


def oblique() -> Geometry:
    a, b = np.cos(0.6), np.sin(0.6)
    return Geometry.from_directions((20, 30, 30), (0.0, 0.0, 0.0), (a, b, 0), (-b * 0.8, a * 0.8, 0.6), (2.0, 1.0, 1.0))


def uneven() -> Geometry:
    origins = np.array([[0.0, 0.0, z] for z in (0.0, 2.0, 3.0, 7.0, 9.0, 10.0)])
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    return Geometry((6, 25, 25), affine, "", origins)


def painted(geometry: Geometry, plane: Plane, *points: tuple[float, float], radius: float) -> np.ndarray:
    labels = np.zeros(geometry.shape, np.uint8)
    for start, end in zip(points[:-1] if len(points) > 1 else points, points[1:] or points, strict=True):
        stamp = plane_stamp(geometry, plane, start, end, radius)
        if stamp is not None:
            labels[stamp.part][stamp.where] = 1
    return labels


def distances(geometry: Geometry, plane: Plane, at: tuple[float, float]) -> np.ndarray:
    """(k, j, i) mm in the plane between each voxel's middle and a plane's pixel."""
    k, j, i = np.mgrid[tuple(slice(0, size) for size in geometry.shape)]
    places = plane.patient_to_plane(geometry.voxel_to_patient(np.stack([k, j, i], axis=-1).astype(float)))
    return np.hypot((places[..., 0] - at[0]) * plane.spacing[0], (places[..., 1] - at[1]) * plane.spacing[1])


@pytest.mark.parametrize("make", [straight, oblique, uneven])
@pytest.mark.parametrize("kind", ["axial", "coronal", "sagittal"])
def test_on_a_cut_all_that_is_seen_under_the_brush_is_touched_and_nothing_beside_it(
    make: object, kind: PlaneKind
) -> None:
    geometry: Geometry = make()  # type: ignore[operator]
    low, high = geometry.bounds
    middle = (low + high) / 2
    position = float(middle[{"sagittal": 0, "coronal": 1, "axial": 2}[kind]]) + 0.1
    plane = anatomical_plane(geometry, kind, position)
    h, w = plane.size
    at = (w / 2 + 0.2, h / 2 - 0.3)
    radius = 6.0
    labels = painted(geometry, plane, at, radius=radius)
    near = distances(geometry, plane, at)
    assert labels.any()
    # Nothing whose middle lies beyond the brush, but the voxel that the pointer is in.
    beyond = (labels == 1) & (near > radius + 1e-3)
    assert beyond.sum() <= 1
    # What the cut shows there is the label wherever the voxel's middle lies under the brush.
    numbers = np.arange(labels.size).reshape(labels.shape).astype(np.uint32) + 1
    seen = cut_labels(Segmentation(numbers, geometry, MEANING), plane)
    y, x = np.mgrid[:h, :w]
    under = np.hypot((x - at[0]) * plane.spacing[0], (y - at[1]) * plane.spacing[1]) <= radius
    cells = seen[under]
    cells = np.unique(cells[cells > 0]) - 1
    wanted = cells[near.ravel()[cells] <= radius - 1e-3]
    assert len(wanted) > 5
    assert (labels.ravel()[wanted] == 1).all()
    # And nothing that the cut does not show, but the voxel that the pointer is in.
    assert len(set(np.flatnonzero(labels.ravel())) - set((seen[seen > 0] - 1).tolist())) <= 1


@pytest.mark.parametrize("make", [straight, oblique, uneven])
@pytest.mark.parametrize("kind", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("beside", [0.0, 0.1, "between"])
def test_a_layer_is_all_voxels_that_a_cut_shows_and_one_thick(make: object, kind: PlaneKind, beside: object) -> None:
    geometry: Geometry = make()  # type: ignore[operator]
    shape = np.array(geometry.shape)
    axis = {"sagittal": 0, "coronal": 1, "axial": 2}[kind]
    seed = (int(shape[0] // 2), int(shape[1] // 2), int(shape[2] // 2))
    middle = geometry.voxel_to_patient(np.array(seed, float))
    step = float(np.abs(geometry.affine[axis, :3]).max())
    position = float(middle[axis]) + (step / 2 if beside == "between" else float(str(beside)))
    plane = anatomical_plane(geometry, kind, position)
    foot = middle + plane.normal * (plane.depth - float(middle @ plane.normal))
    layer = np.stack([layer_of(geometry, plane.normal, seed, foot)(k) for k in range(int(shape[0]))])
    assert layer[seed]
    numbers = np.arange(layer.size).reshape(layer.shape).astype(np.uint32) + 1
    seen = cut_labels(Segmentation(numbers, geometry, MEANING), plane)
    shown = np.unique(seen[seen > 0]) - 1
    if make is not oblique:
        along = 2 - axis
        assert layer.sum() == layer.size // shape[along]
    if beside != "between":
        assert layer.ravel()[shown].all()


def test_on_a_slice_it_is_round_in_mm_and_a_tiny_one_touches_the_pixel_under_it() -> None:
    stamp = slice_stamp((12, 30, 40), 3, (20.2, 15.1), (20.2, 15.1), 4.0, (1.5, 0.8))
    assert stamp is not None
    labels = np.zeros((12, 30, 40), bool)
    labels[stamp.part][stamp.where] = True
    j, i = np.mgrid[:30, :40]
    assert np.array_equal(labels[3], np.hypot((i - 20.2) * 0.8, (j - 15.1) * 1.5) <= 4.0)
    assert labels.any(axis=(1, 2)).sum() == 1
    tiny = slice_stamp((12, 30, 40), 3, (5.4, 6.4), (9.4, 6.4), 0.01, (1.5, 0.8))
    assert tiny is not None
    touched = np.zeros((30, 40), bool)
    touched[tiny.part[1:]] = tiny.where[0]
    assert np.argwhere(touched).tolist() == [[6, x] for x in range(5, 10)]
    assert slice_stamp((12, 30, 40), 3, (-50, -50), (-50, -50), 4.0, (1.5, 0.8)) is None
    assert slice_stamp((12, 30, 40), 12, (5, 5), (5, 5), 4.0, (1.5, 0.8)) is None


def test_a_ball_is_round_in_space_on_tilted_and_uneven_slices() -> None:
    for geometry in (straight(), oblique(), uneven()):
        k = geometry.shape[0] // 2
        plane = plane_of_slice(geometry, k)
        at = (geometry.shape[2] / 2, geometry.shape[1] / 2)
        stamp = ball_stamp(geometry, plane, at, (at[0] + 3, at[1]), 5.0)
        assert stamp is not None
        labels = np.zeros(geometry.shape, bool)
        labels[stamp.part][stamp.where] = True
        a, b = plane.plane_to_patient(at), plane.plane_to_patient((at[0] + 3, at[1]))
        grid = np.stack(np.mgrid[tuple(slice(0, size) for size in geometry.shape)], axis=-1).astype(float)
        points = geometry.voxel_to_patient(grid)
        share = np.clip(((points - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)[..., None]
        far = np.linalg.norm(points - (a + share * (b - a)), axis=-1)
        assert labels[far < 5.0 - 1e-3].all()
        assert not labels[far > 5.0 + 1e-3].any()
