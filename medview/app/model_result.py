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
    model = content["model"]
    findings = content.get("findings") or []
    return ModelResult(
        _segmentation(Path(folder), stack, content.get("labels") or []),
        tuple(finding for finding in findings if isinstance(finding, dict)),
        f"{model.get('id', '?')} {model.get('version', '')}".strip(),
    )


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


def finding_boxes(
    findings: tuple[dict[str, Any], ...], plane: Plane | None, k: int | None, reach_mm: float
) -> list[PictureBox]:
    """Boxes of the findings that the plane, ``reach_mm`` thick to both sides, meets, in the plane's pixels."""
    boxes: list[PictureBox] = []
    for finding in findings:
        corners = _corners(finding.get("box_lps"))
        if plane is not None and corners is not None:
            placed = plane.patient_to_plane(corners)
            if placed[:, 2].min() > reach_mm or placed[:, 2].max() < -reach_mm:
                continue
            low, high = placed[:, :2].min(axis=0), placed[:, :2].max(axis=0)
            boxes.append(PictureBox((float(low[0]), float(low[1]), float(high[0]), float(high[1]))))
            continue
        voxels = finding.get("box_voxel")
        if k is None or voxels is None:
            continue
        (k0, j0, i0), (k1, j1, i1) = voxels
        if k0 <= k <= k1:
            boxes.append(PictureBox((float(i0), float(j0), float(i1), float(j1))))
    return boxes


def _corners(box: object) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    try:
        ends = np.array(box, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if ends.shape != (2, 3) or not np.isfinite(ends).all():
        return None
    return np.array([[ends[a, 0], ends[b, 1], ends[c, 2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
