"""From a file's elements to an InstanceHeader; a reader remembers what it has seen, so a series costs little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from medview.core.study import PatientIdentity
from medview.dicom import tags as T
from medview.dicom.charset import codecs_of, decode_text
from medview.dicom.elements import FIRST_READ, RawInstance, Values, read_elements
from medview.dicom.header import (
    Concatenation,
    FrameCommon,
    FrameHeader,
    ImageHeader,
    InstanceHeader,
    ModalityLut,
    Radiopharmaceutical,
    SeriesHeader,
    UltrasoundRegion,
    as_floats,
    as_integer,
    as_longs,
    as_number,
    as_numbers,
    as_short,
    as_shorts,
    as_text,
    as_words,
)
from medview.dicom.pixel_description import PixelDescription, PixelElement
from medview.dicom.private import private_values
from medview.dicom.windows import windows_of

T_Value = TypeVar("T_Value")

_SERIES_TAGS = (
    T.CHARSET, T.SOP_CLASS, T.STUDY_DATE, T.SERIES_DATE, T.STUDY_TIME, T.SERIES_TIME, T.ACCESSION, T.MODALITY,
    T.MANUFACTURER, T.INSTITUTION, T.STUDY_DESCRIPTION, T.SERIES_DESCRIPTION, T.MODEL_NAME, T.PATIENT_NAME,
    T.PATIENT_ID, T.BIRTH_DATE, T.SEX, T.AGE, T.PATIENT_SIZE, T.PATIENT_WEIGHT, T.CONTRAST_AGENT, T.BODY_PART,
    T.STUDY_UID, T.SERIES_UID, T.STUDY_ID, T.SERIES_NUMBER, T.LATERALITY, T.PROTOCOL, T.BURNED_IN,
    T.PATIENT_POSITION, T.FRAME_OF_REFERENCE, T.PET_UNITS, T.DECAY_CORRECTION, T.CORRECTED_IMAGE, T.SERIES_TYPE,
    T.RADIOPHARMACEUTICALS, T.MEDIA_CLASS_UID,
)  # fmt: skip
_IMAGE_TAGS = (
    T.PIXEL_REPRESENTATION, T.PADDING, T.PADDING_LIMIT, T.PRESENTATION_SHAPE, T.MODALITY_LUTS, T.IMAGER_SPACING,
    T.SCANNED_SPACING, T.MAGNIFICATION, T.SOURCE_DETECTOR, T.SOURCE_PATIENT, T.CALIBRATION_TYPE, T.PIXEL_ASPECT,
    T.VIEW_POSITION, T.PATIENT_ORIENTATION, T.ULTRASOUND_REGIONS, T.FRAME_TIME, T.FRAME_TIME_VECTOR, T.CINE_RATE,
    T.DISPLAY_RATE, T.LOSSY, T.LOSSY_RATIO, T.LOSSY_METHOD, T.GANTRY_TILT, T.DOSE_UNITS, T.FRAME_PIXEL_PROPERTIES,
    T.DIMENSION_SEQUENCE, T.PHOTOMETRIC,
)  # fmt: skip
_FRAME_TAGS = (
    T.ORIENTATION, T.PIXEL_SPACING, T.SLICE_THICKNESS, T.SLICE_SPACING, T.RESCALE_SLOPE, T.RESCALE_INTERCEPT,
    T.RESCALE_TYPE, T.WINDOW_CENTER, T.WINDOW_WIDTH, T.WINDOW_EXPLANATION, T.VOI_FUNCTION, T.VOI_LUTS, T.IMAGE_TYPE,
    T.FRAME_TYPE, T.COMPLEX_COMPONENT, T.ECHO_TIME, T.EFFECTIVE_ECHO_TIME, T.ECHO_NUMBER, T.INVERSION_TIME,
    T.FLIP_ANGLE, T.B_VALUE, T.DIFFUSION_DIRECTION, T.DIFFUSION_DIRECTIONALITY, T.KERNEL, T.CT_KERNEL, T.KVP,
    T.IMAGE_LATERALITY, T.FRAME_LATERALITY, T.ASL_CONTEXT, T.CHARSET, T.PIXEL_REPRESENTATION, T.DOSE_SCALING,
    T.INVERSION_TIMES,
)  # fmt: skip
_PIXEL_TAGS = (
    T.ROWS, T.COLUMNS, T.SAMPLES, T.PHOTOMETRIC, T.PLANAR, T.NUMBER_OF_FRAMES, T.BITS_ALLOCATED, T.BITS_STORED,
    T.HIGH_BIT, T.PIXEL_REPRESENTATION,
)  # fmt: skip
_PRIVATE_MODALITIES = frozenset({b"MR", b"PT"})
_ELEMENTS: dict[int, PixelElement] = {T.PIXELS: "pixels", T.FLOAT_PIXELS: "float", T.DOUBLE_PIXELS: "double"}
_CACHE_SIZE = 4096
MAX_FRAMES = 1_000_000


class HeaderReader:
    """Reads headers of many files; not for several threads at once."""

    def __init__(self) -> None:
        self._caches: tuple[dict[Any, Any], ...] = ({}, {}, {}, {})
        self._first_read = FIRST_READ

    def read(self, path: str) -> InstanceHeader:
        """The header of one file; raises as :func:`medview.dicom.elements.read_elements` does."""
        raw = read_elements(path, self._first_read)
        if raw.pixel_offset and raw.deflated_at is None:
            # The next file of the folder is probably like this one: read its header at one go.
            self._first_read = min(max(FIRST_READ, (raw.pixel_offset + 4096) & ~4095), 512 * 1024)
        return self.build(path, raw)

    def build(self, path: str, raw: RawInstance) -> InstanceHeader:
        """The header value of elements that were read."""
        values = raw.values
        private = private_values(values) if values.get(T.MODALITY, b"").strip() in _PRIVATE_MODALITIES else {}
        series = self._shared(0, values, _SERIES_TAGS, (), lambda: _series_header(values))
        private_key = tuple(private.values())
        image = self._shared(1, values, _IMAGE_TAGS, private_key, lambda: _image_header(values, private))
        pixels = self._pixels(raw)
        frames = self.frames(values, private, pixels)
        fault = _fault(raw, pixels)
        concatenation = None
        if T.CONCATENATION_UID in values:
            offsets = as_longs(values.get(T.CONCATENATION_FRAME_OFFSET))
            concatenation = Concatenation(
                as_text(values[T.CONCATENATION_UID]),
                as_short(values.get(T.IN_CONCATENATION_NUMBER)),
                offsets[0] if offsets else None,
            )
        return InstanceHeader(
            path,
            raw.file_size,
            as_text(values.get(T.SOP_UID)),
            as_integer(values.get(T.INSTANCE_NUMBER)),
            series,
            image,
            pixels,
            frames,
            fault,
            raw.oddities,
            concatenation,
        )

    def frames(
        self, values: Values, private: dict[str, bytes], pixels: PixelDescription | None
    ) -> tuple[FrameHeader, ...]:
        """One frame header, or one for each frame where the file gives frames their own attributes."""
        if pixels is None:
            return ()
        if pixels.frames > 1 or T.FRAME_GROUPS in values or T.SHARED_GROUPS in values:
            from medview.dicom.multiframe import frame_values

            per_frame = frame_values(values, pixels.frames)
            if per_frame is not None:
                return tuple(self.frame(each, private) for each in per_frame)
        return (self.frame(values, private),)

    def frame(self, values: Values, private: dict[str, bytes]) -> FrameHeader:
        """Attributes of a frame from values in the words of the classic objects."""
        get = values.get
        common = self._shared(2, values, _FRAME_TAGS, tuple(private.values()), lambda: _frame_common(values, private))
        position = as_numbers(get(T.POSITION))
        trigger = as_number(get(T.TRIGGER_TIME))
        if trigger is None and T.CARDIAC_TRIGGER_DELAY in values:
            trigger = (as_floats(get(T.CARDIAC_TRIGGER_DELAY)) or (None,))[0]
        temporal = as_integer(get(T.TEMPORAL_POSITION))
        if T.TEMPORAL_INDEX in values:
            temporal = (as_longs(get(T.TEMPORAL_INDEX)) or (temporal,))[0]
        phase = as_integer(private.get("philips_phase")) if private else None
        if T.NOMINAL_CARDIAC_PHASE in values:
            phase = None if not (found := as_floats(get(T.NOMINAL_CARDIAC_PHASE))) else found[0]  # type: ignore[assignment]
        reference = as_number(get(T.FRAME_REFERENCE_TIME))
        if reference is None and T.TEMPORAL_OFFSET in values:
            reference = (as_floats(get(T.TEMPORAL_OFFSET)) or (None,))[0]
        acquisition = as_integer(get(T.ACQUISITION_NUMBER))
        if T.FRAME_ACQUISITION_NUMBER in values:
            acquisition = as_short(get(T.FRAME_ACQUISITION_NUMBER))
        segment = as_short(get(T.SEGMENT_NUMBER)) if T.SEGMENT_NUMBER in values else None
        in_stack = as_longs(get(T.IN_STACK_POSITION))
        return FrameHeader(
            common,
            (position[0], position[1], position[2]) if len(position) == 3 else None,
            acquisition,
            temporal,
            trigger,
            phase,
            reference,
            as_text(get(T.FRAME_ACQUISITION_DATETIME) or get(T.ACQUISITION_TIME)),
            as_text(get(T.FRAME_REFERENCE_DATETIME) or get(T.CONTENT_TIME)),
            as_text(get(T.STACK_ID)),
            in_stack[0] if in_stack else None,
            segment,
            as_longs(get(T.DIMENSION_VALUES)),
            get(T.EXTRA_AXES, ()),
        )

    def _pixels(self, raw: RawInstance) -> PixelDescription | None:
        if not raw.pixel_tag or raw.pixel_length == 0:
            return None
        values = raw.values
        extra = (
            raw.transfer_syntax, raw.pixel_offset, raw.pixel_length, raw.pixel_tag, raw.pixel_vr, raw.big_endian,
            raw.deflated_at, tuple(raw.extended.items()),
        )  # fmt: skip
        return self._shared(3, values, _PIXEL_TAGS, extra, lambda: _pixel_description(raw))

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
        return found  # type: ignore[no-any-return]


def _series_header(values: Values) -> SeriesHeader:
    get = values.get
    codecs = codecs_of(get(T.CHARSET))

    def words(tag: int) -> str:
        return decode_text(get(tag), codecs)

    size, weight = as_number(get(T.PATIENT_SIZE)), as_number(get(T.PATIENT_WEIGHT))
    patient = PatientIdentity(
        words(T.PATIENT_ID),
        decode_text(get(T.PATIENT_NAME), codecs, is_name=True),
        as_text(get(T.BIRTH_DATE)),
        as_text(get(T.SEX)),
        as_text(get(T.AGE)),
        size if size else None,
        weight if weight else None,
    )
    return SeriesHeader(
        patient,
        as_text(get(T.SOP_CLASS) or get(T.MEDIA_CLASS_UID)),
        as_text(get(T.STUDY_UID)),
        words(T.STUDY_ID),
        as_text(get(T.STUDY_DATE)),
        as_text(get(T.STUDY_TIME)),
        words(T.STUDY_DESCRIPTION),
        words(T.ACCESSION),
        as_text(get(T.SERIES_UID)),
        as_integer(get(T.SERIES_NUMBER)),
        as_text(get(T.SERIES_DATE)),
        as_text(get(T.SERIES_TIME)),
        words(T.SERIES_DESCRIPTION),
        as_text(get(T.MODALITY)),
        as_text(get(T.BODY_PART)),
        words(T.PROTOCOL),
        as_text(get(T.LATERALITY)),
        words(T.MANUFACTURER),
        words(T.MODEL_NAME),
        words(T.INSTITUTION),
        words(T.CONTRAST_AGENT),
        as_text(get(T.BURNED_IN)),
        as_text(get(T.PATIENT_POSITION)),
        as_text(get(T.FRAME_OF_REFERENCE)),
        _radiopharmaceutical(values) if T.PET_UNITS in values else None,
    )


def _radiopharmaceutical(values: Values) -> Radiopharmaceutical:
    items = values.get(T.RADIOPHARMACEUTICALS) or [{}]
    item = items[0]
    return Radiopharmaceutical(
        as_text(values.get(T.PET_UNITS)),
        as_words(values.get(T.CORRECTED_IMAGE)),
        as_text(values.get(T.DECAY_CORRECTION)),
        as_number(item.get(T.RADIO_DOSE)),
        as_number(item.get(T.RADIO_HALF_LIFE)),
        as_text(item.get(T.RADIO_START_TIME)),
        as_text(item.get(T.RADIO_START_DATETIME)),
        as_text(values.get(T.SERIES_TYPE)),
    )


def _pair(numbers: tuple[float, ...]) -> tuple[float, float] | None:
    """Two positive numbers, else None."""
    return (numbers[0], numbers[1]) if len(numbers) == 2 and min(numbers) > 0 else None


def _image_header(values: Values, private: dict[str, bytes]) -> ImageHeader:
    get = values.get
    signed = as_short(get(T.PIXEL_REPRESENTATION)) == 1
    padding = None
    low = as_shorts(get(T.PADDING), signed)
    if low and not as_text(get(T.PHOTOMETRIC)).startswith(("RGB", "YBR")):
        high = as_shorts(get(T.PADDING_LIMIT), signed) or low
        padding = (min(low[0], high[0]), max(low[0], high[0]))
    orientation = as_words(get(T.PATIENT_ORIENTATION))
    properties = (get(T.FRAME_PIXEL_PROPERTIES) or [{}])[0]
    scale = as_floats(private.get("philips_scale_slope"), double=False)
    offset = as_floats(private.get("philips_scale_intercept"), double=False)
    factors = (as_number(private.get("philips_suv_factor")), as_number(private.get("philips_activity_factor")))
    return ImageHeader(
        padding,
        as_text(get(T.PRESENTATION_SHAPE)).upper(),
        _modality_lut(values, signed),
        _pair(as_numbers(get(T.IMAGER_SPACING) or properties.get(T.IMAGER_SPACING))),
        _pair(as_numbers(get(T.SCANNED_SPACING))),
        as_number(get(T.MAGNIFICATION)),
        as_number(get(T.SOURCE_DETECTOR)),
        as_number(get(T.SOURCE_PATIENT)),
        as_text(get(T.CALIBRATION_TYPE)),
        _pair(as_numbers(get(T.PIXEL_ASPECT))),
        as_text(get(T.VIEW_POSITION)),
        (orientation[0], orientation[1]) if len(orientation) == 2 else None,
        _regions(values),
        _frame_time(values),
        as_text(get(T.LOSSY)),
        as_text(get(T.LOSSY_RATIO)),
        as_text(get(T.LOSSY_METHOD)),
        as_number(get(T.GANTRY_TILT)),
        _tiles(values, private),
        (scale[0], offset[0]) if scale and offset and scale[0] else None,
        factors if any(factors) else None,
        as_text(get(T.DOSE_UNITS)),
        _dimension_pointers(values),
    )


def _dimension_pointers(values: Values) -> tuple[int, ...]:
    pointers = (as_shorts(item.get(T.DIMENSION_POINTER)) for item in values.get(T.DIMENSION_SEQUENCE) or ())
    return tuple(T.tag(pointer[0], pointer[1]) for pointer in pointers if len(pointer) == 2)


def _tiles(values: Values, private: dict[str, bytes]) -> int:
    if b"MOSAIC" in values.get(T.IMAGE_TYPE, b""):
        return as_short(private.get("siemens_tiles")) or 1
    return int(as_number(private.get("uih_tiles")) or 0)


def _frame_time(values: Values) -> float | None:
    time = as_number(values.get(T.FRAME_TIME))
    if time is None and (vector := as_numbers(values.get(T.FRAME_TIME_VECTOR))):
        time = sum(vector) / max(1, len(vector) - 1)  # the first entry is always 0 (PS3.3 C.7.6.5.1.2)
    if not time:
        rate = as_number(values.get(T.CINE_RATE)) or as_number(values.get(T.DISPLAY_RATE))
        time = 1000.0 / rate if rate else None
    return time


def _modality_lut(values: Values, signed: bool) -> ModalityLut | None:
    items = values.get(T.MODALITY_LUTS)
    if not items:
        return None
    descriptor = as_shorts(items[0].get(T.LUT_DESCRIPTOR))
    data = items[0].get(T.LUT_ENTRIES)
    if len(descriptor) != 3 or not data:
        return None
    count = descriptor[0] or 65536
    start = descriptor[1] - 65536 if signed and descriptor[1] > 32767 else descriptor[1]
    if len(data) < 2 * count:  # 8-bit entries, one per byte
        if len(data) < count:
            return None
        data = bytes(byte for entry in data[:count] for byte in (entry, 0))
    return ModalityLut(start, data[: 2 * count], as_text(items[0].get(T.MODALITY_LUT_TYPE)))


def _regions(values: Values) -> tuple[UltrasoundRegion, ...]:
    regions = []
    for item in values.get(T.ULTRASOUND_REGIONS) or ():
        borders = [as_longs(item.get(tag)) for tag in (T.REGION_X0, T.REGION_Y0, T.REGION_X1, T.REGION_Y1)]
        deltas = [as_floats(item.get(tag)) for tag in (T.REGION_DELTA_X, T.REGION_DELTA_Y)]
        if all(borders) and all(deltas):
            x0, y0, x1, y1 = (border[0] for border in borders)
            regions.append(
                UltrasoundRegion(
                    x0,
                    y0,
                    x1,
                    y1,
                    as_short(item.get(T.REGION_SPATIAL_FORMAT)),
                    as_short(item.get(T.REGION_UNITS_X)),
                    as_short(item.get(T.REGION_UNITS_Y)),
                    deltas[0][0],
                    deltas[1][0],
                )
            )
    return tuple(regions)


_GE_COMPONENTS = ("M", "P", "R", "I")
_COMPONENTS = {"MAGNITUDE": "M", "PHASE": "P", "REAL": "R", "IMAGINARY": "I", "PHASE MAP": "P"}
_TYPE_COMPONENTS = {"M": "M", "P": "P", "R": "R", "I": "I"} | _COMPONENTS


def _component(values: Values, private: dict[str, bytes], image_type: tuple[str, ...]) -> str:
    said = _COMPONENTS.get(as_text(values.get(T.COMPLEX_COMPONENT)), "")
    if said:
        return said
    if "ge_component" in private:
        number = as_short(private["ge_component"])
        return _GE_COMPONENTS[number] if number < 4 else ""
    return next((_TYPE_COMPONENTS[word] for word in image_type[2:] if word in _TYPE_COMPONENTS), "")


def _diffusion(values: Values, private: dict[str, bytes]) -> tuple[float | None, tuple[float, ...]]:
    """(b-value, direction) from the standard attribute, else from the maker's own."""
    b = (as_floats(values.get(T.B_VALUE)) or (None,))[0]
    direction = as_floats(values.get(T.DIFFUSION_DIRECTION))
    if private:
        if b is None:
            b = as_number(private.get("siemens_b"))
        if b is None and (ge := as_number(private.get("ge_b"))) is not None:
            b = ge % 1e9 if ge >= 1e9 else ge  # newer software adds a flag of 10^9
        if b is None:
            b = (as_floats(private.get("philips_b"), double=False) or as_floats(private.get("uih_b")) or (None,))[0]
        if not direction:
            direction = as_floats(private.get("siemens_direction")) or as_floats(private.get("uih_direction"))
        for maker, read in (("ge", as_numbers), ("philips", lambda v: as_floats(v, double=False))):
            if not direction:
                parts = [read(private.get(f"{maker}_direction_{axis}")) for axis in "xyz"]
                direction = tuple(part[0] for part in parts) if all(parts) else ()
    return b, direction if len(direction) == 3 else ()


