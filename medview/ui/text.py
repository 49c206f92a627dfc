"""Texts for the reader: how a marked text becomes one in the reader's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def translate(context: str, text: str) -> str:
    """The text in the reader's language; figures are filled into its ``{0}`` … with `str.format` afterwards."""
    return QCoreApplication.translate(context, text)


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:
    """Mark a text for the translators that is translated where it is shown."""
    return text
