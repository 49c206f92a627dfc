"""Which objects of a study are no plain images, and what each of them is, by SOP class (PS3.4 B.5)."""

from __future__ import annotations

from typing import Literal

from medview.dicom.header import InstanceHeader

ObjectKind = Literal[
    "segmentation", "structure_set", "dose", "parametric_map", "presentation_state", "real_world_values", "blending", ""
]
"""What medview can lay over images or apply to them; "" for everything else."""

_ROOT = "1.2.840.10008.5.1.4.1.1."

_KINDS: dict[str, ObjectKind] = {
    f"{_ROOT}66.4": "segmentation",
    f"{_ROOT}66.7": "segmentation",  # Label Map Segmentation
    f"{_ROOT}481.3": "structure_set",
    f"{_ROOT}481.2": "dose",
    f"{_ROOT}30": "parametric_map",
    f"{_ROOT}67": "real_world_values",
    f"{_ROOT}11.1": "presentation_state",  # Grayscale Softcopy
    f"{_ROOT}11.2": "presentation_state",  # Color Softcopy
    f"{_ROOT}11.3": "presentation_state",  # Pseudo-Color Softcopy
    f"{_ROOT}11.4": "blending",  # Blending Softcopy
    f"{_ROOT}11.5": "presentation_state",  # XA/XRF Grayscale Softcopy
    f"{_ROOT}11.6": "blending",  # Grayscale Planar MPR Volumetric
    f"{_ROOT}11.7": "blending",  # Compositing Planar MPR Volumetric
    f"{_ROOT}11.8": "blending",  # Advanced Blending
    f"{_ROOT}11.9": "blending",  # Volume Rendering Volumetric
    f"{_ROOT}11.10": "blending",  # Segmented Volume Rendering Volumetric
    f"{_ROOT}11.11": "blending",  # Multiple Volume Rendering Volumetric
}


def object_kind(sop_class: str) -> ObjectKind:
    """What an object of this SOP class is to medview's overlays; "" where it is none."""
    return _KINDS.get(sop_class, "")


def is_study_object(header: InstanceHeader) -> bool:
    """Whether an object is listed for itself: it has no pixels, or its pixels belong over those of others."""
    return header.pixels is None or bool(object_kind(header.series.sop_class))
