"""One file beside DCMTK: the picture of every frame within one step of 255."""

from __future__ import annotations

import tempfile
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medview.core.window import Voi, VoiLut, Window
from tests.oracles.dcmtk import MOST_FRAMES, NoWindow, Refused, frame_pictures, spread
from tests.oracles.facts import facts_of, read_header
from tests.oracles.outcome import Outcome, Property, Verdict
from tests.oracles.pictures import ShownFile, ShownFrame, read_or_reason, show_file, without_path

TOLERANCE = 1
"""DCMTK cuts where the formula of PS3.3 C.11.2.1.2 leaves rounding open, so one step of 255 is no difference."""

_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_VIA_PYDICOM = ("1.2.840.10008.1.2.4.9", "1.2.840.10008.1.2.4.20")
"""JPEG 2000 and HTJ2K, which DCMTK 3.6.7 has no decoder for: pydicom decompresses, DCMTK draws."""


@dataclass(frozen=True, eq=False)
class _Shot:
    frame: ShownFrame
    picture: NDArray[np.uint8]
    voi: Voi


def compare_display(path: Path, name: str, most_frames: int = MOST_FRAMES) -> Outcome:
    """Hold what medview draws beside what ``dcm2pnm`` draws with the same window, frame by frame."""
    data = read_header(path)
    facts = facts_of(data)
    shown = show_file(path)
    with tempfile.TemporaryDirectory(prefix="medview-oracle-") as folder:
        work = Path(folder)
        source = path
        via = ""
        if any(str(facts.get("transfer_syntax", "")).startswith(prefix) for prefix in _VIA_PYDICOM):
            decompressed = _decompressed(path, work)
            if decompressed is not None:
                source, via = decompressed, " (decompressed by pydicom)"
        if not shown.frames:
            return _without_frames(path, source, name, shown, facts, work)
        return _beside(path, source, name, shown, facts, work, most_frames, via)


def _without_frames(
    path: Path, source: Path, name: str, shown: ShownFile, facts: dict[str, Property], work: Path
) -> Outcome:
    reason = without_path(shown.reason, [path])
    try:
        pictures = frame_pictures(source, [0], [], work, facts.get("transfer_syntax") in _JPEG_LS)
    except (Refused, ValueError) as refusal:
        facts["oracle_says"] = str(refusal)
        return Outcome(name, "dcmtk", "both_refused", 0, 0, 0.0, reason, facts)
    return Outcome(name, "dcmtk", "refused", len(pictures), 0, 0.0, reason, facts)


def _beside(
    path: Path,
    source: Path,
    name: str,
    shown: ShownFile,
    facts: dict[str, Property],
    work: Path,
    most_frames: int,
    via: str,
) -> Outcome:
    frames = sorted({frame.frame for frame in shown.frames})
    chosen = [frames[at] for at in spread(len(frames), most_frames)]
    shots: list[_Shot] = []
    failed: dict[int, str] = {}
    for number in chosen:
        for frame in shown.of(number):
            stored, reason = read_or_reason(frame)
            if stored is None:
                failed[number] = reason
                continue
            volume = frame.volume(stored)
            voi = frame.window(volume)
            shots.append(_Shot(frame, frame.picture(volume, voi), voi))
            facts["voi"] = _described(voi, bool(frame.stack.voi_of(frame.at)))
    jpeg_ls = facts.get("transfer_syntax") in _JPEG_LS
    worst, compared, reasons = 0.0, 0, []
    theirs, refused_by_oracle = _drawn_by_dcmtk(source, shots, facts, work, jpeg_ls)
    for shot in shots:
        frame = shot.frame
        other = theirs.get((frame.frame, _options(frame, shot.voi, facts)))
        if other is None:
            continue
        if frame.tile is not None:
            other = other[frame.tile]
        distance = _distance(shot.picture, other)
        compared += 1
        if distance is None:
            worst = 255.0
            reasons.append(f"frame {frame.frame + 1} is {shot.picture.shape} here and {other.shape} there")
        elif distance > worst:
            worst = distance
            if distance > TOLERANCE:
                reasons.append(f"frame {frame.frame + 1} differs by {distance:g}")
    lost = ""
    if failed:
        try:
            frame_pictures(source, sorted(failed)[:1], [], work, jpeg_ls)
            lost = without_path(failed[min(failed)], [path])
        except (Refused, ValueError) as refusal:
            refused_by_oracle = refused_by_oracle or str(refusal)
            facts["both_refuse_frames"] = len(failed)
    if refused_by_oracle:
        facts["oracle_says"] = refused_by_oracle
    verdict: Verdict
    if worst > TOLERANCE:
        verdict = "different"
    elif lost:
        verdict = "refused"
    elif compared:
        verdict = "equal"
    elif failed:
        verdict = "both_refused"
        reasons.append(without_path(next(iter(failed.values())), [path]))
    else:
        verdict = "oracle_refused"
    said = "; ".join([*reasons[:3], *([lost] if lost else [])]) + (via if compared else "")
    return Outcome(name, "dcmtk", verdict, len(frames), compared, worst, said, facts)


