"""The store: what was kept is there again, whatever happened to the database, the disk or another window meanwhile."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from medview.core.measurement import Measurement, MeasurementPlace
from medview.core.problem import MedviewError
from medview.store.backup import backup, restore
from medview.store.database import MIGRATIONS, StoreError
from medview.store.entry import Entry, new_entry
from medview.store.mark_content import mark_content, mark_of
from medview.store.study_store import StudyStore, folded

SERIES = "1.2.3"


def mark(subject: str, value: object) -> Entry:
    return new_entry("mark", subject, None if value is None else {"value": value}, reader="r", series=SERIES)


def values(store: StudyStore) -> dict[str, object]:
    """What holds, by subject; None for what was removed."""
    return {
        entry.subject: None if entry.content is None else entry.content["value"]
        for entry in store.current([SERIES], ["mark"])
    }


def codes(store: StudyStore) -> list[str]:
    return [note.code for note in store.notes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "studies"


def written(folder: Path, count: int = 5) -> None:
    store = StudyStore(folder)
    for number in range(count):
        store.write([mark(f"m{number}", number)])
    store.close()


def test_the_newest_entry_on_a_subject_holds_and_the_journal_has_all(folder: Path) -> None:
    store = StudyStore(folder)
    store.write([mark("a", 1), mark("b", 1)])
    store.write([mark("a", 2)])
    store.write([mark("b", None)])
    store.close()
    again = StudyStore(folder)
    assert values(again) == {"a": 2, "b": None}
    assert [entry.content for entry in again.history("mark", "a")] == [{"value": 1}, {"value": 2}]
    assert again.history("mark", "a")[0].reader == "r"
    again.close()


def test_more_than_one_text_of_the_database_holds_is_read_row_by_row(folder: Path) -> None:
    written(folder, 40)
    store = StudyStore(folder)
    known = store.current([SERIES], ["mark"])
    assert [entry.content for entry in known] == [{"value": number} for number in range(40)]
    store._connected.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
    assert store.current([SERIES], ["mark"]) == known
    store.close()


def test_the_journal_cannot_be_changed(folder: Path) -> None:
    written(folder)
    connection = sqlite3.connect(folder / "studies.sqlite")
    for statement in ("UPDATE journal SET content = '{}'", "DELETE FROM journal"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_a_clock_that_was_set_back_does_not_bring_old_marks_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    store = StudyStore(folder)
    store.write([mark("a", "old")])
    store.close()
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now - 86_400 * 10**9)
    later = StudyStore(folder)
    later.write([mark("a", "new")])
    assert values(later) == {"a": "new"}
    later.close()


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"no database at all" * 1000,
        b"SQLite format 3\0" + bytes(range(256)) * 200,
    ],
    ids=["empty", "text", "rubbish"],
)
def test_a_damaged_database_is_made_again_from_the_journal(folder: Path, damage: bytes) -> None:
    written(folder)
    (folder / "studies.sqlite").write_bytes(damage)
    for ending in ("-wal", "-shm"):
        (folder / f"studies.sqlite{ending}").unlink(missing_ok=True)
    store = StudyStore(folder)
    assert values(store) == {f"m{number}": number for number in range(5)}
    store.write([mark("m0", "new")])
    assert values(store)["m0"] == "new"
    if damage:
        assert codes(store) == ["store_damaged_rebuilt"]
        assert [path.read_bytes() for path in folder.glob("studies-damaged-*.sqlite")] == [damage]
    store.close()


def test_a_page_that_is_damaged_while_medview_runs_loses_nothing(folder: Path) -> None:
    written(folder, 300)
    database = folder / "studies.sqlite"
    whole = bytearray(database.read_bytes())
    whole[8192 : len(whole) // 2] = b"\xff" * (len(whole) // 2 - 8192)
    database.write_bytes(whole)
    store = StudyStore(folder)
    assert len(values(store)) == 300
    assert codes(store) == ["store_damaged_rebuilt"]
    store.close()


def test_a_database_of_a_newer_medview_is_set_aside_unchanged(folder: Path) -> None:
    written(folder)
    connection = sqlite3.connect(folder / "studies.sqlite")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    store = StudyStore(folder)
    assert len(values(store)) == 5
    assert codes(store) == ["store_newer_rebuilt"]
    (aside,) = folder.glob("studies-newer-*.sqlite")
    connection = sqlite3.connect(aside)
    assert connection.execute("SELECT COUNT(*) FROM journal").fetchone() == (5,)
    connection.close()
    store.close()


def test_a_database_of_the_first_schema_is_brought_up_to_date(folder: Path) -> None:
    written(folder)
    connection = sqlite3.connect(folder / "studies.sqlite")
    connection.execute("DROP TABLE studies")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    store = StudyStore(folder)
    assert len(values(store)) == 5
    assert store.recent() == ()
    assert codes(store) == []
    store.close()


def test_a_torn_line_takes_no_other_with_it(folder: Path) -> None:
    written(folder, 3)
    (journal,) = (folder / "journal").iterdir()
    with journal.open("ab") as file:
        file.write(b'\n0123456789abcdef {"format":1,"id":"torn')
    store = StudyStore(folder)
    assert len(values(store)) == 3
    store.write([mark("after", 1)])
    assert values(store)["after"] == 1
    store.close()
    (folder / "studies.sqlite").unlink()
    again = StudyStore(folder)
    assert len(values(again)) == 4
    again.close()


def test_a_changed_line_is_not_believed(folder: Path) -> None:
    written(folder, 3)
    (journal,) = (folder / "journal").iterdir()
    journal.write_bytes(journal.read_bytes().replace(b'"value":1', b'"value":7'))
    (folder / "studies.sqlite").unlink()
    store = StudyStore(folder)
    assert values(store) == {"m0": 0, "m2": 2}
    store.close()


def test_what_is_marked_while_another_program_holds_the_database_is_kept(folder: Path) -> None:
    written(folder, 1)
    holder = sqlite3.connect(folder / "studies.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    store = StudyStore(folder, busy_s=0.05)
    store.write([mark("held", 1)])
    assert "store_locked" in codes(store)
    holder.execute("ROLLBACK")
    holder.close()
    assert values(store)["held"] == 1
    store.close()


def test_a_database_that_is_held_entirely_does_not_stop_marking(folder: Path) -> None:
    written(folder, 1)
    holder = sqlite3.connect(folder / "studies.sqlite", isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("PRAGMA journal_mode = DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    store = StudyStore(folder, busy_s=0.05)
    store.write([mark("held", 1)])
    assert "store_locked" in codes(store)
    holder.close()
    assert values(store) == {"m0": 0, "held": 1}
    store.close()


def test_two_windows_see_what_the_other_made(folder: Path) -> None:
    one, other = StudyStore(folder), StudyStore(folder)
    one.open()
    other.open()
    failures: list[BaseException] = []

    def work(store: StudyStore, name: str) -> None:
        try:
            for number in range(40):
                store.write([mark(f"{name}{number % 7}", number)])
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(one, "a")), threading.Thread(target=work, args=(other, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert values(one) == values(other)
    assert len(values(one)) == 14
    assert max(values(one).values()) == 39  # type: ignore[type-var]
    assert len(one.all_entries()) == 80
    one.close()
    other.close()


def test_where_nothing_can_be_written_it_works_in_memory_and_says_so(tmp_path: Path) -> None:
    place = tmp_path / "a file, no folder"
    place.write_text("")
    store = StudyStore(place)
    store.write([mark("a", 1)])
    assert values(store) == {"a": 1}
    assert codes(store) == ["marks_in_memory"]
    assert store.in_memory
    store.close()


@pytest.mark.skipif(os.name != "posix", reason="limits on files are POSIX")
def test_a_full_disk_is_said_and_what_was_kept_stays(folder: Path) -> None:
    """The child may write files of 200 kB at most: a write beyond fails as on a full disk."""
    script = """
