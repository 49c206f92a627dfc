"""Which files a scan looks at, one after the other: folders, links, media directories, archives; each once, pipes never."""

# A folder may hold 100,000 files: paths stay strings.
# ruff: noqa: PTH116, PTH119, PTH120
from __future__ import annotations

import itertools
import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from medview.core.problem import MedviewError, Problem
from medview.files.byte_source import OPEN_FLAGS

UNFINISHED = ".medview-"
"""What medview itself is writing, or was when it was killed: no part of a study (files/left_overs.py)."""

ARCHIVE_ENDINGS = (".zip", ".tar", ".tgz", ".gz")
"""Names of files in folders that are looked into when all others have been read; a file named itself may be called anything."""
NOT_ARCHIVES = (".nii.gz", ".img.gz", ".hdr.gz", ".svg.gz")
FIRST_ENTRIES, FIRST_GIVEN = 512, 16
"""A folder of 100,000 files gives the first ones of so many that the system lists first; listing all takes 0.1 s and more."""
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(slots=True)
class _Listing:
    """Entries of a folder that are still to be looked at, in the order of their names, and its folders so far."""

    folder: str
    names: list[str]
    entries: dict[str, os.DirEntry[str]]
    at: int = 0
    folders: list[str] = field(default_factory=list)
    follow: bool = True
    rest: Any = None
    """What a large folder still has to list; asked for when the first files have been given out."""


@dataclass(slots=True)
class _Given:
    """A path that the scan was asked for."""

    path: str


@dataclass(slots=True)
class _Folder:
    path: str
    follow: bool = True
    """Whether links are followed: behind a media directory, none may lead out of the medium."""


@dataclass(slots=True)
class _Archive:
    path: str
    members: Iterator[object] | None = None


@dataclass(slots=True)
class _Files:
    """Files that a media directory lists."""

    paths: list[str]


_Step = _Listing | _Given | _Folder | _Archive | _Files


