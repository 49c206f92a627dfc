"""Multi-frame objects of every kind: where their frames lie, what belongs together, and what is said where it is missing."""

from __future__ import annotations

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
    make_enhanced,
    make_series,
    marker_values,
    positions_along,
    save_series,
    set_pixels,
    true_centroid,
)


def note(stack, code: str):
    return next(each for each in stack.notes if each.code == code)


def is_true(stack) -> bool:
    return bool(np.allclose(marker_centroid(stack), true_centroid(marker_values(), positions_along()), atol=0.01))


# Concatenations


def concatenation(parts: list[range], total: int | None = None, geometry: bool = True) -> list:
    """An image of 12 slices cut into objects whose instance numbers run backwards."""
    made = []
    for number, members in enumerate(parts):
        at = list(members)
        part = make_enhanced(positions_along()[at], values=marker_values()[at], name=f"part{number}")
        part.SeriesInstanceUID = "1.2.3.4.5"
        part.InstanceNumber = 10 - number
        part.ConcatenationUID, part.InConcatenationNumber = "1.2.3.4", number + 1
        part.ConcatenationFrameOffsetNumber = members[0]
        if total is not None:
            part.InConcatenationTotalNumber = total
        if not geometry:
            for group in part.PerFrameFunctionalGroupsSequence:
                del group.PlanePositionSequence
        made.append(part)
    return made


def test_a_whole_concatenation_is_one_volume(tmp_path: Path) -> None:
    parts = concatenation([range(5), range(5, 9), range(9, 12)], total=3)
    catalog = catalog_of(save_series(parts, tmp_path, order=[2, 0, 1]))
    assert_census(catalog)
    stack = only_stack(tmp_path)
    assert (stack.shape, stack.kind) == (SHAPE, "volume")
    assert is_true(stack)
    assert "missing_parts" not in codes(stack)


@pytest.mark.parametrize(("lost", "total", "missing"), [(1, 3, "2"), (2, 3, "3"), (0, None, "1")])
def test_a_lost_part_is_said(tmp_path: Path, lost: int, total: int | None, missing: str) -> None:
    parts = concatenation([range(4), range(4, 8), range(8, 12)], total)
    del parts[lost]
    stack = only_stack(save_series(parts, tmp_path))
    assert note(stack, "missing_parts").values == ("3", missing)
    assert stack.shape[0] == 8


def test_parts_without_a_place_follow_their_frame_offset(tmp_path: Path) -> None:
    stack = only_stack(save_series(concatenation([range(5), range(5, 12)], geometry=False), tmp_path))
    assert (stack.kind, stack.shape) == ("frames", SHAPE)
    assert np.array_equal(modality_values(stack), marker_values())


# Order and place of frames


def test_scrambled_slice_numbers_are_said_and_positions_count(tmp_path: Path) -> None:
    data = make_enhanced()
    numbers = np.random.default_rng(3).permutation(12) + 1
    for number, group in zip(numbers, data.PerFrameFunctionalGroupsSequence, strict=True):
        group.FrameContentSequence[0].DimensionIndexValues = [1, int(number)]
    pointers = []
    for pointer in (0x00209056, 0x00200032):
        item = Dataset()
        item.DimensionIndexPointer = pointer
        pointers.append(item)
    data.DimensionIndexSequence = Items(pointers)
    stack = only_stack(save_series([data], tmp_path / "scrambled"))
    assert is_true(stack)
    assert "contradicting_index" in codes(stack)
    for number, group in enumerate(data.PerFrameFunctionalGroupsSequence):
        group.FrameContentSequence[0].DimensionIndexValues = [1, 12 - number]
    stack = only_stack(save_series([data], tmp_path / "descending"))
    assert is_true(stack)
    assert "contradicting_index" not in codes(stack)


def test_frames_beyond_the_functional_groups_have_no_place(tmp_path: Path) -> None:
    data = make_enhanced()
    del data.PerFrameFunctionalGroupsSequence[9:]
    catalog = catalog_of(save_series([data], tmp_path))
    assert_census(catalog)
    assert sorted((stack.kind, stack.shape[0]) for stack in stacks_of(tmp_path)) == [("frames", 3), ("volume", 9)]


