"""DICOM segmentations of all kinds (PS3.3 A.51, A.86) as label maps, each frame where its position says it lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import LABEL_COLOURS, Label, Segmentation
from medview.core.geometry import FloatArray, Geometry
from medview.core.overlay import OverlayPart, Point3, StudyOverlay
from medview.core.problem import MedviewError, Note
from medview.core.progress import Progress, no_progress
from medview.core.study import FrameSource, Stack
from medview.dicom import object_values as ov
from medview.dicom.frame_source import frame_of
from medview.dicom.header import InstanceHeader, as_shorts, as_text
from medview.dicom.header_reader import HeaderReader
from medview.dicom.label_grid import LabelGrid, frames_by_corner, grid_of_frames
from medview.dicom.pixel_description import PixelDescription
from medview.dicom.tags import tag

Read = Callable[[FrameSource], NDArray[Any]]
"""Reads one frame, in a worker process where a codec is involved."""

HALF = 0.5
"""Fractions from here on belong to a segment until the reader says otherwise."""

MOST_BYTES = 6 << 30
"""Of the label maps of one object in memory."""

MOST_CORNERS = 256
"""Grids of one object that are cut for each picture."""

_SEGMENTS = tag(0x0062, 0x0002)
_TYPE = tag(0x0062, 0x0001)
_NUMBER = tag(0x0062, 0x0004)
_LABEL = tag(0x0062, 0x0005)
_DESCRIPTION = tag(0x0062, 0x0006)
_ALGORITHM_TYPE = tag(0x0062, 0x0008)
_ALGORITHM_NAME = tag(0x0062, 0x0009)
_CATEGORY = tag(0x0062, 0x0003)
_PROPERTY = tag(0x0062, 0x000F)
_MODIFIER = tag(0x0062, 0x0011)
_CIELAB = tag(0x0062, 0x000D)
_MOST_FRACTION = tag(0x0062, 0x000E)
_IDENTIFICATION = tag(0x0062, 0x000A)
_REFERENCED_SEGMENT = tag(0x0062, 0x000B)
_PADDING = tag(0x0028, 0x0120)

_WANTED = {
    _SEGMENTS: ov.SEQUENCE, _TYPE: ov.TEXT, _NUMBER: ov.SHORTS, _LABEL: ov.TEXT, _DESCRIPTION: ov.TEXT, _ALGORITHM_TYPE: ov.TEXT,
    _ALGORITHM_NAME: ov.TEXT, _CATEGORY: ov.SEQUENCE, _PROPERTY: ov.SEQUENCE, _MODIFIER: ov.SEQUENCE, _CIELAB: ov.SHORTS,
    _MOST_FRACTION: ov.SHORTS, _PADDING: ov.SHORTS, ov.CHARSET: ov.TEXT, ov.CREATOR: ov.TEXT, ov.MANUFACTURER: ov.TEXT, **ov.CODES,
}  # fmt: skip
_SOURCES = {
    ov.SHARED_GROUPS: ov.SEQUENCE, ov.FRAME_GROUPS: ov.SEQUENCE, ov.DERIVATION: ov.SEQUENCE, ov.SOURCE_IMAGES: ov.SEQUENCE,
    ov.REFERENCED_UID: ov.TEXT, ov.REFERENCED_FRAME: ov.TEXT,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class SegmentationFile:
    """A segmentation object without its pixels. ``frames`` (n,) gives the segment of each frame, 0 in label maps."""

    header: InstanceHeader
    parts: tuple[OverlayPart, ...]
    segment_of: tuple[int, ...]
    type: str
    most_fraction: int
    background: int
    references: ov.ObjectReferences

    @property
    def is_label_map(self) -> bool:
        """Whether pixel values are segment numbers."""
        return self.type == "LABELMAP"


def open_segmentation(path: str) -> SegmentationFile:
    """What a segmentation object says of itself; raises MedviewError where it is damaged or none."""
    header = HeaderReader().read(path)
    if header.fault is not None or header.pixels is None:
        raise _unusable(path, header.fault[1] if header.fault is not None else "it has no pixels")
    values = ov.read_object(path, _WANTED).values
    charset = values.get(ov.CHARSET)
    kind = as_text(values.get(_TYPE)).upper()
    if not kind:
        kind = "LABELMAP" if header.series.sop_class.endswith(".66.7") else "BINARY"
    parts = tuple(_part(item, at, charset) for at, item in enumerate(values.get(_SEGMENTS) or ()))
    most = (as_shorts(values.get(_MOST_FRACTION)) or (255,))[0] or 255
    background = (as_shorts(values.get(_PADDING)) or (0,))[0] if kind == "LABELMAP" else 0
    if header.pixels.photometric == "PALETTE COLOR":
        parts = _with_palette(header, parts)
    parts = _with_names(parts, header, kind)
    return SegmentationFile(
        header,
        parts,
        _segments_of_frames(header, parts, kind),
        kind,
        most,
        background,
        ov.read_references(path),
    )


def _part(item: dict[int, Any], at: int, charset: bytes | None) -> OverlayPart:
    number = (as_shorts(item.get(_NUMBER)) or (at + 1,))[0]
    kind = ov.coded(item.get(_PROPERTY), charset)
    name = ov.words(item, _LABEL, charset)
    if not name or name.lower() in {"segment", f"segment {number}"}:
        name = kind.meaning if kind is not None and kind.meaning else name
    colour = ov.colour_of_cielab(item.get(_CIELAB)) or LABEL_COLOURS[at % len(LABEL_COLOURS)]
    label = Label(number, name or str(number), colour, ov.coded(item.get(_CATEGORY), charset), kind)
    made = as_text(item.get(_ALGORITHM_TYPE)).lower()
    algorithm = ov.words(item, _ALGORITHM_NAME, charset)
    return OverlayPart(label, algorithm=algorithm or made, description=ov.words(item, _DESCRIPTION, charset))


def _with_palette(header: InstanceHeader, parts: tuple[OverlayPart, ...]) -> tuple[OverlayPart, ...]:
    """Segments in the colours that the label map's own palette gives their numbers."""
    from medview.dicom.colour import rgb_from_palette
    from medview.dicom.palette import palette_of_path

    try:
        palette = palette_of_path(header.path, False)
    except (ValueError, OSError, MedviewError):
        return parts
    numbers = np.array([part.label.value for part in parts], dtype=np.uint16)
    colours = rgb_from_palette(numbers[None], palette)[0] if len(parts) else []
    return tuple(
        replace(part, label=replace(part.label, colour=(int(rgb[0]), int(rgb[1]), int(rgb[2]))))
        for part, rgb in zip(parts, colours, strict=True)
    )


