"""One series beside dcm2niix: grids within 1e-3 mm, values exact, whatever the order in which either stores voxels."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medview.core.problem import MedviewError
from medview.core.progress import no_progress
from medview.core.study import Stack
from medview.dicom.catalog import Catalog
from medview.dicom.scan import scan_paths
from tests.oracles.facts import facts_of, read_header
from tests.oracles.outcome import Outcome, Property, Verdict
from tests.oracles.pictures import stacks_of, without_path
from tests.oracles.places import compare_places

AFFINE_MM = 1e-3
CORNER_MM = 1e-3
TIME_LIMIT_S = 600
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True)
class SeriesFiles:
    """The files of one series in one folder."""

    name: str
    paths: tuple[Path, ...]
    has_position: bool = True
    """Whether any file says where it lies in the patient."""


def dcm2niix_program() -> Path | None:
    """dcm2niix beside this Python, None where it is not installed."""
    program = Path(sys.executable).with_name("dcm2niix")
    return program if program.exists() else None


def series_of(files: Iterable[tuple[Path, str]]) -> list[SeriesFiles]:
    """Group files by folder, study and series as pydicom reads them."""
    groups: dict[tuple[str, str, str], list[Path]] = defaultdict(list)
    placed: dict[tuple[str, str, str], bool] = {}
    for path, name in files:
        data = read_header(path)
        if data is None or not ("PixelData" in data or "FloatPixelData" in data or "DoubleFloatPixelData" in data):
            continue
        uids = (str(data.get("StudyInstanceUID", "")), str(data.get("SeriesInstanceUID", "")))
        if data.get("Modality") == "SEG":  # no image for dcm2niix: dcmqi is its oracle
            continue
        key = (name.rpartition("/")[0], *uids)
        groups[key].append(path)
        placed[key] = placed.get(key, False) or has_position(data)
    return [
        SeriesFiles(f"{folder}/[series {uid[-16:]}]", tuple(paths), placed[folder, study, uid])
        for (folder, study, uid), paths in sorted(groups.items())
    ]


def has_position(data: Dataset) -> bool:
    """Whether an object has an Image Plane Module, or its functional groups or detectors hold one."""
    if "ImagePositionPatient" in data and "ImageOrientationPatient" in data:
        return True
    if "DetectorInformationSequence" in data:
        return any("ImagePositionPatient" in item for item in data.DetectorInformationSequence)
    return "PerFrameFunctionalGroupsSequence" in data and any(
        "PlanePositionSequence" in item for item in data.PerFrameFunctionalGroupsSequence
    )


@dataclass(frozen=True, eq=False)
class Grid:
    """One 3-D volume of either side: ``affine`` (i, j, k) → RAS mm, ``values`` (i, j, k[, 3])."""

    affine: NDArray[np.float64]
    values: Any
    name: str
    shape: tuple[int, int, int]


def compare_series(series: SeriesFiles) -> list[Outcome]:
    """Hold every volume that dcm2niix writes beside the time points of medview's stacks, and every frame beside its tags."""
    facts = facts_of(read_header(series.paths[0]))
    facts["files"] = len(series.paths)
    facts["has_position"] = series.has_position
    with tempfile.TemporaryDirectory(prefix="medview-oracle-") as folder:
        links = Path(folder) / "in"
        links.mkdir()
        for number, path in enumerate(series.paths):
            (links / f"{number:05}.dcm").symlink_to(path.resolve())
        theirs, said = _converted(links, Path(folder) / "out")
        catalog = Catalog()
        for batch in scan_paths([str(links)], no_progress):
            catalog.add(batch)
        stacks = list(stacks_of(catalog))
        reason = "; ".join(sorted({without_path(f"{each.code}", []) for each in catalog.problems()}))
        facts["kinds"] = ",".join(sorted({stack.kind for stack in stacks}))
        facts["notes"] = ",".join(sorted({note.code for stack in stacks for note in stack.notes}))
        facts["oracle_says"] = said
        places = compare_places(series.name, stacks, facts)
        facts["tags_agree"] = places.verdict == "equal"
        if not theirs:
            verdict: Verdict = "oracle_refused" if stacks else "both_refused"
            count = sum(stack.frame_count for stack in stacks)
            return [Outcome(series.name, "dcm2niix", verdict, count, 0, 0.0, reason, facts), places]
        return [_compared(series, theirs, stacks, reason, facts), places]


