"""Parts of a header that are values of their own: injection, real-world mappings, Modality LUT, ultrasound regions."""

from __future__ import annotations

from medview.core.side_words import sides_of
from medview.dicom import tags
from medview.dicom.charset import codecs_of, decode_text
from medview.dicom.elements import Values
from medview.dicom.header import (
    ModalityLut,
    Radiopharmaceutical,
    RealWorldMapping,
    UltrasoundRegion,
    as_floats,
    as_longs,
    as_number,
    as_short,
    as_shorts,
    as_signed_longs,
    as_text,
    as_words,
    first,
)


def radiopharmaceutical(values: Values) -> Radiopharmaceutical:
    """What SUV needs (PS3.3 C.8.9.1, C.8.9.2), of the first injection, and how many there were."""
    items = values.get(tags.RADIOPHARMACEUTICALS) or [{}]
    item = items[0]
    return Radiopharmaceutical(
        as_text(values.get(tags.PET_UNITS)),
        as_words(values.get(tags.CORRECTED_IMAGE)),
        as_text(values.get(tags.DECAY_CORRECTION)),
        as_number(item.get(tags.RADIO_DOSE)),
        as_number(item.get(tags.RADIO_HALF_LIFE)),
        as_text(item.get(tags.RADIO_START_TIME)),
        as_text(item.get(tags.RADIO_START_DATETIME)),
        as_text(values.get(tags.SERIES_TYPE)),
        as_text(values.get(tags.SUV_TYPE)).upper(),
        len(items),
    )


def real_world_mappings(values: Values) -> tuple[RealWorldMapping, ...]:
    """The mappings by a line or by a table; those that do not hold together are left out."""
    if tags.REAL_WORLD_MAPPINGS not in values:
        return ()
    found = []
    signed = as_short(values.get(tags.PIXEL_REPRESENTATION)) == 1
    codecs = codecs_of(values.get(tags.CHARSET))
    for item in values.get(tags.REAL_WORLD_MAPPINGS) or ():
        slope, intercept = as_floats(item.get(tags.REAL_WORLD_SLOPE)), as_floats(item.get(tags.REAL_WORLD_INTERCEPT))
        table = as_floats(item.get(tags.REAL_WORLD_LUT))
        low = as_floats(item.get(tags.REAL_WORLD_FIRST_DOUBLE)) or as_shorts(item.get(tags.REAL_WORLD_FIRST), signed)
        high = as_floats(item.get(tags.REAL_WORLD_LAST_DOUBLE)) or as_shorts(item.get(tags.REAL_WORLD_LAST), signed)
        if table and low:
            high = (low[0] + len(table) - 1,)
            slope, intercept = (1.0,), (0.0,)
        elif not slope or not intercept or not slope[0]:
            continue
        else:
            table = ()
        unit = (item.get(tags.MEASUREMENT_UNITS) or [{}])[0]
        label = decode_text(item.get(tags.REAL_WORLD_LABEL) or item.get(tags.LUT_EXPLANATION), codecs)
        found.append(
            RealWorldMapping(
                label,
                as_text(unit.get(tags.CODE_VALUE)) or decode_text(unit.get(tags.CODE_MEANING), codecs),
                slope[0],
                intercept[0],
                float(first(low, float("-inf"))),
                float(first(high, float("inf"))),
                table,
            )
        )
    return tuple(found)


def imager_spacing(values: Values) -> bytes | None:
    """Imager Pixel Spacing, which enhanced X-ray objects have in the functional groups of frames without a place.

    PS3.3 C.8.7.10, C.8.19.6.4; radiotherapy images call it Image Plane Pixel Spacing (C.8.8.2).
    """
    properties = (values.get(tags.FRAME_PIXEL_PROPERTIES) or [{}])[0]
    found: bytes | None = values.get(tags.IMAGER_SPACING) or properties.get(tags.IMAGER_SPACING)
    if found is not None or tags.SHARED_GROUPS not in values:
        return found or values.get(tags.IMAGE_PLANE_SPACING)
    groups = [(values.get(tag) or [{}])[0] for tag in (tags.SHARED_GROUPS, tags.FRAME_GROUPS)]
    if any(tags.PIXEL_MEASURES in group for group in groups):
        return None
    for group in groups:
        for item in group.get(tags.FRAME_PIXEL_PROPERTIES) or ():
            if tags.IMAGER_SPACING in item:
                return item[tags.IMAGER_SPACING]  # type: ignore[no-any-return]
    return None


