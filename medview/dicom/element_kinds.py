"""Which attributes the scan asks for, and the form in which it wants each of them, whatever VR a file gives it."""

from __future__ import annotations

from collections.abc import Mapping

from medview.dicom import tags
from medview.dicom.element_head import ALL_VRS, vrs

Wanted = Mapping[int, frozenset[int]]
"""Packed tag → kind."""


def _kind(names: str) -> frozenset[int]:
    return vrs(names) | {0}  # 0 stands for implicit VR


# What a value looks like when the file's VR is one of these; otherwise it is brought into that form.
TEXT = _kind("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT UN")
SHORTS = _kind("US SS OW OB AT UN")
LONGS = _kind("UL SL UN OL")
DOUBLES = _kind("FD UN OD")
FLOATS = _kind("FL UN OF")
BYTES = ALL_VRS | {0}
SEQUENCE: frozenset[int] = frozenset({-1})
STOP: frozenset[int] = frozenset({-2})

_SEQUENCES = (
    tags.DIRECTORY_RECORDS, tags.ULTRASOUND_REGIONS, tags.DIFFUSION_SEQUENCE, tags.DIFFUSION_DIRECTION_SEQUENCE,
    tags.DIMENSION_SEQUENCE, tags.MODALITY_LUTS, tags.VOI_LUTS, tags.RADIOPHARMACEUTICALS, tags.DETECTORS, tags.ENERGY_WINDOWS, tags.VIEW_CODE, tags.VIEW_MODIFIER, tags.SHARED_GROUPS,
    tags.FRAME_GROUPS, tags.PLANE_POSITION, tags.PLANE_ORIENTATION, tags.PIXEL_MEASURES, tags.FRAME_CONTENT, tags.FRAME_VOI,
    tags.PIXEL_VALUE_TRANSFORMATION, tags.FRAME_PIXEL_PROPERTIES, tags.FRAME_ANATOMY, tags.TEMPORAL_GROUP, tags.CARDIAC_GROUP,
    tags.MR_ECHO, tags.MR_TIMING, tags.MR_MODIFIER, tags.MR_ASL, tags.MR_FRAME_TYPE, tags.CT_FRAME_TYPE, tags.PET_FRAME_TYPE,
    tags.XA_FRAME_TYPE, tags.CT_RECONSTRUCTION, tags.XRAY_RECONSTRUCTION, tags.SEGMENT_GROUP, tags.UNASSIGNED_SHARED,
    tags.UNASSIGNED_FRAME, tags.REAL_WORLD_MAPPINGS, tags.MEASUREMENT_UNITS, tags.OPTICAL_PATHS, tags.VOLUME_POSITION_GROUP, tags.VOLUME_ORIENTATION_GROUP,
)  # fmt: skip
_SHORTS = (
    tags.SAMPLES, tags.PLANAR, tags.ROWS, tags.COLUMNS, tags.BITS_ALLOCATED, tags.BITS_STORED, tags.HIGH_BIT, tags.PIXEL_REPRESENTATION,
    tags.PADDING, tags.PADDING_LIMIT, tags.LUT_DESCRIPTOR, tags.LUT_ENTRIES, tags.FRAME_INCREMENT, tags.REGION_SPATIAL_FORMAT,
    tags.REGION_DATA_TYPE, tags.REGION_UNITS_X, tags.REGION_UNITS_Y, tags.IN_CONCATENATION_NUMBER, tags.FRAME_ACQUISITION_NUMBER,
    tags.ENERGY_VECTOR, tags.DETECTOR_VECTOR, tags.PHASE_VECTOR, tags.ROTATION_VECTOR, tags.RR_VECTOR, tags.TIME_SLOT_VECTOR,
    tags.REAL_WORLD_FIRST, tags.REAL_WORLD_LAST, tags.SLICE_VECTOR, tags.ANGULAR_VECTOR, tags.TIME_SLICE_VECTOR, tags.SEGMENT_NUMBER, tags.DIMENSION_POINTER,
    tags.ACQUISITION_MATRIX, tags.CONCATENATION_TOTAL, tags.IMAGE_DIMENSIONS, tags.PLANES,
)  # fmt: skip
_LONGS = (
    tags.REGION_FLAGS, tags.REGION_X0, tags.REGION_Y0, tags.REGION_X1, tags.REGION_Y1, tags.IN_STACK_POSITION, tags.TEMPORAL_INDEX,
    tags.DIMENSION_VALUES, tags.CONCATENATION_FRAME_OFFSET, tags.REGION_REFERENCE_X, tags.REGION_REFERENCE_Y,
)  # fmt: skip
_DOUBLES = (
    tags.REGION_DELTA_X, tags.REGION_DELTA_Y, tags.B_VALUE, tags.DIFFUSION_DIRECTION, tags.EFFECTIVE_ECHO_TIME, tags.CARDIAC_TRIGGER_DELAY,
    tags.REAL_WORLD_FIRST_DOUBLE, tags.REAL_WORLD_LAST_DOUBLE, tags.REAL_WORLD_INTERCEPT, tags.REAL_WORLD_SLOPE, tags.REAL_WORLD_LUT,
    tags.NOMINAL_CARDIAC_PHASE, tags.TEMPORAL_OFFSET, tags.INVERSION_TIMES, tags.VOLUME_POSITION,
    tags.VOLUME_ORIENTATION, tags.REGION_VALUE_X, tags.REGION_VALUE_Y,
)  # fmt: skip
_PRIVATE_FORMS = {
    "siemens_direction": DOUBLES, "siemens_tiles": SHORTS, "siemens_slice_times": DOUBLES, "siemens_csa": BYTES, "ge_component": SHORTS,
    "philips_b": FLOATS, "philips_scale_slope": FLOATS, "philips_scale_intercept": FLOATS,
    "philips_direction_x": FLOATS, "philips_direction_y": FLOATS, "philips_direction_z": FLOATS,
    "uih_b": DOUBLES, "uih_direction": DOUBLES, "uih_frames": SEQUENCE,
}  # fmt: skip


