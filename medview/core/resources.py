"""Where the files in `resources/` are, in a checkout, an installed wheel and a packaged program."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


@cache
def resource_root() -> Path:
    """Return the folder that holds the resources; raises FileNotFoundError where an installation lost it."""
    package = Path(__file__).resolve().parent.parent
    candidates = [package / "_resources", package.parent / "resources"]  # a wheel, a checkout
    packaged = getattr(sys, "_MEIPASS", None)  # set by PyInstaller's start-up code
    if packaged is not None:
        candidates.insert(0, Path(packaged) / "medview" / "_resources")
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"medview's resources are missing; looked in {', '.join(map(str, candidates))}")


def resource_path(*parts: str) -> Path:
    """Return the path of a resource, as `resource_path("models", "ct-lungs")`; the file itself need not exist."""
    return resource_root().joinpath(*parts)
