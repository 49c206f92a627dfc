"""`medview explain`: packages questioned about a series of a path, and the answer written into a folder, whole or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medview.app.contained import Networks
from medview.app.explanation_layers import ExplanationLayer, bar_picture, is_drawn
from medview.app.headless import choose_stack
from medview.app.infer_command import best_place, check_target, put_in_place
from medview.app.inference_queue import refuse_unless_overridden
from medview.app.loading import load_volume
from medview.app.shown_slice import acquired_shown
from medview.core.cut import acquired_slice
from medview.core.display import OverlayStyle, compose_picture, resolve_window, sample_labels, sample_slice
from medview.core.explanation import Explanation, ValueMap
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Progress, no_progress
from medview.core.study import Stack, Study
from medview.core.volume import Volume
from medview.files.flushed import flush
from medview.files.left_overs import temporary_folder
from medview.files.replaced_file import at_target, cannot_write

EXPLANATION_NAME = "explanation.json"
PICTURE_SIDE = 640
"""Pixels of a picture's longer side, where the slice is smaller."""
OPACITY = 0.55
BAR = (14, 0.5)
"""Width in pixels, and height as a share of the picture, of the bar that explains the colours."""


def explain_paths(
    paths: Sequence[str],
    models: Sequence[str],
    method: str,
    output: str,
    *,
    stack_id: str | None = None,
    label: str | None = None,
    slice_k: int | None = None,
    at_lps: tuple[float, float, float] | None = None,
    tensor: str = "",
    settings: Sequence[str] = (),
    time: int = 0,
    device: str = "auto",
    force: bool = False,
    assumed: Sequence[str] = (),
    channels: Sequence[str] = (),
    limit_s: float | None = None,
    dicom: bool = False,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Question the packages ``models`` and write ``explanation.json``, a picture and each map to ``output``.

    ``dicom``: each map as a Parametric Map too. ``settings``: NAME=VALUE for the method's parameters. The place is slice ``slice_k``, or LPS mm ``at_lps``, else the
    middle. Returns the content of ``explanation.json``. Raises MedviewError with the exit code of the failure; then
    nothing was written.
    """
    policy().refuse("ai")
    from medview.inference.cascade import stages_of
    from medview.inference.channel_choice import channel_series, channel_stacks, named_first
    from medview.inference.devices import check_device_name
    from medview.inference.explaining.explain import explain
    from medview.inference.explaining.methods import Question, method_of
    from medview.inference.match import assume, match, parse_assumptions
    from medview.inference.package import open_package
    from medview.inference.request import InferenceRequest
    from medview.processing.superpixels import superpixels

    method_of(method)
    assumptions = parse_assumptions(assumed)
    check_device_name(device)
    packages = [stages_of(open_package(model))[0] for model in models]
    first_named = named_first(packages[0].manifest.input, channels)
    stack_id = stack_id or first_named or None
    if stack_id is not None:
        study, series, stack = choose_stack(paths, stack_id, progress)
    else:
        study, series, stack = best_place(paths, packages[0], assumptions, progress)
    if not 0 <= time < stack.timepoints:
        text = f"The stack {stack.id} has {stack.timepoints} time point(s); there is no time {time}."
        raise MedviewError("no_such_time", text, paths[0], ExitCode.BAD_USE)
    notes: list[Note] = []
    overrides = []
    for package in packages:
        found = match(package, series, stack, assumptions, bool(first_named))
        refuse_unless_overridden(package, found.fits, found.reasons, None if force else ())
        overrides.append(() if found.fits else tuple(dict.fromkeys(note.code for note in found.reasons)))
        notes += found.reasons
    voxel = _voxel(stack, slice_k, at_lps)
    check_target(Path(output))
    volume = load_volume(stack, time, progress)
    requests = []
    for package, knowingly in zip(packages, overrides, strict=True):
        fed = channel_stacks(package.manifest.input, study.series, stack, channels)
        others = channel_series(fed, stack, time, lambda other, at: load_volume(other, at, progress))
        requests.append(
            InferenceRequest(package, series.series_uid, device, time, knowingly, assumptions, channels=others)
        )
    with Networks(limit_s=limit_s) as networks:
        question = Question(
            method,
            tuple(requests),
            volume,
            assume(stack, assumptions),
            networks.open_with,
            superpixels,
            voxel,
            label,
            None,
            tensor,
            dict(parsed_settings(settings)),
        )
        made = explain(question, progress)
    made = made.with_notes(*dict.fromkeys((*notes, *stack.notes)))
    return write_explanation(made, volume, stack, Path(output), study if dicom else None)


def parsed_settings(settings: Sequence[str]) -> list[tuple[str, str]]:
    """NAME=VALUE as pairs. Raises MedviewError ``bad_use`` for anything else."""
    pairs = []
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise MedviewError("bad_use", f"--set {text}: NAME=VALUE is wanted.", None, ExitCode.BAD_USE)
        pairs.append((name.strip(), value.strip()))
    return pairs


def _voxel(
    stack: Stack, slice_k: int | None, at_lps: tuple[float, float, float] | None
) -> tuple[float, float, float] | None:
    if at_lps is not None:
        if slice_k is not None:
            raise MedviewError("bad_use", "--slice and --at exclude each other.", None, ExitCode.BAD_USE)
        if stack.geometry is None:
            text = f"Stack {stack.id} has no place in the patient: use --slice."
            raise MedviewError("no_geometry", text, None, ExitCode.BAD_USE, (stack.id,))
        k, j, i = (float(at) for at in stack.geometry.patient_to_voxel(at_lps))
        return (k, j, i)
    if slice_k is None:
        return None
    slices, rows, columns = stack.shape
    if not 0 <= slice_k < slices:
        text = f"Stack {stack.id} has no slice {slice_k}: they are counted from 0 to {slices - 1}."
        raise MedviewError("no_such_frame", text, None, ExitCode.BAD_USE, (stack.id, str(slice_k), str(slices - 1)))
    return (float(slice_k), (rows - 1) // 2, (columns - 1) // 2)


# Writing -------------------------------------------------------------------------------------------------------------


def write_explanation(
    made: Explanation, volume: Volume, stack: Stack, output: Path, study: Study | None = None
) -> dict[str, Any]:
    """Write an explanation into the folder ``output``; returns the content of ``explanation.json``.

    With ``study``, that of the stack, its maps are written as DICOM Parametric Maps too.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        folder = temporary_folder(output)
    except OSError as error:
        raise cannot_write(output, error) from error
    try:
        notes = _write_maps(made, folder)
        if study is not None:
            notes += _write_objects(made, stack, study, folder)
        _write_pictures(made, volume, stack, folder)
        content = describe_explanation(made.with_notes(*notes))
        content["files"] = sorted(file.name for file in folder.iterdir())
        with (folder / EXPLANATION_NAME).open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, allow_nan=False, ensure_ascii=False)
            file.flush()
            flush(file.fileno())
        put_in_place(folder, output, EXPLANATION_NAME, _left_by_another(output))
    except MedviewError as error:
        raise at_target(error, folder, output) from error
    except OSError as error:
        raise cannot_write(output, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return content


def _left_by_another(output: Path) -> list[str]:
    """Files of an earlier question in the folder: only those that its own list names."""
    try:
        before = json.loads((output / EXPLANATION_NAME).read_text(encoding="utf-8"))
        names = [name for name in before["files"] if isinstance(name, str)]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in names if Path(name).name == name]


