"""Shortcuts of the tests: a folder to its stacks, a stack to its values and the marker's place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from medview.core.progress import no_progress
from medview.core.study import Stack
from medview.dicom.catalog import Catalog
from medview.dicom.scan import scan_paths


def catalog_of(*paths: Path | str) -> Catalog:
    catalog = Catalog()
    for batch in scan_paths([str(path) for path in paths], no_progress):
        catalog.add(batch)
    return catalog


def stacks_of(*paths: Path | str) -> list[Stack]:
    return [stack for study in catalog_of(*paths).studies() for series in study.series for stack in series.stacks]


def only_stack(*paths: Path | str) -> Stack:
    stacks = stacks_of(*paths)
    assert len(stacks) == 1, [(stack.id, stack.kind, stack.shape) for stack in stacks]
    return stacks[0]


def modality_values(stack: Stack, time: int = 0) -> np.ndarray:
    """(k, j, i) modality values of one time point."""
    count = stack.shape[0]
    frames = range(time * count, (time + 1) * count)
    return np.stack([stack.transform.apply(stack.frames[at].read(), at) for at in frames])


def marker_centroid(stack: Stack, time: int = 0, threshold: float = 600) -> np.ndarray:
    """LPS centroid of what is brighter than ``threshold``."""
    assert stack.geometry is not None
    voxels = np.argwhere(modality_values(stack, time) > threshold)
    return stack.geometry.voxel_to_patient(voxels.astype(float)).mean(axis=0)


def codes(stack: Stack) -> set[str]:
    return {note.code for note in stack.notes}


def assert_census(catalog: Catalog) -> None:
    """Frames on disk are shown, or a problem names the file that hides them; no frame is shown twice."""
    census = catalog.census()
    assert census.frames_on_disk - census.frames_shown == sum(problem.frames for problem in catalog.problems())
    shown = [
        (frame.path, frame.frame)
        for study in catalog.studies()
        for series in study.series
        for stack in series.stacks
        for frame in stack.frames
    ]
    assert len(shown) == len(set(shown)) == census.frames_shown
    hidden = {problem.path for problem in catalog.problems() if problem.frames}
    assert not hidden & {path for path, _ in shown}


def assert_shown(catalog: Catalog, on_disk: int, shown: int) -> None:
    census = catalog.census()
    assert (census.frames_on_disk, census.frames_shown) == (on_disk, shown)