TABLES = frozenset({tags.EXTENDED_OFFSETS, tags.EXTENDED_LENGTHS, tags.ELSCINT_PIXELS})
"""Of these the place is wanted."""


def _wanted() -> dict[int, frozenset[int]]:
    table = {
        value: TEXT for name, value in vars(tags).items() if name.isupper() and isinstance(value, int) and value >= 0
    }
    table |= dict.fromkeys(_SEQUENCES, SEQUENCE) | dict.fromkeys(_SHORTS, SHORTS)
    table |= dict.fromkeys(_LONGS, LONGS) | dict.fromkeys(_DOUBLES, DOUBLES)
    table |= dict.fromkeys((tags.PIXELS, tags.FLOAT_PIXELS, tags.DOUBLE_PIXELS), STOP)
    table |= dict.fromkeys((*tags.OVERLAY_ROWS, *tags.OVERLAY_COLUMNS), SHORTS)
    table[tags.ICC_PROFILE] = frozenset({-3})  # no VR suits: that it is there is all that a header needs
    # No VR suits, so the fast way stops there: their place is wanted, not their value.
    table |= dict.fromkeys(TABLES, frozenset[int]())
    for group in {group for _, group, _ in tags.PRIVATE.values()}:
        table |= dict.fromkeys((group | block << 16 for block in tags.PRIVATE_BLOCKS), TEXT)
    for name, (_, group, low) in tags.PRIVATE.items():
        kind = _PRIVATE_FORMS.get(name, TEXT)
        table |= dict.fromkeys((group | (block << 8 | low) << 16 for block in tags.PRIVATE_BLOCKS), kind)
    return table


WANTED = _wanted()
NOTHING: dict[int, frozenset[int]] = {}
PIXEL_TAGS = frozenset({tags.PIXELS, tags.FLOAT_PIXELS, tags.DOUBLE_PIXELS})
NEEDED = frozenset({tags.ROWS, tags.COLUMNS})
VITAL = frozenset({tags.SHARED_GROUPS, tags.FRAME_GROUPS, tags.MODALITY_LUTS})
"""Sequences without which a value or a place would be wrong in silence: where they cannot be read, the file is not."""
