"""Colour maps in files of the reader's own: tables of numbers (.csv, .txt, .lut) and ImageJ's binary .lut."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medview.core.colour_map import ENTRIES, ColourMap, colour_map_of, ramp
from medview.core.problem import MedviewError

ENDINGS = (".csv", ".lut", ".txt")
_MOST_BYTES = 4_000_000
_BINARY = 3 * ENTRIES
_NIH_HEAD = 32
"""Bytes before the colours where a binary file has a head (it begins with ICOL)."""
_SEPARATORS = re.compile(r"[\s,;]+")


def read_colour_map(path: Path) -> ColourMap:
    """The map in a file; its id is ``file:`` and the file's name without its ending.

    A text has a row for each colour: red green blue, or place red green blue with growing places, parted by commas, semicolons
    or blanks; 0 to 255, or 0 to 1 where no number is above 1 and one has a decimal point. Empty lines, comments (``#``, ``//``)
    and one line of headings are skipped; between fewer (or more) than 256 rows it is interpolated in straight lines.
    768 bytes that are no text are ImageJ's: all reds, all greens, all blues.
    Raises MedviewError ``bad_colour_map`` that names the file, the line and what is wrong.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from error
    if len(content) > _MOST_BYTES:
        raise _bad(path, "it is larger than any colour map")
    table = _binary_table(content)
    if table is None:
        table = _text_table(path, content)
    return colour_map_of(f"file:{path.stem}", path.stem, table, str(path))


def _binary_table(content: bytes) -> NDArray[np.uint8] | None:
    if content[:4] == b"ICOL" and len(content) >= _NIH_HEAD + _BINARY:
        content = content[_NIH_HEAD : _NIH_HEAD + _BINARY]
    elif len(content) != _BINARY or all(byte in b"\t\n\r ,;.+-#/" or 48 <= byte <= 57 for byte in content):
        return None
    return np.frombuffer(content, dtype=np.uint8).reshape(3, ENTRIES).T


def _text_table(path: Path, content: bytes) -> NDArray[np.uint8]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad(path, "it is neither a text nor 768 bytes of colours") from None
    rows: list[list[float]] = []
    decimal = False
    headed = False
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.split("#", maxsplit=1)[0].split("//", maxsplit=1)[0].strip(" \t,;")
        if not bare:
            continue
        parts = _SEPARATORS.split(bare)
        try:
            row = [float(part) for part in parts]
        except ValueError:
            if rows or headed:
                raise _bad(path, f"line {number} holds something else than numbers: {bare[:40]}") from None
            headed = True
            continue
        if len(row) not in {3, 4} or (rows and len(row) != len(rows[0])):
            raise _bad(path, f"line {number} has {len(row)} numbers where 3 colours (or a place and 3 colours) belong")
        if not all(math.isfinite(value) and 0 <= value <= 255 for value in row[-3:]) or not math.isfinite(row[0]):
            raise _bad(path, f"line {number} has a colour that is not between 0 and 255: {bare[:40]}")
        decimal = decimal or any("." in part for part in parts[-3:])
        rows.append(row)
    if len(rows) < 2:
        raise _bad(path, "it has fewer than two colours")
    colours = np.array([row[-3:] for row in rows])
    if decimal and colours.max() <= 1:
        colours = colours * 255
    places = np.array([row[0] for row in rows]) if len(rows[0]) == 4 else np.arange(len(rows), dtype=np.float64)
    if np.any(np.diff(places) <= 0):
        raise _bad(path, "its places (the first of four numbers) do not grow from line to line")
    places = (places - places[0]) / (places[-1] - places[0])
    return ramp(places.tolist(), [(float(r), float(g), float(b)) for r, g, b in colours])


def _bad(path: Path, why: str) -> MedviewError:
    return MedviewError("bad_colour_map", f"{path} is no colour map: {why}.", str(path), values=(str(path), why))
