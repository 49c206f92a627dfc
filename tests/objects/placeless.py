"""Segmentations of sources without a frame of reference: frame by frame, as the images that they were derived from."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pydicom

from tests.objects.made import Objects

Voxels = dict[int, set[tuple[int, int, int]]]


def is_placeless(made: Objects) -> bool:
    """Whether nothing that is written of the source can say where it lies in the patient."""
    return made.stack.geometry is None or not made.stack.geometry.frame_of_reference


def wanted_voxels(made: Objects) -> Voxels:
    """Segment number → (k, j, i) as they were written."""
    segmentation = made.statement.results[0].result.segmentation
    assert segmentation is not None
    return _without_empty(
        {
            number: {(int(k), int(j), int(i)) for k, j, i in np.argwhere(segmentation.labels == label.value)}
            for number, label in enumerate(segmentation.meanings, 1)
        }
    )


def voxels_by_pydicom(kind: str, made: Objects) -> Voxels:
    """Each frame on the image that its derivation names."""
    data = pydicom.dcmread(made.files[kind])
    pixels = data.pixel_array
    pixels = pixels if pixels.ndim == 3 else pixels[None]
    found: Voxels = {}
    for plane, group in zip(pixels, data.PerFrameFunctionalGroupsSequence, strict=True):
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        k = _slice_of(made, source.ReferencedSOPInstanceUID, int(source.get("ReferencedFrameNumber", 1)) - 1)
        if kind == "seg-labelmap":
            parts = {int(value): plane == value for value in np.unique(plane) if value}
        else:
            parts = {int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber): plane > 0}
        for number, mask in parts.items():
            found.setdefault(number, set()).update((k, int(j), int(i)) for j, i in np.argwhere(mask))
    return _without_empty(found)


def voxels_by_highdicom(kind: str, made: Objects) -> Voxels:
    """What highdicom gives for each image."""
    import highdicom as hd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read: Any = hd.seg.segread(made.files[kind])
        options: dict[str, Any] = {"combine_segments": True}
        if kind == "seg-fractional":
            options = {"rescale_fractional": False}
        frames = made.stack.frames[: made.stack.shape[0]]
        many = {"assert_missing_frames_are_empty": True, **options}
        if len({frame.sop_uid for frame in frames}) == 1:
            numbers = [frame.frame + 1 for frame in frames]
            labels = read.get_pixels_by_source_frame(frames[0].sop_uid, numbers, **many)
        else:
            labels = read.get_pixels_by_source_instance([frame.sop_uid for frame in frames], **many)
    if kind == "seg-fractional":
        masks = {number: labels[..., at] > 0 for at, number in enumerate(read.segment_numbers)}
    else:
        masks = {int(value): labels == value for value in np.unique(labels) if value}
    return _without_empty(
        {number: {(int(k), int(j), int(i)) for k, j, i in np.argwhere(mask)} for number, mask in masks.items()}
    )


def voxels_by_medview(kind: str, made: Objects) -> Voxels:
    """The labels of single images that medview draws."""
    from medview.app.object_inspection import overlay_on

    overlay = overlay_on(str(made.files[kind]), made.stack)
    found: Voxels = {}
    for labels in overlay.frame_labels:
        for k, plane in labels.items():
            for value in np.unique(plane):
                if value:
                    places = np.argwhere(plane == value)
                    found.setdefault(int(value), set()).update((k, int(j), int(i)) for j, i in places)
    return _without_empty(found)


def voxels_differ(found: Voxels, wanted: Voxels) -> str:
    """ "" where both hold the same voxels for each number."""
    wrong = [str(number) for number in sorted(found.keys() | wanted.keys()) if found.get(number) != wanted.get(number)]
    return f"segments {', '.join(wrong)} differ" if wrong else ""


def _slice_of(made: Objects, sop_uid: str, frame: int) -> int:
    frames = made.stack.frames[: made.stack.shape[0]]
    return next(k for k, one in enumerate(frames) if (one.sop_uid, one.frame) == (sop_uid, frame))


def _without_empty(found: Voxels) -> Voxels:
    return {number: voxels for number, voxels in found.items() if voxels}
