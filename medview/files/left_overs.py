"""What is being written has a name that tells by whom, so that the next one who writes there can sweep what a kill left."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
from pathlib import Path

PREFIX = ".medview-"
_OWNED = re.compile(r"\.medview-([0-9a-f]{8})-(\d+)-")
_swept: set[Path] = set()


def is_running(process: int) -> bool:
    """Whether a process of this computer still runs; True where that cannot be known."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x1000, False, process)  # PROCESS_QUERY_LIMITED_INFORMATION
        if handle:
            kernel.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@functools.cache
def _here() -> str:
    """Where this process has its number: a computer, and on Linux the container or sandbox in it."""
    try:
        inside = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        inside = ""
    return hashlib.sha256(f"{platform.node()}\0{inside}".encode()).hexdigest()[:8]


def temporary_prefix() -> str:
    """How what this process is writing is called until it is whole."""
    return f"{PREFIX}{_here()}-{os.getpid()}-"


def sweep(folder: Path) -> int:
    """Remove what processes of this computer that are no more left unfinished in a folder; returns how many.

    Only what has exactly such a name: a file of the same folder that another computer is writing stays.
    """
    swept = 0
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(PREFIX)]
    except OSError:
        return 0
    for name in names:
        owned = _OWNED.match(name)
        if owned is None or owned.group(1) != _here() or is_running(int(owned.group(2))):
            continue
        path = folder / name
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError:
            continue
        swept += 1
    return swept


def sweep_once(folder: Path) -> None:
    """Sweep a folder the first time that this process writes there."""
    if folder not in _swept:
        _swept.add(folder)
        sweep(folder)


def temporary_folder(beside: Path) -> Path:
    """A new folder (0700) beside ``beside`` that takes its place when it is whole. Raises OSError."""
    parent = beside.absolute().parent
    sweep_once(parent)
    return Path(tempfile.mkdtemp(prefix=temporary_prefix(), dir=parent))
