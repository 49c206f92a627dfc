"""Makes each mutation in a copy of the program and writes what is said of it: a process beside the suite, which must stay quiet.

``python -m tests.mutations.judge FOLDER``: FOLDER/asked.json holds the numbers of the mutations that are asked for; each
verdict becomes FOLDER/verdicts/NAME.json, whole the moment it is there. It gives way to everything else on the machine.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from tests.mutations.listed import ROOT, ContractMutation, SafetyMutation, contract_mutations, safety_mutations
from tests.shared import SHARED_ROOT

AT_ONCE = max(1, min(2, os.cpu_count() or 1))
SECONDS, CONTROL_SECONDS = 900, 3600
"""For a mutation, whose tests have limits of their own, and for all tests that are asked, on however busy a machine."""
PLUGINS = ("pytestqt.plugin", "pytest_timeout", "_hypothesis_pytestplugin", "no:cacheprovider")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "benchmarks", "results")
LINT = "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command; lint_imports_command()"
CONTROL, KEPT = "control", "kept"
"""The verdicts on the copy before anything is spoilt: of the tests that are asked, and of all contracts."""


@dataclass(frozen=True)
class Done:
    """What running something in a copy came to; ``status`` -1: it took too long."""

    status: int
    output: str


class Verdicts:
    """What was found, as files in a folder: one for each mutation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "verdicts"
        self._folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, done: Done) -> None:
        path = self._path(name)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(done)), encoding="utf-8")
        part.replace(path)

    def read(self, name: str) -> Done | None:
        """What was found; None: not yet."""
        path = self._path(name)
        return Done(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def count(self) -> int:
        """How many there are."""
        return sum(1 for _ in self._folder.glob("*.json"))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def contract_name(number: int) -> str:
    """Name of the verdict on a contract's mutation, by its number in the list."""
    return f"contract-{number}"


def safety_name(number: int) -> str:
    """Name of the verdict on an unsafe change, by its number in the list."""
    return f"safety-{number}"


class Copy:
    """A copy of the program and its tests, to be spoilt; what runs there finds the copy at ``import medview``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "program"
        self._temporary = folder / "temporary"
        self._output = folder / "output"
        self.folder.mkdir(parents=True)
        for name in ("medview", "tests", "packaging", "resources"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=LEFT_OUT)
        for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
            shutil.copy2(ROOT / name, self.folder / name)
        self._environment = os.environ | {
            "PYTHONPATH": str(self.folder),
            "MEDVIEW_SHARED": str(SHARED_ROOT),
            "MEDVIEW_MUTATED": "1",
            "COLUMNS": "200",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "QT_QPA_PLATFORM": "offscreen",  # the suite's own screen is the suite's
        }
        for name in ("DISPLAY", "MEDVIEW_TEST_SCREEN"):
            self._environment.pop(name, None)
        # Compiled files that hold their source's hash: of a source that was changed, whenever and however long, none is used.
        compile_all = ["-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "medview"]
        self._running: subprocess.Popen[Any] | None = None
        self._forks: subprocess.Popen[str] | None = None
        self._python(*compile_all)
        if sys.platform == "linux":
            self._forks = self._start_forks()

    def close(self) -> None:
        """End what was started, whatever it is at; may be called from another thread."""
        for process in (self._running, self._forks):
            if process is not None:
                process.terminate()
                process.wait()

    def tests(self, tests: Sequence[str], *options: str, seconds: float = SECONDS) -> Done:
        """Run the tests, with the plugins that they need and no others."""
        plugins = [part for name in PLUGINS for part in ("-p", name)]
        basetemp = f"--basetemp={self._temporary}"
        return self._run("pytest", ("-q", "--no-header", "--tb=line", basetemp, *options, *plugins, *tests), seconds)

    def lint(self, *contracts: str) -> Done:
        """Ask import-linter about the contracts, or all."""
        return self._run("lint", ("--no-logo", *(part for name in contracts for part in ("--contract", name))))

    @contextmanager
    def spoilt(self, file: str, change: Callable[[str], str]) -> Iterator[None]:
        """Change a file, and write back afterwards what stood there."""
        path = self.folder / file
        before = path.read_bytes()
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        try:
            yield
        finally:
            path.write_bytes(before)

    def _run(self, what: str, arguments: Sequence[str], seconds: float = SECONDS) -> Done:
        if self._forks is None:
            head = ("-m", "pytest") if what == "pytest" else ("-c", LINT)
            status = self._python(*head, *arguments, seconds=seconds)
        else:
            asked = {"run": what, "arguments": list(arguments), "output": str(self._output), "seconds": seconds}
            assert self._forks.stdin is not None
            assert self._forks.stdout is not None
            self._forks.stdin.write(f"{json.dumps(asked)}\n")
            self._forks.stdin.flush()
            status = int(self._forks.stdout.readline())
        return Done(status, self._output.read_text(encoding="utf-8", errors="replace"))

    def _python(self, *arguments: str, seconds: float = SECONDS) -> int:
        with self._output.open("wb") as stream:
            self._running = subprocess.Popen(
                [sys.executable, *arguments], cwd=self.folder, env=self._environment, stdin=subprocess.DEVNULL, stdout=stream,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                return self._running.wait(seconds)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait()
                return -1

    def _start_forks(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "tests/mutations/forks.py"], cwd=self.folder, env=self._environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip


Work = Callable[[Copy], Done]


MOST_AGAIN = 10


def control(copy: Copy, tests: Sequence[str]) -> Done:
    """All tests in the unspoilt copy. What fails there is run once more by itself.

    The suite runs the same tests and fails with them; here they only have to be of use, and a moment in which the machine was
    busy with three processes says nothing about that.
    """
    done = copy.tests(tests, seconds=CONTROL_SECONDS)
    broken = tuple(dict.fromkeys(broken_in(done)))
    if not 0 < len(broken) <= MOST_AGAIN:
        return done
    again = copy.tests(broken)
    return again if again.status in {0, 1} else done


def work_on(contracts: Sequence[int], safety: Sequence[int]) -> Iterator[tuple[str, Work]]:
    """What is to be done in a copy, under the name of its verdict; the longest first."""
    all_safety, all_contracts = safety_mutations(), contract_mutations()
    if safety:
        tests = tuple(dict.fromkeys(test for number in safety for test in all_safety[number].tests))
        yield CONTROL, lambda copy: control(copy, tests)
    if contracts:
        yield KEPT, lambda copy: copy.lint()

    def breaks(mutation: ContractMutation) -> Work:
        def work(copy: Copy) -> Done:
            with copy.spoilt(mutation.file, lambda source: f"{source}\n\n{mutation.add}\n"):
                return copy.lint(mutation.contract)

        return work

    def spoils(mutation: SafetyMutation) -> Work:
        def work(copy: Copy) -> Done:
            with copy.spoilt(mutation.file, lambda source: source.replace(mutation.find, mutation.replace)):
                return copy.tests(mutation.tests, "-x")

        return work

    for number in contracts:
        yield contract_name(number), breaks(all_contracts[number])
    for number in safety:
        yield safety_name(number), spoils(all_safety[number])


def broken_in(control: Done) -> tuple[str, ...]:
    """Tests that fail in the copy before anything is spoilt: their failing afterwards would show nothing."""
    return tuple(re.findall(r"^(?:FAILED|ERROR) (\S+)", control.output, re.MULTILINE))


def main(folder: Path) -> int:
    """Work everything off, in two copies at a time."""
    with suppress(OSError, AttributeError):
        os.nice(5)
    asked = json.loads((folder / "asked.json").read_text(encoding="utf-8"))
    verdicts = Verdicts(folder)
    waiting: SimpleQueue[tuple[str, Work]] = SimpleQueue()
    for entry in work_on(asked["contracts"], asked["safety"]):
        waiting.put(entry)
    copies: list[Copy] = []
    over = threading.Event()

    def work_off(place: Path) -> None:
        try:
            copy = Copy(place)
            copies.append(copy)
            while not over.is_set():
                name, work = waiting.get_nowait()
                verdicts.write(name, work(copy))
        except Empty:
            return
        except BaseException:
            over.set()
            raise

    def heed_end() -> None:
        """End with the process that asked."""
        sys.stdin.read()
        over.set()
        for copy in copies:
            copy.close()

    threading.Thread(target=heed_end, daemon=True).start()
    threads = [threading.Thread(target=work_off, args=(folder / f"copy{n}",)) for n in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for copy in copies:
        copy.close()
    return int(over.is_set())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