def _compared(
    series: SeriesFiles, theirs: Sequence[Grid], stacks: Sequence[Stack], reason: str, facts: dict[str, Property]
) -> Outcome:
    reader = _Reader()
    equal, worst, open_reasons = 0, 0.0, []
    apart: list[Grid] = []
    for theirs_one in theirs:
        placed = [
            (stack, time, turn)
            for stack in stacks
            for turn in [_turn(stack, theirs_one)]
            if turn is not None and turn.off_mm <= CORNER_MM
            for time in range(stack.timepoints)
        ]
        best = float("inf")
        for stack, time, turn in placed:
            best = min(best, reader.difference(stack, time, turn, theirs_one))
            if best == 0:
                break
        if best == 0:
            equal += 1
            continue
        apart.append(theirs_one)
        near_by = [turn.off_mm for stack in stacks if (turn := _turn(stack, theirs_one)) is not None]
        if placed:
            worst = max(worst, best)
            open_reasons.append(f"values of {theirs_one.name} differ by {best:g}")
        else:
            if near_by:
                facts["grid_off_mm"] = worst = max(worst, min(near_by))
            near = _nearest(stacks, theirs_one)
            open_reasons.append(f"no stack with the grid of {theirs_one.name} {theirs_one.shape}: {near}")
    facts["volumes"] = len(theirs)
    if apart:
        facts["slices_equal"] = all_slices_known(apart, stacks)
        facts["slices_proportional"] = facts["slices_equal"] or all_slices_known(apart, stacks, stored=True)
    verdict: Verdict = "equal" if equal == len(theirs) else "different" if stacks else "refused"
    text = "; ".join([*open_reasons[:3], *([reason] if reason else [])])
    return Outcome(series.name, "dcm2niix", verdict, len(theirs), equal, worst, text, facts)


def all_slices_known(grids: Sequence[Grid], stacks: Sequence[Stack], *, stored: bool = False) -> bool:
    """Whether every slice of theirs is one of our frames, wherever either places it; ``stored``: before the transform."""
    reader = _Reader()
    known: dict[tuple[int, ...], list[tuple[float, Stack, int]]] = defaultdict(list)
    for stack in stacks:
        for at in range(len(stack.frames)):
            frame = reader.slice_of(stack, at, stored=stored)
            if frame is not None:
                known[frame.shape].append((float(frame.mean(dtype=np.float64)), stack, at))
    for grid in grids:
        for k in range(grid.shape[2]):
            plane = np.asarray(grid.values[:, :, k]).swapaxes(0, 1).astype(np.float64)
            mean = float(plane.mean())
            near = sorted((abs(at[0] - mean), number) for number, at in enumerate(known[plane.shape]))
            if not any(
                difference <= 1e-5 * max(abs(mean), 1e-30) + 1e-6 * float(np.abs(plane).max(initial=0))
                and _is_frame(plane, reader.slice_of(*known[plane.shape][number][1:], stored=stored))
                for difference, number in near[:16]
            ):
                return False
    return True


def _is_frame(plane: NDArray[Any], frame: NDArray[Any] | None) -> bool:
    """Whether a slice of theirs, as it is or upside down, is a frame of ours."""
    if frame is None:
        return False
    bound = 1e-6 * float(np.abs(plane).max(initial=0))
    return any(float(np.abs(frame - each).max(initial=0)) <= bound for each in (plane[::-1], plane))


