"""Objects of open studies that lie over images or say how they are shown: what each is, and which stacks it belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from medview.core.problem import MedviewError, Note
from medview.core.study import Series, Stack, Study, StudyObject

if TYPE_CHECKING:
    from medview.dicom.object_values import ObjectReferences

ListedKind = Literal[
    "segmentation", "structure_set", "dose", "parametric_map", "presentation_state", "real_world_values", "blending"
]

LAID_OVER: frozenset[str] = frozenset({"segmentation", "structure_set", "dose", "parametric_map"})
WASHES: frozenset[str] = frozenset({"dose", "parametric_map"})
"""What is laid over images as colours of values."""


@dataclass(frozen=True, eq=False)
class ListedObject:
    """An object with the ids of the ``stacks`` that it belongs to, the best first; ``reason`` where there is none."""

    file: StudyObject
    kind: str
    title: str
    creator: str
    stacks: tuple[str, ...]
    reason: Note | None = None
    series: tuple[str, ...] = ()
    """Series that it refers to."""

    @property
    def key(self) -> str:
        """What tells it from others, also after another opening."""
        return f"{self.file.sop_uid}/{self.file.path}"


def objects_to_read(studies: Sequence[Study], known: Mapping[str, object]) -> list[StudyObject]:
    """The objects whose references have not been read yet."""
    from medview.dicom.object_kinds import object_kind

    return [
        one
        for study in studies
        for series in study.series
        for one in series.objects
        if one.path not in known and object_kind(one.sop_class)
    ]


def read_all_references(
    files: Sequence[StudyObject],
) -> dict[str, ObjectReferences | MedviewError]:
    """What each object refers to, or why it cannot be read. Reads files: not for the main thread."""
    from medview.dicom.object_values import read_references

    found: dict[str, ObjectReferences | MedviewError] = {}
    for one in files:
        try:
            found[one.path] = read_references(one.path)
        except MedviewError as error:
            found[one.path] = error
        except Exception as error:  # noqa: BLE001 - a damaged object must not hide the others
            text = f"{one.path} cannot be read as DICOM: {error}."
            found[one.path] = MedviewError("broken_header", text, one.path, values=(str(error),))
    return found


def listed_objects(
    studies: Sequence[Study], known: Mapping[str, ObjectReferences | MedviewError]
) -> tuple[ListedObject, ...]:
    """All objects that were read, each with its stacks among those of the same patient."""
    from medview.dicom.object_kinds import object_kind

    found: list[ListedObject] = []
    for study in studies:
        near = [
            (series, stack)
            for other in studies
            if other.patient.key == study.patient.key
            for series in other.series
            for stack in series.stacks
        ]
        for series in study.series:
            for one in series.objects:
                read = known.get(one.path)
                if read is None:
                    continue
                kind = object_kind(one.sop_class)
                if isinstance(read, MedviewError):
                    note = Note(read.code, read.text, read.values)
                    found.append(ListedObject(one, kind, one.description, "", (), note))
                    continue
                stacks, reason = place_object(kind, read, near)
                title = read.title or one.description
                found.append(ListedObject(one, kind, title, read.creator, stacks, reason, tuple(sorted(read.series))))
    return tuple(found)


def place_object(
    kind: str, references: ObjectReferences, stacks: Sequence[tuple[Series, Stack]]
) -> tuple[tuple[str, ...], Note | None]:
    """Ids of the stacks an object belongs to, the best first, or the reason why it is shown on none.

    What lies in the patient is placed on stacks of its own frame of reference and no other (PS3.3 C.7.4.1.1.1), even
    where it refers to their images; without a frame of reference, on the very images that it refers to.
    """
    if kind in {"blending", "real_world_values"}:
        return (), _not_applied(kind)
    others = [(series, stack) for series, stack in stacks if not _is_own(references.path, stack) and _is_image(stack)]
    referred = [stack for _, stack in others if _refers(references, stack)]
    in_series = [stack for series, stack in others if series.series_uid in references.series]
    if kind == "presentation_state":
        chosen = referred or (in_series if not references.instances else [])
        return _ids(chosen) if chosen else ((), _absent())
    name = references.frame_of_reference
    placed = [stack for _, stack in others if stack.geometry is not None]
    same = [stack for stack in placed if name and stack.geometry and stack.geometry.frame_of_reference == name]
    if same:
        best = {id(stack): rank for rank, stack in enumerate([*in_series, *referred])}
        same.sort(key=lambda stack: (id(stack) not in best, -stack.frame_count, stack.id))
        return _ids(same)
    without = [stack for stack in (referred or in_series) if stack.geometry is None]
    if without and kind == "segmentation":
        return _ids(without)
    elsewhere = [stack for stack in (referred or in_series) if stack.geometry is not None]
    unnamed = [stack for stack in elsewhere if not name or not stack.geometry or not stack.geometry.frame_of_reference]
    if unnamed:
        # One of the two does not say its frame of reference, and the object names these very images.
        return _ids(unnamed)
    if elsewhere:
        text = "It lies in another frame of reference than the images that it refers to; it is not laid over them."
        return (), Note("other_frame_of_reference", text)
    if name and any(stack.geometry and stack.geometry.frame_of_reference for stack in placed):
        text = "No open image lies in its frame of reference; it is not laid over any."
        return (), Note("no_image_in_frame_of_reference", text)
    return (), _absent()


def _ids(stacks: Sequence[Stack]) -> tuple[tuple[str, ...], None]:
    return tuple(dict.fromkeys(stack.id for stack in stacks)), None


def _is_own(path: str, stack: Stack) -> bool:
    return bool(stack.frames) and stack.frames[0].path == path


def _is_image(stack: Stack) -> bool:
    return stack.context.modality not in {"SEG", "RTDOSE"}


def _refers(references: ObjectReferences, stack: Stack) -> bool:
    return any(frame.sop_uid in references.instances for frame in stack.frames)


def _absent() -> Note:
    return Note("referenced_images_absent", "None of the images that it refers to is open.")


def _not_applied(kind: str) -> Note:
    if kind == "blending":
        return Note(
            "blending_not_applied", "A blending or volumetric presentation state; medview does not apply these."
        )
    return Note("value_map_not_applied", "A map from stored to real world values; it is listed and not applied.")
