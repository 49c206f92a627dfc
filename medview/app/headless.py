"""What the commands without a window do: say what is in a folder, find a stack in it, read its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from medview.app.coding import codings_of
from medview.app.open_paths import Found, open_all
from medview.app.opening import find_stack
from medview.core.person_name import shown_person_name
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress
from medview.core.study import Series, Stack, Study
from medview.core.volume import Volume

Choice = tuple[Study, Series, Stack]


def inspect_paths(paths: Sequence[str], progress: Progress = no_progress) -> tuple[dict[str, Any], MedviewError | None]:
    """What ``paths`` hold as one JSON-ready object, and the error where none of it can be shown at all."""
    found = open_all(paths, progress)
    return describe(found), nothing_found(paths, found)


def nothing_found(paths: Sequence[str], found: Found) -> MedviewError | None:
    """The error for paths without a single image or DICOM object; it is the file's own fault where there is one file."""
    if found.studies:
        return None
    names = ", ".join(paths)
    if len(found.problems) == 1:
        problem = found.problems[0]
        return MedviewError(problem.code, problem.what, problem.path, values=problem.values)
    text = f"No images were found in {names}."
    if found.problems:
        text += f" {len(found.problems)} files could not be read."
    return MedviewError("nothing_found", text, paths[0] if paths else None, values=(names, str(len(found.problems))))


def describe(found: Found) -> dict[str, Any]:
    """Counts, problems and studies under the names that ``medview inspect --json`` promises."""
    from medview.app.object_inspection import described_objects

    objects = described_objects(found.studies)
    return {
        "files_seen": found.census.files_seen,
        "frames_on_disk": found.census.frames_on_disk,
        "frames_shown": found.census.frames_shown,
        "objects_without_pixels": found.census.objects_without_pixels,
        "problems": [{"path": problem.path, "code": problem.code, "what": problem.what} for problem in found.problems],
        "not_shown": list(found.not_shown),
        "studies": [_described_study(study, objects) for study in found.studies],
    }


def _described_study(study: Study, objects: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "study_uid": study.study_uid,
        "patient_id": study.patient.patient_id,
        "patient_name": study.patient.name,
        "patient_name_shown": shown_person_name(study.patient.told_name),
        "date": study.date,
        "description": study.description,
        "series": [
            {
                "series_uid": series.series_uid,
                "number": series.number,
                "modality": series.context.modality,
                "description": series.context.description,
                "instances": series.instances,
                "stacks": [_described_stack(stack) for stack in series.stacks],
                "objects": objects.get(series.series_uid, []),
            }
            for series in study.series
        ],
    }


def _described_stack(stack: Stack) -> dict[str, Any]:
    geometry = stack.geometry
    return {
        "id": stack.id,
        "kind": stack.kind,
        "shape": list(stack.shape),
        "spacing": None if geometry is None else list(geometry.spacing),
        "affine": None if geometry is None else geometry.affine.tolist(),
        "timepoints": stack.timepoints,
        "dimensions": [
            {"name": each.name, "unit": each.unit, "values": list(each.values), "labels": list(each.labels)}
            for each in stack.named_dimensions
        ],
        "frame_time_ms": stack.context.frame_time_ms,
        "components": stack.components,
        "unit": stack.unit,
        "suv": _described_suv(stack),
        "scales": [{"id": each.id, "label": each.label, "unit": each.unit} for each in stack.scales],
        "pixel_spacing": None if stack.pixel_spacing is None else list(stack.pixel_spacing),
        "spacing_kind": stack.spacing_kind,
        "frames": stack.frame_count,
        "transfer_syntaxes": [
            {"uid": coding.uid, "name": coding.name, "decoder": coding.decoder or None} for coding in codings_of(stack)
        ],
        "notes": [{"code": note.code, "text": note.text} for note in stack.notes],
    }


def _described_suv(stack: Stack) -> dict[str, float | None] | None:
    """What a modality value is multiplied by for each kind of SUV; None where there is none, and a note says why."""
    found = {each.id: each.slopes[0] for each in stack.scales if each.id.startswith("suv_")}
    if not found:
        return None
    return {
        "bw": found.get("suv_bw"),
        "lbm": found.get("suv_lbm_james"),
        "lbm_janmahasatian": found.get("suv_lbm_janma"),
        "bsa": found.get("suv_bsa"),
    }


