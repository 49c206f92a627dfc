"""Series of different frames of reference brought together: by registration objects, by medview, by the reader's hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.app.history import Change
from medview.app.kept_registrations import drop, keep, read_kept
from medview.app.linking import space_of_stack
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Progress
from medview.core.registration import IDENTITY, Placement, Registered, RegistrationObject, between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medview.app.fusion import Fusion
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.study import Stack, Study, StudyObject
    from medview.core.volume import Volume


@dataclass(frozen=True, eq=False)
class FusionChange:
    """Where one series lies on top of another, in every viewport that shows both: registered, accepted, rejected, moved by hand."""

    below: str
    """Id of the stack below."""
    before: Fusion
    after: Fusion
    settles: bool = False
    """Whether a reader stands for the place from then on, or does no longer."""

    @property
    def title(self) -> str:
        """What was done."""
        return QT_TRANSLATE_NOOP("Step", "Place of the series on top")

    @property
    def stack_id(self) -> str:
        """The stack on top."""
        return self.after.stack.id

    def reversed(self) -> FusionChange:
        """The change that takes this one back."""
        return FusionChange(self.below, self.after, self.before, self.settles)

    def joined(self, earlier: Change) -> Change | None:
        """A number that is turned up and up is one step; what was registered is one of its own."""
        if not isinstance(earlier, FusionChange) or earlier.below != self.below or earlier.settles or self.settles:
            return None
        if earlier.after.stack.id != self.after.stack.id:
            return None
        if self.before.registered != self.after.registered or earlier.before.registered != earlier.after.registered:
            return None
        return FusionChange(self.below, earlier.before, self.after)


class Registrations:
    """Main thread only. ``changed`` after objects were read and after something was accepted."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, RegistrationObject | None] = {}
        self._accepted: dict[tuple[str, str], Registered] = {}
        """By (id of the stack on top, id of the one below): what the reader accepted in this session."""
        self._kept: tuple[RegistrationObject, ...] = ()
        """What the reader accepted at other times."""
        self._found: dict[tuple[str, str], tuple[Registered, ...]] = {}
        self._asked: frozenset[tuple[str, str]] = frozenset()
        """Patients whose kept registrations were read."""
        self.objects: tuple[RegistrationObject, ...] = ()
        workspace.studies_changed.connect(self.refresh)
        workspace.history.understand(FusionChange, self._apply)

    # ------------------------------------------------------------------ objects of files

    def refresh(self) -> None:
        """Read what registration objects say, in the background, once a scan is over."""
        workspace = self._workspace
        self.refresh_found()
        if workspace.is_scanning:
            return
        files = [one for _, one in registration_files(workspace.studies) if one.path not in self._known]
        patients = frozenset(study.patient.key for study in workspace.studies)
        if not files and patients <= self._asked:
            self._list()
            return
        from medview.jobs.queue import Lane

        def work(_progress: Progress) -> tuple[Any, ...]:
            return read_registrations(files), read_kept(patients)

        def done(found: tuple[Any, ...]) -> None:
            self._known.update(found[0])
            self._kept, self._asked = found[1], patients
            self.refresh_found()
            self._list()

        workspace.jobs.submit(
            "objects",
            work,
            Lane.PREFETCH,
            on_done=done,
            on_failed=lambda _error: None,
            supersedes="registrations",
        )

    def _list(self) -> None:
        listed = registration_objects(self._workspace.studies, self._known)
        if [one.path for one in listed] != [one.path for one in self.objects]:
            told = {one.path for one in self.objects}
            self.objects = listed
            for one in listed:
                if one.refused is not None and one.path not in told:
                    self._workspace.tell_note(one.refused, "hint")
            self.refresh_found()
            self.changed.emit()

    def refresh_found(self) -> None:
        """Forget what was found between two stacks: they, or the objects, are others now."""
        self._found.clear()

    def of(self, over_study: Study, over: Stack, study: Study, below: Stack) -> tuple[Registered, ...]:
        """What puts ``over`` into the space of ``below``, the best first: what the reader accepted, then objects, newest first."""
        key = (over.id, below.id)
        found = self._found.get(key)
        if found is None:
            found = (
                *self._found_before(study, over_study, over, below),
                *between(self._of_patient(study, over_study), over, below),
            )
            accepted = self._accepted.get(key)
            back = self._accepted.get((below.id, over.id))
            if accepted is not None:
                found = (accepted, *found)
            elif back is not None:
                found = (replace(back, placement=back.placement.inverse), *found)
            self._found[key] = found
        return found

    def _found_before(self, study: Study, other: Study, over: Stack, below: Stack) -> tuple[Registered, ...]:
        """What the reader accepted at another time."""
        if study.patient.key != other.patient.key:
            return ()
        kept = [one for one in self._kept if one.patient == study.patient.key]
        by_uid = {one.sop_uid: one for one in kept}
        found = []
        for one in between(kept, over, below):
            known = by_uid[one.uid]
            found.append(replace(one, by="medview" if known.automatic else "reader", name=known.creator, uid=""))
        return tuple(found)

    def _of_patient(self, study: Study, other: Study) -> list[RegistrationObject]:
        if study.patient.key != other.patient.key:
            return []
        return [one for one in self.objects if one.patient == study.patient.key]

    def refusals(self, study: Study) -> tuple[Note, ...]:
        """Why objects of a patient are not applied."""
        return tuple(
            one.refused for one in self.objects if one.refused is not None and one.patient == study.patient.key
        )

    def best(self, state: ViewportState, stack_id: str) -> Registered | None:
        """What puts a stack into the space of the one that a viewport shows."""
        from medview.app.opening import find_stack

        found = find_stack(self._workspace.studies, stack_id)
        if found is None or state.study is None or state.stack is None:
            return None
        return next(iter(self.of(found[0], found[2], state.study, state.stack)), None)

    @property
    def are_there(self) -> bool:
        """Whether anything is known that brings one space into another."""
        return bool(self.objects or self._accepted or self._kept)

    def way(self, from_: ViewportState, to: ViewportState) -> Placement | None:
        """From the space of the one viewport's stack into the other's, for moving together; None where nothing is known."""
        return self.way_between(from_.study, from_.stack, to.study, to.stack)

    def way_between(
        self, study: Study | None, stack: Stack | None, to_study: Study | None, to: Stack | None
    ) -> Placement | None:
        """As `way`, of two stacks."""
        if stack is None or to is None:
            return None
        space, other = space_of_stack(stack), space_of_stack(to)
        if not space or not other:
            return None
        if space == other:
            return IDENTITY
        if study is None or to_study is None or not self.are_there:
            return None
        return next((one.placement for one in self.of(study, stack, to_study, to) if one.sure), None)

    def said_by(self, from_: ViewportState, to: ViewportState) -> str:
        """Who says where two viewports' stacks lie to each other; "" where their files do themselves."""
        way = self.way(from_, to)
        if way is None or way is IDENTITY or from_.study is None or to.study is None:
            return ""
        assert from_.stack is not None
        assert to.stack is not None
        return next(one.name for one in self.of(from_.study, from_.stack, to.study, to.stack) if one.sure)

    # ------------------------------------------------------------------ the series on top of a viewport

    def _apply(self, change: FusionChange) -> None:
        place = {name: getattr(change.after, name) for name in ("shift_mm", "turn_deg", "registered", "unverified")}
        for state in self._workspace.all_viewports:
            now = state.view.fusion
            if state.stack is None or state.stack.id != change.below or now is None:
                continue
            if now.stack.id == change.after.stack.id:
                state.update(fusion=replace(now, **place))
        if change.settles:
            self._remember(change)

    def _remember(self, change: FusionChange) -> None:
        """What the reader stands for now holds where viewports are linked, and next time too; what was taken back does not."""
        from medview.app.opening import find_stack

        known = change.after.registered
        settled = known if known is not None and known.sure and known.by != "file" else None
        key = (change.after.stack.id, change.below)
        below = find_stack(self._workspace.studies, change.below)
        if below is None:
            return
        if settled is None:
            self._accepted.pop(key, None)
        else:
            self._accepted[key] = settled
        self._accepted.pop(key[::-1], None)
        over = change.after
        pair = (over.stack, below[2])
        self._kept = tuple(one for one in self._kept if not between([one], *pair))
        self.refresh_found()
        self.changed.emit()
        from medview.jobs.queue import Lane

        def work(_progress: Progress) -> None:
            if settled is None:
                drop(below[0], *pair)
            else:
                keep(settled, over.study, over.stack, below[0], below[2])

        self._workspace.jobs.submit(
            "save", work, Lane.KEEPING, on_done=lambda _none: None, on_failed=self._workspace.tell_error
        )

    def put(self, state: ViewportState, settles: bool = False, **values: Any) -> None:
        """Change where the series on top lies (``shift_mm``, ``turn_deg``, ``registered``, ``unverified``); one step of undo."""
        fusion = state.view.fusion
        if fusion is None or state.stack is None:
            return
        after = replace(fusion, **values)
        if after.placement == fusion.placement and after.registered == fusion.registered:
            return
        self._workspace.touched = True
        self._workspace.history.do(FusionChange(state.stack.id, fusion, after, settles))

    def choose(self, state: ViewportState, registered: Registered | None, settles: bool = False) -> None:
        """Place the series on top by an object, or (None) where its own coordinates say."""
        from medview.app.fusion import share_space

        fusion = state.view.fusion
        if fusion is None or state.stack is None:
            return
        own = registered is None and not share_space(state.stack, fusion.stack)
        unmoved = {"shift_mm": (0.0, 0.0, 0.0), "turn_deg": (0.0, 0.0, 0.0)}
        self.put(state, settles, registered=registered, unverified=own, **unmoved)

    def register(self, state: ViewportState) -> None:
        """Have medview find where the series on top fits, from where it lies now, in the background."""
        fusion, stack = state.view.fusion, state.stack
        if fusion is None or stack is None:
            return
        from medview.jobs.queue import Lane

        workspace = self._workspace
        loader = workspace.loader
        try:
            volumes = (loader.volume(stack, state.view.time), loader.volume(fusion.stack, fusion.time))
        except MedviewError as error:
            workspace.tell_error(error)
            return
        start = fusion.placement

        def work(progress: Progress) -> Any:
            from medview.processing.registration import register_rigidly

            for volume in volumes:
                _wait_for(volume, progress)
            return register_rigidly(*volumes, start, progress)

        def done(answer: Any) -> None:
            now = state.view.fusion
            if now is None or now.stack is not fusion.stack or state.stack is not stack:
                return  # the reader went on
            found = Registered(answer.placement, "medview", "medview", sure=False)
            self.put(state, registered=found, unverified=False, shift_mm=(0.0, 0.0, 0.0), turn_deg=(0.0, 0.0, 0.0))
            moved = start.inverse.then(answer.placement)
            assert fusion.stack.geometry is not None
            middle = start.points(fusion.stack.geometry.bounds.mean(axis=0))
            values = (f"{moved.moves(middle):.1f}", f"{moved.turned_deg:.1f}")
            text = (
                f"Registered: moved by {values[0]} mm and turned by {values[1]} degrees. Check it in three planes, then "
                "accept or reject it."
            )
            workspace.tell("registered", text, values, "hint")

        workspace.background.remember(
            workspace.jobs.submit(
                "register", work, Lane.ANALYSIS, on_done=done, on_failed=workspace.tell_error, supersedes="register"
            )
        )

    def accept(self, state: ViewportState) -> None:
        """The reader has looked: from now on both series belong together as they lie now, also where viewports are linked."""
        fusion = state.view.fusion
        if fusion is None or state.stack is None or not can_be_accepted(fusion):
            return
        known = fusion.registered
        by_hand = known is None or fusion.by_hand
        accepted = Registered(
            fusion.placement,
            "reader" if by_hand else "medview",
            self._workspace.decisions.reader or ("" if by_hand else "medview"),
        )
        self._workspace.withdraw("registered")
        unmoved = {"shift_mm": (0.0, 0.0, 0.0), "turn_deg": (0.0, 0.0, 0.0)}
        self.put(state, settles=True, registered=accepted, unverified=False, **unmoved)

    def reject(self, state: ViewportState) -> None:
        """Back to where an object, or the files themselves, put the series on top."""
        fusion = state.view.fusion
        if fusion is None or state.stack is None or state.study is None:
            return
        self._workspace.withdraw("registered")
        found = between(self._of_patient(state.study, fusion.study), fusion.stack, state.stack)
        self.choose(state, next(iter(found), None), settles=True)

    def save(self, state: ViewportState, path: str) -> None:
        """Write where the series on top lies as a registration object, in the background; it has to be accepted."""
        fusion, stack, study = state.view.fusion, state.stack, state.study
        if fusion is None or stack is None or study is None:
            return
        from medview.core.policy import policy
        from medview.jobs.queue import Lane

        workspace = self._workspace
        reader = workspace.decisions.reader
        try:
            policy().refuse("export")
            if not is_settled(fusion):
                text = "What nobody has accepted is not written: accept where the series on top lies first."
                raise MedviewError("registration_unsure", text, exit_code=ExitCode.BAD_USE)
        except MedviewError as error:
            workspace.tell_error(error)
            return
        automatic = fusion.registered is not None and fusion.registered.by == "medview"

        def work(_progress: Progress) -> str:
            from medview.dicom.registration_write import write_registration

            write_registration(
                path, study, stack, fusion.study, fusion.stack, fusion.placement, reader, automatic=automatic
            )
            return path

        def saved(written: str) -> None:
            workspace.tell("saved", f"Saved as {written}.", (written,), severity="done")

        workspace.background.remember(
            workspace.jobs.submit(
                "save",
                work,
                Lane.ANALYSIS,
                on_done=saved,
                on_failed=workspace.tell_error,
            )
        )


