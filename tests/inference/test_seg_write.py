"""Label maps as DICOM Segmentation: valid, read back voxel by voxel by other programs, refused where impossible."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from medview.app.open_paths import open_all
from medview.core.finding import Code, Label, Provenance, Segmentation
from medview.core.problem import ExitCode, MedviewError
from medview.core.study import Stack
from medview.dicom.seg_write import write_segmentation_object
from tests.inference.volumes import axial_geometry, stack_of, volume_of
from tests.phantoms import dicom_series

Array = np.ndarray[Any, Any]

MADE = Provenance(
    package_id="lungs",
    package_name="Lungs on CT",
    package_version="1.2",
    package_sha256="ab" * 32,
    device_requested="auto",
    device_used="cpu",
    series_uid="1.2",
    stack_id="s",
    finished_at="2026-11-21T10:00:00+00:00",
    duration_s=1.0,
    model_sha256="cd" * 32,
    overrides=("tilted",),
)
MEANINGS = (
    Label(
        2,
        "Right lung",
        (90, 160, 255),
        Code("123037004", "SCT", "Anatomical Structure"),
        Code("3341006", "SCT", "Right lung"),
    ),
    Label(5, "Something without codes", (255, 120, 0)),
)
SERIES = {
    "axial": dicom_series.AXIAL,
    "coronal": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
    "oblique": (0.8, 0.6, 0.0, -0.6, 0.8, 0.0),
}


def some_labels(shape: tuple[int, int, int]) -> Array:
    labels = np.zeros(shape, np.uint8)
    labels[3:7, 4:12, 5:20] = 2
    labels[5, 6:9, 22:30] = 5
    return labels


def only_stack(folder: Path) -> Stack:
    stacks = [stack for study in open_all([str(folder)]).studies for series in study.series for stack in series.stacks]
    assert len(stacks) == 1
    return stacks[0]


def frames_of(path: Path, stack: Stack) -> Array:
    """The label map by the positions that the object itself states, read with pydicom alone."""
    data = pydicom.dcmread(path)
    assert stack.geometry is not None
    bits = np.unpackbits(np.frombuffer(data.PixelData, np.uint8), bitorder="little")
    size = data.Rows * data.Columns
    labels = np.zeros(stack.shape, np.uint8)
    values = [label.value for label in MEANINGS]
    for n, group in enumerate(data.PerFrameFunctionalGroupsSequence):
        position = [float(x) for x in group.PlanePositionSequence[0].ImagePositionPatient]
        k, j, i = stack.geometry.patient_to_voxel(position)
        assert abs(k - round(k)) < 1e-3
        np.testing.assert_allclose([j, i], 0, atol=1e-3)
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        plane = bits[n * size : (n + 1) * size].reshape(data.Rows, data.Columns)
        labels[round(float(k))][plane > 0] = values[number - 1]
    return labels


def validated(path: Path) -> None:
    """No error of dciodvfy (dicom3tools)."""
    tool = shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy is not installed")
    said = subprocess.run([tool, "-new", str(path)], capture_output=True, text=True, check=False).stderr
    assert [line for line in said.splitlines() if line.startswith("Error")] == []


@pytest.mark.parametrize("name", sorted(SERIES))
def test_a_segmentation_is_valid_and_lies_where_it_should(name: str, tmp_path: Path) -> None:
    folder = dicom_series.save_series(
        dicom_series.make_series(orientation=SERIES[name]), tmp_path / "in", order=[*range(11, -1, -1)]
    )
    stack = only_stack(folder)
    labels = some_labels(stack.shape)
    path = tmp_path / "segmentation.dcm"
    write_segmentation_object(path, Segmentation(labels, stack.geometry, MEANINGS), stack.frames, MADE)
    validated(path)
    np.testing.assert_array_equal(frames_of(path, stack), labels)
    data = pydicom.dcmread(path)
    assert data.SegmentationType == "BINARY"
    assert data.NumberOfFrames == 4 + 1, "empty frames are left out"
    first = data.SegmentSequence[0]
    assert first.SegmentLabel == "Right lung"
    assert first.SegmentedPropertyTypeCodeSequence[0].CodeValue == "3341006"
    algorithm = first.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("Lungs on CT", "1.2")
    assert "cd" * 32 in algorithm.AlgorithmParameters
    assert "tilted" in algorithm.AlgorithmParameters
    assert "not for diagnosis" in data.ContentDescription
    assert data.StudyInstanceUID == pydicom.dcmread(stack.frames[0].path).StudyInstanceUID
    referenced = {item.ReferencedSOPInstanceUID for item in data.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
    assert referenced <= {frame.sop_uid for frame in stack.frames}


@pytest.mark.parametrize("name", ["axial", "oblique"])
def test_dcmqi_reads_it_back_voxel_by_voxel(name: str, tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    tool = Path(shutil.which("segimage2itkimage") or Path(__import__("sys").executable).parent / "segimage2itkimage")
    if not tool.exists():
        pytest.skip("dcmqi is not installed")
    folder = dicom_series.save_series(dicom_series.make_series(orientation=SERIES[name]), tmp_path / "in")
    stack = only_stack(folder)
    labels = some_labels(stack.shape)
    path = tmp_path / "segmentation.dcm"
    write_segmentation_object(path, Segmentation(labels, stack.geometry, MEANINGS), stack.frames, MADE)
    (tmp_path / "out").mkdir()
    words = [str(tool), "--inputDICOM", str(path), "--outputDirectory", str(tmp_path / "out"), "-t", "nii"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert stack.geometry is not None
    for number, label in enumerate(MEANINGS, start=1):
        image = nibabel.load(next((tmp_path / "out").glob(f"{number}.nii*")))
        voxels = np.argwhere(np.asarray(image.dataobj) != 0)
        points = (voxels @ image.affine[:3, :3].T + image.affine[:3, 3]) * [-1, -1, 1]
        back = stack.geometry.patient_to_voxel(points)
        np.testing.assert_allclose(back, np.round(back), atol=1e-3)
        read = np.zeros(stack.shape, bool)
        read[tuple(np.round(back).astype(int).T)] = True
        np.testing.assert_array_equal(read, labels == label.value)


def test_an_enhanced_source_in_shuffled_order(tmp_path: Path) -> None:
    data = dicom_series.make_enhanced()
    (tmp_path / "in").mkdir()
    data.save_as(tmp_path / "in" / "enhanced.dcm", enforce_file_format=True)
    stack = only_stack(tmp_path / "in")
    labels = some_labels(stack.shape)
    path = tmp_path / "segmentation.dcm"
    write_segmentation_object(path, Segmentation(labels, stack.geometry, MEANINGS), stack.frames, MADE)
    np.testing.assert_array_equal(frames_of(path, stack), labels)


def test_tilted_and_uneven_sources_keep_their_positions(tmp_path: Path) -> None:
    straight = dicom_series.positions_along()
    tilted = straight + np.arange(12)[:, None] * [0, 0.6, 0]
    uneven = straight + np.where(np.arange(12) > 6, 3.0, 0.0)[:, None] * [0, 0, 1]
    for name, positions in (("tilted", tilted), ("uneven", uneven)):
        folder = dicom_series.save_series(dicom_series.make_series(positions, name=name), tmp_path / name)
        stack = only_stack(folder)
        assert stack.kind in {"sheared", "irregular"}
        labels = some_labels(stack.shape)
        path = tmp_path / f"{name}.dcm"
        write_segmentation_object(path, Segmentation(labels, stack.geometry, MEANINGS), stack.frames, MADE)
        np.testing.assert_array_equal(frames_of(path, stack), labels)


def test_nothing_found_is_written_as_such(tmp_path: Path) -> None:
    stack = only_stack(dicom_series.save_series(dicom_series.make_series(), tmp_path / "in"))
    path = tmp_path / "segmentation.dcm"
    write_segmentation_object(
        path, Segmentation(np.zeros(stack.shape, np.uint8), stack.geometry, MEANINGS), stack.frames, MADE
    )
    validated(path)
    assert not frames_of(path, stack).any()


def test_de_identified_sources_that_lack_attributes(tmp_path: Path) -> None:
    def strip(_: int, data: Any) -> None:
        for keyword in ("PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "SliceThickness"):
            data.pop(keyword, None)
        data.PatientAge = "0Y"

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = dicom_series.each(dicom_series.make_series(), strip)
        folder = dicom_series.save_series(made, tmp_path / "in")
    stack = only_stack(folder)
    path = tmp_path / "segmentation.dcm"
    write_segmentation_object(
        path, Segmentation(some_labels(stack.shape), stack.geometry, MEANINGS), stack.frames, MADE
    )
    validated(path)


@pytest.mark.parametrize(
    ("charset", "patient"),
    [("GB18030", "王^小东"), ("ISO_IR 100", "Müller^Jörg"), ("ISO_IR 192", "山田^太郎"), (None, "Doe^Jane")],
)
def test_names_in_any_script(charset: str | None, patient: str, tmp_path: Path) -> None:
    def name(_: int, data: Any) -> None:
        if charset is not None:
            data.SpecificCharacterSet = charset
        data.PatientName = patient

    folder = dicom_series.save_series(dicom_series.each(dicom_series.make_series(), name), tmp_path / "in")
    stack = only_stack(folder)
    meanings = (Label(2, "左肺 " + "很" * 80, (1, 2, 3)), Label(5, "Lésion", (3, 4, 5)))
    path = tmp_path / "segmentation.dcm"
    made = replace(MADE, package_name="肺 " + "分割" * 40, package_version="1" * 31)
    write_segmentation_object(
        path, Segmentation(some_labels(stack.shape), stack.geometry, meanings), stack.frames, made
    )
    data = pydicom.dcmread(path)
    assert str(data.PatientName) == patient
    assert data.SegmentSequence[0].SegmentLabel.startswith("左肺 很")
    assert data.SegmentSequence[1].SegmentLabel == "Lésion"
    assert data.SeriesDescription.startswith("肺 分割")
    validated(path)


def test_impossible_sources_are_told(tmp_path: Path) -> None:
    volume = volume_of(np.zeros((3, 4, 5), np.int16), axial_geometry((3, 4, 5)))
    labels = np.zeros((3, 4, 5), np.uint8)
    path = tmp_path / "segmentation.dcm"
    stack = stack_of(volume)  # names files that do not exist
    for geometry, frames in ((None, stack.frames), (volume.geometry, ()), (volume.geometry, stack.frames)):
        with pytest.raises(MedviewError) as caught:
            write_segmentation_object(path, Segmentation(labels, geometry, MEANINGS), frames, MADE)
        assert caught.value.code == "seg_impossible"
    assert not list(tmp_path.iterdir())


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    stack = only_stack(dicom_series.save_series(dicom_series.make_series(), tmp_path / "in"))
    with pytest.raises(MedviewError) as caught:
        write_segmentation_object(
            tmp_path / "no folder" / "segmentation.dcm",
            Segmentation(some_labels(stack.shape), stack.geometry, MEANINGS),
            stack.frames,
            MADE,
        )
    assert caught.value.exit_code is ExitCode.CANNOT_WRITE


@pytest.mark.parametrize("kind", ["binary", "fractional", "labelmap"])
@pytest.mark.parametrize("frames", [1, 5])
def test_images_without_a_place_carry_one_by_their_frames(kind: Any, frames: int, tmp_path: Path) -> None:
    """Radiographs, ultrasound and angiography: no frame of reference, each frame says which frame it was derived from."""
    from medview.dicom.segmentation_read import open_segmentation, read_segmentation

    sources = dicom_series.make_series()[:1]
    data = sources[0]
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID", "SliceThickness"):
        if keyword in data:
            delattr(data, keyword)
    data.Modality, data.SOPClassUID = (
        "US",
        "1.2.840.10008.5.1.4.1.1.3.1" if frames > 1 else "1.2.840.10008.5.1.4.1.1.6.1",
    )
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    if frames > 1:
        data.NumberOfFrames = frames
        data.PixelData = data.PixelData * frames
    stack = only_stack(dicom_series.save_series(sources, tmp_path / "in"))
    assert stack.geometry is None
    assert stack.shape[0] == frames
    labels = np.zeros(stack.shape, np.uint8)
    labels[frames // 2, 4:12, 5:20] = 2
    labels[0, 6:9, 22:30] = 5
    path = tmp_path / "segmentation.dcm"
    write_segmentation_object(path, Segmentation(labels, None, MEANINGS), stack.frames, MADE, kind)
    if kind != "labelmap":  # dciodvfy is older than its class
        validated(path)
    made = pydicom.dcmread(path)
    assert "FrameOfReferenceUID" not in made
    told = {
        (str(one.ReferencedSOPInstanceUID), one.get("ReferencedFrameNumber"))
        for group in made.PerFrameFunctionalGroupsSequence
        for one in group.DerivationImageSequence[0].SourceImageSequence
    }
    number = [1, 1 + frames // 2] if frames > 1 else [None]
    assert told == {(str(data.SOPInstanceUID), one) for one in number}
    assert [
        str(one.ReferencedSOPInstanceUID) for one in made.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    ] == [str(data.SOPInstanceUID)]
    overlay = read_segmentation(open_segmentation(str(path)), stack)
    back = np.zeros(stack.shape, np.uint8)
    for layer in overlay.frame_labels:
        for k, drawn in layer.items():
            back[k][drawn > 0] = np.array([0, 2, 5], np.uint8)[drawn[drawn > 0]]
    np.testing.assert_array_equal(back, labels)
