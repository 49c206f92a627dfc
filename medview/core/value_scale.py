"""Other numbers for the same pixels: SUV, real-world values, a maker's quantitative scale; shown by the reader's choice."""

from __future__ import annotations

import math
from dataclasses import dataclass

from medview.core.window import Window


@dataclass(frozen=True, slots=True)
class ValueScale:
    """``slope · modality value + intercept`` in ``unit``; one slope and intercept for all frames of a stack, or one each.

    ``id`` is stable (``suv_bw``, ``philips``, ``real_world:LABEL``), ``label`` is what the file or the field calls it.
    ``low`` and ``high`` bound the modality values that it is given for (PS3.3 C.7.6.16.2.11). With a ``table`` the line
    leads to a place in it, and the number there counts: such a scale has no numbers for means and windows.
    """

    id: str
    label: str
    unit: str
    slopes: tuple[float, ...]
    intercepts: tuple[float, ...] = (0.0,)
    low: float = -math.inf
    high: float = math.inf
    by_default: bool = False
    """Whether it is told without being asked for: what the file says of its own values, and SUV."""
    table: tuple[float, ...] = ()

    def of(self, value: float, frame: int = 0) -> float | None:
        """The number for a modality value of a frame; None outside of the range that it is given for."""
        if not self.low <= value <= self.high:
            return None
        slope, intercept = self.line(frame)
        number = slope * value + intercept
        if not self.table:
            return number
        return self.table[round(number)] if -0.5 <= number <= len(self.table) - 0.5 else None

    def line(self, frame: int = 0) -> tuple[float, float]:
        """Slope and intercept of a frame (index into the stack's frames)."""
        at = frame if len(self.slopes) > 1 else 0
        return self.slopes[at], self.intercepts[at if len(self.intercepts) > 1 else 0]

    def window_of(self, center: float, width: float, name: str = "", frame: int = 0) -> Window:
        """The window in modality values for one given in this scale."""
        slope, intercept = self.line(frame)
        return Window((center - intercept) / slope, width / abs(slope), "LINEAR_EXACT", name)