def _with_names(parts: tuple[OverlayPart, ...], header: InstanceHeader, kind: str) -> tuple[OverlayPart, ...]:
    """A segment for every number that frames name, also where the object does not describe it."""
    known = {part.label.value for part in parts}
    named = {frame.segment for frame in header.frames if frame.segment} if kind != "LABELMAP" else set[int]()
    extra = sorted(number for number in named - known if number)
    return parts + tuple(
        OverlayPart(Label(number, str(number), LABEL_COLOURS[number % len(LABEL_COLOURS)])) for number in extra
    )


def _segments_of_frames(header: InstanceHeader, parts: tuple[OverlayPart, ...], kind: str) -> tuple[int, ...]:
    count = header.frame_count
    if kind == "LABELMAP":
        return (0,) * count
    only = parts[0].label.value if len(parts) == 1 else 0
    found = tuple(header.frame(at).segment or only for at in range(count))
    if not all(found):
        raise _unusable(header.path, "its frames do not say which segment they belong to")
    return found


def _unusable(path: str, why: str) -> MedviewError:
    return MedviewError("unusable_segmentation", f"{path} cannot be laid over images: {why}.", path, values=(why,))


# Pixels --------------------------------------------------------------------------------------------------------------


class _Pixels:
    """Where a frame's segment is: flat indices, straight from the file's bits where they lie there plainly."""

    def __init__(self, file: SegmentationFile, read: Read, threshold: float) -> None:
        self._header = file.header
        pixels = file.header.pixels
        assert pixels is not None
        # Palette label maps hold numbers first and colours second: the numbers are what is wanted.
        self._pixels: PixelDescription = replace(pixels, photometric="MONOCHROME2") if pixels.is_colour else pixels
        self._read = read
        self._least = 1 if file.type != "FRACTIONAL" else max(1, int(np.ceil(threshold * file.most_fraction)))
        self._cells = self._pixels.rows * self._pixels.columns
        plain = not pixels.is_encapsulated and pixels.deflated_at is None and not pixels.big_endian
        self._bits: NDArray[np.uint8] | None = None
        if plain and pixels.samples == 1 and pixels.bits_allocated in {1, 8}:
            self._bits = self._mapped(pixels)

    def _mapped(self, pixels: PixelDescription) -> NDArray[np.uint8] | None:
        """All bytes of the pixels; None where they cannot be mapped (members of archives …) and are read by frame."""
        needed = (self._cells * pixels.frames * pixels.bits_allocated + 7) // 8
        try:
            found = np.memmap(self._header.path, np.uint8, "r", pixels.data_offset)
        except (OSError, ValueError):
            return None
        if len(found) < needed:
            text = f"{self._header.path}: the pixel data are cut off: {len(found)} bytes of {needed}."
            raise MedviewError("truncated_pixels", text, self._header.path)
        return found

    def values(self, frame: int) -> NDArray[Any]:
        """(j, i) stored values of a frame."""
        if self._bits is not None and self._pixels.bits_allocated == 8:
            start = frame * self._cells
            return np.asarray(self._bits[start : start + self._cells]).reshape(self._pixels.rows, self._pixels.columns)
        return self._read(frame_of(self._header, frame, self._pixels))

    def indices(self, frame: int) -> NDArray[np.intp]:
        """Growing flat indices of the pixels that belong to the frame's segment."""
        if self._bits is None or self._pixels.bits_allocated != 1:
            return np.flatnonzero(self.values(frame) >= self._least)
        # A frame begins at any bit (PS3.5 8.1.1, annex D): frames are packed one after the other.
        first = frame * self._cells
        begin, end = first // 8, (first + self._cells + 7) // 8
        part = np.asarray(self._bits[begin:end])
        filled = np.flatnonzero(part)
        if not len(filled):
            return filled
        bits = np.unpackbits(part[filled], bitorder="little").view(np.bool_)
        places = (filled[:, None] * 8 + np.arange(8)).ravel()[bits] - (first - 8 * begin)
        if places[0] < 0 or places[-1] >= self._cells:  # bits of the frames before and after
            places = places[(places >= 0) & (places < self._cells)]
        return places


