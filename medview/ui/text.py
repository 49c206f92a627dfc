"""Texts for the reader: one way to translate a marked text, and to fill figures into it afterwards."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def translate(context: str, text: str, *values: object) -> str:
    """The text in the reader's language with ``{0}``, ``{1}`` … replaced by ``values``."""
    found = QCoreApplication.translate(context, text)
    return found.format(*values) if values else found


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:
    """Mark a text for the translators that is translated where it is shown."""
    return text
