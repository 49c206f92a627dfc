"""What a killed writing leaves behind is swept by the next one in the same folder, and taken for no result meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medview.app.open_paths import open_all
from medview.files import left_overs
from medview.files.replaced_file import replaced_file
from tests.phantoms.dicom_series import make_series, save_series

KILLED = """
import os, signal, sys
from pathlib import Path
from medview.files.left_overs import temporary_folder
from medview.files.replaced_file import replaced_file
target = Path(sys.argv[1])
(temporary_folder(target / "result") / "part.nii.gz").write_bytes(b"half")
with replaced_file(target / "segmentation.dcm") as temporary:
    temporary.write_bytes(Path(sys.argv[2]).read_bytes())
    os.kill(os.getpid(), signal.SIGKILL)
"""


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.startswith(".medview-")}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.timeout(60)
def test_what_a_kill_left_is_no_image_and_is_swept_by_the_next_writing(tmp_path: Path) -> None:
    folder = save_series(make_series()[:2], tmp_path / "study")
    image = str(folder / "slice0000.dcm")
    subprocess.run([sys.executable, "-c", KILLED, str(folder), image], check=False, timeout=50)
    assert len(left_in(folder)) == 2
    (study,) = open_all([str(folder)]).studies
    assert study.series[0].stacks[0].frame_count == 2
    mine, notes = folder / f"{left_overs.temporary_prefix()}x.dcm", folder / ".medview-notes.txt"
    other = folder / f".medview-{'0' * 8}-999999-x.dcm"
    for path in (mine, notes, other):
        path.write_text("kept")
    with replaced_file(folder / "new.txt") as temporary:
        temporary.write_text("whole")
    assert left_in(folder) == {mine.name, notes.name, other.name}, (
        "of processes that run, of other computers, of nobody"
    )


def test_a_process_that_runs_is_known_to() -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    assert not left_overs.is_running(int(gone.stdout))
    assert left_overs.is_running(os.getpid())
