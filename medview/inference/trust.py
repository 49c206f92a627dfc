"""Which packages the reader has said to trust; bound to the hash, so that a changed network is a stranger again.

Packages that come with medview are trusted. Any other is not until the reader says so, wherever it came from.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from medview.core.folders import user_folder
from medview.core.problem import ExitCode, MedviewError
from medview.files.replaced_file import own_file
from medview.inference.package import ModelPackage

MOST_ENTRIES = 10_000


def trust_file() -> Path:
    """Where the reader's word is kept; may not exist yet."""
    return user_folder() / "trusted_models.json"


def _read() -> dict[str, Any]:
    """Entries by package hash; a file that cannot be read trusts nobody."""
    try:
        given = json.loads(trust_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    entries = given.get("trusted") if isinstance(given, dict) else None
    return entries if isinstance(entries, dict) else {}


def is_trusted(package: ModelPackage) -> bool:
    """Whether the reader, or medview itself, stands for exactly this manifest, network and side files."""
    return package.origin == "built-in" or (package.part_of or package.sha256) in _read()


def trust(package: ModelPackage) -> None:
    """Remember that the reader trusts the package. Raises MedviewError (exit code 7) where it cannot be kept."""
    entries = _read()
    entries[package.sha256] = {
        "id": package.manifest.id,
        "version": package.manifest.version,
        "said_at": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    _write(dict(list(entries.items())[-MOST_ENTRIES:]))


def distrust(package: ModelPackage) -> None:
    """Take the reader's word back; a package that is built in stays trusted. Raises MedviewError (exit code 7)."""
    entries = _read()
    if entries.pop(package.sha256, None) is not None:
        _write(entries)


def _write(entries: dict[str, Any]) -> None:
    path = trust_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with own_file(path) as file:
            file.write(json.dumps({"format": 1, "trusted": entries}, indent=1).encode())
    except OSError as error:
        text = f"{path.name} could not be written: {error.strerror or error}."
        raise MedviewError("cannot_write", text, str(path), ExitCode.CANNOT_WRITE) from error
