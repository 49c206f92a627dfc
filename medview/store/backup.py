"""Backup and restore of what a user made: a zip of the journal and kept results, with checksums.

The database is not in it: it is made from the journal. Restoring adds to what is there; the newest entry on a subject holds,
so an old backup never takes the place of newer work.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from medview.core.folders import private_folder, user_folder
from medview.core.problem import ExitCode, MedviewError
from medview.files.replaced_file import own_file
from medview.store.entry import Entry, NoKey, StorageKey, from_line, to_line
from medview.store.study_store import StudyStore

FORMAT = 1
_JOURNAL = "journal.log"
_MANIFEST = "backup.json"
_RESULTS = "results"
LARGEST_FILE = 8 << 30


@dataclass(frozen=True, slots=True)
class Counted:
    """What went into a backup, or came new out of one."""

    entries: int
    results: int


def backup(target: Path, store: StudyStore, key: StorageKey | None = None) -> Counted:
    """Write everything into the zip ``target``, whole or not at all. Raises MedviewError ``cannot_write`` or `StoreError`."""
    key = key or NoKey()
    entries = store.all_entries()
    results = sorted(_results())
    lines = b"".join(to_line(entry, key) for entry in entries)
    checksums = {_JOURNAL: hashlib.sha256(lines).hexdigest()}
    try:
        with own_file(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_JOURNAL, lines)
            for inside, path in results:
                checksums[inside] = _sha256(path)
                archive.write(path, inside, zipfile.ZIP_STORED)  # these are zips already
            content = {"format": FORMAT, "made": datetime.now().astimezone().isoformat(timespec="seconds"),
                       "sha256": checksums}  # fmt: skip
            archive.writestr(_MANIFEST, json.dumps(content, indent=1))
    except OSError as error:
        text = f"The backup could not be written to {target}: {error.strerror or error}."
        raise MedviewError("cannot_write", text, str(target), ExitCode.CANNOT_WRITE) from error
    return Counted(len(entries), len(results))


def restore(source: Path, store: StudyStore, key: StorageKey | None = None) -> Counted:
    """Add what a backup holds and is not here. Everything is checked before anything is written.

    Raises MedviewError ``backup_damaged`` or ``cannot_read``, or `StoreError`.
    """
    key = key or NoKey()
    try:
        with zipfile.ZipFile(source) as archive:
            names = _checked(archive, source)
            read = [from_line(line, key) for line in archive.read(_JOURNAL).split(b"\n") if line]
            if None in read:
                raise _damaged(source, "a line of its journal cannot be read")
            known = store.known_ids()
            new = [entry for entry in read if isinstance(entry, Entry) and entry.id not in known]
            store.write(new)
            count = 0
            for name in names:
                count += _bring_back(archive, name)
    except OSError as error:
        text = f"{source} cannot be read: {error.strerror or error}."
        raise MedviewError("cannot_read", text, str(source)) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(source, str(error)) from error
    return Counted(len(new), count)


def _checked(archive: zipfile.ZipFile, source: Path) -> list[str]:
    """Names of the results in a backup whose checksums all agree."""
    try:
        content = json.loads(archive.read(_MANIFEST))
        form, checksums = content["format"], dict(content["sha256"])
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(source, "it is no backup of medview") from error
    if form != FORMAT:
        raise _damaged(source, f"it was written by another version (format {form})")
    for name, checksum in checksums.items():
        inside = PurePosixPath(name)
        if name != _JOURNAL and (inside.is_absolute() or ".." in inside.parts or inside.parts[0] != _RESULTS):
            raise _damaged(source, f"it holds a file with the name {name!r}")
        try:
            if archive.getinfo(name).file_size > LARGEST_FILE:
                raise _damaged(source, f"{name} is too large")
            digest = hashlib.sha256()
            with archive.open(name) as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
        except KeyError as error:
            raise _damaged(source, f"{name} is missing") from error
        if digest.hexdigest() != checksum:
            raise _damaged(source, f"{name} is not what was written")
    if _JOURNAL not in checksums:
        raise _damaged(source, "it has no journal")
    return [name for name in checksums if name != _JOURNAL]


def _bring_back(archive: zipfile.ZipFile, name: str) -> bool:
    """Write a result beside its place and rename it; False where there is one already."""
    target = user_folder().joinpath(*PurePosixPath(name).parts)
    if target.exists():
        return False
    private_folder(target.parent)
    with own_file(target) as file, archive.open(name) as piece:
        shutil.copyfileobj(piece, file, 1 << 20)
    return True


def _results() -> Iterator[tuple[str, Path]]:
    from medview.store.results import ENDING

    root = user_folder()
    for path in (root / _RESULTS).glob(f"*/*{ENDING}"):
        yield path.relative_to(root).as_posix(), path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(source: Path, why: str) -> MedviewError:
    return MedviewError("backup_damaged", f"{source} cannot be restored: {why}.", str(source), values=(why,))
