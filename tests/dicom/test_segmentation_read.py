"""Every kind of segmentation lies on the voxels that its writer meant, whatever the order, grid and selection of its frames."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from medview.core.overlay import StudyOverlay
from medview.core.problem import MedviewError
from medview.core.study import Stack
from medview.dicom import segmentation_read
from medview.dicom.catalog import Catalog
from medview.dicom.scan import scan_paths
from medview.dicom.segmentation_read import open_segmentation, read_segmentation
from tests.phantoms.dicom_series import AXIAL, make_enhanced, make_series, marker_values, positions_along, save_series
from tests.phantoms.study_objects import make_segmentation, points_of, save, shuffle_frames, sorted_points
from tests.shared import shared_path

OBLIQUE = (0.8, 0.6, 0.0, -0.48, 0.64, 0.6)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
MARKER = marker_values() > 600


def stack_of(folder: Path) -> Stack:
    from medview.core.progress import no_progress

    catalog = Catalog()
    for batch in scan_paths([str(folder)], no_progress):
        catalog.add(batch)
    (stack,) = (one for study in catalog.studies() for series in study.series for one in series.stacks)
    return stack


def points(overlay: StudyOverlay, value: int) -> np.ndarray:
    """(n, 3) LPS of all voxels with a label, whichever map they are in."""
    found = []
    for one in overlay.segmentations:
        assert one.geometry is not None
        found.append(one.geometry.voxel_to_patient(np.argwhere(one.labels == value)))
    return sorted_points(np.concatenate(found))


def series(tmp_path: Path, orientation: Sequence[float] = AXIAL) -> tuple[list, Stack]:
    sources = make_series(orientation=orientation)
    return sources, stack_of(save_series(sources, tmp_path / "images"))


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, OBLIQUE], ids=["axial", "sagittal", "oblique"])
@pytest.mark.parametrize("order", ["stored", "reversed", "shuffled"])
def test_a_binary_segmentation_lies_where_its_frames_say_not_where_they_stand(
    tmp_path: Path, orientation: Sequence[float], order: str
) -> None:
    sources, stack = series(tmp_path, orientation)
    made = make_segmentation(sources, MARKER.astype(np.uint8))
    count = len(made.PerFrameFunctionalGroupsSequence)
    assert count < len(MARKER)  # empty frames were left out
    orders = {"stored": range(count), "reversed": range(count)[::-1], "shuffled": [2, 0, 1][:count]}
    path = save(shuffle_frames(made, list(orders[order])), tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    truth = points_of(MARKER, positions_along(orientation=orientation), orientation)
    np.testing.assert_allclose(points(overlay, 1), truth, atol=2e-3)


def test_the_parts_say_name_colour_codes_algorithm_and_volume(tmp_path: Path) -> None:
    sources, stack = series(tmp_path)
    path = save(make_segmentation(sources, MARKER.astype(np.uint8), names=["left lobe"]), tmp_path / "seg.dcm")
    (part,) = read_segmentation(open_segmentation(str(path)), stack).parts
    assert part.label.name == "left lobe"
    assert np.abs(np.subtract(part.label.colour, (255, 0, 0))).max() <= 8  # the writer rounds CIELab to 8 bits
    assert part.label.type is not None
    assert part.label.type.meaning == "Liver"
    assert part.algorithm == "finder"
    assert part.volume_ml == pytest.approx(MARKER.sum() * 1.5 * 0.75 * 2.5 / 1000)
    assert part.centre is not None
    assert stack.geometry is not None
    k, j, i = np.round(stack.geometry.patient_to_voxel(part.centre)).astype(int)
    assert MARKER[k, j, i]


def test_overlapping_segments_are_whole_each_in_a_map_of_its_own(tmp_path: Path) -> None:
    sources, stack = series(tmp_path)
    masks = np.zeros((*MARKER.shape, 3), np.uint8)
    masks[2:8, 4:14, 5:20, 0] = 1
    masks[4:6, 8:20, 10:30, 1] = 1
    masks[8:10, 4:14, 5:20, 2] = 1
    path = save(make_segmentation(sources, masks, names=["a", "b", "c"]), tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    assert len(overlay.segmentations) == 2
    for value in (1, 2, 3):
        np.testing.assert_allclose(
            points(overlay, value), points_of(masks[..., value - 1], positions_along(), AXIAL), atol=2e-3
        )


@pytest.mark.parametrize(("kind", "threshold"), [("PROBABILITY", 0.5), ("OCCUPANCY", 0.5), ("PROBABILITY", 0.9)])
def test_fractions_belong_to_a_segment_from_the_threshold_on(tmp_path: Path, kind: str, threshold: float) -> None:
    sources, stack = series(tmp_path)
    fractions = np.zeros(MARKER.shape, np.float64)
    fractions[3:6, 5:15, 5:20] = np.linspace(0, 1, 15)
    made = make_segmentation(sources, fractions, "FRACTIONAL", fractional_type=kind, max_fractional_value=200)
    path = save(made, tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack, threshold=threshold)
    assert overlay.thresholded
    truth = np.round(fractions * 200) >= np.ceil(threshold * 200)
    np.testing.assert_allclose(points(overlay, 1), points_of(truth, positions_along(), AXIAL), atol=2e-3)


@pytest.mark.parametrize("shift", [0, 300], ids=["8 bit", "16 bit"])
def test_a_label_map_holds_segment_numbers(tmp_path: Path, shift: int) -> None:
    sources, stack = series(tmp_path)
    labels = np.zeros(MARKER.shape, np.uint8)
    labels[2:5, 3:9, 4:12] = 1
    labels[5:9, 6:20, 8:30] = 2
    made = make_segmentation(sources, labels, "LABELMAP", names=["a", "b"])
    if shift:  # as many segments as need 16 bits
        stored = np.frombuffer(made.PixelData, np.uint8)[: made.Rows * made.Columns * int(made.NumberOfFrames)]
        made.BitsAllocated = made.BitsStored = 16
        made.HighBit = 15
        made.PixelData = np.where(stored > 0, stored.astype(np.uint16) + shift, 0).astype(np.uint16).tobytes()
        made["PixelData"].VR = "OW"
        for item in made.SegmentSequence:
            item.SegmentNumber += shift if item.SegmentNumber else 0
    path = save(made, tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    assert [part.label.name for part in overlay.parts] == ["a", "b"]
    for value in (1, 2):
        np.testing.assert_allclose(
            points(overlay, value + shift), points_of(labels == value, positions_along(), AXIAL), atol=2e-3
        )


@pytest.mark.parametrize("bits", [8, 16])
def test_a_label_map_with_a_palette_has_its_colours(tmp_path: Path, bits: int) -> None:
    """PS3.3 C.8.20.2, C.7.6.3.1.5: pixels are segment numbers all the same; the palette says how each looks."""
    sources, stack = series(tmp_path)
    labels = np.zeros(MARKER.shape, np.uint8)
    labels[2:5, 3:9, 4:12] = 1
    labels[5:9, 6:20, 8:30] = 2
    made = make_segmentation(sources, labels, "LABELMAP", names=["a", "b"])
    made.PhotometricInterpretation = "PALETTE COLOR"
    for colour, entries in (("Red", [0, 10, 200]), ("Green", [0, 120, 30]), ("Blue", [0, 240, 5])):
        setattr(made, f"{colour}PaletteColorLookupTableDescriptor", [3, 0, bits])
        table = np.array(entries, "u1" if bits == 8 else "<u2")
        data = (table if bits == 8 else table * 257).tobytes()
        setattr(made, f"{colour}PaletteColorLookupTableData", data + bytes(len(data) % 2))
    for item in made.SegmentSequence:
        if "RecommendedDisplayCIELabValue" in item:
            del item.RecommendedDisplayCIELabValue
    path = save(made, tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    assert [part.label.colour for part in overlay.parts] == [(10, 120, 240), (200, 30, 5)]
    for value in (1, 2):
        np.testing.assert_allclose(
            points(overlay, value), points_of(labels == value, positions_along(), AXIAL), atol=2e-3
        )


@pytest.mark.parametrize("columns", [32, 29, 27], ids=["byte aligned", "not aligned", "odd"])
def test_bits_of_frames_that_begin_inside_a_byte(tmp_path: Path, columns: int) -> None:
    values = marker_values()[:, :23, :columns].copy()
    sources = make_series(values=values)
    stack = stack_of(save_series(sources, tmp_path / "images"))
    mask = np.random.default_rng(3).random(values.shape) < 0.3
    path = save(make_segmentation(sources, mask.astype(np.uint8)), tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    np.testing.assert_allclose(points(overlay, 1), points_of(mask, positions_along(), AXIAL), atol=2e-3)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80"], ids=["RLE", "JPEG-LS"])
def test_compressed_frames(tmp_path: Path, syntax: str) -> None:
    sources, stack = series(tmp_path)
    made = make_segmentation(
        sources,
        np.where(MARKER, 0.75, 0.0),
        "FRACTIONAL",
        fractional_type="PROBABILITY",
        max_fractional_value=100,
        transfer_syntax_uid=syntax,
    )
    path = save(made, tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    np.testing.assert_allclose(points(overlay, 1), points_of(MARKER, positions_along(), AXIAL), atol=2e-3)


def test_a_selection_of_slices_of_an_enhanced_image_in_any_order(tmp_path: Path) -> None:
    order = [5, 0, 11, 3, 7, 1, 9, 2, 10, 4, 8, 6]
    enhanced = make_enhanced(order=order)
    stack = stack_of(save_series([enhanced], tmp_path / "images"))
    mask = np.zeros(MARKER.shape, np.uint8)
    mask[[1, 2, 9], 4:10, 6:17] = 1
    path = save(make_segmentation([enhanced], mask[order]), tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    np.testing.assert_allclose(points(overlay, 1), points_of(mask, positions_along(), AXIAL), atol=2e-3)


def test_lone_slices_are_as_thick_as_a_slice_and_do_not_fill_what_lies_between(tmp_path: Path) -> None:
    """Without the images that it was made on, only the stated thickness says so."""
    sources, _ = series(tmp_path)
    mask = np.zeros(MARKER.shape, np.uint8)
    mask[[1, 9], 4:10, 6:17] = 1
    path = save(make_segmentation(sources, mask), tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), None)
    (one,) = overlay.segmentations
    assert one.geometry is not None
    z = positions_along()[:, 2]
    for middle, there in ((z[1], True), (z[5], False), (z[9], True)):
        k, j, i = np.round(one.geometry.patient_to_voxel((-20 + 10 * 0.75, -18 + 6 * 1.5, middle))).astype(int)
        assert bool(one.labels[k, j, i]) is there


def test_a_finer_grid_stays_its_own(tmp_path: Path) -> None:
    sources, stack = series(tmp_path)
    made = make_segmentation(sources, MARKER.astype(np.uint8))
    # Twice as many pixels each way over the same region.
    cells = np.unpackbits(np.frombuffer(made.PixelData, np.uint8), bitorder="little")
    frames = cells[: 24 * 32 * int(made.NumberOfFrames)].reshape(-1, 24, 32)
    fine = frames.repeat(2, axis=1).repeat(2, axis=2)
    made.Rows, made.Columns = 48, 64
    made.PixelData = np.packbits(fine.ravel(), bitorder="little").tobytes()
    shared = made.SharedFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence[0].PixelSpacing = [0.75, 0.375]
    for group in made.PerFrameFunctionalGroupsSequence:
        x, y, z = group.PlanePositionSequence[0].ImagePositionPatient
        group.PlanePositionSequence[0].ImagePositionPatient = [x - 0.1875, y - 0.375, z]
    path = save(made, tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    (one,) = overlay.segmentations
    assert one.labels.shape[1:] == (48, 64)
    assert overlay.parts[0].volume_ml == pytest.approx(MARKER.sum() * 1.5 * 0.75 * 2.5 / 1000)
    truth = points_of(MARKER, positions_along(), AXIAL).mean(axis=0)
    np.testing.assert_allclose(points(overlay, 1).mean(axis=0), truth, atol=2e-3)


@pytest.mark.parametrize("tilt_mm", [0.0, 0.4], ids=["straight", "tilted"])
def test_frames_of_one_depth_that_begin_at_other_corners_stay_apart(
    tmp_path: Path, tilt_mm: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments that a writer cut each to its own box, on images that wander from slice to slice too."""
    positions = positions_along() + np.arange(12)[:, None] * [0.0, tilt_mm, 0.0]
    sources = make_series(positions=positions)
    stack = stack_of(save_series(sources, tmp_path / "images"))
    masks = np.repeat(MARKER.astype(np.uint8)[..., None], 2, axis=3)
    made = make_segmentation(sources, masks, names=["a", "b"])
    for group in made.PerFrameFunctionalGroupsSequence:
        group.PlanePositionSequence = copy.deepcopy(list(group.PlanePositionSequence))
        if group.SegmentIdentificationSequence[0].ReferencedSegmentNumber == 2:
            x, y, z = group.PlanePositionSequence[0].ImagePositionPatient
            group.PlanePositionSequence[0].ImagePositionPatient = [x + 3.0, y - 4.5, z]
    overlay = read_segmentation(open_segmentation(str(save(made, tmp_path / "seg.dcm"))), stack)
    assert len(overlay.segmentations) == 2
    truth = points_of(MARKER, positions, AXIAL)
    np.testing.assert_allclose(points(overlay, 1), truth, atol=2e-3)
    np.testing.assert_allclose(points(overlay, 2), sorted_points(truth + np.array((3.0, -4.5, 0.0))), atol=2e-3)
    monkeypatch.setattr(segmentation_read, "MOST_CORNERS", 1)
    with pytest.raises(MedviewError, match="2 different corners"):
        read_segmentation(open_segmentation(str(tmp_path / "seg.dcm")), stack)


