"""Text out of a file made fit to be shown: nothing invisible, nothing that turns the reading direction, nothing endless."""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\n\t")


def _name(letter: str) -> str:
    """What stands for a letter that must not act: a control picture, or its number."""
    number = ord(letter)
    if number < 0x20:
        return chr(0x2400 + number)
    if number == 0x7F:
        return "\u2421"
    return f"\u27e8U+{number:04X}\u27e9"


def visible_text(text: str, limit: int | None = None, lines: bool = True) -> str:
    """``text`` with control characters, direction marks and other invisible letters replaced by visible signs.

    ``lines`` keeps line breaks and tabs (as line breaks of one kind); without it they are shown as signs too. Beyond
    ``limit`` letters the text ends with an ellipsis.
    """
    if limit is not None and len(text) > limit:
        text = text[:limit] + "…"
    if lines:
        text = text.replace("\r\n", "\n").replace("\n\r", "\n").replace("\r", "\n").replace("\f", "\n")
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() or (lines and letter in _KEPT) or unicodedata.category(letter) == "Zs"
        else _name(letter)
        for letter in text
    )