def _frame_common(values: Values, private: dict[str, bytes]) -> FrameCommon:
    get = values.get
    orientation = as_numbers(get(T.ORIENTATION))
    slope, intercept = as_number(get(T.RESCALE_SLOPE)), as_number(get(T.RESCALE_INTERCEPT))
    if T.DOSE_SCALING in values and slope is None:
        slope = as_number(get(T.DOSE_SCALING))
    image_type = tuple(word.upper() for word in as_words(get(T.FRAME_TYPE) or get(T.IMAGE_TYPE)))
    echo = as_number(get(T.ECHO_TIME))
    if echo is None:
        echo = (as_floats(get(T.EFFECTIVE_ECHO_TIME)) or (None,))[0]
    inversion = as_number(get(T.INVERSION_TIME))
    if inversion is None:
        inversion = (as_floats(get(T.INVERSION_TIMES)) or (None,))[0]
    b, direction = _diffusion(values, private)
    vois, faults = windows_of(values, intercept or 0.0)
    return FrameCommon(
        orientation if len(orientation) == 6 else None,  # type: ignore[arg-type]
        _pair(as_numbers(get(T.PIXEL_SPACING))),
        as_number(get(T.SLICE_THICKNESS)),
        as_number(get(T.SLICE_SPACING)),
        1.0 if slope is None else slope,
        intercept or 0.0,
        slope is not None or intercept is not None,
        as_text(get(T.RESCALE_TYPE)).upper(),
        vois,
        faults,
        image_type,
        _component(values, private, image_type),
        echo,
        as_integer(get(T.ECHO_NUMBER)),
        inversion,
        as_number(get(T.FLIP_ANGLE)),
        b,
        direction or None,  # type: ignore[arg-type]
        as_text(get(T.DIFFUSION_DIRECTIONALITY)) or as_text(private.get("philips_direction")),
        as_text(get(T.KERNEL) or get(T.CT_KERNEL)),
        as_number(get(T.KVP)),
        as_text(get(T.FRAME_LATERALITY) or get(T.IMAGE_LATERALITY)),
        as_text(get(T.ASL_CONTEXT)),
    )


