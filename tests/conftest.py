"""What holds for every test: no screen of the developer's, no folder of the user's, nothing left running, skips counted."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# Before Qt is imported anywhere: without a screen that was started for the tests they draw off-screen, so that no
# window jumps at whoever runs them. `packaging/bootstrap.py test` starts such a screen and says so here.
if os.environ.get("MEDVIEW_TEST_SCREEN") != "virtual":
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("PYTEST_QT_API", "pyside6")
# The same picture on every screen.
for name in ("QT_SCALE_FACTOR", "QT_SCREEN_SCALE_FACTORS", "QT_AUTO_SCREEN_SCALE_FACTOR", "QT_STYLE_OVERRIDE"):
    os.environ.pop(name, None)

# From the first import on (handover and settings look at these when they are imported or called, worker processes
# inherit them); each test then gets a folder of its own.
_SESSION_HOME = tempfile.TemporaryDirectory(prefix="medview-tests-", ignore_cleanup_errors=True)
os.environ["MEDVIEW_HOME"] = _SESSION_HOME.name
os.environ["XDG_RUNTIME_DIR"] = str(Path(_SESSION_HOME.name) / "runtime")
Path(os.environ["XDG_RUNTIME_DIR"]).mkdir(mode=0o700)

# No limits in time: a busy machine fails nothing. In CI the examples are the same each time; elsewhere they go on searching.
# Of a mutation it is enough to know that it fails: nobody reads the smallest example, and finding it can take minutes.
_SEARCH = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile(
    "medview",
    phases=_SEARCH if os.environ.get("MEDVIEW_MUTATED") else tuple(Phase),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI", "") not in {"", "0", "false"},
    print_blob=True,
)
settings.load_profile("medview")

pytest_plugins = ("tests.beside",)

BENCHMARKS = Path(__file__).parent / "benchmarks"
THREADS_MAY_LAST_S = 30.0
# Threads that libraries keep for the life of the process.
LASTING_THREADS = ("pydevd", "asyncio_", "ThreadPoolExecutor-numba", "Dummy-")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the benchmarks out unless they are asked for by their path: `bootstrap.py bench`."""
    if not collection_path.is_relative_to(BENCHMARKS):
        return None
    asked = [Path(str(argument).split("::")[0]).resolve() for argument in config.invocation_params.args]
    return None if any(path.is_relative_to(BENCHMARKS) for path in asked) else True


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own user folder, so that no setting, model or kept result goes from one to the next."""
    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path_factory.mktemp("home", numbered=True)))


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """Fail a test after which a thread that it started is still there."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + THREADS_MAY_LAST_S
    while True:
        left = [
            thread
            for thread in threading.enumerate()
            if thread not in before and thread.is_alive() and not thread.name.startswith(LASTING_THREADS)
        ]
        if not left:
            return
        if time.monotonic() > until:
            pytest.fail(f"threads left running: {', '.join(sorted(thread.name for thread in left))}", pytrace=False)
        time.sleep(0.01)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped for which reason; pytest's own count stays the last line."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        if isinstance(report.longrepr, tuple)
        else str(report.longrepr)
        for report in skipped
    )
    terminalreporter.section("skipped, by reason")
    for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        terminalreporter.write_line(f"{count:5d}  {reason}")


def pytest_sessionfinish() -> None:
    """Remove the session's own folders."""
    _SESSION_HOME.cleanup()


def pytest_report_header() -> str:
    """Say on which screen and with which Python the tests run."""
    return f"medview: screen {os.environ.get('QT_QPA_PLATFORM', 'native')}, Python {sys.version.split()[0]}"
