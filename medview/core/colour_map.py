"""Colour maps: what colour a display value 0 to 255 is drawn in. Those of DICOM, and a few that reading rooms know.

The tables of DICOM are runs of equal steps and are written as such: ``from:value-to:value`` along the 256 entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]
Rgb = tuple[float, float, float]

GREY = "grey"
INVERTED_GREY = "inverted-grey"

ENTRIES = 256


@dataclass(frozen=True, slots=True)
class ColourMap:
    """``entries``: 256 times (red, green, blue), the colour of the lowest display value first.

    ``id`` is stable and short; ``title`` is English and marked for the translators in the context "ColourMap" where
    the map is built in, what the reader called it otherwise. Two maps are equal where all of that is.
    """

    id: str
    title: str
    entries: tuple[tuple[int, int, int], ...]
    source: str = ""
    """The section of the standard, or the reader's file."""

    @property
    def table(self) -> ByteArray:
        """(256, 3) RGB, read-only."""
        return _table_of(self.entries)

    @property
    def is_grey(self) -> bool:
        """Whether it is the plain ramp from black to white, or the same upside down: no colours at all."""
        return self.id in {GREY, INVERTED_GREY}


@cache
def _table_of(entries: tuple[tuple[int, int, int], ...]) -> ByteArray:
    table = np.array(entries, dtype=np.uint8)
    table.setflags(write=False)
    return table


def colour_map_of(id_: str, title: str, table: NDArray[np.generic], source: str = "") -> ColourMap:
    """A map from a table (256, 3) of 0 to 255; raises ValueError for any other shape."""
    if table.shape != (ENTRIES, 3):
        raise ValueError("a colour map has 256 entries of three colours")
    entries = tuple((int(r), int(g), int(b)) for r, g, b in table)
    return ColourMap(id_, title, entries, source)


def ramp(places: Sequence[float], colours: Sequence[Rgb]) -> ByteArray:
    """(256, 3) between ``colours`` (0 to 255) at growing ``places`` (0 to 1), in straight lines."""
    at = np.linspace(0.0, 1.0, ENTRIES)
    channels = [np.interp(at, places, [colour[c] for colour in colours]) for c in range(3)]
    return np.floor(np.stack(channels, axis=1) + 0.5).astype(np.uint8)


def _runs(*channels: str) -> ByteArray:
    """(256, 3) from the runs of red, green and blue."""
    table = np.zeros((ENTRIES, 3), dtype=np.uint8)
    for channel, runs in enumerate(channels):
        for run in runs.split():
            ends = [[int(number) for number in end.split(":")] for end in run.split("-")]
            (first, low), (last, high) = ends[0], ends[-1]
            table[first : last + 1, channel] = np.linspace(low, high, last - first + 1)
    return table


# The standard's palettes (PS3.6 B.1.1 to B.1.4) ----------------------------------------------------------------------

