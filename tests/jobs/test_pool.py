"""Worker processes: right values, and a pool that survives everything that a frame can do to a worker."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Cancelled
from medview.jobs import pool as pool_module
from medview.jobs.pool import DecodePool
from medview.jobs.shared_array import SharedArray
from tests.jobs.sources import FakeFrame, FakeWhole

Answers = dict[int, MedviewError | None]


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    made = DecodePool(2)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _no_thread_left() -> None:
    """The pool of this module keeps its threads from test to test; its end is a test of its own."""


def decode(pool: DecodePool, frames: list[FakeFrame]) -> tuple[np.ndarray, Answers]:
    target = SharedArray.create((len(frames), *frames[0].shape), np.int16)
    answers: Answers = {}
    pool.decode_into(frames, target, range(len(frames)), answers.__setitem__, lambda: False)
    values = target.array.copy()
    target.close()
    return values, answers


def maps_of(process: int) -> str:
    """What a process has mapped (Linux)."""
    return Path(f"/proc/{process}/maps").read_text(encoding="utf-8")


def test_every_frame_lands_in_its_slot(pool: DecodePool) -> None:
    values, answers = decode(pool, [FakeFrame(n) for n in range(200)])
    assert answers == dict.fromkeys(range(200))
    assert values[:, 3, 4].tolist() == list(range(200))


def test_both_workers_work(pool: DecodePool) -> None:
    _, answers = decode(pool, [FakeFrame(n, "slow") for n in range(40)])
    assert len(answers) == 40
    assert len(pool.processes) == 2


def test_a_worker_has_its_next_frame_before_it_has_answered_for_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[int] = []  # frames that the worker still has, each time that an answer is waited for
    held = 0
    send, receive = pool_module._Worker._send, pool_module._Worker._receive

    def sent(worker, kind, *rest) -> bool:
        nonlocal held
        held += len(rest[1]) if kind == "frames" else 0
        return send(worker, kind, *rest)

    def received(worker, limit_s):
        nonlocal held
        waiting.append(held)
        held -= 1
        return receive(worker, limit_s)

    with_one = DecodePool(1)
    try:
        decode(with_one, [FakeFrame(0)])  # it has started
        held = 0
        monkeypatch.setattr(pool_module._Worker, "_send", sent)
        monkeypatch.setattr(pool_module._Worker, "_receive", received)
        values, answers = decode(with_one, [FakeFrame(n, "slow") for n in range(12)])
    finally:
        with_one.close()
    assert answers == dict.fromkeys(range(12))
    assert values[:, 0, 0].tolist() == list(range(12))
    assert waiting == [2] * 11 + [1]


def test_slots_in_any_order(pool: DecodePool) -> None:
    target = SharedArray.create((5, 8, 8), np.int16)
    seen: list[int] = []
    pool.decode_into([FakeFrame(1), FakeFrame(2)], target, [4, 0], lambda k, _: seen.append(k), lambda: False)
    assert target.array[:, 0, 0].tolist() == [2, 0, 0, 0, 1]
    assert sorted(seen) == [0, 4]
    target.close()


@pytest.mark.parametrize("what", ["abort", "exit", *(["segv"] if os.name != "nt" else [])])
def test_a_frame_that_kills_its_worker(pool: DecodePool, what: str) -> None:
    """That frame fails by name, all others come, and the worker is back within a second."""
    frames = [FakeFrame(n, what if n in {7, 30} else "", path=f"{n}.dcm") for n in range(60)]
    values, answers = decode(pool, frames)
    dead = {k: error for k, error in answers.items() if error is not None}
    assert set(dead) == {7, 30}
    assert all(error.code == "decoder_died" and f"{k}.dcm" in error.text for k, error in dead.items())
    good = [n for n in range(60) if n not in dead]
    assert values[good, 0, 0].tolist() == good
    deadline = time.monotonic() + 60
    while len(pool.processes) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(pool.processes) == 2


def test_an_idle_worker_that_is_killed_is_replaced(pool: DecodePool) -> None:
    decode(pool, [FakeFrame(1)])
    for process in pool.processes:
        os.kill(process, signal.SIGTERM)
    values, answers = decode(pool, [FakeFrame(n) for n in range(10)])
    assert answers == dict.fromkeys(range(10)) or sum(e is not None for e in answers.values()) <= 2
    assert values[-1, 0, 0] == 9


@pytest.mark.parametrize(
    ("what", "code"),
    [("error", "truncated_pixels"), ("panic", "codec_failed"), ("vanish", "cannot_read")],
)
def test_what_a_frame_raises(pool: DecodePool, what: str, code: str) -> None:
    before = set(pool.processes)
    _, answers = decode(pool, [FakeFrame(1), FakeFrame(2, what, path="three.dcm"), FakeFrame(3)])
    error = answers[1]
    assert error is not None
    assert (error.code, error.path) == (code, "three.dcm")
    assert "three.dcm" in error.text
    assert answers[0] is None
    assert answers[2] is None
    assert before <= set(pool.processes) or not before  # nobody died of it
    if what == "error":
        assert error.values == ("7",)
        assert error.exit_code is ExitCode.INPUT_UNUSABLE


@pytest.mark.skipif(sys.platform != "linux", reason="the address space is capped where the system says how large it is")
def test_a_frame_that_wants_all_memory(pool: DecodePool) -> None:
    _, answers = decode(pool, [FakeFrame(1, "bomb"), FakeFrame(2)])
    assert answers[0] is not None
    assert answers[0].code == "out_of_memory"
    assert answers[1] is None


def test_a_frame_of_another_shape(pool: DecodePool) -> None:
    target = SharedArray.create((1, 8, 8), np.int16)
    answers: Answers = {}
    pool.decode_into([FakeFrame(1, shape=(4, 4))], target, [0], answers.__setitem__, lambda: False)
    assert answers[0] is not None
    assert answers[0].code == "unusable_pixels"
    target.close()


def test_a_codec_that_prints_does_not_disturb(pool: DecodePool) -> None:
    values, answers = decode(pool, [FakeFrame(n, "print") for n in range(4)])
    assert answers == dict.fromkeys(range(4))
    assert values[3, 0, 0] == 3


def test_a_frame_that_hangs(pool: DecodePool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "FRAME_S", 2.0)  # the good frame has as long, on a busy machine too
    _, answers = decode(pool, [FakeFrame(1, "hang", path="slow.dcm"), FakeFrame(2)])
    assert answers[0] is not None
    assert answers[0].code == "decode_timeout"
    assert "slow.dcm" in answers[0].text
    assert answers[1] is None


def test_cancelling_takes_effect_even_inside_a_frame(pool: DecodePool) -> None:
    target = SharedArray.create((2, 8, 8), np.int16)
    begun = time.monotonic()
    pool.decode_into(
        [FakeFrame(1, "hang"), FakeFrame(2, "hang")],
        target,
        range(2),
        lambda *_: None,
        lambda: time.monotonic() - begun > 0.1,
    )
    assert time.monotonic() - begun < 60  # not the ten minutes of the frame
    target.close()
    assert decode(pool, [FakeFrame(3)])[1] == {0: None}


def test_nobody_writes_after_a_cancelled_call_has_returned(pool: DecodePool) -> None:
    target = SharedArray.create((64, 8, 8), np.int16)
    seen: list[int] = []
    pool.decode_into(
        [FakeFrame(n + 1, "slow") for n in range(64)],
        target,
        range(64),
        lambda k, _: seen.append(k),
        lambda: len(seen) > 3,
    )
    target.array[:] = -1
    time.sleep(0.3)
    assert (target.array == -1).all()
    target.close()


def test_an_error_in_the_callers_own_callback_leaves_nothing_behind(pool: DecodePool) -> None:
    target = SharedArray.create((50, 8, 8), np.int16)

    def on_frame(_slot: int, _error: MedviewError | None) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        pool.decode_into([FakeFrame(n, "slow") for n in range(50)], target, range(50), on_frame, lambda: False)
    assert pool._work == []
    target.close()


def test_urgent_frames_overtake(pool: DecodePool) -> None:
    slow = SharedArray.create((300, 8, 8), np.int16)
    fast = SharedArray.create((1, 8, 8), np.int16)
    done: list[int] = []
    thread = threading.Thread(
        target=pool.decode_into,
        args=(
            [FakeFrame(n, "slow") for n in range(300)],
            slow,
            range(300),
            lambda k, _: done.append(k),
            lambda: len(done) > 250,
        ),
    )
    thread.start()
    while len(done) < 4:
        time.sleep(0.005)
    left = [(0, FakeFrame(5))]
    before = len(done)
    pool.decode_stream(lambda _: [left.pop()] if left else [], fast, lambda *_: None, lambda: False, urgency=0)
    assert fast.array[0, 0, 0] == 5
    assert len(done) - before < 200  # not behind the 250 that were before it
    done.extend(range(300))
    thread.join(60)
    slow.close()
    fast.close()


def test_what_comes_next_is_asked_for_late(pool: DecodePool) -> None:
    """Few frames are on their way at a time, so that scrolling changes what is decoded next."""
    asked: list[int] = []
    target = SharedArray.create((100, 8, 8), np.int16)
    finished: list[int] = []
    most = 0

    def take(count: int) -> list[tuple[int, FakeFrame]]:
        nonlocal most
        if len(asked) == 100:
            return []
        asked.append(len(asked))
        most = max(most, len(asked) - len(finished))
        return [(asked[-1], FakeFrame(asked[-1], "slow"))]

    pool.decode_stream(take, target, lambda k, _: finished.append(k), lambda: False)
    assert len(finished) == 100
    assert most <= 8
    target.close()


def test_reading_a_whole_file(pool: DecodePool) -> None:
    values = pool.read(FakeWhole("brain.nii.gz", (4, 5, 6)))
    assert values.shape == (4, 5, 6)
    assert values.dtype == np.int16
    assert values[-1, -1, -1] == 119
    with pytest.raises(MedviewError, match=r"brain\.nii\.gz is damaged") as caught:
        pool.read(FakeWhole("brain.nii.gz", (4, 5, 6), "error"))
    assert caught.value.code == "bad_volume_file"


def test_reading_one_frame_that_kills(pool: DecodePool) -> None:
    with pytest.raises(MedviewError) as caught:
        pool.read(FakeFrame(1, "abort"))
    assert caught.value.code == "decoder_died"
    assert (pool.read(FakeFrame(6)) == 6).all()


def test_reading_is_cancelled(pool: DecodePool) -> None:
    with pytest.raises(Cancelled):
        pool.read(FakeFrame(1, "hang"), cancelled=lambda: True)
    assert (pool.read(FakeFrame(6)) == 6).all()


def test_workers_are_not_this_process_and_lean(pool: DecodePool) -> None:
    process = int(pool.read(FakeFrame(0, "pid"))[0, 0])
    assert process in pool.processes
    if sys.platform == "linux":
        loaded = maps_of(process)
        for heavy in ("PySide6", "SimpleITK", "onnxruntime", "llvmlite", "libcv", "cv2"):
            assert heavy not in loaded


def test_closing_ends_processes_and_threads() -> None:
    before = {thread for thread in threading.enumerate() if thread.name.startswith("medview-decode")}
    made = DecodePool(2)
    made.prestart(1)
    made.prestart()
    deadline = time.monotonic() + 60
    while len(made.processes) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    processes = made.processes
    assert len(processes) == 2
    made.close()
    assert made.processes == ()
    assert {thread for thread in threading.enumerate() if thread.name.startswith("medview-decode")} == before
    with pytest.raises(Cancelled):
        made.read(FakeFrame(1))
    made.close()


def test_closing_in_the_middle() -> None:
    made = DecodePool(1)
    target = SharedArray.create((1, 8, 8), np.int16)
    thread = threading.Thread(
        target=made.decode_into, args=([FakeFrame(1, "hang")], target, [0], lambda *_: None, lambda: False)
    )
    thread.start()
    while not made.processes:
        time.sleep(0.01)
    made.close()
    thread.join(60)
    assert not thread.is_alive()
    target.close()


def test_a_worker_that_cannot_start_is_said() -> None:
    made = DecodePool(1, entry="medview.no_such_module")
    target = SharedArray.create((2, 8, 8), np.int16)
    answers: Answers = {}
    made.decode_into([FakeFrame(1), FakeFrame(2)], target, range(2), answers.__setitem__, lambda: False)
    for error in answers.values():
        assert error is not None
        assert error.code == "decoder_unavailable"
        assert "no_such_module" in error.text
        assert error.exit_code is ExitCode.INTERNAL
    assert len(answers) == 2
    with pytest.raises(MedviewError):
        made.read(FakeFrame(1))
    made.close()
    target.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at memory files through /proc")
def test_memory_of_a_volume_is_given_back_by_the_workers(pool: DecodePool) -> None:
    for _ in range(4):
        decode(pool, [FakeFrame(n) for n in range(20)])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        held = [process for process in pool.processes if "memfd:medview" in maps_of(process)]
        if not held:
            break
        time.sleep(0.02)
    assert not held
