"""From a file's elements to an InstanceHeader; a reader remembers what it has seen, so a series costs little."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from medview.core.study import PatientIdentity
from medview.dicom import tags
from medview.dicom.acr_nema import grid_of
from medview.dicom.alike import AlikeFile, AlikeFiles
from medview.dicom.breast_views import view_modifiers, view_of
from medview.dicom.charset import codecs_of, decode_text
from medview.dicom.element_kinds import WANTED
from medview.dicom.elements import FIRST_READ, Layouts, RawInstance, Values, read_unless_known
from medview.dicom.elscint import take_compressed
from medview.dicom.header import (
    Concatenation,
    FrameCommon,
    FrameHeader,
    ImageHeader,
    InstanceHeader,
    SeriesHeader,
    Vector3,
    as_floats,
    as_integer,
    as_longs,
    as_number,
    as_numbers,
    as_short,
    as_shorts,
    as_text,
    as_words,
    first,
)
from medview.dicom.header_parts import (
    imager_spacing,
    modality_lut,
    patient_orientation,
    radiopharmaceutical,
    real_world_mappings,
    ultrasound_regions,
    vector_names,
)
from medview.dicom.icc import has_profile
from medview.dicom.inflate import HARMLESS, MAX_RATIO
from medview.dicom.oddities import oddities_of, unknown_syntax_fault
from medview.dicom.pixel_description import PixelDescription, PixelElement, samples_of
from medview.dicom.private import counters_of, has_reversed_rows, private_values
from medview.dicom.text_guess import guessed
from medview.dicom.transfer_syntax import missing_decoder, transfer_syntax
from medview.dicom.windows import windows_of
from medview.files.byte_source import Stamp

T_Value = TypeVar("T_Value")

_SERIES_TAGS = (
    tags.CHARSET, tags.SOP_CLASS, tags.STUDY_DATE, tags.SERIES_DATE, tags.STUDY_TIME, tags.SERIES_TIME, tags.ACCESSION, tags.MODALITY,
    tags.MANUFACTURER, tags.INSTITUTION, tags.STUDY_DESCRIPTION, tags.SERIES_DESCRIPTION, tags.MODEL_NAME, tags.PATIENT_NAME,
    tags.PATIENT_ID, tags.BIRTH_DATE, tags.SEX, tags.AGE, tags.PATIENT_SIZE, tags.PATIENT_WEIGHT, tags.CONTRAST_AGENT, tags.BODY_PART,
    tags.STUDY_UID, tags.SERIES_UID, tags.STUDY_ID, tags.SERIES_NUMBER, tags.LATERALITY, tags.PROTOCOL, tags.BURNED_IN,
    tags.PATIENT_POSITION, tags.PET_UNITS, tags.DECAY_CORRECTION, tags.CORRECTED_IMAGE, tags.SERIES_TYPE,
    tags.RADIOPHARMACEUTICALS, tags.MEDIA_CLASS_UID, tags.SUV_TYPE,
)  # fmt: skip
_IMAGE_TAGS = (
    tags.PIXEL_REPRESENTATION, tags.PADDING, tags.PADDING_LIMIT, tags.PRESENTATION_SHAPE, tags.MODALITY_LUTS, tags.IMAGER_SPACING,
    tags.SCANNED_SPACING, tags.MAGNIFICATION, tags.SOURCE_DETECTOR, tags.SOURCE_PATIENT, tags.CALIBRATION_TYPE, tags.PIXEL_ASPECT,
    tags.VIEW_POSITION, tags.PATIENT_ORIENTATION, tags.ANATOMICAL_TYPE, tags.ULTRASOUND_REGIONS, tags.FRAME_TIME, tags.FRAME_TIME_VECTOR, tags.FRAME_INCREMENT, tags.CINE_RATE,
    tags.DISPLAY_RATE, tags.LOSSY, tags.LOSSY_RATIO, tags.LOSSY_METHOD, tags.GANTRY_TILT, tags.DOSE_UNITS, tags.FRAME_PIXEL_PROPERTIES,
    tags.DIMENSION_SEQUENCE, tags.PHOTOMETRIC, tags.PIXEL_PRESENTATION, tags.IMAGE_PLANE_SPACING,
    tags.ENERGY_WINDOWS, tags.DETECTORS, tags.VIEW_CODE,
)  # fmt: skip
_FRAME_TAGS = (
    tags.ORIENTATION, tags.PIXEL_SPACING, tags.SLICE_THICKNESS, tags.SLICE_SPACING, tags.RESCALE_SLOPE, tags.RESCALE_INTERCEPT,
    tags.RESCALE_TYPE, tags.WINDOW_CENTER, tags.WINDOW_WIDTH, tags.WINDOW_EXPLANATION, tags.VOI_FUNCTION, tags.VOI_LUTS, tags.IMAGE_TYPE,
    tags.FRAME_TYPE, tags.COMPLEX_COMPONENT, tags.ECHO_TIME, tags.EFFECTIVE_ECHO_TIME, tags.ECHO_NUMBER, tags.INVERSION_TIME,
    tags.FLIP_ANGLE, tags.B_VALUE, tags.DIFFUSION_DIRECTION, tags.DIFFUSION_DIRECTIONALITY, tags.KERNEL, tags.CT_KERNEL, tags.KVP,
    tags.IMAGE_LATERALITY, tags.FRAME_LATERALITY, tags.ASL_CONTEXT, tags.CHARSET, tags.PIXEL_REPRESENTATION, tags.DOSE_SCALING,
    tags.INVERSION_TIMES, tags.REAL_WORLD_MAPPINGS, tags.SEQUENCE_NAME,
)  # fmt: skip
_PIXEL_TAGS = (
    tags.ROWS, tags.COLUMNS, tags.SAMPLES, tags.PHOTOMETRIC, tags.PLANAR, tags.NUMBER_OF_FRAMES, tags.BITS_ALLOCATED, tags.BITS_STORED,
    tags.HIGH_BIT, tags.PIXEL_REPRESENTATION, tags.RECOGNITION_CODE, tags.PLANES, tags.IMAGE_DIMENSIONS,
)  # fmt: skip
_ENHANCED_TAGS = frozenset(
    {
        tags.FRAME_ACQUISITION_NUMBER, tags.TEMPORAL_INDEX, tags.CARDIAC_TRIGGER_DELAY, tags.NOMINAL_CARDIAC_PHASE,
        tags.TEMPORAL_OFFSET, tags.FRAME_ACQUISITION_DATETIME, tags.FRAME_REFERENCE_DATETIME, tags.STACK_ID,
        tags.IN_STACK_POSITION, tags.SEGMENT_NUMBER, tags.EXTRA_AXES,
    }
)  # fmt: skip
_OWN_TAGS = frozenset(
    {
        tags.SOP_UID, tags.INSTANCE_NUMBER, tags.FRAME_OF_REFERENCE, tags.POSITION, tags.ACQUISITION_NUMBER, tags.TEMPORAL_POSITION,
        tags.TRIGGER_TIME, tags.FRAME_REFERENCE_TIME, tags.ACQUISITION_DATE, tags.ACQUISITION_TIME, tags.ACQUISITION_DATETIME,
        tags.CONTENT_DATE, tags.CONTENT_TIME,
    }
)  # fmt: skip
"""What is read of every file anew; nothing else of a header depends on it."""
_OVERLAY_ROWS = frozenset(tags.OVERLAY_ROWS)
_OVERLAY_SIZES = frozenset(tags.OVERLAY_ROWS + tags.OVERLAY_COLUMNS)
_RARE = _OVERLAY_ROWS | {tags.ICC_PROFILE, tags.OPTICAL_PATHS}
_PRIVATE_MODALITIES = frozenset({b"MR", b"PT"})
_ELEMENTS: dict[int, PixelElement] = {tags.PIXELS: "pixels", tags.FLOAT_PIXELS: "float", tags.DOUBLE_PIXELS: "double"}
_CACHE_SIZE = 4096
_Judged = tuple[PixelDescription | None, tuple[str, str] | None, tuple[str, ...]]
"""What the pixels are, why they cannot be shown (code, reason), and what is odd about them (codes)."""
_Parts = tuple[SeriesHeader, ImageHeader, _Judged, FrameCommon]
"""All of a file of one frame that is not its own."""
MAX_FRAMES = 1_000_000
_MOST_SAMPLES = 4
"""PS3.3 C.7.6.3.1.1: 1, 3, retired 4."""
MANY_FRAMES = 20_000


class HeaderReader:
    """Reads headers of many files; not for several threads at once."""

    def __init__(self) -> None:
        self._caches: tuple[dict[Any, Any], ...] = ({}, {}, {}, {})
        self._alike: dict[tuple[Any, ...], _Parts] = {}
        self._first_read = FIRST_READ
        self._layouts = Layouts()
        self._alike_files: AlikeFiles[_Parts] = AlikeFiles(self._layouts)
        self._reference: tuple[bytes | None, str] = (None, "")

    def read(self, path: str) -> InstanceHeader:
        """The header of one file; raises as :func:`medview.dicom.elements.read_elements` does."""
        raw = read_unless_known(path, self._first_read, WANTED, self._layouts, self._alike_files.known)
        if isinstance(raw, AlikeFile):
            return self._own_header(path, raw.own, raw.parts, raw.size, raw.stamp, False)
        if raw.pixel_offset and raw.deflated_at is None:
            # The next file of the folder is probably like this one: read its header at one go.
            self._first_read = min(max(FIRST_READ, (raw.pixel_offset + 4096) & ~4095), 512 * 1024)
        return self.build(path, raw)

    def build(self, path: str, raw: RawInstance) -> InstanceHeader:
        """The header value of elements that were read."""
        values = raw.values
        likeness = _likeness(raw)
        alike = self._alike.get(likeness) if likeness else None
        if alike is not None:
            self._alike_files.learn(raw, _OWN_TAGS, alike)
            return self._own_header(path, values, alike, raw.file_size, raw.stamp, raw.packed)
        private = private_values(values) if values.get(tags.MODALITY, b"").strip() in _PRIVATE_MODALITIES else {}
        series = self._shared(0, values, _SERIES_TAGS, (), lambda: _series_header(values))
        rare = values.keys() & _RARE
        tiles = _tiles(values, private)
        imager = imager_spacing(values) if tags.SHARED_GROUPS in values else None
        image_key = (*private.items(), *sorted(rare), bool(rare) and has_profile(values), tiles, imager)
        image = self._shared(1, values, _IMAGE_TAGS, image_key, lambda: _image_header(values, private, tiles))
        pixels, fault, oddities = self._pixels(raw)
        frames = self.frames(values, private, pixels) if fault is None else (self.frame(values, private),)
        concatenation = None
        if tags.CONCATENATION_UID in values:
            offsets = as_longs(values.get(tags.CONCATENATION_FRAME_OFFSET))
            concatenation = Concatenation(
                as_text(values[tags.CONCATENATION_UID]),
                as_short(values.get(tags.IN_CONCATENATION_NUMBER)),
                offsets[0] if offsets else None,
                as_short(values.get(tags.CONCATENATION_TOTAL)) or None,
            )
        elif likeness and pixels is not None and pixels.frames == 1 and not private and _is_plain(values):
            if len(self._alike) >= _CACHE_SIZE:
                self._alike.clear()
            self._alike[likeness] = (series, image, (pixels, fault, oddities), frames[0].common)
        return InstanceHeader(
            path,
            raw.file_size,
            as_text(values.get(tags.SOP_UID)),
            as_integer(values.get(tags.INSTANCE_NUMBER)),
            series,
            image,
            pixels,
            frames,
            fault,
            self._frame_of_reference(values.get(tags.FRAME_OF_REFERENCE)),
            oddities,
            concatenation,
            stamp=raw.stamp,
            packed=raw.packed,
        )

    def _own_header(
        self, path: str, own: Values, parts: _Parts, file_size: int, stamp: Stamp, packed: bool
    ) -> InstanceHeader:
        """The header of a file of one frame from its own values and the parts that it shares with others."""
        series, image, (pixels, fault, oddities), common = parts
        return InstanceHeader(
            path,
            file_size,
            as_text(own.get(tags.SOP_UID)),
            as_integer(own.get(tags.INSTANCE_NUMBER)),
            series,
            image,
            pixels,
            (_plain_frame(common, own),),
            fault,
            self._frame_of_reference(own.get(tags.FRAME_OF_REFERENCE)),
            oddities,
            stamp=stamp,
            packed=packed,
        )

    def _frame_of_reference(self, value: bytes | None) -> str:
        if self._reference[0] != value:
            self._reference = (value, as_text(value))
        return self._reference[1]

    def frames(
        self, values: Values, private: dict[str, bytes], pixels: PixelDescription | None
    ) -> tuple[FrameHeader, ...]:
        """One frame header, or one for each frame where the file gives frames their own attributes."""
        if pixels is None:
            return ()
        if pixels.frames > 1 or tags.FRAME_GROUPS in values or tags.SHARED_GROUPS in values:
            from medview.dicom.multiframe import frame_values

            per_frame = frame_values(values, pixels.frames)
            if per_frame is not None:
                return tuple(self.frame(each, private) for each in per_frame)
        return (self.frame(values, private),)

    def frame(self, values: Values, private: dict[str, bytes]) -> FrameHeader:
        """Attributes of a frame from values in the words of the classic objects."""
        get = values.get
        common = self._shared(2, values, _FRAME_TAGS, tuple(private.items()), lambda: _frame_common(values, private))
        counted = counters_of(private) if private else ()
        frame = _plain_frame(common, values, counted)
        if _is_plain(values):
            return frame
        acquisition = frame.acquisition_number
        if tags.FRAME_ACQUISITION_NUMBER in values:
            acquisition = as_short(get(tags.FRAME_ACQUISITION_NUMBER))
        return FrameHeader(
            common,
            frame.position,
            acquisition,
            first(as_longs(get(tags.TEMPORAL_INDEX)), frame.temporal_index),
            first(as_floats(get(tags.CARDIAC_TRIGGER_DELAY)), frame.trigger_time),
            first(as_floats(get(tags.NOMINAL_CARDIAC_PHASE)), None),
            1000 * offset[0] if (offset := as_floats(get(tags.TEMPORAL_OFFSET))) else frame.reference_time,
            as_text(get(tags.FRAME_ACQUISITION_DATETIME)) or frame.acquisition_time,
            as_text(get(tags.FRAME_REFERENCE_DATETIME)) or frame.content_time,
            as_text(get(tags.STACK_ID)),
            first(as_longs(get(tags.IN_STACK_POSITION)), None),
            as_short(get(tags.SEGMENT_NUMBER)) if tags.SEGMENT_NUMBER in values else None,
            as_longs(get(tags.DIMENSION_VALUES)),
            get(tags.EXTRA_AXES, counted),
        )

    def _pixels(self, raw: RawInstance) -> _Judged:
        if tags.ELSCINT_PIXELS in raw.extended:
            take_compressed(raw)
        if not raw.pixel_tag or raw.pixel_length == 0:
            return None, _fault(raw, None), oddities_of(raw, None)
        values = raw.values
        planes = values.keys() & _OVERLAY_SIZES
        # All that the verdicts are made of: files of a series get one.
        extra = (
            raw.transfer_syntax, raw.pixel_offset, raw.pixel_length, raw.pixel_tag, raw.pixel_vr, raw.big_endian, raw.deflated_at,
            tuple(raw.extended.items()), raw.oddities, raw.cut_off, raw.truncated, raw.data_size, raw.file_size,
            tuple((tag, values[tag]) for tag in sorted(planes)) if planes else (),
        )  # fmt: skip
        return self._shared(3, values, _PIXEL_TAGS, extra, lambda: _judged(raw))

    def _shared(
        self, which: int, values: Values, wanted: tuple[int, ...], extra: tuple[Any, ...], make: Callable[[], T_Value]
    ) -> T_Value:
        """The value that ``make`` gives, or the equal one made for an earlier file."""
        cache = self._caches[which]
        key: Any = (*map(values.get, wanted), *extra)
        try:
            found = cache.get(key)
        except TypeError:  # a sequence is no key, its text is
            key = repr(key)
            found = cache.get(key)
        if found is None:
            if len(cache) >= _CACHE_SIZE:
                cache.clear()
            found = cache[key] = make()
        return found


def _series_header(values: Values) -> SeriesHeader:
    get = values.get
    codecs = codecs_of(get(tags.CHARSET))

    guesses: dict[int, tuple[str, str]] = {}

    def words(tag: int) -> str:
        text = decode_text(get(tag), codecs)
        if text.isascii():
            return text
        guess = guessed(get(tag, b"").strip(b" \0"), codecs)
        if guess is None:
            return text
        guesses[tag] = guess
        return text if tag == tags.PATIENT_ID else guess[0]

    name_value = get(tags.PATIENT_NAME, b"").strip(b" \0")
    name_guess = guessed(name_value, codecs)
    if name_guess is not None:
        guesses[tags.PATIENT_NAME] = name_guess
    size, weight = as_number(get(tags.PATIENT_SIZE)), as_number(get(tags.PATIENT_WEIGHT))
    patient = PatientIdentity(
        words(tags.PATIENT_ID),
        decode_text(name_value, codecs, is_name=True),
        as_text(get(tags.BIRTH_DATE)),
        as_text(get(tags.SEX)),
        as_text(get(tags.AGE)),
        size or None,
        weight or None,
        "" if name_guess is None else name_guess[0],
    )
    header = SeriesHeader(
        patient,
        as_text(get(tags.SOP_CLASS) or get(tags.MEDIA_CLASS_UID)),
        as_text(get(tags.STUDY_UID)),
        words(tags.STUDY_ID),
        as_text(get(tags.STUDY_DATE)),
        as_text(get(tags.STUDY_TIME)),
        words(tags.STUDY_DESCRIPTION),
        words(tags.ACCESSION),
        as_text(get(tags.SERIES_UID)),
        as_integer(get(tags.SERIES_NUMBER)),
        as_text(get(tags.SERIES_DATE)),
        as_text(get(tags.SERIES_TIME)),
        words(tags.SERIES_DESCRIPTION),
        as_text(get(tags.MODALITY)),
        as_text(get(tags.BODY_PART)),
        words(tags.PROTOCOL),
        as_text(get(tags.LATERALITY)),
        words(tags.MANUFACTURER),
        words(tags.MODEL_NAME),
        words(tags.INSTITUTION),
        words(tags.CONTRAST_AGENT),
        as_text(get(tags.BURNED_IN)),
        as_text(get(tags.PATIENT_POSITION)),
        radiopharmaceutical(values) if tags.PET_UNITS in values else None,
    )
    return replace(header, text_guess=next(iter(guesses.values()))) if guesses else header


def _likeness(raw: RawInstance) -> tuple[Any, ...] | None:
    """What files have in common that differ in nothing but their own tags; None where that is not known of this one."""
    if not raw.likeness or raw.extended:
        return None
    for pattern in raw.likeness:
        if not pattern.varying <= _OWN_TAGS:
            return None
    return (
        raw.likeness, raw.values.get(tags.MEDIA_CLASS_UID), raw.transfer_syntax, raw.pixel_offset, raw.pixel_length, raw.pixel_tag,
        raw.pixel_vr, raw.big_endian, raw.deflated_at, raw.oddities, raw.cut_off, raw.truncated, raw.data_size, raw.file_size,
    )  # fmt: skip


def _is_plain(values: Values) -> bool:
    """Whether a frame has nothing of what only enhanced objects say."""
    return tags.DIMENSION_VALUES not in values and _ENHANCED_TAGS.isdisjoint(values)


def _plain_frame(common: FrameCommon, values: Values, counted: tuple[tuple[str, int], ...] = ()) -> FrameHeader:
    """A frame with what classic objects say of it."""
    get = values.get
    x_y_z = as_numbers(get(tags.POSITION))
    # In a scanner: within a kilometre of its origin.
    position = _three(x_y_z) if x_y_z and min(x_y_z) > -1e6 and max(x_y_z) < 1e6 else None
    acquisition_time, content_time = _moments(
        get(tags.ACQUISITION_DATE),
        get(tags.ACQUISITION_TIME),
        get(tags.ACQUISITION_DATETIME),
        get(tags.CONTENT_DATE),
        get(tags.CONTENT_TIME),
    )
    return FrameHeader(
        common,
        position,
        as_integer(get(tags.ACQUISITION_NUMBER)),
        as_integer(get(tags.TEMPORAL_POSITION)),
        as_number(get(tags.TRIGGER_TIME)),
        None,
        as_number(get(tags.FRAME_REFERENCE_TIME)),
        acquisition_time,
        content_time,
        extra_axes=counted,
    )


@lru_cache(maxsize=256)
def _moments(
    date: bytes | None, time: bytes | None, moment: bytes | None, content_date: bytes | None, content_time: bytes | None
) -> tuple[str, str]:
    """Date and time of acquisition and of content, each as one text."""
    acquisition = as_text(date) + as_text(time)
    if len(acquisition) <= len("YYYYMMDD"):
        acquisition = as_text(moment) or acquisition
    return acquisition, as_text(content_date) + as_text(content_time)


def _pair(numbers: tuple[float, ...]) -> tuple[float, float] | None:
    """Two positive numbers of a sane size, else None."""
    return (numbers[0], numbers[1]) if len(numbers) == 2 and min(numbers) > 1e-6 and max(numbers) < 1e5 else None


def _image_header(values: Values, private: dict[str, bytes], tiles: int) -> ImageHeader:
    get = values.get
    signed = as_short(get(tags.PIXEL_REPRESENTATION)) == 1
    padding = None
    low = as_shorts(get(tags.PADDING), signed)
    if low and not as_text(get(tags.PHOTOMETRIC)).startswith(("RGB", "YBR")):
        high = as_shorts(get(tags.PADDING_LIMIT), signed) or low
        padding = (min(low[0], high[0]), max(low[0], high[0]))
    scale = as_floats(private.get("philips_scale_slope"), double=False)
    offset = as_floats(private.get("philips_scale_intercept"), double=False)
    factors = (as_number(private.get("philips_suv_factor")), as_number(private.get("philips_activity_factor")))
    return ImageHeader(
        padding,
        as_text(get(tags.PRESENTATION_SHAPE)).upper(),
        modality_lut(values, signed),
        _pair(as_numbers(imager_spacing(values))),
        _pair(as_numbers(get(tags.SCANNED_SPACING))),
        as_number(get(tags.MAGNIFICATION)),
        as_number(get(tags.SOURCE_DETECTOR)),
        as_number(get(tags.SOURCE_PATIENT)),
        as_text(get(tags.CALIBRATION_TYPE)),
        _pair(as_numbers(get(tags.PIXEL_ASPECT))),
        view_of(values),
        patient_orientation(values),
        ultrasound_regions(values),
        _frame_time(values),
        as_text(get(tags.LOSSY)),
        as_text(get(tags.LOSSY_RATIO)),
        as_text(get(tags.LOSSY_METHOD)),
        as_number(get(tags.GANTRY_TILT)),
        tiles,
        _three(as_numbers(private.get("mosaic_normal"))),
        _tile_positions(private),
        (scale[0], offset[0]) if scale and offset and scale[0] else None,
        factors if any(factors) else None,
        as_text(get(tags.DOSE_UNITS)),
        _dimension_pointers(values),
        broken_lut=bool(values.get(tags.MODALITY_LUTS)) and modality_lut(values, signed) is None,
        has_profile=has_profile(values),
        view_modifiers=view_modifiers(values),
        pet_scan=as_text(private.get("ge_pet_scan")),
        has_reversed_rows=has_reversed_rows(private),
        overlays=tuple(sorted(tag & 0xFFFF for tag in values.keys() & _OVERLAY_ROWS)),
        vector_names=vector_names(values) if tags.ENERGY_WINDOWS in values or tags.DETECTORS in values else (),
        has_supplemental=tags.RED_DESCRIPTOR in values and as_text(get(tags.PIXEL_PRESENTATION)) in {"COLOR", "MIXED"},
    )


def _three(numbers: tuple[float, ...]) -> Vector3 | None:
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None


def _dimension_pointers(values: Values) -> tuple[int, ...]:
    pointers = (as_shorts(item.get(tags.DIMENSION_POINTER)) for item in values.get(tags.DIMENSION_SEQUENCE) or ())
    return tuple(tags.tag(pointer[0], pointer[1]) for pointer in pointers if len(pointer) == 2)


def _tiles(values: Values, private: dict[str, bytes]) -> int:
    """How many slices a mosaic holds, 1 where that is unknown, 0 for a plain image."""
    kind = values.get(tags.IMAGE_TYPE, b"")
    if b"MOSAIC" not in kind and b"VFRAME" not in kind:
        return 0
    if (
        tags.FRAME_GROUPS in values
        or tags.SHARED_GROUPS in values
        or (as_integer(values.get(tags.NUMBER_OF_FRAMES)) or 1) > 1
    ):
        return 0  # taken apart by the scanner, which keeps the word (Siemens XA)
    if b"VFRAME" in kind:
        places = len(_tile_positions(private))
        return min(int(as_number(private.get("uih_tiles")) or places), places) or 1
    known = as_short(private.get("siemens_tiles")) or as_integer(private.get("mosaic_tiles")) or 0
    return known or int(not _is_one_slice(values, private))


def _is_one_slice(values: Values, private: dict[str, bytes]) -> bool:
    """Whether an image that calls itself a mosaic is no larger than what was acquired: a slice saved singly."""
    matrix = [int(part) for part in re.findall(rb"\d+", private.get("siemens_matrix", b""))]
    matrix = matrix or [side for side in as_shorts(values.get(tags.ACQUISITION_MATRIX)) if side]
    sides = (as_short(values.get(tags.ROWS)), as_short(values.get(tags.COLUMNS)))
    return bool(matrix) and max(sides) < 1.5 * max(matrix)


def _tile_positions(private: dict[str, bytes]) -> tuple[Vector3, ...]:
    numbers = as_numbers(private.get("tile_positions"))
    if len(numbers) % 3:
        return ()
    return tuple((numbers[at], numbers[at + 1], numbers[at + 2]) for at in range(0, len(numbers), 3))


def _frame_time(values: Values) -> float | None:
    time = as_number(values.get(tags.FRAME_TIME))
    pointer = as_shorts(values.get(tags.FRAME_INCREMENT))
    counts_by_vector = tuple(pointer[:2]) == (tags.FRAME_TIME_VECTOR & 0xFFFF, tags.FRAME_TIME_VECTOR >> 16)
    vector = as_numbers(values.get(tags.FRAME_TIME_VECTOR))
    if vector and (time is None or counts_by_vector):
        time = sum(vector) / max(1, len(vector) - 1)  # the first entry is always 0 (PS3.3 C.7.6.5.1.2)
    if not time:
        rate = as_number(values.get(tags.CINE_RATE)) or as_number(values.get(tags.DISPLAY_RATE))
        time = 1000.0 / rate if rate else None
    return time


_GE_COMPONENTS = ("M", "P", "R", "I")
_COMPONENTS = {"MAGNITUDE": "M", "PHASE": "P", "REAL": "R", "IMAGINARY": "I", "PHASE MAP": "P"}
_TYPE_COMPONENTS = {"M": "M", "P": "P", "R": "R", "I": "I"} | _COMPONENTS


def _component(values: Values, private: dict[str, bytes], image_type: tuple[str, ...]) -> str:
    said = _COMPONENTS.get(as_text(values.get(tags.COMPLEX_COMPONENT)), "")
    if said:
        return said
    if values.get(tags.MODALITY, b"").strip() != b"MR":
        return ""
    if "ge_component" in private:
        number = as_short(private["ge_component"])
        return _GE_COMPONENTS[number] if number < 4 else ""
    return next((_TYPE_COMPONENTS[word] for word in image_type[2:] if word in _TYPE_COMPONENTS), "")


def _diffusion(values: Values, private: dict[str, bytes]) -> tuple[float | None, tuple[float, ...]]:
    """(b-value, direction) from the standard attribute, else from the maker's own."""
    b = first(as_floats(values.get(tags.B_VALUE)), None)
    direction = as_floats(values.get(tags.DIFFUSION_DIRECTION))
    if private:
        if b is None:
            b = as_number(private.get("siemens_b"))
        if b is None and (ge := as_number(private.get("ge_b"))) is not None:
            b = ge % 1e9 if ge >= 1e9 else ge  # newer software adds a flag of 10^9
        if b is None:
            b = first(as_floats(private.get("philips_b"), double=False) or as_floats(private.get("uih_b")), None)
        if not direction:
            direction = as_floats(private.get("siemens_direction")) or as_floats(private.get("uih_direction"))
            direction = direction or as_numbers(private.get("csa_direction"))
        for maker, read in (("ge", as_numbers), ("philips", lambda v: as_floats(v, double=False))):
            if not direction:
                parts = [read(private.get(f"{maker}_direction_{axis}")) for axis in "xyz"]
                direction = tuple(part[0] for part in parts) if all(parts) else ()
    return b, direction if len(direction) == 3 else ()


