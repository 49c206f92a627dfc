"""A decoding process stands before the window where the study needs one, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from medview.cli import head_start
from medview.cli.__main__ import main
from medview.jobs import worker_start
from medview.jobs.pool import DecodePool
from tests.dicom.pixel_files import JPEG, encapsulated, encode, frames_of, write_pixels

PICTURE = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    folder = tmp_path / "plain"
    folder.mkdir()
    write_pixels(folder / "one", PICTURE.tobytes(), rows=64, columns=64)
    return folder


@pytest.fixture
def compressed(tmp_path: Path) -> Path:
    folder = tmp_path / "disc" / "DICOM" / "A"
    folder.mkdir(parents=True)
    stream = encode("jpeg-2000", PICTURE)
    write_pixels(folder / "one", encapsulated([stream]), JPEG + "90", rows=64, columns=64)
    return tmp_path / "disc"


def started(folder: Path) -> subprocess.Popen[bytes]:
    """The process that was started ahead for a folder."""
    is_wanted = lambda: head_start.begins_compressed([str(folder)])  # noqa: E731
    worker_start.start_ahead(head_start.ENTRY, worker_start.GIVES_WAY, is_wanted).join(20)
    return worker_start._ahead[-1][2]


def test_the_first_dicom_file_tells(plain: Path, compressed: Path, tmp_path: Path) -> None:
    assert head_start.begins_compressed([str(compressed)])
    assert not head_start.begins_compressed([str(plain)])
    (compressed / "DICOM" / "A" / "0000 read me.txt").write_text("1.2.840.10008.1.2.4.90 " * 100, encoding="utf-8")
    assert head_start.begins_compressed([str(compressed)])
    assert not head_start.begins_compressed([str(tmp_path / "nowhere")])


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are POSIX's")
@pytest.mark.timeout(20)
def test_a_pipe_among_the_files_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not head_start.begins_compressed([str(tmp_path)])


def test_it_looks_at_few_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(head_start.MOST_LOOKS + 5):
        (tmp_path / f"{number:03}").write_bytes(b"no image")
    opened: list[Path] = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *how: opened.append(self) or real(self, *how))
    assert not head_start.begins_compressed([str(tmp_path)])
    assert len(opened) == head_start.MOST_LOOKS


def test_the_pool_leads_the_worker_that_was_started_ahead(compressed: Path) -> None:
    process = started(compressed)
    pool = DecodePool(workers=1, give_way=True)
    try:
        (frame,) = frames_of(compressed / "DICOM" / "A" / "one")
        np.testing.assert_array_equal(pool.read(frame), PICTURE)
        assert pool.processes == (process.pid,)
        assert not worker_start._ahead
    finally:
        pool.close()
    assert process.poll() is not None


def test_a_worker_of_another_kind_is_ended(compressed: Path) -> None:
    process = started(compressed)
    pool = DecodePool(workers=1)  # not one that gives way
    try:
        (frame,) = frames_of(compressed / "DICOM" / "A" / "one")
        np.testing.assert_array_equal(pool.read(frame), PICTURE)
        assert process.poll() is not None
        assert pool.processes != (process.pid,)
    finally:
        pool.close()


def test_a_start_with_a_compressed_study_gives_the_head_start(
    compressed: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(head_start, "start_ahead", lambda _entry, _niceness, is_wanted: asked.append(is_wanted()))
    monkeypatch.setattr("medview.cli.needs.with_window", lambda _start: 0)
    assert main(["--new-window", str(compressed)]) == 0
    assert main(["--new-window", str(plain)]) == 0
    assert main(["--new-window"]) == 0
    assert asked == [True, False]
