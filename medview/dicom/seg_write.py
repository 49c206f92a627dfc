"""A label map written as a DICOM Segmentation object (PS3.3 A.51) that refers to the images it was made from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview import __version__
from medview.core.finding import Code, Label, Provenance, Segmentation
from medview.core.problem import MedviewError
from medview.core.statement import tracking_uid_of
from medview.core.study import FrameSource
from medview.dicom.flat_sources import FlatSources
from medview.dicom.source_grid import source_grid
from medview.dicom.written_object import (
    MANUFACTURER,
    algorithm_parameters,
    coded,
    impossible,
    made_or_refused,
    person_name,
    save_object,
    short_text,
    software_versions,
)

_ANYTHING = Code("123037004", "SCT", "Anatomical Structure")
"""Category and type of a label whose package states no codes."""

SegmentationKind = Literal["binary", "fractional", "labelmap"]
"""How the pixels are stored (PS3.3 C.8.20.2): one bit, an occupancy of 0 to 255, or one map of all segment numbers."""


def write_segmentation_object(
    path: str | os.PathLike[str],
    segmentation: Segmentation,
    frames: Sequence[FrameSource],
    provenance: Provenance,
    kind: SegmentationKind = "binary",
) -> None:
    """Write ``segmentation.labels`` (k, j, i) as a SEG; ``frames`` are the k source frames, in order.

    One segment for each label, also for those without a voxel; empty frames are left out. The name, version and hash of
    the package stand in the Algorithm Identification. Images without a place in the patient carry one by their frames
    alone. Raises MedviewError: ``seg_impossible`` where the source cannot carry one (no DICOM files), ``cannot_write``.
    """
    target = Path(path)
    if len(frames) != len(segmentation.labels) or not all(frame.sop_uid for frame in frames):
        raise _impossible(target, "its source is no DICOM series with a frame for each of its slices")
    if not segmentation.meanings:
        raise _impossible(target, "it has no labels")
    save_object(
        made_or_refused(lambda: _make(segmentation, frames, provenance, kind), target, "seg_impossible"), target
    )


def _impossible(path: Path, why: str) -> MedviewError:
    return impossible(path, why, "seg_impossible")


def _make(
    segmentation: Segmentation, frames: Sequence[FrameSource], provenance: Provenance, kind: SegmentationKind
) -> Any:
    import highdicom

    hd: Any = highdicom
    geometry = segmentation.geometry
    grid = None if geometry is None else source_grid(frames, geometry)
    if grid is not None and not grid.headers[0].get("FrameOfReferenceUID"):
        grid = None  # a place in a space that has no name is none that another program could find
    flat = FlatSources(frames) if grid is None else None
    headers = flat.headers if flat is not None else grid.headers if grid is not None else []
    slices = list(range(len(frames))) if grid is None else grid.slices
    made = hd.seg.Segmentation(
        source_images=headers,
        pixel_array=_segment_numbers(segmentation)[slices],
        segmentation_type=kind.upper(),
        segment_descriptions=[
            _description(hd, number, label, provenance) for number, label in enumerate(segmentation.meanings, start=1)
        ],
        series_instance_uid=hd.UID(),
        series_number=1000 + int(headers[0].get("SeriesNumber") or 0) % 9000,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=short_text(provenance.package_name if _is_automatic(provenance) else MANUFACTURER),
        software_versions=__version__,
        device_serial_number=provenance.package_sha256[:16] or "none",
        content_description=_said(provenance),
        content_label="MEDVIEW_AI" if _is_automatic(provenance) else "MEDVIEW_READER",
        content_creator_name=person_name(provenance.reader) if provenance.reader else None,
        omit_empty_frames=True,
        **({} if grid is None else grid.planes(hd)),
    )
    if flat is not None:
        flat.settle(made)
    made.SoftwareVersions = software_versions([provenance])
    # Whatever the sources are written in, package and labels may be in another script.
    made.SpecificCharacterSet = "ISO_IR 192"
    version = provenance.package_version if _is_automatic(provenance) else ""
    made.SeriesDescription = short_text(f"{provenance.package_name} {version}".strip())
    return made


def _is_automatic(provenance: Provenance) -> bool:
    return provenance.how == "automatic"


def _said(provenance: Provenance) -> str:
    if not _is_automatic(provenance):
        return short_text(provenance.package_name)
    text = "Research use, not for diagnosis" if provenance.research_only else "Made by a model"
    return text + ("; its conditions overridden" if provenance.overrides else "")


def _segment_numbers(segmentation: Segmentation) -> NDArray[np.uint16]:
    """Labels renumbered to 1, 2 … in the order of their meanings, as PS3.3 C.8.20.4 wants segments."""
    table = np.zeros(int(segmentation.labels.max(initial=0)) + 1, dtype=np.uint16)
    for number, label in enumerate(segmentation.meanings, start=1):
        if label.value < len(table):
            table[label.value] = number
    return np.asarray(table[segmentation.labels])


def _description(hd: Any, number: int, label: Label, provenance: Provenance) -> Any:
    from pydicom.sr.codedict import codes

    manual = provenance.how == "manual"
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=short_text(label.name),
        segmented_property_category=coded(label.category or _ANYTHING),
        segmented_property_type=coded(label.type or _ANYTHING),
        algorithm_type=provenance.how.upper(),
        algorithm_identification=None
        if manual
        else hd.AlgorithmIdentificationSequence(
            name=short_text(provenance.package_name),
            family=codes.cid7162.ArtificialIntelligence,
            version=short_text(provenance.package_version) or "unknown",
            source=MANUFACTURER,
            parameters=algorithm_parameters(provenance),
        ),
        # What a reader drew keeps its identity whenever it is saved, so that what was written before is known again.
        tracking_uid=hd.UID()
        if _is_automatic(provenance)
        else tracking_uid_of(f"{provenance.package_id}/{label.value}"),
        tracking_id=short_text(f"{provenance.package_id}/{label.name}"),
        display_color=hd.color.CIELabColor.from_rgb(*label.colour),
    )
