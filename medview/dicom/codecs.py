"""One decoder per transfer syntax: a compressed frame in, its samples and their precision out."""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.dicom.codestream import (
    Codestream,
    codec_of,
    has_end_marker,
    is_rle_header,
    read_jpeg2000_header,
    read_jpeg_header,
    read_jpegxl_size,
)
from medview.dicom.jpeg2000 import decode_reversible_frame
from medview.dicom.pixel_description import PixelDescription
from medview.dicom.transfer_syntax import decoder_name, missing_decoder
from medview.kernels.jpeg2000 import is_at_hand

__all__ = ["CodecError", "DecodedFrame", "TruncatedFrameError", "decode_frame", "decoder_name"]


LARGEST_FREELY = 32 << 20
MOST_PER_BYTE = 4096
"""Larger pictures need a byte for so many pixels: a few bytes must not ask for gigabytes where nothing limits the memory."""
LARGE_PICTURE = 4 << 20
"""Pixels from which a picture is decoded by several threads."""


class CodecError(Exception):
    """A frame that its decoder refuses; the text says why, without the file's name."""


class TruncatedFrameError(CodecError):
    """A frame whose stream ends too early."""


class MissingCodecError(CodecError):
    """A transfer syntax that medview has no decoder for."""


@dataclass(frozen=True, eq=False, slots=True)
class DecodedFrame:
    """``samples`` (rows, columns) or (rows, columns, components) of ``precision`` bits, right aligned.

    ``photometric`` is what the samples are now, after what the decoder itself undid.
    """

    samples: NDArray[Any]
    precision: int
    photometric: str


def decode_frame(data: bytes, pixels: PixelDescription) -> DecodedFrame:
    """Decode one frame's bytes by the instance's transfer syntax.

    Raises TruncatedFrameError for a stream that ends early, MissingCodecError where there is no decoder, CodecError for everything
    else: a stream that is damaged, or whose size is not that of the header.
    """
    cells = pixels.rows * pixels.columns
    if cells > max(LARGEST_FREELY, MOST_PER_BYTE * len(data)):
        raise TruncatedFrameError(f"{len(data)} bytes cannot hold a picture of {pixels.columns}×{pixels.rows}")
    # Real files carry another codec than their transfer syntax says, or name none at all.
    codec = codec_of(data) or pixels.syntax.codec
    if codec == "native" and is_rle_header(data, _rle_width(pixels) * pixels.samples):
        codec = "rle"
    if codec in {"jpeg", "jpeg-lossless"}:
        return _decode_jpeg(data, pixels)
    if codec == "jpeg-ls":
        return _decode_jpegls(data, pixels)
    if codec in {"jpeg-2000", "htj2k"}:
        return _decode_jpeg2000(data, pixels)
    if codec == "jpeg-xl":
        return _decode_jpegxl(data, pixels)
    if codec == "rle":
        return _decode_rle(data, pixels)
    if codec == "pmsct":
        return _decode_pmsct(data, pixels)
    raise MissingCodecError(missing_decoder(pixels.transfer_syntax))


def _codec(name: str, pixels: PixelDescription) -> Any:
    """The module of imagecodecs that holds this codec; raises MissingCodecError where it was built without."""
    lacking = f"{missing_decoder(pixels.transfer_syntax)}: {decoder_name(pixels.transfer_syntax)} is missing"
    try:
        import imagecodecs

        if getattr(imagecodecs, name).available:
            return imagecodecs
    except (ImportError, AttributeError) as error:
        raise MissingCodecError(f"{lacking}, imagecodecs cannot be loaded ({error})") from error
    raise MissingCodecError(f"{lacking} in this installation's imagecodecs")


def _check_size(stream: Codestream, pixels: PixelDescription) -> None:
    if (stream.rows, stream.columns, stream.components) != (pixels.rows, pixels.columns, pixels.samples):
        raise CodecError(
            f"the compressed frame is {stream.columns}×{stream.rows} with {stream.components} component(s), "
            f"the header says {pixels.columns}×{pixels.rows} with {pixels.samples}"
        )


_UNKNOWN_JPEG = {
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "hierarchical JPEG"),
    0xCB: "lossless JPEG with arithmetic coding",
}
"""Processes of the retired syntaxes that libjpeg-turbo does not decode."""