_HOT_IRON = (
    "0:0-127:254 128:255-255:255",
    "0:0-128:0 129:2-254:252 255:255",
    "0:0-191:0 192:4-254:252 255:255",
)
_PET = (
    "0:0-63:0 64:1-106:85 107:86-149:170 150:171-192:255 193:255-255:255",
    "0:0-31:62 32:65-62:125 63:128-95:64 96:63-127:1 128:0-254:252 255:255",
    "0:0-1:1 2:3-128:255 129:252-192:0 193:4-212:80 213:85-233:165 234:170-254:250 255:255",
)
_HOT_METAL_BLUE = (
    (
        "0:0-85:0 86:3-93:24 94:26-102:50 103:52-104:55 105:57-106:59 107:62-109:66 110:69-111:71 "
        "112:74-114:78 115:81-117:85 118:88-119:90 120:93-127:114 128:116-144:164 145:166-153:190 "
        "154:194-155:198 156:201-161:221 162:224-167:244 168:247-170:255 171:255-255:255"
    ),
    (
        "0:0-119:0 120:2-123:8 124:9-131:23 132:24-140:40 141:41-148:55 149:56-157:72 158:73-165:87 "
        "166:88-174:104 175:105-182:119 183:120-191:136 192:137-199:151 200:152-208:168 209:169-216:183 "
        "217:184-225:200 226:201-233:215 234:216-240:228 241:229-246:239 247:240-252:250 253:251-255:255"
    ),
    (
        "0:0-8:16 9:17-42:83 43:84-59:116 60:117-93:183 94:184-102:200 103:197-110:176 111:174-119:150 "
        "120:144-123:126 124:121-131:79 132:74-136:50 137:47-144:26 145:24-153:0 154:0-170:0 171:3-178:24 "
        "179:26-195:74 196:76-212:124 213:126-229:174 230:176-240:206 241:210-244:219 245:223-248:232 "
        "249:236-252:245 253:249-255:255"
    ),
)
_PET_20_STEP = (
    (
        "0:0-12:0 13:96-25:96 26:48-50:48 51:80-63:80 64:96-76:96 77:112-89:112 90:128-101:128 102:48-127:48 "
        "128:80-140:80 141:64-152:64 153:224-165:224 166:208-203:208 204:192-216:192 217:176-229:176 "
        "230:255-255:255"
    ),
    (
        "0:0-25:0 26:48-50:48 51:80-63:80 64:96-76:96 77:112-89:112 90:128-101:128 102:96-114:96 "
        "115:144-127:144 128:192-140:192 141:224-165:224 166:208-178:208 179:176-191:176 192:144-203:144 "
        "204:96-216:96 217:48-229:48 230:0-242:0 243:255-255:255"
    ),
    (
        "0:0-12:0 13:80-38:80 39:112-50:112 51:128-63:128 64:176-76:176 77:192-89:192 90:224-101:224 "
        "102:48-127:48 128:80-140:80 141:64-152:64 153:80-165:80 166:96-178:96 179:64-191:64 192:0-242:0 "
        "243:255-255:255"
    ),
)

# Others --------------------------------------------------------------------------------------------------------------

_VIRIDIS = "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725"
"""Ten equal steps of a map whose lightness grows evenly, told apart by the colour-blind too (Smith and van der Walt, CC0)."""


def _rainbow() -> ByteArray:
    """Blue over cyan, green and yellow to red: the hues of HSV from 240 to 0 degrees at full strength."""
    return ramp((0, 0.25, 0.5, 0.75, 1), ((0, 0, 255), (0, 255, 255), (0, 255, 0), (255, 255, 0), (255, 0, 0)))


def _even() -> ByteArray:
    colours = [tuple(float(one) for one in bytes.fromhex(code)) for code in _VIRIDIS.split()]
    return ramp(np.linspace(0, 1, len(colours)).tolist(), [(r, g, b) for r, g, b in colours])


def _grey() -> ByteArray:
    return np.repeat(np.arange(ENTRIES, dtype=np.uint8)[:, None], 3, axis=1)


class _Library:
    """The built-in maps, made when one is first asked for."""

    @cached_property
    def maps(self) -> tuple[ColourMap, ...]:
        rows = (
            (GREY, "Grey", _grey(), ""),
            (INVERTED_GREY, "Inverted grey", _grey()[::-1], ""),
            ("hot-iron", "Hot iron", _runs(*_HOT_IRON), "PS3.6 B.1.1"),
            ("pet", "PET", _runs(*_PET), "PS3.6 B.1.2"),
            ("hot-metal-blue", "Hot metal blue", _runs(*_HOT_METAL_BLUE), "PS3.6 B.1.3"),
            ("pet-20-step", "PET 20 steps", _runs(*_PET_20_STEP), "PS3.6 B.1.4"),
            ("rainbow", "Rainbow", _rainbow(), ""),
            ("viridis", "Viridis (even lightness)", _even(), "viridis, CC0"),
        )
        return tuple(colour_map_of(*row) for row in rows)


_library = _Library()


def built_in_maps() -> tuple[ColourMap, ...]:
    """All built-in maps in the order of the menu."""
    return _library.maps


def built_in_map(id_: str) -> ColourMap | None:
    """A built-in map by its id."""
    return next((one for one in built_in_maps() if one.id == id_), None)


def default_map_id(modality: str, inverted: bool) -> str:
    """The map that a modality is read in: PET dark on white whatever polarity the file has, all others as the file says."""
    return INVERTED_GREY if modality == "PT" and not inverted else GREY
