"""Words of Patient Orientation (PS3.3 C.7.6.1.1.1): the sides of a person are letters, those of an animal short words."""

from __future__ import annotations

import re

_OPPOSITES = {
    "L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H", "S": "I", "I": "S",
    "LE": "RT", "RT": "LE", "D": "V", "V": "D", "CR": "CD", "CD": "CR", "Ro": "CD",
    "Me": "La", "La": "Me", "Pr": "Di", "Di": "Pr", "Pa": "D", "Pl": "D",
}  # fmt: skip
_OF_ANIMALS = {
    "LE": "LE", "RT": "RT", "D": "D", "V": "V", "CR": "CR", "CD": "CD", "R": "Ro", "M": "Me", "L": "La",
    "PR": "Pr", "DI": "Di", "PA": "Pa", "PL": "Pl",
}  # fmt: skip
"""What quadrupeds' sides are called → the same in words that no letters of a person are: R is rostral there, L lateral."""
_CODES = re.compile("LE|RT|CR|CD|PR|DI|PA|PL|[DVRML]")
_WORDS = re.compile("Ro|Me|La|Pr|Di|Pa|Pl|LE|RT|CR|CD|[LRAPHFSIDV]")
_LETTERS = frozenset("LRAPHFSI")


def sides_of(across: str, down: str, of_animal: bool = False) -> tuple[str, str] | None:
    """Where rows and columns run to, in words that :func:`opposite_side` knows; None where the file's are not such.

    ``of_animal``: Anatomical Orientation Type (0010,2210) is QUADRUPED. Not all files of animals say so.
    """
    are_letters = _LETTERS.issuperset(across + down)
    if are_letters and not of_animal:
        return across, down
    found = tuple(_words(text) for text in (across, down))
    if None not in found:
        return found[0] or "", found[1] or ""
    return (across, down) if are_letters else None


def _words(text: str) -> str | None:
    codes = _CODES.findall(text)
    return "".join(_OF_ANIMALS[code] for code in codes) if "".join(codes) == text else None


def opposite_side(words: str) -> str:
    """The other end of a direction; a part that is no known word stays out."""
    return "".join(_OPPOSITES[word] for word in _WORDS.findall(words))
