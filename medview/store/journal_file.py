"""The journal on disk: append-only files of checksummed lines, flushed to the disk before a mark counts as kept.

A file for each month and computer. Appending with O_APPEND in one write keeps the lines of several windows apart.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from medview.files.flushed import flush, flush_folder
from medview.store.entry import Entry, StorageKey, from_line, to_line

ENDING = ".log"
LARGEST_PIECE = 64 << 20
"""Bytes of a file that are read at a time."""


def journal_files(folder: Path) -> tuple[Path, ...]:
    """The files of a journal, oldest first; empty where there is none."""
    try:
        return tuple(sorted(path for path in folder.iterdir() if path.suffix == ENDING and path.is_file()))
    except OSError:
        return ()


def file_of_now(folder: Path) -> Path:
    """The file that is written now."""
    host = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
    return folder / f"{datetime.now().astimezone():%Y-%m}-{host}{ENDING}"


def append(folder: Path, entries: Sequence[Entry], key: StorageKey) -> None:
    """Write entries and wait until the disk has them. Raises OSError; then nothing of them counts as written."""
    path = file_of_now(folder)
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        left = memoryview(b"".join(to_line(entry, key) for entry in entries))
        while left:
            left = left[os.write(handle, left) :]
        flush(handle)
    finally:
        os.close(handle)
    if new:
        flush_folder(folder)


def read_from(path: Path, start: int, key: StorageKey) -> tuple[list[Entry], int, int]:
    """(entries, where to go on, torn lines) of a file from byte ``start``; a line without its end is left for later.

    Raises OSError.
    """
    entries: list[Entry] = []
    torn = 0
    with path.open("rb") as file:
        file.seek(start)
        while piece := file.read(LARGEST_PIECE):
            end = piece.rfind(b"\n") + 1
            if not end:
                if len(piece) < LARGEST_PIECE:
                    break
                end = len(piece)  # no line of ours is that long
            for line in piece[:end].split(b"\n"):
                if line:
                    entry = from_line(line, key)
                    if entry is None:
                        torn += 1
                    else:
                        entries.append(entry)
            start += end
            file.seek(start)
    return entries, start, torn
