"""A label map written as an RT structure set (PS3.3 A.19.3): the borders of its voxels as contours on their own slices."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from medview import __version__
from medview.core.finding import Label, Provenance, Segmentation
from medview.core.problem import MedviewError
from medview.core.study import FrameSource
from medview.dicom.written_object import (
    MANUFACTURER,
    impossible,
    made_or_refused,
    object_beside,
    person_name,
    save_object,
    short_text,
    software_versions,
    source_header,
)
from medview.kernels.lines import region_outlines

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
LEAST_AREA = 1e-6


def write_structure_set(
    path: str | os.PathLike[str], segmentation: Segmentation, frames: Sequence[FrameSource], provenance: Provenance
) -> None:
    """Write ``segmentation.labels`` (k, j, i) as contours; ``frames`` are the k source frames, in order.

    Where a label has a hole its contours exclude one another (CLOSEDPLANAR_XOR), else they are CLOSED_PLANAR. Raises
    MedviewError: ``rtstruct_impossible`` where the source cannot carry one, ``cannot_write``.
    """
    target = Path(path)
    geometry = segmentation.geometry
    if geometry is None or len(frames) != len(segmentation.labels) or not all(frame.sop_uid for frame in frames):
        raise _impossible(target, "its source is no DICOM series with a common geometry")
    if len({frame.path for frame in frames}) != len(frames):
        raise _impossible(target, "contours refer to single images, and its source is a multi-frame object")
    made = made_or_refused(lambda: _make(segmentation, frames, provenance), target, "rtstruct_impossible")
    save_object(made, target)


def _impossible(path: Path, why: str) -> MedviewError:
    return impossible(path, why, "rtstruct_impossible")


def _make(segmentation: Segmentation, frames: Sequence[FrameSource], provenance: Provenance) -> Any:

    sources = [source_header(frame.path) for frame in frames]
    first = sources[0]
    reference = str(first.get("FrameOfReferenceUID") or "")
    if not reference:
        raise ValueError("they have no frame of reference")
    made = object_beside(first, SOP_CLASS)
    now = datetime.now().astimezone()
    automatic = provenance.how == "automatic"
    made.SeriesNumber = 3000
    made.Modality, made.ManufacturerModelName = "RTSTRUCT", MANUFACTURER
    made.SoftwareVersions = software_versions([provenance]) if automatic else [short_text(f"medview {__version__}")]
    made.SeriesDescription = short_text(provenance.package_name)
    made.OperatorsName = person_name(provenance.reader) if provenance.reader else ""
    made.StructureSetLabel = "medview"
    made.StructureSetName = short_text(provenance.package_name)
    made.StructureSetDate = made.InstanceCreationDate = made.SeriesDate = now.strftime("%Y%m%d")
    made.StructureSetTime = made.InstanceCreationTime = made.SeriesTime = now.strftime("%H%M%S")
    made.ApprovalStatus = "UNAPPROVED"
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = reference, ""
    made.ReferencedFrameOfReferenceSequence = [_references(first, sources, reference)]
    made.StructureSetROISequence, made.ROIContourSequence, made.RTROIObservationsSequence = [], [], []
    for number, label in enumerate(segmentation.meanings, start=1):
        contours = _contours(segmentation, label, sources)
        made.StructureSetROISequence.append(_roi(number, label, reference, provenance))
        made.ROIContourSequence.append(_roi_contours(number, label, contours))
        made.RTROIObservationsSequence.append(_observation(number, label))
    return made


def _references(first: Any, sources: Sequence[Any], reference: str) -> Any:
    from pydicom.dataset import Dataset

    series = Dataset()
    series.SeriesInstanceUID = first.SeriesInstanceUID
    series.ContourImageSequence = [_image(source) for source in sources]
    study = Dataset()
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = first.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = reference
    frame.RTReferencedStudySequence = [study]
    return frame


def _image(source: Any) -> Any:
    from pydicom.dataset import Dataset

    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    return image


def _roi(number: int, label: Label, reference: str, provenance: Provenance) -> Any:
    from pydicom.dataset import Dataset

    roi = Dataset()
    roi.ROINumber, roi.ReferencedFrameOfReferenceUID = number, reference
    roi.ROIName = short_text(label.name)
    roi.ROIGenerationAlgorithm = provenance.how.upper()
    if provenance.how != "manual":
        roi.ROIGenerationDescription = short_text(f"{provenance.package_name} {provenance.package_version}".strip())
    return roi


def _roi_contours(number: int, label: Label, contours: list[Any]) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedROINumber, item.ROIDisplayColor = number, list(label.colour)
    if contours:
        item.ContourSequence = contours
    return item


def _observation(number: int, label: Label) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ObservationNumber, item.ReferencedROINumber = number, number
    item.RTROIInterpretedType, item.ROIInterpreter = "", ""
    if label.type is not None:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = label.type.value, label.type.scheme
        code.CodeMeaning = short_text(label.type.meaning)
        item.RTROIIdentificationCodeSequence = [code]
    return item


def _contours(segmentation: Segmentation, label: Label, sources: Sequence[Any]) -> list[Any]:
    from pydicom.dataset import Dataset

    geometry = segmentation.geometry
    assert geometry is not None, "checked by the caller"
    found: list[tuple[int, np.ndarray[Any, np.dtype[np.float64]]]] = []
    with_holes = False
    for k, piece in enumerate(segmentation.labels):
        mask = piece == label.value
        if not mask.any():
            continue
        outlines = region_outlines(mask)
        drawn = sum(abs(_area(outline)) for outline in outlines)
        with_holes |= drawn > int(np.count_nonzero(mask)) + 0.5 * len(outlines)
        found += [(k, outline) for outline in outlines]
    contours = []
    for k, outline in found:
        voxels = np.column_stack([np.full(len(outline), float(k)), outline[:, 1], outline[:, 0]])
        points = geometry.voxel_to_patient(voxels)
        item = Dataset()
        item.ContourImageSequence = [_image(sources[k])]
        item.ContourGeometricType = "CLOSEDPLANAR_XOR" if with_holes else "CLOSED_PLANAR"
        item.NumberOfContourPoints = len(points)
        item.ContourData = [f"{value:.4f}".rstrip("0").rstrip(".") for value in points.ravel()]
        contours.append(item)
    return contours


def _area(outline: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    x, y = outline[:, 0], outline[:, 1]
    return float(x @ np.roll(y, -1) - np.roll(x, -1) @ y) / 2
