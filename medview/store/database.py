"""The one place in which a connection to the study database is opened: key, safety, schema and its migrations."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from medview.core.problem import ExitCode, MedviewError
from medview.store.entry import StorageKey

APPLICATION_ID = 0x6D647677
"""What tells the file from other SQLite databases ("mdvw")."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE journal (id TEXT PRIMARY KEY, moment INTEGER NOT NULL, at TEXT NOT NULL, reader TEXT NOT NULL,
            kind TEXT NOT NULL, study TEXT NOT NULL, series TEXT NOT NULL, subject TEXT NOT NULL, content TEXT)""",
        "CREATE INDEX journal_subject ON journal (kind, subject, moment)",
        """CREATE TRIGGER journal_stays BEFORE UPDATE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
        """CREATE TRIGGER journal_is_whole BEFORE DELETE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
        """CREATE TABLE current (kind TEXT NOT NULL, subject TEXT NOT NULL, series TEXT NOT NULL, moment INTEGER NOT NULL,
            id TEXT NOT NULL, PRIMARY KEY (kind, subject)) WITHOUT ROWID""",
        "CREATE INDEX current_series ON current (series, kind)",
        "CREATE TABLE files (name TEXT PRIMARY KEY, read INTEGER NOT NULL) WITHOUT ROWID",
    ),
    (
        """CREATE TABLE studies (key TEXT PRIMARY KEY, opened INTEGER NOT NULL, content TEXT NOT NULL, words TEXT NOT NULL,
            thumbnail BLOB) WITHOUT ROWID""",
        "CREATE INDEX studies_opened ON studies (opened)",
    ),
)
"""The schema step by step; a step that was once released is never changed. The version is the count of steps taken."""

_CODES: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: ("store_locked", "is held by another program"),
    sqlite3.SQLITE_LOCKED: ("store_locked", "is held by another program"),
    sqlite3.SQLITE_FULL: ("store_full", "cannot grow: the disk is full"),
    sqlite3.SQLITE_READONLY: ("store_read_only", "can only be read"),
    sqlite3.SQLITE_PERM: ("store_read_only", "may not be written"),
    sqlite3.SQLITE_CANTOPEN: ("store_unreachable", "cannot be opened"),
    sqlite3.SQLITE_IOERR: ("store_unreachable", "cannot be read or written"),
    sqlite3.SQLITE_CORRUPT: ("store_damaged", "is damaged"),
    sqlite3.SQLITE_NOTADB: ("store_damaged", "is no database"),
}


class StoreError(MedviewError):
    """What is wrong with the study database; ``values`` are its path and the database's own words."""

    def __init__(self, code: str, what: str, path: Path, detail: str = "") -> None:
        text = f"The study database {path} {what}" + (f" ({detail})." if detail else ".")
        super().__init__(code, text, str(path), ExitCode.CANNOT_WRITE, (str(path), detail))


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into a `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        raw = getattr(error, "sqlite_errorcode", None)
        # Where there is no code: "file is not a database" and its like come from reading what is damaged.
        known = _CODES.get(raw & 0xFF) if isinstance(raw, int) else None
        code, what = known or ("store_damaged", "holds what it should not")
        raise StoreError(code, what, path, str(error)) from error


def open_database(path: Path | None, key: StorageKey, busy_s: float = 5.0) -> sqlite3.Connection:
    """A connection to the database at ``path`` (None: in memory), its schema brought up to date.

    Raises `StoreError`: ``store_newer`` where a newer medview wrote it, ``store_damaged``, ``store_locked`` after ``busy_s`` …
    """
    place = path or Path(":memory:")
    deadline = time.monotonic() + busy_s
    while True:
        try:
            return _open_once(path, place, key, busy_s)
        except StoreError as error:
            # SQLite does not wait where two windows turn the write-ahead log on together, or one recovers it.
            if error.code != "store_locked" or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _open_once(path: Path | None, place: Path, key: StorageKey, busy_s: float) -> sqlite3.Connection:
    with told(place):
        connection = sqlite3.connect(str(place), timeout=busy_s, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, place, key, path is None)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, key: StorageKey, in_memory: bool) -> None:
    key.unlock(connection)
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise StoreError("store_newer", f"was written by a newer medview (schema {version})", path)
    if version:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise StoreError("store_damaged", "is damaged", path, str(found).splitlines()[0])
    if not in_memory:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # KiB. Of 2 MB, which it has of its own accord, a day of reading fills all, for nothing.
    connection.execute("PRAGMA cache_size = -512")
    connection.execute("PRAGMA fullfsync = ON")
    migrate(connection)


def migrate(connection: sqlite3.Connection) -> None:
    """Take the steps that are missing, each whole or not at all; two windows that start together take each once."""
    while _version(connection) < len(MIGRATIONS):
        with writing(connection):
            version = _version(connection)
            if version >= len(MIGRATIONS):
                return
            for statement in MIGRATIONS[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {version + 1}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextlib.contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction: all of it is on the disk when this ends, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
