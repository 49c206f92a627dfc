"""The command as a person or script meets it: arguments in, exit code, standard output and standard error out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from medview.cli.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output; fails where there is anything else."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1
        answer = json.loads(self.out)
        assert isinstance(answer, dict)
        return answer

    @property
    def error(self) -> dict[str, Any]:
        error = self.json["error"]
        assert set(error) == {"code", "message", "path"}
        assert error["message"] in self.err
        return error


Medview = Callable[..., Answer]


@pytest.fixture
def medview(capsys: pytest.CaptureFixture[str]) -> Medview:
    """Run ``medview`` in this process."""

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Answer(int(code), captured.out, captured.err)

    return run


def medview_process(*arguments: object, **changes: Any) -> Answer:
    """Run ``medview`` in a process of its own; ``changes`` go to subprocess.run."""
    environment = {**os.environ, **changes.pop("env", {}), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "medview", *map(os.fsencode, map(str, arguments))],
        capture_output=True,
        env=environment,
        timeout=120,
        check=False,
        **changes,
    )
    return Answer(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace"))
