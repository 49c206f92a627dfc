"""Slabs and sampled planes against analytic fields and independent resamplers, on every kind of stack."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK
from scipy import ndimage

from medview.core.aligned_slab import aligned_slab, labels_in_slab
from medview.core.cut import cut_labels, cut_slice
from medview.core.finding import Segmentation
from medview.core.geometry import Geometry
from medview.core.plane import (
    Plane,
    anatomical_plane,
    edge_letters,
    oblique_plane,
    oblique_positions,
    plane_of_slice,
    plane_positions,
    upright_axes,
)
from medview.core.slab import Slab, project_labels, sample_plane, sample_screen, slab_offsets
from medview.core.volume import ModalityTransform, SliceState, Volume
from medview.kernels import rays
from tests.core.test_cut import proper_orientations

MODES = ("max", "min", "mean")
GRADIENT = np.array([3.0, -2.0, 5.0])


@pytest.fixture(params=["numpy", "numba"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "numpy":
        monkeypatch.setattr(rays, "_compiled", {})
    else:
        # Unsigned ones, whose differences wrap where they are not looked after; tests of the window take signed ones.
        assert rays.warm_up(("uint16",))
    return str(request.param)


def straight(shape: tuple[int, int, int] = (16, 20, 18)) -> Geometry:
    return Geometry.from_directions(shape, (-12.0, -15.0, 4.0), (1, 0, 0), (0, 1, 0), (2.0, 1.1, 0.9), "1")


def sheared() -> Geometry:
    affine = np.array(straight().affine)
    affine[1, 2] = 0.7  # each slice lies 0.7 mm more to posterior: gantry tilt
    return Geometry((16, 20, 18), affine, "1")


def uneven(beside: float = 0.0) -> Geometry:
    depths = np.cumsum([0, 1.6, 2.2, 1.5, 2.0, 1.4, 1.3, 1.9, 2.0, 1.5, 1.4, 2.0, 2.0, 1.5, 2.1, 1.5])
    origins = np.column_stack([np.full(16, -12.0) + beside * np.arange(16), np.full(16, -15.0), 4.0 + depths])
    affine = np.array(straight().affine)
    affine[2, 2] = float(depths[-1] / 15)
    return Geometry((16, 20, 18), affine, "1", origins)


GRIDS = {"straight": straight(), "sheared": sheared(), "uneven": uneven(), "uneven and beside": uneven(0.3)}


def points_of(geometry: Geometry) -> np.ndarray:
    k, j, i = np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")
    return geometry.voxel_to_patient(np.stack([k, j, i], axis=-1))


def field_volume(geometry: Geometry) -> Volume:
    stored = np.round((points_of(geometry) @ GRADIENT + 500) * 50).astype(np.uint16)
    return Volume(stored, ModalityTransform(np.array([0.02]), np.array([-460.0])), geometry, "HU")


def noise(geometry: Geometry, kind: str = "uint16", **values: object) -> Volume:
    stored = np.random.default_rng(5).integers(1000, 4000, geometry.shape).astype(kind)
    return Volume(stored, ModalityTransform(), geometry, "HU", **values)  # type: ignore[arg-type]


def tilted(geometry: Geometry, size: tuple[int, int] = (9, 11)) -> Plane:
    """A small oblique plane about the volume's middle."""
    u, v = upright_axes((0.5, 0.8, 0.4))
    middle = geometry.bounds.mean(axis=0)
    origin = middle - np.array(u) * (size[1] - 1) / 2 * 0.6 - np.array(v) * (size[0] - 1) / 2 * 0.6
    return Plane(tuple(origin), u, v, (0.6, 0.6), size)  # type: ignore[arg-type]


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("mode", MODES)
def test_a_linear_field_gives_its_ends_and_its_middle_in_mm(engine: str, grid: str, mode: str) -> None:
    geometry = GRIDS[grid]
    planes = [tilted(geometry), plane_of_slice(geometry, 8)]
    for plane in planes:
        piece = sample_plane(field_volume(geometry), plane, Slab(6.0, mode))  # type: ignore[arg-type]
        y, x = np.mgrid[0 : plane.size[0], 0 : plane.size[1]]
        points = plane.plane_to_patient(np.stack([x, y], axis=-1))
        ends = points[None] + np.array([-3.0, 3.0])[:, None, None, None] * plane.normal
        voxels = geometry.patient_to_voxel(ends)
        inner = np.all((voxels >= 0) & (voxels <= np.array(geometry.shape) - 1), axis=-1).all(axis=0)
        reach = {"max": 3.0, "min": -3.0, "mean": 0.0}[mode] * abs(float(GRADIENT @ plane.normal))
        assert inner.sum() > 50
        np.testing.assert_allclose(piece.values[inner], (points @ GRADIENT + 40 + reach)[inner], atol=0.02)


