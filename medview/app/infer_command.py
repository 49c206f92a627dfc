"""`medview infer`: a package run on a series of a path, and what it found written into a folder, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.contained import Networks
from medview.app.finding_points import described_points
from medview.app.headless import choose_stack, nothing_found
from medview.app.infer_prompts import run_prompts
from medview.app.infer_times import refuse_for_times, write_times
from medview.app.inference_queue import refuse_unless_overridden, with_notes
from medview.app.loading import load_volume
from medview.app.open_paths import open_all
from medview.core.finding import DerivedImage, EarlierRun, Finding, InferenceResult, Segmentation
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Progress, no_progress
from medview.core.study import Series, Stack, Study
from medview.files.flushed import flush
from medview.files.left_overs import temporary_folder
from medview.files.replaced_file import at_target, cannot_write, replaced_file

RESULT_NAME = "result.json"


def infer(
    paths: Sequence[str],
    model: str,
    output: str,
    *,
    stack_id: str | None = None,
    device: str = "auto",
    force: bool = False,
    assumed: Sequence[str] = (),
    time: int = 0,
    every_time: bool = False,
    also: Sequence[str] = (),
    limit_s: float | None = None,
    channels: Sequence[str] = (),
    prompts: Sequence[tuple[str, str]] = (),
    variant: str | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Run the package ``model`` and write ``result.json``, ``segmentation.nii.gz``, ``segmentation.dcm`` to ``output``,
    of image-to-image models ``image.nii.gz``.

    ``variant``: the network in other numbers (fp16 …), where the package has it.
    ``prompts``: what a package is pointed at, (inside, outside or box, "i,j,k" or "i,j,i,j,k") each.
    ``channels``: NAME=STACK for the sources of a model that sees several series of the study; the others are chosen by
    the manifest's rules. Without ``stack_id`` the stack that fits best is taken. The network runs in a process of its own; ``limit_s``: most
    seconds for one call of it. ``every_time``: all time points one after the other, each into a folder ``time-000`` … of its
    own; what a recurrent network remembers of a slice is carried on to the next. Returns the content of ``result.json``. Raises MedviewError
    with the exit code of the failure; then nothing was written.
    """
    policy().refuse("ai")
    from medview.inference.cascade import stages_of
    from medview.inference.channel_choice import channel_series, channel_stacks, named_first
    from medview.inference.devices import check_device_name
    from medview.inference.match import assume, match, parse_assumptions
    from medview.inference.package import open_package, variant_of
    from medview.inference.request import InferenceRequest
    from medview.inference.retreat import run_or_retreat

    assumptions = parse_assumptions(assumed)
    check_device_name(device)
    package = stages_of(open_package(model))[0]
    if variant is not None:
        package = variant_of(package, variant)
    first_named = named_first(package.manifest.input, channels)
    stack_id = stack_id or first_named or None
    if stack_id is not None:
        study, series, stack = choose_stack(paths, stack_id, progress)
    else:
        study, series, stack = best_place(paths, package, assumptions, progress)
    if not 0 <= time < stack.timepoints:
        text = f"The stack {stack.id} has {stack.timepoints} time point(s); there is no time {time}."
        raise MedviewError("no_such_time", text, paths[0], ExitCode.BAD_USE)
    found = match(package, series, stack, assumptions, bool(first_named))
    refuse_unless_overridden(package, found.fits, found.reasons, None if force else ())
    overrides = () if found.fits else tuple(dict.fromkeys(note.code for note in found.reasons))
    check_target(Path(output))
    _check_also(also, Path(output), study)
    if every_time:
        refuse_for_times(also, Path(output))
    fed = channel_stacks(package.manifest.input, study.series, stack, channels)
    first = InferenceRequest(package, series.series_uid, device, time, overrides, assumptions)
    notes = _worth_saying(found.fits, found.reasons, stack)
    seen = assume(stack, assumptions)
    with Networks(limit_s=limit_s) as networks:

        def run(request: InferenceRequest) -> InferenceResult:
            volume = load_volume(stack, request.time, progress)
            others = channel_series(fed, stack, request.time, lambda other, at: load_volume(other, at, progress))
            request = replace(request, channels=others)
            if prompts:
                return with_notes(run_prompts(request, volume, seen, prompts, networks.open, progress), notes)
            return with_notes(run_or_retreat(request, volume, seen, progress, networks.open), notes)

        if every_time:
            return write_times(first, stack, run, Path(output))
        result = run(first)
    content = write_result(result, stack, Path(output))
    return _with_files(content, result, (study, stack), also, Path(output), progress) if also else content


