"""Voxels behind a text header (NRRD, MetaImage): which files hold them, how they are packed, and where they lie in the patient."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import FloatArray
from medview.core.problem import MedviewError

Packing = Literal["raw", "gzip", "zlib", "bzip2", "text", "hex"]
MOST_VOXEL_BYTES = 1 << 40
MOST_HEADER_BYTES = 1 << 20
_PIECE = 1 << 20


@dataclass(frozen=True, eq=False)
class RawGrid:
    """What such a header says. ``order`` gives for (t, k, j, i, part) the axes of the file, slowest first, that make it up."""

    path: str
    sizes: tuple[int, ...]
    """Of the file's own axes, slowest first."""
    order: tuple[tuple[int, ...], ...]
    dtype: str
    byte_order: Literal["<", ">"]
    lps: FloatArray
    """4×4, voxel (i, j, k) to LPS mm."""
    dimensions: int
    """How many of the axes are of space."""
    of_patient: bool
    """Whether the file says that its space is the patient's."""
    is_list: bool
    """Whether several values of a voxel are several things, and no colour."""
    packing: Packing
    files: tuple[str, ...]
    begin: int
    """Where the voxels begin in the (first) file: -1 where they are its last bytes."""
    line_skip: int = 0
    byte_skip: int = 0

    @property
    def size(self) -> tuple[int, int, int, int]:
        """(i, j, k, t)."""
        t, k, j, i = (int(np.prod([self.sizes[axis] for axis in axes], initial=1)) for axes in self.order[:4])
        return i, j, k, t

    @property
    def parts(self) -> int:
        """Values of a voxel."""
        return int(np.prod([self.sizes[axis] for axis in self.order[4]], initial=1))

    def check_there(self) -> None:
        """Raise MedviewError where a file of voxels is missing, or all are shorter than what is not packed must be."""
        try:
            there = sum(Path(file).stat().st_size for file in self.files)
        except OSError as error:
            raise bad_volume(self.path, f"its voxels cannot be read ({error})") from error
        own = sum(max(0, at) for at in (self.begin if self.path in self.files else 0, self.byte_skip))
        wanted = int(np.prod(self.sizes, dtype=object)) * np.dtype(self.dtype).itemsize
        if self.packing == "raw" and there - own < wanted:
            missing = f"{wanted} bytes are needed, {max(0, there - own)} are there"
            raise bad_volume(self.path, f"its voxels cannot be read ({missing})")

    def read(self) -> NDArray[Any]:
        """(t, k, j, i) or, where there are several, (t, k, j, i, parts); raises MedviewError."""
        kind = np.dtype(self.dtype).newbyteorder(self.byte_order)
        count = int(np.prod(self.sizes, dtype=object))
        try:
            if self.packing == "text":
                values = _numbers(self, kind, count)
            else:
                values = np.frombuffer(_bytes(self, kind.itemsize * count), kind)
        except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
            raise bad_volume(self.path, f"its voxels cannot be read ({error})") from error
        stored = values.reshape(self.sizes)
        i, j, k, t = self.size
        shape = (t, k, j, i, self.parts) if self.parts > 1 else (t, k, j, i)
        turned = stored.transpose([axis for axes in self.order for axis in axes]).reshape(shape)
        return np.ascontiguousarray(turned, dtype=kind.newbyteorder("="))


def bad_volume(path: str, what: str) -> MedviewError:
    """The error of a volume file that cannot be used."""
    return MedviewError("bad_volume_file", f"{path} cannot be read as a volume: {what}.", path, values=(path, what))