@pytest.mark.parametrize("mode", MODES)
def test_oblique_slab_equals_simpleitk_layer_by_layer(engine: str, mode: str) -> None:
    geometry = straight()
    volume, plane = noise(geometry), tilted(geometry)
    image = SimpleITK.GetImageFromArray(volume.stored.astype(np.float32))
    image.SetOrigin([-12.0, -15.0, 4.0])
    image.SetSpacing([0.9, 1.1, 2.0])
    offsets, weights = slab_offsets(geometry, plane, Slab(5.0, mode))  # type: ignore[arg-type]
    assert offsets[-1] - offsets[0] >= 3.7
    layers = []
    for offset in offsets:
        target = SimpleITK.Image([plane.size[1], plane.size[0], 1], SimpleITK.sitkFloat32)
        target.SetOrigin([float(one) for one in np.array(plane.origin) + plane.normal * offset])
        target.SetSpacing([0.6, 0.6, 1.0])
        target.SetDirection(np.column_stack([plane.u, plane.v, plane.normal]).ravel().tolist())
        layers.append(SimpleITK.GetArrayFromImage(SimpleITK.Resample(image, target, SimpleITK.Transform()))[0])
    stack = np.array(layers)
    wanted = {"max": stack.max(axis=0), "min": stack.min(axis=0), "mean": np.average(stack, axis=0, weights=weights)}
    piece = sample_plane(volume, plane, Slab(5.0, mode))  # type: ignore[arg-type]
    assert piece.coverage.all()
    assert np.abs(piece.values - wanted[mode]).max() <= 0.05


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["axial", "coronal", "sagittal"])
def test_along_the_voxels_a_slab_is_the_continuous_one(mode: str, kind: str) -> None:
    """Against samples so dense that nothing lies between them: the true maximum and the integral."""
    geometry = uneven() if kind == "axial" else straight()
    volume = noise(geometry)
    middle = geometry.bounds.mean(axis=0)
    plane = anatomical_plane(geometry, kind, float(middle[{"sagittal": 0, "coronal": 1, "axial": 2}[kind]]) + 0.31)  # type: ignore[arg-type]
    piece = sample_plane(volume, plane, Slab(7.3, mode))  # type: ignore[arg-type]
    y, x = np.mgrid[0 : plane.size[0] : 4, 0 : plane.size[1] : 4]
    points = plane.plane_to_patient(np.stack([x, y], axis=-1))
    edges = np.linspace(-3.65, 3.65, 501)
    dense = []
    for offset in (edges[:-1] + edges[1:]) / 2:
        voxels = geometry.patient_to_voxel(points + offset * plane.normal)
        voxels = np.clip(voxels, 0, np.array(geometry.shape) - 1)
        dense.append(ndimage.map_coordinates(volume.stored.astype(np.float32), np.moveaxis(voxels, -1, 0), order=1))
    found = piece.values[::4, ::4]
    wanted = {"max": np.max, "min": np.min, "mean": np.mean}[mode](np.array(dense), axis=0)
    assert np.abs(found - wanted).max() <= (0.5 if mode == "mean" else 30.0)  # a step of the dense ones is worth 25
    exact = mode == "mean" or (found >= wanted - 0.01 if mode == "max" else found <= wanted + 0.01).all()
    assert exact


def test_without_a_slab_it_is_the_cut(engine: str) -> None:
    for geometry in GRIDS.values():
        volume, plane = noise(geometry), tilted(geometry)
        ours, cut = sample_plane(volume, plane), cut_slice(volume, plane)
        np.testing.assert_array_equal(ours.coverage, cut.coverage)
        np.testing.assert_allclose(ours.values, cut.values, atol=0.01)


def test_each_slices_own_slope_is_applied_before_the_maximum(engine: str) -> None:
    stored = np.zeros((16, 20, 18), dtype=np.uint16)
    stored[7], stored[8] = 100, 10
    slopes = np.ones(16)
    slopes[8] = 50.0
    volume = Volume(stored, ModalityTransform(slopes, np.zeros(16)), straight())
    assert sample_plane(volume, plane_of_slice(straight(), 7), Slab(4.0)).values.max() == pytest.approx(500)


def test_padding_takes_no_part(engine: str) -> None:
    volume = noise(straight(), padding=(0, 500))
    volume.stored[7:9, 5, 5] = 25
    piece = sample_plane(volume, plane_of_slice(straight(), 8), Slab(4.0, "min"))
    assert piece.values[5, 5] >= 1000
    volume.stored[:, 5, 5] = 25
    assert not sample_plane(volume, plane_of_slice(straight(), 8), Slab(4.0, "min")).coverage[5, 5]


