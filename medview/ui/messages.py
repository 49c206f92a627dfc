"""Notices, notes and problems in the reader's language.

In English they say what the code that found them says, which is exact. In another language a sentence for each code
is translated and filled; where there is none, or its figures are missing, the English text stands.
"""

from __future__ import annotations

from pathlib import PurePath

from medview.core.problem import Note, Problem
from medview.ui.message_table import TEMPLATES
from medview.ui.text import QT_TRANSLATE_NOOP, translate

WORDS = frozenset(
    {
        QT_TRANSLATE_NOOP("Value", "no unit"),
        QT_TRANSLATE_NOOP("Value", "axial"),
        QT_TRANSLATE_NOOP("Value", "coronal"),
        QT_TRANSLATE_NOOP("Value", "sagittal"),
    }
)
"""What stands in a sentence's figures as a word, alone or in a list with commas; all else is a figure, a name or of a file."""


def message_text(code: str, text: str, values: tuple[str, ...] = (), path: str = "") -> str:
    """The message in the reader's language; ``text`` is the English one, ``path`` the file that it is about."""
    template = TEMPLATES.get(code)
    if template is None:
        return text
    translated = translate("Message", template)
    if translated == template:
        return text
    if "{file}" in translated and not path:
        return text
    try:
        return translated.format(*map(_in_words, values), file=PurePath(path).name)
    except (IndexError, KeyError, ValueError):
        return text


def _in_words(value: str) -> str:
    parts = value.split(", ")
    if not WORDS.issuperset(parts):
        return value
    return translate("Value", ", ").join(translate("Value", part) for part in parts)


def note_text(note: Note) -> str:
    """A note in the reader's language."""
    values = note.values
    if note.code == "no_suv":
        values = tuple(translate("SuvReason", reason) for reason in values)
    return message_text(note.code, note.text, values)


def problem_text(problem: Problem) -> str:
    """What is wrong with a file, in the reader's language."""
    return message_text(problem.code, problem.what, problem.values, problem.path)
