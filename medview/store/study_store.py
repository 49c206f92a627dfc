"""Everything that medview keeps about studies, behind one narrow interface: marks, decisions, what was opened.

The journal's files are the truth; the database is made from them and only from them, so that it can be made again. An entry
counts as kept when it is in a journal file that has been flushed to the disk. All calls block, and come one after the other: in a
window they are made in the keeping lane, which has one thread.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from medview.core.folders import private_folder, user_folder
from medview.core.problem import Note
from medview.files.flushed import flush_folder
from medview.store import journal_file
from medview.store.database import StoreError, open_database, told, writing
from medview.store.entry import Clock, Entry, NoKey, StorageKey
from medview.store.one_at_a_time import one_at_a_time

DATABASE = "studies.sqlite"
JOURNAL = "journal"
LOCK = "opening.lock"
_SET_ASIDE = frozenset({"store_damaged", "store_newer"})


def store_folder() -> Path:
    """Where the database and the journal are."""
    return user_folder() / "studies"


@dataclass(frozen=True, slots=True)
class RecentStudy:
    """A study that was opened; ``content`` as its entry says, ``thumbnail`` PNG or b""."""

    key: str
    opened: int
    """µs since 1970."""
    content: Mapping[str, Any]
    thumbnail: bytes


class StudyStore:
    """The store of one user. ``notes`` tell what had to be done to open it; nothing is opened before the first call."""

    def __init__(self, folder: Path | None = None, key: StorageKey | None = None, busy_s: float = 5.0) -> None:
        self.folder = folder or store_folder()
        self.clock = Clock()
        self.in_memory = False
        """Whether nothing can be written here: what is made now is gone with the process."""
        self.notes: list[Note] = []
        self._key = key or NoKey()
        self._busy_s = busy_s
        self._connection: sqlite3.Connection | None = None
        self._seen_version: int | None = None

    @property
    def database_path(self) -> Path:
        """The database's file."""
        return self.folder / DATABASE

    @property
    def journal_folder(self) -> Path:
        """Where the journal's files are."""
        return self.folder / JOURNAL

    # ------------------------------------------------------------------ writing

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep entries; when this returns they are on the disk.

        Raises `StoreError` where they are not. A database that cannot take what the journal has taken gives a note, not an
        error: it catches up when it can be written again.
        """
        if not entries:
            return
        fault: StoreError | None = None
        try:
            self._open()
        except StoreError as error:
            if error.code != "store_locked":
                raise
            fault = error
        # Stamped here, where the newest moment of all windows is known, not where the hand made the mark.
        entries = [entry if entry.moment else replace(entry, moment=self.clock.next()) for entry in entries]
        if self.in_memory:
            with told(self.database_path), writing(self._connected):
                self._insert(entries)
            return
        try:
            journal_file.append(self.journal_folder, entries, self._key)
        except OSError as error:
            raise _write_fault(error, self.journal_folder) from error
        try:
            if fault is not None:
                raise fault
            self._catch_up()
        except StoreError as error:
            self._recover(error)

    def _recover(self, error: StoreError) -> None:
        """The journal has everything; the database is made again where it is damaged, else it catches up later."""
        if error.code in {"store_locked", "store_full"}:
            self.notes.append(Note(error.code, error.text, error.values))
            return
        self._drop_connection()
        self._open_or_rebuild()

    # ------------------------------------------------------------------ reading

    def current(self, series: Iterable[str], kinds: Sequence[str]) -> tuple[Entry, ...]:
        """What holds for series, in the order in which it was made; removed subjects with ``content`` None."""
        found: list[Entry] = []
        with told(self.database_path):
            self._open()
            with contextlib.suppress(StoreError):
                self._catch_up()  # what another window wrote while the database was held
            self._seen_version = self._data_version()
            for one in series:
                found += self._of_series(one, json.dumps(list(kinds)))
        return tuple(sorted(found, key=lambda entry: entry.moment))

    def changed_elsewhere(self) -> bool:
        """Whether another window has written since `current` was asked last; costs next to nothing where it has not."""
        with told(self.database_path):
            self._open()
            return self._seen_version is not None and self._data_version() != self._seen_version

    def _data_version(self) -> int:
        """Grows when another connection changes the database (SQLite, PRAGMA data_version), never by what this one writes."""
        return int(self._connected.execute("PRAGMA data_version").fetchone()[0])

    def _of_series(self, series: str, kinds: str) -> list[Entry]:
        """All as one row: after each row a thread asks for the interpreter again, and waits while the window paints."""
        which = """FROM current JOIN journal ON journal.id = current.id
            WHERE current.series = ? AND current.kind IN (SELECT value FROM json_each(?))"""
        try:
            heads, contents = self._connected.execute(
                f"""SELECT json_group_array(json_array(journal.id, journal.moment, at, reader, journal.kind, study,
                journal.series, journal.subject)), group_concat(coalesce(content, 'null')) {which}""",
                (series, kinds),
            ).fetchone()
        except sqlite3.DataError:  # more than SQLite puts into one text
            rows = self._connected.execute(f"SELECT journal.* {which}", (series, kinds))
            return [_entry(row) for row in rows]
        lines = zip(json.loads(heads), json.loads(f"[{contents or ''}]"), strict=True)
        return [Entry(*(*head, content)) for head, content in lines]

    def history(self, kind: str, subject: str) -> tuple[Entry, ...]:
        """Everything that happened to a subject, oldest first."""
        with told(self.database_path):
            self._open()
            rows = self._connected.execute(
                "SELECT * FROM journal WHERE kind = ? AND subject = ? ORDER BY moment, id", (kind, subject)
            )
            return tuple(_entry(row) for row in rows)

    def recent(self, words: str = "", limit: int = 200) -> tuple[RecentStudy, ...]:
        """Studies that were opened, newest first, that have all of the words (or parts of words) in what is known of them."""
        with told(self.database_path):
            self._open()
            rows = self._connected.execute(
                """SELECT key, opened, content, thumbnail FROM studies
                WHERE NOT EXISTS (SELECT 1 FROM json_each(?) WHERE instr(words, value) = 0) ORDER BY opened DESC LIMIT ?""",
                (json.dumps(folded(words).split()), limit),
            )
            return tuple(RecentStudy(row[0], row[1], json.loads(row[2]), row[3] or b"") for row in rows)

    def opened(self, study_uid: str) -> tuple[RecentStudy, ...]:
        """Studies of this UID that were opened, newest first (of different patients they are different ones)."""
        with told(self.database_path):
            self._open()
            rows = self._connected.execute(
                """SELECT key, opened, content, thumbnail FROM studies WHERE json_extract(content, '$.study_uid') = ?
                ORDER BY opened DESC""",
                (study_uid,),
            )
            return tuple(RecentStudy(row[0], row[1], json.loads(row[2]), row[3] or b"") for row in rows)

    def keep_thumbnail(self, key: str, picture: bytes) -> None:
        """The picture of a study in the list; it is in the database only, and made again when the study is opened."""
        with told(self.database_path):
            self._open()
            with writing(self._connected):
                self._connected.execute("UPDATE studies SET thumbnail = ? WHERE key = ?", (picture, key))

    def all_entries(self) -> tuple[Entry, ...]:
        """The whole journal, oldest first."""
        with told(self.database_path):
            self._open()
            rows = self._connected.execute("SELECT * FROM journal ORDER BY moment, id")
            return tuple(_entry(row) for row in rows)

    def known_ids(self) -> frozenset[str]:
        """Ids of all entries."""
        with told(self.database_path):
            self._open()
            return frozenset(row[0] for row in self._connected.execute("SELECT id FROM journal"))

    def close(self) -> None:
        """Close the database; it opens again with the next call."""
        self._drop_connection()

    # ------------------------------------------------------------------ opening

    @property
    def _connected(self) -> sqlite3.Connection:
        assert self._connection is not None
        return self._connection

    def _open(self) -> None:
        if self._connection is None:
            self._open_or_rebuild()

    def open(self) -> None:
        """Open the database now. Raises `StoreError` where it is held by another program."""
        self._open()

    def _open_or_rebuild(self) -> None:
        try:
            self._make_folders()
            if not os.access(self.journal_folder, os.W_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            self._open_in_memory()
            self.in_memory = True
            why = error.strerror or str(error)
            text = f"Nothing can be written to {self.folder} ({why}): marks are lost when medview is closed."
            self.notes.append(Note("marks_in_memory", text, (str(self.folder), why)))
            return
        # Two windows that find a damaged database together must not both set it aside: the second the new one of the first.
        with one_at_a_time(self.folder / LOCK, 4 * self._busy_s):
            try:
                self._open_file()
            except StoreError as error:
                if error.code == "store_locked":
                    raise
                if error.code not in _SET_ASIDE or not self._made_again(error):
                    # The journal can be written, so nothing is lost; the database is made in memory for this time.
                    self.notes.append(Note(error.code, error.text, error.values))
                    self._open_in_memory()

    def _made_again(self, error: StoreError) -> bool:
        """Set the database aside and make it again from the journal; False where that cannot be done now."""
        try:
            aside = self._set_aside("newer" if error.code == "store_newer" else "damaged")
            self._open_file()
        except (StoreError, OSError):
            self._drop_connection()
            return False
        text = f"{error.text} It was set aside as {aside.name} and made again from the journal."
        self.notes.append(Note(f"{error.code}_rebuilt", text, (str(self.database_path), aside.name)))
        return True

    def _make_folders(self) -> None:
        for folder in (self.folder, self.journal_folder):
            is_new = not folder.is_dir()
            private_folder(folder)
            if is_new:
                flush_folder(folder.parent)

    def _open_file(self) -> None:
        with contextlib.suppress(OSError):
            # SQLite gives its write-ahead log the mode that the database has when it is opened.
            os.close(os.open(self.database_path, os.O_RDWR | os.O_CREAT, 0o600))
            self.database_path.chmod(0o600)
        self._connection = open_database(self.database_path, self._key, self._busy_s)
        try:
            self._catch_up()
        except StoreError as error:
            if error.code == "store_locked":
                self.notes.append(Note(error.code, error.text, error.values))
                return
            self._drop_connection()
            raise

    def _open_in_memory(self) -> None:
        """Make the database in memory, from what can be read of the journal."""
        self._connection = open_database(None, self._key)
        self._catch_up()

    def _set_aside(self, word: str) -> Path:
        """Rename the database and what belongs to it under today's date. Raises OSError."""
        self._drop_connection()
        stem = f"{self.database_path.stem}-{word}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
        names = (f"{stem}{f'-{number}' if number else ''}.sqlite" for number in range(10_000))
        aside = next(path for path in (self.folder / name for name in names) if not path.exists())
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.database_path.with_name(DATABASE + ending).replace(aside.with_name(aside.name + ending))
        flush_folder(self.folder)
        return aside

    def _drop_connection(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
            self._seen_version = None

    # ------------------------------------------------------------------ from the journal into the database

    def _catch_up(self) -> None:
        """Take over what the journal's files have beyond what the database knows of them."""
        with told(self.database_path):
            known = dict(self._connected.execute("SELECT name, read FROM files"))
            grown = [
                path
                for path in journal_file.journal_files(self.journal_folder)
                if _size(path) > known.get(path.name, 0)
            ]
            if not grown:
                self._see_newest()
                return
            with writing(self._connected):
                for path in grown:
                    row = self._connected.execute("SELECT read FROM files WHERE name = ?", (path.name,)).fetchone()
                    try:
                        entries, end, _torn = journal_file.read_from(path, row[0] if row else 0, self._key)
                    except OSError:
                        continue  # gone, or not to be read now; the next time
                    self._insert(entries)
                    self._connected.execute(
                        "INSERT INTO files VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET read = excluded.read",
                        (path.name, end),
                    )
            self._see_newest()

    def _see_newest(self) -> None:
        newest = self._connected.execute("SELECT MAX(moment) FROM current").fetchone()[0]
        self.clock.see(newest or 0)

    def _insert(self, entries: Iterable[Entry]) -> None:
        """Insert entries that are not there yet; what holds is the newest of each subject, in whatever order they come."""
        execute = self._connected.execute
        for entry in entries:
            content = None if entry.content is None else json.dumps(entry.content, separators=(",", ":"))
            new = execute(
                "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (entry.id, entry.moment, entry.at, entry.reader, entry.kind, entry.study, entry.series, entry.subject,
                 content),
            ).rowcount  # fmt: skip
            if not new or entry.kind == "step":
                continue
            execute(
                """INSERT INTO current (kind, subject, series, moment, id) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (kind, subject) DO UPDATE SET series = excluded.series, moment = excluded.moment,
                id = excluded.id WHERE (excluded.moment, excluded.id) > (current.moment, current.id)""",
                (entry.kind, entry.subject, entry.series, entry.moment, entry.id),
            )
            if entry.kind == "study" and entry.content is not None:
                execute(
                    """INSERT INTO studies (key, opened, content, words) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE
                    SET opened = excluded.opened, content = excluded.content, words = excluded.words
                    WHERE excluded.opened > studies.opened""",
                    (entry.subject, entry.moment, content, _words_of(entry.content)),
                )


def folded(text: str) -> str:
    """A text as it is searched: without case, accents, and the marks between the parts of a name or a date."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join("".join(" " if one in "^=,;" else "" if one in "-./:" else one for one in kept).split())


def _words_of(content: Mapping[str, Any]) -> str:
    said = (value for value in content.values() if isinstance(value, str))
    lists = (word for value in content.values() if isinstance(value, list) for word in value if isinstance(word, str))
    return folded(" ".join((*said, *lists)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _entry(row: tuple[Any, ...]) -> Entry:
    id_, moment, at, reader, kind, study, series, subject, content = row
    return Entry(
        id_, moment, at, reader, kind, study, series, subject, None if content is None else json.loads(content)
    )


def _write_fault(error: OSError, path: Path) -> StoreError:
    import errno

    detail = error.strerror or str(error)
    if error.errno in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}:
        return StoreError("store_full", "cannot grow: the disk is full", path, detail)
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return StoreError("store_read_only", "can only be read", path, detail)
    return StoreError("store_unreachable", "cannot be written", path, detail)
