"""What comes before the commands: hand-over, what is imported, what happens to errors nobody expected."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from medview.cli.__main__ import paths_to_hand_over, plain_window
from medview.core.problem import ExitCode, MedviewError
from tests.cli.running import ROOT, Medview, medview, medview_process
from tests.phantoms.dicom_series import make_series, save_series

__all__ = ["medview"]


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        (["study"], ["study"]),
        (["a", "b"], ["a", "b"]),
        (["open", "study"], ["study"]),
        (["open", "inspect"], ["inspect"]),
        (["./inspect"], ["./inspect"]),
        ([], []),
        (["open"], []),
        (["--", "-odd-"], ["-odd-"]),
        (["a", "--", "--new-window"], ["a", "--new-window"]),
        (["inspect", "study"], None),
        (["export", "study"], None),
        (["render", "study"], None),
        (["infer", "study"], None),
        (["models"], None),
        (["demo-picture"], None),
        (["--demo"], None),
        (["study", "--new-window"], None),
        (["open", "--new-window", "study"], None),
        (["--help"], None),
        (["--version"], None),
        (["-v", "study"], None),
    ],
)
def test_only_paths_are_handed_over(arguments: list[str], paths: list[str] | None) -> None:
    assert paths_to_hand_over(arguments) == paths


def test_a_window_that_takes_the_paths_ends_the_command(medview: Medview, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[list[str]] = []
    monkeypatch.setattr("medview.app.handover.hand_over", lambda paths: handed.append(paths) or True)
    monkeypatch.setattr("medview.cli.commands.run", lambda _words: pytest.fail("the path was handed over"))
    assert medview("some study", "another").code == 0
    assert handed == [["some study", "another"]]


def loaded_modules(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules), file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return {name.split(".")[0] for name in done.stderr.split()}


def test_the_way_to_a_running_window_needs_the_standard_library_only() -> None:
    found = loaded_modules(
        "import medview.app.handover as h; h.hand_over = lambda paths: True\n"
        "from medview.cli.__main__ import main; assert main(['/study']) == 0"
    )
    outside = found - set(sys.stdlib_module_names) - {"medview", "__main__"}
    # What the environment itself puts in place at start-up (editable installs, coverage) is not ours.
    assert not outside & {"numpy", "click", "pydicom", "cv2", "PySide6", "platformdirs", "PIL", "psygnal"}


@pytest.mark.parametrize(
    ("arguments", "window"),
    [
        ([], ([], False)),
        (["a", "b c"], (["a", "b c"], False)),
        (["open", "--new-window", "a"], (["a"], True)),
        (["--new-window"], ([], True)),
        (["open", "--demo"], None),
        (["inspect", "a"], None),
        (["--new-window", "--", "-a"], None),
        (["-v", "a"], None),
    ],
)
def test_starts_of_the_window_that_need_no_command_line_library(
    arguments: list[str], window: tuple[list[str], bool] | None
) -> None:
    assert plain_window(arguments) == window


def test_a_plain_start_opens_the_window_without_the_command_line_library() -> None:
    found = loaded_modules(
        "import sys, types\n"
        "seen = []\n"
        "double = types.ModuleType('medview.ui.application')\n"
        "double.run = lambda paths, demo=False, new_window=False, on_shown=None: seen.append((paths, new_window)) or 0\n"
        "sys.modules['medview.ui.application'] = double\n"
        "from medview.cli.__main__ import main\n"
        "assert main(['open', '--new-window', '/study']) == 0\n"
        "assert seen == [(('/study',), True)]\n"
    )
    assert "click" not in found


def test_commands_without_a_window_never_import_qt(tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "ct")
    found = loaded_modules(
        "from medview.cli.__main__ import main\n"
        f"assert main(['inspect', {str(folder)!r}]) == 0\n"
        f"assert main(['render', {str(folder)!r}, '--output', {str(tmp_path / 'o.png')!r}, '--text']) == 0\n"
        f"assert main(['export', {str(folder)!r}, '--output', {str(tmp_path / 'o.nii.gz')!r}]) == 0"
    )
    assert "numpy" in found
    assert not found & {"PySide6", "pyqtgraph", "onnxruntime", "highdicom", "numba", "SimpleITK", "pydicom"}


def test_errors_nobody_expected(
    medview: Medview, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("medview.app.headless.open_all", fail)
    answer = medview("inspect", "x", "--json")
    assert (answer.code, answer.error["code"]) == (1, "internal")
    assert "a bug" in answer.error["message"]
    assert "a bug" in caplog.text  # with its trace, for whoever has to mend it
    caplog.clear()


@pytest.mark.parametrize(
    ("error", "code", "name"),
    [
        (MemoryError(), 1, "out_of_memory"),
        (KeyboardInterrupt(), 1, "cancelled"),
        (MedviewError("model_unusable", "no", "p", ExitCode.MODEL_UNUSABLE), 4, "model_unusable"),
    ],
)
def test_each_error_has_its_code(
    medview: Medview, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, name: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr("medview.app.headless.open_all", fail)
    answer = medview("inspect", "x", "--json")
    assert (answer.code, answer.error["code"]) == (code, name)


def test_one_object_in_a_real_process(tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "ct")
    answer = medview_process("render", folder, "--output", tmp_path / "o.png", "--json")
    assert answer.code == 0
    assert answer.json["frame"] == 6
    assert answer.err == ""
    wrong = medview_process("render", folder, "--output", tmp_path / "no" / "o.png", "--json")
    assert (wrong.code, wrong.error["code"]) == (7, "cannot_write")
