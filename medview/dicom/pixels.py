"""Reading one frame: bytes from the file, checked for length, to true stored values or RGB."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import MedviewError
from medview.dicom.pixel_description import PixelDescription
from medview.dicom.stored_values import settle_bits, settle_decoded, unpack_cells
from medview.dicom.transfer_syntax import missing_decoder
from medview.files.byte_source import ByteSource, HeldBytes, Stamp, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medview.dicom.fragments import FrameMap
    from medview.dicom.frame_source import DicomFrame
    from medview.dicom.palette import Palette
    from medview.dicom.video import VideoFrames


def file_error(path: str, error: OSError) -> MedviewError:
    """The MedviewError of a file that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        return MedviewError("file_vanished", f"{path}: the file is not there any more.", path)
    if isinstance(error, PermissionError):
        return MedviewError("no_permission", f"{path}: no permission to read the file.", path)
    return MedviewError("cannot_read", f"{path}: the file cannot be read ({error.strerror or error}).", path)


def _changed(frame: DicomFrame) -> MedviewError:
    text = f"{frame.path}: the file has changed since it was listed; open it again to see what it holds now."
    return MedviewError("file_changed", text, frame.path)


def _check_unchanged(frame: DicomFrame, source: ByteSource) -> None:
    if frame.stamp is not None and source.stamp != frame.stamp:
        raise _changed(frame)


@contextmanager
def _opened(frame: DicomFrame) -> Iterator[ByteSource]:
    try:
        with opened(frame.path) as source:
            _check_unchanged(frame, source)
            if frame.pixels.deflated_at is None:
                yield source
            else:
                data = _inflated(frame.path, source.stamp, frame.pixels.deflated_at)
                yield HeldBytes(data, source.stamp)
    except OSError as error:
        raise file_error(frame.path, error) from error


@lru_cache(maxsize=1)
def _inflated(path: str, key: Stamp, start: int) -> bytes:  # noqa: ARG001 - the key is the file's state
    from medview.dicom.inflate import inflate_capped

    with opened(path) as source:
        return inflate_capped(source.read(start, source.size), path)


def read_frame(frame: DicomFrame) -> NDArray[Any]:
    """True stored values (rows, columns) or RGB uint8 (rows, columns, 3) of one frame.

    Raises MedviewError: ``truncated_pixels`` where bytes are missing, ``codec_failed`` for damaged streams, ``codec_missing`` for
    transfer syntaxes without a decoder, ``file_vanished``, ``file_changed``, ``no_permission``, ``cannot_read``, ``unusable_pixels``.
    """
    pixels = frame.pixels
    _check_description(frame)
    with _opened(frame) as source:
        if not pixels.is_encapsulated:
            return _finish_cells(frame, *_native_cells(frame, source))
        return _read_encapsulated(frame, source)


def read_frame_into(frame: DicomFrame, target: NDArray[Any]) -> None:
    """Read one frame into ``target``; plain samples go straight there. Raises as :func:`read_frame`."""
    pixels = frame.pixels
    if not _is_plain(pixels) or not target.flags.c_contiguous or target.dtype != np.dtype(pixels.dtype):
        try:
            place_values(read_frame(frame), target)
        except ValueError as error:
            raise _error(frame, "unusable_pixels", str(error)) from error
        return
    _check_description(frame)
    if target.shape != pixels.shape:
        raise _error(frame, "unusable_pixels", f"the frame has the shape {pixels.shape}, its series {target.shape}")
    length = target.nbytes
    offset = frame.frame * length
    _check_length(frame, offset + length)
    try:
        with opened(frame.path) as source:
            _check_unchanged(frame, source)
            got = source.read_into(pixels.data_offset + offset, target.reshape(-1).view(np.uint8).data)
    except OSError as error:
        raise file_error(frame.path, error) from error
    if got < length:
        target[...] = 0
        raise _truncated(frame, got, length)
    if pixels.big_endian and target.itemsize > 1:
        target.byteswap(inplace=True)
    if pixels.element == "pixels" and not pixels.is_colour:
        settle_bits(target, pixels.bits_stored, pixels.shift, pixels.signed)


