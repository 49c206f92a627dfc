"""An object of a study read for the stack that it lies on, whatever kind it is; in the background or for a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.overlay import ColourWash, StudyOverlay
from medview.core.problem import MedviewError, Note
from medview.core.progress import Progress, no_progress
from medview.core.study import FrameSource, Stack
from medview.core.volume import ModalityTransform, Volume
from medview.kernels.lines import colour_ramp

if TYPE_CHECKING:
    from medview.dicom.value_mapping import ValueMapping

Read = Callable[[FrameSource], NDArray[Any]]

DOSE_FROM = 0.1
"""Share of the largest dose from which on a dose is drawn at first."""

_BACKGROUND_SHARE = 0.25
"""A map of which more than this is exactly 0 means "nothing" by 0."""


def read_overlay(
    kind: str,
    path: str,
    stack: Stack,
    own: Sequence[Stack],
    read: Read,
    threshold: float | None = None,
    progress: Progress = no_progress,
    which: int | str = 0,
) -> StudyOverlay:
    """What the object in ``path`` lays over ``stack``; ``own`` are its own stacks. Raises MedviewError.

    ``which`` of several maps in one object, counted from 0, or its name.
    """
    try:
        if kind == "segmentation":
            from medview.dicom.segmentation_read import HALF, open_segmentation, read_segmentation

            return read_segmentation(open_segmentation(path), stack, read, threshold or HALF, progress)
        if kind == "structure_set":
            from medview.dicom.structure_set import read_structure_set

            return read_structure_set(path, stack, progress)
        return _read_wash(kind, path, own, read, progress, which)
    except MedviewError:
        raise
    except OSError as error:
        raise MedviewError("cannot_read", f"{path} cannot be read ({error.strerror or error}).", path) from error
    except MemoryError as error:
        raise MedviewError("out_of_memory", "There is not enough memory for this.", path) from error
    except Exception as error:  # a damaged object may break whatever reads it, and must end nothing else
        text = f"{path} cannot be laid over images: {error}."
        raise MedviewError("unusable_overlay", text, path, values=(str(error),)) from error


@dataclass(frozen=True, eq=False)
class _Map:
    """The frames of one map from its first slice to its last, and where they lie."""

    mapping: ValueMapping
    frames: tuple[FrameSource, ...]
    geometry: Geometry
    padding: tuple[int, int] | None


def _read_wash(
    kind: str, path: str, owns: Sequence[Stack], read: Read, progress: Progress, which: int | str
) -> StudyOverlay:
    from medview.dicom.object_values import read_references
    from medview.dicom.value_mapping import read_dose_mapping, read_map_mappings

    placed = [one for one in owns if one.geometry is not None]
    if not placed:
        raise _unusable(path, "its frames do not form a volume")
    if kind == "dose":
        first = placed[0]
        assert first.geometry is not None
        maps = [_Map(read_dose_mapping(path), first.frames[: first.shape[0]], first.geometry, first.padding)]
    else:
        mappings = read_map_mappings(path, 1 + max(frame.frame for own in owns for frame in own.frames))
        if not mappings:
            raise _unusable(path, "it does not say what its values mean")
        maps = [one for mapping in mappings for own in placed for one in _maps_of(mapping, own)]
        if not maps:
            raise _unusable(path, "its frames do not form a volume")
    names = _names(maps)
    at = _chosen(which, names, path)
    chosen = maps[at]
    mapping, planes = chosen.mapping, []
    for done, frame in enumerate(chosen.frames):
        progress("load", done, len(chosen.frames))
        planes.append(read(frame))
    transform = mapping.transform
    if len(transform.slopes) > 1:
        of_frame = {number: place for place, number in enumerate(mapping.frames)}
        order = [of_frame[frame.frame] for frame in chosen.frames]
        transform = replace(transform, slopes=transform.slopes[order], intercepts=transform.intercepts[order])
    volume = _with_gaps(Volume(np.stack(planes), transform, chosen.geometry, mapping.unit, chosen.padding))
    references = read_references(path)
    title = references.title or " ".join(text for text in (mapping.quantity, mapping.kind) if text)
    wash = _wash(volume, kind, mapping.unit, mapping.quantity)
    if len(maps) == 1:
        return StudyOverlay(path, title, creator=references.creator, wash=wash)
    told = ", ".join(names)
    text = f"The object holds several maps or meanings of its values ({told}); {names[at]} is laid over the images."
    notes = (Note("one_of_maps", text, (told, names[at])),)
    return StudyOverlay(path, title, creator=references.creator, wash=wash, maps=names, map_at=at, notes=notes)


def _unusable(path: str, reason: str) -> MedviewError:
    text = f"{path} cannot be laid over images: {reason}."
    return MedviewError("unusable_overlay", text, path, values=(reason,))


def _maps_of(mapping: ValueMapping, own: Stack) -> list[_Map]:
    """The maps of one meaning on an object's own grid: further frames at one place are a map of their own."""
    members, geometry, slices = frozenset(mapping.frames), own.geometry, own.shape[0]
    assert geometry is not None
    by_slice: list[list[FrameSource]] = [[] for _ in range(slices)]
    for at, frame in enumerate(own.frames):
        if frame.frame in members:
            by_slice[at % slices].append(frame)
    found = []
    for layer in range(max(len(frames) for frames in by_slice)):
        held = [k for k, frames in enumerate(by_slice) if len(frames) > layer]
        frames = tuple(by_slice[k][layer] for k in held)
        found.append(_Map(mapping, frames, _part_of_grid(geometry, held), own.padding))
    return found


