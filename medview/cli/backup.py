"""``medview backup`` and ``medview restore``: marks, decisions and kept results in one file."""

from __future__ import annotations

from pathlib import Path

import click

from medview.cli.answer import print_json, print_text
from medview.core.problem import ExitCode


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def backup_command(file: str, as_json: bool) -> int:
    """Write marks, decisions, notes and kept results of this user into FILE.

    It can be written while medview runs.
    """
    from medview.store.backup import backup
    from medview.store.study_store import StudyStore

    target, store = Path(file).absolute(), StudyStore()
    try:
        made = backup(target, store)
        notes = [note.text for note in store.notes]
    finally:
        store.close()
    if as_json:
        print_json({"file": str(target), "entries": made.entries, "results": made.results, "notes": notes})
    else:
        said = f"{made.entries} entries of the journal and {made.results} results are in {target}"
        print_text("\n".join([said, *(f"note: {text}" for text in notes)]))
    return ExitCode.DONE


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def restore_command(file: str, as_json: bool) -> int:
    """Bring back what FILE, a backup, holds and is not here.

    Nothing is overwritten: on each mark the newest entry holds, whichever side it comes from.
    """
    from medview.store.backup import restore
    from medview.store.study_store import StudyStore

    store = StudyStore()
    try:
        made = restore(Path(file).absolute(), store)
        notes = [note.text for note in store.notes]
    finally:
        store.close()
    if as_json:
        print_json({"file": file, "entries": made.entries, "results": made.results, "notes": notes})
    else:
        said = f"{made.entries} entries of the journal and {made.results} results were brought back"
        print_text("\n".join([said, *(f"note: {text}" for text in notes)]))
    return ExitCode.DONE