def place_values(values: NDArray[Any], target: NDArray[Any]) -> None:
    """Copy into ``target``; raises ValueError where shape or values do not fit, never wraps a number."""
    if values.shape != target.shape:
        raise ValueError(f"the frame has the shape {values.shape}, its series {target.shape}")
    if values.dtype != target.dtype and not np.can_cast(values.dtype, target.dtype, "safe"):
        converted = values.astype(target.dtype)
        if not np.array_equal(converted, values):
            raise ValueError(
                f"the frame has values of the type {values.dtype} that its series of {target.dtype} cannot hold"
            )
        values = converted
    target[...] = values


def _is_plain(pixels: PixelDescription) -> bool:
    """Whether a frame's bytes are the result's bytes, but for their order and for bits outside BitsStored."""
    if pixels.is_encapsulated or pixels.deflated_at is not None:
        return False
    if pixels.element != "pixels":
        return True
    if pixels.big_endian and pixels.bits_allocated == 8 and pixels.vr == "OW":
        return False
    if pixels.is_colour:
        plain_rgb = pixels.photometric == "RGB" and pixels.samples == 3 and pixels.planar == 0
        return plain_rgb and pixels.bits_allocated == pixels.bits_stored == 8
    return pixels.bits_allocated in {8, 16, 32, 64}


def _check_description(frame: DicomFrame) -> None:
    pixels = frame.pixels
    if pixels.rows <= 0 or pixels.columns <= 0:
        raise _error(frame, "unusable_pixels", f"the header says {pixels.columns}×{pixels.rows} pixels")
    if pixels.samples not in {1, 3, 4}:
        raise _error(frame, "unusable_pixels", f"{pixels.samples} samples per pixel cannot be shown")
    if pixels.element == "pixels" and not 1 <= pixels.bits_allocated <= 64:
        raise _error(frame, "unusable_pixels", f"the header allocates {pixels.bits_allocated} bits")
    if not 0 <= frame.frame < max(pixels.frames, 1):
        raise _error(frame, "unusable_pixels", f"the header announces {pixels.frames} frame(s)")


def _check_length(frame: DicomFrame, needed: int) -> None:
    length = frame.pixels.data_length
    if length is not None and length < needed:
        raise _truncated(frame, length, needed)


def _native_cells(frame: DicomFrame, source: ByteSource) -> tuple[bytes, int]:
    """Bytes that hold a native frame, and the bit in them at which it begins (1-bit frames follow without gaps)."""
    pixels = frame.pixels
    first_bit = frame.frame * pixels.frame_bits
    start, stop = first_bit // 8, (first_bit + pixels.frame_bits + 7) // 8
    _check_length(frame, stop)
    swap = pixels.big_endian and pixels.vr == "OW" and pixels.bits_allocated <= 8 and pixels.element == "pixels"
    if swap:  # PS3.5 7.3: OW is swapped as words of 16 bit, two small cells each
        start -= start % 2
        stop += stop % 2
    if pixels.data_offset + stop > source.size + (1 if swap else 0):
        raise _truncated(frame, max(0, source.size - pixels.data_offset), stop)
    raw = source.read(pixels.data_offset + start, stop - start)
    if len(raw) < (first_bit + pixels.frame_bits + 7) // 8 - start:
        raise _truncated(frame, len(raw) + start, stop)
    if swap:
        raw = np.frombuffer(raw + b"\0" * (len(raw) % 2), dtype=">u2").astype("<u2").tobytes()
    return raw, first_bit - 8 * start


