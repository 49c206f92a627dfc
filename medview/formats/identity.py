"""Names that a file without DICOM identifiers gets: the same for the same file wherever it lies."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from dataclasses import dataclass
from pathlib import Path

from medview.core.problem import MedviewError

_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """``stack_id`` without spaces, and a UID under 2.25 (PS3.5 B.2) derived from the file's name, size and beginning."""

    stack_id: str
    series_uid: str


def file_identity(path: str | os.PathLike[str]) -> FileIdentity:
    """Identity of a file from its name, its size and its first 64 KB; raises MedviewError when it cannot be read."""
    file = Path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as error:
        text = error.strerror or str(error)
        raise MedviewError(
            "cannot_read", f"{os.fspath(path)} cannot be read: {text}.", os.fspath(path), values=(os.fspath(path), text)
        ) from error
    digest = hashlib.sha256(f"{file.name}\0{size}\0".encode("utf-8", "surrogateescape") + head)
    word = re.sub(r"[^\w.-]+", "_", file.name.split(".")[0])[:40] or "file"
    return FileIdentity(f"{word}-{digest.hexdigest()[:10]}", f"2.25.{uuid.UUID(bytes=digest.digest()[:16]).int}")


def folder_uid(folder: str | os.PathLike[str]) -> str:
    """A study UID for the foreign files of one folder, from the folder's name."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, 'medview:' + Path(folder).name).int}"