class FileWalk:
    """The regular files to read. A call that hangs in the system can be left behind by :meth:`successor`."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._steps: list[_Step] = [_Given(path) for path in reversed(paths)]
        self._archives: list[str] = []
        self._named = set(paths)
        self._seen_folders: set[tuple[int, int]] = set()
        self.taken: set[str] = set()
        """All files that were given out."""
        self.problems: list[Problem] = []
        self.not_files: list[str] = []
        """What is neither a file nor a folder (a pipe, a device): named, never opened."""
        self.directories: set[str] = set()
        """Media directories that were followed."""
        self.extra_files = 0
        """Media directories: looked at, but not given out."""
        self.at: tuple[str, float] | None = None
        """What the system is being asked for, and since when (monotonic); None between two calls."""

    def next(self) -> str | None:
        """The next file, None when there is none."""
        while self._steps or self._archives:
            if not self._steps:
                self._steps.append(_Archive(self._archives.pop(0)))
            step = self._steps[-1]
            found = None
            if isinstance(step, _Listing):
                found = self._next_entry(step)
            elif isinstance(step, _Archive):
                found = self._next_member(step)
            elif isinstance(step, _Files) and step.paths:
                found = step.paths.pop(0)
            else:
                self._steps.pop()
                if isinstance(step, _Given):
                    found = self._begin(step.path)
                elif isinstance(step, _Folder):
                    self._list(step)
            if found is not None and found not in self.taken:
                self.taken.add(found)
                return found
        return None

    def look_into(self, path: str) -> bool:
        """Told of a file that is no DICOM: whether it is an archive, whose members then come (those of folders last)."""
        lower = path.lower()
        if path not in self._named and (not lower.endswith(ARCHIVE_ENDINGS) or lower.endswith(NOT_ARCHIVES)):
            return False
        if lower.endswith(NOT_ARCHIVES):
            return False
        from medview.files.archive import archive_kind, split_member

        self._asking(path)
        try:
            kind = archive_kind(path)
        except OSError:
            if split_member(path) is None:
                return False
            self._nested(path)
            return True
        if kind is not None:
            self._archives.append(path)
        return kind is not None

    def close(self) -> None:
        """End listings that were begun."""
        for step in self._steps:
            if isinstance(step, _Listing) and step.rest is not None:
                step.rest.close()

    def successor(self) -> FileWalk:
        """The walk without the call that hangs; the old one, should it ever wake, changes nothing of this one."""
        other = FileWalk(())
        other._steps = [
            _Listing(s.folder, list(s.names), dict(s.entries), s.at, list(s.folders), s.follow, s.rest)
            if isinstance(s, _Listing)
            else _Files(list(s.paths))
            if isinstance(s, _Files)
            else s
            for s in self._steps
        ]
        stuck = self.at[0] if self.at is not None else None
        other._steps = [s for s in other._steps if not (isinstance(s, _Archive) and s.path == stuck)]
        other._archives = list(self._archives)
        other._named, other._seen_folders, other.taken = self._named, set(self._seen_folders), set(self.taken)
        other.not_files = list(self.not_files)
        other.problems, other.directories, other.extra_files = (
            list(self.problems),
            set(self.directories),
            self.extra_files,
        )
        return other

    def _asking(self, path: str) -> None:
        self.at = (path, time.monotonic())

    def _begin(self, path: str) -> str | None:
        self._asking(path)
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as error:
            from medview.files.archive import split_member

            if split_member(path) is not None:  # a file inside an archive
                return path
            self.problems.append(unreadable(path, error))
            return None
        if stat.S_ISDIR(mode):
            self._steps.append(_Folder(path))
            return None
        if not stat.S_ISREG(mode):
            self.problems.append(
                Problem(path, "not_a_file", f"{path} is neither a file nor a folder; it was not opened.")
            )
            return None
        if not is_directory_file(path):
            return path
        if path not in self.taken:
            self.taken.add(path)
            self.extra_files += 1
            from medview.dicom.dicomdir import referenced_files

            self.directories.add(path)
            files, problems = referenced_files(path)
            self.problems.extend(problems)
            if files:  # and what lies beside them on the medium without being listed
                self._steps.append(_Folder(os.path.dirname(path) or ".", follow=False))
            self._steps.append(_Files(files))
        return None

    def _list(self, folder: _Folder) -> None:
        self._asking(folder.path)
        try:
            status = os.stat(folder.path)
            identity = (status.st_dev, status.st_ino)
            if identity in self._seen_folders and identity != (0, 0):
                return
            self._seen_folders.add(identity)
            entries = os.scandir(folder.path)
            known = {entry.name: entry for entry in itertools.islice(entries, FIRST_ENTRIES)}
        except OSError as error:
            self.problems.append(unreadable(folder.path, error, is_folder=True))
            return
        rest = entries if len(known) == FIRST_ENTRIES else None
        self._steps.append(_Listing(folder.path, sorted(known), known, follow=folder.follow, rest=rest))

    def _list_rest(self, listing: _Listing) -> None:
        """List what a large folder has beyond its first entries; what was given out is not given again."""
        self._asking(listing.folder)
        rest, listing.rest = listing.rest, None
        try:
            with rest:
                listing.entries.update((entry.name, entry) for entry in rest)
        except OSError as error:
            self.problems.append(unreadable(listing.folder, error, is_folder=True))
        listing.names, listing.at = sorted(listing.entries), 0

    def _next_entry(self, listing: _Listing) -> str | None:
        """The next file of a folder; when there is none more, its folders come."""
        while listing.at < len(listing.names) or listing.rest is not None:
            if listing.rest is not None and listing.at >= min(FIRST_GIVEN, len(listing.names)):
                self._list_rest(listing)
                continue
            entry = listing.entries.pop(listing.names[listing.at])
            listing.at += 1
            if entry.name.startswith(UNFINISHED):
                continue
            path = entry.path
            self._asking(path)
            try:
                if entry.is_file(follow_symlinks=listing.follow):
                    return path if listing.folder != "." else path.removeprefix("./")
                if entry.is_dir(follow_symlinks=listing.follow):
                    listing.folders.append(path)
                elif not entry.is_symlink():
                    self.not_files.append(path)
                elif listing.follow:
                    os.stat(path)  # a link to nothing says so
                    self.not_files.append(path)
            except OSError as error:
                self.problems.append(unreadable(path, error))
        self._steps.pop()
        self._steps.extend(_Folder(path, listing.follow) for path in reversed(listing.folders))
        return None

    def _next_member(self, step: _Archive) -> str | None:
        from medview.files.archive import Member, members

        self._asking(step.path)
        try:
            if step.members is None:
                step.members = members(step.path)
            found = next(step.members, None)
        except OSError as error:
            self.problems.append(unreadable(step.path, error))
            found = None
        except MedviewError as error:
            self.problems.append(Problem(error.path or step.path, error.code, error.text, values=error.values))
            found = None
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        if isinstance(found, Member):
            return found.path
        self._steps.remove(step)
        return None

    def _nested(self, path: str) -> None:
        self.problems.append(
            Problem(path, "nested_archive", f"{path} is an archive inside an archive; unpack the outer one to open it.")
        )


def is_directory_file(path: str) -> bool:
    """Whether a file is a DICOMDIR, by its name or its SOP class."""
    if os.path.basename(path).upper().split(";")[0].startswith("DICOMDIR"):
        return True
    try:
        descriptor = os.open(path, OPEN_FLAGS)
        try:
            begin = os.read(descriptor, 1024)
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return begin[128:132] == b"DICM" and MEDIA_DIRECTORY.encode() in begin[:400]


def unreadable(path: str, error: Exception, is_folder: bool = False) -> Problem:
    """The Problem of a file or folder that the system does not give."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    code = "unreadable_folder" if is_folder else "unreadable_file"
    return Problem(path, code, f"{path} cannot be read: {reason}.", values=(reason,))
