"""What belongs together: time points, echoes, b-values, duplicates, patients, multi-frame objects."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

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
    AXIAL,
    SHAPE,
    STEP,
    each,
    make_enhanced,
    make_series,
    marker_values,
    positions_along,
    save_series,
    set_pixels,
    true_centroid,
    uid,
)


def several(count: int, change) -> list:
    """``count`` volumes at the same positions in one series; ``change(number, data)`` tells them apart."""
    series = []
    for number in range(count):
        for data in make_series(name=f"t{number}"):
            data.SeriesInstanceUID = "1.2.3.99"
            data.InstanceNumber = number * SHAPE[0] + int(data.InstanceNumber)
            change(number, data)
            series.append(data)
    return series


def brighter(number: int, data) -> None:
    """Time point ``number`` is told by its values."""
    stored = np.frombuffer(data.PixelData, dtype=np.int16).reshape(data.Rows, data.Columns) + number
    data.PixelData = stored.tobytes()


AXES = {
    "time": lambda n, d: d.__setattr__("TemporalPositionIdentifier", n + 1),
    "echo": lambda n, d: d.__setattr__("EchoTime", f"{4.9 * (n + 1):.1f}"),
    "b-value": lambda n, d: d.__setattr__("DiffusionBValue", 500.0 * n),
    "trigger time": lambda n, d: d.__setattr__("TriggerTime", str(40 * n)),
    "flip angle": lambda n, d: d.__setattr__("FlipAngle", str(5 + 10 * n)),
    "phase": lambda n, d: d.__setattr__("NominalPercentageOfCardiacPhase", 30.0 * n),
    "acquisition": lambda n, d: d.__setattr__("AcquisitionNumber", n + 1),
    "inversion time": lambda n, d: d.__setattr__("InversionTime", str(100 * (n + 1))),
    "repeat": lambda n, d: None,
}


@pytest.mark.parametrize("axis", AXES)
def test_several_volumes_at_the_same_positions_are_time_points(tmp_path: Path, axis: str) -> None:
    series = several(3, lambda n, d: (AXES[axis](n, d), brighter(n, d)))
    catalog = catalog_of(save_series(series, tmp_path, order=np.random.default_rng(5).permutation(36)))
    assert_census(catalog)
    stack = only_stack(tmp_path)
    assert (stack.kind, stack.shape, stack.timepoints, stack.time_axis) == ("volume", SHAPE, 3, axis)
    assert len(set(stack.time_labels)) == 3
    assert ("unnamed_axis" in codes(stack)) == (axis == "repeat")
    for time in range(3):
        assert modality_values(stack, time).min() == -1000 + time
        assert np.allclose(marker_centroid(stack, time), true_centroid(marker_values(), positions_along()), atol=0.01)


def test_times_that_differ_from_slice_to_slice_are_ranked(tmp_path: Path) -> None:
    """Cardiac phases: each slice was triggered a little later, so no two slices share a trigger time."""
    series = several(
        4, lambda n, d: (d.__setattr__("TriggerTime", f"{30 * n + int(d.InstanceNumber) * 0.37:.2f}"), brighter(n, d))
    )
    stack = only_stack(save_series(series, tmp_path))
    assert (stack.timepoints, stack.time_axis) == (4, "trigger time")
    (dimension,) = stack.dimensions
    assert (dimension.unit, dimension.values) == ("ms", pytest.approx([2.405 + 30 * n + 4.44 * n for n in range(4)]))
    assert [modality_values(stack, time).min() for time in range(4)] == [-1000, -999, -998, -997]


def test_diffusion_with_directions_and_repeats(tmp_path: Path) -> None:
    directions = [None, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), None]

    def change(number, data) -> None:
        data.Modality = "MR"
        data.DiffusionBValue = 0.0 if directions[number] is None else 1000.0
        if directions[number] is not None:
            data.DiffusionGradientOrientation = list(directions[number])
        brighter(number, data)

    stack = only_stack(save_series(several(4, change), tmp_path))
    assert stack.timepoints == 4
    assert "b-value" in stack.time_axis
    assert [modality_values(stack, time).min() for time in range(4)] == [-1000, -999, -998, -997]


def test_two_attributes_make_one_axis(tmp_path: Path) -> None:
    series = several(
        6, lambda n, d: (d.__setattr__("EchoTime", str(5 + n % 2)), d.__setattr__("TemporalPositionIdentifier", n // 2))
    )
    stack = only_stack(save_series(series, tmp_path))
    assert stack.timepoints == 6
    assert set(stack.time_axis.split(" × ")) == {"echo", "time"}


def test_an_incomplete_last_time_point_is_a_stack_of_its_own(tmp_path: Path) -> None:
    series = several(3, AXES["time"])[:-5]
    assert_census(catalog_of(save_series(series, tmp_path)))
    assert sorted((stack.shape[0], stack.timepoints) for stack in stacks_of(tmp_path)) == [(7, 1), (12, 2)]


def test_two_series_under_one_uid_are_apart_by_their_numbers(tmp_path: Path) -> None:
    """Copies of a series that were given new numbers and instance UIDs, and the old series UID, as conversions leave them."""
    series = []
    for number in (3, 8):
        for data in make_series(positions_along(4), values=marker_values((4, 6, 8)), name=f"s{number}"):
            data.SeriesInstanceUID, data.SeriesNumber = "1.2.3.44", number
            series.append(data)
    stacks = stacks_of(save_series(series, tmp_path))
    assert [(stack.shape[0], stack.timepoints) for stack in stacks] == [(4, 1), (4, 1)]
    assert len({stack.id for stack in stacks}) == 2


@pytest.mark.parametrize(
    ("sequence", "mode", "said"), [("epi_pepolar", "2", True), ("epi_pepolar", "0", False), ("epi2", "1", False)]
)
def test_images_that_ge_stores_upside_down_are_warned_of(tmp_path: Path, sequence: str, mode: str, said: bool) -> None:
    series = make_series(positions_along(3), values=marker_values((3, 6, 8)), modality="MR")
    for data in series:
        block = data.private_block(0x0019, "GEMS_ACQU_01", create=True)
        block.add_new(0x9C, "LO", f"research/{sequence}")
        block.add_new(0xB3, "DS", f"{mode}.000000")
    assert ("reversed_rows" in codes(only_stack(save_series(series, tmp_path)))) is said


def test_magnitude_and_phase_are_apart(tmp_path: Path) -> None:
    series = several(2, lambda n, d: d.__setattr__("ImageType", ["ORIGINAL", "PRIMARY", "MP"[n], "ND"]))
    assert [(stack.shape, stack.timepoints) for stack in stacks_of(save_series(series, tmp_path))] == [(SHAPE, 1)] * 2


def test_a_copy_of_a_file_is_shown_once_and_named(tmp_path: Path) -> None:
    series = make_series()
    save_series(series, tmp_path / "a")
    save_series(series[4:6], tmp_path / "b")
    catalog = catalog_of(tmp_path)
    assert_census(catalog)
    assert sorted(problem.path for problem in catalog.problems()) == [
        str(tmp_path / "b" / f"slice000{n}.dcm") for n in (0, 1)
    ]
    assert {problem.code for problem in catalog.problems()} == {"duplicate_instance"}
    assert only_stack(tmp_path).shape == SHAPE
    assert (catalog.census().frames_on_disk, catalog.census().frames_shown) == (14, 12)


def test_one_uid_with_other_pixels_is_shown_and_said(tmp_path: Path) -> None:
    series = make_series()
    other = copy.deepcopy(series[4])
    brighter(1, other)
    catalog = catalog_of(save_series([*series, other], tmp_path))
    assert_census(catalog)
    assert catalog.census().frames_shown == 13
    assert all("duplicate_uid" in codes(stack) for stack in stacks_of(tmp_path))


def test_copies_among_others_of_one_uid_are_told_in_any_order(tmp_path: Path) -> None:
    """Two copies and a third image under their UID: which is shown, and how often, is not a matter of who came first."""
    series = make_series()
    other = copy.deepcopy(series[4])
    brighter(1, other)
    save_series([*series, other, series[4]], tmp_path)
    paths = sorted(tmp_path.iterdir())
    found = set()
    for order in (paths, paths[::-1], [*paths[7:], *paths[:7]]):
        catalog = catalog_of(*order)
        assert_census(catalog)
        found.add(
            (
                *(problem.path for problem in catalog.problems()),
                *((stack.id, tuple(frame.path for frame in stack.frames)) for stack in stacks_of(*order)),
            )
        )
    assert len(found) == 1
    assert len(found.pop()) == 3  # one copy, the volume, the other image


def test_one_uid_for_a_whole_series_keeps_the_volume(tmp_path: Path) -> None:
    series = each(make_series(), lambda _, data: data.__setattr__("SOPInstanceUID", "1.2.3"))
    stack = only_stack(save_series(series, tmp_path))
    assert (stack.kind, stack.shape) == ("volume", SHAPE)
    assert "duplicate_uid" in codes(stack)


@pytest.mark.parametrize("same", ["series", "study"])
def test_two_patients_under_one_uid_are_never_merged(tmp_path: Path, same: str) -> None:
    one, other = make_series(name="x"), make_series(name="x", patient_id="OTHER")
    for data in other:
        data.SeriesInstanceUID = one[0].SeriesInstanceUID
        if same == "study":
            data.StudyInstanceUID = one[0].StudyInstanceUID
            data.FrameOfReferenceUID = one[0].FrameOfReferenceUID
    save_series(one, tmp_path, "a")
    save_series(other, tmp_path, "b")
    studies = catalog_of(tmp_path).studies()
    assert sorted(study.patient.patient_id for study in studies) == ["OTHER", "PHANTOM"]
    assert all(study.series[0].stacks[0].shape == SHAPE for study in studies)
    ids = [stack.id for stack in stacks_of(tmp_path)]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(("name", "studies"), [("Else^Somebody", 2), ("PHANTOM^MARKER^^", 1), ("", 1)])
def test_one_patient_id_with_another_name_is_another_patient(tmp_path: Path, name: str, studies: int) -> None:
    series = make_series()
    for data in series[6:]:
        data.PatientName = name
    catalog = catalog_of(save_series(series, tmp_path))
    assert_census(catalog)
    assert len(catalog.studies()) == studies
    assert all(study.patient.name for study in catalog.studies())


def test_ids_do_not_depend_on_paths_or_their_order(tmp_path: Path) -> None:
    first, second = make_series(name="a"), make_series(name="b")
    save_series(first, tmp_path / "1")
    save_series(second, tmp_path / "2")
    there = [stack.id for stack in stacks_of(tmp_path / "1", tmp_path / "2")]
    back = [stack.id for stack in stacks_of(tmp_path / "2", tmp_path / "1")]
    save_series(first, tmp_path / "z", order=range(11, -1, -1))
    assert sorted(there) == sorted(back)
    assert only_stack(tmp_path / "z").id == only_stack(tmp_path / "1").id
    assert all(" " not in each for each in there)


def test_a_file_named_twice_is_taken_once(tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path)
    catalog = catalog_of(folder, folder, folder / "slice0003.dcm")
    assert catalog.census().frames_on_disk == catalog.census().files_seen == 12
    assert not catalog.problems()


# Multi-frame objects


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("shuffled", [True, False])
def test_enhanced_frames_lie_where_they_say(tmp_path: Path, shared: bool, shuffled: bool) -> None:
    order = np.random.default_rng(7).permutation(SHAPE[0]) if shuffled else None
    stack = only_stack(save_series([make_enhanced(order=order, shared=shared)], tmp_path))
    assert (stack.kind, stack.shape, stack.unit, stack.timepoints) == ("volume", SHAPE, "HU", 1)
    assert stack.geometry.spacing[0] == pytest.approx(STEP)
    assert np.allclose(marker_centroid(stack), true_centroid(marker_values(), positions_along()), atol=0.01)


def test_position_wins_over_a_contradicting_dimension_index(tmp_path: Path) -> None:
    data = make_enhanced()
    for number, group in enumerate(data.PerFrameFunctionalGroupsSequence):
        group.FrameContentSequence[0].DimensionIndexValues = [1, SHAPE[0] - number]
        group.FrameContentSequence[0].InStackPositionNumber = SHAPE[0] - number
    stack = only_stack(save_series([data], tmp_path))
    assert np.allclose(marker_centroid(stack), true_centroid(marker_values(), positions_along()), atol=0.01)


def test_enhanced_time_points(tmp_path: Path) -> None:
    values = np.concatenate([marker_values(), marker_values() + 1])
    positions = np.concatenate([positions_along()] * 2)
    data = make_enhanced(
        positions, values=values, order=np.random.default_rng(9).permutation(24), times=[1] * 12 + [2] * 12
    )
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.shape, stack.timepoints, stack.time_axis) == (SHAPE, 2, "time")
    assert [modality_values(stack, time).min() for time in (0, 1)] == [-1000, -999]


def test_two_multi_frame_files_with_the_same_positions_are_time_points_others_stay_apart(tmp_path: Path) -> None:
    one, two = make_enhanced(name="e1"), make_enhanced(name="e2", values=marker_values() + 1)
    two.SeriesInstanceUID, two.InstanceNumber = one.SeriesInstanceUID, 2
    stack = only_stack(save_series([one, two], tmp_path / "same"))
    assert (stack.shape, stack.timepoints) == (SHAPE, 2)
    assert len(set(stack.time_labels)) == 2
    assert [modality_values(stack, time).min() for time in (0, 1)] == [-1000, -999]
    between = make_enhanced(positions_along() + np.array([0, 0, STEP / 2]), name="e3")
    between.SeriesInstanceUID = one.SeriesInstanceUID
    stacks = stacks_of(save_series([one, between], tmp_path / "apart"))
    assert [(each.shape, each.timepoints, each.kind) for each in stacks] == [(SHAPE, 1, "volume")] * 2


def test_time_points_in_several_files_may_jitter(tmp_path: Path) -> None:
    jitter = np.random.default_rng(4).uniform(-0.004, 0.004, (SHAPE[0], 3))
    one = make_enhanced(name="e1")
    two = make_enhanced(positions_along() + jitter, name="e2", values=marker_values() + 1)
    two.SeriesInstanceUID, two.InstanceNumber = one.SeriesInstanceUID, 2
    stack = only_stack(save_series([one, two], tmp_path))
    assert (stack.shape, stack.timepoints, stack.kind) == (SHAPE, 2, "volume")


@pytest.mark.parametrize(("gap", "stacks"), [(2, [(12, "irregular")]), (40, [(6, "volume"), (6, "volume")])])
def test_a_loss_between_two_acquisitions_is_one_volume_two_ranges_are_two(
    tmp_path: Path, gap: int, stacks: list
) -> None:
    positions = positions_along()
    positions[6:, 2] += (gap - 1) * STEP
    series = each(make_series(positions), lambda n, data: data.__setattr__("AcquisitionNumber", 1 + n // 6))
    found = stacks_of(save_series(series, tmp_path))
    assert [(stack.shape[0], stack.kind) for stack in found] == stacks


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        ("EchoTime", ("5", "12")),
        ("TriggerTime", ("0", "300")),
        ("SeriesNumber", (4, 5)),
        ("DiffusionBValue", (0.0, 800.0)),
    ],
)
def test_volumes_that_a_head_movement_has_shifted_are_not_mixed(
    tmp_path: Path, attribute: str, values: tuple[object, object]
) -> None:
    """Followed by the scanner, the second one lies a little elsewhere: its slices stand between those of the first."""
    series = []
    for number, value in enumerate(values):
        shifted = np.add(positions_along(5), (0, 0, 0.8 * number))
        for data in make_series(shifted, values=marker_values((5, 6, 8)), name=f"m{number}", modality="MR"):
            data.SeriesInstanceUID = "1.2.3.88"
            setattr(data, attribute, value)
            series.append(data)
    stacks = stacks_of(save_series(series, tmp_path))
    assert [(stack.kind, stack.shape[0]) for stack in stacks] == [("volume", 5), ("volume", 5)]


def test_a_concatenation_is_joined(tmp_path: Path) -> None:
    parts = []
    for number, members in enumerate((range(5), range(5, 12))):
        part = make_enhanced(
            positions_along()[list(members)], values=marker_values()[list(members)], name=f"part{number}"
        )
        part.SeriesInstanceUID = "1.2.3.4.5"
        part.ConcatenationUID, part.InConcatenationNumber = "1.2.3.4", number + 1
        part.ConcatenationFrameOffsetNumber = members[0]
        parts.append(part)
    stack = only_stack(save_series(parts, tmp_path))
    assert (stack.shape, stack.kind) == (SHAPE, "volume")
    assert np.allclose(marker_centroid(stack), true_centroid(marker_values(), positions_along()), atol=0.01)


def test_a_cine_without_geometry_is_frames_with_their_time(tmp_path: Path) -> None:
    data = make_series()[0]
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        del data[name]
    data.Modality = "XA"
    data.FrameTime = "66.7"
    set_pixels(data, np.arange(5 * 6 * 7, dtype=np.uint8).reshape(5, 6, 7))
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape, stack.timepoints, stack.geometry) == ("frames", (5, 6, 7), 1, None)
    assert stack.context.frame_time_ms == pytest.approx(66.7)
    assert stack.frames[3].read()[0, 0] == 3 * 42


def test_clips_and_views_are_listed_as_they_were_taken_and_a_volume_before_its_scout(tmp_path: Path) -> None:
    clips = []
    for number, frames in ((4, 9), (1, 5), (3, 1), (2, 12)):
        data = copy.deepcopy(make_series()[0])
        for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
            del data[name]
        data.Modality, data.InstanceNumber = "US", number
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid("clip", number)
        set_pixels(data, np.zeros((frames, 6, 6 + number), dtype=np.uint8))
        clips.append(data)
    save_series(clips, tmp_path / "clips")
    assert [stack.frame_count for stack in stacks_of(tmp_path / "clips")] == [5, 12, 1, 9]

    scout = copy.deepcopy(make_series()[0])
    scout.InstanceNumber, scout.ImageOrientationPatient = 0, [1, 0, 0, 0, 0, -1]
    scout.SOPInstanceUID = scout.file_meta.MediaStorageSOPInstanceUID = uid("scout")
    save_series([scout, *make_series()], tmp_path / "ct")
    assert [stack.frame_count for stack in stacks_of(tmp_path / "ct")] == [12, 1]


def test_a_multi_frame_file_with_a_single_position_is_no_volume(tmp_path: Path) -> None:
    data = make_series()[0]
    set_pixels(data, np.zeros((4, 24, 32), dtype=np.int16))
    assert only_stack(save_series([data], tmp_path)).kind == "frames"


def test_a_dose_grid_has_its_planes(tmp_path: Path) -> None:
    data = make_series()[0]
    data.Modality = "RTDOSE"
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.2"
    del data.RescaleSlope, data.RescaleIntercept
    data.GridFrameOffsetVector = [0, 3, 6, 9]
    data.DoseGridScaling = "0.01"
    set_pixels(data, np.arange(4 * 24 * 32, dtype=np.uint16).reshape(4, 24, 32))
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape) == ("volume", (4, 24, 32))
    assert stack.geometry.spacing[0] == pytest.approx(3)
    assert modality_values(stack)[0, 0, 5] == pytest.approx(0.05)


def test_reconstructed_nuclear_medicine_slices_are_placed(tmp_path: Path) -> None:
    data = make_series()[0]
    data.Modality = "NM"
    data.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-20, -18, 40], list(AXIAL)
    del data.ImagePositionPatient, data.ImageOrientationPatient
    data.DetectorInformationSequence = Items([detector])
    data.SpacingBetweenSlices = "-4"
    data.FrameIncrementPointer = 0x00540080
    data.add_new(0x00540080, "US", [1, 2, 3])
    set_pixels(data, np.arange(3 * 24 * 32, dtype=np.int16).reshape(3, 24, 32))
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape) == ("volume", (3, 24, 32))
    assert np.allclose(stack.geometry.origins[:, 2], [32, 36, 40])
    assert [frame.frame for frame in stack.frames] == [2, 1, 0]


def test_uids_of_the_phantom_differ() -> None:
    assert len({data.SOPInstanceUID for data in (*make_series(name="a"), *make_series(name="b"))}) == 24
    assert uid("x") == uid("x")
