"""Segmentations, structure sets, maps and doses over the marker phantom, written by highdicom and pydicom."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence as Items

from tests.phantoms.dicom_series import SPACING, _instance, set_pixels, uid

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def with_type_two(sources: Sequence[FileDataset]) -> Sequence[FileDataset]:
    """What highdicom asks for although it may be empty."""
    for data in sources:
        for keyword in ("PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "ReferringPhysicianName"):
            if keyword not in data:
                setattr(data, keyword, "")
    return sources


def described(number: int, name: str, rgb: tuple[int, int, int] | None = None) -> Any:
    """A segment description with codes."""
    import highdicom as hd
    from pydicom.sr.codedict import codes

    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=name,
        segmented_property_category=codes.SCT.Organ,
        segmented_property_type=codes.SCT.Liver,
        algorithm_type="AUTOMATIC",
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name="finder", version="2.1", family=codes.cid7162.ArtificialIntelligence
        ),
        display_color=None if rgb is None else hd.color.CIELabColor.from_rgb(*rgb),
    )


def make_segmentation(
    sources: Sequence[FileDataset],
    pixels: np.ndarray,
    kind: str = "BINARY",
    names: Sequence[str] = ("one",),
    name: str = "segmentation",
    **more: Any,
) -> FileDataset:
    """A segmentation by highdicom of ``pixels`` (frames, j, i[, segments])."""
    import highdicom as hd

    colours = [(255, 0, 0), (0, 128, 0), (0, 0, 255), (200, 200, 0)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return hd.seg.Segmentation(
            source_images=list(with_type_two(sources)),
            pixel_array=pixels,
            segmentation_type=kind,
            segment_descriptions=[described(n, each, colours[n - 1]) for n, each in enumerate(names, start=1)],
            series_instance_uid=uid("series", name),
            series_number=90,
            sop_instance_uid=uid(name),
            instance_number=1,
            manufacturer="tests",
            manufacturer_model_name="tests",
            software_versions="1",
            device_serial_number="1",
            **more,
        )


def shuffle_frames(data: FileDataset, order: Sequence[int]) -> FileDataset:
    """The same object with its frames stored in another order (8-bit or whole-byte frames)."""
    groups = list(data.PerFrameFunctionalGroupsSequence)
    data.PerFrameFunctionalGroupsSequence = Items([groups[at] for at in order])
    bits = data.BitsAllocated
    cells = data.Rows * data.Columns
    if bits == 1:
        values = np.unpackbits(np.frombuffer(data.PixelData, np.uint8), bitorder="little")[: cells * len(groups)]
        stored = np.packbits(values.reshape(len(groups), cells)[list(order)].ravel(), bitorder="little").tobytes()
    else:
        values = np.frombuffer(data.PixelData, np.uint8 if bits == 8 else np.uint16)[: cells * len(groups)]
        stored = values.reshape(len(groups), cells)[list(order)].tobytes()
    data.PixelData = stored + b"\0" * (len(stored) % 2)
    return data


def make_structure_set(
    sources: Sequence[FileDataset],
    structures: Sequence[tuple[str, tuple[int, int, int], Sequence[tuple[str, np.ndarray]]]],
    name: str = "structures",
    frame_of_reference: str | None = None,
) -> FileDataset:
    """An RT structure set: each structure is (name, colour, contours (type, points (n, 3) LPS))."""
    first = sources[0]
    reference = first.FrameOfReferenceUID if frame_of_reference is None else frame_of_reference
    data = _object_of(first, name, STRUCTURE_SET, "RTSTRUCT")
    data.StructureSetLabel = "Plan 1"
    series = Dataset()
    series.SeriesInstanceUID = first.SeriesInstanceUID
    series.ContourImageSequence = Items([_reference(source) for source in sources])
    study = Dataset()
    study.RTReferencedSeriesSequence = Items([series])
    frame = Dataset()
    frame.FrameOfReferenceUID = reference
    frame.RTReferencedStudySequence = Items([study])
    data.ReferencedFrameOfReferenceSequence = Items([frame])
    rois, contours = [], []
    for number, (label, colour, outlines) in enumerate(structures, start=1):
        roi = Dataset()
        roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = number, label, "MANUAL"
        roi.ReferencedFrameOfReferenceUID = reference
        rois.append(roi)
        item = Dataset()
        item.ReferencedROINumber, item.ROIDisplayColor = number, list(colour)
        outlined = []
        for kind, points in outlines:
            one = Dataset()
            one.ContourGeometricType, one.NumberOfContourPoints = kind, len(points)
            one.ContourData = [f"{value:.6g}" for value in np.asarray(points).ravel()]
            outlined.append(one)
        item.ContourSequence = Items(outlined)
        contours.append(item)
    data.StructureSetROISequence = Items(rois)
    data.ROIContourSequence = Items(contours)
    return data


def make_dose(sources: Sequence[FileDataset], stored: np.ndarray, origin: np.ndarray, scaling: float) -> FileDataset:
    """A dose grid of (k, j, i) uint16 with 5 mm between its planes and 3 mm pixels."""
    data = _object_of(sources[0], "dose", DOSE, "RTDOSE")
    data.FrameOfReferenceUID = sources[0].FrameOfReferenceUID
    data.ImagePositionPatient = [f"{value:.10g}" for value in origin]
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    data.PixelSpacing = [3, 3]
    data.GridFrameOffsetVector = [5.0 * k for k in range(len(stored))]
    data.FrameIncrementPointer = 0x3004000C
    data.DoseUnits, data.DoseType, data.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    data.DoseGridScaling = scaling
    set_pixels(data, stored)
    return data


def _object_of(first: FileDataset, name: str, sop_class: str, modality: str) -> FileDataset:
    data = _instance(uid(name), sop_class)
    data.PatientID, data.PatientName = first.PatientID, first.PatientName
    data.StudyInstanceUID = first.StudyInstanceUID
    data.SeriesInstanceUID = uid("series", name)
    data.Modality = modality
    data.SeriesNumber, data.InstanceNumber = 80, 1
    return data


def _reference(source: FileDataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    return item


def save(data: FileDataset, path: Path) -> Path:
    """Write one object."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def points_of(mask: np.ndarray, positions: np.ndarray, orientation: Sequence[float]) -> np.ndarray:
    """(n, 3) LPS of a mask's voxels, sorted: from the definition of ImagePositionPatient alone."""
    k, j, i = np.nonzero(mask)
    row, column = np.asarray(orientation[:3]), np.asarray(orientation[3:])
    found = positions[k] + i[:, None] * SPACING[1] * row + j[:, None] * SPACING[0] * column
    return sorted_points(found)


def sorted_points(points: np.ndarray) -> np.ndarray:
    """Points in one order, to a micrometre."""
    rounded = np.round(points, 3) + 0.0
    return rounded[np.lexsort(rounded.T)]
