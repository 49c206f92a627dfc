"""Files made from phantoms by other people's tools (DCMTK, openjpeg …), each with the picture that must come out."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
from numpy.typing import NDArray

from tests.dicom.pixel_files import encapsulated, encode, write_pixels
from tests.oracles.pictures import show_file

JPEG = "1.2.840.10008.1.2.4."


@dataclass(frozen=True, eq=False)
class Variant:
    """``truth``: stored values of each frame (n, rows, columns), or RGB (n, rows, columns, 3).

    ``within``: the largest difference that its coding allows, 0 for lossless.
    """

    name: str
    path: Path
    truth: NDArray[Any]
    within: float = 0.0


def fault_of(variant: Variant) -> str:
    """What is wrong with medview's frames of a variant, "" where they are the truth."""
    shown = show_file(variant.path)
    if len(shown.frames) != len(variant.truth):
        return f"{len(shown.frames)} frames of {len(variant.truth)}: {shown.reason}"
    for at, frame in enumerate(sorted(shown.frames, key=lambda each: each.frame)):
        try:
            values = frame.read()
        except Exception as error:  # noqa: BLE001 - reported with the variant's name
            return f"frame {at + 1}: {error}"
        if values.shape != variant.truth[at].shape:
            return f"frame {at + 1} has the shape {values.shape}, not {variant.truth[at].shape}"
        gap = float(np.abs(values.astype(np.float64) - variant.truth[at]).max())
        if gap > variant.within:
            return f"frame {at + 1} is {gap:g} off, {variant.within:g} allowed"
    return ""


# Phantoms ------------------------------------------------------------------------------------------------------------


def grey(low: int, high: int, rows: int = 37, columns: int = 50, seed: int = 1) -> NDArray[np.int64]:
    """Smooth with soft noise and both extremes; no symmetry."""
    j, i = np.mgrid[0:rows, 0:columns] / max(rows, columns)
    wave = 0.5 + 0.3 * np.sin(3 * j + 5 * i) + 0.15 * np.cos(7 * j * i + 1)
    noise = np.random.default_rng(seed).normal(0, 0.004, wave.shape)
    values = np.clip(low + (high - low) * np.clip(wave + noise, 0, 1), low, high).astype(np.int64)
    values[2, 3], values[rows - 2, 4] = low, high
    return values


def colour(rows: int = 37, columns: int = 50) -> NDArray[np.uint8]:
    """Smooth RGB with saturated fields, so that exchanged channels and missing conversions show."""
    planes = [grey(0, 255, rows, columns, seed) for seed in (1, 2, 3)]
    picture = np.stack(planes, axis=-1).astype(np.uint8)
    picture[..., 1] = 255 - picture[..., 1] // 2
    picture[..., 2] = cv2.flip(picture[..., 2], 1)
    picture[4:14, 4:16] = (230, 20, 30)
    picture[4:14, 20:32] = (20, 40, 220)
    return picture


@dataclass(frozen=True, eq=False)
class Base:
    """An uncompressed file and its frames."""

    name: str
    path: Path
    truth: NDArray[Any]
    bits: int
    colour: bool = False


