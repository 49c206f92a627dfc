"""Finding DICOM objects below paths: headers and problems in batches, while the first image is already on its way."""

# A folder may hold 100,000 files: paths stay strings.
# ruff: noqa: PTH122
from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from medview.core.problem import MedviewError, Problem
from medview.core.progress import Progress
from medview.dicom.copies import Copies
from medview.dicom.file_start import BrokenElements, NotDicom
from medview.dicom.header import InstanceHeader
from medview.dicom.header_reader import HeaderReader
from medview.dicom.walk import MEDIA_DIRECTORY, FileWalk, unreadable

FIRST_BATCH_FILES = 16
FIRST_BATCH_SECONDS = 0.03
DICOM_SUFFIXES = frozenset({".dcm", ".dicom", ".ima", ".dic"})
SHARE = 4
"""A batch is at most this part of all files before it: the catalog puts a series together again after each one."""


@dataclass(frozen=True, slots=True)
class ScanBatch:
    """What a part of the scan found. ``not_dicom``: files for other rooms to try, ``not_files``: pipes, devices and the like."""

    headers: tuple[InstanceHeader, ...] = ()
    problems: tuple[Problem, ...] = ()
    files_seen: int = 0
    not_dicom: tuple[str, ...] = ()
    not_files: tuple[str, ...] = ()


def scan_paths(paths: Sequence[str], progress: Progress) -> Iterator[ScanBatch]:
    """Read the headers of all DICOM objects in files, folders and archives (recursively, in the order of their names).

    The first batch comes after a few files, later ones are larger. A file is read once however many paths, links or
    directory records lead to it. Never raises for a file; :class:`Cancelled` comes from ``progress``.
    """
    return Scan(paths).batches(progress)


class Scan:
    """A scan that can be gone on with by another thread where the system hangs in one file (see :meth:`successor`)."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._walk = FileWalk(paths)
        self._reader = HeaderReader()
        self._copies = Copies()
        self._headers: list[InstanceHeader] = []
        self._problems: list[Problem] = []
        self._not_dicom: list[str] = []
        self._media: list[str] = []
        self._files = 0
        self._total = 0
        self._reading: tuple[str, float] | None = None

    @property
    def waits_for(self) -> tuple[str, float] | None:
        """The file or folder that the system is being asked for, and since when (monotonic)."""
        return self._reading or self._walk.at

    def successor(self, last: bool = False) -> Scan:
        """The same scan without the file in which this one hangs; that file becomes a problem. ``last``: it ends there.

        What this one may still do when it wakes up changes nothing of the other.
        """
        waiting = self.waits_for
        other = Scan(())
        if not last:
            other._walk = self._walk.successor()
        other._copies = self._copies.successor()
        other._headers, other._problems = list(self._headers), list(self._problems)
        other._not_dicom, other._media = list(self._not_dicom), list(self._media)
        other._files, other._total = self._files, self._total
        if waiting is not None:
            path = waiting[0]
            seconds = f"{time.monotonic() - waiting[1]:.0f}"
            text = (
                f"{path} did not answer for {seconds} s (a network or a disk that hangs?); the scan went on without it."
            )
            other._problems.append(Problem(path, "no_answer", text, values=(seconds,)))
            if last:
                text = (
                    f"Too many files did not answer; the scan ended at {path}, and what comes after it is not listed."
                )
                other._problems.append(Problem(path, "scan_stopped", text, values=(path,)))
        return other

    def batches(self, progress: Progress) -> Iterator[ScanBatch]:
        """What is found from here on, in batches; the last one may be empty."""
        try:
            yield from self._batches(progress)
        finally:
            self._walk.close()

    def _batches(self, progress: Progress) -> Iterator[ScanBatch]:
        limit, pause = FIRST_BATCH_FILES, FIRST_BATCH_SECONDS
        begun = started = time.monotonic()
        while (path := self._next()) is not None:
            self._read_one(path)
            self._total += 1
            if self._files >= limit or (not self._total % 8 and time.monotonic() - started > pause):
                progress("scan", self._total, 0)
                yield self._take()
                started = time.monotonic()
                limit = max(2 * FIRST_BATCH_FILES, self._total // SHARE)
                pause = max(0.1, (started - begun) / SHARE)
            elif not self._total % 16:
                progress("scan", self._total, 0)
        self._check_media()
        progress("scan", self._total, self._total)
        yield self._take()

    def _next(self) -> str | None:
        path = self._walk.next()
        self._walk.at = None
        return path

    def _take(self) -> ScanBatch:
        walk = self._walk
        self._problems.extend(walk.problems)
        files = self._files + walk.extra_files
        not_files = tuple(walk.not_files)
        walk.problems, walk.extra_files, walk.not_files = [], 0, []
        batch = ScanBatch(tuple(self._headers), tuple(self._problems), files, tuple(self._not_dicom), not_files)
        self._headers, self._problems, self._not_dicom, self._files = [], [], [], 0
        return batch

    def _read_one(self, path: str) -> None:
        self._files += 1
        self._reading = (path, time.monotonic())
        try:
            header = self._reader.read(path)
        except NotDicom as reason:
            if self._walk.look_into(path):
                pass
            elif os.path.splitext(path)[1].lower() in DICOM_SUFFIXES:
                text = f"{path} has a DICOM name but is no DICOM file: {reason}."
                self._problems.append(Problem(path, "not_dicom", text, values=(str(reason),)))
            else:
                self._not_dicom.append(path)
        except OSError as error:
            self._problems.append(unreadable(path, error))
        except MedviewError as error:
            self._problems.append(Problem(path, error.code, error.text, values=error.values))
        except (BrokenElements, RecursionError, ValueError, LookupError, ArithmeticError) as reason:
            text = f"{path} cannot be read as DICOM: {reason}."
            self._problems.append(Problem(path, "broken_header", text, values=(str(reason),)))
        except Exception as reason:  # noqa: BLE001 - whatever a file does to its reader, the scan goes on
            what = f"{type(reason).__name__} {reason}"
            text = f"{path} cannot be read as DICOM: {what}."
            self._problems.append(Problem(path, "broken_header", text, values=(what,)))
        else:
            self._take_header(header)
        self._reading = None

    def _take_header(self, header: InstanceHeader) -> None:
        if header.series.sop_class == MEDIA_DIRECTORY and header.pixels is None:
            self._media.append(header.path)
            return
        taken = self._copies.take(header)
        if taken is None:
            self._files -= 1  # a link to a file that was read already
        else:
            self._headers.append(taken)

    def _check_media(self) -> None:
        """Name what the media directories among the files list and what is not there."""
        for path in self._media:
            if path not in self._walk.directories:
                from medview.dicom.dicomdir import missing_files

                self._reading = (path, time.monotonic())
                self._problems.extend(missing_files(path, self._walk.taken))
        self._reading = None
