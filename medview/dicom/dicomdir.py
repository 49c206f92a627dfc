"""The files that a DICOMDIR lists (PS3.3 F, PS3.10 8.6), never outside its own folder."""

# Paths stay the strings that the scan compares.
# ruff: noqa: PTH100, PTH110, PTH113, PTH118, PTH120, PTH208
from __future__ import annotations

import os

from medview.core.problem import MedviewError, Problem
from medview.dicom import tags
from medview.dicom.elements import read_elements
from medview.dicom.file_start import BrokenElements, NotDicom
from medview.dicom.header import as_words


def referenced_files(path: str) -> tuple[list[str], list[Problem]]:
    """Existing files that the directory records of ``path`` name, in their order, and a Problem for each other one."""
    folder = os.path.dirname(os.path.abspath(path))
    shown_folder = os.path.dirname(path)
    try:
        values = read_elements(path).values
    except (OSError, NotDicom, BrokenElements, MedviewError) as error:
        return [], [
            Problem(path, "broken_dicomdir", f"{path} cannot be read as a DICOMDIR: {error}.", values=(str(error),))
        ]
    records = values.get(tags.DIRECTORY_RECORDS)
    if not records:
        return [], [Problem(path, "broken_dicomdir", f"{path} lists no files.")]
    files: list[str] = []
    problems: list[Problem] = []
    names: dict[str, dict[str, str]] = {}
    real_folder = os.path.realpath(folder)
    for record in records:
        parts = as_words(record.get(tags.REFERENCED_FILE_ID))
        if not parts or not any(parts):
            continue
        shown = os.path.join(shown_folder, *parts)
        if any(part in {"", ".", ".."} or any(mark in part for mark in "/\\:\0") for part in parts):
            problems.append(
                Problem(
                    path,
                    "dicomdir_escape",
                    f"{path} names a file outside its folder ({'/'.join(parts)}); it was not opened.",
                )
            )
            continue
        found = _resolve(shown_folder or ".", parts, names)
        if found is None:
            problems.append(
                Problem(
                    shown,
                    "missing_file",
                    f"{path} lists {'/'.join(parts)}, which is not there.",
                    values=("/".join(parts),),
                )
            )
        elif not os.path.realpath(found).startswith(real_folder + os.sep):
            problems.append(
                Problem(path, "dicomdir_escape", f"{path} leads outside its folder through {found}; it was not opened.")
            )
        elif not os.path.isfile(found):
            problems.append(Problem(found, "not_a_file", f"{found} is not a file; it was not opened."))
        else:
            files.append(found)
    return list(dict.fromkeys(files)), problems


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
