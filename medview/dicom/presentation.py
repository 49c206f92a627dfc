"""What values of a stack mean and how they are shown: modality transform, unit, windows, polarity, padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medview.core.problem import Note
from medview.core.volume import ModalityTransform
from medview.core.window import Voi
from medview.dicom.header import FrameHeader, InstanceHeader

_CT_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
    }
)
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_NOT_HU_TYPES = ("LOCALIZER", "SCOUT", "DOSE", "SCREEN SAVE", "PERFUSION", "CBF", "CBV", "MTT", "TTP", "DOSE_INFO")
_LUT_UNITS = {"HU": "HU"}
_XRAY_PROJECTIONS = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.12.1",
        "1.2.840.10008.5.1.4.1.1.12.2",
        "1.2.840.10008.5.1.4.1.1.12.3",
    }
)
"""X-ray angiography, radiofluoroscopy, and the retired one in two planes."""


def is_shown_as_stored(header: InstanceHeader, frame: FrameHeader) -> bool:
    """Whether the file's modality transform is not for display, and its windows are about stored values.

    In XA and XRF images it leads back to the intensity of the X-rays, and is left out (PS3.4 N.2.1.2, PS3.3 C.8.7.1.1.2),
    as DCMTK and cornerstone do. Reconstructions that are kept as such images (a place in the patient, HU) are no projections.
    """
    return (
        header.series.sop_class in _XRAY_PROJECTIONS
        and frame.position is None
        and frame.common.rescale_type.upper() != "HU"
    )


def modality_transform(
    headers: Sequence[InstanceHeader], frames: Sequence[FrameHeader]
) -> tuple[ModalityTransform, tuple[Note, ...]]:
    """Slope and intercept of each frame (one entry where all agree), or the Modality LUT all frames share."""
    lut = headers[0].image.modality_lut
    pairs = {(frame.common.slope, frame.common.intercept) for frame in frames}
    if is_shown_as_stored(headers[0], frames[0]):
        if lut is None and pairs == {(1.0, 0.0)}:
            return ModalityTransform(), ()
        text = "The Modality LUT or rescale of the file leads to X-ray intensities; values and windows are those as stored."
        return ModalityTransform(), (Note("xray_intensities", text),)
    if lut is not None:
        entries = np.frombuffer(lut.entries, dtype="<u2").astype(np.float64)
        return ModalityTransform(lut=entries, lut_first=lut.first), ()
    notes: tuple[Note, ...] = ()
    if headers[0].image.broken_lut:
        text = "The Modality LUT of the file cannot be used; its values are shown as they are stored."
        notes = (Note("bad_modality_lut", text),)
    elif any(slope == 0 for slope, _ in pairs):
        notes = (Note("zero_slope", "Rescale Slope is 0 in the file; it is taken as 1."),)
    if len(pairs) == 1:
        slope, intercept = next(iter(pairs))
        return ModalityTransform(np.array([slope or 1.0]), np.array([intercept])), notes
    slopes = np.array([frame.common.slope or 1.0 for frame in frames])
    return ModalityTransform(slopes, np.array([frame.common.intercept for frame in frames])), notes


def unit_of(header: InstanceHeader, frame: FrameHeader, is_colour: bool) -> str:
    """HU, SUV, Bq/ml, stored or RGB; only what the file says or its object class fixes (PS3.3 C.8.2.1, C.8.9.1)."""
    if is_colour:
        return "RGB"
    series, common = header.series, frame.common
    rescale = common.rescale_type.upper()
    if header.image.broken_lut or is_shown_as_stored(header, frame):
        return "stored"
    if header.image.modality_lut is not None:
        return _LUT_UNITS.get(header.image.modality_lut.type.upper(), "stored")
    if rescale == "HU" and series.modality in {"CT", "PT", "XA", "OT", ""}:
        return "stored" if "LOCALIZER" in common.image_type else "HU"
    if series.modality == "CT" and rescale in {"", "US"}:
        marked = any(word in _NOT_HU_TYPES for word in common.image_type)
        known = series.sop_class in _CT_CLASSES or series.sop_class == ""
        return "HU" if known and common.has_rescale and not marked else "stored"
    if series.modality == "PT":
        units = series.radiopharmaceutical.units.upper() if series.radiopharmaceutical is not None else rescale
        return {"BQML": "Bq/ml", "GML": "SUV"}.get(units, "stored")
    return "stored"


def is_inverted(header: InstanceHeader) -> bool:
    """Whether low values are drawn white: what Presentation LUT Shape says, else MONOCHROME1.

    Both together invert once. Where they contradict each other (MONOCHROME1 with IDENTITY, PS3.3 C.8.11.3.1.2) the shape
    decides: it says what the values are after all grey transformations.
    """
    assert header.pixels is not None
    shape, photometric = header.image.presentation_shape, header.pixels.photometric
    if not photometric.startswith("MONOCHROME"):
        return False
    return shape == "INVERSE" or (photometric == "MONOCHROME1" and shape != "IDENTITY")


def vois_of(frames: Sequence[FrameHeader]) -> tuple[tuple[Voi, ...], ...]:
    """Windows and VOI LUTs per frame, or one entry where all frames have the same."""
    first = frames[0].common.vois
    if all(frame.common.vois is first or frame.common.vois == first for frame in frames):
        return (first,)
    return tuple(frame.common.vois for frame in frames)


def padding_of(header: InstanceHeader, bits_stored: int, signed: bool) -> tuple[int, int] | None:
    """The stored values that mean "no pixel", None where they cannot occur."""
    padding = header.image.padding
    if padding is None:
        return None
    low = -(1 << (bits_stored - 1)) if signed else 0
    high = (1 << (bits_stored - (1 if signed else 0))) - 1
    return padding if padding[1] >= low and padding[0] <= high else None
