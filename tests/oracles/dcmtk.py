"""DCMTK as an oracle: display values of single frames, and what it says where it refuses."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TIME_LIMIT_S = 120
MOST_FRAMES = 12
"""Frames of one file that are compared, evenly spread, the first and the last among them; without a bound on demand."""


class Refused(Exception):
    """The oracle does not read the file; the text is its own."""


class NoWindow(Refused):
    """DCMTK does not find the window or VOI LUT that the file has, and draws without."""


def has_dcmtk() -> bool:
    """Whether DCMTK's picture writers are installed."""
    return all(shutil.which(name) for name in ("dcmj2pnm", "dcml2pnm", "dcmconv"))


def frame_pictures(
    path: Path, frames: Sequence[int] | None, options: Sequence[str], work: Path, jpeg_ls: bool = False
) -> dict[int, NDArray[np.uint8]]:
    """Pictures (h, w) or (h, w, 3) of ``frames`` (0-based; None: all), overlays left out. Raises Refused."""
    program = "dcml2pnm" if jpeg_ls else "dcmj2pnm"
    common = [program, "-O", "-S", *options]
    found: dict[int, NDArray[np.uint8]] = {}
    if frames is None or len(frames) > 1:
        prefix = work / "frame"
        first, count = (1, None) if frames is None else (min(frames) + 1, max(frames) - min(frames) + 1)
        if frames is None or count == len(frames):
            choice = ["+Fa"] if frames is None else ["+Fr", str(first), str(count)]
            said = _run([*common, *choice, "+Fn", "+op", str(path), str(prefix)])
            _check_window(said)
            for written in work.glob("frame.f*.p?m"):
                number = int(written.name.split(".")[1][1:])
                found[number - 1] = read_pnm(written)  # +Fn: the frame's own number, from 1
                written.unlink()
            if not found:
                raise Refused(said)
            return found
    for number in frames or (0,):
        target = work / "single.pnm"
        target.unlink(missing_ok=True)
        said = _run([*common, "+F", str(number + 1), "+op", str(path), str(target)])
        _check_window(said)
        if not target.exists():
            raise Refused(said)
        found[number] = read_pnm(target)
    return found


def spread(count: int, most: int) -> list[int]:
    """At most ``most`` of ``count`` numbers from 0, evenly spread with both ends."""
    if count <= most:
        return list(range(count))
    return sorted({round(at * (count - 1) / (most - 1)) for at in range(most)})


def _run(command: Sequence[str]) -> str:
    """The last thing that the program complains about, without the path."""
    try:
        ended = subprocess.run(command, capture_output=True, check=False, timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise Refused(f"no answer within {TIME_LIMIT_S} s") from None
    heard = ended.stderr.decode("latin-1").splitlines()
    lines = [line for line in heard if line[:3] in {"E: ", "F: "}] or [line for line in heard if _NO_WINDOW in line]
    if lines:
        return "; ".join(line[3:].split(": " + str(command[-2]))[0] for line in lines[:3])
    return "" if ended.returncode == 0 else f"{command[0]} ended with {ended.returncode}"


_NO_WINDOW = "cannot select VOI"


def _check_window(said: str) -> None:
    if _NO_WINDOW in said:
        raise NoWindow(said)


def read_pnm(path: Path) -> NDArray[np.uint8]:
    """A binary PGM or PPM of 8 bits."""
    data = path.read_bytes()
    fields: list[bytes] = []
    at = 0
    while len(fields) < 4:
        while data[at : at + 1].isspace():
            at += 1
        if data[at : at + 1] == b"#":
            at = data.index(b"\n", at)
            continue
        end = at
        while not data[end : end + 1].isspace():
            end += 1
        fields.append(data[at:end])
        at = end
    width, height, top = (int(field) for field in fields[1:])
    if top != 255 or fields[0] not in {b"P5", b"P6"}:
        raise ValueError(f"{path}: {fields[0]!r} with {top} steps")
    shape = (height, width) if fields[0] == b"P5" else (height, width, 3)
    return np.frombuffer(data, np.uint8, offset=at + 1, count=int(np.prod(shape))).reshape(shape)
