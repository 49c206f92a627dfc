"""A map of values (probabilities, an explanation, an image that a model made) as a Parametric Map (PS3.3 A.75)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview import __version__
from medview.core.finding import Code
from medview.core.statement import OWN_SCHEME, StatedMap
from medview.core.study import FrameSource, Study
from medview.dicom.source_grid import source_grid
from medview.dicom.written_object import (
    MANUFACTURER,
    algorithm_parameters,
    check_identity,
    coded,
    impossible,
    made_or_refused,
    save_object,
    short_text,
    software_versions,
)

_UNITS = {
    "": Code("1", "UCUM", "no units"),
    "%": Code("%", "UCUM", "percent"),
    "HU": Code("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "mm": Code("mm", "UCUM", "millimeter"),
    "bit": Code("bit", "UCUM", "bit"),
}
_BODY = Code("123037004", "SCT", "Body structure")
_PARTS = {
    "CHEST": Code("43799004", "SCT", "Thorax"),
    "THORAX": Code("43799004", "SCT", "Thorax"),
    "LUNG": Code("39607008", "SCT", "Lung"),
    "HEAD": Code("69536005", "SCT", "Head"),
    "BRAIN": Code("12738006", "SCT", "Brain"),
    "NECK": Code("45048000", "SCT", "Neck"),
    "ABDOMEN": Code("113345001", "SCT", "Abdomen"),
    "PELVIS": Code("12921003", "SCT", "Pelvis"),
    "BREAST": Code("76752008", "SCT", "Breast"),
    "PROSTATE": Code("41216001", "SCT", "Prostate"),
    "LIVER": Code("10200004", "SCT", "Liver"),
    "HEART": Code("80891009", "SCT", "Heart"),
    "WHOLEBODY": Code("38266002", "SCT", "Entire body"),
}
"""BodyPartExamined → CID 4 of PS3.16, the common ones."""
_PROCESSED = Code("109102", "DCM", "Processing Equipment")


def write_parametric_map(path: str | os.PathLike[str], stated: StatedMap, study: Study) -> None:
    """Write ``stated.values`` (k, j, i) as 32-bit floats; where nothing was computed they stay NaN.

    Raises MedviewError: ``pm_impossible`` where the source cannot carry one (no DICOM files, no geometry, another grid),
    ``other_patient``, ``cannot_write``.
    """
    target = Path(path)
    stack = stated.stack
    slices = stack.shape[0]
    frames = stack.frames[stated.time * slices : (stated.time + 1) * slices]
    geometry = stated.geometry
    if geometry is None or len(frames) != slices or not all(frame.sop_uid for frame in frames):
        raise impossible(target, "its source is no DICOM series with a common geometry", "pm_impossible")
    if stated.values.shape != stack.shape:
        raise impossible(target, "its voxels are not those of the images", "pm_impossible")
    check_identity([frame.path for frame in frames], study)
    save_object(made_or_refused(lambda: _make(stated, frames), target, "pm_impossible"), target)


def _make(stated: StatedMap, frames: Sequence[FrameSource]) -> Any:
    import highdicom

    hd: Any = highdicom
    assert stated.geometry is not None, "checked by the caller"
    grid = source_grid(frames, stated.geometry)
    values = np.ascontiguousarray(stated.values[grid.slices], dtype=np.float32)
    finite = values[np.isfinite(values)]
    least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    first = stated.sources[0]
    mapping = hd.pm.RealWorldValueMapping(
        lut_label=short_text(stated.id.upper())[:16],
        lut_explanation=short_text(stated.title),
        unit=coded(_UNITS.get(stated.unit, Code(f"{{{stated.unit}}}", "UCUM", stated.unit))),
        value_range=(least, most),
        slope=1.0,
        intercept=0.0,
        quantity_definition=coded(Code(_code_value(stated.id), OWN_SCHEME, stated.title)),
    )
    made = hd.pm.ParametricMap(
        source_images=grid.headers,
        pixel_array=values,
        series_instance_uid=hd.UID(),
        series_number=3000 + int(grid.headers[0].get("SeriesNumber") or 0) % 6000,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=short_text(first.package_name) or MANUFACTURER,
        software_versions=__version__,
        device_serial_number=first.package_sha256[:16] or "none",
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        window_center=(stated.lower + stated.upper) / 2,
        window_width=max(stated.upper - stated.lower, 1e-6),
        content_description=short_text(f"{stated.about}; research use" if stated.about else "Research use"),
        content_label="MEDVIEW_MAP",
        contributing_equipment=[_equipment(hd, stated)],
        **grid.planes(hd),
    )
    made.SoftwareVersions = software_versions(stated.sources)
    if "ContentCreatorName" not in made:
        made.ContentCreatorName = ""  # type 2: no person made it
    _say_where(made, grid.headers[0])
    _sort_along(made, stated.geometry.normal)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SeriesDescription = short_text(f"{stated.title}: {first.package_name} {first.package_version}".strip())
    return made


def _sort_along(made: Any, normal: NDArray[np.float64]) -> None:
    """Put the frames in the order in which the normal of their planes runs: dcmqi takes them as they come."""
    groups = list(made.PerFrameFunctionalGroupsSequence)
    places = [np.array([float(one) for one in group.PlanePositionSequence[0].ImagePositionPatient]) for group in groups]
    order = sorted(range(len(groups)), key=lambda at: float(places[at] @ normal))
    planes = np.frombuffer(made.FloatPixelData, "<f4").reshape(len(groups), -1)
    made.FloatPixelData = planes[order].tobytes()
    for number, at in enumerate(order, 1):
        groups[at].FrameContentSequence[0].DimensionIndexValues = number  # the place is the only dimension
    made.PerFrameFunctionalGroupsSequence = [groups[at] for at in order]


def _say_where(made: Any, source: Any) -> None:
    """The part of the body as the source says it (PS3.3 C.7.6.16.2.8); dcmqi reads no map that says none."""
    from pydicom.dataset import Dataset

    stated = source.get("AnatomicRegionSequence")
    anatomy = Dataset()
    if stated:
        anatomy.AnatomicRegionSequence = stated
    else:
        code = _PARTS.get(str(source.get("BodyPartExamined") or "").strip().upper(), _BODY)
        anatomy.AnatomicRegionSequence = [coded(code)]
    side = str(source.get("ImageLaterality") or source.get("Laterality") or "").strip().upper()
    anatomy.FrameLaterality = side if side in {"L", "R", "B"} else "U"
    made.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [anatomy]


def _equipment(hd: Any, stated: StatedMap) -> Any:
    """Which packages computed the values, with their hashes and what the method was given."""
    told = [f"{one.package_id} {one.package_version} {algorithm_parameters(one)}" for one in stated.sources]
    told += [f"{name}={value}" for name, value in stated.parameters]
    return hd.ContributingEquipment(
        manufacturer=MANUFACTURER,
        purpose_of_reference=coded(_PROCESSED),
        manufacturer_model_name=MANUFACTURER,
        software_versions=__version__,
        contribution_description="; ".join(told)[:1024],
    )


def _code_value(name: str) -> str:
    """At most 16 characters (PS3.5 6.2, SH)."""
    return "".join(one for one in name if one.isascii() and (one.isalnum() or one in "-_."))[:16] or "map"
