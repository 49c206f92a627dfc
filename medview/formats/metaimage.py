"""MetaImage headers (.mha, .mhd) ↔ where voxels lie. Source: "MetaIO/Documentation" of ITK, and the files that ITK writes.

The axes are LPS. A row of ``TransformMatrix`` is the direction of one axis of the file.
"""

from __future__ import annotations

import re

import numpy as np

from medview.core.geometry import FloatArray
from medview.formats.raw_grid import (
    RawGrid,
    bad_volume,
    beside,
    check_size,
    numbered,
    numbers,
    read_head,
    whole_numbers,
)

_DTYPES = {
    "char": "int8", "uchar": "uint8", "short": "int16", "ushort": "uint16", "int": "int32", "uint": "uint32", "long": "int32",
    "ulong": "uint32", "long_long": "int64", "ulong_long": "uint64", "float": "float32", "double": "float64",
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _DTYPES.items() if not name.endswith("long") or "_" in name}


def read_metaimage(path: str) -> RawGrid:
    """What the header of a MetaImage says; reads no voxels. Raises MedviewError naming the file and what is wrong."""
    head = read_head(path)
    fields, listed, begin = _fields(head)
    if "elementdatafile" not in fields or "dimsize" not in fields:
        raise bad_volume(path, "its header names no ElementDataFile or no DimSize")
    sizes = whole_numbers(path, "DimSize", fields["dimsize"])
    if not 2 <= len(sizes) <= 4:
        raise bad_volume(path, f"it has {len(sizes)} dimensions")
    kind = re.sub(r"^met_|_array$", "", fields.get("elementtype", "").lower())
    dtype = _DTYPES.get(kind)
    if dtype is None:
        raise bad_volume(path, f"its values are of the type {fields.get('elementtype', '')[:40]!r}")
    channels = whole_numbers(path, "ElementNumberOfChannels", fields.get("elementnumberofchannels", "1"), 1)[0]
    check_size(path, (*sizes, channels), np.dtype(dtype).itemsize)
    own = (*sizes[::-1], channels) if channels > 1 else sizes[::-1]
    last = len(sizes) - 1
    axes = [(last - n,) if n < len(sizes) else () for n in range(4)]
    packed = _yes(fields, "compresseddata")
    files = _files(path, fields, listed)
    start = _header_size(path, fields)
    return RawGrid(
        path=path,
        sizes=own,
        order=(axes[3], axes[2], axes[1], axes[0], (len(sizes),) if channels > 1 else ()),
        dtype=dtype,
        byte_order=">" if _yes(fields, "binarydatabyteordermsb", "elementbyteordermsb") else "<",
        lps=_lps(path, fields, len(sizes)),
        dimensions=min(3, len(sizes)),
        of_patient=True,
        is_list=False,
        packing="text" if fields.get("binarydata", "true").lower() == "false" else "zlib" if packed else "raw",
        files=files,
        begin=-1 if start == -1 else begin if files == (path,) else 0,
        byte_skip=max(0, start),
    )


def _fields(head: bytes) -> tuple[dict[str, str], list[str], int]:
    """Fields by their names in small letters, the lines behind a list of data files, and where the header ends."""
    fields: dict[str, str] = {}
    at = 0
    while at < len(head):
        end = head.find(b"\n", at)
        line = head[at : end if end >= 0 else len(head)].decode("utf-8", "replace")
        at = end + 1 if end >= 0 else len(head)
        name, sign, value = line.partition("=")
        if not sign:
            if line.strip() and not line.startswith(("#", "%")):
                break  # no header's line
            continue
        fields[name.strip().lower()] = value.strip()
        if name.strip().lower() == "elementdatafile":
            rest = head[at:].decode("utf-8", "replace") if value.split()[:1] == ["LIST"] else ""
            return fields, [row.strip() for row in rest.splitlines() if row.strip()], at
    return fields, [], at


def _first(fields: dict[str, str], *names: str) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")


def _yes(fields: dict[str, str], *names: str) -> bool:
    return _first(fields, *names).lower() in {"true", "t", "1", "y", "yes"}


def _header_size(path: str, fields: dict[str, str]) -> int:
    said = fields.get("headersize", "0")
    if re.fullmatch(r"-1|\d{1,12}", said) is None:
        raise bad_volume(path, f"its field HeaderSize is {said[:40]!r}")
    return int(said)


def _lps(path: str, fields: dict[str, str], count: int) -> FloatArray:
    lps = np.eye(4)
    used = min(3, count)
    spacing = _first(fields, "elementspacing", "elementsize")
    matrix = _first(fields, "transformmatrix", "rotation", "orientation")
    origin = _first(fields, "offset", "position", "origin")
    steps = numbers(path, "ElementSpacing", spacing, count) if spacing else np.ones(count)
    rows = numbers(path, "TransformMatrix", matrix, count * count).reshape(count, count) if matrix else np.eye(count)
    if not rows[:used, :used].any():
        rows = np.eye(count)
    lps[:used, :used] = (rows.T * steps)[:used, :used]
    if origin:
        lps[:used, 3] = numbers(path, "Offset", origin, count)[:used]
    return lps


def _files(path: str, fields: dict[str, str], listed: list[str]) -> tuple[str, ...]:
    said = fields["elementdatafile"]
    words = said.split()
    if said.upper() == "LOCAL":
        return (path,)
    if words[:1] == ["LIST"]:
        names = listed
    elif words and "%" in words[0] and len(words) >= 4:
        names = numbered(path, words)
    else:
        names = [said]
    if not names or not names[0]:
        raise bad_volume(path, "it names no file with voxels")
    return tuple(beside(path, name) for name in names)


def metaimage_header(dtype: str, sizes: tuple[int, ...], lps: FloatArray, packed: int, *, colour: bool) -> bytes:
    """The header of a compressed MetaImage of ``sizes`` (i, j, k) at ``lps`` (4×4) whose voxels take ``packed`` bytes."""

    def words(values: FloatArray) -> str:
        return " ".join(repr(float(value)) for value in values)

    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    lines = [
        "ObjectType = Image",
        f"NDims = {len(sizes)}",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = True",
        f"CompressedDataSize = {packed}",
        f"TransformMatrix = {words((lps[:3, :3] / spacing).T.ravel())}",
        f"Offset = {words(lps[:3, 3])}",
        "CenterOfRotation = 0 0 0",
        "AnatomicalOrientation = RAI",
        f"ElementSpacing = {words(spacing)}",
        f"DimSize = {' '.join(map(str, sizes))}",
        *(["ElementNumberOfChannels = 3"] if colour else []),
        f"ElementType = MET_{_NAMES[dtype].upper()}",
        "ElementDataFile = LOCAL",
    ]
    return "\n".join([*lines, ""]).encode("ascii")