def test_a_legacy_converted_object_keeps_what_was_not_assigned(tmp_path: Path) -> None:
    data = make_enhanced()
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2.2"
    for group in data.PerFrameFunctionalGroupsSequence:
        item = Dataset()
        item.ConvolutionKernel = "B31f"
        item.ImagePositionPatient = [0, 0, 0]  # stale: the macro's position counts
        group.UnassignedPerFrameConvertedAttributesSequence = Items([item])
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape, stack.context.kernel) == ("volume", SHAPE, "B31f")
    assert is_true(stack)


def test_a_stale_position_of_the_whole_object_is_not_believed(tmp_path: Path) -> None:
    data = make_enhanced()
    data.ImagePositionPatient, data.ImageOrientationPatient = [1, 2, 3], [0, 1, 0, 0, 0, -1]
    assert is_true(only_stack(save_series([data], tmp_path)))


@pytest.mark.parametrize(
    ("modality", "sop_class"),
    [
        ("MG", "1.2.840.10008.5.1.4.1.1.13.1.3"),
        ("XA", "1.2.840.10008.5.1.4.1.1.13.1.1"),
        ("DX", "1.2.840.10008.5.1.4.1.1.13.1.2"),
        ("PT", "1.2.840.10008.5.1.4.1.1.130"),
        ("MR", "1.2.840.10008.5.1.4.1.1.4.1"),
        ("OPT", "1.2.840.10008.5.1.4.1.1.77.1.5.4"),
    ],
)
@pytest.mark.parametrize("frames", [12, 1])
def test_reconstructed_slices_of_every_modality_are_placed(
    tmp_path: Path, modality: str, sop_class: str, frames: int
) -> None:
    data = make_enhanced(positions_along()[:frames], values=marker_values()[:frames])
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = sop_class
    data.Modality = modality
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape[0]) == ("volume", frames)
    assert np.allclose(stack.geometry.origins, positions_along()[:frames])


def test_micrometres_of_an_eye_are_kept_apart(tmp_path: Path) -> None:
    """B-scans of optical coherence tomography lie 12 µm apart, with pixels of 4 µm."""
    positions = positions_along(step=0.012, origin=(0, 0, 0))
    data = make_enhanced(positions)
    data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0.004, 0.011]
    data.Modality = "OPT"
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape, stack.timepoints) == ("volume", SHAPE, 1)
    assert stack.geometry.spacing == pytest.approx((0.012, 0.004, 0.011))


def test_radial_scans_of_an_eye_are_frames_with_planes(tmp_path: Path) -> None:
    data = make_enhanced()
    data.Modality = "OPT"
    for number, group in enumerate(data.PerFrameFunctionalGroupsSequence):
        turn = np.pi * number / 12
        plane = Dataset()
        plane.ImageOrientationPatient = [f"{x:.8f}" for x in (np.cos(turn), np.sin(turn), 0.0, 0.0, 0.0, -1.0)]
        group.PlaneOrientationSequence = Items([plane])
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape[0]) == ("frames", 12)
    assert stack.planes is not None
    assert "mixed_orientations" in codes(stack)


def test_the_volume_of_an_ultrasound_probe_has_no_sides(tmp_path: Path) -> None:
    data = make_enhanced()
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.6.2"
    data.Modality = "US"
    shared = data.SharedFunctionalGroupsSequence[0]
    orientation = Dataset()
    orientation.ImageOrientationVolume = [float(value) for value in AXIAL]
    shared.PlaneOrientationVolumeSequence = Items([orientation])
    del shared.PlaneOrientationSequence
    for group in data.PerFrameFunctionalGroupsSequence:
        place = Dataset()
        place.ImagePositionVolume = [float(value) for value in group.PlanePositionSequence[0].ImagePositionPatient]
        group.PlanePositionVolumeSequence = Items([place])
        del group.PlanePositionSequence
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape) == ("volume", SHAPE)
    assert stack.geometry.spacing[0] == pytest.approx(STEP)
    assert "orientation_unknown" in codes(stack)
    assert is_true(stack)