import resource, sys
from pathlib import Path
from medview.store.database import StoreError
from medview.store.study_store import StudyStore
from medview.store.entry import new_entry
store = StudyStore(Path(sys.argv[1]))
store.open()
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
kept = 0
try:
    for number in range(1000):
        store.write([new_entry("mark", f"m{number}", {"value": "x" * 1000}, series="1.2.3")])
        kept += 1
except StoreError as error:
    print(kept, error.code)
"""
    ran = subprocess.run(
        [sys.executable, "-P", "-c", script, str(folder)], capture_output=True, text=True, check=True, timeout=60
    )
    kept, code = ran.stdout.split()
    assert code == "store_full"
    assert int(kept) > 50
    store = StudyStore(folder)
    assert len(values(store)) == int(kept)
    store.write([mark("after", 1)])
    assert len(values(store)) == int(kept) + 1
    store.close()


def test_nobody_else_may_read_it(folder: Path) -> None:
    written(folder)
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
        files = [folder / "studies.sqlite", *(folder / "journal").iterdir()]
        assert [path.stat().st_mode & 0o077 for path in files] == [0, 0]


def test_encryption_can_be_put_under_it(folder: Path) -> None:
    """Everything that is written of the journal, and every connection, passes the key."""
    seen: list[str] = []

    class Swapped:
        def unlock(self, connection: sqlite3.Connection) -> None:
            seen.append(type(connection).__name__)

        def seal(self, line: bytes) -> bytes:
            return line.hex().encode()

        def unseal(self, line: bytes) -> bytes:
            return bytes.fromhex(line.decode())

    store = StudyStore(folder, Swapped())
    store.write([mark("secret", 1)])
    store.close()
    (journal,) = (folder / "journal").iterdir()
    assert b"secret" not in journal.read_bytes()
    assert seen == ["Connection"]
    (folder / "studies.sqlite").unlink()
    again = StudyStore(folder, Swapped())
    assert values(again) == {"secret": 1}
    again.close()


def test_a_backup_comes_back_and_never_replaces_newer_work(tmp_path: Path) -> None:
    store = StudyStore(tmp_path / "a")
    store.write([mark("kept", 1), mark("changed", "old"), mark("removed", 1)])
    made = backup(tmp_path / "b.zip", store)
    assert made.entries == 3
    store.write([mark("changed", "new"), mark("removed", None)])
    assert restore(tmp_path / "b.zip", store).entries == 0
    assert values(store) == {"kept": 1, "changed": "new", "removed": None}
    elsewhere = StudyStore(tmp_path / "c")
    assert restore(tmp_path / "b.zip", elsewhere).entries == 3
    assert values(elsewhere) == {"kept": 1, "changed": "old", "removed": 1}
    store.close()
    elsewhere.close()


@pytest.mark.parametrize("how", ["cut", "changed", "no backup", "climbs"])
def test_a_damaged_backup_brings_nothing_back(tmp_path: Path, how: str) -> None:
    store = StudyStore(tmp_path / "a")
    store.write([mark(f"m{number}", "x" * 500) for number in range(50)])
    source = tmp_path / "b.zip"
    backup(source, store)
    store.close()
    if how == "cut":
        source.write_bytes(source.read_bytes()[:-200])
    elif how == "no backup":
        source.write_bytes(b"hello")
    else:
        with zipfile.ZipFile(source) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        if how == "changed":
            held["journal.log"] = held["journal.log"].replace(b'"m1"', b'"m2"')
        else:
            held["backup.json"] = held["backup.json"].replace(b'"journal.log"', b'"results/../../x": "", "journal.log"')
        with zipfile.ZipFile(source, "w") as archive:
            for name, content in held.items():
                archive.writestr(name, content)
    elsewhere = StudyStore(tmp_path / "c")
    with pytest.raises(MedviewError) as caught:
        restore(source, elsewhere)
    assert caught.value.code == "backup_damaged"
    assert elsewhere.all_entries() == ()
    elsewhere.close()


def test_a_study_is_found_by_parts_of_what_is_known_of_it(folder: Path) -> None:
    store = StudyStore(folder)
    known = {
        "1": {"name": "Müller^Jörg", "date": "20240312", "description": "CT Thorax", "modalities": ["CT"]},
        "2": {
            "name": "Wang^XiaoDong=王^小东",
            "date": "20231101",
            "description": "MR Kopf 100%",
            "modalities": ["MR", "SR"],
        },
    }
    for subject, content in known.items():
        store.write([new_entry("study", subject, content)])

    def found(words: str) -> list[str]:
        return [study.key for study in store.recent(words)]

    assert found("") == ["2", "1"]
    assert found("muller thor") == ["1"]
    assert found("2024-03-12") == ["1"]
    assert found("小东") == ["2"]
    assert found("100%") == ["2"]
    assert found("sr mr") == ["2"]
    assert found("muller kopf") == []
    store.keep_thumbnail("1", b"png")
    store.write([new_entry("study", "1", known["1"])])
    assert [(study.key, study.thumbnail) for study in store.recent()] == [("1", b"png"), ("2", b"")]
    store.close()
    assert folded("ÉCOLE  Straße") == "ecole strasse"


def test_a_mark_comes_back_as_it_was() -> None:
    import json

    place = MeasurementPlace("s", "coronal", "", 0, 3, 1, 12.5, "1.5", (1.0, 2.0, 3.0), (0.5, 0, 0), (0, 0, -1.0))
    one = Measurement("2.25.1", "ellipse", place, ((1.5, 2.0), (3.0, 4.25)))
    content = json.loads(json.dumps(mark_content(one, ((1.0, 2.0, 3.0),))))
    assert mark_of("2.25.1", content) == one
    assert mark_of("2.25.1", {**content, "of a later version": 1}) == one
    for wrong in ({}, {**content, "kind": "star"}, {**content, "points": []}, {**content, "points": [[1]]}):
        with pytest.raises(ValueError):  # noqa: PT011
            mark_of("x", wrong)


def test_an_error_of_the_disk_is_one_that_a_reader_can_be_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = StudyStore(folder)
    store.open()

    def refuse(*_about: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(StoreError, match="No space left on device") as caught:
        store.write([mark("a", 1)])
    assert caught.value.code == "store_full"
    monkeypatch.undo()
    store.write([mark("a", 2)])
    assert values(store) == {"a": 2}
    store.close()
