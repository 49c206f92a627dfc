"""Each listed mutation is made in a copy of the program, and is caught."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.mutations.listed import ROOT, ContractMutation, SafetyMutation, contract_mutations, safety_mutations
from tests.shared import SHARED_ROOT

LINT = "import sys; sys.path.insert(0, ''); from importlinter.cli import lint_imports_command; lint_imports_command()"
AT_ONCE = max(1, min(2, os.cpu_count() or 1))
PLUGINS = ("pytestqt.plugin", "pytest_timeout", "_hypothesis_pytestplugin", "no:cacheprovider")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "benchmarks", "results")


def copied(folder: Path) -> Path:
    """A copy of the program and its tests in an empty folder, to be spoilt."""
    for name in ("medview", "tests", "packaging", "resources"):
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy, for what is done one after the other."""
    return copied(tmp_path_factory.mktemp("mutations"))


@contextmanager
def spoilt(path: Path, text: str) -> Iterator[None]:
    """Write text into a file of the copy, and what stood there back afterwards."""
    before = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(before, encoding="utf-8")


def in_copy(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, where `import medview` finds the copy."""
    environment = os.environ | {
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MEDVIEW_SHARED": str(SHARED_ROOT),
        "MEDVIEW_MUTATED": "1",
        "COLUMNS": "200",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


def lint(copy: Path, *contracts: str) -> str:
    """Return what import-linter says of the copy."""
    chosen = [part for contract in contracts for part in ("--contract", contract)]
    done = in_copy(copy, "-c", LINT, "--no-logo", *chosen)
    assert re.search(r"Contracts: \d+ kept, \d+ broken", done.stdout), done.stdout + done.stderr
    return done.stdout


def run_tests(copy: Path, tests: tuple[str, ...], *options: str) -> subprocess.CompletedProcess[str]:
    """Run the named tests in the copy, with the plugins that tests need and no others: starting is most of the time."""
    plugins = [part for name in PLUGINS for part in ("-p", name)]
    return in_copy(copy, "-m", "pytest", "-q", "--no-header", "--tb=line", *options, *plugins, *tests)


@pytest.fixture(scope="module")
def kept_contracts(copy: Path) -> set[str]:
    """Names of the contracts that the copy itself keeps; breaking another one would show nothing."""
    return set(re.findall(r"^(.+) KEPT\b", lint(copy), re.MULTILINE))


@pytest.mark.parametrize("mutation", contract_mutations(), ids=lambda mutation: mutation.name)
def test_broken_contract_is_caught(copy: Path, kept_contracts: set[str], mutation: ContractMutation) -> None:
    path = copy / mutation.file
    with spoilt(path, f"{path.read_text(encoding='utf-8')}\n\n{mutation.add}\n"):
        broken = re.findall(r"^(.+) BROKEN\b", lint(copy, mutation.contract), re.MULTILINE)
    assert len(broken) == 1
    assert broken[0] in kept_contracts, f"the program itself breaks it: {broken[0]}"


Verdicts = dict[str, "Future[subprocess.CompletedProcess[str]]"]


@pytest.fixture(scope="module")
def chosen(request: pytest.FixtureRequest) -> list[SafetyMutation]:
    """The mutations that this run asks for."""
    found = [item.callspec.params.get("mutation") for item in request.session.items if hasattr(item, "callspec")]
    unsafe = [mutation for mutation in found if isinstance(mutation, SafetyMutation)]
    return list({mutation.name: mutation for mutation in unsafe}.values())


@pytest.fixture(scope="module")
def broken_tests(copy: Path, chosen: list[SafetyMutation]) -> tuple[str, ...]:
    """Tests that fail in the copy before anything is spoilt: their failing afterwards would show nothing."""
    tests = tuple(dict.fromkeys(test for mutation in chosen for test in mutation.tests))
    done = run_tests(copy, tests)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return tuple(re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE))


@pytest.fixture(scope="module")
def verdicts(
    copy: Path, broken_tests: tuple[str, ...], chosen: list[SafetyMutation], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Verdicts]:
    """What the named tests say of each mutation, worked out two at a time, each in a copy of its own."""
    del broken_tests  # only so that the copy is sound while that is asked
    free: SimpleQueue[Path] = SimpleQueue()
    for folder in (copy, *(copied(tmp_path_factory.mktemp("mutations")) for _ in range(1, AT_ONCE))):
        free.put(folder)

    def judge(mutation: SafetyMutation) -> subprocess.CompletedProcess[str]:
        folder = free.get()
        try:
            path = folder / mutation.file
            source = path.read_text(encoding="utf-8")
            with spoilt(path, source.replace(mutation.find, mutation.replace)):
                return run_tests(folder, mutation.tests, "-x")
        finally:
            free.put(folder)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {mutation.name: pool.submit(judge, mutation) for mutation in chosen}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("mutation", safety_mutations(), ids=lambda mutation: mutation.name)
def test_unsafe_change_is_caught(verdicts: Verdicts, broken_tests: tuple[str, ...], mutation: SafetyMutation) -> None:
    broken = [test for test in broken_tests if test.startswith(mutation.tests)]
    assert broken == [], "these fail without the mutation"
    assert (ROOT / mutation.file).read_text(encoding="utf-8").count(mutation.find) == 1
    done = verdicts[mutation.name].result()
    closing = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    if done.returncode == 0 and " passed" not in closing and "skipped" in closing:
        pytest.skip(f"the tests that notice {mutation.name} were skipped: {', '.join(mutation.tests)}")
    # 1: tests failed. Anything else, as 2 for a module that no longer imports, shows nothing.
    assert done.returncode == 1, f"not caught: {mutation.why}\n{done.stdout}\n{done.stderr}"
    assert re.search(r"\d+ failed", closing), f"a test broke, none failed:\n{done.stdout}"
