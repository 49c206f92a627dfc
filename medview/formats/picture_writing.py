"""A composed picture as a PNG, with words on it where they are wanted; whole or not written at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.files.replaced_file import replaced_file

ByteArray = NDArray[np.uint8]
Corner = Literal["top_left", "top_right", "bottom_left", "bottom_right", "left", "right", "top", "bottom"]

_FONTS = {
    "linux": (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    ),
    "darwin": ("/System/Library/Fonts/PingFang.ttc", "/System/Library/Fonts/Helvetica.ttc"),
    "win32": ("C:/Windows/Fonts/msyh.ttc", "C:/Windows/Fonts/segoeui.ttf"),
}
"""Fonts with Chinese characters first: names come in any script."""


def write_png(path: str | os.PathLike[str], rgba: ByteArray) -> None:
    """Write an opaque picture (h, w, 4): grey with 8 bits where it has no colour, else RGB.

    Raises MedviewError: unknown_format where the name does not end with .png, cannot_write.
    """
    from PIL import Image

    if not os.fspath(path).lower().endswith(".png"):
        raise MedviewError(
            "unknown_format",
            f"{os.fspath(path)}: a picture is written as .png.",
            os.fspath(path),
            ExitCode.BAD_USE,
            (os.fspath(path), ".png"),
        )
    rgb = rgba[..., :3]
    is_grey = bool(np.array_equal(rgb[..., 0], rgb[..., 1]) and np.array_equal(rgb[..., 0], rgb[..., 2]))
    image = Image.fromarray(np.ascontiguousarray(rgb[..., 0] if is_grey else rgb))
    with replaced_file(path) as temporary:
        image.save(temporary, format="PNG")


def png_bytes(rgba: ByteArray) -> bytes:
    """The PNG of an opaque picture (h, w, 4), for pages that hold their pictures."""
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgba[..., :3])).save(stream, format="PNG")
    return stream.getvalue()


def write_text(
    rgba: ByteArray,
    texts: Sequence[tuple[Corner, Sequence[str]]],
    marks: Sequence[tuple[float, float, str]] = (),
) -> ByteArray:
    """A copy of ``rgba`` (h, w, 4) with lines of text in its corners and at the middle of its edges.

    ``marks`` are words whose lower left corner is at (x, y). White with a dark halo, to be read on bone and on air.
    """
    from PIL import Image, ImageDraw

    height, width = rgba.shape[:2]
    size = max(10, min(height, width) // 40)
    font = _font(size)
    image = Image.fromarray(rgba[..., :3].copy())
    draw: Any = ImageDraw.Draw(image)
    line_height, margin = round(size * 1.35), max(3, size // 2)
    look = {"font": font, "fill": (255, 255, 255), "stroke_width": max(1, size // 10), "stroke_fill": (0, 0, 0)}
    for corner, lines in texts:
        shown = [line for line in lines if line]
        for n, line in enumerate(shown):
            block = (draw.textlength(line, font=font), line_height * len(shown))
            x, y = _place(corner, (width, height), block, margin)
            draw.text((x, y + n * line_height), line, **look)
    for x, y, words in marks:
        inside = min(max(x, margin), max(margin, width - margin - draw.textlength(words, font=font)))
        draw.text((inside, max(0, y - line_height)), words, **look)
    out = rgba.copy()
    out[..., :3] = np.asarray(image)
    return out


def write_lines(picture: ByteArray, words: Sequence[tuple[float, float, str, tuple[int, int, int]]]) -> None:
    """Write texts with their upper left corner at (x, y), each in a colour in the picture's own order, in place.

    Lines are kept; words that would begin beyond the right or lower border are moved back inside.
    """
    from PIL import Image, ImageDraw

    height, width = picture.shape[:2]
    size = int(np.clip(min(height, width) // 40, 11, 18))
    font = _font(size)
    image = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
    draw: Any = ImageDraw.Draw(image)
    for x, y, text, colour in words:
        left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font=font)
        at = (
            min(max(x, 1.0), max(1.0, width - (right - left) - 2)),
            min(max(y, 1.0), max(1.0, height - (bottom - top) - 2)),
        )
        draw.multiline_text(at, text, font=font, fill=colour, stroke_width=1, stroke_fill=(0, 0, 0))
    picture[..., :3] = np.asarray(image)


def _place(corner: Corner, size: tuple[int, int], block: tuple[float, float], margin: int) -> tuple[float, float]:
    """Upper left point of a block of text."""
    across, down = size[0] - block[0], size[1] - block[1]
    x = {"left": margin, "right": across - margin}.get(corner.rsplit("_", maxsplit=1)[-1], across / 2)
    y = {"top": margin, "bottom": down - margin}.get(corner.split("_", maxsplit=1)[0], down / 2)
    return x, y


@lru_cache(maxsize=4)
def _font(size: int) -> Any:
    from PIL import ImageFont

    for path in _FONTS.get(sys.platform, ()):
        if Path(path).exists():
            try:
                return ImageFont.truetype(path, size)
            except OSError:
                continue
    return ImageFont.load_default(size)
