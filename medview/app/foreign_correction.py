"""Segmentations of the study's own files taken to be corrected: a copy on the voxels of the images, linked to where it comes from."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from medview.app import opening
from medview.app.correction import PREFIX, Correction, pixel_mm_of
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.core.cut import cut_labels
from medview.core.finding import InferenceResult, Label, Provenance, Segmentation
from medview.core.plane import plane_of_slice

if TYPE_CHECKING:
    from medview.app.study_objects import ListedObject
    from medview.app.workspace import Workspace
    from medview.core.geometry import Geometry
    from medview.core.overlay import StudyOverlay
    from medview.core.progress import Progress
    from medview.core.study import Stack

MOST_LABELS = 255


def can_be_corrected(overlay: StudyOverlay | None, stack: Stack) -> bool:
    """Whether an object has label maps that can be brought onto the voxels of a stack."""
    return overlay is not None and stack.geometry is not None and 0 < len(overlay.segmentations) <= MOST_LABELS


def correct_overlay(workspace: Workspace, listed: ListedObject, stack: Stack) -> None:
    """Make a copy of an object's label maps on the stack's voxels, in the background, and work on it."""
    from medview.jobs.queue import Lane

    overlay = workspace.overlays.overlay(listed, stack.id)
    found = opening.find_stack(workspace.studies, stack.id)
    geometry = stack.geometry
    if overlay is None or found is None or geometry is None or not can_be_corrected(overlay, stack):
        return
    reader = workspace.decisions.reader
    title = listed.title or overlay.title or listed.kind
    provenance = Provenance(
        package_id=f"{PREFIX}{uuid.uuid4()}",
        package_name=f"{title}, edited by {reader or 'a reader'}",
        package_version="",
        package_sha256="",
        device_requested="",
        device_used="",
        series_uid=found[1].series_uid,
        stack_id=stack.id,
        finished_at=datetime.now().astimezone().isoformat(timespec="microseconds"),
        duration_s=0.0,
        research_only=False,
        how="semiautomatic",
        reader=reader,
        origin=listed.key,
    )

    def work(progress: Progress) -> Segmentation:
        return on_stack(overlay.segmentations, geometry, progress)

    def done(segmentation: Segmentation) -> None:
        here = opening.find_stack(workspace.studies, stack.id)
        if here is None:
            return
        base = InferenceResult(provenance, "segmentation", segmentation)
        correction = Correction(base, pixel_mm_of(here[2]))
        if workspace.overlays.is_shown(listed, stack.id):
            workspace.overlays.show(listed, here[2], False)
        workspace.corrections.do_there(correction, True, QT_TRANSLATE_NOOP("Step", "Edit a segmentation"))

    job = workspace.jobs.submit("label", work, Lane.ANALYSIS, on_done=done, on_failed=workspace.tell_error)
    workspace.background.remember(job)


def on_stack(found: Sequence[Segmentation], geometry: Geometry, progress: Progress) -> Segmentation:
    """Label maps on grids of their own as one on the voxels of ``geometry``, nearest; where parts overlap the later one holds."""
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    meanings: list[Label] = []
    tables: list[tuple[Segmentation, np.ndarray[tuple[int], np.dtype[np.uint8]]]] = []
    for segmentation in found:
        table = np.zeros(int(segmentation.labels.max(initial=0)) + 1, dtype=np.uint8)
        for label in segmentation.meanings:
            if len(meanings) < MOST_LABELS:
                value = len(meanings) + 1
                meanings.append(Label(value, label.name, label.colour, label.category, label.type))
                if label.value < len(table):
                    table[label.value] = value
        tables.append((segmentation, table))
    for k in range(geometry.shape[0]):
        progress("label", k, geometry.shape[0])
        plane = plane_of_slice(geometry, k)
        for segmentation, table in tables:
            if segmentation.geometry is None:
                continue
            new = table[cut_labels(segmentation, plane)]
            labels[k] = np.where(new > 0, new, labels[k])
    return Segmentation(labels, geometry, tuple(meanings))
