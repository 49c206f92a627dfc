"""From a reference in a document to the image that is open; key images, of key object selections and of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.core.study import Series, Stack, Study

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.report import ObjectReference, Report

FrameKey = tuple[str, int]
"""SOP Instance UID and 0-based frame; -1 for all frames of the object."""


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where an image is shown: its stack, time point and slice."""

    study: Study
    series: Series
    stack: Stack
    time: int
    k: int


class ImageIndex:
    """Images of the open studies by their UIDs; made anew when the studies change."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._of: tuple[Study, ...] | None = None
        self._places: dict[str, list[tuple[Study, Series, Stack, int]]] = {}

    def find(self, reference: ObjectReference) -> ImagePlace | None:
        """The image that a reference means: its first frame, where it names frames (1-based)."""
        places = self._current().get(reference.sop_uid)
        if not places:
            return None
        wanted = reference.frames[0] - 1 if reference.frames else 0
        study, series, stack, at = next(
            (place for place in places if place[2].frames[place[3]].frame == wanted), places[0]
        )
        if reference.frames and stack.frames[at].frame != wanted:
            return None
        time, k = divmod(at, stack.shape[0])
        return ImagePlace(study, series, stack, time, k)

    def _current(self) -> dict[str, list[tuple[Study, Series, Stack, int]]]:
        studies = self._workspace.studies
        if self._of is not studies:
            self._of = studies
            self._places = {}
            for study in studies:
                for series in study.series:
                    for stack in series.stacks:
                        for at, frame in enumerate(stack.frames):
                            if frame.sop_uid:
                                self._places.setdefault(frame.sop_uid, []).append((study, series, stack, at))
        return self._places


def show_reference(workspace: Workspace, reference: ObjectReference) -> bool:
    """Go to the image that a reference means, in the viewport that shows its stack or in the active one."""
    place = workspace.images.find(reference)
    if place is None:
        return False
    showing = next(
        (
            index
            for index in workspace.visible_indices
            if (stack := workspace.viewports[index].stack) is not None and stack.id == place.stack.id
        ),
        None,
    )
    if showing is None:
        workspace.show_stack(place.stack, k=place.k)
    else:
        workspace.set_active(showing)
    state = workspace.active_viewport
    if state.view.plane_kind != "acquired":
        state.set_plane("acquired")
    if state.time != place.time:
        state.update(time=place.time)
    state.go_to_index(place.k)
    workspace.touched = True
    return True


class KeyImages:
    """Images that the reader or key object selections of the open studies mark; the selections are read after the scan."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._documents: dict[str, Report] = {}
        self._marked: dict[FrameKey, str] = {}
        self._stacks: dict[str, int] = {}
        workspace.reader_keys.changed.connect(self._reader_chose)

    def refresh(self) -> None:
        """Read the selections that are not known yet, in the background."""
        from medview.app.documents import objects_of
        from medview.jobs.queue import Lane

        paths = [
            listed.object.path
            for study in self._workspace.studies
            for listed in objects_of(study)
            if listed.kind == "key_objects"
        ]
        self._stacks = {}  # stacks grow during a scan
        gone = self._documents.keys() - set(paths)
        for path in gone:
            del self._documents[path]
        new = [path for path in paths if path not in self._documents]
        if gone and not new:
            self._collect()
        if not new:
            return

        def done(found: dict[str, Report]) -> None:
            self._documents.update(found)
            self._collect()

        self._workspace.jobs.submit(
            "document", lambda progress: _read_all(new, progress), Lane.PREFETCH, done, lambda _error: None
        )

    def _collect(self) -> None:
        self._marked = {}
        for report in self._documents.values():
            title = "" if report.title is None else report.title.meaning
            for reference in report.references():
                for frame in reference.frames or (0,):
                    self._marked[reference.sop_uid, frame - 1] = title
        self._stacks = {}
        self.changed.emit()

    def _reader_chose(self) -> None:
        self._stacks = {}
        self.changed.emit()

    def title_of(self, stack: Stack, frame: int) -> str | None:
        """Why a frame (index into the stack's frames) is a key image; None where it is none."""
        own = self._workspace.reader_keys.on(stack, frame)
        if own is not None:
            return own.note or self._title_in_files(stack, frame) or ""
        return self._title_in_files(stack, frame)

    def _title_in_files(self, stack: Stack, frame: int) -> str | None:
        if not self._marked or not 0 <= frame < len(stack.frames):
            return None
        source = stack.frames[frame]
        return self._marked.get((source.sop_uid, source.frame), self._marked.get((source.sop_uid, -1)))

    def count_in(self, stack: Stack) -> int:
        """How many key images a stack has."""
        if not self._marked:
            return len(self._workspace.reader_keys.of(stack))
        if stack.id not in self._stacks:
            self._stacks[stack.id] = sum(self.title_of(stack, at) is not None for at in range(stack.frame_count))
        return self._stacks[stack.id]

    def neighbour(self, stack: Stack, time: int, k: int, step: int) -> tuple[int, int] | None:
        """(time, k) of the next or previous key image of a stack, around at its ends; None where there is none."""
        slices = stack.shape[0]
        marked = [at for at in range(stack.frame_count) if self.title_of(stack, at) is not None]
        if not marked:
            return None
        here = time * slices + k
        after = [at for at in marked if (at > here if step > 0 else at < here)]
        chosen = (after[0] if step > 0 else after[-1]) if after else (marked[0] if step > 0 else marked[-1])
        return divmod(chosen, slices)


def show_next_key_image(workspace: Workspace, step: int) -> None:
    """Go to the next (or previous) key image of the active stack."""
    state = workspace.active_viewport
    if state.stack is None or state.view.plane_kind != "acquired":
        return
    found = workspace.key_images.neighbour(state.stack, state.time, state.slice_index, step)
    if found is not None:
        time, k = found
        if time != state.time:
            state.update(time=time)
        state.go_to_index(k)
        workspace.touched = True


def _read_all(paths: Sequence[str], progress: Any) -> dict[str, Report]:
    from medview.core.problem import MedviewError
    from medview.dicom.structured_report import read_report

    found = {}
    for at, path in enumerate(paths):
        progress("document", at, len(paths))
        try:
            found[path] = read_report(path)
        except (MedviewError, OSError):
            continue  # opening it says what is wrong
    return found
