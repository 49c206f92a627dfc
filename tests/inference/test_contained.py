"""Networks in processes of their own: what breaks there is told by name, and the next run goes on."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app.contained import STRANGER, TRUSTED, Limits, Networks, calls_at_once
from medview.core.finding import InferenceResult
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Cancelled, Progress, no_progress
from medview.inference.incidents import incident_of, remember_incident
from medview.inference.package import ModelPackage
from medview.inference.request import InferenceRequest
from medview.inference.run import run_inference
from medview.inference.trust import trust
from medview.jobs.service_loop import arena_size, describe_arrays, view_of, write_arrays
from tests.inference import networks as graphs
from tests.inference.breaking_worker import HOW, NO_ADDRESS_LIMIT
from tests.inference.test_failures import StopAfter, volume_of_one
from tests.inference.test_segmentation import manifest, marker_volume
from tests.inference.volumes import made_package, run, stack_of

BREAKING = "tests.inference.breaking_worker"


@pytest.fixture
def contained() -> Iterator[Networks]:
    with Networks() as made:
        yield made


def run_in(networks: Networks, package: ModelPackage, volume: Any, progress: Progress = no_progress) -> InferenceResult:
    request = InferenceRequest(package, "1.2.3", "cpu")
    return run_inference(request, volume, stack_of(volume), progress, open_session=networks.open)


def good(folder: Path, axes: int = 2) -> ModelPackage:
    letters = ["P", "L"] if axes == 2 else ["S", "P", "L"]
    return made_package(folder, manifest(letters), graphs.threshold_network(axes, 0.0, 0.02))


def failure(networks: Networks, package: ModelPackage, volume: Any = None) -> MedviewError:
    with pytest.raises(MedviewError) as caught:
        run_in(networks, package, marker_volume() if volume is None else volume)
    assert caught.value.exit_code is ExitCode.RUN_FAILED
    assert "model.onnx" in caught.value.text
    return caught.value


def test_the_same_numbers_as_in_this_process(contained: Networks, tmp_path: Path) -> None:
    for axes in (2, 3):
        package = good(tmp_path / str(axes), axes)
        here, there = run(package, marker_volume()), run_in(contained, package, marker_volume())
        assert here.segmentation is not None
        assert there.segmentation is not None
        assert here.segmentation.labels.any()
        np.testing.assert_array_equal(here.segmentation.labels, there.segmentation.labels)
        assert there.provenance.device_used == "cpu"
        assert dict(there.timing_s)["session"] > 0


def test_a_second_run_needs_no_loading(contained: Networks, tmp_path: Path) -> None:
    package = good(tmp_path)
    run_in(contained, package, marker_volume())
    (process,) = contained.warm_processes
    run_in(contained, package, marker_volume())
    assert contained.warm_processes == (process,)
    contained.release()
    left: tuple[int, ...] = contained.warm_processes
    assert not left
    run_in(contained, package, marker_volume())
    assert contained.warm_processes != (process,)


def test_only_a_few_stay_warm(contained: Networks, tmp_path: Path) -> None:
    for name in "abc":
        run_in(contained, good(tmp_path / name), marker_volume())
        # The same manifest and network have the same hash wherever they lie.
    assert len(contained.warm_processes) == 1
    for level in (1.0, 2.0, 3.0):
        package = made_package(tmp_path / str(level), manifest(["P", "L"]), graphs.threshold_network(2, level, 0.02))
        run_in(contained, package, marker_volume())
    assert len(contained.warm_processes) == 2


def test_an_idle_process_goes_by_itself(contained: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medview.app.contained.IDLE_S", 0.2)
    package = good(tmp_path)
    run_in(contained, package, marker_volume())
    deadline = time.monotonic() + 60
    while contained.warm_processes and time.monotonic() < deadline:
        time.sleep(0.05)
    assert contained.warm_processes == ()
    assert run_in(contained, package, marker_volume()).segmentation is not None


@pytest.mark.parametrize("step", ["open", "run"])
@pytest.mark.parametrize(("how", "cause"), [("segv", "segmentation fault"), ("abort", "abort"), ("leave", "status 3")])
def test_a_native_crash_is_told_and_remembered(
    how: str, cause: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.name == "nt" and how == "segv":
        cause = "access violation"
    package = good(tmp_path)
    monkeypatch.setenv(HOW, f"{step}:{how}")
    with Networks(entry=BREAKING) as contained:
        error = failure(contained, package)
        assert error.code == "network_crashed"
        assert cause in error.text
        known = incident_of(package)
        assert known is not None
        assert (known.code, known.step, known.times) == ("network_crashed", step, 1)
        assert contained.warm_processes == ()
        monkeypatch.delenv(HOW)
        assert run_in(contained, package, marker_volume()).segmentation is not None
        assert incident_of(package) is None


def test_what_broke_while_opening_is_opened_without_rewriting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = good(tmp_path)
    monkeypatch.setenv(HOW, "open:segv")
    with Networks(entry=BREAKING) as contained:
        assert failure(contained, package).code == "network_crashed"
        result = run_in(contained, package, marker_volume())
    assert "crashed_before" in {note.code for note in result.warnings}


def test_a_process_that_takes_all_memory_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit the system refuses, or the process ends itself; either is no memory."""
    monkeypatch.setenv(HOW, "run:hog")
    monkeypatch.setattr(Limits, "memory", lambda _self: 1 << 29)
    package = good(tmp_path)
    with Networks(entry=BREAKING) as contained:
        assert failure(contained, package).code == "out_of_memory"