def bases(folder: Path) -> list[Base]:
    """Phantoms of the kinds that scanners write, explicit little endian."""
    found: list[Base] = []

    def add(name: str, frames: NDArray[Any], dtype: str, bits: int, high: int | None = None, **more: Any) -> None:
        shift = 0 if high is None else high + 1 - bits
        cells = (frames.astype(np.int64) << shift).astype(dtype)
        signed = more.pop("signed", False)
        path = write_pixels(
            folder / f"{name}.dcm",
            cells.tobytes() + b"\0" * (cells.nbytes % 2),
            rows=frames.shape[1],
            columns=frames.shape[2],
            allocated=8 * cells.itemsize,
            stored=bits,
            high=high,
            signed=signed,
            frames=len(frames),
            vr="OB" if cells.itemsize == 1 else "OW",
            **more,
        )
        found.append(Base(name, path, frames, bits))

    window = {"WindowCenter": "40", "WindowWidth": "400", "RescaleSlope": "1", "RescaleIntercept": "-1024"}
    add("ct16s", grey(-1024, 3071)[None], "int16", 16, signed=True, **window)
    add("ct12u", grey(0, 4095)[None], "uint16", 12, **window)
    add("mr12s", np.stack([grey(-2048, 2047, seed=n) for n in range(3)]), "int16", 12, signed=True)
    add("mr16u", grey(0, 65535)[None], "uint16", 16)
    add("dx14", grey(0, 16383)[None], "uint16", 14, photometric="MONOCHROME1")
    add("dx10", grey(0, 1023)[None], "uint16", 10)
    add("us8", np.stack([grey(0, 255, seed=n) for n in range(4)]), "uint8", 8)
    add("us8s", grey(-128, 127)[None], "int8", 8, signed=True)
    add("high12", grey(0, 4095)[None], "uint16", 12, 15)
    add("mr10s", grey(-512, 511)[None], "int16", 10, signed=True)
    pictures = np.stack([colour(), colour()[::-1], colour()[:, ::-1]])
    for name, planar in (("rgb0", 0), ("rgb1", 1)):
        cells = pictures if planar == 0 else np.moveaxis(pictures, -1, 1)
        raw = np.ascontiguousarray(cells).tobytes()
        path = write_pixels(
            folder / f"{name}.dcm",
            raw + b"\0" * (len(raw) % 2),
            rows=37,
            columns=50,
            samples=3,
            allocated=8,
            photometric="RGB",
            planar=planar,
            frames=3,
            vr="OB",
        )
        found.append(Base(name, path, pictures, 8, True))
    return found


# Other people's tools ------------------------------------------------------------------------------------------------


def _made(command: Sequence[str | Path], target: Path) -> Path | None:
    """The file that a program wrote, None where it refuses."""
    subprocess.run([str(part) for part in command], capture_output=True, check=False, timeout=120)
    return target if target.exists() and target.stat().st_size else None


_REWRITTEN = {
    "implicit": ("+ti",),
    "big": ("+tb",),
    "deflated": ("+td",),
    "undefined": ("+te", "-e"),
    "groups": ("+te", "+g"),
    "implicit-undefined-groups": ("+ti", "-e", "+g"),
    "bare": ("-F", "+te"),
    "bare-implicit": ("-F", "+ti"),
    "bare-big": ("-F", "+tb"),
    "padded": ("+te", "+p", "512", "64"),
}
_JPEG_LOSSLESS = {
    "sv1": ("+e1",),
    **{f"ll{sv}": ("+el", "+sv", str(sv)) for sv in range(1, 8)},
    "sv1-fragments": ("+e1", "+fs", "1"),
    "sv1-no-table": ("+e1", "-ot"),
}
_JPEG_LOSSY = {
    "baseline": ("+eb",),
    "extended": ("+ee",),
    "spectral": ("+es",),
    "progressive": ("+ep",),
    "baseline-fragments": ("+eb", "+fs", "1"),
    "extended-8": ("+ee", "+be"),
    "spectral-12": ("+es", "+bt"),
    "progressive-12": ("+ep", "+bt"),
}
_JPEG_COLOUR = {
    "422": ("+eb", "+s2"),
    "444": ("+eb", "+s4"),
    "422-full": ("+eb", "+n2"),
    "411-full": ("+eb", "+n1"),
    "411": ("+eb", "+np"),
    "rgb": ("+eb", "+cr"),
    "extended": ("+ee",),
    "progressive": ("+ep",),
    "progressive-444": ("+ep", "+s4"),
    "spectral": ("+es",),
}
_JPEG_LS = {
    "line": ("+il",),
    "sample": ("+is",),
    "none": ("+in",),
    "cooked": ("+pc",),
    "fragments": ("+fs", "1"),
    "zero-padded": ("+pz",),
}


