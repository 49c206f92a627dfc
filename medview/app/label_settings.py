"""What the operations on whole labels are asked with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkSettings:
    """``smooth_mm``: corners finer than that are taken off; ``island_ml``: smaller parts are removed."""

    smooth_mm: float = 1.5
    island_ml: float = 0.1
