"""Finding DICOM objects below paths: headers and problems in batches, while the first image is already on its way."""

# A folder may hold 100,000 files: paths stay strings.
# ruff: noqa: PTH116, PTH119, PTH121, PTH122, PTH123
from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from medview.core.problem import MedviewError, Problem
from medview.core.progress import Progress
from medview.dicom.file_start import BrokenElements, NotDicom
from medview.dicom.header import InstanceHeader
from medview.dicom.header_reader import HeaderReader

FIRST_BATCH_FILES = 16
FIRST_BATCH_SECONDS = 0.03
LARGEST_BATCH_FILES = 1024
DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".ima", ".dic"})
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"


@dataclass(frozen=True, slots=True)
class ScanBatch:
    """What a part of the scan found. ``not_dicom``: files for other rooms to try."""

    headers: tuple[InstanceHeader, ...] = ()
    problems: tuple[Problem, ...] = ()
    files_seen: int = 0
    not_dicom: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    headers: list[InstanceHeader] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    not_dicom: list[str] = field(default_factory=list)
    files: int = 0

    def take(self) -> ScanBatch:
        batch = ScanBatch(tuple(self.headers), tuple(self.problems), self.files, tuple(self.not_dicom))
        self.headers, self.problems, self.not_dicom, self.files = [], [], [], 0
        return batch


def scan_paths(paths: Sequence[str], progress: Progress) -> Iterator[ScanBatch]:
    """Read the headers of all DICOM objects in files and folders (recursively, in the order of their names).

    The first batch comes after a few files, later ones are larger. A file is read once however many paths, links or
    directory records lead to it. Never raises for a file; :class:`Cancelled` comes from ``progress``.
    """
    found = _Found()
    reader = HeaderReader()
    copies: dict[str, InstanceHeader] = {}
    limit, pause = FIRST_BATCH_FILES, FIRST_BATCH_SECONDS
    total = 0
    started = time.monotonic()
    for path in _files(paths, found):
        _read_one(path, reader, found, copies)
        total += 1
        if found.files >= limit or (not total % 8 and time.monotonic() - started > pause):
            progress("scan", total, 0)
            yield found.take()
            limit, pause, started = min(limit * 2, LARGEST_BATCH_FILES), 0.1, time.monotonic()
        elif not total % 16:
            progress("scan", total, 0)
    progress("scan", total, total)
    yield found.take()


def _files(paths: Sequence[str], found: _Found) -> Iterator[str]:
    """Every regular file once."""
    seen: set[tuple[int, int]] = set()
    given: set[str] = set()
    single = len(paths) == 1
    for path in paths:
        try:
            status = os.stat(path)
        except OSError as error:
            found.problems.append(_unreadable(path, error))
            continue
        if stat.S_ISDIR(status.st_mode):
            for each in _walk(path, seen, found):
                if single or each not in given:
                    given.add(each) if not single else None
                    yield each
        elif not stat.S_ISREG(status.st_mode):
            found.problems.append(
                Problem(path, "not_a_file", f"{path} is neither a file nor a folder; it was not opened.")
            )
        elif path not in given:
            given.add(path)
            if _is_directory_file(path):
                found.files += 1
                from medview.dicom.dicomdir import referenced_files

                files, problems = referenced_files(path)
                found.problems.extend(problems)
                for each in files:
                    if each not in given:
                        given.add(each)
                        yield each
            else:
                yield path


def _is_directory_file(path: str) -> bool:
    if os.path.basename(path).upper().split(";")[0].startswith("DICOMDIR"):
        return True
    try:
        with open(path, "rb") as file:
            begin = file.read(1024)
    except OSError:
        return False
    return begin[128:132] == b"DICM" and MEDIA_DIRECTORY.encode() in begin[:400]


def _walk(root: str, seen: set[tuple[int, int]], found: _Found) -> Iterator[str]:
    """Regular files below ``root``; folders that links lead to are visited once, other things are left alone."""
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            status = os.stat(folder)
            identity = (status.st_dev, status.st_ino)
            if identity in seen and identity != (0, 0):
                continue
            seen.add(identity)
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            found.problems.append(_unreadable(folder, error, is_folder=True))
            continue
        folders = []
        for entry in listed:
            try:
                if entry.is_file():
                    yield entry.path
                elif entry.is_dir():
                    folders.append(entry.path)
                elif entry.is_symlink():
                    os.stat(entry.path)  # a link to nothing says so
            except OSError as error:
                found.problems.append(_unreadable(entry.path, error))
        pending.extend(reversed(folders))


def _unreadable(path: str, error: OSError, is_folder: bool = False) -> Problem:
    reason = error.strerror or type(error).__name__
    code = "unreadable_folder" if is_folder else "unreadable_file"
    return Problem(path, code, f"{path} cannot be read: {reason}.", values=(reason,))


def _read_one(path: str, reader: HeaderReader, found: _Found, copies: dict[str, InstanceHeader]) -> None:
    found.files += 1
    try:
        header = reader.read(path)
    except NotDicom as reason:
        if os.path.splitext(path)[1].lower() in DICOM_SUFFIXES:
            found.problems.append(
                Problem(
                    path, "not_dicom", f"{path} has a DICOM name but is no DICOM file: {reason}.", values=(str(reason),)
                )
            )
        else:
            found.not_dicom.append(path)
    except OSError as error:
        found.problems.append(_unreadable(path, error))
    except MedviewError as error:
        found.problems.append(Problem(path, error.code, error.text, values=error.values))
    except (BrokenElements, RecursionError, ValueError, LookupError, ArithmeticError) as reason:
        found.problems.append(
            Problem(path, "broken_header", f"{path} cannot be read as DICOM: {reason}.", values=(str(reason),))
        )
    else:
        if header.series.sop_class == MEDIA_DIRECTORY and header.pixels is None:
            return
        first = copies.setdefault(header.sop_uid, header) if header.sop_uid else header
        if first is header:
            found.headers.append(header)
        elif is_same_file(first.path, path):
            found.files -= 1  # a link to a file that was read already
        else:
            found.headers.append(replace(header, copy_of=first.path) if same_content(first, header) else header)


def is_same_file(one: str, other: str) -> bool:
    """Whether two paths lead to one file."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def same_content(one: InstanceHeader, other: InstanceHeader) -> bool:
    """Whether two files with one SOP Instance UID hold the same image: same description, same bytes from the pixels on."""
    if one.series_key != other.series_key or one.frames != other.frames or one.frame_count != other.frame_count:
        return False
    if one.pixels is None or other.pixels is None:
        return one.pixels is other.pixels
    if (one.pixels.rows, one.pixels.columns, one.pixels.transfer_syntax, one.pixels.data_length) != (
        other.pixels.rows,
        other.pixels.columns,
        other.pixels.transfer_syntax,
        other.pixels.data_length,
    ):
        return False
    try:
        with open(one.path, "rb") as a, open(other.path, "rb") as b:
            a.seek(0 if one.pixels.deflated_at is not None else one.pixels.data_offset)
            b.seek(0 if other.pixels.deflated_at is not None else other.pixels.data_offset)
            while True:
                part, twin = a.read(1 << 20), b.read(1 << 20)
                if part != twin:
                    return False
                if not part:
                    return True
    except OSError:
        return False