def _write_maps(made: Explanation, folder: Path) -> list[Note]:
    from medview.formats.writing import write_volume

    if not made.maps and made.segmentation is None:
        return []
    if made.geometry is None:
        return [Note("nifti_impossible", "No map was written as NIfTI: the series has no geometry.")]
    try:
        for found in made.maps:
            write_volume(folder / f"{found.id}.nii.gz", found.values, made.geometry)
        if made.segmentation is not None:
            write_volume(folder / "differences.nii.gz", made.segmentation.labels, made.geometry)
    except MedviewError as error:
        if error.code == "cannot_write":
            raise
        return [Note("nifti_impossible", f"No map was written as NIfTI: {error.text}", error.values)]
    return []


def _write_objects(made: Explanation, stack: Stack, study: Study, folder: Path) -> list[Note]:
    from medview.app.statements import maps_of_explanation
    from medview.dicom.parametric_map_write import write_parametric_map

    notes = []
    for one in maps_of_explanation(stack, made):
        try:
            write_parametric_map(folder / f"{one.id}.dcm", one, study)
        except MedviewError as error:
            if error.code == "cannot_write":
                raise
            notes.append(Note(error.code, error.text, error.values))
    return notes


def _write_pictures(made: Explanation, volume: Volume, stack: Stack, folder: Path) -> None:
    from medview.formats.picture_writing import write_png

    for found in made.maps:
        write_png(folder / f"{found.id}.png", _picture(made, found, volume, stack))
    if made.segmentation is not None:
        write_png(folder / "differences.png", _picture(made, None, volume, stack))
    if made.mosaic is not None:
        grey = made.mosaic.picture
        rgba = np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=2)
        write_png(folder / "features.png", rgba)


