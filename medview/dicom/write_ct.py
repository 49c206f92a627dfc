"""Writes a CT volume as CT Image Storage files, one for each slice (explicit little endian).

Used for the demo study; PS3.3 A.3 (CT Image IOD) says which attributes have to be there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
RESCALE_INTERCEPT = -1024


@dataclass(frozen=True, slots=True)
class CtDescription:
    """What a written CT says about itself; ``uid_seed`` makes its UIDs, the same each time."""

    patient_name: str
    patient_id: str
    uid_seed: str
    study_description: str = "Chest CT"
    series_description: str = "Chest"
    study_date: str = "20260101"
    study_time: str = "120000"
    series_number: int = 1
    kernel: str = "STANDARD"
    thickness: float = 2.5
    window: tuple[float, float] = (40.0, 400.0)


def write_ct_series(
    folder: Path,
    hu: npt.NDArray[np.int16],
    spacing: tuple[float, float, float],
    origin: tuple[float, float, float],
    description: CtDescription,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Write an axial volume into ``folder`` (which exists) and return the files, feet first.

    ``hu`` is (k, j, i) with k toward the head, j toward the back, i toward the left; ``spacing`` is
    (dk, dj, di) mm, ``origin`` the LPS position in mm of voxel (0, 0, 0). HU outside -1024…31743 are
    clipped. Raises OSError where a file cannot be written.
    """
    from pydicom.uid import generate_uid

    def uid(*parts: object) -> str:
        return str(generate_uid(prefix="2.25.", entropy_srcs=[description.uid_seed, *map(str, parts)]))

    study, series, frame = uid("study"), uid("series"), uid("frame of reference")
    files = []
    count = hu.shape[0]
    for k in range(count):
        dataset = _slice_dataset(hu[k], k, count, spacing, origin, description)
        dataset.StudyInstanceUID = study
        dataset.SeriesInstanceUID = series
        dataset.FrameOfReferenceUID = frame
        dataset.SOPInstanceUID = uid("instance", k)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path = folder / f"CT{count - k:04d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        files.append(path)
        if progress is not None:
            progress(k + 1, count)
    return tuple(files)


def _slice_dataset(
    plane: npt.NDArray[np.int16],
    k: int,
    count: int,
    spacing: tuple[float, float, float],
    origin: tuple[float, float, float],
    description: CtDescription,
) -> FileDataset:
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CT_IMAGE_STORAGE  # type: ignore[assignment]
    meta.TransferSyntaxUID = EXPLICIT_LITTLE_ENDIAN  # type: ignore[assignment]
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    ds.DerivationDescription = "Computed phantom, not a patient"
    ds.SOPClassUID = CT_IMAGE_STORAGE
    for name in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        setattr(ds, name, description.study_date)
    for name in ("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime"):
        setattr(ds, name, description.study_time)
    ds.AccessionNumber = "PHANTOM"
    ds.Modality = "CT"
    ds.Manufacturer = "medview"
    ds.ManufacturerModelName = "medview phantom"
    ds.ReferringPhysicianName = ""
    ds.StudyDescription = description.study_description
    ds.SeriesDescription = description.series_description
    ds.PatientName = description.patient_name
    ds.PatientID = description.patient_id
    ds.PatientBirthDate = ""
    ds.PatientSex = "O"
    ds.BodyPartExamined = "CHEST"
    ds.KVP = "120"
    ds.SliceThickness = _decimal(description.thickness)
    ds.ConvolutionKernel = description.kernel
    ds.PatientPosition = "HFS"
    ds.StudyID = "1"
    ds.SeriesNumber = description.series_number
    ds.AcquisitionNumber = 1
    ds.InstanceNumber = count - k  # as scanners do: counted from the head downwards
    position = (origin[0], origin[1], origin[2] + k * spacing[0])
    ds.ImagePositionPatient = [_decimal(p) for p in position]
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.PositionReferenceIndicator = ""
    ds.SliceLocation = _decimal(position[2])
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = plane.shape
    ds.PixelSpacing = [_decimal(spacing[1]), _decimal(spacing[2])]
    ds.BitsAllocated = 16
    ds.BitsStored = 16
    ds.HighBit = 15
    ds.PixelRepresentation = 0
    ds.RescaleIntercept = str(RESCALE_INTERCEPT)
    ds.RescaleSlope = "1"
    ds.RescaleType = "HU"
    ds.WindowCenter = [_decimal(description.window[0]), "-600"]
    ds.WindowWidth = [_decimal(description.window[1]), "1500"]
    ds.WindowCenterWidthExplanation = ["MEDIASTINUM", "LUNG"]
    stored = np.clip(plane.astype(np.int32) - RESCALE_INTERCEPT, 0, 32767).astype("<u2")
    ds.PixelData = stored.tobytes()
    return ds


def _decimal(value: float) -> str:
    """A DICOM decimal string (at most 16 characters), exact to a tenth of a micrometre."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