def tiles(name: str, count: int):
    """A level of a slide: tiles whose places on the slide are no places in a patient."""
    data = make_enhanced(positions_along(count), values=np.repeat(marker_values((1, 8, 8)), count, axis=0), name=name)
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.6"
    data.Modality = "SM"
    data.SeriesInstanceUID = "1.2.3.4.6"
    data.SharedFunctionalGroupsSequence = Items([Dataset()])
    for number, group in enumerate(data.PerFrameFunctionalGroupsSequence):
        place = Dataset()
        place.XOffsetInSlideCoordinateSystem, place.YOffsetInSlideCoordinateSystem = number * 0.5, 1.0
        place.ColumnPositionInTotalImagePixelMatrix, place.RowPositionInTotalImagePixelMatrix = 1 + 8 * number, 1
        group.PlanePositionSlideSequence = Items([place])
        del group.PlanePositionSequence
    return data


def test_tiles_of_a_slide_are_frames_and_its_levels_are_apart(tmp_path: Path) -> None:
    catalog = catalog_of(save_series([tiles("fine", 9), tiles("coarse", 4)], tmp_path))
    assert_census(catalog)
    stacks = stacks_of(tmp_path)
    assert [(stack.kind, stack.shape[0], stack.geometry) for stack in stacks] == [
        ("frames", 9, None),
        ("frames", 4, None),
    ]
    assert all("slide_tiles" in codes(stack) for stack in stacks)


# Dose grids


def dose(offsets: list[float], orientation=AXIAL, z: float = -30.0):
    place = positions_along(1, origin=(-20.0, -18.0, z), orientation=orientation)
    data = make_series(place, orientation, marker_values()[:1])[0]
    data.Modality = "RTDOSE"
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.2"
    del data.RescaleSlope, data.RescaleIntercept
    data.GridFrameOffsetVector = offsets
    data.DoseGridScaling = "0.01"
    set_pixels(data, np.repeat(np.arange(len(offsets), dtype=np.uint16), 24 * 32).reshape(-1, 24, 32))
    return data


FEET_FIRST = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)


@pytest.mark.parametrize(
    ("offsets", "orientation", "z", "planes"),
    [
        ([0, 3, 6, 9], AXIAL, -30, [-30, -27, -24, -21]),
        ([0, -3, -6, -9], AXIAL, -30, [-30, -33, -36, -39]),
        ([0, 3, 6, 9], FEET_FIRST, -30, [-30, -33, -36, -39]),
        ([-30, -27, -24, -21], AXIAL, -30, [-30, -27, -24, -21]),
        ([-30, -33, -36, -39], AXIAL, -30, [-30, -33, -36, -39]),
        ([-30, -27, -24, -21], FEET_FIRST, -30, [-30, -27, -24, -21]),
        ([100, 103, 106, 109], AXIAL, -30, [-30, -27, -24, -21]),
        ([0, 3, 6, 9], AXIAL, 0, [0, 3, 6, 9]),
    ],
    ids=["relative", "falling", "relative, turned", "absolute", "absolute, falling", "absolute, turned", "odd", "z 0"],
)
def test_planes_of_a_dose_grid_lie_where_either_form_says(
    tmp_path: Path, offsets: list[float], orientation, z: float, planes: list[float]
) -> None:
    """PS3.3 C.8.8.3.2: distances along the normal, or z in the patient where the first is the z of the first plane."""
    stack = only_stack(save_series([dose(offsets, orientation, z)], tmp_path))
    assert (stack.kind, stack.shape) == ("volume", (4, 24, 32))
    values = modality_values(stack)[:, 0, 0]
    found = {
        round(float(value) * 100): place for value, place in zip(values, stack.geometry.origins[:, 2], strict=True)
    }
    assert [found[number] for number in range(4)] == pytest.approx(planes)


def test_uneven_dose_planes_keep_their_places(tmp_path: Path) -> None:
    stack = only_stack(save_series([dose([0, 3, 6, 12])], tmp_path))
    assert stack.kind == "irregular"
    assert stack.geometry.origins[:, 2] == pytest.approx([-30, -27, -24, -18])


def test_a_dose_grid_with_too_few_offsets_is_frames(tmp_path: Path) -> None:
    data = dose([0, 3, 6, 9])
    data.GridFrameOffsetVector = [0, 3]
    assert only_stack(save_series([data], tmp_path)).kind == "frames"


