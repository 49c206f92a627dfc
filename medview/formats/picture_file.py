"""A picture (PNG, JPEG, TIFF) as a Stack: no geometry, 16-bit grey kept, pages of a TIFF as frames."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import MedviewError, Note
from medview.core.study import FrameSource, SeriesContext, Stack
from medview.core.volume import ModalityTransform
from medview.formats.identity import file_identity

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
_MOST_PIXELS = 400_000_000
_GREY_TYPES = {
    "1": "uint8",
    "L": "uint8",
    "I;16": "uint16",
    "I;16B": "uint16",
    "I;16L": "uint16",
    "I": "int32",
    "F": "float32",
}

_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""EXIF orientation → Pillow's Transpose that turns the picture upright."""


_COLUMNS, _ROWS, _BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 256, 257, 258, 262, 339
"""Tags of TIFF 6.0: ImageWidth, ImageLength, BitsPerSample, PhotometricInterpretation, SampleFormat."""
_WHITE_IS_ZERO = 0
_UNSIGNED, _SIGNED = 1, 2


def is_picture_name(path: str | os.PathLike[str]) -> bool:
    """Whether the file's name says that it is a picture."""
    return os.fspath(path).lower().endswith(PICTURE_ENDINGS)


@dataclass(frozen=True, slots=True)
class PictureFrame:
    """One page of a picture file."""

    path: str
    frame: int
    sop_uid: str = ""
    needs_codec: bool = True

    def read(self) -> NDArray[Any]:
        """(rows, columns) grey or (rows, columns, 3) RGB uint8, turned upright by its EXIF tag; raises MedviewError."""
        try:
            with _opened(self.path) as image:
                image.seek(self.frame)
                image.load()  # which turns a TIFF, and takes its orientation away
                turn = _TURNS.get(_orientation(image))
                upright = image if turn is None else image.transpose(turn)
                if upright.mode == "1":
                    upright = upright.convert("L")
                grey = upright.mode in _GREY_TYPES
                values = np.asarray(upright if grey else upright.convert("RGB"))
                if not grey:
                    return np.ascontiguousarray(values)
                kind = _GREY_TYPES[upright.mode]
                return np.ascontiguousarray(values.astype(kind, copy=False).view(_kind_of(image)))
        except FileNotFoundError as error:
            raise MedviewError(
                "file_vanished", f"{self.path} is not there any more.", self.path, values=(self.path,)
            ) from error
        except (OSError, ValueError, SyntaxError, struct.error, EOFError) as error:
            raise _bad(self.path, error) from error


def _kind_of(image: Any) -> str:
    """The numpy name of the values of a page, ``rgb`` for colours.

    Pillow gives signed bytes as unsigned ones, and unsigned 32-bit values as signed ones: the bits are right.
    """
    kind = _GREY_TYPES.get(image.mode, "rgb")
    form = _tag(image, _SAMPLE_FORMAT)
    if (image.mode, form) == ("L", _SIGNED) and _tag(image, _BITS) == 8:
        return "int8"
    if image.mode == "I" and form in {_UNSIGNED, None} and _tag(image, _BITS) == 32:
        return "uint32"
    return kind


def _tag(image: Any, number: int) -> int | None:
    """The first value of a TIFF tag of this page, None where there is none, or in a picture of another kind."""
    value: Any = getattr(image, "tag_v2", {}).get(number)
    first: int | None = value[0] if isinstance(value, tuple) and value else value
    return first


def _white_is_zero(image: Any) -> bool:
    """Whether low values of this page are white and Pillow has left that so, which it does beyond 8 bits."""
    return image.mode not in {"1", "L", "P"} and _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO


def _loses_bits(image: Any) -> bool:
    """Whether colours of more than 8 bits come as 8."""
    if image.mode in _GREY_TYPES:
        return False
    return any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))


def _bad(path: str, error: object) -> MedviewError:
    what = str(error).splitlines()[0] if str(error) else type(error).__name__
    if type(error).__name__ == "UnidentifiedImageError":  # its text names the open file
        what = "no picture of a known kind"
    return MedviewError("bad_picture", f"{path} cannot be read as a picture: {what}.", path, values=(path, what))


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """The picture, of a file that is open: by a name Pillow maps files, and mixes up the rows of a TIFF on its side."""
    from PIL import Image

    with open(path, "rb") as file, Image.open(file, formats=_FORMATS) as image:  # noqa: PTH123
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError(f"{image.width} × {image.height} pixels are more than can be held")
        yield image


def _orientation(image: Any) -> int:
    """The EXIF orientation tag, 1 where there is none; a PNG that says it after its pixels is not decoded for it."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1
    value = image.getexif().get(0x0112, 1)
    return value if value in _TURNS else 1


def read_picture_stacks(path: str | os.PathLike[str]) -> tuple[Stack, ...]:
    """The stacks of a picture file from its headers: one for each size and type of page. Raises MedviewError."""
    name = os.fspath(path)
    pages: dict[tuple[int, int, str, bool], list[int]] = {}
    turned = alpha = scaled = False
    try:
        with _opened(name) as image:
            for page in range(getattr(image, "n_frames", 1)):
                image.seek(page)
                orientation = _orientation(image)
                turned |= orientation != 1
                alpha |= image.mode in {"RGBA", "LA", "PA"}
                scaled |= _loses_bits(image)
                # Pillow may have swapped the sides of a TIFF that it will turn; its tags are as stored.
                size = (_tag(image, _ROWS) or image.height, _tag(image, _COLUMNS) or image.width)
                size = size[::-1] if orientation >= 5 else size
                pages.setdefault((*size, _kind_of(image), _white_is_zero(image)), []).append(page)
    except (OSError, ValueError, SyntaxError, struct.error, EOFError) as error:
        raise _bad(name, error) from error
    notes = []
    if turned:
        notes.append(Note("picture_turned", "The picture is turned upright as its EXIF tag asks."))
    if alpha:
        notes.append(Note("transparency_ignored", "The picture's transparency is not shown."))
    if scaled:
        text = "Colours are stored with 16 bits and shown with the 8 most significant ones."
        notes.append(Note("colour_scaled", text, ("16",)))
    identity = file_identity(name).stack_id
    return tuple(
        _stack(name, identity if not n else f"{identity}-{n + 1}", key, numbers, tuple(notes))
        for n, (key, numbers) in enumerate(pages.items())
    )


def _stack(
    path: str, identity: str, key: tuple[int, int, str, bool], pages: list[int], notes: tuple[Note, ...]
) -> Stack:
    rows, columns, kind, inverted = key
    colour = kind == "rgb"
    frames: tuple[FrameSource, ...] = tuple(PictureFrame(path, page) for page in pages)
    return Stack(
        id=identity,
        kind="picture",
        shape=(len(pages), rows, columns),
        timepoints=1,
        components=3 if colour else 1,
        dtype="uint8" if colour else kind,
        frames=frames,
        transform=ModalityTransform(),
        unit="RGB" if colour else "stored",
        inverted=inverted and not colour,
        notes=notes,
        context=SeriesContext(description=Path(path).name),
    )
