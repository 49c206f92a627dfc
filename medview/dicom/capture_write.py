"""A picture as a Secondary Capture image (PS3.3 A.8.1): derived, not for diagnosis, with what is burnt into it said."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.study import Study
from medview.dicom.written_object import MANUFACTURER, check_identity, made_or_refused, save_object, source_header


def write_capture(
    path: str | os.PathLike[str],
    rgba: NDArray[np.uint8],
    source: str,
    study: Study,
    description: str = "",
    also: Sequence[str] = (),
) -> None:
    """Write (h, w, 4) as RGB; patient and study are those of the file ``source``, ``also`` were drawn over it.

    Raises MedviewError: ``sc_impossible``, ``other_patient``, ``cannot_write``.
    """
    target = Path(path)
    check_identity([source], study)
    save_object(made_or_refused(lambda: _make(rgba, source, description, also), target, "sc_impossible"), target)


def _make(rgba: NDArray[np.uint8], source: str, description: str, also: Sequence[str]) -> Any:
    import highdicom
    from pydicom.dataset import Dataset

    hd: Any = highdicom
    header = source_header(source)
    made = hd.sc.SCImage(
        pixel_array=np.ascontiguousarray(rgba[..., :3]),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=str(header.StudyInstanceUID),
        series_instance_uid=hd.UID(),
        series_number=2003,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        patient_id=str(header.PatientID or ""),
        patient_name=header.PatientName,
        patient_birth_date=str(header.PatientBirthDate or "") or None,
        patient_sex=str(header.PatientSex or "") or None,
        accession_number=str(header.AccessionNumber or "") or None,
        study_id=str(header.StudyID or "") or None,
        study_date=str(header.StudyDate or "") or None,
        study_time=str(header.StudyTime or "") or None,
        referring_physician_name=str(header.ReferringPhysicianName or "") or None,
        patient_orientation=("L", "P"),
    )
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PatientOrientation = ""  # type 2C: a picture may be turned as the reader likes
    if "Laterality" not in made:
        made.Laterality = ""
    made.Modality = "OT"
    made.ConversionType = "WSD"
    made.BurnedInAnnotation = "YES"
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.DerivationDescription = "Picture of a viewport, not for diagnosis"
    made.SeriesDescription = (description or "medview: picture")[:60]
    made.SourceImageSequence = [_reference(one, Dataset()) for one in (header, *(source_header(path) for path in also))]
    return made


def _reference(header: Any, item: Any) -> Any:
    item.ReferencedSOPClassUID = header.SOPClassUID
    item.ReferencedSOPInstanceUID = header.SOPInstanceUID
    return item
