"""Grayscale softcopy presentation states over phantom images, written by pydicom alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence as Items

from tests.phantoms.dicom_series import _instance, uid

GRAYSCALE = "1.2.840.10008.5.1.4.1.1.11.1"


def item(**values: Any) -> Dataset:
    """A data set of attributes by keyword."""
    data = Dataset()
    for keyword, value in values.items():
        setattr(data, keyword, value)
    return data


def referenced(image: FileDataset, frames: Sequence[int] = ()) -> Dataset:
    """A reference to an image, to some of its frames (1-based)."""
    data = item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)
    if frames:
        data.ReferencedFrameNumber = list(frames)
    return data


def lut(entries: np.ndarray, first: int, bits: int, signed: bool = False) -> Dataset:
    """An item of a LUT sequence with 16-bit entries."""
    data = Dataset()
    data.add_new(0x00283002, "SS" if signed else "US", [len(entries) % 65536, first, bits])
    data.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return data


def make_state(
    images: Sequence[FileDataset], name: str = "state", sop_class: str = GRAYSCALE, **values: Any
) -> FileDataset:
    """A state over images with the whole of them displayed; ``values`` replace or add attributes, None takes them out."""
    first = images[0]
    data = _instance(uid(name), sop_class)
    data.PatientID, data.PatientName = first.PatientID, first.PatientName
    data.PatientBirthDate = data.PatientSex = data.StudyID = data.AccessionNumber = data.ReferringPhysicianName = ""
    data.StudyInstanceUID = first.StudyInstanceUID
    data.SeriesInstanceUID = uid("series", name)
    data.Modality, data.SeriesNumber, data.InstanceNumber = "PR", 70, 1
    data.Manufacturer = "tests"
    data.ContentLabel, data.ContentDescription, data.ContentCreatorName = "READING", "for tests", "Reader^A"
    data.PresentationCreationDate, data.PresentationCreationTime = "20200102", "101112"
    series = item(
        SeriesInstanceUID=first.SeriesInstanceUID, ReferencedImageSequence=Items([referenced(one) for one in images])
    )
    data.ReferencedSeriesSequence = Items([series])
    data.RescaleIntercept = str(first.get("RescaleIntercept", 0))
    data.RescaleSlope = str(first.get("RescaleSlope", 1))
    data.RescaleType = "HU"
    data.DisplayedAreaSelectionSequence = Items([area((1, 1), (first.Columns, first.Rows))])
    data.PresentationLUTShape = "IDENTITY"
    for keyword, value in values.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(
                data,
                keyword,
                Items(value) if isinstance(value, list) and value and isinstance(value[0], Dataset) else value,
            )
    return data


def area(first: tuple[int, int], last: tuple[int, int], **more: Any) -> Dataset:
    """A displayed area, (column, row) from 1."""
    return item(
        DisplayedAreaTopLeftHandCorner=list(first),
        DisplayedAreaBottomRightHandCorner=list(last),
        PresentationSizeMode="SCALE TO FIT",
        PresentationPixelAspectRatio=[1, 1],
        **more,
    )


def window(center: float, width: float, **more: Any) -> Dataset:
    """A softcopy VOI of one window."""
    return item(WindowCenter=str(center), WindowWidth=str(width), **more)
