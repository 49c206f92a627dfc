"""Paths of real studies and third-party networks that lie beside the repository, and what happens without them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED_ROOT = Path(os.environ.get("MEDVIEW_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def shared_required() -> bool:
    """Tell whether a missing shared file is a failure (CI) and not a reason to skip."""
    return os.environ.get("MEDVIEW_REQUIRE_SHARED", "") not in {"", "0"}


def shared_path(relative: str) -> Path:
    """Return the path of `relative` below the shared folder, as `shared_path("data/FNNDSC+SAG-anon")`.

    Skips the calling test (or, at import time, the calling module) with a reason where it is absent, and fails where
    MEDVIEW_REQUIRE_SHARED=1.
    """
    path = SHARED_ROOT / relative
    if path.exists():
        return path
    reason = f"needs shared/{relative}, which is not beside the repository"
    if shared_required():
        pytest.fail(f"{reason}, and MEDVIEW_REQUIRE_SHARED=1", pytrace=False)
    pytest.skip(reason, allow_module_level=True)
