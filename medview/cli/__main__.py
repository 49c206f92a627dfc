"""The ``medview`` command: hands a path to a running window first, and only then imports anything.

Standard library only on that way: a second start must be gone within 200 ms.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

COMMANDS = frozenset(
    {
        "open",
        "inspect",
        "export",
        "render",
        "tags",
        "report",
        "infer",
        "explain",
        "models",
        "backup",
        "deidentify",
        "restore",
        "diagnostics",
        "batch",
        "demo-picture",
    }
)
_KEPT_HERE = frozenset({"--demo", "--new-window", "--help", "--version", "--verbose", "-v", "-h"})


def paths_to_hand_over(arguments: Sequence[str]) -> list[str] | None:
    """Paths that a running window may take; None where these arguments are anything but ``medview [open] PATH…``."""
    words = list(arguments)
    if words and words[0] == "open":
        words = words[1:]
    elif words and words[0] in COMMANDS:
        return None
    paths: list[str] = []
    for at, word in enumerate(words):
        if word == "--":
            return paths + words[at + 1 :]
        if word in _KEPT_HERE or word.startswith("-"):
            return None
        paths.append(word)
    return paths


def plain_window(arguments: Sequence[str]) -> tuple[list[str], bool] | None:
    """(paths, whether ``--new-window`` is among them) of a start of the window that needs no command line library."""
    words = list(arguments)
    others = [word for word in words if word != "--new-window"]
    paths = paths_to_hand_over(others)
    return None if paths is None or "--" in words else (paths, len(others) < len(words))


def handed_over(arguments: Sequence[str]) -> bool:
    """Whether a window that is open has taken the paths of these arguments, so that nothing is left to do."""
    paths = paths_to_hand_over(arguments)
    if paths is None:
        return False
    from medview.app.handover import hand_over

    return hand_over(paths)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if handed_over(words):
        return 0
    from medview.cli.answer import answered, log_to_standard_error
    from medview.cli.needs import check_processor
    from medview.core.folders import leave_no_traces

    leave_no_traces()
    unfit = answered(check_processor)
    if unfit:
        return unfit
    window = plain_window(words)
    if window is not None:
        # The command line library takes a fiftieth of the time to the first image.
        log_to_standard_error()
        return answered(lambda: _open(*window))
    from medview.cli.commands import run

    return run(words)


def _open(paths: list[str], new_window: bool) -> int:
    from medview.cli.head_start import give_head_start
    from medview.cli.needs import with_window

    give_head_start(paths)
    return with_window(lambda run: run(tuple(paths), new_window=new_window))


if __name__ == "__main__":
    # Worker processes are started by their own small modules, so this is never imported by them.
    sys.exit(main())
