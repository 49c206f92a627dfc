"""The grey window: which modality values are drawn between black and white, and in what way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True, slots=True)
class Window:
    """``center`` and ``width`` in modality units (PS3.3 C.11.2.1.2); ``name`` is the file's explanation or a preset's.

    Raises ValueError where the standard forbids the width (below 1 for LINEAR, not above 0 for the others).
    """

    center: float
    width: float
    function: VoiFunction = "LINEAR"
    name: str = ""

    def __post_init__(self) -> None:
        if self.function == "LINEAR" and not self.width >= 1:
            raise ValueError("a LINEAR window needs a width of at least 1")
        if not self.width > 0:
            raise ValueError("a window needs a width above 0")

    @property
    def ramp(self) -> tuple[float, float]:
        """(value drawn black, value drawn white): LINEAR runs from c - 0.5 - (w-1)/2 to c - 0.5 + (w-1)/2."""
        if self.function == "LINEAR":
            return (self.center - 0.5 - (self.width - 1) / 2, self.center - 0.5 + (self.width - 1) / 2)
        return (self.center - self.width / 2, self.center + self.width / 2)


@dataclass(frozen=True, slots=True)
class VoiLut:
    """A VOI LUT (PS3.3 C.11.2.1.1): ``entries`` start at modality value ``first``; ``bits`` is the output range."""

    first: int
    entries: tuple[int, ...]
    bits: int
    name: str = ""


Voi = Window | VoiLut
