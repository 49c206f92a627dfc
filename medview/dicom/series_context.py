"""What a model match, a preset and the corner text need to know of a series, from its headers."""

from __future__ import annotations

from collections.abc import Sequence

from medview.core.study import SeriesContext
from medview.dicom.header import FrameHeader, InstanceHeader

_MAYBE_LOSSLESS = frozenset({"jpeg-2000", "htj2k", "jpeg-ls", "jpeg-xl"})
"""Codecs of which a lossy transfer syntax may hold streams without loss, as Lossy Image Compression 00 then says."""


def lossy_mark(header: InstanceHeader) -> str:
    """``""``, or ``LOSSY`` with method and ratio as far as known (PS3.3 C.7.6.1.1.5; IHE BIR wants it on the screen)."""
    image, pixels = header.image, header.pixels
    syntax = pixels.syntax if pixels is not None else None
    coded_lossy = syntax is not None and syntax.lossy
    if coded_lossy and syntax is not None and image.lossy == "00" and syntax.codec in _MAYBE_LOSSLESS:
        coded_lossy = False
    if image.lossy != "01" and not coded_lossy:
        return ""
    method = image.lossy_method.split("\\")[-1] or (syntax.name if syntax is not None and syntax.lossy else "")
    ratio = image.lossy_ratio.split("\\")[-1].strip()
    if not ratio and coded_lossy and pixels is not None:
        coded = header.file_size - pixels.data_offset
        plain = pixels.frame_bits * pixels.frames / 8
        ratio = f"≈{plain / coded:.3g}" if 0 < coded < plain else ""
    return " ".join(part for part in ("LOSSY", method, f"{ratio}:1" if ratio else "") if part)


def series_context(headers: Sequence[InstanceHeader], frame: FrameHeader | None = None) -> SeriesContext:
    """The context of a series, or of one of its stacks when ``headers`` and ``frame`` are those of the stack."""
    with_pixels = [header for header in headers if header.pixels is not None]
    header = with_pixels[0] if with_pixels else headers[0]
    series, image = header.series, header.image
    if frame is None and header.frames:
        frame = header.frames[0]
    common = frame.common if frame is not None else None
    radio = series.radiopharmaceutical
    extra = []
    if radio is not None:
        extra += [("pet_units", radio.units), ("corrected_image", "\\".join(radio.corrected))]
    for name, value in (
        ("patient_position", series.patient_position),
        ("sop_class", series.sop_class),
        ("kvp", common.kvp if common is not None else None),
        ("gantry_tilt", image.gantry_tilt),
        ("transfer_syntax", header.pixels.transfer_syntax if header.pixels is not None else ""),
    ):
        if value not in {"", None}:
            extra.append((name, str(value)))
    return SeriesContext(
        series.modality,
        series.body_part,
        series.series_description,
        series.protocol,
        (common.laterality if common is not None else "") or series.laterality,
        image.view_position,
        image.patient_orientation,
        series.contrast_agent,
        series.manufacturer,
        series.model_name,
        common.kernel if common is not None else "",
        common.thickness if common is not None else None,
        series.series_date,
        series.series_time,
        series.institution,
        common.image_type if common is not None else (),
        series.burned_in,
        lossy_mark(header),
        image.frame_time_ms,
        tuple(extra),
        image.view_modifiers,
    )
