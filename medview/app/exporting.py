"""A stack written as a volume file that other programs read: modality values on the true grid, or a refusal."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.headless import checked_time, load_whole
from medview.core.cut import cut_slice
from medview.core.geometry import Geometry
from medview.core.plane import plane_of_slice
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.formats.writing import smallest_integers, write_volume, written_ending

MOST_SLICES_PER_SLICE = 10
"""How many times more slices a resampled volume may have; one pair of nearly equal positions must not fill the disk."""


def export_stack(
    stack: Stack,
    path: str,
    time: int | None = None,
    resample: bool = False,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Write ``stack`` to ``path`` (.nii.gz, .nrrd, .mha); returns what was written, JSON-ready.

    Without ``time`` NIfTI gets all time points. Raises MedviewError: unknown_format, no_geometry, irregular_spacing,
    no_such_time, time_needed, cannot_write, and what a frame that cannot be read has.
    """
    policy().refuse("export")
    ending = written_ending(path)
    if stack.geometry is None:
        raise MedviewError(
            "no_geometry",
            f"Stack {stack.id} has no common geometry: a volume file of it would place it wrongly.",
            values=(stack.id,),
        )
    if stack.kind == "irregular" and not resample:
        raise MedviewError(
            "irregular_spacing",
            f"The distances between the slices of {stack.id} differ, which a volume file cannot hold; "
            "--resample puts it on even distances.",
            values=(stack.id,),
        )
    if time is None and stack.timepoints > 1 and not ending.startswith(".nii"):
        raise MedviewError(
            "time_needed",
            f"Stack {stack.id} has {stack.timepoints} time points and {ending} holds one: choose with --time.",
            exit_code=ExitCode.BAD_USE,
            values=(stack.id, str(stack.timepoints), ending),
        )
    times = range(stack.timepoints) if time is None else [checked_time(stack, time)]
    written: list[NDArray[Any]] = []
    geometry = stack.geometry
    for number in times:
        volume = load_whole(stack, number, progress)
        if stack.kind == "irregular":
            values, geometry = even_slices(volume)
        else:
            values = volume.modality_values()
        written.append(values)
    values = written[0] if len(written) == 1 else np.stack(written)
    if stack.components == 1:
        values = smallest_integers(values)
    write_volume(path, values, geometry, time_step_s=_time_step(stack) if len(written) > 1 else 0.0)
    return {
        "output": path,
        "stack": stack.id,
        "shape": list(geometry.shape),
        "timepoints": len(written),
        "dtype": values.dtype.name,
        "unit": stack.unit,
        "spacing": list(geometry.spacing),
        "affine": geometry.affine.tolist(),
        "resampled": stack.kind == "irregular",
        "notes": [{"code": note.code, "text": note.text} for note in stack.notes],
    }


def even_slices(volume: Volume) -> tuple[NDArray[np.float32], Geometry]:
    """An irregular volume on evenly spaced slices, the smallest distance apart, interpolated between its neighbours.

    The first and last slice stay where they are as far as whole steps allow; lateral drift is followed by the
    interpolation, so the new grid is not sheared.
    """
    geometry = volume.geometry
    assert geometry is not None
    depths = geometry.depths
    length = float(depths[-1] - depths[0])
    smallest = float(np.diff(depths).min())
    count = min(round(length / smallest) + 1, MOST_SLICES_PER_SLICE * len(depths))
    affine = geometry.affine.copy()
    affine[:3, 2] = geometry.normal * (length / (count - 1))
    affine[:3, 3] = geometry.origins[0]
    even = Geometry((count, *geometry.shape[1:]), affine, geometry.frame_of_reference)
    values = np.stack([cut_slice(volume, plane_of_slice(even, k)).values for k in range(count)])
    return (values if volume.is_colour else values.astype(np.float32)), even


def _time_step(stack: Stack) -> float:
    """Seconds between time points where the labels say them evenly, else 0 (unknown)."""
    found = [re.fullmatch(r"([\d.]+) s", label) for label in stack.time_labels]
    if len(found) < 2 or not all(found):
        return 0.0
    steps = np.diff([float(match.group(1)) for match in found if match])
    return float(steps[0]) if steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-3) else 0.0
