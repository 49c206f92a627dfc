"""Where slices lie: the marker must come out at its true place in the patient whatever the files look like."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.dicom.reading import (
    assert_census,
    catalog_of,
    codes,
    marker_centroid,
    modality_values,
    only_stack,
    stacks_of,
)
from tests.phantoms.dicom_series import (
    AIR,
    AXIAL,
    BONE,
    ORIGIN,
    SHAPE,
    SPACING,
    STEP,
    each,
    make_series,
    marker_values,
    normal_of,
    positions_along,
    save_series,
    true_centroid,
)

CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
MIRRORED = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
OBLIQUE = tuple(
    np.round(
        np.array([np.cos(0.3), np.sin(0.3), 0.0, -np.sin(0.3) * np.cos(0.2), np.cos(0.3) * np.cos(0.2), np.sin(0.2)]),
        12,
    )
)


def check_marker(stack, values, positions, orientation=AXIAL) -> None:
    assert np.abs(marker_centroid(stack) - true_centroid(values, positions, orientation)).max() <= 0.01
    found = modality_values(stack)
    assert (found.min(), found.max()) == (AIR, BONE)


@pytest.mark.parametrize(
    "orientation", [AXIAL, MIRRORED, CORONAL, OBLIQUE], ids=["axial", "mirrored", "coronal", "oblique"]
)
@pytest.mark.parametrize("turned", [False, True], ids=["ascending", "descending"])
def test_a_plain_series_is_a_volume_at_its_true_place(tmp_path: Path, orientation, turned: bool) -> None:
    values = marker_values()
    positions = positions_along(orientation=orientation)
    if turned:
        values, positions = values[::-1], positions[::-1]
    folder = save_series(
        make_series(positions, orientation, values), tmp_path, order=np.random.default_rng(3).permutation(12)
    )
    stack = only_stack(folder)
    assert (stack.kind, stack.shape, stack.timepoints, stack.unit) == ("volume", SHAPE, 1, "HU")
    assert stack.geometry.spacing == pytest.approx((STEP, *SPACING), abs=1e-9)
    assert np.allclose(stack.geometry.normal, normal_of(orientation))
    check_marker(stack, values, positions, orientation)


def test_the_order_is_that_of_positions_not_of_numbers_names_or_slice_location(tmp_path: Path) -> None:
    def lie(number, data) -> None:
        data.InstanceNumber = 100 - number
        data.SliceLocation = str(-number)

    series = each(make_series(), lie)
    stack = only_stack(save_series(series, tmp_path, order=range(11, -1, -1)))
    assert [frame.sop_uid for frame in stack.frames] == [data.SOPInstanceUID for data in series]


def test_slice_distance_comes_from_positions_not_from_thickness(tmp_path: Path) -> None:
    series = each(make_series(), lambda _, data: data.__setattr__("SpacingBetweenSlices", "7"))
    assert only_stack(save_series(series, tmp_path)).geometry.spacing[0] == pytest.approx(STEP)


def test_rows_and_columns_are_not_swapped(tmp_path: Path) -> None:
    stack = only_stack(save_series(make_series(), tmp_path))
    start, along_row, down_column = stack.geometry.voxel_to_patient([[0, 0, 0], [0, 0, 10], [0, 10, 0]])
    assert np.linalg.norm(along_row - start) == pytest.approx(7.5)
    assert np.linalg.norm(down_column - start) == pytest.approx(15)
    assert stack.pixel_spacing == SPACING
    assert stack.pixel_aspect == pytest.approx(2)


def all_orientations() -> list[tuple[float, ...]]:
    """The 48 signed permutations: each of 24 pairs of axes, seen in both slice directions."""
    axes = [np.array(axis, dtype=float) for axis in np.eye(3)]
    pairs = [
        (s * axes[a], t * axes[b]) for a, b in itertools.permutations(range(3), 2) for s in (1, -1) for t in (1, -1)
    ]
    return [tuple(np.concatenate(pair) + 0.0) for pair in pairs]


@pytest.mark.parametrize("turned", [False, True])
def test_48_orientations(tmp_path: Path, turned: bool) -> None:
    values = marker_values((4, 6, 8))
    for number, orientation in enumerate(all_orientations()):
        positions = positions_along(4, -STEP if turned else STEP, orientation=orientation)
        folder = save_series(make_series(positions, orientation, values, name=f"o{number}"), tmp_path / str(number))
        stack = only_stack(folder)
        assert stack.kind == "volume"
        assert np.linalg.det(stack.geometry.affine[:3, :3]) > 0
        check_marker(stack, values, positions, orientation)


def test_patient_position_changes_nothing(tmp_path: Path) -> None:
    """Edge letters and places come from ImageOrientationPatient alone."""
    affines = []
    for position in ("HFS", "FFS", "HFP", "HFDR"):
        series = each(make_series(), lambda _, data, p=position: data.__setattr__("PatientPosition", p))
        affines.append(only_stack(save_series(series, tmp_path / position)).geometry.affine)
    assert all(np.array_equal(affine, affines[0]) for affine in affines)


def test_a_missing_slice_is_said_and_the_others_keep_their_places(tmp_path: Path) -> None:
    series = make_series()
    del series[7]
    values, positions = np.delete(marker_values(), 7, axis=0), np.delete(positions_along(), 7, axis=0)
    stack = only_stack(save_series(series, tmp_path))
    assert stack.kind == "irregular"
    note = next(note for note in stack.notes if note.code == "missing_slices")
    assert note.values[:5] == ("1", "7", "8", "5", "2.5")
    assert np.allclose(stack.geometry.origins, positions)
    check_marker(stack, values, positions)


def test_a_duplicate_position_is_said_and_every_image_stays_reachable(tmp_path: Path) -> None:
    series = make_series()
    twin = make_series(name="twin")[5]
    twin.SeriesInstanceUID = series[0].SeriesInstanceUID
    twin.InstanceNumber = 99
    catalog = catalog_of(save_series([*series, twin], tmp_path))
    assert_census(catalog)
    stacks = stacks_of(tmp_path)
    assert sorted(stack.shape[0] for stack in stacks) == [1, 12]
    notes = [note for stack in stacks for note in stack.notes if note.code == "duplicate_positions"]
    assert [note.values for note in notes] == [("slice0005.dcm", "slice0012.dcm")] * 2  # which to choose from
    assert "slice0012.dcm" in notes[0].text
    whole = max(stacks, key=lambda stack: stack.shape[0])
    assert whole.geometry.spacing[0] == pytest.approx(STEP)
    check_marker(whole, marker_values(), positions_along())


def test_uneven_distances_keep_true_positions(tmp_path: Path) -> None:
    positions = positions_along()
    positions[8:] += (0, 0, 3.5)
    stack = only_stack(save_series(make_series(positions), tmp_path))
    assert stack.kind == "irregular"
    assert "uneven_spacing" in codes(stack)
    assert np.allclose(stack.geometry.origins, positions)
    check_marker(stack, marker_values(), positions)


def test_thick_slices_after_thin_ones_are_uneven_not_missing(tmp_path: Path) -> None:
    """An old head protocol: 5 mm through the base of the skull, 10 mm above."""
    positions = positions_along(step=5)
    positions[7:] += np.arange(1, 6)[:, None] * (0, 0, 5)
    series = each(make_series(positions), lambda n, data: data.__setattr__("SliceThickness", "5" if n < 7 else "10"))
    stack = only_stack(save_series(series, tmp_path))
    assert stack.kind == "irregular"
    assert codes(stack) >= {"uneven_spacing"}
    assert "missing_slices" not in codes(stack)


@pytest.mark.parametrize(("deviation", "kind"), [(0.02, "volume"), (0.0301, "irregular")])
def test_distances_may_differ_by_one_percent(tmp_path: Path, deviation: float, kind: str) -> None:
    positions = positions_along()
    positions[6, 2] += deviation
    positions[:, 0] += 0.000123  # so many decimals that rounding cannot be the reason
    assert only_stack(save_series(make_series(positions), tmp_path)).kind == kind


def test_positions_rounded_to_a_tenth_of_a_millimetre_are_even(tmp_path: Path) -> None:
    positions = positions_along(step=0.625)
    positions[:, 2] = np.round(positions[:, 2], 1)
    stack = only_stack(save_series(make_series(positions), tmp_path))
    assert stack.kind == "volume"
    assert "rounded_positions" in codes(stack)


@pytest.mark.parametrize("angle", [15.0, -15.0])
@pytest.mark.parametrize("orientation", [AXIAL, CORONAL])
def test_gantry_tilt_is_kept_as_shear(tmp_path: Path, angle: float, orientation) -> None:
    column = np.asarray(orientation[3:])
    step = STEP * (normal_of(orientation) + np.tan(np.radians(angle)) * column)
    positions = np.asarray(ORIGIN) + np.arange(SHAPE[0])[:, None] * step
    stack = only_stack(save_series(make_series(positions, orientation), tmp_path))
    assert stack.kind == "sheared"
    note = next(note for note in stack.notes if note.code == "gantry_tilt")
    assert float(note.values[0]) == pytest.approx(angle, abs=0.05)
    assert stack.geometry.spacing[0] == pytest.approx(STEP)
    assert np.allclose(stack.geometry.origins, positions)
    check_marker(stack, marker_values(), positions, orientation)


def test_jitter_of_micrometres_is_accepted(tmp_path: Path) -> None:
    positions = positions_along() + np.random.default_rng(1).uniform(-0.004, 0.004, (SHAPE[0], 3))
    stack = only_stack(save_series(make_series(positions), tmp_path))
    assert stack.kind == "volume"
    check_marker(stack, marker_values(), positions)


def test_noise_of_direction_cosines_is_accepted(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).uniform(-1e-4, 1e-4, (SHAPE[0], 6))
    series = make_series()
    for data, add in zip(series, noise, strict=True):
        data.ImageOrientationPatient = [f"{value:.8f}" for value in np.asarray(AXIAL) + add]
    stack = only_stack(save_series(series, tmp_path))
    assert stack.kind == "volume"
    check_marker(stack, marker_values(), positions_along())


@pytest.mark.parametrize("missing", [("ImagePositionPatient",), ("ImageOrientationPatient",), ("PixelSpacing",)])
def test_without_position_orientation_or_spacing_there_is_no_geometry(tmp_path: Path, missing: tuple[str, ...]) -> None:
    def drop(number, data) -> None:
        for name in missing:
            del data[name]
        data.InstanceNumber = 12 - number

    series = each(make_series(), drop)
    stack = only_stack(save_series(series, tmp_path))
    assert (stack.kind, stack.geometry, stack.shape) == ("frames", None, SHAPE)
    assert "no_geometry" in codes(stack)
    assert [frame.sop_uid for frame in stack.frames] == [data.SOPInstanceUID for data in reversed(series)]


@pytest.mark.parametrize("orientation", [(0, 0, 0, 0, 0, 0), (1, 0, 0, 1, 0, 0), (5, 0, 0, 0, 5, 0)])
def test_impossible_directions_give_no_geometry(tmp_path: Path, orientation) -> None:
    series = each(make_series(), lambda _, data: data.__setattr__("ImageOrientationPatient", list(orientation)))
    assert only_stack(save_series(series, tmp_path)).kind == "frames"


def test_a_localizer_inside_a_series_is_split_off(tmp_path: Path) -> None:
    series = make_series()
    scout = make_series(positions_along(1, orientation=CORONAL), CORONAL, marker_values()[:1], name="scout")[0]
    scout.SeriesInstanceUID = series[0].SeriesInstanceUID
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    stacks = stacks_of(save_series([scout, *series], tmp_path))
    assert [(stack.kind, stack.shape[0], stack.unit) for stack in stacks] == [
        ("volume", 12, "HU"),
        ("volume", 1, "stored"),
    ]
    check_marker(stacks[0], marker_values(), positions_along())


def test_mixed_sizes_orientations_and_frames_of_reference_are_apart(tmp_path: Path) -> None:
    series = make_series()
    other_size = make_series(values=marker_values((12, 24, 30)), name="b")
    other_reference = make_series(name="c")
    for data in (*other_size, *other_reference):
        data.SeriesInstanceUID = series[0].SeriesInstanceUID
    for data in other_reference:
        data.FrameOfReferenceUID = "1.2.3"
    catalog = catalog_of(save_series([*series, *other_size, *other_reference], tmp_path))
    assert_census(catalog)
    assert [stack.shape for stack in stacks_of(tmp_path)] == [(12, 24, 32), (12, 24, 32), (12, 24, 30)] or sorted(
        stack.shape for stack in stacks_of(tmp_path)
    ) == [(12, 24, 30), (12, 24, 32), (12, 24, 32)]


def test_a_frame_of_reference_for_each_image_splits_nothing(tmp_path: Path) -> None:
    series = each(make_series(), lambda number, data: data.__setattr__("FrameOfReferenceUID", f"1.2.3.{number}"))
    stack = only_stack(save_series(series, tmp_path))
    assert stack.kind == "volume"
    assert "frame_of_reference_per_image" in codes(stack)


def test_a_radial_series_is_one_stack_of_frames_with_planes(tmp_path: Path) -> None:
    series = []
    for number in range(9):
        turn = np.pi * number / 9
        orientation = (np.cos(turn), np.sin(turn), 0.0, 0.0, 0.0, -1.0)
        data = make_series(
            positions_along(1, orientation=orientation), orientation, marker_values()[3:4], name=f"r{number}"
        )[0]
        data.SeriesInstanceUID = "1.2.3.4"
        data.InstanceNumber = number + 1
        series.append(data)
    stack = only_stack(save_series(series, tmp_path))
    assert (stack.kind, stack.shape[0]) == ("frames", 9)
    assert stack.planes.shape == (9, 3, 3)
    assert np.linalg.norm(stack.planes[4, 1]) == pytest.approx(SPACING[1])


def test_one_slice_takes_its_thickness(tmp_path: Path) -> None:
    stack = only_stack(save_series(make_series()[:1], tmp_path))
    assert (stack.kind, stack.geometry.spacing[0]) == ("volume", 5)
