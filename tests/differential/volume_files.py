"""Random NIfTI, NRRD and MetaImage files written byte by byte, and where each of their voxels lies in the patient."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from medview.core.problem import MedviewError
from medview.formats.volume_file import read_volume_stack

FloatArray = NDArray[np.float64]
_NIFTI_CODES = {
    "uint8": 2, "int16": 4, "int32": 8, "float32": 16, "float64": 64, "int8": 256, "uint16": 512, "uint32": 768,
    "int64": 1024, "uint64": 1280,
}  # fmt: skip
_NRRD_TYPES = {
    "uint8": "unsigned char", "int8": "signed char", "int16": "short", "uint16": "uint16", "int32": "int", "uint32": "uint",
    "float32": "float", "float64": "double",
}  # fmt: skip
_META_TYPES = {
    "uint8": "MET_UCHAR", "int8": "MET_CHAR", "int16": "MET_SHORT", "uint16": "MET_USHORT", "int32": "MET_INT",
    "uint32": "MET_UINT", "float32": "MET_FLOAT", "float64": "MET_DOUBLE",
}  # fmt: skip
_RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def check(kind: str, seed: int, folder: Path) -> list[str]:
    """What is wrong with the stack of a random file of a kind: ``nifti``, ``nrrd``, ``meta``; empty where nothing is."""
    rng = np.random.default_rng([seed, sum(kind.encode())])
    dtype = str(rng.choice(sorted(_NIFTI_CODES if kind == "nifti" else _NRRD_TYPES)))
    times = int(rng.choice([1, 1, 2, 3]))
    shape = tuple(int(n) for n in rng.integers(2, 7, 3))
    values = _values(rng, dtype, (times, *shape))
    rotation, spacing, origin = _place(rng)
    path, lps, expected, said = {"nifti": _nifti, "nrrd": _nrrd, "meta": _meta}[kind](
        rng, folder, values, rotation, spacing, origin
    )
    words = f"{path.name} {dtype} {times}×{shape}: {said}"
    try:
        stack = read_volume_stack(path)
        assert stack.geometry is not None
        assert stack.whole is not None
        stored = stack.whole.read()
    except MedviewError as error:
        return [f"{words}: {error.code} {error.text}"]
    wrong = []
    if stack.timepoints != times or stack.shape != shape:
        return [f"{words}: read as {stack.timepoints}×{stack.shape}"]
    k, j, i = (int(rng.integers(n)) for n in shape)
    for time in range(times):
        place = lps @ [i, j, k, 1]
        ours = np.rint(stack.geometry.patient_to_voxel(place[:3])).astype(int)
        off = float(np.linalg.norm(stack.geometry.voxel_to_patient(ours.astype(float)) - place[:3]))
        if off > 1e-3 * max(1.0, float(np.abs(place).max()) * 1e-2):
            wrong.append(f"{words}: voxel {k, j, i} lies {off:.4g} mm off")
            break
        at = time * shape[0] + int(ours[0])
        got = stack.transform.apply(stored[at], at)[ours[1], ours[2]]
        if not np.isclose(float(got), float(expected[time, k, j, i]), rtol=1e-6, atol=1e-9):
            wrong.append(f"{words}: value {got} and not {expected[time, k, j, i]} at {k, j, i} of time {time}")
            break
    return wrong


def _values(rng: Generator, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    if dtype.startswith("float"):
        return rng.normal(scale=1000, size=shape).astype(dtype)
    limits = np.iinfo(dtype)
    low, high = max(limits.min, -(2**52)), min(limits.max, 2**52)
    return rng.integers(low, high, shape, endpoint=True).astype(dtype)


def _place(rng: Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
    if rng.random() < 0.4:
        rotation = np.eye(3)[rng.permutation(3)] * rng.choice([-1, 1], 3)
    else:
        rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return rotation, rng.uniform(0.3, 4, 3).round(3), rng.uniform(-200, 200, 3).round(3)


Made = tuple[Path, FloatArray, NDArray[Any], str]


def _nifti(rng: Generator, folder: Path, values: NDArray[Any], rotation: Any, spacing: Any, origin: Any) -> Made:
    order = str(rng.choice(["<", ">"]))
    version = int(rng.choice([1, 1, 2]))
    pair = bool(rng.random() < 0.25)
    times, k, j, i = values.shape
    sform = np.eye(4)
    sform[:3, :3], sform[:3, 3] = rotation * spacing, origin
    handed = 1.0 if np.linalg.det(rotation) > 0 else -1.0
    quaternion = _quaternion(rotation * [1, 1, handed])
    use = str(rng.choice(["both", "sform", "qform", "differ"]))
    codes = {"both": (1, 2), "sform": (0, 1), "qform": (1, 0), "differ": (1, 1)}[use]
    ras = sform
    written = sform if codes[1] else np.zeros((4, 4))
    if use == "differ":  # the sform counts
        written = ras = sform + np.pad(rng.normal(scale=0.2, size=(3, 4)), ((0, 1), (0, 0)))
    slope, intercept = (float(v) for v in ((0, 0), (1, 0), (2, -3), (0.37, 11.5), (-1.5, 0))[int(rng.integers(5))])
    meters = int(rng.choice([0, 2, 2, 2]))
    dims = (4, i, j, k, times, 1, 1, 1) if times > 1 else (3, i, j, k, 1, 1, 1, 1)
    if times > 1 and rng.random() < 0.2:
        dims = (5, i, j, k, 1, times, 1, 1)
    pixdim = (handed, *(float(s) for s in spacing), 2.5, 0.0, 0.0, 0.0)
    offset = 0 if pair else int(rng.choice([352 if version == 1 else 544, 400 if version == 1 else 608, 0]))
    begin = 0 if pair else offset or (352 if version == 1 else 544)
    code = _NIFTI_CODES[values.dtype.name]
    magic = (b"ni" if pair else b"n+") + str(version).encode() + b"\0"
    if version == 1:
        head = bytearray(348)
        struct.pack_into(order + "i", head, 0, 348)
        struct.pack_into(order + "8h", head, 40, *dims)
        struct.pack_into(order + "2h", head, 70, code, values.dtype.itemsize * 8)
        struct.pack_into(order + "8f", head, 76, *pixdim)
        struct.pack_into(order + "3f", head, 108, offset, slope, intercept)
        head[123] = meters | 8
        struct.pack_into(order + "2h", head, 252, *codes)
        struct.pack_into(order + "6f", head, 256, *quaternion, *origin)
        struct.pack_into(order + "12f", head, 280, *written[:3].ravel())
        head[344:348] = magic
    else:
        head = bytearray(540)
        struct.pack_into(order + "i", head, 0, 540)
        head[4:12] = magic + b"\r\n\x1a\n"
        struct.pack_into(order + "2h", head, 12, code, values.dtype.itemsize * 8)
        struct.pack_into(order + "8q", head, 16, *dims)
        struct.pack_into(order + "8d", head, 104, *pixdim)
        struct.pack_into(order + "q2d", head, 168, offset, slope, intercept)
        struct.pack_into(order + "2i", head, 344, *codes)
        struct.pack_into(order + "6d", head, 352, *quaternion, *origin)
        struct.pack_into(order + "12d", head, 400, *written[:3].ravel())
        struct.pack_into(order + "i", head, 500, meters | 8)
    voxels = values.astype(values.dtype.newbyteorder(order)).tobytes()
    packed = bool(rng.random() < 0.4)
    ending = ".gz" if packed else ""
    pack = gzip.compress if packed else bytes
    if pair:
        path = folder / "volume.hdr"
        path.write_bytes(head)
        (folder / f"volume.img{ending}").write_bytes(pack(voxels))
    else:
        path = folder / f"volume.nii{ending}"
        path.write_bytes(pack(bytes(head).ljust(begin, b"\0") + voxels))
    scaled = values.astype(np.float64) * (slope or 1.0) + (intercept if slope else 0.0)
    said = f"NIfTI-{version} {order} {use} handed {handed} slope {slope} offset {offset} dims {dims}"
    return path, _RAS_LPS @ ras, scaled, said


def _quaternion(rotation: FloatArray) -> tuple[float, float, float]:
    """(b, c, d) with a ≥ 0, by the largest of its four parts (nifti1.h)."""
    m = rotation
    squares = np.array([1 + m[0, 0] + m[1, 1] + m[2, 2], 1 + m[0, 0] - m[1, 1] - m[2, 2], 1 - m[0, 0] + m[1, 1] - m[2, 2], 1 - m[0, 0] - m[1, 1] + m[2, 2]])  # fmt: skip
    at = int(np.argmax(squares))
    part = np.sqrt(squares[at]) / 2
    rows = (
        (part, (m[2, 1] - m[1, 2]) / (4 * part), (m[0, 2] - m[2, 0]) / (4 * part), (m[1, 0] - m[0, 1]) / (4 * part)),
        ((m[2, 1] - m[1, 2]) / (4 * part), part, (m[0, 1] + m[1, 0]) / (4 * part), (m[0, 2] + m[2, 0]) / (4 * part)),
        ((m[0, 2] - m[2, 0]) / (4 * part), (m[0, 1] + m[1, 0]) / (4 * part), part, (m[1, 2] + m[2, 1]) / (4 * part)),
        ((m[1, 0] - m[0, 1]) / (4 * part), (m[0, 2] + m[2, 0]) / (4 * part), (m[1, 2] + m[2, 1]) / (4 * part), part),
    )
    a, b, c, d = rows[at]
    sign = -1.0 if a < 0 else 1.0
    return float(sign * b), float(sign * c), float(sign * d)


def _text(vector: Sequence[float]) -> str:
    return "(" + ",".join(f"{value:.12g}" for value in vector) + ")"


def _nrrd(rng: Generator, folder: Path, values: NDArray[Any], rotation: Any, spacing: Any, origin: Any) -> Made:
    space = str(
        rng.choice(
            ["left-posterior-superior", "right-anterior-superior", "left-anterior-superior", "LPS", "RAS", "LAS"]
        )
    )
    letters = "".join(part[0] for part in space.split("-")).upper() if "-" in space else space
    turn = np.diag([1.0 if letters[0] == "L" else -1.0, 1.0 if letters[1] == "P" else -1.0, 1.0, 1.0])
    own = np.eye(4)
    own[:3, :3], own[:3, 3] = rotation * spacing, origin
    order = str(rng.choice(["little", "big"]))
    raw = values.astype(values.dtype.newbyteorder("<" if order == "little" else ">"))
    sizes = list(values.shape[:0:-1])
    vectors = [_text(own[:3, axis]) for axis in range(3)]
    kinds = ["domain"] * 3
    where = "none"
    if len(values) > 1:
        where = str(rng.choice(["first", "last"]))
        if where == "first":
            raw = np.moveaxis(raw, 0, -1)
        at = 0 if where == "first" else 3
        sizes.insert(at, len(values))
        vectors.insert(at, "none")
        kinds.insert(at, "list")
    encoding = str(rng.choice(["raw", "gzip", "gz", "ascii"]))
    content = raw.tobytes()
    if encoding in {"gzip", "gz"}:
        content = gzip.compress(content)
    elif encoding == "ascii":
        content = "\n".join(repr(each.item()) for each in raw.ravel()).encode() + b"\n"
    lines = [
        f"NRRD000{rng.choice([4, 5])}",
        "# made for a test",
        f"type: {_NRRD_TYPES[values.dtype.name]}",
        f"dimension: {len(sizes)}",
        f"space: {space}",
        f"sizes: {' '.join(map(str, sizes))}",
        f"space directions: {' '.join(vectors)}",
        f"kinds: {' '.join(kinds)}",
        f"endian: {order}",
        f"encoding: {encoding}",
        f"space origin: {_text(own[:3, 3])}",
    ]
    detached = bool(rng.random() < 0.3)
    path = folder / ("volume.nhdr" if detached else "volume.nrrd")
    if detached:
        (folder / "volume.data").write_bytes(content)
        path.write_bytes("\n".join([*lines, "data file: volume.data", ""]).encode())
    else:
        path.write_bytes("\n".join([*lines, "", ""]).encode() + content)
    return path, turn @ own, values, f"{space} {order} {encoding} times {where}{' detached' if detached else ''}"


def _meta(rng: Generator, folder: Path, values: NDArray[Any], rotation: Any, spacing: Any, origin: Any) -> Made:
    lps = np.eye(4)
    lps[:3, :3], lps[:3, 3] = rotation * spacing, origin
    times = len(values)
    big = bool(rng.random() < 0.5)
    raw = values.astype(values.dtype.newbyteorder(">" if big else "<"))
    colour = times == 3 and values.dtype == np.uint8  # three bytes are a colour
    way = "none" if times == 1 else str(rng.choice(["fourth dimension", *([] if colour else ["channels"])]))
    four = way == "fourth dimension"
    matrix, place = np.eye(4 if four else 3), np.zeros(4 if four else 3)
    matrix[:3, :3], place[:3] = rotation, origin
    if way == "channels":
        raw = np.moveaxis(raw, 0, -1)
    dimensions = 4 if four else 3
    packed = bool(rng.random() < 0.4)
    content = zlib.compress(raw.tobytes()) if packed else raw.tobytes()
    center = " ".join(
        f"{value:.6g}" for value in (rng.uniform(-50, 50, dimensions) if rng.random() < 0.3 else [0] * dimensions)
    )
    lines = [
        "ObjectType = Image",
        f"NDims = {dimensions}",
        "BinaryData = True",
        f"BinaryDataByteOrderMSB = {big}",
        f"CompressedData = {packed}",
        *([f"CompressedDataSize = {len(content)}"] if packed else []),
        f"TransformMatrix = {' '.join(f'{value:.12g}' for value in matrix.T.ravel())}",
        f"{rng.choice(['Offset', 'Position', 'Origin'])} = {' '.join(f'{value:.12g}' for value in place)}",
        f"CenterOfRotation = {center}",
        f"ElementSpacing = {' '.join(f'{value:.12g}' for value in [*spacing, *([1] if four else [])])}",
        f"DimSize = {' '.join(map(str, [*values.shape[:0:-1], *([times] if four else [])]))}",
        *([f"ElementNumberOfChannels = {times}"] if way == "channels" else []),
        f"ElementType = {_META_TYPES[values.dtype.name]}",
    ]
    detached = bool(rng.random() < 0.4)
    path = folder / ("volume.mhd" if detached else "volume.mha")
    name = ("volume.zraw" if packed else "volume.raw") if detached else "LOCAL"
    head = "\n".join([*lines, f"ElementDataFile = {name}", ""]).encode()
    if detached:
        path.write_bytes(head)
        (folder / name).write_bytes(content)
    else:
        path.write_bytes(head + content)
    return path, lps, values, f"big {big} packed {packed} times {way} centre {center}"
