"""Splitting a series into stacks: frames of one size, kind and orientation, sorted by position along row × column."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from medview.core.geometry import FloatArray, Geometry
from medview.core.problem import Note, Problem
from medview.core.study import Dimension, FrameSource, Stack, StackKind
from medview.dicom.frame_source import frame_of
from medview.dicom.header import FrameCommon, FrameHeader, InstanceHeader
from medview.dicom.mosaic import MosaicSlice, mosaic_slices
from medview.dicom.overlays import graphics_of
from medview.dicom.pixel_description import pixel_notes
from medview.dicom.placement import (
    Directions,
    cluster_depths,
    cluster_orientations,
    makes_plane,
    mean_directions,
    median,
    place_slices,
    position_tolerance,
)
from medview.dicom.presentation import is_inverted, modality_transform, padding_of, unit_of, vois_of
from medview.dicom.series_context import series_context
from medview.dicom.spacing import PROJECTION_MODALITIES, pixel_aspect, pixel_regions, spacing_of
from medview.dicom.stack_notes import common_notes, contradicts_positions, note_of, unreadable_files
from medview.dicom.time_axes import Arrangement, PlacedFrame, arrange, frames_in_steps
from medview.dicom.value_scales import value_scales

FEW_ORIENTATIONS = 6
"""With more single slices of different orientation (a radial acquisition) they are shown as one stack of frames."""


SAME_PLACE_MM = 0.02
"""Slices of two multi-frame objects nearer than this lie at the same place: the objects are time points."""


@dataclass(frozen=True, slots=True)
class BuiltStacks:
    """The stacks of a series, and the problems of its files: each names a file none of whose frames is in a stack."""

    stacks: tuple[Stack, ...]
    problems: tuple[Problem, ...]


def build_stacks(headers: Sequence[InstanceHeader]) -> BuiltStacks:
    """Stacks of all objects of one series. Every frame is in exactly one stack, or its file has a problem."""
    problems: list[Problem] = []
    usable: list[InstanceHeader] = []
    for header in headers:
        if header.fault is not None:
            code, reason = header.fault
            text = f"{header.path} cannot be shown: {reason}."
            problems.append(Problem(header.path, code, text, header.frame_count, (reason,)))
        elif header.copy_of:
            problems.append(
                Problem(
                    header.path,
                    "duplicate_instance",
                    f"{header.path} is a copy of {header.copy_of} (same SOP Instance UID and "
                    f"{'content' if header.pixels is None else 'pixels'}); it is shown once.",
                    header.frame_count,
                    (header.copy_of,),
                )
            )
        elif header.pixels is not None:
            usable.append(header)
    stacks: list[Stack] = []
    for key, frames in _groups(usable).items():
        stacks.extend(_stacks_of_group(key, frames))
    if len(stacks) > 1:
        numbers = {header.sop_uid: header.instance_number for header in usable}
        stacks.sort(key=lambda stack: _stack_order(stack, numbers))
    unreadable = sorted(header.path for header in headers if header.fault is not None)
    return BuiltStacks(_finished(stacks, _shared_uids(usable), unreadable), tuple(problems))


def is_localizer(stack: Stack) -> bool:
    """Whether a stack is a scout image that planning was done on."""
    return "LOCALIZER" in stack.context.image_type or "SCOUT" in stack.context.image_type


Key = tuple[Any, ...]


def _groups(headers: Sequence[InstanceHeader]) -> dict[Key, list[PlacedFrame]]:
    """Frames by everything that must be equal inside a stack and does not depend on the other frames.

    The first part of a key says whether its frames have a place in the patient.
    """
    groups: dict[Key, list[PlacedFrame]] = defaultdict(list)
    copies = _copy_numbers(headers)
    made: dict[tuple[int, ...], Key] = {}  # headers share their parts, so most keys are made once
    for header in headers:
        pixels = header.pixels
        assert pixels is not None
        many = pixels.frames > 1
        each_own = len(header.frames) == pixels.frames
        twin = copies.get(header.path, 0)
        parts = (id(header.series), id(header.image), id(pixels), each_own)
        for index in range(pixels.frames):
            frame = header.frame(index)
            placeable = each_own and (frame.position is not None or bool(header.image.tile_positions))
            of_frame = (*parts, id(frame.common), placeable)
            key = made.get(of_frame)
            if key is None:
                placed = placeable and _has_plane(header, frame.common)
                key = made[of_frame] = (placed, *_shared_key(header, frame, placed))
            if twin or (many and not key[0]):
                key = (*key, _whole_uid(header), twin)
            if header.image.tiles:
                slices = mosaic_slices(header) if key[0] else []
                if slices:
                    key = (*key, slices[0][0].rows, slices[0][0].columns)
                    groups[key].extend(PlacedFrame(header, index, own, 0, 0, tile) for tile, own in slices)
                else:  # the position of a mosaic is not the position of anything in it
                    groups[False, *key[1:]].append(PlacedFrame(header, index, frame))
                continue
            groups[key].append(PlacedFrame(header, index, frame))
    return groups


def _shared_key(header: InstanceHeader, frame: FrameHeader, placed: bool) -> Key:
    pixels, common = header.pixels, frame.common
    assert pixels is not None
    spacing = common.spacing if placed else spacing_of(header, frame)[0]
    return (
        header.series.modality,
        pixels.rows,
        pixels.columns,
        pixels.dtype,
        pixels.components,
        is_inverted(header),
        header.image.modality_lut,
        spacing and tuple(f"{value:.4g}" for value in spacing),
        unit_of(header, frame, pixels.is_colour),
        "LOCALIZER" in common.image_type,
        common.laterality,
        "" if placed else (header.image.view_position, *header.image.view_modifiers),
    )


def _copy_numbers(headers: Sequence[InstanceHeader]) -> dict[str, int]:
    """Path → 1, 2 … for further objects with one SOP Instance UID but other content (another transfer syntax …).

    They go into stacks of their own: a volume and its compressed twin are no two time points. Images of different
    number or position that were given one UID by mistake are no twins.
    """
    twins: dict[Hashable, list[InstanceHeader]] = defaultdict(list)
    for header in headers:
        if header.sop_uid:
            twins[header.sop_uid, header.instance_number, header.frames[0].position].append(header)
    numbers = {}
    for members in twins.values():
        if len(members) > 1:
            members.sort(key=lambda each: (each.pixels and each.pixels.transfer_syntax, each.file_size, each.path))
            numbers.update({each.path: number for number, each in enumerate(members) if number})
    return numbers


def _has_plane(header: InstanceHeader, common: FrameCommon) -> bool:
    """Whether a frame that has a position also has what makes a plane in the patient of it."""
    if common.orientation is None or common.spacing is None:
        return False
    if header.series.modality in PROJECTION_MODALITIES and header.frame_count == 1:
        return header.series.sop_class.startswith("1.2.840.10008.5.1.4.1.1.13.1.")  # tomosynthesis, 3-D angiography
    return makes_plane(common.orientation)


def _stacks_of_group(key: Key, frames: list[PlacedFrame]) -> list[Stack]:
    if not key[0]:
        return [_frames_stack(key, frames)]
    parts = _by_frame_of_reference(frames)
    return [stack for name, part in parts for stack in _placed_stacks((key, name) if len(parts) > 1 else key, part)]


def _by_frame_of_reference(frames: list[PlacedFrame]) -> list[tuple[str, list[PlacedFrame]]]:
    """Frames of different frames of reference have no common geometry (PS3.3 C.7.4.1).

    Some writers give every image one of its own; that says nothing, and the images stay together.
    """
    parts: dict[str, list[PlacedFrame]] = defaultdict(list)
    for frame in frames:
        parts[frame.header.frame_of_reference].append(frame)
    if len(parts) > 2 and len(parts) == len(frames):
        return [("each", frames)]
    return sorted(parts.items())


def _placed_stacks(key: Hashable, frames: list[PlacedFrame]) -> list[Stack]:
    orientations = np.array([each.frame.common.orientation for each in frames], dtype=np.float64)
    labels = cluster_orientations(orientations)
    clusters = [[frames[at] for at in np.flatnonzero(labels == number)] for number in range(labels.max() + 1)]
    if len(clusters) > FEW_ORIENTATIONS and len(frames) < 2 * len(clusters):
        return [_frames_stack(key, frames, with_planes=True)]
    stacks = []
    for cluster in clusters:
        for part in _apart_by_instance(cluster):
            placed = _with_depths(part)
            for arrangement in arrange(placed):
                stacks.extend(_stacks_of_arrangement(key, arrangement))
    return stacks


def _apart_by_instance(frames: list[PlacedFrame]) -> list[list[PlacedFrame]]:
    """Multi-frame objects and mosaics stay apart unless they hold the same positions or are one concatenation."""
    by_instance: dict[Hashable, list[PlacedFrame]] = defaultdict(list)
    for frame in frames:
        header = frame.header
        if header.concatenation is not None:
            by_instance["concatenation", header.concatenation.uid].append(frame)
        else:
            by_instance[header.sop_uid if header.frame_count > 1 or frame.tile is not None else ""].append(frame)
    if len(by_instance) == 1:
        return [frames]
    alike: list[tuple[FloatArray, list[PlacedFrame]]] = []
    for members in by_instance.values():
        places = _places(members)
        for other, gathered in alike:
            if other.shape == places.shape and np.abs(other - places).max() <= SAME_PLACE_MM:
                gathered.extend(members)
                break
        else:
            alike.append((places, list(members)))
    return [gathered for _, gathered in alike]


def _places(frames: list[PlacedFrame]) -> FloatArray:
    """(n, 3) different positions by growing depth, for comparing objects."""
    positions = np.array([frame.frame.position for frame in frames], dtype=np.float64)
    depths = cluster_depths(positions @ _directions(frames)[2], SAME_PLACE_MM)
    return positions[[int(np.flatnonzero(depths == rank)[0]) for rank in range(depths.max() + 1)]]


def _directions(frames: Sequence[PlacedFrame]) -> Directions:
    """Directions of a cluster of frames that all have a plane."""
    return mean_directions([frame.frame for frame in frames])


def _with_depths(frames: list[PlacedFrame]) -> list[PlacedFrame]:
    directions = _directions(frames)
    spacing = frames[0].frame.common.spacing
    assert spacing is not None
    positions = np.array([frame.frame.position for frame in frames], dtype=np.float64)
    tolerance = position_tolerance(spacing)
    depths = cluster_depths(positions @ directions[2], tolerance)
    offsets: list[Hashable] = [0] * len(frames)
    if depths.max() + 1 < len(frames):
        rows = cluster_depths(positions @ directions[0], 5 * tolerance)
        columns = cluster_depths(positions @ directions[1], 5 * tolerance)
        offsets = list(zip(rows.tolist(), columns.tolist(), strict=True))
    return [
        PlacedFrame(frame.header, frame.index, frame.frame, depth, offset, frame.tile)
        for frame, depth, offset in zip(frames, depths.tolist(), offsets, strict=True)
    ]


def _stacks_of_arrangement(key: Hashable, arrangement: Arrangement) -> list[Stack]:
    first = arrangement.volumes[0]
    geometry, notes = _geometry(first)
    if geometry.kind == "irregular" and len(arrangement.volumes) == 1:
        parts = [] if _has_small_gaps(geometry, notes) else _regular_parts(first)
        if parts:
            return [
                stack
                for name, part in parts
                for stack in _stacks_of_arrangement(
                    key, Arrangement((tuple(part),), split_by=(*arrangement.split_by, name))
                )
            ]
    if arrangement.duplicates:
        notes = (
            *notes,
            Note(
                "duplicate_positions",
                "Several images lie at the same position and nothing tells them apart "
                f"({arrangement.duplicates[0]} and {arrangement.duplicates[1]}); they are shown apart: choose.",
                arrangement.duplicates,
            ),
        )
    if arrangement.unnamed:
        notes = (
            *notes,
            Note(
                "unnamed_axis",
                f"{len(arrangement.volumes)} images lie at each position; the file does not say in what they differ.",
                (str(len(arrangement.volumes)),),
            ),
        )
    if contradicts_positions(first):
        notes = (*notes, note_of("contradicting_index"))
    return [_placed_stack(key, arrangement, geometry, notes)]


def _geometry(volume: Sequence[PlacedFrame]) -> tuple[Geometry, tuple[Note, ...]]:
    header = volume[0].header
    assert header.pixels is not None
    references = {each.header.frame_of_reference for each in volume}
    return place_slices(
        [each.frame for each in volume],
        _size(volume[0]),
        references.pop() if len(references) == 1 else "",
    )


def _has_small_gaps(geometry: Geometry, notes: tuple[Note, ...]) -> bool:
    """Whether a few slices are missing: that is one volume with a loss, not several volumes."""
    steps = np.diff(geometry.depths)
    return any(note.code == "missing_slices" for note in notes) and float(steps.max()) <= 4.5 * median(steps)


def _regular_parts(volume: Sequence[PlacedFrame]) -> list[tuple[str, list[PlacedFrame]]]:
    """An uneven stack that is really several even ones, told apart by acquisition, stack, image type or contrast."""
    readers: tuple[tuple[str, Callable[[PlacedFrame], Hashable]], ...] = (
        ("acquisition", lambda f: f.frame.acquisition_number),
        ("time", lambda f: f.frame.temporal_index),
        ("stack", lambda f: f.frame.stack_id),
        ("type", lambda f: f.frame.common.image_type),
        ("number", lambda f: f.header.series.series_number),
        ("echo", lambda f: f.frame.common.echo_time),
        ("inversion", lambda f: f.frame.common.inversion_time),
        ("b", lambda f: f.frame.common.b_value),
        ("trigger", lambda f: f.frame.trigger_time),
        ("phase", lambda f: f.frame.cardiac_phase),
        ("reference time", lambda f: f.frame.reference_time),
        ("instance", lambda f: _whole_uid(f.header)),
    )
    for name, read in readers:
        parts: dict[Hashable, list[PlacedFrame]] = defaultdict(list)
        for frame in volume:
            parts[read(frame)].append(frame)
        if len(parts) > 1 and all(len(part) > 2 and _geometry(part)[0].kind != "irregular" for part in parts.values()):
            return [(f"{name}={value}", part) for value, part in sorted(parts.items(), key=lambda item: str(item[0]))]
    return []


def _whole_uid(header: InstanceHeader) -> str:
    """UID of a multi-frame image, the same for all objects that it was cut into; empty for single frames."""
    if header.concatenation is not None:
        return header.concatenation.uid
    return header.sop_uid if header.frame_count > 1 else ""


def _stack_id(header: InstanceHeader, *parts: Hashable) -> str:
    series = header.series
    text = "\x1e".join([header.series_key, *(str(part) for part in parts)])
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
    number = "x" if series.series_number is None else str(series.series_number)
    modality = "".join(letter for letter in series.modality if letter.isascii() and letter.isalnum())
    return f"{modality or 'DICOM'}-{number}-{digest}"


def _shared_uids(headers: Sequence[InstanceHeader]) -> frozenset[str]:
    """SOP Instance UIDs that more than one object has."""
    counts = Counter(header.sop_uid for header in headers if header.sop_uid)
    return frozenset(uid for uid, count in counts.items() if count > 1)


def _finished(stacks: list[Stack], shared_uids: frozenset[str], unreadable: Sequence[str]) -> tuple[Stack, ...]:
    """Stacks with ids that differ, and with the warnings that an image's UID is not its own or files of the series are lost."""
    seen: Counter[str] = Counter()
    result = []
    for stack in stacks:
        seen[stack.id] += 1
        if seen[stack.id] > 1:
            stack = replace(stack, id=f"{stack.id}-{seen[stack.id]}")
        if shared_uids and any(frame.sop_uid in shared_uids for frame in stack.frames):
            stack = replace(stack, notes=(*stack.notes, note_of("duplicate_uid")))
        if unreadable and stack.frames[0].path != stack.frames[-1].path:
            # At the end of a volume nothing else would tell that a slice is not there.
            stack = replace(stack, notes=(*stack.notes, unreadable_files(unreadable)))
        result.append(stack)
    return tuple(result)


