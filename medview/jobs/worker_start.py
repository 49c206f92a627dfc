"""How a worker process is started: the command line, also for a packaged program, and what runs first inside it.

A worker is a fresh interpreter (spawned, never forked) that imports the search path of its parent, nothing of the program's
own ``__main__`` and no site packages' start-up code, so that it stands after a tenth of a second.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medview.core.progress import Progress

WORKER_FLAG = "--medview-worker"
"""First argument by which a packaged program knows that it is to be a worker."""

LOWEST = 19
GIVES_WAY = 3
"""Niceness of the workers that decode beside a window."""
POLL_S = 0.2

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from medview.jobs.worker_loop import run_worker; run_worker(sys.argv[2], int(sys.argv[3]))"
)

_ENVIRONMENT = {
    # One worker per core: libraries must not start threads of their own, each of which would cost memory.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def worker_command(entry: str, niceness: int = 0) -> list[str]:
    """The command line of a worker whose module ``entry`` prepares and reads (see worker_loop)."""
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_FLAG, entry, str(niceness)]
    # On Windows the interpreter of a virtual environment is a launcher with the real one as a child that outlives a kill.
    executable = getattr(sys, "_base_executable", sys.executable) if os.name == "nt" else sys.executable
    search = json.dumps([path or os.getcwd() for path in sys.path])  # noqa: PTH109 - plain text is sent
    return [executable, "-I", "-S", "-c", _BOOT, search, entry, str(niceness)]


def worker_environment() -> dict[str, str]:
    """The environment of this process as a worker gets it.

    OpenCV's loader ends LD_LIBRARY_PATH (on Windows PATH) with an empty entry, and that is the working directory: the worker
    would take its libraries from the folder of the study that medview was started in.
    """
    environment = {**os.environ, **_ENVIRONMENT}
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH"):
        entries = [entry for entry in environment.get(name, "").split(os.pathsep) if os.path.isabs(entry)]  # noqa: PTH117
        if entries:
            environment[name] = os.pathsep.join(entries)
        else:
            environment.pop(name, None)
    return environment


def start_worker(entry: str, niceness: int = 0) -> subprocess.Popen[bytes]:
    """Start a worker; it talks through its standard input and output. ``niceness`` above 0: it gives way. Raises OSError."""
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    if niceness > 0:
        flags |= getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
    environment = worker_environment()
    errors = None if environment.get("MEDVIEW_WORKER_ERRORS") else subprocess.DEVNULL
    return subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
        worker_command(entry, niceness),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        bufsize=0,
        env=environment,
        creationflags=flags,
    )


_ahead: list[tuple[str, int, subprocess.Popen[bytes]]] = []


def start_ahead(entry: str, niceness: int, is_wanted: Callable[[], bool]) -> threading.Thread:
    """Start a worker before there is anybody to lead it; the first who wants such a one gets it.

    ``is_wanted`` is asked first, in a thread that nobody waits for: it may look at a network folder. Its OSError says no.
    """

    def start() -> None:
        with contextlib.suppress(OSError):
            if is_wanted():
                _ahead.append((entry, niceness, start_worker(entry, niceness)))

    thread = threading.Thread(target=start, name="medview-head-start", daemon=True)
    thread.start()
    return thread


def worker_for(entry: str, niceness: int) -> subprocess.Popen[bytes]:
    """A worker that was started ahead, or else one that is started now; raises OSError."""
    try:
        *how, process = _ahead.pop()
    except IndexError:
        return start_worker(entry, niceness)
    if how == [entry, niceness] and process.poll() is None:
        return process
    end_worker(process)
    return start_worker(entry, niceness)


def end_worker(process: subprocess.Popen[bytes]) -> None:
    """End a worker at once, whatever it does."""
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def run_once(entry: str, progress: Progress) -> None:
    """Let a worker of the lowest priority prepare itself, and end it; raises Cancelled from ``progress``, OSError."""
    process = start_worker(entry, LOWEST)
    try:
        if process.stdin is not None:
            process.stdin.close()
        while process.poll() is None:
            progress("prepare", 0, 0)
            time.sleep(POLL_S)
    finally:
        end_worker(process)


def became_worker(arguments: Sequence[str]) -> bool:
    """Run as a worker where the arguments say so; the entry of a packaged program calls it first and then returns."""
    if len(arguments) != 3 or arguments[0] != WORKER_FLAG:
        return False
    from medview.jobs.worker_loop import run_worker

    run_worker(arguments[1], int(arguments[2]))
    return True