def vector_names(values: Values) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What energy windows and detector views are called (PS3.3 C.8.4.10, C.8.4.11), where each has a name of its own."""
    codecs = codecs_of(values.get(tags.CHARSET))
    windows = [decode_text(item.get(tags.ENERGY_NAME), codecs) for item in values.get(tags.ENERGY_WINDOWS) or ()]
    views = [
        decode_text((item.get(tags.VIEW_CODE) or [{}])[0].get(tags.CODE_MEANING), codecs)
        for item in values.get(tags.DETECTORS) or ()
    ]
    found = (("energy window", tuple(windows)), ("detector", tuple(views)))
    return tuple((name, words) for name, words in found if words and all(words) and len(set(words)) == len(words))


def modality_lut(values: Values, signed: bool) -> ModalityLut | None:
    """The Modality LUT (PS3.3 C.11.1.1), None where there is none or it does not hold together.

    ``signed``: whether the pixels are; the first mapped value has their sign.
    """
    items = values.get(tags.MODALITY_LUTS)
    if not items:
        return None
    descriptor = as_shorts(items[0].get(tags.LUT_DESCRIPTOR))
    data = items[0].get(tags.LUT_ENTRIES)
    if len(descriptor) != 3 or not data:
        return None
    count = descriptor[0] or 65536
    start = descriptor[1] - 65536 if signed and descriptor[1] > 32767 else descriptor[1]
    if len(data) < 2 * count:  # 8-bit entries, one per byte
        if len(data) < count:
            return None
        data = bytes(byte for entry in data[:count] for byte in (entry, 0))
    return ModalityLut(start, data[: 2 * count], as_text(items[0].get(tags.MODALITY_LUT_TYPE)))


def patient_orientation(values: Values) -> tuple[str, str] | None:
    """Where rows and columns run to in the patient, None where the file does not say it in the words of the standard."""
    words = as_words(values.get(tags.PATIENT_ORIENTATION))
    if len(words) != 2:
        return None
    return sides_of(
        words[0].upper(), words[1].upper(), as_text(values.get(tags.ANATOMICAL_TYPE)).upper() == "QUADRUPED"
    )


def ultrasound_regions(values: Values) -> tuple[UltrasoundRegion, ...]:
    """The calibrated regions (PS3.3 C.8.5.5) that name their borders and deltas."""
    regions = []
    for item in values.get(tags.ULTRASOUND_REGIONS) or ():
        borders = [as_longs(item.get(tag)) for tag in (tags.REGION_X0, tags.REGION_Y0, tags.REGION_X1, tags.REGION_Y1)]
        deltas = [as_floats(item.get(tag)) for tag in (tags.REGION_DELTA_X, tags.REGION_DELTA_Y)]
        if all(borders) and all(deltas):
            x0, y0, x1, y1 = (border[0] for border in borders)
            regions.append(
                UltrasoundRegion(
                    x0,
                    y0,
                    x1,
                    y1,
                    as_short(item.get(tags.REGION_SPATIAL_FORMAT)),
                    as_short(item.get(tags.REGION_UNITS_X)),
                    as_short(item.get(tags.REGION_UNITS_Y)),
                    deltas[0][0],
                    deltas[1][0],
                    _reference(item, tags.REGION_REFERENCE_X, tags.REGION_VALUE_X),
                    _reference(item, tags.REGION_REFERENCE_Y, tags.REGION_VALUE_Y),
                )
            )
    return tuple(regions)


def _reference(item: Values, pixel: int, value: int) -> tuple[int, float] | None:
    """The pixel of a region whose value is known, and that; None where the file does not say both."""
    at = as_signed_longs(item.get(pixel))
    known = as_floats(item.get(value))
    return (at[0], known[0]) if at and known else None