def _pixel_description(raw: RawInstance) -> PixelDescription:
    get = raw.values.get
    allocated = as_short(get(T.BITS_ALLOCATED), {T.FLOAT_PIXELS: 32, T.DOUBLE_PIXELS: 64}.get(raw.pixel_tag, 16))
    stored = as_short(get(T.BITS_STORED), allocated)
    frames = as_integer(get(T.NUMBER_OF_FRAMES)) or 1
    return PixelDescription(
        as_short(get(T.ROWS)),
        as_short(get(T.COLUMNS)),
        raw.transfer_syntax,
        raw.pixel_offset,
        raw.pixel_length,
        max(1, frames),
        as_short(get(T.SAMPLES), 1) or 1,
        allocated,
        stored,
        as_short(get(T.HIGH_BIT), stored - 1),
        as_short(get(T.PIXEL_REPRESENTATION)) == 1,
        as_text(get(T.PHOTOMETRIC)).upper() or "MONOCHROME2",
        as_short(get(T.PLANAR)),
        _ELEMENTS[raw.pixel_tag],
        raw.pixel_vr,
        raw.big_endian,
        raw.deflated_at,
        raw.extended.get(T.EXTENDED_OFFSETS),
        raw.extended.get(T.EXTENDED_LENGTHS),
    )


