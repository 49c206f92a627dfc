"""Results of models, kept in the user's folder so that a restart does not lose a ten-minute run.

One file for each result: a zip of ``result.json`` and the packed label map, whose own checksums tell damage. A file is
written beside its place, flushed and renamed, so it is whole or not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from medview.core.finding import (
    ClassProbability,
    Code,
    DerivedImage,
    EarlierRun,
    Finding,
    InferenceResult,
    Keypoint,
    Label,
    ModelValue,
    Provenance,
    Segmentation,
)
from medview.core.folders import private_folder, user_folder
from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError, Note, Problem
from medview.files.left_overs import sweep
from medview.files.replaced_file import own_file

FORMAT = 1
ENDING = ".medview-result"
LARGEST_LABELS = 8 * 1024**3

_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError,
    RuntimeError, NotImplementedError,
)  # fmt: skip
"""What a damaged zip and its content raise when they are read."""


def results_folder(series_uid: str) -> Path:
    """Where results on a series are kept. The UID is hashed: a folder's name must not tell whose images they are."""
    return user_folder() / "results" / hashlib.sha256(series_uid.encode()).hexdigest()[:32]


def _file_of(result: InferenceResult) -> Path:
    made = result.provenance
    # One file for each package, version and way of running on a stack; a later run takes the place of an earlier one.
    key = f"{made.stack_id}\0{made.package_id}\0{made.package_version}\0{','.join(made.overrides)}\0{_time(result)}"
    return results_folder(made.series_uid) / (hashlib.sha256(key.encode()).hexdigest()[:32] + ENDING)


def _time(result: InferenceResult) -> int:
    made = result.segmentation or result.image
    return made.time if made is not None else result.provenance.time


def keep_result(result: InferenceResult) -> Path:
    """Write a result; returns its file. Raises MedviewError ``cannot_write`` and leaves nothing half written."""
    target = _file_of(result)
    try:
        private_folder(target.parent)
        with own_file(target) as file:
            _write(result, file)
    except OSError as error:
        text = f"The result of {result.provenance.package_name} could not be kept: {error.strerror or error}."
        raise MedviewError("cannot_write", text, str(target), ExitCode.CANNOT_WRITE) from error
    return target


def forget_result(result: InferenceResult) -> None:
    """Delete a kept result; nothing happens where there is none. Raises MedviewError ``cannot_write``."""
    target = _file_of(result)
    try:
        target.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # other results are in it
            target.parent.rmdir()
    except OSError as error:
        text = f"The result of {result.provenance.package_name} could not be deleted: {error.strerror or error}."
        raise MedviewError("cannot_write", text, str(target), ExitCode.CANNOT_WRITE) from error


def kept_results(series_uid: str, problems: list[Problem] | None = None) -> tuple[InferenceResult, ...]:
    """All results on a series, oldest first; never raises.

    A damaged file is renamed to ``….damaged`` and told to ``problems``; what an interrupted writing left is swept.
    """
    folder = results_folder(series_uid)
    sweep(folder)
    found: list[InferenceResult] = []
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return ()
    for path in entries:
        if path.suffix != ENDING:
            continue
        try:
            result = _read(path)
        except OSError as error:
            _tell(problems, path, f"A kept result could not be read: {error.strerror or error}.")
        except _DAMAGE as error:
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
            _tell(problems, path, f"A kept result is damaged and was set aside: {error}.")
        else:
            if result.provenance.series_uid == series_uid:
                found.append(result)
    return tuple(sorted(found, key=lambda result: result.provenance.finished_at))


def kept_files(series_uid: str) -> dict[str, tuple[int, int, int]]:
    """The files of results on a series: a stamp for each path that is another one after it was written again; never raises."""
    found: dict[str, tuple[int, int, int]] = {}
    try:
        with os.scandir(results_folder(series_uid)) as entries:
            for entry in entries:
                if entry.name.endswith(ENDING):
                    known = entry.stat()
                    found[entry.path] = (known.st_mtime_ns, known.st_size, known.st_ino)
    except OSError:
        return found
    return found


