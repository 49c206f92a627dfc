"""What medview keeps is its user's alone: modes of files and folders, and no patient in what lies elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from medview.app.crash_reports import report_error
from medview.app.derived_series import write_derived_series
from medview.app.settings import Settings, save_settings
from medview.core.finding import DerivedImage, InferenceResult, Provenance
from medview.core.folders import HOME_VARIABLE
from medview.core.geometry import Geometry
from medview.files.replaced_file import replaced_file
from medview.store.backup import backup, restore
from medview.store.entry import new_entry
from medview.store.results import keep_result
from medview.store.study_store import StudyStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is not there yet, under folders that everybody may look into."""
    made = tmp_path / "share" / "medview"
    monkeypatch.setenv(HOME_VARIABLE, str(made))
    return made


def open_to_others(root: Path) -> list[str]:
    """What below a folder others may read, where they can come to it: a closed folder closes what is in it."""
    found: list[str] = []
    for one in root.iterdir():
        mode = one.stat().st_mode
        if mode & 0o077:
            found.append(str(one))
            if one.is_dir():
                found += open_to_others(one)
    return found


def everything_kept() -> None:
    place = Geometry((2, 3, 4), np.eye(4), "1.2.3")
    made = Provenance("p", "P", "1", "ab" * 32, "auto", "cpu", "1.2.3", "stack", "2026-11-21T10:00:00+00:00", 1.0)
    image = DerivedImage(np.zeros((2, 3, 4), np.float32), place, "denoised", "HU", 0)
    result = InferenceResult(made, "image", image=image)
    keep_result(result)
    write_derived_series(result)
    save_settings(Settings(last_folder="/data/Doe^Jane"))
    report_error(ValueError("x"))
    store = StudyStore()
    store.write([new_entry("mark", "m", {"value": 1}, series="1.2.3")])
    backup(Path(os.environ[HOME_VARIABLE]).parent / "all.medview-backup", store)
    store.close()


def test_nobody_else_can_read_what_is_kept(home: Path) -> None:
    before = os.umask(0o022)
    try:
        everything_kept()
        assert home.stat().st_mode & 0o777 == 0o700
        assert home.parent.stat().st_mode & 0o077 == 0 or not open_to_others(home)
        assert (home.parent / "all.medview-backup").stat().st_mode & 0o777 == 0o600
        assert (home / "studies" / "studies.sqlite").stat().st_mode & 0o777 == 0o600
        other = home.parent / "second"
        os.environ[HOME_VARIABLE] = str(other)
        store = StudyStore()
        restore(home.parent / "all.medview-backup", store)
        store.close()
        assert other.stat().st_mode & 0o077 == 0
    finally:
        os.umask(before)


def test_what_an_older_medview_left_open_is_closed(home: Path) -> None:
    for name in ("results/ab", "derived", "studies/journal", "crashes"):
        (home / name).mkdir(parents=True)
    (home / "studies" / "studies.sqlite").touch(0o644)
    for one in (home, *home.rglob("*")):
        one.chmod(0o755)
    everything_kept()
    assert not [one for one in open_to_others(home) if Path(one).name in {"results", "derived", "studies", "crashes"}]


def test_what_a_person_asked_for_has_the_mode_that_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replaced_file(tmp_path / "out.csv") as temporary:
            assert temporary.stat().st_mode & 0o777 == 0o600
            temporary.write_text("x")
    finally:
        os.umask(before)
    assert (tmp_path / "out.csv").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the system has dialogs of its own")
@pytest.mark.timeout(120)
def test_folders_that_were_visited_are_told_to_nobody(home: Path, tmp_path: Path) -> None:
    """A process of its own: what Qt was told once holds for all its life."""
    visited = tmp_path / "Doe Jane 1970"
    visited.mkdir()
    program = (
        "import sys, shiboken6; from PySide6.QtWidgets import QFileDialog; from PySide6.QtCore import QTimer;"
        "from medview.ui.qt_application import make_application; app = make_application();"
        f"dialog = QFileDialog(None, 'x', {str(visited)!r}); dialog.setFileMode(QFileDialog.FileMode.Directory);"
        "QTimer.singleShot(0, dialog.accept); dialog.exec(); shiboken6.delete(dialog)"
    )
    config = tmp_path / "config"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(config), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not config.exists() or not [one for one in config.rglob("*") if one.is_file()]
    assert [one for one in (home / "qt").rglob("*") if one.is_file()], "it was kept in the private place"
    assert not open_to_others(home)