def _stack_order(stack: Stack, numbers: Mapping[str, int | None]) -> tuple[bool, int, bool, int, str, str]:
    """Volumes first, the largest before its localisers; pictures (views, clips, stills) in the order they were taken."""
    uid = stack.frames[0].sop_uid
    number = numbers.get(uid)
    has_place = stack.geometry is not None
    return (not has_place, -stack.frame_count if has_place else 0, number is None, number or 0, stack.id, uid)


def _source(frame: PlacedFrame) -> FrameSource:
    assert frame.header.pixels is not None
    whole = frame_of(frame.header, frame.index, frame.header.pixels)
    return whole if frame.tile is None else MosaicSlice(whole, frame.tile)


def _graphics(frames: Sequence[PlacedFrame]) -> tuple[FrameSource | None, ...]:
    found: list[FrameSource | None] = []
    for each in frames:
        image, pixels = each.header.image, each.header.pixels
        plain = each.tile is None and pixels is not None and (image.overlays or image.has_supplemental)
        found.append(
            graphics_of(image, frame_of(each.header, each.index, pixels)) if plain and pixels is not None else None
        )
    return tuple(found) if any(one is not None for one in found) else ()


def _size(frame: PlacedFrame) -> tuple[int, int]:
    """(rows, columns)."""
    assert frame.header.pixels is not None
    if frame.tile is not None:
        return frame.tile.rows, frame.tile.columns
    return frame.header.pixels.rows, frame.header.pixels.columns


