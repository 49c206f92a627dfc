"""One line of the journal: who did what to what and when. The newest entry on a subject is what holds."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

EntryKind = Literal["mark", "decision", "pixels", "step", "study"]
"""A reader's mark, a decision on a finding, the hash of a marked frame, a step of the undo stack, a study that was opened.
Kinds that a newer medview writes are kept as they are."""

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """``content`` is what holds from now on, None: removed.

    ``moment`` (µs) orders entries, also across windows; 0 until the store stamps it.
    """

    id: str
    moment: int
    at: str
    """ISO 8601 with offset."""
    reader: str
    kind: str
    study: str
    series: str
    subject: str
    content: Mapping[str, Any] | None


class Clock:
    """Moments that only grow, whatever the computer's clock does."""

    def __init__(self) -> None:
        self._last = 0

    def see(self, moment: int) -> None:
        """Moments given from now on are later than this one."""
        self._last = max(self._last, moment)

    def next(self) -> int:
        """A moment later than all before."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return self._last


def new_entry(
    kind: EntryKind,
    subject: str,
    content: Mapping[str, Any] | None,
    *,
    reader: str = "",
    study: str = "",
    series: str = "",
) -> Entry:
    """An entry made now; the store gives it its moment."""
    at = datetime.now().astimezone().isoformat(timespec="milliseconds")
    return Entry(uuid.uuid4().hex, 0, at, reader, kind, study, series, subject, content)


class StorageKey(Protocol):
    """Where encryption at rest comes in: everything that is written or opened by the store passes here."""

    def unlock(self, connection: Any) -> None:
        """Make a new connection able to read its database."""

    def seal(self, line: bytes) -> bytes:
        """What is written of a journal line; without line ends."""

    def unseal(self, line: bytes) -> bytes:
        """The journal line that was sealed; raises ValueError where it is none."""


class NoKey:
    """Everything as it is; the user's folder is closed to others by its mode."""

    def unlock(self, connection: Any) -> None:
        """Nothing to do."""

    def seal(self, line: bytes) -> bytes:
        """As it is."""
        return line

    def unseal(self, line: bytes) -> bytes:
        """As it is."""
        return line


def to_line(entry: Entry, key: StorageKey) -> bytes:
    """A line with its checksum and an end before and after it, so that a torn line never takes the next one with it."""
    content = {"format": FORMAT, **asdict(entry)}
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Lone surrogates (file names that are no text) cannot be written as UTF-8; JSON escapes them.
    try:
        sealed = key.seal(text.encode())
    except UnicodeEncodeError:
        sealed = key.seal(json.dumps(content, allow_nan=False, separators=(",", ":")).encode())
    return b"\n" + _checksum(sealed) + b" " + sealed + b"\n"


def from_line(line: bytes, key: StorageKey) -> Entry | None:
    """The entry of a line; None for one that was torn."""
    checksum, _, sealed = line.partition(b" ")
    if _checksum(sealed) != checksum:
        return None
    try:
        content = json.loads(key.unseal(sealed))
        values = {name: content[name] for name in Entry.__dataclass_fields__}
        entry = Entry(**values)
    except (ValueError, KeyError, TypeError):
        return None
    return entry


def digest_of(text: str) -> str:
    """SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _checksum(sealed: bytes) -> bytes:
    return hashlib.blake2b(sealed, digest_size=8).hexdigest().encode()
