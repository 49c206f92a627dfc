"""Saving from the window: what is shown onto the clipboard, a result's segmentation as NIfTI or DICOM SEG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from medview.app.opening import find_stack
from medview.core.problem import ExitCode, MedviewError
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult

COPY_WAIT_MS = 20
SUFFIXES = {"nifti": ".nii.gz", "seg": ".dcm"}


def copy_picture(window: QWidget, workspace: Workspace, grid: QWidget, *, named: bool | None, whole: bool) -> None:
    """Put what the active viewport shows, or the whole layout, on the clipboard, once it is there to be seen."""
    from medview.ui.layout_picture import LayoutPicture

    size = grid.size()
    if not whole:
        size = QSize(*(round(one) for one in workspace.active_viewport.size))
    picture = LayoutPicture(workspace, size, window, named=named, whole=whole)

    def go_on() -> None:
        if not picture.is_ready:
            QTimer.singleShot(COPY_WAIT_MS, window, go_on)
            return
        QApplication.clipboard().setImage(picture.image())
        picture.close()
        workspace.tell("copied", "Copied to the clipboard.", severity="done")

    go_on()


def write_whole(path: Path, pixmap: QPixmap) -> None:
    """Write a picture as PNG so that it is whole or not there; raises MedviewError where the disk refuses."""
    from medview.files.replaced_file import replaced_file

    with replaced_file(path) as temporary:
        if not pixmap.save(str(temporary), "PNG"):
            raise OSError(None, "the picture could not be encoded or the disk is full")


def saved_name(result: InferenceResult) -> str:
    """What a file of a result's segmentation is called at first."""
    made = result.provenance
    return made.package_id if made.how == "automatic" else "segmentation"


def save_result(window: QWidget, workspace: Workspace, result: InferenceResult, kind: Literal["nifti", "seg"]) -> None:
    """Ask where, and save a result's segmentation there in the background."""
    suffix = SUFFIXES[kind]
    name = f"{saved_name(result)}{suffix}"
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
    edited = workspace.corrections.of_result(result)
    if edited is not None:
        result = edited.frozen()  # as it is now, whatever is painted while it is written
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
            write_volume(path, segmentation.labels, segmentation.geometry, reverse_k=stack.stored_reversed)
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
