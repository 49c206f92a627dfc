"""Texts for the reader: how a marked text becomes one in the reader's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from medview.app.marked_text import QT_TRANSLATE_NOOP

__all__ = ["QT_TRANSLATE_NOOP", "shown_number", "translate"]


def translate(context: str, text: str) -> str:
    """The text in the reader's language; figures are filled into its ``{0}`` … with `str.format` afterwards."""
    return QCoreApplication.translate(context, text)


def shown_number(value: float, spec: str) -> str:
    """A number for the reader to look at, with the decimal mark of the region; in files and what is read again it is a point."""
    text, mark = format(value, spec), QLocale().decimalPoint()
    return text if mark == "." else text.replace(".", mark)
