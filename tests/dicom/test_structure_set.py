"""Contours lie in the patient where their points say, with names, colours and volumes, on slices and across them."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

from medview.core.contours import even_odd_mask, fill_contours, lines_of_contours, lines_of_filled
from medview.core.finding import Label
from medview.core.geometry import Geometry
from medview.core.overlay import Contour
from medview.core.plane import anatomical_plane, plane_of_slice
from medview.core.problem import MedviewError
from medview.core.study import Stack
from medview.dicom.structure_set import read_structure_set
from tests.dicom.test_segmentation_read import OBLIQUE, SAGITTAL, stack_of
from tests.phantoms.dicom_series import AXIAL, make_series, positions_along, save_series
from tests.phantoms.study_objects import make_structure_set, save

Z = positions_along()[:, 2]


def square(x0: float, y0: float, x1: float, y1: float, z: float) -> np.ndarray:
    return np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]])


def read(tmp_path: Path, structures: list, frame_of_reference: str | None = None) -> tuple:
    sources = make_series()
    stack = stack_of(save_series(sources, tmp_path / "images"))
    path = save(make_structure_set(sources, structures, frame_of_reference=frame_of_reference), tmp_path / "rt.dcm")
    return stack, read_structure_set(str(path), stack)


def lines_on(stack: Stack, overlay: object, k: int) -> dict:
    assert stack.geometry is not None
    return lines_of_contours(overlay.contours, plane_of_slice(stack.geometry, k), stack.geometry.spacing[0] / 2)


def test_an_outline_is_on_the_slice_where_it_lies_and_on_no_other(tmp_path: Path) -> None:
    stack, overlay = read(tmp_path, [("PTV", (255, 0, 10), [("CLOSED_PLANAR", square(-12.5, -9, -5, 0, Z[4] + 0.6))])])
    (part,) = overlay.parts
    assert (part.label.name, part.label.colour) == ("PTV", (255, 0, 10))
    for k in range(12):
        lines = lines_on(stack, overlay, k)
        assert bool(lines) == (k == 4)
    ((points, closed),) = lines_on(stack, overlay, 4)[1]
    assert closed
    # (column, row) from LPS: x = -20 + 0.75 i, y = -18 + 1.5 j.
    np.testing.assert_allclose(points, [[10, 6], [20, 6], [20, 12], [10, 12]], atol=1e-6)


def test_volumes_of_squares_rings_keyholes_and_exclusive_outlines(tmp_path: Path) -> None:
    """Holes are cut out whether they are led to (keyhole), drawn inside or excluded."""
    outer, inner = square(-15, -15, -5, -5, 0)[:, :2], square(-12, -12, -8, -8, 0)[:, :2]
    keyhole = np.concatenate([outer, outer[:1], inner[:1], inner[[3, 2, 1, 0]], outer[:1]])

    def at(points: np.ndarray, z: float) -> np.ndarray:
        return np.column_stack([points, np.full(len(points), z)])

    levels = Z[2:6]
    stack, overlay = read(
        tmp_path,
        [
            ("square", (255, 0, 0), [("CLOSED_PLANAR", at(outer, z)) for z in levels]),
            ("ring", (0, 255, 0), [("CLOSED_PLANAR", at(p, z)) for z in levels for p in (inner, outer)]),
            ("keyhole", (0, 0, 255), [("CLOSED_PLANAR", at(keyhole, z)) for z in levels]),
            ("exclusive", (0, 9, 255), [("CLOSEDPLANAR_XOR", at(p, z)) for z in levels for p in (outer, inner)]),
        ],
    )
    whole, ring = 100 * 4 * 2.5 / 1000, (100 - 16) * 4 * 2.5 / 1000
    assert [part.volume_ml for part in overlay.parts] == pytest.approx([whole, ring, ring, ring])
    for segmentation, expected in zip(overlay.segmentations, (whole, ring, ring, ring), strict=True):
        assert segmentation.geometry is not None
        voxel = np.prod(segmentation.geometry.spacing) / 1000
        assert segmentation.labels.sum() * voxel == pytest.approx(expected, rel=0.15)
    # Cut across, the ring has two sides.
    assert stack.geometry is not None
    plane = anatomical_plane(stack.geometry, "coronal", -10.0)
    assert len(lines_of_filled(overlay.segmentations[:1], plane)[1]) == 1
    assert len(lines_of_filled(overlay.segmentations[1:2], plane)[2]) == 2


def test_overlapping_outlines_of_one_structure_are_united(tmp_path: Path) -> None:
    pieces = [("CLOSED_PLANAR", square(x, -10, x + 6, -4, Z[3])) for x in (-15, -12)]
    _, overlay = read(tmp_path, [("both", (9, 9, 9), pieces)])
    (one,) = overlay.segmentations
    mask = one.labels[0] > 0
    assert mask.sum() * 0.75 * 1.5 == pytest.approx(9 * 6, rel=0.15)


def test_volumes_of_what_writers_do_that_planning_systems_do_not(tmp_path: Path) -> None:
    """Outlines a tenth of a mm off their slice, twice the same one, crossing ones, and one between the slices."""

    def box(x0: float, x1: float, z: float) -> tuple[str, np.ndarray]:
        return "CLOSED_PLANAR", square(x0, -10, x1, 0, z)

    def xor(x0: float, x1: float, z: float) -> tuple[str, np.ndarray]:
        return "CLOSEDPLANAR_XOR", square(x0, -10, x1, 0, z)

    levels = Z[3:6]
    _, overlay = read(
        tmp_path,
        [
            ("off by a little", (9, 9, 9), [*(box(-10, 0, z) for z in levels), box(2, 3, Z[4] + 0.1)]),
            ("twice", (9, 9, 9), [box(-10, 0, z) for z in (*levels, Z[4])]),
            ("crossing", (9, 9, 9), [box(*x, z) for z in levels for x in ((-10, 0), (-5, 5))]),
            ("crossing, exclusive", (9, 9, 9), [xor(*x, z) for z in levels for x in ((-10, 0), (-5, 5))]),
            ("one between", (9, 9, 9), [box(-10, 0, z) for z in (*Z[2:8], Z[4] + 1.25)]),
        ],
    )
    slice_ml = 0.25  # 10 × 10 × 2.5 mm
    wanted = [3.1 * slice_ml, 3 * slice_ml, 4.5 * slice_ml, 3 * slice_ml, 6 * slice_ml]
    # What is off its slice moves where the slice's middle is; areas of crossing outlines are sampled.
    assert [part.volume_ml for part in overlay.parts] == pytest.approx(wanted, rel=0.025)


def test_outlines_in_two_items_or_of_a_structure_that_nothing_describes_are_not_lost(tmp_path: Path) -> None:
    sources = make_series()
    outlines = [("CLOSED_PLANAR", square(-10, -10, 0, 0, z)) for z in Z[3:7]]
    made = make_structure_set(sources, [("one", (255, 0, 0), outlines), ("two", (0, 255, 0), outlines)])
    first, second = made.ROIContourSequence
    rest = copy.deepcopy(first)
    first.ContourSequence, rest.ContourSequence = first.ContourSequence[:1], rest.ContourSequence[1:]
    made.ROIContourSequence.append(rest)
    second.ReferencedROINumber = 77
    stack = stack_of(save_series(sources, tmp_path / "images"))
    overlay = read_structure_set(str(save(made, tmp_path / "rt.dcm")), stack)
    assert [(part.label.name, part.volume_ml) for part in overlay.parts] == [
        ("one", pytest.approx(1.0)),
        ("two", None),
        ("77", pytest.approx(1.0)),
    ]
    made.StructureSetROISequence, made.ROIContourSequence = [], []
    with pytest.raises(MedviewError, match="holds no structures"):
        read_structure_set(str(save(made, tmp_path / "empty.dcm")), stack)


def test_a_cut_across_shows_the_outline_of_what_is_enclosed(tmp_path: Path) -> None:
    outlines = [("CLOSED_PLANAR", square(-12.5, -9, -5, 3, z)) for z in Z[3:8]]
    stack, overlay = read(tmp_path, [("box", (1, 2, 3), outlines)])
    assert stack.geometry is not None
    plane = anatomical_plane(stack.geometry, "coronal", -3.0)
    ((points, closed),) = lines_of_filled(overlay.segmentations, plane)[1]
    assert closed
    corners = plane.plane_to_patient(points)
    assert corners[:, 0].min() == pytest.approx(-12.5, abs=0.75)
    assert corners[:, 0].max() == pytest.approx(-5, abs=0.75)
    # Slices are as thick as they are apart.
    assert corners[:, 2].min() == pytest.approx(Z[3] - 1.25, abs=0.5)
    assert corners[:, 2].max() == pytest.approx(Z[7] + 1.25, abs=0.5)
    assert not lines_of_filled(overlay.segmentations, anatomical_plane(stack.geometry, "coronal", 12.0))


def test_a_gap_between_outlines_stays_a_gap(tmp_path: Path) -> None:
    outlines = [("CLOSED_PLANAR", square(-12.5, -9, -5, 3, z)) for z in (*Z[1:4], *Z[8:11])]
    stack, overlay = read(tmp_path, [("two", (1, 2, 3), outlines)])
    assert stack.geometry is not None
    lines = lines_of_filled(overlay.segmentations, anatomical_plane(stack.geometry, "coronal", -3.0))
    assert len(lines[1]) == 2


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, OBLIQUE], ids=["axial", "sagittal", "oblique"])
def test_filled_structures_hold_the_points_inside_of_them_in_any_orientation(orientation: tuple) -> None:
    geometry = Geometry.from_directions((10, 40, 40), (3, 5, 7), orientation[:3], orientation[3:], (2.0, 1.0, 1.0))
    contours = []
    for k in range(3, 7):
        corners = np.array([[k, 10, 8], [k, 10, 25], [k, 30, 25], [k, 30, 8]], dtype=float)
        points = geometry.voxel_to_patient(corners)
        contours.append(Contour(points, "closed", 1, geometry.normal))
    (filled,), volume = fill_contours(contours, Label(1, "box", (1, 1, 1)), geometry, exclusive=False)
    assert volume == pytest.approx(17 * 20 * 8 / 1000)
    assert filled.geometry is not None
    inside = geometry.voxel_to_patient([[4, 20, 15], [6, 11.5, 9.5], [3, 29, 24]])
    outside = geometry.voxel_to_patient([[4, 20, 6], [8, 20, 15], [4, 33, 20]])
    for points, expected in ((inside, True), (outside, False)):
        for point in points:
            at = np.floor(filled.geometry.patient_to_voxel(point) + 0.5).astype(int)
            is_there = bool(np.all(at >= 0) and np.all(at < filled.labels.shape) and filled.labels[tuple(at)])
            assert is_there is expected


def test_outlines_that_cross_the_slices_are_seen_where_slices_meet_them(tmp_path: Path) -> None:
    """A structure drawn on coronal planes over axial images."""
    outlines = [
        ("CLOSED_PLANAR", np.array([[-12, y, Z[3]], [-4, y, Z[3]], [-4, y, Z[8]], [-12, y, Z[8]]]))
        for y in np.arange(-10.0, -1.0, 1.5)
    ]
    stack, overlay = read(tmp_path, [("coronal", (1, 2, 3), outlines)])
    assert not lines_on(stack, overlay, 5)
    assert stack.geometry is not None
    ((points, _),) = lines_of_filled(overlay.segmentations, plane_of_slice(stack.geometry, 5))[1]
    x, y = -20 + 0.75 * points[:, 0], -18 + 1.5 * points[:, 1]
    assert (x.min(), x.max()) == pytest.approx((-12, -4), abs=1.0)
    assert (y.min(), y.max()) == pytest.approx((-10.75, -1.75), abs=1.0)


def test_points_and_open_lines(tmp_path: Path) -> None:
    line = np.array([[-10, -9, Z[2]], [-5, -3, Z[2]], [0, -9, Z[2]]])
    stack, overlay = read(
        tmp_path, [("iso", (1, 2, 3), [("POINT", line[:1])]), ("wire", (1, 2, 3), [("OPEN_PLANAR", line)])]
    )
    lines = lines_on(stack, overlay, 2)
    assert [(len(lines[value][0][0]), lines[value][0][1]) for value in (1, 2)] == [(1, False), (3, False)]
    assert all(part.volume_ml is None for part in overlay.parts)
    assert not lines_on(stack, overlay, 4)


def test_another_frame_of_reference_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MedviewError) as caught:
        read(tmp_path, [("PTV", (255, 0, 0), [("CLOSED_PLANAR", square(-12, -9, -5, 0, Z[4]))])], "1.2.3.4")
    assert caught.value.code == "other_frame_of_reference"


def test_junk_in_contour_data_leaves_that_contour_out_and_says_so(tmp_path: Path) -> None:
    sources = make_series()
    stack = stack_of(save_series(sources, tmp_path / "images"))
    made = make_structure_set(
        sources,
        [("a", (1, 2, 3), [("CLOSED_PLANAR", square(-12, -9, -5, 0, z)) for z in Z[3:6]])],
    )
    path = save(made, tmp_path / "rt.dcm")
    path.write_bytes(path.read_bytes().replace(b"-12\\-9", b"-1x\\-9", 1))
    overlay = read_structure_set(str(path), stack)
    assert len(overlay.contours) == 2
    assert [note.code for note in overlay.notes] == ["contours_left_out"]


def test_even_odd_filling_takes_the_pixels_whose_centre_is_inside() -> None:
    triangle = np.array([[1.5, 0.5], [9.5, 0.5], [1.5, 8.5]])
    mask = even_odd_mask([triangle], (12, 14))
    y, x = np.mgrid[:12, :14]
    expected = (x > 1.5) & (y > 0.5) & ((x - 1.5) + (y - 0.5) < 8)
    np.testing.assert_array_equal(mask, expected)
    np.testing.assert_array_equal(even_odd_mask([triangle, triangle], (12, 14)), False)
    far = even_odd_mask([triangle + 100], (12, 14))
    assert not far.any()
