"""Where every frame lies, from the tags that pydicom reads and the definition in PS3.3 C.7.6.2.1.1 alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medview.core.study import Stack
from medview.dicom.mosaic import MosaicSlice
from tests.oracles.facts import read_header
from tests.oracles.outcome import Outcome, Property

PLACE_MM = 0.01
"""Scanners write positions with few digits; a grid through them may leave each by this much."""


def compare_places(name: str, stacks: Sequence[Stack], facts: dict[str, Property]) -> Outcome:
    """Hold the corner and the steps of every placed frame beside its own tags; ``worst`` is in mm."""
    headers: dict[str, Dataset | None] = {}
    worst, compared, frames, said = 0.0, 0, 0, ""
    seen: set[tuple[float, ...]] = set()
    for stack in stacks:
        frames += len(stack.frames)
        planes: list[tuple[int, NDArray[np.float64]]] = []
        for at, source in enumerate(stack.frames):
            if isinstance(source, MosaicSlice):
                continue
            ours = _ours(stack, at)
            if source.path not in headers:
                headers[source.path] = read_header(Path(source.path))
            theirs = plane_of_tags(headers[source.path], source.frame)
            if ours is None or theirs is None:
                continue
            if at < stack.shape[0]:
                planes.append((source.frame, theirs))
            rows, columns = stack.shape[1:]
            ends = np.array([[1, 0, 0], [1, columns - 1, 0], [1, 0, rows - 1]], dtype=float)
            gap = float(np.linalg.norm(ends @ (ours - theirs), axis=1).max())
            compared += 1
            if gap > worst:
                worst = gap
                said = f"{stack.kind} frame {at} of {len(stack.frames)} is {gap:.4g} mm off"
        facts.update(_regularity(planes))
        places = {tuple(np.round(plane, 4).ravel().tolist()) for _, plane in planes}
        if seen & places or len(places) < len(planes):
            facts["doubled_places"] = True
        seen |= places
    if not compared:
        return Outcome(name, "tags", "oracle_refused" if frames else "both_refused", frames, 0, 0.0, "", facts)
    verdict = "different" if worst > PLACE_MM else "equal"
    return Outcome(name, "tags", verdict, frames, compared, worst, said if worst > PLACE_MM else "", facts)


def _regularity(planes: Sequence[tuple[int, NDArray[np.float64]]]) -> dict[str, Property]:
    """What the tags say of one volume: whether steps differ, and whether frames of a file lie in another order."""
    if len(planes) < 3:
        return {}
    normal = np.cross(planes[0][1][1], planes[0][1][2])
    depths = np.array([plane[0] @ normal for _, plane in planes]) / np.linalg.norm(normal)
    frames = [frame for frame, _ in planes]
    found: dict[str, Property] = {}
    if np.ptp(np.diff(np.sort(depths))) > 1e-4:
        found["uneven_steps"] = True
    order = np.diff(np.array(frames)[np.argsort(depths, kind="stable")])
    if len(set(frames)) == len(frames) and not (np.all(order > 0) or np.all(order < 0)):
        found["shuffled_frames"] = True
    return found


def _ours(stack: Stack, at: int) -> NDArray[np.float64] | None:
    """(3, 3): origin, step per column, step per row in LPS mm."""
    if stack.geometry is not None:
        k = at % stack.shape[0]
        points = stack.geometry.voxel_to_patient(np.array([[k, 0, 0], [k, 0, 1], [k, 1, 0]], dtype=float))
        return np.asarray([points[0], points[1] - points[0], points[2] - points[0]])
    if stack.planes is not None and np.isfinite(stack.planes[at]).all():
        return np.asarray(stack.planes[at], dtype=np.float64)
    return None


def plane_of_tags(data: Dataset | None, frame: int) -> NDArray[np.float64] | None:
    """(3, 3) origin, step per column and per row of a frame, None where the object does not say it simply."""
    if data is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _plane(data, frame)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return None


def _plane(data: Dataset, frame: int) -> NDArray[np.float64] | None:
    groups: list[Dataset] = []
    if "PerFrameFunctionalGroupsSequence" in data:
        groups.append(data.PerFrameFunctionalGroupsSequence[frame])
    if "SharedFunctionalGroupsSequence" in data and len(data.SharedFunctionalGroupsSequence):
        groups.append(data.SharedFunctionalGroupsSequence[0])
    offset = 0.0
    if groups:
        position = _first(groups, "PlanePositionSequence", "ImagePositionPatient")
        orientation = _first(groups, "PlaneOrientationSequence", "ImageOrientationPatient")
        spacing = _first(groups, "PixelMeasuresSequence", "PixelSpacing")
    else:
        position, orientation = data.get("ImagePositionPatient"), data.get("ImageOrientationPatient")
        spacing = data.get("PixelSpacing")
        if int(data.get("NumberOfFrames", 1) or 1) > 1:
            offsets = data.get("GridFrameOffsetVector")
            if offsets is None:
                return None
            offset = float(offsets[frame]) - float(offsets[0])
    if not position or not orientation or not spacing:
        return None
    row, column = np.array(orientation[:3], dtype=float), np.array(orientation[3:], dtype=float)
    row, column = row / np.linalg.norm(row), column / np.linalg.norm(column)
    origin = np.array(position, dtype=float) + offset * np.cross(row, column)
    return np.array([origin, row * float(spacing[1]), column * float(spacing[0])])


def _first(groups: Sequence[Dataset], sequence: str, keyword: str) -> Any:
    for group in groups:
        if sequence in group and len(group[sequence].value) and keyword in group[sequence].value[0]:
            return group[sequence].value[0].get(keyword)
    return None