def _picture(made: Explanation, found: ValueMap | None, volume: Volume, stack: Stack) -> Any:
    """The slice where there is most to see, with the map over it, its bar, and what it is."""
    from medview.formats.picture_writing import write_text
    from medview.inference.explaining.methods import method_of

    k = _slice_of(made, found)
    shown = acquired_shown(stack, k, made.time)
    rows, columns = shown.shape
    dy, dx = shown.pixel_mm
    scale = max(1.0, PICTURE_SIDE / max(rows * dy / min(dx, dy), columns * dx / min(dx, dy)))
    height, width = round(rows * dy / min(dx, dy) * scale), round(columns * dx / min(dx, dy) * scale)
    step_x, step_y = columns / width, rows / height
    matrix = np.array([[step_x, 0.0, step_x / 2 - 0.5], [0.0, step_y, step_y / 2 - 0.5]])
    piece = acquired_slice(volume, k)
    sample = sample_slice(piece, matrix, (height, width))
    overlays = []
    if found is None and made.segmentation is not None:
        labels = sample_labels(made.segmentation.labels[k], matrix, (height, width))
        overlays.append((labels, made.segmentation.meanings, OverlayStyle(opacity=OPACITY)))
    voi = None if volume.is_colour else resolve_window(stack, volume, k, time=made.time)
    picture = compose_picture(
        sample.values, sample.coverage, voi, volume.inverted, padding=sample.padding, overlays=overlays
    )
    method = method_of(made.method)
    lines = [method.title, made.label, *(f"{one.package_name} {one.package_version}" for one in made.sources)]
    lines.append(f"{made.sources[0].package_sha256[:16]}")
    texts = [("top_left", lines), ("bottom_left", ["AI explanation: research use, not for diagnosis"])]
    marks = []
    if found is not None:
        bgra = np.ascontiguousarray(picture[..., [2, 1, 0, 3]])
        ExplanationLayer(made.key, found, made.geometry, found.threshold, OPACITY).draw(bgra, shown, matrix)
        picture = np.ascontiguousarray(bgra[..., [2, 1, 0, 3]])
        marks = _draw_bar(picture, found)
        texts.append(("top_right", [f"{found.title} {found.unit}".strip()]))
    else:
        assert made.segmentation is not None, "one of the two is drawn"
        texts.append(("top_right", [label.name for label in made.segmentation.meanings]))
    return write_text(picture, texts, marks)  # type: ignore[arg-type]


def _draw_bar(picture: Any, found: ValueMap) -> list[tuple[float, float, str]]:
    """Draw the bar at the right edge; returns its numbers with their places."""
    height, width = picture.shape[:2]
    length = int(height * BAR[1])
    top, left = (height - length) // 2, width - BAR[0] - 8
    picture[top - 1 : top + length + 1, left - 1 : left + BAR[0] + 1, :3] = 160
    picture[top : top + length, left : left + BAR[0], :3] = bar_picture(found, found.threshold, length, BAR[0])
    return [
        (left - 60.0, top + 12.0 + share * (length - 4), f"{value:.3g}")
        for share, value in ((0.0, found.upper), (0.5, (found.lower + found.upper) / 2), (1.0, found.lower))
    ]


def _slice_of(made: Explanation, found: ValueMap | None) -> int:
    """The slice with most to see: of the map above its threshold, or of differences."""
    if found is None:
        assert made.segmentation is not None, "one of the two is drawn"
        differs = np.isin(made.segmentation.labels, (1, 2, 4)).sum(axis=(1, 2))
        return int(np.argmax(differs)) if differs.any() else len(differs) // 2
    drawn = is_drawn(
        np.nan_to_num(found.values, nan=-np.inf if found.kind == "amount" else 0.0), found.threshold, found.kind
    )
    return int(np.argmax(drawn.sum(axis=(1, 2))))


# explanation.json ----------------------------------------------------------------------------------------------------


def describe_explanation(made: Explanation) -> dict[str, Any]:
    """``explanation.json``: names are stable, numbers are plain."""
    from medview.inference.explaining.methods import method_of

    method = method_of(made.method)
    return {
        "status": "done",
        "kind": "explanation",
        "research_only": True,
        "method": {"id": method.id, "title": method.title, "about": method.about},
        "models": [
            {
                "id": one.package_id,
                "name": one.package_name,
                "version": one.package_version,
                "sha256": one.model_sha256,
                "package_sha256": one.package_sha256,
                "device_used": one.device_used,
                "overrides": list(one.overrides),
            }
            for one in made.sources
        ],
        "series_uid": made.sources[0].series_uid,
        "stack": made.stack_id,
        "time": made.time,
        "input_sha256": made.sources[0].input_sha256,
        "parameters": {name: {"value": value, "unit": unit} for name, value, unit in made.parameters},
        "label": made.label or None,
        "place": None if made.place is None else list(made.place),
        "baseline": made.baseline,
        "agreement": made.baseline if made.method == "compare" else None,
        "maps": [_described_map(found) for found in made.maps],
        "columns": list(made.columns),
        "table": [{"name": row.name, "values": list(row.values)} for row in made.table],
        "places": [
            {
                "name": place.name,
                "voxel": list(place.center_voxel),
                "lps": None if place.center_lps is None else list(place.center_lps),
                "volume_ml": place.volume_ml,
                "value": place.value,
            }
            for place in made.places
        ],
        "layer": None if made.mosaic is None else made.mosaic.tensor,
        "runs": made.runs,
        "duration_s": round(made.duration_s, 3),
        "finished_at": made.sources[-1].finished_at,
        "warnings": [{"code": note.code, "text": note.text} for note in made.notes],
    }


def _described_map(found: ValueMap) -> dict[str, Any]:
    known = found.values[np.isfinite(found.values)]
    at = np.unravel_index(int(np.nanargmax(found.values)), found.values.shape)
    return {
        "id": found.id,
        "title": found.title,
        "unit": found.unit,
        "minimum": float(known.min()),
        "maximum": float(known.max()),
        "mean": float(known.mean(dtype=np.float64)),
        "maximum_voxel": [int(one) for one in at],
        "asked_voxels": int(known.size),
        "drawn_from": found.threshold,
    }
