"""Key images as a Key Object Selection document (PS3.3 A.35.4)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from medview import __version__
from medview.core.statement import Statement, tracking_uid_of
from medview.core.study import FrameSource
from medview.dicom.report_write import statement_frames
from medview.dicom.written_object import (
    MANUFACTURER,
    check_identity,
    impossible,
    made_or_refused,
    person_name,
    save_object,
    short_text,
    source_header,
)


def write_key_objects(path: str | os.PathLike[str], statement: Statement) -> None:
    """Write the images that were marked or that a finding which was not rejected lies on.

    Raises MedviewError: ``kos_impossible`` where there are none or they are no DICOM, ``other_patient``, ``cannot_write``.
    """
    target = Path(path)
    frames = list(key_frames(statement))
    if not frames or any(not frame.sop_uid for frame in frames):
        raise impossible(target, "there are no key images of DICOM files", "kos_impossible")
    paths = list(dict.fromkeys(frame.path for frame in frames))
    check_identity(paths, statement.study)
    save_object(made_or_refused(lambda: _make(paths, statement), target, "kos_impossible"), target)


def key_frames(statement: Statement) -> list[FrameSource]:
    """The frame of each mark, and of the middle of each finding that was not rejected."""
    found = [mark.source for mark in statement.marks if mark.source is not None]
    for one in statement.findings:
        if one.verdict == "rejected":
            continue
        at = one.time * one.stack.shape[0] + one.finding.k
        if at < len(one.stack.frames):
            found.append(one.stack.frames[at])
    return list(dict.fromkeys(found)) or statement_frames(statement)[:1]


def _make(paths: list[str], statement: Statement) -> Any:
    import highdicom
    from pydicom.sr.codedict import codes

    hd: Any = highdicom
    sources = [source_header(path) for path in paths]
    person = None
    if statement.reader.strip():
        person = hd.sr.ObserverContext(
            observer_type=codes.DCM.Person,
            observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(
                name=person_name(statement.reader)
            ),
        )
    device = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=tracking_uid_of(f"medview/{__version__}"),
            name=MANUFACTURER,
            manufacturer_name=MANUFACTURER,
            model_name=short_text(f"medview {__version__}"),
        ),
    )
    content = hd.ko.KeyObjectSelection(
        document_title=codes.DCM.OfInterest,
        referenced_objects=sources,
        observer_person_context=person,
        observer_device_context=device,
        description="Images with marks and findings",
    )
    made = hd.ko.KeyObjectSelectionDocument(
        evidence=sources,
        content=content,
        series_instance_uid=hd.UID(),
        series_number=2001,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
    )
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SeriesDescription = "medview: key images"
    return made
