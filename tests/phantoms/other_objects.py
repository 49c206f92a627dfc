"""DICOM objects that are no images, built in code: documents, reports, key objects, waveforms and unknown classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian

from tests.phantoms.dicom_series import uid

STORAGE = "1.2.840.10008.5.1.4.1.1."
PDF, CDA, STL = STORAGE + "104.1", STORAGE + "104.2", STORAGE + "104.3"
BASIC_SR, KEY_OBJECTS = STORAGE + "88.11", STORAGE + "88.59"
ECG, RAW = STORAGE + "9.1.1", STORAGE + "66"


def make_object(sop_class: str, name: str, modality: str, number: int = 1, study: str = "study") -> FileDataset:
    """An object of the phantom patient with nothing in it."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, uid(name)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = sop_class, uid(name)
    data.StudyDate, data.StudyTime = "20200102", "101112"
    data.ContentDate, data.ContentTime = "20200103", "121314"
    data.Modality = modality
    data.PatientID, data.PatientName = "PHANTOM", "PHANTOM^Marker"
    data.StudyInstanceUID = uid("study", "PHANTOM", study)
    data.SeriesInstanceUID = uid("series", "object", name)
    data.SeriesNumber, data.InstanceNumber = 90 + number, 1
    return data


def save(data: FileDataset, path: Path) -> Path:
    """Write an object."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def content(kind: str, relationship: str = "CONTAINS", name: Dataset | None = None, **values: object) -> Dataset:
    """A content item of a report."""
    item = Dataset()
    item.RelationshipType, item.ValueType = relationship, kind
    if name is not None:
        item.ConceptNameCodeSequence = Items([name])
    for attribute, value in values.items():
        setattr(
            item,
            attribute,
            Items(value) if isinstance(value, list) and value and isinstance(value[0], Dataset) else value,
        )
    return item


def image_item(
    sop_class: str, sop_uid: str, frames: list[int] | None = None, relationship: str = "CONTAINS"
) -> Dataset:
    """A content item that refers to an image."""
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = sop_class, sop_uid
    if frames:
        reference.ReferencedFrameNumber = frames
    return content("IMAGE", relationship, ReferencedSOPSequence=[reference])


def make_report(
    title: str = "Chest CT report", items: list[Dataset] | None = None, name: str = "report"
) -> FileDataset:
    """A basic text report."""
    data = make_object(BASIC_SR, name, "SR")
    data.ValueType, data.ContinuityOfContent = "CONTAINER", "SEPARATE"
    data.ConceptNameCodeSequence = Items([code("18748-4", "LN", title)])
    data.CompletionFlag, data.VerificationFlag = "COMPLETE", "UNVERIFIED"
    data.ContentSequence = Items(items or [])
    return data


def make_key_objects(references: list[tuple[str, str]], title: str = "Of Interest") -> FileDataset:
    """A key object selection of images (SOP class, SOP instance)."""
    data = make_object(KEY_OBJECTS, "key", "KO", 2)
    data.ValueType, data.ContinuityOfContent = "CONTAINER", "SEPARATE"
    data.ConceptNameCodeSequence = Items([code("113000", "DCM", title)])
    data.ContentSequence = Items([image_item(*reference) for reference in references])
    return data


def make_document(sop_class: str, mime: str, document: bytes, title: str = "A document") -> FileDataset:
    """An encapsulated document."""
    data = make_object(sop_class, "document" + mime + title, "DOC", 3)
    data.DocumentTitle, data.MIMETypeOfEncapsulatedDocument = title, mime
    data.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    data.EncapsulatedDocumentLength = len(document)
    return data


def pdf_bytes(pages: int = 2, text: str = "medview") -> bytes:
    """A PDF of A4 pages, each with a black square at its lower left and one line of text."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * page} 0 R" for page in range(pages))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for page in range(pages):
        stream = f"0 0 0 rg 0 0 100 100 re f BT /F1 24 Tf 150 700 Td ({text} {page + 1}) Tj ET".encode()
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * page} 0 R "
            f"/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def make_waveform(
    stored: np.ndarray,
    sensitivity: float = 0.5,
    correction: float = 1.0,
    baseline: float = 0.0,
    frequency: float = 500.0,
    interpretation: str = "SS",
    unit: str = "uV",
    labels: list[str] | None = None,
) -> FileDataset:
    """An ECG of (sample, channel) stored values."""
    data = make_object(ECG, "ecg" + interpretation, "ECG", 4)
    data.AcquisitionDateTime = "20200103121314"
    samples, channels = stored.shape
    group = Dataset()
    group.MultiplexGroupLabel, group.WaveformOriginality = "RHYTHM", "ORIGINAL"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = channels, samples
    group.SamplingFrequency = frequency
    definitions = []
    for channel in range(channels):
        item = Dataset()
        item.ChannelLabel = labels[channel] if labels else f"C{channel + 1}"
        item.ChannelSourceSequence = Items([code("2:1", "MDC", "Lead I")])
        item.ChannelSensitivity, item.ChannelSensitivityCorrectionFactor = sensitivity, correction
        item.ChannelBaseline = baseline
        item.ChannelSensitivityUnitsSequence = Items([code(unit, "UCUM", unit)])
        item.WaveformBitsStored = 8 * stored.dtype.itemsize
        definitions.append(item)
    group.ChannelDefinitionSequence = Items(definitions)
    group.WaveformBitsAllocated = 8 * stored.dtype.itemsize
    group.WaveformSampleInterpretation = interpretation
    group.add_new(0x54001010, "OW" if stored.dtype.itemsize > 1 else "OB", np.ascontiguousarray(stored).tobytes())
    data.WaveformSequence = Items([group])
    return data


def ecg_values(seconds: float = 10.0, frequency: float = 500.0, channels: int = 12) -> np.ndarray:
    """(sample, channel) int16 of something with beats, 2000 at the peak of R."""
    time = np.arange(int(seconds * frequency)) / frequency
    phase = time % 0.85
    beat = 2000 * np.exp(-(((phase - 0.3) / 0.012) ** 2)) - 350 * np.exp(-(((phase - 0.335) / 0.014) ** 2))
    beat += 240 * np.exp(-(((phase - 0.12) / 0.03) ** 2)) + 420 * np.exp(-(((phase - 0.55) / 0.05) ** 2))
    gains = np.array([0.6, 1.0, 0.5, -0.8, 0.2, 0.7, -0.5, 0.3, 0.8, 1.1, 1.0, 0.8])
    return (beat[:, None] * np.resize(gains, channels)[None]).astype(np.int16)
