"""A PDF as an Encapsulated PDF object (PS3.3 A.45.1) in the study that it is about."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from medview import __version__
from medview.core.study import Study
from medview.dicom.written_object import (
    check_identity,
    made_or_refused,
    object_beside,
    save_object,
    short_text,
    source_header,
)

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"


def write_document(
    path: str | os.PathLike[str], pdf: bytes, source: str, study: Study, title: str, verified: bool = False
) -> None:
    """Write ``pdf``; patient and study are those of the file ``source``.

    Raises MedviewError: ``document_impossible``, ``other_patient``, ``cannot_write``.
    """
    target = Path(path)
    check_identity([source], study)
    save_object(made_or_refused(lambda: _make(pdf, source, title, verified), target, "document_impossible"), target)


def _make(pdf: bytes, source: str, title: str, verified: bool) -> Any:
    from pydicom.dataset import Dataset

    if not pdf.startswith(b"%PDF-"):
        raise ValueError("it is no PDF")
    header = source_header(source)
    made = object_beside(header, SOP_CLASS, without=frozenset({"PatientAge"}))
    now = datetime.now().astimezone()
    made.SeriesNumber = 2004
    made.Modality, made.ConversionType = "DOC", "WSD"
    made.SoftwareVersions = short_text(f"medview {__version__}")
    made.SeriesDescription = short_text(title)
    made.ContentDate = made.SeriesDate = now.strftime("%Y%m%d")
    made.ContentTime = made.SeriesTime = now.strftime("%H%M%S")
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"  # the patient stands on each page
    made.DocumentTitle = short_text(title)
    made.VerificationFlag = "VERIFIED" if verified else "UNVERIFIED"
    concept = Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator = "18748-4", "LN"
    concept.CodeMeaning = "Diagnostic imaging study"
    made.ConceptNameCodeSequence = [concept]
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(pdf)
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return made
