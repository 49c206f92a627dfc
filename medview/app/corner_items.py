"""Which items of text can stand in the corners of a viewport, which of them tell who it is, and what stands where by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Corner = Literal["top_left", "top_right", "bottom_left", "bottom_right"]
CORNERS: tuple[Corner, ...] = get_args(Corner)
Layout = Mapping[str, tuple[str, ...]]
"""Items of each corner, from top to bottom."""


@dataclass(frozen=True, slots=True)
class CornerItem:
    """One item. ``names``: it tells who the patient is, and is left out where patient data are; ``free``: words that somebody typed."""

    id: str
    names: bool = False
    free: bool = False


ITEMS: tuple[CornerItem, ...] = (
    CornerItem("patient_name", names=True),
    CornerItem("patient_id", names=True),
    CornerItem("birth_date", names=True),
    CornerItem("sex_age"),
    CornerItem("institution", names=True),
    CornerItem("study_description", free=True),
    CornerItem("accession", names=True),
    CornerItem("study_date", names=True),
    CornerItem("series_date", names=True),
    CornerItem("window"),
    CornerItem("zoom"),
    CornerItem("image"),
    CornerItem("dimensions"),
    CornerItem("side_view"),
    CornerItem("contrast", free=True),
    CornerItem("series", free=True),
    CornerItem("location"),
    CornerItem("body_part"),
    CornerItem("protocol", free=True),
    CornerItem("kernel"),
    CornerItem("kvp"),
    CornerItem("pixel_size"),
    CornerItem("matrix"),
    CornerItem("device"),
)
BY_ID: Mapping[str, CornerItem] = {one.id: one for one in ITEMS}

DEFAULT: Layout = {
    "top_left": ("patient_name", "patient_id", "birth_date", "sex_age"),
    "top_right": ("institution", "study_description", "accession", "study_date"),
    "bottom_left": ("window", "zoom", "image", "dimensions"),
    "bottom_right": ("side_view", "contrast", "series", "location"),
}
"""What IHE BIR asks for."""

SMALL_PX = 260
"""A viewport lower than this is small: words of all corners would leave nothing of its picture."""
SMALL_LINES = 2
"""Lines of each corner that a small viewport has."""
LAST_TO_GO = (
    "patient_name", "study_date", "image", "location", "side_view", "window", "patient_id", "series", "dimensions",
    "study_description", "contrast",
)  # fmt: skip
"""What a small viewport keeps longest, the most important first; everything else goes before."""


def most_important(items: Sequence[tuple[str, int]], rows: int) -> frozenset[str]:
    """Of (item, how many lines it has) those that fit into ``rows``; one always does."""
    ranks = {item: at for at, item in enumerate(LAST_TO_GO)}
    kept: list[str] = []
    for item, lines in sorted(items, key=lambda one: ranks.get(one[0], len(ranks))):
        if lines and (not kept or lines <= rows):
            kept.append(item)
            rows -= lines
    return frozenset(kept)


IN_EACH_TILE = frozenset({"patient_name", "image", "location", "dimensions", "side_view"})
"""What small tiles of one series say each for itself; the first one says what holds for all."""


def of_tile(layout: Layout) -> Layout:
    """A layout for a small tile that is not the first."""
    return {corner: tuple(item for item in items if item in IN_EACH_TILE) for corner, items in layout.items()}


MODALITIES = ("", "CT", "MR", "PT", "NM", "CR", "DX", "MG", "US", "XA", "RF")
"""Those that the dialog offers by name; "" is all others."""


def layout_for(modality: str, chosen: Mapping[str, Layout]) -> Layout:
    """What stands where for a modality: the reader's choice for it, else the one for all, else the default."""
    return chosen.get(modality.upper()) or chosen.get("") or DEFAULT


def sound_layout(value: object) -> Layout:
    """A layout from JSON; raises TypeError where it is none. Items that do not exist are left out, each stands once."""
    if not isinstance(value, dict):
        raise TypeError("not a mapping")
    seen: set[str] = set()
    made: dict[str, tuple[str, ...]] = {}
    for corner in CORNERS:
        items = value.get(corner, ())
        if not isinstance(items, (list, tuple)):
            raise TypeError("not a list")
        kept = [str(one) for one in items if str(one) in BY_ID and str(one) not in seen]
        seen.update(kept)
        made[corner] = tuple(dict.fromkeys(kept))
    return made


def tells_who(text: str, *identity: str) -> bool:
    """Whether free text holds a piece of a name, an ID or an accession number: then it is none that may be shown to others."""
    folded = text.casefold()
    for whole in identity:
        for piece in whole.replace("^", " ").replace("=", " ").replace(",", " ").casefold().split():
            long_enough = len(piece) >= 3 or (len(piece) >= 2 and not piece.isascii())
            if long_enough and piece in folded:
                return True
    return False
