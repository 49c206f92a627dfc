"""The surfaces of labels as files for other programs and for printing: one STL for each label, named after it, in LPS mm."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medview.app.picture_export import free_folder
from medview.app.solid_process import SolidProcess, check_installed
from medview.app.solid_surfaces import SolidLabel, part_of
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_VOXELS = 96 << 20
"""Of the box around a label; what is larger is made of every second, third … voxel, and that is said."""
MOST_NAME = 50


@dataclass(frozen=True, slots=True)
class WrittenSurface:
    """``path`` holds the surface of the label ``name``, which encloses so many ml; ``step``: of every how many-th voxel it was made."""

    path: Path
    name: str
    volume_ml: float
    step: int


def surface_name(number: int, name: str) -> str:
    """A file name for a label: its number keeps two of one name apart, its words stay in whatever script they are."""
    word = re.sub(r"[^\w.-]+", "-", name).strip("-._")[:MOST_NAME]
    return f"{number:02d}-{word}.stl" if word else f"{number:02d}.stl"


def check_surfaces(labels: Sequence[SolidLabel]) -> None:
    """Raises MedviewError where there is nothing to make surfaces of, nothing to make them with, or it is not allowed."""
    policy().refuse("export")
    if not labels:
        text = "No segmentation with a place in the patient is shown here: there is nothing to make a surface of."
        raise MedviewError("no_surface", text, exit_code=ExitCode.INPUT_UNUSABLE)
    check_installed()


def write_surfaces(
    labels: Sequence[SolidLabel], parent: Path, name: str, progress: Progress = no_progress
) -> tuple[WrittenSurface, ...]:
    """Make the surfaces in a process of their own and write them into a new folder ``name`` of ``parent``. Raises MedviewError.

    Labels without a voxel are left out; where that leaves none, that is an error. Nothing of the patient is in any name.
    """
    from medview.files.replaced_file import cannot_write
    from medview.formats.stl_file import write_stl

    check_surfaces(labels)
    folder = free_folder(parent, name)
    written: list[WrittenSurface] = []
    process = SolidProcess(lambda: progress("surface", len(written), len(labels)))
    try:
        for number, label in enumerate(labels, start=1):
            progress("surface", number - 1, len(labels))
            part = part_of(label, MOST_VOXELS)
            if part is None:
                continue
            points, triangles, volume = process.border(part)
            if not len(triangles):
                continue
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise cannot_write(folder, error) from error
            path = folder / surface_name(number, label.name)
            write_stl(path, points, triangles, label.name)
            written.append(WrittenSurface(path, label.name, volume / 1000.0, part.step))
    finally:
        process.close()
    if not written:
        text = "The labels that are shown have no voxel: there is nothing to make a surface of."
        raise MedviewError("empty_surface", text, exit_code=ExitCode.INPUT_UNUSABLE)
    return tuple(written)
