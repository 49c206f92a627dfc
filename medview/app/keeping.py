"""Keeps what the reader makes the moment it is made, and brings it back when the study is opened again.

A mark counts as kept when the store says so; until then it waits here, and what cannot be kept is said and tried again. Marks
come back by the UIDs of series, instance and frame; where the pixels under them are others than those that they were made on,
they are marked as stale, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.app import opening
from medview.app.correction_keeping import KINDS as CORRECTION_KINDS
from medview.app.correction_keeping import CorrectionKeeping
from medview.app.decisions import Decision, DecisionChange, decision_content, decision_key, decision_of
from medview.app.measurements import MeasurementChange
from medview.app.notices import KEEP_AGAIN, Severity
from medview.app.pixel_checks import PixelChecks, VolumeChecks
from medview.core.problem import MedviewError, Note

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult
    from medview.core.measurement import Measurement, MeasurementPlace
    from medview.core.study import Series, Stack, Study
    from medview.store.entry import Entry
    from medview.store.study_store import StudyStore

STAYING = frozenset({"marks_in_memory", "marks_not_kept"})
"""Notices that stay until they are not true any more."""

SHARED_KINDS = ("mark", "decision", "pixels", "key_image", "prior")
"""What a window takes in of what another one makes of the same study at the same time; segmentations are drawn in one."""

KINDS = ("mark", "decision", "pixels", "reading", "key_image", "prior", *CORRECTION_KINDS)


class Keeping:
    """The journal of a workspace. ``changed`` when something was kept; ``restored`` when kept marks of series came back."""

    changed = Signal()
    restored = Signal()

    def __init__(self, workspace: Workspace, store: StudyStore | None = None) -> None:
        self._workspace = workspace
        self._given = store
        self._store: StudyStore | None = None
        self._waiting: list[Entry] = []
        self._writing: list[Entry] = []
        self._bases: list[InferenceResult] = []
        self._homes: dict[str, tuple[str, str]] = {}
        self._pixels = PixelChecks(workspace, self._differs)
        self.volumes = VolumeChecks(workspace, self._differs)
        self._asked_again = False
        self._touched: set[str] = set()
        self._looking: set[str] | None = None
        """Subjects that were recorded while it is looked what another window made; None while it is not."""
        self._afterwards: list[Callable[[], None]] = []
        self.failed = False
        """Whether something could not be kept and waits to be tried again."""
        self.corrections = CorrectionKeeping(workspace, self)
        workspace.measurements.recorded.connect(self._record_mark)
        workspace.decisions.recorded.connect(self._record_decision)
        workspace.history.stepped.connect(self._record_step)

    @property
    def store(self) -> StudyStore:
        """Where everything is kept; made when it is first needed, used in the keeping lane."""
        if self._store is None:
            from medview.store.study_store import StudyStore

            self._store = self._given or StudyStore()
        return self._store

    @property
    def waiting(self) -> int:
        """How many entries the disk does not have yet."""
        return len(self._waiting) + len(self._writing)

    # ------------------------------------------------------------------ recording

    def record(
        self, kind: Any, subject: str, content: dict[str, Any] | None, study: str = "", series: str = ""
    ) -> None:
        """Put an entry into the journal; returns at once."""
        from medview.store.entry import new_entry

        if self._looking is not None:
            self._looking.add(subject)
        reader = self._workspace.decisions.reader
        self._waiting.append(new_entry(kind, subject, content, reader=reader, study=study, series=series))
        if not self._writing:
            self._write()

    def keep_again(self) -> None:
        """Try once more to keep what could not be kept; a try that is under way may have begun before what is better now."""
        if self._writing:
            self._asked_again = True
        elif self._waiting or self._bases:
            self._write()

    def _write(self) -> None:
        from medview.jobs.queue import Lane

        self._writing, self._waiting = self._waiting, []
        entries, store = self._writing, self.store
        bases, self._bases = self._bases, []

        def work(_progress: Any) -> None:
            store.write(entries)
            if bases and not store.in_memory:
                from medview.store.results import keep_result

                for base in bases:
                    keep_result(base)

        def failed(error: BaseException) -> None:
            # Before what was made meanwhile, so that the order stays.
            self._writing, self._waiting = [], [*entries, *self._waiting]
            self._bases = [*bases, *self._bases]
            self._say_failed(error)
            if self._asked_again:
                self._asked_again = False
                self._write()
            self._go_on()

        self._workspace.jobs.submit("marks", work, Lane.KEEPING, self._written, failed)

    def _written(self, _none: None) -> None:
        self._writing = []
        self._asked_again = False
        if self.failed:
            self.failed = False
            self._workspace.withdraw("marks_not_kept")
        self._tell_notes()
        self.changed.emit()
        if self._waiting or self._bases:
            self._write()
        self._go_on()

    def when_written(self, then: Callable[[], None]) -> None:
        """Call ``then`` when the disk has all that was recorded until now, or has refused it, which was said then."""
        self._afterwards.append(then)
        self._go_on()

    def _go_on(self) -> None:
        if not self._writing:
            now, self._afterwards = self._afterwards, []
            for then in now:
                then()

    def _say_failed(self, error: BaseException) -> None:
        self.failed = True
        why = error.text if isinstance(error, MedviewError) else str(error)
        text = f"Marks could not be kept yet: {why} They are in memory and are tried again with the next one."
        self._workspace.withdraw("marks_not_kept")
        self._workspace.tell("marks_not_kept", text, (why,), "danger", remedy=KEEP_AGAIN, stays=True)
        self._tell_notes()
        self.changed.emit()

    def _tell_notes(self) -> None:
        if self._store is None:
            return
        notes: list[Note] = []
        while self._store.notes:
            notes.append(self._store.notes.pop(0))
        for note in notes:
            severity: Severity = "danger" if note.code in STAYING else "warning"
            self._workspace.tell(note.code, note.text, note.values, severity, stays=note.code in STAYING)

    def flush(self) -> None:
        """Called before the end: hand out what is still waiting, whatever is written now; the lane finishes it in order."""
        if self._waiting or self._bases:
            self._write()

    # ------------------------------------------------------------------ what segmentations were begun with

    def keep_base(self, base: InferenceResult) -> None:
        """Keep what a reader began to edit with, before the entries that are recorded next count as kept."""
        self._bases.append(base)

    def forget_base(self, base: InferenceResult) -> None:
        """Delete what a reader began with, after everything that was recorded before."""
        from medview.jobs.queue import Lane
        from medview.store.results import forget_result

        self._bases = [one for one in self._bases if one is not base]
        self._workspace.jobs.submit(
            "marks", lambda _progress: forget_result(base), Lane.KEEPING, lambda _none: None, self._workspace.tell_error
        )

    # ------------------------------------------------------------------ what is recorded

    def _record_mark(self, change: MeasurementChange) -> None:
        mark = change.after or change.before
        assert mark is not None
        self._touched.add(mark.id)
        found = opening.find_stack(self._workspace.studies, mark.place.stack_id)
        if found is not None:
            self._homes[mark.id] = (found[0].study_uid, found[1].series_uid)
        home = self._homes.get(mark.id)
        if home is None:
            return  # images that no series holds: nothing to find it again by
        content = None
        if change.after is not None and found is not None:
            from medview.store.mark_content import mark_content

            content = mark_content(mark, patient_points(found[2], mark))
            content["patient"] = _patient_digest(found[0])
        self.record("mark", mark.id, content, *home)
        if change.after is not None and found is not None:
            self._hash_under(found[2], mark)

    def _record_decision(self, change: DecisionChange) -> None:
        made = change.result.provenance
        self._touched.add(decision_key(change.result, change.finding))
        found = opening.find_stack(self._workspace.studies, made.stack_id)
        study = found[0].study_uid if found is not None else ""
        subject = decision_key(change.result, change.finding)
        self.record("decision", subject, decision_content(change), study, made.series_uid)

    def _record_step(self, how: str, change: Any) -> None:
        self.record("step", "", {"how": how, "title": change.title, "stack_id": change.stack_id})

    # ------------------------------------------------------------------ pixels under marks

    def _hash_under(self, stack: Stack, mark: Measurement) -> None:
        """Record what the pixels under a mark are: of its frame, or for a cut which frames its volume has."""
        place = mark.place
        if place.plane != "acquired":
            frames = _frames_digest(stack)
            self._record_pixels(mark.id, frames)
            self.volumes.digest(stack, place.time, lambda digest: self._record_pixels(mark.id, frames, digest))
            return
        time, k = divmod(_index_of(stack, place), stack.shape[0])
        self._pixels.digest(stack, time, k, lambda digest: self._record_pixels(mark.id, digest))

    def touch(self, subject: str) -> None:
        """What the journal says of this subject is older than what was just done here."""
        self._touched.add(subject)

    def hash_under(self, subject: str, stack: Stack, time: int, k: int, home: tuple[str, str]) -> None:
        """Record what the pixels of slice k are under something that was made on it."""
        self._homes[subject] = home
        self.touch(subject)
        self._pixels.digest(stack, time, k, lambda digest: self._record_pixels(subject, digest))

    def expect(self, subject: str, stack_id: str, time: int, k: int, wanted: str) -> None:
        """Compare the pixels of slice k, when they are there, with those that something was made on."""
        found = opening.find_stack(self._workspace.studies, stack_id)
        if found is not None:
            self._pixels.expect(found[2], time, k, subject, wanted)

    def patient_digest(self, study: Study) -> str:
        """Tells patients apart without naming them."""
        return _patient_digest(study)

    def frames_digest(self, stack: Stack) -> str:
        """Tells which frames a stack has."""
        return _frames_digest(stack)

    def _record_pixels(self, mark_id: str, digest: str, volume: str = "") -> None:
        content = {"sha256": digest} | ({"volume": volume} if volume else {})
        self.record("pixels", mark_id, content, *self._homes[mark_id])

    def _differs(self, subject: str) -> None:
        """The pixels under something are not those that it was made on."""
        self._workspace.measurements.set_stale(subject)
        self.corrections.set_stale(subject)
        self._workspace.reader_keys.set_stale(subject)

    # ------------------------------------------------------------------ bringing back

    def fetch(self, series: Sequence[Series]) -> None:
        """Bring back what was kept of series that were just opened, and put their studies on the list of recent ones."""
        from medview.jobs.queue import Lane

        workspace, store = self._workspace, self.store
        uids = tuple(one.series_uid for one in series if one.series_uid)
        if not uids:
            return
        before = {
            mark.id: mark for one in series for stack in one.stacks for mark in workspace.measurements.of(stack.id)
        }
        self._touched = set()

        def work(_progress: Any) -> tuple[Entry, ...]:
            return store.current(uids, KINDS)

        def done(entries: tuple[Entry, ...]) -> None:
            self._bring_back(entries, before, self._touched, uids)
            self._tell_notes()
            self.restored.emit()

        def failed(error: BaseException) -> None:
            workspace.tell_error(error)
            self.corrections.read_failed(uids)
            self._tell_notes()
            self.restored.emit()

        workspace.jobs.submit("marks", work, Lane.KEEPING, done, failed)

    def look_again(self) -> None:
        """Take in what another window made of the open series meanwhile; nothing where nobody wrote.

        Not while anything of this window waits for the disk: what the journal says is older then.
        """
        from medview.jobs.queue import Lane

        workspace, store = self._workspace, self._store
        stacks = [
            (one.series_uid, stack) for study in workspace.studies for one in study.series for stack in one.stacks
        ]
        uids = tuple(dict.fromkeys(uid for uid, _stack in stacks if uid))
        if store is None or not uids or self.waiting or self.failed or self._looking is not None:
            return
        before = {mark.id: mark for _uid, stack in stacks for mark in workspace.measurements.of(stack.id)}
        self._looking = set()

        def work(_progress: Any) -> tuple[Entry, ...]:
            return store.current(uids, SHARED_KINDS) if store.changed_elsewhere() else ()

        def done(entries: tuple[Entry, ...]) -> None:
            touched, self._looking = self._looking or set(), None
            if entries and self._bring_back(entries, before, touched):
                text = "Another window changed marks or decisions of this study; they are shown as they are now."
                workspace.withdraw("marks_from_elsewhere")
                workspace.tell("marks_from_elsewhere", text)
            self._tell_notes()

        def failed(_error: BaseException) -> None:
            self._looking = None  # it is looked again the next time

        workspace.jobs.submit("marks", work, Lane.KEEPING, done, failed)

    def _bring_back(
        self,
        entries: Sequence[Entry],
        before: dict[str, Measurement],
        touched: set[str],
        series: Sequence[str] | None = None,
    ) -> bool:
        """Take in what the journal says; whether marks or decisions are others than ``before``.

        ``touched`` were changed here while the journal was read; ``series`` None: segmentations stay as they are.
        """
        from medview.store.mark_content import mark_of

        pixels = {
            entry.subject: entry.content for entry in entries if entry.kind == "pixels" and entry.content is not None
        }
        marks: list[Measurement] = []
        gone: list[str] = []
        stale: list[str] = []
        decisions, unknown = _decisions_in(entries, touched)
        away = 0
        frames: dict[str, dict[tuple[str, int], tuple[Stack, int]]] = {}
        patients = {id(study): _patient_digest(study) for study in self._workspace.studies}
        for entry in entries:
            if entry.subject in touched:
                continue  # changed here while the journal was read
            if entry.kind != "mark":
                continue
            if entry.content is None:
                gone.append(entry.subject)
                continue
            try:
                mark = mark_of(entry.subject, entry.content)
            except ValueError:
                unknown += 1
                continue
            placed = self._place(mark, entry.series, frames)
            if placed is None:
                away += 1
                continue
            study, stack, mark = placed
            self._homes[mark.id] = (entry.study, entry.series)
            if before.get(mark.id) != mark:
                marks.append(mark)
            under = pixels.get(mark.id, {})
            wanted, volume = (str(under.get(name, "")) for name in ("sha256", "volume"))
            if entry.content.get("patient") not in {None, patients[id(study)]}:
                stale.append(mark.id)
            elif mark.place.plane != "acquired":
                if wanted and wanted != _frames_digest(stack):
                    stale.append(mark.id)
                elif volume:
                    self.volumes.expect(stack, mark.place.time, mark.id, volume)
            elif wanted:
                self._pixels.expect(stack, mark.place.time, mark.place.k, mark.id, wanted)
        workspace = self._workspace
        others = {key: one for key, one in decisions.items() if workspace.decisions.kept(key) != one}
        is_other = bool(marks or before.keys() & set(gone) or others)
        workspace.measurements.bring_back(marks, gone)
        for mark_id in stale:
            workspace.measurements.set_stale(mark_id)
        workspace.decisions.bring_back(
            decisions, {stack.id for study in workspace.studies for one in study.series for stack in one.stacks}
        )
        self._workspace.read_first.bring_back(entries)
        more_unknown = more_away = 0
        if series is not None:
            more_unknown, more_away = self.corrections.bring_back(entries, touched, series)
        keys_unknown, keys_away = workspace.reader_keys.bring_back(entries, touched)
        unknown += workspace.priors.bring_back(entries, touched)
        if series is None:
            return is_other  # what cannot be shown was said when it was opened
        unknown, away = unknown + more_unknown + keys_unknown, away + more_away + keys_away
        if away:
            text = f"Kept marks on images of these series that are not open: {away}. They stay kept."
            workspace.tell("marks_away", text, (str(away),))
        if unknown:
            text = f"Kept marks by another version of medview that cannot be shown: {unknown}. They stay kept."
            workspace.tell("marks_unknown", text, (str(unknown),))
        return is_other

    def _place(
        self, mark: Measurement, series_uid: str, frames: dict[str, dict[tuple[str, int], tuple[Stack, int]]]
    ) -> tuple[Study, Stack, Measurement] | None:
        """The mark on the stack of its series that shows its image now."""
        found = opening.find_series(self._workspace.studies, series_uid)
        if found is None:
            return None
        study, series = found
        place = mark.place
        own = next((stack for stack in series.stacks if stack.id == place.stack_id), None)
        if place.plane != "acquired":
            stack = own or next(
                (one for one in series.stacks if _has_frame_of_reference(one, place.frame_of_reference)), None
            )
            return None if stack is None else (study, stack, replace(mark, place=replace(place, stack_id=stack.id)))
        if not place.sop_uid:
            held = own is not None and place.k < own.shape[0] and place.time < own.timepoints
            return (study, own, mark) if own is not None and held else None
        if series_uid not in frames:
            index: dict[tuple[str, int], tuple[Stack, int]] = {}
            for stack in series.stacks:
                for at, frame in enumerate(stack.frames):
                    key = (frame.sop_uid, frame.frame)
                    if key not in index or stack is own:
                        index[key] = (stack, at)
            frames[series_uid] = index
        held_by = frames[series_uid].get((place.sop_uid, place.frame))
        if held_by is None:
            return None
        stack, at = held_by
        time, k = divmod(at, stack.shape[0])
        if (place.stack_id, place.k, place.time) == (stack.id, k, time):
            return study, stack, mark
        return study, stack, replace(mark, place=replace(place, stack_id=stack.id, k=k, time=time))


def _decisions_in(entries: Sequence[Entry], touched: set[str]) -> tuple[dict[str, Decision], int]:
    """Decisions by their subject, and how many cannot be understood."""
    found: dict[str, Decision] = {}
    unknown = 0
    for entry in entries:
        if entry.kind == "decision" and entry.subject not in touched:
            try:
                found[entry.subject] = Decision() if entry.content is None else decision_of(entry.content)
            except ValueError:
                unknown += 1
    return found, unknown


def _index_of(stack: Stack, place: MeasurementPlace) -> int:
    """Index among the stack's frames of the one that a place names; stacks grow while they are scanned."""
    at = place.time * stack.shape[0] + place.k
    if not place.sop_uid:
        return at
    wanted = (place.sop_uid, place.frame)
    if at < len(stack.frames) and (stack.frames[at].sop_uid, stack.frames[at].frame) == wanted:
        return at
    return next((n for n, frame in enumerate(stack.frames) if (frame.sop_uid, frame.frame) == wanted), at)


