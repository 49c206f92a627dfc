"""Asks where to, and writes what those who look for a fault need to know, in the background."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from medview.app.workspace import Workspace
from medview.jobs.queue import Lane
from medview.ui.text import translate


def save_diagnostics(window: QWidget, workspace: Workspace) -> None:
    """Ask for a file and write the diagnostics into it."""
    proposed = Path.home() / f"medview-diagnostics-{time.strftime('%Y%m%d')}.zip"
    title = translate("Diagnostics", "Save diagnostics (no patient data goes in)")
    path, _ = QFileDialog.getSaveFileName(window, title, str(proposed), "ZIP (*.zip)")
    if path:
        write_in_background(workspace, path, {"screens": _screens(window)})


def write_in_background(workspace: Workspace, path: str, more: dict[str, object]) -> None:
    """Write, and say where to or why not."""
    from medview.app.diagnostics import write_diagnostics

    def done(written: Path) -> None:
        workspace.tell("saved", f"Saved as {written}.", (str(written),), severity="done")

    workspace.jobs.submit(
        "diagnostics", lambda _progress: write_diagnostics(path, more), Lane.ANALYSIS, done, workspace.tell_error
    )


def _screens(window: QWidget) -> list[dict[str, object]]:
    from PySide6.QtGui import QGuiApplication

    return [
        {"pixels": [screen.size().width(), screen.size().height()], "scale": screen.devicePixelRatio()}
        for screen in QGuiApplication.screens()
    ] + [{"window_scale": window.devicePixelRatioF(), "platform": QGuiApplication.platformName()}]
