"""All state of the running application; touched on the main thread only, observed through its signals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from psygnal import Signal

from medview.app import hanging, opening, reading
from medview.app.background import Background
from medview.app.calibration import Calibrations
from medview.app.changes import (
    LookChange,
    ResultChange,
    arrangement_of,
    is_drawn_so,
    keep_arrangement,
    look_of,
    understand_all,
)
from medview.app.cine import Cine
from medview.app.colour_maps import ColourMaps
from medview.app.colour_profiles import ColourProfiles
from medview.app.corrections import Corrections
from medview.app.curved import CurvedViews
from medview.app.decisions import Decisions
from medview.app.documents import Documents
from medview.app.explanations import Explanations
from medview.app.failed_slices import FailedSlices
from medview.app.file_drawings import FileDrawings
from medview.app.file_overlays import FileOverlays
from medview.app.hangings import Hangings
from medview.app.history import History
from medview.app.image_references import ImageIndex, KeyImages
from medview.app.keeping import Keeping
from medview.app.linking import Links
from medview.app.measurements import Measurements
from medview.app.notice_board import NoticeBoard
from medview.app.notices import AI, stack_place
from medview.app.oblique import ObliquePlanes
from medview.app.openings import Openings
from medview.app.patients_on_screen import PatientsOnScreen
from medview.app.priors import Priors
from medview.app.prompts import Prompts
from medview.app.read_first import ReadFirst
from medview.app.reader_keys import ReaderKeys
from medview.app.recent import RecentStudies
from medview.app.registrations import Registrations
from medview.app.report_marks import ReportMarks
from medview.app.results import Results, plain_style, result_key
from medview.app.run_on_open import run_what_is_due
from medview.app.settings import Settings, changed, fixed_settings, save_settings
from medview.app.solids import Solids
from medview.app.tools import ToolChoice
from medview.app.viewport_state import FilteredVolume, ViewportState
from medview.app.worklist import Worklist
from medview.core.policy import policy
from medview.core.problem import MedviewError, Problem
from medview.core.progress import Cancelled, ProgressStep
from medview.core.study import Census, FrameSource, Series, Stack, Study

if TYPE_CHECKING:
    from medview.app.inference_queue import InferenceQueue
    from medview.app.live_results import LiveResults
    from medview.app.loading import StudyLoader
    from medview.app.updates import Updates
    from medview.core.display import OverlayStyle
    from medview.core.finding import Finding, InferenceResult
    from medview.core.measurement import Measurement
    from medview.inference.package import ModelPackage
    from medview.jobs.queue import Job, JobQueue

__all__ = ["LAYOUTS", "Workspace", "result_key"]

MOST_ROWS = 5
LAYOUTS: tuple[tuple[int, int], ...] = tuple((r, c) for r in range(1, MOST_ROWS + 1) for c in range(1, MOST_ROWS + 1))
"""Grids of viewports, (rows, columns)."""

Post = Callable[[Callable[[], None]], None]
"""Runs a function on the main thread later."""


class Workspace(NoticeBoard):
    """Studies, viewports, results, notices, settings and the work in the background.

    ``post`` brings a function from a worker's thread to the main thread. ``make_inference`` is called when a model is
    first asked for, so that a reader who runs none does not wait for what it imports.
    """

    studies_changed = Signal()
    scan_changed = Signal()
    scan_ended = Signal()
    """An opening is over and results of earlier runs on its series are there."""
    viewport_changed = Signal(int)
    """Something in the viewport with this index changed."""
    layout_changed = Signal()
    active_changed = Signal()
    results_changed = Signal(str)
    """Results of the stack with this id, or how they are looked at."""
    ai_visible_changed = Signal()
    settings_changed = Signal()
    packages_changed = Signal()
    """A model package was installed or removed."""
    channels_asked = Signal(object)
    """A ChannelQuestion: which series is which input of a model."""
    finding_selected = Signal(str, str)
    """Key of the result and id of the finding that the reader went to."""

    def __init__(
        self,
        jobs: JobQueue,
        loader: StudyLoader,
        post: Post,
        settings: Settings | None = None,
        make_inference: Callable[[Workspace], InferenceQueue] | None = None,
        read_frame: Callable[[FrameSource], NDArray[Any]] | None = None,
        keep_settings: bool = True,
    ) -> None:
        super().__init__()
        self.jobs = jobs
        self.loader = loader
        self.fixed = fixed_settings(policy())[0]
        """Settings that the policy of this computer fixes."""
        self.settings = replace(settings or Settings(), **self.fixed)
        self.studies: tuple[Study, ...] = ()
        self.problems: tuple[Problem, ...] = ()
        self.census = Census()
        self.not_shown: tuple[str, ...] = ()
        """Files in the opened folders that are no images."""
        self.results = Results()
        self.background = Background(loader)
        self._ai_wanted = True
        self.layout: tuple[int, int] = (1, 1)
        self.maximised = False
        self.active = 0
        self.tools = ToolChoice()
        self.history = History()
        """What undo takes back: changes of marks, decisions, results shown and layout."""
        self.measurements = Measurements(self.history)
        self.calibrations = Calibrations(self.measurements)
        self.copied_mark: Measurement | None = None
        """The mark that is put on other slices."""
        self.decisions = Decisions(self.history, _user_name())
        self.corrections = Corrections(self)
        """Segmentations that the reader edits or draws."""
        self.worklist = Worklist(self)
        """Everything that was found, in one list."""
        self.read_first = ReadFirst(self)
        self.reader_keys = ReaderKeys(self)
        self.keeping = Keeping(self)
        """The journal: keeps marks and decisions and brings them back."""
        self.recent = RecentStudies(self)
        self.touched = False
        """Whether the reader has chosen anything since the last opening; then nothing is hung by itself any more."""
        self.selected_finding: tuple[str, str] = ("", "")
        """Key of the result and id of the finding that the reader went to last."""
        self.post = post
        """Runs a function on the main thread later; may be called from any thread."""
        self._make_inference = make_inference
        self.read_frame = read_frame or _read_here
        """Reads one frame's stored values in a worker thread; codecs run in a process of their own."""
        self._keep_settings = keep_settings
        self._states: list[ViewportState] = []
        self.patients = PatientsOnScreen(self)
        self.links = Links(self)
        self.planes = ObliquePlanes(self)
        """Oblique planes that go through one point."""
        self.curves = CurvedViews(self)
        """Pictures straightened along paths."""
        self.failed_slices = FailedSlices(self)
        self.solids = Solids(self)
        self.drawings = FileDrawings(self)
        self.profiles = ColourProfiles(self)
        self.colour_maps = ColourMaps()
        self.cine = Cine()
        self.studies_changed.connect(self._keep_fusions)
        self.registrations = Registrations(self)
        self.priors = Priors(self)
        """What older studies say of the same findings."""
        self.overlays = FileOverlays(self)
        self.openings = Openings(self)
        self.documents = Documents(self)
        self.hangings = Hangings(self)
        """The hanging protocols."""
        self.images = ImageIndex(self)
        """Where images are shown, by their UIDs."""
        self.explanations = Explanations(self)
        self.prompts = Prompts(self)
        """What models were asked about themselves, in this session."""
        self.key_images = KeyImages(self)
        self.report_marks = ReportMarks(self)
        self.scan_ended.connect(self.key_images.refresh)
        self.scan_ended.connect(self.documents.open_what_there_is)
        self.scan_ended.connect(self.documents.fetch_titles)
        understand_all(self)
        self._grow_states(1)

    # ------------------------------------------------------------------ viewports

    @property
    def viewports(self) -> list[ViewportState]:
        """The viewports of the layout, row by row; those that a smaller layout hides keep what they show."""
        rows, columns = self.layout
        return self._states[: rows * columns]

    @property
    def all_viewports(self) -> tuple[ViewportState, ...]:
        """The viewports of the layout and those that a smaller layout hides."""
        return tuple(self._states)

    @property
    def visible_indices(self) -> tuple[int, ...]:
        """Which viewports are on the screen: all of the layout, or the one that is maximised."""
        return (self.active,) if self.maximised else tuple(range(len(self.viewports)))

    @property
    def active_viewport(self) -> ViewportState:
        """The viewport that keys and panels act on."""
        return self._states[self.active]

    def grow_viewports(self, count: int) -> None:
        """Have at least so many viewports, hidden ones included."""
        self._grow_states(count)

    def _grow_states(self, count: int) -> None:
        while len(self._states) < count:
            index = len(self._states)
            state = ViewportState(text_mode=self.settings.corner_text)
            self.patients.watch(state)
            state.changed.connect(lambda _what, at=index: self.viewport_changed.emit(at))
            self._states.append(state)
            self.links.watch(index, state)
            self.planes.watch(index, state)

    def set_active(self, index: int) -> None:
        """Make a viewport of the layout the active one."""
        index = max(0, min(index, len(self.viewports) - 1))
        if index != self.active:
            self.active = index
            self.active_changed.emit()
            if self.maximised:
                self.layout_changed.emit()

    def set_layout(self, rows: int, columns: int, tiled: bool | None = None) -> None:
        """Change the grid; viewports that are new and empty are filled by the hanging rule, or ``tiled`` (None: as before)."""
        if (rows, columns) not in LAYOUTS:
            raise ValueError(f"no layout of {rows} x {columns}")
        before, arranged = self.active_viewport, arrangement_of(self)
        # Tiles are laid anew from what was looked at, not from each that is filled.
        tiled = self.links.tiled if tiled is None else tiled
        self.links.tiled, self.links.opened_grid, view = False, False, before.view
        self.layout = (rows, columns)
        self.maximised = False
        self._grow_states(rows * columns)
        if self.active >= rows * columns:
            # What the reader looked at stays on the screen.
            self._states[0].restore(before.view)
            self.active = 0
        if not tiled or before.stack is None:
            with self.links.filling():
                self._fill_empty(before)
        if tiled:
            self.active_viewport.restore(view)
            self.links.tile(True)
        keep_arrangement(self, arranged)

    def toggle_maximised(self, index: int | None = None) -> None:
        """Show one viewport alone, or the whole layout again."""
        if index is not None:
            self.set_active(index)
        if len(self.viewports) > 1:
            self.maximised = not self.maximised
            self.layout_changed.emit()

    def show_stack(
        self, stack: Stack, viewport_index: int | None = None, k: int | None = None, by_reader: bool = True
    ) -> None:
        """Show a stack in a viewport (the active one where none is named) and make that viewport active."""
        found = opening.find_stack(self.studies, stack.id)
        if found is None:
            return
        study, series, stack = found
        index = self.active if viewport_index is None else viewport_index
        if by_reader:
            self.touched = True
        state = self._states[index]
        state.show(study, series, stack, k)
        if by_reader and k is None:
            self.links.arrive(index)
        self.openings.note_shown(index, stack.frame_count)
        styles = {
            result_key(one): self.results.styles[result_key(one)]
            for one in self.results.of(stack.id)
            if result_key(one) in self.results.styles
        }
        if styles:
            state.update(overlay_styles=styles)
        self.set_active(index)

    def show_neighbour_series(self, step: int) -> None:
        """Show the series before or after the active viewport's in the order of the strip."""
        state = self.active_viewport
        if state.series is None:
            return
        choice = hanging.neighbour_series(self.studies, state.series.series_uid, step)
        if choice is not None:
            self.show_stack(choice[2])

    def show_three_planes(self) -> None:
        """Axial, sagittal and coronal cuts of the active volume beside the acquired slices, in 2×2."""
        from medview.app.shown_slice import can_be_cut

        stack = self.active_viewport.stack
        if stack is None or not can_be_cut(stack):
            return
        view = self.active_viewport.view
        self.touched = True
        arranged = arrangement_of(self)
        self.layout, self.maximised = (2, 2), False
        self._grow_states(4)
        for index, kind in enumerate(("acquired", "axial", "coronal", "sagittal")):
            state = self._states[index]
            state.restore(replace(view, pan=(0.0, 0.0), zoom=1.0, pixel_scale=None, rotation=0, flip=False))
            state.set_plane("acquired")
            state.set_plane(kind)  # type: ignore[arg-type]
        self.active = 0
        keep_arrangement(self, arranged)

    def _fill_empty(self, seen: ViewportState) -> None:
        shown = {state.series.series_uid for state in self.viewports if state.series is not None}
        same_patient = [
            study for study in self.studies if seen.study is not None and study.patient.key == seen.study.patient.key
        ]
        waiting = [
            choice
            for choice in hanging.hanging_order(same_patient)
            if choice[1].series_uid not in shown and not hanging.is_kept_back(choice[1])
        ]
        there = {state.plane_kind for state in self.viewports if state.stack is not None and state.stack is seen.stack}
        planes = iter([kind for kind in ("coronal", "sagittal", "axial") if kind not in there])
        for state in self.viewports:
            if state.stack is not None:
                continue
            if waiting:
                study, series, stack = waiting.pop(0)
                state.show(study, series, stack)
                continue
            plane = next(planes, None)
            if plane is None or seen.stack is None or seen.study is None or seen.series is None:
                continue
            state.show(seen.study, seen.series, seen.stack)
            state.set_plane(plane)  # type: ignore[arg-type]
            if state.plane_kind == "acquired":  # nothing to cut: an empty viewport says more than the same image twice
                state.clear()

    # ------------------------------------------------------------------ opening and closing

    def open_paths(self, paths: Sequence[str]) -> None:
        """Scan paths in the background; what they hold is added to what is open."""
        self.touched = False
        self.openings.open(paths)

    @property
    def is_scanning(self) -> bool:
        """Whether an opening is going on."""
        return self.openings.is_running

    @property
    def scan_step(self) -> ProgressStep | None:
        """How far the opening that goes on is; None while none does."""
        return self.openings.step

    def close_study(self, study: Study) -> None:
        """Close a study: its viewports become empty and its memory is given back."""
        key = opening.study_key(study)
        gone = {
            stack.id for one in self.studies if opening.study_key(one) == key for s in one.series for stack in s.stacks
        }
        self.studies = tuple(one for one in self.studies if opening.study_key(one) != key)
        for state in self._states:
            if state.stack is not None and state.stack.id in gone:
                state.clear()
        for stack_id in gone:
            self.loader.release(stack_id)
            self.background.forget_stack(stack_id)
            self.results.drop_stack(stack_id)
            self.corrections.drop_stack(stack_id)
        self.history.forget(gone)
        if not self.studies:
            self.problems, self.census, self.not_shown = (), Census(), ()
        self.documents.forget(self.studies)
        self.key_images.refresh()
        self.studies_changed.emit()

    def _keep_fusions(self) -> None:
        if any(state.view.fusion is not None for state in self._states):
            from medview.app.fusion import keep_up

            keep_up(self._states, self.studies)

    # ------------------------------------------------------------------ results of models

    @cached_property
    def inference(self) -> InferenceQueue:
        """The queue of model runs, made when it is first asked for."""
        if self._make_inference is None:
            raise RuntimeError("this workspace was made without models")
        queue = self._make_inference(self)
        queue.finished.connect(self.add_result)
        queue.failed.connect(self._tell_failed_run)
        queue.live = self.live
        return queue

    @cached_property
    def live(self) -> LiveResults:
        """What runs that go on have decided so far."""
        from medview.app.live_results import LiveResults

        return LiveResults(self)

    @cached_property
    def updates(self) -> Updates:
        """What is known of newer versions, made when it is first asked for."""
        from medview.app.updates import Updates

        return Updates(self)

    def run_model(
        self,
        stack: Stack,
        package: ModelPackage,
        device: str | None = None,
        overrides: tuple[str, ...] = (),
        channels: Sequence[str] = (),
        asks: bool = True,
        every_time: bool = False,
    ) -> Job[Any] | None:
        """Queue a run of a package on a stack; None where the stack is not open any more, or the run cannot be begun.

        ``channels``: NAME=STACK for a model that sees several series. Where its rules do not decide, the reader is asked.
        """
        from medview.app.model_runs import run_model

        return run_model(self, stack, package, device, overrides, channels, asks=asks, every_time=every_time)

    def _tell_failed_run(self, *about: object) -> None:
        error = next((one for one in about if isinstance(one, BaseException)), None)
        if error is not None and not isinstance(error, Cancelled):
            self.tell_error(error, AI)

    def add_result(self, *about: object) -> None:
        """Take in a finished result (the last argument; the queue may name the job before it)."""
        from medview.core.finding import InferenceResult

        for one in about:
            if isinstance(one, InferenceResult) and self.results.add(one):
                self.results_changed.emit(one.provenance.stack_id)

    def fetch_kept_results(self, series: Sequence[Series]) -> None:
        """Look for results of earlier runs on the series that were just opened."""
        from medview.jobs.queue import Lane

        self.keeping.fetch(series)
        stacks = {stack.id for one in series for stack in one.stacks}
        uids = [one.series_uid for one in series if one.stacks]
        damaged: list[Problem] = []

        def work(progress: Any) -> list[InferenceResult]:
            from medview.store.results import kept_results

            found: list[InferenceResult] = []
            for at, uid in enumerate(uids):
                progress("results", at, len(uids))
                found += kept_results(uid, damaged)
            return found

        def done(found: list[InferenceResult]) -> None:
            here = [one for one in found if one.provenance.stack_id in stacks]
            self.add_result(*(one for one in here if not self.keeping.corrections.take_base(one)))
            for problem in damaged:
                self.tell(problem.code, problem.what, problem.values, "warning", AI, problem.path)
            run_what_is_due(self, series)
            self.scan_ended.emit()

        def failed(error: BaseException) -> None:
            self.tell_error(error, AI)
            self.scan_ended.emit()

        if uids:
            self.jobs.submit("results", work, Lane.PREFETCH, on_done=done, on_failed=failed)
        else:
            self.scan_ended.emit()

    def overlay_style(self, result: InferenceResult) -> OverlayStyle:
        """How a result is drawn where the reader has not said otherwise for one viewport."""
        known = self.results.styles.get(result_key(result))
        return known or plain_style(self.settings.overlay_opacity, self.settings.overlay_outline)

    def set_overlay_style(self, result: InferenceResult, style: OverlayStyle) -> None:
        """Draw a result this way in every viewport."""
        known, threshold = look_of(self, result)
        if is_drawn_so(self, result, style):
            return  # nothing changes: no step to take back
        self.history.do(
            LookChange(result.provenance.stack_id, result_key(result), (known, style), (threshold, threshold))
        )

    def set_threshold(self, result: InferenceResult, threshold: float) -> None:
        """Hide findings of a result with a lower score."""
        style, known = look_of(self, result)
        if threshold == self.results.threshold(result):
            return  # nothing changes: no step to take back
        self.history.do(LookChange(result.provenance.stack_id, result_key(result), (style, style), (known, threshold)))

    def discard_result(self, result: InferenceResult) -> None:
        """Take a result off the screen and out of what is kept."""
        correction = self.corrections.of_result(result)
        if correction is not None:
            self.corrections.discard(correction)
        else:
            self.history.do(ResultChange(result, there=False))

    def toggle_ai(self) -> None:
        """Hide or show everything that models said, in all viewports; while the study is to be read first, ask for it."""
        if self.read_first.hides:
            self._ai_wanted = True
            self.read_first.show()
            return
        self._ai_wanted = not self._ai_wanted
        self.ai_visible_changed.emit()

    @property
    def ai_visible(self) -> bool:
        """Whether what models said is shown, and what other objects lay over the images."""
        return self._ai_wanted and not (self.settings.read_first and self.read_first.hides)

    def show_finding(self, result: InferenceResult, finding: Finding) -> None:
        """Go to a finding in every viewport that shows its stack; opened in the active one where none does."""
        made = result.provenance
        states = [state for state in self._states if state.stack is not None and state.stack.id == made.stack_id]
        if not any(state in self.viewports for state in states):
            found = opening.find_stack(self.studies, made.stack_id)
            if found is None:
                return
            self.show_stack(found[2])
            states.append(self.active_viewport)
        for state in states:
            reading.go_to_finding(state, finding)
        self.touched = True
        self.selected_finding = (result_key(result), finding.id)
        self.finding_selected.emit(*self.selected_finding)

    def selected_pair(self) -> tuple[InferenceResult, Finding] | None:
        """The finding that the reader went to last, where it is one of the active stack."""
        stack = self.active_viewport.stack
        key, wanted = self.selected_finding
        for result in self.results.of(stack.id) if stack is not None else ():
            if result_key(result) == key:
                return next(((result, one) for one in result.findings if one.id == wanted), None)
        return None

    def show_next_finding(self, step: int) -> None:
        """Go to the next (or previous) line of the worklist; around at its ends."""
        self.worklist.show_next(step)

    # ------------------------------------------------------------------ filters on the whole volume

    def filter_volume(self, index: int | None = None) -> Job[Any] | None:
        """Run the filter chain of a viewport on its whole volume, in the background."""
        from medview.jobs.queue import Lane

        state = self._states[self.active if index is None else index]
        stack, time, chain = state.stack, state.time, state.filters_applied
        if stack is None or not chain:
            return None
        try:
            volume = self.loader.volume(stack, time)
        except MedviewError as error:
            self.tell_error(error, stack_place(stack.id))
            return None

        def work(progress: Any) -> FilteredVolume:
            from medview.processing.chain import filter_volume

            return FilteredVolume(stack.id, time, chain, filter_volume(chain, volume, progress=progress))

        def done(filtered: FilteredVolume) -> None:
            if state.stack is not None and state.stack.id == filtered.stack_id and state.time == filtered.time:
                state.update(filtered=filtered)

        job = self.jobs.submit(
            "filter",
            work,
            Lane.ANALYSIS,
            on_done=done,
            on_failed=lambda error: self.tell_error(error, stack_place(stack.id)),
            supersedes=f"filter:{stack.id}:{time}",
        )
        self.background.remember(job)
        return job

    # ------------------------------------------------------------------ jobs, settings

    def change_settings(self, **values: Any) -> None:
        """Change settings, keep them on disk, and say so; a disk that takes nothing gives a notice."""
        settings = changed(self.settings, **{name: value for name, value in values.items() if name not in self.fixed})
        if settings == self.settings:
            return
        if settings.corner_text != self.settings.corner_text:
            for state in self._states:
                state.update(text_mode=settings.corner_text)
        self.settings = settings
        if self._keep_settings:
            try:
                save_settings(settings, leave_out=self.fixed)
            except MedviewError as error:
                self.tell_error(error)
        self.settings_changed.emit()

    def close(self) -> None:
        """End all background work, what keeps marks last; nothing is delivered any more."""
        self.keeping.flush()
        self.openings.close()
        self.solids.close()
        if "inference" in self.__dict__:
            close = getattr(self.inference, "close", None)
            if close is not None:
                close()
        self.jobs.close()


def _user_name() -> str:
    """Who sits here, as the operating system says."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _read_here(source: FrameSource) -> NDArray[Any]:
    return source.read()