# Segments


def test_segments_on_different_slices_are_apart_and_all_are_there(tmp_path: Path) -> None:
    """More segments than any slice has, on one, two and three slices."""
    places = [(1, 2), (2, 2), (3, 1), (3, 2), (3, 3), (4, 1), (5, 1)]
    values = np.stack([marker_values()[k] for _, k in places])
    data = make_enhanced(positions_along()[[k for _, k in places]], values=values, name="segments")
    data.Modality = "SEG"
    for (segment, _), group in zip(places, data.PerFrameFunctionalGroupsSequence, strict=True):
        item = Dataset()
        item.ReferencedSegmentNumber = segment
        group.SegmentIdentificationSequence = Items([item])
    catalog = catalog_of(save_series([data], tmp_path))
    assert_census(catalog)
    stacks = stacks_of(tmp_path)
    assert sorted((stack.shape[0], stack.timepoints) for stack in stacks) == [(1, 2), (1, 2), (3, 1)]
    pairs = [stack.dimensions[0] for stack in stacks if stack.timepoints > 1]
    assert sorted(pair.values for pair in pairs) == [(1, 2), (4, 5)]
    assert all(pair.name == "segment" for pair in pairs)


def test_segments_one_behind_the_other_are_two_volumes(tmp_path: Path) -> None:
    data = make_enhanced(name="behind")
    data.Modality = "SEG"
    for number, group in enumerate(data.PerFrameFunctionalGroupsSequence):
        item = Dataset()
        item.ReferencedSegmentNumber = 1 + number // 6
        group.SegmentIdentificationSequence = Items([item])
    assert [stack.shape[0] for stack in stacks_of(save_series([data], tmp_path))] == [6, 6]


# Films


def film(frames: int = 5, **attributes):
    data = make_series()[0]
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        del data[name]
    data.Modality = "US"
    for name, value in attributes.items():
        setattr(data, name, value)
    set_pixels(data, np.arange(frames * 48, dtype=np.uint8).reshape(frames, 6, 8))
    return data


@pytest.mark.parametrize(
    ("attributes", "milliseconds"),
    [
        ({"FrameTime": "40", "FrameIncrementPointer": 0x00181063}, 40),
        ({"FrameTimeVector": [0, 30, 30, 50, 50], "FrameIncrementPointer": 0x00181065}, 40),
        ({"FrameTime": "99", "FrameTimeVector": [0, 30, 50, 50, 30], "FrameIncrementPointer": 0x00181065}, 40),
        ({"FrameTime": "99", "FrameTimeVector": [0, 30, 50, 50, 30], "FrameIncrementPointer": 0x00181063}, 99),
        ({"CineRate": "20"}, 50),
        ({"RecommendedDisplayFrameRate": "25"}, 40),
        ({}, None),
    ],
)
@pytest.mark.parametrize("modality", ["US", "XA", "RF", "OT", "ES"])
def test_a_film_has_the_time_of_its_frames(tmp_path: Path, modality: str, attributes: dict, milliseconds) -> None:
    stack = only_stack(save_series([film(**{**attributes, "Modality": modality})], tmp_path))
    assert (stack.kind, stack.shape, stack.geometry) == ("frames", (5, 6, 8), None)
    assert stack.context.frame_time_ms == (None if milliseconds is None else pytest.approx(milliseconds))
    assert [frame.frame for frame in stack.frames] == list(range(5))


def test_two_films_of_a_series_are_two_stacks(tmp_path: Path) -> None:
    one, other = film(), film(frames=3)
    other.SOPInstanceUID, other.InstanceNumber = "1.2.3.44", 2
    other.file_meta.MediaStorageSOPInstanceUID = "1.2.3.44"
    stacks = stacks_of(save_series([one, other], tmp_path))
    assert [stack.shape[0] for stack in stacks] == [5, 3]


def grouped(**attributes: object) -> Dataset:
    item = Dataset()
    for name, value in attributes.items():
        setattr(item, name, value)
    return item


