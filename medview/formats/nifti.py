"""NIfTI-1 and NIfTI-2 files (.nii, .nii.gz, .hdr/.img) ↔ geometry and stored values.

Read here rather than through SimpleITK, which refuses or straightens sheared grids. Source: nifti1.h and nifti2.h of
the NIfTI Data Format Working Group (2003, 2011). NIfTI's patient axes are RAS; medview's are LPS.
"""

from __future__ import annotations

import gzip
import io
import os
import struct
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import FloatArray, Geometry
from medview.core.problem import MedviewError, Note

_DTYPES: dict[int, str] = {
    2: "uint8",
    4: "int16",
    8: "int32",
    16: "float32",
    64: "float64",
    128: "rgb",
    256: "int8",
    512: "uint16",
    768: "uint32",
    1024: "int64",
    1280: "uint64",
    2304: "rgba",
}
_CODES = {name: code for code, name in _DTYPES.items()}
_UNIT_MM = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MOST_VOXEL_BYTES = 1 << 40


@dataclass(frozen=True, eq=False)
class NiftiHeader:
    """What a NIfTI header says: ``size`` (i, j, k, t), RAS ``affine`` of the file's own voxel order, stored type."""

    path: str
    size: tuple[int, int, int, int]
    dtype: str
    """numpy's name, or ``rgb`` / ``rgba``."""
    byte_order: str
    data_path: str
    data_offset: int
    slope: float
    intercept: float
    affine: FloatArray
    time_step_s: float
    description: str
    notes: tuple[Note, ...]
    parts: int = 1
    """Values of a voxel beyond time, in the dimensions 5 to 7; they count in ``size`` as more time points."""


def _bad(path: str, what: str) -> MedviewError:
    return MedviewError("bad_nifti", f"{path} is not a usable NIfTI file: {what}.", path, values=(path, what))


def _opened(path: str) -> io.BufferedReader | gzip.GzipFile:
    with Path(path).open("rb") as probe:
        packed = probe.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else Path(path).open("rb")


def read_nifti_header(path: str) -> NiftiHeader:
    """Header of a NIfTI-1 or NIfTI-2 file; reads no voxels. Raises MedviewError naming the file and what is wrong."""
    try:
        with _opened(path) as stream:
            raw = stream.read(540)
    except (OSError, EOFError, zlib.error) as error:
        raise _bad(path, f"it cannot be read ({error})") from error
    if len(raw) < 348:
        raise _bad(path, "it is shorter than a header")
    for order in "<>":
        (length,) = struct.unpack_from(order + "i", raw)
        if length == 348:
            return _nifti1(path, raw, order)
        if length == 540 and len(raw) == 540:
            return _nifti2(path, raw, order)
    raise _bad(path, "its header length is neither 348 nor 540")


def _nifti1(path: str, raw: bytes, order: str) -> NiftiHeader:
    def take(kind: str, at: int) -> tuple[Any, ...]:
        return struct.unpack_from(order + kind, raw, at)

    magic = raw[344:348]
    if magic not in {b"n+1\0", b"ni1\0"}:
        return _analyze(path, raw, order)
    return _header(
        path,
        order,
        one_file=magic == b"n+1\0",
        struct_size=348,
        dim=take("8h", 40),
        datatype=take("h", 70)[0],
        pixdim=take("8f", 76),
        offset=take("f", 108)[0],
        scale=take("2f", 112),
        units=raw[123],
        codes=take("2h", 252),
        quaternion=take("6f", 256),
        sform=take("12f", 280),
        description=raw[148:228],
    )


def _analyze(path: str, raw: bytes, order: str) -> NiftiHeader:
    """The header of an Analyze 7.5 pair, NIfTI's ancestor: sizes, type and spacing at the same places, no orientation.

    SPM wrote a scale where Analyze has a field without use.
    """

    def take(kind: str, at: int) -> tuple[Any, ...]:
        return struct.unpack_from(order + kind, raw, at)

    datatype, bits = take("2h", 70)
    known = _DTYPES.get(datatype, "")
    if not path.lower().endswith(".hdr") or known not in _ANALYZE_BITS or bits not in {0, _ANALYZE_BITS[known]}:
        raise _bad(path, "it has no NIfTI mark, and is no Analyze header either")
    scale = take("f", 112)[0]
    return _header(
        path,
        order,
        one_file=False,
        struct_size=348,
        dim=take("8h", 40),
        datatype=datatype,
        pixdim=(1.0, *take("7f", 80)),
        offset=take("f", 108)[0],
        scale=(scale if np.isfinite(scale) and scale > 0 else 0.0, 0.0),
        units=0,
        codes=(0, 0),
        quaternion=(0.0,) * 6,
        sform=(0.0,) * 12,
        description=raw[148:228],
    )


