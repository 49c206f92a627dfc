"""What a file itself draws over a frame: overlay planes, colours of a supplemental palette; sampled and laid on a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medview.kernels.sample2d import pixels_per_screen_pixel, sample_region

ByteArray = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class FrameGraphics:
    """``rgba`` (rows, columns, 4) uint8 on the grid of an acquired frame; alpha 0 where nothing is drawn."""

    rgba: ByteArray

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is drawn."""
        return not self.rgba[..., 3].any()

    def sampled(self, screen_to_pixel: ArrayLike, size: tuple[int, int]) -> ByteArray:
        """(h, w, 4) at the resolution of the screen; a line one pixel wide stays visible where the picture gets smaller."""
        alpha = np.ascontiguousarray(self.rgba[..., 3])
        weighted = (self.rgba[..., :3].astype(np.uint16) * alpha[..., None] // 255).astype(np.uint8)
        share, inside = sample_region(alpha, screen_to_pixel, size, smooth=False)
        colour, _ = sample_region(weighted, screen_to_pixel, size, smooth=False)
        strength = np.where(inside, share, 0).astype(np.float32)
        wider = max(1.0, *pixels_per_screen_pixel(screen_to_pixel))
        gain = 255.0 / np.maximum(strength, 1.0)
        out = np.empty((*size, 4), dtype=np.uint8)
        out[..., :3] = np.clip(np.rint(colour * gain[..., None]), 0, 255)
        out[..., 3] = np.clip(np.rint(strength * wider), 0, 255)
        return out


def draw_graphics(rgba: ByteArray, graphics: ByteArray) -> None:
    """Lay ``graphics`` (h, w, 4) over ``rgba`` (h, w, 4) in place; where they are opaque nothing of the ground remains."""
    where = np.flatnonzero(graphics[..., 3])
    if not where.size:
        return
    drawn = graphics.reshape(-1, 4)[where]
    ground = rgba.reshape(-1, 4)
    share = drawn[:, 3:].astype(np.float32) / 255
    mixed = ground[where, :3] * (1 - share) + drawn[:, :3] * share
    ground[where, :3] = np.floor(mixed + np.float32(0.5)).astype(np.uint8)