def _part_of_grid(geometry: Geometry, held: Sequence[int]) -> Geometry:
    """The grid of some of the slices."""
    if len(held) == geometry.shape[0]:
        return geometry
    origins, affine = geometry.origins[list(held)], geometry.affine.copy()
    affine[:3, 3] = origins[0]
    if len(held) > 1:
        affine[:3, 2] = (origins[-1] - origins[0]) / (len(held) - 1)
    return Geometry((len(held), *geometry.shape[1:]), affine, geometry.frame_of_reference, origins)


def _names(maps: Sequence[_Map]) -> tuple[str, ...]:
    """What each map is called: its quantity and unit; those that are called alike are numbered."""
    plain = [
        " ".join(one for one in (m.mapping.quantity, f"[{m.mapping.unit}]" * bool(m.mapping.unit)) if one) for m in maps
    ]
    return tuple(
        name if name and plain.count(name) == 1 else f"{name} ({plain[: at + 1].count(name)})".strip()
        for at, name in enumerate(plain)
    )


def _chosen(which: int | str, names: Sequence[str], path: str) -> int:
    """The place of a map that was asked for by its place or its name. Raises MedviewError ``no_such_map``."""
    if isinstance(which, str):
        same = [
            at for at, name in enumerate(names) if which.casefold() in {name.casefold(), name.split(" [")[0].casefold()}
        ]
        if len(same) == 1:
            return same[0]
    elif 0 <= which < len(names):
        return which
    asked, told = (which if isinstance(which, str) else str(which + 1)), ", ".join(names) or "1"
    text = f"{path} has no single map {asked!r}; it holds: {told}."
    raise MedviewError("no_such_map", text, path, values=(asked, told))


def _with_gaps(volume: Volume) -> Volume:
    """A grid with left-out slices, with an empty one at each end of every gap: nothing is drawn where nothing was stored."""
    geometry = volume.geometry
    if geometry is None or geometry.slice_origins is None:
        return volume
    gaps = np.diff(geometry.depths)
    step = float(np.abs(gaps).min())
    wide = np.flatnonzero(np.abs(gaps) > 1.5 * step)
    if not len(wide) or step <= 0:
        return volume
    values = volume.modality_values().astype(np.float32)
    if volume.padding is not None:
        values[(volume.stored >= volume.padding[0]) & (volume.stored <= volume.padding[1])] = np.nan
    origins, planes = [], []
    for k in range(len(values)):
        origins.append(geometry.origins[k])
        planes.append(values[k])
        if k in wide:
            along = (geometry.origins[k + 1] - geometry.origins[k]) / abs(gaps[k])
            ends = [geometry.origins[k] + along * step, geometry.origins[k + 1] - along * step]
            middle = [(ends[0] + ends[1]) / 2] if abs(gaps[k]) < 2.5 * step else ends
            origins += middle
            planes += [np.full(values.shape[1:], np.nan, np.float32)] * len(middle)
    placed = np.array(origins)
    affine = geometry.affine.copy()
    affine[:3, 2] = (placed[-1] - placed[0]) / (len(placed) - 1)
    grid = Geometry((len(placed), *geometry.shape[1:]), affine, geometry.frame_of_reference, placed)
    return Volume(np.stack(planes), ModalityTransform(), grid, volume.unit)


def _wash(volume: Volume, kind: str, unit: str, quantity: str) -> ColourWash:
    values = volume.modality_values()
    finite = values[np.isfinite(values)]
    if volume.padding is not None:
        low, high = volume.padding
        finite = values[np.isfinite(values) & ~((volume.stored >= low) & (volume.stored <= high))]
    if kind == "dose":
        most = float(finite.max()) if finite.size else 1.0
        most = most if most > 0 else 1.0
        return ColourWash(volume, 0.0, most, DOSE_FROM * most, unit, quantity, colour_ramp("rainbow"))
    zero = finite.size and float(np.mean(finite == 0)) > _BACKGROUND_SHARE
    shown = finite[finite != 0] if zero else finite
    lower, upper = (float(v) for v in np.percentile(shown, (1, 99))) if shown.size else (0.0, 1.0)
    if not upper > lower:
        upper = lower + (abs(lower) or 1.0)
    least = float(np.nextafter(np.float32(0), np.float32(1))) if zero and lower >= 0 else -np.inf
    return ColourWash(volume, lower, upper, least, unit, quantity, colour_ramp("glow"))
