"""One file beside pydicom: stored and modality values of grey images exactly, colours within one step."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut

from tests.oracles.dcmtk import MOST_FRAMES, spread
from tests.oracles.facts import facts_of, read_header
from tests.oracles.outcome import Outcome, Property
from tests.oracles.pictures import ShownFrame, read_or_reason, show_file, without_path

LOSSY = (".50", ".51", ".52", ".53", ".54", ".55", ".56", ".81", ".91", ".93", ".203", ".111", ".112")


def compare_values(path: Path, name: str, most_frames: int = MOST_FRAMES) -> Outcome:
    """Hold what medview reads beside ``pixel_array`` and ``apply_modality_lut``."""
    header = read_header(path)
    facts = facts_of(header)
    shown = show_file(path)
    theirs, said = _decoded(path)
    if theirs is None:
        facts["oracle_says"] = said
        if not shown.frames:
            return Outcome(name, "pydicom", "both_refused", 0, 0, 0.0, without_path(shown.reason, [path]), facts)
        stored, reason = read_or_reason(shown.frames[0])
        verdict = "oracle_refused" if stored is not None else "both_refused"
        return Outcome(name, "pydicom", verdict, len(shown.frames), 0, 0.0, without_path(reason, [path]), facts)
    data, arrays = theirs
    if not shown.frames:
        return Outcome(name, "pydicom", "refused", len(arrays), 0, 0.0, without_path(shown.reason, [path]), facts)
    if len(arrays) != shown.frames_on_disk:
        facts["oracle_frames"] = len(arrays)
    lossy = str(facts.get("transfer_syntax", "")).endswith(LOSSY)
    worst, compared, reasons, lost = 0.0, 0, [], ""
    frames = sorted({frame.frame for frame in shown.frames})
    for number in (frames[at] for at in spread(len(frames), most_frames)):
        for frame in shown.of(number):
            if number >= len(arrays):
                continue
            stored, reason = read_or_reason(frame)
            if stored is None:
                lost = without_path(reason, [path])
                continue
            distance = _worst(data, facts, frame, stored, arrays[number])
            compared += 1
            if distance > worst:
                worst = distance
                reasons.append(f"frame {number + 1} differs by {distance:g}")
    allowed = 1.0 if lossy or shown.frames[0].stack.components > 1 else 0.0
    if worst > allowed:
        verdict = "different"
    elif lost:
        verdict = "refused"
    elif compared:
        verdict = "equal"
    else:
        verdict = "oracle_refused"
    said = "; ".join([*(reasons if worst > allowed else [])[:3], *([lost] if lost else [])])
    return Outcome(name, "pydicom", verdict, len(frames), compared, float(worst), said, facts)


def _decoded(path: Path) -> tuple[tuple[Dataset, NDArray[np.generic]] | None, str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(path, force=True)
            array = data.pixel_array
    except BaseException as error:  # its plugins raise more than Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        return None, f"{type(error).__name__}: {str(error)[:160]}"
    samples = int(data.get("SamplesPerPixel", 1) or 1)
    flat = 2 if samples == 1 else 3
    return (data, np.asarray(array[None] if array.ndim == flat else array)), ""


def _worst(
    data: Dataset, facts: dict[str, Property], frame: ShownFrame, ours: NDArray[np.generic], theirs: NDArray[np.generic]
) -> float:
    """The largest difference in stored values or, where the file has them outside of groups, in modality values."""
    if frame.tile is not None:
        theirs = theirs[frame.tile]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if frame.stack.components > 1:
            bits = int(data.get("BitsStored", 8) or 8)
            if facts.get("photometric") == "PALETTE COLOR":
                theirs = apply_color_lut(theirs, data)[..., :3]
                bits = 16 if theirs.dtype.itemsize == 2 else 8
            if theirs.ndim == 3 and theirs.shape[2] == 4:
                theirs = theirs[..., :3]
            if bits > 8:
                theirs = (theirs.astype(np.int64) >> (bits - 8)).astype(np.uint8)
            elif bits < 8:
                theirs = np.round(theirs.astype(float) * 255 / ((1 << bits) - 1)).astype(np.uint8)
            return _distance(ours, theirs)
        worst = _distance(ours, theirs)
        if facts.get("has_groups"):
            rescale = _rescale_of_groups(data, frame.frame)
            if rescale is not None:
                expected = ours.astype(np.float64) * rescale[0] + rescale[1]
                worst = max(worst, _relative(frame.volume(ours).modality_slice(0), expected))
            return worst
        if not facts.get("has_groups") and not facts.get("has_float_pixels"):
            values = frame.volume(ours).modality_slice(0)
            try:
                expected = apply_modality_lut(ours, data)
            except (TypeError, ValueError):  # it takes no LUT of 10 or 12 bits: DCMTK judges those
                return worst
            if "DoseGridScaling" in data:  # PS3.3 C.8.8.3.2, unknown to pydicom
                expected = ours * float(data.DoseGridScaling)
            worst = max(worst, _relative(values, expected))
    return worst


def _rescale_of_groups(data: Dataset, frame: int) -> tuple[float, float] | None:
    """Slope and intercept of the Pixel Value Transformation of a frame (PS3.3 C.7.6.16.2.9), its own before the shared."""
    for sequence, at in (("PerFrameFunctionalGroupsSequence", frame), ("SharedFunctionalGroupsSequence", 0)):
        groups = data.get(sequence)
        if groups is None or at >= len(groups):
            continue
        transform = groups[at].get("PixelValueTransformationSequence")
        if transform:
            return float(transform[0].RescaleSlope), float(transform[0].RescaleIntercept)
    return None


def _distance(ours: NDArray[np.generic], theirs: NDArray[np.generic]) -> float:
    if ours.shape != theirs.shape:
        return float("inf")
    mine, other = ours.astype(np.float64), theirs.astype(np.float64)
    same = (mine == other) | (np.isnan(mine) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        difference = np.where(same, 0, np.abs(mine - other))
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0))


def _relative(ours: NDArray[np.generic], theirs: NDArray[np.generic]) -> float:
    """0 where values agree as far as float32 holds them."""
    if ours.shape != theirs.shape:
        return float("inf")
    mine, other = ours.astype(np.float64), theirs.astype(np.float64)
    difference = np.abs(mine - other)
    return float(np.where(difference <= 1e-6 * np.abs(other), 0, difference).max(initial=0))
