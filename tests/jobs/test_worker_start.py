"""How workers are started: from source and from a packaged program."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from medview.jobs.worker_loop import error_of, read_message
from medview.jobs.worker_start import WORKER_FLAG, became_worker, worker_command, worker_environment

ENTRY = "medview.dicom.decode_worker"


def test_a_packaged_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert worker_command(ENTRY, 3) == [sys.executable, WORKER_FLAG, ENTRY, "3"]


def test_and_becomes_a_worker_when_it_is_asked_to() -> None:
    code = f"import sys; from medview.jobs.worker_start import became_worker; sys.exit(0 if became_worker({[WORKER_FLAG, ENTRY, '0']!r}) else 9)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=b"",
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    (length,) = struct.unpack("<I", done.stdout[:4])
    assert set(json.loads(done.stdout[4 : 4 + length])) == {"ready"}
    assert not became_worker(["open", "folder"])
    assert not became_worker([])


def test_a_study_folder_cannot_plant_modules(tmp_path: Path) -> None:
    """Started in a folder with a file named like a library, the worker does not import it."""
    (tmp_path / "numpy.py").write_text("raise SystemExit('planted')")
    (tmp_path / "imagecodecs.py").write_text("raise SystemExit('planted')")
    process = subprocess.Popen(
        worker_command(ENTRY),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    answer = read_message(process.stdout)
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()
    assert answer is not None
    assert "ready" in json.loads(answer)


def test_rubbish_from_a_worker_is_an_error_too() -> None:
    error = error_of({"text": 5, "values": [1]})
    assert (error.code, error.text, error.values) == ("codec_failed", "5", ("1",))


@pytest.mark.parametrize("name", ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH"])
def test_search_paths_hold_no_entry_that_means_the_working_directory(
    name: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = str(tmp_path_factory.getbasetemp())
    monkeypatch.setenv(name, os.pathsep.join([kept, "", ".", "lib", kept, ""]))
    assert worker_environment()[name] == os.pathsep.join([kept, kept])
    monkeypatch.setenv(name, os.pathsep)
    assert name not in worker_environment()
