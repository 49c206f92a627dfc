"""Runs in the background: queued, told about, cancelled, kept; failures are told and the queue goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app.inference_queue import InferenceQueue
from medview.app.loading import StudyLoader
from medview.app.open_paths import open_all
from medview.core.finding import InferenceResult
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import ProgressStep
from medview.core.study import Series, Stack
from medview.jobs.queue import JobQueue, JobState, MainThreadPump
from medview.store.results import kept_results
from tests.inference import networks
from tests.inference.packages import ct_lung
from tests.inference.volumes import made_package
from tests.phantoms import dicom_series


class Room:
    """A main thread without a window, with a study on it and a queue that tells a diary."""

    def __init__(self, folder: Path, with_loader: bool = True) -> None:
        self.pump = MainThreadPump()
        self.jobs = JobQueue(self.pump.post)
        self.loader = StudyLoader(self.jobs, lambda: None) if with_loader else None  # type: ignore[arg-type,return-value]
        self.queue = InferenceQueue(self.jobs, self.loader)
        self.finished: list[InferenceResult] = []
        self.failed: list[BaseException] = []
        self.steps: list[tuple[ProgressStep, float | None]] = []
        self.started: list[Any] = []
        self.queue.finished.connect(lambda _job, result: self.finished.append(result))
        self.queue.failed.connect(lambda _job, error: self.failed.append(error))
        self.queue.progress.connect(lambda _job, step, left: self.steps.append((step, left)))
        self.queue.started.connect(self.started.append)
        found = open_all([str(folder)])
        self.series: Series = found.studies[0].series[0]
        self.stack: Stack = self.series.stacks[0]

    def wait(self, condition: Any, seconds: float = 60.0) -> None:
        assert self.pump.run_until(condition, seconds)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    values = np.full((12, 24, 32), 40, np.int32)
    values[:, 6:18, 4:14] = -850
    values[0, 0, 0] = 41
    made = Room(dicom_series.save_series(dicom_series.make_series(values=values), tmp_path / "study"))
    yield made
    made.queue.close()
    made.jobs.close()


def lung_package(folder: Path, **manifest: Any) -> Any:
    described = ct_lung() | manifest
    described["fits"] = described["fits"] | {"body_parts": []}
    return made_package(folder, described, networks.threshold_network(2, 1024 - 300, -0.05))


def package_around(folder: Path, model: bytes, **manifest: Any) -> Any:
    described = ct_lung() | manifest
    described["fits"] = described["fits"] | {"body_parts": []}
    return made_package(folder, described, model)


def test_a_run_is_told_and_kept(room: Room, tmp_path: Path) -> None:
    package = lung_package(tmp_path)
    job = room.queue.request(room.series, room.stack, package)
    assert room.queue.open_jobs == (job,)
    room.wait(lambda: room.finished)
    (result,) = room.finished
    assert result.segmentation is not None
    assert result.segmentation.labels.sum() == 12 * 12 * 10
    assert job.state is JobState.DONE
    assert room.queue.open_jobs == ()
    assert room.started == [job]
    assert {step.step for step, _ in room.steps} & {"network", "prepare", "load", "open", "restore"}
    (kept,) = kept_results(room.series.series_uid)
    np.testing.assert_array_equal(kept.segmentation.labels, result.segmentation.labels)  # type: ignore[union-attr]
    assert kept.provenance == result.provenance
    assert not room.failed


def test_several_are_queued_and_run_one_after_the_other(room: Room, tmp_path: Path) -> None:
    jobs = [
        room.queue.request(room.series, room.stack, lung_package(tmp_path / str(n), id=f"lungs-{n}")) for n in range(3)
    ]
    assert room.queue.open_jobs == tuple(jobs)
    room.wait(lambda: len(room.finished) == 3)
    assert [result.provenance.package_id for result in room.finished] == ["lungs-0", "lungs-1", "lungs-2"]


def test_a_failure_is_told_and_the_next_one_runs(room: Room, tmp_path: Path) -> None:
    room.queue.request(room.series, room.stack, package_around(tmp_path / "bad", networks.broken_network(2, "nan")))
    room.queue.request(room.series, room.stack, lung_package(tmp_path / "good"))
    room.wait(lambda: room.finished and room.failed)
    (error,) = room.failed
    assert isinstance(error, MedviewError)
    assert (error.code, error.exit_code) == ("output_not_finite", ExitCode.RUN_FAILED)
    assert len(room.finished) == 1


def test_cancelling_takes_effect_inside_one_long_call(room: Room, tmp_path: Path) -> None:
    endless = package_around(tmp_path / "endless", networks.broken_network(2, "endless"))
    job = room.queue.request(room.series, room.stack, endless)
    waiting = room.queue.request(room.series, room.stack, lung_package(tmp_path / "next"))
    room.wait(lambda: any(step.step == "network" for step, _ in room.steps))
    begun = time.monotonic()
    room.queue.cancel(job)
    assert job.state is JobState.CANCELLED
    assert room.queue.open_jobs == (waiting,)
    room.wait(lambda: room.finished)
    assert time.monotonic() - begun < 50  # of a call without end
    assert len(room.finished) == 1
    assert not room.failed


def test_cancelled_by_the_job_itself(room: Room, tmp_path: Path) -> None:
    """The jobs list cancels jobs without knowing what they are."""
    endless = package_around(tmp_path / "endless", networks.broken_network(2, "endless"))
    job = room.queue.request(room.series, room.stack, endless)
    room.wait(lambda: any(step.step == "network" for step, _ in room.steps))
    job.cancel()
    room.queue.request(room.series, room.stack, lung_package(tmp_path / "next"))
    room.wait(lambda: room.finished)
    assert job not in room.queue.open_jobs


def test_what_does_not_fit_needs_to_be_overridden_by_name(room: Room, tmp_path: Path) -> None:
    package = made_package(
        tmp_path,
        ct_lung() | {"fits": {"modalities": ["MR"], "minimum_slices": 100}},
        networks.threshold_network(2, 724, -0.05),
    )
    with pytest.raises(MedviewError) as caught:
        room.queue.request(room.series, room.stack, package)
    assert caught.value.exit_code is ExitCode.MODEL_DOES_NOT_FIT
    assert caught.value.values == ("modality_wrong", "too_few_slices")
    with pytest.raises(MedviewError, match="at least 100"):
        room.queue.request(room.series, room.stack, package, "cpu", ("modality_wrong",))
    room.queue.request(room.series, room.stack, package, "cpu", ("modality_wrong", "too_few_slices"))
    room.wait(lambda: room.finished)
    assert room.finished[0].provenance.overrides == ("modality_wrong", "too_few_slices")


def test_a_file_that_vanished_is_named(room: Room, tmp_path: Path) -> None:
    gone = Path(room.stack.frames[5].path)
    gone.unlink()
    room.queue.request(room.series, room.stack, lung_package(tmp_path / "p"))
    room.wait(lambda: room.failed)
    (error,) = room.failed
    assert isinstance(error, MedviewError)
    assert gone.name in f"{error.text} {error.path}"
    assert not room.finished


def test_a_result_that_cannot_be_kept_is_still_shown(room: Room, tmp_path: Path) -> None:
    def full(_: InferenceResult) -> None:
        raise MedviewError("cannot_write", "The result could not be kept: No space left on device.", None)

    queue = InferenceQueue(room.jobs, room.loader, keep=full)
    results: list[InferenceResult] = []
    queue.finished.connect(lambda _job, result: results.append(result))
    queue.request(room.series, room.stack, lung_package(tmp_path))
    room.wait(lambda: results)
    assert "not_kept" in {note.code for note in results[0].warnings}
    queue.close()


def test_without_a_loader_the_series_is_read(room: Room, tmp_path: Path) -> None:
    queue = InferenceQueue(room.jobs, None)
    results: list[InferenceResult] = []
    queue.finished.connect(lambda _job, result: results.append(result))
    queue.request(room.series, room.stack, lung_package(tmp_path))
    room.wait(lambda: results)
    assert kept_results(room.series.series_uid)
    queue.close()


def test_the_time_left_is_told(room: Room) -> None:
    from medview.jobs.queue import Job, Lane

    job: Job[InferenceResult] = Job(7, "x", Lane.INFERENCE, lambda _: None)
    room.queue._step(job, ProgressStep("network", 0, 10))
    assert room.queue.remaining_s(job) is None
    room.queue._clock[7] = ("network", time.monotonic() - 400.0, 0)
    job.step = ProgressStep("network", 2, 10)
    left = room.queue.remaining_s(job)
    assert left == pytest.approx(1600.0, rel=0.1)
    job.step = replace(job.step, step="restore")
    assert room.queue.remaining_s(job) is None
