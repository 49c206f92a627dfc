"""What a desktop writes instead of a path: ``file://`` addresses and ``medview://`` links, made into paths or refused.

A link names a study and perhaps its patient, never a place: ``medview://open?study=UID[&patient=ID]``. It is looked for in
the folders that the settings name (``link_folders``), then among the studies that were opened on this computer before, and nowhere
else; nothing is ever fetched. Standard library only, and imported only where such a word was given.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medview.core.policy import policy
from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.core.study import Study
    from medview.store.study_store import StudyStore

LONGEST_LINK = 2048
DEEPEST = 3
"""Levels of folders below a configured one in which a folder with the study's UID as its name is looked for."""
MOST_FOLDERS = 50_000
_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")
_NO_PATIENT = re.compile(r"[\x00-\x1f\x7f\\/*?]")


@dataclass(frozen=True)
class StudyLink:
    """What a link asks for: a Study Instance UID, and the patient whose study it has to be ("" where it does not say)."""

    study_uid: str
    patient_id: str = ""


def is_address(word: str) -> bool:
    """Whether a word of the command line is for this module."""
    return word[:8].lower().startswith(("file:", "medview:"))


def paths_of_words(words: Sequence[str], folders: Sequence[str], store: StudyStore | None = None) -> list[str]:
    """Words of the command line with every address made into paths; ``store`` knows what was opened here before.

    Raises MedviewError ``bad_link``, ``study_not_found`` or ``wrong_patient``. Reads files; run it in a job.
    """
    found: list[str] = []
    for word in words:
        found += paths_of_address(word, folders, store) if is_address(word) else [word]
    return found


def paths_of_address(word: str, folders: Sequence[str], store: StudyStore | None = None) -> list[str]:
    """The paths that an address means; ``folders`` are those in which a link's study may lie. Raises MedviewError."""
    if word.lower().startswith("file:"):
        return [_path_of_file(word)]
    link = parse_link(word)
    found = find_study(link, folders)
    if found is not None:
        return [found]
    paths = [] if store is None else _opened_before(link, store)
    if not paths:
        text = (
            f"The study {link.study_uid} of the link is in none of the folders that links may open ({len(folders)}) "
            "and nowhere where it was opened before."
        )
        raise MedviewError("study_not_found", text, values=(link.study_uid, str(len(folders))))
    return paths


def _path_of_file(address: str) -> str:
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(address)
    if parts.netloc not in {"", "localhost"} and sys.platform != "win32":
        raise _bad("it names another computer")
    # Bytes that are no text stay what they were.
    path = unquote(parts.path, errors="surrogateescape")
    if "\0" in path or not path:
        raise _bad("it names no file")
    if sys.platform == "win32":
        if parts.netloc not in {"", "localhost"}:
            return rf"\\{parts.netloc}" + path.replace("/", "\\")
        return path.lstrip("/").replace("/", "\\")
    return path


def parse_link(word: str) -> StudyLink:
    """What a ``medview://`` link asks for; raises MedviewError ``bad_link`` for anything else than the form above."""
    from urllib.parse import parse_qsl, urlsplit

    if len(word) > LONGEST_LINK:
        raise _bad("it is too long")
    try:
        parts = urlsplit(word)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True, max_num_fields=8, errors="strict")
    except ValueError:
        raise _bad("it cannot be read") from None
    if parts.scheme != "medview" or parts.netloc.lower() != "open" or parts.path not in {"", "/"} or parts.fragment:
        raise _bad("it is not of the form medview://open?study=UID&patient=ID")
    names = [name for name, _ in given]
    if sorted(names) not in (["study"], ["patient", "study"]):
        raise _bad("it may name one study and one patient, nothing else")
    values = dict(given)
    study, patient = values["study"], values.get("patient", "")
    if len(study) > 64 or _UID.fullmatch(study) is None:
        raise _bad("its study is not a UID")
    if "patient" in values and (not patient.strip() or len(patient) > 64 or _NO_PATIENT.search(patient)):
        raise _bad("its patient is not a patient ID")
    return StudyLink(study, patient)


def find_study(link: StudyLink, folders: Sequence[str]) -> str | None:
    """The folder whose name is the study's UID, below one of ``folders``; None where there is none.

    With a patient the images in it must name this patient; the caller is told ``wrong_patient`` where they do not.
    """
    policy().refuse("links")
    for folder in folders:
        for place in _folders_below(folder):
            if os.path.basename(place) == link.study_uid:  # noqa: PTH119 - many of them
                if link.patient_id:
                    _check_patient(place, link)
                return place
    return None


def _folders_below(folder: str) -> Iterator[str]:
    """Folders nearest first, links not followed: a link in a study must not lead out of the configured place."""
    level, seen = [folder], 0
    for _ in range(DEEPEST):
        below: list[str] = []
        for place in level:
            try:
                with os.scandir(place) as entries:
                    below += sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
            except OSError:
                continue
            seen += 1
            if seen > MOST_FOLDERS:
                return
        yield from below
        level = below


def _opened_before(link: StudyLink, store: StudyStore) -> list[str]:
    """Where the study lies among what was opened before, newest first; what lies beside it of other studies is left out."""
    from medview.app.open_paths import open_all

    others = False
    for known in store.opened(link.study_uid):
        places = [path for path in known.content.get("paths", ()) if isinstance(path, str) and os.path.exists(path)]  # noqa: PTH110
        studies = open_all(places).studies if places else ()
        of_link = [study for study in studies if study.study_uid == link.study_uid]
        named = [study for study in of_link if link.patient_id in {"", study.patient.patient_id}]
        if named:
            return places if len(studies) == 1 else sorted({path for study in named for path in _files(study)})
        others = others or bool(of_link)
    if others:
        raise _wrong_patient(link, None)
    return []


def _files(study: Study) -> Iterator[str]:
    for series in study.series:
        yield from (source.path for stack in series.stacks for source in stack.frames)
        yield from (one.path for one in series.objects)


def _check_patient(place: str, link: StudyLink) -> None:
    from medview.app.open_paths import open_all

    for study in open_all([place]).studies:
        if study.study_uid == link.study_uid and study.patient.patient_id == link.patient_id:
            return
    raise _wrong_patient(link, place)


def _wrong_patient(link: StudyLink, place: str | None) -> MedviewError:
    text = f"The study {link.study_uid} is not one of the patient that the link names; it was not opened."
    return MedviewError("wrong_patient", text, place, values=(link.study_uid,))


def _bad(why: str) -> MedviewError:
    return MedviewError("bad_link", f"The link was not opened: {why}.", values=(why,))
