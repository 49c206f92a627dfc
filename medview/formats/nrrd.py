"""NRRD headers (.nrrd, .nhdr) ↔ where voxels lie. Source: "Definition of NRRD file format", teem.sourceforge.net, versions 1 to 5.

Three axes at most are of space; of the others ``time`` axes are times and the rest are several values of a voxel.
"""

from __future__ import annotations

import re
from typing import Literal

import numpy as np

from medview.core.geometry import FloatArray
from medview.formats.raw_grid import (
    Packing,
    RawGrid,
    bad_volume,
    beside,
    check_size,
    numbered,
    numbers,
    read_head,
    whole_numbers,
)

_TYPES = {
    "int8": "signed char, int8, int8_t",
    "uint8": "uchar, unsigned char, uint8, uint8_t",
    "int16": "short, short int, signed short, signed short int, int16, int16_t",
    "uint16": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "int32": "int, signed int, int32, int32_t",
    "uint32": "uint, unsigned int, uint32, uint32_t",
    "int64": "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t",
    "uint64": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "float32": "float",
    "float64": "double",
}
_DTYPES = {name: dtype for dtype, names in _TYPES.items() for name in names.split(", ")}
_PACKINGS: dict[str, Packing] = {
    "raw": "raw", "txt": "text", "text": "text", "ascii": "text", "hex": "hex", "gz": "gzip", "gzip": "gzip", "bz2": "bzip2",
    "bzip2": "bzip2",
}  # fmt: skip
# Of a patient, with the sides that x, y and z grow to; a "-time" or "T" at the end adds an axis that is none of space.
_SPACES = {
    "right-anterior-superior": "RAS", "ras": "RAS", "left-anterior-superior": "LAS", "las": "LAS",
    "left-posterior-superior": "LPS", "lps": "LPS",
}  # fmt: skip
_OF_SPACE = frozenset({"domain", "space", ""})


def read_nrrd(path: str) -> RawGrid:
    """What the header of an NRRD file says; reads no voxels. Raises MedviewError naming the file and what is wrong."""
    head = read_head(path)
    if not re.match(rb"NRRD000\d\s*\n", head[:16].replace(b"\r\n", b"\n")):
        raise bad_volume(path, "it does not begin as an NRRD file does")
    end = re.search(rb"\n\r?\n", head)
    text = head[: end.start() if end else len(head)].decode("utf-8", "replace")
    fields, listed = _fields(text)
    dtype = _DTYPES.get(fields.get("type", "").lower())
    if dtype is None:
        raise bad_volume(path, f"its values are of the type {fields.get('type', '')[:40]!r}")
    sizes = whole_numbers(path, "sizes", fields.get("sizes", ""))
    dimension = fields.get("dimension", str(len(sizes)))
    if len(sizes) > 6 or dimension != str(len(sizes)):
        raise bad_volume(path, f"it has {dimension[:20]} dimensions and the sizes {sizes}")
    check_size(path, sizes, np.dtype(dtype).itemsize)
    packing = _PACKINGS.get(fields.get("encoding", "raw").lower())
    if packing is None:
        raise bad_volume(path, f"its encoding {fields['encoding'][:40]!r} is not known")
    kinds = [word.lower() for word in fields.get("kinds", "").split()] or [""] * len(sizes)
    if len(kinds) != len(sizes):
        raise bad_volume(path, f"its field kinds is {fields['kinds'][:80]!r}")
    if "complex" in kinds:
        raise bad_volume(path, "its values are complex")
    spatial, columns, origin = _space(path, fields, sizes, kinds)
    times = [axis for axis in range(len(sizes)) if axis not in spatial and kinds[axis] in {"time", *_OF_SPACE}]
    parts = [axis for axis in range(len(sizes)) if axis not in spatial and axis not in times]
    lps, of_patient = _lps(fields, columns, origin)
    files, begin = _files(path, fields, listed, end.end() if end else None)
    slowest = {axis: len(sizes) - 1 - axis for axis in range(len(sizes))}
    i, j, k = (tuple(slowest[axis] for axis in spatial[n : n + 1]) for n in range(3))
    return RawGrid(
        path=path,
        sizes=sizes[::-1],
        order=(tuple(slowest[a] for a in times[::-1]), k, j, i, tuple(slowest[a] for a in parts[::-1])),
        dtype=dtype,
        byte_order=">" if fields.get("endian", "little").lower() == "big" else "<",
        lps=lps,
        dimensions=len(spatial),
        of_patient=of_patient,
        is_list=not {"list", "time"}.isdisjoint(kinds),
        packing=packing,
        files=files,
        begin=begin,
        line_skip=_skip(path, fields, "line skip", "lineskip"),
        byte_skip=_skip(path, fields, "byte skip", "byteskip"),
    )


def _fields(text: str) -> tuple[dict[str, str], list[str]]:
    """Fields by their names in small letters, and the lines behind a list of data files."""
    fields: dict[str, str] = {}
    lines = text.splitlines()[1:]
    for number, line in enumerate(lines):
        name, colon, value = line.partition(":")
        if line.startswith("#") or not colon or value.startswith("="):
            continue
        name, value = name.strip().lower(), value.strip()
        fields[name] = value
        if name in {"data file", "datafile"} and value.split()[:1] == ["LIST"]:
            return fields, [row.strip() for row in lines[number + 1 :] if row.strip()]
    return fields, []


