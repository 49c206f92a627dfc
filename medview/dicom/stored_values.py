"""From cells to stored values: bit packing, byte order, HighBit, BitsStored and sign (PS3.5 8.1.1, 8.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.dicom.pixel_description import PixelDescription


def unpack_cells(data: bytes | memoryview, first_bit: int, count: int, bits: int) -> NDArray[np.unsignedinteger]:
    """``count`` cells of ``bits`` bits (1, 12, 24 …) that follow one another without gaps, lowest bit first.

    PS3.5 8.1.1: the first cell begins at bit ``first_bit`` of ``data``.
    """
    start = first_bit // 8
    stop = (first_bit + count * bits + 7) // 8
    raw = np.unpackbits(np.frombuffer(data, dtype=np.uint8)[start:stop], bitorder="little")
    raw = raw[first_bit % 8 : first_bit % 8 + count * bits]
    if bits == 1:
        return raw
    width = next(w for w in (8, 16, 32, 64) if bits <= w)
    cells = np.zeros((count, width), dtype=np.uint8)
    cells[:, :bits] = raw.reshape(count, bits)
    return np.packbits(cells, axis=1, bitorder="little").view(f"<u{width // 8}")[:, 0]


def settle_bits(cells: NDArray[Any], bits_stored: int, shift: int, signed: bool) -> None:
    """Turn cells into stored values in place: drop what is outside BitsStored (overlays), extend the sign.

    ``cells``: any integer array of the result's type, whose values lie ``shift`` bits above bit 0.
    """
    width = 8 * cells.itemsize
    if bits_stored >= width and shift == 0:
        return
    bits_stored = min(bits_stored, width - shift)
    if not signed:
        view = cells.view(np.dtype(f"u{cells.itemsize}"))
        if shift:
            view >>= shift
        if bits_stored < width:
            view &= (1 << bits_stored) - 1
        return
    values = cells.view(np.dtype(f"i{cells.itemsize}"))
    values <<= width - bits_stored - shift
    values >>= width - bits_stored


def settle_decoded(samples: NDArray[Any], precision: int, pixels: PixelDescription) -> NDArray[Any]:
    """Stored values of what a codec gave: ``precision`` bits, right aligned, of either sign.

    A stream of whole cells (precision above BitsStored) still holds them where HighBit says; a narrower one does not.
    """
    target = np.dtype(pixels.dtype)
    cells = samples.astype(f"u{target.itemsize}").view(target)
    bits = min(max(pixels.bits_stored, 1), 8 * target.itemsize)
    settle_bits(cells, bits, pixels.shift if precision > bits else 0, pixels.signed)
    return cells
