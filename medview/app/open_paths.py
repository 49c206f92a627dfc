"""Paths to studies: the scan of DICOM files and the files of other formats brought together while they are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from medview.core.problem import Problem
from medview.core.progress import Progress, no_progress
from medview.core.study import Census, Study


@dataclass(frozen=True, eq=False)
class Found:
    """Everything that was found so far; each one replaces the one before. ``complete`` marks the last."""

    studies: tuple[Study, ...] = ()
    problems: tuple[Problem, ...] = ()
    census: Census = field(default_factory=Census)
    complete: bool = False
    not_shown: tuple[str, ...] = ()
    """Files and other things in the folders that are of no format with images (a text, a program, a pipe)."""


def open_paths(paths: Sequence[str], progress: Progress = no_progress) -> Iterator[Found]:
    """Scan ``paths`` (files and folders) and yield what is there, the first time after a few files.

    Never raises for a file; a file that was named itself and is of no known format is a problem, one that merely lies in
    a folder is listed in ``not_shown``. Raises Cancelled from ``progress``. Runs in one thread, whichever.
    """
    from medview.dicom.catalog import Catalog
    from medview.dicom.scan import Scan
    from medview.jobs.watched import watched

    catalog = Catalog()
    foreign = _ForeignFiles({str(Path(path)) for path in paths})
    for batch in watched(Scan(paths), progress):
        foreign.not_shown += batch.not_files
        changed = bool(catalog.add(batch)) | foreign.add(batch.not_dicom)
        if changed:
            yield _found(catalog.studies(), catalog.problems(), catalog.census(), foreign)
    foreign.finish()
    yield replace(_found(catalog.studies(), catalog.problems(), catalog.census(), foreign), complete=True)


def open_all(paths: Sequence[str], progress: Progress = no_progress) -> Found:
    """Scan ``paths`` to the end."""
    found = Found()
    for found in open_paths(paths, progress):  # noqa: B007 - the last one counts
        pass
    return found


def _found(studies: tuple[Study, ...], problems: tuple[Problem, ...], census: Census, foreign: _ForeignFiles) -> Found:
    frames = sum(len(stack.frames) for study in foreign.studies for series in study.series for stack in series.stacks)
    return Found(
        (*studies, *foreign.studies),
        (*problems, *foreign.problems),
        replace(
            census,
            frames_on_disk=census.frames_on_disk + frames,
            frames_shown=census.frames_shown + frames,
        ),
        not_shown=tuple(foreign.not_shown),
    )


class _ForeignFiles:
    """Files that are not DICOM: read by the other rooms as they come."""

    def __init__(self, named: set[str]) -> None:
        self._named = named
        self._paths: list[str] = []
        self.studies: tuple[Study, ...] = ()
        self.problems: tuple[Problem, ...] = ()
        self.not_shown: list[str] = []

    def add(self, paths: Sequence[str]) -> bool:
        """Take more files; whether anything to be told came of them."""
        if not paths:
            return False
        from medview.formats.catalog import catalog_foreign_files

        self._paths.extend(paths)
        part = catalog_foreign_files(paths)
        unknown = tuple(_unknown(path) for path in part.unknown if str(Path(path)) in self._named)
        self.not_shown += [path for path in part.unknown if str(Path(path)) not in self._named]
        self.problems = (*self.problems, *part.problems, *unknown)
        self.studies = _merged(self.studies, part.studies)
        return bool(part.studies or part.problems or unknown)

    def finish(self) -> None:
        """Make sure that no two stacks have one name: the same file in two places may have come in two batches."""
        ids = [stack.id for study in self.studies for series in study.series for stack in series.stacks]
        if len(set(ids)) != len(ids):
            from medview.formats.catalog import catalog_foreign_files

            self.studies = catalog_foreign_files(self._paths).studies


def _merged(known: tuple[Study, ...], more: tuple[Study, ...]) -> tuple[Study, ...]:
    studies = {study.study_uid: study for study in known}
    for study in more:
        earlier = studies.get(study.study_uid)
        studies[study.study_uid] = (
            study if earlier is None else replace(earlier, series=(*earlier.series, *study.series))
        )
    return tuple(studies.values())


def _unknown(path: str) -> Problem:
    return Problem(path, "unknown_format", f"{path} is of no format that can be opened.", values=(path,))
