"""A package on all time points of a series, one after the other: `medview infer --every-time`, and the same in the window."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medview.core.finding import InferenceResult
from medview.core.problem import ExitCode, MedviewError
from medview.core.study import Stack

if TYPE_CHECKING:
    from medview.inference.package import ModelPackage
    from medview.inference.request import InferenceRequest


class TimesTogether:
    """The runs of a series' time points, which are asked for at once and done in their order."""

    def __init__(self) -> None:
        self.memory: dict[int, dict[str, Any]] = {}
        """What a recurrent network remembers of each slice."""
        self._next = 0

    def refuse_gap(self, package: ModelPackage, time: int) -> None:
        """Raise MedviewError where a network that remembers has not seen the time points before this one."""
        if package.manifest.input.states and time != self._next:
            name = package.manifest.name
            text = f"{name} remembers from time point to time point, and one before number {time + 1} was not run to its end."
            raise MedviewError("earlier_time_missing", text, None, ExitCode.RUN_FAILED, (name, str(time + 1)))

    def seen(self, time: int) -> None:
        """A time point was run to its end."""
        self._next = time + 1


def refuse_for_times(also: Sequence[str], output: Path) -> None:
    """Raise MedviewError for what goes with one time point only, and for a folder that holds something."""
    if also:
        text = "--also goes with one time point: reports and objects are written of one result."
        raise MedviewError("one_time_only", text, None, ExitCode.BAD_USE)
    if output.is_dir() and any(output.iterdir()):
        raise _not_written(output, "it is not empty")


def write_times(
    first: InferenceRequest, stack: Stack, run: Callable[[InferenceRequest], InferenceResult], output: Path
) -> dict[str, Any]:
    """Run all time points and write a folder for each, and ``result.json`` that lists them; whole or not at all.

    What a recurrent network remembers of each slice goes on to the next time point. Raises MedviewError.
    """
    from medview.app.infer_command import RESULT_NAME, write_result
    from medview.files.left_overs import temporary_folder
    from medview.files.replaced_file import give_usual_mode

    memory: dict[int, dict[str, Any]] = {}
    try:
        output.absolute().parent.mkdir(parents=True, exist_ok=True)
        made = temporary_folder(output)
    except OSError as error:
        raise _not_written(output, error.strerror or str(error)) from error
    try:
        told = []
        for time in range(stack.timepoints):
            result = run(replace(first, time=time, memory=memory))
            name = f"time-{time:03d}"
            labels = stack.time_labels
            said = labels[time] if time < len(labels) else ""
            told.append({**write_result(result, stack, made / name), "time": time, "time_label": said, "folder": name})
        content = {name: told[0][name] for name in ("status", "model", "task", "series_uid", "stack")} | {"times": told}
        (made / RESULT_NAME).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
        if output.exists():
            output.rmdir()
        give_usual_mode(made, 0o777)
        made.replace(output)
    except OSError as error:
        raise _not_written(output, error.strerror or str(error)) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return content


def _not_written(path: Path, why: str) -> MedviewError:
    return MedviewError("cannot_write", f"{path} could not be written: {why}.", str(path), ExitCode.CANNOT_WRITE)
