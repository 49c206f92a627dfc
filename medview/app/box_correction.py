"""Boxes of models that the reader pulled right: the finding as it is then drawn, listed and reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from medview.app.decisions import VoxelBox, decision_key
from medview.core.finding import Finding, InferenceResult
from medview.core.geometry import Geometry

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

LEAST_PX = 1.0
"""A side of a box is at least a pixel."""


def corrected(finding: Finding, box: VoxelBox | None, geometry: Geometry | None) -> Finding:
    """The finding with another box: its middle, its place in the patient and its size follow."""
    if box is None:
        return finding
    low, high = np.array(box[0]), np.array(box[1])
    middle = (low + high) / 2
    centre, in_patient, size = None, None, finding.size_mm
    if geometry is not None:
        x, y, z = geometry.voxel_to_patient(middle)
        centre = (float(x), float(y), float(z))
        ends = [[k, j, i] for k in (low[0], high[0]) for j in (low[1], high[1]) for i in (low[2], high[2])]
        places = geometry.voxel_to_patient(np.array(ends))
        first, last = places.min(axis=0).tolist(), places.max(axis=0).tolist()
        in_patient = ((first[0], first[1], first[2]), (last[0], last[1], last[2]))
        size = float(max((high[1] - low[1]) * geometry.spacing[1], (high[2] - low[2]) * geometry.spacing[2]))
    return replace(
        finding,
        box_voxel=box,
        center_voxel=(float(middle[0]), float(middle[1]), float(middle[2])),
        center_lps=centre,
        box_lps=in_patient,
        size_mm=size,
    )


def drawn_findings(
    workspace: Workspace, results: Sequence[InferenceResult], drafts: Mapping[str, VoxelBox], geometry: Geometry | None
) -> list[tuple[InferenceResult, tuple[Finding, ...]]]:
    """Findings to draw: above the threshold, not rejected, with the reader's boxes; ``drafts`` by `decision_key` come first."""
    if not workspace.ai_visible:
        return []
    found = []
    for result in results:
        kept = []
        for finding in workspace.results.visible_findings(result):
            decision = workspace.decisions.of(result, finding)
            if decision.verdict != "rejected":
                box = drafts.get(decision_key(result, finding), decision.box) if drafts or decision.box else None
                kept.append(corrected(finding, box, geometry))
        if result.findings:
            found.append((result, tuple(kept)))
    return found


def pulled(box: VoxelBox, side: tuple[int, int], x: float, y: float, shape: tuple[int, int, int]) -> VoxelBox:
    """The box with its left (-1), right (1) and upper (-1), lower (1) border at image (x, y), inside the images."""
    (k0, y0, x0), (k1, y1, x1) = box
    x, y = min(max(x, -0.5), shape[2] - 0.5), min(max(y, -0.5), shape[1] - 0.5)
    if side[0] < 0:
        x0 = min(x, x1 - LEAST_PX)
    elif side[0] > 0:
        x1 = max(x, x0 + LEAST_PX)
    if side[1] < 0:
        y0 = min(y, y1 - LEAST_PX)
    elif side[1] > 0:
        y1 = max(y, y0 + LEAST_PX)
    return (k0, y0, x0), (k1, y1, x1)
