"""Jobs: one way back to the main thread, lanes that never wait for less urgent ones, a life cycle without shortcuts."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from medview.core.progress import Cancelled, Progress, ProgressStep
from medview.jobs.queue import THREADS, TRANSITIONS, Job, JobQueue, JobState, Lane, MainThreadPump


@pytest.fixture
def pump() -> MainThreadPump:
    return MainThreadPump()


@pytest.fixture
def jobs(pump: MainThreadPump) -> Iterator[JobQueue]:
    queue = JobQueue(pump.post)
    yield queue
    assert queue.close() == ()


def checking(event: threading.Event) -> Callable[[Progress], str]:
    """Work with a checkpoint every few milliseconds until ``event``."""

    def work(progress: Progress) -> str:
        while not event.wait(0.005):
            progress("waiting", 0, 0)
        return "answer"

    return work


def test_answer_arrives_on_the_main_thread(jobs: JobQueue, pump: MainThreadPump) -> None:
    seen: list[tuple[object, threading.Thread]] = []
    ran: list[threading.Thread] = []

    def work(progress: Progress) -> int:
        ran.append(threading.current_thread())
        return 42

    job = jobs.submit("x", work, Lane.ANALYSIS, lambda answer: seen.append((answer, threading.current_thread())))
    assert job.state is JobState.QUEUED
    assert pump.run_until(lambda: job.is_over, 60)
    assert seen == [(42, threading.main_thread())]
    assert ran[0] is not threading.main_thread()
    assert job.state is JobState.DONE
    assert jobs.jobs == ()


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt("a codec's"), SystemExit(3)])
def test_whatever_is_raised_fails_the_job_only(jobs: JobQueue, pump: MainThreadPump, error: BaseException) -> None:
    failed: list[BaseException] = []

    def work(progress: Progress) -> None:
        raise error

    job = jobs.submit("x", work, Lane.PREFETCH, lambda _: pytest.fail("done"), failed.append)
    assert pump.run_until(lambda: job.is_over, 60)
    assert failed == [error]
    assert job.state is JobState.FAILED
    after = jobs.submit("y", lambda progress: 1, Lane.PREFETCH, lambda _: None)
    assert pump.run_until(lambda: after.state is JobState.DONE, 60)


def test_an_error_that_nobody_takes_is_raised_on_the_main_thread(jobs: JobQueue, pump: MainThreadPump) -> None:
    def work(progress: Progress) -> None:
        raise ValueError("lost")

    job = jobs.submit("x", work, Lane.PREFETCH, lambda _: None)
    with pytest.raises(ValueError, match="lost"):
        pump.run_until(lambda: job.is_over, 60)


def test_progress_comes_newest_last_and_only_while_running(jobs: JobQueue, pump: MainThreadPump) -> None:
    steps: list[ProgressStep] = []

    def work(progress: Progress) -> None:
        for n in range(2000):
            progress("tile", n, 2000)

    job = jobs.submit("x", work, Lane.INFERENCE, lambda _: None, on_progress=steps.append)
    time.sleep(0.1)  # the main thread is busy: messages must not pile up
    assert pump._calls.qsize() < 10
    assert pump.run_until(lambda: job.is_over, 60)
    assert steps
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert job.step == steps[-1]


def test_cancelled_work_ends_and_its_answer_is_dropped(jobs: JobQueue, pump: MainThreadPump) -> None:
    never = threading.Event()
    job = jobs.submit(
        "x", checking(never), Lane.INFERENCE, lambda _: pytest.fail("done"), lambda _: pytest.fail("failed")
    )
    assert pump.run_until(lambda: job.state is JobState.RUNNING, 60)
    job.cancel()
    assert job.state is JobState.CANCELLED
    after = jobs.submit("y", lambda progress: 1, Lane.INFERENCE, lambda _: None)
    assert pump.run_until(lambda: after.state is JobState.DONE, 60)
    job.cancel()  # once more changes nothing
    assert job.state is JobState.CANCELLED


def test_an_answer_on_its_way_when_cancelled_is_dropped(jobs: JobQueue, pump: MainThreadPump) -> None:
    answered = threading.Event()

    def work(progress: Progress) -> int:
        answered.set()
        return 1

    job = jobs.submit("x", work, Lane.PREFETCH, lambda _: pytest.fail("done"))
    assert answered.wait(60)
    time.sleep(0.02)
    job.cancel()
    after = jobs.submit("y", lambda progress: 1, Lane.PREFETCH, lambda _: None)
    assert pump.run_until(lambda: after.state is JobState.DONE, 60)
    assert job.state is JobState.CANCELLED


def test_work_that_cancels_itself(jobs: JobQueue, pump: MainThreadPump) -> None:
    def work(progress: Progress) -> None:
        raise Cancelled

    job = jobs.submit("x", work, Lane.PREFETCH, lambda _: None, lambda _: pytest.fail("failed"))
    assert pump.run_until(lambda: job.is_over, 60)
    assert job.state is JobState.CANCELLED


def test_a_newer_job_supersedes_an_older_one(jobs: JobQueue, pump: MainThreadPump) -> None:
    answers: list[str] = []
    never = threading.Event()
    first = jobs.submit("a", checking(never), Lane.ANALYSIS, answers.append, supersedes="filter")
    second = jobs.submit("b", checking(never), Lane.ANALYSIS, answers.append, supersedes="filter")
    other = jobs.submit("c", lambda progress: "other", Lane.PREFETCH, answers.append, supersedes="thumbnail")
    third = jobs.submit("d", lambda progress: "third", Lane.ANALYSIS, answers.append, supersedes="filter")
    assert pump.run_until(lambda: third.is_over and other.is_over, 60)
    assert (first.state, second.state) == (JobState.CANCELLED, JobState.CANCELLED)
    assert sorted(answers) == ["other", "third"]
    assert not jobs._superseding


def test_interaction_never_waits_for_other_lanes(jobs: JobQueue, pump: MainThreadPump) -> None:
    never = threading.Event()
    busy = [
        jobs.submit(f"{lane.name}{n}", checking(never), lane, lambda _: None)
        for lane in (Lane.PREFETCH, Lane.ANALYSIS, Lane.INFERENCE)
        for n in range(8)
    ]
    job = jobs.submit("eye", lambda progress: 1, Lane.INTERACTION, lambda _: None)
    assert pump.run_until(lambda: job.state is JobState.DONE, 60)
    running = [job for job in busy if job.state is JobState.RUNNING]
    assert len(running) <= sum(THREADS[lane] for lane in (Lane.PREFETCH, Lane.ANALYSIS, Lane.INFERENCE))
    for job in busy:
        job.cancel()


def test_a_lane_keeps_the_order_and_its_number_of_threads(jobs: JobQueue, pump: MainThreadPump) -> None:
    order: list[int] = []
    together, most = 0, 0
    lock = threading.Lock()

    def work_of(n: int) -> Callable[[Progress], int]:
        def work(progress: Progress) -> int:
            nonlocal together, most
            with lock:
                together += 1
                most = max(most, together)
                order.append(n)
            time.sleep(0.005)
            with lock:
                together -= 1
            return n

        return work

    queued = [jobs.submit(str(n), work_of(n), Lane.ANALYSIS, lambda _: None) for n in range(10)]
    assert pump.run_until(lambda: all(job.is_over for job in queued), 60)
    assert order == list(range(10))
    assert most == THREADS[Lane.ANALYSIS]


def test_there_are_no_other_transitions_than_those_of_the_table() -> None:
    for state, after in itertools.product(JobState, JobState):
        job: Job[None] = Job(1, "x", Lane.PREFETCH, lambda _: None, state=state)
        if after in TRANSITIONS[state]:
            job._enter(after)
            assert job.state is after
        else:
            with pytest.raises(ValueError, match="cannot go"):
                job._enter(after)


def test_changes_of_state_are_told(pump: MainThreadPump) -> None:
    told: list[tuple[str, JobState]] = []
    queue = JobQueue(pump.post, lambda job: told.append((job.title, job.state)))
    job = queue.submit("x", lambda progress: 1, Lane.PREFETCH, lambda _: None)
    assert pump.run_until(lambda: job.is_over, 60)
    assert told == [("x", JobState.QUEUED), ("x", JobState.RUNNING), ("x", JobState.DONE)]
    queue.close()


def test_closing_ends_every_thread_and_refuses_more(pump: MainThreadPump) -> None:
    queue = JobQueue(pump.post)
    never = threading.Event()
    running = [
        queue.submit("x", checking(never), lane, lambda _: pytest.fail("done"))
        for lane in Lane
        if lane not in {Lane.KEEPING, Lane.NETWORK}
        for _ in range(3)
    ]
    assert queue.close() == ()
    assert all(job.state is JobState.CANCELLED for job in running)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("medview-")]
    with pytest.raises(RuntimeError):
        queue.submit("y", checking(never), Lane.PREFETCH, lambda _: None)
    assert queue.close() == ()


def test_closing_does_not_wait_for_work_that_hangs(pump: MainThreadPump) -> None:
    queue = JobQueue(pump.post)
    release = threading.Event()
    begun = threading.Event()

    def hang(_progress: Progress) -> None:
        begun.set()
        release.wait(60)

    queue.submit("hangs", hang, Lane.PREFETCH, lambda _: None)
    assert begun.wait(60)
    assert queue.close(patience_s=0.05) == ("medview-prefetch-0",)
    release.set()


def test_closing_does_not_wait_for_other_computers_at_all(pump: MainThreadPump) -> None:
    queue = JobQueue(pump.post)
    release, begun = threading.Event(), threading.Event()

    def ask(_progress: Progress) -> None:
        begun.set()
        release.wait(60)

    queue.submit("asks", ask, Lane.NETWORK, lambda _: pytest.fail("done"))
    assert begun.wait(60)
    assert queue.close(patience_s=50) == ()
    assert any(thread.name.startswith("medview-network") for thread in threading.enumerate())
    release.set()


def test_a_pump_gives_up_in_time(pump: MainThreadPump) -> None:
    assert not pump.run_until(lambda: False, 0.02)
    pump.post(lambda: None)
    assert pump.run_waiting() == 1


def test_what_is_to_be_kept_is_finished_when_all_else_is_cancelled(pump: MainThreadPump) -> None:
    queue = JobQueue(pump.post)
    kept: list[int] = []
    for number in range(20):
        queue.submit("x", lambda _progress, n=number: (time.sleep(0.01), kept.append(n)), Lane.KEEPING, lambda _: None)
    assert queue.close() == ()
    assert kept == list(range(20))
