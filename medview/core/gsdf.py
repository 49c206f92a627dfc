"""The Grayscale Standard Display Function (PS3.14) and the table that makes a monitor follow it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

FIRST_JND, LAST_JND = 1.0, 1023.0
LOWEST, HIGHEST = 0.05, 3993.4
"""cd/m² that the function reaches from and to (PS3.14 section 7)."""

# PS3.14 section 7, equation 7-1 and table of its constants: log10 of the luminance of a just noticeable difference j.
_A, _B, _C, _D = -1.3011877, -2.5840191e-2, 8.0242636e-2, -1.0320229e-1
_E, _F, _G, _H, _K, _M = 1.3646699e-1, 2.8745620e-2, -2.5468404e-2, -3.1978977e-3, 1.2992634e-4, 1.3635334e-3

# PS3.14 section 7, equation 7-2: the index of a luminance.
_INVERSE = (
    71.498068,
    94.593053,
    41.912053,
    9.8247004,
    0.28175407,
    -1.1878455,
    -0.18014349,
    0.14710899,
    -0.017046845,
)

LEAST_RANGE = 2.0
"""A monitor whose white is less than so many times its black cannot be calibrated to anything."""


def luminance_of_jnd(index: ArrayLike) -> FloatArray:
    """cd/m² of just noticeable differences 1 to 1023: L(1) = 0.0500, L(500) = 119.13, L(1023) = 3993.3."""
    j = np.log(np.clip(np.asarray(index, dtype=np.float64), FIRST_JND, LAST_JND))
    above = _A + j * (_C + j * (_E + j * (_G + j * _M)))
    below = 1 + j * (_B + j * (_D + j * (_F + j * (_H + j * _K))))
    return np.asarray(10 ** (above / below))


def jnd_of_luminance(luminance: ArrayLike) -> FloatArray:
    """Index of a just noticeable difference, with fractions, of cd/m²; the ends beyond those of the function."""
    x = np.log10(np.clip(np.asarray(luminance, dtype=np.float64), LOWEST, HIGHEST))
    total = np.zeros_like(x)
    for factor in reversed(_INVERSE):
        total = total * x + factor
    return np.clip(total, FIRST_JND, LAST_JND)


@dataclass(frozen=True, slots=True)
class DisplayProfile:
    """What is known of a monitor: cd/m² of black and white as measured in the dark, of the room's light on it, and its gamma.

    ``gamma`` says how its luminance grows with what it is told (2.2 for most). Raises ValueError for what no monitor can be.
    """

    black: float
    white: float
    ambient: float = 0.0
    gamma: float = 2.2

    def __post_init__(self) -> None:
        values = (self.black, self.white, self.ambient, self.gamma)
        if not np.isfinite(values).all() or self.black < 0 or self.ambient < 0 or not 0.5 <= self.gamma <= 4:
            raise ValueError("black and ambient light are not negative, and gamma is 0.5 to 4")
        if not self.white + self.ambient >= LEAST_RANGE * max(self.black + self.ambient, LOWEST):
            raise ValueError("white is not brighter than black, the room's light included")

    def luminance(self, level: ArrayLike) -> FloatArray:
        """cd/m² that the eye sees for what the monitor is told, 0 to 1."""
        share = np.clip(np.asarray(level, dtype=np.float64), 0, 1) ** self.gamma
        return np.asarray(self.ambient + self.black + (self.white - self.black) * share)


def calibration(profile: DisplayProfile) -> ByteArray:
    """(256,) what the monitor is told for each grey (P-value): equal steps of grey are equal steps of JND (PS3.14 annex D)."""
    levels = np.arange(256) / 255
    seen = jnd_of_luminance(profile.luminance(levels))
    wanted = np.linspace(seen[0], seen[-1], 256)
    return np.asarray(np.floor(np.interp(wanted, seen, np.arange(256)) + 0.5), dtype=np.uint8)


def distance_from_standard(profile: DisplayProfile, table: ByteArray) -> float:
    """How far, at most, the steps between 18 greys are from equal JND steps, as a part of their mean (AAPM TG18, section 4.3)."""
    greys = np.round(np.linspace(0, 255, 18)).astype(int)
    seen = profile.luminance(table[greys] / 255)
    contrast = 2 * np.diff(seen) / (seen[1:] + seen[:-1])
    jnd = np.linspace(float(jnd_of_luminance(seen[0])), float(jnd_of_luminance(seen[-1])), 18)
    standard = luminance_of_jnd(jnd)
    wanted = 2 * np.diff(standard) / (standard[1:] + standard[:-1])
    return float(np.max(np.abs(contrast - wanted) / wanted))
