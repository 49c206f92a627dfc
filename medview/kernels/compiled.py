"""Compiling with numba and keeping the result on disk where that is possible and safe."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numba


def compile_kept(function: Callable[..., Any], signatures: Sequence[Any]) -> Callable[..., Any]:
    """Compile ``function`` for ``signatures`` to run on one thread without the interpreter's lock.

    numba keeps the result beside the source or in the user's cache folder; where neither can be written to, in a private
    temporary folder; and where that is not private, not at all. One thread: numba's portable threading layer aborts
    the process when two threads enter it at once.
    """
    try:
        return _jit(function, signatures, cache=True)
    except (RuntimeError, OSError):  # "no locator available"
        pass
    if _keeps_privately():
        try:
            return _jit(function, signatures, cache=True)
        except (RuntimeError, OSError):
            pass
    return _jit(function, signatures, cache=False)


def is_kept(function: Callable[..., Any], signature: Any) -> bool:
    """Whether :func:`compile_kept` would find ``function`` compiled for ``signature`` already."""
    try:
        dispatcher = _jit(function, (), cache=True)
    except (RuntimeError, OSError):
        if not _keeps_privately():
            return False
        try:
            dispatcher = _jit(function, (), cache=True)
        except (RuntimeError, OSError):
            return False
    kept: Any = dispatcher
    return kept._cache.load_overload(signature, kept.targetctx) is not None


def _keeps_privately() -> bool:
    folder = private_cache_folder()
    if folder is None:
        return False
    config: Any = numba.config
    config.CACHE_DIR = folder
    return True


def _jit(function: Callable[..., Any], signatures: Sequence[Any], cache: bool) -> Callable[..., Any]:
    compiled: Callable[..., Any] = numba.njit(list(signatures) or None, cache=cache, nogil=True)(function)
    return compiled


def private_cache_folder() -> str | None:
    """A folder in the temporary one that only this user can enter; None where somebody else has put it there.

    What lies in a cache is executed, so a folder that others can write to is worse than none.
    """
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"medview-numba-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o077):
        return None
    return str(folder)