def _decode_jpeg(data: bytes, pixels: PixelDescription) -> DecodedFrame:
    imagecodecs = _codec("JPEG8", pixels)
    try:
        stream = read_jpeg_header(data)
    except ValueError as error:
        raise _damaged_or_short(data, error) from error
    if stream.process in _UNKNOWN_JPEG:
        raise MissingCodecError(f"{_UNKNOWN_JPEG[stream.process]} is retired, and libjpeg-turbo does not decode it")
    _check_size(stream, pixels)
    if stream.components == 3:
        transformed = stream.transformed
        if transformed is None:
            transformed = pixels.photometric.startswith("YBR")
        lossless = stream.is_lossless_jpeg
        # libjpeg-turbo undoes no colour transform in lossless streams; theirs is undone with the photometric below.
        source = "YCBCR" if transformed and not lossless else "RGB"
        options: dict[str, Any] = {"colorspace": source, "outcolorspace": "RGB"}
        photometric = "YBR_FULL" if lossless and pixels.photometric.startswith("YBR") else "RGB"
    else:
        options, photometric = {}, pixels.photometric

    def decode(stream_bytes: bytes) -> NDArray[Any]:
        try:
            return np.asarray(imagecodecs.jpeg8_decode(stream_bytes, **options))
        except Exception as error:
            raise _damaged_or_short(data, error) from error

    samples = decode(data)
    # libjpeg fills up what is missing with grey and only warns. Where the end marker alone is missing, what follows the
    # last bit does not matter; where pixels are missing, it does.
    if not stream.complete or _ends_in_grey(samples, stream.precision):
        end = data.rfind(b"\xff\xd9") if stream.complete else len(data)
        one, other = (decode(data[:end] + fill * 64 + b"\xff\xd9") for fill in (b"\x55", b"\xaa"))
        if not np.array_equal(one, other):
            raise TruncatedFrameError("the JPEG stream ends before the picture does")
    return DecodedFrame(samples, stream.precision, photometric)


def _ends_in_grey(samples: NDArray[Any], precision: int) -> bool:
    """Whether the last pixels are exactly what libjpeg-turbo puts where bits are missing; rarely true of whole pictures."""
    return bool((samples[-1, -8:] == 1 << (precision - 1)).all())


def _decode_jpegls(data: bytes, pixels: PixelDescription) -> DecodedFrame:
    imagecodecs = _codec("JPEGLS", pixels)
    try:
        stream = read_jpeg_header(data)
        _check_size(stream, pixels)
        # Where no marker stops it, CharLS runs on for ten seconds behind the end of the data.
        samples = np.asarray(imagecodecs.jpegls_decode(data if stream.complete else data + b"\xff\xd9"))
    except CodecError:
        raise
    except Exception as error:
        raise _damaged_or_short(data, error) from error
    return DecodedFrame(samples, stream.precision, pixels.photometric)


def _decode_jpeg2000(data: bytes, pixels: PixelDescription) -> DecodedFrame:
    imagecodecs = _codec("JPEG2K", pixels)
    try:
        stream = read_jpeg2000_header(data)
    except ValueError as error:
        raise _damaged_or_short(data, error) from error
    _check_size(stream, pixels)
    if not stream.complete:
        raise TruncatedFrameError("the JPEG 2000 stream ends before the picture does")
    try:
        # HTJ2K too: OpenJPH takes two thirds of the time, but behind imagecodecs it raises for nothing. Of 200 damaged
        # streams it gave a picture for 199, also for all 46 that OpenJPEG refused.
        # Small frames come many at a time, one to a worker; a mammogram comes alone and takes a second.
        large = stream.rows * stream.columns >= LARGE_PICTURE
        reversible = None if large or not is_at_hand() else decode_reversible_frame(data)
        if reversible is not None:
            samples = reversible
        else:
            threads = min(4, os.cpu_count() or 1) if large else 1
            samples = np.asarray(imagecodecs.jpeg2k_decode(data, numthreads=threads))
    except Exception as error:
        raise _damaged_or_short(data, error) from error
    # A YBR_FULL header over a stream whose own transform was used means RGB once that is undone.
    raw_ybr = (
        not stream.transformed
        and pixels.photometric.startswith("YBR")
        and pixels.photometric not in {"YBR_RCT", "YBR_ICT"}
    )
    photometric = pixels.photometric if stream.components == 1 else ("YBR_FULL" if raw_ybr else "RGB")
    return DecodedFrame(samples, stream.precision, photometric)


def _decode_jpegxl(data: bytes, pixels: PixelDescription) -> DecodedFrame:
    imagecodecs = _codec("JPEGXL", pixels)
    try:
        rows, columns = read_jpegxl_size(data)
    except ValueError as error:
        raise _damaged_or_short(data, error) from error
    if sorted((rows, columns)) != sorted((pixels.rows, pixels.columns)):  # it may be turned by a quarter
        _check_size(Codestream(rows, columns, pixels.samples, pixels.bits_stored), pixels)
    try:
        samples = np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1))
    except Exception as error:
        raise _damaged_or_short(data, error) from error
    if samples.ndim == 3 and samples.shape[2] == 1:
        samples = samples[..., 0]
    components = 1 if samples.ndim == 2 else samples.shape[2]
    _check_size(Codestream(samples.shape[0], samples.shape[1], components, 8 * samples.itemsize), pixels)
    precision = min(8 * samples.itemsize, pixels.bits_stored)
    return DecodedFrame(samples, precision, pixels.photometric if components == 1 else "RGB")


