"""One of each object for a stack, with what it must say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.statement_files import write_statement
from medview.app.statements import state_mark, state_study
from medview.core.finding import Code, Finding, InferenceResult, Label, Provenance, Segmentation
from medview.core.measurement import Measurement, MeasurementPlace
from medview.core.problem import MedviewError
from medview.core.statement import StatedKey, StatedMap, Statement
from medview.core.study import Series, Stack, Study
from medview.dicom.document_write import write_document
from medview.dicom.seg_write import write_segmentation_object
from medview.dicom.structure_set_write import write_structure_set

PDF = b"%PDF-1.4\n% the report\n%%EOF"
KINDS = {
    "seg-binary": "SEG, binary",
    "seg-fractional": "SEG, fractional",
    "seg-labelmap": "SEG, label map",
    "rtstruct": "RT structure set",
    "pm": "Parametric map",
    "sr": "SR, TID 1500",
    "kos": "Key object selection",
    "gsps": "Presentation state",
    "sc": "Secondary capture",
    "pdf": "Encapsulated PDF",
}
"""What is written, in the order of the table."""
NAMES = {
    "sr": "report-sr.dcm",
    "kos": "key-images.dcm",
    "gsps": "marks-gsps.dcm",
    "sc": "picture-1.dcm",
    "pm": "map-1.dcm",
    "seg-binary": "segmentation-1.dcm",
}
"""What a statement is written as."""
SEGMENTATIONS = ("binary", "fractional", "labelmap")


@dataclass(frozen=True, eq=False)
class Objects:
    """Files by kind, and what was said in them; ``refused`` says why a kind is not there."""

    files: dict[str, Path]
    statement: Statement
    stack: Stack
    refused: dict[str, str]

    @property
    def labels(self) -> NDArray[np.unsignedinteger]:
        """(k, j, i) of the label map."""
        segmentation = self.statement.results[0].result.segmentation
        assert segmentation is not None
        return segmentation.labels


def labels_for(shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Three labels: a ball, a slanted ring with a hole, a voxel alone; they touch the border and leave slices empty."""
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij")
    labels = np.zeros(shape, np.uint8)
    labels[(k / 0.6) ** 2 + ((j + 0.2) / 0.5) ** 2 + ((i + 0.2) / 0.45) ** 2 < 1] = 2
    ring = ((j - 0.35) / 0.45) ** 2 + ((i - 0.3 - 0.2 * k) / 0.5) ** 2
    labels[(ring < 1) & (ring > 0.3) & (np.abs(k) < 0.7)] = 5
    labels[shape[0] // 2, shape[1] - 1, 0] = 9
    return labels


def statement_on(study: Study, series: Series, stack: Stack) -> Statement:
    """Marks, findings, labels, a key image and a map on a stack."""
    slices, rows, columns = stack.shape
    made = Provenance(
        "objects", "Objects & more", "1.0", "ab" * 32, "auto", "cpu", series.series_uid, stack.id,
        "2026-11-21T10:00:00+00:00", 1.0, model_sha256="cd" * 32, input_sha256="ef" * 32,
    )  # fmt: skip
    meanings = (
        Label(
            2, "Lung", (90, 160, 255), Code("123037004", "SCT", "Anatomical Structure"), Code("39607008", "SCT", "Lung")
        ),
        Label(5, "Ring", (250, 170, 80)),
        Label(9, "Voxel", (40, 200, 90)),
    )
    k = slices // 2
    low, high = (k - 0.5, rows * 0.2, columns * 0.2), (k + 0.5, rows * 0.5, columns * 0.5)
    middle = (float(k), (low[1] + high[1]) / 2, (low[2] + high[2]) / 2)
    finding = Finding("f1", "nodule", 0.875, middle, (low, high), size_mm=7.25, k=k, sop_uid=stack.frames[k].sop_uid)
    segmentation = Segmentation(labels_for(stack.shape), stack.geometry, meanings)
    result = InferenceResult(made, "detection", segmentation, (finding,))
    values = np.linspace(-1, 1, int(np.prod(stack.shape)), dtype=np.float32).reshape(stack.shape)
    values[0] = np.nan
    about = StatedMap(
        stack, 0, stack.geometry, values, "probability", "Probability of nodule", "", -1.0, 1.0, (made,), "probability"
    )
    marks = [state_mark(stack, mark) for mark in marks_on(stack, k)]
    statement = state_study(study, (), [(stack, result)], reader="Wang^Li", keys=[StatedKey(stack, 0, 1)], maps=[about])
    return replace(statement, marks=tuple(marks))


def marks_on(stack: Stack, k: int) -> list[Measurement]:
    """A distance, an ellipse and two diameters."""
    reference = stack.geometry.frame_of_reference if stack.geometry is not None else ""
    source = stack.frames[k]
    place = MeasurementPlace(stack.id, sop_uid=source.sop_uid, frame=source.frame, k=k, frame_of_reference=reference)
    wide = stack.shape[2]
    return [
        Measurement("2.25.11", "ruler", place, ((2.0, 3.0), (wide * 0.5, 9.0))),
        Measurement("2.25.12", "ellipse", place, ((4.0, 3.0), (wide * 0.6, 11.0))),
        Measurement("2.25.13", "bidirectional", place, ((2.0, 2.0), (wide * 0.4, 2.0), (6.0, 1.0), (6.0, 5.0))),
    ]


def write_all(study: Study, series: Series, stack: Stack, folder: Path) -> Objects:
    """Write one of each kind into ``folder``, as far as the source can carry it."""
    statement = statement_on(study, series, stack)
    written = write_statement(statement, ["sr", "kos", "gsps", "sc", "pm"], folder)
    named = {Path(path).name: Path(path) for path in written.paths}
    files = {kind: named[name] for kind, name in NAMES.items() if name in named}
    why = "; ".join(note.text for note in written.notes if note.code != "seg_by_frames")
    refused = {kind: why for kind, name in NAMES.items() if name not in named}
    assert bool(refused) == bool(why), (refused, why)
    result = statement.results[0].result
    assert result.segmentation is not None
    frames = stack.frames[: stack.shape[0]]
    for kind in ("fractional", "labelmap"):
        files[f"seg-{kind}"] = folder / f"seg-{kind}.dcm"
        wanted: Any = kind
        write_segmentation_object(files[f"seg-{kind}"], result.segmentation, frames, result.provenance, wanted)
    try:
        write_structure_set(folder / "structures.dcm", result.segmentation, frames, result.provenance)
        files["rtstruct"] = folder / "structures.dcm"
    except MedviewError as error:
        refused["rtstruct"] = str(error)
    files["pdf"] = folder / "document.dcm"
    write_document(files["pdf"], PDF, frames[0].path, study, "report")
    return Objects({kind: files[kind] for kind in KINDS if kind in files}, statement, stack, refused)
