"""DICOM series built in code around one asymmetric bright marker whose place in the patient is known.

A wrong flip, order, spacing or rescale moves the marker's centroid or the value range, so one assertion covers all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

SHAPE = (12, 24, 32)
SPACING = (1.5, 0.75)
STEP = 2.5
ORIGIN = (-20.0, -18.0, -30.0)
AIR, BONE = -1000, 1200
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

_UIDS = "1.2.826.0.1.3680043.9.7433.7."


def uid(*parts: object) -> str:
    """The same UID for the same words."""
    return generate_uid(prefix=_UIDS, entropy_srcs=[str(part) for part in parts])


def marker_values(shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """(k, j, i) HU: air, and a box of bone that no symmetry maps to itself."""
    values = np.full(shape, AIR, dtype=np.int32)
    k, j, i = shape
    values[k // 4 : k // 2, j // 3 : j // 2, i // 2 + 2 : i - 3] = BONE
    values[k // 4, j // 3, i - 3] = BONE
    return values


def normal_of(orientation: Sequence[float]) -> np.ndarray:
    return np.cross(orientation[:3], orientation[3:])


def positions_along(
    count: int = SHAPE[0], step: float = STEP, origin: Sequence[float] = ORIGIN, orientation: Sequence[float] = AXIAL
) -> np.ndarray:
    """(k, 3) positions of the first voxel of each slice."""
    return np.asarray(origin) + np.arange(count)[:, None] * step * normal_of(orientation)


def make_series(
    positions: np.ndarray | None = None,
    orientation: Sequence[float] = AXIAL,
    values: np.ndarray | None = None,
    spacing: tuple[float, float] = SPACING,
    name: str = "series",
    patient_id: str = "PHANTOM",
    study: str = "study",
    modality: str = "CT",
    slope: float = 1.0,
    intercept: float = -1024.0,
) -> list[FileDataset]:
    """One single-frame data set for each slice, in the order of ``positions``."""
    values = marker_values() if values is None else values
    positions = positions_along(len(values), orientation=orientation) if positions is None else positions
    datasets = []
    for number, (plane, position) in enumerate(zip(values, positions, strict=True)):
        data = _instance(uid(name, patient_id, number), CTImageStorage)
        data.PatientID = patient_id
        data.PatientName = f"{patient_id}^Marker"
        data.StudyInstanceUID = uid("study", patient_id, study)
        data.SeriesInstanceUID = uid("series", name)
        data.FrameOfReferenceUID = uid("frame", patient_id, study)
        data.Modality = modality
        data.SeriesNumber = 1
        data.InstanceNumber = number + 1
        data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        data.ImagePositionPatient = [f"{value:.10g}" for value in position]
        data.ImageOrientationPatient = [f"{value:.10g}" for value in orientation]
        data.PixelSpacing = list(spacing)
        data.SliceThickness = "5"
        data.RescaleSlope, data.RescaleIntercept = f"{slope:g}", f"{intercept:g}"
        set_pixels(data, np.round((plane - intercept) / slope).astype(np.int16))
        datasets.append(data)
    return datasets


def _instance(sop_uid: str, sop_class: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = sop_uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = sop_class
    data.SOPInstanceUID = sop_uid
    data.StudyDate = "20200102"
    data.StudyTime = "101112"
    return data


def set_pixels(data: Dataset, stored: np.ndarray, bits_stored: int = 16, high_bit: int | None = None) -> None:
    """Put a plane (or frames) of int16, uint16 or uint8 stored values into a data set."""
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.Rows, data.Columns = stored.shape[-2:]
    data.BitsAllocated = 8 * stored.dtype.itemsize
    data.BitsStored = min(bits_stored, data.BitsAllocated)
    data.HighBit = data.BitsStored - 1 if high_bit is None else high_bit
    data.PixelRepresentation = int(stored.dtype.kind == "i")
    data.add_new(0x7FE00010, "OW" if stored.dtype.itemsize > 1 else "OB", stored.tobytes())
    if stored.ndim == 3:
        data.NumberOfFrames = len(stored)


def save_series(
    datasets: Sequence[FileDataset], folder: Path, prefix: str = "slice", order: Sequence[int] | None = None
) -> Path:
    """Write the data sets as files; ``order`` shuffles their names. Returns ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    names = range(len(datasets)) if order is None else order
    for name, data in zip(names, datasets, strict=True):
        data.save_as(folder / f"{prefix}{name:04}.dcm", enforce_file_format=True)
    return folder


def each(datasets: Sequence[FileDataset], change: Callable[[int, FileDataset], None]) -> Sequence[FileDataset]:
    """Apply ``change`` to every data set."""
    for number, data in enumerate(datasets):
        change(number, data)
    return datasets


def make_enhanced(
    positions: np.ndarray | None = None,
    orientation: Sequence[float] = AXIAL,
    values: np.ndarray | None = None,
    order: Sequence[int] | None = None,
    shared: bool = True,
    name: str = "enhanced",
    times: Sequence[int] | None = None,
) -> FileDataset:
    """One enhanced CT object of all slices, stored in ``order``; geometry in shared or per-frame functional groups."""
    values = marker_values() if values is None else values
    positions = positions_along(len(values), orientation=orientation) if positions is None else positions
    order = [int(at) for at in (range(len(values)) if order is None else order)]
    data = _instance(uid(name), EnhancedCTImageStorage)
    data.PatientID, data.PatientName = "PHANTOM", "PHANTOM^Marker"
    data.StudyInstanceUID = uid("study", "PHANTOM", "study")
    data.SeriesInstanceUID = uid("series", name)
    data.FrameOfReferenceUID = uid("frame", "PHANTOM", "study")
    data.Modality = "CT"
    data.SeriesNumber, data.InstanceNumber = 2, 1
    data.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    measures, plane = Dataset(), Dataset()
    measures.PixelSpacing = list(SPACING)
    measures.SliceThickness = "5"
    plane.ImageOrientationPatient = list(orientation)
    transform = Dataset()
    transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = "1", "-1024", "HU"
    common = Dataset()
    common.PixelMeasuresSequence = Items([measures])
    common.PlaneOrientationSequence = Items([plane])
    common.PixelValueTransformationSequence = Items([transform])
    data.SharedFunctionalGroupsSequence = Items([common if shared else Dataset()])
    groups = []
    for at in order:
        group = Dataset()
        if not shared:
            group.update(common)
        place, content = Dataset(), Dataset()
        place.ImagePositionPatient = [f"{value:.10g}" for value in positions[at]]
        content.DimensionIndexValues = [1, at + 1]
        if times is not None:
            content.TemporalPositionIndex = times[at]
        group.PlanePositionSequence = Items([place])
        group.FrameContentSequence = Items([content])
        groups.append(group)
    data.PerFrameFunctionalGroupsSequence = Items(groups)
    set_pixels(data, (values[order] + 1024).astype(np.int16))
    return data


def true_centroid(values: np.ndarray, positions: np.ndarray, orientation: Sequence[float] = AXIAL) -> np.ndarray:
    """LPS centroid of the marker, from the definition of ImagePositionPatient (PS3.3 C.7.6.2.1.1)."""
    k, j, i = np.nonzero(values > 600)
    row, column = np.asarray(orientation[:3]), np.asarray(orientation[3:])
    points = positions[k] + i[:, None] * SPACING[1] * row + j[:, None] * SPACING[0] * column
    return points.mean(axis=0)
