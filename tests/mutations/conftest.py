"""Mutations are judged beside the other tests, by a process that gives way to them, and are asked about last."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.mutations.judge import Done, Verdicts
from tests.mutations.listed import ROOT

MODULE = "tests/mutations/test_mutations.py"
STILL_S = 1800.0
"""So long may no verdict come before the wait for one is given up."""


class Beside:
    """The process that judges, and its verdicts."""

    def __init__(self, contracts: list[int], safety: list[int]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="medview-mutations-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        (folder / "asked.json").write_text(json.dumps({"contracts": contracts, "safety": safety}), encoding="utf-8")
        self._verdicts = Verdicts(folder)
        self._said = folder / "said"
        with self._said.open("wb") as stream:
            self._judge = subprocess.Popen(
                [sys.executable, "-m", "tests.mutations.judge", str(folder)],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=stream, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def verdict(self, name: str) -> Done:
        """Wait for a verdict."""
        seen, until = -1, 0.0
        while True:
            ended = self._judge.poll() is not None
            done = self._verdicts.read(name)
            if done is not None:
                return done
            assert not ended, f"judging ended early:\n{self._said.read_text(encoding='utf-8', errors='replace')}"
            if self._verdicts.count() != seen:
                seen, until = self._verdicts.count(), time.monotonic() + STILL_S
            assert time.monotonic() < until, f"no verdict for {STILL_S:.0f} s, {seen} before"
            time.sleep(0.02)

    def linted(self, name: str) -> str:
        """What import-linter said."""
        done = self.verdict(name)
        assert re.search(r"Contracts: \d+ kept, \d+ broken", done.output), done.output
        return done.output

    def close(self) -> None:
        """End judging, finished or not."""
        assert self._judge.stdin is not None
        self._judge.stdin.close()
        self._judge.wait()
        self._folder.cleanup()


_BESIDE = pytest.StashKey[Beside]()


def _numbers(items: list[pytest.Item], test: str) -> list[int]:
    return [
        item.callspec.params["number"]
        for item in items
        if isinstance(item, pytest.Function) and item.originalname == test and item.nodeid.startswith(MODULE)
    ]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ask about the mutations last: by then most of them are judged."""
    items.sort(key=lambda item: item.nodeid.startswith(MODULE))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to judge before the first test."""
    contracts = _numbers(session.items, "test_broken_contract_is_caught")
    safety = _numbers(session.items, "test_unsafe_change_is_caught")
    if (contracts or safety) and not session.config.option.collectonly:
        session.config.stash[_BESIDE] = Beside(contracts, safety)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave nothing behind."""
    if _BESIDE in session.config.stash:
        session.config.stash[_BESIDE].close()


@pytest.fixture(scope="session")
def mutations(pytestconfig: pytest.Config) -> Beside:
    """What is said of the mutations."""
    return pytestconfig.stash[_BESIDE]