@pytest.mark.parametrize("shared", [True, False])
def test_an_enhanced_angiogram_has_the_spacing_of_its_detector(tmp_path: Path, shared: bool) -> None:
    """PS3.3 C.8.19.6.4: Imager Pixel Spacing stands in the Frame Pixel Data Properties of the functional groups."""
    data = make_enhanced(name=f"xa{shared}")
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.12.1.1"
    data.Modality = "XA"
    common = data.SharedFunctionalGroupsSequence[0]
    del common.PlaneOrientationSequence, common.PixelMeasuresSequence
    for group in data.PerFrameFunctionalGroupsSequence:
        del group.PlanePositionSequence
    for group in [common] if shared else data.PerFrameFunctionalGroupsSequence:
        group.FramePixelDataPropertiesSequence = Items([grouped(ImagerPixelSpacing=["0.2", "0.3"])])
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.pixel_spacing, stack.spacing_kind) == ("frames", (0.2, 0.3), "detector")


def test_tomosynthesis_has_the_spacing_of_the_patient(tmp_path: Path) -> None:
    """Its slices are reconstructed: what the detector measured says nothing about them."""
    data = make_enhanced(name="bto")
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.13.1.3"
    data.Modality = "MG"
    common = data.SharedFunctionalGroupsSequence[0]
    common.FramePixelDataPropertiesSequence = Items([grouped(ImagerPixelSpacing=["0.1", "0.1"])])
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.pixel_spacing, stack.spacing_kind) == ("volume", (1.5, 0.75), "patient")
    assert is_true(stack)


def test_tissue_and_flow_of_an_ultrasound_volume_are_a_dimension(tmp_path: Path) -> None:
    values = np.concatenate([marker_values(), marker_values()])
    data = make_enhanced(np.concatenate([positions_along()] * 2), values=values, name="us")
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.6.2"
    data.Modality = "US"
    data.DimensionIndexSequence = Items([grouped(DimensionIndexPointer=tag) for tag in (0x00189808, 0x00209301)])
    for number, group in enumerate(data.PerFrameFunctionalGroupsSequence):
        kind = ["TISSUE_INTENSITY", "FLOW_VELOCITY"][number // 12]
        group.ImageDataTypeSequence = Items([grouped(DataType=kind)])
        group.FrameContentSequence[0].DimensionIndexValues = [number // 12 + 1, number % 12 + 1]
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.shape, stack.timepoints) == (SHAPE, 2)
    assert [(axis.name, axis.values) for axis in stack.dimensions] == [("data type", (1, 2))]


def test_a_negative_distance_of_nuclear_medicine_slices_stacks_them_in_front(tmp_path: Path) -> None:
    """PS3.3 C.8.4.15: a negative Spacing Between Slices goes against row × column."""
    values = marker_values()
    data = make_series(name="spect", modality="NM")[0]
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.20"
    data.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    positions = positions_along(step=-STEP)
    detector = grouped(
        ImagePositionPatient=[float(value) for value in positions[0]], ImageOrientationPatient=list(AXIAL)
    )
    del data.ImagePositionPatient, data.ImageOrientationPatient
    data.DetectorInformationSequence = Items([detector])
    set_pixels(data, (values + 1024).astype(np.int16))
    data.SliceVector, data.NumberOfSlices = list(range(1, len(values) + 1)), len(values)
    data.SpacingBetweenSlices = str(-STEP)
    stack = only_stack(save_series([data], tmp_path))
    assert stack.kind == "volume"
    assert np.allclose(marker_centroid(stack), true_centroid(values, positions), atol=0.01)


def test_the_kernel_of_an_enhanced_object_is_no_field_of_view(tmp_path: Path) -> None:
    """PS3.3 C.8.15.3.7: Convolution Kernel, else its group; Reconstruction Field of View stands beside them."""
    for name, kernel, expected in (
        ("kernel", {"ConvolutionKernel": "B70f", "ConvolutionKernelGroup": "LUNG"}, "B70f"),
        ("group", {"ConvolutionKernelGroup": "LUNG"}, "LUNG"),
        ("none", {}, ""),
    ):
        data = make_enhanced(name=name)
        item = grouped(ReconstructionFieldOfView=[350.0, 350.0], **kernel)
        data.SharedFunctionalGroupsSequence[0].CTReconstructionSequence = Items([item])
        assert only_stack(save_series([data], tmp_path / name)).context.kernel == expected
