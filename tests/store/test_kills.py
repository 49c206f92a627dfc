"""A process that marks is killed at random moments: nothing that was said to be kept is lost, nothing is torn.

MEDVIEW_KILLS=1000 for the long run, MEDVIEW_KILL_SEED to repeat one; both are printed.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medview.store.database import MIGRATIONS
from medview.store.study_store import StudyStore

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("MEDVIEW_KILLS", "30"))


def start(folder: Path, name: str, seed: int, module: str = "marking_process") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", f"tests.store.{module}", str(folder), name, str(seed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment)


def killed_after(process: subprocess.Popen[bytes], seconds: float, lines: int = 0) -> list[tuple[str, int]]:
    """What a process said was kept before it was killed, ``seconds`` after it had said so many ``lines``."""
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"open\n", process.stderr.read().decode()
    first = b"".join(process.stdout.readline() for _ in range(lines))
    time.sleep(seconds)
    process.kill()
    said, errors = process.communicate()
    said = first + said
    assert process.returncode != 0
    assert not errors, errors.decode()
    whole = said[: said.rfind(b"\n") + 1].decode().splitlines()
    return [(subject, int(value)) for subject, value in (line.split() for line in whole)]


def older_schema(path: Path) -> None:
    """Make the database one of the first schema again, so that the next process migrates it."""
    connection = sqlite3.connect(path)
    with contextlib.suppress(sqlite3.DatabaseError):  # damaged a moment ago, and its process killed before it saw that
        connection.execute("DROP TABLE IF EXISTS studies")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    connection.close()


@pytest.mark.timeout(max(300, KILLS * 3))
def test_no_kept_mark_is_lost_and_none_is_torn(tmp_path: Path) -> None:
    seed = int(os.environ.get("MEDVIEW_KILL_SEED", str(random.randrange(1_000_000))))
    print(f"seed {seed}, {KILLS} kills")
    chance = random.Random(seed)
    newest: dict[str, int] = {}
    told: set[tuple[str, int]] = set()
    for kill in range(KILLS):
        if kill % 5 == 4:
            older_schema(tmp_path / "studies.sqlite")
        if kill % 11 == 10:
            (tmp_path / "studies.sqlite").write_bytes(b"SQLite format 3\0" + chance.randbytes(20_000))
        names = [f"p{kill}"] if kill % 3 else [f"p{kill}", f"q{kill}"]  # two windows at a time
        processes = [start(tmp_path, name, chance.randrange(1_000_000)) for name in names]
        for process in processes:
            said = killed_after(process, chance.random() ** 2 * 0.3)
            told.update(said)
            newest.update(said)
    store = StudyStore(tmp_path)
    found = {entry.subject: entry for entry in store.current(["1.2.3"], ["mark"])}
    for subject, value in newest.items():
        entry = found[subject]
        assert entry.content is not None, f"seed {seed}"
        # Later entries may have reached the disk without being told; older ones may not hold.
        assert entry.content["value"] >= value, f"seed {seed}"
        assert len(entry.content["filling"]) in {10, 300, 9000}
    everything = {(entry.subject, entry.content["value"]) for entry in store.all_entries() if entry.content}
    assert told <= everything, f"seed {seed}: {sorted(told - everything)[:5]} are lost"
    store.close()
    connection = sqlite3.connect(tmp_path / "studies.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()
    print(f"{len(told)} kept marks, none lost")
    assert len(told) > KILLS


@pytest.mark.timeout(max(300, KILLS * 3))
def test_what_is_saved_exported_or_backed_up_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that keeps and discards results, writes objects and tables, backs up, asks for versions; a third of a long run's kills."""
    import json

    import numpy as np
    import pydicom

    from medview.core.problem import Problem
    from medview.store.backup import restore
    from medview.store.entry import new_entry
    from medview.store.results import kept_results
    from tests.store.saving_process import SERIES

    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path / "home"))
    seed = int(os.environ.get("MEDVIEW_KILL_SEED", str(random.randrange(1_000_000))))
    kills = KILLS // 3 if KILLS > 100 else 4
    print(f"seed {seed}, {kills} kills")
    chance = random.Random(seed)
    store = StudyStore(tmp_path / "store")
    store.write([new_entry("mark", f"m{number}", {"value": number}, series="1.2.3") for number in range(50)])
    store.close()
    newest: dict[str, int] = {}
    told = 0
    for kill in range(kills):
        name = f"p{kill % 3}"  # each name is written over and over again
        process = start(tmp_path, name, chance.randrange(1_000_000), "saving_process")
        said = killed_after(process, chance.random() ** 2 * 0.3, kill % 2)
        told += len(said)
        newest = dict(said)  # this process's numbers; the files of its name are its own, or those of the one before
        problems: list[Problem] = []
        results = {one.provenance.package_id: one for one in kept_results(SERIES, problems)}
        assert problems == [], f"seed {seed}"
        for one in results.values():
            assert one.segmentation is not None
            number = int(one.segmentation.meanings[0].name)
            assert (one.segmentation.labels == number % 250 + 1).all(), f"seed {seed}"
        passing = results.get(f"{name}x")
        if passing is not None and passing.segmentation is not None:  # kept again before the kill, and not told
            assert int(passing.segmentation.meanings[0].name) > newest.get("discard", 0), f"seed {seed}"
        asked = tmp_path / "home" / "updates.json"
        if asked.exists():
            ((of, (number, _digest)),) = json.loads(asked.read_text(encoding="utf-8"))["seen"].items()
            assert of != name or number >= newest.get("asked", 0), f"seed {seed}"
        if "result" in newest:
            held = results[name].segmentation
            assert held is not None
            assert int(held.meanings[0].name) >= newest["result"], f"seed {seed}"
        for path in tmp_path.glob("p?.dcm"):
            made = pydicom.dcmread(path)
            pixels = np.frombuffer(made.PixelData, "<u4")
            number = int(made.SOPInstanceUID.rsplit(".", 1)[1])
            assert len(pixels) == 256 * 256, f"seed {seed}"
            assert (pixels == number).all(), f"seed {seed}"
            assert path.stem != name or number >= newest.get("object", 0), f"seed {seed}"
        for path in tmp_path.glob("p?.json"):
            numbers = json.loads(path.read_text(encoding="utf-8"))
            assert path.stem != name or numbers[0] >= newest.get("table", 0), f"seed {seed}"
        backup = tmp_path / f"{name}.medview-backup"
        assert "backup" not in newest or backup.exists(), f"seed {seed}"
        if backup.exists() and kill % 4 == 0:
            back = StudyStore(tmp_path / f"back{kill}")
            restore(backup, back)
            assert len(back.current(["1.2.3"], ["mark"])) == 50, f"seed {seed}"
            back.close()
    print(f"{told} files told as written, all whole")
    assert told >= kills // 2


