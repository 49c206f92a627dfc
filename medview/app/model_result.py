"""A result that ``medview infer`` wrote into a folder, read back to be drawn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medview.core.cut import cut_labels
from medview.core.display import PictureBox
from medview.core.finding import LABEL_COLOURS, Colour, Label, Segmentation
from medview.core.plane import Plane
from medview.core.problem import MedviewError
from medview.core.study import Stack
from medview.core.volume import AnyArray

SAME_GRID_MM = 0.05
"""NIfTI keeps positions in single precision."""


@dataclass(frozen=True, eq=False)
class ModelResult:
    """What is drawn of a result: labels on their grid, findings as they were written, and one line that says whose it is."""

    segmentation: Segmentation | None
    findings: tuple[dict[str, Any], ...]
    said_by: str
    classes: tuple[str, ...] = ()
    """Classes with their probabilities, highest first."""
    time: int = 0


def read_model_result(folder: str, stack: Stack) -> ModelResult:
    """Read ``result.json`` and ``segmentation.nii.gz``; raises MedviewError where it is damaged or of another stack."""
    path = Path(folder) / "result.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _bad(str(path), f"it cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise _bad(str(path), "it is no JSON") from error
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise _bad(str(path), "it is no result of a model")
    if content.get("stack") not in {None, stack.id}:
        raise MedviewError(
            "result_of_other_stack",
            f"{path} belongs to stack {content['stack']}, not to {stack.id}.",
            str(path),
            values=(str(path), str(content["stack"]), stack.id),
        )
    time = content.get("time")
    return ModelResult(
        _segmentation(Path(folder), stack, content.get("labels") or []),
        tuple(_entries(content, "findings")),
        _said_by(content["model"]),
        _classes(content),
        time if isinstance(time, int) else 0,
    )


def _entries(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    listed = content.get(name)
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _said_by(model: dict[str, Any]) -> str:
    name = f"{model.get('id', '?')} {model.get('version', '')}".strip()
    return name if model.get("research_only") is False else f"{name}: research use, not for diagnosis"


def _classes(content: dict[str, Any]) -> tuple[str, ...]:
    entries = [
        entry for entry in _entries(content, "classification") if isinstance(entry.get("probability"), int | float)
    ]
    entries.sort(key=lambda entry: float(entry["probability"]), reverse=True)
    return tuple(f"{entry.get('label', '?')} {entry['probability']:.3f}" for entry in entries)


def _bad(path: str, what: str) -> MedviewError:
    return MedviewError("bad_result", f"{path} is not usable: {what}.", path, values=(path, what))


def _segmentation(folder: Path, stack: Stack, labels: list[Any]) -> Segmentation | None:
    path = folder / "segmentation.nii.gz"
    if not path.exists():
        return None
    from medview.formats.volume_file import read_volume_stack

    file = read_volume_stack(path)
    assert file.whole is not None
    assert file.geometry is not None
    values = file.whole.read()
    if values.ndim != 3 or values.dtype.kind not in "iu" or values.min() < 0:
        raise _bad(str(path), "it holds no labels")
    meanings = tuple(
        Label(
            int(entry["value"]),
            str(entry.get("name", entry["value"])),
            _colour(entry.get("colour"), LABEL_COLOURS[n % len(LABEL_COLOURS)]),
        )
        for n, entry in enumerate(labels)
        if isinstance(entry, dict) and isinstance(entry.get("value"), int)
    )
    if stack.geometry is None:
        if values.shape != stack.shape:
            raise _bad(str(path), f"its grid {values.shape} is not that of {stack.id}")
        return Segmentation(values.astype(np.uint32), None, meanings)
    if stack.geometry.same_grid(file.geometry, SAME_GRID_MM):
        return Segmentation(values.astype(np.uint32), stack.geometry, meanings)
    return Segmentation(values.astype(np.uint32), file.geometry, meanings)


def _colour(given: object, otherwise: Colour) -> Colour:
    if isinstance(given, list) and len(given) == 3 and all(isinstance(c, int) and 0 <= c <= 255 for c in given):
        return (given[0], given[1], given[2])
    return otherwise


def labels_on(segmentation: Segmentation, plane: Plane | None, k: int | None) -> AnyArray | None:
    """(h, w) labels on a cut or on acquired slice ``k``; None where they do not reach it."""
    if plane is not None and segmentation.geometry is not None:
        return cut_labels(segmentation, plane)
    if k is not None and k < len(segmentation.labels):
        return np.asarray(segmentation.labels[k])
    return None


def finding_colour(finding: dict[str, Any]) -> Colour:
    """The colour of a finding as it was written, or the first of medview's."""
    return _colour(finding.get("colour"), LABEL_COLOURS[0])


@dataclass(frozen=True, slots=True)
class FindingBox:
    """Where a finding lies on a plane, and what is said of it."""

    box: PictureBox
    words: str


def finding_boxes(
    findings: tuple[dict[str, Any], ...], plane: Plane | None, k: int | None, reach_mm: float
) -> list[FindingBox]:
    """Boxes of the findings that the plane, ``reach_mm`` thick to both sides, meets, in the plane's pixels."""
    boxes: list[FindingBox] = []
    for finding in findings:
        score = finding.get("score")
        words = f"{finding.get('label', '')} {score:.2f}" if isinstance(score, int | float) else ""
        corners = _corners(finding.get("box_lps"))
        if plane is not None and corners is not None:
            placed = plane.patient_to_plane(corners)
            if placed[:, 2].min() > reach_mm or placed[:, 2].max() < -reach_mm:
                continue
            low, high = placed[:, :2].min(axis=0), placed[:, :2].max(axis=0)
        else:
            ends = _ends(finding.get("box_voxel"))
            if k is None or ends is None or not ends[0, 0] <= k <= ends[1, 0]:
                continue
            low, high = ends[0, :0:-1], ends[1, :0:-1]
        box = PictureBox(
            (float(low[0]), float(low[1]), float(high[0]), float(high[1])),
            finding_colour(finding),
        )
        boxes.append(FindingBox(box, words.strip()))
    return boxes


def _ends(box: object) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """(2, 3) smallest and largest corner."""
    try:
        ends = np.array(box, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return ends if ends.shape == (2, 3) and np.isfinite(ends).all() else None


def _corners(box: object) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    ends = _ends(box)
    if ends is None:
        return None
    return np.array([[ends[a, 0], ends[b, 1], ends[c, 2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
