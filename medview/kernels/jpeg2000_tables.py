"""The tables that JPEG 2000's block coder is defined by (ISO 15444-1 annexes C and D), in the form that the kernel reads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_STATES = (
    (0x5601, 1, 1, 1), (0x3401, 2, 6, 0), (0x1801, 3, 9, 0), (0x0AC1, 4, 12, 0), (0x0521, 5, 29, 0), (0x0221, 38, 33, 0),
    (0x5601, 7, 6, 1), (0x5401, 8, 14, 0), (0x4801, 9, 14, 0), (0x3801, 10, 14, 0), (0x3001, 11, 17, 0), (0x2401, 12, 18, 0),
    (0x1C01, 13, 20, 0), (0x1601, 29, 21, 0), (0x5601, 15, 14, 1), (0x5401, 16, 14, 0), (0x5101, 17, 15, 0), (0x4801, 18, 16, 0),
    (0x3801, 19, 17, 0), (0x3401, 20, 18, 0), (0x3001, 21, 19, 0), (0x2801, 22, 19, 0), (0x2401, 23, 20, 0), (0x2201, 24, 21, 0),
    (0x1C01, 25, 22, 0), (0x1801, 26, 23, 0), (0x1601, 27, 24, 0), (0x1401, 28, 25, 0), (0x1201, 29, 26, 0), (0x1101, 30, 27, 0),
    (0x0AC1, 31, 28, 0), (0x09C1, 32, 29, 0), (0x08A1, 33, 30, 0), (0x0521, 34, 31, 0), (0x0441, 35, 32, 0), (0x02A1, 36, 33, 0),
    (0x0221, 37, 34, 0), (0x0141, 38, 35, 0), (0x0111, 39, 36, 0), (0x0085, 40, 37, 0), (0x0049, 41, 38, 0), (0x0025, 42, 39, 0),
    (0x0015, 43, 40, 0), (0x0009, 44, 41, 0), (0x0005, 45, 42, 0), (0x0001, 45, 43, 0), (0x5601, 46, 46, 0),
)  # fmt: skip
"""Table C.2: Qe, next state after the likely and the unlikely symbol, whether the likely symbol changes."""
RUN_LENGTH, UNIFORM = 17, 18
"""Contexts (table D.5); 0 to 8 significance, 9 to 13 sign, 14 to 16 refinement."""
_SIGNS = {
    (1, 1): (13, 0), (1, 0): (12, 0), (1, -1): (11, 0), (0, 1): (10, 0), (0, 0): (9, 0), (0, -1): (10, 1),
    (-1, 1): (11, 1), (-1, 0): (12, 1), (-1, -1): (13, 1),
}  # fmt: skip
"""Table D.3: context and flip of the sign, by the signs left and right and those above and below."""


def transition_table() -> NDArray[Any]:
    """(94,) int64 at 2 * state + likely symbol: Qe | next after likely << 16 | after unlikely << 24 | Qe shifted up to
    0x8000 << 32 | by how many bits << 48.
    """
    table = np.zeros(2 * len(_STATES), np.int64)
    for state, (qe, likely, unlikely, switch) in enumerate(_STATES):
        shift = 16 - qe.bit_length()
        for symbol in (0, 1):
            after = (2 * likely + symbol) << 16 | (2 * unlikely + (symbol ^ switch)) << 24
            table[2 * state + symbol] = qe | after | (qe << shift) << 32 | shift << 48
    return table


def significance_table() -> NDArray[Any]:
    """(4 * 512,) uint8: context of a sample by its subband (LL, HL, LH, HH) and its 3×3 neighbours, row by row (table D.1)."""
    return np.array([_significance(around, band) for band in range(4) for around in range(512)], np.uint8)


def _significance(around: int, band: int) -> int:
    bit = [around >> n & 1 for n in range(9)]
    across, along, diagonal = bit[3] + bit[5], bit[1] + bit[7], bit[0] + bit[2] + bit[6] + bit[8]
    if band == 3:
        straight = across + along
        if diagonal >= 3:
            return 8
        if diagonal == 2:
            return 7 if straight else 6
        return min(straight, 2) + (3 if diagonal else 0)
    if band == 1:
        across, along = along, across
    if across == 2:
        return 8
    if across == 1:
        return 7 if along else 6 if diagonal else 5
    return 2 + along if along else min(diagonal, 2)


def sign_table() -> NDArray[Any]:
    """(256,) uint8: 2 * context + flip by the significance and sign of the neighbours left, right, above and below."""

    def part(bits: int) -> int:
        return 0 if not bits & 1 else -1 if bits & 2 else 1

    table = []
    for code in range(256):
        pairs = [part(code >> shift) for shift in (0, 2, 4, 6)]
        across, along = (max(-1, min(1, one + other)) for one, other in (pairs[:2], pairs[2:]))
        context, flip = _SIGNS[across, along]
        table.append(2 * context + flip)
    return np.array(table, np.uint8)


def start_table() -> NDArray[Any]:
    """(19,) uint8: the state in which each context starts (table D.7), times 2."""
    table = np.zeros(19, np.uint8)
    table[0], table[RUN_LENGTH], table[UNIFORM] = 2 * 4, 2 * 3, 2 * 46
    return table


def block_tables() -> list[NDArray[Any]]:
    """All of them, in the order in which the kernel is given their addresses."""
    return [transition_table(), sign_table(), start_table(), significance_table()]