def _frame_common(values: Values, private: dict[str, bytes]) -> FrameCommon:
    get = values.get
    orientation = as_numbers(get(tags.ORIENTATION))
    slope, intercept = as_number(get(tags.RESCALE_SLOPE)), as_number(get(tags.RESCALE_INTERCEPT))
    if tags.DOSE_SCALING in values and slope is None:
        slope = as_number(get(tags.DOSE_SCALING))
    image_type = tuple(word.upper() for word in as_words(get(tags.FRAME_TYPE) or get(tags.IMAGE_TYPE)))
    echo = first(as_floats(get(tags.EFFECTIVE_ECHO_TIME)), as_number(get(tags.ECHO_TIME)))
    inversion = first(as_floats(get(tags.INVERSION_TIMES)), as_number(get(tags.INVERSION_TIME)))
    b, direction = _diffusion(values, private)
    vois, faults = windows_of(values, intercept or 0.0)
    return FrameCommon(
        orientation if len(orientation) == 6 else None,
        _pair(as_numbers(get(tags.PIXEL_SPACING))),
        as_number(get(tags.SLICE_THICKNESS)),
        as_number(get(tags.SLICE_SPACING)),
        1.0 if slope is None else slope,
        intercept or 0.0,
        slope is not None or intercept is not None,
        as_text(get(tags.RESCALE_TYPE)),
        vois,
        faults,
        image_type,
        _component(values, private, image_type),
        echo,
        as_integer(get(tags.ECHO_NUMBER)),
        inversion,
        as_number(get(tags.FLIP_ANGLE)),
        b,
        direction or None,  # type: ignore[arg-type]
        as_text(get(tags.DIFFUSION_DIRECTIONALITY)) or as_text(private.get("philips_direction")),
        as_text(get(tags.KERNEL) or get(tags.CT_KERNEL)),
        as_number(get(tags.KVP)),
        as_text(get(tags.FRAME_LATERALITY) or get(tags.IMAGE_LATERALITY)),
        as_text(get(tags.ASL_CONTEXT)) or as_text(private.get("philips_label")),
        as_text(get(tags.SEQUENCE_NAME)),
        real_world=real_world_mappings(values),
        half_rescale=(slope is None) != (intercept is None) and tags.DOSE_SCALING not in values,
    )