def _drawn_by_dcmtk(
    source: Path, shots: Sequence[_Shot], facts: dict[str, Property], work: Path, jpeg_ls: bool
) -> tuple[dict[tuple[int, tuple[str, ...]], NDArray[np.uint8]], str]:
    """DCMTK's pictures by (frame, options that were wished), and what it said where there are none."""
    groups: dict[tuple[str, ...], list[_Shot]] = defaultdict(list)
    for shot in shots:
        groups[_options(shot.frame, shot.voi, facts)].append(shot)
    drawn: dict[tuple[int, tuple[str, ...]], NDArray[np.uint8]] = {}
    said = ""
    for options, members in groups.items():
        wanted = sorted({shot.frame.frame for shot in members})
        try:
            pictures = _told_if_needed(source, members, options, facts, work, jpeg_ls)
        except (Refused, ValueError) as refusal:
            said = str(refusal)
            continue
        drawn.update({(number, options): picture for number, picture in pictures.items()})
        missing = [number for number in wanted if number not in pictures]
        said = said or (f"no frame {missing[0] + 1}" if missing else "")
    return drawn, said


def _told_if_needed(
    source: Path,
    members: Sequence[_Shot],
    options: tuple[str, ...],
    facts: dict[str, Property],
    work: Path,
    jpeg_ls: bool,
) -> dict[int, NDArray[np.uint8]]:
    """DCMTK's pictures; where it does not find the file's window (its VR is UN …) it is told the numbers. Raises Refused."""
    wanted = sorted({shot.frame.frame for shot in members})
    try:
        return frame_pictures(source, wanted, options, work, jpeg_ls)
    except NoWindow:
        if isinstance(members[0].voi, VoiLut):
            raise
        facts["window_told"] = True
        told = _options(members[0].frame, members[0].voi, facts, of_file=False)
        return frame_pictures(source, wanted, told, work, jpeg_ls)


def _distance(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> float | None:
    if theirs.ndim == 3 and ours.ndim == 2:
        ours = np.repeat(ours[..., None], 3, axis=2)
    elif ours.ndim == 3 and theirs.ndim == 2:
        theirs = np.repeat(theirs[..., None], 3, axis=2)
    if ours.shape != theirs.shape:
        return None
    return float(np.abs(ours.astype(np.int16) - theirs.astype(np.int16)).max(initial=0))


def _options(frame: ShownFrame, voi: Voi, facts: Mapping[str, Property], of_file: bool = True) -> tuple[str, ...]:
    """The same window in DCMTK's words.

    DCMTK is told the window of stored values where it does not read the transform (functional groups, doses) or rounds
    what the transform gives to whole numbers.
    """
    stack = frame.stack
    if stack.components > 1:
        return ()
    transform = stack.transform.part(frame.at, frame.at + 1)
    unread = facts.get("has_groups") or facts.get("has_dose_scaling")
    plain = not unread and transform.is_integer
    if isinstance(voi, VoiLut):
        return ("+Wl", "1")
    if of_file and plain and stack.voi_of(frame.at):
        return ("+Wi", "1")
    lower, upper = voi.ramp
    options: tuple[str, ...] = ()
    if transform.lut is None and not (of_file and plain):
        slope, intercept = transform.slope_intercept(0)
        lower, upper = sorted(((lower - intercept) / slope, (upper - intercept) / slope))
        options = ("-M",)
    if voi.function == "SIGMOID":
        return (*options, "+Ww", f"{(lower + upper) / 2:.10g}", f"{upper - lower:.10g}", "+Wfs")
    width = upper - lower + 1
    return (*options, "+Ww", f"{lower + width / 2:.10g}", f"{width:.10g}")


def _described(voi: Voi, of_file: bool) -> str:
    """In what way the frames are windowed, for explanations."""
    if not of_file:
        return "chosen"
    if isinstance(voi, Window):
        return voi.function
    return "LUT"


def _decompressed(path: Path, work: Path) -> Path | None:
    """The file in explicit little endian by pydicom's decoders; None where they refuse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data: Dataset = pydicom.dcmread(path, force=True)
            data.decompress(as_rgb=True)
            target = work / "decompressed.dcm"
            data.save_as(target)
    except Exception:  # noqa: BLE001 - any decoder's own error
        return None
    return target
