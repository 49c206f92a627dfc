"""Cuts against an independent resampler and against analytic fields, in every orientation, on every kind of grid."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from medview.core.cut import Slice, acquired_slice, cut_labels, cut_slice, narrow_modality_slice
from medview.core.display import sample_slice
from medview.core.finding import Segmentation
from medview.core.geometry import Geometry
from medview.core.plane import (
    Plane,
    anatomical_plane,
    edge_letters,
    edge_letters_of_orientation,
    nearest_plane_kind,
    plane_of_frame,
    plane_of_slice,
    plane_positions,
    plane_range,
)
from medview.core.volume import ModalityTransform, SliceState, Volume
from medview.kernels import volume_sampling

KINDS = ("axial", "sagittal", "coronal")


def proper_orientations() -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    axes = [tuple(sign if n == axis else 0.0 for n in range(3)) for axis in range(3) for sign in (1.0, -1.0)]
    return [(row, column) for row, column in itertools.product(axes, axes) if abs(np.dot(row, column)) < 0.5]


def field(points: np.ndarray) -> np.ndarray:
    """Linear in LPS, so that trilinear interpolation is exact: value tells the place."""
    return 3.0 * points[..., 0] - 2.0 * points[..., 1] + 5.0 * points[..., 2] + 40.0


def field_volume(geometry: Geometry, kind: str = "float32") -> Volume:
    k, j, i = np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")
    points = geometry.voxel_to_patient(np.stack([k, j, i], axis=-1))
    return Volume(field(points).astype(kind), ModalityTransform(), geometry, "HU")


@pytest.fixture(params=["numpy", "numba"])
def sampler(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "numpy":
        monkeypatch.setattr(volume_sampling, "_compiled", {})
    else:
        assert volume_sampling.warm_up()
    return str(request.param)


@pytest.mark.parametrize(("row", "column"), proper_orientations())
def test_every_pixel_lies_where_its_plane_says(row: tuple[float, ...], column: tuple[float, ...]) -> None:
    geometry = Geometry.from_directions((7, 9, 8), (-10.0, 5.0, 30.0), row, column, (2.5, 0.8, 1.1))
    volume = field_volume(geometry)
    for kind in KINDS:
        low, high = plane_range(geometry, kind)
        plane = anatomical_plane(geometry, kind, low + 0.43 * (high - low))
        piece = cut_slice(volume, plane)
        assert piece.values.shape == plane.size
        y, x = np.mgrid[0 : plane.size[0], 0 : plane.size[1]]
        points = plane.plane_to_patient(np.stack([x, y], axis=-1))
        voxels = geometry.patient_to_voxel(points)
        inner = np.all((voxels >= 0) & (voxels <= np.array(geometry.shape) - 1), axis=-1)
        assert inner.sum() > 10
        np.testing.assert_allclose(piece.values[inner], field(points)[inner], atol=1e-3)
        np.testing.assert_array_equal(piece.coverage, volume_sampling.inside_grid(voxels, geometry.shape, 1e-4))


def test_head_up_left_at_the_right_anterior_at_the_left() -> None:
    geometry = Geometry.from_directions((20, 30, 40), (0, 0, 0), (0, 1, 0), (0, 0, -1), (1.0, 1.0, 1.0))
    axial, sagittal, coronal = (anatomical_plane(geometry, kind, 5.0) for kind in KINDS)  # type: ignore[arg-type]
    assert (axial.u, axial.v) == ((1, 0, 0), (0, 1, 0))
    assert (sagittal.u, sagittal.v) == ((0, 1, 0), (0, 0, -1))
    assert (coronal.u, coronal.v) == ((1, 0, 0), (0, 0, -1))
    identity = [[1, 0, 0], [0, 1, 0]]
    letters = [edge_letters(plane, identity) for plane in (axial, sagittal, coronal)]
    assert [(e.left, e.right, e.top, e.bottom) for e in letters] == [
        ("R", "L", "A", "P"),
        ("A", "P", "H", "F"),
        ("R", "L", "H", "F"),
    ]


def test_letters_follow_the_transform_that_draws() -> None:
    plane = Plane((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1), (10, 10))
    assert edge_letters(plane, [[-1, 0, 9], [0, 1, 0]]).right == "R"
    turned = edge_letters(plane, [[0, 1, 0], [-1, 0, 9]])  # screen right is up in the picture
    assert (turned.right, turned.left, turned.bottom, turned.top) == ("A", "P", "L", "R")
    tilted = Plane((0, 0, 0), (1, 0, 0), (0, np.cos(0.4), -np.sin(0.4)), (1, 1), (10, 10))
    assert edge_letters(tilted, [[1, 0, 0], [0, 1, 0]]).bottom == "PF"
    assert edge_letters(tilted, [[1, 0, 0], [0, 1, 0]], feet_head=False).bottom == "PI"
    flat = edge_letters_of_orientation(("L", "F"), [[1, 0, 0], [0, 1, 0]])
    assert (flat.left, flat.right, flat.top, flat.bottom) == ("R", "L", "H", "F")
    mirrored = edge_letters_of_orientation(("A", "FR"), [[-1, 0, 0], [0, -1, 0]])
    assert (mirrored.left, mirrored.right, mirrored.top, mirrored.bottom) == ("A", "P", "FR", "HL")


def test_pixels_of_an_aligned_cut_are_the_voxels() -> None:
    rng = np.random.default_rng(1)
    stored = rng.integers(-500, 500, (6, 9, 8)).astype(np.int16)
    geometry = Geometry.from_directions(stored.shape, (-3.0, 2.0, 7.0), (1, 0, 0), (0, 1, 0), (2.0, 0.5, 0.5))
    volume = Volume(stored, ModalityTransform(intercepts=np.array([-24.0])), geometry, "HU")
    piece = cut_slice(volume, anatomical_plane(geometry, "axial", 7.0 + 2 * 3))
    np.testing.assert_array_equal(piece.values, stored[3] - 24)
    assert piece.values.dtype.kind == "i"
    assert piece.coverage.all()
    sagittal = cut_slice(volume, anatomical_plane(geometry, "sagittal", -3.0 + 0.5 * 4))
    assert sagittal.values.shape == (24, 9)
    # The highest slice is at the top; its centre lies 1 mm below the border, between pixels 1 and 2 of 0.5 mm.
    assert sagittal.values[1:3].mean(axis=0) == pytest.approx(
        stored[5, :, 4] * 0.875 + stored[4, :, 4] * 0.125 - 24, abs=63
    )


def test_against_scipy(sampler: str) -> None:
    rng = np.random.default_rng(2)
    for kind in ("int16", "uint8", "float32", "float64"):
        stored = rng.integers(0, 200, (10, 12, 14)).astype(kind)
        stored.setflags(write=False)
        tilt = 0.3
        geometry = Geometry.from_directions(
            stored.shape, (1.0, 2.0, 3.0), (np.cos(tilt), np.sin(tilt), 0), (0, 0, -1), (1.7, 0.9, 0.9)
        )
        plane = anatomical_plane(geometry, "axial", float(geometry.bounds.mean(axis=0)[2]), 0.7)
        piece = cut_slice(Volume(stored, ModalityTransform(), geometry), plane)
        y, x = np.mgrid[0 : plane.size[0], 0 : plane.size[1]]
        voxels = geometry.patient_to_voxel(plane.plane_to_patient(np.stack([x, y], axis=-1)))
        expected = ndimage.map_coordinates(
            stored.astype(np.float64), np.moveaxis(voxels, -1, 0), order=1, mode="nearest"
        )
        np.testing.assert_allclose(piece.values[piece.coverage], expected[piece.coverage], atol=1e-3)
        assert 0.2 < piece.coverage.mean() < 1


def test_each_slice_keeps_its_own_slope_before_mixing(sampler: str) -> None:
    stored = np.full((5, 6, 7), 100, np.int16)
    slopes, intercepts = np.array([1.0, 2, 3, 4, 5]), np.array([0.0, -10, -20, -30, -40])
    truth = 100 * slopes + intercepts
    for tilt in (0.0, 0.2):
        geometry = Geometry.from_directions(
            stored.shape, (0, 0, 0), (1, 0, 0), (0, np.cos(tilt), np.sin(tilt)), (2.0, 1.0, 1.0)
        )
        volume = Volume(stored, ModalityTransform(slopes, intercepts), geometry, "Bq/ml")
        plane = anatomical_plane(geometry, "sagittal", 3.2)
        piece = cut_slice(volume, plane)
        y, x = np.mgrid[0 : plane.size[0], 0 : plane.size[1]]
        k = geometry.patient_to_voxel(plane.plane_to_patient(np.stack([x, y], axis=-1)))[..., 0]
        expected = np.interp(k, np.arange(5), truth)
        np.testing.assert_allclose(piece.values[piece.coverage], expected[piece.coverage], atol=1e-2)


def test_a_modality_lut_is_applied_before_mixing() -> None:
    lut = np.array([0.0, 1000.0, 0.0])
    stored = np.zeros((3, 4, 4), np.uint8)
    stored[1:] = 2
    for tilt in (0.0, 0.2):
        geometry = Geometry.from_directions(
            stored.shape, (0, 0, 0), (1, 0, 0), (0, np.cos(tilt), np.sin(tilt)), (1.0, 1.0, 1.0)
        )
        volume = Volume(stored, ModalityTransform(lut=lut), geometry)
        piece = cut_slice(volume, anatomical_plane(geometry, "coronal", 1.1, 0.25))
        assert piece.values[piece.coverage].max() == 0  # halfway between entries 0 and 2 is not entry 1


def test_sheared_grid(sampler: str) -> None:
    affine = np.array([[1.0, 0, 0, -4], [0, 1, 0.6, -5], [0, 0, 2.0, 3], [0, 0, 0, 1]])
    geometry = Geometry((8, 10, 9), affine)
    assert geometry.kind == "sheared"
    volume = field_volume(geometry)
    for kind in KINDS:
        low, high = plane_range(geometry, kind)
        plane = anatomical_plane(geometry, kind, (low + high) / 2)
        piece = cut_slice(volume, plane)
        y, x = np.mgrid[0 : plane.size[0], 0 : plane.size[1]]
        points = plane.plane_to_patient(np.stack([x, y], axis=-1))
        voxels = geometry.patient_to_voxel(points)
        inner = np.all((voxels >= 0) & (voxels <= np.array(geometry.shape) - 1), axis=-1)
        np.testing.assert_allclose(piece.values[inner], field(points)[inner], atol=1e-3)
    assert not cut_slice(volume, anatomical_plane(geometry, "sagittal", 0.0)).coverage.all()  # a slanted border


@pytest.mark.parametrize("drift", [0.0, 0.3])
def test_irregular_grid_uses_true_positions(drift: float, sampler: str) -> None:
    depths = np.array([0.0, 2.0, 4.5, 5.5, 8.0, 11.0])
    origins = np.stack([np.zeros(6), drift * depths, depths], axis=-1)
    affine = np.eye(4)
    affine[:3, 2] = (0, drift * 11 / 5, 11 / 5)
    geometry = Geometry((6, 7, 8), affine, "", origins)
    volume = field_volume(geometry)
    plane = anatomical_plane(geometry, "sagittal", 3.0, 0.5)
    piece = cut_slice(volume, plane)
    y, x = np.mgrid[0 : plane.size[0], 0 : plane.size[1]]
    points = plane.plane_to_patient(np.stack([x, y], axis=-1))
    voxels = geometry.patient_to_voxel(points)
    inner = np.all((voxels >= 0) & (voxels <= np.array(geometry.shape) - 1), axis=-1) & piece.coverage
    assert inner.sum() > 50
    np.testing.assert_allclose(piece.values[inner], field(points)[inner], atol=1e-3)


def test_a_missing_slice_leaves_a_hole_and_no_invented_image() -> None:
    depths = np.array([0.0, 1, 2, 3, 4, 7, 8, 9])
    origins = np.stack([np.zeros(8), np.zeros(8), depths], axis=-1)
    affine = np.diag([1.0, 1.0, 9 / 7, 1.0])
    geometry = Geometry((8, 5, 5), affine, "", origins)
    piece = cut_slice(field_volume(geometry), anatomical_plane(geometry, "coronal", 2.0, 0.25))
    z = np.asarray(piece.plane.origin)[2] - 0.25 * np.arange(piece.values.shape[0])  # type: ignore[union-attr]
    assert piece.missing is not None
    np.testing.assert_array_equal(piece.missing[:, 2], (z > 4.5 + 1e-6) & (z < 6.5 - 1e-6))
    # Two zones of different, even spacing are no hole.
    depths = np.array([0.0, 1, 2, 3, 4, 7, 10, 13])
    zones = Geometry((8, 5, 5), affine, "", np.stack([np.zeros(8), np.zeros(8), depths], axis=-1))
    assert cut_slice(field_volume(zones), anatomical_plane(zones, "coronal", 2.0, 0.25)).missing is None


def test_slices_that_are_not_loaded_are_not_drawn() -> None:
    geometry = Geometry.from_directions((6, 5, 4), (0, 0, 0), (1, 0, 0), (0, 1, 0), (1.0, 1.0, 1.0))
    states = np.full(6, SliceState.LOADED, np.uint8)
    states[2], states[5] = SliceState.WAITING, SliceState.FAILED
    volume = Volume(np.full((6, 5, 4), 7, np.int16), ModalityTransform(), geometry, "HU", None, False, states)
    waiting = acquired_slice(volume, 2)
    assert not waiting.coverage.any()
    assert waiting.missing is not None
    assert waiting.missing.all()
    assert acquired_slice(volume, 3).coverage.all()
    cut = cut_slice(volume, anatomical_plane(geometry, "coronal", 2.0))
    assert cut.missing is not None
    assert cut.missing[:, 0].tolist() == [True, False, False, True, False, False]  # head up: slice 5 is the top row
    np.testing.assert_array_equal(cut.coverage, ~cut.missing)
    tilted = Plane((0.0, 2.0, 5.0), (1.0, 0.0, 0.0), (0.0, 0.1, -0.995), (1.0, 1.0), (6, 4))
    oblique = cut_slice(volume, tilted)
    assert oblique.missing is not None
    assert oblique.missing[0].all()
    assert not oblique.missing[5].any()


def test_padding_is_known_in_every_cut() -> None:
    stored = np.full((4, 5, 6), 30, np.int16)
    stored[:, :, :2] = -2000
    for tilt in (0.0, 0.1):
        geometry = Geometry.from_directions(
            stored.shape, (0, 0, 0), (1, 0, 0), (0, np.cos(tilt), np.sin(tilt)), (1.0, 1.0, 1.0)
        )
        volume = Volume(stored, ModalityTransform(), geometry, "HU", (-2000, -1990))
        piece = cut_slice(volume, anatomical_plane(geometry, "axial", float(geometry.bounds.mean(axis=0)[2])))
        assert piece.padding is not None
        assert piece.padding[2].tolist() == [True, True, False, False, False, False]
        first = acquired_slice(volume, 0)
        assert first.padding is not None
        assert first.padding.sum() == 10


def test_colour_volumes_are_cut() -> None:
    stored = np.zeros((3, 4, 5, 3), np.uint8)
    stored[..., 1] = 100 * np.arange(3)[:, None, None]
    for tilt in (0.0, 0.1):
        geometry = Geometry.from_directions(
            (3, 4, 5), (0, 0, 0), (1, 0, 0), (0, np.cos(tilt), np.sin(tilt)), (1.0, 1.0, 1.0)
        )
        piece = cut_slice(
            Volume(stored, ModalityTransform(), geometry), anatomical_plane(geometry, "coronal", 1.6, 0.5)
        )
        assert piece.values.dtype == np.uint8
        assert piece.values.shape[2] == 3
        assert piece.values[..., 1].max() > 150
        assert not piece.values[..., 0].any()


@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_labels_lie_on_the_image(tilt: float) -> None:
    geometry = Geometry.from_directions(
        (9, 10, 11), (0, 0, 0), (1, 0, 0), (0, np.cos(tilt), np.sin(tilt)), (2.0, 1.0, 1.0)
    )
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 4, geometry.shape).astype(np.uint8)
    segmentation = Segmentation(labels, geometry, ())
    plane = anatomical_plane(geometry, "coronal", float(geometry.bounds.mean(axis=0)[1]) + 0.31, 0.7)
    cut = cut_labels(segmentation, plane)
    y, x = np.mgrid[0 : plane.size[0], 0 : plane.size[1]]
    voxels = geometry.patient_to_voxel(plane.plane_to_patient(np.stack([x, y], axis=-1)))
    nearest = np.floor(voxels + 0.5).astype(int)
    inside = volume_sampling.inside_grid(voxels, geometry.shape, -1e-4)
    clear = np.all(np.abs(voxels + 0.5 - nearest - 0.5) < 0.499, axis=-1) & inside
    np.testing.assert_array_equal(cut[clear], labels[tuple(nearest[clear].T)])
    outside = ~volume_sampling.inside_grid(voxels, geometry.shape, 1e-4)
    assert not cut[outside].any()
    assert cut.dtype == np.uint8


def test_scroll_positions_are_the_voxels_of_an_aligned_volume() -> None:
    geometry = Geometry.from_directions((5, 4, 3), (10.0, 20.0, 30.0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 0.5))
    np.testing.assert_allclose(plane_positions(geometry, "axial"), [30, 32, 34, 36, 38])
    np.testing.assert_allclose(plane_positions(geometry, "coronal"), [20, 21, 22, 23])
    np.testing.assert_allclose(plane_positions(geometry, "sagittal"), [10, 10.5, 11])
    assert nearest_plane_kind(geometry) == "axial"
    tilted = Geometry.from_directions((5, 4, 3), (0, 0, 0), (1, 0, 0), (0, 0.8, 0.6), (2.0, 1.0, 0.5))
    for kind in KINDS:
        positions, (low, high) = plane_positions(tilted, kind), plane_range(tilted, kind)
        assert positions[0] >= low
        assert positions[-1] <= high
        assert np.diff(positions).max() <= 0.5 + 1e-9
    sheared = Geometry((5, 4, 3), [[1, 0, 0, 0], [0, 1, 0.5, 0], [0, 0, 2, 0], [0, 0, 0, 1]])
    np.testing.assert_allclose(plane_positions(sheared, "axial"), [0, 2, 4, 6, 8])
    assert plane_positions(sheared, "coronal").max() > 4


def test_a_tiny_spacing_does_not_ask_for_terabytes() -> None:
    geometry = Geometry.from_directions((3, 512, 512), (0, 0, 0), (1, 0, 0), (0, 1, 0), (1e-4, 1.0, 1.0))
    h, w = anatomical_plane(geometry, "axial", 0.0).size
    assert h * w <= 2**26 * 1.01
    assert h > 4096


def test_planes_convert_both_ways() -> None:
    geometry = Geometry.from_directions((5, 4, 3), (1.0, 2.0, 3.0), (0, 0.6, 0.8), (1, 0, 0), (2.0, 1.5, 0.5))
    plane = plane_of_slice(geometry, 2)
    np.testing.assert_allclose(plane.plane_to_patient([2, 1]), geometry.voxel_to_patient([2, 1, 2]))
    np.testing.assert_allclose(plane.patient_to_plane(geometry.voxel_to_patient([3, 1, 2])), [2, 1, 2.0], atol=1e-9)
    assert plane_of_frame(np.full((3, 3), np.nan), (4, 3)) is None
    placed = plane_of_frame([[1, 2, 3], [0, 0.3, 0.4], [1.5, 0, 0]], (4, 3))
    assert placed is not None
    assert placed.spacing == pytest.approx((0.5, 1.5))
    assert {plane, plane_of_slice(geometry, 2)} == {plane}


def test_values_stay_narrow_only_where_nothing_is_lost() -> None:
    def values_of(stored: np.ndarray, slope: float, intercept: float) -> np.ndarray:
        volume = Volume(stored, ModalityTransform(np.array([slope]), np.array([intercept])))
        np.testing.assert_array_equal(narrow_modality_slice(volume, 0), volume.modality_slice(0))
        return narrow_modality_slice(volume, 0)

    ct = np.array([[[0, 4095], [-2000, 1]]], np.int16)
    assert values_of(ct, 1, -1024).dtype == np.int16
    assert values_of(ct, 1, 0) is not None
    assert np.shares_memory(values_of(ct, 1, 0), ct)
    assert values_of(ct, 20, 0).dtype == np.int32
    assert values_of(ct, -2, 3).dtype == np.int16
    assert values_of(ct, 0.5, 0).dtype == np.float32
    large = np.array([[[0, 65535], [3, 1]]], np.uint16)
    assert values_of(large, 1, -1024).dtype == np.int32
    assert values_of(large, 1, 0).dtype == np.uint16
    assert values_of(np.array([[[40000, 60000]]], np.uint16), 1, -30000).dtype == np.int16
    assert values_of(np.array([[[5, 250]]], np.uint8), 200, 7).dtype == np.uint16
    assert values_of(np.array([[[5, 250]]], np.int32), 1, 7).dtype == np.int64


def test_a_slice_is_sampled_for_the_screen_from_what_is_stored_and_shows_its_values() -> None:
    ends = {"int16": (-32768, 32767), "uint16": (0, 65535)}
    rng = np.random.default_rng(5)
    for kind, offset, (low, high) in [
        *((kind, -1024.0, ends[kind]) for kind in ends),
        *((kind, 1001.0, ends[kind]) for kind in ends),
        ("uint16", -1024.0, (0, 4095)),
        ("uint16", -1024.5, (0, 4095)),
        ("int16", -1024.0, (-2000, 3000)),
    ]:
        stored = rng.integers(low, high, (2, 9, 11), endpoint=True).astype(kind)
        volume = Volume(stored, ModalityTransform(np.ones(1), np.full(1, offset)), padding=(low, low))
        piece = acquired_slice(volume, 1)
        for matrix, size, most in (
            (((1, 0, 0), (0, 1, 0)), (9, 11), 0),  # pixel for pixel
            (((0.5, 0, -0.25), (0, 0.5, -0.25)), (18, 22), 1),  # what is rounded may be rounded otherwise
        ):
            seen = sample_slice(piece, matrix, size)
            plain = Slice(volume.modality_slice(1), piece.coverage)
            expected = sample_slice(plain, matrix, size)
            assert np.abs(seen.values.astype(np.float64) - expected.values).max() <= most
            assert seen.padding is None or np.array_equal(seen.padding, seen.values == low + offset)
        # Whoever asks for values gets them, and a changed copy has what it was changed to.
        np.testing.assert_array_equal(piece.values, volume.modality_slice(1))
        other = replace(piece, values=piece.values + 7)
        np.testing.assert_array_equal(sample_slice(other, ((1, 0, 0), (0, 1, 0)), (9, 11)).values, other.values)


def test_what_cannot_be_cut_says_so() -> None:
    volume = Volume(np.zeros((2, 3, 4), np.uint8), ModalityTransform())
    plane = Plane((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1), (3, 3))
    with pytest.raises(ValueError, match="geometry"):
        cut_slice(volume, plane)
    with pytest.raises(ValueError, match="geometry"):
        cut_labels(Segmentation(volume.stored, None, ()), plane)
    for k in (-1, 2):
        with pytest.raises(IndexError):
            acquired_slice(volume, k)


def test_nan_in_a_voxel_does_not_spread_further_than_its_weight(sampler: str) -> None:
    stored = np.zeros((4, 5, 6), np.float32)
    stored[0, 0, 0] = np.nan
    for tilt in (0.0, 0.2):
        geometry = Geometry.from_directions(
            stored.shape, (0, 0, 0), (1, 0, 0), (0, np.cos(tilt), np.sin(tilt)), (1.0, 1.0, 1.0)
        )
        volume = Volume(stored, ModalityTransform(), geometry)
        assert np.isfinite(cut_slice(volume, plane_of_slice(geometry, 1)).values).all()
        assert np.isfinite(cut_slice(volume, anatomical_plane(geometry, "sagittal", 3.0)).values).all()
