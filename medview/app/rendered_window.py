"""The window of a rendered picture: as it is asked for, and as it is told of what was drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from medview.core.problem import ExitCode, MedviewError
from medview.core.window import Voi, VoiLut, Window


def window_of_reader(window: tuple[float, float] | None) -> Window | None:
    """The window that is asked for; MedviewError ``bad_window`` for one that cannot be drawn."""
    if window is None:
        return None
    center, width = window
    try:
        if not np.isfinite([center, width]).all():
            raise ValueError("a window needs finite numbers")
        # The standard's LINEAR function starts at a width of 1; below it only LINEAR_EXACT means anything.
        return Window(center, width, "LINEAR" if width >= 1 else "LINEAR_EXACT")
    except ValueError as error:
        raise MedviewError(
            "bad_window", f"The window {center:g} {width:g} cannot be drawn: {error}.", exit_code=ExitCode.BAD_USE
        ) from error


def described_window(voi: Voi) -> dict[str, Any]:
    """What it is, JSON-ready."""
    if isinstance(voi, VoiLut):
        return {"lut": voi.name or "VOI LUT"}
    return {"center": voi.center, "width": voi.width, "function": voi.function}


def window_words(voi: Voi) -> str:
    """What it is, as it is written into a picture."""
    if isinstance(voi, VoiLut):
        return f"LUT {voi.name}".strip()
    return f"C {voi.center:g}  W {voi.width:g}"
