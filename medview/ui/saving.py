"""Saving from the window: the viewport as a picture, a result's segmentation as NIfTI or DICOM SEG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from medview.app.opening import find_stack
from medview.core.problem import ExitCode, MedviewError
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult

SUFFIXES = {"nifti": ".nii.gz", "seg": ".dcm"}


def viewport_pixmap(viewport: QWidget) -> QPixmap:
    """What a viewport shows, at the screen's resolution."""
    return viewport.grab()


def copy_viewport_picture(viewport: QWidget) -> None:
    """Put what a viewport shows on the clipboard."""
    QApplication.clipboard().setPixmap(viewport_pixmap(viewport))


def save_viewport_picture(window: QWidget, workspace: Workspace, viewport: QWidget) -> None:
    """Ask where, and write what a viewport shows as PNG."""
    start = str(Path(workspace.settings.last_folder or ".") / "medview.png")
    path, _kind = QFileDialog.getSaveFileName(
        window, translate("Saving", "Save the viewport as a picture"), start, "PNG (*.png)"
    )
    if path:
        write_viewport_picture(workspace, viewport, path if path.lower().endswith(".png") else f"{path}.png")


def write_viewport_picture(workspace: Workspace, viewport: QWidget, path: str) -> None:
    """Write what a viewport shows; the file is whole or not there, and the reader is told which."""
    try:
        write_whole(Path(path), viewport_pixmap(viewport))
    except MedviewError as error:
        workspace.tell_error(error)
        return
    workspace.tell("saved", f"Saved as {path}.", (path,), severity="done")


def write_whole(path: Path, pixmap: QPixmap) -> None:
    """Write a picture as PNG so that it is whole or not there; raises MedviewError where the disk refuses."""
    from medview.files.replaced_file import replaced_file

    with replaced_file(path) as temporary:
        if not pixmap.save(str(temporary), "PNG"):
            raise OSError(None, "the picture could not be encoded or the disk is full")


def save_result(window: QWidget, workspace: Workspace, result: InferenceResult, kind: Literal["nifti", "seg"]) -> None:
    """Ask where, and save a result's segmentation there in the background."""
    suffix = SUFFIXES[kind]
    name = f"{result.provenance.package_id}{suffix}"
    filters = {"nifti": "NIfTI (*.nii.gz *.nii)", "seg": "DICOM SEG (*.dcm)"}[kind]
    start = str(Path(workspace.settings.last_folder or ".") / name)
    path, _kind = QFileDialog.getSaveFileName(window, translate("Saving", "Save the segmentation"), start, filters)
    if path:
        if not path.lower().endswith((".nii", ".nii.gz", ".dcm")):
            path += suffix
        write_result(workspace, result, kind, path)


def write_result(workspace: Workspace, result: InferenceResult, kind: Literal["nifti", "seg"], path: str) -> None:
    """Write a result's segmentation in the background and tell how it went."""
    from medview.jobs.queue import Lane

    found = find_stack(workspace.studies, result.provenance.stack_id)
    segmentation = result.segmentation
    if segmentation is None or found is None:
        return
    stack = found[2]

    def work(progress: object) -> str:  # noqa: ARG001 - one step
        if kind == "nifti":
            from medview.formats.writing import write_volume

            if segmentation.geometry is None:
                text = "The series has no geometry; a NIfTI file of its segmentation would place it wrongly."
                raise MedviewError("no_geometry", text, path, ExitCode.INPUT_UNUSABLE)
            write_volume(path, segmentation.labels, segmentation.geometry)
        else:
            from medview.dicom.seg_write import write_segmentation_object

            first = segmentation.time * stack.shape[0]
            frames = stack.frames[first : first + stack.shape[0]]
            write_segmentation_object(path, segmentation, frames, result.provenance)
        return path

    def done(written: str) -> None:
        workspace.tell("saved", f"Saved as {written}.", (written,), severity="done")

    workspace.background.remember(
        workspace.jobs.submit("save", work, Lane.ANALYSIS, on_done=done, on_failed=workspace.tell_error)
    )