def _placed_stack(key: Hashable, arrangement: Arrangement, geometry: Geometry, notes: tuple[Note, ...]) -> Stack:
    frames = [frame for volume in arrangement.volumes for frame in volume]
    orientation = "/".join(f"{value:.2f}" for value in (*geometry.row_direction, *geometry.column_direction))
    orientation = orientation.replace("-0.00", "0.00")
    return _stack(
        _stack_id(frames[0].header, key, orientation, *arrangement.split_by),
        cast("StackKind", geometry.kind),
        geometry.shape,
        frames,
        len(arrangement.volumes),
        geometry,
        notes,
        time_labels=arrangement.labels,
        time_axis=arrangement.axis,
        dimensions=arrangement.dimensions,
    )


def _frames_stack(key: Hashable, frames: list[PlacedFrame], with_planes: bool = False) -> Stack:
    dimensions, frames = frames_in_steps(sorted(frames, key=lambda each: (each.order, each.frame.content_time)))
    arrangement = Arrangement((), dimensions)
    timepoints = len(arrangement.labels)
    header = frames[0].header
    assert header.pixels is not None
    planes = None
    notes: tuple[Note, ...] = ()
    if with_planes:
        planes = np.array([_plane(each.frame) for each in frames])
        notes = (
            Note("mixed_orientations", "Each image of this series has an orientation of its own; they form no volume."),
        )
    elif header.series.modality in {"CT", "MR", "PT"} or any(
        "RECON" in word for word in frames[0].frame.common.image_type
    ):
        notes = (
            Note("no_geometry", "The file does not say where these images lie in the patient; they form no volume."),
        )
    return _stack(
        _stack_id(header, key),
        "frames",
        (len(frames) // timepoints, header.pixels.rows, header.pixels.columns),
        frames,
        timepoints,
        None,
        notes,
        planes=planes,
        time_labels=arrangement.labels,
        time_axis=arrangement.axis,
        dimensions=dimensions,
    )


def _plane(frame: FrameHeader) -> list[list[float]]:
    assert frame.position is not None
    assert frame.common.orientation is not None
    assert frame.common.spacing is not None
    cosines = frame.common.orientation
    return [
        list(frame.position),
        [value * frame.common.spacing[1] for value in cosines[:3]],
        [value * frame.common.spacing[0] for value in cosines[3:]],
    ]


def _stack(
    stack_id: str,
    kind: StackKind,
    shape: tuple[int, int, int],
    frames: Sequence[PlacedFrame],
    timepoints: int,
    geometry: Geometry | None,
    notes: tuple[Note, ...],
    planes: FloatArray | None = None,
    time_labels: tuple[str, ...] = ("",),
    time_axis: str = "",
    dimensions: tuple[Dimension, ...] = (),
) -> Stack:
    header, frame = frames[0].header, frames[0].frame
    pixels = header.pixels
    assert pixels is not None
    headers = [each.header for each in frames]
    own = [each.frame for each in frames]
    is_colour = pixels.is_colour
    transform, transform_notes = modality_transform(headers, own)
    context = series_context([header], frame)
    scales, scale_notes = value_scales(headers, own) if not is_colour else ((), ())
    factors = tuple((scale.id, repr(scale.slopes[0])) for scale in scales if scale.id.startswith("suv_"))
    context = replace(context, extra=(*context.extra, *factors))
    spacing, spacing_kind, spacing_notes = spacing_of(header, frame)
    return Stack(
        id=stack_id,
        kind=kind,
        shape=shape,
        timepoints=timepoints,
        components=pixels.components,
        dtype=pixels.dtype,
        frames=tuple(_source(each) for each in frames),
        transform=transform,
        geometry=geometry,
        unit=unit_of(header, frame, is_colour),
        padding=None if is_colour else padding_of(header, pixels.bits_stored, pixels.signed),
        inverted=not is_colour and is_inverted(header),
        vois=vois_of(own),
        pixel_spacing=spacing,
        pixel_aspect=pixel_aspect(header, spacing),
        spacing_kind=spacing_kind,
        planes=planes,
        time_labels=time_labels,
        time_axis=time_axis,
        dimensions=dimensions,
        notes=(*notes, *scale_notes, *transform_notes, *spacing_notes, *pixel_notes(pixels), *common_notes(frames)),
        context=context,
        regions=pixel_regions(header.image),
        graphics=_graphics(frames),
        scales=scales,
        profile_path=header.path if is_colour and header.image.has_profile else "",
        bits_stored=pixels.bits_stored,
    )