def _finish_cells(frame: DicomFrame, raw: bytes, first_bit: int) -> NDArray[Any]:
    """Values or RGB of a native frame whose cells begin at ``first_bit`` of ``raw``."""
    pixels = frame.pixels
    order: Literal["<", ">"] = ">" if pixels.big_endian else "<"
    rows, columns = pixels.rows, pixels.columns
    if pixels.element != "pixels":
        kind = np.dtype(pixels.dtype)
        floats = np.frombuffer(raw, dtype=kind.newbyteorder(order), count=rows * columns)
        return floats.astype(kind).reshape(rows, columns)
    count = pixels.frame_bits // pixels.bits_allocated
    if pixels.bits_allocated in {8, 16, 32, 64}:
        # Swapped words may begin one byte before the frame.
        cells = np.frombuffer(raw, dtype=f"{order}u{pixels.bits_allocated // 8}", count=count, offset=first_bit // 8)
        cells = cells.astype(cells.dtype.newbyteorder("="))
    else:
        if pixels.big_endian and pixels.bits_allocated > 8:
            raw = np.frombuffer(raw + b"\0" * (len(raw) % 2), dtype=">u2").astype("<u2").tobytes()
        cells = unpack_cells(raw, first_bit, count, pixels.bits_allocated)
    if not pixels.is_colour or pixels.samples == 1:
        width = next(w for w in (1, 2, 4, 8) if pixels.bits_allocated <= 8 * w)
        values = cells.view(f"{'i' if pixels.signed else 'u'}{width}").reshape(rows, columns)
        settle_bits(values, pixels.bits_stored, pixels.shift, pixels.signed)
        return _palette_applied(frame, values) if pixels.is_colour else values
    settle_bits(cells, pixels.bits_stored, pixels.shift, signed=False)
    if pixels.is_subsampled:
        from medview.dicom.colour import widen_422

        samples = widen_422(cells.reshape(rows, -1, 4), columns)
    elif pixels.planar == 1:
        samples = np.moveaxis(cells.reshape(pixels.samples, rows, columns), 0, -1)
    else:
        samples = cells.reshape(rows, columns, pixels.samples)
    return _rgb(frame, samples, pixels.bits_stored, pixels.photometric)


def _read_encapsulated(frame: DicomFrame, source: ByteSource) -> NDArray[Any]:
    from medview.dicom.codecs import CodecError, MissingCodecError, TruncatedFrameError, decode_frame, inflate_frame

    pixels = frame.pixels
    codec = pixels.syntax.codec
    if codec == "remote":
        raise _error(frame, "codec_missing", missing_decoder(pixels.transfer_syntax))
    if codec == "video":
        return _read_video(frame, source)
    frames = _frame_map(frame.path, source.stamp, pixels, source).frames
    fragments = frames[frame.frame] if frame.frame < len(frames) else ()
    size = sum(fragment.length for fragment in fragments)
    if size == 0:
        raise _error(frame, "truncated_pixels", f"the pixels of frame {frame.frame + 1} are missing")
    data = b"".join(source.read(fragment.offset, fragment.length) for fragment in fragments)
    whole = all(fragment.whole for fragment in fragments) and len(data) == size
    try:
        needed = (pixels.frame_bits + 7) // 8
        # Under a syntax that knows no fragments they may be anything: what looks like no codestream must fit exactly.
        if codec == "deflated-frames" or (codec == "native" and (pixels.syntax.encapsulated or len(data) == needed)):
            if codec == "deflated-frames":
                data = inflate_frame(data, needed)
            if len(data) < needed:
                raise _truncated(frame, len(data), needed)
            return _finish_cells(frame, data, 0)
        decoded = decode_frame(data, pixels)
        if not whole and codec == "jpeg-xl":
            raise TruncatedFrameError("the file ends inside the frame")
    except TruncatedFrameError as error:
        raise _error(frame, "truncated_pixels", str(error)) from error
    except MissingCodecError as error:
        raise _error(frame, "codec_missing", str(error)) from error
    except CodecError as error:
        # What a stream that is cut off tells is not that it is damaged.
        raise _error(frame, "codec_failed" if whole else "truncated_pixels", str(error)) from error
    if pixels.is_colour and pixels.samples > 1:
        samples = decoded.samples
        bits = min(pixels.bits_stored, decoded.precision)
        if samples.dtype.kind == "i":
            samples = samples.view(f"u{samples.itemsize}")
        return _rgb(frame, samples & samples.dtype.type((1 << decoded.precision) - 1), bits, decoded.photometric)
    values = settle_decoded(
        decoded.samples, decoded.precision, pixels if not pixels.is_colour else _index_cells(pixels)
    )
    return _palette_applied(frame, values) if pixels.is_colour else values


_videos: dict[tuple[str, tuple[int, int], PixelDescription], VideoFrames] = {}


def _read_video(frame: DicomFrame, source: ByteSource) -> NDArray[Any]:
    """A frame of a video; its decoder stays where it is for the frame after it."""
    from medview.dicom.codecs import CodecError, MissingCodecError, TruncatedFrameError
    from medview.dicom.fragments import all_fragments
    from medview.dicom.video import FragmentStream, VideoFrames

    pixels = frame.pixels
    place = (frame.path, source.stamp, pixels)
    fragments = all_fragments(pixels, source.read, source.size)

    def read(offset: int, length: int) -> bytes:
        # The file is opened for each part: one that is kept open could not be moved or deleted on Windows.
        with _opened(frame) as again:
            if again.stamp != place[1]:
                raise TruncatedFrameError("the file has changed while it was being read")
            return again.read(offset, length)

    try:
        video = _videos.get(place)
        if video is None:
            if not any(fragment.length for fragment in fragments):
                raise TruncatedFrameError("the video stream is missing")
            video = VideoFrames(lambda: FragmentStream(fragments, read), pixels.rows, pixels.columns, pixels.frames)
            _videos.clear()
            _videos[place] = video
        picture = video.frame(frame.frame)
    except MissingCodecError as error:
        raise _error(frame, "codec_missing", f"{pixels.syntax.name}: {error}") from error
    except TruncatedFrameError as error:
        raise _error(frame, "truncated_pixels", str(error)) from error
    except CodecError as error:
        _videos.clear()
        whole = all(fragment.whole for fragment in fragments)
        raise _error(frame, "codec_failed" if whole else "truncated_pixels", str(error)) from error
    if pixels.is_colour:
        return np.array(picture)
    if (picture != picture[..., :1]).any():
        raise _error(frame, "unusable_pixels", "the video is in colour, the header says one sample per pixel")
    return picture[..., 0].astype(pixels.dtype)


_maps: dict[tuple[str, tuple[int, int], PixelDescription], FrameMap] = {}


def _frame_map(path: str, key: tuple[int, int], pixels: PixelDescription, source: ByteSource) -> FrameMap:
    """The fragments of an instance, kept for the next frame of the same unchanged file."""
    from medview.dicom.fragments import map_frames

    place = (path, key, pixels)
    known = _maps.get(place)
    if known is None:
        known = map_frames(pixels, source.read, source.size)
        if pixels.frames > 1:
            if len(_maps) >= 4:
                _maps.clear()
            _maps[place] = known
    return known


def _index_cells(pixels: PixelDescription) -> PixelDescription:
    """The description of palette indices: one grey sample."""
    from dataclasses import replace

    return replace(pixels, photometric="MONOCHROME2")


def _rgb(frame: DicomFrame, samples: NDArray[Any], bits: int, photometric: str) -> NDArray[np.uint8]:
    from medview.dicom.colour import rgb_from_samples, to_eight_bit

    try:
        return np.ascontiguousarray(rgb_from_samples(to_eight_bit(samples, bits), photometric))
    except ValueError as error:
        raise _error(frame, "unusable_pixels", str(error)) from error


def _palette_applied(frame: DicomFrame, values: NDArray[Any]) -> NDArray[np.uint8]:
    from medview.dicom.colour import rgb_from_palette

    palette = _palette(frame)
    return rgb_from_palette(values, palette)


def _palette(frame: DicomFrame) -> Palette:
    from medview.dicom.palette import palette_of_path

    try:
        return palette_of_path(frame.path, frame.pixels.signed)
    except OSError:
        raise
    except Exception as error:
        raise _error(frame, "unusable_pixels", f"the palette cannot be read ({error})") from error


def _error(frame: DicomFrame, code: str, what: str) -> MedviewError:
    where = f", frame {frame.frame + 1}" if frame.pixels.frames > 1 else ""
    return MedviewError(code, f"{frame.path}{where}: {what}.", frame.path, values=(str(frame.frame + 1),))


def _truncated(frame: DicomFrame, there: int, needed: int) -> MedviewError:
    return _error(frame, "truncated_pixels", f"the pixel data are cut off: {there} bytes of {needed}")
