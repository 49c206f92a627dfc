"""Both ends of every direction that Patient Orientation can name, of people and of animals."""

from __future__ import annotations

import pytest

from medview.core.plane import edge_letters_of_orientation
from medview.core.side_words import opposite_side, sides_of

AS_STORED = [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("across", "down", "of_animal", "expected"),
    [
        ("L", "F", False, ("R", "L", "H", "F")),
        ("AL", "FP", False, ("PR", "AL", "HA", "FP")),
        ("LE", "CD", True, ("RT", "LE", "CR", "CD")),
        ("RT", "V", True, ("LE", "RT", "D", "V")),
        ("CR", "D", False, ("CD", "CR", "V", "D")),  # an old file of an animal that does not say so
        ("R", "L", True, ("CD", "Ro", "Me", "La")),  # rostral and lateral, not right and left
        ("M", "DI", True, ("La", "Me", "Pr", "Di")),
        ("PR", "PA", True, ("Di", "Pr", "D", "Pa")),
        ("DLE", "PL", True, ("VRT", "DLE", "D", "Pl")),
        ("L", "P", True, ("R", "L", "A", "P")),  # P is no side of an animal: the letters of a person were meant
        ("", "", False, ("", "", "", "")),
    ],
)
def test_both_ends_of_rows_and_columns(
    across: str, down: str, of_animal: bool, expected: tuple[str, str, str, str]
) -> None:
    words = sides_of(across, down, of_animal)
    assert words is not None
    letters = edge_letters_of_orientation(words, AS_STORED)
    assert (letters.left, letters.right, letters.top, letters.bottom) == expected
    mirrored = edge_letters_of_orientation(words, [[-1, 0, 0], [0, 1, 0]])
    assert mirrored.left == expected[1]


@pytest.mark.parametrize("words", [("UNKNOWN", "UNKNOWN"), ("L", "X"), ("N/A", "N/A"), ("LEFT", "RIGHT"), ("1", "0")])
def test_what_names_no_side_is_shown_as_none(words: tuple[str, str]) -> None:
    assert sides_of(*words) is None
    assert sides_of(*words, of_animal=True) is None


def test_the_opposite_of_the_opposite_is_the_side_itself() -> None:
    for word in ("L", "A", "H", "LE", "CR", "D", "Me", "Pr", "LAH", "CRD"):
        assert opposite_side(opposite_side(word)) == word
