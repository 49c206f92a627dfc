"""Short video streams of pictures that are computed here, so that what a decoder gives can be compared with the truth.

``clip_picture`` is the picture; the streams beside this file were made of it once, with FFmpeg 9.0 (x264, x265, its own MPEG-2
encoder), because no encoder of H.264 or HEVC may be shipped with medview or its tests. ``make_clips.sh`` beside them says how.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
FRAMES = 12


def clip_picture(number: int, rows: int, columns: int) -> np.ndarray:
    """(rows, columns, 3) RGB: smooth in space, another colour in each quarter, and a bar whose place tells the number."""
    j, i = np.mgrid[0:rows, 0:columns] / (rows, columns)[0]
    picture = np.empty((rows, columns, 3))
    picture[..., 0] = 60 + 120 * j
    picture[..., 1] = 180 - 100 * i
    picture[..., 2] = 90 + 10 * number
    bar = slice(number * columns // FRAMES, (number + 1) * columns // FRAMES)
    picture[rows // 3 : 2 * rows // 3, bar] = (200, 60, 40)
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)


def clip_bytes(name: str) -> bytes:
    """A stream of twelve pictures of 48 rows and 64 columns (or 46 and 62 where the name says ``odd``)."""
    return (FOLDER / name).read_bytes()
