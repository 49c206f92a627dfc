"""Data elements of a file for the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.dicom.tag_tree import TagRow

T = TypeVar("T")


def reading(path: str, read: Callable[[], T]) -> T:
    """What ``read`` gives; an OSError becomes the MedviewError that a reader can see."""
    try:
        return read()
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise MedviewError("unreadable_file", f"{path} cannot be read: {reason}.", path, values=(reason,)) from error


def found_tags(path: str, search: str = "") -> list[TagRow]:
    """All rows of a file, or those that match; raises MedviewError."""
    from medview.dicom.tag_tree import matches, walk_tags

    wanted = search.strip().lower()
    rows = reading(path, lambda: list(walk_tags(path)))
    return [row for row in rows if not wanted or (not row.is_item and matches(row, wanted))]


def described_row(row: TagRow) -> dict[str, Any]:
    """A row as JSON; ``value`` is a preview where ``shortened``."""
    return {
        "place": row.place,
        "tag": row.tag,
        "vr": row.vr,
        "name": row.name,
        "keyword": row.keyword,
        "creator": row.creator,
        "length": row.length,
        "items": row.count if row.vr == "SQ" else None,
        "value": row.value,
        "shortened": row.is_cut,
        "fault": row.element.fault or None,
    }


def readable_rows(rows: Sequence[TagRow]) -> str:
    """Rows as text for a person."""
    from medview.dicom.tag_tree import rows_text

    return rows_text(rows)


def compared_tags(path: str, other: str, search: str = "") -> list[dict[str, Any]]:
    """What differs between two files, as JSON; raises MedviewError."""
    from medview.dicom.tag_tree import compare_tags, matches

    wanted = search.strip().lower()
    pairs = reading(path, lambda: compare_tags(path, other))
    return [
        {
            "place": one.row.place,
            "name": one.row.name,
            "first": None if one.first is None else one.first.value,
            "second": None if one.second is None else one.second.value,
        }
        for one in pairs
        if one.differs
        and (not wanted or any(row is not None and matches(row, wanted) for row in (one.first, one.second)))
    ]
