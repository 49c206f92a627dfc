"""Texts for the reader in rooms without Qt: marked here for the translators, translated by the window that shows them."""

from __future__ import annotations


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:
    """Mark a text for the translators; the window translates it when it shows it."""
    return text
