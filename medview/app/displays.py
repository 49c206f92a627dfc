"""The display profiles of this computer's monitors: what a monitor is told for each grey."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medview.app.settings import Settings
    from medview.core.gsdf import DisplayProfile

USUAL = (0.3, 250.0, 0.2, 2.2)
"""Black, white and the room's light in cd/m², and gamma, where a profile is begun: a monitor of an office in a dim room."""
LIMITS = ((0.0, 50.0), (10.0, 4000.0), (0.0, 50.0), (0.5, 4.0))
MOST_DEVIATION = 0.10
"""Of the steps between greys from the standard for a monitor to read on (AAPM TG18; 20 % for others)."""


def profile_of(settings: Settings, screen: str) -> DisplayProfile | None:
    """The profile of a monitor by its name; None where there is none, or none that a monitor can have."""
    numbers = settings.displays.get(screen)
    return None if numbers is None else _profile(tuple(numbers))


@lru_cache(maxsize=8)
def _profile(numbers: tuple[float, ...]) -> DisplayProfile | None:
    from medview.core.gsdf import DisplayProfile

    try:
        return DisplayProfile(*numbers)
    except (TypeError, ValueError):
        return None


def tone_of(settings: Settings, screen: str) -> NDArray[np.uint8] | None:
    """(256,) what a monitor is told for each grey; None where it is not calibrated: greys as they are."""
    if not settings.displays:
        return None
    profile = profile_of(settings, screen)
    return None if profile is None else _tone(profile)


@lru_cache(maxsize=8)
def _tone(profile: DisplayProfile) -> NDArray[np.uint8]:
    from medview.core.gsdf import calibration

    return calibration(profile)


def deviation(profile: DisplayProfile, calibrated: bool = True) -> float:
    """How far the steps between greys are from the standard, with the calibration or without it."""
    import numpy as np

    from medview.core.gsdf import distance_from_standard

    return distance_from_standard(profile, _tone(profile) if calibrated else np.arange(256, dtype=np.uint8))