@pytest.mark.skipif(KILLS <= 100 or not hasattr(os, "fork"), reason="the long run alone: MEDVIEW_KILLS=1000")
@pytest.mark.timeout(max(300, KILLS * 3))
def test_what_is_exported_is_whole_or_not_there(tmp_path: Path) -> None:
    """The real exports (SR with SEG, RTSTRUCT, GSPS, KOS, SC, maps, tables, pages, NIfTI): a third of the kills of a long run."""
    seed = int(os.environ.get("MEDVIEW_KILL_SEED", str(random.randrange(1_000_000))))
    kills = KILLS // 3
    print(f"seed {seed}, {kills} kills")
    chance = random.Random(seed)
    command = [sys.executable, "-P", "-m", "tests.store.exporting_process", str(tmp_path / "study")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    out = tmp_path / "out"
    told = left = 0
    for kill in range(kills):
        process.stdin.write(f"{out} {chance.randrange(1_000_000)}\n")
        process.stdin.flush()
        pid = int(process.stdout.readline().split()[1])
        time.sleep(chance.random() ** 2 * 0.4 + (0.1 if kill % 3 else 0))
        os.kill(pid, 9)
        while (line := process.stdout.readline().split())[0] != "ended":
            told += 1
        assert line[2] == "-9", f"seed {seed}: it ended by itself"
        left += whole_files(out, seed)
        whole_files(tmp_path / "first", seed)
    process.stdin.close()
    process.wait(60)
    process.stdout.close()
    print(f"{told} exports told as written, {left} temporary files left by kills, all else whole")
    assert told >= kills // 2


def whole_files(folder: Path, seed: int) -> int:
    """Every file in a folder is whole; how many temporary ones lie there, which are taken away."""
    import csv
    import gzip
    import json

    import pydicom

    left = 0
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.name.startswith(".medview-"):
            path.unlink()
            left += 1
            continue
        said = f"seed {seed}: {path.name}"
        if path.suffix == ".dcm":
            data = pydicom.dcmread(path)
            if "PixelData" in data or "FloatPixelData" in data:
                assert data.pixel_array.size, said
            assert "PixelData" in data or "EncapsulatedDocument" in data or len(data) > 20, said
            if "EncapsulatedDocument" in data:
                assert data.EncapsulatedDocument.rstrip(b"\0").endswith(b"%%EOF"), said
        elif path.suffix == ".json":
            assert json.loads(path.read_text(encoding="utf-8"))["findings"], said
        elif path.suffix == ".csv":
            assert len(list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))) > 5, said
        elif path.suffix == ".html":
            assert path.read_text(encoding="utf-8").rstrip().endswith("</html>"), said
        elif path.suffix == ".gz":
            assert gzip.decompress(path.read_bytes()), said
        else:
            raise AssertionError(said)
    return left
