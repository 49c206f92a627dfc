"""Tests marked ``beside`` run in a second process while the first one does the rest; it takes over their reports at the end.

Only where a large part of the suite was asked for. The second process gives way to the first, in which every test that
looks at a window or a clock stays undisturbed; nothing else changes: the same fixtures, one report for each test.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import pytest

FOLDER = "MEDVIEW_TESTS_BESIDE"
"""Set in the second process: where it finds what it is asked for, and leaves its reports."""
WORTH_IT = 300
"""A second process is started where so many other tests keep the first one busy."""
STILL_S = 900.0
"""So long may no report come before the wait for one is given up."""
LOOK_S = 0.02


def pytest_configure(config: pytest.Config) -> None:
    """Take the one part or the other."""
    folder = os.environ.pop(FOLDER, "")
    config.pluginmanager.register(Second(config, Path(folder)) if folder else First(config), "medview-beside")


class Second:
    """The process that does the marked tests."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self._config = config
        asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
        self._asked: dict[str, int] = {test: number for number, test in enumerate(asked["tests"])}
        self._reports: list[Any] = []
        self._stream: BinaryIO = (folder / "reports").open("ab")
        with suppress(OSError, AttributeError):
            os.nice(5)
        threading.Thread(target=self._leave_with, args=(os.getppid(),), name="leave-with-parent", daemon=True).start()

    @staticmethod
    def _leave_with(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(3)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if item.nodeid in self._asked), key=lambda i: self._asked[i.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(self._config.hook.pytest_report_to_serializable(config=self._config, report=report))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        pickle.dump((nodeid, self._reports), self._stream)
        self._stream.flush()
        self._reports = []


class First:
    """The process that was started, and shows what both find."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._asked: set[str] = set()
        self._found: dict[str, list[Any]] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put what is done elsewhere last: by then it is done."""
        marked = [item.get_closest_marker("beside") is not None for item in items]
        option = self._config.option
        if (
            option.collectonly
            or option.usepdb
            or option.capture == "no"
            or os.environ.get("MEDVIEW_MUTATED")
            or os.environ.get("PYTEST_XDIST_WORKER")
            or marked.count(False) < WORTH_IT
        ):
            return
        self._asked = {item.nodeid for item, beside in zip(items, marked, strict=True) if beside}
        items.sort(key=lambda item: item.nodeid in self._asked)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        tests = [item.nodeid for item in session.items if item.nodeid in self._asked]
        if not tests:
            return
        self._folder = tempfile.TemporaryDirectory(prefix="medview-beside-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        (folder / "asked.json").write_text(json.dumps({"tests": tests}), encoding="utf-8")
        self._reports = (folder / "reports").open("w+b")
        files = dict.fromkeys(test.split("::")[0] for test in tests)
        with (folder / "said").open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--timeout={STILL_S - 300:.0f}", *files],
                cwd=self._config.rootpath, env={**os.environ, FOLDER: str(folder)}, stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT,
            )  # fmt: skip

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        if item.nodeid not in self._asked:
            return None
        # The test before left standing what it would share with this one, which is not set up here.
        items = item.session.items
        after = items[items.index(item) + 1 :]
        item.session._setupstate.teardown_exact(next((one for one in after if one.nodeid not in self._asked), None))
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._wait_for(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_timeout_set_timer(self, item: pytest.Item) -> bool | None:
        """The second process minds the clock for its tests."""
        return True if item.nodeid in self._asked else None

    def pytest_sessionfinish(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._reports.close()
            self._folder.cleanup()

    def _wait_for(self, item: pytest.Item) -> list[pytest.TestReport]:
        assert self._process is not None
        until = time.monotonic() + STILL_S
        while item.nodeid not in self._found:
            ended = self._process.poll() is not None
            if self._read():
                until = time.monotonic() + STILL_S
            elif ended or time.monotonic() > until:
                said = Path(self._folder.name, "said").read_text(encoding="utf-8", errors="replace")
                why = f"ended with {self._process.returncode}" if ended else f"said nothing for {STILL_S:.0f} s"
                return [_failure(item, f"the process beside {why} before it came to this test:\n{said[-8000:]}")]
            else:
                time.sleep(LOOK_S)
        hook = self._config.hook
        return [
            hook.pytest_report_from_serializable(config=self._config, data=data)
            for data in self._found.pop(item.nodeid)
        ]

    def _read(self) -> bool:
        """Take what is there whole; tells whether something was."""
        found = False
        while True:
            at = self._reports.tell()
            try:
                name, reports = pickle.load(self._reports)
            except (EOFError, pickle.UnpicklingError):
                self._reports.seek(at)
                return found
            self._found[name] = reports
            found = True


def _failure(item: pytest.Item, text: str) -> pytest.TestReport:
    return pytest.TestReport(item.nodeid, item.location, dict.fromkeys(item.keywords, 1), "failed", text, "call")
