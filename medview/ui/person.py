"""Names and dates as a reader writes them."""

from __future__ import annotations

from PySide6.QtCore import QDate, QLocale


def person_text(name: str) -> str:
    """A DICOM person name (PS3.5 6.2.1) for reading: alphabetic group, and the ideographic one where there is any.

    Components are family^given^middle^prefix^suffix; names themselves are kept as they are written.
    """
    groups = [group for group in name.split("=") if group.strip("^ ")]
    shown = []
    for at, group in enumerate(groups[:2]):
        parts = [part.strip() for part in group.split("^")]
        parts += [""] * (5 - len(parts))
        family, given, middle, prefix, suffix = parts[:5]
        if at and not group.isascii():
            shown.append(family + given)
            continue
        rest = " ".join(part for part in (prefix, given, middle, suffix) if part)
        shown.append(f"{family}, {rest}" if family and rest else family or rest)
    return "  ".join(shown)


def date_text(date: str) -> str:
    """A DICOM date (YYYYMMDD) in the reader's short form; what is no date is shown as it is."""
    parsed = QDate.fromString(date[:8], "yyyyMMdd")
    return QLocale().toString(parsed, QLocale.FormatType.ShortFormat) if parsed.isValid() else date
