"""``python -m tests.oracles [FOLDER …]``: medview beside DCMTK, pydicom, dcm2niix and dcmqi, as a table and as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.oracles.dcmtk import MOST_FRAMES, has_dcmtk
from tests.oracles.explained import judge
from tests.oracles.outcome import Outcome
from tests.oracles.run import ORACLES, run_tasks, tasks_of
from tests.oracles.segments import dcmqi_program
from tests.oracles.sources import default_roots, files_below
from tests.oracles.table import write_table
from tests.oracles.volumes import dcm2niix_program


def main(arguments: list[str] | None = None) -> int:
    """Compare, print the table, write the JSON; 1 where something is open, or vanished among the files at hand."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracles", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="Files and folders; without them all that is at hand.")
    parser.add_argument("--oracles", nargs="+", choices=ORACLES, default=list(ORACLES))
    parser.add_argument("--jobs", type=int, default=2, help="Processes (default: 2).")
    parser.add_argument("--frames", type=int, default=MOST_FRAMES, help="Frames of a file at most; 0: all.")
    parser.add_argument("--output", type=Path, help="JSON to write; FILE.journal beside it lets a broken run go on.")
    parser.add_argument("--fresh", action="store_true", help="Forget what a broken run has left.")
    parser.add_argument("--lines", type=int, default=60, help="Open differences to print at most.")
    wished = parser.parse_args(arguments)
    oracles = [name for name in wished.oracles if _is_there(name)]
    journal = None if wished.output is None else wished.output.with_name(wished.output.name + ".journal")
    if journal is not None and wished.fresh:
        journal.unlink(missing_ok=True)
    started = time.monotonic()
    files = list(files_below(wished.paths or default_roots()))
    tasks = tasks_of(files, oracles, wished.frames or sys.maxsize)
    outcomes = run_tasks(tasks, max(1, wished.jobs), journal, _progress if sys.stderr.isatty() else None)
    judgement = judge(outcomes)
    print(write_table(judgement, wished.lines))
    print(f"{len(files)} files in {time.monotonic() - started:.0f} s")
    if wished.output is not None:
        wished.output.write_text(
            json.dumps([_record(each.outcome, each) for each in judgement.judged], indent=1), "utf-8"
        )
        if journal is not None:
            journal.unlink(missing_ok=True)
    return 1 if judgement.open or (judgement.vanished and not wished.paths) else 0


def _record(outcome: Outcome, judged: object) -> dict[str, object]:
    explanation = getattr(judged, "explanation", None)
    return {**outcome.to_json(), "explanation": explanation.id if explanation is not None else None}


def _is_there(oracle: str) -> bool:
    missing = (
        (oracle in {"dcmtk", "dcmdump"} and not has_dcmtk())
        or (oracle == "dcm2niix" and dcm2niix_program() is None)
        or (oracle == "dcmqi" and dcmqi_program() is None)
    )
    if missing:
        print(f"{oracle} is not installed: left out", file=sys.stderr)
    return not missing


def _progress(left_done: int, total: int) -> None:
    print(f"\r{left_done} of {total}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
