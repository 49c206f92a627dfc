"""The grey windows and VOI LUTs of a file (PS3.3 C.11.2)."""

from __future__ import annotations

import struct
from typing import cast

from medview.core.window import Voi, VoiFunction, VoiLut, Window
from medview.dicom import tags
from medview.dicom.charset import codecs_of
from medview.dicom.elements import Values
from medview.dicom.header import as_numbers, as_short, as_shorts, as_text
from medview.dicom.text_guess import readable


def windows_of(values: Values, intercept: float) -> tuple[tuple[Voi, ...], int]:
    """VOI LUTs first, as PS3.3 C.11.2.1.1 lists them, then the windows in the file's order; and how many are unusable.

    A LINEAR window of a width below 1, which the standard forbids, is taken as LINEAR_EXACT (what its writer meant).
    """
    vois: list[Voi] = []
    faults = 0
    # Of the sign of what the Modality LUT gives (PS3.3 C.11.2.1.1): a table of it has unsigned entries.
    signed = not values.get(tags.MODALITY_LUTS) and (
        as_short(values.get(tags.PIXEL_REPRESENTATION)) == 1 or intercept < 0
    )
    for item in values.get(tags.VOI_LUTS) or ():
        lut = _voi_lut(item, signed, codecs_of(values.get(tags.CHARSET)))
        if lut is None:
            faults += 1
        else:
            vois.append(lut)
    centers, widths = as_numbers(values.get(tags.WINDOW_CENTER)), as_numbers(values.get(tags.WINDOW_WIDTH))
    if not centers or not widths:
        return tuple(vois), faults + int(bool(values.get(tags.WINDOW_CENTER, b"").strip()) != bool(centers))
    names = readable(values.get(tags.WINDOW_EXPLANATION), codecs_of(values.get(tags.CHARSET))).split("\\")
    said = as_text(values.get(tags.VOI_FUNCTION)).upper()
    function = said if said in {"LINEAR", "LINEAR_EXACT", "SIGMOID"} else "LINEAR"
    for number, (center, width) in enumerate(zip(centers, widths, strict=False)):
        name = names[number].strip() if number < len(names) else ""
        if not width > 0:
            faults += 1
            continue
        kind = "LINEAR_EXACT" if function == "LINEAR" and width < 1 else function
        vois.append(Window(center, width, cast("VoiFunction", kind), name))
    return tuple(vois), faults


def _voi_lut(item: Values, signed: bool, codecs: tuple[str, ...]) -> VoiLut | None:
    descriptor = as_shorts(item.get(tags.LUT_DESCRIPTOR))
    data = item.get(tags.LUT_ENTRIES)
    if len(descriptor) != 3 or not data:
        return None
    count = descriptor[0] or 65536
    first = descriptor[1] - 65536 if signed and descriptor[1] > 32767 else descriptor[1]
    if len(data) >= 2 * count:
        entries = struct.unpack_from(f"<{count}H", data)
    elif len(data) >= count:
        entries = tuple(data[:count])
    else:
        return None
    return VoiLut(first, entries, descriptor[2] or 16, readable(item.get(tags.LUT_EXPLANATION), codecs))