def test_nan_takes_no_part(engine: str) -> None:
    volume = noise(straight(), "float32")
    volume.stored[8, 5, 5] = np.nan
    piece = sample_plane(volume, plane_of_slice(straight(), 8), Slab(4.0, "mean"))
    assert np.isfinite(piece.values[5, 5])
    assert piece.coverage[5, 5]


def test_a_slab_through_a_slice_that_is_not_there_is_missing(engine: str) -> None:
    states = np.full(16, SliceState.LOADED, dtype=np.uint8)
    states[10] = SliceState.WAITING
    volume = noise(straight(), states=states)
    for k, thickness, missing in ((8, 2.0, False), (8, 4.2, True), (5, 3.0, False)):
        piece = sample_plane(volume, plane_of_slice(straight(), k), Slab(thickness))
        assert (piece.missing is not None) is missing
        assert bool(piece.coverage.any()) is not missing


def test_a_hole_between_slices_is_missing(engine: str) -> None:
    origins = np.array(uneven().origins)
    origins[8:, 2] += 20.0
    geometry = Geometry((16, 20, 18), uneven().affine, "1", origins)
    plane = oblique_plane(geometry, *upright_axes((0.0, 1.0, 0.05)), depth_mm=-5.0)  # type: ignore[misc]
    piece = sample_plane(noise(geometry), plane, Slab(3.0))
    assert piece.missing is not None
    assert piece.missing.any()
    assert not (piece.coverage & piece.missing).any()


def test_the_screens_pixels_are_those_of_the_plane(engine: str) -> None:
    geometry = straight()
    volume = field_volume(geometry)
    plane = oblique_plane(geometry, *upright_axes((0.3, 0.9, 0.2)), depth_mm=float(geometry.bounds.mean(axis=0) @ _unit((0.3, 0.9, 0.2))))  # type: ignore[misc]  # fmt: skip
    matrix = np.array([[0.5, 0.1, 3.0], [-0.1, 0.5, 4.0]])  # turned a little, enlarged twice
    seen = sample_screen(volume, plane, None, matrix, (30, 40))
    y, x = np.mgrid[0:30, 0:40]
    points = plane.plane_to_patient(np.stack([x, y, np.ones_like(x)], axis=-1) @ matrix.T)
    voxels = geometry.patient_to_voxel(points)
    inner = np.all((voxels >= 0) & (voxels <= np.array(geometry.shape) - 1), axis=-1)
    assert (seen.coverage[inner]).all()
    np.testing.assert_allclose(seen.values[inner], (points @ GRADIENT + 40)[inner], atol=0.02)
    rough = sample_screen(volume, plane, Slab(4.0, "mean"), matrix, (30, 40), coarse=2)
    assert rough.values.shape == (30, 40)
    both = inner & ndimage.binary_erosion(rough.coverage, iterations=8)
    assert np.abs(rough.values - seen.values)[both].max() < 12  # a voxel's worth


def test_made_smaller_a_single_bright_voxel_does_not_vanish(engine: str) -> None:
    geometry = Geometry.from_directions((40, 40, 40), (0, 0, 0), (1, 0, 0), (0, 1, 0), (1.0, 1.0, 1.0))
    stored = np.zeros((40, 40, 40), dtype=np.uint16)
    stored[20, 21, 22] = 1000
    volume = Volume(stored, ModalityTransform(), geometry)
    u, v = upright_axes((0.02, 0.03, 1.0))
    plane = oblique_plane(geometry, u, v, float(np.array([22, 21, 20]) @ np.cross(u, v)))
    seen = sample_screen(volume, plane, None, np.array([[5.0, 0, 2.0], [0, 5.0, 2.0]]), (8, 8))
    assert seen.values.max() > 10


def _unit(vector: tuple[float, float, float]) -> np.ndarray:
    return np.array(vector) / np.linalg.norm(vector)


def test_oblique_letters_come_from_where_the_plane_lies() -> None:
    u, v = upright_axes((0.6, 0.8, 0.0))
    letters = edge_letters(Plane((0, 0, 0), u, v, (1, 1), (5, 5)), [[1, 0, 0], [0, 1, 0]])
    assert (letters.right, letters.left, letters.top, letters.bottom) == ("LA", "RP", "H", "F")
    with pytest.raises(ValueError, match="along the normal"):
        upright_axes((0, 0, 1), (0, 0, 2))