def kept_provenance(path: str) -> Provenance | None:
    """Which result a file holds, without its pixels; None where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _provenance(json.loads(archive.read("result.json")))
    except (OSError, *_DAMAGE):
        return None


def kept_result(path: str) -> InferenceResult | None:
    """The result in a file; None where it cannot be read."""
    try:
        return _read(Path(path))
    except (OSError, *_DAMAGE):
        return None


def _tell(problems: list[Problem] | None, path: Path, what: str) -> None:
    if problems is not None:
        problems.append(Problem(str(path), "result_damaged", what))


# The file ------------------------------------------------------------------------------------------------------------


def _write(result: InferenceResult, file: Any) -> None:
    content: dict[str, Any] = {
        "format": FORMAT,
        "provenance": asdict(result.provenance),
        "task": result.task,
        "findings": [asdict(finding) for finding in result.findings],
        "classification": [asdict(line) for line in result.classification],
        "warnings": [asdict(note) for note in result.warnings],
        "timing_s": list(result.timing_s),
        "shown_threshold": result.shown_threshold,
        "segmentation": None,
        "values": [asdict(value) for value in result.values],
        "inputs": list(result.inputs),
        "by_slice": [list(row) for row in result.by_slice],
        "earlier": [asdict(one) for one in result.earlier],
        "image": None,
    }
    image = result.image
    if image is not None:
        content["image"] = {
            "shape": list(image.values.shape),
            "title": image.title,
            "unit": image.unit,
            "time": image.time,
            "geometry": _geometry_content(image.geometry),
        }
    segmentation = result.segmentation
    if segmentation is not None:
        content["segmentation"] = {
            "shape": list(segmentation.labels.shape),
            "dtype": segmentation.labels.dtype.newbyteorder("<").str,
            "time": segmentation.time,
            "meanings": [asdict(label) for label in segmentation.meanings],
            "geometry": _geometry_content(segmentation.geometry),
        }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("result.json", json.dumps(content, allow_nan=False))
        if segmentation is not None:
            little = segmentation.labels.dtype.newbyteorder("<")
            with archive.open("labels.bin", "w", force_zip64=True) as stream:
                for piece in segmentation.labels:
                    stream.write(np.ascontiguousarray(piece, dtype=little).tobytes())
        if image is not None:
            with archive.open("image.bin", "w", force_zip64=True) as stream:
                for values in image.values:
                    stream.write(np.ascontiguousarray(values, dtype="<f4").tobytes())


def _geometry_content(geometry: Geometry | None) -> dict[str, Any] | None:
    if geometry is None:
        return None
    origins = geometry.slice_origins
    return {
        "shape": list(geometry.shape),
        "affine": geometry.affine.tolist(),
        "frame_of_reference": geometry.frame_of_reference,
        "slice_origins": None if origins is None else origins.tolist(),
    }


def _read(path: Path) -> InferenceResult:
    with zipfile.ZipFile(path) as archive:
        content = json.loads(archive.read("result.json"))
        if content["format"] != FORMAT:
            raise ValueError(f"it was written by another version (format {content['format']})")
        segmentation = None
        if content["segmentation"] is not None:
            segmentation = _read_segmentation(content["segmentation"], archive)
        image = _read_image(content.get("image"), archive)
    return InferenceResult(
        provenance=_provenance(content),
        by_slice=tuple(tuple(float(value) for value in row) for row in content.get("by_slice", [])),
        earlier=tuple(_earlier(one) for one in content.get("earlier", [])),
        task=str(content["task"]),
        segmentation=segmentation,
        findings=tuple(_finding(finding) for finding in content["findings"]),
        classification=tuple(ClassProbability(**line) for line in content["classification"]),
        warnings=tuple(
            Note(str(note["code"]), str(note["text"]), tuple(note["values"])) for note in content["warnings"]
        ),
        timing_s=tuple((str(name), float(seconds)) for name, seconds in content["timing_s"]),
        shown_threshold=float(content["shown_threshold"]),
        values=tuple(
            ModelValue(str(value["name"]), float(value["value"]), str(value["unit"]))
            for value in content.get("values", [])
        ),
        image=image,
        inputs=tuple((str(name), str(stack)) for name, stack in content.get("inputs", [])),
    )


def _provenance(content: dict[str, Any]) -> Provenance:
    made = content["provenance"]
    return Provenance(**{**made, "overrides": tuple(made["overrides"])})


def _read_image(content: dict[str, Any] | None, archive: zipfile.ZipFile) -> DerivedImage | None:
    if content is None:
        return None
    shape = _shape(content["shape"])
    due = int(np.prod(shape, dtype=np.int64)) * 4
    if min(shape) < 1 or due > LARGEST_LABELS or archive.getinfo("image.bin").file_size != due:
        raise ValueError("its image has the wrong size")
    values = np.frombuffer(archive.read("image.bin"), dtype="<f4").reshape(shape).astype(np.float32)
    place = _read_geometry(content["geometry"])
    return DerivedImage(values, place, str(content["title"]), str(content["unit"]), int(content["time"]))


def _read_geometry(content: dict[str, Any] | None) -> Geometry | None:
    if content is None:
        return None
    return Geometry(
        _shape(content["shape"]), content["affine"], content["frame_of_reference"], content["slice_origins"]
    )


def _read_segmentation(content: dict[str, Any], archive: zipfile.ZipFile) -> Segmentation:
    shape = tuple(int(size) for size in content["shape"])
    dtype = np.dtype(content["dtype"])
    if len(shape) != 3 or dtype.kind != "u" or min(shape) < 1:
        raise ValueError("its label map is not one")
    due = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if due > LARGEST_LABELS or archive.getinfo("labels.bin").file_size != due:
        raise ValueError("its label map has the wrong size")
    labels = np.frombuffer(archive.read("labels.bin"), dtype=dtype).reshape(shape)
    labels = labels.astype(dtype.newbyteorder("="), copy=False)
    meanings = tuple(
        Label(
            int(label["value"]),
            str(label["name"]),
            _colour(label["colour"]),
            _code(label["category"]),
            _code(label["type"]),
        )
        for label in content["meanings"]
    )
    return Segmentation(labels, _read_geometry(content["geometry"]), meanings, int(content["time"]))


def _shape(values: list[int]) -> tuple[int, int, int]:
    k, j, i = (int(value) for value in values)
    return (k, j, i)


def _colour(values: list[int]) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in values)
    return (red, green, blue)


def _code(content: dict[str, str] | None) -> Code | None:
    return None if content is None else Code(content["value"], content["scheme"], content["meaning"])


def _triple(values: list[float]) -> tuple[float, float, float]:
    a, b, c = (float(value) for value in values)
    return (a, b, c)


def _box(values: list[list[float]] | None) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    return None if values is None else (_triple(values[0]), _triple(values[1]))


def _earlier(content: dict[str, Any]) -> EarlierRun:
    low, high = ((int(k), int(j), int(i)) for k, j, i in content["box"])
    return EarlierRun(_provenance(content), (low, high))


def _finding(content: dict[str, Any]) -> Finding:
    voxels = _box(content["box_voxel"])
    if voxels is None:
        raise ValueError("a finding has no place")
    return Finding(
        id=str(content["id"]),
        label=str(content["label"]),
        score=float(content["score"]),
        center_voxel=_triple(content["center_voxel"]),
        box_voxel=voxels,
        center_lps=None if content["center_lps"] is None else _triple(content["center_lps"]),
        box_lps=_box(content["box_lps"]),
        size_mm=None if content["size_mm"] is None else float(content["size_mm"]),
        k=int(content["k"]),
        sop_uid=str(content["sop_uid"]),
        frame=int(content["frame"]),
        colour=_colour(content["colour"]),
        keypoints=tuple(
            Keypoint(
                str(point["name"]),
                _triple(point["voxel"]),
                None if point["lps"] is None else _triple(point["lps"]),
                float(point["score"]),
                bool(point["shown"]),
            )
            for point in content.get("keypoints", [])
        ),
        bones=tuple((int(a), int(b)) for a, b in content.get("bones", [])),
        mask_value=None if content.get("mask_value") is None else int(content["mask_value"]),
    )