@pytest.mark.parametrize(
    "code", [("bomb", "out_of_memory"), ("nan", "output_not_finite"), ("constant", "output_constant")]
)
def test_bad_answers_have_the_same_names(code: tuple[str, str], contained: Networks, tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(["P", "L"]), graphs.broken_network(2, code[0]))
    assert failure(contained, package).code == code[1]
    assert run_in(contained, good(tmp_path / "next"), marker_volume()).segmentation is not None


def test_an_endless_loop_is_found_out(tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(["P", "L"]), graphs.broken_network(2, "endless"))
    with Networks(limit_s=1.5) as contained:
        error = failure(contained, package, volume_of_one())
    assert error.code == "network_overdue"
    known = incident_of(package)
    assert known is not None
    assert known.code == "network_overdue"


@pytest.mark.timeout(60)  # what hangs for ever shall fail, not wait
def test_a_hanging_process_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOW, "open:hang")
    with Networks(entry=BREAKING, limit_s=1.0) as contained:
        assert failure(contained, good(tmp_path)).code == "network_overdue"


def test_cancelling_inside_a_call(contained: Networks, tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(["P", "L"]), graphs.broken_network(2, "endless"))
    stop = StopAfter(0.3)
    with pytest.raises(Cancelled):
        run_in(contained, package, volume_of_one(), stop)
    assert stop.since_wish() < 20  # of a call without end
    assert incident_of(package) is None, "the reader ended it"


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_a_process_that_is_shot_in_the_middle(contained: Networks, tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(["P", "L"]), graphs.broken_network(2, "endless"))
    shot: list[int] = []

    def shoot(step: str, done: int, total: int) -> None:
        if step == "network" and not shot:
            shot.append(processes[-1])
            threading.Timer(0.3, os.kill, (shot[0], signal.SIGSEGV)).start()

    processes: list[int] = []
    real = Networks.open

    def noted(self: Networks, *arguments: Any) -> Any:
        session = real(self, *arguments)
        processes.append(session.service.process_id)
        return session

    request = InferenceRequest(package, "1.2.3", "cpu")
    volume = volume_of_one()
    with pytest.raises(MedviewError) as caught:
        run_inference(request, volume, stack_of(volume), shoot, open_session=lambda *given: noted(contained, *given))
    assert caught.value.code == "network_crashed"
    assert "segmentation fault" in caught.value.text


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_left_of_a_parent_that_was_killed(tmp_path: Path) -> None:
    """An endless network must not burn cores for a program that is gone."""
    import subprocess

    package = made_package(tmp_path, manifest(["P", "L"]), graphs.broken_network(2, "endless"))
    program = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from medview.app.contained import Networks\n"
        "from medview.inference.package import open_package\n"
        "networks = Networks()\n"
        "session = networks.open(open_package(Path(sys.argv[1])), 'cpu', 1, lambda: None)\n"
        "print(session.service.process_id, flush=True)\n"
        "session.run({session.inputs[0].name: np.zeros((1, 1, 8, 8), np.float32)}, [session.outputs[0].name], lambda: None)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(package.folder)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and _runs(child):
        time.sleep(0.05)
    left = _runs(child)
    if left:
        os.kill(child, signal.SIGKILL)
    assert not left


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_process_that_does_not_start_is_said(tmp_path: Path) -> None:
    with Networks(entry="tests.inference.no_such_module") as contained:
        error = failure(contained, good(tmp_path))
    assert error.code == "network_process_unavailable"
    assert incident_of(good(tmp_path / "again")) is None, "it is not the package's fault"