def _fault(raw: RawInstance, pixels: PixelDescription | None) -> tuple[str, str] | None:
    """Why the frames of this object cannot be shown, as far as the header tells."""
    if pixels is None:
        if raw.pixel_tag:
            return ("empty_pixel_data", "the pixel data element is empty")
        if raw.truncated:
            return ("truncated_header", "the file ends inside its header")
        if T.ROWS in raw.values and T.COLUMNS in raw.values and T.BITS_ALLOCATED in raw.values:
            return ("no_pixel_data", "it describes an image but holds no pixel data")
        return None
    if pixels.rows == 0 or pixels.columns == 0:
        return ("no_image_size", "the number of rows or columns is missing or zero")
    if pixels.bits_allocated not in {1, 8, 12, 16, 32, 64} or not 0 < pixels.bits_stored <= pixels.bits_allocated:
        return (
            "bad_pixel_format",
            f"{pixels.bits_stored} bits stored in {pixels.bits_allocated} allocated is not a format of DICOM",
        )
    there = raw.data_size - raw.pixel_offset if raw.data_size else None
    if there is None:
        return None
    if pixels.data_length is None:
        # Every frame needs an item header at least; video holds many frames in one fragment.
        if pixels.frames > max(1, there):
            return ("impossible_frames", f"{pixels.frames} frames cannot lie in {there} bytes")
        return ("truncated_pixels", "the file ends before its pixel data") if there <= 8 else None
    there = min(there, pixels.data_length) if pixels.data_length else there
    needed = (pixels.frame_bits + 7) // 8
    if there < needed:
        return ("truncated_pixels", f"a frame needs {needed} bytes of pixel data, and {max(0, there)} are there")
    if pixels.frames > MAX_FRAMES or (pixels.frames > 1 and pixels.frames * pixels.frame_bits > 64 * 8 * there):
        return ("impossible_frames", f"{pixels.frames} frames cannot lie in {there} bytes")
    return None
