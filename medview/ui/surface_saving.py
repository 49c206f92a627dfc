"""Saving the surfaces of the segmentations that a viewport shows: asks for a folder, writes in the background, tells what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from medview.core.problem import MedviewError
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.surface_export import WrittenSurface
    from medview.app.workspace import Workspace
    from medview.core.progress import Progress

MOST_TOLD = 6


def save_surfaces(window: QWidget, workspace: Workspace) -> None:
    """Ask where to, and write the surfaces there."""
    from medview.app.solid_surfaces import solid_labels
    from medview.app.surface_export import check_surfaces

    try:
        check_surfaces(solid_labels(workspace, workspace.active_viewport.view))
    except MedviewError as error:
        workspace.tell(error.code, error.text, error.values, "warning")
        return
    start = workspace.settings.export_folder or str(Path.home())
    folder = QFileDialog.getExistingDirectory(window, translate("Saving", "Folder for the surfaces"), start)
    if folder:
        workspace.change_settings(export_folder=folder)
        write_in_background(workspace, Path(folder))


def write_in_background(workspace: Workspace, parent: Path) -> None:
    """Write what the active viewport shows into a new folder of ``parent`` and tell how it went."""
    from medview.app.picture_export import picture_name
    from medview.app.solid_surfaces import solid_labels
    from medview.app.surface_export import write_surfaces
    from medview.jobs.queue import Lane

    view = workspace.active_viewport.view
    labels = solid_labels(workspace, view)
    name = f"{picture_name(view, named=False)}_surfaces"

    def work(progress: Progress) -> tuple[WrittenSurface, ...]:
        return write_surfaces(labels, parent, name, progress)

    def done(written: tuple[WrittenSurface, ...]) -> None:
        folder = str(written[0].path.parent)
        told = ", ".join(f"{one.name} {shown_number(one.volume_ml, '.1f')} ml" for one in written[:MOST_TOLD])
        told += " …" if len(written) > MOST_TOLD else ""
        values = (str(len(written)), folder, told)
        text = f"{values[0]} surfaces in LPS mm saved in {folder}: {told}."
        workspace.tell("surfaces_saved", text, values, severity="done")
        for one in written:
            if one.step > 1:
                what = (one.name, str(one.step))
                text = f"{one.name} is so large that its surface was made of every {one.step}. voxel along each side."
                workspace.tell("surfaces_coarse", text, what, "hint")

    workspace.background.remember(
        workspace.jobs.submit("save", work, Lane.ANALYSIS, on_done=done, on_failed=workspace.tell_error)
    )