def _unsaid_width(raw: RawInstance, cells: int) -> int:
    """Bits of a cell where BitsAllocated is missing: what the length of native pixels leaves for each, else what holds."""
    if raw.pixel_tag != tags.PIXELS:
        return {tags.FLOAT_PIXELS: 32, tags.DOUBLE_PIXELS: 64}.get(raw.pixel_tag, 16)
    stored = as_short(raw.values.get(tags.BITS_STORED))
    if raw.pixel_length is not None and cells:
        width = 8 * raw.pixel_length // cells
        if width in {8, 16, 32} and stored <= width:
            return width
    return 8 if 0 < stored <= 8 else 16


def _pixel_description(raw: RawInstance) -> PixelDescription:
    get = raw.values.get
    rows, columns, frames = grid_of(raw)
    photometric = as_text(get(tags.PHOTOMETRIC)).upper() or "MONOCHROME2"
    samples = as_short(get(tags.SAMPLES)) or samples_of(photometric)
    samples = samples if samples <= _MOST_SAMPLES else samples_of(photometric)
    allocated = as_short(get(tags.BITS_ALLOCATED)) or _unsaid_width(raw, rows * columns * samples * frames)
    stored = as_short(get(tags.BITS_STORED)) or allocated
    return PixelDescription(
        rows,
        columns,
        raw.transfer_syntax,
        raw.pixel_offset,
        raw.pixel_length,
        frames,
        samples,
        allocated,
        stored,
        as_short(get(tags.HIGH_BIT), stored - 1),
        as_short(get(tags.PIXEL_REPRESENTATION)) == 1,
        photometric,
        as_short(get(tags.PLANAR)),
        _ELEMENTS[raw.pixel_tag],
        raw.pixel_vr,
        raw.big_endian,
        raw.deflated_at,
        raw.extended.get(tags.EXTENDED_OFFSETS),
        raw.extended.get(tags.EXTENDED_LENGTHS),
    )