def _with_files(
    content: dict[str, Any],
    result: InferenceResult,
    place: tuple[Study, Stack],
    also: Sequence[str],
    output: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Write the report and objects that were asked for; ``files`` and new warnings are added to the answer."""
    from medview.app.statement_files import file_kinds, write_statement
    from medview.app.statements import state_study

    study, stack = place
    statement = state_study(study, results=[(stack, result)])
    kinds, languages = file_kinds(also)
    written = write_statement(statement, kinds, output, languages=languages, progress=progress)
    warnings = [*content["warnings"], *({"code": note.code, "text": note.text} for note in written.notes)]
    content = {**content, "warnings": warnings, "files": [Path(path).name for path in written.paths]}
    with replaced_file(output / RESULT_NAME) as temporary:
        temporary.write_text(json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False), encoding="utf-8")
    return content


def best_place(
    paths: Sequence[str], package: Any, assumptions: Sequence[tuple[str, str]], progress: Progress
) -> tuple[Study, Series, Stack]:
    """The stack of ``paths`` that suits a package best. Raises MedviewError where there is none at all."""
    from medview.inference.match import assume, best_stack

    found = open_all(paths, progress)
    error = nothing_found(paths, found)
    if error is not None:
        raise error
    series = [one for study in found.studies for one in study.series if one.stacks]
    best = best_stack(package, series, assumptions)
    if best is None:
        for one in series:
            for stack in one.stacks:
                assume(stack, assumptions)  # says which assumption contradicts the files
        text = f"No images were found in {', '.join(paths)}."
        raise MedviewError("nothing_found", text, paths[0])
    study = next(one for one in found.studies if best[0] in one.series)
    return study, best[0], best[1]


def _worth_saying(fits: bool, reasons: Sequence[Note], stack: Stack) -> tuple[Note, ...]:
    """What the match says, what was overridden, and what the stack's own notes say about its geometry."""
    if fits:
        return (*reasons, *stack.notes)
    return (*(Note(note.code, f"Overridden: {note.text}", note.values) for note in reasons), *stack.notes)


# Writing -------------------------------------------------------------------------------------------------------------


def check_target(output: Path) -> None:
    """Refuse before a long run what could not be written after it."""
    try:
        if output.exists() and not output.is_dir():
            raise cannot_write(output, "it is a file")
        parent = output if output.is_dir() else next((p for p in output.absolute().parents if p.exists()), Path())
    except OSError as error:
        raise cannot_write(output, error) from error
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise cannot_write(output, "no permission to write there")


def _check_also(also: Sequence[str], output: Path, study: Study) -> None:
    if also:
        from medview.app.statement_files import PAGES, file_kinds, refuse_source_folder

        _kinds, languages = file_kinds(also)
        refuse_source_folder(output, study)
        for kind, of_kind in languages.items():
            if kind in PAGES:
                from medview.app.visual_report import checked_template

                for language in of_kind:
                    checked_template(language)


def write_result(result: InferenceResult, stack: Stack, output: Path) -> dict[str, Any]:
    """Write a result into the folder ``output``; returns the content of its ``result.json``.

    Everything is written into a folder beside it that then takes its place; into a folder that exists the files are
    moved one by one, ``result.json`` last. Raises MedviewError ``cannot_write``.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        made = temporary_folder(output)
    except OSError as error:
        raise cannot_write(output, error) from error
    try:
        notes = [*_write_segmentation(result, stack, made), *_write_image(result, stack, made)]
        content = describe_result(with_notes(result, notes))
        with (made / RESULT_NAME).open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, allow_nan=False, ensure_ascii=False)
            file.flush()
            flush(file.fileno())
        put_in_place(made, output, RESULT_NAME, WRITTEN)
    except MedviewError as error:
        raise at_target(error, made, output) from error
    except OSError as error:
        raise cannot_write(output, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return content


WRITTEN = ("segmentation.nii.gz", "segmentation.dcm", "image.nii.gz")
"""What a run may write beside its result."""


def put_in_place(made: Path, output: Path, last: str, written: Sequence[str]) -> None:
    """Move what lies in ``made`` to ``output``, the file ``last`` after all others; those of ``written`` that an earlier
    run left there, and this one did not make, are removed. Raises OSError.
    """
    made.chmod(0o777 & ~_umask())
    if not output.exists():
        made.replace(output)
        return
    (output / last).unlink(missing_ok=True)
    for old in written:
        if not (made / old).exists():
            (output / old).unlink(missing_ok=True)
    for file in sorted(made.iterdir(), key=lambda path: path.name == last):
        file.replace(output / file.name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_segmentation(result: InferenceResult, stack: Stack, folder: Path) -> list[Note]:
    """The label map in the formats that can hold it; where one cannot, a note says why."""
    segmentation = result.segmentation
    if segmentation is None:
        return []
    notes = []
    for write in (_write_nifti, _write_dicom):
        note = write(segmentation, result, stack, folder)
        if note is not None:
            notes.append(note)
    return notes


def _without_place(path: Path, values: NDArray[Any], stack: Stack) -> Note:
    """Write what belongs to pictures: rows and columns, no place in the patient."""
    from medview.formats.writing import write_without_place

    rows, columns = stack.pixel_spacing or (1.0, 1.0)
    spacing = (rows * stack.shape[1] / values.shape[1], columns * stack.shape[2] / values.shape[2])
    write_without_place(path, values, spacing)
    text = f"{path.name} holds rows and columns alone: the series has no position in the patient."
    return Note("nifti_without_place", text, (path.name,))


def _write_image(result: InferenceResult, stack: Stack, folder: Path) -> list[Note]:
    """The values of an image-to-image model, or a note that says why not."""
    from medview.formats.writing import write_volume

    image = result.image
    if image is None:
        return []
    if image.geometry is None:
        return [_without_place(folder / "image.nii.gz", image.values, stack)]
    try:
        write_volume(folder / "image.nii.gz", image.values, image.geometry, reverse_k=stack.stored_reversed)
    except MedviewError as error:
        if error.code == "cannot_write":
            raise
        return [Note("nifti_impossible", f"image.nii.gz was not written: {error.text}", error.values)]
    return []


def _write_nifti(segmentation: Segmentation, _result: InferenceResult, stack: Stack, folder: Path) -> Note | None:
    from medview.formats.writing import write_volume

    if segmentation.geometry is None:
        return _without_place(folder / "segmentation.nii.gz", segmentation.labels, stack)
    try:
        # Beside a source that is a volume file it lies array for array, also where that counts its slices the other way.
        path, reverse = folder / "segmentation.nii.gz", stack.stored_reversed
        write_volume(path, segmentation.labels, segmentation.geometry, reverse_k=reverse)
    except MedviewError as error:
        if error.code == "cannot_write":
            raise
        return Note("nifti_impossible", f"segmentation.nii.gz was not written: {error.text}", error.values)
    return None


def _write_dicom(segmentation: Segmentation, result: InferenceResult, stack: Stack, folder: Path) -> Note | None:
    slices = stack.shape[0]
    frames = stack.frames[segmentation.time * slices : (segmentation.time + 1) * slices]
    if not frames or not all(frame.sop_uid for frame in frames):
        return None  # not a DICOM source: nothing is expected
    from medview.dicom.seg_write import write_segmentation_object

    try:
        write_segmentation_object(folder / "segmentation.dcm", segmentation, frames, result.provenance)
    except MedviewError as error:
        if error.code != "seg_impossible":
            raise
        return Note(error.code, error.text, error.values)
    return None


# result.json ---------------------------------------------------------------------------------------------------------


def describe_result(result: InferenceResult) -> dict[str, Any]:
    """``result.json``: names are stable, numbers are plain."""
    made = result.provenance
    made_at = result.segmentation or result.image
    return {
        "status": "done",
        "model": {
            "id": made.package_id,
            "name": made.package_name,
            "version": made.package_version,
            "sha256": made.model_sha256,
            "package_sha256": made.package_sha256,
            "research_only": made.research_only,
        },
        "task": result.task,
        "series_uid": made.series_uid,
        "stack": made.stack_id,
        "time": made_at.time if made_at is not None else 0,
        "input_sha256": made.input_sha256,
        "device_requested": made.device_requested,
        "device_used": made.device_used,
        "finished_at": made.finished_at,
        "classification": [{"label": line.label, "probability": line.probability} for line in result.classification],
        "findings": [_described_finding(finding) for finding in result.findings],
        "labels": _described_labels(result.segmentation),
        "values": [{"name": one.name, "value": one.value, "unit": one.unit} for one in result.values],
        "image": _described_image(result.image),
        "inputs": dict(result.inputs),
        "by_slice": _described_slices(result),
        "cascade": [_described_stage(one) for one in result.earlier],
        "timing_s": {name: round(seconds, 4) for name, seconds in result.timing_s},
        "warnings": [{"code": note.code, "text": note.text} for note in result.warnings],
        "overrides": list(made.overrides),
    }


def _described_slices(result: InferenceResult) -> dict[str, Any] | None:
    """The numbers of each slice or frame, in their order."""
    if not result.by_slice:
        return None
    names = [line.label for line in result.classification] or [value.name for value in result.values]
    return {"names": names, "rows": [list(row) for row in result.by_slice]}


def _described_stage(earlier: EarlierRun) -> dict[str, Any]:
    """A package that was run before, and the voxels that its finding left (the last not among them)."""
    made = earlier.provenance
    return {
        "id": made.package_id,
        "name": made.package_name,
        "version": made.package_version,
        "sha256": made.model_sha256,
        "package_sha256": made.package_sha256,
        "device_used": made.device_used,
        "box_voxel": [list(corner) for corner in earlier.box],
    }


def _described_finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "label": finding.label,
        "score": finding.score,
        "center_lps": None if finding.center_lps is None else list(finding.center_lps),
        "box_lps": None if finding.box_lps is None else [list(corner) for corner in finding.box_lps],
        "size_mm": finding.size_mm,
        "k": finding.k,
        "sop_uid": finding.sop_uid,
        "frame": finding.frame,
        "center_voxel": list(finding.center_voxel),
        "box_voxel": [list(corner) for corner in finding.box_voxel],
        "mask_value": finding.mask_value,
        **described_points(finding),
    }


def _described_image(image: DerivedImage | None) -> dict[str, Any] | None:
    if image is None:
        return None
    return {
        "title": image.title,
        "unit": image.unit,
        "shape": list(image.values.shape),
        "spacing_mm": None if image.geometry is None else list(image.geometry.spacing),
        "minimum": float(image.values.min()),
        "maximum": float(image.values.max()),
        "mean": float(image.values.mean(dtype=np.float64)),
    }


def _described_labels(segmentation: Segmentation | None) -> list[dict[str, Any]]:
    if segmentation is None:
        return []
    counts = np.bincount(segmentation.labels.ravel())
    geometry = segmentation.geometry
    voxel_ml = None if geometry is None else abs(float(np.linalg.det(geometry.affine[:3, :3]))) / 1000
    described = []
    for label in segmentation.meanings:
        voxels = int(counts[label.value]) if label.value < len(counts) else 0
        described.append(
            {
                "value": label.value,
                "name": label.name,
                "voxels": voxels,
                "volume_ml": None if voxel_ml is None else voxels * voxel_ml,
                "colour": list(label.colour),
            }
        )
    return described
