"""What a file draws over its own frames beside DCMTK: the very pixels of overlay planes (PS3.3 C.9.2)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataelem import DataElement

from medview.core.problem import MedviewError
from tests.oracles.dcmtk import Refused, frame_pictures
from tests.oracles.facts import facts_of, read_header
from tests.oracles.looks import written
from tests.oracles.outcome import Outcome
from tests.oracles.pictures import show_file
from tests.oracles.variants import grey

_ALL_BLACK = ("-M", "+Ww", "1000000000", "2")
"""A window above all values: what is not black is drawn over the image."""
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")


def compare_overlays(path: Path, name: str) -> Outcome | None:
    """None where neither side draws anything over the image."""
    facts = facts_of(read_header(path))
    shown = show_file(path)
    planes: dict[int, NDArray[np.bool_]] = {}
    colour = False
    for frame in shown.frames:
        colour |= frame.stack.components > 1
        source = frame.stack.graphics_of(frame.at)
        if source is None or frame.frame > 8:
            continue
        try:
            planes[frame.frame] = source.read()[..., 3] > 0
        except MedviewError:
            continue
    if colour or not shown.frames or not (facts.get("has_overlay") or planes):
        return None
    numbers = sorted({frame.frame for frame in shown.frames if frame.frame <= 8})
    with tempfile.TemporaryDirectory(prefix="medview-oracle-") as folder:
        options = ("+O", "0", "+Omr", *_ALL_BLACK)
        try:
            theirs = frame_pictures(path, numbers, options, Path(folder), facts.get("transfer_syntax") in _JPEG_LS)
        except (Refused, ValueError) as refusal:
            facts["oracle_says"] = str(refusal)
            return Outcome(name, "dcmtk overlays", "oracle_refused", len(planes), 0, 0.0, "", facts)
    worst, said = 0, ""
    numbers = [number for number in numbers if number in theirs]
    for number in numbers:
        other = theirs[number] > 0
        ours = planes.get(number, np.zeros(other.shape, np.bool_))
        wrong = int((ours != other).sum()) if ours.shape == other.shape else -1
        if wrong:
            said = (
                said or f"frame {number + 1}: {wrong} pixels differ, {int(ours.sum())} of {int(other.sum())} are drawn"
            )
        worst = max(worst, abs(wrong))
    return Outcome(
        name, "dcmtk overlays", "different" if worst else "equal", len(numbers), len(numbers), worst, said, facts
    )


def overlay_files(folder: Path) -> Iterator[Path]:
    """Overlay planes apart and in high bits, shifted, of another size, of some frames, in all byte orders."""
    values = grey(0, 4095, 37, 51).astype("u2")
    frames = np.stack([grey(0, 255, 37, 51, seed).astype("u1") for seed in (1, 2, 3)])
    cross = np.zeros((37, 51), np.bool_)
    cross[5, 3:30] = cross[2:20, 11] = True
    cross[36, 50] = True

    def with_planes(path: Path, *planes: dict[str, Any]) -> Path:
        data = pydicom.dcmread(path)
        big = path.stem.endswith("big")
        for number, plane in enumerate(planes):
            group = 0x6000 + plane.get("group", 2 * number)
            bits = plane.get("bits")
            rows, columns = bits.shape[-2:] if bits is not None else cross.shape
            for element, vr, value in (
                (0x0010, "US", rows),
                (0x0011, "US", columns),
                (0x0015, "IS", plane.get("frames")),
                (0x0040, "CS", plane.get("type", "G")),
                (0x0050, "SS", plane.get("origin", [1, 1])),
                (0x0051, "US", plane.get("first")),
                (0x0100, "US", 1 if bits is not None else data.BitsAllocated),
                (0x0102, "US", plane.get("position", 0)),
            ):
                if value is not None:
                    data.add(DataElement((group << 16) + element, vr, value))
            if bits is not None:
                raw = np.packbits(bits.ravel(), bitorder="little").tobytes()
                raw += b"\0" * (len(raw) % 2)
                if big:
                    raw = np.frombuffer(raw, ">u2").astype("<u2").tobytes()
                data.add(DataElement((group << 16) + 0x3000, plane.get("vr", "OW"), raw))
        data.save_as(path)
        return path

    def plain(name: str, **more: Any) -> Path:
        return written(folder, f"overlay-{name}", values, stored=12, **more)

    yield with_planes(plain("one"), {"bits": cross})
    yield with_planes(plain("ob"), {"bits": cross, "vr": "OB"})
    yield with_planes(plain("implicit", syntax="1.2.840.10008.1.2"), {"bits": cross})
    yield with_planes(plain("big", syntax="1.2.840.10008.1.2.2"), {"bits": cross})
    yield with_planes(plain("two"), {"bits": cross}, {"bits": cross[::-1]})
    yield with_planes(plain("last-group"), {"bits": cross, "group": 0x1E})
    yield with_planes(plain("shifted"), {"bits": cross, "origin": [4, 7]})
    yield with_planes(plain("off-edge"), {"bits": cross, "origin": [-3, -2]})
    yield with_planes(plain("smaller"), {"bits": cross[:11, :13], "origin": [3, 2]})
    yield with_planes(plain("larger"), {"bits": np.pad(cross, ((0, 9), (0, 6))), "origin": [1, 1]})
    many = np.stack([cross, cross[::-1], cross[:, ::-1]])
    movie = written(folder, "overlay-each-frame", frames, frames=3)
    yield with_planes(movie, {"bits": many, "frames": "3", "first": 1})
    movie = written(folder, "overlay-one-for-all", frames, frames=3)
    yield with_planes(movie, {"bits": cross})
    movie = written(folder, "overlay-from-frame-2", frames, frames=3)
    yield with_planes(movie, {"bits": many[:2], "frames": "2", "first": 2})
    high = values | (cross.astype("u2") << 12) | (cross[::-1].astype("u2") << 15)
    yield with_planes(written(folder, "overlay-bit-12", high, stored=12), {"position": 12})
    yield with_planes(written(folder, "overlay-bits-12-15", high, stored=12), {"position": 12}, {"position": 15})
