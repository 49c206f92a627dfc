"""Where a shown slice lies in its viewport: fit, zoom, pan, quarter turns and mirroring as one affine.

Coordinates:

* *image*: (x, y) of the shown slice, x along columns, y along rows; integers are pixel centres.
* *screen*: logical pixels of the viewport, (0, 0) at its top left corner.
* *device*: physical pixels, screen × device pixel ratio; integers are the centres of device pixels.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medview.kernels.sample2d import covered_rect, part_of_screen

FloatArray = NDArray[np.float64]
Point = tuple[float, float]

_TURN = np.array([[0.0, -1.0], [1.0, 0.0]])  # a quarter turn clockwise where y grows downwards
_MIRROR = np.array([[-1.0, 0.0], [0.0, 1.0]])


def orientation_matrix(quarter_turns: int, mirrored: bool) -> FloatArray:
    """(2, 2) image directions to screen directions: mirrored left to right first, then turned clockwise."""
    matrix = np.linalg.matrix_power(_TURN, quarter_turns % 4)
    return np.asarray(matrix @ _MIRROR if mirrored else matrix, dtype=np.float64)


def fit_scale(
    shape: tuple[int, int], pixel_mm: tuple[float, float], viewport: tuple[float, float], quarter_turns: int
) -> float:
    """Screen px per mm at which a slice of ``shape`` (rows, columns) just fits into ``viewport`` (width, height)."""
    height, width = shape[0] * pixel_mm[0], shape[1] * pixel_mm[1]
    if quarter_turns % 2:
        height, width = width, height
    return max(min(viewport[0] / width, viewport[1] / height), 1e-9)


@dataclass(frozen=True, eq=False)
class ViewTransform:
    """Image ↔ screen of one viewport. ``matrix`` (2, 3) takes image (x, y, 1) to screen px."""

    matrix: FloatArray
    shape: tuple[int, int]
    pixel_mm: tuple[float, float]
    viewport: tuple[float, float]
    device_ratio: float
    scale: float
    """Screen px per mm."""
    fit: float
    """The scale at which the slice fits."""

    @staticmethod
    def build(
        shape: tuple[int, int],
        pixel_mm: tuple[float, float],
        viewport: tuple[float, float],
        device_ratio: float = 1.0,
        zoom: float = 1.0,
        pixel_scale: float | None = None,
        pan_mm: Point = (0.0, 0.0),
        quarter_turns: int = 0,
        mirrored: bool = False,
    ) -> ViewTransform:
        """``zoom`` is a factor on fit; ``pixel_scale``, where given, replaces it: device px per smaller pixel side.

        ``pan_mm`` (x, y): what lies in the viewport's middle, in mm of the image from the slice's middle, so that it
        stays there when the viewport changes its size. Where a pixel covers whole device pixels, and where the slice
        is fitted, it is shifted by less than one device pixel so that its corner meets the screen's pixels: then
        nothing is interpolated, or in the fast way.
        """
        fit = fit_scale(shape, pixel_mm, viewport, quarter_turns)
        scale = fit * zoom
        if pixel_scale is not None:
            scale = pixel_scale / (device_ratio * min(pixel_mm))
        linear = orientation_matrix(quarter_turns, mirrored) @ np.diag([pixel_mm[1], pixel_mm[0]]) * scale
        middle = np.array([(shape[1] - 1) / 2 + pan_mm[0] / pixel_mm[1], (shape[0] - 1) / 2 + pan_mm[1] / pixel_mm[0]])
        shift = np.array(viewport) / 2 - linear @ middle
        steps = np.abs(linear).sum(axis=1) * device_ratio
        whole = np.all(np.abs(steps - np.round(steps)) < 1e-6) and np.all(np.round(steps) >= 1)
        if whole or (zoom == 1.0 and pixel_scale is None and pan_mm == (0.0, 0.0)):
            corner = (linear @ np.array([-0.5, -0.5]) + shift) * device_ratio
            shift = shift + (np.round(corner) - corner) / device_ratio
        matrix = np.concatenate([linear, shift[:, None]], axis=1)
        matrix.setflags(write=False)
        return ViewTransform(matrix, shape, pixel_mm, viewport, device_ratio, scale, fit)

    @cached_property
    def inverse(self) -> FloatArray:
        """(2, 3) screen px to image."""
        linear = np.linalg.inv(self.matrix[:, :2])
        return np.concatenate([linear, -(linear @ self.matrix[:, 2])[:, None]], axis=1)

    @cached_property
    def device_to_image(self) -> FloatArray:
        """(2, 3) centre of device pixel (column, row) to image: what the sampling kernels want."""
        linear = self.inverse[:, :2] / self.device_ratio
        shift = self.inverse[:, 2] + linear @ np.array([0.5, 0.5])
        return np.concatenate([linear, shift[:, None]], axis=1)

    @cached_property
    def covered(self) -> tuple[int, int, int, int]:
        """(top, left, height, width) in device px of the viewport's part that the slice covers."""
        return covered_rect(self.device_to_image, self.shape, self.device_size)

    @cached_property
    def covered_part(self) -> tuple[FloatArray, tuple[int, int]]:
        """(2, 3) from the pixels of :attr:`covered` to the image, read-only, and its (height, width)."""
        top, left, height, width = self.covered
        part = part_of_screen(self.device_to_image, top, left)
        part.setflags(write=False)
        return part, (height, width)

    @cached_property
    def key(self) -> Hashable:
        """The same for transforms that place every pixel alike."""
        return (self.matrix.tobytes(), self.viewport, self.device_ratio)

    @property
    def device_size(self) -> tuple[int, int]:
        """(height, width) of the viewport in device px."""
        return (
            max(1, int(np.ceil(self.viewport[1] * self.device_ratio - 1e-6))),
            max(1, int(np.ceil(self.viewport[0] * self.device_ratio - 1e-6))),
        )

    @property
    def zoom(self) -> float:
        """Factor on fit."""
        return self.scale / self.fit

    @property
    def device_px_per_pixel(self) -> float:
        """Device px per smaller pixel side: 1 is 1:1."""
        return self.scale * min(self.pixel_mm) * self.device_ratio

    @cached_property
    def _rows(self) -> list[list[float]]:
        """The matrix as plain numbers: every point of every mark goes through it."""
        return [row[:3] for row in self.matrix[:2].tolist()]

    def image_to_screen(self, x: float, y: float) -> Point:
        """Image (x, y) to screen px."""
        (a, b, c), (d, e, f) = self._rows
        return (float(a * x + b * y + c), float(d * x + e * y + f))

    def screen_to_image(self, x: float, y: float) -> Point:
        """Screen px to image (x, y)."""
        m = self.inverse
        return (float(m[0, 0] * x + m[0, 1] * y + m[0, 2]), float(m[1, 0] * x + m[1, 1] * y + m[1, 2]))

    def pan_mm_at(self, x: float, y: float, screen: Point | None = None) -> Point:
        """The ``pan_mm`` that puts image (x, y) at ``screen`` px (the viewport's middle, if not given)."""
        middle = np.array([x, y])
        if screen is not None:
            offset = np.array(screen) - np.array(self.viewport) / 2
            middle = middle - self.inverse[:, :2] @ offset
        return (
            float((middle[0] - (self.shape[1] - 1) / 2) * self.pixel_mm[1]),
            float((middle[1] - (self.shape[0] - 1) / 2) * self.pixel_mm[0]),
        )

    @property
    def pan_mm(self) -> Point:
        """What lies in the viewport's middle, in mm from the slice's middle."""
        return self.pan_mm_at(*self.screen_to_image(self.viewport[0] / 2, self.viewport[1] / 2))

    def image_rect_on_screen(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the whole slice on the screen."""
        rows, columns = self.shape
        a = self.image_to_screen(-0.5, -0.5)
        b = self.image_to_screen(columns - 0.5, rows - 0.5)
        return (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
