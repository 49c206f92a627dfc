"""What those who look for a fault need to know of a computer, in one file and without patient data.

Versions, processor, memory, devices for networks, settings without folders and names, networks by their hashes, reports of
crashes. No file of a study, no journal, no name of a folder goes in.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from medview import __version__
from medview.app.crash_reports import crash_reports
from medview.app.settings import load_settings
from medview.app.update_rules import why_no_updates
from medview.core.policy import policy
from medview.core.problem import MedviewError

_CHOICES = frozenset({"language", "theme", "mouse_profile", "corner_text", "device"})
"""Settings whose words are medview's own. Of all others only numbers are told: a setting that comes later may hold names."""
_PARTS = ("PySide6", "numpy", "pydicom", "SimpleITK", "onnxruntime", "imagecodecs", "opencv-python-headless", "numba")
_ENVIRONMENT = ("QT_QPA_PLATFORM", "QT_SCALE_FACTOR", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "LANG", "LC_ALL")


def diagnosis() -> dict[str, Any]:
    """All of it, JSON-ready."""
    return {
        "medview": __version__,
        "packaged": bool(getattr(sys, "frozen", False)),
        "python": platform.python_version(),
        "system": {"name": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "processor": _processor(),
        "memory_mb": _memory_mb(),
        "parts": _versions(),
        "environment": {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        "devices": _devices(),
        "models": _models(),
        "policy": {"forbid": sorted(policy().forbidden), "settings": sorted(policy().settings)},
        "settings": _settings(),
        "crash_reports": len(crash_reports()),
        "updates": why_no_updates(policy().settings) or "possible",
    }


def write_diagnostics(path: str | os.PathLike[str], more: Mapping[str, Any] | None = None) -> Path:
    """Write ``diagnostics.json`` and the reports of crashes into a zip; raises MedviewError ``cannot_write``."""
    from medview.files.replaced_file import replaced_file

    content = {**diagnosis(), **(more or {})}
    with replaced_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("diagnostics.json", json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True))
        for report in crash_reports():
            try:
                archive.writestr(f"crashes/{report.name}", report.read_text(encoding="utf-8", errors="replace"))
            except OSError:
                continue  # gone meanwhile
    return Path(path)


def _processor() -> dict[str, Any]:
    found: dict[str, Any] = {"cores": os.cpu_count(), "name": platform.processor()}
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return found
    said = dict(line.split(":", 1) for line in text.split("\n\n")[0].splitlines() if ":" in line)
    stripped = {name.strip(): value.strip() for name, value in said.items()}
    flags = set(stripped.get("flags", "").split())
    wanted = ("sse4_2", "avx", "avx2", "fma", "avx512f", "amx_int8")
    return {**found, "name": stripped.get("model name", found["name"]), "has": [one for one in wanted if one in flags]}


def _memory_mb() -> int:
    from medview.jobs.pool import physical_memory

    return physical_memory() >> 20


def _versions() -> dict[str, str]:
    found = {}
    for name in _PARTS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "?"
    return found


def _devices() -> Any:
    from medview.inference.devices import available_devices

    try:
        return [asdict(one) for one in available_devices()]
    except MedviewError as error:
        return error.code


def _models() -> list[dict[str, str]]:
    from medview.inference.library import installed_packages

    return [
        {"id": one.manifest.id, "version": one.manifest.version, "sha256": one.sha256} for one in installed_packages()
    ]


def _settings() -> dict[str, Any]:
    settings, notes = load_settings()
    content = {
        name: value for name, value in asdict(settings).items() if name in _CHOICES or isinstance(value, int | float)
    }
    return {**content, "notes": [note.code for note in notes]}
