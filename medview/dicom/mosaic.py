"""Siemens mosaics: one picture that holds all slices of a volume side by side, taken apart into its slices.

The position of a mosaic is that of a picture of its whole size around the centre of the first slice; the order of the
slices is in the private CSA header (described by the nibabel project, "Siemens mosaic format").
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.dicom.frame_source import DicomFrame
from medview.dicom.header import FrameHeader, InstanceHeader

_CSA_TAG = struct.Struct("<64si4siii")
_MOST_CSA_ENTRIES = 128


@dataclass(frozen=True, slots=True)
class Tile:
    """The part of a picture that is one slice: first column, first row, size."""

    x: int
    y: int
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class MosaicSlice:
    """One slice of a mosaic as a FrameSource."""

    whole: DicomFrame
    tile: Tile

    @property
    def path(self) -> str:
        return self.whole.path

    @property
    def frame(self) -> int:
        return self.whole.frame

    @property
    def sop_uid(self) -> str:
        return self.whole.sop_uid

    @property
    def stamp(self) -> tuple[int, int] | None:
        """Size and time of change of the file when it was listed."""
        return self.whole.stamp

    @property
    def needs_codec(self) -> bool:
        return self.whole.needs_codec

    def read(self) -> NDArray[Any]:
        """Stored values (rows, columns) of the slice; raises as the whole picture does."""
        values = _picture(self.whole)
        tile = self.tile
        return np.ascontiguousarray(values[tile.y : tile.y + tile.rows, tile.x : tile.x + tile.columns])


@lru_cache(maxsize=2)
def _picture(frame: DicomFrame) -> NDArray[Any]:
    """The mosaic that was read last: its slices are asked for one after the other."""
    values = frame.read()
    values.setflags(write=False)
    return values


def csa_numbers(csa: bytes, name: str) -> tuple[bytes, ...]:
    """Values of an entry of a CSA header, empty where it has none.

    The newer form (SV10) says the length of an item; the older one says it plus the number of items of its first entry.
    """
    newer = csa.startswith(b"SV10")
    surplus = 0
    if not newer:
        if len(csa) < 8 + _CSA_TAG.size or not 0 < struct.unpack_from("<I", csa)[0] <= _MOST_CSA_ENTRIES:
            return ()
        surplus = _CSA_TAG.unpack_from(csa, 8)[4]
    at = csa.find(name.encode() + b"\0")
    if at < 0 or at + _CSA_TAG.size > len(csa):
        return ()
    _, multiplicity, _, _, items, _ = _CSA_TAG.unpack_from(csa, at)
    at += _CSA_TAG.size
    values: list[bytes] = []
    for _ in range(min(items, multiplicity or items, 64)):
        if at + 16 > len(csa):
            return ()
        head = struct.unpack_from("<4i", csa, at)
        length = head[1] if newer else head[0] - surplus
        if length < 0 or at + 16 + length > len(csa):
            return ()
        values.append(csa[at + 16 : at + 16 + length].strip(b" \0"))
        at += 16 + (length + 3) // 4 * 4
    return tuple(value for value in values if value)


def _tiles_down(header: InstanceHeader, across: int) -> int:
    """Rows of slices in a grid of United Imaging, which leaves empty rows out; where both would fit, slices are square."""
    assert header.pixels is not None
    needed = math.ceil(header.image.tiles / across)
    width = header.pixels.columns / across
    if header.pixels.rows == across * width != needed * width or header.pixels.rows % needed:
        return across
    return needed


def mosaic_slices(header: InstanceHeader) -> list[tuple[Tile, FrameHeader]]:
    """The slices of a mosaic with their own positions; empty where it cannot be taken apart."""
    pixels, image, frame = header.pixels, header.image, header.frames[0]
    common = frame.common
    if pixels is None or image.tiles < 2 or pixels.frames != 1 or pixels.is_colour:
        return []
    if common.orientation is None or common.spacing is None:
        return []
    across = math.ceil(math.sqrt(image.tiles))
    down = _tiles_down(header, across) if image.tile_positions else across
    rows, columns = pixels.rows // down, pixels.columns // across
    if not rows or not columns or pixels.rows % down or pixels.columns % across:
        return []
    tiles = [Tile(number % across * columns, number // across * rows, columns, rows) for number in range(image.tiles)]
    if image.tile_positions:
        if len(image.tile_positions) < len(tiles):
            return []
        return [
            (tile, frame._replace(position=place)) for tile, place in zip(tiles, image.tile_positions, strict=False)
        ]
    distance = common.slice_spacing or common.thickness
    if frame.position is None or not distance:
        return []
    row, column = np.array(common.orientation[:3]), np.array(common.orientation[3:])
    normal = np.cross(row, column)
    if image.tile_normal is not None and float(np.dot(normal, image.tile_normal)) < 0:
        normal = -normal
    first = (
        np.array(frame.position)
        + row * common.spacing[1] * (pixels.columns - columns) / 2
        + column * common.spacing[0] * (pixels.rows - rows) / 2
    )
    slices = []
    for number, tile in enumerate(tiles):
        x, y, z = (float(value) for value in first + number * abs(distance) * normal)
        slices.append((tile, frame._replace(position=(x, y, z))))
    return slices
