"""Files that are not DICOM as studies: one study per folder, one series per file, no patient unless the reader knows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from medview.core.problem import MedviewError, Problem
from medview.core.study import PatientIdentity, Series, SeriesContext, Stack, Study
from medview.files.archive import is_member
from medview.files.local_copy import local_copy
from medview.formats.archived import from_archive
from medview.formats.identity import file_identity, folder_uid
from medview.formats.picture_file import is_picture_name, read_picture_stacks
from medview.formats.volume_file import is_volume_name, read_volume_stack


@dataclass(frozen=True, eq=False)
class ForeignFiles:
    """What was made of the files: studies, problems (a recognised file that cannot be read), and files of no known kind."""

    studies: tuple[Study, ...]
    problems: tuple[Problem, ...]
    unknown: tuple[str, ...]


def is_foreign_name(path: str | os.PathLike[str]) -> bool:
    """Whether the file's name says a format that is read here."""
    return is_volume_name(path) or is_picture_name(path)


def catalog_foreign_files(paths: Iterable[str]) -> ForeignFiles:
    """Studies of volume and picture files, from their headers only; never raises for one file."""
    by_folder: dict[str, list[Series]] = {}
    problems: list[Problem] = []
    unknown: list[str] = []
    seen: dict[str, int] = {}
    for path in sorted(set(paths)):
        if not is_foreign_name(path):
            unknown.append(path)
            continue
        try:
            stacks, uid = _read(path)
        except MedviewError as error:
            problems.append(Problem(path, error.code, error.text, values=error.values))
            continue
        except OSError as error:
            problems.append(Problem(path, "cannot_read", f"{path} cannot be read: {error.strerror or error}."))
            continue
        copies = seen.get(uid, 0)
        seen[uid] = copies + 1
        if copies:
            # The same file twice, in two folders: both are shown, each under a name of its own.
            stacks = tuple(_renamed(stack, f"{stack.id}-copy{copies}") for stack in stacks)
            uid = f"{uid}.{copies}"
        by_folder.setdefault(os.fspath(Path(path).parent), []).append(
            Series(uid, None, stacks[0].context if stacks else SeriesContext(), 1, stacks)
        )
    studies = tuple(
        Study(folder_uid(folder), PatientIdentity(), "", "", Path(folder).name, "", tuple(series))
        for folder, series in sorted(by_folder.items())
    )
    return ForeignFiles(studies, tuple(problems), tuple(unknown))


def _read(path: str) -> tuple[tuple[Stack, ...], str]:
    """The stacks of a file and its series UID; a member of an archive is looked at as a copy of it."""
    if not is_member(path):
        stacks: tuple[Stack, ...] = (read_volume_stack(path),) if is_volume_name(path) else read_picture_stacks(path)
        return stacks, file_identity(path).series_uid
    with local_copy(path) as copy:
        try:
            found, uid = _read(copy)
        except MedviewError as error:
            text = error.text.replace(copy, path)
            values = tuple(value.replace(copy, path) for value in error.values)
            raise MedviewError(error.code, text, path, values=values) from error
    return tuple(from_archive(stack, path) for stack in found), uid


def _renamed(stack: Stack, identity: str) -> Stack:
    from dataclasses import replace

    return replace(stack, id=identity)
