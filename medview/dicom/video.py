"""Frames of MPEG-2, H.264 and HEVC video (PS3.5 8.2.5 to 8.2.8), decoded by the FFmpeg that OpenCV carries.

Frames are counted by decoding them one after the other, never by a rate and a time: a container's times only help to come
back to a frame that was counted before. The stream is read in place from its fragments; nothing is written to disk.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medview.dicom.codecs import CodecError, MissingCodecError, TruncatedFrameError
from medview.kernels.video_capture import VideoCapture, can_read_streams

if TYPE_CHECKING:
    from medview.dicom.fragments import Fragment

Read = Callable[[int, int], bytes]
"""(offset in the file, length) → the bytes that are there. May raise; the reader then says so."""

KEPT_BYTES = 192 << 20
"""Decoded frames that are kept for a reader who scrolls back."""
BACK = 24
"""Frames that are decoded at once on the way back."""
LEAP = 600
"""Frames ahead that are rather decoded than leapt over."""
REGULAR = 32
"""Frames whose times tell whether a container counts regularly."""
BLOCK = 256 << 10
MACROBLOCK = 16

# FFmpeg looks at a file's content to find its format; among those it knows are playlists that name other files and servers.
_FORMATS = "mpegts,mpeg,mpegvideo,h264,hevc,m4v,mov,mp4,m4a,3gp,3g2,mj2"
_CODECS = "mpeg1video,mpeg2video,h264,hevc"
_OPTIONS = f"format_whitelist;{_FORMATS}|codec_whitelist;{_CODECS}|protocol_whitelist;none"


class FragmentStream(io.BufferedIOBase):
    """Fragments of a file as one stream. Never raises from ``read``: an exception there ends the process."""

    def __init__(self, fragments: Sequence[Fragment], read: Read) -> None:
        self._fragments = [fragment for fragment in fragments if fragment.length]
        self._starts = [0, *accumulate(fragment.length for fragment in self._fragments)]
        self._read = read
        self._position = 0
        self._block = (0, b"")
        self.fault: Exception | None = None

    @property
    def size(self) -> int:
        """Bytes of all fragments."""
        return self._starts[-1]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}.get(whence, self.size)
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        try:
            start, block = self._block
            inside = self._position - start
            if not 0 <= inside < len(block):
                block = self._fetch(self._position, BLOCK)
                self._block, inside = (self._position, block), 0
            part = block[inside:] if size is None or size < 0 else block[inside : inside + size]
        except Exception as error:  # noqa: BLE001 - see the class
            self.fault = error
            return b""
        self._position += len(part)
        return part

    def _fetch(self, position: int, length: int) -> bytes:
        parts: list[bytes] = []
        for fragment, start in zip(self._fragments, self._starts, strict=False):
            inside = position - start
            if length <= 0 or not 0 <= inside < fragment.length:
                continue
            part = self._read(fragment.offset + inside, min(length, fragment.length - inside))
            parts.append(part)
            position, length = position + len(part), length - len(part)
            if len(part) < fragment.length - inside:
                break
        return b"".join(parts)


def looks_like_video(begin: bytes) -> bool:
    """Whether a stream begins as MPEG video: start codes, a transport stream's packets, or an MP4 box."""
    if (
        begin[:3] == b"\0\0\1"
        or begin[:4] == b"\0\0\0\1"
        or begin[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"}
    ):
        return True
    return any(begin[at : at + 1] == b"G" == begin[at + step : at + step + 1] for at, step in ((0, 188), (4, 192)))


class VideoFrames:
    """The frames of one stream, each (rows, columns, 3) RGB uint8; not for several threads at once."""

    def __init__(self, open_stream: Callable[[], FragmentStream], rows: int, columns: int, announced: int) -> None:
        self._open_stream = open_stream
        self._rows, self._columns, self._announced = rows, columns, announced
        self._next = 0
        self._times: list[float] = []
        """Time of every frame that was counted, as the container tells it."""
        self._kept: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()
        self._stream = open_stream()
        self._capture = self._begin()

    def frame(self, number: int) -> NDArray[np.uint8]:
        """Frame ``number`` (0-based); raises TruncatedFrameError beyond the last one, CodecError for another picture size."""
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        back = number < self._next
        first = max(0, number - BACK) if back else number
        if back:
            self._go_back(first)
        if first - self._next > LEAP:
            self._leap(first)
        while self._next <= number:
            wanted = self._next >= first
            if not self._grab():
                raise self._end(number)
            if wanted:
                self._keep(self._next - 1, self._retrieve())
        return self._kept[number]

    def _begin(self) -> VideoCapture:
        begin = self._stream.read(1024)
        self._stream.seek(0)
        if not looks_like_video(begin):
            if self._stream.fault is not None:
                raise self._stream.fault
            raise CodecError("the stream does not begin as MPEG-2, H.264 or HEVC video")
        try:
            capture = VideoCapture(self._stream, _OPTIONS)
        except ValueError as error:
            if not can_read_streams():
                raise MissingCodecError(MISSING) from error
            raise self._stream.fault or CodecError(f"the video cannot be opened: {error}") from error
        rows, columns = capture.rows, capture.columns
        # Encoders round the picture up to whole macroblocks and not all of them say how much of it is picture.
        if not (0 <= rows - self._rows < MACROBLOCK and 0 <= columns - self._columns < MACROBLOCK):
            raise CodecError(f"the video is {columns}×{rows}, the header says {self._columns}×{self._rows}")
        return capture

    def _grab(self) -> bool:
        if not self._capture.grab():
            return False
        if self._next == len(self._times):
            self._times.append(self._capture.time_ms)
        self._next += 1
        return True

    def _retrieve(self) -> NDArray[np.uint8]:
        picture = self._capture.picture()
        if picture is None or picture.shape[0] < self._rows or picture.shape[1] < self._columns:
            raise CodecError("the video changes its picture size")
        return picture[: self._rows, : self._columns]

    def _keep(self, number: int, picture: NDArray[np.uint8]) -> None:
        self._kept[number] = picture
        self._kept.move_to_end(number)
        most = max(BACK + 1, KEPT_BYTES // max(1, picture.nbytes))
        while len(self._kept) > most:
            self._kept.popitem(last=False)

    def _go_back(self, number: int) -> None:
        """Be at ``number`` or before it: by the container's times where they tell every frame apart, else from the start."""
        times = self._times
        distinct = len(times) > 1 and all(a < b for a, b in pairwise(times))
        for margin in (0, 64, 256):
            goal = number - margin
            if not distinct or not BACK < goal < len(times):
                break
            self._capture.seek(times[goal])
            if not self._capture.grab():
                break
            time = self._capture.time_ms
            if time in times and times.index(time) < number:
                self._next = times.index(time) + 1
                return
        self._start_again()

    def _leap(self, number: int) -> None:
        """Come nearer to a frame far ahead, where the container leaves no doubt about which one is met.

        Its times must be regular, and it must hold as many frames as the header announces; then a time is a number.
        """
        while len(self._times) < REGULAR and self._next <= number:
            if not self._grab():
                return
        times = self._times[:REGULAR]
        step = (times[-1] - times[0]) / (REGULAR - 1)
        if step <= 0 or any(abs(time - times[0] - n * step) > 0.02 * step for n, time in enumerate(times)):
            return
        if self._capture.announced != self._announced:
            return
        before = self._next
        self._capture.seek(times[0] + (number - BACK) * step)
        if self._capture.grab():
            place = (self._capture.time_ms - times[0]) / step
            if abs(place - round(place)) < 0.02 and before <= round(place) < number:
                self._next = round(place) + 1
                return
        self._start_again()

    def _start_again(self) -> None:
        self._stream = self._open_stream()
        self._capture = self._begin()
        self._next = 0

    def _end(self, number: int) -> Exception:
        if self._stream.fault is not None:
            return self._stream.fault
        return TruncatedFrameError(
            f"the video ends after {self._next} frame(s), the header announces {self._announced}"
            if number
            else "the video holds no frame that can be decoded"
        )


MISSING = "this installation's OpenCV was built without FFmpeg, which medview decodes video with"
