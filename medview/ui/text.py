"""Texts for the reader: how a marked text becomes one in the reader's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from medview.app.marked_text import QT_TRANSLATE_NOOP

__all__ = ["QT_TRANSLATE_NOOP", "translate"]


def translate(context: str, text: str) -> str:
    """The text in the reader's language; figures are filled into its ``{0}`` … with `str.format` afterwards."""
    return QCoreApplication.translate(context, text)
