"""Which colour stands for which value: the colours of a bar beside a picture and the numbers at it, without a screen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medview.app.reading import window_of
from medview.core.display import apply_voi
from medview.core.window import Voi, VoiLut

_STEPS = 256


@dataclass(frozen=True, eq=False)
class Bar:
    """Colours and values: ``table`` (256, 3) RGB, the window, and what its values are multiplied by to be in ``unit``."""

    table: NDArray[np.uint8]
    voi: Voi
    inverted: bool
    unit: str
    factor: float = 1.0
    offset: float = 0.0
    title: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """The modality values at the bar's foot and top; a sigmoid's bar shows twice its width, where it bends."""
        window = window_of(self.voi)
        if isinstance(self.voi, VoiLut):
            return (float(self.voi.first), float(self.voi.first + len(self.voi.entries) - 1))
        if self.voi.function == "SIGMOID":
            return (window.center - window.width, window.center + window.width)
        return window.ramp

    def colours(self) -> NDArray[np.uint8]:
        """(256, 3) RGB from the foot to the top."""
        low, high = self.ends
        grey = apply_voi(np.linspace(low, high, _STEPS, dtype=np.float64)[None], self.voi, self.inverted)[0]
        return np.asarray(self.table[grey])

    def ticks(self, most: int = 5, said: Callable[[float, str], str] = format) -> list[tuple[float, str]]:
        """(share of the height from the foot, the number as ``said``) at round values of the unit."""
        low, high = (end * self.factor + self.offset for end in self.ends)
        if not (math.isfinite(low) and math.isfinite(high)) or high == low:
            return []
        step = nice_step(abs(high - low) / most)
        first, last = math.ceil(min(low, high) / step - 1e-9), math.floor(max(low, high) / step + 1e-9)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        shown = []
        for n in range(first, last + 1):
            text = said(n * step, f".{decimals}f" if abs(n * step) < 1e6 else ".3g")
            shown.append(((n * step - low) / (high - low), text.replace("-", "\u2212")))
        return shown


def nice_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))
