"""Waiting until the disk itself has what was written: without that a power loss can take back what counted as kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def flush(descriptor: int) -> None:
    """Wait until the disk has the content of a file (fsync alone does not wait for it on macOS). Raises OSError."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def flush_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder, where the system lets a folder be flushed. Raises OSError."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
