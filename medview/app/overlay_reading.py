"""An object of a study read for the stack that it lies on, whatever kind it is; in the background or for a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.overlay import ColourWash, StudyOverlay
from medview.core.problem import MedviewError, Note
from medview.core.progress import Progress, no_progress
from medview.core.study import FrameSource, Stack
from medview.core.volume import ModalityTransform, Volume
from medview.kernels.lines import colour_ramp

Read = Callable[[FrameSource], NDArray[Any]]

DOSE_FROM = 0.1
"""Share of the largest dose from which on a dose is drawn at first."""

_BACKGROUND_SHARE = 0.25
"""A map of which more than this is exactly 0 means "nothing" by 0."""


def read_overlay(
    kind: str,
    path: str,
    stack: Stack,
    own: Stack | None,
    read: Read,
    threshold: float | None = None,
    progress: Progress = no_progress,
) -> StudyOverlay:
    """What the object in ``path`` lays over ``stack``; ``own`` is its own stack, where it has one. Raises MedviewError."""
    try:
        if kind == "segmentation":
            from medview.dicom.segmentation_read import HALF, open_segmentation, read_segmentation

            return read_segmentation(open_segmentation(path), stack, read, threshold or HALF, progress)
        if kind == "structure_set":
            from medview.dicom.structure_set import read_structure_set

            return read_structure_set(path, stack, progress)
        return _read_wash(kind, path, own, read, progress)
    except MedviewError:
        raise
    except OSError as error:
        raise MedviewError("cannot_read", f"{path} cannot be read ({error.strerror or error}).", path) from error
    except MemoryError as error:
        raise MedviewError("out_of_memory", "There is not enough memory for this.", path) from error
    except Exception as error:  # a damaged object may break whatever reads it, and must end nothing else
        text = f"{path} cannot be laid over images: {error}."
        raise MedviewError("unusable_overlay", text, path, values=(str(error),)) from error


def _read_wash(kind: str, path: str, own: Stack | None, read: Read, progress: Progress) -> StudyOverlay:
    from medview.dicom.object_values import read_references
    from medview.dicom.value_mapping import read_dose_mapping, read_map_mapping

    if own is None or own.geometry is None:
        text = f"{path} cannot be laid over images: its frames do not form a volume."
        raise MedviewError("unusable_overlay", text, path, values=("its frames do not form a volume",))
    frames = own.frames[: own.shape[0]]
    mapping = (
        read_dose_mapping(path)
        if kind == "dose"
        else read_map_mapping(path, max(frame.frame for frame in own.frames) + 1)
    )
    if mapping is None:
        text = f"{path} cannot be laid over images: it does not say what its values mean."
        raise MedviewError("unusable_overlay", text, path, values=("it does not say what its values mean",))
    planes = []
    for done, frame in enumerate(frames):
        progress("load", done, len(frames))
        planes.append(read(frame))
    transform = mapping.transform
    if len(transform.slopes) > 1:
        order = [frame.frame for frame in frames]
        transform = replace(transform, slopes=transform.slopes[order], intercepts=transform.intercepts[order])
    volume = Volume(np.stack(planes), transform, own.geometry, mapping.unit, own.padding)
    volume = _with_gaps(volume)
    references = read_references(path)
    title = references.title or " ".join(text for text in (mapping.quantity, mapping.kind) if text)
    wash = _wash(volume, kind, mapping.unit, mapping.quantity)
    notes: tuple[Note, ...] = ()
    if len(mapping.names) > 1 or own.frame_count > own.shape[0]:
        named = ", ".join(mapping.names)
        text = f"The object holds several maps or meanings of its values ({named}); the first is laid over the images."
        notes = (Note("first_of_maps", text, (named,)),)
    return StudyOverlay(path, title, creator=references.creator, wash=wash, notes=notes)


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