def choose_stack(paths: Sequence[str], stack_id: str | None, progress: Progress = no_progress) -> Choice:
    """The stack called ``stack_id``, or the only one there is.

    Raises MedviewError: the paths' own fault, no_such_stack, or stack_needed where there are several.
    """
    found = open_all(paths, progress)
    error = nothing_found(paths, found)
    if error is not None:
        raise error
    stacks = [(study, series, stack) for study in found.studies for series in study.series for stack in series.stacks]
    if stack_id is not None:
        chosen = find_stack(found.studies, stack_id)
        if chosen is not None:
            return chosen
        raise MedviewError(
            "no_such_stack",
            f"There is no stack {stack_id} in {', '.join(paths)}.{_listed(stacks)}",
            paths[0],
            values=(stack_id,),
        )
    if len(stacks) == 1:
        return stacks[0]
    if not stacks:
        raise MedviewError("nothing_found", f"No images were found in {', '.join(paths)}.", paths[0])
    raise MedviewError(
        "stack_needed", f"There are several stacks: choose one.{_listed(stacks)}", paths[0], ExitCode.BAD_USE
    )


def _listed(stacks: Sequence[Choice]) -> str:
    names = [stack.id for _, _, stack in stacks]
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return f" There are: {shown}." if names else ""


def checked_time(stack: Stack, time: int | None) -> int:
    """The time point to take; raises MedviewError where the stack has no such one."""
    if time is None:
        return 0
    if 0 <= time < stack.timepoints:
        return time
    raise MedviewError(
        "no_such_time",
        f"Stack {stack.id} has no time point {time}: they are counted from 0 to {stack.timepoints - 1}.",
        values=(stack.id, str(time), str(stack.timepoints - 1)),
    )


def load_whole(stack: Stack, time: int, progress: Progress = no_progress) -> Volume:
    """One time point with every frame there; raises MedviewError for the first frame that cannot be read."""
    from medview.formats.volume_file import NiftiSource

    if isinstance(stack.whole, NiftiSource):
        # Read by Python's own code, which cannot end the process: no worker has to be started for it.
        progress("load", 0, stack.shape[0])
        start = time * stack.shape[0]
        return Volume(
            stack.whole.read()[start : start + stack.shape[0]],
            stack.transform.part(start, start + stack.shape[0]),
            stack.geometry,
            stack.unit,
            stack.padding,
            stack.inverted,
        )
    from medview.app.loading import load_volume

    return load_volume(stack, time, progress)


def load_frames(stack: Stack, frames: Sequence[int], progress: Progress = no_progress) -> tuple[Volume, ...]:
    """Single frames of a stack (indices into ``stack.frames``), each as a volume of one slice without geometry."""
    if stack.whole is not None:
        # Such a file is read as a whole anyway.
        whole = {time: load_whole(stack, time, progress) for time in {frame // stack.shape[0] for frame in frames}}
        return tuple(_one_slice(stack, whole[frame // stack.shape[0]], frame) for frame in frames)
    return tuple(load_whole(_one_frame(stack, frame), 0, progress) for frame in frames)


def _one_frame(stack: Stack, frame: int) -> Stack:
    return replace(
        stack,
        kind="frames",
        shape=(1, *stack.shape[1:]),
        timepoints=1,
        frames=(stack.frames[frame],),
        transform=stack.transform.part(frame, frame + 1),
        geometry=None,
        vois=(stack.voi_of(frame),),
        planes=None,
        time_labels=("",),
        time_axis="",
        dimensions=(),
    )


def _one_slice(stack: Stack, volume: Volume, frame: int) -> Volume:
    k = frame % stack.shape[0]
    return replace(
        volume,
        stored=volume.stored[k : k + 1],
        transform=volume.transform.part(k, k + 1),
        geometry=None,
        states=None if volume.states is None else volume.states[k : k + 1],
    )