def test_images_without_a_place_carry_the_frames_that_were_derived_from_them(tmp_path: Path) -> None:
    sources = make_series()
    for data in sources:
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient"):
            delattr(data, keyword)
        data.Modality = "OT"
    stack = stack_of(save_series(sources, tmp_path / "images"))
    assert stack.geometry is None
    with_place = make_series()
    made = make_segmentation(with_place, MARKER.astype(np.uint8))
    del made.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
    for group in made.PerFrameFunctionalGroupsSequence:
        del group.PlanePositionSequence
    path = save(shuffle_frames(made, [1, 2, 0]), tmp_path / "seg.dcm")
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    (labels,) = overlay.frame_labels
    uids = [frame.sop_uid for frame in stack.frames]
    for k, source in enumerate(sources):
        at = uids.index(source.SOPInstanceUID)
        drawn = labels.get(at, np.zeros(MARKER.shape[1:]))
        np.testing.assert_array_equal(drawn > 0, MARKER[k])


def test_damaged_objects_are_refused_with_their_name(tmp_path: Path) -> None:
    sources, stack = series(tmp_path)
    made = make_segmentation(sources, MARKER.astype(np.uint8))
    whole = save(made, tmp_path / "whole.dcm").read_bytes()
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(whole[:-100])
    with pytest.raises(MedviewError, match=r"cut\.dcm") as caught:
        read_segmentation(open_segmentation(str(cut)), stack)
    assert caught.value.code == "truncated_pixels"
    for group in [*made.SharedFunctionalGroupsSequence, *made.PerFrameFunctionalGroupsSequence]:
        group.pop("SegmentIdentificationSequence", None)
    made.SegmentSequence.append(made.SegmentSequence[0])
    nameless = save(made, tmp_path / "nameless.dcm")
    with pytest.raises(MedviewError, match="which segment"):
        open_segmentation(str(nameless))