def test_limits_grow_with_the_input_and_with_trust(contained: Networks, tmp_path: Path) -> None:
    small, large = {"x": np.zeros(10)}, {"x": np.zeros(10_000_000, np.uint8)}
    assert STRANGER.call_limit(small) < STRANGER.call_limit(large) < TRUSTED.call_limit(large)
    package = good(tmp_path)
    with contained.open(package, "cpu", 1, lambda: None) as session:
        assert session.limits is STRANGER
    trust(package)
    with contained.open(package, "cpu", 1, lambda: None) as session:
        assert session.limits is TRUSTED


def test_incidents_are_counted(tmp_path: Path) -> None:
    package = good(tmp_path)
    for times in (1, 2, 3):
        remember_incident(package, "network_crashed", "abort", "run")
        known = incident_of(package)
        assert known is not None
        assert known.times == times


def test_arrays_in_one_piece_of_memory() -> None:
    arrays: dict[str, Any] = {
        "a": np.arange(5, dtype=np.int16),
        "b": np.ones((2, 3), np.float32),
        "none": np.zeros((0, 4)),
    }
    memory = np.zeros(arena_size(arrays), np.uint8)
    write_arrays(arrays, memory, describe_arrays(arrays))
    for name, place in describe_arrays(arrays).items():
        np.testing.assert_array_equal(view_of(memory, *place), arrays[name])
    wrong: list[Any] = [
        (0, "<f4", [memory.nbytes]),
        (-8, "|u1", [4]),
        (0, "|O", [1]),
        (0, "|u1", [-1]),
        (0, "|u1", ["4"]),
    ]
    for place in wrong:
        with pytest.raises((ValueError, TypeError)):
            view_of(memory, *place)


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not say what is resident")
def test_resident_memory_is_watched_where_the_system_cannot_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drivers of graphics cards reserve more addresses than there is memory: there the process watches itself."""
    monkeypatch.setenv(HOW, "run:hog")
    monkeypatch.setenv(NO_ADDRESS_LIMIT, "1")
    monkeypatch.setattr(Limits, "memory", lambda _self: 1 << 29)
    with Networks(entry=BREAKING, limit_s=60) as contained:
        error = failure(contained, good(tmp_path))
    assert error.code == "out_of_memory"
    assert error.values[1] == "it took more memory than it may"


@pytest.mark.parametrize(("at_once", "ahead"), [(1, [0, 1, 2, 3]), (2, [0, 1, 2, 3, 4]), (9, [0, 1, 2, 3, 4, 5])])
def test_the_next_tensors_lie_there_before_one_is_answered(
    at_once: int, ahead: list[int], contained: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers of other sizes come in their order too; a larger one is fetched while later questions are under way, with
    what was written already of those that were asked with it.
    """
    monkeypatch.setattr("medview.app.contained.calls_at_once", lambda _seconds, _size: at_once)
    package = good(tmp_path)
    rng = np.random.default_rng(5)
    sizes = (8, 8, 160, 16, 160, 8)
    given = [rng.normal(size=(1, 1, size, size)).astype(np.float32) for size in sizes]
    taken: list[int] = []

    def feeds() -> Iterator[dict[str, Any]]:
        for n, tensor in enumerate(given):
            taken.append(n)
            yield {"x": tensor}

    with contained.open(package, "cpu", None, lambda: None) as session:
        answers = session.run_each(feeds(), [session.outputs[0].name], lambda: None)
        first = [one.copy() for one in next(answers)]
        assert taken == [0], "how large answers are is known with the first"
        second = [one.copy() for one in next(answers)]
        assert taken == ahead
        rest = [first, second, *([one.copy() for one in outputs] for outputs in answers)]
        alone = [session.run({"x": tensor}, [session.outputs[0].name], lambda: None) for tensor in given]
    assert [one[0].shape[-1] for one in rest] == list(sizes)
    for (one,), (other,) in zip(rest, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_quick_calls_are_handed_over_together_and_slow_or_large_ones_alone() -> None:
    assert calls_at_once(0.01, 260_000) == 10
    assert calls_at_once(0.06, 260_000) == 1
    assert calls_at_once(2.0, 1) == 1
    assert calls_at_once(0.01, 3 << 20) == 1
    assert 1 < calls_at_once(0.0, 1000) <= 100


def test_a_call_that_fails_among_others_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the calls handed over together nothing is told that came before it, and the process goes on."""
    monkeypatch.setattr("medview.app.contained.calls_at_once", lambda _seconds, _size: 4)
    given = [np.zeros((1, 1, 8, 8), np.float32)] * 3 + [np.zeros((1, 2, 8, 8), np.float32)]
    with Networks() as contained, contained.open(good(tmp_path), "cpu", None, lambda: None) as session:
        name = session.outputs[0].name
        answers = session.run_each(({"x": tensor} for tensor in given), [name], lambda: None)
        next(answers)
        with pytest.raises(MedviewError) as caught:
            next(answers)
        assert caught.value.code == "run_failed"
        assert session.run({"x": given[0]}, [name], lambda: None)[0].shape == (1, 1, 8, 8)


@pytest.mark.parametrize("at_once", [1, 3])
def test_an_answer_that_is_looked_at_is_not_written_over(
    at_once: int, contained: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies in memory that both processes see; what was asked ahead is answered elsewhere."""
    monkeypatch.setattr("medview.app.contained.calls_at_once", lambda _seconds, _size: at_once)
    given = [np.full((1, 1, 32, 32), n, np.float32) for n in range(12)]
    with contained.open(good(tmp_path), "cpu", None, lambda: None) as session:
        name = session.outputs[0].name
        alone = [session.run({"x": tensor}, [name], lambda: None)[0] for tensor in given]
        for n, (one,) in enumerate(session.run_each(({"x": tensor} for tensor in given), [name], lambda: None)):
            deadline = time.monotonic() + 20
            service = session.service
            while service._answers.qsize() < len(service._asked) and time.monotonic() < deadline:
                time.sleep(0.01)
            np.testing.assert_array_equal(one, alone[n])


def test_questions_under_way_are_dropped_with_their_run(contained: Networks, tmp_path: Path) -> None:
    package = good(tmp_path)
    tensor = np.zeros((1, 1, 8, 8), np.float32)
    with contained.open(package, "cpu", None, lambda: None) as session:
        answers = session.run_each(({"x": tensor} for _ in range(6)), [session.outputs[0].name], lambda: None)
        next(answers)
        answers.close()
        assert session.service.has_room
        (again,) = session.run({"x": tensor + 1}, [session.outputs[0].name], lambda: None)
    assert again.shape == (1, 1, 8, 8)
    assert len(contained.warm_processes) == 1
