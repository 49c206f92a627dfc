"""What a DICOM file draws over its own frames: overlay planes (PS3.3 C.9.2) and a supplemental palette (C.7.6.19)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.dicom import tags
from medview.dicom.element_kinds import SHORTS, STOP, TEXT
from medview.dicom.elements import Values, read_elements
from medview.dicom.frame_source import DicomFrame
from medview.dicom.header import ImageHeader, as_integer, as_short, as_shorts, as_text
from medview.files.byte_source import stamp_of

BoolArray = NDArray[np.bool_]

_ROWS, _COLUMNS, _FRAMES, _TYPE, _ORIGIN, _FIRST_FRAME, _ALLOCATED, _POSITION, _DATA = (
    0x0010, 0x0011, 0x0015, 0x0040, 0x0050, 0x0051, 0x0100, 0x0102, 0x3000,
)  # fmt: skip
_KINDS = {
    _ROWS: SHORTS, _COLUMNS: SHORTS, _FRAMES: TEXT, _TYPE: TEXT, _ORIGIN: SHORTS, _FIRST_FRAME: SHORTS,
    _ALLOCATED: SHORTS, _POSITION: SHORTS, _DATA: SHORTS,
}  # fmt: skip
_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class OverlayPlane:
    """One overlay group.

    ``data`` are bits, lowest first, frame after frame, rows of a frame without gaps; b"" where the bits lie in
    ``bit`` of the pixel cells (retired, PS3.5 8.1.2). ``origin`` (row, column) is 0-based and may lie outside of the image.
    ``frames`` image frames from ``first_frame`` (0-based) on have a plane of their own; 0: one plane for all of them.
    """

    rows: int
    columns: int
    origin: tuple[int, int] = (0, 0)
    is_roi: bool = False
    frames: int = 0
    first_frame: int = 0
    bit: int = 0
    data: bytes = b""

    @property
    def is_embedded(self) -> bool:
        """Whether its bits lie in the cells of the pixels."""
        return not self.data

    def bits(self, frame: int) -> BoolArray | None:
        """(rows, columns) of what lies over image frame ``frame``; None where nothing does. Missing bytes are 0."""
        at = 0
        if self.frames:
            at = frame - self.first_frame
            if not 0 <= at < self.frames:
                return None
        count = self.rows * self.columns
        start = at * count
        raw = np.frombuffer(self.data[start // 8 : (start + count + 7) // 8], dtype=np.uint8)
        bits = np.unpackbits(raw, bitorder="little")[start % 8 :][:count]
        if bits.size < count:
            bits = np.concatenate([bits, np.zeros(count - bits.size, np.uint8)])
        return bits.reshape(self.rows, self.columns).astype(np.bool_)


@dataclass(frozen=True, slots=True)
class FileGraphics:
    """What the file draws over one of its frames, as a frame source of (rows, columns, 4) RGBA; alpha 0 is nothing."""

    source: DicomFrame
    groups: tuple[int, ...] = ()
    supplemental: bool = False

    @property
    def path(self) -> str:
        """The file."""
        return self.source.path

    @property
    def frame(self) -> int:
        """0-based index of the frame inside the file."""
        return self.source.frame

    @property
    def sop_uid(self) -> str:
        """SOP Instance UID."""
        return self.source.sop_uid

    @property
    def needs_codec(self) -> bool:
        """Whether it may be read in a worker process only: where the frame itself has to be decoded for it."""
        if self.supplemental or not self.source.needs_codec:
            return self.supplemental
        try:
            return any(plane.is_embedded for plane in overlay_planes(self.path, self.groups))
        except Exception:  # noqa: BLE001 - whatever is wrong with the file is told by reading it
            return True

    def only(self, groups: Collection[int]) -> FileGraphics | None:
        """Of the overlay planes those in some groups; None where nothing is left to draw."""
        kept = tuple(group for group in self.groups if group in groups)
        return replace(self, groups=kept) if kept or self.supplemental else None

    def read(self) -> NDArray[Any]:
        """(rows, columns, 4) uint8; raises MedviewError as the frame itself does."""
        from medview.kernels.compose import label_outline

        pixels = self.source.pixels
        rgba = np.zeros((pixels.rows, pixels.columns, 4), np.uint8)
        if self.supplemental:
            _lay_supplemental(rgba, self.source)
        drawn = np.zeros((pixels.rows, pixels.columns), np.bool_)
        cells: NDArray[Any] | None = None
        for plane in overlay_planes(self.path, self.groups):
            if plane.is_embedded:
                if pixels.is_colour or pixels.element != "pixels" or plane.bit >= pixels.bits_allocated:
                    continue
                if pixels.shift <= plane.bit < pixels.shift + pixels.bits_stored:
                    continue  # it would be a bit of the values
                cells = _cells(self.source) if cells is None else cells
                bits: BoolArray | None = (cells >> plane.bit & 1).astype(np.bool_)
                placed = bits
            else:
                bits = plane.bits(self.frame)
                placed = None if bits is None else _placed(bits, plane.origin, drawn.shape)
            if placed is None:
                continue
            drawn |= label_outline(placed) if plane.is_roi else placed
        rgba[drawn] = (*_WHITE, 255)
        return rgba


def graphics_of(image: ImageHeader, frame: DicomFrame) -> FileGraphics | None:
    """The graphics of a frame, None where its file has none."""
    if not image.overlays and not image.has_supplemental:
        return None
    return FileGraphics(frame, image.overlays, image.has_supplemental and frame.pixels.photometric == "MONOCHROME2")


def overlay_planes(path: str, groups: Sequence[int]) -> tuple[OverlayPlane, ...]:
    """The overlay planes of a file; those that do not hold together are left out."""
    if not groups:
        return ()
    return _planes_of_file(path, stamp_of(path), tuple(groups))


@lru_cache(maxsize=8)
def _planes_of_file(path: str, key: tuple[int, int], groups: tuple[int, ...]) -> tuple[OverlayPlane, ...]:  # noqa: ARG001
    wanted = {tags.tag(group, element): kind for group in groups for element, kind in _KINDS.items()}
    wanted |= {tags.TRANSFER_SYNTAX: TEXT, tags.PIXELS: STOP}
    values = read_elements(path, wanted=wanted).values
    planes = (_plane(values, group) for group in groups)
    return tuple(plane for plane in planes if plane is not None)


def _plane(values: Values, group: int) -> OverlayPlane | None:
    def get(element: int) -> bytes | None:
        found: bytes | None = values.get(tags.tag(group, element))
        return found

    rows, columns = as_short(get(_ROWS)), as_short(get(_COLUMNS))
    data, allocated = get(_DATA) or b"", as_short(get(_ALLOCATED), 1)
    if not rows or not columns or (not data and allocated <= 1):
        return None
    origin = as_shorts(get(_ORIGIN), signed=True)
    first = as_short(get(_FIRST_FRAME))
    frames = as_integer(get(_FRAMES)) or 0
    # A plane without a count holds for all frames, unless the file says where it begins (PS3.3 C.9.2.1.1, retired C.9.3).
    counted = max(frames, 1) if first > 1 or frames > 1 else 0
    return OverlayPlane(
        rows,
        columns,
        (origin[0] - 1, origin[1] - 1) if len(origin) == 2 else (0, 0),
        as_text(get(_TYPE)).upper() == "R",
        counted,
        max(first, 1) - 1,
        as_short(get(_POSITION)),
        data,
    )


def _placed(bits: BoolArray, origin: tuple[int, int], shape: tuple[int, ...]) -> BoolArray:
    """The part of a plane that lies on an image of ``shape`` (rows, columns)."""
    out = np.zeros(shape, np.bool_)
    top, left = origin
    rows = slice(max(0, top), max(0, min(shape[0], top + bits.shape[0])))
    columns = slice(max(0, left), max(0, min(shape[1], left + bits.shape[1])))
    out[rows, columns] = bits[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return out


def _cells(source: DicomFrame) -> NDArray[Any]:
    """Whole cells of a frame, with the bits beside the values."""
    pixels = source.pixels
    allocated = pixels.bits_allocated
    return replace(source, pixels=replace(pixels, bits_stored=allocated, high_bit=allocated - 1, signed=False)).read()


def _lay_supplemental(rgba: NDArray[np.uint8], source: DicomFrame) -> None:
    """Colours of the stored values from the palette's first one on; those below it stay grey (PS3.3 C.7.6.19)."""
    from medview.dicom.colour import rgb_from_palette
    from medview.dicom.palette import palette_of_path

    palette = palette_of_path(source.path, source.pixels.signed)
    stored = source.read()
    coloured = stored.astype(np.int64) >= min(palette.firsts)
    rgba[coloured, :3] = rgb_from_palette(stored, palette)[coloured]
    rgba[coloured, 3] = 255
