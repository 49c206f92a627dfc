"""A structured report or a key object selection as values: what it says, about whom, by whom, and which images it means."""

from __future__ import annotations

from dataclasses import dataclass, field

from medview.core.finding import Code


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """An object that a report points at; ``frames`` are 1-based as in the file, none for all of it."""

    sop_class: str
    sop_uid: str
    frames: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()
    channels: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ReportGraphic:
    """Coordinates of a SCOORD (column, row of the image, 0.0 at the upper left corner of the first pixel) or of a
    SCOORD3D (mm in ``frame_of_reference``); PS3.3 C.18.6 and C.18.9.
    """

    kind: str
    points: tuple[tuple[float, ...], ...]
    frame_of_reference: str = ""


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One content item (PS3.3 C.17.3). ``text`` is its value as words; numbers keep the digits of the file.

    ``images`` are the references of the item itself, for a SCOORD those that it was selected from.
    """

    relationship: str
    value_type: str
    name: Code | None
    text: str = ""
    code: Code | None = None
    unit: Code | None = None
    qualifier: Code | None = None
    images: tuple[ObjectReference, ...] = ()
    graphic: ReportGraphic | None = None
    observed: str = ""
    position: str = ""
    """Where it stands: ``1.2.3``, as references by identifier name it."""
    refers_to: str = ""
    """The position of the item that stands here by reference."""
    continuous: bool = False
    """Whether the items of a container are one running text (PS3.3 C.18.8)."""
    items: tuple[ReportItem, ...] = ()


def is_not_presented(item: ReportItem) -> bool:
    """Whether an item says that what it modifies shall not be shown (CAD's Rendering Intent, PS3.16 CID 6034)."""
    return (
        item.name is not None and item.name.value == "111056" and item.code is not None and item.code.value == "111152"
    )


@dataclass(frozen=True, slots=True)
class Observer:
    """Who verified a report, and when."""

    name: str
    organisation: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole document. Dates and times as in the file. ``faults`` are codes of what was wrong with the file."""

    path: str
    sop_uid: str
    sop_class: str
    title: Code | None
    patient_name: str = ""
    patient_id: str = ""
    patient_birth_date: str = ""
    patient_sex: str = ""
    study_uid: str = ""
    study_date: str = ""
    study_description: str = ""
    accession: str = ""
    content_date: str = ""
    content_time: str = ""
    institution: str = ""
    manufacturer: str = ""
    completion: str = ""
    completion_description: str = ""
    verification: str = ""
    preliminary: str = ""
    verified_by: tuple[Observer, ...] = ()
    template: str = ""
    predecessors: int = 0
    is_key_objects: bool = False
    items: tuple[ReportItem, ...] = ()
    faults: tuple[str, ...] = field(default=())

    def references(self) -> tuple[ObjectReference, ...]:
        """All objects that the document points at, each once, in its order."""
        found: dict[tuple[str, tuple[int, ...]], ObjectReference] = {}
        pending = list(self.items)
        while pending:
            item = pending.pop(0)
            for image in item.images:
                found.setdefault((image.sop_uid, image.frames), image)
            pending[:0] = item.items
        return tuple(found.values())