# Label maps ----------------------------------------------------------------------------------------------------------


class _Painter:
    """Label maps (k, j, i), one more wherever segments overlap, filled segment by segment."""

    def __init__(
        self, shape: tuple[int, int, int], dtype: type[np.unsignedinteger[Any]], path: str, taken: int = 0
    ) -> None:
        """``taken``: bytes that other grids of the object have already."""
        self._shape, self._dtype, self._path, self._taken = shape, dtype, path, taken
        self.maps: list[NDArray[np.unsignedinteger[Any]]] = []
        self.counts: dict[int, float] = defaultdict(float)
        self.sums: dict[int, FloatArray] = defaultdict(lambda: np.zeros(3))
        self.most: dict[int, tuple[int, int]] = {}

    def _add_map(self) -> None:
        size = int(np.prod(self._shape)) * np.dtype(self._dtype).itemsize
        needed = self._taken + size * (len(self.maps) + 1)
        if needed > MOST_BYTES:
            raise _unusable(self._path, f"its label maps would need {needed >> 20} MB")
        self.maps.append(np.zeros(self._shape, self._dtype))

    def paint_segment(
        self, value: int, frames: Sequence[tuple[int, int]], indices: Callable[[int], NDArray[np.intp]]
    ) -> None:
        """Paint the ``frames`` (frame, slice k) of one segment onto the first map where it overlaps nothing."""
        level = 0
        while True:
            if level == len(self.maps):
                self._add_map()
            painted: list[int] = []
            for frame, k in frames:
                places = indices(frame)
                if not len(places):
                    continue
                plane = self.maps[level][k].reshape(-1)
                taken = plane[places]
                fresh = places
                if taken.any():
                    if not np.all((taken == 0) | (taken == value)):
                        break
                    fresh = places[taken == 0]
                plane[places] = value
                painted.append(k)
                self._measure(value, k, fresh)
            else:
                return
            for k in painted:
                plane = self.maps[level][k]
                plane[plane == value] = 0
            self._forget(value)
            level += 1

    def _measure(self, value: int, k: int, places: NDArray[np.intp]) -> None:
        count = len(places)
        if not count:
            return
        few = places[:: max(1, count // 64)]  # where to look at it, not where its centre of mass is
        row, column = np.divmod(few, self._shape[2])
        self.counts[value] += count
        self.sums[value] += count * np.array([k, row.mean(), column.mean()])
        self.most[value] = max(self.most.get(value, (0, k)), (count, k))

    def _forget(self, value: int) -> None:
        for kept in (self.counts, self.sums, self.most):
            kept.pop(value, None)

    def paint_numbers(self, k: int, numbers: NDArray[Any], background: int) -> None:
        """Paint a frame of a label map."""
        if not self.maps:
            self._add_map()
        numbers = numbers.astype(self._dtype, copy=False)
        if background:
            numbers = np.where(numbers == background, 0, numbers).astype(self._dtype)
        self.maps[0][k] = numbers
        found, counts = np.unique(numbers, return_counts=True)
        for value, _ in zip(found.tolist(), counts.tolist(), strict=True):
            if value:
                self._measure(int(value), k, np.flatnonzero(numbers == value))

    def centre(self, value: int) -> FloatArray | None:
        """(k, j, i) mean of a segment, None where it is empty."""
        return self.sums[value] / self.counts[value] if self.counts.get(value) else None


def read_segmentation(
    file: SegmentationFile,
    stack: Stack | None,
    read: Read | None = None,
    threshold: float = HALF,
    progress: Progress = no_progress,
) -> StudyOverlay:
    """The segmentation as label maps for ``stack`` (None: on its own grid alone).

    Frames with a position lie there, whatever their order and grid; those without one lie on the very images that they were
    derived from. Raises MedviewError.
    """
    pixels = _Pixels(file, read or _read_here, threshold)
    placed = [at for at in range(len(file.segment_of)) if _has_place(file.header, at)]
    by_position = bool(placed) and (stack is None or stack.geometry is not None or stack.planes is not None)
    if by_position:
        overlay = _on_grids(file, stack, placed, pixels, progress)
    else:
        if stack is None:
            raise _unusable(file.header.path, "its frames say neither where they lie nor is there an image to lie on")
        overlay = _on_images(file, stack, pixels, progress)
    return replace(overlay, thresholded=file.type == "FRACTIONAL")


def _read_here(source: FrameSource) -> NDArray[Any]:
    return source.read()


def _has_place(header: InstanceHeader, at: int) -> bool:
    frame = header.frame(at)
    each_own = len(header.frames) == header.frame_count
    return (
        each_own
        and frame.position is not None
        and frame.common.orientation is not None
        and frame.common.spacing is not None
    )


def _dtype_of(file: SegmentationFile) -> type[np.unsignedinteger[Any]]:
    most = max((part.label.value for part in file.parts), default=0)
    wide = file.is_label_map and file.header.pixels is not None and file.header.pixels.bits_allocated > 8
    return np.uint16 if wide or most > 255 else np.uint8


def _on_grids(
    file: SegmentationFile, stack: Stack | None, frames: Sequence[int], pixels: _Pixels, progress: Progress
) -> StudyOverlay:
    header = file.header
    assert header.pixels is not None
    size = (header.pixels.rows, header.pixels.columns)
    groups: dict[Any, list[int]] = defaultdict(list)
    for at in frames:
        common = header.frame(at).common
        assert common.orientation is not None
        groups[tuple(round(value, 3) for value in common.orientation), common.spacing].append(at)
    maps: list[Segmentation] = []
    volumes: dict[int, float] = defaultdict(float)
    centres: dict[int, tuple[float, Point3]] = {}
    labels = tuple(part.label for part in file.parts)
    reference = stack.geometry if stack is not None else None
    for members in _with_one_corner(header, groups.values(), reference):
        try:
            placed = [header.frame(at) for at in members]
            grid = grid_of_frames(placed, size, file.references.frame_of_reference, reference)
        except ValueError as error:
            raise _unusable(header.path, str(error)) from error
        painter = _Painter(grid.geometry.shape, _dtype_of(file), header.path, sum(one.labels.nbytes for one in maps))
        _paint(file, members, grid, painter, pixels, progress)
        dk, dj, di = grid.geometry.spacing
        for value, count in painter.counts.items():
            volumes[value] += count * dk * dj * di / 1000
            centre = painter.centre(value)
            if centre is not None and count > centres.get(value, (0.0, None))[0]:
                x, y, z = grid.geometry.voxel_to_patient(centre)
                centres[value] = (count, (float(x), float(y), float(z)))
        maps += [Segmentation(one, grid.geometry, labels) for one in painter.maps]
    parts = tuple(
        replace(part, volume_ml=volumes.get(part.label.value, 0.0), centre=centres.get(part.label.value, (0, None))[1])
        for part in _all_parts(file, volumes)
    )
    named = tuple(part.label for part in parts)
    return StudyOverlay(
        header.path,
        file.references.title,
        parts,
        tuple(replace(one, meanings=named) for one in maps),
        creator=file.references.creator,
        notes=_notes(file, len(frames)),
    )


def _with_one_corner(
    header: InstanceHeader, groups: Iterable[list[int]], stack: Geometry | None
) -> Iterator[list[int]]:
    """The frames of each group again, apart where frames of one depth begin at different corners."""
    for members in groups:
        parts = frames_by_corner([header.frame(at) for at in members], stack)
        if len(parts) > MOST_CORNERS:
            raise _unusable(header.path, f"its frames begin at {len(parts)} different corners")
        for part in parts:
            yield [members[at] for at in part]


def _all_parts(file: SegmentationFile, found: dict[int, float]) -> tuple[OverlayPart, ...]:
    """The described segments, without those that are background, and those that pixels name and nothing describes."""
    known = {part.label.value for part in file.parts}
    extra = tuple(
        OverlayPart(Label(value, str(value), LABEL_COLOURS[value % len(LABEL_COLOURS)]))
        for value in sorted(found.keys() - known)
    )
    kept = tuple(
        part
        for part in file.parts
        if part.label.value and not (file.background and part.label.value == file.background)
    )
    return kept + extra


def _notes(file: SegmentationFile, placed: int) -> tuple[Note, ...]:
    missing = len(file.segment_of) - placed
    if not missing:
        return ()
    text = f"{missing} frames of the segmentation do not say where they lie and are left out."
    return (Note("segmentation_frames_left_out", text, (str(missing),)),)


def _paint(
    file: SegmentationFile,
    members: Sequence[int],
    grid: LabelGrid,
    painter: _Painter,
    pixels: _Pixels,
    progress: Progress,
) -> None:
    slice_of = dict(zip(members, grid.slices, strict=True))
    if file.is_label_map:
        for done, at in enumerate(members):
            progress("segmentation", done, len(members))
            painter.paint_numbers(slice_of[at], pixels.values(at), file.background)
        return
    by_segment: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for at in members:
        by_segment[file.segment_of[at]].append((at, slice_of[at]))
    for done, (value, frames) in enumerate(sorted(by_segment.items())):
        progress("segmentation", done, len(by_segment))
        painter.paint_segment(value, frames, pixels.indices)


def _on_images(file: SegmentationFile, stack: Stack, pixels: _Pixels, progress: Progress) -> StudyOverlay:
    """Labels on the images that the frames were derived from (PS3.3 C.7.6.16.2.6), for images without a place."""
    header = file.header
    assert header.pixels is not None
    if (header.pixels.rows, header.pixels.columns) != stack.shape[1:]:
        raise _unusable(header.path, "its frames have another size than the images they refer to, and no position")
    sources = _sources_of_frames(file)
    place = {(frame.sop_uid, frame.frame): k % stack.shape[0] for k, frame in enumerate(stack.frames[: stack.shape[0]])}
    slices: dict[int, int] = {}
    for at, (name, frame) in enumerate(sources):
        k = place.get((name, frame))
        if k is not None:
            slices[at] = k
    if not slices:
        raise _unusable(header.path, "none of the images it refers to is in this series")
    used = sorted(set(slices.values()))
    row_of = {k: row for row, k in enumerate(used)}
    painter = _Painter((len(used), *stack.shape[1:]), _dtype_of(file), header.path)
    geometry = Geometry((len(used), *stack.shape[1:]), np.eye(4))
    members = list(slices)
    _paint(file, members, LabelGrid(geometry, tuple(row_of[slices[at]] for at in members)), painter, pixels, progress)
    parts = tuple(
        replace(part, centre_k=used[painter.most[part.label.value][1]] if part.label.value in painter.most else None)
        for part in _all_parts(file, painter.counts)
    )
    return StudyOverlay(
        header.path,
        file.references.title,
        parts,
        (),
        tuple({k: one[row_of[k]] for k in used} for one in painter.maps),
        creator=file.references.creator,
        notes=_notes(file, len(slices)),
    )


def _sources_of_frames(file: SegmentationFile) -> list[tuple[str, int]]:
    """(SOP Instance UID, 0-based frame) that each frame was derived from; ("", 0) where nothing is said."""
    values = ov.read_object(file.header.path, {**_SOURCES, _IDENTIFICATION: ov.SEQUENCE}).values
    shared = (values.get(ov.SHARED_GROUPS) or [{}])[0]
    items = values.get(ov.FRAME_GROUPS) or [{}] * len(file.segment_of)
    only = sorted(file.references.instances)
    found: list[tuple[str, int]] = []
    for at in range(len(file.segment_of)):
        group = items[at] if at < len(items) else {}
        derivation = group.get(ov.DERIVATION) or shared.get(ov.DERIVATION) or []
        images = [image for item in derivation for image in item.get(ov.SOURCE_IMAGES) or ()]
        name, frames = next(ov.image_references(images), ("", ()))
        if not name and len(only) == 1:
            # One image, and nothing said of its frames: frame by frame, where there are as many.
            name, frames = only[0], (at,) if len(items) > 1 and len(file.parts) == 1 else (0,)
        found.append((name, frames[0] if frames else 0))
    return found
