"""What of an image had to be assumed or contradicts itself, as codes of notes (PS3.3 C.7.6.3, PS3.5 8.1.1)."""

from __future__ import annotations

from medview.dicom import tags
from medview.dicom.elements import RawInstance
from medview.dicom.header import as_short
from medview.dicom.pixel_description import PixelDescription
from medview.dicom.transfer_syntax import TRANSFER_SYNTAXES, missing_decoder

_FORMAT = (tags.BITS_ALLOCATED, tags.BITS_STORED, tags.PIXEL_REPRESENTATION, tags.PHOTOMETRIC)
_OVERLAYS = tuple(zip(tags.OVERLAY_ROWS, tags.OVERLAY_COLUMNS, strict=True))
_OVERLAY_SIZES = frozenset(tags.OVERLAY_ROWS + tags.OVERLAY_COLUMNS)
_PLAIN = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"})


def oddities_of(raw: RawInstance, pixels: PixelDescription | None) -> tuple[str, ...]:
    """Codes of what was read in spite of the standard: those of the elements, and those of what they say of the pixels."""
    if pixels is None:
        return raw.oddities
    found = raw.oddities
    values = raw.values
    said = values.get
    if raw.pixel_tag == tags.PIXELS and not (
        said(_FORMAT[0])
        and said(_FORMAT[1])
        and said(_FORMAT[2])
        and said(_FORMAT[3])
        and (as_short(said(tags.SAMPLES), 1) == pixels.samples or (pixels.samples == 1 and not said(tags.SAMPLES)))
    ):
        found += ("assumed_pixel_format",)
    if not pixels.bits_stored - 1 <= pixels.high_bit < pixels.bits_allocated:
        found += ("bad_high_bit",)
    length = pixels.data_length
    if length is not None and raw.data_size:
        length = min(length, raw.data_size - pixels.data_offset)
    if (
        length is not None
        and pixels.transfer_syntax in _PLAIN
        and 8 * length >= (pixels.frames + 1) * pixels.frame_bits
    ):
        found += ("more_pixels",)
    if raw.big_endian and raw.pixel_vr == "OB" and pixels.bits_allocated > 8 and not pixels.is_encapsulated:
        found += ("byte_order",)
    planes = values.keys() & _OVERLAY_SIZES
    if planes and any(not (as_short(said(a)) and as_short(said(b))) for a, b in _OVERLAYS if {a, b} & planes):
        found += ("bad_overlay",)
    if _is_cut_off(raw, pixels, length):
        found += ("cut_off",)
    if pixels.transfer_syntax not in TRANSFER_SYNTAXES:
        found += ("unknown_transfer_syntax",)
    return found


def _is_cut_off(raw: RawInstance, pixels: PixelDescription, length: int | None) -> bool:
    """Whether the file ends before its frames do, as far as that is seen without reading more of it."""
    if not raw.data_size:
        return False
    if length is not None and not pixels.is_encapsulated:
        return 8 * length < pixels.frames * pixels.frame_bits
    return raw.cut_off


def unknown_syntax_fault(pixels: PixelDescription) -> tuple[str, str] | None:
    """Why plain pixels of an unknown transfer syntax are none: their length is not that of the frames."""
    if pixels.transfer_syntax in TRANSFER_SYNTAXES or pixels.data_length is None:
        return None
    needed = (pixels.frames * pixels.frame_bits + 7) // 8
    if needed <= pixels.data_length <= needed + 1:
        return None
    return ("codec_missing", missing_decoder(pixels.transfer_syntax))
