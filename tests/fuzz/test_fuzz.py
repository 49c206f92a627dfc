"""A few hundred damaged files; ``python -m tests.fuzz`` does a hundred thousand."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medview.core.problem import MedviewError
from medview.jobs.pool import DecodePool
from tests.dicom.pixel_files import frames_of
from tests.fuzz import ordeal
from tests.fuzz.mutations import KINDS, Mutations, made_files, whole_files
from tests.fuzz.ordeal import Ordeal

COUNT = 500


def test_damaged_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of pydicom's wheel and one in every syntax. The long run holds a listing to 200 ms; here a machine may be slow."""
    monkeypatch.setattr(ordeal, "STALL_S", 2.0)
    originals = whole_files([], tmp_path / "made")
    mutations = Mutations(originals, 1)
    assert len(originals) > 60
    ordeal_ = Ordeal(tmp_path, 1, frames_of(tmp_path / "made" / "made-1.2.840.10008.1.2.4.80")[0])
    try:
        kinds = set()
        for number in range(COUNT):
            mutant = mutations[number]
            kinds.update(mutant.kinds)
            ordeal_.undergo(mutant)
        tally = ordeal_.tally
        print("\n".join(tally.lines()))
        assert not tally.findings, "\n".join(tally.lines())
        assert kinds == set(KINDS)
        assert tally.outcomes["shown"] > COUNT // 5
        assert sum(count for code, count in tally.outcomes.items() if code != "shown") > COUNT // 20
    finally:
        ordeal_.close()


def test_mutants_are_the_same_again(tmp_path: Path) -> None:
    originals = made_files(tmp_path)
    one, other = Mutations(originals, 5), Mutations(list(reversed(originals)), 5)
    assert [one[n].data for n in range(50)] == [other[n].data for n in range(50)]
    assert one[7].data != Mutations(originals, 6)[7].data


@dataclass(frozen=True)
class Deadly:
    """A source whose decoder ends its process, as some codecs do on some files."""

    path: str
    needs_codec: bool = True

    def read(self) -> NDArray[Any]:
        signal.raise_signal(signal.SIGTERM if not hasattr(signal, "SIGKILL") else signal.SIGKILL)
        raise AssertionError


@dataclass(frozen=True)
class Greedy:
    """A source that wants more memory than any machine has."""

    path: str
    needs_codec: bool = True

    def read(self) -> NDArray[Any]:
        return np.ones(1 << 40, np.uint8)


def test_a_dead_worker_is_replaced_and_the_rest_goes_on(tmp_path: Path) -> None:
    (good, *_) = [frames_of(tmp_path / name)[0] for name, _ in made_files(tmp_path) if name.endswith(".4.80")]
    pool = DecodePool(1)
    try:
        assert pool.read(good).any()
        (before,) = pool.processes
        for _ in range(2):
            with pytest.raises(MedviewError) as caught:
                pool.read(Deadly("deadly.dcm"))
            assert caught.value.code == "decoder_died"
            assert "deadly.dcm" in caught.value.text
            started = time.monotonic()
            assert pool.read(good).any()
            print(f"back after {time.monotonic() - started:.2f} s")
        assert pool.processes != (before,)
    finally:
        pool.close()


def test_a_worker_that_wants_too_much_memory_says_so_and_lives(tmp_path: Path) -> None:
    (good, *_) = [frames_of(tmp_path / name)[0] for name, _ in made_files(tmp_path) if name.endswith(".4.80")]
    pool = DecodePool(1)
    try:
        assert pool.read(good).any()
        before = pool.processes
        with pytest.raises(MedviewError) as caught:
            pool.read(Greedy("greedy.dcm"))
        assert caught.value.code == "out_of_memory"
        assert pool.read(good).any()
        assert pool.processes == before
    finally:
        pool.close()
