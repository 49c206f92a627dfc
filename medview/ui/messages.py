"""Notices, notes and problems in the reader's language: a template for each code, filled with the values.

A code without a template here is shown with the English text that it carries.
"""

from __future__ import annotations

from collections.abc import Mapping

from medview.core.problem import Note, Problem
from medview.ui.text import QT_TRANSLATE_NOOP, translate

TEMPLATES: Mapping[str, str] = {
    "nothing_found": QT_TRANSLATE_NOOP("Message", "No images were found in {0}."),
    "unexpected": QT_TRANSLATE_NOOP("Message", "Something unexpected happened: {0}"),
    "settings_unreadable": QT_TRANSLATE_NOOP(
        "Message", "The settings in {0} cannot be read ({1}); the defaults are used."
    ),
    "settings_partly_unsound": QT_TRANSLATE_NOOP(
        "Message", "Some settings in {0} are not sound and were set to their defaults: {1}."
    ),
    "settings_not_written": QT_TRANSLATE_NOOP("Message", "The settings could not be written to {0}: {1}."),
}


def message_text(code: str, text: str, values: tuple[str, ...] = ()) -> str:
    """The message in the reader's language; ``text``, the English one, where no template fits the values."""
    template = TEMPLATES.get(code)
    if template is None:
        return text
    translated = translate("Message", template)
    if translated == template and text:
        return text  # English says more precisely what the author of the code wrote
    try:
        return translated.format(*values)
    except (IndexError, KeyError, ValueError):
        return text


def note_text(note: Note) -> str:
    """A note in the reader's language."""
    return message_text(note.code, note.text, note.values)


def problem_text(problem: Problem) -> str:
    """What is wrong with a file, in the reader's language."""
    return message_text(problem.code, problem.what, problem.values)