def _has_frame_of_reference(stack: Stack, wanted: str) -> bool:
    return bool(wanted) and stack.geometry is not None and stack.geometry.frame_of_reference == wanted


def _frames_digest(stack: Stack) -> str:
    """SHA-256 of which frames a stack has, whatever their order."""
    from medview.store.entry import digest_of

    names = sorted(f"{frame.sop_uid}\0{frame.frame}" for frame in stack.frames)
    return digest_of("\n".join(names))


def _patient_digest(study: Study) -> str:
    from medview.store.entry import digest_of

    return digest_of("\0".join(study.patient.key))[:32]


def patient_points(stack: Stack, mark: Measurement) -> tuple[tuple[float, float, float], ...] | None:
    """The points of a mark in LPS mm; None where the images have no place in the patient."""
    import numpy as np

    place = mark.place
    points = np.array(mark.points, dtype=np.float64)
    if place.plane != "acquired":
        if place.origin is None or place.across is None or place.down is None:
            return None
        placed = np.array(place.origin) + points[:, :1] * np.array(place.across) + points[:, 1:] * np.array(place.down)
    elif stack.geometry is not None:
        k = _index_of(stack, place) % stack.shape[0]
        voxels = np.column_stack([np.full(len(points), float(k)), points[:, 1], points[:, 0]])
        placed = stack.geometry.voxel_to_patient(voxels)
    elif stack.planes is not None:
        origin, across, down = stack.planes[_index_of(stack, place)]
        placed = origin + points[:, :1] * across + points[:, 1:] * down
    else:
        return None
    if not np.isfinite(placed).all():
        return None
    return tuple((float(x), float(y), float(z)) for x, y, z in placed)
