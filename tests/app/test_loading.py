"""Volumes that fill up: nearest slices first, errors that stay visible, cancel, and a budget that holds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app import loading
from medview.app.agenda import Agenda
from medview.app.loading import StudyLoader, load_volume
from medview.app.residency import SMALLEST, Residency, default_budget
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled
from medview.core.study import Stack
from medview.core.volume import ModalityTransform, SliceState
from medview.jobs.direct import read_slots
from medview.jobs.pool import DecodePool
from medview.jobs.queue import JobQueue, JobState, Lane, MainThreadPump
from tests.jobs.sources import FakeFrame, FakeWhole

SIZE = (8, 8)


@dataclass(frozen=True)
class DirectFrame(FakeFrame):
    """A frame without codec that notes in which order and where frames are read."""

    needs_codec: bool = False

    def read(self) -> np.ndarray:
        GATE.wait(60)
        READ.append(self.value)
        return super().read()


GATE = threading.Event()
READ: list[int] = []


@pytest.fixture(autouse=True)
def _open_gate() -> Iterator[None]:
    GATE.set()
    READ.clear()
    yield
    GATE.set()


def stack_of(frames: list[Any], name: str = "stack", times: int = 1, **changes: Any) -> Stack:
    count = len(frames) // times
    transform = ModalityTransform(np.arange(1.0, len(frames) + 1), np.zeros(len(frames)))
    stack = Stack(name, "frames", (count, *SIZE), times, 1, "int16", tuple(frames), transform)
    return replace(stack, **changes) if changes else stack


def direct(count: int, name: str = "stack", what: dict[int, str] | None = None) -> Stack:
    return stack_of([DirectFrame(n, (what or {}).get(n, ""), path=f"{n}.dcm") for n in range(count)], name)


def coded(count: int, name: str = "stack", what: dict[int, str] | None = None) -> Stack:
    return stack_of([FakeFrame(n, (what or {}).get(n, ""), path=f"{n}.dcm") for n in range(count)], name)


class Desk:
    """A loader with its jobs and everything that it told."""

    def __init__(self, budget: int | None = None) -> None:
        self.pump = MainThreadPump()
        self.jobs = JobQueue(self.pump.post)
        self.pools: list[DecodePool] = []
        self.loader = StudyLoader(self.jobs, self.pool, budget)
        self.loaded: list[tuple[str, int, int]] = []
        self.complete: list[tuple[str, int]] = []
        self.progress: list[tuple[str, int, int]] = []
        self.failed: list[tuple[str, int, int, MedviewError]] = []
        self.loader.slice_loaded.connect(lambda *what: self.loaded.append(what))
        self.loader.volume_complete.connect(lambda *what: self.complete.append(what))
        self.loader.progress.connect(lambda *what: self.progress.append(what))
        self.loader.failed.connect(lambda *what: self.failed.append(what))

    def pool(self) -> DecodePool:
        assert threading.current_thread() is threading.main_thread()
        if not self.pools:
            self.pools.append(DecodePool(1))
        return self.pools[0]

    def until(self, condition: Callable[[], bool], timeout_s: float = 60) -> None:
        assert self.pump.run_until(condition, timeout_s)

    def close(self) -> None:
        assert self.jobs.close() == ()
        for pool in self.pools:
            pool.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


# ------------------------------------------------------------------------------------------------- whole volumes


@pytest.mark.parametrize("make", [direct, coded])
def test_load_volume_is_whole(make: Callable[..., Stack]) -> None:
    steps: list[tuple[str, int, int]] = []
    volume = load_volume(make(20), progress=lambda *step: steps.append(step))
    assert volume.is_complete
    assert volume.stored[:, 2, 3].tolist() == list(range(20))
    assert steps[0] == ("load", 0, 20)
    assert steps[-1] == ("load", 20, 20)
    assert volume.modality_slice(3)[0, 0] == 3 * 4


@pytest.mark.parametrize("make", [direct, coded])
def test_load_volume_names_the_first_bad_slice(make: Callable[..., Stack]) -> None:
    stack = make(20, what={5: "error", 11: "vanish"})
    with pytest.raises(MedviewError, match=r"5\.dcm") as caught:
        load_volume(stack)
    assert caught.value.code == "truncated_pixels"
    volume = load_volume(stack, allow_missing=True)
    assert volume.states is not None
    assert np.flatnonzero(volume.states == SliceState.FAILED).tolist() == [5, 11]
    assert volume.stored[19, 0, 0] == 19
    with pytest.raises(MedviewError):
        load_volume(make(2, what={0: "error", 1: "error"}), allow_missing=True)


@pytest.mark.parametrize("make", [direct, coded])
def test_load_volume_can_be_cancelled(make: Callable[..., Stack]) -> None:
    def progress(_step: str, done: int, _total: int) -> None:
        if done >= 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        load_volume(make(50), progress=progress)


def test_time_points_of_frames_and_of_whole_files() -> None:
    frames = stack_of([DirectFrame(n) for n in range(6)], times=2)
    volume = load_volume(frames, 1)
    assert volume.stored[:, 0, 0].tolist() == [3, 4, 5]
    assert volume.modality_slice(0)[0, 0] == 3 * 4  # the fourth frame's slope
    whole = replace(frames, whole=FakeWhole("a.nii.gz", (6, *SIZE)))
    volume = load_volume(whole, 1)
    assert volume.stored.shape == (3, *SIZE)
    assert volume.stored[0, 0, 0] == 3 * 64
    with pytest.raises(IndexError):
        load_volume(frames, 2)


def test_colour_and_real_dicom(tmp_path: Path) -> None:
    from tests.dicom.pixel_files import JPEG, encapsulated, encode, frames_of, write_pixels

    values = np.random.default_rng(0).integers(0, 255, (3, *SIZE, 3)).astype(np.uint8)
    data = encapsulated([encode("jpeg-ls", frame) for frame in values])
    path = write_pixels(
        tmp_path / "a",
        data,
        JPEG + "80",
        rows=8,
        columns=8,
        samples=3,
        allocated=8,
        frames=3,
        photometric="RGB",
        vr="OB",
    )
    stack = stack_of(list(frames_of(path)), components=3, dtype="uint8")
    volume = load_volume(stack)
    np.testing.assert_array_equal(volume.stored, values)
    assert volume.is_colour
    # The same from plain samples, read straight into the volume.
    path = write_pixels(
        tmp_path / "b", values.tobytes(), rows=8, columns=8, samples=3, allocated=8, frames=3, photometric="RGB"
    )
    np.testing.assert_array_equal(
        load_volume(stack_of(list(frames_of(path)), components=3, dtype="uint8")).stored, values
    )


# ------------------------------------------------------------------------------------------------- the loader


def test_first_slice_is_there_at_once_and_neighbours_follow_outward(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of two threads the one that took a slot first may read it last.

    def in_one_thread(
        take: Callable[[], int | None],
        read: Callable[[int], Any],
        tell: Callable[[int, Any], None],
        threads: int = 1,
        late: Callable[[int], Any] | None = None,
        patience_s: float = 60.0,
    ) -> None:
        read_slots(take, read, tell, min(threads, 1), late, patience_s)

    monkeypatch.setattr(loading, "read_slots", in_one_thread)
    monkeypatch.setattr(loading, "FIRST_SLICE_S", 20.0)
    stack = direct(21)
    volume = desk.loader.volume(stack, 0, 10)
    assert volume.is_loaded(10)
    assert READ[0] == 10
    desk.until(lambda: desk.complete == [("stack", 0)])
    assert volume.is_complete
    assert [abs(k - 10) for k in READ] == sorted(abs(k - 10) for k in READ)
    assert volume.stored[:, 0, 0].tolist() == list(range(21))
    assert sorted(k for _, _, k in desk.loaded) == list(range(21))
    assert desk.progress[-1] == ("stack", 21, 21)
    assert desk.loader.volume(stack, 0, 3) is volume
    assert len(READ) == 21


def test_a_slow_first_slice_does_not_hold_up_the_window(desk: Desk) -> None:
    GATE.clear()
    begun = time.monotonic()
    volume = desk.loader.volume(direct(5), 0, 2)
    assert time.monotonic() - begun < 30  # half of what the slice takes
    assert not volume.is_loaded(2)
    GATE.set()
    desk.until(lambda: bool(desk.complete))
    assert volume.is_complete


def test_compressed_slices_come_from_workers(desk: Desk) -> None:
    stack = coded(30)
    volume = desk.loader.volume(stack, 0, 15)
    desk.until(lambda: bool(desk.complete))
    assert volume.stored[:, 0, 0].tolist() == list(range(30))
    assert len(desk.pools) == 1


def test_states_are_true_only_once_the_main_thread_knows(desk: Desk) -> None:
    volume = desk.loader.volume(direct(10), 0, 0)
    assert volume.states is not None
    while len(READ) < 10:
        time.sleep(0.005)
    assert volume.states.sum() == 1
    desk.until(lambda: bool(desk.complete))
    assert volume.is_complete


def test_scrolling_changes_what_comes_next(desk: Desk) -> None:
    stack = coded(200, what=dict.fromkeys(range(200), "slow"))
    desk.loader.volume(stack, 0, 0)
    desk.until(lambda: len(desk.loaded) >= 3)
    before = len(desk.loaded)
    desk.loader.set_focus(stack, 0, 150)
    desk.until(lambda: any(k == 150 for _, _, k in desk.loaded))
    at = [k for _, _, k in desk.loaded].index(150)
    assert at - before <= 100  # not behind the 150 before it; workers go on while this thread is kept waiting
    desk.until(lambda: len(desk.loaded) >= at + 12)
    assert all(130 < k < 170 for _, _, k in desk.loaded[at + 4 : at + 10])
    desk.loader.release("stack")


def test_bad_slices_stay_visible_and_can_be_tried_again(desk: Desk, tmp_path: Path) -> None:
    from tests.dicom.pixel_files import frames_of, write_pixels

    paths = [
        write_pixels(tmp_path / f"{n}", np.full(SIZE, n, "<i2").tobytes(), rows=8, columns=8, signed=True)
        for n in range(4)
    ]
    stack = stack_of([frame for path in paths for frame in frames_of(path)])
    away = paths[2].rename(tmp_path / "away")
    volume = desk.loader.volume(stack, 0, 0)
    desk.until(lambda: bool(desk.complete))
    assert volume.states is not None
    assert volume.states.tolist() == [1, 1, 2, 1]
    ((name, time_point, k, error),) = desk.failed
    assert (name, time_point, k, error.code) == ("stack", 0, 2, "file_vanished")
    assert str(paths[2]) in error.text
    assert desk.loader.error(stack, 0, 2) is error
    assert not volume.stored[2].any()
    away.rename(paths[2])
    desk.loader.retry(stack)
    desk.until(lambda: len(desk.complete) == 2)
    assert volume.is_complete
    assert desk.loader.error(stack, 0, 2) is None
    assert (volume.stored[2] == 2).all()


def test_a_frame_that_kills_its_worker_is_one_failed_slice(desk: Desk) -> None:
    volume = desk.loader.volume(coded(20, what={4: "abort"}), 0, 0)
    desk.until(lambda: bool(desk.complete))
    assert volume.states is not None
    assert np.flatnonzero(volume.states == SliceState.FAILED).tolist() == [4]
    assert desk.failed[0][3].code == "decoder_died"


def test_a_file_read_as_a_whole_fills_all_time_points(desk: Desk) -> None:
    stack = replace(stack_of([FakeFrame(n) for n in range(6)], times=2), whole=FakeWhole("a.nii.gz", (6, *SIZE)))
    second = desk.loader.volume(stack, 1, 2)
    assert not second.is_loaded(2)
    desk.until(lambda: sorted(desk.complete) == [("stack", 0), ("stack", 1)])
    assert second.is_complete
    assert second.stored[0, 0, 0] == 3 * 64
    assert desk.loader.volume(stack, 0).stored[0, 0, 1] == 1
    assert sorted(desk.loaded) == [("stack", t, k) for t in range(2) for k in range(3)]


def test_a_whole_file_that_is_damaged(desk: Desk) -> None:
    stack = replace(stack_of([FakeFrame(n) for n in range(3)]), whole=FakeWhole("a.nii.gz", (3, *SIZE), "error"))
    volume = desk.loader.volume(stack)
    desk.until(lambda: bool(desk.complete))
    assert volume.states is not None
    assert volume.states.tolist() == [2, 2, 2]
    assert {error.code for *_, error in desk.failed} == {"bad_volume_file"}


def test_cancel_stops_but_the_reader_still_gets_where_he_goes(desk: Desk) -> None:
    stack = coded(300, what=dict.fromkeys(range(300), "slow"))
    volume = desk.loader.volume(stack, 0, 0)
    desk.until(lambda: len(desk.loaded) >= 2)
    desk.loader.cancel("stack")
    desk.until(lambda: not desk.jobs.jobs)
    time.sleep(0.3)
    desk.pump.run_waiting()
    before = len(desk.loaded)
    assert before < 200
    desk.loader.set_focus(stack, 0, 290)
    desk.until(lambda: volume.is_loaded(290))
    desk.until(lambda: not desk.jobs.jobs)
    assert len(desk.loaded) == before + 1
    assert desk.loader.volume(stack, 0, 290) is volume
    desk.until(lambda: len(desk.loaded) > before + 3)
    desk.loader.release("stack")


def test_release_forgets(desk: Desk) -> None:
    stack = direct(5)
    volume = desk.loader.volume(stack)
    desk.loader.release("stack")
    assert desk.loader.used_bytes == 0
    assert desk.loader.volume(stack) is not volume


def test_a_stack_that_grew_while_scanning_is_loaded_anew(desk: Desk) -> None:
    small = desk.loader.volume(direct(3))
    large = desk.loader.volume(direct(4))
    assert small.shape[0] == 3
    assert large.shape[0] == 4
    same = desk.loader.volume(direct(4))  # equal frames, another Stack object
    assert same is large


def test_what_is_shown_loads_before_what_was_left(desk: Desk) -> None:
    """Flicking through series: the one on the screen is not queued behind those that were only passed."""
    slow = dict.fromkeys(range(100), "slow")
    for n in range(5):
        desk.loader.volume(coded(100, f"passed{n}", slow))
    shown = desk.loader.volume(coded(20, "shown", dict.fromkeys(range(20), "slow")))
    desk.until(lambda: ("shown", 0) in desk.complete)
    assert shown.is_complete
    assert len(desk.complete) == 1
    running = [job for job in desk.jobs.jobs if job.state is JobState.RUNNING and job.lane is Lane.PREFETCH]
    assert len(running) <= 2
    for n in range(5):
        desk.loader.release(f"passed{n}")


def test_unexpected_errors_become_failed_slices(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_what: Any) -> None:
        raise RuntimeError("a mistake of ours")

    stack = direct(4)
    monkeypatch.setattr("medview.app.loading._read_agenda", broken)
    volume = desk.loader.volume(stack, 0, 1)
    desk.until(lambda: bool(desk.complete))
    assert volume.states is not None
    assert volume.states.tolist() == [2, 1, 2, 2]
    assert {error.code for *_, error in desk.failed} == {"load_failed"}


# ------------------------------------------------------------------------------------------------- memory

SLICE = 8 * 8 * 2


def test_least_recently_shown_goes_first_and_what_is_held_never() -> None:
    desk = Desk(budget=35 * SLICE)
    volumes = {name: desk.loader.volume(direct(10, name)) for name in "abc"}
    assert desk.loader.used_bytes == 30 * SLICE
    del volumes["b"], volumes["c"]
    desk.loader.volume(direct(10, "b"))  # shown again
    desk.loader.volume(direct(10, "d"))
    kept = {key for key, _ in desk.loader._entries}
    assert kept == {"a", "b", "d"}
    assert desk.loader.used_bytes == 30 * SLICE
    assert desk.loader.volume(direct(10, "a")) is volumes["a"]
    desk.close()


def test_pinned_volumes_stay() -> None:
    desk = Desk(budget=25 * SLICE)
    desk.loader.volume(direct(10, "a"))
    desk.loader.pin("a")
    for name in "bcd":
        desk.loader.volume(direct(10, name))
    assert {key for key, _ in desk.loader._entries} == {"a", "d"}
    desk.loader.pin("a", on=False)
    desk.loader.volume(direct(10, "e"))
    assert {key for key, _ in desk.loader._entries} == {"d", "e"}
    desk.close()


@pytest.mark.parametrize("kind", [DirectFrame, FakeFrame])
def test_a_volume_larger_than_the_budget_is_there_around_the_reader(kind: type[FakeFrame]) -> None:
    page = (64, 64)
    desk = Desk(budget=20 * 64 * 64 * 2)
    stack = stack_of([kind(n + 1, shape=page) for n in range(100)], shape=(100, *page))
    volume = desk.loader.volume(stack, 0, 50)
    assert volume.states is not None

    def loaded() -> list[int]:
        assert volume.states is not None
        return np.flatnonzero(volume.states == SliceState.LOADED).tolist()

    desk.until(lambda: loaded() == list(range(40, 60)))
    desk.until(lambda: not desk.jobs.jobs)
    for k in (58, 70, 95, 3):
        desk.loader.set_focus(stack, 0, k)
        desk.until(lambda k=k: volume.is_loaded(k))
        desk.until(lambda: not desk.jobs.jobs and len(loaded()) == 20)
        first = min(max(0, k - 10), 80)
        assert loaded() == list(range(first, first + 20))
        assert all(volume.stored[n, 0, 0] == n + 1 for n in loaded())
        if sys.platform == "linux":  # the memory of the others is given back
            assert [n for n in range(100) if volume.stored[n].any()] == loaded()
    assert desk.complete == []
    desk.close()


def test_no_room_is_an_error_with_a_code(desk: Desk) -> None:
    stack = stack_of([FakeFrame(0, shape=(1 << 28, 1 << 28))], shape=(1, 1 << 28, 1 << 28))
    with pytest.raises(MedviewError) as caught:
        desk.loader.volume(stack)
    assert caught.value.code == "out_of_memory"
    assert desk.loader.used_bytes == 0


def test_budget_of_this_machine() -> None:
    assert default_budget() >= SMALLEST


def test_residency_accounts() -> None:
    held: set[str] = set()
    residency: Residency[str] = Residency(100, held.__contains__)
    assert residency.admit("a", 40) == (40, [])
    assert residency.admit("b", 40) == (40, [])
    residency.touch("a")
    assert residency.latest_first() == ["a", "b"]
    assert residency.admit("c", 50) == (50, ["b"])
    held.update("ac")
    assert residency.admit("d", 60) == (25, [])  # no room: a quarter of the budget at least
    residency.drop("a")
    residency.drop("unknown")
    assert residency.used == 75


def test_agenda_goes_outward_within_its_window() -> None:
    agenda = Agenda(10, 4)
    assert agenda.take(5) == [4, 5, 3, 6, 2]
    assert not agenda.claim(4)
    assert agenda.claim(9)
    agenda.move(8)
    assert agenda.take(10) == [8, 7, 1, 0]
    assert not agenda.has_work
    agenda.give_back([3])
    assert agenda.has_work
    assert agenda.take(3) == [3]
    narrow = Agenda(100, 0, 10)
    assert sorted(narrow.take(50)) == list(range(10))
    narrow.move(50)
    assert sorted(narrow.take(50)) == list(range(45, 55))
    narrow.move(99)
    assert narrow.bounds == (90, 100)


def test_asking_for_a_slice_that_is_there_moves_nothing(desk: Desk) -> None:
    stack = direct(30)
    assert desk.loader.loaded_slice(stack, 0, 3) is None
    assert READ == []
    GATE.clear()
    desk.loader.volume(stack, focus=15)
    entry = desk.loader._entries["stack", 0]
    bounds = entry.agenda._focus
    assert desk.loader.loaded_slice(stack, 0, 3) is None
    held = desk.loader.held_volume(stack, 0)
    assert held is not None
    assert not held.is_complete
    desk.loader.cancel("stack")
    assert desk.loader.held_volume(stack, 0) is held
    assert entry.paused, "asking does not load again what the reader stopped"
    assert entry.agenda._focus == bounds == 15
    GATE.set()
    assert desk.loader.volume(stack, focus=15) is held
    desk.until(lambda: desk.complete == [("stack", 0)])
    found = desk.loader.loaded_slice(stack, 0, 3)
    assert found is not None
    assert found[2, 2] == 3
    assert desk.loader.loaded_slice(stack, 0, 30) is None
    assert desk.loader.loaded_slice(stack, 1, 0) is None
    assert desk.loader.loaded_slice(direct(31), 0, 3) is None, "other frames by that name"
    assert desk.loader.held_volume(direct(31), 0) is None