def _vectors(path: str, text: str) -> list[FloatArray | None]:
    found: list[FloatArray | None] = []
    for word in re.findall(r"none|\([^)]*\)", text):
        inner = word.strip("()").replace(",", " ")
        found.append(None if word == "none" else numbers(path, "space directions", inner, len(inner.split())))
    return found


def _space(
    path: str, fields: dict[str, str], sizes: tuple[int, ...], kinds: list[str]
) -> tuple[list[int], list[FloatArray], FloatArray]:
    """The axes of space, fastest first, with the step along each and the middle of the first voxel, in the file's space."""
    if "space directions" in fields:
        vectors = _vectors(path, fields["space directions"])
        if len(vectors) != len(sizes):
            raise bad_volume(path, f"its field space directions is {fields['space directions'][:80]!r}")
        there = [
            (axis, vector) for axis, vector in enumerate(vectors) if vector is not None and np.isfinite(vector).all()
        ]
        spatial, columns = [axis for axis, _ in there], [vector for _, vector in there]
        depth = len(columns[0]) if columns else 0
        if not 1 <= len(spatial) <= 3 or not 2 <= depth <= 3 or any(len(vector) != depth for vector in columns):
            raise bad_volume(path, f"its field space directions is {fields['space directions'][:80]!r}")
        words = fields.get("space origin", "").strip("() ").replace(",", " ")
        origin = numbers(path, "space origin", words, depth) if words else np.zeros(depth)
        return spatial, columns, origin
    spatial = [axis for axis in range(len(sizes)) if kinds[axis] in _OF_SPACE][:3]
    if not spatial:
        raise bad_volume(path, "none of its axes is one of space")
    count = len(sizes)
    given = {
        name: numbers(path, name, fields[name], count) if name in fields else np.full(count, np.nan)
        for name in ("spacings", "axis mins", "axis maxs")
    }
    cell = np.array(
        [word != "node" for word in [*fields.get("centers", fields.get("centerings", "")).split(), *[""] * count]][
            :count
        ]
    )
    extent = (given["axis maxs"] - given["axis mins"]) / np.where(cell, sizes, np.maximum(np.array(sizes) - 1, 1))
    steps = np.where(np.isfinite(given["spacings"]), given["spacings"], np.where(np.isfinite(extent), extent, 1.0))
    starts = np.where(np.isfinite(given["axis mins"]), given["axis mins"] + np.where(cell, steps / 2, 0), 0.0)
    columns = [steps[axis] * np.eye(3)[n] for n, axis in enumerate(spatial)]
    origin = np.zeros(3)
    origin[: len(spatial)] = starts[spatial]
    return spatial, columns, origin


def _lps(fields: dict[str, str], columns: list[FloatArray], origin: FloatArray) -> tuple[FloatArray, bool]:
    """4×4 from (i, j, k) to LPS, and whether the file says that its space is a patient's."""
    words = re.sub(r"(-time|(?<=s)t)$", "", fields.get("space", "").lower())
    sides = _SPACES.get(words, "LPS")
    own = np.eye(4)
    for n, column in enumerate(columns):
        own[:3, n] = 0
        own[: len(column), n] = column
    own[: len(origin), 3] = origin
    turn = np.diag([1.0 if sides[0] == "L" else -1.0, 1.0 if sides[1] == "P" else -1.0, 1.0, 1.0])
    return turn @ own, words in _SPACES and "space directions" in fields and len(columns) == 3


def _files(path: str, fields: dict[str, str], listed: list[str], begin: int | None) -> tuple[tuple[str, ...], int]:
    """The files with voxels, and where they begin in the header's own."""
    said = fields.get("data file", fields.get("datafile", ""))
    if not said:
        if begin is None:
            raise bad_volume(path, "its header does not end")
        return (path,), begin
    words = said.split()
    if words[0] == "LIST":
        names = listed
    elif "%" in words[0] and len(words) >= 4:
        names = numbered(path, words)
    else:
        names = [said]
    if not names:
        raise bad_volume(path, "it names no file with voxels")
    return tuple(beside(path, name) for name in names), 0


def _skip(path: str, fields: dict[str, str], *names: str) -> int:
    for name in names:
        if name in fields:
            try:
                return max(-1, int(fields[name]))
            except ValueError as error:
                raise bad_volume(path, f"its field {name} is {fields[name][:40]!r}") from error
    return 0


def nrrd_header(dtype: str, sizes: tuple[int, ...], lps: FloatArray, *, colour: bool) -> bytes:
    """The header of a gzipped NRRD of ``sizes`` (i, j, k) at ``lps`` (4×4); ``colour``: three bytes a voxel."""

    def vector(values: FloatArray) -> str:
        return "(" + ",".join(repr(float(value)) for value in values) + ")"

    front: tuple[Literal["3", "none", "RGB-color"], ...] = ("3", "none", "RGB-color")
    size, direction, kind = ([word] if colour else [] for word in front)
    lines = [
        "NRRD0004",
        f"type: {_TYPES[dtype].split(', ')[-1] if dtype[-1] != '8' else _TYPES[dtype].split(', ')[-2]}",
        f"dimension: {len(sizes) + colour}",
        "space: left-posterior-superior",
        f"sizes: {' '.join([*size, *map(str, sizes)])}",
        f"space directions: {' '.join([*direction, *(vector(lps[:3, axis]) for axis in range(3))])}",
        f"kinds: {' '.join([*kind, 'domain domain domain'])}",
        "endian: little",
        "encoding: gzip",
        f"space origin: {vector(lps[:3, 3])}",
    ]
    return "\n".join([*lines, "", ""]).encode("ascii")
