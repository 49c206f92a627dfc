"""What medview keeps of one DICOM object: small frozen values, equal parts shared between the objects of a series.

The two that every file has of its own are named tuples, which are made in a quarter of a frozen dataclass's time.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

from medview.core.study import PatientIdentity
from medview.core.window import Voi
from medview.dicom.pixel_description import PixelDescription

T_Number = TypeVar("T_Number")
T_Default = TypeVar("T_Default")
Vector3 = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Radiopharmaceutical:
    """What SUV needs of a PET series (PS3.3 C.8.9.2); times as in the file."""

    units: str = ""
    corrected: tuple[str, ...] = ()
    decay_correction: str = ""
    dose_bq: float | None = None
    half_life_s: float | None = None
    start_time: str = ""
    start_datetime: str = ""
    series_type: str = ""
    suv_type: str = ""
    injections: int = 1


@dataclass(frozen=True, slots=True)
class SeriesHeader:
    """Patient, study, series and equipment attributes of an object; one value for all objects that agree."""

    patient: PatientIdentity
    sop_class: str = ""
    study_uid: str = ""
    study_id: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    accession: str = ""
    series_uid: str = ""
    series_number: int | None = None
    series_date: str = ""
    series_time: str = ""
    series_description: str = ""
    modality: str = ""
    body_part: str = ""
    protocol: str = ""
    laterality: str = ""
    manufacturer: str = ""
    model_name: str = ""
    institution: str = ""
    contrast_agent: str = ""
    burned_in: str = ""
    patient_position: str = ""
    radiopharmaceutical: Radiopharmaceutical | None = None
    text_guess: tuple[str, str] | None = None
    """(a text, encoding): what texts that do not fit the character set may mean. Those other than the name are the guess."""


@dataclass(frozen=True, slots=True)
class UltrasoundRegion:
    """One calibrated region (PS3.3 C.8.5.5): borders in px inclusive; units 3 is cm; deltas per px in that unit.

    ``reference_x`` and ``reference_y``: (px from the region's left or upper border, value there), None where not given.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    spatial_format: int
    units_x: int
    units_y: int
    delta_x: float
    delta_y: float
    reference_x: tuple[int, float] | None = None
    reference_y: tuple[int, float] | None = None


@dataclass(frozen=True, slots=True)
class ModalityLut:
    """A Modality LUT (PS3.3 C.11.1.1): little endian 16-bit ``entries`` from stored value ``first`` on."""

    first: int
    entries: bytes
    type: str = ""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What all frames of an image share, usually all images of a series too."""

    padding: tuple[int, int] | None = None
    presentation_shape: str = ""
    modality_lut: ModalityLut | None = None
    imager_spacing: tuple[float, float] | None = None
    scanned_spacing: tuple[float, float] | None = None
    magnification: float | None = None
    source_detector: float | None = None
    source_patient: float | None = None
    calibration_type: str = ""
    pixel_aspect: tuple[float, float] | None = None
    view_position: str = ""
    patient_orientation: tuple[str, str] | None = None
    regions: tuple[UltrasoundRegion, ...] = ()
    frame_time_ms: float | None = None
    lossy: str = ""
    lossy_ratio: str = ""
    lossy_method: str = ""
    gantry_tilt: float | None = None
    tiles: int = 0
    """Number of slices in a Siemens mosaic (1 where it is unknown), 0 for a plain image."""
    tile_normal: Vector3 | None = None
    """Direction in which the slices of a mosaic follow one another."""
    tile_positions: tuple[Vector3, ...] = ()
    """Position of each slice of a mosaic, where the file says them one by one (United Imaging)."""
    philips_scale: tuple[float, float] | None = None
    suv_factors: tuple[float | None, float | None] | None = None
    """Philips PET: (SUV factor, activity factor)."""
    dose_units: str = ""
    dimensions: tuple[int, ...] = ()
    """Packed tags of the dimension index pointers."""
    overlays: tuple[int, ...] = ()
    """Groups (0x6000, 0x6002 …) that hold an overlay plane."""
    pet_scan: str = ""
    """GE PET: date and time to which decay was corrected, also where the series was dated later."""
    broken_lut: bool = False
    """Whether there is a Modality LUT that cannot be used."""
    has_profile: bool = False
    """Whether its colours have an ICC profile."""
    vector_names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(axis, names of its values 1, 2 …) of nuclear medicine: what energy windows and views are called."""
    view_modifiers: tuple[str, ...] = ()
    """Of a mammogram's view, as abbreviations: M, S, ID …"""
    has_reversed_rows: bool = False
    """GE: whether some or all images of the series are stored upside down, against what their orientation says."""
    has_supplemental: bool = False
    """Whether values above the grey ones have colours of a supplemental palette (PS3.3 C.7.6.19)."""


@dataclass(frozen=True, slots=True)
class RealWorldMapping:
    """``slope · stored value + intercept`` in ``unit`` for stored values from ``low`` to ``high`` (PS3.3 C.7.6.16.2.11).

    A ``table`` holds a number for each of these stored values instead.
    """

    label: str
    unit: str
    slope: float
    intercept: float
    low: float
    high: float
    table: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class FrameCommon:
    """Attributes of a frame that its neighbours usually share."""

    orientation: tuple[float, float, float, float, float, float] | None = None
    spacing: tuple[float, float] | None = None
    """(dj, di): between rows, between columns."""
    thickness: float | None = None
    slice_spacing: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    has_rescale: bool = False
    rescale_type: str = ""
    vois: tuple[Voi, ...] = ()
    voi_faults: int = 0
    """Windows of the file that the standard forbids."""
    image_type: tuple[str, ...] = ()
    component: str = ""
    """M, P, R, I for magnitude, phase, real, imaginary; empty where nothing is said."""
    echo_time: float | None = None
    echo_number: int | None = None
    inversion_time: float | None = None
    flip_angle: float | None = None
    b_value: float | None = None
    diffusion_direction: Vector3 | None = None
    directionality: str = ""
    kernel: str = ""
    kvp: float | None = None
    laterality: str = ""
    asl: str = ""
    sequence_name: str = ""
    """The pulse sequence in its maker's words."""
    real_world: tuple[RealWorldMapping, ...] = ()
    half_rescale: bool = False
    """Whether the file gives only one of rescale slope and intercept."""


class FrameHeader(NamedTuple):
    """One frame's own attributes."""

    common: FrameCommon
    position: Vector3 | None = None
    acquisition_number: int | None = None
    temporal_index: int | None = None
    trigger_time: float | None = None
    cardiac_phase: float | None = None
    """Percent of the R-R interval."""
    reference_time: float | None = None
    """ms from the beginning: Frame Reference Time, or Temporal Position Time Offset."""
    acquisition_time: str = ""
    """Date and time as one text, so that midnight does not turn their order."""
    content_time: str = ""
    stack_id: str = ""
    in_stack: int | None = None
    segment: int | None = None
    dimension_values: tuple[int, ...] = ()
    extra_axes: tuple[tuple[str, int], ...] = ()
    """(name, value) of nuclear medicine vectors: energy window, phase, time slot …"""


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Part of a multi-frame image that was cut into several objects (PS3.3 C.7.6.16.2.2.4)."""

    uid: str
    number: int
    frame_offset: int | None
    total: int | None = None
    """Of how many objects, where the file says."""


class InstanceHeader(NamedTuple):
    """One DICOM object as the catalog needs it.

    ``frames`` has one entry per frame, or a single one that holds for all (then only the first frame's position is
    known). ``pixels`` is None for objects without pixel data. ``fault`` (code, sentence) says why its frames cannot be
    shown, ``oddities`` are codes of what was read in spite of the standard.
    """

    path: str
    file_size: int
    sop_uid: str
    instance_number: int | None
    series: SeriesHeader
    image: ImageHeader
    pixels: PixelDescription | None
    frames: tuple[FrameHeader, ...]
    fault: tuple[str, str] | None = None
    frame_of_reference: str = ""
    oddities: tuple[str, ...] = ()
    concatenation: Concatenation | None = None
    copy_of: str = ""
    """Path of an object with the same SOP Instance UID and the same content, found during the scan."""
    stamp: tuple[int, int] | None = None
    """Size and time of change (ns) of the file on disk when this was read."""
    packed: bool = False
    """Whether the file lies compressed in an archive."""

    @property
    def patient_key(self) -> tuple[str, str]:
        """ID and name, the name in a form that may be compared."""
        patient = self.series.patient
        return (patient.patient_id, _name_key(patient.name))

    @property
    def series_key(self) -> str:
        """Objects are one series only when patient (ID and name), study and series agree."""
        series = self.series
        return "\x1e".join((*self.patient_key, series.study_uid, series.series_uid))

    @property
    def frame_count(self) -> int:
        """Frames on disk."""
        return 0 if self.pixels is None else self.pixels.frames

    def frame(self, index: int) -> FrameHeader:
        """Attributes of frame ``index`` (0-based)."""
        return self.frames[index if len(self.frames) > 1 else 0]


@lru_cache(maxsize=64)
def _name_key(name: str) -> str:
    """A person name for comparing: its first group that says something, without case, padding and empty components."""
    groups = (" ".join(group.replace("^", " ").split()).casefold() for group in name.split("="))
    return next((group for group in groups if group), "")


def as_numbers(value: bytes | None) -> tuple[float, ...]:
    """The numbers of a DS or IS value, empty where any of them is none (junk is never half believed)."""
    if not value:
        return ()
    try:
        numbers = tuple(map(float, value.split(b"\\")))
    except ValueError:
        try:
            numbers = tuple(map(float, value.strip(b" \0").rstrip(b"\\").split(b"\\")))
        except ValueError:
            return ()
    total = sum(numbers)
    if total - total != 0 or b"_" in value:  # inf, nan
        return ()
    return numbers


def as_number(value: bytes | None) -> float | None:
    """The first number of a DS or IS value."""
    numbers = as_numbers(value)
    return numbers[0] if numbers else None


def as_integer(value: bytes | None) -> int | None:
    """The first number of an IS value as an integer."""
    if not value:
        return None
    try:
        return int(value) if b"_" not in value else None  # Python's own digits with underscores are none of DICOM's
    except ValueError:
        number = as_number(value)
        return None if number is None else int(number)


def as_text(value: bytes | None) -> str:
    """A code string, UID, date or time: without padding, at most Latin-1."""
    return value.strip(b" \0").decode("latin-1") if value else ""


def as_words(value: bytes | None) -> tuple[str, ...]:
    """A multi-valued code string."""
    return tuple(part.strip() for part in as_text(value).split("\\")) if value else ()


def as_shorts(value: bytes | None, signed: bool = False) -> tuple[int, ...]:
    """US or SS values."""
    if not value:
        return ()
    return struct.unpack_from(f"<{len(value) // 2}{'h' if signed else 'H'}", value)


def as_short(value: bytes | None, default: int = 0) -> int:
    """The first US value."""
    return value[0] | value[1] << 8 if value and len(value) > 1 else default


def as_longs(value: bytes | None) -> tuple[int, ...]:
    """UL values."""
    return struct.unpack_from(f"<{len(value) // 4}I", value) if value else ()


def as_signed_longs(value: bytes | None) -> tuple[int, ...]:
    """SL values."""
    return struct.unpack_from(f"<{len(value) // 4}i", value) if value else ()


def as_floats(value: bytes | None, double: bool = True) -> tuple[float, ...]:
    """FD or FL values, empty where any is not finite."""
    if not value:
        return ()
    size, code = (8, "d") if double else (4, "f")
    numbers: tuple[float, ...] = struct.unpack_from(f"<{len(value) // size}{code}", value)
    return () if any(number - number != 0 for number in numbers) else numbers


def first(numbers: tuple[T_Number, ...], otherwise: T_Default) -> T_Number | T_Default:
    """The first of numbers that may be missing."""
    return numbers[0] if numbers else otherwise
