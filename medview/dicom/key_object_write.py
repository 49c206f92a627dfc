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
    long_text,
    made_or_refused,
    person_name,
    save_object,
    short_text,
    source_header,
)

MOST_LETTERS = 1024


def write_key_objects(path: str | os.PathLike[str], statement: Statement) -> None:
    """Write the reader's key images; where none were chosen, those that were marked or that a finding not rejected lies on.

    Raises MedviewError: ``kos_impossible`` where there are none or they are no DICOM, ``other_patient``, ``cannot_write``.
    """
    target = Path(path)
    frames = list(key_frames(statement))
    if not frames or any(not frame.sop_uid for frame in frames):
        raise impossible(target, "there are no key images of DICOM files", "kos_impossible")
    paths = list(dict.fromkeys(frame.path for frame in frames))
    check_identity(paths, statement.study)
    save_object(made_or_refused(lambda: _make(frames, statement), target, "kos_impossible"), target)


def key_frames(statement: Statement) -> list[FrameSource]:
    """The reader's key images; without any, the frame of each mark, and of the middle of each finding that was not rejected."""
    chosen = [key.source for key in statement.keys]
    if chosen:
        return list(dict.fromkeys(source for source in chosen if source is not None))
    found = [mark.source for mark in statement.marks if mark.source is not None]
    for one in statement.findings:
        if one.verdict == "rejected":
            continue
        at = one.time * one.stack.shape[0] + one.finding.k
        if at < len(one.stack.frames):
            found.append(one.stack.frames[at])
    return list(dict.fromkeys(found)) or statement_frames(statement)[:1]


def _description(statement: Statement) -> str:
    """What was chosen and why, as the reader wrote it."""
    if not statement.keys:
        return "Images with marks and findings"
    notes = [f"image {one.k + 1}: {one.note}" for one in statement.keys if one.note]
    return long_text("; ".join(["Key images chosen by the reader", *notes]), MOST_LETTERS)


def _name_frames(content: Any, sources: list[Any], numbers: dict[str, list[int]]) -> None:
    """Say which frames of multi-frame images are meant (PS3.3 C.18.4): without it, all are."""
    wanted = {
        str(source.SOPInstanceUID): sorted(frames)
        for source, frames in zip(sources, numbers.values(), strict=True)
        if "NumberOfFrames" in source
    }
    for item in content[0].ContentSequence:
        if item.ValueType == "IMAGE":
            reference = item.ReferencedSOPSequence[0]
            frames = wanted.get(str(reference.ReferencedSOPInstanceUID))
            if frames:
                reference.ReferencedFrameNumber = frames


def _make(frames: list[FrameSource], statement: Statement) -> Any:
    import highdicom
    from pydicom.sr.codedict import codes

    hd: Any = highdicom
    numbers: dict[str, list[int]] = {}
    for frame in frames:
        numbers.setdefault(frame.path, []).append(frame.frame + 1)
    sources = [source_header(path) for path in numbers]
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
        description=_description(statement),
    )
    _name_frames(content, sources, numbers)
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
