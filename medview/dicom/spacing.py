"""What a pixel spacing means and whether it may be believed (PS3.3 10.7, C.8.5.5)."""

from __future__ import annotations

from collections.abc import Mapping

from medview.core.problem import Note
from medview.core.study import AxisUnit, PixelRegion, RegionAxis, SpacingKind
from medview.dicom.header import FrameHeader, ImageHeader, InstanceHeader

PROJECTION_MODALITIES = frozenset({"CR", "DX", "MG", "XA", "RF", "PX", "IO", "DF", "RG"})
_CENTIMETRES = 3

Spacing = tuple[tuple[float, float] | None, SpacingKind, tuple[Note, ...]]


def spacing_of(header: InstanceHeader, frame: FrameHeader) -> Spacing:
    """((dj, di) mm or None, its kind, notes) for measuring inside one frame."""
    image, pixel = header.image, frame.common.spacing
    modality = header.series.modality
    if image.regions:
        return _ultrasound(header)
    if image.imager_spacing is not None or modality in PROJECTION_MODALITIES:
        if (
            frame.position is not None
            and frame.common.orientation is not None
            and pixel is not None
            and (image.imager_spacing is None or modality not in PROJECTION_MODALITIES)
        ):
            return pixel, "patient", ()
        return _projection(image, pixel)
    if pixel is not None:
        if image.calibration_type:
            return pixel, "calibrated", ()
        return pixel, "patient", ()
    if image.scanned_spacing is not None:
        return (
            image.scanned_spacing,
            "detector",
            (Note("nominal_scanned_spacing", "Distances are those on the scanned film, not in the patient."),),
        )
    return None, "none", ()


def _same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(a - b) <= 1e-4 * max(a, b) for a, b in zip(one, other, strict=True))


def _projection(image: ImageHeader, pixel: tuple[float, float] | None) -> Spacing:
    imager = image.imager_spacing
    if pixel is not None and imager is not None and not _same(pixel, imager):
        return pixel, ("calibrated" if image.calibration_type else "estimated"), ()
    if pixel is not None and image.calibration_type:
        return pixel, "calibrated", ()
    detector = imager or pixel
    if detector is None:
        if image.scanned_spacing is not None:
            return image.scanned_spacing, "detector", ()
        return None, "none", ()
    factor = image.magnification
    if not (factor is not None and factor > 0) and image.source_detector and image.source_patient:
        factor = image.source_detector / image.source_patient
    if imager is not None and factor is not None and factor >= 1:
        return (imager[0] / factor, imager[1] / factor), "estimated", ()
    return detector, "detector", ()


def pixel_regions(image: ImageHeader) -> tuple[PixelRegion, ...]:
    """The calibrated regions of an ultrasound picture; only 2-D regions in cm along both axes have a spacing."""
    return tuple(
        PixelRegion(
            region.x0,
            region.y0,
            region.x1,
            region.y1,
            (abs(region.delta_y) * 10, abs(region.delta_x) * 10)
            if region.spatial_format == 1
            and region.units_x == region.units_y == _CENTIMETRES
            and region.delta_x
            and region.delta_y
            else None,
            (
                _axis(region.units_x, region.delta_x, region.x0, region.reference_x),
                _axis(region.units_y, region.delta_y, region.y0, region.reference_y),
            ),
        )
        for region in image.regions
    )


_UNITS: Mapping[int, tuple[AxisUnit, float]] = {
    1: ("%", 1.0),
    2: ("dB", 1.0),
    3: ("mm", 10.0),
    4: ("s", 1.0),
    5: ("Hz", 1.0),
    6: ("dB/s", 1.0),
    7: ("cm/s", 1.0),
    12: ("°", 1.0),
}
"""Codes of Physical Units (PS3.3 C.8.5.5.1.15), each with what one of it is; areas and volumes are no axes of a picture."""


def _axis(units: int, delta: float, border: int, reference: tuple[int, float] | None) -> RegionAxis | None:
    """What an axis counts. The reference pixel is counted from the region's own border (PS3.3 C.8.5.5)."""
    if units not in _UNITS or not delta:
        return None
    unit, factor = _UNITS[units]
    zero = None if reference is None else border + reference[0] - reference[1] / delta
    return RegionAxis(unit, delta * factor, zero)


def _ultrasound(header: InstanceHeader) -> Spacing:
    """One spacing only where all regions in cm have the same; otherwise px."""
    spacings = {region.spacing for region in pixel_regions(header.image)} - {None}
    if len(spacings) != 1:
        note = Note(
            "ultrasound_regions",
            "Regions of this picture have different scales or none; lengths are in px outside a calibrated region.",
        )
        return None, "none", (note,)
    return spacings.pop(), "region", ()


def pixel_aspect(header: InstanceHeader, spacing: tuple[float, float] | None) -> float:
    """Height of a pixel over its width."""
    if spacing is not None:
        return spacing[0] / spacing[1]
    aspect = header.image.pixel_aspect
    return aspect[0] / aspect[1] if aspect is not None else 1.0
