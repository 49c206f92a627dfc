"""Slots read by several threads: each once, told in the caller's thread, nothing lost when it ends early."""

from __future__ import annotations

import itertools
import threading
import time

import numpy as np
import pytest

from medview.core.progress import Cancelled
from medview.jobs import direct
from medview.jobs.direct import LARGE, fresh_array, read_slots, slots_apart


def test_each_slot_once_and_told_in_the_callers_thread() -> None:
    left = iter(range(500))
    read: list[int] = []
    told: list[tuple[int, int]] = []

    def on_slot(slot: int, answer: int) -> None:
        assert threading.current_thread() is threading.main_thread()
        told.append((slot, answer))

    def read_one(slot: int) -> int:
        read.append(slot)
        return slot * 2

    read_slots(lambda: next(left, None), read_one, on_slot)
    assert sorted(read) == list(range(500))
    assert sorted(told) == [(n, 2 * n) for n in range(500)]


def test_quick_reads_are_told_in_groups_and_the_first_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    original = direct._Readers.tell
    monkeypatch.setattr(
        direct._Readers, "tell", lambda self, on_slot: groups.append(len(told)) or original(self, on_slot)
    )
    left = iter(range(300))
    told: list[int] = []
    monkeypatch.setattr(direct, "TELL_S", 0.05)  # a busy machine makes slow ones of quick reads

    def read_one(slot: int) -> None:
        if slot:
            time.sleep(0.0005)

    read_slots(lambda: next(left, None), read_one, lambda slot, _answer: told.append(slot))
    assert sorted(told) == list(range(300))
    assert len(groups) < 150

    # The second read goes on when the first has been told, which it is although nothing is gathered yet.
    left = iter((0, 1))
    first_told = threading.Event()
    monkeypatch.setattr(direct, "TELL_S", 30.0)
    answers: list[bool] = []
    read_slots(
        lambda: next(left, None),
        lambda slot: not slot or first_told.wait(60),
        lambda _slot, answer: (answers.append(answer), first_told.set()),
        threads=1,
    )
    assert answers == [True, True]


@pytest.mark.parametrize("who", ["take", "read", "tell"])
def test_what_is_raised_ends_all_and_what_was_read_is_told(who: str) -> None:
    left = iter(range(500))
    read: list[int] = []
    told: list[int] = []

    def take() -> int | None:
        if who == "take" and len(read) > 20:
            raise Cancelled
        return next(left, None)

    def read_one(slot: int) -> None:
        if who == "read" and slot == 20:
            raise Cancelled
        read.append(slot)

    def on_slot(slot: int, _answer: None) -> None:
        if who == "tell" and len(told) > 20:
            raise Cancelled
        told.append(slot)

    with pytest.raises(Cancelled):
        read_slots(take, read_one, on_slot)
    if who != "tell":
        assert len(read) < 500
        assert sorted(told) == sorted(read)
    assert not [thread for thread in threading.enumerate() if thread.name == "medview-read"]


@pytest.mark.parametrize("size", [10, LARGE + 1])
def test_fresh_arrays_are_zero_and_writable(size: int) -> None:
    array = fresh_array((size, 3), np.int16)
    assert array.shape == (size, 3)
    assert not array.any()
    array[:] = 5
    assert array[-1, -1] == 5


def test_no_room() -> None:
    with pytest.raises(MemoryError):
        fresh_array((1 << 31, 1 << 31), np.int16)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 12, 601])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_slots_apart_are_all_slots_once_and_no_neighbours(count: int, threads: int) -> None:
    slots = slots_apart(count, threads)
    assert isinstance(slots, tuple)  # several threads take from its iterator
    assert sorted(slots) == list(range(count))
    if threads > 1 and count > 2 * threads:
        assert all(abs(one - other) > 1 for one, other in itertools.pairwise(slots))
