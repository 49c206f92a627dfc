"""A film as AVI with one JPEG for each image: plays everywhere, needs no codec under a licence, and is written as it comes.

The file is RIFF with the chunks of "AVI RIFF File Reference" (Microsoft): a header, ``movi`` with the images, ``idx1`` with
their places. It holds no text of any kind.
"""

from __future__ import annotations

import struct
from typing import IO

import numpy as np
from numpy.typing import NDArray

from medview.kernels.encoding import jpeg_bytes

QUALITY = 95
MOST_BYTES = 1_900_000_000
"""An index of this kind counts in 32 bits, and many players in 31."""
_KEY_FRAME = 0x10
_HAS_INDEX = 0x10


class MotionJpeg:
    """Writes pictures of one size to a binary file that can be sought in; `close` completes it."""

    def __init__(self, file: IO[bytes], size: tuple[int, int], rate: float) -> None:
        self._file, self._size, self._rate = file, size, rate
        self._lengths: list[int] = []
        self._write_head()

    def add(self, bgr: NDArray[np.uint8]) -> None:
        """Append a picture (h, w, 3); raises ValueError for another size, OverflowError where the file would be too long."""
        if (bgr.shape[1], bgr.shape[0]) != self._size:
            raise ValueError(f"a film of {self._size} takes no picture of {bgr.shape}")
        data = jpeg_bytes(bgr, QUALITY)
        if self._file.tell() + len(data) > MOST_BYTES:
            raise OverflowError("a film of this kind cannot be longer than 1.9 GB")
        self._file.write(b"00dc" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2))
        self._lengths.append(len(data))

    def close(self) -> None:
        """Write the index and the true counts."""
        end = self._file.tell()
        self._file.write(b"idx1" + struct.pack("<I", 16 * len(self._lengths)))
        at = 4
        for length in self._lengths:
            self._file.write(b"00dc" + struct.pack("<III", _KEY_FRAME, at, length))
            at += 8 + length + length % 2
        whole = self._file.tell()
        self._file.seek(0)
        self._write_head(whole, end)
        self._file.seek(whole)

    def _write_head(self, whole: int = 8, movi_end: int = 0) -> None:
        width, height = self._size
        count, biggest = len(self._lengths), max(self._lengths, default=0)
        rate = round(self._rate * 1000)
        avih = struct.pack(
            "<14I", round(1e6 / self._rate), round(biggest * self._rate), 0, _HAS_INDEX, count, 0, 1, biggest,
            width, height, 0, 0, 0, 0,
        )  # fmt: skip
        strh = b"vidsMJPG" + struct.pack(
            "<IHHIIIIIIIIhhhh", 0, 0, 0, 0, 1000, rate, 0, count, biggest, 0xFFFFFFFF, 0, 0, 0, width, height
        )
        strf = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", 3 * width * height, 0, 0, 0, 0)
        strl = _list(b"strl", _chunk(b"strh", strh) + _chunk(b"strf", strf))
        header = _list(b"hdrl", _chunk(b"avih", avih) + strl)
        movi = max(movi_end - (12 + len(header) + 8), 4)
        self._file.write(b"RIFF" + struct.pack("<I", whole - 8) + b"AVI " + header)
        self._file.write(b"LIST" + struct.pack("<I", movi) + b"movi")


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data


def _list(name: bytes, content: bytes) -> bytes:
    return b"LIST" + struct.pack("<I", 4 + len(content)) + name + content
