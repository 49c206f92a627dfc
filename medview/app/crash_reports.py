"""What is kept when medview fails: where in the program, never what was on the screen. It stays on this computer.

Texts of errors can hold names of files and patients, so only kinds of errors, lines of the program and medview's own codes are
written. A fault that ends the process (in a driver, a codec, Qt) leaves the lines that each thread was in.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from medview import __version__
from medview.core.folders import private_folder, user_folder
from medview.core.problem import MedviewError, Note

RUNNING = "running-"
MOST = 20
"""Reports that are kept; the oldest go."""

_open: dict[str, TextIO] = {}
_ours: list[str] = []
"""Names of the files that faults are written to."""


def crash_folder() -> Path:
    """Where the reports are."""
    return user_folder() / "crashes"


def crash_reports() -> tuple[Path, ...]:
    """Reports that are there, oldest first."""
    try:
        return tuple(sorted(path for path in crash_folder().glob("*.txt") if not path.name.startswith(RUNNING)))
    except OSError:
        return ()


def watch() -> tuple[Note, ...]:
    """From now on a fault that ends the process leaves a report; what the last run left, as a note. Never raises.

    The file of a run is there while it lives and goes with its good end: one that is found was left by a run that died.
    """
    with contextlib.suppress(OSError):
        folder = crash_folder()
        private_folder(folder)
        left = [path for path in folder.glob(f"{RUNNING}*.txt") if not _is_alive(path)]
        found = [_kept(path) for path in sorted(left)]
        for old in crash_reports()[:-MOST]:
            old.unlink(missing_ok=True)
        path = folder / f"{RUNNING}{os.getpid()}-{time.time_ns()}.txt"
        file = path.open("w", encoding="utf-8")
        _hold(file)
        file.write(_heading())
        file.flush()
        _open[str(path)] = file
        if not faulthandler.is_enabled():  # whoever starts us with one of their own keeps it
            faulthandler.enable(file)
            _ours.append(path.name)
        told = [one for one in found if one is not None]
        if told:
            name = str(told[-1])
            text = (
                f"medview ended unexpectedly the last time. What it was doing is kept in {name}, without patient data."
            )
            return (Note("ended_unexpectedly", text, (name,)),)
    return ()


def end_watch() -> None:
    """The process ends well: nothing is left of its file unless something was reported."""
    while _open:
        name, file = _open.popitem()
        if Path(name).name in _ours:
            faulthandler.disable()
        with contextlib.suppress(OSError):
            file.close()
            Path(name).unlink(missing_ok=True)


def report_error(error: BaseException) -> Path | None:
    """Keep where an error that nobody caught came from; where it was written, None where nothing can be."""
    with contextlib.suppress(OSError):
        folder = crash_folder()
        private_folder(folder)
        path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09}-error.txt"
        path.write_text(_heading() + "\n".join(_lines(error)) + "\n", encoding="utf-8")
        return path
    return None


def _heading() -> str:
    system = f"{sys.platform} Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return f"medview {__version__} on {system}, {time.strftime('%Y-%m-%d %H:%M:%S %z')}\n"


def _lines(error: BaseException) -> Iterator[str]:
    """Kinds of errors and lines of code, the first cause first."""
    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain and len(chain) < MOST:
        chain.insert(0, one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    for each in chain:
        code = f" {each.code}" if isinstance(each, MedviewError) else ""
        yield f"{type(each).__module__}.{type(each).__name__}{code}"
        for frame in traceback.extract_tb(each.__traceback__):
            yield f"  {_place(frame.filename)}:{frame.lineno} in {frame.name}"


def _place(filename: str) -> str:
    """A file of the program by its place in its package: where the program is installed tells the user's name."""
    parts = Path(filename).parts
    for anchor in ("site-packages", "parts", "medview"):
        if anchor in parts:
            at = len(parts) - 1 - parts[::-1].index(anchor)
            return "/".join(parts[at if anchor == "medview" else at + 1 :])
    return parts[-1] if parts else "?"


def _hold(file: TextIO) -> bool:
    """Take a file for this process until it ends; False where another one has it. Windows holds every open file by itself."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_alive(path: Path) -> bool:
    """Whether the process that a file belongs to still runs."""
    if str(path) in _open:
        return True
    try:
        if sys.platform == "win32":
            path.rename(path)  # refused while it is open
            return False
        with path.open("r+", encoding="utf-8", errors="replace") as file:
            return not _hold(file)
    except OSError:
        return True


def _kept(path: Path) -> Path | None:
    """The report of a run that died; None where it was ended from outside (a kill, a power cut) and left no lines."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        if len(lines) < 2:
            path.unlink()
            return None
        target = path.with_name(f"{time.strftime('%Y%m%d-%H%M%S')}-{path.name.removeprefix(RUNNING)}")
        cleaned = [_without_folders(line) for line in lines]
        target.write_text("\n".join(cleaned) + "\n", encoding="utf-8")
        path.unlink()
    except OSError:
        return None
    return target


def _without_folders(line: str) -> str:
    """A line of faulthandler (``  File "…/a.py", line 3 in f``) with the file by its place in its package."""
    begin = line.find('File "')
    end = line.find('"', begin + 6)
    return line if begin < 0 or end < 0 else f"{line[: begin + 6]}{_place(line[begin + 6 : end])}{line[end:]}"
