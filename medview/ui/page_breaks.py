"""Where pages of a printed document end: no row of a table, no picture is cut, and no heading stands alone at the bottom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import (
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextTable,
    QTextTableCellFormat,
)

MOST_STEPS = 400
"""Breaks that are set; what is longer is printed as it falls."""
_HAIR = 1.0


def settle_pages(document: QTextDocument) -> None:
    """Move what would be cut to the next page, from the first page on."""
    done: set[tuple[int, int]] = set()
    document.setUndoRedoEnabled(False)
    begin = (0, 0)
    for _step in range(MOST_STEPS):
        found = _settle_next(document, done, begin)
        if found is None:
            return
        begin = found
        _lay_out_anew(document)


def _lay_out_anew(document: QTextDocument) -> None:
    """What Qt lays out anew after a change of a format is not always all that moved."""
    document.markContentsDirty(0, document.characterCount())


def _settle_next(document: QTextDocument, done: set[tuple[int, int]], begin: tuple[int, int]) -> tuple[int, int] | None:
    """Set one break from (part, row) ``begin`` on, and say where to go on; None where there is nothing to do.

    What stands before a break is not moved by it. What did not help once is left as it is (``done``).
    """
    page = document.pageSize().height()
    parts = list(_parts(document))
    for at, part in enumerate(parts[begin[0] :], begin[0]):
        is_heading = isinstance(part, QTextBlock) and part.blockFormat().headingLevel() > 0
        if is_heading and at + 1 < len(parts):
            top, bottom = _span(part)[0], _least(parts[at + 1])
            if _is_cut(top, bottom, page) and _once(done, part, 0):
                _break_before(part, parts[at - 1] if at else None, page)
                return at, 0
        if not isinstance(part, QTextTable):
            continue
        rows = range(part.rows())
        if part.format().toTableFormat().headerRowCount() == 0 and part.rows() == 1:
            if _is_cut(*_row(part, 0), page) and _once(done, part, 0):
                _break_before(part, parts[at - 1] if at else None, page)
                return at, 0
            continue
        for row in rows[begin[1] if at == begin[0] else 0 :]:
            top, bottom = _row(part, row)
            if _is_cut(top, bottom, page) and _once(done, part, row):
                headers = part.format().toTableFormat().headerRowCount()
                if row <= headers:
                    _break_before(part, parts[at - 1] if at else None, page)
                else:
                    # What stands in a row begins below its border and padding.
                    padding = part.cellAt(row, 0).format().toTableCellFormat().topPadding()
                    _push(part, row, page - top % page + padding - _HAIR)
                return at, row
    return None


def _once(done: set[tuple[int, int]], part: QTextBlock | QTextTable, row: int) -> bool:
    key = (part.firstPosition() if isinstance(part, QTextTable) else part.position(), row)
    if key in done:
        return False
    done.add(key)
    return True


def _parts(document: QTextDocument) -> Iterator[QTextBlock | QTextTable]:
    """What stands below one another on the page."""
    frame: Any = document.rootFrame().begin()
    while not frame.atEnd():
        inner = frame.currentFrame()
        if isinstance(inner, QTextTable):
            yield inner
        elif inner is None and frame.currentBlock().isValid() and _says_something(frame.currentBlock()):
            yield frame.currentBlock()
        frame += 1


def _says_something(block: QTextBlock) -> bool:
    """Qt puts an empty line between two tables."""
    return bool(block.text().strip())


def _rect(block: QTextBlock) -> QRectF:
    return block.document().documentLayout().blockBoundingRect(block)


def _span(part: QTextBlock | QTextTable) -> tuple[float, float]:
    if isinstance(part, QTextBlock):
        rect = _rect(part)
        return rect.top(), rect.bottom()
    tops = _row(part, 0)
    return tops[0], _row(part, part.rows() - 1)[1]


def _least(part: QTextBlock | QTextTable) -> float:
    """Where the least of a part ends that a heading above it must not stand without."""
    if isinstance(part, QTextBlock):
        return _span(part)[1]
    headers = part.format().toTableFormat().headerRowCount()
    return _row(part, min(headers, part.rows() - 1))[1]


def _row(table: QTextTable, row: int) -> tuple[float, float]:
    """Top and bottom of what stands in a row."""
    tops, bottoms = [], []
    for column in range(table.columns()):
        cell = table.cellAt(row, column)
        block = cell.firstCursorPosition().block()
        last = cell.lastCursorPosition().position()
        while block.isValid() and block.position() <= last:
            rect = _rect(block)
            tops.append(rect.top())
            bottoms.append(rect.bottom())
            block = block.next()
    return min(tops), max(bottoms)


def _is_cut(top: float, bottom: float, page: float) -> bool:
    """Whether something that would fit on a page lies on two."""
    return bottom - top < page and int((top + _HAIR) // page) != int((bottom - _HAIR) // page)


def _break_before(part: QTextBlock | QTextTable, above: QTextBlock | QTextTable | None, page: float) -> None:
    """Let a part begin on the next page, unless that would leave one empty: its margin may lie on the next page already."""
    _set_break(part, QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
    _lay_out_anew(part.document())
    if above is not None and _span(part)[0] // page - (_span(above)[1] - _HAIR) // page > 1:
        _set_break(part, QTextFormat.PageBreakFlag.PageBreak_Auto)


def _set_break(part: QTextBlock | QTextTable, policy: QTextFormat.PageBreakFlag) -> None:
    if isinstance(part, QTextBlock):
        block_format = part.blockFormat()
        block_format.setPageBreakPolicy(policy)
        QTextCursor(part).setBlockFormat(block_format)
        return
    table_format = part.format().toTableFormat()
    table_format.setPageBreakPolicy(policy)
    part.setFormat(table_format)


def _push(table: QTextTable, row: int, room: float) -> None:
    """Let the row above a row reach down to the end of the page; the row begins on the next one, below the repeated head."""
    together = table.firstCursorPosition()
    together.beginEditBlock()  # or the whole is laid out for each cell
    for column in range(table.columns()):
        cell = table.cellAt(row - 1, column)
        if cell.row() + cell.rowSpan() != row or cell.column() != column:
            continue
        cell_format: QTextTableCellFormat = cell.format().toTableCellFormat()
        cell_format.setBottomPadding(cell_format.bottomPadding() + max(0.0, room))
        cell.setFormat(cell_format)
    together.endEditBlock()
