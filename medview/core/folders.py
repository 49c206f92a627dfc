"""The one folder that belongs to medview for this user: settings, installed models, kept results."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

HOME_VARIABLE = "MEDVIEW_HOME"
"""Environment variable with a folder that replaces the user's data folder (tests, portable use)."""


PORTABLE_MARKER = "portable.txt"
"""A file of this name beside the packaged program keeps everything in a folder beside it, on a stick or a disc."""


def portable_folder() -> Path | None:
    """The folder beside a portable program that takes what medview keeps; None where the program is installed."""
    if not getattr(sys, "frozen", False):
        return None
    program = Path(sys.executable).resolve().parent
    return program / "medview-data" if (program / PORTABLE_MARKER).is_file() else None


def leave_no_traces() -> None:
    """Let what Qt, fontconfig and drivers keep for a user (caches, sizes of dialogs) go beside a portable program too.

    They are told by the environment, so this comes before they are loaded. Elsewhere nothing changes.
    """
    beside = portable_folder()
    if beside is not None and sys.platform.startswith("linux"):
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            os.environ[name] = str(beside / "system" / name.split("_")[1].lower())


def user_folder() -> Path:
    """Return the folder for what medview keeps; whoever writes into it first creates it."""
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen)
    beside = portable_folder()
    if beside is not None:
        return beside
    import platformdirs

    return Path(platformdirs.user_data_dir("medview", appauthor=False))


def private_folder(path: Path) -> Path:
    """Make a folder of the user's that holds what is about patients, and let nobody else into it; raises OSError.

    The mode of ``Path.mkdir`` is that of the last folder alone: its parents would be open to everybody that the umask lets in.
    What an older medview left open is closed, below the user's folder; who chose that one decides on it.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        with contextlib.suppress(FileExistsError):
            one.mkdir(mode=0o700)
    if os.name == "posix":
        root = user_folder()
        for one in (path, *path.parents):
            if root not in one.parents:
                break
            with contextlib.suppress(OSError):
                if one.stat().st_mode & 0o077:
                    one.chmod(0o700)
    return path
