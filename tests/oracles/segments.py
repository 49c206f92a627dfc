"""Segmentation objects beside dcmqi: the same voxels of each segment at the same place in the patient."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import MedviewError
from medview.dicom.segmentation_read import open_segmentation, read_segmentation
from tests.oracles.facts import facts_of, read_header
from tests.oracles.outcome import Outcome

PLACE_MM = 0.02
TIME_LIMIT_S = 300


def dcmqi_program() -> Path | None:
    """dcmqi's reader beside this Python, None where it is not installed."""
    program = Path(sys.executable).with_name("segimage2itkimage")
    return program if program.exists() else None


def compare_segments(path: Path, name: str) -> Outcome:
    """Hold the voxels of every segment side by side; ``worst`` is in mm, or infinite where their number differs."""
    data = read_header(path)
    facts = facts_of(data)
    facts["segmentation_type"] = str(data.get("SegmentationType", "")) if data is not None else ""
    try:
        overlay = read_segmentation(open_segmentation(str(path)), None)
    except MedviewError as error:
        return Outcome(
            name, "dcmqi", "refused", 1, 0, 0.0, f"{error.code}: {error.text}".replace(str(path), "FILE"), facts
        )
    ours: dict[int, list[NDArray[np.float64]]] = defaultdict(list)
    for segmentation in overlay.segmentations:
        assert segmentation.geometry is not None
        for value in np.unique(segmentation.labels):
            if value:
                voxels = np.argwhere(segmentation.labels == value).astype(float)
                ours[int(value)].append(segmentation.geometry.voxel_to_patient(voxels))
    theirs, said = _by_dcmqi(path)
    facts["oracle_says"] = said
    if not theirs:
        return Outcome(name, "dcmqi", "oracle_refused", len(ours), 0, 0.0, "", facts)
    worst, text = 0.0, ""
    for value in sorted(ours.keys() | theirs.keys()):
        mine = np.concatenate(ours[value]) if value in ours else np.empty((0, 3))
        other = theirs.get(value, np.empty((0, 3)))
        gap = _apart(mine, other)
        if gap > worst:
            worst = gap
            text = f"segment {value}: {len(mine)} voxels here, {len(other)} there, {gap:.3g} mm apart"
    verdict = "different" if worst > PLACE_MM else "equal"
    return Outcome(name, "dcmqi", verdict, len(theirs), len(theirs), worst, text if worst > PLACE_MM else "", facts)


def _by_dcmqi(path: Path) -> tuple[dict[int, NDArray[np.float64]], str]:
    """Segment number → (n, 3) LPS of its voxels."""
    import SimpleITK as sitk

    program = dcmqi_program()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="medview-oracle-") as folder:
        command = [str(program), "--inputDICOM", str(path), "--outputDirectory", folder, "--outputType", "nrrd"]
        try:
            ended = subprocess.run(command, capture_output=True, check=False, timeout=TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            return {}, f"no answer within {TIME_LIMIT_S} s"
        found: dict[int, NDArray[np.float64]] = {}
        for written in Path(folder).glob("*.nrrd"):
            image = sitk.ReadImage(str(written))
            labels = sitk.GetArrayFromImage(image)
            matrix = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
            number = "".join(letter for letter in written.stem if letter.isdigit())
            if labels.dtype.kind == "f":
                kji = np.argwhere(labels >= 0.5)
                sets = {int(number or 1): kji}
            else:
                sets = {int(value): np.argwhere(labels == value) for value in np.unique(labels) if value}
                if number and len(sets) == 1:
                    sets = {int(number): next(iter(sets.values()))}
            for value, voxels in sets.items():
                found[value] = voxels[:, ::-1].astype(float) @ matrix.T + np.array(image.GetOrigin())
        words = (ended.stderr + ended.stdout).decode("latin-1").splitlines()
        return found, "; ".join(line for line in words if "rror" in line)[:200]


def _apart(mine: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The largest distance of paired voxels; infinite where their numbers differ."""
    if len(mine) != len(other):
        return float("inf")
    if not len(mine):
        return 0.0

    def ordered(points: NDArray[np.float64]) -> NDArray[np.float64]:
        coarse = np.round(points, 1)
        return points[np.lexsort((coarse[:, 0], coarse[:, 1], coarse[:, 2]))]

    direct = float(np.linalg.norm(ordered(mine) - ordered(other), axis=1).max())
    if direct <= PLACE_MM:
        return direct
    from scipy.spatial import cKDTree  # type: ignore[import-untyped]

    return float(cKDTree(other).query(mine)[0].max())
