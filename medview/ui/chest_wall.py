"""Where the words of a mammogram stand: on the side away from the chest wall, where air is and no tissue that is to be read."""

from __future__ import annotations

from typing import Literal

from medview.core.plane import EdgeLetters
from medview.ui.corner_text import Corners

Wall = Literal["", "left", "right"]
"""The side of the viewport that the chest wall lies at; none where it is not known, or above or below."""


def chest_wall(letters: EdgeLetters) -> Wall:
    """The chest wall of a mammogram by its letters as it is turned now: what is posterior (PS3.3 C.7.6.1.1.1)."""
    if letters.left[:1] == "P":
        return "left"
    return "right" if letters.right[:1] == "P" else ""


def beside_wall(corners: Corners, wall: Wall) -> Corners:
    """All lines in the two corners that are away from the wall; side, view and place nearest to the lower edge, where they stay."""
    if not wall:
        return corners
    top, bottom = corners.top_left + corners.top_right, corners.bottom_left + corners.bottom_right
    return Corners(top_right=top, bottom_right=bottom) if wall == "left" else Corners(top_left=top, bottom_left=bottom)
