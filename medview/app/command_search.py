"""Finding commands by a few letters: of their titles in both languages, of the beginnings of Chinese syllables, of their keys."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_FIRST_CODES = (
    0xB0A1, 0xB0C5, 0xB2C1, 0xB4EE, 0xB6EA, 0xB7A2, 0xB8C1, 0xB9FE, 0xBBF7, 0xBFA6, 0xC0AC, 0xC2E8, 0xC4C3, 0xC5B6,
    0xC5BE, 0xC6DA, 0xC8BB, 0xC8F6, 0xCBFA, 0xCDDA, 0xCEF4, 0xD1B9, 0xD4D1,
)  # fmt: skip
_INITIALS = "abcdefghjklmnopqrstwxyz"
_LAST_CODE = 0xD7F9
"""The characters of level 1 of GB 2312 stand there in the order of their pinyin: these are the first of each letter."""


@dataclass(frozen=True, slots=True)
class Found:
    """A text that can be found, under which it is known: ``id``, its title as shown, other words for it."""

    id: str
    title: str
    others: tuple[str, ...] = ()


def pinyin_initials(text: str) -> str:
    """The first letters of the syllables of Chinese characters in common use, of Latin words their letters: 窗宽 W is ckw."""
    letters = []
    for character in text.casefold():
        if character.isascii():
            letters.append(character if character.isalnum() else " ")
            continue
        try:
            code = int.from_bytes(character.encode("gb2312"))
        except UnicodeEncodeError:
            continue
        if _FIRST_CODES[0] <= code <= _LAST_CODE:
            letters.append(_INITIALS[bisect.bisect_right(_FIRST_CODES, code) - 1])
    return "".join(letters)


def score(wanted: str, text: str) -> float | None:
    """How well what was typed fits a text, larger is better; None where its letters are not there in this order.

    Each word that was typed must be found; whole pieces and beginnings of words count more than scattered letters.
    """
    text = text.casefold()
    total = 0.0
    for word in wanted.casefold().split():
        found = _score_of_word(word, text)
        if found is None:
            return None
        total += found
    return total - 0.01 * len(text)


def _score_of_word(word: str, text: str) -> float | None:
    at = text.find(word)
    if at >= 0:
        begins = at == 0 or not text[at - 1].isalnum() or not text[at].isascii()
        return 10.0 * len(word) + (8.0 if begins else 0.0) - 0.05 * at
    position, points, run = -1, 0.0, 0
    for letter in word:
        next_at = text.find(letter, position + 1)
        if next_at < 0:
            return None
        begins = next_at == 0 or not text[next_at - 1].isalnum()
        run = run + 1 if next_at == position + 1 else 0
        points += 1.0 + (3.0 if begins else 0.0) + run
        position = next_at
    # Letters scattered over a long title are chance.
    return points - 0.2 * (position - text.find(word[0])) if points >= 2.0 * len(word) else None


@lru_cache(maxsize=2048)
def _initials(text: str) -> str:
    return pinyin_initials(text)


def ranked(wanted: str, entries: Sequence[Found], recent: Sequence[str] = ()) -> list[Found]:
    """Entries that fit, the best first; with nothing typed those used lately, then all in their order."""
    if not wanted.strip():
        order = {one: at for at, one in enumerate(recent)}
        return sorted(entries, key=lambda one: order.get(one.id, len(order)))
    scored = []
    for at, entry in enumerate(entries):
        best: float | None = None
        for text, weight in ((entry.title, 1.0), *((other, 0.9) for other in entry.others)):
            for form in (text, _initials(text)) if not text.isascii() else (text,):
                points = score(wanted, form)
                if points is not None and (best is None or points * weight > best):
                    best = points * weight
        if best is not None:
            scored.append((-best - (2.0 if entry.id in recent else 0.0), at, entry))
    return [entry for _, _, entry in sorted(scored, key=lambda one: one[:2])]
