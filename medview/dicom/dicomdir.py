"""The files that a DICOMDIR lists (PS3.3 F, PS3.10 8.6), never outside its own folder."""

# Paths stay the strings that the scan compares.
# ruff: noqa: PTH100, PTH110, PTH113, PTH118, PTH120, PTH208
from __future__ import annotations

import os
from collections.abc import Collection

from medview.core.problem import MedviewError, Problem
from medview.dicom import tags
from medview.dicom.charset import codecs_of, decode_text
from medview.dicom.elements import read_elements
from medview.dicom.file_start import BrokenElements, NotDicom

NAMED = 200
"""So many missing files of one directory are named, the rest is counted."""


def referenced_files(path: str) -> tuple[list[str], list[Problem]]:
    """Existing files that the directory records of ``path`` name, in their order, and a Problem for each other one."""
    shown_folder = os.path.dirname(path)
    listed, problems = _listed(path)
    files: list[str] = []
    missing: list[str] = []
    names: dict[str, dict[str, str]] = {}
    real_folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    inside = real_folder if real_folder.endswith(os.sep) else real_folder + os.sep
    for parts in listed:
        found = _resolve(shown_folder or ".", parts, names)
        if found is None:
            missing.append("/".join(parts))
        elif not os.path.realpath(found).startswith(inside):
            problems.append(
                Problem(path, "dicomdir_escape", f"{path} leads outside its folder through {found}; it was not opened.")
            )
        elif not os.path.isfile(found):
            problems.append(Problem(found, "not_a_file", f"{found} is not a file; it was not opened."))
        else:
            files.append(found if shown_folder else found.removeprefix("." + os.sep))
    return list(dict.fromkeys(files)), problems + _missing(path, missing)


def missing_files(path: str, known: Collection[str]) -> list[Problem]:
    """What a directory among other files lists that is neither on disk beside it nor, in an archive, one of ``known``."""
    if os.path.lexists(path):
        return [problem for problem in referenced_files(path)[1] if problem.code != "broken_dicomdir"]
    listed, problems = _listed(path)
    folder = os.path.dirname(path)
    plain = {_plain(each[len(folder) + 1 :]) for each in known if each.startswith(folder)}
    missing = ["/".join(parts) for parts in listed if _plain("/".join(parts)) not in plain]
    return [problem for problem in problems if problem.code != "broken_dicomdir"] + _missing(path, missing)


def _plain(name: str) -> str:
    return name.upper().split(";")[0].removesuffix(".DCM")


def _listed(path: str) -> tuple[list[tuple[str, ...]], list[Problem]]:
    """The file ids of a directory's records that stay on its medium, and a Problem for each that does not."""
    try:
        values = read_elements(path).values
    except (OSError, NotDicom, BrokenElements, MedviewError) as error:
        return [], [
            Problem(path, "broken_dicomdir", f"{path} cannot be read as a DICOMDIR: {error}.", values=(str(error),))
        ]
    records = values.get(tags.DIRECTORY_RECORDS)
    if not records:
        return [], [Problem(path, "broken_dicomdir", f"{path} lists no files.")]
    listed: dict[tuple[str, ...], None] = {}
    problems: list[Problem] = []
    codecs = codecs_of(values.get(tags.CHARSET))
    for record in records:
        own = codecs_of(record[tags.CHARSET]) if tags.CHARSET in record else codecs
        # Only file ids in upper case are allowed; media with others exist, in the character set of their makers.
        parts = tuple(part.strip(" \0") for part in decode_text(record.get(tags.REFERENCED_FILE_ID), own).split("\\"))
        if len(parts) == 1 and "/" in parts[0] and not parts[0].startswith("/"):
            parts = tuple(parts[0].split("/"))
        if not any(parts):
            continue
        if any(part in {"", ".", ".."} or any(mark in part for mark in "/\\:\0") for part in parts):
            named = "/".join(parts)
            problems.append(
                Problem(
                    path, "dicomdir_escape", f"{path} names a file outside its folder ({named}); it was not opened."
                )
            )
            continue
        listed[parts] = None
    return list(listed), problems


def _missing(path: str, names: list[str]) -> list[Problem]:
    folder = os.path.dirname(path)
    problems = [
        Problem(
            os.path.join(folder, *name.split("/")),
            "missing_file",
            f"{path} lists {name}, which is not there.",
            values=(name,),
        )
        for name in names[:NAMED]
    ]
    if len(names) > NAMED:
        more = str(len(names) - NAMED)
        problems.append(
            Problem(path, "missing_files", f"{path} lists {more} more files that are not there.", values=(more,))
        )
    return problems


def _resolve(folder: str, parts: tuple[str, ...], names: dict[str, dict[str, str]]) -> str | None:
    """The path of a file id, also where a copy changed the case or added a version or suffix."""
    path = folder
    for part in parts:
        direct = os.path.join(path, part)
        if os.path.exists(direct):
            path = direct
            continue
        if path not in names:
            try:
                listed = os.listdir(path)
            except OSError:
                return None
            names[path] = {}
            for name in sorted(listed, reverse=True):
                names[path][name.upper()] = name
                names[path].setdefault(name.upper().split(";")[0], name)
                names[path].setdefault(name.upper().removesuffix(".DCM"), name)
        found = names[path].get(part.upper())
        if found is None:
            return None
        path = os.path.join(path, found)
    return path