def read_head(path: str) -> bytes:
    """The beginning of a file, where its header must end; raises MedviewError."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(MOST_HEADER_BYTES)
    except OSError as error:
        raise bad_volume(path, error.strerror or str(error)) from error


def whole_numbers(path: str, name: str, text: str, count: int | None = None) -> tuple[int, ...]:
    """``count`` positive whole numbers of a field; raises MedviewError naming it."""
    try:
        found = tuple(int(word) for word in text.split())
    except ValueError:
        found = ()
    if not found or min(found) < 1 or (count is not None and len(found) != count):
        raise bad_volume(path, f"its field {name} is {text[:80]!r}")
    return found


def numbers(path: str, name: str, text: str, count: int) -> FloatArray:
    """``count`` numbers of a field, NaN among them; raises MedviewError naming it."""
    try:
        found = np.array([float(word) for word in text.split()])
    except ValueError:
        found = np.zeros(0)
    if len(found) != count:
        raise bad_volume(path, f"its field {name} is {text[:80]!r}")
    return found


def check_size(path: str, sizes: Sequence[int], item: int) -> None:
    """Refuse sizes that no computer holds; raises MedviewError."""
    if int(np.prod([int(n) for n in sizes], dtype=object)) * item > MOST_VOXEL_BYTES:
        raise bad_volume(path, f"its dimensions {tuple(sizes)} would need more than a terabyte")


def beside(path: str, name: str) -> str:
    """The file of this name beside the header; of a name that leads to a place of its own only the last part counts.

    So a header that somebody sent cannot make this computer ask another one for a file.
    """
    text = name.strip().strip('"')
    if re.match(r"[a-zA-Z]:|[/\\]", text):
        text = re.split(r"[/\\]", text)[-1]
    folder = Path(path).parent
    plain = folder / text
    return os.fspath(plain if plain.exists() or "\\" not in text else folder / text.replace("\\", "/"))


def numbered(path: str, words: Sequence[str]) -> list[str]:
    """The names of ``pattern first last step``, the pattern one of C's for a whole number; raises MedviewError."""
    found = re.fullmatch(r"([^%]*)%(0?)(\d{0,3})d([^%]*)", words[0])
    limits = [int(word) for word in words[1:4] if re.fullmatch(r"[+-]?\d{1,9}", word)]
    if found is None or len(limits) != 3 or limits[2] == 0 or abs(limits[1] - limits[0]) > 1_000_000:
        raise bad_volume(path, f"the names of its data files cannot be told from {' '.join(words)[:80]!r}")
    front, zero, width, back = found.groups()
    first, last, step = limits
    return [f"{front}{n:{zero}{width}d}{back}" for n in range(first, last + (1 if step > 0 else -1), step)]


@contextmanager
def _opened(grid: RawGrid, file: str) -> Iterator[Any]:
    """The unpacked bytes of one of the files, from where its voxels begin."""
    with Path(file).open("rb") as raw:
        if file == grid.path and grid.begin > 0:
            raw.seek(grid.begin)
        for _ in range(grid.line_skip):
            raw.readline()
        stream: Any = raw
        if grid.packing == "gzip":
            stream = gzip.GzipFile(fileobj=raw)
        elif grid.packing == "bzip2":
            stream = bz2.BZ2File(raw)
        elif grid.packing == "zlib":
            stream = _Inflated(raw)
        elif grid.packing == "hex":
            stream = io.BytesIO(bytes.fromhex(raw.read().decode("ascii")))
        if grid.byte_skip > 0:
            stream.read(grid.byte_skip)
        yield stream


class _Inflated:
    """A zlib stream (or a gzip one) unpacked as it is read."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._unpack = stream, zlib.decompressobj(zlib.MAX_WBITS | 32)

    def read(self, count: int) -> bytes:
        """At most so many bytes; none at the end."""
        while not self._unpack.eof:
            given = self._unpack.unconsumed_tail or self._stream.read(_PIECE)
            found = self._unpack.decompress(given, count)
            if found or not given:
                return found
        return b""


def _bytes(grid: RawGrid, wanted: int) -> bytearray:
    """So many bytes of all files; never more, whatever a packed one unpacks to, and no room for what is not there."""
    if grid.packing == "raw":
        there = sum(Path(file).stat().st_size for file in grid.files)
        if there < wanted:
            raise EOFError(f"{wanted} bytes are needed, {there} are there")
    found = bytearray()
    for file in grid.files:
        with _opened(grid, file) as stream:
            if grid.packing == "raw" and -1 in {grid.begin, grid.byte_skip}:
                stream.seek(-min(wanted, Path(file).stat().st_size), os.SEEK_END)
            while len(found) < wanted:
                piece = stream.read(min(_PIECE * 16, wanted - len(found)))
                if not piece:
                    break
                found += piece
    if len(found) < wanted:
        raise EOFError(f"{wanted} bytes are needed, {len(found)} are there")
    return found


def _numbers(grid: RawGrid, kind: np.dtype[Any], count: int) -> NDArray[Any]:
    words: list[str] = []
    for file in grid.files:
        with _opened(grid, file) as stream:
            words += stream.read().decode("ascii", "replace").replace(",", " ").split()
    if len(words) < count:
        raise EOFError(f"{count} numbers are needed, {len(words)} are there")
    if kind.kind == "f":
        return np.array([float(word) for word in words[:count]], dtype=kind)
    return np.array([int(word) for word in words[:count]], dtype=kind)
