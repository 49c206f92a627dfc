"""A picture to judge a monitor by: the tasks of a quality control pattern (AAPM TG18-QC), drawn by medview itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""left, top, width, height in px."""

STEPS = 18
"""Patches of grey from black to white in equal steps of what the monitor is told."""
GROUND = 51
"""A fifth of white, as the eye is adapted while it reads."""
FIVE, NINETY_FIVE = 13, 242
"""5 % and 95 % of 255."""
CORNER_STEP = 4
"""How much brighter and darker the corners of a patch are: hardly seen, and to be seen in each."""
LEAST_SIDE = 480


@dataclass(frozen=True, eq=False)
class Pattern:
    """``grey`` (h, w) of what the monitor is to be told before calibration, and where its parts lie."""

    grey: ByteArray
    patches: tuple[Box, ...]
    dark: Box
    bright: Box
    ramps: tuple[Box, ...]
    lines: tuple[Box, ...]
    words: tuple[tuple[int, int, int, int], ...]
    """(x, y, ground, grey) of words that grow fainter."""


def step_grey(step: int) -> int:
    """Grey of one of the patches."""
    return round(step * 255 / (STEPS - 1))


def make_pattern(width: int, height: int) -> Pattern:
    """The pattern for a screen of so many device px; nothing in it is scaled or interpolated."""
    width, height = max(width, LEAST_SIDE), max(height, LEAST_SIDE)
    grey = np.full((height, width), GROUND, dtype=np.uint8)
    _border(grey)
    unit = min(width // 11, height // 11)
    patches = _patches(grey, unit)
    dark, bright = _squares(grey, unit)
    ramps = _ramps(grey, unit)
    lines = _line_pairs(grey, unit)
    words = []
    for at, (ground, sign) in enumerate(((FIVE, 1), (128, 1), (NINETY_FIVE, -1))):
        left, top = width // 2 - 3 * unit + at * 2 * unit, height // 2 + round(3.1 * unit)
        grey[top : top + unit // 2, left : left + 2 * unit] = ground
        words += [
            (left + 6 + n * (2 * unit - 12) // 8, top + unit // 3, ground, ground + sign * (16 >> (n // 2)))
            for n in range(8)
        ]
    return Pattern(grey, tuple(patches), dark, bright, tuple(ramps), tuple(lines), tuple(words))


def _border(grey: ByteArray) -> None:
    """A line around everything and a grid: squares must be squares, lines straight, nothing cut off."""
    height, width = grey.shape
    step = max(24, min(width, height) // 20)
    for x in range(width // 2 % step, width, step):
        grey[:, x] = 77
    for y in range(height // 2 % step, height, step):
        grey[y, :] = 77
    grey[[2, -3], 2:-2] = 204
    grey[2:-2, [2, -3]] = 204


def _patches(grey: ByteArray, unit: int) -> list[Box]:
    """18 greys around the middle, each with four corners that differ by little."""
    height, width = grey.shape
    places: list[tuple[int, int]] = []
    left, top = width // 2 - 3 * unit, height // 2 - 3 * unit
    places += [(left + n * unit, top) for n in range(5)]
    places += [(left + 5 * unit, top + n * unit) for n in range(4)]
    places += [(left + (5 - n) * unit, top + 4 * unit) for n in range(5)]
    places += [(left, top + (4 - n) * unit) for n in range(4)]
    boxes = []
    for step, (x, y) in enumerate(places):
        value = step_grey(step)
        box = (x, y, unit, unit)
        _fill(grey, box, value)
        part = max(6, unit // 5)
        brighter, darker = min(255, value + CORNER_STEP), max(0, value - CORNER_STEP)
        for (dx, dy), corner in zip(
            ((4, 4), (unit - part - 4, 4), (4, unit - part - 4), (unit - part - 4, unit - part - 4)),
            (brighter, darker, darker, brighter),
            strict=True,
        ):
            _fill(grey, (x + dx, y + dy, part, part), corner)
        boxes.append(box)
    return boxes


def _squares(grey: ByteArray, unit: int) -> tuple[Box, Box]:
    """5 % in black and 95 % in white: both small squares must be seen (SMPTE RP 133)."""
    height, width = grey.shape
    boxes = []
    for at, (ground, value) in enumerate(((0, FIVE), (255, NINETY_FIVE))):
        x, y = width // 2 - 2 * unit + at * 2 * unit, height // 2 - round(1.75 * unit)
        _fill(grey, (x, y, 2 * unit, round(1.5 * unit)), ground)
        side = unit // 2
        box = (x + unit - side // 2, y + round(0.75 * unit) - side // 2, side, side)
        _fill(grey, box, value)
        boxes.append(box)
    return boxes[0], boxes[1]


def _ramps(grey: ByteArray, unit: int) -> list[Box]:
    """A ramp down each side, dark to bright and back: no band may be seen in it."""
    height, width = grey.shape
    length = 6 * unit
    ramp = np.linspace(0, 255, length).round().astype(np.uint8)[:, None]
    top = (height - length) // 2
    boxes = []
    for x, column in ((width // 2 - round(4.4 * unit), ramp), (width // 2 + round(3.7 * unit), ramp[::-1])):
        grey[top : top + length, x : x + round(0.7 * unit)] = column
        boxes.append((x, top, round(0.7 * unit), length))
    return boxes


def _line_pairs(grey: ByteArray, unit: int) -> list[Box]:
    """Lines of one and of two px, upright and lying, of full and of low contrast, in the middle and in the four corners."""
    height, width = grey.shape
    side = max(24, unit // 2)
    places = [
        (width // 2 - 2 * side, height // 2 + side // 2),
        (12, 12),
        (width - 12 - 4 * side, 12),
        (12, height - 12 - side),
        (width - 12 - 4 * side, height - 12 - side),
    ]
    boxes = []
    y, x = np.mgrid[:side, :side]
    for left, top in places:
        for n, (along, period) in enumerate(((x, 1), (y, 1), (x, 2), (y, 2))):
            low, high = (0, 255) if n < 2 else (118, 138)
            box = (left + n * side, top, side, side)
            _fill_with(grey, box, np.where(along // period % 2 == 0, np.uint8(low), np.uint8(high)))
            boxes.append(box)
    return boxes


def _fill(grey: ByteArray, box: Box, value: int) -> None:
    x, y, w, h = box
    grey[y : y + h, x : x + w] = value


def _fill_with(grey: ByteArray, box: Box, values: ByteArray) -> None:
    x, y, w, h = box
    grey[y : y + h, x : x + w] = values


def pattern_picture(pattern: Pattern, tone: ByteArray | None) -> ByteArray:
    """(h, w) of what the monitor is told: through the calibration, where there is one."""
    return pattern.grey if tone is None else np.asarray(tone[pattern.grey])