def _converted(folder: Path, target: Path) -> tuple[list[Grid], str]:
    program = dcm2niix_program()
    assert program is not None
    target.mkdir()
    # -p n: display values (slope and intercept), which are the modality values of the standard, not Philips' own.
    command = [
        str(program),
        "-z",
        "n",
        "-b",
        "n",
        "-m",
        "n",
        "-p",
        "n",
        "-f",
        "%s_%j_%e",
        "-o",
        str(target),
        str(folder),
    ]
    try:
        ended = subprocess.run(command, capture_output=True, check=False, timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        return [], f"no answer within {TIME_LIMIT_S} s"
    lines = ended.stdout.decode("latin-1").splitlines()
    said = "; ".join(line for line in lines if line.startswith(("Warning", "Error", "Unsupported", "No valid")))
    grids: list[Grid] = []
    for path in sorted(target.glob("*.nii")):
        if any(mark in path.stem for mark in ("_Eq", "_Tilt", "_ROI")):
            continue  # resampled extras and overlays
        try:
            grids.extend(_grids(path))
        except Exception as error:  # noqa: BLE001 - a file of theirs that nibabel does not read is theirs
            said += f"; {path.name}: {error}"
    return grids, without_path(said, [folder, target])[:400]


def _grids(path: Path) -> list[Grid]:
    image = nibabel.load(path)
    affine = np.asarray(image.affine, dtype=np.float64)
    data = image.dataobj
    shape = (*image.shape, 1, 1, 1)[:3]
    if image.get_data_dtype().fields:  # RGB24
        raw = np.asarray(data)
        values = np.stack([raw[name] for name in ("R", "G", "B")], axis=-1).reshape(*shape, -1, 3)
        return [Grid(affine, values[..., time, :], path.stem, shape) for time in range(values.shape[3])]
    array = np.asanyarray(data).reshape(*shape, -1)
    return [Grid(affine, array[..., time], f"{path.stem}:{time}", shape) for time in range(array.shape[3])]


@dataclass(frozen=True, eq=False)
class Turn:
    """How to lay their array over ours: ``axes`` of theirs in the order of our (i, j, k), and which to flip.

    ``off_mm`` is the distance of the corners then; their steps agree within ``AFFINE_MM``.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    off_mm: float


def _turn(stack: Stack, theirs: Grid) -> Turn | None:
    """None where the axes or their steps differ."""
    geometry = stack.geometry
    if geometry is None:
        return None
    ours = _LPS_TO_RAS @ geometry.affine
    shape = geometry.shape[::-1]
    found = _signed_axes(ours, theirs.affine)
    if found is None:
        return None
    axes, flips = found
    if tuple(theirs.shape[axis] for axis in axes) != shape:
        return None
    expected = np.eye(4)
    expected[:, 3] = 0
    expected[3, 3] = 1
    for mine, axis in enumerate(axes):  # voxel of theirs → voxel of ours
        expected[mine, :3] = 0
        expected[mine, axis] = -1 if flips[mine] else 1
        expected[mine, 3] = shape[mine] - 1 if flips[mine] else 0
    predicted = ours @ expected
    compared = [axis for axis in range(3) if theirs.shape[axis] > 1]  # the step of a single slice means nothing
    difference = np.abs(predicted - theirs.affine)[:3, compared].max(initial=0)
    corners = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * np.array([*theirs.shape, 1])
    corners[:, :3] -= corners[:, :3] > 0
    off = float(np.abs((predicted - theirs.affine) @ corners.T)[:3].max())
    return Turn(axes, flips, off) if difference <= AFFINE_MM else None


def _signed_axes(
    ours: NDArray[np.float64], theirs: NDArray[np.float64]
) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]] | None:
    """For each axis of ours the axis of theirs that runs along it, and whether against it."""
    axes, flips = [], []
    for column in ours[:3, :3].T:
        projections = theirs[:3, :3].T @ column / np.linalg.norm(column) / np.linalg.norm(theirs[:3, :3], axis=0)
        axis = int(np.argmax(np.abs(projections)))
        axes.append(axis)
        flips.append(bool(projections[axis] < 0))
    if len(set(axes)) < 3:
        return None
    return (axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2])


class _Reader:
    """Modality values slice by slice, read once for each stack."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], NDArray[Any]] = {}
        self._stack = ""

    def slice_of(self, stack: Stack, frame: int, *, stored: bool = False) -> NDArray[Any] | None:
        """(j, i[, 3]) modality or stored values, None where the frame cannot be read."""
        if stack.id != self._stack or len(self._kept) > 64:
            self._kept, self._stack = {}, stack.id
        if (stack.id, frame) not in self._kept:
            try:
                values = stack.frames[frame].read()
            except MedviewError:
                return None
            self._kept[stack.id, frame] = values if stored or values.ndim == 3 else stack.transform.apply(values, frame)
        return self._kept[stack.id, frame]

    def difference(self, stack: Stack, time: int, turn: Turn, theirs: Grid) -> float:
        """The largest difference of values, 0 where they agree as far as float32 holds them."""
        colour = theirs.values.ndim == 4
        if colour != (stack.components > 1):
            return float("inf")
        laid = theirs.values.transpose(*turn.axes, *((3,) if colour else ()))
        laid = laid[tuple(slice(None, None, -1) if flip else slice(None) for flip in turn.flips)]
        worst = 0.0
        for k in range(stack.shape[0]):
            ours = self.slice_of(stack, time * stack.shape[0] + k)
            if ours is None:
                return float("inf")
            other = np.asarray(laid[:, :, k]).swapaxes(0, 1).astype(np.float64)
            mine = ours.astype(np.float64)
            gap = np.abs(mine - other)
            gap[gap <= 1e-6 * np.maximum(np.abs(other), 1e-30)] = 0
            worst = max(worst, float(np.nan_to_num(gap).max(initial=0)))
            if worst > 0 and stack.timepoints > 1:
                return worst  # another time point, most likely
        return worst


def _nearest(stacks: Sequence[Stack], theirs: Grid) -> str:
    """What stands closest, for the reader of the report."""
    if not stacks:
        return "nothing is shown"
    words = []
    for stack in stacks[:4]:
        if stack.geometry is None:
            words.append(f"{stack.kind} {stack.shape[::-1]} without geometry")
            continue
        ours = _LPS_TO_RAS @ stack.geometry.affine
        words.append(
            f"{stack.kind} {stack.shape[::-1]}×{stack.timepoints} step {_numbers(ours[:3, 2])} at {_numbers(ours[:3, 3])}"
        )
    return f"{' | '.join(words)} against step {_numbers(theirs.affine[:3, 2])} at {_numbers(theirs.affine[:3, 3])}"


def _numbers(values: NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in values) + ")"