def _decode_pmsct(data: bytes, pixels: PixelDescription) -> DecodedFrame:
    from medview.dicom.elscint import decode_pmsct

    if (pixels.bits_allocated, pixels.samples) != (16, 1):
        raise CodecError("PMSCT_RLE1 holds one sample of 16 bits")
    try:
        values = decode_pmsct(data, pixels.rows * pixels.columns)
    except ValueError as error:
        raise TruncatedFrameError(f"the PMSCT_RLE1 data end before the picture does: {error}") from error
    return DecodedFrame(values.reshape(pixels.rows, pixels.columns), 16, pixels.photometric)


def _rle_width(pixels: PixelDescription) -> int:
    """Bytes of a sample, one segment each."""
    return 1 if pixels.bits_allocated == 1 else (pixels.bits_allocated + 7) // 8


def _decode_rle(data: bytes, pixels: PixelDescription) -> DecodedFrame:
    """RLE (PS3.5 annex G): one segment per byte of a pixel, most significant first, sample by sample."""
    width = _rle_width(pixels)
    cells = pixels.rows * pixels.columns
    if pixels.bits_allocated == 1:
        cells = (cells + 7) // 8
    if len(data) < 64 or cells > 64 * len(data):  # two bytes give at most 128
        raise TruncatedFrameError("the RLE frame is too short for its picture")
    count, *offsets = struct.unpack_from("<16I", data)
    if count != width * pixels.samples:
        raise CodecError(f"{count} RLE segments where the header asks for {width * pixels.samples}")
    starts = offsets[:count]
    if len(set(starts)) < count or min(starts) < 64:
        raise CodecError("the RLE segments overlap")
    planes = np.empty((pixels.samples, width, cells), dtype=np.uint8)
    for segment, start in enumerate(starts):
        if start >= len(data):
            raise TruncatedFrameError("an RLE segment lies beyond the end of the frame")
        stop = min((other for other in starts if other > start), default=len(data))
        _unpack_bits_run(data[start:stop], planes[segment // width, width - 1 - segment % width])
    if pixels.bits_allocated == 1:
        bits = np.unpackbits(planes[0, 0], bitorder="little")[: pixels.rows * pixels.columns]
        return DecodedFrame(bits.reshape(pixels.rows, pixels.columns), 1, pixels.photometric)
    stored = np.zeros((pixels.samples, cells, 1 << (width - 1).bit_length()), dtype=np.uint8)
    stored[..., :width] = planes.transpose(0, 2, 1)
    values = stored.view(f"<u{stored.shape[2]}")[..., 0].reshape(pixels.samples, pixels.rows, pixels.columns)
    samples = values[0] if pixels.samples == 1 else np.moveaxis(values, 0, -1)
    return DecodedFrame(samples, pixels.bits_allocated, pixels.photometric)


def _unpack_bits_run(segment: bytes, out: NDArray[np.uint8]) -> None:
    """PackBits (PS3.5 G.3.1) into ``out``; what follows the last pixel is padding. Raises TruncatedFrameError."""
    import imagecodecs

    try:
        decoded = imagecodecs.packbits_decode(segment)
        if len(decoded) >= len(out):
            out[:] = np.frombuffer(decoded, dtype=np.uint8, count=len(out))
            return
    except Exception:  # noqa: BLE001, S110 - trailing bytes confuse it; the loop below knows where to stop
        pass
    at = filled = 0
    while filled < len(out):
        if at + 1 >= len(segment):
            raise TruncatedFrameError("an RLE segment ends before the picture does")
        head = segment[at]
        if head < 128:
            part = segment[at + 1 : at + 2 + head]
            take = min(head + 1, len(out) - filled)
            if len(part) < take:
                raise TruncatedFrameError("an RLE segment ends before the picture does")
            out[filled : filled + take] = np.frombuffer(part, dtype=np.uint8, count=take)
            filled, at = filled + take, at + 2 + head
        elif head > 128:
            take = min(257 - head, len(out) - filled)
            out[filled : filled + take] = segment[at + 1]
            filled, at = filled + take, at + 2
        else:
            at += 1


def inflate_frame(data: bytes, size: int) -> bytes:
    """One frame of Deflated Image Frame Compression (PS3.5 A.4.13), never more than ``size`` bytes."""
    try:
        frame = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size)
    except zlib.error as error:
        raise CodecError(f"the deflated frame is damaged ({error})") from error
    if len(frame) < size:
        raise TruncatedFrameError("the deflated frame ends before the picture does")
    return frame


def _damaged_or_short(data: bytes, error: BaseException) -> CodecError:
    if not has_end_marker(data):
        return TruncatedFrameError(f"the compressed frame has no end marker ({error})")
    return CodecError(f"the compressed frame is damaged ({error})")
