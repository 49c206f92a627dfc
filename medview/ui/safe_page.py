"""A page of text that comes from a file: it loads nothing, opens nothing, and follows links to images only."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from PySide6.QtCore import QMimeData, QTimer, QUrl, Signal
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QWidget

from medview.app.report_page import reference_of
from medview.ui.theme import current_theme

FIRST_BLOCKS = 40
"""Blocks that are laid out at once, more than a screen shows; the rest follows whenever the window has time."""
NEXT_BLOCKS = 10
PART_S = 0.008
"""How long the window may be kept from its reader by each of the parts that follow."""


class SafePage(QTextBrowser):
    """Shows escaped HTML blocks."""

    image_asked = Signal(object)
    """An `ObjectReference` that the reader clicked on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setUndoRedoEnabled(False)
        self.anchorClicked.connect(self._follow)
        self._waiting: Iterator[str] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._more)

    def loadResource(self, _kind: int, _name: QUrl | str) -> Any:
        """Nothing is ever loaded for a page: no picture, no style sheet, no file."""
        return None

    def canInsertFromMimeData(self, _source: QMimeData) -> bool:
        return False

    def show_blocks(self, blocks: Iterable[str]) -> None:
        """Show a page; the first blocks at once, the rest whenever there is time."""
        theme = current_theme()
        waiting = iter(blocks)
        document = self.document()
        document.setDefaultStyleSheet(f"a {{ color: {theme.accent}; }}")
        document.setMetaInformation(QTextDocument.MetaInformation.DocumentUrl, "")
        self.setHtml("".join(islice(waiting, FIRST_BLOCKS)))
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self._waiting = waiting
        self._timer.start()

    @property
    def is_complete(self) -> bool:
        """Whether all of the page is laid out."""
        return self._waiting is None

    def _more(self) -> None:
        until = time.perf_counter() + PART_S
        cursor = QTextCursor(self.document())
        while time.perf_counter() < until:
            part = "" if self._waiting is None else "".join(islice(self._waiting, NEXT_BLOCKS))
            if not part:
                self._waiting = None
                self._timer.stop()
                return
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertHtml(part)

    def look_for(self, text: str, backwards: bool = False) -> bool:
        """Go to the next place with this text, from the top again at the end."""
        flags = QTextDocument.FindFlag.FindBackward if backwards else QTextDocument.FindFlag(0)
        if not text:
            return False
        if self.find(text, flags):
            return True
        move = QTextCursor.MoveOperation.End if backwards else QTextCursor.MoveOperation.Start
        before = self.textCursor()
        self.moveCursor(move)
        if self.find(text, flags):
            return True
        self.setTextCursor(before)
        return False

    def _follow(self, address: QUrl) -> None:
        reference = reference_of(address.toString())
        if reference is not None:
            self.image_asked.emit(reference)
