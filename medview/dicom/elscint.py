"""Elscint's and Philips' private way of holding a CT image: PMSCT_RLE1 in (07A1,xx0A) instead of Pixel Data.

No standard describes it; GDCM (Examples/Cxx/rle2img.cxx), dcm2niix and Orthanc read it in this way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.dicom import tags
from medview.dicom.elements import RawInstance
from medview.dicom.header import as_text
from medview.dicom.pixel_description import PRIVATE

SYNTAX = "1.3.46.670589.33.1.4.1"
"""Philips' name for a data set that holds such an image."""
_RUN, _WHOLE = 0xA5, 0x5A


def take_compressed(raw: RawInstance) -> None:
    """Take the private element for the pixels of an object that has no others."""
    place = raw.extended.pop(tags.ELSCINT_PIXELS, None)
    known = as_text(raw.values.get(tags.ELSCINT_CREATOR)) == "ELSCINT1"
    if place is None or raw.pixel_tag or not known or as_text(raw.values.get(tags.ELSCINT_COMPRESSION)) != "PMSCT_RLE1":
        return
    raw.pixel_tag, raw.pixel_vr = tags.PIXELS, PRIVATE
    raw.pixel_offset, raw.pixel_length = place
    raw.transfer_syntax = SYNTAX


def decode_pmsct(data: bytes, cells: int) -> NDArray[Any]:
    """(cells,) uint16: runs of bytes first, then differences to the value before; ValueError where the data end early."""
    steps = bytearray()
    at = 0
    while at < len(data) and len(steps) < 3 * cells:
        if data[at] != _RUN:
            stop = data.find(_RUN, at)
            stop = len(data) if stop < 0 else stop
            steps += data[at:stop]
            at = stop
            continue
        if at + 2 >= len(data):
            break
        steps += data[at + 2 : at + 3] * (data[at + 1] + 1)
        at += 3
    values = np.empty(cells, dtype=np.uint16)
    filled = at = value = 0
    while filled < cells:
        if at >= len(steps) or (steps[at] == _WHOLE and at + 2 >= len(steps)):
            raise ValueError(f"{filled} of {cells} values are there")
        if steps[at] == _WHOLE:
            value = steps[at + 1] | steps[at + 2] << 8
            at += 3
        else:
            value = (value + (steps[at] ^ 0x80) - 0x80) & 0xFFFF
            at += 1
        values[filled] = value
        filled += 1
    return values
