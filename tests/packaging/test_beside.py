"""Tests of the second process are told like the others: passed, skipped, failed with their text, and lost with their process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
from tests import beside
import os
beside.WORTH_IT = 2
pytest_plugins = ("tests.beside",)
if beside.FOLDER not in os.environ:
    open("first", "w").write(str(os.getpid()))
"""
QUIET = """
import os
def test_one(): pass
def test_two(): assert "MEDVIEW_TESTS_BESIDE" not in os.environ
"""
MARKED = """
import os, pytest
pytestmark = pytest.mark.beside
def test_another_process(): assert os.getpid() != int(open("first").read())
def test_skipped(): pytest.skip("for a reason")
def test_failed():
    print("printed before")
    assert "this" == "that"
@pytest.fixture
def broken():
    raise ValueError("set-up broke")
def test_error(broken): pass
"""
DEADLY = """
import os, pytest
pytestmark = pytest.mark.beside
def test_deadly(): os._exit(7)
def test_after(): pass
"""


def outcome(folder: Path, *arguments: str, **files: str) -> str:
    """What pytest says of a suite with these files."""
    for name, text in {"conftest": CONFTEST, **files}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = beside\n", encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "pytest_timeout",
        "COLUMNS": "200",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-rA",
        "-W",
        "ignore",
        *arguments,
    ]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_each_outcome_comes_back(tmp_path: Path) -> None:
    said = outcome(tmp_path, test_quiet=QUIET, test_marked=MARKED)
    assert "= 1 failed, 3 passed, 1 skipped, 1 error in " in said.splitlines()[-1], said
    assert "for a reason" in said
    assert "printed before" in said
    assert "AssertionError: assert 'this' == 'that'" in said
    assert "ValueError: set-up broke" in said


def test_a_process_that_ends_fails_what_it_did_not_tell(tmp_path: Path) -> None:
    said = outcome(tmp_path, test_quiet=QUIET, test_deadly=DEADLY)
    assert "= 2 failed, 2 passed in " in said.splitlines()[-1], said
    assert "the process beside ended with 7 before it came to this test" in said


def test_the_first_failure_ends_the_run_where_that_is_asked_for(tmp_path: Path) -> None:
    said = outcome(tmp_path, "-x", test_quiet=QUIET, test_marked=MARKED)
    assert "= 1 failed, 3 passed, 1 skipped in " in said.splitlines()[-1], said


def test_what_a_folder_shares_is_taken_down_though_its_last_tests_run_elsewhere(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    late = """
from tests import beside
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.nodeid.startswith("two"))
"""
    files = {
        "one/test_quiet": QUIET,
        "one/test_passing": MARKED.split("def test_skipped", maxsplit=1)[0],
        "two/test_last": QUIET,
    }
    said = outcome(tmp_path, conftest=CONFTEST + late, **files)
    assert "= 5 passed in " in said.splitlines()[-1], said


def test_few_tests_stay_in_one_process(tmp_path: Path) -> None:
    said = outcome(tmp_path, "test_marked.py", test_quiet=QUIET, test_marked=MARKED)
    assert "2 failed, 1 skipped, 1 error in " in said.splitlines()[-1], said