_ANALYZE_BITS = {"uint8": 8, "int16": 16, "int32": 32, "float32": 32, "float64": 64, "rgb": 24}


def _nifti2(path: str, raw: bytes, order: str) -> NiftiHeader:
    def take(kind: str, at: int) -> tuple[Any, ...]:
        return struct.unpack_from(order + kind, raw, at)

    magic = raw[4:8]
    if magic not in {b"n+2\0", b"ni2\0"}:
        raise _bad(path, "it has no NIfTI-2 mark")
    return _header(
        path,
        order,
        one_file=magic == b"n+2\0",
        struct_size=540,
        dim=take("8q", 16),
        datatype=take("h", 12)[0],
        pixdim=take("8d", 104),
        offset=take("q", 168)[0],
        scale=take("2d", 176),
        units=take("i", 500)[0],
        codes=take("2i", 344),
        quaternion=take("6d", 352),
        sform=take("12d", 400),
        description=raw[240:320],
    )


def _header(
    path: str,
    order: str,
    *,
    one_file: bool,
    struct_size: int,
    dim: tuple[int, ...],
    datatype: int,
    pixdim: tuple[float, ...],
    offset: float,
    scale: tuple[float, ...],
    units: int,
    codes: tuple[int, ...],
    quaternion: tuple[float, ...],
    sform: tuple[float, ...],
    description: bytes,
) -> NiftiHeader:
    if not 1 <= dim[0] <= 7 or any(n < 1 for n in dim[1 : dim[0] + 1]):
        raise _bad(path, f"its dimensions are {dim[: max(1, min(8, dim[0] + 1))]}")
    sizes = [dim[axis] if axis <= dim[0] else 1 for axis in range(1, 8)]
    if datatype not in _DTYPES:
        raise _bad(path, f"its data type {datatype} is not supported")
    dtype = _DTYPES[datatype]
    parts = sizes[4] * sizes[5] * sizes[6]
    size = (sizes[0], sizes[1], sizes[2], sizes[3] * parts)
    item = {"rgb": 3, "rgba": 4}.get(dtype) or np.dtype(dtype).itemsize
    if int(np.prod([int(n) for n in size], dtype=object)) * item > _MOST_VOXEL_BYTES:
        raise _bad(path, f"its dimensions {size} would need more than a terabyte")
    slope, intercept = (float(value) for value in scale)
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        slope, intercept = 1.0, 0.0
    affine, notes = _affine_ras(path, pixdim, _UNIT_MM.get(units & 7, 1.0), codes, quaternion, sform)
    step = float(pixdim[4]) * {8: 1.0, 16: 1e-3, 24: 1e-6}.get(units & 56, 1.0)
    return NiftiHeader(
        path=path,
        size=size,
        dtype=dtype,
        byte_order=order,
        data_path=path if one_file else _pixel_file(path),
        data_offset=_data_offset(path, offset, size, item, struct_size) if one_file else max(_whole(offset), 0),
        slope=slope,
        intercept=intercept,
        affine=affine,
        time_step_s=step if sizes[3] > 1 and parts == 1 and np.isfinite(step) else 0.0,
        description=description.split(b"\0")[0].decode("utf-8", "replace").strip(),
        notes=notes,
        parts=parts,
    )


def _whole(offset: float) -> int:
    return int(offset) if np.isfinite(offset) else 0


def _data_offset(path: str, offset: float, size: tuple[int, int, int, int], item: int, header: int) -> int:
    """Where the voxels of a single file begin: never inside its header, whatever vox_offset says.

    Without a usable offset they follow the header and its four bytes of extension, or the header alone where that is
    what the length of the file says.
    """
    if _whole(offset) >= header:
        return _whole(offset)
    needed = item * int(np.prod([int(n) for n in size], dtype=object))
    return header if Path(path).stat().st_size == header + needed else header + 4


def _pixel_file(path: str) -> str:
    stem = path[: -len(".gz")] if path.lower().endswith(".gz") else path
    base = stem[:-4] if stem.lower().endswith(".hdr") else stem
    for candidate in (base + ".img", base + ".img.gz"):
        if Path(candidate).exists():
            return candidate
    raise _bad(path, f"{Path(base).name}.img with its voxels is missing")


