"""Where one series lies over another, written as a Spatial Registration object (PS3.3 A.39.1)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from medview import __version__
from medview.core.problem import MedviewError
from medview.core.registration import IDENTITY, Placement
from medview.core.study import Stack, Study
from medview.dicom.registration_read import RIGID_CLASS
from medview.dicom.written_object import (
    MANUFACTURER,
    check_identity,
    impossible,
    made_or_refused,
    object_beside,
    person_name,
    save_object,
    short_text,
    source_header,
)


def write_registration(
    path: str | os.PathLike[str],
    study: Study,
    below: Stack,
    over_study: Study,
    over: Stack,
    placement: Placement,
    reader: str = "",
    automatic: bool = False,
) -> None:
    """Write that ``placement`` puts ``over`` into the space of ``below``, whose patient and study the object is of.

    Raises MedviewError: ``registration_impossible``, ``other_patient``, ``cannot_write``.
    """
    target = Path(path)
    for stack in (below, over):
        if (
            stack.geometry is None
            or not stack.geometry.frame_of_reference
            or not all(one.sop_uid for one in stack.frames)
        ):
            why = "one of the two is no DICOM series with a frame of reference"
            raise impossible(target, why, "registration_impossible")
    if study.patient.key != over_study.patient.key:
        raise MedviewError("fusion_other_patient", "Series of two patients cannot be laid over each other.")
    check_identity([below.frames[0].path], study)
    check_identity([over.frames[0].path], over_study)
    made = made_or_refused(lambda: _make(below, over, placement, reader, automatic), target, "registration_impossible")
    save_object(made, target)


def _make(below: Stack, over: Stack, placement: Placement, reader: str, automatic: bool) -> Any:

    assert below.geometry is not None
    assert over.geometry is not None
    headers = [source_header(stack.frames[0].path) for stack in (below, over)]
    first = headers[0]
    made = object_beside(first, RIGID_CLASS)
    now = datetime.now().astimezone()
    made.SeriesNumber = 2005
    made.Modality, made.ManufacturerModelName = "REG", MANUFACTURER
    made.DeviceSerialNumber, made.Laterality = "0", ""
    made.SoftwareVersions = short_text(f"medview {__version__}")
    how = "automatic" if automatic else "by hand"
    made.SeriesDescription = short_text(f"Registration, {how}: {over.context.description or over.context.modality}")
    made.ContentDate = made.SeriesDate = made.InstanceCreationDate = now.strftime("%Y%m%d")
    made.ContentTime = made.SeriesTime = made.InstanceCreationTime = now.strftime("%H%M%S")
    made.ContentLabel = "REGISTRATION"
    made.ContentDescription = short_text(made.SeriesDescription)
    made.ContentCreatorName = person_name(reader) if reader else ""
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = below.geometry.frame_of_reference, ""
    made.RegistrationSequence = [
        _images(below, first, IDENTITY),
        _images(over, headers[1], placement, automatic),
    ]
    inside, outside = _references(headers, (below, over))
    if inside:
        made.ReferencedSeriesSequence = inside
    if outside:
        made.StudiesContainingOtherReferencedInstancesSequence = outside
    return made


def _images(stack: Stack, header: Any, placement: Placement, automatic: bool = False) -> Any:
    from pydicom.dataset import Dataset
    from pydicom.valuerep import format_number_as_ds

    assert stack.geometry is not None
    step = Dataset()
    step.FrameOfReferenceTransformationMatrix = [format_number_as_ds(value) for value in placement.values]
    step.FrameOfReferenceTransformationMatrixType = "RIGID" if placement.is_rigid else "AFFINE"
    group = Dataset()
    group.MatrixSequence = [step]
    if placement.is_identity:
        code = _code("125021", "Frame of Reference Identity")
    else:
        code = _code("125024", "Image Content-based Alignment") if automatic else _code("125025", "Visual Alignment")
    group.RegistrationTypeCodeSequence = [code]  # CID 7100
    item = Dataset()
    item.FrameOfReferenceUID = stack.geometry.frame_of_reference
    item.ReferencedImageSequence = _instances(stack, header)
    item.MatrixRegistrationSequence = [group]
    return item


def _code(value: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _instances(stack: Stack, header: Any) -> list[Any]:
    from pydicom.dataset import Dataset

    found = []
    for uid in dict.fromkeys(frame.sop_uid for frame in stack.frames):
        one = Dataset()
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = header.SOPClassUID, uid
        found.append(one)
    return found


def _references(headers: Sequence[Any], stacks: Sequence[Stack]) -> tuple[list[Any], list[Any]]:
    """The series of the object's own study, and the studies of the others (PS3.3 C.12.2)."""
    from pydicom.dataset import Dataset

    own: list[Any] = []
    others: list[Any] = []
    for header, stack in zip(headers, stacks, strict=True):
        series = Dataset()
        series.SeriesInstanceUID = header.SeriesInstanceUID
        series.ReferencedInstanceSequence = _instances(stack, header)
        if header.StudyInstanceUID == headers[0].StudyInstanceUID:
            own.append(series)
            continue
        study = Dataset()
        study.StudyInstanceUID = header.StudyInstanceUID
        study.ReferencedSeriesSequence = [series]
        others.append(study)
    return own, others
