"""Which packages broke down here: a crash, an endless call, more memory than there is; bound to the hash, as trust is."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from medview.core.folders import user_folder
from medview.files.replaced_file import own_file
from medview.inference.package import ModelPackage

MOST_ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class Incident:
    """The last of ``times`` breakdowns. ``step`` is ``open`` or ``run``; ``said_at`` ISO 8601 with offset."""

    code: str
    cause: str
    step: str
    said_at: str
    times: int = 1


def incident_file() -> Path:
    """Where breakdowns are remembered; may not exist yet."""
    return user_folder() / "model_incidents.json"


def _read() -> dict[str, Any]:
    try:
        given = json.loads(incident_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    entries = given.get("incidents") if isinstance(given, dict) else None
    return entries if isinstance(entries, dict) else {}


def incident_of(package: ModelPackage) -> Incident | None:
    """What befell exactly this manifest, network and side files the last time; None where all went well."""
    entry = _read().get(package.sha256)
    if not isinstance(entry, dict):
        return None
    code, cause, step, said_at = (str(entry.get(name, "")) for name in ("code", "cause", "step", "said_at"))
    times = entry.get("times", 1)
    return Incident(code, cause, step, said_at, times if isinstance(times, int) else 1)


def remember_incident(package: ModelPackage, code: str, cause: str, step: str) -> None:
    """Keep that the package broke down; where it cannot be kept the run has still failed, and nothing more is said."""
    entries = _read()
    known = entries.pop(package.sha256, None)
    times = known.get("times", 1) + 1 if isinstance(known, dict) and isinstance(known.get("times", 1), int) else 1
    entries[package.sha256] = {
        "id": package.manifest.id,
        "version": package.manifest.version,
        "code": code,
        "cause": cause,
        "step": step,
        "said_at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "times": times,
    }
    _write(dict(list(entries.items())[-MOST_ENTRIES:]))


def forget_incident(package: ModelPackage) -> None:
    """The package has run to its end: what was before does not count any more."""
    entries = _read()
    if entries.pop(package.sha256, None) is not None:
        _write(entries)


def _write(entries: dict[str, Any]) -> None:
    path = incident_file()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with own_file(path) as file:
            file.write(json.dumps({"format": 1, "incidents": entries}, indent=1).encode())
