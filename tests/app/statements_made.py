"""A statement with one of everything, on a CT made in code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from medview.app.decisions import Decision
from medview.app.open_paths import open_all
from medview.app.statements import state_study
from medview.core.finding import Code, Finding, InferenceResult, Label, Provenance, Segmentation
from medview.core.measurement import Measurement, MeasurementPlace
from medview.core.statement import StatedMap, Statement
from medview.core.study import Stack, Study
from tests.phantoms import dicom_series

MARK_UID = "2.25.123456789012345678901234567890"
NAME = "Nodules <b>on</b> CT & more"


def opened(folder: Path) -> tuple[Study, Stack]:
    """The only stack of a phantom written into ``folder``."""
    dicom_series.save_series(dicom_series.make_series(), folder)
    study = open_all([str(folder)]).studies[0]
    return study, study.series[0].stacks[0]


def provenance(stack: Stack, series_uid: str = "1.2") -> Provenance:
    return Provenance(
        package_id="nodules",
        package_name=NAME,
        package_version="1.2",
        package_sha256="ab" * 32,
        device_requested="auto",
        device_used="cpu",
        series_uid=series_uid,
        stack_id=stack.id,
        finished_at="2026-11-21T10:00:00+00:00",
        duration_s=1.0,
        model_sha256="cd" * 32,
        input_sha256="ef" * 32,
    )


def result_on(study: Study, stack: Stack) -> InferenceResult:
    labels = np.zeros(stack.shape, np.uint8)
    labels[3:7, 4:12, 5:20] = 2
    meanings = (
        Label(
            2,
            "Right lung",
            (90, 160, 255),
            Code("123037004", "SCT", "Anatomical Structure"),
            Code("3341006", "SCT", "Right lung"),
        ),
        Label(5, "Empty", (255, 120, 0)),
    )
    box = ((2.5, 3.5, 4.5), (5.5, 11.5, 12.5))
    finding = Finding("f1", "nodule", 0.875, (4.0, 7.5, 8.5), box, size_mm=7.25, k=4, sop_uid=stack.frames[4].sop_uid)
    flat = Finding("f2", "nodule", 0.5, (6.0, 7.5, 8.5), ((5.5, 3.5, 4.5), (6.4, 11.5, 12.5)), k=6)
    return InferenceResult(
        provenance(stack, study.series[0].series_uid),
        "detection",
        Segmentation(labels, stack.geometry, meanings),
        (finding, flat),
    )


def probabilities(stack: Stack) -> StatedMap:
    """Values that differ from voxel to voxel; nothing was asked on the first slice."""
    values = np.linspace(0, 1, int(np.prod(stack.shape)), dtype=np.float32).reshape(stack.shape)
    values[0] = np.nan
    return StatedMap(
        stack, 0, stack.geometry, values, "probability", "Probability of nodule", "", 0.0, 1.0,
        (provenance(stack),), "probability; nodule", (("samples", "3"),),
    )  # fmt: skip


def ruler(stack: Stack, k: int = 3) -> Measurement:
    place = MeasurementPlace(
        stack.id,
        sop_uid=stack.frames[k].sop_uid,
        k=k,
        frame_of_reference=stack.geometry.frame_of_reference if stack.geometry is not None else "",
    )
    return Measurement(MARK_UID, "ruler", place, ((2.0, 3.0), (10.0, 9.0)))


def ellipse(stack: Stack, k: int = 5) -> Measurement:
    place = ruler(stack, k).place
    return Measurement("ellipse-1", "ellipse", place, ((4.0, 3.0), (20.0, 11.0)))


def whole_statement(folder: Path, **values: Any) -> Statement:
    """Two marks, two findings (one accepted), a segmentation and a map of probabilities."""
    study, stack = opened(folder)
    decisions = {"f1": Decision("accepted", "metastasis", "seen <before>", "Dr. Wang", "2026-11-21T10:05:00+00:00")}
    return state_study(
        study,
        [(stack, ruler(stack)), (stack, ellipse(stack))],
        [(stack, result_on(study, stack))],
        decision_on=lambda _result, finding: decisions.get(finding.id),
        **{"maps": [probabilities(stack)], **values},
    )