def _affine_ras(
    path: str,
    pixdim: tuple[float, ...],
    mm: float,
    codes: tuple[int, ...],
    quaternion: tuple[float, ...],
    sform: tuple[float, ...],
) -> tuple[FloatArray, tuple[Note, ...]]:
    """(i, j, k, 1) → RAS mm: sform where it is set, else qform, else spacing alone (and a note that says so)."""
    qform_code, sform_code = codes
    by_rows = np.vstack([np.array(sform, dtype=np.float64).reshape(3, 4), [0, 0, 0, 1]])
    spacing = np.array([abs(float(d)) or 1.0 for d in pixdim[1:4]])
    by_quaternion = _quaternion_affine(quaternion, spacing, -1.0 if pixdim[0] < 0 else 1.0)
    notes: list[Note] = []
    if mm != 1.0:
        notes.append(Note("spacing_unit_converted", f"The file gives its spacing in units of {mm:g} mm.", (f"{mm:g}",)))
    if sform_code > 0 and _usable(by_rows):
        chosen = by_rows
        if qform_code > 0 and _usable(by_quaternion) and not np.allclose(by_rows, by_quaternion, atol=1e-2, rtol=1e-3):
            notes.append(Note("sform_qform_differ", "The file holds two orientations that differ; the sform is used."))
    elif qform_code > 0 and _usable(by_quaternion):
        chosen = by_quaternion
    else:
        chosen = np.diag([*spacing, 1.0])
        notes.append(
            Note("orientation_unknown", "The file does not say how it lies in the patient: sides are assumed.")
        )
    if not _usable(chosen):
        raise _bad(path, "its orientation is not finite or flat")
    return np.diag([mm, mm, mm, 1.0]) @ chosen, tuple(notes)


def _usable(affine: FloatArray) -> bool:
    return bool(np.isfinite(affine).all() and abs(np.linalg.det(affine[:3, :3])) > 1e-12)


def _quaternion_affine(values: tuple[float, ...], spacing: FloatArray, handedness: float) -> FloatArray:
    b, c, d = (float(v) for v in values[:3])
    rest = 1.0 - (b * b + c * c + d * d)
    if rest < 1e-7:
        # A rotation by 180°: rounding may leave the vector a little longer than 1.
        length = np.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    else:
        a = float(np.sqrt(rest))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    affine = np.eye(4)
    affine[:3, :3] = rotation * (spacing * np.array([1.0, 1.0, handedness]))
    affine[:3, 3] = values[3:6]
    return affine


def check_nifti_voxels(header: NiftiHeader) -> None:
    """Raise MedviewError where the voxels are not there or end early, as far as that is seen without unpacking them."""
    wanted = _voxel_bytes(header)
    try:
        with Path(header.data_path).open("rb") as stream:
            if stream.read(2) == b"\x1f\x8b":
                return
            there = max(0, stream.seek(0, os.SEEK_END) - header.data_offset)
    except OSError as error:
        raise _bad(header.path, f"its voxels cannot be read ({error})") from error
    if there < wanted:
        raise _ends_early(header, there, wanted)


def _voxel_bytes(header: NiftiHeader) -> int:
    channels = {"rgb": 3, "rgba": 4}.get(header.dtype)
    return prod(header.size) * (channels or np.dtype(header.dtype).itemsize)


def _ends_early(header: NiftiHeader, there: int, wanted: int) -> MedviewError:
    return MedviewError(
        "truncated_pixels",
        f"{header.data_path} ends early: {there} of {wanted} bytes of voxels are there.",
        header.data_path,
        values=(header.data_path, str(there), str(wanted)),
    )


