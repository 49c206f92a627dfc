"""Colour samples of every photometric interpretation (PS3.3 C.7.6.3.1.2) to RGB of 8 bit."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.dicom.palette import Palette

RGBArray = NDArray[np.uint8]


def to_eight_bit(samples: NDArray[Any], bits_stored: int) -> NDArray[np.uint8]:
    """Unsigned samples of ``bits_stored`` bits scaled to 8 bit: the most significant ones."""
    if bits_stored <= 8:
        if bits_stored == 8:
            return samples.astype(np.uint8)
        return (samples.astype(np.uint16) * 255 // ((1 << bits_stored) - 1)).astype(np.uint8)
    return (samples >> (bits_stored - 8)).astype(np.uint8)


def rgb_from_samples(samples: NDArray[np.uint8], photometric: str) -> RGBArray:
    """(rows, columns, 3 or 4) samples of 8 bit to RGB; raises ValueError for what nobody can interpret."""
    components = samples.shape[-1]
    if photometric == "ARGB" and components == 4:
        return samples[..., 1:]
    if photometric == "CMYK" and components == 4:
        black = 255 - samples[..., 3:].astype(np.uint16)
        return ((255 - samples[..., :3]) * black // 255).astype(np.uint8)
    if components == 4 and photometric == "RGB":
        return samples[..., :3]
    if components != 3:
        raise ValueError(f"{components} samples per pixel with {photometric or 'no photometric interpretation'}")
    if photometric in {"YBR_FULL", "YBR_FULL_422"}:
        return _from_ybr(samples, partial=False)
    if photometric in {"YBR_PARTIAL_422", "YBR_PARTIAL_420"}:
        return _from_ybr(samples, partial=True)
    if photometric == "HSV":
        return _from_hsv(samples)
    return samples  # RGB, and YBR_RCT / YBR_ICT whose transform the decoder has undone


def widen_422(samples: NDArray[Any], columns: int) -> NDArray[Any]:
    """(rows, pairs, 4) samples Y1 Y2 Cb Cr to (rows, columns, 3), each chroma sample for both pixels."""
    rows, pairs, _ = samples.shape
    wide = np.empty((rows, pairs * 2, 3), dtype=samples.dtype)
    wide[:, 0::2, 0] = samples[..., 0]
    wide[:, 1::2, 0] = samples[..., 1]
    wide[..., 1] = np.repeat(samples[..., 2], 2, axis=1)
    wide[..., 2] = np.repeat(samples[..., 3], 2, axis=1)
    return wide[:, :columns]


@cache
def _chroma_tables(partial: bool) -> tuple[NDArray[np.float32], ...]:
    """Luma gain table and the four chroma contributions, one entry per sample value."""
    value = np.arange(256, dtype=np.float32)
    chroma = value - 128
    if partial:
        return (1.1644 * (value - 16), 1.5960 * chroma, -0.3917 * chroma, -0.8129 * chroma, 2.0173 * chroma)
    return (value, 1.402 * chroma, -0.344136 * chroma, -0.714136 * chroma, 1.772 * chroma)


def _from_ybr(samples: NDArray[np.uint8], partial: bool) -> RGBArray:
    luma, red, green_b, green_r, blue = _chroma_tables(partial)
    y = luma[samples[..., 0]]
    cb, cr = samples[..., 1], samples[..., 2]
    rgb = np.empty(samples.shape, dtype=np.uint8)
    for channel, value in enumerate((y + red[cr], y + green_b[cb] + green_r[cr], y + blue[cb])):
        rgb[..., channel] = np.clip(np.rint(value), 0, 255)
    return rgb


def _from_hsv(samples: NDArray[np.uint8]) -> RGBArray:
    hue, saturation, value = (samples[..., n].astype(np.float32) / 255 for n in range(3))
    channels = []
    for n in (5, 3, 1):
        k = (n + hue * 6) % 6
        channels.append(value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1))
    return np.asarray(np.rint(np.stack(channels, axis=-1) * 255).astype(np.uint8))


def rgb_from_palette(stored: NDArray[Any], palette: Palette) -> RGBArray:
    """Look up stored values (rows, columns); values beyond a table's ends take its end entries (PS3.3 C.7.6.3.1.5)."""
    rgb = np.empty((*stored.shape, 3), dtype=np.uint8)
    for channel, table in enumerate(palette.tables):
        index = np.clip(stored.astype(np.int64) - palette.firsts[channel], 0, len(table) - 1)
        rgb[..., channel] = table[index]
    return rgb
