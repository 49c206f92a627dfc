"""What every DICOM object that medview writes needs: headers of its sources, texts that fit, and a file that is whole."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from medview import __version__
from medview.core.finding import Code, Provenance
from medview.core.plain_text import visible_text
from medview.core.problem import MedviewError
from medview.core.study import Study
from medview.files.byte_source import opened_stream

MANUFACTURER = "medview"

LONGEST = 62
"""Bytes of a long string: PS3.5 6.2 counts 64 characters, many programs bytes, and a padding space comes on top."""

_MAY_BE_EMPTY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber",
    "ReferringPhysicianName",
)  # fmt: skip
"""Attributes of type 2 of Patient and Study that de-identified files often lack altogether."""

Made = TypeVar("Made")


def short_text(text: str) -> str:
    """As much of a text as a long string holds; control characters, which it may not hold, as visible signs."""
    text = visible_text(text, lines=False)
    return text.encode("utf-8", "replace")[:LONGEST].decode(errors="ignore").strip().replace("\\", "/")


def long_text(text: str, most: int) -> str:
    """A text of several lines as ST, LT and UT hold it: lines, and visible signs for all other control characters."""
    return visible_text(text.strip()[:most])


def one_line(text: str) -> str:
    """A text that cannot be taken for the next line."""
    return visible_text(text, lines=False)


def person_name(name: str) -> str:
    """A reader's name as PN: separators of the standard inside of a plain name would make other components."""
    return short_text(name.replace("\\", " ").replace("=", " ")) or "unknown"


def source_header(path: str) -> Any:
    """The data set of a source file without its pixels, filled where de-identification left holes."""
    import pydicom

    with opened_stream(path) as stream:
        source = pydicom.dcmread(stream, stop_before_pixels=True)
    complete_patient(source)
    return source


_OF_STUDY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID",
    "AccessionNumber", "ReferringPhysicianName", "StudyDescription", "PatientAge",
)  # fmt: skip


def object_beside(header: Any, sop_class: str, without: frozenset[str] = frozenset()) -> Any:
    """A new object of the patient and study of ``header`` (but for ``without``), in a series of its own, with its file meta."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    made = Dataset()
    for keyword in _OF_STUDY:
        if keyword in header and keyword not in without:
            setattr(made, keyword, header[keyword].value)
    made.SOPClassUID, made.SOPInstanceUID = UID(sop_class), generate_uid(None)
    made.SeriesInstanceUID, made.InstanceNumber = generate_uid(None), 1
    made.Manufacturer, made.SpecificCharacterSet = MANUFACTURER, "ISO_IR 192"
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def complete_patient(source: Any) -> None:
    """Give the copy in memory what every composite object must have, although it may be empty (type 2)."""
    for keyword in _MAY_BE_EMPTY:
        if keyword not in source:
            setattr(source, keyword, "")
    for keyword in ("PatientName", "ReferringPhysicianName"):
        if source[keyword].VM > 1:  # a backslash in a name makes several of one, which no other object may have
            setattr(source, keyword, " ".join(str(one) for one in source[keyword].value))
    if not re.fullmatch(r"\d{3}[DWMY]", str(source.get("PatientAge") or "")):
        source.pop("PatientAge", None)  # de-identified files hold "0Y" and the like, which must not be copied on


def check_identity(paths: Iterable[str], study: Study) -> None:
    """Read whose images the files hold once more; raises MedviewError ``other_patient`` where it is not the study's.

    A file that was replaced since the study was opened must never lend its patient to what is written now.
    """
    from medview.dicom.data_elements import ElementFile
    from medview.dicom.fields import Fields

    for path in dict.fromkeys(paths):
        try:
            with ElementFile(path) as file:
                fields = Fields.of(file)
                found = (fields.text(0x00100020), fields.text(0x0020000D))
        except OSError as error:
            text = f"{path} cannot be read again before it is referred to: {error.strerror or error}."
            raise MedviewError("source_gone", text, path, values=(path,)) from error
        if found != (study.patient.patient_id, study.study_uid):
            text = f"{path} is no longer of the patient and study that were opened; nothing was written."
            raise MedviewError("other_patient", text, path, values=(path,))


def coded(code: Code) -> Any:
    """A code as highdicom takes it."""
    import highdicom

    return highdicom.sr.CodedConcept(code.value, code.scheme, short_text(code.meaning))


def algorithm_parameters(provenance: Provenance) -> dict[str, str]:
    """What tells this run from others: hashes of package and network, and what the reader overrode."""
    parameters = {"package_sha256": provenance.package_sha256, "model_sha256": provenance.model_sha256}
    if provenance.overrides:
        parameters["overrides"] = ", ".join(provenance.overrides)
    return {name: value for name, value in parameters.items() if value}


def software_versions(provenances: Iterable[Provenance]) -> list[str]:
    """Medview and each package with its version."""
    packages = {f"{made.package_id} {made.package_version}" for made in provenances}
    return [short_text(f"medview {__version__}"), *(short_text(one) for one in sorted(packages))]


def made_or_refused(make: Callable[[], Made], target: Path, code: str) -> Made:
    """What ``make`` gives; every way in which the sources do not allow it becomes MedviewError ``code``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of highdicom and pydicom about what sources hold
            return make()
    except MedviewError:
        raise
    except OSError as error:
        raise impossible(target, f"a source file cannot be read ({error.strerror or error})", code) from error
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RuntimeError) as error:
        raise impossible(target, f"the source images do not allow it ({error})", code) from error


def impossible(path: Path, why: str, code: str = "object_impossible") -> MedviewError:
    """The error for an object that its sources cannot carry."""
    return MedviewError(code, f"{path.name} was not written: {why}.", str(path), values=(path.name, why))


def save_object(made: Any, target: str | os.PathLike[str]) -> None:
    """Write a data set so that it is whole or not there; raises MedviewError ``cannot_write``."""
    from medview.files.replaced_file import replaced_file

    with replaced_file(target) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.save_as(temporary, enforce_file_format=True)
