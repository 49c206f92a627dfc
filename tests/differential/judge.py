"""Holds medview's stacks of a folder beside the truth: every frame once, at its place, with its values, and none mixed."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from medview.core.problem import MedviewError
from medview.core.study import Stack
from tests.dicom.reading import catalog_of
from tests.differential.truth import TrueFrame, TrueSeries

_AXES = {
    "echo time": ("echo", "ms"),
    "inversion time": ("inversion time", "ms"),
    "flip angle": ("flip angle", "°"),
    "b": ("b-value", "s/mm²"),
}
"""Steps of the truth whose value must be the one that the dimension of this name and unit says."""


def judge(folder: Path, truth: TrueSeries) -> list[str]:
    """What is wrong, empty where nothing is."""
    catalog = catalog_of(folder)
    stacks = [stack for study in catalog.studies() for series in study.series for stack in series.stacks]
    wrong = [f"problem {each.code}: {each.what}" for each in catalog.problems()]
    seen = [(Path(frame.path).name, frame.frame) for stack in stacks for frame in stack.frames]
    if len(set(seen)) != len(seen):
        wrong.append("a frame is shown twice")
    if missing := set(truth.frames) - set(seen):
        wrong.append(f"{len(missing)} frames are not shown, as {min(missing)}")
    if wrong:
        return wrong
    for stack in stacks:
        wrong.extend(f"{stack.kind} {stack.shape}×{stack.timepoints}: {said}" for said in _of_stack(stack, truth))
    if truth.stacks and len(stacks) != truth.stacks:
        wrong.append(f"{len(stacks)} stacks {[(s.kind, s.shape, s.timepoints) for s in stacks]}, not {truth.stacks}")
    for stack in stacks:
        if truth.kind and stack.kind != truth.kind:
            wrong.append(f"{stack.kind}, not {truth.kind} ({[note.code for note in stack.notes]})")
        if truth.timepoints and stack.timepoints != truth.timepoints:
            wrong.append(f"{stack.timepoints} time points along {stack.time_axis}, not {truth.timepoints}")
    return wrong


def _of_stack(stack: Stack, truth: TrueSeries) -> list[str]:
    wrong = []
    frames = [truth.frames[Path(source.path).name, source.frame] for source in stack.frames]
    wrong.extend(_values(stack, frames, truth))
    if stack.inverted != truth.inverted:
        wrong.append(f"inverted is {stack.inverted}")
    if stack.geometry is None:
        return wrong
    count = stack.shape[0]
    for time in range(stack.timepoints):
        part = frames[time * count : (time + 1) * count]
        wrong.extend(_places(stack, part, truth))
        wrong.extend(_mixed(stack, part, time))
    return wrong


def _values(stack: Stack, frames: list[TrueFrame], truth: TrueSeries) -> list[str]:
    wrong = []
    for at, (source, true) in enumerate(zip(stack.frames, frames, strict=True)):
        try:
            stored = source.read()
        except MedviewError as error:
            return [f"{error.code}: {error}"]
        if stored.shape != true.stored.shape or not np.allclose(stored, true.stored, rtol=0, atol=truth.tolerance):
            wrong.append(f"stored values of {Path(source.path).name}:{source.frame} differ")
        elif stored.ndim == 2 and not np.allclose(stack.transform.apply(stored, at), true.values, rtol=1e-6, atol=1e-9):
            wrong.append(f"modality values of {Path(source.path).name}:{source.frame} differ")
    return wrong[:2]


def _places(stack: Stack, part: list[TrueFrame], truth: TrueSeries) -> list[str]:
    geometry = stack.geometry
    assert geometry is not None
    wrong = []
    off = np.linalg.norm(geometry.origins - np.array([each.position for each in part]), axis=1)
    if off.max() > truth.place_mm:
        wrong.append(f"slice {int(off.argmax())} lies {off.max():.4g} mm off")
    rows, columns = stack.shape[1:]
    for each in part:
        far = each.position + each.row * each.spacing[1] * (columns - 1) + each.column * each.spacing[0] * (rows - 1)
        k = part.index(each)
        ours = geometry.voxel_to_patient([k, rows - 1, columns - 1])
        apart = float(np.linalg.norm(ours - far))
        if apart > truth.place_mm + 2e-3 * float(np.linalg.norm(far - each.position)):
            wrong.append(f"the last voxel of slice {k} lies {apart:.4g} mm off")
            break
    return wrong


def _mixed(stack: Stack, part: list[TrueFrame], time: int) -> list[str]:
    """Whether a time point holds frames that differ in what the truth names, or is called what it is not."""
    wrong = []
    found: dict[str, set[object]] = defaultdict(set)
    for each in part:
        for name, value in each.steps.items():
            found[name].add(value)
    for name, values in found.items():
        if len(values) > 1:
            wrong.append(f"time point {time} mixes {name} {sorted(values, key=str)[:4]}")
    steps = stack.steps_of_time(time)
    for dimension, step in zip(stack.named_dimensions, steps, strict=True):
        for name, (axis, unit) in _AXES.items():
            value = dimension.values[step] if dimension.values else None
            if (dimension.name, dimension.unit) == (axis, unit) and name in found and value not in found[name]:
                wrong.append(f"time point {time} is called {axis} {value}, and is {sorted(found[name], key=str)}")
    return wrong
