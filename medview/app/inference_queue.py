"""Runs of models on series: queued one after the other in the background, told about, kept. No Qt.

All methods and signals belong to the main thread; the run itself is a job of the inference lane.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.app.contained import NICENESS, Networks
from medview.core.finding import InferenceResult
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Progress, ProgressStep
from medview.core.study import Series, Stack
from medview.core.volume import SliceState, Volume
from medview.jobs.queue import Job, JobQueue, Lane

if TYPE_CHECKING:
    from medview.app.infer_times import TimesTogether
    from medview.app.live_results import LiveResults
    from medview.app.loading import StudyLoader
    from medview.inference.package import ModelPackage

STALLED_S = 3.0
"""A volume that does not grow for so long is not being loaded (it is too large for the budget, or paused)."""

STEP_LOAD = "load"


class InferenceQueue:
    """Several runs can be queued; one at a time runs, so that none takes memory and cores from another."""

    started = Signal(object)
    """Job."""
    progress = Signal(object, object, object)
    """Job, ProgressStep, seconds that the step still takes (float) or None."""
    finished = Signal(object, object)
    """Job, InferenceResult."""
    failed = Signal(object, object)
    """Job, the exception (MedviewError for all that a reader can do something about)."""
    changed = Signal()
    """Something was queued, ended or cancelled."""

    def __init__(
        self,
        jobs: JobQueue,
        loader: StudyLoader | None,
        keep: Callable[[InferenceResult], Any] | None = None,
        networks: Networks | None = None,
    ) -> None:
        """``keep`` stores a finished result; by default in the user's folder. ``networks`` opens them, and is closed with it."""
        self._jobs = jobs
        self._loader = loader
        self._keep = keep
        self.networks = networks or Networks(NICENESS)
        self.live: LiveResults | None = None
        """Where runs that go on are seen."""
        self._open: list[Job[InferenceResult]] = []
        self._clock: dict[int, tuple[str, float, int]] = {}
        self._begun: set[int] = set()

    @property
    def open_jobs(self) -> tuple[Job[InferenceResult], ...]:
        """Runs that wait or go on, in the order in which they were asked for."""
        self._open = [job for job in self._open if not job.is_over]
        return tuple(self._open)

    def request(
        self,
        series: Series,
        stack: Stack,
        package: ModelPackage,
        device: str = "auto",
        overrides: Sequence[str] = (),
        assumptions: Sequence[tuple[str, str]] = (),
        time: int = 0,
        siblings: Sequence[Series] = (),
        channels: Sequence[str] = (),
        together: TimesTogether | None = None,
    ) -> Job[InferenceResult]:
        """Queue a run. Raises MedviewError ``does_not_fit`` (exit code 5) with the reasons that are not overridden.

        ``siblings``: all series of the study, from which a model that sees several at once is fed by its rules,
        but for those that the reader named: ``channels``, NAME=STACK. ``together``: the other time points that are run.
        """
        policy().refuse("ai")
        from medview.inference.channel_choice import channel_series, channel_stacks
        from medview.inference.devices import check_device_name
        from medview.inference.match import assume, match

        check_device_name(device)
        found = match(package, series, stack, assumptions)
        refuse_unless_overridden(package, found.fits, found.reasons, overrides)
        knowingly = () if found.fits else tuple(dict.fromkeys(note.code for note in found.reasons))
        seen = assume(stack, assumptions)
        worth_knowing = found.reasons if found.fits else ()
        fed = channel_stacks(package.manifest.input, siblings, stack, channels)
        uid = series.series_uid
        live = self.live
        sender = None if live is None else live.sender(self._jobs.post)

        def work(progress: Progress) -> InferenceResult:
            from medview.inference.request import InferenceRequest
            from medview.inference.retreat import run_or_retreat

            if together is not None:
                together.refuse_gap(package, time)
            volume = self.volume(stack, time, progress)
            others = channel_series(fed, stack, time, lambda other, at: self.volume(other, at, progress))
            memory = None if together is None else together.memory
            request = InferenceRequest(
                package, uid, device, time, knowingly, tuple(assumptions), channels=others, memory=memory
            )
            heard = progress if sender is None else sender.heard(progress)
            result = run_or_retreat(request, volume, seen, heard, self.networks.open, sender)
            if together is not None:
                together.seen(time)
            return self._kept(with_notes(result, worth_knowing))

        job: Job[InferenceResult] = self._jobs.submit(
            package.manifest.name if together is None else f"{package.manifest.name} · {time + 1}/{stack.timepoints}",
            work,
            Lane.INFERENCE,
            on_done=lambda result: self._done(job, result),
            on_failed=lambda error: self._has_failed(job, error),
            on_progress=lambda step: self._step(job, step),
            on_over=None if live is None else lambda: live.forget(job),
        )
        if live is not None and sender is not None:
            live.follow(job, sender, stack, package, time, knowingly)
        self._open.append(job)
        self.changed.emit()
        return job

    def cancel(self, job: Job[InferenceResult]) -> None:
        """Not wanted any more; takes effect within two seconds, also inside one long call of the network."""
        job.cancel()
        self._forget(job)

    def close(self) -> None:
        """Cancel everything."""
        for job in self.open_jobs:
            job.cancel()
        self._open.clear()
        self.networks.close()

    def remaining_s(self, job: Job[InferenceResult]) -> float | None:
        """Seconds that the present step still takes at the pace so far; None before that can be said."""
        known = self._clock.get(job.id)
        step = job.step
        if known is None or step is None or step.step != known[0] or step.done <= known[2] or not step.total:
            return None
        pace = (clock.monotonic() - known[1]) / (step.done - known[2])
        return max(0.0, pace * (step.total - step.done))

    # ------------------------------------------------------------------ what jobs tell

    def _step(self, job: Job[InferenceResult], step: ProgressStep) -> None:
        if job.id not in self._begun:
            self._begun.add(job.id)
            self.started.emit(job)
        known = self._clock.get(job.id)
        if known is None or known[0] != step.step:
            self._clock[job.id] = (step.step, clock.monotonic(), step.done)
        self.progress.emit(job, step, self.remaining_s(job))

    def _done(self, job: Job[InferenceResult], result: InferenceResult) -> None:
        self._forget(job)
        self.finished.emit(job, result)

    def _has_failed(self, job: Job[InferenceResult], error: BaseException) -> None:
        self._forget(job)
        self.failed.emit(job, reported(error))

    def _forget(self, job: Job[InferenceResult]) -> None:
        self._clock.pop(job.id, None)
        self._begun.discard(job.id)
        self._open = [one for one in self._open if one is not job and not one.is_over]
        self.changed.emit()

    # ------------------------------------------------------------------ in the worker's thread

    def volume(self, stack: Stack, time: int, progress: Progress) -> Volume:
        """The volume that the window shows, once it is whole; read apart from it where it never will be."""
        volume = self._shown_volume(stack, time, progress) if self._loader is not None else None
        if volume is not None:
            return volume
        from medview.app.loading import load_volume

        return load_volume(stack, time, progress)

    def _shown_volume(self, stack: Stack, time: int, progress: Progress) -> Volume | None:
        loader = self._loader
        assert loader is not None, "checked by the caller"
        answers: SimpleQueue[Volume | None] = SimpleQueue()

        def ask() -> None:
            try:
                answers.put(loader.volume(stack, time))
            except (MedviewError, IndexError):
                answers.put(None)

        total = stack.shape[0]
        self._jobs.post(ask)
        while True:
            progress(STEP_LOAD, 0, total)
            try:
                volume = answers.get(timeout=0.05)
                break
            except Empty:
                continue
        if volume is None:
            return None
        loaded, since = -1, clock.monotonic()
        while not volume.is_complete:
            assert volume.states is not None, "only a volume with states is incomplete"
            if (volume.states == SliceState.FAILED).any():
                return None  # reading it again says which file it is
            now = int((volume.states == SliceState.LOADED).sum())
            if now != loaded:
                loaded, since = now, clock.monotonic()
            elif clock.monotonic() - since > STALLED_S:
                return None
            progress(STEP_LOAD, loaded, total)
            clock.sleep(0.03)
        return volume

    def _kept(self, result: InferenceResult) -> InferenceResult:
        keep = self._keep
        if keep is None:
            from medview.store.results import keep_result

            keep = keep_result
        try:
            keep(result)
        except MedviewError as error:
            return with_notes(result, (Note("not_kept", error.text, error.values),))
        return result


def refuse_unless_overridden(
    package: ModelPackage, fits: bool, reasons: Sequence[Note], overrides: Sequence[str] | None
) -> None:
    """Raise MedviewError ``does_not_fit`` for reasons that ``overrides`` does not name; None sets all of them aside."""
    if fits or overrides is None:
        return
    left = [note for note in reasons if note.code not in overrides]
    if left:
        text = f"{package.manifest.name} does not fit the series: " + " ".join(note.text for note in left)
        raise MedviewError("does_not_fit", text, None, ExitCode.MODEL_DOES_NOT_FIT, tuple(note.code for note in left))


def with_notes(result: InferenceResult, notes: Sequence[Note]) -> InferenceResult:
    """The result with further warnings."""
    from dataclasses import replace

    return replace(result, warnings=(*result.warnings, *notes)) if notes else result


def reported(error: BaseException) -> BaseException:
    """An error that the reader can be told: running out of memory gets words, the unexpected stays what it is."""
    if isinstance(error, MemoryError):
        text = "There is not enough memory for this model on this series."
        return MedviewError("out_of_memory", text, None, ExitCode.RUN_FAILED)
    return error
