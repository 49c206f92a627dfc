"""Backing up what the reader made, and bringing it back: asks for the file, works in the background, tells how it went."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog, QWidget

from medview.jobs.queue import Lane
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.store.backup import Counted

ENDING = "medview-backup"


def save_backup(window: QWidget, workspace: Workspace) -> None:
    """Ask for a file and write marks, decisions and kept results into it."""
    proposed = Path.home() / f"medview-{time.strftime('%Y%m%d')}.{ENDING}"
    title = translate("Backup", "Back up marks, decisions and results (with patient data)")
    path, _ = QFileDialog.getSaveFileName(window, title, str(proposed), f"medview (*.{ENDING})")
    if path:
        back_up_in_background(workspace, Path(path))


def open_backup(window: QWidget, workspace: Workspace) -> None:
    """Ask for a backup and add what it holds."""
    title = translate("Backup", "Restore a backup: adds what is missing, replaces nothing newer")
    path, _ = QFileDialog.getOpenFileName(window, title, str(Path.home()), f"medview (*.{ENDING});;* (*)")
    if path:
        restore_in_background(workspace, Path(path))


def back_up_in_background(workspace: Workspace, path: Path) -> None:
    """Write the backup after all that waits for the disk, and say where it is."""
    store = workspace.keeping.store

    def work(_progress: Any) -> Counted:
        from medview.store.backup import backup

        return backup(path, store)

    def done(made: Counted) -> None:
        values = (str(made.entries), str(made.results), str(path))
        text = f"{values[0]} entries of the journal and {values[1]} results are in {values[2]}."
        workspace.tell("backed_up", text, values, severity="done")

    def begin() -> None:
        workspace.jobs.submit("backup", work, Lane.KEEPING, done, workspace.tell_error)

    # What is recorded while something is written would be handed to the lane after a backup asked for meanwhile.
    workspace.keeping.when_written(begin)


def restore_in_background(workspace: Workspace, path: Path) -> None:
    """Add what the backup holds, show what of it is on the open studies, and say how much there was."""
    store = workspace.keeping.store

    def work(_progress: Any) -> Counted:
        from medview.store.backup import restore

        return restore(path, store)

    def done(made: Counted) -> None:
        values = (str(made.entries), str(made.results), path.name)
        text = f"{values[0]} entries of the journal and {values[1]} results were brought back from {values[2]}."
        workspace.tell("restored_backup", text, values, severity="done")
        workspace.fetch_kept_results([series for study in workspace.studies for series in study.series])

    workspace.jobs.submit("backup", work, Lane.KEEPING, done, workspace.tell_error)
