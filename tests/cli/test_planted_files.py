"""Nothing in a study folder is ever run: files with the names of our libraries, of Qt and of Python lie in it and around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom.uid import RLELossless

from tests.phantoms.dicom_series import make_series, save_series

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).with_name("medview.exe" if sys.platform == "win32" else "medview")
TELLS = "import pathlib; pathlib.Path({mark!r}).write_text('a planted file was run: ' + __name__)\n"
MODULES = (
    "numpy", "cv2", "pydicom", "SimpleITK", "onnxruntime", "PySide6", "click", "json", "platformdirs", "imagecodecs", "numba",
    "sitecustomize", "usercustomize", "conftest", "psygnal", "encodings", "readline",
)  # fmt: skip
LIBRARIES = (
    "libc.so.6",
    "libm.so.6",
    "libz.so.1",
    "libstdc++.so.6",
    "libQt6Core.so.6",
    "Qt6Core.dll",
    "libonnxruntime.so",
    "python311.dll",
    "version.dll",
    "libxcb.so.1",
)


def plant(folder: Path, mark: Path) -> None:
    """Files that write ``mark`` when they are imported, and libraries and plug-ins that are none."""
    for name in MODULES:
        (folder / f"{name}.py").write_text(TELLS.format(mark=str(mark)))
    for package in ("medview", "PySide6"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text(TELLS.format(mark=str(mark)))
    (folder / "evil.pth").write_text(f"import pathlib; pathlib.Path({str(mark)!r}).write_text('pth')\n")
    (folder / "pyvenv.cfg").write_text(f"home = {folder}\n")
    (folder / "qt.conf").write_text(f"[Paths]\nPrefix = {folder}\nPlugins = {folder / 'plugins'}\n")
    (folder / "plugins" / "platforms").mkdir(parents=True)
    for name in (*LIBRARIES, "plugins/platforms/libqoffscreen.so", "plugins/platforms/libqxcb.so"):
        (folder / name).write_bytes(b"\x7fELF no library")


HIDDEN = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
# What a test before this one has imported may have left there is not what a desktop starts us with.
HIDDEN.pop("LD_LIBRARY_PATH", None)
WINDOW = """
import time
from medview.app.settings import Settings
from medview.ui.application import Desk, make_application
app = make_application()
desk = Desk(app, Settings(), keep_settings=False)
desk.window.show()
desk.workspace.open_paths(["."])
end = time.monotonic() + 90
import cv2  # which changes what processes started from here on would load
def shown():
    stack = desk.workspace.active_viewport.stack
    return stack is not None and desk.loader.volume(stack).is_complete
while not shown():
    assert time.monotonic() < end
    app.processEvents()
    time.sleep(0.01)
desk.close()
"""


def medview(words: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), *words], cwd=cwd, env=HIDDEN, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.skipif(not PROGRAM.is_file(), reason="the program is not installed beside this Python")
def test_a_study_folder_full_of_planted_files_is_read_and_nothing_in_it_is_run(tmp_path: Path) -> None:
    study, mark = tmp_path / "study", tmp_path / "mark"
    series = make_series()
    for dataset in series:
        dataset.compress(RLELossless)  # decoded in worker processes
    save_series(series, study)
    plant(study, mark)
    done = medview(["inspect", ".", "--json"], study)
    assert done.returncode == 0, done.stderr
    assert '"frames_shown"' in done.stdout
    stack = json.loads(done.stdout)["studies"][0]["series"][0]["stacks"][0]["id"]
    done = medview(["export", ".", "--stack", stack, "--output", str(tmp_path / "out.nii.gz")], study)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [sys.executable, "-P", "-c", WINDOW],
        cwd=study,
        env=HIDDEN,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert not mark.exists(), mark.read_text()


def test_a_planted_file_would_be_noticed(tmp_path: Path) -> None:
    """The same files on a path that Python does look into."""
    mark = tmp_path / "mark"
    (tmp_path / "planted").mkdir()
    plant(tmp_path / "planted", mark)
    subprocess.run(
        [sys.executable, "-c", "import sys; sys.path.insert(0, ''); import platformdirs"],
        cwd=tmp_path / "planted",
        env=HIDDEN,
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert mark.exists()
