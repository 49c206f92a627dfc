"""Objects of studies for the commands without a window: what ``inspect`` says of them, one of them over a picture."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from medview.app.overlay_reading import Read, read_overlay
from medview.app.study_objects import (
    LAID_OVER,
    ListedObject,
    listed_objects,
    objects_to_read,
    place_object,
    read_all_references,
)
from medview.core.overlay import StudyOverlay
from medview.core.presentation_state import PresentationState
from medview.core.problem import MedviewError
from medview.core.registration import RegistrationObject
from medview.core.study import FrameSource, Stack, Study, StudyObject

ObjectLines = dict[str, list[dict[str, Any]]]


def described_objects(studies: Sequence[Study]) -> ObjectLines:
    """By path's series: what ``inspect`` says of every object that is no plain image."""
    known = read_all_references(objects_to_read(studies, {}))
    listed = {one.file.path: one for one in listed_objects(studies, known)}
    found: ObjectLines = {}
    for study in studies:
        for series in study.series:
            lines = [_described(one, listed.get(one.path)) for one in series.objects]
            if lines:
                found.setdefault(series.series_uid, []).extend(lines)
    return found


def _described(one: StudyObject, listed: ListedObject | None) -> dict[str, Any]:
    from medview.core.other_objects import reason_not_drawn
    from medview.dicom.object_kinds import object_kind
    from medview.dicom.object_titles import title_of_object
    from medview.dicom.sop_classes import kind_of_class, sop_class_name

    kind = object_kind(one.sop_class) or kind_of_class(one.sop_class, one.modality)
    reason = listed.reason if listed is not None else reason_not_drawn(kind)
    registers = _registers(one) if kind == "registration" else None
    if registers is not None and registers.refused is not None:
        reason = registers.refused
    title = listed.title if listed is not None else title_of_object(one.path)
    return {
        "path": one.path,
        "sop_class": one.sop_class,
        "name": sop_class_name(one.sop_class),
        "sop_uid": one.sop_uid,
        "kind": kind,
        "modality": one.modality,
        "number": one.instance_number,
        "date": one.date,
        "title": title or one.description,
        "referenced_series": list(listed.series) if listed is not None else [],
        "placed_on": list(listed.stacks) if listed is not None else [],
        "reason": None if reason is None else {"code": reason.code, "text": reason.text},
        **({} if registers is None else {"registers": _described_registration(registers)}),
    }


def _registers(one: StudyObject) -> RegistrationObject | None:
    from medview.app.registrations import read_registrations
    from medview.dicom.registration_read import REGISTRATION_CLASSES

    return read_registrations([one])[one.path] if one.sop_class in REGISTRATION_CLASSES else None


def _described_registration(registers: RegistrationObject) -> dict[str, Any]:
    return {
        "into": registers.frame_of_reference,
        "images": [
            {
                "frame_of_reference": one.frame_of_reference,
                "instances": len(one.instances),
                "matrix": one.placement.values,
            }
            for one in registers.images
        ],
    }


def overlay_on(path: str, stack: Stack, chosen: str | None = None) -> StudyOverlay:
    """The object in a file, read for a stack; ``chosen``: the name of one of its maps, or its number from 1.

    Raises MedviewError where it does not belong there, ``no_such_map``.
    """
    from medview.app.open_paths import open_all
    from medview.dicom.object_kinds import object_kind
    from medview.dicom.object_values import read_references

    references = read_references(path)
    kind = object_kind(references.sop_class)
    if kind not in LAID_OVER:
        text = f"{path} is no segmentation, structure set, dose or parametric map; it cannot be laid over images."
        raise MedviewError("no_overlay", text, path)
    if chosen is not None and kind != "parametric_map":
        text = f"{path} is no parametric map; only those hold several maps."
        raise MedviewError("no_such_map", text, path, values=(chosen, ""))
    found = open_all([path])
    series = [one for study in found.studies for one in study.series]
    own = [one for each in series for one in each.stacks if one.frames and one.frames[0].path == path]
    from medview.core.study import Series

    of_stack = Series("", None, stack.context, 0, (stack,))
    placed, reason = place_object(kind, references, [(of_stack, stack)])
    if not placed:
        assert reason is not None
        raise MedviewError(
            reason.code, f"{path} is not laid over {stack.id}: {reason.text}", path, values=reason.values
        )
    with _reading() as read:
        which = int(chosen) - 1 if chosen is not None and chosen.isdecimal() else chosen
        return read_overlay(kind, path, stack, own, read, which=0 if which is None else which)


def described_notes(*shown: StudyOverlay | PresentationState | None) -> list[dict[str, str]]:
    """What of the objects that are drawn is left out, as the commands say it."""
    return [{"code": note.code, "text": note.text} for one in shown if one is not None for note in one.notes]


@contextlib.contextmanager
def _reading() -> Iterator[Read]:
    """Reads frames here, and those that need a codec in a worker process."""
    from medview.jobs.pool import DecodePool

    pools: list[DecodePool] = []

    def read(source: FrameSource) -> NDArray[Any]:
        if not source.needs_codec:
            return source.read()
        if not pools:
            pools.append(DecodePool(1))
        return pools[0].read(source)

    try:
        yield read
    finally:
        for pool in pools:
            pool.close()
