"""Saving where the series on top lies as a registration object, at a place that the reader names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace


def save_place(window: QWidget, workspace: Workspace) -> None:
    """Ask where, and write it there in the background."""
    start = str(Path(workspace.settings.last_folder or ".") / "registration.dcm")
    title = translate("Saving", "Save the registration")
    path, _kind = QFileDialog.getSaveFileName(window, title, start, "DICOM REG (*.dcm)")
    if path:
        workspace.registrations.save(
            workspace.active_viewport, path if path.lower().endswith(".dcm") else f"{path}.dcm"
        )