def test_every_depth_of_an_oblique_plane_has_the_same_grid() -> None:
    for geometry in GRIDS.values():
        u, v = upright_axes((0.6, 0.7, 0.3))
        normal = np.cross(u, v)
        positions = oblique_positions(geometry, normal)
        first, second = (oblique_plane(geometry, u, v, float(at)) for at in positions[[3, 9]])
        assert first.size == second.size
        moved = np.array(second.origin) - np.array(first.origin)
        np.testing.assert_allclose(moved, normal * (positions[9] - positions[3]), atol=1e-9)
        # Every voxel lies on the picture.
        x, y, _ = first.patient_to_plane(points_of(geometry).reshape(-1, 3)).T
        assert x.min() >= -0.5
        assert y.min() >= -0.5
        assert x.max() <= first.size[1] - 0.5
        assert y.max() <= first.size[0] - 0.5


def test_labels_under_a_slab_are_all_seen(engine: str) -> None:
    labels = np.zeros((16, 20, 18), dtype=np.uint8)
    labels[6, 4, 4], labels[9, 10, 10] = 1, 3
    plane = plane_of_slice(straight(), 8)
    found = project_labels(labels, straight(), plane, Slab(9.0))
    assert found[4, 4] == 1
    assert found[10, 10] == 3
    assert not project_labels(labels, straight(), plane, None).any()


def test_slabs_of_no_thickness_are_refused() -> None:
    for thickness in (0.0, -1.0, float("nan"), 1e9):
        with pytest.raises(ValueError, match="slab"):
            Slab(thickness)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("grid", ["straight", "uneven", "sheared", "uneven and beside"])
def test_layer_upon_layer_is_the_same(mode: str, grid: str) -> None:
    geometry = GRIDS[grid]
    for padding in (None, (1000, 1500)):
        volume = noise(geometry, padding=padding)
        for k, thickness in ((8, 6.3), (0, 4.0), (15, 30.0), (7, 0.4)):
            plane = plane_of_slice(geometry, k)
            fast = aligned_slab(volume, plane, Slab(thickness, mode))  # type: ignore[arg-type]
            if grid in {"sheared", "uneven and beside"}:
                assert fast is None or thickness < 1
                continue
            slow = sample_plane(volume, plane, Slab(thickness, mode))  # type: ignore[arg-type]
            assert fast is not None
            np.testing.assert_array_equal(fast.coverage, slow.coverage)
            np.testing.assert_allclose(fast.values[fast.coverage], slow.values[slow.coverage], atol=0.02)


def test_layer_upon_layer_in_every_orientation() -> None:
    """Cuts across each axis of stacks that lie in all ways: rows, columns and depth are exchanged and turned round as they must."""
    done = 0
    for row, column in proper_orientations():
        geometry = Geometry.from_directions((9, 11, 10), (-4.0, 5.0, 6.0), row, column, (1.0, 1.0, 1.0))
        volume = noise(geometry)
        for kind in ("axial", "coronal", "sagittal"):
            positions = plane_positions(geometry, kind)  # type: ignore[arg-type]
            plane = anatomical_plane(geometry, kind, float(positions[4]))  # type: ignore[arg-type]
            fast = aligned_slab(volume, plane, Slab(3.4, "max"))
            assert fast is not None
            slow = sample_plane(volume, plane, Slab(3.4, "max"))
            np.testing.assert_allclose(fast.values, slow.values, atol=0.02)
            done += 1
    assert done == 72


def test_layer_upon_layer_refuses_what_it_cannot_know() -> None:
    plane = plane_of_slice(straight(), 8)
    states = np.full(16, SliceState.LOADED, dtype=np.uint8)
    states[3] = SliceState.FAILED
    slopes = np.linspace(1, 2, 16)
    stored = noise(straight()).stored
    for volume in (
        noise(straight(), states=states),
        Volume(stored, ModalityTransform(slopes, np.zeros(16)), straight()),
        noise(straight(), "float32"),
    ):
        assert aligned_slab(volume, plane, Slab(4.0)) is None
    assert aligned_slab(noise(straight()), tilted(straight()), Slab(4.0)) is None


def test_labels_layer_upon_layer_are_the_projected_ones() -> None:
    labels = (np.random.default_rng(8).random((16, 20, 18)) > 0.97).astype(np.uint8) * 3
    for row, column in proper_orientations()[::5]:
        geometry = Geometry.from_directions((16, 20, 18), (-4.0, 5.0, 6.0), row, column, (1.0, 1.0, 1.0))
        for kind in ("axial", "coronal", "sagittal"):
            plane = anatomical_plane(geometry, kind, float(plane_positions(geometry, kind)[8]))  # type: ignore[arg-type]
            found = labels_in_slab(labels, geometry, plane, Slab(4.5))
            offsets = np.arange(-2, 3)
            layers = [
                cut_labels(
                    Segmentation(labels, geometry, ()),
                    replace(plane, origin=tuple(np.array(plane.origin) + plane.normal * at)),
                )
                for at in offsets
            ]
            np.testing.assert_array_equal(found, np.max(layers, axis=0))
