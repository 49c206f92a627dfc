"""A process with the heavy libraries in it that runs pytest and import-linter in forks of itself: loading them was most of the time.

It stands in a copy of the program and imports nothing of that copy: each fork does, as it lies on the disk then. Requests
are lines of JSON on the standard input, ``{"run": "pytest", "arguments": [...], "output": PATH, "seconds": 250}``; the
answer to each is a line with the exit status, -1 where it was ended for taking too long.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress

LIBRARIES = (
    "pytest", "hypothesis", "hypothesis.extra.numpy", "numpy", "numpy.testing", "cv2", "pydicom", "pydicom.data", "highdicom", "numba",
    "numba.core.registry", "PIL.Image", "pydantic.main", "pydantic.fields", "pydantic.types", "pydantic.networks", "pydantic.functional_validators", "psygnal", "SimpleITK", "imagecodecs", "PySide6.QtWidgets", "PySide6.QtTest",
    "pyqtgraph", "qtawesome", "importlinter.cli", "unittest.mock", "concurrent.futures", "multiprocessing.connection",
)  # fmt: skip
LOOK_S = 0.01


def run(what: str, arguments: Sequence[str]) -> int:
    """Do it in this process; returns the exit status."""
    if what == "pytest":
        import pytest

        return int(pytest.main(list(arguments)))
    assert what == "lint", what
    from importlinter.cli import lint_imports_command

    try:
        lint_imports_command(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def waited(pid: int, seconds: float) -> int:
    """Exit status of a fork; -1 where it did not end in time. It is ended then, and where this process is asked to end."""
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(LOOK_S)
    except SystemExit:
        os.killpg(pid, signal.SIGKILL)
        raise
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -1


def ended(*_: object) -> None:
    """Take the signal to end as a wish to leave."""
    sys.exit(1)


def main() -> int:
    """Answer requests until the input ends."""
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    gc.freeze()  # so that forks share it
    signal.signal(signal.SIGTERM, ended)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        with warnings.catch_warnings():
            # Threads that libraries keep for their arithmetic end themselves before a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.setpgid(0, 0)
            output = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            answers.close()
            status = run(asked["run"], asked["arguments"])
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)  # taking everything down in order is slower than most tests
        with suppress(OSError):
            os.setpgid(pid, pid)  # whichever of the two is first
        answers.write(f"{waited(pid, asked['seconds'])}\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