def test_a_great_many_label_maps_are_refused_before_they_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, stack = series(tmp_path)
    path = save(make_segmentation(sources, MARKER.astype(np.uint8)), tmp_path / "seg.dcm")
    monkeypatch.setattr("medview.dicom.segmentation_read.MOST_BYTES", 1000)
    with pytest.raises(MedviewError) as caught:
        read_segmentation(open_segmentation(str(path)), stack)
    assert caught.value.code == "unusable_segmentation"


@pytest.mark.parametrize(
    "name",
    [
        "QIICR+dcmqi/data/segmentations/liver.dcm",
        "QIICR+dcmqi/data/segmentations/partial_overlaps.dcm",
        "QIICR+dcmqi/data/segmentations/24x38x3/seg/label.seg",
        "QIICR+dcmqi/data/segmentations/23x38x3/seg/label.seg",
        "pydicom+pydicom-data/data_store/data/liver_nonbyte_aligned.dcm",
        "FNNDSC+data/dicom/rsna_2/SEG/3DSlicer/tumor_User1_Manual_Trial1.dcm",
    ],
)
def test_real_segmentations_lie_where_highdicom_says(name: str) -> None:
    import highdicom as hd

    path = shared_path(f"data/{name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        truth = hd.seg.segread(path)
        overlay = read_segmentation(open_segmentation(str(path)), None)
        for number in truth.segment_numbers:
            volume = truth.get_volume(segment_numbers=[number], combine_segments=False, allow_missing_positions=True)
            found = points(overlay, int(number))
            mask = np.argwhere(np.asarray(volume.array)[..., 0] > 0)
            expected = sorted_points(np.asarray(volume.map_indices_to_reference(mask)))
            np.testing.assert_allclose(found, expected, atol=5e-3)


@pytest.mark.parametrize("name", ["liver_nonbyte_aligned_j2k.dcm", "liver_nonbyte_aligned_rle.dcm"])
def test_compressed_single_bits_are_those_of_the_plain_object(name: str) -> None:
    folder = shared_path("data/pydicom+pydicom-data/data_store/data")
    plain, packed = (
        read_segmentation(open_segmentation(str(folder / one)), None) for one in ("liver_nonbyte_aligned.dcm", name)
    )
    np.testing.assert_array_equal(plain.segmentations[0].labels, packed.segmentations[0].labels)


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, OBLIQUE], ids=["axial", "sagittal", "oblique"])
def test_dcmqi_sees_the_same_voxels(tmp_path: Path, orientation: Sequence[float]) -> None:
    program = shutil.which("segimage2itkimage", path=str(Path(sys.executable).parent)) or shutil.which(
        "segimage2itkimage"
    )
    if program is None:
        pytest.skip("needs segimage2itkimage of dcmqi")
    import SimpleITK as sitk

    sources, stack = series(tmp_path, orientation)
    made = make_segmentation(sources, MARKER.astype(np.uint8))
    path = save(shuffle_frames(made, [2, 0, 1]), tmp_path / "seg.dcm")
    out = tmp_path / "out"
    out.mkdir()
    arguments = ["--inputDICOM", str(path), "--outputDirectory", str(out), "--outputType", "nrrd"]
    subprocess.run([program, *arguments], check=True, capture_output=True)
    (file,) = out.glob("*.nrrd")
    image = sitk.ReadImage(str(file))
    places = np.argwhere(sitk.GetArrayFromImage(image) > 0)
    expected = np.array([image.TransformIndexToPhysicalPoint([int(i), int(j), int(k)]) for k, j, i in places])
    found = points(read_segmentation(open_segmentation(str(path)), stack), 1)
    assert len(found) == len(expected)
    distance = np.linalg.norm(found[:, None] - expected[None], axis=-1).min(axis=1)
    assert distance.max() < 5e-3


def test_frames_without_a_direction_are_refused_in_words(tmp_path: Path) -> None:
    stack = stack_of(save_series(make_series(), tmp_path / "images"))
    made = make_segmentation(make_series(), MARKER.astype(np.uint8))
    made.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient = [0] * 6
    path = save(made, tmp_path / "seg.dcm")
    with pytest.raises(MedviewError, match="no direction in the patient"):
        read_segmentation(open_segmentation(str(path)), stack)