def _judged(raw: RawInstance) -> _Judged:
    pixels = _pixel_description(raw)
    return pixels, _fault(raw, pixels), oddities_of(raw, pixels)


def _fault(raw: RawInstance, pixels: PixelDescription | None) -> tuple[str, str] | None:
    """Why the frames of this object cannot be shown, as far as the header tells."""
    if pixels is None:
        if raw.pixel_tag:
            return ("empty_pixel_data", "the pixel data element is empty")
        if transfer_syntax(raw.transfer_syntax).codec == "remote":
            return ("codec_missing", missing_decoder(raw.transfer_syntax))
        if raw.truncated:
            return ("truncated_header", "the file ends inside its header")
        if tags.ROWS in raw.values and tags.COLUMNS in raw.values and tags.BITS_ALLOCATED in raw.values:
            return ("no_pixel_data", "it describes an image but holds no pixel data")
        return None
    if pixels.rows == 0 or pixels.columns == 0:
        return ("no_image_size", "the number of rows or columns is missing or zero")
    # PS3.5 8.1.1 wants 1 or a multiple of 8; before 1998 cells of any size lay side by side.
    if not 1 <= pixels.bits_allocated <= 64 or not 0 < pixels.bits_stored <= pixels.bits_allocated:
        return (
            "bad_pixel_format",
            f"{pixels.bits_stored} bits stored in {pixels.bits_allocated} allocated is not a format of DICOM",
        )
    unknown = unknown_syntax_fault(pixels)
    if unknown is not None:
        return unknown
    if pixels.frames > MAX_FRAMES:
        return ("impossible_frames", f"{pixels.frames} frames are more than a file can hold")
    there = raw.data_size - raw.pixel_offset
    if raw.data_size == 0:  # only so much of a deflated data set is inflated as its header takes
        there = raw.file_size if pixels.is_encapsulated else max(MAX_RATIO * raw.file_size, HARMLESS)
    if pixels.is_encapsulated:
        # Every frame needs an item header at least; video holds many frames in one fragment, none in less than this.
        if pixels.frames > max(1, there // 8):
            return ("impossible_frames", f"{pixels.frames} frames cannot lie in {there} bytes")
        return ("truncated_pixels", "the file ends before its pixel data") if there <= 8 else None
    there = min(there, pixels.data_length) if pixels.data_length else there
    needed = (pixels.frame_bits + 7) // 8
    if there < needed:
        return ("truncated_pixels", f"a frame needs {needed} bytes of pixel data, and {max(0, there)} are there")
    # A file may have lost most of its frames; a tiny one that announces a million is a lie that would take seconds.
    share = 64 if pixels.frames <= MANY_FRAMES else 2
    if pixels.frames > 1 and pixels.frames * pixels.frame_bits > share * 8 * there:
        return ("impossible_frames", f"{pixels.frames} frames cannot lie in {there} bytes")
    return None
