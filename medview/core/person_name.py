"""Person names as readers write them, out of DICOM's groups and components (PS3.5 6.2.1)."""

from __future__ import annotations


def shown_person_name(name: str, ideographic_first: bool = True) -> str:
    """A name without carets: 王小东, 山田太郎 (family first, nothing between), "Doe, John" (prefix, given, middle, suffix).

    Groups are separated by ``=``: alphabetic, ideographic, phonetic; one that says nothing is passed over.
    """
    groups = name.split("=")
    order = (1, 0, 2) if ideographic_first else (0, 1, 2)
    chosen = next((groups[at] for at in order if at < len(groups) and groups[at].strip(" ^")), "")
    family, given, middle, prefix, suffix = (*(part.strip() for part in chosen.split("^")), "", "", "", "", "")[:5]
    if any(map(_is_ideographic, chosen)) and not any(letter.isascii() and letter.isalpha() for letter in chosen):
        letters = f"{family}{given}{middle}"
        close = "".join(
            each
            for at, each in enumerate(letters)
            if not (each.isspace() and 0 < at < len(letters) - 1 and _is_ideographic(letters[at + 1]))
        )
        return close + (f" {suffix}" if suffix else "")
    rest = " ".join(part for part in (prefix, given, middle, suffix) if part)
    return ", ".join(part for part in (family, rest) if part)


def _is_ideographic(letter: str) -> bool:
    """Han, kana, hangul, and half-width katakana."""
    return (
        "\u2e80" <= letter <= "\u9fff"
        or "\uac00" <= letter <= "\ud7af"
        or "\uf900" <= letter <= "\ufaff"
        or "\uff66" <= letter <= "\uff9f"
        or "\U00020000" <= letter <= "\U0003ffff"
    )
