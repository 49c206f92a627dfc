"""Registrations that a reader accepted, kept in the user's own folder as registration objects and there again next time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from medview.core.folders import private_folder, user_folder
from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.core.registration import Registered, RegistrationObject
    from medview.core.study import Stack, Study

PatientKey = tuple[str, str]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def folder_of(patient: PatientKey) -> Path:
    """Where a patient's are; the folder's name tells nobody who it is."""
    return user_folder() / "registrations" / _digest(*patient)


def path_of(patient: PatientKey, over: Stack, below: Stack) -> Path | None:
    """The file about two frames of reference, one for both ways; None where a stack names none."""
    spaces = ["" if one.geometry is None else one.geometry.frame_of_reference for one in (over, below)]
    return folder_of(patient) / f"{_digest(*sorted(spaces))}.dcm" if all(spaces) else None


def keep(registered: Registered, over_study: Study, over: Stack, study: Study, below: Stack) -> None:
    """Write what was accepted, in the place of an earlier one. What is no DICOM cannot be kept; that is no fault."""
    from medview.dicom.registration_write import write_registration

    path = path_of(study.patient.key, over, below)
    if path is None:
        return
    private_folder(path.parent)
    try:
        write_registration(
            path, study, below, over_study, over, registered.placement, registered.name, registered.by == "medview"
        )
    except MedviewError as error:
        if error.code != "registration_impossible":
            raise


def drop(study: Study, over: Stack, below: Stack) -> None:
    """Forget what was accepted of two frames of reference."""
    path = path_of(study.patient.key, over, below)
    if path is not None:
        path.unlink(missing_ok=True)


def read_kept(patients: Iterable[PatientKey]) -> tuple[RegistrationObject, ...]:
    """What was accepted for these patients; a file that cannot be read is left alone. Reads files."""
    from dataclasses import replace

    from medview.dicom.registration_read import read_registration

    found = []
    for patient in patients:
        for path in sorted(folder_of(patient).glob("*.dcm")):
            try:
                read = read_registration(str(path))
            except Exception:  # noqa: BLE001, S112 - one that is damaged must not hide the others
                continue
            if read.refused is None:
                found.append(replace(read, patient=patient))
    return tuple(found)