def read_nifti_values(header: NiftiHeader) -> NDArray[Any]:
    """(t·k, j, i) stored values in the file's own slice order, RGB as (…, 3) uint8.

    Raises MedviewError (truncated_pixels) when the file is shorter than its header says, never fills up with zeros.
    """
    i, j, k, t = header.size
    channels = {"rgb": 3, "rgba": 4}.get(header.dtype, 0)
    kind = np.dtype("uint8") if channels else np.dtype(header.byte_order + np.dtype(header.dtype).str[1:])
    count = i * j * k * t * max(channels, 1)
    values = np.empty(count, dtype=kind)
    room = values.view(np.uint8)
    filled = 0
    try:
        with _opened(header.data_path) as stream:
            skip = header.data_offset
            while skip > 0:
                got = len(stream.read(min(skip, 1 << 20)))
                if not got:
                    break
                skip -= got
            while filled < len(room):
                got = stream.readinto(room[filled : filled + (1 << 24)].data)
                if not got:
                    break
                filled += got
    except FileNotFoundError as error:
        raise MedviewError(
            "file_vanished", f"{header.data_path} is not there any more.", header.data_path, values=(header.data_path,)
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise _bad(header.data_path, f"its voxels cannot be read ({error})") from error
    if filled < len(room):
        raise _ends_early(header, filled, len(room))
    if channels:
        return np.ascontiguousarray(values.reshape(t * k, j, i, channels)[..., :3])
    return values.reshape(t * k, j, i).astype(kind.newbyteorder("="), copy=False)


def nifti_bytes(
    values: NDArray[Any], affine_lps: FloatArray, time_step_s: float = 0.0, *, placed: bool = True
) -> tuple[bytes, NDArray[Any]]:
    """Header (352 bytes) and voxels as they follow it. Not ``placed``: both codes say that nobody knows how it lies.

    ``values``: (k, j, i) or (t, k, j, i); RGB as a structured type of three bytes. ``affine_lps``: (i, j, k, 1) → LPS mm.
    The sform always holds the affine; the qform too where the grid is not sheared.
    """
    rgb = values.dtype.names is not None
    dtype = "rgb" if rgb else values.dtype.name
    if dtype not in _CODES:
        raise ValueError(f"NIfTI cannot hold {dtype}")
    shape = values.shape[::-1]
    ras = _RAS_TO_LPS @ affine_lps
    columns = ras[:3, :3]
    spacing = np.linalg.norm(columns, axis=0)
    rotation = columns / spacing
    orthogonal = bool(np.allclose(rotation.T @ rotation, np.eye(3), atol=1e-4))
    handedness = 1.0 if np.linalg.det(rotation) > 0 else -1.0
    quaternion = _quaternion(rotation * np.array([1.0, 1.0, handedness])) if orthogonal else np.zeros(3)
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, len(shape), *shape, *([1] * (7 - len(shape))))
    struct.pack_into("<2h", header, 70, _CODES[dtype], 24 if rgb else values.dtype.itemsize * 8)
    struct.pack_into("<8f", header, 76, handedness, *spacing, time_step_s, 0, 0, 0)
    struct.pack_into("<f", header, 108, 352.0)
    struct.pack_into("<2f", header, 112, 0.0 if rgb else 1.0, 0.0)
    header[123] = 2 | 8
    struct.pack_into("<2h", header, 252, int(placed and orthogonal), int(placed))
    struct.pack_into("<6f", header, 256, *quaternion, *ras[:3, 3])
    struct.pack_into("<12f", header, 280, *ras[:3].ravel())
    header[344:348] = b"n+1\0"
    return bytes(header), values.astype(values.dtype.newbyteorder("<"), copy=False)


def _quaternion(rotation: FloatArray) -> FloatArray:
    """(b, c, d) of a proper rotation, with a = sqrt(1 - b² - c² - d²) ≥ 0; stable for every angle (Bar-Itzhack 2000)."""
    m = rotation
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], m[1, 0] + m[0, 1], m[2, 0] + m[0, 2], m[2, 1] - m[1, 2]],
            [m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], m[2, 1] + m[1, 2], m[0, 2] - m[2, 0]],
            [m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m[0, 0] + m[1, 1] + m[2, 2]],
        ]
    )
    _, vectors = np.linalg.eigh(k)
    b, c, d, a = vectors[:, -1]
    sign = -1.0 if a < 0 else 1.0
    return np.asarray(np.array([b, c, d]) * sign, dtype=np.float64)


def lps_grid(affine_ras: FloatArray, size: tuple[int, int, int]) -> tuple[Geometry, bool]:
    """LPS geometry of a file's grid (i, j, k), and whether its slices must be reversed so that k grows along row × column."""
    i, j, k = size
    lps = _RAS_TO_LPS @ affine_ras
    backwards = bool(np.linalg.det(lps[:3, :3]) < 0)
    if backwards:
        lps = lps.copy()
        lps[:3, 3] += (k - 1) * lps[:3, 2]
        lps[:3, 2] *= -1
    return Geometry((k, j, i), lps), backwards


def is_nifti_name(path: str | os.PathLike[str]) -> bool:
    """Whether the file's name says NIfTI (.img files belong to their .hdr)."""
    return os.fspath(path).lower().endswith((".nii", ".nii.gz", ".hdr"))
