"""The objects that are no images as the reader opens them: read in the background, one at a time beside the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.core.other_objects import OPENED_KINDS
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled
from medview.core.study import Series, Study, StudyObject

if TYPE_CHECKING:
    from medview.app.workspace import Workspace


MOST_TITLES = 2000
"""More objects than that keep the names of their kinds."""


@dataclass(frozen=True, slots=True)
class OtherObject:
    """An object with where it belongs and what it is."""

    study: Study
    series: Series
    object: StudyObject
    kind: str

    @property
    def is_opened(self) -> bool:
        """Whether its content can be shown."""
        return self.kind in OPENED_KINDS


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """What is shown beside the images. ``content`` is a Report, Waveform, EncapsulatedDocument or ClinicalDocument."""

    listed: OtherObject
    content: Any = None
    error: MedviewError | None = None
    is_loading: bool = False


def objects_of(study: Study) -> tuple[OtherObject, ...]:
    """The objects of a study without pixels, in the order of its series."""
    from medview.dicom.sop_classes import kind_of_class

    return tuple(
        OtherObject(study, series, one, kind_of_class(one.sop_class, one.modality))
        for series in study.series
        for one in series.objects
        if not one.frames
    )


class Documents:
    """Which document is open."""

    changed = Signal()
    titles_changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._request = 0
        self.is_list_open = False
        """Whether the list of all other objects is shown."""
        self.shown: OpenDocument | None = None
        self.titles: dict[str, str] = {}
        """What objects call themselves, by path; read in the background after a scan."""

    @property
    def is_open(self) -> bool:
        """Whether anything is shown beside the images."""
        return self.is_list_open or self.shown is not None

    @property
    def patient(self) -> tuple[str, str] | None:
        """Whose document is shown; None where none is."""
        return None if self.shown is None else self.shown.listed.study.patient.key

    def all(self) -> tuple[OtherObject, ...]:
        """The other objects of all open studies."""
        return tuple(listed for study in self._workspace.studies for listed in objects_of(study))

    def show_list(self) -> None:
        """Show the list of all other objects."""
        self._request += 1
        self.is_list_open, self.shown = True, None
        self.changed.emit()

    def close(self) -> None:
        """Show the images alone again."""
        if self.is_open:
            self._request += 1
            self.is_list_open, self.shown = False, None
            self.changed.emit()

    def fetch_titles(self) -> None:
        """Read the titles that are not known yet, in the background."""
        from medview.jobs.queue import Lane

        here = {one.object.path for one in self.all()}
        self.titles = {path: title for path, title in self.titles.items() if path in here}
        wanted = [one.object.path for one in self.all() if one.object.path not in self.titles][:MOST_TITLES]
        if not wanted:
            return

        def work(progress: Any) -> dict[str, str]:
            from medview.dicom.object_titles import title_of_object

            found = {}
            for at, path in enumerate(wanted):
                progress("document", at, len(wanted))
                found[path] = title_of_object(path)
            return found

        def done(found: dict[str, str]) -> None:
            self.titles.update(found)
            self.titles_changed.emit()

        self._workspace.jobs.submit("document", work, Lane.PREFETCH, done, lambda _error: None)

    def open_what_there_is(self) -> None:
        """After a scan without any image: show the first object that can be shown, or the list of all."""
        if self.is_open or any(series.stacks for study in self._workspace.studies for series in study.series):
            return
        listed = self.all()
        first = next((one for one in listed if one.is_opened), listed[0] if len(listed) == 1 else None)
        if first is not None:
            self.open(first)
        elif listed:
            self.show_list()

    def forget(self, studies: Sequence[Study]) -> None:
        """Close the document where its study is open no more."""
        if self.shown is not None and all(study.study_uid != self.shown.listed.study.study_uid for study in studies):
            self.close()

    def open(self, listed: OtherObject) -> None:
        """Show an object: its content where it has any that can be shown, else what it is and why not."""
        from medview.jobs.queue import Lane

        self._request += 1
        number = self._request
        self.is_list_open = False
        if not listed.is_opened:
            self.shown = OpenDocument(listed)
            self.changed.emit()
            return
        self.shown = OpenDocument(listed, is_loading=True)
        self.changed.emit()

        def done(content: Any) -> None:
            self._take(number, content, None)

        def failed(error: BaseException) -> None:
            if isinstance(error, Cancelled):
                return
            told = error if isinstance(error, MedviewError) else _unexpected(listed.object.path, error)
            self._take(number, None, told)

        self._workspace.jobs.submit(
            "document",
            lambda _progress: read_content(listed.object.path, listed.kind),
            Lane.INTERACTION,
            on_done=done,
            on_failed=failed,
            supersedes="document",
        )

    def _take(self, number: int, content: Any, error: MedviewError | None) -> None:
        if number == self._request and self.shown is not None:
            self.shown = replace(self.shown, content=content, error=error, is_loading=False)
            self.changed.emit()


def read_content(path: str, kind: str) -> Any:
    """What an object of this kind holds. Raises OSError and MedviewError."""
    if kind in {"report", "key_objects"}:
        from medview.dicom.structured_report import read_report

        return read_report(path)
    if kind == "waveform":
        from medview.dicom.waveform import read_waveform

        return read_waveform(path)
    from medview.dicom.encapsulated_document import document_bytes, read_document

    document = read_document(path)
    if kind == "cda" or document.mime_type in {"text/xml", "application/xml"}:
        from medview.dicom.clinical_document import MAX_BYTES, read_clinical_document

        return read_clinical_document(document_bytes(path, MAX_BYTES))
    return document


def write_document(source: str, path: str) -> None:
    """Write the document inside ``source`` to ``path``, whole or not at all. Raises OSError and MedviewError."""
    from pathlib import Path

    from medview.dicom.encapsulated_document import document_bytes
    from medview.files.replaced_file import replaced_file

    data = document_bytes(source)
    with replaced_file(Path(path)) as temporary:
        temporary.write_bytes(data)


def _unexpected(path: str, error: BaseException) -> MedviewError:
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return MedviewError("unreadable_file", f"{path} cannot be read: {reason}.", path, values=(reason,))
    reason = f"{type(error).__name__}: {error}"
    return MedviewError("broken_header", f"{path} cannot be read as DICOM: {reason}.", path, values=(reason,))