def can_be_accepted(fusion: Fusion) -> bool:
    """Whether there is something for a reader to accept: found by medview, or moved by hand."""
    return fusion.by_hand or (fusion.registered is not None and not fusion.registered.sure)


def is_settled(fusion: Fusion) -> bool:
    """Whether somebody stands for where the series on top lies, so that it can be written."""
    return fusion.registered is not None and fusion.registered.sure and not fusion.by_hand


def registration_files(studies: Sequence[Study]) -> list[tuple[Study, StudyObject]]:
    """All registration objects of the studies."""
    from medview.dicom.registration_read import REGISTRATION_CLASSES

    return [
        (study, one)
        for study in studies
        for series in study.series
        for one in series.objects
        if one.sop_class in REGISTRATION_CLASSES
    ]


def read_registrations(files: Sequence[StudyObject]) -> dict[str, RegistrationObject | None]:
    """What objects say, None where one cannot be read. Reads files: not for the main thread."""
    from medview.dicom.registration_read import read_registration

    found: dict[str, RegistrationObject | None] = {}
    for one in files:
        try:
            found[one.path] = read_registration(one.path)
        except Exception:  # noqa: BLE001 - a damaged object must not hide the others; the list of objects names it
            found[one.path] = None
    return found


def registration_objects(
    studies: Sequence[Study], known: dict[str, RegistrationObject | None]
) -> tuple[RegistrationObject, ...]:
    """What was read, each as one of the patient in whose study it lies."""
    found = []
    for study, one in registration_files(studies):
        read = known.get(one.path)
        if read is not None:
            found.append(replace(read, patient=study.patient.key))
    return tuple(found)


def _wait_for(volume: Volume, progress: Progress) -> None:
    """Until a volume that the window is loading is whole; raises MedviewError where it never will be."""
    import time

    from medview.core.volume import SliceState

    total = volume.shape[0]
    while not volume.is_complete:
        assert volume.states is not None
        if (volume.states == SliceState.FAILED).any():
            text = "One of the two series has slices that cannot be read; it is not registered."
            raise MedviewError("registration_incomplete", text)
        progress("load", int((volume.states == SliceState.LOADED).sum()), total)
        time.sleep(0.03)
