"""Read first: what models say is hidden until the reader has looked, by choice, and the order of both is kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from psygnal import Signal

from medview.app.opening import study_key

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.study import Study
    from medview.store.entry import Entry

Event = Literal["ai_hidden", "ai_shown", "read"]
"""AI was there and hidden; the reader asked for it; the reader said that the study is read."""

KIND = "reading"


class ReadFirst:
    """Which studies were read, or whose AI the reader has asked for. ``changed`` when that or the setting changes."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._open: set[object] = set()
        self._told: set[object] = set()
        self._read: set[object] = set()
        workspace.results_changed.connect(self._results_came)

    def _results_came(self, _stack_id: str) -> None:
        self.note_hidden()

    @property
    def is_on(self) -> bool:
        """Whether the reader wants to read first."""
        return bool(self._workspace.settings.read_first)

    @property
    def hides(self) -> bool:
        """Whether what models say is hidden now: a study on the screen has not been read yet."""
        return self.is_on and any(study_key(study) not in self._open for study in self._studies())

    def is_read(self, study: Study) -> bool:
        """Whether the reader has said so of a study."""
        return study_key(study) in self._read

    def _studies(self) -> list[Study]:
        states = self._workspace.viewports
        studies = {study_key(state.study): state.study for state in states if state.study is not None}
        return list(studies.values())

    def set_on(self, wanted: bool) -> None:
        """Read first from now on, or no more."""
        if wanted != self.is_on:
            self._workspace.change_settings(read_first=wanted)
            self.note_hidden()
            self._tell()

    def note_hidden(self) -> None:
        """Keep that there was something to hide, once for each study."""
        for study in self._studies() if self.is_on else ():
            key = study_key(study)
            stacks = [stack.id for series in study.series for stack in series.stacks]
            said = [result for stack in stacks for result in self._workspace.results.of(stack)]
            if key not in self._open and key not in self._told and said:
                self._told.add(key)
                self._record(study, "ai_hidden")

    def show(self) -> None:
        """The reader asks for what models say on the studies on the screen."""
        for study in self._studies():
            if study_key(study) not in self._open:
                self._open.add(study_key(study))
                self._record(study, "ai_shown")
        self._tell()

    def mark_read(self) -> None:
        """The reader has read the study of the active viewport: what models say is shown from now on."""
        study = self._workspace.active_viewport.study
        if study is None or self.is_read(study):
            return
        self._read.add(study_key(study))
        self._record(study, "read")
        if study_key(study) not in self._open:
            self._open.add(study_key(study))
            self._record(study, "ai_shown")
        self._tell()

    def bring_back(self, entries: Iterable[Entry]) -> None:
        """What was read, and asked for, at an earlier time."""
        events = [(entry.study, str((entry.content or {}).get("event"))) for entry in entries if entry.kind == KIND]
        for study in self._workspace.studies:
            said = {event for uid, event in events if uid == study.study_uid}
            if said & {"ai_shown", "read"}:
                self._open.add(study_key(study))
            if "read" in said:
                self._read.add(study_key(study))
            if "ai_hidden" in said:
                self._told.add(study_key(study))
        if events:
            self._tell()

    def _record(self, study: Study, event: Event) -> None:
        workspace = self._workspace
        stacks = [stack.id for series in study.series for stack in series.stacks]
        made = [result.provenance for stack in stacks for result in workspace.results.of(stack)]
        content = {
            "event": event,
            "marks": sum(len(workspace.measurements.of(stack)) for stack in stacks),
            "results": [f"{one.package_id} {one.package_version} {one.package_sha256[:16]}" for one in made],
        }
        series = next((one.series_uid for one in study.series if one.series_uid), "")
        workspace.keeping.record(KIND, uuid.uuid4().hex, content, study.study_uid, series)

    def _tell(self) -> None:
        self.changed.emit()
        self._workspace.ai_visible_changed.emit()
