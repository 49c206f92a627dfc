"""What is left of a run that died: where in the program, no name of a file, a folder or a patient."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from medview.app import crash_reports
from medview.core.problem import MedviewError

ROOT = Path(__file__).resolve().parents[2]
DIES = """
import faulthandler, sys
from medview.app import crash_reports
crash_reports.watch()
patient = sys.argv[1]
def read_of_the_study(path):
    {how}
read_of_the_study(patient)
"""
SECRET = "Mueller^Anna-1957"


def dies(tmp_path: Path, how: str) -> None:
    study = tmp_path / SECRET
    study.mkdir(exist_ok=True)
    script = study / "part.py"
    script.write_text(DIES.format(how=how))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": ""}
    done = subprocess.run(
        [sys.executable, str(script), SECRET], cwd=study, env=environment, capture_output=True, check=False, timeout=60
    )
    assert done.returncode != 0


def test_a_fault_in_the_machine_leaves_lines_without_names(tmp_path: Path) -> None:
    dies(tmp_path, "faulthandler._sigsegv()")
    (note,) = crash_reports.watch()
    crash_reports.end_watch()
    assert note.code == "ended_unexpectedly"
    (report,) = crash_reports.crash_reports()
    text = report.read_text(encoding="utf-8")
    assert "Segmentation fault" in text
    assert "in read_of_the_study" in text
    assert SECRET not in text
    assert str(tmp_path) not in text
    assert crash_reports.watch() == ()
    crash_reports.end_watch()
    assert crash_reports.crash_reports() == (report,)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX")
def test_a_run_that_was_killed_from_outside_is_no_crash(tmp_path: Path) -> None:
    dies(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert list(crash_reports.crash_folder().glob("running-*"))
    assert crash_reports.watch() == ()
    crash_reports.end_watch()
    assert not list(crash_reports.crash_folder().iterdir())


def test_another_window_that_lives_is_left_alone() -> None:
    assert crash_reports.watch() == ()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    look = "from medview.app.crash_reports import watch, end_watch; assert watch() == (); end_watch()"
    subprocess.run([sys.executable, "-c", look], env=environment, check=True, timeout=60)
    assert len(list(crash_reports.crash_folder().glob("running-*"))) == 1
    crash_reports.end_watch()
    assert not list(crash_reports.crash_folder().iterdir())


def test_an_error_nobody_caught_is_kept_by_kind_and_line_alone(tmp_path: Path) -> None:
    def fails() -> None:
        try:
            (tmp_path / SECRET).read_bytes()
        except OSError as error:
            raise MedviewError("cannot_read", f"{SECRET} cannot be read", SECRET) from error

    with pytest.raises(MedviewError) as caught:
        fails()
    path = crash_reports.report_error(caught.value)
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "FileNotFoundError" in text
    assert "MedviewError cannot_read" in text
    assert "in fails" in text
    assert SECRET not in text
    assert str(tmp_path) not in text


def test_a_home_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").write_text("no folder")
    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path / "home"))
    assert crash_reports.watch() == ()
    assert crash_reports.report_error(ValueError()) is None
    assert crash_reports.crash_reports() == ()
    crash_reports.end_watch()