def variants_of(base: Base, folder: Path) -> Iterator[Variant]:
    """Every re-coding of a phantom that the tools at hand can make."""
    if not shutil.which("dcmconv"):
        return

    def coded(program: str, options: Sequence[str], name: str, within: float = 0.0) -> Iterator[Variant]:
        target = folder / f"{base.name}-{name}.dcm"
        if _made([program, *options, base.path, target], target) is not None:
            yield Variant(f"{base.name}-{name}", target, base.truth, within)

    for name, options in _REWRITTEN.items():
        yield from coded("dcmconv", options, name)
    # DCMTK 3.6.7 codes planes as if they were interleaved: what it makes of them is not their truth.
    for name, options in _JPEG_LOSSLESS.items() if base.name != "rgb1" else ():
        yield from coded("dcmcjpeg", options, f"jpeg-{name}")
    for name, options in _JPEG_LS.items():
        yield from coded("dcmcjpls", ("+el", *options), f"jls-{name}")
        yield from coded("dcmcjpls", ("+en", "+md", "3", *options), f"jls-near-{name}", 3)
    for name, options in (("rle", ()), ("rle-no-table", ("-ot",))):
        yield from coded("dcmcrle", options, name)
    yield from _jpeg_2000(base, folder)


def lossy_jpegs_of(base: Base, folder: Path) -> Iterator[Path]:
    """Lossy JPEG of all processes; what comes out is compared with DCMTK's own decoder."""
    table = _JPEG_COLOUR if base.colour else _JPEG_LOSSY
    for name, options in table.items():
        target = folder / f"{base.name}-lossy-{name}.dcm"
        made = _made(["dcmcjpeg", *options, base.path, target], target)
        if made is not None:
            yield made


def _jpeg_2000(base: Base, folder: Path) -> Iterator[Variant]:
    """JPEG 2000, HTJ2K and JPEG XL by the libraries' own encoders, one and several fragments a frame."""
    signed = bool(base.truth.min() < 0)
    if base.bits < 8 and not base.colour:
        return
    width = 8 if base.bits <= 8 else 16
    frames = base.truth.astype(f"{'i' if signed else 'u'}{width // 8}")
    coders: dict[str, tuple[str, Callable[[NDArray[Any]], bytes]]] = {
        "j2k": (f"{JPEG}90", lambda each: bytes(imagecodecs.jpeg2k_encode(each, level=0, codecformat="j2k"))),
        "j2k-rct": (
            f"{JPEG}90",
            lambda each: bytes(imagecodecs.jpeg2k_encode(each, level=0, codecformat="j2k", mct=base.colour)),
        ),
        "jp2-in-dicom": (f"{JPEG}90", lambda each: bytes(imagecodecs.jpeg2k_encode(each, level=0, codecformat="jp2"))),
        "j2k-bits": (
            f"{JPEG}90",
            lambda each: bytes(
                imagecodecs.jpeg2k_encode(each, level=0, codecformat="j2k", bitspersample=min(base.bits, width))
            ),
        ),
        "htj2k": (f"{JPEG}201", lambda each: encode("htj2k", each)),
        "jxl": (f"{JPEG}110", lambda each: encode("jpeg-xl", each)),
    }
    for name, (syntax, code) in coders.items():
        try:
            streams = [code(np.ascontiguousarray(each)) for each in frames]
        except Exception:  # noqa: BLE001 - an encoder that does not take this kind of sample
            continue
        for cut in (0, 3):
            data = encapsulated(streams) if not cut else _cut(streams, cut)
            more = {"planar": 0} if base.colour else {}
            path = write_pixels(
                folder / f"{base.name}-{name}{'-fragments' if cut else ''}.dcm",
                data,
                syntax,
                rows=frames.shape[1],
                columns=frames.shape[2],
                samples=3 if base.colour else 1,
                allocated=width,
                stored=base.bits,
                signed=signed,
                photometric="YBR_RCT" if base.colour and name == "j2k-rct" else "RGB" if base.colour else "MONOCHROME2",
                frames=len(frames),
                vr="OB",
                **more,
            )
            yield Variant(path.stem, path, base.truth)


def _cut(streams: Sequence[bytes], parts: int) -> bytes:
    """Each frame in several fragments, with a basic offset table."""
    pieces: list[bytes] = []
    offsets: list[int] = []
    at = 0
    for stream in streams:
        step = (len(stream) // parts + 1) // 2 * 2 or 2
        offsets.append(at)
        for start in range(0, len(stream), step):
            piece = stream[start : start + step]
            pieces.append(piece)
            at += 8 + len(piece) + len(piece) % 2
    return encapsulated(pieces, np.array(offsets, dtype="<u4").tobytes())
